"""The original pipeline's two scripts, looked at closely: what flags, cells and rows mean, and what mistakes say.

The numbers in test names are those of the list of defects of EasyAnimate's video_caption (April 2024, a4008a6).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest
from aiohttp import web

from framescribe.demo.clips import DemoClip
from framescribe.easyanimate import caption_summary, caption_video_frame
from framescribe.easyanimate.captions import frame_captions, without_quotes
from framescribe.easyanimate.saved import Saved
from framescribe.easyanimate.scripts import truth
from framescribe.prompts import presets
from framescribe.records import Video
from tests.scripts import LLM, VLM, caption, records, sum_up
from tests.servers import ScriptedServer, says


def test_defect_15_a_model_is_asked_in_its_chat_form_for_the_captions_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({"video_path": ["a.mp4"], "sampled_frame_caption": [["A dog."]]}).to_csv("f.csv", index=False)
    with ScriptedServer(says("In this video, a dog.")) as server:
        words = ["--video_metadata_path=f.csv", f"--base_url={server.url}"]
        assert sum_up(*words, "--saved_path=s.jsonl") == 0
        original = presets("summary")["easyanimate"].removesuffix("{captions}")  # as one would pass it
        assert sum_up(*words, f"--summary_prompt={original}", "--saved_path=same.jsonl") == 0
        asked, again = server.requests
    assert again == asked
    assert asked["temperature"] == 0
    (message,) = asked["messages"]
    text = message["content"] if isinstance(message["content"], str) else message["content"][0]["text"]
    assert message["role"] == "user"
    assert text == presets("summary")["easyanimate"].replace("{captions}", "A dog.")
    assert records(Path("s.jsonl")) == [
        {"video_path": "a.mp4", "summary_model": "tiny", "summary_caption": "In this video, a dog."}
    ]


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
def test_defect_16_remove_quotes_keeps_the_captions(
    ending: str, demo_clips: list[DemoClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From lists and from the text of lists, with several frames each."""
    monkeypatch.chdir(tmp_path)
    clips, captions = [*demo_clips[:3], demo_clips[4]], {}  # up to two objects
    for number, clip in enumerate(clips):
        captions[f"{number}.mp4"] = [clip.scene.frame_caption(t) for t in (0.0, 0.5, 1.0)]
    quoted = [[f'"{text}"', text.replace("circle", "“circle”"), f"'{text}'"] for text, *_ in captions.values()]
    made = pd.DataFrame({"path": list(captions), "said": list(captions.values()), "quoted": quoted})
    table = Path(f"f{ending}")
    made.to_csv(table, index=False) if ending == ".csv" else made.to_json(table, orient="records", lines=True)
    words = [f"--video_metadata_path={table}", "--video_path_column=path", "--remove_quotes"]
    assert sum_up(*words, "--caption_column=said", LLM, "--saved_path=s.jsonl") == 0
    rows = records(Path("s.jsonl"))
    assert [row["video_path"] for row in rows] == list(captions)
    wanted = [clip.scene.summary((0.0, 0.5, 1.0), lead=True) for clip in clips]
    assert sum(row["summary_caption"] == right for row, right in zip(rows, wanted, strict=True)) >= 3
    read = frame_captions(str(table), "path", "quoted", True, print)
    plain = [[texts[0]] * 3 for texts in captions.values()]
    assert [[frame.caption for frame in row.frames] for row in read.values()] == plain


