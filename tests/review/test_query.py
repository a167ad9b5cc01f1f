"""What a query finds is what a plain filter over the rows finds, in the order asked for; and no words that anybody
types are ever taken for a language of the index."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe.errors import UserError
from framescribe.measures.expression import condition
from framescribe.records import MEASURE, VERIFY, VideoInfo, caption_hash
from framescribe.results.selection import OF_ROWS
from framescribe.review.query import NAMES, Query
from framescribe.review.session import Change, Session
from tests.exports import result, row

WORDS = [
    "dog",
    "cat",
    "horse",
    "the",
    "runs",
    "jumps",
    "red",
    "Red",
    "street",
    "x",
    "snow-white",
    "it's",
    "5",
    "Übung",
    "naïve",
]
FLAGS = ["caption_truncated", "caption_repeats", "video_damaged"]
TAGS = ["night", "crowd", "a b", "it's"]
MODELS = ["m1", "m2", None]
COUNT = 250


@dataclass
class Known:
    """What the test knows of a row, because it made it."""

    id: str
    caption: str | None
    status: str
    flags: tuple[str, ...]
    duration: float | None
    model: str | None
    verdict: str | None = None
    locked: bool = False
    edited: bool = False
    seen: bool = False
    note: bool = False
    tags: set[str] = field(default_factory=set)
    said: bool = False
    motion: float | None = None
    cuts: int | None = None
    camera: list[str] | None = None
    support: float | None = None

    @property
    def words(self) -> int:
        return len((self.caption or "").split())


def drawn() -> list[Known]:
    draw = random.Random(16)
    rows = []
    for number in range(COUNT):
        failed = draw.random() < 0.1
        flags = tuple(sorted(draw.sample(FLAGS, draw.choice((0, 0, 0, 1, 2)))))
        text = " ".join(draw.choice(WORDS) for _ in range(draw.randrange(1, 12)))
        rows.append(
            Known(
                id=f"{draw.choice(('a', 'B', 'c_%'))}/{number:03}.mp4",
                caption=None if failed else text + draw.choice((".", "", "!")),
                status="failed" if failed else "flagged" if flags else "ok",
                flags=flags,
                duration=None if draw.random() < 0.1 else draw.randrange(1, 100) / 10,
                model=draw.choice(MODELS),
                motion=draw.choice((None, 0.0, 0.02, 0.0351, 0.3)),
                cuts=draw.choice((None, 0, 0, 1, 12)),
                camera=draw.choice((None, [], ["static"], ["pan_left", "shake"], ["zoom_in", "pan_left"])),
                support=draw.choice((None, 0.5, 1.0)),
            )
        )
    return rows


def stages(one: Known) -> dict[str, object]:
    """What was measured and verified, as rows hold it."""
    facts: dict[str, object] = {}
    if one.motion is not None:
        facts["motion"] = {"version": 1, "amount": one.motion, "objects": 0.0}
    if one.cuts is not None:
        facts["cuts"] = {"version": 1, "cuts": [1.0] * one.cuts, "fades": [], "shots": one.cuts + 1}
    if one.camera is not None:
        facts["camera"] = {"version": 1, "shots": [{"moves": [{"label": label} for label in one.camera]}]}
    made: dict[str, object] = {MEASURE: {"output": facts}} if facts else {}
    if one.support is not None:
        made[VERIFY] = {"output": {"about": caption_hash(one.caption), "support": one.support}}
    return made


def changes(key: str, one: Known, draw: random.Random) -> Iterator[Change]:
    """Some marks, also noted in what the test knows."""
    if draw.random() < 0.2:
        one.caption, one.edited = draw.choice(WORDS) + " edited", True
        one.status = "ok" if one.status == "failed" else one.status
        yield Change(key, "caption", one.caption)
    if draw.random() < 0.3:
        one.verdict = draw.choice(("accepted", "rejected"))
        yield Change(key, "verdict", one.verdict)
    for name, share in (("locked", 0.1), ("seen", 0.3), ("note", 0.2)):
        if draw.random() < share:
            setattr(one, name, True)
            yield Change(key, {"locked": "lock"}.get(name, name), "yes")
    for tag in TAGS:
        if draw.random() < 0.2:
            one.tags.add(tag)
            yield Change(key, f"tags[{tag}]", "yes")
    one.said = one.edited or one.verdict is not None or one.locked or one.seen or one.note or bool(one.tags)


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, dict[str, Known]]]:
    folder, every = tmp_path_factory.mktemp("query"), drawn()
    rows = []
    for one in every:
        video = VideoInfo(duration=one.duration, fps=24.0, width=64, height=32, codec="h264", frames=9)
        made = {"fingerprint": "f", "fills": ["caption"] if one.caption else []}
        made |= {} if one.model is None else {"model": one.model}
        provenance = {"schema": 2, "version": "x", "file": {}, "stages": {"clip": made, **stages(one)}}
        rows.append(
            row(
                f"/clips/{one.id}",
                one.caption,
                **{"id": one.id, "status": one.status, "flags": one.flags, "video": video, "provenance": provenance},
            )
        )
    session = Session(result(folder / "captions.jsonl", rows), cache=folder / "cache", who="ann")
    session.open()
    assert session.ready(60)
    draw, known = random.Random(17), {one.id: one for one in every}
    keys = list(session.keys_of(session.make_list(Query.of({"sort": "order"})).list))
    for key, one in zip(keys, every, strict=True):
        session.edit(list(changes(key, one, draw)))
    yield session, known
    session.close()


def found(session: Session, params: object) -> list[str]:
    listed = session.make_list(Query.of(params))  # type: ignore[arg-type]
    ids: list[str] = []
    for first in range(0, listed.total, 100):
        ids += [one["id"] for one in session.rows_of(listed.list, first, 100)]
    assert len(ids) == listed.total
    return ids


def tokens(text: str) -> list[str]:
    """The words of a caption as a person sees them: letters and digits, case and accents aside."""
    plain = text.lower().translate(str.maketrans("üï", "ui"))
    return re.findall(r"[a-z0-9]+", plain)


def has(caption: str | None, phrase: str) -> bool:
    there, wanted = tokens(caption or ""), tokens(phrase)
    return any(there[at : at + len(wanted)] == wanted for at in range(len(there)))


def holds(name: str, values: list[str], one: Known) -> bool:
    """Whether a row is meant by one parameter, decided without any index."""
    value = values[0]
    if name in ("locked", "edited", "seen", "note"):
        return bool(getattr(one, name)) == (value == "1")
    if name in ("min_words", "max_words", "min_duration", "max_duration"):
        own = one.words if name.endswith("words") else one.duration
        return own is not None and (own >= float(value) if name.startswith("min") else own <= float(value))
    return {
        "status": one.status in values,
        "flag": bool(set(values) & set(one.flags)),
        "tag": set(values) <= one.tags,
        "verdict": one.verdict == (None if value == "none" else value),
        "candidates": value == "0",
        "model": one.model == value,
        "id": value.lower() in one.id.lower(),
        "since": one.said and value < "2050",
        "until": one.said and value > "2050",
        "sort": True,
    }[name]


def one_of(*values: str) -> st.SearchStrategy[list[str]]:
    return st.sampled_from(values).map(lambda value: [value])


PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.lists(st.sampled_from(["ok", "flagged", "failed"]), min_size=1, max_size=3),
        "flag": st.lists(st.sampled_from([*FLAGS, "no_such"]), min_size=1, max_size=2),
        "tag": st.lists(st.sampled_from([*TAGS, "no such"]), min_size=1, max_size=2),
        "verdict": one_of("accepted", "rejected", "none"),
        "locked": one_of("0", "1"),
        "edited": one_of("0", "1"),
        "seen": one_of("0", "1"),
        "note": one_of("0", "1"),
        "candidates": one_of("0", "1"),
        "model": one_of("m1", "m2", "m"),
        "id": one_of("b/", "_%", "%", "1", "007", "'"),
        "min_words": one_of("0", "3", "6.5"),
        "max_words": one_of("0", "3", "9"),
        "min_duration": one_of("0", "2.5", "9.9"),
        "max_duration": one_of("0.1", "2.5", "9"),
        "since": one_of("2020-01-01", "2099-01-01"),
        "until": one_of("2020-01-01", "2099-01-01"),
    },
)


@settings(max_examples=150, deadline=None)
@given(params=PARAMS)
def test_filters_find_what_a_plain_filter_finds(
    reviewed: tuple[Session, dict[str, Known]], params: dict[str, list[str]]
) -> None:
    session, known = reviewed
    expected = [one.id for one in known.values() if all(holds(name, values, one) for name, values in params.items())]
    assert found(session, {**params, "sort": ["order"]}) == expected
    assert sorted(found(session, params)) == sorted(expected)  # worst first


LEAVES = [
    "motion > 0.02",
    "motion >= 0.0351",
    "0.01 < motion <= 0.0351",
    "motion",
    "-motion < -0.1",
    "cuts = 0",
    "cuts != 0",
    "cuts in [1, 12]",
    "cuts not in (0, 1)",
    "cuts > motion",
    "camera = pan_left",
    "camera != pan_left",
    "'shake' in camera",
    "'shake' not in camera",
    "camera = ['static']",
    "camera != ['pan_left', 'shake']",
    "camera",
    "shake",
    "shake = True",
    "(cuts > 0) = shake",
    "support >= 0.9",
    "words < 6",
    "duration > 4",
    "frames = 9",
    "brightness > 0.5",
    "'a' < 'b'",
    "True",
]
CONDITIONS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda three: f"({' '.join(three)})")
        | inner.map(lambda one: f"(not {one})")
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(facts=CONDITIONS)
def test_conditions_on_facts_find_what_they_mean(reviewed: tuple[Session, dict[str, Known]], facts: str) -> None:
    session, known = reviewed
    wish = condition(facts, "facts", OF_ROWS)

    def values(one: Known) -> dict[str, object]:
        edited = one.edited  # then what was verified is another caption
        shake = "shake" in one.camera if one.camera else None
        own = {"motion": one.motion, "cuts": one.cuts, "camera": one.camera, "shake": shake, "words": one.words}
        return own | {
            "support": None if edited else one.support,
            "duration": one.duration,
            "frames": 9,
            "brightness": None,
        }

    expected = [one.id for one in known.values() if wish.of(values(one)) is True]
    assert found(session, {"facts": facts, "sort": "order"}) == expected


TERM = st.tuples(st.booleans(), st.lists(st.sampled_from([*WORDS, "zebra"]), min_size=1, max_size=2))


@settings(max_examples=150, deadline=None)
@given(terms=st.lists(TERM, min_size=1, max_size=4))
def test_words_find_what_a_person_would_find(
    reviewed: tuple[Session, dict[str, Known]], terms: list[tuple[bool, list[str]]]
) -> None:
    session, known = reviewed
    said = [
        ("-" if without else "") + (f'"{" ".join(phrase)}"' if len(phrase) > 1 else phrase[0])
        for without, phrase in terms
    ]
    expected = [
        one.id
        for one in known.values()
        if all(has(one.caption, " ".join(phrase)) != without for without, phrase in terms)
    ]
    assert found(session, {"q": " ".join(said), "sort": "order"}) == expected


@settings(max_examples=100, deadline=None)
@given(
    pattern=st.sampled_from(
        [r"\bred\b", "Red", "RED", r"^dog", r"\S+!$", r"(dog|cat) (runs|jumps)", "ü", "Ü", r"red\W", "a^"]
    )
)
def test_a_regular_expression_finds_what_it_matches(reviewed: tuple[Session, dict[str, Known]], pattern: str) -> None:
    session, known = reviewed
    capital = pattern in ("Red", "RED", "Ü")
    expression = re.compile(pattern, 0 if capital else re.IGNORECASE)
    expected = [one.id for one in known.values() if one.caption is not None and expression.search(one.caption)]
    assert found(session, {"re": pattern, "sort": "order"}) == expected


ATOM = st.sampled_from([*WORDS, "ed", "um", "runs ", r"\w+", r"\b", " ", ".", "[rd]", "s?", "-", "^", "$"])
EXPRESSION = st.recursive(
    ATOM,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda several: f"(?:{'|'.join(several)})")
        | st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,1}"])).map(lambda both: f"(?:{both[0]}){both[1]}")
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(pattern=EXPRESSION)
def test_any_regular_expression_finds_what_python_finds(
    reviewed: tuple[Session, dict[str, Known]], pattern: str
) -> None:
    session, known = reviewed
    capital = any(letter.isupper() for letter in re.sub(r"\\.", "", pattern))
    expression = re.compile(pattern, 0 if capital else re.IGNORECASE)
    expected = [one.id for one in known.values() if one.caption is not None and expression.search(one.caption)]
    assert found(session, {"re": pattern, "sort": "order"}) == expected


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=40) | st.text('"-*()^:{}+AND OR NOT NEAR caption\0\ud800', max_size=30))
def test_whatever_is_typed_is_looked_for_and_never_a_fault(
    reviewed: tuple[Session, dict[str, Known]], text: str
) -> None:
    session, _ = reviewed
    for name in ("q", "id", "model", "flag", "tag"):
        session.make_list(Query.of({name: text}))
    with suppress(UserError):
        session.make_list(Query.of({"re": text}))


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("id", lambda one: one.id),
        ("words", lambda one: one.words),
        ("-words", lambda one: -one.words),
        ("duration", lambda one: (one.duration is None, one.duration or 0)),
        ("-duration", lambda one: (one.duration is None, -(one.duration or 0))),
        ("order", lambda one: 0),
        ("motion", lambda one: (one.motion is None, one.motion or 0)),
        ("-motion", lambda one: (one.motion is None, -(one.motion or 0))),
        ("-cuts", lambda one: (one.cuts is None, -(one.cuts or 0))),
    ],
)
def test_rows_come_in_the_order_asked_for(reviewed: tuple[Session, dict[str, Known]], sort: str, value: object) -> None:
    session, known = reviewed
    assert found(session, {"sort": sort}) == [one.id for one in sorted(known.values(), key=value)]  # type: ignore[arg-type]


def test_those_that_were_changed_last_come_first(reviewed: tuple[Session, dict[str, Known]]) -> None:
    session, known = reviewed
    said = [one.id for one in known.values() if one.said]
    assert found(session, {"sort": "edited"})[: len(said)] == said[::-1]  # they were changed in the result's order


def test_the_end_of_a_day_belongs_to_it() -> None:
    today = datetime(2026, 3, 4, tzinfo=UTC)
    query = Query.of({"since": "2026-03-04", "until": "2026-03-04"})
    assert (query.since, query.until) == (today.timestamp(), (today + timedelta(days=1)).timestamp())
    exact = Query.of({"since": "2026-03-04T05:06:07+01:00"})
    assert exact.since == datetime(2026, 3, 4, 4, 6, 7, tzinfo=UTC).timestamp()


def test_an_address_of_the_page_is_a_query() -> None:
    pairs = [
        ("q", "dog"),
        ("flag", "a"),
        ("flag", "b"),
        ("clip", "0123"),
        ("view", "grid"),
        ("sort", ""),
        ("seen", "0"),
    ]
    assert Query.of(pairs) == Query(q="dog", flag=("a", "b"), seen=False)
    assert Query.of({"flag": ["a", "b"], "q": "dog", "seen": "0"}) == Query.of(pairs)
    assert Query.of({}) == Query(sort="worst")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"status": "good"}, "status=good"),
        ({"verdict": "maybe"}, "verdict=maybe"),
        ({"sort": "best"}, "sort=best"),
        ({"locked": "yes"}, "locked=yes"),
        ({"min_words": "many"}, "min_words=many is not a number"),
        ({"max_duration": "nan"}, "max_duration=nan"),
        ({"min_duration": "inf"}, "min_duration=inf"),
        ({"since": "yesterday"}, "since=yesterday is not a date"),
        ({"until": "9999-12-31"}, "until=9999-12-31"),
        ({"re": "(dog"}, "is not a regular expression"),
        ({"re": "x" * 1001}, "re is longer than 1,000"),
        ({"facts": "motion >"}, "facts 'motion >': it cannot be read. Write it like this"),
        ({"facts": "moton > 1"}, "Did you mean 'motion'?"),
        ({"facts": "camera > 1"}, "camera and 1 cannot be compared"),
        ({"q": ["a", "b"]}, "q is given 2 times"),
        ({"colour": "red"}, f"colour is not something to filter by; use {', '.join(NAMES)}"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(params: dict[str, str], said: str) -> None:
    with pytest.raises(UserError) as caught:
        Query.of(params)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_an_expression_that_would_take_for_ever_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framescribe.review.reading.SEARCH_SECONDS", 0.3)
    output = result(tmp_path / "captions.jsonl", [row(f"/clips/{n}.mp4", "a" * 60 + "!") for n in range(5)])
    session = Session(output, cache=tmp_path / "cache")
    session.open()
    try:
        session.ready(60)
        for ask in (session.make_list, session.charts):
            with pytest.raises(UserError, match="takes too long on these captions"):
                ask(Query.of({"re": "(a+)+(b+)+$|(a|aa)+$"}))
        assert session.make_list(Query.of({"re": "a!$"})).total == 5
    finally:
        session.close()
