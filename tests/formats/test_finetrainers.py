"""What finetrainers reads is written, and read as finetrainers reads it, its traps included."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.finetrainers import FORMAT
from tests.formats.exported import BROKEN, CAPTIONS, SEPARATED, exported, found, recognised, written

LISTS, PAIRS, METADATA = FORMAT.layouts
# From `datasets`: SPLIT_KEYWORDS in data_files.py; tried with its own loader below, where that is installed.
SPLITS = ["test_1.mp4", "clip val.mp4", "testing.mp4", "dev/x.mp4", "my-train-set/x.mp4", "a.test.mp4", "eval 1/x.mp4"]
NO_SPLITS = ["retest.mp4", "validate.mp4", "mytrain/x.mp4", "trains.mp4", "Test 1.mp4", "x.train", "evaluation"]


def files(folder: Path, **texts: str | bytes) -> Path:
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


# --- lists ---


def test_lists_hold_what_was_meant_as_str_splitlines_divides_them(tmp_path: Path) -> None:
    made = exported(LISTS, tmp_path / "set", CAPTIONS, elsewhere=tmp_path / "else where")
    assert not made.refused
    prompts = (tmp_path / "set/prompts.txt").read_text(encoding="utf-8").splitlines()
    videos = (tmp_path / "set/videos.txt").read_text(encoding="utf-8").splitlines()
    assert prompts == [sample.captions[0] for sample in made.samples]
    assert [(tmp_path / "set" / video).as_posix() for video in videos] == [sample.video for sample in made.samples]
    assert videos[0] == "videos/a.mp4"
    assert found(LISTS, tmp_path / "set") == made.pairs
    assert recognised(tmp_path / "set") == ["finetrainers lists"]


def test_captions_that_the_lists_would_divide_are_refused(tmp_path: Path) -> None:
    made = exported(LISTS, tmp_path / "set", [*SEPARATED, *BROKEN, "b'bytes'", "half \ud83d", "fine"])
    assert made.refused.keys() == {*SEPARATED, *BROKEN, "b'bytes'", "half \ud83d"}
    assert [sample.captions for sample in made.samples] == [("fine",)]


@pytest.mark.parametrize("name", ["a\nb.mp4", "a\x85b.mp4", "a\u2028b.mp4", "a\udcffb.mp4"])
def test_paths_that_a_list_cannot_hold_are_refused(name: str) -> None:
    why = LISTS.refuses(Sample(video=f"/set/videos/{name}", captions=("A dog.",)))
    assert why is not None
    assert "rename" in why


def test_lists_made_by_hand_are_read_as_finetrainers_reads_them(tmp_path: Path) -> None:
    files(
        tmp_path,
        caption_txt=" kept blanks \r\n\r\nb'of a webdataset'\r\none\u2028two",
        video_txt="videos/1.mp4\n./2.mp4\n/abs/3.mp4\n../4.mp4\n5.MP4",
    )
    assert found(LISTS, tmp_path) == [
        (str(tmp_path / "videos/1.mp4"), (" kept blanks ",)),
        (str(tmp_path / "2.mp4"), ()),
        ("/abs/3.mp4", ("of a webdataset",)),
        (str(tmp_path / "../4.mp4"), ("one",)),
        (str(tmp_path / "5.MP4"), ("two",)),
    ]
    assert recognised(tmp_path) == ["finetrainers lists"]


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        ({"prompts_txt": "a\nb\n", "videos_txt": "1.mp4\n"}, "2 lines .* 1, at which it stops"),
        ({"prompts_txt": "a\n\n", "videos_txt": "1.mp4\n"}, "2 lines .* 1"),
        ({"prompts_txt": "a\u2028b\n", "videos_txt": "1.mp4\n"}, "2 lines .* 1"),
        ({"prompt_txt": "a\n", "prompts_txt": "a\n", "videos_txt": "1.mp4\n"}, "both prompt.txt and prompts.txt"),
        ({"prompts_txt": "a\n", "video_txt": "1.mp4", "videos_txt": "1.mp4"}, "both video.txt and videos.txt"),
        ({"prompts_txt": "\ufeffa\n", "videos_txt": "1.mp4\n"}, "prompts.txt begins with a byte order mark"),
        ({"prompts_txt": b"a\n\xe9\n", "videos_txt": "1.mp4\n2.mp4\n"}, "prompts.txt, line 2: this is not UTF-8"),
        ({"prompts_txt": "a\n"}, "nothing that finetrainers reads"),
        ({"prompts_txt": "a\n", "videos_txt": "1.mp4", "metadata_jsonl": ""}, "takes it for metadata, not lists"),
        ({"prompts_txt": "a\n", "videos_txt": "1.mp4", "deep__er__x_parquet": ""}, "takes it for webdataset"),
        ({"prompts_txt": "a\n", "videos_txt": "1.mp4", "prompts_mp4": ""}, "takes it for pairs, not lists"),
    ],
)
def test_lists_at_which_finetrainers_stops_are_refused(texts: dict[str, str], what: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=what):
        found(LISTS, files(tmp_path, **texts))


# --- pairs ---


def test_texts_lie_beside_the_videos(tmp_path: Path) -> None:
    captions = [*CAPTIONS, *BROKEN, *SEPARATED]
    made = exported(PAIRS, tmp_path, captions)
    assert not made.refused
    for sample in made.samples:
        assert Path(sample.video).with_suffix(".txt").read_text(encoding="utf-8").strip() == sample.captions[0]
    assert sorted(found(PAIRS, tmp_path)) == sorted(made.pairs)
    assert recognised(tmp_path) == ["finetrainers pairs"]


def test_pairs_made_by_hand_are_read_as_finetrainers_reads_them(tmp_path: Path) -> None:
    files(
        tmp_path,
        **{"b_mp4": "", "b_txt": "\n stripped \r\n\n", "a_mov": "", "a_txt": "", "c_MP4": "", "c_txt": "upper case"},
        **{"d_webm": "", "d_txt": "another ending", "e_jpg": "", "e_txt": "a picture", "f_mp4": "", "g_txt": "alone"},
        **{"sub__h_mp4": "", "sub__h_txt": "in a folder below"},
    )
    (tmp_path / ".hidden.mp4").touch()
    (tmp_path / ".hidden.txt").write_text("hidden, but found")
    assert found(PAIRS, tmp_path) == [
        (str(tmp_path / ".hidden.mp4"), ("hidden, but found",)),
        (str(tmp_path / "a.mov"), ()),
        (str(tmp_path / "b.mp4"), ("stripped",)),
    ]
    assert recognised(tmp_path) == []  # "txt" reads it as well


def test_two_videos_that_share_a_text_stop_finetrainers(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"a.mp4 and .*a.mov share it"):
        found(PAIRS, files(tmp_path, a_mp4="", a_mov="", a_txt="A dog."))


# --- metadata ---


def test_metadata_is_a_video_folder(tmp_path: Path) -> None:
    captions = [*CAPTIONS, *BROKEN, *SEPARATED, "123", "NA", "true"]
    made = exported(METADATA, tmp_path, captions)
    assert not made.refused
    lines = (tmp_path / "metadata.jsonl").read_bytes().decode().split("\n")[:-1]
    assert [json.loads(line)["caption"] for line in lines] == captions
    assert [str(tmp_path / json.loads(line)["file_name"]) for line in lines] == [one.video for one in made.samples]
    assert found(METADATA, tmp_path) == made.pairs
    assert recognised(tmp_path) == ["finetrainers metadata"]


@pytest.mark.parametrize("name", SPLITS)
def test_names_of_splits_are_refused(name: str, tmp_path: Path) -> None:
    why = METADATA.refuses(Sample(video=f"/test/train/videos/{name}", captions=("A dog.",)))
    assert why is not None
    assert "split" in why
    video = tmp_path / name
    with pytest.raises(UserError, match="split"):
        written(METADATA, tmp_path, [Sample(video=str(video), captions=("A dog.",))])
    assert not (tmp_path / "metadata.jsonl").exists()
    files(tmp_path, metadata_jsonl=json.dumps({"file_name": name, "caption": "A dog."}))
    with pytest.raises(UserError, match=r"line 1: .*split"):
        found(METADATA, tmp_path)


def test_a_name_that_holds_a_variable_is_refused() -> None:
    """`datasets`, which opens these lists, puts the variable's value in: it looks for /root.mp4 and stops."""
    why = METADATA.refuses(Sample(video="/set/videos/$HOME.mp4", captions=("A dog.",)))
    assert why is not None and "variable" in why
    assert METADATA.refuses(Sample(video="/set/videos/$5.mp4", captions=("A dog.",))) is None