def test_defect_17_summaries_resume_by_path_whatever_the_column_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Into a file of the original's, with a path that is there twice and a video without a caption."""
    monkeypatch.chdir(tmp_path)
    paths = ["b.mp4", "a.mp4", "c.mp4", "c.mp4", "none.mp4", "d.mp4"]
    made = pd.DataFrame({"clip": paths, "sampled_frame_caption": [["B"], ["A"], ["C"], ["C again: X"], [], ["D"]]})
    made.to_json("f.jsonl", orient="records", lines=True)
    old = pd.DataFrame(
        {"video_path": ["d.mp4", "a.mp4"], "summary_model": "tiny", "summary_caption": ["old d", "old a"]}
    )
    old.to_json("s.jsonl", orient="records", lines=True)

    async def echo(request: web.Request) -> web.StreamResponse:
        content = (await request.json())["messages"][0]["content"]
        return await says(f"sum of {str(content).rstrip(chr(39) + ']}')[-1]}")(request)

    with ScriptedServer(echo) as server:
        words = ["--video_metadata_path=f.jsonl", "--video_path_column=clip", f"--base_url={server.url}"]
        assert sum_up(*words, "--saved_path=s.jsonl") == 3
        told = capsys.readouterr().err
        assert "1 row names a video that an earlier row named: left out (first: c.mp4)" in told
        assert "videos already in s.jsonl: 2" in told
        assert "failed: none.mp4" in told
        want = [("b.mp4", "sum of B"), ("d.mp4", "old d"), ("a.mp4", "old a"), ("c.mp4", "sum of C")]
        assert [(row["video_path"], row["summary_caption"]) for row in records(Path("s.jsonl"))] == want
        asked = len(server.requests)
        assert sum_up(*words, "--saved_path=s.jsonl") == 3
        assert len(server.requests) == asked == 2
        assert "anew" not in capsys.readouterr().err
        assert sum_up(*words, "--saved_path=s.jsonl", "--summary_prompt=Shorter:") == 2
        assert "different now: the prompt" in capsys.readouterr().err


def test_other_frame_captions_are_summed_up_anew_in_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = pd.DataFrame({"video_path": ["a", "b", "c"], "sampled_frame_caption": [["A"], ["B"], ["C"]]})
    made.to_csv("f.csv", index=False)
    with ScriptedServer(says("1"), says("1"), says("1"), says("2")) as server:
        words = ["--video_metadata_path=f.csv", f"--base_url={server.url}", "--saved_path=s.csv"]
        assert sum_up(*words) == 0
        made.assign(sampled_frame_caption=[["A"], ["B, but better"], ["C"]]).to_csv("f.csv", index=False)
        assert sum_up(*words) == 0
    assert pd.read_csv("s.csv").to_dict("list") == {
        "video_path": ["a", "b", "c"],
        "summary_model": ["tiny"] * 3,
        "summary_caption": [1, 2, 1],
    }


# --- what the flags mean ---------------------------------------------------------------------------


def test_the_defaults_are_the_originals() -> None:
    """Defect 18 among them: the order to begin with "In this video" is the original's prompt, and no other's."""
    assert presets("frame")["easyanimate"] == "Describe this image and its style in a very detailed manner."
    summary = presets("summary")["easyanimate"]
    assert summary.startswith(
        "You are a helpful video description generator. I'll give you a description of the middle"
    )
    assert summary.endswith("Begin with 'In this video'. 3. Limit the video description within 100 words. "
                            "Here is the mid-frame description: {captions}")  # fmt: skip
    assert "In this video" not in presets("summary")["default"]
    frames = vars(caption_video_frame.parser().parse_args(["--saved_path=a.csv"]))
    assert (frames["frame_sample_method"], frames["num_sampled_frames"], frames["batch_size"]) == ("mid", 1, 10)
    assert (frames["video_path_column"], frames["saved_freq"]) == ("video_path", 1000)
    words = ["--video_metadata_path=f.csv", "--saved_path=a.csv"]
    sums = vars(caption_summary.parser().parse_args(words))
    assert (sums["video_path_column"], sums["caption_column"]) == ("video_path", "sampled_frame_caption")
    assert (sums["remove_quotes"], sums["batch_size"], sums["saved_freq"]) == (False, 10, 1000)


def test_defect_03_false_is_false() -> None:
    for word in ("False", "false", "0", "no"):
        assert truth(word) is False
    for word in ("True", "1", "YES"):
        assert truth(word) is True
    with pytest.raises(argparse.ArgumentTypeError, match="neither true nor false"):
        truth("maybe")
    parse = caption_video_frame.parser().parse_args
    assert (
        parse(["--saved_path=a.csv", "--image_caption_model_quantized", "False"]).image_caption_model_quantized is False
    )
    assert parse(["--saved_path=a.csv", "--image_caption_model_quantized"]).image_caption_model_quantized is True


