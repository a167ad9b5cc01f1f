"""Tars read by `webdataset` and by `datasets` themselves, and compared with what was meant."""

from __future__ import annotations

import gc
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import datasets
import pytest
import webdataset
from msgspec import structs

from framescribe.errors import UserError
from framescribe.formats.target import Target
from framescribe.formats.webdataset import FORMAT, SHARD_BYTES, write
from tests.formats.nasty import CAPTIONS, INFO, samples, user_columns, video_bytes

COUNT = len(CAPTIONS)
# What `datasets` and `webdataset` leave open.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    yield
    gc.collect()  # while what they left open is still ignored


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "set"


def shards(folder: Path, wanted: Any, **limits: int) -> list[Path]:
    with Target(folder) as target:
        write(iter(wanted), target, **limits)
    return sorted(folder.glob("*.tar"))


def loaded(tars: list[Path]) -> list[dict[str, Any]]:
    return list(webdataset.WebDataset([str(tar) for tar in tars], shardshuffle=False, empty_check=False).decode())


def test_webdataset_reads_every_video_with_its_words(folder: Path, tmp_path: Path) -> None:
    wanted = samples(tmp_path / "clips", columns=user_columns)
    tars = shards(folder, wanted, most_samples=8)
    assert [tar.name for tar in tars] == ["00000.tar", "00001.tar", "00002.tar"]
    found = loaded(tars)
    assert [one["__key__"] for one in found] == [f"{number:08}" for number in range(COUNT)]
    assert [one["txt"] for one in found] == [one["json"]["caption"] for one in found] == list(CAPTIONS)
    assert [one["mp4"] for one in found] == [video_bytes(number) for number in range(COUNT)]
    assert [one["json"]["id"] for one in found] == [one.id for one in wanted]
    assert found[8]["json"]["metadata.caption"] == "their own caption" and found[1]["json"]["fps"] == INFO.fps


def test_datasets_takes_them_for_videos(folder: Path, tmp_path: Path) -> None:
    shards(folder, samples(tmp_path / "clips", columns=user_columns), most_samples=8)
    datasets.disable_progress_bars()
    rows = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"), split="train")
    datasets.enable_progress_bars()
    assert isinstance(rows.features["mp4"], datasets.Video)
    rows = rows.cast_column("mp4", datasets.Video(decode=False))
    assert [row["mp4"]["bytes"] for row in rows] == [video_bytes(number) for number in range(COUNT)]
    assert [row["txt"] for row in rows] == list(CAPTIONS)
    assert rows[8]["json"]["late"] == "at last" and rows[0]["json"]["late"] == ""


def test_our_reader_finds_what_webdataset_finds(folder: Path, tmp_path: Path) -> None:
    wanted = samples(tmp_path / "clips", columns=user_columns)
    tars = shards(folder, wanted, most_samples=8)
    found = list(FORMAT.layout().read(folder))
    assert [one.captions for one in found] == [(one["txt"],) for one in loaded(tars)]
    assert [one.id for one in found] == [one.id for one in wanted]
    assert [one.info for one in found] == [one.info for one in wanted]
    assert found[9].video == f"{folder}/00001.tar/00000009.mp4"
    assert found[8].columns["metadata.caption"] == "their own caption"
    assert FORMAT.layout().recognises(folder) and FORMAT.layout().recognises(tars[0])


def test_shards_stay_within_their_size(folder: Path, tmp_path: Path) -> None:
    most = 100_000
    tars = shards(folder, samples(tmp_path / "clips"), most_bytes=most)
    assert len(tars) > 1 and len(loaded(tars)) == COUNT
    assert all(tar.stat().st_size <= most + tarfile.RECORDSIZE for tar in tars)
    assert SHARD_BYTES == 10**9
    tars = shards(folder, samples(tmp_path / "clips")[:3], most_bytes=1)  # each is larger: a shard of its own
    assert [tar.name for tar in tars] == ["00000.tar", "00001.tar", "00002.tar"]
    assert len(loaded(tars)) == 3


def test_bytes_come_from_urls_and_from_tars(folder: Path, tmp_path: Path) -> None:
    one, two = samples(tmp_path / "clips", captions=("A", "B"))
    with tarfile.open(tmp_path / "old.tar", "w") as tar:
        tar.add(one.video, "some/folder/x.y.mp4")
    handler = partial(_Ranges, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/clips/{Path(two.video).name}"
        inside = f"{tmp_path}/old.tar/some/folder/x.y.mp4"
        tars = shards(folder, [structs.replace(one, video=inside), structs.replace(two, video=url)])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert [found["mp4"] for found in loaded(tars)] == [video_bytes(0), video_bytes(1)]


class _Ranges(SimpleHTTPRequestHandler):
    """Serves parts of files, as stores do."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        content = Path(self.translate_path(self.path)).read_bytes()
        first, last = 0, len(content) - 1
        if asked := self.headers.get("Range"):
            start, _, end = asked.removeprefix("bytes=").partition("-")
            first, last = int(start), min(last, int(end or last))
        part = content[first : last + 1]
        self.send_response(206 if asked else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Range", f"bytes {first}-{last}/{len(content)}")
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)


def test_a_video_that_is_gone_is_named_and_leaves_no_shard(folder: Path, tmp_path: Path) -> None:
    one, two = samples(tmp_path / "clips", captions=("A", "B"))
    Path(two.video).unlink()
    with pytest.raises(UserError, match=r"clips/1\.v1\.mp4 cannot be packed"):
        shards(folder, [one, two])
    assert not list(folder.glob("*tar*"))


def packed(path: Path, **files: bytes) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def test_tars_that_people_made(tmp_path: Path) -> None:
    about = json.dumps({"prompt": "From the JSON.", "n": 1}).encode()
    files = {"a/b.c.mp4": b"", "a/d.MP4": b"", "a/d.json": about, "a/d.txt": b"A text ", "e.txt": b"no video"}
    path = packed(tmp_path / "made.tar", **files, **{"f.mp4": b"", "f.json": about, "__meta__": b""})
    found = list(FORMAT.layout().read(path))
    # A dot in a name ends the key: webdataset knows a/b.c.mp4 as the "c.mp4" of a/b, which is no video to it.
    assert [one["__key__"] for one in loaded([path])] == ["a/b", "a/d", "e", "f"]
    assert [(one.video, one.captions) for one in found] == [
        (f"{path}/a/d.MP4", ("A text ",)),
        (f"{path}/f.mp4", ("From the JSON.",)),
    ]
    assert found[0].columns == {"prompt": "From the JSON.", "n": 1} and found[1].columns == {"n": 1}


def test_where_webdataset_stops_so_do_we(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "twice.tar", "w") as tar:
        for name in ("a.mp4", "a.txt", "a.TXT"):
            tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(ValueError, match="duplicate file name"):
        loaded([tmp_path / "twice.tar"])
    with pytest.raises(UserError, match=r"two files that end in \.txt"):
        list(FORMAT.layout().read(tmp_path / "twice.tar"))
    (tmp_path / "none.tar").write_bytes(b"no tar at all" * 100)
    with pytest.raises(UserError, match="cannot be read as a tar"):
        list(FORMAT.layout().read(tmp_path / "none.tar"))
    assert not FORMAT.layout().recognises(tmp_path / "none.tar")
