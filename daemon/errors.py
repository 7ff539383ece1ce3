"""What cannot go on in the daemon; a field fault (no modem, no SIM, no broker, full disk) is a value instead."""


class DaemonError(Exception):
    """Base of the daemon's errors."""


class ConfigError(DaemonError, ValueError):
    """The configuration cannot be used: `key` (or the file), why, and what to write instead."""

    def __init__(self, key: str, why: str, remedy: str, *, path: str = "") -> None:
        super().__init__(f"{path + ': ' if path else ''}{key}: {why}; {remedy}")
        self.key, self.why, self.remedy, self.path = key, why, remedy, path


class AlreadyRunning(DaemonError, OSError):
    """Another gateway serves this runtime directory."""

    def __init__(self, directory: str) -> None:
        super().__init__(
            f"{directory}: another gateway serves this directory; stop it first (systemctl stop kentongan)"
        )
        self.directory = directory


class RuntimeUnusable(DaemonError, OSError):
    """The runtime directory cannot hold our socket and files."""

    def __init__(self, directory: str, why: str) -> None:
        super().__init__(f"{directory}: {why}; set runtime.directory to a folder that this user may write to")
        self.directory, self.why = directory, why


class StoreUnreadable(DaemonError, OSError):
    """The database cannot be looked into from here."""

    def __init__(self, path: str, why: str, remedy: str) -> None:
        super().__init__(f"{path}: {why}; {remedy}")
        self.path, self.why, self.remedy = path, why, remedy


class ControlUnavailable(DaemonError, OSError):
    """Nobody answers on the control socket, or not in time, or not as agreed."""

    def __init__(self, path: str, why: str, remedy: str) -> None:
        super().__init__(f"{path}: {why}; {remedy}")
        self.path, self.why, self.remedy = path, why, remedy
