"""Knows captions that open by announcing the video, or themselves, instead of beginning with what is seen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.medium import (
    CHINESE,
    DUTCH,
    ENGLISH,
    FRENCH,
    GERMAN,
    ITALIAN,
    JAPANESE,
    KOREAN,
    PORTUGUESE,
    RUSSIAN,
    SPANISH,
)
from framescribe.checks.openings import after_opening, capital, happens_to_it
from framescribe.checks.text import Text
from framescribe.language.letters import listed

_FIRST = 12  # words in which a text opens
_ROOM = 240  # characters in which they stand
# One of these words is among the first of every opening in a script with spaces between words.
_CUES = listed(
    """
    beelden watch
    this it's videos clips sequence visual video clip footage image animation scene film movie picture photo
    photograph recording gif montage timelapse time-lapse videoclip slideshow vlog sure certainly course
    absolutely okay ok great gladly yes alright here here's below what displayed shown seen depicted captured
    featured pictured presented visible recorded portrayed display we you viewers welcome subject content focus
    topic contents problem pleasure help following caption description answer response output result summary
    understood got kurzvideo videoaufnahme videosequenz videoausschnitt filmclip filmausschnitt aufnahme szene
    bild sequenz hier beschreibung bildunterschrift zusammenfassung antwort videobeschreibung bildbeschreibung
    vidéo séquence scène extrait voici légende résumé réponse d'une l'image l'immagine l'animazione
    l'inquadratura l'animation l'extrait vídeo escena imagen animación grabación secuencia metraje aquí
    descripción leyenda resumen respuesta filmato scena immagine animazione sequenza ripresa ecco descrizione
    didascalia riassunto risposta clipe videoclipe cena imagem animação gravação sequência filmagem aqui
    descrição legenda resumo resposta видео видеоролик видеоролике видеоклип видеозапись видеозаписи
    видеофрагмент ролик ролике клип клипе сцена videofragment fragment filmpje opname afbeelding animatie
    beschrijving bijschrift antwoord samenvatting анимация изображение изображении вот описание подпись ответ
    кадры
    """
)
# With one of these it may begin as well: "It is a wide shot".
_POINTING = listed("it here dies das es c'est ceci il esta este questo questa è isto trata-se se si dit het это")
_CUES_OF_OTHERS = re.compile(
    r"[视視]频|視頻|影片|短片|画面|畫面|片段|[动動][画畫]|画像|场景|場景|图|圖|影像|录像|以下|下面|这里|描述|字幕|说明|說明|回答|答案|概述|总结|總結"
    r"|好的|当然|當然|没问题|動画|映像|ビデオ|クリップ|シーン|アニメ|場面|説明|キャプション|もちろん|承知|概要"
    r"|영상|비디오|클립|장면|이미지|애니메이션|물론|다음은|아래는|설명|캡션"
)

_FILLERS = (
    r"(?:(?!(?:an?|the|of|in|on|at|with|and|or|his|her|its|their|to|from|by|for|who|that|which|is|are|as|this"
    r"|while|holding|watching|editing|playing|inside|under|near|behind|over)\b)[\w-]+,? ){0,4}?"
)
_ASIDE = (
    r"(?:,[^,.;:]{1,60},)?(?: (?:titled|called|labeled|labelled|that (?:was|is|has|you|we)|which (?:was|is)"
    r"|you (?:have|sent|gave|shared)"
    r"|from|in front|below|above|here|provided|supplied|shared|attached|under review) ?[^,.;:]{0,60}?)?"
)
_NOW = r"(?:(?:also|then|first|[a-z]+ly) ){0,2}"
_SHOWS = (
    r"(?:shows?(?! up| off| on)|showcases|depicts|captures|presents|features|displays|portrays|illustrates"
    r"|demonstrates|documents"
    r"|highlights|follows|focuses on|takes (?:us|you|viewers)|brings (?:us|you)|gives us|invites|transports|reveals"
    r"|contains|includes|consists of|introduces|provides|centers on|centres on"
    r"|takes place|unfolds|is set|is showing|is depicting|is capturing|is (?:an?|of|about|the) (?!bit|little|lot)"
    r"|(?:appears|seems) to (?:be|show|depict|capture|feature)"
    r"|(?:begins|opens|starts|commences)(?:,| (?:with(?! a (?:click|snap|pop))|on(?! its)|in|inside|outside|at|as|by"
    r"|from"
    r"|when|to show|to reveal|where|out|showing)\b))"
)
_OF_THE_SCENE = (
    r"(?:shows(?! up| off| on)|showcases|depicts|captures|presents|features|displays|portrays|illustrates|takes place"
    r"|unfolds"
    r"|is set|appears to be|(?:begins|opens|starts)(?:,| (?:with|on|in|inside|outside|at|as|by|from|when|where)\b))"
)
_NOT_SCENE = ENGLISH.replace("|scene", "")
_ENGLISH = re.compile(
    rf"(?:(?:the|this|our|an?) )?{_FILLERS}(?:{_NOT_SCENE}{_ASIDE} {_NOW}{_SHOWS}|scene{_ASIDE} {_NOW}{_OF_THE_SCENE})"
    rf"|(?:in|throughout|within|across|during) (?:this|the|our) (?!(?:first|second|third|next|last|final"
    rf"|previous) (?:image|picture|photo)){_FILLERS}{ENGLISH}(?:,"
    r"| (?=(?:an?|the|this|two|three|four|five|we|you|i|there|several|some|someone|one|many|people|it|he|she|they"
    r"|multiple"
    r"|various|numerous|his|her|men|women|children)\b))"
    rf"|(?:at|in|from) the (?:very )?(?:start|beginning|outset|opening) of (?:the|this) {_FILLERS}{ENGLISH}\b"
    rf"|the (?:start|beginning|opening|first part|first half) of (?:the|this) {_FILLERS}{ENGLISH} {_SHOWS}"
    rf"|(?:as|when|while) (?:the|this) {_FILLERS}{ENGLISH} (?:begins|opens|starts|commences|unfolds|plays"
    rf"|progresses)\b(?! on)"
    r"|(?:this|it|here)(?: is|'s| appears to be| seems to be) (?:an?|the|another) (?:[\w,-]+ ){0,5}?"
    rf"(?:{ENGLISH}|(?:close-?up|wide|tracking|aerial|long|medium|establishing|overhead|point-of-view|pov|static"
    rf"|low-angle"
    r"|high-angle|drone|handheld|slow-motion|panning|dolly|macro|full|top-down) (?:shot|view)|shot|close-?up|view)\b"
    r"(?! (?:game|store|camera|screen|frame|of (?:whiskey|whisky|espresso|tequila|vodka|rum)))"
    r"|(?:this|it) is (?:[\w-]+ )?footage\b"
    rf"|watch (?:as|how) (?:the|this) {_FILLERS}{ENGLISH}\b|what you(?: are|'re) about to (?:see|read|watch)\b"
    r"|this (?:shows|depicts|captures|presents|features) (?:an?|the|two|three|several|some|how)\b"
    rf"|(?:what|all(?: that)?) (?:we (?:can )?see|you (?:can )?see|is (?:shown|seen)|(?:the"
    rf"|this) {_FILLERS}{ENGLISH} (?:shows|depicts|captures|presents|contains))\b"
    rf"|(?:displayed|shown|seen|depicted|captured|featured|pictured|presented|visible|recorded|portrayed"
    rf"|on display) (?:here|in (?:the|this) {_FILLERS}{ENGLISH})\b"
    rf"|(?:we|you|viewers) (?:are|'re) (?:watching|looking at|shown|seeing|presented with)\b|you're (?:watching"
    rf"|looking at)\b"
    rf"|(?:welcome to|let's look at|take a look at|have a look at) (?:this|the) {_FILLERS}{ENGLISH}\b"
    rf"|(?:the )?(?:subject|content|focus|topic|contents) of (?:the|this) {_FILLERS}{ENGLISH} (?:is|are)\b"
    r"|(?:sure(?: thing)?|certainly|of course|absolutely|gladly|no problem|with pleasure|happy to help)(?:[,.!:]"
    r"| [—–-])"
    r"|(?:okay|ok|great|yes|alright|all right|got it|understood|right)[,.!:]+ (?:so )?(?:here|this|the (?:video|clip"
    r"|image"
    r"|scene)|below|in this)\b"
    r"|(?:okay|great|alright)!"
    r"|here(?:'s| is| are) (?:what|(?:an?|the|your|my|one|some)\b[^.:\n]{0,60}?"
    r"\b(?:caption|description|summary|answer|response|prompt|video|clip|footage|breakdown|details|account)\b)"
    r"|here,? (?:we|you|one) (?:can )?(?:see|have)\b|here you go\b"
    r"|(?:below|the following|what follows)(?: is| are|:)[^.:\n]{0,60}?\b(?:caption|description|summary|details)"
    r"|(?:the following|what follows) (?:describes|summari[sz]es|captions|text|caption|description|paragraph|summary"
    r"|is (?:shown|what))\b"
    r"|[*_#\s\[\"(]*(?:(?:the|a|video|image|clip|scene|final|short|long|detailed|dense|brief|revised|english|concise"
    r"|visual|generated"
    r"|output|new|my|one-sentence|one-paragraph) ){0,3}(?:caption|description|answer|response|output|result|summary)"
    r"(?: of the (?:video|clip|image))?[*_\])]*\s?(?:[:：]|[-–—] )"
    r"|[*_#\s\[]*(?:video|clip|image)[*_\]]*\s?[:：]"
)
# "Set in a kitchen, the video shows", but not "On a monitor, the video shows".
_AFTER_A_COMMA = re.compile(
    rf"[,:] (?:the|this) {_FILLERS}(?:{_NOT_SCENE}{_ASIDE} {_NOW}{_SHOWS}|scene {_NOW}{_OF_THE_SCENE})"
)
_SENTENCE_ENDS = re.compile(r"[.!?。]\s|^(?:overall|in (?:summary|short|conclusion)|taken|all in all)")
_SHOWN_ON = re.compile(
    r"\b(?:screens?|monitors?|tv|television|projector|projected|tablet|laptop|phone|billboard|computer|wall|gallery"
    r"|jumbotron|player|presses|clicks|taps)\b"
)
_OF = re.compile(
    r"(?:an? )?(?:(?:short|brief|quick|single|simple|full|long|silent|real-life|youtube) ){0,2}"
    r"(?:video|film|clip|footage|image|photo|photograph|picture|recording|movie|scene(?= (?:showing|depicting"
    r"|featuring)))"
    r"(?: (?:clip|footage|sequence|recording))? "
    r"(?:of(?! his| her| their)|showing|featuring|depicting|capturing|that (?:shows|depicts|captures|features)|where"
    r"|in which) "
)

# These speak of the pictures that the model was given, as frame_talk says.
_NUMBERED = re.compile(
    r"\b(?:first|second|third|fourth|fifth|next|last|final|previous|middle|following|subsequent|opening"
    r"|initial) (?:image|picture|photo)"
)
_THOUGHT = re.compile(r"\s*<(think|thinking|thought|reasoning)>.*?</\1>", re.DOTALL)
_GERMAN = re.compile(
    rf"(?:(?:das|der|die|dieses|dieser|diese|ein|eine) (?:\w+ )?)?{GERMAN} (?:\w+ )?"
    r"(?:zeigt|beginnt|startet|eröffnet|präsentiert|stellt|fängt|fängt an|dokumentiert|enthält|scheint|handelt"
    r"|ist (?:eine?|ein)|hält|spielt in|öffnet)\b"
    rf"|(?:in (?:diesem|dieser|dem|der)|im|zu beginn (?:des|der|dieses)|am anfang (?:des|der|dieses)) (?:(?!erst"
    rf"|zweit|dritt|viert|letzt|nächst|vorletzt)\w+ )?{GERMAN}s?\b(?! (?:des|der|an|auf)\b)"
    rf"|(?:dies|das|es) (?:ist|sind) (?:eine?|das|die) (?:\w+ ){{0,2}}?(?:{GERMAN}|nahaufnahme|luftaufnahme|totale)\b"
    rf"|eine? (?:kurze[sr]? )?(?:video|clip|videoclip|film) (?:von|mit|eine[rs]|über)\b"
    r"|(?:natürlich|gerne?|klar|selbstverständlich)[,!.] ?hier|hier (?:ist|sind|kommt|folgt) (?:die|eine|meine|deine"
    r"|ihre)\b[^.:\n]{0,40}?(?:beschreibung|zusammenfassung|unterschrift)"
    r"|(?:video|bild)?beschreibung ?:|bildunterschrift ?:|zusammenfassung ?:|antwort ?:"
)
_FRENCH = re.compile(
    rf"(?:(?:la|le|l'|cette|ce|cet|une?) ?)(?:\w+ )?{FRENCH} (?:\w+ )?"
    r"(?:montre|présente|dépeint|illustre|capture|représente|met en scène|s'ouvre|commence|débute|semble|est une?"
    r"|filme|contient|se déroule|suit)\b"
    rf"|(?:dans|au début de|tout au long de) (?:cette|ce|cet|la|le|l') ?{FRENCH}(?:,| on\b| nous\b| une?\b)"
    rf"|(?:il s'agit d'une?|c'est une?|ceci est une?|voici une?) (?:\w+ ){{0,2}}?(?:{FRENCH}|gros plan|plan|vue)\b"
    r"|une? (?:courte )?(?:vidéo|clip|image) (?:de|d'|montrant)\b"
    r"|(?:bien sûr|certainement|d'accord|avec plaisir)\s?[,!.] ?voici|voici (?:la|une|ma"
    r"|votre)\b[^.:\n]{0,40}?(?:description|légende)"
    r"|(?:description|légende|réponse|résumé)(?: de la vidéo)?\s?:"
)
_SPANISH = re.compile(
    rf"(?:(?:el|la|este|esta|un|una) )(?:\w+ )?{SPANISH} (?:\w+ )?"
    r"(?:muestra|presenta|captura|representa|retrata|ilustra|exhibe|comienza|empieza|inicia|abre|se abre|parece"
    r"|es una?|contiene|se desarrolla|documenta|transcurre)\b"
    rf"|(?:en|al (?:inicio|comienzo|principio) del?|a lo largo del?) (?:este|esta|el|la)? ?{SPANISH}(?:,| (?=se"
    rf"|podemos|vemos|un|una|aparecen?|hay)\b)"
    rf"|(?:se trata de|esta? es|es) una? (?:\w+ )?(?:{SPANISH}|primer plano|plano|toma|vista)\b"
    r"|una? (?:breve |corto )?(?:v[ií]deo|clip|imagen) (?:de|que muestra|mostrando)\b"
    r"|¡?(?:claro|por supuesto|desde luego|con gusto)(?: que sí)?[,!.]+ ?aquí|aquí (?:tienes?|está"
    r"|va)\b[^.:\n]{0,40}?(?:descripción|leyenda)"
    r"|(?:descripción|leyenda|pie de foto|respuesta|resumen)(?: del v[ií]deo)?\s?:"
)
_ITALIAN = re.compile(
    rf"(?:(?:il|lo|la|l'|questo|questa|un|una) ?)(?:\w+ )?{ITALIAN} (?:\w+ )?"
    r"(?:mostra|presenta|raffigura|ritrae|cattura|illustra|inizia|comincia|si apre|sembra|è una?|contiene|si svolge"
    r"|documenta)\b"
    rf"|(?:(?:in quest[oa']|nel|nella|nell'|all'inizio (?:del|della)) ?){ITALIAN}(?:,| (?=si|vediamo|un|una|c'è)\b)"
    rf"|(?:si tratta di|questo è|questa è|questa? è) una? (?:\w+ )?(?:{ITALIAN}|primo piano|inquadratura|veduta)\b"
    r"|una? (?:breve )?(?:video|clip|filmato|immagine) (?:di|che mostra)\b"
    r"|(?:certo|certamente|naturalmente)[,!.]+ ?ecco|ecco (?:una|la)\b[^.:\n]{0,40}?(?:descrizione|didascalia)"
    r"|(?:descrizione|didascalia|risposta|riassunto)(?: del video)?\s?:"
)
_PORTUGUESE = re.compile(
    rf"(?:(?:o|a|este|esta|um|uma) )(?:\w+ )?{PORTUGUESE} (?:\w+ )?"
    r"(?:mostra|apresenta|retrata|captura|exibe|ilustra|começa|inicia|abre|parece|é uma?|contém|se passa|documenta)\b"
    rf"|(?:neste|nesta|no|na|no (?:início|começo) d[oa]) {PORTUGUESE}(?:,| (?=vemos|vê-se|podemos|um|uma|há)\b)"
    rf"|(?:trata-se de|este é|esta é|isto é) uma? (?:\w+ )?(?:{PORTUGUESE}|close|plano|tomada|vista)\b"
    r"|uma? (?:breve |curto )?(?:v[ií]deo|clipe|imagem) (?:de|que mostra|mostrando)\b"
    r"|(?:claro|certamente|com certeza)[,!.]+ ?aqui|aqui (?:está|vai)\b[^.:\n]{0,40}?(?:descrição|legenda)"
    r"|(?:descrição|legenda|resposta|resumo)(?: do v[ií]deo)?\s?:"
)
_DUTCH = re.compile(
    rf"(?:(?:de|deze|het|dit|een) )(?:\w+ )?(?:{DUTCH}|beelden) (?:\w+ )?"
    r"(?:toont|tonen|laat|begint|opent|start|presenteert|lijkt|is een|bevat|volgt|speelt zich|geeft)\b"
    rf"|in (?:deze|dit) {DUTCH}\b|(?:in (?:deze|dit|de|het)|aan het begin van (?:de|het|deze"
    rf"|dit)) (?:\w+ )?{DUTCH}(?:,| (?=zien|zie|is|zijn"
    rf"|loopt|een|staat|zit|rijdt)\b)"
    rf"|(?:dit|het) is een (?:\w+ )?(?:{DUTCH}|close-up|opname)\b|een (?:korte )?(?:video|clip|filmpje) van\b"
    r"|(?:natuurlijk|zeker|uiteraard)[,!.] ?hier|hier is (?:de|een)\b[^.:\n]{0,40}?(?:beschrijving|bijschrift)"
    r"|(?:beschrijving|bijschrift|antwoord|samenvatting) ?:"
)
_RUSSIAN = re.compile(
    rf"(?:это |этот |эта |данное |данный |в этом |на этом |в данном |на данном |на |в |в начале "
    rf"|в начале этого )?{RUSSIAN}"
    r"(?:,| )(?:\w+ )?(?:показыва|демонстриру|начина|открыва|изображ|представл|запечатл|показан|виден|видн|мы видим"
    r"|содержит|снят|происход)"
    rf"|(?:в|на) (?:этом|данном|этой|данной) {RUSSIAN}\b|(?:на|в) (?:видео|видеоролике|ролике|изображении)\b"
    rf"|это (?:\w+ )?(?:{RUSSIAN}|крупный план)\b"
    r"|(?:конечно|разумеется|хорошо)[,!.]+ ?вот|вот (?:\w+ )?(?:описание|подпись)|(?:описание|подпись"
    r"|ответ)(?: видео)?\s?:"
)
_CHINESE = re.compile(
    rf"[#*\s【\[“\"]*(?:在|从|這|这)*[这该本此這該]?一?[个段则部張张個幅]?{CHINESE}(?:的)?(?:开头|开始|一开始|起初"
    rf"|中|里|裡|内|主要|首先|开场|清晰地?|生动地?|详细地?)*"
    r"[，,]?(?:我们|向我们|为我们)?(?:可以看到|看到|展示|显示|呈现|描绘|展现|描述|记录|拍摄|捕捉|聚焦|讲述|顯示|呈現"
    r"|描繪|展現|記錄|以.{1,30}?(?:开始|开头|开场)|开始|是一|似乎|从)"
    rf"|(?:在)?[这该本此這該]一?[个段则部張张個幅]?{CHINESE}|(?:在)?{CHINESE}(?:的?(?:开头|开始"
    rf"|一开始))?(?:时)?[中里裡]?[，,]|在?(?!画面|畫面){CHINESE}[中里裡](?![央心间間景部段国文的])"
    rf"|这是一?[个段则部张幅]?.{{0,20}}?(?:{CHINESE}|特写|镜头)"
    r"|一[段个](?:短)?(?:视频|影片)[，,]?(?:展示|显示|记录|拍摄|中)"
    r"|(?:好的|当然(?:可以)?|没问题|好|當然)[，,！!。]|(?:以下|下面|这里)是.{0,30}?(?:描述|说明|字幕|标题|总结|概述|說明)"
    r"|[#*\s【\[]*(?:视频|影片|画面|图片|最终|详细)?(?:描述|字幕|说明|回答|答案|概述|總結|总结|說明)[】\]*]*\s?[：:]"
)
_JAPANESE = re.compile(
    rf"(?:この|本|その)?(?:短い)?{JAPANESE}(?:は|では|には|の中で|の冒頭|で、|が始ま|から始ま)"
    rf"|(?:これは|こちらは).{{0,40}}?(?:{JAPANESE}|クローズアップ|ショット)(?:です|である|だ|。)"
    r"|(?:もちろんです|承知(?:いた)?しました|はい|わかりました)[、。！!]|以下(?:は|が|に).{0,30}?(?:説明|キャプション|描写)"
    r"|(?:動画の|映像の)?(?:説明|キャプション|回答|概要)\s?[：:]"
)
_KOREAN = re.compile(
    rf"(?:이|해당|본|그)? ?(?:짧은 )?{KOREAN}(?:은|는|에서|에는|에서는|이 시작|의 시작|속에서| 속)"
    r"|이것은 .{0,40}?(?:영상|비디오|클립|장면|클로즈업)(?:입니다|이다)"
    r"|(?:물론입니다|물론이죠|네|알겠습니다)[,.!]"
    r"|(?:다음은|아래는).{0,30}?(?:설명|캡션)|(?:영상 |동영상 |비디오 )?(?:설명|캡션|답변)\s?:"
)
_ANY = (_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE, _DUTCH, _RUSSIAN, _CHINESE, _JAPANESE, _KOREAN)


class BoilerplateOpening(Check):
    """Captions that open with "The video shows", "In this video", "Sure, here is a caption" and the like."""

    name: ClassVar[str] = "boilerplate_opening"
    help: ClassVar[str] = 'it opens by announcing the video or the answer: "The video shows", "Caption:"'

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        whole, thought = text.raw, None
        if whole[:1] == "<":
            thought = _THOUGHT.match(text.told)
        elif (
            _CUES.isdisjoint(text.tokens[:_FIRST])
            and _POINTING.isdisjoint(text.tokens[:1])
            and (whole.isascii() or not _CUES_OF_OTHERS.search(whole, 0, _ROOM))
        ):
            return
        said = text.told[thought.end() if thought else 0 :]
        lead = len(whole) - len(said.lstrip('"“„«「 \t\r\n'))
        rest = after_opening(whole[lead:])
        if rest is not None and any(map(str.isalnum, whole[lead + rest.start :])):
            start, end = lead + rest.start, lead + rest.end
            first = capital(whole[start : start + 2])[:1]
            cut = [(lead, start + 1, first)]
            if end < len(whole) and whole[end:].strip():
                cut.append((end, len(whole), ""))
            yield self._found(lead, start, whole, tuple(cut))
        elif (found := self._opens(text, lead)) is not None and any(map(str.isalnum, whole[found[1] :])):
            yield self._found(*found, whole, None)

    def _opens(self, text: Text, lead: int) -> tuple[int, int] | None:
        words = [word for word in text.words if word[1] >= lead][: _FIRST + 1]
        until = words[_FIRST][1] if len(words) > _FIRST else len(text.told)
        told = text.told[: until + 80]
        told = told[: max(until, told.find("\n", until))] if text.raw.isascii() else told
        for pattern in _ANY:
            if (found := pattern.match(told, lead)) and not _NUMBERED.search(found[0]):
                return found.span()
        if found := _OF.match(told, lead):
            return None if happens_to_it(told[found.end() :]) else found.span()
        found = _AFTER_A_COMMA.search(told, lead)
        if (
            found
            and found.start() < until
            and not _SENTENCE_ENDS.search(told, lead, found.start())
            and not _SHOWN_ON.search(told, 0, found.start())
        ):
            return found.start() + 2, found.end()
        return None

    def _found(self, start: int, end: int, whole: str, cut: tuple[tuple[int, int, str], ...] | None) -> Finding:
        said = " ".join(whole[start:end].split())
        return Finding(check=self.name, start=start, end=end, what=f"it opens with {said[:60]!r}", cut=cut)
