# ruff: noqa: N999 - the name is RPi.GPIO's own
"""The package that RPi.GPIO is in."""
