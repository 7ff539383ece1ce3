"""What the owner of a line knows of it before its modem has said a word."""

from collections.abc import Callable
from dataclasses import dataclass


def _always(_iccid: str) -> bool:
    return True


def _forgotten(_iccid: str, _accepted: bool) -> None:
    return None


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """One line.

    `pin_allowed` is asked with the ICCID before the PIN is tried; when it says yes it has written the attempt down
    durably (`procedures_init.PinRule`). `pin_ended` is told whether the card took it. `centre` is the number of a card
    and of its service centre, for the day the card has lost it.
    """

    line: str
    dialect: str = "auto"
    baud: int = 115200
    pin: str = ""
    pin_allowed: Callable[[str], bool] = _always
    pin_ended: Callable[[str, bool], None] = _forgotten
    centre: tuple[str, str] = ("", "")
