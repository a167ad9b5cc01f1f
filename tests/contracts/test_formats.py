"""What every layout of every format promises, shown on clips and captions that break lists: what is exported is read
back word for word with the right clip, what cannot be is refused by name and leaves nothing behind."""

from __future__ import annotations

import json
import shlex
import tarfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from framescribe import registry
from framescribe.dataset.export import Exported, Options, export_rows
from framescribe.errors import UserError
from framescribe.formats.base import Format, Layout, Sample
from framescribe.names import shown
from tests.exports import clip, digest, result, row, times, tree
from tests.nasty import CAPTIONS, EMPTY, Nasty, nasty

CORE = 11  # so many captions of ordinary prose, quotes and scripts, which every format takes
FEW = 8  # clips that a format may refuse for their words; more where it does not give the names
VIDEOS = (".mp4", ".mov", ".mkv", ".txt.mp4")


def formats() -> dict[str, Format]:
    found = {}
    for name in registry.names("formats"):
        try:
            found[name] = registry.load("formats", name)
        except ModuleNotFoundError as error:
            if not str(error.name).startswith("framescribe.formats"):
                raise
    return found


FORMATS = formats()
EVERY = [pytest.param(one, two, id=f"{one.name}-{two.name}") for one in FORMATS.values() for two in one.layouts]
each_layout = pytest.mark.parametrize(("format", "layout"), EVERY)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Nasty]:
    return nasty(tmp_path_factory.mktemp("nasty") / "clips")


def test_every_format_that_is_listed_is_there() -> None:
    assert list(FORMATS) == registry.names("formats")
    for name, format in FORMATS.items():
        assert format.name == name and format.source and format.layouts
        assert len({layout.name for layout in format.layouts}) == len(format.layouts)


@dataclass(slots=True)
class Set:
    """An export of what of these clips the layout takes; `refused` is what it does not, by id."""

    done: Exported
    taken: list[Nasty]
    refused: list[str]


def wanted(layout: Layout, **options: Any) -> Options:
    """These options; the captions of the rows are exported, also where a layout takes other texts by default."""
    return Options(variants=("caption",) if layout.variant else (), **options)


def exported(
    clips: Sequence[Nasty],
    layout: Layout,
    format: Format,
    folder: Path,
    rows: Path,
    *,
    inside: bool = False,
    **options: Any,
) -> Set:
    """Export the clips, leaving out those that are refused, each of which must have been named. They lie `inside` the
    folder: those that are refused are moved away, as trainers stop at clips without captions."""
    left, refused = list(clips), list[str]()
    for turn in range(60):
        captions = result(rows / f"{len(list(rows.iterdir()))}-{turn}.jsonl", [one.row for one in left])
        before = tree(folder) if folder.exists() else None
        try:
            done = export_rows(captions, format.name, folder, layout.name, wanted(layout, **options))
        except UserError as error:
            said = str(error)
            assert (tree(folder) if folder.exists() else None) == before, "something was written"
            if options["videos"] == "as-is" and "Correct them" not in said:  # it does not lie where the trainer looks
                named = [one for one in left if one.row.video_path in said or f"{one.row.id}:" in said]
                if not inside or not named:
                    return Set(None, [], [])  # type: ignore[arg-type]
                left = [one for one in left if one not in named]
                refused += _moved_away(named)
                continue
            assert "\nCorrect them, or leave them out" in said, said
            named = [one for one in left if any(f"{sign}{shown(one.row.id)}" in said for sign in (": ", ", "))]
            assert named, said
            refused += _moved_away(named) if inside else [one.row.id for one in named]
            left = [one for one in left if one not in named]
            if not any(one.good for one in left):
                return Set(None, [], refused)  # type: ignore[arg-type]
            continue
        return Set(done, [one for one in left if one.good], refused)
    raise AssertionError(f"refused: {refused}")


def _moved_away(clips: Sequence[Nasty]) -> list[str]:
    for one in clips:
        Path(one.row.video_path).unlink()
    return [one.row.id for one in clips]


def structured(clips: Sequence[Nasty]) -> list[Nasty]:
    """The same clips with captions that are JSON objects, for formats that take no other."""
    return [
        replace(one, row=replace(one.row, caption=words), words=words) if one.good else one
        for one in clips
        for words in [json.dumps({"comprehensive_t2i_caption": one.words, "scene": one.words})]
    ]


def read_as(layout: Layout, one: Nasty) -> tuple[str, ...]:
    return layout.read_as(Sample(video=one.row.video_path, captions=(one.words,), info=one.row.video))


def folded(text: str) -> str:
    """Text in which all blanks and line breaks are one blank each."""
    return " ".join(text.split())


