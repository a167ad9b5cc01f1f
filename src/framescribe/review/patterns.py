"""Knows how what a person looks for becomes a pattern, and how long a pattern may work; knows no row.

Patterns are those of the package `regex`: they are written like Python's, and can be stopped. A few of them take longer
than anyone would wait on a text that almost matches ("(a+)+$").
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from framescribe.errors import MissingExtra, UserError

if TYPE_CHECKING:
    import regex

MOST_LOOKED_FOR, MOST_PUT = 2_000, 10_000  # letters
SECONDS_A_TEXT, SECONDS_IN_ALL = 1.0, 60.0  # of work

# A word ends where a letter that joins others meets anything else. Some scripts are written without blanks: among
# their letters every place may be a word's end.
_JOINS = r"(?![\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])\w"
_BEGINS = rf"(?:(?<!{_JOINS})|(?!{_JOINS}))"
_ENDS = rf"(?:(?!{_JOINS})|(?<!{_JOINS}))"


class Replacing:
    """Puts `put` in the place of everything in a text that matches `find`.

    With `expression`, `find` is a regular expression, and `put` may name its groups (\\1, \\g<name>). Without `case`, A
    and a are the same. With `words`, only what begins and ends where words do. UserError if either makes no sense.
    """

    def __init__(self, find: str, put: str, *, expression: bool, case: bool, words: bool) -> None:
        if not find:
            raise UserError("find what? Give the words to look for")
        for text, most, what in ((find, MOST_LOOKED_FOR, "find"), (put, MOST_PUT, "replace with")):
            if len(text) > most:
                raise UserError(f"“{what}” is {len(text):,} letters long; at most {most:,} are possible")
        self._left = SECONDS_IN_ALL
        pattern = compiled(find, case=case, literal=not expression)
        if words:
            pattern = compiled(f"{_BEGINS}(?:{find if expression else _escaped(find)}){_ENDS}", case=case)
        self._pattern, self._put = pattern, _template(pattern, put) if expression else lambda match: put

    def of(self, text: str, where: str) -> str:
        """The text with everything replaced. UserError, which says `where`, if that takes too long."""
        begun = time.thread_time()
        try:
            seconds = max(0.001, min(SECONDS_A_TEXT, self._left))
            return str(self._pattern.sub(self._put, text, concurrent=True, timeout=seconds))
        except TimeoutError:
            raise UserError(
                f"the expression takes too long on the caption of {where}: make it simpler (no repetition within a "
                "repetition, such as (a+)+)"
            ) from None
        finally:
            self._left -= time.thread_time() - begun


def compiled(find: str, *, case: bool, literal: bool = False) -> regex.Pattern[str]:
    """The pattern; letters in either case match, unless `case`. UserError if it is none."""
    regex = _package()
    try:
        return regex.compile(_escaped(find) if literal else find, 0 if case else regex.IGNORECASE)
    except (regex.error, OverflowError, RecursionError, ValueError) as error:
        raise UserError(f"{find!r} is not a regular expression: {error}") from None


def _template(pattern: regex.Pattern[str], put: str) -> Callable[[regex.Match[str]], str]:
    """What a match becomes. UserError if `put` names a group that `pattern` has not."""
    regex = _package()
    groups = "".join(f"(?P<{name}>)" if name else "()" for name in _groups(pattern))
    try:
        empty = regex.compile(groups).fullmatch("")
        assert empty is not None
        empty.expand(put)
    except (regex.error, IndexError, ValueError) as error:
        raise UserError(f"“replace with” {put!r} does not fit the expression: {error}") from None
    return lambda match: str(match.expand(put))


def _groups(pattern: regex.Pattern[str]) -> list[str | None]:
    """The groups of a pattern in their order, with the names of those that have one."""
    names = {number: name for name, number in pattern.groupindex.items()}
    return [names.get(number) for number in range(1, pattern.groups + 1)]


def _escaped(text: str) -> str:
    return str(_package().escape(text, special_only=True))


def _package() -> Any:
    try:
        import regex
    except ImportError as error:
        raise MissingExtra("framescribe review", "review") from error
    return regex
