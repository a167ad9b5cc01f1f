"""`framescribe check` reads captions in every form in which people have them, loses none, changes none, and says what
is wrong with which."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

import framescribe as fs
from framescribe import prompts
from framescribe.checks.base import Circumstances
from framescribe.cli.main import app
from framescribe.cli.terminal import ended
from framescribe.dataset.caption_table import captions_in
from framescribe.records import FrameCaption, Row
from framescribe.results.edits import Edit
from framescribe.results.rows import Results
from tests.exports import result, row

COOK = 'A cook says "hot, hot!" and lifts\nthe lid; from a\tcopper pot, 3,5 l: steam.'
MILLER = "Ein Müller trägt Säcke über den Hof, 三袋 auf einmal, 👩‍🍳 'n' so."
TWINS = (
    "A lorry tips gravel onto a wet road near the harbour.",
    "a lorry tips gravel onto a wet road, near the HARBOUR",
)
TEXTS: list[str | None] = [COOK, "Two birds.", TWINS[0], None, MILLER, TWINS[1]]
FLAGS = [[], ["too_short"], ["duplicate"], ["empty"], [], ["duplicate"]]
ONLY = [
    word for name in ("empty", "too_short", "duplicate") for word in ("--check", name)
]  # other checks may come to find more
ONLY = ["--no-check", "all", *ONLY]


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def check(*words: object) -> Done:
    """The command, from its words to its code, in this process."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = ended("framescribe", lambda: app(["check", *map(str, words)]) or 0)
    for stream in (out, err):
        stream.seek(0)
    return Done(code, out.read(), err.read())


def process(*words: object, **environment: str) -> Done:
    """The command as a person runs it."""
    command = [sys.executable, "-m", "framescribe", "check", *map(str, words)]
    environment = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, env=environment)
    return Done(done.returncode, done.stdout, done.stderr)


def checked(source: Path, *words: object) -> list[dict[str, Any]]:
    """The rows that it writes as JSON lines."""
    output = source.parent / f"{source.name}.checked.jsonl"
    done = check(source, "-o", output, *words)
    assert done.returncode in (0, 3) and done.stderr == "", done.stderr
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    assert done.returncode == (3 if any(each["flags"] for each in rows) else 0)
    return rows


def flags(source: Path, *words: object) -> list[list[str]]:
    return [each["flags"] for each in checked(source, *words)]


def lines(path: Path, *records: Mapping[str, Any]) -> Path:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


def captions(path: Path, *texts: object) -> Path:
    return lines(path, *({"caption": text} for text in texts))


# --- what is read ---


def frame() -> pd.DataFrame:
    return pd.DataFrame({"id": list("abcdef"), "caption": TEXTS})


def separated(path: Path, delimiter: str = ",", encoding: str = "utf-8", end: str = "\n") -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        rows = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
        rows.writerows([["id", "caption"], *([name, text or ""] for name, text in zip("abcdef", TEXTS, strict=True))])


