"""The commands of the SMS service in PDU mode (3GPP TS 27.005); text mode is refused with CMS 302."""

from functools import partial
from types import MappingProxyType

from kentongan.at.simulator.answers import ERROR, Answer, Cms, Nothing, Ok, Prompt
from kentongan.at.simulator.books import Submitted
from kentongan.at.simulator.card import Memory, Slot
from kentongan.at.simulator.device import Device
from kentongan.at.simulator.faults import FaultKind
from kentongan.at.simulator.messages import (
    SUBMIT_OCTETS_MAX,
    Stamp,
    Submission,
    deliver,
    read_submit,
    service_centre,
    status_report,
)
from kentongan.at.simulator.network import CREDIT_CODES, CREDIT_NOTICE, Credit
from kentongan.at.simulator.spec import Needs, Spec
from kentongan.at.simulator.syntax import Request

OWN_TIMEOUT_S = 60.0  # SIM800 gives up a send after this time (manual §4.2.5)


# ---- memories


def _fill(memory: Memory) -> str:
    return f"{len(memory.slots)},{memory.capacity}"


def _memories(device: Device) -> list[Memory]:
    return [device.memory(name) or device.tray.memory for name in device.settings.memories]


def read_memories(device: Device, _request: Request) -> Answer:
    """Print the three memories and their fill (`+CPMS?`)."""
    return Ok(("+CPMS: " + ",".join(f'"{memory.name}",{_fill(memory)}' for memory in _memories(device)),))


def choose_memories(device: Device, request: Request) -> Answer:
    """Choose mem1, mem2, mem3; a left-out one stays what it was (27.005 §3.2.2)."""
    names = [request.argument(position, old) for position, old in enumerate(device.settings.memories)]
    if len(request.arguments) > 3 or any(device.memory(name) is None for name in names):
        return Cms(302)
    device.settings.memories = names
    device.pump()
    return Ok(("+CPMS: " + ",".join(map(_fill, _memories(device))),))


def list_memories(device: Device, _request: Request) -> Answer:
    """Print what `+CPMS` can choose."""
    names = '("SM","ME")' if device.flash.capacity else '("SM")'
    return Ok((f"+CPMS: {names},{names},{names}",))


# ---- reading


def _entry(device: Device, slot: Slot) -> str:
    return f"{slot.status},{device.persona.alpha},{slot.tpdu_octets}\r\n{slot.pdu_hex}"


def _mark_read(memory: Memory, index: int) -> None:
    slot = memory.slots[index]
    if slot.status == 0:
        memory.slots[index] = Slot(1, slot.pdu_hex)


def list_messages(device: Device, request: Request) -> Answer:
    """Print the messages of mem1 (`+CMGL=<stat>`); unread ones become read."""
    wanted = request.number(0, 0)
    if device.settings.number("+CMGF"):
        return Cms(302)
    if wanted not in range(5):
        return Cms(304) if device.persona.sim_errors_as_cme else Cms(303)
    memory = _memories(device)[0]
    entries = [(index, slot) for index, slot in sorted(memory.slots.items()) if wanted in {4, slot.status}]
    lines = tuple(f"+CMGL: {index},{_entry(device, slot)}" for index, slot in entries)
    for index, _ in entries:
        _mark_read(memory, index)
    return Ok(lines)


def read_message(device: Device, request: Request) -> Answer:
    """Print one message (`+CMGR=<index>`); an empty slot is answered in the persona's way."""
    memory = _memories(device)[0]
    index = request.number(0)
    if device.settings.number("+CMGF"):
        return Cms(302)
    if not memory.holds(index):
        return Cms(321)
    if index not in memory.slots:
        return {"ok": Ok(), "blank": Ok(("+CMGR: 0,,0",))}.get(device.persona.empty_slot, Cms(321))
    line = f"+CMGR: {_entry(device, memory.slots[index])}"
    _mark_read(memory, index)
    return Ok((line,))


def delete_message(device: Device, request: Request) -> Answer:
    """Free a slot (`+CMGD=<index>`), or many (`,<flag>` 1 to 4)."""
    memory = _memories(device)[0]
    index, flag = request.number(0), request.number(1, 0)
    statuses = {0: (), 1: (1,), 2: (1, 3), 3: (1, 2, 3), 4: (0, 1, 2, 3)}.get(flag)
    if statuses is None or (flag == 0 and not memory.holds(index)):
        return Cms(321)
    if device.faults.take(FaultKind.DELETE_IGNORED, "+CMGD"):
        return Ok()
    doomed = [index] if flag == 0 else [n for n, slot in memory.slots.items() if slot.status in statuses]
    for each in doomed:
        device.delete(memory, each)
    return Ok()


def list_deletable(device: Device, _request: Request) -> Answer:
    """Print the range of `+CMGD`."""
    memory = _memories(device)[0]
    return Ok((f"+CMGD: ({memory.base}-{memory.base + memory.capacity - 1}),(0-4)",))


# ---- indications


def read_indications(device: Device, _request: Request) -> Answer:
    """Print `+CNMI`."""
    return Ok((f"+CNMI: {','.join(map(str, device.settings.cnmi))}",))


def choose_indications(device: Device, request: Request) -> Answer:
    """Set `+CNMI`; a field that the persona does not accept refuses the whole line."""
    values = tuple(request.number(position, old) for position, old in enumerate(device.settings.cnmi))
    accepted = all(value in field for value, field in zip(values, device.persona.cnmi, strict=True))
    if not accepted or len(request.arguments) > 5:
        return ERROR if device.persona.sim_errors_as_cme else Cms(303)
    device.settings.cnmi = values
    buffered, device.life.buffered = device.life.buffered, []
    if values[0] and values[4] == 0:
        return Ok(then=lambda: device.wire.write(b"".join(buffered)))
    return Ok()


