"""Clips that are cut out keep their sound: its pitch tells which second of the source is heard at each picture."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from framescribe.dataset.export import export_rows
from framescribe.frames.cutting import Cutter
from tests.exports import result
from tests.films import program
from tests.test_export_segments import IN_SEGMENTS, WORDS, divided, numbers
from tests.tones import RATE, heard, streams, tone, with_sound
from tests.videos import film

pytestmark = pytest.mark.skipif(program() is None, reason="no ffmpeg program to make films: pip install imageio-ffmpeg")
FRAME = 1024 / RATE  # seconds of a frame of sound
CUTS = ((0, 32), (33, 33), (34, 99))  # of films of 100 frames, 25 a second


def cut(source: Path, *parts: tuple[int, int]) -> list[Path]:
    """The parts of the film as clips; their pictures are already proven here."""
    made = [source.parent / f"{source.name}.{first}.mp4" for first, _ in parts]
    with Cutter() as cutter:
        for (first, last), target in zip(parts, made, strict=True):
            cutter.cut(str(source), first, last, str(target), "")
    assert [numbers(path) for path in made] == [list(range(first, last + 1)) for first, last in parts]
    return made


def in_time(clip: Path, begin: float, seconds: float, frame: float = FRAME, **more: int) -> None:
    """The clip sounds as the source does from second `begin` on, for so long; its first 0.15 s do not count, which some
    encoders spoil."""
    sound = heard(clip, **more)
    assert sound.seconds == pytest.approx(seconds, abs=frame)
    at = [0.05 * step for step in range(1, int(seconds / 0.05)) if begin + 0.05 * step > 0.15]
    assert [sound.time(second) for second in at] == pytest.approx([begin + second for second in at], abs=frame)


@pytest.mark.parametrize(
    ("name", "codec", "sound", "options"),
    [
        ("aac.mp4", "libx264", tone(), "-map 1:a -c:a aac"),
        ("opus.webm", "libvpx-vp9", tone(), "-map 1:a -c:a libopus"),
        ("vorbis.mkv", "libx264", tone(rate=44100), "-map 1:a -c:a libvorbis"),
        ("pcm.mov", "libx264", tone(rate=96000), "-map 1:a -c:a pcm_s24le"),
        ("fast.mkv", "libx264", tone(rate=192000), "-map 1:a -c:a flac"),
        ("odd_rate.avi", "mpeg4", tone(rate=11127), "-map 1:a -c:a pcm_u8"),
        ("ac3.avi", "mpeg4", tone(rate=32000), "-map 1:a -c:a ac3"),
        ("wma.asf", "mpeg4", tone(rate=22050), "-map 1:a -c:a wmav2"),
        ("phone.mov", "libx264", tone(rate=8000), "-map 1:a -c:a pcm_mulaw"),
        ("late_clock.ts", "libx264", tone(), "-map 1:a -c:a mp2"),
        ("stamped.flv", "libx264", tone(rate=44100), "-map 1:a -c:a libmp3lame"),
    ],
)
def test_any_sound_is_heard_at_its_pictures(tmp_path: Path, name: str, codec: str, sound: str, options: str) -> None:
    pictures = film(tmp_path / "silent.mkv", codec=codec, frames=100, gop=30)
    source = with_sound(pictures, tmp_path / name, sound, options)
    for clip, (first, last) in zip(cut(source, *CUTS), CUTS, strict=True):
        (found,) = streams(clip)
        assert found.startswith("aac")
        in_time(clip, first / 25, (last + 1 - first) / 25, 1024 / int(found.split(" Hz")[0].rsplit(" ", 1)[1]))


def source_with(tmp_path: Path, inputs: str, options: str, name: str = "a.mkv") -> Path:
    return with_sound(film(tmp_path / "silent.mkv", frames=100), tmp_path / name, inputs, options)


def test_a_film_without_sound_gives_clips_without(tmp_path: Path) -> None:
    assert [streams(clip) for clip in cut(film(tmp_path / "a.mp4", frames=100), *CUTS)] == [[], [], []]


def test_channels_stay_apart(tmp_path: Path) -> None:
    left_and_right = f"{tone()} {tone(start=5)} -filter_complex [1:a][2:a]join=inputs=2:channel_layout=stereo[a]"
    clip = cut(source_with(tmp_path, left_and_right, "-map [a] -c:a flac"), (25, 74))[0]
    in_time(clip, 1, 2)
    in_time(clip, 6, 2, channel=1)
    assert "stereo" in streams(clip)[0]


@pytest.mark.parametrize(
    ("layout", "codec", "told"),
    [("5.1", "ac3", "5.1"), ("5.1(side)", "flac", "5.1"), ("7.1", "flac", "5.1"), ("quad", "flac", "stereo")],
)
def test_surround_sound_stays_surround_or_becomes_stereo(tmp_path: Path, layout: str, codec: str, told: str) -> None:
    around = f"{tone()} -filter_complex [1:a]pan={layout}|FL=c0[a]"
    clip = cut(source_with(tmp_path, around, f"-map [a] -c:a {codec}"), (25, 74))[0]
    assert told in streams(clip)[0]
    in_time(clip, 1, 2)
    assert heard(clip, channel=1).time(1) is None  # front right


def test_channels_without_names_become_stereo(tmp_path: Path) -> None:
    unnamed = f"{tone()} -filter_complex [1:a]pan=4c|c0=c0|c1=c0|c2=c0|c3=c0[a]"
    clip = cut(source_with(tmp_path, unnamed, "-map [a] -c:a pcm_s16le", "a.mov"), (25, 74))[0]
    assert "stereo" in streams(clip)[0]
    in_time(clip, 1, 2)


def test_the_sound_that_a_player_takes_is_taken(tmp_path: Path) -> None:
    two = f"{tone(start=5)} {tone()}"
    options = "-map 1:a -map 2:a -c:a aac -disposition:a:0 0 -disposition:a:1 default"
    in_time(cut(source_with(tmp_path, two, options), (50, 99))[0], 2, 2)


def test_where_sound_is_missing_there_is_silence(tmp_path: Path) -> None:
    """It begins at 1.4 s and lasts 1.2 s."""
    late = f"-itsoffset 1.4 {tone(1.2)}"
    source = source_with(tmp_path, late, "-map 1:a -c:a flac")
    before, within, after = cut(source, (0, 24), (25, 74), (75, 99))
    assert [heard(clip).seconds for clip in (before, within, after)] == pytest.approx([1, 2, 1], abs=FRAME)
    assert {heard(clip).time(0.1 * at) for clip in (before, after) for at in range(1, 9)} == {None}
    sound = heard(within)
    assert sound.time(0.3) is None and sound.time(1.7) is None
    assert [sound.time(at) for at in (0.5, 1.0, 1.5)] == pytest.approx([0.1, 0.6, 1.1], abs=FRAME)


def test_a_pause_in_the_sound_stays_one(tmp_path: Path) -> None:
    pause = f"{tone()} -filter_complex [1:a]aselect='not(between(t,1.5,2.5))'[a]"
    sound = heard(cut(source_with(tmp_path, pause, "-map [a] -c:a pcm_s16le"), (25, 99))[0])
    assert sound.seconds == pytest.approx(3, abs=FRAME)
    assert [sound.time(at) for at in (0.2, 0.4, 1.6, 2.8)] == pytest.approx([1.2, 1.4, 2.6, 3.8], abs=FRAME)
    assert sound.time(0.75) is None and sound.time(1.3) is None


def test_the_last_picture_lasts_until_the_next_one_and_so_does_its_sound(tmp_path: Path) -> None:
    pictures = film(tmp_path / "pauses.mkv", ticks=[0, 40, 100, 1600, 2000, 2500, 2540, 3000])
    source = with_sound(pictures, tmp_path / "a.mkv", tone(), "-map 1:a -c:a flac")
    first, second = cut(source, (0, 2), (3, 6))
    in_time(first, 0, 1.6)
    in_time(second, 1.6, 1.4)


def test_sound_stays_with_its_pictures_where_recordings_were_joined(tmp_path: Path) -> None:
    """The second recording's sound tells five seconds more. Of the first the sound ends early, of the second too."""
    one = with_sound(film(tmp_path / "s.ts", frames=50), tmp_path / "1.ts", tone(1.6), "-map 1:a -c:a mp2")
    two = with_sound(film(tmp_path / "s.ts", frames=50), tmp_path / "2.ts", tone(2, start=5), "-map 1:a -c:a mp2")
    source = tmp_path / "joined.ts"
    source.write_bytes(one.read_bytes() + two.read_bytes())
    made = [tmp_path / "first.mp4", tmp_path / "second.mp4"]
    with Cutter() as cutter:
        for target, (first, last) in zip(made, [(0, 44), (45, 99)], strict=True):
            cutter.cut(str(source), first, last, str(target), "")
    before, after = map(heard, made)
    assert [before.time(at) for at in (0.5, 1.0, 1.5)] == pytest.approx([0.5, 1.0, 1.5], abs=FRAME)
    assert before.time(1.7) is None and after.time(0.1) is None
    assert [after.time(at) for at in (0.4, 1.0, 2.0)] == pytest.approx([5.2, 5.8, 6.8], abs=FRAME)


