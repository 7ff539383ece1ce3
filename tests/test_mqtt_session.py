"""One connection's life by the clock, without a socket: what a real broker shows too slowly or too rarely."""

import pytest
from msgspec.structs import replace

from kentongan.mqtt.events import (
    BrokerUp,
    Delivery,
    DownCause,
    MessageReceived,
    PubackResult,
    Publication,
    Published,
)
from kentongan.mqtt.reconnect import Poison, Version
from kentongan.mqtt.session import UNLIMITED, Connack, Notes, Session, Terms
from kentongan.mqtt.settings import Rhythm, Subscription

YES = Connack(0, "Success")
TERMS = Terms("c1", Version.V5, (Subscription("a/#"), Subscription("b/#", required=False)), Rhythm(30))
MESSAGE = MessageReceived("a/b", b"x", retained=False, correlation=b"", delivery=Delivery("c1", 7))


class Tape:
    """A wire that writes down what it is asked to do."""

    def __init__(self, *, secure=False):
        self.secure, self.certificate_until_s = secure, 0.0
        self.done = []

    def subscribe(self):
        self.done.append("subscribe")

    def publish(self, publication):
        self.done.append(publication.token)
        return publication.token + 100

    def ack(self, packet_id):
        self.done.append(f"ack {packet_id}")

    def ping(self):
        self.done.append("ping")

    def disconnect(self):
        self.done.append("disconnect")


def begin(connack=YES, *, secure=False, poison=None, rhythm=TERMS.rhythm):
    tape = Tape(secure=secure)
    session = Session(tape, replace(TERMS, rhythm=rhythm), poison or Poison(), 0.0)
    if connack is not None:
        session.heard(Notes(connack=connack), 1.0)
    return session, tape


def up(connack=YES, **more):
    session, tape = begin(connack, **more)
    session.heard(Notes(suback=(1, 1)), 2.0)
    session.events()
    tape.done.clear()
    return session, tape


def publication(token, **more):
    return Publication(token, "t", b"{}", **more)


def test_it_subscribes_after_the_connack_and_is_up_after_the_suback():
    session, tape = begin()
    assert (tape.done, session.events()) == (["subscribe"], [])
    session.heard(Notes(suback=(1, 1)), 2.0)
    assert session.events() == [BrokerUp("c1", "5.0", session_present=False, window=10, max_packet=UNLIMITED - 1024)]


def test_without_subscriptions_the_connack_is_enough():
    tape = Tape()
    session = Session(tape, Terms("c1", Version.V5, (), Rhythm(30)), Poison(), 0.0)
    session.heard(Notes(connack=YES), 1.0)
    assert ([type(event) for event in session.events()], tape.done) == ([BrokerUp], [])


def test_what_came_before_the_suback_is_told_after_it():
    session, _ = begin()
    session.heard(Notes(messages=[MESSAGE]), 1.5)
    assert session.events() == []
    session.heard(Notes(suback=(1, 1)), 2.0)
    assert [type(event) for event in session.events()] == [BrokerUp, MessageReceived]


def test_messages_of_the_same_read_as_the_suback_are_told_once():
    session, _ = begin()
    session.heard(Notes(suback=(1, 1), messages=[MESSAGE]), 2.0)
    assert [type(event) for event in session.events()] == [BrokerUp, MessageReceived]


@pytest.mark.parametrize(("at", "down"), [(9.9, None), (10.0, DownCause.TIMEOUT)])
def test_a_connack_has_ten_seconds(at, down):
    session, _ = begin(connack=None)
    assert session.deadline() == 10.0
    session.tick(at)
    assert (session.down and session.down.cause) is down


@pytest.mark.parametrize(("at", "down"), [(10.9, None), (11.0, DownCause.TIMEOUT)])
def test_a_suback_has_ten_seconds(at, down):
    session, _ = begin()
    session.tick(at)
    assert (session.down and session.down.cause) is down


