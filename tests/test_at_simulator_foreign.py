"""Other people's programs receive and send through the virtual modem: it is honest, not merely agreeable."""

import os
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from textwrap import dedent

import pytest

from kentongan.at.pdu import decode
from kentongan.at.simulator import PtyModem, VirtualModem, by_name
from kentongan.daemon.mortal import last_will, mortal

DEADLINE_S = 30.0
CITIZEN, TEXT, ANSWER = (
    "+6281234567890",
    "Jalan rusak di depan pasar, mohon diperbaiki [RT 3]",
    "Terima kasih, kami periksa.",
)
WHERE = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"


def needs(program: str, package: str) -> pytest.MarkDecorator:
    missing = shutil.which(program, path=WHERE) is None
    return pytest.mark.skipif(missing, reason=f"{program} is not installed (apt-get install {package})")


@contextmanager
def modem(persona: str, folder: Path):
    """Run a modem; `events` gets a line for each thing that happens to it."""
    virtual = VirtualModem(by_name(persona))
    events: Queue[str] = Queue()
    virtual.device.hooks.note = events.put
    runner = PtyModem(virtual, link=folder / "modem")
    runner.start()
    try:
        yield runner, events
    finally:
        runner.stop()


@contextmanager
def daemon(*command: str, folder: Path):
    """Run a foreign daemon and its children, and end exactly those."""
    program = shutil.which(command[0], path=WHERE)
    with (
        (folder / "output").open("wb") as output,
        subprocess.Popen(
            mortal([program, *command[1:]]), stdout=output, stderr=output, start_new_session=True, cwd=folder
        ) as process,
        last_will(f"kill -s KILL -- -{process.pid}"),  # smsd's own children, which would write on the next terminal
    ):
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(events: "Queue[str]", beginning: str) -> str:
    while not (line := events.get(timeout=DEADLINE_S)).startswith(beginning):
        pass
    return line


def sent(runner: PtyModem) -> tuple[str, str]:
    submit = decode(runner.submissions.get(timeout=DEADLINE_S).pdu_hex).tpdu
    return submit.destination.text, submit.user_data.text


@needs("gammu", "gammu")
@pytest.mark.parametrize("persona", ["sim800", "e173"])
def test_gammu_reads_and_sends(persona, tmp_path):
    config = tmp_path / "gammurc"
    config.write_text(f"[gammu]\ndevice = {tmp_path / 'modem'}\nconnection = at115200\n", "ascii")

    def gammu(*arguments: str) -> str:
        command = ["gammu", "-c", str(config), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=True).stdout

    with modem(persona, tmp_path) as (runner, _):
        runner.sms(CITIZEN, TEXT)
        listing = gammu("getallsms")
        assert f'"{CITIZEN}"' in listing
        assert TEXT in listing
        gammu("sendsms", "TEXT", CITIZEN, "-text", ANSWER)
        assert sent(runner) == (CITIZEN, ANSWER)


@needs("gammu-smsd", "gammu-smsd")
def test_the_gammu_daemon_receives_deletes_and_sends(tmp_path):
    for name in ("in", "out", "sent", "error"):
        (tmp_path / name).mkdir()
    config = tmp_path / "smsdrc"
    config.write_text(
        dedent(f"""
            [gammu]
            device = {tmp_path / "modem"}
            connection = at115200
            [smsd]
            service = files
            inboxpath = {tmp_path / "in"}/
            outboxpath = {tmp_path / "out"}/
            sentsmspath = {tmp_path / "sent"}/
            errorsmspath = {tmp_path / "error"}/
            commtimeout = 1
            receivefrequency = 0
            checksecurity = 0
        """),
        "ascii",
    )
    (tmp_path / "out" / f"OUT{CITIZEN}.txt").write_text(ANSWER, "ascii")
    with modem("sim800", tmp_path) as (runner, events), daemon("gammu-smsd", "-c", str(config), folder=tmp_path):
        runner.sms(CITIZEN, TEXT)
        wait_for(events, "deleted SM 1")
        assert sent(runner) == (CITIZEN, ANSWER)
    assert [path.read_text("utf-8") for path in (tmp_path / "in").iterdir()] == [TEXT]


@needs("smsd", "smstools")
def test_smstools_receives_deletes_and_sends(tmp_path):
    for name in ("incoming", "outgoing", "checked", "sent", "failed"):
        (tmp_path / name).mkdir()
    config = tmp_path / "smsd.conf"
    config.write_text(
        dedent(f"""
            devices = GSM1
            logfile = {tmp_path / "log"}
            incoming = {tmp_path / "incoming"}
            outgoing = {tmp_path / "outgoing"}
            checked = {tmp_path / "checked"}
            sent = {tmp_path / "sent"}
            failed = {tmp_path / "failed"}
            delaytime = 1
            [GSM1]
            device = {tmp_path / "modem"}
            baudrate = 115200
            init = AT+CPMS="SM","SM","SM"
            incoming = yes
            memory_start = 1
            rtscts = no
        """),
        "ascii",
    )
    (tmp_path / "outgoing" / "reply").write_text(f"To: {CITIZEN.lstrip('+')}\n\n{ANSWER}", "ascii")
    command = ("smsd", "-t", "-c", str(config), "-p", str(tmp_path / "pid"), "-i", str(tmp_path / "info"))
    with modem("sim800", tmp_path) as (runner, events), daemon(*command, folder=tmp_path):
        runner.sms(CITIZEN, TEXT)
        wait_for(events, "deleted SM 1")
        assert sent(runner) == (CITIZEN, ANSWER)
    received = "".join(path.read_text("latin-1") for path in (tmp_path / "incoming").iterdir())
    assert f"From: {CITIZEN.lstrip('+')}" in received
    assert TEXT in received
