"""An export gives a trainer exactly the rows that count, each caption with its own video, or nothing and the reason."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from framescribe.dataset.export import Exported, Options, export_rows
from framescribe.dataset.fit import Fit
from framescribe.errors import RunError, UserError
from framescribe.formats import sidecars
from framescribe.formats.target import NOTES, Target
from framescribe.python.export import export
from framescribe.records import FrameCaption
from tests.exports import FACTS, beside, clip, digest, digests, result, row, times, tree
from tests.nasty import EMPTY
from tests.test_shards import pack

ROOT = Path(__file__).parent.parent


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    return [clip(tmp_path / "clips" / f"{number}.mp4", number) for number in range(5)]


def exported(captions: Path, folder: Path, **options: Any) -> Exported:
    return export_rows(captions, "txt", folder, options=Options(**options))


def refused(captions: Path, folder: Path, **options: Any) -> str:
    """Why an export was refused, of which nothing is left behind: all is as it was before."""
    before, notes = (tree(folder), (folder / NOTES).exists()) if folder.is_dir() else (None, False)
    with pytest.raises(UserError) as error:
        exported(captions, folder, **options)
    assert (tree(folder) if folder.is_dir() else None) == before
    assert before is None or (folder / NOTES).exists() == notes
    return str(error.value)


# --- which rows ---


def test_only_rows_that_are_well_or_that_a_person_edited_are_exported(clips: list[Path], tmp_path: Path) -> None:
    edits = [{"field": "caption", "old": "x", "new": "Mine.", "who": "me", "when": "2026-01-01T00:00:00+00:00"}]
    frames = [{**edits[0], "field": "frames[0]"}]
    edited, other = row(clips[3], "Mine.", status="flagged"), row(clips[4], "Doubted.", status="flagged")
    rows = [
        row(clips[0], "A red ball."),
        row(clips[1], None, status="failed"),
        row(clips[2], "Doubted.", status="flagged"),
        replace(edited, provenance={**edited.provenance, "edits": edits}),
        replace(other, provenance={**other.provenance, "edits": frames}),  # that says nothing about its caption
    ]
    captions = result(tmp_path / "captions.jsonl", rows)
    done = exported(captions, tmp_path / "set")
    names = digests(clips)
    assert beside(tmp_path / "set", names) == {"0.mp4": "A red ball.", "3.mp4": "Mine."}
    assert (done.clips, done.left_out) == (2, {"failed": 1, "flagged": 2})
    done = exported(captions, tmp_path / "all", include_flagged=True)
    assert beside(tmp_path / "all", names) == {
        "0.mp4": "A red ball.",
        "2.mp4": "Doubted.",
        "3.mp4": "Mine.",
        "4.mp4": "Doubted.",
    }
    assert (done.clips, done.left_out) == (4, {"failed": 1})


def test_conditions_and_ids_select_rows(clips: list[Path], tmp_path: Path) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(path, f"Words {path.name}") for path in clips])
    (tmp_path / "ids.txt").write_text("1.mp4\n2.mp4\n")
    exported(captions, tmp_path / "set", ids=str(tmp_path / "ids.txt"), where=("id != 2.mp4",))
    assert beside(tmp_path / "set", digests(clips)) == {"1.mp4": "Words 1.mp4"}


def test_what_has_no_row_to_export_says_why(clips: list[Path], tmp_path: Path) -> None:
    rows = [row(clips[0], None, status="failed"), row(clips[1], "Doubted.", status="flagged")]
    said = refused(result(tmp_path / "captions.jsonl", rows), tmp_path / "set")
    assert "failed (1), flagged (1)" in said and "--include-flagged" in said
    rows = [row(clips[0], "A ball.")]
    assert "not words > 9 (1)" in refused(result(tmp_path / "b.jsonl", rows), tmp_path / "set", where=("words > 9",))


# --- which words ---


def test_variants_are_captions_stages_values_and_columns(clips: list[Path], tmp_path: Path) -> None:
    made = row(clips[0], "The caption.", metadata={"title": "A title", "number": 7}, frames=())
    stages = {
        **made.stages,
        "frames": {"fingerprint": "f", "fills": ["frames"]},
        "draft": {"fingerprint": "f", "output": "A draft."},
        "levels": {"fingerprint": "f", "output": {"short": "Short.", "tags": ["a", "b"]}},
    }
    frames = (FrameCaption(index=0, time=0.0, caption="One frame."), FrameCaption(index=1, time=0.1, caption=None))
    made = replace(made, frames=frames, provenance={**made.provenance, "stages": stages})
    captions = result(tmp_path / "captions.jsonl", [made])
    for variant, words in {
        "caption": "The caption.",
        "clip": "The caption.",
        "frames": "One frame.",
        "draft": "A draft.",
        "short": "Short.",
        "title": "A title",
        "number": "7",
    }.items():
        exported(captions, tmp_path / "set", variants=(variant,))
        assert beside(tmp_path / "set", digests(clips)) == {"0.mp4": words}
    assert "it has no text called missing: 0.mp4" in refused(captions, tmp_path / "set", variants=("missing",))
    with pytest.raises(UserError, match="one caption per clip"):
        exported(captions, tmp_path / "set", variants=("short", "draft"))
    for weight in ("short=0", "short=x", "short=²", "=2", "short=101"):
        with pytest.raises(UserError, match="whole number from 1 to 100"):
            exported(captions, tmp_path / "set", variants=(weight,))


@pytest.mark.parametrize(
    ("words", "read"),
    [("a\r\nb\rc\nd", "a\nb\nc\nd"), ("\ufeffA cat.", "A cat."), ("\ufeff \ufeffA cat.\r\n", "A cat.")],
)
def test_words_that_a_text_file_cannot_keep_are_made_such_that_it_can(
    clips: list[Path], tmp_path: Path, words: str, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = replace(sidecars.FORMAT.layouts[0], newlines=True)
    monkeypatch.setattr(sidecars, "FORMAT", replace(sidecars.FORMAT, layouts=(layout,)))
    exported(result(tmp_path / "captions.jsonl", [row(clips[0], words)]), tmp_path / "set")
    assert (tmp_path / "set" / "0.txt").read_bytes() == read.encode()


# --- what is refused ---


@pytest.mark.parametrize("empty", [None, *EMPTY, "\ufeff"])
def test_empty_captions_are_refused_and_named(clips: list[Path], tmp_path: Path, empty: str | None) -> None:
    rows = [row(clips[0], "A ball."), row(clips[1], empty), row(clips[2], "A cube.")]
    said = refused(result(tmp_path / "captions.jsonl", rows), tmp_path / "set" / "below")
    assert "caption" in said and "1.mp4" in said and "0.mp4" not in said
    assert not (tmp_path / "set").exists()


def test_everything_that_is_wrong_is_said_at_once_and_safely(clips: list[Path], tmp_path: Path) -> None:
    rows = [row(clips[0], "A ball.")]
    rows += [row(tmp_path / f"gone{number}.mp4", "Gone.") for number in range(9)]
    rows += [row(clips[1], "half of \ud83d it"), row(tmp_path / "bad\x1b[31m\n.mp4", "Gone.")]
    captions = result(tmp_path / "captions.jsonl", rows)
    said = refused(captions, tmp_path / "set")
    assert "there is no such file: gone0.mp4, gone1.mp4, gone2.mp4 and 7 more" in said
    assert "half a character" in said and "1.mp4" in said
    assert "\x1b" not in said
    exported(result(tmp_path / "b.jsonl", rows[:1]), tmp_path / "set")
    before = tree(tmp_path / "set")
    refused(captions, tmp_path / "set", force=True)
    assert tree(tmp_path / "set") == before and beside(tmp_path / "set", digests(clips)) == {"0.mp4": "A ball."}


def test_rows_that_are_of_no_use_can_be_skipped(clips: list[Path], tmp_path: Path) -> None:
    rows = [row(clips[0], "A red ball."), row(clips[1], " "), row(tmp_path / "gone.mp4", "A cube.")]
    done = exported(result(tmp_path / "captions.jsonl", rows), tmp_path / "set", skip_unusable=True)
    assert beside(tmp_path / "set", digests(clips)) == {"0.mp4": "A red ball."}
    assert (done.clips, sorted(done.left_out.values())) == (1, [1, 1])
    with pytest.raises(UserError, match="no row"):  # not a folder without a clip
        exported(result(tmp_path / "two.jsonl", rows[1:]), tmp_path / "other", skip_unusable=True)
    assert not (tmp_path / "other").exists()


def test_captions_for_one_result_leave_those_of_another(clips: list[Path], tmp_path: Path) -> None:
    first = result(tmp_path / "first.jsonl", [row(clips[0], "A red ball."), row(clips[1], "A blue one.")])
    second = result(tmp_path / "second.jsonl", [row(clips[1], "A green one.")])
    exported(first, tmp_path / "clips")
    exported(second, tmp_path / "clips", only=lambda row: True)
    texts = [path.read_text() for path in sorted((tmp_path / "clips").glob("*.txt"))]
    assert texts == ["A red ball.", "A green one."]
    exported(second, tmp_path / "clips")  # a whole export knows the other text as its own all the same
    assert not (tmp_path / "clips" / "0.txt").exists()


def test_reasons_without_end_are_cut(clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clips[0]
    layout = replace(sidecars.FORMAT.layouts[0], refuses=lambda sample: f"{sample.id} has a reason of its own")
    monkeypatch.setattr(sidecars, "FORMAT", replace(sidecars.FORMAT, layouts=(layout,)))
    rows = [row(path, "A ball.", id=f"{number}.mp4") for number in range(50)]
    said = refused(result(tmp_path / "captions.jsonl", rows), tmp_path / "set")
    assert len(said.splitlines()) == 13 and "and 40 more for other reasons" in said


def test_a_place_that_is_no_folder_is_refused(clips: list[Path], tmp_path: Path) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(clips[0], "A ball.")])
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="choose another -o"):
            exported(captions, place)
    assert (tmp_path / "file").read_text() == "mine"
    for missing in (tmp_path / "none.jsonl", tmp_path / "none.csv"):
        with pytest.raises(UserError, match="there is no result"):
            exported(missing, tmp_path / "set")
    assert not (tmp_path / "set").exists()


# --- where the videos are ---


def test_links_lead_to_the_clips_and_copies_are_the_clips(clips: list[Path], tmp_path: Path) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(path, f"Words {path.name}") for path in clips])
    words = {path.name: f"Words {path.name}" for path in clips}
    exported(captions, tmp_path / "links")
    assert beside(tmp_path / "links", digests(clips)) == words
    assert all((tmp_path / "links" / path.name).is_symlink() for path in clips)
    exported(captions, tmp_path / "copies", videos="copy")
    assert beside(tmp_path / "copies", digests(clips)) == words
    assert not any((tmp_path / "copies" / path.name).is_symlink() for path in clips)
    assert "--videos link or copy" in refused(captions, tmp_path / "none", videos="as-is")


@pytest.mark.parametrize(("format", "layout"), [("ltx-2", "json"), ("musubi-tuner", "jsonl")])
@pytest.mark.parametrize("inside", [False, True])
def test_a_list_names_no_two_clips_that_share_what_is_computed(
    clips: list[Path], tmp_path: Path, format: str, layout: str, inside: bool
) -> None:
    """LTX-2 keeps both under the path with .pt: the last caption, for both."""
    videos = tmp_path / ("set/videos" if inside else "clips")
    one, other = clip(videos / "same.mp4", 6), clip(videos / "same.mov", 7)
    captions = result(tmp_path / "captions.jsonl", [row(one, "One."), row(other, "Other.")])
    with pytest.raises(UserError, match=r"but for the ending.*: same\.mov"):
        export_rows(captions, format, tmp_path / "set", layout, Options(videos="as-is"))
    alone = Options(videos="as-is", skip_unusable=True)
    assert export_rows(captions, format, tmp_path / "set", layout, alone).clips == 1


def test_a_list_names_no_ending_at_which_the_trainer_stops(tmp_path: Path) -> None:
    loud = clip(tmp_path / "clips" / "LOUD.MP4", 1)
    captions = result(tmp_path / "captions.jsonl", [row(loud, "Loud.")])
    with pytest.raises(UserError, match=r"in lower case only.*: LOUD\.MP4"):
        export_rows(captions, "open-sora-plan", tmp_path / "set", options=Options(videos="as-is"))
    export_rows(captions, "open-sora-plan", tmp_path / "set")
    assert (tmp_path / "set/videos/LOUD.mp4").exists()


def test_clips_in_the_folder_are_used_where_they_are(clips: list[Path], tmp_path: Path) -> None:
    deep = clip(tmp_path / "clips" / "deep" / "er" / "5.mp4", 5)
    captions = result(tmp_path / "captions.jsonl", [row(path, f"Words {path.name}") for path in [*clips, deep]])
    for videos in ("as-is", "link", "copy"):
        before = {path: path.stat().st_ino for path in [*clips, deep]}
        done = exported(captions, tmp_path / "clips", videos=videos)
        assert beside(tmp_path / "clips", digests([*clips, deep])) == {
            path.name: f"Words {path.name}" for path in [*clips, deep]
        }
        assert {path: path.stat().st_ino for path in [*clips, deep]} == before and done.clips == 6
    assert (deep.parent / "5.txt").read_text() == "Words 5.mp4"


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_by_another_name_is_still_that_folder(clips: list[Path], tmp_path: Path, *, force: bool) -> None:
    """A clip is never replaced by a link to itself."""
    (tmp_path / "other").symlink_to(tmp_path / "clips")
    captions = result(tmp_path / "captions.jsonl", [row(path, f"Words {path.name}") for path in clips])
    exported(captions, tmp_path / "other", force=force)
    there = result(tmp_path / "there.jsonl", [row(tmp_path / "other" / path.name, "Other.") for path in clips])
    exported(there, tmp_path / "clips", force=force)
    assert not any(path.is_symlink() for path in clips)
    assert beside(tmp_path / "clips", digests(clips)) == {path.name: "Other." for path in clips}


def test_shared_stems_in_the_folder_are_refused(clips: list[Path], tmp_path: Path) -> None:
    other = clip(tmp_path / "clips" / "0.mov", 9, "mov")
    captions = result(tmp_path / "captions.jsonl", [row(clips[0], "A ball."), row(other, "A cube.")])
    said = refused(captions, tmp_path / "clips")
    assert "share a caption: rename one: 0.mp4, 0.mov" in said
    assert "rename one: 0.mp4" in refused(captions, tmp_path / "clips", where=("id != 0.mov",))
    assert not list((tmp_path / "clips").glob("*.txt"))
    exported(captions, tmp_path / "set")  # elsewhere they get names of their own
    assert beside(tmp_path / "set", digests([clips[0], other])) == {"0.mp4": "A ball.", "0.mov": "A cube."}


def test_one_clip_with_two_rows_in_the_folder_is_refused(clips: list[Path], tmp_path: Path) -> None:
    rows = [row(clips[0], "A ball.", id="one"), row(clips[0], "A cube.", id="two")]
    assert "two" in refused(result(tmp_path / "captions.jsonl", rows), tmp_path / "clips")


def test_a_clip_in_the_folder_and_one_from_elsewhere_never_share_a_name(clips: list[Path], tmp_path: Path) -> None:
    other, stem = clip(tmp_path / "other" / "0.mp4", 9), clip(tmp_path / "other" / "1.mov", 10, "mov")
    rows = [row(other, "Elsewhere."), row(clips[0], "Here."), row(stem, "Stem."), row(clips[1], "One.")]
    captions = result(tmp_path / "captions.jsonl", rows)
    for _ in range(2):
        exported(captions, tmp_path / "clips")
        names = {digest(other): "other", digest(clips[0]): "own", digest(stem): "stem", digest(clips[1]): "one"}
        assert beside(tmp_path / "clips", names) == {
            "other": "Elsewhere.",
            "own": "Here.",
            "stem": "Stem.",
            "one": "One.",
        }
    assert not clips[0].is_symlink()


def test_an_export_that_is_captioned_and_exported_again_keeps_its_videos(clips: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "set"
    for videos in ("link", "copy"):
        exported(result(tmp_path / "a.jsonl", [row(path, "First.") for path in clips]), folder, videos=videos)
        rows = [row(folder / path.name, f"Second {path.name}") for path in clips]
        exported(result(tmp_path / f"{videos}.jsonl", rows), folder)
        assert beside(folder, digests(clips)) == {path.name: f"Second {path.name}" for path in clips}


def test_videos_in_tars_are_copied_and_not_linked(clips: list[Path], tmp_path: Path) -> None:
    pack(tmp_path / "shard.tar", {path.name: path.read_bytes() for path in clips})
    rows = [row(f"{tmp_path}/shard.tar/{path.name}", f"Words {path.name}") for path in clips]
    captions = result(tmp_path / "captions.jsonl", rows)
    assert "--videos copy" in refused(captions, tmp_path / "set")
    exported(captions, tmp_path / "set", videos="copy")
    assert beside(tmp_path / "set", digests(clips)) == {path.name: f"Words {path.name}" for path in clips}
    (tmp_path / "folder.tar").mkdir()  # which is none
    os.link(clips[0], tmp_path / "folder.tar" / "0.mp4")
    exported(result(tmp_path / "b.jsonl", [row(tmp_path / "folder.tar" / "0.mp4", "A ball.")]), tmp_path / "linked")
    assert beside(tmp_path / "linked", digests(clips)) == {"0.mp4": "A ball."}


def test_videos_at_urls_are_copied_and_not_linked(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    memory = fsspec.filesystem("memory")
    memory.pipe("/films/0.mp4", clips[0].read_bytes())
    captions = result(tmp_path / "captions.jsonl", [row("memory://films/0.mp4", "A ball.")])
    assert "--videos copy" in refused(captions, tmp_path / "set")
    exported(captions, tmp_path / "set", videos="copy")
    assert beside(tmp_path / "set", digests(clips)) == {"0.mp4": "A ball."}
    hidden = [row("https://films.example/0.mp4?sha256-0123456789abcdef", "A ball.")]
    said = refused(result(tmp_path / "b.jsonl", hidden), tmp_path / "b", videos="copy")
    assert "its address has a query" in said


@pytest.mark.parametrize("spelt", ["{}/./0.mp4", "{}/../clips/0.mp4", "{}//0.mp4", "clips/0.mp4", "./clips/0.mp4"])
def test_a_list_names_a_clip_by_its_whole_path_however_the_row_spells_it(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spelt: str
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [replace(row(clips[0], "A ball."), video_path=spelt.format(tmp_path / "clips"))]
    captions = result(tmp_path / "captions.jsonl", rows)
    export_rows(captions, "finetrainers", tmp_path / "set", "lists", Options(videos="as-is"))
    assert (tmp_path / "set" / "videos.txt").read_text() == f"{clips[0]}\n"


@pytest.mark.parametrize("name", ["", ".", "clips", "gone.mp4"])
def test_what_is_no_file_is_not_exported(clips: list[Path], tmp_path: Path, name: str) -> None:
    rows = [replace(row(clips[0], "A ball."), video_path=f"{tmp_path}/{name}")]
    assert "there is no such file" in refused(
        result(tmp_path / "captions.jsonl", rows), tmp_path / "set", videos="as-is"
    )


def test_relative_folders_start_where_the_command_does(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(path, f"Words {path.name}") for path in clips])
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    export_rows("../captions.jsonl", "txt", "my set", options=Options())
    names = {path.name: f"Words {path.name}" for path in clips}
    assert beside(tmp_path / "elsewhere" / "my set", digests(clips)) == names
    (tmp_path / "moved").mkdir()
    (tmp_path / "elsewhere" / "my set").rename(tmp_path / "moved" / "set")  # links and notes move with it
    monkeypatch.chdir(tmp_path)
    before = times(tmp_path / "moved" / "set")
    exported(captions, tmp_path / "moved" / "set")
    assert times(tmp_path / "moved" / "set") == before


def test_where_no_links_can_be_made_copies_are_offered(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(clips[0], "A ball.")])

    def refuse(*paths: str) -> None:  # as Windows does for users without that right, and FAT for all
        raise PermissionError(1, "A required privilege is not held by the client")

    monkeypatch.setattr(os, "symlink", refuse)
    said = refused(captions, tmp_path / "set" / "below")
    assert "--videos copy" in said and not (tmp_path / "set").exists()
    exported(captions, tmp_path / "set", videos="copy")
    assert beside(tmp_path / "set", digests(clips)) == {"0.mp4": "A ball."}


# --- again ---


@pytest.mark.parametrize("videos", ["link", "copy"])
def test_the_same_export_again_touches_nothing(clips: list[Path], tmp_path: Path, videos: Any) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(path, f"Words {path.name}") for path in clips])
    exported(captions, tmp_path / "set", videos=videos)
    before = times(tmp_path / "set")
    done = exported(captions, tmp_path / "set", videos=videos)
    assert times(tmp_path / "set") == before
    assert (done.clips, done.others, done.kept) == (5, 0, ())


def test_what_no_longer_belongs_to_it_goes(clips: list[Path], tmp_path: Path) -> None:
    deep = clip(tmp_path / "clips" / "deep" / "5.mp4", 5)
    rows = [row(path, f"Words {path.name}", id=str(path.relative_to(tmp_path / "clips"))) for path in [*clips, deep]]
    captions = result(tmp_path / "captions.jsonl", rows)
    exported(captions, tmp_path / "set")
    assert (tmp_path / "set" / "deep" / "5.txt").exists()
    done = exported(captions, tmp_path / "set", where=("id != 0.mp4", "id != deep/5.mp4"))
    assert sorted(tree(tmp_path / "set", card=False)) == sorted(
        f"{n}.{end}" for n in range(1, 5) for end in ("mp4", "txt")
    )
    assert not (tmp_path / "set" / "deep").exists()
    assert (done.clips, done.others) == (4, 0)
    assert all(path.exists() for path in [*clips, deep])


def test_what_a_person_wrote_stays_and_is_said(clips: list[Path], tmp_path: Path) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(path, f"Words {path.name}") for path in clips])
    folder = tmp_path / "set"
    exported(captions, folder)
    (folder / "0.txt").write_text("Mine.")
    (folder / "own.txt").write_text("Also mine.")
    clip(folder / "own.mp4", 9)
    for where in ((), ("id != 0.mp4",)):
        done = exported(captions, folder, where=where)
        assert (folder / "0.txt").read_text() == "Mine."
        assert (folder / "own.txt").read_text() == "Also mine."
    assert done.kept == () and not (folder / "0.mp4").exists()
    done = exported(captions, folder)
    assert done.kept == (str(folder / "0.mp4"),) and done.others == 1
    done = exported(captions, folder, force=True)
    assert done.kept == () and (folder / "0.txt").read_text() == "Words 0.mp4"
    assert (folder / "own.txt").read_text() == "Also mine."


def test_a_persons_list_is_not_overwritten_and_no_other_file_is_then(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layout of two lists and settings: none is replaced unless all are, except that settings may be a person's."""

    def write(samples: Any, target: Target) -> None:
        with target.file("words.txt") as file:
            names = [target.relative(sample.video) for sample in samples if file.write(sample.captions[0] + "\n")]
        with target.file("names.txt") as file:
            file.write("\n".join(names) + "\n")
        with target.file("settings.toml", settings=True) as file:
            file.write("size = 1\n")

    def read(folder: Path) -> Iterator[Any]:
        names = (folder / "names.txt").read_text().splitlines()
        for name, words in zip(names, (folder / "words.txt").read_text().splitlines(), strict=True):
            yield sidecars.Sample(video=str(folder / name), captions=(words,))

    layout = replace(sidecars.FORMAT.layouts[0], write=write, read=read, videos="listed", newlines=False)
    monkeypatch.setattr(sidecars, "FORMAT", replace(sidecars.FORMAT, layouts=(layout,)))
    folder = tmp_path / "set"
    exported(result(tmp_path / "a.jsonl", [row(path, "First.") for path in clips]), folder, videos="as-is")
    (folder / "settings.toml").write_text("size = 2\n")
    done = exported(result(tmp_path / "b.jsonl", [row(path, "Second.") for path in clips]), folder, videos="as-is")
    assert (folder / "settings.toml").read_text() == "size = 2\n"
    assert done.settings_kept == (str(folder / "settings.toml"),)
    (folder / "names.txt").write_text("mine\n")
    captions = result(tmp_path / "c.jsonl", [row(path, "Third.") for path in clips])
    assert "names.txt" in refused(captions, folder, videos="as-is")
    assert (folder / "words.txt").read_text() == "Second.\n" * 5
    assert "2.mp4" in refused(
        result(tmp_path / "d.jsonl", [row(clips[0], "Third."), row(clips[2], " ")]), folder, videos="as-is", force=True
    )
    done = exported(captions, folder, videos="as-is", force=True)
    assert (folder / "words.txt").read_text() == "Third.\n" * 5
    assert (folder / "settings.toml").read_text() == "size = 1\n"
    own = result(folder / "words.jsonl", [row(path, "Fourth.") for path in clips])
    layout = replace(layout, write=lambda samples, target: list(samples) and target.file("words.jsonl").__enter__())
    monkeypatch.setattr(sidecars, "FORMAT", replace(sidecars.FORMAT, layouts=(layout,)))
    before = own.read_bytes()
    with pytest.raises(UserError, match="is the result that is exported"):
        exported(own, folder, videos="as-is", force=True)
    assert own.read_bytes() == before


