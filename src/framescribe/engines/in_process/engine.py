"""Knows how to answer requests with a transformers model in this process; knows no server, prompt or video.

There are two kinds of models, told apart by their config: image-text models (which take requests with and without
pictures) and text models. Chat templates are the checkpoint's own. Greedy answers do not depend on what else is in a
batch, except for rounding; sampled ones do, because a whole batch draws from one stream of random numbers.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import logging
import os
import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from framescribe.engines.base import ChatRequest, Decoding, Engine, Load, Reply
from framescribe.engines.in_process import hub
from framescribe.engines.in_process.batcher import Batcher
from framescribe.engines.in_process.reader import Reader
from framescribe.engines.presets import route
from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.thinking import UNANSWERED
from framescribe.engines.thinking_switch import Thinking
from framescribe.errors import (
    BadReply,
    EngineFault,
    FramescribeError,
    MissingExtra,
    Refused,
    RunError,
    TooLong,
    Usage,
    UserError,
)
from framescribe.machine import LOADING

if TYPE_CHECKING:
    from framescribe.engines.choice import ModelChoice

_log = logging.getLogger("framescribe")

GPU_BATCH, CPU_BATCH = 16, 4
_SAMPLING = ("temperature", "top_p", "top_k", "min_p", "top_h", "typical_p", "epsilon_cutoff", "eta_cutoff")


@dataclass(eq=False, slots=True)
class _Job:
    request: ChatRequest
    cancelled: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class _Batch:
    """Jobs of one kind and the model's input for them; None: they could not be prepared together."""

    jobs: list[_Job]
    inputs: dict[str, Any] | None = None


