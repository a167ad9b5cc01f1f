"""Knows the wordings of prompts for notes of other kinds than frame captions, and of the wishes behind a prompt.

Knows nothing of what the notes say. As with frame captions the wording does not matter, except for the words
"In this video", the number of words in a wish, and that a caption is to be written again.
"""

from __future__ import annotations

import random

from prompts import LEAD_REQUESTS, PROMPT_FOLDER, SUMMARY_ENDINGS, SUMMARY_OPENINGS, salad

from framescribe.demo.told import LONG_WORDS, SHORT_WORDS

HOUSE = {
    name: (PROMPT_FOLDER / f"{name}-summary.txt").read_text(encoding="utf-8").strip()
    for name in ("steps", "structured", "segments")
}
HOUSE_LENGTH = (PROMPT_FOLDER / "length.txt").read_text(encoding="utf-8").strip()

LENGTH_PROMPTS = (
    "Shorten this caption to at most {words} words:\n\n{text}",
    "{text}\n\nRewrite this caption in {words} words or fewer.",
    "Write the following caption again, in no more than {words} words: {text}",
    "Here is a caption: {text}\nMake it shorter: {words} words at most. Answer with the caption only.",
    "Condense the caption below to {words} words.\n{text}",
    "Caption: {text}\n\nWrite a shorter version of it with at most {words} words. Change no fact.",
    "Say the same again in at most {words} words.\n\n{text}",
    "This is the caption of a video clip:\n{text}\nShorten it. Use at most {words} words and add nothing.",
    "Here is a caption of a video:\n\n{text}\n\nIt is too long. Write it again in {words} words.",
    "Rewrite it so that it has at most {words} words, and keep what matters most:\n{text}",
)
NUMBER_WISHES = (
    "Write about {n} words.",
    "Use about {n} words.",
    "Write at most {n} words.",
    "Use at most {n} words.",
    "Use no more than {n} words.",
    "Write {n} words at most.",
    "Keep it within {n} words.",
    "Keep the caption below {n} words.",
    "The caption should have about {n} words.",
    "The caption has at most {n} words.",
    "Write a caption of about {n} words.",
    "Write a caption of at most {n} words.",
    "Write roughly {n} words.",
    "Limit the caption to {n} words.",
    "Answer in {n} words or fewer.",
    "Make it about {n} words long.",
    "Aim for {n} words.",
    "Write between {n} and {more} words.",
    "Write {n} to {more} words.",
)
CLEAR_WISHES = (
    *("Write about {n} words.", "Use at most {n} words.", "Write at most {n} words.", "Write at least {n} words."),
    "Write about {n} words. Write at most {more} words.",
    "Write at least {n} and at most {more} words.",
    "Write at least {n} words: say more of what can be seen.",
    "Be brief: use at most {n} words, and end with a complete sentence.",
)
CLEAR_LENGTHS = (
    HOUSE_LENGTH,
    "Shorten this text to at most {words} words, in its own language. Keep its facts and their order, drop what "
    "matters least, add nothing. Write only the shorter text.\n\n{text}",
    *LENGTH_PROMPTS[:3],
)
OTHER_WISHES = (
    "Write in English.",
    "Write in the present tense.",
    "Write one paragraph.",
    "Write plain sentences.",
    "Write only the caption.",
    "Name the main subject first.",
    "Do not name the camera.",
    "Do not speak of the background.",
    "The man is called Peter.",
    "Note: the woman in the red coat is called Anna.",
    "The clip was filmed in Rome in 1998.",
    "The place is a harbour.",
    "Say how the camera moves.",
    "Begin with the subject.",
    "Keep to what can be seen.",
    "State no mood.",
)
_WORD_WISHES = (
    'Do not use the word "{word}".',
    "Do not use the words {word} and {other}.",
    "Do not write “{word}”.",
    'Avoid these words: "{word}", "{other}".',
    'Use the word "{word}".',
    "Mention the {word}.",
    "Never write {word}, {other} or anything like them.",
    "It is called {word}.",
)
_WORDS = (
    *("video", "frame", "image", "scene", "shape", "object", "captures", "showcases", "depicts", "suggests", "cat"),
    *("dog", "girl", "lamp", "red", "blue", "green", "circle", "star", "background", "camera", "seems", "ohwx", "zxc"),
)