def test_another_file_where_a_video_belongs_is_left_alone(clips: list[Path], tmp_path: Path) -> None:
    """Somebody's own clip keeps its name, and the exported one gets another; with --force, too."""
    captions = result(tmp_path / "captions.jsonl", [row(clips[0], "A ball.")])
    for force in (False, True):
        folder = tmp_path / f"set{force}"
        own = clip(folder / "0.mp4", 9)
        before = digest(own)
        exported(captions, folder, force=force)
        assert digest(own) == before and not own.is_symlink()
        assert beside(folder, digests(clips)) == {"0.mp4": "A ball."}


# --- ends and neighbours ---


def test_a_kill_in_the_middle_leaves_nothing_that_the_next_export_does_not_know(
    clips: list[Path], tmp_path: Path
) -> None:
    rows = [row(clips[number % 5], f"Old {number}", id=f"{number:03}.mp4") for number in range(300)]
    old = result(tmp_path / "old.jsonl", rows)
    new = result(tmp_path / "new.jsonl", [replace(one, caption=f"New {one.id}") for one in rows[100:]])
    folder = tmp_path / "set"
    script = (
        "import os, sys\n"
        "from framescribe.dataset.export import export_rows\n"
        "from framescribe.formats.target import Target\n"
        "put, count = Target._put, [0]\n"
        "def slow(self, path, content):\n"
        "    count[0] += 1\n"
        "    if count[0] == 77: os.kill(os.getpid(), 9)\n"
        "    put(self, path, content)\n"
        "Target._put = slow\n"
        "export_rows(sys.argv[1], 'txt', sys.argv[2])\n"
    )
    for captions in (old, new):
        killed = subprocess.run(
            [sys.executable, "-c", script, captions, folder], env={**os.environ, "PYTHONPATH": str(ROOT / "src")}
        )
        assert killed.returncode == -signal.SIGKILL
    for captions, count in ((new, 200), (old, 300)):
        done = exported(captions, folder)
        assert (done.clips, done.kept, done.others) == (count, (), 0)
        assert len(tree(folder, card=False)) == 2 * count
    assert (folder / "150.txt").read_text() == "Old 150"


