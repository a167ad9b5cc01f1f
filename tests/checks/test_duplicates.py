"""Texts that say the same are found however many there are, and only those: everything is compared with everything
else here, plainly, to know."""

from __future__ import annotations

import random
import re
import tracemalloc
from collections.abc import Sequence
from itertools import combinations, pairwise

import pytest

from framescribe.checks.duplicates import Duplicates

VOCABULARY = [
    "".join(random.Random(number).choices("abcdefghijklmnoprstuvw", k=2 + number % 8)) for number in range(4000)
]


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall("[a-z0-9]+", text.lower())
    return {tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))}


def likeness(one: str, other: str) -> float:
    a, b = shingles(one), shingles(other)
    return len(a & b) / len(a | b)


def alike(texts: Sequence[str], limit: float = 0.6) -> dict[int, dict[int, float]]:
    """Of each text that has one, every other one that is alike, and how much: each is compared with each."""
    found: dict[int, dict[int, float]] = {}
    sets = list(map(shingles, texts))
    for (one, a), (other, b) in combinations(enumerate(sets), 2):
        common = len(a & b)
        if common and common >= limit * (len(a) + len(b) - common):
            for here, there in ((one, other), (other, one)):
                found.setdefault(here, {})[there] = common / (len(a) + len(b) - common)
    return found


def said(texts: Sequence[str], limit: float = 0.6) -> dict[int, tuple[int, float]]:
    """What `Duplicates` says of the texts, by their numbers."""
    duplicates = Duplicates[int](limit)
    for number, text in enumerate(texts):
        duplicates.add(number, text)
    return {twin.key: (twin.other, twin.likeness) for twin in duplicates.twins()}


def of(*texts: str) -> list[list[int]]:
    """The groups among the texts, by their numbers."""
    duplicates = Duplicates[int]()
    for number, text in enumerate(texts):
        duplicates.add(number, text)
    return duplicates.groups()


def made_up(chance: random.Random, length: int) -> list[str]:
    return chance.choices(VOCABULARY, [1 / (rank + 3) for rank in range(len(VOCABULARY))], k=length)


def exchanged(chance: random.Random, words: Sequence[str], count: int) -> list[str]:
    changed = list(words)
    for at in chance.sample(range(len(words)), count):
        changed[at] = chance.choice(VOCABULARY)
    return changed


# --- what is alike ---


def test_capital_letters_and_punctuation_make_no_difference() -> None:
    assert of("A goat climbs a shed.", "a goat, climbs a SHED!", "A goat climbs a fence.") == [[0, 1]]
    assert of("A red-haired girl waves.", "A red haired girl waves") == [[0, 1]]
    assert of("Ein Mädchen läuft über die STRASSE.", "ein mädchen läuft über die Straße") == [[0, 1]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Two birds.", "two birds"),
        ("Birds", "birds!"),
        ("鸟", "鸟。"),
    ],
)
def test_short_captions_are_duplicates_only_if_they_are_the_same(one: str, other: str) -> None:
    assert of(one, other) == [[0, 1]]
    assert of(one, f"{other} fly", f"{other} {other}", f"{other} two", f"{other} two two") == []


def test_one_word_in_thirty_makes_a_duplicate() -> None:
    words = made_up(random.Random(3), 30)
    one, other = " ".join(words), " ".join([*words[:14], "otherwise", *words[15:]])
    assert likeness(one, other) == 25 / 31
    assert said([one, other]) == {0: (1, 25 / 31), 1: (0, 25 / 31)}


def test_a_shared_opening_or_subject_is_not_enough() -> None:
    assert not of(
        "A woman in a yellow raincoat stands on a pier and throws a paper boat into the water below.",
        "A woman in a yellow raincoat stands on a pier and opens an umbrella against the wind.",
        "On a pier, a woman in a yellow raincoat ties her shoes while gulls circle overhead.",
        "A paper boat floats past the legs of a pier and sinks.",
    )


def test_scripts_without_spaces_are_compared_by_three_characters() -> None:
    one = "一只橘猫从厨房的桌子上跳下来，走到窗边看外面的雨。"
    assert of(one, "一只橘猫从厨房的桌子上跳下来，走到窗边看外面的雪！") == [[0, 1]]
    assert of(one, "一只橘猫在花园里追着自己的影子，跑过一片草地。") == []
    assert of(
        "猫がキッチンの机から飛び降りて窓辺へ歩いていく。", "猫がキッチンの机から飛び降りて窓辺へ歩いていった"
    ) == [[0, 1]]
    letters = re.sub("[，。]", "", one)
    others = letters.replace("厨房", "客厅")
    a, b = ({text[at : at + 3] for at in range(len(text) - 2)} for text in (letters, others))
    assert said([one, others])[0] == (1, len(a & b) / len(a | b))


def test_vowel_signs_are_letters() -> None:
    assert of("एक लड़की पानी पीती है", "एक लड़का पानी पीता है") == []
    assert of("एक लड़की पानी पीती है", "एक लड़की पानी पीती है।") == [[0, 1]]


def test_what_says_nothing_is_nobodys_twin() -> None:
    assert of("", "", "...", "—", "🙂", "🙂", " \n") == []


def test_lone_surrogates_are_no_letters() -> None:
    assert of("A dog \ud800 runs home.", "a dog \ud800 runs home", "A dog runs home.") == [[0, 1, 2]]