class TransformersEngine(Engine):
    """A checkpoint from a folder or the hub, on one device, behind a batcher.

    `device`: "auto", "cpu", "cuda", "cuda:1", "mps". `dtype`: "auto", "float32", "bfloat16", "float16".
    `quantize` needs a GPU and bitsandbytes. `max_batch` is the largest batch at first; running out of memory halves it.
    """

    def __init__(
        self,
        *,
        model: str,
        revision: str | None = None,
        device: str = "auto",
        dtype: str = "auto",
        quantize: Literal["int8", "int4"] | None = None,
        max_batch: int | None = None,
        trust_remote_code: bool = False,
        thinking: Thinking = "off",
    ) -> None:
        self.model: str = model
        self._revision, self._device, self._dtype_name, self._quantize = revision, device, dtype, quantize
        self._max_batch, self._trust, self._thinking = max_batch, trust_remote_code, thinking
        self._batcher: Batcher[_Job, _Batch, Reply] | None = None
        self._stopping = False
        self._network: Any = None
        self._reader: Any = None  # a Reader, once the model is loaded
        self._dtype: Any = None
        self._defaults: dict[str, Any] = {}
        self._limit: int | None = None

    @classmethod
    def made(cls, choice: ModelChoice, *, prompt: PromptSize | None, beside: Sequence[ModelChoice], logs: Path) -> Self:
        if choice.model is None:
            raise UserError(f"the engine {choice.engine!r} needs a model: give --model")
        return cls(
            model=route(choice.model, choice.engine).repository,
            revision=choice.revision,
            device=choice.device,
            dtype=choice.dtype,
            quantize=choice.quantize,
            max_batch=choice.batch_size,
            trust_remote_code=choice.trust_remote_code,
            thinking=choice.settled_thinking(),
        )

    @property
    def concurrency(self) -> int:
        if self._batcher is not None:
            return self._batcher.max_batch
        return self._max_batch or CPU_BATCH

    def loads(self) -> list[Load]:
        under_way = self._batcher.running if self._batcher is not None else 0
        return [Load(name=Path(self.model).name, under_way=under_way, allowed=self.concurrency)]

    def describe(self) -> str:
        name = Path(self.model).name if os.path.isdir(os.path.expanduser(self.model)) else self.model
        precision = self._quantize or (str(self._dtype).removeprefix("torch.") if self._dtype else self._dtype_name)
        return f"{name} in process on {self._device}, {precision}, batches of {self.concurrency}"

    async def open(self) -> None:
        """Load the model. UserError: it cannot be found or loaded, has no chat template, or does not fit."""
        for package in ("torch", "transformers", "accelerate"):
            if importlib.util.find_spec(package) is None:
                raise MissingExtra("the in-process engine", "local")
        await _in_a_thread(self._load)
        self._stopping = False
        batch = self._max_batch or (CPU_BATCH if self._device == "cpu" else GPU_BATCH)
        self._batcher = Batcher(self._prepare, self._answer, batch, kind=_kind)

    async def close(self) -> None:
        self._stopping = True  # a running `generate` notices it at its next token
        batcher, self._batcher = self._batcher, None
        if batcher is not None:
            await asyncio.to_thread(batcher.close)
        if self._network is not None:
            self._network = self._reader = None
            _free(self._device)

    async def complete(self, request: ChatRequest) -> Reply:
        """The reply to `request`, generated in a batch with others of its kind.

        TooLong: the prompt does not fit into the model's context. Refused: the chat template or processor rejects it,
        or it has a video or a JSON schema, which are not supported here. BadReply: it thought until its tokens were
        used up. EngineFault: there is not enough memory even for this request alone, or the model fails on it.
        RunError: the GPU failed or the engine was closed. UserError: pictures for a model that reads only text.
        """
        if self._batcher is None:
            raise RunError("the engine is not open")
        if request.images and not self._reader.sees:
            raise UserError(f"{self.model} reads only text and cannot look at frames: choose one that reads images")
        if request.video is not None:
            raise Refused("the in-process engine accepts frames as pictures, not as one video")
        if request.schema is not None:
            raise Refused("the in-process engine does not support JSON schemas: use a server (--engine vllm)")
        job = _Job(request)
        try:
            return await self._batcher.submit(job)
        except asyncio.CancelledError:
            job.cancelled = True
            raise

    # ---------------------------------------------------------------------------------------- loading

    def _load(self) -> None:
        self._device = hub.choose_device(self._device)
        self._dtype = hub.choose_dtype(self._dtype_name, self._device)
        placement = self._placement()
        with hub.quiet():
            source = hub.find(self.model, self._revision)
            from huggingface_hub.errors import HTTPError
            from safetensors import SafetensorError

            try:
                self._load_from(source, placement)
            except FramescribeError:
                raise
            except (OSError, ValueError, RuntimeError, ImportError, LookupError, HTTPError, SafetensorError) as error:
                not_fetched = None if Path(source).is_dir() else hub.not_fetched(error, self.model, self._revision)
                raise not_fetched or hub.not_loaded(error, self.model) from error

    def _placement(self) -> dict[str, Any]:
        if self._quantize is None:
            return {} if self._device == "cpu" else {"device_map": {"": self._device}}
        if not self._device.startswith("cuda"):
            raise UserError(f"--quantize {self._quantize} needs a GPU with CUDA, and this runs on {self._device}")
        if importlib.util.find_spec("bitsandbytes") is None:
            raise MissingExtra("--quantize", "quantize")
        from transformers import BitsAndBytesConfig

        if self._quantize == "int8":
            config = BitsAndBytesConfig(load_in_8bit=True)
        else:
            config = BitsAndBytesConfig(
                load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=self._dtype
            )
        return {"device_map": {"": self._device}, "quantization_config": config}

    def _load_from(self, source: str, placement: dict[str, Any]) -> None:
        import transformers
        from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as SEEING

        common = {"revision": self._revision, "trust_remote_code": self._trust}
        config = transformers.AutoConfig.from_pretrained(source, **common)
        own_code = getattr(config, "auto_map", None) or {}
        if config.model_type in SEEING or "AutoModelForImageTextToText" in own_code:
            loader = transformers.AutoModelForImageTextToText
            processor = transformers.AutoProcessor.from_pretrained(source, **common)
            tokenizer = processor.tokenizer
        else:
            loader = transformers.AutoModelForCausalLM
            processor, tokenizer = None, transformers.AutoTokenizer.from_pretrained(source, **common)
        self._reader = Reader(self.model, processor, tokenizer, self._dtype, self._thinking)
        network, info = loader.from_pretrained(
            source, dtype=self._dtype, output_loading_info=True, **common, **placement
        )
        if info["missing_keys"]:
            _log.warning(
                "%s lacks %d of its weights (%s …): they start at random, and captions may be nonsense",
                self.model, len(info["missing_keys"]), sorted(info["missing_keys"])[0],
            )  # fmt: skip
        self._network = network.eval()
        self._limit = getattr(config.get_text_config(), "max_position_embeddings", None)
        # These fill in whatever a request does not set: keep the authors' other choices (repetition_penalty, end
        # tokens), but set the sampling ones aside, to be used only when sampling.
        settings = self._network.generation_config
        self._defaults = {name: getattr(settings, name, None) for name in _SAMPLING}
        for name in _SAMPLING:
            setattr(settings, name, None)
        settings.max_length = None

    # ---------------------------------------------------------------------------------------- answering

    def _prepare(self, jobs: list[_Job]) -> _Batch:
        """The model's input, made while it is still answering the batch before. Runs in a batcher's thread."""
        try:
            return _Batch(jobs, self._encode(jobs))
        except Exception:  # `_answer` tries again and finds out which job is at fault
            return _Batch(jobs)

    def _answer(self, batch: _Batch) -> list[Reply | Exception]:
        """Replies in the order of the jobs. A batch that fails is halved until the job that fails alone is found; after
        running out of memory the smaller size is kept. Runs in one of the batcher's threads."""
        jobs = batch.jobs
        if self._batcher is not None and len(jobs) > self._batcher.max_batch:
            return self._halves(jobs)
        try:
            return list(self._generate(jobs, batch.inputs or self._encode(jobs)))
        except FramescribeError:
            raise
        except Exception as error:  # whatever a processor or model raises, the other requests may be fine
            fault = self._fault(error)
            memory = hub.is_out_of_memory(error)
        # Only here is the exception gone, and with its traceback the tensors of the batch.
        if memory:
            _free(self._device)
            if self._batcher is not None and len(jobs) > 1:
                self._batcher.max_batch = min(self._batcher.max_batch, max(1, len(jobs) // 2))
                _log.warning("out of memory with %d requests at once: continuing with %d", len(jobs), self.concurrency)
        return [fault] if len(jobs) == 1 else self._halves(jobs)

    def _halves(self, jobs: list[_Job]) -> list[Reply | Exception]:
        middle = len(jobs) // 2
        return self._answer(_Batch(jobs[:middle])) + self._answer(_Batch(jobs[middle:]))

    def _fault(self, error: Exception) -> Exception:
        import torch
        from jinja2 import TemplateError

        said = " ".join(str(error).split())[:300] or type(error).__name__
        if hub.is_out_of_memory(error):
            return EngineFault(
                f"not enough memory on {self._device} for this request alone: "
                f"fewer or smaller frames, --quantize, or a smaller model ({said[:120]})"
            )
        if isinstance(error, getattr(torch, "AcceleratorError", ())) or "CUDA error" in said:
            raise RunError(f"{self._device} failed: {said}")
        if isinstance(error, TemplateError):
            return Refused(f"the model's chat template refuses the request: {said}")
        return EngineFault(f"the model failed on this request ({type(error).__name__}): {said}")

    def _generate(self, jobs: list[_Job], inputs: dict[str, Any]) -> list[Reply | Exception]:
        import torch

        counts = inputs["attention_mask"].sum(dim=1).tolist()
        width = inputs["input_ids"].shape[1]
        decoding = jobs[0].request.decoding
        room = decoding.max_tokens
        if self._limit:
            room = min(room, self._limit - width)
            if len(jobs) > 1 and room < min(decoding.max_tokens, self._limit - min(counts)):
                raise ValueError("the longest of these prompts would cut off the others' answers")  # halves come next
            if room < 1:
                said = f"the prompt has {counts[0]} tokens, and the model takes at most {self._limit}: use fewer frames"
                return [TooLong(said) for _ in jobs]
        if decoding.temperature > 0:
            torch.manual_seed(decoding.seed)
        go_on = torch.zeros(len(jobs), dtype=torch.bool, device=self._device)

        def halt(_tokens: Any, _scores: Any, **_: Any) -> Any:
            if self._stopping or any(job.cancelled for job in jobs):
                return torch.tensor([self._stopping or job.cancelled for job in jobs], device=self._device)
            return go_on

        from transformers import StoppingCriteriaList

        config = self._generation_config(decoding, room)
        with torch.inference_mode():
            moved = {name: value.to(self._device) for name, value in inputs.items()}
            tokens = self._network.generate(
                **moved, generation_config=config, stopping_criteria=StoppingCriteriaList([halt])
            )
        if self._stopping:
            raise RunError("the engine was closed before this request was answered")
        ends = self._reader.ends(self._network.generation_config)
        return [self._reply(row, ends, count) for row, count in zip(tokens[:, width:].tolist(), counts, strict=True)]

    def _encode(self, jobs: list[_Job]) -> dict[str, Any]:
        inputs: dict[str, Any] = self._reader.encode([job.request for job in jobs])
        return inputs

    def _generation_config(self, decoding: Decoding, max_new_tokens: int) -> Any:
        config = deepcopy(self._network.generation_config)
        config.max_new_tokens = max_new_tokens
        config.pad_token_id = self._reader.padding
        config.do_sample = decoding.temperature > 0
        if config.do_sample:
            chosen = {"temperature": decoding.temperature, "top_p": decoding.top_p}
            # 0 turns top_k off: where the authors set none, transformers would use 50, and servers none.
            for name, value in {**self._defaults, "top_k": self._defaults["top_k"] or 0, **chosen}.items():
                setattr(config, name, value)
        return config

    def _reply(self, tokens: list[int], ends: set[int], prompt_tokens: int) -> Reply | Exception:
        end = next((place for place, token in enumerate(tokens) if token in ends), None)
        thought, text = self._reader.decode(tokens[:end])
        count = len(tokens) if end is None else end + 1
        if thought and not text:
            spent = Usage(prompt_tokens=int(prompt_tokens), completion_tokens=count, answers=1)
            return BadReply(UNANSWERED).after(spent)
        return Reply(
            text=text,
            finish_reason="length" if end is None else "stop",
            prompt_tokens=int(prompt_tokens),
            completion_tokens=count,
        )


def _kind(job: _Job) -> Hashable:
    """Requests of equal kinds may share a batch. The number of pictures is part of it, since not every processor
    accepts batches with different numbers; seed and top_p only matter when sampling."""
    decoding = job.request.decoding
    drawn = (decoding.temperature, decoding.top_p, decoding.seed) if decoding.temperature > 0 else ()
    return (len(job.request.images), decoding.max_tokens, *drawn)


async def _in_a_thread(work: Callable[[], None]) -> None:
    """Like asyncio.to_thread, except that an interrupt does not wait for a long download to end."""
    done: Future[None] = Future()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # pass it to whoever awaits
            done.set_exception(error)
        else:
            done.set_result(None)

    threading.Thread(target=run, name=LOADING, daemon=True).start()
    await asyncio.wrap_future(done)


def _free(device: str) -> None:
    import torch

    gc.collect()
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
    elif device == "mps":
        torch.mps.empty_cache()
