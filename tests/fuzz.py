"""Knows how to damage films at random and whether the decoder then tells the truth; knows nothing of captions.

`python tests/fuzz.py [--files 3000] [--seed 0] [--seconds S] [--case N] [--keep FOLDER] [CLIPS_FOLDER]`

A damaged file may be refused. A picture that comes must be one of the whole film's, but for what nobody sees. What
became of a file:

refused  a reason was given
right    each picture is the whole film's at the same place
moved    pictures of the whole film, but at other places: the damage took frames away, or changed their times
unseen   a wrong picture, and a plain full decode by FFmpeg at its strictest has no complaint at all
missed   a wrong picture, where such a decode complains somewhere in the file
own      a wrong picture where such a decode shows the right one: our own doing, or a size or turn in a changed header
timeout, crash, fault    the pool gave up on it, its worker died, or it raised what is no VideoError
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from framescribe.errors import DecodeCrashed, DecodeTimeout, TooLarge, VideoError
from framescribe.frames.pool import DecoderPool
from framescribe.frames.sampling import Sampling
from framescribe.records import Clip
from tests.films import FILMS, make, program

OUTCOMES = ("refused", "right", "moved", "unseen", "missed", "own", "timeout", "crash", "fault")
WRONG = {"unseen", "missed", "own"}
BAD = WRONG | {"timeout", "fault"}
LARGEST = 300_000  # bytes of a file of one's own
BLOCK = 4  # pictures are compared by the means of blocks of 4 x 4
ROOM = 64 * 2**20  # bytes of a film's block means
STRICT = "crccheck+bitstream+buffer+explode"

SAMPLINGS = (
    Sampling(),
    Sampling(method="uniform", frames=4),
    Sampling(method="random", frames=2),
    Sampling(method="times", times=(0.0, 0.9)),
    Sampling(method="every", every=0.4),
)


# ---------------------------------------------------------------------------------- pictures


@dataclass(frozen=True, slots=True)
class Reading:
    """What a plain decode from the start gives: pictures as block means, complaints, where the packets lie."""

    pictures: list[np.ndarray]
    complaints: int
    packets: list[tuple[int, int]]


def read(path: str) -> Reading:
    """Decode all of `path` with PyAV alone, as strictly as FFmpeg can; runs in a worker, since it may hang or crash."""
    pictures: list[np.ndarray] = []
    packets: list[tuple[int, int]] = []
    complaints = room = 0
    try:
        with av.open(path) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None or stream.codec_context is None:
                return Reading([], 1, [])
            stream.codec_context.thread_count = 1
            stream.codec_context.options = {"err_detect": STRICT}
            for packet in container.demux(stream):
                if not packet.size and packet.dts is not None:
                    continue  # it repeats the picture before; PyAV would take it for the end
                complaints += packet.is_corrupt
                if packet.pos is not None and packet.pos >= 0:
                    packets.append((packet.pos, packet.size))
                try:
                    frames = stream.codec_context.decode(packet if packet.size else None)
                except av.FFmpegError:
                    complaints += 1
                    continue
                for frame in frames:
                    complaints += frame.is_corrupt
                    pixels = frame.to_ndarray(format="rgb24")
                    pictures.append(blocks(np.rot90(pixels, round(frame.rotation / 90))))
                    room += pictures[-1].nbytes
                if room > ROOM:
                    raise TooLarge("Its pictures take too much room to be compared.")
    except av.FFmpegError:
        complaints += 1
    return Reading(pictures, complaints, packets)


def blocks(pixels: np.ndarray) -> np.ndarray:
    """The means of the blocks of RGB pixels, as uint8 [rows, columns, 3]."""
    rows, columns = pixels.shape[0] // BLOCK, pixels.shape[1] // BLOCK
    cut = pixels[: rows * BLOCK, : columns * BLOCK].astype(np.uint16)
    sums = cut.reshape(rows, BLOCK, columns, BLOCK, 3).sum(axis=(1, 3))
    return (sums // BLOCK**2).astype(np.uint8)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether nobody sees a difference: below 3 of 255 on the whole, below 20 in each block."""
    if one.shape != other.shape:
        return False
    far = np.abs(one.astype(np.int16) - other)
    return bool(far.mean() < 3 and far.max() < 20)


# ---------------------------------------------------------------------------------- damage


@dataclass(frozen=True, slots=True)
class Original:
    """A whole film. `payload` says of each byte whether it is coded picture (True) or header and container."""

    name: str
    content: bytes
    pictures: list[np.ndarray]
    payload: np.ndarray


def _changed(content: bytearray, places: Iterable[int], random: np.random.Generator) -> None:
    for place in places:
        content[place] ^= int(random.integers(1, 256))


