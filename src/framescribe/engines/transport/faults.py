"""Knows what a server's answer means when it is not a reply, by table; sends nothing and knows no server.

What the answer says decides, and its HTTP status only where it says nothing that is known. Providers disagree about
statuses: a rate limit may come as 400, 403 or 200, a content filter as 400 or 403, a wrong key as 400.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from framescribe.engines.transport import waits

Kind = Literal["key", "spent", "run", "long", "clip", "limited", "busy", "again", "request", "useless"]
"""What is to happen.

key: the key is not accepted; spent: credit or a day's quota is used up; run: no request will get another answer here.
long: too much for the model; clip: this content is refused. limited: too many requests; busy: too much work;
again: another try. request: something in the request is not accepted, and it may be a parameter. useless: no answer,
nor an error.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What an answer that is no reply means. `words` are the server's own; `wait` is in seconds, None if not said.
    `sure`: it says so by a code, and not only in words, which may quote the request, or by a status of many meanings.
    """

    kind: Kind
    status: int
    words: str
    wait: float | None = None
    sure: bool = False


# Codes, types and reasons in errors, without capitals and punctuation.
_CODES: dict[Kind, str] = {
    # OpenAI, Anthropic, Google, DashScope
    "key": "invalidapikey authenticationerror invalidauthenticationerror apikeyinvalid unauthenticated unauthorized "
    "incorrectapikeyerror incorrectapikey invalidauthentication",
    # OpenAI, DashScope (Arrearage), Moonshot, DeepSeek, Volcengine, Zhipu (1113), MiniMax (1008)
    "spent": "insufficientquota billingnotactive billinghardlimitreached arrearage insufficientbalance "
    "exceededcurrentquotaerror paymentrequired billingerror accountoverdueerror creditbalancetoolow 1113 1008",
    # OpenAI, Azure, Google, DashScope
    "run": "unsupportedcountryregionterritory accessterminated accountdeactivated modelnotfound deploymentnotfound "
    "modelnotavailable modelnotsupported permissiondenied permissionerror accessdenied accessdeniedunpurchased "
    "modelnotopen operationnotsupported",
    # OpenAI, Anthropic, llama.cpp, TGI
    "long": "contextlengthexceeded requesttoolarge exceedcontextsizeerror stringabovemaxlength inputtoolong",
    # OpenAI, Azure, DashScope, Google, Zhipu (1301), MiniMax (1026, 1027), Volcengine
    "clip": "contentfilter contentpolicyviolation moderationblocked datainspectionfailed responsibleaipolicyviolation "
    "prohibitedcontent imagesafety safety blocklist 1301 1026 1027 sensitivecontentdetected invalidimageformat "
    "inputimagesensitivecontentdetected inputtextsensitivecontentdetected contentmoderation unsafecontent "
    "invalidimage imageparseerror invalidbase64image",
    # OpenAI, Anthropic, Google, DashScope, Mistral, Bedrock, Zhipu (1302, 1303, 1305), MiniMax (1002)
    "limited": "ratelimitexceeded ratelimiterror resourceexhausted limitrequests limitburstrate throttling "
    "throttlingratequota throttlingexception throttlingallocationquota throttlingburstrate toomanyrequests "
    "requestlimitexceeded ratelimited inflightbudgetexhausted 1302 1303 1305 1002 ratelimitreachederror",
    # Anthropic, Google, Groq, Moonshot
    "busy": "overloadederror unavailable capacityexceeded engineoverloadederror modeloverloaded serveroverloaded "
    "serviceunavailable modelloading unavailableerror",
}
_KIND_OF_CODE = {code: kind for kind, codes in _CODES.items() for code in codes.split()}

_TOO_LONG = (
    r"context[ _-]?(length|size|window|limit)|max_model_len|max_seq_len|n_ctx"
    r"|maximum (model|context|sequence|input|prompt) length"
    r"|too many (input |prompt |image )?tokens|longer than the (maximum|model|max)"
    r"|(prompt|input|request|message|payload|entity|content|image|file)s?\b( size| length| body)?"
    r"( is| are| was)? too (long|large|big)"
    r"|(token|input|prompt|sequence|context(?! deadline))\w*\b[^.]{0,60}\bexceed"
    r"|exceeds? [^.]{0,40}\b(tokens|context|input|prompt)"
    r"|must have less than \d+ tokens|max_new_tokens\W* must be <="  # TGI
    r"|must be reduced|reduce the (length|number of tokens)|range of input length"  # OpenAI's TPM; DashScope
    r"|(image|request|payload|body)\b[^.]{0,40} exceeds [^.]{0,30}(bytes|MB|MiB|pixels|px)"
    r"|(image|picture) dimensions? [^.]{0,30}exceed|exceeded (limit on max bytes|maximum size)"
)
# Tried in this order; a pattern is for the statuses beside it, where None is any.
_WORDS: tuple[tuple[Kind, frozenset[int] | None, str], ...] = (
    (
        "run",
        None,
        r"\b(your|the|this) (account|organi[sz]ation|project|workspace|api key)\b[^.]{0,40}"
        r"(suspend|deactivat|disabled|banned|terminated|restricted)"
        r"|(country|region|territory|location)\b[^.]{0,40}(not supported|unsupported|not available)"
        r"|not (available|supported) in your (country|region|location)"
        r"|unexpected endpoint or method"  # LM Studio
        r"|HTTP request (was sent )?to (an )?HTTPS (port|server)",  # nginx, Go
    ),
    ("key", None, r"api[ _-]?key\b[^.]{0,30}(not valid|invalid|expired|missing|required|incorrect|revoked|not found)"),
    (
        "key",
        None,
        r"(invalid|incorrect|wrong|expired|missing|no) (api[ _-]?key|access token|credentials|token provided)",
    ),
    ("key", None, r"authenticat\w+ (failed|required|error|fails)"),
    ("long", frozenset({429}), r"request too large|must be reduced"),  # a single request over the tokens of a minute
    ("limited", frozenset({429}), ""),  # sorted out further below
    (
        "limited",
        None,
        r"(requests|tokens) per (second|sec|minute|min|hour)|concurren\w+ (limit|request)"
        r"|请求过于频繁|访问量过大|速率限制",
    ),
    ("long", None, _TOO_LONG),
    (
        "clip",
        None,
        r"\bflagged\b|content[ _-]?(management[ _-]?)?(polic|filter|moderat|inspect)|moderat(ion|ed)\b"
        r"|data[ _-]?inspection|inappropriate content|(safety|usage) (system|polic|guideline|filter|setting|check)"
        r"|prohibited[ _-]content|sensitive (content|information|words|material)|\bunsafe\b|\bnsfw\b|harmful"
        r"|violat\w+ [^.]{0,60}(polic|terms|guideline|rules)|不安全|敏感|不当内容"
        r"|blocked\b[^.]{0,40}(safety|content|policy|prompt)"
        r"|(image|picture|media|video|frame)\w*\b[^.]{0,60}(could not|cannot|can't|unable|failed)[^.]{0,30}"
        r"(process|decod|download|read|load|pars|open|identif)"
        r"|(could not|cannot|can't|unable to|failed to|error) (process|decod|download|read|load|pars|open|identif)\w*"
        r"[^.]{0,30}(image|picture|media|video|frame)",
    ),
    (
        "spent",
        None,
        r"insufficient[ _](quota|balance|credit|fund)|credit balance|(out of|run out of|more|not enough|no) credits?\b"
        r"|exceeded your current quota|check your plan and billing|overdue|in arrears|account balance"
        r"|free (allocated )?quota|spend(ing)? limit|quota (has been )?(used up|exhausted)|欠费|余额不足",
    ),
    ("limited", None, r"rate[ _-]?limit|too many requests|requests? rate|throttl|quota exceeded|slow down"),
    (
        "busy",
        None,
        r"overload|(at|over|no|out of|insufficient) capacity|\b(is|too|server|currently) busy\b|queue is full",
    ),
    ("busy", None, r"(currently|still|is) (loading|starting|warming up)|loading model|temporarily unavailable|繁忙"),
    (
        "run",
        frozenset({200, 400, 403, 404, 405, 422, 500, 501}),
        r"\bmodels?\b[^.]{0,80}(not exist|not found|decommissioned|no longer (available|supported)"
        r"|not accessible|does not have access)"
        r"|no endpoints? (found|available)|no models? (is |are )?loaded|unknown model|invalid model"
        r"|(not|n't) support (image|vision|multi-?modal|picture|visual)|image input is not supported"  # llama.cpp
        r"|not a (multi-?modal|vision) model|(image|vision|multi-?modal)\w* (inputs? )?(is|are) not "
        r"(supported|enabled)",
    ),
)
_PATTERNS = [(kind, statuses, re.compile(pattern, re.IGNORECASE)) for kind, statuses, pattern in _WORDS]
_PLAIN: dict[int, Kind] = {402: "spent", 413: "long", 451: "clip"}  # 451: refused by law (RFC 7725)
_BUSY = frozenset({408, 498, 503, 504, 524, 529})


def fault(status: int, body: object, headers: Mapping[str, str]) -> Fault | None:
    """What this answer means if it is no chat completion; None if it looks like one. `body` is JSON, or text."""
    errors = list(_errors(body))
    if status < 400 and not errors:
        return None if _is_completion(body) else Fault(kind="useless", status=status, words=words(body))
    about: object = errors if status < 400 else body  # a completion's own text is no error
    said = "; ".join(dict.fromkeys(filter(None, map(words, errors)))) if status < 400 else words(body)
    told = " ".join(_texts(about))
    codes = {_code(code) for code in _codes(about)}
    numbers = [int(code) for code in codes if code.isdecimal() and 400 <= int(code) < 600]
    if status not in (401, 402, 404, 413, 429):  # a code inside says more than these: 400 with 429, 200 with 503
        status = next((number for number in numbers if number != status), status)
    wait = waits.told(headers, body, said)
    kind, sure = _kind(status, codes, told, wait)
    return Fault(kind=kind, status=status, words=said, wait=wait, sure=sure)


def _kind(status: int, codes: set[str], told: str, wait: float | None) -> tuple[Kind, bool]:
    coded = {_KIND_OF_CODE[code] for code in codes if code in _KIND_OF_CODE}
    for kind in ("long", "clip", "key", "spent", "run"):
        if kind in coded:
            return kind, True
    if status in (401, 407):
        return "key", True
    if status in _PLAIN:
        return _PLAIN[status], True
    for kind, statuses, pattern in _PATTERNS:
        if (statuses is not None and status not in statuses) or not pattern.search(told):
            continue
        if kind == "limited" and statuses is not None:
            return _of_rate(told, wait)
        if kind in ("spent", "run", "limited", "busy") and "limited" in coded:
            return _of_rate(told, wait)
        return kind, False
    for kind in ("limited", "busy"):
        if kind in coded:
            return kind, True
    if status in (403, 404, 405, 410):
        return ("key" if status == 403 else "run"), False
    if status in _BUSY:
        return "busy", True
    if status in (409, 425, 499) or status >= 500 or status < 400:
        return "again", False
    return "request", False


def _is_completion(body: object) -> bool:
    choices = body.get("choices") if isinstance(body, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and isinstance(first.get("message"), dict)


_DAY = re.compile(r"PerDay|limit: 0\b")  # Google's quotas of a day, which "retry in 41 s" even so
_SPENT = re.compile(
    r"exceeded your current quota|check your plan and billing|free (allocated )?quota"
    r"|(account|credit|insufficient) balance|(no|out of|insufficient|not enough) credits?\b"
    r"|\bper[ -](day|month)\b|\b(daily|monthly)\b|/ ?month\b|欠费|余额不足",
    re.IGNORECASE,
)


def _of_rate(told: str, wait: float | None) -> tuple[Kind, bool]:
    """A rate limit, or used-up credit or the quota of a day: Google words the first like OpenAI the second, but says
    when to come back."""
    if _DAY.search(told) or (wait is None and _SPENT.search(told)):
        return "spent", True
    return "limited", True


def words(body: object) -> str:
    """The message in an error's body: {"message": …} (OpenAI), {"detail": …} (FastAPI), {"error": …}, or bare text."""
    while isinstance(body, dict):
        inner = next((body[key] for key in ("message", "detail", "error", "msg") if body.get(key)), None)
        if inner is None:
            return json.dumps(body, ensure_ascii=False)
        body = inner
    if isinstance(body, list):
        return "; ".join(words(item) for item in body)
    return re.sub(r"<[^>]*>", " ", str(body or ""))


