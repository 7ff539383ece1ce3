"""Topic names of contract 4.2, both ways. Refuses ids that a broker's access rules could misread (contract E18)."""

import re

import msgspec

from kentongan.mqtt.errors import SettingsRefused

VERSION = "v1"  # the major version: changes only when an old consumer would misread (contract 4.1)
BACKEND = "backend"  # the county's own level, hence no gateway's name
ID = re.compile(r"[a-z0-9][a-z0-9-]{1,31}")
ROOT = re.compile(r"[a-z0-9][a-z0-9-]{0,31}(/[a-z0-9][a-z0-9-]{0,31}){0,3}")
NAME = re.compile(r"[a-z0-9_-]{1,64}(/[a-z0-9_-]{1,64})?")
CODE = re.compile(r"[a-z0-9_]{3,40}")


class CommandTopic(msgspec.Struct, frozen=True):
    """A command for us; `name` is what stands below `command/`."""

    name: str


class PresenceTopic(msgspec.Struct, frozen=True):
    """The county's backend says whether it is there."""


class InfoTopic(msgspec.Struct, frozen=True):
    """What this gateway, or an earlier memory card of it, last said of itself."""


class Topics(msgspec.Struct, frozen=True):
    """The topics of one gateway."""

    root: str
    county_id: str
    gateway_id: str

    def __post_init__(self) -> None:
        _check("mqtt.root", self.root, ROOT, "1-32 of a-z 0-9 - for each level, e.g. kentongan")
        _check("gateway.county_id", self.county_id, ID, "2-32 of a-z 0-9 -, e.g. 3404")
        _check("gateway.gateway_id", self.gateway_id, ID, "2-32 of a-z 0-9 -, e.g. kec-depok-01")
        if self.gateway_id == BACKEND:
            raise SettingsRefused("gateway.gateway_id", f"{BACKEND!r} names the county's backend; choose another")

    @property
    def county(self) -> str:
        """What every topic of the county begins with."""
        return f"{self.root}/{VERSION}/{self.county_id}"

    @property
    def gateway(self) -> str:
        """What every topic of this gateway begins with."""
        return f"{self.county}/{self.gateway_id}"

    @property
    def source(self) -> str:
        """The CloudEvents source (contract 4.4)."""
        return f"/{self.gateway}"

    def status(self, name: str) -> str:
        """Name a retained document."""
        return f"{self.gateway}/status/{name}"

    def alarm(self, code: str) -> str:
        """Name the retained document of one alarm; `code` is `[a-z0-9_]{3,40}`."""
        if CODE.fullmatch(code) is None:
            raise ValueError(f"alarm code {code!r} is not 3-40 of a-z 0-9 _")
        return f"{self.gateway}/status/alarm/{code}"

    def event(self, name: str) -> str:
        """Name a stream of events, e.g. `ticket` or `group/jalan`; raises ValueError for what no topic may hold."""
        if NAME.fullmatch(name) is None:
            raise ValueError(f"event name {name!r} is not one or two levels of a-z 0-9 _ -")
        return f"{self.gateway}/event/{name}"

    def command(self, name: str) -> str:
        """Name a command as a backend publishes it."""
        return f"{self.gateway}/command/{name}"

    @property
    def commands(self) -> str:
        """The filter of every command for us."""
        return f"{self.gateway}/command/#"

    @property
    def backend(self) -> str:
        """The filter of what the county's backend says to all gateways."""
        return f"{self.county}/{BACKEND}/#"

    @property
    def presence(self) -> str:
        """Where the county's backend says whether it is there."""
        return f"{self.county}/{BACKEND}/presence"

    @property
    def info(self) -> str:
        """Where the broker keeps what we said of ourselves."""
        return self.status("info")

    def read(self, topic: str) -> CommandTopic | PresenceTopic | InfoTopic | None:
        """Tell what arrived; `None` for anything that is not ours."""
        if topic == self.presence:
            return PresenceTopic()
        if topic == self.info:
            return InfoTopic()
        prefix = f"{self.gateway}/command/"
        if topic.startswith(prefix) and len(topic) > len(prefix):
            return CommandTopic(topic.removeprefix(prefix))
        return None


def _check(key: str, value: str, pattern: re.Pattern[str], allowed: str) -> None:
    if pattern.fullmatch(value) is None:
        raise SettingsRefused(key, f"{value!r} is not allowed in a topic; write {allowed}")
