"""Knows how words are put for others in a text, once and for all at the same time; knows no captions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from framescribe.errors import UserError
from framescribe.language.letters import folded, perhaps, phrases


class Replacements:
    """Puts words for others, where they stand whole, ignoring case: "man's" becomes "ohwx man's", "Manchester" stays.

    What a replacement has made, or could have, stays as it is: "ohwx man" does not become "ohwx ohwx man", and none
    acts on another's; so do the phrases to `keep`. Only a word that is itself to be replaced always is: two may change
    places.
    """

    def __init__(self, replace: Mapping[str, str], keep: Iterable[str] = ()) -> None:
        self._by = {folded(word): other.strip() for word, other in replace.items()}
        for word, other in replace.items():
            if not word.strip() or not other.strip():
                raise UserError(f"--replace {word}={other}: give a word on either side of the equals sign.")
        if len(self._by) < len(replace):
            raise UserError("--replace: one word is given twice; upper and lower case make no difference.")
        self._may = perhaps(replace)
        self._either = phrases([*replace, *self._by.values(), *keep])

    def __call__(self, text: str) -> str:
        if not self._may(text):
            return text
        return self._either.sub(lambda found: self._by.get(folded(found[0]), found[0]), text)
