"""Our own certificates' ends, read anew at each connection, as the link reads them: a renewed file counts at once."""

from pathlib import Path

from kentongan.mqtt import certificate

OURS, AUTHORITY, SERVER = "ours", "authority", "server"
MAX_OCTETS = 262_144  # a chain of certificates has a few thousand


def own_ends(ca_file: str, cert_file: str) -> dict[str, int]:
    """Tell in Unix ms when the county's authority and our own certificate end.

    Of a chain the first counts, of authorities the last. A file that cannot be read is TLS's to complain about.
    """
    found = {}
    for whose, file, pick in ((AUTHORITY, ca_file, max), (OURS, cert_file, _first)):
        try:
            ends = certificate.ends(Path(file).read_bytes()[:MAX_OCTETS].decode("ascii", "replace")) if file else ()
        except (OSError, ValueError):
            continue
        if ends:
            found[whose] = 1_000 * pick(ends)
    return found


def _first(ends: tuple[int, ...]) -> int:
    return ends[0]
