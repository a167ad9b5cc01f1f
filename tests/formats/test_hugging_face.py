"""VideoFolder and Parquet with videos, loaded by `datasets` itself and compared with what was meant."""

from __future__ import annotations

import datetime
import gc
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet
import pytest
from msgspec import structs

from framescribe import registry
from framescribe.dataset.card import DATA_FILES, Card
from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.embedded import PATHS_NAME, write_embedded
from framescribe.formats.hugging_face import DATASETS, VIDEOFOLDER
from framescribe.formats.target import Target
from tests.formats.nasty import CAPTIONS, samples, user_columns, video_bytes

# `datasets` leaves the tables that it reads open.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
LAYOUTS = [layout.name for layout in VIDEOFOLDER.layouts]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "test-set" / "val"  # names that mean splits


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()
    gc.collect()  # while what it left open is still ignored


def load(folder: Path, tmp_path: Path, builder: str | None = None) -> Any:
    """The whole data set, with what each row says of its video in place of its frames."""
    cache = str(tmp_path / "cache")
    if builder is None:
        found = datasets.load_dataset(str(folder), cache_dir=cache)
    else:
        found = datasets.load_dataset(builder, data_dir=str(folder), cache_dir=cache)
    assert list(found) == ["train"]
    assert isinstance(found["train"].features["video"], datasets.Video)
    return found["train"].cast_column("video", datasets.Video(decode=False))


def write(which, layout, folder, wanted):  # type: ignore[no-untyped-def]
    with Target(folder) as target:
        which.layout(layout).write(iter(wanted), target)


# --- VideoFolder ----------------------------------------------------------------------------------


