"""Knows how a claim is put as a sentence of its own, and as its contrast; finds no claims."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from framescribe.claims import contrasts
from framescribe.claims import words as w
from framescribe.claims.nouns import Phrase, Words, is_plural
from framescribe.claims.verbs import inflected, verb

_OPENING = re.compile(r"^(?:the|this|that|these|those|its|his|her|their|another|each|every|both|all|other|any)\b ?")


@dataclass(slots=True, kw_only=True)
class Named:
    """Whom a clause is about: a noun phrase as it stands in a sentence, and whether there are several."""

    text: str
    plural: bool
    person: bool = False

    @property
    def known(self) -> str:
        """The same, spoken of again: "the large circle"."""
        return re.sub(r"^(?:an?|some|several|many|another) ", "the ", self.text)


@dataclass(slots=True, kw_only=True)
class Done:
    """What somebody does: the verb with its particles, the form in which it stands, and its objects."""

    who: Named
    verb: str
    form: str
    objects: list[str] = field(default_factory=list)

    def text(self, verb_words: str | None = None, *, negative: bool = False) -> str:
        """It as a sentence without its full stop; with another verb if one is given; or that it is not so."""
        said = verb_words or self.verb
        if self.form in ("ing", "past"):
            said = f"{'are' if self.who.plural else 'is'} {said}"
        elif self.form == "to":
            first, _, rest = said.partition(" ")
            said = f"{first if self.who.plural else inflected(first, 's')} {rest}".strip()
        if negative:
            said = contrasts.not_done(said)
        head, *others = said.split(" ")
        objects = " and ".join(self.objects)
        # "puts on a hat", "walks slowly": an object stands behind a particle, and before an adverb.
        adverbs = " ".join(word for word in others if w.is_adverb(word)) if objects else ""
        verb_part = " ".join([head, *(word for word in others if not (objects and w.is_adverb(word)))])
        return " ".join(filter(None, (self.who.text, verb_part, objects, adverbs)))


def sentence(text: str) -> str:
    """Text as a sentence."""
    text = contrasts.with_article(" ".join(text.split()))
    return f"{text[0].upper()}{text[1:]}."


def indefinite(words: Words, phrase: Phrase) -> str:
    """A noun phrase as it is brought up: "the tall man" as "a tall man"."""
    said = words.text(phrase.first, phrase.last)
    bare = _OPENING.sub("", said)
    plural = plural_of(words, phrase)
    if bare == said and (phrase.opening or phrase.number):
        return said
    if plural or phrase.number or words.low(phrase.heads[1] - 1) in _MASS or _bare(words, phrase):
        return bare
    return f"a {bare}"


def plural_of(words: Words, phrase: Phrase) -> bool:
    """Whether a noun phrase speaks of several."""
    if phrase.number is not None and words.low(phrase.number[0]) not in ("one", "1"):
        return True
    head = phrase.heads[1]
    for at in range(phrase.heads[0], phrase.heads[1]):
        if words.low(at) == "of":
            head = at
            break
    told = verb(words.low(phrase.last))
    if words.low(head - 1) in w.SAME and (words.low(phrase.last) in ("is", "was") or (told and told.form == "s")):
        return False  # "the deer lifts"
    if head - phrase.heads[0] > 1 and words.low(head - 2).endswith("'s"):
        return is_plural(words.low(head - 1))  # "a potter's hands"
    return is_plural(words.low(head - 1)) and "a" not in phrase.opening.split() and "an" not in phrase.opening.split()


_MASS = frozenset(
    [
        "water",
        "grass",
        "snow",
        "rain",
        "sand",
        "hair",
        "smoke",
        "steam",
        "coffee",
        "tea",
        "milk",
        "juice",
        "wine",
        "beer",
        "sky",
        "fog",
        "mist",
        "dust",
        "mud",
        "ice",
        "sunlight",
        "light",
        "food",
        "bread",
        "rice",
        "meat",
        "fire",
        "furniture",
        "traffic",
        "music",
        "vegetation",
        "foliage",
        "clothing",
        "soup",
        "sauce",
        "oil",
        "butter",
        "cheese",
        "sugar",
        "salt",
        "flour",
        "dough",
        "batter",
        "salad",
        "pasta",
        "foam",
        "wood",
        "metal",
        "text",
        "confetti",
        "jewelry",
        "luggage",
        "equipment",
        "machinery",
        "seaweed",
        "moss",
        "soil",
        "honey",
        "cream",
        "makeup",
        "laundry",
        "chalk",
        "fruit",
        "garlic",
        "lipstick",
        "bamboo",
        "hay",
        "grain",
        "pasta",
        "ink",
        "lace",
        "chocolate",
        "gravel",
        "lava",
        "popcorn",
        "moonlight",
        "wind",
        "lightning",
        "thunder",
        "condensation",
        "dew",
        "code",
        "sound",
        "movement",
        "motion",
    ]
)


def there_is(words: Words, phrase: Phrase) -> tuple[str, str]:
    """That something is there, and its contrast."""
    said = indefinite(words, phrase)
    are = "are" if plural_of(words, phrase) else "is"
    first, last = phrase.heads
    noun = words.text(first, last)
    other = contrasts.of_noun(noun)
    if other is None:
        some_of_it = plural_of(words, phrase) or _bare(words, phrase)
        said = noun if some_of_it or noun.split(" of ")[0].rsplit(" ", 1)[-1] in _MASS else f"a {noun}"
        return contrasts.with_article(f"There {are} {said}."), f"There {are} no {noun}."
    at = said.rindex(noun)
    return _both(f"There {are}", said, f"{said[:at]}{other}{said[at + len(noun) :]}")


def _bare(words: Words, phrase: Phrase) -> bool:
    """Whether a noun stands without an article where others have one, as names and what cannot be counted do."""
    whole = phrase.first == 0 and phrase.last == len(words)
    noun = words.low(phrase.heads[1] - 1)
    alive = noun in w.PERSONS | w.ANIMALS | w.COLLECTIVE or noun.endswith(w.AGENTS)
    told = any(words.low(at) in ("a", "an", "the") for at in range(len(words)))
    return told and not (whole or alive or phrase.opening or phrase.number or " of " in words.text(*phrase.heads))


def uncountable(words: Words, phrase: Phrase) -> bool:
    """Whether a noun phrase names what cannot be counted: "smoke"."""
    return words.low(phrase.heads[1] - 1) in _MASS


def is_none(words: Words, phrase: Phrase) -> bool:
    """Whether a noun phrase says that there is none: "no red car"."""
    return words.low(phrase.first) in ("no", "none")


def none_of(words: Words, phrase: Phrase) -> tuple[str, str]:
    """That there is nothing of what a noun phrase names, and its contrast."""
    are = "are" if plural_of(words, phrase) else "is"
    return there_is_none(words, phrase, words.text(phrase.first, phrase.last), f"{are} no")


def there_is_none(words: Words, phrase: Phrase, said: str, verb_words: str) -> tuple[str, str]:
    """That there is nothing like what is `said`, which begins with the noun phrase ("is no", "are not"), and its
    contrast."""
    are, no = verb_words.split(" ")
    statement = f"There {are} not {said}." if no == "not" else f"There {are} {said}."
    return statement, contrasts.with_article(f"There {are} {some(said, plural=plural_of(words, phrase))}.")


def lacking(words: Words, phrase: Phrase, who: Named, opening: str) -> tuple[str, str]:
    """That somebody or something is "with no" or "without" what a noun phrase names, and its contrast."""
    said, is_ = words.text(phrase.first, phrase.last), f"{who.text} {'are' if who.plural else 'is'}"
    return sentence(f"{is_} {opening} {said}"), sentence(f"{is_} with {some(said, plural=plural_of(words, phrase))}")


def some(said: str, *, plural: bool) -> str:
    """What is there where there is not "no red car" or "any cars": "a red car", "cars"."""
    bare = re.sub(r"^(?:no|none of|any) ", "", said)
    noun = re.split(r" (?:on|in|at|of|with|behind|under|near|next)\b", bare)[0].rsplit(" ", 1)[-1]
    return bare if plural or bare == said or noun in _MASS else f"a {bare}"


def _both(opening: str, said: str, other: str) -> tuple[str, str]:
    return contrasts.with_article(f"{opening} {said}."), contrasts.with_article(f"{opening} {other}.")


def attribute(words: Words, phrase: Phrase, first: int, last: int) -> tuple[str, str]:
    """That something in a noun phrase is as an adjective says, and its contrast."""
    said, adjective = indefinite(words, phrase), words.text(first, last)
    are = "are" if plural_of(words, phrase) else "is"
    alive = (
        is_person(words, phrase)
        or words.low(phrase.heads[1] - 1).removesuffix("s") in w.PERSONS | w.ANIMALS | w.PLURALS
    )
    other = adjective.replace("old", "new") if adjective == "old" and not alive else contrasts.of_word(adjective)
    if other is not None and (at := said.find(adjective)) >= 0:
        return _both(f"There {are}", said, f"{said[:at]}{other}{said[at + len(adjective) :]}")
    noun = words.text(*phrase.heads)
    for_noun = (
        noun.split(" of ")[0] if last <= phrase.heads[0] else noun.split(" of ")[-1].removeprefix(adjective).strip()
    )
    for_noun = re.sub(rf"^(?:an?|the) |\b{re.escape(adjective)}\b ?", "", for_noun) or noun
    are = "are" if is_plural(for_noun.rsplit(" ", 1)[-1]) else "is"
    return f"The {for_noun} {are} {adjective}.", f"The {for_noun} {are} not {adjective}."


def count(words: Words, phrase: Phrase) -> tuple[str, str]:
    """How many of something there are, and its contrast."""
    assert phrase.number is not None
    said, number = indefinite(words, phrase), words.text(*phrase.number)
    other = contrasts.of_number(number)
    are = "are" if plural_of(words, phrase) else "is"
    if other in ("one", "1"):
        return f"There {are} {said}.", f"There is only one {_singular(words.text(*phrase.heads))}."
    more = said.replace(number, other, 1)
    return f"There {are} {said}.", f"There are {more if is_plural(said.rsplit(' ', 1)[-1]) else f'{more}s'}."


def _singular(noun: str) -> str:
    return noun[:-1] if is_plural(noun) and noun.endswith("s") else noun


def is_so(who: Named, adjective: str, *, denied: bool) -> tuple[str, str]:
    """That somebody or something is as a word says, or (`denied`) is not, and its contrast."""
    are = "are" if who.plural else "is"
    if denied:
        return sentence(f"{who.known} {are} not {adjective}"), sentence(f"{who.known} {are} {adjective}")
    statement = f"{who.known} {are} {adjective}"
    other = contrasts.of_word(adjective)
    return sentence(statement), sentence(f"{who.known} {are} {other or f'not {adjective}'}")


def background(said: str) -> tuple[str, str]:
    """What the background is, and its contrast: "white", "a light gradient"."""
    statement = f"The background is {said}."
    other = contrasts.exchanged(said, {"light gradient": "dark gradient", "dark gradient": "light gradient"})
    other = other or contrasts.of_word(said)
    return statement, f"The background is {other}." if other else contrasts.negated(statement)


def action(done: Done) -> tuple[str, str]:
    """What somebody does, and its contrast."""
    if positive := _positive(done):
        return sentence(done.text()), sentence(positive.text())
    other = contrasts.of_action(done.verb)
    return sentence(done.text()), sentence(done.text(other) if other else done.text(negative=True))


def _positive(done: Done) -> Done | None:
    """What is done where it is not nobody who does it, or nothing to which it is done; None: it is somebody."""

    def any_of(said: str) -> str:
        return some(said, plural=is_plural(said.rsplit(" ", 1)[-1])) if said.startswith("no ") else said

    who, objects = any_of(done.who.text), [any_of(one) for one in done.objects]
    if who == done.who.text and objects == done.objects:
        return None
    return replace(done, who=replace(done.who, text=who), objects=objects)


def placed(who: Done | Named, phrase: str, *, denied: bool = False) -> tuple[str, str]:
    """Where somebody is, or (`denied`) is not, or where what is done is done, and its contrast."""
    if isinstance(who, Named) and denied:
        is_ = f"{who.text} {'are' if who.plural else 'is'}"
        return sentence(f"{is_} not {phrase}"), sentence(f"{is_} {phrase}")
    if isinstance(who, Done) and (positive := _positive(who)):
        return sentence(f"{who.text()} {phrase}"), sentence(f"{positive.text()} {phrase}")
    if isinstance(who, Named) and who.text.startswith("no "):
        are = "are" if who.plural else "is"
        return sentence(f"{who.text} {are} {phrase}"), sentence(f"{some(who.text, plural=who.plural)} {are} {phrase}")
    if isinstance(who, Done):
        before, negative = who.text(), who.text(negative=True)
    else:
        before = f"{who.text} {'are' if who.plural else 'is'}"
        negative = f"{before} not"
    changed = contrasts.of_place(phrase)
    return sentence(f"{before} {phrase}"), sentence(f"{before} {changed}" if changed else f"{negative} {phrase}")


def set_in(phrase: str) -> tuple[str, str]:
    """When, or in what kind of place, everything happens, and its contrast."""
    changed = contrasts.of_setting(phrase)
    return sentence(f"the scene is {phrase}"), sentence(f"the scene is {changed or f'not {phrase}'}")


def of_weather(said: str) -> tuple[str, str]:
    """That weather, light or the time of day is so ("is raining", "is a sunny day"), and its contrast."""
    return sentence(f"it {said}"), sentence(f"it {contrasts.of_weather(said)}")


def of_pronoun(word: str, known: Named | None) -> Named:
    """Whom a pronoun stands for: the latest subject, if that fits."""
    plural = word == "they"
    if known is not None and (plural == known.plural or word in ("who", "which", "that", "they")):
        return Named(text=known.known, plural=known.plural, person=known.person)
    return Named(text={"he": "a man", "she": "a woman", "they": "they", "it": "it"}.get(word, "someone"), plural=plural)


def verb_form(words: Words, at: int) -> str:
    found = verb(words.low(at))
    return found.form if found is not None else "s"


def is_person(words: Words, phrase: Phrase) -> bool:
    return words.low(phrase.heads[1] - 1) in w.PERSONS
