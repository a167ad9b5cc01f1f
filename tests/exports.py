"""Knows how results are made for exports, and how to look at what an export left; exports nothing itself."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from framescribe.records import Row, VideoInfo
from framescribe.results.rows import Results, video_of
from tests.videos import bars, film

CARD = "README.md"
FACTS = VideoInfo(duration=0.08, fps=25.0, width=64, height=32, codec="h264", frames=2)


def clip(path: Path, number: int, container: str = "mp4") -> Path:
    """A film whose pixels show `number`, so that no two of them are the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return film(path, pictures=[bars(number, 64, 32)] * 2, container=container, options={"bf": "0"})


def row(path: Path | str, caption: str | None, **more: object) -> Row:
    """A row of the clip at this path, as a run makes it."""
    stages = {"clip": {"fingerprint": "f1", "model": "m", **({"fills": ["caption"]} if caption is not None else {})}}
    values: dict[str, object] = {
        "id": os.path.basename(path),
        "video_path": str(path),
        "caption": caption,
        "status": "ok",
        "video": FACTS,
        "provenance": {"schema": 2, "version": "x", "file": {}, "stages": stages},
    }
    return Row(**{**values, **more})  # type: ignore[arg-type]


def result(output: Path, rows: Iterable[Row], *, finished: bool = True) -> Path:
    """The rows as a run leaves them; not `finished`: one that was interrupted."""
    rows = list(rows)
    results = Results(output)
    results.begin({})
    for one in rows:
        results.append(one)
    if finished:
        results.finish([video_of(one) for one in rows])
    results.close()
    return output


def tree(folder: Path, *, card: bool = True) -> dict[str, str]:
    """All that is in a folder, notes of exports left out, and the card, too, if not `card`: what each file holds, and
    where each link leads."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path == folder / CARD and not card:
            continue
        if path.is_symlink():
            found[str(path.relative_to(folder))] = f"-> {os.readlink(path)}"
        elif path.is_file() and not path.name.startswith(".framescribe"):
            found[str(path.relative_to(folder))] = digest(path)
    return found


def times(folder: Path) -> dict[str, int]:
    """When each file and link below a folder was made or changed, notes of exports and the card left out."""
    paths = [path for path in folder.rglob("*") if not path.name.startswith(".framescribe") and path != folder / CARD]
    return {str(path): path.lstat().st_ctime_ns for path in paths if not path.is_dir()}


def digest(path: Path | str) -> str:
    """A hash of the file's bytes."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def beside(folder: Path, clips: Mapping[str, str]) -> dict[str, str]:
    """The text beside each video below a folder by the clip that the video is: `clips` has their digests. Blanks at
    the ends of texts do not count."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix != ".txt" and path.is_file() and (name := clips.get(digest(path))) is not None:
            assert name not in found, f"{name} is there twice"
            text = path.with_suffix(".txt")
            found[name] = text.read_text(encoding="utf-8").strip() if text.exists() else ""
    return found


def digests(paths: Sequence[Path]) -> dict[str, str]:
    """The names of clips by their digests."""
    return {digest(path): path.name for path in paths}
