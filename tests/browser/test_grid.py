"""The grid: what is looked for is found and stays in the address, any number of clips scrolls, many are selected."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from framescribe.results.rows import Results
from tests.browser.served import captions, counts, edits, until
from tests.review import made

MANY = 5000


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result of many clips, none of which is there; every tenth is flagged, clip 7 is the only one with a zebra."""
    rows = (made.row(f"clip-{at:05d}.mp4", f"Clip number {at} of many{', a zebra' * (at == 7)}.") for at in range(MANY))
    flagged = (
        replace(row, flags=("blurred",), status="flagged") if at % 10 == 3 else row for at, row in enumerate(rows)
    )
    return made.result(tmp_path_factory.mktemp("many") / "captions.jsonl", flagged)


def count(page: Any, text: str) -> None:
    page.get_by_role("heading", name=text, exact=True, level=1).wait_for()


def names(page: Any) -> list[str]:
    """The names on the cards that are there, in their order, once all of them show the list that is open."""
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )  # it is drawn
    shown = """() => !document.querySelector('.empty-card, .stale')
        && [...document.querySelectorAll('.clip-card a')].map((link) => link.innerText)"""
    return page.wait_for_function(shown).json_value()  # type: ignore[no-any-return]


def test_what_is_looked_for_is_found_and_the_address_brings_it_back(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    texts = captions(result)
    pink = {id for id, caption in texts.items() if "pink" in caption.lower()}
    moves = {id for id in pink if "moves" in texts[id]}
    assert 0 < len(moves) < len(pink) < 12
    page = visit(serve(result))
    count(page, "12 clips")
    page.keyboard.press("/")
    page.keyboard.type("pink")
    count(page, f"{len(pink)} clips of 12")
    assert set(names(page)) == pink
    page.keyboard.press("Enter")  # the keys are the grid's again
    page.keyboard.press("f")
    page.get_by_role("combobox", name="Verdict").select_option("none")
    page.get_by_role("combobox", name="Sort by").select_option("-words")
    page.locator("#q").fill("pink moves")
    count(page, f"{len(moves)} clip{'s' * (len(moves) > 1)} of 12")
    expect(page.get_by_role("button", name="Remove the filter No verdict yet")).to_be_visible()
    assert "q=pink+moves" in page.url and "verdict=none" in page.url and "sort=-words" in page.url

    again = page.context.new_page()
    again.goto(page.url)
    count(again, f"{len(moves)} clip{'s' * (len(moves) > 1)} of 12")
    expect(again.locator("#q")).to_have_value("pink moves")
    expect(again.get_by_role("combobox", name="Sort by")).to_have_value("-words")

    page.get_by_role("button", name="Clear all").first.click()
    count(page, "12 clips")
    page.go_back()
    count(page, f"{len(moves)} clip{'s' * (len(moves) > 1)} of 12")
    page.locator(".clip-card a").first.click()
    expect(page.locator(".position")).to_contain_text(f"1 of {len(moves)}")
    page.go_back()
    count(page, f"{len(moves)} clip{'s' * (len(moves) > 1)} of 12")


def test_a_regular_expression_is_searched_for_and_a_wrong_one_is_said(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    both = {
        id for id, caption in captions(result).items() if re.search(r"circle\b.*\bmoves|moves .* right", caption, re.I)
    }
    page = visit(serve(result))
    count(page, "12 clips")
    page.locator("#regex").check(force=True)
    page.locator("#q").fill(r"circle\b.*\bmoves|moves .* right")
    count(page, f"{len(both)} clips of 12")
    assert set(names(page)) == both
    page.locator("#q").fill("(circle")
    expect(page.get_by_role("alert").filter(has_text="(circle")).to_be_visible()
    expect(page.locator("#q")).to_have_attribute("aria-invalid", "true")
    page.locator("#q").fill("(circle)")
    expect(page.locator("#q")).to_have_attribute("aria-invalid", "false")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("?facts=moton+%3E+1", "nothing is called 'moton'"),
        ("?re=%28circle", "'(circle' is not a regular expression: missing )"),
        ("?min_words=few", "min_words=few is not a number"),
    ],
)
def test_a_filter_that_makes_no_sense_is_said_in_place_of_the_clips_and_can_be_cleared(
    address: str, said: str, result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result), address)
    count(page, "This filter cannot be used")
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    count(page, "12 clips")
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_hidden()
    assert len(names(page)) == 12
    page.go_back()  # the clips stay below what is said of the filter
    count(page, "This filter cannot be used")
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_in_viewport()
    page.get_by_role("button", name="Remove the filter").click()
    count(page, "12 clips")


