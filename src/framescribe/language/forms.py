"""Knows which forms a word takes in a sentence: plurals, tenses, comparisons; knows no compounds and no synonyms.

English forms are made by rule and from a table of what follows none. Of other languages with endings, two words are
forms of one if their stems are the same.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from framescribe.language.letters import listed

_PLURALS = """
    man men; woman women; child children; person people persons; foot feet; goose geese; tooth teeth; mouse mice;
    louse lice; ox oxen; die dice; penny pence pennies; leaf leaves; wolf wolves; calf calves; half halves;
    knife knives; life lives; wife wives; shelf shelves; self selves; elf elves; loaf loaves; thief thieves;
    sheaf sheaves;
    scarf scarves scarfs; hoof hooves hoofs; wharf wharves wharfs; dwarf dwarves dwarfs; cactus cacti cactuses;
    fungus fungi funguses; octopus octopuses octopi; nucleus nuclei; radius radii; focus foci focuses; syllabus syllabi;
    stimulus stimuli; stomach stomachs; monarch monarchs;
    alumnus alumni; crisis crises; axis axes; basis bases; oasis oases; thesis theses;
    analysis analyses; phenomenon phenomena; criterion criteria; medium media mediums; bacterium bacteria;
    datum data; aquarium aquariums aquaria; stadium stadiums stadia; appendix appendices appendixes;
    index indices indexes; matrix matrices matrixes; vertex vertices; antenna antennae antennas; larva larvae;
    formula formulae formulas; potato potatoes; tomato tomatoes; hero heroes; echo echoes; torpedo torpedoes;
    mosquito mosquitoes mosquitos; volcano volcanoes volcanos; mango mangoes mangos; cargo cargoes cargos;
    tornado tornadoes tornados; buffalo buffaloes buffalos; domino dominoes dominos; quiz quizzes; gas gases gasses;
    bus buses busses; sheep; deer; fish fishes; aircraft; series; species; moose; bison; salmon; trout; shrimp shrimps;
    spacecraft; offspring; brother brothers brethren; gentleman gentlemen; policeman policemen; fireman firemen;
    fisherman fishermen; policewoman policewomen; snowman snowmen; cameraman cameramen; businessman businessmen;
    grandchild grandchildren; passerby passersby; passer-by passers-by; mother-in-law mothers-in-law;
    bureau bureaux bureaus;
    plateau plateaux plateaus; tableau tableaux; roof roofs rooves; staff staffs staves; beau beaux; chateau chateaux;
"""
_VERBS = """
    be am is are was were been being; have has had having; do does did done doing; go goes went gone going;
    arise arose arisen;
    awake awoke awoken; bear bore borne born; beat beaten; become became; begin began begun; bend bent; bet;
    bind bound; bite bit bitten; bleed bled; blow blew blown; break broke broken; breed bred; bring brought;
    build built; burn burnt; burst; buy bought; cast; catch caught; choose chose chosen; cling clung; come came;
    cost; creep crept; cut; deal dealt; dig dug; dive dove; draw drew drawn; dream dreamt; drink drank drunk;
    drive drove driven; dwell dwelt; eat ate eaten; fall fell fallen; feed fed; feel felt; fight fought; find found;
    fit; flee fled; fling flung; fly flew flown; forbid forbade forbidden; forget forgot forgotten;
    forgive forgave forgiven; freeze froze frozen; get got gotten; give gave given; grind ground; grow grew grown;
    hang hung; hear heard; hide hid hidden; hit; hold held; hurt; keep kept; kneel knelt; knit; know knew known;
    lay laid; lead led; lean leant; leap leapt; learn learnt; leave left; lend lent; let; lie lay lain lying;
    light lit; lose lost; make made; mean meant;
    meet met; mow mown; overtake overtook overtaken; pay paid; put; quit; read;
    ride rode ridden; ring rang rung; rise rose risen; run ran; saw sawn; say said; see saw seen; seek sought;
    sell sold; send sent; set; sew sewn; shake shook shaken; shear shorn; shed; shine shone; shoot shot; show shown;
    shrink shrank shrunk; shut; sing sang sung; sink sank sunk; sit sat; sleep slept; slide slid; sling slung; slit;
    smell smelt; sow sown; speak spoke spoken; speed sped; spend spent; spill spilt; spin spun; spit spat; split;
    spread; spring sprang sprung; stand stood; steal stole stolen; stick stuck; sting stung; stink stank stunk;
    stride strode stridden; strike struck stricken; string strung; strive strove striven; swear swore sworn;
    sweep swept; swell swollen; swim swam swum; swing swung; take took taken; teach taught; tear tore torn;
    tell told; think thought; throw threw thrown; thrust; tie tying; die dying; tread trod trodden; wake woke woken;
    undergo underwent undergone; understand understood; wear wore worn; weave wove woven; weep wept; wet; win won;

    panic panicked panicking; picnic picnicked picnicking; wind wound; withdraw withdrew withdrawn;
    wring wrung; write wrote written; vie vying;
