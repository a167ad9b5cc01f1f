"""Knows the names that a user may write, and the class behind each: built in, or from a package that was installed
beside framescribe. Imports a class only when it is asked for; knows nothing of what the classes do."""

from __future__ import annotations

import difflib
import importlib
import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from framescribe.errors import UserError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "engines": {
        "transformers": "framescribe.engines.in_process.engine:TransformersEngine",
        "openai": "framescribe.engines.transport.openai_api:OpenAIEngine",
        "vllm": "framescribe.engines.servers.served:ServedEngine",
        "sglang": "framescribe.engines.servers.served:ServedEngine",
        "lmdeploy": "framescribe.engines.servers.served:ServedEngine",
        "llama-cpp": "framescribe.engines.servers.served:ServedEngine",
        "ollama": "framescribe.engines.servers.served:ServedEngine",
    },
    "strategies": {
        "frames-then-summary": "framescribe.strategies.frames_then_summary:FramesThenSummary",
        "whole-clip": "framescribe.strategies.whole_clip:WholeClip",
        "sliding": "framescribe.strategies.sliding:Sliding",
        "structured": "framescribe.strategies.structured:Structured",
    },
    "checks": {
        "empty": "framescribe.checks.empty:Empty",
        "refusal": "framescribe.checks.refusal:Refusal",
        "truncated": "framescribe.checks.truncated:Truncated",
        "repeats": "framescribe.checks.repeats:Repeats",
        "boilerplate_opening": "framescribe.checks.boilerplate_opening:BoilerplateOpening",
        "boilerplate_ending": "framescribe.checks.boilerplate_ending:BoilerplateEnding",
        "frame_talk": "framescribe.checks.frame_talk:FrameTalk",
        "meta_answer": "framescribe.checks.meta_answer:MetaAnswer",
        "prompt_echo": "framescribe.checks.prompt_echo:PromptEcho",
        "markup": "framescribe.checks.markup:Markup",
        "wrong_language": "framescribe.checks.wrong_language:WrongLanguage",
        "negation_filler": "framescribe.checks.negation_filler:NegationFiller",
        "speculation": "framescribe.checks.speculation:Speculation",
        "mood": "framescribe.checks.mood:Mood",
        "too_short": "framescribe.checks.length:TooShort",
        "too_long": "framescribe.checks.length:TooLong",
        "missing_trigger": "framescribe.checks.wanted_words:MissingTrigger",
        "missing_words": "framescribe.checks.wanted_words:MissingWords",
        "forbidden_word": "framescribe.checks.wanted_words:ForbiddenWord",
        "encoding": "framescribe.checks.encoding:Encoding",
        "duplicate": "framescribe.checks.duplicates:Duplicate",
        "unsupported_text": "framescribe.checks.unsupported_text:UnsupportedText",
        "number_contradiction": "framescribe.checks.number_contradiction:NumberContradiction",
        "camera_contradiction": "framescribe.checks.camera_contradiction:CameraContradiction",
        "measured_contradiction": "framescribe.checks.measured_contradiction:MeasuredContradiction",
        "identity_words": "framescribe.checks.lora_words:IdentityWords",
        "style_words": "framescribe.checks.lora_words:StyleWords",
        "added_facts": "framescribe.checks.added_facts:AddedFacts",
    },
    "measures": {
        "cuts": "framescribe.measures.cuts:Cuts",
        "still": "framescribe.measures.still:Still",
        "borders": "framescribe.measures.borders:Borders",
        "light": "framescribe.measures.light:Light",
        "sharpness": "framescribe.measures.sharpness:Sharpness",
        "overlay": "framescribe.measures.overlay:Overlay",
        "copies": "framescribe.measures.copies:Copies",
        "text": "framescribe.measures.text:Text",
        "camera": "framescribe.measures.camera:Camera",
        "motion": "framescribe.measures.motion:Motion",
    },
    "metrics": {
        "support": "framescribe.scoring.support:Support",
        "flags": "framescribe.scoring.flags:Flags",
        "lengths": "framescribe.scoring.lengths:Lengths",
        "vocabulary": "framescribe.scoring.vocabulary:Vocabulary",
        "duplicates": "framescribe.scoring.twins:Twins",
        "camera": "framescribe.scoring.camera:Camera",
        "measured": "framescribe.scoring.agreement:Agreement",
        "events": "framescribe.scoring.events:Events",
        "questions": "framescribe.scoring.questions:Questions",
    },
    "formats": {
        "txt": "framescribe.formats.sidecars:FORMAT",
        "musubi-tuner": "framescribe.formats.musubi_tuner:FORMAT",
        "diffusion-pipe": "framescribe.formats.diffusion_pipe:FORMAT",
        "ai-toolkit": "framescribe.formats.ai_toolkit:FORMAT",
        "simpletuner": "framescribe.formats.simpletuner:FORMAT",
        "finetrainers": "framescribe.formats.finetrainers:FORMAT",
        "diffusers": "framescribe.formats.diffusers:FORMAT",
        "videox-fun": "framescribe.formats.videox_fun:FORMAT",
        "easyanimate": "framescribe.formats.videox_fun:EASYANIMATE",
        "ltx-2": "framescribe.formats.ltx:LTX_2",
        "ltx-video-trainer": "framescribe.formats.ltx:LTX_VIDEO_TRAINER",
        "diffsynth-studio": "framescribe.formats.diffsynth_studio:FORMAT",
        "fastvideo": "framescribe.formats.fastvideo:FORMAT",
        "open-sora": "framescribe.formats.open_sora:FORMAT",
        "open-sora-plan": "framescribe.formats.open_sora_plan:FORMAT",
        "cosmos-predict2": "framescribe.formats.cosmos:COSMOS_PREDICT2",
        "cosmos3": "framescribe.formats.cosmos:COSMOS3",
        "skyreels": "framescribe.formats.skyreels:FORMAT",
        "videofolder": "framescribe.formats.hugging_face:VIDEOFOLDER",
        "datasets": "framescribe.formats.hugging_face:DATASETS",
        "webdataset": "framescribe.formats.webdataset:FORMAT",
        "csv": "framescribe.formats.plain_tables:CSV",
        "parquet": "framescribe.formats.plain_tables:PARQUET",
    },
}
_ONE = {
    "engines": "engine",
    "strategies": "strategy",
    "checks": "check",
    "measures": "measure",
    "metrics": "metric",
    "formats": "format",
}

