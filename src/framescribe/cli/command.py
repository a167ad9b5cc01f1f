"""Knows how groups of options become the parameters of a command; knows no option."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import math
from collections.abc import Callable
from typing import Any, get_type_hints

import typer

LARGEST = 2**53  # of whole numbers: every JSON parser, and so every server, reads these exactly


def option(panel: str, help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


def _refuse_strange_number(name: str, value: object) -> None:
    """UserError for numbers that the bounds of an option let pass: NaN, infinity, and what no computer counts to."""
    from framescribe.errors import UserError

    strange = (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, int) and abs(value) > LARGEST
    )
    if strange:
        raise UserError(f"--{name.replace('_', '-')} {value} is out of range: give an ordinary number, or leave it out")


def takes(*groups: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of these groups; it receives one object per group, in this order."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapper(**values: Any) -> None:
            for name, value in values.items():
                _refuse_strange_number(name, value)
            command(
                *(group(**{field.name: values[field.name] for field in dataclasses.fields(group)}) for group in groups)
            )

        parameters = []
        for group in groups:
            hints = get_type_hints(group, include_extras=True)
            for field in dataclasses.fields(group):
                default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
                parameters.append(
                    inspect.Parameter(
                        field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name]
                    )
                )
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapper

    return decorate
