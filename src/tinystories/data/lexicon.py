"""The words of the story grammar: typed, so that a plot can only put together what makes sense.

Every tuple goes from the common to the rare. Text may hold the marks that `grammar.py` explains.
"""

from dataclasses import dataclass
from typing import Self


def listed(text: str) -> tuple[str, ...]:
    """Split a text at its commas: a long list of short words."""
    return tuple(" ".join(word.split()) for word in text.split(","))


PRONOUNS = ("he", "him", "his", "himself", "hands")


@dataclass(frozen=True)
class Entry:
    """Anything that has a name."""

    name: str


@dataclass(frozen=True)
class Person(Entry):
    """Somebody who speaks and acts: a child, a grown-up or an animal."""

    kind: str
    he: str
    him: str
    his: str
    himself: str
    call: str  # how others speak to them
    hands: str

    @classmethod
    def of(cls, name: str, kind: str, she: bool, *, call: str = "", hands: str = "hands") -> Self:
        """Make a person whose pronouns agree."""
        words = ("she", "her", "her", "herself") if she else ("he", "him", "his", "himself")
        return cls(name, kind, *words, call or name, hands)


@dataclass(frozen=True)
class Animal(Entry):
    """A kind of animal that may be the hero of a story."""

    home: str
    food: str
    moved: str
    hands: str = "paws"


@dataclass(frozen=True)
class Beast(Entry):
    """An animal as a visitor sees it."""

    many: str
    sound: str
    did: str


@dataclass(frozen=True)
class Toy(Entry):
    """A thing to play with that is small enough to lose."""

    look: str
    played: str
    found: str  # where it lies in a house


@dataclass(frozen=True)
class Place(Entry):
    """A place outdoors, with what there is to see and to do."""

    at: str
    sights: str
    played: str


@dataclass(frozen=True)
class Weather(Entry):
    """Weather that suits a day outside."""

    sky: str


GIRLS = listed(
    """Lily, Mia, Anna, Sara, Maya, Zoe, Amira, Lucy, Mei, Priya, Sofia, Nina, Ruby, Leila,
    Emma, Yuki, Ella, Grace, Aisha, Rosa, Nora, Hana, Molly, Ines, Luna, Fatima, Chloe, Ana,
    Daisy, Freya, Zara, Kim, Ivy, Tara, Kavya, Amy, Vera, Beth, Yara, Eva, Jane, Abena, Ada,
    Greta, Keiko, Lina, Salma, Tess, Nadia, Rose, Zuri, Pia, Ingrid, Willa, Olga, Paloma, Ida,
    Chika, Dalia, Esther, Farah, Gia, Isla, Jasmine, Kaya, Layla, Marta, Naomi, Rania, Sana,
    Thea, Wanda, Alice, Bella, Carmen, Elena, Hope, Ling, Mina, Noor, Sadia, Tina, Anya, Clara,
    Dina"""
)
BOYS = listed(
    """Tim, Ben, Tom, Max, Leo, Sam, Omar, Ravi, Kenji, Mateo, Jack, Ali, Diego, Noah, Kofi,
    Luca, Hugo, Ivan, Theo, Adam, Yusuf, Nico, Dan, Marco, Samir, Raj, Felix, Finn, Pablo,
    Jamal, Eli, Hassan, Peter, Wei, Milo, Bao, Oscar, Hiro, Carlos, Tariq, Liam, Otto, Juan,
    Malik, Zane, George, Rohan, Sven, Karim, Pedro, Ian, Jin, Lars, Tunde, Will, Emeka, Dev,
    Anton, Rafi, Ren, Otis, Nils, Vikram, Tomas, Zeki, Amos, Boris, Cyrus, David, Emil, Frank,
    Gabriel, Henry, Imran, Joel, Kai, Levi, Musa, Nathan, Owen, Paul, Rico, Simon, Toby, Walid,
    Yan, Andre, Bilal, Cole"""
)
ANIMAL_GIRLS = listed(
    """Daisy, Hazel, Poppy, Willow, Dot, Honey, Fern, Pippa, Rosie, Olive, Maple, Clover,
    Nutmeg, Penny, Tansy, Pearl, Ruby, Ginger, Bramble, Coco, Juniper, Misty, Mimi, Pepper,
    Tilly, Bonnie, Dolly, Kiki, Lulu, Peaches, Violet, Sunny, Breezy, Acorn, Cinnamon"""
)
ANIMAL_BOYS = listed(
    """Benny, Pip, Bruno, Rusty, Toby, Oscar, Fuzzy, Barney, Moss, Freddy, Chester, Bobo, Teddy,
    Jasper, Biscuit, Rocky, Sandy, Ollie, Thistle, Max, Hopper, Button, Patch, Monty, Basil,
    Digby, Archie, Ziggy, Mumbles, Sniffles, Waldo, Pickle, Cricket, Pebble, Scamper"""
)
SURNAMES = listed(
    """Green, Lee, Lopez, Brown, Patel, Kim, Baker, Rossi, Okoye, Garcia, Wood, Singh, Novak,
    Hill, Tanaka, Bell, Haddad, Fisher, Silva, Mensah, Berry, Wong, Cohen, Olsen, Khan, Park,
    Flores, Rivers"""
)
WOMEN = ("mom", "grandma", "aunt")
CALLED = {"aunt": "Auntie"}
COLORS = listed(
    """red, blue, yellow, green, pink, purple, orange, white, brown, black, golden, silver, gray"""
)

