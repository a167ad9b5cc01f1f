"""A person's words in a data set's folder survive every export: attacked at random, against a model of who wrote what;
and names that videos get there are unique, safe and the same again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from framescribe.dataset.export import Options, export_rows
from framescribe.dataset.naming import Naming
from framescribe.errors import UserError
from framescribe.formats import target as target_module
from framescribe.formats.sidecars import FORMAT
from framescribe.formats.target import NOTES, Target
from tests.exports import result, row
from tests.nasty import NAMES

LAYOUT = FORMAT.layouts[0]
CLIPS = ("a.mp4", "b.mp4", "b.mov", "sub/c.mp4")
TEXTS = ("a.txt", "b.txt", "sub/c.txt", "own.txt", "sub/own.txt")


class Exports(RuleBasedStateMachine):
    """Exports of various rows to one folder, and a person who works there: writes, changes and removes captions, and
    puts videos there. `mine` is all that the person wrote last and nobody was asked to overwrite."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="exports-"))
        self.folder = self.root / "set"
        self.mine: dict[str, bytes] = {}
        self.said = 0
        for name in CLIPS:
            path = self.root / "clips" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"the film {name}".encode())

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    @initialize(words=st.sampled_from(("one", "two")))
    def begin(self, words: str) -> None:
        self.export(set(CLIPS), words, force=False, videos="link", stop=None)

    @rule(
        chosen=st.sets(st.sampled_from(CLIPS), min_size=1),
        words=st.sampled_from(("one", "two", "three")),
        force=st.booleans(),
        videos=st.sampled_from(("link", "copy")),
        stop=st.one_of(st.none(), st.none(), st.integers(0, 6)),
    )
    def export(self, chosen: set[str], words: str, force: bool, videos: Any, stop: int | None) -> None:
        """Some rows are exported; `stop`: the process is killed at the file of this number."""
        rows = [row(self.root / "clips" / name, f"{words} {name}", id=name) for name in CLIPS if name in chosen]
        output = result(self.root / f"{self._next()}.jsonl", rows)
        left, after, replaced = [stop], len(words) % 2, os.replace  # before a file has its name, or just after

        def replace_or_die(source: str, path: str) -> None:
            if left[0] is not None and str(path).startswith(str(self.folder)) and NOTES not in str(path):
                if not left[0]:
                    if after:
                        replaced(source, path)
                    raise Killed
                left[0] -= 1
            replaced(source, path)

        options = Options(force=force, videos=videos)
        try:
            target_module.os.replace = replace_or_die  # type: ignore[attr-defined]
            done = export_rows(output, "txt", self.folder, options=options)
        except Killed:
            done = None
        finally:
            target_module.os.replace = replaced  # type: ignore[attr-defined]
        texts = {str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.rglob("*.txt")}
        if force:  # what it was asked to overwrite
            ours = {f"{word} {name}".encode() for word in ("one", "two", "three") for name in CLIPS}
            self.mine = {name: text for name, text in self.mine.items() if "own" in name or texts.get(name) not in ours}
        if done is None:
            return
        for video in done.kept:
            assert os.path.relpath(os.path.splitext(video)[0] + ".txt", self.folder) in self.mine
        there = {path.resolve().read_bytes(): path for path in self.folder.rglob("*.m[po][4v]") if self._is_ours(path)}
        assert {content.decode() for content in there} == {f"the film {name}" for name in chosen}
        for content, path in there.items():
            text = str(path.with_suffix(".txt").relative_to(self.folder))
            if text not in self.mine:
                assert texts[text].decode() == content.decode().replace("the film", words)
        ours = {str(path.with_suffix(".txt").relative_to(self.folder)) for path in there.values()}
        assert texts.keys() <= ours | self.mine.keys(), "what is nobody's is still there"

    def _is_ours(self, path: Path) -> bool:
        return str(path.relative_to(self.folder)) not in self.mine

    def _next(self) -> int:
        self.said += 1
        return self.said

    @rule(action=st.sampled_from(("write", "write", "write like an export", "put", "remove", "remove")), data=st.data())
    def work(self, action: str, data: st.DataObject) -> None:
        """The person writes a text, new or over another (also what an export might have written, where none ever did),
        puts a video there, or removes a file. One rule, so that every history has exports and a person in turn."""
        if action == "remove":
            files = sorted(path for path in self.folder.rglob("*") if not path.is_dir() and path.name != NOTES)
            if files:
                path = data.draw(st.sampled_from(files))
                path.unlink()
                self.mine.pop(str(path.relative_to(self.folder)), None)
            return
        names = {"write": TEXTS, "put": ("d.mp4", "b.mkv", "sub/c.mov")}.get(action, ("own.txt", "sub/own.txt"))
        path = self.folder / data.draw(st.sampled_from(names))
        path.parent.mkdir(exist_ok=True)
        content = "one a.mp4" if action == "write like an export" else f"mine {self._next()}"
        self.mine[str(path.relative_to(self.folder))] = content.encode()
        path.write_bytes(content.encode())

    @invariant()
    def nothing_of_the_persons_is_lost(self) -> None:
        for name, content in self.mine.items():
            assert (self.folder / name).read_bytes() == content, name
        for name in CLIPS:
            assert (self.root / "clips" / name).read_bytes() == f"the film {name}".encode()


class Killed(BaseException):
    """The end of a process, as far as files can tell."""


TestExports = Exports.TestCase
TestExports.settings = settings(
    max_examples=60, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
)


# --- names ---


