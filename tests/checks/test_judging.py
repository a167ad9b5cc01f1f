"""Findings become faults by limits, faults are silenced and cut by the rules, and mending never makes a text worse."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe import registry
from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.judge import Checks
from framescribe.checks.text import Text
from framescribe.errors import UserError
from tests.checks.looked import only

MINE = (
    "empty",
    "truncated",
    "repeats",
    "markup",
    "too_short",
    "too_long",
    "missing_trigger",
    "forbidden_word",
    "encoding",
)
SENTENCES = [
    "A cobbler hammers a heel onto a boot.",
    "Two goats climb onto a parked van.",
    "Rain drips from a striped awning.",
    "The camera pans from the harbour to a lighthouse.",
    'A sign above the counter reads "Fresh bread".',
    "A girl with a kite runs along the dyke until the line snaps.",
    "Smoke drifts past three chimneys.",
]  # fmt: skip


class Says(Check):
    """Finds a word wherever it is, and can cut it, or its sentence, or nothing."""

    def __init__(self, name: str, word: str, cut: str = "") -> None:
        self.name = name  # type: ignore[misc]
        self._word, self._cut = word, cut

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        start = text.raw.find(self._word)
        if start < 0:
            return
        end = start + len(self._word)
        cut = {"": None, "word": ((start, end, ""),), "more": ((start, end, ""), (end, end, " And more bad words."))}
        yield Finding(check=self.name, start=start, end=end, what="it says so", cut=cut[self._cut])


class Long(Check):
    name = "long"
    limits = {"letters": 10, "min_letters": 3}  # noqa: RUF012

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        for measure in self.limits:
            yield Finding(check="long", start=0, end=0, what="", measure=measure, value=len(text.raw))


# ---------------------------------------------------------------------------------- choosing


def test_names_choose_checks() -> None:
    assert only("repeats", "empty").on == ("empty", "repeats")
    with pytest.raises(UserError, match=r"'repeat'.*'repeats'"):
        Checks.chosen(on=("repeat",))
    with pytest.raises(UserError, match="on and off"):
        Checks.chosen(on=("repeats",), off=("repeats",))
    with pytest.raises(UserError, match=r"'phrases'.*'phrase_times'"):
        Checks.chosen(off=("all",), on=("repeats",), limits={"repeats": {"phrases": 3}})
    with pytest.raises(UserError, match="'repeat'"):
        Checks.chosen(limits={"repeat": {"phrase_times": 3}})


def test_what_was_chosen_can_be_sent_to_another_process() -> None:
    checks = Checks.chosen(off=("all",), on=MINE, limits={"repeats": {"word_times": 9}})
    sent = pickle.loads(pickle.dumps(checks))
    assert sent.on == checks.on and sent.limits == checks.limits


# ---------------------------------------------------------------------------------- limits


@pytest.mark.parametrize(("letters", "fault"), [(2, True), (3, False), (9, False), (10, True)])
def test_a_value_at_a_limit_is_a_fault_and_below_a_least_one(letters: int, fault: bool) -> None:
    assert bool(Checks([Long()]).look("x" * letters, Circumstances())) == fault


def test_limits_judge_finished_findings_again() -> None:
    """What was measured once is judged by any limits, without the text."""
    findings = Checks([Long()]).measured("x" * 20, Circumstances())
    stricter, milder = ({"long": {"letters": letters}} for letters in (20, 21))
    assert len(Checks([Long()], stricter).judged(findings)) == 1
    assert len(Checks([Long()], milder).judged(findings)) == 0
    assert Checks([]).judged(findings) == ()


# ---------------------------------------------------------------------------------- silence


def test_refusing_silences_everything_else() -> None:
    checks = Checks([Says("refusal", "sorry"), Says("mood", "dreamy")])
    assert checks.flags(checks.look("A dreamy day, sorry.", Circumstances())) == ("refusal",)
    assert checks.flags(checks.look("A dreamy day.", Circumstances())) == ("mood",)


@pytest.mark.parametrize("claims", ["prompt_echo", "boilerplate_opening", "boilerplate_ending"])
@pytest.mark.parametrize("left", ["frame_talk", "negation_filler", "meta_answer"])
def test_what_is_claimed_is_not_judged_again(claims: str, left: str) -> None:
    checks = Checks([Says(claims, "The last frame shows no"), Says(left, "last frame"), Says("mood", "last frame")])
    text = "The last frame shows no dog."
    assert checks.flags(checks.look(text, Circumstances())) == (claims, "mood")
    elsewhere = Checks([Says(claims, "dog"), Says(left, "last frame")])
    assert elsewhere.flags(elsewhere.look(text, Circumstances())) == (claims, left)


def test_faults_come_in_the_order_of_their_places_and_flags_in_that_of_the_checks() -> None:
    checks = Checks([Says("one", "dog"), Says("two", "A")])
    faults = checks.look("A dog.", Circumstances())
    assert [fault.check for fault in faults] == ["two", "one"]
    assert checks.flags((*faults, *faults)) == ("one", "two")


# ---------------------------------------------------------------------------------- mending


@pytest.mark.parametrize(
    ("text", "checks"),
    [
        ("A small bad dog runs.", [Says("one", "bad ", "word"), Says("two", "small dog")]),  # a new fault
        ("A dog runs, bad.", [Says("one", ", bad.", "word")]),  # no full stop any more
        ("Bad dogs run past.", [Says("one", "Bad ", "word")]),  # begins in small letters
        ("A dog, bad, runs.", [Says("one", "bad", "word")]),  # a gap
        ("A dog and a bad.", [Says("one", " bad", "word")]),  # dangles
        ("A bad dog.", [Says("one", "bad ", "word")]),  # too few words
        ("Bad.", [Says("one", "Bad.", "word")]),  # nothing
    ],
)
def test_a_strip_that_would_do_harm_is_not_made(text: str, checks: list[Check]) -> None:
    made = Checks(checks).mended(text, Circumstances(min_words=3))
    assert (made.text, made.cut) == (text, ()) and made.left


def test_strips_before_and_after_a_harmful_one_are_made() -> None:
    harmful = [Says("one", "bad ", "word"), Says("two", "small dog")]
    made = Checks([*harmful, Says("three", " daily", "word")]).mended("A small bad dog runs daily.", Circumstances())
    assert (made.text, made.cut) == ("A small bad dog runs.", ("three",))


def test_a_strip_is_undone_if_what_it_brought_to_light_cannot_be_cut() -> None:
    checks = Checks([Says("one", "small ", "word"), Says("two", " bad dog", "word")])
    made = checks.mended("A bad small dog.", Circumstances(min_words=3))
    assert (made.text, made.cut) == ("A bad small dog.", ())


def test_a_strip_may_bring_another_to_light() -> None:
    """What is taken out of JSON may be truncated; both are cut, or neither."""
    text = json_of("A cobbler hammers a heel onto a boot. He lifts it and the")
    checks = only("markup", "truncated")
    made = checks.mended(text, Circumstances(min_words=5))
    assert made.text == "A cobbler hammers a heel onto a boot." and made.left == ()
    assert made.cut == ("truncated", "markup")


def json_of(caption: str) -> str:
    return json.dumps({"caption": caption})


def test_what_json_hid_is_left_to_be_asked_about() -> None:
    caption = "A drummer hits hits hits hits the snare."
    made = only("markup", "repeats").mended(json_of(caption), Circumstances())
    assert (made.text, [fault.check for fault in made.left]) == (caption, ["repeats"])


def test_strips_that_undo_each_other_end() -> None:
    class Swaps(Check):
        name = "swaps"

        def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
            other = "A cat runs." if text.raw == "A dog runs." else "A dog runs."
            whole = (0, len(text.raw))
            yield Finding(check="swaps", start=0, end=whole[1], what="", cut=((*whole, other),))

    made = Checks([Swaps()]).mended("A dog runs.", Circumstances(min_words=1))
    assert made.text == "A cat runs." and made.left


def test_a_trigger_is_put_before_what_is_left() -> None:
    made = only("markup", "missing_trigger").mended("**Two goats** climb a van.", Circumstances(trigger=("zed",)))
    assert (made.text, made.cut, made.left) == ("zed, Two goats climb a van.", ("markup", "missing_trigger"), ())


def test_a_trigger_hides_no_opening() -> None:
    class Opens(Check):
        name = "opens"

        def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
            if text.raw.startswith("Well, t"):
                yield Finding(check="opens", start=0, end=5, what="", cut=((0, 7, "T"),))

    trigger = registry.load("checks", "missing_trigger")()
    made = Checks([trigger, Opens()]).mended("Well, two goats climb a van.", Circumstances(trigger=("zed",)))
    assert (made.text, made.left) == ("zed, Two goats climb a van.", ())


def test_a_text_that_ends_well_at_the_limit_is_cut_by_nothing() -> None:
    made = only("truncated").mended(SENTENCES[0], Circumstances(finish_reason="length"))
    assert (made.text, made.cut, made.left) == (SENTENCES[0], ("truncated",), ())


WRAPPED = st.sampled_from(
    [
        json_of,
        lambda text: f"**{text}**",
        lambda text: f"{text}<|im_end|>",
        lambda text: f"Assistant: {text}",
        lambda text: text.replace("A ", "A\x00 ", 1) + "\x07",
        lambda text: text.replace("o", "\\u006f", 1),
    ]
)
PLAIN = st.lists(st.sampled_from(SENTENCES), min_size=3, max_size=6, unique=True).map(" ".join)


STOPPED = [" He looks up and", ' He reads "Fresh" and', " He opens the café and"]


@pytest.mark.parametrize("stopped", [*STOPPED, " He looks up and\x07", " He reads\nthe"])
def test_json_that_is_cut_off_is_taken_out_and_cut_however_it_spells_the_end(stopped: str) -> None:
    text = " ".join(SENTENCES[:4])
    made = only(*MINE).mended(json_of(text + stopped), Circumstances())
    assert (made.text, made.left) == (text, ())


@settings(max_examples=50, deadline=None)
@given(PLAIN, st.booleans(), st.sampled_from(["", *STOPPED]), st.lists(WRAPPED, max_size=3, unique=True))
def test_mending_leaves_whole_sentences_and_nothing_to_cut(text: str, loops: bool, stopped: str, wraps: list) -> None:  # type: ignore[type-arg]
    checks, of = only(*MINE), Circumstances()
    assert checks.look(text, of) == ()
    wrong = text + f" {SENTENCES[0]} {SENTENCES[0]}" * loops + stopped
    for wrap in wraps:
        wrong = wrap(wrong)
    made = checks.mended(wrong, of)
    if not checks.look(wrong, of):
        assert made.text == wrong == text
    assert [fault for fault in made.left if fault.cut is not None] == []
    assert {made.text[start:end] for start, end in Text(made.text).sentences} <= set(SENTENCES)


@settings(max_examples=50, deadline=None)
@given(st.text(st.one_of(st.characters(), st.sampled_from(' "*_<>{}\\n.,#`&;[]()：。“”')), max_size=120))
def test_mending_any_text_ends_and_does_not_go_on_when_repeated(raw: str) -> None:
    checks = only(*MINE)
    of = Circumstances(min_words=1, trigger=("zed",), forbid=("dog",))
    made = checks.mended(raw, of)
    assert checks.mended(made.text, of).text == made.text
    if not checks.look(raw, of):
        assert made.text == raw
