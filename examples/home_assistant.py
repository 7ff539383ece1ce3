"""Optional: show a county's gateways in Home Assistant, by MQTT device discovery built from `status/*` alone.

    python examples/home_assistant.py --county 3404 --url mqtt://127.0.0.1:1883 --username monitor \
        --password-file password [--prefix homeassistant] [--once]

Nothing of it is part of the contract and nothing runs unless somebody starts it. It reads `status/info` of each gateway
and publishes one retained device for it; no citizen's data is under `status/`, so none can come into Home Assistant.
Its broker account reads `status/#` and writes below the discovery prefix.
"""

import argparse
import json
from pathlib import Path
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

# name: (state topic, component, value template, further keys)
SENSORS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "Status": ("health", "sensor", "{{ value_json.status }}", {}),
    "Modem": ("health", "sensor", "{{ value_json.modem.state }}", {}),
    "Operator": ("health", "sensor", "{{ value_json.modem.operator | default('-') }}", {}),
    "Sinyal": (
        "health",
        "sensor",
        "{{ value_json.modem.signal_dbm | default('unknown') }}",
        {"unit_of_measurement": "dBm", "device_class": "signal_strength"},
    ),
    "Tiket belum diterima": ("health", "sensor", "{{ value_json.queues.tickets_unacked }}", {}),
    "Balasan menunggu": ("health", "sensor", "{{ value_json.queues.replies_queued }}", {}),
    "Suhu": (
        "health",
        "sensor",
        "{{ value_json.host.cpu_temp_c | default('unknown') }}",
        {"unit_of_measurement": "°C", "device_class": "temperature"},
    ),
    "Tersambung": (
        "connection",
        "binary_sensor",
        "{{ 'ON' if value_json.state == 'online' else 'OFF' }}",
        {"device_class": "connectivity"},
    ),
}


def device(base: str, info: dict[str, object]) -> dict[str, object]:
    """Make the discovery document of one gateway."""
    gateway, software = str(info["gateway_id"]), info["software"]
    intervals = info.get("intervals")
    lease = intervals["lease_s"] if isinstance(intervals, dict) else 180
    name = f"kentongan_{info['county_id']}_{gateway}".replace("-", "_")
    components = {}
    for title, (topic, platform, template, more) in SENSORS.items():
        key = title.lower().replace(" ", "_")
        components[key] = {
            "platform": platform,
            "name": title,
            "unique_id": f"{name}_{key}",
            "state_topic": f"{base}/status/{topic}",
            "value_template": template,
            **({"expire_after": lease} if topic == "health" else {}),
            **more,
        }
    version = software["version"] if isinstance(software, dict) else ""
    return {
        "device": {
            "identifiers": [name],
            "name": info.get("name") or gateway,
            "manufacturer": "Kentongan",
            "model": "SMS gateway",
            "sw_version": version,
        },
        "origin": {"name": "kentongan", "sw_version": version},
        "qos": 1,
        "components": components,
    }


def main() -> None:
    """Publish a device for every `status/info` that comes."""
    parser = argparse.ArgumentParser(description="Home Assistant discovery for gateways")
    parser.add_argument("--county", default="3404")
    parser.add_argument("--root", default="kentongan")
    parser.add_argument("--prefix", default="homeassistant")
    parser.add_argument("--url", default="mqtt://127.0.0.1:1883")
    parser.add_argument("--username", default="")
    parser.add_argument("--password-file", default="")
    parser.add_argument("--ca-file", default="")
    parser.add_argument("--once", action="store_true", help="end after the first gateway")
    options = parser.parse_args()

    def on_connect(client: mqtt.Client, *_: object) -> None:
        client.subscribe(f"{options.root}/v1/{options.county}/+/status/info", qos=1)

    def on_message(client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage) -> None:
        base = message.topic.removesuffix("/status/info")
        try:
            info = json.loads(message.payload)
            document = device(base, info)
        except (ValueError, KeyError, TypeError) as error:
            print(f"not understood on {message.topic}: {error!r}", flush=True)
            return
        identifier = document["device"]["identifiers"][0]  # type: ignore[index]  # made just above
        client.publish(f"{options.prefix}/device/{identifier}/config", json.dumps(document), qos=1, retain=True)
        print(f"{identifier}: {len(SENSORS)} entities", flush=True)

    def on_publish(client: mqtt.Client, *_: object) -> None:
        if options.once:
            client.disconnect()

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_connect, client.on_message, client.on_publish = on_connect, on_message, on_publish
    if options.password_file:
        client.username_pw_set(options.username, Path(options.password_file).read_text("utf-8").strip())
    url = urlsplit(options.url)
    if url.scheme == "mqtts":
        client.tls_set(ca_certs=options.ca_file)
    client.connect(str(url.hostname), url.port or 1883, keepalive=60)
    client.loop_forever()


if __name__ == "__main__":
    main()
