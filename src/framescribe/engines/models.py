"""Knows the models with a short name: what each engine loads for them, licences, sizes; chooses and loads nothing.

docs/models.md says what each engine supports, and in which published version. That was read in its source, not run.
"""

from __future__ import annotations

from framescribe.engines.routes import HUB, Preset, Route, hub


def _qwen2_5_vl(size: str, parameters: float, licence: str, note: str) -> Preset:
    return Preset(
        name=f"qwen2.5-vl-{size}",
        kind="image+video",
        architecture="Qwen2_5_VLForConditionalGeneration",
        parameters=parameters,
        licence=licence,
        note=note,
        routes=hub(
            f"Qwen/Qwen2.5-VL-{size.upper()}-Instruct",
            llama_cpp=f"ggml-org/Qwen2.5-VL-{size.upper()}-Instruct-GGUF",
            ollama=f"qwen2.5vl:{size}",
        ),
    )


def _qwen3_vl(size: str, parameters: float, note: str) -> Preset:
    return Preset(
        name=f"qwen3-vl-{size}",
        kind="image+video",
        architecture=f"Qwen3VL{'Moe' if '-a' in size else ''}ForConditionalGeneration",
        parameters=parameters,
        licence="Apache-2.0",
        note=note,
        routes=hub(
            f"Qwen/Qwen3-VL-{size.upper()}-Instruct",
            llama_cpp=f"Qwen/Qwen3-VL-{size.upper()}-Instruct-GGUF",
            ollama=f"qwen3-vl:{size}-instruct",  # the tag without "-instruct" is the one that thinks aloud
        ),
    )


def _internvl(
    name: str, repository: str, suffix: str, parameters: float, licence: str, gguf: str | None = None
) -> Preset:
    """SGLang knows only the family's first layout, which brings code of its own; the others read transformers'."""
    return Preset(
        name=name,
        kind="image+video",
        architecture="InternVLForConditionalGeneration",
        parameters=parameters,
        licence=licence,
        note="cuts a frame into at most 12 tiles of 448 × 448; needs torchvision in process",
        routes=hub(
            f"OpenGVLab/{repository}{suffix}",
            *("transformers", "vllm", "lmdeploy"),
            sglang=Route(f"OpenGVLab/{repository}", ("--trust-remote-code",)),
            **({"llama_cpp": gguf} if gguf else {}),
        ),
        pixels=12 * 448 * 448,
    )


def _gemma3(size: str, parameters: float) -> Preset:
    return Preset(
        name=f"gemma-3-{size}",
        kind="image",
        architecture="Gemma3ForConditionalGeneration",
        parameters=parameters,
        licence="Gemma",
        note="256 tokens per frame; its repository asks for an account that accepted the licence (HF_TOKEN)",
        routes=hub(f"google/gemma-3-{size}-it", llama_cpp=f"ggml-org/gemma-3-{size}-it-GGUF", ollama=f"gemma3:{size}"),
        pixels=896 * 896,
    )


def _gemma4(size: str, parameters: float, architecture: str = "Gemma4ForConditionalGeneration") -> Preset:
    return Preset(
        name=f"gemma-4-{size.lower()}",
        kind="image+video",
        architecture=architecture,
        parameters=parameters,
        licence="Apache-2.0",
        note="at most 280 tokens per frame",
        routes=hub(
            f"google/gemma-4-{size}-it",
            *("transformers", "vllm", "sglang"),
            llama_cpp=f"ggml-org/gemma-4-{size}-it-GGUF",
            ollama=f"gemma4:{size.lower()}",
        ),
        pixels=280 * 48 * 48,
        thinks="if asked",
    )


def _molmo2(size: str, parameters: float) -> Preset:
    return Preset(
        name=f"molmo2-{size}",
        kind="image+video",
        architecture="Molmo2ForConditionalGeneration",
        parameters=parameters,
        licence="Apache-2.0",
        note="with open training data; vLLM is told to run the repository's own processor",
        routes=hub(
            f"allenai/Molmo2-{size.upper()}",
            "transformers",
            vllm=Route(f"allenai/Molmo2-{size.upper()}", ("--trust-remote-code",)),
        ),
    )


