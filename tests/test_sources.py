"""Sources: which videos are found, in which order, under which ids, and what is said where there is none."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe import sources
from framescribe.errors import UserError
from framescribe.records import Video
from framescribe.sources import VIDEO_ENDINGS, find_videos


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stamp(path: str) -> int:
    """What a file's store says of its version: here when its bytes or its inode changed last, which nobody sets."""
    status = os.stat(path)
    return max(status.st_mtime_ns, status.st_ctime_ns)


def make(*names: str, text: str = "") -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")


def find(*given: str, **options: Any) -> list[Video]:
    return find_videos(given, say=options.pop("say", lambda line: pytest.fail(f"said {line!r}")), **options)


def ids(*given: str, **options: Any) -> list[str]:
    return [video.id for video in find(*given, **options)]


def heard(*given: str, **options: Any) -> tuple[list[str], list[str]]:
    lines: list[str] = []
    return ids(*given, say=lines.append, **options), lines


def refused(*given: str, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        find(*given, **{"say": lambda line: None, **options})
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- files and folders ----------------------------------------------------------------------------


def test_a_file(here: Path) -> None:
    make("clips/a.mp4", text="12345")
    os.utime("clips/a.mp4", ns=(5, 4_000_000_000_123_456_789))
    assert find("clips/a.mp4") == [
        Video(id="a.mp4", path=f"{here}/clips/a.mp4", metadata={}, size=5, stamp=4_000_000_000_123_456_789)
    ]
    before = time.time_ns()
    time.sleep(0.05)
    make("clips/a.mp4", text="54321")
    os.utime("clips/a.mp4", ns=(5, 5))  # as whoever copies an old file over it with its times
    (video,) = find("clips/a.mp4")
    assert isinstance(video.stamp, int) and before < video.stamp < time.time_ns() + 10**9


def test_a_file_that_is_named_is_meant_whatever_its_ending() -> None:
    make("clip", "clip.xyz", ".hidden.mp4")
    assert ids("clip", "clip.xyz", ".hidden.mp4") == ["clip", "clip.xyz", ".hidden.mp4"]


def test_a_folder_is_searched_and_sorted(here: Path) -> None:
    make("clips/b.MP4", "clips/a/z.mkv", "clips/a.webm", "clips/ä.mov", "clips/a/deep/er/x.ts", text="123")
    make(
        "clips/note.txt",
        "clips/.hidden.mp4",
        "clips/._b.mp4",
        "clips/.trash/c.mp4",
        "clips/mp4",
        "clips/list.csv",
    )
    os.mkfifo("clips/pipe.mp4")
    expected = ["a.webm", "a/deep/er/x.ts", "a/z.mkv", "b.MP4", "ä.mov"]
    videos = find("clips/")
    assert [video.id for video in videos] == expected
    assert [video.path for video in videos] == [f"{here}/clips/{name}" for name in expected]
    assert {video.size for video in videos} == {3}
    assert [video.stamp for video in videos] == [stamp(f"clips/{name}") for name in expected]
    assert ids(".") == [f"clips/{name}" for name in expected]


def test_the_endings() -> None:
    known = ".mp4 .m4v .mov .mkv .webm .avi .wmv .flv .ts .m2ts .mts .mpg .mpeg .m2v .vob .ogv .3gp .3g2"
    known += " .gif .mxf .asf .rm .rmvb .divx .f4v .y4m .h264 .hevc .av1 .ivf .dv .nut .mjpeg .apng"
    assert set(known.split()) <= VIDEO_ENDINGS
    assert all(re.fullmatch(r"\.[a-z0-9-]+", ending) for ending in VIDEO_ENDINGS)
    assert not VIDEO_ENDINGS & {
        ".mp3",
        ".wav",
        ".ogg",
        ".jpg",
        ".png",
        ".webp",
        ".txt",
        ".json",
        ".srt",
        ".m3u8",
    }


def test_links_are_followed_but_not_round_in_circles(here: Path) -> None:
    make("disk/one.mp4", "disk/two.mp4", text="123")
    make("clips/own.mp4")
    Path("clips/linked.mp4").symlink_to(here / "disk/one.mp4")
    Path("clips/loop").symlink_to(here / "clips")
    Path("disk/back").symlink_to(here / "clips")
    Path("clips/disk").symlink_to(here / "disk")
    Path("clips/self.mp4").symlink_to("self.mp4")
    Path("clips/gone.mp4").symlink_to("nowhere.mp4")
    lines: list[str] = []
    videos = find("clips", say=lines.append)
    # disk/one.mp4 comes first in the order, so linked.mp4 is the one too many.
    assert [(video.id, video.size) for video in videos] == [
        ("disk/one.mp4", 3),
        ("disk/two.mp4", 3),
        ("gone.mp4", None),
        ("own.mp4", 0),
        ("self.mp4", None),
    ]
    assert videos[0].path == f"{here}/clips/disk/one.mp4"
    assert lines == [f"1 video was already listed: left out (first: {here}/clips/linked.mp4)"]


def test_a_folder_that_cannot_be_read_is_told(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("clips/a.mp4", "clips/lost+found/b.mp4")
    real = os.scandir

    def scandir(path: str) -> Iterator[os.DirEntry[str]]:
        if path.endswith("lost+found"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(sources.os, "scandir", scandir)
    assert heard("clips") == (["a.mp4"], [f"left out {here}/clips/lost+found: Permission denied"])
    assert refused("clips/lost+found") == f"{here}/clips/lost+found cannot be read: Permission denied"


def test_paths_are_absolute_and_links_in_them_stay(here: Path) -> None:
    make("disk/deep/a.mp4", "disk/b.mp4", "x/a.mp4")
    Path("link").symlink_to("disk/deep")
    assert [video.path for video in find("link", "x/../x/a.mp4")] == [f"{here}/link/a.mp4", f"{here}/x/a.mp4"]
    # link/.. is disk, not here
    assert [video.path for video in find("link/../b.mp4")] == [f"{here}/link/../b.mp4"]


names = st.text(st.characters(codec="utf-8", exclude_characters="/\0."), min_size=1, max_size=8)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.tuples(names, names), max_size=8), st.randoms(use_true_random=False))
def test_ids_do_not_depend_on_the_order_of_creation(
    tmp_path_factory: pytest.TempPathFactory, pairs: set[tuple[str, str]], chance: random.Random
) -> None:
    listed = ["z.mp4", *(f"{folder}/{name}.mp4" for folder, name in sorted(pairs))]
    for _ in range(2):
        root = tmp_path_factory.mktemp("made")
        chance.shuffle(listed)
        for name in listed:
            make(f"{root}/{name}")
        assert ids(str(root)) == sorted(listed)


# --- patterns -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("clips/*.mp4", ["a.mp4"]),
        ("clips/**/*.mp4", ["a.mp4", "x/b.mp4", "x/y/c.mp4"]),
        ("clips/x/**/*", ["b.mp4", "y/c.mp4", "y/d.mkv"]),
        ("clips/*/?.mp4", ["x/b.mp4"]),
        ("clips/*/y/[a-c].*", ["x/y/c.mp4"]),
        ("clips/**", ["a.mp4", "x/b.mp4", "x/y/c.mp4", "x/y/d.mkv"]),
        ("*/*.mp4", ["clips/a.mp4"]),
        ("./clips/*.xyz", ["odd.xyz"]),
    ],
)
def test_patterns(here: Path, pattern: str, expected: list[str]) -> None:
    make(
        "clips/a.mp4",
        "clips/x/b.mp4",
        "clips/x/y/c.mp4",
        "clips/x/y/d.mkv",
        "clips/note.txt",
        "clips/odd.xyz",
    )
    make("clips/.a.mp4", "clips/.x/e.mp4")
    assert ids(pattern) == expected
    assert ids(f"{here}/{pattern}") == expected


