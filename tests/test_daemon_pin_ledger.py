import os
from itertools import pairwise

import pytest
from modem_field import Field

from kentongan.at.events import ModemState
from kentongan.at.simulator.card import Card
from kentongan.daemon.pin_ledger import PinLedger

KEY = b"k" * 32


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pin.ledger"


def ledger(path):
    return PinLedger(path, KEY)


class Restarts:
    """A gateway that is started again and again on one modem and one ledger."""

    def __init__(self, path, persona, pin, **card):
        self.path = path
        self.persona = persona
        self.pin = pin
        self.card = Card(pin="9876", **card)
        self.tries = 0
        self.states = []

    def start(self, seconds=120.0):
        """Let a new process with a new engine serve the modem, which lost its supply; then kill it."""
        book = ledger(self.path)
        field = Field(
            self.persona,
            pin=self.pin,
            pin_allowed=lambda iccid: book.allows(iccid, self.pin),
            pin_ended=lambda iccid, accepted: book.ended(iccid, self.pin, accepted=accepted),
        )
        self.card.reset()
        field.vm.device.tray.card = self.card
        heard, receive = [], field.vm.receive
        field.vm.receive = lambda data, now: (heard.append(data), receive(data, now))
        field.open().run(seconds)
        self.tries += b"".join(heard).count(b"AT+CPIN=")
        self.states.append(field.modem.state)
        return field


@pytest.mark.parametrize("persona", ["sim800c", "e173", "sim7600"])
def test_a_wrong_pin_is_entered_once_in_fifty_starts_and_the_card_keeps_two_attempts(path, persona):
    gateway = Restarts(path, persona, "1234")
    for _ in range(50):
        gateway.start(20.0)
    assert gateway.tries == 1
    assert gateway.card.pin_left == 2
    assert set(gateway.states) == {ModemState.SIM_LOCKED}


def test_the_right_pin_opens_the_card_after_every_power_cut(path):
    gateway = Restarts(path, "sim800c", "9876")
    for _ in range(5):
        gateway.start(20.0)
    assert gateway.tries == 5
    assert set(gateway.states) == {ModemState.READY}


def test_a_pin_that_was_changed_in_a_phone_costs_one_attempt(path):
    gateway = Restarts(path, "sim800c", "9876")
    gateway.start(20.0)
    gateway.card.pin = "5555"
    for _ in range(10):
        gateway.start(20.0)
    assert gateway.tries == 2
    assert gateway.card.pin_left == 2


def test_a_process_killed_between_the_try_and_its_end_does_not_try_again(path):
    assert ledger(path).allows("8962", "1234")
    assert not ledger(path).allows("8962", "1234")


def test_a_proven_pin_survives_one_try_whose_end_nobody_wrote_down(path):
    assert ledger(path).allows("8962", "1234")
    ledger(path).ended("8962", "1234", accepted=True)
    assert [ledger(path).allows("8962", "1234") for _ in range(4)] == [True, True, False, False]


def test_another_card_and_another_pin_have_a_try_of_their_own(path):
    book = ledger(path)
    assert all(book.allows(*pair) for pair in [("8962", "1234"), ("8963", "1234"), ("8962", "4321")])
    assert not any(book.allows(*pair) for pair in [("8962", "1234"), ("8963", "1234"), ("8962", "4321")])


def test_the_file_holds_neither_pin_nor_card_and_is_for_this_user_alone(path):
    ledger(path).allows("8962100012345678901", "1234")
    content = path.read_text()
    assert "1234" not in content
    assert "8962100012345678901" not in content
    assert path.stat().st_mode & 0o077 == 0


def test_the_try_is_on_the_disk_with_its_name_before_it_is_allowed(path, mocker):
    calls = []
    sync, replace = os.fsync, os.replace
    mocker.patch("os.fsync", side_effect=lambda descriptor: (calls.append("fsync"), sync(descriptor)))
    mocker.patch("os.replace", side_effect=lambda *names: (calls.append("replace"), replace(*names)))
    assert ledger(path).allows("8962", "1234")
    assert "tried" in path.read_text()
    assert calls.count("fsync") == 2
    assert all(first != second for first, second in pairwise(calls))


@pytest.mark.parametrize("content", [b"gibberish\n", b"0" * 31 + b" tried\n", b"0" * 32 + b" refuse", b"\xff"])
def test_a_damaged_ledger_allows_nothing(path, content):
    path.write_bytes(content)
    assert not ledger(path).allows("8962", "1234")


def test_a_ledger_that_cannot_be_written_allows_nothing(tmp_path):
    assert not ledger(tmp_path / "missing" / "pin.ledger").allows("8962", "1234")
    assert ledger(tmp_path / "missing" / "pin.ledger").ended("8962", "1234", accepted=True) is None


def test_without_a_readable_card_number_the_pin_is_tried_once(path):
    assert [ledger(path).allows("", "1234") for _ in range(3)] == [True, False, False]
