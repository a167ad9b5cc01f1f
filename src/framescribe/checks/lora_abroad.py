"""Knows the words of other languages than English for how a character looks and for the style of a picture; whose they
are is said by `lora_words`."""

from __future__ import annotations

import re

# German
_DE_COLOURED = (
    r"(?:blond|braun|schwarz|rot|grau|weiß|silbern?|golden|grün|blau|dunkel|hell|rötlich|brünett"
    r"|kupferrot|kastanienbraun"
    r"|lang|kurz|lockig|wellig|glatt|kraus|schulterlang|geflochten|struppig|voll|dicht|dünn|buschig|schütter|groß|blass"
    r"|gebräunt|faltig|dunkelbraun|dunkelblond|hellblond|dunkelhäutig)\w*"
)
_DE = (
    rf"\b(?:{_DE_COLOURED},? (?:und )?)+(?:haare?n?|bart|vollbart|schnurrbart|locken|zöpfen?|zopf|pferdeschwanz|pony"
    r"|augen|haut|teint|augenbrauen|gesicht)\b|\b(?:sommersprossen|grübchen|falten im gesicht|wangenknochen|vollbart"
    r"|schnurrbart|glatze|narben?|tätowierung(?:en)?|muttermal)\b"
)
_DE_IS = (
    r"\b(?:jung|alt|älter|betagt|schlank|groß|klein|kräftig|muskulös|stämmig|dick|mollig|zierlich|hager|blond|brünett"
    r"|bärtig|glatzköpfig|asiatisch|afrikanisch|dunkelhäutig|hellhäutig|rothaarig|blauäugig|langhaarig|grauhaarig)"
    r"e[rsn]?(?:,? (?:und )?\w+e[rsn]?)? (?:mann|frau|junge|mädchen|dame|herr|kerl|person|jugendlicher?)\b"
    r"|\bin (?:seinen|ihren) (?:zwanzigern|dreißigern|vierzigern|fünfzigern|sechzigern)\b"
)
# French
_FR_COLOURED = (
    r"(?:blonds?|blondes?|bruns?|brunes?|noirs?|noires?|roux|rousses?|gris|grise?s?|blancs?|blanches?"
    r"|châtains?|verts?|bleus?"
    r"|marron|longs?|longues?|courts?|courtes?|bouclée?s?|frisée?s?|raides|lisses|ondulée?s?|épaisse?s?"
    r"|clairs?|foncée?s?"
    r"|pâles?|mate|bronzée)"
)
_FR = (
    rf"\b(?:{_FR_COLOURED} )*(?:cheveux|chevelure|barbe|moustache|yeux|peau|sourcils)(?: (?:mi-)?{_FR_COLOURED}\b)+"
    rf"|\b(?:{_FR_COLOURED} )+(?:cheveux|chevelure|barbe|moustache|yeux)\b"
    r"|\b(?:taches de rousseur|fossettes|cicatrice|tatouages?|grain de beauté)\b"
)
_FR_IS = (
    r"\b(?:jeune|vieux|vieil|vieille|grande?|petite?|gros|grosse|mince) (?:homme|femme|fille|garçon|dame|fillette)\b"
    r"|\b(?:homme|femme|fille|garçon|dame) (?:d'âge mûr|âgée?|mince|musclée?|élancée?|corpulente?|blonde?"
    r"|rousse|roux|chauve"
    r"|barbu|asiatique|noire?)\b"
)
# Spanish
_ES_COLOURED = (
    r"(?:rubi[oa]s?|negr[oa]s?|castañ[oa]s?|pelirroj[oa]s?|roj[oa]s?|blanc[oa]s?|gris(?:es)?|canos[oa]s?"
    r"|verdes?|azules|azul"
    r"|marrones|oscur[oa]s?|clar[oa]s?|larg[oa]s?|cort[oa]s?|rizad[oa]s?|lis[oa]s?|ondulad[oa]s?|pálida"
    r"|morena|espes[oa]s?"
    r"|pobladas?)"
)
_ES = (
    rf"\b(?:{_ES_COLOURED} )*(?:pelo|cabello|cabellera|melena|barba|bigote|ojos|piel|cejas)(?: {_ES_COLOURED}\b)+"
    rf"|\b(?:{_ES_COLOURED} )+(?:pelo|cabello|cabellera|melena|barba|bigote|ojos)\b"
    r"|\b(?:pecas|hoyuelos|cicatriz|tatuajes?|lunar)\b"
)
_ES_IS = (
    r"\b(?:joven|anciana?|viej[oa]) (?:hombre|mujer|chic[oa]|señora?)\b|\b(?:hombre|mujer|niñ[oa]|chic[oa]|señora?)"
    r" (?:joven|mayor|anciana?|viej[oa]|alt[oa]|baj[oa]|delgad[oa]|gord[oa]|musculos[oa]|rubi[oa]|pelirroj[oa]|calv[oa]"
    r"|barbudo|moren[oa]|asiátic[oa])\b"
)
HAS = re.compile("|".join((_DE, _FR, _ES)))
IS = re.compile("|".join((_DE_IS, _FR_IS, _ES_IS)))
# Right before what somebody has: it is that of whoever was spoken of last …
OWN = re.compile(r"\b(?:seine?[mnrs]?|ihre?[mnrs]?|ses|son|sa|sus?)\s+$")
# … or, with nothing else between, of the one that was just named.
JOINED = re.compile(
    r",?\s*(?:hat|hatte|trägt|mit|a|porte|avec|aux?|à la|tiene|lleva|luce|con|de|, de)?\s*"
    r"(?:einem|einer|eine|ein|seine[nmr]?|ihre[nmr]?|une|un|des|les?|la|ses|son|sa|una|el|los|las|sus?)?\s*"
)
APPOSED = re.compile(r"\s*(?:,|ist|est|es)?\s*(?:eine?|une?|una?|der|die|das|le|la|el)?\s*")
OTHER = re.compile(
    r"\b(?:eine[mnrs]?|ein|zwei|drei|einige|andere[nrsm]?|une?|deux|trois|des|d'autres|una?|dos|tres|otr[oa]s?|un[oa]s)"
    r" (?:\w+ ){0,2}?(?:mann|frau|jungen?|mädchen|kind\w*|puppe|hund|pferd|katze|dame|herrn?|freund\w*|kund\w+|braut"
    r"|homme|femme|garçon|fille|fillette|dame|enfant|vieillard|monsieur|client\w*|chien|cheval|chat|ami\w*|poupée"
    r"|hombre|mujer|niñ[oa]|chic[oa]|señora?|ancian[oa]|client[ea]|perro|caballo|gat[oa]|amig[oa]|muñeca)s?\b"
)

