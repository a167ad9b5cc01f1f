"""Knows every way in which a run captions clips of made-up shapes, as options of the command; runs none."""

from __future__ import annotations

# Of so few shapes and places, some clips have nearly the same ones.
TAKING = ("--sample", "uniform", "--frames", "4", "--no-check", "duplicate", "--no-check", "negation_filler")
PAIR = ("--model", "shapes-clip", "--summary-model", "shapes-llm")

WAYS: dict[str, tuple[str, ...]] = {
    "frames-then-summary": (*TAKING, "--model", "shapes-vlm", "--summary-model", "shapes-llm"),
    "whole-clip": (*TAKING, "--strategy", "whole-clip", "--model", "shapes-clip"),
    "sliding": (*TAKING, "--strategy", "sliding", *PAIR),
    "structured": (*TAKING, "--strategy", "structured", "--max-tokens", "300", *PAIR),
    "segments": (*TAKING, "--segment", "1s", "--model", "shapes-vlm", "--summary-model", "shapes-llm"),
    "lengths": (*TAKING, "--captions", "20w,long", "--model", "shapes-vlm", "--summary-model", "shapes-llm"),
}
