"""Requests from outside as plain JSON values, for a control socket; refuses what it does not know with a reason.

A request is an object with `do` and the fields of that deed; the answer has `ok`, and `error` where it is false.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from kentongan.at.simulator import world
from kentongan.at.simulator.faults import MEANINGS, fault_from
from kentongan.at.simulator.modem import VirtualModem
from kentongan.at.simulator.network import Credit

Fields = dict[str, Any]
Deed = Callable[[VirtualModem, Fields], Fields]


class Refused(ValueError):
    """The request cannot be carried out; the message says why."""


def obey(modem: VirtualModem, line: str) -> str:
    """Carry out one line and answer with one line."""
    try:
        request = json.loads(line)
        if not isinstance(request, dict) or request.get("do") not in DEEDS:
            raise Refused(f"do must be one of {', '.join(DEEDS)}")
        fields = {name: value for name, value in request.items() if name != "do"}
        answer = {"ok": True, **DEEDS[request["do"]](modem, fields)}
    except (ValueError, LookupError, TypeError, OSError) as error:
        answer = {"ok": False, "error": str(error)}
    return json.dumps(answer, ensure_ascii=False)


def _text(fields: Fields, name: str) -> str:
    if not isinstance(fields.get(name), str):
        raise Refused(f"{name} must be a text")
    return str(fields[name])


def _flag(fields: Fields, name: str) -> bool:
    if not isinstance(fields.get(name), bool):
        raise Refused(f"{name} must be true or false")
    return bool(fields[name])


def _sms(modem: VirtualModem, fields: Fields) -> Fields:
    pdus = world.write_letter(
        modem.device, _text(fields, "from"), _text(fields, "text"), flash=bool(fields.get("flash"))
    )
    return {"parts": len(pdus)}


def _sms_pdu(modem: VirtualModem, fields: Fields) -> Fields:
    modem.deliver(_text(fields, "pdu"))
    return {}


def _fault(modem: VirtualModem, fields: Fields) -> Fields:
    modem.inject(fault_from(fields))
    return {}


def _faults(modem: VirtualModem, fields: Fields) -> Fields:
    if fields.get("clear"):
        modem.device.faults.clear()
    return {"pending": [asdict(fault) for fault in modem.device.faults.pending()]}


def _sim(modem: VirtualModem, fields: Fields) -> Fields:
    modem.sim(_flag(fields, "present"))
    return {}


def _power(modem: VirtualModem, fields: Fields) -> Fields:
    modem.power(_flag(fields, "on"))
    return {}


def _unplug(modem: VirtualModem, _fields: Fields) -> Fields:
    world.unplug(modem.device)
    return {}


def _plug(modem: VirtualModem, fields: Fields) -> Fields:
    world.plug(modem.device, str(fields.get("link", "")))
    return {}


def _network(modem: VirtualModem, fields: Fields) -> Fields:
    if not isinstance(fields.get("stat"), int):
        raise Refused("stat must be a number of +CREG")
    world.register(modem.device, fields["stat"])
    if "rssi" in fields:
        modem.device.network.rssi = int(fields["rssi"])
    return {}


def _credit(modem: VirtualModem, fields: Fields) -> Fields:
    modem.device.network.credit = Credit(_text(fields, "state"))
    return {}


def _reports(modem: VirtualModem, fields: Fields) -> Fields:
    statuses = fields.get("statuses")
    if not isinstance(statuses, list) or not all(isinstance(s, int) and 0 <= s <= 255 for s in statuses):
        raise Refused("statuses must be a list of octets")
    modem.device.network.report_statuses = tuple(statuses)
    return {}


def _call(modem: VirtualModem, fields: Fields) -> Fields:
    world.ring(modem.device, _text(fields, "from"), int(fields.get("times", 3)))
    return {}


def _submissions(modem: VirtualModem, fields: Fields) -> Fields:
    first = int(fields.get("from", 0))
    return {"submissions": [asdict(entry) for entry in modem.books.submitted[first:]]}


def _books(modem: VirtualModem, _fields: Fields) -> Fields:
    return asdict(modem.books)


def _state(modem: VirtualModem, _fields: Fields) -> Fields:
    device = modem.device
    return {
        "persona": device.persona.name,
        "phase": device.life.phase.name.lower(),
        "sim": device.tray.inserted,
        "lock": str(device.tray.card.lock),
        "used": len(device.tray.memory.slots),
        "capacity": device.tray.memory.capacity,
        "waiting": len(device.network.waiting),
        "stat": device.network.stat,
        "credit": str(device.network.credit),
        "submitted": len(modem.books.submitted),
        "delivered": len(modem.books.delivered),
        "deleted": len(modem.books.deleted),
        "restarts": modem.books.restarts,
        "commands": modem.books.commands,
        "slots": {str(index): slot.pdu_hex for index, slot in sorted(device.tray.memory.slots.items())},
    }


def _kinds(_modem: VirtualModem, _fields: Fields) -> Fields:
    return {"kinds": {kind: asdict(meaning) for kind, meaning in MEANINGS.items()}, "deeds": list(DEEDS)}


DEEDS: MappingProxyType[str, Deed] = MappingProxyType(
    {
        "sms": _sms,
        "sms_pdu": _sms_pdu,
        "fault": _fault,
        "faults": _faults,
        "sim": _sim,
        "power": _power,
        "unplug": _unplug,
        "plug": _plug,
        "network": _network,
        "credit": _credit,
        "reports": _reports,
        "call": _call,
        "submissions": _submissions,
        "books": _books,
        "state": _state,
        "help": _kinds,
    }
)
