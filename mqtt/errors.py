"""What cannot go on in the broker island; a broker that is away is an event, not an exception."""


class MqttError(Exception):
    """Base of the broker island's errors."""


class SettingsRefused(MqttError, ValueError):
    """The link cannot be built from these settings: `key`, why, and what to write instead."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key, self.why = key, why