WOODLAND = (
    Animal("rabbit", "a cozy burrow under the hill", "carrots", "hopped"),
    Animal("bear", "a warm cave", "honey", "lumbered"),
    Animal("mouse", "a tiny hole under an oak tree", "seeds", "scurried"),
    Animal("squirrel", "a nest high in a tree", "nuts", "scampered"),
    Animal("fox", "a den between the rocks", "berries", "trotted"),
    Animal("duck", "the reeds beside the pond", "water plants", "waddled", "wings"),
    Animal("frog", "a pool full of lily pads", "juicy bugs", "leaped", "feet"),
    Animal("hedgehog", "a pile of dry leaves", "mushrooms", "shuffled"),
    Animal("turtle", "a muddy bank by the river", "crunchy leaves", "plodded", "feet"),
    Animal("raccoon", "a hollow log", "corn", "crept"),
    Animal("deer", "a quiet thicket", "sweet grass", "bounded", "hooves"),
    Animal("badger", "a deep, dry tunnel", "roots", "tramped"),
    Animal("otter", "a snug den on the river bank", "shiny fish", "slid"),
    Animal("mole", "a long, dark tunnel", "fat worms", "shuffled"),
    Animal("beaver", "a lodge made of sticks", "bark", "paddled"),
    Animal("chipmunk", "a crack in an old stone wall", "acorns", "dashed"),
    Animal("skunk", "a den beneath some bushes", "plums", "strolled"),
    Animal("porcupine", "a hollow tree stump", "twigs", "ambled"),
    Animal("goose", "a grassy nest by the lake", "green shoots", "waddled", "wings"),
    Animal("lizard", "a gap under a warm stone", "crickets", "darted", "feet"),
)

FARM_BEASTS = (
    Beast("cow", "cows", "moo", "chewed grass with [big, slow jaws|its eyes half closed]"),
    Beast("sheep", "sheep", "baa", "followed the others along the fence"),
    Beast("hen", "hens", "cluck", "scratched in the dust for seeds"),
    Beast("pig", "pigs", "oink", "rolled in the mud with its curly tail in the air"),
    Beast("horse", "horses", "neigh", "tossed its long mane and stamped a hoof"),
    Beast("goat", "goats", "maa", "climbed on top of a barrel and nibbled a rope"),
    Beast("duck", "ducks", "quack", "led seven yellow ducklings to the pond"),
    Beast("donkey", "donkeys", "hee-haw", "wiggled its long ears"),
    Beast("rooster", "roosters", "cock-a-doodle-doo", "stood on the gate and puffed up its chest"),
    Beast("turkey", "turkeys", "gobble", "spread its tail like a fan"),
    Beast("goose", "geese", "honk", "marched across the yard as if it owned the place"),
)

