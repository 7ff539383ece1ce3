"""What the link needs to know, checked before the first connection: refuse here what could only fail later."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from kentongan.mqtt.lazily import lazily

lazily("ipaddress")

from urllib.parse import urlsplit

from kentongan.mqtt.errors import SettingsRefused
from kentongan.mqtt.events import Will

SESSION_EXPIRY_S = 604_800  # commands wait at the broker over a long weekend (contract E2)
WILL_DELAY_S = 15  # no flapping on short losses (contract E13)
LONGEST_KEEPALIVE_S = 3600  # a dead connection would stay unnoticed as long
ANSWER_S = 20.0  # for a broker's PINGRESP, when nothing presses
RECEIVE_MAXIMUM = 20  # unacknowledged commands

Protocol = Literal["auto", "5", "3.1.1"]


class Address(msgspec.Struct, frozen=True):
    """Where a broker listens."""

    host: str
    port: int
    secure: bool


class Tls(msgspec.Struct, frozen=True):
    """The county's certificate authority, the only one believed, and our own certificate if there is one."""

    ca_file: Path
    cert_file: Path | None = None
    key_file: Path | None = None


class Subscription(msgspec.Struct, frozen=True):
    """One filter at QoS 1; `retained` asks for what is kept there, `required` ends the session when it is refused."""

    filter: str
    retained: bool = False
    required: bool = True


class Rhythm(msgspec.Struct, frozen=True):
    """What the broker is promised, and when we doubt it: asked after silence, given up without an answer.

    `probe_s` 0 asks as late as the promise allows.
    """

    keepalive_s: int = 30
    probe_s: float = 0.0
    answer_s: float = ANSWER_S

    def within(self, keepalive_s: int) -> "Rhythm":
        """Keep to what the broker wants, if that is less."""
        return replace(self, keepalive_s=keepalive_s) if 0 < keepalive_s < self.keepalive_s else self


class LinkSettings(msgspec.Struct, frozen=True):
    """One identity at one broker. `will` and `new_connection_id` are asked once per connection."""

    address: Address
    client_id: str
    username: str
    password: str
    source: str  # CloudEvents, `Topics.source`
    will: Callable[[str], Will | None]
    new_connection_id: Callable[[], str]
    subscriptions: tuple[Subscription, ...] = ()
    tls: Tls | None = None
    protocol: Protocol = "auto"
    rhythm: Rhythm = Rhythm()

    def __repr__(self) -> str:
        return f"LinkSettings({self.client_id!r}, {self.address!r})"  # no password in any log

    def __post_init__(self) -> None:
        if self.address.secure and self.tls is None:
            raise SettingsRefused("mqtt.ca_file", "mqtts:// needs the county's CA certificate")
        keepalive_s = self.rhythm.keepalive_s
        if not 1 <= keepalive_s <= LONGEST_KEEPALIVE_S:
            raise SettingsRefused("mqtt.keepalive_s", f"{keepalive_s} is not within 1-{LONGEST_KEEPALIVE_S}")


def read_url(url: str) -> Address:
    """Read `mqtts://host[:port]` or `mqtt://host[:port]`; raises SettingsRefused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsRefused("mqtt.url", f"{url!r} is no URL: {error}") from error
    if parts.scheme not in {"mqtt", "mqtts"}:
        raise SettingsRefused("mqtt.url", "write mqtts://HOST:8883 (mqtt:// for this machine alone)")
    if parts.username or parts.password:
        raise SettingsRefused("mqtt.url", "a name or password does not belong here; see mqtt.username")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsRefused("mqtt.url", "nothing may follow the port")
    secure = parts.scheme == "mqtts"
    return Address(_host(parts.hostname or ""), port or (8883 if secure else 1883), secure)


def _host(host: str) -> str:
    """Refuse what a resolver could only choke on (contract E7)."""
    if not host:
        raise SettingsRefused("mqtt.url", "the host is missing")
    try:
        host.encode("idna")
    except UnicodeError as error:
        raise SettingsRefused("mqtt.url", f"{host!r} is no host name: each label needs 1-63 characters") from error
    return host


class _HandshakeAtOnce(ssl.SSLContext):
    """Shakes hands while the socket still has its connect timeout; paho 2.1 would wait `keepalive` seconds instead."""

    def wrap_socket(  # noqa: PLR0913, PLR0917 - the standard library's signature
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,  # noqa: ARG002 - always at once, that is the point
        suppress_ragged_eofs: bool = True,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLSocket:
        return super().wrap_socket(sock, server_side, True, suppress_ragged_eofs, server_hostname, session)


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Trust the county's CA alone, at least TLS 1.2, host name checked; raises SettingsRefused naming the file."""
    context = _HandshakeAtOnce(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(tls.ca_file)
    except OSError as error:
        raise SettingsRefused("mqtt.ca_file", f"{tls.ca_file}: {_why(error)}") from error
    if tls.cert_file is not None:
        try:
            context.load_cert_chain(tls.cert_file, tls.key_file, password=_no_passphrase)
        except (OSError, ValueError) as error:
            raise SettingsRefused("mqtt.cert_file", f"{tls.cert_file}: {_why(error)}") from error
    return context


def _no_passphrase() -> str:
    """Keep OpenSSL from asking at a terminal that an appliance does not have."""
    raise ValueError("the key is encrypted; write it without a passphrase, readable by the service alone")


def _why(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return "no PEM certificate in it, or key and certificate do not belong together"
    return getattr(error, "strerror", None) or str(error)
