"""What an exception or a reason means, each under its own name (contract E7, E27)."""

import errno
import socket
import ssl

import pytest

from kentongan.mqtt import causes
from kentongan.mqtt.events import DownCause


def certificate(verify_code):
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code = verify_code
    return error


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), DownCause.DNS),
        (UnicodeError("label empty or too long"), DownCause.DNS),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), DownCause.REFUSED),
        (TimeoutError("timed out"), DownCause.TIMEOUT),
        (OSError(errno.ETIMEDOUT, "Connection timed out"), DownCause.TIMEOUT),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), DownCause.UNREACHABLE),
        (OSError(errno.EHOSTUNREACH, "No route to host"), DownCause.UNREACHABLE),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset"), DownCause.LOST),
        (OSError("no number"), DownCause.LOST),
        (certificate(9), DownCause.TLS_NOT_YET_VALID),
        (certificate(10), DownCause.TLS_EXPIRED),
        (certificate(18), DownCause.TLS_UNTRUSTED),
        (certificate(20), DownCause.TLS_UNTRUSTED),
        (certificate(62), DownCause.TLS_HOSTNAME),
        (certificate(64), DownCause.TLS_HOSTNAME),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"), DownCause.TLS_FAILED),
        (ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert"), DownCause.CREDENTIALS),
        (ssl.SSLError(1, "[SSL: SSLV3_ALERT_BAD_CERTIFICATE] bad certificate"), DownCause.CREDENTIALS),
        (ssl.SSLError(1, "[SSL: TLSV1_ALERT_UNKNOWN_CA] unknown ca"), DownCause.CREDENTIALS),
        (KeyError(149), DownCause.PROTOCOL),
    ],
)
def test_an_exception_of_connecting_is_named(error, cause):
    assert causes.of_connect(error) is cause