ZOO_BEASTS = (
    Beast("elephant", "elephants", "", "sprayed water over its back with its long trunk"),
    Beast("lion", "lions", "", "yawned and showed [its sharp teeth|a big pink tongue]"),
    Beast("monkey", "monkeys", "", "swung from a rope and peeled a banana"),
    Beast("giraffe", "giraffes", "", "stretched its neck to reach the highest leaves"),
    Beast("penguin", "penguins", "", "slid down the ice on its belly and plopped into the pool"),
    Beast("bear", "bears", "", "scratched its back against a tree trunk"),
    Beast("tiger", "tigers", "", "walked up and down on soft, striped paws"),
    Beast("zebra", "zebras", "", "flicked its tail to chase the flies away"),
    Beast("hippo", "hippos", "", "blew bubbles under the water"),
    Beast("parrot", "parrots", "", 'called, "Hello! Hello!" to everyone who passed'),
    Beast("kangaroo", "kangaroos", "", "hopped by with a baby peeking from its pouch"),
    Beast("seal", "seals", "", "balanced a ball on its wet nose"),
    Beast("crocodile", "crocodiles", "", "lay so still that it looked like a log"),
    Beast("flamingo", "flamingos", "", "slept on one thin, pink leg"),
    Beast("panda", "pandas", "", "munched bamboo and dropped crumbs on its tummy"),
    Beast("camel", "camels", "", "chewed slowly and blinked its long eyelashes"),
    Beast("snake", "snakes", "", "curled around a branch and flicked out its tongue"),
    Beast("owl", "owls", "", "turned its head almost all the way around"),
    Beast("rhino", "rhinos", "", "rubbed its horn against a rock"),
    Beast("koala", "koalas", "", "hugged a tree and snored"),
    Beast("peacock", "peacocks", "", "opened its tail, and it was full of blue and green eyes"),
    Beast("wolf", "wolves", "", "lifted its head and howled at the clouds"),
    Beast("leopard", "leopards", "", "hid its spots in the shadow of a bush"),
    Beast("ostrich", "ostriches", "", "ran so fast that its feathers shook"),
)

TOYS = (
    Toy("ball", "[bouncy|striped|round]", "bounced it down the hall", "behind the door"),
    Toy(
        "teddy bear",
        "[soft|fluffy|fuzzy]",
        "tucked it in and told it a story",
        "between the sofa cushions",
    ),
    Toy("car", "[little|shiny|fast]", "raced it across the floor", "inside a rubber boot"),
    Toy("doll", "[pretty|soft|rag]", "combed its hair and sang to it", "under a heap of blankets"),
    Toy("train", "[wooden|long|painted]", "pulled it past the chairs", "behind the curtain"),
    Toy("boat", "[tiny|wooden|toy]", "floated it in the bathtub", "at the bottom of the bathtub"),
    Toy(
        "top", "[spinning|bright|wooden]", "spun it on the table", "in the corner behind the plant"
    ),
    Toy("drum", "[loud|little|tin]", "tapped it with two spoons", "under the stairs"),
    Toy("puppet", "[funny|floppy|silly]", "made it talk and bow", "inside the laundry basket"),
    Toy("whistle", "[loud|shiny|tin]", "blew it at breakfast", "in the pocket of an old coat"),
    Toy("truck", "[big|strong|dump]", "filled it with blocks", "in the shed next to the rake"),
    Toy("robot", "[square|shiny|wind-up]", "made it march in circles", "on top of the closet"),
    Toy("rocking horse", "[small|painted|wooden]", "fed it pretend hay", "out on the porch"),
    Toy("marble", "[smooth|glass|shiny]", "rolled it along a crack", "in the toe of a slipper"),
    Toy("yo-yo", "[round|shiny|wooden]", "made it go up and down", "inside the teapot"),
    Toy("plane", "[light|shiny|speedy]", "flew it over the chairs", "on top of the bookshelf"),
    Toy("dinosaur", "[scaly|spiky|fierce]", "made it roar", "in the flower pot by the window"),
    Toy(
        "magnet",
        "[strong|small|curved]",
        "picked up pins with it",
        "stuck to the side of the stove",
    ),
    Toy(
        "crown", "[shiny|paper|sparkly]", "wore it at breakfast", "on the head of the sleeping dog"
    ),
    Toy("music box", "[tiny|painted|old]", "listened to its tune", "at the back of a drawer"),
    Toy("rocket", "[tall|shiny|noisy]", "counted down from ten", "under the piano"),
    Toy("kaleidoscope", "[magic|shiny|long]", "watched the colors dance", "in the umbrella stand"),
)