def test_a_puback_has_twenty_seconds():
    session, _ = up()
    session.publish(publication(1), 5.0)
    session.publish(publication(2), 6.0)
    session.heard(Notes(pubacks=[(101, 0)]), 20.0)
    assert session.deadline() == 26.0
    session.tick(25.9)
    assert session.down is None
    session.tick(26.0)
    assert session.down is not None
    assert (session.down.cause, session.down.unconfirmed, session.down.connected_s) == (
        DownCause.PUBACK_TIMEOUT,
        (2,),
        24.0,
    )


def test_a_ping_goes_out_after_the_keepalive_and_silence_has_twenty_seconds():
    session, tape = up()
    assert session.deadline() == 31.0  # 30 s after the last word of ours
    session.tick(31.0)
    assert tape.done == ["ping"]
    assert session.deadline() == 51.0
    session.tick(51.0)
    assert session.down is not None
    assert session.down.cause is DownCause.LOST


OFFICE = Rhythm(30, probe_s=12.0, answer_s=8.0)


def test_a_server_that_falls_silent_is_asked_before_the_promise_obliges_us_and_given_up_soon():
    session, tape = up(rhythm=OFFICE)
    session.ack(Delivery("c1", 7), 9.0)  # what we say is no sign of life
    assert session.deadline() == 14.0  # 12 s after the broker's last word
    session.tick(14.0)
    assert tape.done == ["ack 7", "ping"]
    session.tick(21.9)
    assert session.down is None
    session.tick(22.0)
    assert session.down is not None
    assert (session.down.cause, session.down.silent_s) == (DownCause.LOST, 20.0)


def test_a_server_that_answers_within_its_time_is_believed():
    session, _ = up(rhythm=OFFICE)
    session.tick(14.0)
    session.heard(Notes(), 21.9)
    session.tick(22.0)
    assert session.down is None
    assert session.deadline() == 33.9


def test_a_connection_that_the_other_side_ends_was_not_silent():
    session, _ = up(rhythm=OFFICE)
    session.closed(Notes(), 13.0)
    assert session.down is not None
    assert session.down.silent_s == 0.0


def test_a_missing_acknowledgement_tells_how_long_nothing_was_heard():
    session, _ = up(rhythm=OFFICE)
    session.publish(publication(1), 3.0)
    session.heard(Notes(), 13.0)
    session.tick(23.0)
    assert session.down is not None
    assert (session.down.cause, session.down.silent_s) == (DownCause.PUBACK_TIMEOUT, 10.0)


def test_a_broker_that_wants_a_shorter_keepalive_changes_the_promise_alone():
    assert OFFICE.within(10) == Rhythm(10, probe_s=12.0, answer_s=8.0)
    assert OFFICE.within(0) == OFFICE.within(60) == OFFICE


def test_any_byte_is_a_sign_of_life():
    session, _ = up()
    session.tick(31.0)
    session.heard(Notes(), 50.9)
    session.tick(51.0)
    assert session.down is None
    assert session.deadline() == 61.0


def test_a_talkative_broker_is_still_told_that_we_live():
    session, tape = up()
    for second in range(3, 32):
        session.heard(Notes(messages=[MESSAGE]), float(second))
        session.tick(float(second))
    assert tape.done == ["ping"]


def test_the_window_is_kept_and_refilled_in_order():
    session, tape = up(Connack(0, "", receive_maximum=3))
    for token in range(5):
        session.publish(publication(token), 3.0)
    assert tape.done == [0, 1, 2]
    session.heard(Notes(pubacks=[(101, 0)]), 4.0)
    session.heard(Notes(pubacks=[(100, 16), (102, 135)]), 4.0)
    assert tape.done == [0, 1, 2, 3, 4]
    assert session.events() == [
        Published(1, PubackResult.ACCEPTED),
        Published(0, PubackResult.NO_SUBSCRIBER),
        Published(2, PubackResult.NOT_AUTHORIZED),
    ]


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        (0, PubackResult.ACCEPTED),
        (16, PubackResult.NO_SUBSCRIBER),
        (127, PubackResult.ACCEPTED),
        (128, PubackResult.REFUSED),
        (135, PubackResult.NOT_AUTHORIZED),
        (151, PubackResult.REFUSED),
    ],
)
def test_a_puback_reason_has_its_meaning(reason, result):
    session, _ = up()
    session.publish(publication(1), 3.0)
    session.heard(Notes(pubacks=[(101, reason), (101, 0), (999, 0)]), 4.0)
    assert session.events() == [Published(1, result)]


