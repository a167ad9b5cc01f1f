"""Knows how models speak of themselves and their answers in languages other than English; checks nothing."""

from __future__ import annotations

import re

from framescribe.checks.cued import Cued

ABROAD = Cued(
    # Chinese
    (
        "",
        r"(?:^|(?<=[，。；：、！？\s（(]))(?:我|本人)(?:可以|能够?|还|也|们|确实|清楚地|首先|会|将|想|需要|应该|必须|要"
        r"|只|无法|不能|不|暂时|已经?|并|只能|没有)*(?:看到|看见|注意到|观察到|认为|觉得|猜测?|推测|推断|发现|感觉|估计"
        r"|判断|描述|数了|数出|确定|确认|尽量|按照|根据|遵循|避免|省略|假设|保持|控制|写|概括|总结|辨认"
        r"|分辨|清楚|知道|重点|理解"
        r"|提到|补充|用了|使用了)"
        r"|(?:^|(?<=[，。；：、！？\s]))我们(?:可以|能够?|还|也)*(?:看到|看见|注意到|观察到|认为|推测|推断|发现)"
        r"|用户(?:要求|希望|想要?|让我|提供|的要求|的请求|的指令|需要(?:我|一))|(?:根据|按照|依据|遵照|应)(?:您|你|用户"
        r"|所?提供的?|给定的|以上的?|上述|题目|给出的)(?:的)?(?:要求|请求|提供|指示|指令|信息|画面|内容|视频|图片|描述"
        r"|提示|需求)|(?:按照?|根据|遵照|依照)(?:要求|指示|指令)[，,]|(?:符合|满足)(?:您|你|用户|题目)?的?(?:要求"
        r"|字数)|(?:作为|身为)(?:一个|一名)?(?:ai|人工智能"
        r"|语言模型)"
        r"|[（(【\[]\s?(?:共|约|字数[：:]?|全文|总计|合计|共计|本文)*\s?[\d一二三四五六七八九十百]+\s?(?:个)?(?:字|词"
        r"|字符|单词)[^）)】\]]{0,6}[）)】\]]|字数(?:统计)?[：:]\s?\d+|(?:全文|以上|共计?|总共)\s?(?:共"
        r"|约)?\s?\d+\s?(?:个)?字(?:。|$|左右|，)|(?:以上|上述|本|该|这[段个份条]|此|上面的?)(?:段"
        r"|个)?(?:描述|说明|字幕"
        r"|回答|内容(?:描述|基于|仅|为|是根据)|总结|概述|文字(?:描述|说明|只|仅|没有|未|不)|介绍)(?!牌"
        r"|栏)|描述(?:仅|只)?(?:基于|限于"
        r"|根据)|(?:^|(?<=[。！？\n\s（(]))(?:注意?[：:]|备注[：:]|说明[：:]|请注意|需要(?:注意|说明|指出)的是"
        r"|值得(?:注意|一提)的是|提示[：:]|(?:如上|如前|综上|正如上文)所述|我来(?:描述|看|说|总结|概括|写)|嗯[，,]|让我(?:们)?(?:来|先"
        r"|看|描述|分析|想|数|检查"
        r"|仔细)|好的?[，,](?:用户|我"
        r"|让我|现在|那么|首先)|首先[，,]我|思考[：:]|等等[，,]|最终(?:答案|描述|版本)[：:]|修改(?:后"
        r"|版)[：:]|接下来我)"
        r"|(?:无法|难以|不能)(?:从[^，。]{0,10})?(?:确定|判断|确认|得知|辨认|看清|推断)(?:具体|其|是否|他|她|确切|更多"
        r"|地点|人物|这|该|视频|画面|出|身份|，|。)|(?:据我(?:所见|观察|看|所知|了解)|在我看来|依我看|就我(?:所见|看)"
        r"|以上由我|我的(?:描述|回答|理解|判断|观察|任务))|(?:没有|缺乏|缺少)(?:更多|足够|进一步)的?(?:信息|上下文|背景信息)"
        r"|(?:从|仅从|就)(?:现有|提供的?|已有|给出的)(?:的)?(?:画面|信息|内容|图片|视频|描述)",
    ),
    # Japanese
    (
        "KANA",
        r"(?:^|(?<=[、。\s]))(?:私(?:は|が|には|の(?:説明|回答|見解|理解|見る限り|推測))|ユーザー(?:は"
        r"|が|の(?:要望|依頼|指示"
        r"|リクエスト)|から)|ご(?:要望|依頼|指示|指定|希望|質問)(?:の|どおり|通り|に|を|い)|(?:指示|要求|条件"
        r"|指定)(?:に従|どおり|通り|された(?:文字|語)))|(?:以上が(?:私の)?(?:説明|描写|回答|要約)|私の(?:見る限り"
        r"|見たところ|説明|回答)|見る限り(?:では)?、)|(?:この|上記の?|以上の?|本|上の)(?:説明(?:文)?|キャプション"
        r"|描写"
        r"|要約|回答|記述|文章)(?:は|が|で|に)|[（(]\s?(?:約|計|全|合計|文字数[：:]?)?\s?[\d一二三四五六七八九十百]+\s?(?:文字|字|語|単語"
        r"|ワード)[^）)]{0,4}[）)]|(?:文字数|単語数|語数)[：:]\s?[\d一二三四五六七八九十百]+|aiとして|(?:^"
        r"|(?<=[。\n\s（(]))(?:注[：:]|注意[：:]"
        r"|注記[：:]|備考[：:]|補足[：:]|なお、(?:この|本)(?:説明|キャプション|描写)|ええと|うーん|では、(?:説明|描写)"
        r"|さて、|まず、(?:ユーザー|動画を確認)|最終(?:回答|版)[：:])"
        r"|(?:提供された|与えられた)(?:情報|映像|動画|画像|内容)(?:に基づ|から|だけ|のみ)|(?:判断|特定|確認|判別"
        r"|断定)(?:は|が|する(?:こと)?は?が?)?(?:難し|でき(?:ません|ない|ず)|つき(?:ません|かね))",
    ),
    # Korean
    (
        "HANGUL",
        r"(?:^|(?<=[,.\s]))(?:저는|내가 보기|제가|나는|제 (?:설명|답변|생각)|저의) |사용자(?:가|는|의"
        r"|께서) ?(?:요청|원하|요구"
        r"|제공|지시|질문|짧은)|(?:요청|지시|말씀|요구)(?:하신|하신 ?대로|대로|에 따라)|(?:이|위|위의|본|해당) (?:설명"
        r"|캡션|묘사|요약|답변|문장)(?:은|는|이|에서|에는)|[(（]\s?(?:약|총|글자 ?수:?)?\s?\d+\s?(?:단어|자"
        r"|글자)[^)）]{0,4}[)）]|(?:글자 ?수|단어 ?수)\s?:|ai(?: 모델)?로서|(?:^"
        r"|(?<=[.\n\s(]))(?:참고(?:로)?[:：]|참고로"
        r"|주의[:：]|주[:：]|음[,.]|좋아[,.]|자[,.] |먼저[,.]? (?:저|제)|최종 (?:답변|설명)[:：])|제공된 (?:정보|내용)"
        r"|(?:판단하기|확인하기|알기|단정하기) (?:어렵|힘들)|확인할 수 없|알 수 없(?:습니다|다)",
    ),
    # German
    (
        "ich nutzer benutzer anwender beschreibung bildbeschreibung bildunterschrift zusammenfassung "
        "antwort fassung analyse gewünscht angefordert verlangt gefordert vorgegeben wunschgemäß gemäß "
        "anfrage anweisungen anweisung vorgaben wörter worte zeichen wortzahl wortanzahl ki sprachmodell "
        "hinweis anmerkung bemerkung achtung beachten basierend bereitgestellten vorliegenden verfügbaren "
        "sichtbaren gegebenen unklar soweit sofern schwer klar erkennbar ersichtlich sich soweit vermuten annehmen uns "
        "meinung ansicht okay",
        r"\b(?:soweit|wie|was|wenn|dass|sofern) ich\b|\bich (?:sehe|bemerke|erkenne|denke|glaube|vermute|würde|habe"
        r"|nehme|kann|beschreibe|konzentriere|beobachte"
        r"|meine|schätze|sollte|muss|werde|beschränke|bin mir|weiß|stelle|hoffe|lasse|nenne|fasse|gehe davon)\b"
        r"|\b(?:kann"
        r"|sehe|erkenne|würde|habe) ich\b|\bder (?:benutzer|nutzer|anwender) (?:möchte|will|hat|bittet|wünscht|fragt"
        r"|verlangt|braucht)\b|\b(?:diese|die obige|meine|die vorliegende) (?:kurze )?(?:beschreibung|bildbeschreibung"
        r"|bildunterschrift|zusammenfassung|antwort|fassung|analyse)\b|\bdie beschreibung (?:oben|verzichtet"
        r"|vermeidet|nennt|erwähnt|lässt|bezieht|folgt|wurde|erfolgt|entspricht|beruht|basiert"
        r"|beschränkt|umfasst|enthält|konzentriert|bleibt|hält|ist)\b|\b(?:wie (?:gewünscht|angefordert|verlangt"
        r"|gefordert|vorgegeben)|wunschgemäß|gemäß (?:ihrer|deiner|der|den) (?:anfrage|anweisung\w*|vorgabe\w*|bitte)"
        r"|ihre[rmn]? (?:anfrage|anweisung\w*|vorgaben)|deine[rmn]? (?:anfrage|anweisung\w*|vorgaben))\b"
        r"|[(\[]\s?(?:ca\. |etwa |genau |insgesamt )?\d+ (?:wörter|worte|zeichen)\b[^)\]]{0,10}[)\]]"
        r"|\bwort(?:an)?zahl\s?:|\bals (?:ki|künstliche intelligenz|sprachmodell)\b|(?:^|(?<=[.!?\n(] ))\(?(?:hinweis"
        r"|anmerkung|bemerkung|achtung)\s?:|\b(?:bitte beachten|es ist zu beachten|zu beachten ist)\b"
        r"|\b(?:basierend auf"
        r"|anhand|aufgrund|nach) (?:den|der|des|dem) (?:bereitgestellten|vorliegenden|verfügbaren|gegebenen"
        r"|sichtbaren)\b"
        r"|\b(?:es ist|bleibt) (?:unklar|nicht (?:klar|erkennbar|ersichtlich|möglich)|schwer zu)\b|\b(?:lässt"
        r"|lassen) sich (?:nicht|schwer) (?:sagen|feststellen|bestimmen|erkennen|beurteilen)|\bsoweit (?:erkennbar"
        r"|ersichtlich|zu sehen)\b|\bman kann (?:vermuten|annehmen)|(?:^|(?<=[.!?] ))(?:okay|also"
        r"|gut), (?:der (?:nutzer"
        r"|benutzer)|ich)\b|\blassen sie uns\b|\bmeiner (?:meinung|ansicht) nach\b",
    ),
    # French
    (
        "je j'observe j'aperçois j'ai j'imagine j'essaie j'espère j'estime j'évite l'utilisateur "
        "description légende réponse version analyse résumé demandé souhaité indiqué vous conformément "
        "selon votre vos mots ia qu'ia note remarque nota nb précision veuillez noter fournies fournis "
        "disponibles visibles difficile impossible clair possible d'accord avis peut semble moi",
        r"\b(?:je (?:vois|remarque|pense|crois|observe|dirais|constate|note|distingue|suppose|décris|peux (?:voir"
        r"|distinguer|observer|constater)|me (?:limite|concentre|suis)|ne (?:sais|vois|peux|distingue|suis)|vais|dois"
        r"|perçois|reconnais|devine|décrirais|voudrais|souhaite|tiens|présente|propose|respecte)|j'(?:observe"
        r"|aperçois|ai"
        r"|imagine|essaie|espère|estime|évite))\b|\bl'utilisateur (?:souhaite|demande|veut|a demandé|voudrait|m'a"
        r"|attend)\b|\b(?:cette|la présente|ma) (?:courte )?(?:description|légende|réponse|version"
        r"|analyse)\b(?! du (?:plat|menu))|\b(?:la description|le résumé|la légende) (?:ci-dessus|se (?:limite|base"
        r"|fonde"
        r"|concentre)|est (?:basée|limitée)|ne (?:dépasse|comporte|mentionne)|respecte|couvre|évite)\b|\bce résumé\b"
        r"|\b(?:comme (?:demandé|souhaité|indiqué|vous l'avez)|conformément à (?:votre|la|vos)|selon (?:vos|votre"
        r"|les) (?:demande|instructions?|consignes?)|votre (?:demande|requête)|vos (?:instructions|consignes))\b"
        r"|[(\[]\s?(?:environ |exactement )?\d+ mots\b[^)\]]{0,10}[)\]]|\bnombre de mots\b|\ben tant qu'(?:ia"
        r"|intelligence|assistant|modèle)\b|(?:^|(?<=[.!?\n(] ))\(?(?:note|remarque|nota bene|nb|précision)\s?:"
        r"|\b(?:veuillez noter|à noter que|il est à noter|il convient de noter)\b|\b(?:d'après|selon|à partir d"
        r"|sur la base d)\w* (?:les|des|l'|e l'|es) ?(?:informations?|éléments|images|extraits?) (?:fourni\w*"
        r"|disponibles?|visibles?)|\bil est (?:difficile|impossible) de (?:dire|savoir|déterminer|distinguer|préciser"
        r"|confirmer)|\bil n'est pas (?:clair|possible de (?:dire|savoir|déterminer))|\bd'accord, l'utilisateur"
        r"|\bà mon avis\b|\b(?:d'après ce que|pour autant que|de ce que|ce que) (?:je|j')|\bil me semble\b"
        r"|\bselon moi\b|\bon peut (?:supposer|deviner|déduire|remarquer|constater)",
    ),
    # Spanish
    (
        "yo veo noto observo creo pienso puedo diría percibo supongo aprecio distingo describiría descrito "
        "evitado seguido intentado mantenido omitido usado limitado limito centro centrado imagino sé "
        "seguro considero asumo usuario descripción respuesta versión leyenda resumen solicitado pedido "
        "indicado pidió solicitó pediste solicitaste acuerdo instrucciones siguiendo solicitud petición "
        "palabras ia nota observación aclaración aviso cabe importante cuenta según basándome basado claro "
        "difícil imposible posible puede podemos opinión déjame",
        r"\byo (?:veo|noto|observo|creo|pienso|diría)\b|(?:^|(?<=[.!?;,\n] ))(?:veo|noto|observo|creo que|pienso que"
        r"|puedo (?:ver|observar|notar|distinguir|apreciar)|diría que|percibo|supongo|aprecio|distingo|describiría"
        r"|he (?:descrito|evitado|seguido|intentado|mantenido|omitido|usado|limitado)|me (?:limito|centro"
        r"|he (?:limitado"
        r"|centrado))|imagino|no (?:sé|estoy seguro|puedo (?:ver|distinguir|determinar|saber))|considero|asumo)\b"
        r"|\bel usuario (?:quiere|pide|ha pedido|solicita|desea|ha solicitado|necesita|me pide)\b|\b(?:esta|mi"
        r"|la presente) (?:breve )?(?:descripción|respuesta|versión|leyenda)\b|\beste resumen\b"
        r"|\bla descripción (?:anterior|se (?:basa|limita|centra)|no (?:supera|menciona|incluye)|está|abarca|cubre"
        r"|evita"
        r"|cumple)\b|\b(?:según lo (?:solicitado|pedido|indicado)|como (?:se (?:pidió|solicitó|indicó)|pediste"
        r"|solicitaste|has pedido|me pidió|solicitó)|tal como (?:pediste|se pidió)|de acuerdo con (?:tus|sus|las|tu"
        r"|su) (?:instrucciones|petición|solicitud)|siguiendo (?:tus|sus|las) instrucciones|tu (?:solicitud|petición)"
        r"|sus instrucciones)\b|[(\[]\s?(?:aproximadamente |unas? |exactamente )?\d+ palabras\b[^)\]]{0,10}[)\]]"
        r"|\b(?:número|recuento|total) de palabras\b|\bcomo (?:una? )?(?:ia|inteligencia artificial"
        r"|modelo de lenguaje)\b"
        r"|(?:^|(?<=[.!?\n(] ))\(?(?:nota|observación|aclaración|aviso)\s?:|\b(?:cabe (?:señalar|destacar|mencionar)"
        r"|es importante (?:señalar|destacar|mencionar)|ten en cuenta|tenga en cuenta)\b|\b(?:según|basándome en"
        r"|basado en|con base en|a partir de) (?:la|las|los|el) (?:información|imágenes|fotogramas|detalles|datos"
        r"|contenido) (?:proporcionad|disponible|visible|dad)\w*|\b(?:no (?:está|queda) claro|es (?:difícil"
        r"|imposible) (?:decir|saber|determinar|distinguir)|no es posible (?:determinar|saber|distinguir)"
        r"|no se puede (?:determinar|saber|distinguir|identificar))\b|\bpodemos (?:inferir|suponer|deducir|notar)\b"
        r"|\ben mi opinión\b|\b(?:por lo que|hasta donde|según lo que) (?:veo|puedo|yo)|\bme parece\b"
        r"|\ba mi (?:juicio|parecer)\b|\bde acuerdo, el usuario\b|\bdéjame\b",
    ),
    # Italian
    (
        "io vedo noto osservo credo penso posso direi suppongo immagino descriverei descritto evitato "
        "seguito cercato mantenuto omesso usato limito concentro limitato concentrato sicuro sicura riesco "
        "percepisco l'utente descrizione risposta didascalia versione riassunto richiesto chiesto indicato "
        "richiesta istruzioni parole ia nota osservazione avvertenza noti notato notare informazioni chiaro "
        "possibile difficile impossibile me",
        r"\bio (?:vedo|noto|osservo|credo|penso|direi)\b|(?:^|(?<=[.!?;,\n] ))(?:vedo|noto (?:un|una|che|due|il|la"
        r"|anche)|osservo|credo che|penso che|posso (?:vedere|notare|osservare|distinguere)|direi|suppongo|immagino"
        r"|descriverei|ho (?:descritto|evitato|seguito|cercato|mantenuto|omesso|usato|limitato)|mi (?:limito|concentro"
        r"|sono (?:limitat|concentrat)\w)|non (?:so|sono sicur\w|riesco a (?:vedere|distinguere|capire)"
        r"|posso (?:determinare|vedere|stabilire))|percepisco)\b|\bmi limito\b|\bl'utente (?:vuole|chiede|ha chiesto"
        r"|desidera|richiede|mi chiede)\b|\b(?:questa|la mia|la presente) (?:breve )?(?:descrizione|risposta|didascalia"
        r"|versione)\b|\bquesto riassunto\b|\bla descrizione (?:sopra|si (?:basa|limita|concentra)|non (?:supera"
        r"|menziona)|è (?:basata|limitata)|copre|evita|rispetta)\b|\b(?:come (?:richiesto|da (?:richiesta|istruzioni)"
        r"|hai chiesto|indicato)|secondo le (?:tue|sue|vostre) istruzioni|seguendo le (?:tue|sue|istruzioni)|la (?:tua"
        r"|sua) richiesta|le (?:tue|sue) istruzioni)\b|[(\[]\s?(?:circa |esattamente )?\d+ parole\b[^)\]]{0,10}[)\]]"
        r"|\b(?:numero|conteggio)(?: delle| di)? parole\b|\b(?:in quanto|come) (?:una? )?(?:ia|intelligenza artificiale"
        r"|modello linguistico)\b|(?:^|(?<=[.!?\n(] ))\(?(?:nota|osservazione|avvertenza)\s?:|\b(?:si (?:noti"
        r"|prega di notare)|va notato|è importante notare|da notare che)\b|\b(?:in base a|sulla base d|basandomi su"
        r"|secondo)\w* (?:le|alle|elle|gli|i|ei|agli|ai|lle) ?(?:informazioni|immagini|fotogrammi|dettagli"
        r"|elementi) (?:fornit\w|disponibili|visibili)|\b(?:non è (?:chiaro|possibile (?:determinare|stabilire|capire"
        r"|sapere))|è (?:difficile|impossibile) (?:dire|stabilire|determinare|capire|sapere))\b|\bsecondo me\b"
        r"|\b(?:da quello che|per quanto|a quanto) (?:vedo|posso|ne so)|\bmi sembra\b|\ba mio (?:avviso|parere)\b",
    ),
    # Portuguese
    (
        "eu vejo noto observo acho acredito posso percebo suponho diria descreveria descrevi evitei limitei "
        "mantive procurei tentei foquei sei consigo usuário utilizador descrição resposta legenda versão "
        "resumo solicitado pedido conforme instruções instrução solicitação palavras ia nota observação obs "
        "aviso vale importante cabe claro difícil impossível possível podemos opinião informações",
        r"\beu (?:vejo|noto|observo|acho|acredito|diria|penso|percebo|posso|descrevi|tentei|segui|evitei)\b|(?:^"
        r"|(?<=[.!?;,\n] ))(?:vejo|noto|observo|acho que|acredito que|posso (?:ver|observar|notar|perceber)|percebo"
        r"|suponho|diria|descreveria|descrevi|evitei|limitei|mantive|procurei|tentei|foquei|não (?:sei|tenho certeza"
        r"|consigo (?:ver|distinguir|determinar)|posso (?:determinar|ver)))\b|\bo (?:usuário|utilizador) (?:quer|pediu"
        r"|pede|solicita|solicitou|deseja|precisa)\b|\b(?:esta|minha|a minha|a presente|essa) (?:breve )?(?:descrição"
        r"|resposta|legenda|versão)\b|\beste resumo\b|\ba descrição (?:acima|se (?:baseia|limita|concentra)|baseia-se"
        r"|limita-se|não (?:ultrapassa|menciona)|está|cobre|evita|cumpre)\b|\b(?:conforme (?:solicitado|pedido"
        r"|as instruções|sua)|como (?:solicitado|pedido|você pediu|foi pedido)|de acordo com (?:suas?|as) (?:instruções"
        r"|solicitação|pedido)|seguindo (?:suas|as) instruções|sua (?:solicitação|instrução)|seu pedido)\b"
        r"|[(\[]\s?(?:cerca de |exatamente |aproximadamente )?\d+ palavras\b[^)\]]{0,10}[)\]]|\b(?:número|contagem"
        r"|total) de palavras\b|\bcomo (?:uma? )?(?:ia|inteligência artificial|modelo de linguagem)\b|(?:^"
        r"|(?<=[.!?\n(] ))\(?(?:nota|observação|obs\.?|aviso)\s?:|\b(?:vale (?:notar|ressaltar|destacar|lembrar)"
        r"|é importante (?:notar|ressaltar|destacar|observar)|cabe (?:ressaltar|notar))\b|\b(?:com base n|baseado n"
        r"|segundo )\w* (?:informações|imagens|quadros|detalhes|conteúdo) (?:fornecid|disponíve|visíve)\w*"
        r"|\b(?:não (?:está|fica) claro|é (?:difícil|impossível) (?:dizer|saber|determinar|distinguir)"
        r"|não é possível (?:determinar|saber|dizer|distinguir|identificar))\b|\bpodemos (?:inferir|supor|deduzir"
        r"|notar)\b|\bna minha opinião\b|\b(?:pelo que|até onde|no que) (?:vejo|posso|eu)|\bme parece\b|\ba meu ver\b",
    ),
    # Russian
    (
        "я пользователь пользователя пользователю описание резюме ответ текст просили запросили запрошено "
        "требовалось указано согласно запросу соответствии просьбе запрос инструкции инструкциям слов слова "
        "слово количество число ии примечание замечание внимание важно следует стоит основе исходя судя "
        "трудно сложно невозможно нельзя неясно непонятно можно мнению давайте "
        "думаю полагаю считаю вижу замечаю предполагаю",
        r"(?:^|(?<=[\s.,!?;—«(]))я (?:\w+ )?(?:вижу|замечаю|заметил\w*|думаю|считаю"
        r"|наблюдаю|могу|бы|полагаю"
        r"|предполагаю|описал\w*|постарал\w*|опис\w+|не (?:вижу|знаю|уверен\w*|могу (?:определить|разглядеть|сказать))"
        r"|должен|должна|старал\w*|избега\w+|ограничи\w+|сосредоточи\w+|использовал\w*)\b|\bпользовател\w+ (?:хочет"
        r"|просит|попросил\w*|запросил\w*|просил\w*|нужн\w+|желает)\b|\b(?:это|данное|мо[её]|приведённое|приведенное"
        r"|выше\w*) (?:краткое )?(?:описание|резюме)\b|\b(?:этот|мой|данный) (?:ответ|текст описан\w+)\b"
        r"|\bописание (?:выше|основан\w*|ограничен\w*|составлен\w*|не (?:превышает|содержит)|содержит \d+|охватывает"
        r"|включает)\b|\b(?:как (?:вы (?:просили|и просили|запросили)|просили|запрошено|требовалось|было (?:запрошено"
        r"|указано))|согласно (?:вашему|вашим|инструкц\w+|запросу|вашей)|по вашему запросу|в соответствии с (?:вашим\w*"
        r"|инструкц\w+|запросом)|вашей просьбе|ваш\w* (?:запрос\w*|инструкци\w+))\b|[(\[]\s?(?:около |ровно "
        r"|всего )?\d+ слов\w*[^)\]]{0,10}[)\]]|\b(?:количество|число) слов\b|\bкак (?:ии|искусственный интеллект"
        r"|языковая модель)\b|(?:^|(?<=[.!?\n(] ))\(?(?:примечание|замечание|внимание|важно|п\.с\.)\s?:|\b(?:следует"
        r"|стоит|важно) (?:отметить|учесть|заметить)\b|\b(?:на основе|исходя из|судя по) (?:предоставленн\w+|имеющ\w+"
        r"|доступн\w+|представленн\w+)|\b(?:трудно|сложно|невозможно|нельзя) (?:сказать|определить|понять|установить"
        r"|разглядеть|судить)\b|\bнеясно,? |\bнепонятно,? |\bможно (?:предположить|заметить|сделать вывод)\b"
        r"|\bпо моему мнению\b|\bнасколько я\b|(?:^|(?<=[.!?] ))(?:думаю|полагаю|считаю|вижу|замечаю|предполагаю),? "
        r"|\b(?:мне кажется|на мой взгляд)\b|\bдавайте\b",
    ),
    # Dutch
    (
        "ik gebruiker beschrijving samenvatting bijschrift antwoord gevraagd verzocht gewenst vroeg volgens "
        "verzoek woorden taalmodel opmerking let noot nb onduidelijk duidelijk moeilijk",
        r"\b(?:ik (?:zie|merk|denk|geloof|zou|heb|neem|kan|beschrijf|vermoed|ben|moet|hoop|beperk)|zie ik)\b"
        r"|\bde gebruiker (?:wil|vraagt|heeft|wenst)\b|\b(?:deze|mijn|de bovenstaande) (?:korte )?(?:beschrijving"
        r"|samenvatting|bijschrift)\b|\bdit (?:antwoord|bijschrift)\b|\b(?:zoals (?:gevraagd|verzocht|u vroeg|je vroeg"
        r"|gewenst)|volgens (?:uw|je|de) (?:instructies|verzoek|opdracht)|op verzoek)\b"
        r"|[(\[]\s?(?:ongeveer )?\d+ woorden\b[^)\]]{0,10}[)\]]|\baantal woorden\b|\bals (?:een )?(?:ai|taalmodel)\b"
        r"|(?:^"
        r"|(?<=[.!?\n(] ))\(?(?:opmerking|let op|noot|nb)\s?:|\b(?:het is (?:onduidelijk|niet duidelijk"
        r"|moeilijk te))\b",
    ),
)
# Sentences that begin so tell nothing of the clip.
ABROAD_ALONE = re.compile(
    r"[\s（(\[]*(?:注意?[：:]|备注|说明[：:]|请注意|以上|上述|本描述|该描述|这[段个]描述|字数|用户|根据(?:您|你"
    r"|用户)的要求|好的?[，,](?:用户|我|让我)|让我|嗯|首先[，,]我|我(?:已|将|会|需要|应该|按照|尽量|避免)|[（(]"
    r"|注[：:]|注記|備考|補足|なお|この(?:説明|キャプション|描写)|上記|以上|本(?:説明|キャプション)|文字数|ユーザー"
    r"|ご(?:要望|依頼|指示|指定|希望)|指示|参고|참고|이 (?:설명|캡션)|위 ?(?:의 )?설명|글자 ?수|사용자|요청"
    r"|(?:hinweis|anmerkung|bemerkung|wort\w*zahl|bitte beachten|wie gewünscht|der (?:be)?nutzer)\b|(?:diese"
    r"|die obige|meine) (?:\w+ )?(?:beschreibung|zusammenfassung|antwort)\b|ich (?:habe|hoffe|beschränke"
    r"|konzentriere)\b"
    r"|(?:note|remarque|nota|nb|précision|observación|aclaración|aviso|osservazione|avvertenza|observação|obs\.?"
    r"|примечание|замечание|opmerking|let op)\s?:|veuillez noter|comme demandé|l'utilisateur|(?:cette"
    r"|ma) (?:description|légende|réponse)\b|la description\b|je (?:me|ne)\b|j'ai\b"
    r"|según lo|como (?:se )?(?:pidió|solicit\w+|pediste|richiesto|pedido)|el usuario|(?:esta|mi) (?:descripción"
    r"|respuesta)|la descripción|he \w+o\b|me (?:he|limito|centro)|come richiesto|l'utente|(?:questa"
    r"|la mia) (?:descrizione|risposta)|la descrizione|ho \w+o\b|mi (?:limito|concentro)"
    r"|conforme (?:solicitado|pedido)|o usuário|(?:esta|minha|a minha) (?:descrição|resposta)|a descrição|(?:это"
    r"|данное|мо[её]) описание|описание\b|как вы просили|пользователь|количество слов|zoals gevraagd|de gebruiker"
    r"|deze beschrijving)"
)
