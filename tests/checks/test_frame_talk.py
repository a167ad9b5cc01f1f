"""frame_talk: talk of the pictures that the model was given is found; frames and images in the scene are not."""

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.frame_talk import FrameTalk
from framescribe.checks.text import Text

BAD = [
    "By the next frame, her glove is covered in bees.",
    "A candle burns down between the initial still and the final still.",
    "At around 7s the bridge opens and a mast glides through.",
    "A few frames later, the ball is in the net.",
    "Nell'immagine successiva il biscotto è sparito.",
    "In the first frame, a man stands by a car; later he opens the door.",
    "A man stands by a car. In the second frame he opens the door.",
    "The last frame shows the dog asleep on the porch.",
    "By the final frame, the sun has set behind the hills.",
    "The first image shows a kettle, and the second image shows steam.",
    "Frame 2 shows the woman turning toward the window.",
    "From frame 1 to frame 4, the boat drifts to the left.",
    "Image 3: the boy jumps into the pool.",
    "In the next frame, the cat is gone.",
    "In the following frames, the crowd begins to cheer.",
    "Across the frames, a woman walks from the left to the right.",
    "Throughout the frames the light grows warmer.",
    "Each frame shows the same street from a higher angle.",
    "These frames show a dancer who spins and bows.",
    "These images capture a wedding on a beach.",
    "In the provided frames, a beekeeper lifts a lid.",
    "The provided frames show a surfer riding a wave.",
    "The sequence of frames shows a flower opening.",
    "A series of images shows a toddler learning to walk.",
    "The image sequence follows a train through a tunnel.",
    "In the opening frames, a fox sniffs at a bin.",
    "Between the first and last frames, the candle burns down.",
    "In the middle frame, the dancer is in the air.",
    "The dog remains on the left in all frames.",
    "In one frame the ball is above the net.",
    "At 0:03, the glass tips over.",
    "At the 3-second mark, the glass tips over.",
    "Around 5 seconds into the video, the glass tips over.",
    "[00:01] A glass stands on a table. [00:04] It tips over.",
    "(2.5s) The glass tips over and rolls off the table.",
    "00:00 - 00:03: A glass stands on a table.",
    "From 0:02 to 0:05 the man climbs the ladder.",
    "In the first two seconds, a man climbs a ladder.",
    "At timestamp 00:07, the man waves.",
    "在第二帧中，男人打开了车门。",
    "最后一帧显示狗已经睡着了。",
    "这些图片展示了一场海边婚礼。",
    "第一张图中，一个男孩站在门口。",
    "在后续的几帧里，猫跳下了桌子。",
    "第5秒时，杯子倒了。",
    "图1：一个男人站在车旁。",
    "Im letzten Bild schläft der Hund auf der Veranda.",
    "Die Bildsequenz zeigt eine Blüte, die sich öffnet.",
    "Bei Sekunde 3 fällt das Glas um.",
    "Im zweiten Frame öffnet der Mann die Tür.",
    "Dans la première image, un homme se tient près d'une voiture.",
    "Sur la dernière image, le chien dort.",
    "En el primer fotograma, un hombre espera junto a un coche.",
    "En la última imagen, el perro duerme.",
    "Nel primo fotogramma un uomo aspetta accanto a un'auto.",
    "No último quadro, o cachorro dorme na varanda.",
    "На первом кадре мужчина стоит у машины.",
    "В последнем кадре собака спит.",
    "最初のフレームでは、男性が車のそばに立っている。",
    "2枚目の画像では、犬が走っている。",
    "첫 번째 프레임에서 남자가 차 옆에 서 있다.",
    "마지막 이미지에서 개가 자고 있다.",
    "Uma menina salta à corda. No quadro anterior, a corda estava no chão.",
    "Una niña salta a la comba. En el cuadro siguiente, la comba está en el suelo.",
    "Кот идёт по двору. На последнем кадре он спит у стены.",
    "한 소녀가 자전거를 민다. 마지막 프레임에서 소녀는 벤치에 앉아 있다.",
]
GOOD = [
    "A man enters the frame from the left and sits down.",
    "A bird flies out of frame as the wind picks up.",
    "The dancer stays in the center of the frame and then leaves frame right.",
    "A picture frame falls off a shelf, and the second one sways.",
    "She lifts the first frame out of the beehive and brushes off the bees.",
    "He hangs the last picture on the wall and steps back.",
    "The first image in the gallery is a portrait; a guard stands beside it.",
    "A welder joins the rear frame of a bicycle and lets it cool.",
    "She tries on the third frame at the optician's and looks in the mirror.",
    "A bowler knocks down nine pins in the tenth frame.",
    "The snooker player takes the final frame and shakes hands.",
    "The wooden door frame splits as the ram hits it.",
    "A series of photographs hangs along the corridor as visitors pass.",
    "A sequence of images flashes across the billboard above the crowd.",
    "She scrolls through the images on her phone and stops at the last photo.",
    "He taps the next picture on the tablet and it fills the screen.",
    "A clock on the tower shows 10:45 as pigeons take off.",
    "The scoreboard reads 2:31 and the crowd stands up.",
    "A CCTV overlay in the corner counts from 00:13:05 upward while a man walks by.",
    "The timer drops from 0:10 to 0:00 and a buzzer light flashes.",
    "The train leaves at 7:45, as the board above the platform says.",
    "A runner pauses for three seconds and goes on.",
    "After ten seconds of stillness the frog leaps.",
    "In the final seconds of the game a player shoots from midfield.",
    "A photographer shows the last image on her camera to the bride.",
    "An animator draws the next frame of a cartoon on a light table.",
    "Two still images of a saint flank the altar.",
    "The score is 3:2 and the goalkeeper shouts at his defence.",
    "An old film plays with a scratched title card on a sheet between two trees.",
    "A timber-frame house is raised by twenty men with poles.",
    "He pins a screenshot of a map to a corkboard.",
    "Her glasses have a red frame and thick lenses.",
    "A printer pushes out photo after photo onto a tray.",
    'A screen shows the words "Frame 3 of 10" beside a progress bar.',
    "一个男人走进画面，坐在长椅上。",
    "墙上的第一张照片是一位老人，女孩停下来看。",
    "他把自行车车架刷成红色。",
    "逐帧动画风格的小人走过桥面。",
    "时钟指向10:45，鸽子飞起。",
    "相框从架子上掉下来，摔碎了。",
    "Der Bilderrahmen fällt von der Wand.",
    "Das erste Bild an der Wand zeigt einen Hafen, ein Kind zeigt darauf.",
    "Die Uhr zeigt 10:45, als der Zug einfährt.",
    "La première image accrochée au mur est un portrait.",
    "El primer cuadro de la galería es un retrato; un guardia bosteza.",
    "O primeiro quadro na parede é um retrato.",
    "Женщина входит в кадр слева и садится.",
    "На первой картине в музее изображён порт.",
    "眼鏡のフレームは赤く、レンズは厚い。",
    "男性がフレームに入り、ベンチに座る。",
    "자전거 프레임을 빨간색으로 칠한다.",
    "No museu, a guia aponta para o quadro seguinte.",
    "En la galería, un niño corre hacia el cuadro siguiente.",
    "На стене висит последний снимок экспедиции.",
    "볼링장에서 한 남자가 마지막 프레임에서 스트라이크를 친다.",
    "자전거 프레임에 파란 페인트를 칠한다.",
]


