"""What a refusal means, as data: code -> class -> verdict, per dialect (modem.md 7; decisions.md 7).

Refuses to blame a message for its line: what is the line's fault burns no attempt. The class of a code is the
default; several codes of account trouble are also given for a single bad number, so they pause the line only when
different recipients were refused in a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from kentongan.queue.records import GiveUp, InDoubt, PauseLine, Reason, RetryAfter, TreatAsSent, Verdict

MINUTE_MS = 60_000
SPREAD = 0.2
LINE_PAUSE_MS = {
    "credit_or_barred": 30 * MINUTE_MS,
    "configuration": 60 * MINUTE_MS,
    "smsc_missing": 15 * MINUTE_MS,
    "network_not_registered": MINUTE_MS,
    "sim_missing": MINUTE_MS,
    "sim_pin_required": 5 * MINUTE_MS,
    "modem_not_responding": MINUTE_MS,
}
DIFFERENT_NUMBERS = 2  # refused in a row make account trouble the line's


class Class(Enum):
    """What is at fault, and how sure that is (modem.md 7.1; peers.md 19.3)."""

    TRANSIENT = auto()  # T: the network, later
    MODEM = auto()  # M: the modem, at once again; three times, then the line
    MESSAGE = auto()  # P: this message or number
    SLOW = auto()  # P after slow retries
    ACCOUNT = auto()  # A: credit, barring, subscription, or a bad number
    LINE = auto()  # A at once, C, R: the line
    DOUBT = auto()  # U: the service centre may have it
    SENT = auto()  # the refusal proves that it has
    STORE = auto()  # X: the SIM is full, the slot walk drains it


@dataclass(frozen=True, slots=True)
class Rule:
    """A class, the cause when it pauses the line, and after how many attempts the message is to blame after all."""

    klass: Class
    cause: str = ""
    limit: int = 0


class Then(Enum):
    """What follows the last delay of a schedule."""

    REPEAT = auto()  # the last delay, until the message's lifetime is over
    PAUSE = auto()
    BLAME = auto()


@dataclass(frozen=True, slots=True)
class Schedule:
    """Delays before the next attempts, in order."""

    delays_ms: tuple[int, ...]
    then: Then


NETWORK_MS = (30_000, 60_000, 120_000, 300_000, 600_000, 1_200_000, 1_800_000)
SCHEDULES: Mapping[Class, Schedule] = {
    Class.TRANSIENT: Schedule(NETWORK_MS, Then.REPEAT),
    Class.STORE: Schedule(NETWORK_MS, Then.REPEAT),
    Class.MODEM: Schedule((4_000, 8_000, 8_000), Then.PAUSE),  # 2 to 10 s; three in a row mean the modem needs help
    Class.SLOW: Schedule((600_000, 3_600_000, 21_600_000), Then.BLAME),
    Class.ACCOUNT: Schedule((60_000, 300_000, 900_000), Then.BLAME),  # one number refused: again before blaming it
}
BLAME_NOW = Schedule((), Then.BLAME)

T, M, P = Rule(Class.TRANSIENT), Rule(Class.MODEM), Rule(Class.MESSAGE)
SLOW, ACCOUNT, DOUBT, SENT, STORE = (
    Rule(Class.SLOW),
    Rule(Class.ACCOUNT, "credit_or_barred"),
    Rule(Class.DOUBT),
    Rule(Class.SENT),
    Rule(Class.STORE),
)
BARRED = Rule(Class.LINE, "credit_or_barred")
CONFIG = Rule(Class.LINE, "configuration")
SMSC = Rule(Class.LINE, "smsc_missing")
NETWORK = Rule(Class.LINE, "network_not_registered")
SIM = Rule(Class.LINE, "sim_missing")
PIN = Rule(Class.LINE, "sim_pin_required")
RESET = Rule(Class.LINE, "modem_not_responding")


def _table(*rows: tuple[Rule, tuple[int, ...]]) -> dict[int, Rule]:
    return {code: rule for rule, codes in rows for code in codes}


# 0-127 RP and CP causes of 3GPP TS 24.011, 128-255 TP-FCS of 23.040, 256-511 of 27.005 §3.2.5.
CMS: Mapping[int, Rule] = _table(
    (T, (6, 11, 16, 17, 18, 19, 22, 25, 26, 32, 34, 41, 42, 43, 44, 47, 49, 58, 192, 194, 213, 255, 321)),
    (Rule(Class.TRANSIENT, limit=5), (38,)),  # some networks say it of a bad number, and for ever
    (Rule(Class.TRANSIENT, limit=3), (127,)),
    (M, (81, 100, 101, 111, 210, 212, 301, 302, 314, 317, 318, 500)),
    (Rule(Class.MODEM, limit=3), (95, 97, 98, 99)),
    (P, (1, 3, 70, 87, 88, 91, 96, 128, 129, 130, 143, 144, 145, 159, 160, 161, 175, 176, 195, 196, 304)),
    (SLOW, (27,)),
    (ACCOUNT, (21, 28, 29, 30, 55, 57, 63, 65, 68, 69, 79, 193)),
    (BARRED, (8, 10, 50)),
    (CONFIG, (198, 199, 209, 303, 305, 312, 315, 316)),
    (SMSC, (330,)),
    (NETWORK, (331,)),
    (SIM, (310, 313)),
    (PIN, (311,)),
    (RESET, (300, 320)),
    (DOUBT, (102, 224, 225, 226, 332)),
    (SENT, (197,)),
    (STORE, (208, 211, 322)),
)
# 512 and above belong to the vendor: SIM800 AT manual §18.2.
CMS_SIM800: Mapping[int, Rule] = _table(
    (M, (512, 515, 520, 521, 525, 528, 530, 532)),
    (P, (323, 324, 325, 513, 514, 519, 524)),
    (CONFIG, (516, 517, 518, 523, 526, 527)),
    (RESET, (522,)),
    (BARRED, (529,)),
    (STORE, (531,)),
)
# Other vendors' meaning of the first four: collision, acknowledgement timeout, congestion, initialising.
CMS_OTHERS: Mapping[int, Rule] = _table((M, (512, 515)), (DOUBT, (513,)), (T, (514,)))
CME: Mapping[int, Rule] = _table(
    (RESET, (0, 1, 2)),
    (M, (3, 14, 23, 99, 100)),
    (CONFIG, (4, 5, 6, 7, 12, 15, 16, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 58, 59, 61, 63)),
    (SIM, (10, 13)),
    (PIN, (11,)),
    (STORE, (20,)),
    (T, (21, 22, 31, 57, 60, 116, 117, 118, 119, 122)),
    (P, (24, 25, 26, 27)),
    (NETWORK, (30, 32)),
    (BARRED, (56, 62, 102, 103, 104, 105, 106, 107, 111, 112, 113, 114, 115)),
)
CME_SIM800: Mapping[int, Rule] = _table(
    (CONFIG, (601, 603, *range(753, 760), 765, 766, 767, 768, 769, 773, *range(791, 798))),
    (BARRED, (770,)),
    (RESET, (772,)),
)
TABLES: Mapping[tuple[str, str], tuple[Mapping[int, Rule], ...]] = {
    ("sim800", "cms"): (CMS_SIM800, CMS),
    ("sim800", "cme"): (CME_SIM800, CME),
    ("", "cms"): (CMS, CMS_OTHERS),
    ("", "cme"): (CME,),
}


def rule_of(dialect: str, family: str, code: int) -> Rule:
    """Look a code up; an unknown one, and a plain `ERROR`, is the modem's trouble first."""
    for table in TABLES.get((dialect, family)) or TABLES.get(("", family), ()):
        if code in table:
            return table[code]
    return M


