"""The two families of language models, and the interface they share."""

from tinystories.models.language_model import LanguageModel, State
from tinystories.models.rnn import RNN
from tinystories.models.transformer import Transformer

__all__ = ["FAMILIES", "RNN", "LanguageModel", "State", "Transformer"]

FAMILIES: dict[str, type[LanguageModel]] = {"transformer": Transformer, "rnn": RNN}
"""The name of a family, in configs, cards and on the command line, and its class."""