def test_the_size_limit_leaves_room_for_the_header():
    session, tape = up(Connack(0, "", max_packet=2000))
    session.publish(Publication(1, "t", b"x" * 975), 3.0)
    session.publish(Publication(2, "t", b"x" * 976), 3.0)
    assert tape.done == [1]
    assert session.events() == [Published(2, PubackResult.TOO_LARGE)]


def test_nothing_is_published_before_it_is_up():
    session, tape = begin()
    session.publish(publication(1), 1.5)
    session.heard(Notes(suback=(1, 1)), 2.0)
    assert tape.done == ["subscribe"]


def test_an_accused_publication_travels_alone():
    poison = Poison()
    session, tape = up(poison=poison)
    for token in (1, 2):
        session.publish(publication(token, event_id=f"e{token}"), 3.0)
    session.closed(Notes(), 3.5)
    session, tape = up(poison=poison)
    for token in (1, 2):
        session.publish(publication(token, event_id=f"e{token}"), 3.0)
    assert tape.done == [1]
    session.heard(Notes(pubacks=[(101, 0)]), 3.1)
    assert tape.done == [1, 2]


def test_a_delivery_is_acknowledged_on_its_own_connection_only():
    session, tape = up()
    for delivery in (Delivery("c0", 7), Delivery("c1", 7), Delivery("c1", 0)):
        session.ack(delivery, 3.0)
    assert tape.done == ["ack 7"]


def test_leaving_says_the_last_word_first():
    session, tape = up(Connack(0, "", receive_maximum=1))
    for token in (1, 2, 3):
        session.publish(publication(token), 3.0)
    session.leave(publication(9), 4.0)
    session.heard(Notes(pubacks=[(101, 0)], messages=[MESSAGE]), 4.1)
    assert tape.done == [1, 9]
    session.heard(Notes(pubacks=[(109, 0)]), 4.2)
    assert tape.done == [1, 9, "disconnect"]
    session.closed(Notes(), 4.3)
    assert session.down is not None
    assert session.down.cause is DownCause.STOPPED
    assert session.events() == [Published(1, PubackResult.ACCEPTED), Published(9, PubackResult.ACCEPTED)]


def test_leaving_waits_five_seconds_at_most():
    session, tape = up()
    session.leave(publication(9), 4.0)
    session.tick(8.9)
    assert session.down is None
    session.tick(9.0)
    assert session.down is not None
    assert (session.down.cause, session.down.unconfirmed) == (DownCause.STOPPED, (9,))
    assert "disconnect" not in tape.done  # nobody heard the last word, so the will may speak


def test_leaving_before_it_is_up_says_nothing():
    session, tape = begin(connack=None)
    session.leave(publication(9), 0.5)
    assert tape.done == ["disconnect"]


@pytest.mark.parametrize(
    ("connack", "notes", "secure", "cause"),
    [
        (YES, Notes(), False, DownCause.LOST),
        (YES, Notes(goodbye=142), False, DownCause.TAKEN_OVER),
        (YES, Notes(goodbye=0), False, DownCause.LOST),
        (YES, Notes(report="[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED]"), True, DownCause.CREDENTIALS),
        (None, Notes(), True, DownCause.CREDENTIALS),
        (None, Notes(), False, DownCause.PROTOCOL),
    ],
)
def test_an_end_is_named_as_well_as_it_can_be_known(connack, notes, secure, cause):
    session, _ = begin(connack, secure=secure)
    session.closed(notes, 5.0)
    assert session.down is not None
    assert (session.down.cause, session.down.connected_s) == (cause, 0.0)


def test_the_first_cause_stands():
    session, _ = up()
    session.closed(Notes(goodbye=142), 5.0)
    session.end(DownCause.LOST, "again", 6.0)
    assert session.down is not None
    assert session.down.cause is DownCause.TAKEN_OVER


def test_a_second_connack_changes_nothing():
    session, tape = up()
    session.heard(Notes(connack=YES, suback=(1, 1)), 3.0)
    assert (tape.done, session.events(), session.down) == ([], [], None)
