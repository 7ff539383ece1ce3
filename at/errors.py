"""What cannot go on in the modem island; a modem that says no is a value, not an exception."""


class AtError(Exception):
    """Base of the modem island's errors."""


class PortLost(AtError, OSError):
    """The file descriptor is gone: unplugged, re-enumerated, or an I/O error."""


class PortBusy(AtError, OSError):
    """Another process holds the port."""


class PduError(AtError, ValueError):
    """A PDU or a text that the codec refuses; the raw bytes stay with the caller."""


class PduTruncated(PduError):
    """A field runs past the end: `needed` octets at `offset`, `available` were there."""

    def __init__(self, field: str, offset: int, needed: int, available: int) -> None:
        super().__init__(f"{field} at octet {offset}: needs {needed} octets, {available} are left")
        self.field, self.offset, self.needed, self.available = field, offset, needed, available


class PduUnsupported(PduError):
    """A field holds a value that the standard reserves or this codec does not know."""

    def __init__(self, field: str, offset: int, value: object) -> None:
        super().__init__(f"{field} at octet {offset}: {value!r} is not supported")
        self.field, self.offset, self.value = field, offset, value


class TooLong(PduError):
    """A text needs more parts than allowed."""

    def __init__(self, parts: int, max_parts: int, encoding: str) -> None:
        super().__init__(f"{parts} parts in {encoding}, at most {max_parts} are allowed")
        self.parts, self.max_parts, self.encoding = parts, max_parts, encoding


class NotEncodable(PduError):
    """The character at `index` cannot be written in the asked alphabet."""

    def __init__(self, character: str, index: int) -> None:
        super().__init__(f"character {character!r} at index {index} cannot be encoded")
        self.character, self.index = character, index
