import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.daemon import logs

TEXT = "Lampu jalan mati di RT 3"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("kind", ["structlog", "plain"])
def test_a_line_is_one_json_object_without_number_text_or_secret(kind: str) -> None:
    stream = io.StringIO()
    log: logs.Log = (
        logs.configure("info", "json", {}, stream) if kind == "structlog" else logs.PlainLog(stream, "info", lambda: 0)
    )
    log.info(
        "sms_received",
        sender="+6281234567890",
        text=TEXT,
        password="rahasia",
        inner={"pdu_hex": "0791", "numbers": ["081234567890"]},
        note="dari 081234567890",
        line="a",
        slots=3,
    )
    line = json.loads(stream.getvalue())
    assert line["event"] == "sms_received"
    assert line["level"] == "info"
    assert line["sender"] == "+62812*****890"
    assert line["inner"]["numbers"] == ["0812*****890"]
    assert line["note"] == "dari 0812*****890"
    assert (line["line"], line["slots"]) == ("a", 3)
    assert not re.search(r"Lampu|rahasia|0791|345", stream.getvalue())


@pytest.mark.parametrize("kind", ["structlog", "plain"])
def test_journald_reads_the_priority_at_the_head_of_a_line(kind: str) -> None:
    stream = io.StringIO()
    log: logs.Log = (
        logs.configure("info", "auto", {"JOURNAL_STREAM": "8:1"}, stream)
        if kind == "structlog"
        else logs.PlainLog(stream, "info", lambda: 0, journal=True)
    )
    log.debug("too_fine")
    log.info("started")
    log.warning("slow")
    log.error("broken")
    assert re.findall(r"^<(\d)>\{", stream.getvalue(), re.MULTILINE) == ["6", "4", "3"]


def test_a_terminal_gets_words_instead_of_json() -> None:
    stream = Terminal()
    logs.configure("info", "auto", {}, stream).info("started", sender="081234567890")
    assert "{" not in stream.getvalue()
    assert "0812*****890" in stream.getvalue()


@pytest.mark.parametrize("kind", ["structlog", "plain"])
def test_a_traceback_is_kept_and_masked(kind: str) -> None:
    stream = io.StringIO()
    log: logs.Log = (
        logs.configure("info", "json", {}, stream) if kind == "structlog" else logs.PlainLog(stream, "info", lambda: 0)
    )
    try:
        int("081234567890x")
    except ValueError:
        log.exception("core_failed")
    line = json.loads(stream.getvalue())
    assert "ValueError: invalid literal" in line["exception"]
    assert "1234567890" not in line["exception"]


def test_ids_times_and_paths_stay_readable() -> None:
    readable = [
        "0199c7d2-9e6b-7f21-8a4c-123456789012",
        "2026-11-24T08:15:00+07:00",
        "/dev/serial/by-id/usb-12345678-if00",
        "LU2-041-937-1",
        "12345.67890123",
    ]
    assert [logs.mask(text) for text in readable] == readable


@given(st.from_regex(r"\+?[0-9]{8,15}", fullmatch=True))
def test_no_number_survives_whole(number: str) -> None:
    masked = logs.mask(f"dari {number}, terima kasih")
    assert number not in masked
    assert len(masked) == len(f"dari {number}, terima kasih")


@given(st.text(alphabet="0123456789+", max_size=12))
def test_a_masked_number_never_shows_more_than_nine_digits(number: str) -> None:
    assert len(logs.mask_number(number)) == len(number)
    assert sum(character.isdigit() for character in logs.mask_number(number)) <= 9


def test_a_log_line_is_no_dump() -> None:
    assert len(str(logs.safe({"why": "x" * 100_000})["why"])) == logs.MAX_VALUE
