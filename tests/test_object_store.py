"""Sources and results in an object store: a real S3 server (moto's) in a process of its own, over loopback.

Its faults come from a proxy in front of it. What is in the store is read with boto3, not with the code under test.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from framescribe.errors import RunError, Unreadable, UserError
from framescribe.frames import remote
from framescribe.frames.decoder import sample
from framescribe.frames.sampling import Sampling
from framescribe.results import object_parts
from framescribe.results.rows import Results, marked, read_rows
from framescribe.runners.ranks import Rank
from framescribe.runs.job import Watcher
from framescribe.sources import find_videos
from framescribe.storage import object_store
from tests.s3 import KEY, SECRET, Door, environment, s3_server
from tests.test_job import job, recipe
from tests.test_remote import noisy
from tests.test_results import ids, row, video, wanted
from tests.test_shards import pack
from tests.videos import film, number_in

MODELS = ("--model", "shapes-vlm", "--summary-model", "shapes-llm", "--sample", "uniform", "--frames", "2")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with s3_server(tmp_path_factory.mktemp("moto")) as door:
        yield door


@pytest.fixture
def door(server: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    for name, value in environment(server, tmp_path / "state").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(object_store, "FIRST_WAIT", 0.01)
    server.reset()
    yield server
    server.reset()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A bucket name unique to the test."""
    return f"b-{hashlib.md5(request.node.nodeid.encode()).hexdigest()[:12]}"


def find(*sources: str, **options: str) -> list[tuple[str, int | None]]:
    return [(one.id, one.size) for one in find_videos(list(sources), say=lambda line: None, **options)]


def framescribe(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "framescribe", *map(str, words)]
    environment = {**os.environ, **more}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


# ---------------------------------------------------------------------------------------------------- sources


def test_a_bucket_is_listed_as_the_same_tree_on_disk(door: Door, name: str, tmp_path: Path) -> None:
    tree = tmp_path / "clips"
    names = [
        "a.mp4",
        "b/c d/é [1]#%41?.MKV",
        "b/a.mp4",
        "b/.hidden.mp4",
        ".git/x.mp4",
        "b/list.txt",
        "z.webm",
        "c::d.ts",
    ]
    for number, one in enumerate(names):
        (tree / one).parent.mkdir(parents=True, exist_ok=True)
        (tree / one).write_bytes(b"x" * (number + 1))
    url = door.bucket(name, tree)
    door.client.put_object(Bucket=name, Key="b/", Body=b"")  # what web consoles create for an empty folder
    for pattern in ("", "/", "/*.mp4", "/**/*.mp4", "/b/*", "/*/*.mp4", "/b/c d/é [1]#%41?.MKV", "/a.mp4"):
        assert find(url + pattern) == find(str(tree) + pattern), pattern
    assert len(find(url)) == 5