WRITERS: dict[str, Callable[[Path], object]] = {
    "pandas.csv": lambda path: frame().to_csv(path, index=False),
    "polars.csv": lambda path: pl.from_pandas(frame()).write_csv(path),
    "bom.csv": lambda path: separated(path, encoding="utf-8-sig", end="\r\n"),
    "semicolons.csv": lambda path: separated(path, ";"),
    "utf-16.csv": lambda path: separated(path, encoding="utf-16"),
    "quoted.tsv": lambda path: separated(path, "\t"),
    "pandas.jsonl": lambda path: frame().to_json(path, orient="records", lines=True),
    "unicode.ndjson": lambda path: pl.from_pandas(frame()).write_ndjson(path),
    "bom.jsonl": lambda path: path.write_text(
        "\ufeff" + "\r\n\r\n".join(json.dumps({"caption": text}) for text in TEXTS), encoding="utf-8"
    ),
    "pandas.json": lambda path: frame().to_json(path, orient="records"),
    "pandas.parquet": lambda path: frame().to_parquet(path),
    "polars.parquet": lambda path: pl.from_pandas(frame()).write_parquet(path),
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_table_gives_the_same_flags_whoever_wrote_it(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name)
    rows = checked(tmp_path / name, *ONLY)
    assert [each["caption"] or None for each in rows] == TEXTS
    assert [each["flags"] for each in rows] == FLAGS
    for each in rows:
        for found in each["checks"]:
            assert set(found) == {"check", "start", "end", "text", "what", "value"}
            assert found["text"] == (each["caption"] or "")[found["start"] : found["end"]]
        assert [found["check"] for found in each["checks"]] == each["flags"]


def test_a_folder_of_texts(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    (folder / "b").mkdir(parents=True)
    (folder / ".cache").mkdir()
    (folder / ".cache" / "x.txt").write_text("x")
    (folder / "b" / "1.txt").write_text(TWINS[0] + "\n", encoding="utf-8-sig")
    (folder / "b" / "1.mp4").write_bytes(b"film")
    (folder / "b" / "ü.caption").write_text(f"  {MILLER}\n", encoding="utf-8")
    (folder / "b" / "3.txt").write_text("")
    (folder / "a.txt").write_text(TWINS[1], encoding="utf-8")
    (folder / "._a.txt").write_bytes(b"\x00\x05\x16\x07")
    rows = checked(folder, *ONLY)
    assert [(each["path"], each["caption"], each["flags"]) for each in rows] == [
        ("a.txt", TWINS[1], ["duplicate"]),
        ("b/1.txt", TWINS[0], ["duplicate"]),
        ("b/3.txt", "", ["empty"]),
        ("b/ü.caption", MILLER, []),
    ]
    assert [found["what"] for each in rows[:2] for found in each["checks"]] == [
        "the same as b/1.txt",
        "the same as a.txt",
    ]


def test_a_text_that_is_not_utf_8_is_a_fault_of_its_own_and_the_others_are_checked(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("Two crows hop over the café's wall.".encode("latin-1"))
    (tmp_path / "b.txt").write_text("Two geese.")
    assert flags(tmp_path) == [["encoding"], ["too_short"]]


def test_a_text_file_has_a_caption_in_each_line(tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text(f"{TWINS[0]}\n\n{TWINS[1]}\nTwo birds.\n")
    rows = checked(tmp_path / "prompts.txt", *ONLY)
    assert [(each["caption"], each["flags"]) for each in rows] == [
        (TWINS[0], ["duplicate"]),
        (TWINS[1], ["duplicate"]),
        ("Two birds.", ["too_short"]),
    ]
    assert rows[0]["checks"][0]["what"] == "the same as line 3"


@pytest.mark.parametrize("missing", ["null", "NaN", '""', '" \\n"', None])
def test_a_caption_that_is_not_there_is_empty(missing: str | None, tmp_path: Path) -> None:
    path = tmp_path / "captions.jsonl"
    path.write_text(
        json.dumps({"id": "a", "caption": MILLER})
        + ('\n{"id": "b"}' if missing is None else f'\n{{"id": "b", "caption": {missing}}}')
    )
    assert flags(path, *ONLY) == [[], ["empty"]]


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.jsonl", lambda path: path.write_text("")),
        ("a.json", lambda path: path.write_text("[]")),
        ("a.csv", lambda path: path.write_text("")),
        ("b.csv", lambda path: path.write_text("id,caption\n")),
        ("a.tsv", lambda path: path.write_text("\ufeffcaption\n", encoding="utf-8")),
        ("a.txt", lambda path: path.write_text("\n\n")),
        ("a.parquet", lambda path: pl.DataFrame({"caption": []}, schema={"caption": pl.String}).write_parquet(path)),
    ],
)
def test_where_nothing_is_nothing_is_wrong(name: str, write: Callable[[Path], object], tmp_path: Path) -> None:
    write(tmp_path / name)
    done = check(tmp_path / name, "-o", tmp_path / "out.parquet", *ONLY)
    assert (done.returncode, done.stdout, done.stderr) == (0, "captions checked: 0; with a fault: 0\n", "")
    assert len(pl.read_parquet(tmp_path / "out.parquet")) == 0


# --- what is known about a caption ---


CONTEXT: list[dict[str, Any]] = [
    {"caption": "A crow hops.", "min_words": 3},
    {"caption": "A crow hops off.", "min_words": 5},
    {"caption": "A crow hops over the low wall.", "max_words": 6},
    {"caption": "A cat naps beside the stove.", "trigger": ["ohw cat", "stove"]},
    {"caption": "The ohw cat naps beside the stove.", "trigger": ["ohw cat", "stove"]},
    {"caption": "A gull steals two sausages at once.", "forbid": ["sausage"]},
    {"caption": "A gull steals a roll, then another.", "forbid": ["sausage", "bun"]},
    {"caption": "A mason lays a row of bricks", "finish_reason": "length"},
    {"caption": "A mason lays a row of bricks", "finish_reason": "stop"},
    {"caption": 'A van says "Moss & Daughters" on its side.', "frame_captions": ["a van, parked", "a road"]},
    {"caption": 'A van says "Moss & Daughters" on its side.', "frame_captions": ["a van, Moss and Daughters", "x"]},
    {"caption": "Write what happens in the given clip.", "prompt": "Write what happens in the given clip."},
    {"caption": "Write what happens in the given clip."},
    {"caption": "Le chat dort sur le banc devant la maison.", "language": "fr"},
    {"caption": "Le chat dort sur le banc devant la maison, et le chien court.", "language": "en"},
]
OF_CONTEXT = [
    *([], ["too_short"], ["too_long"], ["missing_trigger"], [], ["forbidden_word"], [], ["truncated"], []),
    *(["unsupported_text"], [], ["prompt_echo"], [], [], ["wrong_language"]),
]
CONTEXT_CHECKS = ["--no-check", "all"]
for _name in sorted({name for names in OF_CONTEXT for name in names}):
    CONTEXT_CHECKS += ["--check", _name]
COLUMNS = list({name: None for record in CONTEXT for name in record})
EVERY = [{**dict.fromkeys(COLUMNS), **record} for record in CONTEXT]


def as_cells(many: Callable[[list[str]], str]) -> list[list[str]]:
    """The context as a table of texts, lists written by `many`."""

    def cell(value: Any) -> str:
        return many(value) if isinstance(value, list) else "" if value is None else str(value)

    return [COLUMNS, *([cell(record.get(name)) for name in COLUMNS] for record in CONTEXT)]


def context_csv(many: Callable[[list[str]], str]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(as_cells(many))

    return write


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("lists.jsonl", lambda path: lines(path, *CONTEXT)),
        ("lists.parquet", lambda path: pq.write_table(pa.Table.from_pylist(EVERY), path)),
        ("json.csv", context_csv(json.dumps)),
        ("lines.csv", context_csv("\n".join)),
        (
            "texts.jsonl",
            lambda path: lines(path, *(dict(zip(COLUMNS, cells, strict=True)) for cells in as_cells("\n".join)[1:])),
        ),
    ],
)
def test_a_row_says_what_its_caption_is_judged_by(name: str, write: Callable[[Path], object], tmp_path: Path) -> None:
    write(tmp_path / name)
    assert flags(tmp_path / name, *CONTEXT_CHECKS) == OF_CONTEXT


def test_lists_as_pandas_writes_them_in_csv(tmp_path: Path) -> None:
    row = {"caption": "The ohw cat naps.", "trigger": ["ohw cat", "nap, later"], "frame_captions": ["it's a cat", "b"]}
    pd.DataFrame([row]).to_csv(tmp_path / "a.csv", index=False)
    [one] = captions_in(tmp_path / "a.csv", of=Circumstances())
    assert (one.of.trigger, one.of.frame_captions) == (("ohw cat", "nap, later"), ("it's a cat", "b"))


@pytest.mark.parametrize("said", ["length", "LENGTH", "max_tokens", "MAX_TOKENS", "FinishReason.MAX_TOKENS"])
def test_every_servers_word_for_the_end_of_the_tokens_counts(said: str, tmp_path: Path) -> None:
    cut, whole = ({"caption": "A crow hops over the wall.", "finish_reason": end} for end in (said, "end_turn"))
    assert flags(lines(tmp_path / "a.jsonl", cut, whole), "--no-check", "duplicate") == [["truncated"], []]


def test_frame_captions_are_divided_at_line_breaks_only(tmp_path: Path) -> None:
    cells = ["a van, parked\n\na road\r\n", '["a van, parked", {"index": 3, "caption": "a road"}, null]']
    path = lines(tmp_path / "a.jsonl", *({"caption": "x", "frame_captions": cell} for cell in cells))
    for one in captions_in(path, of=Circumstances()):
        assert one.of.frame_captions == ("a van, parked", "a road")


def test_words_of_a_list_may_stand_between_commas(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "a.jsonl",
        {"caption": "The ohw cat naps.", "trigger": "ohw cat, naps", "forbid": "dog，fox"},
        {"caption": "The ohw cat naps.", "trigger": '["ohw cat, naps"]'},
        {"caption": "A fox naps.", "forbid": "dog,fox"},
    )
    only = ("--no-check", "all", "--check", "missing_trigger", "--check", "forbidden_word")
    assert flags(path, *only) == [[], ["missing_trigger"], ["forbidden_word"]]


def test_options_say_it_for_all_rows_that_do_not(tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text("Name every thing that can be seen here.\n")
    path = lines(
        tmp_path / "a.jsonl",
        {"caption": "A crow hops over the wall."},
        {"caption": "My ohw."},
        {
            "caption": "A crow hops over the wall.",
            "min_words": 2,
            "max_words": 20,
            "trigger": ["crow"],
            "forbid": ["x"],
        },
        {
            "caption": "Name every thing that can be seen here, a fox.",
            "min_words": 1,
            "max_words": 20,
            "trigger": ["fox"],
        },
    )
    options = ["--min-words", 4, "--max-words", 5, "--trigger", "ohw", "--forbid", "wall, fence", "--forbid", "crow"]
    options += ["--prompt", f"@{tmp_path / 'prompt.txt'}"]
    names = ("too_short", "too_long", "missing_trigger", "forbidden_word", "prompt_echo")
    only = ["--no-check", "all", *(word for name in names for word in ("--check", name))]
    rows = checked(path, *options, *only)
    assert [each["flags"] for each in rows] == [
        ["too_long", "missing_trigger", "forbidden_word"],
        ["too_short"],
        [],
        ["prompt_echo"],
    ]
    assert {found["text"].lower() for found in rows[0]["checks"] if found["check"] == "forbidden_word"} == {
        "wall",
        "crow",
    }


def test_duplicates_are_sought_among_the_rows_of_a_set(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "a.jsonl",
        *(
            {"id": name, "caption": TWINS[name in "bd"], "set": among}
            for name, among in zip("abcd", [1, 2, 1, None], strict=True)
        ),
    )
    rows = checked(path, *ONLY)
    assert [each["flags"] for each in rows] == [["duplicate"], [], ["duplicate"], []]
    assert rows[0]["checks"][0]["what"] == "the same as c" and rows[0]["checks"][0]["value"] == 1


def test_rows_that_name_no_set_are_in_none_where_others_name_one(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", *({"caption": TWINS[0], "set": among} for among in ("x", None, None, "x")))
    assert [bool(each["flags"]) for each in checked(path, *ONLY)] == [True, False, False, True]


def test_a_row_may_list_the_captions_of_its_set(tmp_path: Path) -> None:
    near = "A cat sleeps on a red sofa while heavy rain runs down the window of a small flat."
    text = near.replace("red", "blue")
    sets = ["[]", json.dumps([near]), ["Three geese cross a road.", near], ["Three geese cross a road."]]
    path = lines(tmp_path / "a.jsonl", *({"caption": text, "set": each} for each in sets))
    rows = checked(path, *ONLY)
    assert [bool(each["flags"]) for each in rows] == [False, True, True, False]
    # 16 shingles each, of which the three around the colour differ: 13 of 19.
    assert rows[1]["checks"][0]["value"] == pytest.approx(13 / 19) == rows[2]["checks"][0]["value"]


def test_more_tokens_than_an_encoder_reads_are_too_long(tmp_path: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0, "a": 1}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    path = captions(tmp_path / "a.jsonl", "a b c d e f", "a b c d e f g")
    rows = checked(path, "--max-tokens", 6, "--tokenizer", tmp_path, "--no-check", "all", "--check", "too_long")
    assert [each["flags"] for each in rows] == [[], ["too_long"]]
    assert rows[1]["checks"][0]["value"] == 7


# --- which checks, and how strict ---


def test_checks_are_chosen_by_name(tmp_path: Path) -> None:
    path = captions(
        tmp_path / "a.jsonl", "Waves roll onto an empty beach, creating a sense of peace and longing.", "Two birds."
    )
    assert flags(path) == [[], ["too_short"]]
    assert flags(path, "--check", "mood") == [["mood"], ["too_short"]]
    assert flags(path, "--all-checks") == [["mood"], ["too_short"]]
    assert flags(path, "--all-checks", "--no-check", "too_short") == [["mood"], []]
    assert flags(path, "--no-check", "all", "--check", "mood") == [["mood"], []]


@pytest.mark.parametrize("option", ["--limit", "--check-limit"])
def test_limits_can_be_changed(option: str, tmp_path: Path) -> None:
    path = captions(tmp_path / "a.jsonl", TWINS[0], TWINS[0].replace("wet", "dry"), "A fox, a fox, a fox, a fox.")
    alike = 9 - 3, 9 + 3  # groups of three words that both have, and that any has
    rows = checked(path, "--no-check", "all", "--check", "duplicate", option, "duplicate.likeness=0.45")
    assert [each["flags"] for each in rows] == [["duplicate"], ["duplicate"], []]
    assert rows[0]["checks"][0]["value"] == pytest.approx(alike[0] / alike[1])
    assert flags(path, "--no-check", "all", "--check", "duplicate") == [[], [], []]
    only = ("--no-check", "all", "--check", "repeats")
    assert flags(path, *only) == [[], [], ["repeats"]]
    assert flags(path, *only, option, "repeats.word_times=5", option, "duplicate.likeness=1") == [[], [], []]


# --- what comes out ---


def wide() -> pa.Table:
    return pa.table(
        {
            "caption": TEXTS,
            "id": pa.array([3, 1, None, 2**60, 0, -1]),
            "score": [0.1, 1e300, None, -0.0, 2.5, 1.0],
            "tags": [["a", "b"], [], None, ["c, d"], ["é\n"], ["x"]],
            "facts": [{"fps": 25, "codec": None}, None, {"fps": None, "codec": "av1"}, *[{"fps": 1, "codec": "x"}] * 3],
            "when": pa.array([0, 1, 2, None, 4, 5], pa.timestamp("us", "UTC")),
            'weiß, "nicht"': ["", " ", "=1+1", "0012", "true", "null"],
        }
    )


def test_rows_come_out_as_they_were_and_in_their_order(tmp_path: Path) -> None:
    before = wide()
    pq.write_table(before, tmp_path / "in.parquet", row_group_size=2)
    assert check(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", *ONLY).returncode == 3
    after = pq.read_table(tmp_path / "out.parquet")
    assert after.column_names == [*before.column_names, "flags", "checks"]
    assert after.select(before.column_names).to_pylist() == before.to_pylist()
    assert pl.read_parquet(tmp_path / "out.parquet")["flags"].to_list() == FLAGS
    found = pd.read_parquet(tmp_path / "out.parquet")["checks"]
    assert [[one["check"] for one in each] for each in found] == FLAGS
    assert found[2][0]["value"] == 1.0 and found[2][0]["text"] == TWINS[0]


def test_json_comes_out_as_it_was(tmp_path: Path) -> None:
    before = [
        {"caption": "Two birds.", "n": None, "at": {"x": [1, 2.5, None], "é": "\ud800\x00"}},
        {"n": 2**70, "caption": None, "": True},
        {"id": 7, "caption": MILLER},
    ]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in before))
    after = checked(path, *ONLY)
    assert [list(each) for each in after] == [[*each, "flags", "checks"] for each in before]
    assert [{name: each[name] for name in record} for each, record in zip(after, before, strict=True)] == before


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "ndjson", "parquet"])
def test_what_is_written_is_read_alike_by_others(ending: str, tmp_path: Path) -> None:
    WRITERS["pandas.csv"](tmp_path / "in.csv")
    output = tmp_path / f"out.{ending}"
    assert check(tmp_path / "in.csv", "-o", output, *ONLY).returncode == 3
    readers: dict[str, Callable[[Path], pl.DataFrame]] = {
        "csv": pl.read_csv,
        "tsv": lambda path: pl.read_csv(path, separator="\t"),
        "parquet": pl.read_parquet,
    }
    table = readers.get(ending, pl.read_ndjson)(output)
    assert table.columns == ["id", "caption", "flags", "checks"]
    assert [text or None for text in table["caption"]] == TEXTS
    cells = table["flags"].to_list()
    assert [json.loads(cell) if isinstance(cell, str) else cell for cell in cells] == FLAGS
    again = check(output, "-o", tmp_path / f"again.{ending}", *ONLY)  # what was found before is found anew
    assert again.returncode == 3
    assert (tmp_path / f"again.{ending}").read_bytes() == output.read_bytes()


