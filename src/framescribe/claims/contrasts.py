"""Knows the smallest negation of a statement: one word exchanged for its opposite, or a "not"; splits nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from framescribe.claims.verbs import inflected, verb
from framescribe.claims.words import AUXILIARY, BE, DENYING, HARDLY, NUMBERS, is_adverb


def _pairs(text: str) -> dict[str, str]:
    """Both ways: "left right, up down"."""
    found: dict[str, str] = {}
    for pair in text.split(","):
        one, other = (part.replace("_", " ") for part in pair.split())
        found.setdefault(one, other)
        found.setdefault(other, one)
    return found


SHAPES = {"circle": "square", "square": "circle", "triangle": "circle", "diamond": "circle", "star": "square",
          "cross": "circle"}  # fmt: skip
_COLOURS = {
    "red": "green", "green": "red", "blue": "yellow", "yellow": "blue", "orange": "blue", "cyan": "red",
    "purple": "green", "pink": "green", "white": "black", "black": "white", "gray": "red", "grey": "red",
    "brown": "blue", "beige": "black", "navy": "white", "gold": "blue", "golden": "blue", "silver": "red",
    "turquoise": "red", "teal": "red", "violet": "green", "maroon": "green", "blonde": "black", "blond": "black",
    "brunette": "blond", "tan": "blue", "dark": "light",
}  # fmt: skip
_PLAIN = ("red", "green", "blue", "yellow", "purple", "orange", "cyan", "pink", "white", "black")
_OPPOSITES = _pairs(
    "large small,big small,tall short,long short,wide narrow,thick thin,deep shallow,high low,old young,elderly young,"
    "open closed,full empty,dark bright,wet dry,clean dirty,hot cold,warm cool,fast slow,quick slow,loud quiet,"
    "smooth rough,soft hard,heavy light,curly straight,indoor outdoor,indoors outdoors,happy sad,busy empty,"
    "crowded empty,male female,clear cloudy,sunny cloudy,new old,modern old,static moving,still moving,"
    "wooden metal,shiny matte,transparent opaque,huge tiny,raw cooked,alive dead,lit unlit,visible invisible,"
    "asleep awake,calm rough,bare covered,left right,top bottom,upper lower,front back,inner outer,steep flat,"
    "first last,bright dim,horizontal vertical,sharp blurry,slim fat,round square,smiling crying"
)
_NOUNS = (
    _pairs(
        "man woman,men women,boy girl,boys girls,dog cat,dogs cats,car bicycle,cars bicycles,mother father,bride groom,"
        "lady gentleman,son daughter,king queen,horse cow,horses cows,guitar piano,table bench,hat scarf,coffee juice,"
        "sun moon,waiter waitress,actor actress,brother sister,husband wife,grandmother grandfather,truck bus,"
        "train airplane,apple banana,apples bananas,chicken duck,sheep goat"
    )
    | SHAPES
)
_PLACES = _pairs(
    "left right,top bottom,up down,inside outside,above below,over under,in_front_of behind,into out_of,"
    "toward away_from,towards away_from,foreground background,upward downward,upwards downwards,forward backward,"
    "forwards backwards,near far_from,clockwise counterclockwise,upstairs downstairs,leftward rightward,"
    "leftwards rightwards,on_top_of under,on under,at_the_end_of at_the_beginning_of,away back,"
    "ahead behind,off onto,closer farther,north south,east west,beneath over"
) | {"in the center": "on the left",
    "center": "left", "centre": "left", "middle": "edge", "next to": "far from", "close to": "far from",
     "across": "along", "along": "across", "off": "on", "back": "away", "beside": "far from"}  # fmt: skip
_WEATHER = _pairs(
    "sunny cloudy,dark bright,light dark,dim bright,cold warm,hot cold,chilly warm,cool warm,wet dry,rainy dry,"
    "clear cloudy,overcast sunny,day night,daytime nighttime,midnight midday,noon midnight,dusk noon,dawn noon,"
    "sunset noon,sunrise noon,twilight noon,morning evening,afternoon night,summer winter,spring autumn,outside inside,"
    "outdoors indoors"
) | {"daylight": "night"}
FALSE = "This is false:"  # the contrast of what there are no rules for
_AN = frozenset(("a", "an", "A", "An"))
_ONE = frozenset(("a", "an", "the", "this", "that", "his", "her", "its", "their", "each", "every", "one"))
_FIRST_ONLY = frozenset(("on", "off", "back", "along", "across", "away"))
_SETTINGS = {"at night": "by day"} | _pairs(
    "day night,daytime nighttime,sunset noon,sunrise midnight,dusk noon,dawn noon,morning night,evening morning,"
    "summer winter,spring autumn,indoors outdoors,sunlight darkness,sunny rainy,rain sunshine,snow sunshine,"
    "afternoon night,daylight darkness,moonlight sunlight,light_gradient dark_gradient"
)
_VERBS = _pairs(
    "open close,enter leave,sit stand,appear disappear,rise fall,raise lower,lift lower,push pull,come go,"
    "arrive depart,start stop,begin end,fill empty,climb descend,ascend descend,throw catch,put take,pick drop,"
    "lock unlock,fold unfold,wrap unwrap,laugh cry,smile frown,freeze melt,expand shrink,approach retreat,"
    "advance retreat,load unload,tighten loosen,attach detach,connect disconnect,accelerate brake,emerge vanish,"
    "run walk,walk stand,give receive,buy sell,sleep wake,whisper shout,brighten darken,dress undress,sink float,"
    "assemble scatter,cover uncover,follow lead,speak sing,lie stand,kneel stand,jump sit,dance sit,hold drop,"
    "remove add,close open,exit enter,vanish appear,drop lift"
)
_CAMERA = _pairs(
    "left right,up down,in out,upward downward,upwards downwards,forward backward,forwards backwards,"
    "clockwise counterclockwise,low-angle high-angle,low high,close-up_shot wide_shot,wide narrow,toward away_from,"
    "towards away_from"
) | {"close-up": "wide shot", "wide shot": "close-up"}
_DENIED = re.compile(r"\b(?:not|never)\b")
_STILL = re.compile(
    r"\b(?:static|still|stationary|fixed|steady|motionless|unmoving|locked(?:[- ](?:off|down))?|tripod|does not move)\b"
)
_MOVES = re.compile(
    r"\b(?:pans?|panning|tilts?|tilting|zooms?|zooming|dollies|tracks?|tracking|follows?|following|orbits?|moves?|moving|"
    r"shakes?|shaking|handheld|glides?|drone)\b"
)


def exchanged(text: str, words: dict[str, str]) -> str | None:
    """The text with the first of these words (or several) exchanged for its opposite; None: it has none."""
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    found = re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", text)
    if found is None:
        return None
    return with_article(f"{text[: found.start()]}{words[found[0]]}{text[found.end() :]}")


def of_word(adjective: str) -> str | None:
    """What an adjective phrase is contrasted with: "large" with "small", "bright red" with "bright green"; None: with
    "not" so."""
    if adjective in ("wide open", "wide awake"):
        return "closed" if adjective == "wide open" else "asleep"
    if " and " in adjective or " than " in adjective or re.search(r"\w{3}ly \w+(?:ed|lit)$", adjective):
        return None
    return exchanged(adjective, _COLOURS) or exchanged(adjective, _OPPOSITES)


def of_noun(noun: str) -> str | None:
    """What a noun is contrasted with: "circle" with "square"."""
    head, other = noun.rsplit(" ", 1)[-1], None
    if " of " not in noun:
        other = _NOUNS.get(head) or (f"{_NOUNS[head[:-1]]}s" if head[:-1] in SHAPES and head.endswith("s") else None)
    return None if other is None else noun[: len(noun) - len(head)] + other


def of_number(number: str) -> str:
    """What a count is contrasted with: "two" with "three", "three" with "four"."""
    if number.isdigit():
        return str(int(number) + 1)
    if number in NUMBERS:
        at = NUMBERS.index(number)
        return NUMBERS[at + 1] if at + 1 < len(NUMBERS) else NUMBERS[at - 1]
    return "one" if number not in ("both", "single", "lone", "solitary") else "three"


def of_place(phrase: str) -> str | None:
    """What a place or a direction is contrasted with: "from the left to the top" with "from the top to the left"."""
    ways = re.fullmatch(r"(.*\b)from (.+?) (to|into|onto|towards?) (.+)", phrase)
    if ways is not None:
        return f"{ways[1]}from {ways[4]} {ways[3]} {ways[2]}"
    inner = {word: other for word, other in _PLACES.items() if word not in _FIRST_ONLY}
    if (other := exchanged(phrase, inner)) is not None:
        return other
    first, _, rest = phrase.partition(" ")
    if first not in _PLACES or (first in ("back", "away") and rest) or rest.startswith(("and ", "to ", "of ")):
        return None
    return f"{_PLACES[first]} {rest}".rstrip()


def of_setting(phrase: str) -> str | None:
    """What a time of day, a light or a kind of place is contrasted with: "at sunset" with "at noon"."""
    return exchanged(phrase, {**_SETTINGS, "inside": "outside", "outside": "inside"})


def of_weather(said: str) -> str:
    """What something said of weather, light or the time of day is contrasted with: "is night" with "is day", "is a
    sunny day" with "is a cloudy day", "is raining" with "is not raining"."""
    if said.startswith("is no longer "):
        return said.replace("no longer", "still", 1)
    verb_words, _, rest = said.partition(" ")
    words = [word for word in rest.split(" ") if word not in ("a", "an", "the")]
    if verb_words == "is" and len(words) <= 2 and words[0] in _WEATHER:
        return f"is {exchanged(rest, {words[0]: _WEATHER[words[0]]})}"
    return not_done(said)


