"""The reference backend: what a county's own system must do, no more (contract, section 5).

    python examples/backend.py run   --db county.db --county 3404 --url mqtt://127.0.0.1:1883 --password-file password
    python examples/backend.py reply --db county.db TICKET-ID "Laporan Anda sudah diteruskan ke Dinas PU."
    python examples/backend.py ping  --db county.db GATEWAY-ID
    python examples/backend.py list  --db county.db

The database is the truth; MQTT is a wire that may lose and repeat. Hence two rules: commit before you acknowledge,
and publish from a table, the same bytes, until the answer is there.
"""

import argparse
import json
import socket
import sqlite3
import time
from pathlib import Path
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

SCHEMA = """
CREATE TABLE IF NOT EXISTS ticket (ticket_id TEXT, revision INTEGER, gateway TEXT, store_id TEXT, seq INTEGER,
    number TEXT, body TEXT, PRIMARY KEY (ticket_id, revision));
CREATE INDEX IF NOT EXISTS ticket_seq ON ticket (store_id, seq);
CREATE TABLE IF NOT EXISTS reply (command_id TEXT PRIMARY KEY, status TEXT, revision INTEGER, final INTEGER);
CREATE TABLE IF NOT EXISTS outbox (id TEXT PRIMARY KEY, topic TEXT, body TEXT, due REAL, tries INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS status (topic TEXT PRIMARY KEY, body TEXT, seen REAL);
"""
RETRY_S = (30, 60, 300, 900, 3600)  # the last one repeats
GAP_WAIT_S = 60  # tickets overtake each other; a hole that stays this long is one
STALE_S = 180  # a gateway not heard of for so long is in an unknown state
ASK_S = 900  # a reply without an end for so long is asked about: its event may have died with the broker
WEEK_S = 7 * 24 * 3600


