"""Knows how `caption` writes captions beside videos once its run is over: the export to texts, folder by folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from framescribe.cli.options import Say, option
from framescribe.cli.run_options import ResultOptions
from framescribe.errors import UserError

if TYPE_CHECKING:
    from framescribe.records import Row, Video
    from framescribe.results.rows import Results

TEXTS, RESULT = "txt", "captions.jsonl"


@dataclass(frozen=True, slots=True)
class SidecarOptions:
    """Whether captions also go beside the videos."""

    sidecars: Annotated[
        bool,
        option(
            "Results",
            "Also write each caption beside its video, as a.txt for a.mp4. -o DIR/ does the same where DIR is the "
            "videos' own folder, with links to those that are not in it, and puts captions.jsonl there.",
            "--sidecars",
        ),
    ] = False

    def settled(self, results: ResultOptions, videos: Sequence[Video]) -> tuple[ResultOptions, str | None]:
        """The options with the result, and the folder of these videos if that was named instead of one. UserError if
        both that and --sidecars are given."""
        from framescribe.results.folder import folder_at

        folder = folder_at(results.output) if results.output is not None else None
        if folder is None or folder.other() is None or not _holds(folder, videos):
            return results, None
        if self.sidecars:
            raise UserError(
                f"-o {results.output} and --sidecars contradict each other: texts go to that folder, or beside videos"
            )
        return replace(results, output=os.path.join(folder, RESULT)), str(folder)

    def write(self, results: Results, videos: Sequence[Video], folder: str | None, say: Say) -> None:
        """Write the texts for the rows so far, if that is wanted. UserError if some cannot be written."""
        if folder is not None:
            _export(results, folder, None, say)
        elif self.sidecars:
            for root in roots([video.place for video in videos]):
                _export(results, root, root, say)


def _holds(folder: str | os.PathLike[str], videos: Sequence[Video]) -> bool:
    """Whether some of the videos are in this folder, or texts with links to them were put there."""
    root = os.path.abspath(folder)
    return os.path.exists(os.path.join(root, RESULT)) or any(
        "://" not in video.path and _is_in(os.path.dirname(video.place), root) for video in videos
    )


def roots(places: Sequence[str]) -> list[str]:
    """The folders of these videos, without those that lie in another one of them. UserError if one is at a URL."""
    if (remote := next((place for place in places if "://" in place), None)) is not None:
        raise UserError(
            f"{remote} is not on this machine, so no text can be written beside it: framescribe export --to txt "
            "--videos copy makes a folder of copies and texts"
        )
    found: list[str] = []
    for folder in sorted({os.path.dirname(place) for place in places}, key=lambda folder: folder.split(os.sep)):
        if not found or not _is_in(folder, found[-1]):
            found.append(folder)
    return found


def _is_in(folder: str, root: str) -> bool:
    return os.path.join(folder, "").startswith(os.path.join(root, ""))


def _export(results: Results, folder: str, below: str | None, say: Say) -> None:
    from framescribe.dataset.export import Options, export_rows

    def inside(row: Row) -> bool:
        return _is_in(os.path.dirname(row.video_path), below or "")

    # A row that is of no use, perhaps an old one whose video is gone, must not keep the others from their texts.
    options = Options(only=inside if below else None, may_be_empty=True, skip_unusable=True)
    try:
        exported = export_rows(results.output, TEXTS, folder, options=options, say=say)
    except UserError as error:
        raise UserError(
            f"the captions are in {results.output}, but no texts were written beside videos: {error}"
        ) from None
    kept = f"; kept, because a person wrote them: {len(exported.kept):,}" if exported.kept else ""
    left = "".join(f"; {what}, left out: {count:,}" for what, count in exported.left_out.items())
    say(f"texts beside videos in {exported.folder}: {exported.clips:,}{kept}{left}")
