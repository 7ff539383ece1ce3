"""Contract 4.11: what was released keeps working. `contract/released/` is frozen; the Structs may only grow."""

import json
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from kentongan.mqtt import contract
from kentongan.mqtt.commands import COMMANDS, Refused, read
from kentongan.mqtt.contract import MESSAGES

RELEASED = Path(__file__).parents[1] / "contract" / "released"
SCHEMAS = sorted(RELEASED.glob("*/schemas/*.json"))
EXAMPLES = sorted(RELEASED.glob("*/examples/*.json"))
SENT = {message.name: message.sent for message in MESSAGES}
COMMAND_OF = {str(struct.__struct_config__.tag): name for name, struct in COMMANDS.items()}
LIMITS_UP = {"maxLength", "maximum", "maxItems"}  # may be raised in what we accept
LIMITS_DOWN = {"minLength", "minimum", "minItems"}  # may be lowered in what we accept


@cache
def now(name):
    return contract.standalone(name)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def broken(old, new, where, *, sent, old_root, new_root):
    """Say what of an old schema does not hold any more. `sent`: we say it; otherwise we accept it."""
    old, new = resolved(old, old_root), resolved(new, new_root)
    if "anyOf" in old or "anyOf" in new:
        return broken_choice(old, new, where, sent=sent, old_root=old_root, new_root=new_root)
    found = []
    if old.get("type") != new.get("type"):
        found.append(f"{where}: type {old.get('type')} became {new.get('type')}")
    if "const" in old and old["const"] != new.get("const"):
        found.append(f"{where}: {old['const']} became {new.get('const')}")
    if "enum" in old and not sent and set(old["enum"]) - set(new.get("enum", old["enum"])):
        found.append(f"{where}: values are not accepted any more")
    if "pattern" in old and old["pattern"] != new.get("pattern"):
        found.append(f"{where}: another form")
    for key in LIMITS_UP | LIMITS_DOWN:
        found += broken_limit(key, old, new, where, sent=sent)
    became_mandatory = set(new.get("required", ())) - set(old.get("required", ()))
    ceased = set(old.get("required", ())) - set(new.get("required", ()))
    if not sent and became_mandatory:
        found.append(f"{where}: became mandatory: {sorted(became_mandatory)}")
    if sent and ceased:
        found.append(f"{where}: not always said any more: {sorted(ceased)}")
    for name, inner in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            found.append(f"{where}.{name}: removed")
            continue
        found += broken(
            inner, new["properties"][name], f"{where}.{name}", sent=sent, old_root=old_root, new_root=new_root
        )
    if "items" in old and isinstance(old["items"], dict) and isinstance(new.get("items"), dict):
        found += broken(old["items"], new["items"], f"{where}[]", sent=sent, old_root=old_root, new_root=new_root)
    return found


def broken_choice(old, new, where, **how):
    olds, news = old.get("anyOf", [old]), new.get("anyOf", [new])
    kept = [any(not broken(one, other, where, **how) for other in news) for one in olds]
    return [] if all(kept) or (how["sent"] and any(kept)) else [f"{where}: a choice is gone"]


def broken_limit(key, old, new, where, *, sent):
    if key not in old and key not in new:
        return []
    if key not in old:
        return [] if sent else [f"{where}: new limit {key}"]
    if key not in new:
        return [f"{where}: {key} is gone"] if sent else []
    stricter = new[key] < old[key] if key in LIMITS_UP else new[key] > old[key]
    looser = new[key] != old[key] and not stricter
    return [f"{where}: {key} {old[key]} became {new[key]}"] if (looser if sent else stricter) else []


def resolved(schema, root):
    while "$ref" in schema:
        schema = root["definitions"][schema["$ref"].rpartition("/")[2]]
    return schema


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_released_message_keeps_its_promises(path):
    old, new = load(path), now(path.stem)
    assert broken(old, new, path.stem, sent=SENT[path.stem], old_root=old, new_root=new) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_a_released_example_is_still_understood(path):
    value = load(path)
    name = value["schema"].partition("/")[0]
    jsonschema.Draft7Validator(now(name)).validate(value)
    if value["schema"] in COMMAND_OF:
        command = read(COMMAND_OF[value["schema"]], json.dumps(value).encode(), retained=False)
        assert not isinstance(command, Refused)


def test_a_release_is_there_and_whole():
    assert {path.stem for path in SCHEMAS if path.parts[-3] == "1.0"} == SENT.keys()
    assert {load(path)["schema"].partition("/")[0] for path in EXAMPLES} == SENT.keys()


OBJECT = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "maxLength": 5}, "b": {}}}


@pytest.mark.parametrize(
    ("change", "sent", "word"),
    [
        ({"properties": {"a": {"type": "string", "maxLength": 5}}}, True, "removed"),
        ({"properties": {"a": {"type": "integer", "maxLength": 5}, "b": {}}}, True, "type"),
        ({"required": []}, True, "not always"),
        ({"required": ["a", "b"]}, False, "mandatory"),
        ({"properties": {"a": {"type": "string", "maxLength": 4}, "b": {}}}, False, "maxLength"),
        ({"properties": {"a": {"type": "string", "maxLength": 6}, "b": {}}}, True, "maxLength"),
    ],
)
def test_every_kind_of_break_is_noticed(change, sent, word):
    (found,) = broken(OBJECT, OBJECT | change, "x", sent=sent, old_root=OBJECT, new_root=OBJECT)
    assert word in found


@pytest.mark.parametrize("sent", [True, False])
def test_growing_breaks_nothing(sent):
    grown = OBJECT | {"properties": OBJECT["properties"] | {"c": {"type": "string"}}}
    assert broken(OBJECT, grown, "x", sent=sent, old_root=OBJECT, new_root=OBJECT) == []
