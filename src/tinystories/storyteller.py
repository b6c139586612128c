"""A trained model that tells stories: load it, give it a beginning, read the words as they come."""

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError

from tinystories.data.vocabulary import StrictRule, Vocabulary
from tinystories.engine import ENGINES, Engine, make_engine
from tinystories.engine.weights import KINDS, kind_of
from tinystories.errors import UserError
from tinystories.files import write_atomically
from tinystories.generation import USUAL, Choose, Sampling, generate, generate_many
from tinystories.records import Told
from tinystories.runs import WEIGHTS, Run, check_files, read_run, write_card

if TYPE_CHECKING:  # To tell stories, PyTorch is not needed, and it takes seconds to import.
    from tinystories.models import LanguageModel


DAMAGE = (
    OSError,
    SafetensorError,
    LookupError,
    TypeError,
    ValueError,
    RuntimeError,
    ArithmeticError,
)
"""What reading a model's files can raise."""
PLACING_S = 0.05
"""Seconds after which a model that takes the place of another is there."""


class Storyteller:
    """A model, its vocabulary and its card.

    >>> teller = Storyteller.load(find_run("best").folder)        # doctest: +SKIP
    >>> for words in teller.stream("Once upon a time", seed=1):   # doctest: +SKIP
    ...     print(words, end="", flush=True)

    Args:
        model: the PyTorch model; or the run whose model is read when it is asked for.
        vocabulary: its words.
        card: what describes it, as ``save`` writes it.
        engine: what makes the tokens; None is the model itself.
    """

    def __init__(
        self,
        model: "LanguageModel | Run",
        vocabulary: Vocabulary,
        card: dict[str, Any] | None = None,
        *,
        engine: Engine | None = None,
    ) -> None:
        self._source = model if isinstance(model, Run) else model.eval()
        self.vocabulary = vocabulary
        self.card = card or {}
        if engine is None:
            from tinystories.engine.live import TorchEngine

            engine = TorchEngine(self.model)
        self.engine = engine

    @cached_property
    def model(self) -> "LanguageModel":
        """The PyTorch model, for those who look inside; imports PyTorch where that was not done."""
        return _load_model(self._source) if isinstance(self._source, Run) else self._source

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
            sampling: how tokens are drawn; None is ``generation.USUAL``.
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

    def _tokens(self, prompt: str, *, seed: int | None = None, **settings: Any) -> Iterator[int]:
        """Yield the token ids that follow ``prompt``, the end of the story included."""
        rules = _Rules(self, **settings)
        ids = self._read(prompt)
        for token in generate(self.engine, ids, rules.chooser(seed), length=rules.length):
            yield token
            if token == self.vocabulary.eos:
                return

    def _read(self, prompt: str) -> list[int]:
        """Return the token ids of a prompt, after those of a beginning."""
        # The blank before a word belongs to the word's own token.
        return [self.vocabulary.eos, *self.vocabulary.encode(prompt.rstrip(" "))]

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
        self, prompts: Sequence[str], *, seeds: Sequence[int], rows: int = 32, **settings: Any
    ) -> Iterator[tuple[int, Told]]:
        """Yield ``(number of the prompt, story)`` for every prompt, as the stories end.

        Each is the story that :meth:`stream` tells alone with the same prompt, seed and settings,
        in whatever order and beside whatever others: every engine's logits are the same to the
        last bit.

        Args:
            prompts: the beginnings.
            seeds: one for each of them.
            rows: how many stories grow side by side.
            settings: those of :meth:`stream`.
        """
        rules = _Rules(self, **settings)
        told = generate_many(
            self.engine,
            (
                (self._read(prompt), rules.chooser(seed))
                for prompt, seed in zip(prompts, seeds, strict=True)
            ),
            length=rules.length,
            end=self.vocabulary.eos,
            rows=max(1, min(rows, len(prompts))),
        )
        for number, tokens in told:
            prompt = prompts[number]
            text = prompt + "".join(self._spoken(prompt, tokens))
            ended = tokens[-1] == self.vocabulary.eos
            yield number, Told(prompt, text, ended, len(tokens), seeds[number])

    def save(self, folder: Path, *, half: bool = False) -> None:
        """Write weights, vocabulary and card into ``folder``, replacing it as a whole.

        What stood there before is there until the new folder is complete. With ``half``, weights
        are rounded to 16 bits, which telling and judging turn back into 32.
        """
        from safetensors.torch import save

        beside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        weights = {n: w.detach().cpu().contiguous() for n, w in self.model.state_dict().items()}
        if half:
            weights = {n: w.half() for n, w in weights.items()}
        write_atomically(beside / WEIGHTS, save(weights))
        self.vocabulary.save(beside)
        write_card(beside, self.card)
        old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
        if folder.exists():
            folder.rename(old)
        beside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)

    @classmethod
    def load(cls, folder: Path, engine: str = "auto", *, inside: bool = False) -> "Storyteller":
        """Return the storyteller in ``folder``, a run or its ``model`` folder.

        Nothing in the folder is executed, and every file must be the one the card speaks of. A
        training may put a better model into its place meanwhile: then that one is returned, whole.

        Args:
            folder: where the model is.
            engine: ``compiled`` (needs numba), ``int8`` (the same, with weights of one byte; its
                probabilities differ a little), ``numpy`` or ``torch``; ``auto`` is the fastest
                that is there and exact.
            inside: whether the PyTorch model is read now, and not when it is first asked for.

        Raises:
            UserError: the folder is no model, or a file is missing, damaged or does not fit; there
                is no such engine.
        """
        if engine not in ENGINES:
            raise UserError(f"wanted one of the engines {', '.join(ENGINES)}, given {engine!r}")
        said = ""
        while True:
            try:
                run = read_run(folder)
                found = cls._load(run, engine)
                if inside:
                    found.model  # noqa: B018
                if read_run(folder).card == run.card:
                    return found
            except UserError as error:
                if str(error) == said:  # It stays, so it was not a model on its way into place.
                    raise
                said = str(error)
                time.sleep(PLACING_S)

    @classmethod
    def _load(cls, run: Run, engine: str) -> "Storyteller":
        check_files(run)
        vocabulary = Vocabulary.load(run.folder)
        if len(vocabulary) != run.card["vocab"].get("tokens"):
            raise _unreadable(run, ValueError(f"its vocabulary has {len(vocabulary)} tokens"))
        return cls(run, vocabulary, run.card, engine=_load_engine(run, engine))


