"""Knows that frames of a file behind a URL are those of the file, for little traffic, and how its server may fail.

The server is Python's own, on loopback, taught to serve ranges; its faults are scripted.
"""

from __future__ import annotations

import hashlib
import http.server
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from framescribe.errors import Unreadable
from framescribe.frames import remote
from framescribe.frames.decoder import sample
from framescribe.frames.files import fingerprint_of
from framescribe.frames.probe import probe
from framescribe.frames.sampling import Sampling
from framescribe.sources import find_videos
from framescribe.storage import object_store
from tests.test_fingerprint import SIZES, by_hand, member_path, noise, packed
from tests.videos import bars, film, number_in


@dataclass
class Server:
    folder: Path
    url: str = ""
    sent: int = 0
    asked: int = 0
    fail: Callable[[int], int | None] = lambda _: None  # from the number of the request to a status, 0: hang up
    ranges: bool = True
    seen: list[str] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(object_store, "FIRST_WAIT", 0.01)
    state = Server(tmp_path)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def do_GET(self) -> None:
            self.answer(body=True)

        def answer(self, *, body: bool) -> None:
            state.asked += 1
            state.seen.append(f"{self.command} {self.headers.get('Range')}")
            state.paths.add(self.path)
            status = state.fail(state.asked)
            if status == 0:
                self.close_connection = True
                self.connection.close()
                return
            path = state.folder / unquote(self.path.split("?")[0].lstrip("/"))
            if status or not path.is_file():
                self.send_response(status or 404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = path.read_bytes()
            first, last, said = 0, len(content) - 1, self.headers.get("Range")
            if said and state.ranges:
                start, _, end = said.removeprefix("bytes=").partition("-")
                first, last = int(start), min(int(end or last), last)
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
            else:
                self.send_response(200)
            if state.ranges:
                self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(last + 1 - first))
            self.end_headers()
            if body:
                state.sent += last + 1 - first
                self.wfile.write(content[first : last + 1])

        def log_message(self, *_: object) -> None:
            pass

    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=served.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{served.server_address[1]}"
    yield state
    served.shutdown()
    served.server_close()
    thread.join()


def noisy(path: Path, frames: int = 60, **options: object) -> Path:
    """A film of some megabytes."""
    pictures = [bars(number, 256, 128) for number in range(frames)]
    for number, picture in enumerate(pictures):
        picture[:32] = np.random.default_rng(number).integers(0, 256, (32, 256, 3))
        picture[-32:] = np.random.default_rng(1000 + number).integers(0, 256, (32, 256, 3))
    return film(path, pictures=pictures, gop=10, options={"crf": "1"}, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("front", [False, True])
def test_of_an_mp4_only_what_is_needed_travels(server: Server, monkeypatch: pytest.MonkeyPatch, front: bool) -> None:
    monkeypatch.setattr(remote, "BLOCK", 2**16)
    path = noisy(server.folder / "a.mp4", mux={"movflags": "faststart"} if front else {})
    clip = sample(f"{server.url}/a.mp4", Sampling(), key="", max_pixels=None)
    assert [(frame.index, number_in(frame.image)) for frame in clip.frames] == [(30, 30)]  # type: ignore[arg-type]
    size = path.stat().st_size
    assert size > 1_000_000
    # The group of ten pictures that the middle one is in, and the ends of the file.
    assert server.sent < size / 3
    local = sample(str(path), Sampling(), key="", max_pixels=None)
    assert local.info == clip.info
    assert local.fingerprint == clip.fingerprint == by_hand(path.read_bytes())
    assert np.array_equal(local.frames[0].image, clip.frames[0].image)


@pytest.mark.parametrize("size", SIZES[1:])  # an empty file has no parts that could be asked for
def test_a_file_behind_a_url_has_the_fingerprint_of_its_bytes(server: Server, size: int) -> None:
    content = noise(size)
    (server.folder / "a").write_bytes(content)
    assert fingerprint_of(f"{server.url}/a") == by_hand(content)
    tar = packed(server.folder / "s.tar", content, before=70_000)
    assert fingerprint_of(member_path(tar).replace(str(server.folder), server.url)) == by_hand(content)


def test_for_a_fingerprint_little_travels_and_nothing_twice(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "BLOCK", 2**16)
    path = noisy(server.folder / "a.mp4")
    known = by_hand(path.read_bytes())
    assert fingerprint_of(f"{server.url}/a.mp4") == known
    assert server.sent <= 5 * 2**16  # the first block, and two each in the middle and at the end
    server.sent = 0
    clip = sample(f"{server.url}/a.mp4", Sampling(method="uniform", frames=60), key="", max_pixels=None)
    assert (len(clip.frames), clip.fingerprint) == (60, known)
    assert server.sent <= path.stat().st_size  # every byte was read to decode it, so none was left to fetch


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi"])
def test_every_container_can_be_remote(server: Server, name: str) -> None:
    path = film(server.folder / name, gop=10)
    far = sample(f"{server.url}/{name}", Sampling(method="uniform", frames=4), key="", max_pixels=None)
    near = sample(str(path), Sampling(method="uniform", frames=4), key="", max_pixels=None)
    assert far.info == near.info
    assert [frame.index for frame in far.frames] == [number_in(frame.image) for frame in far.frames]  # type: ignore[arg-type]
    assert probe(f"{server.url}/{name}").frames == 40
    for method in ("keyframes", "scenes", "random"):
        sampling = Sampling(method=method, frames=3)  # type: ignore[arg-type]
        clip = sample(f"{server.url}/{name}", sampling, key="", max_pixels=None)
        assert [frame.index for frame in clip.frames] == [number_in(frame.image) for frame in clip.frames]  # type: ignore[arg-type]


def test_a_server_that_fails_now_and_then_is_asked_again(server: Server) -> None:
    film(server.folder / "a.mp4", gop=10)
    server.fail = lambda number: {1: 503, 3: 0, 4: 500}.get(number)
    clip = sample(f"{server.url}/a.mp4", Sampling(), key="", max_pixels=None)
    assert number_in(clip.frames[0].image) == 20  # type: ignore[arg-type]
    assert server.asked > 4


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (None, "no such file"),
        (403, "does not permit"),
        (401, "does not permit"),
        (500, "HTTP status 500"),
        (0, r"failed \d+ times"),
    ],
)
def test_what_cannot_be_fetched_is_said_without_its_address(server: Server, status: int | None, said: str) -> None:
    server.fail = lambda _: status
    with pytest.raises(Unreadable, match=said) as caught:
        sample(f"{server.url}/gone.mp4?key=secret", Sampling(), key="", max_pixels=None)
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