def of_action(verb_words: str) -> str | None:
    """What a verb with its particles is contrasted with, in the same form: "opens" with "closes"; None: it has no
    opposite."""
    words = verb_words.split(" ")
    for at, word in enumerate(words if DENYING.isdisjoint(words) else ()):
        found = verb(word)
        if word in AUXILIARY or found is None:
            continue
        other = _VERBS.get(found.base)
        if other is not None and all(one in ("up", "down") or is_adverb(one) for one in words[at + 1 :]):
            return " ".join(
                (
                    *words[:at],
                    inflected(other, found.form),
                    *(one for one in words[at + 1 :] if one not in ("up", "down")),
                )
            )
        return exchanged(
            verb_words, {word: other for word, other in _PLACES.items() if " " not in word and word != "in"}
        )
    return None


def others(statement: str, contrast: str) -> Iterator[str]:
    """Further contrasts of a statement, if one word was exchanged for another: other colours, other shapes; then a
    plain negation."""
    said, other = statement.split(" "), contrast.split(" ")
    places = [at for at, pair in enumerate(zip(said, other, strict=False)) if pair[0] != pair[1]]
    if len(said) == len(other) and places:
        word = said[places[-1]].rstrip(".,")
        for group in (_PLAIN, tuple(SHAPES)):
            for new in group if word in group else ():
                if new != word:
                    yield with_article(
                        " ".join((*said[: places[-1]], said[places[-1]].replace(word, new), *said[places[-1] + 1 :]))
                    )
    yield negated(statement)