PLACES = (
    Place(
        "the park",
        "at the park",
        """[Ducks paddled across the pond.|Children zoomed down the slide.|A fluffy dog chased
        its own tail.|Pigeons pecked at crumbs under a bench.|A man was selling balloons by the
        gate.|The swings creaked in the breeze.|An old man fed the birds.|Two boys kicked a ball
        across the grass.|A girl on roller skates whizzed by.|The fountain splashed and
        sparkled.|Somebody was playing a guitar under the trees.|A gardener was pulling weeds
        from the tulips.]""",
        """[went down the slide ten times|played on the swings|rode the seesaw|ran races on the
        grass]""",
    ),
    Place(
        "the garden",
        "in the garden",
        """[Bees hummed over the flowers.|A fat worm wiggled in the soil.|A robin sang on the
        fence.|Butterflies danced around the bushes.|The tomatoes were red and ripe.|A snail
        left a silver trail on the path.|Tall sunflowers nodded their heads.|A ladybug sat on a
        leaf.|Ants marched in a line over the stones.|The roses smelled sweet.|A lazy cat was
        stretched out on the wall.|Wet socks swung on the clothesline.]""",
        "[watered the flowers|made a house for a ladybug|played hide and seek|dug for worms]",
    ),
    Place(
        "the beach",
        "at the beach",
        """[Waves rolled in and out.|A crab ran sideways into a hole.|Seagulls cried above the
        water.|The sand was warm and soft.|Far away, a ship sailed by.|Pink shells lay along the
        shore.|A starfish rested in a pool.|Seaweed tickled everyone's toes.|Striped umbrellas
        stood in a row.|A lighthouse shone white on the cliff.]""",
        "[jumped over the waves|dug a deep hole|looked for shells|drew faces in the wet sand]",
    ),
    Place(
        "the forest",
        "in the forest",
        """[A woodpecker tapped on a tree.|Sunlight fell through the leaves.|A squirrel ran up a
        trunk.|Soft moss covered the stones.|Mushrooms grew in a ring.|A stream trickled over
        the pebbles.|The air smelled of pine.|Somewhere an owl hooted.|Dry twigs snapped
        underfoot.|A deer looked up and then trotted off.|Ferns waved like green feathers.]""",
        "[climbed over logs|made a path of pine cones|followed tiny tracks|played pirates]",
    ),
    Place(
        "the lake",
        "by the lake",
        """[The water was as smooth as glass.|A fish jumped and made a ring.|Frogs croaked in
        the reeds.|A swan glided by.|Dragonflies buzzed over the water.|A rowboat bumped against
        the dock.|A heron stood on one leg and waited.|Lily pads floated near the bank.]""",
        "[skipped stones|fed the ducks|paddled in the cool water|watched the little fish]",
    ),
    Place(
        "the meadow",
        "in the meadow",
        """[Tall grass swayed in the wind.|Crickets chirped.|Daisies and clover grew all
        around.|A lark sang high in the sky.|A grasshopper sprang over a stone.|Two brown cows
        looked over the fence.|Dandelion seeds drifted past like tiny umbrellas.|A buzzard
        circled far above.]""",
        """[made crowns of daisies|rolled down the hill|chased butterflies|looked for shapes in
        the clouds]""",
    ),
    Place(
        "the playground",
        "at the playground",
        """[The merry-go-round squeaked as it turned.|A line of children waited at the
        slide.|Somebody had drawn a chalk sun on the ground.|A baby dug in the sandbox.|Three
        girls were jumping rope and singing.|A boy hung upside down like a bat.|A red bucket lay
        in the sand.]""",
        "[climbed the ropes|played tag|made sand pies|swung as high as the treetops]",
    ),
    Place(
        "the hill",
        "on the hill",
        """[The wind whistled in the grass.|The houses below looked like toys.|A hawk hung in
        the air.|A goat bell rang somewhere.|Clouds sailed past like ships.|A narrow path
        climbed to the top.|Wild strawberries hid among the leaves.]""",
        "[rolled down to the bottom|raced to the old tree|shouted and heard the echo]",
    ),
    Place(
        "the farm",
        "at the farm",
        """[Hens clucked in the yard.|A tractor rumbled in the field.|The barn smelled of hay.|A
        pony looked over its gate.|Pigs grunted in the mud.|A cart full of pumpkins stood by the
        door.|Swallows flew in and out of the barn.|The farmer carried two buckets of milk.]""",
        "[jumped in the hay|fed the lambs|collected eggs|sat on the tractor]",
    ),
    Place(
        "the schoolyard",
        "in the schoolyard",
        """[A bell rang and children ran out.|Someone was bouncing a basketball.|A flag flapped
        on its pole.|Backpacks lay in a heap by the door.|The teacher waved from the steps.|A
        game of hopscotch was painted on the ground.]""",
        "[played hopscotch|traded stickers|played leapfrog|told jokes]",
    ),
    Place(
        "the orchard",
        "in the orchard",
        """[Apples hung on every branch.|A ladder leaned against a pear tree.|Wasps buzzed
        around the fallen plums.|A basket stood half full in the grass.|The cherry trees were
        white with blossom.]""",
        "[climbed the low branches|picked fruit|played hide and seek between the trees]",
    ),
    Place(
        "the river",
        "by the river",
        """[The river gurgled over the rocks.|A beaver had cut down a tree.|Willows touched the
        water.|A kingfisher flashed by, blue as a jewel.|Little fish darted in the shallow
        water.|Under the bridge, it was cool and dark.|A boatman waved as he rowed past.]""",
        "[threw sticks from the bridge|built a dam of stones|sailed boats of bark]",
    ),
)

