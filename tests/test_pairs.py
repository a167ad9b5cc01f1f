"""Two results judged by a model: a caption wins only in both orders, and what is beyond chance fails a CI."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import framescribe as fs
from framescribe.errors import RunError, UserError
from framescribe.records import Video
from framescribe.scoring.pairs import Comparison, Pair, pairs_of
from tests.review import made
from tests.runs import ended, running
from tests.runs_in_process import raw_film
from tests.servers import Act, ScriptedServer, answer_to, says
from tests.test_wishes import text_of

Choice = Callable[[str, str], str]


def judge(choice: Choice) -> Act:
    """Sees, and chooses by the two captions, which come in this order."""

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        text = text_of(body)
        if "First description:" not in text:
            return await says(answer_to(body))(request)
        first = text.partition("First description:\n")[2].partition("\n")[0]
        second = text.partition("Second description:\n")[2].partition("\n")[0]
        return await says(json.dumps({"reason": "it is", "better": choice(first, second)}))(request)

    return act


def right(first: str, second: str) -> str:
    """Prefers what is true."""
    true = "true" in first, "true" in second
    return "tie" if true[0] == true[1] else "first" if true[0] else "second"


def two(folder: Path, a: Sequence[str | None], b: Sequence[str | None]) -> tuple[Path, Path]:
    """Two results with these captions of the same clips."""
    outputs = []
    for name, captions in (("a", a), ("b", b)):
        rows = []
        for number, caption in enumerate(captions):
            film = folder / "clips" / f"{number}.avi"
            if not film.exists():
                raw_film(film, 20 * number)
            rows.append(made.row(f"{number}.avi", caption, place=str(film)))
        outputs.append(made.result(folder / f"{name}.jsonl", rows))
    return outputs[0], outputs[1]


def compared(choice: Choice, a: Path, b: Path, **more: Any) -> tuple[Comparison, list[dict[str, Any]]]:
    """The comparison, and the requests about pairs."""
    with ScriptedServer(judge(choice)) as server:
        found = fs.compare(a, b, judge=fs.Recipe(base_url=server.url, model="tiny"), **more)
        return found, [body for body in server.requests if "First description:" in text_of(body)]


def test_a_judge_that_is_right_finds_what_is_better_whichever_comes_first(tmp_path: Path) -> None:
    a, b = two(tmp_path, ["true 0", "wrong 1", "wrong 2", "same"], ["wrong 0", "true 1", "wrong too", "same"])
    found, asked = compared(right, a, b)
    assert (found.wins_a, found.wins_b, found.ties) == (1, 1, 2)
    assert found.found.equal == ["3.avi"] and len(asked) == 6  # nobody is asked about equal captions
    assert {name: one["better"] for name, one in found.verdicts.items()} == {"0.avi": "A", "1.avi": "B", "2.avi": "tie"}
    assert found.share_b == 0.5 and found.decided_b == 0.5 and not found.worse


def test_a_judge_that_always_names_the_first_decides_nothing_and_is_found_out(tmp_path: Path) -> None:
    a, b = two(tmp_path, ["true 0", "true 1"], ["wrong 0", "wrong 1"])
    found, _ = compared(lambda first, second: "first", a, b)
    assert (found.wins_a, found.wins_b, found.ties, found.first, found.second) == (0, 0, 2, 2, 0)
    assert found.decided_b is None and found.share_b == 0.5 and found.chance == 1.0


def test_the_judge_sees_the_same_frames_in_both_orders_and_not_whose_captions_they_are(tmp_path: Path) -> None:
    a, b = two(tmp_path, ["true 0"], ["wrong 0"])
    _, asked = compared(right, a, b, frames=4)
    contents = [body["messages"][0]["content"] for body in asked]
    assert len(contents) == 2 and contents[0][:-1] == contents[1][:-1]
    assert sum(part["type"] == "image_url" for part in contents[0]) == 4
    said = [part["text"] for content in contents for part in content if part["type"] == "text"]
    assert not any(name in text for text in said for name in ("a.jsonl", "b.jsonl", "0.avi", str(tmp_path)))


def test_clips_that_only_one_result_has_are_named_and_not_judged(tmp_path: Path) -> None:
    a, b = two(tmp_path, ["true 0", "true 1", None], ["wrong 0"])
    found, asked = compared(right, a, b)
    assert found.found.only_a == ["1.avi", "2.avi"] and not found.found.only_b and len(asked) == 2
    turned = pairs_of(str(b), str(a))
    assert turned.only_b == ["1.avi", "2.avi"] and not turned.only_a
    one, other = two(tmp_path / "bare", ["true", None], [None, "wrong"])
    bare = pairs_of(str(one), str(other))
    assert (bare.bare_a, bare.bare_b, bare.pairs) == (["1.avi"], ["0.avi"], [])


def test_a_clip_under_another_name_is_known_by_its_file(tmp_path: Path) -> None:
    a, _ = two(tmp_path, ["true 0"], ["wrong 0"])
    print_ = "quick:" + b"0.avi".hex().ljust(32, "0")
    b = made.result(tmp_path / "c.jsonl", [made.row("else.avi", "wrong", fingerprint=print_)])
    [pair] = pairs_of(str(a), str(b)).pairs
    assert replace(pair, video=Video(id="", path="")) == Pair(
        id="0.avi", a="true 0", b="wrong", video=Video(id="", path="")
    )
    with pytest.raises(UserError, match="have no clip in common"):
        pairs_of(str(a), str(made.result(tmp_path / "d.jsonl", {"other.avi": "x"})))


def test_clips_of_one_name_in_two_folders_are_not_taken_for_each_other(tmp_path: Path) -> None:
    places = [tmp_path / "clips" / str(number) / "x.avi" for number in range(3)]
    for number, place in enumerate(places):
        raw_film(place, 20 * number)

    def rows(captions: dict[int, str]) -> list[Any]:
        return [
            made.row("x.avi", caption, place=str(places[number]), fingerprint=f"quick:{number:032}")
            for number, caption in captions.items()
        ]

    a = made.result(tmp_path / "a.jsonl", rows({0: "true 0", 1: "true 1"}))
    found, asked = compared(right, a, made.result(tmp_path / "b.jsonl", rows({0: "wrong 0", 1: "wrong 1"})))
    assert (found.wins_a, len(found.verdicts), len(asked)) == (2, 2, 4)
    fewer = pairs_of(str(a), str(made.result(tmp_path / "c.jsonl", rows({0: "wrong 0", 2: "wrong 2"}))))
    assert [(pair.a, pair.b) for pair in fewer.pairs] == [("true 0", "wrong 0")]
    assert (fewer.only_a, fewer.only_b) == (["x.avi"], ["x.avi"])


def test_what_was_judged_is_not_asked_again(tmp_path: Path) -> None:
    a, b = two(tmp_path, ["true 0", "true 1"], ["wrong 0", "wrong 1"])
    first, _ = compared(right, a, b)
    again, asked = compared(right, a, b)
    assert not asked and again.kept == 4
    assert (again.wins_a, again.share_bounds) == (first.wins_a, first.share_bounds) and again.wins_a == 2
    assert len(compared(right, b, a, judgements=f"{b}.judged.jsonl")[1]) == 0  # the other way round, too


def test_an_order_without_an_answer_is_no_verdict(tmp_path: Path) -> None:
    a, b = two(tmp_path, ["true 0", "true 1"], ["wrong 0", "wrong 1"])
    found, _ = compared(lambda first, second: "neither of them" if first == "wrong 0" else right(first, second), a, b)
    assert list(found.failed) == ["0.avi"] and found.wins_a == 1 and found.ties == 0


def test_a_model_without_sight_is_refused_before_anything_is_judged(tmp_path: Path) -> None:
    a, b = two(tmp_path, ["true 0"], ["wrong 0"])
    blind = '{"reason": "it is", "better": "first"}'
    with ScriptedServer(says(blind)) as server:
        with pytest.raises(RunError, match="the judge is blind"):
            fs.compare(a, b, judge=fs.Recipe(base_url=server.url, model="tiny"))
        assert not any("First description:" in text_of(body) for body in server.requests)


@pytest.mark.parametrize(
    ("lost", "won", "code"),
    [
        (6, 0, 3),  # 1 in 64 by chance
        (4, 0, 0),  # 1 in 16
        (0, 6, 0),
    ],
)
def test_a_result_that_is_worse_beyond_chance_ends_with_3(lost: int, won: int, code: int, tmp_path: Path) -> None:
    a = ["true"] * lost + ["wrong"] * won
    b = ["wrong"] * lost + ["true"] * won
    outputs = two(tmp_path, a, b)
    with (
        ScriptedServer(judge(right)) as server,
        running(
            *("compare", *outputs, "--base-url", server.url, "--model", "tiny", "--frames", 2, "--fail-if-worse"),
            *("-o", tmp_path / "page.html"),
        ) as run,
    ):
        ending, said = ended(run)
    assert ending == code, said
    assert f"A is better: {lost}" in said and f"B is better: {won}" in said
    assert ("B is worse than A beyond chance" in said) == (code == 3)
    assert f"framescribe review {outputs[0]} --against {outputs[1]}" in said
    assert "default-src 'none'" in (tmp_path / "page.html").read_text()


def test_without_a_judge_the_command_says_how_a_person_judges(tmp_path: Path) -> None:
    with running("compare", "a.jsonl", "b.jsonl") as run:
        code, said = ended(run)
    assert code == 2 and "framescribe review a.jsonl --against b.jsonl" in said
