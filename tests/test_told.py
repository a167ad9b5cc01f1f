"""What is odd about a file, and why it cannot be captioned, is told as it is: by the error, the flags, or `probe`."""

from __future__ import annotations

import gzip
import io
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from framescribe.errors import Unreadable
from framescribe.frames.decoder import sample
from framescribe.frames.probe import probe
from framescribe.frames.sampling import Sampling
from framescribe.records import Clip
from tests.films import MPEG4, SIZE, X264, drawn, program
from tests.films import number_in as drawn_number
from tests.videos import bars, corners, film, number_in

needs_program = pytest.mark.skipif(
    program() is None, reason="no ffmpeg program to make films: pip install imageio-ffmpeg"
)


def take(path: Path, **how: object) -> Clip:
    return sample(str(path), Sampling(**how), key="", max_pixels=None)  # type: ignore[arg-type]


def made(path: Path, options: str, *, frames: int = 40, first: int = 0, more: str = "") -> Path:
    """A film of drawn numbers by the ffmpeg program; `more` are options of other inputs."""
    pictures = b"".join(drawn(number).tobytes() for number in range(first, first + frames))
    pipe = f"-f rawvideo -pix_fmt rgb24 -s {SIZE[0]}x{SIZE[1]} -r 25 -i pipe:0"
    command = [program() or "", "-loglevel", "error", "-y", *pipe.split(), *more.split(), *options.split(), str(path)]
    subprocess.run(command, input=pictures, check=True)
    return path


# ---------------------------------------------------------------------------------- sound files that look like text


def test_a_dark_y4m_is_no_text(tmp_path: Path) -> None:
    frames = [b"FRAME\n" + bytes([32 + 4 * place]) * (64 * 32) + b"A" * (2 * 32 * 16) for place in range(10)]
    (tmp_path / "dark.y4m").write_bytes(b"YUV4MPEG2 W64 H32 F25:1 Ip A1:1 C420jpeg\n" + b"".join(frames))
    clip = take(tmp_path / "dark.y4m", method="uniform", frames=99)
    green = [int(frame.image[0, 0, 1]) for frame in clip.frames]  # type: ignore[union-attr]
    assert len(green) == 10
    assert np.diff(green).tolist() == pytest.approx([4 * 255 / 219] * 9, abs=1)


@pytest.mark.parametrize("head", [b"P6\n64 32\n255\n", b"P5\n64 96\n255\n"])
def test_nor_is_a_picture_in_printable_characters(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "a.ppm").write_bytes(head + b"A" * (64 * 32 * 3))
    assert set(np.unique(take(tmp_path / "a.ppm").frames[0].image)) == {65}


def test_text_that_begins_as_a_picture_might_is_still_no_video(tmp_path: Path) -> None:
    for number, text in enumerate(["P2P networks\n", "P 1\n", "YUV4MPEG2\n", "--\n-- a comment\n", "FRAME\n"]):
        (tmp_path / f"{number}.mp4").write_text(text * 500)
        with pytest.raises(Unreadable):
            take(tmp_path / f"{number}.mp4")


@needs_program
def test_a_length_that_was_never_written_cuts_nothing_off(tmp_path: Path) -> None:
    path = made(tmp_path / "a.avi", f"{MPEG4} -f avi")
    content = path.read_bytes()
    for length in (0xFFFFFFFF, 0):  # as where an AVI is written to a pipe, or its writer died
        riff, movi = content.index(b"RIFF"), content.index(b"movi") - 8
        changed = bytearray(content)
        changed[riff + 4 : riff + 8] = changed[movi + 4 : movi + 8] = length.to_bytes(4, "little")
        path.write_bytes(changed)
        clip = take(path)
        assert (clip.flags, clip.info.frames, drawn_number(clip.frames[0].image)) == ((), 40, 20)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------- which stream

SECOND = "-f lavfi -i color=s=320x240:r=25:d=1"


@needs_program
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.mov"])
@pytest.mark.parametrize("default", [0, 1])
def test_the_stream_that_the_file_calls_its_default_is_taken(tmp_path: Path, name: str, default: int) -> None:
    which = f"-disposition:v:{default} default -disposition:v:{1 - default} 0"
    path = made(tmp_path / name, f"-map 1:v -map 0:v {X264} {which}", more=SECOND)
    clip, told = take(path), probe(str(path))
    assert (clip.info.width, told.width) == ((320, 320) if default == 0 else (208, 208))
    assert f"2 video streams, of which number {default + 1} is read" in told.odd
    assert default == 0 or drawn_number(clip.frames[0].image) == clip.frames[0].index  # type: ignore[arg-type]