class _Rules:
    """The settings of a story, checked, and the choices that follow from them."""

    def __init__(
        self,
        teller: Storyteller,
        *,
        sampling: Sampling | None = None,
        length: int = 500,
        strict: bool = True,
        words: Iterable[str] | None = None,
        steer: Callable[[Choose], Choose] | None = None,
    ) -> None:
        if not (isinstance(length, int | np.integer) and length >= 1):
            raise UserError(f"length must be at least 1 token, got {length!r}")
        if words is not None and not strict:
            raise UserError("a list of words was given without strict; leave one of them out")
        self.length = length
        self._sampling = sampling or USUAL
        self._steer = steer
        self._rule = None
        if strict:
            own = words is not None
            self._rule = StrictRule(teller.vocabulary, words) if own else teller._own_words

    def chooser(self, seed: int | None) -> Choose:
        """Return the choices of one story; the same seed makes the same."""
        if seed is None:
            seed = secrets.randbits(63)
        if not isinstance(seed, int | np.integer):
            raise UserError(f"seed must be a whole number, got {seed!r}")
        generator = np.random.Generator(np.random.PCG64(seed % 2**64))

        def choose(logits: npt.NDArray[np.float32], last: int) -> int:
            if self._rule:
                logits = np.where(self._rule.allowed(last), logits, np.float32(-np.inf))
            return self._sampling.choose(logits, generator)

        return self._steer(choose) if self._steer else choose


def _load_engine(run: Run, name: str) -> Engine | None:
    """Return the engine of that name; None is PyTorch, which tells with every model."""
    from safetensors.numpy import load_file

    try:
        arguments = {"vocab": run.card["vocab"]["tokens"], **run.card["model"]["arguments"]}
        known = kind_of(run.family, arguments) in KINDS
        if name == "torch" or (name == "auto" and not known):
            return None
        return make_engine(name, run.family, arguments, load_file(run.folder / WEIGHTS))
    except DAMAGE as error:
        raise _unreadable(run, error) from error


def _load_model(run: Run) -> "LanguageModel":
    import torch
    from safetensors.torch import load

    from tinystories.models import FAMILIES

    try:
        content = (run.folder / WEIGHTS).read_bytes()
        if hashlib.sha256(content).hexdigest() != run.card["files"][WEIGHTS]:
            raise UserError(
                f"{run.folder / WEIGHTS} is not the one that was loaded, as when training goes on; "
                "load it again"
            )
        weights = load(content)
        family = FAMILIES[run.card["model"]["family"]]
        arguments = {"vocab": run.card["vocab"]["tokens"], **run.card["model"]["arguments"]}
        # Shapes first, without memory: an absurd card must not fill the machine.
        if arguments.get("depth", 0) > len(weights):
            raise ValueError(f"the card says depth {arguments['depth']}, the weights are fewer")
        with torch.device("meta"):
            wanted = {n: w.shape for n, w in family(**arguments).state_dict().items()}
        if wanted != {n: w.shape for n, w in weights.items()}:
            raise ValueError("the weights do not fit the model that the card describes")
        model = family(**arguments)
        if not all(weight.isfinite().all() for weight in weights.values()):
            raise ValueError("a weight is not a finite number")
    except DAMAGE as error:
        raise _unreadable(run, error) from error
    model.load_state_dict({n: w.float() for n, w in weights.items()})
    return model.eval()


def _unreadable(run: Run, error: Exception) -> UserError:
    return UserError(
        f"the model in {run.folder} cannot be read ({type(error).__name__}: {error}); restore the "
        "folder from a copy or train again"
    )
