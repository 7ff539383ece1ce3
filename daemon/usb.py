"""Look at the USB devices in sysfs, and open the command port of a Huawei modem wherever the kernel has put it today.

Refuses to send anything but ESC and `AT` while it looks: `AT^GETPORTMODE` would crash an MU609 (12d1:1573).
"""

import errno
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kentongan.at.errors import PortLost
from kentongan.at.huawei_ports import HILINK_WORDS, Device, Interface, Ports, Unusable, choose
from kentongan.at.port import SerialPort

AUTOMATIC = "huawei"  # a `port` of this name is looked for at each open
DEVICES = Path("/sys/bus/usb/devices")
NODES = Path("/dev")
ASKS = 3  # times AT, a second each (modem.md 1.8)
ANSWER_S = 1.0
_DEVICE = re.compile(r"[0-9]+-[0-9]+(\.[0-9]+)*")
_TTY = re.compile(r"tty(USB|ACM)[0-9]+")

Open = Callable[[str, int], SerialPort]


def devices(root: Path = DEVICES) -> tuple[Device, ...]:
    """Read what is plugged in; a device that goes away meanwhile is left out."""
    found = []
    names = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    for name in filter(_DEVICE.fullmatch, names):
        faces = [face for other in names if other.startswith(f"{name}:") and (face := _interface(root / other))]
        vendor, product = _hex(root / name / "idVendor"), _hex(root / name / "idProduct")
        if vendor is not None and product is not None:
            found.append(Device(name, vendor, product, tuple(faces)))
    return tuple(found)


def _interface(path: Path) -> Interface | None:
    names = ("bInterfaceNumber", "bInterfaceClass", "bInterfaceSubClass", "bInterfaceProtocol")
    number, *kind = (_hex(path / name) for name in names)
    usb_class, subclass, protocol = kind
    if number is None or usb_class is None or subclass is None or protocol is None:
        return None
    return Interface(number, usb_class, subclass, protocol, _tty(path))


def _tty(path: Path) -> str:
    """Find the serial device of an interface: beside its attributes, or one folder deeper for `cdc_acm`."""
    with suppress(OSError):
        children = [child.name for folder in (path, path / "tty") if folder.is_dir() for child in folder.iterdir()]
        return next(filter(_TTY.fullmatch, sorted(children)), "")
    return ""


def _hex(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"), 16)
    except (OSError, ValueError):
        return None


def open_huawei(
    baud: int, *, root: Path = DEVICES, nodes: Path = NODES, open_port: Open = SerialPort.open
) -> SerialPort:
    """Open the command port; raises `PortLost` with reason and remedy, `PortBusy` when another program holds it.

    Several ports without a role are asked in turn; when none answers the first is taken, and the ladder goes on.
    """
    ports = choose(devices(root))
    match ports:
        case Unusable(why, remedy):
            raise PortLost(errno.ENODEV, f"{why}; {remedy}")
        case Ports(_, ttys, certain):
            paths = [str(nodes / tty) for tty in ttys]
    if certain or len(paths) == 1:
        return open_port(paths[0], baud)
    for path in paths:
        with suppress(PortLost):  # another one of the same device may be there
            port = open_port(path, baud)
            if _answers(port):
                return port
            port.close()
    return open_port(paths[0], baud)


def open_device(path: str, baud: int, *, root: Path = DEVICES) -> SerialPort:
    """Open a device by its name; when a USB one is not there, a stick in HiLink mode is named as the reason."""
    try:
        return SerialPort.open(path, baud)
    except PortLost as error:
        stick = choose(devices(root)) if error.errno == errno.ENOENT and "usb" in path.lower() else None
        if isinstance(stick, Unusable) and HILINK_WORDS in stick.why:
            raise PortLost(errno.ENODEV, f"{path}: {stick.why}; {stick.remedy}") from error
        raise


def _answers(port: SerialPort) -> bool:
    """Tell whether there are commands taken here; a port for diagnosis is silent or talks binary."""
    heard = b""
    port.write(b"\x1b\r")
    for _ in range(ASKS):
        port.write(b"AT\r")
        heard += port.read(ANSWER_S)
        while b"OK\r" not in heard and (more := port.read(ANSWER_S / ASKS)):
            heard += more
        if b"\nOK\r" in heard:
            return True
    return False
