"""The message memories: what is stored, read and deleted (3GPP TS 27.005 §3.2, §3.4)."""

from types import MappingProxyType

from kentongan.at.simulator import textmode
from kentongan.at.simulator.answers import ERROR, Answer, Cms, Ok
from kentongan.at.simulator.card import Memory, Slot
from kentongan.at.simulator.device import Device
from kentongan.at.simulator.faults import FaultKind
from kentongan.at.simulator.spec import Needs, Spec
from kentongan.at.simulator.syntax import Request

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
    if device.settings.number("+CMGF"):
        return textmode.entry(slot, device.settings)
    return f"{slot.status},{device.persona.alpha},{slot.tpdu_octets}\r\n{slot.pdu_hex}"


def _mark_read(memory: Memory, index: int) -> None:
    slot = memory.slots[index]
    if slot.status == 0:
        memory.slots[index] = Slot(1, slot.pdu_hex)


def list_messages(device: Device, request: Request) -> Answer:
    """Print the messages of mem1 (`+CMGL=<stat>`); unread ones become read."""
    wanted = request.number(0, 0)
    if device.settings.number("+CMGF"):
        wanted = textmode.wanted_status(request.argument(0, textmode.STATUSES[0]))
    if wanted not in range(5):
        return Cms(304) if device.persona.sim_errors_as_cme else Cms(303)
    memory = _memories(device)[0]
    entries = [(index, slot) for index, slot in sorted(memory.slots.items()) if wanted in {4, slot.status}]
    lines = tuple(f"+CMGL: {index},{_entry(device, slot)}" for index, slot in entries)
    if not request.number(1, 0):  # SIM800's second parameter leaves the status as it is
        for index, _ in entries:
            _mark_read(memory, index)
    return Ok(lines)


def read_message(device: Device, request: Request) -> Answer:
    """Print one message (`+CMGR=<index>`); an empty slot is answered in the persona's way."""
    memory = _memories(device)[0]
    index = request.number(0)
    if not memory.holds(index):
        return Cms(321)
    if index not in memory.slots:
        return {"ok": Ok(), "blank": Ok(("+CMGR: 0,,0",))}.get(device.persona.empty_slot, Cms(321))
    line = f"+CMGR: {_entry(device, memory.slots[index])}"
    if not request.number(1, 0):
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


def delete_kind(device: Device, request: Request) -> Answer:
    """Free all slots of a kind (SIM800 `+CMGDA`, by number in PDU mode)."""
    memory = _memories(device)[0]
    statuses = {1: (1,), 2: (0,), 3: (3,), 4: (2,), 5: (0, 1), 6: (0, 1, 2, 3)}.get(request.number(0))
    if statuses is None:
        return ERROR
    for index in [n for n, slot in memory.slots.items() if slot.status in statuses]:
        device.delete(memory, index)
    return Ok()


def list_deletable(device: Device, _request: Request) -> Answer:
    """Print the range of `+CMGD`."""
    memory = _memories(device)[0]
    return Ok((f"+CMGD: ({memory.base}-{memory.base + memory.capacity - 1}),(0-4)",))


SIM800 = MappingProxyType({"+CMGDA": Spec(assign=delete_kind, test="(1-6)", needs=Needs.SMS)})
TABLE = MappingProxyType(
    {
        "+CPMS": Spec(read=read_memories, assign=choose_memories, test=list_memories, needs=Needs.SMS),
        "+CMGL": Spec(run=list_messages, assign=list_messages, test="(0-4)", needs=Needs.SMS),
        "+CMGR": Spec(assign=read_message, test="", needs=Needs.SMS),
        "+CMGD": Spec(assign=delete_message, test=list_deletable, needs=Needs.SMS),
    }
)
