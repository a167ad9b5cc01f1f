"""For everybody: on a phone, in light and dark, with keys alone and by a screen reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.served import counts, edits, until
from tests.review import made

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
TOUCH = {"has_touch": True, "is_mobile": True}


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A result with names and captions that strain a layout."""
    return made.result(
        tmp_path / "captions.jsonl",
        {
            f"{LONG}/{LONG}.mp4": f"{LONG} {LONG}",
            "rtl.mp4": "مربع أزرق يتحرك ببطء من اليسار إلى اليمين.",
            "emoji.mp4": "👩‍👩‍👧‍👦🏳️‍🌈" * 60,
            "thousand.mp4": "word " * 2000,
            "none.mp4": None,
        },
    )


def fits(page: Any) -> bool:
    """Whether nothing is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # type: ignore[no-any-return]


@pytest.mark.parametrize("width", [320, 430])
def test_on_a_phone_nothing_is_wider_than_the_screen_and_all_can_be_touched(
    odd: Path, serve: Callable[..., Any], visit: Callable[..., Any], width: int
) -> None:
    page = visit(serve(odd), viewport={"width": width, "height": 720}, **TOUCH)
    small = """() => {
        const controls = "button, select, input:not([type=checkbox], [type=range]), #views a, .back";
        return [...document.querySelectorAll(controls)]
            .filter((one) => one.offsetParent && !one.matches(".link, .chip"))
            .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect().height])
            .filter(([, height]) => height < 43.5);
    }"""
    page.get_by_role("heading", name="5 clips").wait_for()
    page.wait_for_function("() => !document.querySelector('.empty-card')")
    assert fits(page)
    assert page.evaluate(small) == []
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("dialog", name="Filters").wait_for()
    assert page.evaluate("document.querySelector('dialog').scrollWidth <= innerWidth")
    page.get_by_role("checkbox", name="OK").check()
    page.get_by_role("button", name="Show 4 clips").click()
    page.get_by_role("heading", name="4 clips of 5").wait_for()
    page.locator(".clip-card a").first.click()
    for _ in range(4):
        page.get_by_role("button", name="Accept").wait_for()
        page.wait_for_function("() => review.clip.row?.history")
        assert fits(page), page.locator("h1").last.inner_text()
        assert page.evaluate(small) == []
        expect(page.get_by_role("button", name="Accept")).to_be_in_viewport()  # whatever the caption's length
        page.get_by_role("button", name="Accept").click()
    page.get_by_text("last clip of the list").wait_for()
    until(lambda: counts(page)["accepted"] == 4)


def test_the_last_card_of_a_phone_shows_all_of_itself(
    odd: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(odd), viewport={"width": 390, "height": 720}, **TOUCH)
    page.locator(".clip-card .why:not(:empty)").first.wait_for()
    inside = page.evaluate(
        """() => [...document.querySelectorAll('.card-words')].every((words) => {
            const end = words.parentElement.getBoundingClientRect().bottom;
            return [...words.children].every((one) => one.getBoundingClientRect().bottom <= end);
        })"""
    )
    assert inside


def unnamed(page: Any) -> list[str]:
    """The controls, pictures and headings of the accessibility tree that have no name."""
    tree = page.locator("body").aria_snapshot().splitlines()
    roles = "button|link|textbox|searchbox|checkbox|radio|combobox|slider|spinbutton|heading|img|dialog|region|toolbar"
    return [line.strip() for line in tree if re.match(rf"\s*- ({roles})(:| \[|$)", line)]


def test_a_screen_reader_hears_a_name_for_every_control(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result))
    page.get_by_role("heading", name="12 clips").wait_for()
    page.keyboard.press("f")
    page.get_by_role("complementary", name="Filters").wait_for()
    page.get_by_role("checkbox", name="Select 01-green-square-moves.mp4").check()
    page.get_by_role("region", name="Selection").wait_for()
    assert unnamed(page) == []
    for role in ("banner", "main", "search", "navigation"):
        expect(page.get_by_role(role)).to_have_count(1)
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").wait_for()
    assert unnamed(page) == []
    page.keyboard.press("Escape")
    page.locator(".clip-card a").first.click()
    page.get_by_role("heading", level=1, name="01-green").wait_for()
    page.wait_for_function("() => review.clip.row?.history")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("textbox", name="Caption", exact=True).wait_for()
    tree = page.locator("body").aria_snapshot()
    assert unnamed(page) == []
    for said in ('slider "Position in the clip"', 'combobox "Speed"', 'toolbar "This clip"', 'list "Sampled frames"'):
        assert said in tree
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("dialog", name="Tags").wait_for()
    assert unnamed(page) == []


def test_what_happened_is_said_and_the_focus_comes_back(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result), "?sort=id")
    page.get_by_role("heading", name="12 clips").wait_for()
    page.locator(".clip-card a").first.click()
    page.wait_for_function("() => review.clip.row?.history")
    lock = page.get_by_role("button", name="Lock", exact=True)
    lock.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Locked")).to_be_visible()
    expect(page.get_by_role("button", name="Unlock")).to_be_focused()  # though all of it was drawn again
    tag = page.get_by_role("button", name="Tag", exact=True)
    tag.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="New tag")).to_be_focused()
    page.keyboard.press("Escape")
    expect(tag).to_be_focused()
    page.keyboard.press("?")
    page.keyboard.press("Escape")
    expect(tag).to_be_focused()


def test_keys_are_letters_while_one_types_and_can_be_switched_off(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result), "?sort=id")
    page.get_by_role("heading", name="12 clips").wait_for()
    page.locator(".clip-card a").first.click()
    page.wait_for_function("() => review.clip.row?.history")
    page.keyboard.press("n")
    page.get_by_role("textbox", name="Note").wait_for()
    page.keyboard.type("arxjkgz? /")
    expect(page.get_by_role("textbox", name="Note")).to_have_value("arxjkgz? /")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("checkbox", name="Use keys that are a single letter").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("ArrowRight")
    page.get_by_role("heading", level=1, name="02-pink").wait_for()
    until(lambda: counts(page)["seen"] == 1)
    assert {line["field"] for line in edits(result)} == {"seen"}


def test_the_map_has_every_key_of_the_page(result: Path, serve: Callable[..., Any], visit: Callable[..., Any]) -> None:
    page = visit(serve(result))
    page.get_by_role("heading", name="12 clips").wait_for()
    page.keyboard.press("?")
    shown = set(page.get_by_role("dialog").locator("kbd").all_inner_texts())
    wanted = {*"jk,.learxntzgfosb/?", "→", "←", "Space", "Home", "Ctrl", "Esc"}
    assert wanted <= shown


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it, of "rgb(1, 2, 3)"."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_is_legible(result: Path, serve: Callable[..., Any], visit: Callable[..., Any], scheme: str) -> None:
    page = visit(serve(result), color_scheme=scheme)
    pairs = [
        *((ink, ground) for ink in ("ink", "quiet", "link", "right", "wrong") for ground in ("page", "card")),
        *((ink, "well") for ink in ("ink", "quiet")),
        *((ink, f"{ink}-wash") for ink in ("right", "wrong", "doubt", "link")),
        ("on-link", "link"), ("ink", "mark"), ("page", "ink"),
    ]  # fmt: skip
    colours = page.evaluate(
        """(names) => Object.fromEntries(names.map((name) => {
            const element = document.createElement("i");
            document.body.append(element);
            element.style.color = `var(--${name})`;
            return [name, getComputedStyle(element).color];
        }))""",
        sorted({name for pair in pairs for name in pair}),
    )
    for ink, ground in pairs:
        one, other = sorted((luminance(colours[ink]), luminance(colours[ground])))
        assert (other + 0.05) / (one + 0.05) >= 4.5, (ink, ground)