@pytest.mark.parametrize(
    ("words", "says_what"),
    [
        ([], "no videos given: name a --video_folder"),  # defect 12
        (["--video_folder="], "no videos given: name a --video_folder"),
        (["--video_folder=nowhere"], "nowhere does not exist"),
        (["--video_folder=list.csv"], "--video_metadata_path"),
        (["--video_metadata_path=list.csv"], "no column 'video_path' for --video_path_column"),
        (
            ["--video_metadata_path=list.csv", "--video_path_column=clip", "--video_folder=empty"],
            "is --video_folder right?",
        ),
        (["--video_folder=videos", "--saved_path=out.parquet"], ".csv or .jsonl"),
        (["--video_folder=videos", "--saved_path=videos.csv"], "a folder"),
        (["--video_folder=videos", "--saved_path=list.csv"], "Use another --saved_path"),
        (["--video_folder=videos", "--image_caption_prompt="], "prompt is empty"),
        (["--video_folder=videos", "--frame_sample_method=uniform", "--num_sampled_frames=0"], "at least 1"),
        (["--video_folder=videos", "--image_caption_model_name=Qwen-VL-Chat"], "give --base_url"),
        (["--video_folder=videos", "--image_caption_model_name=internlm-xcomposer2-vl-7b"], "give --base_url"),
        (["--video_folder=videos", "--image_caption_model_name=Lin-Chen/ShareGPT4V-7B"], "use llava-v1.6-vicuna-7b"),
        (
            ["--video_folder=videos", "--image_caption_model_quantized=true", "--base_url=http://127.0.0.1:9/v1"],
            "server",
        ),
    ],
)
def test_a_mistake_is_one_clear_line_in_the_scripts_own_words(
    words: list[str],
    says_what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("videos", "empty", "videos.csv"):
        Path(folder).mkdir()
    Path("videos/a.mp4").write_bytes(b"")
    Path("list.csv").write_text("clip\na.mp4\n")
    words = words if any("--saved_path" in word for word in words) else [*words, "--saved_path=out.csv"]
    if "--base_url" not in "".join(words):
        words = [VLM, *words]  # the last one counts
    assert caption(*words) == 2
    told = capsys.readouterr().err
    assert told.startswith("caption_video_frame.py: ")
    assert says_what in told
    assert "Traceback" not in told
    assert "--video-" not in told
    assert not Path("out.csv").exists()


def test_quantized_needs_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("with a GPU the model may load")
    monkeypatch.chdir(tmp_path)
    Path("a.mp4").write_bytes(b"")
    words = ["--video_folder=.", VLM, "--image_caption_model_quantized", "true", "--saved_path=out.csv"]
    assert caption(*words) == 2
    assert "--image_caption_model_quantized int4 needs a GPU" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("table", "words", "says_what"),
    [
        ("video_path,sampled_frame_caption\n", [], "has no rows"),
        ("path,sampled_frame_caption\na,b\n", [], "no column 'video_path' (--video_path_column). Available: path"),
        ("video_path,sampled_frame_captions\na,b\n", [], "(--caption_column). Did you mean 'sampled_frame_captions'?"),
        ("video_path,sampled_frame_caption\na,x\n,y\n", [], "row 2 of f.csv has no path"),
        ("video_path,sampled_frame_caption\na,\"[1, 2]\"\n", [], "holds '[1, 2]', not captions"),
        ("video_path,sampled_frame_caption\na,x\n", ["--summary_prompt={mood}"], "{mood}"),
        ("video_path,sampled_frame_caption\na,x\n", ["--saved_path=f.csv"], "no column 'summary_model'"),
    ],
)  # fmt: skip
def test_a_table_without_captions_is_one_clear_line(
    table: str,
    words: list[str],
    says_what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f.csv").write_text(table)
    assert sum_up("--video_metadata_path=f.csv", LLM, "--saved_path=s.csv", *words) == 2
    told = capsys.readouterr().err
    assert told.startswith("caption_summary.py: ")
    assert says_what in told
    assert Path("f.csv").read_text() == table


# --- the files, row by row -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "captions"),
    [
        ("['it''s']", ["its"]),  # two Python strings side by side are one
        (str(['it\'s "so"', "é\n"]), ['it\'s "so"', "é"]),
        ('["a", "b\\n\\u00e9"]', ["a", "b\né"]),
        ('["a", null]', ["a"]),
        ("[sic] a dog", ["[sic] a dog"]),
        ("A dog.", ["A dog."]),
        ("", []),
        ("[]", []),
        ("[" * 3000, ["[" * 3000]),
    ],
)
def test_a_cell_of_captions(cell: str, captions: list[str], tmp_path: Path) -> None:
    table = tmp_path / "f.csv"
    pd.DataFrame({"video_path": ["a.mp4"], "sampled_frame_caption": [cell]}).to_csv(table, index=False)
    rows = frame_captions(str(table), "video_path", "sampled_frame_caption", False, print)
    assert [frame.caption for frame in rows["a.mp4"].frames] == captions


