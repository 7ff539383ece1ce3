"""Examine a modem for its work here: what it must have, and the twenty questions of modem.md 11, as dialogues.

A dialogue reads and tries; it deletes nothing, writes nothing to the SIM and, unless it is allowed to, sends nothing.
What only a human or a second phone can find out is told how to be done. The findings are Indonesian, for technicians.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from kentongan.at.dialect import DIALECTS, NOISE_SWITCHES, Dialect
from kentongan.at.dialogue import AtCommand, CmeError, CmsError, Procedure, TimedOut
from kentongan.at.events import Identified
from kentongan.at.procedures import Refused, ask, ask_operator, ask_registration, ask_sim, refusal
from kentongan.at.procedures_adjust import identify
from kentongan.at.procedures_init import ask_digits, choose_cnmi, find_dialect
from kentongan.at.procedures_slots import NO_SLOT, select_storage
from kentongan.at.results import SlotEntry, StoreFill, fields, listing, signal_dbm
from kentongan.at.unasked import Urc


class Mark(StrEnum):
    """How a question ended."""

    PASSED = "lulus"
    WARNED = "perhatian"
    FAILED = "gagal"
    UNTESTED = "tidak diuji"


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Basis:
    """What the modem must have before anything else is asked; `mt` and `mo` are `<mt>` and `<mo>` of `+CSMS`."""

    dialect: Dialect
    identified: Identified
    sim: str = ""  # what +CPIN says; the rest needs `READY`
    registration: int | None = None
    operator: str = ""
    dbm: int | None = None
    pdu_mode: bool = False
    fill: StoreFill | Refused = field(default_factory=lambda: Refused("not asked"))
    slots: tuple[SlotEntry, ...] | None = None  # `None`: it could not be listed
    mt: bool = True
    mo: bool = True
    centre: str = ""
    imsi: str = ""


@dataclass(slots=True)
class Ground:
    """What the questions share; `heard` is filled by the driver while they run."""

    basis: Basis
    port: str
    target: str  # what the port's name leads to
    number: str = ""  # of a phone that may be written to; empty: nothing may be sent
    code: str = ""  # a USSD code that may be asked
    heard: list[Urc] = field(default_factory=list)
    prompts: bool | None = None  # whether a prompt for a message came
    sent: list[int] = field(default_factory=list)  # references of the test messages that the network took
    returned: bool = False  # one of them came back to this modem


Question = Callable[[Ground], Procedure[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One of the twenty; without a question only its `how` is told."""

    number: int
    title: str
    how: str
    ask: Question | None = None
    sends: bool = False


def prepare(dialect_name: str) -> Procedure[Basis]:
    """Learn who the modem is and whether it has what messages need (modem.md 2.1)."""
    yield AtCommand("ATE0V1", timeout_s=2.0)
    yield AtCommand("AT+CMEE=1", timeout_s=2.0)
    dialect = DIALECTS[dialect_name] if dialect_name in DIALECTS else (yield from find_dialect())
    identified = yield from identify(dialect)
    sim = yield from ask_sim()
    if sim not in {"READY", "SIM PIN2", "SIM PUK2"}:
        return Basis(dialect, identified, sim)
    mode = yield AtCommand("AT+CMGF=0")
    fill = yield from _first_memory(dialect)
    mt, mo = yield from _services()
    centre = yield from ask("AT+CSCA?", "+CSCA", dialect.sim_s)
    signal = yield from ask("AT+CSQ", "+CSQ", 5.0)
    return Basis(
        dialect,
        identified,
        "READY",
        (yield from ask_registration()),
        (yield from ask_operator()) or "",
        signal_dbm(signal.lines[0]) if signal.lines else None,
        mode.ok,
        fill,
        (yield from _list(dialect)),
        mt,
        mo,
        fields(centre.lines[0])[0] if centre.lines else "",
        (yield from ask_digits("AT+CIMI")),
    )


def _first_memory(dialect: Dialect) -> Procedure[StoreFill | Refused]:
    fill: StoreFill | Refused = Refused("no memory is named")
    for storage in dialect.memories:
        fill = yield from select_storage(storage, dialect)
        if isinstance(fill, StoreFill):
            break
    return fill


def _services() -> Procedure[tuple[bool, bool]]:
    """Read `+CSMS: <service>,<mt>,<mo>,<bm>` (27.005 §3.2.1); a modem that does not say may have both."""
    response = yield from ask("AT+CSMS?", "+CSMS", 5.0)
    parts = fields(response.lines[0]) if response.lines else []
    mt, mo = (parts[1], parts[2]) if len(parts) >= 4 else ("1", "1")
    return mt != "0", mo != "0"


def _list(dialect: Dialect) -> Procedure[tuple[SlotEntry, ...] | None]:
    response = yield AtCommand("AT+CMGL=4", ("+CMGL",), dialect.list_s, with_pdu=True)
    return tuple(listing(response.lines)) if response.ok else None


# -- the questions that a modem can answer alone -----------------------------------------------------------------------


def notification(ground: Ground) -> Procedure[Finding]:
    """1: find the variant of `AT+CNMI` that holds."""
    listed = yield from ask("AT+CNMI=?", "+CNMI", 5.0)
    variant = yield from choose_cnmi(ground.basis.dialect)
    offered = listed.lines[0].partition(":")[2].strip() if listed.lines else "tidak disebut"
    if not variant:
        return Finding(Mark.WARNED, f"tidak ada varian yang diterima; SMS dicari tiap 30 detik (ditawarkan: {offered})")
    reports = variant.count(",") >= 3 and variant.split(",")[3] != "0"
    mark = Mark.PASSED if reports else Mark.WARNED
    return Finding(mark, f"CNMI={variant}{'' if reports else ', tanpa laporan kirim'} (ditawarkan: {offered})")


