"""How sure a figure is: the intervals are those of closed forms where there are any, and drawn anew the same way."""

from __future__ import annotations

from fractions import Fraction
from math import comb, sqrt
from random import Random
from statistics import fmean, stdev

import pytest

from framescribe.scoring.intervals import NONE, at_most, bootstrap

MEAN = {"mean": lambda sums: sums["points"] / sums["clips"]}


def tallies(values: list[float]) -> list[dict[str, float]]:
    return [{"clips": 1.0, "points": value} for value in values]


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution() -> None:
    drawing = Random(5)
    values = [drawing.gauss(40, 12) for _ in range(400)]
    low, high = bootstrap(tallies(values), MEAN)["mean"]
    spread = 1.96 * stdev(values) / sqrt(len(values))
    assert low == pytest.approx(fmean(values) - spread, abs=0.12 * spread)
    assert high == pytest.approx(fmean(values) + spread, abs=0.12 * spread)


def test_the_interval_of_a_share_of_claims_is_wider_where_clips_have_many_alike() -> None:
    """20 clips of ten claims each, all right or all wrong, are not 200 independent claims."""
    clips = [{"claims": 10.0, "right": 10.0 * (number % 2)} for number in range(20)]
    low, high = bootstrap(clips, {"share": lambda sums: sums["right"] / sums["claims"]})["share"]
    assert low is not None and high is not None
    assert high - low == pytest.approx(2 * 1.96 * sqrt(0.25 / 20), rel=0.15)  # of 20 draws, not of 200


def test_the_same_seed_draws_the_same_and_another_one_does_not() -> None:
    values = tallies([float(number) for number in range(30)])
    assert bootstrap(values, MEAN, 1) == bootstrap(values, MEAN, 1) != bootstrap(values, MEAN, 2)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 1.0, 1.0]])
def test_clips_that_are_all_alike_say_nothing_about_others(values: list[float]) -> None:
    assert bootstrap(tallies(values), MEAN)["mean"] == NONE


@pytest.mark.parametrize(("wins", "of"), [(0, 5), (2, 5), (37, 100), (480, 1000), (5, 5), (0, 0)])
def test_chance_is_that_of_a_fair_coin(wins: int, of: int) -> None:
    exact = Fraction(sum(comb(of, heads) for heads in range(wins + 1)), 2**of)
    assert at_most(wins, of) == pytest.approx(float(exact), rel=1e-9)
