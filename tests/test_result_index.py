"""The index of a result knows what a plain model of it knows, whatever is added to it, one by one or many at once.

The model is a dict of the rows that count, and the rule as users read it: the latest row counts, but a failure never
replaces a success of the same recipe with the same file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe.hashes import hash_of_text
from framescribe.plain_json import dumps
from framescribe.results.facts import FACTS
from framescribe.results.index import Adding, Index, place_hash
from framescribe.results.row_lines import line_in, line_of

IDS, PLACES, PRINTS = ("a", "b", "\udcff"), ("/1", "/2", "s3://x/3"), ("p", "q")


def made(**row: Any) -> dict[str, Any]:
    """A row's record, of which only what decides is given."""
    stages = {"frames": {"fingerprint": row["print_"], "fills": [] if row["failed"] else ["caption"]}}
    file = {"fingerprint": row["fingerprint"], "stamp": row["stamp"], "replaced": row["other_file"]}
    provenance = {"schema": 2, "stages": stages, "file": file, "recaptioned": row["recaptioned"]}
    if row["replaces"] is not None:
        provenance["replaces"] = list(row["replaces"])
    return {
        "id": row["id"],
        "video_path": row["place"],
        "status": "failed" if row["failed"] else "ok",
        "size": row["size"],
        "error": {"kind": "internal"} if row["failed"] else None,
        "provenance": provenance,
    }


@dataclass
class Model:
    """What is right, put as simply as can be."""

    rows: dict[tuple[str, str], tuple[int, dict[str, Any]]] = field(default_factory=dict)

    def add(self, number: int, row: dict[str, Any]) -> None:
        key = row["id"], row["place"]
        if row["replaces"] is not None:
            self.rows.pop(tuple(row["replaces"]), None)
        if key in self.rows:
            old = self.rows[key][1]
            alike = (old["print_"], old["size"]) == (row["print_"], row["size"])
            only_failed = row["failed"] and not old["failed"]
            if only_failed and (alike or row["recaptioned"]) and not row["other_file"]:
                return
        self.rows[key] = number, row


KEYS = st.tuples(st.sampled_from(IDS), st.sampled_from(PLACES))
ROWS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(IDS),
        "place": st.sampled_from(PLACES),
        "print_": st.sampled_from(PRINTS),
        "failed": st.booleans(),
        "recaptioned": st.booleans(),
        "other_file": st.sampled_from((False, False, True)),
        "size": st.sampled_from((None, 1, 2, 2**70)),
        "stamp": st.sampled_from((None, 5, "etag", 2**65)),
        "fingerprint": st.sampled_from((None, "quick:" + "ab" * 16, "quick:odd", "sha")),
        "replaces": st.one_of(st.none(), st.none(), KEYS),
    }
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(ROWS, max_size=9), max_size=6))
def test_any_history_leaves_what_the_model_says(batches: list[list[dict[str, Any]]]) -> None:
    lines: list[bytes] = []
    index, model = Index(lambda part, offset: lines[offset]), Model()
    for batch in batches:
        adding = Adding(index)
        for row in batch:
            lines.append(dumps(made(**row)).encode())
            line = line_in(lines[-1]) or line_of(made(**row))
            assert adding.add(line, "part", len(lines) - 1) == (row["id"], place_hash(row["place"]))
            model.add(len(lines) - 1, row)
        adding.settle()
        check(index, model)


def check(index: Index, model: Model) -> None:
    assert index.count == len(model.rows)
    assert index.failed == sum(row["failed"] for _, row in model.rows.values())
    for name in IDS:
        assert {(entry.place, entry.offset) for entry in index.of(name)} == {
            (place_hash(place), number) for (one, place), (number, _) in model.rows.items() if one == name
        }
        assert (name in index) == any(one == name for one, _ in model.rows)
        for place in PLACES:
            entry, known = index.at(name, place_hash(place)), model.rows.get((name, place))
            assert (entry is None) == (known is None)
            if entry is None or known is None:
                continue
            number, row = known
            assert (entry.part_name, entry.offset, entry.failed) == ("part", number, row["failed"])
            assert (entry.size, entry.fingerprint) == (row["size"], row["fingerprint"])
            assert (entry.recaptioned, entry.internal) == (row["recaptioned"], row["failed"])
            assert entry.print_of("frames") == row["print_"]
            assert (entry.captioned, entry.has("frames")) == ((None, False) if row["failed"] else ("frames", True))
            assert (entry.stamp is None) == (row["stamp"] is None)
            assert row["stamp"] != 5 or entry.stamp == 5
    for place in PLACES:
        found = index.elsewhere(place)
        there = {name for name, other in model.rows if other == place}
        assert (found[0] if found else None) in (there or {None})
    assert {(name, entry.offset) for name, entry in index} == {
        (name, number) for (name, _), (number, _) in model.rows.items()
    }


def test_whoever_only_has_the_same_hash_is_not_taken_for_it() -> None:
    """Two texts with one hash cannot be made up, so a row is put in under the hashes of other texts than its own."""
    line = dumps({"id": "own", "video_path": "/own"}).encode()
    index = Index(lambda part, offset: line)
    index.kind_number(((), None))
    facts = np.zeros(1, FACTS)
    facts["place"], facts["line"] = place_hash("/other"), index.part_number("part") << 40
    index.put(np.array([hash_of_text("other")], np.uint64), facts)
    assert index.count == 1
    assert "other" not in index and not index.of("other")
    assert index.elsewhere("/other") is None
