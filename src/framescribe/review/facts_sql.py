"""Knows how a condition on facts is said to SQLite; runs no query.

Every name is a column of the index's table of facts (`f`): NULL where it is not known, lists as JSON. SQLite's logic of
three values is that of `measures.expression`, so a row is found exactly where the condition is true.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from framescribe.measures.expression import FACTS, INFO, LISTS, Condition

MEASURED = (*(name for name in INFO if name != "duration"), *FACTS)
"""The columns that are there for conditions only."""
Sql = tuple[str, list[Any]]

_SIGNS: Mapping[type, str] = {
    **{ast.Gt: ">", ast.GtE: ">=", ast.Lt: "<", ast.LtE: "<=", ast.Eq: "=", ast.NotEq: "<>"},
    **{ast.In: "IN", ast.NotIn: "NOT IN"},
}


def columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a row (`results.selection.values_in`) as the index keeps them."""
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in values.items()}


def sql(condition: Condition) -> Sql:
    """An expression of SQLite, and its parameters, that is true where the condition is."""
    values: list[Any] = []
    return _truth(condition.tree, values), values


def _truth(node: ast.expr, values: list[Any]) -> str:
    match node:
        case ast.BoolOp(op=op, values=parts):
            sign = " AND " if isinstance(op, ast.And) else " OR "
            return f"({sign.join(_truth(part, values) for part in parts)})"
        case ast.UnaryOp(op=ast.Not(), operand=one):
            return f"(NOT {_truth(one, values)})"
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = pairwise((left, *others))
            return f"({' AND '.join(_compared(op, *pair, values) for op, pair in zip(ops, sides, strict=True))})"
        case ast.Name(id=name) if name in LISTS:
            return f"(f.{name} <> '[]')"
    return f"({_value(node, values)} <> 0)"


def _compared(op: ast.cmpop, one: ast.expr, other: ast.expr, values: list[Any]) -> str:
    """`one` compared with `other`; what SQLite would take for a number or a text is one for `expression`, too."""
    if isinstance(op, ast.Eq | ast.NotEq) and _is_list(one) and not _is_list(other):
        one, other = other, one
    if _is_list(other) and not _is_list(one):  # is it among them?
        among = isinstance(op, ast.Eq | ast.In)
        if isinstance(other, ast.Name):
            values.append(json.dumps(ast.literal_eval(one)))
            return f"instr({_value(other, values)}, ?) {'>' if among else '='} 0"
        return f"{_value(one, values)} {'IN' if among else 'NOT IN'} ({_value(other, values)})"
    if _is_list(one):
        one, other = _as_json(one), _as_json(other)
    return f"{_value(one, values)} {_SIGNS[type(op)]} {_value(other, values)}"


def _is_list(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple) or (isinstance(node, ast.Name) and node.id in LISTS)


def _as_json(node: ast.expr) -> ast.expr:
    return node if isinstance(node, ast.Name) else ast.Constant(json.dumps(list(ast.literal_eval(node))))


def _value(node: ast.expr, values: list[Any]) -> str:
    match node:
        case ast.Name(id=name):
            return f"nullif(f.{name}, '[]')" if name in LISTS else f"f.{name}"
        case ast.Constant(value=value):
            values.append(value)
            return "?"
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return ", ".join(_value(part, values) for part in parts)
        case ast.UnaryOp(op=ast.USub(), operand=one):
            return f"(-{_value(one, values)})"
    return _truth(node, values)
