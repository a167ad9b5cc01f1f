"""Knows how a row is described to the page, in brief and in full, and by which facts it is found; reads no file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from framescribe.records import DECODE, LENGTHS, Row, caption_hash
from framescribe.results import texts
from framescribe.results.edits import Edit, apply, review_of
from framescribe.results.fields import words_of
from framescribe.results.selection import values_in
from framescribe.review import playable
from framescribe.review.facts_sql import columns
from framescribe.review.index import Taken, key_of, shown
from framescribe.review.query import storable
from framescribe.review.worst import marks_of

CUT = 500  # characters of a caption in brief
BETWEEN = " \ue000 "  # of texts that are searched as one: a word that nobody writes, so that no phrase runs across
_TOLD_APART = {  # of what a stage notes; all else is "other"
    "engine",
    "model",
    "flags",
    "attempts",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "prompt_sha256",
    "checked",
}

Plays = Callable[[Row], str]


class Seen(NamedTuple):
    """What the index adds to a row: why it is suspicious, and how many new captions wait for a decision."""

    why: Sequence[str]
    candidates: int


def plays(row: Row) -> str:
    """How a browser shows a row's video, as far as the row tells: "direct", "preview", "frames" or "none"."""
    if row.video is not None:
        return playable.plays(row.video_path, row.video.codec)
    return "frames" if row.frames else "none" if row.error is not None and row.error.stage == DECODE else "preview"


def model_of(row: Row) -> str | None:
    """The model that wrote the caption; without a caption the last one that was asked."""
    made = [stage for stage in row.stages.values() if stage.get("model")]
    wrote = [stage for stage in made if "caption" in (stage.get("fills") or ())]
    return str((wrote or made)[-1]["model"]) if made else None


def taken(
    base: Row,
    place: int,
    candidates: Callable[[Row], int],
    *,
    edits: Sequence[Edit] = (),
    line: bytes | None = None,
    made_of: int | None = None,
) -> Taken:
    """What the index keeps of a row as a run wrote it, and of what people said of it."""
    row = apply(base, edits)
    review, words = review_of(row), row.provenance.get("edits") or ()
    caption = row.caption
    model, tags = model_of(row), review.get("tags") or ()
    facts = {
        "made_of": made_of,
        "status": row.status,
        "flags": len(row.flags),
        **columns(values_in(row)),
        "duration": None if row.video is None or row.video.duration is None else round(row.video.duration, 3),
        "model": None if model is None else storable(model),
        "verdict": review.get("verdict"),
        "locked": bool(review.get("locked")),
        "edited": bool(words),
        "seen": bool(review.get("seen")),
        "note": bool(review.get("note")),
        "edited_at": _edited_at(row),
        "candidates": candidates(row),
        "same": _same(caption),
        "own": marks_of(caption, row.status),
    }
    labels = [*(("flag", str(flag)) for flag in row.flags), *(("tag", tag) for tag in tags)]
    more = BETWEEN.join(texts.words(row)) or None
    return Taken(key_of(base.id, base.video_path), place, base, line, edits, caption, more, facts, labels, review)


def brief(key: int, row: Row, seen: Seen, plays: Plays) -> dict[str, Any]:
    """What a card shows of a row as it stands."""
    caption, review, video = row.caption, review_of(row), row.video
    return {
        "key": shown(key),
        "id": row.id,
        "caption": caption if caption is None else caption[:CUT],
        "cut": caption is not None and len(caption) > CUT,
        "status": row.status,
        "error": row.error.message if row.error else None,
        "flags": list(row.flags),
        "why": list(seen.why),
        "words": len((caption or "").split()),
        "support": row.support,
        "duration": video.duration if video else None,
        "fps": video.fps if video else None,
        "width": video.width if video else None,
        "height": video.height if video else None,
        "codec": video.codec if video else None,
        "frames": len(row.frames),
        "verdict": review.get("verdict"),
        "locked": bool(review.get("locked")),
        "edited": bool(row.provenance.get("edits")),
        "seen": bool(review.get("seen")),
        "note": bool(review.get("note")),
        "tags": list(review.get("tags") or ()),
        "model": model_of(row),
        "candidates": seen.candidates,
        "plays": plays(row),
    }


