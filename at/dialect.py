"""What differs between modem families, as data; the engine holds no vendor's name.

Every entry is modem.md 2.1, 2.2, 3.2, 8.1 or 8.4; a quirk names its device.
"""

import re
from dataclasses import dataclass

NO_LIMIT = 1000
"""`walk_by_index_above` for modems that list a full store at once."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family is spoken to; durations are seconds."""

    name: str
    settings: tuple[str, ...]  # sent after each start, refusals do not matter
    memories: tuple[str, ...]  # receive memories in order of preference
    other_memories: tuple[str, ...]  # looked into now and then: messages of another time or of a failed start
    cnmi: tuple[str, ...]  # variants in order of preference
    iccid: tuple[str, ...]  # tried until one is answered
    pin_attempts: str  # asks for the tries left; the prefix of its answer is its head
    pin_attempts_field: int
    hang_up: str
    soft_restart: str
    send_timeout_s: float
    rescans_sim: bool = False  # sees a card that was put back only when the radio is switched off and on
    supply: str = ""  # asks for the supply voltage; the third field of its answer is in mV
    heat: str = ""  # asks for the temperature; the second field of its answer is in degrees
    network_time: str = ""  # the setting that makes the module take its clock from the network
    keeps_by_command: bool = False  # keeps its settings by `AT&W`, not by itself
    fixes_rate: bool = False  # may still be at automatic rate detection, where no `RDY` betrays a restart
    read_delay_s: float = 0.0  # from `+CMTI` until the slot can be read
    walk_by_index_above: int = NO_LIMIT  # more used slots than this are read one by one, not listed
    speaks_packed_ussd: bool = False
    quick_s: float = 3.0
    list_s: float = 60.0
    read_s: float = 10.0
    delete_s: float = 10.0
    sim_s: float = 10.0
    cfun_s: float = 20.0


_CNMI = ("2,1,0,1,0", "2,1,0,2,0", "1,1,0,1,0", "1,1,0,2,0", "2,1,0,0,0", "2,1")

SIM800 = Dialect(
    name="sim800",
    settings=(
        "AT+CIURC=1",
        'AT+EXUNSOL="SQ",0',
        "AT+CSCLK=0",
        "AT+IFC=0,0",
        "AT+SCLASS0=1",  # class 0 is stored on the SIM instead of passing by
        "AT+SRSPT=1",  # no retransmission by the module itself: it doubles messages whose acknowledgement was lost
        "AT+GSMBUSY=1",
        "AT+CWHITELIST=0",  # a stored whitelist drops messages without a word (modem.md 10.1 item 61)
    ),
    other_memories=("ME",),
    memories=("SM",),  # SIM800C hardware manual: SMS storage is the SIM
    cnmi=_CNMI,
    iccid=("AT+CCID",),
    pin_attempts="AT+SPIC",
    pin_attempts_field=0,
    hang_up="ATH",
    soft_restart="AT+CFUN=1,1",
    send_timeout_s=85.0,  # the manual's 60 s, TR1M of 24.011 (45 s), and time to listen before anything is written
    rescans_sim=True,  # SIM800L, and every holder without a detection switch (modem.md 3.3)
    supply="AT+CBC",
    heat="AT+CMTE?",  # asked, not switched on: `AT+CMTE=1` also lets the module switch itself off
    network_time="+CLTS",  # modem.md 2.1 step 25
    keeps_by_command=True,
    fixes_rate=True,
)
HUAWEI = Dialect(
    name="huawei",
    settings=("AT^CURC=2,0000000000000828", "AT^PORTSEL=0", "AT^STSF=0"),
    memories=("SM", "ME"),
    other_memories=("SM", "ME"),
    cnmi=("2,1,0,2,0", "2,1,0,1,0", "2,1,2,2,0", "2,1,2,0,0", "1,1,0,2,0", "1,1,0,1,0", "2,1,0,0,0", "2,1"),
    iccid=("AT^ICCID?", "AT+CCID"),
    pin_attempts="AT^CPIN?",
    pin_attempts_field=3,
    hang_up="AT+CHUP",
    soft_restart="AT^RESET",
    send_timeout_s=215.0,  # Balong at_timer: 105 s without IMS, 210 s with
    read_delay_s=0.3,  # count and slot lag behind the notice (gammu waits 500 ms)
    walk_by_index_above=20,  # the USB event queue has 256 entries and no back-pressure (BAL)
    speaks_packed_ussd=True,
    cfun_s=60.0,
    sim_s=15.0,
    delete_s=15.0,
)
GENERIC = Dialect(
    name="generic",
    settings=(),
    memories=("SM", "ME"),
    other_memories=("SM", "ME"),
    cnmi=_CNMI,
    iccid=("AT+CCID", "AT+CICCID", "AT+ICCID", "AT+QCCID"),  # SIM7600 and A7670: CICCID, EC25: QCCID
    pin_attempts='AT+CPINR="SIM PIN"',
    pin_attempts_field=1,
    hang_up="AT+CHUP",
    soft_restart="AT+CFUN=1,1",
    send_timeout_s=215.0,
    network_time="+CTZU",  # 27.007 §8.40; kept by the module
)
DIALECTS = {dialect.name: dialect for dialect in (SIM800, HUAWEI, GENERIC)}

NOISE_SWITCHES = {"AT^CURC=2,0000000000000828": "AT^CURC=0"}
"""What is tried instead when a setting is refused: older sticks take the whole switch but not the mask."""

_SIM800_NAMES = re.compile(r"SIM(800|808|868|900)", re.IGNORECASE)
_HUAWEI_NAMES = re.compile(r"huawei|\b(E1\d\d\d?|E3\d\d|E3\d\d\d|ME909|MU709|MU609)", re.IGNORECASE)


def recognise(identity: tuple[str, ...]) -> Dialect:
    """Choose the dialect by what `ATI` and `AT+CGMM` printed."""
    text = " ".join(identity)
    if _SIM800_NAMES.search(text):
        return SIM800
    return HUAWEI if _HUAWEI_NAMES.search(text) else GENERIC
