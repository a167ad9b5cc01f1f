"""The pictures beside a caption are the very frames that a model saw, and the preview shows each at its own time."""

from __future__ import annotations

import asyncio
import io
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

pytest.importorskip("starlette")

from framescribe.frames.preview import MOST_FRAMES, stills_at, write_preview
from framescribe.review.media import NotShown
from framescribe.review.pictures import Kept, _Line
from tests.review import filmed
from tests.videos import BLUE, GREEN, RED, WHITE, bars, corners, cut, damaged, film, number_in, voice

VARIABLE = (0, 40, 90, 100, 300, 310, 900, 950, 1000, 2000)  # milliseconds
FILMS: dict[str, dict[str, Any]] = {
    "a.mp4": {},  # with B-frames
    "b.webm": {"codec": "libvpx-vp9"},
    "c.avi": {"codec": "mpeg4"},
    "d.mkv": {"ticks": VARIABLE},
    "e.ts": {"gop": 12},
    "f.mp4": {"codec": "libx265"},
}


def shown_in(data: bytes) -> int:
    return number_in(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def preview_of(path: Path) -> list[tuple[float, np.ndarray]]:
    """Time and pixels of every frame of a preview, which must be what browsers play."""
    content = path.read_bytes()
    assert 0 < content.index(b"moov") < content.index(b"mdat")  # it plays before it is all there
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.codec.canonical_name, stream.pix_fmt) == ("h264", "yuv420p")
        return [(float(frame.time or 0), frame.to_ndarray(format="rgb24")) for frame in container.decode(stream)]


def on_screen(frames: list[tuple[float, np.ndarray]], time: float) -> int:
    """What a player that is sent to this time shows."""
    return number_in([pixels for at, pixels in frames if at <= time][-1])


def test_each_picture_is_the_frame_that_was_sampled(tmp_path: Path) -> None:
    rows = []
    for name, how in FILMS.items():
        path = film(tmp_path / name, **how)
        ticks = how.get("ticks") or [40 * number for number in range(40)]
        places = [0, 1, 5, len(ticks) - 2, len(ticks) - 1] if len(ticks) < 20 else [0, 1, 13, 24, 39]
        rows.append(filmed.row(path, [(place, ticks[place] / 1000) for place in places]))
    with filmed.served(tmp_path / "captions.jsonl", rows) as (client, keys):
        for row in rows:
            address = f"/media/{keys[row.id]}"
            for frame in row.frames:
                reply = client.get(f"{address}/frame/{frame.index}.jpg")
                assert reply.headers["content-type"] == "image/jpeg", reply.text
                assert shown_in(reply.content) == frame.index, row.id
            assert shown_in(client.get(f"{address}/thumb.jpg").content) == row.frames[2].index
            assert client.get(f"{address}/frame/2.jpg").status_code == 404  # not one that was sampled
            made = tmp_path / "made.mp4"
            made.write_bytes(client.get(f"{address}/preview.mp4").content)
            frames = preview_of(made)
            for frame in row.frames:
                assert frame.time is not None
                assert on_screen(frames, frame.time + 0.001) == on_screen(frames, frame.time) == frame.index, row.id


def test_a_frame_that_is_no_longer_there_is_not_replaced_by_its_neighbour(tmp_path: Path) -> None:
    """A row that says frame 7 is shown at a time at which frame 10 is."""
    path = film(tmp_path / "a.mp4")
    with filmed.served(tmp_path / "captions.jsonl", [filmed.row(path, [(0, 0.0), (7, 0.4)])]) as (client, keys):
        assert client.get(f"/media/{keys['a.mp4']}/frame/7.jpg").status_code == 404
        assert shown_in(client.get(f"/media/{keys['a.mp4']}/frame/0.jpg").content) == 0


