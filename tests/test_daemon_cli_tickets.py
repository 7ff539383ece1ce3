import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from click.testing import CliRunner, Result
from edge import NOW_MS, write_config

from kentongan.daemon.cli_group import cli
from kentongan.daemon.control import ControlRequest, ControlServer, Refusal
from kentongan.daemon.errors import ControlUnavailable
from kentongan.daemon.requests import AskSend, AskTickets

TICKET = {
    "number": "LU2-041-937-1",
    "ticket_id": "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a11",
    "received_ms": NOW_MS,
    "sender": "+62812*****890",
    "state": "accepted",
    "parts": "1/1",
    "text": "Lampu jalan mati.\n\x1b[2JTolong diperbaiki segera, sudah tiga hari gelap",
}
MESSAGE = {
    "message_id": 7,
    "recipient": "+62812*****890",
    "state": "uncertain",
    "parts": "0/1",
    "accepted_ms": NOW_MS,
    "reason": "no_answer",
}


class Core:
    """Answers every request the same and remembers what was asked."""

    def __init__(self, folder: Path, answer: object) -> None:
        self.asked: list[Any] = []
        self._answer = answer
        self._server = ControlServer(folder / "run", self._take)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def _take(self, request: ControlRequest) -> None:
        self.asked.append(request.args)
        request.reply(self._answer)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        self._thread.join(10)


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Result]:
    config = write_config(tmp_path, 1883)
    return lambda *arguments: CliRunner().invoke(cli, ["--config", str(config), *arguments], prog_name="kentongan")


def test_tickets_are_a_table_whose_words_no_terminal_obeys(ask: Callable[..., Result], tmp_path: Path) -> None:
    with Core(tmp_path, [TICKET]) as core:
        result = ask("tickets", "--limit", "5")
    assert result.exit_code == 0
    head, row = result.stdout.splitlines()
    assert head.split() == ["NOMOR", "DITERIMA", "PENGIRIM", "BAGIAN", "KEADAAN", "ISI"]
    assert row.startswith("LU2-041-937-1  ")
    assert "  diterima server  " in row
    assert "\\x1b[2J" in row
    assert row.endswith("..")
    assert "\x1b" not in result.stdout
    assert core.asked == [AskTickets(5)]


def test_the_outbox_is_a_table(ask: Callable[..., Result], tmp_path: Path) -> None:
    with Core(tmp_path, [MESSAGE]):
        result = ask("outbox")
    assert result.stdout.splitlines()[1].split()[0] == "7"
    assert "  ragu  " in result.stdout


def test_nothing_is_said_in_words(ask: Callable[..., Result], tmp_path: Path) -> None:
    with Core(tmp_path, []):
        assert ask("tickets").stdout == "belum ada laporan\n"
        assert ask("outbox").stdout == "tidak ada SMS keluar\n"


def test_send_hands_the_text_over_and_tells_what_became_of_it(ask: Callable[..., Result], tmp_path: Path) -> None:
    answer = {"message_id": 7, "parts": 1, "encoding": "gsm7", "changes": ["'\u2019' -> \"'\""]}
    with Core(tmp_path, answer) as core:
        result = ask("send", "0812 3456 7890", "Halo, ini uji.")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["diterima: pesan 7, 1 bagian (gsm7)", "  diganti: '\u2019' -> \"'\""]
    assert core.asked == [AskSend("0812 3456 7890", "Halo, ini uji.")]


@pytest.mark.parametrize("command", [("tickets",), ("outbox",), ("send", "0812345678", "x")])
def test_a_refusal_is_one_line_and_exit_code_one(
    command: tuple[str, ...], ask: Callable[..., Result], tmp_path: Path
) -> None:
    with Core(tmp_path, Refusal("storage_unavailable", "disk full")):
        result = ask(*command)
    assert result.exit_code == 1
    assert result.output == "ditolak: disk full (storage_unavailable)\n"


@pytest.mark.parametrize(
    ("words", "shown", "remedy"),
    [
        (("send", "bupati", "x"), "'bupati'", "write a telephone number such as 081234567890 or +6281234567890"),
        (("send", "12", "x"), "'12'", "write a telephone number such as"),
        (("send", "0812" * 20, "x"), f"'{'0812' * 10}'...", "write a telephone number such as"),
        (("send", "081234567890", ""), "''", "write between 1 and 4000 characters"),
        (("send", "081234567890", "x" * 4001), f"'{'x' * 40}'...", "write between 1 and 4000 characters"),
        (("sim", "terima", "--jalur", "a" * 17), f"'{'a' * 17}'", "`kentongan status` shows it"),
        (("erase", "LU2" + "-" * 40 + "041-937-1"), "'LU2---", "write a ticket's number such as LU2-041-937-1"),
        (("hold", "LU2" + "-" * 40 + "041-937-1"), "'LU2---", "or a telephone number"),
        (("tickets", "--before", str(2**53)), str(2**53), "is not in the range 0<=x<=9007199254740991"),
    ],
)
def test_an_argument_that_no_gateway_takes_is_refused_with_what_to_write_and_nobody_is_asked(
    words: tuple[str, ...], shown: str, remedy: str, ask: Callable[..., Result], tmp_path: Path
) -> None:
    with Core(tmp_path, {}) as core:
        result = ask(*words)
    assert result.exit_code == 2
    assert core.asked == []
    *_, said = result.output.splitlines()
    assert said.startswith("Error: Invalid value for ")
    assert shown in said
    assert remedy in said


@pytest.mark.parametrize("command", [("tickets",), ("outbox",), ("send", "0812345678", "x")])
def test_without_a_gateway_the_error_says_how_to_start_it(command: tuple[str, ...], ask: Callable[..., Result]) -> None:
    result = ask(*command)
    assert isinstance(result.exception, ControlUnavailable)
    assert "start it: systemctl start kentongan" in str(result.exception)
