import pytest

from kentongan.at.errors import PortBusy, PortLost
from kentongan.at.port import SerialPort
from kentongan.at.simulator import PtyModem, VirtualModem, by_name
from kentongan.daemon import usb
from kentongan.daemon.modems import port_of


class Tree:
    """A tree like /sys/bus/usb/devices, and a folder like /dev."""

    def __init__(self, folder):
        self.root = folder / "devices"
        self.nodes = folder / "dev"
        self.root.mkdir()
        self.nodes.mkdir()

    def device(self, name, vendor, product):
        """Plug a device in."""
        self._write(name, idVendor=vendor, idProduct=product)

    def interface(self, name, number, role, tty=""):
        """Give it an interface; `role` is class/subclass/protocol."""
        usb_class, subclass, protocol = role.split("/")
        folder = self._write(
            f"{name}:1.{number}",
            bInterfaceNumber=f"{number:02x}",
            bInterfaceClass=usb_class,
            bInterfaceSubClass=subclass,
            bInterfaceProtocol=protocol,
        )
        if tty:
            (folder / tty).mkdir()

    def _write(self, folder, **attributes):
        path = self.root / folder
        path.mkdir()
        for name, value in attributes.items():
            (path / name).write_text(f"{value}\n")
        return path

    def open(self, **how):
        """Open what is found there."""
        return usb.open_huawei(115200, root=self.root, nodes=self.nodes, **how)


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


@pytest.fixture
def modem():
    peer = PtyModem(VirtualModem(by_name("e173")))
    peer.start()
    yield peer
    peer.stop()


def test_devices_and_interfaces_are_read_with_their_serial_ports(tree):
    tree.device("usb1", "1d6b", "0002")
    tree.device("1-1.2", "12d1", "1506")
    tree.interface("1-1.2", 0, "ff/01/01", "ttyUSB4")
    tree.interface("1-1.2", 2, "ff/01/02", "ttyUSB9")
    (device,) = usb.devices(tree.root)
    assert (device.socket, device.name) == ("1-1.2", "12d1:1506")
    assert [(face.number, face.protocol, face.tty) for face in device.interfaces] == [
        (0, 1, "ttyUSB4"),
        (2, 2, "ttyUSB9"),
    ]


def test_a_device_that_goes_away_meanwhile_is_left_out(tree):
    tree.device("1-1.2", "12d1", "")
    assert usb.devices(tree.root) == ()
    assert usb.devices(tree.root / "missing") == ()


def test_the_port_is_found_again_under_another_name_after_every_plug(tree, modem):
    tree.device("1-1.2", "12d1", "1506")
    tree.interface("1-1.2", 0, "ff/01/01", "ttyUSB0")
    tree.interface("1-1.2", 2, "ff/01/02", "ttyUSB2")
    (tree.nodes / "ttyUSB2").symlink_to(modem.path)
    tree.open().close()
    (tree.root / "1-1.2:1.2" / "ttyUSB2").rename(tree.root / "1-1.2:1.2" / "ttyUSB5")
    (tree.nodes / "ttyUSB2").rename(tree.nodes / "ttyUSB5")
    tree.open().close()


def test_of_ports_without_a_role_the_one_that_answers_is_taken(tree, modem, tmp_path):
    deaf = PtyModem(VirtualModem(by_name("e173")))
    deaf.start()
    deaf.call(lambda peer: peer.power(False))
    tree.device("1-1.2", "12d1", "1588")
    for number, path in enumerate([deaf.path, modem.path]):
        tree.interface("1-1.2", number, "ff/ff/ff", f"ttyUSB{number}")
        (tree.nodes / f"ttyUSB{number}").symlink_to(path)
    opened = []

    def open_port(path, baud):
        opened.append(path.rpartition("/")[2])
        return SerialPort.open(path, baud)

    tree.open(open_port=open_port).close()
    deaf.stop()
    assert opened == ["ttyUSB0", "ttyUSB1"]


def test_a_stick_in_hilink_mode_is_a_lost_port_with_the_remedy_in_its_words(tree):
    tree.device("1-1.2", "12d1", "14db")
    tree.interface("1-1.2", 0, "02/06/00")
    with pytest.raises(PortLost, match=r"HiLink mode.*stick"):
        tree.open()


def test_a_port_that_another_program_holds_is_busy_not_lost(tree, modem):
    tree.device("1-1.2", "12d1", "1506")
    tree.interface("1-1.2", 2, "ff/01/02", "ttyUSB2")
    (tree.nodes / "ttyUSB2").symlink_to(modem.path)
    holder = SerialPort.open(modem.path, 115200)
    with pytest.raises(PortBusy):
        tree.open()
    holder.close()


def test_the_configuration_may_say_huawei_instead_of_a_device():
    assert port_of("huawei", 115200).func is usb.open_huawei
    assert port_of("/dev/ttyUSB2", 115200).args == ("/dev/ttyUSB2", 115200)


def test_a_usb_device_that_is_missing_beside_a_stick_in_hilink_mode_says_so(tree):
    tree.device("1-1.2", "12d1", "14dc")
    with pytest.raises(PortLost, match="HiLink mode"):
        usb.open_device("/dev/ttyUSB9-is-not-there", 115200, root=tree.root)
    with pytest.raises(PortLost, match="No such file"):
        usb.open_device("/dev/kentongan/hat-is-not-there", 115200, root=tree.root)


def test_a_device_is_opened_by_its_name(tree, modem):
    usb.open_device(modem.path, 115200, root=tree.root).close()
