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
            "Also write each caption beside its video, as a.txt for a.mp4. -o DIR/ does that in DIR, with links to "
            "videos that are not in it, and puts captions.jsonl there.",
            "--sidecars",
        ),
    ] = False

    def settled(self, results: ResultOptions) -> tuple[ResultOptions, str | None]:
        """The options with a file as output, and the folder that was named instead of one. UserError if both a folder
        and --sidecars are given."""
        output = results.output
        if output is None or not (output.endswith(("/", os.sep)) or os.path.isdir(output)):
            return results, None
        if "://" in output:
            raise UserError(f"{output}: captions beside videos need a folder on this machine; name a file")
        if self.sidecars:
            raise UserError(
                f"-o {output} and --sidecars contradict each other: texts go to that folder, or beside videos"
            )
        os.makedirs(output, exist_ok=True)
        return replace(results, output=os.path.join(output, RESULT)), output

    def write(self, results: Results, videos: Sequence[Video], folder: str | None, say: Say) -> None:
        """Write the texts for the rows so far, if that is wanted. UserError if some cannot be written."""
        if folder is not None:
            _export(results, folder, None, say)
        elif self.sidecars:
            for root in roots([video.place for video in videos]):
                _export(results, root, root, say)


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

    try:
        exported = export_rows(results.output, TEXTS, folder, options=Options(only=inside if below else None), say=say)
    except UserError as error:
        raise UserError(
            f"the captions are in {results.output}, but no texts were written beside videos: {error}"
        ) from None
    kept = f"; kept, because a person wrote them: {len(exported.kept):,}" if exported.kept else ""
    left = "".join(f"; {what}, left out: {count:,}" for what, count in exported.left_out.items())
    say(f"texts beside videos in {exported.folder}: {exported.clips:,}{kept}{left}")
