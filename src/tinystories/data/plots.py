"""The plots of the story grammar: each chooses a cast and yields the paragraphs of its story.

`grammar.py` explains the marks in the text. What belongs to one plot only (a fear and how it is
overcome, a skill and how it is learned) stands beside that plot, one entry for each way it can go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tinystories.data.lexicon import (
    ADULTS_MET,
    ANIMAL_BOYS,
    ANIMAL_GIRLS,
    FARM_BEASTS,
    FRUITS,
    HOBBIES,
    INSTRUMENTS,
    JUNK,
    PLACES,
    TOYS,
    TREATS,
    VEGETABLES,
    WILD_PLACES,
    WOODLAND,
    ZOO_BEASTS,
    Animal,
    Entry,
    Person,
    listed,
)

if TYPE_CHECKING:
    from tinystories.data.grammar import Teller

Plot = Callable[["Teller"], Iterator[str]]


# --- A toy is lost ---------------------------------------------------------------------------

SEARCHED = listed(
    """under the bed, in the toy box, behind the bookcase, under the kitchen table, in the
    closet, under the rug, in the garage, on the window sill, inside the cupboard, behind the
    washing machine, in every drawer, beneath a pile of pillows, in the wheelbarrow, behind the
    trash can, in the hallway, under the bathroom sink"""
)


def lost_toy(t: Teller) -> Iterator[str]:
    """A toy is gone, is looked for in the wrong places, and turns up in the right one."""
    t.child()
    t.grown_up()
    t.cast["toy"] = t.pick(TOYS)
    t.cast["first"], t.cast["second"], t.cast["third"] = t.some(SEARCHED, 3)
    t.cast["thing"], t.cast["another"] = t.some(JUNK, 2)
    yield """{child} {Hero} had a {toy.look} {toy}. [It was {color}, and {he} loved it very
        much.| It was a gift from {his} [aunt|uncle|cousin].|It was {his} favorite thing in the
        whole world.|{He} had found it at a yard sale.] [Every day|All day long|Each morning]
        {he} {toy.played}."""
    yield """{one_day} {hero} wanted to play, but the {toy} was [gone|not there|nowhere to be
        seen]. {He} looked {first}. {He} found {thing}, but no {toy}. {He} looked {second}.
        There was only {another}. [{He} even looked {third}.|Then {he} peeked {third}, but it
        was empty.|] [{sad}|"Where is my {toy}?" {he} {sobbed}.|"It must be somewhere!" {hero}
        {cried}.]"""
    way = t.even(("last", "pet", "tidy"))
    if way == "last":
        yield """{Helper} [heard {him}|came in|put down {helper.his} book]. "What is wrong?"
            {helper.he} {asked}. "My {toy} is lost," said {hero}. [{Helper} sat down beside
            {him}.| {Helper} wiped {his} face.] "Let's think. Where did you play with it last?"
            {idea} "[I know!|Wait!|Oh!] Yesterday I played [before my bath|with my cousin|until
            supper time]!" {he} {cried}. They went to look together, and there it was,
            {toy.found}!"""
    elif way == "pet":
        t.settle("pet", "[puppy|kitten|dog|cat]")
        yield """{Helper} came to help. They looked high and low. Just then, their {pet} [ran|
            trotted|crept] past with something in its mouth. "[Look!|Hey!] That's my {toy}!"
            {cried} {hero}. They followed the {pet} [on tiptoe|down the hall|around the corner].
            It had made a secret nest {toy.found}. In the nest lay the {toy}, along with [a
            sock|one slipper|a bone|{helper}'s glove]. {Helper} [laughed until {helper.his}
            sides hurt|began to laugh]. "Somebody else loves your {toy} too," {helper.he} said."""
    else:
        yield """"It is hard to find anything in such a mess," said {helper}. "Let's tidy up,
            and we will see." {Hero} [did not want to|sighed], but {he} began. They put the
            blocks on the shelf, the crayons in their box and the dirty shirts in the basket.
            {Helper} carried [a tray of cups|some old coats|an armful of towels] away. And
            there, {toy.found}, was the {toy}! It had been there all the time."""
    yield """[{glad}|{Hero} held the {toy} tight.|"My {toy}! My {toy}!" {he} {cheered}.]
        {thanks} [{welcome}|] [{learned} {hero} put the {toy} [back on its shelf|in a special
        box|next to {his} bed] every night.|"Things like to have a home," said {helper}, "and so
        do we."|That evening {he} made a little bed for the {toy} out of a shoe box.]"""


# --- Two children and one toy ----------------------------------------------------------------


def sharing(t: Teller) -> Iterator[str]:
    """One has what the other wants; they learn to take turns."""
    t.child()
    t.child("friend")
    t.cast["toy"], t.cast["other"] = t.some(TOYS, 2)
    t.grown_up("mom", "dad", "grandma")
    yield """{child} {one_day} {his} friend {friend} came over to play. {Friend} had a
        {toy.look} {toy}. [It was the best {toy} that {hero} had ever seen.|{Hero} could not
        stop looking at it.|{Hero} had never seen one like it.]"""
    if t.chance(0.5):
        yield """"[Can|May] I play with it?" {asked} {hero}. "No! It's mine," {answered}
            {friend}, and {friend.he} [held it close|hid it behind {friend.his} back|turned
            away]. {Hero} [grew angry|stamped {his} foot|wanted it so much]. {He} grabbed the
            {toy} and pulled. {Friend} pulled too. "Let go!" {cried} {friend}. "You let go!"
            {cried} {hero}. [Crash!|Bump!|Thump!] They both fell down, and the {toy} rolled away
            [under the table|into a corner]."""
        yield """{Helper} [came in|ran to see what the noise was]. "[Oh dear!|My, my!] What
            happened here?" [Nobody said a word.|Both children looked at their feet.] At last
            {hero} {whispered}, "I pulled it. I am sorry, {friend}." "I am sorry too," said
            {friend}. "I should have let you have a turn." {Helper} [smiled|nodded]. "[A toy is
            more fun with two| One can play, but two can play better]," {helper.he} said."""
    else:
        yield """{Hero} wanted to ask for it, but {he} was [too shy|afraid that {friend} would
            say no]. {He} sat [on the step|in a corner|by the window] and [looked at {his}
            shoes|pulled at a loose thread]. "Why are you so quiet?" {asked} {helper}. {Hero}
            {whispered} it into {helper.his} ear. "You could offer to trade," said {helper}.
            "You have something nice too." {idea} {He} ran to {his} room and came back with
            {his} {other.look} {other}."""
        yield """"You can have a turn with my {other}," said {hero}, "if I may have a turn with
            your {toy}." {Friend} looked at the {other}. {Friend.his} face lit up. "[Yes,
            please!|Deal!| That's fair!]" {friend.he} {cheered}."""
    yield """So they [took turns|shared]. First {friend} played, and then {hero} did. [They
        counted to twenty for each turn.|They made up a game with two teams.|{Hero} showed
        {friend} a new trick.|They built a little town for it out of boxes.] [They laughed until
        their tummies hurt.|The afternoon flew by.|] [When it was time to go, {friend} said,
        "Let's play again tomorrow!"|"You are a good friend," said {friend}.|Afterwards {helper}
        gave them {treat} and milk.] [{learned} they always shared their toys.|Sharing made them
        both happy.|{glad}]"""


# --- Something is frightening ----------------------------------------------------------------


@dataclass(frozen=True)
class Fear(Entry):
    """What frightens, why it need not, and how that is found out."""

    scene: str
    comfort: str
    brave: str
    after: str


FEARS = (
    Fear(
        "the dark",
        """One night, the lamp in {his} room went out. Everything was black. {Hero} saw a tall
        shape by the wall. It seemed to have [long arms|a pointed head|a crooked back]!""",
        """{Helper} came in with a [candle|flashlight|lantern]. "What do you see?" {helper.he}
        {asked}. "A monster," {whispered} {hero}. {Helper} shone the light on it. It was only [a
        coat on a hook|a chair with a sweater on it|the curtain moving in the wind].""",
        """They turned the light off again. {Hero} took a deep breath and walked right up to the
        shape. {He} touched it. "Hello, you silly old thing," {he} said.""",
        """Now {hero} likes the dark, because [that is when the stars come out|it is cozy and
        quiet].""",
    ),
    Fear(
        "thunder",
        """One evening, dark clouds rolled over the roof. There was a flash, and then a loud
        BOOM! {Hero} [dived under the blanket|hid behind the sofa|put {his} {hands} over {his}
        ears].""",
        """{Helper} sat down on the floor beside {him}. "Thunder is only a noise," {helper.he}
        said. "The clouds are [banging on their drums|bowling|moving their furniture]. Let's
        count. When we see the lightning, we count until we hear the boom." """,
        """Flash! "One, two, three, four," they counted. Boom! Flash! "One, two, three, four,
        five, six," counted {hero}, all by {himself}. Boom! It was not so loud now. "It's going
        away!" {he} {cheered}.""",
        """When the storm was over, there was a rainbow over the [rooftops|hills|trees].""",
    ),
    Fear(
        "big dogs",
        """One day, a huge, shaggy dog stood at the gate. "Woof!" it said. {Hero} [froze|hid
        behind {helper}|jumped back].""",
        """"This is Bear," said {helper}. "He is big, but he is as gentle as a lamb. See how he
        wags his tail? That means he wants to be friends. Hold out your {hands} and let him
        sniff." """,
        """{Hero} held out one finger. Sniff, sniff, went the dog. His nose was wet and cold.
        Then the dog gave {hero} a big, sloppy lick. {Hero} giggled and patted the soft ears.""",
        """The next time they met, {hero} was the first to say hello, and the dog gave {him} a
        paw.""",
    ),
    Fear(
        "deep water",
        """One hot day, everyone jumped into the lake. Only {hero} stayed on the dock. The water
        looked [so dark|green and cold|very deep].""",
        """"You don't have to jump," said {helper}. "Start with your toes. I will be right
        here." {Hero} put one toe in. It tickled. Then {he} put in {his} feet, and then {his}
        knees.""",
        """{Helper} held {him} under the tummy. "Kick, kick, kick!" {helper.he} called. {Hero}
        kicked and kicked, and splashed like a happy fish. When {he} looked around, {he} was
        floating!""",
        """By the end of the summer, nobody could get {hero} out of the water.""",
    ),
    Fear(
        "high places",
        """One day, the others climbed to the top of the tall slide. {Hero} climbed three steps.
        Then {he} looked down, and the ground seemed so far away. {He} held on tight and could
        not move.""",
        """{Helper} came and stood behind {him}. "Don't look down," {helper.he} said {kindly}.
        "Look at the next step. Only that one. I won't let you fall." """,
        """{Hero} looked at the next step, and climbed it. Then the next, and the next. And then
        there were no more steps! {He} could see [the river|the church tower|the whole town].
        {He} sat down, shut {his} eyes, and whoosh! Down {he} went.""",
        """"Again!" {cheered} {hero}, and {he} went down that slide nine more times.""",
    ),
    Fear(
        "the doctor",
        """One day, {hero} had to see the doctor for a checkup. In the waiting room, {he} sat on
        {his} {hands} and [stared at the fish tank|did not want to read a book|counted the
        tiles].""",
        """"The doctor only wants to keep you healthy," said {helper}. "Would you like to hold
        my hand?" The doctor had a kind face and a funny tie with [ducks|bananas|robots] on it.
        First came {helper}'s heart, and {hero} was allowed to listen too. Thump, thump, thump,
        it went.""",
        """Then it was {hero}'s turn. {He} opened {his} mouth wide and said, "Aaah!" {He}
        breathed in and out. It did not hurt one bit. "You are as strong as an ox," said the
        doctor, and she gave {him} a shiny sticker.""",
        """At home, {hero} listened to the hearts of all {his} stuffed animals.""",
    ),
    Fear(
        "the noise in the attic",
        """Scratch, scratch, scratch! Every night, something [moved|scratched|bumped] above the
        ceiling. {Hero} pulled the covers up to {his} chin.""",
        """"Let's find out what it is," said {helper}. "A thing is less scary when you know its
        name." They took a flashlight and climbed the ladder, one step at a time.""",
        """{He} was the one who opened the little door. There, in an old hat box, sat a [mother
        squirrel with four babies|family of mice|sleepy owl with round eyes]. "Oh!" {whispered}
        {hero}. "They are more afraid of us than we are of them." """,
        """After that, {hero} left a few nuts by the door each evening and said, "Good night, up
        there!" """,
    ),
    Fear(
        "spiders",
        """One morning, a spider sat on the wall beside the bath. It had eight long legs. "Take
        it away!" {cried} {hero}.""",
        """{Helper} did not squash it. {Helper.he} put a glass over it and slid a card
        underneath. "Look closely," {helper.he} said. "She is a tiny builder. She makes a net of
        silk, and she eats the flies that bother us." """,
        """{Hero} carried the glass outside, very slowly. {He} set the spider free on [the
        fence|a rose bush]. The next day there was a web there, and it was full of dewdrops,
        like a necklace.""",
        """{Hero} named the spider [Betty|Silky|Mrs. Legs] and said good morning every day.""",
    ),
    Fear(
        "the first day of school",
        """At the school door, {hero} held {helper}'s coat and would not let go. "What if nobody
        likes me?" {he} {whispered}.""",
        """{Helper} drew a little heart on {his} hand, and one on {helper.his} own. "When you
        miss me, press your heart," {helper.he} said, "and I will feel it." """,
        """{Hero} pressed the heart once and went in. A [girl|boy] with a {hue} backpack moved
        over to make room. "Do you like to paint?" the [other child|new friend] asked. {Hero}
        did. They painted [a rocket|a green cow|the biggest sun in the world], and soon the
        heart was covered in paint.""",
        """When school was out, {hero} said, "Is it over already?" """,
    ),
)


def afraid(t: Teller) -> Iterator[str]:
    """Something frightens, somebody explains, and courage comes."""
    t.child()
    t.grown_up()
    t.settle("trait", "[little|shy|quiet|small|kind|gentle|thoughtful|funny]")
    t.cast["hobby"] = tuple(one for one in HOBBIES if "swim" not in one and "climb" not in one)
    t.cast["fear"] = t.even(FEARS)
    yield """{child} [{He} was not afraid of many things, but {he} was afraid of {fear}.|There
        was only one thing {he} did not like, and that was {fear}.|But {hero} was [very|so|a
        little] afraid of {fear}.] [{He} never told anyone.|{His} friends did not know.|]"""
    yield """{fear.scene} {scared} "[I'm scared|I don't like it|I don't dare]," {he}
        {whispered}."""
    yield "{fear.comfort}"
    yield """[{Hero} was still [afraid|nervous|a bit scared], but {he} wanted to try.|{Hero}
        thought about that.|"Are you sure?" {asked} {hero}. "I am sure," {answered}
        {helper}.|{Hero} swallowed hard.] {fear.brave} [{proud}|{glad}|Now {he} was not afraid
        any more.]"""
    yield """["You were very brave," said {helper}. "Being brave means that you are scared and
        you do it anyway."|{thanks}|"I am proud of you," {helper} told {him}.] {fear.after}"""


# --- Cooking goes wrong ----------------------------------------------------------------------


@dataclass(frozen=True)
class Dish(Entry):
    """What is cooked, how it goes wrong, and what becomes of it."""

    need: str
    steps: str
    mishap: str
    rescue: str


DISHES = (
    Dish(
        "a cake",
        "flour, butter, eggs and sugar",
        """{Hero} cracked the eggs and {helper} stirred the batter. [A little flour flew up and
        landed on {his} nose.|The kitchen smelled of vanilla.|The bowl was so big that {he} had
        to hug it.]""",
        "{Hero} tasted the batter. Yuck! {He} had used salt instead of sugar!",
        """"Now we know what salt looks like," said {helper}, and they began again. This time
        {hero} tasted the sugar first. Soon a golden cake came out of the oven. They covered it
        with [cream|jam|frosting] and {fruit}.""",
    ),
    Dish(
        "some cookies",
        "flour, honey, oats and raisins",
        """They rolled out the dough and cut it into [stars and moons|hearts|little animals].
        {Hero} put them on the tray in three neat rows.""",
        """Then they went to look at a picture book, and they forgot the time. Smoke came out of
        the oven! The cookies were as black as coal.""",
        """"Luckily we have more dough," said {helper}. They set a clock next to the oven, and
        {hero} watched it like a hawk. Ding! These cookies were [brown and crisp|just right|warm
        and chewy].""",
    ),
    Dish(
        "a big pot of soup",
        "{vegetable}, {vegetable_two} and a little salt",
        """{Hero} washed everything and {helper} cut it up. Into the pot it went, plop, plop,
        plop! The soup bubbled and steamed.""",
        """{Hero} wanted to add some pepper, but the lid fell off, and all of the pepper went
        in. Achoo! Achoo! They both sneezed and sneezed.""",
        """"We need more of everything else," said {helper}. So they added water and more
        {vegetable_two}, until the pot was full to the brim. Now there was so much soup that
        they invited [the neighbors|the whole street].""",
    ),
    Dish(
        "pancakes",
        "milk, flour and two eggs",
        """{Hero} poured the batter into the pan. It made a round, yellow moon. [Little bubbles
        popped on top.|It hissed and sizzled.]""",
        """"Watch me flip it!" {cried} {hero}. Up, up went the pancake, and it did not come
        down. It was stuck to the ceiling!""",
        """They looked up. Slowly, slowly, the pancake peeled off and fell, flop, right onto
        [the cat's back|{helper}'s head]! They laughed and laughed. For the next one {hero} used
        a big spatula, and {he} did not lose a single pancake.""",
    ),
    Dish(
        "a pizza",
        "dough, cheese and ripe tomatoes",
        """{Hero} pushed and pulled the dough. {He} made a face on top, with [olives for
        eyes|mushrooms for ears|a pepper for a smile].""",
        """But when {he} carried it to the oven, {he} tripped over the mat. The pizza slid off
        and landed upside down on the floor.""",
        """{sad} "It was an accident," said {helper}. "We have flour and we have four {hands}."
        They made a new one together, smaller but even funnier, and this time they carried it
        side by side.""",
    ),
    Dish(
        "bread",
        "flour, water, salt and yeast",
        """{Hero} pressed the dough with both {hands} until it was smooth. "Now it has to rest,"
        said {helper}. "Bread takes its time." """,
        """{Hero} did not want to wait. {He} put in a lot more yeast, so that it would be quick.
        The dough grew, and grew, and climbed right out of the bowl!""",
        """"Help! It's alive!" {cried} {hero}. They caught the dough and shaped it into ten fat
        rolls. "Some things cannot be hurried," said {helper}. They waited until the rolls were
        done, and they were wonderful with [butter|honey|cheese].""",
    ),
    Dish(
        "lemonade",
        "lemons, cold water and sugar",
        """{Hero} squeezed the lemons. [Juice ran down to {his} elbows.|A seed hopped across the
        table.] {He} stirred it with a long spoon, and the ice went clink.""",
        """{He} took a big sip. Oh, it was sour! {His} whole face wrinkled up like an old apple.
        {He} had forgotten the sugar.""",
        """{Helper} put in one spoon, two spoons, three spoons. "Try it now," {helper.he} said.
        Now it was sweet and cool. They put up a table [in front of the house|under the tree]
        and gave a cup to everyone who passed by.""",
    ),
    Dish(
        "a fruit salad",
        "{fruit}, {fruit_two} and a little honey",
        """{Hero} peeled and {helper} sliced. The bowl filled up with [red, green and
        yellow|bright colors].""",
        """But each time {helper} looked away, {hero} ate a piece. And another piece. When it
        was time to eat, the bowl was almost empty, and {hero} had a tummy ache.""",
        """"I'm sorry," said {hero}. "I ate it all up." {Helper} made {him} a cup of warm tea
        and did not scold. The next day they made another one, and {hero} kept {his} fingers out
        until everyone was at the table.""",
    ),
    Dish(
        "jam",
        "a whole basket of {fruit} and a lot of sugar",
        """They washed the jars, and {hero} wrote the labels. The pot was big and the jam was
        hot, so {helper} did the stirring. Blub, blub, said the jam.""",
        """When {hero} picked up the first jar, it slipped out of {his} sticky {hands}. Jam was
        everywhere, on the floor, on {his} socks, and even on the [door knob|clock].""",
        """"Sweet feet!" said {helper}, and {hero} had to laugh. They mopped and scrubbed. After
        that, {hero} carried each jar with two {hands}. There were nine jars left, and they gave
        one to every neighbor.""",
    ),
)


def cooking(t: Teller) -> Iterator[str]:
    """A child cooks, makes a mistake, and mends it."""
    t.child()
    t.grown_up()
    t.cast["dish"] = t.even(DISHES)
    t.cast["fruit"], t.cast["fruit_two"] = t.some(FRUITS, 2)
    t.cast["vegetable"], t.cast["vegetable_two"] = t.some(VEGETABLES, 2)
    yield """{child} {one_day} {hero} [was hungry|wanted to surprise the family|had nothing to
        do|saw {helper} in the kitchen]. "[Can|May] we make {dish}?" {he} {asked}. "[What a good
        idea!|Of course!|Why not?]" said {helper}. ["Wash your hands first."|"You can be the
        cook, and I will be your helper."|"Put on your apron."]"""
    yield """They [needed|took out] {dish.need}. {dish.steps} [{Hero} hummed a tune.|"This is
        fun," said {hero}.|"We are real cooks," {hero} said.|]"""
    yield """{dish.mishap} ["Oh no!" {cried} {hero}.|"Oops!" said {hero}.|{Hero} did not know
        what to say.] {Helper} [looked at it and began to smile|patted {his} back|took a deep
        breath]. "Don't worry. [Every cook makes mistakes|That has happened to me too|We can fix
        this]," {helper.he} said."""
    yield "{dish.rescue}"
    yield """["Yum!" said everyone.|Everyone wanted more.|They sat at the table and ate every
        crumb.] [{proud}| {glad}|"Who made this?" {asked} {his} [uncle|sister|brother]. "We
        did!" said {hero}.] ["Next time I want to make {treat}," said {hero}.|{learned} {hero}
        [was always careful in the kitchen|read the labels twice|helped to cook every
        Sunday].|"The best thing was to do it together," said {hero}.]"""


# --- An animal needs help --------------------------------------------------------------------


@dataclass(frozen=True)
class Rescue(Entry):
    """A small animal in trouble, what fails, and what works."""

    where: tuple[str, ...]
    trouble: str
    fails: str
    works: str
    after: str


RESCUES = (
    Rescue(
        "kitten",
        ("the park", "the garden", "the orchard"),
        """"Meow!" A tiny kitten sat high up in a tree. It had climbed up, but it could not get
        down.""",
        """{Hero} held out {his} arms. "Jump, little one!" But the kitten only held on tighter.
        {Hero} shook the branch, but that made it cry even louder.""",
        """{Helper} brought a ladder and held it with both hands. {Hero} climbed up, step by
        step, with a little fish in {his} pocket. The kitten sniffed. It put one paw on {his}
        shoulder, and then another, and down they went.""",
        """The kitten purred like a tiny motor. It belonged to a little old woman. That evening
        a jar of plum jam stood in front of {hero}'s door.""",
    ),
    Rescue(
        "baby bird",
        ("the garden", "the park", "the forest", "the orchard"),
        """"Peep, peep!" In the grass lay a baby bird. It had fallen out of its nest.""",
        """{Hero} looked up. The nest was much too high. {He} stood on a bucket, and {he} stood
        on {his} toes, but {he} could not reach.""",
        """{Helper} put on soft gloves and lifted the bird into an old cap. "You may hold it
        while I set up the ladder," {helper.he} said. Very carefully they put the bird back
        beside its two brothers. They hid and waited. Soon the mother bird flew down with a worm
        in her beak.""",
        """Two weeks later, {hero} saw three young birds on a branch. One of them chirped at
        {him}, and {he} was sure it said thank you.""",
    ),
    Rescue(
        "turtle",
        ("the river", "the lake", "the farm"),
        """A turtle was in the middle of the road. It walked so slowly, and a truck was coming!""",
        """"Hurry up!" {cried} {hero}. But the turtle got frightened and pulled in its head and
        all four legs. Now it did not move at all.""",
        """"Stay here, I will do it," said {helper}[ {kindly}||]. {Helper.he} held up a hand,
        and the truck stopped. Then {helper} let {hero} help to carry the turtle to the side it
        had wanted to go to. It was heavier than it looked.""",
        """The turtle poked out its head and blinked. Then it slid into the water with a plop.
        The driver of the truck waved and honked his horn.""",
    ),
    Rescue(
        "duckling",
        ("the park", "the lake", "the river", "the farm"),
        """A mother duck was running up and down. "Quack, quack, quack!" One of her ducklings
        had fallen into a hole with steep sides.""",
        """{Hero} lay down on {his} tummy and reached in, but {his} arm was too short. {He} let
        down a stick, but ducklings cannot hold sticks.""",
        """{Helper} found an old bucket and tied a rope to it. They put some bread inside and
        let it down. The duckling hopped in to eat, and up came the bucket, with one surprised
        duckling and no more bread.""",
        """The mother duck counted her little ones, and this time there were [six|seven|eight].
        Then they all sailed away in a line.""",
    ),
    Rescue(
        "butterfly",
        ("the garden", "the meadow", "the hill"),
        """A butterfly was caught in a big spider web. Its {hue} wings fluttered, but it could
        not fly away.""",
        """{Hero} blew on the web as hard as {he} could. The web shook, but it did not let go.
        {He} wanted to pull, but the wings were as thin as paper.""",
        """{Helper} gave {him} a soft paintbrush. "Gently, as if you were painting air,"
        {helper.he} said. One thread, two threads, three threads. The last one broke, and the
        butterfly dropped into {hero}'s open hand.""",
        """It rested there and opened and closed its wings. Then it flew up, circled around
        {his} head, and danced away in the sunshine.""",
    ),
    Rescue(
        "hedgehog",
        ("the garden", "the forest", "the orchard", "the park"),
        """Something rustled in the leaves. It was a hedgehog with its head stuck in an empty
        cup! It bumped into stones and turned in circles.""",
        """{Hero} tried to pull the cup off. "Ouch!" The hedgehog had rolled into a ball, and
        its spines were as sharp as needles.""",
        """{Helper} fetched a pair of thick gloves. {Helper.he} held the prickly ball still, and
        {hero} turned the cup slowly, like the lid of a jar. Pop! Off it came. Two black eyes
        looked at them.""",
        """They set out a dish of water and a pile of leaves. {Hero} picked up all the litter,
        so that no other animal would get stuck.""",
    ),
    Rescue(
        "bee",
        ("the garden", "the meadow", "the hill", "the orchard"),
        """A fat bee crawled over the path. It was too tired to fly. It lay on its back and
        waved its legs.""",
        """{Hero} laid a flower next to it, but the bee was too weak to drink. {He} moved it
        into the sun, but it did not help.""",
        """"It is hungry," said {helper}. "Let's give it a bit of sugar water." They put one
        drop on a spoon. The bee put out a long tongue and drank and drank. Its wings began to
        buzz.""",
        """Up it went, around the flowers and over the hedge. In the fall, {helper} put a jar of
        honey on the table. "Maybe our bee helped to make it," said {hero}.""",
    ),
    Rescue(
        "puppy",
        ("the park", "the playground", "the schoolyard", "the beach"),
        """A puppy sat all alone by the trash can. It had no leash, and it was whining.""",
        """"Whose puppy is this?" {hero} {asked}. A man with a newspaper shook his head. A woman
        with a stroller did not know either. {Hero} called and called, but nobody came.""",
        """"Look, there is something on its collar," said {helper}[ {kindly}||]. It was a little
        tag with a number. {Helper} called the number, and {hero} shared {his} sandwich with the
        puppy while they waited. Soon a [boy|girl] came running, out of breath. "Peanut! There
        you are!" """,
        """The puppy barked and wagged its whole body. Now {hero} and Peanut meet every Saturday
        and play with a stick.""",
    ),
    Rescue(
        "lamb",
        ("the farm", "the meadow", "the hill"),
        """"Maa, maa!" A little lamb had pushed its head through the fence, and now it was
        stuck.""",
        """{Hero} pushed from the front. {He} pulled from the back. The lamb did not move, and
        it only cried for its mother.""",
        """{Helper} thought for a while and then bent the wire apart with a stick. "Now tickle
        it under the chin," {helper.he} said. {Hero} tickled, the lamb sneezed, and out came its
        head!""",
        """The lamb ran to its mother as fast as its wobbly legs could go. The farmer let {hero}
        give it a bottle of warm milk, and it drank with its tail spinning.""",
    ),
    Rescue(
        "dolphin",
        ("the beach",),
        """A young dolphin lay on the sand. The waves had carried it in and left it behind.""",
        """{Hero} pushed, but the dolphin was much too heavy. The sun was hot, and its skin was
        getting dry.""",
        """"Get your bucket, and call everyone!" said {helper}. {Hero} poured water over the
        dolphin again and again. People came running with towels and blankets. They laid the
        dolphin on a blanket. "One, two, three, lift!" they shouted, and carried it into the
        sea.""",
        """Far out in the water, the dolphin jumped, once, twice, three times. "It's saying
        goodbye!" {cheered} {hero}.""",
    ),
)


def rescue(t: Teller) -> Iterator[str]:
    """An animal is in trouble, and a child finds out how to help it."""
    t.child()
    t.grown_up()
    beast = t.cast["beast"] = t.even(RESCUES)
    t.cast["place"] = t.pick([place for place in PLACES if place.name in beast.where])
    yield """{child} {one_day} {he} and {helper} were {place.at}. {place.sights}
        [{weather.sky}|{Hero} {place.played}.|]"""
    yield """[Suddenly {hero} stopped.|Then {hero} heard something.|All of a sudden, {hero} saw
        something strange.] {beast.trouble} ["[Oh, you poor thing!|Don't be afraid!]" said
        {hero}.|"We have to help it!" {cried} {hero}.|]"""
    yield """{beast.fails} [{sad}|"What can we do?" {he} {asked}.|"It isn't working," {he}
        {sighed}.] [{He} ran to get {helper}.|"{helper.call}, come quick!" {he} {cried}.]"""
    yield "{beast.works}"
    yield """{beast.after} [{proud}|{glad}|"You have a kind heart," {helper} told {hero}.|"You
        saved it," said {helper}. "We saved it," said {hero}.] [Even the smallest animal needs a
        friend.|{night}|"Goodbye, little [one|friend]!" {hero} called.|]"""


# --- Something is built and falls down -------------------------------------------------------


@dataclass(frozen=True)
class Building(Entry):
    """What is built, out of what, why it falls, and how it stands."""

    at: str
    work: str
    fall: str
    advice: str
    stands: str


BUILDINGS = (
    Building(
        "a tower of blocks",
        "on the living room floor",
        "Red block, blue block, green block. The tower grew as high as {his} chin.",
        """Then [the cat walked by and swished its tail|{he} put on one block too many|a door
        slammed]. Crash! The blocks rolled all over the floor.""",
        """"Make the bottom wide," said {helper}. "A tower is like a tree. It needs big roots." """,
        """{Hero} put the largest blocks at the bottom and the smallest at the top. This time
        the tower was as tall as {helper}, and the cat could swish its tail as much as it liked.""",
    ),
    Building(
        "a sandcastle",
        "at the beach",
        "{He} made four round towers, a wall and a gate. A gull feather was the flag.",
        """A big wave rolled in. Whoosh! When it went out again, there was only a wet lump of
        sand.""",
        """"The sea was hungry," said {helper}. "Let's build farther up, and dig a moat around
        it. Then the water has a place to go." """,
        """They dug the moat deep and round. The next wave came, ran into the moat, and went all
        the way around. The castle stood, and a tiny crab moved in like a king.""",
    ),
    Building(
        "a birdhouse",
        "in the yard",
        "{He} hammered, bang, bang, bang. It had four walls, a roof and a round door.",
        "But when {he} hung it up, the bottom fell out, and then a wall, and then the roof.",
        """"The nails are too short," said {helper}, and showed {him} two long ones. "Glue
        first, then nails. And measure before you saw." """,
        """They glued it and waited a whole day. It was hard to wait! In the spring, two
        [sparrows|bluebirds] carried straw and moss through the little door.""",
    ),
    Building(
        "a snowman",
        "in front of the house",
        "{He} rolled one big ball and one small ball. The snow squeaked under {his} boots.",
        """{He} tried to lift the second ball, but it was too heavy. It rolled down the hill,
        faster and faster, and broke into pieces against a fence.""",
        """"Make it where it will stand," said {helper}, "and push it up a board. A heavy thing
        goes up a ramp quite easily." """,
        """They pushed and puffed, and up it went. They gave the snowman a carrot nose, two coal
        eyes and {helper}'s oldest hat. He stayed until the first warm day of March.""",
    ),
    Building(
        "a fort of blankets",
        "in the bedroom",
        """{He} pulled two chairs together and threw a sheet over them. {He} crawled inside with
        a flashlight and a bag of {treat}.""",
        "Flop! The roof came down on {his} head, and everything was dark.",
        """"You need something to hold the corners," said {helper}. "What is heavy, and what can
        pinch?" {Hero} thought. "Books are heavy," {he} said, "and clothespins can pinch!" """,
        """With six books and ten clothespins the roof stayed up. {Helper} had to crawl in on
        {helper.his} knees and whisper the secret word, which was [banana|pickle|thunder].""",
    ),
    Building(
        "a bridge",
        "over the little stream",
        "{He} laid one long stick across the water. It looked like a very good bridge.",
        """{Hero} put one foot on it. Snap! Splash! Now {he} had two wet shoes and half a stick.""",
        """"One stick is weak," said {helper}, "but many sticks are strong. Try to break this
        whole bundle." {Hero} tried, and could not.""",
        """They laid five thick branches side by side and tied them with rope. {Hero} walked
        across, and {helper} walked across, and last of all a [frog|beetle|brown hen] walked
        across too.""",
    ),
    Building(
        "a kite",
        "on the kitchen table",
        """{He} used paper and two thin sticks, and painted a [dragon|smiling sun|big eye] on
        it.""",
        """{Hero} ran with the kite across the field, but it spun around like a leaf and dived
        into the mud.""",
        """"A kite needs a tail," said {helper}, "just like a cat. It keeps the kite from
        falling over." """,
        """They tied on a long tail with bows made from {hue} rags. The wind took it, and up, up
        it flew, until it was as small as a postage stamp.""",
    ),
    Building(
        "a raft",
        "by the pond",
        "{He} pushed three boards together and sat down in the middle like a captain.",
        """The boards floated apart, one to the left and one to the right, and the captain sat
        down in the water.""",
        """"A raft is only as good as its knots," said {helper}, and {helper.he} showed {him}:
        over, under, around and through.""",
        """{Hero} tied eleven good knots. {Helper} held the rope, and {hero} sailed all the way
        to the lily pads and back. A duck came along for the ride.""",
    ),
    Building(
        "a treehouse",
        "in the old oak tree",
        "{He} pulled up an old board with a rope and laid it across two branches.",
        """As soon as {he} sat down on it, the board tipped. {Hero} slid off and landed in a
        heap of leaves. {He} was not hurt, but the board hung upside down.""",
        """"I once made the same mistake," said {helper}. "Let's ask {neighbor} for some strong
        planks. We will do it together." """,
        """They worked all weekend. It had a ladder, a window and a bell. {Hero} hung up a sign
        that said ["Friends Welcome"|"Knock Three Times"], and the first guest was {helper}.""",
    ),
    Building(
        "a scarecrow",
        "in the vegetable patch",
        "{He} stuffed an old shirt with straw and put a pot on top for a head.",
        """That night the wind blew. In the morning the scarecrow lay flat on its face in the
        {vegetable}, and two crows sat on it and laughed.""",
        """"He needs a backbone," said {helper}, and {helper.he} brought a thick pole and a
        shovel.""",
        """They dug a deep hole and stamped the earth down hard. The scarecrow stood as straight
        as a soldier, in a {hue} scarf, and the crows went to eat somewhere else.""",
    ),
)


def building(t: Teller) -> Iterator[str]:
    """What is built badly falls; built well, it stands."""
    t.child()
    t.grown_up()
    t.neighbor("neighbor")
    t.cast["work"] = t.even(BUILDINGS)
    yield """{child} [One day|One morning|On Saturday], {he} wanted to build {work} {work.at}.
        ["It will be the best one in the world," said {hero}.|"I can do it all by myself,"
        {hero} said.|{He} could already see it in {his} mind.|]"""
    yield """{work.work} {work.fall} [{sad}|{Hero} [kicked a stone|sat down and folded {his}
        arms|threw {his} cap on the ground]. "I will never build anything again!" {he}
        {cried}.|"All my work is gone," {he} {sighed}.]"""
    yield """{Helper} had seen it all. [{Helper.he} did not laugh.|"That was a good start,"
        {helper.he} said.|{Helper.he} sat down beside {him}.] {work.advice} ["Will you help me?"
        {asked} {hero}. "Yes, but you are the boss," {answered} {helper}.|{Hero} wiped {his}
        nose. "Let's try again," {he} said.|"Oh!" said {hero}. "I did not think of that."]"""
    yield """{work.stands} [{proud}|{glad}] [{thanks}|"If it falls down, you just learn how to
        build it better," said {hero}.|{Hero} was glad that {he} had not given up.|"Tomorrow I
        will build something even bigger," {he} said.|{Helper} took a picture of it.]"""


# --- A skill is learned ----------------------------------------------------------------------


@dataclass(frozen=True)
class Skill(Entry):
    """Something to learn: how it is tried, what the trick is, and how it goes at last."""

    first: str
    again: str
    trick: str
    done: str


SKILLS = (
    Skill(
        "ride a bike",
        """{He} sat on the saddle and pushed the pedals. The bike wobbled left, the bike wobbled
        right, and then it fell into a bush.""",
        "{He} scraped {his} knee and got grass stains on {his} pants.",
        """"Look where you want to go, not at your feet," said {helper}. "I will run next to
        you." """,
        """{Hero} looked at the big tree at the end of the lane. {He} pedaled and pedaled.
        "Don't let go!" {he} called. But {helper} was already far behind. {Hero} was riding!""",
    ),
    Skill(
        "swim",
        "{He} jumped in, swallowed a mouthful of water and coughed.",
        "{His} legs sank like two stones.",
        """"Make yourself long, like an arrow," said {helper}, "and blow bubbles when your face
        is in the water." """,
        """{Hero} stretched out and kicked. One stroke, two strokes, three strokes. {His} hand
        touched the other side of the pool!""",
    ),
    Skill(
        "whistle",
        """{He} rounded {his} lips and blew. "Pffft," it went. Nothing but air came out.""",
        """{He} blew in the kitchen, {he} blew in the bath, and {he} blew until {his} cheeks
        hurt.""",
        """"Wet your lips," said {helper}, "and put your tongue behind your teeth. Then blow as
        if you were cooling soup." """,
        """{Hero} licked {his} lips and blew very gently. "Wheee!" A thin, clear sound came out.
        A bird in the tree whistled back.""",
    ),
    Skill(
        "tie {his} shoes",
        "{He} crossed the laces and pulled. The knot came undone at the first step.",
        "{He} made such a tangle that {helper} had to cut it with scissors.",
        """"Make two bunny ears," said {helper}. "One bunny runs around the tree and hops into
        the hole." """,
        """{Hero} made two ears. Around the tree, into the hole, and pull! There was a real bow,
        and it held all day long.""",
    ),
    Skill(
        "jump rope",
        """{He} swung the rope, and it hit {his} ankles. {He} swung it again, and it caught on
        {his} ear.""",
        "The other children could do twenty jumps. {Hero} could not even do one.",
        """"Listen to the rope," said {helper}. "When it slaps the ground, you hop. Slap, hop.
        Slap, hop." """,
        """{Hero} shut {his} eyes and listened. Slap, hop. Slap, hop. "Five, six, seven!"
        counted {helper}. {He} only stopped when {he} was out of breath.""",
    ),
    Skill(
        "skate",
        "{He} stepped onto the ice, and {his} feet flew away in two directions. Bump!",
        "{He} held on to the rail like a monkey on a branch.",
        """"Bend your knees and march like a duck," said {helper}. "When you know how to march,
        you will know how to glide." """,
        """{Hero} marched and quacked, and everyone laughed. Then {his} skates began to slide by
        themselves, and {he} glided across the ice in a long, smooth curve.""",
    ),
    Skill(
        "read",
        """{He} opened a book. The letters looked like little black bugs that would not keep
        still.""",
        "{He} guessed the words from the pictures, but {he} guessed wrong.",
        """"Each letter has a sound," said {helper}. "Say the sounds one after another, and then
        say them fast." """,
        """"C, a, t," said {hero}. "C-at. Cat! It says cat!" Then {he} read hat, and mat, and at
        the end of the week {he} read a whole page about a cat who sat on a hat.""",
    ),
    Skill(
        "catch a ball",
        "The ball came flying. {Hero} shut {his} eyes, and it bounced off {his} head.",
        "{He} dropped it again and again, until {he} did not want to play any more.",
        """"Keep your eyes on the ball," said {helper}, "and hug it when it comes." {Helper}
        threw it from very near, and then from one step farther away.""",
        """{Hero} watched the ball all the way into {his} arms. {He} had it! {He} caught it nine
        times in a row.""",
    ),
    Skill(
        "write {his} name",
        """{He} pressed so hard that the pencil broke. One letter was huge, and the next one
        fell off the page.""",
        "One letter even looked the wrong way around.",
        """"Draw it in the sand first," said {helper}. "Sand does not mind if you make a
        mistake." """,
        """{Hero} wrote in the sand, and in the flour, and on the foggy window. At last {he}
        took a new pencil and wrote {his} name on paper, with every letter in its place.""",
    ),
    Skill(
        "do a cartwheel",
        """{He} put {his} hands on the grass and kicked. {His} legs went up like a sack of
        potatoes and came down again.""",
        "{He} rolled over sideways and got dandelion fluff in {his} mouth.",
        """"Think of a wheel," said {helper}. "Hand, hand, foot, foot. Let's draw them on the
        ground with chalk." """,
        """Hand, hand, foot, foot. The world turned upside down, and then it was the right way
        up again, and {hero} was standing on {his} own two feet.""",
    ),
    Skill(
        "play a song on the {instrument_one}",
        """The {instrument_one} made a terrible noise. The dog howled, and the cat ran out of
        the room.""",
        "{He} wanted to play the whole song at once, but it only got louder and worse.",
        """"Play three notes, very slowly," said {helper}. "Tomorrow, play three more. A song is
        like a ladder." """,
        """{Hero} played three notes each day. By the end of the month {he} could play it from
        start to finish. The cat came back in and purred.""",
    ),
    Skill(
        "swing by {himself}",
        "{He} sat on the swing and wiggled, but it only twisted around.",
        "There was nobody to push {him}, and the swing hung still.",
        """"Legs out when you go forward, legs in when you go back," said {helper}. "Lean with
        it, like a sailor in the wind." """,
        """Out, in, out, in. The swing began to move. Higher and higher went {hero}, until {his}
        toes seemed to touch the clouds.""",
    ),
    Skill(
        "snap {his} fingers",
        "{He} rubbed {his} thumb and finger together. They made no more noise than two worms.",
        "{He} tried with the left hand, and {he} tried with the right.",
        """"Press harder, and let the finger fall down to the thumb," said {helper}. "It is the
        fall that makes the sound." """,
        """{Hero} pressed and let go. Snap! {He} looked at {his} fingers in surprise. Snap!
        Snap! Snap! {He} snapped {his} way through the whole house.""",
    ),
)


def skill(t: Teller) -> Iterator[str]:
    """A skill is tried, failed at, explained, practiced, and won."""
    t.child()
    t.grown_up()
    wanted = t.cast["skill"] = t.even(SKILLS)
    t.cast["instrument_one"] = t.pick(INSTRUMENTS)
    t.cast["hobby"] = tuple(one for one in HOBBIES if wanted.name.split()[0] not in one)
    yield """{child} {Hero} could do many things, but {he} could not {skill}. [{His}
        [brother|sister|cousin] could do it.|All {his} friends could do it.|It looked so easy!]
        "I want to learn it too," said {hero}."""
    yield """{one_day} {he} tried. {skill.first} [{He} tried again.|"Once more," {he} said.]
        {skill.again} [{sad}|"I will never learn it!" {he} {sobbed}.|{Hero} [crossed {his}
        arms|sat down on the ground]. "It's too hard," {he} {sighed}.]"""
    yield """{Helper} [had been watching|came over|sat down next to {him}]. "[Nobody learns that
        in one day.|It took me a long time too.|I fell down a hundred times when I was little.]"
        [{Hero} looked up. "Really?" {he} {asked}.|{Hero} wiped {his} nose.|{Hero}
        listened.|{Hero} was not so sure.] {skill.trick}"""
    yield """[{He} practiced every [day|afternoon|morning].|The next day {he} tried again, and
        the day after that.|{Hero} took a deep breath and tried once more.] {skill.done} ["I did
        it! I did it!" {he} {cheered}.|{proud}|{glad}]"""
    yield """["I knew you could do it," said {helper}[ {kindly}||].|{Helper} clapped
        {helper.his} hands.|{thanks}] [The next week, {hero} showed {his} little cousin how to
        do it.|{Hero} knew now that practice makes hard things easy.|"What should I learn next?"
        {asked} {hero}.|{night}]"""


# --- A lie and an apology --------------------------------------------------------------------


@dataclass(frozen=True)
class Mischief(Entry):
    """What a child has done, whom it blames, and how it makes up for it."""

    deed: str
    asked: str
    lie: str
    blamed: str
    amends: str


MISCHIEF = (
    Mischief(
        "the vase",
        """{one_day} {he} was kicking a ball in the living room, although that was not allowed.
        The ball hit {helper}'s blue vase. Crash! It lay on the floor in a hundred pieces.""",
        """"Who broke my vase?" {asked} {helper}.""",
        """"The cat did it," said {hero}.""",
        "The cat had to stay outside. It sat at the window and looked in with big, sad eyes.",
        """They swept up the pieces and glued the biggest ones together. {Hero} used {his}
        pocket money to buy a new flower for it.""",
    ),
    Mischief(
        "the cookies",
        """{one_day} there was a plate of cookies on the counter. They were for the guests.
        {Hero} ate one. Then {he} ate another, and soon the plate was empty.""",
        """"Where are all the cookies?" {asked} {helper}.""",
        """"I think the dog ate them," said {hero}.""",
        "The dog got no supper that evening. It lay down and put its nose on its paws.",
        """They baked a new batch together. {Hero} did all the washing up, and {he} gave the dog
        the biggest bone.""",
    ),
    Mischief(
        "the wall",
        """{one_day} {he} had new crayons. The paper was full, but the wall was so big and so
        white. {He} drew a ship, and a whale, and forty waves.""",
        """"Who drew on the wall?" {asked} {helper}.""",
        """"It was my little brother," said {hero}.""",
        """{His} little brother could not even hold a crayon. He did not understand why
        everybody looked at him, and he began to cry.""",
        """They filled a bucket with soapy water, and {hero} scrubbed until {his} arms ached.
        Then {helper} gave {him} a long roll of paper, big enough for forty more waves.""",
    ),
    Mischief(
        "the book",
        """{one_day} {he} had borrowed a book from {friend}. That evening it rained, and {he}
        had left the book outside. In the morning it was wet and wavy.""",
        """"Do you still have my book?" {asked} {friend}.""",
        """"I gave it back to you," said {hero}. "You must have lost it." """,
        "{Friend} looked for the book all day long and turned the whole house upside down.",
        """{Hero} told {friend} the truth too. Then {he} took all the coins out of {his} piggy
        bank and bought {friend} a new book. They read it together, and the best page was the
        one with the pirate.""",
    ),
    Mischief(
        "the window",
        """{one_day} {he} threw a stone at a can on the fence. The stone flew too far. Clink!
        There was a hole in {neighbor}'s window.""",
        """"Did you see who broke the window?" {asked} {helper}.""",
        """"It was a big boy," said {hero}. "He ran away." """,
        "All week, {neighbor} looked at every boy on the street with a frown.",
        """They went next door, and {hero} said it all again. {Neighbor} was stern at first.
        Then {hero} raked the leaves in the yard for three days to pay for the glass.""",
    ),
    Mischief(
        "the flowers",
        """{one_day} {he} wanted to give {helper} a present. So {he} picked all the tulips in
        {neighbor}'s garden. Only the stems were left.""",
        """"What lovely tulips! Where did you get them?" {asked} {helper}.""",
        """"I found them in the park," said {hero}.""",
        """That afternoon, {neighbor} stood in the empty flower bed and blew {neighbor.his}
        nose. {Hero} saw it through the hedge.""",
        """They took the tulips next door, and {hero} told the truth there as well. In the fall,
        {he} helped to plant fifty new bulbs, and in the spring {neighbor} gave {him} the first
        tulip.""",
    ),
    Mischief(
        "the teeth",
        """Every night {hero} was supposed to brush {his} teeth. But {he} only made the brush
        wet and ran back to play.""",
        """"Did you brush your teeth?" {asked} {helper}.""",
        """"Yes, for a long time," said {hero}.""",
        """It was easy to fib, so {he} did it again the next night, and the next. But soon one
        tooth began to ache, and {he} could not eat anything sweet.""",
        """{Helper} took {him} to the dentist, who made the tooth well. After that they brushed
        side by side in front of the mirror, and made foamy beards.""",
    ),
)


def lie(t: Teller) -> Iterator[str]:
    """A child tells a lie, feels bad about it, and says the truth."""
    t.child()
    t.child("friend")
    t.grown_up()
    t.neighbor("neighbor")
    t.settle("trait", "[little|lively|busy|playful|bold|curious|noisy|cheerful]")
    t.cast["mischief"] = t.even(MISCHIEF)
    yield """{child} {mischief.deed} [{His} heart went thump.|"Nobody saw me," {he}
        thought.|{Hero} did not feel good.|]"""
    yield """{mischief.asked} {Hero} [turned red|looked at the floor|looked away]. [{He} was
        afraid to tell the truth.|{He} did not want to be in trouble.] {mischief.lie}"""
    yield """{mischief.blamed} [{Hero} had a stone in {his} stomach.|{Hero} could not enjoy
        {his} supper.|{Hero} tried to play, but nothing was fun.] [The lie felt heavier and
        heavier.|It was hard to sleep that night.|{He} felt ashamed.]"""
    yield """At last {he} could not bear it any longer. {He} went to {helper}. "I have to tell
        you something," {he} {whispered}. "[It was me.|I did not tell the truth.] I am very
        sorry." {Helper} [was quiet for a moment|looked at {him} for a long time|took {his}
        hand]. "[I am sad that you told a lie|What you did was not right], but I am glad that
        you told me the truth. [That was brave.|That took courage.|The truth is sometimes hard
        to say.]" """
    yield """{mischief.amends} [{Hero} felt as light as a feather again.|The stone in {his}
        stomach was gone.|Now {he} could smile again.] [{learned} {hero} told the truth, even
        when it was hard.|A mistake can be mended, but a lie only makes it bigger.|"The truth is
        better," said {hero}, and {he} meant it.]"""


# --- A secret --------------------------------------------------------------------------------


def secret(t: Teller) -> Iterator[str]:
    """A secret is hard to keep; it is kept, or it slips out."""
    t.child()
    t.child("friend")
    t.grown_up()
    t.cast["gift"] = t.pick(TOYS)
    t.cast["toldto"] = t.even(ADULTS_MET)
    yield """{child} {one_day} {helper} [bent down to {his} ear|pulled {him} behind the
        door|closed the door]. "Can you keep a secret?" {helper.he} {asked}. {Hero} nodded. "[On
        Sunday there will be a surprise party for {friend}|We are going to give {friend} a
        surprise party]! {Friend} must not know." {Friend} was {hero}'s best friend[ and lived
        next door| in the whole world|]."""
    yield """Oh, how hard it was! The secret [tickled|jumped around] inside {him} like a
        [frog|grasshopper|bubble]. [At breakfast {he} bit {his} tongue.|{He} ran outside and
        whispered it into a hollow tree.|{He} told it to {his} teddy bear, because bears never
        talk.] [{He} met {toldto} and almost said it.|When the phone rang, {he} hid under the
        table, so that {he} could not say it by mistake.]"""
    if t.chance(0.55):
        yield """The next day {friend} came to play. "Why are you smiling like that?" {asked}
            {friend}. "I'm not," {answered} {hero}, and {he} put both {hands} over {his} mouth.
            "Do you have a secret?" "Mmm-hmm," said {hero}. {Friend} [felt a little hurt|was
            quiet]. "Don't you like me any more?" {friend.he} asked. {Hero} shook {his} head. "I
            like you so much that I can't tell you. Please wait until Sunday." """
        yield """On Sunday, {friend} opened the door. "Surprise!" everybody {cried}. There were
            [balloons and paper chains|lanterns and streamers], there was a table full of
            {treat}, and there was a {gift.look} {gift} with a bow on it. {Friend} stood there
            with {friend.his} mouth open. "So that was your secret!" {friend.he} {cheered}, and
            {friend.he} hugged {hero} until they both fell over."""
        yield """["You kept it very well," said {helper}[ {kindly}||].|"That was the hardest
            thing I ever did," said {hero}.] [A good secret is one that makes somebody happy in
            the end.|{glad}|They danced and ate until the moon came up.]"""
    else:
        yield """On Saturday {hero} and {friend} were building a dam. "What are you doing
            tomorrow?" {asked} {friend}. "I am going to your party," {answered} {hero}. Then
            {he} clapped a hand over {his} mouth. But it was too late. "What party?" {friend}
            {asked}. {Hero}'s cheeks burned. {He} ran home and told {helper} everything. "I
            spoiled it," {he} {sobbed}."""
        yield """"It slipped out," said {helper}. "That can happen to anyone. [Let us think of
            another surprise|There is still one thing nobody knows], and this time you will be a
            part of it." So now there were two who knew. {Friend} [promised to look very
            surprised|practiced a surprised face in front of the mirror]. On Sunday {friend.he}
            opened the door, and everybody {cried}, "Surprise!" And {friend} really was
            surprised, because beside the cake stood {hero}, dressed up as a [giant|walking]
            [strawberry|present|candle|teapot|penguin|cupcake]!"""
        yield """Everyone laughed until they cried. "You are the best surprise of all," said
            {friend}. [{Hero} took a bow.|{glad}] [{learned} {hero} thought twice before {he}
            spoke.|And the next secret {he} kept for a whole year.]"""


# --- A rainy day -----------------------------------------------------------------------------


def rainy_day(t: Teller) -> Iterator[str]:
    """Rain spoils a plan, and something better comes of it."""
    t.child()
    t.child("friend")
    t.grown_up()
    t.cast["place"] = t.pick(
        [
            place
            for place in PLACES
            if place.name not in ("the schoolyard", "the farm", "the orchard")
        ]
    )
    t.cast["job_one"], t.cast["job_two"] = t.some(
        (
            "pirates",
            "astronauts",
            "knights",
            "cooks",
            "doctors",
            "lions",
            "sailors",
            "wizards",
            "explorers",
            "detectives",
        ),
        2,
    )
    yield """{child} [All week|Since Monday], {he} had looked forward to going to {place}. But
        when {he} woke up, rain was [drumming on the roof|running down the window|pouring from
        the sky]. Drip, drop, drip, drop. "Oh no," {he} {sighed}. "[We can't go now|The whole
        day is ruined]." [{sad}|{Hero} pressed {his} nose against the glass.|{He} pulled the
        blanket over {his} head.]"""
    way = t.even(("inside", "puddles", "boats", "shadows"))
    if way == "inside":
        yield """"We can't go to {place}," said {helper}, "but {place} can come to us."
            {Helper.he} [spread a green blanket on the floor|hung a blue sheet on the wall|moved
            the table aside]. They made trees from brooms and a sun from a yellow plate. They
            packed a basket with sandwiches, {treat} and {fruit}, and had a picnic under the
            lamp. {Hero}'s stuffed animals came too. [The bear ate most of the cake.|The toy
            rabbit told a very long story.]"""
        yield """Then {friend} [rang the bell|came over with an umbrella]. "What are you doing?"
            {friend.he} {asked}. "We are having a sunny day," said {hero}. "Take off your shoes
            and come in." They were {job_one}, and after that they were {job_two}, until the
            lamp had to go out."""
    elif way == "puddles":
        yield """{Helper} came in with two big boots in {helper.his} hands. "There is no bad
            weather," {helper.he} said. "There are only bad clothes." {Hero} put on {his}
            raincoat and {his} boots, and out they went. Splash! {He} jumped into the first
            puddle. Splosh! The second one was deeper. [A worm was taking a bath in the third
            one.|In the third one {he} could see the clouds upside down.]"""
        yield """{Friend} was at {friend.his} window, looking gloomy. "Come out! It's wet and
            wonderful!" {cried} {hero}. Soon there were two of them. They caught raindrops on
            their tongues and made a river in the mud. When they were soaked to the skin,
            {helper} wrapped them in warm towels and gave them hot chocolate."""
    elif way == "boats":
        yield """"Do you see the little river in the street?" {asked} {helper}. {Helper.he}
            folded a newspaper, once, twice, three times, and it was a boat. {Hero} made a sail
            from a {hue} napkin and wrote a name on it. {Friend} came by with a boat made of a
            walnut shell. "Let's have a race!" {friend.he} said."""
        yield """Ready, set, go! The boats spun and bobbed along the curb. {Friend}'s boat got
            stuck behind a twig. {Hero}'s boat [tipped over but floated on|ran into a leaf].
            "Faster, faster!" they shouted. They ran beside the water to the corner, and both
            boats [came in at the same moment|crashed into a big boot]. "It's a tie!" {cheered}
            {hero}."""
    else:
        yield """The sky grew so dark that {helper} lit a lamp. {Hero} saw {his} own shadow on
            the wall. It was huge! "Watch this," said {helper}[ {kindly}||]. {Helper.he} put
            {helper.his} hands together, and there was a rabbit with two long ears. {Hero} made
            a [dog|snail|bird]. {Friend}, who was visiting, made a crocodile, and it tried to
            eat the rabbit."""
        yield """They hung up a sheet and made a shadow play about {job_one} and {job_two}.
            {Helper} bought a ticket for one button. [The crocodile said he was sorry and became
            a vegetarian.|In the end the rabbit was made king.] Everybody clapped, and the rain
            clapped too, on the roof."""
    yield """When they looked up, the rain had stopped. [A rainbow stood over the houses.|The
        sun made every drop sparkle.|The air smelled clean and new.] "[Shall we go to {place}
        now|Do you still want to go out]?" {asked} {helper}. {Hero} [shook {his} head|thought
        about it]. "[Tomorrow|Not yet]," {he} said. "[I like the rain now|This is too much
        fun]!" [{glad}|{night}|]"""


# --- A birthday ------------------------------------------------------------------------------


def birthday(t: Teller) -> Iterator[str]:
    """A birthday: a gift is made by hand, or everyone seems to have forgotten."""
    t.child()
    t.child("friend")
    t.grown_up("mom", "dad", "grandma", "grandpa")
    t.settle("age", "[four|five|six|seven]")
    if t.chance(0.5):
        t.settle(
            "made",
            """[a picture of the two of them|a necklace of beads|a little boat of bark|a puppet
            made from a sock|a crown of yellow leaves|a book with six pages|a mobile of shells|a
            house for ladybugs|a bookmark with a tassel|a box covered with buttons|a song with
            three verses]""",
        )
        yield """{child} {His} best friend {friend} was going to be {age} [on
            Saturday|tomorrow|in two days]. {Hero} [shook {his} piggy bank, but only one coin
            fell out|looked into {his} purse, but it was empty]. "I have no money for a
            present," {he} told {helper}. [{sad}|]"""
        yield """"The best presents do not come from a store," said {helper}. "What does
            {friend} like?" {idea} {Hero} [worked all afternoon|closed the door and set to
            work|asked for glue and scissors]. {He} made {made}. [It was a little crooked, but
            it was beautiful.|It took a long time, and {he} had to start over twice.|{He}
            wrapped it in newspaper and tied it with a {hue} string.]"""
        yield """At the party there were big boxes with shiny paper. {Hero} hid {his} present
            behind {his} back. [It looked so small.|What if {friend} did not like it?] At last
            {friend.he} opened it. For a moment, {friend} did not say anything. "You made this
            for me?" {friend.he} {whispered}. "[It is the nicest one of all|Nobody else in the
            world has one like it]!" """
        yield """{glad} Then they [blew out the {age} candles together|played musical chairs|hit
            a paper star with a stick until candy rained down] and ate cake [with
            strawberries|until there was only one crumb left]. [A gift from the heart is never
            small.|{night}|Years later, {friend} still had it.]"""
    else:
        yield """{child} One morning {hero} woke up very early, because it was {his} birthday.
            Today {he} was {age}! {He} ran to the kitchen. But {helper} only said, "Good
            morning. Eat your [porridge|toast|egg|cereal|oatmeal]." [There was no cake and no
            candle.|Nobody sang.|Nobody said a thing about birthdays.]"""
        yield """{Hero} went to see {friend}. "Do you know what day it is?" {he} {asked}. "It is
            [Tuesday|Thursday|Friday]," said {friend}, and {friend.he} quickly shut the door.
            {Hero} walked [down the street|to the pond] and back again. {sad} "Everyone has
            forgotten," {he} {whispered} to [a pigeon|the neighbor's cat|a snail on the wall]."""
        yield """When {he} came home, the house was dark and silent. {Hero} opened the door.
            Click! The light went on. "Surprise! Happy birthday!" {Helper} was there, and
            {friend}, and all {his} [cousins|friends]. There was a cake with {age} candles and
            {his} name in {hue} letters. "We did not forget," said {helper}. "We were only
            [pretending|waiting]." """
        yield """[{Hero} laughed and cried at the same time.|{glad}] "That is why you shut the
            door so fast!" {he} said to {friend}. "I had frosting on my nose," said {friend}.
            They played [pin the tail on the donkey|hide and seek|musical chairs], and {hero}
            made a wish. {He} did not tell what it was, but {he} [smiled at everyone|held
            {friend}'s hand very tight]."""


# --- A seed grows ----------------------------------------------------------------------------

PLANTS = (
    (
        "sunflower",
        "a striped seed",
        "was taller than the fence, with a face as big as a plate",
        "the birds had seeds to eat all winter",
    ),
    (
        "pumpkin",
        "a flat, white seed",
        "had a vine as long as a rope, and on it sat a pumpkin as big as a chair",
        "they made a pie, and a lantern with a grin",
    ),
    (
        "bean",
        "a spotted bean",
        "climbed up the pole and hung full of long green pods",
        "there were beans for supper three days in a row",
    ),
    (
        "tomato",
        "a seed as small as a crumb",
        "was covered with fat, red tomatoes",
        "they ate them with a pinch of salt, still warm from the sun",
    ),
    (
        "strawberry",
        "a tiny seed",
        "had white flowers, and then seven sweet berries",
        "everybody in the family got one",
    ),
    (
        "carrot",
        "a handful of thin seeds",
        "had feathery leaves, and below them a carrot with two legs",
        "it looked so funny that nobody wanted to eat it",
    ),
    (
        "apple tree",
        "a brown seed from an apple",
        "was as high as a knee, with nine green leaves",
        "each spring they measured who was taller, the tree or the child",
    ),
    (
        "watermelon",
        "a smooth, black seed",
        "made a melon so heavy that it took two to lift it",
        "they had a contest to see who could spit the seeds the farthest",
    ),
    (
        "daisy",
        "a packet of light seeds",
        "opened a hundred white petals",
        "there was a flower in every cup in the house",
    ),
    (
        "corn plant",
        "a hard, yellow seed",
        "rustled in the wind and had three golden ears",
        "they popped it in a pot with the lid on",
    ),
)


def seed(t: Teller) -> Iterator[str]:
    """A seed asks for patience, and repays it."""
    t.child()
    t.grown_up("grandma", "grandpa", "mom", "dad", "aunt", "uncle")
    plant, kind, grown, end = t.even(PLANTS)
    t.cast |= {"plant": plant, "kind_of_seed": kind, "grown": grown, "harvest": end}
    yield """{child} {one_day} {helper} gave {him} {kind_of_seed}. "What is it?" {asked} {hero}.
        "[It is a surprise that takes its time|There is a {plant} asleep inside]," {answered}
        {helper}. "[Give it earth, water and sun|Tuck it into the soil and keep it wet], and
        [wait|be patient]." """
    yield """{Hero} [dug a hole with a spoon|made a hole with {his} finger], put the seed in and
        covered it up. {He} watered it [with {his} little can|from a teapot]. The next morning
        {he} ran out to look. There was nothing but dirt. [{He} looked before lunch, and {he}
        looked after lunch.|{He} shouted, "Wake up!" but nothing moved.|{He} sang it a song.]
        [The day after that there was still nothing.|A week went by, and nothing happened.|All
        week long it was just plain brown earth.]"""
    way = t.even(("dig", "rain", "give_up"))
    if way == "dig":
        yield """"Maybe it got lost," thought {hero}. {He} took a shovel and began to dig.
            "Stop!" {cried} {helper}. "If you dig it up, it cannot grow. It is working down
            there in the dark, where we cannot see it." {Hero} put the shovel down. [Waiting was
            the hardest work of all.|"Take your time, little seed," {he} whispered.]"""
    elif way == "rain":
        yield """Then one day a [green tip|tiny leaf] poked out of the ground. {Hero} [shouted
            for joy|danced around it]. But that night there was a storm, and in the morning the
            little plant lay flat. {sad} "It is only tired," said {helper}. They pushed a stick
            into the ground and tied the plant to it with a soft thread. "Now it has something
            to lean on," {helper.he} said. "We all need that sometimes." """
    else:
        yield """"It is a lazy seed," {he} {sighed}, and {he} forgot about it. But {helper} did
            not. Every evening {helper.he} gave it a little water. Then {he} saw {helper} kneel
            in the garden. "Come here," {helper.he} called softly. "Someone wants to meet you."
            Two green leaves, no bigger than {his} thumb, were looking up at {hero}. "Oh!" {he}
            said. "I am sorry that I called you lazy." From then on {he} watered it every day."""
    yield """[The days grew long and warm.|Spring turned into summer.|Weeks went by.] The
        {plant} grew and grew. In the end it {grown}. {Hero} [could hardly believe it|looked at
        it with big eyes]. "All this from one little seed!" {he} {cried}. And {harvest}.
        [{proud}|{thanks}|{Hero} kept one seed in a matchbox for the next year.|"Good things
        need time," said {helper}[ {kindly}||].]"""


# --- Trips -----------------------------------------------------------------------------------


def zoo(t: Teller) -> Iterator[str]:
    """A day at the zoo, with something to look for or something that goes wrong."""
    t.child()
    t.child("friend")
    t.grown_up()
    first, second, third, star = t.some(ZOO_BEASTS, 4)
    t.cast |= {
        "first": first,
        "second": second,
        "third": third,
        "star": star,
        "snack": t.pick(TREATS),
    }
    yield """{child} {one_day} {helper} took {him} and {his} friend {friend} to the zoo.
        [{weather.sky}|{Hero} was so excited that {he} could hardly sit still on the bus.|They
        each got a ticket and a map.] "I want to see the {star.many} first," said {hero}. "I
        want to see the {first.many}," said {friend}."""
    yield """They went to the {first.many}. One {first} {first.did}. [{Friend} clapped
        {friend.his} hands.|"Did you see that?" {cried} {friend}.] Then they came to the
        {second.many}. A {second} {second.did}. ["It looks like Uncle Joe," said {hero}, and
        they giggled.|{Hero} tried to do the same, and {helper} laughed.|"I wish I could do
        that," said {hero}.]"""
    way = t.even(("asleep", "snack", "separated"))
    if way == "asleep":
        yield """At last they reached the {star.many}. But there was nothing to see. "They are
            having a nap," said the zookeeper. {sad} {Hero} had waited for this all day. "We
            could come back later," said {friend}. "[Let's look at the {third.many} first|The
            {third.many} are just around the corner]." So they did. A {third} {third.did}."""
        yield """When they came back, {hero} stood on {his} toes. Something moved! A {star} came
            out into the sun. It looked straight at {hero}, and then it {star.did}. "It was
            worth the wait," {whispered} {hero}. [{Friend} nodded.|The zookeeper winked at
            {him}.]"""
    elif way == "snack":
        yield """They sat down on a bench, and {helper} gave them some {snack}. A cheeky
            [squirrel|sparrow|seagull] was watching. Snatch! It took {friend}'s whole share and
            was gone. {Friend} stared at {friend.his} empty hand. {Friend.his} chin trembled.
            {Hero} looked at {his} own share. There was not much. Then {he} [broke it in two|cut
            it in half] and gave {friend} the bigger part."""
        yield """After that they saw the {star.many}. A {star} {star.did}. "[That is what I came
            for|It was the best day]!" said {hero}. "The best thing was that you shared with
            me," said {friend}."""
    else:
        yield """At the {star.many}, there was a big crowd. A {star} {star.did}. {Hero} squeezed
            through to the front and looked and looked. When {he} turned around, {helper} and
            {friend} were gone! {scared} [{He} remembered what {helper} had told {him}: "If you
            are lost, stay where you are and ask someone who works there."|{He} did not run
            away. {He} looked for somebody who could help.] {He} went up to a woman with a zoo
            badge. "I can't find my {helper.kind}," {he} {whispered}."""
        yield """The woman held {his} hand and spoke into her radio. Then they waited by the
            {third.many} and counted them together. "There you are!" {cried} {helper}, and
            hugged {him} tight. "You did just the right thing." """
    yield """On the way home, [{friend} fell asleep with {friend.his} head on {hero}'s
        shoulder|they drew all the animals they had seen|they made all the animal noises, until
        the bus driver laughed]. [{night}|"Can we go again tomorrow?" {asked}
        {hero}.|{thanks}|{Hero} pretended to be a {star} until bedtime.]"""


def farm(t: Teller) -> Iterator[str]:
    """A visit to a farm, where a job goes wrong in a funny way."""
    t.child()
    t.grown_up("grandma", "grandpa", "uncle", "aunt")
    first, second, third = t.some(FARM_BEASTS, 3)
    t.cast |= {"first": first, "second": second, "third": third}
    t.cast |= {
        f"sound_{i}": beast.sound.capitalize() for i, beast in enumerate((first, second, third))
    }
    yield """{child} [In the summer|One weekend|In the holidays], {he} went to visit {helper} on
        the farm. [{Helper} was waiting at the gate with a straw hat on.|They drove there in an
        old truck that went bump, bump, bump.|It was far from the city, and the air smelled of
        hay.] "[Can I help|May I feed the animals]?" {asked} {hero}. "[A farm always needs
        help|Put on your boots]," {answered} {helper}."""
    yield """First they visited the {first.many}. "{sound_0}!" said one of them. It {first.did}.
        Then they gave the {second.many} some water. "{sound_1}!" A {second} {second.did}.
        [{Hero} was a little afraid at first, but soon {he} was not.|"Good morning to you too,"
        said {hero}.|{Hero} laughed.]"""
    way = t.even(("gate", "eggs", "milk", "wont"))
    if way == "gate":
        yield """But {hero} forgot to close the gate. When {he} looked back, all the
            {second.many} were walking down the road! "Stop! Come back!" {he} {cried}, but they
            only walked faster. {He} wanted to hide. Instead, {he} ran straight to {helper}. "I
            left the gate open," {he} said. "I'm sorry." """
        yield """"Thank you for telling me right away," said {helper}[ {kindly}||]. {Helper.he}
            gave {him} a bucket of [corn|apples|oats]. "Don't chase them. Shake this, and walk
            slowly." {Hero} shook the bucket. One head turned around, and then another. Soon
            they all trotted after {him}, straight back through the gate. Click! This time {he}
            closed it, and {he} checked it twice."""
    elif way == "eggs":
        yield """Then it was time to collect the eggs. {Hero} found one in the straw, two behind
            a barrel and one in {helper}'s hat. {He} put them in {his} pockets. But then {he}
            slipped in the mud. Crunch! "My poor eggs!" {he} {sobbed}. Something yellow ran down
            {his} leg."""
        yield """{Helper} tried not to laugh. "Eggs are happier in a basket," {helper.he} said.
            {Hero} washed {his} pants at the pump and went out again, this time with a basket.
            {He} walked as if the ground were made of glass. Twelve eggs got home safely, and
            they had the biggest omelet in the valley."""
    elif way == "milk":
        yield """Then {hero} was allowed to carry the milk. The bucket was heavy. Three cats
            walked behind {him}. A bee buzzed around {his} ear, {he} jumped, and over went the
            bucket! The milk ran across the yard like a white river. {sad} The three cats were
            not sad at all. They licked and licked."""
        yield """"It's no use crying over spilled milk," said {helper}. "You took too much at
            once. Half a bucket, and two trips." {Hero} went twice, with small steps, and did
            not spill a drop. The cats followed {him} both times, just to be sure."""
    else:
        yield """Only one animal did not want to be friends. It was an old {third} that turned
            its back on everyone. "It is lonely," said {helper}. "Its best friend moved to
            another farm." {Hero} came back with an apple and sat down by the fence. {He} did
            not say anything. {He} did the same the next day, and the next."""
        yield """On the fourth day, {hero} felt warm breath on {his} neck. "{sound_2}," said the
            {third}, very softly, and took the apple out of {his} hand. "Well, look at that!"
            said {helper}. "It hasn't done that for a year." """
    yield """[In the evening they sat on the porch and ate {meal}.|When {he} had to go home, all
        the animals stood at the fence.|That evening {hero} was too tired to eat, but {he} was
        happy.] [{thanks}|"You are a real farmer now," said {helper}[ {kindly}||].|"I'll come
        back soon!" {hero} called.|{Hero} kept one white feather to remember the day.]"""


def windy_hat(t: Teller) -> Iterator[str]:
    """The wind takes something, and it comes back by the help of strangers."""
    t.child()
    t.grown_up()
    lost = t.cast["lost"] = t.pick(
        ("hat", "balloon", "kite", "scarf", "umbrella", "paper boat", "drawing", "pinwheel")
    )
    t.cast["place"] = t.pick(
        [one for one in PLACES if one.name not in ("the forest", "the schoolyard", "the orchard")]
    )
    t.cast["stranger"], t.cast["other"] = t.some(
        (
            "a fisherman",
            "a girl on a scooter",
            "a man with a long beard",
            "two twins in matching coats",
            "a woman with a stroller",
            "a boy with a big dog",
            "an old couple on a bench",
            "a painter with a brush behind his ear",
        ),
        2,
    )
    yield """{child} [One windy day,|One windy afternoon,|One breezy morning,|On a windy
        Sunday,] {he} went to {place} with {helper}. {He} had {his} new {color} {lost} with
        {him}. [It was a present from {his} aunt.|{He} had saved up for it for weeks.|It was
        {his} very first one.] {place.sights}"""
    yield """Whoosh! A gust of wind [grabbed the {lost}|pulled the {lost} out of {his}
        {hands}|came around the corner like a thief]. "My {lost}!" {cried} {hero}. Up it went,
        over the [bushes|people|path], and {hero} ran after it as fast as {he} could. ["Wait for
        me!" {cried} {helper}.|{Helper} ran too, puffing like a train.]"""
    yield """{He} met {stranger}. "Did you see a {color} {lost}?" {he} {asked}. "It flew that
        way!" was the answer. {He} ran on. There was {other}. "It went over there!" [Soon a
        whole line of people was running behind {him}.|They all came along to help.|A little dog
        barked and joined in.]"""
    if t.chance(0.5) and lost != "balloon":
        yield """And then they saw it. The {lost} was hanging on a high branch, just out of
            reach. {Hero} jumped. {Helper} jumped. [They threw a pinecone, but it missed.|They
            shook the tree, but only leaves came down.] "We need to be taller," said {hero}.
            {idea} "{helper.call}, lift me up!" {Hero} stood on {helper}'s shoulders and
            stretched, until the tips of {his} fingers touched it. "I've got it!" """
        yield """Everyone clapped. [{glad}|{proud}] "Thank you for helping me!" {hero} called.
            {He} [tied the {lost} to {his} button with a string|held on to it with both {hands}
            all the way home], and the wind [had to look for something else to play
            with|whistled as if it were laughing]."""
    else:
        t.settle("small", "[girl|boy]")
        yield """At last they found it. It had come down beside a little {small} in a
            wheelchair, who was [smiling for the first time that day|holding it like a
            treasure]. "Look what the sky gave me!" the {small} said. {Hero} opened {his} mouth
            and shut it again. [{He} looked at the {lost}. {He} looked at the smile.|{He} wanted
            it back, but the {small} looked so happy.]"""
        yield """"It came from my hand, but maybe the wind wanted you to have a turn," said
            {hero}. "Would you like to play with me?" They played until the sun was low. When it
            was time to go, {hero} gave the {small} the {lost} to keep until next week. "Then we
            have to meet again," {he} said. [{Helper} squeezed {his} shoulder.|And they did,
            every Sunday.|{Hero} lost a {lost} that day, but {he} found a friend.]"""


def market(t: Teller) -> Iterator[str]:
    """A child shops alone for the first time, and forgets something."""
    t.child()
    t.grown_up("mom", "dad", "grandma", "grandpa")
    one, two, extra = *t.some(FRUITS, 1), *t.some(VEGETABLES, 1), t.pick(TREATS)
    t.cast |= {"one": one, "two": two, "extra": extra}
    t.cast["seller"], t.cast["seller_he"], t.cast["seller_his"] = t.even(
        (("woman", "she", "her"), ("man", "he", "his"))
    )
    t.settle("number", "[three|five|six|four|ten|seven|eight|a dozen]")
    yield """{child} {one_day} {helper} said, "You are big enough to go to the market for me.
        Please buy {number} {two}, some {one} and a loaf of bread." {Hero} [took the basket and
        the purse|put the coins in {his} pocket]. "{Number} {two}, some {one} and a loaf of
        bread," {he} said at every step, so that {he} would not forget."""
    yield """The market was [loud and full of colors|crowded and busy]. There were [barrels of
        olives and wheels of cheese|silver fish on ice|towers of cabbages and strings of
        garlic|bolts of cloth and pots of honey]. "[Fresh eggs!|Sweet melons!|Hot pies!]"
        {cried} a [farmer|woman in a striped apron|man with a big mustache]. A
        [juggler|fiddler|puppet man] stood on a box, and {hero} stopped to watch."""
    way = t.even(("forgot", "treat", "coin"))
    if way == "forgot":
        yield """When the show was over, {hero} [blinked|shook {his} head]. What was it that
            {helper} wanted? {Number} what? {He} could not remember! {He} walked up and down and
            looked at everything. {idea} "What does {helper.call} cook on
            [Mondays|Fridays|Saturdays]?" {he} said to {himself}. "Pie! And in the pie there are
            {two}!" Then it all came back to {him}."""
        yield """"{Number} {two}, please, some {one} and a loaf of bread," said {hero}. The
            {seller} behind the stall smiled and put everything in the basket. "What a good
            memory you have," the {seller} said, and {hero} went a bit red."""
    elif way == "treat":
        yield """Then {he} smelled something wonderful. It was {extra}! {Hero}'s mouth watered.
            {He} counted {his} coins. There was just enough for the things on the list, and not
            one penny more. [{He} walked past the stall. Then {he} walked past it again.|"Nobody
            would know," said a small voice inside {him}.] But {helper} was waiting for the
            {two}. {Hero} held the purse tight and bought {number} {two}, some {one} and a loaf
            of bread."""
        yield """At home, {helper} looked into the basket. "You bought everything, and you
            brought back the right change!" {helper.he} said. "I think a helper like you has
            earned a reward." And out of the cupboard {helper.he} took a big bag of {extra}.
            {Hero}'s eyes grew round."""
    else:
        yield """At the stall {hero} asked for {number} {two}, some {one} and a loaf of bread.
            But when {he} reached for the money, one coin was missing! There was a hole in {his}
            pocket. {sad} "I can't pay for it all," {he} {whispered}."""
        yield """The {seller} behind the stall rubbed {seller_his} chin. "My back is sore
            today," {seller_he} said. "If you put these {one} into boxes for me, we will be
            even." {Hero} worked so fast that it was done in no time. "Come back whenever you
            like!" the {seller} called after {him}. At home, {hero} told the whole story, and
            {helper} sewed up the hole."""
    yield """[That evening there was a pie, and it was the best one ever.|Everyone said that
        supper tasted better than usual.|{proud}] [{Hero} had done it all alone.|"May I go again
        next week?" {asked} {hero}.|"You are a great help," said {helper}[
        {kindly}||].|{learned} {he} went to the market every week, and soon all the sellers knew
        {his} name.]"""


# --- Something strange is found --------------------------------------------------------------


@dataclass(frozen=True)
class Wonder(Entry):
    """A strange thing, where it lies, what it does, and what becomes of it."""

    find: str
    guess: str
    turn: str
    end: str


WONDERS = (
    Wonder(
        "egg",
        "Behind a rock lay a big, {hue} egg with spots. It was as warm as toast.",
        """"Maybe it is a dinosaur," {whispered} {friend}. "Maybe it is a stone," said {hero}.
        They wrapped it in a scarf and took turns to keep it warm.""",
        """On the third day there was a crack, and a tap, tap, tap. Out came a wet little
        [ostrich|goose|peacock|turtle] with a very surprised face. It looked at {hero} and
        thought that {he} was its mother.""",
        """It followed them everywhere, even into the bathroom. When it had grown, they took it
        to a farm with a big pond, and every Sunday it ran to the gate to meet them.""",
    ),
    Wonder(
        "key",
        "In the mud lay a rusty old key with a curly handle.",
        """"Every key has a door," said {hero}. They tried it in the front door and the back
        door, in the shed and the mailbox. It did not fit anywhere.""",
        """Then {friend} saw a tiny door in the garden wall, almost hidden by ivy. The key
        turned with a squeak. Behind it was a secret garden, full of weeds, with a cracked
        fountain and a swing.""",
        """They pulled the weeds and oiled the swing. It took them the whole spring. Now there
        are roses in it, and everybody on the street has a copy of the key.""",
    ),
    Wonder(
        "bottle",
        """Something green was shining by the water. It was a bottle, and inside there was a
        roll of paper!""",
        """They pulled out the cork with their teeth. The paper said, "I live on an island with
        one tree. Please write back. Your friend, {third}." """,
        """{Hero} and {friend} wrote a long letter about their [town|street|school|houses] and
        put in a drawing of a cat. They threw the bottle back into the water and waited. Summer
        went, and winter came.""",
        """One day there was a bottle again, and in it a letter with pressed flowers. "Now I am
        not alone any more," it said. They have been writing to each other ever since.""",
    ),
    Wonder(
        "map",
        """Under a loose stone in the wall, {hero} found a piece of yellow paper. It was a map,
        with a big red X.""",
        """"Treasure!" {cried} {friend}. They went ten steps to the north, around the crooked
        pine, and under the fence. They dug and dug, until the shovel went clonk.""",
        """It was a tin box. There were no jewels in it, only a slingshot, six marbles and a
        note: "I hid my treasures here when I was seven. Now it is your turn." """,
        """They put in their own best things, a blue feather and a whistle, and wrote a note
        too. Then they buried the box again and put the map back under the stone.""",
    ),
    Wonder(
        "stone",
        "On the path lay a round stone. When {hero} picked it up, it hummed.",
        """"Stones can't hum," said {friend}, and put an ear to it. "This one can!" It hummed
        loudly when they walked to the left and softly when they walked to the right.""",
        """So they followed the hum, over the stile and down the bank. It led them to a little
        {small} who was sitting on a log and crying, all alone. "I lost my way," the child
        {sobbed}.""",
        """They took the child home, and the stone fell silent. {Hero} put it back on the path.
        "Somebody else might need it," {he} said.""",
    ),
    Wonder(
        "lamp",
        """Behind a shed, at the bottom of a box of junk, there was a dented lamp. {Hero} rubbed
        it with {his} sleeve.""",
        """Poof! A puff of {hue} smoke came out, and a very small genie, no bigger than a spoon.
        "I can only do small wishes," he said with a yawn. "Go ahead." """,
        """{Friend} wished for a strawberry, and it was there. {Hero} thought for a long time.
        "What do you wish for, genie?" {he} asked. Nobody had ever asked the genie that. He
        turned pink. "I would like to sleep in a bed," he said.""",
        """They made him a bed in a matchbox, with a leaf for a blanket. He snored all winter.
        Each morning there was one strawberry on the window sill.""",
    ),
    Wonder(
        "footprints",
        """There were footprints in the [mud|sand|snow], and they were huge. Each one had
        [three|four] toes.""",
        """"A monster," {whispered} {friend}, and held on to {hero}'s sleeve. But they were more
        curious than afraid. They followed the prints past the well and through a gap in the
        hedge.""",
        """At the end of the trail they saw a pair of enormous slippers with claws, and in them
        stood {neighbor}. "Good morning," said {neighbor}. "These were a gift from my brother.
        They are so warm that I never take them off." """,
        """They laughed so hard that they had to sit down. {Neighbor} gave them cocoa, and let
        each of them stomp once around the yard in the monster slippers.""",
    ),
    Wonder(
        "door",
        """In the trunk of an old tree, {hero} saw a door no taller than a thumb. There was a
        light behind it.""",
        """{Friend} knocked with one finger. "We are closed!" called a squeaky voice. "We have
        run out of buttons!" {Hero} pulled a button off {his} coat and pushed it under the door.""",
        """The door flew open. A mouse in an apron stood there. "Plates!" she cried. "At last we
        have plates again!" For that is what mice use buttons for. She bowed, and gave them each
        a crumb of cheese on a leaf.""",
        """From then on, {hero} always kept a spare button in {his} pocket, and {his} coats were
        always open.""",
    ),
    Wonder(
        "box",
        """When they came home, a wooden box stood on the doorstep. There was no name on it,
        only the words "Do not shake." """,
        """{Friend} sniffed it. {Hero} listened to it. Something inside went tick, tick, tick.
        "Shall we open it?" asked {friend}. "Let's ask first," said {hero}, and called
        {neighbor} from next door.""",
        """"I have been looking for that!" said {neighbor}. Inside the box sat a clock with a
        door, and out of the door came a wooden bird. "Cuckoo! Cuckoo!" It was the clock of
        {neighbor}'s grandmother, and the mail carrier had left it at the wrong house.""",
        """Because they had not shaken it, they were allowed to pull the chain each evening. And
        whenever the bird called four times, {neighbor} had {treat} for them.""",
    ),
)


def strange_thing(t: Teller) -> Iterator[str]:
    """Two friends find something strange and find out what it is."""
    t.child()
    t.child("friend")
    t.child("third")
    t.neighbor("neighbor")
    t.cast["thing"] = t.even(WONDERS)
    t.settle("small", "[boy|girl]")
    yield """{child} {one_day} {hero} and {his} friend {friend} were out exploring.
        [{weather.sky}|They had a flashlight, a rope and two sandwiches.|They had walked farther
        than ever before.|They were looking for nothing special.] {thing.find} "[Look at
        this!|What is that?|Come here, quick!]" {cried} {hero}."""
    yield "{thing.guess}"
    yield "{thing.turn}"
    yield """{thing.end} [It was their secret, and it was a good one.|"You never know what you
        will find," said {friend}.|{Hero} and {friend} never forgot that day.|{glad}|"And that,"
        {hero} always said, "is a true story."|]"""


# --- A friend is sick ------------------------------------------------------------------------


def sick_friend(t: Teller) -> Iterator[str]:
    """A friend is sick in bed, and is cheered up."""
    animals = t.chance(0.4)
    if animals:
        t.animal()
        t.animal("friend")
        t.cast["start"], t.cast["friend_full"] = "{animal}", "{friend} the {friend.kind}"
        t.settle(
            "brought",
            """[a pot of berry tea|a warm blanket of moss|a bowl of nut soup|a jar of
            honey|three sweet plums|a pillow of feathers]""",
        )
        t.settle("sick_at", "{friend.his} bed of leaves")
    else:
        t.child()
        t.child("friend")
        t.cast["start"], t.cast["friend_full"] = "{child}", "{friend}"
        t.settle(
            "brought",
            """[a pot of chicken soup|a stack of comics|a bag of oranges|a glass jar of honey|a
            soft pillow|a bunch of daisies|a puzzle|a warm hot water bottle]""",
        )
        t.settle("sick_at", "bed")
    t.settle(
        "illness",
        """[a bad cold|a fever|a sore throat|a tummy ache|a terrible cough|itchy red spots|an
        aching ear]""",
    )
    yield """{start} Every [day|afternoon] {hero} played with {friend_full}. But {one_day_low}
        {friend} did not come. {Hero} waited [by the gate|under the big tree|until noon]. [Where
        could {friend.he} be?|It was no fun to play alone.]"""
    yield """{He} went to {friend}'s [home|door] and knocked. "[Come in|Who is there|The door is
        open]," said a weak voice. {Friend} was in {sick_at} with {illness}. {Friend.his} face
        was [hot|pale], and {friend.his} eyes were dull. "[I can't play today|I feel awful],"
        {friend.he} {whispered}."""
    way = t.even(("soup", "show", "string"))
    if way == "soup":
        yield """"Then I will look after you," said {hero}. {He} hurried home and came back with
            [a cup of berry tea|a bowl of warm soup|some milk with honey|a glass of juice|a jug
            of warm broth]. {He} [opened the window to let in fresh air|shook out the
            blanket|put a cool cloth on {friend}'s head]. "Drink a little, and then sleep," {he}
            said. {Friend} slept, and {hero} sat by {friend.him} and [hummed|watched a fly on
            the wall|did not make a sound]."""
    elif way == "show":
        yield """"You must not get up," said {hero}, "but you can look out of the window." {He}
            ran outside. {He} walked on {his} {hands}. {He} wore a bucket for a hat and slipped
            on purpose. {He} made a funny face with {his} nose pressed flat against the glass.
            {Friend} began to smile. Then {friend.he} giggled, and then {friend.he} laughed so
            loudly that {friend.he} forgot about being sick."""
    else:
        yield """But the next day {hero} was not allowed to come in, so that {he} would not get
            sick too. {idea} {He} took a long string and two cans, one for {friend} and one for
            {himself}. Now they could talk from one window to the other. {He} told {friend}
            about [a dog that ran off with a sausage|a ladybug with seven spots|the biggest
            puddle in the world], and {friend} told {him} about {friend.his} dreams. "I dreamed
            of {dream}," {friend.he} said."""
    yield """[In a few days|Before the week was over|By Friday], {friend} was well again. The
        first thing {friend.he} did was to run to {hero}. "[You were better than any medicine|A
        friend is the best medicine|You did not forget me]," {friend.he} said. {glad} And when
        {hero} [caught the same thing|began to sneeze] the next week, who do you think came to
        {his} door with {brought}? [It was {friend}, of course!|{Friend}, with a big smile!]"""


# --- A thing is broken and mended ------------------------------------------------------------

BROKEN = (
    (
        "bike",
        "the chain came off with a clank, and the wheels would not turn",
        "a wrench and some oil",
        "They lifted the chain back onto the cog, one link at a time",
        "the bike rolled as smoothly as a marble",
    ),
    (
        "chair",
        "one leg broke off, and {he} landed on {his} bottom",
        "glue and a clamp",
        "They put glue on the leg and pressed it into place",
        "the chair was strong enough for an elephant",
    ),
    (
        "teapot",
        "the handle came off in {his} hand",
        "strong glue and a steady hand",
        "They dabbed on the glue with a matchstick",
        "you could only see a line as thin as a hair",
    ),
    (
        "doll",
        "her arm came off, and the stuffing came out",
        "a needle and some thread",
        "In and out went the needle, like a little silver fish",
        "the doll had a scar that made her look brave",
    ),
    (
        "wagon",
        "a wheel fell off and rolled down the hill without it",
        "a new bolt and a hammer",
        "They pushed the wheel on and knocked the bolt in",
        "the wagon went faster than before",
    ),
    (
        "kite",
        "it tore on a thorn bush from top to bottom",
        "paper, paste and scissors",
        "They cut out a big star and pasted it over the hole",
        "the kite was the only one in town with a star",
    ),
    (
        "lamp",
        "it went out, and the room was dark",
        "a new bulb and a dry cloth",
        "They pulled out the plug first, and then they turned the old bulb to the left",
        "the lamp shone like a small sun",
    ),
    (
        "drum",
        """there was a hole in the skin, and it said "puh" and nothing else""",
        "a round patch and some string",
        "They stretched the patch tight and tied it all around",
        """the drum said "boom" so loudly that the windows shook""",
    ),
    (
        "clock",
        "it stopped at ten minutes past three",
        "a tiny screwdriver and a feather",
        "They opened the back and brushed the dust from the little wheels",
        """the clock said "tick, tock" as if it had never been still""",
    ),
    (
        "backpack",
        "the strap ripped, and all {his} books fell into a puddle",
        "a thick needle and a piece of leather",
        "They sewed the strap on with big stitches and dried the books on the line",
        "the backpack was stronger than a rope",
    ),
    (
        "umbrella",
        "the wind turned it inside out",
        "pliers and a bit of wire",
        "They bent the ribs straight and tied them with wire",
        "the umbrella popped open like a flower",
    ),
    (
        "music box",
        "the little dancer would not turn any more",
        "a drop of oil and a pair of tweezers",
        "They found a hair in the wheels and pulled it out with the tweezers",
        "the music box played its song, and the dancer spun",
    ),
)


def repair(t: Teller) -> Iterator[str]:
    """Something dear is broken, and is mended instead of thrown away."""
    t.child()
    if t.chance(0.5):
        t.neighbor()
    else:
        t.grown_up("grandpa", "grandma", "mom", "dad", "aunt", "uncle")
    thing, broke, tools, mending, mended = t.even(BROKEN)
    t.cast |= {"thing": thing, "broke": broke, "tools": tools, "mending": mending, "mended": mended}
    yield """{child} {He} had an old {thing}. [It had belonged to {his}
        [sister|cousin|uncle].|It was not new, but {he} loved it.|{He} used it every day.]
        {one_day} something went wrong: {broke}. ["Oh no, my {thing}!" {cried}
        {hero}.|{sad}|{Hero} stared at it.]"""
    yield """"[It's broken. You can throw it away|Let's just get a new one]," said {his} [older
        brother|big sister|cousin]. But {hero} [shook {his} head|did not want a new one]. {He}
        took the {thing} to {helper}[, who could fix almost anything|, who had a workshop full
        of tools|]. "Can you mend it?" {he} {asked}. {Helper} [put on {helper.his}
        glasses|looked at it from all sides|hummed and nodded]. "[I can't, but we can|We can
        try], if you help me," {helper.he} said."""
    yield """{Helper} got out {tools}. "[First we look, then we think, and then we do|Slow and
        careful wins the day]," {helper.he} said. [{Hero} held the light.|{Hero} handed
        {helper.him} one thing after the other.|{Hero} stuck out {his} tongue, as {he} always
        did when {he} was busy.] {mending}. [It did not work the first time, so they did it
        again.|A drop of sweat ran down {his} nose.|"Gently," said {helper}. "Gently."|]"""
    yield """When they were done, {mended}. [{glad}|"It's better than new!" {he}
        {cheered}.|{proud}] {thanks} [{learned} when something broke, {hero} did not throw it
        away. {He} said, "Let me have a look."|"What is broken can often be mended," said
        {helper}, "and that is true for friends as well."|Now half the street brings broken
        things to {hero}.|{Hero} swept up the workshop, and they shared some {treat}.]"""


# --- Bedtime ---------------------------------------------------------------------------------


def bedtime(t: Teller) -> Iterator[str]:
    """Somebody cannot sleep, and finds out how."""
    animals = t.chance(0.4)
    if animals:
        t.animal()
        t.grown_up("mom", "dad", "grandma", "grandpa")
        t.cast["start"], t.cast["bed"] = "{animal}", "{his} [nest|soft bed of moss|warm corner]"
    else:
        t.child()
        t.grown_up()
        t.cast["start"], t.cast["bed"] = "{child}", "{his} bed"
    yield """{start} [One night|One evening], {hero} lay in {bed} with {his} eyes wide open.
        [The moon shone in.|It was late, and nothing stirred.|The wind hummed outside.] {He}
        turned to the left. {He} turned to the right. "I can't sleep," {he} {sighed}."""
    way = t.even(("sounds", "moon", "worry", "journey"))
    if way == "sounds":
        yield """{Helper} came in on tiptoe. "Shall we listen to the night?" {helper.he}
            {whispered}. They were both very still. Far away, [a train whistled|an owl called|a
            dog barked once]. Near by, [a cricket was playing its fiddle|a tap dripped|the
            leaves rustled]. "That is the sound of everything going to bed," said {helper}. "And
            what is that?" {asked} {hero}. Thump, thump, thump. "That is your own heart. It
            stays awake for you, so that you can rest." """
    elif way == "moon":
        yield """{He} looked at the moon, and the moon looked at {him}. "Don't you ever sleep?"
            {hero} {asked}. "Only in the daytime," said the moon, and it sounded a little tired.
            "All night long I must shine for the cats and the sailors. But nobody ever says good
            night to me." {Hero} felt sorry for it. "Then I will," {he} said. {He} sang the moon
            a lullaby, first loudly, then softly, and at the end so softly that only the moon
            could hear."""
    elif way == "worry":
        t.settle(
            "worry",
            """[the big race tomorrow|a friend who was angry with {him}|a tooth that was loose|a
            promise {he} had forgotten|a shadow in the corner]""",
        )
        yield """{Helper} sat down beside {him}. "Is something going around and around in your
            head?" {Hero} nodded. {He} was thinking about {worry}. "Let's put it away until
            morning," said {helper}[ {kindly}||]. {Helper.he} held out an empty [jar|nut
            shell|little bag]. "Whisper it in here, and I will shut the lid." {Hero} whispered
            for quite a long time. Snap! The lid was shut. {His} head felt as empty and clear as
            a window."""
    else:
        yield """{Helper} came and sat down. "Close your eyes, and I will take you on a trip,"
            {helper.he} said. "We are in a little boat. There are pillows in it. The river is
            wide and slow. On the left, [sheep|white geese] are asleep. On the right, [the
            flowers are folding up|a bear is brushing his teeth]. Now we pass under a bridge
            made of stars." "Where does the river go?" {whispered} {hero}. "To tomorrow," said
            {helper}. "We only have to float." """
    yield """{Hero} yawned a [big|long|huge] yawn. {His} [eyelids|arms and legs] grew heavy.
        [The blanket was as warm as a hug.|Somebody tucked the blanket in.|One star blinked, and
        then it blinked no more.] {He} wanted to say one more thing, but {he} [had already
        forgotten what it was|was already asleep]. {He} dreamed of {dream}. [In the morning,
        {he} could not remember how {he} had fallen asleep.|Good night, {hero}.|And everything
        was quiet until the sun came up.|Sleep well, little one.]"""


# --- A good deed goes around -----------------------------------------------------------------


def good_deed(t: Teller) -> Iterator[str]:
    """A kindness is passed on until it comes back."""
    t.child()
    t.grown_up("mom", "dad", "grandma", "grandpa")
    t.neighbor("neighbor")
    t.child("friend")
    first, second, third = t.some(DEEDS, 3)
    t.cast |= {"first": first[0], "second": second[0], "third": third[1], "who": t.pick(ADULTS_MET)}
    yield """{child} {one_day} {hero} saw {neighbor}, {his} neighbor, who {first}. [Nobody else
        had noticed.|Most people just walked by.|{Hero} was on {his} way to play, but {he}
        stopped.] "[May I help you?|Wait, I'll do that!|Let me help!]" {he} {cried}. Together it
        was done in no time. "What can I give you for that?" {asked} {neighbor}. "Nothing,"
        {answered} {hero}. "[Just pass it on|It was fun]." """
    yield """{Neighbor} went on with a smile. Around the corner {neighbor.he} met {who}, who
        {second}. "[Somebody just helped me, so now I will help you|Today is a helping day],"
        said {neighbor}. And when {who} walked on, whistling, there was a child on the bench who
        looked unhappy. It was {friend}, who had {third}. "Cheer up," said {who}, "we can do
        something about that." And so they did."""
    yield """{Hero} did not know any of this. [In the afternoon {he} was riding {his} scooter,
        and {he} hit a stone.|In the afternoon {he} was running, and {he} tripped over a root.]
        Down {he} went. {His} knee was bleeding, and [tears filled {his} eyes|{he} began to
        cry|it hurt a lot]. Then somebody came running. It was {friend}, with a [bandage|clean
        handkerchief]. "[Don't cry|Hold still]," said {friend}. "Today somebody was kind to me,
        and now it is my turn." """
    yield """In the evening, {hero} told {helper} all about it. "[Kindness is like a ball|A good
        deed is like a boomerang]," said {helper}. "You throw it, and one day it comes back."
        [{Hero} thought about that for a long time.|{glad}|"Then tomorrow I will throw it even
        farther," said {hero}.]"""


DEEDS = (
    (
        "had dropped a bag of oranges, and they were rolling down the street",
        "lost {friend.his} lucky marble",
    ),
    ("could not carry the shopping up the steps", "torn {friend.his} kite"),
    (
        "was looking for a pair of glasses that were nowhere to be found",
        "dropped {friend.his} ice cream",
    ),
    ("was trying to rake a mountain of leaves", "nobody to play with"),
    ("had to push a car that would not start", "broken {friend.his} favorite pencil"),
    ("could not reach the bell", "left {friend.his} lunch at home"),
    (
        "was chasing letters that the wind had blown away",
        "a knot in {friend.his} shoelace that would not come out",
    ),
    ("had lost a ring in the grass", "missed the bus"),
    (
        "was painting a fence and had only one brush and very little time",
        "fallen off {friend.his} skateboard",
    ),
)


# --- A race between animals ------------------------------------------------------------------


def race(t: Teller) -> Iterator[str]:
    """A contest, and something that matters more than winning it."""
    t.animal()
    t.animal("friend")
    t.animal("third")
    t.cast["place"] = t.pick(WILD_PLACES)
    way = t.even(("boast", "help", "log"))
    prizes = (
        "a basket of blueberries",
        "a big jar of honey",
        "a cake with nuts on top",
        "a cheese as round as the moon",
        "a bowl of wild cherries",
        "a crown of oak leaves",
        "a golden acorn",
        "a medal made of bark",
    )
    t.cast["prize"] = t.pick(prizes if way == "boast" else prizes[:5])
    t.settle("judge", "[the old owl|the wise heron|the gray goose|a very old toad]")
    yield """{animal} {one_day} there was a [big|great] race {place.at}. All the animals came.
        The winner would get {prize}. "I will win," said {friend} the {friend.kind}. "I always
        win." {Hero} [did not say anything|looked at {his} short legs|only smiled].
        [{place.sights}|{weather.sky}]"""
    yield """"[Ready, steady, go|On your marks, get set, go]!" {cried} {judge}. [Leaves
        flew.|Dust flew up.|The ground shook.] {Friend} was [soon far ahead|the first to reach
        the big rock]. {Hero} came next, and {third} the {third.kind} was last. [{Hero} ran as
        fast as {he} could.|"Keep going," {hero} told {himself}.|The crowd clapped and stamped.]"""
    if way == "boast":
        yield """Halfway there, {friend} looked back. There was nobody to be seen. "I have
            plenty of time," {friend.he} said, and lay down [under a tree|in the shade] with
            {friend.his} feet in the air. {Friend.he} closed one eye. Then {friend.he} closed
            the other. {Hero} passed by, puffing, without a sound. When {friend} woke up,
            everyone was cheering, and it was not for {friend.him}."""
        yield """{Hero} had won! {Judge} gave {him} {prize}. [{proud}] {Friend} came last, with
            a red face. {Hero} saw it. "You are much faster than I am," {he} said. "Next time,
            run first and nap later." {Friend} had to laugh. ["Will you train with me?"
            {friend.he} {asked}.|"I was too proud," {friend.he} said. "Well done!"]"""
    elif way == "help":
        yield """Then {hero} heard a cry. "Help!" It was {third}. {Third.he} had [stepped into a
            hole|slipped into the mud|got caught in some thorns] and could not get out. {Hero}
            looked at the finish. It was so near! {He} looked at {third}. Then {he} turned
            around."""
        yield """{He} pulled and pulled until {third} was free. "Now you have lost the race
            because of me," {third} {sobbed}. "[It is only a race|There will be another race],"
            said {hero}. "Lean on me." They came in together, the very last, side by side.
            {Friend} had won long ago. But {judge} [coughed|stood up]. "The fastest is
            {friend}," said the judge, "but the winner today is {hero}, because a kind heart is
            the best thing of all." And everybody shared {prize}."""
    else:
        yield """A storm in the night had thrown a huge log across the path. {Friend} was too
            heavy to climb over it and too proud to ask. {Hero} was too small. {Third} came up
            behind them, out of breath. Three animals stood and looked at one log. "Alone,
            nobody can do it," said {hero}. "But maybe together." """
        yield """{Friend} made {friend.himself} as flat as a step. {Hero} climbed up and pulled
            {third} after {him}, and then the two of them pulled {friend}. "Heave!" they
            shouted. When they were all on the other side, not one of them wanted to run ahead.
            They walked over the line arm in arm. {Judge} scratched a sleepy head. "Three
            winners!" said the judge. "That has never happened before." They ate the whole prize
            right there."""
    yield """[After that, {friend} never boasted again.|{glad}|It was the best race the animals
        had ever had.|And if you go {place.at} today, you may still hear them talk about
        it.|{Hero} hummed all the way home.]"""


# --- Somebody is different -------------------------------------------------------------------


def different(t: Teller) -> Iterator[str]:
    """A stranger is laughed at, until what is strange about it saves the day."""
    t.animal(among=WOODLAND[:16])
    gift = t.even(GIFTS)
    t.animal("friend", among=(gift[0],))
    t.settle("laughed", "[the sparrows|the young crows|the young hares|the magpies|the rats]")
    t.cast |= {"looks_odd": gift[1], "trouble": gift[2], "saved": gift[3]}
    t.cast["place"] = t.pick(WILD_PLACES)
    yield """{animal} {one_day} somebody new came to {place}. It was a {friend.kind} named
        {friend}. {looks_odd} Nobody had ever seen such an animal before. {Laughed} [whispered
        and pointed|began to giggle]. "[Look at that!|How funny!|What is that?]" they said.
        {Friend} [looked at the ground|pretended not to hear|made {friend.himself} as small as
        {friend.he} could]."""
    yield """[{Hero} did not laugh. {He} knew how it felt to be alone.|At first {hero} laughed
        too. Then {he} saw a tear in {friend}'s eye, and {he} stopped.|"I think you look nice,"
        said {hero}.] {He} went up to {friend}. "Hello, I'm {hero}," {he} said. "[Do you want to
        play|Would you like some {hero_animal.food}]?" {Friend} [smiled a tiny smile|looked up
        in surprise]. "[Yes, please|I would love to]," {friend.he} {whispered}. They [played
        until the sun went down|shared their supper|became friends right away]."""
    yield """[The next day|A few days later|One evening] something bad happened. {trouble}
        [Everybody ran here and there.|Nobody knew what to do.|"Help! Help!" they cried.]
        "{Friend}!" {cried} {hero}. "You can do it!" """
    yield """{saved} ["Hooray for {friend}!" everyone {cheered}.|For a moment it was very still,
        and then everyone clapped.] {Laughed} came up, one by one. "We are sorry that we
        laughed," they said. "[Will you stay with us|Can we be your friends too]?" {Friend}
        looked at {hero}, and {hero} nodded. [{Friend.he} stayed, and there was never a better
        neighbor.|"It is good that we are not all the same," said {hero}.|"I had one friend,"
        said {friend}, "and now I have twenty."]"""


def _stranger(kind: str, hands: str = "feet") -> Animal:
    return Animal(kind, "a faraway land", "leaves", "walked", hands)


GIFTS = (
    (
        _stranger("giraffe"),
        "{Friend.his} neck was longer than any tree.",
        "A baby owl had climbed to the top of the tallest pine and could not get down.",
        """{Friend} stretched {friend.his} long neck up and up. The baby owl hopped onto
        {friend.his} head and slid down the neck as if it were a slide. "Again!" it said.""",
    ),
    (
        _stranger("elephant"),
        "{Friend.his} nose hung down to the ground.",
        "Lightning hit a dead tree, and there was fire!",
        """{Friend} ran to the water and filled {friend.his} long trunk. Whoosh! {Friend.he}
        sprayed the tree from top to bottom. Whoosh! The fire hissed and went out.""",
    ),
    (
        _stranger("porcupine", "paws"),
        "{Friend.he} had long, sharp quills from head to tail.",
        "A hungry wolf came out of the bushes and licked his lips.",
        """{Friend} stepped in front of the little ones and shook {friend.his} quills. Rattle,
        rattle! The wolf sniffed at {friend.him}. "Ouch!" he howled, and he ran away with his
        tail between his legs.""",
    ),
    (
        _stranger("bat", "wings"),
        "{Friend.he} slept all day with {friend.his} head hanging down.",
        "Night fell, and two little mice had not come home. It was as dark as ink.",
        """{Friend} could find {friend.his} way in the dark with {friend.his} ears. {Friend.he}
        flew over the hills and called and listened. Before midnight {friend.he} led both mice
        home, one holding on to the other's tail.""",
    ),
    (
        _stranger("firefly", "wings"),
        "{Friend.his} tail glowed on and off, on and off.",
        "A thick fog came up, and the ducklings were lost in the reeds.",
        """{Friend} flew into the fog and glowed as brightly as {friend.he} could. "Follow the
        light!" {friend.he} called. Seven ducklings came out of the reeds, in a row, blinking.""",
    ),
    (
        _stranger("kangaroo", "paws"),
        """{Friend.he} could not walk at all, only jump, and {friend.he} was always bumping into
        things.""",
        """The river rose and rose, and a family of moles was sitting on a rock in the middle of
        it.""",
        """{Friend} bent {friend.his} strong legs and jumped. {Friend.he} landed on the rock,
        took two moles under each arm, and jumped back. Splash, went the water, but it was too
        late. They were safe.""",
    ),
    (
        _stranger("snail", "feelers"),
        """{Friend.he} carried {friend.his} house on {friend.his} back, and {friend.he} was the
        slowest animal of all.""",
        "A baby rabbit had lost its way, and the rain had washed away every smell.",
        """{Friend} looked at the leaves. "I go so slowly that I see everything," {friend.he}
        said. "Here is a bent stalk. Here is a bit of fluff." Leaf by leaf, {friend.he} followed
        the trail, and there, behind a stump, sat the baby rabbit.""",
    ),
    (
        _stranger("pelican", "wings"),
        "{Friend.his} beak was as big as a bucket.",
        """It had not rained for weeks. The little pond was almost dry, and the tadpoles were
        gasping.""",
        """{Friend} flew to the big lake, filled {friend.his} beak and flew back. {Friend.he}
        did it ten times, twenty times, a hundred times, until the tadpoles were swimming again.""",
    ),
    (
        _stranger("chameleon"),
        "One moment {friend.he} was green, and the next moment {friend.he} was red with spots.",
        "A thief had been stealing eggs from the nests, and nobody could catch him.",
        """{Friend} sat down beside a nest and turned as brown as a twig. All night {friend.he}
        waited. When the sly weasel came creeping, the twig opened one eye and shouted, "Boo!"
        The weasel jumped out of his skin and never came back.""",
    ),
    (
        _stranger("crab", "claws"),
        "{Friend.he} only walked sideways.",
        "The little deer had its leg caught in an old fishing net.",
        """{Friend} scuttled up, sideways as always. Snip, snap, snip went {friend.his} claws,
        as quick as scissors. Strand by strand the net fell off, and the little deer could stand
        up again.""",
    ),
)


# --- Winter is coming ------------------------------------------------------------------------


def hungry(t: Teller) -> Iterator[str]:
    """Food is kept or shared."""
    t.animal()
    t.animal("friend")
    t.settle("trait", "[little|busy|careful|lively|clever|plump]")
    t.cast["place"] = t.pick(WILD_PLACES)
    t.settle(
        "found",
        """[a big pile of nuts|a tree full of ripe plums|a patch of sweet berries|a field of
        corn|an apple tree that nobody knew|a hollow full of honey|a row of fat mushrooms]""",
    )
    if t.chance(0.5):
        yield """{animal} {one_day} {hero} found {found} near {place}. "[All for me|What luck]!"
            {he} {cheered}. {He} [looked to the left and to the right|covered everything with
            leaves], so that nobody would see it. {He} ate until {his} belly was as round as a
            ball."""
        yield """{Friend} the {friend.kind} came by. {Friend.he} looked thin and tired. "Have
            you seen anything to eat?" {friend.he} {asked}. "No, nothing," said {hero}, and sat
            down in front of {his} treasure. {Friend} [sighed|nodded sadly|swallowed] and walked
            on. {Hero} took another bite. But somehow it did not taste so good any more. [It is
            no fun to eat alone, with one eye on the path.|{He} kept thinking of {friend}'s
            hungry face.]"""
        t.settle(
            "bad_luck",
            """[That night {hero}'s belly hurt so much that {he} could not move.|On the way home
            {hero} slipped and twisted {his} ankle.]""",
        )
        yield """{bad_luck} "Ow, ow!" {he} {sobbed}. Who should hear it but {friend}!
            {Friend.he} [brought cool water|made {him} a tea of mint] and stayed with {him} all
            night, without asking for anything. {Hero} felt hot with shame. "I told you there
            was nothing to eat," {he} {whispered}. "That was not true. There is {found}, and
            half of it is yours." """
        yield """In the morning they went there together. [They ate side by side and told
            jokes.|Then {hero} called all the others too.] There was [enough for everyone|plenty
            for two], and it tasted much better than before. [{learned} whoever came to {hero}'s
            door got something to eat.|Food that is shared tastes twice as sweet.|{glad}]"""
    else:
        yield """{animal} All [summer|fall], {hero} worked hard. {He} carried [seeds|nuts|roots]
            home and stacked them up to the roof, one after another. {Friend} the {friend.kind}
            lay in the sun and [played a flute made of grass|sang to the clouds|told stories to
            the bees]. "Come and dance!" {friend.he} called. "Winter is coming," said {hero},
            and went on working."""
        yield """Then winter came. Snow fell and fell. [The pond froze.|The wind howled.|Icicles
            hung from every branch.] Inside, {hero} was warm, and {his} shelves were full. But
            the evenings were long, and it was so quiet that {he} could hear the snow fall.
            Knock, knock! There stood {friend}, shivering, with white [eyebrows|whiskers|ears].
            "I have nothing to eat," {friend.he} {whispered}. "I should have listened to you." """
        yield """{Hero} [thought for a moment|looked at {his} shelves]. {He} could have said, "I
            told you so." But {he} opened the door wide. "Come in and warm up," {he} said. "I
            have food but no songs. You have songs but no food." So {hero} cooked, and {friend}
            [sang|played|told stories], and the winter was not long at all."""
        yield """When the first flower came up through the snow, {friend} said, "This year I
            will help you to gather." "And I," said {hero}, "will learn to dance." [And that is
            what they did.|{glad}|They shook {hands} on it.]"""


# --- To be somebody else ---------------------------------------------------------------------


WISHES = (
    (
        "big and strong",
        """[{He} stuffed leaves under {his} arms, but they tickled and fell out.|{He} ate and
        ate, but {he} only got hiccups.|{He} tried to lift a stone, but it did not move at
        all.|{He} puffed up {his} cheeks until {he} was dizzy.]""",
    ),
    (
        "tall",
        """[{He} walked on two sticks, but {he} fell into a puddle.|{He} hung from a branch all
        morning, but only {his} arms felt longer.|{He} stood in the rain to grow, like the
        grass, but {he} only got wet.|{He} put on a hat as high as a chimney, and the wind blew
        it away.]""",
    ),
    (
        "fast",
        """[{He} ran down the hill, but {his} feet got mixed up and {he} rolled the rest of the
        way.|{He} tried to ride on a dragonfly, but it flew off without {him}.|{He} raced a
        falling leaf and lost.|{He} sat on a rolling log, and it stopped in the mud.]""",
    ),
    (
        "loud",
        """[{He} roared like a lion, but it came out as a squeak.|{He} shouted into a hollow
        log, and a beetle asked {him} to be quiet.|{He} banged two nut shells together until
        {his} ears hurt.|{He} practiced at the waterfall, where nobody could hear {him} at all.]""",
    ),
)


def wish_to_be(t: Teller) -> Iterator[str]:
    """An animal wants to be like the others, and learns what it is good for."""
    t.animal(
        among=[
            one
            for one in WOODLAND
            if one.name in ("mouse", "mole", "hedgehog", "frog", "chipmunk", "lizard", "turtle")
        ]
    )
    t.animal(
        "friend",
        among=[one for one in WOODLAND if one.name in ("bear", "deer", "fox", "badger", "raccoon")],
    )
    t.cast["place"] = t.pick(WILD_PLACES)
    t.settle("trait", "[little|small|shy|tiny|quiet|dreamy|curious]")
    t.cast["wish"], t.cast["tried"] = t.even(WISHES)
    yield """{animal} {He} was not happy with {himself}. "I wish I were {wish}," {he} {sighed}.
        "Look at {friend} the {friend.kind}! Everyone sees {friend.him}, and nobody ever sees
        me." [{place.sights}|{weather.sky}|]"""
    yield """So {hero} tried to be {wish}. {tried} [A crow laughed until it fell off its
        branch.|A butterfly shook its head.|Two beetles stopped to stare.|"Whatever are you
        doing?" asked a snail.] [{He} hid under a fern, where nobody could see {him}.|"It's no
        use," {he} said.] {sad}"""
    way = t.even(("hole", "thorn", "net"))
    if way == "hole":
        yield """Just then there was a shout. {Friend} had dropped {friend.his} [lucky
            ring|shiny key|best whistle] into a crack between two rocks. {Friend.he} pushed a
            paw in, but the paw was too big. "I can't reach it!" {friend.he} {cried}. {Hero}
            crept out from under the fern. "I can," {he} said. {He} slipped into the crack, deep
            down where it was dark and narrow, and came back with {his} prize in {his} mouth."""
    elif way == "thorn":
        yield """Then {he} heard somebody crying. It was {friend}! A thorn was stuck deep in
            {friend.his} foot. The others pulled at it with their big paws, but that only made
            it worse. "Hold still," said {hero}. {His} tiny {hands} took hold of the thorn,
            gently, gently, and out it came. {Friend} let out a long breath. "Nobody else could
            have done that," {friend.he} said."""
    else:
        yield """That night {friend} walked into a net that somebody had left between the trees.
            {Friend.he} pulled and kicked, but the net only grew tighter. "You are so strong.
            Can't you tear it?" {asked} {hero}. "[It is no good being strong in here|I can't
            even lift a leg]," {answered} {friend}. {Hero} sat down and nibbled one thread, and
            then another. {He} nibbled until morning, and then the net fell open like a gate."""
    yield """"Thank you! I am glad that you are just the way you are," said {friend}. "[If you
        were like the rest of us, I would still be in trouble|I have always wished I were small
        like you]." "Really?" {asked} {hero}. [{glad}|{proud}] [That night {he} looked at
        {himself} in the water.|{He} skipped home in the moonlight.|{He} told it to the
        crickets, and they sang about it.|] [{He} never wished to be anyone else again.|"Small
        can be just right," {he} said.|{He} liked to be {himself}, from the tip of {his} nose to
        the end of {his} tail.]"""


# --- On the stage ----------------------------------------------------------------------------


def show(t: Teller) -> Iterator[str]:
    """Somebody is too shy to go on the stage."""
    t.child()
    t.child("friend")
    t.grown_up()
    t.settle("trait", "[little|shy|quiet|gentle|thoughtful|dreamy|kind]")
    t.cast["hobby"] = tuple(one for one in HOBBIES if "sing" not in one)
    t.cast["tune"] = t.pick(INSTRUMENTS)
    t.settle(
        "play",
        """[sing a song about the sea|play the {tune}|be a tree in the school play|say a
        poem|dance like a leaf in the wind|be the moon in the school play]""",
    )
    yield """{child} On Friday there would be a [show|big show] at school, and {hero} was going
        to {play}. {He} had practiced for weeks. [At home {he} knew every bit of it.|In front of
        the mirror it went very well.|{Helper} had made {him} a costume out of {hue} cloth.] But
        when Friday came and {he} looked through the curtain, {he} saw [a hundred|rows and rows
        of|so many] faces. {scared}"""
    way = t.even(("funny", "together", "one_face"))
    if way == "funny":
        yield """"I can't go out there," {he} {whispered} to {friend}. "Everybody will look at
            me." "Then give them something to look at," said {friend}, and [drew a mustache on
            {friend.his} lip with cocoa|put a sock on each ear]. "Now they will look at me
            first." {Hero} had to giggle, and a giggle is a good thing to take along onto a
            stage."""
    elif way == "together":
        yield """"My legs won't move," {he} {whispered}. "Mine won't either," said {friend}.
            {Hero} was surprised. {Friend} was never afraid of anything! "Let's go out
            together," said {hero}. "I'll hold your hand, and you hold mine." So they walked out
            into the light, two steps, three steps, and it was not as bad as they had thought."""
    else:
        yield """{Helper} came behind the stage. "There are too many people," {whispered}
            {hero}. "There is only one," said {helper}. "Look for me. I will wear my {hue} hat
            in the third row. You do it just for me, as you do it at home." {Hero} went out.
            {He} looked for the hat, and there it was. All the other faces became [soft and far
            away|like pebbles on a beach]."""
    yield """{He} [opened {his} mouth|took a deep breath] and began. The first [bit|part] was a
        little shaky. [In the middle {he} made a mistake, but {he} just went on, and nobody
        noticed.|The second part was better, and the last part was wonderful.|Somebody sneezed,
        but {he} did not stop.|Then {he} forgot that {he} was afraid.] And then it was over, and
        there was a noise like rain. It was clapping! [{proud}|{glad}]"""
    yield """["Were you scared?" {asked} {helper} afterwards. "Only until I started," said
        {hero}.|"When is the next show?" {asked} {hero}.|{Friend} and {hero} bowed so low that
        their noses touched the floor.] [That night {he} did it all once more for {his} teddy
        bear.|{thanks}|{learned} {hero} knew that the first step is the hardest one.]"""


# --- Lost on the way -------------------------------------------------------------------------


def lost_way(t: Teller) -> Iterator[str]:
    """A young animal strays, is found by somebody kind, and comes home."""
    t.animal()
    t.animal("friend")
    t.cast["place"] = t.pick(WILD_PLACES)
    parent = t.even(("mother", "father"))
    t.cast["parent"] = Person.of(parent, parent, parent == "mother")
    t.settle(
        "lure",
        """[a blue butterfly|a rolling acorn|a shiny beetle|a feather on the wind|a dragonfly|a
        little frog|a leaf boat on the stream|a sweet smell]""",
    )
    yield """{animal} "Stay close to me," said {his} {parent} when they went for a walk.
        {weather.sky} But then {hero} saw {lure}. {He} followed it around a bush, and over a
        root, and past a [pile of stones|patch of nettles]. [When {he} looked up, nothing looked
        as it should.|When it was gone, {he} turned around.] {Parent} was not there!"""
    yield """"[Mother? Father?|Hello?|Where are you?]" {he} {cried}. Only the echo answered.
        {place.sights} It was getting late, and the shadows grew long. {scared} {sad}"""
    way = t.even(("star", "ask", "climb"))
    yield """"Who is crying here?" asked a voice. It was {friend}, a {friend.kind} with [kind
        eyes|a lantern|a basket on {friend.his} arm]. "I'm lost," said {hero}. "I live in
        {hero_animal.home}." "[Don't worry|Dry your tears]," said {friend}. "[We will find the
        way together|Nobody stays lost when there are two]." """
    if way == "star":
        yield """"What can you see from your door at night?" {asked} {friend}. {Hero} sniffed.
            "A big star, over a crooked tree." They waited until it was dark. One star came out,
            and then another, and then the biggest one of all. "There!" {cried} {hero}. They
            walked straight toward it, side by side, until a crooked tree stood black against
            the sky."""
    elif way == "ask":
        yield """They asked a snail, but the snail had never been more than one yard from home.
            They asked an old toad. "A {hero.kind} came by here, calling and calling," the toad
            said. "{Parent.he} went up the stream." They ran along the stream and shouted until
            they were hoarse. Far off, somebody called back."""
    else:
        yield """"Let's look from above," said {friend}. They climbed to the top of a rock. From
            there they could see everything: the stream like a ribbon, the dark wood, and a thin
            line of smoke. "What do you know?" {asked} {friend}. "That tree!" {cried} {hero}.
            "The one that looks like an old man with a hat. It's near my home!" Down they slid
            and ran to it."""
    yield """And there was {his} {parent}! {Parent.he} [hugged {hero} so tight that {he} could
        hardly breathe|laughed and cried at once]. "I looked for you everywhere," {parent.he}
        said. "I'm sorry that I ran off," {whispered} {hero}. {Parent} thanked {friend}, who
        stayed for supper, and they all ate {hero_animal.food} together. [{learned} {hero}
        stayed close on every walk.|{night}|And {hero} had found not only the way but also a
        friend.]"""


# --- Things that are alive -------------------------------------------------------------------


@dataclass(frozen=True)
class Machine(Entry):
    """A thing with a heart: what it does, what it longs for, and when it is needed."""

    life: str
    longing: str
    need: str
    end: str


MACHINES = (
    Machine(
        "tugboat",
        "pulled the big ships into the harbor. Puff, puff, puff, it went all day long.",
        """"I am so small and so dirty," it thought. "I wish I were a great white ship with
        three decks." """,
        """One night there was a storm. A great white ship was blown toward the rocks. Its horn
        called for help, but all the other boats stayed in port. The little tugboat went out.
        The waves washed over its funnel, but it took the rope and pulled, and pulled, and
        brought the ship home.""",
        """In the morning the great white ship bowed its flag to the little tugboat, and all the
        passengers waved.""",
    ),
    Machine(
        "bus",
        """took the children to school and the grandmothers to the market. It rattled and
        squeaked.""",
        """One day a new bus came, with soft seats and shiny windows. "You can rest now," people
        said. The first bus was put in a field. It was very lonely.""",
        """Then the snow came. The new bus slid and spun and could not get up the hill. But the
        first bus had thick tires and knew every stone of the road. They brushed the snow off
        its windows, and it coughed, and it started! It drove up the hill as steady as an ox.""",
        """From then on, the new bus drove in the summer and the first one drove in the winter,
        and in spring they raced each other around the field.""",
    ),
    Machine(
        "street lamp",
        """stood on a corner where nobody ever stopped. Every evening it went on, and every
        morning it went off.""",
        """"What is the use of me?" it asked the moths. "Nobody even looks up." """,
        """One foggy evening, a child came along the street, holding a kitten. She had lost her
        way. She could not see the houses. But she could see one round, golden light. She stood
        under it and was not afraid, and that was where her father found her.""",
        """The next day the child came back and hung a paper star on the lamp. Nobody knows why
        that corner is so bright now. But the moths know.""",
    ),
    Machine(
        "teapot",
        """lived on a shelf with twelve fine cups. It had a chip in its spout, and so it was
        never used.""",
        """The cups went out to parties and came home with stories. The teapot only gathered
        dust. "I would like to be full of something, just once," it sighed.""",
        """One day a girl climbed onto a chair and took it down. She filled it, not with tea,
        but with earth, and planted a little fern in it. She set it on the window sill, in the
        sun.""",
        """Now the teapot was full, from morning to night, and it was growing. The cups had
        never heard of anything like it.""",
    ),
    Machine(
        "snow plow",
        "slept in a shed from spring to fall. It dreamed of white roads.",
        """But that year the winter was so mild that there was no snow at all. "Nobody needs
        me," it said. The mice in the shed tried to comfort it.""",
        """On the last day of February, it snowed for a day and a night. No car could move. And
        in a house on the hill, a baby wanted to be born! Out came the plow, with snow flying to
        the left and right, and behind it the doctor in her little car.""",
        """The baby came just after the doctor did. They named her Snow, and each year on her
        birthday the plow blows its horn.""",
    ),
    Machine(
        "left shoe",
        """belonged to a boy who ran all day. It was always together with its brother, the right
        shoe.""",
        """One afternoon the boy waded in the river, and the water carried the left shoe away.
        It floated past cows and under bridges. "A shoe without a brother is no shoe at all," it
        cried.""",
        """It landed on a bank, far from home. A mouse with five children looked inside. "Is
        anyone living here?" she asked. It was dry and soft in there, with a round door and a
        lace for the washing.""",
        """So the left shoe became a house. And one spring day a right shoe came floating down
        the river, for the boy had grown out of it. Now the mouse children live on both sides of
        the street.""",
    ),
    Machine(
        "train",
        "carried milk from the farms to the town. It had one wagon and a bell.",
        """The express trains roared past without a word. "Slowpoke!" they hissed.""",
        """One morning a cow lay down on the tracks. The express trains whistled and screamed,
        but the cow only chewed. Then the little train came. It did not scream. It rang its bell
        softly, as it did each morning at the farms. The cow knew that bell. She got up and
        walked after it.""",
        """The express trains could go on again, and from that day they always whistled a
        greeting. The little train greeted them with its bell, and was never late with the milk.""",
    ),
    Machine(
        "umbrella",
        "was the biggest one in the shop. It waited and waited to be bought.",
        """But the sun shone for weeks. People bought sunglasses and straw hats. The umbrella
        was put in the window, behind a stack of buckets.""",
        """Then the first big drops fell. A boy ran by, and under his shirt he had a wet little
        dog. The shopkeeper opened the umbrella and gave it to him. There was room for the boy,
        and the dog, and an old woman with a cello, and two nuns.""",
        """They all walked down the street together, step by step, like one big mushroom with
        ten feet. The umbrella had never been so happy. "This," it thought, "was worth the
        wait." """,
    ),
    Machine(
        "windmill",
        "stood on a hill and ground the farmers' corn. Round and round went its four arms.",
        """One summer the wind went away. The windmill stood still. The farmers had no flour,
        and the children had no bread. "Wind, where are you?" called the windmill.""",
        """A swallow flew out to look. Far behind the hills, it found the wind asleep in a
        valley. The swallow told it about the children. "Oh dear," said the wind. "I only wanted
        to lie down for a minute!" """,
        """It rushed back over the fields, and the four arms began to turn. That evening every
        house smelled of fresh bread, and a loaf was put on the roof for the swallow.""",
    ),
)


def machine(t: Teller) -> Iterator[str]:
    """A thing with a heart is small or forgotten, until it is needed."""
    t.cast["thing"] = t.even(MACHINES)
    t.cast["place"] = t.pick(PLACES)
    t.settle("look", "[little|old|small|dusty|sturdy|crooked|cheerful|plain|faded] {color}")
    t.cast["called"] = t.pick(ANIMAL_GIRLS if t.chance(0.5) else ANIMAL_BOYS)
    t.settle("named", "[ named {called}| called {called}]")
    t.settle(
        "friend",
        """[a sparrow|a gray mouse|the moon|a snail|an old cat|a moth|the evening star|a
        spider|a ladybug|a toad|the weather vane|a lost glove]""",
    )
    yield """[Once upon a time, there was a {look} {thing}{named}|[In a small town|By the
        sea|Not far from here|Behind the hills|In a town with crooked streets|In a place you may
        know|Near {place}], there was once a {look} {thing}{named}|A long time ago, there was a
        {look} {thing}{named}]. It {thing.life} [It liked its work.|It did this in sunshine and
        in rain.|It had done so for as long as it could remember.|{place.sights}|]"""
    yield """{thing.longing} [At night it looked at the stars and [sighed|wondered|waited].|It
        told nobody but {friend}.|"[Be patient|Your day will come|Wait and see]," said
        {friend}.|It tried to [be patient|think of something else].|Sometimes it dreamed of
        {dream}.|]"""
    yield "{thing.need}"
    yield """{thing.end} [It is good to be needed.|Everyone is good at something.|Sometimes the
        smallest helper is the one you need.|So never think that you are of no use.|And every
        evening it fell asleep happy.|"I told you so," said {friend}.|Since then, it dreams of
        {dream}.|]"""


# --- A new baby ------------------------------------------------------------------------------


def new_baby(t: Teller) -> Iterator[str]:
    """A child becomes big, because somebody smaller has come."""
    t.child()
    t.grown_up("mom", "dad", "grandma", "grandpa")
    baby = t.even(("brother", "sister"))
    t.cast["baby"] = Person.of(baby, "baby", baby == "sister")
    t.settle("big", "brother" if t.cast["hero"].kind == "boy" else "sister")
    yield """{child} One day {hero} got a baby {baby}. [Everyone came to look at {baby.him}.|The
        baby was tiny and pink and wrinkled.|The baby slept, drank and cried.] "[What beautiful
        eyes!|How sweet!]" the visitors said. They brought [rattles|little socks|soft blankets]
        for the baby. [Nobody brought anything for {hero}.|Nobody asked to see {hero}'s
        drawing.|Nobody looked at {hero}.] "Shh, the baby is sleeping," said {helper} whenever
        {he} wanted to play. {sad}"""
    yield """{Hero} [put on {his} coat and moved out|packed {his} suitcase]. {He} moved into
        [the doghouse|a tent of sheets in the yard|the big box under the stairs] with {his}
        pillow and a banana. {Helper} [came and knocked|sat down on the grass outside]. "[Is
        there still a room free?|May I come in?]" {helper.he} {asked}. "There is only room for
        big people," said {hero}. "That is lucky," said {helper}, "because I am looking for
        somebody big. [I can't manage all by myself.|There is something only a big {big} can
        do.]" """
    way = t.even(("song", "face", "book"))
    if way == "song":
        yield """Just then the baby began to cry. [Milk did not help, and rocking did not
            help.|Everybody tried, and nobody could stop it.] {Hero} came out of {his} house and
            bent over the cradle. {He} sang the song about the [frog who went for a walk|three
            fat hens|sleepy bear], the one {he} had liked when {he} was small. The baby stopped
            in the middle of a sob. {Baby.he} looked at {hero} with big, dark eyes."""
    elif way == "face":
        yield """The baby was lying awake. {Hero} looked at {baby.him}. {He} stuck out {his}
            tongue and wiggled {his} ears. And then it happened: the corners of the tiny mouth
            went up. "{Baby.he} smiled!" {cried} {hero}. "That was {baby.his} very first smile,"
            said {helper}, "and it was for you." """
    else:
        yield """{Hero} went to the cradle with {his} favorite book. "This is a cow," {he}
            explained, "and this is a fire truck. You will need to know that." The baby listened
            to every word. Then a hand as small as a [walnut|cherry] closed around {hero}'s
            finger and did not let go any more."""
    yield """[{glad}|{proud}] {He} moved back into {his} own room that evening. [{Helper} and
        {he} had cocoa together, just the two of them.|"I can still be little sometimes, can't
        I?" {he} {asked}. "Always," said {helper}[ {kindly}||].|After that {helper} read {him}
        two stories, because one was for being big and one was for being little.] ["When you can
        walk," {he} told the baby, "I will show you the puddles."|It was good to be a big
        {big}.|{night}]"""


# --- Something new to eat --------------------------------------------------------------------


def new_taste(t: Teller) -> Iterator[str]:
    """A child will not taste something, and then does."""
    t.child()
    t.grown_up()
    t.cast["hobby"] = tuple(one for one in HOBBIES if "kitchen" not in one)
    t.cast["food"] = t.pick(VEGETABLES)
    yield """{child} {He} did not like to try new things to eat. "I only like plain
        [noodles|bread|rice]," {he} said. {one_day} there were {food} for supper. {Hero} pushed
        {his} plate away. "[Yuck!|No, thank you!|They look strange!]" {he} {cried}. "Have you
        ever tasted them?" {asked} {helper}. "No," {answered} {hero}, "but I know that I don't
        like them." """
    way = t.even(("story", "cook", "friend"))
    if way == "story":
        yield """{Helper} did not get angry. {Helper.he} [held one up to the lamp|put one on a
            fork]. "Do you know what the giants say about {food}?" {helper.he} {asked}. "They
            say that whoever eats one can hear the grass grow." "That's not true," said {hero}.
            "Maybe not. I have never found out, because I am always chewing." {Hero} [looked at
            the plate|thought about it]. {He} took a bite as small as a pea."""
    elif way == "cook":
        yield """The next day, {helper} said, "Today you are the cook." {Hero} washed the {food}
            and [smelled them|laid them out in the shape of a face]. They felt cool and smooth.
            {He} stirred the pot and sprinkled some herbs in it. "A good cook always tastes,"
            said {helper}, and held out the spoon. {Hero} shut {his} eyes. A cook has to be
            brave. {He} opened {his} mouth."""
    else:
        t.child("friend")
        yield """The next day {his} friend {friend} came to lunch. There were {food} again. "Oh,
            I love {food}!" said {friend}, and ate [three helpings|the whole plate]. {Friend.he}
            [smacked {friend.his} lips|hummed while {friend.he} ate]. {Hero} watched. "What do
            they taste like?" {he} {asked}. {Friend} thought hard. "Like [sunshine|a
            garden|summer], and a bit like butter." {Hero} picked up {his} fork and took one
            tiny bite."""
    yield """{He} chewed. {He} waited. [{His} eyebrows went up.|Nobody at the table said a
        word.] "Well?" {asked} {helper}. "[They are not so bad|It is a bit funny, but
        good|Mmm]," {answered} {hero}. "[Can I have some more|Is there any more], please?" [And
        {he} ate every last one.|{Helper} nearly dropped the spoon.] [{learned} {hero} always
        took one bite before {he} said no.|{glad}|{night}|Now {food} are {his} favorite, next to
        noodles.]"""


# --- A pet -----------------------------------------------------------------------------------


def pet(t: Teller) -> Iterator[str]:
    """A child wants a pet, and shows that it can care for one."""
    t.child()
    t.grown_up("mom", "dad", "grandma", "grandpa")
    t.neighbor("neighbor")
    name, noise, trick, needs = t.even(PETS)
    t.cast |= {"pet": name, "noise": noise, "trick": trick, "needs": needs}
    t.settle(
        "called",
        """[Biscuit|Button|Pepper|Cookie|Sunny|Patches|Noodle|Mango|Waffles|Peanut|Domino|Pickles]""",
    )
    yield """{child} There was one thing {he} wanted more than anything else, and that was a
        {pet}. "[Can we get a {pet}|May I have a {pet}]? Please, please, please?" {he} {asked}
        every [day|morning]. "A {pet} is not a toy," said {helper}. "{needs} Every single day,
        even when it rains." "I will do it all!" said {hero}. "Hmm," said {helper}[ {kindly}||]."""
    yield """{one_day} {neighbor} from next door had to go away for [a week|ten days]. "Who will
        look after my {pet}, {called}?" {neighbor.he} {asked}. "I will!" {cried} {hero}.
        [{Helper} raised an eyebrow.|"Let's see how it goes," said {helper}[ {kindly}||].] On
        the first day everything was fun. {Called} {trick}, and {hero} laughed. "{Noise}," said
        {called}."""
    way = t.even(("rain", "sick", "play"))
    if way == "rain":
        yield """On the third day it poured. {Hero} was sitting by the fire with a book, and it
            was so cozy. Then {he} remembered. Somebody was waiting for {him}! {He} [put on
            {his} boots|pulled on {his} raincoat] and ran next door. {Called} was at the window.
            "Were you afraid that I would forget you?" {asked} {hero}. {He} came home wet, cold
            and pleased."""
    elif way == "sick":
        yield """On the third day {called} did not come to say hello. {called} lay in a corner
            and did not want to eat. {scared} {Hero} ran for {helper}, and together they took
            {called} to the vet. "It is good that you noticed so quickly," said the vet. {Hero}
            gave {called} the medicine every morning and every night, one drop at a time, and
            soon {called} was well."""
    else:
        yield """On the third day all the children were going swimming. "Come with us!" they
            called. {Hero} wanted to, very much. But it was time to feed {called}. "Go ahead,
            I'll come later," {he} said. {Called} ate every bit, and then {trick}. When {hero}
            got to the pool, the others were already drying their hair, but {he} did not mind."""
    yield """When {neighbor} came back, {called} was [happy and healthy|fat and shiny]. "You did
        that all alone? I am impressed," said {neighbor}. {Helper} had been watching the whole
        time. On [Sunday|Saturday], {helper.he} came home with a basket, and in the basket
        something moved. "{Noise}," it said. It was a tiny {pet}! "This one is yours," said
        {helper}, "because you have shown me that you can do it." [{glad}|{Hero} could not say a
        word.|"I will take care of you forever," {whispered} {hero}.]"""


PETS = (
    (
        "puppy",
        "woof",
        "chased a stick and brought back a different one",
        "It has to go out, and it has to be brushed and fed.",
    ),
    (
        "kitten",
        "meow",
        "pounced on a ball of wool and rolled over with it",
        "It needs clean sand and fresh water.",
    ),
    (
        "rabbit",
        "sniff",
        "hopped in circles and stood up on two legs",
        "It needs hay, and somebody has to clean its house.",
    ),
    (
        "parrot",
        "hello",
        "hung upside down and danced",
        "It needs seeds and a clean cage, and somebody to talk to.",
    ),
    (
        "hamster",
        "squeak",
        "ran in its wheel and stuffed its cheeks with nuts",
        "It needs clean straw and fresh food.",
    ),
    (
        "pony",
        "neigh",
        "nudged {his} pocket to look for sugar",
        "It has to be brushed and ridden, and the stable has to be swept.",
    ),
    (
        "guinea pig",
        "wheek",
        "popped into the air like a jumping bean",
        "It needs hay and fresh greens and a clean box.",
    ),
    (
        "tortoise",
        "hiss",
        "walked all the way across the yard to get a strawberry",
        "It needs salad, and in winter it needs a cool place to sleep.",
    ),
)


# --- A tooth is loose ------------------------------------------------------------------------


def loose_tooth(t: Teller) -> Iterator[str]:
    """The first tooth falls out, and not where it should."""
    t.child()
    t.child("friend")
    t.grown_up()
    yield """{child} {one_day} {hero} bit into [an apple|a crust of bread|a raw carrot|a crisp
        pear|a piece of toffee|a pretzel]. "Ow!" {he} said. Something moved in {his} mouth. It
        was a tooth! [It wiggled to the front and it wiggled to the back.|{He} could push it
        with {his} tongue.] "It's loose!" {cried} {hero}. {He} showed it to {friend}, to
        {helper} and to {adult}."""
    yield """"[Tie it to the door with a string|Eat something sticky|Hop on one leg]," said
        {friend}. "[My brother did that|That always works]." {Hero} [tried it, but it did not
        help|did not like that idea]. "[Give it time|It will come out when it is ready]," said
        {helper}. "[Like an apple on a tree|You can't hurry a tooth]." So {hero} waited. {He}
        wiggled it in [school|the bath] and {he} wiggled it in bed."""
    way = t.even(("swallowed", "lost", "sneeze"))
    t.cast["under"] = "the letter" if way == "swallowed" else "the tooth"
    if way == "swallowed":
        yield """On Thursday there was {meal}. {Hero} chewed and swallowed, and then {he}
            stopped. There was a gap! "My tooth is gone! I ate it!" {he} {sobbed}. "What will I
            put under my pillow now?" {Helper} gave {him} a pencil. "You can write a letter,"
            {helper.he} said. So {hero} wrote, in big, crooked letters, "Dear Tooth Fairy, my
            tooth is in my tummy. It was an accident." """
    elif way == "lost":
        yield """On Thursday {he} was playing in the sandbox when it fell out. Plop! It was
            gone. {Hero} and {friend} dug with their fingers. They sifted the sand through a
            strainer. They found a [button|bottle cap] and a snail shell. They were about to
            give up, when {friend} held something small and white up to the sun. "I've got it!"
            {friend.he} {cheered}."""
    else:
        yield """On Thursday there was pepper in the air. "Ah, ah, ah," went {hero}. "Choo!"
            Something flew across the kitchen and landed, plink, in {helper}'s teacup. Everyone
            stared into the cup. At the bottom lay a tooth. {Helper} laughed so hard that
            {helper.his} glasses slid off. "That is the fastest tooth in the world," {helper.he}
            said."""
    yield """That night {he} put {under} under {his} pillow. In the morning there was a shiny
        coin, and beside it a tiny [feather|bit of glitter|card]. [{glad}|{Hero} ran to the
        mirror and looked at {his} new smile.] "Now you can whistle through the hole," said
        {friend}. [And so {he} did, all the way to school.|{Hero} saved the coin in a jar.|By
        summer there was a new tooth, and it was twice as big.]"""


# --- Pretending ------------------------------------------------------------------------------


def pretend(t: Teller) -> Iterator[str]:
    """A box is a ship, a rocket or a castle, and a quarrel is settled at sea."""
    t.child()
    t.child("friend")
    t.grown_up()
    name, begins, danger, escape = t.even(VOYAGES)
    t.cast["dust"] = (
        "stardust"
        if name == "rocket"
        else "a bit of seaweed"
        if name in ("pirate ship", "submarine")
        else "a bit of straw"
    )
    t.cast |= {"ship": name, "begins": begins, "danger": danger, "escape": escape}
    yield """{child} {one_day} {helper} got a new [washing machine|refrigerator|stove]. It came
        in a huge box. "[May we have the box|Can we keep the box]?" {asked} {hero} and {his}
        friend {friend}. [They drew on it with {hue} chalk.|They cut out a window and a
        door.|They rolled it into the yard.] Now it was not a box any more. It was a {ship}."""
    yield """"I'm the captain," said {hero}. "No, I am!" said {friend}. "I said it first!" "It
        was my idea!" They both sat down with their backs to each other, and the {ship} [went
        nowhere|stood still]. [{Helper} put {helper.his} head in. "I don't know much about it,"
        {helper.he} said, "but I think it takes two to steer."|After a while {hero} turned
        around. "We could have two captains," {he} said. "One for going there and one for coming
        back."]"""
    yield """So {begins} {danger} "What do we do, Captain?" {cried} {friend}. "What do you say,
        Captain?" {cried} {hero}. {escape}"""
    yield """"Supper!" called {helper}. In a moment they were home again. "Where have you been?"
        {asked} {helper}. "Very far away," {answered} {hero} and {friend} together. [They ate
        four helpings, as captains do.|There was still {dust} in {hero}'s hair.|"Tomorrow we
        sail again," {whispered} {friend}.] [That night it rained, and the box grew soft and
        fell apart. But they did not mind, because the next box was going to be even bigger.|And
        the box stood in the dark and waited.|{night}]"""


VOYAGES = (
    (
        "pirate ship",
        """they set sail and steered to the west. The sea was calm, and flying fish hopped over
        the deck.""",
        "Then a huge octopus came up and wrapped its eight arms around the mast.",
        """"Tickle it!" they both shouted. They tickled it under all eight arms, until it let go
        and sank, giggling, and a trail of bubbles came up.""",
    ),
    (
        "rocket",
        """they counted down, five, four, three, two, one, and the rocket roared up past the
        clouds. The earth was as small as a blue marble.""",
        "Then a swarm of rocks came rushing toward them.",
        """{Friend} steered to the left and {hero} steered to the right, and they wiggled
        through like a fish. On the moon they met a lonely robot and gave it half a sandwich.""",
    ),
    (
        "submarine",
        """they shut the hatch and sank down, down, down, to where the water is dark green. A
        whale looked in at the window with one big eye.""",
        "Then the lights went out.",
        """They kept very still. One by one, tiny glowing fish came and sat on the glass, until
        it was as bright as a ballroom. So they followed the fish up to the sun.""",
    ),
    (
        "castle",
        """they pulled up the bridge and hung a towel from the tower. Far away they could see a
        cloud of dust.""",
        "It was a dragon, and it was sneezing fire!",
        """"The poor thing has a cold," they said. They let it in, and gave it a scarf and some
        tea with honey. After that it lit the fireplace every evening without being asked.""",
    ),
    (
        "train",
        """they blew the whistle and rolled off through the mountains. They stopped for three
        penguins and a bishop.""",
        "Then there was a gap where the bridge should have been.",
        """"Full steam!" they cried. The train jumped. For a moment everything was silent and
        there was only air. Then it landed on the other side, and the penguins clapped.""",
    ),
    (
        "airplane",
        """they rolled across the grass and rose into the air. The cows looked up, and the cows
        became as small as beans.""",
        "Then a thundercloud stood in the way, as black as a stove.",
        """They flew right up to it and asked it, very politely, to move aside. Nobody had ever
        said please to it before. It was so surprised that it turned white and let them pass.""",
    ),
    (
        "safari truck",
        """they bumped over the plain. Zebras ran beside them, and a giraffe bent down to read
        the map.""",
        "Then a lion lay down in the middle of the road and would not move.",
        """"Maybe he is only bored," they said. So they told him a joke about a zebra, and he
        laughed until he rolled into the ditch. Then he told them one about captains.""",
    ),
)


# --- Waiting ---------------------------------------------------------------------------------


def quarrel(t: Teller) -> Iterator[str]:
    """Two friends quarrel over nothing, miss each other, and make up."""
    animals = t.chance(0.5)
    cast = t.animal if animals else t.child
    cast()
    cast("friend")
    t.cast["start"] = "{animal}" if animals else "{child}"
    t.cast["friend_full"] = "{friend} the {friend.kind}" if animals else "{friend}"
    t.cast["place"] = t.pick(WILD_PLACES if animals else PLACES)
    t.settle(
        "game", "[hide and seek|tag|catch|leapfrog|marbles|hopscotch|follow the leader|checkers]"
    )
    yield """{start} {His} best friend was {friend_full}. Every day they played together
        {place.at}. But {one_day_low} they began to quarrel. [{Hero} wanted to play {game}, and
        {friend} did not.|{Hero} said that the cloud looked like a sheep, and {friend} said it
        looked like a shoe.|They both wanted to go first.|{Friend} laughed at the wrong moment,
        and {hero} got angry.] "[You are silly!|I don't like you any more!|I will never play
        with you again!]" {cried} {hero}. "[Good|Fine]!" {cried} {friend}. [One walked to the
        left, and the other walked to the right.|And off they went.]"""
    yield """{Hero} played alone. [{He} tried to play {game}, but that is hard when you are only
        one.|{He} threw a stick, and nobody brought it back.|{He} told a joke, but nobody
        laughed.] {place.sights} "Did you see that?" said {hero}, and {he} turned around. But no
        one was there. {sad}"""
    way = t.even(("middle", "letter", "rain"))
    if way == "middle":
        yield """"I'll go and say sorry," thought {hero}. But it is a long way when you have to
            say sorry. {He} went slowly. And halfway there, on the little bridge, {he} met
            {friend}, who was just as slow. They looked at each other. "I was coming to tell you
            something," said {hero}. "I was too," said {friend}. "Sorry!" they both said, at
            exactly the same time, and then they had to laugh."""
    elif way == "letter":
        yield """{Hero} took a big leaf and scratched a picture on it. It showed two friends,
            and between them a dark cloud. {He} put it in front of {friend}'s door, knocked and
            hid. The door opened. After a long time it opened again, and there lay another leaf.
            It showed two friends and a sun, and the cloud had turned into [a sheep with shoes|a
            smile]. {Hero} came out of {his} hiding place. "I'm sorry," {he} said. "Me too,"
            said {friend}."""
    else:
        yield """Then it began to rain. {Hero} ran under the only tree with thick leaves.
            Somebody was already standing there. It was {friend}. They did not say anything. The
            rain dripped between them. "You're getting wet," said {friend} after a while, and
            moved over a little. "You too," said {hero}, and moved closer. "I'm sorry,"
            {whispered} {hero}. "I was sorry first," said {friend}, and grinned."""
    yield """[{glad}] "What shall we play?" {he} {asked}. "[You choose|Whatever you like],"
        {answered} {friend}. "No, you choose!" And they almost began to quarrel again, but this
        time it was a nice quarrel. [A friend is worth more than being right.|They played {game}
        until the first star came out.|{learned} when they were angry, they counted to ten, and
        usually they forgot why at seven.]"""


# --- In the snow -----------------------------------------------------------------------------


def snow(t: Teller) -> Iterator[str]:
    """The first snow, and something to do in it."""
    t.child()
    t.child("friend")
    t.grown_up()
    yield """{child} One winter morning it was strangely quiet. {Hero} [ran to the window|pulled
        back the curtain]. Everything was white! [The car looked like a loaf of bread.|Each
        fence post wore a tall hat.|The trees looked as if they were covered with sugar.] "It
        snowed! It snowed!" {he} {cheered}. {He} put on {his} warm socks, {his} boots, {his}
        coat, {his} scarf and {his} mittens, and then {he} could hardly bend {his} knees."""
    way = t.even(("sled", "birds", "shovel", "angels"))
    if way == "sled":
        yield """Outside, {friend} was waiting with a sled. They pulled it up the hill. Halfway
            up they had to rest. At the top {friend} turned pale. "It's very steep," {friend.he}
            said. "We'll go down together," said {hero}. "I'll sit in front, and you hold on to
            me." One, two, three! The wind stung their cheeks, the snow sprayed up, and they
            screamed from the top to the bottom. Then they fell over and lay in the snow like
            two puddings."""
        yield """"Again?" {asked} {hero}. "Again!" said {friend}. They went down eleven times,
            once backward, and once without the sled."""
    elif way == "birds":
        yield """{He} saw tiny footprints, like letters, and followed them to a bush. There sat
            some sparrows, all fluffed up. "They can't find any food," said {friend}, who lived
            next door. "Their whole table is covered." {Hero} ran in and asked {helper} for
            seeds. They swept a place clear and put out sunflower seeds, an apple and a bowl of
            water that was not frozen."""
        yield """They hid behind the snowbank and waited. Their noses turned red. First came one
            brave sparrow, then a [robin|chickadee|cardinal], and soon there were more birds
            than they could count. "Now they will tell all their cousins," {whispered} {hero}."""
    elif way == "shovel":
        yield """But then {he} saw {friend}'s grandmother at her door. She looked at the steps,
            and the steps were gone. "I can't go out," she said, "and the mail can't come in."
            {Hero} got a shovel. {He} called {friend}, and {friend} called two others. They dug
            and threw and puffed like four little engines. At the end there was a path as
            straight as a ruler, from the door to the street."""
        yield """The old woman came out, step by step, on {friend}'s arm. "I have something
            against cold fingers," she said. It was [hot apple juice with cinnamon|cocoa with a
            mountain of cream|warm milk with honey]. They drank it on the clean steps, and steam
            rose from their cups and from their hair."""
    else:
        yield """{Friend} was already lying on {friend.his} back, waving {friend.his} arms and
            legs. "What are you doing?" {asked} {hero}. "I'm making an angel," {answered}
            {friend}. {Hero} lay down too. The sky was gray, and the flakes came straight at
            {him}, like stars. {He} opened {his} mouth, and one melted on {his} tongue. When
            they got up, two angels lay there, holding {hands}."""
        yield """Then they had a snowball fight. {Friend} threw one and missed, and it hit
            {helper} right on the hat! There was a terrible silence. {Helper} turned around
            slowly. {Helper.he} bent down and made a very, very large snowball. "Run!" {cried}
            {hero}, and everyone was laughing too hard to run."""
    yield """When they came in, their mittens were stiff and their fingers tingled. {Helper}
        hung up everything by the fire, and it dripped and steamed. [They had {meal} and
        {treat}.|They warmed their hands around hot cups.] [{Hero} looked out of the window. New
        flakes were falling. "Good," {he} said. "Tomorrow we can do it all again."|{night}|"Is
        there any better thing than snow?" {asked} {friend}. "Only more snow," {answered}
        {hero}.]"""


# --- A thief who is none ---------------------------------------------------------------------


def mystery(t: Teller) -> Iterator[str]:
    """Things vanish; two detectives find out who took them, and why."""
    t.child()
    t.child("friend")
    t.grown_up()
    who, clue, why, end = t.even(CULPRITS)
    t.cast |= {"who": who, "clue": clue, "why": why, "end": end}
    t.cast["one"], t.cast["two"], t.cast["three"] = t.some(
        (
            "one of {helper}'s socks",
            "the soft gray scarf",
            "a striped towel",
            "the end of the clothesline",
            "a red mitten",
            "the doll's blanket",
            "the ribbon from {hero}'s hat",
            "a woolly glove",
            "the string of the kite",
            "a silk tie",
            "a blue shoelace",
            "a handkerchief with dots",
        ),
        3,
    )
    yield """{child} [All week, strange things happened at {his} house.|Something odd was going
        on.] On Monday, {one} was gone. On Tuesday, {two} disappeared. On Wednesday it was
        {three}. "[I did not take it|It wasn't me]," said {helper}. "Then there is a thief,"
        said {hero}. {He} called {friend}, and they became detectives. [They had a magnifying
        glass and a notebook.|{Friend} wore a big hat, because detectives do.]"""
    yield """First they asked everyone a lot of questions. [{Helper} had been baking.|{Adult}
        had seen nothing.|The cat said nothing at all.] They crawled through the grass on their
        {hands} and knees. [They found a peanut shell, a marble and an angry ant.|{Hero} looked
        through the glass at {friend}, and {friend} had one huge eye.] Then {friend} pointed.
        "Here!" {friend.he} {whispered}. {clue}"""
    yield """They followed the trail, as quiet as [mice|cats|shadows]. [{Hero} held {his}
        breath.|Something creaked, and they both froze.] There, in front of them, was the thief.
        It was {who}! {why} "Oh," said {hero}, and {he} put away {his} notebook. "We can't
        arrest a thief like that." """
    yield """{end} "So, did you solve the case?" {asked} {helper}. "[Yes, and it is a
        secret|Case closed]," {answered} {hero} and {friend}, and then they told {helper.him}
        everything, in a whisper. [{glad}|{Helper} did not want anything back.|After that they
        solved many cases, but this was always the best one.]"""


CULPRITS = (
    (
        "a magpie",
        "A shiny black feather lay on the window sill.",
        """She sat in the crown of the pear tree and was decorating her nest. It fluttered in
        the wind like a ship with flags. Four pink beaks peeped over the edge.""",
        "They hung a few tinfoil stars in the tree, as a present for the babies.",
    ),
    (
        "a mother cat",
        "There were tiny paw prints in the flower bed.",
        """She was lying in an old crate behind the shed. All the missing things were under her,
        as a mattress, and on top of them slept five kittens.""",
        "They brought her a bowl of milk and an old pillow that was much softer.",
    ),
    (
        "a squirrel",
        "There was a gray hair on the fence, and a nut that somebody had bitten.",
        """He was stuffing everything into a hole in the oak tree, to keep out the cold wind.
        Only his bushy tail was showing.""",
        """They laid a heap of leaves and wool at the foot of the tree, and the next day it was
        gone.""",
    ),
    (
        "a puppy",
        "There were drops of water on the floor, and something had chewed the rug.",
        """It had slipped in through a hole in the hedge. Under the porch, it had made a bed of
        everything that smelled of people, because it was lonely.""",
        """They took it back to its owner, a nice old man, and he was glad when they promised to
        come and play every day.""",
    ),
    (
        "a family of mice",
        "Along the wall ran a line of crumbs, as straight as a road.",
        """Behind the stove they had built a whole town. There was a tent, a swing and a bridge,
        and the smallest mouse was taking a bath in a thimble.""",
        "They pushed a matchbox full of cheese up to the town gate and tiptoed away.",
    ),
    (
        "a robin",
        "A bit of thread was hanging from a thorn.",
        """She had pulled out one thread after another and woven them into her nest. It was the
        most colorful nest in the whole neighborhood.""",
        "They cut up a bag of yarn and hung it on the bush, in every color there was.",
    ),
    (
        "a hedgehog",
        "Something heavy had been dragged across the sand.",
        """He was snoring under the woodpile, rolled up in everything he had found, with only
        his nose sticking out. He had made his winter bed.""",
        """They built a little roof over him with bricks and boards, so that the snow would not
        fall on his nose.""",
    ),
)


PLOTS: tuple[Plot, ...] = (
    lost_toy,
    sharing,
    afraid,
    cooking,
    rescue,
    building,
    skill,
    lie,
    secret,
    rainy_day,
    birthday,
    seed,
    zoo,
    farm,
    windy_hat,
    market,
    strange_thing,
    sick_friend,
    repair,
    bedtime,
    good_deed,
    race,
    different,
    hungry,
    wish_to_be,
    show,
    lost_way,
    machine,
    new_baby,
    new_taste,
    pet,
    loose_tooth,
    pretend,
    quarrel,
    snow,
    mystery,
)
