"""The demonstration: what it shows, what it takes from the keyboard, and that its story can fail."""

import io
import json
import queue
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.at import pdu
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.demo import show, stage, story
from kentongan.daemon.demo.errors import DemoUnavailable
from kentongan.daemon.demo.live import CITIZEN_SAYS, Do, Live, Order, line_order
from kentongan.daemon.demo.matches import lamps, message, sms, waiting
from kentongan.daemon.demo.narrator import Line, Narrator, Tone
from kentongan.daemon.demo.observations import (
    Key,
    LampsSeen,
    Missing,
    Observation,
    ProcessEnded,
    Seen,
    SmsOut,
    StatusSeen,
)
from kentongan.daemon.demo.panel import Panel, cells, panel, printable, timeline, wrapped
from kentongan.daemon.demo.player import Player, StoryFailed
from kentongan.daemon.demo.submissions import sms_out
from kentongan.daemon.demo.terminal import Screen
from kentongan.daemon.mosquitto import BrokerFailed

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
TICKET = {"ticket_id": "t-1", "ticket_number": "LU2-000-001-2", "attempt": 1, "text": "Jalan rusak"}


def seen(name: str, **document: Any) -> Seen:
    return Seen(name, json.dumps(document).encode())


def keys(text: str) -> list[Order]:
    state, orders = Live(), []
    for character in text:
        state, more = state.take(Key(character))
        orders += more
    return orders


# -- the keyboard ------------------------------------------------------------------------------------------------------


def test_a_text_is_typed_for_the_citizen_and_for_the_county() -> None:
    assert keys("wJalan rusak\r") == [Order(Do.SMS, "Jalan rusak")]
    assert keys("kSudahh\x7f.\n") == [Order(Do.REPLY, "Sudah.")]


def test_enter_alone_sends_a_ready_made_text() -> None:
    assert keys("w\r") == [Order(Do.SMS, CITIZEN_SAYS)]


def test_while_typing_keys_are_letters() -> None:
    assert keys("wmsbq") == []
    assert keys("wabc\x1bm") == [Order(Do.MODEM)]


def test_every_misfortune_has_its_key() -> None:
    assert keys("msb") == [Order(Do.MODEM), Order(Do.SIM), Order(Do.BROKER)]


@pytest.mark.parametrize("leave", ["q", "\x03", "\x04", "w\x03", "k\x04"])
def test_ctrl_c_ctrl_d_and_q_end_it(leave: str) -> None:
    assert keys(leave) == [Order(Do.QUIT)]


def test_the_end_of_the_input_ends_it() -> None:
    assert Live().take(Key(""))[1] == [Order(Do.QUIT)]


def test_an_arrow_key_is_not_an_escape() -> None:
    writing, _ = Live().take(Key("w"))
    assert writing.take(Key("\x1b[A")) == (writing, [])


def test_a_whole_line_is_a_key_and_its_text() -> None:
    assert line_order("w Jalan rusak\n") == Order(Do.SMS, "Jalan rusak")
    assert line_order("m\n") == Order(Do.MODEM)
    assert line_order("apa ini\n") is None


@given(st.text(max_size=60))
def test_no_key_breaks_the_live_view(text: str) -> None:
    state, _ = Live().take(Key(text))
    shown = state.panel((True, False, True, False), Missing(sim=True))
    assert len(panel(shown, 80)) >= 5


# -- the screen --------------------------------------------------------------------------------------------------------


@given(st.text(max_size=300), st.integers(20, 120))
def test_no_row_is_wider_than_the_window(text: str, width: int) -> None:
    rows = wrapped(text, width)
    assert all(cells(row) <= max(width, 2) for row in rows)
    assert "".join(rows).replace(" ", "") == text.replace(" ", "")


def test_a_citizens_text_cannot_steer_the_terminal() -> None:
    out = io.StringIO()
    Screen(out, live=False).say(Line("TIKET", "\x1b[2Jhalo\x07"), "08:00:00")
    assert "\x1b" not in out.getvalue()
    assert "\x07" not in out.getvalue()
    assert printable("a\x1b[2J\nb") == "a�[2J\nb"


def test_the_panel_stays_below_what_scrolls() -> None:
    out = io.StringIO()
    screen = Screen(out, live=True)
    screen.show(Panel())
    height = len(panel(Panel(), 100))
    screen.say(Line("TIKET", "satu"), "08:00:00")
    assert f"\x1b[{height}A" in out.getvalue()
    assert ANSI.sub("", out.getvalue()).rstrip().endswith("[q]\N{NO-BREAK SPACE}keluar")


def test_the_panel_says_what_a_key_would_do_now() -> None:
    told = "\n".join(panel(Panel(missing=Missing(modem=True, broker=True), prompt="SMS warga", typed="halo"), 200))
    assert "[m]\N{NO-BREAK SPACE}pasang\N{NO-BREAK SPACE}modem" in told
    assert "nyalakan" in told
    assert "SMS warga> halo_" in told


def test_english_is_told_below_the_line_it_explains() -> None:
    rows = timeline(Line("LAMPU", "merah kode 2", "the red lamp"), "08:00:00", 80, colour=False)
    assert rows == ["08:00:00  LAMPU       merah kode 2", " " * 22 + "= the red lamp"]