@pytest.mark.parametrize(
    ("caption", "bare"),
    [
        ("'A red circle.'", "A red circle."),
        ('The sign says "STOP".', "The sign says STOP."),
        ("“Hi,” says the dog's ‘owner’.", "Hi, says the dog's owner."),
        ('""', '""'),
    ],
)
def test_quotes_go_and_words_stay(caption: str, bare: str) -> None:
    assert without_quotes(caption) == bare


def saved(paths: Sequence[str]) -> Saved:
    return Saved(Path("unwritten.jsonl"), ("video_path",), [{"video_path": path} for path in paths])


def never(_name: str) -> bool:
    return False


def test_the_column_of_paths_keeps_the_name_that_the_original_gave_it(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("clip,summary_model,summary_caption\na,m,A\n")
    read = Saved.read(file, ("video_path", "summary_model", "summary_caption"), "clip", {"summary_model": "m"}, "")
    a, b = Video(id="a", path="a"), Video(id="b", path="b")
    read.add([a, b], {"b": {"video_path": "b", "summary_model": "m", "summary_caption": "B"}}, read.find([a, b], never))
    assert file.read_text() == "clip,summary_model,summary_caption\na,m,A\nb,m,B\n"


@pytest.mark.parametrize(
    ("there", "videos", "made_here", "found"),
    [
        (["a.mp4"], ["a.mp4"], never, {"a.mp4": 0}),
        (["a.mp4"], ["x/a.mp4"], never, {"x/a.mp4": 0}),  # the original kept the name alone
        (["a.mp4"], ["x/a.mp4"], lambda name: True, {}),  # ours, of a video that is gone
        (["a.mp4"], ["x/a.mp4", "y/a.mp4"], never, {}),  # whose it is cannot be known
        (["a.mp4"], ["a.mp4", "y/a.mp4"], never, {"a.mp4": 0}),
        (["/v/x/a.mp4"], ["x/a.mp4"], never, {"x/a.mp4": 0}),
        (["a.mp4", "a.mp4", "b.mp4"], ["b.mp4", "a.mp4"], never, {"b.mp4": 2, "a.mp4": 0}),
    ],
)
def test_defect_11_a_row_counts_for_the_video_that_it_is_of(
    there: list[str], videos: list[str], made_here: Callable[[str], bool], found: dict[str, int]
) -> None:
    named = [Video(id=name, path=f"/v/{name}") for name in videos]
    assert saved(there).find(named, made_here) == found


def test_new_rows_stand_behind_the_video_before_them_and_old_ones_do_not_move(tmp_path: Path) -> None:
    file = saved(["c", "other", "a"])
    file.path = tmp_path / "s.jsonl"
    videos = [Video(id=name, path=name) for name in "eabcd"]
    there = file.find(videos, never)
    file.add(videos, {name: {"video_path": name} for name in "ebd"}, there)
    assert [row["video_path"] for row in records(file.path)] == ["e", "c", "d", "other", "a", "b"]
    file.drop({"c": 1, "b": 5}, {"c"})
    assert [row["video_path"] for row in records(file.path)] == ["e", "d", "other", "a", "b"]
