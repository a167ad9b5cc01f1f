"""Knows how Chinese, Japanese and Korean count things, with a measure word between number and noun; judges nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from framescribe.checks.scripts import each_of

_VALUES = {
    **{each: value for value, each in enumerate("一二三四五六七八九十", 1)},
    **{each: value for value, each in enumerate(each_of("한 두 세 네 다섯 여섯 일곱 여덟 아홉 열"), 1)},
    "两": 2,
    "兩": 2,
}
_ONE_CHARACTER = frozenset("猫貓狗鸟鳥鱼魚马馬牛羊鸡雞鸭鴨猪豬鹅鵝虎象猴熊人船车車树樹花球鹿兔鼠蛇")
_PARTICLES = "가이은는을를와과도들"


class Form(NamedTuple):
    """How a language counts."""

    pattern: re.Pattern[str]
    """A count: the groups number, measure, adjective and noun."""
    change: re.Pattern[str]
    """What, between two counts, tells of a change or of others."""
    head: Callable[[str], str]
    """What of a noun is compared."""
    marked: re.Pattern[str]
    """What stands before a count of things already spoken of."""
    placed: re.Pattern[str]
    """What follows a count of things that are elsewhere."""
    elsewhere: re.Pattern[str]
    """What stands before such a count."""
    some: re.Pattern[str]
    """What is said of some of those counted."""
    everybody: re.Pattern[str]
    """A noun for whoever was counted before."""
    every: re.Pattern[str]
    """What stands before the count of all there are …"""
    later: re.Pattern[str]
    """… of which there are no more only because time goes by."""

    @staticmethod
    def value(number: str) -> int:
        """The number that is written so."""
        return _VALUES.get(number) or int(number)


def _chinese_head(noun: str) -> str:
    noun = re.sub("^[小老大](?=[男女])", "", noun)
    return noun[0] if noun[0] in _ONE_CHARACTER else noun[:2]


def _korean_head(noun: str) -> str:
    return noun.rstrip(_PARTICLES) or noun


FORMS = {
    "zh": Form(
        re.compile(
            "(?<![第十百\\d])(?P<number>[一两兩二三四五六七八九十]|\\d{1,2})"
            "(?P<measure>[只隻个個名位条條匹头頭辆輛艘架朵棵支把张張颗顆块塊盏盞座件本枚株盆杯瓶碗盘盤袋箱根片封间間栋棟幢扇面幅对對])"
            "(?P<adjective>[红白黑蓝绿黄灰棕金紫橙粉]色(?:的)?|[^，。；的、]{1,6}的)?(?P<noun>[\u4e00-\u9fff]{1,3})"
        ),
        re.compile(
            "又|各|每|另|再|加入|其中|其他|其余|还有|剩|离开|[飞游赶跑走]来|然后|随后|接着|变成|增加|左|右|远处|旁边|背景|第|后来|之后|减少|飞走|"
            "跑开|走开|吃掉|拿走|取走|放下|放上|分开|跟上|加上|以及|和一|不同|后面|前面|多了|少了"
        ),
        _chinese_head,
        re.compile("(?:这|那|這|全部|所有|整整)$"),
        re.compile("[^，。；、]{0,3}(?:在|于)[^，。；]{1,8}(?:上|里|边|下|旁|中|外|前|后)"),
        re.compile("[上里边下旁外处侧面](?:有|是|的|站着|坐着|趴着|停着|摆着|放着)?$"),
        re.compile("其中[^，。；]{0,12}|另一(?:人|个|只|名|位|头|匹)"),
        re.compile("人(?:都|一起|同时|全)"),
        re.compile("(?:全部|所有|整整|这|那|這)$"),
        re.compile("然后|随后|接着|后来|之后"),
    ),
    "ja": Form(
        re.compile(
            "(?<![第十百\\d])(?P<number>[一二三四五六七八九十２-９]|\\d{1,2})(?P<measure>[匹人羽頭本個台枚隻艘])の"
            "(?P<adjective>[^、。のがはをにでと]{1,5}(?:い|な))?(?P<noun>[^、。がはをにでとも]{1,5})"
        ),
        re.compile(
            "もう|加わ|さらに|やって来|別の|他の|うち|残り|去|増|減|現れ|やがて|その後|左|右|奥|手前|もう一"
        ),
        str,
        re.compile("(?:その|この|あの)$"),
        re.compile("は?(?:岸|隣|別)"),
        re.compile("(?:では|には|側で|側に|隣に|横に)$"),
        re.compile("(?:そのうち|うち)[^、。]{0,10}"),
        re.compile("(?!)"),
        re.compile("(?!)"),
        re.compile("(?!)"),
    ),
    "ko": Form(
        re.compile(
            "(?P<adjective>)(?P<number>한|두|세|네|다섯|여섯|일곱|여덟|아홉|열|\\d{1,2}) ?"
            "(?P<measure>명|마리|대|개|척|송이|그루|사람)의 (?P<noun>[가-힣]{1,6})"
        ),
        re.compile("또|다른|더 |합류|추가|나머지|중 |떠나|남은|왼쪽|오른쪽|뒤쪽|이후|나중"),
        _korean_head,
        re.compile("(?:그|이) ?$"),
        re.compile("가? ?(?:옆|다른)"),
        re.compile("(?:에는|에서는|옆에) ?$"),
        re.compile("그중[^,.]{0,10}"),
        re.compile("(?!)"),
        re.compile("(?!)"),
        re.compile("(?!)"),
    ),
}  # fmt: skip
