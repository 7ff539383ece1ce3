"""A bot of one group of people: prints every new ticket of its groups, and knows no telephone number.

    python examples/group_bot.py --county 3404 --url mqtt://127.0.0.1:1883 --username bot-3404 \
        --password-file password [--group infrastruktur]

Where this prints, a Telegram or WhatsApp bot would send. It subscribes to `event/group/+` alone; its broker account
needs to read nothing else (`bot-3404` in `mosquitto/many-counties.acl`): a bot that is broken into gives nobody away.
"""

import argparse
import json
from collections import OrderedDict
from pathlib import Path
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

REMEMBERED = 2_000  # a ticket may come twice; the newest revision is shown once


class Bot:
    """Shows each revision of a ticket once."""

    def __init__(self, county: str, group: str, root: str) -> None:
        self.filter = f"{root}/v1/{county}/+/event/group/{group}"
        self.seen: OrderedDict[tuple[str, str], int] = OrderedDict()

    def on_connect(self, client: mqtt.Client, *_: object) -> None:
        """Subscribe anew: the broker may have forgotten."""
        client.subscribe(self.filter, qos=1)
        print(f"listening to {self.filter}", flush=True)

    def on_message(self, _client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        """Show a ticket unless this revision was shown before."""
        try:
            shown = self.text(json.loads(message.payload))
        except (ValueError, KeyError, TypeError) as error:
            print(f"not understood: {error!r}", flush=True)
            return
        if shown:
            print(shown, flush=True)

    def text(self, ticket: dict[str, object]) -> str:
        """Write what the group reads; empty for what it has read."""
        key, revision = (str(ticket["slug"]), str(ticket["ticket_id"])), int(str(ticket["revision"]))
        if self.seen.get(key, 0) >= revision:
            return ""
        self.seen[key] = revision
        while len(self.seen) > REMEMBERED:
            self.seen.popitem(last=False)
        words = "[rahasia - buka di sistem]" if ticket.get("confidential") else str(ticket["text"])
        head = "DARURAT " if ticket["urgent"] else ""
        more = " (belum lengkap)" if ticket.get("incomplete") else ""
        return f"[{ticket['slug']}] {head}{ticket['ticket_number']}{more}: {words}"


def main() -> None:
    """Read the command line and listen until interrupted."""
    parser = argparse.ArgumentParser(description="A bot for one group")
    parser.add_argument("--county", default="3404")
    parser.add_argument("--group", default="+", help="the group's slug; + for all")
    parser.add_argument("--root", default="kentongan")
    parser.add_argument("--url", default="mqtt://127.0.0.1:1883")
    parser.add_argument("--username", default="")
    parser.add_argument("--password-file", default="")
    parser.add_argument("--ca-file", default="")
    options = parser.parse_args()
    bot = Bot(options.county, options.group, options.root)
    # The broker keeps what comes while the bot is away.
    name = f"bot-{options.username or options.group[:1]}"
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
    client.on_connect, client.on_message = bot.on_connect, bot.on_message
    if options.password_file:
        client.username_pw_set(options.username, Path(options.password_file).read_text("utf-8").strip())
    url = urlsplit(options.url)
    if url.scheme == "mqtts":
        client.tls_set(ca_certs=options.ca_file)
    client.connect(str(url.hostname), url.port or 1883, keepalive=60)
    client.loop_forever(retry_first_connection=True)


if __name__ == "__main__":
    main()