def test_flags_of_the_rows_own_stay(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "a.jsonl",
        {"caption": MILLER, "flags": ["video_damaged", "too_short"]},
        {"caption": "Two birds.", "flags": "nsfw, blurred", "checks": "old"},
        {"caption": MILLER + " Und dann noch einmal.", "flags": None},
    )
    assert flags(path, "--no-check", "all", "--check", "too_short") == [
        ["video_damaged"],
        ["nsfw", "blurred", "too_short"],
        [],
    ]


def test_the_screen_says_how_many_and_shows_one(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "a.jsonl",
        *({"id": f"clip {number}", "caption": text} for number, text in enumerate((*TEXTS, "\x1b[31mred"))),
    )
    done = check(path, *ONLY)
    assert done.returncode == 3
    head, *rows, last = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert head == "check captions the first"
    assert [row.split()[:2] for row in rows if row.split()[0] in ("empty", "too_short", "duplicate")] == [
        ["empty", "1"],
        ["too_short", "2"],
        ["duplicate", "2"],
    ]
    assert any("clip 1" in row and "Two birds." in row for row in rows)
    assert last == "captions checked: 7; with a fault: 5 (71.4%)"
    done = check(captions(tmp_path / "b.jsonl", "\x1b[31mred\x07"), *ONLY)
    assert "\x1b" not in done.stdout and "\x07" not in done.stdout and "red" in done.stdout


