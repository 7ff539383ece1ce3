"""Write the published contract from the Structs: AsyncAPI document, JSON Schemas, examples.

`python -m kentongan.mqtt.contract FOLDER` is the only writer; a test fails when the files are stale. The Structs are
the source, so nothing is stated twice; what JSON Schema can say and a type cannot is added here.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from kentongan.mqtt import payloads
from kentongan.mqtt.commands import COMMANDS, MAX_OCTETS
from kentongan.mqtt.examples import EXAMPLES
from kentongan.mqtt.payloads.fields import END
from kentongan.mqtt.settings import SESSION_EXPIRY_S, WILL_DELAY_S

VERSION = "1.1.0"
Schema = dict[str, Any]  # JSON Schema and AsyncAPI are open documents

GATEWAY_LEVEL = "{root}/v1/{county_id}/{gateway_id}"
COUNTY_LEVEL = "{root}/v1/{county_id}"
PARAMETERS = {
    "root": {"description": "First levels of every topic; a test installation has its own", "default": "kentongan"},
    "county_id": {"description": "Code of the county or a slug, [a-z0-9][a-z0-9-]{1,31}"},
    "gateway_id": {"description": "Also the MQTT user name and client id; unique in the county, never `backend`"},
    "slug": {"description": "The group's name, the same as in its payload"},
    "code": {"description": "The alarm's code, the same as in its payload"},
}


@dataclass(frozen=True, slots=True)
class Message:
    """One kind of message: which Struct, on which topic, who sends it, whether the broker keeps it."""

    struct: type[msgspec.Struct]
    address: str
    sent: bool  # by the gateway
    retained: bool = False

    @property
    def tag(self) -> str:
        """Return what stands in `schema`, e.g. `ticket/1`."""
        return str(self.struct.__struct_config__.tag)

    @property
    def name(self) -> str:
        """Return the tag without its major version."""
        return self.tag.partition("/")[0]


MESSAGES = (
    Message(payloads.Connection, f"{GATEWAY_LEVEL}/status/connection", sent=True, retained=True),
    Message(payloads.Info, f"{GATEWAY_LEVEL}/status/info", sent=True, retained=True),
    Message(payloads.Health, f"{GATEWAY_LEVEL}/status/health", sent=True, retained=True),
    Message(payloads.Alarm, f"{GATEWAY_LEVEL}/status/alarm/{{code}}", sent=True, retained=True),
    Message(payloads.Ticket, f"{GATEWAY_LEVEL}/event/ticket", sent=True),
    Message(payloads.ReplyEvent, f"{GATEWAY_LEVEL}/event/reply", sent=True),
    Message(payloads.Response, f"{GATEWAY_LEVEL}/event/response", sent=True),
    Message(payloads.Group, f"{GATEWAY_LEVEL}/event/group/{{slug}}", sent=True),
    Message(payloads.Quarantine, f"{GATEWAY_LEVEL}/event/quarantine", sent=True),
    Message(payloads.Notice, f"{GATEWAY_LEVEL}/event/notice", sent=True),
    Message(payloads.Sla, f"{GATEWAY_LEVEL}/event/sla", sent=True),
    Message(payloads.BroadcastEvent, f"{GATEWAY_LEVEL}/event/broadcast", sent=True),
    Message(payloads.Report, f"{GATEWAY_LEVEL}/event/report", sent=True),
    *(Message(struct, f"{GATEWAY_LEVEL}/command/{name}", sent=False) for name, struct in COMMANDS.items()),
    Message(payloads.Presence, f"{COUNTY_LEVEL}/backend/presence", sent=False, retained=True),
)


def components() -> dict[str, Schema]:
    """Make the schema of every message and of what they are made of, by snake_case name."""
    structs = [message.struct for message in MESSAGES]
    _, found = msgspec.json.schema_components(structs, ref_template="{name}")
    names = {message.struct.__name__: message.name for message in MESSAGES}
    schemas = {names.get(key, _snake(key)): _dressed(value, names) for key, value in found.items()}
    for message in MESSAGES:
        schemas[message.name] |= _between_fields(message.struct)
    for schema in schemas.values():  # Python 3.13 strips a docstring's margin, earlier ones keep it
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"])
    return dict(sorted(schemas.items()))


def standalone(name: str) -> Schema:
    """Make one message's schema complete in itself, for a validator that reads one file."""
    schemas = components()
    needed = _reachable(name, schemas)
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "$id": f"urn:kentongan:v1:{name}"}
    body = _pointing(schemas[name], "#/definitions/")
    definitions = {each: _pointing(schemas[each], "#/definitions/") for each in sorted(needed - {name})}
    return head | body | ({"definitions": definitions} if definitions else {})