def test_only_texts_of_one_set_are_compared() -> None:
    duplicates = Duplicates[str]()
    for key, among in (("a", "one"), ("b", "two"), ("c", "one"), ("d", "")):
        duplicates.add(key, "A kite rises over the beach and pulls a boy behind it.", among)
    assert duplicates.groups() == [["a", "c"]]


def test_groups_hold_all_that_are_alike_by_way_of_others() -> None:
    words = made_up(random.Random(5), 60)
    steps = [words]
    for at in (8, 22, 36, 50):
        steps.append([*steps[-1][: at - 2], "here", "and", "there", *steps[-1][at + 1 :]])
    texts = [" ".join(each) for each in steps]
    assert likeness(texts[0], texts[4]) < 0.6 <= min(likeness(*pair) for pair in pairwise(texts))
    assert of("Something else altogether happens here.", *texts, texts[1].upper()) == [[1, 2, 3, 4, 5, 6]]


def test_nothing_was_added() -> None:
    assert of() == [] and said([]) == {} and said(["A single caption."]) == {}


# --- against the plain comparison of each with each ---


@pytest.mark.parametrize(("limit", "seed"), [(0.6, 1), (0.6, 2), (0.4, 3), (0.8, 4), (1.0, 5)])
def test_two_thousand_captions_as_if_each_were_compared_with_each(limit: float, seed: int) -> None:
    chance, texts = random.Random(seed), list[list[str]]()
    while len(texts) < 2000:
        words = made_up(chance, chance.randint(4, 90))
        texts.append(words)
        for _ in range(chance.choice((0, 0, 0, 1, 3))):
            texts.append(exchanged(chance, words, chance.randint(0, max(1, len(words) // 7))))
        if chance.random() < 0.2:  # goes on otherwise
            texts.append([*words[: len(words) * 3 // 4], *made_up(chance, len(words) // 4)])
    chance.shuffle(texts)
    captions = [" ".join(words) for words in texts]
    truth, found = alike(captions, limit), said(captions, limit)
    assert len(truth) > 250
    assert set(found) <= set(truth)
    assert len(set(truth) - set(found)) <= 0.005 * len(truth)
    assert all(how == pytest.approx(truth[one][other]) for one, (other, how) in found.items())


def test_pairs_that_are_only_just_alike_are_found() -> None:
    chance, texts = random.Random(11), list[str]()
    while len(texts) < 4000:
        one = " ".join(chance.choices(VOCABULARY, k=40))
        other = " ".join(exchanged(chance, one.split(), 3))
        if 0.6 <= likeness(one, other) < 0.63:
            texts += [one, other]
    found = said(texts)
    assert all(found[one][0] == one ^ 1 for one in found)
    assert len(found) >= 0.995 * len(texts)


def test_pairs_that_are_not_quite_alike_are_not() -> None:
    chance, texts = random.Random(12), list[str]()
    while len(texts) < 1000:
        one = " ".join(chance.choices(VOCABULARY, k=40))
        other = " ".join(exchanged(chance, one.split(), 4))
        if 0.5 <= likeness(one, other) < 0.6:
            texts += [one, other]
    assert said(texts) == {}


def test_thousands_that_are_alike_are_one_group() -> None:
    """Far more than are compared with one another."""
    chance = random.Random(13)
    words = made_up(chance, 50)
    texts = [" ".join(exchanged(chance, words, 2)) for _ in range(3000)]
    others = [" ".join(made_up(chance, 50)) for _ in range(500)]
    assert of(*others, *texts) == [list(range(500, 3500))]


def test_pairs_are_found_in_a_crowd_with_the_same_opening() -> None:
    """Of short texts that share so much, many more fall into one band than are compared with one another."""
    chance, count = random.Random(3), 600
    texts = [["a", "man", "in", "a", "red", "coat", *chance.choices(VOCABULARY[:3000], k=4)] for _ in range(6000)]
    texts += [[*texts[at][:-2], *chance.choices(VOCABULARY, k=2)] for at in chance.sample(range(6000), count)]
    chance.shuffle(texts)
    captions = [" ".join(words) for words in texts]
    found = said(captions)
    assert len(found) >= 0.995 * 2 * count  # six groups of words of ten: just 60 % of each pair
    assert all(likeness(captions[one], captions[other]) == how >= 0.6 for one, (other, how) in found.items())


def test_the_most_alike_is_named() -> None:
    words = made_up(random.Random(6), 40)
    text = " ".join(words)
    near, far = " ".join([*words[:-2], "otherwise"]), " ".join([*words[:-9], "otherwise"])
    assert {one: other for one, (other, _) in said([far, text, text.upper() + "!", near]).items()} == {
        **{0: 3, 1: 2, 2: 1},
        3: 1,
    }


def test_memory_does_not_grow_with_the_length_of_the_texts() -> None:
    chance, count = random.Random(14), 4096
    words = made_up(chance, 20_000)
    duplicates = Duplicates[int]()
    tracemalloc.start()
    try:
        for number in range(count):
            at = chance.randrange(19_000)
            duplicates.add(number, " ".join(words[at : at + 300]))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 350 * count  # the texts alone are 1,500 bytes each
    assert len(list(duplicates.twins())) == count