def test_the_same_as_json(tmp_path: Path) -> None:
    WRITERS["pandas.jsonl"](tmp_path / "a.jsonl")
    done = check(tmp_path / "a.jsonl", "--json", *ONLY)
    said = json.loads(done.stdout)
    assert (said["file"], said["captions"], said["flagged"]) == (str(tmp_path / "a.jsonl"), 6, 4)
    assert {name: kind["count"] for name, kind in said["checks"].items()} == {
        "empty": 1,
        "too_short": 1,
        "duplicate": 2,
    }
    assert list(said["checks"]) == ["empty", "too_short", "duplicate"]
    assert said["checks"]["too_short"]["example"]["row"] == "b"
    assert said["checks"]["duplicate"]["example"] == {"row": "c", "text": TWINS[0], "what": "the same as f"}
    done = check(captions(tmp_path / "b.jsonl", MILLER), "--json", *ONLY)
    assert (done.returncode, json.loads(done.stdout)["checks"]) == (0, {})


def test_a_process_ends_with_a_code(tmp_path: Path) -> None:
    good, bad = captions(tmp_path / "good.jsonl", MILLER), captions(tmp_path / "bad.jsonl", COOK, "Two birds.")
    done = process(good, *ONLY)
    assert done == (0, "captions checked: 1; with a fault: 0\n", "")
    done = process(bad, "-o", tmp_path / "out.csv", *ONLY, PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (3, "") and "too_short" in done.stdout
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").startswith('caption,flags,checks\n"A cook')
    bad.write_text("oops")
    done = process(bad)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"framescribe: {bad}, line 1: not JSON") and done.stderr.count("\n") == 1


