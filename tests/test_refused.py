"""No file and no host is opened that the user did not name, whatever a file says inside and whatever it is called.

The kernel says which files were opened, and a server on loopback which addresses were asked for.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import av
import pytest
from av.format import ContainerFormat
from PIL import Image

from framescribe.errors import VideoError
from framescribe.frames.decoder import sample
from framescribe.frames.formats import READ
from framescribe.frames.probe import probe
from framescribe.frames.sampling import Sampling
from tests.opened import AVAILABLE, opened_in
from tests.test_remote import Server, server  # noqa: F401
from tests.videos import corners, film, number_in

CANARY = "canary.ts"


def _mlv() -> bytes:
    """A Magic Lantern recording of one file; FFmpeg looks for .m00, .m01 and so on beside it."""
    header = struct.pack("<4sI8sQIIHHIHHII", b"MLVI", 52, b"v2.0\0\0\0\0", 1, 0, 0, 1, 0, 0, 1, 0, 10, 0)
    return header.ljust(52, b"\0") + struct.pack("<4sIQ", b"NULL", 16, 0)


# What a file says inside, given the address of something else; `{}` is that address.
PLAYLIST = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.6,\n{}\n#EXT-X-ENDLIST\n"
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{}\n"
CONCAT = "ffconcat version 1.0\nfile '{}'\n"
SESSION = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 9 RTP/AVP 33\r\na=control:{}\r\n"
)
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S" '
    'profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet contentType="video">'
    '<Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL></Representation></AdaptationSet></Period></MPD>'
)
SMIL = "<smil><body><video src='{}'/></body></smil>"
CONTENTS = {"hls": PLAYLIST, "hls master": MASTER, "concat": CONCAT, "sdp": SESSION, "dash": DASH, "smil": SMIL}
# Ways to hide that it is text: before it, within it, behind it.
DISGUISES: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "control character": lambda content: content.replace(b"\n", b"\n#\x01\n", 1),
    "zeros behind": lambda content: content + bytes(4096),
    "not utf-8": lambda content: content.replace(b"\n", b"\n#\xff\xfe\n", 1),
    "byte order mark": lambda content: b"\xef\xbb\xbf" + content,
}
NAMES = {
    "hls": "a.m3u8",
    "hls master": "a.m3u",
    "concat": "a.ffconcat",
    "sdp": "a.sdp",
    "dash": "a.mpd",
    "smil": "a.smil",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    film(tmp_path / CANARY, gop=10)
    return tmp_path


def _tried(path: str) -> None:
    with pytest.raises(VideoError):
        sample(path, Sampling(), key="", max_pixels=None)
    with pytest.raises(VideoError):
        probe(path)


@pytest.mark.skipif(not AVAILABLE, reason="inotify is Linux's")
@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("kind", CONTENTS)
def test_a_file_that_names_others_opens_none_of_them(folder: Path, server: Server, kind: str, disguise: str) -> None:  # noqa: F811
    others = [CANARY, str(folder / CANARY), f"file:{folder / CANARY}", f"{server.url}/{CANARY}"]
    for address in (*others, f"subfile,,start,0,end,0,,:{folder / CANARY}", f"concat:{folder / CANARY}"):
        content = DISGUISES[disguise](CONTENTS[kind].format(address).encode())
        for name in ("a.mp4", NAMES[kind]):
            (folder / name).write_bytes(content)
            with opened_in(folder) as opened:
                _tried(str(folder / name))
            assert set(opened) <= {name}
            assert server.seen == []
            (folder / name).unlink()


@pytest.mark.skipif(not AVAILABLE, reason="inotify is Linux's")
@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize("kind", CONTENTS)
def test_nor_does_one_behind_a_url(folder: Path, server: Server, kind: str, disguise: str) -> None:  # noqa: F811
    here = Path.cwd()
    for address in (CANARY, f"file:{folder / CANARY}", f"{server.url}/{CANARY}"):
        content = DISGUISES[disguise](CONTENTS[kind].format(address).encode())
        for name in ("a.mp4", NAMES[kind]):
            (folder / name).write_bytes(content)
            os.chdir(folder)
            try:
                with opened_in(folder) as opened:
                    _tried(f"{server.url}/{name}")
            finally:
                os.chdir(here)
            assert set(opened) <= {name}  # by the server
            assert server.paths <= {f"/{name}"}
            (folder / name).unlink()
            server.paths.clear()


@pytest.mark.skipif(not AVAILABLE, reason="inotify is Linux's")
@pytest.mark.parametrize("name", ["shot%03d.jpg", "shot*.png", "photo.jpg", "1.png", "shot[0-9].jpg", "photo.bmp"])
@pytest.mark.parametrize("remote", [False, True])
def test_a_picture_is_itself_and_no_series(tmp_path: Path, server: Server, name: str, remote: bool) -> None:  # noqa: F811
    path, other, here = tmp_path / name, tmp_path / "beside", Path.cwd()
    Image.fromarray(corners()).save(path)
    other.mkdir()
    for neighbour in ("shot000.jpg", "shot001.jpg", "shot1.png", "1.png", "photo.jpg", "photo.bmp", "shot5.jpg"):
        Image.new("RGB", (64, 32)).save((other if remote else tmp_path) / neighbour) if neighbour != name else None
    os.chdir(other if remote else tmp_path)
    try:
        with opened_in(other if remote else tmp_path) as opened:
            address = f"{server.url}/{name.replace('%', '%25')}" if remote else str(path)
            clip = sample(address, Sampling(), key="", max_pixels=None)
    finally:
        os.chdir(here)
    assert set(opened) <= (set() if remote else {name})
    assert clip.frames[0].image[8, 16].tolist() != [0, 0, 0]  # type: ignore[union-attr]


@pytest.mark.skipif(not AVAILABLE, reason="inotify is Linux's")
def test_a_recording_in_several_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.MLV").write_bytes(_mlv())
    (tmp_path / "a.M00").write_bytes(_mlv())
    with opened_in(tmp_path) as opened:
        _tried(str(tmp_path / "a.MLV"))
    assert set(opened) == {"a.MLV"}


@pytest.mark.skipif(not AVAILABLE, reason="inotify is Linux's")
def test_a_movie_whose_pictures_are_said_to_be_elsewhere_opens_no_other(tmp_path: Path) -> None:
    canary = film(tmp_path / "canary.mp4", gop=10)
    content, target = canary.read_bytes(), os.fsencode(canary) + b"\0"
    entry = content.index(b"url \0\0\0\x01")  # a data reference: "in this file"
    named = b"url \0\0\0\0" + target
    grown = bytearray(content[: entry - 4] + struct.pack(">I", len(named) + 4) + named + content[entry + 8 :])
    for box in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        at = grown.index(box) - 4
        struct.pack_into(">I", grown, at, int.from_bytes(grown[at : at + 4], "big") + len(target))
    (tmp_path / "a.mov").write_bytes(grown)
    with opened_in(tmp_path) as opened, suppress(VideoError):
        sample(str(tmp_path / "a.mov"), Sampling(), key="", max_pixels=None)
    assert set(opened) == {"a.mov"}


def test_every_format_that_is_read_exists_and_none_that_names_others_is_read() -> None:
    read = set(READ.split(","))
    others = {
        "hls",
        "concat",
        "dash",
        "imf",
        "image2",
        "image2pipe",
        "sdp",
        "rtsp",
        "rtp",
        "sap",
        "lavfi",
        "vobsub",
        "mlv",
    }
    others |= {
        "webm_dash_manifest",
        "avisynth",
        "vapoursynth",
        "alsa",
        "fbdev",
        "x11grab",
        "v4l2",
        "sbg",
        "data",
        "tty",
    }
    others |= {
        "rawvideo",
        "svg_pipe",
        "mpegtsraw",
        "ffmetadata",
        "alias_pix",
        "brender_pix",
        "kmsgrab",
        "libgme",
        "libopenmpt",
    }
    assert not read & others
    known = set()
    for name in av.formats_available:
        try:
            known.update(ContainerFormat(name, "r").name.split(","))
        except ValueError:  # it is only written
            continue
    assert not read - known - {"webp_anim"}  # new in FFmpeg 9


@pytest.mark.parametrize("name", ["12:30.mp4", "concat:a|b", "http:a.mp4", "subfile,,start,0,end,9,,:a.mp4", "data:,a"])
def test_a_name_is_no_protocol(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    film(tmp_path / "film.mp4").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert number_in(sample(name, Sampling(), key="", max_pixels=None).frames[0].image) == 20  # type: ignore[arg-type]
