"""Text from outside reaches a terminal safely, and files by id have names that are safe, readable and their own."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescribe.names import file_path, file_paths, json_shown, shown, shown_lines

HARMFUL = [
    *map(chr, range(32)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u202e\u2066\u200f\u061c\u2028\u2060\ufeff\udce9\ud83d",
]
DEVICES = ("CON", "prn.mp4", "Aux.tar.gz", "nul", "COM1.mp4", "lpt9", "com¹.mp4", "CONIN$", "con .mp4")


@pytest.mark.parametrize("harmful", HARMFUL, ids=ascii)
def test_what_could_harm_a_terminal_becomes_an_escape(harmful: str) -> None:
    text = shown(f"a{harmful}b")
    assert re.fullmatch(r"a\\(n|r|t|x[0-9a-f]{2}|u[0-9a-f]{4})b", text)


@pytest.mark.parametrize(
    "text", ["a b.mp4", "кот.mp4", "猫 😀.mp4", "e\u0301", "👨\u200d👩\u200d👧", "[red]a[/]", "a\\nb"]
)
def test_what_is_harmless_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text


def test_a_message_keeps_its_own_line_breaks_but_no_name_makes_one() -> None:
    assert shown_lines("no such file: a\nb\x1b.mp4\nName another.", "x", "a\nb\x1b.mp4") == (
        "no such file: a\\nb\\x1b.mp4\nName another."
    )


@given(st.text(st.characters(exclude_categories=())), st.sampled_from(["utf-8", "latin-1", "ascii", "cp1252"]))
def test_json_on_a_terminal_stays_the_same_json(text: str, encoding: str) -> None:
    line = json_shown(json.dumps({"id": text}, ensure_ascii=False), encoding)
    line.encode(encoding)
    assert shown(line) == line
    # JSON has no way to tell a pair of surrogates from the character that they stand for.
    same = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(line)["id"].encode("utf-16", "surrogatepass") == same.encode("utf-16", "surrogatepass")


@pytest.mark.parametrize(
    "name",
    ["a.mp4", "below/a.mp4", "shard-000.tar/clip 1.mp4", "猫/😀.mp4", "Clip_01 (2).MP4", ".hidden.mp4", "a..b.mp4"],
)
def test_an_ordinary_id_is_a_path_as_it_is(name: str) -> None:
    assert file_path(name) == name


IDS = st.one_of(
    st.text(st.characters(exclude_categories=())),
    st.lists(
        st.one_of(
            st.sampled_from(
                ["..", ".", "", "a", "A", "a.mp4", "a.mp4.jpg", "é", "e\u0301", "ß", "a.", "a ", "C:", "~" + "0" * 16]
            ),
            st.sampled_from(DEVICES),
            st.text(min_size=150, max_size=260),
        ),
        max_size=6,
    ).map("/".join),
)


def folded(path: str) -> str:
    """What a file system that ignores capital letters and the way accents are composed takes for one name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).upper().lower())


@given(IDS)
def test_every_path_is_safe_everywhere(name: str) -> None:
    path = file_path(name)
    path.encode()  # Unicode, whatever the id was
    assert len(path.encode()) <= 600
    for part in path.split("/"):
        assert part not in ("", ".", "..")
        assert len(part.encode()) <= 160
        assert not re.search(r'[<>:"\\|?*\x00-\x1f\x7f]', part)
        assert shown(part) == part
        assert part == part.rstrip(". ")
        stem = part.split(".")[0].rstrip(" ")
        assert not re.fullmatch(r"(?i)con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]", stem)


@given(st.lists(st.tuples(IDS, st.sampled_from(["/a", "/b"])), unique=True))
def test_no_two_videos_share_a_file_or_stand_in_each_others_way(videos: list[tuple[str, str]]) -> None:
    paths = file_paths(videos)
    assert list(paths) == videos
    files = [folded(f"{path}{ending}") for path in paths.values() for ending in (".jpg", "-000000-0.000s.png", ".json")]
    assert len(set(files)) == len(files)
    folders = {folded(path.rsplit("/", above)[0]) for path in paths.values() for above in range(1, path.count("/") + 1)}
    assert not folders & set(files)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("../p/a.mp4", "p/a.mp4"),
        ("/p/a.mp4", "p/a.mp4"),
        ("p//a.mp4", "p/a.mp4"),
        ("..", "."),
        ("a:b.mp4", "a_b.mp4"),
        ("caf\udce9.mp4", "caf\udce8.mp4"),
        ("A.mp4", "a.mp4"),
        ("\u00e9.mp4", "e\u0301.mp4"),
        ("x" * 300 + "1.mp4", "x" * 300 + "2.mp4"),
        ("https://a/x.mp4", "https:/a/x.mp4"),
    ],
)
def test_ids_that_look_alike_have_different_paths(one: str, other: str) -> None:
    paths = file_paths([(one, "/1"), (other, "/2")])
    assert folded(paths[one, "/1"]) != folded(paths[other, "/2"])


def test_a_path_does_not_depend_on_the_other_videos_or_their_order() -> None:
    names = ["../a.mp4", "a.mp4", "b:c.mp4"]
    alone = [file_path(name) for name in names]
    assert [*file_paths([(name, "/x") for name in reversed(names)]).values()] == alone[::-1]
