"""What other threads want of the link, and the sleep that their wish ends."""

import contextlib
import math
import select
import socket
from collections import deque

import msgspec

from kentongan.mqtt.events import Delivery, Publication

READABLE, WRITABLE = select.POLLIN, select.POLLOUT


class Stop(msgspec.Struct, frozen=True):
    """Leave, with a last word."""

    farewell: Publication | None


class Kick(msgspec.Struct, frozen=True):
    """Do not wait any longer."""


Order = Publication | Delivery | Stop | Kick


class Orders:
    """A queue with a socketpair as its bell. `put` is any thread's, everything else its owner's."""

    def __init__(self) -> None:
        self._waiting: deque[Order] = deque()  # append and popleft are atomic
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)

    def put(self, order: Order) -> None:
        """Add an order and end the sleep; a full pipe already does, a closed one has nobody to wake."""
        self._waiting.append(order)
        with contextlib.suppress(OSError):
            self._far.send(b"!")

    def take(self) -> list[Order]:
        """Hand over what waits."""
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def sleep(self, seconds: float, descriptor: int = -1, *, writing: bool = False) -> int:
        """Wait for an order, the descriptor or the end; return what the descriptor is ready for, errors as readable."""
        poll = select.poll()
        poll.register(self._near, READABLE)
        if descriptor >= 0:
            poll.register(descriptor, READABLE | (WRITABLE if writing else 0))
        wait_s = 0.0 if self._waiting else max(0.0, seconds)
        happened = dict(poll.poll(math.ceil(wait_s * 1000)))
        if self._near.fileno() in happened:
            with contextlib.suppress(BlockingIOError):
                self._near.recv(4096)
        ready = happened.get(descriptor, 0)
        return ready & WRITABLE | (READABLE if ready & ~WRITABLE else 0)

    def close(self) -> None:
        """Give the bell back."""
        self._near.close()
        self._far.close()
