"""Which bytes of which files the page sends: parts exactly, and only of the videos that the rows were made from."""

from __future__ import annotations

import io
import os
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")

from framescribe.review.playable import container_of, plays
from framescribe.sources import find_videos
from tests.review import filmed
from tests.test_remote import Server, server
from tests.videos import film

__all__ = ["server"]  # a fixture


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("clip") / "a.mp4")


@pytest.fixture(scope="module")
def page(clip: Path) -> Iterator[tuple[Any, str]]:
    """A client, and the address of the clip's video."""
    with filmed.served(clip.parent / "captions.jsonl", [filmed.row(clip)]) as (client, keys):
        yield client, f"/media/{keys['a.mp4']}/video"


def test_the_whole_file(page: tuple[Any, str], clip: Path) -> None:
    client, address = page
    reply = client.get(address)
    assert (reply.status_code, reply.content) == (200, clip.read_bytes())
    assert reply.headers["content-type"] == "video/mp4"
    assert reply.headers["content-length"] == str(clip.stat().st_size)
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("asked", "first", "stop"),
    [("bytes=0-0", 0, 1), ("bytes=0-", 0, None), ("bytes=5-9", 5, 10), ("bytes=100-", 100, None),
     ("bytes=-1", -1, None), ("bytes=-100", -100, None), ("bytes=-999999999", 0, None), ("bytes=0-999999999", 0, None),
     ("BYTES=5-9", 5, 10), ("bytes= 5-9 ", 5, 10), ("bytes=000005-9", 5, 10)],
)  # fmt: skip
def test_a_part(page: tuple[Any, str], clip: Path, asked: str, first: int, stop: int | None) -> None:
    client, address = page
    content = clip.read_bytes()
    reply = client.get(address, headers={"range": asked})
    part = content[first:stop]
    start = first if first >= 0 else len(content) + first
    assert (reply.status_code, reply.content) == (206, part)
    assert reply.headers["content-range"] == f"bytes {start}-{start + len(part) - 1}/{len(content)}"
    assert reply.headers["content-length"] == str(len(part))


@pytest.mark.parametrize("back", [1, 2, 100])
def test_the_last_bytes_by_their_place(page: tuple[Any, str], clip: Path, back: int) -> None:
    client, address = page
    content = clip.read_bytes()
    reply = client.get(address, headers={"range": f"bytes={len(content) - back}-"})
    assert (reply.status_code, reply.content) == (206, content[-back:])


@pytest.mark.parametrize(
    "asked",
    ["bytes=9-5", "bytes=", "bytes=-", "bytes=a-b", "items=0-5", "0-5", "bytes 0-5", "bytes=0-1,3-4", "bytes=--5",
     "bytes=1-2-3", "bytes=0x0-5", "bytes=1.5-2", "bytes=+1-2", "bytes=" + "9" * 5000 + "-", "bytes=0-5;",
     "bytes=" + "0-1," * 3000 + "0-1", ""],
)  # fmt: skip
def test_what_is_no_single_part_gets_the_whole_file(page: tuple[Any, str], clip: Path, asked: str) -> None:
    client, address = page
    reply = client.get(address, headers={"range": asked})
    assert (reply.status_code, reply.content) == (200, clip.read_bytes())
    assert "content-range" not in reply.headers


@pytest.mark.parametrize("asked", ["bytes={0}-", "bytes={0}-{0}", "bytes=999999999-", "bytes=-0"])
def test_nothing_beyond_the_end(page: tuple[Any, str], clip: Path, asked: str) -> None:
    client, address = page
    size = clip.stat().st_size
    reply = client.get(address, headers={"range": asked.format(size)})
    assert (reply.status_code, reply.content) == (416, b"")
    assert reply.headers["content-range"] == f"bytes */{size}"


