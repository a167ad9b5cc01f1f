"""Knows which frames the decoder must give: their numbers are drawn in them, or come from a plain full decode."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.error import FFmpegError
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import framescribe
from framescribe.errors import NoFrames, Unreadable, UserError, VideoError
from framescribe.frames import decoder
from framescribe.frames.decoder import sample
from framescribe.frames.display import fit
from framescribe.frames.encode import encode
from framescribe.frames.sampling import Sampling
from framescribe.records import Clip
from tests.videos import (
    BLUE,
    GREEN,
    RED,
    WHITE,
    bars,
    corners,
    covered_voice,
    cut,
    damaged,
    film,
    film_with_hidden_pictures,
    number_in,
    voice,
)

ALL = Sampling(method="uniform", frames=255)


def take(path: Path | str, max_pixels: int | None = None, **options: Any) -> Clip:
    return sample(str(path), Sampling(**options), key="a video", max_pixels=max_pixels)


def numbers(clip: Clip) -> list[int]:
    return [number_in(frame.image) for frame in clip.frames]


# ---------------------------------------------------------------------------------- the right frames

# name, how it is made; each has 40 frames at 25 a second, numbered from 0
FILMS: dict[str, dict[str, Any]] = {
    "long_gop.mp4": {},
    "short_gop.mp4": {"gop": 7},
    "open_gop.mp4": {"gop": 10, "options": {"x264-params": "open-gop=1:scenecut=0:keyint=10"}},
    "fragmented.mp4": {"gop": 10, "mux": {"movflags": "frag_keyframe+empty_moov+default_base_moof"}},
    "with_sound.mp4": {"sound": True},
    "h264.mkv": {"gop": 12},
    "h264.ts": {"gop": 10},
    "h264_one_key.ts": {},
    "intra_refresh.ts": {"options": {"x264-params": "intra-refresh=1:keyint=20"}},
    "h264.flv": {},
    "h264.avi": {"gop": 10},
    "h264.h264": {"container": "h264"},
    "hevc.mp4": {"codec": "libx265", "gop": 10},
    "hevc_open_gop.mkv": {
        "codec": "libx265",
        "options": {"x265-params": "log-level=none:bframes=3:pools=1:keyint=10:open-gop=1:scenecut=0"},
    },
    "vp9.webm": {"codec": "libvpx-vp9", "gop": 16},
    "vp8.webm": {"codec": "libvpx", "gop": 16},
    "vp8_hidden.webm": {},
    "mpeg4.avi": {"codec": "mpeg4", "gop": 10, "options": {"bf": "2"}},
    "mpeg4.mp4": {"codec": "mpeg4", "gop": 10, "options": {"bf": "2"}},
    "mpeg2.ts": {"codec": "mpeg2video", "gop": 10, "options": {"bf": "2"}},
    "mpeg2.mpg": {"codec": "mpeg2video", "container": "mpeg", "gop": 10, "options": {"bf": "2"}},
    "wmv2.wmv": {"codec": "wmv2", "gop": 10},
    "mjpeg.mov": {"codec": "mjpeg"},
    "all_keys.mp4": {"gop": 1},
    "no_b.avi": {"gop": 10, "options": {"bf": "0"}},
    "moving.gif": {"codec": "gif"},
    "odd_size.mp4": {"size": (131, 67)},
}


def made_film(path: Path) -> Path:
    """The film of this name, made at `path`."""
    return film_with_hidden_pictures(path) if "hidden" in path.name else film(path, **FILMS[path.name])


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("films")

    def made(name: str) -> Path:
        path = folder / name
        return path if path.exists() else made_film(path)

    return made


@pytest.mark.parametrize("name", FILMS)
def test_every_way_of_sampling_gives_the_frames_it_asks_for(films: Callable[[str], Path], name: str) -> None:
    path = films(name)
    assert take(path).info.frames == 40
    assert numbers(take(path)) == [20]
    assert numbers(take(path, method="uniform", frames=7)) == [0, 5, 11, 17, 22, 28, 34]
    assert numbers(take(path, method="uniform", frames=99)) == list(range(40))
    drawn = take(path, method="random", frames=6)
    assert len(drawn.frames) == 6
    assert numbers(drawn) == [frame.index for frame in drawn.frames]
    if name not in ("h264.h264", "h264.avi", "no_b.avi", "mpeg4.avi"):  # no times, and in AVI they are often guesses
        assert numbers(take(path, method="times", times=(0.0, 0.5, 1.0, 9.0))) == [0, 12, 25, 39]
        assert numbers(take(path, method="every", every=0.4)) == [0, 10, 20, 30]
        assert [frame.time for frame in take(path, method="uniform", frames=2).frames] == [0.0, 0.8]


# encoders that put a keyframe where they are told and nowhere else
STRICT = {"libx264": {"sc_threshold": "0"}, "mpeg4": {"sc_threshold": "1000000000"}, "libvpx-vp9": {}}
STRICT["mpeg2video"] = STRICT["mpeg4"]


@pytest.mark.parametrize(
    ("name", "codec", "gop"),
    [
        ("a.mp4", "libx264", 250),
        ("b.mp4", "libx264", 7),
        ("c.ts", "libx264", 10),
        ("d.avi", "libx264", 10),  # decoded through
        ("e.webm", "libvpx-vp9", 16),
        ("f.avi", "mpeg4", 9),
        ("g.mpg", "mpeg2video", 10),  # decoded through
        ("h.mov", "mjpeg", 1),
    ],
)
def test_keyframes(tmp_path: Path, name: str, codec: str, gop: int) -> None:
    path = film(tmp_path / name, codec=codec, gop=gop, options=STRICT.get(codec))
    keys = list(range(0, 40, gop))
    assert numbers(take(path, method="keyframes", frames=99)) == keys
    clip = take(path, method="keyframes", frames=2)
    assert numbers(clip) == [frame.index for frame in clip.frames] == sorted({keys[0], keys[len(keys) // 2]})


COUNTED = {"h264.h264", "mpeg2.mpg", "h264.avi"}  # no timestamps, or none that say when a frame is shown


@pytest.mark.parametrize("name", FILMS)
def test_only_where_it_must_a_video_is_decoded_whole(
    films: Callable[[str], Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counting(*_: Any) -> Clip:
        raise NoFrames("counted")

    monkeypatch.setattr(decoder, "_by_counting", counting)
    for sampling in (Sampling(), Sampling(method="uniform", frames=7), ALL):
        if name in COUNTED:
            with pytest.raises(NoFrames, match="counted"):
                sample(str(films(name)), sampling, key="", max_pixels=1000)
        else:
            sample(str(films(name)), sampling, key="", max_pixels=1000)


# plain mp4 and mov files whose wanted frames are proven by what they store about them: no pass over the packets
STORED = {"long_gop.mp4", "short_gop.mp4", "with_sound.mp4", "mjpeg.mov", "all_keys.mp4", "odd_size.mp4"}


@pytest.mark.parametrize("name", FILMS)
def test_only_where_it_must_a_video_is_read_whole(
    films: Callable[[str], Path], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading(*_: Any) -> Any:
        raise NoFrames("read")

    monkeypatch.setattr(decoder, "packets_index", reading)
    for sampling in (Sampling(), Sampling(method="uniform", frames=7), Sampling(method="random", frames=3)):
        if name in STORED or name in ("h264.h264", "mpeg2.mpg"):  # raw streams are decoded at once
            clip = sample(str(films(name)), sampling, key="", max_pixels=None)
            assert numbers(clip) == [frame.index for frame in clip.frames]
        else:
            with pytest.raises(NoFrames, match="read"):
                sample(str(films(name)), sampling, key="", max_pixels=1000)


@pytest.mark.parametrize("name", ["long_gop.mp4", "short_gop.mp4", "open_gop.mp4", "hevc.mp4", "no_b.mp4"])
def test_a_lying_index_is_found_out(films: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    path = film(tmp_path / name, options={"bf": "0"}, gop=8) if name == "no_b.mp4" else films(name)
    whole, random, right = path.read_bytes(), np.random.default_rng(0), 0
    for table in (b"stts", b"ctts", b"stss", b"elst"):
        at = whole.find(table)
        end = at - 4 + int.from_bytes(whole[at - 4 : at], "big")
        for _ in range(8 if at > 0 else 0):
            content = bytearray(whole)
            content[random.integers(at + 4, end)] ^= 1 << int(random.integers(8))
            lying = _written(tmp_path / "lying.mp4", bytes(content))
            try:
                shown = _decoded(lying)
            except FFmpegError:
                shown = []
            for options in ({}, {"method": "uniform", "frames": 4}):
                try:
                    clip = take(lying, **options)
                except VideoError:
                    continue
                if shown:
                    assert clip.info.frames == len(shown)
                    assert all(np.array_equal(frame.image, shown[frame.index]) for frame in clip.frames)
                    right += 1
    assert right > 20


def test_what_is_known_of_a_video(films: Callable[[str], Path]) -> None:
    info = take(films("odd_size.mp4")).info
    assert (info.width, info.height, info.codec, info.frames) == (131, 67, "h264", 40)
    assert info.duration == pytest.approx(1.6, abs=0.001)
    assert info.fps == pytest.approx(25, abs=0.01)
    assert [take(films(name)).info.codec for name in ("hevc.mp4", "vp9.webm", "moving.gif")] == ["hevc", "vp9", "gif"]


@pytest.mark.parametrize("name", ["uneven.mp4", "uneven.mkv"])
def test_uneven_times(tmp_path: Path, name: str) -> None:
    path = film(tmp_path / name, ticks=[0, 40, 50, 500, 510, 1200, 1201, 3000])
    clip = sample(str(path), ALL, key="", max_pixels=None)
    assert numbers(clip) == list(range(8))
    assert [frame.time for frame in clip.frames] == [0.0, 0.04, 0.05, 0.5, 0.51, 1.2, 1.201, 3.0]
    assert numbers(take(path, method="times", times=(0.045, 0.499, 0.5, 1.1, 2.9))) == [1, 2, 3, 4, 6]
    assert numbers(take(path, method="every", every=0.5)) == [0, 3, 4, 6, 7]
    assert take(path).info.fps == pytest.approx(8 / 3, rel=0.2)


def test_one_frame(tmp_path: Path) -> None:
    path = film(tmp_path / "one.mp4", frames=1)
    for options in ({}, {"method": "uniform", "frames": 8}, {"method": "every", "every": 1.0}):
        clip = take(path, **options)
        assert (numbers(clip), clip.info.frames, clip.frames[0].time) == ([0], 1, 0.0)


def test_a_late_start_is_counted_from_the_start_of_the_file(tmp_path: Path) -> None:
    late = [2000 + 40 * place for place in range(10)]
    alone = take(film(tmp_path / "alone.mkv", ticks=late), method="uniform", frames=255)
    assert ([frame.time for frame in alone.frames[:2]], numbers(alone)) == ([0.0, 0.04], list(range(10)))
    heard = film(tmp_path / "heard.mkv", ticks=late, sound=True)
    after = take(heard, method="times", times=(0.0, 2.1, 2.2))
    assert ([frame.time for frame in after.frames], numbers(after)) == ([2.0, 2.08, 2.2], [0, 2, 5])
    assert after.info.duration == pytest.approx(0.4, abs=0.05)


def test_frames_before_an_edit_lists_start_are_not_shown(films: Callable[[str], Path], tmp_path: Path) -> None:
    clip = sample(str(cut(films("long_gop.mp4"), tmp_path / "cut.mp4", first=0, shift=7)), ALL, key="", max_pixels=None)
    assert numbers(clip) == list(range(7, 40))
    assert (clip.info.frames, clip.frames[0].time, clip.frames[0].index) == (33, 0.0, 0)


@pytest.mark.parametrize(
    ("name", "to"), [("open_gop.mp4", "cut.mkv"), ("hevc_open_gop.mkv", "cut.mp4"), ("mpeg2.ts", "cut.ts")]
)
def test_frames_that_need_what_was_cut_off_do_not_count(
    films: Callable[[str], Path], tmp_path: Path, name: str, to: str
) -> None:
    path = cut(films(name), tmp_path / to, first=1)
    whole = {number_in(pixels): pixels for pixels in _decoded(films(name))}
    clip = sample(str(path), ALL, key="", max_pixels=None)
    shown = numbers(clip)
    assert shown == list(range(shown[0], 40))
    assert 8 <= shown[0] <= 12
    assert clip.info.frames == len(shown)
    assert all(np.array_equal(frame.image, whole[number]) for frame, number in zip(clip.frames, shown, strict=True))
    assert numbers(take(path)) == [shown[len(shown) // 2]]


# ---------------------------------------------------------------------------------- as it is shown

# degrees against the clock, mirrored across, mirrored down: the colours at the top left, top right, bottom left,
# bottom right of the screen, for a picture of red, green, blue, white
TURNS = {
    (0, False, False): (RED, GREEN, BLUE, WHITE),
    (90, False, False): (GREEN, WHITE, RED, BLUE),
    (180, False, False): (WHITE, BLUE, GREEN, RED),
    (270, False, False): (BLUE, RED, WHITE, GREEN),
    (0, True, False): (GREEN, RED, WHITE, BLUE),
    (0, False, True): (BLUE, WHITE, RED, GREEN),
    (90, True, False): (WHITE, GREEN, BLUE, RED),
    (270, True, False): (RED, BLUE, GREEN, WHITE),
}


def colours(pixels: np.ndarray) -> list[str]:
    names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
    height, width = pixels.shape[:2]
    spots = [pixels[y, x].astype(int) for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    return [min(names, key=lambda name: int(np.abs(spot - names[name]).sum())) for spot in spots]


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("max_pixels", [None, 800])
def test_turned_and_mirrored(tmp_path: Path, turn: tuple[float, bool, bool], max_pixels: int | None) -> None:
    clip = take(film(tmp_path / "turned.mp4", pictures=[corners()] * 3, turn=turn), max_pixels)
    names = {RED: "red", GREEN: "green", BLUE: "blue", WHITE: "white"}
    assert colours(clip.frames[0].image) == [names[colour] for colour in TURNS[turn]]
    upright = turn[0] in (0, 180)
    assert (clip.info.width, clip.info.height) == ((64, 32) if upright else (32, 64))
    small = (64, 32) if max_pixels is None else (40, 20)
    assert clip.frames[0].image.shape == ((small[1], small[0], 3) if upright else (small[0], small[1], 3))
    assert clip.frames[0].image.flags.c_contiguous


def test_a_display_matrix_of_zeros_is_none(tmp_path: Path) -> None:
    path = film(tmp_path / "zeros.mp4", pictures=[corners()] * 2, matrix=[0] * 8 + [1 << 30])
    assert colours(take(path).frames[0].image) == ["red", "green", "blue", "white"]


def test_a_photograph_named_as_a_video_is_one_upright_frame(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    Image.fromarray(corners()).save(tmp_path / "photo.jpg", exif=exif, quality=95)
    clip = take((tmp_path / "photo.jpg").rename(tmp_path / "photo.mp4"), method="uniform", frames=8)
    assert (len(clip.frames), clip.info.width, clip.info.height) == (1, 32, 64)
    assert colours(clip.frames[0].image) == ["blue", "red", "white", "green"]


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    wide = take(film(tmp_path / "wide.mp4", frames=2, aspect=Fraction(64, 45)))
    assert (wide.info.width, wide.info.height, wide.frames[0].image.shape) == (182, 64, (64, 182, 3))
    high = take(film(tmp_path / "high.mp4", frames=2, aspect=Fraction(1, 2)))
    assert (high.info.width, high.info.height, high.frames[0].image.shape) == (128, 128, (128, 128, 3))


@pytest.mark.parametrize("max_pixels", [None, 2000])
def test_white_stays_white_and_black_black(tmp_path: Path, max_pixels: int | None) -> None:
    pictures = [np.full((64, 128, 3), level, np.uint8) for level in (0, 255)]
    path = film(tmp_path / "levels.mp4", pictures=pictures, options={"crf": "1"})
    clip = take(path, max_pixels, method="uniform", frames=2)
    black, white = (frame.image for frame in clip.frames)
    assert black.max() <= 1
    assert white.min() >= 254


def test_shrunk_frames_keep_their_numbers_and_the_file_its_size(films: Callable[[str], Path]) -> None:
    clip = sample(str(films("long_gop.mp4")), ALL, key="", max_pixels=1000)
    assert {frame.image.shape for frame in clip.frames} == {(22, 44, 3)}
    assert numbers(clip) == list(range(40))
    assert (clip.info.width, clip.info.height) == (128, 64)
    with pytest.raises(UserError, match="at least 1"):
        take(films("long_gop.mp4"), 0)


@given(st.integers(1, 20_000), st.integers(1, 20_000), st.integers(1, 10**7))
def test_shrinking_keeps_within_the_limit_and_the_aspect(width: int, height: int, limit: int) -> None:
    small = fit(width, height, limit)
    assert small[0] * small[1] <= limit
    assert 1 <= small[0] <= width
    assert 1 <= small[1] <= height
    if width * height <= limit:
        assert small == (width, height)
    elif min(small) >= 20:
        assert small[0] % 2 == small[1] % 2 == 0
        assert small[0] / small[1] == pytest.approx(width / height, rel=0.11)
    assert fit(width, height, None) == (width, height)


@pytest.mark.parametrize("form", ["jpeg", "png"])
@pytest.mark.parametrize("name", ["long_gop.mp4", "h264.ts", "h264.avi"])  # by index, by packets, by counting
@pytest.mark.parametrize("method", ["uniform", "scenes"])
def test_encoded_frames_are_the_pixel_frames_encoded(
    films: Callable[[str], Path], name: str, form: Any, method: Any
) -> None:
    if method == "scenes":
        pytest.importorskip("scenedetect", reason="sampling by scenes needs framescribe[scenes]")
    options: dict[str, Any] = {"key": "", "max_pixels": 3000}
    sampling = Sampling(method=method, frames=7)
    pixels = sample(str(films(name)), sampling, **options)
    encoded = sample(str(films(name)), sampling, form=form, **options)
    assert encoded.info == pixels.info
    assert [(frame.index, frame.time) for frame in encoded.frames] == [(f.index, f.time) for f in pixels.frames]
    assert [frame.image for frame in encoded.frames] == [encode(frame.image, form) for frame in pixels.frames]  # type: ignore[arg-type]


def test_encoded_frames_are_the_same_where_decoded_ones_are_too_large_to_be_held(
    films: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(films("h264.avi"))
    held = sample(path, ALL, key="", max_pixels=None, form="jpeg")
    monkeypatch.setattr(decoder, "HELD_BYTES", 0)
    again = sample(path, ALL, key="", max_pixels=None, form="jpeg")
    assert len(again.frames) == 40
    assert again == held


# ---------------------------------------------------------------------------------- what cannot be read


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _no_moov(path: Path) -> Path:
    content = film(path).read_bytes()
    return _written(path, content[: len(content) // 2])


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _big_picture(path: Path) -> Path:
    Image.new("1", (9000, 9000)).save(path.with_suffix(".png"))
    return path.with_suffix(".png").rename(path)


TEXT = b"file,caption\nx.mp4,a dog\n" * 40

BROKEN: dict[str, tuple[str, Callable[[Path], Path], type[VideoError], str]] = {
    "missing": ("a.mp4", lambda path: path, Unreadable, "no such file"),
    "folder": ("a.mp4", lambda path: path.mkdir() or path, Unreadable, "a folder"),
    "pipe": ("a.mp4", _pipe, Unreadable, "not a regular file"),
    "empty": ("a.mp4", lambda path: _written(path, b""), Unreadable, "empty"),
    "csv": ("a.csv", lambda path: _written(path, TEXT), Unreadable, "text"),
    "txt": ("a.txt", lambda path: _written(path, TEXT), Unreadable, "text"),
    "text as mp4": ("a.mp4", lambda path: _written(path, "眼睛".encode() * 2000), Unreadable, "text"),
    "zeros": ("a.mp4", lambda path: _written(path, bytes(9000)), Unreadable, "not a video"),
    "noise": ("a.mp4", lambda path: _written(path, np.random.default_rng(0).bytes(9000)), Unreadable, "not a video"),
    "no moov": ("a.mp4", _no_moov, Unreadable, r"cut off.*moov"),
    "sound": ("a.mp4", voice, NoFrames, "sound but no picture"),
    "cover": ("a.mp3", covered_voice, NoFrames, "only a cover"),
    "too large": ("a.mp4", _big_picture, NoFrames, "frame size"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_read_is_said_in_plain_words(tmp_path: Path, case: str) -> None:
    name, make, error, said = BROKEN[case]
    with pytest.raises(error, match=said) as caught:
        take(make(tmp_path / name))
    assert str(caught.value).endswith(".")
    assert "Errno" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_no_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _written(tmp_path / "secret.mp4", b"something").chmod(0)
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    me = os.geteuid()
    try:
        if me == 0:  # root may read everything
            os.seteuid(65534)
        with pytest.raises(Unreadable, match="permission to read"):
            take("secret.mp4")
    finally:
        os.seteuid(me)


@pytest.mark.parametrize(
    "name", ["12:30.mp4", "100%d.mp4", "a#b?c.mp4", "-i.mp4", "眼 睛.mp4", "latin\udce9.mp4", "concat:a|b"]
)
def test_names_are_only_names(films: Callable[[str], Path], tmp_path: Path, name: str) -> None:
    path = _written(tmp_path / name, films("long_gop.mp4").read_bytes())
    assert numbers(take(path)) == [20]
    assert numbers(take(os.path.relpath(path))) == [20]


def test_a_text_in_another_encoding_is_no_obstacle(films: Callable[[str], Path], tmp_path: Path) -> None:
    with av.open(str(films("h264.mkv"))) as given, av.open(str(tmp_path / "a.mkv"), "w") as output:
        output.metadata["title"] = "xyzzy"
        stream = output.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(given.streams.video[0]):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    content = (tmp_path / "a.mkv").read_bytes()
    assert b"xyzzy" in content
    assert numbers(take(_written(tmp_path / "b.mkv", content.replace(b"xyzzy", b"caf\xe9!")))) == [20]


@pytest.mark.parametrize("name", ["front.mp4", "front.mkv", "front.webm", "front.avi"])
def test_a_file_that_is_cut_off_is_told_and_salvaged_where_asked(tmp_path: Path, name: str) -> None:
    codec = {"front.webm": "libvpx", "front.avi": "mpeg4"}.get(name, "libx264")
    mux = {"movflags": "faststart"} if name == "front.mp4" else {}
    path = film(tmp_path / name, frames=200, gop=10, codec=codec, mux=mux)
    content = path.read_bytes()
    assert take(path).flags == ()
    for share in (0.6, 0.7, 0.8):
        _written(path, content[: int(len(content) * share)])
        with pytest.raises(Unreadable, match="cut off"):
            take(path, method="uniform", frames=4)
        clip = take(path, method="uniform", frames=4, salvage=True)
        assert clip.flags[0] == "video_cut_off"
        assert 20 < clip.info.frames < 200
        assert numbers(clip) == [frame.index for frame in clip.frames]
        assert len(clip.frames) == 4


def test_the_frames_of_a_damaged_file_that_are_whole_can_be_had(tmp_path: Path) -> None:
    pictures = [bars(number) for number in range(100)]
    for number, picture in enumerate(pictures):
        picture[:16] = np.random.default_rng(number).integers(0, 256, (16, 128, 3))
    whole = film(tmp_path / "whole.mkv", gop=10, pictures=pictures)
    clean, told, wrong = _decoded(whole), 0, 0
    for seed in range(12):
        path = damaged(whole, tmp_path / "damaged.mkv", seed=seed, start=0.4, end=0.6, times=6)
        try:
            take(path, method="uniform", frames=25)
        except Unreadable:
            told += 1
            clip = take(path, method="uniform", frames=25, salvage=True)
            assert clip.flags == ("video_damaged",)
            assert len(clip.frames) == 25
            wrong += sum(not np.array_equal(f.image, clean[round((f.time or 0) * 25)]) for f in clip.frames)
    assert told > 6
    assert wrong <= 8  # of some 250: H.264 has no checksum, so that now and then a changed byte is a valid one


def test_a_shot_gives_its_middle_frame(tmp_path: Path) -> None:
    pytest.importorskip("scenedetect", reason="sampling by scenes needs framescribe[scenes]")
    # Three shots of 50, 30 and 40 frames, each of its own colours and with some movement in it.
    pictures = []
    for shot, (length, colour) in enumerate([(50, RED), (30, BLUE), (40, WHITE)]):
        for place in range(length):
            picture = np.full((64, 128, 3), colour, np.uint8)
            picture[10:30, (20 * shot + place) % 100 :][:, :20] = GREEN
            pictures.append(picture)
    for name in ("shots.mp4", "shots.avi"):  # the second one is decoded through
        path = film(tmp_path / name, pictures=pictures)
        assert [frame.index for frame in take(path, method="scenes", frames=9).frames] == [25, 65, 100]
        assert [frame.index for frame in take(path, method="scenes", frames=2).frames] == [25, 65]
        edges = take(path, method="scenes", frames=9, skip_edges=0.1)  # 12 frames at each end
        assert [frame.index for frame in edges.frames] == [31, 65, 94]


def test_the_one_call(films: Callable[[str], Path]) -> None:
    frames = framescribe.sample(films("short_gop.mp4"), n=4)
    assert [(frame.index, frame.time, number_in(frame.image)) for frame in frames] == [
        (0, 0.0, 0),
        (10, 0.4, 10),
        (20, 0.8, 20),
        (30, 1.2, 30),
    ]
    assert frames[0].image.shape == (64, 128, 3)
    assert [frame.index for frame in framescribe.sample(films("short_gop.mp4"), times=[0.5, 1])] == [12, 25]
    assert [frame.index for frame in framescribe.sample(films("short_gop.mp4"), every=0.5, max_pixels=900)] == [
        0,
        12,
        25,
        37,
    ]


def test_damage_elsewhere_does_no_harm_and_damage_here_is_told(tmp_path: Path) -> None:
    # A frame of bars alone takes 30 bytes, any of which may be changed into another valid one: noise makes it real.
    pictures = [bars(number) for number in range(100)]
    for number, picture in enumerate(pictures):
        picture[:16] = np.random.default_rng(number).integers(0, 256, (16, 128, 3))
    whole = film(tmp_path / "whole.mkv", gop=10, pictures=pictures)
    clean = _decoded(whole)
    found = {"told": 0, "right": 0, "wrong": 0}
    for seed in range(40):
        path = damaged(whole, tmp_path / "damaged.mkv", seed=seed, start=0.6, end=0.9, times=6)
        assert numbers(take(path, method="times", times=(0.0, 1.5))) == [0, 37]
        try:
            clip = take(path, method="times", times=(2.52, 2.8, 3.04, 3.32))
        except Unreadable:
            found["told"] += 1
        else:
            same = [np.array_equal(frame.image, clean[round((frame.time or 0) * 25)]) for frame in clip.frames]
            found["right" if all(same) else "wrong"] += 1
    # H.264 has no checksum: now and then a changed byte is as good as the one before, to any decoder.
    assert found["wrong"] <= 2
    assert found["told"] >= 30


def test_all_frames_undecodable(films: Callable[[str], Path], tmp_path: Path) -> None:
    content = films("h264.flv").read_bytes()
    keyless = bytes(content[:200]) + bytes(len(content) - 200)
    with pytest.raises(VideoError):
        take(_written(tmp_path / "a.flv", keyless))


def test_nothing_is_printed(films: Callable[[str], Path], tmp_path: Path) -> None:
    broken = [damaged(films(name), tmp_path / name, seed=1, start=0.1, end=0.9) for name in FILMS]
    code = (
        "import sys; from framescribe.frames.decoder import *; from framescribe.errors import VideoError\n"
        "for path in sys.argv[1:]:\n"
        "    try: sample(path, Sampling(method='uniform', frames=9), key='', max_pixels=500)\n"
        "    except VideoError: pass\n"
    )
    there = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code, *map(str, broken)], env=there, capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")


def test_many_threads_at_once(films: Callable[[str], Path], tmp_path: Path) -> None:
    names = [name for name in FILMS if name.startswith(("long", "short", "h264", "mpeg", "vp9"))]
    broken = [damaged(films("h264.mkv"), tmp_path / f"{seed}.mkv", seed=seed, start=0.1, end=0.9) for seed in range(4)]
    alone = {path: _tried(path) for path in [*map(films, names), *broken]}
    before = threading.active_count()
    with ThreadPoolExecutor(8) as pool:
        for path, found in zip(list(alone) * 4, pool.map(_tried, list(alone) * 4), strict=True):
            assert found == alone[path]
    assert threading.active_count() == before


def _tried(path: Path) -> str | list[tuple[int, bytes]]:
    try:
        return [(frame.index, frame.image.tobytes()) for frame in take(path, 3000, method="uniform", frames=5).frames]
    except VideoError as error:
        return str(error)


# ---------------------------------------------------------------------------------- real files

CLIPS = Path(os.environ.get("FRAMESCRIBE_CLIPS") or Path(__file__).parents[1] / ".." / "shared" / "clips")
LONG = {"media__long_1080p_lowbitrate.mp4", "media__long_1080p_av1.mp4"}
# 50 packets of which one cannot be decoded; frames 30 and later are damaged.
DAMAGED = "decord__corrupted.mp4"
HDR = {"smpte2084", "arib-std-b67"}


def _manifest() -> list[Any]:
    if not (CLIPS / "manifest.csv").is_file():
        return [pytest.param({}, marks=pytest.mark.skip(reason="no folder of clips; set FRAMESCRIBE_CLIPS"))]
    with open(CLIPS / "manifest.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    # A full decode of every large picture takes minutes: of those, each run compares the core set alone.
    small = {row["file"] for row in rows if int(row["width"] or 0) * int(row["height"] or 0) < 640 * 480}
    quick = (small | {row["file"] for row in rows if row["core"]}) - LONG
    return [pytest.param(row, id=row["file"], marks=() if row["file"] in quick else pytest.mark.slow) for row in rows]


def _decoded(path: Path) -> list[np.ndarray]:
    """Every picture of the first video stream, as coded, from a plain decode."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("row", _manifest())