# Chinese and Japanese
SPACELESS_HAS = re.compile(
    "(?:[黑金棕褐红白灰银蓝绿粉紫]色?的?(?:[长短卷直]的?)?(?:头)?|[长短卷直])[发髮](?![光亮动出生现布言型饰])"
    "|[蓝绿棕褐黑灰]色?的?(?:大)?眼(?:睛|眸)|(?:白皙|黝黑|苍白|古铜色)的?(?:皮肤|肤色)|(?:皮肤|肤色)(?:白皙|黝黑|苍白)"
    "|(?:络腮|八字)?胡[子须]|雀斑|(?:伤疤|疤痕|纹身|酒窝)|身材(?:高大|苗条|魁梧|矮小)"
    "|(?:黒|金|茶|白|銀|赤)髪|(?:青|緑|茶色|黒|赤)い?の?(?:大きな)?(?:瞳|目)|(?:長い|短い|巻き)髪|そばかす|あごひげ|口ひげ|傷跡"
)
SPACELESS_IS = re.compile(
    "(?:年轻|年老|老年|中年|年迈)的?(?:男|女|小伙|姑娘|人)|(?:若い|年老いた|中年の)(?:男|女|少|人)"
)
SPACELESS_OTHER = re.compile(
    "[一两三几][个位名只匹条群][^，。；、]{0,5}?(?:女孩|男孩|老人|女人|男人|女子|男子|孩子|姑娘|小伙|人|狗|猫|马)|(?:另一|别的)"
    "|(?:少女|少年|女性|男性|老人|女の子|男の子|犬|猫|馬)(?:の|に|を|と)"
)
# What follows hair where it says who somebody is: 白发老人, 金髪の少女.
SPACELESS_OF_OTHER = re.compile(
    "的?(?:女孩|男孩|老人|老者|女人|男人|女子|男子|孩子|姑娘|小伙)|の(?:少女|少年|女性|男性|老人|女|男|子)"
)
SPACELESS_BETWEEN = re.compile(r"[^。！？，、]{0,3}[\s，,、]*")
SPACELESS_APPOSED = re.compile(r"\s*[，,、は]?\s*是?(?:一[个位名])?")

