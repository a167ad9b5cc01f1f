"""Knows when nothing of a caption is left once labels, tags and punctuation are gone."""

from __future__ import annotations

import re
from collections.abc import Iterable

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.text import Text
from framescribe.language.letters import listed

_MOST_WORDS = 14  # "Here is a detailed description of the video that you have provided:"
_TAG = re.compile(r"<[|｜]?/?[A-Za-z!][^<>\n]*>|\[/?[A-Z]{3,6}\]|&#?\w{2,8};|\\[nrt]|(?:```|~~~)\w*")
_WORD = re.compile(r"[^\W_]+")
# Words that announce a caption, and say nothing of a clip; those in `_ANNOUNCED` suffice for a label.
_ANNOUNCED = listed(
    """
    caption captions description descriptions summary answer response output result reply assistant
    描述 视频描述 画面描述 字幕 标题 说明 摘要 总结 答案 回答 输出 回复 説明 動画の説明 キャプション 要約 출력 설명 캡션
    beschreibung videobeschreibung bildbeschreibung
    bildunterschrift untertitel antwort ausgabe zusammenfassung légende réponse résumé sortie descripción leyenda
    respuesta resumen salida descrizione didascalia risposta descrição legenda resposta описание подпись ответ
    beschrijving bijschrift antwoord opis podpis odpowiedź
    """
)
_AROUND = listed(
    """
    a an the of for this that your my its is are here s as follows follow below requested provided generated you
    have final full short long brief detailed dense new video clip scene image frame frames text sure certainly
    okay ok of course english title user system model json tags von des der das die ist hier kurze du de la le
    vidéo voici el del aquí está vídeo ver
    """
)
_NOTHING = listed(
    """
    null none nil nan undefined void empty blank nothing tbd todo
    无 空 暂无 没有 无描述 暂无描述 なし 無し 特になし 없음
    keine keines nichts leer aucun aucune néant rien vide ninguno ninguna nada vacío nessuno nessuna niente nenhum
    nenhuma vazio нет пусто geen leeg brak
    """
)
_NO = listed(
    """
    no not keine aucune sin
    """
)
_ABSENT = listed(
    """
    available provided generated given found yet content data
    """
)


class Empty(Check):
    name = "empty"
    help = "nothing is left once labels, tags and punctuation are removed"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        if text.length > _MOST_WORDS:
            return ()
        words = _WORD.findall(_TAG.sub(" ", text.plain))
        if not _says_nothing(words, text.raw):
            return ()
        return (Finding(check=self.name, start=0, end=len(text.raw), what="nothing is described"),)


def _says_nothing(words: list[str], raw: str) -> bool:
    rest = [word for word in words if word not in _ANNOUNCED and word not in _AROUND]
    labelled = any(word in _ANNOUNCED for word in words)
    if not words or words == ["n", "a"] or (labelled and rest in ([], ["n"])):
        return True
    if all(word.isdecimal() and len(word) < 3 for word in rest):
        return raw.rstrip()[-1:] in ".):：、-" and len(rest) < 2  # "1.", "Frame 1:"
    if rest[0] in _NO and len(rest) > 1:
        return labelled and all(word in _ABSENT for word in rest[1:])
    return (all(word in _NOTHING for word in rest) and (labelled or len(words) == 1)) or (
        labelled and rest[0] in _NO and len(rest) == 1
    )
