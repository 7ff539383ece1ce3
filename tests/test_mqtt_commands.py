"""Checks 1-6 of contract 4.9: every malformed command gets its code, in the fixed order, and nothing ever raises."""

import hashlib
import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.mqtt import payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import COMMANDS, MAX_DEPTH, MAX_OCTETS, Refused, fingerprint, read

TICKET_ID = "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a11"
REPLY = {"schema": "reply/1", "command_id": "LPR-1:confirm", "ticket_id": TICKET_ID, "text": "Terima kasih."}
PING = {"schema": "ping/1", "command_id": "p1"}
VALID = {
    "ticket_ack": {"schema": "ticket_ack/1", "ticket_id": TICKET_ID, "status": "accepted"},
    "reply": REPLY,
    "reply_cancel": {"schema": "reply_cancel/1", "command_id": "c", "target_command_id": "d"},
    "resend": {"schema": "resend/1", "command_id": "c", "select": {"by": "seq", "from_seq": 1}},
    "get": {"schema": "get/1", "command_id": "c", "what": "info"},
    "ping": PING,
    "erase": {"schema": "erase/1", "command_id": "c", "sender_ref": "s_q1X7c0b3kTn2"},
    "notify": {"schema": "notify/1", "command_id": "c", "role": "camat", "text": "Uji"},
    "broadcast": {"schema": "broadcast/1", "command_id": "c", "text": "Uji", "to": ["+6281234567890"]},
    "broadcast_cancel": {"schema": "broadcast_cancel/1", "command_id": "c", "target_command_id": "d"},
    "ticket": {"schema": "ticket_change/1", "command_id": "c", "ticket_id": TICKET_ID},
    "release": {"schema": "release/1", "command_id": "c", "quarantine_id": "7f3a9c1e-61"},
    "report_ack": {"schema": "report_ack/1", "command_id": "c", "period": "2026-01"},
}


def of(name, value, *, retained=False):
    return read(name, json.dumps(value).encode(), retained=retained)


def code(name, payload, *, retained=False):
    answer = read(name, payload, retained=retained)
    assert isinstance(answer, Refused), answer
    return answer.code


@pytest.mark.parametrize("name", VALID)
def test_a_valid_command_is_read_into_its_type(name):
    assert type(of(name, VALID[name])) is COMMANDS[name]


def test_every_command_has_an_example_here():
    assert VALID.keys() == COMMANDS.keys()


BROKEN = [
    (b"", "invalid_json"),
    (b"   ", "invalid_json"),
    (b"{", "invalid_json"),
    (b"{}}", "invalid_json"),
    (b"{'schema':'ping/1'}", "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a",}', "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a"} {}', "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a","command_id":"b"}', "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a","x_a":{"b":1,"b":1}}', "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a","x_a":NaN}', "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a","x_a":-Infinity}', "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a","x_a":1e999}', "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a","x_a":' + b"9" * 5000 + b"}", "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a","x_a":' + b"[" * 9 + b"]" * 9 + b"}", "invalid_json"),
    (b"[" * 16_000, "invalid_json"),
    (b'{"a":' * 3_000, "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a","echo":"\\ud83d"}', "invalid_json"),
    (b'{"schema":"ping/1","command_id":"a","echo":"a\nb"}', "invalid_json"),
    (b"\xef\xbb\xbf" + json.dumps(PING).encode(), "invalid_encoding"),
    (json.dumps(PING).encode("utf-16"), "invalid_encoding"),
    (b'{"schema":"ping/1","command_id":"a","echo":"\xff"}', "invalid_encoding"),
    (b'{"schema":"ping/1","command_id":"a","echo":"\xed\xa0\x80"}', "invalid_encoding"),
    (b"null", "schema_invalid"),
    (b'"ping"', "schema_invalid"),
    (b"[]", "schema_invalid"),
    (b"{}", "schema_invalid"),
    (b'{"command_id":"a"}', "schema_invalid"),
    (b'{"schema":1,"command_id":"a"}', "schema_invalid"),
    (b'{"schema":"reply/1","command_id":"a"}', "schema_invalid"),
    (b'{"schema":"ping","command_id":"a"}', "schema_unsupported"),
    (b'{"schema":"ping/2","command_id":"a"}', "schema_unsupported"),
    (b'{"schema":"ping/1.5","command_id":"a"}', "schema_unsupported"),
    (b'{"schema":"ping/1"}', "schema_invalid"),
    (b'{"schema":"ping/1","command_id":""}', "schema_invalid"),
    (b'{"schema":"ping/1","command_id":null}', "schema_invalid"),
    (b'{"schema":"ping/1","command_id":"a b"}', "schema_invalid"),
    (b'{"schema":"ping/1","command_id":"a\\n"}', "schema_invalid"),
    (b'{"schema":"ping/1","command_id":"' + b"a" * 65 + b'"}', "schema_invalid"),
    (b'{"schema":"ping/1","command_id":"a","echo":null}', "schema_invalid"),
    (b'{"schema":"ping/1","command_id":"a","ecko":"x"}', "schema_invalid"),
    (b"x" * (MAX_OCTETS + 1), "payload_too_large"),
]


