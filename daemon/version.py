"""The version, as a constant: asking the installed metadata loads an e-mail parser, a megabyte on a Pi Zero."""

VERSION = "0.1.0"