"""
_COMPARED = """
    good better best; bad worse worst; far farther farthest further furthest; little less least; many more most
"""
_GERMAN = """
    laufen lief liefen läuft läufst gelaufen; gehen ging gingen gegangen; springen sprang sprangen gesprungen;
    fahren fuhr fuhren fährt gefahren; sehen sah sahen sieht gesehen; stehen stand standen gestanden;
    sitzen saß saßen gesessen; liegen lag lagen gelegen; werfen warf warfen wirft geworfen;
    fallen fiel fielen fällt gefallen; halten hielt hielten hält gehalten; tragen trug trugen trägt getragen;
    essen aß aßen isst gegessen; trinken trank tranken getrunken; singen sang sangen gesungen;
    schwimmen schwamm schwammen geschwommen; fliegen flog flogen geflogen; ziehen zog zogen gezogen;
    sprechen sprach sprachen spricht gesprochen; schreiben schrieb schrieben geschrieben; lesen las lasen liest;
    nehmen nahm nahmen nimmt genommen; geben gab gaben gibt gegeben; kommen kam kamen gekommen;
    schlafen schlief schliefen schläft geschlafen; reiten ritt ritten geritten; steigen stieg stiegen gestiegen;
    schneiden schnitt schnitten geschnitten; greifen griff griffen gegriffen; treten trat traten tritt getreten;
    rufen rief riefen gerufen; schließen schloss schlossen geschlossen; brechen brach brachen bricht gebrochen;
    fangen fing fingen fängt gefangen; hängen hing hingen gehangen; lassen ließ ließen lässt gelassen;
    bringen brachte brachten gebracht; rennen rannte rannten gerannt; sein ist sind war waren gewesen;
    haben hat hatte hatten gehabt; schießen schoss schossen geschossen; gießen goss gossen gegossen