# --- results of framescribe ---


def edit(path: Path, new: str) -> Edit:
    about = {"id": path.name, "video_path": str(path), "fingerprint": None, "who": "me"}
    return Edit(**about, field="caption", old="x", new=new, when="2026-01-01T00:00:00+00:00")


CUT = "A mason lays bricks and sings"
QUOTE = 'A van says "Moss & Daughters" on its side.'


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet", "tar", "parts"])
def test_a_result_is_checked_as_it_stands(ending: str, tmp_path: Path) -> None:
    """With what people changed, in the order of its file; frame captions and the ends of answers are known."""
    seen = (FrameCaption(index=0, time=0.0, caption="a van, parked at the kerb"),)
    paths = [tmp_path / "clips" / f"{number}.mp4" for number in range(5)]
    rows = [
        row(paths[3], "Two birds."),
        row(paths[1], CUT, flags=("caption_truncated",), status="flagged"),
        row(paths[0], CUT + " loud", flags=("caption_truncated", "frame_shrunk"), status="flagged"),
        row(paths[2], QUOTE, frames=seen),
        row(paths[4], None, status="failed"),
    ]
    output = tmp_path / f"captions.{ending.replace('parts', 'jsonl')}"
    result(output, rows, finished=ending != "parts")
    results = Results(output)
    results.begin({})
    results.edit(edit(paths[3], "Two birds sit on a wire."), edit(paths[0], CUT + " loudly"))
    results.close()
    only = ["--no-check", "all"]
    for name in ("truncated", "too_short", "unsupported_text", "empty"):
        only += ["--check", name]
    found = checked(output, *only)
    by_name = {each["id"]: (each["caption"], each["flags"]) for each in found}
    assert by_name == {
        "3.mp4": ("Two birds sit on a wire.", []),
        "1.mp4": (CUT, ["caption_truncated", "truncated"]),
        "0.mp4": (CUT + " loudly", ["caption_truncated", "frame_shrunk"]),
        "2.mp4": (QUOTE, ["unsupported_text"]),
        "4.mp4": (None, ["empty"]),
    }
    if ending != "parts":
        assert [each["id"] for each in found] == ["3.mp4", "1.mp4", "0.mp4", "2.mp4", "4.mp4"]


