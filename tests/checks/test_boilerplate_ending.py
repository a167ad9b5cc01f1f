"""boilerplate_ending: a last sentence that sums up, announces the end or turns to the reader is found and cut."""

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.boilerplate_ending import BoilerplateEnding
from framescribe.checks.text import Text

BAD = [
    "With this, the clip reaches its end.",
    "That is everything that takes place in the recording.",
    "This concludes the clip.",
    "Overall, the video captures a peaceful morning by the sea.",
    "Overall, it is a lively street scene.",
    "The overall atmosphere is calm and serene.",
    "In summary, a boy learns to ride a bicycle.",
    "In conclusion, the footage shows a day at the market.",
    "To summarize, two teams play football in the rain.",
    "All in all, it is a scene of everyday work.",
    "The video ends with the man waving at the camera.",
    "The video concludes as the train leaves the station.",
    "The video then ends.",
    "The clip ends abruptly.",
    "The scene ends with a close-up of the ring.",
    "The video fades to black.",
    "Finally, the video ends with a shot of the empty beach.",
    "At the end of the video, the man walks away.",
    "By the end of the clip, the bowl is empty.",
    "The video comes to an end with the dog asleep.",
    "The footage finishes with a wide view of the valley.",
    "The video highlights the skill of the craftsman.",
    "The video provides a glimpse into the daily life of a fishing village.",
    "This video captures the beauty of the mountains in winter.",
    "The clip effectively conveys the excitement of the race.",
    "I hope this description helps!",
    "If you need more details, please let me know.",
    "Would you like me to describe the background as well?",
    "Is there anything else you would like to know?",
    "Feel free to ask if you have any questions.",
    "Please let me know if you need anything else.",
    "I can also provide a shorter version if you prefer.",
    "Thank you for watching!",
    "[End of video]",
    "The end.",
    "The dog shakes itself dry, and the video ends.",
]
BAD_ABROAD = [
    ("Ein Mann streicht einen Zaun.", "Insgesamt vermittelt das Video eine ruhige Stimmung."),
    ("Ein Mann streicht einen Zaun.", "Der Clip endet mit einer Nahaufnahme des Pinsels."),
    ("Ein Mann streicht einen Zaun.", "Zusammenfassend zeigt das Video einen Handwerker bei der Arbeit."),
    ("Ein Mann streicht einen Zaun.", "Lassen Sie mich wissen, ob Sie weitere Details wünschen."),
    ("Un homme peint une clôture.", "Dans l'ensemble, la scène dégage une atmosphère paisible."),
    ("Un homme peint une clôture.", "La vidéo s'achève sur un gros plan du pinceau."),
    ("Un homme peint une clôture.", "N'hésitez pas à me demander plus de détails."),
    ("Un hombre pinta una valla.", "En general, el video muestra un trabajo tranquilo."),
    ("Un hombre pinta una valla.", "El video termina con un primer plano de la brocha."),
    ("Un hombre pinta una valla.", "Espero que esta descripción te sea útil."),
    ("Un uomo dipinge una staccionata.", "In sintesi, il video mostra un lavoro tranquillo."),
    ("Un uomo dipinge una staccionata.", "Il video si conclude con un primo piano del pennello."),
    ("Um homem pinta uma cerca.", "No geral, o vídeo mostra um trabalho tranquilo."),
    ("Um homem pinta uma cerca.", "O vídeo termina com um close do pincel."),
    ("Мужчина красит забор.", "В целом, видео показывает спокойную работу."),
    ("Мужчина красит забор.", "Видео заканчивается крупным планом кисти."),
    ("一个男人在刷栅栏。", "总之，这是一个宁静的乡村场景。"),
    ("一个男人在刷栅栏。", "整个视频营造出宁静的氛围。"),
    ("一个男人在刷栅栏。", "视频最后以刷子的特写结束。"),
    ("一个男人在刷栅栏。", "如果您需要更多细节，请告诉我。"),
    ("一个男人在刷栅栏。", "希望这个描述对您有帮助！"),
    ("男性が柵を塗っている。", "全体的に、穏やかな雰囲気の映像です。"),
    ("男性が柵を塗っている。", "動画は筆のクローズアップで終わります。"),
    ("男性が柵を塗っている。", "他にご質問があればお知らせください。"),
    ("한 남자가 울타리를 칠한다.", "전반적으로 평화로운 분위기의 영상이다."),
    ("한 남자가 울타리를 칠한다.", "영상은 붓의 클로즈업으로 끝난다."),
    ("한 남자가 울타리를 칠한다.", "더 필요하신 것이 있으면 알려주세요."),
]
GOOD = [
    "The race ends with a photo finish and the winner drops to her knees.",
    "The story hour ends with applause and the children run to the door.",
    "Overalls and boots hang on a line behind the barn.",
    "Overall length and weight are stencilled on the crate beside her.",
    "She concludes her speech with a bow and steps off the stage.",
    "In short sleeves despite the snow, he shovels the last of the drive.",
    "At the end of the pier, a boy drops his line into the water.",
    "At the end of the street, the parade turns toward the harbour.",
    "The scene painter steps back and wipes his brush.",
    "The video game ends with a burst of fireworks on the screen.",
    "The clip ends up in her hair after all.",
    "The hair clip closes with a snap.",
    "The screen fades to black and the lights come up.",
    "The film reel runs out and the tail flaps against the projector.",
    "Finally, the chef wipes the rim of the plate and steps away.",
    "In the end, the smaller dog carries the stick home.",
    "The camera pulls back until the whole valley is in view.",
    "A free sample is handed to each passer-by.",
    "She hopes for a bus and checks the timetable again.",
    'A wooden board at the trail reads "The End".',
    'He holds up a card that says "Thank you for watching".',
    "The summary of the match is chalked on a board behind them.",
    "All in white, the fencers salute and lower their masks.",
    "Together, the two men lift the piano onto the truck.",
    "The recording light goes off and the singer takes off her headphones.",
    "The sequence of dominoes ends at a small brass bell.",
    "Let loose at last, the horses gallop to the far fence.",
    "If a ball rolls off the table, the boy catches it.",
    "You-shaped magnets click together on the bench.",
]
GOOD_ABROAD = [
    ("Die Tür geht auf.", "Insgesamt drei Kinder laufen in den Garten."),
    ("Die Tür geht auf.", "Das Rennen endet mit einem Sturz."),
    ("La porte s'ouvre.", "Le film se déroule sur le mur, et le public applaudit."),
    ("La porte s'ouvre.", "Le spectacle se termine par un feu d'artifice."),
    ("La puerta se abre.", "La carrera termina con una caída."),
    ("La porta si apre.", "La partita finisce con un rigore."),
    ("A porta abre.", "A corrida termina com uma queda."),
    ("Дверь открывается.", "Гонка заканчивается падением."),
    ("门开了。", "比赛以平局结束，双方握手。"),
    ("门开了。", "演出结束后，观众起身鼓掌。"),
    ("門が開く。", "試合は引き分けで終わり、選手たちが握手する。"),
    ("문이 열린다.", "경기는 무승부로 끝난다."),
]
CUT = [
    ("A dog digs. The video ends with a dog leaving.", "A dog digs. A dog leaving."),
    ("A dog digs. The video ends as the dog leaves.", "A dog digs. The dog leaves."),
    ("A dog digs. The video ends.", "A dog digs."),
    ("A dog digs. At the end of the video, the dog leaves.", "A dog digs. The dog leaves."),
    ("A dog digs. Overall, the scene shows a busy dog.", "A dog digs."),
    ("A dog digs. Let me know if you need more.", "A dog digs."),
    ("A dog digs. The dog leaves, and the video ends.", "A dog digs. The dog leaves."),
    ("Overall, a dog digs in the garden.", "A dog digs in the garden."),
    ("一只狗在挖土。视频以夕阳下的海面结束。", "一只狗在挖土。夕阳下的海面。"),
    ("一只狗在挖土。总的来说，这段视频展现了狗的活力。", "一只狗在挖土。"),
    ("Un chien creuse. La vidéo se termine sur son maître qui rit.", "Un chien creuse. Son maître qui rit."),
    ("Un perro cava. El video termina con un gato.", "Un perro cava. Un gato."),
]


