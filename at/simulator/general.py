"""The commands of the modem itself: V.250, identity, supply, clock."""

from types import MappingProxyType

from kentongan.at.simulator.answers import ERROR, Answer, Cme, Final, Nothing, Ok
from kentongan.at.simulator.device import Device
from kentongan.at.simulator.messages import Stamp
from kentongan.at.simulator.personas import Family
from kentongan.at.simulator.spec import Spec, text
from kentongan.at.simulator.syntax import Kind, Request

FACTORY_CLOCK_S = 1_072_915_200.0  # a SIM800 starts in 2004 and stays there until +CLTS=1


def echo(device: Device, request: Request) -> Answer:
    """Switch the echo (ATE)."""
    device.settings.echo = request.number(0) != 0
    return Ok()


def verbose(device: Device, request: Request) -> Answer:
    """Choose words or numbers for results (ATV)."""
    device.settings.verbose = request.number(0) != 0
    return Ok()


def accept(_device: Device, _request: Request) -> Answer:
    """Take the command and do nothing."""
    return Ok()


def keep(device: Device, _request: Request) -> Answer:
    """Keep the profile (AT&W)."""
    device.settings.keep()
    return Ok()


def restore(device: Device, request: Request) -> Answer:
    """Return to the kept profile (ATZ) or the factory's (AT&F); rate and flow control stay."""
    stays: dict[str, str] = {
        name: device.settings.values[name]
        for name in ("+IPR", "+IFC", "+ICF", "+CSCLK")
        if name in device.settings.values
    }
    profile = device.settings.profile
    if request.name == "&F":
        device.settings.profile = {}
    device.settings.reset()
    device.settings.profile = profile
    device.settings.values |= stays
    return Ok()


def s_register(device: Device, request: Request) -> Answer:
    """Read an S register that does not matter here."""
    fixed = {"S0": device.settings.values["S0"], "S3": "13", "S4": "10", "S5": "8", "S7": "60"}
    if request.kind is Kind.READ:
        return Ok((f"{int(fixed[request.name]):03d}",)) if request.name in fixed else ERROR
    if request.name == "S0":
        return Ok() if device.settings.accept("S0", request.argument(0)) else ERROR
    return Ok()


def identity(device: Device, _request: Request) -> Answer:
    """Print who the modem is (ATI)."""
    return Ok(("\r\n".join(device.persona.identity),))


def read_functionality(device: Device, _request: Request) -> Answer:
    """Print `+CFUN`."""
    return Ok((f"+CFUN: {device.life.functionality}",))


def functionality(device: Device, request: Request) -> Answer:
    """Set `+CFUN`; `1,1` and Huawei's 16 restart."""
    wanted = request.number(0)
    if request.number(1, 0) == 1 or wanted == 16:
        return Ok(then=device.restart)
    if wanted not in {0, 1, 4}:
        return Cme(50) if device.persona.family is not Family.SIM800 else ERROR
    before, device.life.functionality = device.life.functionality, wanted
    if wanted == before:
        return Ok()
    return Ok(then=lambda: _functionality_changed(device))


def _functionality_changed(device: Device) -> None:
    if device.life.functionality == 0:
        device.tray.card.reset()
        device.life.ringing = ""
        if device.persona.family is Family.SIM800:
            device.urc("+CPIN: NOT READY")
        return
    device.tray.read()
    if device.persona.family is Family.SIM800:
        device.urc(device.cpin_line())
    device.pump()


def power_off(device: Device, request: Request) -> Answer:
    """Switch off by command (`+CPOWD`); the last words take the place of `OK`."""
    if request.number(0) == 1 and device.persona.power_down:
        return Nothing(then=lambda: _say_goodbye(device))
    return Nothing(then=lambda: device.power(on=False))


def _say_goodbye(device: Device) -> None:
    device.urc(device.persona.power_down)
    device.power(on=False)


def battery(device: Device, _request: Request) -> Answer:
    """Print the supply (`+CBC`)."""
    return Ok((f"+CBC: 0,88,{device.life.millivolts}",))


def heat(device: Device, _request: Request) -> Answer:
    """Print the temperature (`+CMTE`)."""
    return Ok((f"+CMTE: {device.settings.values['+CMTE']},{device.life.celsius}.12",))


def detect_heat(device: Device, request: Request) -> Answer:
    """Switch the warnings of the temperature."""
    return Ok() if device.settings.accept("+CMTE", request.argument(0)) else ERROR


def clock(device: Device, _request: Request) -> Answer:
    """Print the local time (`+CCLK`)."""
    known = device.persona.family is not Family.SIM800 or device.settings.number("+CLTS")
    stamp = device.network.stamp(device.agenda.now) if known else Stamp(FACTORY_CLOCK_S + device.agenda.now, 0)
    return Ok((f'+CCLK: "{stamp.clock}"',))


def activity(device: Device, _request: Request) -> Answer:
    """Print what the modem does (`+CPAS`)."""
    return Ok((f"+CPAS: {3 if device.life.ringing else 0}",))


def hang_up(device: Device, _request: Request) -> Answer:
    """End a call (ATH, +CHUP)."""
    device.life.ringing = ""
    return Ok(then=device.pump)


def dial(_device: Device, _request: Request) -> Answer:
    """Refuse every call: this modem has no voice."""
    return Final("NO CARRIER")


def imei(device: Device) -> str:
    """Return the IMEI."""
    return device.persona.imei


TABLE = MappingProxyType(
    {
        "E": Spec(run=echo),
        "V": Spec(run=verbose),
        "Q": Spec(run=accept),
        "X": Spec(run=accept),
        "L": Spec(run=accept),
        "M": Spec(run=accept),
        "&C": Spec(run=accept),
        "&D": Spec(run=accept),
        "&K": Spec(run=accept),
        "&S": Spec(run=accept),
        "&W": Spec(run=keep),
        "Z": Spec(run=restore),
        "&F": Spec(run=restore),
        "I": Spec(run=identity),
        "H": Spec(run=hang_up),
        "D": Spec(run=dial),
        "A": Spec(run=dial),
        **{f"S{n}": Spec(read=s_register, assign=s_register) for n in (0, 3, 4, 5, 6, 7, 8, 10)},
        "+CHUP": Spec(run=hang_up, test=""),
        "+CGMI": text(lambda device: device.persona.manufacturer),
        "+GMI": text(lambda device: device.persona.manufacturer),
        "+CGMM": text(lambda device: device.persona.model),
        "+GMM": text(lambda device: device.persona.model),
        "+CGMR": text(lambda device: device.persona.revision_line),
        "+GMR": text(lambda device: device.persona.revision_line),
        "+CGSN": text(imei),
        "+GSN": text(imei),
        "+GCAP": text(lambda _device: "+GCAP: +CGSM"),
        "+CFUN": Spec(read=read_functionality, assign=functionality, test="(0,1,4),(0,1)"),
        "+CPAS": Spec(run=activity, test="(0,2,3,4)"),
        "+CCLK": Spec(read=clock, assign=accept, test=""),
    }
)
SIM800 = MappingProxyType(
    {
        "+CPOWD": Spec(assign=power_off, test="(0,1)"),
        "+CBC": Spec(run=battery, test="(0-2),(1-100),(voltage)"),
        "+EXUNSOL": Spec(assign=accept, test='("SQ","FN","MW","UR","BC","BM","SM","CC"),(0,1)'),
    }
)
SIM800_ALONE = MappingProxyType({"+CMTE": Spec(read=heat, assign=detect_heat, test="(0,1)")})
