"""Finds what a sentence names: things, how many, how they are, and where."""

from __future__ import annotations

from framescribe.claims import base, contrasts, statements
from framescribe.claims import words as w
from framescribe.claims.acting import Acting
from framescribe.claims.clause import CAMERA, SOMETHING
from framescribe.claims.nouns import Phrase, is_plural
from framescribe.claims.statements import Named
from framescribe.claims.verbs import verb

_TIMES = frozenset(("night", "day", "dawn", "dusk", "morning", "evening"))  # "INT. KITCHEN - NIGHT"
_GENERIC = frozenset(
    [
        "something",
        "anything",
        "nothing",
        "everything",
        "scene",
        "video",
        "clip",
        "footage",
        "image",
        "frame",
        "picture",
        "moment",
        "time",
        "way",
        "side",
        "thing",
        "place",
        "end",
        "rest",
        "other",
        "beginning",
        "one",
        "middle",
        "left",
        "right",
        "top",
        "bottom",
        "center",
        "centre",
        "both",
        "front",
        "each",
        "everyone",
        "others",
        "someone",
        "action",
        "screen's",
        "camera",
        "view",
        "shot",
        "distance",
        "background",
        "foreground",
        "it",
        "int",
        "ext",
        "sequence",
        "setting",
        "weather",
        "lighting",
        "style",
        "mood",
        "atmosphere",
        "tone",
        "ambiance",
        "vibe",
        "feel",
        "feeling",
        "sense",
    ]
)
_MERGED = frozenset(("move", "travel", "go", "appear", "disappear"))
_AIMED = frozenset(
    ("look", "gaze", "stare", "glance", "smile", "wave", "point", "peer", "bark", "shout", "aim", "laugh")
)
_OBJECTIVE = frozenset(
    (
        "with",
        "without",
        "by",
        "for",
        "of",
        "including",
        "about",
        "along with",
        "together with",
        "full of",
        "such as",
        "featuring",
    )
)
_LIKE = frozenset(("like", "as", "than", "per", "despite", "due to", "because of", "during", "instead of"))


