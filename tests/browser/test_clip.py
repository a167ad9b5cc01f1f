"""One clip at a time: it plays and is stepped through by its own frames; its words are changed, judged and kept, and
nothing that was typed is lost."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from framescribe.frames.files import fingerprint_of
from framescribe.records import FrameCaption, VideoInfo
from tests.browser.served import captions, counts, edits, shown, until
from tests.review import made
from tests.videos import film, number_in

SAMPLED = (2, 13, 26)  # of 40 frames at 25 a second
GREEN, PINK, ORANGE = (
    "01-green-square-moves.mp4",
    "02-pink-square-rests.mp4",
    "03-orange-circle-moves-with-another.webm",
)


@pytest.fixture
def numbered(tmp_path: Path) -> Path:
    """A result of one clip whose frames carry their number."""
    path = film(tmp_path / "numbers.mp4", size=(256, 128))
    frames = tuple(FrameCaption(index=at, time=at / 25, caption=f"Number {at}.") for at in SAMPLED)
    row = made.row("numbers.mp4", "Bars.", place=str(path), fingerprint=fingerprint_of(str(path)))
    info = VideoInfo(duration=1.6, fps=25.0, width=256, height=128, codec="h264", frames=40)
    return made.result(tmp_path / "captions.jsonl", [replace(row, video=info, frames=frames)])


def number(page: Any) -> int:
    """What the player shows, read from the screen."""
    shot = np.asarray(Image.open(io.BytesIO(page.locator(".stage video").screenshot())).convert("RGB"))
    lit = shot.shape[1] / 256 * 128  # the film is twice as wide as high, and fills the player's width or its height
    if lit <= shot.shape[0]:
        top = int((shot.shape[0] - lit) / 2)
        return number_in(shot[top : top + int(lit)])
    wide = shot.shape[0] * 2
    left = (shot.shape[1] - wide) // 2
    return number_in(shot[:, left : left + wide])


def settled(page: Any, wanted: int) -> None:
    """The player comes to show this number, and stays there."""
    page.wait_for_function("() => { const v = document.querySelector('.stage video'); return !v.seeking && v.paused; }")
    for _ in range(50):
        if number(page) == wanted:
            break
        page.wait_for_timeout(50)
    assert number(page) == wanted


def open_clip(page: Any, name: str) -> None:
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", name=name, level=1).wait_for()


def test_a_clip_plays_is_stepped_through_and_shows_the_very_frame_that_was_sampled(
    numbered: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(numbered))
    open_clip(page, "numbers.mp4")
    page.wait_for_function("() => document.querySelector('.stage video').currentTime > 0.3")  # it plays by itself
    page.keyboard.press(" ")
    page.wait_for_function("() => document.querySelector('.stage video').paused")
    page.keyboard.press("Home")
    settled(page, 0)
    for step in (1, 2, 3):
        page.keyboard.press(".")
        settled(page, step)
    for _ in range(4):  # faster than a seek
        page.keyboard.press(".")
    settled(page, 7)
    page.keyboard.press(",")
    settled(page, 6)
    for at in (*SAMPLED, SAMPLED[0]):
        page.get_by_role("button", name=f"Show the frame at 0:0{at / 25:.2f}").click()
        settled(page, at)
        expect(page.locator(".frames .current")).to_contain_text(f"Number {at}.")
    page.keyboard.press(".")
    settled(page, SAMPLED[0] + 1)


def test_what_the_browser_cannot_play_is_shown_by_a_copy_and_else_by_its_frames(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result))
    open_clip(page, "07-pink-circle-moves.mp4")
    expect(page.locator(".player .told")).to_contain_text("smaller copy")
    page.wait_for_function("() => document.querySelector('.stage video')?.currentTime > 0.2")

    page.route("**/preview.mp4", lambda route: route.fulfill(status=404, json={"error": "It cannot be made."}))
    page.reload()
    expect(page.locator(".player .told")).to_contain_text("sampled frames")
    picture = page.locator(".stage img")
    first = picture.get_attribute("src")
    page.keyboard.press(".")
    expect(page.locator(".stage img")).not_to_have_attribute("src", first)


def test_no_clip_starts_by_itself_where_less_motion_is_wanted(
    numbered: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(numbered), reduced_motion="reduce")
    open_clip(page, "numbers.mp4")
    page.wait_for_function("() => document.querySelector('.stage video').readyState >= 3")
    page.wait_for_timeout(300)
    assert page.evaluate("() => document.querySelector('.stage video').currentTime") == 0


def test_a_caption_is_edited_in_its_place_and_undone(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    before = captions(result)[GREEN]
    page = visit(serve(result))
    open_clip(page, GREEN)
    page.keyboard.press("e")
    box = page.get_by_role("textbox", name="Caption", exact=True)
    expect(box).to_be_focused()
    expect(box).to_have_value(before)
    page.keyboard.type(" It is drawn; jkaz, says a person.")  # letters that are keys elsewhere
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name=PINK, level=1).wait_for()  # saved, and on
    assert shown(page)[GREEN] == before + " It is drawn; jkaz, says a person."
    page.keyboard.press("k")
    page.get_by_role("heading", name=GREEN, level=1).wait_for()
    changed = page.get_by_role("group").filter(has_text="What a person changed")
    expect(changed.locator("ins")).to_have_text(" It is drawn; jkaz, says a person.")
    expect(changed.locator("del")).to_have_count(0)
    page.keyboard.press("z")
    expect(page.locator(".editor.big .text")).to_have_text(before)
    assert shown(page)[GREEN] == before
    written = [line for line in edits(result) if line["field"] == "caption"]
    assert (written[0]["old"], len(written)) == (before, 2)


def test_an_entry_of_the_history_is_undone_though_others_followed(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    before = captions(result)[GREEN]
    page = visit(serve(result))
    open_clip(page, GREEN)
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Caption", exact=True).fill("Changed.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".editor.big .text")).to_have_text("Changed.")
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Unlock")).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Lock", exact=True)).to_be_visible()
    entry = page.locator(".history li").filter(has_text="Caption")
    entry.get_by_role("button", name="Undo").click()
    expect(page.locator(".editor.big .text")).to_have_text(before)
    expect(entry.filter(has_text="undone")).to_have_count(1)


def test_a_locked_caption_is_not_edited(result: Path, serve: Callable[..., Any], visit: Callable[..., Any]) -> None:
    page = visit(serve(result))
    open_clip(page, GREEN)
    page.keyboard.press("x")
    expect(page.get_by_text("no run and no bulk edit changes this caption")).to_be_visible()
    [line] = [line for line in edits(result) if line["field"] == "lock"]
    assert (line["id"], line["new"]) == (GREEN, captions(result)[GREEN])
    page.keyboard.press("e")
    expect(page.get_by_text("Unlock it first")).to_be_visible()
    expect(page.get_by_role("textbox", name="Caption", exact=True)).to_have_count(0)
    page.keyboard.press("x")
    page.keyboard.press("e")
    expect(page.get_by_role("textbox", name="Caption", exact=True)).to_be_focused()


def test_a_key_right_after_a_box_has_closed(result: Path, serve: Callable[..., Any], visit: Callable[..., Any]) -> None:
    page = visit(serve(result), "?sort=id")
    page.get_by_role("link", name=GREEN).click()
    page.get_by_role("heading", name=GREEN, level=1).wait_for()
    page.keyboard.press("t")
    expect(page.get_by_role("textbox", name="New tag")).to_be_focused()
    # Esc closes the box at once, but its field keeps the focus until the browser comes to it: here, within one task.
    page.evaluate("""() => {
        const box = document.querySelector("dialog"), field = document.activeElement;
        box.close();
        field.dispatchEvent(new KeyboardEvent("keydown", { key: "g", bubbles: true, cancelable: true }));
    }""")
    expect(page.get_by_role("link", name=GREEN)).to_be_focused()


def test_by_keyboard_alone(result: Path, serve: Callable[..., Any], visit: Callable[..., Any]) -> None:
    page = visit(serve(result), "?sort=id")
    page.get_by_role("heading", name="12 clips").wait_for()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=PINK)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=GREEN, level=1).wait_for()
    page.keyboard.press("a")
    page.get_by_role("heading", name=PINK, level=1).wait_for()
    page.keyboard.press("r")
    page.get_by_role("heading", name=ORANGE, level=1).wait_for()
    page.keyboard.press("n")
    page.keyboard.type("Ask Ann.")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("Ask Ann.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.keyboard.press("t")
    page.keyboard.type("night")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="night", pressed=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#clip .marks")).to_contain_text("#night")
    page.keyboard.press("g")
    expect(page.get_by_role("link", name=ORANGE)).to_be_focused()
    said = {
        (GREEN, "seen"): "yes",
        (GREEN, "verdict"): "accepted",
        (PINK, "seen"): "yes",
        (PINK, "verdict"): "rejected",
        (ORANGE, "seen"): "yes",
        (ORANGE, "note"): "Ask Ann.",
        (ORANGE, "tags[night]"): "yes",
    }
    until(lambda: {(line["id"], line["field"]): line["new"] for line in edits(result)} == said)
    page.keyboard.press("z")  # the last one first
    until(lambda: marks(page) == [GREEN + " accepted", PINK + " rejected", ORANGE + " noted"])
    page.keyboard.press("z")
    page.keyboard.press("z")  # faster than the server
    until(lambda: marks(page) == [GREEN + " accepted"])
    page.keyboard.press("z")
    until(lambda: marks(page) == [])
    assert counts(page)["seen"] == 3  # that, nobody takes back


def marks(page: Any) -> list[str]:
    """What people have said of the clips, as the server says it now."""
    return page.evaluate(  # type: ignore[no-any-return]
        """async () => (await review.source.rows(review.list.id, 0, 12)).flatMap((row) => [
            row.verdict, row.note && "noted", ...row.tags.map((tag) => `#${tag}`),
        ].filter(Boolean).map((said) => `${row.id} ${said}`))"""
    )


def test_what_was_typed_outlives_leaving_and_a_reload(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    before = captions(result)[GREEN]
    page = visit(serve(result))
    open_clip(page, GREEN)
    box = page.get_by_role("textbox", name="Caption", exact=True)
    page.keyboard.press("e")
    page.keyboard.type(" Half a sentence")
    expect(box).to_have_value(before + " Half a sentence")
    page.keyboard.press("Escape")
    expect(page.locator(".editor.big .text")).to_have_text(before)
    page.keyboard.press("e")
    expect(box).to_have_value(before + " Half a sentence")
    page.keyboard.type(", and more")
    page.reload()
    page.get_by_role("button", name="Go on").click()
    expect(box).to_have_value(before + " Half a sentence, and more")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".editor.big .text")).to_have_text(before + " Half a sentence, and more")
    page.reload()
    expect(page.locator(".editor.big .text")).to_have_text(before + " Half a sentence, and more")
    expect(page.get_by_role("button", name="Go on")).to_have_count(0)


def test_two_people_at_one_caption(result: Path, serve: Callable[..., Any], visit: Callable[..., Any]) -> None:
    server = serve(result)
    before = captions(result)[GREEN]
    mine, theirs = visit(server), visit(server)
    for page in (mine, theirs):
        open_clip(page, GREEN)
        page.keyboard.press("e")
    theirs.get_by_role("textbox", name="Caption", exact=True).fill("Theirs.")
    theirs.get_by_role("button", name="Save", exact=True).click()
    expect(theirs.locator(".editor.big .text")).to_have_text("Theirs.")
    box = mine.get_by_role("textbox", name="Caption", exact=True)
    box.fill("Mine.")
    mine.get_by_role("button", name="Save", exact=True).click()
    expect(mine.get_by_text("This text has changed in the meantime.")).to_be_visible()
    expect(mine.locator(".editor.big del")).to_have_text("Theirs")
    expect(box).to_have_value("Mine.")
    assert shown(mine)[GREEN] == "Theirs."
    mine.get_by_role("button", name="Save mine").click()
    expect(mine.locator(".editor.big .text")).to_have_text("Mine.")
    texts = [(line["old"], line["new"]) for line in edits(result) if line["field"] == "caption"]
    assert texts == [(before, "Theirs."), ("Theirs.", "Mine.")]


def test_no_word_is_lost_while_the_server_is_away(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result))
    open_clip(page, GREEN)
    page.keyboard.press("e")
    page.get_by_role("textbox", name="Caption", exact=True).fill("Written in a tunnel.")
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Not saved: the server does not answer.")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="The server does not answer")).to_be_visible()
    expect(page.get_by_role("textbox", name="Caption", exact=True)).to_have_value("Written in a tunnel.")
    page.context.set_offline(False)
    expect(page.locator(".editor.big .text")).to_have_text("Written in a tunnel.")  # saved by itself
    expect(page.locator("#banner")).to_be_hidden()
    assert shown(page)[GREEN] == "Written in a tunnel."


def test_a_frames_own_caption_is_edited(numbered: Path, serve: Callable[..., Any], visit: Callable[..., Any]) -> None:
    page = visit(serve(numbered))
    open_clip(page, "numbers.mp4")
    page.get_by_role("button", name="Edit: Caption of the frame at 0:00.52").click()
    page.keyboard.type(" Thirteen.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".frames li").nth(1)).to_contain_text("Number 13. Thirteen.")
    [line] = [line for line in edits(numbered) if line["field"] != "seen"]
    assert (line["field"], line["old"], line["new"]) == ("frames[1]", "Number 13.", "Number 13. Thirteen.")


MARKUP = "<img src=x onerror=alert(1)><script>document.title='owned'</script> & \"<b>bold</b>\""


def test_markup_is_text_wherever_it_comes_from(
    tmp_path: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    row = made.row(f"a/{MARKUP}.mp4", MARKUP)
    row = replace(row, metadata={MARKUP: MARKUP}, flags=(MARKUP,), status="flagged")
    page = visit(serve(made.result(tmp_path / "captions.jsonl", [row])))
    elements = page.evaluate("document.querySelectorAll('img[src=x], main script, main b').length")
    expect(page.locator(".clip-card .caption")).to_have_text(MARKUP)
    page.locator(".clip-card a").click()
    expect(page.locator(".editor.big .text")).to_have_text(MARKUP)
    page.locator("summary", has_text="Metadata").click()
    expect(page.locator(".part", has_text="Metadata").locator("dd")).to_have_text(MARKUP)
    page.locator("summary", has_text="Provenance").click()
    page.keyboard.press("t")
    page.keyboard.type(MARKUP)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.type("<i>")
    page.keyboard.press("Escape")
    expect(page.locator("#clip .marks")).to_contain_text(f"#{MARKUP}")
    page.keyboard.press("f")
    expect(page.get_by_role("checkbox", name=MARKUP)).to_have_count(2)  # the flag and the tag
    elements += page.evaluate("document.querySelectorAll('img[src=x], main script').length")
    assert elements == 0
    assert "owned" not in re.sub(re.escape(MARKUP), "", page.title())
    assert json.loads(page.evaluate("JSON.stringify(review.clip.row.caption)")) == MARKUP


def test_going_on_does_not_come_back_to_a_view_that_was_left(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result), "?sort=id")
    page.get_by_role("link", name=GREEN).click()
    page.get_by_role("heading", name=GREEN, level=1).wait_for()
    page.evaluate(
        """() => {
            const load = review.list.load;
            review.list.load = async (index) => {
                await new Promise((done) => setTimeout(done, 500));
                return load(index).finally(() => { window.loaded = true; });
            };
        }"""
    )
    page.keyboard.press("j")
    page.keyboard.press("g")
    page.wait_for_function("() => window.loaded")
    page.wait_for_timeout(100)
    expect(page.locator("#grid")).to_be_visible()
    assert "clip=" not in page.url