WILD_PLACES = tuple(
    place
    for place in PLACES
    if place.name in ("the forest", "the meadow", "the lake", "the hill", "the river")
)

FAIR_WEATHER = (
    Weather(
        "sunny",
        """[The sun was shining and the sky was blue.|The sun felt warm.|There was not one cloud
        in the sky.]""",
    ),
    Weather(
        "warm", "[The air smelled of summer.|Even the shade was warm.|A soft wind was blowing.]"
    ),
    Weather("bright", "[Everything looked fresh and clean.|The light danced on every leaf.]"),
    Weather(
        "windy",
        """[The wind pulled at everything.|Leaves flew past like birds.|The trees waved their
        arms.]""",
    ),
    Weather("fine", "[White clouds floated by like sheep.|The birds were singing.]"),
    Weather(
        "cloudy", "[Gray clouds covered the sun, but it was dry.|The clouds looked like pillows.]"
    ),
    Weather("cool", "[The air was crisp.|It was cool enough to see your own breath.]"),
    Weather("misty", "[A thin mist hung over everything, but soon the sun came out.]"),
    Weather("lovely", "[It was the kind of day when good things happen.]"),
    Weather("quiet", "[Nothing moved but a few leaves.|The whole world seemed to be waiting.]"),
)

JUNK = listed(
    """a spoon, an old sock, a pencil, a button, two coins, a key, a comb, a sticky candy, a
    feather, a blue crayon, a shoe, a piece of string, a dusty book, a puzzle piece, a ribbon, a
    paper clip, a broken clock, an empty jar, three marbles, a mitten, a rubber band, a
    toothbrush, a dead battery, a fork, a hair clip, a birthday card, a cookie crumb, a
    postcard, a ruler, a bottle cap, a stamp, an umbrella, a thimble, a rusty nail, a walnut
    shell, a bookmark, a torn map, a tennis ball, a candle stub, half a cracker, a bell, a pair
    of glasses, a ticket, a sponge, a needle and thread, a tiny mirror, an envelope, a scarf, a
    cork, a picture frame, a shoelace, a lamp, a playing card, a dried flower, a straw hat, a
    bent hanger, a pinecone, a flashlight, a domino, a wooden block, a toy soldier, a jump rope,
    a peanut, a raisin, a safety pin, a measuring tape, a paintbrush, a bandage, a purse, a
    padlock"""
)

