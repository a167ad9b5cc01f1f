"""Knows what captions are to be like for a trainer or a kind of LoRA, and who says so; asks nobody."""

from __future__ import annotations

from dataclasses import dataclass

from framescribe.checks.lora_words import CHARACTER, STYLE
from framescribe.errors import UserError
from framescribe.language.limits import Limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What captions are made for.

    `form`: what the model is told of order and wording. `words`: the fewest and the most that it is told to write; the
    most are kept, too. `encoder`: what the text encoder reads, which is kept. `checks`: those turned on besides.
    `learns`: what a LoRA is to learn from the videos alone, so that no word names it ("character", "style"). `export`:
    the formats that fit. `sources`: where this guidance is, read at these commits.
    """

    name: str
    about: str
    form: tuple[str, ...]
    words: tuple[int | None, int | None] = (None, None)
    encoder: Limit | None = None
    checks: tuple[str, ...] = ()
    learns: str = ""
    export: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """What it sets, in a line for the user."""
        least, most = self.words
        told = [f"at least {least}" if least else "", f"at most {most}" if most else ""]
        words = f"{' and '.join(filter(None, told))} words" if any(told) else ""
        tokens = f"at most {self.encoder.tokens} tokens ({self.encoder.tokenizer})" if self.encoder else ""
        checks = f"checked for {', '.join(self.checks)}" if self.checks else ""
        learns = f"no words for the {self.learns}" if self.learns else ""
        set_by_it = [part for part in (words, tokens, checks, learns) if part]
        return f"--for {self.name}: {'; '.join(['wording and order', *set_by_it])}; export --to {self.export[0]}"


TARGETS = (
    Target(
        name="wan",
        about="Wan 2.1 and 2.2",
        form=(
            "Name the style first if it is not plain live action, then say who or what is there and how it looks.",
            "Tell every movement in its course, and what moves in the background.",
            "Say shot size, camera angle, time of day and light in plain film terms where they can be seen.",
            "Say nothing of mood.",
        ),
        words=(60, 200),
        encoder=Limit(tokens=512, tokenizer="umt5"),
        checks=("mood",),
        export=("musubi-tuner", "diffusion-pipe", "diffsynth-studio", "ai-toolkit"),
        sources=(
            "Wan-Video/Wan2.2 @42bf4cf: wan/utils/system_prompt.py (content, no mood, 60 to 200 words)",
            "Wan-Video/Wan2.2 @42bf4cf: wan/configs/shared_config.py (512 tokens)",
        ),
    ),
    Target(
        name="hunyuan",
        about="HunyuanVideo",
        form=(
            "Say in the first sentence who or what does what.",
            "Then describe the subjects, their movements in order, the surroundings, the shot size and the movement of "
            "the camera, the light, and the style if it is not plain live action.",
        ),
        encoder=Limit(tokens=256, tokenizer="llama3"),
        checks=("mood",),
        export=("musubi-tuner", "diffusion-pipe"),
        sources=(
            "Tencent/HunyuanVideo @fa14b00: hyvideo/config.py, constants.py, inference.py (256 tokens of Llama 3's "
            "tokenizer, those of the template before the caption left out; its CLIP reads the first 77 besides)",
            "arXiv 2510.24134, VC4VG (subjects, actions, surroundings, camera and style, for text to video in general)",
        ),
    ),
    Target(
        name="ltx",
        about="LTX-Video and LTX-2",
        form=(
            "Write one flowing paragraph in the order of time, as literal and exact as a shot list.",
            "Begin with the main action in one sentence. Then tell movements and gestures, how people and things look, "
            "the surroundings, the angle and movement of the camera, light and colours, and what changes suddenly.",
        ),
        words=(None, 200),
        checks=("mood",),
        export=("ltx-2", "ltx-video-trainer"),
        sources=(
            "Lightricks/LTX-Video @5260738: README.md, Prompt Engineering (order, at most 200 words)",
            "Lightricks/LTX-2 @400fd31: packages/ltx-trainer/src/ltx_trainer/captioning.py (order of time, shot and "
            "framing, nothing inferred)",
        ),
    ),
    Target(
        name="cogvideox",
        about="CogVideoX",
        form=(
            "Write one paragraph of whole, richly detailed sentences, and begin with the subject itself.",
            "Tell the actions in the order of time, then the surroundings, the light and the camera.",
        ),
        encoder=Limit(tokens=226, tokenizer="t5"),
        export=("diffusers", "finetrainers"),
        sources=(
            "THUDM/CogVideo @e519ece: README.md (226 tokens)",
            "THUDM/CogVideo @e519ece: inference/convert_demo.py (detailed, whole sentences, no introduction)",
        ),
    ),
    Target(
        name="videox-fun",
        about="VideoX-Fun",
        form=(
            "Say what the main subjects do, in order, and what they are like; then the background: things, place, "
            "weather and time.",
            "Say shot size, camera movement and style where they can be seen.",
            "Say nothing of feelings that the viewer may have.",
        ),
        encoder=Limit(tokens=512, tokenizer="umt5"),
        checks=("mood",),
        export=("videox-fun",),
        sources=(
            "aigc-apps/VideoX-Fun @804a425: videox_fun/video_caption/prompt/rewrite.txt (content)",
            "aigc-apps/VideoX-Fun @804a425: scripts/wan2.1/train.py (512 tokens; scripts/cogvideox_fun: 226)",
        ),
    ),
    Target(
        name="cosmos",
        about="Cosmos-Predict2 and Cosmos 3",
        form=(
            "Write one dense paragraph: every subject with its looks, pose and place in the picture, its actions and "
            "how they go on over time, the surroundings, the light with its direction, and the camera.",
        ),
        encoder=Limit(tokens=512, tokenizer="t5"),
        export=("cosmos3", "cosmos-predict2"),
        sources=(
            "NVIDIA/cosmos-framework @5eee9ed: docs/dataset_jsonl.md, cosmos_framework/inference/defaults/"
            "video_captioner.txt (content; also as JSON: --strategy structured)",
            "nvidia-cosmos/cosmos-predict2 @661da47: scripts/get_t5_embeddings.py (512 tokens)",
        ),
    ),
    Target(
        name="lora-character",
        about="a LoRA of one character; give --trigger",
        form=(
            "Say what changes from clip to clip: action, pose, expression, clothes, place, light and camera.",
            "Leave out how the main character always looks: hair, eyes, face, skin, age and build.",
        ),
        learns=CHARACTER,
        export=("musubi-tuner", "diffusion-pipe", "ai-toolkit"),
        sources=(
            "github.com/kohya-ss/musubi-tuner/issues/209 (leave out what always is the same)",
            "github.com/atomantic/PortOS/issues/1320 (what captions repeat is not learnt by the trigger)",
            "alvdansen/klippbok @896981f: docs/CAPTIONING.md (by kind of LoRA)",
        ),
    ),
    Target(
        name="lora-style",
        about="a LoRA of one style",
        form=(
            "Say what is to be seen and what happens.",
            "Leave out how the picture is made: no word for its style, technique, medium or look.",
        ),
        learns=STYLE,
        export=("musubi-tuner", "diffusion-pipe", "ai-toolkit"),
        sources=(
            "help.scenario.com/en/articles/advanced-captioning (content, and the style as what stays the same)",
            "alvdansen/klippbok @896981f: docs/CAPTIONING.md (by kind of LoRA)",
        ),
    ),
    Target(
        name="lora-motion",
        about="a LoRA of a movement, of things or of the camera",
        form=(
            "Say above all how things move: what, from where to where, how fast, in which order, and how the camera "
            "moves.",
            "Say only briefly how things look and where they are.",
        ),
        export=("musubi-tuner", "diffusion-pipe", "ai-toolkit"),
        sources=("alvdansen/klippbok @896981f: docs/CAPTIONING.md (by kind of LoRA)",),
    ),
)
BY_NAME = {target.name: target for target in TARGETS}


def target_of(name: str | None) -> Target | None:
    """The target of this name; None for none. UserError if there is no such one."""
    if name is None:
        return None
    if name not in BY_NAME:
        raise UserError(f"--for {name}: there is no such target. Available: {', '.join(BY_NAME)}.")
    return BY_NAME[name]
