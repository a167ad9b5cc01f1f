"""Knows what the demonstration's page says besides the rows: how many captions are right, and what was true; knows no
model and judges nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from framescribe.demo.show import WARNING, DemoFolder, Score, Shown, Verdict
from framescribe.review.index import key_of
from framescribe.review.index import shown as key_shown
from framescribe.review.saved import write_page


def write_report(folder: DemoFolder, judged: Sequence[Shown], score: Score | None) -> None:
    """Write the captions as a page (`review.saved`), beside the truth as far as it is known. UserError if it cannot be
    written."""
    write_page(folder.captions, folder.report, extras=extras_of(folder, judged, score))


def extras_of(folder: DemoFolder, judged: Sequence[Shown], score: Score | None) -> dict[str, Any]:
    """What `review.saved.write_page` takes along."""
    # Whoever gets the page by mail needs no folders of whoever made it.
    own = any(os.path.isabs(os.path.expanduser(source)) for source in folder.sources)
    command = DemoFolder(folder.folder, [], {}).real_command if own else folder.real_command
    return {
        "title": "What was drawn, and what the models said"
        if score
        else "Your videos, captioned by models that know only shapes",
        "tiles": [{"number": number, "words": words} for number, words in _counts(judged, score)],
        "facts": [
            {"name": name, "value": percent(share)} for name, share in (score.attributes if score else {}).items()
        ],
        "notes": [
            {"text": WARNING},
            {"text": "To use a real model instead (it is downloaded once):"},
            {"command": command},
        ],
        "clips": {
            key_shown(key_of(one.row.id, one.row.video_path)): {
                **_told(one.caption),
                "frames": [_told(verdict) for verdict in one.frames],
            }
            for one in judged
            if one.caption is not None
        },
    }


def percent(share: float) -> str:
    """A share as a person reads it, never rounded up to 100 %."""
    return f"{int(share * 1000) / 10:g}%"


def _told(verdict: Verdict) -> dict[str, Any]:
    return {"right": verdict.right, "truth": verdict.truth}


def _counts(judged: Sequence[Shown], score: Score | None) -> list[tuple[str, str]]:
    failed = sum(one.row.status == "failed" for one in judged)
    if score is None:
        frames = sum(len(one.row.frames) for one in judged)
        counts = [
            (f"{len(judged) - failed:,} of {len(judged):,}", "videos captioned"),
            (f"{frames:,}", "frames captioned"),
        ]
    else:
        counts = [
            (f"{score.videos_right:,} of {score.videos:,}", "videos exactly right"),
            (f"{score.frames_right:,} of {score.frames:,}", "frames exactly right"),
            (percent(score.share), "of the attributes right"),
        ]
    return counts + ([(f"{failed:,}", "failed")] if failed else [])
