"""Knows the fields of a request that turn a model's thinking on or off, by server and provider; sends nothing.

Read in each server's source or each provider's documentation: vLLM 0.33, SGLang 0.5.23, LMDeploy 0.18, llama.cpp and
Ollama of autumn 2026.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

Thinking = Literal["off", "on"]

# Hosts by the way in which they are told; a host counts with all of its subdomains.
_BY_EFFORT = (
    *("api.openai.com", "azure.com", "generativelanguage.googleapis.com", "aiplatform.googleapis.com"),
    *("api.groq.com", "api.fireworks.ai", "api.deepinfra.com", "api.cerebras.ai", "api.x.ai", "api.perplexity.ai"),
)
_BY_TYPE = (
    *("api.z.ai", "bigmodel.cn", "volces.com", "bytepluses.com", "api.moonshot.ai", "api.moonshot.cn"),
    *("api.deepseek.com", "api.xiaomimimo.com"),
)
_BY_NAME = ("aliyuncs.com", "api.siliconflow.cn", "api.siliconflow.com", "modelscope.cn", "api.novita.ai")


def in_template(thinking: Thinking) -> dict[str, Any]:
    """For servers that hand variables to the chat template: vLLM, SGLang, LMDeploy, llama.cpp. Templates of different
    models read one or the other, and ignore what they do not know."""
    on = thinking == "on"
    return {"chat_template_kwargs": {"enable_thinking": on, "thinking": on}}


def by_effort(thinking: Thinking) -> dict[str, Any]:
    """For Ollama, whose models think by themselves if they can: "none" is harmless to those that cannot."""
    return {"reasoning_effort": "none"} if thinking == "off" else {}


def fields(thinking: Thinking | None, url: str) -> dict[str, Any]:
    """The fields for the server at this URL; none if the user leaves it to the model.

    A server of one's own may be any: it gets what all of them read between them.
    """
    if thinking is None:
        return {}
    host, on = (urlsplit(url).hostname or "").lower(), thinking == "on"
    if _is(host, "openrouter.ai"):
        return {"reasoning": {"enabled": True} if on else {"effort": "none"}}
    if _is(host, "api.together.xyz", "api.together.ai"):
        return {"reasoning": {"enabled": on}}
    if _is(host, "api.anthropic.com"):
        return {"thinking": {"type": "adaptive" if on else "disabled"}}
    if _is(host, "api.mistral.ai"):
        return {"reasoning_effort": "high" if on else "none"}
    if _is(host, *_BY_EFFORT):
        return {"reasoning_effort": "medium" if on else "none"}
    if _is(host, *_BY_TYPE):
        return {"thinking": {"type": "enabled" if on else "disabled"}}
    if _is(host, *_BY_NAME):
        return {"enable_thinking": on}
    return in_template(thinking) | by_effort(thinking)


def _is(host: str, *names: str) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in names)
