"""Captions that people have in a trainer's format become rows, which every later command treats as such."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from framescribe.dataset.export import export_rows
from framescribe.dataset.imported import Imported, import_rows
from framescribe.errors import UserError
from framescribe.results.plan import Again
from framescribe.results.rows import Results, read_rows
from framescribe.results.selection import chosen
from framescribe.runners.ranks import Rank
from framescribe.runs.job import RunOptions, run_job
from tests.runs_in_process import SUMMARY_PROMPT, Run, found, raw_film, recipe
from tests.servers import ScriptedServer, answer_to, tells

# Formats of a package beside framescribe. A list has a line per caption (path, caption, mood), with "|" between them in
# x.pairs; paths start at the list. In a tar, a.avi has its caption in a.cap.
FORMATS = """
import tarfile
from pathlib import Path
from framescribe.errors import UserError
from framescribe.formats.base import Format, Layout, Sample

def never(samples, target):
    raise AssertionError

def listed(path):
    table = path.suffix == ".csv"
    for line in path.read_text().splitlines()[table:]:
        video, caption, mood = line.split("," if table else "|")
        where = video if "://" in video else f"{path.parent}/{video}" if video[0] != "/" else video
        yield Sample(video=where, captions=(caption,) if caption else (), columns={"mood": mood})

def backwards(path):
    for sample in listed(path):
        yield Sample(video=sample.video, captions=tuple(caption[::-1] for caption in sample.captions))

def stops(path):
    raise UserError("no settings")

def packed(path):
    with tarfile.open(path) as tar:
        for name in tar.getnames():
            if name.endswith(".avi"):
                text = tar.extractfile(name[:-4] + ".cap").read().decode()
                yield Sample(video=f"{path}/{name}", captions=(text,))

def is_list(path):
    return path.suffix == ".pairs" or (path.suffix == ".csv" and "mood" in path.read_text())

def layout(name, read, recognises):
    return Layout(name=name, about=f"{name} of pairs", write=never, read=read, recognises=recognises, videos="listed")

def made(name, *layouts):
    return Format(name=name, title=name.title(), source="", layouts=layouts, start=lambda folder, layout: "")

def has_list(path):
    return (path / "list.pairs").exists()

PAIRS = made(
    "pairs",
    layout("list", listed, is_list),
    layout("folder", lambda path: listed(path / "list.pairs"), has_list),
)
TARS = made("tars", layout("tar", packed, lambda path: path.suffix == ".tar"))
SRIAP = made("sriap", layout("list", backwards, lambda path: is_list(path) and path.name.startswith("either")))
ALIKE = made("alike", layout("list", listed, is_list))
STOPS = made("aaa", layout("list", stops, is_list))
"""


@pytest.fixture(autouse=True)
def formats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "site" / "pairs_format-1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pairs-format\nVersion: 1\n")
    names = {"aaa": "STOPS", "pairs": "PAIRS", "tars": "TARS", "sriap": "SRIAP", "alike": "ALIKE"}
    entries = "".join(f"{name} = pairs_format:{made}\n" for name, made in names.items())
    (about / "entry_points.txt").write_text(f"[framescribe.formats]\n{entries}")
    (tmp_path / "site" / "pairs_format.py").write_text(FORMATS)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "pairs_format", raising=False)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Three clips, two of which have a caption beside them."""
    folder = tmp_path / "set"
    raw_film(folder / "a.avi", 10)
    raw_film(folder / "sub" / "b.v1.avi", 90)
    raw_film(folder / "c.avi", 200)
    (folder / "a.txt").write_text("A dog, “ohwx” style.\n")
    (folder / "sub" / "b.v1.txt").write_text("Two cats\nasleep.")
    return folder


def captions(output: Path) -> dict[str, str | None]:
    return {row.id: row.caption for row in read_rows(output)}


def counts(made: Imported) -> dict[str, int]:
    names = ("new", "changed", "unchanged", "others", "bare", "missing", "repeated")
    return {name: count for name in names if (count := getattr(made, name).count)}


