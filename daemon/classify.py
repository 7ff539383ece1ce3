"""What an SMS is about, by rules that anybody can read: whole words, the longest first, each label with its reasons.

Pure but for `load`. Refuses a rule file whose own examples fail, and to match inside a word: "petugas" holds no gas.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from kentongan.daemon.errors import ConfigError

SHIPPED = Path(__file__).with_name("rules.toml")
MAX_OCTETS = 262_144  # twenty times the shipped file
MAX_WORDS = 400  # of one SMS: ten parts; what comes later changes nothing
AREA = "area"
CONFIDENTIAL = "rahasia"  # as the first word (domain.md 3.1)

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,31}")
_WORD = re.compile(r"[a-z]+[0-9]*|[0-9]+[a-z]*")
_REPEATED = re.compile(r"([a-z])\1{2,}")


class RuleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule for groups as the file writes it."""

    id: str
    group: str
    phrases: tuple[str, ...]
    unless: tuple[str, ...] = ()
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


class KindEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule for the kind of message."""

    id: str
    phrases: tuple[str, ...]
    unless: tuple[str, ...] = ()
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


class LanguageEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words by which a language is known."""

    id: str
    words: tuple[str, ...]
    yes: tuple[str, ...] = ()


class RuleFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: str
    groups: dict[str, str]
    rule: tuple[RuleEntry, ...]
    everybody: str = ""
    fallback: str = ""
    words: dict[str, str] = {}
    kind: tuple[KindEntry, ...] = ()
    language: tuple[LanguageEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """A group and the rules that name it."""

    slug: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Classified:
    """What the rules make of a text."""

    labels: tuple[Label, ...]
    kind: str
    urgent: bool
    language: str
    confidential: bool

    @property
    def slugs(self) -> tuple[str, ...]:
        """The groups alone."""
        return tuple(label.slug for label in self.labels)


@dataclass(slots=True)
class _Phrases:
    """Phrases by their first word, the longest first, each with the rule it belongs to."""

    by_first: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)

    def add(self, words: tuple[str, ...], rule: str) -> None:
        bucket = self.by_first.setdefault(words[0], [])
        bucket.append((words, rule))
        bucket.sort(key=lambda item: -len(item[0]))

    def found(self, words: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...], str]]:
        """Yield where phrases stand."""
        for start, word in enumerate(words):
            for phrase, rule in self.by_first.get(word, ()):
                if tuple(words[start : start + len(phrase)]) == phrase:
                    yield start, phrase, rule