@pytest.mark.parametrize(("payload", "expected"), BROKEN, ids=range(len(BROKEN)))
def test_a_malformed_command_has_its_code(payload, expected):
    assert code("ping", payload) == expected


FIELDS = [
    ("reply", {"text": ""}, "text"),
    ("reply", {"text": "x" * 4001}, "text"),
    ("reply", {"text": 5}, "text"),
    ("reply", {"ticket_id": TICKET_ID.upper()}, "ticket_id"),
    ("reply", {"ticket_id": "42"}, "ticket_id"),
    ("reply", {"to": "+6281234567890"}, ""),  # both addressees
    ("reply", {"expire_at": "2026-02-04T09:17:01+07:00"}, "expire_at"),
    ("reply", {"expires_at": "2026-02-04T09:17:01"}, "expires_at"),
    ("reply", {"expires_at": "2026-02-04 09:17:01+07:00"}, "expires_at"),
    ("reply", {"expires_at": "2026-02-30T09:17:01+07:00"}, "expires_at"),
    ("reply", {"expires_at": "2026-02-04T09:17:01+07:00\n"}, "expires_at"),
    ("reply", {"issued_at": "2026-13-04T09:17:01Z"}, "issued_at"),
    ("reply", {"max_parts": 0}, "max_parts"),
    ("reply", {"max_parts": 21}, "max_parts"),
    ("reply", {"max_parts": True}, "max_parts"),
    ("reply", {"max_parts": "3"}, "max_parts"),
    ("reply", {"max_parts": 2.0}, "max_parts"),
    ("reply", {"priority": "flash"}, "priority"),
    ("reply", {"delivery_report": 1}, "delivery_report"),
    ("reply", {"ref": "x" * 65}, "ref"),
    ("ticket_ack", {"status": "Accepted"}, "status"),
    ("ticket_ack", {"revision": 0}, "revision"),
    ("ticket_ack", {"backend_id": "Sleman"}, "backend_id"),
    ("resend", {"select": {"by": "seq"}}, "select.from_seq"),
    ("resend", {"select": {"by": "seq", "from_seq": 1, "since": "x"}}, "select.since"),
    ("resend", {"select": {"by": "all"}}, "select.by"),
    ("resend", {"select": {"by": "time", "since": "yesterday"}}, "select.since"),
    ("resend", {"select": {"by": "time", "since": "2026-02-31T00:00:00Z"}}, "select.since"),
    ("resend", {"select": {"by": "ids", "ticket_ids": []}}, "select.ticket_ids"),
    ("resend", {"select": {"by": "ids", "ticket_ids": [TICKET_ID] * 201}}, "select.ticket_ids"),
    ("resend", {"select": {"by": "ids", "ticket_ids": ["x"]}}, "select.ticket_ids[0]"),
    ("resend", {"include": ["alarms"]}, "include[0]"),
    ("resend", {"include": ["tickets", "tickets"]}, "include"),
    ("resend", {"limit": 1001}, "limit"),
    ("get", {"what": "password"}, "what"),
    ("erase", {"ticket_ids": [TICKET_ID]}, ""),
    ("erase", {"sender_ref": "+6281234567890"}, "sender_ref"),
]


@pytest.mark.parametrize(("name", "change", "field"), FIELDS)
def test_a_wrong_field_is_named(name, change, field):
    answer = of(name, VALID[name] | change)
    assert isinstance(answer, Refused), answer
    assert (answer.code, answer.field) == (ErrorCode.SCHEMA_INVALID, field)
    assert not answer.retryable


