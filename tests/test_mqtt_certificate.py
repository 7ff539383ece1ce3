"""When certificates end, read from files that openssl wrote; whichever ends first is what the office is warned of."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from broker import Authority
from hypothesis import given
from hypothesis import strategies as st

from kentongan.daemon.broker import Broker
from kentongan.daemon.certificates import own_ends
from kentongan.mqtt import certificate
from kentongan.mqtt.events import BrokerUp
from kentongan.queue.records import Moment

END = datetime(2049, 2, 3, 4, 5, 6, tzinfo=UTC).timestamp()
LATE = datetime(2091, 2, 3, 4, 5, 6, tzinfo=UTC).timestamp()  # written as a GeneralizedTime


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca")).make()


@pytest.fixture(scope="module")
def ours(authority):
    return authority.issue("kec-depok-01", end="20490203040506Z")[0]


@pytest.fixture(scope="module")
def late(authority):
    return authority.issue("kec-depok-02", end="20910203040506Z")[0]


def test_both_ways_of_writing_an_end_are_read(ours, late):
    assert certificate.ends(ours.read_text()) == (END,)
    assert certificate.ends(late.read_text()) == (LATE,)
    assert certificate.ends(late.read_text() + "remark\n" + ours.read_text()) == (LATE, END)


@pytest.mark.parametrize("text", ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "no"])
def test_what_is_no_certificate_is_refused(text):
    with pytest.raises(ValueError, match=r"certificate|element|fields"):
        certificate.ends(text)


@given(cut=st.integers(0, 600), flip=st.integers(0, 600), bit=st.integers(0, 7))
def test_a_damaged_certificate_gives_a_time_or_is_refused(ours, cut, flip, bit):
    der = bytearray(certificate.base64.b64decode("".join(ours.read_text().splitlines()[1:-1])))
    if flip < len(der):
        der[flip] ^= 1 << bit
    with suppress(ValueError):
        assert isinstance(certificate._ends(bytes(der[: len(der) - cut])), int)


def test_of_a_chain_our_own_counts_and_of_authorities_the_last(ours, late, authority, tmp_path):
    (tmp_path / "chain.crt").write_text(ours.read_text() + authority.ca.read_text())
    (tmp_path / "ca.crt").write_text(authority.ca.read_text() + late.read_text())
    found = own_ends(str(tmp_path / "ca.crt"), str(tmp_path / "chain.crt"))
    assert found == {"authority": 1000 * LATE, "ours": 1000 * END}
    assert own_ends("", "") == own_ends(str(tmp_path), str(tmp_path / "none")) == {}


def connected(server_s, **own_s):
    broker = Broker(lambda: {name: 1000 * until for name, until in own_s.items()})
    up = BrokerUp("c1", "5.0", False, 10, 1_000, server_s)
    broker.connected(up, Moment(0, 0, synced=True))
    return broker.status.certificate_of, broker.status.certificate_until_ms


def test_whichever_ends_first_is_told():
    assert connected(50.0, authority=40, ours=30) == ("ours", 30_000)
    assert connected(20.0, authority=40, ours=30) == ("server", 20_000)
    assert connected(50.0, authority=40) == ("authority", 40_000)
    assert connected(0.0) == ("", 0)
