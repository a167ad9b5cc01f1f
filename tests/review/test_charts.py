"""Every bar counts what the filter that it stands for finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from framescribe.records import MEASURE, VideoInfo
from framescribe.review.query import Query
from framescribe.review.session import Change, Session
from tests.exports import result, row

COUNT = 150
MOVES = ([], ["static"], ["static"], ["pan_left", "zoom_in"], ["shake"])


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder, draw = tmp_path_factory.mktemp("charts"), random.Random(3)
    rows = []
    for number in range(COUNT):
        flags = ("x", "y")[: draw.randrange(3)]
        failed = number % 10 == 0
        words = [draw.choice(("dog", "cat", "horse", "runs", "the", "a", "É")) for _ in range(draw.randrange(1, 70))]
        video = VideoInfo(
            duration=draw.choice((None, 0.5, 1.0, 2.0, 2.9999, 3.0, 7.25, 60.04)),
            **{"fps": 24.0, "width": 64, "height": 32, "codec": "h264", "frames": 9},
        )
        facts = {
            "motion": {"version": 1, "amount": round(draw.random() ** 3 / 4, 4), "objects": 0.0},
            "cuts": {"version": 1, "cuts": [0.5] * draw.choice((0, 0, 1, 3)), "fades": [], "shots": 1},
            "camera": {"version": 1, "shots": [{"moves": [{"label": one} for one in draw.choice(MOVES)]}]},
        }
        stages = {MEASURE: {"output": facts}} if number % 5 else {}
        rows.append(
            row(
                f"/clips/{number}.mp4",
                None if failed else " ".join(words),
                provenance={"schema": 2, "version": "x", "file": {}, "stages": stages},
                **{"status": "failed" if failed else "flagged" if flags else "ok", "flags": flags, "video": video},
            )
        )
    session = Session(result(folder / "captions.jsonl", rows), cache=folder / "cache", who="ann")
    session.open()
    session.ready(60)
    keys = list(session.keys_of(session.make_list(Query.of({"sort": "order"})).list))
    session.edit([Change(key, "verdict", "accepted") for key in keys[:20]])
    session.edit([Change(key, "verdict", "rejected") for key in keys[20:25]])
    session.edit([Change(key, "tags[night]", "yes") for key in keys[:7]])
    yield session
    session.close()


def drawn(session: Session, **query: str) -> dict[str, list[dict[str, Any]]]:
    return {chart["name"]: chart["bars"] for chart in session.charts(Query.of(query))["charts"]}


@pytest.mark.parametrize("query", [{}, {"status": "ok"}, {"q": "dog", "verdict": "none"}, {"re": "cat$"}])
def test_a_click_on_a_bar_finds_what_it_counts(session: Session, query: dict[str, str]) -> None:
    charts = drawn(session, **query)
    assert {"words", "seconds", "frequent"} <= set(charts)
    for name, bars in charts.items():
        assert len(bars) <= 60
        for bar in bars:
            if set(bar["query"]) & set(query):
                continue  # the page puts one in the place of the other
            found = session.make_list(Query.of({**query, **bar["query"]})).total
            assert found == bar["count"], (name, bar)
    total = session.make_list(Query.of(query)).total
    assert sum(bar["count"] for bar in charts["words"]) == total == sum(bar["count"] for bar in charts["statuses"])


@pytest.mark.parametrize("facts", ["", "cuts < 2", "cuts = 0 or camera = static"])
def test_a_bar_of_facts_narrows_to_exactly_what_it_counts(session: Session, facts: str) -> None:
    charts = drawn(session, facts=facts)
    known = session.make_list(Query.of({"facts": f"({facts or True}) and motion >= 0"})).total
    assert sum(bar["count"] for bar in charts["motion"]) == known > 20
    for name in {"motion", "cuts", "camera"} & set(charts):
        for bar in charts[name]:
            assert session.make_list(Query.of(bar["query"])).total == bar["count"], (name, bar)


def test_bars_of_facts_say_what_they_are(session: Session) -> None:
    charts = drawn(session)
    cuts = {bar["label"]: bar["query"] for bar in charts["cuts"]}
    assert cuts == {
        "0": {"facts": "cuts = 0"},
        "1": {"facts": "cuts = 1"},
        "2": {"facts": "cuts = 2"},
        "3 or more": {"facts": "cuts >= 3"},
    }
    camera = {bar["label"]: bar["count"] for bar in charts["camera"]}
    assert set(list(camera)[1:-1]) == {"pan left", "zoom in", "shake"}
    assert list(camera.values())[:-1] == sorted(list(camera.values())[:-1], reverse=True)
    assert next(iter(camera)) == "static" and next(reversed(camera)) == "not sure"
    assert camera["pan left"] == camera["zoom in"] and sum(camera.values()) - camera["zoom in"] == 120
    assert charts["motion"][0]["label"] == "0–0.02" and len(charts["motion"]) <= 21
    assert "objects" not in charts  # of which all have the same
    narrowed = drawn(session, facts="cuts = 0 or motion > 0.1")["camera"][0]["query"]
    assert narrowed == {"facts": "(cuts = 0 or motion > 0.1) and camera = static"}


def test_bars_say_what_there_is(session: Session) -> None:
    charts = drawn(session)
    assert [(bar["label"], bar["count"]) for bar in charts["verdicts"]] == [
        ("accepted", 20),
        ("rejected", 5),
        ("none", 125),
    ]
    assert charts["tags"] == [{"label": "night", "count": 7, "query": {"tag": "night"}}]
    today = datetime.now(UTC).date().isoformat()
    assert [(bar["label"], bar["count"]) for bar in charts["days"]] == [(today, 25)]
    assert {bar["label"] for bar in charts["frequent"]} == {"dog", "cat", "horse", "runs", "é"}
    statuses = {bar["label"]: bar["count"] for bar in charts["statuses"]}
    assert statuses["failed"] == 15 and sum(statuses.values()) == COUNT


def test_nothing_has_no_charts(session: Session) -> None:
    assert drawn(session, q="zebra") == {}


def test_bars_are_few_and_round_and_the_last_one_takes_what_is_far_out(tmp_path: Path) -> None:
    rows = [row(f"/clips/{n}.mp4", "word " * (20 + n % 80)) for n in range(200)]
    rows.append(row("/clips/far.mp4", "word " * 5000))
    session = Session(result(tmp_path / "captions.jsonl", rows), cache=tmp_path / "cache")
    session.open()
    try:
        session.ready(60)
        bars = drawn(session)["words"]
        assert [bar["label"] for bar in bars][:2] == ["20–24", "25–29"] and bars[-1]["label"] == "95 or more"
        assert bars[0] == {"label": "20–24", "count": 15, "query": {"min_words": "20", "max_words": "24"}}
        assert bars[-1]["count"] == 11 and bars[-1]["query"] == {"min_words": "95"}
    finally:
        session.close()
