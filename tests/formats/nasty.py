"""Samples that trip writers and readers of tables: in words, in names, in the user's columns."""

from __future__ import annotations

import struct
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from framescribe.formats.base import Sample
from framescribe.records import VideoInfo
from tests.videos import film

CAPTIONS = (
    "A plain caption.",
    'He says "no, no", twice; then, nothing.',
    "Two\nlines, and\r\na third\rone.",
    "Zwölf Boxkämpfer — 犬が走る 🐕‍🦺 \u202eflipped",
    '=HYPERLINK("http://example.org","x")',
    "-1 degrees outside",
    "+49 is a prefix",
    "@home",
    "'quoted' from the start",
    "'=twice",
    "\\ud83d is no surrogate, \\u005c no escape",
    '{"caption": "JSON", "n": [1, 2]}',
    "a lone\rreturn",
    "a\ttab, a , comma, a | bar",
    "word " * 1999 + "word",
    "007",
    "1e5",
    "true",
    "<script>alert(1)</script> & <b>",
    "NULL byte is missing here, but \x07 bell is not",
)
INFO = VideoInfo(duration=1.5, fps=8.0, width=64, height=32, codec="h264", frames=12)


@cache
def _film() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return film(Path(folder) / "one.mp4", frames=3).read_bytes()


def video_bytes(number: int) -> bytes:
    """A film that differs from the others in a box that players skip."""
    return _film() + struct.pack(">I", 12) + b"free" + struct.pack(">I", number)


def samples(folder: Path, *, columns: Any = None, captions: tuple[str, ...] = CAPTIONS) -> list[Sample]:
    """A sample for each caption, whose video lies in `folder` under a name that begins as a split's does."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for number, caption in enumerate(captions):
        video = folder / f"{('test', 'val', 'a b', '=x', '-y', 'ü')[number % 6]}-{number}.mp4"
        video.write_bytes(video_bytes(number))
        found.append(
            Sample(
                video=str(video),
                captions=(caption,),
                id=f"clips/{number}.v1.mp4",
                info=INFO if number % 2 else None,
                columns=columns(number) if columns else {},
            )
        )
    return found


def user_columns(number: int) -> dict[str, Any]:
    """Columns that are called as ours are, that hold several kinds of values, and that come late."""
    found: dict[str, Any] = {
        "score": number if number % 3 else number + 0.5,
        "good": number % 2 == 0,
        "count": number,
        "tags": ["a", number],
        "mixed": number if number % 2 else "text",
        "file_name": f"other-{number}.mp4",
        "mask_file_name": f"../mask-{number}.png",
        "video": "their own",
        "text": "their own text",
        "id": f"their-{number}",
        "caption": "their own caption",
        "=cmd": "=1+1",
        "nothing": None,
    }
    if number >= 7:
        found["late"] = "at last"
        found["late_number"] = number
    return found
