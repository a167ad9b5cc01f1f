"""Knows the form of a JSON value that a model is asked for: reads it from an answer, checks it against its schema, and
finds the prose in it. Asks nobody, and judges no words."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

NOT_SURE = "not sure"
"""What a model writes where it cannot tell: a value of closed lists, and no prose."""

Path = tuple[str | int, ...]
_BEGINS = re.compile(r"\{\s*[\"}]")
_MOST = 20_000  # letters of an answer that are repaired: deep nonsense takes seconds
_LONGEST = 80  # letters of an answer that are quoted in a message


class Form:
    """A JSON object by a schema of objects, lists, strings and closed lists (`enum`).

    Of its strings, those outside closed lists are prose, except below the properties in `verbatim`, which quote what is
    seen. `schema` is what engines are given: without `maxLength`, of which they would make grammars that take half a
    minute to compile. How long a text is, is checked here alone.
    """

    def __init__(self, schema: Mapping[str, Any], *, verbatim: Collection[str] = ()) -> None:
        self.schema: Mapping[str, Any] = _without_lengths(schema)
        self._whole, self._verbatim = schema, frozenset(verbatim)

    @cached_property
    def _validator(self) -> Draft202012Validator:
        from jsonschema import Draft202012Validator  # a slow import, which runs that ask for prose need not wait for

        return Draft202012Validator(self._whole)

    def read(self, text: str) -> dict[str, Any]:
        """The value in an answer, which may stand in a code fence or between other words. Fields that the schema does
        not have are left out; closed values may be written in other cases. ValueError says in a line what is wrong."""
        begin = _BEGINS.search(text)
        if begin is None:
            raise ValueError("there is no JSON object")
        try:
            value, _ = json.JSONDecoder(strict=False, parse_constant=_no_number).raw_decode(text, begin.start())
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        except json.JSONDecodeError as error:
            near = text[max(error.pos - 20, 0) : error.pos + 20].strip()
            raise ValueError(f"it is no JSON near {near!r}: {error.msg}") from None
        value = _tidied(value, self._whole)
        wrong = min(self._validator.iter_errors(value), key=lambda one: list(map(str, one.absolute_path)), default=None)
        if wrong is not None:
            raise ValueError(_said(wrong))
        return dict(value)

    def fits(self, value: Any) -> bool:
        """Whether it is a value of this form."""
        return bool(self._validator.is_valid(value))

    def repaired(self, text: str) -> dict[str, Any] | None:
        """What can be had of an answer that cannot be read, made to fit: what is open is closed, what is too long is
        cut at a word, what is missing is "not sure" or empty. None if it has nothing of what was asked for."""
        import json_repair

        begin = _BEGINS.search(text)
        if begin is None:
            return None
        try:
            value = json_repair.loads(text[begin.start() :][:_MOST])
        except (ValueError, RecursionError):
            return None
        value = value[0] if isinstance(value, list) and value else value  # it was followed by something
        if not isinstance(value, dict) or not any(value.get(name) for name in self.schema["properties"]):
            return None
        fitted = _fitted(_tidied(value, self._whole), self._whole)
        return fitted if self._validator.is_valid(fitted) else None

    def choices(self) -> dict[str, list[str]]:
        """The closed lists, by the field that takes a value of each, as in `camera.speed`."""
        return {field: list(schema["enum"]) for field, schema in _fields(self._whole) if "enum" in schema}

    def refuses(self, field: str, text: str) -> str | None:
        """Why a text cannot stand in a field, in a line; None if it can, or if there is no such field."""
        schema = dict(_fields(self._whole)).get(re.sub(r"\[\d+\]", "[]", field), {})
        if text not in schema.get("enum", (text,)):
            return f"{field} must be one of: {', '.join(schema['enum'])}"
        most = schema.get("maxLength", len(text))
        return f"{field} would be longer than {most} letters" if len(text) > most else None

    def texts(self, value: Any) -> dict[str, str]:
        """The prose in a value, by its field, as in `subjects[0].action`."""
        return {
            named(path): said
            for path, said, schema in _strings(value, self._whole)
            if "enum" not in schema and said and said.lower() != NOT_SURE and self._verbatim.isdisjoint(path)
        }

    def with_texts(self, value: Any, texts: Mapping[str, str]) -> Any:
        """A copy of the value with these texts in their fields."""
        return _replaced(value, texts, ())


def written(value: Any) -> str:
    """A value as the one text that stands for it."""
    return json.dumps(value, ensure_ascii=False)


def named(path: Iterable[str | int]) -> str:
    """A field of a value, as in `subjects[0].action`."""
    named = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return named.removeprefix(".") or "the object"


def _strings(value: Any, schema: Mapping[str, Any], path: Path = ()) -> Iterable[tuple[Path, str, Mapping[str, Any]]]:
    if isinstance(value, str):
        yield path, value, schema
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _strings(one, schema["properties"][name], (*path, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _strings(one, schema["items"], (*path, number))


def _fields(schema: Mapping[str, Any], name: str = "") -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The texts that a schema has, by their fields, as in `subjects[].action`."""
    if schema["type"] == "object":
        for inner, one in schema["properties"].items():
            yield from _fields(one, f"{name}.{inner}" if name else inner)
    elif schema["type"] == "array":
        yield from _fields(schema["items"], f"{name}[]")
    else:
        yield name, schema