def test_pictures_are_those_of_the_file_that_the_row_was_made_from(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    row = filmed.row(path, [(5, 0.2)])
    film(path, pictures=[bars(99)] * 40)
    with filmed.served(tmp_path / "captions.jsonl", [row]) as (client, keys):
        for what in ("thumb.jpg", "frame/5.jpg", "preview.mp4"):
            reply = client.get(f"/media/{keys['a.mp4']}/{what}")
            assert (reply.status_code, list(reply.json())) == (409, ["error"])
        film(path)  # it is back: what failed a moment ago was another file
    with filmed.served(tmp_path / "again.jsonl", [row]) as (client, keys):
        assert shown_in(client.get(f"/media/{keys['a.mp4']}/frame/5.jpg").content) == 5
        path.unlink()  # what was captioned can still be looked at
        assert shown_in(client.get(f"/media/{keys['a.mp4']}/frame/5.jpg").content) == 5


def test_frames_without_times_are_counted(tmp_path: Path) -> None:
    path = film(tmp_path / "a.h264", container="h264")
    found, fingerprint = stills_at(str(path), [3, 17, 39, 99], 10_000)
    assert [still.index for still in found] == [3, 17, 39]
    assert [shown_in(still.data) for still in found] == [3, 17, 39]
    row = filmed.row(path, [(3, None), (17, None)])
    assert fingerprint == row.file["fingerprint"]
    with filmed.served(tmp_path / "captions.jsonl", [row]) as (client, keys):
        assert shown_in(client.get(f"/media/{keys['a.h264']}/frame/17.jpg").content) == 17


def test_videos_that_cannot_be_decoded_have_a_sentence_and_no_picture(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mp4", gop=5)
    short = tmp_path / "cut.mp4"
    short.write_bytes(whole.read_bytes()[:-900])
    rows = [filmed.row(voice(tmp_path / "voice.mp4")), filmed.row(short)]
    rows.append(
        filmed.row(damaged(whole, tmp_path / "damaged.mp4", seed=1, start=0.3, end=0.9, times=200), [(39, 1.56)])
    )
    with filmed.served(tmp_path / "captions.jsonl", rows) as (client, keys):
        for name, key in keys.items():
            reply = client.get(f"/media/{key}/thumb.jpg")
            assert reply.status_code in (200, 404), name
            if reply.status_code == 404:
                assert reply.json()["error"].endswith(".")
        assert client.get(f"/media/{keys['voice.mp4']}/thumb.jpg").status_code == 404
        assert "no picture" in client.get(f"/media/{keys['voice.mp4']}/preview.mp4").json()["error"]


# ---------------------------------------------------------------------------------- the preview's pictures


def close(pixels: np.ndarray, colour: tuple[int, int, int]) -> bool:
    return bool(np.abs(pixels.reshape(-1, 3).mean(axis=0) - colour).max() < 40)


@pytest.mark.parametrize(
    ("how", "size", "expected"),
    [
        ({}, (64, 32), (RED, GREEN, BLUE, WHITE)),
        ({"turn": (90, False, False)}, (32, 64), (GREEN, WHITE, RED, BLUE)),
        ({"turn": (180, False, False)}, (64, 32), (WHITE, BLUE, GREEN, RED)),
        ({"turn": (0, True, False)}, (64, 32), (GREEN, RED, WHITE, BLUE)),
        ({"aspect": Fraction(2, 1)}, (128, 32), (RED, GREEN, BLUE, WHITE)),
    ],
)
def test_a_preview_is_turned_and_stretched_as_players_do(
    tmp_path: Path, how: dict[str, Any], size: tuple[int, int], expected: tuple[tuple[int, int, int], ...]
) -> None:
    path = film(tmp_path / "a.mp4", pictures=[corners()] * 5, size=(64, 32), **how)
    write_preview(str(path), str(tmp_path / "p.mp4"))
    pixels = preview_of(tmp_path / "p.mp4")[0][1]
    height, width = pixels.shape[:2]
    assert (width, height) == size
    top, bottom, left, right = (
        slice(0, height // 3),
        slice(-height // 3, None),
        slice(0, width // 3),
        slice(-width // 3, None),
    )
    quarters = (pixels[top, left], pixels[top, right], pixels[bottom, left], pixels[bottom, right])
    assert all(close(quarter, colour) for quarter, colour in zip(quarters, expected, strict=True))


@pytest.mark.parametrize(("size", "expected"), [((33, 17), (32, 16)), ((1920, 1080), None), ((1080, 1920), None)])
def test_a_preview_is_small_and_its_sides_are_even(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int] | None
) -> None:
    path = film(tmp_path / "a.mp4", pictures=[np.zeros((size[1], size[0], 3), np.uint8)] * 3, size=size)
    write_preview(str(path), str(tmp_path / "p.mp4"))
    height, width = preview_of(tmp_path / "p.mp4")[0][1].shape[:2]
    assert width % 2 == height % 2 == 0
    assert (width, height) == expected or (
        width * height <= 854 * 480 and abs(width / height - size[0] / size[1]) < 0.02
    )


def test_a_video_that_starts_late_shows_its_first_frame_until_then(tmp_path: Path) -> None:
    """The sound starts first: the row's times count from there, and a page that seeks must find the same frames."""
    path = film(tmp_path / "a.mkv", ticks=[500 + 40 * number for number in range(20)], sound=True)
    write_preview(str(path), str(tmp_path / "p.mp4"))
    frames = preview_of(tmp_path / "p.mp4")
    assert [on_screen(frames, time) for time in (0.0, 0.3, 0.501, 0.541, 0.901)] == [0, 0, 0, 1, 10]


def test_of_a_long_video_the_preview_holds_the_beginning(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", pictures=[bars(7)] * (MOST_FRAMES + 40), options={"preset": "ultrafast"})
    write_preview(str(path), str(tmp_path / "p.mp4"))
    assert len(preview_of(tmp_path / "p.mp4")) == 60 * 25
    slow = film(tmp_path / "b.mkv", ticks=[0, 59_000, 61_000, 62_000])
    write_preview(str(slow), str(tmp_path / "q.mp4"))
    assert [number_in(pixels) for _, pixels in preview_of(tmp_path / "q.mp4")] == [0, 1]


def test_frames_before_the_start_are_left_out(tmp_path: Path) -> None:
    """An edit list: the file holds more than it shows."""
    path = cut(
        film(tmp_path / "whole.mp4", gop=10, options={"bf": "0", "sc_threshold": "0"}),
        tmp_path / "a.mp4",
        first=1,
        shift=5,
    )
    write_preview(str(path), str(tmp_path / "p.mp4"))
    frames = preview_of(tmp_path / "p.mp4")
    assert on_screen(frames, 0.0) == 15
    assert on_screen(frames, 0.201) == 20


# ---------------------------------------------------------------------------------- who is served first


def test_the_newest_wish_is_first_and_what_nobody_waits_for_is_not_begun(tmp_path: Path) -> None:
    begun: list[str] = []

    async def check() -> None:
        line = _Line(1, 60.0)
        free = asyncio.Event()

        def wish(name: str) -> asyncio.Task[None]:
            async def work(pool: object) -> None:
                begun.append(name)
                await free.wait()

            return asyncio.create_task(line.do(Path(name), work))

        tasks = {}
        for name in ("first", "old", "gone", "shared", "new"):
            tasks[name] = wish(name)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        also = wish("shared")
        left = wish("shared")
        await asyncio.sleep(0)
        tasks["gone"].cancel()
        left.cancel()  # the others still want it
        await asyncio.sleep(0)
        again = wish("gone")
        await asyncio.sleep(0)
        again.cancel()
        await asyncio.sleep(0)
        free.set()
        await asyncio.gather(*(tasks[name] for name in ("first", "old", "shared", "new")), also)
        await line.close()

    asyncio.run(check())
    assert begun == ["first", "new", "shared", "old"]


def test_work_that_has_begun_is_finished_for_the_next_time() -> None:
    done: list[str] = []

    async def check() -> None:
        line, begun, free = _Line(1, 60.0), asyncio.Event(), asyncio.Event()

        async def work(pool: object) -> None:
            begun.set()
            await free.wait()
            done.append("done")

        task = asyncio.create_task(line.do(Path("a"), work))
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        free.set()
        await line.do(Path("b"), _nothing)
        await line.close()

    asyncio.run(check())
    assert done == ["done"]


async def _nothing(pool: object) -> None:
    pass


def test_a_failure_is_believed_for_a_while() -> None:
    tries: list[int] = []

    async def check() -> None:
        line = _Line(1, 60.0)

        async def work(pool: object) -> None:
            tries.append(1)
            raise NotShown(409, "It is damaged.")

        for _ in range(3):
            with pytest.raises(NotShown, match="It is damaged") as caught:
                await line.do(Path("a"), work)
            assert caught.value.status == 409
        await line.do(Path("b"), _nothing)
        await line.close()

    asyncio.run(check())
    assert tries == [1]


# ---------------------------------------------------------------------------------- on disk


def test_the_disk_holds_only_so_much_and_the_oldest_goes_first(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept", 10_000)
    row = filmed.row(film(tmp_path / "a.mp4"))
    paths = [kept.path(row, f"frame-{number}", "jpg") for number in range(12)]
    assert len(set(paths)) == 12
    for number, path in enumerate(paths[:10]):
        kept.keep(path, bytes(1000))
        os.utime(path, (number, number))
    kept.used(paths[0])
    assert all(path.exists() for path in paths[:10])
    kept.keep(paths[10], bytes(1000))
    assert paths[0].exists() and paths[10].exists()
    assert not paths[1].exists()
    assert sum(path.stat().st_size for path in (tmp_path / "kept").rglob("*.jpg")) <= 10_000
    assert not list((tmp_path / "kept").glob("new-*"))


def test_another_file_has_another_picture(tmp_path: Path) -> None:
    kept = Kept(tmp_path, 10_000)
    row = filmed.row(film(tmp_path / "a.mp4"), [(0, 0.0)])
    path = kept.path(row, "thumb", "jpg")
    assert kept.path(replace(row, caption="A cat."), "thumb", "jpg") == path
    for other in (
        replace(row, size=1),
        replace(row, id="b"),
        replace(row, video_path="/b"),
        replace(row, provenance={"file": {"fingerprint": "quick:0"}}),
        replace(row, frames=()),
    ):
        assert kept.path(other, "thumb", "jpg") != path
