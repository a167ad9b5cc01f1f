"""Finds what a sentence says of weather, light and the time of day: "It is raining", "It's a sunny day". Knows no other
sentences in which "it" stands for nothing."""

from __future__ import annotations

import re

from framescribe.claims import base, statements
from framescribe.claims import words as w
from framescribe.claims.naming import Naming
from framescribe.claims.nouns import is_closed
from framescribe.language.letters import listed

_VERB = re.compile(
    r"it (?:(?P<becomes>(?:is|was) (?:getting|becoming|growing|turning)|gets|becomes|grows|turns|got|became)|"
    r"(?P<been>has been)|(?:is|was|(?:appears|seems)(?: to be)?|(?:looks|feels)(?: like)?))"
    r"(?P<no> not| no longer|)(?: (?:still|now|already|also|just|clearly|currently|again|yet|all))* "
)
_FALLS = re.compile(
    r"it ((?:(?:is |was |has )?(?:starts?|begins?|continues|stops?|started|begun|began|stopped|starting|beginning|"
    r"stopping) (?:to (?:rain|snow|drizzle|hail)|raining|snowing|drizzling|hailing)|"
    r"(?:does|did) not (?:rain|snow|drizzle|hail)|"
    r"rains|rained|snows|snowed|drizzles|drizzled|hails|hailed|thunders)(?: (?:\w+ly|hard|again|outside|outdoors))*) "
)
_ONLY_WEATHER = listed("sunny rainy snowy foggy misty windy stormy overcast cloudy breezy humid late early")
_OF_THINGS_TOO = listed("dark bright light dim cold warm hot cool wet dry clear hazy gloomy chilly icy quiet calm")
_ITEM = re.compile(
    r"(?:(?:raining|snowing|drizzling|hailing|sleeting|thundering|pouring)(?: (?:\w+ly|hard|again))*|"
    r"(?:(?:very|quite|rather|so|too|fairly|extremely|pitch|partly|mostly|completely|almost|slightly) )*"
    rf"(?P<word>{'|'.join(sorted(_ONLY_WEATHER | _OF_THINGS_TOO))})"
    r"(?:(?<=late|arly) (?:at night|in the (?:morning|afternoon|evening|day|year)))?)"
    r"(?P<where> (?:outside|outdoors|inside|indoors))? "
)
_OUTSIDE = re.compile(" out")
_JOINED = re.compile(r"(?:, and|,|and|but|or|nor) (?:also )?")
_TIMES = listed(
    """
    night day daytime nighttime daylight morning evening afternoon noon midday midnight dusk dawn twilight sunset
    sunrise winter summer spring autumn weather
    """
)
_PARTS = listed(
    """
    early late mid middle of the beginning end hour winter summer spring autumn fall day night time almost nearly
    nice good lovely fine bad
    """
)
_PLACED = listed("in at on over near inside outside by above across around along")


class Impersonal(Naming):
    """A walk that knows when "it" stands for nothing."""

    def _weather(self, at: int) -> int:
        """Behind what is said of weather, light or time, if that begins here with "it"; 0: it does not."""
        said = " ".join(self.words.low(n) for n in range(at, len(self.words))) + " "
        end = 0
        if falls := _FALLS.match(said):
            end = at + falls[0].count(" ")
            self._it(at, end, falls[1])
        elif verb := _VERB.match(said):
            end = self._items(at, said, verb) or self._time(at, verb)
        if not end:
            return 0
        self._started, self._touching, self._being, self._done = True, False, False, None
        self._subject = self._near = None
        return self._where(end)

    def _items(self, at: int, said: str, verb: re.Match[str]) -> int:
        """Behind "it is dark outside", "it is foggy and raining heavily"."""
        found, here = list[re.Match[str]](), verb.end()
        while one := _ITEM.match(said, here):
            found.append(one)
            joined = _JOINED.match(said, one.end())
            here = joined.end() if joined else len(said)
        if not found:
            return 0
        last, about = found[-1], self._other()
        ends = [at + said.count(" ", 0, one.end()) for one in found]
        ambiguous = all(
            (one["word"] in _OF_THINGS_TOO or "pouring" in one[0]) and not _OUTSIDE.match(one["where"] or "")
            for one in found
        )
        if not self._ends(ends[-1]) or (ambiguous and about is not None and not (about.person or about.plural)):
            return 0  # "A box stands on a table. It is dark."
        if verb["no"] or verb["becomes"] or " or " in said[verb.end() : last.end()]:
            words = said[verb.end() : last.end()].replace(" ,", ",")
            self._it(at, ends[-1], f"{_finite(verb)} {words}")
            return ends[-1]
        for one, end in zip(found, ends, strict=True):
            self._it(at if one is found[0] else end - one[0].count(" "), end, f"{_finite(verb)} {one[0]}")
        return ends[-1]

    def _time(self, at: int, verb: re.Match[str]) -> int:
        """Behind "it is early morning", "it's a sunny day"."""
        first = at + verb[0].count(" ")
        phrase = self.words.phrase(first)
        if phrase is None or phrase.number is not None or not self._ends(phrase.last):
            return 0
        *before, head = (self.words.low(n) for n in range(*phrase.heads))
        alone = phrase.opening not in ("a", "an") or phrase.attributes or before  # "It is a spring."
        if head not in _TIMES or not alone or not _PARTS.issuperset(before):
            return 0
        self._it(at, phrase.last, f"{_finite(verb)} {self.words.text(first, phrase.last)}")
        return phrase.last

    def _where(self, at: int) -> int:
        """Behind the place that follows: "in the city"."""
        size = self.words.preposition(at)
        phrase = self.words.phrase(at + size) if size else None
        if phrase is None or self.words.low(at) not in _PLACED:
            return at
        self._parts(phrase, thing=False)
        self._add(base.SETTING, at, phrase.last, statements.set_in(self.words.text(at, phrase.last)))
        return phrase.last

    def _ends(self, at: int) -> bool:
        """Whether nothing stands here that what is before it would describe."""
        return at >= len(self.words) or (
            self.words.low(at) not in ("that", "to", "whether")
            and (is_closed(self.words.all[at]) or w.is_adverb(self.words.low(at)))
        )

    def _it(self, first: int, last: int, said: str) -> None:
        self._add(base.SETTING, first, last, statements.of_weather(" ".join(said.split())))


def _finite(verb: re.Match[str]) -> str:
    """The verb as a statement has it: "was" as "is", what only seems so as if it was so."""
    return (verb["becomes"] or verb["been"] or f"is{verb['no']}").replace("was ", "is ")
