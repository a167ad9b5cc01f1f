"""Knows the fingerprints of version 0.1.0, by which its results are recognised; knows nothing of today's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from framescribe.engines.base import Decoding
from framescribe.engines.choice import ModelChoice
from framescribe.engines.presets import frames_as_video
from framescribe.frames.sampling import Sampling

# The hash of nothing, which 0.1.0 gave to every folder of GGUF files: such rows cannot be told apart.
_OF_NOTHING = f"folder:{hashlib.sha256().hexdigest()[:24]}"


def fingerprint(
    strategy: str,
    stage: str,
    *,
    model: ModelChoice,
    prompt: str,
    decoding: Decoding,
    sampling: Sampling,
    max_pixels: int | None,
) -> str | None:
    """What 0.1.0 would have written for this stage of such a recipe; None if it knew no such stage."""
    known = {"frames-then-summary": ("frames", "summary"), "whole-clip": ("clip",)}
    weights = model.what_matters()
    if stage not in known.get(strategy, ()) or weights["model"] == _OF_NOTHING:
        return None
    ingredients: dict[str, Any] = {"prompt": prompt, "decoding": _decoding(decoding), **weights}
    if stage != "summary":
        ingredients |= {
            "sampling": {
                "method": sampling.method,
                "frames": sampling.frames,
                "times": list(sampling.times),
                "every": sampling.every,
                "seed": sampling.seed,
                "skip_edges": sampling.skip_edges,
                "salvage": sampling.salvage,
            },
            "max_pixels": max_pixels,
        }
    if stage == "clip":
        ingredients |= {"strategy": "whole-clip", "as_video": frames_as_video(model.model, model.engine)}
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()[:16]


def ingredients(noted: Mapping[str, Any]) -> dict[str, Any]:
    """What a result's note says of a stage, comparable with today's ingredients also where 0.1.0 wrote it."""
    sampling = noted.get("sampling") or {}
    if "salvage" not in sampling or "seed" not in sampling:
        return dict(noted)
    return {**noted, "sampling": Sampling(**{**sampling, "times": tuple(sampling["times"])}).ingredients}


def _decoding(decoding: Decoding) -> dict[str, Any]:
    drawn = {"temperature": decoding.temperature, "top_p": decoding.top_p, "seed": decoding.seed}
    return {"max_tokens": decoding.max_tokens} | (drawn if decoding.temperature else {})
