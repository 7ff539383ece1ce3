"""The link's bell: an order from another thread ends the sleep, however it falls."""

import socket
import threading

import pytest

from kentongan.mqtt.events import Delivery
from kentongan.mqtt.orders import READABLE, WRITABLE, Kick, Orders, Stop


@pytest.fixture
def orders():
    made = Orders()
    yield made
    made.close()


def test_orders_are_taken_in_turn_and_once(orders):
    wanted = [Kick(), Delivery("c", 1), Stop(None)]
    for order in wanted:
        orders.put(order)
    assert orders.take() == wanted
    assert orders.take() == []


def test_an_order_given_before_the_sleep_prevents_it(orders):
    orders.put(Kick())
    assert orders.sleep(60) == 0


def test_an_order_given_during_the_sleep_ends_it(orders):
    giver = threading.Timer(0.05, orders.put, [Kick()])
    giver.start()
    assert orders.sleep(60) == 0
    assert orders.take() == [Kick()]


def test_a_bell_that_was_rung_often_is_silent_again(orders):
    for _ in range(10_000):  # more than the pipe holds: ringing must never block
        orders.put(Kick())
    orders.take()
    while orders.sleep(0.0):
        pass
    assert orders.sleep(0.01) == 0


def test_a_descriptor_is_watched_for_what_is_wanted(orders):
    one, other = socket.socketpair()
    with one, other:
        assert orders.sleep(0.0, one.fileno()) == 0
        assert orders.sleep(60, one.fileno(), writing=True) == WRITABLE
        other.send(b"x")
        assert orders.sleep(60, one.fileno()) == READABLE
        assert orders.sleep(60, one.fileno(), writing=True) == READABLE | WRITABLE
        one.recv(1)
        other.close()
        assert orders.sleep(60, one.fileno()) == READABLE  # the end is something to read


def test_a_late_order_to_a_closed_bell_is_harmless(orders):
    orders.close()
    orders.put(Kick())
