import subprocess
import sys
from pathlib import Path

import pytest
from edge import write_config

from kentongan.daemon.main import plain_service

REMEDY = "give the right path with --config or KENTONGAN_CONFIG"


def kentongan(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kentongan.daemon", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environ},
    )


@pytest.mark.parametrize(
    ("arguments", "service", "path"),
    [
        (["run"], "run", "/etc/kentongan/kentongan.toml"),
        (["watch"], "watch", "/etc/kentongan/kentongan.toml"),
        (["--config", "k.toml", "run"], "run", "k.toml"),
        (["run", "--config", "k.toml"], "run", "k.toml"),
        (["watch", "--config=k.toml"], "watch", "k.toml"),
        (["run", "--help"], "", "/etc/kentongan/kentongan.toml"),
        (["run", "watch"], "", "/etc/kentongan/kentongan.toml"),
        (["status"], "", "/etc/kentongan/kentongan.toml"),
        (["--config"], "", "/etc/kentongan/kentongan.toml"),
        ([], "", "/etc/kentongan/kentongan.toml"),
    ],
)
def test_the_services_are_told_from_the_commands(
    arguments: list[str], service: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KENTONGAN_CONFIG", raising=False)
    assert plain_service(arguments) == (service, path)


def test_the_environment_names_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KENTONGAN_CONFIG", "other.toml")
    assert plain_service(["run"]) == ("run", "other.toml")
    assert plain_service(["run", "--config", "k.toml"]) == ("run", "k.toml")


@pytest.mark.parametrize("command", ["run", "watch", "status", "tickets", "outbox", "check-config"])
def test_a_missing_configuration_is_one_line_and_exit_code_two(command: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing.toml")
    for arguments in ([command, "--config", missing], ["--config", missing, command]):
        done = kentongan(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr == f"kentongan: {missing}: No such file or directory; {REMEDY}\n"


@pytest.mark.parametrize("command", ["run", "watch", "check-config"])
def test_a_wrong_key_is_one_line_and_exit_code_two(command: str, tmp_path: Path) -> None:
    path = write_config(tmp_path, 1883, more="[logs]\nlevel = 1")
    done = kentongan(command, KENTONGAN_CONFIG=str(path))
    assert done.returncode == 2
    assert done.stderr == f'kentongan: {path}: logs: this key is unknown; did you mean "log"?\n'


def test_the_help_lists_every_command() -> None:
    done = kentongan("--help")
    assert done.returncode == 0
    for command in ("run", "watch", "demo", "status", "tickets", "outbox", "send", "decode", "check-config"):
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize(
    "command", ["run", "watch", "demo", "status", "tickets", "outbox", "send", "decode", "check-config"]
)
def test_every_command_explains_itself(command: str) -> None:
    done = kentongan(command, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Usage: kentongan {command}")


def test_the_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, kentongan.daemon.cli_group as g, click.testing as t;"
        "assert t.CliRunner().invoke(g.cli, ['--help']).exit_code == 0;"
        "print([name for name in ('msgspec', 'structlog', 'paho', 'peewee', 'serial', 'ssl') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_the_watcher_imports_only_what_it_needs() -> None:
    code = (
        "import sys, kentongan.daemon.watcher;"
        "print([n for n in ('structlog', 'asyncio', 'peewee', 'sqlite3', 'serial', 'click', 'kentongan.at.pdu')"
        " if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_an_unknown_command_is_refused_with_exit_code_two() -> None:
    done = kentongan("stats")
    assert done.returncode == 2
    assert "No such command 'stats'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_shown() -> None:
    assert kentongan("--version").stdout.startswith("kentongan 0.")
