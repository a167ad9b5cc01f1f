"""The checks judge captions as a person has labelled them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.judge import ALL, Checks

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"


@pytest.fixture
def quality(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import quality

    return quality


def test_faults_are_found_and_little_else_is_called_one(quality: ModuleType) -> None:
    rows, checks = quality.read(quality.LABELLED), Checks.chosen(on=[ALL])
    found = quality.judged(rows, checks)
    scores = quality.scores(rows, found, checks.on)
    print(quality.table(scores))
    print(quality.wrong(rows, found))
    everything = quality.total(scores.values())
    assert everything.precision >= 0.98
    assert everything.recall >= 0.95


def test_captions_that_no_author_of_a_check_had_seen_are_judged_nearly_as_well(quality: ModuleType) -> None:
    rows, checks = quality.read(quality.LABELLED.with_name("unseen.jsonl")), Checks.chosen(on=[ALL])
    found = quality.judged(rows, checks)
    print(quality.wrong(rows, found))
    everything = quality.total(quality.scores(rows, found, checks.on).values())
    assert everything.precision >= 0.98
    assert everything.recall >= 0.94


def test_captions_of_a_reviewer_who_knew_the_definitions_alone(quality: ModuleType) -> None:
    rows, checks = quality.read(quality.LABELLED.with_name("unseen3.jsonl")), Checks.chosen(on=[ALL])
    found = quality.judged(rows, checks)
    print(quality.wrong(rows, found))
    everything = quality.total(quality.scores(rows, found, checks.on).values())
    assert everything.precision >= 0.98
    assert everything.recall >= 0.95


def test_what_people_can_differ_about_counts_neither_way(quality: ModuleType, tmp_path: Path) -> None:
    line = {"text": "Two birds.", "flags": ["markup"], "may": ["too_short"]}
    (tmp_path / "a.jsonl").write_text(json.dumps(line))
    assert quality.judged(quality.read(tmp_path / "a.jsonl"), Checks.chosen()) == [set()]


def test_every_check_has_captions_to_learn_from(quality: ModuleType) -> None:
    rows = quality.read(quality.LABELLED)
    bad = Counter(name for row in rows for name in row.flags)
    traps = Counter(row.why.partition(":")[0].removeprefix("not ") for row in rows if not row.flags)
    names = set(Checks.chosen(on=[ALL]).on) - {"measured_contradiction"}  # it judges by the video, not by words alone
    assert bad.keys() == names
    assert {name for name in names if bad[name] < 14 or traps[name] < 14} == set()
    assert traps["ordinary"] >= 80


def test_scores_count_what_was_found_overlooked_and_made_up(quality: ModuleType) -> None:
    labels = [{"mood"}, {"mood"}, {"mood", "markup"}, set(), set()]
    said = [{"mood"}, {"mood"}, {"markup"}, {"mood"}, set()]
    rows = [quality.Labelled("", "", frozenset(flags), Circumstances(), "", "") for flags in labels]
    scores = quality.scores(rows, [frozenset(flags) for flags in said], ["mood", "markup", "empty"])
    assert scores["mood"] == quality.Score(bad=3, found=2, false=1)
    assert (scores["mood"].precision, scores["mood"].recall) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (scores["markup"].precision, scores["markup"].recall) == (1.0, 1.0)
    assert quality.total(scores.values()) == quality.Score(bad=4, found=3, false=1)
    shown = quality.wrong(rows, [frozenset(flags) for flags in said]).splitlines()
    assert [line.split(" (")[0] for line in shown] == ["- mood", "+ mood"]


def test_captions_are_compared_within_their_set(quality: ModuleType, tmp_path: Path) -> None:
    text = "Rain runs down a window at night."
    rows = [{"text": text, "flags": []} | ({"set": name} if name else {}) for name in ("x", "x", "y", "", "")]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = quality.judged(quality.read(tmp_path / "a.jsonl"), Checks.chosen(off=[ALL], on=["duplicate"]))
    assert found == [{"duplicate"}, {"duplicate"}, set(), set(), set()]
