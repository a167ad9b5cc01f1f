"""Knows how vLLM serves a model for captions: the flags of its command line; starts nothing."""

from __future__ import annotations

import json

from framescribe.engines.servers.program import NO_THINKING, Command, Program, Server, given, images

# An answer ends where 4 to 64 tokens have come four times in a row: a loop would go on to --max-tokens.
CIRCLES = {"min_pattern_size": 4, "max_pattern_size": 64, "min_count": 4}


def command(server: Server, port: int) -> Command:
    prompt, video = server.prompt, server.prompt is not None and server.prompt.video
    # Memory is set aside for the largest video that may come: one with so many frames, and no more.
    frames = {"num_frames": max(2, prompt.pictures)} if prompt is not None and prompt.pictures else {}
    limits = {**images(prompt), "video": {"count": 1, **frames} if video else 0}
    return Command(
        argv=(
            *("serve", server.repository, "--host", "127.0.0.1", "--port", str(port)),
            *("--served-model-name", server.name, "--max-model-len", "auto"),
            *given(
                (
                    prompt is not None,
                    (
                        *("--limit-mm-per-prompt", json.dumps(limits, separators=(",", ":"))),
                        *("--mm-processor-cache-gb", "0"),
                    ),
                ),
                (video, ("--trust-request-mm-kwargs",)),  # the frames' times come with each request
                (server.processors > 1, ("--api-server-count", str(server.processors))),
                (server.tensor_parallel > 1, ("--tensor-parallel-size", str(server.tensor_parallel))),
                (server.share < 1, ("--gpu-memory-utilization", f"{0.92 * server.share:.2f}")),
                (server.dtype != "auto", ("--dtype", server.dtype)),
                (server.revision is not None, ("--revision", server.revision or "")),
                (server.trust_remote_code, ("--trust-remote-code",)),
            ),
            *server.arguments,
        ),
        extra={"repetition_detection": CIRCLES, **NO_THINKING},
    )


PROGRAM = Program(executable="vllm", command=command, version="0.33.0")