def test_a_server_without_ranges_is_told(server: Server) -> None:
    server.ranges = False
    noisy(server.folder / "a.mp4")
    with pytest.raises(Unreadable, match="parts of files"):
        sample(f"{server.url}/a.mp4", Sampling(), key="", max_pixels=None)


def test_a_text_is_no_video_over_the_net_either(server: Server) -> None:
    (server.folder / "a.mp4").write_text("file,caption\nhttp://127.0.0.1/other.mp4,a dog\n" * 10)
    with pytest.raises(Unreadable, match="text"):
        sample(f"{server.url}/a.mp4", Sampling(), key="", max_pixels=None)


def test_an_unknown_protocol_is_named() -> None:
    with pytest.raises(Unreadable, match="gopher"):
        sample("gopher://host/a.mp4", Sampling(), key="", max_pixels=None)


def test_rows_hold_no_keys() -> None:
    videos = find_videos(["https://me:word@host/x/a.mp4?token=secret", "https://host/y/a.mp4?token=secret"], say=print)
    hashed = f"sha256-{hashlib.sha256(b'token=secret').hexdigest()[:16]}"
    assert [video.id for video in videos] == [f"x/a.mp4?{hashed}", f"y/a.mp4?{hashed}"]
    assert [video.place for video in videos] == [f"https://host/x/a.mp4?{hashed}", f"https://host/y/a.mp4?{hashed}"]


@pytest.mark.parametrize("ranges", [True, False])
def test_of_a_list_only_what_a_limit_needs_travels(server: Server, ranges: bool) -> None:
    server.ranges = ranges
    rows = "".join(f"{number}.mp4,{'title ' * 60}\n" for number in range(20_000))
    (server.folder / "list.csv").write_text("\ufeffpath,title\n" + rows, encoding="utf-8")
    videos = find_videos([f"{server.url}/list.csv"], limit=3, say=lambda line: None)
    assert [video.path for video in videos] == [f"{server.url}/{number}.mp4" for number in range(3)]
    size = (server.folder / "list.csv").stat().st_size
    assert server.sent <= 2 * 2**20 < size / 3 if ranges else server.sent >= size
    if ranges:
        server.asked = 0
        assert len(find_videos([f"{server.url}/list.csv"], say=lambda line: None)) == 20_000
        assert server.asked <= size / 2**20 + 3  # and all of it in few requests


@pytest.mark.parametrize("ranges", [True, False])
def test_of_a_parquet_list_only_the_row_groups_travel_that_a_limit_needs(server: Server, ranges: bool) -> None:
    server.ranges, titles = ranges, random.Random(1)
    rows = [{"title": titles.randbytes(600).hex(), "path": f"{number}.mp4"} for number in range(8_000)]
    pq.write_table(pa.Table.from_pylist(rows), server.folder / "list.parquet", row_group_size=500)
    size = (server.folder / "list.parquet").stat().st_size
    videos = find_videos([f"{server.url}/list.parquet"], limit=3, say=lambda line: None)
    assert [(video.path, video.metadata["title"]) for video in videos] == [
        (f"{server.url}/{row['path']}", row["title"]) for row in rows[:3]
    ]
    assert server.sent < size / 2 if ranges else server.sent >= size
    whole = find_videos([f"{server.url}/list.parquet"], say=lambda line: None)
    assert [video.metadata["title"] for video in whole] == [row["title"] for row in rows]
