"""Knows the words and phrases of mood in languages other than English that have spaces; looks at no text."""

from __future__ import annotations

from framescribe.checks.scripts import either

# (words of which one is there, words of which one is there as well or None, the phrase)
ABROAD: tuple[tuple[str, frozenset[str] | None, str], ...] = (
    # What gives off a feeling: a verb, and the feeling in its clause.
    *(
        (verbs, None, rf"\b(?:{either(verbs)})\b[^.,;]{{0,50}}\b(?:{either(feelings)})\w*")
        for verbs, feelings in (
            (
                "weckt wecken erzeugt erzeugen vermittelt vermitteln verströmt verströmen verbreitet verbreiten "
                "versprüht versprühen "
                "verleiht verleihen schafft schaffen erfüllt erfüllen durchzogen getragen umgibt hüllt taucht",
                "melanchol wehmut sehnsucht nostalgi geborgenheit ruhe stimmung atmosphäre zauber magie frieden "
                "gemütlichkeit beklemm unheimlich "
                "feierlich freude einsamkeit trauer hoffnung",
            ),
            ("liegt herrscht", "melanchol stimmung atmosphäre zauber magie beklemm feierliche"),
            (
                "crée créent créant dégage dégagent inspire inspirent éveille éveillent suscite suscitent transmet "
                "transmettent confère "
                "confèrent respire respirent règne baigne enveloppe",
                "sérénité mélancoli nostalgi tristesse joie paix calme mystère magie chaleur intimité atmosphère "
                "ambiance émotion solitude quiétude poésie",
            ),
            (
                "crea crean creando transmite transmiten despierta despiertan evoca inspira inspiran irradia irradian "
                "envuelve envuelven "
                "desprende desprenden provoca provocan genera generan reina respira infunde",
                "serenidad melancol nostalgi tristeza alegría paz calma misterio magia calidez intimidad atmósfera "
                "ambiente soledad angustia emoción añoranza",
            ),
            (
                "crea creano trasmette trasmettono suscita suscitano evoca evocano ispira infonde emana emanano "
                "avvolge regna diffonde risveglia",
                "serenità malinconi nostalgi tristezza gioia pace calma mistero magia calore intimità atmosfera "
                "solitudine emozion angoscia",
            ),
            (
                "cria criam criando transmite transmitem desperta despertam evoca inspira irradia envolve exala "
                "provoca reina",
                "serenidade melancoli nostalgia tristeza alegria paz calma mistério magia calor intimidade atmosfera "
                "clima solidão saudade emoção",
            ),
            (
                "создаёт создает создают создавая вызывает вызывают навевает навевают передаёт передает царит "
                "наполняет дышит окутывает пробуждает",
                "меланхол ностальг груст тоск поко радост умиротвор таинствен уют одиночеств атмосфер настроени "
                "тревог волшебств",
            ),
            (
                "wekt wekken roept oproept straalt ademt schept geeft geven hangt heerst",
                "weemoed heimwee nostalgie rust sfeer gezelligheid melancholie geborgenheid vrede mysterie eenzaamheid",
            ),
            (
                "tworzy tworzą budzi budzą wprowadza panuje emanuje",
                "nastrój atmosfer nostalgi melancholi spokój spokoju tęsknot smut radoś tajemnic",
            ),
        )
    ),
    ("stimmung atmosphäre", None, r"(?<!in die )(?<!der )(?<!die )\b(?:atmosphäre|stimmung)\b"),
    (
        "stimmung atmosphäre",
        None,
        r"\b(?:ruhige|friedliche|warme|gemütliche|düstere|mystische|festliche|geheimnisvolle)r? (?:atmosphäre|"
        r"stimmung)\b",
    ),
    (
        "gefühl gefühle",
        None,
        r"\bgefühle? (?:von|der|des|vermitt)|\b(?:weck|vermittel|erzeug|verström)(?:t|en|n) [^,.]{0,30}gefühl",
    ),
    (
        "wirkt wirken",
        None,
        r"\bwirk(?:t|en) (?:fast |beinahe |sehr )?(?:verträumt|friedlich|idyllisch|magisch|melancholisch|"
        r"geheimnisvoll|"
        r"romantisch|gemütlich|mystisch)",
    ),
    (
        "weckt wecken",
        None,
        r"\bweck(?:t|en) (?:\w+ )?(?:erinnerung|sehnsucht|fernweh|heimweh|melancholie|nostalgie)\w*",
    ),
    ("atmosphère ambiance", None, r"(?<!dans l')(?<!l')\batmosphère\b|(?<!d')\bambiance\b"),
    ("l'atmosphère d'atmosphère l'ambiance", None, r"(?<!dans )(?<!traverse )(?<!de )\bl'(?:atmosphère|ambiance)\b"),
    ("évoque évoquent évoquant évoquer", None, r"\bévoqu(?:e|ent|ant|er)\b"),
    (
        "sentiment impression sensation",
        None,
        r"\b(?:sentiment|impression|sensation) (?:de |d')(?:\w+ )?(?:paix|calme|sérénité|mélancolie|liberté|nostalgie|"
        r"solitude|mystère|joie|tristesse|abandon|attente)",
    ),
    (
        "atmósfera atmosfera",
        None,
        r"(?<!en la )(?<!a la )(?<!nella )(?<! na )\batm[óo]sfera\b(?! terrestre| de júpiter)",
    ),
    ("un'atmosfera l'atmosfera d'atmosfera", None, r"\b(?:un|l|d)'atmosfera\b"),
    ("evoca evocan evocando evocam", None, r"\bevoca(?:n|ndo|m)?\b"),
    (
        "ambiente",
        None,
        r"\bambiente (?:es |era |resulta )?(?:\w+ y )?(?:alegre|festivo|acogedor|tranquilo|sereno|mágico|misterioso|"
        r"cálido|melancólico|festivo|relajado|íntimo|"
        r"acolhedor|"
        r"de (?:recogimiento|misterio|paz|calma|fiesta|tranquilidad|nostalgia|melancolía|intimidad|mistério|festa))",
    ),
    (
        "transmite transmiten transmitiendo transmitem trasmette trasmettono sensación sensação sensazione senso "
        "suscita",
        None,
        r"\btransmit(?:en?|iendo|indo|em) (?:\w+ )?(?:paz|calma|sensación|sensação|tranquilidad|serenidad|alegría|"
        r"nostalgia)|"
        r"\btrasmett(?:e|ono)\b [^,.]{0,25}(?:sensazione|senso|calma|pace|emozion)|\bsuscita\b|"
        r"\b(?:sensación|sensação|sensazione|senso) (?:de|di) (?:\w+ )?(?:pa[zc]e?|calma|tranquilidade?|tranquillità|"
        r"serenidade?|serenità|libert\w+|misterio?|mistero|nostalgia|soledad|solidão|solitudine|abandono|mistério)\b",
    ),
    (
        "атмосфера атмосферу настроение навевает",
        None,
        r"(?<!в )\bатмосфер[ау]\b|\b(?:созда|переда)[её]?(?:т|ют|ёт)[^,.]{0,30}настроение|\bнавевает\b",
    ),
    (
        "вызывает вызывают вызывая чувство ощущение",
        None,
        r"\bвызыва(?:ет|ют|я) (?:чувств|ощущени)|\b(?:чувство|ощущение) (?:\w+ )?(?:грусти|покоя|спокойствия|"
        r"одиночества|"
        r"радости|ностальгии|тоски|умиротворения|уюта)",
    ),
    (
        "пронизана пронизан пронизано наполнена наполнен наполнено проникнута дышит",
        None,
        r"\b(?:пронизан|наполнен|проникнут|дышит)\w* (?:\w+ )?(?:груст|тоск|ностальг|поко|радост|печал|уют|тишин)\w*",
    ),
    (
        "strahlt strahlen verströmt verströmen",
        None,
        r"\b(?:strahl|verström)(?:t|en) [^.]{0,50}(?:ruhe|frieden|wärme|gelassenheit|geborgenheit|würde|melancholie|"
        r"behaglichkeit|"
        r"heiterkeit|freude|einsamkeit)\b",
    ),
    ("träumen verweilen nachdenken innehalten", None, r"\bzum (?:träumen|verweilen|nachdenken|innehalten)\b"),
    (
        "verleiht verleihen vermittelt vermitteln hauch aura betrachter zuschauer",
        None,
        r"\b(?:verleih|vermittel)(?:t|en) [^.]{0,50}(?:aura|charakter|note|flair|charme|hauch|gefühl|zauber|magie|"
        r"ruhe)\w*|"
        r"\bhauch von (?:wehmut|nostalgie|melancholie|romantik|magie|geheimnis|abenteuer)|\b(?:auf|"
        r"für) den (?:betrachter|zuschauer)\b|"
        r"\b(?:betrachter|zuschauer) (?:fühl|spür|wird in)\w*",
    ),
    (
        "beklemmend beklemmende melancholisch melancholische wehmütig wehmütige wehmut",
        None,
        r"\b(?:wirkt|"
        r"wirken) (?:\w+ )?(?:beklemmend|melancholisch|wehmütig)|"
        r"\b(?:melancholische|wehmütige|beklemmende)[nrs]? (?:stimmung|szene|ruhe|stille|note)",
    ),
    (
        "rêverie rêver contemplation méditation voyage sérénité quiétude spectateur mélancolie",
        None,
        r"\binvit(?:e|ent|ant) (?:à|au) [^.,]{0,20}(?:rêverie|rêver|contemplation|méditation|voyage)|"
        r"\bdégage(?:nt|ant)? [^.]{0,40}(?:sérénité|calme|chaleur|quiétude|mélancolie|paix)|"
        r"\b(?:plonge|transporte|émeut|captive|invite)(?:nt|ant)? (?:le|les) spectateurs?|"
        r"\bempreinte?s? de (?:mélancolie|nostalgie|sérénité|poésie|mystère)",
    ),
    (
        "soñar reflexión desprende desprenden irradia nostalgia misterio espectador espectadora",
        None,
        r"\binvita(?:n|ndo)? (?:a|al) [^.,]{0,20}(?:soñar|reflexión|calma|recuerdo|descanso|contemplación)|"
        r"\b(?:desprende|irradia)n? [^.]{0,40}(?:paz|calma|serenidad|alegría|nostalgia|melancolía|misterio)|"
        r"\b(?:llena|envuelve|despierta)n? [^.]{0,30}(?:nostalgia|misterio|melancolía|emociones|espectador)|\b(?:al|"
        r"el) espectador (?:siente|queda|se)",
    ),
    (
        "sognare emana emanano infonde malinconia nostalgia spettatore",
        None,
        r"\binvita(?:no|ndo)? (?:a|alla) (?:sognare|riflessione|calma|contemplazione)|\b(?:emana|infonde|"
        r"diffonde)(?:no)? [^.]{0,30}"
        r"(?:pace|calma|serenità|malinconia|nostalgia|mistero|gioia)|\bun senso di\b|\b(?:lo|allo) spettatore\b",
    ),
    (
        "clima",
        None,
        r"\bclima (?:mágico|acolhedor|melancólico|tranquilo|misterioso|romântico|festivo|sereno|mágico|"
        r"de (?:festa|mistério|paz|misterio))\b",
    ),
    (
        "convida espectador sonhar desperta saudade",
        None,
        r"\bconvida(?:m|ndo)? (?:a|ao|à) (?:sonhar|reflexão|descanso|"
        r"calma|contemplação)|\bo espectador\b|\bsensação de saudade",
    ),
    (
        "gevoel oproept roept",
        None,
        r"\bgevoel van\b|\broep(?:t|en) [^.]{0,30}(?:gevoel|heimwee|nostalgie|"
        r"herinnering)\w* op|\boproep(?:t|en)\b",
    ),
    ("stämning stemning känsla", None, r"\b(?:stämning|stemning)\w*|\b(?:en )?känsla av\b"),
    (
        "nastrój atmosferę klimat nostalgię",
        None,
        r"\b(?:tworz|buduj|wprowadza)\w* [^.]{0,30}(?:nastrój|atmosferę|"
        r"klimat)|\bbudzi\w* nostalgię",
    ),
    ("настроение", None, r"\b(?:создавая|создаёт|создает|создают|передаёт|передает)[^,.]{0,30}настроение"),
    ("frösteln schaudern träumen staunen innehalten", None, r"\blässt (?:einen|den betrachter|den zuschauer) "),
    ("herz", None, r"\b(?:warm|leicht|schwer|weh) ums herz\b"),
    (
        "contagiante contagiosa quem",
        None,
        r"\b(?:alegria|energia|alegría|energía) contagi\w+|\bquem (?:vê|assiste|"
        r"olha)\b",
    ),
    ("душе себе", None, r"\bна душе\b|\bне по себе\b"),
    ("sfeer", None, r"\b(?:rustige|vredige|gezellige|warme|dromerige|mysterieuze|serene|een) sfeer\b"),
)
