"""Knows how what `--strategy structured` finds out about a clip is said in the JSON that trainers' tools make; knows no
file.

What the value does not say (sound, mood, who a person is) is left out; nothing is made up.

Cosmos 3: NVIDIA/cosmos-framework @5eee9ed, cosmos_framework/inference/structured_caption.py, and its form in
cosmos_framework/inference/prompting_templates/external_api/t2v_i2v_video_json_schema.json.
SkyCaptioner-V1: SkyworkAI/SkyReels-V2 @abed76f, skycaptioner_v1/scripts/vllm_struct_caption.py (the form),
vllm_fusion_caption.py (what is read of it), skycaptioner_v1/examples/test_result.csv.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_UNKNOWN: tuple[Any, ...] = ("", "not sure", None, [], {})
# Of SkyCaptioner's five: what lies between two of them goes to the wider one.
_SHOT_TYPES = {
    "extreme close-up": "extreme_close_up",
    "close-up": "close_up",
    "medium close-up": "medium_shot",
    "medium shot": "medium_shot",
    "medium wide shot": "full_shot",
    "wide shot": "long_shot",
    "extreme wide shot": "long_shot",
}
_SHOT_ANGLES = {
    "level": "eye_level",
    "low angle": "low_angle",
    "high angle": "high_angle",
    "overhead": "high_angle",
    "tilted": "other",
}


def cosmos_prompt(value: Mapping[str, Any], caption: str | None) -> dict[str, Any]:
    """Cosmos 3's structured prompt, without the facts of the file."""
    return _without_unknown(
        {
            "subjects": [
                {
                    "description": one["what"],
                    "appearance_details": one["appearance"],
                    "location": one["place"],
                    "action": one["action"],
                }
                for one in value["subjects"]
            ],
            "background_setting": value["setting"],
            "lighting": {"conditions": value["light"]},
            "cinematography": {
                "camera_motion": _motion(value["camera"]),
                "framing": value["shot_size"],
                "camera_angle": _angle(value["angle"], value["height"]),
            },
            "style_medium": value["style"],
            "actions": [{"description": one} for one in value["actions"]],
            "text_and_signage_elements": [{"text": one} for one in value["text"]],
            "temporal_caption": caption,
        }
    )


def skycaptioner(value: Mapping[str, Any], caption: str | None) -> dict[str, Any]:
    """SkyCaptioner-V1's structured caption."""
    overhead, aerial = value["angle"] == "overhead", value["height"] == "aerial"
    return _without_unknown(
        {
            "subjects": [
                {
                    "TYPES": {"sub_type": one["what"]},
                    "appearance": one["appearance"],
                    "action": one["action"],
                    "position": one["place"],
                    "is_main_subject": True,  # only those were asked for
                }
                for one in value["subjects"]
            ],
            "shot_type": _SHOT_TYPES.get(value["shot_size"]),
            "shot_angle": _SHOT_ANGLES.get(value["angle"]),
            "shot_position": "overhead_view" if overhead else "aerial_view" if aerial else None,
            "camera_motion": _motion(value["camera"]),
            "environment": value["setting"],
            "lighting": value["light"],
        }
    )


def _motion(camera: Mapping[str, str]) -> str | None:
    """How the camera moves, in words: "slow pan left"."""
    movement = camera["movement"]
    if movement in _UNKNOWN:
        return None
    if movement == "static":
        return movement
    words = {"several": "several movements", "tracking": "tracking shot"}
    parts = (camera["speed"], words.get(movement, movement), camera["direction"])
    return " ".join(part for part in parts if part not in _UNKNOWN and part != "none")


def _angle(angle: str, height: str) -> str:
    """From where the camera looks, in words: "low angle, ground level"."""
    return ", ".join(part for part in (angle, height) if part not in _UNKNOWN)


def _without_unknown(fields: dict[str, Any]) -> dict[str, Any]:
    kept = {name: _known(one) for name, one in fields.items()}
    return {name: one for name, one in kept.items() if one not in _UNKNOWN}


def _known(value: Any) -> Any:
    """The value without what is not known."""
    if isinstance(value, dict):
        return _without_unknown(value)
    if isinstance(value, list):
        return [one for one in map(_known, value) if one not in _UNKNOWN]
    return value
