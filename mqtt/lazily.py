"""Put off an import that a library makes and we never need.

paho imports `urllib.request` for the proxies of websockets; with HTTP and e-mail behind it that is 3 MB in each of the
two processes of a Pi Zero 2 W. structlog imports `asyncio` for its asynchronous methods: 2 MB. `LazyLoader` of the
standard library does not help: until Python 3.12 `import` itself wakes it.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType


def lazily(name: str) -> None:
    """Let a module be loaded at the first look at one of its names instead of at its import."""
    if name in sys.modules:
        return
    stand_in = ModuleType(name)
    stand_in.__spec__ = ModuleSpec(name, None)

    def load(attribute: str) -> object:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
        return getattr(importlib.import_module(name), attribute)

    stand_in.__dict__["__getattr__"] = load
    sys.modules[name] = stand_in
    package, _, child = name.rpartition(".")
    if package:
        setattr(importlib.import_module(package), child, stand_in)
