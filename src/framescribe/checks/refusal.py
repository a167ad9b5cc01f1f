"""Knows answers that decline to describe, wholly or partly, or that say there was nothing to describe."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from typing import ClassVar

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.cued import Cued
from framescribe.checks.refusals_abroad import ABROAD
from framescribe.checks.text import Text

_MEDIA = (
    r"(?:images?|pictures?|photos?|photographs?|videos?|clips?|frames?|screenshots?|attachments?|files?|footage"
    r"|content|media|material|visuals?|link|url|upload)"
)
_NOW = (
    r"(?:(?:also|directly|currently|actually|really|simply|unfortunately|therefore|personally|only|just|either"
    r"|still|in good conscience|legally|ethically|properly|fully|accurately|reliably|not|respectfully|politely"
    r"|have to|must) )*"
)
_CANNOT = (
    r"(?:cannot|can't|can not|could not|couldn't|won't be able to|will not be able to|would not be able to|won't"
    r"|will not|wouldn't|would not|shouldn't|should not|must not"
    r"|may not|don't feel comfortable|do not feel comfortable|don't think i (?:can|should)"
    r"|am unable to|'m unable to|am not able to|'m not able to|wasn't able to|was not able to|was unable to"
    r"|am not allowed to|'m not allowed to|am not permitted to|'m not permitted to|am not going to|'m not going to"
    r"|am prohibited from|am not supposed to|'m not supposed to"
    r"|am not capable of|'m not capable of|am incapable of|am not equipped to|'m not equipped to|am not designed to"
    r"|'m not designed to|am not comfortable|'m not comfortable|am not authorized to|'m not authorized to|failed to"
    r"|am programmed not to|prefer not to|would prefer not to|'d prefer not to|would rather not|'d rather not"
    r"|am forbidden to|must refrain from)"
)
_DO = (
    r"(?:assist|help|describ|provid|process|comply|compli|fulfil|analy[sz]|access|caption|generat|creat|continu"
    r"|proceed|support|engag|discuss|comment|speculat|shar|offer|writ|produc|respond|answer|interpret|load|summari[sz]"
    r"|do (?:that|this|so)\b"
    r"|open|play|watch|retriev|download|fetch|complet|give|giving|carry out|go (?:into|further)|examin|review|render"
    r"|transcrib|participat|talk about|recogni[sz]e (?:real |the |specific |this |any )?(?:people|person|individual"
    r"|face)"
    r"|identif(?:y|ying) (?:\w+ ){0,3}?(?:people|persons?|individuals?|faces?|who|them|anyone|someone|real|man|woman"
    r"|him|her)|(?:verify|verifying|confirm|confirming|reveal|revealing|disclose|disclosing|guess|state"
    r"|speculate about|speculate on) (?:\w+ ){0,3}?(?:identit|names?\b|who\b|real)|name (?:the|this|any|who) "
    r"|name (?:him|her|them)\b|view|display"
    rf"|(?:see|find|detect|locate|receive|read) (?:\w+ ){{0,3}}?{_MEDIA}\b)"
)
_WERE_NOT = r"(?:was|were|is|are|has been|have been|been|came|seems to be|appears to be)"
_NOT_GIVEN = (
    r"(?:provided|attached|uploaded|given|included|found|shared|received|supplied|sent|submitted|available"
    r"|visible to me|detected|loaded|present in)"
)
_TRANSPORTED = (
    r"(?:loaded|processed|opened|played|analy[sz]ed|accessed|displayed|viewed|described|rendered|retrieved"
    r"|decoded|read|downloaded|fetched|parsed|captioned|recognized|summari[sz]ed|shown|transcribed)"
)
_ENGLISH = Cued(
    (
        "reasons concerns policy policies choose choosing question caption description upload sorry",
        r"\bfor (?:privacy|safety|legal|ethical|policy|security)(?:-related)? (?:reasons|concerns)\b[^.!?]*\b(?:i|we"
        r"|cannot|can't|not)\b"
        r"|\bpolic(?:y|ies) (?:doesn't|does not|don't|do not|prohibits?|forbids?|prevents?|bars?)\b[^.!?]*\b(?:me|us"
        r"|describ\w+|caption\w*)\b"
        r"|\bi(?:'m| am)? (?:choose|choosing|opt|opting|elect) not to\b"
        r"|\bout of the question for me\b"
        r"|\b(?:a|the|no) (?:caption|description|summary) (?:can't|cannot|can not|could not|couldn't|can|could|is"
        r"|will) (?:not )?(?:be )?"
        r"(?:produced|provided|generated|given|written|made|available|possible)\b(?! (?:on|by|in))"
        r"|\bupload (?:timed out|failed|was (?:incomplete|interrupted))\b|^\W*(?:can't|cannot) do (?:that|this)\b",
    ),
    ("right + me", r"\bbe right for me to\b"),
    (
        "who + i",
        rf"\bi ?{_NOW}{_CANNOT} {_NOW}(?:say|tell|reveal|name|state|disclose)(?: you)? who\b",
    ),
    (
        "something + i",
        r"\b(?:is|are)(?:n't| not) something (?:that )?i (?:do|describe|provide|offer|discuss)\b",
    ),
    (
        "i i'm i'd",
        rf"\bi ?{_NOW}{_CANNOT} {_NOW}(?:with )?{_DO}",
    ),
    (
        "i i'll i'm",
        r"\bi(?: | (?:must|have to|need to|will|'ll|shall|am going to|'m going to|would) )(?:respectfully |politely "
        r"|kindly |regretfully |therefore )?(?:declin(?:e|ing)|refus(?:e|ing)|refrain|abstain|pass on (?:this|that)"
        r"|decline to)\b|\bi(?:'ll|'m going to have to|'m declining| am declining| will have to"
        r"| decline)\b (?=decline|refuse|pass|refrain|to describe|to)",
    ),
    (
        "i i'm",
        r"\b(?:i(?:'m| am)) (?:not in a position|in no position|not (?:here|meant|built|trained|made)) to\b"
        r"|\bi have no (?:way|means|ability|possibility|capacity) (?:of|to)\b"
        r"|\bi can only (?:process|read|handle|work with|see|describe) text\b|\b(?:i(?:'m| am)|i was) (?:declining"
        r"|refusing)\b",
    ),
    (
        "i",
        r"\bi (?:don't|do not|lack|didn't|did not|no longer) ?(?:currently |actually |really )?(?:have "
        r"|possess )?(?:the |an? |any |direct )*(?:ability|capability|capabilities|access|means|permission|way) (?:to"
        r"|of|for)\b|\bi (?:don't|do not) have (?:access|permission|vision|eyes)\b|\bi have no (?:access"
        r"|way to (?:see|view|open|watch)|ability)\b",
    ),
    (
        "i",
        rf"\bi (?:don't|do not|didn't|did not|can't|cannot|couldn't|haven't|have not)(?: actually| currently"
        rf"| yet)? (?:see|find|have|detect|receive|received|seen|been given|been provided|get|got) (?:with )?(?:any"
        rf"|an|the|a|your|that)(?: \w+){{0,2}}? {_MEDIA}\b(?! (?:frame|quality))",
    ),
    (
        "no + image images picture pictures photo photos photograph photographs video videos clip clips "
        "frame frames screenshot screenshots attachment attachments file files footage content media "
        "material visual visuals link url upload",
        rf"(?:^|[.!?\n] )\W*(?:(?:(?:i'm |i am )?sorry|unfortunately|apologies),? (?:but )?)?"
        rf"(?:(?:it|this) (?:looks|seems|appears)(?: like| as if| as though| that)?,? )?there(?:'s"
        rf"| is| are| was| were) no {_MEDIA}(?: or {_MEDIA})?(?: file| input| content| data)?(?: here| for me"
        rf"| to (?:describe|view|see|analy[sz]e|caption|work)| (?:was|were|is|are)? ?{_NOT_GIVEN}| in (?:your|our"
        rf"|this|the) (?:message|conversation|chat|request|prompt|input|post)|\.$)",
    ),
    (
        "no + provided attached uploaded given included found shared received supplied sent submitted "
        "available visible detected loaded present",
        rf"(?:^|[.!?\n] |, |that |like |but |\bbecause |seems |appears |looks )\W*no (?:actual |valid |visual "
        rf"|readable )?{_MEDIA}(?: or {_MEDIA}| and {_MEDIA})?(?: file| input| content"
        rf"| data)? {_WERE_NOT} (?:actually )?{_NOT_GIVEN}",
    ),
    (
        "no + provided attached uploaded given included found shared received supplied sent submitted "
        "available visible detected loaded present describe",
        rf"^\W*no {_MEDIA} (?:provided|attached|available|uploaded|found|to describe|received|supplied)\b",
    ),
    (
        "you you've",
        r"\byou(?:'ve)? (?:haven't|have not|didn't|did not|forgot to|seem to have forgotten to"
        r"|may have forgotten to)(?: actually| yet)? (?:provide|attach|upload|include|share|send|sent|shared|uploaded"
        r"|provided|attached|included)",
    ),
    (
        "provide upload share attach send resend reupload re-upload supply submit paste + please could can kindly try",
        rf"\b(?:please|could you|can you|kindly|try to)(?: please)? (?:re-?)?(?:provide|upload|share|attach|send"
        rf"|resend|reupload|supply|submit|paste)(?: me)?(?: with)? (?:the|an?|your|some|another|it"
        rf"|a different)(?: \w+){{0,2}}? ?(?:{_MEDIA}|again)\b",
    ),
    (
        "cannot can't can could couldn't not wasn't hasn't weren't unable + loaded processed opened played "
        "analyzed analysed accessed displayed viewed described rendered retrieved decoded read downloaded "
        "fetched parsed captioned recognized summarized summarised shown transcribed",
        rf"\b(?:this|the|your|that|requested|provided|attached|uploaded) (?:(?:video|image|requested|provided"
        rf"|attached|uploaded|source|input|full|original|media|linked|shared|submitted) )?{_MEDIA} (?:file |link "
        rf"|data "
        rf"|content )?(?:could not|couldn't|cannot|can't|can not|was not able to|wasn't able to|is unable to"
        rf"|was unable to|has not been|hasn't been|was not|were not|wasn't|weren't) (?:currently |properly "
        rf"|successfully |fully )?(?:be )?{_TRANSPORTED}\b",
    ),
    (
        "load open play upload render process download decode come + failed not didn't doesn't won't",
        rf"\b(?:this|the|your) (?:\w+ )?{_MEDIA} (?:file |link )?(?:failed to|did not|didn't|doesn't|does not|won't"
        rf"|would not|will not) (?:load|open|play|upload|render|process|download|decode|come through)\b",
    ),
    (
        "unable failed able impossible failure + load process open play analyze analyse access display view "
        "describe render retrieve decode read download caption generate provide comply assist help identify "
        "complete fulfil fulfill see share continue comment discuss give",
        r"(?:^|[.!?\n:] )\W*(?:error:? ?)?(?:unable|failed|not able|impossible|failure) to (?:load|process|open|play"
        r"|analy[sz]e|access|display|view|describe|render|retrieve|decode|read|download|caption|generate|provide"
        r"|comply|assist|identify|complete|fulfil|see)\b(?! (?:through|past|over|him|her|it\b))",
    ),
    (
        "cannot can't could couldn't can + load process open play analyze analyse access display view "
        "describe render retrieve decode read download caption generate provide comply assist help identify "
        "complete fulfil fulfill see share continue comment discuss give",
        r"^\W*(?:cannot|can't|could not|couldn't|can not) (?:describe|comply|provide|process|assist|help|analy[sz]e"
        r"|load|open|view|display|caption|generate|access|complete|fulfil)\b",
    ),
    (
        "unavailable available inaccessible corrupt corrupted accessible blocked restricted unreadable + "
        "image images picture pictures photo photos photograph photographs video videos clip clips frame "
        "frames screenshot screenshots attachment attachments file files footage content media material "
        "visual visuals link url upload",
        rf"\b{_MEDIA} (?:is |are |was |appears to be |seems to be )?(?:unavailable|not available|inaccessible"
        rf"|corrupted?|not accessible|blocked"
        rf"|restricted|unreadable)(?: due| because| and could| and (?:can't|cannot)| for description|\.?$| to me"
        rf"| at this time"
        rf"| at the moment)",
    ),
    (
        "unavailable available withheld blocked removed redacted filtered declined denied refused rejected "
        "omitted provided possible + description caption summary content response output request answer",
        r"\b(?:description|caption|summary|content|response|output|request|answer) (?:is |was |has been "
        r"|are )?(?:unavailable|not available|withheld|blocked|removed|redacted|filtered|declined|denied|refused"
        r"|rejected|omitted (?:due|for)|not provided|not possible)\b(?! by)",
    ),
    (
        "policy policies guideline guidelines standards restrictions terms filter filters programming "
        "principles safety rules law",
        r"\b(?:violat|breach|contraven|infring)\w* (?:\w+ ){0,4}?(?:polic|guideline|terms|rules|standards|law)"
        r"|\b(?:against|outside|beyond|under|by|within|due to|comply with|in line with|because of|following|per"
        r"|prohibited by|restricted by|not permitted by) (?:\w+ ){0,3}?(?:(?:content|safety|usage|community|ethical"
        r"|privacy|openai|google|use|moderation|platform) (?:polic\w+|guidelines?|standards|restrictions|terms"
        r"|filters?))\b|\b(?:my|our) (?:\w+ ){0,2}?(?:guidelines?|polic(?:y|ies)|programming|safety \w+|principles"
        r"|content restrictions)\b",
    ),
    (
        "ai artificial language text-based text-only large llm assistant + cannot can't can not unable "
        "don't do won't decline incapable must shouldn't lack",
        r"\bas an? (?:ai|artificial intelligence|language model|text-based|large language model|llm|assistant"
        r"|text-only)\b[^.!?]*\b(?:cannot|can't|can not|not able|unable|don't have|do not have|won't|not allowed"
        r"|not permitted|decline|incapable|not capable|must not|shouldn't|lack)\b",
    ),
    (
        "ai text-based text-only language large artificial + i i'm",
        r"\b(?:i'm|i am) (?:just |only |merely |simply )?(?:an? )?(?:ai\b|text-based|language model|text-only"
        r"|large language|artificial intelligence)[^.!?]*\b(?:cannot|can't|not able|unable|don't|do not|won't"
        r"|and (?:not )|without)\b|^\W*(?:i'm|i am) (?:just |only )?(?:an? )?(?:ai|text-based|language|text-only)\b",
    ),
    (
        "possible appropriate inappropriate ethical unethical permitted allowed impossible acceptable "
        "+ load process open play analyze analyse access display view describe render retrieve decode read "
        "download caption generate provide comply assist help identify complete fulfil fulfill see share "
        "continue comment discuss give",
        r"\b(?:it )?(?:is|'s|would be|wouldn't be|would not be|isn't|is not) (?:not |in)?(?:possible|appropriate"
        r"|inappropriate|ethical|unethical|right|permitted|allowed|impossible|acceptable)(?: for me)? to (?:describe"
        r"|provide|caption|assist|help|comply|analy[sz]e|generate|identify|process|share|continue|fulfil|comment"
        r"|discuss|view|give)",
    ),
    (
        "request task prompt query + cannot can't could couldn't can won't will has was is goes",
        r"\b(?:this|the|your|that) (?:request|task|prompt|query) (?:cannot|can't|could not|couldn't|can not|won't"
        r"|will not|has been|was|is|goes|asks for something i)\b (?:not )?(?:be )?(?:fulfilled|completed|processed"
        r"|honou?red|answered|declined|denied|refused|rejected|blocked|against|outside|inappropriate|not something"
        r"|granted|carried)",
    ),
    (
        "something content topic i i'm + i i'm",
        r"\b(?:is|are)(?:n't| not) (?:something|things?|a (?:thing|topic|request)) (?:that )?i(?:'m| am)? ?(?:can"
        r"|permitted|allowed|able|willing|comfortable|prepared|will|am|'m|feel|could|should)"
        r"|\bnot (?:something|content|a topic) (?:that )?i (?:can|am able|will|'m)\b|\bi(?:'m| am) not (?:able|going"
        r"|comfortable|allowed|permitted)[^.!?]{0,20}\b(?:with|to|describing|providing|doing)\b (?:that|this|so"
        r"|do that|describe|provide|help|assist|identify (?:people|individuals|real)|request)",
    ),
    (
        "sorry apologies apologize apologise",
        r"\bi(?:'m| am) (?:so |very |really |truly |terribly |deeply )?sorry\b|\b(?:i|my"
        r"|please accept my) (?:sincere |sincerest |deepest )?apolog(?:ize|ise|ies)\b|^\W*(?:sorry"
        r"|apologies)[,.!]? (?:but )?(?:i|we|no)\b|\b(?:sorry|apologies),? (?:but )?(?:i"
        r"|we) (?:can't|cannot|can not|am|'m|won't|could|couldn't|don't|do not|have)\b",
    ),
    (
        "let's let can could shall + something different subject another",
        r"\b(?:let's|let us|can we|could we|shall we) (?:talk about|discuss|try|change) (?:something|a different"
        r"|another|the subject)",
    ),
    (
        "i we + don't do cannot can't are were could couldn't unable",
        r"\bi (?:don't|do not) (?:feel )?(?:describe|caption|identify|discuss|provide|assist|comment on|generate"
        r"|engage|process|support)\b|\bi (?:don't|do not) feel (?:comfortable|able)\b|\bwe (?:cannot|can't"
        r"|are unable to|were unable to|could not|couldn't) (?:describe|process|provide|load|analy[sz]e|display"
        r"|generate|caption|comply|assist|help|fulfil)\b",
    ),
    (
        "too + describe caption analyze analyse summarize summarise",
        rf"\b(?:the|this|your|provided) (?:\w+ )?{_MEDIA} (?:quality )?(?:is|are|was|were) (?:simply |much |far )?too"
        rf" [\w-]+(?: (?:and|or) [\w-]+)?(?: for me)? to (?:describe|caption|analy[sz]e|summari[sz]e)\b",
    ),
    (
        "apologize apologise regret",
        r"\b(?:i|we) (?:apologi[sz]e|regret)\b(?! to the)",
    ),
)
# Without quotation marks, but seen in the clip: "a sign says: sorry, ...".
_IS_READ = re.compile(
    r"\b(?:reads?|reading|says?|saying|said|text|words?|message|sign|label|labell?ed|subtitles?|captions?|titled"
    r"|poster|shirt|board|note)"
    r"(?: that)?(?: (?:reads?|says?))?[:,]? ?.?$"
)


class Refusal(Check):
    """ "I can't help with that", "The clip couldn't be loaded", also in the middle of a caption."""

    name: ClassVar[str] = "refusal"
    help: ClassVar[str] = "it declines to describe, wholly or partly, or says that there is nothing to describe"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        for found in chain(_ENGLISH.found(text), ABROAD.found(text)):
            if not _IS_READ.search(text.told, max(0, found.start() - 40), found.start() + 1):
                said = " ".join(text.raw[found.start() : found.end()].split())
                yield Finding(check=self.name, start=found.start(), end=found.end(), what=f"it declines: {said[:60]!r}")
                return


def refuses(text: str) -> bool:
    """Whether an answer declines to describe, wholly or partly."""
    return any(True for _ in Refusal().measure(Text(text), Circumstances()))