def _bit(film: Original, random: np.random.Generator) -> bytes:
    content = bytearray(film.content)
    content[random.integers(len(content))] ^= 1 << int(random.integers(8))
    return bytes(content)


def _bytes(film: Original, random: np.random.Generator) -> bytes:
    content = bytearray(film.content)
    _changed(content, random.integers(0, len(content), random.integers(2, 21)), random)
    return bytes(content)


def _run(film: Original, random: np.random.Generator) -> bytes:
    content, length = bytearray(film.content), int(random.integers(2, 257))
    start = int(random.integers(len(content)))
    length = min(length, len(content) - start)
    content[start : start + length] = bytes(length) if random.integers(2) else random.bytes(length)
    return bytes(content)


def _end_cut(film: Original, random: np.random.Generator) -> bytes:
    return film.content[: int(random.integers(1, len(film.content)))]


def _middle_out(film: Original, random: np.random.Generator) -> bytes:
    start, length = int(random.integers(len(film.content))), int(random.integers(1, 4097))
    return film.content[:start] + film.content[start + length :] or b"\0"


def _swapped(film: Original, random: np.random.Generator) -> bytes:
    size = int(random.integers(16, 1025))
    size = min(size, len(film.content) // 3)
    one, other = sorted(int(place) for place in random.integers(0, len(film.content) - 2 * size, 2))
    other += size
    content = film.content
    first, second = content[one : one + size], content[other : other + size]
    return content[:one] + second + content[one + size : other] + first + content[other + size :]


def _header(film: Original, random: np.random.Generator) -> bytes:
    places, content = np.flatnonzero(~film.payload), bytearray(film.content)
    _changed(content, random.choice(places, random.integers(1, 4)) if len(places) else [0], random)
    return bytes(content)


def _payload(film: Original, random: np.random.Generator) -> bytes:
    places, content = np.flatnonzero(film.payload), bytearray(film.content)
    _changed(content, random.choice(places, random.integers(1, 9)) if len(places) else [len(content) - 1], random)
    return bytes(content)


KINDS: dict[str, Callable[[Original, np.random.Generator], bytes]] = {
    "one bit": _bit,
    "some bytes": _bytes,
    "run of bytes": _run,
    "end cut off": _end_cut,
    "middle removed": _middle_out,
    "blocks swapped": _swapped,
    "headers alone": _header,
    "payload alone": _payload,
}


# ---------------------------------------------------------------------------------- the run


@dataclass(frozen=True, slots=True)
class Case:
    number: int
    film: str
    kind: str
    outcome: str
    note: str


async def originals(pool: DecoderPool, paths: Iterable[Path]) -> list[Original]:
    """The films that decode whole to the pictures that the decoder gives; a line for each that is left out."""
    films = []
    for path in paths:
        try:
            reading: Reading = await pool.run(read, str(path))
            clip = await pool.sample(str(path), SAMPLINGS[1], key="a film", max_pixels=None)
        except VideoError as error:
            print(f"left out: {path.name}: {error}")
            continue
        whole = reading.complaints == 0 and clip.info.frames == len(reading.pictures)
        if not whole or not all(same(blocks(frame.image), reading.pictures[frame.index]) for frame in clip.frames):
            print(f"left out: {path.name}: it is damaged, stretched or mirrored as it is.")
            continue
        content = path.read_bytes()
        payload = np.zeros(len(content), bool)
        for start, size in reading.packets:
            payload[start : start + size] = True
        films.append(Original(path.name, content, reading.pictures, payload))
    return films


def damaged(films: list[Original], seed: int, number: int) -> tuple[Original, str, bytes, Sampling]:
    """Case `number` of `seed`: of which film, with what kind of damage, its bytes, and how it is sampled."""
    random = np.random.default_rng([seed, number])
    film = films[random.integers(len(films))]
    kind = list(KINDS)[number % len(KINDS)]
    return film, kind, KINDS[kind](film, random), SAMPLINGS[random.integers(len(SAMPLINGS))]


async def tried(pool: DecoderPool, path: Path, film: Original, sampling: Sampling) -> tuple[str, str]:
    """What became of the damaged file at `path`, and a word on it."""
    try:
        clip = await pool.sample(str(path), sampling, key="a film", max_pixels=None)
    except DecodeTimeout:
        return "timeout", ""
    except DecodeCrashed as error:
        return "crash", str(error)
    except VideoError as error:
        return "refused", str(error)
    except Exception as error:
        return "fault", f"{type(error).__name__}: {error}"
    pictures = [(frame.index, blocks(frame.image)) for frame in clip.frames if isinstance(frame.image, np.ndarray)]
    if all(index < len(film.pictures) and same(picture, film.pictures[index]) for index, picture in pictures):
        return "right", ""
    wrong = [(index, picture) for index, picture in pictures if not any(same(picture, p) for p in film.pictures)]
    if not wrong:
        return "moved", f"{_frames(clip)} of {len(film.pictures)} frames"
    places = f"{sampling.method}: frames {', '.join(str(index) for index, _ in wrong)} of {_frames(clip)}"
    try:
        reading: Reading = await pool.run(read, str(path))
    except Exception as error:  # PyAV's, of many kinds
        return "missed", f"{places}; a plain decode: {error}"
    both = min(len(reading.pictures), len(film.pictures))
    for index, picture in wrong:
        if index < both and same(reading.pictures[index], film.pictures[index]):
            return "own", f"{places}; {picture.shape[:2]} blocks instead of {film.pictures[index].shape[:2]}"
    if reading.complaints:
        return "missed", f"{places}; FFmpeg complains {reading.complaints} times"
    return "unseen", places


def _frames(clip: Clip) -> int:
    return clip.info.frames or 0


async def fuzz(
    pool: DecoderPool,
    films: list[Original],
    numbers: Iterable[int],
    *,
    seed: int,
    at_once: int,
    seconds: float | None = None,
    keep: Path | None = None,
) -> list[Case]:
    """Damage and decode the cases of these `numbers`; after `seconds` no more are begun."""
    ends = None if seconds is None else time.monotonic() + seconds
    left, cases = iter(numbers), []

    async def one_after_another(folder: Path) -> None:
        for number in left:
            if ends is not None and time.monotonic() > ends:
                return
            film, kind, content, sampling = damaged(films, seed, number)
            path = folder / f"{number}_{film.name}"
            path.write_bytes(content)
            cases.append(Case(number, film.name, kind, *await tried(pool, path, film, sampling)))
            if not keep:
                path.unlink()

    with tempfile.TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        await asyncio.gather(*(one_after_another(folder) for _ in range(at_once)))
    return sorted(cases, key=lambda case: case.number)


def table(cases: Iterable[Case], of: Callable[[Case], str]) -> str:
    """How many of each outcome, a line for each of what `of` gives."""
    counts = Counter((of(case), case.outcome) for case in cases)
    names = list(dict.fromkeys(name for name, _ in counts))
    wide = max(map(len, [*names, "all"]), default=3)
    lines = [" " * wide + "".join(f"{outcome:>9}" for outcome in OUTCOMES)]
    for name in [*names, "all"]:
        row = (sum(counts[n, outcome] for n in (names if name == "all" else [name])) for outcome in OUTCOMES)
        lines.append(f"{name:{wide}}" + "".join(f"{count or '·':>9}" for count in row))
    return "\n".join(lines)


def made(folder: Path) -> list[Path]:
    """The generated films that are small enough to be decoded many times."""
    return [make(name, folder) for name, film in FILMS.items() if film.small]


async def _run_all(given: argparse.Namespace, folder: Path) -> list[Case]:
    paths = made(folder)
    if given.clips:
        paths += sorted(path for path in given.clips.iterdir() if path.is_file() and path.stat().st_size <= LARGEST)
    pool = DecoderPool(given.workers, seconds=given.limit)
    try:
        films = await originals(pool, [path for path in paths if path.suffix != ".csv"])
        numbers = range(given.files) if given.case is None else [given.case]
        return await fuzz(
            pool,
            films,
            numbers,
            seed=given.seed,
            at_once=2 * given.workers,
            seconds=given.seconds,
            keep=given.keep,
        )
    finally:
        pool.close()


def _main() -> int:
    parser = argparse.ArgumentParser(description="Damage films at random and see whether the decoder tells the truth.")
    parser.add_argument("clips", type=Path, nargs="?", help=f"a folder: its files up to {LARGEST} bytes, too")
    parser.add_argument("--files", type=int, default=3000, help="how many damaged files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, help="begin no more files after this time")
    parser.add_argument("--case", type=int, help="this one file alone")
    parser.add_argument("--keep", type=Path, help="a folder in which the damaged files stay")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--limit", type=float, default=30, help="seconds for one file")
    given = parser.parse_args()
    if program() is None:
        print("No ffmpeg program to make films with: pip install imageio-ffmpeg.")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        cases = asyncio.run(_run_all(given, Path(folder)))
    print("\n" + table(cases, lambda case: case.kind) + "\n")
    print(table(sorted(cases, key=lambda case: case.film), lambda case: case.film) + "\n")
    for case in cases:
        if case.outcome in BAD | {"crash"} or given.case is not None:
            print(f"{case.outcome:8} --seed {given.seed} --case {case.number}: {case.film}, {case.kind}; {case.note}")
    return 1 if any(case.outcome in BAD for case in cases) else 0


if __name__ == "__main__":
    sys.exit(_main())
