"""Understand what a modem says unasked and pass it to the duty that it concerns."""

from typing import assert_never

from kentongan.at.agenda import HangUp, WalkAll
from kentongan.at.events import DirectMessage, ReportReceived, SupplyWarned
from kentongan.at.hands import Hands, SimBack, SimGone
from kentongan.at.nettime import time_told
from kentongan.at.results import announced_octets, fields, registration, stored_at
from kentongan.at.service import Service
from kentongan.at.unasked import Urc
from kentongan.at.urcs import UrcKind

_REPORT_STORE = "SR"
"""These modems announce reports in a store that cannot be read; a walk finds them (gammu#408, #490)."""

_GONE = {"+CSMINS": {"0"}, "^SIMST": {"0", "255"}, "^SIMSQ": {"0", "98", "99", "100"}}
_BACK = {"+CSMINS": {"1"}, "^SIMST": {"1"}, "^SIMSQ": {"1", "11", "12"}}
_USABLE = frozenset({"READY", "SIM PIN2", "SIM PUK2"})


class News:
    """The unsolicited lines of one line."""

    def __init__(self, hands: Hands, service: Service) -> None:
        self._hands = hands
        self._service = service

    def heard(self, urc: Urc, now: float) -> None:
        """Take one unsolicited message."""
        outlet, agenda = self._hands.outlet, self._hands.agenda
        match urc.kind:
            case UrcKind.STORED | UrcKind.REPORT_STORED:
                self._on_stored(urc.line, now)
            case UrcKind.DIRECT:
                outlet.emit(DirectMessage(announced_octets(urc.line), urc.pdu_hex))
            case UrcKind.REPORT:
                outlet.emit(ReportReceived(announced_octets(urc.line), urc.pdu_hex))
            case UrcKind.MEMORY_FULL | UrcKind.DOUBT:
                self._service.doubt(now)
            case UrcKind.REGISTRATION:
                if urc.line.startswith("+CREG"):
                    self._service.pulse.registered(registration(urc.line, answer=False), now)
            case UrcKind.SIM:
                self._on_sim(urc.line, now)
            case UrcKind.CALL:
                agenda.want(HangUp())
            case UrcKind.CALLER:
                self._service.pulse.caller = fields(urc.line)[0]
            case UrcKind.SUPPLY:
                outlet.emit(SupplyWarned(urc.line))
            case UrcKind.TIME:
                self._service.pulse.told(time_told(urc.line))
            case UrcKind.USSD:
                self._service.session.answered(urc.line, now)
            case UrcKind.BROADCAST | UrcKind.BANNER | UrcKind.NOISE:
                pass
            case _:
                assert_never(urc.kind)

    def _on_stored(self, line: str, now: float) -> None:
        where = stored_at(line)
        if where is None or where[0] == _REPORT_STORE:
            self._hands.agenda.soon(WalkAll(), now)
        else:
            self._service.announced(*where, now)

    def _on_sim(self, line: str, now: float) -> None:
        name, _, state = line.partition(":")
        if name == "+CPIN":
            gone, back = state.strip() not in _USABLE, state.strip() in {"READY", "SIM PIN"}
        else:
            value = fields(line)[-1]
            gone, back = value in _GONE.get(name, ()), value in _BACK.get(name, ())
        if gone:
            self._hands.tell(SimGone(line), now)
        if back:
            self._hands.tell(SimBack(), now)
