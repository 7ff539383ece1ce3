"""Collect what the engine reports until its owner takes it."""

from kentongan.at.events import ModemEvent, PortAction, SendEnded

MAX_EVENTS = 4096
"""Events kept between two visits of the owner, who comes after every read: a flood is cut, an end of a send is not."""


class Outlet:
    """Events and actions on their way out."""

    def __init__(self) -> None:
        self._events: list[ModemEvent] = []
        self._actions: list[PortAction] = []

    def emit(self, event: ModemEvent) -> None:
        """Report something; beyond the bound only what is never said twice gets through."""
        if len(self._events) < MAX_EVENTS or isinstance(event, SendEnded):
            self._events.append(event)

    def demand(self, action: PortAction) -> None:
        """Ask the owner for something that only he can do; the newest wish counts."""
        self._actions = [action]

    def events(self) -> list[ModemEvent]:
        """Hand the events over."""
        taken, self._events = self._events, []
        return taken

    def actions(self) -> list[PortAction]:
        """Hand the actions over."""
        taken, self._actions = self._actions, []
        return taken