def found(text: str):
    return list(FrameTalk().measure(Text(text), Circumstances(language=None)))


def cut(text: str) -> str:
    for one in reversed(found(text)):
        assert one.cut is not None
        for start, end, instead in reversed(one.cut):
            text = text[:start] + instead + text[end:]
    return text


@pytest.mark.parametrize("text", BAD)
def test_talk_of_what_the_model_was_given_is_found(text: str) -> None:
    assert {each.check for each in found(text)} == {"frame_talk"}


@pytest.mark.parametrize("text", GOOD)
def test_frames_and_images_in_the_scene_are_not(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("A glass stands there. (0:03) It tips over.", "A glass stands there. It tips over."),
        ("[00:01] a glass stands there.", "A glass stands there."),
        ("A glass tips over (0:03) and rolls.", "A glass tips over and rolls."),
        ("A glass tips over (0:03).", "A glass tips over."),
        ("杯子倒了（0:03）。", "杯子倒了。"),
    ],
)
def test_a_time_in_brackets_is_cut(text: str, left: str) -> None:
    assert cut(text) == left


def test_other_talk_of_frames_has_to_be_asked_away() -> None:
    assert [each.cut for each in found("The last frame shows a dog.")] == [None]


def test_the_place_is_that_of_the_words() -> None:
    text = "A dog runs. In the last frame it sleeps."
    (one,) = found(text)
    assert "last frame" in text[one.start : one.end]
