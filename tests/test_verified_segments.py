"""The caption of a video in segments is verified before frames of all its segments; the frames carry their numbers."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import framescribe as fs
from framescribe.records import Row
from framescribe.results.rows import read_rows
from tests.servers import ScriptedServer
from tests.test_verify import TRUE, knows, shows
from tests.test_wishes import text_of
from tests.videos import film, number_in


def run(path: Path, output: Path, caption: str, **options: Any) -> tuple[Row, list[Mapping[str, Any]]]:
    """The row, and the requests that ask about claims."""
    act = shows(caption, knows(TRUE, TRUE.replace("green ", "")), frames=(1, 6))
    with ScriptedServer(act) as server:
        given = {"strategy": "whole-clip", "verify": "all", **options}
        list(fs.run(fs.Recipe(base_url=server.url, decoders=1, requests=1, **given), path, output))
        (row,) = read_rows(output)
        return row, [body for body in server.requests if "Here are statements" in text_of(body)]


def numbers(request: Mapping[str, Any]) -> list[int]:
    """Those of the frames that a request shows, read from their pixels."""
    parts = [part for part in request["messages"][-1]["content"] if part["type"] == "image_url"]
    raw = [base64.b64decode(part["image_url"]["url"].split(",")[1]) for part in parts]
    return [number_in(np.asarray(Image.open(io.BytesIO(one)).convert("RGB"))) for one in raw]


def test_frames_of_all_segments_are_shown_with_their_times(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", frames=100)
    row, asked = run(path, tmp_path / "out.jsonl", TRUE, segment=1.0, frames=2)
    assert (row.caption, row.status, row.support, len(row.segments)) == (TRUE, "ok", 1.0, 4)
    sampled = [frame.index for frame in row.frames]
    assert len(sampled) == 8 and asked and all(numbers(request) == sampled for request in asked)
    assert all(claim["frames"] == [sampled[0], sampled[5]] for claim in row.claims)
    times = [f"Frame {at} ({number / 25:.2f} s):" for at, number in enumerate(sampled, 1)]
    assert [time for time in times if time in str(asked[0])] == times


def test_what_is_wrong_is_cut_and_the_segments_captions_stay(tmp_path: Path) -> None:
    wrong = TRUE.replace("green", "red")
    row, _ = run(film(tmp_path / "film.mp4", frames=100), tmp_path / "out.jsonl", wrong, segment=2.0, frames=3)
    assert (row.caption, row.support) == (TRUE.replace("green ", ""), 1.0)
    assert [part["caption"] for part in row.segments] == [wrong] * 2


def test_no_segment_is_left_out_where_many_frames_were_sampled(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", frames=100)
    row, asked = run(path, tmp_path / "out.jsonl", TRUE, segment=0.4, frames=6)
    shown = numbers(asked[0])
    assert len(shown) == 30 and len(row.segments) == 10
    assert all(
        sum(part["first_frame"] <= number <= part["last_frame"] for number in shown) == 3 for part in row.segments
    )


def test_a_video_of_more_segments_than_frames_is_not_verified_and_says_so(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", frames=80)
    row, asked = run(path, tmp_path / "out.jsonl", TRUE, segment=0.08, frames=1)
    assert (len(row.segments), asked, row.caption, row.flags) == (40, [], TRUE, ("unverified",))
