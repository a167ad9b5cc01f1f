"""Knows the order in which a checkpoint is converted, and its tokenizer; what is written where is known to layout and
weights."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from framescribe.convert import layout, weights
from framescribe.convert.layout import IMAGE_TOKEN, Json
from framescribe.engines.in_process import hub
from framescribe.errors import MissingExtra, UserError

SHARD_BYTES = 4 * 10**9
EMBEDDING = "language_model.model.embed_tokens.weight"


class Place:
    """A checkpoint's files: in a folder, or in a hub repository, whose files are fetched when they are needed.

    UserError: there is no such folder or repository; `instead` then says what to give instead.
    """

    def __init__(self, name: str, instead: str) -> None:
        self.name, self._instead = name, instead
        folder = Path(name).expanduser()
        self.folder = folder if folder.is_dir() else None
        if self.folder is None:
            try:
                hub.find(name)
            except UserError as error:
                raise self._absent(error) from error

    def file(self, name: str) -> Path | None:
        """The path of a file, or None where it does not exist. UserError: the hub cannot be reached."""
        if self.folder is not None:
            path = self.folder / name
            return path if path.is_file() else None

        from huggingface_hub import constants, hf_hub_download
        from huggingface_hub.errors import HTTPError, LocalEntryNotFoundError, RemoteEntryNotFoundError

        try:
            return Path(hf_hub_download(self.name, name))
        except RemoteEntryNotFoundError:
            return None
        except (OSError, ValueError, HTTPError) as error:
            if constants.HF_HUB_OFFLINE and isinstance(error, LocalEntryNotFoundError):
                return None
            if (said := hub.not_fetched(error, self.name, None)) is None:
                raise
            raise self._absent(said) from error

    def json(self, name: str) -> Json | None:
        """The content of a JSON file, or None where it does not exist. UserError: it is not a JSON object."""
        if (path := self.file(name)) is None:
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise UserError(f"{path} is not a JSON object. Fetch it again.")
        return content

    def _absent(self, error: UserError) -> UserError:
        said = str(error).splitlines()[0].replace("--model ", "")
        return UserError(f"{said}\n{self._instead}")


def convert(
    source: str,
    destination: Path,
    *,
    vision_tower: str | None = None,
    shard_bytes: int = SHARD_BYTES,
    said: Callable[[str], None] = print,
) -> None:
    """Convert the checkpoint `source` from the original LLaVA layout to transformers', into the folder `destination`.

    `source` and `vision_tower` are folders or repository ids; without `vision_tower` the tower is the one that the
    checkpoint's config names. A tower inside the checkpoint's weights takes precedence over weights elsewhere. `said`
    gets one line per shard. UserError: anything that prevents it, before anything is written. What a failure or an
    interrupt leaves behind is removed.
    """
    for package in ("torch", "transformers"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra("converting", "local")
    if destination.exists() and (not destination.is_dir() or any(destination.iterdir())):
        raise UserError(f"{destination} is not an empty folder. Name a new one.")

    old = Place(source, "Give the folder that holds it.")
    config = old.json("config.json")
    if config is None:
        raise UserError(f"{source} has no config.json, so it is not a checkpoint.")
    layout.check(config, source)
    where = vision_tower or config["mm_vision_tower"]
    tower = Place(where, "Name the folder or the repository of the vision tower: --vision-tower DIR_OR_REPO")
    tower_config, preprocessor = tower.json("config.json"), tower.json("preprocessor_config.json")
    if tower_config is None or preprocessor is None:
        raise UserError(
            f"the vision tower {where} lacks its {'config' if tower_config is None else 'preprocessor_config'}.json.\n"
            "Name one that has it: --vision-tower DIR_OR_REPO"
        )
    vision = layout.vision_config(tower_config, where)

    with hub.quiet():
        tokenizer = _tokenizer(old)
        tokens = _with_image_token(tokenizer)
        tokenizer.chat_template = tokenizer.chat_template or _template(tokenizer, config, source)
        stored = _tensors(old, tower, config)
        embedding = stored[EMBEDDING]
        rows = embedding.shape[0] if tokens <= embedding.shape[0] else -(-tokens // 64) * 64  # suits matrix units
        dtype = embedding.dtype
        image_token = tokenizer.convert_tokens_to_ids(IMAGE_TOKEN)
        new = layout.model_config(config, vision, vocabulary=rows, image_token=image_token, dtype=dtype)
        planned = _plan(stored, _expected(new), source)

    size = weights.total_bytes(planned, dtype)
    absolute = destination.absolute()
    free = shutil.disk_usage(next(folder for folder in (absolute, *absolute.parents) if folder.exists())).free
    if free < size + 2**26:  # the tokenizer and the configs are small
        raise UserError(f"{destination} needs {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free there.")
    try:
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{destination} cannot be created: {error.strerror}.") from error
    try:
        weights.write(planned, destination, dtype=dtype, shard_bytes=shard_bytes, said=said)
        _save_tokenizer(tokenizer, destination, new)
        _write(destination / "preprocessor_config.json", layout.preprocessor_config(config, preprocessor))
        _write(destination / "processor_config.json", layout.processor_config(new))
        _write(destination / "generation_config.json", _generation_config(old, config, tokenizer))
        _write(destination / "config.json", new)  # last: a folder without it is not taken for a checkpoint
    except BaseException as error:
        shutil.rmtree(destination, ignore_errors=True)
        if isinstance(error, OSError):
            raise UserError(f"{destination} cannot be written: {error.strerror or error}.") from error
        raise


# ------------------------------------------------------------------------------------------------ tokens


def _tokenizer(place: Place) -> Any:
    from transformers import LlamaTokenizer, PreTrainedTokenizerFast

    try:
        if place.file("tokenizer.json") is not None:
            return PreTrainedTokenizerFast.from_pretrained(place.folder or place.name)
        if place.file("tokenizer.model") is None:
            raise UserError(f"{place.name} has no tokenizer: neither tokenizer.json nor tokenizer.model.")
        if missing := [name for name in ("sentencepiece", "protobuf") if not _is_installed(name)]:
            raise UserError(f"{place.name}: reading its tokenizer.model needs: pip install {' '.join(missing)}")
        # LLaVA tokenizes what stands before and after an image separately, so that each part begins with
        # SentencePiece's space. That is what `legacy` means here, whatever the file says.
        return LlamaTokenizer.from_pretrained(place.folder or place.name, legacy=True, add_bos_token=True)
    except (OSError, ValueError, RuntimeError, ImportError, LookupError) as error:
        raise hub.not_loaded(error, f"the tokenizer of {place.name}") from error


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec({"protobuf": "google.protobuf"}.get(package, package)) is not None
    except ModuleNotFoundError:  # the parent of a dotted name
        return False


def _with_image_token(tokenizer: Any) -> int:
    """Add <image> where it is missing. How many rows of embeddings the vocabulary then needs."""
    from tokenizers import AddedToken

    if IMAGE_TOKEN not in tokenizer.get_vocab():
        tokenizer.add_tokens([AddedToken(IMAGE_TOKEN, special=True, normalized=False)], special_tokens=True)
    if tokenizer.pad_token is None:  # as LLaVA does; padding is masked, so any token will do
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    tokenizer.padding_side = "left"
    return 1 + max(int(number) for number in tokenizer.get_vocab().values())


def _template(tokenizer: Any, config: Json, source: str) -> str:
    if "<|im_start|>" in tokenizer.get_vocab():
        raise UserError(
            f"{source} uses ChatML, for which framescribe has no chat template, and has none of its own.\n"
            "Put one beside it: chat_template.jinja"
        )
    return layout.chat_template(config)


def _save_tokenizer(tokenizer: Any, folder: Path, new: Json) -> None:
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    # The class that takes tokenizer.json as it is, in every version; others build their own rules from its vocabulary.
    content |= {"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": ["input_ids", "attention_mask"]}
    content |= {"processor_class": layout.processor_config(new)["processor_class"]}
    # extra_special_tokens is a list since transformers 5, on which 4 fails; tokenizer.json marks these tokens as well.
    for key in ("is_local", "local_files_only", "backend", "extra_special_tokens"):
        content.pop(key, None)
    _write(path, content)


def _generation_config(old: Place, config: Json, tokenizer: Any) -> Json:
    """Only the special tokens: each request says how to sample."""
    own = {**config, **(old.json("generation_config.json") or {})}
    tokens = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    return {**{key: own.get(key) or value for key, value in tokens.items()}, "pad_token_id": tokenizer.pad_token_id}


# ------------------------------------------------------------------------------------------------ tensors


def _tensors(old: Place, tower: Place, config: Json) -> dict[str, weights.Stored]:
    """The tensors by their new names; those of the tower from its own files if the checkpoint has none."""
    files = weights.weight_files(old.file, old.name)
    own = weights.stored_in(files, lambda name: not layout.is_left_out(name, config))
    named = {layout.rename(name): stored for name, stored in own.items()}
    if stranger := named.get(None):
        raise UserError(f"{old.name} holds tensors that the original LLaVA layout does not have: {stranger.name} …")
    found = {name: stored for name, stored in named.items() if name is not None}
    if EMBEDDING not in found:
        raise UserError(f"{old.name} lacks model.embed_tokens.weight: it is not a complete checkpoint.")
    if not any(name.startswith(layout.VISION_PREFIX) for name in found):
        files = weights.weight_files(tower.file, tower.name)
        seeing = weights.stored_in(files, layout.is_of_tower)
        found |= {layout.rename_of_tower(name): stored for name, stored in seeing.items()}
    return found


def _expected(new: Json) -> dict[str, tuple[int, ...]]:
    """The shapes of the tensors in transformers' model for this config, by the names that llava-hf uses."""
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText

    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(AutoConfig.for_model(**new))
    names = (
        ("model.language_model.", "language_model.model."),
        ("lm_head.", "language_model.lm_head."),
        ("model.vision_tower.vision_model.", layout.VISION_PREFIX),
        ("model.vision_tower.", layout.VISION_PREFIX),  # without the part in between since transformers 5
        ("model.", ""),
    )
    expected = {}
    for name, tensor in model.state_dict().items():
        start, instead = next(pair for pair in names if name.startswith(pair[0]))
        expected[instead + name.removeprefix(start)] = tuple(tensor.shape)
    if new["tie_word_embeddings"]:
        expected.pop("language_model.lm_head.weight", None)
    return expected


def _plan(
    stored: dict[str, weights.Stored], expected: dict[str, tuple[int, ...]], source: str
) -> list[weights.Planned]:
    """What is to be written, in the model's order. UserError if a tensor is missing, unexpected, or of another size."""
    if missing := [name for name in expected if name not in stored]:
        raise UserError(f"{source} is not complete. Tensors missing: {len(missing)}, the first is {missing[0]}.")
    if more := [name for name in stored if name not in expected]:
        raise UserError(f"{source} holds tensors that its config has no place for: {stored[more[0]].name} …")
    grows = (EMBEDDING, "language_model.lm_head.weight")
    for name, shape in expected.items():
        if stored[name].dtype is None:
            raise UserError(
                f"{source}: {stored[name].name} does not hold plain numbers; quantized weights cannot be converted."
            )
        has = stored[name].shape
        if has != shape and not (name in grows and has[1:] == shape[1:] and has[0] <= shape[0]):
            raise UserError(f"{source}: {stored[name].name} is {list(has)}, but its config makes it {list(shape)}.")
    return [weights.Planned(name, stored[name], shape) for name, shape in expected.items()]


def _write(path: Path, content: Json) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