def test_a_name_with_brackets_is_a_name() -> None:
    make("clip[1].mp4", "clip1.mp4", "odd[1]/a.mp4")
    assert ids("clip[1].mp4") == ["clip[1].mp4"]
    assert ids("odd[1]") == ["a.mp4"]


# --- ids ------------------------------------------------------------------------------------------


def test_the_same_file_is_kept_once(here: Path) -> None:
    make("clips/sub/a.mp4", "clips/b.mp4")
    Path("other.mp4").symlink_to("clips/b.mp4")
    assert heard("clips", "clips/sub", "clips/**/*.mp4") == (
        ["b.mp4", "sub/a.mp4"],
        [f"3 videos were already listed: left out (first: {here}/clips/sub/a.mp4)"],
    )
    assert heard("clips", "clips/sub", "other.mp4", "clips/**/*.mp4") == (
        ["clips/b.mp4", "clips/sub/a.mp4"],
        [f"4 videos were already listed: left out (first: {here}/clips/sub/a.mp4)"],
    )


def test_of_several_folders_ids_begin_with_the_names_in_which_they_differ() -> None:
    make("a/clips/v.mp4", "b/clips/v.mp4", "c/clips/v.mp4", "d/v.mp4", "e/clips/v.mp4")
    given = {
        "a/clips": "a/clips/v.mp4",
        "b/clips": "b/clips/v.mp4",
        "c/clips": "c/clips/v.mp4",
        "d/v.mp4": "d/v.mp4",
        "e": "e/clips/v.mp4",
    }
    assert ids(*given) == list(given.values())
    assert ids(*reversed(given)) == list(given.values())[::-1]
    assert ids("a/clips") == ids("d/v.mp4") == ["v.mp4"]


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from("abcdefgh"), min_size=1), st.randoms(use_true_random=False))
def test_ids_depend_neither_on_other_videos_nor_on_the_order_of_sources(
    tmp_path_factory: pytest.TempPathFactory, more: set[str], chance: random.Random
) -> None:
    """Two folders that hold a file of the same name, and others that come, go and change places."""
    root = tmp_path_factory.mktemp("made")
    make(f"{root}/one/v.mp4", f"{root}/two/v.mp4", *(f"{root}/{folder}/{name}.mp4" for folder in more for name in "vw"))
    folders = [f"{root}/{folder}" for folder in ("one", "two", *more)]
    chance.shuffle(folders)
    named = {video.path: video.id for video in find(*folders)}
    for folder in ("one", "two"):
        assert named[f"{root}/{folder}/v.mp4"] == f"{folder}/v.mp4"
    assert len(set(named.values())) == len(named) == 2 + 2 * len(more)


