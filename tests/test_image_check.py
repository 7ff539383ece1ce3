"""The look over a finished card finds what must not be on it."""

import importlib.util
from pathlib import Path

IMAGE = Path(__file__).parents[1] / "image"
_spec = importlib.util.spec_from_file_location("image_check", IMAGE / "check.py")
assert _spec is not None
assert _spec.loader is not None
check = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(check)


def test_an_account_that_a_password_opens_is_named_and_an_empty_password_is_one() -> None:
    words = {"root": "!*", "sshd": "!", "pi": "$y$j9T$abc$def", "tamu": "", "bin": "*"}
    shadow = "".join(f"{name}:{word}:20000:0:99999:7:::\n" for name, word in words.items())

    assert check.passwords(shadow) == ["pi", "tamu"]


def test_every_console_of_the_kernel_is_found() -> None:
    assert check.consoles("console=ttyAMA0,115200 root=LABEL=rootfs console=tty0") == ["ttyAMA0,115200", "tty0"]
    assert check.consoles((IMAGE / "cmdline.txt").read_text()) == ["tty0"]


def test_the_delivered_settings_name_no_box_and_hold_no_secret() -> None:
    delivered = (IMAGE / "KONFIGURASI.txt").read_text("utf-8-sig")

    assert check.filled_in(delivered) == []
    assert check.filled_in(delivered.replace("server_sandi   =", "server_sandi   = rahasia")) == ["server_sandi"]
