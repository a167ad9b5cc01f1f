"""Knows which share of the videos a job of a scheduler's array takes; knows no video but by its id."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from framescribe.errors import UserError

_GIVEN = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Share:
    """Number `number`, from 1, of `of` shares, which hold each video once and are about equally large.

    A hash of its id decides which share a video is in. So a list that grows moves no video from one share to another.
    """

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Share:
        """As in "3/50". UserError for anything else."""
        found = _GIVEN.fullmatch(text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise UserError(f"--shard {text}: give the number of a share and how many there are, from 1/50 to 50/50")
        return cls(int(found[1]), int(found[2]))

    def has(self, video: str) -> bool:
        """Whether the video with this id is in this share."""
        drawn = int.from_bytes(hashlib.sha256(video.encode(errors="surrogatepass")).digest()[:8], "big")
        return drawn % self.of == self.number - 1