def _replaced(value: Any, texts: Mapping[str, str], path: Path) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(one, texts, (*path, name)) for name, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, texts, (*path, number)) for number, one in enumerate(value)]
    return texts.get(named(path), value)


def _tidied(value: Any, schema: Mapping[str, Any]) -> Any:
    """The value in the order of its schema, without unknown fields, without spaces around its texts, and with closed
    values spelt as they are there."""
    if isinstance(value, dict) and "properties" in schema:
        return {name: _tidied(value[name], one) for name, one in schema["properties"].items() if name in value}
    if isinstance(value, list) and "items" in schema:
        return [_tidied(one, schema["items"]) for one in value]
    if isinstance(value, str):
        said = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
        closed = {_plain(one): one for one in schema.get("enum", ())}
        return closed.get(_plain(said), said)
    return value


def _plain(value: str) -> str:
    return re.sub(r"[\s_-]+", " ", value).strip(" .").lower()


def _fitted(value: Any, schema: Mapping[str, Any]) -> Any:
    """A value of this schema, whatever comes; None: there is none."""
    if "enum" in schema:
        return value if value in schema["enum"] else NOT_SURE if NOT_SURE in schema["enum"] else None
    if schema["type"] == "object":
        given, required = (value if isinstance(value, dict) else {}), schema.get("required", ())
        made = {
            name: _fitted(given.get(name), one)
            for name, one in schema["properties"].items()
            if name in given or name in required
        }
        return {name: one for name, one in made.items() if one is not None}
    if schema["type"] == "array":
        items = value if isinstance(value, list) else [value] if isinstance(value, str) and value else []
        made_items = [_fitted(one, schema["items"]) for one in items if one not in (None, "", {}, [])]
        return [one for one in made_items if one is not None][: schema.get("maxItems")]
    if schema["type"] == "string":
        said = "" if value is None else value if isinstance(value, str) else written(value)
        return _shortened(said, schema.get("maxLength", len(said)))
    return value


def _shortened(said: str, most: int) -> str:
    """At most so many letters of a text, up to the end of a word."""
    if len(said) <= most:
        return said
    head, space, _ = said[: most + 1].rpartition(" ")
    return head.rstrip(" ,;:-") if space else said[:most]


def _said(wrong: ValidationError) -> str:
    """What does not suit the schema, in a line."""
    at, limit = named(wrong.absolute_path), wrong.validator_value
    match wrong.validator:
        case "required":
            missing = next(name for name in limit if name not in wrong.instance)
            return f"{named((*wrong.absolute_path, missing))} is missing"
        case "maxLength":
            return f"{at} is longer than {limit} letters"
        case "maxItems":
            return f"{at} has more than {limit} entries"
        case "enum":
            return f"{at} is {_quoted(wrong.instance)}, which is not in its list"
        case "type":
            kind = {"object": "an object", "array": "a list", "string": "a text"}.get(str(limit), str(limit))
            return f"{at} is {_quoted(wrong.instance)} instead of {kind}"
    return f"{at}: {wrong.message}"[: 2 * _LONGEST]


def _quoted(value: Any) -> str:
    said = written(value)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def _without_lengths(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    return {name: _without_lengths(one) for name, one in schema.items() if name != "maxLength"}


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
