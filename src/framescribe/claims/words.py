"""Knows the words by which the parts of an English sentence are told apart; parses nothing."""

from __future__ import annotations

from framescribe.language.letters import listed

DEFINITE = listed("the this that these those its his her their our your my another other each every both either")
INDEFINITE = listed("a an some several many few various multiple numerous any no")
POSSESSIVE = listed("its his her their our your my")
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
VAGUE = listed("several many few various multiple numerous some dozens hundreds couple")
BE = listed("is are was were be been being")
AUXILIARY = BE | listed("has have had does do did can could will would may might must should cannot")
PRONOUNS = listed(
    """
    he she it they him them himself herself itself themselves who which we i you one someone everyone there hers
    theirs ours mine yours only
    """
)
SUBJECTS = listed("he she it they")
OTHERS = listed("him her them himself herself itself themselves each other one another")
RELATIVE = listed("who which that whose where whom")
JOINING = listed("and or but nor yet plus")
SUBORDINATE = listed("""
    while as when because until before after once since if although though whereas so than whilst
    """)
ORDER = listed("""
    then finally afterwards afterward next subsequently eventually later before after initially first lastly
    """)
PARTICLES = listed(
    """
    up down off out away back over around forward backward backwards forwards together apart aside in on through along
    past by
    """
)
PHRASAL = listed(
    """
    light curl blow knock carry break shut switch tear peel scoop squeeze stack drop try dry rinse lift tie wipe zip
    kick stir churn
    flip pick put take lift set turn hold open pull push throw cut hang lay fold roll wrap clean wipe fill bring give
    """
)
PREPOSITIONS = listed(
    """
    in on at under over above below beneath underneath behind beside near between among amid against along across
    through throughout into onto toward towards from to off out around past by inside outside within with without of
    for up down about after before during until like atop alongside amidst upon beyond opposite across via per than
    despite as surrounding including
    """
)
COMPOUND = (
    "in front of", "next to", "on top of", "out of", "away from", "in the middle of", "close to", "up to", "along with",
    "together with", "at the edge of", "to the left of", "to the right of", "inside of", "outside of", "because of",
    "instead of", "such as", "off of", "back to", "down to", "over to", "up and down", "far from", "ahead of",
    "up into", "down into", "out into", "back into", "out onto", "back and forth across", "in and out of", "full of",
    "parallel to", "back toward", "back towards", "up toward", "up towards", "down toward", "out from", "from behind",
    "side to side", "due to", "in between", "up from", "down from", "across from",
)  # fmt: skip
DIRECTIONAL = listed(
    """
    along across through into onto toward towards from to out up down around past off over away over via back
    """
)
MANNER = listed(
    """
    slowly quickly gently carefully fast quietly suddenly softly gracefully steadily rapidly briskly gradually
    smoothly calmly happily vigorously closely directly tightly loosely slightly briefly together alone still upright
    sideways forward forwards backward backwards upward upwards downward downwards asleep away apart aside down up
    back out in off over left right leftward leftwards rightward rightwards ahead around again continuously repeatedly
    straight diagonally horizontally vertically clockwise counterclockwise anticlockwise outdoors indoors outside
    inside nearby overhead underneath below above behind there here everywhere home downstairs upstairs low high well
    lazily neatly idly intently attentively playfully energetically enthusiastically deliberately simultaneously
    momentarily faintly brightly hard freely sharply onto on through along past by closer further backstage offscreen
    off-screen offshore onstage too also just
    """
)
PAIRED = (
    "back and forth",
    "up and down",
    "side to side",
    "round and round",
    "in and out",
    "from side to side",
    "to and fro",
    "left and right",
)
EMPTY_ADVERBS = listed(
    """
    also too just now even only clearly visibly there here again still mostly mainly almost nearly about both
    """
)
INTENSIFIERS = listed(
    """
    very quite rather so too slightly fairly extremely partly partially mostly completely brightly dimly softly
    densely lightly heavily neatly dark light bright deep pale freshly well warmly sparsely highly half
    """
)
COLOURS = listed(
    """
    red orange yellow green cyan blue purple pink white black gray grey brown beige navy gold golden silver turquoise
    teal maroon crimson violet magenta tan khaki ivory scarlet olive lavender amber blonde blond brunette ginger
    auburn colorful colourful multicolored multicoloured pastel indigo emerald bronze copper burgundy peach cream
    charcoal
    """
)
ADJECTIVES = COLOURS | listed(
    """
    small large big little tiny huge giant massive enormous tall short long wide narrow thick thin broad deep shallow
    high low flat round square rectangular circular oval curved straight sharp blunt steep heavy light dark bright dim
    pale vivid shiny glossy matte transparent translucent opaque clear cloudy sunny rainy snowy foggy misty windy
    stormy overcast hazy wet dry damp muddy dusty dirty clean fresh old young new ancient modern vintage antique
    rustic elderly middle-aged adult male female teenage bald bearded blind pregnant slim slender muscular fat chubby
    skinny fluffy furry hairy smooth rough soft hard rigid wooden metal metallic plastic glass stone brick concrete
    leather cotton silk woolen woollen knitted denim lace velvet paper ceramic marble golden rusty sandy rocky grassy
    icy snowy hilly mountainous leafy bare barefoot shirtless naked empty full open closed busy crowded quiet calm
    still static steady slow fast quick rapid gentle sudden strong weak warm cold cool hot cozy cosy happy sad angry
    serious focused calm relaxed tired excited playful gentle fierce wild tame domestic stray urban rural suburban
    industrial residential tropical coastal alpine arctic indoor outdoor interior exterior public private main central
    distant nearby far close near front rear back upper lower top bottom left right middle inner outer opposite
    adjacent single lone solitary double triple entire whole half several different similar same identical various
    other second third last final first next colorful plain simple ornate elegant formal casual traditional classic
    sporty stylish striped checkered plaid spotted floral patterned polka-dot dotted torn ripped worn broken cracked
    bent loose tight baggy sleeveless short-sleeved long-sleeved hooded wavy curly straight messy neat lush dense
    sparse green barren dead alive ripe raw cooked fried crispy creamy juicy sliced chopped melted frozen steaming lit
    unlit visible invisible alone silent loud blurry blurred sharp out-of-focus horizontal vertical diagonal parallel
    circular spiral triangular cylindrical spherical conical oblong electric electronic digital mechanical manual
    portable wireless professional amateur military medical religious gothic victorian asian african european american
    caucasian hispanic japanese chinese indian french italian german british royal natural artificial fluorescent neon
    soft-lit backlit vast spacious cluttered tidy minimal minimalist minimalistic abstract geometric symmetrical
    uniform uneven jagged weathered majestic scenic cinematic dramatic handheld aerial low-angle high-angle wide-angle
    overhead top-down black-and-white monochrome slow-motion pine oak bamboo straw woven iron steel tin brass
    stainless chrome mirrored stained cobbled cobblestone paved unpaved gravel tiled carpeted thatched tan-colored
    oversized miniature toy stationary motionless immobile unmoving asleep awake upside-down inverted wintry autumnal
    turbulent choppy foamy frothy blank downtown human acoustic romantic exotic plastic fantastic metallic elastic
    organic public rustic aquatic bushy spiky thorny pointed pointy wrinkled freckled tattooed gray-haired armored
    armoured masked veiled athletic ragged tabby siamese grey-haired sleek rugged crisp serene tranquil peaceful
    picturesque pristine idyllic quaint grand stately stark somber solemn pensive stern cheerful eager shy proud
    nervous scared weary sleepy sweaty shabby grimy filthy sticky greasy oily slick slippery dewy murky cloudless
    starry sunlit moonlit candlelit floodlit verdant wooded glassy silky fuzzy frizzy pudgy plump stocky burly lean
    lanky petite frail sturdy robust compact bulky chunky hefty sheer rubber nylon cardboard wicker rattan clay
    porcelain copper aluminum aluminium granite linen wool satin suede canvas realistic blue-eyed intricate delicate
    subtle intense vacant deserted snug crimson-red frosty floury savory golden-brown toothless hollow remote
    handmade homemade early alert ready ajar intact askew aglow ablaze afloat agape taut tense
    """
)
ALSO_NOUNS = listed("""
    square cross glass metal plastic stone brick concrete leather cotton silk denim lace velvet paper marble orange
    gold silver bronze iron steel brass straw gravel toy miniature female male adult teenage neon cream light rubber
    uniform nylon cardboard clay porcelain copper granite linen wool satin suede canvas
    """)