def found(text: str):
    return list(BoilerplateEnding().measure(Text(text), Circumstances(language=None)))


def cut(text: str) -> str:
    (one,) = found(text)
    assert one.cut is not None
    for start, end, instead in reversed(one.cut):
        text = text[:start] + instead + text[end:]
    return text


@pytest.mark.parametrize("last", BAD)
def test_such_an_ending_is_found(last: str) -> None:
    text = f"A man in a straw hat paints a fence white while a goat watches. {last}"
    assert [(each.check, each.end) for each in found(text)] in (
        [("boilerplate_ending", n)] for n in (len(text), len(text) - 1)
    )


@pytest.mark.parametrize(("first", "last"), BAD_ABROAD)
def test_in_other_languages_too(first: str, last: str) -> None:
    between = "" if first.endswith("。") else " "
    assert [each.check for each in found(f"{first}{between}{last}")] == ["boilerplate_ending"]


@pytest.mark.parametrize("last", GOOD)
def test_what_ends_in_the_scene_is_none(last: str) -> None:
    assert found(f"A man in a straw hat paints a fence white while a goat watches. {last}") == []


@pytest.mark.parametrize(("first", "last"), GOOD_ABROAD)
def test_what_ends_in_the_scene_is_none_in_other_languages(first: str, last: str) -> None:
    between = "" if first.endswith("。") else " "
    assert found(f"{first}{between}{last}") == []


@pytest.mark.parametrize(("text", "left"), CUT)
def test_the_cut_leaves_what_is_told(text: str, left: str) -> None:
    assert cut(text) == left


def test_what_could_not_stand_alone_stays() -> None:
    (one,) = found("A dog digs. The video ends with him slipping it into his coat.")
    assert one.cut is None


def test_only_the_last_sentence_is_an_ending() -> None:
    assert found("Overall, a quiet street. A dog crosses it.") == []


def test_two_endings_in_a_row_are_two() -> None:
    text = "A dog digs. Overall, the video shows a busy dog. Let me know if you need more."
    assert [text[each.start :].split()[0] for each in found(text)] == ["Let", "Overall,"]


def test_a_film_that_ends_on_a_screen_in_the_clip_is_no_ending() -> None:
    assert found("A boy watches a video on a phone. The video ends and he laughs.") == []