def full(
    key: int,
    base: Row,
    edits: Sequence[Edit],
    seen: Seen,
    plays: Plays,
    new_captions: Sequence[Mapping[str, Any]],
    revision: int,
) -> dict[str, Any]:
    """Everything about a row: `base` as a run wrote it, with what people said of it."""
    row = apply(base, edits)
    models = words_of(base)
    before = {edit["field"]: models.get(edit["field"]) for edit in row.provenance.get("edits") or ()}
    wrote = (base.stages.get(LENGTHS) or {}).get("of", caption_hash(row.caption))
    return {
        **brief(key, row, seen, plays),
        "caption": row.caption,
        "model_caption": base.caption,
        "video_path": row.video_path,
        "size": row.size,
        "count_of_frames": row.video.frames if row.video else None,
        "frame_captions": [
            {
                "index": frame.index,
                "time": frame.time,
                "caption": frame.caption,
                "model_caption": base.frames[at].caption,
                "edited": f"frames[{at}]" in before,
            }
            for at, frame in enumerate(row.frames)
        ],
        "captions": [
            {"name": name, "text": text, "is_caption": caption_hash(text) == wrote}
            for name, text in texts.lengths(row).items()
        ],
        "captions_outdated": LENGTHS in row.outdated,
        "segments": texts.segments(row),
        "steps": texts.steps(row),
        "fields": texts.fields(row),
        "model_texts": before,
        "facts": dict(base.facts),
        "verified": dict(row.verified),
        "stages": [_stage(name, made, base.caption) for name, made in base.stages.items()],
        "failure": {"stage": row.error.stage, "kind": row.error.kind, "message": row.error.message}
        if row.error
        else None,
        "metadata": dict(row.metadata),
        "provenance": dict(row.provenance),
        "note_text": review_of(row).get("note"),
        "edited_at": _edited_at(row),
        "history": history(edits),
        "new_captions": list(new_captions),
        "revision": revision,
    }


def history(edits: Sequence[Edit]) -> list[dict[str, Any]]:
    """The edits of a row as the page shows them, newest first."""
    gone = undone(edits)
    return [
        {
            "edit": edit.key,
            "field": edit.field,
            "old": edit.old,
            "new": edit.new,
            "who": edit.who,
            "when": edit.when,
            "batch": edit.batch,
            "undone": edit.key in gone,
            "undoes": edit.undoes,
            "made_by": None if edit.made_by is None else dict(edit.made_by),
        }
        for edit in reversed(edits)
    ]


def undone(edits: Sequence[Edit]) -> set[str]:
    """The keys of those edits that a later one undid, unless that one was itself undone."""
    gone: set[str] = set()
    for edit in reversed(edits):
        if edit.undoes is not None and edit.key not in gone:
            gone.add(edit.undoes)
    return gone


def _stage(name: str, made: Mapping[str, Any], wrote: str | None) -> dict[str, Any]:
    output = made.get("output")
    text = output if isinstance(output, str) else None
    if text is None and "caption" in (made.get("fills") or ()):
        text = wrote
    return {
        "name": name,
        "engine": made.get("engine"),
        "model": made.get("model"),
        "text": text,
        "output": None if isinstance(output, str) or texts.is_told(name, made) else output,
        "flags": list(made.get("flags") or ()),
        "attempts": made.get("attempts"),
        "prompt_tokens": made.get("prompt_tokens"),
        "completion_tokens": made.get("completion_tokens"),
        "cost": made.get("cost"),
        "prompt_sha256": made.get("prompt_sha256"),
        "checked": list(made.get("checked") or ()),
        "other": {name: value for name, value in made.items() if name not in {*_TOLD_APART, "output"}},
    }


def _edited_at(row: Row) -> float | None:
    """When a person last said something that stands, in seconds since 1970."""
    said = (*(row.provenance.get("edits") or ()), review_of(row))
    return max((at for one in said if (at := _moment(one.get("when"))) is not None), default=None)


def _moment(when: object) -> float | None:
    """Seconds since 1970, None if it is no date."""
    try:
        moment = datetime.fromisoformat(when)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _same(caption: str | None) -> int | None:
    """A number that stands for a caption's words, None if there are none."""
    words = " ".join((caption or "").lower().split())
    if not words:
        return None
    return int.from_bytes(blake2b(words.encode(errors="surrogatepass"), digest_size=8).digest(), "big", signed=True)
