"""What is quoted, where sentences end and how many words there are, whatever the script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescribe.checks.text import Text


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ('A sign says "Exit" and "No 5".', ['"Exit"', '"No 5"']),
        ("A sign says “Exit”.", ["“Exit”"]),
        ("Auf dem Schild steht „Halt“.", ["„Halt“"]),
        ("Elle lit « Le Monde ».", ["« Le Monde »"]),
        ("Er liest »Die Zeit«.", ["»Die Zeit«"]),
        ("牌子上写着“出口”，他在读《红楼梦》。", ["“出口”", "《红楼梦》"]),
        ('牌子上写着"出口"两个字。', ['"出口"']),
        ("看板に「出口」と『注意』がある。", ["「出口」", "『注意』"]),
        ("A badge reads ‘Don’t walk’ in red.", ["‘Don’t walk’"]),
        ("A badge reads 'Don't walk' in red.", ["'Don't walk'"]),
        ("The cats' bowl and the dogs' basket are full.", []),
        ("A '60s van and a '70s bus.", []),
        ("They tell 'em to sit, and the boys' cheers end.", []),
        ('A 24" screen and a 12" one hang side by side.', []),
        ("A 6'2\" man and a 5'1\" girl shake hands.", []),
        ('"A man walks. He sits down."', []),  # the whole caption: a model's own quotation marks
        ("A boy says “Wait", []),
    ],
)
def test_what_is_seen_in_the_clip_is_quoted(text: str, quoted: list[str]) -> None:
    assert [text[start:end] for start, end in Text(text).quoted] == quoted


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("A dog runs. It stops! Why? It sits.", ["A dog runs.", "It stops!", "Why?", "It sits."]),
        ("At 5 p.m. the shop of Mr. Hill closes. He leaves.", ["At 5 p.m. the shop of Mr. Hill closes.", "He leaves."]),
        ('A sign reads "Stop. Go." and sways. A car passes.', ['A sign reads "Stop. Go." and sways.', "A car passes."]),
        ("It costs 3.50 euros. He pays.", ["It costs 3.50 euros.", "He pays."]),
        ("一只狗跑过。它停下！真的？", ["一只狗跑过。", "它停下！", "真的？"]),
        ("कुत्ता दौड़ता है। वह रुकता है।", ["कुत्ता दौड़ता है।", "वह रुकता है।"]),
        ("كلب يركض؟ يتوقف.", ["كلب يركض؟", "يتوقف."]),
        ("A dog runs\nA cat sleeps", ["A dog runs", "A cat sleeps"]),
        ("  A dog runs.  ", ["A dog runs."]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in Text(text).sentences] == sentences


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A dog runs.", 3),
        ("A well-kept dog - a spaniel - runs!", 6),
        ("It is 3.5 m & wide", 5),
        ("一只狗跑过", 3),
        ("一只 dog 跑过", 3),
        ("犬がはしる", 3),
        ("개가 달린다", 2),
        ("... - !", 0),
    ],
)
def test_words_are_runs_between_spaces_and_two_ideographs_are_one(text: str, words: int) -> None:
    assert Text(text).length == words


@given(st.text(st.one_of(st.characters(), st.sampled_from("\"'“”„«»‘’「」《》 .!?\nİß")), max_size=80))
def test_all_places_are_places_in_the_text(raw: str) -> None:
    text = Text(raw)
    assert len(text.plain) == len(text.told) == len(raw)
    ends = [place for span in text.sentences for place in span]
    assert ends == sorted(ends) and all(0 <= end <= len(raw) for end in ends)
    assert "".join(raw[start:end] for start, end in text.sentences).split() == "".join(raw).split() or len(ends) > 2
    assert [word for word, _, _ in text.words] == list(text.tokens)
    assert all(text.told[start:end] == word for word, start, end in text.words)