@pytest.mark.parametrize("name", NO_SPLITS)
def test_names_that_only_resemble_those_of_splits_are_fine(name: str) -> None:
    assert METADATA.refuses(Sample(video=f"/test/train/videos/{name}", captions=("A dog.",))) is None


@pytest.mark.parametrize("name", [*SPLITS, *NO_SPLITS])
def test_datasets_itself_divides_names_so(name: str, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    video = tmp_path / "set/videos" / name
    video.parent.mkdir(parents=True)
    video.touch()
    files(tmp_path / "set", metadata_jsonl=json.dumps({"file_name": f"videos/{name}", "caption": "A dog."}))
    try:
        rows = datasets.load_dataset(
            "videofolder", data_dir=str(tmp_path / "set"), split="train", cache_dir=str(tmp_path / "cache")
        )
        loads = "caption" in rows.column_names
    except ValueError:
        loads = False
    assert loads == (name in NO_SPLITS)


def test_datasets_itself_reads_the_export(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    made = exported(METADATA, tmp_path / "set", [*CAPTIONS, *BROKEN, *SEPARATED, "123", "NA", "true"])
    (tmp_path / "set/README.md").write_text("# a card\n")
    rows = datasets.load_dataset(
        "videofolder", data_dir=str(tmp_path / "set"), split="train", cache_dir=str(tmp_path / "cache")
    )
    rows = rows.cast_column("video", datasets.Video(decode=False))
    assert [(row["video"]["path"], (row["caption"],)) for row in rows] == made.pairs


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        ({"metadata_json": "[]"}, "metadata.jsonl or metadata.csv alone"),
        ({"metadata_csv": "file_name,caption\n", "metadata_jsonl": ""}, "both metadata.jsonl and metadata.csv"),
        ({"metadata_jsonl": '{"file_name": "a.mp4", "text": "A dog."}'}, "line 1: it has no 'caption'"),
        ({"metadata_jsonl": '{"caption": "A dog."}'}, "line 1: it has no path"),
        ({"metadata_jsonl": '{"file_name": "a.mp4", "caption": "A dog."}\n{"file'}, "line 2: not JSON"),
        ({"metadata_csv": "file_name,text\na.mp4,A dog.\n"}, "line 1: the column 'caption' is missing"),
    ],
)
def test_metadata_at_which_finetrainers_stops_is_refused(texts: dict[str, str], what: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=what):
        found(METADATA, files(tmp_path, **texts))


