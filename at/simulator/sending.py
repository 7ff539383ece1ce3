"""A send: prompt, payload, radio, service centre, status report (3GPP TS 27.005 §3.5.1, TS 24.011)."""

from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from kentongan.at.pdu import Submit
from kentongan.at.simulator import textmode
from kentongan.at.simulator.answers import Answer, Cme, Cms, Nothing, Ok, Prompt
from kentongan.at.simulator.books import Submitted
from kentongan.at.simulator.card import Slot
from kentongan.at.simulator.device import Device
from kentongan.at.simulator.faults import FaultKind
from kentongan.at.simulator.messages import SUBMIT_OCTETS_MAX, Discharge, Letter, deliver, read_submit, status_report
from kentongan.at.simulator.network import CREDIT_CODES, CREDIT_NOTICE, Credit
from kentongan.at.simulator.spec import Needs, Spec
from kentongan.at.simulator.syntax import Request


@dataclass(frozen=True, slots=True)
class Attempt:
    """One SUBMIT on its way, by `+CMGS` or `+CMSS`."""

    command: str
    submit: Submit
    payload: str
    reference: int

    @property
    def confirmed(self) -> Ok:
        """Word the success."""
        return Ok((f"{self.command}: {self.reference}",))


def send(device: Device, request: Request) -> Answer:
    """Ask for the payload of a send: `+CMGS=<length>`, or in text mode `+CMGS="<number>"`."""
    octets = request.number(0)
    if device.settings.number("+CMGF"):
        return Prompt(partial(_submit_text, device, request.name, request.argument(0)))
    if not 1 <= octets <= SUBMIT_OCTETS_MAX:
        return Cms(304)
    return Prompt(partial(_submit, device, request.name, octets))


def _submit_text(device: Device, command: str, number: str, text: str) -> Answer:
    encoded = textmode.submit(number, text, device.settings)
    return Cms(305) if encoded is None else _submit(device, command, encoded.tpdu_octets, encoded.pdu_hex)


def _submit(device: Device, command: str, octets: int, payload: str) -> Answer:
    submit = read_submit(payload, octets)
    if submit is None:
        return Cms(304)
    if payload.startswith("00") and not device.tray.card.smsc:
        return Cms(330)
    if fault := device.faults.take(FaultKind.SWALLOW, command):
        device.agenda.after(fault.seconds, partial(device.hooks.finish, Nothing()))
        return Nothing(busy=True)
    if not device.registered:
        return Cms(device.persona.no_service)
    device.life.sending = True
    attempt = Attempt(command, submit, payload.upper(), device.tray.card.next_reference())
    device.agenda.after(device.timing.send_s, partial(_through_the_air, device, attempt))
    return Nothing(busy=True)


def _through_the_air(device: Device, attempt: Attempt) -> None:
    device.life.sending = False
    credit, finish = device.network.credit, device.hooks.finish
    if not device.tray.usable:
        finish(Cme(10) if device.persona.sim_errors_as_cme else Cms(310))
    elif not device.registered:
        finish(Cms(332))
    elif credit in CREDIT_CODES:
        finish(Cms(CREDIT_CODES[credit]))
    elif credit is Credit.SILENT:
        finish(Nothing())
    elif credit is Credit.NOTICE:
        _operator_notice(device)
        finish(attempt.confirmed)
    else:
        _take(device, attempt)
        _confirm(device, attempt)


def _confirm(device: Device, attempt: Attempt) -> None:
    take, finish = device.faults.take, device.hooks.finish
    if take(FaultKind.RESTART_SENT, attempt.command):
        device.restart()
    elif take(FaultKind.SENT_MUTE, attempt.command):
        finish(Nothing())
    elif fault := take(FaultKind.LATE, attempt.command):
        device.agenda.after(fault.seconds, partial(finish, attempt.confirmed))
    else:
        finish(attempt.confirmed)


def _take(device: Device, attempt: Attempt) -> None:
    network, agenda, submit = device.network, device.agenda, attempt.submit
    network.books.submitted.append(Submitted(agenda.now, attempt.payload, attempt.reference))
    device.hooks.note(f"sent to {submit.destination.text} as {attempt.reference}: {submit.user_data.text!r}")
    if submit.report_request:
        taken = network.stamp(agenda.now)
        discharge = Discharge(submit.destination, attempt.reference, taken, taken)
        agenda.after(device.timing.report_s, partial(_report, device, discharge), durable=True)


def _report(device: Device, discharge: Discharge) -> None:
    network = device.network
    done = network.stamp(device.agenda.now)
    for status in network.report_statuses:
        network.waiting.append(status_report(replace(discharge, done=done, status=status), device.tray.card.smsc))
    device.pump()


def _operator_notice(device: Device) -> None:
    sender, text = CREDIT_NOTICE
    letter = Letter(sender, text, device.network.stamp(device.agenda.now))
    device.network.waiting.extend(deliver(letter, device.tray.card.smsc))
    device.agenda.after(device.timing.report_s, device.pump, durable=True)


def write(device: Device, request: Request) -> Answer:
    """Store a SUBMIT unsent (`+CMGW=<length>`)."""
    return Prompt(partial(_store, device, request.number(0)))


def _store(device: Device, octets: int, payload: str) -> Answer:
    memory = device.memory(device.settings.memories[1]) or device.tray.memory
    if read_submit(payload, octets) is None:
        return Cms(304)
    index = memory.store(Slot(2, payload.upper()))
    return Cms(322) if index is None else Ok((f"+CMGW: {index}",))


def send_stored(device: Device, request: Request) -> Answer:
    """Send a stored SUBMIT (`+CMSS=<index>`)."""
    memory = device.memory(device.settings.memories[1]) or device.tray.memory
    slot = memory.slots.get(request.number(0))
    if slot is None or slot.status not in {2, 3}:
        return Cms(321)
    memory.slots[request.number(0)] = Slot(3, slot.pdu_hex)
    return _submit(device, request.name, slot.tpdu_octets, slot.pdu_hex)


TABLE = MappingProxyType(
    {
        "+CMGS": Spec(assign=send, test="", needs=Needs.SMS),
        "+CMGW": Spec(assign=write, test="", needs=Needs.SMS),
        "+CMSS": Spec(assign=send_stored, test="", needs=Needs.SMS),
    }
)
