"""What each provider's answers mean: another try, this clip, the run, too long, a rate limit, or a reply's end.

The bodies are as the providers' documentation and reports of their users show them."""

import asyncio
import json
import re

import pytest

from framescribe.engines.base import ChatRequest, Decoding, Message, Reply, TextPart
from framescribe.engines.transport.endpoint import Endpoint, Trouble
from framescribe.errors import BadReply, Refused, RunError, TooLong
from tests.servers import ScriptedServer, answers, says, sends

KEY, SPENT, RUN = RunError, RunError, RunError
CLIP, LONG = Refused, TooLong
LIMITED, BUSY, AGAIN, USELESS = "limited", "busy", "failed", "useless"


def error(message, **more):
    return {"error": {"message": message, **more}}


def google(status, message, *details, code=400):
    return [{"error": {"code": code, "message": message, "status": status, "details": list(details)}}]


def raw(body):
    """An error in an error's message, as gateways pass them on."""
    return error(f"litellm.BadRequestError: {json.dumps(body)}")


VERDICTS = [
    # ------------------------------------------------------------------------------------------ OpenAI
    ("openai", 401, error("Incorrect API key provided: sk-x.", type="invalid_request", code="invalid_api_key"), KEY),
    ("openai", 429, error("You exceeded your current quota, please check your plan and billing details.",
                          type="insufficient_quota", code="insufficient_quota"), SPENT),
    ("openai", 429, error("Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, "
                          "Used 29000, Requested 2000. Please try again in 2s.", type="tokens",
                          code="rate_limit_exceeded"), LIMITED),
    ("openai", 429, error("Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, "
                          "Requested 31000. The input or output tokens must be reduced in order to run successfully.",
                          type="tokens", code="rate_limit_exceeded"), LONG),
    ("openai", 403, error("Country, region, or territory not supported",
                          code="unsupported_country_region_territory"), RUN),
    ("openai", 400, error("Your request was rejected as a result of our safety system.", code="moderation_blocked",
                          type="image_generation_user_error"), CLIP),
    ("openai", 400, error("This model's maximum context length is 128000 tokens. However, your messages resulted in "
                          "174643 tokens.", code="context_length_exceeded"), LONG),
    ("openai", 404, error("The model `gpt-9` does not exist or you do not have access to it.", code="model_not_found"),
     RUN),
    ("openai", 500, error("The server had an error while processing your request. Sorry about that!",
                          type="server_error"), AGAIN),
    ("openai", 503, error("The engine is currently overloaded, please try again later."), BUSY),
    ("openai", 400, error("You uploaded an unsupported image. Please make sure your image is valid.",
                          code="invalid_image_format"), CLIP),
    ("openai", 400, error("Failed to download image from data URL."), CLIP),
    # ------------------------------------------------------------------------------------------ Azure
    ("azure", 400, error("The response was filtered due to the prompt triggering Azure OpenAI's content management "
                         "policy.", code="content_filter", innererror={"code": "ResponsibleAIPolicyViolation"}), CLIP),
    ("azure", 429, error("Requests to the ChatCompletions_Create Operation have exceeded call rate limit. Please retry "
                         "after 6 seconds.", code="429"), LIMITED),
    ("azure", 404, error("The API deployment for this resource does not exist.", code="DeploymentNotFound"), RUN),
    ("azure", 401, error("Access denied due to invalid subscription key or wrong API endpoint.", code="401"), KEY),
    ("azure", 408, error("The operation was timeout.", code="Timeout"), BUSY),
    # ------------------------------------------------------------------------------------------ Gemini
    ("gemini", 400, google("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
                           {"reason": "API_KEY_INVALID"}), KEY),
    ("gemini", 400, google("FAILED_PRECONDITION", "User location is not supported for the API use."), RUN),
    ("gemini", 429, google("RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).", code=429), LIMITED),
    ("gemini", 429, google("RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing "
                           "details.\nPlease retry in 41.2s.", {"retryDelay": "41s"}, code=429), LIMITED),
    ("gemini", 429, google("RESOURCE_EXHAUSTED", "You exceeded your current quota.",
                           {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
                           {"retryDelay": "41s"}, code=429), SPENT),
    ("gemini", 503, google("UNAVAILABLE", "The model is overloaded. Please try again later.", code=503), BUSY),
    ("gemini", 400, google("INVALID_ARGUMENT", "The input token count (1200293) exceeds the maximum number of tokens "
                           "allowed (1048576)."), LONG),
    ("gemini", 400, google("INVALID_ARGUMENT", "Unable to process input image. Please retry or report."), CLIP),
    ("gemini", 403, google("PERMISSION_DENIED", "Your project has been denied access.", code=403), RUN),
    ("gemini behind a proxy", 500, error(json.dumps({"error": {"code": 429, "message": "Resource has been exhausted.",
                                                               "status": "RESOURCE_EXHAUSTED"}})), LIMITED),
    ("gemini native", 200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, CLIP),
    # ------------------------------------------------------------------------------------------ Anthropic
    ("anthropic", 529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, BUSY),
    ("anthropic", 429, {"type": "error", "error": {"type": "rate_limit_error", "message": "This request would exceed "
                        "your organization's rate limit of 30,000 input tokens per minute"}}, LIMITED),
    ("anthropic", 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: "
                        "205547 tokens > 200000 maximum"}}, LONG),
    ("anthropic", 400, error("input length and `max_tokens` exceed context limit: 174167 + 64000 > 200000"), LONG),
    ("anthropic", 413, error("Request exceeds the maximum size", type="request_too_large"), LONG),
    ("anthropic", 400, error("messages.0.content.0.image.source.base64: image exceeds 5 MB maximum: 6291456 bytes > "
                             "5242880 bytes"), LONG),
    ("anthropic", 400, error("Your credit balance is too low to access the Anthropic API."), SPENT),
    ("anthropic", 401, error("invalid x-api-key", type="authentication_error"), KEY),
    # ------------------------------------------------------------------------------------------ OpenRouter
    ("openrouter", 403, error("Your input was flagged", code=403, metadata={"flagged_input": "a"}),
     CLIP),
    ("openrouter", 402, error("This request requires more credits, or fewer max_tokens.", code=402), SPENT),
    ("openrouter", 200, error("Provider returned error", code=429, metadata={"raw": "error code: 1015"}), LIMITED),
    ("openrouter", 200, {"choices": [{"finish_reason": "error", "message": {"content": "half"},
                                      "error": {"code": 502, "message": "Upstream error"}}]}, AGAIN),
    ("openrouter", 200, {"choices": [{"message": {"content": None}, "error": {"code": 429, "message": "slow"}}]},
     LIMITED),
    ("openrouter", 429, error("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model "
                              "requests per day", code=429), SPENT),
    ("openrouter", 404, error("No endpoints found that support image input", code=404), RUN),
    ("openrouter", 502, error("Provider returned error", code=502), AGAIN),
    ("openrouter", 400, error("This endpoint's maximum context length is 32768 tokens. However, you requested about "
                              "40000 tokens", code=400), LONG),
    # ------------------------------------------------------------------------------------------ DashScope, DeepSeek, …
    ("dashscope", 400, error("Input data may contain inappropriate content.", code="data_inspection_failed"), CLIP),
    ("dashscope", 400, {"code": "DataInspectionFailed", "message": "Output data may contain inappropriate content."},
     CLIP),
    ("dashscope", 400, {"code": "Arrearage", "message": "Access denied, please make sure your account is in good "
                        "standing."}, SPENT),
    ("dashscope", 429, error("Requests rate limit exceeded, please try again later.", code="limit_requests"), LIMITED),
    ("dashscope", 429, {"code": "Throttling.RateQuota", "message": "Requests rate limit exceeded"}, LIMITED),
    ("dashscope", 429, {"code": "Throttling.AllocationQuota", "message": "Free allocated quota exceeded."}, SPENT),
    ("dashscope", 400, error("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]"),
     LONG),
    ("deepseek", 402, error("Insufficient Balance"), SPENT),
    ("zhipu", 400, error("系统检测到输入或生成内容可能包含不安全或敏感内容", code="1301"), CLIP),
    ("zhipu", 429, error("您的账户已达到速率限制", code="1302"), LIMITED),
    ("zhipu", 429, error("您的账户已欠费，请充值后重试。", code="1113"), SPENT),
    ("moonshot", 429, error("Your account is suspended, please check your plan", type="exceeded_current_quota_error"),
     SPENT),
    ("mistral", 429, {"message": "Requests rate limit exceeded"}, LIMITED),
    ("mistral", 401, {"message": "Unauthorized"}, KEY),
    # ------------------------------------------------------------------------------------------ Groq, Together, …
    ("groq", 498, error("Flex tier capacity exceeded", code="capacity_exceeded"), BUSY),
    ("groq", 413, error("Request too large for model in organization on tokens per minute (TPM): Limit 6000, Requested "
                        "8000", type="tokens", code="rate_limit_exceeded"), LONG),
    ("groq", 429, error("Rate limit reached for model on tokens per day (TPD): Limit 500000, Used 499000. Please try "
                        "again in 7m12s.", code="rate_limit_exceeded"), LIMITED),
    ("together", 503, {"error": {"message": "The server is overloaded", "type": "service_unavailable"}}, BUSY),
    ("together", 422, error("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 "
                            "`inputs` tokens and 512 `max_new_tokens`"), LONG),
    ("fireworks", 400, error("The prompt is too long: 40000, model maximum context length: 32768"), LONG),
    ("bedrock", 400, error("ThrottlingException: Too many requests, please wait before trying again."), LIMITED),
    ("a gateway", 403, error("rate limit exceeded"), LIMITED),
    ("a gateway", 400, error("Rate limit exceeded, slow down", code=429), LIMITED),
    ("a gateway", 400, error("Upstream is overloaded"), BUSY),
    ("a gateway", 400, raw({"error": {"type": "overloaded_error", "message": "Overloaded"}}), BUSY),
    ("a gateway", 400, error("The limit of tokens per minute was exceeded"), LIMITED),
    ("a gateway", 500, error("context deadline exceeded"), AGAIN),
    ("xai", 400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided."}, KEY),
    ("xai", 403, {"code": "The caller does not have permission", "error": "Content violates usage guidelines."}, CLIP),
    ("cohere", 429, {"message": "You are using a Trial key, which is limited to 1000 API calls / month."}, SPENT),
    ("cohere", 400, {"message": "too many tokens: total number of tokens in the prompt cannot exceed 4081"}, LONG),
    ("hugging face", 402, {"error": "You have exceeded your monthly included credits"}, SPENT),
    ("hugging face", 503, {"error": "Model x is currently loading", "estimated_time": 20.0}, BUSY),
    ("siliconflow", 403, {"code": 30001, "message": "Sorry, your account balance is insufficient"}, SPENT),
    ("siliconflow", 429, {"message": "Request was rejected due to rate limiting. TPM limit reached."}, LIMITED),
    ("moonshot", 400, error("The request was rejected as high risk", type="content_filter"), CLIP),
    ("stepfun", 451, error("censored"), CLIP),
    ("mistral", 400, {"message": "Prompt contains 65673 tokens, too large for model with 32768 maximum context length"},
     LONG),
    ("dashscope", 400, error("Exceeded limit on max bytes per data-uri item : 10485760"), LONG),
    ("gemini", 400, google("INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."), LONG),
    ("tabbyapi", 400, error("Prompt length 4129 is greater than max_seq_len 4096"), LONG),
    ("sglang", 400, {"object": "error", "message": "Multimodal prompt is too long after expanding multimodal tokens."},
     LONG),
    ("azure", 429, error("exceeded token rate limit. Please retry after 86400 seconds.", code="429"), SPENT),
    ("a gateway", 429, error("the load balancer limits you; give it credit"), LIMITED),
    ("a gateway", 407, "Proxy authentication required", KEY),
    # ------------------------------------------------------------------------------------------ one's own servers
    ("vllm", 400, {"object": "error", "message": "The decoder prompt (length 9000) is longer than the maximum model "
                   "length of 4096.", "type": "BadRequestError", "code": 400}, LONG),
    ("vllm", 404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404},
     RUN),
    ("sglang", 400, {"object": "error", "message": "The input (20006 tokens) is longer than the model's context length "
                     "(16384 tokens).", "type": "BadRequestError", "code": 400}, LONG),
    ("sglang", 400, {"object": "error", "message": "Requested token count exceeds the model's maximum context length "
                     "of 8192 tokens.", "code": 400}, LONG),
    ("sglang", 200, {"choices": [{"message": {"content": ""}, "finish_reason": {
        "type": "abort", "message": "The input (20006 tokens) is longer than the model's context length",
        "status_code": 400}}]}, LONG),
    ("sglang", 503, {"object": "error", "message": "The request queue is full.", "code": 503}, BUSY),
    ("llama.cpp", 400, error("request (4165 tokens) exceeds the available context size (4096 tokens), try increasing",
                             type="exceed_context_size_error", n_ctx=4096), LONG),
    ("llama.cpp", 500, error("image input is not supported - hint: if this is unexpected, you may need to provide the "
                             "mmproj", type="server_error", code=500), RUN),
    ("llama.cpp", 503, error("Loading model", type="unavailable_error", code=503), BUSY),
    ("llama-cpp-python", 500, error("Prompt exceeds n_ctx: 2892 > 2048"), LONG),
    ("ollama", 400, error("prompt too long; exceeded max context length by 433 tokens"), LONG),
    ("ollama", 404, error('model "llava" not found, try pulling it first'), RUN),
    ("ollama", 500, error("llama runner process has terminated"), AGAIN),
    ("lmdeploy", 400, {"message": "The input prompt is too long, context length 9000 > session_len 8192"}, LONG),
    ("tgi", 429, {"error": "Model is overloaded", "error_type": "overloaded"}, LIMITED),
    ("tgi", 422, {"error": "Input validation error: `inputs` must have less than 4096 tokens. Given: 9000",
                  "error_type": "validation"}, LONG),
    ("lm studio", 200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"}, RUN),
    ("lm studio", 400, error("No models loaded. Please load a model in the developer page."), RUN),
    ("nginx", 413, "<html><h1>413 Request Entity Too Large</h1></html>", LONG),
    ("nginx", 502, "<html><h1>502 Bad Gateway</h1></html>", AGAIN),
    ("nginx", 400, "<html>The plain HTTP request was sent to HTTPS port</html>", RUN),
    ("cloudflare", 524, "<html>A timeout occurred</html>", BUSY),
    ("cloudflare", 520, "<html>unknown error</html>", AGAIN),
    # ------------------------------------------------------------------------------------------ no answer at all
    ("a portal", 200, "<html><title>Please log in to the network</title></html>", USELESS),
    ("a server", 200, {"choices": []}, USELESS),
    ("a server", 200, {}, USELESS),
    ("a server", 200, error("something odd"), AGAIN),
    ("a server", 422, error("field required: foo"), CLIP),
]  # fmt: skip


