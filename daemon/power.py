"""Cut and restore a modem's power by what the line has: its power key, its USB port, a switch of its supply.

Blocks the modem's own thread for seconds, which is meant: nothing else can be done for this modem. Refuses to raise: a
power switch that fails is a line of the log, and the ladder goes on.
"""

from collections.abc import Callable
from threading import Event
from typing import Protocol

import msgspec

from kentongan.daemon.config import LineConfig
from kentongan.daemon.gpio import open_input, open_output

PULSE_S = 1.5  # PWRKEY for 1 s at least, older SIM800 1.2 s; 33 s would restart it (modem.md 8.2)
OFF_S = 3.0  # from the pulse that switches off to the one that switches on: STATUS falls after 2 s, 0.8 s more
RAIL_OFF_S = 5.0  # 2 s at least, and the capacitors of a HAT take their time
RAIL_ON_S = 1.0  # from the supply's return to the key
USB_OFF_S = 5
UHUBCTL_S = 30.0  # it repeats its request a few times on slow hubs
NO_SWITCH = "this line has no power switch"

Pause = Callable[[float], object]


class Driven(Protocol):
    """A pin that is driven; `gpio.OutputPin` is one."""

    def set(self, active: bool) -> None: ...  # noqa: D102 - the class says it


class Read(Protocol):
    """A pin that is read; `gpio.InputPin` is one."""

    def read(self) -> bool: ...  # noqa: D102 - the class says it


class PowerKey(msgspec.Struct):
    """The key of a modem: the same pulse switches on and off.

    With a STATUS pin it is known which; without, one pulse and two pulses take turns, two first: a modem that hangs is
    on, and one that had gone off is switched on the next time.
    """

    pin: Driven
    pulse_s: float = PULSE_S
    status: Read | None = None
    pause: Pause = Event().wait  # nobody sets it: a wait always runs to its end
    _single: bool = False

    def cycle(self) -> str:
        """Switch the modem off and on, or only on."""
        single = self._single if self.status is None else not self.status.read()
        self._single = not self._single
        if not single:
            self.press()
            self.pause(OFF_S)
        self.press()
        return "power key pressed once" if single else "power key pressed twice"

    def press(self) -> None:
        """Press the key."""
        self.pin.set(True)
        self.pause(self.pulse_s)
        self.pin.set(False)


class Rail(msgspec.Struct):
    """A switch in the modem's supply; a modem that does not start by itself has its key pressed afterwards."""

    pin: Driven
    key: PowerKey | None = None
    pause: Pause = Event().wait

    def cycle(self) -> str:
        """Take the supply away and give it back."""
        self.pin.set(False)
        self.pause(RAIL_OFF_S)
        self.pin.set(True)
        if self.key is not None:
            self.pause(RAIL_ON_S)
            self.key.press()
        return f"supply cut for {RAIL_OFF_S:g} s"


class UsbPort(msgspec.Struct):
    """A port of a hub whose power `uhubctl` can switch."""

    hub: str
    port: str

    def cycle(self) -> str:
        """Switch the port off and on."""
        import subprocess  # noqa: PLC0415 - a megabyte, and only boxes with a switching hub ever need it

        command = ["uhubctl", "-l", self.hub, "-p", self.port, "-a", "cycle", "-d", str(USB_OFF_S)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=UHUBCTL_S, check=False)  # noqa: S603 - no shell
        except (OSError, subprocess.SubprocessError) as error:
            return f"uhubctl failed: {error}"
        if done.returncode:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            return f"uhubctl failed: {said.splitlines()[-1] if said else done.returncode}"
        return f"USB port {self.hub}:{self.port} off for {USB_OFF_S} s"


class Switch(Protocol):
    """One way to cut the power."""

    def cycle(self) -> str: ...  # noqa: D102 - the class says it


class Power:
    """What a line has; several ways take turns, the gentlest first."""

    def __init__(self, switches: tuple[Switch, ...]) -> None:
        self._switches = switches
        self._turn = 0

    def cycle(self) -> str:
        """Cycle the modem's power; tells how."""
        if not self._switches:
            return NO_SWITCH
        switch = self._switches[self._turn % len(self._switches)]
        self._turn += 1
        return switch.cycle()


def open_power(line: LineConfig) -> tuple[Power, tuple[str, ...]]:
    """Take what the configuration names for a line; gives the power and what of it could not be had."""
    missing: list[str] = []
    switches: list[Switch] = []
    key: PowerKey | None = None
    if line.power_pin:
        pin, why = open_output(line.power_pin, active_low=line.power_active_low)
        status, no_status = open_input(line.status_pin) if line.status_pin else (None, "")
        if pin is not None:
            key = PowerKey(pin, line.power_pulse_ms / 1000, status)
            switches.append(key)
        missing += [f"power_pin {line.power_pin}: {why}"] if why else []
        missing += [f"status_pin {line.status_pin}: {no_status}"] if no_status else []
    if line.usb_power:
        hub, _, port = line.usb_power.partition(":")
        switches.append(UsbPort(hub, port))
    if line.rail_pin:
        rail, why = open_output(line.rail_pin, active_low=line.rail_active_low, active=True)
        if rail is not None:
            switches.append(Rail(rail, key))
        missing += [f"rail_pin {line.rail_pin}: {why}"] if why else []
    return Power(tuple(switches)), tuple(missing)
