"""Knows how what a stage made stands in a row's records, there and back; makes nothing itself."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from framescribe.records import AGAIN, DECODE, STANDS, Row, caption_hash
from framescribe.strategies.asking import Asking, Known, Place, named
from framescribe.strategies.base import CAPTION, FRAME_CAPTION, Output, Stage
from framescribe.strategies.form import written
from framescribe.strategies.judged import MALFORMED
from framescribe.strategies.segments import SEGMENTS

DUPLICATE = "duplicate"  # the check that compares captions of different clips


def kept(earlier: Row | None) -> tuple[dict[str, Output], dict[str, dict[str, Any]]]:
    """The stage results that an earlier row holds, and their records: of the recipe's own stages, and of others that
    these may read."""
    outputs: dict[str, Output] = {}
    stages: dict[str, dict[str, Any]] = {}
    if earlier is None:
        return outputs, stages
    for name, made in earlier.stages.items():
        if name == DECODE or made.get(AGAIN) or not earlier.has_result(name):
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


def read_by(
    step: Stage, outputs: Mapping[str, Output], earlier: Row | None
) -> tuple[Mapping[str, Output], dict[str, str]]:
    """What a stage reads of what others made, and what its record says of it: a stage that is made from the caption
    reads the one that a person gave, if there is one."""
    if not step.from_caption:
        return outputs, {}
    wrote = next((name for name in reversed(step.after) if outputs[name].caption is not None), step.after[0])
    stands = (earlier.provenance if earlier is not None else {}).get(STANDS, outputs[wrote].caption)
    return {**outputs, wrote: replace(outputs[wrote], caption=stands)}, {"of": caption_hash(stands)}


def known(earlier: Row | None, stage: Stage) -> dict[Place, Known]:
    """The texts of this stage that an earlier row holds, if they are to be mended: each counts as a first answer."""
    again = earlier is not None and (earlier.stages.get(stage.name) or {}).get(AGAIN)
    return texts_of(earlier, stage) if earlier is not None and again else {}


def texts_of(row: Row, stage: Stage) -> dict[Place, Known]:
    """The texts of this stage that a row holds, by what they are, the frame and the segment: captions, and JSON values
    as they are `written`. A value that was only repaired counts as it came."""
    made = row.stages.get(stage.name) or {}
    # That another clip says the same is no fault of the text alone.
    alone = [of for of in made.get("checked") or () if of.get("before") != [DUPLICATE]]
    records = {(of.get("text"), of.get("frame"), of.get("segment")): of for of in alone}
    places: list[tuple[Place, str | None]] = []
    segments = made["output"][SEGMENTS] if "segment" in made and made.get("output") else ()
    places += [((CAPTION, None, number), part.get("caption")) for number, part in enumerate(segments)]
    if "caption" in (made.get("fills") or ()):
        places.append(((CAPTION, None, None), row.caption))
    if "frames" in (made.get("fills") or ()):
        firsts = [part["first_frame"] for part in segments]
        for frame in row.frames:
            segment = bisect_right(firsts, frame.index) - 1 if firsts else None
            places.append(((FRAME_CAPTION, frame.index, segment), frame.caption))
    if made.get("output") is not None and not made.get("as"):
        whole: list[tuple[int | None, Any]] = [(None, made["output"])]
        for segment, value in [(n, part.get("value")) for n, part in enumerate(segments)] or whole:
            values = stage.values(value) if value is not None else {}
            places += [
                ((what, index, segment), one if isinstance(one, str) else written(one))
                for (what, index), one in values.items()
            ]
    cut_off = [f"{named(what, segment)}_truncated" in (made.get("flags") or ()) for (what, _, segment), _ in places]
    texts = {}
    for (place, text), is_cut in zip(places, cut_off, strict=True):
        if text:
            record = records.get(place)
            wrong = {one.get("check") for one in (record or {}).get("found") or ()}
            if record is not None and MALFORMED in wrong:
                text = record.get("raw") or text
            unended = "truncated" in wrong
            finish = "length" if unended or (is_cut and not records and len(places) == 1) else "stop"
            texts[place] = Known(text=text, finish=finish, record=record)
    return texts


def result_of(output: Output, asking: Asking) -> dict[str, Any]:
    """What a stage's record says about its result. TypeError or ValueError if a row cannot hold it."""
    if output.caption is not None and not isinstance(output.caption, str):
        raise TypeError(f"a caption must be text, not {type(output.caption).__name__}")
    if output.value is not None:
        json.dumps(output.value)
    flags = list(dict.fromkeys((*output.flags, *asking.flags)))
    return {
        **({"flags": flags} if flags else {}),
        **asking.record,
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
