"""Servers for tests. Scripted ones (`acts`, `scripted`) are for faults alone: what works is proven on a `real` one."""

from tests.servers.acts import Act, answer_to, answers, breaks_off, drops, says, sends, sleeps, tells
from tests.servers.real import transformers_serve
from tests.servers.scripted import ScriptedServer

__all__ = [
    "Act",
    "ScriptedServer",
    "answer_to",
    "answers",
    "breaks_off",
    "drops",
    "says",
    "sends",
    "sleeps",
    "tells",
    "transformers_serve",
]