_log = logging.getLogger("framescribe")
_warned: set[str] = set()


def names(kind: str) -> list[str]:
    """The names of this kind, a key of `BUILT_IN`: the built-in ones, then plug-ins. Imports none."""
    return [*BUILT_IN[kind], *_plug_ins(kind)]


def load(kind: str, name: str) -> Any:
    """The class called `name`. UserError, with the nearest name, where there is none, or where its plug-in fails."""
    if (place := BUILT_IN[kind].get(name)) is not None:
        module, _, attribute = place.partition(":")
        return getattr(importlib.import_module(module), attribute)
    plug_ins = _plug_ins(kind)
    if name not in plug_ins:
        raise UserError(f"no {_ONE[kind]} is called {name!r}. {suggest(name, names(kind))}")
    try:
        return plug_ins[name].load()
    except (Exception, SystemExit) as error:
        raise UserError(_failed(kind, plug_ins[name], error)) from error


def load_all(kind: str) -> dict[str, Any]:
    """Every class of this kind by its name. A plug-in that fails to import is left out with a warning."""
    found = {name: load(kind, name) for name in BUILT_IN[kind]}
    for name, entry in _plug_ins(kind).items():
        try:
            found[name] = entry.load()
        except (Exception, SystemExit) as error:
            _warn(_failed(kind, entry, error))
    return found


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be, whatever the case of its letters; None: none is near."""
    by_lower = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1)
    return by_lower[near[0]] if near else None


def suggest(name: str, known: Iterable[str]) -> str:
    """ "Did you mean …?" where something is near, else the list of what there is."""
    known = list(known)
    near = nearest(name, known)
    return f"Did you mean {near!r}?" if near is not None else f"Available: {', '.join(known)}."


def _plug_ins(kind: str) -> dict[str, EntryPoint]:
    """What installed packages offer under the group "framescribe.<kind>", without what is built in under that name."""
    from importlib.metadata import entry_points

    found: dict[str, EntryPoint] = {}
    for entry in entry_points(group=f"framescribe.{kind}"):
        if entry.name in BUILT_IN[kind]:
            _warn(f"the {_plug_in(kind, entry)} is ignored: framescribe has a built-in one of that name")
        elif entry.name in found and entry.value != found[entry.name].value:
            _warn(f"the {_plug_in(kind, entry)} is ignored: {_distribution(found[entry.name])} has one of that name")
        else:
            found[entry.name] = entry
    return found


def _plug_in(kind: str, entry: EntryPoint) -> str:
    return f"{_ONE[kind]} {entry.name!r} of {_distribution(entry)}"


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "an unknown package"


def _failed(kind: str, entry: EntryPoint, error: BaseException) -> str:
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return f"the {_plug_in(kind, entry)} cannot be imported: {said}"


def _warn(text: str) -> None:
    if text not in _warned:  # names are listed more than once
        _warned.add(text)
        _log.warning("%s", text)
