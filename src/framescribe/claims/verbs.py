"""Knows the verbs of captions with their forms; judges no context."""

from __future__ import annotations

import re
from typing import NamedTuple

from framescribe.language.forms import english
from framescribe.language.letters import listed

_BASES = """
    walk run jog sprint stroll march stride pace wander hike limp crawl creep climb jump leap hop skip dance spin
    twirl turn rotate revolve roll tumble flip somersault slide slip skate ski surf swim dive float drift glide fly
    soar hover land flap perch sit stand lie lean kneel crouch squat bend bow stretch rest sleep wake rise lift raise
    lower drop fall throw toss catch kick hit punch strike swing push pull drag carry hold grab grasp grip clutch
    reach pick place put lay set take give hand pass receive offer show display present point gesture wave nod shake
    clap applaud hug kiss embrace touch pat pet stroke rub scratch tap press squeeze twist wipe wash clean scrub rinse
    dry brush comb cut slice chop peel dice mince stir mix whisk beat pour sprinkle drizzle spread fry boil bake grill
    cook roast steam simmer sizzle bubble eat drink sip chew bite lick swallow taste feed serve smoke light ignite
    burn glow shine flicker flash blink sparkle twinkle shimmer gleam glitter reflect cast illuminate brighten darken
    fade appear disappear vanish emerge enter leave exit arrive depart approach recede retreat advance return follow
    chase pursue lead cross circle orbit surround move travel go come stop start begin continue pause remain stay keep
    wait watch look gaze stare glance peer observe see view face examine inspect check read write type draw paint
    sketch sing play perform speak talk chat discuss converse whisper shout yell scream laugh smile grin giggle cry
    weep frown blow breathe yawn sneeze cough wear dress remove open close shut lock unlock unfold fold wrap unwrap
    pack unpack fill empty load unload build construct assemble dig plant water grow bloom blossom wilt harvest gather
    collect pluck drive ride steer park brake accelerate slow speed race cycle pedal row paddle sail cruise dock hang
    dangle sway bounce bob shiver tremble wobble vibrate flow stream rush gush splash spray drip trickle ripple crash
    break shatter crack smash explode burst collapse crumble melt freeze snow rain bark meow growl roar howl chirp
    peck graze sniff wag paw pounce stalk hunt hide seek search find discover reveal uncover cover fix repair hammer
    drill saw sand weld sew knit weave stitch tie untie attach detach connect plug click scroll swipe text call film
    record photograph shoot aim fire fight wrestle box spar train exercise practise practice juggle balance extend
    contract expand shrink zoom pan tilt track dolly truck capture depict feature contain include consist use operate
    work make create form shape line dominate wind curve slope tower loom nestle overlook border flank frame decorate
    adorn mark scatter strew litter dot stack pile arrange crowd cheer celebrate greet meet join separate divide merge
    change transform become shift switch adjust tighten loosen insert extract squirt scoop dip soak dunk flatten knead
    mould mold sculpt carve polish sharpen measure weigh count sort compare select choose buy sell pay wheel haul tow
    hoist launch release let dodge block tackle dribble score pitch bat wrinkle blur swirl whirl rustle flutter billow
    crackle glisten drape prop tuck cradle lounge relax recline bathe shower shave groom sweep mop vacuum dust iron
    tidy scramble stumble trip stagger shuffle tiptoe scurry scuttle dart dash bolt gallop trot canter prance waddle
    slither swoop plunge sink submerge surface ascend descend drum strum conduct rap wriggle squirm nibble munch
    gobble slurp gulp lap browse forage swarm flock huddle cluster nuzzle snuggle cuddle yank jerk tug poke prod nudge
    shove bump collide swerve skid veer halt flail fan tend assist help guide teach instruct explain demonstrate
    listen hear think seem try attempt prepare get have need want feel smell near ease shed strip spill leak erupt
    flood trim rake mow shovel tread wade fasten buckle zip unzip button grind crush blend toast flick pinch slap wink
    squint topple lurch puff inflate deflate bulge thread loop coil unroll unfurl rewind sprout hatch peek splatter
    smear dab apply say step add curl attend borrow deliver design direct engage enjoy exchange explore express focus
    heat hurry imitate interact introduce level lunge maneuver navigate notice order patrol plate position pose prune
    retrieve roam secure sign signal slam snap sneak spark stamp staple strut style suck support swat tape tease
    tickle transport unbox unscrew venture visit warm whistle whittle withdraw zigzag garnish season marinate fillet
    grate strain drain thicken sear stuff top layer frost ice whip stage trail match erase tune seat propel taxi pivot
    rumble thunder nap doze pant beg bare breach bound trudge scale vault cartwheel hum chant recite foam fizz scan
    mend ask reply exclaim announce mutter mumble argue agree disagree apologize beckon bicker bind bless blare bring
    bury clamber cling comfort compete confront crumple crunch deploy detonate disembark dismantle dispense doodle
    droop eject emphasize encircle engulf engrave erode exude fidget fling frolic fumble grimace groan grumble heave
    hobble hurl hurtle indicate invade jiggle jolt linger lurk meander mimic moan mourn obscure occupy ooze overtake
    pierce plod plop plummet preen pretend protrude prowl purr quiver radiate rattle rebound recoil refill reload
    replace rescue rummage saunter scamper scoot scowl seep shriek skim slosh slouch smack snatch sneer snore snort
    soothe sow spew sprawl spurt squawk squeal startle steal stomp stoop stow straighten stun swear swivel teeter
    tell thrash threaten thrust totter trample tweak twitch undress unleash unwind urge waver whack whimper wince
    wonder yelp solder embroider crochet excavate demolish refuel moor capsize trek etch
    print copy wring ring surge swell emit exhale inhale blaze flare smolder trace wield parry duel salute parade
    dim share sling hiss honk screech clatter clang jingle hoot neigh whinny bleat cluck croak tamp knot jab hurdle
    dismiss enclose encase enrobe line cluster crown gnaw loft mold sip
    span filter swish rock seesaw straddle mount dismount lasso herd milk shear saddle tether leash unclip clip
"""
_NOUNS_TOO = """
    walk run dance turn land rest fall drop kick hit punch swing push pull hold grip place set hand pass show display
    point wave nod shake hug kiss touch tap press twist brush comb cut slice chop fry drink bite smoke light glow
    flash cast fade leave circle move stop start pause watch look face check play smile blow dress lock fold wrap pack
    plant water bloom drive ride park speed race cycle row paddle sail dock stream rush splash spray ripple crash
    break crack burst snow rain bark roar paw hide cover hammer drill saw sand box train balance pan track truck
    capture feature form shape line frame border mark paint dot stack pile crowd change shift switch measure pitch bat
    score iron dust trip surface drum fan tower hunt wheel block lap swarm flock cluster bump guide zip button loop
    thread coil clip mount saddle leash milk rock text film record bow step wind stitch plug call fire fight work use
    curve slope spread dash trot surf sponge bubble view hedge bottle skate ski tie vacuum bend stroke pet pat hop
    jump leap flip roll slide dive float steam boil toast sort shed trim season top layer ice sign signal tape stage
    match scale ring order plate spark style support stamp visit strain drain trail focus frost level pose position
    trace bound type tune seat salute parade march swell surge vault foam blaze flare puff copy print scan
    answer buzz chime echo escape glare outline split struggle shrug gasp pop pump trade trap murmur anchor harness
    wrinkle chip knock storm duck glaze rip plow dump sweat volley
"""


