"""Fuzz the PDU decoder: any string must be decoded or refused with a `PduError`, and explained octet by octet.

    python benchmarks/fuzz_pdu.py --inputs 5000000 [--seed 1] [--corpus FILE]

Guided by behaviour: an input that shows a new combination of type, remarks or refused field joins the corpus and is
mutated further. Exit status 1 at the first surprise, which is printed with the seed that leads to it.
"""

import argparse
import random
import sys
from pathlib import Path
from time import perf_counter

from kentongan.at import pdu

SEEDS = (
    "06912618010000040D91261832547698F000006211325140508206D427F3E93C02",
    "069126180100000410D0D42273F96C4E8B4C0000621132514050820BD03A7B1E06A1C3E2F41C",
    "06912618010000062A0D91261832547698F0621132514050826211425140908246",
    "0071000D91261832547698F00000A70B0608041234020141E110",
    "0031000D91261832547698F00008A70E00530069006100700020D83DDC4D",
    "0019000D91261832547698F0000062211332959582050500034A0201",
    "004405810121F3000062113251405082200724010125010C0B2E1B9BF286B7F101",
    "0002000481000062113251405082621132514050820007000002C834",
)
MAX_OCTETS = 190
"""A little more than the longest PDU."""
MAX_CORPUS = 4000
EXPLAIN_EVERY = 20


def mutate(chance: random.Random, corpus: list[bytes]) -> bytes:
    """Change a member of the corpus at one to six places, or join two."""
    octets = bytearray(chance.choice(corpus))
    for _ in range(chance.randrange(1, 7)):
        place = chance.randrange(len(octets) + 1)
        match chance.randrange(6):
            case 0 | 1:
                octets[place : place + 1] = chance.randbytes(1)
            case 2:
                octets[place : place + 1] = bytes((1 << chance.randrange(8) ^ (octets[place : place + 1] or b"\0")[0],))
            case 3:
                octets[place:place] = chance.randbytes(chance.randrange(1, 9))
            case 4:
                del octets[place : place + chance.randrange(1, 9)]
            case _:
                octets[place:] = chance.choice(corpus)[place:]
    return bytes(octets[:MAX_OCTETS])


def damaged(chance: random.Random, octets: bytes) -> str:
    """Write the hex as a line that lost or gained characters now and then."""
    pdu_hex = octets.hex().upper()
    if chance.random() < 0.02:
        place = chance.randrange(len(pdu_hex) + 1)
        pdu_hex = pdu_hex[:place] + chance.choice("\r\n +:G\x00é\ud800") + pdu_hex[place + chance.randrange(2) :]
    return pdu_hex


def behaviour(pdu_hex: str, tpdu_octets: int | None) -> tuple[object, ...]:
    """Decode, touch all that is derived, and name what was seen."""
    try:
        decoded = pdu.decode(pdu_hex, tpdu_octets)
    except pdu.PduError as error:
        return type(error).__name__, getattr(error, "field", "")
    tpdu = decoded.tpdu
    data = tpdu.optional.user_data if isinstance(tpdu, pdu.StatusReport) else tpdu.user_data
    kinds: tuple[object, ...] = ()
    if data is not None:
        kinds = (data.alphabet, *sorted({type(element).__name__ for element in data.elements}))
        _ = data.octets, data.concat, data.ports, data.lossy
    match tpdu:
        case pdu.StatusReport():
            _ = tpdu.outcome, tpdu.scts.unix_ms, tpdu.discharged.text, tpdu.recipient.text
        case pdu.Deliver():
            _ = tpdu.scts.unix_ms, tpdu.scts.offset_min, tpdu.scts.text, tpdu.originator.text
        case pdu.Submit():
            _ = tpdu.destination.text
    return type(tpdu).__name__, *decoded.remarks, *kinds


def is_explained(pdu_hex: str) -> bool:
    """Tell whether the explanation shows every octet once and says something of each."""
    fields = pdu.explain(pdu_hex)
    return all(field.meaning for field in fields) and "".join(field.octets_hex for field in fields) == pdu_hex


def fuzz(inputs: int, seed: int, corpus: list[bytes]) -> bool:
    """Run; print what was seen, or the first surprise."""
    chance = random.Random(seed)
    seen: dict[tuple[object, ...], int] = {}
    start = perf_counter()
    for number in range(inputs):
        octets = mutate(chance, corpus)
        pdu_hex = damaged(chance, octets)
        tpdu_octets = chance.choice((None, None, None, len(octets), chance.randrange(-1, MAX_OCTETS)))
        try:
            shown = behaviour(pdu_hex, tpdu_octets)
            explained = number % EXPLAIN_EVERY or is_explained(octets.hex().upper())
        except Exception as error:  # noqa: BLE001 - any other exception is the surprise that is looked for
            print(f"surprise at input {number} of seed {seed}: {pdu_hex!r} {tpdu_octets}: {error!r}")
            return False
        if not explained:
            print(f"not every octet is explained at input {number} of seed {seed}: {pdu_hex!r}")
            return False
        if shown not in seen and len(corpus) < MAX_CORPUS:
            corpus.append(octets)
        seen[shown] = seen.get(shown, 0) + 1
    seconds = perf_counter() - start
    print(f"{inputs:,} inputs, seed {seed}, {seconds:.0f} s, {inputs / seconds:,.0f}/s: no surprise")
    refused = sum(times for shown, times in seen.items() if str(shown[0]).startswith("Pdu"))
    print(f"{len(seen)} behaviours, {inputs - refused:,} decoded, {refused:,} refused, corpus of {len(corpus)}")
    return True


def main() -> int:
    """Run what the arguments ask for; the corpus file holds one PDU a line and grows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, help="read PDUs from here and write the grown corpus back")
    arguments = parser.parse_args()
    corpus = [bytes.fromhex(seed) for seed in SEEDS]
    if arguments.corpus and arguments.corpus.exists():
        corpus += [bytes.fromhex(line) for line in arguments.corpus.read_text(encoding="ascii").split()]
    good = fuzz(arguments.inputs, arguments.seed, corpus)
    if arguments.corpus:
        arguments.corpus.write_text("\n".join(octets.hex().upper() for octets in corpus) + "\n", encoding="ascii")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