def test_parts_that_do_not_come_in_order_have_their_own_sound(tmp_path: Path) -> None:
    source = source_with(tmp_path, tone(), "-map 1:a -c:a aac")
    parts = [(50, 99), (0, 24), (30, 60)]
    for clip, (first, last) in zip(cut(source, *parts), parts, strict=True):
        in_time(clip, first / 25, (last + 1 - first) / 25)


@pytest.mark.parametrize("to", ["musubi-tuner", "webdataset"])
def test_sound_that_cannot_be_decoded_is_left_out_and_that_is_said(tmp_path: Path, to: str) -> None:
    sound = with_sound(film(tmp_path / "s.mp4", frames=100), tmp_path / "a.mp4", tone(), "-map 1:a -c:a aac")
    unknown = with_sound(tmp_path / "s.mp4", tmp_path / "unknown.mov", tone(), "-map 1:a -c:a pcm_s16le")
    unknown.write_bytes(unknown.read_bytes().replace(b"sowt", b"zzzz"))
    damaged = with_sound(tmp_path / "s.mp4", tmp_path / "d.mp4", tone(), "-map 1:a -c:a alac")
    damaged.write_bytes(noise_for_sound(damaged))
    rows = [divided(path, (0, 50, 100), WORDS[:2]) for path in (sound, unknown, damaged)]
    said: list[str] = []
    captions = result(tmp_path / "captions.jsonl", rows)
    assert export_rows(captions, to, tmp_path / "set", options=IN_SEGMENTS, say=said.append).clips == 6
    told = "\n".join(line for line in said if "without their sound" in line)
    assert f"{unknown}. Its sound is in a codec that is not supported." in told
    assert f"{damaged}. Its sound cannot be decoded (alac)." in told and str(sound) not in told
    if to == "musubi-tuner":
        clips = {clip.name: len(streams(clip)) for clip in (tmp_path / "set").rglob("*_0002.mp4")}
        assert clips == {"a_0002.mp4": 1, "unknown_0002.mp4": 0, "d_0002.mp4": 0}


def noise_for_sound(path: Path) -> bytes:
    """The file, with nonsense in place of its packets of sound."""
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        for packet in container.demux(audio=0):
            if packet.size:
                content[packet.pos : packet.pos + packet.size] = bytes([255]) * packet.size
    return bytes(content)