FRUITS = listed(
    """apples, bananas, strawberries, grapes, oranges, pears, cherries, blueberries, peaches,
    plums, raspberries, melons, mangoes, lemons, kiwis, pineapples, blackberries, figs,
    apricots, coconuts, dates, limes, papayas, pomegranates"""
)
VEGETABLES = listed(
    """carrots, potatoes, peas, beans, onions, tomatoes, pumpkins, mushrooms, cucumbers,
    radishes, turnips, leeks, beets, peppers, cabbages, eggplants"""
)
TREATS = listed(
    """cookies, pancakes, muffins, cupcakes, popcorn, waffles, jelly beans, pretzels,
    gingerbread, lollipops, brownies, doughnuts, dumplings, rice cakes, chocolate, marshmallows,
    crackers with jam, cinnamon rolls, fruit tarts, sesame buns"""
)
MEALS = listed(
    """soup, noodles, rice and beans, pizza, spaghetti, fish and potatoes, toast with jam, eggs,
    porridge, sandwiches, tacos, chicken stew, macaroni, salad, curry and rice, meatballs,
    lentils, omelets, cheese and bread, corn on the cob, a bowl of cereal, yogurt with honey,
    vegetable pie, baked beans, oatmeal, dumplings in broth"""
)
CLOTHES = listed(
    """hat, red coat, yellow raincoat, blue sweater, scarf, striped shirt, green jacket, pair of
    purple boots, cap, cape, apron, pair of sandals, woolly vest, pair of overalls, belt with a
    big buckle, pair of white sneakers, polka dot skirt, pair of mittens, silver bracelet, bow
    tie, backpack with a badge, headband, pair of sunglasses, pair of checkered pants, velvet
    ribbon, straw hat, bandana, denim jacket"""
)
JOBS = listed(
    """doctor, pilot, teacher, firefighter, cook, farmer, painter, dancer, singer, sailor,
    builder, vet, astronaut, baker, police officer, nurse, train driver, gardener, scientist,
    magician, clown, librarian, carpenter, diver, inventor, bus driver, zookeeper, mountain
    climber, dentist, explorer, writer, tailor, potter, fisher, mechanic, judge, king, queen,
    knight, captain, wizard"""
)
INSTRUMENTS = listed(
    """drum, piano, flute, guitar, trumpet, violin, bell, whistle, banjo, harp, recorder,
    tambourine, accordion, xylophone, cello, ukulele, trombone, triangle"""
)
ADULTS_MET = listed(
    """the mail carrier, the baker, a police officer, the bus driver, the gardener, the
    librarian, the shopkeeper, the ice cream man, the flower seller, the crossing guard"""
)
DREAMS = listed(
    """a friendly dragon, a house made of pancakes, flying over the rooftops, talking fish, a
    train that ran on clouds, a garden on the moon, dancing elephants, a river of lemonade,
    sailing to an island of cats, a giant who was afraid of mice, stars that sang lullabies, a
    whale with a door in its side, snowmen eating soup, a castle with a hundred stairs, riding a
    giraffe to school, a forest where socks grew on trees, penguins on roller skates, a king who
    took a bath in the royal fountain, rainbows you could slide down, a tiger who knitted, a
    piano that played by itself, balloons as big as houses, a bear who drove a bus, mermaids
    brushing their hair, an owl who told jokes, a bakery run by mice, a parade of snails, a
    mountain of pillows, a pirate ship full of books, catching comets in a net, an octopus
    playing eight drums, a friendly ghost who baked bread"""
)
HOBBIES = listed(
    """to draw, to sing, to run, to climb trees, to look at books, to dance, to paint, to splash
    in puddles, to build things, to ask questions, to collect shiny stones, to play outside, to
    count things, to make up songs, to help in the kitchen, to dig in the sand, to watch the
    birds, to tell jokes, to play the drum, to dress up, to swim, to bake, to play with trains,
    to do puzzles, to catch bugs and let them go, to look at the stars, to ride a scooter, to
    plant things, to whistle, to jump rope, to fold paper animals, to tell stories, to pretend,
    to skip, to collect stamps, to make mud pies, to read maps, to take things apart, to do
    cartwheels, to fly kites, to knit, to blow bubbles"""
)
ANIMAL_HOBBIES = listed(
    """to play in the leaves, to eat {hero_animal.food}, to sing, to explore, to make new
    friends, to nap in the sun, to splash in the stream, to collect smooth pebbles, to tell
    riddles, to watch the clouds, to count the stars, to race with the wind, to dig holes, to
    listen to stories, to hum little tunes, to roll down the hill, to play hide and seek, to
    smell the flowers, to dance in the moonlight, to make up games, to watch the sunrise"""
)
TRAITS = listed(
    """little, kind, happy, brave, curious, small, clever, cheerful, funny, shy, lively, gentle,
    quiet, helpful, careful, playful, friendly, busy, bright, thoughtful, honest, patient,
    silly, bold, generous, noisy, dreamy, sleepy, polite, stubborn, adventurous, eager, messy,
    merry, hopeful, energetic"""
)
LOOKS = """[curly brown hair|long black hair|short red hair|two neat braids|big brown eyes|a gap
    between {his} front teeth|freckles on {his} nose|straight dark hair|a loud laugh|a smile
    like sunshine|dimples in both cheeks|wild, wavy hair|warm green eyes|thick blond hair|a
    round face|a scar on {his} knee from an old fall|long eyelashes]"""