class Verb(NamedTuple):
    """A form of a verb: its base, and "base", "s", "ing", "past" (also a participle)."""

    base: str
    form: str


def third_person(base: str) -> str:
    """ "watches" of "watch"."""
    if base in _ODD:
        return _ODD[base]
    if base.endswith(("sh", "ch", "s", "x", "z", "o")):
        return base + "es"
    return base[:-1] + "ies" if base.endswith("y") and base[-2] not in "aeiou" else base + "s"


def participle(base: str) -> str:
    """ "running" of "run"."""
    if base.endswith("ie"):
        return base[:-2] + "ying"
    if base.endswith("e") and not base.endswith(("ee", "ye", "oe")):
        return base[:-1] + "ing"
    return base + (base[-1] if base in _DOUBLES or _SHORT.fullmatch(base) else "") + "ing"


_ODD = {"have": "has", "be": "is", "go": "goes", "do": "does"}
_DOUBLES = frozenset(["unclip", "unzip", "unplug"])
_SHORT = re.compile(r"(?:[^aeiou]|qu)*[aeiou][bdgklmnprt]")
BASES = frozenset(_BASES.split()) | frozenset(_NOUNS_TOO.split())
NOUNS_TOO = frozenset(form for base in _NOUNS_TOO.split() for form in (base, third_person(base)))
"""Forms that may be nouns as well."""


def _forms() -> dict[str, Verb]:
    found: dict[str, Verb] = {}
    for base in sorted(BASES):
        for form in english(base):
            if (
                form.endswith(("ed", "en", "t", "d", "n", "g", "k", "w", "e", "m"))
                and not form.endswith("ing")
                and not form.endswith("est")
                and form != base
            ):
                found.setdefault(form, Verb(base, "past"))
        found.setdefault(base + ("d" if base.endswith("e") else "ed"), Verb(base, "past"))
        if base.endswith("y") and base[-2] not in "aeiou":
            found[base[:-1] + "ied"] = Verb(base, "past")
        if base in _DOUBLES or _SHORT.fullmatch(base):
            found.setdefault(base + base[-1] + "ed", Verb(base, "past"))
    for base in sorted(BASES):
        found[participle(base)] = Verb(base, "ing")
        found[third_person(base)] = Verb(base, "s")
    for base in sorted(BASES):
        found[base] = Verb(base, "base")
    return found


FORMS = _forms()
SAME = listed("cut put set hit shut spread let burst split cast hurt shed bet cost quit read")
"""Verbs whose participle is their base."""


def verb(word: str) -> Verb | None:
    """Which verb a word may be a form of; None: none that is known, and no "-ing" or "-ed" either."""
    if word in _NO_VERBS:
        return None
    found = FORMS.get(word)
    if found is not None:
        return found
    if len(word) > 5 and word.endswith("ing"):
        return Verb(word[:-3], "ing")
    if len(word) > 4 and word.endswith("ed"):
        return Verb(word[:-2], "past")
    return None


_NO_VERBS = listed(
    """
    left morning evening ceiling clothing something nothing anything everything wedding lightning during railing
    earring string spring awning pudding dumpling duckling sibling king wing ring shed speed seed weed reed hundred
    sacred naked wicked interesting surroundings bed sled red living dining sting frosting bedding flooring seating
    offspring moped steed shot
    """
)


ING_NOUNS = listed(
    """
    building lighting painting drawing crossing clearing filling topping landing opening surrounding icing stuffing
    """
)
"""Forms that are nouns, unless an object follows."""


def inflected(base: str, like: str) -> str:
    """The form of a verb that another verb's form is: "base", "s", "ing" or "past"."""
    if like == "s":
        return third_person(base)
    if like == "ing":
        return participle(base)
    if like == "past":
        irregular = sorted(word for word, found in FORMS.items() if found == Verb(base, "past"))
        irregular.sort(key=lambda word: (word.endswith("ed"), word.startswith(base)))  # "led" before "leaded"
        return irregular[0] if irregular else base + "ed"
    return base