@needs_program
@pytest.mark.parametrize("name", ["a.mkv", "a.ts"])
def test_of_streams_that_are_all_alike_it_is_the_first(tmp_path: Path, name: str) -> None:
    path = made(tmp_path / name, f"-map 0:v -map 1:v {X264}", more=SECOND)
    assert take(path).info.width == 208


@needs_program
def test_an_animated_avif_is_all_of_its_pictures(tmp_path: Path) -> None:
    path = made(tmp_path / "a.avif", "-c:v libsvtav1 -preset 10 -crf 20 -pix_fmt yuv420p", frames=10)
    clip = take(path, method="uniform", frames=99)
    assert [drawn_number(frame.image) for frame in clip.frames] == list(range(10))  # type: ignore[arg-type]
    assert (probe(str(path)).frames, clip.info.frames) == (10, 10)


@needs_program
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_cover_is_no_second_video(tmp_path: Path, name: str) -> None:
    Image.fromarray(corners()).save(tmp_path / "cover.jpg")
    cover = f"-i {tmp_path / 'cover.jpg'}"
    options = f"-map 1 -map 0 {X264} -c:v:0 copy -disposition:v:0 attached_pic"
    if name == "a.mkv":
        options = f"-map 0 {X264} -attach {tmp_path / 'cover.jpg'} -metadata:s:t mimetype=image/jpeg"
    path = made(tmp_path / name, options, more=cover)
    assert not any("stream" in odd for odd in probe(str(path)).odd)
    assert drawn_number(take(path).frames[0].image) == 20  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------- times


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
@pytest.mark.parametrize("gaps", [[40] * 4 + [200] * 9, [40] * 9 + [200] * 4, [200] * 12 + [40]])
def test_a_variable_rate_is_told_whichever_gap_is_the_usual_one(tmp_path: Path, name: str, gaps: list[int]) -> None:
    ticks = [sum(gaps[:place]) for place in range(len(gaps) + 1)]
    odd = probe(str(film(tmp_path / name, ticks=ticks))).odd
    assert any("variable frame rate (gaps of 0.040 to 0.200 s" in line for line in odd)


@pytest.mark.parametrize("name", ["a.mkv", "a.flv", "a.mp4", "a.ts"])
def test_a_constant_rate_in_rounded_ticks_is_constant(tmp_path: Path, name: str) -> None:
    ticks = [round(1000 * place / 30) for place in range(40)]
    assert not any("variable" in line for line in probe(str(film(tmp_path / name, ticks=ticks))).odd)


@pytest.mark.parametrize(
    ("times", "flags"), [((50.0,), True), ((0.5, 1.61), True), ((1.6,), False), ((1.57, 0.0), False)]
)
@pytest.mark.parametrize("name", ["a.mp4", "a.ts", "a.mkv"])
def test_a_time_after_the_end_is_told(tmp_path: Path, name: str, times: tuple[float, ...], flags: bool) -> None:
    clip = take(film(tmp_path / name, gop=10), method="times", times=times)  # 40 frames of 40 ms
    assert number_in(clip.frames[-1].image) == 39  # type: ignore[arg-type]
    assert clip.flags == (("video_ends_before_times",) if flags else ())


# ---------------------------------------------------------------------------------- what is no video, or not readable


def photograph(path: Path, form: str) -> None:
    Image.fromarray(corners()).save(path, form)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("name", ["a.mp4", "a.jpg", "a.png"])
def test_a_still_picture_is_told(tmp_path: Path, form: str, name: str) -> None:
    photograph(tmp_path / name, form)
    clip = take(tmp_path / name, method="uniform", frames=8)
    assert (len(clip.frames), clip.flags) == (1, ("video_is_a_picture",))
    assert "a still picture, not a video" in probe(str(tmp_path / name)).odd


