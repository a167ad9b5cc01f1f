"""Knows how a result becomes one page to mail: which clips, in which order, with which pictures; serves nothing."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from framescribe.errors import UserError
from framescribe.measures.camera_moves import LABELS
from framescribe.measures.expression import FACTS, INFO, LISTS
from framescribe.records import Row
from framescribe.results.selection import OF_ROWS, chosen, values_in
from framescribe.review.charts import DRAWN_FACTS, NO_NEWS, WHOLE
from framescribe.review.playable import plays
from framescribe.review.query import SORTED_FACTS, Query
from framescribe.review.saved_html import document
from framescribe.review.saved_pictures import Pictures, pictures_of
from framescribe.review.saved_rows import names_of, shareable, shareable_result
from framescribe.review.session import Session
from framescribe.storage.whole_file import refuse_unwritable, whole_file
from framescribe.version import VERSION

LIMIT = 300
"""Clips of one page, unless told otherwise: more would make it too heavy to mail and to open."""
_ENDINGS = (".html", ".htm")


def write_page(
    output: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    where: Sequence[str] = (),
    limit: int = LIMIT,
    say: Callable[[str], object] = lambda line: None,
    extras: Mapping[str, Any] | None = None,
) -> None:
    """Write the result `output` as one HTML file that needs nothing else and changes nothing.

    It holds the clips for which every condition in `where` (`results.selection.condition`) holds, up to `limit` of
    them, the worst first. Videos are linked where they lie beside the page or below; nothing else in it says where
    files are, who made them, or what grants access.

    `extras` come with the clips, all of them optional: "title", "tiles" ({"number", "words"}), "facts" ({"name",
    "value"}), "notes" ({"text"} or {"command"}), and "clips": by key, what is known to be true of a clip: {"right",
    "truth", "frames": [{"right", "truth"}, …]}.

    UserError if there is no result, if no clip is left, or if the page cannot be written.
    """
    target = os.fspath(path)
    if not target.lower().endswith(_ENDINGS):
        raise UserError(f"{target} is not the name of a page; let it end in .html")
    refuse_unwritable(target)
    with tempfile.TemporaryDirectory(prefix="framescribe-") as cache:
        session = Session(output, cache=Path(cache), plays=_plays)
        session.open()
        try:
            session.ready()
            result, worst_first, total = _chosen(session, where)
            if not worst_first:
                raise UserError("No clip is left for the page." if where else f"{output} holds no clips.")
            held = worst_first[: max(1, limit)]
            say(f"clips for the page: {len(held):,}; reading their pictures")
            rows, stored = [session.row(key) for key in held], [session.stored(key) for key in held]
            places = {key: at for at, key in enumerate(session.keys_of(_listed(session, "order")))}
        finally:
            session.close()
    pictures = pictures_of(stored)
    folder = Path(target).parent
    shared = _shared(rows, stored, pictures, folder)
    for at, row in enumerate(shared):
        row |= {"worst": at, "order": places[row["key"]], "values": values_in(stored[at])}
    shared.sort(key=lambda row: row["order"])
    data = {
        "result": _counted(shareable_result(result), shared),
        "rows": shared,
        "about": _about(os.path.basename(os.fspath(output)), len(shared), len(worst_first), total),
        "common": sorted(NO_NEWS),
        "conditions": {
            "names": [*INFO, *FACTS, *OF_ROWS],
            "lists": dict.fromkeys(LISTS, LABELS),
            "sorts": SORTED_FACTS,
            "drawn": DRAWN_FACTS,
            "whole": WHOLE,
        },
        "extras": extras,
    }
    with whole_file(target) as temporary:
        Path(temporary).write_bytes(document(data).encode("utf-8", errors="replace"))
    _tell(say, target, len(shared), len(worst_first), sum(map(len, pictures)))


def _plays(row: Row) -> str:
    return plays(row.video_path, row.video.codec if row.video else None)


def _chosen(session: Session, where: Sequence[str]) -> tuple[dict[str, Any], list[str], int]:
    """What is known of the result, the keys of the clips for which the conditions hold, worst first, and how many clips
    there are in all."""
    keys = list(session.keys_of(_listed(session, "worst")))
    total = len(keys)
    if where:
        by_key = {(row.id, row.video_path): key for key in keys for row in [session.stored(key)]}
        kept = {by_key[row.id, row.video_path] for row in chosen(map(session.stored, keys), ids=None, where=where)}
        keys = [key for key in keys if key in kept]
    return session.result(), keys, total


def _listed(session: Session, sort: str) -> str:
    return session.make_list(Query.of({"sort": sort})).list


def _shared(
    rows: Sequence[Mapping[str, Any]], stored: Sequence[Row], pictures: Sequence[Pictures], folder: Path
) -> list[dict[str, Any]]:
    names = names_of([row.id for row in stored])
    shared = []
    for told, row, seen in zip(rows, stored, pictures, strict=True):
        video = _beside(row.video_path, folder)
        shows = "direct" if video and told["plays"] == "direct" else "frames" if seen else "none"
        more = {"id": names.get(row.id, row.id), "video_path": video, "plays": shows, "pictures": seen}
        shared.append(shareable(told) | more)
    return shared


def _beside(video: str, folder: Path) -> str | None:
    """The video's address relative to the page's folder, if it lies there or below."""
    try:
        place = Path(video).resolve().relative_to(folder.resolve())
        return quote(os.fsencode(place.as_posix())) if Path(video).is_file() else None
    except (ValueError, OSError):
        return None


def _counted(result: dict[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The result as it is in the page: what is counted there are the page's own clips."""
    flags = [flag for row in rows for flag in row["flags"]]
    tags = [tag for row in rows for tag in row["tags"]]
    return result | {
        "total": len(rows),
        "indexed": len(rows),
        "indexing": False,
        "running": False,
        "counts": {
            **{name: sum(row["status"] == name for row in rows) for name in ("ok", "flagged", "failed")},
            **{name: sum(row["verdict"] == name for row in rows) for name in ("accepted", "rejected")},
            **{name: sum(bool(row[name]) for row in rows) for name in ("locked", "edited", "seen")},
        },
        "flags": _ranked(flags),
        "tags": _ranked(tags),
        "sorts": [name for name in SORTED_FACTS if any(row["values"][name] is not None for row in rows)],
        "models": list(dict.fromkeys(row["model"] for row in rows if row["model"])),
    }


def _ranked(names: Sequence[str]) -> list[dict[str, Any]]:
    counts = {name: names.count(name) for name in sorted(set(names))}
    return [{"name": name, "count": counts[name]} for name in sorted(counts, key=lambda name: -counts[name])]


def _about(name: str, held: int, chosen: int, total: int) -> list[str]:
    """What the page says of itself."""
    today = date.today()
    said = [f"Written from {name} on {today.day} {today:%B %Y} by framescribe {VERSION}."]
    if held < chosen:
        said.append(f"It holds {held:,} of {chosen:,} clips, those most in need of a look.")
    if chosen < total:
        said.append(f"They were chosen from {total:,}." if held < chosen else f"It holds {held:,} of {total:,} clips.")
    return said


def _tell(say: Callable[[str], object], path: str, held: int, chosen: int, pictures: int) -> None:
    size = os.path.getsize(path) / 1e6
    say(f"{path}: {held:,} clips, {pictures:,} pictures, {size:.1f} MB")
    if held < chosen:
        say(f"clips left out: {chosen - held:,}; the page holds those most in need of a look. Choose others: --where")
