"""Knows how an export is asked for from Python: every option of the command `export`, with the same defaults."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal

from framescribe.dataset.export import Exported, Options, Say, export_rows, format_of
from framescribe.dataset.fit import Fit
from framescribe.errors import UserError


def export(
    captions: str | os.PathLike[str],
    *,
    to: str,
    folder: str | os.PathLike[str],
    layout: str | None = None,
    videos: Literal["link", "copy", "as-is"] = "link",
    where: str | Sequence[str] = (),
    ids: str | None = None,
    include_flagged: bool = False,
    skip_unusable: bool = False,
    variants: Sequence[str] = (),
    segments: bool = False,
    trigger: str | None = None,
    replace: Mapping[str, str] | None = None,
    prefix: str = "",
    suffix: str = "",
    drop_opening: bool = False,
    max_words: int | None = None,
    max_tokens: int | None = None,
    tokenizer: str | None = None,
    on_newline: Literal["space", "refuse"] | None = None,
    license: str | None = None,
    force: bool = False,
    push_to_hub: str | None = None,
    private: bool = False,
    command: str | None = None,
    say: Say = lambda line: None,
) -> Exported:
    """Write the result `captions` as a data set in the format of the trainer `to`, read it back as that trainer does,
    and compare.

        fs.export("captions.jsonl", to="musubi-tuner", folder="set/", trigger="ohwx dog")

    The options are those of `framescribe export` (docs/cli.md); `replace` maps words to what each becomes. `say` gets
    a line for each choice made on the user's behalf. UserError says what to change, and then nothing was written;
    RunError if what was read back differs.
    """
    format = format_of(to)
    if push_to_hub is not None and videos == "as-is" and format.layout(layout).videos != "packed":
        raise UserError("videos that stay where they are cannot be pushed to the Hub: link or copy them (--videos)")
    exported = export_rows(
        captions,
        to,
        folder,
        layout,
        Options(
            where=(where,) if isinstance(where, str) else tuple(where),
            ids=ids,
            include_flagged=include_flagged,
            skip_unusable=skip_unusable,
            variants=tuple(variants),
            segments=segments,
            fit=Fit(
                trigger=trigger,
                replace=dict(replace or {}),
                prefix=prefix,
                suffix=suffix,
                drop_opening=drop_opening,
                max_words=max_words,
                max_tokens=max_tokens,
                tokenizer=tokenizer,
                on_newline=on_newline,
            ),
            videos=videos,
            force=force,
            license=license,
            command=command,
        ),
        say,
    )
    if push_to_hub is not None:
        from framescribe.dataset.hub import push

        say(f"uploaded: {push(exported.folder, push_to_hub, private=private, say=say)}")
    return exported
