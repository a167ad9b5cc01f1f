"""Knows how many requests a server should get at a time, judging by how it answers; knows no server and no request."""

from __future__ import annotations

import time
from collections.abc import Callable

FIRST, MOST = 16, 512
LEAST_WINDOW, LEAST_WINDOW_SECONDS = 32, 0.5  # answers and seconds that a rate is computed from
GAIN = 1.1  # a larger limit is kept only if answers per second grew by this factor
PATIENCE = 20  # windows at a settled limit before a larger one is tried again
REST_SECONDS = 1.0  # the limit is halved once for all requests that were rejected together


class Limit:
    """The number of requests that may be under way at one server.

    `fixed` sets it once and for all. Otherwise it starts at FIRST, doubles as long as answers per second grow with it,
    goes back to the smaller value when they do not, and halves when the server says that it is overloaded. (Adding a
    few at a time would take minutes to reach the hundreds that a server on a large GPU can hold.) It is judged only
    while it is used up: fewer requests say nothing about it. `clock` returns seconds and is for tests.
    """

    def __init__(self, fixed: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.allowed = fixed or FIRST
        self._fixed, self._clock = fixed is not None, clock
        self._before = 0  # the limit before the one on trial; 0: none is on trial
        self._rate = 0.0  # answers per second at the limit before
        self._patience = 0
        self._halved = float("-inf")
        self._begin()

    def _begin(self) -> None:
        self._since, self._answers, self._used_up = self._clock(), 0, True

    def answered(self, under_way: int) -> None:
        """A request was answered while `under_way` were there, including itself."""
        if self._fixed:
            return
        self._answers += 1
        self._used_up = self._used_up and under_way >= self.allowed
        seconds = self._clock() - self._since
        if self._answers < max(self.allowed, LEAST_WINDOW) or seconds < LEAST_WINDOW_SECONDS:
            return
        if self._used_up:
            self._judge(self._answers / seconds)
        self._begin()

    def _judge(self, rate: float) -> None:
        before, self._before = self._before, 0
        if before and rate < GAIN * self._rate:
            self.allowed, self._patience = before, PATIENCE
        elif self._patience:
            self._patience -= 1
        elif self.allowed < MOST:
            self._before, self._rate = self.allowed, rate
            self.allowed = min(MOST, 2 * self.allowed)

    def overloaded(self) -> None:
        """The server rejected a request because of its load, or did not answer in time."""
        now = self._clock()
        if self._fixed or now - self._halved < REST_SECONDS:
            return
        self._halved = now
        self.allowed, self._before, self._patience = max(1, self.allowed // 2), 0, PATIENCE
        self._begin()

    def start_again(self) -> None:
        """The server was gone: what was learned about it may no longer hold."""
        if not self._fixed:
            self.allowed, self._before, self._patience = min(FIRST, self.allowed), 0, 0
            self._begin()
