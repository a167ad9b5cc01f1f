"""Knows the words in which texts say that a camera stands still or moves, in several languages; compares nothing."""

from __future__ import annotations

import re
from typing import NamedTuple

from framescribe.checks.scripts import either, words


class Words(NamedTuple):
    """How a language speaks of the camera. `cues`: words of which every claim that it stands still holds one, and
    `motions`: of which every move does; empty: they are not known. The patterns find such claims, moves, and moves told
    right after the claim (matched where that ends)."""

    cues: frozenset[str]
    camera: frozenset[str]
    still: re.Pattern[str]
    moves: re.Pattern[str]
    at_once: re.Pattern[str] | None = None
    motions: frozenset[str] = frozenset()


# Verbs whose last letter is doubled: "pan", but not "sweep" or "track".
_SHORT = re.compile(r"^[^aeiou]*[aeiou][bgmnpt]$|zag$")


def third_person(verb: str) -> str:
    """ "pans" of "pan"."""
    if verb.endswith(("sh", "ch", "s", "x")):
        return verb + "es"
    return verb[:-1] + "ies" if verb.endswith("y") and verb[-2] not in "aeiou" else verb + "s"


def participle(verb: str) -> str:
    """ "panning" of "pan"."""
    if verb.endswith("e"):
        return verb[:-1] + "ing"
    return verb + (verb[-1] if _SHORT.search(verb) else "") + "ing"


# What may stand between "and" and the verb of a camera that was just called still.
_ADVERB = (
    r"(?:\w+(?:ment|mente|sam|lich|zaam|zam|samt|но|ко|nie|ça)|sich|se|si|sie|elle|ella|lei|dabei|zugleich|auch|sanft|"
    r"toch|sakta|"
    r"sakte|sağa|sola|plynule|pomalu|powoli|się|при|этом|(?:nach|hacia|vers|verso|para|naar|mot|la|a|à|la) \w+)"
)


def _words(
    camera: str, shots: str, still: str, moves: str, links: str, nouns: str, not_moving: str, **also: str
) -> Words:
    """Those of a language, from its words, each as "one two three"."""
    cams, views, calm, goes = ("|".join(words.split()) for words in (camera, shots, still, moves))
    between = r"(?:, [^,.]{3,30},)?"
    seen = f"(?:{cams}|{views})"
    still_pattern = (
        rf"\b(?:{cams}),? (?:[\w-]+ ){{0,4}}?(?:{calm})\b|\b(?:{calm}) (?:\w+ )?{seen}\b|"
        rf"\b{seen} (?:\w+ )?(?:{calm})\b|"
        rf"\b(?:{cams}) (?:{not_moving})\b"
    )
    motion = rf"(?:{goes})"
    moves_pattern = (
        rf"\b(?:{views}) (?:(?:{calm}) )?(?:{_ADVERB} )?{motion}\b|"
        rf"\b(?:{cams}){between} (?:[\w-]+ ){{0,3}}?{motion}\b|\b{seen} (?:{links}) (?:\w+ ){{0,2}}?{motion}\b|"
        rf"\b(?:{nouns})\b"
    )
    if "verb_last" in also:
        moves_pattern += rf"|\b(?:{also['verb_last']}) (?:[\w-]+ ){{0,6}}?{motion}\b"
    place = r"(?: (?:auf|am|sur|en|sobre|su|sul|sulla|em|num|numa|no|op|på|на|na|in) (?:\w+ ){0,2}\w+)?"
    at_once = rf"{place}[,;.]? ?(?:{links}) (?:{_ADVERB} ){{0,3}}?{motion}\b"
    return Words(
        frozenset(still.split()) | frozenset(also.get("cues", "").split()),
        frozenset((*camera.split(), *shots.split())),
        re.compile(still_pattern),
        re.compile(moves_pattern),
        re.compile(at_once),
    )


