"""What the checks found is shown at its place in the text, with the answers that did not pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from framescribe.records import FrameCaption
from tests.review import made

CAPTION = "🐎 A horse 🐎 runs. Overall, <b>the scene</b> is calm."
CHECKED = [
    {
        "text": "caption",
        "before": ["boilerplate_ending", "frame_talk"],
        "found": [
            {
                "check": "boilerplate_ending",
                "start": 18,
                "end": len(CAPTION),
                "what": "the last sentence <i>sums up</i>",
            },
            {"check": "repeats", "start": 0, "end": 0, "what": "the engine ended it"},
        ],
        "by": "asked",
        "tries": [
            {"text": "In the first frame, a horse.", "found": ["frame_talk"]},
            {
                "changed": {"temperature": 0.7, "instruction": "Do not write “first frame”.", "fewer_frames": True},
                "text": CAPTION,
                "found": ["boilerplate_ending"],
            },
        ],
    },
]
FRAME = {"text": "frame_caption", "frame": 12, "before": ["boilerplate_opening"], "found": [], "by": "stripped",
         "raw": "The image shows a horse.", "cut": ["boilerplate_opening"]}  # fmt: skip


def result(folder: Path) -> Path:
    row = made.row("a.mp4", CAPTION)
    frames = (FrameCaption(index=4, time=0.5, caption="Grass."), FrameCaption(index=12, time=1.5, caption="A horse."))
    clip = {**row.provenance["stages"]["clip"], "checked": CHECKED, "flags": ["caption_boilerplate_ending"]}
    first = {"fingerprint": "y", "fills": ["frames"], "checked": [FRAME]}
    provenance = {**row.provenance, "stages": {"frames": first, "clip": clip}}
    row = replace(row, frames=frames, provenance=provenance, flags=("caption_boilerplate_ending",), status="flagged")
    return made.result(folder / "captions.jsonl", [row, made.row("b.mp4", "A dog.")])


def test_faults_are_marked_where_they_are_and_answers_are_kept(
    tmp_path: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result(tmp_path)), "?sort=id")
    page.get_by_role("link", name="a.mp4").click()
    checks = page.locator("details.part", has=page.get_by_text("Checks", exact=True))
    expect(checks.locator("mark")).to_have_text(["Overall, <b>the scene</b> is calm."])
    expect(checks.locator(".checked")).to_have_text(CAPTION)
    expect(checks.get_by_text("the last sentence <i>sums up</i>")).to_be_visible()
    expect(checks.get_by_text("the engine ended it")).to_be_visible()
    stripped = checks.locator(".diff")
    assert stripped.evaluate(
        "e => [...e.childNodes].filter(n => n.nodeName != 'INS').map(n => n.textContent).join('')"
    ) == ("The image shows a horse.")
    assert stripped.evaluate(
        "e => [...e.childNodes].filter(n => n.nodeName != 'DEL').map(n => n.textContent).join('')"
    ) == ("A horse.")
    expect(checks.get_by_text("Caption of frame 12")).to_be_visible()
    checks.get_by_text("2 answers").click()
    expect(checks.get_by_text("In the first frame, a horse.")).to_be_visible()
    expect(
        checks.get_by_text("temperature 0.7 · instruction Do not write “first frame”. · fewer frames")
    ).to_be_visible()
    page.keyboard.press("j")
    page.get_by_role("heading", name="b.mp4", level=1).wait_for()
    expect(page.locator("details.part", has=page.get_by_text("Checks", exact=True))).to_have_count(0)
