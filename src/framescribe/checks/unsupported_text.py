"""Knows whether on-screen text that a caption quotes is in the frame captions it was made from; reads no pictures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.clauses import Cut
from framescribe.checks.scripts import words
from framescribe.checks.text import Text

# Words near a quotation that say it is text to be read in the clip …
_READ = words("""
    read reads reading sign signs signage text texts word words title titles titled label labels labeled labelled
    labelling banner banners poster posters caption captioned logo logos written writing printed letters lettering
    lettered spelled spells spelling screen display displays displaying neon board billboard cover sticker plaque
    subtitle storefront headline marked stamped engraved embroidered painted inscription inscribed placard license
    licence plate shirt t-shirt jersey cap hat bag mug box bottle can label badge tag flag shop store cafe café pub
    bar restaurant hotel bakery boat ship van truck bus train door window wall awning menu book magazine newspaper
    monitor chalkboard whiteboard blackboard scoreboard overlay watermark emblem panel note card ticket package
    packet street station exit building bearing bears graffiti slogan hoodie sweater apron crate barrel kiosk stall
    platform phone message button sash trophy number schild aufschrift schriftzug steht beschriftet text plakat
    titel banner logo laden trikot liest panneau inscription affiche écrit lit enseigne texte titre étiquette mots
    mot pancarte indique letrero cartel dice texto escrito título pancarta rótulo palabras palabra camiseta pone
    etiqueta barca barco bateau boot schiff nave negozio tienda boutique magasin wand tür puerta porte porta mur
    muro camión camion lkw lastwagen autobús tasse taza maglia camisa chemise maillot hemd mütze gorra casquette
    tasche ladenschild cartello scritta scritto insegna placa escrita letreiro bord tekst opschrift
""")
# … and those that say it is a name, something said, or a manner of speaking.
_NAMED = re.compile(
    r"\b(?:nicknamed?|known as|called|so-called|dubbed|named|calls? (?:him|her|it|them)|pose|move|dance|style|shape|"
    r"formation|gesture|"
    r"genannt|sogenannte\w*|spitzname|surnommée?|dite?|llamad[oa]|apodad[oa]|"
    r"(?:he|she|they|who|man|woman|boy|girl|child|voice|crowd|sings?|shouts?|yells?|whispers?|mouths?|chants?|"
    r"shouting|singing|chanting|mouthing|plays?|playing|performs?|performing|song|tune|hums?|cries|calls out|"
    r"exclaims?|cheers?|asks?|answers?|greets?|ruft|sagt|singt|rufen|crie|chante|grita|canta|dice) ?(?:says?|"
    r"saying)?,?)\s*(?:the |an? |his |her )?$"
)
_NAMES = re.compile(
    r"^\s*(?:pose|posture|position|stance|move|dance|step|style|gesture|sign|signs? with|shape|formation|hand sign|"
    r"trick|stretch|asana|kick|jump|spin|salute|effect|face|haircut|cut)\b"
)
_GESTURE = re.compile(r"\b(?:mak|giv|flash|form|throw|show|hold|do)(?:es?|ing|s|e)?(?: up)?(?: \w+)?\s*$")
_HAND = re.compile(
    r"^\s*(?:sign|signs?)? ?(?:with (?:his|her|their|its|one|both) (?:hands?|fingers?|arms?)|gesture|hand sign)"
)
_WRITTEN = re.compile(
    "显示|顯示|标有|標有|贴着|挂着|题有|名为|名叫|写着|寫著|写有|印有|印着|标语|標語|招牌|字样|字樣|标题|標題|上写|文字|牌子|看板|と書かれ|と書いて|表示|テロップ|쓰여|적힌|적혀|문구|간판|글자"
)
_BEARING = re.compile(
    r"(?:,? (?:(?:that|which) (?:reads?|says?|bears|displays|spells)|reading|saying|bearing|displaying|spelling|"
    r"labell?ed|marked|titled|"
    r"captioned|spelled out in)(?: the)?(?: (?:words?|text|title|name|letters|slogan|message|phrase|logo))?"
    r"| with the (?:words?|text|title|letters|slogan|message|phrase|name)(?: (?:reading|saying))?)[ ,:]*$"
)
_WORD = re.compile(r"[^\W_]+")


class UnsupportedText(Check):
    name = "unsupported_text"
    help = "quotes on-screen text that no frame caption has"
    on = False

    def measure(self, text: Text, of: Circumstances) -> Iterator[Finding]:
        if not of.frame_captions or not text.quoted:
            return
        seen = [_folded(each) for each in of.frame_captions]
        known = frozenset(word for each in seen for word in each)
        unbroken = "".join(word for each in seen for word in each)
        for start, end in text.quoted:
            words = _folded(text.raw[start + 1 : end - 1])
            if len("".join(words)) < 2 or not _to_be_read(text, start, end):
                continue
            phrase = "".join(words)
            if known.issuperset(words) or (not phrase.isascii() and phrase in unbroken):
                continue
            what = f"no frame caption has {text.raw[start:end]}"
            yield Finding(check=self.name, start=start, end=end, what=what, cut=_cut(text, start, end))


def _folded(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ").replace("'", "").replace("’", "")
    return _WORD.findall(text)


def _to_be_read(text: Text, start: int, end: int) -> bool:
    """Whether a quotation is text that is seen in the clip, and no nickname, pose or speech."""
    before, after = text.told[max(0, start - 60) : start], text.told[end : end + 40]
    if _GESTURE.search(before) and re.match(r"\s*(?:sign|gesture|symbol)\b", after):
        return False
    if _HAND.match(after) or (_NAMES.match(after) and not re.match(r"\s*signs?\b", after)):
        return False
    near = before.split(".")[-1]
    if _WRITTEN.search(near[-12:]) or _WRITTEN.search(after[:12]):
        return True
    if not _READ.isdisjoint(_WORD.findall(near)[-3:]) and not re.search(
        r"(?:nicknamed?|known as|so-called|dubbed) (?:the )?$", near
    ):
        return True
    if _NAMED.search(near):
        return False
    said = text.raw[start + 1 : end - 1]
    if said[:1].isupper() or any(each.isdigit() for each in said):
        return True
    return not _READ.isdisjoint((*_WORD.findall(near)[-7:], *_WORD.findall(after.split(".")[0])[:4]))


def _cut(text: Text, start: int, end: int) -> Cut | None:
    """Takes the quoted part out, where the words that lead to it can go with it."""
    lead = _BEARING.search(text.told, max(0, start - 50), start)
    return ((lead.start(), end, ""),) if lead else None