def same(layout: Layout, found: str, words: str) -> bool:
    if found == words:
        return True
    if words.startswith('{"') and found.startswith("{"):
        return bool(json.loads(found) == json.loads(words))
    return not layout.newlines and "\n" not in found and "\r" not in found and folded(found) == folded(words)


def content(video: str) -> str | None:
    """A hash of the video's bytes, wherever the layout keeps them; None where only the layout's reader knows."""
    tar, inside, name = video.partition(".tar/")
    if inside and not Path(video).exists():
        with tarfile.open(f"{tar}.tar") as file:
            import hashlib

            member = file.extractfile(name)
            assert member is not None
            return hashlib.sha256(member.read()).hexdigest()
    return digest(video) if Path(video).is_file() else None


def proven(made: Set, layout: Layout, folder: Path) -> None:
    """What lies there is what was exported: through the layout's reader, and by looking at the files."""
    by_digest = {digest(one.row.video_path): one for one in made.taken}
    samples: list[Sample] = list(layout.read(folder))
    assert len(samples) == made.done.clips == len(made.taken)
    hashes = [content(sample.video) for sample in samples]
    if any(hashes) or layout.videos != "packed":
        assert Counter(hashes) == Counter(by_digest.keys())
        for sample, found in zip(samples, hashes, strict=True):
            assert found is not None
            (words,), (expected,) = sample.captions, read_as(layout, by_digest[found])
            assert same(layout, words, expected), (words, expected)
    else:
        words = sorted(folded(read_as(layout, one)[0]) for one in made.taken)
        assert sorted(folded(sample.captions[0]) for sample in samples) == words
    everything = "\n".join(texts(folder))
    flat = folded(everything)
    for one in made.taken:
        assert any(some in everything or folded(some) in flat for some in spelled(one.words)), one.words


def spelled(words: str) -> Iterator[str]:
    """The ways in which lists spell a text."""
    for text in (words, folded(words)):
        yield text
        yield text.replace('"', '""')
        for ascii in (True, False):
            quoted = json.dumps(text, ensure_ascii=ascii)[1:-1]
            yield quoted
            yield quoted.replace('"', '""')
            yield quoted.replace("\x7f", "\\u007f").replace("/", "\\/")


def texts(folder: Path) -> Iterator[str]:
    """All text that lies in a data set, whatever holds it."""
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            yield from _strings(pq.read_table(path))
        elif path.suffix == ".arrow":
            with pa.memory_map(str(path)) as file:
                try:
                    yield from _strings(pa.ipc.open_stream(file).read_all())
                except pa.ArrowInvalid:
                    yield from _strings(pa.ipc.open_file(file).read_all())
        elif path.suffix == ".tar":
            with tarfile.open(path) as tar:
                for member in tar:
                    if not member.name.endswith(VIDEOS) and (held := tar.extractfile(member)) is not None:
                        yield held.read().decode()
        elif path.is_file() and path.suffix.lower() not in VIDEOS:
            yield path.read_bytes().decode(errors="replace").replace("\r\n", "\n")


def _strings(table: pa.Table) -> Iterator[str]:
    for column in table.columns:
        for value in column.to_pylist():
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, str):
                    yield one


@pytest.mark.parametrize("videos", ["link", "copy"])
@each_layout
def test_what_is_exported_is_read_back_word_for_word_with_the_right_clip(
    format: Format, layout: Layout, videos: str, made: list[Nasty], tmp_path: Path
) -> None:
    folder, rows = tmp_path / "my set", tmp_path / "rows"
    rows.mkdir()
    clips = [one for one in made if layout.endings is None or Path(one.row.id).suffix.lower() in layout.endings]
    assert len(clips) > len(made) - 6
    found = exported(clips, layout, format, folder, rows, videos=videos)
    if not found.taken:
        clips = structured(clips)
        found = exported(clips, layout, format, folder, rows, videos=videos)
    core = {one.row.id for one in clips if one.row.caption in CAPTIONS[:CORE]}
    assert not core & set(found.refused) and len(found.refused) <= FEW, found.refused
    proven(found, layout, folder)
    assert found.done.left_out == {"failed": 1, "flagged": 1}
    start = found.done.start  # nothing starts with texts alone
    assert not start or any(folder.name in word for word in shlex.split(start.replace("\n", " "))), start
    assert layout.recognises(folder) or (format.name, layout.name) == ("fastvideo", "raw")  # finetrainers' lists, alike
    for other in (one for some in FORMATS.values() for one in some.layouts):  # who claims it first reads it the same
        if other is layout:
            break
        if other.recognises(folder):
            assert [(one.video, one.captions) for one in other.read(folder)] == [
                (one.video, one.captions) for one in layout.read(folder)
            ]
            break
    before, when = tree(folder), times(folder)
    captions = result(rows / "again.jsonl", [one.row for one in found.taken])
    export_rows(captions, format.name, folder, layout.name, wanted(layout, videos=videos))
    if layout.videos == "beside":
        changed = {Path(path) for path, at in times(folder).items() if when.get(path) != at}
        assert not {path for path in changed if path.suffix.lower() in (".txt", *VIDEOS)}
    if layout.videos != "packed":
        assert {name for name, held in tree(folder).items() if before.get(name) != held} <= {"README.md"}
    fewer = [one for one in found.taken if one.row.id != found.taken[0].row.id]
    export_rows(
        result(rows / "fewer.jsonl", [one.row for one in fewer]),
        format.name,
        folder,
        layout.name,
        wanted(layout, videos=videos),
    )
    proven(Set(replace(found.done, clips=len(fewer)), fewer, []), layout, folder)


