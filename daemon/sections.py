"""The tables of the configuration file as frozen values: what each key means, and what to write there.

A description is the remedy that an error shows. Refuses every key it does not know.
"""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

Dialect = Literal["auto", "sim800", "huawei", "generic"]
Zone = Literal["Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"]

Id = Annotated[
    str,
    Meta(
        pattern=r"^[a-z0-9][a-z0-9-]{1,31}$",
        description='write 2 to 32 of a-z, 0-9 and "-", beginning with a letter or digit, such as "kec-depok-01"',
    ),
]
Clock = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description='write hours and minutes, such as "20:00"')
]
Pin = Annotated[int, Meta(ge=0, le=27, description="write the BCM number of the GPIO pin, 0 for none")]
OwnNumber = Annotated[
    str,
    Meta(
        pattern=r"^(\+[1-9][0-9]{6,14})?$", description='write the number of the SIM in full, such as "+6281100001234"'
    ),
]
FilePath = Annotated[str, Meta(description="write the path of a file, relative to the configuration file or absolute")]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file: closed, so that a misspelt key cannot be silently without effect."""


class GatewayConfig(Section, frozen=True):
    """Who this gateway is."""

    county_id: Id
    gateway_id: Id
    ticket_prefix: Annotated[
        str, Meta(pattern=r"^[A-Z]{2}[0-9]$", description='write two capital letters and a digit, such as "LU2"')
    ]
    timezone: Annotated[Zone, Meta(description=f"write one of {', '.join(get_args(Zone))}")]
    name: Annotated[str, Meta(max_length=60, description="write the office's name, at most 60 characters")] = ""
    public_number: OwnNumber = ""


class LineConfig(Section, frozen=True):
    """One modem with one SIM."""

    name: Annotated[
        str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,15}$", description='write 1 to 16 of a-z, 0-9 and "-", such as "a"')
    ]
    port: Annotated[
        str,
        Meta(
            min_length=1,
            description='write a serial device such as "/dev/serial0", "huawei" to find the stick by its USB id, or'
            ' "sim:sim800" to try it out',
        ),
    ]
    number: OwnNumber = ""  # of its SIM, for the night watch; the first line's is gateway.public_number
    baud: Annotated[
        Literal[9600, 19200, 38400, 57600, 115200, 230400, 460800], Meta(description="write the port's rate, 115200")
    ] = 115200
    dialect: Annotated[Dialect, Meta(description=f"write one of {', '.join(get_args(Dialect))}")] = "auto"
    pin_file: FilePath = ""
    pace_s: Annotated[float, Meta(ge=0, le=3600, description="write seconds between two SMS, 0 to 3600")] = 6.0
    per_hour: Annotated[int, Meta(ge=1, le=36_000, description="write how many SMS an hour may hold, 1 to 36000")] = 120
    per_day: Annotated[int, Meta(ge=1, le=864_000, description="write how many SMS a day may hold, 1 to 864000")] = 500
    balance_code: Annotated[
        str,
        Meta(
            pattern=r"^(auto|off|[0-9*#]{2,20}(>[0-9*#]{1,20}){0,5})$",
            description="write the USSD code for the balance, with the choices in its menus behind >, such as"
            ' "*888#" or "*888#>4>1", or "auto" or "off"',
        ),
    ] = "auto"
    power_pin: Pin = 0  # the modem's PWRKEY
    power_active_low: Annotated[bool, Meta(description="write true when low level presses the power key")] = False
    power_pulse_ms: Annotated[int, Meta(ge=50, le=40_000, description="write milliseconds, 50 to 40000")] = 1_500
    status_pin: Pin = 0  # high while the modem is on
    rail_pin: Pin = 0  # a switch in the modem's supply
    rail_active_low: Annotated[bool, Meta(description="write true when low level gives the supply")] = False
    usb_power: Annotated[
        str,
        Meta(
            pattern=r"^([0-9]+(-[0-9]+(\.[0-9]+)*)?:[0-9]+)?$",
            description='write hub and port as uhubctl shows them, such as "1-1:2"',
        ),
    ] = ""


class MqttConfig(Section, frozen=True):
    """The county's broker."""

    url: Annotated[str, Meta(description='write "mqtts://host:8883"; "mqtt://" is for loopback alone')]
    username: Annotated[str, Meta(max_length=64, description="write the broker's user, normally the gateway_id")] = ""
    password_file: FilePath = ""
    ca_file: FilePath = ""
    cert_file: FilePath = ""
    key_file: FilePath = ""
    root: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9][a-z0-9-]{0,31}(/[a-z0-9][a-z0-9-]{0,31}){0,3}$",
            description='write one to four topic levels of a-z, 0-9 and "-", such as "kentongan"',
        ),
    ] = "kentongan"
    protocol: Annotated[
        Literal["auto", "5", "3.1.1"], Meta(description='write "auto", "5" or "3.1.1" (with the quotes)')
    ] = "auto"
    profile: Annotated[
        Literal["office", "metered"], Meta(description='write "office", or "metered" for a mobile uplink')
    ] = "office"
    sender_mode: Annotated[
        Literal["full", "masked"], Meta(description='write "full", or "masked" so that no number leaves the office')
    ] = "full"
    ack_mode: Annotated[
        Literal["required", "puback"],
        Meta(description='write "required", or "puback" for a consumer that can only listen and may lose tickets'),
    ] = "required"