def bare(statement: str, contrast: str) -> str | None:
    """A statement without the word for which its contrast has another: of a large blue circle and a large red one,
    "There is a large circle." None: they differ by more."""
    said, other = statement.split(" "), contrast.split(" ")
    if len(said) != len(other):
        return None
    places = [at for at, pair in enumerate(zip(said, other, strict=True)) if pair[0] != pair[1] and pair[0] not in _AN]
    if len(places) != 1 or places[0] in (0, len(said) - 1):
        return None
    return with_article(" ".join(said[: places[0]] + said[places[0] + 1 :]))


def of_camera(statement: str) -> str:
    """A statement about the camera that contradicts this one."""
    plain = statement[0].lower() + statement[1:]
    if _DENIED.search(plain):
        return statement.replace(" never", "", 1) if " never " in plain else negated(statement)
    if _STILL.search(plain) and not _MOVES.search(plain):
        return "The camera moves."
    return exchanged(statement, _CAMERA) or negated(statement)


def negated(statement: str) -> str:
    """A statement that begins with "There is", or has a form of "be", with a plain "not"."""
    if statement.startswith(("There is ", "There are ")):
        are = "is" if statement.startswith("There is ") else "are"
        rest = re.sub(r"^(?:(?:an?|the|some|several|many) )", "", statement[len(f"There {are} ") :])
        if rest.startswith("no "):
            return f"There {are} {rest[3:]}"
        number = rest.split(" ")[0]
        return f"There {are} {'not' if number.isdigit() or number in NUMBERS else 'no'} {rest}"
    if " no longer " in statement:
        return statement.replace("no longer", "still", 1)
    words = statement.rstrip(".").split(" ")
    for at, word in enumerate(words[:-1]):
        following = words[at + 1]
        if at and word in AUXILIARY and following == "not":
            return " ".join((*words[: at + 1], *words[at + 2 :])) + "."
        if at and (word in BE or (word in AUXILIARY and verb(following) is not None)):
            return " ".join((*words[: at + 1], "not", *words[at + 1 :])) + "."
    one = words[0].lower() in {*_ONE, "it"}
    finite = {"s": [], "past": [], "base": []}  # type: dict[str, list[tuple[int, str]]]
    for at, word in enumerate(words[1:], 1):
        found = verb(word)
        if found is not None and found.form in finite and words[at - 1].lower() not in _ONE:
            finite[found.form].append((at, found.base))
    # Many nouns are verbs, too ("a circle moves", "two circles move"): which fits, the first word tells.
    for forms in (("s", "past"), ("base",)) if one else (("base", "past"), ("s",)):
        places = sorted((at, base, form) for form in forms for at, base in finite[form])
        if places:
            at, base, form = places[0]
            did = {"s": "does", "past": "did", "base": "do"}[form]
            return " ".join((*words[:at], did, "not", base, *words[at + 1 :])) + "."
    return f"It is not so that {statement[0].lower()}{statement[1:]}"


def not_done(verb_words: str) -> str:
    """A verb with its particles as of somebody who does not do it: "walks away" as "does not walk away"."""
    words = verb_words.split(" ")
    if words[0] in HARDLY:
        return " ".join(words[1:])
    if words[0] in AUXILIARY:
        if words[1:2] and words[1] in DENYING:
            return " ".join((words[0], *words[2:]))
        if words[1:3] == ["no", "longer"]:
            return " ".join((words[0], "still", *words[3:]))
        return " ".join((words[0], "not", *words[1:]))
    at = next((at for at, word in enumerate(words) if verb(word) is not None), 0)
    found = verb(words[at])
    if found is None:
        return f"does not {verb_words}"
    did = {"s": "does", "past": "did", "base": "do"}.get(found.form, "does")
    return " ".join((did, "not", *words[:at], found.base, *words[at + 1 :]))


def with_article(text: str) -> str:
    """The text with "a" and "an" as the next letter wants them."""
    text = re.sub(r"\b([Aa]) (?=[aeio]|u(?!ni|s|k))", r"\1n ", text)
    return re.sub(r"\b([Aa])n (?=[^aeiouh\W]|uni|one\b)", r"\1 ", text)
