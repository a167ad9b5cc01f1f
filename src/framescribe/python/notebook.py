"""Knows how a notebook shows a row: its frames, decoded again from its file, and what was said of them; all escaped."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from html import escape

from framescribe.errors import FramescribeError
from framescribe.records import EncodedImage, FrameCaption, Row
from framescribe.results import texts

MOST_SHOWN = 12  # frames, or segments
PIXELS = 240 * 180  # of each: about 10 KB in the notebook's file
_SALVAGED = {"video_cut_off", "video_damaged"}


def install() -> None:
    """From now on, rows show themselves."""
    Row.as_html = html


def html(row: Row) -> str:
    """The row as HTML that needs nothing else. Pictures are left out where the row's file is not on this machine, or is
    no longer the one that was captioned."""
    shown = row.frames[:MOST_SHOWN]
    pictures = _pictures(row)
    parts = [f"<strong>{escape(row.id)}</strong> {_facts(row)}"]
    if shown:
        figures = "".join(_figure(frame, pictures.get(frame.index)) for frame in shown)
        flow = "display:flex;flex-wrap:wrap;gap:8px;align-items:flex-start;margin:6px 0"
        parts.append(f'<div style="{flow}">{figures}</div>')
    if more := len(row.frames) - len(shown):
        parts.append(f"<div>and {more:,} more frames</div>")
    if row.caption is not None:
        parts.append(f'<div style="white-space:pre-wrap">{escape(row.caption)}</div>')
    parts += [_named(name, text) for name, text in row.captions.items() if text != row.caption]
    divided = texts.segments(row)
    parts += [_named(f"{one['start']:g}–{one['end']:g} s", one["caption"] or "") for one in divided[:MOST_SHOWN]]
    if (more := len(divided) - MOST_SHOWN) > 0:
        parts.append(f"<div>and {more:,} more segments</div>")
    if row.error is not None:
        parts.append(f"<div>failed: {escape(row.error.stage)}: {escape(row.error.message)}</div>")
    return f'<div style="max-width:60em;text-align:left">{"".join(parts)}</div>'


def _named(name: str, text: str) -> str:
    return f'<div style="white-space:pre-wrap"><em>{escape(name)}</em> {escape(text)}</div>'


def _facts(row: Row) -> str:
    facts = [row.status, *(flag.replace("_", " ") for flag in row.flags)]
    if row.video is not None:
        facts.append(f"{row.video.width}×{row.video.height}")
        if row.video.duration is not None:
            facts.append(f"{row.video.duration:.2f} s")
    return escape(" · ".join(facts))


def _figure(frame: FrameCaption, picture: EncodedImage | None) -> str:
    image = ""
    if picture is not None:
        data = base64.b64encode(picture.data).decode()
        fit = "margin:0;max-width:100%"
        image = f'<img src="data:image/jpeg;base64,{data}" alt="frame {frame.index}" style="{fit}">'
    where = f"frame {frame.index}" + (f", {frame.time:.2f} s" if frame.time is not None else "")
    said = f"<br>{escape(frame.caption)}" if frame.caption is not None else ""
    return f'<figure style="width:240px;margin:0">{image}<figcaption>{where}{said}</figcaption></figure>'


def _pictures(row: Row) -> Mapping[int, EncodedImage]:
    """The frames of the row by their index, as small JPEG; none if they cannot be had."""
    from framescribe.frames.decoder import sample
    from framescribe.frames.files import fingerprint_of
    from framescribe.frames.sampling import Sampling

    times = [frame.time for frame in row.frames[:MOST_SHOWN] if frame.time is not None]
    if not times or not os.path.isfile(row.video_path):
        return {}
    sampling = Sampling(method="times", times=tuple(times), salvage=not _SALVAGED.isdisjoint(row.flags))
    try:
        if row.file.get("fingerprint") != fingerprint_of(row.video_path):
            return {}
        frames = sample(row.video_path, sampling, key=row.id, max_pixels=PIXELS, form="jpeg").frames
    except FramescribeError:
        return {}
    return {frame.index: frame.image for frame in frames if isinstance(frame.image, EncodedImage)}