def test_the_users_columns_of_a_result_count(tmp_path: Path) -> None:
    columns = [{"min_words": "2", "set": 1}, {"forbid": "bird", "set": 2}, {"set": 1, "prompt": "Two birds."}]
    rows = [replace(row(f"/{at}.mp4", "Two birds."), metadata=each) for at, each in enumerate(columns)]
    names = ("too_short", "forbidden_word", "duplicate", "prompt_echo")
    only = ["--no-check", "all", *(word for name in names for word in ("--check", name))]
    assert flags(result(tmp_path / "captions.csv", rows), *only) == [
        ["duplicate"],
        ["too_short", "forbidden_word"],
        ["too_short", "duplicate"],
    ]


def test_the_prompt_that_made_a_row_is_known_if_it_is_ours(tmp_path: Path) -> None:
    text = prompts.presets("clip")["default"]
    echo = " ".join(text.split()[:8]) + " a goat."
    made = {"fingerprint": "f", "fills": ["caption"], "prompt_sha256": hashlib.sha256(text.encode()).hexdigest()[:16]}
    other = {**made, "prompt_sha256": "0" * 16}
    rows = [
        replace(one, provenance={**one.provenance, "stages": {"clip": stage}})
        for one, stage in ((row("/a.mp4", echo), made), (row("/b.mp4", echo), other))
    ]
    output = result(tmp_path / "captions.jsonl", rows)
    only = ("--no-check", "all", "--check", "prompt_echo")
    assert flags(output, *only) == [["prompt_echo"], []]
    assert flags(output, *only, "--prompt", text) == [["prompt_echo"], ["prompt_echo"]]