def test_real_files_give_what_a_full_decode_gives(row: dict[str, str]) -> None:
    path = CLIPS / row["file"]
    sampling = Sampling(method="uniform", frames=4)
    if not row["frames_decoded"]:
        with pytest.raises(VideoError) as caught:
            sample(str(path), sampling, key="", max_pixels=None)
        assert len(str(caught.value)) > 10
        return
    if row["file"] == DAMAGED:
        with pytest.raises(Unreadable, match=r"frame 36 \(at 3.7 s\) of 49"):
            sample(str(path), sampling, key="", max_pixels=None)
        clip = sample(str(path), Sampling(), key="", max_pixels=None)
        assert (clip.info.frames, clip.frames[0].index, clip.frames[0].time) == (50, 25, 2.5)  # not near it
        return
    clip = sample(str(path), sampling, key="", max_pixels=None)
    count = int(row["frames_decoded"])
    assert clip.info.frames == count
    places = sorted({int(place) for place in np.linspace(0, count, 4, endpoint=False)})
    assert [frame.index for frame in clip.frames] == places
    quarter = -int(row["rotation"] or 0) // 90  # ffprobe's rotation is against the clock, as numpy's is
    shape = Fraction(*map(int, row["sar"].split(":"))) if row["sar"] else Fraction(1)
    wanted = dict.fromkeys(places)
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for place, frame in enumerate(container.decode(video=0)):
            if place in wanted:
                size = (round(frame.width * max(1, shape)), round(frame.height / min(1, shape)))
                assert (clip.info.width, clip.info.height) == (size if quarter % 2 == 0 else size[::-1])
                if shape == 1:
                    wanted[place] = np.rot90(frame.to_ndarray(format="rgb24"), -quarter)
                else:
                    wanted[place] = np.asarray(frame.to_image().resize(size, Image.Resampling.BICUBIC))
            if place >= places[-1]:
                break
    for frame in clip.frames:
        expected = wanted[frame.index]
        assert expected is not None
        if row["color"] in HDR:  # mapped to sRGB, which keeps what is brighter brighter
            assert np.corrcoef(frame.image.mean(axis=2).ravel(), expected.mean(axis=2).ravel())[0, 1] > 0.9
        elif shape == 1:
            assert np.array_equal(frame.image, expected)
        else:
            assert np.abs(frame.image.astype(int) - expected).mean() < 3
