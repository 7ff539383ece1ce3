"""The fault schedule of the virtual modem, and what one fault does to a line: the same for tests and for the table."""

from dataclasses import dataclass

from manners import WHOLE, Manner
from modem_field import Field

from kentongan.at import events as at
from kentongan.at import pdu
from kentongan.at.commands import SendPart

PERSONAS = ("sim800c", "e173", "sim7600")
LONG = "Jalan desa rusak parah sejak tiga bulan. " * 8
WIRE = (
    "garble:on=+CMGR,count=3",
    "garble:on=+CMGS.,count=2",
    "garble:on=+CMGL,count=5",
    "garble:on=+CPMS,count=4",
    "noise:on=+CMGD,data=0000ff0d0afe4f4b0d0a",
    "drip:on=+CMGL,seconds=0.01",
    "drip:on=+CMGS.,seconds=0.05",
    "lose:on=+CMGR,position=5,count=4",
    "lose:on=+CMGD,position=2,count=2",
    "urc:on=+CMGR,position=9,data=^RSSI:18",
    "urc:on=+CMGS.,position=3,data=^RSSI:18",
    "delay:on=+CMGR,seconds=12",
    "delay:on=+CMGD,seconds=16",
    r"answer:on=+CMGR,data=\r\n+CMGR: x\r\n\r\nOK\r\n",
    'line:data=+CMTI: "SM"\\,99|nonsense|+CREG: 2|^BOOT:1\\,0',
)
SILENCE = (
    "silence:on=+CMGR",
    "silence:on=+CMGD",
    "silence:on=+CMGS",
    "mute:on=+CMGS>",
    "silence:on=+CMGL",
    "silence:on=+CPMS,times=2",
    "mute:on=+CMGD",
    "mute:on=+CMGR",
    "swallow",
    "unended",
    "sent-mute",
    "late:seconds=40",
    "late:seconds=83",
    "late:seconds=95",
    "late:seconds=300",
    "no-urc",
)
REFUSALS = (
    "cms:on=+CMGS.,code=38",
    "cms:on=+CMGS,code=302",
    "cms:on=+CMGS.,code=500,times=3",
    "cme:on=+CMGR,code=14",
    "cms:on=+CMGR,code=321",
    "plain:on=+CMGD,times=5",
    "delete-ignored:on=+CMGD",
)
RESTARTS = (
    "restart:on=+CMGR,position=4",
    "restart:on=+CMGS>,position=2",
    "restart:on=+CMGS.,position=5",
    "restart:on=+CMGL,position=0",
    "restart-payload:position=10",
    "restart-sent",
    "restart-now",
    "restart-now:on=+CMGD",
    "forget",
    "stuck-prompt",
    "voltage:data=UNDER-VOLTAGE POWER DOWN",
    "vanish:seconds=20",
    "vanish:seconds=20,data=elsewhere",
    "vanish:on=+CMGS.,seconds=20",
    "hang:seconds=100",
    "hang",
    "hang:on=+CMGS.",
    "deaf",
)
WORLD = (
    "memory-full",
    "duplicate:count=2",
    "parts:data=shuffled",
    "parts:data=doubled",
    "parts:data=missing,position=1",
    "sim-out:seconds=200",
    "sim-out:on=+CMGR,seconds=60",
    "sim-out sim-in:after_s=30",
    "no-network:seconds=100",
    "no-network:code=3,seconds=700",
    "no-network network:after_s=60",
    "call:data=+62811,count=5",
    "call:on=+CMGS.,data=+62811,count=5",
    "flood:count=1000",
    "voltage:code=3300,data=UNDER-VOLTAGE WARNNING",
    "heat:code=82",
    "ussd:data=*888#=Sisa pulsa Rp 25.000,code=0",
)
HUMAN = (
    "pin-lock:data=1234 restart-now",
    "credit:data=cms38",
    "credit:data=cms21",
    "credit:data=cms10",
    "credit:data=silent",
    "credit:data=notice",
)
PART = pdu.segment("Terima kasih", "+628123456789", reference=1, report=True, validity_min=1440).parts[0]
SEND = SendPart(1, PART.tpdu_octets, PART.pdu_hex)


@dataclass(frozen=True, slots=True)
class Course:
    """What a fault did: `recovery_s` from the fault until the line served and all was taken and sent."""

    field: Field
    happened: str
    lost: int
    doubled: int
    recovery_s: float | None


def course(persona: str, fault: str, manner: Manner = WHOLE, settle_s: float = 1200.0) -> Course:
    """Let a fault happen to a line that has two messages to take and one to send."""
    field = Field(persona, manner=manner).open().run(5)
    field.vm.tick(field.now)  # the fault happens now, not when the modem said its last word
    began, seen = field.now, len(field.log)
    field.inject(*fault.split(" ") if " sim-in" in fault or " network" in fault or " restart" in fault else [fault])
    field.vm.sms("+628111", LONG if fault.startswith("parts") else "satu")
    field.vm.sms("+628112", "dua")
    field.send(1, SEND)
    field.run(5)
    field.vm.sms("+628113", "tiga")
    field.run(settle_s)
    events = field.log[seen:]
    return Course(
        field,
        _words([event for _, event in events]),
        len(field.messages_on_the_way()) + field.still_stored(),
        max(0, field.submissions(SEND) - 1),
        _recovery(field, events, began),
    )


def _recovery(field: Field, events: list[tuple[float, at.ModemEvent]], began: float) -> float | None:
    if field.modem.state is not at.ModemState.READY or 1 not in field.core.outcomes:
        return None
    marks = [when for when, event in events if isinstance(event, at.SendEnded)]
    marks += [when for when, event in events if isinstance(event, at.StateChanged)]
    first = [met.pdu_hex for met in field.vm.books.delivered][:2]
    for pdu_hex in first:
        taken = (when for when, event in events if isinstance(event, at.SlotFound) and event.pdu_hex == pdu_hex)
        marks.append(next(taken, began))
    return max(marks) - began


def _words(events: list[at.ModemEvent]) -> str:
    """Say what the line went through, in its order, each thing once."""
    words: dict[str, None] = {}
    for event in events:
        match event:
            case at.StateChanged(_, new) if new in {at.ModemState.SIM_ABSENT, at.ModemState.SIM_LOCKED}:
                words[f"{new}".replace("_", " ")] = None
            case at.StateChanged(_, at.ModemState.CLOSED):
                words["port lost"] = None
            case at.StateChanged(_, at.ModemState.SEARCHING):
                words["searching"] = None
            case at.Restarted(banner):
                words[f"restart seen ({banner})"] = None
            case at.RungClimbed(rung):
                words[rung.replace("_", " ")] = None
            case at.SendEnded(_, at.Rejected(family, code)):
                words[f"refused ({family} {code})"] = None
            case at.SendEnded(_, at.Uncertain()):
                words["uncertain"] = None
            case at.LateSubmit():
                words["proof that it was sent"] = None
            case at.SendEnded(_, at.Sent()):
                words["sent"] = None
            case at.SupplyWarned() | at.CallRefused():
                words["supply warned" if isinstance(event, at.SupplyWarned) else "call refused"] = None
    return ", ".join(words)
