"""Finds what a sentence says that somebody does or is: verbs, and adjectives behind them."""

from __future__ import annotations

from framescribe.claims import base, statements
from framescribe.claims import words as w
from framescribe.claims.clause import CAMERA
from framescribe.claims.filming import Filming
from framescribe.claims.nouns import Phrase, is_adjective, is_plural
from framescribe.claims.statements import Done, Named
from framescribe.claims.verbs import NOUNS_TOO, SAME, Verb, verb

_ALWAYS = frozenset(("left", "right", "low", "high", "open", "still", "upright", "up", "down"))


class Acting(Filming):
    """A walk that knows verbs."""

    def _is_verb(self, at: int) -> bool:
        """Whether a verb stands here, given what came before."""
        words, low = self.words, self.words.low(at)
        if low == "including" or (not self._touching and words.shining(at)):
            return False
        if words.low(at - 1) in ("who", "which") and (told := verb(low)) is not None and told.form in ("s", "base"):
            return True
        if low in w.AUXILIARY:
            return not (low in ("can", "might", "will") and words.low(at - 1) in w.INDEFINITE)
        if w.is_adverb(low) or (low in ("then", "just", "both", "also") and self._touching):
            return (
                self._touching and bool(words.low(at + 1)) and self._is_verb(at + 1)
                if w.is_adverb(low) or low == "both"
                else False
            )
        found = verb(low)
        if found is None:
            return self._touching and not self._started and words.finite(at, False)
        alone = words.low(at - 1) == "other" and self._touching and found.form == "s"  # "the other stirs a pot"
        if (words.low(at - 1) in w.DEFINITE - {"that", "both"} and not alone) or words.low(at - 1) in ("a", "an"):
            return False
        main = self._main if self._started else None
        certain = low not in NOUNS_TOO or (self._touching and self._near is not None and self._near.plural)
        certain = certain or (words.low(at - 1) == "," and main is not None and words.finite(at, main.plural))
        if main is not None and found.form == ("base" if main.plural else "s") and certain:
            return True
        plural = (
            self._near.plural
            if self._near is not None and self._touching
            else bool(self._subject and self._subject.plural)
        )
        if found.form == "ing":
            return not (self._near is None and words._noun_follows(at + 1) and at == 0)
        if self._touching:
            several = found.form == "base" and is_plural(words.low(at - 1)) and not self._started
            if several and words.finite(at, True):
                return True  # "a group of dancers perform"
            if found.form == "past" or words.finite(at, plural):
                return True
            if found.form == "s" and not self._started and self._subject is not None and not self._subject.plural:
                return True
            return found.form == "base" and self._started is False and plural
        if self._subject is None and self.memory.subject is None:
            return False
        if found.form == "past":
            return not words._noun_follows(at + 1) or words.low(at + 1) in w.DEFINITE
        if self._subject is None:
            return False
        joined = (
            words.low(at - 1) in ("and", ",", "then", "but", "or")
            or w.is_adverb(words.low(at - 1))
            or words.low(at - 1) in w.ORDER
        )
        if not joined:
            return False
        if found.form == "s":
            return not self._subject.plural and words.finite(at, False)
        opened = self._started or (words.low(at - 1) == "," and low not in NOUNS_TOO)
        return self._subject.plural and opened and not words.finite(at + 1, True)

    def _verb(self, at: int, form: str = "") -> None:
        words, first = self.words, at
        auxiliaries = list[str]()
        while (
            words.low(at) in w.AUXILIARY
            or (words.low(at) in ("not", "also", "now", "still", "both") and auxiliaries)
            or (
                w.is_adverb(words.low(at))
                and (self._is_verb(at + 1) or auxiliaries or form == "to")
                and not is_adjective(words.low(at))
            )
        ):
            if (
                words.low(at) in w.AUXILIARY
                and words.low(at) in ("has", "have", "had")
                and not self._participle(at + 1)
            ):
                break
            auxiliaries.append(words.low(at))
            at += 1
        who, finite = self._doer(at, any(word in w.AUXILIARY for word in auxiliaries), form)
        if finite and self._fronted is not None and (phrase := self._behind(at)) is not None:
            who = self._named(phrase)
            self._found_where(who)
            self._behind_at = phrase.first
        self._listing = False
        if finite:
            self._subject, self._started = who, True
            found = verb(words.low(at))
            told_now = found is not None and found.form in ("s", "base") and found.base not in SAME
            self._told_present |= told_now or not {"is", "are", "has", "have"}.isdisjoint(auxiliaries)
        is_being = any(word in w.BE for word in auxiliaries)
        self._denied = is_being and "not" in auxiliaries
        low = words.low(at)
        found = verb(low)
        if is_being and (low in w.PRESENT or (low in ("able", "about", "going") and words.low(at + 1) == "to")):
            self._at, self._being, self._touching, self._done = at + 1, low in w.PRESENT, False, None
            return
        if is_being and found is not None and low in SAME:
            found = Verb(low, "past")
        if is_being and (found is None or (is_adjective(low) and found.form != "ing") or found.form in ("s", "base")):
            self._at, self._being, self._touching, self._done = at, True, False, None
            return
        if found is None and words._unknown_verb(at):
            found = Verb(low.removesuffix("s"), "s")
        if found is None:
            self._at, self._touching = max(at, first + 1), False
            return
        if words.all[at + 1 : at + 2] and words.all[at + 1].quoted and found.base in w.READING:
            self._at, self._touching = at + 1, False  # "a sign that reads"
            return
        if who is CAMERA and low in w.CAMERA_CUES and low not in ("follows", "reveals", "captures", "following"):
            end = at + 1
            while end < len(words) and not self._ends_camera(end):
                end += 1
            self._say_camera(first, end, clause=True)
            self._at, self._touching, self._done = end, False, None
            return
        if low in w.HEDGES and (words.low(at + 1) == "to" or self._ing(at + 1)):
            self._at, self._touching = at + 1, False
            return
        if low in ("takes", "take", "taking", "took") and words.low(at + 1) == "place":
            self._at, self._touching, self._being = at + 2, False, True
            return
        last = self._particles(at + 1, found.base)
        self._touching = self._being = self._placed = False
        self._at = last
        if (low in w.SHOWS or (low in w.BOUNDS and words.low(last) == "with")) and (
            who is None or who.text.split(" ")[-1] in w.NOTHING or who.text.split(" ")[-1] in w.CAMERA
        ):
            self._done = None
            self._shown = who is not CAMERA
            return
        if (
            low in ("revealing", "reveals", "showing", "surrounding", "including", "featuring", "following")
            and who is not None
            and who.text.split(" ")[-1] in w.CAMERA
        ):
            self._done = None
            return
        form = form or ("" if finite else found.form)
        said = " ".join(
            words.low(n)
            for n in range(first, last)
            if words.low(n) not in ("also", "now", "still", "both", "just", "too")
        )
        self._done = Done(who=who or Named(text="someone", plural=False), verb=said, form=form)
        self._actions.append((first, last, self._done, len(self.claims)))
        self._events.append(self._done)
        if words.low(last) not in w.PREPOSITIONS and self._is_predicate(last):
            self._predicate(last, self._done.who)

    def _behind(self, at: int) -> Phrase | None:
        """Who does it, if that is said behind the verb: "To the left of the door stands a vase"."""
        phrase = self.words.phrase(at if self.words.low(at - 1) in w.BE else at + 1)
        return phrase if phrase is not None and phrase.opening.split(" ")[0] in w.INDEFINITE else None

    def _doer(self, at: int, auxiliary: bool, form: str) -> tuple[Named | None, bool]:
        """Whose verb stands here, and whether it is the clause's own verb rather than a participle or an infinitive."""
        found = verb(self.words.low(at))
        if form or (found is not None and found.form == "ing" and not auxiliary):
            return (self._near if self._touching and not form else self._subject or self.memory.subject), False
        if found is not None and found.form == "past" and not auxiliary:
            opened = self._started or self._told_present or self.words.low(at - 1) == ","
            opened = opened or self.words.low(at + 1) == "by"
            opened = opened or (self.words.low(at + 1) == "with" and found.base in w.FILLED)
            has_object = self.words.phrase(at + 1) is not None or not self.words.preposition(at + 1)
            if opened and not (self.words.low(at - 1) in ("and", "then") and self._told_past):
                return (self._near if self._touching else self._subject or self.memory.subject), False
            if not has_object and not self._told_past and self._finite_follows(at + 1):
                return (self._near if self._touching else self._subject), False
            self._told_past = True
        if self._started and self._main is not None:  # of the clause in which another one stood
            main, self._main = self._main, None
            return main, True
        if self._started and self._touching and self._near is not None:
            return self._near, True
        return self._subject or self._near or self.memory.subject, True

    def _finite_follows(self, at: int) -> bool:
        """Whether the clause's own verb is still to come."""
        for here in range(at, len(self.words)):
            low = self.words.low(here)
            if low in w.SUBORDINATE or low in (";", ".", ","):
                return False
            found = verb(low)
            if low in w.BE or (found is not None and found.form == "s" and low not in NOUNS_TOO):
                return True
        return False

    def _participle(self, at: int) -> bool:
        while w.is_adverb(self.words.low(at)) or self.words.low(at) in ("just", "been", "not"):
            at += 1
        found = verb(self.words.low(at))
        return found is not None and found.form == "past"

    def _ing(self, at: int) -> bool:
        found = verb(self.words.low(at))
        return found is not None and found.form == "ing"

    def _particles(self, at: int, of: str) -> int:
        """Behind the particles and adverbs that stand with a verb."""
        words = self.words
        while True:
            low = words.low(at)
            if not low:
                return at
            if low == "back" and words.low(at + 1) == "and":
                return at
            size = words.preposition(at)
            if (
                size
                and words.phrase(at + size) is not None
                and not (
                    size == 1 and of in w.PHRASAL and low in ("up", "down", "off", "out", "away", "over", "on", "open")
                )
            ):
                return at
            if size and words.pronoun(at + size):
                return at
            if size > 1:
                return at
            says_how = w.is_adverb(low) and verb(low) is None
            if says_how or low in _ALWAYS or ((low in w.PARTICLES | w.MANNER) and words.phrase(at) is None):
                at += 1
                continue
            return at

    def _is_predicate(self, at: int) -> bool:
        """Whether an adjective stands here without a noun."""
        words = self.words
        while (words.low(at) in w.INTENSIFIERS or w.is_adverb(words.low(at))) and is_adjective(words.low(at + 1)):
            at += 1
        low = words.low(at)
        if not is_adjective(low) or (low in w.PREPOSITIONS and words.phrase(at + 1) is not None):
            return False
        return not words._noun_follows(at + 1)

    def _predicate(self, at: int, about: Named | None = None) -> None:
        """The adjectives behind "is"."""
        words, who = self.words, about or self._subject or self._near or Named(text="it", plural=False)
        beside = self._near if self._touching and words.state(at) else None
        who = beside or who
        while True:
            first = at
            if end := words.state(at):
                at = end - 1
            while (words.low(at) in w.INTENSIFIERS and is_adjective(words.low(at + 1))) or (
                w.is_adverb(words.low(at)) and is_adjective(words.low(at + 1))
            ):
                at += 1
            if not (is_adjective(words.low(at)) or words.state(at)) or words.low(at) in w.PREPOSITIONS:
                break
            at += 1
            if words.low(at - 1) == "ready" and words.low(at) == "to" and self._base_verb(at + 1):
                at += 2  # what somebody is ready to do is not done
            if words.low(at) == "than":
                than = words.phrase(at + 1)
                at = than.last if than is not None else at + 2
                at += words.low(at) in ("one", "ones")
            self._add(base.ATTRIBUTE, first, at, statements.is_so(who, words.text(first, at), denied=self._denied))
            follows = 2 if words.low(at) == "," and words.low(at + 1) == "and" else 1
            if (
                words.low(at) in ("and", ",")
                and is_adjective(words.low(at + follows))
                and (words.phrase(at + follows) is None or not words._goes_on(at + follows + 1))
            ):
                at += follows
                continue
            break
        self._at, self._being, self._touching = max(at, self._at + 1), True, False
        if beside is not None:  # "its doors open in the wind"
            self._being, self._touching = False, words.preposition(at) > 0

    def _adverb(self, at: int) -> None:
        """An adverb away from its verb: it says how, or where."""
        end = at + 1
        low = self.words.low(at)
        self._at = end
        if low in w.EMPTY_ADVERBS:
            return
        if self._touching and self._near is not None and self.words._placed_verb(at):
            self._add(base.PLACE, at, end, statements.placed(self._near, low))
            return
        if self._is_verb(end) or (verb(self.words.low(end)) is not None and self.words.low(end) not in w.PREPOSITIONS):
            self._verb(at) if self._touching or self.words.low(at - 1) in ("and", ",", "then") else None
            return
        who = self._done
        if who is not None and low in ("outside", "inside", "outdoors", "indoors"):
            self._add(base.SETTING, at, end, statements.set_in(low))
        elif who is not None:
            kind = base.PLACE if low in ("nearby", "overhead", "above", "below", "behind") else base.ACTION
            self._add(kind, at, end, statements.placed(who, low))
        elif self._being and (self._subject or self._near):
            name = self._subject or self._near
            assert name is not None
            self._add(base.PLACE, at, end, statements.placed(name, low))
        elif low in ("outside", "inside", "outdoors", "indoors", "nearby", "overhead"):
            near = self._near
            if near is not None:
                self._add(base.PLACE, at, end, statements.placed(near, low))
