"""Knows the command line with which vLLM serves a model for captions; starts nothing."""

from __future__ import annotations

import json
import math
from typing import Any

from framescribe.engines.servers.program import Command, Program, Server, flags, given, images
from framescribe.engines.thinking_switch import in_template

# An answer ends when the same 4 to 64 tokens have come four times in a row: a loop would go on to --max-tokens.
CIRCLES = {"min_pattern_size": 4, "max_pattern_size": 64, "min_count": 4}
PATCH = 32  # pixels on a side that Qwen3-VL makes one token

INERT = flags(
    """
    O O0 O1 O2 O3 aggregate-engine-logging allow-credentials allowed-headers allowed-local-media-path
    allowed-media-domains allowed-methods allowed-origins api-server-count asc async-scheduling block-size cc
    collect-detailed-traces compilation-config cpu-offload-gb cpu-offload-params cuda-graph-sizes
    cudagraph-capture-sizes cudagraph-metrics data-parallel-address data-parallel-backend data-parallel-external-lb
    data-parallel-hybrid-lb data-parallel-rank data-parallel-rpc-port data-parallel-size data-parallel-size-local
    data-parallel-start-rank disable-access-log-for-endpoints disable-custom-all-reduce disable-fastapi-docs
    disable-frontend-multiprocessing disable-log-requests disable-log-stats disable-mm-preprocessor-cache
    disable-uvicorn-access-log distributed-executor-backend download-dir dp dpa dpb dpe dph dpl dpn dpp dpr
    enable-chunked-prefill enable-eplb enable-expert-parallel enable-force-include-usage enable-log-deltas
    enable-log-outputs enable-log-requests enable-logging-iteration-details enable-mfu-metrics enable-offline-docs
    enable-prefix-caching enable-prompt-tokens-details enable-request-id-headers enable-server-load-tracking
    enable-sleep-mode enable-ssl-refresh enforce-eager ep gpu-memory-utilization h11-max-header-count
    h11-max-incomplete-event-size headless host kv-cache-memory-bytes kv-cache-metrics kv-cache-metrics-sample
    kv-offloading-backend kv-offloading-size limit-mm-per-prompt log-config-file log-error-stack
    long-prefill-token-threshold master-addr master-port max-cudagraph-capture-size max-log-len
    max-long-partial-prefills max-num-batched-tokens max-num-partial-prefills max-num-seqs
    max-parallel-loading-workers mm-encoder-tp-mode mm-processor-cache-gb mm-processor-cache-type
    mm-shm-cache-max-object-size-mb nnodes node-rank num-gpu-blocks-override num-lookahead-slots optimization-level
    otlp-traces-endpoint pipeline-parallel-size port pp prefix-caching-hash-algo profiler-config reasoning-parser
    ray-workers-use-nsight renderer-num-workers root-path safetensors-load-strategy scheduler-cls scheduling-policy
    served-model-name show-hidden-metrics-for-version shutdown-timeout skip-mm-profiling ssl-ca-certs ssl-cert-reqs
    ssl-certfile ssl-ciphers stream-interval swap-space tensor-parallel-size tp uds use-tqdm-on-load
    uvicorn-log-level
    """
)


def command(server: Server, port: int) -> Command:
    """How vLLM serves this on a loopback port."""
    prompt, video = server.prompt, server.prompt is not None and server.prompt.video
    # vLLM reserves memory for the largest video that may come: one with this many frames.
    frames = {"num_frames": max(2, prompt.pictures)} if prompt is not None and prompt.pictures else {}
    limits = {**_pictures(server), "video": {"count": 1, **frames} if video else 0}
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
                (video, ("--trust-request-mm-kwargs",)),  # each request brings its frames' times
                (server.parser is not None, ("--reasoning-parser", server.parser or "")),
                (server.processors > 1, ("--api-server-count", str(server.processors))),
                (server.tensor_parallel > 1, ("--tensor-parallel-size", str(server.tensor_parallel))),
                (server.share < 1, ("--gpu-memory-utilization", f"{0.92 * server.share:.2f}")),
                (server.dtype != "auto", ("--dtype", server.dtype)),
                (server.revision is not None, ("--revision", server.revision or "")),
                (server.trust_remote_code, ("--trust-remote-code",)),
            ),
            *server.arguments,
        ),
        extra={"repetition_detection": CIRCLES, **in_template(server.thinking)},
    )


def _pictures(server: Server) -> dict[str, Any]:
    """How many pictures a prompt may have, and how large they are: vLLM sets memory aside for the largest that the
    model takes, 16 million pixels for Qwen3-VL."""
    counted = images(server.prompt)
    if not counted or not server.sized or server.prompt is None:
        return counted
    side = math.ceil(math.sqrt(server.prompt.pixels) / PATCH) * PATCH
    return {"image": {"count": counted["image"], "width": side, "height": side}}


PROGRAM = Program(executable="vllm", command=command, version="0.33.0", inert=INERT)
