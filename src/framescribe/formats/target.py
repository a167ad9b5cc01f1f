"""Knows the folder of a data set that is being written: what framescribe wrote there before, and what a person did.

Nothing that a person wrote or changed is overwritten unless asked for. Each file that is written is noted, with a hash,
in `.framescribe-export.jsonl` in the folder; so an export that is repeated knows its own files, and removes those that
no longer belong to it. Knows no format.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from framescribe.errors import UserError
from framescribe.plain_json import dumps
from framescribe.storage.locks import lock
from framescribe.storage.whole_file import temporary_name, whole_file

NOTES = ".framescribe-export.jsonl"


class Target:
    """The folder of a data set. Use it as a context manager: what an earlier export wrote there, and this one did not,
    is removed at the end, unless a person changed it.

    `force`: also overwrite what a person wrote. `about` is kept in the first line of the notes. UserError if the folder
    cannot be written, or if another export is writing there.
    """

    def __init__(self, folder: Path, *, force: bool = False, about: Mapping[str, Any] | None = None) -> None:
        self.folder = Path(os.path.abspath(folder))
        self.kept: set[str] = set()  # sidecars that a person wrote or changed, and that stayed
        self._force, self._about = force, dict(about or {})
        self._before: dict[str, str] = {}
        self._written: set[str] = set()
        self._notes: IO[str] | None = None

    # --- where things are ---

    def path(self, name: str) -> Path:
        """The path of a file in the folder; `name` is relative, with slashes."""
        return self.folder / name

    def relative(self, video: str) -> str:
        """The video's path as seen from the folder, with slashes; if it is not below it, its whole path or URL."""
        if "://" in video:
            return video
        try:
            return Path(os.path.relpath(video, self.folder)).as_posix() if self._holds(video) else video
        except ValueError:  # another drive
            return video

    def _holds(self, path: str) -> bool:
        return os.path.commonpath((self.folder, os.path.abspath(path))) == str(self.folder)

    # --- writing ---

    def sidecar(self, video: str, text: str, ending: str = ".txt") -> None:
        """Write the text beside the video, under its name with another ending; not over what a person wrote there."""
        path = os.path.splitext(video)[0] + ending
        content = text.encode("utf-8", errors="backslashreplace")
        if not self._may_write(path, content):
            self.kept.add(video)
            return
        self._note(path, content)
        self._put(path, content)

    @contextlib.contextmanager
    def file(self, name: str, *, newline: str = "") -> Iterator[IO[str]]:
        """A text file in the folder, in UTF-8, there only once it is whole. UserError if a person wrote or changed the
        one that is there."""
        with self.whole(name) as temporary, open(temporary, "w", encoding="utf-8", newline=newline) as file:
            yield file

    @contextlib.contextmanager
    def whole(self, name: str) -> Iterator[str]:
        """A temporary path whose content becomes the file of that name in the folder. UserError as in `file`."""
        path = str(self.path(name))
        if os.path.lexists(path) and not self._is_ours(path):
            raise UserError(
                f"{path} was not written by framescribe, or was changed since: move it away, or overwrite it (--force)"
            )
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with whole_file(path) as temporary:
            yield temporary
            self._note(path, _hash_of_file(temporary))

    def video(self, name: str, source: str, copy: Callable[[str], None] | None = None) -> None:
        """Put a video into the folder under that name: a link to the file `source`, or what `copy` writes to the path
        that it is given. UserError if something else is there; OSError if it cannot be done."""
        path = str(self.path(name))
        if os.path.lexists(path):
            if copy is None and os.path.islink(path) and os.path.realpath(path) == os.path.realpath(source):
                self._note(path, _print_of(path))
                return
            if not self._is_ours(path):
                raise UserError(f"{path} is there already, and is another file than {source}: move it, or use --force")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = temporary_name(os.path.dirname(path))
        try:
            if copy is None:
                os.symlink(os.path.realpath(source), temporary)
            else:
                copy(temporary)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        self._note(path, _print_of(path))

    def _may_write(self, path: str, content: bytes) -> bool:
        if self._force:
            return True
        try:
            with open(path, "rb") as file:
                there = file.read()
        except FileNotFoundError:
            return True
        return there == content or self._before.get(path) == _hash(there)

    def _put(self, path: str, content: bytes) -> None:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        temporary = temporary_name(os.path.dirname(path))
        try:
            with open(temporary, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    # --- what was written before ---

    def __enter__(self) -> Target:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._notes = open(self.folder / NOTES, "a+", encoding="utf-8", errors="surrogateescape")
        except OSError as error:
            raise UserError(f"{self.folder} cannot be written ({error.strerror}); choose another -o") from None
        if not lock(self._notes):
            self._notes.close()
            raise UserError(f"another export is writing to {self.folder}; wait for it, or choose another -o")
        self._notes.seek(0)
        for line in self._notes:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                note = json.loads(line)
                self._before[self._absolute(note["file"])] = note["hash"]
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        assert self._notes is not None
        with self._notes:
            if kind is None:
                self._remove_others()
                self._rewrite()
            elif not self._before:  # nothing was written
                with contextlib.suppress(OSError):
                    os.unlink(self.folder / NOTES)
                    self.folder.rmdir()

    def _remove_others(self) -> None:
        for path in self._before.keys() - self._written:
            if os.path.lexists(path) and self._is_ours(path):
                with contextlib.suppress(OSError):
                    os.unlink(path)

    def _rewrite(self) -> None:
        assert self._notes is not None
        notes = {path: found for path, found in self._before.items() if path in self._written}
        self._notes.seek(0)
        self._notes.truncate()
        if self._about:
            self._notes.write(dumps(self._about) + "\n")
        self._notes.writelines(self._line(path, found) for path, found in notes.items())

    def _note(self, path: str, content: bytes | str) -> None:
        assert self._notes is not None
        found = _hash(content) if isinstance(content, bytes) else content
        self._written.add(path)
        if self._before.get(path) != found:
            self._before[path] = found
            self._notes.write(self._line(path, found))
            self._notes.flush()  # before the file itself is there: after a kill it is still known as ours

    def _line(self, path: str, found: str) -> str:
        return dumps({"file": self.relative(path), "hash": found}) + "\n"

    def _absolute(self, file: str) -> str:
        return os.path.normpath(self.folder / file)

    def _is_ours(self, path: str) -> bool:
        if self._force:
            return True
        noted = self._before.get(os.path.normpath(path))
        if noted is None:
            return False
        return noted == _print_of(path) or (not os.path.islink(path) and noted == _hash_of_file(path))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _hash_of_file(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError:
        return ""


def _print_of(path: str) -> str:
    """What shows whether a link or a copied video is still the one that was put there, without reading it."""
    if os.path.islink(path):
        return f"link {_hash(os.fsencode(os.readlink(path)))}"
    status = os.stat(path)
    return f"file {status.st_size} {status.st_mtime_ns}"
