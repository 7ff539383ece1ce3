"""See what goes out on the air: the SMS that the virtual modem handed to the network, decoded."""

import threading
from collections.abc import Callable
from queue import Empty

from kentongan.at import pdu
from kentongan.at.errors import PduError
from kentongan.at.simulator import PtyModem
from kentongan.daemon.demo.observations import Observation, SmsOut

LOOK_S = 0.5  # how often the end of the demo is looked for


class Submissions:
    """Takes submissions off the modem in a thread of its own."""

    def __init__(self, modem: PtyModem, emit: Callable[[Observation], None]) -> None:
        self._modem, self._emit = modem, emit
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="air", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                submitted = self._modem.submissions.get(timeout=LOOK_S)
            except Empty:
                continue
            self._emit(sms_out(submitted.pdu_hex))


def sms_out(pdu_hex: str) -> SmsOut:
    """Read a SUBMIT as the recipient's phone would show it."""
    try:
        tpdu = pdu.decode(pdu_hex).tpdu
    except PduError as error:
        return SmsOut("?", f"PDU tidak terbaca: {error}")
    if not isinstance(tpdu, pdu.Submit):
        return SmsOut("?", f"bukan SUBMIT: {pdu_hex}")
    concat = tpdu.user_data.concat
    part, total = (concat.sequence, concat.total) if concat else (1, 1)
    return SmsOut(tpdu.destination.text, tpdu.user_data.text, part, total)
