"""Where a file's time starts again, as in joined recordings, its parts follow one another, and that is said."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from framescribe.frames.decoder import sample
from framescribe.frames.probe import probe
from framescribe.frames.sampling import Sampling
from framescribe.records import Clip
from tests.films import CLOSED, MPEG2, SIZE, VP8, X264, X265, drawn, number_in, program

pytestmark = pytest.mark.skipif(program() is None, reason="no ffmpeg program to make films: pip install imageio-ffmpeg")

CODERS = {
    "a.ts": X264,
    "mpeg2.ts": f"{MPEG2}",
    "hevc.ts": f"{X265} {CLOSED}",
    "a.mpg": MPEG2,
    "a.vob": MPEG2,
    "a.mkv": X264,
    "a.webm": VP8,
}
CODER = {**CODERS, "a.mp4": X264}
FLAG = "video_time_restarts"


def part(folder: Path, name: str, first: int, count: int, more: str = "") -> bytes:
    """A film of the pictures from `first` on, whose time begins as every film's does."""
    path = folder / f"{first}_{name}"
    pictures = b"".join(drawn(number).tobytes() for number in range(first, first + count))
    pipe = f"-f rawvideo -pix_fmt rgb24 -s {SIZE[0]}x{SIZE[1]} -r 25 -i pipe:0"
    command = [
        program() or "",
        "-loglevel",
        "error",
        "-y",
        *pipe.split(),
        *CODER[name].split(),
        *more.split(),
        str(path),
    ]
    subprocess.run(command, input=pictures, check=True)
    return path.read_bytes()


def shown(clip: Clip) -> list[tuple[int, float | None, int]]:
    return [(frame.index, frame.time, number_in(frame.image)) for frame in clip.frames]  # type: ignore[arg-type]


def take(path: Path, **how: object) -> Clip:
    return sample(str(path), Sampling(**how), key="", max_pixels=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CODERS)
@pytest.mark.parametrize("lengths", [(40, 40), (30, 50), (50, 30), (12, 12, 12)])
def test_parts_follow_one_another(tmp_path: Path, name: str, lengths: tuple[int, ...]) -> None:
    if len(lengths) > 2 and name in ("a.mkv", "a.webm"):
        pytest.skip("FFmpeg reads no third part")
    starts = [sum(lengths[:place]) for place in range(len(lengths))]
    path, count = tmp_path / name, sum(lengths)
    path.write_bytes(b"".join(part(tmp_path, name, *each) for each in zip(starts, lengths, strict=True)))
    every = take(path, method="uniform", frames=99)
    assert shown(every) == [(place, pytest.approx(place / 25, abs=0.0006), place) for place in range(count)]
    assert every.flags == (FLAG,)
    assert every.info.duration == pytest.approx(count / 25, abs=0.001)
    steps = take(path, method="every", every=0.4)
    assert [number for *_, number in shown(steps)] == list(range(0, count, 10))
    asked = [(starts[1] - 1) / 25 + 0.001, starts[1] / 25 + 0.001, (count - 1) / 25 + 0.001]
    times = take(path, method="times", times=tuple(asked))
    assert [number for *_, number in shown(times)] == [starts[1] - 1, starts[1], count - 1]
    told = probe(str(path))
    assert (told.frames, told.duration) == (count, pytest.approx(count / 25, abs=0.001))
    assert f"its time starts again (times added up: {len(lengths) - 1})" in told.odd
    assert not any("variable" in odd for odd in told.odd)


@pytest.mark.parametrize("name", ["a.ts", "a.mpg"])
@pytest.mark.parametrize("offset", ["0.013", "0.3", "7"])
def test_nor_need_a_part_begin_when_the_first_began(tmp_path: Path, name: str, offset: str) -> None:
    path = tmp_path / name
    late = part(tmp_path, name, 0, 40, f"-output_ts_offset {offset}")
    path.write_bytes(late + part(tmp_path, name, 40, 40))
    clip = take(path, method="uniform", frames=99)
    assert shown(clip) == [(place, pytest.approx(place / 25, abs=0.001), place) for place in range(80)]
    assert clip.flags == (FLAG,)


@pytest.mark.parametrize("name", ["a.ts", "a.mpg"])
def test_a_clock_that_overflows_goes_on(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(part(tmp_path, name, 0, 60, "-output_ts_offset 95441.5"))  # of 33 bits: up to 95443.7 s
    clip = take(path, method="every", every=0.4)
    assert [number for *_, number in shown(clip)] == [0, 10, 20, 30, 40, 50]
    assert [time for _, time, _ in shown(clip)] == pytest.approx([0.4 * step for step in range(6)], abs=0.001)


@pytest.mark.parametrize("name", CODERS)
def test_a_gap_is_a_gap(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(part(tmp_path, name, 0, 60, r"-vf setpts=PTS+floor(N/30)*2/TB -fps_mode passthrough"))
    clip = take(path, method="uniform", frames=99)
    assert FLAG not in clip.flags
    want = [place / 25 + 2 * (place // 30) for place in range(60)]
    assert [time for _, time, _ in shown(clip)] == pytest.approx(want, abs=0.001)
    assert [number for *_, number in shown(clip)] == list(range(60))
    assert any("gaps of 0.040 to 2.040 s" in odd for odd in probe(str(path)).odd)


@pytest.mark.parametrize("name", ["a.ts", "a.mkv"])
def test_damage_in_one_part_is_not_told_of_another(tmp_path: Path, name: str) -> None:
    first, second = part(tmp_path, name, 0, 40), bytearray(part(tmp_path, name, 40, 40))
    random = np.random.default_rng(0)
    for place in random.integers(len(second) // 2, int(0.9 * len(second)), 40):
        second[place] ^= int(random.integers(1, 256))
    path = tmp_path / name
    path.write_bytes(first + bytes(second))
    clip = take(path, method="times", times=tuple(place / 25 + 0.001 for place in range(39)))
    assert [number for *_, number in shown(clip)] == list(range(39))


@pytest.mark.parametrize("movflags", ["", "+faststart"])
def test_an_mp4_behind_an_mp4_is_told(tmp_path: Path, movflags: str) -> None:
    more = f"-movflags {movflags}" if movflags else ""
    first, second = part(tmp_path, "a.mp4", 0, 40, more), part(tmp_path, "a.mp4", 40, 40, more)
    path = tmp_path / "a.mp4"
    path.write_bytes(first)
    assert take(path).flags == ()
    path.write_bytes(first + second)
    clip = take(path)
    assert ([number for *_, number in shown(clip)], clip.flags) == ([20], ("video_followed_by_another",))
    assert "another file follows in it, which is not read" in probe(str(path)).odd