def zipped(video: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.mp4", video)
    return buffer.getvalue()


def tarred(video: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("a.mp4")
        info.size = len(video)
        archive.addfile(info, io.BytesIO(video))
    return buffer.getvalue()


S3_ERROR = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>AccessDenied</Code><AWSAccessKeyId>AKIAX</AWSAccessKeyId></Error>"
)
PLAINLY: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "zip": (zipped, "zip archive"),
    "tar": (tarred, "tar archive"),
    "tar.gz": (lambda video: gzip.compress(tarred(video)), "gzip"),
    "gzip": (gzip.compress, "gzip"),
    "html": (lambda _: b"\n <!DOCTYPE html>\n<html><body>404 Not Found</body></html>", "web page"),
    "html in latin-1": (lambda _: b"<html><body>Acc\xe8s refus\xe9</body></html>", "web page"),
    "html, bare": (lambda _: b"<HTML><HEAD><TITLE>302 Moved</TITLE></HEAD></HTML>", "web page"),
    "xml": (lambda _: S3_ERROR, "error message in XML"),
    "json": (lambda _: b'{"error": {"code": 404, "message": "no such file"}}', "JSON"),
    "pointer": (lambda _: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "git lfs pull"),
    "pdf": (lambda _: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF"),
    "playlist": (lambda _: b"#EXTM3U\nb.mp4\n", "names other files"),
    "text": (lambda _: b"file,caption\n" * 9, "text file"),
}


@pytest.mark.parametrize("case", PLAINLY)
def test_what_is_plainly_no_video_is_named(tmp_path: Path, case: str) -> None:
    make, said = PLAINLY[case]
    path = tmp_path / "a.mp4"
    path.write_bytes(make(film(tmp_path / "film.mp4").read_bytes()))
    for look in (take, lambda path: probe(str(path))):
        with pytest.raises(Unreadable, match=said) as caught:
            look(path)
        assert str(caught.value).endswith(".")
        assert "AKIAX" not in str(caught.value)


CENC = "-encryption_scheme cenc-aes-ctr -encryption_key 76a6c65c5ea762046bd749a2e632ccbb -encryption_kid " + 32 * "a"


@needs_program
@pytest.mark.parametrize("more", ["", "-movflags +faststart", "-movflags +frag_keyframe+empty_moov+default_base_moof"])
@pytest.mark.parametrize("coder", [X264, "-c:v libvpx-vp9 -deadline realtime -cpu-used 8", MPEG4])
def test_an_encrypted_mp4_is_encrypted_and_not_damaged(tmp_path: Path, more: str, coder: str) -> None:
    path = made(tmp_path / "a.mp4", f"{coder} {CENC} {more}")
    for how in ({}, {"method": "uniform", "frames": 4}, {"method": "keyframes", "frames": 3, "salvage": True}):
        with pytest.raises(Unreadable, match="encrypted"):
            take(path, **how)
    with pytest.raises(Unreadable, match="encrypted"):
        probe(str(path))


@needs_program
def test_a_scrambled_broadcast_is_encrypted_and_not_damaged(tmp_path: Path) -> None:
    path = made(tmp_path / "a.ts", X264)
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), 188):
        if int.from_bytes(content[start + 1 : start + 3], "big") & 0x1FFF == 0x100:  # the video's packets
            content[start + 3] |= 0x80
            content[start + 4 : start + 188] = np.random.default_rng(start).bytes(184)
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="encrypted"):
        take(path)


@needs_program
def test_another_programs_encryption_does_no_harm(tmp_path: Path) -> None:
    path = made(tmp_path / "a.ts", f"-map 0:v -map 1:v {X264}", more=SECOND)
    content = bytearray(path.read_bytes())
    for start in range(0, len(content), 188):
        if int.from_bytes(content[start + 1 : start + 3], "big") & 0x1FFF == 0x101:  # the second video's packets
            content[start + 3] |= 0x80
            content[start + 4 : start + 188] = np.random.default_rng(start).bytes(184)
    path.write_bytes(content)
    assert drawn_number(take(path).frames[0].image) == 20  # type: ignore[arg-type]


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_what_salvage_may_do_is_not_promised(tmp_path: Path, share: float) -> None:
    path = film(tmp_path / "a.mp4", pictures=[bars(n) for n in range(40)], mux={"movflags": "faststart"}, gop=10)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(Unreadable, match=r"if they can be decoded|moov"):
        take(path)


def test_fractions_of_a_frame_do_not_count_as_after_the_end(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", frames=30, ticks=[round(1001 * place / 30) for place in range(30)])
    assert take(path, method="times", times=(float(Fraction(29 * 1001, 30000)),)).flags == ()