class StoreConfig(Section, frozen=True):
    """Where the database file is, and how large it may become."""

    path: FilePath
    disk_percent: Annotated[
        int, Meta(ge=1, le=100, description="write which share of the disk the store may take, 1 to 100 percent")
    ] = 50
    number_floor: Annotated[
        int, Meta(ge=0, le=999_999, description="write the counter of the last ticket number of an earlier card")
    ] = 0


class RuntimeConfig(Section, frozen=True):
    """The folder of the status file and the control socket."""

    directory: Annotated[str, Meta(min_length=1, description='write a folder in memory, such as "/run/kentongan"')]


class AnswersConfig(Section, frozen=True):
    """The automatic texts."""

    acknowledge: Annotated[bool, Meta(description="write true or false")] = True
    signature: Annotated[
        str, Meta(max_length=40, description="write who signs the automatic texts, at most 40 characters")
    ] = ""


class SendingConfig(Section, frozen=True):
    """What holds for all lines."""

    quiet_from: Clock = "20:00"
    quiet_until: Clock = "07:00"
    max_parts: Annotated[int, Meta(ge=1, le=20, description="write how many parts a reply may have, 1 to 20")] = 6
    on_uncertain: Annotated[
        Literal["hold", "resend"], Meta(description='write "hold", or "resend" to risk a second SMS')
    ] = "hold"
    replies_per_minute: Annotated[int, Meta(ge=1, le=60_000, description="write a number from 1 to 60000")] = 10
    direct_to: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{1,14}$")], ...],
        Meta(max_length=20, description='write beginnings of numbers, such as ["+6281"], or [] for people who wrote'),
    ] = ()  # whom the application may write to without a ticket
    per_number_per_day: Annotated[
        int, Meta(ge=0, le=1_000, description="write how many SMS a day one number may get, 0 for no limit")
    ] = 30
    failover_after_min: Annotated[
        int, Meta(ge=0, le=10_080, description="write minutes until another line takes over, 0 for never")
    ] = 0


class InboundConfig(Section, frozen=True):
    """How SMS become tickets."""

    thread_window_min: Annotated[int, Meta(ge=0, le=1440, description="write minutes, 0 to 1440")] = 60
    follow_ups: Annotated[bool, Meta(description="write true or false")] = True
    open_thread_days: Annotated[int, Meta(ge=0, le=90, description="write days, 0 to 90")] = 0
    rules_file: FilePath = ""  # the county's own words for what a text is about
    publish_partial_after_s: Annotated[float, Meta(ge=1, le=900, description="write seconds, 1 to 900")] = 8.0


class PersonConfig(Section, frozen=True):
    """Somebody of the office whom the backend may notify."""

    role: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}$", description='write 1 to 32 of a-z, 0-9, "_" and "-"')]
    number: Annotated[
        str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$", description='write the number in full, such as "+6281100001234"')
    ]


class BroadcastConfig(Section, frozen=True):
    """One text to many; off unless the office says how many a day."""

    per_day: Annotated[int, Meta(ge=0, le=500, description="write how many SMS a day, 0 for no broadcasts")] = 0


class SlaConfig(Section, frozen=True):
    """The time standards whose breach is told."""

    profile: Annotated[str, Meta(max_length=40, description="write the name of a profile, such as luwu-utara")] = ""
    file: FilePath = ""


