"""Knows how SGLang's server is started where there is no GPU, and its processes; tests nothing."""

from pathlib import Path

from tests.engines.environments import environment
from tests.runs import below

EXECUTABLE = environment("sglang") / "bin" / "sglang"
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "SGLANG_USE_CPU_ENGINE": "1"}
OPTIONS = (
    *("--device", "cpu", "--dtype", "float32"),
    *("--max-total-tokens", "32768"),  # of the cache, which else takes most of the memory
    "--sleep-on-idle",  # else its scheduler keeps a core busy while it has nothing to do
    # Without this the grammar lets a small model write blanks for ever; no field of a request can say it.
    "--constrained-json-disable-any-whitespace",
)


def serving(process: int, model: Path | str = "") -> int:
    """The main process of the one server for this model (or for any) below a process."""
    (found,) = (pid for pid, line in below(process, f" serve --model-path {model}").items() if "guard.py" not in line)
    return found
