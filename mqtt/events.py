"""What the broker island takes and reports: closed unions of frozen values."""

from enum import StrEnum

import msgspec


class DownCause(StrEnum):
    """Why there is no broker, as far as it can be known (contract 6.2)."""

    STOPPED = "stopped"  # we left
    DNS = "dns"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_EXPIRED = "tls_expired"
    TLS_NOT_YET_VALID = "tls_not_yet_valid"
    TLS_HOSTNAME = "tls_hostname"
    TLS_FAILED = "tls_failed"
    CREDENTIALS = "credentials"
    NOT_AUTHORIZED = "not_authorized"
    TAKEN_OVER = "taken_over"  # another client with our name
    PROTOCOL = "protocol"
    LOST = "lost"  # was connected; the socket ended or fell silent
    PUBACK_TIMEOUT = "puback_timeout"


class BrokerUp(msgspec.Struct, frozen=True):
    """Connected and subscribed; `window` publications may be unacknowledged, each of at most `max_packet` octets."""

    connection_id: str
    protocol: str  # "5.0" or "3.1.1"
    session_present: bool
    window: int
    max_packet: int
    certificate_until_s: float = 0.0  # Unix time at which the broker's certificate ends, 0 without TLS


class BrokerDown(msgspec.Struct, frozen=True):
    """Not connected; every unacknowledged publication is forgotten and must be offered again."""

    cause: DownCause
    detail: str
    connected_s: float = 0.0  # how long the connection stood, 0 when it never did
    unconfirmed: tuple[int, ...] = ()  # tokens that were sent and not acknowledged, oldest first
    silent_s: float = 0.0  # for how long nothing had been heard when we gave up, 0 when the other side ended it


class PubackResult(StrEnum):
    """What a PUBACK says (contract E1, E31)."""

    ACCEPTED = "accepted"
    NO_SUBSCRIBER = "no_subscriber"  # MQTT 5 reason 16: nobody listens, so it was not offered
    NOT_AUTHORIZED = "not_authorized"  # 135
    REFUSED = "refused"  # any other reason >= 128
    TOO_LARGE = "too_large"  # not sent: above the broker's limit, said at CONNACK or by three lost connections (E14)


class Published(msgspec.Struct, frozen=True):
    """The broker answered the publication with this token."""

    token: int
    result: PubackResult


class Delivery(msgspec.Struct, frozen=True):
    """The handle of a received message: acknowledged on the connection it came from or not at all (contract E20)."""

    connection_id: str
    packet_id: int


class MessageReceived(msgspec.Struct, frozen=True):
    """A message of a subscription; the broker keeps it until `Link.ack(delivery)`."""

    topic: str
    payload: bytes
    retained: bool
    correlation: bytes  # empty when absent
    delivery: Delivery


BrokerEvent = BrokerUp | BrokerDown | Published | MessageReceived


class Publication(msgspec.Struct, frozen=True):
    """One message to publish at QoS 1. `token` comes back in `Published`; `expiry_s` 0 means none (contract 4.4)."""

    token: int
    topic: str
    payload: bytes
    retain: bool = False
    expiry_s: int = 0
    event_id: str = ""  # CloudEvents id
    event_type: str = ""  # CloudEvents type, e.g. "kentongan.ticket.v1"
    correlation: bytes = b""
    connection_id: str = ""  # of the BrokerUp it answers; on any other connection it is forgotten, not sent


class Will(msgspec.Struct, frozen=True):
    """What the broker says when we die (contract 4.4)."""

    topic: str
    payload: bytes
