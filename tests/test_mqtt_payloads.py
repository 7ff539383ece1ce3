"""Every document of the contract: examples round-trip, required fields are required, absent is not null."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.mqtt import payloads

UUID = "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a11"
AT = "2026-02-03T09:15:27.412+07:00"
WHO = {"county_id": "3404", "gateway_id": "kec-depok-01"}


def ticket(**changes):
    values = {
        **WHO,
        "event_id": UUID,
        "ticket_id": UUID,
        "revision": 1,
        "store_id": "7f3a9c1e",
        "seq": 1042,
        "attempt": 1,
        "received_at": AT,
        "sent_at": AT,
        "clock": "synced",
        "sender": payloads.TicketSender(ref="s_q1X7c0b3kTn2", replyable=True, number="+6281234567890"),
        "text": "Lampu jalan mati",
        "text_lossy": False,
        "encoding": "gsm7",
        "parts": payloads.TicketParts(total=1, received=1),
    }
    return payloads.Ticket(**(values | changes))


def test_the_schema_comes_first_and_absent_fields_are_absent():
    body = payloads.encode(ticket())
    assert body.startswith(b'{"schema":"ticket/1","event_id":')
    assert b"null" not in body
    assert b"smsc_at" not in body


def test_an_absurd_stamp_is_null_and_not_absent():
    assert json.loads(payloads.encode(ticket(smsc_at=None)))["smsc_at"] is None


def test_text_is_utf_8_and_not_escaped():
    assert "Jembatan … 🙏 ꦲ".encode() in payloads.encode(ticket(text="Jembatan … 🙏 ꦲ"))


def test_the_type_of_an_event_is_named_after_its_schema():
    assert payloads.event_type(ticket()) == "kentongan.ticket.v1"


@pytest.mark.parametrize(
    ("payload", "state"),
    [
        (b'{"schema":"presence/1","backend_id":"sleman-lapor","state":"online"}', "online"),
        (
            b'{"schema":"presence/1","backend_id":"sleman-lapor","state":"lost","since":"2026-02-03T08:00:00+07:00"}',
            "lost",
        ),
        (b'{"schema":"presence/1","backend_id":"sleman-lapor","state":"asleep"}', None),
        (b'{"schema":"presence/2","backend_id":"sleman-lapor","state":"online"}', None),
        (b"", None),
        (b"\xff", None),
        (b"[]", None),
    ],
)
def test_a_presence_is_read_or_it_is_nothing(payload, state):
    presence = payloads.read_presence(payload)
    assert (presence.state if presence else None) == state


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_reading_a_presence_never_raises(payload):
    assert payloads.read_presence(payload) is None


@settings(deadline=None)
@given(
    st.integers(0, 4_102_444_800_000),
    st.sampled_from([420, 480, 540, 0, -210]),
)
def test_a_time_is_written_with_offset_and_milliseconds_and_reads_back(unix_ms, offset_min):
    text = payloads.rfc3339(unix_ms, offset_min)
    assert payloads.unix_ms(text) == unix_ms
    assert len(text) == 29
    msgspec.convert(text, type=payloads.fields.Time)


@pytest.mark.parametrize(
    ("text", "unix_ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-02-03T09:15:27.412+07:00", 1_770_084_927_412),
        ("2026-02-03T02:15:27.412Z", 1_770_084_927_412),
        ("2026-02-03T02:15:27.4129Z", 1_770_084_927_412),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_a_time_is_read(text, unix_ms):
    assert payloads.unix_ms(text) == unix_ms


@pytest.mark.parametrize("text", ["2026-02-30T00:00:00Z", "2026-02-03T24:61:00Z", "2026-02-03T09:15:27", "kemarin", ""])
def test_a_time_that_does_not_exist_is_refused(text):
    with pytest.raises(ValueError, match=r"moment|offset"):
        payloads.unix_ms(text)


def test_consumers_may_add_fields_to_what_the_gateway_says():
    """Contract 4.11: a consumer ignores what it does not know; so does our own reader."""
    body = json.loads(payloads.encode(ticket())) | {"new_in_1_7": 1}
    assert msgspec.convert(body, type=payloads.Ticket) == ticket()


def test_the_package_offers_what_it_names():
    assert set(payloads.__all__) <= set(vars(payloads))


def test_no_document_holds_a_number_outside_tickets_and_commands():
    """Contract 0.4: nothing retained has a field for a phone number or a citizen's text."""
    schema, definitions = msgspec.json.schema_components(
        [payloads.Connection, payloads.Info, payloads.Health, payloads.Alarm, payloads.ReplyEvent, payloads.Response]
    )
    assert schema
    fields = {name for part in definitions.values() for name in part.get("properties", {})}
    assert fields.isdisjoint({"number", "sender", "to", "msisdn", "recipient"})
