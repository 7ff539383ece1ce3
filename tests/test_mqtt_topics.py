"""Topic names of contract 4.2."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.mqtt.errors import SettingsRefused
from kentongan.mqtt.topics import CommandTopic, PresenceTopic, Topics

TOPICS = Topics("kentongan", "3404", "kec-depok-01")


def test_topics_are_named_as_the_contract_says():
    assert TOPICS.status("connection") == "kentongan/v1/3404/kec-depok-01/status/connection"
    assert TOPICS.alarm("gateway_not_running") == "kentongan/v1/3404/kec-depok-01/status/alarm/gateway_not_running"
    assert TOPICS.event("ticket") == "kentongan/v1/3404/kec-depok-01/event/ticket"
    assert TOPICS.event("group/jalan-rusak") == "kentongan/v1/3404/kec-depok-01/event/group/jalan-rusak"
    assert TOPICS.command("reply") == "kentongan/v1/3404/kec-depok-01/command/reply"
    assert TOPICS.commands == "kentongan/v1/3404/kec-depok-01/command/#"
    assert TOPICS.backend == "kentongan/v1/3404/backend/#"
    assert TOPICS.presence == "kentongan/v1/3404/backend/presence"
    assert TOPICS.source == "/kentongan/v1/3404/kec-depok-01"


@pytest.mark.parametrize(
    ("topic", "meaning"),
    [
        (TOPICS.command("reply"), CommandTopic("reply")),
        (TOPICS.command("no/such"), CommandTopic("no/such")),
        (TOPICS.presence, PresenceTopic()),
        ("kentongan/v1/3404/kec-depok-01/command/", None),
        ("kentongan/v1/3404/kec-depok-01/command", None),
        ("kentongan/v1/3404/kec-depok-02/command/reply", None),
        ("kentongan/v2/3404/kec-depok-01/command/reply", None),
        ("kentongan/v1/3404/backend/other", None),
        (TOPICS.event("ticket"), None),
        ("", None),
    ],
)
def test_only_what_is_ours_is_read(topic, meaning):
    assert TOPICS.read(topic) == meaning


@settings(deadline=None)
@given(st.text())
def test_reading_any_topic_never_raises(topic):
    assert TOPICS.read(topic) is None or topic.startswith("kentongan/")


@pytest.mark.parametrize("wrong", ["", "a", "UPPER", "a/b", "a+", "a#", "-a", "a b", "x" * 33, "ab\n", "$sys"])
def test_an_id_that_a_broker_could_misread_is_refused(wrong):
    with pytest.raises(SettingsRefused, match="gateway_id"):
        Topics("kentongan", "3404", wrong)
    with pytest.raises(SettingsRefused, match="county_id"):
        Topics("kentongan", wrong, "kec-depok-01")


def test_backend_is_no_gateway():
    with pytest.raises(SettingsRefused, match="backend"):
        Topics("kentongan", "3404", "backend")


@pytest.mark.parametrize("root", ["kentongan-test", "jateng/kentongan", "a"])
def test_a_root_may_have_levels(root):
    assert Topics(root, "3404", "kec-depok-01").county == f"{root}/v1/3404"


@pytest.mark.parametrize("root", ["", "/a", "a/", "a//b", "a/#", "+", "a b", "A"])
def test_a_root_with_wildcards_or_empty_levels_is_refused(root):
    with pytest.raises(SettingsRefused, match=r"mqtt\.root"):
        Topics(root, "3404", "kec-depok-01")


@pytest.mark.parametrize("name", ["", "a/b/c", "a+", "#", "group/", "group/#", "Group", "ä"])
def test_an_event_name_with_wildcards_is_refused(name):
    with pytest.raises(ValueError, match="event name"):
        TOPICS.event(name)


@pytest.mark.parametrize("code", ["", "ab", "A_B_C", "x" * 41, "a/b/c"])
def test_an_alarm_code_that_is_no_level_is_refused(code):
    with pytest.raises(ValueError, match="alarm code"):
        TOPICS.alarm(code)
