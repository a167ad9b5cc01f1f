"""Knows what tokens cost and how much a run may spend; knows no engine and no server.

Prices come from the user: a TOML file with a table for each model, in any currency, per million tokens:

    ["gpt-4o-mini"]
    input = 0.15
    output = 0.60
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from framescribe.errors import Usage, UserError


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost: of the prompt, pictures included, and of the answer."""

    input: float
    output: float

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        return (prompt_tokens * self.input + completion_tokens * self.output) / 1e6


def read_prices(path: Path) -> dict[str, Price]:
    """The prices in a file, by model. UserError, which shows the expected form, if it is not a price file."""
    form = 'It needs a table per model, with prices per million tokens: ["model-name"] input = 0.15 output = 0.60'
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {model: Price(float(table["input"]), float(table["output"])) for model, table in tables.items()}
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}. --prices names a TOML file.\n{form}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}\n{form}") from None
    except (KeyError, TypeError, ValueError):
        raise UserError(f"{path} is not a list of prices.\n{form}") from None


@dataclass(slots=True, eq=False)
class Tab:
    """What one video has cost so far."""

    requests: int = 0
    cost: float = 0.0


@dataclass(slots=True, kw_only=True)
class Budget:
    """What a run may spend, and what it has spent. Models without a price count as costing nothing."""

    prices: Mapping[str, Price] = field(default_factory=dict)
    max_cost: float | None = None
    max_requests: int | None = None
    cost: float = 0.0
    requests: int = 0
    _open: set[Tab] = field(default_factory=set)
    _videos: int = 0  # finished

    def check(self, models: Iterable[str | None]) -> None:
        """UserError if a cost limit could not be enforced."""
        missing = [model or "the served model" for model in models if model not in self.prices]
        if self.max_cost is not None and missing:
            raise UserError(f"--max-cost needs the price of {', '.join(missing)}: name a TOML file with --prices FILE")

    @contextmanager
    def video(self) -> Iterator[Tab]:
        """One video is under way inside this block; what it costs goes on its tab, and stays spent."""
        tab = Tab()
        self._open.add(tab)
        try:
            yield tab
        finally:
            self._open.remove(tab)
            self._videos += 1

    def pay(self, model: str | None, usage: Usage, tab: Tab) -> float | None:
        """Record answers, useful or not; returns what they cost, or None if the price is not known."""
        paid = self.cost_of(model, usage)
        self.note(usage.answers, paid or 0.0, tab)
        return paid

    def cost_of(self, model: str | None, usage: Usage) -> float | None:
        """What these answers cost, or None if the price is not known."""
        price = self.prices.get(model or "")
        return price.of(usage.prompt_tokens, usage.completion_tokens) if price is not None else None

    def note(self, requests: int, cost: float, tab: Tab) -> None:
        """Add what was spent."""
        self.requests += requests
        self.cost += cost
        tab.requests += requests
        tab.cost += cost

    def admits(self, requests_each: int, under_way: int) -> tuple[bool, str | None]:
        """Whether one more video may begin beside those `under_way`, and, if none ever will, why.

        A video under way counts at its probable cost. Before the first one is finished nobody knows what a video costs,
        so under a cost limit it runs alone.
        """
        begun = under_way - len(self._open)  # that have made no request yet
        if self.max_requests is not None:
            settled = self.requests - sum(tab.requests for tab in self._open)
            expected = settled + sum(max(tab.requests, requests_each) for tab in self._open)
            if expected + (begun + 1) * requests_each > self.max_requests:
                why = f"--max-requests {self.max_requests:,} is reached: {self.requests:,} made, and the next video"
                return False, None if under_way else f"{why} probably needs {requests_each:,}"
        if self.max_cost is not None:
            paid = self.cost - sum(tab.cost for tab in self._open)
            each = paid / self._videos if self._videos else 0.0
            probable = paid + sum(max(tab.cost, each) for tab in self._open) + (begun + 1) * each
            if probable > self.max_cost or self.cost >= self.max_cost or (under_way and not self._videos):
                why = f"--max-cost {self.max_cost:g} is reached: {self.cost:.4f} spent, and a video costs {each:.4f}"
                return False, None if under_way else why
        return True, None