@each_layout
def test_clips_are_used_where_they_are_or_refused(
    format: Format, layout: Layout, made: list[Nasty], tmp_path: Path
) -> None:
    """as-is: outside the folder, and in it, where the trainer looks."""
    rows = tmp_path / "rows"
    rows.mkdir()
    for inside in (False, True):
        folder = tmp_path / f"set {inside}"
        clips = list(made)
        if inside:
            clips = nasty(folder / layout.videos_in if layout.videos_in else folder)
            _moved_away([one for one in clips if not one.good])
        found = exported(clips, layout, format, folder, rows, videos="as-is", inside=inside)
        if not found.taken and layout.videos != "beside":
            if inside:
                clips = [one for one in nasty(folder / layout.videos_in) if one.good]
            found = exported(structured(clips), layout, format, folder, rows, videos="as-is", inside=inside)
        if layout.videos in ("beside", "within") and not inside:
            assert not found.taken and not folder.exists()
        elif found.taken:
            proven_in_place(found, layout, folder)
        else:
            assert not inside


def proven_in_place(made: Set, layout: Layout, folder: Path) -> None:
    wanted = {digest(one.row.video_path): read_as(layout, one)[0] for one in made.taken}
    found = {content(sample.video): sample for sample in layout.read(folder) if sample.captions}
    if layout.videos == "packed" and None in found:
        return
    assert found.keys() == wanted.keys()
    for key, words in wanted.items():
        assert same(layout, found[key].captions[0], words)


@pytest.mark.parametrize("videos", ["link", "copy", "as-is"])
@each_layout
def test_what_would_break_a_training_is_refused_by_name_and_nothing_is_written(
    format: Format, layout: Layout, videos: str, tmp_path: Path
) -> None:
    good = clip(tmp_path / "clips" / "good.mp4", 1)
    bad = clip(tmp_path / "clips" / "bad.mp4", 2)
    wrong = [row(bad, text) for text in (None, *EMPTY, "\ufeff", "half of \ud83d it")]
    wrong.append(row(tmp_path / "clips" / "gone.mp4", "A ball.", id="bad.mp4"))
    if layout.endings is not None:
        other = tmp_path / "clips" / "bad.xyz"
        other.write_bytes(good.read_bytes())
        wrong.append(row(other, "A ball.", id="bad.mp4"))
    for number, one in enumerate(wrong):
        captions = result(tmp_path / f"{number}.jsonl", [row(good, "A cube."), one])
        with pytest.raises(UserError) as error:
            export_rows(captions, format.name, tmp_path / "a" / "set", layout.name, wanted(layout, videos=videos))
        assert "bad.mp4" in str(error.value) or (videos == "as-is" and "--videos" in str(error.value))
        assert not (tmp_path / "a").exists()


@each_layout
def test_several_captions_are_all_there_or_refused(format: Format, layout: Layout, tmp_path: Path) -> None:
    paths = [clip(tmp_path / "clips" / f"{number}.mp4", number) for number in range(3)]
    one, two = [CAPTIONS[0], CAPTIONS[5], CAPTIONS[1]], ["Short.", "=1+1", '"x", y']
    made = [row(path, words, metadata={"short": short}) for path, words, short in zip(paths, one, two, strict=True)]
    captions = result(tmp_path / "captions.jsonl", made)
    options = Options(variants=("caption", "short"))
    if layout.several is None:
        with pytest.raises(UserError, match="one caption per clip"):
            export_rows(captions, format.name, tmp_path / "set", layout.name, options)
        assert not (tmp_path / "set").exists()
        return
    export_rows(captions, format.name, tmp_path / "set", layout.name, options)
    found = Counter(text for sample in layout.read(tmp_path / "set") for text in sample.captions)
    assert found == Counter([*one, *two])


@each_layout
def test_a_folder_that_holds_nothing_of_it_is_not_recognised(format: Format, layout: Layout, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("Nothing of this kind.")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path, tmp_path / "empty", tmp_path / "notes.md", tmp_path / "nowhere"):
        assert not layout.recognises(path)