# Adverbs and the like between "remains" and "static".
_SOFT = (
    r"(?:(?:\w+ly|very|locked|dead|rock|quite|all|always|throughout|and|in|at|on|held|kept|mounted|upon|here|a|so|"
    r"trained|pointed|aimed|level|steady|low|high) )*"
)
_STILL_WORDS = """
    static still fixed stationary motionless unmoving immobile immovable rooted frozen rigid bolted clamped anchored
    planted nailed parked glued screwed unchanging unwavering immobilized stock-still rock-still tripod locked-off
    locked-down put
"""
_STILL = (
    rf"(?:{either(_STILL_WORDS)}|locked(?:[- ]?(?:off|down|in place|in position))?|(?:one|fixed|single|"
    rf"the same) (?:position|place|"
    r"spot)|at rest|at a standstill|in position)"
)
# A camera that is fixed on somebody follows; one that is fixed on a pole does not.
_ON_IT = (
    r"(?!(?:(?<=locked)|(?<=fixed)) on(?:to)? (?!(?:an?|the|its) (?:\w+ )?(?:tripod|mount|pole|stand|post|mast|spot|"
    r"place|rig|"
    r"platform)\b))"
)
_FIRM_WORDS = """
    static stationary fixed motionless unmoving immobile locked locked-off locked-down tripod tripod-still
    tripod-mounted tripod-steady still unmoved fixed-position fixed-camera fixed-angle fixed-frame static-camera
    unwavering unchanging anchored bolted frozen
"""
_FIRM = rf"(?:{either(_FIRM_WORDS)}|locked off|locked down)"
_STAYS = (
    "(?:remains|stays|is|holds|keeps|stands|sits|rests|hangs|waits|lingers|remaining|staying|held|being|was|set|fixed|"
    "kept|left|has been|proves|looks|seems)"
)
_EYE_WORDS = """
    camera camerawork shot view viewpoint framing lens perspective footage frame take angle picture image close-up
    position composition viewfinder
"""
_EYE = rf"(?:camera position|vantage point|{either(_EYE_WORDS)})"
_NOBODYS = "(?<!a )(?<!his )(?<!her )"
_VERBS = """
    pan tilt zoom track follow dolly glide orbit circle crane drift sway shake wobble jolt rotate swing sweep travel
    truck arc move rise descend climb lower spin whip roll boom pedestal fly float creep slide swivel turn advance
    retreat soar dip bob jerk lurch inch swoop plunge dive skim weave speed race rush charge walk trail chase
    accompany pursue hurtle surge veer roam wander snake thread meander lift sink ascend zip whirl wheel revolve
    judder jitter tremble vibrate bounce lean nudge venture crawl edge prowl scan traverse shadow spiral stroll
    saunter amble scoot zigzag tail stalk sidle lunge shift cruise coast pivot ease wind sail ride
"""
_WITH_PARTICLE = (
    r"push(?:es|ing) (?:in|closer|forward|toward|through|past)|pull(?:s|ing) (?:back|away|out|up)|back(?:s|ing) (?:up|"
    r"away|off)|"
    r"clos(?:es|ing) in|widen(?:s|ing) out|keep(?:s|ing) pace|hover(?:s|ing) over"
)
_MOVES = rf"(?:{either(_VERBS, third_person)}|{_WITH_PARTICLE})"
_MOVING = rf"(?:{either(_VERBS, participle)}|travelling|{_WITH_PARTICLE})"
# What only a camera does.
_PANNING = (
    r"(?:panning|tilting|zooming|dollying|pushing in|pulling back|craning|trucking|tracking (?:left|right|along|back|"
    r"forward|after|past|with|sideways|alongside))"
)
_HOW = (
    r"(?:(?:\w+ly|also|then|always|is|are|keeps|keep|starts|begins|to|and|it|itself|never stops|has been|"
    r"at the same time|meanwhile|can be seen|all the while|at once|still) )*"
)
# What may follow a participle that the camera, and nothing else, is doing.
_ON = (
    r"(?= (?:\w+ly )?(?:left|right|across|upwards?|downwards?|in|out|along|over|from|to|up|down|towards?|forwards?|"
    r"backwards?|sideways|closer|around|round|after|alongside|through|past|with|the|an?|him|her|them|it|back|as|while|above|"
    r"below|into|between|behind|beside|higher|lower|on|away)\b|[.,;]|$)"
)
_TOWARD = (
    r"(?:\w+ly )?(?:left|right|across|upwards?|downwards?|in|out|along|over|from|to|up|down|toward|forward|sideways|"
    r"closer|around|after|alongside|with|past|through)"
)


def _one_of(patterns: tuple[str, ...]) -> str:
    """One of these at the beginning of a word: much quicker than if each looked for that itself. Those that begin with
    the camera are tried only where a word for it stands."""
    camera = [each for each in patterns if each.removeprefix(_NOBODYS).startswith((_EYE, "camera"))]
    others = [each for each in patterns if each not in camera]
    return rf"\b(?=\w)(?:(?={_EYE}\b)(?:{'|'.join(camera)})|{'|'.join(others)})"


