"""The power goes at every step there is: the books of the world outside are right all the same."""

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from queue_desk import EVERY, TETANGGA, WARGA, Desk

from kentongan.queue.inbox import may_free
from kentongan.queue.models import PAGE_OCTETS, PRAGMAS
from kentongan.queue.records import InboundPart, PartRejected, PartSent, RetryAfter, TicketAck

# -- at every step of receiving, publishing, accepting and sending ----------------------------------------------------


class PowerCut(Exception):
    """The process is gone."""


class World:
    """What is outside: the SIM, the broker with its commands, the backend, the phones. It outlives every process."""

    def __init__(self, desk: Desk, cuts: set[int]) -> None:
        self.desk = desk
        self.cuts = cuts
        self.steps = 0
        self.sim: dict[int, InboundPart] = dict(enumerate(self.mail()))
        self.commands = [f"c{n}" for n in range(4)]
        self.backend: dict[str, dict[int, str]] = {}  # ticket_id -> revision -> text
        self.phones: Counter[str] = Counter()  # PDUs that went out
        self.refusals = {"c1": 1}  # the network refuses the first attempt

    def mail(self) -> Iterator[InboundPart]:
        for n in range(4):
            yield self.desk.part(f"laporan {n}", WARGA if n % 2 else TETANGGA)
        yield self.desk.part("satu ", of=(5, 1, 2))
        yield self.desk.part("dua", of=(5, 2, 2))

    def step(self) -> None:
        """Come past a point at which the power may go."""
        self.steps += 1
        if self.steps in self.cuts:
            raise PowerCut

    def run(self) -> None:
        """Run processes until everything is done; each one that dies is followed by the next."""
        for _ in range(len(self.cuts) + 1):
            if self.live():
                return
            self.desk.later(1_000).crash()
        pytest.fail("more processes died than the power was cut")

    def live(self) -> bool:
        """Be one process; tells whether it lived to see everything done."""
        try:
            for _ in range(12):
                self.process()
        except PowerCut:
            return False
        return True

    def process(self) -> None:
        slots = self.receive()
        self.publish(slots)
        self.accept()
        self.send()
        self.desk.later(31_000)

    def receive(self) -> dict[int, list[int]]:
        kept: dict[int, list[int]] = {}
        for slot, part in list(self.sim.items()):
            self.step()
            received = self.desk.receive(part)
            self.step()
            if may_free(received.held, broker_up=True, crowded=False):
                del self.sim[slot]
                self.step()
            else:
                kept.setdefault(received.part_id, []).append(slot)
        return kept

    def publish(self, slots: dict[int, list[int]]) -> None:
        for item in self.desk.due():
            self.step()
            if item.ticket is not None:
                texts = self.backend.setdefault(item.ticket.ticket_id, {})
                assert texts.setdefault(item.ticket.revision, item.ticket.text) == item.ticket.text
            self.step()
            part_ids = self.desk.store.spool_published(item.spool_id, self.desk.at())
            self.step()
            for slot in [slot for part_id in part_ids for slot in slots.get(part_id, ())]:
                self.sim.pop(slot, None)
                self.step()
            if item.ticket is not None:
                ack = TicketAck(item.ticket.ticket_id, True, item.ticket.revision, "B")
                self.desk.store.acknowledge(ack, self.desk.at())
                self.step()

    def accept(self) -> None:
        for command_id in list(self.commands):
            self.step()
            if self.desk.store.command(command_id) is None:
                self.desk.reply(command_id, parts=2, recipient=WARGA.number)
            self.step()
            self.commands.remove(command_id)  # the PUBACK
            self.step()

    def send(self) -> None:
        while (due := self.desk.store.due_part("a", self.desk.at(), allowed=EVERY)) is not None:
            name = due.message.command_id
            self.desk.store.begin(due.part_id, self.desk.at())
            self.step()
            if self.refusals.get(name, 0):
                self.refusals[name] -= 1
                outcome, verdict = PartRejected("cms", 41), RetryAfter(30_000)
            else:
                self.phones[f"{name} part {due.sequence}"] += 1
                outcome, verdict = PartSent(sum(self.phones.values()) % 256), None
            self.step()
            self.desk.store.finish(due.part_id, outcome, verdict, self.desk.at())
            self.step()

    def check(self) -> None:
        assert self.sim == {}
        last = Counter(texts[max(texts)] for texts in self.backend.values())
        assert last == Counter([*(f"laporan {n}" for n in range(4)), "satu dua"])
        assert self.commands == []
        assert all(count == 1 for count in self.phones.values())
        for n in range(4):
            message = self.desk.state(f"c{n}")
            sent = [f"c{n} part {part}" in self.phones for part in (1, 2)]
            assert message.state == "uncertain" or (message.state == "sent" and sent == [True, True])
        assert self.desk.due() == []
        assert self.desk.store.care.integrity() == ()


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk be slow on its own time: these cuts are between the calls, not within them."""
    monkeypatch.setattr("kentongan.queue.models.PRAGMAS", PRAGMAS | {"synchronous": "off"})


def play(folder: Path, cuts: set[int]) -> World:
    world = World(Desk(folder), cuts)
    world.run()
    world.check()
    return world


@pytest.mark.usefixtures("hurry")
def test_the_power_may_go_at_any_step(tmp_path_factory: pytest.TempPathFactory) -> None:
    steps = play(tmp_path_factory.mktemp("whole"), set()).steps
    assert steps > 80
    for step in range(1, steps + 1):
        play(tmp_path_factory.mktemp("cut"), {step})


@pytest.mark.usefixtures("hurry")
def test_the_power_may_go_again_and_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    choice = random.Random(20_260_203)
    for _ in range(40):
        play(tmp_path_factory.mktemp("cuts"), {choice.randint(1, 160) for _ in range(choice.randint(2, 8))})


# -- at every write to the disk ---------------------------------------------------------------------------------------


def books(desk: Desk) -> tuple[object, ...]:
    """Everything the store knows that matters to anybody."""
    tickets = [(t.ticket_id, t.number, t.text, t.revision, t.state) for t in desk.store.tickets(100)]
    messages = [(m.command_id, m.state, m.revision, m.parts_sent, m.attempts) for m in desk.store.outbox(100)]
    waiting = [(i.event_id, i.body) for i in desk.store.spool_due(desk.later(0).at(), limit=100, exclude=())]
    return tickets, messages, waiting, desk.store.command("c0")


def test_after_a_power_cut_at_any_write_everything_that_had_returned_is_there_and_nothing_else(tmp_path: Path) -> None:
    """The log is cut at every frame: what a disk that honours its barriers can hold at any moment."""
    (tmp_path / "live").mkdir()
    desk = Desk(tmp_path / "live")
    log = desk.path.with_name("kentongan.db-wal")
    returned = [log.stat().st_size]

    def did(_result: object) -> None:
        returned.append(log.stat().st_size)

    did(desk.sms("satu"))
    did(desk.sms("a", TETANGGA, of=(5, 1, 2)))
    did(desk.sms("b", TETANGGA, of=(5, 2, 2)))
    [first, _] = desk.due()
    did(desk.store.spool_published(first.spool_id, desk.at()))
    did(desk.store.acknowledge(TicketAck(first.ticket.ticket_id, True, 1, "B"), desk.at()))
    did(desk.reply("c0", parts=2))
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    did(desk.store.begin(due.part_id, desk.at()))
    did(desk.store.finish(due.part_id, PartSent(1), None, desk.at()))
    did(desk.store.care.hold(WARGA.ref, desk.at()))
    desk.later(120_000)
    frame = 24 + PAGE_OCTETS

    def after_cut(at: int) -> tuple[object, ...]:
        folder = tmp_path / "cut"
        folder.mkdir()
        (folder / "kentongan.db").write_bytes(desk.path.read_bytes())
        (folder / "kentongan.db-wal").write_bytes(log.read_bytes()[:at])
        again = Desk(folder)
        again.now_ms = desk.now_ms
        found = books(again)
        again.store._file.abandon()
        shutil.rmtree(folder)
        return found

    expected = {size: after_cut(size) for size in returned}
    assert len(set(map(repr, expected.values()))) > 7
    for cut in range(returned[0], returned[-1], frame):
        whole = max(size for size in returned if size <= cut)
        assert after_cut(cut) == expected[whole], (cut, whole)


def test_a_power_cut_while_the_log_is_written_back_loses_nothing(tmp_path: Path) -> None:
    """Any of the pages may have reached the file, or half of one: the log is still whole and has them all."""
    (tmp_path / "live").mkdir()
    desk = Desk(tmp_path / "live")
    desk.store._file.empty_log()
    for n in range(6):
        desk.sms(f"laporan {n}", TETANGGA if n % 2 else WARGA)
    desk.publish_all()
    desk.reply("c0")
    desk.send(PartSent(1))
    before, log = desk.path.read_bytes(), desk.path.with_name("kentongan.db-wal").read_bytes()
    desk.store._file.number("PRAGMA wal_checkpoint(PASSIVE)")
    after = desk.path.read_bytes()
    assert after != before
    chance = random.Random(7)
    found = []
    for _ in range(25):
        torn = bytearray(before.ljust(len(after), b"\0"))
        for page in range(0, len(after), PAGE_OCTETS):
            reached = chance.choice([0, PAGE_OCTETS // 2, PAGE_OCTETS])
            torn[page : page + reached] = after[page : page + reached]
        folder = tmp_path / "cut"
        folder.mkdir()
        (folder / "kentongan.db").write_bytes(torn)
        (folder / "kentongan.db-wal").write_bytes(log)
        again = Desk(folder)
        again.now_ms = desk.now_ms
        found.append(books(again))
        assert again.store.salvaged is None
        again.store._file.abandon()
        shutil.rmtree(folder)
    assert found == [books(desk)] * 25
