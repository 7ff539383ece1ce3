"""What the store's tests share: a store on a real file, a clock that the test moves, short ways to make records."""

import itertools
import shutil
from pathlib import Path

from kentongan.queue.ids import Uuid7
from kentongan.queue.records import (
    CommandRecord,
    Concat,
    Encoding,
    InboundPart,
    Lane,
    Moment,
    OutboundDraft,
    OutboundMessage,
    PartDraft,
    Priority,
    Received,
    Sender,
    SpoolDraft,
    SpoolItem,
    TextPart,
    Ticket,
)
from kentongan.queue.store import Answer, Answered, Store, StoreSettings

BORN_MS = 1_770_000_000_000
WARGA = Sender("+6281234567890", "+6281234567890", "s_q1X7c0b3kTn2", replyable=True)
TETANGGA = Sender("+6285200001111", "+6285200001111", "s_aaaaaaaaaaaa", replyable=True)
EVERY = frozenset(Priority)


def no_answer(_ticket: Ticket, _answered: Answered) -> OutboundDraft | None:
    return None


class Desk:
    """A store and what a core does with it. `crash` throws the objects away and opens the file again."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.path = folder / "kentongan.db"
        self.settings = StoreSettings("LU2", **settings)
        self.now_ms = 1_000
        self.synced = True
        self.told: list[OutboundMessage] = []
        self.answers: Answer = no_answer
        self._seed = itertools.count(1)
        self._keys = itertools.count(1)
        self._crashes = itertools.count(1)
        self.store = self.open()

    def at(self) -> Moment:
        return Moment(self.now_ms, BORN_MS + self.now_ms, self.synced)

    def later(self, ms: int) -> "Desk":
        self.now_ms += ms
        return self

    def open(self) -> Store:
        ids = Uuid7(lambda count: next(self._seed).to_bytes(count, "big"))
        return Store.open(self.path, self.settings, at=self.at(), ids=ids, narrate=self.narrate)

    def crash(self) -> "Desk":
        """Go on as after a power cut: with copies of the files as they are this moment, log and all."""
        folder = self.path.parent / f"after-{next(self._crashes)}"
        folder.mkdir()
        for name in (self.path.name, f"{self.path.name}-wal"):
            if (self.path.parent / name).exists():
                shutil.copy(self.path.parent / name, folder / name)
        self.store._file.abandon()
        self.path = folder / self.path.name
        self.store = self.open()
        return self

    def restart(self) -> "Desk":
        self.store.close(self.at())
        self.store = self.open()
        return self

    def narrate(self, message: OutboundMessage, _at: Moment) -> SpoolDraft | None:
        self.told.append(message)
        if not message.command_id:
            return None
        body = f"{message.command_id} {message.state} {message.revision} {message.final}".encode()
        return SpoolDraft(Lane.REPLY, "reply", f"{message.command_id}-{message.revision}", "reply", body)

    # -- inbound -------------------------------------------------------------------------------------------------------

    def receive(self, part: InboundPart) -> Received:
        return self.store.receive(part, self.at(), answer=self.answers)

    def sms(self, text: str, sender: Sender = WARGA, **facts: object) -> Received:
        return self.receive(self.part(text, sender, **facts))

    def part(
        self,
        text: str,
        sender: Sender = WARGA,
        *,
        of: tuple[int, int, int] | None = None,  # reference, sequence, total
        width: int = 8,
        key: str = "",
        encoding: Encoding = Encoding.GSM7,
        smsc_ms: int | None = None,
        **facts: object,
    ) -> InboundPart:
        concat = Concat(of[0], width, of[2], of[1]) if of else None
        content = TextPart(sender, text, encoding, concat=concat, smsc_ms=smsc_ms, **facts)
        return InboundPart("a", "8962", "0011AA", key or f"key {next(self._keys)}", content)

    def due(self, limit: int = 100) -> list[SpoolItem]:
        return self.store.spool_due(self.at(), limit=limit, exclude=())

    def publish_all(self) -> list[SpoolItem]:
        items = self.due()
        for item in items:
            self.store.spool_published(item.spool_id, self.at())
        return items

    # -- outbound ------------------------------------------------------------------------------------------------------

    def reply(self, command_id: str, **facts: object) -> OutboundMessage:
        record = CommandRecord(command_id, "reply", "f", b"{}")
        response = SpoolDraft(Lane.RESPONSE, "response", f"r-{command_id}", "response", b"{}")
        return self.store.accept(draft(command_id, **facts), record, response, self.at())

    def send(self, outcome: object, verdict: object = None, line: str = "a") -> OutboundMessage:
        """Send the next due part and end it so."""
        due = self.store.due_part(line, self.at(), allowed=EVERY)
        assert due is not None
        self.store.begin(due.part_id, self.at())
        return self.store.finish(due.part_id, outcome, verdict, self.at())

    def state(self, command_id: str) -> OutboundMessage:
        message = self.store.message_of(command_id)
        assert message is not None
        return message


def draft(command_id: str = "", *, parts: int = 1, **facts: object) -> OutboundDraft:
    values: dict[str, object] = {
        "line": "a",
        "recipient": WARGA.number,
        "text": "Terima kasih.",
        "encoding": Encoding.GSM7,
        "parts": tuple(PartDraft(20 + n, f"{n:02X}") for n in range(1, parts + 1)),
        "priority": Priority.REPLY,
        "command_id": command_id,
    }
    return OutboundDraft(**(values | facts))
