"""Knows how models announce a description of a video, in languages other than English; checks nothing."""

from __future__ import annotations

import re

from framescribe.checks.medium import (
    CHINESE,
    FRENCH,
    ITALIAN,
    JAPANESE,
    KOREAN,
    PORTUGUESE,
    SPANISH,
)

_ZH_THIS = r"(?:[这该本此這該]|在|从|從)*(?:一?[个段则部張张個]|幅)?"
_ZH_SHOWS = (
    r"(?:主要|清晰地?|生动地?|详细地?)?(?:向我们|为我们)?(?:展示|显示|呈现|描绘|展现|描述|记录|拍摄|捕捉|聚焦|讲述|顯示|呈現|描繪|展現"
    r"|記錄|捕捉)"
)


def _any_case(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


_FR_IN = rf"(?:dans (?:cette|ce|cet|la|le|l['’]) ?{FRENCH}|au début de (?:la|cette) (?:vidéo|scène)|au début du clip)"
_ES_IN = (
    rf"(?:en (?:este|esta|el|la) {SPANISH}|al (?:inicio|comienzo|principio) (?:del|de la|de este"
    rf"|de esta) {SPANISH})"
)
_IT_IN = (
    rf"(?:(?:in quest[oa']|nel|nella|nell['’]) ?{ITALIAN}|all['’]inizio (?:del|della|di questo"
    rf"|di questa) {ITALIAN})"
)
_PT_IN = rf"(?:(?:neste|nesta|no|na) {PORTUGUESE}|no (?:início|começo) (?:do|da|deste|desta) {PORTUGUESE})"

# After these comes a text of its own, or a sentence.
BEFORE_A_SENTENCE = _any_case(
    r"(?:natürlich|gerne?|klar|selbstverständlich)[,!.] +hier (?:ist|sind|kommt) [^:\n.]{0,80}:\s*",
    r"hier (?:ist|kommt|folgt) (?:die|eine|meine|deine|ihre) [^:\n.]{0,60}?(?:beschreibung"
    r"|zusammenfassung)[^:\n.]{0,60}:\s*",
    r"(?:(?:video|bild)?beschreibung|bildunterschrift|untertitel|antwort|zusammenfassung)\s?:\s*(?=[\w“«„「])",
    r"(?:bien sûr|certainement|d['’]accord|avec plaisir|volontiers)\s?[,!.] *voici [^:\n.]{0,80}:\s*",
    r"voici (?:une|la|ma|votre) [^:\n.]{0,60}?(?:description|légende)[^:\n.]{0,60}:\s*",
    r"(?:description|légende|réponse|résumé)(?: de la vidéo)?\s?:\s*(?=[\w“«„「])",
    r"¡?(?:claro|por supuesto|desde luego|con gusto|seguro)(?: que sí)?[,!.]+ *aquí (?:tienes?|está"
    r"|va) [^:\n.]{0,80}:\s*",
    r"aquí (?:tienes?|está|va) (?:una|la|mi|tu|su) [^:\n.]{0,60}?(?:descripción|leyenda)[^:\n.]{0,60}:\s*",
    r"(?:descripción|leyenda|pie de foto|respuesta|resumen)(?: del v[ií]deo)?\s?:\s*(?=[\w“«„「])",
    r"(?:certo|certamente|ecco qui|naturalmente)[,!.]+ *ecco [^:\n.]{0,80}:\s*",
    r"ecco (?:una|la) [^:\n.]{0,60}?(?:descrizione|didascalia)[^:\n.]{0,60}:\s*",
    r"(?:descrizione|didascalia|risposta|riassunto)(?: del video)?\s?:\s*(?=[\w“«„「])",
    r"(?:claro|certamente|com certeza|com prazer)[,!.]+ *aqui (?:está|vai) [^:\n.]{0,80}:\s*",
    r"aqui (?:está|vai) (?:uma|a|sua) [^:\n.]{0,60}?(?:descrição|legenda)[^:\n.]{0,60}:\s*",
    r"(?:descrição|legenda|resposta|resumo)(?: do v[ií]deo)?\s?:\s*(?=[\w“«„「])",
    r"(?:конечно|разумеется|хорошо)[,!.]+ *вот [^:\n.]{0,80}:\s*",
    r"вот [^:\n.]{0,40}?(?:описание|подпись)[^:\n.]{0,60}:\s*",
    r"(?:описание|подпись|ответ)(?: видео)?\s?:\s*(?=[\w“«„「])",
    rf"{_FR_IN}, ",
    rf"{_ES_IN}, ",
    rf"{_IT_IN}, ",
    rf"{_PT_IN}, ",
    r"(?:на|в) (?:этом |данном |коротком )?(?:видео|видеоролике|ролике|клипе|изображении|видеозаписи) (?:мы видим "
    r"|видно, как |видно, что )?(?!показан|изображ|представл|видн|виден|запечатл)",
    r"(?:好的|当然(?:可以)?|没问题|好|當然)[，,！!。]\s*(?:以下|下面|这)是[^：:\n。]{0,40}[：:]\s*",
    r"(?:以下|下面|这里)是[^：:\n。]{0,40}?(?:描述|说明|字幕|标题|总结|概述|說明)[^：:\n。]{0,20}[：:]\s*",
    r"[#*\s【\[]*(?:视频|影片|画面|图片|最终|详细)?(?:描述|字幕|说明|回答|答案|概述|總結|总结|說明)[】\]*]*\s?[：:][*]*\s*(?=[\w“«„「])",
    rf"{_ZH_THIS}{CHINESE}(?:的?(?:开头|开始|一开始|起初)?)?[中里裡内]?[，,]\s*",
    rf"{_ZH_THIS}{CHINESE}(?:的?(?:开头|开始|一开始|起初)(?:时|處|处)?)[，,]?\s*",
    rf"(?:在)?{_ZH_THIS}(?!画面|畫面){CHINESE}[中里裡][，,]?(?:我们)?(?:可以看到|看到|可见|有|出现了?)?(?![央心间間景部段国文的，,])\s*",
    r"(?:もちろんです|承知(?:いた)?しました|はい|わかりました)[、。！!]\s*(?:以下(?:は|が"
    r"|に))?[^：:\n。]{0,40}(?:です|ます)?[：:。]\s*(?=[\w“«„「])",
    r"以下(?:は|が|に)[^：:\n。]{0,40}?(?:説明|キャプション|描写)[^：:\n。]{0,20}[：:。]\s*",
    r"(?:動画の|映像の)?(?:説明|キャプション|字幕|回答|概要)\s?[：:]\s*(?=[\w“«„「])",
    rf"(?:この|その|本)?(?:短い)?{JAPANESE}(?:の(?:中|冒頭|最初))?(?:では|で)、\s*",
    r"(?:물론입니다|물론이죠|네|알겠습니다)[,.!]\s*(?:다음은|아래는)?[^:\n.]{0,40}(?:입니다|니다)?[:.]\s*(?=[\w“«„「])",
    r"(?:다음은|아래는)[^:\n.]{0,40}?(?:설명|캡션)[^:\n.]{0,20}[:.]\s*",
    r"(?:영상 |동영상 |비디오 )?(?:설명|캡션|답변)\s?:\s*(?=[\w“«„「])",
    rf"(?:이|해당|본) ?(?:짧은 )?{KOREAN}(?: 속)?에서(?:는)?,? ",
)
# After these comes a thing, or a thing and what it does. None for languages that would leave it in the wrong case.
BEFORE_A_THING = _any_case(
    rf"(?:(?:cette|ce|cet|la|le|l['’]) ?{FRENCH}|l['’]animation) "
    r"(?:montre|présente|dépeint|illustre|capture|représente|met en scène|s['’]ouvre sur|commence (?:par|avec)"
    r"|débute (?:par|avec)) "
    r"(?!comment|que|comme|des?\b(?= (?:plus|près)))",
    r"(?:un|une) (?:courte )?(?:vidéo|clip|image) (?:de |d['’]|montrant )(?=une? )",
    rf"{_FR_IN},? on (?:peut )?voi[rt] ",
    rf"(?:el|la|este|esta) {SPANISH} "
    r"(?:muestra|presenta|captura|representa|retrata|ilustra|exhibe|(?:comienza|empieza|inicia|abre|se abre) (?:con"
    r"|en)) "
    r"(?:a (?=un|una|dos|tres|varios|varias)\b ?)?(?!cómo|como|que|a\b)",
    rf"{_ES_IN},? (?:se (?:ven?|muestran?|observan?|aprecian?)|(?:podemos )?ve(?:mos|r)|vemos|aparecen?) (?:a (?=un"
    rf"|una|dos))?",
    r"(?:un|una) (?:v[ií]deo|clip|imagen) (?:de|que muestra) (?:a )?(?=una? )",
    rf"(?:il|lo|la|questo|questa|l['’]) ?{ITALIAN} "
    r"(?:mostra|presenta|raffigura|ritrae|cattura|illustra|(?:inizia|comincia|si apre) (?:con|su)) (?!come|che)",
    rf"{_IT_IN},? (?:si (?:vede|vedono)|vediamo) ",
    rf"(?:o|a|este|esta) {PORTUGUESE} "
    r"(?:mostra|apresenta|retrata|captura|exibe|ilustra|(?:começa|inicia|abre) com) (?!como|que)",
    rf"{_PT_IN},? (?:vê-se|vemos|é possível ver|podemos ver|aparece) ",
    r"(?:на|в) (?:этом |данном |коротком )?(?:видео|видеоролике|ролике|клипе|изображении) "
    r"(?:показан[аоы]?|изображен[аоы]?|изображён|представлен[аоы]?|запечатлен[аоы]?|запечатлён) ",
    rf"{_ZH_THIS}{CHINESE}[中里裡]?{_ZH_SHOWS}了?+(?:的是)?(?!如何|怎|为什么|的|在)",
    rf"{_ZH_THIS}{CHINESE}以(?=一)",
)
