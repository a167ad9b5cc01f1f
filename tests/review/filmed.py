"""Knows how a row looks that a run made from a real video file of `tests.videos`, and how its page is served here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from framescribe.frames.files import fingerprint_of
from framescribe.records import FrameCaption, Row, VideoInfo
from framescribe.review.api import Api
from framescribe.review.app import make_app
from framescribe.review.ask import Asker
from framescribe.review.media import Media
from framescribe.review.session import Session
from tests.review import made


def row(path: Path, times: Sequence[tuple[int, float | None]] = (), *, place: str | None = None, **facts: Any) -> Row:
    """A row about the file at `path`, whose sampled frames are these (index and time)."""
    name = str(place or path)
    size = path.stat().st_size if path.is_file() else None
    film = {"duration": 1.6, "fps": 25.0, "width": 128, "height": 64, "codec": "h264", "frames": 40}
    one = made.row(path.name, "A dog.", place=name, fingerprint=fingerprint_of(str(path)) if size else None)
    frames = tuple(FrameCaption(index=index, time=time, caption=f"frame {index}") for index, time in times)
    return replace(one, size=size, frames=frames, video=VideoInfo(**{**film, **facts}))


@contextmanager
def served(output: Path, rows: Sequence[Row], sources: Sequence[str] = ()) -> Iterator[tuple[Any, dict[str, str]]]:
    """A client of the page without its guard, and the key of each row by its id."""
    from starlette.testclient import TestClient

    made.result(output, rows)
    with made.session(output) as session:
        media, asker = Media(sources), Asker(session)
        try:
            app = make_app(Api(session, media, asker), media, output.parent / "pictures")
            with TestClient(app, raise_server_exceptions=False) as client:
                yield client, keys_of(session)
        finally:
            asker.close()


def keys_of(session: Session) -> dict[str, str]:
    return made.keys(session)
