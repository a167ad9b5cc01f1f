"""Knows what tokens cost and what a run may spend; knows no engine and no server.

Prices are the user's: a TOML file with a table for each model, in any currency, for a million tokens:

    ["gpt-4o-mini"]
    input = 0.15
    output = 0.60
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from framescribe.errors import UserError


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost: those of the prompt, pictures included, and those of the answer."""

    input: float
    output: float

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (prompt_tokens * self.input + completion_tokens * self.output) / 1e6


def read_prices(path: Path) -> dict[str, Price]:
    """The prices in a file, by model. UserError where it is none, with what it must look like."""
    form = 'It has a table for each model, prices for a million tokens: ["model-name"] input = 0.15 output = 0.60'
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {model: Price(float(table["input"]), float(table["output"])) for model, table in tables.items()}
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}. --prices names a TOML file.\n{form}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no TOML: {error}\n{form}") from None
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{path} is no list of prices.\n{form}") from None


@dataclass(slots=True, kw_only=True)
class Budget:
    """What a run may spend, and what it has spent. Models without a price cost nothing that is known."""

    prices: Mapping[str, Price] = field(default_factory=dict)
    max_cost: float | None = None
    max_requests: int | None = None
    cost: float = 0.0
    requests: int = 0

    def check(self, models: list[str | None]) -> None:
        """UserError where a limit of cost could not be kept."""
        missing = [model or "the served model" for model in models if model not in self.prices]
        if self.max_cost is not None and missing:
            raise UserError(f"--max-cost needs the price of {', '.join(missing)}: name a TOML file with --prices FILE")

    def pay(self, model: str | None, prompt_tokens: int, completion_tokens: int) -> float | None:
        """Note one answer; what it cost, or None where the price is not known."""
        self.requests += 1
        price = self.prices.get(model or "")
        if price is None:
            return None
        paid = price.of(prompt_tokens, completion_tokens)
        self.cost += paid
        return paid

    def used_up(self, *, finished: int, under_way: int, requests_each: int) -> str | None:
        """Why no further video may begin, or None: what is under way will cost as much as those that are finished."""
        if self.max_requests is not None and self.requests + under_way * requests_each >= self.max_requests:
            return f"--max-requests {self.max_requests:,} is reached"
        each = self.cost / finished if finished else 0.0
        if self.max_cost is not None and self.cost + under_way * each >= self.max_cost:
            return f"--max-cost {self.max_cost:g} is reached: {self.cost:.4f} are spent"
        return None
