"""What happens around the modem: people, the operator, hands that pull cables. Each function is one event."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from kentongan.at.simulator import messages
from kentongan.at.simulator.card import Slot
from kentongan.at.simulator.cellular import announce_registration
from kentongan.at.simulator.device import Device, Phase
from kentongan.at.simulator.faults import WORLD, Fault, FaultKind
from kentongan.at.simulator.messages import Letter
from kentongan.at.simulator.network import Credit
from kentongan.at.simulator.personas import Family

FILLER = "INFO"  # the sender of what fills a memory: nobody's number
POWER_OFF_WORDS = ("POWER DOWN", "POWER OFF")
REGISTERED, SEARCHING = 1, 2  # +CREG <stat>


def write_letter(device: Device, sender: str, text: str, *, flash: bool = False) -> list[str]:
    """Let somebody write to this modem; return the PDUs that the network now holds."""
    network = device.network
    letter = Letter(sender, text, network.stamp(device.agenda.now), network.next_reference(), flash)
    pdus = messages.deliver(letter, device.tray.card.smsc)
    fault = device.faults.take(FaultKind.PARTS) if len(pdus) > 1 else None
    if fault is not None:
        pdus = _disturbed(pdus, fault)
    network.waiting.extend(pdus)
    device.hooks.note(f"{sender} writes {text!r} ({len(pdus)} parts)")
    device.pump()
    return pdus


def _disturbed(pdus: list[str], fault: Fault) -> list[str]:
    if fault.data == "doubled":
        return [pdu_hex for pdu_hex in pdus for _ in range(2)]
    if fault.data == "missing":
        missing = fault.position % len(pdus)
        return pdus[:missing] + pdus[missing + 1 :]
    return pdus[::-1]


def unplug(device: Device) -> None:
    """Pull the modem out: the port vanishes and the supply with it."""
    device.hooks.note("unplugged")
    device.power(on=False)
    device.hooks.port_gone()


def plug(device: Device, name: str = "") -> None:
    """Put the modem back, under another name if one is given; it boots."""
    device.hooks.port_back(name)
    device.power(on=True)
    device.hooks.note("plugged in")


def vanish(device: Device, seconds: float, name: str = "") -> None:
    """Let the port vanish while the modem runs on, and come back after `seconds`, never for 0."""
    device.hooks.note(f"port vanished for {seconds} s")
    device.hooks.port_gone()
    if seconds:
        device.agenda.after(seconds, partial(device.hooks.port_back, name), durable=True)


def register(device: Device, stat: int) -> None:
    """Change the registration and tell the host if it asked for that."""
    if device.network.stat == stat:
        return
    device.network.stat = stat
    device.hooks.note(f"registration {stat}")
    if device.life.phase is Phase.ON:
        announce_registration(device)
    device.pump()


def ring(device: Device, number: str, times: int) -> None:
    """Ring until hung up; a busy modem hears nothing (`+GSMBUSY`, and a SIM800 that sends, manual §4.2.5)."""
    busy = device.settings.number("+GSMBUSY") or (device.life.sending and device.persona.family is Family.SIM800)
    if busy or device.life.phase is not Phase.ON:
        device.hooks.note(f"call from {number} refused")
        return
    device.life.ringing = number or "unknown"
    _ring(device, number, times)


def _ring(device: Device, number: str, left: int) -> None:
    if not device.life.ringing:
        return
    if left == 0:
        device.life.ringing = ""
        device.urc("NO CARRIER")
        device.pump()
        return
    device.urc("+CRING: VOICE" if device.settings.number("+CRC") else "RING")
    if device.settings.number("+CLIP"):
        device.urc(f'+CLIP: "{number}",{145 if number.startswith("+") else 129},"",,"",0')
    device.agenda.after(device.timing.ring_s, partial(_ring, device, number, left - 1))


def fill(device: Device) -> None:
    """Fill the receive memory with old notices of an operator."""
    memory = device.memory(device.settings.memories[2]) or device.tray.memory
    letter = Letter(FILLER, "Info", device.network.stamp(device.agenda.now))
    number = 0
    while len(memory.slots) < memory.capacity:
        number += 1
        (pdu_hex,) = messages.deliver(replace(letter, text=f"Info {number}"), device.tray.card.smsc)
        memory.store(Slot(1, pdu_hex))


# ---- the faults that are events


def strike(device: Device, fault: Fault) -> None:
    """Let a fault of the world happen now, or after its delay."""
    action = partial(_EVENTS[fault.kind], device, fault)
    if fault.after_s:
        device.agenda.after(fault.after_s, action, durable=True)
    else:
        action()


def inject(device: Device, fault: Fault) -> None:
    """Put a fault on the schedule; one of the world without an occasion happens by itself."""
    if fault.kind in WORLD and not fault.on:
        strike(device, fault)
    else:
        device.faults.arm(fault)


def strike_armed(device: Device, command: str) -> None:
    """Let the faults of the world happen that wait for this command."""
    for kind in WORLD:
        if fault := device.faults.take(kind, command):
            strike(device, fault)


def _restart(device: Device, _fault: Fault) -> None:
    device.restart()


def _vanish(device: Device, fault: Fault) -> None:
    vanish(device, fault.seconds, fault.data)


def _hang(device: Device, fault: Fault) -> None:
    device.life.deaf = device.life.mute = True
    if fault.seconds:
        device.agenda.after(fault.seconds, partial(_recover, device))


def _deaf(device: Device, fault: Fault) -> None:
    device.life.deaf = True
    if fault.seconds:
        device.agenda.after(fault.seconds, partial(_recover, device))


def _quiet(device: Device, fault: Fault) -> None:
    device.life.mute = True
    if fault.seconds:
        device.agenda.after(fault.seconds, partial(_recover, device))


def _recover(device: Device) -> None:
    device.life.deaf = device.life.mute = False
    device.pump()


def _forget(device: Device, _fault: Fault) -> None:
    device.settings.reset()


def _memory_full(device: Device, _fault: Fault) -> None:
    fill(device)


def _sim_out(device: Device, fault: Fault) -> None:
    device.insert(present=False)
    if fault.seconds:
        device.agenda.after(fault.seconds, partial(device.insert, present=True), durable=True)


def _sim_in(device: Device, _fault: Fault) -> None:
    device.insert(present=True)


def _pin_lock(device: Device, fault: Fault) -> None:
    device.tray.card.pin = fault.data
    device.tray.card.verified = True  # asked for at the next restart


def _no_network(device: Device, fault: Fault) -> None:
    register(device, fault.code or SEARCHING)
    if fault.seconds:
        device.agenda.after(fault.seconds, partial(register, device, REGISTERED), durable=True)


def _network(device: Device, _fault: Fault) -> None:
    register(device, REGISTERED)


def _credit(device: Device, fault: Fault) -> None:
    device.network.credit = Credit(fault.data or Credit.GOOD)


def _line(device: Device, fault: Fault) -> None:
    for line in fault.data.split("|"):
        device.urc(line)


def _voltage(device: Device, fault: Fault) -> None:
    if fault.code:
        device.life.millivolts = fault.code
    if fault.data:
        device.urc(fault.data)
    if fault.data.endswith(POWER_OFF_WORDS):
        device.power(on=False)


def _heat(device: Device, fault: Fault) -> None:
    if fault.code:
        device.life.celsius = fault.code
    if fault.data:
        device.urc(fault.data)


def _ussd(device: Device, fault: Fault) -> None:
    code, _, text = fault.data.partition("=")
    device.network.ussd[code] = (fault.code, text)


def _call(device: Device, fault: Fault) -> None:
    ring(device, fault.data, fault.count)


def _flood(device: Device, fault: Fault) -> None:
    for number in range(1, fault.count + 1):
        sender = f"+62813{number % 100_000_000:08d}"
        write_letter(device, sender, fault.data or f"Pesan nomor {number}")


def _stuck_prompt(device: Device, _fault: Fault) -> None:
    device.hooks.stick()


_EVENTS: MappingProxyType[FaultKind, Callable[[Device, Fault], None]] = MappingProxyType(
    {
        FaultKind.POWER_DIP: _restart,
        FaultKind.VANISH: _vanish,
        FaultKind.HANG: _hang,
        FaultKind.DEAF: _deaf,
        FaultKind.NO_URC: _quiet,
        FaultKind.FORGET: _forget,
        FaultKind.STUCK_PROMPT: _stuck_prompt,
        FaultKind.MEMORY_FULL: _memory_full,
        FaultKind.SIM_OUT: _sim_out,
        FaultKind.SIM_IN: _sim_in,
        FaultKind.PIN_LOCK: _pin_lock,
        FaultKind.NO_NETWORK: _no_network,
        FaultKind.NETWORK: _network,
        FaultKind.CREDIT: _credit,
        FaultKind.LINE: _line,
        FaultKind.VOLTAGE: _voltage,
        FaultKind.HEAT: _heat,
        FaultKind.USSD: _ussd,
        FaultKind.CALL: _call,
        FaultKind.FLOOD: _flood,
    }
)