def test_sources_stay_in_the_order_given() -> None:
    make("z.mp4", "a/1.mp4", "list.txt", "b/2.mp4")
    make("list.txt", text="b/2.mp4\n")
    assert ids("z.mp4", "list.txt", "a") == ["z.mp4", "b/2.mp4", "a/1.mp4"]


# --- tables ---------------------------------------------------------------------------------------


def test_a_csv_list(here: Path) -> None:
    make("data/clips/a.mp4", text="1234")
    make("data/list.csv", text="file,label,n\nclips/a.mp4,cat,007\nclips/gone.mp4,,1\n,empty,2\n")
    lines: list[str] = []
    found = find("data/list.csv", say=lines.append)
    assert re.fullmatch("row-[0-9a-f]{8}", found[2].id)
    assert found == [
        Video(
            id="clips/a.mp4",
            path=f"{here}/data/clips/a.mp4",
            metadata={"file": "clips/a.mp4", "label": "cat", "n": "007"},
            size=4,
            stamp=stamp("data/clips/a.mp4"),
        ),
        Video(
            id="clips/gone.mp4",
            path=f"{here}/data/clips/gone.mp4",
            metadata={"file": "clips/gone.mp4", "label": "", "n": "1"},
        ),
        Video(
            id=found[2].id,
            path="",
            metadata={"file": "", "label": "empty", "n": "2"},
            fault="column 'file' of data/list.csv is empty in row 3; write the video's path there",
        ),
    ]
    assert lines == ["using column 'file' of data/list.csv for the video paths (--video-column)"]


