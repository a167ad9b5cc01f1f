"""Knows which files of a folder can be written while a run goes on: those whose videos all have rows; runs nothing.

Files are filled in the order of the list, so what is known of millions of videos is one number: how far all of them are
settled. What changes a row of a file that is written already is put into it when the run finishes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence

from framescribe.records import Video
from framescribe.results import filling
from framescribe.results.filling import ChangedMeanwhile, Form
from framescribe.results.folder import Folder, stamp_of_file, stamp_of_files
from framescribe.results.index import Key, hash_of, place_hash
from framescribe.results.parts import FINISHED_FILE, FINISHING_LOCK
from framescribe.results.rows import Results
from framescribe.results.todos import Todo


class Growing:
    """The files of a result's folder while the videos of `todo`, some of `videos` and in their order, get their rows.

    Only files are written that are not there yet, and the last one when it becomes full; and none at all where those
    that are there are not of these videos in this order, until the run finishes.
    """

    def __init__(self, results: Results, folder: Folder, videos: Sequence[Video], todo: Iterable[Todo]) -> None:
        self._results, self._folder, self._videos = results, folder, videos
        self._todo = iter(todo)
        self._next = self._following()
        self._at = 0  # all videos before it are settled
        self._arrived = deque[Key]()
        self._early = Counter[Key]()  # settled, and not before it
        self._form: Form | None = None
        self._ended = False

    def settled(self, name: str, place: str) -> None:
        """The video of this id at this place is done with. May be called while `write` works in another thread."""
        self._arrived.append((name, place_hash(place)))

    def write(self) -> None:
        """Write the files that can be written by now. OSError, StoreError if one cannot be."""
        if self._form is None:
            self._begin()
        while not self._ended and self._fills():
            self._write(self._at // filling.ROWS_A_FILE - 1)

    def _following(self) -> Key | None:
        todo = next(self._todo, None)
        return (todo.video.id, hash_of(todo.video)) if todo is not None else None

    def _fills(self) -> bool:
        """Go on until the next file can be filled; False if that is not yet so."""
        while self._arrived:
            self._early[self._arrived.popleft()] += 1
        while self._at < len(self._videos):
            video = self._videos[self._at]
            key = video.id, hash_of(video)
            if key == self._next:
                if not self._early[key]:
                    del self._early[key]
                    return False
                self._early[key] -= 1
                if not self._early[key]:
                    del self._early[key]
                self._next = self._following()
            elif self._results.entry(video) is None:
                return False
            self._at += 1
            if self._at % filling.ROWS_A_FILE == 0:
                return True
        return False

    def _begin(self) -> None:
        """See whether what is there is of these videos, in the columns that they have."""
        note, size = self._results._store.note(FINISHED_FILE), filling.ROWS_A_FILE
        self._form = Form(self._folder, note.get("columns"))
        self._form.see_columns(video.kept for video in self._videos)
        for number, path in enumerate(self._folder.files()):
            about = (note.get("files") or {}).get(path.name) or {"rows": 0, "keys": None, "form": None}
            keys = ((video.id, video.place) for video in self._videos[number * size : number * size + about["rows"]])
            same = path == self._folder.file(number) and about["form"] == self._form.print
            if not same or about["keys"] != filling.keys_of(keys):
                self._ended = True
                return

    def _write(self, number: int) -> None:
        path, form = self._folder.file(number), self._form
        assert form is not None
        try:
            with self._results._store.alone(FINISHING_LOCK, 0):
                note = self._results._store.note(FINISHED_FILE)
                files, stamps = note.get("files") or {}, (note.get("stamp") or {}).get("files") or {}
                if path.exists() and (files.get(path.name) or {}).get("rows") == filling.ROWS_A_FILE:
                    return
                rows = list(self._results.rows(self._videos[self._at - filling.ROWS_A_FILE : self._at]))
                before, others = form.print, self._folder.files()
                form.see(rows)
                if len(rows) < filling.ROWS_A_FILE or (others and form.print != before):
                    self._ended = True
                    return
                filling.refuse_changed(path, stamps)
                files = {**files, path.name: filling.about_of(rows, form)}
                note = {**note, "unsure": True, "files": files, "columns": form.known}
                self._results._store.keep_note(FINISHED_FILE, note)  # before it is there: it is known after a kill
                self._folder.mark(whole=False)
                form.write(path, rows)
                stamp = stamp_of_files({**stamps, path.name: stamp_of_file(path)})
                self._results._store.keep_note(FINISHED_FILE, {**note, "stamp": stamp})
        except (TimeoutError, ChangedMeanwhile):  # somebody else writes, or a person has: it is seen to in the end
            self._ended = True