_OLD = "the original pipeline's; its captions are far worse than those of today's models"
_REMOTE = "it needs code from the hub that today's transformers no longer runs"

MODELS = (
    Preset(
        name="shapes-vlm",
        kind="image",
        architecture="LlavaNextForConditionalGeneration",
        parameters=0.002,
        licence="Apache-2.0",
        builtin=True,
        summary="shapes-llm",
        note="built in, a few MB: knows only drawn shapes; for the demo and for tests",
        # SGLang's own LLaVA classes do not read LLaVA-NeXT in transformers' layout.
        routes=hub("built in", "transformers", "vllm", sglang=Route("built in", ("--model-impl", "transformers"))),
        lacks=dict.fromkeys(("lmdeploy", "llama-cpp", "ollama"), "the built-in models are not made for it"),
        instead="qwen3-vl-2b",
    ),
    Preset(
        name="shapes-clip",
        kind="image",
        architecture="LlavaNextForConditionalGeneration",
        parameters=0.002,
        licence="Apache-2.0",
        builtin=True,
        summary="shapes-llm",
        note="built in, a few MB: knows only drawn shapes, and what they do in up to five frames",
        routes=hub("built in", "transformers", "vllm", sglang=Route("built in", ("--model-impl", "transformers"))),
        lacks=dict.fromkeys(("lmdeploy", "llama-cpp", "ollama"), "the built-in models are not made for it"),
        instead="qwen3-vl-2b",
    ),
    Preset(
        name="shapes-llm",
        kind="text",
        architecture="MistralForCausalLM",
        parameters=0.002,
        licence="Apache-2.0",
        builtin=True,
        note="built in, a few MB: sums up the captions of shapes-vlm and nothing else",
        routes=hub("built in", "transformers", "vllm", "sglang"),
        lacks=dict.fromkeys(("lmdeploy", "llama-cpp", "ollama"), "the built-in models are not made for it"),
        instead="Mistral-7B-Instruct-v0.2",
    ),
    _qwen3_vl("8b", 8.8, "the default with 20 GiB of GPU memory or more; needs torchvision in process"),
    _qwen3_vl("2b", 2.1, "the default on a smaller GPU; needs torchvision in process"),
    _qwen3_vl("4b", 4.4, "between the two; needs torchvision in process"),
    _qwen3_vl("32b", 33.4, "for one GPU with 80 GB or more; needs torchvision in process"),
    _qwen3_vl(
        "30b-a3b", 31.1, "as large as 32b, but uses only 3 billion parameters per token; needs torchvision in process"
    ),
    _qwen2_5_vl("3b", 3.8, "Qwen Research", "its licence is for research; needs torchvision in process"),
    _qwen2_5_vl("7b", 8.3, "Apache-2.0", "what many published captions were made with; needs torchvision in process"),
    _qwen2_5_vl("72b", 73.4, "Qwen", "several GPUs; needs torchvision in process"),
    _internvl("internvl3.5-4b", "InternVL3_5-4B", "-HF", 4.7, "Apache-2.0"),
    _internvl("internvl3.5-8b", "InternVL3_5-8B", "-HF", 8.5, "Apache-2.0"),
    _internvl("internvl3.5-14b", "InternVL3_5-14B", "-HF", 15.1, "Apache-2.0"),
    _internvl("internvl3-8b", "InternVL3-8B", "-hf", 7.9, "MIT and Qwen", "ggml-org/InternVL3-8B-Instruct-GGUF"),
    Preset(
        name="smolvlm-500m",
        kind="image",
        architecture="Idefics3ForConditionalGeneration",
        parameters=0.5,
        licence="Apache-2.0",
        note="the default without a GPU: runs on a laptop, without torchvision",
        routes=hub(
            "HuggingFaceTB/SmolVLM-500M-Instruct",
            *("transformers", "vllm"),
            llama_cpp="ggml-org/SmolVLM-500M-Instruct-GGUF",
        ),
        instead="qwen3-vl-2b",
    ),
    Preset(
        name="smolvlm2-2.2b",
        kind="image+video",
        architecture="SmolVLMForConditionalGeneration",
        parameters=2.2,
        licence="Apache-2.0",
        note="small; needs torchvision and num2words in process",
        routes=hub(
            "HuggingFaceTB/SmolVLM2-2.2B-Instruct",
            *("transformers", "vllm"),
            llama_cpp="ggml-org/SmolVLM2-2.2B-Instruct-GGUF",
        ),
        instead="qwen3-vl-2b",
    ),
    _gemma3("4b", 4.3),
    _gemma3("12b", 12.2),
    _gemma3("27b", 27.4),
    _gemma4("E4B", 8.0),
    _gemma4("12B", 12.0, "Gemma4UnifiedForConditionalGeneration"),
    _gemma4("31B", 30.7),
    Preset(
        name="glm-4.1v-9b",
        kind="image+video",
        architecture="Glm4vForConditionalGeneration",
        parameters=10.3,
        licence="MIT",
        note="always thinks before it answers, so give --max-tokens 2048 or more",
        thinks="always",
        routes=hub("zai-org/GLM-4.1V-9B-Thinking"),
    ),
    Preset(
        name="glm-4.6v-flash",
        kind="image+video",
        architecture="Glm4vForConditionalGeneration",
        parameters=10.3,
        licence="MIT",
        note="thinks before it answers if asked (--thinking on --max-tokens 2048)",
        thinks="if asked",
        routes=hub("zai-org/GLM-4.6V-Flash", "transformers", "vllm", llama_cpp="ggml-org/GLM-4.6V-Flash-GGUF"),
        lacks=dict.fromkeys(("sglang", "lmdeploy"), "nothing says that it reads this model"),
    ),
    Preset(
        name="glm-4.5v",
        kind="image+video",
        architecture="Glm4vMoeForConditionalGeneration",
        parameters=106,
        licence="MIT",
        note="several GPUs; thinks before it answers if asked (--thinking on --max-tokens 2048)",
        thinks="if asked",
        routes=hub("zai-org/GLM-4.5V", "transformers", "vllm", "sglang", llama_cpp="ggml-org/GLM-4.5V-GGUF"),
        instead="qwen2.5-vl-72b",
    ),
    Preset(
        name="minicpm-v-4.5",
        kind="image+video",
        architecture="MiniCPMV",
        parameters=8.7,
        licence="Apache-2.0",
        note="brings code of its own, which vLLM and SGLang are told to run",
        routes={
            "vllm": Route("openbmb/MiniCPM-V-4_5", ("--trust-remote-code",)),
            "sglang": Route("openbmb/MiniCPM-V-4_5", ("--trust-remote-code",)),
            "llama-cpp": Route("openbmb/MiniCPM-V-4_5-gguf"),
            "ollama": Route("openbmb/minicpm-v4.5:8b"),
        },
        lacks={"transformers": _REMOTE, "lmdeploy": "its MiniCPMV reads the versions up to 2.6"},
        pixels=1344 * 1344,
        thinks="if asked",
    ),
    Preset(
        name="minicpm-v-4.6",
        kind="image+video",
        architecture="MiniCPMV4_6ForConditionalGeneration",
        parameters=1.3,
        licence="Apache-2.0",
        note="small",
        routes=hub("openbmb/MiniCPM-V-4.6", *("transformers", "vllm"), llama_cpp="ggml-org/MiniCPM-V-4.6-GGUF"),
        lacks={"sglang": "its list of multimodal models does not name it"},
        thinks="if asked",
        instead="qwen3-vl-2b",
    ),
    _molmo2("4b", 4.9),
    _molmo2("8b", 8.7),
    Preset(
        name="llava-onevision-7b",
        kind="image+video",
        architecture="LlavaOnevisionForConditionalGeneration",
        parameters=8.0,
        licence="Apache-2.0",
        note="needs torchvision in process",
        routes=hub(
            "llava-hf/llava-onevision-qwen2-7b-ov-hf",
            *("transformers", "vllm"),
            sglang=Route("lmms-lab/llava-onevision-qwen2-7b-ov", ("--chat-template", "chatml-llava")),
        ),
        pixels=9 * 384 * 384,
    ),
    Preset(
        name="skycaptioner-v1",
        kind="image+video",
        architecture="Qwen2_5_VLForConditionalGeneration",
        parameters=8.3,
        licence="Apache-2.0",
        note="Qwen2.5-VL-7B tuned to answer in JSON about a clip's shots and camera; needs torchvision in process",
        routes=hub("Skywork/SkyCaptioner-V1"),
        instead="qwen2.5-vl-7b",
    ),
    Preset(
        name="tarsier2-recap-7b",
        kind="image+video",
        architecture="Tarsier2ForConditionalGeneration",
        parameters=8.3,
        licence="Apache-2.0",
        note="a captioner of whole clips that today's engines dropped",
        lacks={"vllm": "support of it ended after 0.23.0"},
        instead="qwen2.5-vl-7b",
        otherwise="serve omni-research/Tarsier2-Recap-7b with vLLM 0.23.0 and give --base-url",
    ),
    Preset(
        name="llava-v1.6-vicuna-7b",
        kind="image",
        architecture="LlavaNextForConditionalGeneration",
        parameters=7.1,
        licence="Llama 2",
        note=_OLD,
        routes=hub(
            "llava-hf/llava-v1.6-vicuna-7b-hf",
            *("transformers", "vllm", "lmdeploy"),
            sglang=Route(
                "liuhaotian/llava-v1.6-vicuna-7b",
                ("--tokenizer-path", "llava-hf/llava-1.5-7b-hf", "--chat-template", "vicuna_v1.1"),
            ),
            # With --jinja, llama-server takes a template's name for the template itself.
            llama_cpp=Route("cjpais/llava-v1.6-vicuna-7b-gguf", ("--no-jinja", "--chat-template", "vicuna")),
            ollama="llava:7b-v1.6-vicuna-q8_0",
        ),
        pixels=672 * 672,
        context=4096,
    ),
    Preset(
        name="deepseek-vl-7b-chat",
        kind="image",
        architecture="DeepseekVLHybridForConditionalGeneration",
        parameters=7.3,
        licence="DeepSeek",
        note=_OLD,
        routes=hub("deepseek-community/deepseek-vl-7b-chat", "transformers"),
        lacks={"lmdeploy": "support of it ended after 0.13.0"},
        pixels=1024 * 1024,
    ),
    Preset(
        name="Mistral-7B-Instruct-v0.2",
        kind="text",
        architecture="MistralForCausalLM",
        parameters=7.2,
        licence="Apache-2.0",
        note="the original pipeline's summary model; its repository asks for an account (HF_TOKEN)",
        routes=hub(
            "mistralai/Mistral-7B-Instruct-v0.2",
            llama_cpp="TheBloke/Mistral-7B-Instruct-v0.2-GGUF",
            ollama="mistral:7b-instruct-v0.2-q8_0",
        ),
    ),
    Preset(
        name="Qwen-VL-Chat",
        kind="image",
        architecture="QWenLMHeadModel",
        parameters=9.7,
        licence="Tongyi Qianwen",
        note=_OLD,
        lacks={
            "transformers": _REMOTE,
            "vllm": "support of it ended after 0.23.0",
            "sglang": "its QWenLMHeadModel sees no images",
            "lmdeploy": "support of it ended after 0.13.0",
        },
        otherwise="serve Qwen/Qwen-VL-Chat with vLLM 0.23.0 or LMDeploy 0.13.0 and give --base-url",
        pixels=448 * 448,
    ),
    Preset(
        name="ShareGPT4V-7B",
        kind="image",
        architecture="Share4VLlamaForCausalLM",
        parameters=7.4,
        licence="Llama 2",
        note=_OLD,
        lacks=dict.fromkeys(HUB, "it does not read this model's layout"),
        instead="llava-v1.6-vicuna-7b",
        otherwise="convert it (framescribe convert Lin-Chen/ShareGPT4V-7B sharegpt4v) and give --model ./sharegpt4v",
        pixels=336 * 336,
    ),
    Preset(
        name="internlm-xcomposer2-vl-7b",
        kind="image",
        architecture="InternLMXComposer2ForCausalLM",
        parameters=8.6,
        licence="Apache-2.0 (code), own (weights)",
        note=_OLD,
        lacks={"transformers": _REMOTE, "lmdeploy": "support of it ended after 0.13.0"},
        instead="llava-v1.6-vicuna-7b",
        otherwise="serve internlm/internlm-xcomposer2-vl-7b with LMDeploy 0.13.0 and give --base-url",
        pixels=490 * 490,
    ),
)
