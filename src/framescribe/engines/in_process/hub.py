"""Knows where an in-process model comes from, its device and precision, and how to explain failures; loads none.

HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE are huggingface_hub's own and work as usual.
"""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from framescribe.engines import redaction
from framescribe.errors import UserError

WAYS_OUT = (
    "Ways out: a mirror (HF_ENDPOINT=https://…), a folder with the model (--model ./folder), "
    "or a server that has it (--base-url http://…)."
)
_DTYPES = {"bf16": "bfloat16", "fp16": "float16", "half": "float16", "fp32": "float32", "float": "float32"}


def find(model: str, revision: str | None = None) -> str:
    """What from_pretrained accepts: an existing folder, or a repository whose config.json is cached or was downloaded.

    UserError: no such folder, a folder that lacks files, or a repository that cannot be reached (two lines, with what
    to do instead). No weights are downloaded.
    """
    folder = Path(os.path.expanduser(model))
    if folder.is_dir():
        _check(folder)
        return str(folder)
    if folder.is_file():
        raise UserError(f"--model {model} is a file. Give the folder of a checkpoint: config.json, weights, tokenizer.")
    if _means_a_folder(model, folder):
        raise UserError(f"there is no folder {model} (looked for {folder.absolute()}).")

    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HTTPError

    try:
        _knock(model, revision)
        hf_hub_download(model, "config.json", revision=revision)
    except (OSError, ValueError, HTTPError) as error:
        raise not_fetched(error, model, revision) or error from error
    return model


def not_fetched(error: BaseException, model: str, revision: str | None) -> UserError | None:
    """The two lines for an error of huggingface_hub, wherever it is in the chain; None for any other error."""
    from huggingface_hub import constants, errors

    chain = [error]
    while (below := chain[-1].__cause__ or chain[-1].__context__) is not None and len(chain) < 20:
        chain.append(below)

    def among(*kinds: type[BaseException]) -> BaseException | None:
        return next((each for each in chain if isinstance(each, kinds)), None)

    host = redaction.host(constants.ENDPOINT)
    name = f"{model} at revision {revision}" if revision else model
    if among(errors.HFValidationError):
        return UserError(f"--model {model} is neither a folder nor a name on the hub (owner/name).\n{WAYS_OUT}")
    if among(errors.GatedRepoError):
        why = f"{host} gives it only to those who accepted its licence there and logged in (hf auth login, or HF_TOKEN)"
    elif among(errors.RevisionNotFoundError):
        why = f"{host} has the model, but not that revision"
    elif among(errors.RepositoryNotFoundError):
        why = f"{host} has no model of that name, or keeps it private (hf auth login, or HF_TOKEN)"
    elif among(errors.RemoteEntryNotFoundError):
        why = f"{host} has it without a config.json, so it is not a transformers checkpoint"
    elif among(errors.OfflineModeIsEnabled) or (constants.HF_HUB_OFFLINE and among(errors.LocalEntryNotFoundError)):
        why = "HF_HUB_OFFLINE is set, and it is not in the cache"
    elif isinstance(answer := among(errors.HfHubHTTPError), errors.HfHubHTTPError):
        why = f"{host} answers {answer.response.status_code}"
    elif among(errors.LocalEntryNotFoundError, errors.HTTPError):
        why = f"{host} cannot be reached ({_first_line(chain[-1])})"
    else:
        return None
    return UserError(f"{name} could not be fetched: {why}.\n{WAYS_OUT}")


def not_loaded(error: BaseException, model: str) -> UserError:
    """What to tell a user whose checkpoint transformers cannot load although its files are there."""
    said = _first_line(error)
    if misfit := _torchvision_fault():
        return UserError(
            f"{model} cannot be loaded: the installed torchvision was not made for the installed torch ({misfit}).\n"
            "Install both from the same place (https://pytorch.org/get-started/locally); without a GPU, the default "
            "model needs no torchvision: pip uninstall torchvision"
        )
    if isinstance(error, ImportError):
        if needed := re.search(r"requires the (.+?) library", str(error)):
            return UserError(f"{model} needs a package that is not installed: pip install {needed[1].lower()}")
        return UserError(f"{model} needs something that is not installed: {said}")
    if "trust_remote_code" in str(error):
        return UserError(f"{model} brings code of its own. If you trust it: --trust-remote-code")
    if "does not recognize this architecture" in str(error) or "Unrecognized model" in str(error):
        return UserError(
            f"{model} is of a kind that this transformers does not know: {said}\nTry: pip install -U transformers"
        )
    if is_out_of_memory(error):
        return UserError(
            f"{model} does not fit into memory: {said}\nUse a smaller model, --quantize int4, or --base-url …"
        )
    return UserError(f"{model} cannot be loaded: {said}")


