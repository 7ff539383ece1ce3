"""E50 with whole processes: gateway, reference backend and broker end by `kill -9`, nothing is lost, nothing doubled.

`make e50` plays it with 300 tickets, 300 replies and 90 kills.
"""

import e50
import pytest


@pytest.mark.parametrize(("protocol", "messages", "kills"), [("5", 20, 6), ("3.1.1", 10, 3)])
def test_e50_kills_of_gateway_backend_and_broker_lose_nothing_and_double_nothing(tmp_path, protocol, messages, kills):
    storm, settled, rows, _took_s = e50.play(tmp_path, protocol, messages, kills, seed=7)
    assert (settled, sum(storm.killed.values())) == (True, kills)
    assert {what: count for what, count, promised in rows if promised is not None} == {
        what: promised for what, _, promised in rows if promised is not None
    }
