"""The commands that look at videos without a model: `probe` says what a file is, `sample` what a model would see."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from framescribe.cli.options import SamplingOptions, SourceOptions, takes
from framescribe.cli.recipes import asked
from framescribe.cli.terminal import say
from framescribe.errors import RunError, Unreadable, UserError, VideoError
from framescribe.machine import cpus
from framescribe.names import file_paths, json_shown, shown
from framescribe.plain_json import dumps
from framescribe.python.recipe import DEFAULTS

if TYPE_CHECKING:
    from rich.table import Table

    from framescribe.frames.pool import DecoderPool
    from framescribe.records import Video


TABLE_WIDTH = 100  # columns; on a narrower terminal a video's facts stand below its name


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
def probe(sources: SourceOptions, form: ProbeOptions) -> None:
    """Show what each video is: codec, size, frames, seconds, rotation, and anything odd about it."""
    from framescribe.frames.probe import Probe
    from framescribe.frames.probe import probe as look

    videos = _found(sources)
    facts: dict[tuple[str, str], tuple[str, ...]] = {}

    def tell(video: Video, record: Mapping[str, Any]) -> None:
        print(json_shown(dumps({"id": video.id, **record}), sys.stdout.encoding))

    async def one(pool: DecoderPool, video: Video) -> None:
        found: Probe = await pool.run(look, video.path)
        if form.as_json:
            return tell(video, dataclasses.asdict(found))
        odd = [f"turned by {found.rotation}°"] if found.rotation else []
        odd += ["mirrored"] if found.mirrored else []
        facts[video.id, video.place] = (
            found.codec,
            f"{found.width}×{found.height}",
            f"{found.frames:,}",
            f"{found.duration:.2f}" if found.duration is not None else "",
            f"{found.fps:.2f}" if found.fps else "",
            ", ".join([*odd, *found.odd]),
        )

    def failed(video: Video, message: str) -> None:
        if form.as_json:
            tell(video, {"path": video.place, "error": message})
        else:
            facts[video.id, video.place] = ("", "", "", "", "", message)

    code = _each(videos, one, failed)
    if facts:
        _show([tuple(map(shown, (video.id, *facts[video.id, video.place]))) for video in videos])
    raise typer.Exit(code)


def _show(lines: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    if console.width >= TABLE_WIDTH:
        console.print(_table(lines))
        return
    for name, codec, size, frames, seconds, pace, odd in lines:
        facts = (codec, size, frames and f"{frames} frames", seconds and f"{seconds} s", pace and f"{pace} per s")
        console.print(Text(name, "bold", overflow="fold"))
        for text in ("  ".join(filter(None, facts)), odd):
            if text:
                console.print(Padding(Text(text, overflow="fold"), (0, 0, 0, 2)))


def _table(lines: Sequence[Sequence[str]]) -> Table:
    from rich import box
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
    return table


@takes(SourceOptions, SamplingOptions, ImageOptions)
def sample(sources: SourceOptions, sampling: SamplingOptions, images: ImageOptions) -> None:
    """Write the frames that a recipe would send to a model, as images named by frame and second."""
    from framescribe.frames.pool import sample_as
    from framescribe.frames.segments import chunks

    recipe, plain, written = asked(sampling), DEFAULTS.way(), 0
    chosen, pixels = recipe.sampling(plain), recipe.pixels(plain)
    try:
        images.output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = "it is a file" if images.output.is_file() else error.strerror
        raise UserError(f"{images.output} cannot be created as a folder: {why}. Choose another -o.") from error
    videos = _found(sources)
    paths = file_paths((video.id, video.place) for video in videos)
    ending = {"jpeg": "jpg", "png": "png"}[images.form.value]

    async def one(pool: DecoderPool, video: Video) -> None:
        form = "pixels" if images.sheet else images.form.value
        given = {"key": video.id, "max_pixels": pixels, "form": form}
        clip = await pool.run(sample_as, video.path, chosen, **given, division=recipe.division())
        for chunk in list(chunks(clip.segments))[1:]:
            numbers = [index for part in chunk for index in part.frames]
            more = await pool.run(sample_as, video.path, chosen, **given, numbers=numbers)
            clip = dataclasses.replace(clip, frames=(*clip.frames, *more.frames))
        if clip.flags:
            say(f"odd: {video.id}: {', '.join(flag.replace('_', ' ') for flag in clip.flags)}")
        base = paths[video.id, video.place]  # with its ending, since a.mp4 and a.webm may exist side by side
        if images.sheet:
            from framescribe.frames.sheet import contact_sheet

            return write(f"{base}.{ending}", contact_sheet(clip, images.form.value).data)
        for frame in clip.frames:
            at = "" if frame.time is None else f"-{frame.time:.3f}s"
            write(f"{base}-{frame.index:06}{at}.{ending}", frame.image.data)

    def write(name: str, content: bytes) -> None:
        nonlocal written
        file = images.output / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        except OSError as error:
            raise RunError(f"{file} cannot be written: {error.strerror}. Choose another -o.") from error
        written += 1

    def failed(video: Video, message: str) -> None:
        say(f"failed: {video.id}: {message}")

    code = _each(videos, one, failed, sampling.decoders, sampling.decode_timeout)
    say(f"images written to {images.output}: {written:,}")
    raise typer.Exit(code)


def _found(sources: SourceOptions) -> Sequence[Video]:
    if sys.stderr.isatty():  # a person waits
        say(f"looking for videos: {sources.named()}")
    return sources.find(say)


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
                    if video.fault is not None:
                        raise Unreadable(video.fault)
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
