"""Knows how Ollama serves a model for captions: its environment, and how it downloads a model; starts nothing."""

from __future__ import annotations

from framescribe.engines.servers.program import SLOTS, Command, Program, Server, slot_tokens


def command(server: Server, port: int) -> Command:
    """How Ollama serves this on a loopback port."""
    address = f"127.0.0.1:{port}"
    return Command(
        argv=("serve", *server.arguments),
        environment={
            "OLLAMA_HOST": address,
            "OLLAMA_NUM_PARALLEL": str(SLOTS),
            "OLLAMA_CONTEXT_LENGTH": str(slot_tokens(server.prompt)),
        },
        ready="/api/version",
        first=("pull", server.repository),
    )


PROGRAM = Program(
    executable="ollama",
    command=command,
    website="https://ollama.com/download",
    tensor_parallel=False,
    library=True,
)
