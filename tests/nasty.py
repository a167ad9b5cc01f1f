"""Knows a set of clips whose names and captions break lists, and what a trainer must get of each; knows no format."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from framescribe.records import Row
from tests.exports import clip, row

WORDS = " ".join(f"word{number}" for number in range(2000))

# What a caption says: whatever a list, a shell, a spreadsheet or a markup language could take for its own.
CAPTIONS = (
    "A cat sits on a mat.",
    "一只猫坐在垫子上。 猫です。 고양이",
    "👩‍👩‍👧‍👦 walk 🏳️‍🌈 in the rain ☔️",
    "كلب يركض على الشاطئ, שלום",
    "cafe\u0301 de\u0301ja\u0300 vu, a\u0328\u0301",
    'He says "no", then ""yes"".',
    "it's 'quoted' and `ticked`",
    'ends with a quote"',
    '"begins with one',
    "back\\slash \\n \\t \\u0041 \\",
    "tab\there, comma, semicolon; pipe|",
    "line\nbreak",
    "crlf\r\nbreak",
    "cr\rbreak",
    "vertical\x0btab",
    "form\x0cfeed",
    "group\x1cseparator",
    "next\x85line",
    "line\u2028separator\u2029here",
    "two\n\nparagraphs\n\n\nand more",
    "  blanks at both ends \t\n",
    "\u00a0\u3000wide blanks\u3000",
    "two  blanks   inside",
    "=1+1",
    "+49 is a code",
    "-rf",
    "@import",
    "NA",
    "null",
    "nan",
    "None",
    "True",
    "123",
    "007",
    "1e5",
    "0x10",
    "2024-01-01",
    "<b>bold</b> &amp; <script>alert(1)</script>",
    "# a heading",
    "key: value",
    "- item",
    "{brace} {0} {}",
    "[bracket]",
    "%s %d 100%",
    "${HOME} $PATH $(ls)",
    "!tag *anchor &ref",
    "'''triple''' and \"\"\"triple\"\"\"",
    "ends with a comma,",
    ",begins with one",
    ".",
    "a||b",
    "\ufeffbegins with a mark",
    "zero\u200bwidth",
    WORDS,
)
EMPTY = ("", " ", "\n", "\t \u3000\n", "\u2028")

# What a file is called: below the folder of the clips.
NAMES = (
    "plain.mp4",
    "a.b.c.mp4",
    "a.b.d.mp4",
    "same.mp4",
    "same.mov",
    "same.mkv",
    "Same.mp4",
    "SAME.MP4",
    "one/clip.mp4",
    "two/clip.mp4",
    "one_clip.mp4",
    "with space.mp4",
    " leading.mp4",
    "[x].mp4",
    "[x]*.mp4",
    "{a,b}.mp4",
    "what?.mp4",
    "#1.mp4",
    "%20.mp4",
    "-rf.mp4",
    "~home.mp4",
    "quote\"s and 'ticks'.mp4",
    "comma, semi;.mp4",
    "back\\slash.mp4",
    "colon: here.mp4",
    "con.mp4",
    "aux.txt.mp4",
    "caf\u00e9.mp4",
    "cafe\u0301.mp4",
    "猫.mp4",
    "👩‍👩‍👧.mp4",
    "שלום.mp4",
    "line\nbreak.mp4",
    "tab\there.mp4",
    "x" * 200 + ".mp4",
    "é" * 120 + ".mp4",
    "sub/.hidden.mp4",
    os.fsdecode(b"not-utf-8-\xe9.mp4"),
    "deep/er/and/deeper/clip.mp4",
    "dots../end..mp4",
    "noending.v2.mp4",
    "a.txt.mp4",
    "README.md.mp4",
    "metadata.csv.mp4",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Nasty:
    """A clip: its row, the words that a trainer must get (`words`, with their line breaks; blanks at the ends do not
    count), and whether they may be given to one at all."""

    row: Row
    words: str
    good: bool = True


def nasty(folder: Path) -> list[Nasty]:
    """The clips in the folder, every name with some caption and every caption with some name, no two with the same
    pixels; then rows that are not to be exported: failed, flagged."""
    made = []
    count = max(len(NAMES), len(CAPTIONS))
    for number in range(count):
        name = NAMES[number] if number < len(NAMES) else f"{number}.mp4"
        path = folder / name
        _clip(path, number)
        words = CAPTIONS[number % len(CAPTIONS)]
        made.append(Nasty(row=row(path, words, id=name), words=as_read(words)))
    for number, status in enumerate(("failed", "flagged"), start=count):
        path = _clip(folder / f"{status}.mp4", number)
        caption = None if status == "failed" else "Seen and doubted."
        made.append(Nasty(row=row(path, caption, status=status, flags=("caption_truncated",)), words="", good=False))
    return made


def as_read(words: str) -> str:
    """A caption as it is after it was in a text file: without blanks at its ends, and with one kind of line break."""
    return words.replace("\r\n", "\n").replace("\r", "\n").strip().removeprefix("\ufeff")


def _clip(path: Path, number: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = path.parent / f"made-{number}"
    container = "matroska" if path.suffix == ".mkv" else "mp4"
    clip(plain, number, container)
    shutil.move(plain, path)
    return path