def tried(act):
    """The reply of one try at a server that does this, or the error in its place."""
    request = ChatRequest(messages=(Message(role="user", parts=(TextPart("what?"),)),), decoding=Decoding())

    async def main(url):
        endpoint = Endpoint(
            model="tiny", base_url=url, timeout=5, api_key_env="NO_SUCH", image_format="jpeg", headers={}, extra={}
        )
        await endpoint.open()
        (found,) = await asyncio.gather(endpoint.ask(request), return_exceptions=True)
        await endpoint.close()
        return found

    with ScriptedServer(act) as server:
        return asyncio.run(main(server.url))


def verdict(found):
    """A reply's end, a kind of trouble, or a type of error."""
    if isinstance(found, Reply):
        return found.finish_reason
    return found.why if isinstance(found, Trouble) else type(found)


@pytest.mark.parametrize(
    ("provider", "status", "body", "expected"),
    VERDICTS,
    ids=[f"{number} {provider} {status}" for number, (provider, status, *_) in enumerate(VERDICTS)],
)
def test_what_an_answer_says_decides(provider, status, body, expected):
    found = tried(answers(status, body))
    assert verdict(found) == expected, found
    assert len(str(found)) < 500


@pytest.mark.parametrize(
    ("headers", "message", "seconds"),
    [
        ({"Retry-After": "7"}, "slow down", 7),
        ({"retry-after-ms": "1500"}, "slow down", 1.5),
        ({"retry-after-ms": "1500", "Retry-After": "2"}, "slow down", 1.5),
        ({}, "Please try again in 1m23.5s.", 83.5),
        ({}, "Please try again in 20ms.", 0.02),
        ({}, "Please retry in 41.2s.", 41.2),
        ({}, "Please retry after 6 seconds.", 6),
        ({}, "Rate limit is exceeded. Try again in 59 seconds.", 59),
        ({}, "retry after 30", 30),
        ({}, "Please wait 2 minutes and 5 seconds before the next request", 125),
        ({}, "Try again later (request 12345678)", None),
        ({}, "slow down", None),
        ({"x-ratelimit-reset-requests": "2m59.56s", "x-ratelimit-reset-tokens": "7.66s",
          "x-ratelimit-remaining-requests": "14000", "x-ratelimit-remaining-tokens": "0"}, "slow down", 7.66),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, "slow down", 1),
        ({"x-ratelimit-reset-requests": "3h", "x-ratelimit-remaining-requests": "0"}, "slow down", 60),
        ({"Retry-After": "600"}, "slow down", 600),
    ],
)  # fmt: skip
def test_how_long_to_wait_is_found_wherever_it_is_said(headers, message, seconds):
    trouble = tried(answers(429, error(message), headers))
    assert trouble.why == LIMITED
    assert trouble.wait == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("delay", ["41s", "41.0s", 41])
