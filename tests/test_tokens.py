"""Tokens are counted as the tokenizer's own library counts them, or estimated on the safe side, and which is said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from framescribe.errors import MissingExtra, UserError
from framescribe.language.estimate import ESTIMATES, surely_fits
from framescribe.language.tokens import counter

CHECKPOINTS = Path(__file__).parent.parent / "src/framescribe/demo/checkpoints"
TEXTS = ["a dog runs", "A dog, a cat; and 12 birds!", "naïve 一只狗 \U0001f600", "word " * 300, "\ud800 broken"]


@pytest.fixture(autouse=True)
def _no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "no-hub"))


def words_and_end(path: Path) -> Path:
    """A tokenizer of whole words that adds one at the end, and is set to stop after five and to fill up to 50."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "</s>": 1, "a": 2, "dog": 3, "runs": 4}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer.enable_truncation(5)
    tokenizer.enable_padding(length=50)
    tokenizer.save(str(path))
    return path


def test_every_token_counts_and_none_that_fills_up(tmp_path: Path) -> None:
    count = counter(str(words_and_end(tmp_path / "tokenizer.json"))).count
    assert count("a dog runs") == 4
    assert count("a dog runs and runs and runs") == 8
    assert count("") == 1


@pytest.mark.parametrize("below", ["", "tokenizer", "google/umt5-xxl"])
def test_a_folder_is_enough(tmp_path: Path, below: str) -> None:
    words_and_end(tmp_path / below / "tokenizer.json")
    counted = counter(str(tmp_path))
    assert (counted.count("a dog"), counted.estimated) == (3, None)


def test_a_folder_with_several_is_not(tmp_path: Path) -> None:
    """A pipeline with CLIP in one and T5 in the other."""
    words_and_end(tmp_path / "tokenizer" / "tokenizer.json")
    words_and_end(tmp_path / "tokenizer_2" / "tokenizer.json")
    with pytest.raises(UserError, match=r"several.*tokenizer, tokenizer_2"):
        counter(str(tmp_path))
    assert counter(str(tmp_path / "tokenizer_2")).count("a dog") == 3


@pytest.mark.parametrize("checkpoint", ["shapes-llm", "shapes-vlm"])
@pytest.mark.parametrize("text", TEXTS[:-1])
def test_counts_as_the_checkpoint_does(checkpoint: str, text: str) -> None:
    from transformers import AutoTokenizer

    own = AutoTokenizer.from_pretrained(CHECKPOINTS / checkpoint)
    assert counter(str(CHECKPOINTS / checkpoint)).count(text) == len(own(text, verbose=False)["input_ids"])


def test_a_text_with_half_a_letter_is_counted() -> None:
    assert counter(str(CHECKPOINTS / "shapes-llm")).count(TEXTS[-1]) > 1


