"""`kentongan console`: the technician's console on whatever line it is started on, and its record."""

import os
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TextIO, assert_never

import click

from kentongan.daemon import lamps
from kentongan.daemon.answers import LONGEST_TICKET, Answers, Template, faults_of
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.clock import OfficeZone, SystemClock
from kentongan.daemon.config import Config, glance, read_secret
from kentongan.daemon.console import Ask, Box, Bye, LampTest, Say, Session, Step
from kentongan.daemon.console_orders import ORDERS
from kentongan.daemon.control import call
from kentongan.daemon.errors import ConfigError, ControlUnavailable
from kentongan.daemon.logs import Log, PlainLog

MAX_READ = 4_096  # octets of a line that are read at all; the rest is another line
DEFAULT_RUNTIME = Path("/run/kentongan")


@click.command()
@config_option
@click.pass_obj
def console(path: Path) -> None:
    """Serve a technician on this line: status, faults with what to do, tests; Indonesian, with English aliases.

    Read-only without the service word; no shell can be reached from it, and every line leaves a note.
    """
    clock = SystemClock()
    journal = "JOURNAL_STREAM" in os.environ  # else the technician's own screen, where notes would only disturb
    log = PlainLog(sys.stderr, "info" if journal else "error", lambda: clock.now().wall_ms, journal=journal)
    try:
        config = glance(path)
        word = read_secret(config.console.word_file) if config.console.word_file else ""
        box, directory = box_of(config, word), Path(config.runtime.directory)
    except ConfigError as error:
        click.echo(f"Pengaturan salah: {error}".encode("ascii", "replace").decode())
        box, directory = Box("?", "", "", OfficeZone("Asia/Jakarta")), DEFAULT_RUNTIME
    if journal:
        set_rate(sys.stdin.fileno())
    Console(directory, Session(box, ORDERS), clock.monotonic, log).serve(sys.stdin.buffer, sys.stdout)


def set_rate(descriptor: int) -> None:
    """Speak at 115200 as the field guide says; a serial line that nobody set is at 9600."""
    with suppress(termios.error):  # no line, but a pipe
        settings = termios.tcgetattr(descriptor)
        settings[4] = settings[5] = termios.B115200
        termios.tcsetattr(descriptor, termios.TCSANOW, settings)


def box_of(config: Config, word: str = "") -> Box:
    """Collect what the console knows without asking; without the service word it only tells."""
    answers = Answers(config.answers.acknowledge, config.answers.signature)
    found = [
        f"{template.name}: {fault}"
        for template in Template
        for fault in faults_of(answers.text(template, LONGEST_TICKET))
    ]
    broker = config.mqtt.url.partition("://")[2]
    zone = OfficeZone(config.gateway.timezone)
    return Box(config.gateway.ticket_prefix, config.gateway.name, broker, zone, word, tuple(found))


class Console:
    """Lets a session live on a pair of streams."""

    def __init__(self, directory: Path, session: Session, monotonic: Callable[[], float], log: Log) -> None:
        self._directory = directory
        self._session = session
        self._monotonic = monotonic
        self._log = log

    def serve(self, typed: BinaryIO, shown: TextIO) -> None:
        """Serve until the line ends or the technician leaves."""
        step: Step = self._session.greeting()
        while self._perform(step, shown):
            shown.write("> ")
            shown.flush()
            try:
                line = typed.readline(MAX_READ)
            except KeyboardInterrupt:
                shown.write("\n")
                step = Say(())
                continue
            if not line:
                return
            step = self._session.take(line, self._monotonic())
            self._note()

    def _perform(self, step: Step | None, shown: TextIO) -> bool:
        """Carry a step out with all that follow; tells whether the session goes on."""
        while step is not None:
            match step:
                case Say(lines, following):
                    shown.writelines(f"{line}\n" for line in lines)
                    step = following
                case Ask(request, then):
                    step = then(self._call(dict(request)))
                case LampTest():
                    step = Say((self._test_lamps(),))
                case Bye():
                    return False
                case _:
                    assert_never(step)
        return True

    def _call(self, request: dict[str, object]) -> object:
        try:
            return call(self._directory, request)
        except ControlUnavailable as error:
            return error

    def _note(self) -> None:
        """Leave a note in the gateway's record and in our own."""
        if self._session.noted:
            self._log.info("console_used", words=self._session.noted)
            self._call({"request": "note_use", "words": self._session.noted})

    def _test_lamps(self) -> str:
        try:
            (self._directory / lamps.TEST_NAME).touch()
        except OSError:
            return "Uji lampu tidak bisa dimulai."
        return "Semua lampu menyala satu detik. Ada yang gelap? Lampu atau penjaga rusak."