def test_a_part_only_of_the_version_that_the_browser_has(page: tuple[Any, str], clip: Path) -> None:
    client, address = page
    etag = client.get(address).headers["etag"]
    assert etag.startswith('"')

    def asked(condition: str) -> int:
        return int(client.get(address, headers={"range": "bytes=0-9", "if-range": condition}).status_code)

    assert asked(etag) == 206
    for other in ('"x"', "W/" + etag, "Sun, 29 Nov 2026 22:46:57 GMT", ""):
        assert asked(other) == 200
    assert client.get(address, headers={"if-none-match": f'"x", {etag}'}).status_code == 304
    assert client.get(address, headers={"if-none-match": '"x"'}).status_code == 200


def test_head_tells_and_sends_nothing(page: tuple[Any, str], clip: Path) -> None:
    client, address = page
    for headers in ({}, {"range": "bytes=0-9"}):  # a range is for GET
        reply = client.head(address, headers=headers)
        assert (reply.status_code, reply.content) == (200, b"")
        assert reply.headers["content-length"] == str(clip.stat().st_size)


def test_a_large_file_comes_in_pieces_that_fit_together(tmp_path: Path) -> None:
    """More than one read: what stands behind the end of a film is still part of its file."""
    path = film(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes() + os.urandom(3 * 2**18 + 17))
    with filmed.served(tmp_path / "captions.jsonl", [filmed.row(path)]) as (client, keys):
        content = path.read_bytes()
        assert client.get(f"/media/{keys['a.mp4']}/video").content == content
        for first, last in ((1, len(content) - 2), (2**18 - 1, 2**18), (2**18, 2**19)):
            reply = client.get(f"/media/{keys['a.mp4']}/video", headers={"range": f"bytes={first}-{last}"})
            assert reply.content == content[first : last + 1]


