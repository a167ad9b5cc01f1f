"""Knows what `framescribe demo` promises: clips, captions, verdicts, a page; model quality is tested elsewhere."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from framescribe.demo import show
from framescribe.demo.clips import DemoClip, demo_clips
from framescribe.demo.report import extras_of, percent, write_report
from framescribe.errors import UserError
from framescribe.records import Failure, FrameCaption, Row
from tests.review.browsing import browser as headless
from tests.review.browsing import watched

CLIPS = 4


def framescribe(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "framescribe", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300)


def rows_of(folder: Path) -> list[Row]:
    return [Row.from_dict(json.loads(line)) for line in (folder / "captions.jsonl").read_text().splitlines()]


def data_in(page: Path) -> dict[str, Any]:
    """What the page holds."""
    found = re.search(r'<script type="application/json" id="saved-data">(.*?)</script>', page.read_text(), re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def pictures_in(row: dict[str, Any]) -> list[Image.Image]:
    return [Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB") for data in row["pictures"].values()]


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


@pytest.fixture
def browser() -> Iterator[Any]:
    """For one test: while Playwright is there, no other test of this process could run an event loop."""
    with headless() as opened:
        yield opened


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
    assert printed.endswith("framescribe review tmp/captions.jsonl")


def test_the_page_needs_nothing_but_itself(demo: tuple[Path, object], known: dict[str, DemoClip]) -> None:
    rows = data_in(demo[0] / "report.html")["rows"]
    assert {row["id"] for row in rows} == known.keys()
    for row in rows:
        assert row["video_path"] == f"clips/{row['id']}"
        assert (demo[0] / row["video_path"]).is_file()
        assert len(row["pictures"]) == 5
    assert str(demo[0]) not in (demo[0] / "report.html").read_text()


@pytest.mark.browser
def test_the_page_shows_every_clip_frame_and_caption(
    browser: Any, demo: tuple[Path, object], known: dict[str, DemoClip]
) -> None:
    rows = rows_of(demo[0])
    right = {row.id: row.caption == known[row.id].scene.summary((0, 0.8)) for row in rows}
    keys = {row["id"]: row["key"] for row in data_in(demo[0] / "report.html")["rows"]}
    with watched(browser, demo[0] / "report.html") as opened:
        head = opened.shown("#grid .saved-head")
        for text in (
            "What was drawn, and what the models said",
            f"{sum(right.values())} of {CLIPS} videos exactly right",
            "of the attributes right",
            "know only drawn shapes",
            "framescribe caption YOUR-VIDEOS/ -o captions.jsonl",
            "Written from captions.jsonl on",
            *show.ATTRIBUTES,
        ):
            assert text in head
        for row in rows:
            card = opened.shown(f"#cards li:has-text({json.dumps(row.id)})")
            assert "✓ right" in card if right[row.id] else "✗ wrong" in card
            opened.page.evaluate("key => review.state.set({clip: key})", keys[row.id])
            opened.until("id => document.getElementById('clip').textContent.includes(id)", row.id)
            clip = opened.shown("#clip")
            truth = known[row.id].scene.summary((0, 0.8))
            assert row.caption is not None
            for text in (row.caption, truth, *(str(frame.caption) for frame in row.frames)):
                assert text in clip
            for frame in row.frames:
                assert f"0:{frame.time:05.2f}" in clip
            opened.page.evaluate("review.state.set({clip: null})")


@pytest.mark.browser
def test_the_page_marks_what_is_wrong(
    browser: Any, demo: tuple[Path, object], known: dict[str, DemoClip], tmp_path: Path
) -> None:
    """A wrong caption and a wrong frame of another clip: marked, word by word, and found by \"Not right\"."""
    rows = [row_saying(clip) for clip in known.values()]
    ground = known[rows[1].id].scene.background.name
    said = str(rows[1].caption).replace(ground, "checkered")
    seen = str(rows[2].frames[3].caption).replace("A ", "No ", 1)
    rows[1] = dataclasses.replace(rows[1], caption=said)
    frames = [*rows[2].frames]
    frames[3] = dataclasses.replace(frames[3], caption=seen)
    rows[2] = dataclasses.replace(rows[2], frames=tuple(frames))
    folder = show.DemoFolder(tmp_path, [], known)
    folder.captions.write_text("".join(row.as_line() + "\n" for row in rows))
    judged = show.show(rows, known)
    write_report(folder, judged, show.score(judged))
    with watched(browser, folder.report) as opened:
        assert f"{CLIPS - 1} of {CLIPS} videos exactly right" in opened.shown("#grid .saved-head")
        opened.page.get_by_role("button", name="Not right: 1").click()
        opened.until("document.querySelector('#cards').innerText.includes('✗ wrong')")
        assert opened.page.locator("#cards li").count() == 1
        opened.page.locator("#cards li").first.click()
        opened.until("document.querySelector('#clip .truth') !== null")
        marks = opened.page.eval_on_selector_all("#clip .truth mark", "marks => marks.map((mark) => mark.textContent)")
        assert marks == ["checkered", ground]
        opened.page.get_by_role("link", name="All clips").click()
        opened.page.get_by_role("button", name="Not right: 1").click()
        key = next(row["key"] for row in data_in(folder.report)["rows"] if row["id"] == rows[2].id)
        opened.page.evaluate("key => review.state.set({clip: key})", key)
        opened.until("document.querySelectorAll('#clip li[data-time] .truth').length === 1")
        shown = opened.page.eval_on_selector_all("#clip li[data-time]", "all => all.map((one) => one.textContent)")
        assert [("✗ wrong" in text, "✓ right" in text) for text in shown] == [(at == 3, at != 3) for at in range(5)]
        assert seen in shown[3] and str(row_saying(known[rows[2].id]).frames[3].caption) in shown[3]


