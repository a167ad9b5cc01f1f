"""Worst first: what failed, what was flagged, then what looks wrong without asking any model, each with its reason in
words; and a habit that all captions share is no reason."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from framescribe.records import Failure, Row
from framescribe.results.rows import Results
from framescribe.review.index import key_of, meant, shown
from framescribe.review.query import Query
from framescribe.review.session import Change, Session
from tests.exports import result, row
from tests.runs import until

PLAIN = "A {a} {b} walks slowly along a {c} road while the evening light falls on the {d} houses behind it."


def usual(count: int, ending: str = "") -> Iterator[Row]:
    """Captions with nothing odd about them: 20 words each, and no two alike."""
    draw = random.Random(5)
    for number in range(count):
        words = {name: f"{draw.choice('bcdfgh')}{number}{name}" for name in "abcd"}
        yield row(f"/clips/usual-{number}.mp4", (PLAIN.format(**words) + ending))


@contextmanager
def opened(output: Path) -> Iterator[Session]:
    session = Session(output, cache=output.parent / "cache", who="ann")
    session.open()
    try:
        assert session.ready(60)
        yield session
    finally:
        session.close()


def worst(session: Session) -> list[dict[str, Any]]:
    return session.rows_of(session.make_list(Query()).list, 0, 200)


ODD = {
    "empty.mp4": ("", "has no caption"),
    "sorry.mp4": (
        "The scene is dark and there is not much to be said of it, but i'm sorry, i cannot tell what happens here now.",
        "sounds like a refusal or an apology",
    ),
    "refused.mp4": ("I cannot describe this video.", "sounds like a refusal or an apology"),
    "loop.mp4": ("A dog runs along the beach. " * 4, "repeats “a dog runs along the” 4 times"),
    "stutter.mp4": (
        "A woman in a long blue coat walks the the the the the dog along the river in the cold and grey morning.",
        "repeats “the” 5 times",
    ),
    "short.mp4": ("A dog.", "far shorter than most: 2 words, usual are 20"),
    "long.mp4": (" ".join(f"word{n}" for n in range(90)) + ".", "far longer than most: 90 words, usual are 20"),
    "twin-a.mp4": (
        "Two boys throw a red ball over a low wall and run after it across the yard of an old farm.",
        "the same caption as 1 other clip",
    ),
    "twin-b.mp4": (
        "two boys throw a red ball over a low wall and  run after it across the yard of an old FARM.",
        "the same caption as 1 other clip",
    ),
    "frames.mp4": (
        "In the first frame a tall man stands at a window, and in the second frame he has turned to the open door.",
        "speaks of “first frame” instead of what is in it",
    ),
    "unended.mp4": (
        "A tall man stands at the window of a small kitchen and looks at the rain that falls on the quiet garden and",
        "does not end like a sentence",
    ),
    "broken.mp4": (
        "A tall man stands at the window of a small \ufffd\ufffd kitchen and looks at rain that falls on the grass.",
        "holds broken letters (\ufffd)",
    ),
}


def test_the_worst_come_first_and_say_why(tmp_path: Path) -> None:
    failed = row(
        "/clips/failed.mp4", None, status="failed", error=Failure(stage="clip", kind="k", message="It failed.")
    )
    flagged = row("/clips/flagged.mp4", PLAIN.format(a="p", b="q", c="r", d="s"), status="flagged", flags=("x",))
    twice = row("/clips/twice.mp4", PLAIN.format(a="t", b="u", c="v", d="w"), status="flagged", flags=("x", "y"))
    odd = [row(f"/clips/{name}", text) for name, (text, _) in ODD.items()]
    output = result(tmp_path / "captions.jsonl", [*usual(60), *odd, flagged, twice, failed])
    with opened(output) as session:
        rows = worst(session)
        ids = [one["id"] for one in rows]
        assert ids[:3] == ["failed.mp4", "twice.mp4", "flagged.mp4"]
        assert set(ids[3 : 3 + len(ODD)]) == set(ODD)
        assert ids[3 + len(ODD) :] == [f"usual-{n}.mp4" for n in range(60)]  # in the result's order
        why = {one["id"]: one["why"] for one in rows}
        assert {name: why[name] for name in ODD if ODD[name][1] not in why[name]} == {}
        assert [name for name in why if name.startswith("usual") and why[name]] == []
        assert [name for name in ODD if len(why[name]) > 1] == ["refused.mp4"]
        assert why["refused.mp4"] == [
            "sounds like a refusal or an apology",
            "far shorter than most: 5 words, usual are 20",
            "speaks of “this video” instead of what is in it",
        ]
        assert ids.index("empty.mp4") < ids.index("sorry.mp4") < ids.index("twin-a.mp4") < ids.index("unended.mp4")


def test_a_habit_of_all_captions_is_no_reason(tmp_path: Path) -> None:
    rows = [
        row(f"/clips/{n}.mp4", f"The video shows a {n}th dog on its long way home over the wide hills")
        for n in range(40)
    ]
    with opened(result(tmp_path / "captions.jsonl", rows)) as session:
        assert [one["why"] for one in worst(session)] == [[]] * 40


@pytest.mark.parametrize("count", [12, 28])
def test_a_few_captions_are_not_compared_with_one_another(tmp_path: Path, count: int) -> None:
    rows = [*usual(count), row("/clips/short.mp4", "A dog.")]
    with opened(result(tmp_path / "captions.jsonl", rows)) as session:
        assert [one["why"] for one in worst(session)] == [[]] * (count + 1)


def test_reasons_follow_what_people_and_runs_change(tmp_path: Path) -> None:
    same = "Two boys throw a red ball over a low wall and run after it across the yard of an old farm."
    output = result(tmp_path / "captions.jsonl", [*usual(40), row("/clips/a.mp4", same), row("/clips/b.mp4", same)])

    def suspected(session: Session) -> dict[str, list[str]]:
        return {one["id"]: one["why"] for one in worst(session) if one["why"]}

    twin = ["the same caption as 1 other clip"]
    with opened(output) as session:
        assert suspected(session) == {"a.mp4": twin, "b.mp4": twin}
        (key,) = [one["key"] for one in worst(session) if one["id"] == "a.mp4"]
        (edit,) = session.edit([Change(key, "caption", "A boy.")])
        assert suspected(session)["a.mp4"] == ["far shorter than most: 2 words, usual are 20"]  # at once
        until(lambda: suspected(session) == {"a.mp4": ["far shorter than most: 2 words, usual are 20"]})
        session.undo(edit)
        until(lambda: suspected(session) == {"a.mp4": twin, "b.mp4": twin})
        run = Results(output)
        run.append(row("/clips/c.mp4", same))
        run.close()
        until(lambda: suspected(session).get("b.mp4") == ["the same caption as 2 other clips"])


def test_a_key_is_the_same_on_every_machine() -> None:
    assert shown(key_of("clips/a.mp4", "/data/clips/a.mp4")) == "8a44c8165d4e9667"  # b2sum -l 64
    for number in (0, 1, -1, 2**63 - 1, -(2**63)):
        assert meant(shown(number)) == number
    for wrong in ("", "0" * 15, "0" * 17, "G" * 16, "A" * 16, " " * 16):
        with pytest.raises(KeyError):
            meant(wrong)
