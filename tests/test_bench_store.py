"""The benchmark of the store, small: it measures what it says, and what it promises holds for few messages too."""

from pathlib import Path

import bench_store
import pytest


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_store, "MEASURED", 20)
    monkeypatch.setattr(bench_store, "AT_ONCE", 70)


def test_a_backlog_drains_in_order_and_in_flat_memory(tmp_path: Path) -> None:
    lines, _ = bench_store.backlog(tmp_path, 300)
    assert "| answers to commands first, then tickets by age | yes | yes | yes |" in lines
    assert any(line.startswith("| until all had gone ") and line.endswith("| yes |") for line in lines)


def test_every_operation_is_measured_on_a_store_with_messages(tmp_path: Path) -> None:
    lines, _ = bench_store.growth(tmp_path, 200)
    assert [line.split("|")[1].strip() for line in lines if line.startswith("| receive")] == [
        "receive, empty store",
        "receive, 200 stored",
    ]
    octets = next(int(line.split("|")[2]) for line in lines if line.startswith("| octets a message"))
    assert 500 < octets < 3_000


def test_what_a_message_costs_counts_its_whole_way(tmp_path: Path) -> None:
    lines, _ = bench_store.cost(tmp_path)
    assert [line.split("|")[1].strip() for line in lines if line.startswith("| ")][1:] == [
        "receive",
        "spool_due",
        "spool_published",
        "acknowledge",
        "send",
    ]
