from pathlib import Path

from click.testing import CliRunner
from edge import write_config

from kentongan.daemon.cli_group import cli
from kentongan.daemon.config import load
from kentongan.daemon.errors import ConfigError


def test_a_good_file_is_shown_as_it_is_in_force_and_reads_the_same(tmp_path: Path) -> None:
    path = write_config(tmp_path, 1883)
    result = CliRunner().invoke(cli, ["check-config", "--config", str(path)])
    assert result.exit_code == 0
    assert "sandi-gw" not in result.output
    assert "pace_s = 6.0" in result.output
    again = tmp_path / "again.toml"
    again.write_text(result.output)
    assert load(again) == load(path)


def test_a_bad_file_is_a_config_error(tmp_path: Path) -> None:
    path = write_config(tmp_path, 1883, lamps="[lamps]\npins = [1]")
    result = CliRunner().invoke(cli, ["check-config", "--config", str(path)])
    assert isinstance(result.exception, ConfigError)
