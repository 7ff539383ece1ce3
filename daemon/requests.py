"""What people on this machine may ask of the gateway: the requests of the control socket as frozen values."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MOST = 2**53 - 1  # what every reader of JSON holds exactly; SQLite fails on what is above 2**63
Row = Annotated[int, Meta(ge=0, le=MOST)]
Instant = Annotated[int, Meta(ge=0, le=MOST)]
LineName = Annotated[str, Meta(max_length=16)]
Dialled = Annotated[str, Meta(min_length=3, max_length=20, pattern=r"^\+?[0-9 ().-]+$")]
SmsText = Annotated[str, Meta(min_length=1, max_length=4000)]
Whom = Annotated[str, Meta(max_length=40)]


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="request"):
    """A request; its name is the field `request`."""


class AskPing(Ask, frozen=True, tag="ping"):
    """Ask whether the core is alive."""

    echo: Annotated[str, Meta(max_length=200)] = ""


class AskStatus(Ask, frozen=True, tag="status"):
    """Ask for the status document."""


class AskTickets(Ask, frozen=True, tag="tickets"):
    """Ask for a page of tickets, the newest first; `before` is the `seq` that a page ends before, 0 for the newest."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    before: Row = 0


class AskOutbox(Ask, frozen=True, tag="outbox"):
    """Ask for a page of outgoing SMS, the newest first; `before` is the message that a page ends before."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    before: Row = 0


class AskSend(Ask, frozen=True, tag="send"):
    """Ask to send an SMS."""

    to: Dialled
    text: SmsText


class AcceptSim(Ask, frozen=True, tag="accept_sim"):
    """Take the SIM that is in a line for the right one."""

    line: LineName = ""


class AskTicket(Ask, frozen=True, tag="ticket"):
    """Ask for one ticket by its number."""

    number: Annotated[str, Meta(min_length=1, max_length=40)]


class AskIncidents(Ask, frozen=True, tag="incidents"):
    """Ask for troubles, and for what each rung of recovery has achieved."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 20
    since_ms: Instant = 0


class AskJournal(Ask, frozen=True, tag="journal"):
    """Ask for the last decisions."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 20


class AskTrace(Ask, frozen=True, tag="trace"):
    """Ask for the last lines between a modem and us."""

    line: LineName = ""


class AskMonth(Ask, frozen=True, tag="month"):
    """Ask for the figures of a month and how long its tickets waited."""

    period: Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}$")]
    start_ms: Instant
    end_ms: Instant


class Probe(Ask, frozen=True, tag="probe"):
    """Test a way now: an SMS to ourselves, each automatic text to ourselves, or a question for the credit."""

    way: Literal["own", "credit", "texts"]


class CyclePower(Ask, frozen=True, tag="cycle_power"):
    """Cut the power of a line's modem."""

    line: LineName = ""


class Restart(Ask, frozen=True, tag="restart"):
    """End the gateway in order; systemd starts it anew."""


class EraseData(Ask, frozen=True, tag="erase"):
    """Erase the texts and the number of one ticket's thread, or of everything that a sender ever wrote."""

    number: Whom = ""
    sender_ref: Annotated[str, Meta(pattern=r"^(s_[A-Za-z0-9_-]{12})?$")] = ""


class HoldData(Ask, frozen=True, tag="hold"):
    """Keep a sender's data from any erasure while a legal case runs, or let it go again."""

    number: Whom = ""
    sender_ref: Annotated[str, Meta(pattern=r"^(s_[A-Za-z0-9_-]{12})?$")] = ""
    release: bool = False


class NoteUse(Ask, frozen=True, tag="note_use"):
    """Note for the record what was done at the console."""

    words: Annotated[str, Meta(max_length=80)]


Care = (
    AskTicket
    | AskIncidents
    | AskJournal
    | AskTrace
    | AskMonth
    | Probe
    | CyclePower
    | Restart
    | EraseData
    | HoldData
    | NoteUse
)
Asked = AskPing | AskStatus | AskTickets | AskOutbox | AskSend | AcceptSim | Care