def other_wishes(rng: random.Random, count: int) -> list[str]:
    """Wishes that name no length and change nothing in the answer."""
    wishes = []
    for _ in range(count):
        kind, (word, other) = rng.random(), rng.sample(_WORDS, 2)
        if kind < 0.4:
            wishes.append(rng.choice(OTHER_WISHES))
        elif kind < 0.8:
            wishes.append(rng.choice(_WORD_WISHES).format(word=word, other=other))
        else:
            wishes.append(salad(rng, rng.randint(3, 9)))
    return wishes


def wishes(rng: random.Random, *, long: bool) -> str:
    """Sentences to put behind a prompt, with the blank line before them: with `long`, one of them asks for a long
    caption; without, one of them may name a smaller number of words."""
    said = other_wishes(rng, rng.choice((0, 0, 1, 2) if long else (0, 1, 1, 2)))
    if long or not said or rng.random() < 0.6:
        if long:
            n = rng.choice((LONG_WORDS, 80, 100, 120, 150, rng.randint(LONG_WORDS, 99), rng.randint(100, 400)))
            more = n + rng.randint(5, 100)
        else:
            n = rng.choice((10, 20, 30, 40, 50, rng.randint(3, LONG_WORDS - 2)))
            more = rng.randint(n + 1, LONG_WORDS - 1)
        said.append(rng.choice(NUMBER_WISHES).format(n=n, more=more))
    if rng.random() < 0.1:
        said.append(rng.choice(LEAD_REQUESTS[:-1]))
    rng.shuffle(said)
    return "\n\n" + rng.choice((" ", " ", "\n")).join(said)


def notes_prompt(rng: random.Random, kind: str, notes: str) -> tuple[str, int, int]:
    """A prompt that asks for the caption of a clip from such notes: the text, and where the notes begin and end."""
    chance = rng.random()
    if chance < 0.4:
        template = HOUSE[kind]
    else:
        opening = rng.choice(SUMMARY_OPENINGS) if chance < 0.65 else salad(rng, rng.randint(3, 20))
        ending = rng.choice(SUMMARY_ENDINGS) if rng.random() < 0.8 else salad(rng, rng.randint(2, 10))
        parts = [opening, "{captions}", ending]
        if rng.random() < 0.15:  # the notes come first
            parts = ["{captions}", opening, ending]
        if rng.random() < 0.4:
            parts.insert(rng.choice((1, len(parts))), rng.choice(LEAD_REQUESTS))
        template = rng.choice(("\n", "\n\n")).join(part for part in parts if part)
    return _filled(template, "{captions}", notes)


def clear_wish(rng: random.Random, *, long: bool) -> str:
    """One sentence or two about the number of words, with the blank line before them."""
    n = rng.randint(LONG_WORDS, 300) if long else rng.randint(5, LONG_WORDS - 2)
    more = n + rng.randint(5, 100) if long else rng.randint(n + 1, LONG_WORDS - 1)
    language = rng.choice(("", "", " Write in English."))
    return "\n\n" + rng.choice(CLEAR_WISHES).format(n=n, more=more) + language


def length_prompt(rng: random.Random, caption: str, words: int, *, clear: bool = False) -> tuple[str, int, int]:
    """A prompt that asks for the caption in at most so many words: the text, and where the caption begins and ends."""
    if clear:
        return _filled(rng.choice(CLEAR_LENGTHS).replace("{words}", str(words)), "{text}", caption)
    template = HOUSE_LENGTH if rng.random() < 0.6 else rng.choice(LENGTH_PROMPTS)
    if rng.random() < 0.2:
        template += "\n\n" + " ".join(other_wishes(rng, rng.choice((1, 1, 2))))
    return _filled(template.replace("{words}", str(words)), "{text}", caption)


def some_words(rng: random.Random, *, short: bool) -> int:
    """How many words a caption is to have at most when it is written again."""
    if short:
        return rng.choice((10, 15, SHORT_WORDS, rng.randint(3, SHORT_WORDS)))
    return rng.choice((30, 40, 50, LONG_WORDS, rng.randint(SHORT_WORDS + 1, LONG_WORDS), rng.randint(LONG_WORDS, 200)))


def _filled(template: str, name: str, value: str) -> tuple[str, int, int]:
    before, _, after = template.partition(name)
    return before + value + after, len(before), len(before) + len(value)
