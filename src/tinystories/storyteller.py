"""A trained model that tells stories: load it, give it a beginning, read the words as they come."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from tinystories.data.vocabulary import StrictRule, Vocabulary
from tinystories.errors import UserError
from tinystories.files import sha256
from tinystories.generation import Choose, Sampling, generate
from tinystories.models import FAMILIES, LanguageModel
from tinystories.records import Told
from tinystories.runs import CARD, WEIGHTS, read_run, write_card


class Storyteller:
    """A model, its vocabulary and its card.

    >>> teller = Storyteller.load(find_run("best").folder)        # doctest: +SKIP
    >>> for words in teller.stream("Once upon a time", seed=1):   # doctest: +SKIP
    ...     print(words, end="", flush=True)
    """

    def __init__(
        self, model: LanguageModel, vocabulary: Vocabulary, card: dict[str, Any] | None = None
    ) -> None:
        self.model = model.eval()
        self.vocabulary = vocabulary
        self.card = card or {}

    @cached_property
    def _own_words(self) -> StrictRule:
        return StrictRule(self.vocabulary)

    def stream(
        self,
        prompt: str = "",
        *,
        sampling: Sampling | None = None,
        length: int = 500,
        strict: bool = True,
        words: Iterable[str] | None = None,
        seed: int | None = None,
        steer: Callable[[Choose], Choose] | None = None,
    ) -> Iterator[str]:
        """Yield what follows ``prompt``, a few characters at a time, until the story ends.

        Args:
            prompt: any text; without one the story begins at its first word.
            sampling: how tokens are drawn; None is ``Sampling()``.
            length: tokens at most; a word or punctuation mark is about one.
            strict: whether words outside the vocabulary are impossible (words of the prompt stay).
            words: a list of one's own, the only words that may be told; None is the whole
                vocabulary.
            seed: the same seed tells the same story; None draws one.
            steer: has the last word in choosing tokens, as ``weaving.weaving`` does.

        Raises:
            UserError: the prompt is not valid text, or a setting is out of its range.
        """
        tokens = self._tokens(
            prompt,
            sampling=sampling,
            length=length,
            strict=strict,
            words=words,
            seed=seed,
            steer=steer,
        )
        return self._spoken(prompt, tokens)

    def _tokens(
        self,
        prompt: str,
        *,
        sampling: Sampling | None = None,
        length: int = 500,
        strict: bool = True,
        words: Iterable[str] | None = None,
        seed: int | None = None,
        steer: Callable[[Choose], Choose] | None = None,
    ) -> Iterator[int]:
        """Yield the token ids that follow ``prompt``, the end of the story included."""
        if length < 1:
            raise UserError(f"length must be at least 1 token, got {length}")
        if words is not None and not strict:
            raise UserError("a list of words was given without strict; leave one of them out")
        sampling = sampling or Sampling()
        try:
            # The blank before a word belongs to the word's own token.
            ids = [self.vocabulary.eos, *self.vocabulary.encode(prompt.rstrip(" "))]
        except (UnicodeEncodeError, TypeError) as error:
            raise UserError(
                f"the prompt is not valid Unicode text ({error}); type it again"
            ) from error
        rule = None
        if strict:
            rule = self._own_words if words is None else StrictRule(self.vocabulary, words)
        generator = torch.Generator().manual_seed(secrets.randbits(63) if seed is None else seed)

        def choose(logits: Tensor, last: int) -> int:
            if rule:
                logits = logits.masked_fill(~torch.from_numpy(rule.allowed(last)), -torch.inf)
            return sampling.choose(logits, generator)

        for token in generate(self.model, ids, _steered(choose, steer), length=length):
            yield token
            if token == self.vocabulary.eos:
                return

    def _spoken(self, prompt: str, tokens: Iterable[int]) -> Iterator[str]:
        """Yield the text of the ``tokens`` that follow ``prompt``, as soon as it is whole."""
        decode = self.vocabulary.stream()
        blank_is_there = prompt.endswith(" ")
        for token in tokens:
            if token != self.vocabulary.eos and (piece := decode(token)):
                yield piece.removeprefix(" ") if blank_is_there else piece
                blank_is_there = False

    def tell(self, prompt: str = "", **settings: Any) -> str:
        """Return ``prompt`` and what follows it; ``settings`` are those of :meth:`stream`."""
        return prompt + "".join(self.stream(prompt, **settings))

    def tell_many(
        self, prompts: Sequence[str], *, seeds: Sequence[int], **settings: Any
    ) -> Iterator[tuple[int, Told]]:
        """Yield ``(number of the prompt, story)`` for every prompt, as the stories end.

        Each is the story that :meth:`stream` tells alone with the same prompt, seed and settings.
        """
        for number, (prompt, seed) in enumerate(zip(prompts, seeds, strict=True)):
            tokens = list(self._tokens(prompt, seed=seed, **settings))
            ended = tokens[-1] == self.vocabulary.eos
            text = prompt + "".join(self._spoken(prompt, tokens))
            yield number, Told(prompt, text, ended, len(tokens), seed)

    def save(self, folder: Path) -> None:
        """Write weights, vocabulary and card into ``folder``, replacing it as a whole.

        What stood there before is there until the new folder is complete.
        """
        beside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        weights = {n: w.detach().cpu().contiguous() for n, w in self.model.state_dict().items()}
        save_file(weights, beside / WEIGHTS)
        self.vocabulary.save(beside)
        write_card(beside, self.card)
        old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
        if folder.exists():
            folder.rename(old)
        beside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path) -> "Storyteller":
        """Return the storyteller in ``folder``, a run or its ``model`` folder.

        Nothing in the folder is executed, and every file must be the one the card speaks of.

        Raises:
            UserError: the folder is no model, or a file is missing, damaged or does not fit.
        """
        run = read_run(folder)
        for name, expected in run.card["files"].items():
            path = run.folder / Path(name).name
            if not path.is_file():
                raise UserError(f"{path} is missing; restore the folder from a copy or train again")
            if sha256(path) != expected:
                raise UserError(
                    f"{path} is damaged (its SHA-256 is not the one in {CARD}); restore the folder "
                    "from a copy or train again"
                )
        vocabulary = Vocabulary.load(run.folder)
        return cls(_load_model(run.folder, run.card), vocabulary, run.card)


def _steered(
    choose: Callable[[Tensor, int], int], steer: Callable[[Choose], Choose] | None
) -> Callable[[Tensor, int], int]:
    """Let ``steer``, which knows no torch, choose by means of ``choose``."""
    if steer is None:
        return choose
    steering = steer(lambda logits, last: choose(torch.from_numpy(logits), last))
    return lambda logits, last: steering(logits.numpy(), last)


def _load_model(folder: Path, card: dict[str, Any]) -> LanguageModel:
    try:
        weights = load_file(folder / WEIGHTS)
        family = FAMILIES[card["model"]["family"]]
        arguments = {"vocab": card["vocab"]["tokens"], **card["model"]["arguments"]}
        # Shapes first, without memory: an absurd card must not fill the machine.
        with torch.device("meta"):
            wanted = {n: w.shape for n, w in family(**arguments).state_dict().items()}
        if wanted != {n: w.shape for n, w in weights.items()}:
            raise ValueError("the weights do not fit the model that the card describes")
        model = family(**arguments)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"the model in {folder} cannot be read ({type(error).__name__}: {error}); restore the "
            "folder from a copy or train again"
        ) from error
    model.load_state_dict({n: w.float() for n, w in weights.items()})
    return model