def test_the_rows_of_a_result_stay_a_result(tmp_path: Path) -> None:
    rows = [
        replace(row("/clips/a.mp4", "Two birds."), metadata={"title": "ä", "checks": 3}),
        row("/clips/b.mp4", MILLER),
    ]
    output = result(tmp_path / "captions.jsonl", rows)
    checked(output, *ONLY)
    again = list(fs.rows(tmp_path / "captions.jsonl.checked.jsonl"))
    assert again == [replace(rows[0], flags=("too_short",)), rows[1]]
    assert check(output, "-o", tmp_path / "out.csv", *ONLY).returncode == 3
    table = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    assert list(table["title"]) == ["ä", ""] and list(table["flags"]) == ['["too_short"]', "[]"]


def full_row() -> Row:
    """One with a text of every kind, each in bold where it should not be."""
    facts = {"first_frame": 0, "last_frame": 9, "start": 0.0, "end": 1.0}
    stages = {
        "steps": {
            "output": {"steps": [{"index": 4, "time": 0.4, "changed": ["no one", "A man **leaves** the room."]}]}
        },
        "structure": {"output": {"subjects": [{"appearance": "a **red** van"}], "setting": "a street"}},
        "segments": {"segment": "1s", "output": {"segments": [{**facts, "caption": "A **van** is parked there."}]}},
        "lengths": {"output": {"short": "A mason **lays** bricks.", "long": MILLER}},
    }
    frames = (
        FrameCaption(index=0, time=0.0, caption="A mason stands."),
        FrameCaption(index=4, time=0.4, caption="**M**"),
    )
    return replace(row("/clips/a.mp4", MILLER, frames=frames), provenance={"schema": 2, "stages": stages})


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_all_texts_of_a_result_are_checked_and_their_places_named(ending: str, tmp_path: Path) -> None:
    output = result(tmp_path / f"captions.{ending}", [full_row(), row("/clips/b.mp4", "A **bold** mason lays bricks.")])
    only = ("--no-check", "all", "--check", "markup", "--check", "too_long")
    first, second = checked(output, *only)
    assert first["flags"] == [
        *("frame_caption_markup", "short_markup", "segment_caption_markup", "steps_markup", "structure_markup")
    ]
    assert [(one["in"], one["text"]) for one in first["checks"]] == [
        ("frame_caption 4", "**M**"),
        ("short", "**lays**"),
        ("segment_caption 1", "**van**"),
        ("steps 4 changed[1]", "**leaves**"),
        ("structure subjects[0].appearance", "**red**"),
    ]
    assert [(one["in"], one["text"]) for one in second["checks"]] == [("caption", "**bold**")]
    told = json.loads(check(output, "--json", *only).stdout)
    assert (told["captions"], told["flagged"], told["checks"]["markup"]["count"]) == (2, 2, 2)


def test_a_length_is_checked_by_its_limit_and_against_its_caption(tmp_path: Path) -> None:
    made = {"short": f"{MILLER} {MILLER}", "60w": "Three millers stand in a yard."}
    stages = {"lengths": {"output": made}}
    one = replace(row("/clips/a.mp4", "Two millers stand in a yard."), provenance={"schema": 2, "stages": stages})
    only = ("--no-check", "all", "--check", "too_long", "--check", "added_facts")
    assert flags(result(tmp_path / "captions.jsonl", [one]), *only) == [["short_too_long", "60w_added_facts"]]


# --- bad input ---


def refused(*words: object) -> str:
    """Why: one line, and code 2."""
    done = check(*words)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("framescribe: ")
    return line.removeprefix("framescribe: ")