class Backend:
    """The county's side of the contract: one SQLite file, one thread, nothing in memory that matters."""

    def __init__(self, path: str, county: str, confirm: str = "", root: str = "kentongan") -> None:
        self.db = sqlite3.connect(path, timeout=5)
        self.db.executescript("PRAGMA journal_mode=WAL;" + SCHEMA)
        self.base, self.county, self.confirm = f"{root}/v1/{county}", county, confirm
        self.sent: dict[int, str] = {}  # packet id -> ticket_ack of the outbox

    def queue(self, key: str, gateway: str, command: str, body: dict[str, object], delay_s: float = 0) -> None:
        """Put a command into the outbox, within the caller's transaction; its bytes never change afterwards."""
        row = (key, f"{self.base}/{gateway}/command/{command}", json.dumps(body), time.time() + delay_s)
        insert = "INSERT INTO outbox (id, topic, body, due) VALUES (?, ?, ?, ?)"
        self.db.execute(f"{insert} ON CONFLICT DO UPDATE SET due = excluded.due", row)

    def on_ticket(self, gateway: str, ticket: dict[str, object]) -> None:
        """Store the ticket once; acknowledge it every time it comes."""
        key, revision = str(ticket["ticket_id"]), int(str(ticket["revision"]))
        store, seq = str(ticket["store_id"]), int(str(ticket["seq"]))
        (last,) = self.db.execute("SELECT max(seq) FROM ticket WHERE store_id = ? AND seq < ?", (store, seq)).fetchone()
        values = (
            key,
            revision,
            gateway,
            store,
            seq,
            ticket.get("ticket_number"),
            json.dumps(ticket, ensure_ascii=False),
        )
        new = self.db.execute("INSERT INTO ticket VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING", values).rowcount
        (ours,) = self.db.execute("SELECT min(rowid) FROM ticket WHERE ticket_id = ?", (key,)).fetchone()
        ack = {"schema": "ticket_ack/1", "ticket_id": key, "revision": revision, "status": "accepted"}
        ack |= {"backend_ticket": f"LPR-{ours:06}", "backend_id": "contoh"}
        self.queue(f"ack:{key}:{revision}", gateway, "ticket_ack", ack)
        if new and last is not None and last < seq - 1:
            command_id = f"gap:{store}:{last + 1}-{seq - 1}"
            select = {"by": "seq", "from_seq": last + 1, "to_seq": seq - 1}
            body = {"schema": "resend/1", "command_id": command_id, "select": select, "include": ["tickets"]}
            self.queue(command_id, gateway, "resend", body, GAP_WAIT_S)
        sender = ticket["sender"]
        if new and self.confirm and isinstance(sender, dict) and sender["replyable"]:
            self.reply(key, self.confirm, f"{key}:confirm")

    def reply(self, ticket_id: str, text: str, command_id: str = "") -> str:
        """Queue an SMS to the citizen of a ticket; the same `command_id` never sends a second one."""
        (gateway,) = self.db.execute("SELECT gateway FROM ticket WHERE ticket_id = ?", (ticket_id,)).fetchone()
        (count,) = self.db.execute("SELECT count(*) FROM reply WHERE command_id LIKE ?", (f"{ticket_id}:%",)).fetchone()
        command_id = command_id or f"{ticket_id}:{count + 1}"
        new = self.db.execute(
            "INSERT INTO reply VALUES (?, 'new', 0, 0) ON CONFLICT DO NOTHING", (command_id,)
        ).rowcount
        if new:
            body = {"schema": "reply/1", "command_id": command_id, "ticket_id": ticket_id, "text": text}
            self.queue(command_id, gateway, "reply", body | {"delivery_report": True})
            self.ask(gateway, command_id)
        return command_id

    def ask(self, gateway: str, command_id: str) -> None:
        """Ask later what has become of a reply; its end, should it come by itself, takes the question away."""
        body = {"schema": "get/1", "command_id": f"ask:{command_id}"[:64], "what": "reply", "id": command_id}
        self.queue(str(body["command_id"]), gateway, "get", body, ASK_S)

    def ping(self, gateway: str) -> str:
        """Ask a gateway for a round trip through its database: an integrator's first step."""
        command_id = f"ping:{time.time_ns()}"
        self.queue(command_id, gateway, "ping", {"schema": "ping/1", "command_id": command_id, "echo": "halo"})
        return command_id

    def on_response(self, gateway: str, response: dict[str, object]) -> None:
        """Stop repeating a command that was answered, unless the answer is 'not now'."""
        error, result = response.get("error"), response.get("result")
        if isinstance(error, dict) and error["retryable"]:
            return
        self.db.execute("DELETE FROM outbox WHERE id = ?", (response["command_id"],))
        if response["command"] == "get" and isinstance(result, dict):  # the answer to `ask`
            self.on_reply(gateway, result)
            return
        final = response["status"] == "rejected"
        self.db.execute(
            "UPDATE reply SET status = ?, final = ? WHERE command_id = ? AND revision = 0",
            (response["status"], final, response["command_id"]),
        )

    def on_reply(self, gateway: str, event: dict[str, object]) -> None:
        """Keep the newest state of a reply; a lower revision came late."""
        self.db.execute(
            "INSERT INTO reply VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET status = excluded.status,"
            " revision = excluded.revision, final = excluded.final WHERE excluded.revision > revision",
            (event["command_id"], event["status"], event["revision"], event["final"]),
        )
        if event["final"]:
            self.db.execute("DELETE FROM outbox WHERE id = ?", (f"ask:{event['command_id']}"[:64],))
        else:
            self.ask(gateway, str(event["command_id"]))

    def on_status(self, topic: str, payload: bytes) -> None:
        """Keep the last word on each status topic; an empty one takes it away."""
        row = (topic, payload.decode(), time.time())
        self.db.execute("INSERT OR REPLACE INTO status VALUES (?, ?, ?)", row)
        document = json.loads(payload) if payload else {}
        if "/alarm/" in topic and document.get("state") == "active":
            print(f"ALARM {document['gateway_id']}: {document['text']['id']}", flush=True)

    def store(self, topic: str, payload: bytes) -> None:
        """Bring one message into the database, all of it or nothing."""
        handlers = {"ticket": self.on_ticket, "response": self.on_response, "reply": self.on_reply}
        _root, _v1, county, gateway, kind, name = topic.split("/", 5)
        with self.db:
            if kind == "status":
                self.on_status(topic, payload)
                return
            document = json.loads(payload)
            if (document["county_id"], document["gateway_id"]) == (county, gateway) and name in handlers:
                handlers[name](gateway, document)
                print(name, document.get("ticket_number") or document.get("status"), flush=True)

    def on_message(self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        """Commit, only then tell the broker; what is not of the contract is dropped, so that it does not come again."""
        try:
            self.store(message.topic, message.payload)
        except (ValueError, KeyError, TypeError) as error:
            print(f"not understood on {message.topic}: {error!r}", flush=True)
        client.ack(message.mid, message.qos)

    def on_connect(
        self, client: mqtt.Client, _userdata: object, _flags: object, reason: object, _props: object
    ) -> None:
        """Subscribe (one filter per kind, none overlapping) and say that somebody is there."""
        print(f"connected: {reason}", flush=True)
        client.subscribe([(f"{self.base}/+/event/{name}", 1) for name in ("ticket", "response", "reply")])
        client.subscribe(f"{self.base}/+/status/#", 1)
        client.publish(f"{self.base}/backend/presence", self.presence("online"), qos=1, retain=True)

    def on_publish(self, _client: mqtt.Client, _userdata: object, mid: int, reason: object, _props: object) -> None:
        """Forget a ticket_ack that the broker took; should it get lost, the ticket comes again."""
        key = self.sent.pop(mid, None)
        if key and not getattr(reason, "is_failure", False):
            with self.db:
                self.db.execute("DELETE FROM outbox WHERE id = ?", (key,))

    def presence(self, state: str) -> str:
        """Word the county's presence; `lost` is said by the broker in our place."""
        return json.dumps({"schema": "presence/1", "backend_id": "contoh", "state": state})

    def pump(self, client: mqtt.Client) -> None:
        """Set the time of the next try of what is due in the outbox, and publish it."""
        query = "SELECT id, topic, body, tries FROM outbox WHERE due <= ? ORDER BY due LIMIT 20"
        rows = self.db.execute(query, (time.time(),)).fetchall()
        waits = [(time.time() + RETRY_S[min(tries, len(RETRY_S) - 1)], key) for key, _, _, tries in rows]
        with self.db:
            self.db.executemany("UPDATE outbox SET due = ?, tries = tries + 1 WHERE id = ?", waits)
        for key, topic, body, _tries in rows:
            mid = client.publish(topic, body, qos=1).mid  # never retained, no MQTT expiry
            if key.startswith("ack:"):
                self.sent[mid] = key

    def connect(self, options: argparse.Namespace) -> mqtt.Client:
        """Open a fresh client on the session the broker keeps for us; raises OSError."""
        client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id=options.client_id or options.username,
            protocol=mqtt.MQTTv5,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.on_connect, client.on_message, client.on_publish = self.on_connect, self.on_message, self.on_publish
        if options.password_file:
            client.username_pw_set(options.username, Path(options.password_file).read_text("utf-8").strip())
        client.will_set(f"{self.base}/backend/presence", self.presence("lost"), qos=1, retain=True)
        url = urlsplit(options.url)
        if url.scheme == "mqtts":
            client.tls_set(ca_certs=options.ca_file)
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = WEEK_S
        client.connect(str(url.hostname), url.port or 1883, keepalive=30, clean_start=False, properties=properties)
        connection = client.socket()
        if connection is not None:  # without it an acknowledgement waits 40 ms for the one before it (Nagle)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def run(self, options: argparse.Namespace) -> None:
        """Serve until interrupted; whatever ends a connection, the next one begins from the database."""
        while True:
            try:
                client = self.connect(options)
                self.sent.clear()
                while client.loop(0.25) == mqtt.MQTT_ERR_SUCCESS:
                    if client.is_connected():
                        self.pump(client)
            except (OSError, sqlite3.Error) as error:  # nothing was acknowledged: all of it comes again
                print(f"not connected: {error}", flush=True)
            time.sleep(1)  # a pause between connections

    def show(self) -> None:
        """Print gateways with their freshness, tickets, replies and what waits in the outbox."""
        for topic, body, seen in self.db.execute("SELECT * FROM status WHERE topic LIKE '%/connection' ORDER BY topic"):
            health = (topic.replace("/connection", "/health"),)
            heard = max([seen, *(row[0] for row in self.db.execute("SELECT seen FROM status WHERE topic = ?", health))])
            state = json.loads(body)["state"] if body else "unknown"
            print("gateway", topic.split("/")[3], "unknown" if time.time() - heard > STALE_S else state)
        for row in self.db.execute("SELECT ticket_id, revision, number, json_extract(body, '$.text') FROM ticket"):
            print("ticket", *row)
        for row in self.db.execute("SELECT command_id, status, final FROM reply"):
            print("reply", *row)
        for row in self.db.execute("SELECT id, tries FROM outbox"):
            print("waiting", *row)


def main() -> None:
    """Read the command line and do one of the four things."""
    parser = argparse.ArgumentParser(description="Reference backend of Kentongan")
    verbs = parser.add_subparsers(dest="verb", required=True)
    run, reply, ping, show = (verbs.add_parser(verb) for verb in ("run", "reply", "ping", "list"))
    for verb in (run, reply, ping, show):
        verb.add_argument("--db", required=True, help="SQLite file")
        verb.add_argument("--county", default="3404")
        verb.add_argument("--root", default="kentongan")
    reply.add_argument("ticket_id")
    reply.add_argument("text")
    ping.add_argument("gateway_id")
    run.add_argument("--url", default="mqtt://127.0.0.1:1883")
    run.add_argument("--username", default="backend-3404")
    run.add_argument("--password-file", default="")
    run.add_argument("--ca-file", default="", help="the county's CA certificate, for mqtts://")
    run.add_argument("--client-id", default="", help="names the session at the broker; default: the user name")
    run.add_argument("--confirm", default="", help="text sent once for every ticket")
    options = parser.parse_args()
    backend = Backend(options.db, options.county, getattr(options, "confirm", ""), options.root)
    match options.verb:
        case "run":
            backend.run(options)
        case "list":
            backend.show()
        case "ping":
            with backend.db:
                print(backend.ping(options.gateway_id))
        case _:
            with backend.db:
                print(backend.reply(options.ticket_id, options.text))


if __name__ == "__main__":
    main()