@pytest.mark.parametrize("builder", [None, "videofolder"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_datasets_loads_every_video_with_its_words(folder, tmp_path, layout, builder) -> None:  # type: ignore[no-untyped-def]
    wanted = samples(folder / "train", columns=user_columns)
    write(VIDEOFOLDER, layout, folder, wanted)
    rows = load(folder, tmp_path, builder)
    assert [row["text"] for row in rows] == list(CAPTIONS)
    assert [row["video"]["path"] for row in rows] == [one.video for one in wanted]
    assert [row["count"] for row in rows] == list(range(len(CAPTIONS)))
    assert [row["score"] for row in rows][:4] == [0.5, 1, 2, 3.5]
    assert rows[8]["metadata.file_name"] == "other-8.mp4"
    assert rows[8]["metadata.mask_file_name_"] == "../mask-8.png"
    assert rows[8]["id"] == "their-8" and rows[8]["late"] == "at last" and float(rows[8]["late_number"]) == 8
    assert json.loads(rows[8]["tags"]) == ["a", 8]
    assert not rows[0]["late"]
    assert rows.features["count"].dtype == "int64"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_our_reader_finds_what_datasets_finds(folder, tmp_path, layout) -> None:  # type: ignore[no-untyped-def]
    wanted = samples(folder / "train", columns=user_columns)
    write(VIDEOFOLDER, layout, folder, wanted)
    found = list(VIDEOFOLDER.layout(layout).read(folder))
    rows = load(folder, tmp_path)
    assert [(one.video, one.captions) for one in found] == [(row["video"]["path"], (row["text"],)) for row in rows]
    assert [one.captions for one in found] == [one.captions for one in wanted]
    assert [other for other in LAYOUTS if VIDEOFOLDER.layout(other).recognises(folder)] == [layout]


@pytest.mark.parametrize(("layout", "caption"), [("csv", "NA"), ("csv", "null"), ("jsonl", "2024-01-01")])
def test_a_caption_that_the_loader_would_change_is_refused(folder, tmp_path, layout, caption) -> None:  # type: ignore[no-untyped-def]
    wanted = samples(folder / "train", captions=(caption,))
    write(VIDEOFOLDER, layout, folder, wanted)
    assert load(folder, tmp_path)[0]["text"] != caption
    assert "--layout" in (VIDEOFOLDER.layout(layout).refuses(wanted[0]) or "")
    write(VIDEOFOLDER, "parquet", folder, wanted)
    assert load(folder, tmp_path)[0]["text"] == caption
    assert VIDEOFOLDER.layout("parquet").refuses(wanted[0]) is None


def test_what_comes_after_the_first_ten_megabytes_is_still_taken(folder: Path, tmp_path: Path) -> None:
    """The loader fixes each column's type by the first 10 MB of the list: it would stop at the text, and cut off the
    decimals."""
    words, last = "word " * 8000, {"late": "at last", "late_number": 7, "score": 0.5}
    wanted = [
        Sample(video=f"{folder}/train/{number}.mp4", captions=(f"{words}{number}",), columns={"score": number})
        for number in range(300)
    ]
    wanted[-1] = structs.replace(wanted[-1], columns=last)
    write(VIDEOFOLDER, "jsonl", folder, wanted)
    rows = load(folder, tmp_path, "videofolder")
    assert {name: rows[-1][name] for name in last} == {**last, "late_number": "7"}
    assert [row["text"] for row in rows] == [one.captions[0] for one in wanted]


def test_videos_elsewhere_are_refused(folder: Path, tmp_path: Path) -> None:
    for where in (tmp_path / "elsewhere", folder, folder / "train" / "below"):
        with pytest.raises(UserError, match="--videos link"):
            write(VIDEOFOLDER, "jsonl", folder, samples(where, captions=("A",)))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_names_that_hold_a_variable_are_refused(folder: Path, tmp_path: Path, layout: str) -> None:
    (one,) = samples(folder / "train", captions=("A dog.",))
    for name in ("$HOME.mp4", "a ${HOME}.mp4"):
        video = folder / "train" / name
        video.write_bytes(Path(one.video).read_bytes())
        there = structs.replace(one, video=str(video))
        write(VIDEOFOLDER, layout, folder, [there])
        with pytest.raises(FileNotFoundError, match="HOME"):
            load(folder, tmp_path, "videofolder")
        assert "variable" in (VIDEOFOLDER.layout(layout).refuses(there) or "")
        video.unlink()
    assert VIDEOFOLDER.layout(layout).refuses(structs.replace(one, video="/set/train/5$ a$ $5.mp4")) is None


def listed(folder: Path, *rows: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for row in rows:
        (folder / row["file_name"]).write_bytes(video_bytes(0))
    (folder / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_the_trap_of_names_that_mean_splits(tmp_path: Path) -> None:
    """Why the videos lie in `train/`: with the list in the data set's own folder the captions are gone."""
    listed(tmp_path / "flat", {"file_name": "a.mp4", "text": "A"}, {"file_name": "test-1.mp4", "text": "B"})
    rows = datasets.load_dataset(str(tmp_path / "flat"), cache_dir=str(tmp_path / "cache"))["test"]
    assert rows.column_names == ["video"] and rows.num_rows == 1
    (found,) = VIDEOFOLDER.layout().read(tmp_path / "flat")
    assert found == Sample(video=str(tmp_path / "flat" / "test-1.mp4"), captions=())
    card = "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: '*'\n---\n"
    (tmp_path / "flat" / "README.md").write_text(card)
    assert [row["text"] for row in load(tmp_path / "flat", tmp_path)] == ["A", "B"]
    assert [one.captions for one in VIDEOFOLDER.layout().read(tmp_path / "flat")] == [("A",), ("B",)]


def test_folders_that_people_made(tmp_path: Path) -> None:
    listed(tmp_path / "plain", {"file_name": "a.mp4", "text": "A", "n": 1}, {"file_name": "b.mp4", "text": ""})
    first, second = VIDEOFOLDER.layout().read(tmp_path / "plain")
    assert first == Sample(video=str(tmp_path / "plain" / "a.mp4"), captions=("A",), columns={"n": 1})
    assert second.captions == ()
    (tmp_path / "plain" / "metadata.jsonl").write_text('{"video": "a.mp4", "prompt": "A trainer of another kind."}\n')
    assert not VIDEOFOLDER.layout().recognises(tmp_path / "plain")
    listed(tmp_path / "splits" / "train", {"file_name": "a.mp4", "caption": "A"})
    listed(tmp_path / "splits" / "test", {"file_name": "b.mp4", "caption": "B"})
    assert [one.captions for one in VIDEOFOLDER.layout().read(tmp_path / "splits")] == [("B",), ("A",)]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"file_name": "../a.mp4"}, "leads out"),
        ({"file_name": None}, "is empty"),
        ({"name": "a"}, "no column file_name"),
    ],
)
def test_lists_that_the_loader_refuses(tmp_path: Path, row: dict[str, Any], told: str) -> None:
    (tmp_path / "metadata.jsonl").write_text(json.dumps({"text": "A", **row}) + "\n")
    with pytest.raises(UserError, match=told):
        list(VIDEOFOLDER.layout().read(tmp_path / "metadata.jsonl"))


def test_lists_of_two_formats_are_refused_as_the_loader_does(tmp_path: Path) -> None:
    listed(tmp_path / "two", {"file_name": "a.mp4", "text": "A"})
    (tmp_path / "two" / "metadata.csv").write_text("file_name,text\na.mp4,A\n")
    with pytest.raises(ValueError, match="different extensions"):
        load(tmp_path / "two", tmp_path, "videofolder")
    with pytest.raises(UserError, match="keep one"):
        list(VIDEOFOLDER.layout().read(tmp_path / "two"))


