"""What a command leads to: an answer, and what is committed together with it."""

from collections.abc import Callable

from kentongan.mqtt import payloads
from kentongan.mqtt.commands import Refused
from kentongan.queue.records import CommandRecord, SpoolDraft

# Commits an effect with the command's record and its spooled answer in one transaction; `None`: nothing but these two.
Commit = Callable[[CommandRecord, SpoolDraft], object]
Made = tuple[payloads.Response, Commit | None] | Refused
