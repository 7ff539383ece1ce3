"""SMS as the network delivers them, of every kind a citizen's phone may send, with what must arrive of them.

Refuses chance of its own: the same `Random` gives the same letters. Texts are NFC and free of what contract 4.5 takes
away, so that what arrives must be equal letter by letter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from kentongan.at import pdu
from kentongan.at.pdu import Address, Alphabet, Concat, Deliver, Scts, UserData

STAMP = pdu.scts_of(1_795_421_045_000, 480)
SMSC = pdu.address_of("+62811000000")
DATA_DCS, GSM_DCS, UCS2_DCS = 0x04, 0x00, 0x08

GSM_LETTERS = "abc defghij klmnopq rstuvwxyz ABC 0123456789 .,!?()'"
EXTENSION = "harga {100}€ [a] ~ \\ | ^ rusak sekali"
UCS2_LETTERS = "桥 ਕ ج jalan “rusak” \N{EN DASH} mohon … café ñ "  # the first ones cannot be respelled in GSM 7 bit
EMOJI = "banjir 🌊🙏 di desa 🏞️ tolong 👨‍👩‍👧"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message: the TPDUs in the order in which they come, and what the county must get."""

    kind: str
    number: str  # E.164, as the ticket says it
    text: str
    data: bytes  # of an 8-bit message
    pdus: tuple[str, ...]


def written(originator: Address, code: int, user_data: UserData, stamp: Scts = STAMP) -> str:
    """Write one DELIVER."""
    return pdu.encode(Deliver(originator, 0, pdu.dcs_of(code), stamp, user_data), SMSC).pdu_hex


def text_parts(sender: str, text: str, alphabet: Alphabet, reference: int) -> tuple[str, ...]:
    """Write a text as DELIVERs, long ones with a concatenation header of 8 bits."""
    code = GSM_DCS if alphabet is Alphabet.GSM7 else UCS2_DCS
    pieces = pdu.split(text, alphabet)
    originator = pdu.address_of(sender)
    return tuple(
        written(
            originator,
            code,
            pdu.write_text(piece, alphabet, (Concat(reference, 8, len(pieces), sequence),) if len(pieces) > 1 else ()),
        )
        for sequence, piece in enumerate(pieces, 1)
    )


def _filled(letters: str, length: int, random: Random) -> str:
    return "".join(random.choice(letters) for _ in range(length)).strip() or "a"


def _words(sample: str, length: int) -> str:
    return (sample * (length // len(sample) + 1))[:length].strip()


def _senders(index: int) -> tuple[str, str]:
    """Give a sender as the network shows it and in E.164: international, national, fixed line, foreign."""
    kinds = (
        (f"+62812{index:08}", f"+62812{index:08}"),
        (f"0852{index:08}", f"+62852{index:08}"),
        (f"62878{index:08}", f"+62878{index:08}"),
        (f"+6591{index:06}", f"+6591{index:06}"),
        (f"+1202555{index:04}", f"+1202555{index:04}"),
        (f"0473{index:06}", f"+62473{index:06}"),
    )
    return kinds[index % len(kinds)]


def short(index: int, random: Random) -> tuple[str, str, Alphabet]:
    """Make a text of one SMS: kind, text, alphabet."""
    kinds = (
        ("GSM 7 bit", _filled(GSM_LETTERS, random.randrange(1, 150), random), Alphabet.GSM7),
        ("extension table", _words(EXTENSION, random.randrange(10, 70)), Alphabet.GSM7),
        ("UCS-2", _words(UCS2_LETTERS, random.randrange(5, 60)), Alphabet.UCS2),
        ("emoji", EMOJI, Alphabet.UCS2),
    )
    kind, text, alphabet = kinds[index % len(kinds)]
    return kind, f"{index}: {text}.", alphabet


def long(index: int, random: Random) -> tuple[str, str, Alphabet]:
    """Make a text of 2 to 4 SMS."""
    parts = random.randrange(2, 5)
    if index % 3 == 0:
        return "long UCS-2 with emoji", f"{index}: {_words(EMOJI, 55 * parts)}.", Alphabet.UCS2
    sample = GSM_LETTERS if index % 3 == 1 else EXTENSION
    length = (145 if index % 3 == 1 else 120) * parts
    return "long GSM 7 bit", f"{index}: {_words(sample, length)}.", Alphabet.GSM7


def letter(index: int, random: Random) -> Letter:
    """Make the letter with this number; every fifth is long, every tenth 8-bit data."""
    sender, number = _senders(index)
    if index % 10 == 9:
        data = index.to_bytes(4, "big") + random.randbytes(random.randrange(1, 130))
        part = written(pdu.address_of(sender), DATA_DCS, pdu.write_octets(data))
        return Letter("8-bit data", number, "", data, (part,))
    if index % 5 != 0:
        kind, text, alphabet = short(index, random)
        return Letter(kind, number, text, b"", text_parts(sender, text, alphabet, 0))
    kind, text, alphabet = long(index, random)
    parts = list(text_parts(sender, text, alphabet, index % 256))
    if index % 2:
        kind += ", shuffled"
        random.shuffle(parts)
    return Letter(kind, number, text, b"", tuple(parts))


def letters(count: int, random: Random) -> Iterator[Letter]:
    """Make so many letters, each one another."""
    for index in range(count):
        yield letter(index, random)


def mixed(some: list[Letter], random: Random) -> list[str]:
    """Lay the TPDUs in the order of their arrival: those of up to four letters come in between one another."""
    order: list[str] = []
    for start in range(0, len(some), 4):
        queues = [list(one.pdus) for one in some[start : start + 4]]
        while any(queues):
            order.append(random.choice([queue for queue in queues if queue]).pop(0))
    return order
