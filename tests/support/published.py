"""Everything the gateway says, checked by an independent validator against the published schemas."""

import json
from functools import cache
from pathlib import Path

import jsonschema

from kentongan.mqtt.contract import MESSAGES

SCHEMAS = Path(__file__).parents[2] / "contract" / "schemas"
LEVELS = {message.name: message.address.split("_id}/", 1)[1].removeprefix("{gateway_id}/") for message in MESSAGES}


@cache
def validator(name):
    schema = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return jsonschema.Draft7Validator(schema)


def check(topic: str, payload: bytes, *, retained: bool | None = None) -> None:
    """Fail unless the payload is a valid document of the contract on the topic that the contract gives it."""
    if not payload:
        assert "/status/" in topic, f"an empty payload on {topic}"
        return
    document = json.loads(payload)
    name = document["schema"].partition("/")[0]
    validator(name).validate(document)
    county, gateway, kind, *rest = topic.split("/v1/")[1].split("/")
    assert (document["county_id"], document["gateway_id"]) == (county, gateway)
    wanted = LEVELS[name].split("/")
    found = [kind, *rest]
    assert len(wanted) == len(found), (topic, name)
    assert all(w in {f, "{code}", "{slug}"} for w, f in zip(wanted, found, strict=True)), (topic, name)
    if "{code}" in wanted:
        assert document["code"] == rest[-1]
    if "{slug}" in wanted:
        assert document["slug"] == rest[-1]
    assert retained in {None, kind == "status"}, f"{topic}: retain={retained}"
    assert len(payload) <= (64_000 if name == "ticket" else 8_192), f"{name}: {len(payload)} octets"