def test_a_video_in_a_tar_and_nothing_beside_it(tmp_path: Path) -> None:
    inside = film(tmp_path / "a.mp4").read_bytes()
    shard = tmp_path / "x.tar"
    with tarfile.open(shard, "w") as tar:
        for name, content in (("secret.txt", b"secret " * 99), ("a.mp4", inside), ("after.txt", b"secret " * 99)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    row = filmed.row(tmp_path / "a.mp4", place=f"{shard}/a.mp4")
    gone = replace(row, id="gone", video_path=f"{shard}/b.mp4")
    text = replace(row, id="text", video_path=f"{shard}/secret.txt")
    out = replace(row, id="out", video_path=f"{shard}/a.mp4?bytes=0-600")
    with filmed.served(tmp_path / "captions.jsonl", [row, gone, text, out]) as (client, keys):
        address = f"/media/{keys['a.mp4']}/video"
        assert client.get(address).content == inside
        assert client.get(address, headers={"range": "bytes=5-999999"}).content == inside[5:]
        assert client.get(address, headers={"range": f"bytes={len(inside)}-"}).status_code == 416
        for name in ("gone", "text", "out"):
            assert client.get(f"/media/{keys[name]}/video").status_code == 404


def test_a_video_behind_a_url_and_no_key(server: Server, tmp_path: Path) -> None:
    """The row keeps no key, the command line has it, and the page never says it."""
    content = film(tmp_path / "a.mp4").read_bytes()
    secret = f"{server.url}/a.mp4?X-Amz-Signature=hushhush&X-Amz-Date=1"
    listed = tmp_path / "list.jsonl"
    listed.write_text(f'{{"video_path": "{secret}"}}\n')
    (video,) = find_videos([str(listed)], say=print)
    row = replace(filmed.row(tmp_path / "a.mp4"), id=video.id, video_path=video.place)
    with filmed.served(tmp_path / "captions.jsonl", [row], [str(listed)]) as (client, keys):
        (key,) = keys.values()
        address = f"/media/{key}/video"
        reply = client.get(address, headers={"range": "bytes=10-"}, follow_redirects=False)
        assert (reply.status_code, reply.content) == (206, content[10:])
        assert "hushhush" in str(server.paths)
        (tmp_path / "a.mp4").unlink()
        gone = client.get(address)
        assert gone.status_code == 404
        full = client.get(f"/api/rows/{key}")
        assert full.status_code == 200
        assert "hushhush" not in f"{reply.headers} {gone.headers} {gone.text} {full.headers} {full.text}"


def test_an_address_without_its_query_is_not_guessed(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    row = filmed.row(path, place="http://127.0.0.1:9/a.mp4?sha256-0123456789abcdef")
    with filmed.served(tmp_path / "captions.jsonl", [row]) as (client, keys):
        reply = client.get(f"/media/{keys['a.mp4']}/video")
        assert reply.status_code == 404
        assert "--source" in reply.json()["error"]


# ---------------------------------------------------------------------------------- the file that it was


def test_a_file_that_is_another_one_by_now_is_not_shown(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    with filmed.served(tmp_path / "captions.jsonl", [filmed.row(path)]) as (client, keys):
        address, full = f"/media/{keys['a.mp4']}/video", f"/api/rows/{keys['a.mp4']}"
        assert client.get(full).json()["file"] == {"there": True, "why": None, "plays": "direct"}
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)  # as long as before
        assert client.get(address).status_code == 409
        path.write_bytes(content + b"x")
        assert client.get(address).status_code == 409
        told = client.get(full).json()["file"]
        assert told["there"] is True and "another" in told["why"] and told["plays"] == "none"
        path.unlink()
        assert client.get(address).status_code == 404
        told = client.get(full).json()["file"]
        assert told["there"] is False and told["why"]


def test_without_a_fingerprint_the_size_tells(tmp_path: Path) -> None:
    """Rows of version 0.1.0, and addresses elsewhere."""
    path = film(tmp_path / "a.mp4")
    row = replace(filmed.row(path), provenance={})
    with filmed.served(tmp_path / "captions.jsonl", [row]) as (client, keys):
        assert client.get(f"/media/{keys['a.mp4']}/video").status_code == 200
        path.write_bytes(path.read_bytes() + b"x")
        assert client.get(f"/media/{keys['a.mp4']}/video").status_code == 409


def test_a_file_that_was_only_touched_is_shown(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    with filmed.served(tmp_path / "captions.jsonl", [filmed.row(path)]) as (client, keys):
        os.utime(path, (1, 1))
        assert client.get(f"/media/{keys['a.mp4']}/video").status_code == 200


# ---------------------------------------------------------------------------------- what is no video


NO_VIDEOS = {
    "text": b"a secret\n" * 50,
    "page": b"<!doctype html><script>alert(1)</script>" + b" " * 400,
    "key": bytes(range(256)) * 4,
    "program": b"\x7fELF\x02\x01\x01" + bytes(500),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(500),
    "photo": b"\xff\xd8\xff\xe0" + bytes(500),
    "database": b"SQLite format 3\0" + bytes(500),
    "archive": b"PK\x03\x04" + bytes(500),
    "zeros": bytes(500),
    "empty": b"",
    "almost a Matroska file": b"\x1a\x45\xdf\xa3" + bytes(500),
    "almost an Ogg file": b"OggS\x01\xff\xfe" + bytes(500),
}


def test_only_videos_are_sent(tmp_path: Path) -> None:
    """A result made by hand may name any file of this machine."""
    rows = []
    for kind, content in NO_VIDEOS.items():
        (tmp_path / kind).write_bytes(content)
        rows.append(replace(filmed.row(tmp_path / kind), size=None, provenance={}))
    with filmed.served(tmp_path / "captions.jsonl", rows) as (client, keys):
        for kind, content in NO_VIDEOS.items():
            for what, statuses in (("video", {403}), ("preview.mp4", {404}), ("thumb.jpg", {404})):
                reply = client.get(f"/media/{keys[kind]}/{what}")
                assert reply.status_code in statuses, kind
                assert list(reply.json()) == ["error"]
                assert not content or content[:8] not in reply.content


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files")
def test_nothing_but_regular_files_is_opened(tmp_path: Path) -> None:
    """And nothing waits for a pipe's other end."""
    os.mkdir(tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe")
    os.symlink("/proc/self/environ", tmp_path / "link")
    os.symlink(tmp_path / "pipe", tmp_path / "link to a pipe")
    places = [str(tmp_path / name) for name in ("folder", "pipe", "link", "link to a pipe")]
    places += ["/dev/null", "/dev/zero", "/proc/self/maps", "/proc/self/fd/0", "a\0.mp4", "", ".", "/"]
    row = filmed.row(tmp_path / "nothing")
    rows = [replace(row, id=f"row {at}", video_path=place) for at, place in enumerate(places)]
    with filmed.served(tmp_path / "captions.jsonl", rows) as (client, keys):
        assert len(keys) == len(places)
        for name, place in zip(keys, places, strict=True):
            for what in ("video", "preview.mp4", "thumb.jpg"):
                reply = client.get(f"/media/{keys[name]}/{what}")
                assert reply.status_code in (403, 404), place
                assert list(reply.json()) == ["error"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_to_a_video_is_that_video(tmp_path: Path) -> None:
    path = film(tmp_path / "real.mp4")
    (tmp_path / "a.mp4").symlink_to(path)
    with filmed.served(tmp_path / "captions.jsonl", [filmed.row(tmp_path / "a.mp4")]) as (client, keys):
        assert client.get(f"/media/{keys['a.mp4']}/video").content == path.read_bytes()
        (tmp_path / "a.mp4").unlink()
        (tmp_path / "a.mp4").symlink_to("/etc/passwd")  # another file takes its place
        reply = client.get(f"/media/{keys['a.mp4']}/video")
        assert reply.status_code in (403, 409)
        assert b"root" not in reply.content


KEYS = ["..", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e%2f%2e%2e", "/etc/passwd", "%2fetc%2fpasswd",
        "a.mp4", "0123456789ABCDEF", "0123456789abcde", "0123456789abcdef0", "0123456789abcdef", "%00",
        "0123456789abcde%00", "..%5c..%5cx", "*", "' OR 1=1 --", "０１２３４５６７８９ａｂｃｄｅｆ", "-1",
        "file:%2f%2f%2fetc%2fpasswd"]  # fmt: skip


@pytest.mark.parametrize("key", KEYS)
def test_a_request_names_a_row_and_never_a_path(page: tuple[Any, str], key: str) -> None:
    client, _ = page
    for what in ("video", "preview.mp4", "thumb.jpg", "frame/0.jpg"):
        reply = client.get(f"/media/{key}/{what}")
        assert reply.status_code == 404
        assert list(reply.json()) == ["error"]
    assert client.get(f"/api/rows/{key}").status_code == 404


# ---------------------------------------------------------------------------------- what is what


@pytest.mark.parametrize(
    ("name", "codec", "kind"),
    [("a.mp4", "libx264", "video/mp4"), ("a.mov", "libx264", "video/mp4"), ("a.webm", "libvpx", "video/webm"),
     ("a.mkv", "libx264", "video/x-matroska"), ("a.avi", "mpeg4", "video/x-msvideo"), ("a.ts", "libx264", "video/mp2t"),
     ("a.flv", "flv", "video/x-flv"), ("a.mpg", "mpeg2video", "video/mpeg"), ("a.wmv", "wmv2", "video/x-ms-asf"),
     ("a.gif", "gif", "image/gif")],
)  # fmt: skip
def test_real_videos_are_known_by_how_they_begin(tmp_path: Path, name: str, codec: str, kind: str) -> None:
    head = film(tmp_path / name, frames=12, codec=codec).read_bytes()[:4096]
    assert container_of(head) == kind


def test_what_browsers_play() -> None:
    assert plays("/clips/a.mp4", "h264") == plays("https://host/a.webm?x", "vp9") == "direct"
    assert plays("/clips/a.mp4", "hevc") == plays("/clips/a.mkv", "h264") == plays("/clips/a.avi", "mpeg4") == "preview"
    assert plays("/clips/a.mp4", None) == "none"