def test_thumbnails_show_the_frames_that_were_captioned(demo: tuple[Path, object], known: dict[str, DemoClip]) -> None:
    pages = {row["id"]: row for row in data_in(demo[0] / "report.html")["rows"]}
    for row in rows_of(demo[0]):
        clip = known[row.id]
        for picture, frame in zip(pictures_in(pages[row.id]), row.frames, strict=True):
            assert abs(picture.width / picture.height - clip.width / clip.height) < 0.02
            assert 120 <= picture.width <= 640
            for item in clip.scene.at(frame.index / (clip.frame_count - 1)):
                seen = picture.getpixel((int(item.x * picture.width), int(item.y * picture.height)))
                assert isinstance(seen, tuple)
                assert max(abs(a - b) for a, b in zip(seen, item.rgb, strict=True)) < 30, (row.id, frame.index, item)


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


@pytest.mark.browser
def test_videos_of_ones_own(browser: Any, known: dict[str, DemoClip], tmp_path: Path) -> None:
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
    beach, broken = rows_of(folder)
    assert [len(row["pictures"]) for row in data_in(folder / "report.html")["rows"]] == [5, 0]
    assert beach.caption is not None
    assert broken.error is not None
    with watched(browser, folder / "report.html") as opened:
        opened.until("document.querySelectorAll('#cards li').length === 2")
        shown = opened.shown("#grid")
        for text in (beach.id, beach.caption, broken.id, broken.error.message, "nonsense", "1 of 2 videos captioned"):
            assert text in shown, text
        assert "framescribe caption holiday -o captions.jsonl" in shown
        assert not re.search("Truth|✓|✗ wrong|Not right", shown)


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


@pytest.mark.browser
def test_a_video_without_a_caption_is_not_right(browser: Any, known: dict[str, DemoClip], tmp_path: Path) -> None:
    clip = next(iter(known.values()))
    error = Failure(stage="decode", kind="unreadable", message='It is "cut" <off> & gone.')
    failed = Row(id=clip.path.name, video_path=str(clip.path), caption=None, status="failed", error=error)
    judged = show.show([failed], known)
    score = show.score(judged)
    assert score is not None
    assert (score.videos_right, score.videos, score.frames) == (0, 1, 0)
    folder = show.DemoFolder(tmp_path, [], known, ("<folder>",))
    folder.captions.write_text(failed.as_line() + "\n")
    write_report(folder, judged, score)
    with watched(browser, folder.report) as opened:
        assert "framescribe caption '<folder>' -o captions.jsonl" in opened.shown("#grid .saved-head")
        opened.page.locator("#cards li").first.click()
        opened.until("document.querySelector('#clip .facts b') !== null")
        shown = opened.shown("#clip")
        assert error.message in shown
        assert clip.scene.summary((0, 1)) in shown


def test_the_page_does_not_tell_where_the_videos_were(tmp_path: Path) -> None:
    folder = show.DemoFolder(tmp_path, [], {}, ("holiday", "/home/ann/films"))
    assert "/home/ann/films" in folder.real_command
    assert "/home/ann" not in json.dumps(extras_of(folder, [], None))


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