def _errors(body: object) -> Iterator[object]:
    """The errors in an answer: {"error": …}, a list of those (Gemini), {"object": "error"}, one in a choice, a prompt
    that was blocked, or JSON without choices that has a message."""
    if isinstance(body, list):
        for item in body:
            yield from _errors(item)
    if not isinstance(body, dict):
        return
    if body.get("error"):
        yield body["error"]
    choices = body.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if not isinstance(choice, dict):
            continue
        ended = choice.get("finish_reason")
        if choice.get("error"):
            yield choice["error"]
        elif isinstance(ended, dict) and ended.get("type") == "abort" and ended.get("message"):
            yield ended
    feedback = body.get("promptFeedback") or body.get("prompt_feedback")
    if isinstance(feedback, dict) and (why := feedback.get("blockReason") or feedback.get("block_reason")):
        yield {"code": "prohibited_content", "message": f"the prompt was blocked: {why}"}
    if "choices" not in body and not body.get("error") and any(body.get(key) for key in ("message", "detail", "msg")):
        yield body


def _code(value: Any) -> str:
    return re.sub(r"[^a-z0-9]", "", str(value).lower())


_NAMES = ("code", "type", "status", "reason", "error_code", "errorCode", "status_code", "blockReason", "error")


def _codes(body: object) -> Iterator[object]:
    """All values in an error that could be its code, those in JSON within its message as well."""
    if isinstance(body, dict):
        for name, value in body.items():
            if name in _NAMES and isinstance(value, str | int) and not isinstance(value, bool):
                yield value
                if isinstance(value, str) and "." in value:  # DashScope: "Throttling.RateQuota"
                    yield value.partition(".")[0]
            yield from _codes(value)
    elif isinstance(body, list):
        for item in body:
            yield from _codes(item)
    elif isinstance(body, str) and (inner := _inner(body)) is not None:
        yield from _codes(inner)


def _texts(body: object) -> Iterator[str]:
    """All text in an error, that in JSON within its message as well."""
    if isinstance(body, dict):
        for value in body.values():
            yield from _texts(value)
    elif isinstance(body, list):
        for item in body:
            yield from _texts(item)
    elif isinstance(body, str):
        yield re.sub(r"<[^>]*>", " ", body)


def _inner(text: str) -> object:
    """JSON in text, as gateways pass on the errors of others; None if there is none."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(text[start:])[0]
    except (ValueError, RecursionError):
        return None