def test_json_and_parquet_keep_types() -> None:
    make("a.mp4")
    record = {"video": "a.mp4", "n": 7, "tags": ["x", None], "deep": {"y": 1.5}}
    make("list.jsonl", text=json.dumps(record))
    make("list.json", text=json.dumps([record]))
    pq.write_table(pa.Table.from_pylist([record]), "list.parquet")
    for name in ("list.jsonl", "list.json", "list.parquet"):
        (video,) = find(name, video_column="video")
        assert video.metadata == record
        assert video.id == "a.mp4"


def test_a_txt_list(here: Path) -> None:
    make("data/a b.mp4", "c.mp4")
    make("data/list.txt", text=f"# clips\na b.mp4\n\n{here}/c.mp4\n../c.mp4\n")
    lines: list[str] = []
    videos = find("data/list.txt", say=lines.append)
    assert [(video.id, video.path, video.metadata) for video in videos] == [
        ("a b.mp4", f"{here}/data/a b.mp4", {}),
        (f"{here}/c.mp4", f"{here}/c.mp4", {}),
    ]
    assert lines == [f"1 video was already listed: left out (first: {here}/c.mp4)"]


def test_video_root(here: Path) -> None:
    make("videos/a.mp4", text="12")
    make("lists/list.txt", text="a.mp4\n")
    assert find("lists/list.txt", video_root="videos") == [
        Video(id="a.mp4", path=f"{here}/videos/a.mp4", metadata={}, size=2, stamp=stamp("videos/a.mp4"))
    ]
    (video,) = find("lists/list.txt", video_root="memory://bucket/clips/")
    assert (video.id, video.path, video.size) == ("a.mp4", "memory://bucket/clips/a.mp4", None)
    assert refused("lists/list.txt", video_root="vidoes") == (
        f"--video-root: {here}/vidoes does not exist (did you mean 'videos'?)"
    )


def test_urls_stay_as_they_are_but_ids_hold_no_keys() -> None:
    make("list.txt", text="https://host/a.mp4?key=secret\nmemory://bucket/b.mp4\n")
    hashed = f"sha256-{hashlib.sha256(b'key=secret').hexdigest()[:16]}"
    assert find("list.txt") == [
        Video(id=f"https://host/a.mp4?{hashed}", path="https://host/a.mp4?key=secret"),
        Video(id="memory://bucket/b.mp4", path="memory://bucket/b.mp4"),
    ]
    (video,) = find("https://me:word@host/b.mp4?key=secret")
    assert (video.id, video.place) == (f"b.mp4?{hashed}", f"https://host/b.mp4?{hashed}")
    (video,) = find("https://me:word@host/b.mp4")
    assert (video.id, video.place) == ("b.mp4", "https://host/b.mp4")
    make("signed.txt", text="https://host/a.mp4?v=1\nhttps://host/a.mp4?v=2\n")
    assert len(set(ids("signed.txt"))) == 2  # they are two files
    signed = "https://bucket/a.mp4?X-Amz-Date={}&X-Amz-Signature={}"
    first, later = (find(signed.format(date, date * 4))[0] for date in ("20260101", "20260102"))
    assert (first.id, first.place) == (later.id, later.place) == ("a.mp4", "https://bucket/a.mp4")
    assert refused("https://me:word@host/clips/").startswith("https://host/clips/: a web server does not list")
    assert refused("gopher://host/clips/") == "gopher://host/clips/: gopher is not a known protocol"


def test_id_column() -> None:
    make("a.mp4", "b.mp4")
    make(
        "list.jsonl",
        text='{"file": "a.mp4", "key": 1}\n{"file": "b.mp4", "key": "x"}\n{"file": "a.mp4", "key": 3}',
    )
    # One video under two ids of the user's own is two rows.
    assert ids("list.jsonl", id_column="key", video_column="file") == ["1", "x", "3"]
    # Without them it is one video, and a line says that rows were dropped.
    found, lines = heard("list.jsonl", video_column="file")
    assert found == ["a.mp4", "b.mp4"]
    assert lines == [f"1 video was already listed: left out (first: {os.getcwd()}/a.mp4); --id-column keeps every row"]


