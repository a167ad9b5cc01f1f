"""Charts on the page: every bar leads to exactly the clips that it counts, with the mouse and with the keyboard; and
what was measured narrows and orders the clips."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect


def rows(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.read_text().splitlines()]


def chart(page: Any, title: str) -> Any:
    return page.get_by_role("region", name=title)


def test_a_bar_leads_to_exactly_the_clips_that_it_counts(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result), "?view=charts")
    bars = chart(page, "Words per caption").get_by_role("link")
    bars.first.wait_for()
    names = [link.get_attribute("aria-label") for link in bars.all()]
    counts = [int(name.rsplit(": ", 1)[1].split()[0]) for name in names]
    assert sum(counts) == 12
    count = max(counts)
    link = bars.nth(counts.index(count))
    query = page.evaluate("(link) => Object.fromEntries(new URL(link.href).searchParams)", link.element_handle())
    low, high = float(query.get("min_words", 0)), float(query.get("max_words", "inf"))
    lengths = Counter(len(row["caption"].split()) for row in rows(result))
    assert count == sum(n for length, n in lengths.items() if low <= length <= high)

    link.click()
    page.get_by_role("heading", name=f"{count} clip").wait_for()
    expect(page.locator("#cards > li")).to_have_count(count)
    assert "view=" not in page.url
    page.go_back()
    chart(page, "Words per caption").wait_for()


def test_every_bar_of_every_chart_counts_what_its_link_finds(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result), "?view=charts")
    chart(page, "Words per caption").wait_for()
    wrong = page.evaluate(
        """async () => {
            const wrong = [];
            for (const link of document.querySelectorAll("#charts a")) {
                const query = {};
                for (const [name, value] of new URL(link.href).searchParams) (query[name] ??= []).push(value);
                const { total } = await review.source.list(query);
                const count = Number(link.getAttribute("aria-label").match(/: ([\\d,]+) clips?$/)[1].replace(",", ""));
                if (total !== count) wrong.push([link.getAttribute("aria-label"), link.href, total]);
            }
            return wrong;
        }"""
    )
    assert wrong == []


def test_bars_are_reached_and_pressed_by_the_keyboard_and_as_long_as_their_counts(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result), "?view=charts")
    bars = chart(page, "Frequent words").get_by_role("link")
    bars.first.wait_for()
    widths = page.evaluate(
        """() => [...document.querySelectorAll("#charts section")].flatMap((chart) => {
            const bars = [...chart.querySelectorAll("a")].filter((bar) => bar.checkVisibility());
            const count = (bar) => Number(bar.querySelector(".count").textContent.replace(",", ""));
            const most = Math.max(...bars.map(count));
            return bars.map((bar) => bar.querySelector(".track > span").getBoundingClientRect().width
                / bar.querySelector(".track").getBoundingClientRect().width - count(bar) / most);
        })"""
    )
    assert widths and max(map(abs, widths)) < 0.02
    word, count = (bars.first.locator(f".{part}").inner_text() for part in ("label", "count"))
    assert int(count) == sum(word in row["caption"].lower() for row in rows(result))
    bars.first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"{count} clip").wait_for()


MOTION = {0: 0.0, 1: 0.01, 2: 0.08, 3: 0.2, 4: 0.4, 5: 0.03}
MOVES = {0: ["static"], 1: ["static"], 2: ["pan_left"], 3: ["pan_left", "zoom_in"], 4: [], 5: ["static"]}


@pytest.fixture
def measured(result: Path) -> Path:
    """A result of twelve clips, of the first six of which facts are known."""
    lines = [json.loads(line) for line in result.read_text().splitlines()]
    for number, row in enumerate(lines[:6]):
        facts = {
            "motion": {"version": 1, "amount": MOTION[number], "objects": 0.0},
            "cuts": {"version": 1, "cuts": [1.0] * (number % 2), "fades": [], "shots": 1},
            "camera": {"version": 1, "shots": [{"moves": [{"label": one} for one in MOVES[number]]}]},
        }
        row["provenance"]["stages"]["measure"] = {"output": facts}
    shutil.rmtree(f"{result}.parts")
    result.write_text("".join(f"{json.dumps(row)}\n" for row in lines))
    return result


def test_facts_are_asked_for_in_a_field_and_stay_in_the_address(
    measured: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(measured))
    page.get_by_role("heading", name="12 clips").wait_for()
    page.keyboard.press("f")
    field = page.get_by_role("textbox", name="Facts")
    field.fill("motion > 0.02 and cuts = 0")
    field.press("Enter")
    expect(page.get_by_role("heading", name="2 clips")).to_be_visible()
    assert page.evaluate("new URL(location).searchParams.get('facts')") == "motion > 0.02 and cuts = 0"
    page.reload()
    expect(page.get_by_role("heading", name="2 clips")).to_be_visible()
    expect(page.get_by_role("textbox", name="Facts")).to_have_value("motion > 0.02 and cuts = 0")
    page.get_by_role("button", name="Remove the filter Facts: motion > 0.02 and cuts = 0").click()
    expect(page.get_by_role("heading", name="12 clips")).to_be_visible()


def test_what_makes_no_sense_is_said_in_a_line_beside_the_field(
    measured: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(measured))
    page.get_by_role("heading", name="12 clips").wait_for()
    page.keyboard.press("f")
    field = page.get_by_role("textbox", name="Facts")
    field.fill("moton > 0.02")
    field.press("Enter")
    expect(page.get_by_text("nothing is called 'moton'. Did you mean 'motion'?")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("searchbox")).to_have_attribute("aria-invalid", "false")
    field.fill("motion > 0.02")
    field.press("Enter")
    expect(page.get_by_role("heading", name="4 clips")).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "false")


def test_clips_are_sorted_by_a_fact_that_was_measured(
    measured: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(measured))
    page.get_by_role("heading", name="12 clips").wait_for()
    sort = page.get_by_label("Sort by")
    expect(sort.get_by_role("option", name="Most motion first")).to_have_count(1)
    expect(sort.get_by_role("option", name="Brightest first")).to_have_count(0)  # nobody measured light
    sort.select_option("Most motion first")
    expect(page.locator("#cards > li").first).to_contain_text(rows(measured)[4]["id"])
    page.reload()
    expect(sort).to_have_value("-motion")


def test_a_bar_of_a_fact_narrows_what_the_field_asks_for(
    measured: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(measured), "?view=charts&facts=cuts+%3D+0+or+motion+%3E+0.1")
    bar = chart(page, "Camera").get_by_role("link", name="pan left: 2 clips")
    bar.click()
    expect(page.get_by_role("heading", name="2 clips")).to_be_visible()
    expect(page.locator(".chip").first).to_have_text("Facts: (cuts = 0 or motion > 0.1) and camera = pan_left")
