"""Dark themes: what a story for a small child had better leave out, found by its words.

The patterns know the innocent uses that stories are full of: dead leaves, a candle that dies down,
water pistols, noise that is drowned out. Monsters, ghosts, thieves, swords and knives are no theme
of their own: in most stories they are play, tales or kitchen tools.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_THINGS = (
    "lea(?:f|ves)|trees?|plants?|flowers?|grass|branch(?:es)?|wood|ends?|twigs?|weeds?"
    "|batter(?:y|ies)"
)
_SOMEBODY = r"(?:him|her|them|me|you|each other|(?-i:[A-Z]\w+))(?!\w| on the back| hand| knee)"
_YOU = r"(?:you|you are|you're|you’re|he is|she is|he's|she's)(?: so| very| a| an| such a| really)*"
_WORDS = {
    "death": r"die[ds](?! (?:down|out|away))|dying(?! (?:to|for|down|out))"
    rf"|dead(?! (?:{_THINGS}))|death|funerals?|corpses?|graves?|graveyard"
    r"|passed away|suicide",
    "killing": r"kill(?:s|ed|ing|er)?|murder\w*|strangl\w+|drown(?:ed|s|ing)(?! out)"
    r"|poison(?:ed|ing)?|stabb(?:ed|ing)|behead\w*",
    "blood": r"blood|bloody|bled|bleed(?:s|ing)?",
    "violence": rf"(?:punch(?:ed|es|ing)?|slap(?:s|ped|ping)?|chok(?:es|ed|ing)) {_SOMEBODY}"
    rf"|beat(?:s|ing)? {_SOMEBODY} up|tortur\w+|violence|threaten(?:s|ing)?",
    "weapons": r"guns?|pistols?|rifles?|bombs?|bullets?|grenades?|daggers?|dynamite"
    r"|shot (?:him|her|them|dead)",
    "war": r"wars?|battlefields?|enemy soldiers?",
    "drugs and alcohol": r"cocaine|heroin|marijuana|cigarettes?|cigars?|beers?"
    r"|wine|whiske?y|vodka|alcohol\w*|(?:was|were|got) drunk|drunk m[ae]n|liquor",
    "crime": r"kidnap\w*|jail\w*|prison\w*|robb(?:ed|ery)|abus(?:e|ed|ive)|slave(?:s|ry)?",
    "insults": rf"hates? (?:you|me)|{_YOU} (?:stupid|dumb|idiots?|losers?)|idiots?|shut up",
    "sex": r"sex|sexy|sexual\w*|naked|nude|porn\w*|raped?|pregnan\w+",
}
THEMES = {theme: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for theme, words in _WORDS.items()}
"""What is looked for, by theme."""

_INNOCENT_AFTER = {
    theme: re.compile(rf"\b(?:{words})[ -]\Z", re.IGNORECASE)
    for theme, words in {
        "death": r"(?:(?:tree|plant|flower|fire|batter(?:y|ie)|phone|toy|firework|leaf|leave)s?"
        r"(?: is| was| are| were)?|wave|storm)",
        "weapons": "water|toy|squirt|bubble|glue|bath",
        "war": "tug of|tug-of|star",
        "drugs and alcohol": "root|like",
        "insults": "not|don't|didn't|doesn't|don’t|never",
    }.items()
}
_PLAY = re.compile(r"\b(?:toy|water|squirt|bubble) (?:gun|pistol)", re.IGNORECASE)


@dataclass(frozen=True)
class Hit:
    """A dark theme in a text: which, where, and its words."""

    theme: str
    start: int
    stop: int
    words: str

    def excerpt(self, text: str, around: int = 50) -> str:
        """Return what stands around it in its text, in one line, with its words in brackets."""
        before, after = text[max(0, self.start - around) : self.start], text[self.stop :][:around]
        return " ".join(f"{before}[{self.words}]{after}".split())


def dark_themes(text: str) -> list[Hit]:
    """Return the dark themes of a story, with the words that show them, by theme."""
    return list(_hits(text))


def is_dark(text: str) -> bool:
    """Whether a story has any dark theme."""
    return next(_hits(text), None) is not None


def _hits(text: str) -> Iterator[Hit]:
    playing = _PLAY.search(text) is not None
    for theme, pattern in THEMES.items():
        if theme == "weapons" and playing:
            continue  # the toy pistol is called the pistol from then on
        innocent = _INNOCENT_AFTER.get(theme)
        for match in pattern.finditer(text):
            if innocent and innocent.search(text, max(0, match.start() - 20), match.start()):
                continue
            yield Hit(theme, match.start(), match.end(), match[0])
