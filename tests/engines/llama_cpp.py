"""Knows where llama.cpp's server is and how its own converter makes a model of a tiny checkpoint; tests nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.engines import to_gguf
from tests.engines.environments import environment

SOURCES = environment("llama-cpp") / "llama.cpp"
SERVER = SOURCES / "build" / "bin" / "llama-server"


def converted(checkpoint: Path, out: Path) -> Path:
    """The checkpoint of that folder as a .gguf file in the folder `out`, with its projector beside it."""
    model, projector = out / "model.gguf", out / "mmproj.gguf"
    command = [sys.executable, to_gguf.__file__, SOURCES, checkpoint, model, projector]
    subprocess.run(command, check=True, capture_output=True)
    return model
