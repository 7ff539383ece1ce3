import re
from pathlib import Path

import pytest

from kentongan.at.huawei_ports import KNOWN_INTERFACES, Device, Interface, Ports, Unusable, choose


def device(product, *faces, vendor=0x12D1, socket="1-1.2"):
    """`faces` are (number, subclass, protocol, tty); subclass and protocol ff for sticks that say no role."""
    interfaces = (Interface(number, 0xFF, subclass, protocol, tty) for number, subclass, protocol, tty in faces)
    return Device(socket, vendor, product, tuple(interfaces))


def old(product, *numbers):
    return device(product, *((number, 0xFF, 0xFF, f"ttyUSB{number}") for number in numbers))


@pytest.mark.parametrize(
    ("stick", "ttys", "certain"),
    [
        (device(0x1506, (0, 1, 1, "ttyUSB3"), (1, 1, 3, "ttyUSB4"), (2, 1, 2, "ttyUSB5")),
         ("ttyUSB5", "ttyUSB3"), True),
        (device(0x1573, (0, 2, 1, "ttyUSB0"), (1, 2, 2, "ttyUSB1")), ("ttyUSB1", "ttyUSB0"), True),
        (device(0x15C1, (0, 3, 0x10, "ttyUSB0"), (2, 3, 0x12, "ttyUSB2"), (3, 3, 0x13, "ttyUSB3")),
         ("ttyUSB2", "ttyUSB0"), True),
        (device(0x1506, (0, 1, 1, "ttyUSB0"), (3, 6, 0x14, "ttyUSB1")), ("ttyUSB0",), False),
        (old(0x1001, 0, 1, 2), ("ttyUSB2", "ttyUSB0", "ttyUSB1"), True),
        (old(0x140C, 0, 1, 2, 3), ("ttyUSB3", "ttyUSB0", "ttyUSB1", "ttyUSB2"), True),
        (old(0x14AC, 0, 3, 4), ("ttyUSB4", "ttyUSB0", "ttyUSB3"), True),
        (old(0x1436, 0, 3, 4), ("ttyUSB4", "ttyUSB0", "ttyUSB3"), True),
        (old(0x1588, 0, 1), ("ttyUSB0", "ttyUSB1"), False),
    ],
)  # fmt: skip
def test_the_command_port_is_the_one_whose_interface_says_so_or_is_known(stick, ttys, certain):
    assert choose((stick,)) == Ports(stick, ttys, certain)


@pytest.mark.parametrize(
    ("stick", "why", "remedy"),
    [
        (device(0x14DB, (0, 2, 6, "")), "HiLink mode", "stick"),
        (device(0x14DC, (0, 2, 6, "")), "HiLink mode", "stick"),
        (device(0x1F01, (0, 6, 0x50, "")), "HiLink mode", "stick"),
        (device(0x1446, (0, 6, 0x50, "")), "driver CD", "usb-modeswitch"),
        (device(0x1506, (0, 1, 2, "")), "no serial port", "option"),
        (device(0x0001, (0, 1, 2, "ttyUSB0"), vendor=0x0403), "no Huawei modem", "plug it in"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_remedy(stick, why, remedy):
    met = choose((stick,))
    assert isinstance(met, Unusable)
    assert why in met.why
    assert remedy in met.remedy


def test_without_any_device_it_says_that_none_is_plugged_in():
    assert choose(()).why == "no Huawei modem is plugged in"


def test_a_stick_that_works_is_taken_before_one_in_hilink_mode():
    good = device(0x1506, (0, 1, 2, "ttyUSB7"), socket="1-1.4")
    assert choose((device(0x14DB, (0, 2, 6, "")), good)).device is good


def test_the_rules_of_udev_know_the_same_sticks():
    rules = Path("systemd/61-kentongan.rules").read_text()
    known = re.findall(r'KENTONGAN_ID}=="([^"]+)", ENV{.KENTONGAN_IF}=="(\d+)"', rules)
    by_rule = {int(each.partition(":")[2], 16): int(number) for ids, number in known for each in ids.split("|")}
    assert by_rule == KNOWN_INTERFACES


def test_the_command_that_crashes_an_mu609_is_nowhere_in_the_program():
    sources = [path for folder in ("at", "daemon") for path in Path(folder).rglob("*.py")]
    assert sources
    assert [
        path for path in sources if 'AT^GETPORTMODE"' in path.read_text() or "AT^GETPORTMODE\\r" in path.read_text()
    ] == []
