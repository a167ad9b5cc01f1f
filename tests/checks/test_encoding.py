"""Letters that were read with the wrong encoding are put right; letters of any language are let alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.looked import found, mended

RIGHT = [
    "A café’s naïve painter — “Zoë” — pours crème…",
    "Ein Müller trägt Säcke über die Brücke.",
    "Una niña pinta montañas y pingüinos.",
    "Мальчик держит кота и смеётся на крыльце.",
]


@pytest.mark.parametrize("right", RIGHT)
def test_utf_8_read_as_windows_1252(right: str) -> None:
    wrong = "".join(chr(byte) if 0x80 <= byte < 0xA0 else bytes([byte]).decode("latin-1") for byte in right.encode())
    assert found("encoding", wrong)
    assert mended("encoding", wrong) == right


def test_utf_8_read_as_windows_1251_as_gbk_and_as_shift_jis() -> None:
    for right, encoding in (("Привет всем", "cp1251"), ("你好世界，我们在这里", "gb18030"), ("こんにちは", "cp932")):
        wrong = right.encode().decode(encoding, "replace")
        assert found("encoding", wrong), wrong
    assert mended("encoding", "Привет всем".encode().decode("cp1251")) == "Привет всем"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("A tower \\u2013 old \\u2013 leans.", "A tower – old – leans."),
        ("A \\ud83d\\udc15 barks.", "A 🐕 barks."),
        ("A caf\\xe9 opens.", "A café opens."),
        ("A cafe\\u{301} opens.", "A cafe\u0301 opens."),
        ("A bell\x07 rings.", "A bell rings."),
        ("A sign â€œStopâ€ hangs.", "A sign “Stop” hangs."),
        ("A \x1b[1mbell\x1b[0m rings.", "A bell rings."),
        ("A bell\x0brings.", "A bell rings."),
        ("A \x93bell\x94 rings.", "A “bell” rings."),
        ("A \ud83d\udc15 barks.", "A 🐕 barks."),
    ],
)
def test_what_can_be_put_right(wrong: str, right: str) -> None:
    assert mended("encoding", wrong) == right


@pytest.mark.parametrize(
    "lost", ["A caf\ufffd opens.", "A caf" + chr(0xD83D) + " opens.", "A caf锟斤拷 opens.", "A caf\\ud83d opens."]
)
def test_what_is_lost_is_asked_for_again(lost: str) -> None:
    assert found("encoding", lost) and mended("encoding", lost) == lost


@pytest.mark.parametrize(
    "text",
    [
        *RIGHT,
        "JOÃO, São Tomé, ÇÃO, Ñandú, Łódź, Žilina, Ærø, Œuvre, Ångström.",
        "«À la carte», 5 °C ± 2 µm, ½ l, 3×4 m², 50 €, £5, © ® ™",
        "👩‍👩‍👧 smile\u00a0at\u3000us.",
        "Đường phố Việt Nam, ελληνικά, العربية, हिन्दी, ไทย, 한국어.",
        "桌上放着一本《西游记》，旁边是热茶。",
        "C:\\users\\new folder on a screen.",
        "Two lines.\nA tab\there.",
    ],
)
def test_letters_of_any_language(text: str) -> None:
    assert not found("encoding", text)


@given(
    st.text(st.characters(categories=("L", "N", "Zs")), max_size=60),
    st.sampled_from(["\ufffd", "\x00", "\x9d", "\udc80"]),
)
def test_what_no_caption_holds_is_found_anywhere(text: str, wrong: str) -> None:
    place = len(text) // 2
    assert found("encoding", f"{text[:place]}{wrong}{text[place:]} A dog runs.")
