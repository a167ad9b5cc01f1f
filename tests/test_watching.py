"""Measures see a video together: each after those that it reads, and one that fails spoils nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from framescribe import registry
from framescribe.errors import UserError
from framescribe.measures.base import Measure, Shown, Size
from framescribe.measures.watching import Watcher, ordered, versions

SIZE = Size(width=4, height=2, fps=25.0)


class Counted(Measure):
    name, version, help = "counted", 3, "how many frames"

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self.frames = 0

    def see(self, frame: Shown) -> None:
        self.frames += 1

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        return {"frames": self.frames} if self.frames else None


class Doubled(Counted):
    name, version, after = "doubled", 1, ("counted",)

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        return {"frames": 2 * known["counted"]["frames"]} if "counted" in known else None


class Failing(Counted):
    name = "failing"

    def see(self, frame: Shown) -> None:
        super().see(frame)
        if self.frames == 2:
            raise ZeroDivisionError("nothing to\ndivide")


class Unmade(Counted):
    name = "unmade"

    def __init__(self, size: Size) -> None:
        raise ValueError("no such size")


class Hen(Counted):
    name, after = "hen", ("egg",)


class Egg(Counted):
    name, after = "egg", ("hen",)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {kind.name: f"{__name__}:{kind.__name__}" for kind in (Counted, Doubled, Failing, Unmade, Hen, Egg)}
    monkeypatch.setattr(registry, "BUILT_IN", {**registry.BUILT_IN, "measures": own})


def shown(index: int) -> Shown:
    flat = np.zeros((2, 4), np.uint8)
    return Shown(index=index, time=index / 25, luma=flat, plane=flat)


def seen(*names: str, frames: int) -> dict[str, dict[str, Any]]:
    watcher = Watcher(names)
    watcher.begin(SIZE)
    for index in range(frames):
        watcher.see(shown(index))
    return watcher.facts()


def test_what_a_measure_reads_is_measured_before_it() -> None:
    assert list(ordered(["doubled"])) == ["counted", "doubled"]
    assert seen("doubled", frames=4) == {
        "counted": {"version": 3, "frames": 4},
        "doubled": {"version": 1, "frames": 8},
    }
    assert versions(["doubled"]) == {"counted": 3, "doubled": 1}


def test_a_measure_that_cannot_tell_says_so_and_is_not_known_to_others() -> None:
    none = {"cannot_tell": True}
    assert seen("doubled", frames=0) == {"counted": {"version": 3, **none}, "doubled": {"version": 1, **none}}


def test_a_measure_that_fails_spoils_no_other() -> None:
    facts = seen("failing", "counted", "unmade", frames=5)
    assert facts["unmade"]["error"] == "ValueError: no such size"
    error = "ZeroDivisionError: nothing to divide"
    assert facts["failing"] == {"version": 3, "cannot_tell": True, "error": error}
    assert facts["counted"]["frames"] == 5


def test_names_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UserError, match="no measure is called 'count'"):
        Watcher(["count"])
    with pytest.raises(UserError, match="read each other"):
        Watcher(["hen"])