def test_two_exports_at_once_do_not_mix(clips: list[Path], tmp_path: Path) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(path, "A ball.") for path in clips])
    with Target(tmp_path / "set"), pytest.raises(UserError, match="another export is writing"):
        exported(captions, tmp_path / "set")
    exported(captions, tmp_path / "set")
    assert len(tree(tmp_path / "set", card=False)) == 10


def test_a_full_disk_ends_the_export_with_a_line_and_the_next_completes_it(clips: list[Path], tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    words = ("mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", str(disk))
    if not sys.platform.startswith("linux") or os.geteuid() or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("mounting a small disk takes root on Linux")
    try:
        rows = [row(clips[0], "A ball. " * 600, id=f"{number}.mp4") for number in range(30)]
        captions = result(tmp_path / "captions.jsonl", rows)
        with pytest.raises((RunError, UserError), match="No space left on device") as error:
            exported(captions, disk / "set")
        assert "the same command completes it" in str(error.value).lower()
        exported(captions, disk / "set", where=("id != 1.mp4",), ids=_ids(tmp_path, ["0.mp4", "2.mp4", "3.mp4"]))
        assert sorted(tree(disk / "set", card=False)) == [f"{n}.{end}" for n in (0, 2, 3) for end in ("mp4", "txt")]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _ids(folder: Path, names: Sequence[str]) -> str:
    (folder / "ids.txt").write_text("\n".join(names))
    return str(folder / "ids.txt")


def test_a_reader_that_finds_other_words_stops_the_export(
    clips: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(path, f"Words {path.name}") for path in clips])
    layout = sidecars.FORMAT.layouts[0]

    def wrong(samples: Any, target: Target) -> None:
        samples = list(samples)
        sidecars.write_beside([structs.replace(samples[0], captions=samples[1].captions), *samples[1:]], target)

    def fewer(samples: Any, target: Target) -> None:
        sidecars.write_beside(list(samples)[1:], target)

    for write, said in ((wrong, "other words for .*0.mp4: Words 1.mp4"), (fewer, "other words for .*0.mp4: none")):
        monkeypatch.setattr(sidecars, "FORMAT", replace(sidecars.FORMAT, layouts=(replace(layout, write=write),)))
        with pytest.raises(RunError, match=said):
            exported(captions, tmp_path / write.__name__)


