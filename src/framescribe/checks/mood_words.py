"""Knows the words and phrases of mood, in several languages; looks at no text."""

from __future__ import annotations

import re

from framescribe.checks.cued import Cued
from framescribe.checks.mood_abroad import ABROAD
from framescribe.checks.scripts import each_of, either, words

_FELT_WORDS = each_of("""
    calm calmness peace peacefulness tranquility tranquillity serenity joy wonder awe mystery nostalgia longing
    melancholy warmth intimacy freedom adventure urgency tension suspense unease dread foreboding isolation solitude
    loneliness harmony excitement anticipation energy drama grandeur majesty magic romance comfort hope sadness
    sorrow despair vulnerability community camaraderie companionship togetherness belonging timelessness stillness
    whimsy elegance celebration vastness relaxation contemplation reflection innocence playfulness curiosity empathy
    fear happiness love delight coziness cosiness emotion emotions feeling feelings pride optimism dynamism vitality
    luxury sophistication spirituality yearning bliss triumph menace danger purpose home reverie bygone memories
    eeriness enchantment mystique loss grief absence abandonment gloom doom desolation regret
""")
_QUALITY_WORDS = each_of("""
    calm calming peaceful tranquil serene dreamlike dreamy magical mysterious nostalgic melancholy melancholic eerie
    haunting whimsical cozy cosy inviting intimate romantic surreal ethereal enchanting festive joyful joyous somber
    sombre ominous tense lively vibrant relaxed relaxing warm welcoming playful solemn moody uplifting hypnotic
    meditative otherworldly contemplative poetic poignant unsettling fairy-tale fairytale dramatic bleak gloomy
    cheerful energetic quiet soothing fantastical mystical timeless wistful foreboding oppressive
""")
_FELT = f"(?:{'|'.join(_FELT_WORDS)})"
_QUALITY = f"(?:{'|'.join(_QUALITY_WORDS)})"
_SCENE = (
    "(?:scene|shot|setting|scenery|image|moment|view|landscape|place|room|space|light|lighting|music|video|clip|whole|"
    "backdrop|composition|colou?rs?|palette|tones?)"
)
# What is so is so to a viewer.
_TELLING = """
    eerie haunting dreamlike comforting soothing unsettling breathtaking mesmerizing mesmerising enchanting magical
    captivating heartwarming poignant melancholic nostalgic uplifting serene idyllic ethereal whimsical foreboding
    inviting hypnotic touching heartbreaking spellbinding tranquil surreal otherworldly chilling calming
    awe-inspiring
"""
# Of sights and moments these are moods.
_MOODY_WORDS = """
    serene tranquil peaceful dreamlike magical nostalgic melancholy melancholic haunting whimsical enchanting ethereal
    idyllic breathtaking captivating mesmerizing mesmerising poignant picturesque heartwarming touching unsettling eerie
    uncanny ominous soothing surreal otherworldly mystical dramatic awe-inspiring spellbinding bittersweet calming
    hypnotic foreboding
"""
_MOODY = f"(?:{either(_MOODY_WORDS)})"
_FEEL_WORDS = frozenset((*_FELT_WORDS, *_QUALITY_WORDS))

