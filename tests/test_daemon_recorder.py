from pathlib import Path

from kentongan.daemon.recorder import EVERY_S, KEPT, Recorder

WALL_MS = 1_795_000_000_000


def recorder(folder: Path, line: str = "a") -> Recorder:
    ticks = iter(range(0, 10**9, 1_000))
    return Recorder(folder / "rekaman", line, lambda: WALL_MS + next(ticks))


def test_a_recording_tells_when_why_and_what_was_said(tmp_path: Path) -> None:
    name = recorder(tmp_path).record("RungClimbed resync", ["12.0 > AT", "13.0 # no answer"], 13.5)
    assert name == "a-20261118-110640.txt"
    assert (tmp_path / "rekaman" / name).read_text().splitlines() == [
        "# line a, 2026-11-18 11:06:40 UTC = 13.500: RungClimbed resync",
        "12.0 > AT",
        "13.0 # no answer",
    ]


def test_a_ladder_that_climbs_fast_is_recorded_once_in_five_minutes(tmp_path: Path) -> None:
    one = recorder(tmp_path)
    assert [bool(one.record("x", [], now)) for now in (0.0, 10.0, EVERY_S - 1, EVERY_S)] == [True, False, False, True]


def test_old_recordings_make_room_whatever_line_they_are_of(tmp_path: Path) -> None:
    for index in range(KEPT + 5):
        name = recorder(tmp_path, "ab"[index % 2])
        name._wall_ms = lambda index=index: WALL_MS + index * 1_000
        name.record("x", [], 0.0)
    left = sorted(path.name.split("-", 1)[1] for path in (tmp_path / "rekaman").iterdir())
    assert len(left) == KEPT
    assert left[0] == "20261118-110645.txt"


def test_a_disk_that_takes_nothing_costs_a_recording_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "rekaman").write_text("in the way")
    assert recorder(tmp_path).record("x", [], 0.0) == ""
