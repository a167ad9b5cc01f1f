"""Knows how to start a real server, `transformers serve`; plays nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def transformers_serve(folder: Path, *options: str) -> Iterator[str]:
    """The URL of a real server on the CPU that loads any checkpoint by its path; `folder` keeps its log and cache.

    Needs the packages of `transformers[serving]`: fastapi and uvicorn. Up in about 9 s. It ends with the block.
    """
    (folder / "hub").mkdir(parents=True, exist_ok=True)  # without one, its list of models is an error
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve", "--device", "cpu", "--dtype", "float32"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder), "OMP_NUM_THREADS": "1"}
    url = f"http://127.0.0.1:{port}"
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port), *options], env=environment, stdout=log, stderr=log
        )
        try:
            _wait_until_up(f"{url}/health", server, folder / "server.log")
            yield f"{url}/v1"
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not come up:\n{log.read_text(errors='replace')[-2000:]}")
