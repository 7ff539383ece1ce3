"""A month in figures: how much came, how fast it was answered, how long the box served. Pure but for `collect`.

Refuses to name a person: everything here may be printed and sent on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kentongan.daemon import faults
from kentongan.daemon.blackout import CAUSE as BLACKOUT
from kentongan.queue.incidents import Incident
from kentongan.queue.store import Store

TROUBLES = 5_000  # incidents looked through: all that the store keeps


@dataclass(frozen=True, slots=True)
class Span:
    """A time on the wall clock."""

    start_ms: int
    end_ms: int

    @property
    def lasted_ms(self) -> int:
        """Measure it."""
        return max(0, self.end_ms - self.start_ms)


@dataclass(frozen=True, slots=True)
class Spread:
    """How a wait was spread, in milliseconds."""

    count: int
    p50_ms: int
    p95_ms: int
    max_ms: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """What a cause cost in a month: how often it began, how long it stood."""

    cause: str
    count: int
    lasted_ms: int


@dataclass(frozen=True, slots=True)
class Month:
    """Everything the report tells."""

    period: str
    span: Span
    known: Span  # of the month, from the day the store was made to now at most
    counts: Mapping[str, int]
    held: Spread | None  # by the operator: from the service centre's stamp to us
    taken: Spread | None  # from us to the backend's acknowledgement
    answered: Spread | None  # from us to the first reply
    reports: int
    waiting: int  # reports with neither reply nor end
    closed: int  # reports that ended without a reply
    troubles: tuple[Trouble, ...]
    outages: tuple[tuple[str, Span], ...]  # each by itself, the oldest first
    down_ms: int  # no SMS could be received or sent
    offline_ms: int  # the server or its application could not be reached

    @property
    def whole(self) -> bool:
        """Tell whether the month is over and known from its first day on: only then it may be compared."""
        return self.known == self.span

    @property
    def service_percent(self) -> float:
        """Tell which share of the known time the box served."""
        whole = self.known.lasted_ms
        return 100.0 if not whole else 100 * (1 - self.down_ms / whole)

    def group(self, prefix: str) -> dict[str, int]:
        """Give the figures below a prefix, the largest first."""
        found = {name.removeprefix(prefix): count for name, count in self.counts.items() if name.startswith(prefix)}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    @property
    def messages(self) -> int:
        """Count what came in: reports, what was added to them, and what was set aside."""
        aside = sum(self.group("quarantined.").values())
        return self.counts.get("tickets", 0) + self.counts.get("follow_ups", 0) + aside


def collect(store: Store, period: str, span: Span, now_ms: int, lines: Sequence[str]) -> Month:
    """Read a month out of the store; `lines` are those that serve."""
    known = Span(max(span.start_ms, min(store.ledger.life()[0], span.end_ms)), min(span.end_ms, now_ms))
    ledger, start_ms, end_ms = store.ledger, span.start_ms, span.end_ms
    incidents = store.incidents.newest(TROUBLES, start_ms)
    answers = ledger.answers(start_ms, end_ms)
    return Month(
        period,
        span,
        known,
        ledger.figures(period) | ledger.outgoing(start_ms, end_ms),
        spread(ledger.held(start_ms, end_ms)),
        spread(ledger.waits(start_ms, end_ms)),
        spread(answers.waits_ms),
        answers.reports,
        answers.waiting,
        answers.closed,
        troubles(incidents, known),
        outages(incidents, known),
        _down_ms(incidents, known, lines),
        sum(each.lasted_ms for each in _union(_spans(incidents, known, _offline))),
    )


def spread(waits_ms: Sequence[int]) -> Spread | None:
    """Sum waits up; they come sorted, the shortest first."""
    if not waits_ms:
        return None

    def rank(share: float) -> int:
        return waits_ms[min(len(waits_ms) - 1, int(share * len(waits_ms)))]

    return Spread(len(waits_ms), rank(0.5), rank(0.95), waits_ms[-1])


# -- troubles ---------------------------------------------------------------------------------------------------------


def troubles(incidents: Iterable[Incident], known: Span) -> tuple[Trouble, ...]:
    """Sum incidents up by cause, cut to the month; what lasted longest comes first."""
    found: dict[str, list[Span]] = {}
    for incident in incidents:
        inside = _cut(incident, known)
        if inside.lasted_ms:
            found.setdefault(incident.cause, []).append(inside)
    summed = [
        Trouble(cause, len(spans), sum(each.lasted_ms for each in _union(spans))) for cause, spans in found.items()
    ]
    return tuple(sorted(summed, key=lambda trouble: (-trouble.lasted_ms, trouble.cause)))


def outages(incidents: Sequence[Incident], known: Span) -> tuple[tuple[str, Span], ...]:
    """Name what stood in a month, each by itself, the oldest first."""
    cut = [(incident.cause, _cut(incident, known)) for incident in reversed(incidents)]
    return tuple((cause, span) for cause, span in cut if span.lasted_ms)


def stops(cause: str) -> bool:
    """Tell whether nothing can be received or sent while this stands."""
    return cause == BLACKOUT or (cause in faults.TABLE and bool(faults.TABLE[cause].stops))


def _offline(cause: str) -> bool:
    return cause in faults.TABLE and faults.TABLE[cause].clerk == faults.SERVER


def _down_ms(incidents: Sequence[Incident], known: Span, lines: Sequence[str]) -> int:
    """Measure the time in which no line served."""
    common = [known]
    for line in lines:
        mine = [incident for incident in incidents if incident.line in {"", line}]
        common = _both(common, _union(_spans(mine, known, stops)))
    return sum(each.lasted_ms for each in common)


def _spans(incidents: Iterable[Incident], known: Span, wanted: Callable[[str], bool]) -> list[Span]:
    return [_cut(incident, known) for incident in incidents if wanted(incident.cause)]


def _cut(incident: Incident, known: Span) -> Span:
    ended_ms = known.end_ms if incident.ended_ms is None else incident.ended_ms
    return Span(max(incident.began_ms, known.start_ms), min(ended_ms, known.end_ms))


def _union(spans: Iterable[Span]) -> list[Span]:
    """Join spans that touch."""
    joined: list[Span] = []
    for span in sorted((each for each in spans if each.lasted_ms), key=lambda each: each.start_ms):
        if joined and span.start_ms <= joined[-1].end_ms:
            joined[-1] = Span(joined[-1].start_ms, max(joined[-1].end_ms, span.end_ms))
        else:
            joined.append(span)
    return joined


def _both(left: Iterable[Span], right: Sequence[Span]) -> list[Span]:
    """Give the time that is in both."""
    pairs = [(one, other) for one in left for other in right]
    met = [Span(max(one.start_ms, other.start_ms), min(one.end_ms, other.end_ms)) for one, other in pairs]
    return [each for each in met if each.lasted_ms]


# -- the calendar -----------------------------------------------------------------------------------------------------


def shifted(period: str, months: int) -> str:
    """Name the month so many months later."""
    first = datetime.fromisoformat(f"{period}-01")
    count = first.year * 12 + first.month - 1 + months
    return f"{count // 12:04}-{count % 12 + 1:02}"


def span_of(period: str, offset_min: Callable[[int], int]) -> Span:
    """Give a month's first moment and its end, in the office's zone."""
    return Span(_midnight(period, offset_min), _midnight(shifted(period, 1), offset_min))


def _midnight(period: str, offset_min: Callable[[int], int]) -> int:
    utc_ms = round(datetime.fromisoformat(f"{period}-01").replace(tzinfo=UTC).timestamp() * 1000)
    return utc_ms - 60_000 * offset_min(utc_ms)