def test_id_columns_that_do_not_tell_rows_apart() -> None:
    make("a.mp4", "x/a.mp4")
    make("list.csv", text="file,key\na.mp4,one\nx/a.mp4,two\nb.mp4,one\n")
    make("empty.csv", text="file,key\na.mp4,one\nx/a.mp4,\n")
    make("two.csv", text="file,key\na.mp4,a.mp4\n")
    assert refused("list.csv", id_column="key") == "id column 'key' of list.csv has 'one' twice (rows 1 and 3)"
    lines: list[str] = []
    assert [(video.id, video.fault) for video in find("empty.csv", id_column="key", say=lines.append)] == [
        ("one", None),
        ("x/a.mp4", "id column 'key' of empty.csv is empty in row 2; give it an id"),
    ]
    make("three.csv", text="file,key\nx/a.mp4,a.mp4\n")
    assert refused("two.csv", "three.csv", id_column="key") == (
        "id 'a.mp4' of row 1 of three.csv also belongs to row 1 of two.csv; change one"
    )
    # An id that only a file's name makes is of no concern: rows of the two places stay apart.
    assert [(video.id, video.path) for video in find("x/a.mp4", "two.csv", id_column="key", video_column="file")] == [
        ("x/a.mp4", f"{os.getcwd()}/x/a.mp4"),
        ("a.mp4", f"{os.getcwd()}/a.mp4"),
    ]
    assert refused("two.csv", id_column="kye") == (
        "two.csv has no column 'kye' for --id-column (did you mean 'key'?); it has 'file', 'key'"
    )


def test_rows_without_a_path_are_told_apart() -> None:
    make("a.mp4")
    make("one.csv", text="file,n\na.mp4,1\n,2\n")
    make("two.csv", text="file,n\na.mp4,1\n ,2\n")
    found, _ = heard("one.csv", "two.csv", "one.csv")
    assert found[0] == "a.mp4"
    assert len(set(found)) == 3
    assert all(re.fullmatch("row-[0-9a-f]{8}", name) for name in found[1:])
    make("one.csv", text="file,n\n,3\na.mp4,1\n,2\n")  # a row more before it renames none
    assert heard("one.csv")[0][1:] == found[:2]


@pytest.mark.parametrize(
    ("header", "row", "column"),
    [
        ("id,Video Path,label", "1,a.mp4,x", "Video Path"),
        ("id,FILE_NAME,label", "1,a.mp4,x", "FILE_NAME"),
        ("id,file,label", "1,a,x", "file"),  # named as one, though no ending says so
        ("id,source,label", "1,a.MP4,x", "source"),  # the only one whose values are videos
        ("clip,filename,length", "17,a.mp4,3", "filename"),  # both named as one, but only one holds videos
        ("file,preview", "a.mp4,a.gif", "file"),
    ],
)
def test_the_column_is_guessed(header: str, row: str, column: str) -> None:
    make("a.mp4", "a.MP4", "a", "list.csv")
    make("list.csv", text=f"{header}\n{row}\n")
    _, lines = heard("list.csv")
    assert lines == [f"using column {column!r} of list.csv for the video paths (--video-column)"]


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        (
            "file,video\na.mp4,b.mp4\n",
            {},
            "'file', 'video' could each hold the video paths; choose with --video-column",
        ),
        ("one,two\na.mp4,b.mp4\n", {}, "'one', 'two' could each hold the video paths; choose with --video-column"),
        (
            "key,label\n1,2\n",
            {},
            "no column looks like video paths among 'key', 'label'; choose with --video-column",
        ),
        (
            "key;label\n1;2\n",
            {},
            "no column looks like video paths among 'key', 'label'; choose with --video-column",
        ),
    ],
)
def test_the_column_is_not_guessed_where_it_is_unclear(text: str, options: dict[str, str], told: str) -> None:
    make("list.csv", text=text)
    assert refused("list.csv", **options) == f"list.csv: {told}"


def test_the_column_is_chosen() -> None:
    make("a.mp4", "b.mp4")
    make("list.csv", text="file,video\na.mp4,b.mp4\n")
    assert ids("list.csv", video_column="video") == ["b.mp4"]
    assert refused("list.csv", video_column="Vidoe") == (
        "list.csv has no column 'Vidoe' for --video-column (did you mean 'video'?); it has 'file', 'video'"
    )
    assert refused("list.csv", video_column="zzz") == (
        "list.csv has no column 'zzz' for --video-column; it has 'file', 'video'"
    )


