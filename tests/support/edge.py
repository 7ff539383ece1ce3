"""What the tests of the daemon's edges share: healthy documents to spoil, and their configuration file."""

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from kentongan.daemon.status import SCHEMA, FaultStatus, HostStatus, LineStatus, LinkStatus, Status, StoreStatus

NOW_MS, STEADY_MS = 1_795_500_000_000, 50_000_000
LINE = LineStatus(
    "a",
    "ready",
    since_ms=NOW_MS - 3_600_000,
    model="SIM800C",
    dialect="sim800",
    sim="9200",
    registration=1,
    operator="TELKOMSEL",
    signal_dbm=-77,
    slots_total=10,
    last_ok_ms=NOW_MS,
    last_ok_steady_ms=STEADY_MS,
    state_steady_ms=STEADY_MS - 3_600_000,
)
LINK = LinkStatus("online", since_ms=NOW_MS - 3_600_000, since_steady_ms=STEADY_MS - 3_600_000, protocol="5.0")
HOST = HostStatus(temperature_c=58.0, undervoltage=False, disk_free_mb=20_000, disk_used_percent=10)


def status(**changes: Any) -> Status:
    """Describe a gateway that is well but for the changes."""
    well = Status(
        SCHEMA,
        "kec-depok-01",
        "0.1.0",
        1,
        "0199c7d1-0000-7abc-8def-000000000001",
        NOW_MS - 3_600_000,
        NOW_MS,
        STEADY_MS,
        True,
        (LINE,),
        LINK,
        StoreStatus(),
        HOST,
        started_steady_ms=STEADY_MS - 3_600_000,
    )
    return replace(well, **changes)


def line(**changes: Any) -> LineStatus:
    """Describe a line that is well but for the changes; `age_ms` is how long it has been in its state."""
    if "age_ms" in changes:
        changes["state_steady_ms"] = STEADY_MS - changes.pop("age_ms")
    return replace(LINE, **changes)


def offline(cause: str, age_ms: int) -> LinkStatus:
    """Describe a link that was lost so long ago."""
    begun_ms = STEADY_MS - age_ms
    return replace(LINK, state="offline", cause=cause, since_steady_ms=begun_ms, lost_steady_ms=begun_ms)


def fault(cause: str, code: int = 2, *, since_ms: int = NOW_MS, name: str = "") -> FaultStatus:
    """Describe a fault that stands."""
    return FaultStatus(code, cause, since_ms, line=name)


def write_config(folder: Path, port: int, *, lamps: str = "", more: str = "") -> Path:
    """Write a configuration for a broker on loopback."""
    (folder / "password").write_text("sandi-gw")
    path = folder / "kentongan.toml"
    path.write_text(f"""
[gateway]
county_id = "3404"
gateway_id = "kec-depok-01"
ticket_prefix = "LU2"
timezone = "Asia/Makassar"
name = "Kominfo Luwu Utara"
[[line]]
name = "a"
port = "sim:sim800"
[mqtt]
url = "mqtt://127.0.0.1:{port}"
username = "kec-depok-01"
password_file = "password"
[store]
path = "kentongan.db"
[runtime]
directory = "run"
{lamps}
{more}
""")
    return path