def empty_slot(ground: Ground) -> Procedure[Finding]:
    """2: read a slot that is free."""
    basis = ground.basis
    if not isinstance(basis.fill, StoreFill) or basis.slots is None:
        return Finding(Mark.FAILED, "memori SMS tidak terbaca")
    taken = {entry.index for entry in basis.slots}
    free = next((index for index in range(1, basis.fill.total) if index not in taken), None)
    if free is None:
        return Finding(Mark.UNTESTED, "semua tempat terisi")
    response = yield AtCommand(f"AT+CMGR={free}", ("+CMGR",), basis.dialect.read_s, with_pdu=True)
    if response.ok:
        return Finding(Mark.PASSED, f"tempat {free} kosong: OK tanpa isi")
    final = response.final
    known = isinstance(final, CmsError | CmeError) and final.code in NO_SLOT
    return Finding(Mark.PASSED if known else Mark.WARNED, f"tempat {free} kosong: {refusal(response).why}")


def escape(ground: Ground) -> Procedure[Finding]:
    """3: open the prompt and leave it; the engine answers a prompt without a payload with ESC."""
    response = yield AtCommand("AT+CMGS=18", ("+CMGS",), 5.0)
    match response.final:
        case TimedOut(alive=True):
            ground.prompts = True
            return Finding(Mark.PASSED, "prompt keluar, ESC tidak dijawab, modem tetap melayani")
        case TimedOut():
            return Finding(Mark.FAILED, "setelah ESC modem tidak menjawab lagi")
        case _ if response.ok:
            ground.prompts = True
            return Finding(Mark.PASSED, "prompt keluar, ESC dijawab OK")
        case _:
            ground.prompts = False
            return Finding(Mark.FAILED, f"tidak ada prompt: {refusal(response).why}")


def quiet(ground: Ground) -> Procedure[Finding]:
    """8: switch the noise off that Huawei sticks make."""
    mask = next((text for text in ground.basis.dialect.settings if text in NOISE_SWITCHES), "")
    if not mask:
        return Finding(Mark.PASSED, "tidak berlaku: modem ini tidak punya CURC")
    masked = yield AtCommand(mask, timeout_s=5.0)
    if masked.ok:
        found = yield from ask("AT^CURC?", "^CURC", 5.0)
        shown = found.lines[0] if found.lines else "tidak dapat dibaca kembali"
        return Finding(Mark.PASSED, f"mask diterima ({shown})")
    whole = yield AtCommand(NOISE_SWITCHES[mask], timeout_s=5.0)
    if whole.ok:
        return Finding(Mark.WARNED, "hanya CURC=0: pemberitahuan memori penuh ikut mati")
    return Finding(Mark.WARNED, "CURC ditolak: baris tambahan disaring program")


def more_messages(_ground: Ground) -> Procedure[Finding]:
    """9: see whether the radio link can be kept between parts."""
    response = yield from ask("AT+CMMS=?", "+CMMS", 5.0)
    if isinstance(response.final, TimedOut):
        return Finding(Mark.WARNED, "tidak dijawab")
    there = bool(response.lines)
    return Finding(Mark.PASSED, "ada; program tidak membutuhkannya" if there else "tidak ada; tidak dibutuhkan")


ROOM = 10
"""Slots that a SIM should have: a flood of a long message must fit while nobody drains it."""


def capacity(ground: Ground) -> Procedure[Finding]:
    """12: tell size, fill and first index of the receive memory."""
    fill = ground.basis.fill
    response = yield from ask("AT+CMGD=?", "+CMGD", 5.0)
    if not isinstance(fill, StoreFill):
        return Finding(Mark.FAILED, f"memori SMS ditolak: {fill.why}")
    first = response.lines[0].partition(":")[2].strip() if response.lines else "tidak disebut"
    text = f"{fill.storage}: {fill.used} dari {fill.total} terisi, nomor tempat {first}"
    return Finding(Mark.PASSED if fill.total >= ROOM else Mark.WARNED, text)


def port_name(ground: Ground) -> Procedure[Finding]:
    """14: tell where the port's name leads; asks the modem nothing."""
    yield from ask("AT", "")
    shown = ground.port if ground.port == ground.target else f"{ground.port} -> {ground.target}"
    return Finding(Mark.PASSED, shown)


LOW_MILLIVOLTS = 3600


def supply(ground: Ground) -> Procedure[Finding]:
    """16: read the supply voltage; the dip shows after a message was sent."""
    command = ground.basis.dialect.supply
    if not command:
        return Finding(Mark.PASSED, "tidak berlaku: modem USB tidak menyebut tegangannya")
    response = yield from ask(command, "+CBC", 5.0)
    parts = fields(response.lines[0]) if response.lines else []
    if len(parts) < 3 or not parts[2].isdigit():
        return Finding(Mark.WARNED, "modem tidak menyebut tegangannya")
    low = int(parts[2]) < LOW_MILLIVOLTS
    when = "sesudah mengirim" if ground.sent else "diam"
    return Finding(Mark.WARNED if low else Mark.PASSED, f"{parts[2]} mV ({when}), paling rendah {LOW_MILLIVOLTS} mV")