def test_five_thousand_clips_scroll_though_few_of_them_exist_at_a_time(
    many: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(many), "?sort=order")
    count(page, f"{MANY:,} clips")
    expect(page.locator(".clip-card a").first).to_have_text("clip-00000.mp4")
    most = 0
    for part in (0.13, 0.5, 0.77, 1.0):
        page.evaluate("(part) => scrollTo(0, document.documentElement.scrollHeight * part)", part)
        shown = names(page)
        most = max(most, page.locator(".clip-card").count())
        first = int(shown[0][5:10])
        assert shown == [f"clip-{at:05d}.mp4" for at in range(first, first + len(shown))]
    assert shown[-1] == f"clip-{MANY - 1:05d}.mp4"
    assert most < 60
    last = page.get_by_role("link", name=f"clip-{MANY - 1:05d}.mp4")
    expect(last).to_be_in_viewport()
    item = page.get_by_role("listitem").filter(has=last)
    assert [item.get_attribute(f"aria-{name}") for name in ("posinset", "setsize")] == [str(MANY), str(MANY)]
    # From the last one back to the first by keys: what has the focus is on screen.
    last.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".clip-card a:focus")).to_be_in_viewport()


def test_a_card_with_the_focus_is_renewed_though_it_was_scrolled_out_of_sight(
    many: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(many), "?sort=order")
    count(page, f"{MANY:,} clips")
    page.locator(".clip-card a").nth(2).focus()
    page.evaluate(
        """() => {
            const rows = review.source.rows;
            const released = new Promise((done) => { window.release = done; });
            review.source.rows = async (...asked) => {
                await released;
                return rows(...asked);
            };
            review.state.set({ status: "flagged" });
        }"""
    )
    page.wait_for_function("() => document.querySelector('.stale')")
    page.evaluate("scrollTo(0, 4000)")
    page.evaluate("release()")
    names(page)  # waits until none is stale
    assert page.evaluate("document.activeElement.textContent") == "clip-00023.mp4"


def test_a_list_longer_than_a_browser_can_draw_is_reached_to_its_end(
    many: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    """500,000 clips in one column are taller than any element may be; the server's list is repeated to that length."""
    page = visit(serve(many), viewport={"width": 390, "height": 700})
    count(page, f"{MANY:,} clips")
    total = 500_000
    page.evaluate(
        """(total) => {
            review.source.list = async () => ({ list: "long", total, revision: 0 });
            review.source.rows = async (list, offset, limit) => Array.from({ length: Math.min(limit, total - offset) },
              (_, at) => ({ key: `k${offset + at}`, id: `long-${offset + at}`, caption: "Text.", words: 1, flags: [],
                tags: [], why: [] }));
            review.source.thumb = () => null;
            review.state.set({ sort: "order" });
        }""",
        total,
    )
    count(page, f"{total:,} clips")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.get_by_text(f"long-{total - 1}", exact=True)).to_be_in_viewport()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)")
    middle = [int(name[5:]) for name in names(page)]
    assert middle == list(range(middle[0], middle[0] + len(middle)))
    assert abs(middle[0] - total / 2) < total / 100
    first = page.locator(".clip-card a").nth(4)
    name = first.inner_text()
    first.focus()
    page.keyboard.press("j")
    expect(page.locator(".clip-card a:focus")).to_have_text(f"long-{int(name[5:]) + 1}")
    expect(page.locator(".clip-card a:focus")).to_be_in_viewport()


def test_clips_are_selected_one_by_one_in_ranges_and_all(
    many: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(many), "?sort=order")
    count(page, f"{MANY:,} clips")
    bar = page.get_by_role("region", name="Selection")
    box = lambda at: page.get_by_role("checkbox", name=f"Select clip-{at:05d}.mp4")  # noqa: E731
    box(1).check()
    expect(bar).to_contain_text("1 selected")
    box(6).click(modifiers=["Shift"])
    expect(bar).to_contain_text("6 selected")
    box(3).uncheck()
    expect(bar).to_contain_text("5 selected")
    keys = page.evaluate("() => review.selection().keys.length")
    assert keys == 5
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()
    page.get_by_role("link", name="clip-00000.mp4").focus()
    page.keyboard.press("s")
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("Shift+S")
    expect(bar).to_contain_text("4 selected")
    # A range over cards that are not there, and rows that have not come yet.
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.get_by_role("checkbox", name=f"Select clip-{MANY - 1:05d}.mp4").click(modifiers=["Shift"])
    expect(bar).to_contain_text(f"{MANY:,} selected")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    expect(bar).to_contain_text(f"{MANY:,} selected")
    assert page.evaluate("() => review.selection().list === review.list.id")
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("checkbox", name="blurred").check()
    count(page, f"{MANY // 10} clips of {MANY:,}")
    expect(bar).to_be_hidden()  # what is out of sight is not changed by accident


