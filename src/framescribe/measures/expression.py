"""Knows the conditions that a person may set to measured facts, such as "motion > 0.02 and not cuts"; measures nothing.

They are written as in Python: names, numbers, texts in quotes, `and`, `or`, `not`, comparisons, `in`, brackets and
lists; nothing else is understood, and nothing is executed. `=` is `==`, and `camera = static` asks whether static is
among its sure moves, `camera` whether there is one. What is not known makes a condition neither true nor false.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from framescribe.errors import UserError
from framescribe.measures.camera_words import WORDS as LABELS
from framescribe.measures.watching import CANNOT_TELL
from framescribe.registry import suggest

if TYPE_CHECKING:
    from framescribe.records import VideoInfo

LONGEST = 1000  # characters
UNSURE = None  # besides true and false


def _bars(of: Mapping[str, Any]) -> float:
    return max(float(of[side]) for side in ("left", "right", "top", "bottom"))


def _moves(of: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(move["label"] for shot in of["shots"] for move in shot["moves"]))


def _shakes(of: Mapping[str, Any]) -> bool | None:
    """Whether the camera shakes; None: it may, or of a shot nothing is sure."""
    maybe = {move["label"] for shot in of["shots"] for move in shot.get("maybe", ())}
    if "shake" in _moves(of):
        return True
    return UNSURE if "shake" in maybe or not all(shot["moves"] for shot in of["shots"]) else False


# By name: the measure that tells it, and how.
FACTS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {
    "motion": ("motion", lambda of: of["amount"]),
    "objects": ("motion", lambda of: of["objects"]),
    "cuts": ("cuts", lambda of: len(of["cuts"])),
    "fades": ("cuts", lambda of: len(of["fades"])),
    "shots": ("cuts", lambda of: of["shots"]),
    "frozen": ("still", lambda of: of["share"]),
    "bars": ("borders", _bars),
    "brightness": ("light", lambda of: of["brightness"]),
    "contrast": ("light", lambda of: of["contrast"]),
    "dark": ("light", lambda of: of["dark"]),
    "bright": ("light", lambda of: of["bright"]),
    "flashes": ("light", lambda of: len(of["flashes"])),
    "blur": ("sharpness", lambda of: of["blur"]),
    "noise": ("sharpness", lambda of: of["noise"]),
    "overlays": ("overlay", lambda of: len(of["static"])),
    "text_area": ("text", lambda of: of["area"]),
    "text_lines": ("text", lambda of: of["count"]),
    "camera": ("camera", _moves),
    "shake": ("camera", _shakes),
}
INFO = ("duration", "fps", "width", "height", "frames")
"""What is known without measuring, by the same name."""
LISTS = ("camera",)
"""The names whose values are lists of texts; all others are numbers, or true or false, which count as 1 and 0."""

_QUOTED = re.compile(r"""\"[^\"]*\"|'[^']*'""")
_EQUALS = re.compile(r"""("[^"]*"|'[^']*')|(?<![<>=!:])=(?!=)""")  # a text in quotes, or one sign alone
_COMPARED: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}


@dataclass(frozen=True, slots=True)
class Condition:
    """What a person wants of a video. `text` as it was written; `tree` what it means."""

    text: str
    tree: ast.expr

    @property
    def names(self) -> list[str]:
        """The facts that it is about."""
        return sorted({node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)})

    @property
    def measures(self) -> list[str]:
        """The measures that tell them."""
        return sorted({FACTS[name][0] for name in self.names if name in FACTS})

    def holds(self, facts: Mapping[str, Any], info: VideoInfo | None) -> bool | None:
        """Whether it holds; None: that depends on what is not known."""
        return self.of(values_of(facts, info))

    def of(self, values: Mapping[str, Any]) -> bool | None:
        """Whether it holds, given the value of each of its names; None: that depends on one that is None."""
        found = _value(self.tree, values)
        return UNSURE if found is UNSURE else bool(found)

    def told(self, facts: Mapping[str, Any], info: VideoInfo | None) -> str:
        """The values of what it is about, for people: "cuts is 2, motion is 0.004"."""
        values = values_of(facts, info)
        return ", ".join(f"{name} is {_shown(values[name])}" for name in self.names)


