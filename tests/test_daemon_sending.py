"""What may leave when: limits of a number, lines that stand in for each other, doubt; on a store on a real file."""

import pytest
from queue_desk import TETANGGA, WARGA, Desk, draft

from kentongan.at import commands as to_modem
from kentongan.at import events as at
from kentongan.daemon.events import Note, ToModem
from kentongan.daemon.line import Line
from kentongan.daemon.sending import NEVER_MS, Habits, Limits, QuietHours, Sending
from kentongan.queue.records import Priority

MINUTE_MS, DAY_MS = 60_000, 86_400_000
PLENTY = Limits(0, 1000, 1000)
QUIET_NEVER = QuietHours(0, 0, lambda _ms: 0)
READY = at.StateChanged(at.ModemState.INITIALISING, at.ModemState.READY, "")
DOWN = at.StateChanged(at.ModemState.READY, at.ModemState.DOWN, "no answer")


class Office:
    """Two lines on one store."""

    def __init__(self, desk: Desk, limits: Limits = PLENTY, **habits: object) -> None:
        self.desk = desk
        self.lines = {name: Line(name) for name in "ab"}
        by_line = dict.fromkeys(self.lines, limits)
        self.sending = Sending(desk.store, by_line, QUIET_NEVER, lambda: 0.5, Habits(**habits))
        self.modem("a", READY)
        self.modem("b", READY)

    def modem(self, name: str, event: at.ModemEvent) -> None:
        self.lines[name].observe(event, self.desk.at())
        self.lines[name].look_ms = 0

    def next(self, name: str = "a") -> str:
        """Start what is due on a line and tell whose it is."""
        line = self.lines[name]
        commands = self.sending.next(line, self.desk.at())
        parts = [c for c in commands if isinstance(c, ToModem) and isinstance(c.command, to_modem.SendPart)]
        return line.sending.message.command_id if parts else next((c.name for c in commands if isinstance(c, Note)), "")

    def end(self, outcome: object, name: str = "a") -> None:
        part_id = self.lines[name].sending.part_id
        self.sending.ended(self.lines[name], at.SendEnded(part_id, outcome), self.desk.at())

    def minutes(self, count: int) -> list[object]:
        """Let minutes pass; gives what the rounds did."""
        done = []
        for _ in range(count):
            self.desk.later(MINUTE_MS)
            done += self.sending.round(self.lines.values(), self.desk.at())
        return done


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


# -- one number -------------------------------------------------------------------------------------------------------


def test_one_number_gets_so_many_a_day_and_holds_up_nobody_else(desk):
    office = Office(desk, Limits(0, 1000, 1000, per_number=2))
    for n in range(3):
        desk.reply(f"w{n}", recipient=WARGA.number, lifetime_ms=3 * DAY_MS)
    desk.reply("t0", recipient=TETANGGA.number)
    first_ms = desk.now_ms
    for name in ("w0", "w1"):
        assert office.next() == name
        office.end(at.Sent(1))
        desk.later(MINUTE_MS)
    assert office.next() == "recipient_rests"
    assert office.next() == "t0"
    office.end(at.Sent(2))
    assert office.next() == ""
    assert office.lines["a"].look_ms == first_ms + DAY_MS
    assert desk.state("w2").attempts == 0
    desk.now_ms = first_ms + DAY_MS
    assert office.next() == "w2"


def test_a_message_of_many_parts_counts_once(desk):
    office = Office(desk, Limits(0, 1000, 1000, per_number=2))
    desk.reply("long", parts=4)
    desk.reply("short")
    for name in ("long",) * 4 + ("short",):
        assert office.next() == name
        office.end(at.Sent(1))


# -- another line -----------------------------------------------------------------------------------------------------


def test_what_waits_for_a_line_that_is_down_too_long_leaves_on_another_in_its_order(desk):
    office = Office(desk, failover_ms=10 * MINUTE_MS)
    office.modem("a", DOWN)
    for n in range(3):
        desk.reply(f"c{n}")
    assert office.minutes(10) == []
    (note,) = office.minutes(1)
    assert (note.name, dict(note.facts)) == ("line_replaced", {"line": "a", "to": "b", "messages": 3})
    for n in range(3):
        assert office.next("b") == f"c{n}"
        office.end(at.Sent(n), "b")
    assert [message.line for message in desk.store.outbox(9)] == ["b"] * 3
    desk.reply("later")
    assert len(office.minutes(1)) == 1  # it is still down
    assert office.next("b") == "later"


def test_a_line_that_comes_back_in_time_keeps_its_own(desk):
    office = Office(desk, failover_ms=10 * MINUTE_MS)
    office.modem("a", DOWN)
    desk.reply("c0")
    office.minutes(9)
    office.modem("a", READY)
    assert office.minutes(1) == []
    office.modem("a", DOWN)
    assert office.minutes(9) == []
    office.modem("a", READY)
    assert office.next("a") == "c0"


def test_what_has_begun_to_leave_and_broadcasts_stay_on_their_line(desk):
    office = Office(desk, failover_ms=10 * MINUTE_MS)
    desk.reply("begun", parts=2)
    desk.reply("waits", recipient=TETANGGA.number)
    desk.reply("many", recipient="+6281200000009", priority=Priority.BROADCAST)
    assert office.next() == "begun"
    office.end(at.Sent(1))
    office.modem("a", DOWN)
    office.minutes(12)
    assert [desk.state(name).line for name in ("begun", "waits", "many")] == ["a", "b", "a"]


def test_a_line_without_credit_is_replaced_and_one_without_another_is_not(desk):
    office = Office(desk, failover_ms=10 * MINUTE_MS)
    desk.reply("c0")
    office.next()
    office.end(at.Rejected(at.ErrorFamily.CMS, 8))
    office.modem("b", DOWN)
    assert office.minutes(15) == []
    office.modem("b", READY)
    assert len(office.minutes(1)) == 1
    assert office.next("b") == "c0"


def test_without_the_offices_leave_no_line_stands_in(desk):
    office = Office(desk)
    office.modem("a", DOWN)
    desk.reply("c0")
    assert office.minutes(5000) == []
    assert desk.state("c0").line == "a"


# -- doubt ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("resend", [False, True])
def test_a_reply_in_doubt_is_held_unless_the_office_wants_it_sent_once_more(desk, resend):
    office = Office(desk, resend=resend)
    desk.reply("c0")
    office.next()
    office.end(at.Uncertain("no answer"))
    desk.later(MINUTE_MS)
    office.lines["a"].look_ms = 0
    assert office.next() == ("c0" if resend else "")
    if resend:
        office.end(at.Uncertain("no answer"))
    assert desk.state("c0").state == "uncertain"
    assert office.lines["a"].sending is None
    desk.later(DAY_MS)
    assert office.next() == ""
    assert office.lines["a"].look_ms == NEVER_MS


def test_what_nobody_asked_for_is_never_sent_twice(desk):
    office = Office(desk, resend=True)
    desk.store.enqueue(draft(priority=Priority.ACKNOWLEDGEMENT), desk.at())
    office.next()
    office.end(at.Uncertain("no answer"))
    assert desk.store.outbox(1)[0].state == "uncertain"
