"""Why a demonstration cannot be given."""

from kentongan.daemon.errors import DaemonError


class DemoUnavailable(DaemonError):
    """Something the demo needs is not there; the text says what to do."""
