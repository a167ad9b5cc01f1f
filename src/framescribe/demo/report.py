"""Knows how the demonstration looks as one self-contained page; knows no model and judges nothing."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from urllib.parse import quote

from framescribe.demo.show import SAMPLING, WARNING, Piece, Score, Shown, Verdict
from framescribe.errors import UserError, VideoError
from framescribe.frames.pool import sample_as
from framescribe.machine import cpus
from framescribe.names import shown, shown_lines
from framescribe.records import EncodedImage, FrameCaption, Row, VideoInfo

LARGEST = 100
"""Videos on one page: more would make it too heavy to open."""

_PIXELS = 240 * 180
_CARD = Template("""
<article class="card $state" id="clip-$number">
<h2>$name <span class="mark $state">$mark</span></h2>
<p class="facts">$facts</p>
$frames
$body
</article>""")
_FRAME = Template("""<figure class="$state">
<div class="picture">$picture</div>
<figcaption><span class="time">$time</span> $mark<br>$caption$truth</figcaption>
</figure>""")


def write_report(path: Path, judged: Sequence[Shown], score: Score | None, *, real_command: str) -> None:
    """Write the page, whole or not at all. The sampled frames are read from the videos again, as thumbnails."""
    listed = judged[:LARGEST]
    with ThreadPoolExecutor(min(8, cpus())) as threads:
        pictures = list(threads.map(_thumbnails, (one.row for one in listed)))
    cards = [
        _card(number, one, seen, path.parent)
        for number, (one, seen) in enumerate(zip(listed, pictures, strict=True), 1)
    ]
    if len(judged) > LARGEST:
        cards.append(f"<p>The first {LARGEST:,} of {len(judged):,} videos; captions.jsonl has all of them.</p>")
    template = Template(resources.files(__package__).joinpath("report.html").read_text(encoding="utf-8"))
    page = template.substitute(
        title="What was drawn, and what the models said"
        if score
        else "Your videos, captioned by models that know only shapes",
        tiles="\n".join(_tile(number, words) for number, words in _counts(judged, score)),
        attributes=_attributes(score) if score else "",
        wrong=_list_of_wrong(listed) if score else "",
        warning=escape(WARNING),
        command=escape(real_command),
        cards="\n".join(cards),
    )
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(page, encoding="utf-8", errors="replace")
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}. Choose another: -o DIR") from error


def percent(share: float) -> str:
    """A share as a person reads it, never rounded up to 100 %."""
    return f"{int(share * 1000) / 10:g}%"


# ---------------------------------------------------------------------------------------- the head


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


def _tile(number: str, words: str) -> str:
    return f'<div class="tile"><b>{number}</b> {words}</div>'


def _attributes(score: Score) -> str:
    parts = (f"<span>{name} <b>{percent(share)}</b></span>" for name, share in score.attributes.items())
    return f'<p class="attributes">{" ".join(parts)}</p>'


def _list_of_wrong(judged: Sequence[Shown]) -> str:
    links = [
        f'<a href="#clip-{number}">{escape(shown(one.row.id))}</a>'
        for number, one in enumerate(judged, 1)
        if one.caption is not None and not one.caption.right
    ]
    return f"<p>Not right: {', '.join(links)}</p>" if links else ""


# --------------------------------------------------------------------------------------- the cards


def _card(number: int, one: Shown, pictures: dict[int, str], folder: Path) -> str:
    row, verdict = one.row, one.caption
    if row.error is not None:
        state, mark = "failed", "✗ failed"
    else:
        state, mark = _state(verdict)
    lines = []
    if row.error is not None:
        lines.append(("Failed", f"{escape(row.error.stage)}: {escape(shown(row.error.message))}"))
    if row.caption is not None:
        said, truth = (escape(shown_lines(row.caption)), "") if verdict is None else _side_by_side(verdict)
        lines.append(("Caption", said))
    else:
        truth = escape(verdict.truth) if verdict is not None else ""
    if truth:
        lines.append(("Truth", truth))
    if row.flags:
        lines.append(("Flags", escape(", ".join(row.flags))))
    figures = [
        _figure(frame, one.frames[place] if one.frames else None, pictures.get(frame.index))
        for place, frame in enumerate(row.frames)
    ]
    return _CARD.substitute(
        number=number,
        state=state,
        mark=mark,
        name=_linked(row, folder),
        facts=_facts(row.video),
        frames=f'<div class="frames">{"".join(figures)}</div>' if figures else "",
        body=f"<dl>{''.join(f'<dt>{name}</dt><dd>{text}</dd>' for name, text in lines)}</dl>",
    )


def _figure(frame: FrameCaption, verdict: Verdict | None, picture: str | None) -> str:
    at = f"{frame.time:.1f} s" if frame.time is not None else f"frame {frame.index}"
    state, mark = _state(verdict)
    said, truth = (escape(shown_lines(frame.caption or "")), "") if verdict is None else _side_by_side(verdict)
    wrong = verdict is not None and not verdict.right
    return _FRAME.substitute(
        state=state,
        time=at,
        caption=said,
        mark=f'<span class="mark {state}">{mark}</span>' if mark else "",
        truth=f'<span class="truth"><b>Truth</b> {truth}</span>' if wrong else "",
        picture=f'<img src="{picture}" alt="The frame at {at}">' if picture else '<span class="none">no picture</span>',
    )


def _state(verdict: Verdict | None) -> tuple[str, str]:
    """The class and the text of a mark."""
    if verdict is None:
        return "unknown", ""
    return ("right", "✓ right") if verdict.right else ("wrong", "✗ wrong")


def _side_by_side(verdict: Verdict) -> tuple[str, str]:
    """Caption and truth as HTML, with the words that differ marked."""
    said, truth = verdict.side_by_side()
    return _marked(said), _marked(truth)


def _marked(pieces: Sequence[Piece]) -> str:
    return "".join(
        f"<mark>{escape(shown_lines(text))}</mark>" if differs and text.strip() else escape(shown_lines(text))
        for text, differs in pieces
    )


def _linked(row: Row, folder: Path) -> str:
    """The clip's name, which links to the clip if it lies beside the page; other places are not revealed."""
    try:
        place = Path(row.video_path).resolve().relative_to(folder.resolve())
    except ValueError:
        return escape(shown(row.id))
    return f'<a href="{escape(quote(os.fsencode(place.as_posix())))}">{escape(shown(row.id))}</a>'


def _facts(info: VideoInfo | None) -> str:
    if info is None:
        return ""
    facts = [f"{info.width} × {info.height}", info.codec]
    facts += [f"{info.duration:.1f} s"] if info.duration is not None else []
    facts += [f"{info.frames:,} frames"] + ([f"{info.fps:.4g} frames/s"] if info.fps else [])
    return escape(" · ".join(facts))


# ---------------------------------------------------------------------------------- the thumbnails


def _thumbnails(row: Row) -> dict[int, str]:
    """The row's frames by index, as data URIs; none if the video can no longer be read."""
    if not row.frames:
        return {}
    try:
        clip = sample_as(row.video_path, SAMPLING, key=row.id, max_pixels=_PIXELS, form="jpeg")
    except VideoError:
        return {}
    return {frame.index: _data_uri(frame.image) for frame in clip.frames if isinstance(frame.image, EncodedImage)}


def _data_uri(image: EncodedImage) -> str:
    return f"data:image/{image.format};base64,{base64.b64encode(image.data).decode()}"
