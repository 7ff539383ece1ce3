# ruff: noqa: INP001, S101, S603, S607, T201, TID251, D103, ANN401, RUF005 - a script: it prints and starts programs
"""Boot the real image on an emulated Raspberry Pi 3: settings from the card, the first SMS, a power cut in traffic.

    python hw-tests/board/run.py build/kentongan-VERSION-arm64.img [--keep FOLDER]

Needs qemu-system-aarch64, mtools, dtc, openssl and mosquitto. Everything is on loopback. Ends with 0 when all held.
"""

import argparse
import json
import queue
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from machine import Board, Card

from kentongan.at.simulator import personas
from kentongan.at.simulator.modem import VirtualModem
from kentongan.at.simulator.pty import PtyModem
from kentongan.daemon.mosquitto import BrokerTls, Mosquitto, backend_user

COUNTY, GATEWAY, PASSWORD = "luwu-utara", "gw-lu2", "sandi-uji-papan"
BOOT_S, TICKET_S = 900, 180
SETTINGS = """kabupaten    = \u201cLuwu Utara\u201d
awalan_tiket = lu 2
zona_waktu   : wita
server       = mqtts://10.0.2.2:{port}/
server_user  = gw-lu2
server_sandi = {password}
hp_layanan   = '08114200000
lampu        = 22, 23, 24, 25
"""


class Backend:
    """The county's side: hears everything, keeps each ticket once."""

    def __init__(self, port: int, ca: Path) -> None:
        self.heard: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self.tickets: dict[str, dict[str, Any]] = {}
        self.boots: set[str] = set()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "papan-uji", protocol=mqtt.MQTTv5)
        self._client.username_pw_set(backend_user(COUNTY), PASSWORD)
        self._client.tls_set(str(ca))
        self._client.on_connect = lambda client, *_: client.subscribe(f"kentongan/v1/{COUNTY}/+/#", 1)
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _take(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.payload:
            self.heard.put((message.topic.split("/", 4)[4], json.loads(message.payload)))

    def until(self, wanted: Any, seconds: float, board: Board) -> tuple[str, dict[str, Any]]:
        """Wait for a document; raises TimeoutError."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if not board.running:
                raise TimeoutError("the emulated board went out")
            try:
                topic, document = self.heard.get(timeout=min(left, 5))
            except queue.Empty:
                continue
            if topic == "event/ticket":
                self.tickets[document["ticket_id"]] = document
            if wanted(topic, document):
                return topic, document
        raise TimeoutError("nothing came")


def certificates(folder: Path) -> BrokerTls:
    """Make a county's CA and its broker's certificate."""
    ca, key, cert = folder / "ca.crt", folder / "broker.key", folder / "broker.crt"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for command in (
        ["req", "-x509", *curve, "-days", "30", "-subj", "/CN=CA uji", "-keyout", folder / "ca.key", "-out", ca],
        ["req", "-x509", *curve, "-days", "30", "-subj", "/CN=broker", "-CA", ca, "-CAkey", folder / "ca.key"]
        + ["-addext", "subjectAltName=IP:10.0.2.2,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
        + ["-keyout", key, "-out", cert],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return BrokerTls(ca, cert, key)


def say(board: Board | None, text: str) -> None:
    stamp = time.strftime("%H:%M:%S", time.gmtime())
    print(f"{stamp}  {f'+{board.since():6.1f} s  ' if board else ''}{text}", flush=True)


def come_online(board: Board, backend: Backend) -> None:
    """Wait for this boot's own word; a retained one of the boot before does not count."""

    def new(topic: str, document: dict[str, Any]) -> bool:
        return (
            topic == "status/connection" and document["state"] == "online" and document["boot_id"] not in backend.boots
        )

    _, document = backend.until(new, BOOT_S, board)
    backend.boots.add(document["boot_id"])


def play(image: Path, folder: Path) -> None:
    """Play the two scenarios; raises AssertionError or TimeoutError when one does not hold."""
    tls = certificates(folder)
    users = {GATEWAY: PASSWORD, f"{GATEWAY}-wd": PASSWORD, backend_user(COUNTY): PASSWORD}
    modem = PtyModem(VirtualModem(personas.by_name("sim800"), seed=7), baud=115_200)
    with Mosquitto(folder / "broker", users=users, county_id=COUNTY, tls=tls) as broker:
        card = Card(image, folder)
        card.put("KONFIGURASI.txt", SETTINGS.format(port=broker.port, password=PASSWORD).encode("utf-16"))
        card.put("ca.crt", tls.ca_file.read_bytes())
        root = card.digest()
        backend = Backend(broker.port, tls.ca_file)
        modem.start()
        board = Board(card, modem.path, folder)
        try:
            first_sms(board, backend, modem)
            power_cut(board, backend, modem)
        finally:
            board.cut()
            modem.stop()
        said = card.get("HASIL.txt").decode("utf-8-sig")
        print(said)
        assert "DITERIMA" in said
        assert PASSWORD.encode() not in card.get("KONFIGURASI.txt"), "the secret stayed on the card"
        assert card.digest() == root, "the root partition was written to"
        say(None, "the secret left the card; the root partition is as it was flashed")


def first_sms(board: Board, backend: Backend, modem: PtyModem) -> None:
    board.on()
    say(board, "plugged in; KONFIGURASI.txt is UTF-16, with curly quotes")
    come_online(board, backend)
    say(board, "the gateway is online at the county's broker, over TLS, as KONFIGURASI.txt says")
    sent = time.monotonic()
    modem.sms("+6281234567890", "Lampu jalan di depan pasar Sabbang mati sejak Senin")
    _, ticket = backend.until(lambda topic, _: topic == "event/ticket", TICKET_S, board)
    say(board, f"SMS -> ticket {ticket['ticket_number']} in {time.monotonic() - sent:.1f} s: {ticket['text']!r}")
    say(board, f"lamps: {board.lamps()}")


def power_cut(board: Board, backend: Backend, modem: PtyModem) -> None:
    texts = [f"Jalan rusak di dusun {number}" for number in range(1, 7)]
    for number, text in enumerate(texts):
        modem.sms(f"+62813000000{number:02d}", text)
    backend.until(lambda topic, document: topic == "event/ticket" and document["text"] in texts, TICKET_S, board)
    board.cut()
    say(board, "power cut in traffic, after the first of six SMS")
    board.on()
    come_online(board, backend)
    say(board, "online again")
    while not set(texts) <= {ticket["text"] for ticket in backend.tickets.values()}:
        backend.until(lambda topic, _: topic == "event/ticket", TICKET_S, board)
    numbers = [ticket["ticket_number"] for ticket in backend.tickets.values()]
    said = [ticket["text"] for ticket in backend.tickets.values()]
    assert len(set(numbers)) == len(numbers), f"a number was used twice: {numbers}"
    assert len(set(said)) == len(said), f"an SMS became two tickets: {said}"
    say(board, f"all six are tickets, each once: {', '.join(numbers)}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path)
    parser.add_argument("--keep", type=Path, help="keep consoles and logs here")
    chosen = parser.parse_args()
    image = chosen.image
    if image.is_dir():
        image = max(image.glob("kentongan-*-arm64.img"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            play(image, folder)
        except (AssertionError, TimeoutError) as error:
            print(f"DOES NOT HOLD: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
