"""Knows which part of the work is this process's, of those that a launcher started together; starts none of them.

`torchrun` and `accelerate launch` say so in the environment. The processes never talk to each other: they share the
folder of parts, so a slow one holds nobody up and a dead one loses only what it had under way.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from framescribe.engines.servers.launch import visible_gpus
from framescribe.errors import UserError
from framescribe.records import Video
from framescribe.results.rows import Results
from framescribe.runners.one_process import Work

_LAUNCH = ("TORCHELASTIC_RUN_ID", "MASTER_ADDR", "MASTER_PORT", "SLURM_JOB_ID", "WORLD_SIZE")


@dataclass(frozen=True, slots=True)
class Rank:
    """This process among `count` that one command started: its number, its number on this machine, and a text that
    is the same for all of them and for no others that run now."""

    number: int
    count: int
    local: int
    launch: str

    def share(self, videos: Sequence[Video]) -> Sequence[Video]:
        """Every `count`-th video; the shares of all ranks hold each video once."""
        return videos[self.number :: self.count]


def rank_of(environment: Mapping[str, str]) -> Rank | None:
    """What RANK, WORLD_SIZE and LOCAL_RANK say; None where there is one process. UserError where they make no sense."""
    try:
        count = int(environment.get("WORLD_SIZE", "1"))
        number, local = int(environment.get("RANK", "0")), int(environment.get("LOCAL_RANK", "0"))
    except ValueError:
        number, count, local = -1, 2, 0
    if count <= 1:
        return None
    if not 0 <= number < count:
        raise UserError(
            "RANK, WORLD_SIZE and LOCAL_RANK in the environment make no sense; --runner local leaves them out"
        )
    text = " ".join(environment.get(name, "") for name in _LAUNCH)
    return Rank(number, count, local, hashlib.sha256(text.encode()).hexdigest()[:16])


def pin(rank: Rank) -> None:
    """Leave this process and what it starts one GPU: its own among those of the machine. Before torch is imported."""
    if gpus := visible_gpus():
        os.environ["CUDA_VISIBLE_DEVICES"] = gpus[rank.local % len(gpus)]


def of_one_rank(
    rank: Rank, own: Sequence[Work], others: Callable[[Sequence[Video]], list[Work]], videos: Sequence[Video],
    results: Results, under_way: Callable[[], int],
) -> Iterator[Work]:  # fmt: skip
    """This rank's work, then what other ranks are not at yet.

    `others` gives what is left of some videos. Each rank works from the front of its share, so help comes from the
    back, and stays off as many as a rank has `under_way`. Two may still take the same video at the very end: it then
    has two rows, of which one counts.
    """
    for video, earlier in own:
        results.refresh()
        if video.id not in results.fresh:
            yield video, earlier
    shares = [list(others(Rank(number, rank.count, 0, "").share(videos))) for number in range(rank.count)]
    shares[rank.number] = []
    chance = random.Random(rank.number)
    while True:
        results.refresh()
        shares = [[work for work in share if work[0].id not in results.fresh] for share in shares]
        open_ones = [(share, at) for share in shares for at in range(under_way(), len(share))]
        if not open_ones:
            return
        share, at = chance.choice(open_ones)
        yield share.pop(at)
