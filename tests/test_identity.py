"""What a row belongs to: a file at a place. However files move, swap and change, no row has another file's caption,
and nothing is paid for twice.

The server's answer is a hash of what it was asked about, so the truth is a fresh run into an empty file.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from framescribe.addresses import place_of
from framescribe.records import Video
from framescribe.sources import find_videos
from tests.runs_in_process import Run, found, raw_film, recipe, told
from tests.servers import ScriptedServer, answers, tells


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for number, shade in enumerate((10, 90, 170, 250)):
        raw_film(tmp_path / "clips" / f"{number}.avi", shade)
    return tmp_path / "clips"


def check(server: ScriptedServer, videos: list[Video], output: Path, tmp_path: Path, **more: str) -> None:
    """Every input's row says what a fresh run says."""
    fresh = tmp_path / "fresh" / "captions.jsonl"
    shutil.rmtree(fresh.parent, ignore_errors=True)
    fresh.parent.mkdir()
    Run(server, videos, fresh, recipe(server, **more))
    assert told(output, videos) == told(fresh)


def test_two_folders_with_files_of_equal_name_and_size(server: ScriptedServer, tmp_path: Path) -> None:
    raw_film(tmp_path / "a" / "clip.avi", 20)
    raw_film(tmp_path / "b" / "clip.avi", 200)
    output = tmp_path / "captions.jsonl"
    Run(server, found(tmp_path / "a"), output)
    assert Run(server, found(tmp_path / "b"), output).requests == 2
    check(server, found(tmp_path / "b"), output, tmp_path)
    assert len(told(output)) == 2  # the first folder's row is still there
    assert Run(server, found(tmp_path / "a"), output).requests == 0
    check(server, found(tmp_path / "a"), output, tmp_path)


def test_the_order_of_sources_changes_no_id(server: ScriptedServer, tmp_path: Path) -> None:
    raw_film(tmp_path / "a" / "clip.avi", 20)
    raw_film(tmp_path / "b" / "clip.avi", 200)
    output = tmp_path / "captions.jsonl"
    one, other = found(tmp_path / "a", tmp_path / "b"), found(tmp_path / "b", tmp_path / "a")
    assert {video.id: video.path for video in one} == {video.id: video.path for video in other}
    Run(server, one, output)
    assert Run(server, other, output).requests == 0
    check(server, other, output, tmp_path)


def test_a_source_that_joins_later_costs_only_its_own_videos(server: ScriptedServer, tmp_path: Path) -> None:
    raw_film(tmp_path / "a" / "clip.avi", 20)
    raw_film(tmp_path / "b" / "clip.avi", 200)
    output = tmp_path / "captions.jsonl"
    Run(server, found(tmp_path / "a"), output)
    both = found(tmp_path / "a", tmp_path / "b")
    assert Run(server, both, output).requests == 2
    check(server, both, output, tmp_path)
    assert len(told(output)) == 2  # the row that has a longer id now is there once


