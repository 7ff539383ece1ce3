import socket
from pathlib import Path

from kentongan.daemon.sdnotify import Notifier


def systemd(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(path)
    listener.settimeout(5)
    return listener


def test_every_message_reaches_systemds_socket(tmp_path: Path) -> None:
    with systemd(str(tmp_path / "notify")) as listener:
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"})
        notifier.ready()
        notifier.watchdog()
        notifier.status("2 jalur siap\nrahasia")
        notifier.stopping()
        received = [listener.recv(200) for _ in range(4)]
    assert received == [b"READY=1", b"WATCHDOG=1", b"STATUS=2 jalur siap", b"STOPPING=1"]
    assert notifier.watchdog_s == 30.0


def test_an_abstract_socket_is_reached_too(tmp_path: Path) -> None:
    with systemd(f"\0{tmp_path.name}") as listener:
        Notifier({"NOTIFY_SOCKET": f"@{tmp_path.name}"}).ready()
        assert listener.recv(200) == b"READY=1"


def test_without_systemd_nothing_is_said_and_nothing_fails() -> None:
    notifier = Notifier({"WATCHDOG_USEC": "soon"})
    notifier.ready()
    assert notifier.watchdog_s == 0.0


def test_a_socket_that_went_away_is_no_error_of_ours(tmp_path: Path) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    notifier.watchdog()
    notifier.status("")
