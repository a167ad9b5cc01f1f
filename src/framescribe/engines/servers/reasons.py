"""Knows what the log of an engine's server says about why it ended, and what can be done; reads no file.

A log's last error is mostly not the reason: a server's processes report each other's end. What only says that another
one has failed ("See root cause above") is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["port", "options", "memory", "driver", "architecture", "access", "missing", "disk", "other"]


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


# What programs write before their words: vLLM's process, level and place, SGLang's and LMDeploy's time, llama.cpp's.
_PREFIX = re.compile(
    r"^(?:"
    r"\([A-Za-z]\w*[ _][^)]*pid=\d+\)\s*"
    r"|(?:ERROR|CRITICAL|FATAL):?\s+"
    r"|\[?\d{2,4}-\d\d(?:-\d\d)?[ T]\d\d:\d\d:\d\d(?:[.,]\d+)?Z?(?:\s+[A-Z]{2}\d+)*\]?\s*"
    r"|\[[\w./]+\.py:\d+\]\s*"
    r"|- lmdeploy - ERROR - [\w.]+:\d+ - "
    r"|\d+\.\d+\.\d+\.\d+ [EF]\s+"
    r")+"
)
_GO = re.compile(r'^time=\S+ level=(?P<level>\w+) .*?msg="?(?P<msg>.*?)"?(?: error="?(?P<error>.*?)"?)?$')
_HARMLESS = re.compile(
    r"^\W*(?:\(.*?pid=\d+\)\s*)?(?:\[?[\d\-:., T]+\]?\s*)?(?:- lmdeploy - )?(?:WARNING|INFO|DEBUG|TRACE)\b"
    r"|\b(?:Future|User|Deprecation|Runtime)Warning:"
)
_CODE = re.compile(r'^(?:File "|raise |\^|~|at /)')
_ECHO = _any(  # another process's end, or ending itself
    r"See root cause above",
    r"Engine core initialization failed",
    r"EngineCore (?:failed|encountered|hit)",
    r"Engine process failed",
    r"EngineDeadError",
    r"Worker proc \w+ died",
    r"WorkerProc initialization failed",
    r"Failed core proc",
    r"scheduler died(?!.*exit code: -9)",
    r"initialization failed\. Please see",
    r"Received sigquit",
    r"Scheduler hit an exception",
    r"^(?:SystemExit|KeyboardInterrupt)",
    r"(?:BrokenPipe|EOF|ConnectionReset|Cancelled|DistBackend)Error",
    r"resource_tracker|leaked",
    r"exiting due to model loading error",
    r"^usage:",
)
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:Error|Exception|Refused|NotFound)\b(?::|$)")
_ERROR = _any(r"\b(?:error|cannot|can't|could ?n[o']t|failed|unrecognized|not found|no such)\b")
_FLAG = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")

_KINDS: dict[Kind, re.Pattern[str]] = {
    "port": _any(
        r"address (?:is )?already in use",
        r"EADDRINUSE|\[Errno 98\]",
        r"could ?n[o']t bind (?:HTTP )?(?:server )?socket",
        r"port \d+ is (?:already )?(?:in use|occupied|taken)",
    ),
    "options": _any(
        r"error: (?:argument |unrecognized arguments|ambiguous option|invalid argument|unknown argument)",
        r"unknown (?:shorthand )?flag",
        r"No such option",
        r"invalid choice: 'serve'",
    ),
    "memory": _any(
        r"out of memory|OutOfMemory|MemoryError|cudaErrorMemoryAllocation",
        r"(?:not|no) enough (?:gpu |free |system )*memory|insufficient (?:memory|VRAM)",
        r"No available memory for the cache blocks",
        r"is less than desired GPU memory utilization",
        r"larger than the (?:available KV cache memory|maximum number of tokens that can be stored)",
        r"(?:failed|unable) to allocate .*(?:buffer|memory)",
        r"requires more system memory",
        r"exit code: -9",
    ),
    "driver": _any(
        r"driver (?:on your system )?is too old|driver version is insufficient",
        r"no kernel image is available|unsupported toolchain|compute capability",
        r"Failed to infer device type|No CUDA GPUs are available|Torch not compiled with CUDA",
        r"Found no NVIDIA driver|no NVIDIA driver|CUDA driver|CUDA initialization",
        r"libcuda\.so|libcudart|forward compatibility was attempted|busy or unavailable",
    ),
    "architecture": _any(
        r"architectures? .*(?:not supported|failed to be inspected)",
        r"un(?:known|supported) (?:model )?(?:architecture|arch|format|model|projector type)",
        r"does not recognize this architecture|Unrecognized configuration class",
        r"has no (?:vLLM|SGLang) implementation",
    ),
    "access": _any(
        r"gated repo|restricted and you are not|must (?:be authenticated|have access)",
        r"40[13] Client Error|Invalid user token|Invalid username or password|Repository Not Found",
    ),
    "missing": _any(
        r"is not a local folder and is not a valid model|Repo id must|Can't load the configuration",
        r"LocalEntryNotFound|OfflineModeIsEnabled|couldn't connect to|invalid model path",
        r"file does not exist|No such file or directory|FileNotFoundError|failed to open",
        r"does not appear to have a file named|no safetensors|Cannot find any model weights",
        r"model .* not found",
    ),
    "disk": _any(r"No space left on device|disk quota exceeded|not enough disk space"),
}
_ADVICE: dict[Kind, str] = {
    "memory": (
        "There is too little memory for it: a smaller or quantized model, more GPUs (--tensor-parallel), or fewer "
        "programs on the GPU (nvidia-smi lists them)."
    ),
    "driver": "This {engine} does not fit the GPU or its driver: update the driver, or install a build for it.",
    "architecture": "This {engine} ({version}) does not know it; `framescribe models NAME` says which engines do.",
    "access": "The name is wrong, or it takes an account that may read it: then set HF_TOKEN.",
    "missing": "Is the model's name or path right? Offline (HF_HUB_OFFLINE), it must have been downloaded before.",
    "disk": "The disk is full: free some space, or let HF_HOME name another place for downloads.",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a server ended: a line of its log, and of which kind that is."""

    line: str
    kind: Kind

    @property
    def flags(self) -> set[str]:
        """The options that the line speaks of, without their dashes."""
        return {flag.lstrip("-").replace("_", "-") for flag in _FLAG.findall(self.line)}


def reason(lines: Sequence[str]) -> Reason:
    """The most likely reason in the lines of a log."""
    told = [text for line in lines if not _HARMLESS.search(line) and (text := _words(line))]
    meant = [text for text in told if not _ECHO.search(text) and not _CODE.match(text)]
    for text in reversed(meant):
        for kind, pattern in _KINDS.items():
            if pattern.search(text):
                return Reason(_short(text), kind)
    for pattern in (_EXCEPTION, _ERROR):
        if found := [text for text in meant if pattern.search(text)]:
            return Reason(_short(found[-1]), "other")
    last = (meant or told or ["it wrote nothing"])[-1]
    return Reason(_short(last), "other")


def advice(kind: Kind, engine: str, version: str) -> str:
    """What can be done about a reason of this kind; empty if that is not known."""
    return _ADVICE.get(kind, "").format(engine=engine, version=version)


def _words(line: str) -> str:
    """What a line says, without what its program writes before it."""
    line = line.strip()
    if (match := _GO.match(line)) is None:
        return _PREFIX.sub("", line).strip()
    if match["level"] in ("INFO", "DEBUG", "WARN"):
        return ""
    return ": ".join(part for part in (match["msg"], match["error"]) if part)


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:299]}…"
