"""Knows the keywords of functions that take what a `Recipe` takes; knows no defaults."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from framescribe.frames.sampling import Method

Thinking = Literal["off", "on"]
GateMode = Literal["off", "flag", "mend"]


class Options(TypedDict, total=False):
    """The keywords of `Recipe`, for functions that take them too."""

    model: str | None
    summary_model: str | None
    base_url: str | Sequence[str] | None
    summary_base_url: str | Sequence[str] | None
    strategy: str
    prompt: str
    step_prompt: str
    summary_prompt: str
    sample: Method | None
    frames: int | None
    times: Sequence[float]
    every: float | str | None
    skip_edges: float
    salvage: bool
    avoid_bad_frames: bool
    seed: int
    max_pixels: int | None
    segment: float | str | None
    measure: str | Sequence[str] | None
    keep: str | None
    decoders: int | None
    decode_timeout: float | None
    max_tokens: int
    temperature: float
    top_p: float
    thinking: Thinking | None
    summary_thinking: Thinking | None
    engine: str | None
    revision: str | None
    device: str
    dtype: str
    quantize: Literal["int8", "int4"] | None
    trust_remote_code: bool
    batch_size: int | None
    requests: int | None
    timeout: float
    endpoint_timeout: float
    api_key_env: str
    summary_api_key_env: str | None
    engine_command: str | None
    gpus: str | None
    tensor_parallel: int
    replicas: int | None
    engine_arguments: Sequence[str]
    gate: GateMode
    check: str | Sequence[str] | None
    no_check: str | Sequence[str] | None
    check_limit: str | Sequence[str] | None
    min_words: int | None
    max_words: int | None
    forbid: str | Sequence[str] | None
    trigger: str | Sequence[str] | None
    language: str | None
    second_model: str | None
    verify: str | None
    verify_model: str | None
    note: str | Sequence[str] | None
    hint: str | None
    must_mention: str | Sequence[str] | None
    captions: str | Sequence[str] | None
    target: str | None
