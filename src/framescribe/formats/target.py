"""Knows the folder of a data set that is being written: what framescribe wrote there before, and what a person did.

Nothing that a person wrote or changed is overwritten unless asked for, and nothing of it is ever removed. Each file
that is written is noted, with a hash, in `.framescribe-export.jsonl` in the folder; so an export that is repeated knows
its own files, and removes those that no longer belong to it. Knows no format.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from framescribe.errors import UserError
from framescribe.plain_json import dumps
from framescribe.storage.locks import take
from framescribe.storage.whole_file import sweep, temporary_name, whole_file

NOTES = ".framescribe-export.jsonl"
_AT_ONCE = 2**20


class Target:
    """The folder of a data set. Use it as a context manager: what an earlier export wrote there, and this one did not,
    is removed at the end, unless a person changed it.

    `force`: also overwrite what a person wrote, but never the file `spared` (the result itself). `adds`: what earlier
    exports wrote there stays, because this one is about some of the videos only (`leave_out`). `about` is kept in the
    first line of the notes. UserError if the folder cannot be written, or if another export is writing there. For each
    file that an earlier export noted, some 300 bytes of memory are held; for others none.
    """

    def __init__(
        self,
        folder: Path,
        *,
        force: bool = False,
        adds: bool = False,
        about: Mapping[str, Any] | None = None,
        spared: str | None = None,
    ) -> None:
        self.folder = Path(os.path.abspath(folder))
        self.kept: set[str] = set()  # videos whose sidecar a person wrote or changed, and that stayed
        self.settings_kept: list[str] = []  # the same of files of settings
        self.soundless: dict[str, str] = {}  # videos of which parts were cut out without their sound, and why
        self._force, self._adds, self.about = force, adds, dict(about or {})
        self._spared = os.path.realpath(spared) if spared is not None else None
        self._root = os.path.join(str(self.folder), "")
        self._before: dict[str, str] = {}  # of an earlier export: its files that this one has not written (yet)
        self._older: dict[str, set[str]] = {}  # what else may be in these, if it was interrupted
        self._left_out: set[str] = set()
        self._ready: set[str] = set()
        self._made: list[str] = []  # folders that were not there
        self._new = 0  # where this export's notes begin
        self._noted = False
        self._together: contextlib.ExitStack | None = None
        self._pending: list[tuple[str, str]] = []
        self._notes: IO[bytes] | None = None

    # --- where things are ---

    def path(self, name: str) -> Path:
        """The path of a file in the folder; `name` is relative, with slashes."""
        return self.folder / name

    def relative(self, video: str) -> str:
        """The video's path as seen from the folder, with slashes; if it is not below it, its whole path or URL."""
        if "://" in video:
            return video
        inside = os.path.abspath(video)
        if not inside.startswith(self._root):
            return video
        inside = inside[len(self._root) :]
        return inside.replace(os.sep, "/") if os.sep != "/" else inside

    # --- writing ---

    def sidecar(self, video: str, text: str, ending: str = ".txt") -> None:
        """Write the text beside the video, under its name with another ending; not over what a person wrote there."""
        path = os.path.splitext(video)[0] + ending
        content = text.encode("utf-8", errors="backslashreplace")
        there = self._content(path)
        if there is None:
            self._note(path, _hash(content))
            self._put(path, content)
        elif self._is_noted(path, _hash(there)) or (self._force and there != content):
            self._note(path, _hash(content))
            if there != content:
                self._put(path, content)
        elif there != content:
            self.kept.add(video)

    @contextlib.contextmanager
    def file(self, name: str, *, newline: str = "", settings: bool = False) -> Iterator[IO[str]]:
        """A text file in the folder, in UTF-8, there only once it is whole. UserError if a person wrote or changed the
        one that is there; but if it holds `settings`, which people are meant to change, it is left as it is."""
        path = str(self.path(name))
        if settings and self._is_a_persons(path):
            self.settings_kept.append(path)
            with open(os.devnull, "w", encoding="utf-8") as nowhere:
                yield nowhere
            return
        with self.whole(name) as temporary, open(temporary, "w", encoding="utf-8", newline=newline) as file:
            yield file

    @contextlib.contextmanager
    def whole(self, name: str) -> Iterator[str]:
        """A temporary path whose content becomes the file of that name in the folder. UserError as in `file`."""
        path = str(self.path(name))
        if self._spared is not None and os.path.realpath(path) == self._spared:
            raise UserError(f"{path} is the result that is exported, and would be overwritten: choose another -o")
        if self._is_a_persons(path):
            raise UserError(
                f"{path} was not written by framescribe, or was changed since: move it away, or overwrite it (--force)"
            )
        self._make_ready(os.path.dirname(path))
        if self._together is not None:
            temporary = self._together.enter_context(whole_file(path))
            yield temporary
            self._pending.append((path, _hash_of_file(temporary)))
            return
        with whole_file(path) as temporary:
            yield temporary
            self._note(path, _hash_of_file(temporary))

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Whole files that are written within it are all there once it ends, and none of them if it fails."""
        with contextlib.ExitStack() as self._together:
            yield
            for path, found in self._pending:
                self._note(path, found)
        self._together = None

    def video(self, name: str, source: str, copy: Callable[[str], None] | None = None) -> None:
        """Put a video into the folder under that name: a link to the file `source`, or what `copy` writes to the path
        that it is given. UserError if a file of somebody else's is there; OSError if it cannot be done."""
        path = str(self.path(name))
        if os.path.lexists(path):
            if copy is None and os.path.islink(path) and os.path.realpath(path) == os.path.realpath(source):
                return self.keep(path)
            if not self.owns(path):
                raise UserError(f"{path} is another file than {source}, and not framescribe's: move it away")
        self._make_ready(os.path.dirname(path))
        temporary = temporary_name(os.path.dirname(path))
        try:
            if copy is None:
                os.symlink(os.path.realpath(source), temporary)
            else:
                copy(temporary)
            self._note(path, _print_of(temporary))
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def keep(self, path: str) -> None:
        """A file that is already right, and stays: if an earlier export wrote it, it belongs to this one, too."""
        if (found := self._before.get(path)) is not None:
            self._note(path, found)

    def leave_out(self, video: str) -> None:
        """This export is about the video too, and has nothing for it: what earlier ones wrote beside it goes."""
        if self._adds:  # else all goes that is not written again
            self._left_out.add(os.path.splitext(video)[0])

    def owns(self, path: str) -> bool:
        """Whether an earlier export put this link or file there, and nobody changed it since."""
        return path in self._before and os.path.lexists(path) and self._is_as_noted(path)

    def _is_a_persons(self, path: str) -> bool:
        return os.path.lexists(path) and not self._force and not self.owns(path)

    def _content(self, path: str) -> bytes | None:
        """What a sidecar holds, None if there is none. UserError if it cannot be read."""
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            if os.path.islink(path):
                raise UserError(f"{path} is a link to nothing: remove it, or mend it") from None
            return None
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}): remove it, or mend it") from None

    def _put(self, path: str, content: bytes) -> None:
        folder = os.path.dirname(path)
        self._make_ready(folder)
        temporary = temporary_name(folder)
        try:
            with open(temporary, "wb") as file:
                file.write(content)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise

    def _make_ready(self, folder: str) -> None:
        """Make the folder, and remove what killed exports left in it."""
        if folder in self._ready:
            return
        missing, at = [], folder
        while not os.path.isdir(at) and os.path.dirname(at) != at:
            missing.append(at)
            at = os.path.dirname(at)
        os.makedirs(folder, exist_ok=True)
        self._made += reversed(missing)
        self._ready.add(folder)
        if not missing:
            sweep(folder)

    # --- what was written before ---

    def __enter__(self) -> Target:
        try:
            self._make_ready(str(self.folder))
            self._notes = self._held()
        except OSError as error:
            self._unmake()
            raise UserError(f"{self.folder} cannot be written ({error.strerror}); choose another -o") from None
        line = b"\n"
        for line in self._notes:
            try:
                note = json.loads(line)
                path, found = os.path.normpath(self._root + note["file"]), note["hash"]
            except (ValueError, KeyError, TypeError):  # the first line, or a torn one
                continue
            if os.path.isabs(note["file"]):
                path = os.path.normpath(note["file"])
            if (other := self._before.get(path, found)) != found:
                self._older.setdefault(path, set()).add(other)
            self._before[path] = found
        self._new = self._notes.seek(0, os.SEEK_END)
        if not line.endswith(b"\n"):  # torn by a kill
            self._notes.write(b"\n")
        return self

    def _held(self) -> IO[bytes]:
        """The notes, held so that no other export writes here."""
        while True:
            notes = open(self.folder / NOTES, "a+b")  # noqa: SIM115
            try:
                held = take(notes)
            except OSError:  # a file system without locks
                held = True
            if not held:
                notes.close()
                raise UserError(f"another export is writing to {self.folder}; wait for it, or choose another -o")
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(notes.fileno()), os.stat(self.folder / NOTES)):
                    notes.seek(0)
                    return notes
            notes.close()  # another export, which failed, has just removed them

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        assert self._notes is not None
        with self._notes:
            if kind is None:
                self.tidy()
                self._rewrite()
            elif not self._noted and not self._new:  # nothing was written
                with contextlib.suppress(OSError):
                    os.unlink(self.folder / NOTES)
                self._unmake()

    def _unmake(self) -> None:
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):
                os.rmdir(folder)

    def tidy(self, *later: str) -> None:
        """Remove what an earlier export wrote and this one did not, unless a person changed it, and except for the
        files of these names, which are still to be written."""
        spared = {str(self.path(name)) for name in later}
        gone = [path for path in self._before if path not in spared]
        if self._adds:
            gone = [path for path in gone if os.path.splitext(path)[0] in self._left_out]
        folders = set()
        for path in gone:
            if self.owns(path):
                try:
                    os.unlink(path)
                except OSError:
                    self.keep(path)  # it stays, and is known
                    continue
                folders.add(os.path.dirname(path))
            self._before.pop(path, None)
        for folder in sorted(folders, key=len, reverse=True):
            while folder.startswith(self._root):
                try:
                    os.rmdir(folder)  # if nothing else is in it
                except OSError:
                    break
                folder = os.path.dirname(folder)

    def _rewrite(self) -> None:
        """Leave only this export's notes."""
        assert self._notes is not None
        self._notes.flush()
        with whole_file(str(self.folder / NOTES)) as temporary, open(temporary, "wb") as kept:
            kept.write(_encoded(dumps(self.about)))
            for path, found in self._before.items():  # what stays, if this export only adds
                kept.write(_encoded(dumps({"file": self.relative(path), "hash": found})))
            self._notes.seek(self._new)
            while some := self._notes.read(_AT_ONCE):
                kept.write(some)
            if sys.platform == "win32":  # an open file cannot be replaced there
                self._notes.close()

    def _note(self, path: str, found: str) -> None:
        """To be called before the file itself is there: so it is known as ours after a kill, too."""
        assert self._notes is not None
        self._before.pop(path, None)
        self._notes.write(_encoded(dumps({"file": self.relative(path), "hash": found})))
        self._notes.flush()
        self._noted = True

    def _is_noted(self, path: str, found: str) -> bool:
        return self._before.get(path) == found or found in self._older.get(path, ())

    def _is_as_noted(self, path: str) -> bool:
        shown = _print_of(path)
        if self._is_noted(path, shown):
            return True
        is_text = " " not in self._before[path]  # of videos no hash was noted
        return is_text and not shown.startswith("link ") and self._is_noted(path, _hash_of_file(path))


def _encoded(line: str) -> bytes:
    return line.encode("utf-8", errors="surrogateescape") + b"\n"


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
