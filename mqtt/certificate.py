"""When a certificate ends, read out of its file: the library tells it of the peer alone, not of ourselves. Pure.

Refuses to judge anything else: whether a chain holds is TLS's own business.
"""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z", re.ASCII)
SEQUENCE, INTEGER, VERSION = 0x30, 0x02, 0xA0
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
LONG_FORM = 0x80


def ends(pem: str) -> tuple[int, ...]:
    """Give when each certificate of a file ends, in Unix seconds; raises `ValueError` for what is none."""
    found = tuple(_ends(base64.b64decode(body)) for body in _PEM.findall(pem))
    if not found:
        raise ValueError("there is no certificate in it")
    return found


def _ends(der: bytes) -> int:
    """Walk to `validity.notAfter` (RFC 5280 §4.1)."""
    _, certificate = next(_elements(der))
    _, to_be_signed = next(_elements(certificate))
    fields = [(tag, body) for tag, body in _elements(to_be_signed) if tag != VERSION]
    tags = [tag for tag, _ in fields[:4]]
    if tags != [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE]:
        raise ValueError("not the fields of a certificate")
    times = list(_elements(fields[3][1]))
    if len(times) != 2:
        raise ValueError("no beginning and end")
    return _time(*times[1])


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element of a DER value."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("an element is cut off")
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= LONG_FORM:
            octets = length - LONG_FORM
            length, at = int.from_bytes(data[at : at + octets], "big"), at + octets
        if at + length > len(data):
            raise ValueError("an element is cut off")
        yield tag, data[at : at + length]
        at += length
    if not data:
        raise ValueError("an element is empty")


def _time(tag: int, body: bytes) -> int:
    """Read a time; two digits of a year mean 1950 to 2049 (RFC 5280 §4.1.2.5.1)."""
    text = body.decode("ascii", "replace")
    if tag == UTC_TIME:
        text = f"{20 if text[:2] < '50' else 19}{text}"
    elif tag != GENERALIZED_TIME:
        raise ValueError("not a time")
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("not a time")
    year, month, day, hour, minute, second = map(int, found.groups())
    return round(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
