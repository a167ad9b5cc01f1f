# ruff: noqa: E501 - the lines of logs are as long as they are
"""Tests of what is told of a server that does not come up: the reason in its log, and what to do about it.

The logs are as these programs write them, shortened in the middle of their tracebacks.
"""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from framescribe.engines.servers import launch
from framescribe.engines.servers.program import Server
from framescribe.engines.servers.reasons import reason
from framescribe.engines.servers.replica import Replica
from framescribe.errors import RunError

VLLM_END = """
(APIServer pid=41) Traceback (most recent call last):
(APIServer pid=41)   File "/v/bin/vllm", line 10, in <module>
(APIServer pid=41)     sys.exit(main())
(APIServer pid=41)   File "/v/vllm/v1/engine/utils.py", line 1209, in wait_for_engine_startup
(APIServer pid=41)     raise RuntimeError(
(APIServer pid=41) RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {'EngineCore_DP0': 1}
"""
VLLM_MEMORY = """
(APIServer pid=41) INFO 11-22 10:00:01 [api_server.py:1805] vLLM API server version 0.33.0
(EngineCore_DP0 pid=99) WARNING 11-22 10:00:07 [x.py:1] could not find a tuned config: file not found, failed
(EngineCore_DP0 pid=99) ERROR 11-22 10:00:24 [core.py:718] EngineCore failed to start.
(EngineCore_DP0 pid=99) ERROR 11-22 10:00:24 [core.py:718] Traceback (most recent call last):
(EngineCore_DP0 pid=99) ERROR 11-22 10:00:24 [core.py:718]     raise ValueError(
(EngineCore_DP0 pid=99) ERROR 11-22 10:00:24 [core.py:718] ValueError: Free memory on device (3.22/4.0 GiB) on startup is less than desired GPU memory utilization (0.92, 3.6 GiB).
(EngineCore_DP0 pid=99) Process EngineCore_DP0:
(EngineCore_DP0 pid=99) Traceback (most recent call last):
(EngineCore_DP0 pid=99) ValueError: Free memory on device (3.22/4.0 GiB) on startup is less than desired GPU memory utilization (0.92, 3.6 GiB).
[rank0]:[W1122 10:00:25 ProcessGroupNCCL.cpp:1496] Warning: destroy_process_group() was not called
"""
LOGS: list[tuple[str, str, str, str]] = [
    ("vLLM, memory", VLLM_MEMORY + VLLM_END, "memory", "ValueError: Free memory on device (3.22/4.0 GiB) on startup"),
    (
        "vLLM, a fault of its own",
        "(EngineCore_DP0 pid=9) ERROR 11-22 10:00:24 [core.py:718] KeyError: 'layers.0.mlp.gate'\n"
        "(EngineCore_DP0 pid=9) Process EngineCore_DP0:\n" + VLLM_END,
        "other",
        "KeyError: 'layers.0.mlp.gate'",
    ),
    (
        "vLLM, cache",
        "(EngineCore_DP0 pid=9) ERROR 11-22 10:00:24 [core.py:718] ValueError: No available memory for the cache blocks. "
        "Try increasing `gpu_memory_utilization` when initializing the engine.\n" + VLLM_END,
        "memory",
        "ValueError: No available memory for the cache blocks",
    ),
    (
        "vLLM, architecture",
        "(APIServer pid=4) pydantic_core._pydantic_core.ValidationError: 1 validation error for ModelConfig\n"
        "(APIServer pid=4)   Value error, Model architectures ['Tarsier2ForConditionalGeneration'] are not supported for "
        "now. Supported architectures: dict_keys(['AquilaModel'])\n"
        "(APIServer pid=4)     For further information visit https://errors.pydantic.dev/2.12/v/value_error",
        "architecture",
        "Value error, Model architectures ['Tarsier2ForConditionalGeneration'] are not supported",
    ),
    (
        "vLLM, no GPU",
        "RuntimeError: Failed to infer device type, please set the environment variable `VLLM_LOGGING_LEVEL=DEBUG`",
        "driver",
        "RuntimeError: Failed to infer device type",
    ),
    (
        "an old vLLM",
        "usage: vllm serve [model_tag] [options]\nvllm serve: error: argument --max-model-len: invalid "
        "human_readable_int value: 'auto'",
        "options",
        "vllm serve: error: argument --max-model-len",
    ),
    (
        "SGLang, memory",
        "[2026-11-22 10:00:24 TP0] Scheduler hit an exception: Traceback (most recent call last):\n"
        '  File "/s/sglang/srt/managers/scheduler.py", line 6370, in run_scheduler_process\n'
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.6 GiB\n"
        "\n[2026-11-22 10:00:25] Received sigquit from a child process. It usually means the child failed.",
        "memory",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
    ),
    (
        "SGLang, ended by the system",
        "[2026-11-22 10:00:25] Rank 0 scheduler died during initialization (exit code: -9). If exit code is -9 (SIGKILL), "
        "a common cause is the OS OOM killer.",
        "memory",
        "Rank 0 scheduler died during initialization (exit code: -9)",
    ),
    (
        "SGLang, static share",
        "[2026-11-22 10:00:24] Scheduler hit an exception: Traceback (most recent call last):\n"
        "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static. Current value: 0.42",
        "memory",
        "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static",
    ),
    (
        "LMDeploy, memory",
        "2026-11-22 10:00:24,123 - lmdeploy - WARNING - model_agent.py:380 - No enough memory. Update\n"
        "2026-11-22 10:00:24,125 - lmdeploy - ERROR - base.py:53 - Engine loop failed\n"
        "RuntimeError: No enough gpu memory for kv cache.",
        "memory",
        "RuntimeError: No enough gpu memory for kv cache.",
    ),
    (
        "LMDeploy, architecture",
        "2026-11-22 10:00:24,125 - lmdeploy - ERROR - check_env.py:73 - RuntimeError: Unsupported model type Molmo2",
        "architecture",
        "RuntimeError: Unsupported model type Molmo2",
    ),
    (
        "llama.cpp, memory",
        "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 17408.00 MiB on device 0: cudaMalloc failed: out of memory\n"
        "alloc_tensor_range: failed to allocate CUDA0 buffer of size 18253611008\n"
        "llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache\n"
        "common_init_from_params: failed to create context with model '/m/x.gguf'\n"
        "srv    load_model: failed to load model, '/m/x.gguf'\nmain: exiting due to model loading error",
        "memory",
        "llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache",
    ),
    (
        "llama.cpp, architecture",
        "llama_model_load: error loading model: error loading model architecture: unknown model architecture: 'glm5v'\n"
        "llama_model_load_from_file_impl: failed to load model\nmain: exiting due to model loading error",
        "architecture",
        "llama_model_load: error loading model: error loading model architecture: unknown model architecture: 'glm5v'",
    ),
    (
        "llama.cpp, missing",
        "gguf_init_from_file: failed to open GGUF file '/m/no.gguf' (No such file or directory)\n"
        "llama_model_load: error loading model: llama_model_loader: failed to load model from /m/no.gguf\n"
        "srv    load_model: failed to load model, '/m/no.gguf'\nmain: exiting due to model loading error",
        "missing",
        "gguf_init_from_file: failed to open GGUF file '/m/no.gguf' (No such file or directory)",
    ),
    (
        "llama.cpp, port",
        "start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080\nsrv    operator(): cleaning up",
        "port",
        "start: couldn't bind HTTP server socket",
    ),
    ("an old llama.cpp", "error: invalid argument: --reasoning-budget", "options", "error: invalid argument: --reasoning"),
    (
        "Ollama, memory",
        'time=2026-11-22T10:00:24.330Z level=WARN source=sched.go:647 msg="gpu VRAM usage did not recover" model=/models/x\n'
        'time=2026-11-22T10:00:24.331Z level=ERROR source=sched.go:456 msg="error loading llama server" '
        'error="model requires more system memory (41.0 GiB) than is available (15.2 GiB)"',
        "memory",
        "error loading llama server: model requires more system memory (41.0 GiB) than is available (15.2 GiB)",
    ),
    ("Ollama, port", "Error: listen tcp 127.0.0.1:11434: bind: address already in use", "port", "Error: listen tcp"),
    ("Ollama, missing", "Error: pull model manifest: file does not exist", "missing", "Error: pull model manifest"),
    (
        "the hub, account",
        "huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-6)\n"
        "Cannot access gated repo for url https://huggingface.co/google/gemma-3-4b-it/resolve/main/config.json.\n"
        "OSError: You are trying to access a gated repo.",
        "access",
        "OSError: You are trying to access a gated repo.",
    ),
    ("a full disk", "OSError: [Errno 28] No space left on device", "disk", "OSError: [Errno 28] No space left on device"),
    (
        "a driver",
        "RuntimeError: The NVIDIA driver on your system is too old (found version 12020).",
        "driver",
        "RuntimeError: The NVIDIA driver on your system is too old",
    ),
    ("nothing", "", "other", "it wrote nothing"),
    ("only words", "INFO: loading\nthe last words", "other", "the last words"),
]  # fmt: skip