class Naming(Acting):
    """A walk that knows nouns."""

    def _noun(self, phrase: Phrase) -> None:
        """A noun phrase that is no part of a prepositional one: a subject, or an object."""
        words = self.words
        named = self._named(phrase)
        if self._owner:
            named.text, self._owner = f"{self._owner} {named.text}", ""
        being, self._being = self._being, False
        joined = self._joins(phrase)
        if joined:
            assert self._subject is not None
            named = Named(text=f"{self._subject.text} and {named.text}", plural=True)
        if self._is_aside(phrase):
            self._parts(phrase)
            self._held(named, phrase.last)
            return
        is_object = (
            self._done is not None and not self._touching and not self._placed and phrase.first != self._behind_at
        )
        self._placed = False
        if words.text(phrase.first, phrase.last).isupper() and words.low(phrase.first) in _TIMES:
            self._add(base.SETTING, phrase.first, phrase.last, statements.of_weather(f"is {words.low(phrase.first)}"))
        elif not statements.is_none(words, phrase):
            if not (is_object and self._denies(phrase)):
                self._parts(phrase)
        elif not is_object and not self._says_more(phrase.last):
            self._add(base.OBJECT, *phrase.heads, statements.none_of(words, phrase))
        head = words.low(phrase.heads[1] - 1)
        if is_object:
            assert self._done is not None
            self._done.objects.append(named.text)
            self.memory.thing = named
        self._near, self._touching, self._at = named, True, phrase.last
        shown, self._shown = self._shown, False
        aside = self._told_present and self._participial(phrase.last)
        if self._listing and not joined and words.low(phrase.first - 1) in ("and", "or", ","):
            pass
        elif shown and not is_object:
            self._subject = named
        elif not is_object and not being and not self._started:
            self._subject = named if head not in w.NOTHING else None
            self._found_where(named)
        elif (
            not is_object
            and not aside
            and words.finite(phrase.last, named.plural)
            and words.low(phrase.first - 1) in (",", "and", "but", "while", "as")
        ):
            self._started = False
            self._subject = named

    def _denies(self, phrase: Phrase) -> bool:
        """Whether what is not done is all that brings this up: "is not wearing a hat"."""
        return (
            self._done is not None and "not" in self._done.verb.split(" ") and phrase.opening in ("a", "an", "any", "")
        )

    def _says_more(self, at: int) -> bool:
        """Whether what stands here says what those do, or where they are, of whom there are none: "no people walk"."""
        low = self.words.low(at)
        return low not in w.BE and (self._is_verb(at) or verb(low) is not None or self.words.preposition(at) > 0)

    def _joins(self, phrase: Phrase) -> bool:
        """Whether a noun phrase is the second of two that do something together: "A man and a woman dance"."""
        beside = self._near is self._subject or self._listing
        acted = any(last == phrase.first - 1 for _, last, _, _ in self._actions)  # "The lights dim and the doors close"
        if self._started or acted or self._subject is None or not beside:
            return False
        following = self.words.low(phrase.last)
        found = verb(following)
        several = following in ("are", "were", "have") or (found is not None and found.form == "base")
        return self.words.low(phrase.first - 1) == "and" and several

    def _parts(self, phrase: Phrase, *, thing: bool = True) -> None:
        """The claims in a noun phrase: that there is such a thing, how many, and how each is."""
        words = self.words
        first, last = phrase.heads
        head = words.low(last - 1)
        number = words.low(phrase.number[0]) if phrase.number is not None else "some"
        if phrase.number is not None and number != "some" and (thing or number not in ("one", "1")):
            self._add(base.COUNT, *phrase.number, statements.count(words, phrase))
        for one in phrase.attributes if thing or head not in _GENERIC else ():
            self._add(base.ATTRIBUTE, *one, statements.attribute(words, phrase, *one))
        key = head[:-1] if head.endswith("s") and not head.endswith("ss") else head
        again = key in self.memory.seen and (
            phrase.opening.startswith(("the", "its", "his", "her", "their", "this", "these", "both", "that"))
            or phrase.opening == ""
        )
        own_body = self._own_body(phrase)
        known = again or own_body or self._is_name(phrase)
        if thing and not known and (head not in _GENERIC or self._held_camera(phrase)):
            self._add(base.OBJECT, first, last, statements.there_is(words, phrase))
        self.memory.seen.add(key)

    def _participial(self, at: int) -> bool:
        found = verb(self.words.low(at + w.is_adverb(self.words.low(at))))
        return found is not None and found.form in ("ing", "past")

    def _own_body(self, phrase: Phrase) -> bool:
        """Whether a noun phrase is a part of somebody's body: "his hands", "both hands", "one leg"."""
        words = self.words
        one = phrase.number is not None and words.low(phrase.number[0]) == "one"
        owned = bool(phrase.owner) or "both" in phrase.opening or one
        return owned and words.low(phrase.heads[1] - 1) in w.BODY

    def _is_name(self, phrase: Phrase) -> bool:
        """Whether a noun phrase is probably somebody's name, as in "John picks up a cup": no picture shows that."""
        words, at = self.words, phrase.first
        if phrase.last - at != 1 or not words.all[at].text.istitle() or statements.uncountable(words, phrase):
            return False
        noun, following = words.low(at), words.low(phrase.last)
        alive = noun in w.PERSONS | w.ANIMALS | w.COLLECTIVE | w.PLURALS or noun.endswith(w.AGENTS)
        acts = words.finite(phrase.last, False) or (following == "," and self._participial(phrase.last + 1))
        return acts and not alive and not is_plural(noun)

    def _held_camera(self, phrase: Phrase) -> bool:
        """Whether a camera is a thing in the picture: somebody does something to it."""
        return self.words.low(phrase.heads[1] - 1) == "camera" and phrase.opening != "the" and self._done is not None

    def _prepositional(self, at: int, size: int) -> None:
        """A preposition with its noun phrase: where, which way, when, or with what."""
        words, opening = self.words, " ".join(self.words.low(n) for n in range(at, at + size))
        phrase = words.phrase(at + size)
        if phrase is None:
            self._without_noun(at, size, opening)
            return
        lacks = opening == "without" or (opening == "with" and statements.is_none(words, phrase))
        if lacks and (who := self._subject or self._near) is not None:
            self._add(base.ATTRIBUTE, at, phrase.last, statements.lacking(words, phrase, who, opening))
            self._near, self._touching, self._at, self._being = who, True, phrase.last, False
            return
        head = words.low(phrase.heads[1] - 1)
        first_head = words.low(phrase.heads[0])
        own_body = self._own_body(phrase)
        if opening == "with" and (own_body or at == 0) and self._is_so(phrase.last):
            if not own_body:
                self._parts(phrase)
            self._held(self._named(phrase), phrase.last)
            return
        if (opening in _OBJECTIVE and not own_body) or (opening in ("in", "with") and head in w.CLOTHES):
            self._parts(phrase)
            named = self._named(phrase)
            if opening == "in" and self._done is not None and not self._done.objects and not self._touching:
                self._done.objects.append(f"in {named.text}")  # "dressed in a suit"
            worn = opening == "in" and self._subject is not None and not self._started
            self._near, self._touching, self._at, self._being = (
                self._subject if worn else named,
                True,
                phrase.last,
                False,
            )
            if (self._shown and opening == "with") or (opening == "of" and self._subject is CAMERA and not self._done):
                self._subject, self._shown = named, False
            elif opening in ("with", "including", "such as") and self._subject is not None and not self._started:
                self._listing = True
            if opening == "for" and self._done is not None:
                self._done.verb += f" for {named.text}"
            return
        last = phrase.last
        if head in w.NOTHING and opening in ("in", "throughout"):
            self._at = last
            return
        inner = [phrase]
        kind = base.PLACE
        if (
            opening == "from"
            and (size2 := words.preposition(last))
            and (other := words.phrase(last + size2))
            and words.low(last) in ("to", "into", "onto", "toward", "towards")
        ):
            inner.append(other)
            last, kind = other.last, base.DIRECTION
        elif (
            head in ("background", "backdrop")
            and opening in ("on", "against", "with", "over")
            and phrase.last - phrase.first > 1
        ):
            said = words.text(phrase.first, phrase.heads[1] - 1)
            parts = said.split(" ", 1)
            said = parts[1] if parts[0] in ("a", "an", "the") and len(parts) > 1 else said
            said = f"a {said}" if said.endswith("gradient") else said
            self._add(base.SETTING, at, last, statements.background(said))
            self.memory.seen.add("background")
            self._at, self._touching, self._being = last, False, False
            return
        elif head in w.SETTINGS or first_head in w.SETTINGS:
            kind = base.PLACE if head in ("background", "foreground", "backdrop", "sky") else base.SETTING
        elif opening in _LIKE:
            kind = base.ATTRIBUTE
        elif self._done is not None and (
            opening.split(" ")[0] in w.DIRECTIONAL
            or (opening == "at" and (found := verb(self._done.verb.split(" ")[0])) and found.base in _AIMED)
        ):
            kind = base.DIRECTION
        for one in inner:
            self._parts(one, thing=False)
        said = words.text(at, last)
        if kind == base.SETTING:
            self._add(kind, at, last, statements.set_in(said))
        elif not self._merge(at, last, said, kind):
            if words.low(at - 1) in (";", ":", "—", "–") and words.low(last) == ",":
                self._subject = self._near = self._done = None  # what is there is named next
            self._place(kind, at, last)
        self._near, self._at, self._being = self._named(inner[-1]), last, False
        self._touching = self._placed = True
        if not self._started and self._subject is not None:
            self._near = self._subject  # "A man in a car drives": the man does

    def _is_so(self, at: int) -> bool:
        """Whether a participle or an adjective stands here that says of the noun before it how it is."""
        held = self.words.low(at) == "in" and self.words.low(at + 1) in ("hand", "hands", "tow")
        return held or self.words.state(at) > 0 or self._participial(at)

    def _is_aside(self, phrase: Phrase) -> bool:
        """Whether something stands here with how it is, before the verb of the clause around it: "A woman, her hair
        tied back, walks"."""
        pending = self._subject is not None and not self._started and self._main is None
        return pending and self.words.low(phrase.first - 1) == "," and self._is_so(phrase.last)

    def _held(self, named: Named, last: int) -> None:
        """Into what is said of something besides whom the clause is about, whose own verb may be still to come."""
        if not self._started and self._main is None:
            self._main = self._subject
        self._near, self._touching, self._at = named, True, last
        self._started, self._being, self._done = True, False, None

    def _place(self, kind: str, at: int, last: int) -> None:
        """Where somebody is or does something; of what is named only then, `_found_where` says it."""
        before, said = self._before(), self.words.text(at, last)
        if isinstance(before, Named) and before.text == SOMETHING:
            self._fronted = len(self.claims), said
        self._add(kind, at, last, statements.placed(before, said, denied=self._denied))

    def _merge(self, at: int, last: int, said: str, kind: str) -> bool:
        """One claim with the verb right before it: "moves from the left to the right", "appears on the right"."""
        if not self._actions or self._done is not self._actions[-1][2]:
            return False
        first, end, done, index = self._actions[-1]
        found = verb(self.words.low(end - 1))
        denied = not w.DENYING.isdisjoint(done.verb.split(" "))  # who does not look at somebody may look
        if end != at or found is None or done.objects or (found.base not in _MERGED and not denied):
            return False
        if denied:
            self._actions.pop()
            self._add(base.ACTION, first, last, statements.placed(done, said), index)
            return True
        if found.base in ("move", "travel", "go") and " to " not in said:
            return False
        self._actions.pop()
        if kind == base.DIRECTION and found.base not in ("appear", "disappear"):
            self._add(base.DIRECTION, first, last, statements.placed(done, said), index)
        else:
            other = contrasts.of_action(done.verb)
            contrast = done.text(other) if other else done.text(negative=True)
            both = statements.sentence(f"{done.text()} {said}"), statements.sentence(f"{contrast} {said}")
            self._add(base.ACTION, first, last, both, index)
        return True

    def _without_noun(self, at: int, size: int, opening: str) -> None:
        """A preposition before a pronoun, or by itself."""
        self._at = at + size
        if size == 1 and opening in w.MANNER and not self.words.pronoun(at + 1):
            self._adverb(at)
            return
        low = self.words.low(at + size)
        if (
            self.words.pronoun(at + size)
            and opening not in _OBJECTIVE
            and low not in w.RELATIVE
            and low not in ("there", "one")
        ):
            end = at + size + 1
            kind = base.DIRECTION if opening.split(" ")[0] in w.DIRECTIONAL else base.PLACE
            self._place(kind, at, end)
            self._at = end
        elif opening in ("back", "side to side", "up and down", "back and forth") or self.words.low(at) == "back":
            end = at + 3 if self.words.low(at + 1) == "and" else at + size
            self._add(base.DIRECTION, at, end, statements.placed(self._before(), self.words.text(at, end)))
            self._at = end
        elif size > 1 and opening in ("side to side", "up and down"):
            self._add(base.DIRECTION, at, at + size, statements.placed(self._before(), opening))