SHADES = listed("sky lime rose mint forest baby rust ash powder ocean blood midnight hot royal jet")
"""What makes a colour of its own before one: "sky blue"."""
STATES = listed(
    """
    open closed shut ajar visible invisible alone asleep awake alive empty full wet dry ready still intact bare askew
    aglow ablaze afloat agape taut tense wide heavy low high upright motionless stationary aloft apart
    """
)
"""Adjectives that may stand behind a noun without "is": "its doors open"."""
OWN_STATES = STATES | listed(
    """
    red blue green yellow purple pink white black gray grey pale bright dark serious calm focused relaxed tired happy
    sad angry muddy dusty dirty clean shiny messy neat loose tight straight curly stern solemn blank
    """
)
"""Adjectives that may stand so behind what is somebody's: "his face red"."""
HYPHENED = (
    "multi-", "semi-", "ultra-", "mid-", "high-", "low-", "full-", "half-", "double-", "single-", "open-", "well-",
    "two-", "three-", "four-", "long-", "short-", "wide-", "deep-", "all-", "off-", "old-", "hand-", "state-",
)  # fmt: skip
"""With what adjectives of two parts begin."""
HYPHENED_ENDINGS = (
    "ed", "ing", "en", "clad", "lit", "made", "size", "old", "free", "story", "top", "color", "like", "style", "sleeve",
    "filled", "speed", "length", "lane", "rise", "end", "tech",
)  # fmt: skip
ADJECTIVAL_ENDINGS = ("ous", "ful", "less", "ish", "ive", "able", "ible", "ular", "esque", "-like")
NOT_ADJECTIVES = listed(
    """
    table cable stable vegetable convertible detective locomotive olive native captive relative executive archive
    handful mouthful spoonful armful collectible crucible constable hive dive drive live five octopus
    """
)
"""Nouns that end as adjectives do."""
NOT_ADVERBS = listed(
    """
    fly family butterfly dragonfly jelly belly lily assembly reply supply bully ugly lovely friendly early elderly
    daily curly woolly holly jolly hilly silly wobbly bubbly chilly smelly only ply apply rally tally ally
    """
)
COMPOUND_ING = listed(
    """
    cutting dining living swimming shopping parking washing sewing frying rolling baking hiking fishing wedding boxing
    racing skating serving vending sleeping waiting riding walking training building landing loading changing playing
    measuring mixing hanging chopping wrapping watering traveling sailing climbing
    """
)
"""Words before a noun that say what it is for."""
BODY = listed(
    """
    hand hands arm arms leg legs head foot feet face eye eyes hair mouth nose ear ears finger fingers shoulder
    shoulders knee knees back chest lap body tail wing wings paw paws beak neck lip lips tongue teeth chin cheek
    cheeks fist fists hip hips palm palms thumb wrist waist elbow elbows skin fur feather feathers mane horn horns
    gaze trunk breath toe toes talons claws
    """
)
ANIMALS = listed(
    """
    dog puppy cat kitten horse cow bird eagle owl duck swan goose chicken rooster sheep goat pig rabbit fox wolf bear
    panda lion tiger elephant giraffe monkey gorilla deer squirrel butterfly bee spider snake turtle frog fish shark
    whale dolphin parrot penguin zebra camel hand robot crowd cheetah leopard seal otter
    """
)
CLOTHES = listed(
    """
    coat shirt t-shirt dress jacket suit hat cap jeans trousers pants shorts skirt sweater hoodie uniform apron robe
    gown boots shoes sneakers sandals gloves scarf tie helmet vest tunic kimono sari swimsuit bikini costume outfit
    clothes clothing attire gear armor armour glasses sunglasses overalls pajamas pyjamas blouse cardigan raincoat
    tuxedo leotard heels socks hats coats uniforms suits dresses jackets shirts wetsuit mask turban bandana beret
    cloak cape leggings vests helmets aprons robes gowns tunics caps costumes outfits scrubs pyjama sari sweaters
    hoodies
    """
)
SETTINGS = listed(
    """
    sunset sunrise night day daytime nighttime dusk dawn morning evening afternoon midday midnight noon twilight
    winter summer spring autumn fall daylight sunlight moonlight rain snow fog mist darkness shade background backdrop
    weather sky indoors outdoors
    """
)
PERSONS = listed(
    """
    man woman boy girl person child baby toddler lady gentleman guy kid teenager chef cook player dancer singer worker
    farmer police officer soldier cyclist runner rider skier surfer swimmer musician guitarist pianist drummer driver
    nurse doctor teacher student mother father couple grandmother grandfather bride groom waiter waitress barista
    artist painter potter sculptor carpenter welder mechanic gardener fisherman athlete skateboarder snowboarder
    climber hiker girl's actor actress clown monk priest bartender
    """
)
PLURALS = listed(
    """
    people men women children feet geese mice teeth fish sheep deer police cattle jeans trousers pants shorts glasses
    sunglasses scissors clothes headphones leggings overalls pajamas goggles binoculars waves
    """
)
SAME = listed("deer fish sheep salmon trout moose bison squid")
"""Nouns that say not whether there are several."""
SINGULARS = listed(
    """
    glass grass dress bus canvas mattress bass cross moss compass class boss cactus lens gas process princess chess
    focus circus iris campus harness access progress process business mess press hippopotamus octopus walrus platypus
    fitness wilderness darkness atlas pancreas news series species tennis
    """
)
CAMERA = listed(
    """
    camera shot view viewpoint framing lens perspective footage zoom close-up closeup frame angle camerawork shots
    scene video clip
    """
)
CAMERA_CUES = listed(
    """
    pans pan panning tilts tilt tilting zooms zoom zooming dollies tracks tracking follows following orbits static
    handheld still stationary fixed steady moves moving pulls pushes shakes shaking glides focuses remains stays cuts
    circles rises descends lingers holds captures close-up closeup close wide medium aerial low-angle high-angle
    eye-level overhead low high angle wide-angle extreme pov point-of-view first-person establishing over-the-shoulder
    time-lapse timelapse slow-motion bird's-eye drone top-down full long macro rotates swings travels reveals
    """
)
HEDGES = listed(
    """
    seem appear seems appears seemingly apparently continue continues begin begins start starts try tries continuing
    beginning starting proceed proceeds
    """
)
PRESENT = listed("visible seen present shown there located situated positioned placed depicted featured")
"""What only says that something is there."""
READING = listed("read say display show write label print title spell bear state mark inscribe")
"""Verbs before a text in quotes that do no more than bear it."""
BOUNDS = listed("open opens begin begins start starts end ends close closes conclude concludes")
FILLED = listed(
    """
    fill cover line top decorate adorn dot litter load pack stack strew scatter garnish drizzle sprinkle cluster crowd
    stain smear dust lace stuff surround trim frame soak splatter equip furnish
    """
)
"""Verbs whose past with "with" says how something is: "a harbor filled with boats"."""
INTRANSITIVE = listed(
    """
    tower shine glow sparkle shimmer bustle bloom swirl crash flow fall rise sway glisten twinkle gleam flicker drift
    loom sprawl blaze smolder bubble simmer sizzle cheer rustle billow flutter glitter crackle roar rage tumble
    """
)
"""Verbs of which "-ing" before a noun describes it, since they have no object: "shining armor"."""
COLLECTIVE = listed("couple pair team group family crowd audience band crew trio duo")
"""Nouns of one that may do as several do: "the couple share"."""
ABOUT = listed("thinking dreaming speaking talking consisting smelling disposing taking reminding")
"""Forms behind which "of" makes no noun of them."""
AGENTS = ("er", "or", "ist", "man", "woman", "ian", "eer")
"""How nouns end of those who do something."""
SAYING = listed("say says saying said")
SPEAKING = listed("""
    ask asks asking asked shout shouts shouting shouted whisper whispers whispering whispered sing sings singing reply
    replies replying replied exclaim exclaims exclaiming exclaimed yell yells yelling yelled chant chants chanting
    chanted mutter mutters muttering muttered mumble mumbles mumbling scream screams screaming screamed answer answers
    answering answered announce announces announcing announced
    """)
NAMING = listed("named called nicknamed dubbed so-called like")
ARTICLES = listed("a an the his her their this that")
WRITTEN = listed("""
    sign signs logo text word words letters lettering label banner button poster title caption sticker billboard symbol
    subtitle subtitles plate patch badge message inscription number
    """)
"""Nouns of what bears the text in quotes before it."""
NOTHING = listed("video clip scene footage image frame frames picture caption")
"""Subjects of which "shows" is no action."""
SHOWS = listed(
    """
    show shows depict depicts feature features capture captures display displays present presents showing depicting
    featuring contain contains showcase showcases
    """
)


HARDLY = listed("never seldom hardly barely scarcely rarely")
DENYING = HARDLY | {"not"}


def is_adverb(word: str) -> bool:
    """Whether it says how something is done, by its ending, or denies it."""
    return (word.endswith("ly") and word not in NOT_ADVERBS) or word in HARDLY
