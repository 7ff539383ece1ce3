# ruff: noqa: INP001, S603, S607 - a script for root that writes into a folder of its own
"""Write into the machine's root what a technician would: the configuration, the county's CA, a password.

    prepare.py CACHE

The secrets are made anew for each machine and lie beside it, for the broker outside.
"""

import secrets
import subprocess
import sys
from pathlib import Path

COUNTY, GATEWAY = "7322", "kec-sabbang-01"
PORT = 18883  # of the broker outside, on loopback
HOST = "10.0.2.2"  # what an emulated PC calls the loopback of the machine outside
CONFIG = f"""\
[gateway]
county_id = "{COUNTY}"
gateway_id = "{GATEWAY}"
ticket_prefix = "LU2"
timezone = "Asia/Makassar"
name = "Luwu Utara"

[[line]]
name = "a"
port = "/dev/ttyS0"
pace_s = 0
per_hour = 36000
per_day = 864000

[mqtt]
url = "mqtts://{HOST}:{PORT}"
username = "{GATEWAY}"
password_file = "credentials/mqtt"
ca_file = "ca.crt"

[sending]
replies_per_minute = 60000
quiet_from = "00:00"
quiet_until = "00:00"

[answers]
acknowledge = false

[store]
path = "/var/lib/kentongan/kentongan.db"

[runtime]
directory = "/run/kentongan"
"""


# The modem that a card means by HAT is on the PC's first serial port.
HAT_RULE = 'SUBSYSTEM=="tty", KERNEL=="ttyS0", SYMLINK+="kentongan/hat"\n'


def certificates(folder: Path) -> None:
    """Make a county's CA and its broker's certificate."""
    folder.mkdir(exist_ok=True)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    ca = ["-x509", *curve, "-subj", "/CN=CA uji", "-keyout", "ca.key", "-out", "ca.crt"]
    broker = ["-x509", *curve, "-subj", "/CN=broker", "-CA", "ca.crt", "-CAkey", "ca.key", "-keyout", "broker.key"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1,IP:" + HOST, "-addext", "basicConstraints=critical,CA:FALSE"]
    for words in (ca, [*broker, *names, "-out", "broker.crt"]):
        subprocess.run(["openssl", "req", *words], cwd=folder, check=True, capture_output=True)


def main() -> None:
    """Write it all."""
    cache = Path(sys.argv[1])
    root, tls = cache / "root", cache / "tls"
    certificates(tls)
    word = secrets.token_urlsafe(16)
    (tls / "word").write_text(word)
    etc = root / "etc/kentongan"
    (etc / "kentongan.toml").write_text(CONFIG)
    (etc / "ca.crt").write_bytes((tls / "ca.crt").read_bytes())
    (root / "etc/udev/rules.d/62-kentongan-power.rules").write_text(HAT_RULE)
    credential = etc / "credentials/mqtt"
    credential.write_text(word + "\n")
    credential.chmod(0o600)


if __name__ == "__main__":
    main()