def test_a_moved_folder_asks_nothing(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    clips.rename(tmp_path / "moved")
    run = Run(server, found(tmp_path / "moved"), output)
    assert run.requests == 0
    assert "files that only moved or were touched, rows kept: 4" in run.said
    check(server, found(tmp_path / "moved"), output, tmp_path)
    assert len(told(output)) == 4
    again = Run(server, found(tmp_path / "moved"), output)
    assert not any("checking the content" in line for line in again.said)  # the new place was noted


def test_a_copied_folder_has_rows_of_its_own(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    shutil.copytree(clips, tmp_path / "copy")
    assert Run(server, found(tmp_path / "copy"), output).requests == 0
    assert len(told(output)) == 8


def test_files_that_swapped_names_are_done_again(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    for clip in clips.iterdir():
        os.utime(clip, (1e9, 1e9))  # as an unpacked archive leaves them
    Run(server, found(clips), output)
    (clips / "0.avi").rename(clips / "x")
    (clips / "1.avi").rename(clips / "0.avi")
    (clips / "x").rename(clips / "1.avi")
    run = Run(server, found(clips), output)
    assert run.requests == 4
    assert "videos to be captioned again, because their file is a different one: 2" in run.said
    check(server, found(clips), output, tmp_path)


def test_a_file_of_equal_size_in_place_of_another(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    raw_film(clips / "2.avi", 60)
    os.utime(clips / "3.avi")  # only touched
    assert Run(server, found(clips), output).requests == 2
    check(server, found(clips), output, tmp_path)


def test_nothing_is_read_of_files_that_stayed_where_they_were(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    long_ago = 10**18
    videos = found(clips)
    for video in videos:
        os.utime(video.path, ns=(long_ago, os.stat(video.path).st_mtime_ns))
    seen = {video.path: os.stat(video.path).st_atime_ns for video in videos}
    run = Run(server, videos, output)  # as they were listed before their times of access were set
    assert run.requests == 0
    assert {path: os.stat(path).st_atime_ns for path in seen} == seen


def test_a_changed_file_that_now_fails_loses_its_old_caption(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output, check_content=True)
    size = (clips / "1.avi").stat().st_size
    (clips / "1.avi").write_bytes(b"\0" * size)
    Run(server, found(clips), output, check_content=True)
    rows = {Path(place).name: caption for (_, place), (caption, _) in told(output).items()}
    assert rows["1.avi"] is None
    assert all(rows[f"{number}.avi"] for number in (0, 2, 3))


# --- addresses ------------------------------------------------------------------------------------


def served(films: dict[str, Path]) -> ScriptedServer:
    """A server that gives a film by its query, and answers questions on the side."""

    async def give(request):  # type: ignore[no-untyped-def]
        from aiohttp import web

        film = films.get(request.query.get("v", ""))
        return web.FileResponse(film) if film else web.Response(status=404)

    return ScriptedServer(tells(), others=give)


def listed(path: Path, *rows: dict[str, object]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_addresses_that_differ_in_their_query_alone(tmp_path: Path) -> None:
    films = {str(number): raw_film(tmp_path / f"{number}.avi", 40 * number) for number in range(5)}
    output = tmp_path / "captions.jsonl"
    with served(films) as server:
        urls = [f"{server.root}/get.avi?v={number}" for number in range(5)]
        first = found(listed(tmp_path / "list.csv", *({"path": url} for url in urls[1:4])))
        Run(server, first, output)
        more = found(listed(tmp_path / "list.csv", *({"path": url} for url in (urls[0], *urls[2:]))))
        assert {v.id: v.path for v in first if v.path in urls[2:4]}.items() <= {v.id: v.path for v in more}.items()
        assert Run(server, more, output).requests == 4  # two videos that were not there
        check(server, more, output, tmp_path)


def test_ids_of_ones_own_whose_addresses_swap(tmp_path: Path) -> None:
    films = {str(number): raw_film(tmp_path / f"{number}.avi", 40 * number) for number in range(2)}
    output = tmp_path / "captions.jsonl"
    with served(films) as server:
        urls = [f"{server.root}/get.avi?v={number}" for number in range(2)]
        rows = [{"path": urls[0], "name": "a"}, {"path": urls[1], "name": "b"}]
        Run(server, found(listed(tmp_path / "list.csv", *rows), id_column="name"), output)
        rows = [{"path": urls[1], "name": "a"}, {"path": urls[0], "name": "b"}]
        swapped = found(listed(tmp_path / "list.csv", *rows), id_column="name")
        Run(server, swapped, output)
        check(server, swapped, output, tmp_path)


def test_the_same_name_on_two_hosts(tmp_path: Path) -> None:
    one, other = (raw_film(tmp_path / name / "clip.avi", shade) for name, shade in (("x", 30), ("y", 220)))
    output = tmp_path / "captions.jsonl"

    async def give(request):  # type: ignore[no-untyped-def]
        from aiohttp import web

        return web.FileResponse(one if request.path.startswith("/x") else other)

    with ScriptedServer(tells(), others=give) as server:
        Run(server, found(f"{server.root}/x/clip.avi"), output)
        second = found(f"{server.root}/y/clip.avi")
        assert Run(server, second, output).requests == 2
        check(server, second, output, tmp_path)


def test_an_address_that_was_signed_anew_is_the_same_place_and_is_not_paid_for_again(tmp_path: Path) -> None:
    films = {"7": raw_film(tmp_path / "7.avi", 70)}
    output = tmp_path / "captions.jsonl"
    with served(films) as server:

        def signed(number: int) -> list[Video]:
            query = f"v=7&X-Amz-Signature={number}&X-Amz-Expires={number}&X-Amz-Credential=SECRET{number}"
            return found(listed(tmp_path / "list.csv", {"path": f"{server.root}/get.avi?{query}"}))

        Run(server, signed(1), output)
        assert Run(server, signed(2), output).requests == 0
    kept = output.read_text() + "".join(
        part.read_text() for part in (tmp_path / "captions.jsonl.parts").glob("*.json*")
    )
    assert "SECRET" not in kept.replace(json.dumps(str(tmp_path)), "")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h/a.mp4?X-Amz-Signature=1&X-Amz-Date=2", "https://h/a.mp4?X-Amz-Signature=3&X-Amz-Date=4", True),
        ("https://h/a.mp4?X-Goog-Signature=1&X-Goog-Expires=2", "https://h/a.mp4", True),
        (
            "https://h/a.mp4?AWSAccessKeyId=k&Signature=s&Expires=9",
            "https://h/a.mp4?Signature=t&Expires=8&AWSAccessKeyId=l",
            True,
        ),
        (
            "https://h/a.mp4?Expires=1&Signature=a~b&Key-Pair-Id=K",
            "https://h/a.mp4?Expires=2&Signature=c&Key-Pair-Id=K",
            True,
        ),
        ("https://h/a.mp4?sv=1&se=2&sp=r&sig=x%3D", "https://h/a.mp4?sv=3&se=4&sp=r&sig=y", True),
        ("https://h/a.mp4?x-oss-signature=1&x-oss-date=2&x-oss-process=w", "https://h/a.mp4?x-oss-process=w", True),
        (
            "https://h/a.mp4?x-oss-process=a&x-oss-signature=1",
            "https://h/a.mp4?x-oss-process=b&x-oss-signature=1",
            False,
        ),
        ("https://u:p@h/a.mp4", "https://h/a.mp4", True),
        ("https://h/a.mp4#t=1", "https://h/a.mp4", True),
        ("HTTPS://Host/a.mp4", "https://host/a.mp4", True),
        ("https://h/a.mp4?v=1", "https://h/a.mp4?v=2", False),
        ("https://h/a.mp4?expires=1", "https://h/a.mp4?expires=2", False),  # signed by nothing: it may mean anything
        ("https://h/a.mp4?st=1", "https://h/a.mp4?st=2", False),
        ("https://h/a.mp4?token=1", "https://h/a.mp4?token=2", False),
        ("https://h/A.mp4", "https://h/a.mp4", False),
    ],
)
def test_what_only_opens_an_address_is_no_part_of_the_place(one: str, other: str, same: bool) -> None:
    assert (place_of(one) == place_of(other)) is same
    assert place_of(place_of(one)) == place_of(one)


# --- tars, names ----------------------------------------------------------------------------------


def test_a_shard_that_was_made_anew_with_another_film_of_the_same_name_and_size(
    server: ScriptedServer, tmp_path: Path
) -> None:
    shard, output = tmp_path / "shard.tar", tmp_path / "captions.jsonl"

    def pack(*shades: int) -> None:
        with tarfile.open(shard, "w") as tar:
            for number, shade in enumerate(shades):
                tar.add(raw_film(tmp_path / "film.avi", shade), f"{number}.avi")

    pack(10, 100)
    Run(server, found(shard), output)
    assert Run(server, found(shard), output).requests == 0
    pack(10, 200)
    assert Run(server, found(shard), output).requests == 2
    check(server, found(shard), output, tmp_path)
    shard.rename(tmp_path / "moved.tar")
    assert Run(server, found(tmp_path / "moved.tar"), output).requests == 4  # ids of shards' videos hold its name


@pytest.mark.skipif(os.name == "nt", reason="names are text on Windows")
@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_names_of_any_bytes(server: ScriptedServer, tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "clips"
    for name, shade in ((b"caf\xe9.avi", 30), (b"caf\xe8.avi", 130), ("café.avi".encode(), 230)):
        raw_film(tmp_path / "film.avi", shade)
        folder.mkdir(exist_ok=True)
        os.rename(os.fsencode(tmp_path / "film.avi"), os.path.join(os.fsencode(folder), name))
    output = tmp_path / f"captions{ending}"
    Run(server, found(folder), output)
    assert Run(server, found(folder), output).requests == 0
    captions = {caption for caption, _ in told(output).values()}
    assert len(captions) == 3


def test_a_line_that_names_no_video_has_an_id_that_no_other_line_changes(tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 1)
    rows = [{"path": "a.avi", "title": "x"}, {"path": "", "title": "lost"}]
    before = {video.id for video in found(listed(tmp_path / "list.csv", *rows))}
    raw_film(tmp_path / "b.avi", 2)
    rows.insert(0, {"path": "b.avi", "title": "new"})
    assert before <= {video.id for video in found(listed(tmp_path / "list.csv", *rows))}


def test_a_server_that_fails_costs_no_row_of_before(tmp_path: Path, clips: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(tells()) as server:
        Run(server, found(clips), output)
        before = told(output)
    with ScriptedServer(answers(400, {"error": {"message": "no"}})) as server:
        run = Run(server, found(clips), output, recipe(server, summary="Other: {captions}"))
    assert run.report.failed == 4
    assert [caption for caption, _ in told(output).values()] == [None] * 4  # another summary was asked for, and failed
    with ScriptedServer(tells()) as server:
        assert Run(server, find_videos([str(clips)], say=print), output, retry_failed=True).pictures == 0
        assert [frames for _, frames in told(output).values()] == [frames for _, frames in before.values()]


# --- in two halves --------------------------------------------------------------------------------


def test_summaries_follow_the_frame_captions_that_they_are_made_of(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    frames, output = tmp_path / "frames.jsonl", tmp_path / "captions.jsonl"
    model = ("--base-url", server.url, "--model", "tiny")

    def both() -> tuple[int, int]:
        before = len(server.requests)
        framescribe("frames", clips, *model, "-o", frames)
        middle = len(server.requests)
        framescribe("summarize", frames, *model, "-o", output)
        return middle - before, len(server.requests) - middle

    assert both() == (4, 4)
    assert both() == (0, 0)
    raw_film(clips / "1.avi", 33)
    (clips / "2.avi").rename(clips / "x")
    (clips / "3.avi").rename(clips / "2.avi")
    (clips / "x").rename(clips / "3.avi")
    assert both() == (3, 3)
    once = tmp_path / "once.jsonl"
    framescribe("caption", clips, *model, "-o", once)
    assert told(output) == told(once)
    clips.rename(tmp_path / "moved")
    clips = tmp_path / "moved"
    assert both() == (0, 0)
    assert {Path(place).parent.name for _, place in told(output)} == {"moved"}


def test_a_failed_video_is_no_reason_to_never_finish_the_summaries(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    (clips / "1.avi").write_bytes(b"\0" * 500)
    frames, output = tmp_path / "frames.jsonl", tmp_path / "captions.jsonl"
    model = ("--base-url", server.url, "--model", "tiny")
    framescribe("frames", clips, *model, "-o", frames, code=3)
    framescribe("summarize", frames, *model, "-o", output, code=3)
    asked = len(server.requests)
    framescribe("summarize", frames, *model, "-o", output, code=3)
    assert len(server.requests) == asked
    assert [caption is None for caption, _ in told(output).values()] == [False, True, False, False]


def framescribe(*words: object, code: int = 0) -> None:
    done = subprocess.run([sys.executable, "-m", "framescribe", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr


def test_a_touched_file_that_cannot_be_read_now_keeps_its_row(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    before = told(output)
    os.utime(clips / "1.avi")
    videos = found(clips)
    (clips / "1.avi").unlink()  # its share goes away just now
    assert Run(server, videos, output).requests == 0
    assert told(output) == before


def test_of_several_files_of_one_id_the_one_that_moved_is_found(server: ScriptedServer, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    for name, shade in (("a", 20), ("b", 120), ("c", 220)):
        raw_film(tmp_path / name / "clip.avi", shade)
        Run(server, found(tmp_path / name), output)
    (tmp_path / "b").rename(tmp_path / "moved")
    assert Run(server, found(tmp_path / "moved"), output).requests == 0
    check(server, found(tmp_path / "moved"), output, tmp_path)
    assert sorted(Path(place).parent.name for _, place in told(output)) == ["a", "c", "moved"]