def folded(name: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


@pytest.mark.parametrize(
    "traits",
    [{}, {"stems": False}, {"flat": True}, {"dots": False}, {"dots": False, "flat": True, "ending_case": True}],
)
@given(st.lists(st.one_of(st.sampled_from(NAMES), st.text(min_size=1, max_size=30)), max_size=12))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_names_are_unique_safe_and_the_same_again(traits: dict[str, Any], ids: Sequence[str]) -> None:
    layout = replace(LAYOUT, **traits)
    given_ids = [name if "." in name else f"{name}.mp4" for name in ids]
    places = [f"/clips/{number}/x{os.path.splitext(name)[1]}" for number, name in enumerate(given_ids)]
    naming, again = Naming(layout), Naming(layout)
    names = [naming.name(one, place) for one, place in zip(given_ids, places, strict=True)]
    assert names == [again.name(one, place) for one, place in zip(given_ids, places, strict=True)]
    known = [folded(os.path.splitext(name)[0] if layout.stems else name) for name in names]
    assert len(set(known)) == len(known)
    for name, place in zip(names, places, strict=True):
        ending = os.path.splitext(place)[1]
        assert name.endswith(ending.lower() if layout.ending_case else ending)
        assert not name.startswith(("/", ".", "-")) and ".." not in name.split("/")
        assert layout.flat <= ("/" not in name)
        assert layout.dots or "." not in name[: len(name) - len(ending)]
        assert all(
            0 < len(part.encode()) <= 200 + len(ending.encode(errors="surrogateescape")) for part in name.split("/")
        )


def test_names_say_what_the_ids_say() -> None:
    naming = Naming(LAYOUT)
    for one, name in {
        "a.mp4": "a.mp4",
        "sub/a.mp4": "sub/a.mp4",
        "/data/clips/b.mp4": "data/clips/b.mp4",
        "s3://bucket/c.mp4": "bucket/c.mp4",
        "clip 7": "clip 7.mp4",
        ".hidden.mp4": "_hidden.mp4",
        "$HOME/${x} 5$.mp4": "_HOME/_{x} 5_.mp4",  # `datasets` puts environment variables in
    }.items():
        assert naming.name(one, "/clips/x.mp4") == name


# --- the folder ---


def test_paths_are_seen_from_the_folder(tmp_path: Path) -> None:
    target = Target(tmp_path / "set")
    for path, seen in {
        str(tmp_path / "set" / "a.mp4"): "a.mp4",
        str(tmp_path / "set" / "b" / "a.mp4"): "b/a.mp4",
        f"{tmp_path}/set/b/../a.mp4": "a.mp4",
        str(tmp_path / "settings" / "a.mp4"): str(tmp_path / "settings" / "a.mp4"),
        "https://films.example/set/a.mp4": "https://films.example/set/a.mp4",
    }.items():
        assert target.relative(path) == seen


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o555)
    with pytest.raises(UserError, match="choose another -o"), Target(tmp_path / "set"):
        pass


@pytest.mark.parametrize("obstacle", ["folder", "link to nothing"])
def test_what_stands_in_the_way_of_a_text_is_named(tmp_path: Path, obstacle: str) -> None:
    if obstacle == "folder":
        (tmp_path / "a.txt").mkdir()
    else:
        (tmp_path / "a.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"a\.txt"), Target(tmp_path, force=True) as target:
        target.sidecar(str(tmp_path / "a.mp4"), "A ball.")


def test_notes_that_are_torn_or_nobodys_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text("Mine.")
    (tmp_path / NOTES).write_bytes(
        b'{"framescribe": "export"}\n[]\nno json\n{"file": 7, "hash": 7}\n{"file": "own.txt", "hash": "0"}\n{"file": "a'
    )
    with Target(tmp_path) as target:
        target.sidecar(str(tmp_path / "a.mp4"), "A ball.")
    with Target(tmp_path) as target:
        target.sidecar(str(tmp_path / "a.mp4"), "A cube.")
    assert (tmp_path / "a.txt").read_text() == "A cube." and target.kept == set()
    with Target(tmp_path):
        pass
    assert sorted(os.listdir(tmp_path)) == [NOTES, "own.txt"]


def test_what_a_person_wrote_is_theirs_also_where_an_export_says_the_same(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "a.txt").write_text("A ball.")
    (folder / "a.mp4").symlink_to(film)
    for force in (False, True):
        with Target(folder, force=force) as target:
            target.video("a.mp4", str(film))
            target.sidecar(str(folder / "a.mp4"), "A ball.")
    with Target(folder, force=True):  # without that clip
        pass
    assert (folder / "a.txt").read_text() == "A ball." and (folder / "a.mp4").is_symlink()


def test_a_text_that_a_killed_export_was_about_to_replace_is_still_its_own(tmp_path: Path) -> None:
    with Target(tmp_path) as target:
        target.sidecar(str(tmp_path / "a.mp4"), "A ball.")
    with (tmp_path / NOTES).open("a") as notes:  # noted, and then killed
        notes.write(json.dumps({"file": "a.txt", "hash": hashlib.sha256(b"A cube.").hexdigest()[:16]}) + "\n")
    with Target(tmp_path) as target:
        target.sidecar(str(tmp_path / "a.mp4"), "A dog.")
    assert target.kept == set() and (tmp_path / "a.txt").read_text() == "A dog."


def test_names_that_are_not_utf_8_are_known_again(tmp_path: Path) -> None:
    path = os.path.join(tmp_path, os.fsdecode(b"caf\xe9.mp4"))
    for words in ("A ball.", "A cube."):
        with Target(tmp_path) as target:
            target.sidecar(path, words)
        assert target.kept == set()
        assert Path(os.path.splitext(path)[0] + ".txt").read_text() == words