@dataclass(frozen=True)
class Nothing:
    """An export that left nothing out."""

    left_out: Mapping[str, int] = field(default_factory=dict)
    done: Mapping[str, int] = field(default_factory=dict)
    unfit: Sequence[tuple[str, int]] = ()
    unfit_count: int = 0


@pytest.mark.parametrize("name", DATA_FILES)
def test_with_the_card_beside_it_the_folder_loads_as_it_should(folder, tmp_path, name) -> None:  # type: ignore[no-untyped-def]
    """Links to videos lie beside the tables, and `datasets` would take them for the data set without the card."""
    which = registry.load("formats", name)
    layout, plain = which.layout(), ("One.", "Two.", "Three.")
    wanted = samples(folder / layout.videos_in if layout.videos_in else tmp_path / "clips", captions=plain)
    with Target(folder) as target:
        layout.write(iter(wanted), target)
        Card().write(target, format=which, layout=layout, exported=Nothing())
    found = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))
    assert list(found) == ["train"]
    column = next(one for one in ("text", "caption", "txt") if one in found["train"].column_names)
    assert tuple(found["train"][column]) == plain


# --- Parquet --------------------------------------------------------------------------------------


def test_embedded_videos_arrive_with_their_bytes(folder: Path, tmp_path: Path) -> None:
    wanted = samples(tmp_path / "clips", columns=user_columns)
    with Target(folder) as target:
        write_embedded(iter(wanted), target, most_bytes=5 * len(video_bytes(0)))
    assert len(list(folder.glob("data/*.parquet"))) == 2  # a group of ten rows is never divided
    shutil.rmtree(tmp_path / "clips")
    rows = load(folder, tmp_path)
    assert [row["video"]["bytes"] for row in rows] == [video_bytes(number) for number in range(len(CAPTIONS))]
    assert [row["text"] for row in rows] == list(CAPTIONS)
    assert [row["id"] for row in rows] == [one.id for one in wanted] == [row["video"]["path"] for row in rows]
    assert rows[8]["metadata.id"] == "their-8" and rows[8]["late_number"] == 8 and rows[0]["late_number"] is None
    assert rows.features["good"].dtype == "bool" and rows.features["score"].dtype == "float64"
    found = list(DATASETS.layout("embedded").read(folder))
    assert [one.captions for one in found] == [one.captions for one in wanted]
    assert found[0].video == str(folder / "data" / "train-00000.parquet" / "clips" / "0.v1.mp4")
    assert [layout.name for layout in DATASETS.layouts if layout.recognises(folder)] == ["embedded"]


def test_videos_in_tars_are_embedded_too(folder: Path, tmp_path: Path) -> None:
    import tarfile

    (one,) = samples(tmp_path / "clips", captions=("A",))
    with tarfile.open(tmp_path / "shard.tar", "w") as tar:
        tar.add(one.video, "below/a.b.mp4")
    write(DATASETS, "embedded", folder, [structs.replace(one, video=f"{tmp_path}/shard.tar/below/a.b.mp4")])
    assert load(folder, tmp_path)[0]["video"]["bytes"] == video_bytes(0)


def test_paths_and_urls_stay_what_they_are(folder: Path, tmp_path: Path) -> None:
    wanted = samples(folder / "videos", columns=user_columns)
    wanted[0] = structs.replace(wanted[0], video="https://example.org/a.mp4")
    write(DATASETS, "paths", folder, wanted)
    rows = load(folder, tmp_path)
    assert [row["video"]["path"] for row in rows] == [one.video for one in wanted]
    assert [row["text"] for row in rows] == list(CAPTIONS)
    found = list(DATASETS.layout("paths").read(folder))
    assert [(one.video, one.captions, one.id) for one in found] == [(one.video, one.captions, one.id) for one in wanted]
    assert [layout.name for layout in DATASETS.layouts if layout.recognises(folder)] == ["paths"]
    assert pyarrow.parquet.ParquetFile(folder / PATHS_NAME).metadata.num_rows == len(CAPTIONS)


def test_a_video_that_is_gone_is_named(folder: Path, tmp_path: Path) -> None:
    (one,) = samples(tmp_path / "clips", captions=("A",))
    Path(one.video).unlink()
    with pytest.raises(UserError, match=r"clips/0\.v1\.mp4 cannot be packed: There is no such file"):
        write(DATASETS, "embedded", folder, [one])
    assert not list(folder.rglob("*.parquet"))


def test_what_datasets_itself_wrote_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(video_bytes(1))
    when = datetime.date(2024, 1, 2)
    made = datasets.Dataset.from_dict({"clip": [str(tmp_path / "a.mp4")], "caption": ["A"], "day": [when]})
    made.cast_column("clip", datasets.Video()).to_parquet(tmp_path / "own.parquet")
    (found,) = DATASETS.layout().read(tmp_path / "own.parquet")
    assert found.captions == ("A",) and found.columns == {"day": when}