# Styles
_MEDIUM = (
    r"(?:anime|manga|comic|zeichentrick|cartoon|aquarell|ölgemälde|pixel(?:art|-art)?|noir|film-?noir|retro|vintage|vhs"
    r"|super-8|claymation|stop-motion|3d|cyberpunk|ghibli|disney|pixar|impressionis\w+|expressionis\w+"
    r"|holzschnitt|tusche)"
)
_FR_MEDIUM = (
    r"(?:anim(?:e|é)|manga|bande dessinée|bd|dessin animé|cartoon|aquarelle|pixel art|(?:film )?noir"
    r"|rétro|vintage|vhs|3d"
    r"|pâte à modeler|impressionniste|expressionniste|ghibli|disney|pixar|cinématographique|peinture à l'huile|comics?)"
)
_ES_MEDIUM = (
    r"(?:anime|manga|cómic|dibujos animados|caricatura|acuarela|pixel art|cine negro|noir|retro|vintage"
    r"|vhs|3d|plastilina"
    r"|impresionista|expresionista|ghibli|disney|pixar|óleo)"
)
STYLE = re.compile(
    rf"\b(?:im|in einem|in) (?:\w+en )?{_MEDIUM}(?:-?film)?[- ]?(?:stil|look|ästhetik|optik|manier)\b"
    rf"|\b{_MEDIUM}[- ]?(?:stil|ästhetik|optik)\b|\bim stil (?:eines|einer|von) (?:\w+ )?{_MEDIUM}\w*"
    r"|\b(?:fotorealistisch|filmisch|handgezeichnet|gerendert)e[rsnm]? (?:\w+e[rsnm]? )?(?:aufnahme|szene"
    r"|bild|darstellung"
    r"|stil|look|animation|figur)\w*|\bfilmkorn\b|\b(?:als|in) (?:aquarell|tusche|kohle|öl|bleistift"
    r"|pixelart) (?:gemalt"
    r"|gezeichnet)\b|\bschwarz-?weiß(?:-?film|aufnahmen?|-aufnahmen?|bild(?:er)?)\b"
    rf"|\b(?:style|façon|esthétique|rendu) (?:d'|de (?:la )?)?{_FR_MEDIUM}\b"
    r"|\b(?:plan|rendu|éclairage|lumière|cadrage) (?:\w+ )?cinématographique\b|\bphotoréaliste\b|\bgrain (?:de film"
    r"|argentique)\b|\bfilmée? en noir et blanc\b|\bimages? en noir et blanc\b"
    rf"|\b(?:estilo|estética|aspecto) (?:de(?:l)? )?{_ES_MEDIUM}\b"
    r"|\b(?:plano|toma|iluminación|aspecto|look|tono) cinematográfic[oa]\b|\bfotorrealista\b|\bgrano de película\b"
    r"|\b(?:filmad[oa]|imágenes|película) en blanco y negro\b"
)
# What a picture opens with if it is one as a whole: "ein Aquarell von …".
STYLE_OPENS = re.compile(
    r"^\W*(?:[\w-]+,? ){0,3}?(?:(?:aquarell|ölgemälde|ölbild|gemälde|bleistiftzeichnung|kohlezeichnung|tuschezeichnung"
    r"|federzeichnung|holzschnitt|zeichentrickfilm|comiczeichnung|animation)(?= (?:von|eines|einer|mit|zeigt|,)|,)"
    r"|(?:aquarelle|gouache|peinture à l'huile|gravure|estampe|dessin (?:au|à la|à l'|animé)[\w ]{0,12}?|croquis"
    r"|film en pâte à modeler)(?= (?:d'|de |du |des |montr|avec|où|représent))"
    r"|(?:acuarela|óleo|pintura al óleo|grabado|boceto|dibujo (?:a|al) \w+|animación)(?= (?:de|del|con|que|en) ))"
    r"(?! \w+ (?:hängt|lehnt|cuelga|est accroch\w+))",
    re.MULTILINE,
)
SPACELESS_STYLE = re.compile(
    "(?:动漫|动画|卡通|漫画|水彩|油画|水墨|素描|像素|写实|赛博朋克|复古|胶片|电影|插画|二次元|国风|吉卜力|3D|2D|3d|2d)(?:画)?(?:的)?(?:风格|画风|质感|风)"
    "|电影感|胶片颗粒|画风|赛璐璐|(?:黏土|粘土|定格|手绘)动画(?![片师展课书])|(?:3d|3D)渲染|动漫(?:少女|女孩|男孩|少年)"
    "|(?:アニメ|マンガ|漫画|水彩|水彩画|油絵|水墨画|浮世絵|ピクセル|ドット絵|セル画|クレイアニメ|ジブリ|レトロ|フォトリアル|映画|ノワール|3d|3D)"
    "(?:の)?(?:調|風|タッチ|スタイル|テイスト|ルック)(?!呂|船|景)"
)