# (words of which one is there, words of which one is there as well or None, the phrase)
_PHRASES: tuple[tuple[str, frozenset[str] | None, str], ...] = (
    (
        "sight experience tableau spectacle presence stillness silence quiet backdrop world reminder picture vision "
        "contrast",
        words(_MOODY_WORDS),
        rf"\b{_MOODY}(?:,? (?:and )?{_MOODY})* (?:sight|experience|tableau|spectacle|presence|stillness|silence|quiet|"
        rf"backdrop|world|"
        r"reminder|picture|vision|contrast)\b",
    ),
    (
        "heightens heighten heightening amplifies amplifying deepens deepening underscores underscoring intensifies "
        "intensifying "
        "enhances enhancing builds building ratchets",
        _FEEL_WORDS | {"mood"},
        rf"\b(?:heighten|amplif|deepen|underscor|intensif|enhanc|build|ratchet)(?:s|ing|ies|ying|es)? (?:up )?(?:the |"
        rf"a |this )?"
        rf"(?:\w+ )?(?:{_FELT}|mood)\b",
    ),
    (
        "hangs hang lingers linger hovers settles reigns pervades permeates palpable envelops cloaks prevails",
        _FEEL_WORDS | {"sense"},
        rf"\b{_FELT} (?:\w+ )?(?:hangs?|lingers?|hovers?|settles?|reigns?|pervades?|permeates?|envelops?|cloaks?|"
        rf"prevails?|is palpable)\b|"
        rf"\bpalpable (?:\w+ )?{_FELT}\b",
    ),
    (
        "viewer viewers onlooker observer beholder spectator one's us",
        None,
        r"\b(?:viewers?|beholder|observer|onlooker|spectator) (?:is|are|feels?|senses?|gets?|can(?:not help|'t help|"
        r" feel| almost)|may feel|might feel)"
        r"\b|\b(?:fill|leav|invit|draw|mak|transport|captivat|immers|mov|haunt|enthral)l?(?:s|es|e|ing)? (?:the |any |"
        r"every )?"
        r"(?:viewers?|beholder|observer|onlooker|spectators?|us)\b (?:with|to|in|feel|into|feeling|away|spellbound)|"
        r"\bfor (?:any|every|the) (?:onlooker|beholder|viewer|observer)\b|\bremind(?:s|ing)? us\b",
    ),
    ("gets get", None, r"\b(?:one|you|we) gets? (?:the|a) (?:\w+ )?(?:feeling|sense|impression)\b"),
    ("mood moods", None, r"\bmoods?\b(?!,? (?:ring|board|light|lamp|swing|stone|indigo))"),
    (
        "atmosphere",
        None,
        r"(?<!earth's )(?<!planet's )(?<!upper )(?<!lower )(?<!outer )(?<!in the )(?<!into the )(?<!through the )"
        r"(?<!enters the )(?<!enter the )(?<!leaves the )(?<!above the )(?<!of the )(?<!the thin )(?<!entering the )"
        r"(?<!from the )(?<!an )(?<!one )(?<!two )\batmosphere\b"
        r"(?! of (?:jupiter|venus|mars|titan|saturn|earth|the (?:planet|earth|moon|sun)|an? planet|gas|nitrogen|"
        r"argon))",
    ),
    ("atmosphere", None, r"\ban atmosphere of\b(?! (?:jupiter|venus|gas|nitrogen|argon))"),
    ("atmosphere", _FEEL_WORDS, rf"\b{_QUALITY} atmosphere\b"),
    ("atmospheric", None, r"\batmospheric (?:quality|feel|mood|scene|setting|depth|effect|tension|and)\b"),
    ("ambiance ambience ambiances", None, r"\bambi[ae]nces?\b"),
    ("vibe vibes", None, r"\bvibes?\b"),
    ("aura", None, r"\baura of\b|\b(?:lends?|lend|lending|gives?|has|with) [^.]{0,70}\baura\b"),
    ("evoke evokes evoking evoked evocative", None, r"\bevo(?:ke[sd]?|king|cative)\b"),
    (
        "stirs stirring stir stirred",
        frozenset((*_FELT_WORDS, "heart", "soul", "imagination")),
        rf"\bstir(?:s|ring|red)? (?:up )?(?:a |an |deep |the |feelings?|emotions?|memories|our |your )?(?:\w+ )?"
        rf"(?:{_FELT}|heart|soul|imagination)\b",
    ),
    (
        "sense feeling feelings air aura spirit impression touch note hint",
        frozenset(_FELT_WORDS),
        rf"\b(?:sense|feelings?|air|aura|spirit|impression|touch|note|hint) of (?:\w+ )?(?:\w+ and )?{_FELT}\b",
    ),
    (
        "sense feel feeling impression",
        None,
        rf"\b(?:feel|feeling|sense) (?:that|to the (?:\w+ )?{_SCENE})\b",
    ),
    (
        "feel feeling air touch spirit impression quality tone energy charm beauty allure",
        frozenset(_QUALITY_WORDS),
        rf"\b{_QUALITY} (?:\w+ )?(?:feel|feeling|air|touch|spirit|impression|quality|tone|energy|charm|beauty|"
        rf"allure)\b"
        rf"(?! (?:of the (?:boy|girl|man|woman|dog)))",
    ),
    ("glow", _FEEL_WORDS, r"\b(?:nostalgic|dreamlike|magical|ethereal) glow\b"),
    ("beauty charm allure", None, r"\b(?:natural|quiet|raw|simple|timeless) (?:beauty|charm|allure) of\b"),
    (
        "emotional emotionally emotion",
        None,
        r"\b(?:emotional(?:ly)? (?:weight|depth|resonan\w+|impact|moment|scene|charged|tone|journey|connection)|"
        r"(?:deep|raw|quiet|profound) emotion\b(?! on (?:his|her|their)))",
    ),
    ("breathes breathe breathing", frozenset(_FELT_WORDS), rf"\bbreath(?:es?|ing) (?:\w+ )?{_FELT}\b"),
    ("reminder", None, r"\breminder of\b"),
    ("feels", None, rf"\b{_SCENE} feels\b"),
    ("feels", _FEEL_WORDS, rf"\bfeels (?:almost |both |deeply |very |so )?{_QUALITY}\b"),
    (
        "creating creates create created lending lends giving gives adding adds imbuing imbues imparting bringing "
        "exuding "
        "exudes exude conveying conveys convey radiating radiates instilling instills inspiring inspires inspire "
        "capturing "
        "captures",
        frozenset((*_FELT_WORDS, *_QUALITY_WORDS, "beauty", "feel", "mood", "vibe")),
        rf"\b(?:creat(?:ing|es?|ed)|lend(?:ing|s)|giv(?:ing|es)|add(?:ing|s)|imbu(?:ing|es)|impart(?:ing|s)|"
        rf"bring(?:ing|s)|"
        rf"exud(?:ing|es?)|convey(?:ing|s)?|radiat(?:ing|es)|instill(?:ing|s)|inspir(?:ing|es?)|captur(?:ing|es)) "
        rf"(?:\w+ ){{0,5}}?(?:{_FELT}|mood|feel|vibe|beauty|"
        rf"{_QUALITY} (?:\w+ )?(?:{_SCENE}|quality|tone|effect|contrast|environment))\b",
    ),
    (
        "capturing captures",
        None,
        r"\bcaptur(?:ing|es) the (?:\w+ ){0,2}(?:spirit|beauty|magic|joy|energy|romance) of\b",
    ),
    (
        "viewer viewers audience us onlooker",
        None,
        r"\b(?:leav(?:es|ing)|invit(?:es|ing)|draw(?:s|ing)|makes?|making|transport(?:s|ing)|immers(?:es|ing)|"
        r"captivat(?:es|ing)|remind(?:s|ing)|fill(?:s|ing)|allow(?:s|ing)|engag(?:es|ing)|giv(?:es|ing)|reward(?:s|"
        r"ing)) "
        r"(?:the |any )?(?:viewers?|audience|us|onlooker)\b(?! (?:the|an?) (?:ball|cup))",
    ),
    (
        "one",
        frozenset((*_FELT_WORDS, "feel", "wonder", "dream", "linger")),
        rf"\b(?:leav|fill|mak|invit|transport)(?:es|ing) one (?:feel|with (?:\w+ )?{_FELT}|to (?:feel|dream|linger|"
        rf"wonder))",
    ),
    (
        "sense",
        None,
        r"\b(?:a|the|any|no|some) (?:\w+ )?sense of (?!direction|smell|balance|humou?r|touch|taste|hearing|sight|"
        r"rhythm|time|style|self|depth|"
        r"scale|perspective|motion|movement|speed|space|distance)",
    ),
    ("feeling", None, r"\b(?:a|the) (?:\w+ )?feeling of (?!the\b|his\b|her\b|its\b|an?\b)"),
    (
        "makes make making",
        words("watch viewing sight spectacle experience moment image picture"),
        r"\bmak(?:es?|ing) for (?:an? )?[\w, -]{3,40}(?:watch|viewing|sight|spectacle|experience|moment|image|"
        r"picture)\b",
    ),
    (
        "joy delight pleasure treat",
        words("watch behold see eyes"),
        r"\b(?:joy|delight|pleasure|treat) (?:to (?:watch|"
        r"behold|see)|for the eyes)\b",
    ),
    (
        "shivers chills goosebumps",
        words("spine viewer viewers"),
        r"\b(?:shivers|chills) (?:\w+ )?down (?:the|one's|"
        r"your|any) \w*\s?spine\b",
    ),
    (
        "zuschauer zuschauern betrachter betrachtern",
        None,
        r"\b(?:dem|den) (?:zuschauern?|"
        r"betrachtern?)\b(?= [^.]{0,30}(?:gänsehaut|gefühl|eindruck|ruhe|herz))",
    ),
    (
        "dégage dégagent",
        None,
        r"\b(?:tristesse|mélancolie|sérénité|joie|paix|calme|mystère|nostalgie|poésie|"
        r"impression|atmosphère) (?:\w+ ){0,2}se dégage|\bil se dégage\b",
    ),
    (
        "sensación sensação sensazione sensation",
        None,
        r"\b(?:una|uma|una|une) (?:\w+ )?(?:sensación|sensação|"
        r"sensazione|sensation) (?:de|di|d')\b",
    ),
    (
        "assiste quien guarda",
        None,
        r"\bem quem (?:assiste|vê|olha)\b|\ben quien (?:mira|observa|ve)\b|"
        r"\bin chi guarda\b",
    ),
    (
        "picture",
        words("comfort peace calm contentment happiness joy despair loneliness desolation"),
        r"\bthe (?:very )?picture of\b",
    ),
    ("aura", None, r"\baura (?:de|di|d'|von|van)\b"),
    (
        "energy",
        _FEEL_WORDS | words("wild electric raw infectious intoxicating frenetic"),
        r"\b(?:wild|electric|raw|"
        r"infectious|frenetic|pulsing|palpable)(?:, [\w-]+)? energy\b",
    ),
    (
        "makes leaves leaving",
        words("one"),
        r"\b(?:makes?|leav(?:es|ing)) one (?!of\b|hand|foot|eye|side|end|behind|"
        r"on\b|in\b|at\b|by\b)\w+",
    ),
    ("feel", frozenset(_FELT_WORDS), rf"\b(?:one|you|we) can feel (?:the )?(?:\w+ )?{_FELT}\b"),
    (
        "feel hush",
        words(
            "lending lends lend gives giving has with cozy intimate storybook homely rustic unhurried dreamy "
            "reverence awe"
        ),
        r"\b(?:lend(?:ing|s)?|giv(?:ing|es)) [^.]{3,50}\bfeel\b(?! (?:the|his|her))|\bhush of (?:\w+ )?(?:reverence|"
        r"awe|anticipation|expectation)|"
        r"\bstorybook (?:hush|feel|quality|charm|air)\b",
    ),
    (
        "energy",
        words("electric contagious infectious palpable intoxicating"),
        r"\benergy is (?:\w+ )?(?:electric|"
        r"contagious|infectious|palpable)\b",
    ),
    ("impression", None, r"\b(?:lasting|deep|strong|indelible|profound) impression\b"),
    (
        "magical special",
        None,
        r"\bsomething (?:\w+ )?(?:magical|special|haunting|timeless|dreamlike|eerie) (?:about|"
        r"in)\b",
    ),
    (
        "invites invite inviting",
        words("relaxation contemplation reflection calm daydreaming reverie rest wonder linger dream pause"),
        r"\binvit(?:es?|ing) (?:\w+ )?(?:relaxation|contemplation|reflection|calm|daydreaming|reverie|rest|wonder)\b",
    ),
    ("life", None, r"\bbrings? (?:the|this) (?:scene|image|picture|shot|moment) to life\b"),
    ("speaks speak", frozenset(_FELT_WORDS), rf"\bspeaks? of (?:\w+ )?{_FELT}\b"),
    ("feel", None, r"\b(?:one|you|we) can (?:almost|practically|nearly|truly) (?:feel|smell|hear|taste|sense)\b"),
    ("émane émanent", None, r"\bémane(?:nt)?\b"),
    # "a raw, ancient quality to it", "make the pulse race"
    (
        "quality feel air charm magic poetry energy edge warmth allure mystique",
        words("to about"),
        r"\b(?:quality|feel|air|charm|magic|poetry|energy|edge|warmth|allure|mystique) (?:to|about) (?:it|"
        r"the (?:whole )?(?:scene|place|shot|room|"
        r"image|moment)|this|everything|all of it|them)\b",
    ),
    (
        "pulse heart hearts soul spirit spirits skin spine stomach breath",
        None,
        r"\b(?:mak(?:es?|ing)|sets?|setting|sends?|lets?) (?:the |your |one's |a |any )?(?:pulse|hearts?|soul|"
        r"spirits?|skin|spine|stomach|breath) "
        r"(?:race|racing|soar|sing|melt|ache|leap|expand|swell|tingle|crawl|pound|skip|beat|flutter|turn|sink)|"
        r"\btakes? (?:one's|your|the) breath away|"
        r"\b(?:lifts?|soothes?|calms?|nourishes|feeds) (?:the|one's|your) (?:soul|spirits?|heart|mind)\b",
    ),
    # "it is oddly comforting"
    (
        "is are feels feel becomes looks",
        words(_TELLING) | {"moving"},
        rf"\b(?:is|are|feels?|becomes?|looks) (?:\w+ly |so |almost |quite |very |rather |both |"
        rf"and )*(?:{either(_TELLING)}|moving(?=[.,;!]|$))"
        r"(?! (?:to|in|at|her|him|his|the|a|an|it|them|their|toward|past|along|with|on)\b)",
    ),
    (
        "feel",
        _FEEL_WORDS,
        rf"\b(?:mak(?:es?|ing)|lets?|letting) [\w ]{{2,30}}? feel (?:\w+ly |more |"
        rf"almost )?(?:{_QUALITY}|alive|timeless)\b",
    ),
    ("fills fill filling", words("you one us heart"), r"\bfill(?:s|ing)? (?:you|one|us|the heart) with\b"),
    (
        "conjures conjure conjuring",
        None,
        r"\bconjur(?:es?|ing) (?:up )?(?:\w+ )?(?:memories|images|feelings|sense|"
        r"thoughts|visions|dreams|past|nostalgia)\b",
    ),
    (
        "soothe soothes soothing calm calms please pleases",
        words("eye eyes mind senses heart soul"),
        r"\b(?:sooth|calm|"
        r"pleas|delight)(?:es?|s|ing)? (?:the|one's|your) (?:eyes?|mind|senses|heart|soul)\b",
    ),
    (
        "give gives giving lend lends lending",
        words("charm quality air magic mood dignity grace elegance poetry mystique"),
        r"\b(?:giv(?:es?|ing)|lend(?:s|ing)?) [^.]{3,60}\b(?:charm|quality|air of|magic|mood|dignity|grace|elegance|"
        r"poetry|mystique)\b",
    ),
    ("testament", None, r"\btestament to\b"),
    ("symbolizing symbolizes symbolising symbolises", None, r"\bsymboli[sz](?:ing|es)\b"),
    (
        "air",
        frozenset(_FELT_WORDS),
        rf"\bthe air (?:is|feels|seems) (?:\w+ )?(?:thick|heavy|filled|alive|charged|electric) with {_FELT}\b|"
        rf"\b{_FELT} (?:fills?|filling|hangs? (?:heavy )?in|lingers? in|thick in|crackles? in) the (?:air|room|"
        rf"scene)\b",
    ),
    (
        "filled full steeped infused laden brimming imbued charged suffused",
        frozenset(_FELT_WORDS),
        rf"\b(?:filled|full|steeped|infused|laden|brimming|imbued|charged|suffused) (?:with|of|in) (?:\w+ )?{_FELT}\b",
    ),
    (
        "scene moment setting scenery",
        None,
        rf"\b{_MOODY} (?:\w+ )?(?:scene|moment|setting|scenery)\b",
    ),
    (
        "scene moment setting",
        _FEEL_WORDS,
        rf"\b(?:scene|moment|setting) (?:is|feels|seems|"
        rf"appears) (?:\w+ )?{_QUALITY}\b",
    ),
    (
        "heart hearts heartstrings soul souls imagination",
        None,
        r"\b(?:touch|warm|melt|break|tug|pull|stir|captur|sooth|captivat)(?:es|s|ing|ching|e)? (?:at )?"
        r"(?:the |your |our |one's )?(?:heart(?:s|strings)?|souls?|imagination)\b",
    ),
)
ALONE = words("""
    dreamlike nostalgia nostalgic mesmerizing mesmerising breathtaking enchanting captivating awe-inspiring
    heartwarming otherworldly bittersweet wistful wistfulness soulful serenity tranquility tranquillity ethereal
    idyllic spellbinding heart-warming heartbreaking heart-breaking heartrending heart-rending exhilarating
    heart-stopping intoxicating hauntingly tear-jerking gut-wrenching melancholie wehmut geborgenheit melancolía
    melancolia malinconia añoranza melancholic soul-stirring thought-provoking unforgettable stimmungsvoll
    stimmungsvolle verträumt verträumte träumerisch träumerische atmosphärisch atmosphärische sehnsucht onirique
    féerique envoûtant envoûtante nostalgie mélancolique mélancolie onírico onírica nostálgico nostálgica
    melancólico melancólica conmovedor evocador
""")
PHRASES = Cued(*((f"{one} + {' '.join(also or ())}", phrase) for one, also, phrase in (*_PHRASES, *ABROAD)))
SPACELESS = re.compile(
    "动容|(?:让|令|使)观众|洋溢着|显得(?:格外|分外|十分|非常|特别|尤为)?(?:温馨|宁静|神秘|浪漫|孤独|凄凉|祥和|庄严|诡异|压抑|梦幻|惬意|孤寂)|透出[^，。；]{0,10}(?:感|"
    "气息)(?=[，。；])|使人[^，。；]{0,4}(?:仿佛|感到|心|忍不住|沉醉)|心生[^，。；]{1,4}|仿佛置身|让观者|令观者|观众感到|"
    "动人心弦|触动人心|诗情画意|"
    "岁月静好|沁人心脾|震撼人心|(?:神秘|压迫|孤独|孤寂|怀旧|仪式|治愈|温馨)感|治愈|治癒|让人(?:忍不住|感到|心|觉得|想起|不禁|怀念|沉醉|陶醉|感受)|讓人(?:感到|心|覺得|想起)|"
    "氛围|氛圍|气氛|氣氛|营造|營造|意境|令人(?:心|感到|陶醉|神往|难忘|沉醉|回味|动容|向往|忘)|"
    "给人(?:一种|以|带来)?[^，。；]{0,14}(?:感觉|感受|之感|感(?=[，。；]))|給人(?:一種|以)?[^，。；]{0,14}(?:感覺|感受)|唤起|喚起|"
    "充满(?:了|着)?(?:童趣|诗意|温情|爱意|暖意|野趣)|充满(?:了|着)?[^，。；]{0,10}(?:气息|诗意|神秘感|怀旧|浪漫|温馨|活力|希望|生机|感(?=[，。；]))|"
    "弥漫着[^，。；]{0,8}(?:气息|感)|(?:传达|散发|透露|流露|烘托)(?:出|着)?[^，。；]{0,12}(?:感|气息|情绪|美)(?=[，。；])|"
    "宁静祥和|如梦似幻|梦幻般的?|心旷神怡|"
    "(?:見る|観る)者|視聴者|感動を|空気(?:が|を)漂|哀愁|物悲し|(?<!一)切な(?:い|く|さ)|情緒|風情|趣(?:が|の)ある|静寂に包まれ|ノスタルジ|神秘的|心(?:が|を)(?:落ち着|和|打)|心温ま|"
    "心あたたま|胸(?:を|が)(?:打|締|熱)|涙を誘|"
    "몽환적|평화로운 (?:느낌|분위기)|보는 이|여운|"
    "雰囲気|ムード|感じさせ|醸し出|漂わせ|印象を与え|懐かし|幻想的|心を(?:打|和|揺|癒)|癒さ|郷愁|"
    "분위기|느낌을 (?:준|주|자아)|자아낸|자아내|향수를|감성"
)
# With a capital these are names.
NAMES = words("serenity tranquility tranquillity nostalgia")
OPENS = (
    "creating",
    "evoking",
    "lending",
    "giving",
    "adding",
    "imbuing",
    "exuding",
    "conveying",
    "inviting",
    "filling",
)