def correct(output: Path, words: dict[str, str]) -> None:
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    for row in rows:
        row["caption"] = words.get(row["id"], row["caption"])
    output.write_text("".join(json.dumps(row) + "\n" for row in rows))


def framescribe(*words: object, code: int = 0) -> str:
    done = subprocess.run([sys.executable, "-m", "framescribe", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


# --- what becomes of a data set -------------------------------------------------------------------


def test_texts_beside_videos_become_rows(clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    said = framescribe("import", clips, "--from", "txt", "-o", output)
    assert "captions imported: 2" in said
    assert "(`framescribe caption … --keep-captions` captions them): 1 (first: c.avi)" in said
    rows = {row.id: row for row in read_rows(output)}
    assert list(rows) == ["a.avi", "sub/b.v1.avi"]
    assert [row.caption for row in rows.values()] == ["A dog, “ohwx” style.", "Two cats\nasleep."]
    row, content = rows["a.avi"], (clips / "a.avi").read_bytes()
    assert (row.video_path, row.status, row.size, row.flags) == (str(clips / "a.avi"), "ok", len(content), ())
    made = hashlib.blake2b(len(content).to_bytes(8, "little") + content, digest_size=16).hexdigest()
    assert row.file["fingerprint"] == f"quick:{made}"
    told = {name: row.stages["imported"].get(name) for name in ("fills", "format", "layout", "from")}
    assert told == {"fills": ["caption"], "format": "txt", "layout": "folder", "from": str(clips)}
    assert row.provenance["schema"] == 2
    assert not row.metadata


def test_a_list_brings_its_columns_and_all_captions_of_a_clip(tmp_path: Path) -> None:
    for name in ("a.avi", "b.avi", "c.avi"):
        raw_film(tmp_path / "films" / name, 50)
    (tmp_path / "x.pairs").write_text(
        "films/b.avi|First.|calm\nfilms/a.avi|One.|wild\nfilms/b.avi|Second.|calm\nfilms/c.avi||\nfilms/b.avi|First.|\n"
    )
    output = tmp_path / "captions.jsonl"
    assert counts(import_rows(tmp_path / "x.pairs", output, "pairs")) == {"new": 2, "bare": 1, "repeated": 1}
    b, a = read_rows(output)
    assert (b.id, b.caption, b.output("imported"), b.metadata) == (
        "films/b.avi",
        "First.",
        ["Second."],
        {"mood": "calm"},
    )
    assert (a.id, a.caption, a.metadata) == ("films/a.avi", "One.", {"mood": "wild"})
    assert counts(import_rows(tmp_path / "x.pairs", output, "pairs")) == {"unchanged": 2, "bare": 1, "repeated": 1}


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".tar"])
def test_every_kind_of_result_takes_them(clips: Path, tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"captions{ending}"
    import_rows(clips, output, "txt")
    assert captions(output) == {"a.avi": "A dog, “ohwx” style.", "sub/b.v1.avi": "Two cats\nasleep."}
    for part in output.with_name(f"{output.name}.parts").iterdir():
        part.unlink()
    assert counts(import_rows(clips, output, "txt")) == {"unchanged": 2, "bare": 1}


def test_ids_are_those_under_which_caption_knows_the_same_list(server: ScriptedServer, tmp_path: Path) -> None:
    for path in ("set/sub/a.avi", "far/b.avi", "far/c.avi"):
        raw_film(tmp_path / path, len(path))
    os.symlink(tmp_path / "far" / "b.avi", tmp_path / "set" / "linked.avi")
    names = ("./sub/a.avi", "linked.avi", str(tmp_path / "far" / "c.avi"))
    table = tmp_path / "set" / "list.csv"
    table.write_text("".join(f"{line}\n" for line in ("path,caption,mood", *(f"{name},Words.,calm" for name in names))))
    output = tmp_path / "captions.jsonl"
    import_rows(table, output)
    assert [(row.id, row.metadata) for row in read_rows(output)] == [(name, {"mood": "calm"}) for name in names]
    run = Run(server, found(table), output, keep_captions=True)
    assert (run.requests, list(captions(output))) == (0, list(names))


def test_ids_of_videos_in_a_list_that_caption_does_not_read(tmp_path: Path) -> None:
    for path in ("set/sub/a.avi", "far/b.avi"):
        raw_film(tmp_path / path, len(path))
    names = ("./sub/a.avi", str(tmp_path / "far" / "b.avi"), "http://host.test/v.avi?sig=KEY&sv=1")
    (tmp_path / "set" / "list.pairs").write_text("".join(f"{name}|Words.|\n" for name in names))
    output = tmp_path / "captions.jsonl"
    import_rows(tmp_path / "set" / "list.pairs", output)
    assert "KEY" not in output.read_text()
    assert {row.video_path: row.id for row in read_rows(output)} == {
        str(tmp_path / "set" / "sub" / "a.avi"): "sub/a.avi",
        str(tmp_path / "far" / "b.avi"): str(tmp_path / "far" / "b.avi"),
        "http://host.test/v.avi": "http://host.test/v.avi",
    }


def test_clips_in_a_tar(server: ScriptedServer, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "shard.tar", "w") as tar:
        for name, grey in (("a", 9), ("b", 99)):
            tar.add(raw_film(tmp_path / f"{name}.avi", grey), f"{name}.avi")
            (tmp_path / f"{name}.cap").write_text(f"Clip {name}.")
            tar.add(tmp_path / f"{name}.cap", f"{name}.cap")
    output = tmp_path / "captions.jsonl"
    import_rows(tmp_path / "shard.tar", output, "tars")
    assert captions(output) == {"shard.tar/a.avi": "Clip a.", "shard.tar/b.avi": "Clip b."}
    content = (tmp_path / "a.avi").read_bytes()
    made = hashlib.blake2b(len(content).to_bytes(8, "little") + content, digest_size=16).hexdigest()
    assert next(read_rows(output)).file["fingerprint"] == f"quick:{made}"
    run = Run(server, found(tmp_path / "shard.tar"), output, keep_captions=True)
    assert (run.requests, len(captions(output))) == (0, 2)
    (tmp_path / "list.pairs").write_text("shard.tar/b.avi|Listed.|\n")
    import_rows(tmp_path / "list.pairs", tmp_path / "listed.jsonl", "pairs")
    run = Run(server, found(tmp_path / "shard.tar"), tmp_path / "listed.jsonl", keep_captions=True)
    assert (run.report.new, captions(tmp_path / "listed.jsonl")["shard.tar/b.avi"]) == (1, "Listed.")


# --- imported again -------------------------------------------------------------------------------


def test_what_changed_in_the_data_set_is_taken_over_and_nothing_else(clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    import_rows(clips, output, "txt")
    lines = sum(part.read_bytes().count(b"\n") for part in Results(output).parts.glob("*.jsonl"))  # type: ignore[union-attr]
    assert counts(import_rows(clips, output, "txt")) == {"unchanged": 2, "bare": 1}
    assert sum(part.read_bytes().count(b"\n") for part in Results(output).parts.glob("*.jsonl")) == lines  # type: ignore[union-attr]
    (clips / "a.txt").write_text("A wolf.")
    (clips / "c.txt").write_text("A cow.")
    assert counts(import_rows(clips, output, "txt")) == {"new": 1, "changed": 1, "unchanged": 1}
    assert captions(output) == {"a.avi": "A wolf.", "c.avi": "A cow.", "sub/b.v1.avi": "Two cats\nasleep."}


def test_a_correction_stays_until_the_data_set_says_something_new(clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    import_rows(clips, output, "txt")
    correct(output, {"a.avi": "Mine.", "sub/b.v1.avi": "Mine, too."})
    raw = (clips / "a.avi").read_bytes()
    (clips / "a.avi").write_bytes(raw)  # touched: the same content
    assert counts(import_rows(clips, output, "txt")) == {"unchanged": 2, "bare": 1}
    assert captions(output) == {"a.avi": "Mine.", "sub/b.v1.avi": "Mine, too."}
    (clips / "a.txt").write_text("Newer.")
    assert counts(import_rows(clips, output, "txt")) == {"changed": 1, "unchanged": 1, "bare": 1}
    assert captions(output) == {"a.avi": "Newer.", "sub/b.v1.avi": "Mine, too."}
    (edit,) = next(row for row in read_rows(output) if row.id == "a.avi").provenance["edits"]
    assert (edit["field"], edit["old"], edit["new"]) == ("caption", "Mine.", "Newer.")
    assert counts(import_rows(clips, output, "txt")) == {"unchanged": 2, "bare": 1}


def test_rows_that_models_made_are_left_as_they_are(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(clips), output)
    models = captions(output)
    (clips / "c.txt").write_text(str(models["c.avi"]))
    assert counts(import_rows(clips, output, "txt")) == {"unchanged": 1, "others": 2}
    assert captions(output) == models
    assert Run(server, found(clips), output).requests == 0


def test_a_row_under_another_id_at_the_same_place_is_the_videos_own(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_text("path,name\nset/a.avi,first\n")
    output = tmp_path / "captions.jsonl"
    Run(server, found(tmp_path / "list.csv", id_column="name"), output)
    assert counts(import_rows(clips, output, "txt")) == {"new": 1, "others": 1, "bare": 1}
    assert sorted(captions(output)) == ["first", "sub/b.v1.avi"]


def test_failed_rows_get_the_caption(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    good = (clips / "a.avi").read_bytes()
    (clips / "a.avi").write_bytes(b"no film" * 100)
    output = tmp_path / "captions.jsonl"
    assert Run(server, found(clips), output).report.failed == 1
    assert counts(import_rows(clips, output, "txt")) == {"new": 1, "others": 1, "bare": 1}
    row = next(read_rows(output))
    assert (row.id, row.caption, row.status, row.error) == ("a.avi", "A dog, “ohwx” style.", "ok", None)
    (clips / "a.avi").write_bytes(good)  # another file: the words are said of it, too
    assert counts(import_rows(clips, output, "txt")) == {"unchanged": 1, "others": 1, "bare": 1}
    assert next(read_rows(output)).file["fingerprint"] != row.file["fingerprint"]
    assert Run(server, found(clips), output, keep_captions=True).requests == 0


# --- captioned afterwards -------------------------------------------------------------------------


def test_only_clips_without_a_caption_are_captioned(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    import_rows(clips, output, "txt")
    imported = captions(output)
    run = Run(server, found(clips), output, keep_captions=True)
    assert (run.report.new, run.pictures) == (1, 1)
    assert "captions kept: 2" in run.said
    assert list(captions(output)) == ["a.avi", "c.avi", "sub/b.v1.avi"]
    assert [row.id for row in chosen(read_rows(output), ids=None, where=["imported"])] == list(imported)
    assert {name: captions(output)[name] for name in imported} == imported
    assert str(captions(output)["c.avi"]).startswith("seen ")
    other = Run(server, found(clips), output, recipe(server, frame="Other?"), keep_captions=True)
    assert (other.requests, other.said) == (0, ["videos already done: 3", "captions kept: 3"])
    assert other.report.output is not None


def test_without_that_the_run_says_what_it_would_replace(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    import_rows(clips, output, "txt")
    for made in (recipe(server), recipe(server, frame="Other?")):
        with pytest.raises(UserError, match=r"holds imported captions: 2\.\n.*--keep-captions.*--redo"):
            Run(server, found(clips), output, made)
    assert not server.requests
    run = Run(server, found(clips), output, redo=True)
    assert run.report.new == 3
    for row in read_rows(output):
        assert str(row.caption).startswith("seen ")
    before = {row.id: row.output("imported") for row in read_rows(output) if "imported" in row.stages}
    assert before == {"a.avi": "A dog, “ohwx” style.", "sub/b.v1.avi": "Two cats\nasleep."}
    assert Run(server, found(clips), output).requests == 0
    assert counts(import_rows(clips, output, "txt")) == {"unchanged": 2, "bare": 1}
    assert str(captions(output)["a.avi"]).startswith("seen ")


def test_all_of_several_captions_outlast_being_captioned_again(server: ScriptedServer, tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 50)
    (tmp_path / "x.pairs").write_text("a.avi|First.|\na.avi|Second.|\n")
    output = tmp_path / "captions.jsonl"
    import_rows(tmp_path / "x.pairs", output, "pairs")
    for summary in (SUMMARY_PROMPT, "Other: {captions}"):
        Run(server, found(tmp_path), output, recipe(server, summary=summary), redo=True)
        (row,) = read_rows(output)
        assert str(row.caption).startswith("seen ")
        assert row.output("imported") == ["First.", "Second."]
    (tmp_path / "x.pairs").write_text("a.avi|Third.|\na.avi|Second.|\n")
    assert counts(import_rows(tmp_path / "x.pairs", output, "pairs")) == {"changed": 1, "repeated": 1}
    (row,) = read_rows(output)
    assert (row.caption, row.output("imported")) == ("Third.", ["Third.", "Second."])


def test_corrections_of_imported_rows_outlast_everything(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    import_rows(clips, output, "txt")
    correct(output, {"a.avi": "Mine."})
    with pytest.raises(UserError, match="imported captions: 2"):  # it is not taken up before a run begins
        Run(server, found(clips), output)
    Run(server, found(clips), output, keep_captions=True)
    assert captions(output)["a.avi"] == "Mine."
    Run(server, found(clips), output, recipe(server, frame="Other?"), redo=True)
    assert captions(output)["a.avi"] == "Mine."
    assert str(captions(output)["sub/b.v1.avi"]).startswith("seen ")


def test_frame_captions_of_the_same_recipe_do_not_let_a_summary_replace_what_was_imported(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output, made = tmp_path / "captions.jsonl", recipe(server)
    frames = made.model_copy(update={"stages": {"frames": made.stages["frames"]}})
    Run(server, found(clips), output, frames)
    assert counts(import_rows(clips, output, "txt")) == {"new": 2, "bare": 1}
    assert [len(row.frames) for row in read_rows(output)] == [1, 1, 1]
    raw_film(clips / "a.avi", 77)  # what was seen in the film that was there before says nothing of this one
    assert counts(import_rows(clips, output, "txt")) == {"unchanged": 2, "bare": 1}
    assert [len(row.frames) for row in read_rows(output)] == [0, 1, 1]
    with pytest.raises(UserError, match="imported captions: 2"):
        Run(server, found(clips), output, made)
    assert Run(server, found(clips), output, made, keep_captions=True).texts == 1


def test_of_several_ranks_the_last_one_finishes_although_captions_are_kept(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    import_rows(clips, output, "txt")
    for number, summary in ((0, SUMMARY_PROMPT), (1, SUMMARY_PROMPT), (1, "Other: {captions}")):
        made, options = recipe(server, summary=summary), RunOptions(again=Again(keep_captions=True))
        runner = Rank(number, 2, number, "one")
        report = asyncio.run(run_job(made, found(clips), Results(output), options=options, runner=runner))
    assert report.output == output
    assert list(captions(output)) == ["a.avi", "c.avi", "sub/b.v1.avi"]


def test_the_command_line_keeps_captions(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    framescribe("import", clips, "--from", "txt", "-o", output)
    model = ("--base-url", server.url, "--model", "tiny", "-o", output)
    assert "--keep-captions" in framescribe("caption", clips, *model, code=2)
    assert "choose one" in framescribe("caption", clips, *model, "--keep-captions", "--redo", code=2)
    assert "captions kept: 2" in framescribe("caption", clips, *model, "--keep-captions")
    assert len(captions(output)) == 3


def test_a_clip_that_became_another_does_not_keep_its_caption(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    import_rows(clips, output, "txt")
    raw_film(clips / "a.avi", 77)
    run = Run(server, found(clips), output, keep_captions=True)
    assert run.report.new == 2
    assert str(captions(output)["a.avi"]).startswith("seen ")


# --- {caption} ------------------------------------------------------------------------------------


def prompts(server: ScriptedServer) -> list[str]:
    """The words of each request."""
    texts = []
    for asked in server.requests:
        content = asked["messages"][-1]["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        texts.append(" ".join(part["text"] for part in parts if part["type"] == "text"))
    return texts


def test_prompts_get_what_a_row_says_now(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    import_rows(clips, output, "txt")
    correct(output, {"a.avi": "Mine, {duration}."})
    framescribe("status", output, "--finish")
    model = ("--base-url", server.url, "--model", "tiny", "--strategy", "whole-clip")
    words = ("recaption", output, *model, "--prompt", "Improve: {caption}", "--where", "words > 0", "--drop-edits")
    framescribe(*words)
    said = [text.partition("Improve: ")[2] for text in prompts(server)]
    assert sorted(said) == ["Mine, {duration}.", "Two cats\nasleep."]
    rows = {row.id: row for row in read_rows(output)}
    assert {row.caption for row in rows.values()} == {answer_to(asked) for asked in server.requests}
    assert not any(row.metadata for row in rows.values())
    prints = {row.fingerprint("clip") for row in rows.values()}
    assert len(prints) == 2
    assert len({str(one).partition(":")[0] for one in prints}) == 1
    assert "videos already done: 2" in framescribe(*words)  # what this prompt has improved stays so
    assert len(server.requests) == 2
    framescribe(*words[:-5], "--prompt", "Shorten: {caption}", *words[-3:])
    assert {text.partition("Shorten: ")[2] for text in prompts(server)[2:]} == {row.caption for row in rows.values()}


def test_a_summary_gets_it_too_and_the_rows_words_count_before_a_column(server: ScriptedServer, tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 10)
    (tmp_path / "list.csv").write_text("path,caption,title\na.avi,An old one.,Dogs\n")
    output = tmp_path / "captions.jsonl"
    model = ("--base-url", server.url, "--model", "tiny", "--prompt", "Look.")
    framescribe(
        "caption", tmp_path / "list.csv", *model, "--summary-prompt", "{title}: {caption} {captions}", "-o", output
    )
    assert prompts(server)[-1].startswith("Dogs: An old one. seen ")  # the user's own column, as ever
    (row,) = read_rows(output)
    words = ("recaption", output, "--where", "ok", *model, "--summary-prompt", "{title}: {caption} {captions}")
    framescribe(*words)
    assert prompts(server)[-1].startswith(f"Dogs: {row.caption} seen ")
    (after,) = read_rows(output)
    assert after.metadata == row.metadata == {"path": "a.avi", "caption": "An old one.", "title": "Dogs"}
    assert len(server.requests) == 3  # its frames' captions were kept


def test_where_there_is_no_row_there_is_no_caption_to_use(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    words = ("--base-url", server.url, "--model", "tiny", "--prompt", "Improve: {caption}")
    assert "names {caption}" in framescribe("caption", clips, *words, "-o", tmp_path / "o.jsonl", code=2)


# --- what format it is ----------------------------------------------------------------------------


def test_the_format_is_found_and_said(clips: Path, tmp_path: Path) -> None:
    said: list[str] = []
    import_rows(clips, tmp_path / "a.jsonl", say=said.append)
    assert said[0].startswith(f"reading {clips} as texts beside videos, txt:folder (")
    raw_film(tmp_path / "a.avi", 9)
    (tmp_path / "x.pairs").write_text("a.avi|Words.|\n")  # two formats read it in the same way
    import_rows(tmp_path / "x.pairs", tmp_path / "b.jsonl", say=said.append)
    assert "as Pairs, pairs:list (list of pairs;" in said[1]
    (clips / "list.pairs").write_text("a.avi|Not the text beside it.|\n")  # a trainer's own format is more than texts
    import_rows(clips, tmp_path / "c.jsonl", say=said.append)
    assert "pairs:folder" in said[2]
    assert captions(tmp_path / "c.jsonl") == {"a.avi": "Not the text beside it."}


def test_what_framescribe_exported_it_knows(clips: Path, tmp_path: Path) -> None:
    first, again = tmp_path / "first.jsonl", tmp_path / "again.jsonl"
    import_rows(clips, first, "txt")
    framescribe("export", first, "--to", "txt", "-o", tmp_path / "out", "--videos", "copy")
    said: list[str] = []
    import_rows(tmp_path / "out", again, say=said.append)
    assert "txt:folder (exported by framescribe;" in said[0]
    assert sorted(captions(again).values()) == ["A dog, “ohwx” style.", "Two cats asleep."]


def test_a_trainers_set_that_lacks_a_text_is_read_as_texts(clips: Path, tmp_path: Path) -> None:
    (clips / "c.txt").write_text("A cube.")
    import_rows(clips, tmp_path / "first.jsonl", "txt")
    framescribe("export", tmp_path / "first.jsonl", "--to", "musubi-tuner", "-o", tmp_path / "out", "--videos", "copy")
    (tmp_path / "out" / "videos" / "a.txt").unlink()
    said: list[str] = []
    import_rows(tmp_path / "out", tmp_path / "again.jsonl", say=said.append)
    assert "texts beside videos, txt:folder (not as musubi-tuner, which would stop:" in said[0]
    assert "a.avi has no .txt" in said[0]
    assert sorted(map(str, captions(tmp_path / "again.jsonl").values())) == ["A cube.", "Two cats\nasleep."]


@pytest.mark.parametrize(
    ("name", "wanted", "said"),
    [
        (
            "either.pairs",
            None,
            "may be of several formats, which read it differently: .*pairs:list, .*sriap:list",
        ),
        ("notes.md", None, "is of no format that framescribe recognises. Name it with --from: txt"),
        ("x.pairs", "pears", "no format is called 'pears'. Did you mean 'pairs'?"),
        ("x.pairs", "pairs:lost", "pairs has no layout 'lost'"),
        ("nowhere", None, "nowhere does not exist"),
        ("captions.jsonl", None, "is already a result of framescribe"),
        ("captions.jsonl.parts", None, "is already a result of framescribe"),
        ("captions.jsonl", "pairs", "is already a result of framescribe"),
        ("bare", None, "is of no format"),
        ("bare", "txt", "no clip of .* has a caption, read as txt:folder"),
        ("lost.pairs", None, "none of the videos that .* names is there .first: .*gone.avi"),
        ("empty.pairs", "pairs", "holds no clip"),
    ],
)
def test_what_cannot_be_imported_is_said_in_one_line(
    clips: Path, tmp_path: Path, name: str, wanted: str | None, said: str
) -> None:
    raw_film(tmp_path / "bare" / "a.avi", 1)
    (tmp_path / "either.pairs").write_text("bare/a.avi|Words.|\n")
    (tmp_path / "x.pairs").write_text("bare/a.avi|Words.|\n")
    (tmp_path / "lost.pairs").write_text("gone.avi|Words.|\n")
    (tmp_path / "empty.pairs").write_text("")
    (tmp_path / "notes.md").write_text("Notes.")
    import_rows(clips, tmp_path / "captions.jsonl", "txt")
    output = tmp_path / "other.jsonl"
    with pytest.raises(UserError, match=said):
        import_rows(tmp_path / name, output, wanted)
    assert not output.exists()
    assert not output.with_name("other.jsonl.parts").exists()


def test_videos_inside_parquet_are_said_to_be_there(clips: Path, tmp_path: Path) -> None:
    import_rows(clips, tmp_path / "captions.jsonl", "txt")
    export_rows(tmp_path / "captions.jsonl", "datasets", tmp_path / "packed")
    with pytest.raises(UserError, match=r"train-00000\.parquet holds the videos themselves"):
        import_rows(tmp_path / "packed", tmp_path / "other.jsonl")


def test_captions_of_files_that_are_not_there_now_are_kept(server: ScriptedServer, tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 1)
    (tmp_path / "x.pairs").write_text("a.avi|Words.|\nb.avi|Others.|\n")
    output = tmp_path / "captions.jsonl"
    made = import_rows(tmp_path / "x.pairs", output, "pairs")
    assert (counts(made), made.missing.first) == ({"new": 2, "missing": 1}, "b.avi")
    assert captions(output) == {"a.avi": "Words.", "b.avi": "Others."}
    raw_film(tmp_path / "b.avi", 2)  # it comes back
    run = Run(server, found(tmp_path), output, keep_captions=True)
    assert (run.requests, captions(output)) == (0, {"a.avi": "Words.", "b.avi": "Others."})
