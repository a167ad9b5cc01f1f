"""Knows how models decline to describe in languages other than English; checks nothing."""

from __future__ import annotations

from framescribe.checks.cued import Cued

_ZH_MEDIA = r"(?:视频|图片|图像|影片|短片|文件|内容|链接|画面|圖片|影像|視頻|附件|照片|片段)"
_ZH_DO = (
    r"(?:描述|提供|查看|识别|处理|协助|回答|帮助|访问|看到|观看|打开|加载|满足|完成|生成|分析|直接|继续|透露"
    r"|辨认|辨别|确认.{0,6}身份|讨论|播放|解析|读取|執行|协助|回應|回应|識別|處理|協助|幫助|提供|观察|响应|参与|為"
    r"|为您|为你|给出|说明|解释|讲述|识读|答应|答覆|看|查阅)"
)
_DE_DO = (
    r"(?:beschreib\w+|helfen|weiterhelfen|ansehen|anzeigen|anschauen|sehen|identifizier\w+|verarbeit\w+|öffnen"
    r"|abspielen|bereitstell\w+|bearbeit\w+|analysier\w+|zugreifen|beantwort\w+|erfüll\w+|nachkommen|unterstütz\w+"
    r"|laden|erstell\w+|behilflich"
    r"|nennen|wiedergeben|erkennen, wer|entsprechen|ausführen|liefern|geben)"
)
_DE_MEDIA = r"(?:video|clip|bild(?:er)?|datei|inhalt|film|aufnahme|anhang|foto)"

