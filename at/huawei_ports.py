"""Choose the command port of a Huawei modem by what its USB interfaces are for (modem.md 1.8).

Pure: what the system shows of a device in, ports in order of preference out. Refuses to go by the kernel's numbers of
serial devices: they change at every plug.
"""

from dataclasses import dataclass

HUAWEI = 0x12D1
VENDOR_CLASS = 0xFF
NO_ROLE = (0xFF, 0xFF)
"""Subclass and protocol of older sticks, which do not say what an interface is for."""

COMMANDS = frozenset({0x02, 0x12})
"""Protocols of the PCUI port; 12 on 4G sticks (the port codes of AT^SETPORT)."""

NEVER = frozenset({0x03, 0x05, 0x13, 0x14})
"""Diagnosis and positioning: binary, or deaf to commands."""

KNOWN_INTERFACES = {0x1001: 2, 0x140C: 3, 0x1436: 4, 0x14AC: 4, 0x1506: 3}
"""Number of the command interface by product, where interfaces have no role (chan_dongle's table)."""

HILINK_WORDS = "HiLink mode"
HILINK = frozenset({0x14DB, 0x14DC, 0x1F01})
"""Sticks that are a network card, or still a CD whose driver makes them one: no command port at all."""

NOT_SWITCHED = frozenset({0x1446, 0x14FE, 0x1505, 0x15CA, 0x1C0B})
"""Sticks that still show their driver CD; usb_modeswitch turns them into a modem."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One USB interface; `tty` is the serial device that the kernel made of it, empty for none."""

    number: int
    usb_class: int
    subclass: int
    protocol: int
    tty: str

    @property
    def role(self) -> tuple[int, int]:
        """Return what it says it is for."""
        return self.subclass, self.protocol


@dataclass(frozen=True, slots=True)
class Device:
    """One USB device; `socket` is where it is plugged in, as the kernel names it."""

    socket: str
    vendor: int
    product: int
    interfaces: tuple[Interface, ...]

    @property
    def name(self) -> str:
        """Return its ids as people look them up."""
        return f"{self.vendor:04x}:{self.product:04x}"


@dataclass(frozen=True, slots=True)
class Ports:
    """Where commands may be taken, best first; `certain` when the first one needs no trial."""

    device: Device
    ttys: tuple[str, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class Unusable:
    """No port, and what to do about it."""

    why: str
    remedy: str


def choose(devices: tuple[Device, ...]) -> Ports | Unusable:
    """Find the ports of the first Huawei modem that has any, else name the best reason why there is none."""
    sticks = [device for device in devices if device.vendor == HUAWEI]
    found = [_ports(device) for device in sticks]
    for ports in found:
        if isinstance(ports, Ports):
            return ports
    return next(iter(found), Unusable("no Huawei modem is plugged in", "plug it in, or try another socket and cable"))


def _ports(device: Device) -> Ports | Unusable:
    serial = sorted((face for face in device.interfaces if face.tty), key=lambda face: face.number)
    usable = [face for face in serial if face.role == NO_ROLE or face.protocol not in NEVER]
    if not usable:
        return _without_port(device)
    ranked = sorted(usable, key=lambda face: (not _is_command_port(face, device.product), face.number))
    certain = _is_command_port(ranked[0], device.product)
    return Ports(device, tuple(face.tty for face in ranked), certain)


def _is_command_port(face: Interface, product: int) -> bool:
    if face.usb_class == VENDOR_CLASS and face.role != NO_ROLE:
        return face.protocol in COMMANDS
    return KNOWN_INTERFACES.get(product) == face.number


def _without_port(device: Device) -> Unusable:
    where = f"{device.name} at USB {device.socket}"
    if device.product in HILINK:
        return Unusable(
            f"{where} is in {HILINK_WORDS}: a network card without a command port",
            "switch the stick to serial (stick) mode or use another one, such as E173, E3131 or ME909s",
        )
    if device.product in NOT_SWITCHED:
        return Unusable(f"{where} still shows its driver CD", "install usb-modeswitch, then plug the stick in again")
    return Unusable(f"{where} has no serial port", "load the kernel's driver `option`, then plug the modem in again")
