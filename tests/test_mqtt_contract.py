"""The published contract: not stale, valid by an independent validator, and as strict as the code."""

import copy
import gzip
import json
from functools import cache
from pathlib import Path

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.daemon.mosquitto import access_rules
from kentongan.mqtt import contract, payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import COMMANDS, Refused, read
from kentongan.mqtt.contract import MESSAGES
from kentongan.mqtt.examples import EXAMPLES

FOLDER = Path(__file__).parents[1] / "contract"
STRUCTS = {message.name: message.struct for message in MESSAGES}
COMMAND_OF = {
    message.name: name for name, struct in COMMANDS.items() for message in MESSAGES if message.struct is struct
}
VECTORS = [(name, number) for name, examples in EXAMPLES.items() for number in range(len(examples))]


@cache
def validator(name):
    return jsonschema.Draft7Validator(contract.standalone(name))


def body(name, number):
    return json.loads(msgspec.json.encode(EXAMPLES[name][number]))


def test_the_published_files_are_what_the_structs_say():
    wanted = contract.files()
    found = {
        str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8")
        for path in [FOLDER / "asyncapi.yaml", *(FOLDER / "schemas").iterdir(), *(FOLDER / "examples").iterdir()]
    }
    stale = [name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name)]
    assert stale == [], "write them again: python -m kentongan.mqtt.contract contract"


def test_writing_removes_what_is_no_longer_part_of_it(tmp_path):
    contract.write(tmp_path)
    (tmp_path / "schemas" / "gone.json").write_text("{}")
    contract.write(tmp_path)
    assert not (tmp_path / "schemas" / "gone.json").exists()
    assert (tmp_path / "asyncapi.yaml").read_text() == contract.files()["asyncapi.yaml"]


def test_the_document_is_asyncapi_3():
    packed = (FOLDER / "vendor" / "asyncapi-3.0.0-without-id.json.gz").read_bytes()
    schema = json.loads(gzip.decompress(packed))
    assert list(jsonschema.Draft7Validator(schema).iter_errors(contract.asyncapi())) == []


def test_every_reference_of_the_document_leads_somewhere():
    document = contract.asyncapi()

    def walk(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                target = document
                for step in value["$ref"].removeprefix("#/").split("/"):
                    target = target[step]
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)


def test_the_yaml_says_what_the_document_says():
    yaml = pytest.importorskip("yaml", reason="PyYAML is for developers; the text itself is compared above")
    assert yaml.safe_load(contract.files()["asyncapi.yaml"]) == contract.asyncapi()


@pytest.mark.parametrize("name", STRUCTS)
def test_a_schema_is_valid_draft_7_and_complete_in_itself(name):
    schema = contract.standalone(name)
    jsonschema.Draft7Validator.check_schema(schema)
    assert "(?!" not in json.dumps(schema)
    assert schema["properties"]["schema"] == {"const": f"{name}/1"}
    assert "schema" in schema["required"]


def test_every_message_has_examples_and_every_command_a_message():
    assert EXAMPLES.keys() == STRUCTS.keys()
    assert sorted(COMMAND_OF.values()) == sorted(COMMANDS)
    assert all(EXAMPLES.values())


@pytest.mark.parametrize(("name", "number"), VECTORS)
def test_an_example_is_valid_and_round_trips(name, number):
    example = EXAMPLES[name][number]
    assert type(example) is STRUCTS[name]
    validator(name).validate(body(name, number))
    payload = payloads.encode(example)
    assert msgspec.json.decode(payload, type=STRUCTS[name]) == example
    if name in COMMAND_OF:
        assert read(COMMAND_OF[name], payload, retained=False) == example


@pytest.mark.parametrize(("name", "number"), VECTORS)
def test_an_example_without_a_required_field_is_invalid_for_both(name, number):
    for key in contract.standalone(name)["required"]:
        broken = {k: v for k, v in body(name, number).items() if k != key}
        assert not validator(name).is_valid(broken), key
        if key != "schema" or name in COMMAND_OF:  # for what we publish ourselves the tag is implied
            assert not accepted(name, broken), key