@pytest.mark.parametrize(("log", "kind", "line"), [each[1:] for each in LOGS], ids=[each[0] for each in LOGS])
def test_the_reason_is_found_among_the_echoes(log: str, kind: str, line: str) -> None:
    found = reason([" ".join(each.split()) for each in log.splitlines() if each.strip()])
    assert (found.line[: len(line)], found.kind) == (line, kind)


# ------------------------------------------------------------------------------- what is said of it


def program(folder: Path, text: str) -> list[str]:
    file = folder / "engine"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IEXEC)
    return [str(file)]


def failed(tmp_path: Path, engine: str, text: str, *arguments: str) -> str:
    server = Server(repository="some/model", name="tiny", arguments=arguments)
    replica = Replica(f"{engine}-0", engine, server, program(tmp_path, text), (), tmp_path)

    async def main() -> None:
        try:
            await replica.start()
        finally:
            await replica.child.stop()

    with pytest.raises(RunError) as caught:
        asyncio.run(main())
    return str(caught.value)


OLD = """case "$1" in --version|version) echo "{version}"; exit 0;; esac
echo "vllm serve: error: argument --max-model-len: invalid human_readable_int value: 'auto'" >&2; exit 2"""


def test_an_old_engine_is_called_old_with_its_version(tmp_path: Path) -> None:
    said = failed(tmp_path, "vllm", OLD.format(version="0.8.5.post1"))
    assert "--max-model-len" in said
    assert "This vllm (0.8.5.post1) is old: framescribe's options are those of 0.33.0" in said
    assert str(tmp_path / "vllm-0.log") in said
    newer = failed(tmp_path, "vllm", OLD.format(version="0.40.1"))
    assert "This vllm (0.40.1): framescribe's options are those of 0.33.0" in newer
    assert "is old" not in newer


