"""Describe the switch that the ladder asks for; who owns pins or USB ports implements it."""

from typing import Protocol


class PowerSwitch(Protocol):
    """Cut and restore a modem's power (PWRKEY pulse, USB port)."""

    def cycle(self) -> None:
        """Take the power away long enough for a cold start and give it back."""
        ...
