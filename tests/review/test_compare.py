"""Two results judged blindly: the right pairs, no hint of which is which, and numbers that follow from the choices."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framescribe.errors import UserError
from framescribe.review.compare import Compare
from framescribe.review.query import Query
from framescribe.review.session import Change, Conflict, Session
from framescribe.scoring.intervals import wilson
from tests.review import made

ALL = Query.of({})
_open: list[Compare] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _open:
        _open.pop().close()


def opened(of: Session, other: Path | str) -> Compare:
    """A comparison, closed when the test ends."""
    _open.append(Compare(of, other))
    return _open[-1]


@pytest.mark.parametrize(
    ("wins", "of", "low", "high"),
    [  # R. G. Newcombe, Statistics in Medicine 17 (1998), table I: method 3, the score interval
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(wins: int, of: int, low: float, high: float) -> None:
    found = wilson(wins, of)
    assert [round(bound, 4) for bound in found if bound is not None] == [low, high]
    turned = wilson(of - wins, of)
    assert [round(1 - bound, 4) for bound in turned if bound is not None] == [high, low]
    assert wilson(0, 0) == (None, None)


def two(folder: Path, count: int = 40) -> tuple[Path, Path]:
    """Two results on the same clips, whose captions say which is which."""
    names = [f"{n:03}.mp4" for n in range(count)]
    this = made.result(folder / "this.jsonl", {name: f"this says {name}" for name in names})
    other = made.result(folder / "other.jsonl", {name: f"other says {name}" for name in reversed(names)})
    return this, other


def side(pair: dict[str, Any], which: str) -> str:
    """On which side the caption of this result is."""
    return "left" if pair["left"].startswith(which) else "right"


def judged(compare: Compare, choose: dict[str, str] | None = None, query: Query = ALL) -> list[str]:
    """Judge all that is left, by id, or in favour of this result; returns the ids in their order."""
    ids = []
    while "pair" in (pair := compare.next(query)):
        choice = (choose or {}).get(pair["id"], "this")
        compare.judge(pair["pair"], side(pair, choice) if choice in ("this", "other") else choice)
        ids.append(pair["id"])
    assert pair["done"]
    return ids


def test_clips_are_paired_by_id_or_by_their_file(tmp_path: Path) -> None:
    this = made.result(
        tmp_path / "this.jsonl",
        [
            made.row("same id", "this 1"),
            made.row("renamed here", "this 2", fingerprint="quick:aa"),
            made.row("equal", "alike"),
            made.row("only here", "this 4"),
            made.row("failed there", "this 5"),
            made.row("failed here", None),
            made.row("one id in two places", "this 7", place="/b/7", fingerprint="quick:bb"),
            made.row("encoded again", "this 8", fingerprint="quick:cc"),
        ],
    )
    other = made.result(
        tmp_path / "other.jsonl",
        [
            made.row("one id in two places", "not this 7", place="/a/7", fingerprint="quick:dd"),
            made.row("one id in two places", "other 7", place="/b/7", fingerprint="quick:bb"),
            made.row("same id", "other 1"),
            made.row("renamed there", "other 2", fingerprint="quick:aa"),
            made.row("equal", "alike"),
            made.row("failed there", None),
            made.row("failed here", "other 6"),
            made.row("encoded again", "other 8", fingerprint="quick:ee"),
            made.row("only there", "other 9"),
        ],
    )
    found = {}
    with made.session(this) as of:
        compare = opened(of, other)
        while "pair" in (pair := compare.next(ALL)):
            found[pair["id"]] = {pair["left"], pair["right"]}
            compare.judge(pair["pair"], "tie")
        assert pair == {"done": True, "judged": 4, "total": 4, "equal": 1, "missing": 3}
    assert found == {
        "same id": {"this 1", "other 1"},
        "renamed here": {"this 2", "other 2"},
        "one id in two places": {"this 7", "other 7"},
        "encoded again": {"this 8", "other 8"},
    }


def test_nobody_can_tell_which_is_which(tmp_path: Path) -> None:
    this, other = two(tmp_path, 60)
    with made.session(this) as of:
        rounds = []
        for _ in range(2):  # as after a restart, with nothing judged meanwhile
            compare, pairs = opened(of, other), []
            for _ in range(60):
                pair = compare.next(ALL)
                assert pair == compare.next(ALL)  # the same until it is judged
                assert set(pair) == {"pair", "key", "id", "left", "right", "judged", "total", "equal", "missing"}
                assert {pair["left"], pair["right"]} == {f"this says {pair['id']}", f"other says {pair['id']}"}
                compare.judge(pair["pair"], "neither")
                pairs.append(pair)
            rounds.append(pairs)
            for edit in made.edits(this):
                if edit.new is not None and edit.undoes is None:
                    of.undo(edit.key)
        first, second = rounds
        assert [pair["id"] for pair in first] == [pair["id"] for pair in second] != sorted(pair["id"] for pair in first)
        sides = [[side(pair, "this") for pair in pairs] for pairs in rounds]
        # 60 throws of a coin: fewer than 10 of a kind in 3 of 10^8 cases; two alike in 1 of 10^18
        assert all(10 <= one.count("left") <= 50 for one in sides) and sides[0] != sides[1]
        assert {pair["pair"] for pair in first}.isdisjoint(pair["pair"] for pair in second)


def test_what_was_said_is_counted_and_outlives_the_page(tmp_path: Path) -> None:
    this, other = two(tmp_path, 12)
    choices = ["this"] * 5 + ["other"] * 3 + ["tie"] * 2 + ["neither"] * 2
    choose = {f"{n:03}.mp4": choice for n, choice in enumerate(choices)}
    with made.session(this) as of:
        compare = opened(of, other)
        assert compare.standing() | {"names": None} == {
            "judged": 0, "this": 0, "other": 0, "tie": 0, "neither": 0,
            "share": None, "low": None, "high": None, "names": None,
        }  # fmt: skip
        assert sorted(judged(compare, choose)) == sorted(choose)
        before = compare.standing()
    with made.session(this) as of:
        compare = opened(of, other)
        assert compare.next(ALL)["done"] and compare.standing() == before
    assert {name: before[name] for name in ("judged", "this", "other", "tie", "neither")} == {
        "judged": 12, "this": 5, "other": 3, "tie": 2, "neither": 2
    }  # fmt: skip
    assert before["share"] == 5 / 8 and before["names"] == {"this": "this.jsonl", "other": "other.jsonl"}
    # p = 0.625, n = 8, z = 1.96: (0.625 + 0.2401 ± 0.4093...) / 1.4802, by hand
    assert (round(before["low"], 3), round(before["high"], 3)) == (0.306, 0.863)
    # The captions are as they were; the judgement stands in each row, with the choice first.
    assert made.captions(this) == {name: f"this says {name}" for name in choose}
    said = {name: review["versus"]["other.jsonl"].split()[0] for name, review in made.reviews(this).items()}
    assert said == choose


def test_a_pair_comes_again_when_either_caption_changes(tmp_path: Path) -> None:
    this, other = two(tmp_path, 5)
    with made.session(this) as of:
        compare, key = opened(of, other), made.keys(of)
        judged(compare)
        of.edit([Change(key=key["002.mp4"], field="caption", new="this says better")])
        assert compare.next(ALL)["id"] == "002.mp4" and compare.standing()["judged"] == 4
        of.edit([Change(key=key["002.mp4"], field="caption", new=None)])  # and back: what was said of it stands again
        assert compare.next(ALL)["done"] and compare.standing()["judged"] == 5
    there = made.result(tmp_path / "other" / "other.jsonl", {f"{n:03}.mp4": f"other says {n:03}.mp4" for n in range(4)})
    with made.session(there) as of:
        of.edit([Change(key=made.keys(of)["003.mp4"], field="caption", new="other says something new")])
    with made.session(this) as of:
        compare = opened(of, there)
        assert compare.standing()["judged"] == 3
        assert judged(compare) == ["003.mp4"]
        assert compare.standing()["judged"] == 4


def test_a_pair_that_was_passed_comes_again_before_the_end(tmp_path: Path) -> None:
    this, other = two(tmp_path, 5)
    with made.session(this) as of:
        compare = opened(of, other)
        first = compare.next(ALL)
        compare.judge(first["pair"], "tie")
        assert compare.next(ALL)["id"] != first["id"]
        of.edit([Change(key=first["key"], field="caption", new="this says better")])
        assert judged(compare)[-1] == first["id"] and compare.standing()["judged"] == 5


def test_a_judgement_is_taken_back_and_changed(tmp_path: Path) -> None:
    this, other = two(tmp_path, 3)
    with made.session(this) as of:
        compare = opened(of, other)
        first = compare.next(ALL)
        assert compare.judge(first["pair"], "tie") == {"judged": 1}
        assert compare.judge(first["pair"], "tie") == {"judged": 1}  # a second click
        assert len(made.edits(this)) == 1
        assert compare.judge(first["pair"], side(first, "other")) == {"judged": 1}
        assert (compare.standing()["tie"], compare.standing()["other"]) == (0, 1)
        assert compare.judge(first["pair"], None) == {"judged": 0}
        assert compare.standing()["judged"] == 0
        assert sorted(judged(compare)) == ["000.mp4", "001.mp4", "002.mp4"]  # it comes again
        of.undo(made.edits(this)[-1].key)
        assert compare.standing()["judged"] == 2 and "pair" in compare.next(ALL)


def test_what_cannot_be_judged(tmp_path: Path) -> None:
    this, other = two(tmp_path, 2)
    with made.session(this) as of:
        compare = opened(of, other)
        pair = compare.next(ALL)
        with pytest.raises(KeyError):
            compare.judge("never shown", "left")
        with pytest.raises(UserError, match="left, right, tie, neither"):
            compare.judge(pair["pair"], "this")
        of.edit([Change(key=pair["key"], field="caption", new="changed meanwhile")])
        with pytest.raises(Conflict):
            compare.judge(pair["pair"], "left")
        with pytest.raises(UserError, match="no result"):
            Compare(of, tmp_path / "nothing.jsonl")
    assert [edit.field for edit in made.edits(this)] == ["caption"]


def test_only_rows_that_match_are_shown(tmp_path: Path) -> None:
    this, other = two(tmp_path, 20)
    with made.session(this) as of:
        compare, some = opened(of, other), Query.of({"id": "01"})
        assert compare.next(some)["total"] == 11  # 001 and 010 to 019
        assert compare.next(ALL)["total"] == 20 and compare.next(some)["total"] == 11
        assert sorted(judged(compare, query=some)) == ["001.mp4", *(f"{n:03}.mp4" for n in range(10, 20))]
        assert compare.next(ALL)["judged"] == 11 and compare.next(ALL)["total"] == 20


def test_two_results_of_one_name_have_two_names(tmp_path: Path) -> None:
    this = made.result(tmp_path / "a" / "captions.jsonl", {"1": "this"})
    other = made.result(tmp_path / "b" / "captions.jsonl", {"1": "other"})
    with made.session(this) as of:
        assert opened(of, other).standing()["names"] == {"this": "captions.jsonl", "other": "b/captions.jsonl"}
        assert opened(of, str(other)).name == "b/captions.jsonl"


def test_many_judgements_as_a_plain_count_has_them(tmp_path: Path) -> None:
    draw = random.Random(3)
    this, other = two(tmp_path, 40)
    names = [f"{n:03}.mp4" for n in range(40)]
    said: dict[str, str] = {}  # by id, as long as it stands
    words = dict.fromkeys(names, "this says it")
    with made.session(this) as of:
        key = made.keys(of)
        of.edit([Change(key=key[name], field="caption", new=words[name]) for name in names])
        compare = opened(of, other)
        for _ in range(150):
            step = draw.random()
            if step < 0.7 and "pair" in (pair := compare.next(ALL)):
                choice = draw.choice(["this", "other", "tie", "neither"])
                compare.judge(pair["pair"], side(pair, choice) if choice in ("this", "other") else choice)
                assert pair["id"] not in said
                said[pair["id"]] = choice
            elif step < 0.85 and said:  # somebody changes a caption
                name = draw.choice(sorted(said))
                words[name] += "!"
                of.edit([Change(key=key[name], field="caption", new=words[name])])
                del said[name]
            elif said:  # or takes the judgement back
                name = draw.choice(sorted(said))
                of.edit([Change(key=key[name], field="versus[other.jsonl]", new=None)])
                del said[name]
        found = compare.standing()
    counts = {choice: list(said.values()).count(choice) for choice in ("this", "other", "tie", "neither")}
    assert {name: found[name] for name in counts} == counts and found["judged"] == len(said)
    assert found["share"] == counts["this"] / (counts["this"] + counts["other"])


def test_two_people_judging_at_once_are_counted_once_a_pair(tmp_path: Path) -> None:
    this, other = two(tmp_path, 40)
    with made.session(this) as of:
        compare = opened(of, other)

        def work() -> None:
            while "pair" in (pair := compare.next(ALL)):
                compare.judge(pair["pair"], side(pair, "this"))

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert compare.standing()["this"] == compare.standing()["judged"] == 40
    assert len(made.edits(this)) == 40
