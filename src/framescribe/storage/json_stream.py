"""Knows how a JSON list of objects is written and read one object at a time, whatever its layout and however long it
is; knows nothing of what the objects mean."""

from __future__ import annotations

import codecs
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Any, BinaryIO

from framescribe.errors import UserError
from framescribe.plain_json import dumps

AT_ONCE = 2**20  # bytes that are read at once
_LONGEST_TOKEN = 16  # characters: an error nearer to the end of what was read may be a token that was cut in two
_blanks = re.compile(r"[ \t\n\r]*").match
_to_next = re.compile(r"[ \t\n\r]*,[ \t\n\r]*(?=\{)").match  # from one object to the next
_decode = json.JSONDecoder().raw_decode


Placed = tuple[int, dict[str, Any]]
"""The line in which an object of a list begins, and the object."""


def write_objects(file: IO[str], values: Iterable[Mapping[str, Any]]) -> None:
    """Write the values as one JSON list with a line for each, in memory that does not grow with their number."""
    file.write("[")
    before = "\n"
    for value in values:
        file.write(before + dumps(value))
        before = ",\n"
    file.write("\n]\n")


def read_objects(path: str | os.PathLike[str]) -> Iterator[Placed]:
    """The objects of a file that is one JSON list, one after the other. At most about twice the longest of them, and a
    mebibyte, is held. UserError, with the line, where a JSON parser would stop, and where a value is no object."""
    path = os.fspath(path)
    try:
        with open(path, "rb") as file:
            yield from _Reader(path, file).objects()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


class _Reader:
    """What was read of a file and not yet taken: `_text` from `_at` on; `_line` is the line of `_counted`, up to which
    line breaks were counted."""

    def __init__(self, path: str, file: BinaryIO) -> None:
        self._path, self._file = path, file
        self._bytes = codecs.getincrementaldecoder("utf-8")()
        self._text, self._at, self._whole = "", 0, False
        self._line, self._counted = 1, 0

    def objects(self) -> Iterator[Placed]:
        if self._next() == "\ufeff":
            raise self._fault("it begins with a byte order mark, at which JSON parsers stop; save it as UTF-8 without")
        if self._next() != "[":
            raise self._fault("this is not a list; make it one list of objects")
        self._take()
        if self._next() == "]":
            self._take()
        else:
            while True:
                yield self._object()
                if (between := _to_next(self._text, self._at)) is not None:
                    self._at = between.end()
                    continue
                mark = self._next()
                if mark not in (",", "]"):
                    raise self._fault("a comma or the end of the list is missing before this")
                self._take()
                if mark == "]":
                    break
        if self._next():
            raise self._fault(
                "there is more after the end of the list; make it one list (where every line is an object: .jsonl)"
            )

    def _object(self) -> Placed:
        if not self._text.startswith("{", self._at) and self._next() != "{":
            raise self._fault("this is not an object; make every item of the list an object")
        more = AT_ONCE
        while True:
            try:
                value, end = _decode(self._text, self._at)
            except json.JSONDecodeError as error:
                cut = error.pos >= len(self._text) - _LONGEST_TOKEN or error.msg.startswith("Unterminated string")
                if not cut or self._whole:
                    self._at = error.pos
                    raise self._fault(f"not JSON ({error.msg})") from None
            except ValueError as error:  # a number of thousands of digits
                raise self._fault(f"not JSON ({error})") from None
            except RecursionError:
                raise self._fault("lists and objects are nested too deeply") from None
            else:
                found = self._line_of(self._at), value
                self._at = end
                return found
            self._read(more)
            more *= 2  # so that a long object is not parsed from its beginning again and again

    def _next(self) -> str:
        """The next character that is not blank; "" at the end of the file."""
        while True:
            text = self._text
            self._at = at = _blanks(text, self._at).end()  # type: ignore[union-attr]  # it matches also where none are
            if at < len(text) or self._whole:
                return text[at : at + 1]
            self._read(AT_ONCE)

    def _take(self) -> None:
        self._at += 1

    def _line_of(self, at: int) -> int:
        """The line of a place that is not before the last one asked for."""
        self._line += self._text.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def _read(self, size: int) -> None:
        data = self._file.read(size)
        self._whole = len(data) < size
        try:
            text = self._bytes.decode(data, self._whole)
        except UnicodeDecodeError as error:
            self._at = len(self._text)
            self._line += error.object.count(b"\n", 0, error.start)
            raise self._fault("this is not UTF-8; save the file as UTF-8") from None
        self._line_of(self._at)
        self._text, self._at, self._counted = self._text[self._at :] + text, 0, 0

    def _fault(self, what: str) -> UserError:
        return UserError(f"{self._path}, line {self._line_of(self._at)}: {what}")
