"""The keeper as the configuration composes it, on a real store: each line proves its own way."""

from pathlib import Path

from edge import NOW_MS, STEADY_MS, status

from kentongan.at import events as at
from kentongan.daemon import config as configuration
from kentongan.daemon.blackout import Boot
from kentongan.daemon.keeper import GATEWAY, Keeper
from kentongan.daemon.keeping import Outside, make_keeper
from kentongan.daemon.line import Line
from kentongan.daemon.patrol import AGAIN_MS, PATIENCE_MS, SETTLE_MS
from kentongan.daemon.status import Status
from kentongan.queue.ids import Uuid7
from kentongan.queue.records import (
    Encoding,
    InboundPart,
    Moment,
    PartSent,
    Priority,
    Quarantined,
    Sender,
    TextPart,
)
from kentongan.queue.store import Store, StoreSettings

PUBLIC, SECOND = "+6281100009200", "+6281100009300"
TWO_LINES = f"""
[gateway]
county_id = "3404"
gateway_id = "kec-depok-01"
ticket_prefix = "LU2"
timezone = "Asia/Makassar"
public_number = "{PUBLIC}"
[[line]]
name = "a"
port = "sim:sim800"
[[line]]
name = "b"
port = "sim:huawei"
number = "{SECOND}"
[mqtt]
url = "mqtt://127.0.0.1"
[store]
path = "k.db"
[runtime]
directory = "run"
"""
BEGIN = Moment(STEADY_MS, NOW_MS, synced=True)


class Office:
    """A keeper of two lines, whose modems send all that is due and hear what the test lets come back."""

    def __init__(self, folder: Path) -> None:
        (folder / "kentongan.toml").write_text(TWO_LINES)
        config = configuration.load(folder / "kentongan.toml")
        self.now, self.lines = BEGIN, {line.name: Line(line.name) for line in config.line}
        for line in self.lines.values():
            line.observe(at.StateChanged(at.ModemState.PROBING, at.ModemState.READY, ""), self.now)
        ids = Uuid7(bytes)
        self.store = Store.open(
            Path(config.store.path), StoreSettings("LU2"), at=self.now, ids=ids, narrate=lambda *_: None
        )
        outside = Outside(Boot("boot", 60_000, self.now), lambda _: False, self.status, self.now)
        self.keeper: Keeper = make_keeper(config, self.store, self.lines, outside)

    def status(self, now: Moment) -> Status:
        return status(steady_ms=now.steady_ms, lines=tuple(line.status() for line in self.lines.values()))

    def pass_time(self, ms: int) -> dict[str, str]:
        """Let time pass and the lines send; gives the probes by the number they went to."""
        self.now = self.now._replace(steady_ms=self.now.steady_ms + ms, wall_ms=self.now.wall_ms + ms)
        self.keeper.look(self.status(self.now), self.now)
        said = {}
        for name in self.lines:
            while due := self.store.due_part(name, self.now, allowed=tuple(Priority)):
                self.store.begin(due.part_id, self.now)
                message = self.store.finish(due.part_id, PartSent(1), None, self.now)
                said[message.recipient] = message.text
        return {number: text for number, text in said.items() if text.startswith("UJI")}

    def hear(self, name: str, number: str, text: str) -> None:
        """Let an SMS come in."""
        content = TextPart(Sender(number, number, "", replyable=True), text, Encoding.GSM7)
        part = self.keeper.sorted(InboundPart(name, "", "", "", content))
        assert isinstance(part.content, Quarantined)
        assert part.content.reason == GATEWAY
        self.keeper.heed(name, part.content, self.now)

    def failed(self) -> list[int]:
        return [line.status().probes_failed for line in self.lines.values()]


def test_each_line_whose_number_is_known_proves_its_own_way(tmp_path: Path) -> None:
    office = Office(tmp_path)

    said = office.pass_time(SETTLE_MS)
    assert set(said) == {PUBLIC, SECOND}
    office.hear("a", PUBLIC, said[PUBLIC])
    for _ in range(2):
        office.pass_time(PATIENCE_MS)
        said = office.pass_time(AGAIN_MS)
        assert set(said) == {SECOND}, "the first line's way is proven for hours"
    office.pass_time(PATIENCE_MS)
    assert office.failed() == [0, 3]

    office.hear("b", SECOND, said[SECOND])
    assert office.failed() == [0, 0]


def test_a_test_by_hand_goes_to_every_line(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office.keeper.test("own", office.now)
    assert set(office.pass_time(1)) == {PUBLIC, SECOND}
