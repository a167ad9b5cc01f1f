"""Captions are fitted as asked: what is put before, for and after their words, and where they end."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe.dataset.fit import Fit, Fitted, Fitter
from framescribe.errors import UserError

LLM = Path(__file__).parent.parent / "src/framescribe/demo/checkpoints/shapes-llm"


def fitted(text: str, *, newlines: bool = True, **fit: Any) -> Fitted:
    return Fitter(Fit(**fit), newlines=newlines, tokens=None).fit(text)


def test_by_default_only_blanks_at_the_ends_go() -> None:
    text = "  The video shows  a man.\nHe says: “No.”  \t"
    assert fitted(text) == Fitted(text.strip())
    assert fitted(" \n ") == Fitted("")


def test_an_empty_caption_stays_empty() -> None:
    assert fitted(" ", trigger="ohwx dog", prefix="a", suffix="b") == Fitted("")


# Openings. What models begin with, what is left, and what only sounds like it.
DROPPED = [
    ("The video shows a dog running.", "A dog running."),
    ("This clip presents a goat on a roof.", "A goat on a roof."),
    ("The footage captures two boats. They race.", "Two boats. They race."),
    ("In this video, a man walks home.", "A man walks home."),
    ("in the video clip, rain falls", "Rain falls"),
    ("In this video we see a dog.", "A dog."),
    ("This is a video of a dog.", "A dog."),
    ("A short clip of two cats playing.", "Two cats playing."),
    ("This is a wide shot of a street.", "A wide shot of a street."),
    ("The clip begins with a close-up of a bee.", "A close-up of a bee."),
    ("The animation appears to be a view of a city.", "A view of a city."),
    ("Sure, here is a caption: A dog runs.", "A dog runs."),
    ("Sure, here is a dog.", "A dog."),
    ("Certainly! Here's a description of the video:\n\nThe video shows a cat.", "A cat."),
    ("Caption: a dog runs", "A dog runs"),
    ('**Caption:** "A dog runs."', "A dog runs."),
    ("The video showcases iPhone cases.", "iPhone cases."),
    ("The video shows “No” on a sign.", "“No” on a sign."),
    ("视频展示了一只狗在草地上奔跑。", "一只狗在草地上奔跑。"),
    ("在这段视频中，一个人走路。", "一个人走路。"),
]
NOT_DROPPED = [
    "The video store closes at nine.",
    "A video of a goal is replayed on the stadium screen.",
    "Aerial view of a lake.",
    "Dashcam footage of a crash.",
    "A claymation scene with two foxes.",
    "A slow-motion video of a splash.",
    "Subject: a dog. Action: it runs.",
    "The video shows how to tie a knot.",
    "The video shows that water is wet.",
    "This video was filmed in Rome.",
    "The video begins with a man entering and ends with him leaving.",
    "The clip shows a cat, then cuts to a dog.",
    "The image is a bit dark.",
    "The scene opens.",
    "The video shows",
    "The clip holds her hair.",
    "The scene shifts to a kitchen.",
    "Sure-footed goats climb.",
    "This is a dog.",
    "Videos show dogs.",
    "视频展示了如何做饭。",
]


@pytest.mark.parametrize(("text", "left"), DROPPED)
def test_what_announces_the_video_is_dropped(text: str, left: str) -> None:
    assert fitted(text, drop_opening=True) == Fitted(left, ("opening",))


@pytest.mark.parametrize("text", NOT_DROPPED)
def test_what_only_sounds_like_it_stays(text: str) -> None:
    assert fitted(text, drop_opening=True) == Fitted(text)


def test_a_trigger_gets_no_capital() -> None:
    assert fitted("The video shows ohwx dog.", drop_opening=True, trigger="ohwx dog").text == "ohwx dog."


# Line breaks.
@pytest.mark.parametrize("line", ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"])
def test_any_line_break_becomes_a_space(line: str) -> None:
    assert fitted(f"a {line} {line}\tb{line}c{line}", newlines=False) == Fitted("a b c", ("newlines",))


def test_line_breaks_stay_where_the_format_holds_them() -> None:
    assert fitted("a\n\nb").text == "a\n\nb"
    assert fitted("a\n\nb", on_newline="space").text == "a b"


def test_line_breaks_are_refused_row_by_row() -> None:
    fitter = Fitter(Fit(on_newline="refuse", trigger="x"), newlines=True, tokens=None)
    assert fitter.fit("a\nb").refused is not None
    assert fitter.fit("a b\n") == Fitted("x, a b", ("triggered",))


# Words put for others.
@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("A man and a Man.", "A ohwx man and a ohwx man."),
        ("The man's hat, the man’s hat", "The ohwx man's hat, the ohwx man’s hat"),
        ("the 'man' (man) “man” man—man", "the 'ohwx man' (ohwx man) “ohwx man” ohwx man—ohwx man"),
        (
            "Manchester, woman, man-made, human_man, mán, man\u0301",
            "Manchester, woman, man-made, human_man, mán, man\u0301",
        ),
        ("an OHWX  Man and a man", "an OHWX  Man and a ohwx man"),
        ("一个man在走", "一个ohwx man在走"),
    ],
)
def test_whole_words_are_replaced_once(text: str, becomes: str) -> None:
    once = fitted(text, replace={"man": "ohwx man"})
    assert once.text == becomes
    assert once.done == (("replaced",) if becomes != text else ())
    assert fitted(becomes, replace={"man": "ohwx man"}).text == becomes


@pytest.mark.parametrize(
    ("replace", "text", "becomes"),
    [
        ({"man": "ohwx man", "woman": "sks man"}, "a man and a woman", "a ohwx man and a sks man"),
        ({"cat": "dog", "dog": "cat"}, "a cat chases a dog", "a dog chases a cat"),
        ({"dog": "x", "brown dog": "y"}, "a brown dog, a dog", "a y, a x"),
        ({"brown dog": "rex"}, "a brown\n dog", "a rex"),
        ({"can": "tin"}, "he can't can a can", "he can't tin a tin"),
        ({"狗": "旺财"}, "一只狗在跑，狗叫。", "一只旺财在跑，旺财叫。"),
        ({"Straße": "road"}, "die STRASSE, die straße", "die STRASSE, die road"),
        ({"caf\u00e9": "bar"}, "a cafe\u0301", "a bar"),
        ({"собака": "ohwx"}, "Собака и собаками", "ohwx и собаками"),
        ({"की": "x"}, "लड़की की", "लड़की x"),
        ({"C++": "Rust"}, "C++ code", "Rust code"),
        ({r"\1": r"\g<0>"}, r"a \1", r"a \g<0>"),
    ],
)
def test_several_are_replaced_at_the_same_time(replace: dict[str, str], text: str, becomes: str) -> None:
    assert fitted(text, replace=replace).text == becomes


# The trigger.
@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("A brown dog runs.", "ohwx dog, A brown dog runs."),
        ("Near OHWX dog's bowl", "Near OHWX dog's bowl"),
        ("ohwx dog, it runs", "ohwx dog, it runs"),
        ("the ohwx old dog", "ohwx dog, the ohwx old dog"),
        ("ohwx doghouse", "ohwx dog, ohwx doghouse"),
        ("fohwx dog", "ohwx dog, fohwx dog"),
        ("ohwx dog-like", "ohwx dog, ohwx dog-like"),
        ("一只ohwx dog在跑", "一只ohwx dog在跑"),
    ],
)
def test_the_trigger_is_there_once(text: str, becomes: str) -> None:
    assert fitted(text, trigger=" ohwx dog ") == Fitted(becomes, ("triggered",) if becomes != text else ())


def test_a_trigger_that_a_replacement_brings_is_not_put_again() -> None:
    assert fitted("a dog", trigger="ohwx dog", replace={"dog": "ohwx dog"}) == Fitted("a ohwx dog", ("replaced",))
    assert fitted("a dog", trigger="ohwx", prefix="ohwx style:").text == "ohwx style: a dog"


def test_a_trigger_with_its_own_mark_gets_no_comma() -> None:
    assert fitted("a dog", trigger="In ohwx style:").text == "In ohwx style: a dog"
    assert fitted("a dog", trigger="<ohwx>").text == "<ohwx>, a dog"


# Prefix and suffix.
@pytest.mark.parametrize(
    ("prefix", "suffix", "text", "becomes"),
    [
        ("anime style,", "", "a dog", "anime style, a dog"),
        ("anime: ", " -- 4k", "a dog", "anime: a dog -- 4k"),
        ("", ", 4k", "a dog", "a dog, 4k"),
        ("", "4k", "A dog.", "A dog. 4k"),
        ("(", ")", "a dog", "(a dog)"),
        ('"', '"', "a dog", '"a dog"'),
        ("the word", "", '"Go"', 'the word "Go"'),
        ("视频：", "。", "一只狗", "视频：一只狗。"),
        ("动画", "", "一只狗", "动画一只狗"),
        ("  a", "b  ", "x", "a x b"),
    ],
)
def test_prefix_and_suffix_join_as_words_do(prefix: str, suffix: str, text: str, becomes: str) -> None:
    once = fitted(text, prefix=prefix, suffix=suffix).text
    assert once == becomes
    assert fitted(once, prefix=prefix, suffix=suffix).text == becomes


def test_the_prefix_comes_first() -> None:
    assert fitted("a dog", trigger="ohwx", prefix="anime,", suffix=", 4k").text == "anime, ohwx, a dog, 4k"


# Cutting.
@pytest.mark.parametrize(
    ("limit", "text", "becomes"),
    [
        (7, "A dog runs. It stops. It barks twice.", "A dog runs. It stops."),
        (8, "A dog runs. It stops. It barks twice.", "A dog runs. It stops. It barks twice."),
        (3, "Mr. Smith waves at her. He leaves.", "Mr. Smith waves."),
        (2, "Behold Mr. J. K. Rowling. He waves.", "Behold."),
        (4, "See no. 5 go off to bed. Bye.", "See no. 5 go."),
        (3, "It costs 3.5 dollars. Cheap.", "It costs 3.5."),
        (4, "A toy, e.g. a car. It rolls off.", "A toy."),
        (5, "A toy, e.g. a car. It rolls off.", "A toy, e.g. a car."),
        (3, "The U.S. Army marches off. It is raining.", "The U.S. Army."),
        (6, "It is 5 p.m. The sun sets.", "It is 5 p.m."),
        (3, "1. A dog runs off. 2. A cat sleeps.", "1. A dog."),
        (5, "Is it he? Yes! It really is he.", "Is it he? Yes!"),
        (3, 'He says "Go. Now." and leaves. The end.', "He says."),
        (6, 'He says "Go. Now." and leaves. The end.', 'He says "Go. Now." and leaves.'),
        (6, "A brown dog runs, and a cat sleeps.", "A brown dog runs."),
        (7, "A brown dog runs; behind it a cat sleeps", "A brown dog runs"),
        (6, "A brown dog runs across the wide field.", "A brown dog runs."),
        (8, "In town, a brown dog runs past the old church in the rain.", "In town, a brown dog runs."),
        (4, "dog, grass, sun, tree, river", "dog, grass, sun, tree"),
        (3, "1,000 dogs run at 12:30 sharp.", "1,000 dogs run."),
        (3, "A dog (a brown one) runs.", "A dog."),
        (2, "a dog\nA cat\nA bird", "a dog"),
        (4, "一只狗在草地上跑。一只猫在睡觉。", "一只狗在草地上跑。"),
        (4, "一只狗在草地上跑，一只猫在睡觉。", "一只狗在草地上跑。"),
        (3, "一只狗在草地上跑，一只猫在睡觉。", "一只狗在草地。"),
        (2, "一只狗在草地上跑，一只猫在睡觉。", "一只狗。"),
        (1, "antidisestablishmentarianism reigns", "antidisestablishmentarianism"),
    ],
)
def test_a_caption_ends_where_it_may(limit: int, text: str, becomes: str) -> None:
    assert fitted(text, max_words=limit) == Fitted(becomes, ("cut",) if becomes != text else ())


def test_what_is_put_around_stays_whole() -> None:
    once = fitted("A dog runs. A cat sleeps.", trigger="ohwx dog", prefix="anime,", suffix=", 4k", max_words=7)
    assert once == Fitted("anime, ohwx dog, A dog runs., 4k", ("triggered", "cut"))


def test_a_trigger_that_would_be_cut_off_comes_first() -> None:
    once = fitted("A brown dog runs. It is the ohwx dog.", trigger="ohwx dog", max_words=6)
    assert once == Fitted("ohwx dog, A brown dog runs.", ("triggered", "cut"))


def test_a_replacement_is_not_cut_in_two() -> None:
    assert fitted("see the big man go", replace={"man": "ohwx man"}, max_words=4).text == "see the big"


def test_an_opening_kept_for_what_is_cut_off_goes() -> None:
    text = "The video shows a man walking, and ends with him leaving for good."
    assert fitted(text, drop_opening=True, max_words=7).text == "A man walking."


def test_a_word_too_long_is_refused() -> None:
    one = Fitter(Fit(max_tokens=12, tokenizer="t5"), newlines=True, tokens=None).fit("x" * 500 + " y")
    assert one.refused is not None and one.text.startswith("xxx")


def test_a_long_caption_is_cut_to_what_the_real_tokenizer_counts() -> None:
    from tokenizers import Tokenizer

    own = Tokenizer.from_file(str(LLM / "tokenizer.json"))
    text = "A red square moves left. A blue circle stands still, then moves up and left. " * 40
    for limit in (10, 20, 33, 64):
        fitter = Fitter(Fit(max_tokens=limit, tokenizer=str(LLM)), newlines=False, tokens=None)
        once = fitter.fit(text).text
        assert len(own.encode(once).ids) <= limit
        sentences = re.findall(r"[^.]+\.", text)
        longer = once + sentences[once.count(".") % 2]
        assert text.startswith(once) and len(own.encode(longer).ids) > limit
        assert fitter.says == []


# What contradicts itself.
@pytest.mark.parametrize(
    ("fit", "says"),
    [
        ({"trigger": " "}, "--trigger is empty"),
        ({"trigger": "a\nb"}, "--trigger has a line break"),
        ({"replace": {" ": "x"}}, "--replace"),
        ({"replace": {"man": " "}}, "--replace man="),
        ({"replace": {"man": "a", "Man": "b"}}, "twice"),
        ({"max_words": 0}, "--max-words 0"),
        ({"max_tokens": -1, "tokenizer": "t5"}, "--max-tokens -1"),
        ({"max_tokens": 10}, "--tokenizer t5, clip, umt5, llama3 or FOLDER"),
        ({"tokenizer": "t5"}, "give both, or neither"),
        ({"max_tokens": 10, "tokenizer": "nope"}, "nope"),
        ({"max_words": 3, "trigger": "one two", "suffix": "three four"}, "alone are longer"),
        ({"max_tokens": 4, "tokenizer": "clip", "prefix": "a long one, really"}, "alone are longer"),
        ({"prefix": "a\nb"}, "--prefix has a line break"),
        ({"replace": {"a": "b\nc"}}, "--replace has a line break"),
    ],
)
def test_contradictions_are_refused_at_once(fit: dict[str, Any], says: str) -> None:
    with pytest.raises(UserError, match=says):
        Fitter(Fit(**fit), newlines=False, tokens=None)


def test_line_breaks_in_a_prefix_stay_where_they_can() -> None:
    assert fitted("a dog", prefix="anime\n").text == "anime\na dog"


# What is said.
def test_estimates_are_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    fitter = Fitter(Fit(max_tokens=30), newlines=False, tokens=(226, "t5"))
    assert fitter.says == [
        "Tokens are estimated: no tokenizer.json of t5 is on this machine; name a folder that has one, to count exactly"
    ]
    once = fitter.fit("The dog runs to the park. " * 30).text
    assert once in ("The dog runs to the park. " * times + "The dog runs to the park." for times in (0, 1, 2, 3))


def test_captions_longer_than_the_encoder_reads_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    fitter = Fitter(Fit(), newlines=False, tokens=(226, "t5"))
    for words in (10, 100, 400, 500):
        fitter.fit("the dog and " * (words // 3))
    assert fitter.longer == 2
    assert len(fitter.says) == 1 and fitter.says[0].startswith("2 captions are longer than the 226 tokens that")
    assert "as estimated" in fitter.says[0] and "--max-tokens 226" in fitter.says[0]


def test_a_limit_within_what_the_encoder_reads_needs_no_counting() -> None:
    fitter = Fitter(Fit(max_tokens=200, tokenizer="t5"), newlines=False, tokens=(226, "t5"))
    fitter.fit("the dog and " * 200)
    assert fitter.longer == 0


# Whatever the text. The words of these are counted, found and compared here, not by the code under test.
PIECES = """a the dog Dog man's man ohwx runs. stops, and with e.g. Mr. 3.5 U.S. (brown one) “Go.” No! why? it; is – of
    12:30 café 一只狗在跑。 他说：好， naïve very extraordinarily"""
WORDS = st.lists(st.sampled_from([*PIECES.split(), "the\nold"]), min_size=1, max_size=60)
TEXTS = st.one_of(WORDS.map(" ".join), st.text(min_size=1, max_size=80))
FITS: list[dict[str, Any]] = [
    {"max_words": 7},
    {"max_words": 12, "trigger": "ohwx dog"},
    {"max_words": 15, "trigger": "ohwx dog", "replace": {"man": "ohwx man", "dog": "sks dog"}},
    {"max_words": 14, "prefix": "anime,", "suffix": ", 4k", "drop_opening": True, "trigger": "ohwx"},
    {"max_tokens": 25, "tokenizer": "t5", "trigger": "ohwx dog"},
    {"max_tokens": 30, "tokenizer": "clip", "on_newline": "space"},
    {"max_tokens": 40, "tokenizer": str(LLM), "trigger": "ohwx"},
]
FITTERS = [Fitter(Fit(**fit), newlines=True, tokens=None) for fit in FITS]


def words_in(text: str) -> int:
    wide = re.findall(r"[\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff]", text)
    spaced = "".join(" " if letter in wide else letter for letter in text)
    return (len(wide) + 1) // 2 + len([run for run in spaced.split() if any(letter.isalnum() for letter in run)])


@pytest.mark.parametrize("number", range(len(FITS)))
@given(text=TEXTS)
@settings(max_examples=300, deadline=None)
def test_whatever_the_text(number: int, text: str) -> None:
    fit, fitter = FITS[number], FITTERS[number]
    once = fitter.fit(text)
    if once.refused is not None:
        assert fit.get("max_tokens") and len(text) > 5
        return
    assert bool(once.text) == bool(text.strip())
    assert once.text == once.text.strip()
    assert fitter.fit(once.text).text == once.text
    if not once.text:
        return
    if "max_words" in fit:
        assert words_in(once.text) <= fit["max_words"]
    if "trigger" in fit:
        whole = re.compile(r"(?<!\w)" + r"\s+".join(fit["trigger"].split()) + r"(?!\w)", re.IGNORECASE)
        assert whole.search(once.text)
        if not whole.search(text) and "replace" not in fit:
            assert len(whole.findall(once.text)) == 1


@given(words=WORDS, limit=st.integers(3, 40))
@settings(max_examples=300, deadline=None)
def test_what_is_left_is_how_it_began(words: list[str], limit: int) -> None:
    text = " ".join(words)
    once = Fitter(Fit(max_words=limit), newlines=True, tokens=None).fit(text)
    if words_in(text) <= limit:
        assert once == Fitted(text.strip())
    else:
        left = once.text if text.startswith(once.text) else once.text[:-1]
        assert text.startswith(left) and left
        assert once.text[len(left) :] in ("", ".", "。")


@given(
    text=st.text(max_size=60), replace=st.dictionaries(st.sampled_from("ab"), st.sampled_from(["x a", "b y", "a a"]))
)
@settings(max_examples=200, deadline=None)
def test_replacing_twice_is_replacing_once(text: str, replace: dict[str, str]) -> None:
    fitter = Fitter(Fit(replace={"dog": "ohwx dog", **replace}), newlines=True, tokens=None)
    once = fitter.fit(text).text
    assert fitter.fit(once).text == once


# Sizes that are met, and worse.
@pytest.mark.parametrize(
    "piece",
    ["a ", "a", ".", "(", "，", "一", " \n", '"a ', "a. ", "- ", "The video shows ", "'", "Mr. ", "the ", "Caption: "],
)
def test_long_texts_take_no_longer_than_they_are(piece: str) -> None:
    """A search that begins again at each letter would take minutes, or hours."""
    fitter = Fitter(
        Fit(trigger="ohwx dog", replace={"a": "b a"}, drop_opening=True, max_words=60, max_tokens=200, tokenizer="t5"),
        newlines=False,
        tokens=None,
    )
    begun = time.process_time()
    fitter.fit("x " + piece * 100_000)
    fitter.fit(piece * 100_000 + "x")
    assert time.process_time() - begun < 30
