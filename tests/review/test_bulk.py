"""Find and replace over many rows: what is shown is what is done, and nobody's own words are touched."""

from __future__ import annotations

import random
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from framescribe.errors import UserError
from framescribe.review import bulk
from framescribe.review.session import Change, Session, Text
from tests.review import made


def replace(find: str, put: str, **options: bool) -> dict[str, Any]:
    return {"kind": "replace", "find": find, "with": put, **options}


def applied(of: Session, change: dict[str, Any], selection: dict[str, Any] | None = None) -> dict[str, Any]:
    selection = selection or made.everything(of)
    return bulk.apply(of, selection, change, bulk.preview(of, selection, change)["fingerprint"])


CASES = {
    "letters": (replace("dog", "cat"), "A dog, a Dog, hotdogs.", "A cat, a cat, hotcats."),
    "case": (replace("dog", "cat", case=True), "A dog, a Dog.", "A cat, a Dog."),
    "words": (replace("dog", "cat", words=True), "dog, hotdogs, dog's, (dog) dog_", "cat, hotdogs, cat's, (cat) dog_"),
    "words with accents apart": (replace("cafe", "bar", words=True), "cafe cafe\u0301 CAFE", "bar cafe\u0301 bar"),
    "words of an alphabet": (replace("кот", "пёс", words=True), "Кот, который; кот.", "пёс, который; пёс."),
    "words with signs inside": (replace("नमस", "x", words=True), "नमस्ते नमस", "नमस्ते x"),
    "words without blanks": (replace("猫", "犬", words=True), "黒い猫がいる。cat猫", "黒い犬がいる。cat犬"),
    "signs are no words": (replace("(dog)", "cat", words=True), "a (dog) x(dog)y", "a cat xcaty"),
    "signs are letters": (replace("a.c", "x"), "abc a.c", "abc x"),
    "put as it is": (replace("dog", r"\1 $1 \n"), "dog", r"\1 $1 \n"),
    "groups": (replace(r"(\w+) and (\w+)", r"\2 and \1", regex=True), "cats and dogs", "dogs and cats"),
    "named groups": (replace(r"(?P<n>\d+) cm", r"\g<n> mm", regex=True), "5 cm, 7 cm", "5 mm, 7 mm"),
    "a group without a match": (replace(r"(a)|b", r"[\1]", regex=True), "ab", "[a][]"),
    "alternatives as words": (replace(r"a|ab", "X", regex=True, words=True), "ab a abc", "X X abc"),
    "expression and case": (replace(r"[D]og", "cat", regex=True, case=True), "Dog dog", "cat dog"),
    "expression without case": (replace(r"[D]og", "cat", regex=True), "Dog dog", "cat cat"),
    "lines": (replace(r"(?m)^- ", "", regex=True), "- one\n- two", "one\ntwo"),
    "nothing left": (replace("gone", ""), "gone", ""),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_replaced(name: str, tmp_path: Path) -> None:
    change, before, after = CASES[name]
    output = made.result(tmp_path / "captions.jsonl", {"a.mp4": before, "b.mp4": "something else"})
    with made.session(output) as of:
        shown = bulk.preview(of, made.everything(of), change)
        assert [(one["id"], one["old"], one["new"]) for one in shown["changes"]] == [("a.mp4", before, after)]
        assert made.captions(output)["a.mp4"] == before  # shown, not done
        assert applied(of, change)["changed"] == 1
    assert (made.captions(output)["a.mp4"] or "") == after
    assert made.captions(output)["b.mp4"] == "something else"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (replace("(dog", "cat", regex=True), "missing )"),
        (replace("dog", r"\1", regex=True), "no such group"),
        (replace("dog", r"\g<name>", regex=True), "unknown group"),
        (replace("a)|(b", "", regex=True, words=True), "parenthesis"),
        (replace("", "cat"), "find what"),
        (replace("x" * 3000, ""), "3,000 letters long"),
        (replace("x", "y" * 20_000), "20,000 letters long"),
        ({"kind": "replace", "find": "dog"}, "'with'"),
        ({"kind": "set", "field": "caption", "new": "x"}, "cannot be set on many rows"),
        ({"kind": "set", "field": "verdict", "new": "good"}, "verdict"),
        ({"kind": "set", "field": "tags[ ]", "new": "yes"}, "a tag has a name"),
        ({"kind": "set", "field": "note", "new": 5}, "text"),
        ({"kind": "drop"}, "replace"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    output = made.result(tmp_path / "captions.jsonl", {"a.mp4": "a dog"})
    with made.session(output) as of, pytest.raises(UserError) as error:
        bulk.preview(of, made.everything(of), change)
    assert said in str(error.value) and "\n" not in str(error.value)


def test_an_expression_that_never_ends_is_stopped(tmp_path: Path) -> None:
    output = made.result(tmp_path / "captions.jsonl", {"a.mp4": "a" * 70 + "b"})
    with made.session(output) as of, pytest.raises(UserError, match=r"too long on the caption of a\.mp4"):
        bulk.preview(of, made.everything(of), replace("(a|aa)+$", "", regex=True))


def test_locked_captions_are_never_touched_and_a_persons_only_if_asked(tmp_path: Path) -> None:
    names = ("plain", "edited", "accepted", "locked", "locked after editing", "rejected", "without")
    output = made.result(tmp_path / "captions.jsonl", {name: f"a dog, {name}" for name in names} | {"without": "no"})
    with made.session(output) as of:
        key = made.keys(of)
        of.edit([Change(key=key["edited"], field="caption", new="my dog")])
        of.edit([Change(key=key["accepted"], field="verdict", new="accepted")])
        of.edit([Change(key=key["rejected"], field="verdict", new="rejected")])
        of.edit([Change(key=key["locked after editing"], field="caption", new="her dog")])
        of.edit([Change(key=key[name], field="lock", new="yes") for name in names if name.startswith("locked")])
        shown = bulk.preview(of, made.everything(of), replace("dog", "cat"))
        assert (shown["total"], shown["protected"], shown["locked"]) == (2, 2, 2)
        assert [one["id"] for one in shown["changes"]] == ["plain", "rejected"]
        assert applied(of, replace("dog", "cat")) | {"batch": ""} == {"batch": "", "changed": 2, "skipped": 0}
        shown = bulk.preview(of, made.everything(of), replace("dog", "cat", edited=True))
        assert (shown["total"], shown["protected"], shown["locked"]) == (2, 0, 2)
        applied(of, replace("dog", "cat", edited=True))
    assert made.captions(output) == {
        "plain": "a cat, plain",
        "edited": "my cat",
        "accepted": "a cat, accepted",
        "locked": "a dog, locked",
        "locked after editing": "her dog",
        "rejected": "a cat, rejected",
        "without": "no",
    }


def test_the_preview_is_paged_and_the_selection_respected(tmp_path: Path) -> None:
    output = made.result(tmp_path / "captions.jsonl", {f"{n:02}": f"dog {n}" for n in range(25)})
    with made.session(output) as of:
        change, key = replace("dog", "cat"), made.keys(of)
        pages = [bulk.preview(of, made.everything(of), change, offset, 10) for offset in (0, 10, 20, 30)]
        assert [[one["id"] for one in page["changes"]] for page in pages] == [
            [f"{n:02}" for n in range(first, min(25, first + 10))] for first in (0, 10, 20, 30)
        ]
        assert {page["total"] for page in pages} == {25} and len({page["fingerprint"] for page in pages}) == 1
        some = {"keys": [key["07"], key["03"], key["07"]]}
        assert bulk.preview(of, some, change)["total"] == 2
        assert applied(of, change, some)["changed"] == 2
        with pytest.raises(KeyError):
            bulk.preview(of, {"list": "forgotten"}, change)
        with pytest.raises(UserError, match="selection"):
            bulk.preview(of, {"rows": []}, change)
    changed = {name for name, caption in made.captions(output).items() if caption and caption.startswith("cat")}
    assert changed == {"07", "03"}


def test_a_whole_batch_is_undone_but_for_what_changed_since(tmp_path: Path) -> None:
    before = {f"{n}": f"dog {n}" for n in range(30)}
    output = made.result(tmp_path / "captions.jsonl", before)
    with made.session(output) as of:
        key = made.keys(of)
        of.edit([Change(key=key["3"], field="caption", new="my dog 3")])
        batch = applied(of, replace("dog", "cat", edited=True))["batch"]
        assert {edit.batch for edit in made.edits(output)} == {None, batch}
        of.edit([Change(key=key["5"], field="caption", new="a bird")])
        undone = of.undo(batch)
        assert (len(undone.rows), undone.skipped) == (29, 1)
    assert made.captions(output) == before | {"3": "my dog 3", "5": "a bird"}


def test_rows_that_changed_since_the_preview_are_not_replaced(tmp_path: Path) -> None:
    output = made.result(tmp_path / "captions.jsonl", {"a": "a dog", "b": "a dog too"})
    with made.session(output) as of:
        selection, change, key = made.everything(of), replace("dog", "cat"), made.keys(of)
        shown = bulk.preview(of, selection, change)
        of.edit([Change(key=key["b"], field="caption", new="a wolf")])
        with pytest.raises(bulk.Stale):
            bulk.apply(of, selection, change, shown["fingerprint"])
        with pytest.raises(bulk.Stale):  # the same rows, another change
            bulk.apply(of, selection, replace("dog", "cow"), bulk.preview(of, selection, change)["fingerprint"])
    assert made.captions(output) == {"a": "a dog", "b": "a wolf"}


class Interrupted(Session):
    """A session in which somebody edits rows between the two times that a bulk edit goes through them."""

    passes = 0

    def texts(self, keys: Iterable[str]) -> Iterator[Text]:
        self.passes += 1
        if self.passes == 3:  # the preview's, the first of `apply`, the second
            key = made.keys(self)
            self.edit([Change(key=key["b"], field="caption", new="a dog, a sheep")])
            self.edit([Change(key=key["c"], field="lock", new="yes")])
        for text in super().texts(keys):
            yield text
            if self.passes == 3 and text.id == "c":
                self.edit([Change(key=made.keys(self)["d"], field="lock", new="yes")])


def test_what_was_not_shown_is_not_done(tmp_path: Path) -> None:
    output = made.result(tmp_path / "captions.jsonl", {name: f"a dog, {name}" for name in "abcde"})
    of = Interrupted(output, cache=tmp_path / "cache", who="a person")
    of.open()
    try:
        assert of.ready(60)
        done = applied(of, replace("dog", "cat", edited=True))
        assert (done["changed"], done["skipped"]) == (2, 3)
    finally:
        of.close()
    assert made.captions(output) == {
        "a": "a cat, a",
        "b": "a dog, a sheep",
        "c": "a dog, c",
        "d": "a dog, d",
        "e": "a cat, e",
    }


def test_two_bulk_edits_at_once_change_each_row_once(tmp_path: Path) -> None:
    output = made.result(tmp_path / "captions.jsonl", {f"{n:04}": f"a dog {n}" for n in range(2500)})
    changed = {}
    with made.session(output) as of:
        selection = made.everything(of)
        shown = {put: bulk.preview(of, selection, replace("dog", put, edited=True)) for put in ("cat", "cow")}
        gate = threading.Barrier(2)

        def change(put: str) -> None:
            gate.wait()
            try:
                edit = replace("dog", put, edited=True)
                changed[put] = bulk.apply(of, selection, edit, shown[put]["fingerprint"])["changed"]
            except bulk.Stale:
                changed[put] = 0

        threads = [threading.Thread(target=change, args=(put,)) for put in shown]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    said = [(caption or "").split()[1] for caption in made.captions(output).values()]
    assert changed == {put: said.count(put) for put in ("cat", "cow")} and sum(changed.values()) == 2500
    assert len({edit.id for edit in made.edits(output)}) == len(made.edits(output)) == 2500


@pytest.mark.parametrize(
    ("field", "new", "review"),
    [
        ("verdict", "accepted", {"verdict": "accepted"}),
        ("verdict", "rejected", {"verdict": "rejected"}),
        ("seen", True, {"seen": True}),
        ("lock", "yes", {"locked": True}),
        ("note", "  look again ", {"note": "look again"}),
        ("tags[night, rain]", "yes", {"tags": ["night, rain"]}),
    ],
)
def test_marks_are_set_on_many_and_taken_back(field: str, new: Any, review: dict[str, Any], tmp_path: Path) -> None:
    output = made.result(tmp_path / "captions.jsonl", {name: f"a dog, {name}" for name in "abc"})
    with made.session(output) as of:
        some = {"keys": [made.keys(of)[name] for name in "ab"]}
        change = {"kind": "set", "field": field, "new": new}
        done = applied(of, change, some)
        assert done["changed"] == 2
        assert made.reviews(output) == {"a": review, "b": review, "c": {}}
        assert bulk.preview(of, some, change)["total"] == 0  # it is so already
        of.undo(done["batch"])
        assert made.reviews(output) == {"a": {}, "b": {}, "c": {}}
        applied(of, change)
        back = applied(of, {**change, "new": None}, some)
        assert back["changed"] == 2 and made.reviews(output) == {"a": {}, "b": {}, "c": review}
    assert made.captions(output) == {name: f"a dog, {name}" for name in "abc"}


def test_a_clip_without_a_caption_is_not_locked(tmp_path: Path) -> None:
    output = made.result(tmp_path / "captions.jsonl", {"a": "a dog", "b": None})
    with made.session(output) as of:
        assert applied(of, {"kind": "set", "field": "lock", "new": "yes"})["changed"] == 1
    assert made.reviews(output) == {"a": {"locked": True}, "b": {}}


LETTERS = "aab AB.'é_1\u0301だж- "


def plainly(text: str, find: str, put: str, case: bool, words: bool) -> str:
    """What find and replace does, letter by letter, from left to right."""

    def joins(letter: str) -> bool:
        if "\u3041" <= letter <= "\u30ff":  # written without blanks
            return False
        return letter == "_" or unicodedata.category(letter)[0] in "LMN"

    def ends(left: str, right: str) -> bool:
        return not (left and right and joins(left) and joins(right))

    made_of, at = "", 0
    while at < len(text):
        part = text[at : at + len(find)]
        same = part == find if case else part.lower() == find.lower()
        end = at + len(find)
        if same and words:
            same = ends(text[at - 1 : at] if at else "", text[at]) and ends(text[end - 1], text[end : end + 1])
        if same:
            made_of, at = made_of + put, end
        else:
            made_of, at = made_of + text[at], at + 1
    return made_of


def test_many_texts_as_a_plain_search_does_it(tmp_path: Path) -> None:
    draw = random.Random(7)
    for part in range(4):
        before = {f"{n}": "".join(draw.choices(LETTERS, k=draw.randint(1, 14))).strip() or "a" for n in range(400)}
        output = made.result(tmp_path / f"{part}.jsonl", before)
        with made.session(output) as of:
            expected = dict(before)
            for _ in range(12):
                find = "".join(draw.choices(LETTERS, k=draw.randint(1, 3)))
                put, case, words = draw.choice(["", "X", "ab "]), draw.random() < 0.5, draw.random() < 0.5
                expected = {name: plainly(text, find, put, case, words) for name, text in expected.items()}
                applied(of, replace(find, put, case=case, words=words, edited=True))
        assert {name: text or "" for name, text in made.captions(output).items()} == expected
