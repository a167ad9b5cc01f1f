"""Captions sampled frames of videos with the flags of EasyAnimate's script of this name; knows only these flags."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from framescribe.easyanimate.scripts import FRAME_MODEL, METHODS, FrameFlags, caption_frames, positive, truth


def parser() -> argparse.ArgumentParser:
    """The flags, as EasyAnimate's README writes them."""
    parser = argparse.ArgumentParser(
        description="Caption sampled frames of videos. The same command again does what is missing. "
        "Exit code 3: finished, but some videos failed; they have no row, and the next run tries them again.",
    )
    add = parser.add_argument
    add("--video_folder", help="Folder of videos, with its subfolders; paths of the metadata file start from it.")
    add(
        "--video_metadata_path",
        help="List of videos: txt, csv or jsonl. Paths start from --video_folder, or else from its folder.",
    )
    add("--video_path_column", default="video_path", help="The metadata's column of paths. Default: %(default)s.")
    add("--batch_size", type=positive, default=10, help="Frames captioned together. Default: %(default)s.")
    add(
        "--frame_sample_method",
        choices=list(METHODS),
        default="mid",
        help="extract_mid_frame is the old name of mid. Default: %(default)s.",
    )
    add("--num_sampled_frames", type=int, default=1, help="For uniform and random; mid is one frame. Default: 1.")
    add(
        "--image_caption_model_name",
        help="A name of `framescribe models`, a repository id, a local folder, or a server's model. "
        f"Default: {FRAME_MODEL}, or the only model of --base_url (the original's default, internlm-xcomposer2-vl-7b, "
        "needs code that today's transformers no longer runs).",
    )
    add(
        "--image_caption_model_quantized",
        type=truth,
        nargs="?",
        const=True,
        default=False,
        metavar="true|false",
        help="Load the model in 4 bits (needs a GPU and bitsandbytes). Default: false.",
    )
    add(
        "--image_caption_prompt",
        help='The prompt, as text or @file. Default: "Describe this image and its style in a very detailed manner."',
    )
    add("--base_url", help="An OpenAI-compatible server that captions, such as http://host:8000/v1.")
    add(
        "--output_dir",
        type=Path,
        help="Folder of the rows file (failures, times, progress). Default: that of --saved_path.",
    )
    add("--saved_path", type=Path, required=True, help="The result: .csv or .jsonl.")
    add("--saved_freq", type=int, default=1000, help="Accepted and without effect: every row is kept at once.")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script, and give the exit code."""
    return caption_frames(FrameFlags(**vars(parser().parse_args(arguments))))


if __name__ == "__main__":
    sys.exit(main())