class ClerkConfig(Section, frozen=True):
    """The office's own people: told by SMS when the gateway is not well, and allowed to ask it."""

    numbers: Annotated[
        tuple[
            Annotated[
                str,
                Meta(
                    pattern=r"^\+[1-9][0-9]{6,14}$", description='write each number in full, such as "+6281100001234"'
                ),
            ],
            ...,
        ],
        Meta(max_length=5, description='write at most five numbers in full, such as ["+6281100001234"]'),
    ] = ()


class OfficeConfig(Section, frozen=True):
    """When somebody is there."""

    hours: Annotated[
        str, Meta(max_length=120, description='write "Sen-Jum 08:00-16:00", or "" when it does not matter')
    ] = ""  # outside of them a silent application is no fault
    holidays_file: FilePath = ""  # one day a line, such as 2027-03-10 Idul Fitri; no workdays, and the office is closed


class CreditConfig(Section, frozen=True):
    """The prepaid credit."""

    operators_file: FilePath = ""  # codes and words of the operators, instead of the shipped ones
    price_rp: Annotated[int, Meta(ge=1, le=100_000, description="write what one SMS costs, in rupiah")] = 350


class WatchConfig(Section, frozen=True):
    """The night watch: SMS that prove the way to us."""

    own_every_h: Annotated[
        int, Meta(ge=0, le=720, description="write every how many hours an SMS goes to our own number, 0 for never")
    ] = 12  # on each line whose number is known
    neighbours: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$")], ...],
        Meta(max_length=4, description='write the numbers of at most four paired gateways, such as ["+6281100001234"]'),
    ] = ()
    key_file: FilePath = ""  # shared with the neighbours


class ConsoleConfig(Section, frozen=True):
    """The technician's console."""

    word_file: FilePath = ""  # the service word, printed inside the case; without one the console is read-only


class HostConfig(Section, frozen=True):
    """The machine."""

    mains_pin: Pin = 0  # high while there is mains


class LampsConfig(Section, frozen=True):
    """The four lamps: BCM pins of LISTRIK, KARTU, SERVER and GANGGUAN; empty on a board without lamps."""

    pins: Annotated[
        tuple[Annotated[int, Meta(ge=2, le=27)], ...],
        Meta(max_length=4, description="write four different BCM pin numbers from 2 to 27, or [] for no lamps"),
    ] = ()
    active_low: Annotated[bool, Meta(description="write true when a lamp lights at low level")] = False
    # a flash of 250 ms can be seen from two metres, and two a second can be counted (domain.md 3.4)
    flash_ms: Annotated[int, Meta(ge=250, le=1_000, description="write how long a flash lasts, 250 to 1000 ms")] = 300
    gap_ms: Annotated[int, Meta(ge=250, le=1_000, description="write the dark time after it, 250 to 1000 ms")] = 300
    pause_ms: Annotated[
        int, Meta(ge=1_500, le=6_000, description="write the pause after a number, 1500 to 6000 ms")
    ] = 2_000


class LogConfig(Section, frozen=True):
    """How much is logged, and in which shape."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="write debug, info, warning or error")
    ] = "info"
    format: Annotated[Literal["auto", "json", "console"], Meta(description='write "auto", "json" or "console"')] = (
        "auto"
    )


class Config(Section, frozen=True):
    """The whole configuration with defaults filled in and every path absolute."""

    gateway: GatewayConfig
    line: Annotated[
        tuple[LineConfig, ...],
        Meta(min_length=1, max_length=4, description="write one to four tables [[line]], with two brackets each"),
    ]
    mqtt: MqttConfig
    store: StoreConfig
    runtime: RuntimeConfig
    answers: AnswersConfig = AnswersConfig()
    sending: SendingConfig = SendingConfig()
    inbound: InboundConfig = InboundConfig()
    lamps: LampsConfig = LampsConfig()
    clerk: ClerkConfig = ClerkConfig()
    office: OfficeConfig = OfficeConfig()
    credit: CreditConfig = CreditConfig()
    watch: WatchConfig = WatchConfig()
    host: HostConfig = HostConfig()
    console: ConsoleConfig = ConsoleConfig()
    person: Annotated[
        tuple[PersonConfig, ...],
        Meta(max_length=20, description="write at most 20 tables [[person]], with two brackets"),
    ] = ()
    broadcast: BroadcastConfig = BroadcastConfig()
    sla: SlaConfig = SlaConfig()
    log: LogConfig = LogConfig()
