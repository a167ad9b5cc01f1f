"""Knows the words for numbers in several languages, and those that tell why a number changes; reads no texts."""

from __future__ import annotations

import re

from framescribe.checks.scripts import each_of, words


def _from_two(words: str, **others: int) -> dict[str, int]:
    """Number words, from two upwards, and others."""
    return {**{word: value for value, word in enumerate(words.split(), 2)}, **others}


_DIGITS = {str(value): value for value in range(2, 100)}
GROUPS = {
    **dict.fromkeys(each_of("pair duo couple twosome paar dúo pareja coppia dupla casal paio"), 2),
    **dict.fromkeys(each_of("trio threesome trío"), 3),
    **dict.fromkeys(each_of("quartet foursome quatuor quartett cuarteto quartetto quarteto"), 4),
    "twins": 2,
    "triplets": 3,
    "quintet": 5,
    "sextet": 6,
}
SINGLE = words("single lone solitary")
BOTH = words("both beide beiden ambos ambas entrambi entrambe оба обе båda begge")
_WORDS = {
    "en": _from_two(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen "
        "nineteen twenty",
        dozen=12,
        twin=2,
        triplet=3,
        one=1,
        **dict.fromkeys(SINGLE, 1),
    ),
    "de": _from_two("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"),
    "fr": _from_two("deux trois quatre cinq six sept huit neuf dix onze douze"),
    "es": _from_two("dos tres cuatro cinco seis siete ocho nueve diez once doce"),
    "it": _from_two("due tre quattro cinque sei sette otto nove dieci undici dodici"),
    "pt": _from_two("dois três quatro cinco seis sete oito nove dez onze doze", duas=2),
    "nl": _from_two("twee drie vier vijf zes zeven acht negen tien elf twaalf"),
    "sv": _from_two("två tre fyra fem sex sju åtta nio tio"),
    "da": _from_two("to tre fire fem seks syv otte ni ti"),
    "no": _from_two("to tre fire fem seks sju åtte ni ti"),
    "ru": _from_two("два три четыре пять шесть семь восемь девять десять", две=2, двое=2, трое=3, четверо=4, пятеро=5),
    "tr": _from_two("iki üç dört beş altı yedi sekiz dokuz on"),
}
NUMBERS = {language: {**words, **_DIGITS, **GROUPS, **dict.fromkeys(BOTH, 2)} for language, words in _WORDS.items()}
NO_ARTICLES = frozenset(("ru", "tr"))
ALL = words("all alle tous toutes todos todas tutti tutte все alla")
DEFINITE = {
    "en": ALL | words("the these those their his her its both"),
    "de": ALL | words("die der den diese ihre seine"),
    "fr": ALL | words("les ces leurs ses"),
    "es": ALL | words("los las estos estas sus esos esas"),
    "it": ALL | words("i le gli questi queste"),
    "pt": ALL | words("os as estes estas esses essas"),
    "nl": ALL | words("de deze die"),
    "sv": ALL | words("de dessa"),
    "da": ALL | words("de disse"),
    "no": ALL | words("de disse"),
    "ru": ALL | words("эти"),
    "tr": ALL | words("bu"),
}
# Words before a number that make it something else than a count of what follows.
NO_COUNT = words(
    "or to number no nearly about least than by page exit gate bus half every first last other another "
    "oder ou o ещё еще noch otros otras outros outras altri altre autres weitere next lane "
    "route channel level floor line approximately around almost over some"
)
UNITS = words(
    "second minute hour day week month year time foot metre meter inch mile kilometre kilometer percent "
    "degree step way "
    "side half end part row line lane lap turn round storey story kilo pound gram piece direction color colour corner "
    "layer level point section group team pair set column stack pile shade type kind sort beat note "
    "sekunden minuten stunden mal meter reihen secondes minutes heures fois mètres segundos minutos horas veces metros"
)
IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "kids": "child", "kid": "child", "people": "person",
    "geese": "goose", "mice": "mouse", "feet": "foot", "teeth": "tooth", "wolves": "wolf", "knives": "knife",
    "leaves": "leaf", "loaves": "loaf", "calves": "calf", "oxen": "ox", "policemen": "policeman", "firemen": "fireman",
    "fishermen": "fisherman", "businessmen": "businessman", "snowmen": "snowman", "oarsmen": "oarsman",
}  # fmt: skip
SAME = words("sheep deer fish salmon trout bison moose swine aircraft")
PEOPLE = words("""
    person man woman boy girl child singer dancer player runner worker friend teenager student musician performer
    swimmer skater cyclist climber hiker soldier sailor nurse doctor chef cook waiter waitress actor sister brother
    rider surfer rower boxer wrestler acrobat juggler clown monk nun farmer fisherman drummer guitarist violinist
    cheerleader toddler baby adult lady gentleman guy artist athlete gymnast skier snowboarder painter builder
    carpenter gardener passenger tourist mother father grandmother grandfather son daughter teacher coach bride
    groom
""")
PERFORMERS = words("duo trio quartet quintet sextet twosome threesome foursome couple twins triplets")
TROUPE = words("person musician player performer dancer singer acrobat artist member")
GENERIC = words("person figure individual")
# What follows a plural that is only a part of those counted: "the two on the left".
RESTRICTED = words("""
    who that which whose in on at with from behind near nearest closest beside to of wearing holding carrying
    standing sitting left leftmost rightmost under above below along furthest farthest between by not without nearby
    still ahead oben unten links rechts hinten vorn vorne daneben dahinter im am mit auf à de del da en dans
    restants restantes
""")
# Adjectives that stand before the noun, in languages where its form does not tell it from one.
BEFORE_NOUN = re.compile(
    r"(?:petite?s|grande?s|jeunes|vieux|vieilles|belles|beaux|gros|grosses|pequeñ[oa]s|jóvenes|viej[oa]s|piccol[ie]|"
    r"grandi|"
    r"giovani|vecchi[e]?|pequen[oa]s|jovens|velh[oa]s|kleine|grote|witte|zwarte|jonge|oude|små|stora|store|unga|unge|"
    r"gamla|"
    r"gamle|vita|hvide|svarta|sorte|küçük|büyük|siyah|beyaz|\w+(?:ых|их|ые|ие))"
)
# What explains that there are more …
MORE = re.compile(
    r"\b(?:more|another|(?<!the )others?|joins?|joined|joining|additional|adds?|added|adding|a second|a third|"
    r"a fourth|"
    r"a fifth|new|plus|besides|"
    r"extra|"
    r"one (?:lands|arrives|appears|comes)|noch (?:ein|zwei)\w*|weitere\w*|andere\w*|dazu|hinzu|gesellt|"
    r"eine? (?:zweite|dritte|vierte|weitere)r?|(?<!l')autres?|rejoint\w*|rejoignent|encore une?|nouve\w+|"
    r"une? (?:deuxième|troisième|quatrième)|(?<!el )(?<!la )otr[oa]s?|se une|se unen|más|nuev[oa]s?|una? (?:segund|"
    r"tercer|"
    r"cuart)[oa]?|altr[oaie]|"
    r"outr[oa]s?|mais um\w*|ancora|ещё|еще|друг\w+|присоедин\w+|второй|третий|третья|новы\w+|flera|annan|andra|"
    r"ansluter|başka|daha|bir (?:tane )?daha)\b"
)
# … where things, and no people, were divided …
DIVIDED = re.compile(r"\b(?:hatch\w*|multipl\w+|doubl\w+|splits?|splitting|divid\w+|breaks?|broken|slic(?:es|ing))\b")
# … or fewer …
FEWER = re.compile(
    r"\b(?:leav(?:es?|ing)|left|departs?|remain\w*|rest|last|merg\w+|eats?|eaten|breaks?|broken|removes?|removed|"
    r"removing|"
    r"vanish\w*|disappear\w*|one|ones|others?|each of|among|gone|falls?|(?:two|three|four|five|some|half|several|none|"
    r"most) of|"
    r"pops?|popped|behind(?= ?(?:[.,;]|and\b|$))|drops? out|reduc\w+|shrinks?|fewer|except|"
    r"third|fourth|second|first|eliminated|loses?|takes?|"
    r"einer|eines|verlässt|übrig\w*|anderen?|autres?|reste\w*|l'un|l'une|part|quitte\w*|otr[oa]s?|resto|quedan?|"
    r"un[oa](?= (?:se|de|sale|va|cae|deja|queda|abandona|desaparece|vuela|huye|corre|salta|baja)\b|[,;])|"
    r"altr[oaie]|один|одна|одно|остальн\w+|из них|уходит|оставш\w+|en av|ena|biri)\b"
)
# … or either, or that they are others at another time or place.
ELSEWHERE = re.compile(
    r"\b(?:later|becomes?|turns? into|cut to|next shot|elsewhere|different|reflections?|mirror|später|anderswo|"
    r"plus (?:tard|loin)|más (?:tarde|lejos)|luego|después|più (?:tardi|lontano)|затем|потом|senare)\b"
)
# Whoever arrives or goes is one of those counted if it stands right before one of these.
ARRIVES = re.compile(
    r"(\S+) (?:arriv(?:es?|ed|ing)|enters?|entering|emerges?|appears?|comes?|returns?|runs? (?:in|off|away)|"
    r"walks? (?:in|off|away)|exits?|swims? up|lands?|steps? (?:in|out|off|away)|jumps? (?:in|off|down|out)|"
    r"climbs? (?:in|out)|"
    r"kommen|kommt|springt|fliegt|läuft|geht|arrivent?|partent?|llegan?|se van?|salen?|arrivano|arriva|chega|chegam)\b"
)
# No change, though its words are among the above.
NO_CHANGE = re.compile(
    r"\b(?:one (?:after|by|behind|above|beside) (?:the other|another|one)|each other|one another|the one (?:in|on|at)|"
    r"nacheinander|uno tras otro|l'un après l'autre|die eine|die anderen)\b"
)
SUM = re.compile(
    r"\b(?:and|with|plus|beside|und|mit|et|avec|y|con) (?:an?|his|her|their|its|the|one|another|ein\w*|une?|un[oa]?|"
    r"\w+ (?:more|other))\b"
)
NOW = re.compile(
    r"\b(?:now|suddenly|soon|by the end|at the end|jetzt|maintenant|ahora)\b"
    r"[^.]{0,20}$|"
    r"\b(?:below|inside|outside|upstairs|downstairs|nearby|behind (?:them|it|her|him)|beyond|opposite|across the \w+|"
    r"on the other \w+|"
    r"further \w+|in the (?:background|distance|foreground)|draußen|drinnen|daneben|plus loin|à côté|más allá|"
    r"al lado)\b[^.]{0,14}$"
)
