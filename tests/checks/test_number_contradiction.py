"""Two counts of the same things that do not agree are found, unless the text tells why."""

from __future__ import annotations

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.number_contradiction import NumberContradiction
from framescribe.checks.text import Text

AGAINST = [
    ("Two swans glide over the pond. The four swans turn left.", "en"),
    ("A pair of singers stands on stage, and all three singers bow.", "en"),
    ("Three kids run into the yard. Both kids laugh.", "en"),
    ("Four dancers spin. The trio bows.", "en"),
    ("Five children build a dam. All four of the children wear boots.", "en"),
    ("A lone palm stands on a sandbar. The two palms cast long shadows.", "en"),
    ("3 boats sail by. The 5 boats turn.", "en"),
    ("A quartet plays: the five musicians nod at the final chord.", "en"),
    ("两只小狗趴在地毯上。一个女孩拿着球走过来，三只小狗抬头看着她。", "zh-CN"),
    ("两个女孩在河边钓鱼。随后这四个女孩一起收竿。", "zh"),
    ("Cinco niños corren por una calle estrecha. Los tres niños llevan globos.", "es"),
    ("一对舞者在台中央旋转。这四位舞者一起鞠躬。", "zh"),
    ("一对老夫妻坐在长椅上，三个人都戴着草帽。", "zh"),
    ("二人の少女が縄跳びをしている。三人の少女は白い靴を履いている。", "ja"),
    ("Zwei Schwäne schwimmen. Die vier Schwäne drehen um.", "de"),
    ("Deux cygnes nagent. Les quatre cygnes tournent.", "fr"),
    ("Dos cisnes nadan. Los cuatro cisnes giran.", "es"),
    ("Два мальчика строят шалаш. Три мальчика смеются.", "ru"),
    ("A dozen hens follow a girl along the wall behind the barn. The nine hens peck at the gravel.", "en"),
    ("Two cooks in caps stand at a grill. One slices a tomato. The five cooks carry plates.", "en"),
    ("三个小女孩在沙滩上堆城堡，五个女孩一起浇水。", "zh"),
    ("柜子上放着三只白瓷杯。女孩先擦干净两只杯子，随后端走了全部六只杯。", "zh"),
    ("Um casal de patos nada no lago; os cinco patos mergulham.", "pt"),
]
AGREED = [
    ("Two swans glide. One more arrives, and the three swans turn.", "en"),
    ("Two women dance. A third woman joins, and all three women spin.", "en"),
    ("Three kids play. Two of the kids leave.", "en"),
    ("Three boys run. The two boys on the left stop.", "en"),
    ("Three boys sit on a wall. One jumps down, and the two boys left behind shrug.", "en"),
    ("Two red cups stand on a table. Three red cups stand on a shelf.", "en"),
    ("Two black swans and two white swans meet. The four swans glide.", "en"),
    ("Two men and a woman talk. The three people laugh.", "en"),
    ("Two children and their mother sit. All three eat.", "en"),
    ("After two turns the key sticks; the three turns back free it.", "en"),
    ("Half a dozen eggs lie in a nest. The six eggs hatch.", "en"),
    ("Eight dancers form two rows; the four dancers in front bow.", "en"),
    ("两只猫趴着，又来了一只，三只猫一起玩。", "zh"),
    ("五个孩子在玩，其中两个孩子跑开。", "zh"),
    ("二羽の鴨が池を泳ぎ、岸では五羽の鴨が羽を休めている。", "ja"),
    ("两只鸟落在枝头，随后飞来三只麻雀，这五只鸟一起叫。", "zh"),
    ("Cinco niños corren por la calle. Una se va, y los cuatro niños la saludan.", "es"),
    ("Drei Ziegen stehen da. Eine springt hinunter, und die zwei Ziegen schauen ihr nach.", "de"),
    ("Two logs lie in the snow. A man splits one. The three logs smoke.", "en"),
    ("Six cyclists ride up the pass. One stays behind. The five cyclists ride on.", "en"),
    ("桌上放着两只碗，随后又端来一只，三只碗冒着热气。", "zh"),
]


def found(text: str, language: str) -> list[str]:
    return [each.what for each in NumberContradiction().measure(Text(text), Circumstances(language=language))]


@pytest.mark.parametrize(("text", "language"), AGAINST)
def test_two_counts_of_the_same_things_contradict_each_other(text: str, language: str) -> None:
    assert len(found(text, language)) == 1


@pytest.mark.parametrize(("text", "language"), AGREED)
def test_counts_that_agree_or_are_explained_do_not(text: str, language: str) -> None:
    assert found(text, language) == []
