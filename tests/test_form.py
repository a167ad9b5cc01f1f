"""JSON that models write is read however it is wrapped, checked against its schema, and repaired as a last resort."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescribe.strategies.form import Form, written

FORM = Form(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["subjects", "size", "text"],
        "properties": {
            "subjects": {
                "type": "array",
                "maxItems": 2,
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["what", "action"],
                    "properties": {
                        "what": {"type": "string", "maxLength": 20},
                        "action": {"type": "string", "maxLength": 40},
                    },
                },
            },
            "size": {"enum": ["wide shot", "close-up", "not sure"]},
            "text": {"type": "array", "items": {"type": "string"}},
        },
    },
    verbatim=("text",),
)
GOOD = {"subjects": [{"what": "a dog", "action": 'runs past a "ÜBER" sign'}], "size": "close-up", "text": ["ÜBER"]}


@pytest.mark.parametrize(
    "said",
    [
        json.dumps(GOOD),
        json.dumps(GOOD, ensure_ascii=False, indent=2),
        f"```json\n{json.dumps(GOOD, indent=1)}\n```",
        f"Here is the {{object}} you asked for:\n{json.dumps(GOOD)}\nI hope that this {{helps}}!",
        json.dumps({"extra": {"deep": [1]}, **GOOD, "size": " Close up."}),
        json.dumps({name: GOOD[name] for name in ("text", "size", "subjects")}),
    ],
)
def test_it_is_read_however_it_is_wrapped(said: str) -> None:
    assert written(FORM.read(said)) == written(GOOD)  # in the order of the schema


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("A dog runs.", "there is no JSON object"),
        ("", "there is no JSON object"),
        (json.dumps(GOOD)[:60], "it is no JSON near"),
        (json.dumps({**GOOD, "size": "huge"}), 'size is "huge", which is not in its list'),
        (json.dumps({**GOOD, "subjects": [{"what": "a dog"}]}), "subjects[0].action is missing"),
        (json.dumps({**GOOD, "subjects": GOOD["subjects"] * 3}), "subjects has more than 2 entries"),
        (json.dumps({**GOOD, "text": "ÜBER"}), 'text is "ÜBER" instead of a list'),
        (
            json.dumps({**GOOD, "subjects": [{"what": "d" * 30, "action": "x"}]}),
            "subjects[0].what is longer than 20 letters",
        ),
        ('{"size": NaN}', "NaN is no JSON"),
        ('{"subjects": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(said: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        FORM.read(said)
    assert why in str(raised.value)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 200


def test_engines_get_no_lengths() -> None:
    assert "maxLength" not in json.dumps(FORM.schema) and "maxItems" in json.dumps(FORM.schema)


def test_what_cannot_be_read_is_repaired_as_far_as_it_goes() -> None:
    cut_off = '{"subjects": [{"what": "a dog", "action": "runs past'
    assert FORM.repaired(cut_off) == {
        "subjects": [{"what": "a dog", "action": "runs past"}],
        "size": "not sure",
        "text": [],
    }
    one = {"what": "a very large brown dog indeed", "action": None}
    long = json.dumps({"subjects": [one] * 3, "size": "huge", "text": "STOP"})
    fitted = {"what": "a very large brown", "action": ""}
    assert FORM.repaired(long) == {"subjects": [fitted] * 2, "size": "not sure", "text": ["STOP"]}
    for nothing in ("I cannot help with that.", "{}", '{"other": 1}', "", "{'", '{"', "[" * 9999):
        assert FORM.repaired(nothing) is None


@given(st.integers(0, 200), st.text(max_size=5))
def test_whatever_is_repaired_can_be_read(at: int, noise: str) -> None:
    said = json.dumps(GOOD, ensure_ascii=False)
    for broken in (said[:at] + noise, said[:at] + noise + said[at:], said[:at] + said[at + len(noise) :]):
        value = FORM.repaired(broken)
        if value is not None:
            assert written(FORM.read(written(value))) == written(value)


def test_closed_values_and_what_is_quoted_are_no_prose() -> None:
    texts = FORM.texts(GOOD)
    assert texts == {"subjects[0].what": "a dog", "subjects[0].action": 'runs past a "ÜBER" sign'}
    changed = FORM.with_texts(GOOD, {"subjects[0].what": "a cat"})
    assert changed == {**GOOD, "subjects": [{"what": "a cat", "action": 'runs past a "ÜBER" sign'}]}
    assert FORM.texts({**GOOD, "subjects": [{"what": "not sure", "action": ""}]}) == {}