def test_tables_of_which_nothing_can_be_had(here: Path) -> None:
    make("list.csv", text="file,n\nx/a.mp4,1\nx/b.mp4,2\n")
    make("void.csv", text="file,n\n")
    make("blank.csv", text="file,n\n,1\n")
    make("deep.jsonl", text='{"video": {"bytes": "x"}}')
    make("caption.csv", text=f"file\n{'long ' * 2000}\n")
    make("nul.jsonl", text='{"file": "../a\\u0000.mp4"}')
    assert refused("list.csv") == (
        f"none of the files listed in list.csv exists, first tried: {here}/x/a.mp4;"
        " say where they are with --video-root"
    )
    assert refused("list.csv", video_root=".").endswith("is --video-root right?")
    assert refused("void.csv") == "void.csv has no rows; it must list at least one video"
    assert refused("blank.csv") == "column 'file' of blank.csv is empty in every row; choose with --video-column"
    assert refused("deep.jsonl") == (
        "column 'video' of deep.jsonl holds a dict, not a path, in row 1; choose with --video-column"
    )
    assert refused("caption.csv").startswith("none of the files listed in caption.csv exists")
    assert refused("nul.jsonl").startswith("none of the files listed in nul.jsonl exists")


# --- what cannot be found -------------------------------------------------------------------------


def test_nothing_given() -> None:
    for nothing in ([], [""], ["a.mp4", ""]):
        assert refused(*nothing).startswith("no videos given: name a video, a folder, a pattern")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("clip", "clip does not exist (did you mean 'clips'?)"),
        ("clips/holyday.mp4", "clips/holyday.mp4 does not exist (did you mean 'Holiday.mp4'?)"),
        ("clisp/a.mp4", "clisp/a.mp4 does not exist: there is no folder clisp (did you mean 'clips'?)"),
        ("nothing/like/it", "nothing/like/it does not exist: there is no folder nothing"),
        ("clips/Holiday.mp4/x", "clips/Holiday.mp4/x does not exist: clips/Holiday.mp4 is not a folder"),
        ("clips/link.mp4", "clips/link.mp4 does not exist: clips/link.mp4 is a broken link"),
        ("clisp/*.mp4", "clisp/*.mp4 matches nothing: clisp does not exist (did you mean 'clips'?)"),
        ("clips/*.mkv", "no video matches clips/*.mkv (looked at 3 files in clips/)"),
        ("clips/*.{mp4,mkv}", "no video matches clips/*.{mp4,mkv} (looked at 3 files in clips/)"
         "; braces are not expanded inside quotes"),
        ("clips/*.csv", "clips/*.csv is a pattern for tables; name each table separately"),
        ("lists.csv", "lists.csv does not exist"),
    ],
)  # fmt: skip
def test_sources_that_are_not_there(given: str, told: str) -> None:
    make("clips/Holiday.mp4", "clips/list.csv")
    Path("clips/link.mp4").symlink_to("nowhere.mp4")
    assert refused(given) == told


def test_a_folder_without_videos() -> None:
    make("clips/a.txt", "clips/x/b.jpg", "clips/.c.mp4")
    assert refused("clips") == (
        f"no video in clips/ (looked for .mp4, .mkv, .mov, .webm, .avi, … {len(VIDEO_ENDINGS)} endings, in 2 files)"
    )


@pytest.mark.parametrize("option", ["video_column", "id_column", "video_root"])
def test_options_that_would_do_nothing_are_refused(option: str) -> None:
    make("clips/a.mp4")
    named = "--" + option.replace("_", "-")
    assert refused("clips", **{option: "x"}) == f"{named} x does not apply to clips; leave it out"


def test_one_string_is_one_source() -> None:
    make("a.mp4")
    say: Callable[[str], None] = pytest.fail
    assert [video.id for video in find_videos("a.mp4", say=say)] == ["a.mp4"]
