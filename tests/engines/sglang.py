"""Knows how SGLang's server is started where there is no GPU; tests nothing."""

from tests.engines.environments import environment

EXECUTABLE = environment("sglang") / "bin" / "sglang"
ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "SGLANG_USE_CPU_ENGINE": "1"}
OPTIONS = (
    *("--device", "cpu", "--dtype", "float32"),
    *("--max-total-tokens", "32768"),  # of the cache, which else takes most of the memory
    # Without this the grammar lets a small model write blanks for ever; no field of a request can say it.
    "--constrained-json-disable-any-whitespace",
)
