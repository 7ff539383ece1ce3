"""`kentongan periksa`: a kernel console on the modem's line is found before it makes the modem look dead."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from edge import write_config

from kentongan.daemon import cli_periksa, config
from kentongan.daemon.cli_group import cli


@pytest.mark.parametrize(
    ("cmdline", "taken"),
    [
        ("console=ttyAMA0,115200 console=tty1 root=LABEL=rootfs", True),
        ("console=tty0 root=/dev/ttyAMA0", False),
        ("console=ttyAMA10,115200", False),
        ("", False),
    ],
)
def test_a_kernel_that_writes_on_the_modems_line_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cmdline: str, taken: bool
) -> None:
    path = write_config(tmp_path, 1883)
    path.write_text(path.read_text().replace('"sim:sim800"', '"/dev/ttyAMA0"'))
    assert "/dev/ttyAMA0" in path.read_text()
    (tmp_path / "cmdline").write_text(cmdline)
    monkeypatch.setattr(cli_periksa, "CMDLINE", tmp_path / "cmdline")

    said = CliRunner().invoke(cli, ["--config", str(path), "periksa"]).output

    words = f"{cli_periksa.BAD if taken else cli_periksa.GOOD} konsol kernel {'memakai' if taken else 'tidak memakai'}"
    assert f"{words} /dev/ttyAMA0 (cmdline.txt)" in said


def test_a_configuration_broken_by_hand_is_one_line_of_the_diagnosis_and_not_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, good = write_config(tmp_path, 1883), tmp_path / "terakhir-baik.toml"
    good.write_text(path.read_text())
    path.write_text(f"{path.read_text()}\n[gatway]\n")
    monkeypatch.setattr(config, "OWN", path)
    monkeypatch.setattr(config, "IN_FORCE", good)

    done = CliRunner().invoke(cli, ["--config", str(path), "periksa"])

    assert done.exit_code == 1
    (broken,) = [line for line in done.output.splitlines() if line.startswith(f"{cli_periksa.BAD} pengaturan")]
    assert "gatway" in broken
    assert any("penyimpanan" in line for line in done.output.splitlines())
