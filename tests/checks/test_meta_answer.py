"""meta_answer: talk of the writer, the answer and the request is found; the same words in the scene are not."""

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.meta_answer import MetaAnswer
from framescribe.checks.text import Text

DOG = "A spotted dog drags a branch along a canal path."
BAD = [
    f"<think>They want it brief.</think> {DOG}",
    f"As far as I can tell, the path runs along a canal. {DOG}",
    "I see a spotted dog dragging a branch along a canal path.",
    "I can observe a dog on a path, and I think it is a dalmatian.",
    f"{DOG} I believe the path runs along a canal.",
    f"{DOG} I'm not sure what it does next.",
    f"{DOG} (45 words)",
    f"{DOG} [Word count: 9]",
    f"{DOG}\n\nWord count: 9 words",
    f"{DOG} (Note: the description is based on the visible content only.)",
    f"{DOG} Note that the description focuses on the dog.",
    f"{DOG} Please note that some details may be inaccurate.",
    f"{DOG} As requested, no camera terms are used.",
    f"{DOG} Per your instructions, the caption is one sentence.",
    f"{DOG} This caption stays within the limit.",
    f"{DOG} The description above covers everything that matters.",
    f"{DOG} It is unclear whether the dog has an owner.",
    f"{DOG} It is difficult to tell what breed it is.",
    f"{DOG} The breed cannot be determined from the video.",
    f"{DOG} Based on the provided frames, it is a sunny day.",
    f"{DOG} As an AI, I would call it cheerful.",
    f"{DOG} Here is a shorter version: a dog drags a branch.",
    f"The user wants one sentence. {DOG}",
    f"Okay, let me describe this. {DOG}",
    f"Let me look at the clip carefully. {DOG}",
    f"Wait, the dog is spotted. {DOG}",
    f"First, I need to identify the subject. {DOG}",
    f"{DOG} I have avoided any guess about the owner.",
    f"{DOG} I hope this is short enough for the request.",
    f"{DOG} My description leaves out the sound.",
    f"{DOG} We can infer that it is summer.",
    f"{DOG} Final answer: a dog drags a branch.",
    f"{DOG} In my opinion, the dog is proud.",
    f"{DOG} You asked for one sentence.",
    "我看到一只斑点狗沿着运河小路拖着树枝。",
    "我注意到画面右侧有一棵树，一只狗跑过。",
    "一只狗拖着树枝。（共38字）",
    "一只狗拖着树枝。注：以上描述仅基于画面内容。",
    "用户要求一句话。一只狗拖着树枝。",
    "根据您的要求，一只狗拖着树枝跑过小路。",
    "一只狗拖着树枝，我认为它很高兴。",
    "一只狗拖着树枝。无法确定具体地点。",
    "Ich sehe einen Hund, der einen Ast zieht.",
    "Ein Hund zieht einen Ast. (12 Wörter)",
    "Ein Hund zieht einen Ast. Diese Beschreibung enthält keine Vermutungen.",
    "Wie gewünscht in einem Satz: Ein Hund zieht einen Ast.",
    "Je remarque un chien qui traîne une branche.",
    "Un chien traîne une branche. (12 mots)",
    "Un chien traîne une branche. Remarque : cette description se limite à ce qui est visible.",
    "Veo un perro que arrastra una rama.",
    "Un perro arrastra una rama. (12 palabras)",
    "Un perro arrastra una rama. Esta descripción evita suposiciones.",
    "Vedo un cane che trascina un ramo.",
    "Un cane trascina un ramo. (12 parole)",
    "Vejo um cachorro que arrasta um galho.",
    "Um cachorro arrasta um galho. (12 palavras)",
    "Я вижу собаку, которая тащит ветку.",
    "Собака тащит ветку. (12 слов)",
    "犬が枝を引きずる。（38文字）",
    "犬が枝を引きずる。この説明は映像に基づいています。",
    "ユーザーは一文を求めています。犬が枝を引きずる。",
    "제가 보기에 개가 나뭇가지를 끌고 간다.",
    "개가 나뭇가지를 끌고 간다. (38자)",
]
GOOD = [
    "A portrait of Charles I found in an attic is dusted by two men.",
    "A poster says Ask the AI in blue letters, and a girl points at it.",
    "A model railway runs through a paper mountain while a boy watches.",
    "King Charles I rides past on a painted horse in the parade.",
    "A World War II tank rolls past, followed by a jeep.",
    "A welder sets an I-beam on two stands.",
    "A fashion model turns at the end of the runway.",
    "The pianist hits a wrong note and laughs.",
    "A note is taped to the door, and a woman reads it aloud.",
    "A student raises her hand to answer, and the teacher nods.",
    "The answer lights up on the quiz board and the crowd cheers.",
    "A caption under the painting is wiped clean by a guard.",
    "Closed captions scroll along the bottom of the bar's television.",
    "The description on the museum plaque is read by two boys.",
    "A waiter takes a request from table nine and bows.",
    "A man follows the instructions on a box and fits two tubes together.",
    "A girl writes fifty words on the board and underlines three.",
    "The user taps a green button in the app and a menu slides out.",
    "I walk down a gravel path, my boots kicking up dust, and wave to a farmer.",
    "My hands knead the dough on a floured board.",
    "The house is difficult to see through the fog.",
    "A translator whispers to a diplomat behind him.",
    "Workers wait at a gate until a bell rings.",
    "Let out of the barn, the calves kick up their heels.",
    "A prompt cursor blinks on an old green terminal.",
    "An assistant hands the surgeon a clamp.",
    "The summary page of a report is turned by a gloved hand.",
    "As you-tuber stands and lights fold down, the room goes dark.",
    'A subtitle reads "I think we are lost" as the car stops.',
    "A task board with yellow cards hangs behind two programmers.",
    "First, the baker dusts the board; then he rolls the dough.",
    "Actually made of ice, the lens melts over the flame.",
    "模型火车穿过隧道，男孩在一旁看着。",
    "用户在手机上点击按钮，菜单滑出。",
    "墙上贴着一张字条，女人大声念出来。",
    "Ein Zettel mit dem Wort Hinweis klebt an der Tür.",
    "Un pianiste joue une fausse note et rit.",
    "Un noto cantante saluta la folla dal palco.",
    "Una nota cuelga de la nevera bajo un imán.",
    "模型の電車がトンネルを抜ける。",
    "모형 기차가 터널을 지나간다.",
]


def found(text: str):
    return list(MetaAnswer().measure(Text(text), Circumstances(language=None)))


@pytest.mark.parametrize("text", BAD)
def test_talk_of_itself_is_found(text: str) -> None:
    assert {each.check for each in found(text)} == {"meta_answer"}


@pytest.mark.parametrize("text", GOOD)
def test_the_same_words_in_the_scene_are_not(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{DOG} (38 words)",
        f"{DOG} [Word count: 38]",
        f"{DOG}\n\nWord count: 38",
        f"{DOG} Note: this description is based only on what is visible.",
        f"This revised version is shorter. {DOG}",
        f"The user wants one sentence. {DOG}",
        f"<think>They want it brief.</think> {DOG}",
    ],
)
def test_a_sentence_of_its_own_is_cut(text: str) -> None:
    (one, *_) = found(text)
    assert one.cut is not None
    for start, end, instead in reversed(one.cut):
        text = text[:start] + instead + text[end:]
    assert text == DOG


def test_what_also_describes_is_not_cut() -> None:
    assert [each.cut for each in found(f"I notice a man in waders. {DOG}")] == [None]