def test_a_long_listing_comes_in_pages(door: Door, name: str) -> None:
    url = door.bucket(name)
    keys = [f"clips/{number:04}.mp4" for number in range(1100)]

    def put(some: list[str]) -> None:
        for key in some:
            door.client.put_object(Bucket=name, Key=key, Body=b"x")

    threads = [threading.Thread(target=put, args=(keys[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one for one, _ in find(f"{url}/clips/")] == [key.removeprefix("clips/") for key in keys]
    assert sum(asked.startswith(f"GET /{name}") for asked in door.asked) == 2


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "txt"])
def test_a_table_in_a_bucket_lists_videos_beside_it(door: Door, name: str, tmp_path: Path, ending: str) -> None:
    tree = tmp_path / "tree"
    (tree / "meta").mkdir(parents=True)
    table = pd.DataFrame({"path": ["a.mp4", "../clips/b.mp4"], "title": ["007", "x"]})
    listed = tree / "meta" / f"list.{ending}"
    if ending == "csv":
        table.to_csv(listed, index=False)
    elif ending == "jsonl":
        table.to_json(listed, orient="records", lines=True)
    elif ending == "parquet":
        table.to_parquet(listed)
    else:
        listed.write_text("\n".join(table["path"]))
    url = door.bucket(name, tree)
    videos = find_videos([f"{url}/meta/{listed.name}"], say=lambda line: None)
    assert [one.path for one in videos] == [f"{url}/meta/a.mp4", f"{url}/clips/b.mp4"]
    if ending != "txt":
        assert [one.metadata["title"] for one in videos] == ["007", "x"]


def test_an_object_that_was_replaced_is_captioned_again(door: Door, name: str, tmp_path: Path) -> None:
    url = door.bucket(name)
    for content in (b"x" * 100, b"x" * 101):
        door.client.put_object(Bucket=name, Key="a.mp4", Body=content)
        results = Results(f"{url}/captions.jsonl")
        plan = results.plan(find_videos([url], say=print), wanted())
        assert (len(plan.todo), plan.replaced) == (1, len(content) - 100)
        results.begin({})
        results.append(marked(row("a.mp4"), plan.todo[0], results))
        results.close()
    assert Results(f"{url}/captions.jsonl").plan(find_videos([url], say=print), wanted()).done == 1
    door.client.put_object(Bucket=name, Key="a.mp4", Body=b"y" * 101)  # of the same size, but its ETag is another
    plan = Results(f"{url}/captions.jsonl").plan(find_videos([url], say=print), wanted())
    assert (plan.done, [doubt.video.id for doubt in plan.doubts]) == (0, ["a.mp4"])


def test_what_cannot_be_listed_is_one_line(door: Door, name: str) -> None:
    url = door.bucket(name)
    for source in ("s3://no-such-bucket-here/clips/", "s3://no-such-bucket-here/a.mp4", f"{url}/gone.mp4"):
        with pytest.raises(UserError, match=f"^{source} cannot be read: there is no such file, folder or bucket$"):
            find(source)
    with pytest.raises(UserError, match=f"^no video in {url}/empty/ "):
        find(f"{url}/empty/")
    with pytest.raises(UserError, match=r"cannot be written: there is no such .* Choose another -o"):
        Results("s3://no-such-bucket-here/captions.jsonl").begin({})
    door.fault = lambda method, path, number: 403
    for call in (find, Results):
        with pytest.raises(UserError, match=r"cannot be read: permission is denied$"):
            call(f"{url}/captions.jsonl" if call is Results else f"{url}/clips/")
    with pytest.raises(UserError, match="only the part after the bucket can be a pattern"):
        find("s3://b*/a.mp4")
    with pytest.raises(UserError, match="a web server takes no files"):
        Results("https://host/captions.jsonl")


def test_without_credentials_or_the_package_it_is_one_line_too(door: Door, name: str, tmp_path: Path) -> None:
    url = door.bucket(name)
    nowhere = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "HOME": str(tmp_path)}
    done = framescribe("probe", f"{url}/clips/", **nowhere)
    assert (done.returncode, done.stderr) == (
        2,
        f"framescribe: {url}/clips/ cannot be read: no credentials were found\n",
    )
    (tmp_path / "s3fs.py").write_text("raise ImportError('s3fs')")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "src")])
    done = framescribe("probe", f"{url}/clips/", PYTHONPATH=path)
    assert done.returncode == 2
    assert done.stderr == (
        "framescribe: s3:// needs packages that are not installed. Install them: pip install 'framescribe[remote]'\n"
    )


# ---------------------------------------------------------------------------------------------------- videos


@pytest.mark.parametrize("ending", ["mp4", "mkv", "ts", "avi", "mpg", "h264"])
@pytest.mark.parametrize("method", ["mid", "uniform", "scenes"])
def test_no_byte_of_a_video_travels_twice(
    door: Door, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, method: str
) -> None:
    monkeypatch.setattr(remote, "BLOCK", 2**14)
    codec = {"codec": "mpeg2video", "container": "mpeg"} if ending == "mpg" else {}
    (tmp_path / "videos").mkdir()
    path = film(tmp_path / "videos" / f"a.{ending}", gop=10, **codec)
    url = door.bucket(name, path.parent)
    sampling = Sampling(method=method, frames=4 if method != "mid" else 1)  # type: ignore[arg-type]
    far = sample(f"{url}/{path.name}", sampling, key="", max_pixels=None)
    near = sample(str(path), sampling, key="", max_pixels=None)
    assert far.info == near.info
    assert [frame.index for frame in far.frames] == [number_in(frame.image) for frame in near.frames]  # type: ignore[arg-type]
    assert door.sent <= path.stat().st_size


