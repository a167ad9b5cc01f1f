"""The number of requests at a server finds its place, against a simulated server whose capacity is known."""

import heapq
import random

import pytest

from framescribe.engines.transport.limit import FIRST, MOST, Limit


def simulate(capacity: int, seconds: float, *, refuses_above: int | None = None, seed: int = 0) -> tuple[Limit, float]:
    """A server that works on `capacity` requests at a time, 1 s each with some noise, and queues the others.

    Returns the limit after `seconds` of as many requests as it allows, and answers per second in the last half.
    """
    rng, now, late = random.Random(seed), 0.0, 0
    limit = Limit(clock=lambda: now)
    workers = [0.0] * capacity  # when each is free
    under_way: list[float] = []  # when each is answered
    while now < seconds:
        while len(under_way) < limit.allowed:
            if refuses_above is not None and len(under_way) >= refuses_above:
                limit.overloaded()
                break
            done = max(heapq.heappop(workers), now) + rng.uniform(0.8, 1.2)
            heapq.heappush(workers, done)
            heapq.heappush(under_way, done)
        if not under_way:
            now += 0.1
            continue
        now = max(now, under_way[0])
        limit.answered(len(under_way))
        heapq.heappop(under_way)
        late += now > seconds / 2
    return limit, late / (seconds / 2)


@pytest.mark.parametrize("capacity", [4, 32, 100, 256])
@pytest.mark.parametrize("seed", range(3))
def test_a_server_is_kept_busy_without_a_long_queue(capacity: int, seed: int) -> None:
    limit, rate = simulate(capacity, 120, seed=seed)
    assert rate >= 0.9 * capacity
    assert limit.allowed <= max(2 * FIRST, 4 * capacity)


def test_it_never_grows_beyond_what_is_sensible() -> None:
    assert simulate(5000, 60)[0].allowed == MOST


def test_a_server_that_turns_requests_away_gets_fewer() -> None:
    limit, _ = simulate(64, 120, refuses_above=20)
    assert limit.allowed <= 20


def test_a_limit_that_the_user_set_stays() -> None:
    limit = Limit(7)
    for _ in range(1000):
        limit.answered(7)
    limit.overloaded()
    limit.start_again()
    assert limit.allowed == 7


def test_what_is_not_used_up_tells_nothing() -> None:
    now = 0.0
    limit = Limit(clock=lambda: now)
    for _ in range(500):
        now += 0.1
        limit.answered(3)
    assert limit.allowed == FIRST


def test_many_refusals_at_once_halve_once() -> None:
    now = 0.0
    limit = Limit(clock=lambda: now)
    for _ in range(50):
        limit.overloaded()
    assert limit.allowed == FIRST // 2
    now = 5.0
    limit.overloaded()
    assert limit.allowed == FIRST // 4
