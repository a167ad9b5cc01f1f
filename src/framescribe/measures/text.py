"""Knows which text can be read in a clip's pictures, with RapidOCR and the models in its package; knows no caption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

from framescribe.errors import MissingExtra
from framescribe.language.misread import alike
from framescribe.measures.base import Measure, Shown, Size

EVERY = 1.0  # seconds between two looks, at first
MOST = 16  # looks that are kept: at one more every other is forgotten, and from then on looks are half as frequent
LONGER = 960  # pixels of the longer side of what is read
READ = 0.6  # of confidence: with less, nothing was read
LINES = 50  # that are told
Box = tuple[float, float, float, float]


class Reading(NamedTuple):
    """A line of text in one picture: `box` as shares of the picture (left, top, right, bottom)."""

    text: str
    box: Box
    confidence: float


@dataclass(slots=True)
class Line:
    """The readings of one line over time, by the number of the look."""

    readings: dict[int, Reading] = field(default_factory=dict)

    @property
    def best(self) -> Reading:
        return max(self.readings.values(), key=lambda one: one.confidence)


class Text(Measure):
    """Lines of text, read in a picture each second (of long clips less often: in 8 to 16 of them). Readings in
    different pictures that are nearly the same are one line, wherever they stand; the surest of them is told."""

    name, version = "text", 1
    help = "the text that can be read: each line, where and when, and how much of the picture all of it covers"
    asked_only = True

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._next, self._every = float("-inf"), EVERY
        self._looks: list[tuple[float, list[Reading]]] = []

    @classmethod
    def check(cls) -> None:
        if find_spec("rapidocr") is None or find_spec("onnxruntime") is None:
            raise MissingExtra("Reading text", "ocr")

    def see(self, frame: Shown) -> None:
        if frame.time < self._next:
            return
        if len(self._looks) == MOST:
            self._looks, self._every = self._looks[::2], 2 * self._every
        self._next = frame.time + self._every
        self._looks.append((frame.time, _read(frame)))

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        if not self._looks:
            return None
        lines = list[Line]()
        for number, (_, readings) in enumerate(self._looks):
            for one in readings:
                _place(one, number, lines)
        covered = [min(1.0, sum(_area(one.box) for one in readings)) for _, readings in self._looks]
        told = sorted(lines, key=lambda line: -len(line.readings) * _area(line.best.box))[:LINES]
        return {
            "lines": [
                self._told(line) for line in sorted(told, key=lambda line: (min(line.readings), line.best.box[1]))
            ],
            "count": len(lines),
            "area": round(sum(covered) / len(covered), 4),
            "share": round(sum(area > 0 for area in covered) / len(covered), 4),
        }

    def _told(self, line: Line) -> dict[str, Any]:
        best, times = line.best, [self._looks[number][0] for number in line.readings]
        return {
            "text": best.text,
            "box": [round(edge, 4) for edge in best.box],
            "start": round(min(times), 3),
            "end": round(max(times), 3),
            "share": round(len(times) / len(self._looks), 4),
            "confidence": round(best.confidence, 3),
        }


def _place(one: Reading, look: int, lines: list[Line]) -> None:
    """Add a reading to its line, or begin one."""
    for line in lines:
        if look not in line.readings and alike(one.text, line.readings[max(line.readings)].text):
            line.readings[look] = one
            return
    lines.append(Line({look: one}))


def _area(box: Box) -> float:
    left, top, right, bottom = box
    return (right - left) * (bottom - top)


def _read(frame: Shown) -> list[Reading]:
    picture = frame.large(LONGER)
    height, width = picture.shape
    found = _reader()(picture)
    readings = []
    told = (() if one is None else one for one in (found.boxes, found.txts, found.scores))
    for box, text, confidence in zip(*told, strict=True):
        across, down = box[:, 0].clip(0, width) / width, box[:, 1].clip(0, height) / height
        if confidence >= READ and text.strip():
            place = float(across.min()), float(down.min()), float(across.max()), float(down.max())
            readings.append(Reading(text.strip(), place, float(confidence)))
    return readings


@cache
def _reader() -> Any:
    from rapidocr import RapidOCR

    one_thread = {f"EngineConfig.onnxruntime.{which}_op_num_threads": 1 for which in ("intra", "inter")}
    return RapidOCR(params={"Global.log_level": "critical", **one_thread})
