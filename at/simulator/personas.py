"""The modems of the field as data: their names, what they accept, where they differ from the standard.

A quirk without a source is knowledge of the field, to be verified on the real device.
"""

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """Which vendor commands a persona has."""

    SIM800 = "sim800"
    HUAWEI = "huawei"
    LTE = "lte"  # 3GPP TS 27.005 and 27.007 with few additions


@dataclass(frozen=True, slots=True)
class Banner:
    """A line that the modem prints while it boots, and the state that it enters by it."""

    after_s: float
    text: str
    gate: str = ""  # printed only while this register is not 0


@dataclass(frozen=True, slots=True)
class Persona:
    """One modem; texts are exact bytes of the wire."""

    name: str
    aliases: tuple[str, ...]
    family: Family
    manufacturer: str
    model: str
    revision: str
    revision_line: str  # the answer to +CGMR
    identity: tuple[str, ...]  # the answer to ATI, one information text
    imei: str
    unknown: str  # the final result for a command that it does not have
    base: int  # index of the first slot
    flash: int  # slots of the memory ME, 0 for none
    alpha: str  # how an absent <alpha> is printed
    empty_slot: str  # "ok", "321" or "blank"
    cnmi: tuple[tuple[int, ...], ...]  # accepted values per field
    factory_cnmi: tuple[int, ...]
    cell: tuple[str, str]  # lac and ci as +CREG prints them, quotes included
    act: str  # appended to the cell, ",7" on LTE
    banners: tuple[Banner, ...]
    sms_ready_s: float  # from power-on to a working SMS layer
    power_down: str  # the last words of a soft power-off, empty for none
    escape: str  # the answer to ESC in the prompt, empty for none
    power_on: bytes = b""  # raw bytes right after the supply came
    line_limit: int = 556  # SIM800 manual §1.4.4
    command_limit: int = 39
    sim_errors_as_cme: bool = True  # SMS commands without a SIM say +CME ERROR: 10, not +CMS ERROR: 310
    usb: bool = False  # the port vanishes when it restarts, and is back after `usb_back_s`
    usb_back_s: float = 12.0
    no_service: int = 331  # +CMS ERROR of a send without a network; Huawei says 500 to almost anything
    hot_swap: bool = True  # sees a SIM that is put in; without a detector only after +CFUN=0, +CFUN=1 or a restart
    call_blocks: bool = False  # no message comes in while it rings (E3372h and its like)
    packed_ussd: bool = False  # wants and gives packed septets (E160, E173, E3372)
    chatter: tuple[str, ...] = ()  # printed in turn every `chatter_s` until silenced
    chatter_s: float = 10.0


_SIM800_CNMI = ((0, 1, 2, 3), (0, 1, 2, 3), (0, 2), (0, 1), (0, 1))  # SIM800 manual §4.2.8
_FULL_CNMI = ((0, 1, 2), (0, 1, 2, 3), (0, 2), (0, 1, 2), (0, 1))
_QUALCOMM_CNMI = ((0, 1, 2), (0, 1, 2, 3), (0, 2), (0, 2), (0, 1))  # ds=1 is listed by =? and refused
_BOOT = (
    Banner(3.0, "RDY"),
    Banner(3.1, "+CFUN: 1"),
    Banner(3.4, "+CPIN"),  # the state of the SIM
    Banner(7.0, "Call Ready", "+CIURC"),
    Banner(7.5, "SMS Ready", "+CIURC"),
    Banner(8.0, "NITZ", "+CLTS"),  # the network's time
)


def _sim800(name: str, aliases: tuple[str, ...], revision: str, *, empty_slot: str, hot_swap: bool) -> Persona:
    return Persona(
        name=name,
        aliases=aliases,
        family=Family.SIM800,
        manufacturer="SIMCOM_Ltd",
        model=f"SIMCOM_{name.upper()}",
        revision=revision,
        revision_line=f"Revision:{revision}",
        identity=("SIM800 R14.18",),
        imei="867330012345678",
        unknown="ERROR",
        base=1,
        flash=0,
        alpha='""',
        empty_slot=empty_slot,
        cnmi=_SIM800_CNMI,
        factory_cnmi=(2, 1, 0, 0, 0),
        cell=('"1A2B"', '"3C4D"'),
        act="",
        banners=_BOOT,
        sms_ready_s=7.5,
        power_down="NORMAL POWER DOWN",
        escape="OK",
        power_on=b"\x00IIII\xff\xff\xff\xff",  # PC tool sync (SIM800 manual §1.4)
        hot_swap=hot_swap,
    )


SIM800C = _sim800("sim800c", ("sim800", "sim868"), "1418B05SIM800C24", empty_slot="ok", hot_swap=True)
SIM800L = _sim800("sim800l", ("sim800h",), "1418B05SIM800L24", empty_slot="blank", hot_swap=False)