def decide(  # noqa: PLR0913  the facts of one refusal
    dialect: str, family: str, code: int, attempt: int, jitter: float, *, numbers: int = 1
) -> Verdict:
    """Judge a refusal.

    `attempt` counts the attempts before this one, `jitter` is within 0..1, `numbers` counts the different recipients
    refused on this line since its last success.
    """
    rule = rule_of(dialect, family, code)
    text = "ERROR" if family == "plain" else f"+{family.upper()} ERROR: {code}"
    match rule.klass:
        case Class.LINE:
            return _pause(rule.cause, jitter)
        case Class.ACCOUNT if numbers >= DIFFERENT_NUMBERS:
            return _pause(rule.cause, jitter)
        case Class.DOUBT:
            return InDoubt(text)
        case Class.SENT:
            return TreatAsSent()
        case Class.MESSAGE:
            return GiveUp(Reason("network_rejected", text))
        case Class.TRANSIENT | Class.STORE | Class.MODEM | Class.SLOW | Class.ACCOUNT:
            to_blame = rule.limit and attempt + 1 >= rule.limit and numbers < DIFFERENT_NUMBERS
            schedule = BLAME_NOW if to_blame else SCHEDULES[rule.klass]
            return _scheduled(schedule, attempt, text, jitter)
        case _:
            assert_never(rule.klass)


def _scheduled(schedule: Schedule, attempt: int, text: str, jitter: float) -> Verdict:
    if attempt < len(schedule.delays_ms):
        return RetryAfter(_spread(schedule.delays_ms[attempt], jitter))
    match schedule.then:
        case Then.REPEAT:
            return RetryAfter(_spread(schedule.delays_ms[-1], jitter))
        case Then.PAUSE:
            return _pause("modem_not_responding", jitter)
        case Then.BLAME:
            return GiveUp(Reason("network_rejected", text, retryable=True))


def _pause(cause: str, jitter: float) -> PauseLine:
    return PauseLine(cause, _spread(LINE_PAUSE_MS[cause], jitter))


def _spread(delay_ms: int, jitter: float) -> int:
    return round(delay_ms * (1 + SPREAD * (2 * jitter - 1)))