"""
_OTHERS = {
    "it": "uomo uomini; uovo uova; dito dita; correre corse corso; andare va vanno; fare fa fanno; bere beve bevono",
    "fr": "œil yeux; oeil yeux; beau belle beaux belles bel; aller va vont; faire fait font; boire boit boivent bu;"
    " prendre prend prennent pris; tenir tient tiennent tenu; venir vient viennent venu; voir voit voient vu;"
    " lire lit lisent lu; dormir dort dorment; ouvrir ouvre ouvert; mettre met mettent mis; blanc blanche",
    "es": "ir va van fue; jugar juega juegan; ser es son; ver ve ven visto; hacer hace hacen hecho; dormir durmiendo;"
    " poner pone pongo puesto; caer cae caen; leer lee leen leyendo; reír ríe ríen; abrir abierto",
    "nl": "kind kinderen; stad steden; schip schepen; ei eieren; lopen liep liepen gelopen; springen sprong gesprongen;"
    " zitten zat zaten; staan stond stonden; rijden reed reden; zwemmen zwom; eten at aten; rood rode; groot grote",
    "ru": "человек люди людей людям; ребёнок ребенок дети детей детям; кошка кошек; окно окон; девочка девочек;"
    " бежать бежит бегут; идти идёт идет идут шёл шел шла; ехать едет едут; есть ест едят; пить пьёт пьет пьют",
    "pl": "pies psy psa psów psem; człowiek ludzie ludzi; dziecko dzieci; iść idzie idą szedł; ręka ręce",
    "sv": "bok böcker; man män; fot fötter; hand händer; springa sprang; gå går gick; barn barnen",
}
_PLURAL_ENDINGS = {
    "de": ("e", "en", "er", "n", "nen", "s"),
    "es": ("s", "es"),
    "pt": ("s", "es"),
    "fr": ("s", "x"),
    "nl": ("en", "s"),
}
_PLURAL_CHANGES = {
    "de": (("um", ("en",)), ("us", ("een", "en")), ("a", ("en",))),
    "es": (("z", ("ces",)),),
    "pt": (
        ("ão", ("ões", "ães", "ãos")),
        ("al", ("ais",)),
        ("el", ("éis",)),
        ("il", ("is",)),
        ("ol", ("óis",)),
        ("ul", ("uis",)),
        ("m", ("ns",)),
    ),
    "it": (("o", ("i",)), ("a", ("e",)), ("e", ("i",)), ("co", ("chi",)), ("go", ("ghi",))),
    "fr": (("al", ("aux",)), ("ail", ("aux",))),
}
# Of these, and of no others, the comparisons are formed: elsewhere -er makes another word ("run", "runner").
_ADJECTIVES = listed(
    """
    big small tall short long high low fast slow old young new large bright dark soft hard loud quiet thick thin
    wide narrow deep warm cold hot wet strong weak sharp smooth rough clean dirty heavy happy sad angry pretty
    ugly funny sunny cloudy windy rainy foggy busy easy early late near close calm clear dim dull faint fat flat
    fresh great grey gray green red blue white black pale rich poor safe tiny tight loose steep shiny noisy lazy
    sleepy dry
    """
)
# Nouns in -ing and words in -s that are no forms of a verb, or no plurals.
_AS_THEY_ARE = listed(
    """
    building ceiling wedding clothing evening morning lightning painting string spring king ring wing thing sling
    nothing something anything everything during pudding railing lining awning dumpling duckling sibling glasses
    clothes news goods scissors trousers pants jeans shorts stairs binoculars always bus gas grass glass dress
    cross class boss moss bass chess chaos canvas tennis bed red seed weed feed speed shed sled need indeed
    hundred
    """
)
OTHER_WORDS = listed(
    """
    left leaves rose shot ground saw felt dove spoke bore wound found lives lay fell bound thought lit
    """
)
"""Forms of a verb that are as often other words: "turned left", "a wide shot", "a red rose"."""
_STEMMERS = {
    "de": "german", "fr": "french", "es": "spanish", "it": "italian", "pt": "portuguese", "nl": "dutch",
    "ru": "russian", "sv": "swedish", "da": "danish", "no": "norwegian", "fi": "finnish", "hu": "hungarian",
    "ro": "romanian", "tr": "turkish", "pl": "polish", "cs": "czech", "el": "greek",
}  # fmt: skip
_VOWELS = "aeiou"
_HAS_VOWEL = re.compile("[aeiouy]").search
_ONE_SYLLABLE = re.compile(r"(?:qu|[^aeiou])*[aeiou][^aeiouwxy]")
_MAY_DOUBLE = re.compile(r"(?:qu|[^aeiou])[aeiou][^aeiouwxy]$|^[aeiou][^aeiouwxy]$")
_ENDINGS = (
    ("ies", ("y", "ie")),
    ("ves", ("f", "fe", "ve")),
    ("ied", ("y", "ie")),
    ("es", ("", "e")),
    ("s", ("",)),
    ("ing", ("", "e")),
    ("ed", ("", "e")),
    ("ier", ("y",)),
    ("iest", ("y",)),
    ("er", ("", "e")),
    ("est", ("", "e")),
)


class _Table(NamedTuple):
    """Forms by their base, and bases by each other form."""

    forms: dict[str, tuple[str, ...]]
    bases: dict[str, tuple[str, ...]]


def _table(*texts: str) -> _Table:
    forms, bases = dict[str, tuple[str, ...]](), dict[str, tuple[str, ...]]()
    for line in ";".join(texts).split(";"):
        base, *others = line.split() or [""]
        forms[base] = (*forms.get(base, ()), *others)
        for other in others:
            bases[other] = (*bases.get(other, ()), base)
    return _Table(forms, bases)


@lru_cache(maxsize=1)
def _irregular() -> _Table:
    return _table(_PLURALS, _VERBS, _COMPARED)


@lru_cache(maxsize=4096)
def english(word: str) -> frozenset[str]:
    """All forms of an English word in small letters, itself among them, whichever of them it is."""
    return frozenset({word}.union(*(_regular(base) | {base} for base in _bases(word))))


def _bases(word: str) -> set[str]:
    """What it may be a form of: itself, or what its ending was put to."""
    irregular = _irregular()
    if word in irregular.forms or word in _AS_THEY_ARE or word in OTHER_WORDS:
        return {word}
    bases = {word, *irregular.bases.get(word, ())}
    if len(word) < 4:
        return bases
    for ending, tails in _ENDINGS:
        stem = word[: -len(ending)]
        if len(stem) < 2 or not word.endswith(ending) or word.endswith("ss"):
            continue
        if ending not in ("ies", "ied") and not _HAS_VOWEL(stem):
            continue
        bases |= {base for tail in tails if word in _regular(base := stem + tail)}
        if stem[-1] == stem[-2] and word in _regular(stem[:-1]):
            bases.add(stem[:-1])
    return bases


@lru_cache(maxsize=4096)
def _regular(base: str) -> frozenset[str]:
    """The forms of this base, those of a noun, a verb and an adjective together: the wrong ones are no words."""
    forms = {base, *_irregular().forms.get(base, ())}
    y = base.endswith("y") and base[-2:-1] not in tuple(_VOWELS)
    stem = base[:-1] + "i" if y else base[:-1] if base.endswith("e") else base
    forms.add(stem + "es" if y else base + ("es" if base.endswith(("s", "x", "z", "ch", "sh")) else "s"))
    doubled = base + base[-1]
    if not _ONE_SYLLABLE.fullmatch(base):  # "pin" has "pinned", and "pined" is of "pine"
        forms |= {stem + "ed", (base if y or base.endswith(("ee", "ye", "oe")) else stem) + "ing"}
    if _MAY_DOUBLE.search(base):
        forms |= {doubled + "ed", doubled + "ing"}
    if base in _ADJECTIVES:
        compared = doubled if _ONE_SYLLABLE.fullmatch(base) else stem
        forms |= {compared + "er", compared + "est"}
    return frozenset(forms)


def irregular(word: str, language: str) -> frozenset[str]:
    """The forms that no stem shows, of the commonest words, given by any of them; else the word itself."""
    table = _tables().get(language)
    if table is None:
        return frozenset({word})
    bases = (word, *table.bases.get(word, ()))
    return frozenset({word}.union(*({base, *table.forms.get(base, ())} for base in bases)))


@lru_cache(maxsize=1)
def _tables() -> dict[str, _Table]:
    return {language: _table(text) for language, text in {"de": _GERMAN, **_OTHERS}.items()}


@lru_cache(maxsize=1024)
def stems(word: str, language: str) -> frozenset[str]:
    """What forms of this word have as their stem, in small letters: its own, and those of its plurals, where a stemmer
    leaves them apart. Empty for a language whose endings are not known."""
    endings = _PLURAL_ENDINGS.get(language, ())
    if language == "de" and word.endswith(("a", "o")):  # a stemmer reads "Autoer" as "Autör"
        endings = tuple(ending for ending in endings if not ending.startswith("e"))
    others = [word + ending for ending in endings]
    for ending, plurals in _PLURAL_CHANGES.get(language, ()):
        if word.endswith(ending):
            others += [word.removesuffix(ending) + plural for plural in plurals]
    found = (stem(each, language) for each in (word, *others))
    return frozenset(each for each in found if each is not None and len(each) > 2)


def stem(word: str, language: str) -> str | None:
    """What the forms of a word share, in small letters; None for a language whose endings are not known."""
    algorithm = _STEMMERS.get(language)
    return None if algorithm is None else _stemmed(word, algorithm)


@lru_cache(maxsize=16384)
def _stemmed(word: str, algorithm: str) -> str:
    import snowballstemmer

    return str(snowballstemmer.stemmer(algorithm).stemWord(word))