# -- the story as told -------------------------------------------------------------------------------------------------


def test_a_kind_of_event_is_explained_once() -> None:
    narrator = Narrator()
    first, second = (narrator.tell(seen("event/ticket", **TICKET))[0] for _ in range(2))
    assert "LU2-000-001-2" in first.text
    assert first.gloss
    assert not second.gloss


def test_a_state_is_told_when_it_changes() -> None:
    narrator = Narrator()
    online, lost = (seen("status/connection", state=state) for state in ("online", "lost"))
    assert [len(narrator.tell(it)) for it in (online, online, lost, online)] == [1, 0, 1, 1]


def test_an_alarm_is_told_in_its_own_words() -> None:
    text = {"id": "SMS Gateway tidak dapat berjalan"}
    alarm = {"code": "gateway_not_running", "cause": "sim_missing", "text": text}
    narrator = Narrator()
    (raised,) = narrator.tell(seen("status/alarm/gateway_not_running", state="active", **alarm))
    (cleared,) = narrator.tell(seen("status/alarm/gateway_not_running", state="cleared", **alarm))
    assert (raised.text, raised.tone) == ("SMS Gateway tidak dapat berjalan (sim_missing)", Tone.BAD)
    assert cleared.tone is Tone.GOOD


def test_an_sms_is_read_as_the_phone_would_show_it() -> None:
    text = "Jalan rusak \N{BRIDGE AT NIGHT} " * 12
    parts = pdu.segment(text, "+6281234567001", reference=7, report=True, validity_min=60).parts
    shown = [sms_out(part.pdu_hex) for part in parts]
    assert [(it.number, it.part, it.total) for it in shown] == [("+6281234567001", n + 1, 3) for n in range(3)]
    assert "".join(it.text for it in shown) == text
    assert sms_out("00").number == "?"


# -- the story as checked ----------------------------------------------------------------------------------------------


class Theatre:
    """A player with a clock that advances at every look."""

    def __init__(self) -> None:
        self.inbox: queue.Queue[Observation] = queue.Queue()
        self.lines: list[Line] = []
        ticks = count()
        self.player = Player(self.inbox, look=lambda: None, say=self.lines.append, monotonic=lambda: float(next(ticks)))


def test_what_was_seen_before_the_act_proves_nothing() -> None:
    theatre = Theatre()
    theatre.inbox.put(LampsSeen((2,)))
    theatre.player.act("modem dicabut")
    with pytest.raises(StoryFailed, match="kode 2"):
        theatre.player.expect("lampu kode 2", lamps(2), within_s=3)


def test_what_does_not_happen_fails_the_story() -> None:
    theatre = Theatre()
    theatre.inbox.put(seen("event/ticket", **(TICKET | {"text": "Jalan rusa"})))
    with pytest.raises(StoryFailed):
        theatre.player.expect("tiket", message("event/ticket", text="Jalan rusak"), within_s=3)
    assert theatre.player.steps == 0


def test_what_must_not_happen_fails_the_story() -> None:
    theatre = Theatre()
    theatre.inbox.put(seen("event/ticket", **TICKET))
    theatre.inbox.put(StatusSeen("ready", "offline", 1, 1))
    theatre.player.expect("menunggu", waiting(1))
    with pytest.raises(StoryFailed):
        theatre.player.never("tiket", message("event/ticket"))


def test_an_expectation_is_met_in_any_order_after_the_act() -> None:
    theatre = Theatre()
    theatre.player.act("mulai")
    theatre.inbox.put(SmsOut("+6281", "tiket LU2-000-001-2"))
    theatre.inbox.put(seen("event/ticket", **TICKET))
    assert theatre.player.expect("tiket", message("event/ticket"))["ticket_id"] == "t-1"
    assert theatre.player.expect("sms", sms("+6281", "LU2-000-001-2")) == "tiket LU2-000-001-2"
    assert theatre.player.steps == 2


def test_a_process_that_ends_by_itself_fails_the_story() -> None:
    theatre = Theatre()
    theatre.inbox.put(ProcessEnded("run", 1, "kata terakhir"))
    with pytest.raises(StoryFailed, match="run"):
        theatre.player.expect("tiket", message("event/ticket"))


# -- the real thing ----------------------------------------------------------------------------------------------------


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[tuple[Player, stage.Stage]]:
    inbox: queue.Queue[Observation] = queue.Queue()
    clock = SystemClock()
    with stage.Stage(tmp_path, inbox.put, clock.monotonic) as real:
        yield Player(inbox, look=real.look, say=lambda _line: None, monotonic=clock.monotonic), real


def test_the_main_job_is_seen_from_outside(theatre: tuple[Player, stage.Stage]) -> None:
    player, real = theatre
    story.begin(player)
    story.complaint(player, real)
    story.sim_pulled(player, real)
    story.switched_off(player, real)
    assert player.steps >= 15


def test_without_a_broker_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Path:
        raise BrokerFailed("mosquitto is not installed; sudo apt install mosquitto")

    monkeypatch.setattr(show, "find_binary", missing)
    with pytest.raises(DemoUnavailable, match="apt install mosquitto"):
        show.demo(once=True)