def test_a_click_counts_though_its_card_is_drawn_anew_meanwhile(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result))
    box = page.get_by_role("checkbox", name="Select 02-pink-square-rests.mp4")
    box.hover()
    page.mouse.down()
    page.evaluate("""async () => {
        const key = review.list.at(1).key;
        review.list.put([{ ...(await review.list.whole(key)), note: "seen by somebody else" }]);
    }""")
    page.locator(".clip-card", has=box).get_by_text("note", exact=True).wait_for()
    page.mouse.up()
    expect(page.get_by_role("region", name="Selection")).to_contain_text("1 selected")
    expect(box).to_be_checked()


def test_selected_clips_are_rejected_together(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result))
    count(page, "12 clips")
    page.get_by_role("link", name="02-pink-square-rests.mp4").focus()
    for key in ("s", "j", "s"):
        page.keyboard.press(key)
    page.get_by_role("region", name="Selection").get_by_role("button", name="Reject").click()
    expect(page.locator(".clip-card .mark.rejected")).to_have_count(2)
    assert {line["id"] for line in edits(result)} == {
        "02-pink-square-rests.mp4",
        "03-orange-circle-moves-with-another.webm",
    }
    page.keyboard.press("z")
    expect(page.locator(".clip-card .mark.rejected")).to_have_count(0)


def test_the_list_stays_put_while_edits_change_what_matches(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result), "?verdict=none&sort=id")
    count(page, "12 clips of 12")
    ids = names(page)
    page.locator(".clip-card a").first.click()
    for at in range(3):
        page.get_by_role("heading", name=ids[at], level=1).wait_for()
        expect(page.locator(".position")).to_contain_text(f"{at + 1} of 12")
        page.keyboard.press("a")
    page.get_by_role("heading", name=ids[3], level=1).wait_for()
    until(lambda: counts(page)["accepted"] == 3)
    page.wait_for_function("() => review.result.counts.accepted === 3")  # the page knows, and has not made a new list
    page.wait_for_timeout(500)
    expect(page.locator(".position")).to_contain_text("4 of 12")
    page.reload()  # the list is made anew: nine are left, and this one is the first of them
    expect(page.locator(".position")).to_contain_text("1 of 9")


def test_seen_is_what_was_open_and_not_what_scrolled_by(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result), "?sort=id")
    count(page, "12 clips")
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    page.wait_for_timeout(300)
    page.evaluate("scrollTo(0, 0)")
    page.locator(".clip-card a").first.click()
    page.get_by_role("heading", level=1, name="01-green").wait_for()
    assert edits(result) == []
    page.keyboard.press("j")
    page.get_by_role("heading", level=1, name="02-pink").wait_for()
    until(lambda: counts(page)["seen"] == 1)
    assert [(line["id"], line["field"], line["new"]) for line in edits(result)] == [
        ("01-green-square-moves.mp4", "seen", "yes")
    ]


def test_clips_that_a_run_adds_are_offered_and_do_not_move_the_list(
    tmp_path: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    output = made.result(tmp_path / "captions.jsonl", {f"{at}.mp4": f"Clip {at}." for at in range(3)})
    page = visit(serve(output), "?sort=order")
    count(page, "3 clips")
    page.locator(".clip-card a").first.focus()  # someone is at work here
    results = Results(output)
    results.begin({"inputs": 5, "stages": {}})
    for at in (3, 4):
        results.append(made.row(f"{at}.mp4", f"Clip {at}."))
    offered = page.get_by_role("button", name="2 new")
    expect(offered).to_be_visible()
    count(page, "3 clips")
    offered.click()
    count(page, "5 clips")
    results.finish([])


def test_the_search_makes_no_step_back_for_every_letter(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result))
    count(page, "12 clips")
    length = page.evaluate("history.length")
    for letter in ("p", "pi", "pin", "pink"):
        page.locator("#q").fill(letter)
        page.wait_for_function("(text) => review.state.query.q === text", arg=letter)
    assert page.evaluate("history.length") == length + 1
    page.go_back()
    count(page, "12 clips")
