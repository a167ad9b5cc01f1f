"""Knows what rows of version 0.1.0 said of how they were made, and says it in today's form; reads no file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def provenance_of(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record's provenance in today's form."""
    made: Mapping[str, Any] = record.get("provenance") or {}
    return made if "schema" in made or not made else _from_0_1_0(record, made)


def _from_0_1_0(record: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """Version 0.1.0 had the stages "frames" and "summary", and called that of whole clips "frames", too."""
    prints, stages = made.get("fingerprints") or {}, dict[str, Any]()
    flags = record.get("flags") or ()
    captioned = any(frame.get("caption") is not None for frame in record.get("frames") or ())
    for name, fingerprint in prints.items():
        stage = dict((made.get("stages") or {}).get(name) or {})
        whole = stage.get("strategy") == "whole-clip"
        has_caption, has_frames = record.get("caption") is not None, bool(record.get("frames"))
        if whole:
            fills = ["caption", "frames"] if has_caption else []
        else:
            fills = (
                ["frames"]
                if name == "frames" and captioned
                else ["caption"]
                if name != "frames" and has_caption
                else []
            )
        raised = [flag for flag in flags if whole or flag.startswith("frame_") == (name == "frames")]
        raised = [flag for flag in raised if not flag.startswith("video_")]
        stages["clip" if whole else name] = {
            "fingerprint": fingerprint,
            **stage,
            **({"flags": raised} if raised and fills else {}),
            **({"fills": fills} if fills and (has_frames or name != "frames") else {}),
        }
    if damaged := [flag for flag in flags if flag.startswith("video_") and flag != "video_sent_as_images"]:
        stages["decode"] = {"flags": damaged}
    file = {"content": made["content"]} if made.get("content") else {}
    return {"schema": 1, "version": made.get("version"), "file": file, "stages": stages}