def values_of(facts: Mapping[str, Any], info: VideoInfo | None) -> dict[str, Any]:
    """Every name that a condition may use, with its value; None if that is not known."""
    values: dict[str, Any] = {name: getattr(info, name) if info is not None else None for name in INFO}
    for name, (measure, value) in FACTS.items():
        of = facts.get(measure)
        try:
            found = None if of is None or of.get(CANNOT_TELL) else value(of)
        except (KeyError, TypeError, ValueError):  # facts in the shape of another version
            found = None
        values[name] = found if isinstance(found, list if name in LISTS else int | float) else None
    return values


def condition(text: str, option: str, more: Collection[str] = ()) -> Condition:
    """The condition that a person wrote; it may name facts, what is in INFO, and `more`, which are numbers. UserError,
    which names the option, for what is no condition, names no fact or compares what cannot be compared; it says where,
    and what was probably meant."""
    plain = _EQUALS.sub(lambda found: found[1] or "==", text)
    try:
        if len(text) > LONGEST:
            raise ValueError(f"it has more than {LONGEST} characters")
        tree = ast.parse(plain.strip(), mode="eval").body
        known = {*FACTS, *INFO, *more}
        _take_words(tree, known)
        _kind(tree, known)
        _says(tree)
    except SyntaxError as error:
        at = f" at character {_before(text, error.offset)}" if error.offset else ""
        raise UserError(f"{option} {text!r}: it cannot be read{at}. {_hint(plain)}{EXAMPLE}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        said = str(error) or "it is too long"
        raise UserError(f"{option} {text!r}: {said}{'' if said.endswith('?') else '.'} {EXAMPLE}") from None
    return Condition(text, tree)


EXAMPLE = "Write it like this: 'motion > 0.02 and not cuts', or 'camera = pan_left'."


_FOREIGN = re.compile(r"&&?|\|\|?|!(?!=)|=[<>]|\d%|\b(?:AND|OR|NOT)\b|\d[a-z]")
_MEANT = {
    "&": "write and",
    "|": "write or",
    "!": "write not",
    "=>": "write >=",
    "=<": "write <=",
    "%": "write a share, such as 0.02",
    "AND": "write and in small letters",
    "OR": "write or in small letters",
    "NOT": "write not in small letters",
}


def _hint(plain: str) -> str:
    """How what other languages write is written here, if that is what cannot be read."""
    found = _FOREIGN.search(_QUOTED.sub("", plain).replace("==", "="))
    if found is None:
        return ""
    hint = next((hint for sign, hint in _MEANT.items() if sign in found[0]), "write numbers without a unit")
    return f"Perhaps: {hint}. "


def _says(tree: ast.expr) -> None:
    """ValueError for a part that should be true or false, and is neither: the 0.05 of "motion > 0.02 or 0.05"."""
    match tree:
        case ast.BoolOp(values=parts):
            for part in parts:
                _says(part)
        case ast.UnaryOp(op=ast.Not(), operand=one):
            _says(one)
        case ast.Constant(value=bool()):
            pass
        case ast.Constant() | ast.List() | ast.Tuple() | ast.UnaryOp():
            raise ValueError(f"{ast.unparse(tree)} is no condition by itself: compare something with it")


def _before(text: str, offset: int) -> int:
    """Where in the text a place lies that was counted with == for each =."""
    ends = [found.end() for found in _EQUALS.finditer(text) if found[1] is None]
    return offset - sum(end + at + 1 < offset for at, end in enumerate(ends))


def _take_words(tree: ast.expr, known: Collection[str]) -> None:
    """Take words without quotes that are compared with a list for texts. ValueError for one that is never in it."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        if not any(isinstance(side, ast.Name) and side.id in LISTS for side in sides):
            continue
        for side in sides:
            if isinstance(side, ast.List | ast.Tuple):
                side.elts = [_word(one, known) for one in side.elts]
        node.left, *node.comparators = sides = [_word(side, known) for side in sides]
        for one in [one for side in sides for one in getattr(side, "elts", (side,))]:
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value not in LABELS:
                raise ValueError(f"camera is never {one.value!r}. {suggest(one.value, LABELS)}".rstrip(". "))


def _word(side: ast.expr, known: Collection[str]) -> ast.expr:
    """The text that a word without quotes is. Where a move has the name of a fact (shake), it is the move."""
    is_word = isinstance(side, ast.Name) and (side.id in LABELS or side.id not in known)
    return ast.Constant(ast.unparse(side)) if is_word else side


def _kind(node: ast.expr, known: Collection[str]) -> type:
    """What a part of a condition is: float, str or list. ValueError for anything but the few things that are
    understood, and for what cannot be compared."""
    match node:
        case ast.BoolOp(values=parts):
            for part in parts:
                _kind(part, known)
        case ast.UnaryOp(op=ast.Not(), operand=one):
            _kind(one, known)
        case ast.UnaryOp(op=ast.USub(), operand=one):
            if _kind(one, known) is not float:
                raise ValueError(f"{ast.unparse(one)} is no number")
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in _COMPARED for op in ops):
            sides = [(one, _kind(one, known)) for one in (left, *others)]
            for op, (one, kind), (other, other_kind) in zip(ops, sides, sides[1:], strict=False):
                if not _comparable(op, kind, other_kind, other):
                    raise ValueError(f"{ast.unparse(one)} and {ast.unparse(other)} cannot be compared")
        case ast.List(elts=parts) | ast.Tuple(elts=parts) if parts and not any(map(_named, parts)):
            for part in parts:
                _kind(part, known)
            return list
        case ast.Constant(value=str()):
            return str
        case ast.Constant(value=bool() | int() | float() as value):
            if not abs(value) < 2**63:
                raise ValueError(f"{ast.unparse(node)} is too large a number")
        case ast.Name(id=name):
            if name not in known:
                if name in LABELS:
                    raise ValueError(f"nothing is called {name!r}; for the camera, write camera = {name}")
                raise ValueError(f"nothing is called {name!r}. {suggest(name, sorted(known))}".rstrip(". "))
            return list if name in LISTS else float
        case _:
            raise ValueError(f"{ast.unparse(node)!r} is not understood")
    return float


def _named(node: ast.expr) -> bool:
    return any(isinstance(one, ast.Name | ast.List | ast.Tuple) for one in ast.walk(node))


def _comparable(op: ast.cmpop, kind: type, other_kind: type, other: ast.expr) -> bool:
    if isinstance(op, ast.In | ast.NotIn):
        return other_kind is list and (kind is str or (kind is float and not isinstance(other, ast.Name)))
    if kind is not other_kind:
        return {kind, other_kind} == {list, str} and isinstance(op, ast.Eq | ast.NotEq)
    return kind is not list or isinstance(op, ast.Eq | ast.NotEq)


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return values[name]
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(part, values) for part in parts]
        case ast.UnaryOp(op=op, operand=one):
            value = _value(one, values)
            return UNSURE if value is UNSURE else not value if isinstance(op, ast.Not) else -value
        case ast.BoolOp(op=op, values=parts):
            found = [_value(part, values) for part in parts]
            decides = isinstance(op, ast.Or)  # one that is so decides, whatever the unknown ones are
            if any(one is not UNSURE and bool(one) is decides for one in found):
                return decides
            return UNSURE if UNSURE in [one if one is UNSURE else bool(one) for one in found] else not decides
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [_value(one, values) for one in (left, *others)]
            found = [_compared(op, *pair) for op, pair in zip(ops, pairwise(sides), strict=True)]
            return False if False in found else UNSURE if UNSURE in found else True
    raise AssertionError(ast.dump(node))  # `_kind` let it through


def _compared(op: ast.cmpop, one: Any, other: Any) -> Any:
    if one is UNSURE or other is UNSURE:
        return UNSURE
    if [] in (one, other):  # no movement of the camera is sure
        return UNSURE
    if {type(one), type(other)} == {list, str} and isinstance(op, ast.Eq | ast.NotEq):  # is it among them?
        text, among = (one, other) if isinstance(one, str) else (other, one)
        return (text in among) is isinstance(op, ast.Eq)
    return bool(_COMPARED[type(op)](one, other))


def _shown(value: Any) -> str:
    if value is UNSURE:
        return "not known"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "not sure"
    return f"{value:.4g}" if isinstance(value, float) else repr(value)