_CHILD_ABOUT = (
    "{He} loved {hobby}.",
    "{He} was [four|five|six] years old.",
    "{He} had {looks}.",
    "{He} [always|often] wore a {garment}.",
    "{He} [liked|loved] {hobby} and {hobby_two}.",
    """{He} lived with {his} family in a [small|yellow|tall|cozy|brick] house[ near the woods|
    on a hill| by the sea| at the end of the street| in a busy town| next to a bakery|].""",
    "{He} wanted to be a {job} one day.",
    "{His} favorite food was {meal}.",
    "{He} could never sit still for long.",
    "Everyone on the street knew {his} name.",
    """{He} was [small for {his} age, but very quick|the youngest of three children|new in
    town|always the first one up in the morning].""",
    """{He} [shared a room with {his} big sister|could count to a hundred|knew the names of all
    the birds|laughed more than anyone else].""",
    "{His} pockets were always full of [pebbles|string|acorns|crumbs|shells].",
    "{He} talked to everyone, even to [cats|trees|the moon|{his} shoes].",
    "{He} had a {hue} [bike|kite|bedroom|scooter|blanket|umbrella] and {looks}.",
    """{He} could [hop on one leg|stand on {his} head|touch {his} nose with {his} tongue|wiggle
    {his} ears].""",
    "{He} thought that every day was a good day for {treat}.",
)
_ANIMAL_ABOUT = (
    "{He} lived in {hero_animal.home}.",
    "{He} loved {animal_hobby}.",
    "{His} favorite food was {hero_animal.food}.",
    "{He} was [not very big|the smallest in {his} family], but {he} had a [big|warm] heart.",
    """{He} lived in {hero_animal.home} with {his} [mother|father|two brothers|three
    sisters|whole family].""",
    "Every morning {he} {hero_animal.moved} out to say hello to the sun.",
    "{He} could count up to nine, which is a lot for a {hero.kind}.",
    "{He} was always the first to laugh at a joke.",
    "{He} knew every path and every puddle.",
    """{He} [wore a tiny {hue} scarf|kept a lucky pebble under {his} bed|had a song for every
    kind of weather].""",
)