def test_clips_two_files(tmp_path: Path) -> None:
    """What CLIP had before there was a tokenizer.json: bytes and their merges, with a token at either end."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        special_tokens=["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>", show_progress=False
    )
    tokenizer.train_from_iterator(["a dog runs", "dog", "dog"], trainer)
    tokenizer.model.save(str(tmp_path))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CLIPTokenizer"}))
    count = counter(str(tmp_path)).count
    assert count("dog") == 3
    assert count("Dog dog " * 100) == 202


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("t5", "models--google--t5-v1_1-xxl/snapshots/1a2b"),
        ("t5", "models--THUDM--CogVideoX-5b/snapshots/1a2b/tokenizer"),
        ("t5", "models--black-forest-labs--FLUX.1-dev/snapshots/1a2b/tokenizer_2"),
        ("clip", "models--openai--clip-vit-large-patch14/snapshots/1a2b"),
        ("umt5", "models--google--umt5-xxl/snapshots/1a2b"),
        ("umt5", "models--Wan-AI--Wan2.1-T2V-1.3B/snapshots/1a2b/google/umt5-xxl"),
        ("umt5", "models--Wan-AI--Wan2.2-T2V-A14B-Diffusers/snapshots/1a2b/tokenizer"),
        ("llama3", "models--hunyuanvideo-community--HunyuanVideo/snapshots/1a2b/tokenizer"),
        ("llama3", "models--Kijai--llava-llama-3-8b-text-encoder-tokenizer/snapshots/1a2b"),
    ],
)
def test_a_name_finds_the_real_one_in_the_hubs_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, folder: str
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert counter(name).estimated is not None
    words_and_end(tmp_path / folder / "tokenizer.json")
    assert (counter(name).count("a dog"), counter(name).estimated) == (3, None)


def test_the_hubs_cache_is_where_the_hubs_own_package_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_CACHE")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    words_and_end(tmp_path / "hub/models--google--umt5-xxl/snapshots/1a2b/tokenizer.json")
    assert counter("umt5").estimated is None


def test_a_download_that_was_broken_off_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    half = words_and_end(tmp_path / "models--google--umt5-base/snapshots/1a2b/tokenizer.json")
    half.write_text(half.read_text()[:100])
    assert "no tokenizer.json of umt5 is on this machine; name a folder" in str(counter("umt5").estimated)
    words_and_end(tmp_path / "models--google--umt5-xxl/snapshots/1a2b/tokenizer.json")
    assert counter("umt5").estimated is None


def test_without_the_package_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    words_and_end(tmp_path / "models--google--umt5-xxl/snapshots/1a2b/tokenizer.json")
    with pytest.raises(MissingExtra, match="local-cpu"):
        counter(str(tmp_path / "models--google--umt5-xxl/snapshots/1a2b"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert "pip install 'framescribe[local-cpu]'" in str(counter("umt5").estimated)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("t6", "Available: t5, clip, umt5, llama3"),
        ("./nowhere", "no such folder"),
        ("empty", "no tokenizer.json in that folder"),
        ("broken/tokenizer.json", "cannot be opened as a tokenizer"),
    ],
)
def test_what_is_no_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, says: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match=says):
        counter(given)


# What the real tokenizers count: T5 v1.1's and CLIP's, mT5's for UMT5's, and Llama 3's with a token at one end.
COUNTED = [
    ("A brown dog runs across the wet grass and shakes the water from its coat.", 19, 18, 20, 17),
    (
        "The camera pans slowly to the right, revealing a cluttered workbench with pliers, a soldering iron and three"
        " half-finished clocks. An elderly man in a green apron leans over one of them, adjusts a tiny screw, and holds"
        " it up to the light of the window.",
        74,
        61,
        79,
        60,
    ),
    (
        "At 12:45 a yellow taxi (No. 4821) stops beside the kerb; its driver, a woman in her fifties, lowers the window"
        ' & calls out "Anyone for the airport?"',
        49,
        47,
        48,
        45,
    ),
    ("1girl, solo, long hair, blue eyes, school uniform, looking at viewer, cherry blossoms, outdoors", 24, 24, 29, 24),
    ("Ein Hund läuft über die nasse Wiese und schüttelt sich das Wasser aus dem Fell.", 27, 30, 23, 23),
    ("Un perro marrón corre por la hierba mojada y se sacude el agua del pelaje.", 38, 26, 24, 25),
    ("一只棕色的狗在湿草地上奔跑，然后抖掉身上的水。", 5, 61, 19, 22),
    ("Коричневая собака бежит по мокрой траве и стряхивает воду с шерсти.", 50, 71, 25, 27),
]


@pytest.mark.parametrize(("text", "t5", "clip", "umt5", "llama3"), COUNTED)
def test_an_estimate_is_never_below(text: str, t5: int, clip: int, umt5: int, llama3: int) -> None:
    for name, real in (("t5", t5), ("clip", clip), ("umt5", umt5), ("llama3", llama3)):
        assert ESTIMATES[name](text) >= real


@pytest.mark.parametrize(("text", "t5", "clip", "umt5", "llama3"), COUNTED[:3])
def test_and_not_far_above_for_english(text: str, t5: int, clip: int, umt5: int, llama3: int) -> None:
    long = " ".join([text] * 4)  # near such an encoder's limit
    for name, real in (("t5", t5), ("clip", clip), ("umt5", umt5), ("llama3", llama3)):
        assert ESTIMATES[name](long) <= 1.4 * 4 * real


@pytest.mark.parametrize(("text", "t5", "clip", "umt5", "llama3"), COUNTED)
def test_what_surely_fits_does(text: str, t5: int, clip: int, umt5: int, llama3: int) -> None:
    for real in (t5, clip, umt5, llama3):
        assert not surely_fits(text, real - 1)
    assert surely_fits(text, 10 * len(text))