def asyncapi() -> Schema:
    """Make the AsyncAPI 3.0.0 document, told from the gateway's point of view."""
    return {
        "asyncapi": "3.0.0",
        "id": "urn:kentongan:sms-gateway:v1",
        "info": {
            "title": "Kentongan SMS gateway",
            "version": VERSION,
            "description": "Citizens' SMS become tickets; replies become SMS. "
            "Written from the gateway's point of view: send means that the gateway publishes.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {"county": _server()},
        "channels": {_channel_id(message): _channel(message) for message in MESSAGES},
        "operations": dict(_operation(message) for message in MESSAGES),
        "components": {
            "securitySchemes": {
                "mtls": {"type": "X509", "description": "Client certificate, CN = gateway_id"},
                "password": {"type": "userPassword", "description": "User name = gateway_id, under TLS"},
            },
            "parameters": PARAMETERS,
            "correlationIds": {
                "command": {"location": "$message.payload#/command_id"},
                "ticket": {"location": "$message.payload#/ticket_id"},
            },
            "messages": {message.name: _message(message) for message in MESSAGES},
            "schemas": {name: _pointing(schema, "#/components/schemas/") for name, schema in components().items()},
        },
    }


def files() -> dict[str, str]:
    """Make every file of the published contract, by its path below the folder."""
    made = {
        "asyncapi.yaml": "\n".join(["# Written by `make contract`; change the Structs instead.", *_yaml(asyncapi())])
    }
    for message in MESSAGES:
        made[f"schemas/{message.name}.json"] = _json(standalone(message.name))
        for number, example in enumerate(EXAMPLES[message.name], start=1):
            made[f"examples/{message.name}-{number}.json"] = _json(_plain(example))
    return {path: text.rstrip("\n") + "\n" for path, text in made.items()}


def write(folder: Path) -> None:
    """Make the folder hold exactly these files in `schemas/` and `examples/`, and the document."""
    wanted = files()
    for part in ("schemas", "examples"):
        (folder / part).mkdir(parents=True, exist_ok=True)
        for path in (folder / part).glob("*.json"):
            if f"{part}/{path.name}" not in wanted:
                path.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


# -- schemas ----------------------------------------------------------------------------------------------------------


def _between_fields(struct: type[msgspec.Struct]) -> Schema:
    """Say what holds between fields, from the same declaration that the Struct checks."""
    said: Schema = {}
    if issubclass(struct, payloads.Closed):
        said["patternProperties"] = {"^x_": {}}
        if struct.one_of:
            said["oneOf"] = [{"required": [name]} for name in struct.one_of]
    if struct is payloads.Response:
        said["if"] = {"properties": {"status": {"const": "rejected"}}}
        said["then"] = {"required": ["error"]}
    return said


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _dressed(schema: Schema, names: Mapping[str, str]) -> Schema:
    """Write one schema as JSON Schema would: our names, its patterns, nothing that says nothing."""

    def change(value: object) -> object:
        match value:
            case {"$ref": str(target)}:
                return {"$ref": names.get(target, _snake(target))}
            case {"enum": [only]}:
                return {"const": only}
            case dict():
                return {key: change(inner) for key, inner in value.items() if key not in {"title", "discriminator"}}
            case list() | tuple():
                return [change(inner) for inner in value]
            case str():
                return value.replace(END, "$")
            case _:
                return value

    return {key: change(value) for key, value in schema.items() if key != "title"}


def _pointing(schema: Schema, prefix: str) -> Schema:
    """Make references absolute within a document."""

    def change(value: object) -> object:
        match value:
            case {"$ref": str(target)}:
                return {"$ref": prefix + target}
            case dict():
                return {key: change(inner) for key, inner in value.items()}
            case list():
                return [change(inner) for inner in value]
            case _:
                return value

    return {key: change(value) for key, value in schema.items()}


def _reachable(name: str, schemas: Mapping[str, Schema]) -> set[str]:
    seen: set[str] = set()
    ahead = [name]
    while ahead:
        current = ahead.pop()
        if current not in seen:
            seen.add(current)
            ahead.extend(_targets(schemas[current]))
    return seen


def _targets(value: object) -> Iterator[str]:
    match value:
        case {"$ref": str(target)}:
            yield target
        case dict():
            for inner in value.values():
                yield from _targets(inner)
        case list():
            for inner in value:
                yield from _targets(inner)
        case _:
            pass


# -- the AsyncAPI document --------------------------------------------------------------------------------------------


def _server() -> Schema:
    will = {
        "topic": f"{GATEWAY_LEVEL}/status/connection",
        "qos": 1,
        "retain": True,
        "message": "connection, state lost",
    }
    return {
        "host": "mqtt.example.go.id:8883",
        "protocol": "secure-mqtt",
        "protocolVersion": "5.0",
        "description": "The county's broker; MQTT 3.1.1 works too, with less diagnosis.",
        "security": [{"$ref": f"#/components/securitySchemes/{scheme}"} for scheme in ("mtls", "password")],
        "bindings": {
            "mqtt": {
                "clientId": "kec-depok-01",
                "cleanSession": False,
                "keepAlive": 30,
                "sessionExpiryInterval": SESSION_EXPIRY_S,
                "lastWill": will,
                "bindingVersion": "0.2.0",
            }
        },
        "x-will-delay-s": WILL_DELAY_S,
        "x-max-command-octets": MAX_OCTETS,
    }


def _channel_id(message: Message) -> str:
    levels = message.address.removeprefix(GATEWAY_LEVEL).removeprefix(COUNTY_LEVEL).strip("/").split("/")
    return "_".join(level for level in levels if not level.startswith("{"))


def _channel(message: Message) -> Schema:
    parameters = [name for name in PARAMETERS if f"{{{name}}}" in message.address]
    return {
        "address": message.address,
        "parameters": {name: {"$ref": f"#/components/parameters/{name}"} for name in parameters},
        "messages": {message.name: {"$ref": f"#/components/messages/{message.name}"}},
    }


def _operation(message: Message) -> tuple[str, Schema]:
    operation: Schema = {
        "action": "send" if message.sent else "receive",
        "channel": {"$ref": f"#/channels/{_channel_id(message)}"},
        "bindings": {"mqtt": {"qos": 1, "retain": message.retained, "bindingVersion": "0.2.0"}},
    }
    answer = {"ticket": "command_ticket_ack", "report": "command_report_ack"}.get(message.name)
    if message.struct in COMMANDS.values() and message.name != "ticket_ack":
        answer = "event_response"
    if answer is not None:
        operation["reply"] = {"channel": {"$ref": f"#/channels/{answer}"}}
    return ("publish" if message.sent else "receive") + message.struct.__name__, operation


def _message(message: Message) -> Schema:
    made: Schema = {
        "name": message.tag,
        "summary": (message.struct.__doc__ or "").strip().partition("\n")[0],
        "payload": {"$ref": f"#/components/schemas/{message.name}"},
        "examples": [
            {"name": f"{message.name}-{number}", "payload": _plain(example)}
            for number, example in enumerate(EXAMPLES[message.name], start=1)
        ],
    }
    fields = message.struct.__struct_fields__
    key = "command" if "command_id" in fields else "ticket" if "ticket_id" in fields else ""
    if key:
        made["correlationId"] = {"$ref": f"#/components/correlationIds/{key}"}
    return made


# -- text -------------------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SPOKEN_FOR = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})  # by YAML


def _plain(example: msgspec.Struct) -> object:
    """Take an example as a consumer sees it: lists, no tuples."""
    return msgspec.json.decode(msgspec.json.encode(example))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _yaml(value: object, depth: int = 0) -> Iterator[str]:
    """Write block YAML; whatever YAML might read as something else is written as JSON, which YAML includes."""
    pad = "  " * depth
    match value:
        case dict():
            items = [(f"{pad}{_scalar(key)}:", inner) for key, inner in value.items()]
        case list():
            items = [(f"{pad}-", inner) for inner in value]
        case _:
            items = [(pad, value)]
    for head, inner in items:
        if isinstance(inner, dict | list) and inner:
            yield head
            yield from _yaml(inner, depth + 1)
        else:
            yield f"{head} {_scalar(inner)}"


def _scalar(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _SPOKEN_FOR:
        return value
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "contract"))
