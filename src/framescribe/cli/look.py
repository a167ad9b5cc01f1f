"""The commands that look at videos without a model: `probe` says what a file is, `sample` what a model would see."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.options import SamplingOptions, SourceOptions, SummaryModelOptions, takes
from framescribe.cli.recipes import strategy_of
from framescribe.errors import VideoError
from framescribe.machine import cpus

if TYPE_CHECKING:
    from framescribe.frames.pool import DecoderPool
    from framescribe.records import Video


class ImageForm(StrEnum):
    """The formats in which frames are written."""

    jpeg = "jpeg"
    png = "png"


@dataclasses.dataclass(frozen=True, slots=True)
class ProbeOptions:
    """How facts are shown."""

    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False


@dataclasses.dataclass(frozen=True, slots=True)
class ImageOptions:
    """Where frames go, and how."""

    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the images.", metavar="DIR")] = Path(
        "frames"
    )
    form: Annotated[ImageForm, typer.Option("--format", help="The format of the images.")] = ImageForm.jpeg
    sheet: Annotated[
        bool, typer.Option("--sheet", help="One contact sheet per video instead of one image per frame.")
    ] = False


@takes(SourceOptions, ProbeOptions)
def probe(sources: SourceOptions, shown: ProbeOptions) -> None:
    """Show what each video is: codec, size, frames, seconds, rotation, and anything odd about it."""
    from framescribe.frames.probe import Probe
    from framescribe.frames.probe import probe as look

    videos = sources.find(_say)
    lines: dict[str, tuple[str, ...]] = {}

    async def one(pool: DecoderPool, video: Video) -> None:
        found: Probe = await pool.run(look, video.path)
        if shown.as_json:
            print(json.dumps({"id": video.id, **dataclasses.asdict(found)}, ensure_ascii=False))
            return
        odd = [f"turned by {found.rotation}°"] if found.rotation else []
        odd += ["mirrored"] if found.mirrored else []
        lines[video.id] = (
            found.codec,
            f"{found.width}×{found.height}",
            f"{found.frames:,}",
            f"{found.duration:.2f}" if found.duration is not None else "",
            f"{found.fps:.2f}" if found.fps else "",
            ", ".join([*odd, *found.odd]),
        )

    def failed(video: Video, message: str) -> None:
        if shown.as_json:
            print(json.dumps({"id": video.id, "path": video.place, "error": message}, ensure_ascii=False))
        else:
            lines[video.id] = ("", "", "", "", "", message)

    code = _each(videos, one, failed)
    if lines:
        _show([(video.id, *lines[video.id]) for video in videos])
    raise typer.Exit(code)


def _show(lines: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("video", overflow="fold")
    for name in ("codec", "size"):
        table.add_column(name, no_wrap=True)
    for name in ("frames", "seconds", "per s"):
        table.add_column(name, no_wrap=True, justify="right")
    table.add_column("what is odd", overflow="fold")
    for line in lines:
        table.add_row(*map(Text, line))  # names may hold what rich would take for markup
    Console(highlight=False, width=None if sys.stdout.isatty() else 120).print(table)


@takes(SourceOptions, SamplingOptions, ImageOptions)
def sample(sources: SourceOptions, sampling: SamplingOptions, images: ImageOptions) -> None:
    """Write the frames that a recipe would send to a model, as images named by frame and second."""
    from framescribe.errors import UserError
    from framescribe.frames.pool import sample_as

    plain = strategy_of(SummaryModelOptions().strategy)
    chosen, written = sampling.sampling(plain), 0
    try:
        images.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{images.output} cannot be created: {error.strerror}. Choose another -o.") from error

    async def one(pool: DecoderPool, video: Video) -> None:
        nonlocal written
        form = "pixels" if images.sheet else images.form.value
        clip = await pool.run(sample_as, video.path, chosen, key=video.id, max_pixels=sampling.pixels(plain), form=form)
        # With its ending, since a.mp4 and a.webm may exist side by side; and never outside the folder.
        place = images.output.joinpath(*(part for part in video.id.split("/") if part not in ("", ".", "..")))
        place.parent.mkdir(parents=True, exist_ok=True)
        if clip.flags:
            said = " and ".join(flag.removeprefix("video_").replace("_", " ") for flag in clip.flags)
            _say(f"salvaged: {video.id}: it is {said}")
        ending = {"jpeg": "jpg", "png": "png"}[images.form.value]
        if images.sheet:
            from framescribe.frames.sheet import contact_sheet

            place.with_name(f"{place.name}.{ending}").write_bytes(contact_sheet(clip, images.form.value).data)
            written += 1
            return
        for frame in clip.frames:
            at = "" if frame.time is None else f"-{frame.time:.3f}s"
            place.with_name(f"{place.name}-{frame.index:06}{at}.{ending}").write_bytes(frame.image.data)
            written += 1

    def failed(video: Video, message: str) -> None:
        _say(f"failed: {video.id}: {message}")

    code = _each(sources.find(_say), one, failed, sampling.decoders, sampling.decode_timeout)
    _say(f"images written to {images.output}: {written:,}")
    raise typer.Exit(code)


def _each(
    videos: Sequence[Video],
    one: Callable[[DecoderPool, Video], Awaitable[None]],
    failed: Callable[[Video, str], None],
    workers: int | None = None,
    seconds: float | None = None,
) -> int:
    """Do `one` for every video, in the order given; the exit code says whether any failed."""
    from framescribe.frames.pool import DecoderPool

    count, failures = min(workers or cpus(), len(videos)), 0

    async def all_of_them() -> None:
        pool, left = DecoderPool(count, seconds=seconds), iter(videos)

        async def worker() -> None:
            nonlocal failures
            for video in left:
                try:
                    await one(pool, video)
                except VideoError as error:
                    failures += 1
                    failed(video, str(error))

        try:
            await asyncio.gather(*(worker() for _ in range(count)))
        finally:
            await asyncio.to_thread(pool.close)

    asyncio.run(all_of_them())
    return 3 if failures else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr)
