"""The card of a data set: what the Hub reads of it, its figures, and words from outside that would break it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import yaml
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt
from msgspec import structs

from framescribe import registry
from framescribe.dataset.card import AT_ONCE, DATA_FILES, Card
from framescribe.dataset.tally import DISTINCT, Few, Range, bars, block, cell, code
from framescribe.errors import UserError
from framescribe.formats.base import Format, FrameRule, Layout, Sample
from framescribe.formats.target import Target
from framescribe.records import Row, VideoInfo
from framescribe.version import VERSION

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](http://example.org/x.png)",
    "a | b | c\\| d",
    "```\n# broken out\n```",
    "`tick` ``ticks``",
    "a` <img src=x onerror=alert(1)> `b",
    "\n---\nlicense: mit\n---\n",
    "line\r\nbreak\u2028there\u202eflipped\x1b[31m",
    "http://example.org www.example.org a@example.org",
    "</code></pre><b>bold</b>",
    " ",
    "",
    "*star* _line_ ~~gone~~ # head",
    "w" * 5000,
)


@dataclass(frozen=True)
class Exported:
    left_out: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    unfit: tuple[tuple[str, int], ...] = ()
    unfit_count: int = 0


def trainer(name: str = "somebody", frames: FrameRule | None = None) -> tuple[Format, Layout]:
    layout = Layout(
        name="folder",
        about="a.mp4 with a.txt",
        write=lambda samples, target: None,
        read=lambda path: iter(()),
        recognises=lambda path: False,
        videos="beside",
    )
    found = Format(
        name=name, title="Some Body", source="", layouts=(layout,), start=lambda folder, layout: "", frames=frames
    )
    return found, layout


def clip(caption: str = "A dog runs.", seconds: float = 2.0, **row) -> tuple[Sample, Row]:  # type: ignore[no-untyped-def]
    info = VideoInfo(duration=seconds, fps=8.0, width=64, height=32, codec="h264", frames=round(8 * seconds))
    made = {"id": "a.mp4", "video_path": "/a.mp4", "caption": caption, "status": "ok", "video": info, **row}
    found = Row(**made)
    return Sample(video="/a.mp4", captions=(caption,), id=found.id, info=found.video, columns=found.metadata), found


def written(folder: Path, *clips, which=None, exported=None, **what) -> str:  # type: ignore[no-untyped-def]
    card = Card()
    for sample, row in clips:
        card.add(sample, row)
    format, layout = which or trainer()
    with Target(folder) as target:
        name = card.write(target, format=format, layout=layout, exported=exported or Exported(), **what)
    return (folder / name).read_text(encoding="utf-8")


def figures(text: str) -> dict[str, str]:
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if re.fullmatch(r"\| [^|]+ \| [^|]+ \|", line)]
    return {row[0]: row[1] for row in rows if len(row) == 2}


def front(text: str):  # type: ignore[no-untyped-def]
    return yaml.safe_load(text.split("---\n")[1])


def test_the_figures_are_those_of_the_clips(tmp_path: Path) -> None:
    info = VideoInfo(duration=7.0, fps=30.0, width=1280, height=720, codec="vp9", frames=210)
    stages = {"summary": {"engine": "vllm", "model": "some/model", "prompt_sha256": "0123abcd", "fingerprint": "f"}}
    made = {"schema": 2, "version": "9.9.9", "stages": stages}
    text = written(
        tmp_path / "set",
        clip("A dog runs over the wide meadow."),
        clip("A dog runs, and the camera pans.", seconds=4.0, flags=("repeats", "short"), status="flagged"),
        clip("One two three four five six seven eight nine ten eleven.", video=info, metadata={"score": 1, "set": "b"}),
        clip("A dog.", video=None, provenance={**made, "edits": [{"field": "caption"}]}),
    )
    found = figures(text)
    assert found["clips"] == found["captions"] == "4"
    assert found["hours"] == "0.0036"  # 13 seconds
    assert found["seconds per clip"] == "2 to 7, 4.3 on average"
    assert found["frames per clip"] == "16 to 210, 86 on average"
    assert found["frames per second"] == "`8` (2), `30` (1)"
    assert found["pixels (width × height)"] == "`64 × 32` (2), `1280 × 720` (1)"
    assert found["words per caption"] == "2 to 11, 6.8 on average"
    assert found["clips that a person edited"] == "1"
    assert found["status"] == "`ok` (3), `flagged` (1)"
    assert found["flags"] == "`repeats` (1), `short` (1)"
    assert found["columns of their own"] == "`score`, `set`"
    assert found["clips whose files' facts are not known"] == "1"
    assert "| `summary` | `vllm` | `some/model` | `0123abcd` | `9.9.9` | 1 |" in text
    assert re.search(r"^dog +█+ +3$", text, re.MULTILINE) and not re.search(r"^the +█", text, re.MULTILINE)
    assert re.search(r"^a dog runs +█+ +2$", text, re.MULTILINE)
    assert re.search(r"^camera +█+ +1$", text, re.MULTILINE)
    assert re.search(r"^10 to 20 +█+[▉▊▋▌▍▎▏]? +1$", text, re.MULTILINE)
    assert f"framescribe {VERSION}" in text


def test_many_clips_are_all_counted(tmp_path: Path) -> None:
    many = 2 * AT_ONCE + 7
    clips = [clip(" ".join(["One"] * (1 + number % 3)), seconds=float(1 + number % 2)) for number in range(many)]
    for sample, row in clips[:5]:
        clips.append((structs.replace(sample, info=None), replace(row, flags=("short",), provenance={"edits": [{}]})))
    found = figures(written(tmp_path / "set", *clips))
    assert found["clips"] == found["captions"] == f"{many + 5:,}"
    assert found["frames per clip"] == "8 to 16, 12.0 on average"
    assert found["seconds per clip"] == "1 to 2, 1.5 on average"
    assert found["words per caption"] == "1 to 3, 2.0 on average"
    assert found["flags"] == "`short`" and found["clips that a person edited"] == "5"
    assert found["clips whose files' facts are not known"] == "5"


def test_the_hub_takes_the_front_matter(tmp_path: Path) -> None:
    text = written(tmp_path / "set", clip(), license="CC-BY-4.0")
    assert front(text) == {
        "license": "cc-by-4.0",
        "task_categories": ["text-to-video"],
        "size_categories": ["n<1K"],
        "tags": ["video", "video-captioning", "framescribe", "somebody"],
    }
    assert DatasetCard(text).data.to_dict()["task_categories"] == ["text-to-video"]
    assert "license" not in front(written(tmp_path / "none", clip()))
    own = written(tmp_path / "own", clip(), license='My "own": licence\n- no')
    assert front(own)["license"] == "other" and front(own)["license_name"] == "my-own-licence-no"
    many = Card()
    many.clips = 12_345
    with Target(tmp_path / "many") as target:
        many.write(target, format=trainer()[0], layout=trainer()[1], exported=Exported())
    assert front((tmp_path / "many" / "README.md").read_text())["size_categories"] == ["10K<n<100K"]


@pytest.mark.parametrize("name", DATA_FILES)
def test_formats_of_the_hub_say_which_files_are_loaded(tmp_path: Path, name: str) -> None:
    format = registry.load("formats", name)
    text = written(tmp_path / "set", clip(), which=(format, format.layout()))
    (config,) = front(text)["configs"]
    assert config["config_name"] == "default" and config["data_files"][0]["path"] == DATA_FILES[name]


@pytest.mark.parametrize("text", HOSTILE)
def test_words_from_outside_change_nothing(tmp_path: Path, text: str) -> None:
    plain = written(tmp_path / "plain" / "x", clip("a", id="b", flags=("c",), metadata={"d": 1}), **everything("e"))
    card = written(
        tmp_path / "hostile" / "x", clip(text, id=text, flags=(text,), metadata={text: text}), **everything(text)
    )
    assert set(front(card)) == set(front(plain))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u2028\u202e]", card)
    assert outline(card) == outline(plain)
    assert all(len(line) < 1200 for line in card.splitlines() if not line.startswith("framescribe export"))


def everything(text: str) -> dict[str, object]:
    exported = Exported(left_out={text: 2}, done={text: 1}, unfit=((text, 9),), unfit_count=1)
    which = trainer(frames=FrameRule(step=4, remainder=1, least=5, then="cuts the rest off"))
    return {"exported": exported, "which": which, "license": f"mine {text}", "command": f"framescribe export {text}"}


def outline(card: str) -> list[str]:
    """What a renderer makes of the card, without its words: blocks, and spans that are more than text. Captions decide
    which plots there are, so these are left out."""
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(card.split("---\n", 2)[2])
    found: list[str] = []
    for token in tokens:
        spans = [child.type for child in token.children or () if child.type not in ("text", "code_inline", "softbreak")]
        found += [token.type, *spans]
    kept = [name for name in found if name not in ("fence", "inline", "paragraph_open", "paragraph_close")]
    return [name for name in kept if name not in ("strong_open", "strong_close")]


def test_what_was_left_out_and_what_does_not_fit_is_listed(tmp_path: Path) -> None:
    unfit = tuple((f"clip-{number}.mp4", number) for number in range(150))
    exported = Exported(left_out={"failed": 1, "flagged": 1200}, unfit=unfit, unfit_count=2000, done={"cut": 3})
    rule = FrameRule(step=4, remainder=1, least=5, fps=16.0, then="the rest is cut off")
    text = written(tmp_path / "set", clip(), which=trainer(frames=rule), exported=exported)
    assert "- `failed`: 1 row\n" in text and "- `flagged`: 1,200 rows" in text and "- captions, `cut`: 3" in text
    assert "4n + 1 frames at 16 frames a second; the rest is cut off." in text
    assert "2,000 clips here have another number. The first 100:" in text
    assert "- `clip-99.mp4`: 99 frames" in text and "clip-100.mp4" not in text


def test_no_key_and_no_folder_of_the_machine_gets_into_it(tmp_path: Path) -> None:
    stages = {"clip": {"engine": "transformers", "model": "/home/somebody/models/tiny"}}
    text = written(
        tmp_path / "set",
        clip(provenance={"stages": stages}),
        command=f"framescribe export {Path.home()}/private/captions.jsonl https://user:pass@example.org/a?X-Amz-Signature=abc&X-Amz-Credential=KEY",
    )
    assert "`tiny`" in text and "/home/somebody" not in text
    assert "example.org/a" in text and not re.search("pass|abc|KEY", text)
    assert "~/private/captions.jsonl" in text and str(Path.home()) not in text


def test_what_a_person_wrote_stays(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "README.md").write_text("mine")
    assert written(tmp_path / "set", clip()).startswith("---\n")
    assert (tmp_path / "set" / "README.md").read_text() == "mine"
    assert "# `set`" in (tmp_path / "set" / "DATASET_CARD.md").read_text()
    (tmp_path / "set" / "DATASET_CARD.md").write_text("mine, too")
    with pytest.raises(UserError, match=r"DATASET_CARD\.md was not written by framescribe"):
        written(tmp_path / "set", clip())


def test_many_at_once_are_counted_as_one_by_one() -> None:
    values = [str(number * number % 99_991) for number in range(3 * DISTINCT)]
    one, together = Few[str](), Few[str]()
    for value in values:
        one.add(value)
    for at in range(0, len(values), 700):
        together.add_each(values[at : at + 700])
    assert together.forgotten and together.most() == one.most()


def test_counts_stay_small() -> None:
    few = Few[str]()
    for number in range(5 * DISTINCT):
        few.add("often")
        few.add(f"once-{number}")
    assert few.most(1) == [("often", 5 * DISTINCT)] and len(few) <= DISTINCT and few.forgotten


def test_ranges_and_bars() -> None:
    numbers = Range(10, 20)
    numbers.add_all([])
    numbers.add_all([10.0, 5.0, float("nan"), 19.5])
    numbers.add_all([float("inf"), 20.0])
    assert numbers.said() == "5 to 20, 13.6 on average"
    assert [(line.split("  ")[0], line.split()[-1]) for line in numbers.bars()] == [
        ("under 10  ".strip().ljust(8), "1"),
        ("10 to 20", "2"),
        ("20 or more".ljust(8), "1"),
    ]
    assert list(bars([("a", 80), ("bb", 40), ("c", 1), ("d", 0)])) == [
        f"a   {'█' * 40}  80",
        f"bb  {'█' * 20}{' ' * 20}  40",
        f"c   {'▌'.ljust(40)}  1",
        f"d   {' ' * 40}  0",
    ]
    assert code("a`b") == "``a`b``" and code("`") == "`` ` ``" and cell("a|b") == "`a¦b`"
    assert block(["````"])[0] == "`````text"