ABROAD = Cued(
    # Chinese
    (
        "",
        rf"(?:抱歉|对不起|對不起|很遗憾|很遺憾|不好意思|非常遗憾)[^。！!]{{0,30}}?(?:无法|不能|没法"
        rf"|沒法|不便|不可以|难以"
        rf"|無法|不會|不会|没有|未能|不支持|拒绝)|(?:我|本人|我们|本模型|本助手)(?:暂时|目前|现在|实在"
        rf"|并|也|还|恐怕|因此"
        rf"|所以|將|将)?(?:无法|不能|没法|不便|没有办法|不可以|不会|不愿|拒绝|無法|難以|难以|没有能力|无权|不被允许"
        rf"|必须拒绝|只能拒绝|不得不拒绝|看不到|没有看到|没有收到|未收到|不方便)(?:[^，。]{{0,8}}?){_ZH_DO}?"
        rf"|(?:无法|不能|未能|無法|无法正常|暂时无法)(?:正常|成功|直接|为您|为你|對|对)?(?:加载|播放"
        rf"|打开|显示|查看|处理"
        rf"|识别|描述|访问|读取|解析|提供|下载|載入|讀取|打開|辨識|識別|满足|回答|协助)(?:该|此|这个|这段|您|你|所|這"
        rf"|视频中?的?人|图中的?人){{0,2}}(?:个|段|张|部|張)?(?:上传的|提供的|请求的)?(?:{_ZH_MEDIA}|请求|要求"
        rf"|人物的?(?:真实)?身份|人的身份|描述|帮助)"
        rf"|{_ZH_MEDIA}(?:文件)?(?:[^，。]{{0,4}})(?:无法|不能|未能|無法|加载失败|打开失败|载入失败|播放失败|已损坏"
        rf"|不可用|不存在)(?:正常|被|成功)?(?:加载|播放|打开|显示|查看|处理|识别|描述|访问|读取|解析|載入|讀取|。|$"
        rf"|，)?(?=$|[，。；])|{_ZH_MEDIA}(?:无法|未能|不能|無法)(?:被|正常|成功)?(?:加载|播放|打开|显示|处理|访问|读取"
        rf"|解析|載入|讀取)|(?:没有|未|沒有)(?:检测到|收到|提供|上传|看到|找到|附上)(?:任何|有效的?)?{_ZH_MEDIA}|(?:请"
        rf"|請)(?:您)?(?:重新)?(?:上传|提供|发送|附上|上傳|發送)(?:[^，。]{{0,8}}){_ZH_MEDIA}"
        r"|(?:违反|違反|不符合|违背|触犯)[^，。]{0,12}(?:政策|规定|准则|原则|规范|條款|条款|政策|法律"
        r"|法规|指南)|(?:该|此"
        r"|这个|您的|你的|这一)(?:内容|请求|要求|視頻|视频)(?:涉及|包含|存在)[^，。]{0,12}(?:敏感|违规|不适|不当|隐私)"
        r"|(?:作为|作為|身为)(?:一个|一名|一位|一款|個|一種|一种)?(?:ai|人工智能|语言模型|人工智慧|语言|大语言"
        r"|大型语言)[^。]{0,20}(?:无法|不能|没有|無法|不会|不具备)|我只是(?:一个|一名)?(?:ai|人工智能|语言模型)"
        r"|涉及隐私[^。]{0,10}(?:无法|不能|不便)|(?:恕|请恕)(?:我)?(?:无法|不能|难以|难)|不予(?:描述|提供|回答)|(?:内容"
        r"|描述)(?:不可用|已被(?:屏蔽|过滤|移除|删除))",
    ),
    # Japanese
    (
        "KANA",
        r"(?:申し訳|恐れ入り|恐縮|すみません|ごめんなさい|残念ながら|恐れながら)[^。]{0,40}(?:できま"
        r"|できかね|いたしかね"
        r"|でき(?:ない|ず)|ません|かねます|ない)|(?:お手伝い|お答え|お応え|ご説明|説明|描写|提供|対応"
        r"|回答|分析|特定|識別"
        r"|閲覧|視聴|お見せ|記述|ご案内|ご提供|お役に立つこと)(?:する|いたす|を?行う)?(?:こと)?(?:が|は"
        r"|も)?(?:でき(?:ません|かねます|ない(?!まま|ほど))|いたしかねます|控えさせて|致しかねます|お断り|差し控え)"
        r"|(?:動画|映像|画像|ファイル|ビデオ|クリップ)(?:の内容)?(?:を|が|は|の)(?:正常に"
        r"|うまく)?(?:再生|読み込(?:み|む"
        r"|め)|表示|確認|視聴|見る|解析|処理|開く|開け|認識|取得|閲覧|アップロード|添付|提供"
        r"|ロード)(?:する|され|て|こと"
        r"|が|は|を|い|ま)*(?:できま|でき(?:ない|ず)|ません|せん|失敗|いません|ない(?:。|ため))|(?:私は"
        r"|当方は)[^。]{0,15}(?:ai|言語モデル|人工知能)[^。]{0,30}(?:できま|ません|ない)|aiとして[^。]{0,40}(?:できま"
        r"|ません|かねます)|(?:ポリシー|ガイドライン|規約|利用規定)[^。]{0,10}(?:違反|反する|反し|により|に基づ|抵触)"
        r"|(?:画像|動画)が(?:添付|提供|送信|アップロード)されていません|お断り(?:し|いた|させ)",
    ),
    # Korean
    (
        "HANGUL",
        r"(?:죄송|미안|유감스럽|안타깝)[^.]{0,50}(?:수(?:가|는)? ?없|않|못|어렵|불가)|(?:설명|묘사|제공|처리|식별|분석"
        r"|답변|기술|응답|확인|도움|공유|생성|요약|지원)(?:을|를|해|하|할|드릴|해드릴|해 드릴|하기"
        r"|하는 것은)* ?(?:수(?:가|는)? ?없(?:습니다|어요|음|네요)|불가능합니다|어렵습니다|거부)|도와 ?드릴 수(?:가"
        r"|는)? ?없|(?:영상|동영상|비디오|이미지|파일|클립)(?:을|를|이|가|은|는)? (?:불러올|볼|재생할|열|로드할|처리할"
        r"|확인할|로드되지|열리지|재생되지|불러오지|업로드되지|첨부되지|제공되지)[^.]{0,6}(?:수 ?없|않|못)|(?:정책"
        r"|가이드라인|지침)[^.]{0,8}(?:위반|위배|어긋|따라)|ai(?: 언어)? ?모델(?:로서|이라"
        r"|이므로)[^.]{0,40}(?:없|않|못)",
    ),
    # German
    (
        "ich leid entschuldigung leider bedaure konnte kann wurde wurden bitte ki sprachmodell verstößt "
        "verstoßen widerspricht",
        rf"\b(?:es tut mir (?:sehr )?leid|tut mir (?:sehr )?leid|entschuldigung|ich bedaure|ich entschuldige mich"
        rf"|leider)\b[^.!?]{{0,80}}?\b(?:ich|kann|konnte|darf|nicht möglich|wurde kein)\b[^.!?]{{0,80}}?\b(?:nicht"
        rf"|keine?n?r?|unmöglich)\b|\b(?:kann|könnte|darf|konnte|werde|möchte|will|muss) ich\b[^.!?]{{0,60}}?\b(?:nicht"
        rf"|keine?n?|ablehnen)\b[^.!?]{{0,60}}?\b{_DE_DO}|\bich (?:kann|darf|konnte|werde|möchte|könnte"
        rf"|will)\b[^.!?]{{0,80}}?\b(?:nicht|keine?n?r?|ablehnen)\b[^.!?]{{0,60}}?\b{_DE_DO}|\bich (?:kann|darf|möchte"
        rf"|will|werde) (?:das|dies|dabei|dazu|dem|hier|leider)? ?(?:leider )?nicht\.|\bich (?:muss"
        rf"|möchte) [^.!?]{{0,40}}(?:ablehnen|passen)|\bich lehne\b[^.!?]{{0,40}}\bab\b"
        rf"|\bich bin (?:leider )?nicht (?:in der lage|befugt|berechtigt|dafür)|\b(?:das|dieses|der|die|dieser|diese"
        rf"|ihr"
        rf"|dein) (?:\w+ )?{_DE_MEDIA} (?:konnte|kann|konnten|können|ließ sich"
        rf"|lässt sich)[^.!?]{{0,20}}? nicht [^.!?]{{0,20}}?(?:geladen|geöffnet|abgespielt|verarbeitet|angezeigt"
        rf"|beschrieben|gelesen|analysiert|laden|öffnen|abspielen)"
        rf"|\bes wurde(?:n)? kein\w* {_DE_MEDIA}\w* (?:hochgeladen"
        rf"|bereitgestellt|angehängt|gefunden|übermittelt)|\b(?:leider )?(?:wurde|ist|liegt"
        rf"|konnte) (?:mir )?kein\w* {_DE_MEDIA}\w* (?:übermittelt|hochgeladen|angehängt|vor\b|gefunden|beigefügt"
        rf"|bereitgestellt|zu sehen)|\bich (?:sehe|habe|finde|erhielt"
        rf"|erhalte) (?:leider )?kein\w* {_DE_MEDIA}|\bbitte (?:lade|laden) (?:sie )?\w+ (?:erneut "
        rf"|noch einmal )?hoch\b|\bbitte (?:lade|laden sie|senden sie|schicke?n?"
        rf"|stellen sie)\b[^.!?]{{0,30}}\b{_DE_MEDIA}|\bals (?:eine? )?(?:ki|sprachmodell"
        rf"|künstliche)\b[^.!?]{{0,60}}\b(?:nicht|keine)\b|\b(?:verstößt|verstoßen"
        rf"|widerspricht) (?:gegen )?[^.!?]{{0,30}}(?:richtlini|regeln|bestimmungen|vorgaben|grundsätz)",
    ),
    # French
    (
        "je désolé désolée navré navrée pardon malheureusement impossible veuillez pas peut peux ia qu'ia "
        "m'est aucune aucun enfreint enfreindre viole contraire",
        r"\bje (?:suis|reste) (?:vraiment |sincèrement )?(?:désolée?|navrée?)|\b(?:désolée?|navrée?|pardon"
        r"|malheureusement)\b[^.!?]{0,20}?\bje (?:ne|n')|\bje n'ai (?:pas|aucun|malheureusement pas) (?:accès|pu"
        r"|la possibilité|la capacité|été en mesure|de moyen)|\bje (?:ne |n')(?:peux|puis|suis pas|pourrai|saurais"
        r"|souhaite"
        r"|dispose|vois|reconnais|suis)\b[^.!?]{0,30}?\b(?:pas|pouvoir|aucune?)?\b[^.!?]{0,30}?(?:décrire|aider|fournir"
        r"|identifier|traiter|visionner|accéder|répondre|analyser|assister|voir (?:la|cette|les) (?:vidéo|image)"
        r"|regarder"
        r"|en mesure|capable|autorisée?|accès|donner|continuer|aucune (?:vidéo|image)|de vidéo|d'image|satisfaire"
        r"|poursuivre|partager|nommer|le faire|faire cela)|\bil m'est (?:impossible|interdit)|\b(?:je (?:dois|préfère"
        r"|vais devoir|me vois contrainte? de)) (?:décliner|refuser|ne pas|m'abstenir)|\bje (?:refuse|décline)\b"
        r"|\b(?:la|cette|le|l'|ce|votre) ?(?:vidéo|clip|image|fichier|contenu|séquence|extrait|lien) (?:n'a pas pu"
        r"|n'a pu"
        r"|ne peut pas|ne peut|n'est pas|n'a pas été|est indisponible|ne s'est pas)[^.!?]{0,10}?(?:être )?(?:chargée?"
        r"|ouverte?|lue?|traitée?|affichée?|décrite?|disponible|accessible|téléchargée?|analysée?|fournie?|jointe?"
        r"|indisponible)|\bimpossible de (?:charger|lire|décrire|ouvrir|traiter|afficher|accéder|visionner"
        r"|fournir) (?:la"
        r"|cette|le|ce|l'|à|une)\b|\baucune (?:vidéo|image) n'a été|\bveuillez (?:fournir|télécharger|joindre|envoyer"
        r"|charger|partager)|\ben tant qu'(?:ia|intelligence artificielle|assistant|modèle)\b[^.!?]{0,60}(?:ne |n')"
        r"|\b(?:contraire|enfrein\w*|viole\w*|contrevien\w*)[^.!?]{0,30}(?:politiques?|règles|directives|conditions"
        r"|consignes)",
    ),
    # Spanish
    (
        "siento lamento disculpa disculpe perdón desafortunadamente lamentablemente puedo podré soy estoy "
        "tengo pudo puede pudieron podido ningún ninguna debo prefiero voy niego favor ia viola infringe "
        "incumple hay adjuntado proporcionado proporcionó",
        r"\blo siento\b|\blamento (?:no|que)|\b(?:lo lamento|disculpa|disculpe|perdón|desafortunadamente"
        r"|lamentablemente),? [^.!?]{0,15}?\bno (?:puedo|me es|soy|tengo|es posible|podré|estoy)|\bno (?:puedo|podré"
        r"|me es posible|soy capaz de|estoy (?:autorizad|en condiciones|programad|capacitad)\w*|me está permitido"
        r"|tengo (?:acceso|permitido|la capacidad|permiso))\b[^.!?]{0,30}?(?:describir|ayudar|proporcionar|identificar"
        r"|procesar|ver|acceder|responder|analizar|asistir|ofrecer|cumplir|continuar|dar|de|a|generar|completar"
        r"|hacer eso"
        r"|hacerlo|nombrar|visualizar|reproducir|revelar|atender|con|para)|\b(?:debo|tengo que|prefiero|he de"
        r"|voy a) (?:declinar|rechazar|negarme|no (?:describir|hacer|responder)|rehusar|abstenerme)|\bme niego a"
        r"|\b(?:el|este|la|esta|su|tu) (?:v[ií]deo|clip|imagen|archivo|contenido|enlace) no (?:se (?:pudo|puede"
        r"|ha podido)|pudo|puede|está|ha podido)[^.!?]{0,10}?(?:cargar\w*|abrir\w*|reproducir\w*|procesar\w*|ser"
        r"|mostrar\w*|describir\w*|disponible|visualizar\w*|leer\w*)|\bno se (?:pudo|puede|ha podido"
        r"|pudieron) (?:cargar"
        r"|abrir|reproducir|procesar|mostrar|acceder|describir|leer|analizar) (?:el|este|la|esta|a)\b"
        r"|\bno (?:se )?(?:ha proporcionado|hay|veo|se adjuntó|se proporcionó|has adjuntado|se ha adjuntado"
        r"|recibí) (?:ningún|ninguna|el) (?:v[ií]deo|imagen|archivo)|\bpor favor,? (?:sube|suba|proporciona|proporcione"
        r"|adjunta|adjunte|envía|envíe|comparte|comparta)|\bcomo (?:una? )?(?:ia|inteligencia artificial"
        r"|modelo de lenguaje|asistente)\b[^.!?]{0,60}\bno\b|\b(?:viola|infringe|va en contra"
        r"|incumple)[^.!?]{0,30}(?:pol[ií]ticas?|normas|directrices|términos|reglas)",
    ),
    # Italian
    (
        "dispiace spiace scuso purtroppo spiacente scusa scusi scusate non devo preferisco rifiuto "
        "impossibile favore viola quanto",
        r"\bmi (?:dispiace|spiace|scuso)\b|\b(?:purtroppo|spiacente|scusa|scusi|scusate"
        r"|sono spiacente),? [^.!?]{0,15}?\bnon (?:posso|sono|riesco|mi è|è possibile)|\bnon (?:posso|potrò"
        r"|sono in grado di|riesco a|mi è (?:possibile|consentito|permesso)|sono autorizzat\w a|ho (?:accesso"
        r"|la possibilità))\b[^.!?]{0,20}?(?:descrivere|aiutar\w*|fornire|identificare|elaborare|vedere|accedere"
        r"|rispondere|analizzare|assistere|visualizzare|procedere|a|al|alla|di|caricare|aprire|offrire|soddisfare|farlo"
        r"|continuare|riprodurre|rivelare)|\b(?:devo|preferisco|sono costrett\w a) (?:declinare|rifiutare|rifiutarmi"
        r"|non )|\bmi rifiuto"
        r"|\b(?:il|questo|questa|l'|la) ?(?:video|clip|immagine|file|contenuto|filmato) non (?:è stato possibile"
        r"|può essere|può|è (?:stato|disponibile|accessibile)|si (?:è|carica|apre)|è stata)[^.!?]{0,12}?(?:caricat\w"
        r"|apert\w|riprodott\w|elaborat\w|descritt\w|visualizzat\w|disponibile|caricare|carica|apre|accessibile)"
        r"|\b(?:non è (?:stato )?possibile|impossibile) (?:caricare|aprire|riprodurre|elaborare|descrivere|visualizzare"
        r"|accedere|fornire)|\bnon (?:è stat[oa]|vedo|hai) (?:fornit\w|caricat\w|allegat\w|alcun\w?) "
        r"|\bper favore,? (?:carica|fornisci|allega|invia)|\bin quanto (?:ia|intelligenza artificiale|modello"
        r"|assistente)\b[^.!?]{0,60}\bnon\b|\bviola[^.!?]{0,30}(?:politiche|linee guida|norme|regole|termini)",
    ),
    # Portuguese
    (
        "desculpe desculpa sinto lamento infelizmente peço não recuso recuso-me devo preciso prefiro nenhum "
        "nenhuma favor viola infringe contraria",
        r"\b(?:desculpe|desculpa|sinto muito|lamento|infelizmente|peço desculpas?|me desculpe)\b[^.!?]{0,25}?\b(?:não"
        r"|mas)\b|\b(?:sinto muito|peço desculpas?)\b|\bnão (?:posso|consigo|poderei|sou capaz de|me é (?:possível"
        r"|permitido)|estou (?:autorizad|apt|habilitad)\w*|tenho (?:acesso|permissão|capacidade"
        r"|como))\b[^.!?]{0,20}?(?:descrever|ajudar|fornecer|identificar|processar|ver|acessar|responder|analisar"
        r"|auxiliar|oferecer|cumprir|continuar|a|ao|de|para|com|visualizar|atender|gerar|fazer isso|reproduzir|revelar"
        r"|abrir)|\b(?:devo|preciso|prefiro|tenho que) (?:recusar|declinar|não|me recusar)|\beu me recuso|\brecuso-me"
        r"|\b(?:o|este|esta|a) (?:v[ií]deo|clipe|imagem|arquivo|conteúdo|link|ficheiro) não (?:pôde|pode|está|foi"
        r"|p[oô]de)[^.!?]{0,12}?(?:carregad\w|abert\w|reproduzid\w|processad\w|descrit\w|disponível|exibid\w|acessad\w"
        r"|ser)|\bnão (?:foi|é) possível (?:carregar|abrir|reproduzir|processar|descrever|acessar|exibir|fornecer"
        r"|analisar)|\bnenhum(?:a)? (?:v[ií]deo|imagem|arquivo) (?:foi|está)|\bpor favor,? (?:envie|forneça|carregue"
        r"|anexe|compartilhe)|\bcomo (?:uma? )?(?:ia|inteligência artificial|modelo de linguagem"
        r"|assistente)\b[^.!?]{0,60}\bnão\b|\b(?:viola|infringe|contraria)[^.!?]{0,30}(?:políticas?|diretrizes|normas"
        r"|regras|termos)",
    ),
    # Russian
    (
        "извините простите прошу сожалению приношу сожалею жаль не вынужден вынуждена должен должна "
        "отказываюсь отклоняю недоступно недоступен недоступна недоступны повреждено поврежден повреждён "
        "пожалуйста нарушает нарушают",
        r"(?:извините|простите|прошу прощения|к сожалению|приношу извинения|сожалею"
        r"|мне (?:очень )?жаль)[^.!?]{0,40}(?:\bне\b|невозможно|нельзя)|\bя не (?:могу|смогу|имею|в состоянии|способ\w+"
        r"|вижу (?:видео|изображени|файл)|буду|получил\w* (?:видео|изобр|файл)|уполномоч\w+)\b[^.!?]{0,40}?(?:описа"
        r"|помо"
        r"|предостав|определ|обработ|просмотр|получ|ответ|анализ|доступ|возможност|выполн|открыть|посмотреть|идентифиц"
        r"|назвать|комментир|продолж|опозна|видео|изображ|файл|это|раскры)|\bне могу (?:описать|помочь|предоставить"
        r"|обработать|выполнить|идентифицировать|опознать|ответить|просмотреть|открыть видео)|(?:вынужден\w*|должен"
        r"|должна) (?:отказ|отклон)|(?:отказываюсь|я отклоняю)"
        r"|(?:видео|ролик|клип|файл|изображение)(?:файл)? (?:не (?:удалось|удаётся|удается|может быть|загру\w+"
        r"|открыва\w+"
        r"|воспроизв\w+|был\w* (?:загруж|предостав)\w+|доступ\w+)|недоступ\w+|поврежд\w+)|не (?:удалось|удаётся"
        r"|удается) (?:загрузить|открыть|воспроизвести|обработать|просмотреть|прочитать|описать|получить доступ)"
        r"|(?:пожалуйста,? )(?:загрузите|предоставьте|прикрепите|отправьте|пришлите)|как (?:ии|искусственный интеллект"
        r"|языковая модель|ассистент|ai)\b[^.!?]{0,60}\bне\b|наруша\w+[^.!?]{0,30}(?:политик|правил|услови|нормы"
        r"|принцип)",
    ),
    # Dutch
    (
        "ik spijt sorry helaas excuses kan kon moet",
        r"\b(?:het spijt me|sorry|helaas|mijn excuses)\b[^.!?]{0,30}\b(?:ik|kan|niet|geen)\b|\bik (?:kan|mag|zal|wil"
        r"|kon"
        r"|ben)\b[^.!?]{0,50}?\b(?:niet|geen)\b[^.!?]{0,40}?(?:beschrijven|helpen|bekijken|verwerken|openen|weergeven"
        r"|identificeren|geven|bieden|beantwoorden|analyseren|in staat|voldoen|herkennen|doorgaan)|\bik moet (?:dit "
        r"|dat )?(?:weigeren|afwijzen)|\b(?:de|deze|het|dit) (?:video|clip|afbeelding|bestand|filmpje|beeld) (?:kon"
        r"|kan) niet (?:worden )?(?:geladen|geopend|afgespeeld|verwerkt|weergegeven|beschreven)",
    ),
)
