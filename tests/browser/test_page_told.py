"""What was written of a clip besides its caption is shown, on the live page and on a saved one: steps, fields, captions
of other lengths, segments, each with its faults and what stood before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from framescribe.review.saved import write_page
from tests.review import made, told
from tests.review.browsing import watched

Open = Callable[..., Any]
MAKERS = (told.sliding, told.structured, told.of_lengths, told.segmented, told.measured, told.verified)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("told")
    return made.result(folder / "captions.jsonl", [make(folder) for make in MAKERS])


@pytest.fixture(params=["live", "saved"])
def opened(
    request: pytest.FixtureRequest, output: Path, serve: Open, visit: Open, chromium: Any
) -> Iterator[Callable[[str], Any]]:
    """`opened("sliding.mp4")` is the page with that clip open; the same for both kinds of page."""
    with _page(request.param, output, serve, visit, chromium) as page:

        def show(name: str) -> Any:
            page.get_by_role("link", name=name).click()
            page.get_by_role("heading", name=name, level=1).wait_for()
            if page.get_by_role("button", name="Pause", exact=True).is_visible():
                page.keyboard.press(" ")
            return page

        yield show


@contextmanager
def _page(kind: str, output: Path, serve: Open, visit: Open, chromium: Any) -> Iterator[Any]:
    if kind == "live":
        yield visit(serve(output), "?sort=id")
        return
    saved = output.parent / "page.html"
    write_page(output, saved)
    with watched(chromium, saved, viewport={"width": 1280, "height": 800}) as page:
        yield page.page
        assert not page.faults


def now(page: Any) -> float:
    return page.evaluate("document.querySelector('#clip video').currentTime")  # type: ignore[no-any-return]


def reaches(page: Any, seconds: float) -> None:
    """Wait until the clip stands at this frame."""
    for _ in range(100):
        if abs(now(page) - seconds) < 0.04:
            return
        page.wait_for_timeout(50)
    assert now(page) == pytest.approx(seconds, abs=0.04)


def test_steps_are_a_timeline_from_which_one_goes_there(opened: Callable[[str], Any]) -> None:
    page = opened("sliding.mp4")
    steps = page.get_by_role("list", name="Sampled frames").get_by_role("listitem")
    said = ["grey background", "moves from the bottom left", "Nothing changed", "Not asked", "circle grows"]
    expect(steps.filter(has=page.locator("> button"))).to_have_count(5)
    for step, text in zip(steps.filter(has=page.locator("> button")).all(), said, strict=True):
        expect(step).to_contain_text(text)
    same, last = (steps.filter(has=page.locator("> button")).nth(at) for at in (3, 4))
    expect(same).to_contain_text("nearly the same picture as at 0:00.96")
    expect(last).to_contain_text("Camera: pans slowly to the left")
    expect(last).to_contain_text("There: a small green square at the center; a very large pink circle at the top right")
    page.get_by_role("button", name="Show the frame at 0:01.92").focus()
    page.keyboard.press("Enter")
    reaches(page, 1.92)
    expect(last).to_have_class(re.compile("current"))


def test_a_step_shows_its_fault_in_its_place_and_what_stood_before(opened: Callable[[str], Any]) -> None:
    page = opened("sliding.mp4")
    step = page.locator(".frames > li").nth(4)
    expect(step.locator("mark")).to_have_text(["In this frame"])
    expect(step).to_contain_text("at first: frame_talk, speculation · written anew")
    expect(step.locator(".found")).to_contain_text("changed 1: “In this frame”")
    expect(page.locator("details.part", has=page.get_by_text("Checks", exact=True))).to_have_count(0)
    step.get_by_text("2 answers").click()
    answers = step.locator(".tries > li")
    expect(answers.nth(0)).to_contain_text("In the second frame the circle perhaps grows.")
    expect(answers.nth(0)).to_contain_text("first answer · 721 tokens")
    expect(answers.nth(1)).to_contain_text("instruction Do not write “second frame”. · 730 tokens")
    expect(answers.filter(has_text="stands")).to_have_count(1)
    expect(answers.nth(1)).to_contain_text("stands")


def test_fields_are_a_table_without_what_nobody_could_tell(opened: Callable[[str], Any]) -> None:
    page = opened("structured.mp4")
    part = page.locator("details.part", has=page.get_by_text("Fields", exact=True))
    expect(part.locator(".subjects > li")).to_have_count(2)
    expect(part.locator(".subjects > li").nth(0)).to_contain_text("moves from the bottom left to the center")
    names = part.locator(".fields > dt").all_text_contents()
    assert names == ["Subjects", "Setting", "Style", "Actions", "Shot size", "Camera", "Text in the picture"]
    values = dict(zip(names, part.locator(".fields > dd").all_text_contents(), strict=True))
    assert values["Camera"] == "pan left, slow"
    assert values["Text in the picture"] == "EXIT 9"
    expect(part.get_by_text("Empty or not sure: light, angle, height")).to_be_visible()
    expect(part.locator("mark")).to_have_text(["Overall, it is calm"])
    expect(part).to_contain_text("at first: malformed · written anew")
    part.get_by_text("2 answers").click()
    expect(part.locator(".tries > li").nth(0)).to_contain_text("ended by length")
    expect(part.locator(".tries > li").nth(1)).to_contain_text("at most 256 tokens")


def test_lengths_are_listed_and_one_of_them_is_the_caption(opened: Callable[[str], Any]) -> None:
    page = opened("lengths.mp4")
    lengths = page.locator(".lengths > li")
    expect(lengths.locator("h3")).to_contain_text(["short", "medium", "long"])
    expect(lengths.nth(0)).to_contain_text("9 words")
    expect(lengths.nth(0).locator(".editor > p")).to_have_text(told.SHORT)
    expect(lengths.nth(1).locator(".editor > p")).to_have_text(told.MEDIUM)
    expect(lengths.filter(has_text="the caption")).to_have_count(1)
    expect(lengths.nth(2)).to_contain_text("the caption")
    expect(lengths.nth(2).locator("p")).to_have_count(0)  # it stands above
    expect(lengths.nth(0)).to_contain_text("at first: too_long · written anew")
    lengths.nth(0).get_by_text("2 answers").click()
    expect(lengths.nth(0).locator(".tries > li").nth(0)).to_contain_text(told.MEDIUM)


def test_segments_are_played_from_the_list_and_the_bar(opened: Callable[[str], Any]) -> None:
    page = opened("segments.mp4")
    segments = page.get_by_role("list", name="Segments").locator("> li")
    expect(segments).to_have_count(3)
    for segment, one in zip(segments.all(), told.SEGMENTS, strict=True):
        expect(segment).to_contain_text(one["caption"])
    expect(segments.nth(1).locator("mark")).to_have_text(["The image shows"])
    button = page.get_by_role("button", name="Play segment 3, from 0:04 to 0:06")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(segments.nth(2)).to_have_class(re.compile("current"))
    assert 4 <= now(page) <= 6
    page.get_by_role("button", name="Pause", exact=True).click()
    bar = page.locator(".segment-bar > *")
    bounds = bar.evaluate_all("all => all.map((one) => [one.style.left, one.style.width])")
    assert [[round(float(end.rstrip("%")), 1) for end in ends] for ends in bounds] == [
        [0.0, 33.3],
        [33.3, 33.3],
        [66.7, 33.3],
    ]
    bar.nth(1).click()
    expect(segments.nth(1)).to_have_class(re.compile("current"))


def test_a_duplicate_that_was_asked_again_is_among_the_checks(opened: Callable[[str], Any]) -> None:
    page = opened("segments.mp4")
    checks = page.locator("details.part", has=page.get_by_text("Checks", exact=True))
    expect(checks.locator("h3")).to_have_text("Caption at first: duplicate · written anew")
    checks.get_by_text("2 answers").click()
    expect(checks.locator(".tries > li").nth(0)).to_contain_text("A blue triangle moves.")
    expect(checks.locator(".tries > li").nth(1)).to_contain_text("temperature 0.7 · 652 tokens")


def test_what_was_measured_is_said_and_leads_to_its_moment(opened: Callable[[str], Any]) -> None:
    page = opened("measured.mp4")
    part = page.locator("details.part", has=page.get_by_text("Measured", exact=True))
    expect(part.locator("dl.facts-list > dt")).to_have_text(["Camera", "Cuts", "Bars", "Sharpness", "Overlays"])
    camera, cuts, bars, sharpness, overlays = part.locator("dl.facts-list > dd").all()
    expect(camera.locator("li").nth(0)).to_have_text(
        "0:00.0–0:01.2: pans left (0:00.1–0:01.1), perhaps zooms in (0:00.4–0:01.0)"
    )
    expect(camera.locator("li").nth(1)).to_have_text("0:01.2–0:02.0: static")
    expect(cuts).to_have_text("1 cut: 0:01.2")
    expect(bars).to_have_text("top 13 %, bottom 13 %")
    expect(sharpness).to_have_text("cannot tell")
    expect(overlays).to_contain_text("of another version")
    # Read in the same task: the clip is short, and soon begins anew.
    there = "(button) => { button.click(); return document.querySelector('#clip video').currentTime; }"
    assert cuts.get_by_role("button", name="Play the clip from 0:01.2").evaluate(there) == pytest.approx(1.2, abs=0.04)
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()


def test_claims_are_listed_the_worst_first_and_lead_to_their_frames(opened: Callable[[str], Any]) -> None:
    page = opened("verified.mp4")
    part = page.locator("details.part", has=page.get_by_text("Claims", exact=True))
    expect(part).to_contain_text("The frames support 33 % of what it claims.")
    claims = part.get_by_role("list", name="Claims").get_by_role("listitem")
    said = [
        "A circle is at the top right. contradicted",
        "The square moves to the center. undecided",
        "There is a small green square. supported",
    ]
    for one, text in zip(claims.all(), said, strict=True):
        expect(one).to_contain_text(text)
    before = part.get_by_role("list", name="Contradicted before").get_by_role("listitem")
    expect(before).to_contain_text("There is a red star. contradicted, cut out")
    claims.nth(0).get_by_role("button", name="Show the frame at 0:01.92").click()
    reaches(page, 1.92)


def test_clips_of_which_the_frames_support_least_come_first(output: Path, serve: Open, visit: Open) -> None:
    page = visit(serve(output), "?sort=id")
    page.get_by_role("combobox", name="Sort by").select_option("Least supported first")
    expect(page.locator("#cards li a.open").first).to_have_text("verified.mp4")


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_page(output: Path, serve: Open, visit: Open, width: int) -> None:
    page = visit(serve(output), "?sort=id", viewport={"width": width, "height": 844})
    page.get_by_role("link", name="lengths.mp4").click()
    for name in ("lengths.mp4", "measured.mp4", "segments.mp4", "sliding.mp4", "structured.mp4", "verified.mp4"):
        page.get_by_role("heading", name=name, level=1).wait_for()
        page.locator("#clip details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.keyboard.press("j")
