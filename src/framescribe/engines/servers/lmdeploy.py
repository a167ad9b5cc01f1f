"""Knows the command line with which LMDeploy serves a model for captions; starts nothing."""

from __future__ import annotations

from framescribe.engines.servers.program import Command, Program, Server, flags, given, share_of_free
from framescribe.engines.thinking_switch import in_template
from framescribe.errors import UserError

INERT = flags(
    """
    allow-credentials allow-headers allow-methods allow-origins allow-terminate-by-client async attn-tp-size
    cache-block-seq-len cache-max-entry-count communicator cp devices disable-fastapi-docs disable-metrics
    dist-init-addr download-dir dp dp-rank eager-mode empty-init enable-abort-handling enable-eplb enable-metrics
    enable-microbatch enable-prefix-caching ep hf-overlap log-level max-batch-size max-concurrent-requests
    max-log-len max-prefill-iters max-prefill-token-num migration-backend mlp-tp-size model-name moe-tp-size nnodes
    node-rank num-tokens-per-iter proxy-url reasoning-parser role server-name server-port ssl tp
    vision-max-batch-size
    """
)


DTYPES = ("auto", "float16", "bfloat16")


def command(server: Server, port: int) -> Command:
    """How LMDeploy serves this on a loopback port. UserError for a precision that it does not have."""
    if server.dtype not in DTYPES:
        raise UserError(f"LMDeploy has no {server.dtype}. Give --dtype {DTYPES[1]} or {DTYPES[2]}, or leave it out")
    return Command(
        argv=(
            *("serve", "api_server", server.repository, "--server-name", "127.0.0.1", "--server-port", str(port)),
            *("--model-name", server.name),
            *given(
                (server.tensor_parallel > 1, ("--tp", str(server.tensor_parallel))),
                (
                    server.share < 1,
                    ("--cache-max-entry-count", f"{share_of_free(0.8 * server.share, server.before):.2f}"),
                ),
                (server.dtype != "auto", ("--dtype", server.dtype)),
                (server.revision is not None, ("--revision", server.revision or "")),
                (server.trust_remote_code, ("--trust-remote-code",)),
            ),
            *server.arguments,
        ),
        extra=in_template(server.thinking),
    )


PROGRAM = Program(executable="lmdeploy", command=command, version="0.18.0", inert=INERT)
