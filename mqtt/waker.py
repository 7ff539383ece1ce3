"""Sleep on a socket until bytes, an order from another thread, or a deadline; whatever comes first."""

import contextlib
import math
import select
import socket

READABLE, WRITABLE = select.POLLIN, select.POLLOUT


class Waker:
    """A socketpair: a byte in one end ends the sleep at the other. `wake` is any thread's, the rest its owner's."""

    def __init__(self) -> None:
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)

    def wake(self) -> None:
        """End the sleep; a full pipe already does, a closed one has nobody to wake."""
        with contextlib.suppress(OSError):
            self._far.send(b"!")

    def sleep(self, seconds: float, descriptor: int = -1, *, writing: bool = False) -> int:
        """Wait; return what the descriptor is ready for, 0 for nothing. Errors count as readable."""
        poll = select.poll()
        poll.register(self._near, READABLE)
        if descriptor >= 0:
            poll.register(descriptor, READABLE | (WRITABLE if writing else 0))
        happened = dict(poll.poll(math.ceil(max(0.0, seconds) * 1000)))
        if self._near.fileno() in happened:
            with contextlib.suppress(BlockingIOError):
                self._near.recv(4096)
        ready = happened.get(descriptor, 0)
        return ready & WRITABLE | (READABLE if ready & ~WRITABLE else 0)

    def close(self) -> None:
        """Give both ends back."""
        self._near.close()
        self._far.close()
