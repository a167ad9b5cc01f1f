"""Words written into the pictures of real files, and files in which there are none."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from shown import pan

import framescribe as fs
from framescribe.claims import split
from framescribe.claims.measured import decide
from framescribe.language.misread import alike
from framescribe.measures import said
from framescribe.records import SUPPORTED
from tests.videos import film

needs_rapidocr = pytest.mark.skipif(find_spec("rapidocr") is None, reason="rapidocr is not installed")
LOGO, SUBTITLE = "NEWS 24", "The last train leaves at 9:15"


def written(picture: np.ndarray, at: tuple[int, int], text: str, size: int) -> np.ndarray:
    """The picture with white words on a black bar, their upper left corner `at` (x, y)."""
    image = Image.fromarray(picture)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    left, top, right, bottom = draw.textbbox(at, text, font=font)
    draw.rectangle((left - 6, top - 6, right + 6, bottom + 6), fill="black")
    draw.text(at, text, fill="white", font=font)
    return np.asarray(image)


def news() -> list[np.ndarray]:
    """Six seconds, five frames each: a logo all the time, a subtitle from second 2 to 4."""
    frames = pan(3, 30, step=2, width=640, height=360)
    return [
        written(frame, (100, 300), SUBTITLE, 28) if 10 <= at < 20 else frame
        for at, frame in enumerate(written(frame, (20, 20), LOGO, 32) for frame in frames)
    ]


def text_of(path: Path, pictures: list[np.ndarray], **more: Any) -> dict[str, Any]:
    film(path, pictures=pictures, ticks=[200 * at for at in range(len(pictures))], options={"crf": "20"}, **more)
    (row,) = fs.measure(str(path), ["text"])
    found: dict[str, Any] = row["facts"]["text"]
    assert found.pop("version") == 1
    return found


@needs_rapidocr
def test_lines_are_read_with_their_place_and_time(tmp_path: Path) -> None:
    found = text_of(tmp_path / "news.mp4", news())
    logo, subtitle = found["lines"]
    assert (logo["text"], subtitle["text"]) == (LOGO, SUBTITLE)
    assert (logo["start"], logo["end"], logo["share"]) == (0.0, 5.0, 1.0)
    assert (subtitle["start"], subtitle["end"], subtitle["share"]) == (2.0, 3.0, pytest.approx(1 / 3, abs=0.001))
    assert logo["box"] == pytest.approx([20 / 640, 20 / 360, 160 / 640, 55 / 360], abs=0.05)
    assert min(logo["confidence"], subtitle["confidence"]) > 0.9
    assert (found["count"], found["share"]) == (2, 1.0)
    assert 0.02 < found["area"] < 0.06  # the logo covers 2 %, the subtitle 6 % for a third of the time


@needs_rapidocr
def test_a_turned_video_is_read_as_it_is_shown(tmp_path: Path) -> None:
    stored = [np.ascontiguousarray(np.rot90(frame, -1)) for frame in news()[10:20]]
    found = text_of(tmp_path / "turned.mp4", stored, turn=(90, False, False))
    assert [line["text"] for line in found["lines"]] == [LOGO, SUBTITLE]


@needs_rapidocr
def test_where_nothing_is_written_nothing_is_read(tmp_path: Path) -> None:
    found = text_of(tmp_path / "clouds.mp4", pan(5, 10, step=2, width=640, height=360))
    assert found == {"lines": [], "count": 0, "area": 0.0, "share": 0.0}


@needs_rapidocr
def test_a_long_clip_is_read_less_often_and_to_its_end(tmp_path: Path) -> None:
    plain = [np.full((90, 160, 3), 90, np.uint8)] * 40
    pictures = [*plain, *([written(plain[0], (20, 30), "END", 28)] * 20)]
    film(tmp_path / "long.mp4", pictures=pictures, ticks=[1000 * at for at in range(60)])
    (row,) = fs.measure(str(tmp_path / "long.mp4"), ["text"])
    (line,) = row["facts"]["text"]["lines"]
    assert line["text"] == "END"
    assert line["start"] == pytest.approx(40, abs=4) and line["end"] == pytest.approx(59, abs=4)
    assert line["share"] == pytest.approx(1 / 3, abs=0.07)


def test_without_the_package_the_line_that_installs_it(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    words = ["measure", str(tmp_path / "a.mp4"), "--measure", "text", "-o", str(tmp_path / "facts.jsonl")]
    code = (
        f"import sys; sys.modules['rapidocr'] = None; sys.argv[1:] = {words}\n"
        "from framescribe.cli.main import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].endswith("Install them: pip install 'framescribe[ocr]'")


FACTS = {
    "text": {
        "lines": [
            {"text": "GRAND", "confidence": 0.97},
            {"text": "HOTEL", "confidence": 0.95},
            {"text": "Mary's Bakery", "confidence": 0.98},
            {"text": "lorem", "confidence": 0.7},
        ]
    }
}


def test_what_is_read_for_certain_is_told() -> None:
    assert said.on_screen_text(FACTS) == '"GRAND", "HOTEL", "Mary\'s Bakery"'
    assert said.line(FACTS).endswith('This text can be read: "GRAND", "HOTEL", "Mary\'s Bakery".')
    assert said.on_screen_text({"text": {"lines": [], "count": 0}}) == said.line({}) == ""


@pytest.mark.parametrize(
    ("caption", "verdict"),
    [
        ('A sign reads "Grand Hotel".', SUPPORTED),
        ("A sign reads “MARYS BAKERY”.", SUPPORTED),
        ('A sign reads "Lorem".', None),  # not read for certain
        ('A sign reads "Exit".', None),  # small text is not always read
    ],
)
def test_a_claim_about_text_is_supported_by_what_was_read(caption: str, verdict: str | None) -> None:
    verdicts = [decide(claim, FACTS) for claim in split(caption) if claim.kind == "text"]
    assert verdicts == [verdict]


def test_texts_are_alike_but_for_what_is_easily_misread() -> None:
    assert alike("Mary's Bakery", "MARYS BAKERV")
    assert not alike("left", "right")
    assert not alike("24", "25")
    assert alike("—", "--")
