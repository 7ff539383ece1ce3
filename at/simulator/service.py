"""The settings of the SMS service: indications, acknowledgement, service centre (3GPP TS 27.005 §3.2, §3.4)."""

from types import MappingProxyType

from kentongan.at.simulator.answers import ERROR, Answer, Cms, Ok
from kentongan.at.simulator.charset import read, written
from kentongan.at.simulator.device import Device
from kentongan.at.simulator.personas import Family
from kentongan.at.simulator.spec import Needs, Spec
from kentongan.at.simulator.syntax import Request


def read_indications(device: Device, _request: Request) -> Answer:
    """Print `+CNMI`."""
    return Ok((f"+CNMI: {','.join(map(str, device.settings.cnmi))}",))


def choose_indications(device: Device, request: Request) -> Answer:
    """Set `+CNMI`; a field that the persona does not accept refuses the whole line."""
    values = tuple(request.number(position, old) for position, old in enumerate(device.settings.cnmi))
    accepted = all(value in field for value, field in zip(values, device.persona.cnmi, strict=True))
    if not accepted or len(request.arguments) > 5:
        return ERROR if device.persona.sim_errors_as_cme else Cms(303)
    device.settings.cnmi = values
    buffered, device.life.buffered = device.life.buffered, []
    if values[0] and values[4] == 0:
        return Ok(then=lambda: device.wire.write(b"".join(buffered)))
    return Ok()


def list_indications(device: Device, _request: Request) -> Answer:
    """Print what `+CNMI` accepts; a Qualcomm-based modem lists ds=1 and then refuses it."""
    fields = [sorted({*field, 1} if position == 3 else field) for position, field in enumerate(device.persona.cnmi)]
    return Ok(("+CNMI: " + ",".join("(" + ",".join(map(str, field)) + ")" for field in fields),))


def read_service(device: Device, _request: Request) -> Answer:
    """Print `+CSMS`."""
    return Ok((f"+CSMS: {device.settings.number('+CSMS')},1,1,1",))


def choose_service(device: Device, request: Request) -> Answer:
    """Set `+CSMS`."""
    return Ok(("+CSMS: 1,1,1",)) if device.settings.accept("+CSMS", request.argument(0)) else Cms(303)


def acknowledge(device: Device, _request: Request) -> Answer:
    """Take a `+CNMA`, which only `+CSMS=1` expects."""
    return Ok() if device.settings.number("+CSMS") else Cms(340)


def read_centre(device: Device, _request: Request) -> Answer:
    """Print the service centre (`+CSCA?`)."""
    number = device.tray.card.smsc
    words = written(number, device.settings) if device.persona.family is Family.SIM800 else number
    return Ok((f'+CSCA: "{words}",{145 if number.startswith("+") else 129}',))


def choose_centre(device: Device, request: Request) -> Answer:
    """Write the service centre to the SIM."""
    device.tray.card.smsc = read(request.argument(0), device.settings)
    return Ok()


TABLE = MappingProxyType(
    {
        "+CNMI": Spec(read=read_indications, assign=choose_indications, test=list_indications),
        "+CSMS": Spec(read=read_service, assign=choose_service, test="(0,1)"),
        "+CNMA": Spec(run=acknowledge, assign=acknowledge, test=""),
        "+CSCA": Spec(read=read_centre, assign=choose_centre, test="", needs=Needs.SMS),
    }
)