class Rules:
    """A rule file, ready to be asked."""

    def __init__(self, source: RuleFile) -> None:
        self.version = source.version
        self._source = source
        self._phrases, self._silenced = _Phrases(), _Phrases()
        self._kinds, self._not_kinds = _Phrases(), _Phrases()
        self._languages = {entry.id: {self._words(word) for word in entry.words} for entry in source.language}
        for rule in source.rule:
            self._take(self._phrases, rule.phrases, rule.id)
            self._take(self._silenced, rule.unless, rule.id)
        for kind in source.kind:
            self._take(self._kinds, kind.phrases, kind.id)
            self._take(self._not_kinds, kind.unless, kind.id)
        self._group = {rule.id: rule.group for rule in source.rule}

    def _take(self, phrases: _Phrases, texts: Sequence[str], rule: str) -> None:
        for text in texts:
            words = self._words(text)
            if not words:
                raise ValueError(f"rule {rule}: {text!r} holds no word")
            phrases.add(words, rule)

    def _words(self, text: str) -> tuple[str, ...]:
        """Write a text as plain words: lower case, abbreviations spelt out, `lubang2` and `jalaaan` mended."""
        plain = unicodedata.normalize("NFKC", text).casefold()
        words: list[str] = []
        for found in _WORD.findall(plain):
            word = found[:-1] if len(found) > 3 and found[-1] == "2" and found[-2].isalpha() else found
            word = _REPEATED.sub(r"\1", word)
            words += self._source.words.get(word, word).split()
            if len(words) >= MAX_WORDS:
                break
        return tuple(words)

    def classify(self, text: str) -> Classified:
        """Say what a text is about; always something."""
        words = self._words(text)
        hits = self._hits(words)
        labels: dict[str, list[str]] = {}
        for rule in hits:
            labels.setdefault(self._group[rule], []).append(rule)
        if self._source.fallback and not any(self._axis(slug) == "topic" for slug in labels):
            labels[self._source.fallback] = []
        return Classified(
            tuple(Label(slug, tuple(rules)) for slug, rules in labels.items()),
            self._kind(words, text),
            any(self._axis(slug) == "urgency" for slug in labels),
            self._language(words),
            bool(words) and words[0] == CONFIDENTIAL,
        )

    def audience(self, classified: Classified) -> tuple[str, ...]:
        """Name the groups that get the ticket, everybody's first."""
        everybody = (self._source.everybody,) if self._source.everybody else ()
        return tuple(dict.fromkeys((*everybody, *classified.slugs)))

    def knows(self, slug: str) -> bool:
        """Tell whether the file has this group."""
        return slug in self._source.groups

    @property
    def areas(self) -> frozenset[str]:
        """Name the groups that say from where an SMS is, none in the shipped file: a county knows its villages."""
        return frozenset(slug for slug, axis in self._source.groups.items() if axis == AREA)

    def _axis(self, slug: str) -> str:
        return self._source.groups[slug]

    def _hits(self, words: Sequence[str]) -> list[str]:
        """Find the rules that match; a word serves one phrase of an axis alone, the longest."""
        silenced = {rule for _, _, rule in self._silenced.found(words)}
        found = sorted(self._phrases.found(words), key=lambda hit: (-len(hit[1]), hit[0]))
        taken: dict[str, set[int]] = {}
        hits: dict[str, int] = {}
        for start, phrase, rule in found:
            span = range(start, start + len(phrase))
            used = taken.setdefault(self._axis(self._group[rule]), set())
            if rule in silenced or used & set(span):
                continue
            used.update(span)
            hits.setdefault(rule, start)
        return sorted(hits, key=lambda rule: hits[rule])

    def _kind(self, words: Sequence[str], text: str) -> str:
        silenced = {kind for _, _, kind in self._not_kinds.found(words)}
        found = {kind for _, _, kind in self._kinds.found(words)} - silenced
        named = next((kind.id for kind in self._source.kind if kind.id in found), "")
        return named or ("question" if text.rstrip().endswith("?") else "complaint")

    def _language(self, words: Sequence[str]) -> str:
        """Give the regional language of which at least two words stand there."""
        scores = {
            name: sum(1 for start in range(len(words)) if any(_at(words, start, each) for each in known))
            for name, known in self._languages.items()
        }
        best = max(scores, key=lambda name: scores[name], default="")
        return best if best and scores[best] >= 2 else "id"

    # -- the file's own examples ---------------------------------------------------------------------------------------

    def failures(self) -> list[str]:
        """Name every example that the rules get wrong."""
        failed = []
        for rule in self._source.rule:
            failed += _wrong(rule.id, rule.yes, rule.no, partial(self._says, rule.id))
        for kind in self._source.kind:
            failed += _wrong(kind.id, kind.yes, kind.no, partial(self._is_kind, kind.id))
        for language in self._source.language:
            failed += _wrong(language.id, language.yes, (), partial(self._is_language, language.id))
        return failed

    def _is_kind(self, kind: str, text: str) -> bool:
        return self.classify(text).kind == kind

    def _is_language(self, language: str, text: str) -> bool:
        return self.classify(text).language == language

    def _says(self, rule: str, text: str) -> bool:
        return any(rule in label.rules for label in self.classify(text).labels)


def _at(words: Sequence[str], start: int, phrase: tuple[str, ...]) -> bool:
    return tuple(words[start : start + len(phrase)]) == phrase


def _wrong(name: str, yes: Sequence[str], no: Sequence[str], found: Callable[[str], bool]) -> list[str]:
    missed = [f"rule {name} misses its example {text!r}" for text in yes if not found(text)]
    return missed + [f"rule {name} wrongly takes {text!r}" for text in no if found(text)]


def load(path: Path = SHIPPED) -> Rules:
    """Read a rule file and run its examples; raises `ConfigError`."""
    key, remedy = "inbound.rules_file", "correct the rule file, or remove the key to use the shipped rules"
    try:
        data = path.read_bytes()
        if len(data) > MAX_OCTETS:
            raise ConfigError(key, f"{path} is larger than {MAX_OCTETS} octets", remedy)
        source = msgspec.convert(tomllib.loads(data.decode()), RuleFile)
        rules = Rules(source)
    except (OSError, ValueError, msgspec.ValidationError) as error:  # no ValueError before msgspec 0.20
        raise ConfigError(key, f"{path}: {error}", remedy) from error
    named = {rule.group for rule in source.rule} | {source.fallback, source.everybody} - {""}
    if missing := sorted(slug for slug in named if not rules.knows(slug) or not SLUG.fullmatch(slug)):
        raise ConfigError(key, f"{path}: no [groups] entry for {', '.join(missing)}", remedy)
    if failures := rules.failures():
        raise ConfigError(key, f"{path}: {failures[0]}", remedy)
    return rules
