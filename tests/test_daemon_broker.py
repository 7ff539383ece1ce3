from kentongan.daemon.broker import Broker
from kentongan.mqtt.events import BrokerDown, BrokerUp, DownCause
from kentongan.queue.records import Moment

AT = Moment(50_000_000, 1_795_500_000_000, synced=True)
UP = BrokerUp("c1", "5.0", False, 10, 100_000)


def lost(down: BrokerDown) -> Broker:
    broker = Broker()
    broker.connected(UP, AT)
    broker.disconnected(down, AT)
    return broker


def test_a_silent_server_is_missing_since_its_last_word() -> None:
    link = lost(BrokerDown(DownCause.LOST, "silent", 600.0, silent_s=20.0)).status
    assert link.since_ms == AT.wall_ms - 20_000
    assert link.since_steady_ms == AT.steady_ms - 20_000
    assert link.lost_steady_ms == AT.steady_ms


def test_a_server_that_hangs_up_is_missing_since_then() -> None:
    link = lost(BrokerDown(DownCause.LOST, "closed", 600.0)).status
    assert link.since_steady_ms == link.lost_steady_ms == AT.steady_ms


def test_a_repeated_failure_keeps_its_beginning() -> None:
    broker = lost(BrokerDown(DownCause.LOST, "silent", 600.0, silent_s=20.0))
    before = broker.status
    broker.disconnected(BrokerDown(DownCause.TIMEOUT, "no answer in 10 s"), AT)
    assert broker.status.since_steady_ms == before.since_steady_ms
    assert broker.status.lost_steady_ms == before.lost_steady_ms
