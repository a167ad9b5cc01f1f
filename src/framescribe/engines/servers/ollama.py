"""Knows how Ollama serves a model for captions: its environment, and how it downloads a model; starts nothing."""

from __future__ import annotations

from framescribe.engines.servers.program import SLOTS, Command, Program, Server, lacks, slot_tokens
from framescribe.engines.thinking_switch import by_effort

PRECISION = "precision and version are part of a model's tag: name another one"


def command(server: Server, port: int) -> Command:
    """How Ollama serves this on a loopback port. UserError for an option that it does not have."""
    lacks("Ollama", PRECISION, dtype=server.dtype != "auto", revision=server.revision is not None)
    address = f"127.0.0.1:{port}"
    return Command(
        argv=("serve", *server.arguments),
        environment={
            "OLLAMA_HOST": address,
            "OLLAMA_NUM_PARALLEL": str(SLOTS),
            "OLLAMA_CONTEXT_LENGTH": str(slot_tokens(server)),
        },
        ready="/api/version",
        first=("pull", server.repository),
        extra=by_effort(server.thinking),
    )


PROGRAM = Program(
    executable="ollama",
    command=command,
    website="https://ollama.com/download",
    tensor_parallel=False,
    library=True,
)
