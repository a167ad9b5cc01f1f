"""boilerplate_opening: what announces the video or the answer is found and cut; what is seen in the clip is not."""

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.boilerplate_opening import BoilerplateOpening
from framescribe.checks.text import Text

BAD = [
    "Watch as this video takes us through a tea harvest.",
    "In deze video snoeit een man een heg.",
    "The footage that was supplied depicts a midwife.",
    "This video captures a beekeeper lifting a comb out of a hive.",
    "The video begins with a man chopping onions on a wooden board.",
    "The video opens on a snow-covered street where children throw snowballs.",
    "The clip starts with a close-up of a violin being tuned.",
    "The short video clip showcases a barista pouring milk into a cup.",
    "The image displays two cyclists waiting at a crossing.",
    "The footage, shot from above, shows a herd of elephants crossing a river.",
    "The scene depicts a busy harbour at dawn with fishermen mending nets.",
    "The video features an animated rabbit hopping through a forest.",
    "The animation begins with a red ball rolling down a slope.",
    "A short clip of a toddler stacking cups on a rug.",
    "An image of a lighthouse on a cliff with waves breaking below.",
    "A video showing two men carrying a sofa up a flight of stairs.",
    "In this clip, an old man feeds pigeons on a bench.",
    "In the video, a woman in a red coat walks her dog along the shore.",
    "In this short animated video, a snail races a turtle across a garden.",
    "In this scene, two knights face each other across a bridge.",
    "This is a close-up shot of a hand turning a key in a lock.",
    "This is an aerial view of a vineyard with workers between the rows.",
    "It is a wide shot of a desert road with a single truck.",
    "The video appears to be a tutorial in which a woman folds a paper crane.",
    "Sure! Here's a caption for the video: A cat leaps onto a shelf.",
    "Certainly, here is the description you asked for. A cat leaps onto a shelf.",
    "Here is a detailed description of the video:\n\nA cat leaps onto a shelf and knocks over a vase.",
    "Here's a one-sentence summary: a cat leaps onto a shelf.",
    "Of course! A cat leaps onto a shelf and knocks over a vase.",
    "Description: A cat leaps onto a shelf and knocks over a vase.",
    "**Video Description:** A cat leaps onto a shelf and knocks over a vase.",
    "Video caption: A cat leaps onto a shelf and knocks over a vase.",
    "At dusk, the video shows a fisherman rowing toward the pier.",
    "The video is a time-lapse of a flower opening in a vase.",
    "The video follows a courier as he rides through heavy traffic.",
    "As the video begins, a girl in a yellow dress spins on a swing.",
    "At the beginning of the video, a girl in a yellow dress sits on a swing.",
    "The video shows how a carpenter joins two boards.",
    "The video begins with a man entering and ends with him leaving.",
    "The black-and-white footage presents soldiers marching along a dusty road.",
    "The drone footage reveals a castle on an island in a lake.",
    '"The video shows a dog chasing a ball across a lawn."',
    "这段视频展示了一个男孩在海边放风筝。",
    "该视频记录了一位厨师切菜的过程。",
    "视频中，一辆红色的汽车驶过桥面。",
    "视频开始时，一只猫趴在窗台上。",
    "这是一段关于滑雪的视频，一个人从山坡上滑下。",
    "画面展示了一片金色的麦田，农民正在收割。",
    "好的，以下是视频的描述：一只猫跳上书架。",
    "影片呈现一位老人在河边钓鱼。",
    "Dieser Clip zeigt zwei Männer, die ein Zelt aufbauen.",
    "Im Video läuft ein Kind durch einen Rasensprenger.",
    "Das Video beginnt mit einer Frau, die einen Brief liest.",
    "Hier ist eine Beschreibung des Videos: Ein Hund springt über einen Zaun.",
    "Cette vidéo présente un boulanger qui pétrit la pâte.",
    "Dans cette vidéo, un homme répare un vélo dans un atelier.",
    "La scène s'ouvre sur une rue pavée sous la pluie.",
    "El video muestra a una mujer que pinta un mural.",
    "La escena comienza con un barco que entra en el puerto.",
    "En el vídeo, dos niños juegan con una cometa.",
    "Questo video mostra un pescatore che ripara le reti.",
    "In questo video, una donna impasta il pane.",
    "Este vídeo mostra um surfista entrando no mar.",
    "Neste vídeo, um homem toca violão na praça.",
    "Видео показывает, как мальчик запускает змея.",
    "В этом видео женщина печёт хлеб.",
    "このビデオは、公園で遊ぶ子供たちを映しています。",
    "映像には、海辺を走る犬が映っています。",
    "영상에서 한 남자가 기타를 연주한다.",
    "이 동영상은 해변을 달리는 개를 보여줍니다.",
]
GOOD = [
    "A video of a goal is replayed on the stadium screen while fans throw cups.",
    "Far out on the long grey pier behind the old harbour near town, the video shows men.",
    "The video game on the left monitor shows a score of 300, and a boy leans toward it.",
    "A video projector hums above rows of empty chairs while a man unrolls a cable.",
    "The video wall in the lobby flickers as a guard walks past.",
    "A video call freezes on a tablet and an old woman taps the glass.",
    "The film crew captures a stunt driver rolling a car in a quarry.",
    "The clip on her tie catches the light as she bows.",
    "Paper clips spill across a desk and a clerk sweeps them up.",
    "The hair clip opens with a snap and her braid falls loose.",
    "The image on the easel shows a half-finished boat, and the painter adds a sail.",
    "The animator draws a fox on a light table, frame after frame.",
    "Footage from a helicopter plays on a row of televisions in a shop window.",
    "The picture frame falls off the wall and cracks.",
    "Scene painters carry a cardboard forest across a stage.",
    "The crime scene is taped off and an officer photographs a shoe.",
    "Drone footage of a coral reef at low tide with snorkelers drifting above.",
    "CCTV footage of a corridor in which a cleaner pushes a cart.",
    "Black-and-white animation of a cat playing the banjo on a roof.",
    "Wide shot of a stadium at night as floodlights come on one by one.",
    "Close-up of a spider wrapping a fly in silk.",
    "A stop-motion scene with clay figures building a snowman.",
    "A slow-motion video of a drop of milk splashing into a bowl.",
    "Subject: a heron. Action: it spears a frog. Setting: a reedy pond.",
    "Camera: static, eye level. A dog sleeps on a porch.",
    "Here a river bends around a village and boats line the bank.",
    "There is a red barn in a field of snow, and a fox trots past it.",
    "Sure-footed goats climb a rock face above a road.",
    "Great white sharks circle a cage as bubbles rise.",
    "Yes and no cards are raised by a panel of judges behind a desk.",
    "A girl scrolls through a video on her phone and laughs out loud.",
    "On a monitor, the video shows a goal while technicians argue below.",
    "A mechanic films a short clip of an engine with his phone.",
    "In the video store, a boy lines up cassettes on a shelf.",
    "In the image gallery of a museum, a guard yawns.",
    "In the film studio, carpenters hammer a set together.",
    "A captain describes the route to her crew with a pointer on a chart.",
    "The camera pans from a stove to a window as steam rises.",
    "The shot opens on a kettle and widens to a whole kitchen.",
    "An image consultant holds swatches to a client's cheek.",
    "The recording studio is dark except for one lamp over the mixing desk.",
    "The movie theater empties and a boy sweeps up popcorn.",
    "视频店的老板正在关门，街灯亮了起来。",
    "视频通话中断了，老人放下手机。",
    "画面中央的老人缓缓站起，拿起手杖走向门口。",
    "动画师在灯箱上画一只狐狸。",
    "图书馆里，一个女孩踮起脚取书。",
    "俯拍镜头：一条小船划过湖面。",
    "Die Videothek schließt, und ein Mann räumt die Regale aus.",
    "Im Bilderrahmen steckt ein altes Foto, das eine Frau herausnimmt.",
    "Ein Videospiel läuft auf dem Fernseher, und zwei Kinder streiten um den Controller.",
    "Vue aérienne d'un port de pêche où des bateaux rentrent.",
    "La scène du théâtre est vide, un technicien balaie les planches.",
    "L'image d'un saint est portée par des hommes en blanc.",
    "Una videollamada se corta y la abuela golpea la pantalla.",
    "Plano general de una plaza donde unos niños persiguen palomas.",
    "Il videogioco è in pausa e due fratelli litigano sul divano.",
    "Видеокамера стоит на штативе, оператор протирает объектив.",
    "ビデオゲームの画面を二人の少年が見つめている。",
    "비디오 게임 화면 앞에 두 소년이 앉아 있다.",
]
CUT = [
    ("The video shows a dog running.", "A dog running."),
    ("In this clip, an old man feeds pigeons.", "An old man feeds pigeons."),
    ("At the beginning of the video, a girl sits down.", "A girl sits down."),
    ("As the video begins, a girl sits down.", "A girl sits down."),
    ("Sure! Here's a caption: In this video, a cat leaps.", "A cat leaps."),
    ('Caption: "A cat leaps."', "A cat leaps."),
    ("这段视频展示了一个男孩在放风筝。", "一个男孩在放风筝。"),
    ("视频中，一辆红色的汽车驶过桥面。", "一辆红色的汽车驶过桥面。"),
    ("Dans cette vidéo, un homme répare un vélo.", "Un homme répare un vélo."),
    ("El video muestra a una mujer que pinta.", "Una mujer que pinta."),
    ("この動画では、犬が走っている。", "犬が走っている。"),
]
UNCUT = [
    "The video shows how a carpenter joins two boards.",
    "The video begins with a man entering and ends with him leaving.",
    "Das Video zeigt einen Mann, der ein Zelt aufbaut.",
]


def found(text: str):
    return list(BoilerplateOpening().measure(Text(text), Circumstances(language=None)))


@pytest.mark.parametrize("text", BAD)
def test_what_announces_is_found(text: str) -> None:
    assert [each.check for each in found(text)] == ["boilerplate_opening"]


@pytest.mark.parametrize("text", GOOD)
def test_what_is_seen_is_not(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(("text", "left"), CUT)
def test_the_cut_leaves_what_is_told(text: str, left: str) -> None:
    (one,) = found(text)
    assert one.cut is not None
    for start, end, instead in reversed(one.cut):
        text = text[:start] + instead + text[end:]
    assert text == left


@pytest.mark.parametrize("text", UNCUT)
def test_what_cannot_stand_alone_is_not_cut(text: str) -> None:
    (one,) = found(text)
    assert one.cut is None


def test_an_announcement_later_on_is_no_opening() -> None:
    assert found("A boy in a striped shirt runs along the beach with his dog. The video shows the sea.") == []


def test_a_label_with_nothing_after_it_opens_nothing() -> None:
    assert found("Description: -") == []