BAD: dict[str, tuple[str, bytes, Sequence[str], str]] = {
    "no such column": ("a.csv", b"id,text\na,b\n", ["--caption-column", "words"], "no column 'words'. It has: id, t"),
    "no such key": ("a.jsonl", b'{"id": 1}\n{"words": "a"}', [], "--caption-column. It has: id, words"),
    "not JSON": ("a.jsonl", b'{"caption": "a"}\n\n{"caption": \n', [], "a.jsonl, line 3: not JSON"),
    "not an object": ("a.jsonl", b'{"caption": "a"}\n["a"]', [], "a.jsonl, line 2: a list, not an object"),
    "not a list": ("a.json", b'{"caption": "a"}', [], "a.json, line 1: an object, not a list"),
    "not UTF-8": ("a.csv", b"caption\nnaive\nna\xefve\n", [], "a.csv, line 3: this is not UTF-8"),
    "an open quote": ("a.csv", b'caption\n"a"\n"b\n', [], "a.csv, line 3: unexpected end of data"),
    "too many values": ("a.csv", b"id,caption\na,b\nc,d,e\n", [], "a.csv, line 3: 3 values for 2 columns"),
    "two columns of a name": ("a.csv", b"caption,caption\na,b\n", [], "two columns are named 'caption'"),
    "not a number": ("a.csv", b"caption,min_words\na,5\nb,few\n", [], "3: min_words must be a whole number, not 'few'"),
    "half a word": ("a.jsonl", b'{"caption": "a", "max_words": 2.5}', [], "line 1: max_words must be a whole number"),
    "no text": ("a.jsonl", b'{"caption": ["a", "b"]}', [], "a.jsonl, line 1: the caption is no text, but list"),
    "no Parquet": ("a.parquet", b"PAR1", [], "a.parquet cannot be read as Parquet"),
    "no table": ("a.docx", b"x", [], "a table with the ending '.docx' cannot be read"),
    "no such check": ("a.csv", b"caption\na\n", ["--check", "repeat"], "Did you mean 'repeats'?"),
    "no such limit": ("a.csv", b"caption\na\n", ["--limit", "duplicate.alike=1"], "no limit called 'alike'"),
    "no limit": ("a.csv", b"caption\na\n", ["--limit", "duplicate=1"], "'duplicate=1' is not CHECK.MEASURE"),
    "no figure": ("a.csv", b"caption\na\n", ["--limit", "duplicate.likeness=nan"], "is not CHECK.MEASURE=VALUE"),
    "no room": ("a.csv", b"caption\na\n", ["--min-words", "9", "--max-words", "8"], "9 is more than --max-words 8"),
    "no trigger": ("a.csv", b"caption\na\n", ["--trigger", ""], "--trigger is empty"),
    "no encoder": ("a.csv", b"caption\na\n", ["--max-tokens", "5"], "--tokenizer NAME belong together"),
    "no prompt": ("a.csv", b"caption\na\n", ["--prompt", "@gone.txt"], "gone.txt"),
    "no format": ("a.csv", b"caption\na\n", ["-o", "out.docx"], "out.docx: the ending decides the format"),
    "no folder": ("a.csv", b"caption\na\n", ["-o", "gone/out.csv"], "there is no folder"),
    "elsewhere": ("a.csv", b"caption\na\n", ["-o", "s3://bucket/out.csv"], "name a file on this machine's disks"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_that_says_where(name: str, tmp_path: Path) -> None:
    file, content, words, line = BAD[name]
    (tmp_path / file).write_bytes(content)
    assert line in refused(tmp_path / file, *words)


def test_what_cannot_be_checked_is_named(tmp_path: Path) -> None:
    assert "gone.csv does not exist" in refused(tmp_path / "gone.csv")
    (tmp_path / "empty").mkdir()
    assert "holds no texts" in refused(tmp_path / "empty")
    (tmp_path / "empty" / "a.txt").write_text("A crow hops over the wall.")
    assert "--caption-column is for tables" in refused(tmp_path / "empty", "--caption-column", "text")
    path = captions(tmp_path / "a.jsonl", "A crow hops over the wall.")
    assert "is the file that is to be checked" in refused(path, "-o", path)


def test_what_is_written_is_whole_or_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"caption": "A crow hops over the wall."}\n' * 2000 + "oops\n")
    output = captions(tmp_path / "out.jsonl", "Mine.")
    assert "line 2001" in refused(path, "-o", output, "--no-check", "duplicate")
    assert output.read_text() == '{"caption": "Mine."}\n'
    assert {each.name for each in tmp_path.iterdir()} == {"a.jsonl", "out.jsonl"}


# --- from Python ---


def test_from_python() -> None:
    found = fs.check(iter(TEXTS), off=["all"], on=["duplicate", "too_short", "empty"])
    assert [[one.check for one in each] for each in found] == FLAGS
    assert found[2][0].what == "the same as number 6"
    only = {"off": ["all"], "on": ["forbidden_word", "too_short"]}
    (faults,) = fs.check("A red fox, two foxes.", forbid="fox", **only)  # type: ignore[arg-type]
    assert [TWINS[0][0:0] + "A red fox, two foxes."[one.start : one.end] for one in faults] == ["fox", "foxes"]
    assert fs.check([], off=["all"]) == []
    with pytest.raises(fs.UserError, match="no check is called 'repeat'"):
        fs.check("a", on=["repeat"])
