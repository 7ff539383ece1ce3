"""What each operator is asked about the credit, and how its answers are read: data, with its own examples as tests.

Pure but for `load`.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from kentongan.daemon.errors import ConfigError
from kentongan.daemon.notices import GENERAL, Noticed, Words, read_notice

SHIPPED = Path(__file__).with_name("operators.toml")
KEY = "credit.operators_file"
NETWORK = 5  # digits of the IMSI: country and network
QUESTION = r"[0-9*#]{2,20}(>[0-9*#]{1,20}){0,5}"
_NETWORK, _QUESTION = re.compile(rf"[0-9]{{{NETWORK}}}"), re.compile(QUESTION)


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer, and what is to be read in it."""

    text: str
    rupiah: int | None = None
    until: str = ""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operator as the file writes it."""

    networks: tuple[str, ...]
    balance: str
    rupiah: tuple[str, ...] = ()
    until: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator."""

    name: str
    balance: str  # the question
    words: Words = GENERAL

    def read(self, text: str) -> Noticed | None:
        """Read what it says of balance and validity; `None` when neither is understood."""
        return read_notice(text, self.words)


UNKNOWN = Operator("", "")
Operators = dict[str, Operator]


def of(operators: Operators, imsi: str) -> Operator:
    """Find the operator of a card."""
    return operators.get(imsi[:NETWORK], UNKNOWN)


def steps(question: str) -> tuple[str, tuple[str, ...]]:
    """Part a question into its code and the answers to the menus behind it."""
    code, *choices = question.split(">")
    return code, tuple(choices)


def load(path: Path = SHIPPED) -> Operators:
    """Read the operators by network. Raises `ConfigError`."""
    try:
        entries = msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, Entry])
    except (OSError, ValueError, msgspec.ValidationError) as error:  # no ValueError before msgspec 0.20
        raise ConfigError(KEY, f"{path}: {error}", "correct the file, or remove the key") from error
    found: Operators = {}
    for name, entry in entries.items():
        operator = _operator(name, entry, path)
        for network in entry.networks:
            if network in found or not _NETWORK.fullmatch(network):
                raise _wrong(path, name, f"network {network!r} is impossible, or named twice")
            found[network] = operator
    return found


def _operator(name: str, entry: Entry, path: Path) -> Operator:
    if not _QUESTION.fullmatch(entry.balance):
        raise _wrong(path, name, f"balance {entry.balance!r} is no USSD code with choices behind >")
    rupiah, until = (_compiled(name, texts, path, groups) for texts, groups in ((entry.rupiah, 1), (entry.until, 3)))
    operator = Operator(name, entry.balance, Words((*rupiah, *GENERAL.rupiah), (*until, *GENERAL.until)))
    for example in entry.examples:
        read = operator.read(example.text) or Noticed(None, "")
        if (read.balance_idr, read.active_until) != (example.rupiah, example.until):
            raise _wrong(path, name, f"the example {example.text!r} is read as {read}")
    return operator


def _compiled(name: str, texts: tuple[str, ...], path: Path, groups: int) -> list[re.Pattern[str]]:
    patterns = []
    for text in texts:
        try:
            pattern = re.compile(text, re.IGNORECASE)
        except re.error as error:
            raise _wrong(path, name, f"{text!r}: {error}") from error
        if pattern.groups != groups:
            raise _wrong(path, name, f"{text!r} has {pattern.groups} groups, not {groups}")
        patterns.append(pattern)
    return patterns


def _wrong(path: Path, name: str, why: str) -> ConfigError:
    return ConfigError(KEY, f"{path}: [{name}] {why}", "correct the file, or remove the key")
