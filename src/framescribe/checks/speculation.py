"""Knows the words with which a text guesses at causes, roles and intent; a simile is no guess."""

from __future__ import annotations

import re
from collections.abc import Iterator

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.clauses import without_clause
from framescribe.checks.cued import Cued
from framescribe.checks.scripts import beyond_latin, each_of, either, words
from framescribe.checks.text import Text

# Words that are a guess wherever they stand.
_ALONE = """
    possibly probably likely perhaps maybe presumably seemingly apparently supposedly potentially conceivably
    ostensibly evidently doubtless undoubtedly allegedly arguably seem seems seemed seeming imply implying implies
    presumed vielleicht möglicherweise wahrscheinlich vermutlich womöglich eventuell anscheinend scheinbar offenbar
    offensichtlich mutmaßlich augenscheinlich höchstwahrscheinlich vermutet könnte könnten dürfte dürften peut-être
    probablement vraisemblablement apparemment possiblement éventuellement sûrement semble semblent semblait
    semblaient semblant suggérant suggère suggèrent quizás quizá probablemente posiblemente seguramente
    aparentemente supuestamente presumiblemente pareciera parecieran sugiriendo sugiere sugieren forse probabilmente
    possibilmente apparentemente presumibilmente magari sembra sembrano sembrando suggerendo suggerisce potrebbe
    potrebbero talvez provavelmente possivelmente aparentemente presumivelmente supostamente sugerindo sugere
    misschien waarschijnlijk mogelijk vermoedelijk wellicht blijkbaar suggererend suggereert kanske troligen
    förmodligen möjligen antagligen måske sandsynligvis formentlig muligvis kanskje sannsynligvis muligens trolig
    ehkä luultavasti mahdollisesti todennäköisesti возможно вероятно наверное наверно кажется по-видимому видимо
    предположительно пожалуй можливо ймовірно мабуть здається prawdopodobnie chyba zapewne możliwe pravděpodobně
    možná snad pravdepodobne zrejme belki muhtemelen galiba herhalde mungkin barangkali sepertinya tampaknya
    kemungkinan talán valószínűleg probabil poate semblerait sembleraient sembrerebbe sembrerebbero parecería
    parecerían pareceria dirait-on ربما يبدو تبدو شاید احتمالا शायद संभवतः
"""
_INNER = each_of("""
    tired nervous anxious confused happy sad upset worried bored excited annoyed unsure uncertain surprised frustrated
    relaxed concerned curious distracted lost pleased content amused puzzled hesitant eager ready impatient unaware
    interested disinterested reluctant focused determined intrigued contemplative thoughtful pensive comfortable
""")
_INTENT = each_of("""
    worried afraid scared surprised startled annoyed amused confused offended embarrassed ashamed guilty bored
    impatient proud curious sure certain unaware about weighing pondering wanting waiting trying searching looking
    preparing considering deciding thinking wondering expecting anticipating hoping remembering ready unsure
    uncertain contemplating listening inspecting planning hesitating wanting
""")
_BARE = (
    r"(?!the\b|his\b|her\b|its\b|their\b|our\b|my\b|an?\b|one\b|each\b|either\b|both\b|viewers?\b|him\b|them\b|us\b|"
    r"me\b|left\b|right\b)"
)
# Words that are a guess in some company: which of them it is, with what else must be said, and the phrases.
_IN_COMPANY = {
    "appear appears appeared appearing": [
        rf"appear(?:s|ed|ing)? (?:to {_BARE}|as (?:if|though)\b|(?:very |quite |rather |somewhat |a (?:bit|"
        rf"little) )?(?:{'|'.join(_INNER)})\b)",
        r"(?<!\w)it appears (?:that|he|she|they|the)\b",
    ],
    "may + be have indicate suggest represent signify mean belong depict contain": [
        r"may (?:also |well |not |either |just |even |or may not )*(?:be|have|indicate|suggest|represent|signify|mean|"
        r"belong|depict|contain)\b"
    ],
    "might": [
        r"(?<!all )(?<!full )(?<!with )(?<!sheer )(?<!great )(?<!the )(?<!his )(?<!her )(?<!their )(?<!its )(?<!of )"
        r"(?<!my )might(?! and (?:main|muscle|power)\b)\b"
    ],
    "could + be have indicate suggest represent signify mean belong depict": [
        r"(?<!as )could (?:also |well |possibly |either |just |even |very |perhaps )*(?:be|have been|indicate|suggest|"
        r"represent|signify|mean|belong|depict)\b"
        r"(?! (?:seen|heard|felt|found|opened|closed|moved|used|read)\b)"
    ],
    "must + be have": [
        r"must (?:be (?:cold|hot|tired|late|hungry|thirsty|lost|proud|old|new|heavy|early|an?|the|his|her|their|its|"
        r"from|\w+ing)\b|have (?:been|just|come|gone|had|left|fallen|run|"
        r"taken|lost|broken|got|\w+ed)\b)"
    ],
    "suggesting suggests suggest suggested suggestive": [
        r"(?<!lines )(?<!strokes )(?<!shapes )(?<!curves )(?<!dots )(?<!marks )suggesting\b",
        r"(?<!he )(?<!they )(?<!who )suggests?\b",
        r"suggested by\b",
        r"suggestive of\b",
    ],
    "hint hints hinting hinted": [r"hint(?:s|ing|ed)? (?:at|that|towards?)\b"],
    "indicating indicates indicate": [r"indicat(?:ing|es?) (?:that|some|it|he|she|they|there)\b"],
    "doubt": [r"no doubt\b"],
    "apparent": [
        r"(?:an|the|his|her|their) apparent (?:bid|attempt|effort|desire|hurry|intention|signal|reference|"
        r"search|wish)\b"
    ],
    "plausible": [r"plausible\b"],
    "only + can": [r"can only (?:be|mean|have been)\b"],
    "wager bet": [r"(?:i'd|i would|one might) (?:wager|bet)\b"],
    "indicative": [r"indicative of\b"],
    "dev'essere": [r"dev'essere\b"],
    "safe": [r"safe to (?:assume|say|guess)\b"],
    "suspect suspects": [r"(?:i|we|one) (?:\w+ )?suspects?\b"],
    "wirkt wirken": [r"wirk(?:t|en),? als (?:würde|ob|wolle|hätte|sei)\w*"],
    "unclear": [r"unclear (?:whether|if|why|what)\b"],
    "impression": [r"(?:giv|creat|leav)(?:es?|ing) the (?:\w+ )?impression (?:that|of being|of having)\b"],
    "doit doivent": [
        r"(?:ce|il|elle|cela|ça) doit (?:être|avoir|s'agir)\b",
        r"(?:ils|elles|ce) doivent (?:être|"
        r"avoir)\b",
    ],
    "kunnen": [r"zou(?:den)? (?:\w+ ){0,5}?kunnen\b"],
    "deben": [r"deben de\b"],
    "видимости": [r"по всей видимости\b"],
    "judging": [r"judging (?:by|from)\b"],
    "explain explains": [r"(?:would|could|may|might|which) explains?\b"],
    "surely": [r"(?:must )?surely\b(?! and slowly)"],
    "likelihood probability": [r"in all (?:likelihood|probability)\b"],
    "chances odds": [r"(?:chances|odds) are\b"],
    "imagine imagines guess guesses guessing suppose supposes": [
        r"(?:one|you|we|i|viewers?) (?:can|could|may|might|would|must|can only|are left to)? ?(?:imagines?|guess|"
        r"suppose)\b",
        r"guess(?:es|ing) (?:is|that|would)\b",
    ],
    "would + seem appear indicate suggest imply mean": [
        r"(?:it|that|this|they|he|she) would (?:seem|appear)\b",
        r"would (?:indicate|suggest|imply|mean)\b",
    ],
    "speculate speculated": [r"speculat(?:e|ed)\b"],
    "interpreted taken read seen + could may might can": [
        r"(?:could|may|might|can) be (?:interpreted|taken|read|seen) as\b"
    ],
    "typical": [r"as is typical (?:of|for)\b"],
    "possible": [r"it(?:'s| is) (?:also )?(?:quite |very )?possible\b"],
    "assumed assume inferred infer believed thought guess": [
        r"(?:assumed|inferred|believed|thought) (?:to (?:be|have)|that)\b",
        r"(?:can|could|may|might|would) (?:assume|infer|guess)\b",
    ],
    "chance": [r"there is a (?:good )?chance\b"],
    "looks look + from by": [r"(?:from|by) the looks? of (?:it|things|him|her|them)\b"],
    "looks look + set": [r"looks? set to\b"],
    "looks look looking + be": [r"look(?:s|ing)? to be\b"],
    "looks look looking + like": [
        r"look(?:s|ing)? like (?:he|she|they|it|someone|there)(?:'s|'re| is| are| has| have| was| wants| might)\b"
    ],
    "looks look looking + if though": [
        r"look(?:s|ing)? as (?:if|though) (?:he|she|they|someone|there|it wants?|it is about)\b(?! were)"
    ],
    "as + if though": [
        rf"as (?:if|though) (?:to \w+|(?:just |still |almost )?(?:{'|'.join(_INTENT)})\b|in (?:thought|search|"
        rf"anticipation)|lost in)"
    ],
    "wohl": [
        r"(?:ist|sind|war|hat|haben|handelt|wird|soll) wohl\b(?! und)",
        r"(?<!sich )(?<!sehr )(?<!so )(?<!ganz )(?<!nicht )wohl (?:eine?[nmrs]?|auf|um|gerade|kurz|bald|weil|in|"
        r"zu[mr]?|aus|für|als|von|vor|nach|seine?|ihre?)\b",
    ],
    "scheint scheinen schien": [
        r"(?<!sonne )(?<!mond )(?<!licht )(?<!lampe )sch(?:eint|einen|ien)\b(?=[^,.;]* zu \w+en?\b)"
    ],
    "scheint scheinen": [
        r"schein(?:t|en) (?:\w+ )?(?:müde|nervös|verwirrt|überrascht|traurig|glücklich|aufgeregt|"
        r"unsicher|gelangweilt|zufrieden|verärgert|besorgt)\b"
    ],
    "hindeutet hin": [
        r"hindeutet\b",
        r"deutet (?:darauf|auf[^,.]{1,40}) hin\b",
        r"deuten (?:darauf|auf[^,.]{1,40}) hin\b",
    ],
    "vermuten schließen": [
        r"lässt (?:darauf schließen|vermuten)",
        r"vermuten lässt",
        r"schließen lässt",
        r"lassen vermuten",
    ],
    "wolle wollte wollten": [r"als woll(?:e|ten?)\b"],
    "aussieht aussehen sieht": [
        r"wie es aussieht\b",
        r"sieh(?:t|en) (?:ganz |so |"
        r"fast )?(?:danach )?aus, als\b(?! wären| bestünde)",
    ],
    "anschein": [r"(?:allem|dem) anschein nach\b"],
    "sein + mag kann": [r"(?:mag|kann) sein,? dass\b"],
    "muss müssen": [r"muss(?:en)? (?:wohl|sicher|es sich)\b"],
    "sicherlich": [r"sicherlich\b"],
    "annehmen anzunehmen": [r"(?:lässt|ist) (?:sich )?an(?:zu)?nehmen\b"],
    "ob + als": [r"als ob (?:er|sie|es) (?:\w+ ){0,4}(?:wolle|wollte|wollten|warte|suche)\w*"],
    "doute": [r"sans doute\b"],
    "paraît parait paraît-il paraissent": [
        r"paraî?t(?:-il)?(?: être| avoir| que|,)",
        r"para(?:ît|issent) (?:\w+ )?(?:fatiguée?s?|"
        r"nerveu\w+|surprise?s?|tristes?|heureu\w+|inqui\w+|perdue?s?|content\w*|hésit\w+)\b",
        r"paraissent (?:être|"
        r"avoir)",
    ],
    "pourrait pourraient": [r"pourrai(?:en)?t\b"],
    "dirait": [r"on dirait\b"],
    "pour + comme": [r"comme pour (?!la\b|le\b|les\b|un\b|une\b)\w+(?:er|ir|re|oir)\b"],
    "laissant laisse": [r"laiss(?:ant|e) (?:penser|supposer|croire|deviner|entendre)\b"],
    "juger": [r"à en juger\b"],
    "peut peut-il": [r"il se peut\b", r"peut(?:-il)? s'agir\b"],
    "devine suppose": [r"on (?:devine|suppose|imagine)\b"],
    "apparence": [r"selon toute (?:apparence|vraisemblance)\b"],
    "l'air": [r"(?:a|ont|ayant) l'air (?:de|d')"],
    "s'il s'ils si + comme": [
        r"comme s'ils? (?:voulai|allai|attendai|cherchai|essayai|s'apprêtai|réfléchissai)\w+",
        r"comme si elles? (?:voulai|allai|attendai|cherchai|essayai|réfléchissai)\w+",
    ],
    "indiquant": [r"indiquant qu"],
    "vez": [r"tal vez\b"],
    "parece parecen parecem": [r"(?<!se )pare(?:ce|cen|cem)\b"],
    "parecer parece": [r"al parecer\b", r"ao que parece\b"],
    "podría podrían": [r"podrían? (?:ser|estar|tratarse|haber|indicar|deberse)\b"],
    "poderia poderiam pode": [
        r"poderiam? (?:ser|estar|ter)\b",
        r"pode ser que\b",
        r"pode (?:ser|estar) (?:um|uma|a)\b",
    ],
    "puede": [r"puede que\b", r"puede ser que\b"],
    "mejor": [r"a lo mejor\b"],
    "impresión": [r"da la impresión\b"],
    "diría": [r"se diría\b"],
    "juzgar": [r"a juzgar por\b"],
    "suponer": [r"cabe suponer\b", r"hace suponer\b"],
    "quisiera quisieran fuera fueran esperara esperaran buscara buscaran": [
        r"como si (?:\w+ )?(?:quisieran?|fuera a|fueran a|esperaran?|"
        r"buscaran?)\b"
    ],
    "deve": [r"deve (?:essere|avere|trattarsi)\b", r"deve (?:ser|estar|ter) (?:um|uma|a |o |esperando|à)"],
    "volesse volessero stesse aspettasse cercasse": [
        r"come se (?:\w+ )?(?:volesser?o?|stesse per|aspettasse|cercasse)\b"
    ],
    "quisesse quisessem fosse esperasse procurasse": [
        r"como se (?:\w+ )?(?:quisesse[m]?|fosse (?:\w+ar|\w+er|\w+ir)|esperasse|"
        r"procurasse)\b"
    ],
    "indica indicar": [r"ao que tudo indica\b"],
    "debe": [r"debe de\b"],
    "indica": [r"lo que indica\b", r"il che indica\b"],
    "probabile possibile": [r"è (?:molto |piuttosto )?(?:probabile|possibile) che\b"],
    "probable posible": [r"(?:es|est) (?:muy |très )?(?:probable|posible) qu"],
    "provável possível": [r"é (?:muito )?(?:provável|possível) que\b"],
    "pare": [r"a quanto pare\b", r"pare che\b"],
    "lijkt lijken schijnt schijnen": [
        r"(?:lijkt|lijken|schijnt|schijnen)\b(?= (?:\w+ ){0,8}te \w+en\b)",
        r"lijkt (?:alsof|wel)\b",
    ],
    "zou": [r"zou(?:den)? kunnen\b"],
    "verkar": [r"verkar\b"],
    "ud + ser": [r"ser ud til\b"],
    "ut + ser": [r"ser ut (?:til|som om)\b", r"ser ut att\b"],
    "может": [r"может быть\b"],
    "похоже": [r"похоже(?:,| что)"],
    "должно": [r"должно быть\b"],
    "судя": [r"судя по\b"],
    "вроде": [r"вроде бы\b"],
    "wygląda zdaje": [r"wygląda na to\b", r"zdaje się\b"],
    "zdá": [r"zdá se\b"],
    "tycks": [r"tycks\b"],
    "lader": [r"lader til\b"],
    "virker": [r"virker (?:som om|til å)\b"],
    "úgy": [r"úgy tűnik\b"],
    "sanırım": [r"sanırım\b"],
    "duruyor": [r"gibi duruyor\b"],
    "скорее": [r"скорее всего\b"],
    "być": [r"być może\b"],
    "wydaje wydają": [r"wydaj[eą] się\b"],
    "olabilir": [r"olabilir\b"],
    "görünüyor": [r"gibi görünüyor"],
    "lẽ vẻ dường": [r"có lẽ\b", r"có vẻ\b", r"dường như\b"],
    "लगता": [r"ऐसा लगता है", r"लगता है कि"],
}
_GUESSES = Cued(
    (_ALONE, rf"\b(?:most |quite |very )?(?:{either(_ALONE)})(?![\w-])"),
    *((cues, "|".join(rf"\b{each}" for each in phrases)) for cues, phrases in _IN_COMPANY.items()),
)
_NUMBER = "一二两兩三四五六七八九十百几\\d"
_SPACELESS = re.compile(
    "|".join(
        (
            "(?<![不尽盡])可能(?!性)",
            "也[许許]|或[许許]|似乎|貌似|疑似|想必|[说說]不定|多半是|恐怕|[猜推][测測]|估[计計]是",
            f"大概(?!有?[{_NUMBER}])",
            "好像(?![一两]|[^，。；]{0,15}(?:一样|一樣|似的|一般))",
            "看(?:起来|起來|上去)(?:他|她|有点|有些|很(?:累|紧张|开心|疲惫|着急|犹豫|高兴|害怕|伤心|生气)|像是|像在|是在|似乎|正在|要|准备|準備|想|刚|剛)",
            "[应應][该該](?:是|在)",
            "暗示|表明|看[样樣]子|看似|看来|看來|想来|八成|没准|說不準|兴许|估摸|料想|一定是(?:在|要|因|刚|来)|仿佛(?:在|要)(?:等|找|寻|思|准备|考虑|期待|说)",
            "に違いない|ではないか|ではないだろうか|と見られ|とみられ|気がする|可能性(?:が|も)",
            "[，,]像是(?:在|要)(?:等|找|寻|尋|准|準|思|讨|討|商|庆|慶|排|考|犹|猶|想|期|打招)",
            "[，,](?:这|這)?[说說]明(?![书書牌文])",
            "かもしれ|かも知れ|おそらく|恐らく|たぶん|多分|もしか|ひょっと|どうやら|と思われ|と考えられ|と推測|示唆|うかがえ",
            "(?:だろう|でしょう)(?!か)",
            "(?:した|する|いる|ある|だった|ない|の)らしい",
            "(?:いる|した|する|の|ある|な|ない)(?:よう|みたい)(?:だ|です|である|に見え)",
            "인 듯(?!한)|모양이(?:다|며|고)|것처럼 보이|인가 보|아마|것 같|듯하|듯 보|지도 모|것으로 보|추정|짐작",
            "น่าจะ|อาจจะ|ดูเหมือน|บางที",
        )
    )
)
_SIMILE = re.compile("まるで|かのよう|私には|마치")
_POINTS = words(
    "hand hands finger fingers arm arms arrow arrows needle sign signs points pointing gestures gesturing "
    "light lights "
    "dial gauge clock nods nod gesture board display map thumb flag lamp"
)
_INDICATING = re.compile(r", indicating (?!that\b|some\b|it\b|he\b|she\b|they\b|there\b)")
# Who suggests something says it.
_ADVISER = re.compile(
    r"\b(?:\w*m[ae]n|\w*wom[ae]n|tailor|clerk|waiter|waitress|guide|teacher|barber|seller|vendor|dealer|baker|chef|"
    r"cook|coach|doctor|"
    r"nurse|boy|girl|friend|assistant|optician|florist|jeweller|librarian|mother|father|sister|brother|\w+ist|"
    r"\w+keeper|hairdresser|"
    r"stylist|seamstress|trainer|instructor|customer|host|hostess|bartender|sommelier|agent|captain|kid|"
    r"child) (?:\w+ly )?$"
)
# With these a clause begins even where no comma is before them.
_OPENING = re.compile(
    r"(?:suggesting|implying|indicating|hinting|as (?:if|though)|als woll|comme pour|seemingly|apparently|presumably|"
    r"(?:most |very |quite )?(?:possibly|probably|likely|perhaps|maybe|potentially))\b"
)


