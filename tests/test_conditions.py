"""Conditions on measured facts: what they mean, that they run nothing, and what is said of those that make no sense."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from framescribe.errors import UserError
from framescribe.measures.expression import FACTS, condition, values_of
from framescribe.records import MEASURE, VERIFY, Row, VideoInfo, caption_hash
from framescribe.results.selection import condition as selected

INFO = VideoInfo(duration=4.0, fps=25.0, width=640, height=360, codec="h264", frames=100)
FOUND: dict[str, Any] = {  # in the shapes of docs/measures.md
    "cuts": {"version": 1, "cuts": [1.2, 3.0], "fades": [{"start": 0.0, "end": 0.5, "kind": "fade_in"}], "shots": 3},
    "still": {"version": 1, "frozen": [], "repeated": [], "share": 0.25},
    "borders": {"version": 1, "left": 0.0, "right": 0.0, "top": 0.12, "bottom": 0.1, "confidence": 1.0},
    "light": {
        "version": 1,
        "brightness": 0.4,
        "contrast": 0.2,
        "dark": 0.0,
        "bright": 0.1,
        "cast": None,
        "flashes": [],
    },
    "sharpness": {"version": 1, "cannot_tell": True},
    "overlay": {"version": 1, "static": [{"box": [0, 0, 0.1, 0.1], "kind": "logo", "share": 1.0}], "confidence": 1},
    "camera": {
        "version": 1,
        "shots": [
            {"start": 0, "end": 1.2, "moves": [{"label": "pan_left"}, {"label": "shake"}]},
            {"start": 1.2, "end": 3, "moves": [{"label": "zoom_in"}, {"label": "pan_left"}]},
        ],
    },
    "motion": {"version": 1, "objects": 0.1, "speed": 0.2, "camera": 0.3, "amount": 0.05, "confidence": 0.9},
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("motion > 0.02", True),
        ("motion > 0.02 and not cuts", False),
        ("cuts == 2 and fades == 1 and shots == 3", True),
        ("0.1 < bars <= 0.12", True),
        ("frozen < 0.2 or brightness >= 0.4", True),
        ("'pan_left' in camera", True),
        ("'tilt_up' in camera", False),
        ("'tilt_up' not in camera", True),
        ("camera == ['pan_left', 'shake', 'zoom_in']", True),
        ("shake", True),
        ("overlays == 1 and flashes == 0 and dark == 0.0", True),
        ("duration > 3 and width >= 640", True),
        ("not (cuts or fades)", False),
        ("-motion < 0", True),
        ("cuts in [1, 2]", True),
        ("cuts = 2 and motion > 0.02", True),
        ("camera = pan_left", True),
        ("camera = tilt_up or zoom_in not in camera", False),
        ("camera != 'pan_left'", False),
        ("camera != static and camera = 'shake'", True),
        ("camera = ['pan_left']", False),
        ("shake = True", True),
        ("camera = shake and shake", True),
        ("shake not in camera", False),
        # what is not known makes it neither true nor false, unless the rest decides
        ("blur < 0.5", None),
        ("not blur", None),
        ("blur < 0.5 and cuts == 2", None),
        ("blur < 0.5 and cuts == 9", False),
        ("blur < 0.5 or cuts == 2", True),
        ("0 < blur < 1 < 0", False),
        ("noise > 3 or blur > 0.5", None),
        ("camera = [pan_left, shake, zoom_in]", True),
    ],
)
def test_what_a_condition_means(text: str, holds: bool | None) -> None:
    assert condition(text, "--keep").holds(FOUND, INFO) is holds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("moton > 1", "nothing is called 'moton'. Did you mean 'motion'? Write it"),
        ("cuts >", "it cannot be read"),
        ("cuts > > 1", "it cannot be read at character 8"),
        ("cuts = 1 and cuts = > 1", "it cannot be read at character 21"),
        ("camera = pan", "camera is never 'pan'"),
        ("cuts in []", "is not understood"),
        ("cuts in [motion]", "is not understood"),
        ("cuts > 99999999999999999999", "is too large a number"),
        ("", "it cannot be read"),
        ("cuts; motion", "it cannot be read"),
        ("__import__('os').system('true')", "is not understood"),
        ("(lambda: 1)()", "is not understood"),
        ("camera.append('x')", "is not understood"),
        ("cuts.real", "is not understood"),
        ("cuts[0]", "is not understood"),
        ("cuts + 1 > 2", "is not understood"),
        ("2 ** 9 ** 9 > cuts", "is not understood"),
        ("[one for one in camera]", "is not understood"),
        ("f'{cuts}' == '2'", "is not understood"),
        ("cuts is None", "is not understood"),
        ("(cuts := 1)", "is not understood"),
        ("b'x' in camera", "is not understood"),
        ("not " * 3000 + "cuts", "more than 1000 characters"),
        ("(" * 300 + "cuts" + ")" * 300, "--keep"),
    ],
)
def test_what_is_no_condition(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        condition(text, "--keep")
    assert said in str(caught.value)
    assert str(caught.value).startswith("--keep ")


@pytest.mark.parametrize(
    ("moves", "maybe", "text", "holds"),
    [
        (["pan_left"], ["shake"], "camera = pan_left", True),
        (["pan_left"], ["shake"], "camera = tilt_up", False),
        (["pan_left"], ["shake"], "shake", None),
        (["pan_left"], ["shake"], "not shake", None),
        (["pan_left"], [], "not shake", True),
        (["pan_left"], [], "camera = [pan_left]", True),
        ([], ["pan_left"], "camera = pan_left", None),  # nothing is sure
        ([], ["pan_left"], "camera != pan_left", None),
        ([], ["pan_left"], "static not in camera", None),
        ([], ["pan_left"], "camera = [static]", None),
        ([], ["pan_left"], "not shake", None),
        ([], ["pan_left"], "not camera", True),
    ],
)
def test_what_the_camera_may_do_makes_a_condition_neither_true_nor_false(
    moves: list[str], maybe: list[str], text: str, holds: bool | None
) -> None:
    shot = {"moves": [{"label": label} for label in moves], "maybe": [{"label": label} for label in maybe]}
    assert condition(text, "--keep").holds({"camera": {"shots": [shot]}}, INFO) is holds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("'motion > 0.02'", "'motion > 0.02' is no condition by itself"),
        ("motion > 0.02 or 0.05", "0.05 is no condition by itself"),
        ("camera = pan_left or 'static'", "'static' is no condition by itself"),
        ("camera = static or pan_left", "for the camera, write camera = pan_left"),
        ("camera = [statc]", "camera is never 'statc'. Did you mean 'static'?"),
        ("motion > 0.02 && not cuts", "write and."),
        ("!cuts", "write not."),
        ("motion => 0.02", "write >=."),
        ("motion > 2%", "such as 0.02"),
        ("NOT cuts", "write not in small letters"),
        ("duration > 10s", "without a unit"),
    ],
)
def test_what_was_probably_meant_is_said(text: str, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        condition(text, "--keep")


@pytest.mark.parametrize(
    "text", ["motion > 'much'", "'x' in cuts", "-camera > 1", "cuts < camera", "camera > 'static'", "3 in camera"]
)
def test_what_cannot_be_compared(text: str) -> None:
    with pytest.raises(UserError, match=r"cannot be compared|is no number|is never"):
        condition(text, "--keep")


def test_which_measures_a_condition_needs_and_what_it_says_of_a_video() -> None:
    wish = condition("motion > 0.1 and not cuts and blur < 1 and duration > 2 and 'pan_left' in camera", "--keep")
    assert wish.measures == ["camera", "cuts", "motion", "sharpness"]
    assert wish.told(FOUND, INFO) == (
        "blur is not known, camera is pan_left, shake, zoom_in, cuts is 2, duration is 4, motion is 0.05"
    )


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("motion > 0.02", True),
        ("motion < 0.02", False),
        ("cuts = 2", True),
        ("camera = pan_left", True),
        ("camera != pan_left", False),
        ("camera = tilt_up", False),
        ("camera != tilt_up", True),
        ("blur < 1", False),  # not known
        ("blur != 1", False),
        ("motion > 0.02 and cuts = 2 and support >= 0.75", True),
        ("support >= 0.9 and motion > 0.02", False),
        ("support < 0.9 or blur < 1", True),
        ("shake", True),
        ("not cuts", False),
        ("words = 3 and duration > 3.5 and frames = 100", True),
        ("title = A dog and a cat in motion", True),
        ("title != A dog", True),
        ("caption = A dog barks", True),
        ("bars >= 0.12", True),
        ("shots = of my own", True),  # a user's column comes first
    ],
)
def test_rows_are_selected_by_what_was_measured(where: str, holds: bool) -> None:
    made = {
        "stages": {
            MEASURE: {"output": FOUND},
            VERIFY: {"output": {"support": 0.75, "about": caption_hash("A dog barks")}},
        }
    }
    own = {"shots": "of my own", "title": "A dog and a cat in motion"}
    row = Row(id="a", video_path="a.mp4", caption="A dog barks", status="ok", video=INFO, provenance=made, metadata=own)
    assert selected(where)(row) is holds
    bare = replace(row, caption="", video=None, provenance={}, metadata={})
    assert selected(where)(bare) is (where == "title != A dog")  # a fact that is not known meets no condition


@pytest.mark.parametrize("own", ["3", 3, 3.0])
def test_a_number_of_the_users_own_comes_first(own: object) -> None:
    made = {"stages": {MEASURE: {"output": FOUND}}}
    row = Row(id="a", video_path="a.mp4", caption="", status="ok", provenance=made, metadata={"cuts": own})
    assert selected("cuts = 3")(row)
    assert selected("cuts = 3 and motion > 0.02")(row)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("motion > 0.02 and cutz = 0", "nothing is called 'cutz'. Did you mean 'cuts'?"),
        ("not cutz and motion > 0.02", "nothing is called 'cutz'"),
        ("support >= 0.9 and", "it cannot be read"),
        ("title = x and motion > 0.1", "nothing is called 'title'"),
        ("(motion > 0.1 or cuts = 0", "it cannot be read"),
        ("?", "is not a condition"),
    ],
)
def test_what_was_meant_as_a_condition_on_facts_is_not_taken_for_a_text(where: str, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        selected(where)


def test_facts_of_another_shape_are_not_known() -> None:
    strange = {"cuts": {"version": 9, "number": 2}, "camera": {"version": 9, "shots": [{"moves": None}]}}
    assert set(values_of(strange, None).values()) == {None}


def test_every_fact_has_a_value() -> None:
    values = values_of(FOUND, INFO)
    assert {name for name, value in values.items() if value is None} == {"blur", "noise", "text_area", "text_lines"}
    assert set(FACTS) <= set(values)