@pytest.mark.parametrize("name", COMMAND_OF)
def test_a_typo_in_a_command_is_invalid_and_a_field_of_ones_own_is_not(name):
    for number in range(len(EXAMPLES[name])):
        typo = body(name, number) | {"expire_at": 1}
        own = body(name, number) | {"x_expire_at": 1}
        assert (validator(name).is_valid(typo), accepted(name, typo)) == (False, False)
        assert (validator(name).is_valid(own), accepted(name, own)) == (True, True)


@pytest.mark.parametrize("name", sorted(STRUCTS.keys() - COMMAND_OF.keys() - {"presence"}))
def test_what_the_gateway_says_may_grow(name):
    grown = body(name, 0) | {"new_in_1_9": {"a": 1}}
    assert validator(name).is_valid(grown)
    assert accepted(name, grown)


def test_a_rejection_needs_its_error():
    rejected = body("response", 1)
    del rejected["error"]
    assert not validator("response").is_valid(rejected)


def test_the_error_codes_are_all_published():
    codes = contract.components()["command_error"]["properties"]["code"]
    listed = contract.components()["error_code"]["enum"] if "$ref" in codes else codes["enum"]
    assert sorted(listed) == sorted(ErrorCode)


def test_no_field_has_a_name_that_the_generator_drops():
    for struct in STRUCTS.values():
        assert not {"title", "discriminator"} & set(struct.__struct_fields__)


def accepted(name, value):
    if name in COMMAND_OF:
        return not isinstance(read(COMMAND_OF[name], json.dumps(value).encode(), retained=False), Refused)
    try:
        msgspec.convert(value, type=STRUCTS[name])
    except msgspec.ValidationError:
        return False
    return True


junk = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2**40), st.text(max_size=5), st.just([]), st.just({}), st.just([{}])
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(VECTORS), st.data())
def test_schema_and_code_agree_on_every_mutation(vector, data):
    """Replace or remove one value anywhere: what the published schema refuses, the code refuses, and the reverse."""
    name, number = vector
    value = copy.deepcopy(body(name, number))
    spot = value
    while True:
        key = data.draw(st.sampled_from(list(spot) if isinstance(spot, dict) else range(len(spot))))
        inner = spot[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.booleans()):
            spot = inner
        else:
            break
    if key == "schema":
        return  # its refusal has a code of its own
    if data.draw(st.booleans()):
        spot[key] = data.draw(junk)
    else:
        del spot[key]
    by_schema = validator(name).is_valid(value)
    assert accepted(name, value) == by_schema, value


PAGE = (FOLDER.parent / "docs" / "contract.md").read_text(encoding="utf-8")


def test_every_example_of_the_page_is_valid():
    blocks = [block.partition("```")[0] for block in PAGE.split("```json\n")[1:]]
    names = []
    for block in blocks:
        value = json.loads(block)
        names.append(value["schema"].partition("/")[0])
        validator(names[-1]).validate(value)
    assert names == ["ticket", "ticket_ack", "reply", "response", "reply_event", "ticket_change"]


def test_every_command_line_of_the_page_is_valid():
    payloads_shown = [line.split("'")[1] for line in PAGE.splitlines() if line.strip().startswith("-m '")]
    assert len(payloads_shown) == 3
    for shown in payloads_shown:
        value = json.loads(shown.replace("<the ticket_id>", "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a11"))
        validator(value["schema"].partition("/")[0]).validate(value)


def test_the_page_lists_every_code_in_the_order_of_the_checks():
    rows = [line.split("|")[1:4] for line in PAGE.splitlines() if line[:3] in {f"| {digit}" for digit in "123456789"}]
    assert [row[1].strip(" `") for row in rows] == list(ErrorCode)
    assert [row[2].strip() == "yes" for row in rows] == [code.retryable for code in ErrorCode]
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_the_page_lists_every_topic():
    shown = {line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")}
    below = {message.address.split("_id}/", 1)[1].removeprefix("{gateway_id}/") for message in MESSAGES}
    assert shown == below


def test_the_pages_access_rules_are_the_ones_that_are_tested():
    rules = [line.split() for line in access_rules("kentongan", "3404").splitlines() if line and line[0] != "#"]
    page = [line.split() for line in PAGE.splitlines()]
    assert [line for line in rules if line not in page] == []
