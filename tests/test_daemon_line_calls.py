from kentongan.at import events as at
from kentongan.daemon.line import Line
from kentongan.queue.records import Moment


def test_refused_calls_are_counted():
    line, moment = Line("a"), Moment(1_000, 1_795_000_000_000, synced=True)
    for _ in range(3):
        line.observe(at.CallRefused("+62811"), moment)
    assert line.status().calls == 3
