"""Knows how to start llama.cpp's server with a tiny random Qwen2.5-VL that its own converter made of ours; tests
nothing."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines import to_gguf
from tests.engines.environments import environment

CONTEXT = 2048  # tokens


@contextmanager
def llama_cpp_serve(checkpoint: Path, out: Path) -> Iterator[str]:
    """The URL of a server with the checkpoint of that folder; `out` takes what it is converted to, and the log."""
    model, projector = out / "model.gguf", out / "projector.gguf"
    sources = environment("llama-cpp") / "llama.cpp"
    converting = [sys.executable, to_gguf.__file__, sources, checkpoint, model, projector]
    subprocess.run(converting, check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [environment("llama-cpp") / "bin/python", "-m", "llama_cpp.server", "--model", model]
    command += ["--clip_model_path", projector, "--chat_format", "mtmd", "--model_alias", "tiny-qwen"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(CONTEXT), "--n_threads", "1"]
    root = f"http://127.0.0.1:{port}/v1"
    with (out / "server.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait_until_up(f"{root}/models", server, out / "server.log")
            yield root
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not come up:\n{log.read_text(errors='replace')[-2000:]}")
