"""Measure a ticket's way over TLS: from the gateway's publication to the backend's own acknowledgement.

    python benchmarks/latency_tls.py [--messages 300] [--write]

A whole gateway on a virtual modem, real SQLite on both sides, mosquitto with TLS 1.2 or newer on loopback, the
reference backend. Between the two moments lie TLS four times, two turns of the broker and the backend's commit. Exit
status 1 when a limit of the acceptance list is exceeded.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from queue import SimpleQueue
from random import Random
from statistics import median, quantiles
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import results
from broker import Authority

from kentongan.daemon import logs
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.mortal import mortal
from kentongan.daemon.mosquitto import BrokerTls, Mosquitto, backend_user
from kentongan.daemon.simulation import Place, SimulatedGateway, configured, invented, login_of
from kentongan.mqtt.events import MessageReceived, Publication

COUNTY = "3404"
P50_MS, P95_MS = 15.0, 50.0
WAIT_S = 30.0
ROOT = Path(__file__).resolve().parents[1]


class Ears:
    """Hears what passes between the gateway's core and its link."""

    def __init__(self, gateway: SimulatedGateway, clock: SystemClock) -> None:
        self.published: SimpleQueue[float] = SimpleQueue()
        self.acknowledged: SimpleQueue[float] = SimpleQueue()
        link, inbox = gateway._link, gateway._inbox  # noqa: SLF001  the bench listens at the seam
        publish, put = link.publish, inbox.put

        def listened(publication: Publication) -> None:
            if publication.topic.endswith("/event/ticket"):
                self.published.put(clock.monotonic())
            publish(publication)

        def heard(event: object) -> None:
            if isinstance(event, MessageReceived) and event.topic.endswith("/command/ticket_ack"):
                self.acknowledged.put(clock.monotonic())
            put(event)  # type: ignore[arg-type]  # what the link emits

        link.publish = listened  # type: ignore[method-assign]
        link._emit = heard  # noqa: SLF001


def main() -> int:
    """Measure and print, and write if asked."""
    parser = argparse.ArgumentParser(description="Latency over TLS")
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="kentongan-tls-") as folder:
        took = measure(Path(folder), options.messages)
    p50, p95 = median(took), quantiles(took, n=20)[-1]
    body = f"""## Latency over TLS

{len(took)} tickets, one at a time; from the gateway's publication to the backend's `ticket_ack` at the gateway.

| What | Measured | Limit |
|---|---|---|
| p50 | {p50:.1f} ms | {P50_MS:.0f} ms |
| p95 | {p95:.1f} ms | {P95_MS:.0f} ms |
| slowest | {max(took):.1f} ms | |
"""
    print(body)
    if options.write:
        results.write("latency-tls", body)
    return 0 if p50 <= P50_MS and p95 <= P95_MS else 1


def measure(folder: Path, count: int) -> list[float]:
    """Time the tickets."""
    authority = Authority(folder / "ca").make()
    tls = BrokerTls(authority.ca, *authority.issue("localhost", "DNS:localhost,IP:127.0.0.1"))
    users = {"sim-001": "sandi", backend_user(COUNTY): "sandi"}
    (folder / "password").write_text("sandi\n")
    clock, dice = SystemClock(), Random(1)
    with Mosquitto(folder / "broker", users=users, county_id=COUNTY, tls=tls) as broker:
        url = f"mqtts://127.0.0.1:{broker.port}"
        command = [
            sys.executable,
            str(ROOT / "examples/backend.py"),
            "run",
            "--db",
            str(folder / "county.db"),
            "--url",
            url,
        ]
        command += ["--county", COUNTY, "--username", backend_user(COUNTY), "--ca-file", str(authority.ca)]
        command += ["--password-file", str(folder / "password")]
        backend = subprocess.Popen(mortal(command), stdout=subprocess.PIPE, text=True)
        assert backend.stdout is not None
        while "connected: Success" not in backend.stdout.readline():
            pass
        place = Place(url, COUNTY, folder, ca_file=str(authority.ca))
        config = configured(place, 1, login_of({"sim-001": "sandi"}, "sim-001", folder))
        gateway = SimulatedGateway(config, logs.configure("error", "json", os.environ), print)
        ears = Ears(gateway, clock)
        gateway.start()
        took = []
        for _ in range(count):
            gateway.air.sms(*invented(dice))
            began = ears.published.get(timeout=WAIT_S)
            took.append(1000 * (ears.acknowledged.get(timeout=WAIT_S) - began))
        gateway.stop()
        backend.terminate()
        backend.wait(10)
    return took[5:]  # the first ones warm the caches of three processes


if __name__ == "__main__":
    sys.exit(main())