def _begins(text: Text, place: int) -> bool:
    """Whether a sentence begins here, or what follows a colon or a bracket."""
    before = text.raw[:place].rstrip()
    return not before or before[-1] in ".!?…:;(–—-" or any(each.start == place for each in text.sentences)


class Speculation(Check):
    name = "speculation"
    help = "guesses at causes, roles or intent: probably, perhaps, seems to, suggesting"

    def measure(self, text: Text, of: Circumstances) -> Iterator[Finding]:
        done = 0
        for found in sorted(_GUESSES.found_within(text), key=lambda each: each.start()):
            if found.start() < done:
                continue  # part of a longer guess
            done = found.end()
            if found[0].startswith("suggest") and _ADVISER.search(text.told, 0, found.start()):
                continue
            if text.raw[found.start()].isupper() and not _begins(text, found.start()):
                continue  # a name
            yield self._finding(text, found.start(), found.end())
        if "indicating" in text.vocabulary and text.vocabulary.isdisjoint(_POINTS):
            for found in _INDICATING.finditer(text.told):
                yield self._finding(text, found.start() + 2, found.end() - 1)
        if beyond_latin(text):
            for found in _SPACELESS.finditer(text.told):
                if not _SIMILE.search(text.told, max(0, found.start() - 25), found.end()):
                    begin = found.start() + (found[0][0] in "，,")
                    yield self._finding(text, begin, found.end())

    def _finding(self, text: Text, start: int, end: int) -> Finding:
        opens = _OPENING.match(text.told, start) is not None
        what = f"guesses: {' '.join(text.raw[start:end].split())}"
        cut = without_clause(text, start, end, opens=opens)
        return Finding(check=self.name, start=start, end=end, what=what, cut=cut)