def test_metadata_made_by_hand_is_read_as_finetrainers_reads_it(tmp_path: Path) -> None:
    lines = [
        {"file_name": "./videos//a.mp4", "caption": ["the first", "another"], "fps": 24},
        {"file_name": "b.webm", "caption": None},
    ]
    files(tmp_path, metadata_jsonl="\n\n".join(map(json.dumps, lines)))
    assert found(METADATA, tmp_path) == [
        (str(tmp_path / "videos/a.mp4"), ("the first",)),
        (str(tmp_path / "b.webm"), ()),
    ]
    assert next(iter(METADATA.read(tmp_path))).columns == {"fps": 24}
    (tmp_path / "metadata.jsonl").unlink()
    files(tmp_path, metadata_csv="file_name,caption\na.mp4,NA\nb.mp4, A dog. \n")
    assert found(METADATA, tmp_path) == [
        (str(tmp_path / "a.mp4"), ()),
        (str(tmp_path / "b.mp4"), (" A dog. ",)),
    ]


# --- what the training needs ---


@pytest.mark.parametrize("layout", FORMAT.layouts, ids=lambda layout: layout.name)
def test_the_training_starts_from_the_folder(layout: object, tmp_path: Path) -> None:
    folder = tmp_path / "a set"
    exported(layout, folder, ["A dog."])  # type: ignore[arg-type]
    words = shlex.split(FORMAT.start(folder, layout.name))  # type: ignore[attr-defined]
    config = json.loads(Path(words[words.index("--dataset_config") + 1]).read_text(encoding="utf-8"))
    (one,) = config["datasets"]
    assert (one["data_root"], one["dataset_type"]) == (str(folder), "video")
    assert {"--training_type", "--model_name", "--pretrained_model_name_or_path"} <= set(words)
