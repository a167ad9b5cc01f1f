"""Finds the claims of one English sentence: it walks over its words, from phrase to phrase."""

from __future__ import annotations

import re

from framescribe.claims import base, statements
from framescribe.claims import words as w
from framescribe.claims.base import Claim
from framescribe.claims.contrasts import FALSE
from framescribe.claims.impersonal import Impersonal
from framescribe.claims.nouns import is_adjective, is_plural
from framescribe.claims.statements import Done, Named
from framescribe.claims.verbs import NOUNS_TOO, verb


class Walk(Impersonal):
    """The claims of one sentence."""

    def claimed(self) -> list[Claim]:
        """The claims in the order in which they are said."""
        while self._at < len(self.words):
            before = self._at
            self._step()
            if self._at == before:
                self._at += 1
        for first, last, done, index in self._actions:
            self._add(base.ACTION, first, last, statements.action(done), index)
        self._order()
        self.memory.latest = self._last_event()
        self.memory.subject = self._other()
        return sorted(self.claims, key=lambda claim: (claim.start, -claim.end))

    def _step(self) -> None:
        words, at = self.words, self._at
        token, low = words.all[at], words.low(at)
        if token.quoted:
            self._quotation(at)
            if self._subject is not None and not self._started and words.finite(at + 1, self._subject.plural):
                self._near, self._touching = self._subject, True  # 'A sign reading "OPEN" hangs'
        elif not token.is_word:
            self._touching = self._being = False
            if low in ";:—–":
                self._clause()
            elif low == ",":
                self._done = None
            self._at = at + 1
        elif self._some_of(at) or self._not_so(at):
            pass
        elif end := self._camera(at):
            self._at = end
        elif end := self._each_other(at):
            self._add(base.ACTION, at, end, statements.placed(self._before(), words.text(at, end)))
            self._at, self._touching = end, False
        elif end := self._paired(at):
            self._add(base.DIRECTION, at, end, statements.placed(self._before(), words.text(at, end)))
            self._at, self._touching = end, False
        elif low in w.ORDER and self._is_order(at):
            self._orders.append((at, low, len(self._events)))
            self._at, self._touching = at + 1, False
            if low in ("before", "after"):
                self._done = None
        elif low in w.SUBORDINATE and not (
            low in ("before", "after", "until", "as", "since") and not self._begins_clause(at + 1)
        ):
            self._clause()
            self._at = at + 1
        elif low in w.JOINING:
            self._joined(at)
        elif (low in w.RELATIVE and low != "that") or (low == "that" and self._touching and self._is_verb(at + 1)):
            self._relative(at)
        elif low == "there" and words.low(at + 1) in w.BE:
            self._at = self._nothing(at) or at + 2
            self._started, self._touching = True, False
        elif (
            self._done is not None
            and not self._done.objects
            and low in ("it", "him", "them", "her")
            and words.phrase(at) is None
        ):
            thing = self.memory.thing.known if self.memory.thing is not None and low in ("it", "them") else low
            self._done.objects.append(thing)
            self._at, self._touching = at + 1, False
        elif low == "it" and (end := self._weather(at)):
            self._at = end
        elif low in w.SUBJECTS:
            self._subject = self._near = statements.of_pronoun(low, self._other())
            self._touching, self._started, self._at = True, False, at + 1
        elif low == "to" and self._base_verb(at + 1):
            self._verb(at + 1, form="to")
        elif (
            (self._being and self._is_predicate(at))
            or (self._touching and words.state(at) and not self._agrees(at))
            or self._is_appended(at)
            or (self._subject is not None and words.low(at - 1) in (",", "and") and words.state(at))
        ):
            self._predicate(at)
        elif self._is_verb(at):
            self._verb(at)
        elif size := words.preposition(at):
            self._prepositional(at, size)
        elif (phrase := words.phrase(at)) is not None:
            self._noun(phrase)
        elif low in w.MANNER or w.is_adverb(low):
            self._adverb(at)
        else:
            self._at = at + 1

    def _quotation(self, at: int) -> None:
        """What is in quotes is text that can be seen, unless somebody says it, or it is only a name or a word."""
        words, said = self.words, self.words.all[at].text.strip("\"“”'").rstrip(",.")
        self._at = at + 1
        back = at - 1 - (words.low(at - 1) in (",", ":"))
        verb_word, who = words.low(back), self._subject or self._near
        spoken = verb_word in w.SPEAKING or (verb_word in w.SAYING and who is not None and who.person)
        if spoken and who is not None:
            done = words.text(back, back + 1)
            is_ = f"{'are' if who.plural else 'is'} " if done.endswith("ing") else ""
            statement = f'{who.text} {is_}{done} "{said}"'
            self._add(base.ACTION, back, at + 1, (statements.sentence(statement), f"{FALSE} {statement}."))
            self._started, self._touching, self._done, self._near = True, False, None, None
            return
        if not said.isupper() and (
            verb_word in w.NAMING or (verb_word in w.ARTICLES and words.low(at + 1) not in w.WRITTEN)
        ):
            return
        self._add(base.TEXT, at, at + 1, (f'The text "{said}" can be seen.', f'The text "{said}" cannot be seen.'))

    def _relative(self, at: int) -> None:
        """Into a clause about the noun right before; the one around it may still be without its verb."""
        near, begun = self._near, self._started
        if near is not None:
            if not begun and self._main is None:
                self._main = self._subject
            self._subject = Named(text=near.text, plural=near.plural, person=near.person)
            owner = near.text.rsplit(" of ", 1)[-1]
            if self.words.low(at) == "who" and owner != near.text:  # "the shoulders of a man who"
                self._subject = Named(text=owner, plural=is_plural(owner.rsplit(" ", 1)[-1]), person=True)
            self._touching = True
            if self.words.low(at) == "whose":
                self._owner = f"{near.known}'{'' if near.known.endswith('s') else 's'}"
        self._started, self._at = False, at + 1

    def _not_so(self, at: int) -> bool:
        """Takes what is denied behind "but not", "and no longer": a participle, or how somebody is."""
        words, who = self.words, self._subject
        size = 1 if words.low(at) == "not" else 2 if (words.low(at), words.low(at + 1)) == ("no", "longer") else 0
        if not size or who is None or words.low(at - 1) not in w.JOINING | {","}:
            return False
        first, done = at + size, verb(words.low(at + size))
        self._at = first + 1
        if is_adjective(words.low(first)) and words.phrase(first) is None:
            self._add(base.ATTRIBUTE, at, first + 1, statements.is_so(who, words.low(first), denied=True))
        elif done is not None and done.form in ("ing", "past"):
            self._done = Done(who=who, verb=words.text(at, first + 1), form=done.form)
            self._actions.append((at, first + 1, self._done, len(self.claims)))
        else:
            self._at = at
            return False
        self._touching = self._being = False
        return True

    def _some_of(self, at: int) -> bool:
        """Takes "three of them", and "one" before a verb, for whom the clause is about."""
        words, about = self.words, self._other()
        if self._near is not None and self._near.plural and about is not None and not about.plural:
            about = self._near  # "a harbor filled with boats, some of them"
        low, following = words.low(at), verb(words.low(at + 1))
        if about is None or not (low in w.NUMBERS or low in w.VAGUE or low in ("each", "both", "all", "most", "none")):
            return False
        of_them = words.low(at + 1) == "of" and words.low(at + 2) in ("them", "these", "those", "which", "whom")
        form = "s" if low == "one" else "base"
        alone = low in w.NUMBERS and following is not None and following.form == form
        alone = alone and (form == "s" or words.low(at + 1) not in NOUNS_TOO) and words.low(at + 2) not in w.BE
        if not of_them and not alone:
            return False
        plural = low not in ("one", "each", "none")
        said = re.sub(rf"^(?:(?:the|both|all|{'|'.join(w.NUMBERS)}|\d+) )+", "", about.known)
        self._subject = self._near = Named(text=f"{low} of the {said}", plural=plural, person=about.person)
        self._touching, self._at = True, at + (3 if of_them else 1)
        done = verb(words.low(self._at))
        self._started = done is not None and done.form == "past" and not self._told_past  # "three of them broken"
        return True

    def _nothing(self, at: int) -> int:
        """Behind a clause that says "there is no …" or "there is not …", which is one claim; 0: it says neither."""
        words, phrase = self.words, self.words.phrase(at + 3 if self.words.low(at + 2) == "not" else at + 2)
        if phrase is None or not (words.low(at + 2) == "not" or statements.is_none(words, phrase)):
            return 0
        end = phrase.last
        while end < len(words) and words.all[end].is_word and words.low(end) not in w.SUBORDINATE | w.RELATIVE:
            if words.low(end) in w.JOINING and self._begins_clause(end + 1):
                break
            end += 1
        said = statements.there_is_none(
            words, phrase, words.text(phrase.first, end), " ".join(words.low(n) for n in (at + 1, at + 2))
        )
        self._add(base.OBJECT, phrase.heads[0], end, said)
        return end

    def _paired(self, at: int) -> int:
        """Behind "back and forth" and the like; 0: it does not stand here by itself."""
        for pair in w.PAIRED:
            end = at + pair.count(" ") + 1
            if (
                " ".join(self.words.low(n) for n in range(at, end)) == pair
                and self.words.phrase(end) is None
                and self._done
            ):
                return end
        return 0

    def _is_appended(self, at: int) -> bool:
        """Whether an adjective stands behind a comma, before the verb: "The horse, brown and strong, trots"."""
        pending = self._subject is not None and self._near is self._subject and not self._started
        return pending and self.words.low(at - 1) == "," and self._is_predicate(at)

    def _agrees(self, at: int) -> bool:
        """Whether the word here is rather what those do who were just named: "The doors open"."""
        found = verb(self.words.low(at))
        several = self._near is not None and self._near.plural
        return several and not self._started and found is not None and found.form == "base"

    def _each_other(self, at: int) -> int:
        """Behind "hand in hand", "side by side" and the like; 0: no such thing stands here."""
        words, low = self.words, self.words.low(at)
        twice = low.isalpha() and low == words.low(at + 2) and words.low(at + 1) in ("by", "in", "to", "on", "after")
        return at + 3 if twice and low not in w.PRONOUNS else 0

    def _is_order(self, at: int) -> bool:
        low = self.words.low(at)
        if low in ("before", "after"):
            return self._begins_clause(at + 1)
        if low in ("later", "first", "lastly", "initially", "next"):
            return (
                at == 0
                or (self.words.low(at - 1) in ("and", ",", "then", "but") and low != "next")
                or self.words.low(at + 1) == ","
            )
        return True

    def _joined(self, at: int) -> None:
        """After "and": the same subject goes on, or something new comes."""
        self._at, self._touching = at + 1, False
        done = self._done
        pending = done is not None and bool(done.objects) and not self._started  # "wearing a hat and boots"
        if not pending and self._begins_clause(at + 1) and not self._is_verb(at + 1):
            found = verb(self.words.low(at + 1))
            if not (found is not None and found.form == "ing"):
                self._clause()

    def _order(self) -> None:
        """What comes after what, for words like "then"."""
        for at, word, index in self._orders:
            told = [event if isinstance(event, str) else event.text() for event in self._events]
            before = told[index - 1] if index else self.memory.latest
            after = told[index] if index < len(told) else ""
            if not before or not after:
                continue
            if word == "after":
                before, after = after, before
            one, other = (text[0].lower() + text[1:] for text in (before, after))
            self._add(base.ORDER, at, at + 1, (f"First {one}, then {other}.", f"First {other}, then {one}."))