# Phrases that any plot may use by name; most speak of the hero.
PHRASES: dict[str, object] = {
    "hobby": HOBBIES[::2],
    "hobby_two": HOBBIES[1::2],
    "animal_hobby": ANIMAL_HOBBIES,
    "looks": LOOKS,
    "garment": CLOTHES,
    "job": JOBS,
    "meal": MEALS,
    "treat": TREATS,
    "fruit": FRUITS,
    "vegetable": VEGETABLES,
    "dream": DREAMS,
    "trait": TRAITS,
    "hue": COLORS,
    "answered": ("said", "answered", "replied"),
    "asked": ("asked", "asked", "asked", "wondered"),
    "cried": ("cried", "shouted", "exclaimed", "yelled"),
    "cheered": ("cheered", "laughed", "shouted", "cried", "sang", "squealed"),
    "whispered": ("whispered", "murmured", "mumbled"),
    "sobbed": ("sobbed", "sniffed", "wailed", "cried", "moaned"),
    "sighed": ("sighed", "groaned", "grumbled"),
    "kindly": "[kindly|gently|softly|with a smile|warmly|calmly|in a soft voice]",
    "child": (
        "Once upon a time, there was a {trait} {hero.kind} named {hero}. {child_about}",
        "{Hero} was a {trait} {hero.kind}. {child_about}",
        "There was once a {hero.kind} called {hero}. {child_about}",
        "Once there was a {trait} {hero.kind} whose name was {hero}. {child_about}",
        "{Hero} was a {hero.kind} who loved {hobby}.",
        """A {trait} {hero.kind} named {hero} lived in a [small town|big city|quiet
        village|house by the sea|house with a {hue} door|tall apartment building]. {He} had
        {looks}.""",
        "Do you know {hero}? {Hero} was a {trait} {hero.kind} with {looks}.",
        """In a [small|green|little|sleepy] [village|town|valley] there lived a {hero.kind}
        named {hero}.""",
    ),
    "child_about": "[" + "|".join(_CHILD_ABOUT) + "|]",
    "animal": (
        "Once upon a time, there was a {trait} {hero.kind} named {hero}. {animal_about}",
        "{Hero} was a {trait} {hero.kind}. {animal_about}",
        "Deep in the [forest|woods], there lived a {hero.kind} called {hero}. {animal_about}",
        "A long time ago, a {trait} {hero.kind} named {hero} lived in {hero_animal.home}.",
        "There once was a {hero.kind} named {hero} who loved {animal_hobby}.",
        "In {hero_animal.home} lived a {trait} {hero.kind}. {His} name was {hero}.",
    ),
    "animal_about": "[" + "|".join(_ANIMAL_ABOUT) + "|]",
    "one_day": (
        "One day,",
        "One {weather} day,",
        "One {weather} [morning|afternoon],",
        "One morning,",
        "On a {weather} day,",
        "One [Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday],",
        "One morning after breakfast,",
        "One afternoon,",
    ),
    "one_day_low": ("one day", "one morning", "one {weather} day", "one afternoon"),
    "adult": ADULTS_MET,
    "idea": """[Then {he} had an idea.|All at once {he} had a good idea.|{He} thought and
        thought.|{He} scratched {his} head and thought hard.|Suddenly {his} eyes lit up.|{He}
        closed {his} eyes to think.]""",
    "sad": """[{Hero} felt sad.|Tears filled {his} eyes.|A tear rolled down {his} cheek.|{Hero}
        began to cry.|{He} felt like crying.|{His} heart felt heavy.|{Hero} hung {his}
        head.|{His} lip began to shake.|There was a lump in {his} throat.]""",
    "glad": """[{Hero} was very happy.|{Hero} smiled.|{Hero} jumped for joy.|{Hero} felt warm
        inside.|{Hero} could not stop smiling.|{Hero} laughed out loud.|{Hero} was
        {simile_glad}.|{Hero} danced around in a circle.|{Hero} grinned from ear to ear.|{Hero}
        felt as light as a feather.|{His} eyes shone.|{Hero} gave a happy little skip.]""",
    "simile_glad": """[so happy that {he} could have danced|as happy as a lark|as happy as could
        be|as merry as a cricket]""",
    "proud": """[{Hero} felt proud.|{Hero} stood up very straight.|{Hero} was so proud of
        {himself}.|{Hero} felt ten feet tall.|{Hero} was as proud as a peacock.|{His} whole face
        glowed.]""",
    "scared": """[{Hero} was scared.|{His} heart beat fast.|{His} knees shook.|{Hero} felt cold
        all over.|{Hero} trembled like a leaf.|{His} tummy felt funny.|{He} wanted to run
        away.|{His} mouth went dry.]""",
    "thanks": """["Thank you, {helper.call}!" [said|{cheered}] {hero}.|"Thank you so much,
        {helper.call}," said {hero}.|{Hero} [gave|ran and gave] {helper} a [big|tight|long]
        hug.|"You are the best, {helper.call}!" {cheered} {hero}.|"I could not have done it
        without you," {hero} told {helper}.]""",
    "welcome": """["You're welcome," said {helper}.|{Helper} [smiled|winked|nodded].|"I'm glad I
        could help," said {helper}.|{Helper} just laughed.]""",
    "night": """[That night, {hero} dreamed of {dream}.|That night, {hero} fell asleep with a
        smile on {his} face.|That night {he} slept very well.|When {hero} went to sleep, {he}
        dreamed of {dream}.|At bedtime, {hero} was still smiling.|That night, {he} told the moon
        all about it.]""",
    "learned": "[From that day on,|After that,|Ever since,|From then on,]",
}
