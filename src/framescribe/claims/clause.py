"""Knows what was read of a clause so far: whom it is about, what they do; reads no words itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from framescribe.claims import statements
from framescribe.claims import words as w
from framescribe.claims.base import Claim
from framescribe.claims.nouns import Phrase, Words
from framescribe.claims.statements import Done, Named
from framescribe.claims.verbs import verb

CAMERA = Named(text="the camera", plural=False)
"""Whom the clauses about the camera are about."""
SOMETHING = "something"


@dataclass(slots=True)
class Memory:
    """What a caption has said before: the nouns that were brought up, and whom it spoke of last."""

    seen: set[str] = field(default_factory=set)
    subject: Named | None = None
    thing: Named | None = None  # what "it" stands for as an object
    latest: str = ""


class Clause:
    """Where a walk over the words of a sentence is, and what it has found."""

    def __init__(self, words: Words, memory: Memory) -> None:
        self.words, self.memory = words, memory
        self.claims: list[Claim] = []
        self._at = 0
        self._subject: Named | None = None  # of this clause
        self._near: Named | None = None  # the latest noun phrase
        self._main: Named | None = None  # of the clause around this one, which has no verb yet
        self._fronted: tuple[int, str] | None = None  # the claim of a place before what is there was named
        self._behind_at = -1  # where that is named, if behind its verb
        self._owner = ""  # whose what is named next is: "the man's"
        self._touching = False  # whether that ended right here
        self._done: Done | None = None
        self._being = False  # the clause's verb is "is", with nothing behind it yet
        self._denied = False  # it is "is not"
        self._started = False  # the clause has its verb
        self._told_past = False  # it is told in the past
        self._shown = False  # "the video shows" was read, but not yet what
        self._listing = False  # with what somebody is is told, and so is what is joined to it
        self._told_present = False  # it is told in the present
        self._placed = False  # the latest noun is a place, and so is what is joined to it with "and"
        self._actions: list[tuple[int, int, Done, int]] = []
        self._events: list[Done | str] = []  # what happens, in the order in which it is told
        self._orders: list[tuple[int, str, int]] = []

    def _other(self) -> Named | None:
        """Who was spoken of last, besides the camera."""
        return self.memory.subject if self._subject is None or self._subject is CAMERA else self._subject

    def _clause(self) -> None:
        self._started, self._done, self._touching, self._being, self._denied = False, None, False, False, False
        self._main = None
        self.memory.subject = self._other()

    def _named(self, phrase: Phrase) -> Named:
        words = self.words
        return Named(
            text=words.text(phrase.first, phrase.last),
            plural=statements.plural_of(words, phrase),
            person=statements.is_person(words, phrase),
        )

    def _begins_clause(self, at: int) -> bool:
        """Whether a noun phrase with its verb stands here, or a participle."""
        if self.words.low(at) in w.SUBJECTS or (self.words.low(at) == "there"):
            return True
        found = verb(self.words.low(at))
        if found is not None and found.form == "ing":
            return True
        phrase = self.words.phrase(at)
        if phrase is None:
            return False
        at = phrase.last
        for _ in range(3):
            while w.is_adverb(self.words.low(at)):
                at += 1
            if self.words.finite(at, statements.plural_of(self.words, phrase)):
                return True
            size = self.words.preposition(at)
            inner = self.words.phrase(at + size) if size else None
            if inner is None:
                return False
            at = inner.last
        return False

    def _base_verb(self, at: int) -> bool:
        while w.is_adverb(self.words.low(at)):
            at += 1
        found = verb(self.words.low(at))
        return (found is not None and found.form == "base") or self.words.low(at) == "be"

    def _before(self) -> Done | Named:
        """What a place would be said of here."""
        if self._done is not None:
            return self._done
        name = self._near if self._touching or self._subject is None else self._subject
        return name if name is not None else Named(text=SOMETHING, plural=False)

    def _found_where(self, named: Named) -> None:
        """Says of what is in a place that was named first that it is there: "On the table, a cat sleeps"."""
        if self._fronted is not None:
            at, place = self._fronted
            statement, contrast = statements.placed(named, place)
            self.claims[at] = replace(self.claims[at], statement=statement, contrast=contrast)
            self._fronted = None

    def _last_event(self) -> str:
        """What happened last, for a next sentence that begins with "then"."""
        last = self._events[-1] if self._events else self.memory.latest
        return last if isinstance(last, str) else last.text()

    def _add(self, kind: str, first: int, last: int, said: tuple[str, str], at: int | None = None) -> None:
        """Take down a claim of the words from `first` to before `last`."""
        start, end = self.words.all[first].start, self.words.all[last - 1].end
        claim = Claim(kind=kind, start=start, end=end, statement=said[0], contrast=said[1])
        self.claims.append(claim)
