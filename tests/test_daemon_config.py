import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.daemon import config as configuration
from kentongan.daemon.errors import ConfigError

GOOD = """
[gateway]
county_id = "3404"
gateway_id = "kec-depok-01"
ticket_prefix = "LU2"
timezone = "Asia/Makassar"
name = "Kominfo Luwu Utara"
[[line]]
name = "a"
port = "/dev/serial0"
[mqtt]
url = "mqtts://broker.example:8883"
username = "kec-depok-01"
password_file = "credentials/mqtt"
ca_file = "ca.crt"
[store]
path = "/var/lib/kentongan/kentongan.db"
[runtime]
directory = "/run/kentongan"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "mqtt").write_text("rahasia-sekali\n")
    (tmp_path / "ca.crt").write_text("-----BEGIN CERTIFICATE-----\n")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "kentongan.toml"
    path.write_text(text)
    return path


def refused(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        configuration.load(written(folder, text))
    error = caught.value
    assert "\n" not in str(error)
    assert str(error) == f"{folder / 'kentongan.toml'}: {error.key}: {error.why}; {error.remedy}"
    return error


def test_the_issues_example_is_read_and_completed(folder: Path) -> None:
    config = configuration.load(written(folder, GOOD))
    assert config.gateway.gateway_id == "kec-depok-01"
    assert config.line[0].baud == 115200
    assert config.line[0].dialect == "auto"
    assert config.mqtt.root == "kentongan"
    assert config.answers.signature == "Kominfo Luwu Utara"
    assert config.sending.on_uncertain == "hold"


def test_relative_paths_are_found_from_the_files_folder(folder: Path) -> None:
    text = (
        GOOD.replace("/var/lib/kentongan/", "data/").replace("/run/kentongan", "run").replace("/dev/serial0", "modem")
    )
    config = configuration.load(written(folder, text))
    assert config.mqtt.password_file == str(folder / "credentials" / "mqtt")
    assert config.mqtt.ca_file == str(folder / "ca.crt")
    assert config.store.path == str(folder / "data" / "kentongan.db")
    assert config.runtime.directory == str(folder / "run")
    assert config.line[0].port == str(folder / "modem")


def test_a_simulated_port_keeps_its_name(folder: Path) -> None:
    config = configuration.load(written(folder, GOOD.replace("/dev/serial0", "sim:sim800")))
    assert config.line[0].port == "sim:sim800"


def test_systemds_credential_comes_before_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given_by_systemd = folder / "given"
    given_by_systemd.mkdir()
    (given_by_systemd / "mqtt").write_text("lain")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(given_by_systemd))
    config = configuration.load(written(folder, GOOD))
    assert config.mqtt.password_file == str(given_by_systemd / "mqtt")
    assert config.mqtt.ca_file == str(folder / "ca.crt")


REFUSALS = [
    ("[gateway]", "[gateway]\ncounty = 1", "gateway.county", 'did you mean "county_id"?'),
    ("[store]", "[store]\nxyz = 1", "store.xyz", "remove it; known here: path"),
    ("[store]", "[storage]\n[store]", "storage", 'did you mean "store"?'),
    ("[store]", '["a\\nb"]\n[store]', "a b", "remove it"),
    ('name = "a"', 'name = "a"\npace = 6', "line[1].pace", 'did you mean "pace_s"?'),
    ('name = "a"', 'name = "a"\npace_s = "6s"', "line[1].pace_s", "write seconds between two SMS, 0 to 3600"),
    ('name = "a"', 'name = "a"\npace_s = -1', "line[1].pace_s", "write seconds between two SMS, 0 to 3600"),
    ('name = "a"', 'name = "a"\nbaud = 115201', "line[1].baud", "write the port's rate, 115200"),
    ('name = "a"', 'name = "a"\nbaud = true', "line[1].baud", "write the port's rate, 115200"),
    ('name = "a"', 'name = "a"\ndialect = "nokia"', "line[1].dialect", "write one of auto, sim800, huawei, generic"),
    ('name = "a"', 'name = "a"\nper_hour = 0', "line[1].per_hour", "write how many SMS an hour may hold, 1 to 36000"),
    ('name = "a"', "", "line[1].name", 'write 1 to 16 of a-z, 0-9 and "-", such as "a"'),
    ('"Asia/Makassar"', '"Asia/Singapore"', "gateway.timezone", "write one of Asia/Jakarta,"),
    ('"Asia/Makassar"', '"WITA"', "gateway.timezone", "write one of Asia/Jakarta,"),
    ('"3404"', "3404", "gateway.county_id", "write 2 to 32 of a-z"),
    ('"kec-depok-01"', '"Kec Depok"', "gateway.gateway_id", "write 2 to 32 of a-z"),
    ('gateway_id = "kec-depok-01"', 'gateway_id = "backend"', "gateway.gateway_id", "write 2 to 32 of a-z"),
    ('"LU2"', '"LUTRA"', "gateway.ticket_prefix", "write two capital letters and a digit"),
    ("mqtts://broker.example:8883", "mqtt://broker.example", "mqtt.url", 'write "mqtts://host:8883"'),
    ("mqtts://broker.example:8883", "https://broker.example", "mqtt.url", 'write "mqtts://host:8883"'),
    ("mqtts://broker.example:8883", "mqtts://a:b@broker.example", "mqtt.url", 'write "mqtts://host:8883"'),
    ("mqtts://broker.example:8883", "mqtts://broker.example:99999", "mqtt.url", 'write "mqtts://host:8883"'),
    ("mqtts://broker.example:8883", "mqtts://mqtt..desa.go.id", "mqtt.url", 'write "mqtts://host:8883"'),
    ("mqtts://broker.example:8883", "mqtts://" + "x" * 64 + ".id", "mqtt.url", 'write "mqtts://host:8883"'),
    ("credentials/mqtt", "credentials/nothing", "mqtt.password_file", "create the file, readable by this user"),
    ('"ca.crt"', '"nothing.crt"', "mqtt.ca_file", "write the path of a file"),
    ('username = "kec-depok-01"', "", "mqtt.username", "write the broker's user"),
    ('password_file = "credentials/mqtt"', "", "mqtt.password_file", "write the path of a file"),
    ('ca_file = "ca.crt"', 'ca_file = "ca.crt"\ncert_file = "ca.crt"', "mqtt.key_file", "write the path of a file"),
    ("[[line]]", "[line]", "line", "write one to four tables [[line]], with two brackets each"),
    ("[runtime]", "[lamps]\npins = [17, 27, 22]\n[runtime]", "lamps.pins", "write four different BCM pin numbers"),
    ("[runtime]", "[lamps]\npins = [17, 27, 22, 22]\n[runtime]", "lamps.pins", "write four different BCM pin numbers"),
    (
        '"/dev/serial0"',
        '"/dev/serial0"\nusb_power = "1-1"',
        "line[1].usb_power",
        "write hub and port as uhubctl shows them",
    ),
    ('"/dev/serial0"', '"/dev/serial0"\npower_pin = 4\nrail_pin = 4', "line[1].rail_pin", "give each its own pin"),
    (
        '"/dev/serial0"',
        '"/dev/serial0"\npower_pulse_ms = 5',
        "line[1].power_pulse_ms",
        "write milliseconds, 50 to 40000",
    ),
    ("[runtime]", "[lamps]\npins = [1, 27, 22, 3]\n[runtime]", "lamps.pins[1]", "write four different BCM pin numbers"),
    ("[runtime]", '[sending]\nquiet_from = "24:00"\n[runtime]', "sending.quiet_from", "write hours and minutes"),
    ("[runtime]", "runtime = 1\n[other]", "store.runtime", "remove it"),
]


@pytest.mark.parametrize(("old", "new", "key", "remedy"), REFUSALS)
def test_what_is_wrong_is_named_with_its_key_and_its_remedy(
    folder: Path, old: str, new: str, key: str, remedy: str
) -> None:
    assert old in GOOD
    error = refused(folder, GOOD.replace(old, new, 1))
    assert error.key == key
    assert error.why
    assert error.remedy.startswith(remedy)


@pytest.mark.parametrize("table", ["gateway", "mqtt", "store", "runtime"])
def test_a_missing_table_is_named(folder: Path, table: str) -> None:
    without = re.sub(rf"\[{table}\]\n([^\[].*\n)*", "", GOOD)
    error = refused(folder, without)
    assert (error.key, error.remedy) == (table, f"add a table [{table}]")


def test_mqtt_in_clear_is_for_loopback_alone(folder: Path) -> None:
    for host in ("127.0.0.1", "localhost", "[::1]"):
        assert configuration.load(written(folder, GOOD.replace("mqtts://broker.example:8883", f"mqtt://{host}:11883")))


def test_an_encrypted_link_wants_the_countys_own_authority(folder: Path) -> None:
    error = refused(folder, GOOD.replace('ca_file = "ca.crt"', ""))
    assert error.key == "mqtt.ca_file"


def test_a_broker_on_the_network_wants_credentials(folder: Path) -> None:
    text = GOOD.replace('username = "kec-depok-01"', "").replace('password_file = "credentials/mqtt"', "")
    assert refused(folder, text).key == "mqtt.username"
    assert configuration.load(written(folder, text.replace("mqtts://broker.example", "mqtts://localhost")))


@pytest.mark.parametrize("field", ["name", "port", "number"])
def test_two_lines_never_share_a_name_a_port_or_a_number(folder: Path, field: str) -> None:
    first = {"name": "a", "port": "/dev/serial0", "number": "+6281100009200"}
    second = {"name": "b", "port": "/dev/ttyUSB0", "number": "+6281100009300"} | {field: first[field]}
    more = "[[line]]\n" + "".join(f'{key} = "{value}"\n' for key, value in second.items())
    text = GOOD.replace("[[line]]", f'public_number = "{first["number"]}"\n[[line]]').replace("[mqtt]", more + "[mqtt]")
    assert refused(folder, text).key == f"line[2].{field}"


def test_the_first_line_has_the_number_that_citizens_know_unless_it_names_its_own(folder: Path) -> None:
    known = GOOD.replace("[[line]]", 'public_number = "+6281100009200"\n[[line]]')
    assert configuration.load(written(folder, known)).line[0].number == "+6281100009200"
    own = known.replace('name = "a"', 'name = "a"\nnumber = "+6281100009300"')
    assert configuration.load(written(folder, own)).line[0].number == "+6281100009300"


def test_a_fifth_line_is_refused(folder: Path) -> None:
    more = "".join(f'[[line]]\nname = "{name}"\nport = "/dev/{name}"\n' for name in "bcde")
    assert refused(folder, GOOD.replace("[mqtt]", f"{more}[mqtt]")).key == "line"


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"[gateway\n", "is not TOML"), (b"\xff\xfe", "is not UTF-8 text"), (b"#" * 70_000, "is larger than 65536 bytes")],
)
def test_a_file_that_is_no_toml_is_named_with_its_path(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "k.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=why) as caught:
        configuration.load(path)
    assert caught.value.key == str(path)


def test_a_missing_file_says_how_to_name_another(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file or directory; give the right path with --config"):
        configuration.load(tmp_path / "nothing.toml")


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines\n", b"\xff\xff", b"x" * 5000])
def test_a_secret_is_exactly_one_line_and_is_never_shown(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        configuration.read_secret(str(tmp_path / "secret"))
    assert "two" not in str(caught.value)
    assert "xxx" not in str(caught.value)


def test_the_effective_configuration_is_toml_that_reads_the_same_and_shows_no_secret(folder: Path) -> None:
    config = configuration.load(
        written(folder, GOOD.replace("[runtime]", "[lamps]\npins = [17, 27, 22, 23]\n[runtime]"))
    )
    text = configuration.effective(config)
    assert "rahasia" not in text
    assert configuration.load(written(folder, text)) == config


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_in_one_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8", errors="replace")
    with pytest.raises(ConfigError) as caught:
        configuration.load(path)
    assert "\n" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    table=st.sampled_from(["gateway", "line", "mqtt", "store", "answers", "sending", "lamps", "nothing"]),
    key=st.sampled_from(["county_id", "name", "url", "pins", "max_parts", "x"]),
    value=JSON,
)
def test_any_value_in_any_place_is_explained(table: str, key: str, value: object) -> None:
    document = {table: [{key: value}] if table == "line" else {key: value}}
    with pytest.raises(ConfigError) as caught:
        configuration._convert(document)
    assert caught.value.remedy


def test_a_pin_has_one_duty_lamps_and_every_line_included(folder: Path) -> None:
    lamps = "[lamps]\npins = [17, 27, 22, 23]\n[runtime]"
    text = GOOD.replace('"/dev/serial0"', '"/dev/serial0"\nstatus_pin = 22').replace("[runtime]", lamps)
    assert refused(folder, text).key == "line[1].status_pin"


def test_a_usb_port_is_named_as_uhubctl_names_it(folder: Path) -> None:
    for named in ("1-1:2", "2:4", "1-1.4.2:3"):
        text = GOOD.replace('"/dev/serial0"', f'"/dev/serial0"\nusb_power = "{named}"')
        assert configuration.load(written(folder, text)).line[0].usb_power == named