def test_of_a_large_mp4_little_travels_and_of_a_stream_all_of_it_once(
    door: Door, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "BLOCK", 2**18)
    folder = tmp_path / "videos"
    folder.mkdir()
    for ending in ("mp4", "ts"):
        noisy(folder / f"a.{ending}", frames=150)
    url, sizes = door.bucket(name, folder), {}
    for ending in ("mp4", "ts"):
        door.sent, door.asked = 0, []
        clip = sample(f"{url}/a.{ending}", Sampling(), key="", max_pixels=None)
        assert [number_in(frame.image) for frame in clip.frames] == [75]  # type: ignore[arg-type]
        sizes[ending] = (folder / f"a.{ending}").stat().st_size
        assert sizes[ending] > 10 * remote.BLOCK
        assert door.sent <= sizes[ending]
        if ending == "mp4":
            assert door.sent < sizes[ending] / 3  # its index, and the group of ten pictures that holds the middle one
        else:  # later fetches take several blocks at once
            assert len(door.asked) < sizes[ending] / remote.BLOCK


def test_a_server_that_fails_or_is_slow_costs_no_video(door: Door, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    film(folder / "a.ts", gop=10)
    url = door.bucket(name, folder)
    door.fault = lambda method, path, number: 500 if number in (2, 3) else 1.0
    clip = sample(f"{url}/a.ts", Sampling(), key="", max_pixels=None)
    assert [number_in(frame.image) for frame in clip.frames] == [20]  # type: ignore[arg-type]
    door.fault = lambda method, path, number: 403 if method == "GET" else None
    with pytest.raises(Unreadable, match="does not permit"):
        sample(f"{url}/a.ts", Sampling(), key="", max_pixels=None)


def test_shards_in_a_bucket_are_as_those_on_disk_and_not_fetched(door: Door, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    content = noisy(tmp_path / "a.mp4").read_bytes()
    for number in range(2):
        described = json.dumps({"title": number}).encode()
        pack(folder / f"s-{number}.tar", {"0.mp4": content, "0.json": described, "1.mp4": content})
    url = door.bucket(name, folder)
    videos = find_videos([f"{url}/s-{{0..1}}.tar"], say=print)
    assert door.sent < len(content)  # of four of them
    near = find_videos([str(folder / "s-{0..1}.tar")], say=print)
    assert [(one.id, one.size, one.metadata) for one in videos] == [(one.id, one.size, one.metadata) for one in near]
    assert find(url) == find(f"{url}/*.tar") == find(str(folder))
    assert videos[0].place == f"{url}/s-0.tar/0.mp4"
    door.sent = 0
    clip = sample(videos[3].path, Sampling(), key="", max_pixels=None)
    assert [number_in(frame.image) for frame in clip.frames] == [30]  # type: ignore[arg-type]
    assert door.sent < len(content) + 2 * remote.BLOCK
    door.client.put_object(Bucket=name, Key="s-1.tar", Body=(folder / "s-1.tar").read_bytes()[: -len(content)])
    with pytest.raises(UserError, match=f"^{url}/s-1.tar cannot be read as a plain tar after 1.mp4"):
        find(url)


READS = """
import sys, time
from framescribe.frames.remote import RemoteFile
file = RemoteFile(sys.argv[1])
content = file.read()
file.seek(0)
assert file.read() == content and len(content) == file.size
print("read", flush=True)
time.sleep(60)
"""


def test_a_reader_that_is_killed_leaves_no_file_behind(door: Door, name: str, tmp_path: Path) -> None:
    url = door.bucket(name)
    door.client.put_object(Bucket=name, Key="a.mp4", Body=os.urandom(3_000_000))
    (tmp_path / "tmp").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", READS, f"{url}/a.mp4"],
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "read\n"
    kept = [os.readlink(link) for link in Path(f"/proc/{process.pid}/fd").iterdir() if link.is_symlink()]
    assert any(str(tmp_path / "tmp") in place for place in kept)  # it existed before
    process.kill()
    process.wait()
    process.stdout.close()
    assert list((tmp_path / "tmp").iterdir()) == []
    assert door.sent == 3_000_000


def test_where_the_disk_takes_no_more_it_is_read_all_the_same(door: Door, name: str) -> None:
    url = door.bucket(name)
    door.client.put_object(Bucket=name, Key="a.mp4", Body=os.urandom(3_000_000))
    limited = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1500000, 1500000))\n"
    done = subprocess.run(
        [sys.executable, "-c", limited + READS.replace("time.sleep(60)", ""), f"{url}/a.mp4"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "read\n"), done.stderr
    assert door.sent < 6_000_000


# ---------------------------------------------------------------------------------------------------- results


@pytest.mark.slow
def test_a_run_from_bucket_to_bucket_that_is_killed_goes_on(door: Door, name: str, demo_clips, tmp_path: Path) -> None:
    clips = demo_clips[0].path.parent
    straight = tmp_path / "straight.jsonl"
    job(recipe(Sampling(method="uniform", frames=2)), find_videos([str(clips)], say=print), straight)
    url = door.bucket(name, clips)
    output = f"{url}/run/captions.jsonl"
    words = ("caption", f"{url}/", *MODELS, "-o", output, "--check-content")
    command = [sys.executable, "-m", "framescribe", *map(str, words)]
    spool = tmp_path / "state" / "framescribe" / "spool"
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while sum(part.read_bytes().count(b"\n") for part in spool.glob("*/*.jsonl")) < 3 and time.monotonic() < end:
        time.sleep(0.02)
    with pytest.raises(UserError, match=f"{output} is being written by another run, process {run.pid} on"):
        Results(output).begin({})
    run.send_signal(signal.SIGKILL)
    _, told = run.communicate()
    assert run.returncode == -9
    kept = sum(part.read_bytes().count(b"\n") for part in spool.glob("*/*.jsonl"))
    assert len(Results(output)) == kept  # on this machine, rows that are not in the store yet count
    before = door.objects(name, "run/captions.jsonl.parts/")
    again = framescribe(*words)
    assert again.returncode == 0, again.stderr
    assert f"comparing files with the hashes in their rows: {kept}" in again.stderr
    assert f"videos already done: {kept}" in again.stderr
    held = door.objects(name)
    lines = [json.loads(line) for line in held["run/captions.jsonl"].decode().splitlines()]
    truth = [json.loads(line) for line in straight.read_text().splitlines()]
    for one in lines:
        content = (clips / one["id"]).read_bytes()
        assert one["provenance"]["file"]["content"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    for one in [*lines, *truth]:
        one["video_path"] = one["video_path"].rsplit("/", 1)[-1]
        del one["provenance"]
    assert lines == truth
    parts = {key: body for key, body in held.items() if key.endswith(".jsonl") and ".parts/" in key}
    assert sum(body.count(b"\n") for body in parts.values()) == len(truth)
    for key, body in before.items():
        assert key.endswith("recipe.json") or held[key] == body, "a part was rewritten"
    assert list(spool.glob("*/*.jsonl")) == []
    everything = b"".join(held.values()).decode(errors="replace") + told + again.stdout + again.stderr
    assert SECRET not in everything and KEY not in everything


@pytest.mark.slow
def test_ranks_share_a_bucket(door: Door, name: str, demo_clips, tmp_path: Path) -> None:
    url = door.bucket(name, demo_clips[0].path.parent)
    words = ["frames", f"{url}/", *MODELS[:2], "-o", f"{url}/out/frames.csv"]
    ranks = [
        subprocess.Popen(
            [sys.executable, "-m", "framescribe", *words],
            env={**os.environ, "WORLD_SIZE": "2", "RANK": str(number), "LOCAL_RANK": str(number), "MASTER_PORT": "1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]
    said = [rank.communicate(timeout=200)[1] for rank in ranks]
    assert [rank.returncode for rank in ranks] == [0, 0], said
    held = door.objects(name, "out/")
    writers = {key.rsplit("-", 1)[-1] for key in held if ".parts/" in key and key.endswith(".jsonl")}
    assert writers == {f"{rank.pid}.jsonl" for rank in ranks}
    assert {one.id for one in read_rows(f"{url}/out/frames.csv")} == {clip.path.name for clip in demo_clips}


def test_rows_become_objects_while_a_run_goes_on(door: Door, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    output = f"{door.bucket(name)}/captions.jsonl"
    monkeypatch.setattr(object_parts, "ROWS_AN_OBJECT", 5)
    monkeypatch.setattr(object_parts, "SECONDS_AN_OBJECT", 1.0)
    monkeypatch.setattr(object_parts, "LOOK_SECONDS", 0.0)

    def uploaded(count: int) -> dict[str, bytes]:
        end = time.monotonic() + 30
        while True:
            held = {key: body for key, body in door.objects(name, "captions.jsonl.parts/").items() if key[-1] == "l"}
            if sum(body.count(b"\n") for body in held.values()) >= count or time.monotonic() > end:
                return held
            time.sleep(0.05)

    one, two = Results(output), Results(output)
    one.begin({"inputs": 7}, "one launch")
    two.begin({"inputs": 7}, "one launch")
    for number in range(5):
        one.append(row(f"{number}.mp4"))
    first = uploaded(5)  # because there are so many
    assert len(first) == 1
    one.append(row("5.mp4"))
    second = uploaded(6)  # because enough time has passed
    assert len(second) == 2 and first.items() <= second.items()
    two.refresh()
    assert {name for name, _ in two.fresh} == {f"{number}.mp4" for number in range(6)}
    two.append(row("6.mp4"))
    two.close()
    one.refresh()
    assert len(one) == 7
    one.finish([video(f"{number}.mp4") for number in range(7)])
    assert [json.loads(line)["id"] for line in door.objects(name)["captions.jsonl"].splitlines()] == [
        f"{number}.mp4" for number in range(7)
    ]


def test_a_machine_that_is_lost_costs_what_was_not_uploaded(door: Door, name: str, monkeypatch, tmp_path: Path) -> None:
    output = f"{door.bucket(name)}/captions.jsonl"
    first = Results(output)
    first.begin({})
    first.append(row("a.mp4"))
    first.close()
    script = (
        "import os, sys\nfrom tests.test_results import *\n"
        "results = Results(sys.argv[1]); results.begin({}); results.append(row('b.mp4')); os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, output], cwd=Path(__file__).parent.parent).returncode == -9
    (part,) = (tmp_path / "state").rglob("*.jsonl")
    part.write_bytes(part.read_bytes() + b'{"id": "torn.mp4", "video_pa')
    assert sorted(one.id for one in Results(output).rows()) == ["a.mp4", "b.mp4"]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    plan = Results(output).plan([video("a.mp4"), video("b.mp4")], wanted())
    assert ids(plan) == ["b.mp4"]
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    here = Results(output)
    here.begin({})  # what was left is uploaded as it is
    here.close()
    assert not part.exists()
    again = Results(output)
    assert sorted(one.id for one in again.rows()) == ["a.mp4", "b.mp4"]
    assert again.unreadable_lines == 0


def test_rows_that_a_store_does_not_take_wait_on_this_machine(door: Door, name: str, tmp_path: Path) -> None:
    output = f"{door.bucket(name)}/captions.jsonl"
    results = Results(output)
    results.begin({})
    results.append(row("a.mp4"))
    door.fault = lambda method, path, number: 403 if method == "PUT" else None
    with pytest.raises(RunError, match=r"rows cannot be uploaded to .*: permission is denied\. They wait in .*state/"):
        results.close()
    assert not [key for key in door.objects(name) if key.endswith("0.jsonl")]
    door.reset()
    done = framescribe("status", output, "--finish")
    assert "videos with a row: 1" in done.stdout, done.stderr
    results.close()
    assert [json.loads(line)["id"] for line in door.objects(name)["captions.jsonl"].splitlines()] == ["a.mp4"]
    parts = [body for key, body in door.objects(name, "captions.jsonl.parts/").items() if key.endswith(".jsonl")]
    assert [json.loads(body)["id"] for body in parts] == ["a.mp4"]


def test_uploads_survive_errors_of_the_server(door: Door, name: str) -> None:
    output = f"{door.bucket(name)}/captions.parquet"
    door.fault = lambda method, path, number: 500 if number % 3 == 0 else None
    results = Results(output)
    results.begin({"inputs": 1})
    results.append(row("a.mp4", "whole"))
    results.finish([video("a.mp4")])
    door.reset()
    assert [one.caption for one in Results(output).rows()] == ["whole"]
    assert [one.caption for one in read_rows(output)] == ["whole"]


def test_a_finished_object_whose_parts_are_gone_still_counts(door: Door, name: str) -> None:
    output = f"{door.bucket(name)}/captions.jsonl"
    results = Results(output)
    results.begin({})
    results.append(row("a.mp4", "kept"))
    results.finish([video("a.mp4")])
    for key in door.objects(name, "captions.jsonl.parts/"):
        door.client.delete_object(Bucket=name, Key=key)
    again = Results(output)
    assert again.plan([video("a.mp4")], wanted()).done == 1
    again.begin({})
    again.append(row("b.mp4", "new"))
    again.finish([video("a.mp4"), video("b.mp4")])
    assert [one.caption for one in Results(output).rows()] == ["kept", "new"]


def test_a_changed_object_of_the_same_size_is_seen_by_its_content(door: Door, name: str, demo_clips, tmp_path) -> None:
    url, output = door.bucket(name), tmp_path / "frames.jsonl"
    small, other = (clip.path.read_bytes() for clip in demo_clips[:2])
    longest, said = max(len(small), len(other)), []
    made = recipe(Sampling(), without="summary")
    for content in (small, other):
        body = content + bytes(longest - len(content))  # what follows an mp4's last box is left alone
        door.client.put_object(Bucket=name, Key="a.mp4", Body=body)
        door.sent = 0
        job(made, find_videos([url], say=print), output, check_content=True, watcher=Watcher(say=said.append))
        (one,) = read_rows(output)
        assert one.file["content"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
        assert one.size == longest
    assert "videos to be captioned again, because their file is a different one: 1" in said
    assert door.sent == 2 * longest  # once to compare, once to hash and decode


@pytest.mark.parametrize("moment", ["lock", "upload"])
@pytest.mark.parametrize("kept", [False, True], ids=["new rows", "rows of a finished file"])
def test_another_rank_that_looks_at_the_spool_at_any_moment_takes_no_row_away(
    door: Door, name: str, moment: str, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rank that begins uploads what dead ones left in the spool, and removes it."""
    output = f"{door.bucket(name)}/captions.jsonl"
    if kept:
        results = Results(output)
        results.begin({})
        results.append(row("0.mp4"))
        results.finish([video("0.mp4")])
        for key in door.objects(name, "captions.jsonl.parts/"):
            door.client.delete_object(Bucket=name, Key=key)
    own, busy = getattr(object_parts, moment), []

    def meanwhile(*given: object) -> object:
        if not busy:
            busy.append(True)
            other = Results(output)
            other._store.begin({}, "one launch", output)  # all that it does before it waits for this one
            other.close()
            busy.clear()
        return own(*given)

    results = Results(output)
    with monkeypatch.context() as patched:
        patched.setattr(object_parts, moment, meanwhile)
        results.begin({}, "one launch")
        results.append(row("1.mp4"))
        results.append(row("2.mp4"))
        results.close()
    expected = {"1.mp4", "2.mp4"} | ({"0.mp4"} if kept else set())
    assert {one.id for one in results.rows()} == expected
    held = door.objects(name, "captions.jsonl.parts/")
    lines = [line for key, body in held.items() if key.endswith(".jsonl") for line in body.splitlines()]
    assert {json.loads(line)["id"] for line in lines} == expected
    spool = Path(os.environ["XDG_STATE_HOME"], "framescribe", "spool")
    assert {path.name for path in spool.rglob("*") if path.is_file()} <= {".held", ".edits", ".finishing"}  # its locks


def test_a_part_that_is_uploaded_while_the_store_is_listed_is_read(
    door: Door, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = f"{door.bucket(name)}/captions.jsonl"
    writer = Results(output)
    writer.begin({})
    writer.append(row("a.mp4"))
    own = object_parts.listed

    def then_uploaded(*given: object):  # type: ignore[no-untyped-def]
        found = list(own(*given))
        if writer is not None:
            writer.close()
        return iter(found)

    monkeypatch.setattr(object_parts, "listed", then_uploaded)
    reader = Results(output)
    assert [one.id for one in reader.rows()] == ["a.mp4"]


def test_looking_at_a_store_does_not_hold_up_the_event_loop(door: Door, name: str) -> None:
    output = f"{door.bucket(name)}/captions.jsonl"
    videos = [video(f"{number}.mp4") for number in range(3)]
    asked, ticked = threading.Event(), threading.Event()
    in_time: list[bool] = []

    def waits(method: str, path: str, number: int) -> None:
        if not in_time:
            asked.set()
            in_time.append(ticked.wait(20))

    async def main() -> None:
        results = Results(output)
        results._store._looked = -1e9  # type: ignore[attr-defined]
        door.fault = waits
        planner = results.planner(wanted(), videos)
        first = asyncio.ensure_future(
            anext(Rank(0, 2, 0, "one").work(planner.plan(videos).todo, planner, videos, results, lambda: 1))
        )
        await asyncio.to_thread(asked.wait, 30)
        ticked.set()
        assert (await first).video == videos[0]

    asyncio.run(main())
    assert in_time == [True]


def test_of_a_bucket_only_the_folders_are_listed_that_a_limit_needs(door: Door, name: str, tmp_path: Path) -> None:
    """In the order of the whole list, whatever folders and files are called."""
    names = ["a-b/1.mp4", "a.mp4", "a/2.mp4", "a/b/3.mp4", "a/b.mp4", "a0.mp4", "b/.hidden/x.mp4", "b/notes.txt"]
    names += [f"c/{folder:03}/{number}.mp4" for folder in range(60) for number in range(3)]
    for one in names:
        path = tmp_path / "set" / one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.encode())
    url = door.bucket(name, tmp_path / "set")
    wanted = sorted(one for one in names if one.endswith(".mp4") and "/." not in one)
    assert [video.id for video in find_videos([url], say=print)] == wanted
    assert [video.id for video in find_videos([str(tmp_path / "set")], say=print)] == wanted
    for limit in (1, 3, 6, 8, 100, 1000):
        for source in (url, f"{url}/**/*.mp4", str(tmp_path / "set")):
            found = [(video.id, video.size) for video in find_videos([source], limit=limit, say=print)]
            assert found == [(one, len(one)) for one in wanted[:limit]]
    door.reset()
    find_videos([url], say=print)
    whole = door.listed
    door.reset()
    find_videos([url], limit=8, say=print)
    assert 0 < door.listed < whole / 4
    with pytest.raises(UserError, match="no such file"):
        find_videos([f"{url}-not-there"], limit=3, say=print)
    with pytest.raises(UserError, match=r"no video in .*/b/ \(looked for .*, in 1 files\)"):
        find_videos([f"{url}/b"], limit=3, say=print)


def test_of_tars_in_a_bucket_only_some_are_read_for_a_limit(door: Door, name: str, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for number in range(40):
        pack(tmp_path / "set" / f"{number:02}.tar", {"a.mp4": b"one", "b.mp4": b"two"})
    url = door.bucket(name, tmp_path / "set")
    whole = [f"{number:02}.tar/{clip}.mp4" for number in range(40) for clip in "ab"]
    assert [video.id for video in find_videos([url], say=print)] == whole
    door.reset()
    assert [video.id for video in find_videos([url], limit=3, say=print)] == whole[:3]
    assert len({one for one in door.asked if ".tar" in one}) <= 20