def _torchvision_fault() -> str | None:
    """Why torchvision, which transformers imports wherever it finds it, cannot be imported; None if it is not there."""
    if importlib.util.find_spec("torchvision") is None:
        return None
    try:
        importlib.import_module("torchvision")
    except (ImportError, OSError, RuntimeError) as error:
        return _first_line(error)
    return None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch, on any device, or Python ran out of memory."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    said = str(error).lower()
    return isinstance(error, RuntimeError) and any(
        words in said for words in ("out of memory", "can't allocate memory", "not enough memory")
    )


def choose_device(wanted: str) -> str:
    """The device's name for torch; "auto" is CUDA, else Apple's MPS, else the CPU. UserError if it is missing."""
    import torch

    mps = torch.backends.mps.is_available()
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "mps" if mps else "cpu"
    try:
        device = torch.device(wanted)
    except RuntimeError:
        raise UserError(f"--device {wanted} is not a device. Choose one of: auto, cpu, cuda, cuda:1, mps") from None
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            raise UserError("--device cuda: torch sees no GPU here. Is this torch built for CUDA? (--device cpu works)")
        index = torch.cuda.current_device() if device.index is None else device.index
        if index >= count:
            raise UserError(f"--device {wanted}: there are {count} GPUs, counted from cuda:0")
        return f"cuda:{index}"
    if device.type == "mps" and not mps:
        raise UserError("--device mps: torch sees no Apple GPU here (--device cpu works)")
    return str(device)


def choose_dtype(wanted: str, device: str) -> Any:
    """The torch.dtype; "auto" is bfloat16 on GPUs that compute in it, float16 on other GPUs, float32 on the CPU."""
    import torch

    if wanted == "auto":
        if device.startswith("cuda"):
            return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
        return torch.float16 if device == "mps" else torch.float32
    dtype = getattr(torch, _DTYPES.get(wanted, wanted), None)
    if dtype not in (torch.float32, torch.bfloat16, torch.float16):
        raise UserError(f"--dtype {wanted} is not one of: auto, float32, bfloat16, float16")
    return dtype


@contextmanager
def quiet() -> Iterator[None]:
    """While this is open, transformers shows no loading bars and no advice. Download bars and errors remain.

    Setting TRANSFORMERS_VERBOSITY overrides it.
    """
    from huggingface_hub import utils as hub
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    downloads = not hub.are_progress_bars_disabled()
    if "TRANSFORMERS_VERBOSITY" not in os.environ:
        logging.set_verbosity_error()
    logging.disable_progress_bar()  # also turns off the hub's bars
    if downloads:
        hub.enable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
        if not downloads:
            hub.disable_progress_bars()


def _means_a_folder(model: str, folder: Path) -> bool:
    if model.startswith((".", "/", "~")) or "\\" in model or folder.is_absolute():
        return True
    return model.count("/") > 1 or ("/" in model and folder.parent.is_dir())


def _knock(model: str, revision: str | None) -> None:
    """Raise at once if the hub is out of reach and the model is not in the cache; hf_hub_download alone would keep
    trying for half a minute and log it six times."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
    from huggingface_hub.errors import HfHubHTTPError, HTTPError, OfflineModeIsEnabled

    try:
        get_hf_file_metadata(hf_hub_url(model, "config.json", revision=revision))
    except (HfHubHTTPError, OfflineModeIsEnabled):
        return  # any answer will do: hf_hub_download knows what to make of it
    except HTTPError:
        if not isinstance(try_to_load_from_cache(model, "config.json", revision=revision), str):
            raise


def _check(folder: Path) -> None:
    files = {file.name for file in folder.iterdir()}
    missing = [] if "config.json" in files else ["config.json"]
    if not any(name.endswith((".safetensors", ".bin")) for name in files):
        missing.append("weights (*.safetensors)")
    if not any(name.startswith(("tokenizer", "vocab", "spiece", "sentencepiece", "tekken")) for name in files):
        missing.append("a tokenizer (tokenizer.json)")
    if missing:
        raise UserError(f"{folder} is not a complete checkpoint: it lacks {', '.join(missing)}.")


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
