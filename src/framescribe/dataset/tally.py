"""Knows how a data set is counted in memory that does not grow with it, and shown as text; knows no sample."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import repeat
from typing import Generic, TypeVar

from framescribe.names import shown

T = TypeVar("T", bound=Hashable)
U = TypeVar("U", bound=Hashable)

DISTINCT = 20_000  # values that are told apart; the rare ones are then counted together
WIDTH = 40  # characters of the longest bar
_PARTS = " ▏▎▍▌▋▊▉"


class Range:
    """The smallest and the largest of many numbers, their sum, and how many fall between these bounds."""

    def __init__(self, *bounds: float) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.count, self.total = 0, 0.0
        self.least, self.most = math.inf, -math.inf

    def add_all(self, values: Iterable[float]) -> None:
        """Count some numbers; NaN and the infinities are none."""
        numbers = list(filter(math.isfinite, values))
        self.count += len(numbers)
        self.total = sum(numbers, self.total)
        self.least, self.most = min(self.least, *numbers, math.inf), max(self.most, *numbers, -math.inf)
        for place, count in Counter(map(bisect_right, repeat(self.bounds), numbers)).items():
            self.counts[place] += count

    def said(self) -> str:
        """ "1.5 to 10, 4.2 on average"; "" if there is none."""
        if not self.count:
            return ""
        if self.least == self.most:
            return _number(self.least)
        return f"{_number(self.least)} to {_number(self.most)}, {_number(self.total / self.count)} on average"

    def bars(self) -> Iterator[str]:
        """A bar for each part between two bounds, from the first to the last that holds a number."""
        names = [f"under {_number(self.bounds[0])}"]
        names += [f"{_number(low)} to {_number(high)}" for low, high in zip(self.bounds, self.bounds[1:], strict=False)]
        names.append(f"{_number(self.bounds[-1])} or more")
        held = [place for place, count in enumerate(self.counts) if count]
        if held:
            part = slice(held[0], held[-1] + 1)
            yield from bars(zip(names[part], self.counts[part], strict=True))


class Few(Generic[T]):
    """How often each value occurs. Of more than 20,000 different ones the rarest are forgotten, so what is left is a
    little too low for rare values, and right for the frequent ones of any real data set."""

    def __init__(self) -> None:
        self._counts: Counter[T] = Counter()
        self.forgotten = False

    def add(self, value: T) -> None:
        """Count one value."""
        self._counts[value] += 1
        if len(self._counts) > DISTINCT:
            self.add_all(())

    def add_each(self, values: Sequence[T]) -> None:
        """Count some values, exactly as one by one."""
        if len(self._counts) + len(values) <= DISTINCT:
            self._counts.update(values)
        else:
            for value in values:
                self.add(value)

    def add_all(self, values: Iterable[T]) -> None:
        """Count some values."""
        self._counts.update(iter(values))  # of a mapping its keys, not its values as counts
        if len(self._counts) > DISTINCT:
            self._counts = Counter(dict(self._counts.most_common(DISTINCT // 2)))
            self.forgotten = True

    def parts(self, of: Callable[[T], Iterable[U]]) -> Few[U]:
        """How often each of the parts of these values occurs."""
        counted = Few[U]()
        for value, count in self._counts.items():
            for part in of(value):
                counted._counts[part] += count
        counted.forgotten = self.forgotten
        return counted

    def __len__(self) -> int:
        return len(self._counts)

    def most(self, count: int | None = None) -> list[tuple[T, int]]:
        """The most frequent values and how often each occurs; of equally frequent ones in alphabetical order."""
        return sorted(self._counts.items(), key=lambda one: (-one[1], str(one[0])))[:count]


def bars(values: Iterable[tuple[str, int]]) -> Iterator[str]:
    """A line with a bar for each name and count, the longest 40 characters."""
    values = [(name if len(name) <= WIDTH else f"{name[: WIDTH - 1]}…", count) for name, count in values]
    largest = max((count for _, count in values), default=1) or 1
    width = max((len(name) for name, _ in values), default=0)
    for name, count in values:
        eighths = max(round(count * WIDTH * 8 / largest), 1 if count else 0)
        bar = ("█" * (eighths // 8) + _PARTS[eighths % 8].strip()).ljust(WIDTH)
        yield f"{name.ljust(width)}  {bar}  {count:,}"


def code(text: str, most: int = 200) -> str:
    """Text from outside as a Markdown code span: nothing in it is a link, a tag, a cell's end or a line's."""
    text = shown(text)
    text = text if len(text) <= most else text[: most - 1] + "…"
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    inside = f" {text} " if text.startswith(("`", " ")) or text.endswith(("`", " ")) or not text.strip() else text
    return f"{fence}{inside}{fence}"


def cell(text: str) -> str:
    """The same in a table, whose cells end at a bar, even within code."""
    return code(text.replace("|", "¦"))


def block(lines: Iterable[str]) -> list[str]:
    """Lines of text from outside, or a plot, as a Markdown block of code."""
    lines = [shown(line) for line in lines]
    fence = "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))
    return [f"{fence}text", *lines, fence, ""]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; its cells are written as they are."""
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return [*lines, ""]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"
