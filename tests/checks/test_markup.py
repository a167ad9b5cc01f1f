"""Notation is found and taken out; signs that belong to what is seen stay."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.looked import found, mended

PLAIN = "A mason lays a brick and taps it level."


@pytest.mark.parametrize(
    ("text", "mended_text"),
    [
        (f"**{PLAIN}**", PLAIN),
        ("A __mason__ lays a *brick* and ~~drops~~ taps it level.", PLAIN),
        (f"# The wall\n{PLAIN}", PLAIN),
        (f"- {PLAIN}\n- He wipes the trowel.", f"{PLAIN}\nHe wipes the trowel."),
        (f"1. {PLAIN}\n2. He wipes the trowel.", f"{PLAIN}\nHe wipes the trowel."),
        ("* a mason lays a brick\n* he wipes the trowel", "A mason lays a brick\nHe wipes the trowel"),
        (f"> {PLAIN}", PLAIN),
        (f"{PLAIN}\n\n---\nHe wipes the trowel.", f"{PLAIN}\n\nHe wipes the trowel."),
        (f"```\n{PLAIN}\n```", PLAIN),
        ("A `mason` lays a [brick](http://a.b/c) and taps it level.", PLAIN),
        (f"<p>{PLAIN}</p>", PLAIN),
        (f"<caption>\n{PLAIN}\n</caption>", PLAIN),
        (f"{PLAIN}<br>He wipes the trowel.", f"{PLAIN} He wipes the trowel."),
        (f"<think>The user wants a wall.</think>\n{PLAIN}", PLAIN),
        (f"A wall, then.</think>{PLAIN}", PLAIN),
        ("A mason &amp; a boy lay Bob&#39;s bricks.", "A mason & a boy lay Bob's bricks."),
        (f"{PLAIN}<|im_end|>", PLAIN),
        (f"<s>{PLAIN}</s>", PLAIN),
        (f"[INST] {PLAIN} [/INST]", PLAIN),
        (f"Assistant: {PLAIN}", PLAIN),
        (f"USER: Describe it.\nASSISTANT: {PLAIN}", PLAIN),
        (f"{PLAIN}\nUser: And now?", PLAIN),
        (f"{PLAIN}\\nHe wipes the trowel.\\n", f"{PLAIN} He wipes the trowel."),
        ('A mason lays a \\"brick\\" down.', 'A mason lays a "brick" down.'),
        ("**主体**：一名石匠砌砖。", "主体：一名石匠砌砖。"),
        (f"{{'description': '{PLAIN}'}}", PLAIN),
        ('{"caption": "a mason lays a brick"}', "A mason lays a brick"),
        (f'```json\n{{"caption": "{PLAIN}", "tags": ["wall"]}}\n```', PLAIN),
        (f'"caption": "{PLAIN}"', PLAIN),
        (f'[{{"caption": "{PLAIN}"}}]', PLAIN),
        (f'Here it is: {{"caption": "{PLAIN}"}}', PLAIN),
    ],
)
def test_notation_is_taken_out(text: str, mended_text: str) -> None:
    assert found("markup", text)
    assert mended("markup", text) == mended_text


@pytest.mark.parametrize(
    "text",
    [
        '{"caption": "A mason lays a',
        'A mason lays a brick. "}} He taps it level.',
        "<think>The user wants a wall.",
        "| who | what |\n|---|---|\n| mason | brick |",
    ],
)
def test_what_cannot_be_taken_out_is_asked_for_again(text: str) -> None:
    assert found("markup", text) and mended("markup", text) == text


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        f"{PLAIN}\nHe wipes the trowel.\n\nA boy helps.",
        "3. Liga players warm up.",
        "1. FC Köln scarves wave.",
        "A man with an M&S bag passes an AT&T; no, a B&B.",
        "A #7 shirt, a C# score, a 5* hotel.",
        "A boy chalks I <3 U and 4 < 5 > 3.",
        "A pupil writes 3 * 4 = 12 and 2 * 6 = 12.",
        "A label reads snake_case_name beside foo_bar and baz_qux.",
        "M*A*S*H runs on a set, rated 4/5 *****.",
        'A screen shows "<div>", "**bold**" and \'{"ok": true}\'.',
        "A mug with ¯\\_(ツ)_/¯ on it; C:\\new\\test on a screen.",
        "A fence leans / and \\ alternately.",
        "2024 – a square fills. A market - melons, dates - opens.",
        "System engineers and a user: a boy types.",
        "Human: ein Läufer im Park",
        "Nike | Just do it is on the wall.",
        "[upbeat] Two dancers spin.",
    ],
)
def test_signs_that_belong_to_what_is_seen(text: str) -> None:
    assert not found("markup", text)


@given(st.text(min_size=1).filter(str.strip), st.sampled_from(["caption", "description", "summary"]), st.booleans())
def test_json_gives_its_caption_whatever_that_is(caption: str, name: str, ascii_only: bool) -> None:
    from framescribe.checks.json_value import json_text

    written = json.dumps({"id": 3, name: caption, "tags": ["a"]}, ensure_ascii=ascii_only)
    assert json_text(written) == caption.strip()
