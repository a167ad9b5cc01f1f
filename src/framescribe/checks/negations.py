"""Knows the phrases that say what is not there, in several languages; looks at no text."""

from __future__ import annotations

import re


def _begun(phrase: str) -> str:
    """The phrase at the beginning of a word."""
    return f"(?:{phrase})" if phrase.startswith((r"\b", "(?<", ", ")) else rf"\b(?:{phrase})"


# What models say is absent, of whole scenes.
_THINGS = (
    r"(?:(?:visible|other|additional|further|human|on-?screen|distinct|readable|legible|discernible|written|moving|"
    r"background|"
    r"spoken|audible|extra|significant|noticeable|identifiable|recognizable|living|overlaid|superimposed|particular|"
    r"major) )*"
    r"(?:people|persons?|humans?|individuals?|figures?|characters?|animals?|creatures?|cars|vehicles?|buildings?|"
    r"texts?|captions?|"
    r"subtitles?|logos?|watermarks?|titles|words|lettering|writing|signage|signs|symbols?|branding|brands?|objects?|"
    r"items|elements?|"
    r"details?|distractions?|dialogues?|speech|narration|voice-?overs?|background|activity|furniture|landmarks?|"
    r"structures?|"
    r"vegetation|pedestrians?|passers-?by|bystanders?|onlookers?|spectators?|crowds?|traffic|props|overlays?|graphics|"
    r"subjects?|"
    r"artifacts?|transitions?|special effects|movements?|motion|sounds?|noise|inscriptions?|indications?|"
    r"text overlays?|presence|"
    r"guests?|customers?|visitors?|shoppers?|tourists?|diners|commuters?|wildlife|audience|decorations?|workers|"
    r"machines|crew|boats|ships|birds|players|children|staff|employees|passengers|swimmers|bathers|hikers|tools|"
    r"equipment|footprints|"
    r"soul|"
    r"one else|one around|one in sight|one nearby|one present|one visible)\b"
)
_SEEN = (
    r"(?:visible|seen|present|shown|apparent|depicted|displayed|discernible|noticeable|in sight|in view|"
    r"in (?:the )?frame|"
    r"in (?:the )?shot|on (?:the )?screen|on display|on show|to speak of|included|pictured|evident|heard|audible|"
    r"spoken|featured|"
    r"detected|observed|found|identifiable|made out|spotted|identified|detected|noticed|legible|readable|nearby|"
    r"in the (?:scene|shot|frame|image|picture|"
    r"video|clip|"
    r"footage|background|foreground|vicinity)|in evidence|anywhere|around|there|to be (?:seen|heard|found|spotted))\b"
)
_BE = (
    r"(?:(?:is|are|was|were|can be|could be|appears?|appear to be|seems? to be|remains?)(?: also| clearly| currently|"
    r" ever| really)?|"
    r"(?:isn't|aren't|wasn't|weren't))"
)
_SCENE = (
    r"(?:scene|shot|video|clip|image|frame|footage|background|foreground|setting|picture|view|caption|surroundings|"
    r"environment|"
    r"composition|area|animation|film|room|workshop|street|wall|walls|space)"
)
_IDIOM = (
    r"(?:camera (?:movement|motion|shake)|longer|more\b(?! (?:people|cars))|need|doubt|hurry|way|room\b|time|escape|"
    r"point|end\b|stopping|mistaking|"
    r"turning|telling|"
    r"sooner|matter|two\b|rush|question|hesitation|rest\b|going|getting|holding|keeping|denying|catching|reasoning|"
    r"pleasing|stranger|shortage|sound but|one (?:but|"
    r"except)|limit)"
)
_ONLY = r"(?! (?:but|except|other than|more than|less than|apart from|besides|else (?:but|than))\b)"
_GRACE = (
    r"(?:reaction|emotion|expression|effort|hurry|sign of (?:stopping|slowing|tiring|fear|letting)|interest|mercy|"
    r"damage|difference|"
    r"resistance|hesitation|change|effect|force|haste|trouble|pause)"
)
_NOT_PROPERTY = (
    r"(?!(?:all |any )?(?:expression|emotion|colou?r|leaves|hair|feathers|paint|feeling|warmth|foliage|bark)\b)"
)
_REST = (
    r"(?:hangs?|stands?|sits?|lies?|remains?|floats?|drifts?|appears?|shows?|crosses|occupies|dots?|mars?|is|are|can|"
    r"moves|stirs|passes|breaks)"
)
_ENGLISH = (
    # There is no …
    rf"there(?:'s| is| are| was| were|'re| seems? to be| appears? to be)(?: also| clearly| currently| simply|"
    rf" otherwise)* "
    rf"(?:no\b(?! {_IDIOM})|not any\b|not a single\b|no one\b{_ONLY}|nobody\b{_ONLY}|nothing\b{_ONLY}|none\b|"
    rf"neither\b|hardly any\b|"
    r"zero\b(?! camera)|scarcely any\b)",
    r"there (?:isn't|aren't|wasn't|weren't|is not|are not|was not|were not) (?:any|an?|much|many|anyone|anybody|"
    r"anything|enough)\b",
    rf"(?:with|and) there being no\b(?! {_IDIOM})",
    # No cars can be seen.
    rf"(?<!a )(?<!the )\bno (?!{_IDIOM}|\d)(?:[\w'/-]+,? ){{1,7}}?{_BE} (?:currently |clearly |immediately )?{_SEEN}",
    rf"(?<!a )(?<!the )\bno (?!{_IDIOM}|\d|one\b)[\w' -]{{2,30}}? (?:is|are) (?:in|on|at|along|among|under|behind|"
    rf"beside) (?:the|it|its|this|them)\b",
    rf"\bno {_THINGS} (?:appears?|exists?|is|are|was|were|can be|shows?|occurs?|plays?|accompan(?:y|ies)|adorns?|"
    rf"populates?|occup(?:y|ies)|"
    r"interrupts?|disturbs?|clutters?|obscures?|has gathered|have gathered|surrounds?)\b(?! (?:harmed|allowed|hurt))",
    rf"\bno (?!{_IDIOM}|one\b)(?:[\w'-]+ ){{1,4}}?(?:can|could) be \w+\b",
    rf"\bno {_THINGS} (?!matter)\w+ing\b",
    r"(?:nobody|no one) (?:is|are) (?:sitting|standing|waiting|walking|riding|driving|swimming|working|at home|inside|"
    r"there|here)\b",
    r"not a (?:living )?(?:soul|thing)\b",
    r"nothing is (?:written|printed|displayed|shown|placed|happening|going on)\b",
    r"there (?:is|are) (?:hardly|scarcely) any(?:one|body|thing)?\b",
    r"with not (?:a single|one) [\w'-]+",
    r"\bno [\w' -]{2,25} (?:at all|whatsoever)\b",
    rf"\bno (?!{_IDIOM})[\w'-]+(?: (?:or|and) [\w'-]+)? (?:is|are|was|were) (?:used|provided|employed|spoken|"
    rf"exchanged|uttered|mentioned|described)\b",
    rf"\bno (?!{_IDIOM})[\w'-]+ (?:occurs?|takes place|happens?)\b",
    r"(?:sky|scene|room|shot|frame|image|street|wall|table|picture) (?:holds|bears|offers|carries|hosts) no\b",
    r"with no (?:music|sound|speech|dialogue|narration) (?:or|and|nor)\b",
    r"none of (?:them|these|those) (?:is|are) (?!allowed|hurt|injured)\w+ed\b",
    r"nothing (?:is|lies|stands|sits|can be found) (?:on|in|at|under|behind) (?:it|the|this|its)\b(?! (?:same|way|"
    r"mood))",
    r"\bno [\w'-]+(?: [\w'-]+){0,3} of any (?:kind|sort)\b",
    rf"(?:nobody|no one|nothing|none(?: of [\w ]{{1,30}}?)?)(?: else)? {_BE} (?:clearly )?{_SEEN}",
    rf"not (?:a|one|any)(?: single)? [\w-]+(?: {_BE})? {_SEEN}",
    rf"not (?:a single|one) (?!of\b)[\w-]+ {_REST}\b",
    rf"neither [\w, -]{{2,40}} nor [\w -]{{2,30}}? (?:{_BE} )?{_SEEN}",
    rf"(?:neither|with neither) {_THINGS} nor\b",
    rf"\bno (?:visible|other|discernible|apparent|noticeable|additional|identifiable|recognizable|readable|legible|"
    rf"further|on-?screen)\b"
    rf"(?! {_GRACE})(?! (?:than|way|choice)\b)",
    r"\b(?:no|zero|not a|without a|without any|without) (?:\w+ )?(?:signs?|trace|evidence|indication|hint|"
    r"presence) of\b"
    r"(?! (?:\w+ing|fear|damage|effort|hesitation|age|life in)\b)",
    rf"(?:with|and|has|have|having|contains?|containing|includes?|including|features?|featuring|shows?|showing|"
    rf"depicts?|displays?|or) "
    rf"(?:absolutely )?(?:no|zero) {_THINGS}",
    rf"(?:with|and) (?:no|not a single|not one) (?:[\w'-]+ ){{1,3}}?{_SEEN}",
    rf"(?:with|and) (?:nobody|nothing|no one)(?: else)? {_SEEN}",
    rf"(?:with|and) (?:nobody|nothing) else\b{_ONLY}",
    rf"(?:nothing|little) else (?:{_BE}|(?:\w+ ){{0,3}}?(?:happens|occurs|takes place|appears))",
    r"nothing (?:more|further|much|of note|unusual|remarkable|special|significant|of interest) (?:else )?(?:happens|"
    r"occurs|takes place|is|can)\b",
    rf"{_SCENE} (?:\w+ )?(?:has|contains|includes|features|shows|depicts|displays) (?:no\b(?! {_IDIOM}| {_GRACE})|"
    rf"nothing\b{_ONLY}|nobody\b)",
    r"(?:we|one|you|viewers?|camera) (?:can |could )?(?:sees?|spots?|observes?|finds?|shows?) (?:no|neither|nobody|"
    r"no one|nothing)\b",
    r", no [\w'-]+(?: [\w'-]+){0,2}? (?:in sight|in view|around|nearby|anywhere|to be seen|present|visible)\b",
    r"not much else (?:happens|occurs|is|can)\b",
    r"none of which (?:hold|hold|contain|show|have|has|bear|is|are)s?\b",
    r"no (?:particular |specific |notable |clear )?(?:action|interaction|event|dialogue|conversation|"
    r"activity) (?:takes place|occurs|happens|is taking place)\b",
    # … does not show any …
    rf"(?:does not|do not|doesn't|don't|did not|didn't) (?:appear to )?(?:show|contain|include|feature|depict|display|"
    rf"reveal|have) any\b(?! {_GRACE})",
    rf"{_SCENE} (?:\w+ )?(?:does not|doesn't|did not|didn't) (?:show|contain|include|feature|depict|display|reveal|"
    rf"have)\b(?! {_GRACE})",
    r"(?:do not|does not|don't|doesn't|did not|never) (?:appear|exist|feature) (?:in|on|at|anywhere)\b",
    rf"(?:not|n't|never|cannot) (?:\w+ ){{1,3}}any {_THINGS}",
    # … is not visible
    r"(?:is|are|was|were|remains?) (?:not|never) (?:clearly |fully |really |actually |ever |directly |immediately |"
    r"explicitly )?"
    r"(?:visible|seen|shown|depicted|displayed|pictured|in view|in frame|in sight|apparent|discernible|legible|"
    r"readable|present|"
    r"included|revealed|specified)\b",
    r"(?:isn't|aren't|wasn't|weren't) (?:clearly |fully |really |actually |ever )?(?:visible|seen|shown|depicted|"
    r"displayed|pictured|"
    r"in view|in frame|in sight|apparent|discernible|legible|present|included|revealed)\b",
    r"(?:cannot|can't|can not|could not|couldn't) be (?:clearly |fully )?(?:seen|made out|read|identified|discerned|"
    r"heard)\b",
    r"nowhere (?:to be (?:seen|found)|in sight|in view)\b",
    r"(?:is|are|was|were|remains?) (?:all |both )?(?:notably |noticeably |completely |entirely |conspicuously |"
    r"wholly |totally )?absent\b",
    r"missing any\b",
    r"any [\w -]{2,40} (?:is|are) (?:missing|lacking)\b",
    r"(?:is|are) (?:completely|entirely|conspicuously|notably|wholly|totally) (?:missing|lacking)\b",
    # without any …
    rf"(?:without|lacking|devoid of|void of|free (?:of|from)|empty of|bereft of|clear of|absent) (?:any |"
    rf"either )?{_THINGS}",
    r"(?:an?|the|with the|with an|total|complete|notable|marked) absence of\b",
    r"(?:a|the|complete|total|notable|noticeable|conspicuous|utter) lack of (?!interest|balance|sleep|space|"
    r"confidence|grip|strength|wind|water|air)",
    rf"(?:lacking|devoid of|void of|lacks|lack of) any\b(?! {_GRACE})",
    r"(?:lacks|lacking) (?:even )?(?:a single|so much as)\b",
    r"lacks? [\w -]{2,30} of any (?:kind|sort)\b",
    rf"(?:without|, lacking|lacking) (?:any )?(?:visible|other|additional|noticeable|apparent|obvious|discernible|"
    rf"identifiable|"
    rf"recognizable|on-?screen|further)\b(?! {_GRACE})",
    rf", (?:and )?(?:without|lacking|devoid of|free (?:of|from)) any\b(?! {_GRACE}| (?:\w+ )?(?:help|effort|warning|"
    rf"hurry|rush|sound|noise))",
    r"without (?:any |an? )?(?:[\w'-]+ ){1,3}?(?:visible|present|in sight|in view|in the (?:scene|frame|shot|"
    r"background)|nearby)\b",
    r"without (?:anyone|anybody)(?: else)? (?:in sight|around|nearby|present|visible|in view|in the)\b",
    r"without the presence of\b",
    rf"(?:devoid|void|bereft) of {_NOT_PROPERTY}",
)
_GERMAN = (
    r"\bes (?:sind|ist|gibt|waren|war|befinden sich|befindet sich)(?: [\w-]+){0,4}? (?:kein(?:e[rnms]?)?|keinerlei|"
    r"niemand|nichts)\b"
    r"(?! (?:halten|entkommen|zurück|mehr|als|außer))",
    r"(?:sind|ist|waren|befinden sich|sieht man|man sieht|sieht|erkennt man|"
    r"man erkennt) kein(?:e[rnms]?)? (?:weiteren? |anderen? |sichtbaren? )?(?:personen|menschen|autos|fahrzeuge|"
    r"tiere|texte?|schrift|leute|passanten|schiffe|möbel|gegenstände|gebäude|untertitel|logos?|zuschauer|"
    r"gäste)\b(?! mehr)",
    r"(?:ist|war) (?:niemand|nichts) (?:da|hier|dort|anwesend|vorhanden)\b",
    r"\bkein(?:e[rnms]?|erlei)? (?:[\w-]+,? ){0,6}?(?:zu (?:sehen|erkennen|hören)|sichtbar|erkennbar|vorhanden|"
    r"im bild|anwesend|auszumachen)\b",
    r"(?:niemand|nichts)(?: weiter| anderes| sonst)? (?:ist|war)? ?(?:\w+ ){0,2}(?:zu (?:sehen|erkennen)|sichtbar|"
    r"erkennbar)",
    r"(?:ist|sind|war|waren) (?:niemand|nichts)(?: weiter| anderes| sonst)? (?:\w+ ){0,2}?(?:zu (?:sehen|erkennen)|"
    r"sichtbar|erkennbar)",
    r"weder [^.]{2,40} noch [^.]{2,40}?(?:zu (?:sehen|erkennen|hören)|sichtbar|erkennbar|vorhanden)",
    r"nicht (?:zu sehen|zu erkennen|sichtbar|erkennbar|im bild|vorhanden|zu hören)\b",
    r"(?:enthält|zeigt|enthalten|zeigen) kein(?:e[rnms]?)?\b(?! (?:reaktion|regung|angst|interesse|wirkung|gefühl|"
    r"emotion|eile))",
    r"(?:ohne|frei von) (?:sichtbare[nrm]?|weitere[nrm]?|erkennbare[nrm]?|jegliche[nr]?|jede|andere[nr]?|sonstige|"
    r"irgendwelche|zusätzliche) "
    r"(?!eile|hast|mühe|hilfe|regung|reaktion|zögern)",
    r"(?:ohne|frei von) (?:menschen|personen|texte?|untertitel|autos|fahrzeuge|tiere|schrift|logos?|wasserzeichen|"
    r"passanten|beschriftung|"
    r"ablenkungen?|dialoge?)\b",
    r"ohne dass [^.]{3,60}(?:sichtbar|zu sehen|eingeblendet|erkennbar|erschein(?:t|en)|vorkomm(?:t|en)|auftauch(?:t|"
    r"en))\b",
    r"(?:abwesenheit|fehlen) von\b",
    r"(?:keine spur|fehlt (?:jede|jegliche)|fehlen (?:jegliche|sämtliche|völlig|gänzlich))\b",
    r"(?:nirgends|nirgendwo) (?:\w+ ){0,2}(?:zu sehen|zu finden|sichtbar)",
    r"weit und breit (?:kein|niemand|nichts)",
)
_FRENCH = (
    r"il n'y (?:a|avait) (?:pas|aucune?|personne|rien|ni)\b(?! (?:de raison|besoin|à dire|que|plus))",
    r"\b(?:aucune?|nul|nulle) (?:[\w'-]+ ){1,6}?n(?:e |')(?:est|sont|soit|apparaît|apparait|figure|se voit|peut être)",
    r"\b(?:aucune?|nulle|pas la moindre) (?:trace|signe) d",
    r"\bnul(?:le)? [\w-]+ (?:dans|sur|à|en|ne|n')",
    r"on ne (?:voit|distingue|remarque|aperçoit|entend) (?:pas|aucune?|personne|rien|ni)\b",
    r"\b(?:n'y|ne) (?:\w+ ){0,2}?(?:voit|aperçoit|distingue|trouve|remarque) (?:aucune?|personne|rien|pas)\b",
    r"on n'(?:aperçoit|entend|observe) (?:pas|aucune?|personne|rien|ni)\b",
    r"(?:personne|rien)(?: d'autre)? n'(?:est|apparaît) (?:visible|présente?|dans)?",
    r"\b(?:sans|dépourvue?s? de|ni) (?:aucune?|toute?|autres?|texte|personnages?|sous-titres|le moindre|la moindre|"
    r"présence)\b"
    r"(?! (?:effort|bruit|hâte|hésitation|peur|geste|réaction))",
    r"dépourvue?s? d(?:e |')(?!feuilles|poils|cheveux|expression)",
    r"\bni [^.,]{2,30},? ni [^.]{2,30}? (?:n'est|ne sont|n'apparaît|n'apparaissent)\b",
    r"rien d'autre\b(?! que)",
    r"\bn(?:e |')(?:montre|contient|comporte|présente|affiche|inclut) (?:pas|aucune?|ni|personne)\b(?! (?:émotion|"
    r"réaction|signe de|peur))",
    r"n(?:'est|e sont) pas (?:visibles?|présente?s?|montrée?s?|à l'écran)",
    r"\bpas d(?:e |')[\w ]{2,25}? (?:visibles?|à l'écran|à l'image)\b",
    r"absence (?:de|d'|totale)",
    r"sans âme qui vive",
    r"sans qu[e'] ?(?:aucun|personne|rien)",
)
_SPANISH = (
    r"(?<!ya )\bno (?:hay|había|existen?) (?!más que|tiempo|duda|manera|forma|prisa|vuelta)",
    r"(?<!ya )\bno se (?:ven?|observan?|aprecian?|muestran?|distinguen?|perciben?|escuchan?|oyen?|aparecen?|"
    r"puede[n]? ver)\b",
    r"\bning[uú]n[oa]? (?:[\w-]+ ){1,6}?(?:es visible|visible|se ve|aparece|está presente|a la vista)",
    r"(?<!ya )\bno aparecen?\b",
    r"\bsin (?:ning[uú]n[oa]?|otr[oa]s?|más|rastro de|un sol[oa]) (?!esfuerzo|prisa|ruido|ayuda|temor|remedio|emoción|"
    r"tiempo)",
    r"\bsin (?:personas|gente|textos?|subtítulos|coches|vehículos|animales|logotipos|marcas de agua|presencia)\b",
    r"\bsin que (?:se vean?|aparezcan?|haya)\b",
    r"(?<!ya )\bno (?:contienen?|incluyen?|muestran?|presentan?) (?!emoci|miedo|señales? de|interés|reacci)",
    r"nadie(?: más)? (?:es visible|está presente|a la vista|se ve|aparece)",
    r"nada más (?:se ve|es visible|aparece)",
    r"carecen? de (?:cualquier|todo|toda|texto|personas|elementos)",
    r"\bni (?:rastro de|un sol[oa]|una sola)\b",
    r"\bni [^.,]{2,30},? ni [^.]{2,30}? (?:son visibles|se ven|aparecen)\b",
    r"\btampoco (?:hay|se ven?|aparecen?)\b",
    r"ausencia de\b",
    r"no (?:es|son|está|están) (?:visibles?|presentes?)\b",
)
_OTHERS = (
    # Italian, Portuguese, Dutch
    r"non (?:c'è|ci sono|c'erano|c'era|si (?:vede|vedono|notano|nota|scorgono|sente|sentono)) (?!più|dubbio|fretta|"
    r"tempo)",
    r"non (?:è|sono) (?:visibil[ei]|present[ei])\b",
    r"non (?:compare|compaiono|appare|appaiono)\b",
    r"nessun[oa']? ?(?:[\w-]+ ){0,5}?(?:è visibile|sono visibili|visibile|si vede|è presente)",
    r"nessuna traccia di",
    r"priv[oaie] di (?:qualsiasi|ogni|persone|testo|scritte|elementi)",
    r"\bsenza (?:alcun[oa]?|altr[aeio]|persone|testo|testi|scritte|che si vedano?) ?(?!sforzo|fretta)",
    r"\bnão (?:há|existem?|havia|se (?:vê|veem|observa|observam|ouve)|aparecem?|é possível ver|é visível|"
    r"são visíveis) ?(?!mais (?!ningu)|pressa|dúvida|tempo)",
    r"nenhuma? (?:[\w-]+ ){1,6}?(?:visível|presente|aparece|é vist[oa])",
    r"\bsem (?:nenhuma?|qualquer|quaisquer|outr[oa]s|pessoas|textos?|legendas|sinal de) ?(?!esforço|pressa|ajuda)",
    r"\ber (?:is|zijn|was|waren)(?: [\w-]+){0,3}? (?:geen|niemand|niets)\b(?! (?:meer|haast|tijd))",
    r"\bgeen (?:[\w-]+ ){1,6}?(?:te zien|zichtbaar|aanwezig|te bekennen)",
    r"(?:niet|niemand|niets|nergens) (?:te zien|zichtbaar|in beeld|te bekennen)\b",
    r"\bzonder (?:enige|enig|andere|zichtbare|mensen|tekst|verdere) (?!moeite|haast|hulp)",
    r"ontbre(?:ekt|ken) (?:volledig|elke|alle)\b",
    # Russian, Polish, Czech, Nordic, Hungarian, Finnish, Turkish, Indonesian
    r"\bнет (?:никаких|других|видимых|ни|людей|текста|надписей|машин|животных|прохожих|никого|ничего)",
    r"\b(?:людей|прохожих|машин|надписей|текста|животных|никого|ничего)(?: \w+){0,3} нет\b",
    r"\bне (?:видно|видны|виден|видна|наблюдается|показан[оаы]?|слышно|заметно)\b(?! больше)",
    r"\bни (?:одного|одной|души|единого|единой)\b",
    r"(?:никого|ничего)(?: больше| другого)? (?:нет|не видно)",
    r"отсутству(?:ет|ют)\b",
    r"\bбез (?:каких-либо|людей|текста|других|видимых|надписей|субтитров)\b",
    r"\bnie (?:ma|widać) (?!już)(?:\w+ )",
    r"\bbrak (?:jakichkolwiek|ludzi|tekstu|napisów|widocznych)",
    r"\bnejsou (?:\w+ ){0,2}?(?:vidět|žádn)|\bnení (?:\w+ ){0,2}?(?:vidět|žádn)|\bžádn\w+ (?:\w+ ){1,4}?(?:není|"
    r"nejsou)",
    r"\bdet (?:finns|er|finnes|är)(?: [\w-]+){0,2}? (?:inga|ingen|inget|ingenting|ikke noen|intet)\b",
    r"\b(?:inga|ingen|inget|intet|ingenting) (?:[\w-]+ ){1,5}?(?:syns|synlig[ae]?t?|kan ses|å se|at se|er synlig[e]?|"
    r"finns|finnes)\b",
    r"\b(?:syns|finns|ses) (?:inga|ingen|inget)\b",
    r"\bder er ingen\b",
    r"\b(?:utan några|utan någon|utan synliga|uden nogen|uden synlige|uten noen|uten synlige)\b",
    r"\bnem (?:látható|látszik|látszanak)\b|\bnincs(?:enek)? (?:\w+ ){0,2}?(?:ember|szöveg|felirat|autó)",
    r"\bei (?:ole|näy) (?:ketään|mitään|ihmisiä|muita|tekstiä|autoja)\b",
    r"(?:görünmüyor|görülmüyor|bulunmuyor|yer almıyor)|\b(?:kimse|hiçbir \w+|insan|yazı|araç) yok\b",
    r"\btidak (?:ada|terlihat|tampak) (?!lagi)",
)
# Words of which each of these phrases holds one, by language.
_FAMILIES = (
    (
        "no not nobody nothing none neither nowhere without lacking lacks lack devoid void free absent absence "
        "there's isn't aren't "
        "wasn't weren't doesn't don't didn't cannot can't couldn't never zero bereft hardly scarcely empty clear "
        "missing",
        _ENGLISH,
    ),
    (
        "kein keine keiner keinen keinem keines keinerlei niemand nichts nicht ohne frei abwesenheit fehlen fehlt "
        "weder nirgends nirgendwo",
        _GERMAN,
    ),
    (
        "aucun aucune sans personne rien absence dépourvu dépourvue dépourvus dépourvues n'est n'y pas ni nul nulle "
        "n'aperçoit ne",
        _FRENCH,
    ),
    ("no ningún ninguna ninguno ningun nadie nada sin ausencia ni tampoco carece carecen", _SPANISH),
    (
        "non nessun nessuno nessuna senza privo priva privi prive não nenhum nenhuma sem geen niemand niet niets "
        "nergens zonder ontbreekt ontbreken "
        "нет не ни никого ничего отсутствует отсутствуют без nie brak nejsou není žádný žádné žádná žádní inga ingen "
        "inget intet ingenting utan "
        "uden uten nem nincs nincsenek ei görünmüyor görülmüyor bulunmuyor almıyor yok tidak",
        _OTHERS,
    ),
)
COMPILED = tuple(
    (frozenset(cues.split()), re.compile("|".join(_begun(each) for each in phrases))) for cues, phrases in _FAMILIES
)
# With these in its sentence, it tells how something changes.
LATER = re.compile(
    r"\b(?:no longer|any ?more|any longer|until|till|before|by the time|at first|nicht mehr|kein\w* (?:\w+ )?mehr|"
    r"ne (?:\w+ ){1,2}plus|"
    r"ya no|non (?:\w+ )?più|não (?:\w+ )?mais(?! ningu| nada)|"
    r"niet meer|geen (?:\w+ )?meer|больше не|больше нет|już nie)\b"
)
VERBLESS = re.compile(rf"no {_THINGS}(?:(?:,|, or|, and| or| and)(?: no)? [\w-]+(?: [\w-]+)?)*(?: \w+)?")
SERIES = re.compile(r"no [\w -]{2,25}, (?:and |or )?no (?!matter|longer)")
_ABSENT = "(?:任何|其他|其它|别的|別的|可见|可見|明显的?|明顯的?|多余的?|多餘的?)"
_WHAT = (
    "(?:人(?!挥|揮|回|理|答|应|應|接|动|動)|行人|人物|文字|字幕|车辆|車輛|汽车|汽車|动物|動物|建筑|建築|对话|對話|对白|旁白|声音|聲音|标志|標誌|标识|水印|浮水印|音乐|音樂|物体|物體|物品|"
    "元素|文本|标题|台词|商标|路人|观众|客人|乘客|顾客|游客|学生|司机|船只|家具|装饰)"
)
_KINDLY = "(?:反应|反應|表情|动作|動作|停顿|停頓|变化|變化|犹豫|猶豫|移动|移動|晃动|切换|抖动|停|动|動|运动|運動)"
SPACELESS = re.compile(
    "|".join(
        (
            "(?:画面|畫面|场景|場景|视频|視頻|影片|图像|图片|背景|前景|周围|周圍|四周|附近|旁边|街上|路上|街道上|现场|現場|房间里|房間裡|屋里|镜头(?:中|里|内))"
            f"[^，。；,.]{{0,8}}?(?:没有|沒有|并无|並無|未见|未見|看不到|看不见|看不見|未出现|没出现|不存在|未显示|毫无|无(?={_ABSENT}|{_WHAT}))(?!{_KINDLY}|"
            f"任何{_KINDLY}|明显的?{_KINDLY}|再)",
            f"(?<![还還曾就])(?:没有|沒有|看不到|看不见|看不見|未见|未見|不见|不見|并无|並無|没看到|不含|不包含|未出现|无|無){_ABSENT}{{1,2}}(?:的)?(?!{_KINDLY}|"
            f"帮助|幫助|声响|聲響|预兆|迟疑|装饰)",
            f"(?:没有|沒有|看不到|看不见|看不見|未见|未見|无|無)(?:出现|出現|看到)?{_WHAT}(?![的]|[^，。；]{{0,4}}的)(?=[^，。；]{{0,6}}(?:[，。；,.、和或]|"
            f"$|出现|出現|在场|显示))",
            "(?:人物|行人|文字|字幕|车辆|車輛|动物|動物|标志|水印)(?:并|都|也|均|始终)?(?:未|没有|没|沒有)(?:出现|出現|显示|顯示|入镜|露面)",
            "(?:看不见|看不到|见不到|找不到|听不到|沒有|没有|未见)(?:任何|一个|一只|一辆|半个|一丝|丝毫)"
            "(?!反应|反應|表情|动作|動作|停顿|变化|變化|犹豫|移动|移動|晃动|抖动|运动|運動)|不见(?:人影|踪影|一人)|"
            "(?:四下|周围|空旷|四周)无人|(?:无|没有)(?:字幕|文字|对白|旁白|配音|其他人)(?=[，。；、]|出现)|(?:脸|面部|面容|身影|全貌)(?:并|都|始终)?(?:没有|未|"
            "没)(?:出现|显示|露出|入镜)",
            "(?:没有|没|未)(?:听到|看到|见到|发现|坐|站|停|放|摆|挂|写|印|躺)着?(?:任何|其他|别的)",
            "(?:没有|沒有|再无)(?:别人|別人|旁人|他人)(?=[，。；、]|$)|别无(?:他人|他物|旁人|一人)|除了[^，。；]{1,12}(?:以外|之外|外)?，?(?:没有|沒有|再无|"
            "再没有)(?:别|其他|任何)",
            # Japanese
            "(?:画面|映像|背景|シーン|場面|周囲|周り|あたり|動画)(?:の中)?(?:に|には|では)[^、。]{0,16}(?:い|見え|映ってい|写ってい|見られ|存在し|あり|表示されてい|含まれてい|"
            "見当たら)(?:ない|ません|なかった|ず(?=、))",
            "(?:他に|ほかに|他の|ほかの)[^、。]{0,12}(?:ない|ません)",
            "(?:人|人物|人影|車|文字|動物|字幕|テロップ|音声|建物|ロゴ|通行人|テキスト)(?:の姿)?(?:や[^、。]{1,6})?(?:は|も)[^、。]{0,6}(?:見えない|見えません|"
            "映っていない|映っていません|写っていない|写っていません|見当たらない|見当たりません|いない|いません|ない(?=[。、])|ありません|見られない|見られません)",
            "(?:姿|影|気配)(?:は|も|が)[^。、]{0,8}(?:ない(?=[。、])|ありません|見えない|見えません)",
            "(?:何も|誰も)(?:見えない|見えません|映っていない|映っていません|いない|いません|見当たらない|見当たりません)",
            # Korean
            "(?:보이지 않|나타나지 않|등장하지 않|존재하지 않|포함되어 있지 않|찾아볼 수 없)",
            "(?:사람|자동차|글자|텍스트|자막|인물|동물|차량|로고|워터마크)"
            "[^,.]{0,8} (?:없다|없습니다|없으며|없고|없음)",
            # Arabic, Hindi, Thai, Vietnamese
            "(?:لا يوجد|لا توجد|لا يظهر|لا تظهر|दिखाई नहीं|नज़र नहीं|ไม่มี(?:ผู้คน|คน|ข้อความ|รถ)|không có (?:bất kỳ|"
            "ai|người nào|văn bản))",
        )
    )
)
WITHOUT = re.compile(
    r", |(?:with|without|lacking|devoid|void|free|and|ohne|frei|sans|dépourvue?|sin|senza|sem|zonder|без)\b"
)
# Instructions that came back say it too.
ASKED = re.compile(r"\b(?:describe|state|mention|include|add) [^.]*$")
