"""Knows how what a stage made stands in a row's records, there and back; makes nothing itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from framescribe.records import DECODE, Row
from framescribe.strategies.base import Output


def kept(earlier: Row | None) -> tuple[dict[str, Output], dict[str, dict[str, Any]]]:
    """The stage results that an earlier row holds, and their records: of the recipe's own stages, and of others that
    these may read."""
    outputs: dict[str, Output] = {}
    stages: dict[str, dict[str, Any]] = {}
    if earlier is None:
        return outputs, stages
    for name, made in earlier.stages.items():
        if name == DECODE or not earlier.has_result(name):
            stages |= {name: dict(made)} if name == DECODE else {}
            continue
        fills, output = made.get("fills") or (), made.get("output")
        stages[name] = dict(made)
        before = {"caption": output, "captions": output[0] if output and isinstance(output, list) else None}
        outputs[name] = Output(
            caption=earlier.caption if "caption" in fills else before.get(made.get("as") or ""),
            frames=earlier.frames if "frames" in fills else None,
            value=None if made.get("as") else output,
            flags=tuple(made.get("flags") or ()),
        )
    return outputs, stages


def result_of(output: Output) -> dict[str, Any]:
    """What a stage's record says about its result. TypeError or ValueError if a row cannot hold it."""
    if output.caption is not None and not isinstance(output.caption, str):
        raise TypeError(f"a caption must be text, not {type(output.caption).__name__}")
    if output.value is not None:
        json.dumps(output.value)
    return {
        **({"flags": list(output.flags)} if output.flags else {}),
        **({"fills": list(output.fills)} if output.fills else {}),
        **({"output": output.value} if output.value is not None else {}),
    }


def settle(stages: dict[str, dict[str, Any]], outputs: Mapping[str, Output], by: Output | None) -> None:
    """Whatever the row's own fields cannot hold stays in the record of the stage that made it: what a later stage,
    whose output is `by`, made anew, or, without one, the captions of a row that failed."""
    taken = by.fills if by is not None else ("caption",)
    for name, own in outputs.items():
        before = stages[name].get("fills") or ()
        fills = [field for field in before if field not in taken]
        if len(fills) < len(before) and own.value is None:
            if "caption" in taken and own.caption:
                if stages[name].get("as") == "captions":
                    stages[name]["output"] = [own.caption, *stages[name]["output"]]
                else:
                    stages[name] |= {"output": own.caption, "as": "caption"}
            stages[name]["fills"] = fills
