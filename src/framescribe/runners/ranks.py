"""Knows which part of the work is this process's, among those that a launcher started together; starts none.

`torchrun` and `accelerate launch` say so in the environment. The processes never talk to each other: they share the
folder of parts, so a slow one delays nobody and a dead one loses only what it had under way.
"""

from __future__ import annotations

import hashlib
import os
import random
from array import array
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

from framescribe.engines.servers.launch import visible_gpus
from framescribe.errors import UserError
from framescribe.records import Video
from framescribe.results.index import Key, hash_of
from framescribe.results.plan import Planner
from framescribe.results.rows import Results
from framescribe.results.todos import Todo
from framescribe.runs.driver import in_thread
from framescribe.runs.runner import Runner

_GAP = -1
_LAUNCH = ("TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT", "SLURM_JOB_ID", "WORLD_SIZE")


class Rank(Runner):
    """This process among `count` that one command started: its number, its number on this machine, and a text shared
    by all of them and by no others running now. It does its share, then helps the others."""

    number: int

    def __init__(self, number: int, count: int, local: int, launch: str) -> None:
        self.number, self.count, self.local, self.launch = number, count, local, launch

    def share(self, videos: Sequence[Video]) -> Sequence[Video]:
        """Every `count`-th video; together the ranks' shares hold each video once."""
        return self._share_of(self.number, videos)

    def _share_of(self, number: int, videos: Sequence[Video]) -> Sequence[Video]:
        return videos[number :: self.count]

    async def work(
        self,
        todo: Sequence[Todo],
        planner: Planner,
        videos: Sequence[Video],
        results: Results,
        under_way: Callable[[], int],
    ) -> AsyncIterator[Todo]:
        """Its own work, then what other ranks have not reached yet.

        Each rank works from the front of its share, so help leaves alone as many there as a rank has `under_way`. Two
        may still take the same video at the very end: it then has two rows, of which one counts.
        """
        for one in todo:
            await results.look()
            if key_of(one) not in results.fresh:
                yield one
        others = [number for number in range(self.count) if number != self.number]
        shares = await in_thread(
            lambda: [_Share(planner.plan(self._share_of(number, videos)).todo) for number in others]
        )
        chance = random.Random(self.number)
        while shares:
            await results.look()
            [share] = chance.choices(shares, [len(share) for share in shares])
            found = share.take(results.fresh, under_way(), chance)
            if found is not None:
                yield found
            else:  # an empty one stays empty: its rank is at the last ones
                shares.remove(share)


class _Share:
    """What another rank has not done yet, as far as is known, in its order. Those that are gone leave a gap, so that
    the time for taking one does not depend on how many are left."""

    def __init__(self, todo: Sequence[Todo]) -> None:
        self._todo = todo
        self._left = array("q", range(len(todo)))  # numbers, or _GAP
        self._gaps = 0
        self._front = 0  # before which there are only gaps

    def __len__(self) -> int:
        return len(self._left) + 1  # a weight, which cannot be 0

    def take(self, done: Collection[Key], leave: int, chance: random.Random) -> Todo | None:
        """Any that is left behind the first `leave`; None if there is none."""
        if 2 * self._gaps > len(self._left):
            self._left = array("q", (one for one in self._left if one != _GAP))
            self._gaps = self._front = 0
        begin = self._behind(done, leave)
        while begin < len(self._left):
            at = chance.randrange(begin, len(self._left))
            number = self._left[at]
            if number == _GAP:
                continue
            self._left[at] = _GAP
            self._gaps += 1
            while self._left and self._left[-1] == _GAP:  # the last one is never a gap: this loop ends
                self._left.pop()
                self._gaps -= 1
            found = self._todo[number]
            if key_of(found) not in done:
                return found
        return None

    def _behind(self, done: Collection[Key], leave: int) -> int:
        """Where those begin that follow the first `leave` that are left."""
        while self._front < len(self._left) and not self._waits(one := self._left[self._front], done):
            self._left[self._front] = _GAP
            self._gaps += one != _GAP
            self._front += 1
        at = self._front
        while at < len(self._left) and leave:
            leave -= self._waits(self._left[at], done)
            at += 1
        return at

    def _waits(self, number: int, done: Collection[Key]) -> bool:
        return number != _GAP and key_of(self._todo[number]) not in done


def key_of(todo: Todo) -> Key:
    """Id and place of a video that is left to do."""
    return todo.video.id, hash_of(todo.video)


def rank_of(environment: Mapping[str, str]) -> Rank | None:
    """What RANK, WORLD_SIZE and LOCAL_RANK say; None for a single process. UserError if they make no sense."""
    try:
        count = int(environment.get("WORLD_SIZE", "1"))
        number, local = int(environment.get("RANK", "0")), int(environment.get("LOCAL_RANK", "0"))
    except ValueError:
        number, count, local = -1, 2, 0
    if count <= 1:
        return None
    if not 0 <= number < count:
        raise UserError("RANK, WORLD_SIZE and LOCAL_RANK in the environment make no sense; --runner local ignores them")
    text = " ".join(environment.get(name, "") for name in _LAUNCH)
    return Rank(number, count, local, hashlib.sha256(text.encode()).hexdigest()[:16])


def joined(environment: Mapping[str, str]) -> Rank | None:
    """This process's rank, which from here on sees only its own GPU; None for a single process."""
    rank = rank_of(environment)
    if rank is not None:
        pin(rank)
    return rank


def pin(rank: Rank) -> None:
    """Leave this process and what it starts one GPU of the machine's: its own. Call before torch is imported."""
    if gpus := visible_gpus():
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[rank.local % len(gpus)]