def list_indications(device: Device, _request: Request) -> Answer:
    """Print what `+CNMI` accepts; a Qualcomm-based modem lists ds=1 and then refuses it."""
    fields = [sorted({*field, 1} if position == 3 else field) for position, field in enumerate(device.persona.cnmi)]
    return Ok(("+CNMI: " + ",".join("(" + ",".join(map(str, field)) + ")" for field in fields),))


def read_service(device: Device, _request: Request) -> Answer:
    """Print `+CSMS`."""
    return Ok((f"+CSMS: {device.settings.number('+CSMS')},1,1,1",))


def choose_service(device: Device, request: Request) -> Answer:
    """Set `+CSMS`."""
    return Ok(("+CSMS: 1,1,1",)) if device.settings.accept("+CSMS", request.argument(0)) else Cms(303)


def acknowledge(device: Device, _request: Request) -> Answer:
    """Take a `+CNMA`, which only `+CSMS=1` expects."""
    return Ok() if device.settings.number("+CSMS") else Cms(340)


def read_centre(device: Device, _request: Request) -> Answer:
    """Print the service centre (`+CSCA?`)."""
    number = device.tray.card.smsc
    return Ok((f'+CSCA: "{number}",{145 if number.startswith("+") else 129}',))


def choose_centre(device: Device, request: Request) -> Answer:
    """Write the service centre to the SIM."""
    device.tray.card.smsc = request.argument(0)
    return Ok()


# ---- sending


def send(device: Device, request: Request) -> Answer:
    """Ask for the payload of a send (`+CMGS=<length>`)."""
    octets = request.number(0)
    if device.settings.number("+CMGF"):
        return Cms(302)
    if not 1 <= octets <= SUBMIT_OCTETS_MAX:
        return Cms(304)
    return Prompt(partial(_submit, device, octets))


def _submit(device: Device, octets: int, payload: str) -> Answer:
    submission = read_submit(payload, octets)
    if submission is None:
        return Cms(304)
    if payload.startswith("00") and not device.tray.card.smsc:
        return Cms(330)
    if device.faults.take(FaultKind.SWALLOW, "+CMGS"):
        return Nothing()
    if not device.network.registered or device.life.functionality != 1:
        return Cms(331)
    reference = device.tray.card.next_reference()
    device.agenda.after(device.timing.send_s, partial(_through_the_air, device, submission, payload, reference))
    return Nothing(busy=True)


def _through_the_air(device: Device, submission: Submission, payload: str, reference: int) -> None:
    credit = device.network.credit
    if credit in CREDIT_CODES:
        device.hooks.finish(Cms(CREDIT_CODES[credit]))
        return
    if credit is Credit.SILENT:
        device.hooks.finish(Nothing())
        return
    if credit is Credit.NOTICE:
        _operator_notice(device)
    else:
        _take(device, submission, payload, reference)
    done = Ok((f"+CMGS: {reference}",))
    if device.faults.take(FaultKind.SENT_MUTE, "+CMGS"):
        device.hooks.finish(Nothing())
    elif fault := device.faults.take(FaultKind.LATE, "+CMGS"):
        device.agenda.after(fault.seconds, lambda: device.hooks.finish(done))
    else:
        device.hooks.finish(done)


def _take(device: Device, submission: Submission, payload: str, reference: int) -> None:
    network, agenda = device.network, device.agenda
    network.books.submitted.append(Submitted(agenda.now, payload.upper(), reference))
    if submission.wants_report:
        sent = network.stamp(agenda.now)
        agenda.after(device.timing.report_s, partial(_report, device, submission, reference, sent), durable=True)


def _report(device: Device, submission: Submission, reference: int, sent: Stamp) -> None:
    network = device.network
    tpdu = status_report(submission, reference, sent, network.stamp(device.agenda.now), network.report_status)
    network.waiting.append((service_centre(device.tray.card.smsc) + tpdu).hex().upper())
    device.pump()


def _operator_notice(device: Device) -> None:
    sender, text = CREDIT_NOTICE
    stamp = device.network.stamp(device.agenda.now)
    device.network.waiting.extend(deliver(sender, text, stamp, device.tray.card.smsc))
    device.agenda.after(device.timing.report_s, device.pump, durable=True)


TABLE = MappingProxyType(
    {
        "+CPMS": Spec(read=read_memories, assign=choose_memories, test=list_memories, needs=Needs.SMS),
        "+CMGL": Spec(run=list_messages, assign=list_messages, test="(0-4)", needs=Needs.SMS),
        "+CMGR": Spec(assign=read_message, test="", needs=Needs.SMS),
        "+CMGD": Spec(assign=delete_message, test=list_deletable, needs=Needs.SMS),
        "+CNMI": Spec(read=read_indications, assign=choose_indications, test=list_indications),
        "+CSMS": Spec(read=read_service, assign=choose_service, test="(0,1)"),
        "+CNMA": Spec(run=acknowledge, assign=acknowledge, test=""),
        "+CSCA": Spec(read=read_centre, assign=choose_centre, test="", needs=Needs.SMS),
        "+CMGS": Spec(assign=send, test="", needs=Needs.SMS),
    }
)
