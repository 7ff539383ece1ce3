from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from queue_desk import EVERY, TETANGGA, WARGA, Desk, draft

from kentongan.queue.outbox import ORDER_HOLDS_ATTEMPTS, OVER
from kentongan.queue.records import (
    CommandRecord,
    GiveUp,
    InDoubt,
    OutboundState,
    PartRejected,
    PartSent,
    PartUncertain,
    PauseLine,
    Priority,
    Reason,
    RetryAfter,
    TreatAsSent,
)

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
REFUSED = PartRejected("cms", 38)
BAD_NUMBER = GiveUp(Reason("network_rejected", "+CMS ERROR: 1"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def told(desk: Desk) -> list[tuple[str, str, int, bool]]:
    return [(m.command_id, str(m.state), m.revision, m.final) for m in desk.told]


# -- the way of a message ---------------------------------------------------------------------------------------------


def test_an_accepted_reply_is_queued_with_its_answer_and_its_first_event(desk: Desk) -> None:
    message = desk.reply("c1", ticket_id="t", ref="r/1", delivery_report=True)
    assert (message.state, message.revision, message.final, message.parts) == (OutboundState.QUEUED, 1, False, 1)
    assert [item.body for item in desk.due()] == [b"{}", b"c1 queued 1 False"]
    assert desk.store.command("c1") == CommandRecord("c1", "reply", "f", b"{}")
    assert desk.crash().state("c1") == message


def test_each_change_is_told_once_with_the_next_revision(desk: Desk) -> None:
    desk.reply("c1", parts=2, delivery_report=True)
    desk.send(PartSent(7))
    desk.send(PartSent(8))
    desk.store.reported("a", 7, WARGA.number, True, desk.at())
    desk.store.reported("a", 8, WARGA.number, True, desk.at())
    assert told(desk) == [
        ("c1", "queued", 1, False),
        ("c1", "sending", 2, False),
        ("c1", "sent", 3, False),
        ("c1", "delivered", 4, True),
    ]
    assert [m.parts_sent for m in desk.told] == [0, 0, 2, 2]


def test_without_a_report_sent_is_final(desk: Desk) -> None:
    desk.reply("c1")
    assert desk.send(PartSent(7)).final
    assert desk.store.reported("a", 7, WARGA.number, True, desk.at()).state is OutboundState.SENT


def test_sending_is_on_disk_before_the_modem_gets_a_byte(desk: Desk) -> None:
    desk.reply("c1")
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    desk.store.begin(due.part_id, desk.at())
    assert desk.store.due_part("a", desk.at(), allowed=EVERY) is None
    assert (desk.crash().state("c1").state, desk.told[-1].state) == (OutboundState.UNCERTAIN, OutboundState.UNCERTAIN)
    assert desk.store.due_part("a", desk.later(DAY_MS).at(), allowed=EVERY) is None


def test_a_part_that_does_not_wait_cannot_be_begun(desk: Desk) -> None:
    desk.reply("c1")
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    desk.store.begin(due.part_id, desk.at())
    with pytest.raises(LookupError):
        desk.store.begin(due.part_id, desk.at())


def test_a_long_message_resumes_at_the_part_that_failed(desk: Desk) -> None:
    desk.reply("c1", parts=3)
    desk.send(PartSent(7))
    assert desk.send(REFUSED, RetryAfter(30_000)).state is OutboundState.SENDING
    assert desk.store.due_part("a", desk.later(29_999).at(), allowed=EVERY) is None
    due = desk.crash().store.due_part("a", desk.later(1).at(), allowed=EVERY)
    assert (due.sequence, due.draft.pdu_hex, due.message.attempts) == (2, "02", 1)
    desk.send(PartSent(8))
    message = desk.send(PartSent(9))
    assert (message.state, message.parts_sent) == (OutboundState.SENT, 3)


def test_attempts_count_for_the_part_under_way(desk: Desk) -> None:
    desk.reply("c1", parts=2)
    for attempts in range(3):
        due = desk.store.due_part("a", desk.at(), allowed=EVERY)
        assert due.message.attempts == attempts
        desk.send(REFUSED, RetryAfter(1_000))
        desk.later(1_000)
    desk.send(PartSent(7))
    assert desk.store.due_part("a", desk.at(), allowed=EVERY).message.attempts == 0


def test_a_paused_line_takes_the_attempt_back_and_the_message_waits_again(desk: Desk) -> None:
    desk.reply("c1")
    message = desk.send(REFUSED, PauseLine("credit_or_barred", 60_000))
    assert (message.state, message.attempts) == (OutboundState.QUEUED, 0)
    assert message.reason == Reason("credit_or_barred", retryable=True)
    assert desk.store.send_next_due("a") == desk.now_ms + 60_000
    assert desk.store.sends_since("a", 0) == 0
    assert desk.store.cancel("c1", desk.at()).state is OutboundState.CANCELLED


def test_a_paused_line_does_not_take_back_what_was_sent(desk: Desk) -> None:
    desk.reply("c1", parts=2)
    desk.send(PartSent(7))
    assert desk.send(REFUSED, PauseLine("credit_or_barred", 60_000)).state is OutboundState.SENDING
    assert desk.store.cancel("c1", desk.at()).state is OutboundState.SENDING


def test_a_bad_number_ends_its_message_alone(desk: Desk) -> None:
    desk.reply("c1")
    desk.reply("c2", recipient=TETANGGA.number)
    failed = desk.send(REFUSED, BAD_NUMBER)
    assert (failed.state, failed.final, failed.reason) == (OutboundState.FAILED, True, BAD_NUMBER.reason)
    assert desk.send(PartSent(7)).command_id == "c2"
    counts = desk.store.counts(desk.at())
    assert (counts.sent, counts.failed, counts.queued) == (1, 1, 0)


def test_a_refusal_that_proves_the_service_centre_has_it_counts_as_sent(desk: Desk) -> None:
    desk.reply("c1")
    assert desk.send(REFUSED, TreatAsSent()).state is OutboundState.SENT


def test_a_refusal_without_a_verdict_is_a_mistake(desk: Desk) -> None:
    desk.reply("c1")
    with pytest.raises(LookupError, match="without a verdict"):
        desk.send(REFUSED)
    assert desk.state("c1").state is OutboundState.SENDING


# -- doubt ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outcome", "verdict"), [(PartUncertain("silence"), None), (REFUSED, InDoubt("silence"))])
def test_what_nobody_can_know_is_held_and_said(desk: Desk, outcome: object, verdict: object) -> None:
    desk.reply("c1")
    message = desk.send(outcome, verdict)
    assert (message.state, message.final) == (OutboundState.UNCERTAIN, False)
    assert message.reason == Reason("outcome_unknown", "silence")
    assert desk.store.due_part("a", desk.later(HOUR_MS).at(), allowed=EVERY) is None


def test_what_provably_never_left_waits_again_and_its_other_parts_with_it(desk: Desk) -> None:
    desk.reply("c1", parts=2)
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    desk.send(PartUncertain("silence"))
    message = desk.store.never_left(due.part_id, desk.at())
    assert (message.state, message.final) == (OutboundState.SENDING, False)
    again = desk.store.due_part("a", desk.at(), allowed=EVERY)
    assert again.part_id == due.part_id
    assert desk.store.never_left(due.part_id, desk.at()) is None  # no more in doubt
    desk.send(PartSent(7))
    desk.send(PartSent(8))
    assert desk.state("c1").state is OutboundState.SENT


def test_a_doubt_that_is_final_is_not_opened_again(desk: Desk) -> None:
    desk.reply("c1")
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    desk.send(PartUncertain("silence"))
    desk.store.expire(desk.later(25 * HOUR_MS).at())
    assert desk.state("c1").final
    assert desk.store.never_left(due.part_id, desk.at()) is None
    assert desk.state("c1").state is OutboundState.UNCERTAIN


def test_a_late_answer_resolves_the_doubt_and_the_message_goes_on(desk: Desk) -> None:
    desk.reply("c1", parts=2)
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    desk.send(PartUncertain("silence"))
    assert desk.store.submitted_late(due.part_id, 7, desk.at()).state is OutboundState.SENDING
    assert desk.store.submitted_late(due.part_id, 7, desk.at()) is None
    assert desk.send(PartSent(8)).state is OutboundState.SENT


def test_a_report_under_the_reference_the_modem_used_next_resolves_the_doubt(desk: Desk) -> None:
    desk.reply("c1")
    desk.send(PartSent(255))
    desk.reply("c2", delivery_report=True)
    desk.later(6_000).send(PartUncertain("silence"))
    assert desk.store.reported("a", 1, WARGA.number, True, desk.at()) is None
    message = desk.store.reported("a", 0, WARGA.number, True, desk.at())
    assert (message.command_id, message.state, message.final) == ("c2", OutboundState.DELIVERED, True)
    assert [m.state for m in desk.told if m.command_id == "c2"][-2:] == [OutboundState.SENT, OutboundState.DELIVERED]


def test_the_office_may_decide_to_send_again_what_is_in_doubt(desk: Desk) -> None:
    desk.reply("c1")
    assert desk.send(PartUncertain("silence"), RetryAfter(60_000)).state is OutboundState.SENDING
    assert desk.later(60_000).send(PartSent(7)).state is OutboundState.SENT


def test_a_doubt_is_final_after_a_day(desk: Desk) -> None:
    desk.reply("c1")
    desk.send(PartUncertain("silence"))
    assert desk.store.expire(desk.later(DAY_MS - 1).at()) == 0
    assert desk.store.counts(desk.at()).uncertain == 1
    assert desk.store.expire(desk.later(1).at()) == 1
    message = desk.state("c1")
    assert (message.state, message.final, message.revision) == (OutboundState.UNCERTAIN, True, 4)
    assert desk.store.counts(desk.at()).uncertain == 0
    assert desk.store.expire(desk.at()) == 0


# -- reports ----------------------------------------------------------------------------------------------------------


def test_a_permanent_failure_of_one_part_is_the_messages(desk: Desk) -> None:
    desk.reply("c1", parts=2, delivery_report=True)
    desk.send(PartSent(7))
    assert desk.store.reported("a", 7, WARGA.number, False, desk.at()).state is OutboundState.SENDING
    message = desk.send(PartSent(8))
    assert (message.state, message.final, message.reason.code) == (OutboundState.UNDELIVERED, True, "not_delivered")


def test_a_temporary_report_changes_nothing(desk: Desk) -> None:
    desk.reply("c1", delivery_report=True)
    sent = desk.send(PartSent(7))
    assert desk.store.reported("a", 7, WARGA.number, None, desk.at()) == sent


def test_a_report_may_overtake_the_modems_own_answer(desk: Desk) -> None:
    desk.reply("c1", delivery_report=True)
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    desk.store.begin(due.part_id, desk.at())
    assert desk.store.reported("a", 7, WARGA.number, True, desk.later(3_000).at()) is None
    assert desk.store.finish(due.part_id, PartSent(7), None, desk.at()).state is OutboundState.DELIVERED


def test_a_report_of_an_earlier_send_is_no_report_of_this_one(desk: Desk) -> None:
    assert desk.store.reported("a", 7, WARGA.number, True, desk.at()) is None
    desk.reply("c1", delivery_report=True)
    assert desk.later(1_000).send(PartSent(7)).state is OutboundState.SENT


def test_a_report_for_another_line_or_recipient_is_not_ours(desk: Desk) -> None:
    desk.reply("c1", delivery_report=True)
    desk.send(PartSent(7))
    assert desk.store.reported("b", 7, WARGA.number, True, desk.at()) is None
    assert desk.store.reported("a", 7, TETANGGA.number, True, desk.at()) is None
    assert desk.state("c1").state is OutboundState.SENT


def test_a_second_report_of_the_same_part_changes_nothing(desk: Desk) -> None:
    desk.reply("c1", delivery_report=True)
    desk.send(PartSent(7))
    desk.store.reported("a", 7, WARGA.number, True, desk.at())
    assert desk.store.reported("a", 7, WARGA.number, False, desk.at()) is None
    assert desk.state("c1").state is OutboundState.DELIVERED


def test_without_any_report_a_sent_message_is_final_after_validity_and_a_day(desk: Desk) -> None:
    desk.reply("c1", delivery_report=True, validity_ms=HOUR_MS)
    desk.send(PartSent(7))
    assert desk.store.expire(desk.later(HOUR_MS + DAY_MS).at()) == 1
    message = desk.state("c1")
    assert (message.state, message.final, message.reason.code) == (OutboundState.SENT, True, "no_delivery_report")


# -- time -------------------------------------------------------------------------------------------------------------


def test_a_reply_expires_only_before_it_was_begun(desk: Desk) -> None:
    desk.reply("c1", lifetime_ms=HOUR_MS)
    desk.reply("c2", recipient=TETANGGA.number, lifetime_ms=HOUR_MS)
    desk.send(REFUSED, RetryAfter(2 * HOUR_MS))
    assert desk.store.due_part("a", desk.later(HOUR_MS).at(), allowed=EVERY) is None
    assert desk.store.expire(desk.at()) == 2
    assert (desk.state("c1").state, desk.state("c1").reason.code) == (OutboundState.FAILED, "lifetime_over")
    assert (desk.state("c2").state, desk.state("c2").reason.code) == (OutboundState.EXPIRED, "expired")


def test_a_part_on_its_way_does_not_expire(desk: Desk) -> None:
    desk.reply("c1", lifetime_ms=HOUR_MS)
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    desk.store.begin(due.part_id, desk.at())
    assert desk.store.expire(desk.later(HOUR_MS).at()) == 0
    assert desk.store.finish(due.part_id, PartSent(7), None, desk.at()).state is OutboundState.SENT


def test_only_a_waiting_reply_can_be_cancelled(desk: Desk) -> None:
    desk.reply("c1")
    desk.reply("c2")
    desk.send(PartSent(7))
    assert desk.store.cancel("c1", desk.at()).state is OutboundState.SENT
    assert desk.store.cancel("c2", desk.at()).state is OutboundState.CANCELLED
    assert desk.store.cancel("c3", desk.at()) is None
    assert desk.store.due_part("a", desk.at(), allowed=EVERY) is None


def test_a_wall_clock_that_jumps_expires_and_delays_nothing(desk: Desk) -> None:
    desk.reply("c1")
    at = desk.at()
    for wall_ms in (0, at.wall_ms + 56 * 365 * DAY_MS):
        moment = type(at)(at.steady_ms + 1, wall_ms, synced=False)
        assert desk.store.expire(moment) == 0
        assert desk.store.due_part("a", moment, allowed=EVERY).message.command_id == "c1"


# -- order ------------------------------------------------------------------------------------------------------------


def test_the_more_urgent_goes_first_then_the_older(desk: Desk) -> None:
    wanted = [Priority.NOTICE, Priority.REPLY, Priority.BROADCAST, Priority.EMERGENCY, Priority.REPLY]
    for n, priority in enumerate(wanted):
        desk.reply(f"c{n}", priority=priority, recipient=f"+62812000000{n}")
    assert [desk.send(PartSent(n)).command_id for n in range(5)] == ["c3", "c1", "c4", "c0", "c2"]


def test_quiet_hours_hold_what_is_not_allowed_and_let_an_answer_of_the_hour_leave(desk: Desk) -> None:
    desk.reply("c1", priority=Priority.REPLY, recipient=TETANGGA.number)
    desk.reply("c2", priority=Priority.REPLY, anytime=True)
    due = desk.store.due_part("a", desk.at(), allowed={Priority.EMERGENCY})
    assert due.message.command_id == "c2"
    assert desk.store.due_part("a", desk.at(), allowed={Priority.REPLY}).message.command_id == "c1"


def test_the_messages_of_one_recipient_keep_their_order_and_hold_up_nobody_else(desk: Desk) -> None:
    desk.reply("c1")
    desk.reply("c2")
    desk.reply("c3", recipient=TETANGGA.number)
    desk.send(REFUSED, RetryAfter(60_000))
    assert desk.send(PartSent(7)).command_id == "c3"
    assert desk.store.due_part("a", desk.at(), allowed=EVERY) is None
    desk.later(60_000)
    assert [desk.send(PartSent(n)).command_id for n in (8, 9)] == ["c1", "c2"]


def test_the_line_looks_again_when_the_message_that_holds_up_the_others_is_due(desk: Desk) -> None:
    desk.reply("c1")
    desk.send(REFUSED, RetryAfter(4_000))
    desk.reply("c2")
    assert desk.store.due_part("a", desk.at(), allowed=EVERY) is None
    assert desk.store.send_next_due("a") == desk.now_ms + 4_000
    desk.reply("d1", recipient=TETANGGA.number)
    assert desk.store.send_next_due("a") == desk.now_ms


def test_something_more_urgent_overtakes_at_the_same_recipient(desk: Desk) -> None:
    desk.reply("c1", priority=Priority.NOTICE)
    desk.reply("c2", priority=Priority.REPLY)
    assert desk.send(PartSent(7)).command_id == "c2"


def test_a_message_that_keeps_failing_stops_holding_up_the_next_to_its_recipient(desk: Desk) -> None:
    desk.reply("c1")
    desk.reply("c2")
    for _ in range(ORDER_HOLDS_ATTEMPTS):
        desk.send(REFUSED, RetryAfter(60_000))
        desk.later(60_000)
    desk.send(REFUSED, RetryAfter(60_000))
    assert desk.send(PartSent(7)).command_id == "c2"


def test_an_earlier_message_that_may_not_leave_now_holds_up_nothing(desk: Desk) -> None:
    desk.reply("c1", priority=Priority.REPLY)
    desk.reply("c2", priority=Priority.NOTICE)
    assert desk.store.due_part("a", desk.at(), allowed={Priority.NOTICE}).message.command_id == "c2"


def test_a_thousand_poisoned_messages_delay_the_next_by_nothing(desk: Desk) -> None:
    for n in range(50):
        desk.reply(f"bad {n}", recipient=f"+6281300000{n:03}")
        desk.send(REFUSED, RetryAfter(HOUR_MS))
    desk.reply("good", recipient=TETANGGA.number)
    assert desk.store.due_part("a", desk.at(), allowed=EVERY).message.command_id == "good"


def test_each_line_sends_its_own(desk: Desk) -> None:
    desk.reply("c1", line="b")
    assert desk.store.due_part("a", desk.at(), allowed=EVERY) is None
    assert desk.store.send_next_due("a") is None
    assert desk.send(PartSent(7), line="b").command_id == "c1"


def test_the_queue_tells_the_place_of_the_next(desk: Desk) -> None:
    assert desk.store.queue_position(Priority.REPLY) == 1
    desk.reply("c1", priority=Priority.REPLY)
    desk.reply("c2", priority=Priority.BROADCAST)
    places = [
        desk.store.queue_position(priority) for priority in (Priority.EMERGENCY, Priority.REPLY, Priority.BROADCAST)
    ]
    assert places == [1, 2, 3]


def test_sends_are_counted_since_a_moment(desk: Desk) -> None:
    for n in range(4):
        desk.reply(f"c{n}", parts=1)
        desk.later(HOUR_MS).send(PartSent(n))
    assert desk.store.sends_since("a", desk.now_ms - 2 * HOUR_MS) == 3
    assert desk.store.sends_since("b", 0) == 0


def test_refused_recipients_are_counted_until_the_line_succeeds(desk: Desk) -> None:
    numbers = [f"+6281200000{n:03}" for n in range(4)]
    for n, number in enumerate(numbers):
        desk.reply(f"c{n}", recipient=number)
    assert desk.store.refused_numbers("a", numbers[0]) == 1
    for _ in range(2):
        desk.later(6_000).send(REFUSED, RetryAfter(HOUR_MS))
    assert desk.store.refused_numbers("a", numbers[0]) == 2
    assert desk.store.refused_numbers("a", numbers[2]) == 3
    desk.later(6_000).send(PartSent(7))
    assert desk.store.refused_numbers("a", numbers[0]) == 1


def test_the_outbox_page_is_newest_first(desk: Desk) -> None:
    for n in range(3):
        desk.reply(f"c{n}")
    assert [message.command_id for message in desk.store.outbox(2)] == ["c2", "c1"]


def test_the_reference_of_parts_comes_round_after_256_messages(desk: Desk) -> None:
    seen = []
    for n in range(257):
        seen.append(desk.store.concat_reference(WARGA.number))
        desk.store.enqueue(draft(), desk.at())
        if n == 100:
            desk.restart()
    assert seen[:3] == [1, 2, 3]
    assert len(set(seen[:256])) == 256
    assert seen[256] == seen[0]


def test_a_command_is_accepted_once(desk: Desk) -> None:
    desk.reply("c1")
    with pytest.raises(Exception, match="UNIQUE"):
        desk.reply("c1")
    assert desk.store.counts(desk.at()).queued == 1


# -- any sequence of events -------------------------------------------------------------------------------------------


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens, in any order and with crashes: no part is handed out twice unless a verdict said so."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = FOLDERS[0].mktemp("machine")
        self.desk = Desk(self.folder)
        self.names: list[str] = []
        self.may_send: dict[int, int] = {}  # part -> how many attempts are justified
        self.attempts: dict[int, int] = {}
        self.sending: int | None = None
        self.doubtful: list[int] = []
        self.references = iter(range(10**6))

    @rule(parts=st.integers(1, 3), who=st.sampled_from([WARGA, TETANGGA]), report=st.booleans())
    def accept(self, parts: int, who: object, report: bool) -> None:
        name = f"c{len(self.names)}"
        self.names.append(name)
        self.desk.reply(name, parts=parts, recipient=who.number, delivery_report=report)

    @rule(ms=st.sampled_from([1, 6_000, 60_000, HOUR_MS]))
    def wait(self, ms: int) -> None:
        self.desk.later(ms)

    @precondition(lambda self: self.sending is None)
    @rule()
    def begin(self) -> None:
        due = self.desk.store.due_part("a", self.desk.at(), allowed=EVERY)
        if due is None:
            return
        self.desk.store.begin(due.part_id, self.desk.at())
        self.sending = due.part_id
        self.attempts[due.part_id] = self.attempts.get(due.part_id, 0) + 1
        assert self.attempts[due.part_id] <= self.may_send.setdefault(due.part_id, 1)

    @precondition(lambda self: self.sending is not None)
    @rule(kind=st.sampled_from(["sent", "retry", "pause", "give up", "doubt"]))
    def finish(self, kind: str) -> None:
        part_id, self.sending = self.sending, None
        outcome, verdict = {
            "sent": (PartSent(next(self.references) % 256), None),
            "retry": (REFUSED, RetryAfter(60_000)),
            "pause": (REFUSED, PauseLine("sim_missing", 60_000)),
            "give up": (REFUSED, BAD_NUMBER),
            "doubt": (PartUncertain("silence"), None),
        }[kind]
        self.desk.store.finish(part_id, outcome, verdict, self.desk.at())
        self.may_send[part_id] += kind in {"retry", "pause"}
        if kind == "doubt":
            self.doubtful.append(part_id)

    @rule()
    def crash(self) -> None:
        self.desk.crash()
        if self.sending is not None:
            self.doubtful.append(self.sending)
            self.sending = None

    @precondition(lambda self: self.doubtful)
    @rule(data=st.data())
    def late(self, data: st.DataObject) -> None:
        part_id = data.draw(st.sampled_from(self.doubtful))
        self.desk.store.submitted_late(part_id, next(self.references) % 256, self.desk.at())

    @rule(
        reference=st.integers(0, 20), who=st.sampled_from([WARGA, TETANGGA]), how=st.sampled_from([True, False, None])
    )
    def report(self, reference: int, who: object, how: bool | None) -> None:
        self.desk.store.reported("a", reference, who.number, how, self.desk.at())

    @precondition(lambda self: self.names)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.desk.store.cancel(data.draw(st.sampled_from(self.names)), self.desk.at())

    @rule()
    def expire(self) -> None:
        self.desk.store.expire(self.desk.at())

    @invariant()
    def revisions_are_gap_free_and_nothing_follows_the_end(self) -> None:
        for name in self.names:
            events = [message for message in self.desk.told if message.command_id == name]
            assert [message.revision for message in events] == list(range(1, len(events) + 1))
            assert all(not message.final for message in events[:-1])
            assert self.desk.state(name).state is events[-1].state
            assert self.desk.state(name).final is events[-1].final
            assert (events[-1].state in OVER) <= events[-1].final

    def teardown(self) -> None:
        self.desk.store._file.abandon()


FOLDERS: list[pytest.TempPathFactory] = []


def test_no_sequence_of_events_sends_a_part_twice_or_breaks_the_story(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    FOLDERS[:] = [tmp_path_factory]
    AnyOrder.TestCase.settings = settings(
        max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
    )
    AnyOrder.TestCase().runTest()


# -- out of turn ------------------------------------------------------------------------------------------------------


def in_doubt(desk: Desk) -> int:
    desk.reply("c1")
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    desk.store.begin(due.part_id, desk.at())
    desk.crash()
    return due.part_id


def test_an_outcome_for_a_part_in_doubt_counts_only_when_it_proves_the_send(desk: Desk) -> None:
    part_id = in_doubt(desk)
    assert desk.store.finish(part_id, REFUSED, RetryAfter(1_000), desk.at()).state is OutboundState.UNCERTAIN
    assert desk.store.finish(part_id, PartUncertain("silence"), None, desk.at()).state is OutboundState.UNCERTAIN
    assert desk.store.finish(part_id, PartSent(7), None, desk.at()).state is OutboundState.SENT
    assert desk.store.finish(part_id, PartSent(8), None, desk.at()).revision == 4


def test_evidence_after_the_doubt_became_final_changes_nothing_that_was_told(desk: Desk) -> None:
    part_id = in_doubt(desk)
    desk.store.expire(desk.later(DAY_MS).at())
    told_before = told(desk)
    message = desk.store.submitted_late(part_id, 7, desk.at())
    assert (message.state, message.final, message.parts_sent) == (OutboundState.UNCERTAIN, True, 1)
    assert told(desk) == told_before


def test_a_part_nobody_knows_is_a_mistake(desk: Desk) -> None:
    with pytest.raises(LookupError):
        desk.store.begin(99, desk.at())
    with pytest.raises(LookupError):
        desk.store.finish(99, PartSent(1), None, desk.at())
    assert desk.store.submitted_late(99, 1, desk.at()) is None


def test_an_early_report_for_somebody_else_stays_theirs(desk: Desk) -> None:
    desk.reply("c1", delivery_report=True)
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    desk.store.begin(due.part_id, desk.at())
    desk.store.reported("a", 7, TETANGGA.number, True, desk.at())
    assert desk.store.finish(due.part_id, PartSent(7), None, desk.at()).state is OutboundState.SENT


def test_a_first_send_in_doubt_has_no_reference_to_be_known_by(desk: Desk) -> None:
    part_id = in_doubt(desk)
    assert desk.store.reported("a", 0, WARGA.number, True, desk.at()) is None
    assert desk.store.submitted_late(part_id, 0, desk.at()).state is OutboundState.SENT
