"""Knows what `framescribe demo` promises: clips, captions, verdicts, a page; model quality is tested elsewhere."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from framescribe.demo import show
from framescribe.demo.clips import DemoClip, demo_clips
from framescribe.demo.report import percent, write_report
from framescribe.errors import UserError
from framescribe.records import Failure, FrameCaption, Row

CLIPS = 4


def framescribe(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "framescribe", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


def rows_of(folder: Path) -> list[Row]:
    return [Row.from_dict(json.loads(line)) for line in (folder / "captions.jsonl").read_text().splitlines()]


class Page(HTMLParser):
    """What a browser would see: tags with their attributes, and the text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def pictures(self) -> list[Image.Image]:
        sources = [str(attributes["src"]) for tag, attributes in self.tags if tag == "img"]
        return [
            Image.open(io.BytesIO(base64.b64decode(source.partition("base64,")[2]))).convert("RGB")
            for source in sources
        ]

    def cards(self) -> list[str]:
        return re.findall(r"<article.*?</article>", self.source, re.DOTALL)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DemoClip]:
    """The clips that the demo makes, and what they show."""
    return {clip.path.name: clip for clip in demo_clips(tmp_path_factory.mktemp("known"), 0, CLIPS)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder with a finished demo, and what was printed."""
    folder = tmp_path_factory.mktemp("demo")
    done = framescribe("demo", "--clips", str(CLIPS), "-o", "tmp", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "tmp", done


# --------------------------------------------------------------------------- a demo, from end to end


# How well the models see is measured by training/evaluate.py; here one caption may be wrong, but not most of them.


def test_frame_captions_say_what_was_drawn(demo: tuple[Path, object], known: dict[str, DemoClip]) -> None:
    rows = rows_of(demo[0])
    assert [row.id for row in rows] == sorted(known)
    right = 0
    for row in rows:
        clip = known[row.id]
        assert row.status == "ok"
        assert [frame.index for frame in row.frames] == [k * clip.frame_count // 5 for k in range(5)]
        for frame in row.frames:
            right += frame.caption == clip.scene.frame_caption(frame.index / (clip.frame_count - 1))
    assert right >= 5 * CLIPS - 2


def test_captions_say_what_happened(demo: tuple[Path, object], known: dict[str, DemoClip]) -> None:
    right = 0
    for row in rows_of(demo[0]):
        clip = known[row.id]
        times = [frame.index / (clip.frame_count - 1) for frame in row.frames]
        right += row.caption == clip.scene.summary(times)
    assert right >= CLIPS - 1


def test_the_terminal_shows_every_clip_with_its_verdict(demo: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = demo
    rows, printed = rows_of(folder), " ".join(done.stdout.split())
    assert max(map(len, done.stdout.splitlines())) <= 100
    for row in rows:
        assert row.caption is not None
        assert row.caption.split(",")[0].split(" and ")[0] in printed
    right = printed.count(" right 5/5") + printed.count(" right 4/5") + printed.count(" right 3/5")
    assert f"videos right {right} of {CLIPS}" in printed
    assert "tmp/captions.jsonl" in printed
    assert "tmp/report.html" in printed
    assert "know only drawn shapes" in printed
    assert "framescribe caption YOUR-VIDEOS/ -o captions.jsonl" in printed


def test_the_page_needs_nothing_but_itself(demo: tuple[Path, object]) -> None:
    page = Page(demo[0] / "report.html")
    loading = ("src", "srcset", "poster", "data", "background", "xlink:href")
    loaded = [attributes[name] for _, attributes in page.tags for name in loading if name in attributes]
    assert len(loaded) == 5 * CLIPS
    assert all(str(source).startswith("data:image/jpeg;base64,") for source in loaded)
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.tags}
    without_pictures = re.sub(r"data:[^\"]+", "", page.source)
    assert not re.search(r"https?:|@import|url\(", without_pictures)
    for tag, attributes in page.tags:
        if tag == "a":  # to a card, or to a clip that lies beside the page
            place = str(attributes["href"])
            assert place.startswith("#clip-") or (demo[0] / place).is_file()


def test_the_page_shows_every_clip_frame_and_caption(demo: tuple[Path, object], known: dict[str, DemoClip]) -> None:
    page = Page(demo[0] / "report.html")
    for row, card in zip(rows_of(demo[0]), page.cards(), strict=True):
        text = html.unescape(re.sub(r"<[^>]+>", "", card))
        assert row.id in text
        assert row.caption is not None
        assert row.caption in text
        truth = known[row.id].scene.summary((0, 0.8))
        assert truth in text
        assert f'class="card {"right" if row.caption == truth else "wrong"}"' in card
        for frame in row.frames:
            assert frame.caption in text
            assert f"{frame.time:.1f} s" in text


def test_thumbnails_show_the_frames_that_were_captioned(demo: tuple[Path, object], known: dict[str, DemoClip]) -> None:
    pictures = Page(demo[0] / "report.html").pictures()
    frames = [(known[row.id], frame) for row in rows_of(demo[0]) for frame in row.frames]
    for picture, (clip, frame) in zip(pictures, frames, strict=True):
        assert abs(picture.width / picture.height - clip.width / clip.height) < 0.02
        assert 120 <= picture.width <= 400
        for item in clip.scene.at(frame.index / (clip.frame_count - 1)):
            seen = picture.getpixel((int(item.x * picture.width), int(item.y * picture.height)))
            assert isinstance(seen, tuple)
            assert max(abs(a - b) for a, b in zip(seen, item.rgb, strict=True)) < 30, (
                clip.path.name,
                frame.index,
                item,
            )


def test_a_second_time_resumes_and_gives_the_same(demo: tuple[Path, object]) -> None:
    folder = demo[0]
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and ".parts" not in str(path)}
    (folder / "report.html").unlink()
    again = framescribe("demo", "--clips", str(CLIPS), "-o", folder.name, cwd=folder.parent)
    assert again.returncode == 0, again.stderr
    assert f"videos already done: {CLIPS}" in again.stderr
    for path, content in before.items():
        assert path.read_bytes() == content, path


def test_the_rows_are_those_of_the_normal_command(demo: tuple[Path, object]) -> None:
    """`caption` accepts the demo's rows as its own: same ids, same recipe."""
    folder = demo[0]
    options = ["--sample", "uniform", "--frames", "5", "--model", "shapes-vlm"]
    done = framescribe("caption", "clips", *options, "-o", "captions.jsonl", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert f"videos already done: {CLIPS}" in done.stderr


@pytest.mark.parametrize("arguments", [("--seed", "1", "--clips", "4"), ("--clips", "3"), ("clips",)])
def test_another_demo_does_not_mix_with_it(demo: tuple[Path, object], arguments: tuple[str, ...]) -> None:
    folder = demo[0]
    before = (folder / "captions.jsonl").read_bytes()
    sources = [folder / argument if argument == "clips" else argument for argument in arguments]
    done = framescribe("demo", *sources, "-o", folder.name, cwd=folder.parent)
    assert done.returncode == 2
    assert "holds the demo of --seed 0 --clips 4" in done.stderr
    assert "-o DIR" in done.stderr
    assert "Traceback" not in done.stderr
    assert (folder / "captions.jsonl").read_bytes() == before


def test_videos_of_ones_own(known: dict[str, DemoClip], tmp_path: Path) -> None:
    """No truth is claimed, a warning says the captions will be nonsense, and a broken file is shown with its reason."""
    own = tmp_path / "holiday"
    own.mkdir()
    clip = next(iter(known.values()))
    (own / "<b>beach<b> & sea.mp4").write_bytes(clip.path.read_bytes())
    (own / "broken.mp4").write_bytes(b"no video at all")
    done = framescribe("demo", "holiday", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert "know only drawn shapes" in done.stderr
    assert "nonsense" in done.stderr
    assert "framescribe caption holiday -o captions.jsonl" in done.stdout
    assert " of 2, to the letter" not in done.stdout

    folder = tmp_path / "framescribe-demo-holiday"
    page, (beach, broken) = Page(folder / "report.html"), rows_of(folder)
    assert len(page.pictures()) == 5
    assert beach.caption is not None
    assert broken.error is not None
    assert "<b>beach" not in page.source
    for text in (beach.id, beach.caption, broken.id, broken.error.message, "nonsense"):
        assert text in page.text, text
    assert not re.search("Truth|✓|✗ wrong", page.text)


# ------------------------------------------------------------------------------------- the verdicts


def row_saying(clip: DemoClip, **changes: object) -> Row:
    """The right row for the clip, then changed."""
    indices = [k * clip.frame_count // 5 for k in range(5)]
    times = [index / (clip.frame_count - 1) for index in indices]
    frames = tuple(
        FrameCaption(index=index, time=index / clip.fps, caption=clip.scene.frame_caption(time))
        for index, time in zip(indices, times, strict=True)
    )
    row = Row(
        id=clip.path.name, video_path=str(clip.path), caption=clip.scene.summary(times), status="ok", frames=frames
    )
    return dataclasses.replace(row, **changes)


def test_all_right_is_all_right(known: dict[str, DemoClip]) -> None:
    score = show.score(show.show([row_saying(clip) for clip in known.values()], known))
    assert score is not None
    assert (score.videos_right, score.videos, score.frames_right, score.frames) == (CLIPS, CLIPS, 5 * CLIPS, 5 * CLIPS)
    assert score.attributes == dict.fromkeys(show.ATTRIBUTES, 1.0)
    assert score.share == 1.0


def test_one_wrong_word_costs_its_caption_and_one_attribute(known: dict[str, DemoClip]) -> None:
    clip = list(known.values())[2]
    right = row_saying(clip)
    item = clip.scene.tracks[0].object
    other = "circle" if item.shape != "circle" else "star"
    frame = dataclasses.replace(right.frames[0], caption=right.frames[0].caption.replace(item.shape, other))
    row = dataclasses.replace(right, frames=(frame, *right.frames[1:]))
    (shown,) = show.show([row], known)
    assert shown.caption is not None
    assert shown.caption.right
    assert [verdict.right for verdict in shown.frames] == [False, True, True, True, True]
    score = show.score([shown])
    assert score is not None
    missed = score.asked - score.hits
    assert missed == {"shape": 1}
    said, truth = shown.frames[0].side_by_side()
    assert [text for text, differs in said if differs] == [other]
    assert [text for text, differs in truth if differs] == [item.shape]


def test_right_in_another_wording_is_not_right_to_the_letter(known: dict[str, DemoClip]) -> None:
    clip = next(iter(known.values()))
    right = row_saying(clip)
    assert right.caption is not None
    (shown,) = show.show([dataclasses.replace(right, caption=right.caption.rstrip("."))], known)
    assert shown.caption is not None
    assert not shown.caption.right
    assert shown.caption.hits == shown.caption.asked


def test_what_is_missing_and_what_is_invented_both_count(known: dict[str, DemoClip]) -> None:
    clip = next(clip for clip in known.values() if len(clip.scene.tracks) == 2)
    right = row_saying(clip)
    assert right.caption is not None
    head, _, ground = right.caption.partition(", on a ")
    for caption in (
        f"{head.split(' and ')[0]}, on a {ground}",
        f"{head} and a small pink cross is on the left, on a {ground}",
    ):
        (shown,) = show.show([dataclasses.replace(right, caption=caption)], known)
        assert shown.caption is not None
        missed = shown.caption.asked - shown.caption.hits
        assert missed == {name: 1 for name in ("colour", "shape", "size", "place", "movement")}
    (shown,) = show.show([dataclasses.replace(right, caption="A dog runs along a beach.")], known)
    assert shown.caption is not None
    assert shown.caption.hits.total() == 0


def test_a_video_without_a_caption_is_not_right(known: dict[str, DemoClip], tmp_path: Path) -> None:
    clip = next(iter(known.values()))
    error = Failure(stage="decode", kind="unreadable", message='It is "cut" <off> & gone.')
    failed = Row(id=clip.path.name, video_path=str(clip.path), caption=None, status="failed", error=error)
    shown = show.show([failed], known)
    score = show.score(shown)
    assert score is not None
    assert (score.videos_right, score.videos, score.frames) == (0, 1, 0)
    write_report(tmp_path / "report.html", shown, score, real_command="framescribe caption <folder> -o captions.jsonl")
    page = Page(tmp_path / "report.html")
    assert error.message in page.text
    assert clip.scene.summary((0, 1)) in page.text
    assert "framescribe caption <folder> -o captions.jsonl" in page.text


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert [percent(share) for share in (0.0, 0.5, 0.987, 0.99996, 1.0)] == ["0%", "50%", "98.7%", "99.9%", "100%"]


# --------------------------------------------------------------------------------------- the folder


def test_more_clips_of_the_same_seed_are_added(tmp_path: Path) -> None:
    few = show.made_up(tmp_path / "demo", 3, 1)
    more = show.made_up(tmp_path / "demo", 3, 2)
    assert [video.id for video in more.videos][:1] == [video.id for video in few.videos]
    with pytest.raises(UserError, match="--seed 3 --clips 2"):
        show.made_up(tmp_path / "demo", 3, 1)


@pytest.mark.parametrize("name", ["captions.jsonl", "report.html", "clips"])
def test_what_no_demo_made_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(UserError, match="no demo made it"):
        show.made_up(tmp_path, 0, 1)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("source", "name"), [("holiday/", "holiday"), ("a b/*.mp4", "a-b"), ("clip.mp4", "clip"), ("**/*.mp4", None)]
)
def test_the_folder_for_ones_own_videos_is_named_after_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, name: str | None
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert show.own(None, [], [source]).folder == Path(f"framescribe-demo-{name or 'here'}")


def test_options_for_made_up_clips_are_refused_with_ones_own_videos(tmp_path: Path) -> None:
    done = framescribe("demo", ".", "--seed", "3", cwd=tmp_path)
    assert done.returncode == 2
    assert "--seed" in done.stderr
