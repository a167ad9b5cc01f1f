"""prompt_echo: the instruction, its placeholders and the input's numbers are found; what it offers or holds is not."""

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.prompt_echo import PromptEcho
from framescribe.checks.text import Text

PROMPT = (
    "You see one video clip from its beginning to its end. Write one caption in plain sentences. Be concise. "
    "State only what can be seen: nothing that is absent, no mood, no guess."
)
ZH = "请用一段话详细描述视频内容。不要提及任何声音或字幕信息。"
BAD = [
    (PROMPT, "Write one caption in plain sentences. A tram climbs a hill."),
    (PROMPT, "A tram climbs a hill. State only what can be seen: nothing that is absent."),
    (PROMPT, "Be concise. A tram climbs a hill."),
    (PROMPT, "You see one video clip from its beginning to its end, in which a tram climbs a hill."),
    (PROMPT, "A tram climbs a hill, nothing that is absent, no mood, no guess."),
    (PROMPT, "A tram climbs a hill. WRITE ONE CAPTION IN PLAIN SENTENCES"),
    (
        "Describe this image and its style in great detail.",
        "I will describe this image and its style in great detail. A tram climbs a hill.",
    ),
    ("Describe the video.", "Describe the video. A tram climbs a hill."),
    ("", "A {subject} climbs a hill past {objects}."),
    ("", "A tram climbs a hill. {captions}"),
    ("", "A tram climbs a hill past [insert object here]."),
    ("", "[Your caption here] A tram climbs a hill."),
    (ZH, "不要提及任何声音或字幕信息。一辆电车爬上山坡。"),
    (ZH, "请用一段话详细描述视频内容：一辆电车爬上山坡。"),
    ("動画の内容を日本語で簡潔に説明してください。", "動画の内容を日本語で簡潔に説明してください。電車が坂を登る。"),
    (
        "Beschreibe das Video in genau zwei kurzen Sätzen.",
        "Beschreibe das Video in genau zwei kurzen Sätzen. Eine Bahn fährt bergauf.",
    ),
    ("Décris la vidéo en une seule phrase.", "Décris la vidéo en une seule phrase. Un tram monte."),
]
NUMBERED = [
    ("1. A tram stops, 2. a man gets off, and 3. waves.", ("1. a tram", "2. a man", "3. a wave")),
    ("(a) A tram stops. (b) A man gets off.", ("(a) a tram", "(b) a man")),
    ("1. A tram stops. 2. A man gets off.", ("1. a tram", "2. a man")),
    ("Frame 1: a tram stops. Frame 2: a man gets off.", ("Frame 1: a tram", "Frame 2: a man")),
    ("[1] A tram stops. [2] A man gets off.", ("[1] a tram", "[2] a man")),
    ("① 电车停下。② 一个男人下车。", ("① 电车", "② 男人")),
    ("图1：电车停下。图2：一个男人下车。", ("图1：电车", "图2：男人")),
]
GOOD = [
    (
        "Write whether the camera does a slow pan left to a close-up of it.",
        "A slow pan left to a close-up of a cup.",
    ),
    (PROMPT, "A tram climbs a hill from its beginning at the quay to the top."),
    (PROMPT, "A scribe writes one caption under each drawing in a plain hand."),
    (PROMPT, 'A slide reads "Write one caption in plain sentences." above a crowd of pupils.'),
    (
        "Name the camera movement: static shot, pan left, pan right, tilt up, tilt down, zoom in, zoom out.",
        "A tram climbs a hill. Static shot, pan left, pan right, tilt up, tilt down.",
    ),
    (
        "Use terms such as slow dolly in from behind the subject, low-angle tracking shot, or aerial view.",
        "Slow dolly in from behind the subject, a tram conductor who rings a bell.",
    ),
    (
        'The clip\'s title is "How to bake a loaf of sourdough bread". Describe it.',
        "Bold letters: How to bake a loaf of sourdough bread. A woman kneads dough.",
    ),
    (
        'Describe the clip called "How to bake a loaf of sourdough bread at home".',
        "Letters appear: How to bake a loaf of sourdough bread at home.",
    ),
    (
        "Title: An old tram climbs the steep hill to the castle\nDescribe the clip.",
        "An old tram climbs the steep hill to the castle as rain falls.",
    ),
    (
        "This is its present caption:\n\nA brown dog leaps over a fallen log in the forest.\n\nWrite it anew.",
        "A brown dog leaps over a fallen log in the forest and barks.",
    ),
    ("", "A coder types { x + 1 } into an editor."),
    ("", "A brace { is drawn on a board, and then a closing one }."),
    ("请描述视频，例如镜头缓慢推进、固定镜头、左摇。", "镜头缓慢推进，一辆电车爬上山坡。"),
    (ZH, "一辆电车爬上山坡，行人走过。"),
]


