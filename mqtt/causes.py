"""What an exception or a reason code means to the person who must mend it (contract E7, E27)."""

import errno
import socket
import ssl

from kentongan.mqtt.events import DownCause

# X509_V_ERR_* of OpenSSL
_CERTIFICATE = {
    9: DownCause.TLS_NOT_YET_VALID,
    10: DownCause.TLS_EXPIRED,
    62: DownCause.TLS_HOSTNAME,
    63: DownCause.TLS_HOSTNAME,
    64: DownCause.TLS_HOSTNAME,
}
_ERRNO = {
    errno.ECONNREFUSED: DownCause.REFUSED,
    errno.ETIMEDOUT: DownCause.TIMEOUT,
    errno.ENETUNREACH: DownCause.UNREACHABLE,
    errno.EHOSTUNREACH: DownCause.UNREACHABLE,
    errno.ENETDOWN: DownCause.UNREACHABLE,
    errno.EADDRNOTAVAIL: DownCause.UNREACHABLE,
}
# MQTT 5.0 §3.2.2.2; mosquitto answers a wrong password with 135, not 134
_CONNACK = {
    134: DownCause.CREDENTIALS,
    135: DownCause.CREDENTIALS,
    138: DownCause.NOT_AUTHORIZED,
    132: DownCause.PROTOCOL,
    133: DownCause.PROTOCOL,
    140: DownCause.CREDENTIALS,
}
# MQTT 5.0 §3.14.2.1
_DISCONNECT = {
    135: DownCause.NOT_AUTHORIZED,
    130: DownCause.PROTOCOL,
    129: DownCause.PROTOCOL,
    142: DownCause.TAKEN_OVER,
    149: DownCause.PROTOCOL,
}
_REJECTED_CERTIFICATE = ("ALERT_CERTIFICATE", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA", "CERTIFICATE_REQUIRED")


def of_connect(error: Exception, *, secure: bool = False) -> DownCause:
    """Name why no connection could be opened; `secure` when a TLS handshake was part of it."""
    match error:
        case socket.gaierror() | UnicodeError():
            return DownCause.DNS
        case ssl.SSLCertVerificationError():
            return _CERTIFICATE.get(error.verify_code, DownCause.TLS_UNTRUSTED)
        case ssl.SSLError():
            return DownCause.CREDENTIALS if rejects_certificate(str(error)) else DownCause.TLS_FAILED
        case TimeoutError():
            return DownCause.TIMEOUT
        case ConnectionResetError() if secure:  # mosquitto hangs up on a ClientHello at a port without TLS
            return DownCause.TLS_FAILED
        case OSError():
            return _ERRNO.get(error.errno or 0, DownCause.LOST)
        case _:
            return DownCause.PROTOCOL


def rejects_certificate(report: str) -> bool:
    """Tell whether the broker's TLS alert is about our certificate."""
    return any(alert in report.upper().replace(" ", "_") for alert in _REJECTED_CERTIFICATE)


def of_connack(reason: int) -> DownCause:
    """Name why the broker refused us; `reason` in MQTT 5 numbers."""
    return _CONNACK.get(reason, DownCause.REFUSED)


def of_disconnect(reason: int) -> DownCause:
    """Name why the broker ended the session; `reason` in MQTT 5 numbers."""
    return _DISCONNECT.get(reason, DownCause.LOST)
