"""One example, or a few, of every document of the contract: published with it, and the test vectors of both sides."""

from msgspec import Struct

from kentongan.mqtt.examples_commands import COMMANDS
from kentongan.mqtt.examples_events import EVENTS
from kentongan.mqtt.examples_status import STATUS

EXAMPLES: dict[str, tuple[Struct, ...]] = STATUS | EVENTS | COMMANDS
