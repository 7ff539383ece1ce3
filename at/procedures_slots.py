"""The dialogues of the message memory: select, list, read, free (3GPP TS 27.005 §3.2.3, §3.4.2, §3.4.3, §3.5.4)."""

from dataclasses import dataclass

from kentongan.at.dialect import NO_LIMIT, Dialect
from kentongan.at.dialogue import AtCommand, CmeError, CmsError, Procedure, T, TimedOut
from kentongan.at.events import digest
from kentongan.at.procedures import Refused, ask, measure_store, refusal
from kentongan.at.results import SlotEntry, StoreFill, listing, store_fill

DELETE_TRIES = 3
"""After three refusals a delete has no hope now; the message is listed again at the next walk (modem.md 4.2)."""

NO_SLOT = frozenset({321, 21, 22})
"""CMS 321, CME 21 and 22: there is nothing at this index."""


@dataclass(slots=True)
class Selection:
    """Which memory the modem reads and deletes in now; `selected` is empty while a change is not confirmed."""

    home: str  # the memory that receives
    selected: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The occupied slots; `complete` when the modem counts as many, so that no line of another slot slipped in."""

    entries: tuple[SlotEntry, ...]
    complete: bool
    fill: StoreFill | None = None  # where the modem was asked


@dataclass(frozen=True, slots=True)
class Kept:
    """A slot was not freed; `now_holds` is set when it holds another message."""

    why: str
    now_holds: SlotEntry | None = None


def select_storage(storage: str, dialect: Dialect) -> Procedure[StoreFill | Refused]:
    """Make all three memories `storage`: naming one leaves new messages in the old third one (gammu#45)."""
    return (yield from _select(f'"{storage}","{storage}","{storage}"', storage, dialect))


def _select(memories: str, storage: str, dialect: Dialect) -> Procedure[StoreFill | Refused]:
    response = yield from ask(f"AT+CPMS={memories}", "+CPMS", dialect.sim_s)
    fill = store_fill(response.lines) if response.ok else None
    return refusal(response) if fill is None else StoreFill(storage, fill.used, fill.total)


def in_storage(storage: str, selection: Selection, dialect: Dialect, inner: Procedure[T]) -> Procedure[T | Refused]:
    """Do something in one memory and come back to the one that receives (serialport-gsm#92).

    An index means nothing without its memory: `inner` is begun only when the modem has confirmed the right one.
    """
    refused = yield from _be_in(storage, selection, dialect)
    if refused is not None:
        return refused
    result = yield from inner
    yield from _be_in(selection.home, selection, dialect)
    return result


def _be_in(storage: str, selection: Selection, dialect: Dialect) -> Procedure[Refused | None]:
    if selection.selected == storage:
        return None
    selection.selected = ""
    if storage == selection.home:
        chosen = yield from select_storage(storage, dialect)
    else:  # only the memory to read from: new messages go on to the one that receives
        chosen = yield from _select(f'"{storage}"', storage, dialect)
    if isinstance(chosen, Refused):
        return chosen
    selection.selected = storage
    return None


def walk(storage: str, dialect: Dialect) -> Procedure[Listing | Refused]:
    """Read every occupied slot of the selected memory."""
    if dialect.walk_by_index_above < NO_LIMIT:
        fill = yield from ask_fill(storage)
        if fill is not None and fill.used > dialect.walk_by_index_above:
            return (yield from _walk_by_index(fill, dialect))
    response = yield AtCommand("AT+CMGL=4", ("+CMGL",), dialect.list_s, with_pdu=True)
    if isinstance(response.final, TimedOut) and response.final.alive:
        fill = yield from ask_fill(storage)  # gammu#323: a listing that hangs for minutes
        return refusal(response) if fill is None else (yield from _walk_by_index(fill, dialect))
    if not response.ok:
        return refusal(response)
    return (yield from _checked(listing(response.lines), storage, dialect))


def list_new(dialect: Dialect) -> Procedure[Listing | Refused]:
    """Read every unread slot of the selected memory; refused where a long listing could be cut."""
    if dialect.walk_by_index_above < NO_LIMIT:
        return Refused("this modem is read slot by slot")
    response = yield AtCommand("AT+CMGL=0", ("+CMGL",), dialect.list_s, with_pdu=True)
    if not response.ok:
        return refusal(response)
    return Listing(tuple(entry for entry in listing(response.lines) if entry.is_whole), complete=False)


def _checked(listed: list[SlotEntry], storage: str, dialect: Dialect) -> Procedure[Listing]:
    entries = [entry for entry in listed if entry.is_whole]
    for damaged in (entry.index for entry in listed if not entry.is_whole):
        again = yield from read_slot(damaged, dialect)
        entries.extend([again] if isinstance(again, SlotEntry) else [])
    if not entries:
        return Listing((), complete=True)
    fill = yield from ask_fill(storage)
    return Listing(tuple(entries), fill is not None and fill.used == len(entries), fill)


def _walk_by_index(fill: StoreFill, dialect: Dialect) -> Procedure[Listing | Refused]:
    entries: list[SlotEntry] = []
    for index in range(fill.total + 1):  # SIM800 counts from 1, Huawei from 0
        entry = yield from read_slot(index, dialect)
        if isinstance(entry, SlotEntry):
            entries.append(entry)
        elif entry is not None and entry.sim_gone:
            return entry
        if len(entries) >= fill.used:
            break
    return Listing(tuple(entries), complete=True)


def read_slot(index: int, dialect: Dialect) -> Procedure[SlotEntry | Refused | None]:
    """Read one slot of the selected memory; `None` when it is empty.

    A PDU that does not have the announced length is asked for once more, then taken as it is: raw is better than lost.
    """
    found: SlotEntry | None = None
    for _ in range(2):
        response = yield AtCommand(f"AT+CMGR={index}", ("+CMGR",), dialect.read_s, with_pdu=True)
        if isinstance(response.final, CmsError | CmeError) and response.final.code in NO_SLOT:
            return None
        if not response.ok:
            return refusal(response)
        entries = [entry for entry in listing(response.lines) if entry.pdu_hex]
        if not entries:
            return found
        found = SlotEntry(index, entries[0].status, entries[0].tpdu_octets, entries[0].pdu_hex)
        if found.is_whole:
            break
    return found


def free_slot(index: int, expected: str, dialect: Dialect, *, read_first: bool) -> Procedure[Kept | None]:
    """Delete one slot, by its index alone (never with a flag); `None` when it is empty now.

    With `read_first` the content is compared with the digest before anything is deleted.
    """
    for tries in range(DELETE_TRIES):
        if read_first or tries:  # a delete without an answer may have been done, and the slot be taken again
            entry = yield from read_slot(index, dialect)
            if entry is None:
                return None
            if isinstance(entry, Refused):
                return Kept(f"cannot be read before the delete: {entry.why}")
            if digest(entry.pdu_hex) != expected:
                return Kept("holds another message", entry)
        response = yield AtCommand(f"AT+CMGD={index}", timeout_s=dialect.delete_s)
        if response.ok or (isinstance(response.final, CmsError | CmeError) and response.final.code in NO_SLOT):
            return None
    return Kept(f"delete refused: {refusal(response).why}")


def ask_fill(storage: str) -> Procedure[StoreFill | None]:
    """Ask how full the selected memory is."""
    fill = yield from measure_store()
    return None if isinstance(fill, Refused) else StoreFill(fill.storage or storage, fill.used, fill.total)
