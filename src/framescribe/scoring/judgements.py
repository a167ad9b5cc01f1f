"""Keeps what judges answered, one JSON line for each, in a file beside the result, so that nothing is paid for twice.

An answer is known by everything that it depends on: the prompt as it was sent, the pictures, the model, its decoding
and the form of the answer. So it is found again whatever file the texts are from, and never for other texts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from framescribe.errors import UserError
from framescribe.plain_json import dumps
from framescribe.storage.object_store import is_remote

ENDING = ".judged.jsonl"


def beside(result: str) -> str:
    """Where the judgements of a result are. UserError for a result in an object store, where no file grows."""
    if is_remote(result):
        raise UserError(f"name a file on this machine for the judgements of {result}: --judgements FILE")
    return os.path.expanduser(result).rstrip("/") + ENDING


class Judgements:
    """The judgements in the file at `path`, and those that are added."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found = self.made = 0
        self._answers: dict[str, dict[str, Any]] = {}
        self._torn = False
        try:
            with open(path, encoding="utf-8") as file:
                for line in file:
                    self._torn = not line.endswith("\n")
                    with suppress(ValueError, KeyError, TypeError):  # a line that was being written
                        one = json.loads(line)
                        self._answers[one["key"]] = dict(one["answer"])
        except FileNotFoundError:
            pass
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(f"{path}: judgements cannot be read: {reason}. Name another file: --judgements") from None

    def find(self, key: str) -> dict[str, Any] | None:
        """The answer that is kept under this key."""
        answer = self._answers.get(key)
        self.found += answer is not None
        return answer

    def keep(self, key: str, answer: dict[str, Any], about: Mapping[str, Any]) -> None:
        """Keep an answer; `about` is for people who read the file. UserError if it cannot be written."""
        line = ("\n" if self._torn else "") + dumps({"key": key, **about, "answer": answer}) + "\n"
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            raise UserError(
                f"{self.path}: judgements cannot be written: {error.strerror}. Name another file: --judgements"
            ) from None
        self._torn, self.made = False, self.made + 1
        self._answers[key] = answer
