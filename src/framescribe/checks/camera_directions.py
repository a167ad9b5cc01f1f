"""Knows whether a text speaks of the camera at all, and which way it says that it moves; compares nothing."""

from __future__ import annotations

import re
from typing import NamedTuple

from framescribe.checks.text import Text

LEFT, RIGHT, UP, DOWN, IN, OUT = "left", "right", "up", "down", "in", "out"
_SPOKEN_OF = re.compile(
    r"\b(?:camera\w*|kamera\w*|caméra|cámara|telecamera|câmera|shot|filmed|zoom\w*|pan(?:s|ning)|tilt(?:s|ing)"
    r"|dolly|drone|handheld|hand-held|tripod|travelling|panoramique|plan|plano|einstellung)\b"
    "|镜头|鏡頭|机位|摄像机|摄影机|运镜|カメラ|ズーム|카메라"
)
# How a language leads from the camera to the verb or adverb that says which way.
_OTHERS = (  # then somebody else moves, or nobody
    r"(?:who|that|which|as|while|where|not|never|doesn't|isn't|without|shows?|showing|follow(?:s|ing)?|captur(?:es?|ing)|"
    r"reveal(?:s|ing)?|films?|filming|records?|recording|watch(?:es|ing)?|sees|is carried)\b"
)
_BETWEEN = rf"(?:,? (?!{_OTHERS})[\w'-]+){{0,3}}?,? "
_CAMERA = r"\b(?:camera|shot)(?:'s)?"
_TO = r"(?:[\w-]+ly |gently |slightly |a little |to(?:wards?)? |from |the |its |back |and )*"
_PLACE = r"(?![ -](?:hand|side|half|edge|corner|wall|end|part|of)\b)"  # "to the left side of the table"
_MOVE = (
    r"(?:pan|tilt|zoom|track|dolli|doll|mov|swing|sweep|glid|drift|slid|truck|turn|travel|rotat|push|pull|cran"
    r"|boom|back|clos|arc|edg|fl(?:ies|y))\w*"
)
_ENGLISH = re.compile(
    rf"(?:{_CAMERA}{_BETWEEN}{_MOVE}|"
    rf"(?<!not )(?<!never )\b(?:pan|zoom|tilt|doll(?:y|ie))(?:s|n?ning|m?ming|ing)?)[ -]{_TO}"
    r"(?P<way>(?:left|right|top|bottom)[ -]to[ -](?:the )?(?:left|right|top|bottom)"
    rf"|left(?:wards?)?{_PLACE}|right(?:wards?)?{_PLACE}|up(?:wards?)?|down(?:wards?)?"
    r"|in(?! (?:an? (?!little|bit|touch)|circles?|slow|step|sync|tandem|time|front|place|all|every|both|and out))"
    r"|closer|nearer|forwards?|out(?! of)|away|backwards?|back)\b(?! and forth)"
    rf"|{_CAMERA}{_BETWEEN}(?P<verb>rises?|rising|ascends?|ascending|descends?|descending|lowers?|sinks?|approach(?:es)?"
    r"|retreats?|recedes?|advances?|(?:pull|back)(?:s|ing)? (?:back|away|out))\b"
    r"|\b(?P<noun>zoom-(?:in|out)|push-in|pull-?back|dolly-(?:in|out))\b"
)
_WAYS = (
    (re.compile(r"left(?:wards?)?$"), LEFT),
    (re.compile(r"right(?:wards?)?$"), RIGHT),
    (re.compile(r"top$"), UP),
    (re.compile(r"bottom$"), DOWN),
    (re.compile(r"up|ris|ascend"), UP),
    (re.compile(r"down|descend|lower|sink"), DOWN),
    (re.compile(r"back|out|away|retreat|recede"), OUT),
    (re.compile(r"in\b|closer|nearer|forward|approach|advance"), IN),
)


class _Abroad(NamedTuple):
    """How other languages name the camera, and the ways, each a pattern within a clause that begins with it."""

    clause: re.Pattern[str]
    ways: tuple[tuple[re.Pattern[str], str], ...]


def _ways(**of: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), way) for way, pattern in of.items())


_ABROAD = (
    _Abroad(
        re.compile(r"\bkamera\b[^.,;]{0,50}"),
        _ways(
            left=r"\bnach links\b",
            right=r"\bnach rechts\b",
            up=r"\bnach oben\b|\baufwärts\b",
            down=r"\bnach unten\b|\babwärts\b",
            out=r"\bzurück\b|\bheraus\b|\bentfernt sich\b|\brückwärts\b",
            **{"in": r"\bheran\b|\bhinein\b|\bnähert sich\b|\bvorwärts\b|\bnäher\b"},
        ),
    ),
    _Abroad(
        re.compile(r"\bcaméra\b[^.,;]{0,50}"),
        _ways(
            left=r"\b(?:à|vers la) gauche\b",
            right=r"\b(?:à|vers la) droite\b",
            up=r"\bvers le haut\b|\bmonte\b|\bs'élève\b",
            down=r"\bvers le bas\b|\bdescend\b",
            out=r"\brecul(?:e|ant)\b|\barrière\b|\bs'éloign\w+|\bdézoom\w+",
            **{"in": r"\bavanc(?:e|ant)\b|\bavant\b|\b(?:se r|s'r?)approch\w+|\bzoome sur\b"},
        ),
    ),
    _Abroad(
        re.compile(r"\bcámara\b[^.,;]{0,50}"),
        _ways(
            left=r"\b(?:a|hacia) la izquierda\b",
            right=r"\b(?:a|hacia) la derecha\b",
            up=r"\bhacia arriba\b|\bsube\b",
            down=r"\bhacia abajo\b|\bbaja\b",
            out=r"\bretroced\w+|\bse aleja\b|\balejándose\b|\bhacia atrás\b",
            **{"in": r"\bavanza\w*|\bse acerca\b|\bacercándose\b|\bhacia (?:delante|adelante)\b"},
        ),
    ),
    _Abroad(
        re.compile("(?:镜头|鏡頭|摄像机|摄影机|机位|カメラ)[^，。；、,.]{0,24}"),
        _ways(
            left="[向往朝]左|左[摇移]|左(?:へ|に|方向)",
            right="[向往朝]右|右[摇移]|右(?:へ|に|方向)",
            up="[向往朝]上|上[摇移升]|上(?:へ|方向)|上昇",
            down="[向往朝]下|下[摇移降]|下(?:へ|方向)|下降",
            out="拉[远遠开開]|后退|後退|引(?:く|いて|き)|ズームアウト|離れ",
            **{"in": "推[近进進]|拉近|前[进進]|寄(?:る|って|り)|近づ|ズームイン"},
        ),
    ),
)


def spoken_of(text: Text) -> bool:
    """Whether a text says anything of a camera or of how the clip was filmed."""
    return _SPOKEN_OF.search(text.told) is not None


def directions(text: Text) -> dict[str, tuple[int, int]]:
    """The ways in which a text says that the camera moves, and where it first says so."""
    found: dict[str, tuple[int, int]] = {}
    for each in _ENGLISH.finditer(text.told):
        said = each["way"] or each["verb"] or each["noun"]
        for pattern, way in _WAYS:
            if pattern.search(said):
                found.setdefault(way, each.span())
                break
    for language in _ABROAD:
        for clause in language.clause.finditer(text.told):
            for pattern, way in language.ways:
                if pattern.search(clause[0]):
                    found.setdefault(way, clause.span())
    return found
