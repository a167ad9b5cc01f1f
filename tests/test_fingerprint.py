"""A quick fingerprint is that of the written definition, wherever the bytes lie, and sees what it promises to see."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from framescribe.errors import Unreadable
from framescribe.frames.decoder import sample
from framescribe.frames.files import fingerprint_of, look
from framescribe.frames.pool import DecoderPool
from framescribe.frames.sampling import Sampling
from framescribe.sources import find_videos
from tests.videos import film

WIDTH = 65536
SIZES = [0, 1, WIDTH, 3 * WIDTH - 1, 3 * WIDTH, 3 * WIDTH + 1, 3 * WIDTH + 2, 10 * WIDTH + 7, 5_000_001]


def by_hand(content: bytes) -> str:
    """The definition, in the words of the documentation."""
    size = len(content)
    counted = content
    if size > 3 * WIDTH:
        middle = (size - WIDTH) // 2
        counted = content[:WIDTH] + content[middle : middle + WIDTH] + content[-WIDTH:]
    return "quick:" + hashlib.blake2b(size.to_bytes(8, "little") + counted, digest_size=16).hexdigest()


def noise(size: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(size)


def packed(tar: Path, content: bytes, before: int) -> Path:
    """A tar of two files: the first of `before` bytes, the second, a.mp4, with this content."""
    with tarfile.open(tar, "w") as archive:
        for name, data in (("a.txt", bytes(before)), ("a.mp4", content)):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return tar


def member_path(tar: Path) -> str:
    with tarfile.open(tar) as archive:
        entry = archive.getmember("a.mp4")
    return f"{tar}/a.mp4?bytes={entry.offset_data}-{entry.offset_data + entry.size - 1}"


def test_known_values(tmp_path: Path) -> None:
    """Written down, since results keep them: whoever changes the definition must see it here."""
    path = tmp_path / "a"
    for content, known in (
        (b"", "quick:c804ce198ec337e3dc762bdd1a09aece"),
        (bytes(range(256)) * 1000, "quick:cc899a9cf1d088b8b24f95f9214c0ff2"),
    ):
        path.write_bytes(content)
        assert fingerprint_of(str(path)) == known


@pytest.mark.parametrize("size", SIZES)
def test_a_file_and_a_member_of_a_tar_have_the_fingerprint_of_their_bytes(tmp_path: Path, size: int) -> None:
    content = noise(size)
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    assert fingerprint_of(str(path)) == by_hand(content)
    if size:  # an empty member has no range of bytes
        for before in (0, 70_000):
            tar = packed(tmp_path / f"{before}.tar", content, before)
            assert fingerprint_of(member_path(tar)) == by_hand(content)


@pytest.mark.parametrize("size", [2 * WIDTH, 3 * WIDTH, 20 * WIDTH])
def test_a_changed_byte_in_head_middle_or_tail_is_seen_and_so_is_the_size(tmp_path: Path, size: int) -> None:
    content, path = noise(size), tmp_path / "a"
    middle = (size - WIDTH) // 2
    seen = {by_hand(content)}
    positions = {0, WIDTH - 1, middle, middle + WIDTH - 1, size - WIDTH, size - 1}
    for position in positions:
        changed = bytearray(content)
        changed[position] ^= 1
        path.write_bytes(changed)
        seen.add(fingerprint_of(str(path)))
    for other in (content[:-1], content + b"\0"):
        path.write_bytes(other)
        seen.add(fingerprint_of(str(path)))
    assert len(seen) == 1 + len(positions) + 2


def test_zeros_of_another_number_have_another_fingerprint(tmp_path: Path) -> None:
    found = set()
    for size in SIZES:
        (tmp_path / "a").write_bytes(bytes(size))
        found.add(fingerprint_of(str(tmp_path / "a")))
    assert len(found) == len(SIZES)


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.ts"])
def test_every_clip_has_the_fingerprint_of_its_file(tmp_path: Path, name: str) -> None:
    path = film(tmp_path / name, frames=200, gop=10)
    known = by_hand(path.read_bytes())
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        archive.add(path, name)
    (video,) = find_videos([str(tmp_path / "s.tar")], say=print)
    for where in (str(path), video.path):
        for hashed in (False, True):
            clip = sample(where, Sampling(), key="", max_pixels=None, hashed=hashed)
            assert clip.fingerprint == known
            assert (clip.content is not None) == hashed
    if name == "a.mkv":
        os.truncate(path, path.stat().st_size * 3 // 4)
        clip = sample(str(path), Sampling(salvage=True), key="", max_pixels=None)
        assert (clip.flags[0], clip.fingerprint) == ("video_cut_off", by_hand(path.read_bytes()))


def test_a_worker_gives_the_fingerprint_of_what_cannot_be_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(noise(300_000))
    pool = DecoderPool(1)

    async def both() -> tuple[object, object]:
        with pytest.raises(Unreadable, match="not a video"):
            await pool.sample(str(path), Sampling(), key="", max_pixels=None)
        with pytest.raises(Unreadable, match="no such file"):
            await pool.run(fingerprint_of, str(tmp_path / "gone.mp4"))
        return await pool.run(fingerprint_of, str(path)), await pool.run(fingerprint_of, str(path))

    try:
        assert asyncio.run(both()) == (by_hand(path.read_bytes()),) * 2
    finally:
        pool.close()


@pytest.mark.parametrize("size", [300_000, 100_000])
def test_a_file_that_changes_while_it_is_read_has_no_fingerprint(tmp_path: Path, size: int) -> None:
    content, path = noise(size), tmp_path / "a.mp4"
    for other in (content[:-1], content + b"\0", content[:100], noise(size, seed=1)):
        path.write_bytes(content)
        os.utime(path, ns=(10**18, 10**18))  # clocks of file systems may be too coarse to tell the two writes apart
        source = look(str(path))
        assert source.fingerprint() == by_hand(content)
        path.write_bytes(other)
        with pytest.raises(Unreadable, match="changed while it was read"):
            source.fingerprint()


def test_a_tar_that_shrinks_while_it_is_read_is_told(tmp_path: Path) -> None:
    tar = packed(tmp_path / "s.tar", noise(300_000), 10)
    source = look(member_path(tar))
    try:
        os.truncate(tar, 200_000)
        with pytest.raises(Unreadable, match="changed while it was read"):
            source.fingerprint()
    finally:
        source.close()
