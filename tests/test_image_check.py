"""The look over a finished card finds what must not be on it."""

import importlib.util
import py_compile
import runpy
from pathlib import Path
from types import ModuleType

import pytest

IMAGE = Path(__file__).parents[1] / "image"


def script(name: str) -> ModuleType:
    """Load a script of the image as a module."""
    spec = importlib.util.spec_from_file_location(f"image_{name}", IMAGE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check, bytecode = script("check"), script("bytecode")


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


@pytest.mark.parametrize("mode", list(py_compile.PycInvalidationMode))
def test_bytecode_that_asked_for_its_source_does_so_no_more_and_runs_the_same(
    tmp_path: Path, mode: py_compile.PycInvalidationMode
) -> None:
    source, compiled = tmp_path / "m.py", tmp_path / "m.pyc"
    source.write_text("ANSWER = 42\n")
    py_compile.compile(str(source), str(compiled), invalidation_mode=mode)
    before = compiled.read_bytes()

    compiled.write_bytes(bytecode.believed(before))

    assert runpy.run_path(str(compiled))["ANSWER"] == 42
    checked = mode is py_compile.PycInvalidationMode.CHECKED_HASH
    assert (compiled.read_bytes() != before) == checked
    assert compiled.read_bytes()[4] != 3