def found(text: str, prompt: str = "", captions: tuple[str, ...] = ()):
    of = Circumstances(language=None, prompt=prompt, frame_captions=captions)
    return list(PromptEcho().measure(Text(text), of))


@pytest.mark.parametrize(("prompt", "text"), BAD)
def test_what_comes_back_is_found(prompt: str, text: str) -> None:
    assert {each.check for each in found(text, prompt)} == {"prompt_echo"}


@pytest.mark.parametrize(("prompt", "text"), GOOD)
def test_what_the_prompt_offers_or_holds_may_come_back(prompt: str, text: str) -> None:
    assert found(text, prompt) == []


@pytest.mark.parametrize(("text", "captions"), NUMBERED)
def test_the_numbers_of_the_input_are_found(text: str, captions: tuple[str, ...]) -> None:
    assert len(found(text, captions=captions)) == 1


@pytest.mark.parametrize(("text", "captions"), NUMBERED)
def test_numbers_that_the_input_had_not_are_no_echo(text: str, captions: tuple[str, ...]) -> None:
    assert found(text, captions=("a tram stops", "a man gets off")) == []


@pytest.mark.parametrize(
    "text", ["A plug goes into socket (a) of a panel.", "Frame 1: a tram stops and a man gets off."]
)
def test_one_number_is_no_numbering(text: str) -> None:
    assert found(text, captions=("(a) a plug", "(b) a lamp", "Frame 1: a tram", "Frame 2: a man")) == []


def test_six_words_are_an_echo_and_five_are_none() -> None:
    prompt = "Mention seven purple walruses dancing quietly near sunken galleons."
    assert found("We watched seven purple walruses dancing quietly near ships.", prompt)
    assert found("We watched seven purple walruses dancing quietly by ships.", prompt) == []


def test_eight_letters_are_an_echo_and_seven_are_none() -> None:
    assert found("猫在睡觉，不要提及任何声音。", "不要提及任何声音或字幕。")
    assert found("猫在睡觉，不要提及任何。", "不要提及任何声音或字幕。") == []


def test_words_of_the_frame_captions_are_material() -> None:
    captions = ("a brown dog leaps over a fallen log", "a creek")
    prompt = "Combine: please write how a brown dog leaps over a fallen log."
    assert found("A brown dog leaps over a fallen log.", prompt, captions) == []
    assert found("A brown dog leaps over a fallen log.", prompt)


@pytest.mark.parametrize(
    ("prompt", "text", "left"),
    [
        (PROMPT, "Be concise. A tram climbs a hill.", "A tram climbs a hill."),
        (PROMPT, "A tram climbs. Write one caption in plain sentences. It stops.", "A tram climbs. It stops."),
        (PROMPT, "A tram climbs. Write one caption in plain sentences.", "A tram climbs."),
        (ZH, "不要提及任何声音或字幕信息。一辆电车爬上山坡。", "一辆电车爬上山坡。"),
        ("", "A tram climbs. {captions}", "A tram climbs."),
        (PROMPT, "A tram climbs, nothing that is absent, no mood, no guess.", "A tram climbs."),
    ],
)
def test_the_cut_leaves_the_rest(prompt: str, text: str, left: str) -> None:
    (one,) = found(text, prompt)
    assert one.cut is not None
    for start, end, instead in reversed(one.cut):
        text = text[:start] + instead + text[end:]
    assert text == left


def test_numbers_are_cut_each() -> None:
    text = "(a) A tram stops. (b) A man gets off."
    (one,) = found(text, captions=("(a) a tram", "(b) a man"))
    assert one.cut is not None
    for start, end, instead in reversed(one.cut):
        text = text[:start] + instead + text[end:]
    assert text == "A tram stops. A man gets off."


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("", "A {subject} walks along the pier."),
        (PROMPT, "A ferry docks, and write one caption in plain sentences for the people, who step off."),
        (PROMPT, "You see one video clip from its beginning to its end, in which a tram climbs a hill."),
    ],
)
def test_what_would_leave_half_a_sentence_is_not_cut(prompt: str, text: str) -> None:
    assert [one.cut for one in found(text, prompt)] == [None]


def test_nothing_is_cut_where_nothing_would_remain() -> None:
    (one,) = found("Write one caption in plain sentences.", PROMPT)
    assert one.cut is None
