"""The other examples: they parse, they run where their program is there, and they say what the contract wants."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from broker import Authority, Running, link_settings

from kentongan.daemon.mosquitto import BrokerTls, Mosquitto
from kentongan.mqtt import payloads
from kentongan.mqtt.commands import read
from kentongan.mqtt.events import PubackResult
from kentongan.mqtt.examples import EXAMPLES
from kentongan.mqtt.settings import Address, Subscription, Tls
from kentongan.mqtt.topics import Topics

EXAMPLES_DIR = Path(__file__).parents[1] / "examples"
FLOW = json.loads((EXAMPLES_DIR / "nodered" / "flow.json").read_text("utf-8"))


def module(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES_DIR / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


# -- Node-RED ----------------------------------------------------------------------------------------------------------


def test_every_wire_of_the_flow_leads_somewhere():
    known = {node["id"] for node in FLOW}
    for node in FLOW:
        for port in node.get("wires", ()):
            assert set(port) <= known, node["id"]
        for key in ("broker", "mydb", "z"):
            assert node["type"] == "mqtt-broker" or node.get(key, "kentongan") in known, (node["id"], key)


def test_the_flow_is_as_careful_as_the_contract_wants():
    broker = next(node for node in FLOW if node["type"] == "mqtt-broker")
    assert (broker["cleansession"], broker["protocolVersion"], broker["usetls"]) == (False, "5", True)
    for node in FLOW:
        if node["type"] == "mqtt out":
            assert (node["qos"], node["retain"]) == ("1", "false")
        if node["type"] == "mqtt in":
            assert node["qos"] == "1"
            assert node["topic"].startswith("kentongan/v1/3404/+/event/")
    assert FLOW.index(next(n for n in FLOW if n["id"] == "commit")) < FLOW.index(
        next(n for n in FLOW if n["id"] == "ack")
    )


NODE = shutil.which("node")
RUN = """
const flow = JSON.parse(require("fs").readFileSync(0));
const call = (id, msg) => new Function("msg", flow.find(node => node.id === id).func)(msg);
const ticket = JSON.parse(process.argv[1]);
const topic = "kentongan/v1/3404/kec-depok-01/event/ticket";
const inserted = call("insert", { topic, payload: ticket });
const foreign = call("insert", { topic: topic.replace("depok", "lain"), payload: ticket });
const ack = call("ack", inserted);
const reply = call("word", { payload: [{ ticket_id: ticket.ticket_id, gateway: "kec-depok-01" }] });
const busy = call("answered", { topic, payload: { ...ticket, command_id: "c", error: { retryable: true } } });
console.log(JSON.stringify({ params: inserted.params, foreign, ack, reply: reply.params, busy }));
"""


@pytest.mark.skipif(NODE is None, reason="node runs the functions of the flow; it is not installed")
def test_the_flows_functions_make_valid_commands():
    ticket = payloads.encode(EXAMPLES["ticket"][0]).decode()
    flow = json.dumps(FLOW)
    run = subprocess.run([NODE, "-e", RUN, ticket], input=flow, capture_output=True, text=True, check=True)
    said = json.loads(run.stdout)
    assert (said["foreign"], said["busy"]) == (None, None)
    assert said["ack"]["topic"] == "kentongan/v1/3404/kec-depok-01/command/ticket_ack"
    assert isinstance(read("ticket_ack", said["ack"]["payload"].encode(), retained=False), payloads.TicketAck)
    assert isinstance(read("reply", said["reply"]["$body"].encode(), retained=False), payloads.Reply)


# -- the group bot and Home Assistant ----------------------------------------------------------------------------------


def test_the_bot_shows_a_ticket_once_and_nothing_of_what_is_confidential():
    bot = module("group_bot").Bot("3404", "+", "kentongan")
    first, secret = (json.loads(payloads.encode(example)) for example in EXAMPLES["group"])
    assert bot.text(first).startswith("[infrastruktur] DPK-001-042-4: Lampu jalan")
    assert bot.text(first) == ""
    assert "belum lengkap" in bot.text(first | {"revision": 2, "incomplete": True})
    assert bot.text(secret).endswith("[rahasia - buka di sistem]")


def test_home_assistant_learns_of_a_gateway_from_its_status_alone():
    info = json.loads(payloads.encode(EXAMPLES["info"][0]))
    document = module("home_assistant").device("kentongan/v1/3404/kec-depok-01", info)
    assert document["device"]["identifiers"] == ["kentongan_3404_kec_depok_01"]
    topics = {each["state_topic"] for each in document["components"].values()}
    assert topics == {f"kentongan/v1/3404/kec-depok-01/status/{name}" for name in ("health", "connection")}
    assert len({each["unique_id"] for each in document["components"].values()}) == len(document["components"])


@pytest.mark.parametrize("name", ["group_bot", "home_assistant"])
def test_a_small_example_explains_itself(name):
    run = subprocess.run([sys.executable, str(EXAMPLES_DIR / f"{name}.py"), "--help"], capture_output=True, check=False)
    assert run.returncode == 0


# -- many counties, mutual TLS -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "county", "channel", "taken"),
    [
        ("kec-depok-01", "3404", "event/ticket", True),
        ("kec-depok-01", "7322", "event/ticket", False),
        ("kec-masamba-01", "7322", "status/health", True),
    ],
)
def test_the_rules_for_many_counties_keep_them_apart_with_certificates(tmp_path, user, county, channel, taken):
    authority = Authority(tmp_path / "ca").make()
    server = authority.issue("localhost", "IP:127.0.0.1")
    client = authority.issue(user)
    tls = BrokerTls(authority.ca, *server, require_certificate=True)
    broker = Mosquitto(tmp_path / "broker", users={}, county_id="x1", tls=tls)
    (broker.folder / "acl").write_text((EXAMPLES_DIR / "mosquitto" / "many-counties.acl").read_text("utf-8"))
    with broker:
        settings = link_settings(
            broker.port,
            address=Address("127.0.0.1", broker.port, secure=True),
            client_id=user,
            username="",
            password="",
            tls=Tls(authority.ca, *client),
            subscriptions=(Subscription(Topics("kentongan", county, user).commands),),
        )
        with Running(settings) as gateway:
            gateway.up()
            gateway.publish(1, f"kentongan/v1/{county}/{user}/{channel}")
            (answer,) = gateway.published()
    assert (answer.result is not PubackResult.NOT_AUTHORIZED) == taken


def test_the_configuration_with_certificates_names_what_it_needs():
    lines = (EXAMPLES_DIR / "mosquitto" / "kentongan-mtls.conf").read_text("utf-8").splitlines()
    assert {"require_certificate true", "use_identity_as_username true", "allow_anonymous false"} <= set(lines)
