"""The link's settings: refused before the first connection, naming the key."""

import pytest
from broker import Authority, link_settings

from kentongan.mqtt.errors import SettingsRefused
from kentongan.mqtt.settings import Address, Rhythm, Tls, read_url, tls_context


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtts://mqtt.slemankab.go.id:8883", Address("mqtt.slemankab.go.id", 8883, secure=True)),
        ("mqtts://mqtt.slemankab.go.id", Address("mqtt.slemankab.go.id", 8883, secure=True)),
        ("mqtt://127.0.0.1", Address("127.0.0.1", 1883, secure=False)),
        ("mqtt://[::1]:1884/", Address("::1", 1884, secure=False)),
    ],
)
def test_a_url_is_read(url, address):
    assert read_url(url) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mqtt.desa.go.id",
        "http://mqtt.desa.go.id",
        "mqtts://",
        "mqtts://mqtt..desa.go.id",
        f"mqtts://{'a' * 64}.go.id",
        "mqtts://host:99999",
        "mqtts://host:port",
        "mqtts://user:secret@host",
        "mqtts://host/path",
        "mqtts://host?x=1",
        "mqtts://[::1",
    ],
)
def test_e7_a_url_that_could_only_fail_later_is_refused(url):
    with pytest.raises(SettingsRefused) as refused:
        read_url(url)
    assert refused.value.key == "mqtt.url"
    assert "secret" not in refused.value.why


def test_tls_without_a_ca_is_refused():
    with pytest.raises(SettingsRefused, match="ca_file"):
        link_settings(8883, address=Address("localhost", 8883, secure=True))


@pytest.mark.parametrize("keepalive_s", [0, 3601])
def test_a_keepalive_that_notices_nothing_is_refused(keepalive_s):
    with pytest.raises(SettingsRefused, match="keepalive"):
        link_settings(1883, rhythm=Rhythm(keepalive_s))


def test_a_password_is_never_printed():
    assert "sandi" not in repr(link_settings(1883))


def test_certificate_files_are_named_when_they_cannot_be_used(tmp_path):
    ours, theirs = Authority(tmp_path / "a").make(), Authority(tmp_path / "b").make()
    cert, _ = ours.issue("kec-depok-01")
    _, other_key = theirs.issue("kec-depok-01")
    empty = tmp_path / "empty.crt"
    empty.write_text("")
    for tls, key in (
        (Tls(tmp_path / "missing.crt"), "mqtt.ca_file"),
        (Tls(empty), "mqtt.ca_file"),
        (Tls(ours.ca, tmp_path / "missing.crt", other_key), "mqtt.cert_file"),
        (Tls(ours.ca, cert, other_key), "mqtt.cert_file"),
    ):
        with pytest.raises(SettingsRefused) as refused:
            tls_context(tls)
        assert refused.value.key == key


def test_an_encrypted_key_does_not_ask_a_terminal(tmp_path):
    authority = Authority(tmp_path).make()
    cert, key = authority.issue("kec-depok-01")
    locked = tmp_path / "locked.key"
    from broker import openssl  # noqa: PLC0415 - used here alone

    openssl("pkcs8 -topk8 -passout pass:abcd -in", key, "-out", locked)
    with pytest.raises(SettingsRefused, match="passphrase"):
        tls_context(Tls(authority.ca, cert, locked))


def test_nothing_below_tls_1_2_and_nothing_unverified(tmp_path):
    context = tls_context(Tls(Authority(tmp_path).make().ca))
    assert (context.minimum_version.name, context.verify_mode.name, context.check_hostname) == (
        "TLSv1_2",
        "CERT_REQUIRED",
        True,
    )
    assert len(context.get_ca_certs()) == 1