_ENGLISH_STILL = re.compile(
    _one_of(
        (
            rf"{_NOBODYS}camera(?:work)?[,:]? (?:itself )?{_STAYS}? ?{_SOFT}{_STILL}\b(?! (?:from|"
            rf"on) the (?:wall|ceiling)){_ON_IT}",
            rf"{_EYE},? (?:itself )?{_STAYS} {_SOFT}{_STILL}\b{_ON_IT}",
            rf"{_EYE} (?:is )?{_SOFT}(?:{_FIRM}|clamped|mounted) (?:in|to|at|on) (?:one|the same) (?:spot|place)\b",
            rf"camera (?:movement|motion|position|work)s?: {_SOFT}{_FIRM}\b",
            rf"{_EYE}, {_SOFT}{_FIRM}(?: in place| throughout| from start to finish| on \w+ \w+)?,? ?",
            r"camera [\w ]{0,30}?not (?:moving|shifting|budging)(?: an inch)?\b",
            rf"{_FIRM}(?:,? (?:\w+-)?(?!hair\b)\w+(?:-\w+)?)? {_EYE}\b",
            r"tripod-(?:still|mounted|locked|steady|static|fixed)\b",
            r"(?:camera|shot|filmed|footage|view) (?:is |stays |remains |sits )?(?:firmly )?(?:on|from) (?:an?|"
            r"its) (?:fixed |locked )?tripod\b",
            r"camera (?:itself |is mounted [\w ]{2,40} and )?(?:does not|doesn't|never|did not) (?:once |ever )?"
            r"(?:moves?|budges?|shifts?|stirs?|pans?|changes?|wavers?|leaves? its (?:place|spot|tripod))\b",
            rf"{_EYE} (?:never|does not|doesn't) (?:once |ever )?(?:changes?|moves?|shifts?|budges?|wavers?)\b",
            rf"{_EYE} (?:holds|keeps|maintains|holding|keeping|maintaining) (?:its|the same|one|a fixed|"
            rf"a single) (?:position|place|spot|ground|frame|framing|angle)\b",
            r"camera (?:\w+ ){0,2}without (?:moving|motion|any movement)\b",
            r"camera (?:is |being )?not (?:moving|panning|shifting)\b",
            r"(?:without|with no|no|zero) (?:any )?camera (?:movement|motion|move)\b",
            rf"(?:from|in|at) (?:an? |one |the same )?(?:single )?{_FIRM} (?:position|vantage point|viewpoint|point|"
            rf"spot|stance|place|mount)\b",
            r"(?:static|fixed|locked|still) (?:throughout|while it|as it|yet|but)\b",
        )
    )
)
_ENGLISH_MOVES = re.compile(
    rf"[,;] (?:and |while |yet |but |then )?{_HOW}{_PANNING}\b{_ON}|"
    + _one_of(
        (
            rf"{_NOBODYS}{_EYE}(?:,|, [^,.]{{3,30}},)? (?:that |which )?{_HOW}(?:{_MOVES}\b|"
            rf"{_MOVING}\b{_ON})",
            rf"(?:while|as|yet|but|and) it {_HOW}(?:{_MOVES}|{_MOVING})\b",
            rf"(?:{_MOVING}|panoramic sweep|dolly|crane|steadicam|shaky|hand-?held|whip-pan|push-in|pull-back|"
            rf"follow) (?:\w+ )?"
            r"(?:camera|shot|footage|move|movement)\b",
            r"(?:slow|gentle|smooth|quick|steady|fast|long|sweeping|leftward|rightward|upward|downward|subtle|"
            r"slight|continuous) "
            r"(?:(?:camera|lateral|slow|left|right|upward|downward) )*(?:pan|tilt|zoom(?:-in|-out)?|dolly|push-?in|"
            r"pull-?back|tracking|"
            r"truck|arc|orbit|push in|pull back)\b(?! of| full| on the stove)",
            rf"{_EYE} of (?:(?!that\b|who\b|which\b|as\b|while\b|where\b|"
            rf"whose\b)[\w'-]+ ){{1,6}}?(?:\w+ly )?(?:pans|zooms|tracks|tilts|"
            rf"dollies|trucks) {_TOWARD}\b",
            r"hand-?held(?= and| camera| footage| shot|,|\.)",
            rf"{_EYE} (?:is|looks) (?:\w+ and )?(?:shaky|unsteady|wobbly)\b",
            r"camera (?:pan|tilt|zoom|movement|motion|shake)s?\b",
        )
    )
)
_FOR_ALL = (
    r"(?: throughout| all along| the whole time| in place| from (?:start|beginning) to (?:finish|end)|"
    r" (?:in|at|on|to|over|above|by|beside) (?:one|the same|its|an?|the)(?: [\w'-]+){1,2}?)?"
)
_LINK = r"(?:,|, and| and|, but| but|, yet| yet| while|, while|, even as| even as| as|, as|, all while)"
_ENGLISH_AT_ONCE = re.compile(
    rf"(?:{_FOR_ALL}{_LINK}|,? that|,? which|\. it|; it)(?: it| also| simultaneously)* {_HOW}(?:{_MOVES}\b(?! that|"
    rf" an? (?:strict|simple|clear|rule))|{_MOVING}\b{_ON})|"
    rf"(?: (?:on|in|at|beside|from|above|near|over|behind|with|atop|by|against|inside|outside|under|"
    rf"throughout))(?: (?!who\b|that\b|which\b|as\b|while\b)[\w'-]+){{0,8}}{_LINK}(?: it)? {_HOW}(?:{_PANNING}|"
    rf"gliding|orbiting|following)\b{_ON}"
)
ENGLISH = Words(
    words("""
        static still fixed stationary motionless unmoving immobile immovable locked locked-off locked-down tripod
        tripod-still tripod-mounted tripod-locked tripod-steady rooted frozen rigid bolted unmoved unchanging put
        clamped anchored planted nailed parked glued screwed unwavering immobilized stock-still rock-still rest
        standstill position not doesn't never no without zero fixed-position fixed-camera fixed-angle fixed-frame
        static-camera same
"""),
    words(
        "camera camerawork shot view viewpoint framing lens perspective footage frame take picture image close-up "
        "position filmed tripod tripod-still tripod-mounted"
    ),
    _ENGLISH_STILL,
    _ENGLISH_MOVES,
    _ENGLISH_AT_ONCE,
    words("""
        pushes pushing pulls pulling backs backing closes closing widens widening keeps keeping hovers hovering
        travelling panoramic dolly crane steadicam shaky unsteady wobbly handheld hand-held whip-pan push-in pull-back
        pushin pullback follow pan pans tilt tilts zoom zooms zoom-in zoom-out tracking truck arc orbit push pull
        movement movements motion motions shake shakes
    """).union(*({third_person(verb), participle(verb)} for verb in _VERBS.split())),
)
OTHERS = (
    _words(
        "kamera",
        "einstellung aufnahme totale halbtotale kameraposition kameraeinstellung bildausschnitt perspektive bild",
        "statisch statische statischer statisches statischen fest feste fester festes festen feststehend feststehende "
        "feststehenden feststehender starr starre starrer starren unbewegt unbewegte unbewegter unbeweglich still "
        "fixiert "
        "fixierte fix stillstehende ruhende",
        "schwenkt fährt zoomt folgt neigt kippt dreht gleitet wackelt kreist umkreist nähert entfernt wandert bewegt "
        "schwebt "
        "steigt sinkt rollt verfolgt nachschwenkt schwenkend folgend begleitet zittert",
        "und|aber|doch|die|während|,|wobei|sie|obwohl|dabei",
        r"kameraschwenk|kamerafahrt|(?:schwenk|zoom|fahrt) (?:nach|über|auf|vorwärts|hinein|entlang)|"
        r"(?:langsame[rnm]?|sanfte[rnm]?|"
        r"leichte[rnm]?) (?:schwenk|zoom)|(?:schwenkt|zoomt|fährt|folgt|neigt sich|gleitet) (?:sie|die kamera)",
        "bewegt sich nicht|rührt sich nicht|bewegt sich kein\\w*",
        verb_last="während sie|obwohl sie|während die kamera",
        cues="nicht",
    ),
    _words(
        "caméra",
        "plan cadre cadrage vue prise",
        "fixe fixes immobile immobiles statique statiques figée figé",
        "panote panotant panoramique zoome zoomant suit suivant recule reculant avance avançant pivote pivotant "
        "déplace déplaçant "
        "effectue glisse glissant bascule tourne tournant approche s'approche éloigne s'éloigne balaie balayant "
        "tremble rapproche "
        "descend monte longe parcourt survole accompagne",
        "et|mais|qui|tout en|tandis qu'elle|en|alors qu'elle|,|elle",
        "travelling|panoramique|zoom (?:avant|arrière|lent|progressif)|lent zoom|elle (?:panote|zoome|pivote)",
        "ne bouge pas|ne bouge jamais",
        cues="ne",
    ),
    _words(
        "cámara",
        "plano toma encuadre vista",
        "fija fijo fijas fijos estática estático inmóvil quieta quieto",
        "gira girando panea paneando mueve moviendo sigue siguiendo acerca acercando aleja alejando recorre "
        "recorriendo inclina "
        "desplaza desplazándose avanza avanzando retrocede sube baja tiembla rota barre rodea zoom persigue vuela "
        "desliza "
        "acompaña",
        "y|pero|que|mientras|a la vez que|,|e",
        "hacen? (?:un )?zoom|travelling|paneo|barrido|panorámica|zoom (?:lento|suave|hacia)|haciendo zoom",
        "no se mueve|no se mueve nunca",
        cues="no",
    ),
    _words(
        "telecamera camera inquadratura presa",
        "inquadratura ripresa piano",
        "fissa fisso ferma fermo statica statico immobile",
        "segue seguendo muove muovendosi gira ruota sposta spostandosi avvicina avvicinandosi zooma panoramica scorre "
        "avanza "
        "arretra allontana sorvola accompagna sale scende scivola oscilla sposta",
        "e|ma|che|mentre|,|pur",
        "carrellata|panoramica (?:verso|lenta|da|su)|(?:lent[ao]|lieve|leggera|con una?|con) (?:panoramica|zoom)",
        "non si muove|non si sposta",
        cues="non",
    ),
    _words(
        "câmera câmara",
        "plano enquadramento tomada",
        "fixa fixo parada parado estática estático imóvel",
        "gira girando segue seguindo acompanha acompanhando move movendo aproxima afasta percorre percorrendo avança "
        "recua sobe "
        "desce desliza inclina treme balança voa",
        "e|mas|que|enquanto|,|ao mesmo tempo que",
        "travelling|panorâmica (?:para|lenta)|zoom (?:lento|suave)|faz zoom",
        "não se move|não se mexe",
        cues="não",
    ),
    _words(
        "camera",
        "shot beeld opname kader",
        "stil statisch statische vast vaste stilstaande onbeweeglijk onbeweeglijke gefixeerd roerloos roerloze",
        "beweegt draait volgt zoomt glijdt pant kantelt rijdt zwenkt zwaait schuift nadert cirkelt schudt",
        "en|maar|die|terwijl|,",
        "langzame pan|camerabeweging|(?:langzame|lichte) zoom",
        "beweegt niet",
        cues="niet",
    ),
    _words(
        "kameran kameraet kamera",
        "bild bilde billede tagning optagelse",
        "stilla stille statisk statiskt fast fasta faste orörlig ubevægelig ubevegelig låst fastmonterad",
        "panorerar panorerer zoomar zoomer zoomer följer følger rör bevæger beveger glider svänger drejer dreier åker "
        "kører kjører "
        "tiltar tilter lutar",
        "och|men|og|som|medan|mens|,",
        "kameraåkning|långsam zoom",
        "rör sig inte|bevæger sig ikke|beveger seg ikke",
        cues="inte ikke",
    ),
    _words(
        "камера камеры камерой",
        "кадр план съёмка съемка ракурс",
        "статична статичная статичный статичной статичном статичном статичное неподвижна неподвижная неподвижный "
        "неподвижной "
        "зафиксирована фиксированная фиксированный закреплена",
        "движется следует поворачивается приближается отъезжает панорамирует наезжает скользит вращается облетает "
        "поднимается "
        "опускается следит перемещается плывёт плывет едет летит дрожит",
        "и|но|а|которая|который|при этом|,|и одновременно|одновременно",
        "панорама (?:вправо|влево|по)|медленный наезд|камера (?:медленно|плавно) (?:едет|плывёт|движется)",
        "не двигается|не движется",
        cues="не",
    ),
    _words(
        "kamera kamery kamerą",
        "ujęcie kadr záběr",
        "nieruchoma nieruchome nieruchomy statyczna statyczne statyczny statická statický nehybná",
        "podąża przesuwa obraca porusza jedzie zbliża oddala panoramuje śledzi sleduje pohybuje otáčí přibližuje",
        "i|a|ale|która|które|,|ale",
        "panorama w (?:lewo|prawo)|najazd kamery",
        "się nie porusza|se nehýbe",
        cues="nie",
    ),
    _words(
        "kamera",
        "çekim plan",
        "sabit hareketsiz durağan",
        "kayıyor dönüyor ilerliyor yaklaşıyor uzaklaşıyor takip izliyor kaydırıyor yükseliyor alçalıyor kayar döner",
        "ve|ama|,|ancak|iken",
        "sağa kayar|yavaşça yaklaşır",
        "hareket etmiyor|hareket etmez",
    ),
)
_EASY = "(?:缓缓|緩緩|缓慢|緩慢|慢慢|逐渐|平稳|快速|轻轻|不断|一路|一直|微微|持续|始终|一边|悄悄|匀速|地|的|着)"
_ONLY_CAMERA = (
    "(?:平移|横移|摇摄|横摇|上摇|下摇|左摇|右摇|推进|推近|拉远|拉近|拉開|拉开|"
    "变焦|缩放|环绕拍摄|跟拍|跟着|跟随|环绕|绕着|升降)"
)
_SPACELESS_STILL = re.compile(
    "(?:固定|静态|靜態|静止的?)(?:的)?(?:镜头|鏡頭|机位|機位|拍摄|画面|摄像机|摄影机|视角)|定机位|(?:无|没有|毫无)(?:任何)?(?:运镜|镜头移动|镜头运动)|机位不变|"
    "(?:镜头|鏡頭|摄像机|攝影機|摄影机|相机|机位|視角|视角)(?:始终|始終|一直|完全|全程|保持|位置|是|处于|则|本身|被|在整个过程中){0,3}"
    "(?:固定|静止|靜止|不动|不動|没有移动|沒有移動|不移动|纹丝不动|一动不动|锁定)|"
    "(?:静止した|動かない|固定された|固定の)カメラ|カメラ(?:は|が)?[^。、]{0,10}(?:固定|静止|動かな|動かず|微動だに)|固定(?:カメラ|ショット|アングル)|"
    "카메라(?:는|가)? ?[^.,]{0,6}(?:고정|정지|움직이지 않)|고정된? (?:카메라|샷|숏|앵글)"
)
_SPACELESS_MOVES = re.compile(
    f"(?:镜头|鏡頭|摄像机|攝影機|摄影机|相机|画面|机位)(?:也|又|在|还|正|却|则)?{_EASY}{{0,4}}(?:(?:向|朝|往|从|由|自)[^，。；]{{1,6}}?)?"
    "(?:平移|横移|[上下左右]?摇|推进|推近|拉远|拉近|拉開|拉开|移动|移動|跟随|跟隨|跟拍|跟着|追|上移|下移|上升|下降|环绕|環繞|旋转|旋轉|倾斜|缩放|变焦|"
    "抖动|晃动|扫过|掃過|滑动|后退|前进|右移|左移|升起|转动)|"
    f"[，,](?:同时|但|却|并|且|而|又)?{_EASY}{{0,4}}(?:从[左右上下前后][^，。；]{{0,2}})?(?:(?:向|朝|往)[左右上下前后](?:方|侧)?)?{_ONLY_CAMERA}|"
    f"[，,](?:跟随|跟着|跟拍)|推镜头|摇镜头|跟拍镜头|"
    f"跟镜头|"
    "移动镜头|运动镜头|手持镜头|摇摄|(?:镜头|机位)(?:跟随|跟着)|"
    "カメラ(?:は|が)?[^。はが]{0,28}?(?:パン(?:し|する|して)|ティルト|ズーム|追(?:う|い|って|いかけ)|移動(?:し|する)|寄(?:る|って|り)|引(?:く|いて)|揺れ|"
    "上昇|下降|回り込|回転|動い|動く|なめ|前進|後退|近づ|進(?:む|み|んで))|"
    "카메라(?:는|가)? ?[^.,]{0,25}(?:따라가|이동하|패닝|줌|회전하|움직인|움직이며|틸트|흔들|다가가|돌아)"
)
SPACELESS_CAMERA = re.compile("镜头|鏡頭|机位|機位|摄像机|摄影机|攝影機|相机|运镜|カメラ|固定|카메라")
SPACELESS = Words(frozenset(), frozenset(), _SPACELESS_STILL, _SPACELESS_MOVES)
