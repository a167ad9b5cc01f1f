"""Sums frame captions up with the flags of EasyAnimate's script of this name; knows only these flags."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from framescribe.easyanimate.scripts import SUMMARY_MODEL, SummaryFlags, positive, summarize


def parser() -> argparse.ArgumentParser:
    """The flags, as EasyAnimate's README writes them."""
    parser = argparse.ArgumentParser(
        description="Write one caption per video from its frame captions. The same command again does what is missing. "
        "Exit code 3: finished, but some videos failed; they have no row, and the next run tries them again.",
    )
    add = parser.add_argument
    add("--video_metadata_path", required=True, help="What caption_video_frame.py wrote, or the like: csv or jsonl.")
    add("--video_path_column", default="video_path", help="Its column of paths. Default: %(default)s.")
    add(
        "--caption_column",
        default="sampled_frame_caption",
        help="Its column of captions: lists, their text, or one caption. Default: %(default)s.",
    )
    add("--remove_quotes", action="store_true", help="Remove quote characters from the captions, not what they quote.")
    add("--batch_size", type=positive, default=10, help="Videos summed up together. Default: %(default)s.")
    add(
        "--summary_model_name",
        help="A repository id, a name of `framescribe models`, a local folder, or a server's model. "
        f"Default: {SUMMARY_MODEL}, or the only model of --base_url.",
    )
    add(
        "--summary_prompt",
        help="The prompt, as text or @file; the captions follow it, or stand where it says {captions}. "
        "Default: the original's, which asks for a caption that begins with 'In this video'.",
    )
    add("--base_url", help="An OpenAI-compatible server that writes, such as http://host:8000/v1.")
    add("--output_dir", type=Path, help="Folder of the rows file (failures, progress). Default: that of --saved_path.")
    add("--saved_path", type=Path, required=True, help="The result: .csv or .jsonl.")
    add("--saved_freq", type=int, default=1000, help="Accepted and without effect: every row is kept at once.")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script, and give the exit code."""
    return summarize(SummaryFlags(**vars(parser().parse_args(arguments))))


if __name__ == "__main__":
    sys.exit(main())
