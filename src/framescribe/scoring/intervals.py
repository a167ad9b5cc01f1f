"""Knows how sure a figure is that was counted on some clips: intervals, and what chance alone would do; counts nothing.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927); B. Efron and
R. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter 13, the percentile interval; W. J. Dixon and
A. M. Mood, "The statistical sign test" (1946).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import exp, fsum, lgamma, log, sqrt
from typing import Any

import numpy as np

Z = 1.959963984540054  # of the normal distribution, for 95 %
DRAWS = 2000
Bounds = tuple[float | None, float | None]
NONE: Bounds = (None, None)


def wilson(wins: int, of: int) -> Bounds:
    """The bounds of the 95 % interval for a share; None, None if it is a share of nothing."""
    if not of:
        return NONE
    share = wins / of
    middle = share + Z * Z / (2 * of)
    spread = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    scale = 1 + Z * Z / of
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def at_most(wins: int, of: int) -> float:
    """The probability of so few heads, or fewer, in `of` throws of a fair coin."""
    whole = lgamma(of + 1) - of * log(2)
    return min(1.0, fsum(exp(whole - lgamma(k + 1) - lgamma(of - k + 1)) for k in range(wins + 1)))


def bootstrap(
    tallies: Sequence[Mapping[str, float]], formulas: Mapping[str, Callable[[Mapping[str, Any]], Any]], seed: int = 0
) -> dict[str, Bounds]:
    """The 95 % interval of each formula: of what it makes of the sums of these tallies, one for each clip, when clips
    are drawn from them with replacement, 2,000 times. The same seed gives the same draws.

    None, None where there are fewer than two clips, or where every draw gives the same: clips that are all alike say
    nothing about others.
    """
    if len(tallies) < 2:
        return dict.fromkeys(formulas, NONE)
    names = sorted({name for tally in tallies for name in tally})
    table = np.array([[tally.get(name, 0.0) for name in names] for tally in tallies], dtype=float)
    drawing = np.random.default_rng(seed)
    sums = np.empty((DRAWS, len(names)))
    for draw in range(DRAWS):
        drawn = np.bincount(drawing.integers(0, len(table), len(table)), minlength=len(table))
        sums[draw] = drawn @ table
    by_name = dict(zip(names, sums.T, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: _middle(formula(by_name)) for name, formula in formulas.items()}


def _middle(values: np.ndarray) -> Bounds:
    """What 95 % of these values lie between."""
    values = values[np.isfinite(values)]
    if not len(values) or values.min() == values.max():
        return NONE
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
