"""The questions of the examination that cost a message or a USSD session, asked only where the technician allows it."""

from kentongan.at import pdu
from kentongan.at.dialogue import AtCommand, Pause, Procedure
from kentongan.at.errors import PduError
from kentongan.at.events import Rejected, Sent, Uncertain
from kentongan.at.exam import Finding, Ground, Mark
from kentongan.at.procedures import send
from kentongan.at.results import listing
from kentongan.at.urcs import UrcKind
from kentongan.at.ussd import ANSWER_S, UssdText, ask_code, end_session, read_answer

TEXT = "Uji modem Kentongan"
RETURN_S = 90.0
"""A message to the own number is back within seconds; a busy network takes a minute."""

LOOK_S = 5.0
REPORTED = {UrcKind.REPORT, UrcKind.REPORT_STORED}
STORED = {UrcKind.STORED, UrcKind.DIRECT}


def references(ground: Ground) -> Procedure[Finding]:
    """5: send two messages and compare their references."""
    try:
        parts = pdu.segment(TEXT, ground.number, reference=1, report=True, validity_min=60).parts
    except PduError as error:
        return Finding(Mark.FAILED, f"nomor uji tidak bisa dipakai: {error}")
    for _ in range(2):
        outcome = yield from send(parts[0].tpdu_octets, parts[0].pdu_hex, ground.basis.dialect)
        match outcome:
            case Sent(reference):
                ground.sent.append(reference)
            case Rejected(family, code):
                return Finding(Mark.FAILED, f"ditolak: {family} {code}")
            case Uncertain(why):
                return Finding(Mark.FAILED, f"tidak ada jawaban: {why}")
    first, second = ground.sent
    steady = second == (first + 1) % 256
    text = f"nomor acuan {first} lalu {second}"
    return Finding(Mark.PASSED if steady else Mark.WARNED, text if steady else f"{text}: tidak berurutan")


def notices(ground: Ground) -> Procedure[Finding]:
    """17: wait for the test message to come back to this modem, and see whether it is announced on this port."""
    if not ground.sent:
        return Finding(Mark.UNTESTED, "tidak ada SMS uji yang terkirim")
    for _ in range(int(RETURN_S / LOOK_S)):
        if any(urc.kind in STORED for urc in ground.heard):
            yield from _look(ground)
            text = "SMS uji kembali dan diberitahukan di port ini"
            return Finding(Mark.PASSED, text if ground.returned else "SMS masuk diberitahukan di port ini")
        yield Pause(LOOK_S)
    yield from _look(ground)
    if ground.returned:
        return Finding(Mark.WARNED, "SMS uji kembali tanpa pemberitahuan: port lain, atau PORTSEL")
    return Finding(Mark.UNTESTED, "SMS uji tidak kembali ke modem ini (nomor uji milik kartu lain?)")


def _look(ground: Ground) -> Procedure[None]:
    """See whether a message with our words lies in the memory; it is left there."""
    response = yield AtCommand("AT+CMGL=4", ("+CMGL",), ground.basis.dialect.list_s, with_pdu=True)
    for entry in listing(response.lines):
        ground.returned = ground.returned or _words(entry.pdu_hex) == TEXT


def _words(pdu_hex: str) -> str:
    try:
        tpdu = pdu.decode(pdu_hex).tpdu
    except PduError:
        return ""
    return tpdu.user_data.text if isinstance(tpdu, pdu.Deliver) else ""


def delivery_report(ground: Ground) -> Procedure[Finding]:
    """18: wait a minute for the report of the test message."""
    if not ground.sent:
        return Finding(Mark.UNTESTED, "tidak ada SMS uji yang terkirim")
    for _ in range(int(60.0 / LOOK_S)):
        if any(urc.kind in REPORTED for urc in ground.heard):
            return Finding(Mark.PASSED, "laporan kirim datang")
        yield Pause(LOOK_S)
    return Finding(Mark.WARNED, "tidak ada laporan kirim dalam 60 detik: paket kartu mungkin tidak memberinya")


def ussd(ground: Ground) -> Procedure[Finding]:
    """13: ask a code in the form of the dialect, then in the other one."""
    for packed in (ground.basis.dialect.speaks_packed_ussd, not ground.basis.dialect.speaks_packed_ussd):
        ground.heard[:] = [urc for urc in ground.heard if urc.kind is not UrcKind.USSD]
        response = yield from ask_code(ground.code, packed=packed)
        answer = (yield from _wait_for_answer(ground)) if response.ok else None
        if answer is not None and answer.text:
            if answer.status == 1:
                yield from end_session()
            form = "septet padat" if packed else "teks biasa"
            return Finding(Mark.PASSED, f"bentuk {form}: {answer.text[:60]!r}")
    return Finding(Mark.WARNED, "tidak ada jawaban yang terbaca; saldo tidak bisa dipantau lewat USSD")


def _wait_for_answer(ground: Ground) -> Procedure[UssdText | None]:
    for _ in range(int(ANSWER_S / LOOK_S)):
        yield Pause(LOOK_S)
        for urc in ground.heard:
            if urc.kind is UrcKind.USSD:
                return read_answer(urc.line)
    yield from end_session()
    return None
