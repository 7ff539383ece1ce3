"""The commands of the radio network: registration, operator, signal, USSD, and the vendors' own forms of them."""

from functools import partial
from types import MappingProxyType

from kentongan.at.simulator.answers import ERROR, Answer, Cme, Cms, Ok
from kentongan.at.simulator.charset import read, written
from kentongan.at.simulator.device import Device
from kentongan.at.simulator.messages import packed_hex, unpacked
from kentongan.at.simulator.spec import Needs, Spec
from kentongan.at.simulator.syntax import Request


def registration_fields(device: Device, mode: int) -> str:
    """Word the registration; the cell is printed only with `<n>` 2."""
    silent = device.network.registered and not device.registered  # switched off here, not lost there
    stat = device.network.stat if device.life.functionality == 1 and device.tray.usable and not silent else 0
    lac, ci = device.persona.cell
    cell = f",{lac},{ci}{device.persona.act}" if mode == 2 and stat in {1, 5} else ""
    return f"{stat}{cell}"


def read_registration(device: Device, request: Request) -> Answer:
    """Print `+CREG: <n>,<stat>[,<lac>,<ci>]`."""
    mode = device.settings.number(request.name)
    return Ok((f"{request.name}: {mode},{registration_fields(device, mode)}",))


def set_registration(device: Device, request: Request) -> Answer:
    """Choose the form of `+CREG` and its URC."""
    return Ok() if device.settings.accept(request.name, request.argument(0)) else ERROR


def announce_registration(device: Device) -> None:
    """Print the URC of a change, if the host asked for it."""
    mode = device.settings.number("+CREG")
    if mode:
        device.urc(f"+CREG: {registration_fields(device, mode)}")


def read_operator(device: Device, _request: Request) -> Answer:
    """Print `+COPS`; without a network only the mode."""
    mode = device.settings.values.get("+COPS mode", "0")
    if not device.registered or not device.tray.usable:
        return Ok((f"+COPS: {mode}",))
    form = device.settings.values.get("+COPS format", "0")
    name = device.network.operator[1] if form == "2" else device.network.operator[0]
    words = name if form == "2" else written(name, device.settings)
    return Ok((f'+COPS: {mode},{form},"{words}"{device.persona.act}',))


def set_operator(device: Device, request: Request) -> Answer:
    """Register automatically, or choose the form of the name."""
    mode = request.number(0)
    if mode == 3 and request.number(1) in {0, 1, 2}:
        device.settings.values["+COPS format"] = request.argument(1)
        return Ok()
    if mode in {0, 2}:
        device.settings.values["+COPS mode"] = str(mode)
        return Ok(then=partial(_place_changed, device))
    return Cme(4)


def _place_changed(device: Device) -> None:
    announce_registration(device)
    device.pump()


def signal(device: Device, _request: Request) -> Answer:
    """Print the signal (`+CSQ`)."""
    rssi = device.network.rssi if device.life.functionality == 1 else 99
    return Ok((f"+CSQ: {rssi},{99 if rssi == 99 else 0}",))


def ussd(device: Device, request: Request) -> Answer:
    """Run a USSD code (`+CUSD=1,"<code>",15`) or set the reports; the answer is a URC."""
    mode = request.argument(0)
    if not device.settings.accept("+CUSD", mode):
        return ERROR
    network, code = device.network, request.argument(1)
    if mode == "2":
        network.ussd_session = ""
    if mode != "1" or not code:
        return Ok()
    if not device.registered:
        return Cme(30)
    plain = unpacked(code) if device.persona.packed_ussd else read(code, device.settings)
    path = f"{network.ussd_session}/{plain}" if network.ussd_session else plain
    status, text = network.ussd.get(path, (4, ""))
    network.ussd_session = path if status == 1 else ""
    return Ok(then=lambda: device.agenda.after(device.timing.ussd_s, lambda: _ussd_answer(device, status, text)))


def _ussd_answer(device: Device, status: int, text: str) -> None:
    if not text:
        device.urc(f"+CUSD: {status}")
        return
    words = packed_hex(text) if device.persona.packed_ussd else written(text, device.settings)
    device.urc(f'+CUSD: {status},"{words}",15')


# ---- Huawei


def noise_switch(device: Device, request: Request) -> Answer:
    """Silence the vendor's URCs (`AT^CURC=0`, or `2,<mask>`); old sticks do not know it."""
    mode, mask = request.number(0), request.argument(1, "0")
    if mode not in {0, 1, 2} or (mode == 2 and len(mask.removeprefix("0x")) != 16):
        return ERROR
    device.settings.values["^CURC"] = str(mode)
    device.settings.values["^CURC mask"] = mask.removeprefix("0x")
    return Ok()


def read_noise_switch(device: Device, _request: Request) -> Answer:
    """Print the state of the switch."""
    mode = device.settings.values.get("^CURC", "1")
    mask = f",0x{device.settings.values['^CURC mask']}" if mode == "2" else ""
    return Ok((f"^CURC: {mode}{mask}",))


def read_link(device: Device, _request: Request) -> Answer:
    """Print `+CMMS`."""
    return Ok((f"+CMMS: {device.settings.values['+CMMS']}",))


def keep_link(device: Device, request: Request) -> Answer:
    """Keep the radio link between sends; 2 is refused (seen on an E1752)."""
    if request.number(0) == 2:
        return Cms(500)
    return Ok() if device.settings.accept("+CMMS", request.argument(0)) else ERROR


def system_info(device: Device, _request: Request) -> Answer:
    """Print `^SYSINFO`: service, domain, roaming, mode, SIM."""
    service = "2,3,0,3,1,,3" if device.registered else "0,0,0,0,1,,0"
    return Ok((f"^SYSINFO:{service if device.tray.present else '0,0,0,0,255,,0'}",))


def card_lock(_device: Device, _request: Request) -> Answer:
    """Print that the modem is locked to no operator."""
    return Ok(("^CARDLOCK: 2,10,0",))


def reset(device: Device, _request: Request) -> Answer:
    """Restart (`AT^RESET`)."""
    return Ok(then=device.restart)


def detailed_signal(_device: Device, _request: Request) -> Answer:
    """Print `^HCSQ`."""
    return Ok(('^HCSQ: "GSM",59',))


TABLE = MappingProxyType(
    {
        "+CREG": Spec(read=read_registration, assign=set_registration, test="(0-2)"),
        "+CGREG": Spec(read=read_registration, assign=set_registration, test="(0-2)"),
        "+COPS": Spec(read=read_operator, assign=set_operator, test='(2,"TELKOMSEL","TSEL","51010"),,(0-4),(0-2)'),
        "+CSQ": Spec(run=signal, test="(0-31,99),(0-7,99)"),
        "+CUSD": Spec(
            assign=ussd, read=lambda d, _r: Ok((f"+CUSD: {d.settings.values['+CUSD']}",)), test="(0-2)", needs=Needs.SIM
        ),
    }
)
HUAWEI = MappingProxyType(
    {
        "+CMMS": Spec(read=read_link, assign=keep_link, test="(0-2)"),
        "^CURC": Spec(assign=noise_switch, read=read_noise_switch, test="(0-2)"),
        "^SYSINFO": Spec(run=system_info),
        "^CARDLOCK": Spec(read=card_lock),
        "^RESET": Spec(run=reset),
        "^HCSQ": Spec(read=detailed_signal),
    }
)
LTE = MappingProxyType({"+CEREG": Spec(read=read_registration, assign=set_registration, test="(0-2)")})
