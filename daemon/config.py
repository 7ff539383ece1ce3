"""Read the configuration: TOML in, frozen values out, or one `ConfigError` that names the key and the remedy.

Refuses everything it does not know. Secrets are files; their contents are never part of these values.
"""

import os
import re
import sys
import tomllib
from pathlib import Path
from typing import TypeVar, get_type_hints

import msgspec

from kentongan.daemon.errors import ConfigError
from kentongan.daemon.office import HoursUnreadable, read_hours
from kentongan.daemon.sections import Config, GatewayConfig, LineConfig, MqttConfig, PersonConfig, Section
from kentongan.mqtt.errors import SettingsRefused
from kentongan.mqtt.settings import Address, read_url

MAX_BYTES = 65_536  # sixteen times a fully commented file; a larger one is not ours
MAX_SECRET_BYTES = 4_096
OWN = Path("/etc/kentongan/kentongan.toml")
IN_FORCE = Path("/run/kentongan/terakhir-baik.toml")  # what the gateway keeps there, see in_force.py
AS_ROOT = "use sudo: a secret is for root and the gateway alone"  # remedy of a secret that is there
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

__all__ = ["Config", "LineConfig", "effective", "glance", "load", "read_secret"]

SectionT = TypeVar("SectionT", bound=Section)


def load(path: Path, *, copy: Path | None = None) -> Config:
    """Read, check and complete the file, or a copy of it that lies elsewhere; raises `ConfigError`."""
    config = _read(path, copy or path)
    try:
        _check_files(config.mqtt, config.line)
    except ConfigError as error:
        raise ConfigError(error.key, error.why, error.remedy, path=str(path)) from error
    return config


def glance(path: Path) -> Config:
    """Read it for a command that asks the gateway: secrets, which are not for everybody, may be out of reach.

    Where the box's own file cannot be used, the gateway runs on the last good one: so does the command, and says so.
    """
    try:
        return _read(path, path)
    except ConfigError as error:
        if path != OWN or not path.exists() or not IN_FORCE.exists():
            raise
        print(f"kentongan: {error}; asking with the last good one", file=sys.stderr)  # noqa: T201 - its only word
        return _read(path, IN_FORCE)


def _read(path: Path, copy: Path) -> Config:
    try:
        return _complete(_convert(_parse(copy)), path.absolute().parent)
    except ConfigError as error:
        if error.key == str(path):
            raise
        raise ConfigError(error.key, error.why, error.remedy, path=str(path)) from error


def read_secret(path: str) -> str:
    """Return the one line of a secret file; raises `ConfigError` naming the file, never showing its content."""
    try:
        data = Path(path).read_bytes()[: MAX_SECRET_BYTES + 1]
        secret = data.decode().strip("\r\n")
    except OSError as error:
        remedy = AS_ROOT if isinstance(error, PermissionError) else "create the file, readable by this user"
        raise ConfigError(path, error.strerror or "cannot be read", remedy) from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, "is not UTF-8 text", "write the secret as one line of text") from error
    if not secret or "\n" in secret or len(data) > MAX_SECRET_BYTES:
        raise ConfigError(path, "does not hold exactly one line", "write the secret as one line of text")
    return secret


def effective(config: Config) -> str:
    """Write the configuration in force as TOML; secrets stay in their files."""
    builtins = msgspec.to_builtins(config)
    tables = [f"[{name}]\n{_pairs(value)}" for name, value in builtins.items() if isinstance(value, dict)]
    tables[1:1] = [f"[[{name}]]\n{_pairs(each)}" for name in ("line", "person") for each in builtins[name]]
    return "\n".join(tables)


def _pairs(table: dict[str, object]) -> str:
    # JSON's strings, numbers, booleans and lists of numbers are also TOML's
    return "".join(f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in table.items())


