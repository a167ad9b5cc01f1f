"""Knows the words of a sentence, and where a noun phrase in it begins and ends, with its parts; knows no clauses."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from framescribe.claims import words as w
from framescribe.claims.tokens import Token
from framescribe.claims.verbs import ING_NOUNS, NOUNS_TOO, verb


@dataclass(slots=True, kw_only=True)
class Phrase:
    """A noun phrase: the tokens from `first` to before `last`; of these `heads` are the noun (with what is "of" it),
    `attributes` the adjective phrases, each as (first, last), `number` how many, `opening` its article or the like."""

    first: int
    last: int
    heads: tuple[int, int]
    attributes: list[tuple[int, int]] = field(default_factory=list)
    number: tuple[int, int] | None = None
    opening: str = ""
    owner: str = ""


def is_adjective(word: str) -> bool:
    """Whether a word before a noun describes it."""
    return (
        word in w.ADJECTIVES
        or (word.endswith(w.ADJECTIVAL_ENDINGS) and word not in w.NOT_ADJECTIVES)
        or ("-" in word and (word[0].isdigit() or word.startswith(w.HYPHENED)))
        or (len(word) > 4 and word.endswith(("er", "est")) and _positive(word) in w.ADJECTIVES)
        or ("-" in word and word.endswith(w.HYPHENED_ENDINGS))
    )


def _positive(word: str) -> str:
    """ "short" of "shorter", "big" of "bigger", "shiny" of "shinier"."""
    stem = word.removesuffix("est").removesuffix("er")
    if stem in w.ADJECTIVES:
        return stem
    if stem.endswith("i"):
        return stem[:-1] + "y"
    doubled = len(stem) > 2 and stem[-1] == stem[-2]
    return stem[:-1] if doubled else stem + "e" if stem + "e" in w.ADJECTIVES else stem


def is_closed(token: Token) -> bool:
    """Whether it ends a noun phrase wherever it stands."""
    low = token.low
    return (
        not token.is_word
        or low in w.PREPOSITIONS
        or low in w.AUXILIARY
        or low in w.PRONOUNS
        or low in w.RELATIVE
        or low in w.JOINING
        or low in w.SUBORDINATE
        or low in w.DEFINITE
        or low in w.INDEFINITE
        or low in ("then", "finally", "not", "never", "seldom", "away", "together", "slowly")
    )


def is_plural(noun: str) -> bool:
    return noun in w.PLURALS or (
        noun.endswith("s") and noun not in w.SINGULARS and not noun.endswith(("ss", "us", "'s"))
    )


class Words:
    """The words of one sentence."""

    def __init__(self, found: list[Token]) -> None:
        self.all = found

    def __len__(self) -> int:
        return len(self.all)

    def low(self, at: int) -> str:
        """The word at a place, in small letters; empty behind the end."""
        return self.all[at].low if 0 <= at < len(self.all) else ""

    def text(self, first: int, last: int) -> str:
        """Words as they would stand within a sentence."""
        said = " ".join(
            token.text if at or token.text[1:].lower() != token.text[1:] else token.low
            for at, token in enumerate(self.all[first:last], first)
        )
        return re.sub(r" ([,.;:!?])", r"\1", said)

    def preposition(self, at: int) -> int:
        """How many words a preposition that begins here has; 0: none does."""
        rest = " ".join(token.low for token in self.all[at : at + 5]) + " "
        for words in sorted(w.COMPOUND, key=len, reverse=True):
            if rest.startswith(words + " "):
                return words.count(" ") + 1
        return int(self.low(at) in w.PREPOSITIONS)

    def finite(self, at: int, plural: bool) -> bool:
        """Whether the word here, after a noun, is its verb."""
        low = self.low(at)
        if low in w.BE or low in w.AUXILIARY:
            return True
        found = verb(low)
        if found is None and self._unknown_verb(at):
            return True
        if found is not None and found.form == "ing" and self.low(at + 1) == "of" and low not in w.ABOUT:
            return False  # "a screen recording of a game"
        if low in w.HEDGES and (self.low(at + 1) == "to" or (verb(self.low(at + 1)) or (0, 0))[1] == "ing"):
            return True  # "the cars start moving"
        if found is None or (low in ING_NOUNS and self.low(at + 1) not in w.DEFINITE | w.INDEFINITE):
            return False
        if found.form == "s" and not plural:
            return low not in NOUNS_TOO or not (self._verb_next(at + 1) or self._placed_verb(at + 1))
        if found.form == "s" and plural:
            return False
        if found.form == "base" and (low in w.PREPOSITIONS or self.low(at - 1) in w.COLLECTIVE):
            return low not in w.PREPOSITIONS and low not in NOUNS_TOO
        if found.form == "base":
            return plural and (low not in NOUNS_TOO or not self._singular_verb(at + 1))
        return True

    def _unknown_verb(self, at: int) -> bool:
        """Whether the word here, behind somebody, looks like what they do: "A woman adjourns the meeting"."""
        low, following = self.low(at), self.low(at + 1)
        return (
            (self.low(at - 1) in w.PERSONS | w.ANIMALS or self.low(at - 1).endswith(w.AGENTS))
            and low.endswith("s")
            and not low.endswith(("ss", "us", "'s"))
            and (
                following in w.DEFINITE
                or following in w.INDEFINITE
                or following in w.PREPOSITIONS
                or w.is_adverb(following)
            )
        )

    def _placed_verb(self, at: int) -> bool:
        """Whether a verb follows behind where something is, so that none came before: "the city lights outside are"."""
        found = verb(self.low(at + 1))
        told = self.low(at + 1) in w.BE or (found is not None and found.form == "past")
        return self.low(at) in ("outside", "inside", "nearby", "below", "above", "behind", "overhead") and told

    def _singular_verb(self, at: int) -> bool:
        """Whether a verb that fits one alone comes next, so that a word behind several is their noun."""
        found = verb(self.low(at))
        alone = found is not None and found.form == "s" and self.low(at) not in NOUNS_TOO
        return alone or self.low(at) in ("is", "was")

    def state(self, at: int) -> int:
        """Behind an adjective that says how the noun before it is ("its doors wide open"); 0: none stands here."""
        at += (w.is_adverb(self.low(at)) or self.low(at) in w.INTENSIFIERS | {"wide"}) and self.low(at + 1) in w.STATES
        so = self.low(at) in (w.OWN_STATES if self.low(at - 2) in w.POSSESSIVE else w.STATES)
        return at + 1 if so and not self._noun_follows(at + 1) else 0

    def _verb_next(self, at: int) -> bool:
        """Whether the next word is a verb, so that this one is none."""
        while w.is_adverb(self.low(at)):
            at += 1
        low = self.low(at)
        found = verb(low)
        if low in w.BE or low in w.AUXILIARY:
            return True
        if low in w.PREPOSITIONS:
            return False
        return (
            found is not None
            and "-" not in low
            and (low not in NOUNS_TOO or found.form == "base")
            and not (found.form in ("ing", "past") and self._noun_follows(at + 1))
        )

    def phrase(self, at: int, *, inner: bool = False) -> Phrase | None:
        """The noun phrase that begins here; None: none does."""
        first, opening, number, attributes, owner = at, "", None, list[tuple[int, int]](), ""
        n = len(self)
        while at < n and (
            self.low(at) in w.DEFINITE or self.low(at) in w.INDEFINITE or self.low(at) in ("all", "half")
        ):
            if self.low(at) in w.VAGUE:
                number = (at, at + 1)
            elif self.low(at) == "another":
                number = None
            opening = f"{opening} {self.low(at)}".strip()
            if self.low(at) in w.POSSESSIVE:
                owner = self.low(at)
            at += 1
        if at > first and self.low(at) == "of" and number:  # "several of the"
            return None
        if (
            self.low(at) in w.NUMBERS
            or (at < n and self.all[at].text.isdigit())
            or self.low(at) in ("dozens", "hundreds")
        ):
            number = (at, at + 1)
            at += 1
            if self.low(at) == "of":
                at += 1
                while self.low(at) in w.DEFINITE:
                    at += 1
        heads: tuple[int, int] | None = None
        start = at
        told = verb(self.low(at))
        if told is not None and opening in ("both", "all", "each") and told.form in ("ing", "past"):
            return None  # "both wearing coats"
        if (
            told is not None
            and told.form == "s"
            and opening.endswith("other")
            and (self.low(at + 1) in w.DEFINITE or self.low(at + 1) in w.INDEFINITE)
        ):
            return Phrase(first=first, last=at, heads=(at - 1, at), opening=opening)  # "the other stirs a pot"
        if at == first and self.low(at) in w.STATES and self.state(at):
            return None
        if first == at and self.low(at) in w.MANNER and not (is_adjective(self.low(at)) and self._noun_follows(at + 1)):
            return None
        while at < n:
            if heads is not None and self.state(at):
                break
            if after := self._adjectives(at):
                attributes.append((at, after))
                at = after
                if self.low(at) == "," and self._adjectives(at + 1):
                    at += 1
                continue
            token = self.all[at]
            if heads is None and opening and self._describes(at):
                attributes.append((at, at + 1))
                at += 1
                continue
            if token.low.endswith("'s") and self._noun_follows(at + 1):
                at += 1
                if heads is None:
                    heads = (at - 1, at)
                continue
            if is_closed(token) or token.quoted or self.preposition(at) > 1:
                break
            if heads is None and token.low in w.COMPOUND_ING and self._noun_follows(at + 1):
                heads, at = (at, at + 1), at + 1
                continue
            found = verb(token.low) if token.low not in ING_NOUNS or not (opening or attributes) else None
            if heads is None or self.low(at - 1).endswith("'s"):
                if (
                    found is not None
                    and found.form in ("ing", "past")
                    and self._noun_follows(at + 1)
                    and (opening or attributes or number or found.form == "past" or self.shining(at))
                ):
                    attributes.append((at, at + 1))
                    at += 1
                    continue
                if (
                    found is not None
                    and opening == ""
                    and number is None
                    and not attributes
                    and token.low not in NOUNS_TOO
                    and found.form != "s"
                    and heads is None
                ):
                    return None
                if w.is_adverb(token.low):
                    break
                heads = (heads[0] if heads else at, at + 1)
                at += 1
                continue
            plural = is_plural(self.low(at - 1))
            if plural and found is not None and found.form == "s" and not self._verb_next(at + 1):
                break  # "A boy in pajamas stacks blocks"
            if token.low in w.MANNER or w.is_adverb(token.low):
                break
            if self._of_two(first, at, opening) or self.finite(at, plural) or (inner and self.finite(at, not plural)):
                break
            heads = (heads[0], at + 1)
            at += 1
        if heads is None:
            if not (attributes and at > start and (opening or number)):
                return None
            heads = attributes.pop()  # "the young"
        attributes = [one for one in attributes if one[1] <= heads[0] or one[0] >= heads[0]]
        if self.low(at) == "of" and (inner_phrase := self.phrase(at + 1, inner=True)) is not None:
            attributes += inner_phrase.attributes
            return Phrase(
                first=first,
                last=inner_phrase.last,
                heads=(heads[0], inner_phrase.last),
                attributes=attributes,
                number=number or inner_phrase.number,
                opening=opening,
                owner=owner,
            )
        return Phrase(
            first=first, last=at, heads=heads, attributes=attributes, number=number, opening=opening, owner=owner
        )

    def _noun_follows(self, at: int) -> bool:
        """Whether a noun, with or without adjectives, stands here."""
        while end := self._adjectives(at):
            at = end
        if at >= len(self) or is_closed(self.all[at]) or self.all[at].quoted:
            return False
        low = self.low(at)
        if low in w.MANNER or w.is_adverb(low):
            return False
        found = verb(low)
        return found is None or low in NOUNS_TOO

    def _adjectives(self, at: int) -> int:
        """Behind the adjective phrase that stands here before a noun or another adjective; 0: none does."""
        begin = at
        while (
            self.low(at) in w.INTENSIFIERS
            and (is_adjective(self.low(at + 1)) or self._participle(at + 1))
            and self.low(at + 1)
        ):
            at += 1
        if w.is_adverb(self.low(at)) and (is_adjective(self.low(at + 1)) or self._participle(at + 1)):
            at += 1
        if self.low(at) in w.SHADES and self.low(at + 1) in w.COLOURS:
            at += 1
        low = self.low(at)
        if not low or not (is_adjective(low) or (at > begin and self._participle(at))):
            return 0
        if not self._goes_on(at + 1) or self._in_name(at) or (low in w.ALSO_NOUNS and self._verb_form(at + 1)):
            return 0
        at += 1
        if self.low(at) in ("and", "or") and is_adjective(self.low(at + 1)) and self._goes_on(at + 2):
            at += 2
        elif (
            self.low(at) == ","
            and is_adjective(self.low(at + 1))
            and self.low(at + 2) == "and"
            and is_adjective(self.low(at + 3))
        ):
            return at
        return at

    def _of_two(self, first: int, at: int, opening: str) -> bool:
        """Whether the word here is what two do of whom the second was named: "a man and a woman dance slowly"."""
        low, found = self.low(at), verb(self.low(at))
        alive = self.low(at - 1) in w.PERSONS | w.ANIMALS
        if self.low(first - 1) != "and" or not (opening or alive) or found is None or found.form != "base":
            return False
        return low not in NOUNS_TOO or (alive and not self._verb_next(at + 1)) or w.is_adverb(self.low(at + 1))

    def _describes(self, at: int) -> bool:
        """Whether an unknown word here describes a noun, because an adjective and a noun follow: "a zany red hat"."""
        low, end = self.low(at), self._adjectives(at + 1)
        return (
            end > 0
            and low.isalpha()
            and not is_closed(self.all[at])
            and verb(low) is None
            and self.all[at].text.islower()
            and low not in w.PERSONS | w.ANIMALS | w.PLURALS
            and not is_plural(low)
            and self._noun_follows(end)
        )

    def _in_name(self, at: int) -> bool:
        """Whether a word belongs to a name: "Big Ben", but not where a sentence begins."""
        return at > 0 and all(one.text.istitle() for one in self.all[at : at + 2])

    def shining(self, at: int) -> bool:
        """Whether a participle here describes the noun behind it: "shining armor"."""
        found = verb(self.low(at))
        return found is not None and found.form == "ing" and found.base in w.INTRANSITIVE and self._noun_follows(at + 1)

    def pronoun(self, at: int) -> bool:
        """Whether a pronoun stands here by itself: "her" may also say whose something is."""
        return self.low(at) in w.PRONOUNS or (self.low(at) == "her" and self.phrase(at) is None)

    def _verb_form(self, at: int) -> bool:
        """Whether the word here may be a verb with "-s", so that what stands before it may be a noun."""
        found = verb(self.low(at))
        return found is not None and found.form == "s"

    def _participle(self, at: int) -> bool:
        found = verb(self.low(at))
        return found is not None and found.form in ("ing", "past")

    def _goes_on(self, at: int) -> bool:
        """Whether a noun phrase goes on here, behind an adjective."""
        low = self.low(at)
        if low in ("and", "or", ","):
            return is_adjective(self.low(at + 1)) and (self.low(at + 2) in ("and", ",") or self._goes_on(at + 2))
        if at >= len(self) or is_closed(self.all[at]) or self.all[at].quoted:
            return False
        if low in w.INTENSIFIERS and self._goes_on(at + 1):
            return True
        if w.is_adverb(low) and not self._goes_on(at + 1):
            return False
        if low in w.MANNER and not is_adjective(low):
            return False
        found = verb(low)
        if found is not None and found.form == "ing" and low not in NOUNS_TOO:
            return self._noun_follows(at + 1) and self.low(at + 1) not in w.DEFINITE
        return not (found is not None and found.form == "s" and low not in NOUNS_TOO)