def test_how_long_to_wait_may_be_a_field(delay):
    found = tried(answers(429, google("RESOURCE_EXHAUSTED", "no", {"retryDelay": delay}, code=429)))
    assert found.wait == 41


ENDS = {
    "stop": "stop eos eos_token end_turn stop_sequence STOP COMPLETE FINISH_REASON_STOP completed",
    "length": "length max_tokens MAX_TOKENS model_length model_context_window_exceeded",
    "repetition": "repetition",
    "other": "tool_calls function_call tool_use pause_turn OTHER unknown FINISH_REASON_UNSPECIFIED whatever",
    Refused: "content_filter SAFETY RECITATION BLOCKLIST PROHIBITED_CONTENT SPII IMAGE_SAFETY refusal sensitive "
    "content_filtered guardrail_intervened LANGUAGE content_filter:SAFETY ERROR_TOXIC",
    "failed": "error abort insufficient_system_resource network_error cancelled load ERROR",
}


@pytest.mark.parametrize(("word", "expected"), [(word, end) for end, words in ENDS.items() for word in words.split()])
def test_only_known_good_ends_are_good(word, expected):
    assert verdict(tried(says("A red square", word))) == expected
    if expected in (Refused, "failed"):
        assert verdict(tried(says("", word))) == expected


@pytest.mark.parametrize(
    ("finish", "native", "expected"),
    [
        ("stop", "STOP", "stop"),
        ("stop", "some_new_word", "stop"),
        ("stop", "MAX_TOKENS", "length"),
        ("stop", "SAFETY", Refused),
        (None, "end_turn", "stop"),
        (None, None, "other"),
        ({"type": "stop", "matched": 2}, None, "stop"),
        ({"type": "length", "length": 20}, None, "length"),
        ({"type": "abort"}, None, "failed"),
    ],
)
def test_the_worse_of_two_words_for_the_end_counts(finish, native, expected):
    choice = {"finish_reason": finish, "native_finish_reason": native, "message": {"content": "A red square"}}
    assert verdict(tried(answers(200, {"choices": [choice]}))) == expected