@pytest.mark.parametrize("name", VALID)
def test_every_required_field_is_required(name):
    for key in VALID[name]:
        answer = of(name, {k: v for k, v in VALID[name].items() if k != key})
        assert isinstance(answer, Refused), key
        assert answer.code is ErrorCode.SCHEMA_INVALID
        assert answer.field in {key, ""}  # "" when another field could stand in


@pytest.mark.parametrize("name", VALID)
def test_fields_of_the_backends_own_are_ignored(name):
    assert of(name, VALID[name] | {"x_case": {"any": [1, None]}}) == of(name, VALID[name])


def test_an_own_field_inside_a_selection_is_no_excuse():
    answer = of("resend", VALID["resend"] | {"select": {"by": "unacknowledged", "x_a": 1}})
    assert isinstance(answer, Refused)
    assert answer.field == "select.x_a"


def test_an_unknown_command_is_named_after_the_json_was_read():
    assert code("reboot", b"{") is ErrorCode.INVALID_JSON
    answer = of("reboot", {"schema": "reboot/1", "command_id": "r1"})
    assert isinstance(answer, Refused)
    assert (answer.code, answer.command_id) == (ErrorCode.UNKNOWN_COMMAND, "r1")


def test_the_checks_come_in_the_contracts_order():
    """Each payload also commits every later sin; the first one is answered."""
    sins = [
        (b"\xff{" + b" " * MAX_OCTETS, True, ErrorCode.RETAINED_NOT_ALLOWED),
        (b"\xff{" + b" " * MAX_OCTETS, False, ErrorCode.PAYLOAD_TOO_LARGE),
        (b'\xff{"schema":"ping/9"', False, ErrorCode.INVALID_ENCODING),
        (b'{"schema":"ping/9","nonsense":1', False, ErrorCode.INVALID_JSON),
        (b'{"schema":"ping/9","nonsense":1}', False, ErrorCode.SCHEMA_UNSUPPORTED),
        (b'{"schema":"ping/1","nonsense":1}', False, ErrorCode.SCHEMA_INVALID),
    ]
    found = [code("ping", payload, retained=retained) for payload, retained, _ in sins]
    assert found == [expected for *_, expected in sins]
    assert len(set(found)) == 6


def test_a_command_at_the_size_limit_is_read():
    room = MAX_OCTETS - len(json.dumps(PING | {"x_fill": ""}))
    payload = json.dumps(PING | {"x_fill": "x" * room}).encode()
    assert len(payload) == MAX_OCTETS
    assert not isinstance(read("ping", payload, retained=False), Refused)
    assert code("ping", payload + b" ") is ErrorCode.PAYLOAD_TOO_LARGE


def test_nesting_is_allowed_to_the_limit_and_not_beyond():
    def nested(depth):
        return f'{{"schema":"ping/1","command_id":"a","x_a":{"[" * depth}{"]" * depth}}}'.encode()

    fits = [depth for depth in range(1, 20) if not isinstance(read("ping", nested(depth), retained=False), Refused)]
    assert fits == list(range(1, MAX_DEPTH))


def test_a_refusal_names_the_command_when_it_can():
    answer = of("ping", PING | {"ecko": 1})
    assert isinstance(answer, Refused)
    assert (answer.command_id, answer.details) == ("p1", {})


def test_an_unreadable_command_is_named_by_its_digest():
    payload = b"not json at all!!"
    answer = read("reply", payload, retained=False)
    assert isinstance(answer, Refused)
    assert answer.command_id is None
    assert answer.details == {"payload_sha256": hashlib.sha256(payload).hexdigest(), "bytes": 17}


def test_a_refusal_is_an_error_of_the_contract():
    answer = of("reply", REPLY | {"max_parts": 99})
    assert isinstance(answer, Refused)
    error = json.loads(payloads.encode(response(answer)))["error"]
    assert error == {
        "code": "schema_invalid",
        "message": "Expected `int` <= 20",
        "retryable": False,
        "field": "max_parts",
    }