def test_an_option_of_the_users_own_does_not_make_the_engine_old(tmp_path: Path) -> None:
    text = 'echo "vllm serve: error: unrecognized arguments: --no-such-thing 3" >&2; exit 2'
    said = failed(tmp_path, "vllm", text, "--no_such-thing", "3")
    assert "what follows --" in said
    assert "is old" not in said


def test_sglang_is_asked_for_its_version_in_its_own_way(tmp_path: Path) -> None:
    text = """case "$1" in
version) echo "sglang version: 0.4.1"; echo "git revision: 1234567"; exit 0;;
--version) echo "sglang: error: argument subcommand: invalid choice" >&2; exit 2;;
esac
echo "launch_server.py: error: unrecognized arguments: --limit-mm-data-per-request" >&2; exit 2"""
    assert "This sglang (sglang version: 0.4.1) is old: framescribe's options are those of 0.5.23" in failed(
        tmp_path, "sglang", text
    )


def test_what_can_be_done_is_said_beside_the_reason(tmp_path: Path) -> None:
    text = f"cat <<'END'\n{VLLM_MEMORY}{VLLM_END}END\nexit 1"
    said = failed(tmp_path, "vllm", text).splitlines()
    assert said[0].startswith(
        "vllm-0: it did not come up: it ended with exit code 1: ValueError: Free memory on device"
    )
    assert "too little memory" in said[1]
    assert len(said) == 3


def test_what_ollama_cannot_fetch_is_said(tmp_path: Path) -> None:
    """The server is up, but it has no such model to fetch."""
    text = """case "$1" in
pull) echo "Error: pull model manifest: file does not exist" >&2; exit 1;;
serve) exec python3 -c 'import http.server as h, os
class H(h.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
host, port = os.environ["OLLAMA_HOST"].split(":")
h.HTTPServer((host, int(port)), H).serve_forever()';;
esac"""
    said = failed(tmp_path, "ollama", text)
    assert "pull model manifest: file does not exist" in said
    assert "name or path right?" in said


def test_the_version_of_a_program_is_not_that_of_its_compiler(tmp_path: Path) -> None:
    program = tmp_path / "llama-server"
    program.write_text("#!/bin/sh\necho 'version: 6730 (e1ce1a1)' >&2\necho 'built with cc 13.3.0 for x86_64' >&2\n")
    program.chmod(0o755)
    assert launch.version([str(program)]) == "version: 6730 (e1ce1a1)"