@pytest.mark.parametrize(
    ("content", "more", "text"),
    [
        ([{"type": "text", "text": "A red "}, {"type": "text", "text": "square."}], {}, "A red square."),
        ([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "A square."}], {}, "A square."),
        (
            [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "A."}],
            {},
            "A.",
        ),
        (["A red square."], {}, "A red square."),
        ("<think>red? blue?</think>A red square.", {}, "A red square."),
        ("red? blue?</think>\n\nA red square.", {}, "A red square."),
        ("<answer>A red square.</answer>", {}, "A red square."),
        ("A red square.", {"reasoning_content": "red? blue?"}, "A red square."),
        ("A red square.", {"reasoning_details": [{"type": "reasoning.text", "text": "red?"}]}, "A red square."),
    ],
)
def test_a_thought_is_no_part_of_the_answer(content, more, text):
    assert tried(says(content, **more)).text == text


@pytest.mark.parametrize(
    "act",
    [
        says(None, "length", reasoning_content="hm"),
        says("", "length", reasoning="hm"),
        says("<think>let me see, this is", "length"),
        says([{"type": "thinking", "thinking": "hm"}], "length"),
        says("", "MAX_TOKENS", reasoning_details=[{"type": "reasoning.encrypted", "data": "x"}]),
        answers(
            200,
            {
                "choices": [{"message": {"content": ""}, "finish_reason": "length"}],
                "usage": {"completion_tokens": 512, "completion_tokens_details": {"reasoning_tokens": 512}},
            },
        ),
    ],
)
def test_a_budget_that_thinking_used_up_says_what_to_do(act):
    found = tried(act)
    assert isinstance(found, BadReply)
    assert re.search(r"spent all its tokens on thinking.*--max-tokens.*--thinking off", str(found))


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (rb'{"choices": [{"finish_reason": "stop", "message": {"content": "A caf\ud83d"}}]}', "A caf\ufffd"),
        (b'{"choices": [{"finish_reason": "stop", "message": {"content": "a\xed\xa0\xbd"}}]}', "a\ufffd\ufffd\ufffd"),
        (rb'{"choices": [{"finish_reason": "stop", "message": {"content": "\ud83d\ude00"}}]}', "\U0001f600"),
        (b'\xef\xbb\xbf{"choices": [{"finish_reason": "stop", "message": {"content": "A cat"}}]}', "A cat"),
    ],
    ids=["half a letter", "bytes of half a letter", "a whole one", "a mark before it"],
)  # fmt: skip
def test_half_a_letter_does_not_cost_the_answer(sent, text):
    reply = tried(sends(sent))
    assert reply.text == text
    reply.text.encode()


def test_json_that_is_called_text_is_json():
    body = json.dumps({"choices": [{"finish_reason": "stop", "message": {"content": "A cat"}}]})
    assert tried(answers(200, body)).text == "A cat"