def _parse(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise ConfigError(str(path), f"is larger than {MAX_BYTES} bytes", "give the path of a Kentongan TOML file")
        return tomllib.loads(data.decode())
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise ConfigError(str(path), why, "give the right path with --config or KENTONGAN_CONFIG") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "is not UTF-8 text", "save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), f"is not TOML: {error}", 'write each key as  key = "value"') from error


def _convert(table: dict[str, object]) -> Config:
    try:
        return msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from error


def _explain(message: str) -> ConfigError:
    """Turn msgspec's sentence (`why - at `$.path``) into key, reason and remedy."""
    why, _, at = " ".join(message.split()).partition(" - at `$")
    at = at.rstrip("`").lstrip(".")
    if named := re.search(r"unknown field `(.*)`$", why):
        key = f"{at}.{named[1]}".lstrip(".")
        return ConfigError(_shown(key), "this key is unknown", _nearest(at, named[1]))
    if named := re.search(r"missing required field `(.*)`$", why):
        key = f"{at}.{named[1]}".lstrip(".")
        return ConfigError(_shown(key), "this key is missing", _remedy(key))
    plain = "it has the wrong form" if "matching regex" in why else f"{why[:1].lower()}{why[1:].replace('`', '')}"
    return ConfigError(_shown(at) or "the file", plain, _remedy(at))


def _refused(key: str, why: str) -> ConfigError:
    return ConfigError(key, why, _remedy(key))


def _shown(key: str) -> str:
    """Count tables from one, as people do."""
    return re.sub(r"\[(\d+)\]", lambda index: f"[{int(index[1]) + 1}]", key)


def _struct_at(key: str) -> type[msgspec.Struct]:
    tables: dict[str, type[msgspec.Struct]] = {
        **get_type_hints(Config),
        "": Config,
        "line": LineConfig,
        "person": PersonConfig,
    }
    return tables[key]


def _remedy(key: str) -> str:
    """Find what the field's own description says to write."""
    table, _, name = re.sub(r"\[[^]]*\]", "", key).rpartition(".")
    hint = get_type_hints(_struct_at(table), include_extras=True).get(name)
    notes = [note.description for note in getattr(hint, "__metadata__", ()) if note.description]
    return notes[0] if notes else f"add a table [{name}]"


def _nearest(table: str, name: str) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only an error pays for it

    known = _struct_at(re.sub(r"\[[^]]*\]", "", table)).__struct_fields__
    close = get_close_matches(name, known, n=1)
    return f'did you mean "{close[0]}"?' if close else f"remove it; known here: {', '.join(known)}"


def _complete(config: Config, folder: Path) -> Config:
    """Check what no single field can know, then make every path absolute."""
    config = msgspec.structs.replace(config, line=_numbered(config))
    _check_lines(config.line)
    _check_pins(config)
    _check_care(config)
    mqtt = _resolved(config.mqtt, folder, "password_file", "ca_file", "cert_file", "key_file")
    lines = tuple(_resolved(line, folder, "pin_file") for line in config.line)
    _check_mqtt(config.gateway, mqtt)
    return msgspec.structs.replace(
        config,
        line=tuple(msgspec.structs.replace(line, port=_port(line.port, folder)) for line in lines),
        mqtt=mqtt,
        store=_resolved(config.store, folder, "path"),
        runtime=_resolved(config.runtime, folder, "directory"),
        watch=_resolved(config.watch, folder, "key_file"),
        console=_resolved(config.console, folder, "word_file"),
        inbound=_resolved(config.inbound, folder, "rules_file"),
        sla=_resolved(config.sla, folder, "file"),
        office=_resolved(config.office, folder, "holidays_file"),
        answers=msgspec.structs.replace(
            config.answers, signature=config.answers.signature or config.gateway.name[:40].strip()
        ),
    )


def _check_pins(config: Config) -> None:
    """Refuse a pin with two duties."""
    lamps = config.lamps.pins
    if lamps and (len(lamps) != 4 or len(set(lamps)) != 4):
        raise _refused("lamps.pins", "the lamps need four different pins")
    taken = set(lamps) | {config.host.mains_pin} - {0}
    if config.host.mains_pin in lamps:
        raise _refused("host.mains_pin", f"pin {config.host.mains_pin} has another duty already")
    for index, line in enumerate(config.line, 1):
        for name in ("power_pin", "status_pin", "rail_pin"):
            pin = getattr(line, name)
            if pin in taken:
                why = f"pin {pin} has another duty already"
                raise ConfigError(f"line[{index}].{name}", why, "give each its own pin")
            taken |= {pin} - {0}


def _check_care(config: Config) -> None:
    """Refuse hours that say nothing, and neighbours without the key that proves them."""
    try:
        read_hours(config.office.hours)
    except HoursUnreadable as error:
        raise _refused("office.hours", f"{str(error)!r} says no hours") from error
    if config.watch.neighbours and not config.watch.key_file:
        raise ConfigError("watch.key_file", "neighbours prove themselves by a shared key", "name the file of that key")


def _numbered(config: Config) -> tuple[LineConfig, ...]:
    """Let the first line's number be the one that citizens know, where it has none of its own."""
    first, *others = config.line
    number = first.number or config.gateway.public_number
    return msgspec.structs.replace(first, number=number), *others


def _check_lines(lines: tuple[LineConfig, ...]) -> None:
    for field in ("name", "port", "number"):
        values = [getattr(line, field) for line in lines]
        for index, value in enumerate(values):
            if value and value in values[:index] and not value.startswith("sim:"):
                key = f"line[{index + 1}].{field}"
                raise ConfigError(key, f"{value!r} is used by two lines", f"give each line its own {field}")


def _address(url: str) -> Address:
    try:
        address = read_url(url)
    except SettingsRefused as error:
        raise _refused("mqtt.url", error.why) from error
    if not address.secure and address.host not in LOOPBACK:
        raise _refused("mqtt.url", f"mqtt:// to {address.host} would send citizens' words in clear")
    return address


def _check_mqtt(gateway: GatewayConfig, mqtt: MqttConfig) -> None:
    address = _address(mqtt.url)
    if address.secure and not mqtt.ca_file:
        raise ConfigError("mqtt.ca_file", "mqtts:// believes the county's own CA alone", _remedy("mqtt.ca_file"))
    if gateway.gateway_id == "backend":
        raise _refused("gateway.gateway_id", '"backend" is taken by the county\'s own topic')
    if bool(mqtt.username) != bool(mqtt.password_file):
        missing = "username" if mqtt.password_file else "password_file"
        raise ConfigError(f"mqtt.{missing}", "this key is missing", _remedy(f"mqtt.{missing}"))
    if bool(mqtt.cert_file) != bool(mqtt.key_file):
        missing = "cert_file" if mqtt.key_file else "key_file"
        raise ConfigError(f"mqtt.{missing}", "this key is missing", _remedy(f"mqtt.{missing}"))
    if address.host not in LOOPBACK and not (mqtt.username or mqtt.cert_file):
        raise ConfigError(
            "mqtt.username", "a broker on the network wants a user or a certificate", _remedy("mqtt.username")
        )


def _check_files(mqtt: MqttConfig, lines: tuple[LineConfig, ...]) -> None:
    secrets = [("mqtt.password_file", mqtt.password_file)]
    secrets += [(f"line[{index}].pin_file", line.pin_file) for index, line in enumerate(lines, 1)]
    for key, path in secrets:
        if path:
            try:
                read_secret(path)
            except ConfigError as error:
                raise ConfigError(key, f"{path} {error.why}", error.remedy) from error
    for key in ("ca_file", "cert_file", "key_file"):
        path = getattr(mqtt, key)
        if path and not os.access(path, os.R_OK):
            raise ConfigError(f"mqtt.{key}", f"{path} cannot be read", _remedy(f"mqtt.{key}"))


def _resolved(section: SectionT, folder: Path, *fields: str) -> SectionT:
    changes = {name: _absolute(value, folder) for name in fields if (value := getattr(section, name))}
    return msgspec.structs.replace(section, **changes)


def _absolute(value: str, folder: Path) -> str:
    """Find a relative path from the file's folder; `credentials/x` is systemd's credential `x` where there is one."""
    path = Path(value)
    given = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if given and path.parent == Path("credentials") and (Path(given) / path.name).exists():
        return str(Path(given) / path.name)
    return str(folder / path)


def _port(port: str, folder: Path) -> str:
    return port if port == "huawei" or port.startswith("sim:") else str(folder / port)