SECRET = "+6281299998888"


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(REPLY | {"to": [SECRET]}),
        json.dumps(REPLY | {"priority": SECRET}),
        json.dumps(REPLY | {SECRET: 1}),
        json.dumps(REPLY | {"schema": SECRET}),
        json.dumps(REPLY | {"schema": f"reply/{SECRET}"}),
        json.dumps(REPLY | {"command_id": f"{SECRET} x"}),
        json.dumps(REPLY | {"ticket_id": SECRET}),
        json.dumps(REPLY | {"expires_at": SECRET}),
        json.dumps(REPLY | {"expires_at": "2026-02-30T00:00:00Z", "text": SECRET}),
        json.dumps(REPLY | {"text": {SECRET: SECRET}}),
        f'{{"{SECRET}":1,"{SECRET}":2}}',
        f'{{"text":"{SECRET}"',
        f'["{SECRET}"]',
    ],
)
def test_a_refusal_never_repeats_what_was_sent(payload):
    answer = read("reply", payload.encode(), retained=False)
    assert isinstance(answer, Refused)
    assert SECRET not in repr(answer)


def test_the_same_reply_has_the_same_fingerprint_whatever_else_differs():
    one = of("reply", REPLY)
    other = of(
        "reply", REPLY | {"issued_at": "2026-02-03T09:17:01+07:00", "ref": "x", "x_try": 2, "command_id": "other"}
    )
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    "change",
    [{"text": "Terima kasih"}, {"max_parts": 2}, {"ticket_id": TICKET_ID[:-1] + "2"}],
    ids=["text", "parts", "target"],
)
def test_another_text_target_or_part_limit_is_another_reply(change):
    assert fingerprint(of("reply", REPLY)) != fingerprint(of("reply", REPLY | change))


def test_fields_of_a_fingerprint_cannot_run_into_each_other():
    prints = {
        fingerprint(of("get", VALID["get"] | change))
        for change in ({"what": "ticket", "id": "a"}, {"what": "reply", "id": "a"}, {"what": "reply", "id": "b"}, {})
    }
    assert len(prints) == 4
    assert fingerprint(of("ping", PING)) != fingerprint(of("get", VALID["get"]))


# -- properties ------------------------------------------------------------------------------------------------------

names = st.sampled_from([*COMMANDS, "nonsense", ""])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(names, st.binary(max_size=300), st.booleans())
def test_reading_any_bytes_never_raises(name, payload, retained):
    assert isinstance(read(name, payload, retained=retained), Refused)


@settings(deadline=None)
@given(
    st.sampled_from(list(VALID)),
    st.dictionaries(
        st.sampled_from(
            [
                "schema",
                "command_id",
                "ticket_id",
                "text",
                "to",
                "select",
                "include",
                "limit",
                "what",
                "id",
                "echo",
                "status",
                "expires_at",
                "issued_at",
                "max_parts",
                "sender_ref",
                "ticket_ids",
                "target_command_id",
                "x_a",
            ]
        ),
        json_values,
        max_size=3,
    ),
)
def test_reading_any_mutation_gives_a_command_or_a_refusal_that_can_be_answered(name, changes):
    answer = of(name, VALID[name] | changes)
    if isinstance(answer, Refused):
        payloads.encode(response(answer))
    else:
        assert len(fingerprint(answer)) == 64
        assert read(name, payloads.encode(answer), retained=False) == answer


@settings(deadline=None)
@given(st.sampled_from(list(VALID)), st.data())
def test_a_truncated_command_is_refused(name, data):
    payload = json.dumps(VALID[name]).encode()
    cut = data.draw(st.integers(0, len(payload) - 1))
    assert code(name, payload[:cut]) is ErrorCode.INVALID_JSON


def response(refused):
    return payloads.Response(
        event_id=TICKET_ID,
        county_id="3404",
        gateway_id="kec-depok-01",
        command_id=refused.command_id,
        command="reply",
        status="rejected",
        duplicate=False,
        at="2026-02-03T09:17:01+07:00",
        error=refused.error,
    )


def test_the_codes_of_a_capacity_are_the_retryable_ones():
    retryable = [each for each in ErrorCode if each.retryable]
    assert retryable == ["queue_full", "rate_limited", "storage_unavailable", "internal_error"]
    assert all(a.retryable <= b.retryable for a, b in pairwise(ErrorCode))  # 9 comes last
