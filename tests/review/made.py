"""Knows how a result with given captions is made, and how to read what stands in it afterwards; tests nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from framescribe.records import Row, VideoInfo
from framescribe.results.edits import Edit
from framescribe.results.rows import Results
from framescribe.review.query import Query
from framescribe.review.session import Session

FACTS = VideoInfo(duration=2.0, fps=8.0, width=64, height=48, codec="h264", frames=16)


def row(name: str, caption: str | None, *, place: str | None = None, fingerprint: str | None = None) -> Row:
    """A row as a run writes it, made by a model on a server."""
    made = {"fingerprint": "x", "engine": "openai", "model": "tiny", "prompt_sha256": "0" * 16, "fills": ["caption"]}
    return Row(
        id=name,
        video_path=place or f"/clips/{name}",
        caption=caption,
        status="ok" if caption is not None else "failed",
        video=FACTS,
        provenance={
            "schema": 2,
            "version": "0.4.0",
            "file": {"fingerprint": fingerprint or f"quick:{name.encode().hex():0<32.32}"},
            "stages": {"clip": made},
        },
    )


def result(output: Path, captions: Mapping[str, str | None] | Iterable[Row]) -> Path:
    """A result that a run has finished."""
    rows = [row(*one) for one in captions.items()] if isinstance(captions, Mapping) else list(captions)
    results = Results(output)
    results.begin({"inputs": len(rows), "stages": {}})
    for one in rows:
        results.append(one)
    results.finish([])
    return output


@contextmanager
def session(output: Path, **options: Any) -> Iterator[Session]:
    """A session with this result, all of it indexed."""
    made = Session(output, cache=output.parent / "cache", who="a person", **options)
    made.open()
    try:
        assert made.ready(300)
        yield made
    finally:
        made.close()


def everything(of: Session, **params: str) -> dict[str, Any]:
    """The selection of all rows that match, in the result's order."""
    return {"list": of.make_list(Query.of({"sort": "order", **params})).list}


def keys(of: Session) -> dict[str, str]:
    """The key of each row, by its id."""
    listed = of.make_list(Query.of({"sort": "order"}))
    return {brief["id"]: brief["key"] for brief in of.rows_of(listed.list, 0, listed.total)}


def captions(output: Path) -> dict[str, str | None]:
    """What stands, read by nobody but the result itself."""
    return {one.id: one.caption for one in Results(output).rows()}


def reviews(output: Path) -> dict[str, Mapping[str, Any]]:
    """The marks that stand, but for who made them when."""
    found = {}
    for one in Results(output).rows():
        said = one.provenance.get("review") or {}
        found[one.id] = {name: value for name, value in said.items() if name not in ("who", "when")}
    return found


def lines(output: Path, kind: str) -> list[dict[str, Any]]:
    """The lines of one kind, part after part."""
    parts = sorted(output.with_name(output.name + ".parts").glob("*.jsonl"))
    found = [json.loads(line) for part in parts for line in part.read_text().splitlines()]
    return [one for one in found if one.get("kind") == kind]


def edits(output: Path) -> list[Edit]:
    """All edit lines."""
    return [Edit.from_dict(one) for one in lines(output, "edit")]
