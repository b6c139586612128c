"""The names of the children and animals in TinyStories, which are few."""

from tinystories.evaluation.items import read_blocks

GIRLS, BOYS = (frozenset(" ".join(lines).split()) for lines in read_blocks("names.txt"))
NAMES = GIRLS | BOYS