E173 = Persona(
    name="e173",
    aliases=("huawei", "huawei-e173"),
    family=Family.HUAWEI,
    manufacturer="huawei",
    model="E173",
    revision="11.126.15.00.00",
    revision_line="11.126.15.00.00",
    identity=(
        "Manufacturer: huawei",
        "Model: E173",
        "Revision: 11.126.15.00.00",
        "IMEI: 358109021234567",
        "+GCAP: +CGSM,+DS,+ES",
    ),
    imei="358109021234567",
    unknown="COMMAND NOT SUPPORT",
    base=0,
    flash=0,
    alpha="",
    empty_slot="321",
    cnmi=_FULL_CNMI,
    factory_cnmi=(0, 0, 0, 0, 0),
    cell=("0A1B", "3799B"),
    act="",
    banners=(Banner(1.0, "^BOOT:42687023,0,0,0,89"), Banner(8.0, "^SRVST:2"), Banner(8.1, "^SIMST:1")),
    sms_ready_s=8.0,
    power_down="",
    escape="",
    sim_errors_as_cme=False,
    no_service=500,
    usb=True,
    packed_ussd=True,
    chatter=("^RSSI:18", "^MODE:3,3"),
)
E3131 = Persona(
    name="e3131",
    aliases=("huawei-e3131",),
    family=Family.HUAWEI,
    manufacturer="huawei",
    model="E3131",
    revision="21.157.01.00.199",
    revision_line="21.157.01.00.199",
    identity=(
        "Manufacturer: huawei",
        "Model: E3131",
        "Revision: 21.157.01.00.199",
        "IMEI: 863781012345678",
        "+GCAP: +CGSM,+DS,+ES",
    ),
    imei="863781012345678",
    unknown="COMMAND NOT SUPPORT",
    base=0,
    flash=0,
    alpha="",
    empty_slot="321",
    cnmi=_FULL_CNMI,
    factory_cnmi=(0, 0, 0, 0, 0),
    cell=("0A1B", "3799B"),
    act="",
    banners=(Banner(1.0, "^SRVST:2"), Banner(1.1, "^SIMST:1")),
    sms_ready_s=6.0,
    power_down="",
    escape="",
    sim_errors_as_cme=False,
    no_service=500,
    usb=True,
    call_blocks=True,
    chatter=("^RSSI:18", '^HCSQ:"WCDMA",39,29,45', "^DSFLOWRPT:00000001,00000000,00000000,0,0,0,0"),
)
ME909S = Persona(
    name="me909s",
    aliases=("me909", "huawei-me909s"),
    family=Family.HUAWEI,
    manufacturer="Huawei Technologies Co., Ltd.",
    model="ME909s-821",
    revision="11.617.00.00.00",
    revision_line="11.617.00.00.00",
    identity=(
        "Manufacturer: Huawei Technologies Co., Ltd.",
        "Model: ME909s-821",
        "Revision: 11.617.00.00.00",
        "IMEI: 866710012345678",
        "+GCAP: +CGSM,+DS,+ES",
    ),
    imei="866710012345678",
    unknown="ERROR",
    base=0,
    flash=100,
    alpha="",
    empty_slot="321",
    cnmi=_QUALCOMM_CNMI,
    factory_cnmi=(0, 0, 0, 0, 0),
    cell=('"1A2B"', '"03C4D501"'),
    act=",7",
    banners=(Banner(2.0, "^SYSSTART"), Banner(6.0, "^SIMST:1"), Banner(6.5, "^SRVST:2")),
    sms_ready_s=9.0,
    power_down="",
    escape="OK",
    sim_errors_as_cme=False,
    usb=True,
    chatter=('^HCSQ:"LTE",59,50,161,24', "^RSSI:20", "^CERSSI:0,0,0,0,0,255,255,255"),
)
SIM7600 = Persona(
    name="sim7600",
    aliases=("sim7600e", "lte", "generic"),
    family=Family.LTE,
    manufacturer="SIMCOM INCORPORATED",
    model="SIMCOM_SIM7600E-H",
    revision="LE20B04SIM7600M22",
    revision_line="+CGMR: LE20B04SIM7600M22",
    identity=(
        "Manufacturer: SIMCOM INCORPORATED",
        "Model: SIMCOM_SIM7600E-H",
        "Revision: SIM7600M22_V2.0.1",
        "IMEI: 861477041234567",
        "+GCAP: +CGSM",
    ),
    imei="861477041234567",
    unknown="ERROR",
    base=0,
    flash=23,
    alpha='""',
    empty_slot="321",
    cnmi=_FULL_CNMI,
    factory_cnmi=(2, 1, 0, 0, 0),
    cell=("1A2B", "03C4D501"),
    act=",7",
    banners=(
        Banner(8.0, "RDY"),
        Banner(9.0, "+CPIN"),
        Banner(11.0, "SMS DONE"),
        Banner(14.0, "PB DONE"),
    ),
    sms_ready_s=11.0,
    power_down="NORMAL POWER DOWN",
    escape="OK",
    sim_errors_as_cme=False,
    usb=True,
)

PERSONAS = (SIM800C, SIM800L, E173, E3131, ME909S, SIM7600)


def by_name(name: str) -> Persona:
    """Return the persona of that name or alias; raise `LookupError` naming the known ones."""
    wanted = name.strip().casefold()
    for persona in PERSONAS:
        if wanted == persona.name or wanted in persona.aliases:
            return persona
    known = ", ".join(alias for persona in PERSONAS for alias in (persona.name, *persona.aliases))
    raise LookupError(f"no persona {name!r}; known: {known}")