def test_the_command_says_what_it_did(clips: list[Path], tmp_path: Path) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(path, f"Words {path.name}", video=FACTS) for path in clips])
    done = subprocess.run(
        [sys.executable, "-m", "framescribe", "export", captions, "--to", "musubi-tuner", "-o", tmp_path / "my set"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    last = (done.stdout + done.stderr).splitlines()
    assert any("5 clips in" in line and "read back" in line for line in last)
    assert any(line.startswith("next: ") for line in last)
    assert str(tmp_path / "my set" / "dataset_config.toml") in shlex.split(last[-1])


def test_fitting_is_never_in_the_rows(clips: list[Path], tmp_path: Path) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(clips[0], "A ball.  ")])
    before, stamp = captions.read_bytes(), captions.stat().st_mtime_ns
    exported(captions, tmp_path / "set", fit=Fit())
    assert (captions.read_bytes(), captions.stat().st_mtime_ns) == (before, stamp)


def test_what_would_be_pushed_without_its_videos_is_refused(clips: list[Path], tmp_path: Path) -> None:
    captions = result(tmp_path / "captions.jsonl", [row(clips[0], "A ball.")])
    with pytest.raises(UserError, match="cannot be pushed"):
        export(captions, to="csv", folder=tmp_path / "set", videos="as-is", push_to_hub="me/set")
    assert not (tmp_path / "set").exists()
