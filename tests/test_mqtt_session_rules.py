"""Rules that hold on a connection whatever happens in whatever order (stateful, by the clock, without a socket)."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from kentongan.mqtt.events import BrokerUp, Delivery, MessageReceived, Publication, Published
from kentongan.mqtt.reconnect import Poison, Version
from kentongan.mqtt.session import Connack, Notes, Session, Terms
from kentongan.mqtt.settings import Rhythm, Subscription

LIMIT = 3000


class Wire:
    """Remembers what was sent and in which order."""

    secure, certificate_until_s = False, 0.0

    def __init__(self):
        self.sent = {}
        self.subscribed = self.disconnected = 0

    def subscribe(self):
        self.subscribed += 1

    def publish(self, publication):
        packet_id = len(self.sent) + 1
        self.sent[packet_id] = publication.token
        return packet_id

    def ack(self, packet_id):
        assert packet_id

    def ping(self):
        pass

    def disconnect(self):
        self.disconnected += 1


class Connections(RuleBasedStateMachine):
    """One connection after another; the poison memory is what outlives them."""

    def __init__(self):
        super().__init__()
        self.now, self.token, self.poison = 0.0, 0, Poison()
        self.connect()

    def connect(self):
        self.wire = Wire()
        terms = Terms(f"c{self.now}", Version.V5, (Subscription("a/#"),), Rhythm(30))
        self.session = Session(self.wire, terms, self.poison, self.now)
        self.given, self.answered, self.open, self.window = [], [], set(), 0

    def collect(self):
        for event in self.session.events():
            match event:
                case BrokerUp(window=window):
                    assert self.window == 0
                    self.window = window
                case Published(token=token):
                    self.answered.append(token)
                case MessageReceived():
                    assert self.window
        self.open = {packet for packet, token in self.wire.sent.items() if token not in self.answered}
        if self.session.down is not None:
            unconfirmed = [token for token in self.wire.sent.values() if token not in self.answered]
            assert list(self.session.down.unconfirmed) == unconfirmed
            assert not set(unconfirmed) & set(self.answered)
            self.connect()

    @rule(reason=st.sampled_from([0, 0, 0, 132, 135]), receive_maximum=st.integers(1, 12))
    def connack(self, reason, receive_maximum):
        self.session.heard(Notes(connack=Connack(reason, "", False, receive_maximum, LIMIT)), self.now)
        self.collect()

    @rule(reason=st.sampled_from([1, 1, 1, 135]))
    def suback(self, reason):
        self.session.heard(Notes(suback=(reason,)), self.now)
        self.collect()

    @rule(size=st.sampled_from([10, 10, 10, LIMIT]), event=st.booleans(), count=st.integers(1, 15))
    def publish(self, size, event, count):
        for _ in range(count):
            self.token += 1
            self.given.append(self.token)
            event_id = f"e{self.token % 3}" if event else ""
            self.session.publish(Publication(self.token, "t", b"x" * size, event_id=event_id), self.now)
        self.collect()

    @precondition(lambda self: self.open)
    @rule(data=st.data(), reason=st.sampled_from([0, 16, 135, 151]))
    def puback(self, data, reason):
        packet_id = data.draw(st.sampled_from(sorted(self.open)))
        self.session.heard(Notes(pubacks=[(packet_id, reason), (packet_id, reason)]), self.now)
        self.collect()

    @rule()
    def message(self):
        delivery = Delivery(self.session.terms.connection_id, 5)
        message = MessageReceived("a", b"", retained=False, correlation=b"", delivery=delivery)
        self.session.heard(Notes(messages=[message]), self.now)
        self.session.ack(delivery, self.now)
        self.collect()

    @rule()
    def leave(self):
        self.token += 1
        self.session.leave(Publication(self.token, "t", b"bye"), self.now)
        self.collect()

    @rule()
    def lose(self):
        self.session.closed(Notes(), self.now)
        self.collect()

    @rule(seconds=st.sampled_from([0.0, 0.5, 3.0, 12.0, 25.0]))
    def wait(self, seconds):
        self.now += seconds
        self.session.tick(self.now)
        self.collect()

    @rule()
    def sleep_until_due(self):
        due = self.session.deadline()
        assert due > self.now or self.session.down is not None
        self.now = due
        self.session.tick(self.now)
        self.collect()

    @invariant()
    def the_window_is_never_exceeded(self):
        assert len(self.open) <= min(10, self.window or 0)

    @invariant()
    def nothing_is_sent_or_answered_twice(self):
        sent = list(self.wire.sent.values())
        assert len(set(sent)) == len(sent)
        assert len(set(self.answered)) == len(self.answered)

    @invariant()
    def publications_leave_in_the_order_given(self):
        sent = [token for token in self.wire.sent.values() if token in self.given]
        assert sent == sorted(sent)

    @invariant()
    def it_subscribes_once_and_leaves_once(self):
        assert self.wire.subscribed <= 1
        assert self.wire.disconnected <= 1


TestConnections = Connections.TestCase
TestConnections.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
