"""In a notebook: calls work in its event loop, and a row shows the frames that were captioned, and nothing else."""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import framescribe as fs
from framescribe.records import FrameCaption
from tests.review import made, told
from tests.servers import ScriptedServer, says, tells

SHADES = (20, 80, 140, 200)  # of a film's frames, in order


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


def film(path: Path, shades: tuple[int, ...] = SHADES) -> Path:
    """One frame of each shade of grey, four a second."""
    with av.open(str(path), "w", format="avi") as output:
        stream = output.add_stream("rawvideo", rate=4)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        for shade in shades:
            picture = np.full((480, 640, 3), shade, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        output.mux(stream.encode(None))
    return path


def pictures(html: str) -> list[Image.Image]:
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', html)
    return [Image.open(io.BytesIO(base64.b64decode(one))) for one in found]


def shown(row: fs.Row) -> str:
    html = row._repr_html_()
    assert html is not None
    return html


def test_a_row_shows_the_frames_that_were_captioned(server: ScriptedServer, tmp_path: Path) -> None:
    path = film(tmp_path / "film.avi")
    row = fs.caption(path, base_url=server.url, sample="uniform", frames=4)
    html = shown(row)
    means = [np.asarray(picture).mean() for picture in pictures(html)]
    assert means == pytest.approx(SHADES, abs=6)
    assert all(picture.width * picture.height <= 240 * 180 for picture in pictures(html))
    figures = re.findall(r"<figure.*?</figure>", html)
    assert len(figures) == 4
    for figure, frame, time in zip(figures, row.frames, ("0.00 s", "0.25 s", "0.50 s", "0.75 s"), strict=True):
        assert frame.caption is not None and frame.caption in figure and time in figure
    assert row.caption is not None and row.caption in html.rpartition("</figure>")[2]
    assert "ok" in html and "640×480" in html


def test_of_frames_out_of_order_each_picture_is_its_own(server: ScriptedServer, tmp_path: Path) -> None:
    row = fs.caption(film(tmp_path / "film.avi"), base_url=server.url, sample="times", times=[0.8, 0.3])
    assert [np.asarray(picture).mean() for picture in pictures(shown(row))] == pytest.approx([80, 200], abs=6)
    turned = replace(row, frames=row.frames[::-1])
    assert [np.asarray(picture).mean() for picture in pictures(shown(turned))] == pytest.approx([200, 80], abs=6)


def test_everything_that_others_wrote_is_escaped(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script>\"&"
    path = film(tmp_path / "<img src=x onerror=alert(1)>.avi")
    with ScriptedServer(says(evil)) as server:
        row = fs.caption(path, base_url=server.url, gate="off")
    html = shown(replace(row, flags=(evil,)))
    failed = shown(replace(row, error=fs.Row.from_dict(BROKEN | {"id": evil}).error))
    for text in (html, failed):
        assert "<script" not in text and "<img src=x" not in text
    assert html.count("&lt;script&gt;") == 3 and failed.count("&lt;script&gt;") == 4


BROKEN = {
    "id": "x",
    "video_path": "/nowhere/x.mp4",
    "caption": None,
    "status": "failed",
    "error": {"stage": "decode<script>", "kind": "unreadable", "message": "It is <script> no video."},
}


def test_a_row_whose_file_is_gone_or_another_is_shown_without_pictures(server: ScriptedServer, tmp_path: Path) -> None:
    path = film(tmp_path / "film.avi")
    row = fs.caption(path, base_url=server.url)
    assert len(pictures(shown(row))) == 1
    film(path, SHADES[::-1])
    assert pictures(shown(row)) == [] and str(row.caption) in shown(row)
    path.unlink()
    assert pictures(shown(row)) == [] and str(row.caption) in shown(row)
    assert "failed: decode" in shown(fs.Row.from_dict(BROKEN))


def test_a_long_row_shows_a_dozen_frames() -> None:
    row = replace(
        fs.Row.from_dict(BROKEN),
        frames=tuple(FrameCaption(index=n, time=float(n), caption=f"said {n}.") for n in range(40)),
    )
    assert "said 11." in shown(row) and "said 12." not in shown(row) and "28 more frames" in shown(row)


def test_lengths_and_segments_are_shown_briefly(tmp_path: Path) -> None:
    output = made.result(tmp_path / "captions.jsonl", [told.of_lengths(tmp_path), told.segmented(tmp_path)])
    html = {row.id: shown(row) for row in fs.rows(output)}
    lengths, segments = html["lengths.mp4"], html["segments.mp4"]
    assert lengths.count(told.LONG) == 1 and lengths.count(f"<em>short</em> {told.SHORT}") == 1
    assert "<em>0–2 s</em> A blue triangle enters" in segments and "<em>4–6 s</em> It leaves" in segments


def test_a_row_and_a_recipe_in_one_line(server: ScriptedServer, tmp_path: Path) -> None:
    row = fs.caption(film(tmp_path / "film.avi"), base_url=server.url)
    assert repr(row) == f"Row(id='film.avi', status='ok', caption={row.caption!r}, frames=1)"
    broken = "Row(id='x', status='failed', error='decode<script>: It is <script> no video.', frames=0)"
    assert repr(fs.Row.from_dict(BROKEN)) == broken
    assert repr(fs.Recipe(model="m", frames=3, seed=0)) == "Recipe(model='m', frames=3)"
    assert eval(repr(fs.Recipe(model="m")), {"Recipe": fs.Recipe}) == fs.Recipe(model="m")


def test_in_a_real_notebook(server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jupyter's own kernel, in whose main thread an event loop is running."""
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    film(tmp_path / "a.avi")
    film(tmp_path / "b.avi", (10, 250))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    cells = [
        f"import framescribe as fs\nurl = {server.url!r}",
        "row = fs.caption('a.avi', base_url=url)\nrow",
        "for one in fs.run(fs.Recipe(base_url=url, decoders=1), '.', 'out.jsonl'):\n    break\nprint('left')",
        "print(len(list(fs.run(fs.Recipe(base_url=url, decoders=1), '.', 'out.jsonl'))) < 2)",
        "again = await fs.caption_async('a.avi', base_url=url)\nprint(again.caption == row.caption)",
        "print([one.id async for one in fs.run_async(fs.Recipe(base_url=url), '.', 'other.jsonl')])",
        "print(sorted(one.id for one in fs.rows('out.jsonl')))",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    client.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [cell.outputs for cell in notebook.cells]
    (display,) = outputs[1]
    assert len(pictures(display.data["text/html"])) == 1
    assert np.asarray(pictures(display.data["text/html"])[0]).mean() == pytest.approx(SHADES[2], abs=6)
    said = ["".join(output.text for output in of) for of in outputs[2:]]
    assert said[:3] == ["left\n", "True\n", "True\n"]
    assert sorted(eval(said[3])) == eval(said[4]) == ["a.avi", "b.avi"]
    assert all(output.get("name") != "stderr" for of in outputs for output in of)
