"""Knows the command line with which SGLang serves a model for captions; starts nothing."""

from __future__ import annotations

import json

from framescribe.engines.servers.program import Command, Program, Server, flags, given, images, share_of_free
from framescribe.engines.thinking_switch import in_template

INERT = flags(
    """
    base-gpu-id chunked-prefill-size cpu-offload-gb crash-dump-folder cuda-graph-bs cuda-graph-max-bs
    data-parallel-size decode-log-interval delete-ckpt-after-loading detokenizer-worker-num
    disable-chunked-prefix-cache disable-cuda-graph disable-cuda-graph-padding disable-custom-all-reduce
    disable-overlap-schedule disable-piecewise-cuda-graph disable-radix-cache dist-init-addr dist-timeout
    download-dir dp dp-size enable-cache-report enable-dp-attention enable-dp-lm-head enable-hierarchical-cache
    enable-memory-saver enable-metrics enable-metrics-for-all-schedulers enable-mixed-chunk enable-mscclpp
    enable-nccl-nvls enable-p2p-check enable-priority-scheduling enable-symm-mem enable-torch-compile enable-trace
    ep ep-size expert-parallel-size fastapi-root-path file-storage-path gpu-id-step grpc-mode hicache-io-backend
    hicache-mem-layout hicache-ratio hicache-size hicache-storage-backend hicache-write-policy host
    hybrid-kvcache-ratio keep-mm-feature-on-device limit-mm-data-per-request load-balance-method load-watch-interval
    log-level log-level-http log-requests log-requests-format log-requests-level log-requests-target
    max-loaded-loras max-loras-per-batch max-prefill-tokens max-queued-requests max-running-requests
    max-total-tokens mem-fraction-static mm-max-concurrent-calls mm-per-request-timeout nccl-init-addr nccl-port
    nnodes node-rank num-continuous-decode-steps numa-node offload-group-size offload-mode offload-num-in-group
    offload-prefetch-step otlp-traces-endpoint page-size pipeline-parallel-size port pp pp-size prefill-max-requests
    prefill-round-robin-balance radix-eviction-policy reasoning-parser schedule-conservativeness schedule-policy
    served-model-name show-time-cost skip-server-warmup sleep-on-idle soft-watchdog-timeout ssl-ca-certs
    ssl-certfile stream-interval swa-full-tokens-ratio tensor-parallel-size tokenizer-worker-num
    torch-compile-max-bs tp tp-size warmups watchdog-timeout
    """
)


def command(server: Server, port: int) -> Command:
    """How SGLang serves this on a loopback port."""
    return Command(
        argv=(
            *("serve", "--model-path", server.repository, "--host", "127.0.0.1", "--port", str(port)),
            *("--served-model-name", server.name),
            *given(
                (bool(images(server.prompt)), ("--limit-mm-data-per-request", json.dumps(images(server.prompt)))),
                (server.parser is not None, ("--reasoning-parser", server.parser or "")),
                (server.tensor_parallel > 1, ("--tp-size", str(server.tensor_parallel))),
                (
                    server.share < 1,
                    ("--mem-fraction-static", f"{share_of_free(0.85 * server.share, server.before):.2f}"),
                ),
                (server.dtype != "auto", ("--dtype", server.dtype)),
                (server.revision is not None, ("--revision", server.revision or "")),
                (server.trust_remote_code, ("--trust-remote-code",)),
            ),
            *server.arguments,
        ),
        extra=in_template(server.thinking),
    )


PROGRAM = Program(executable="sglang", command=command, version="0.5.23", ask_version=("version",), inert=INERT)
