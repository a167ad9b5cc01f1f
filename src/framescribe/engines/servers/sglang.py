"""Knows how SGLang serves a model for captions: the flags of its command line; starts nothing."""

from __future__ import annotations

import json

from framescribe.engines.servers.program import NO_THINKING, Command, Program, Server, given, images


def command(server: Server, port: int) -> Command:
    return Command(
        argv=(
            *("serve", "--model-path", server.repository, "--host", "127.0.0.1", "--port", str(port)),
            *("--served-model-name", server.name),
            *given(
                (bool(images(server.prompt)), ("--limit-mm-data-per-request", json.dumps(images(server.prompt)))),
                (server.tensor_parallel > 1, ("--tp-size", str(server.tensor_parallel))),
                (server.share < 1, ("--mem-fraction-static", f"{0.85 * server.share:.2f}")),
                (server.dtype != "auto", ("--dtype", server.dtype)),
                (server.revision is not None, ("--revision", server.revision or "")),
                (server.trust_remote_code, ("--trust-remote-code",)),
            ),
            *server.arguments,
        ),
        extra=NO_THINKING,
    )


PROGRAM = Program(executable="sglang", command=command, version="0.5.23")
