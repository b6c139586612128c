"""Words: what a model can say, as one plain ``tokenizers`` file and a list a person can read.

The tokenizer is a byte-level BPE with ``ignore_merges``: a word of the list, as it is written in
the corpus (``The``, `` the``), is one token, and every other text is spelled from 256 bytes and a
few learned pieces. So nothing is lower-cased or lost, every prompt can be read, and yet the words
a small child knows are whole: ``StrictRule`` keeps a story to them.
"""

import codecs
import hashlib
import json
import logging
import math
import os
import re
import threading
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cached_property
from itertools import chain
from multiprocessing import (
    get_all_start_methods,
    get_context,
    get_start_method,
    parent_process,
    set_start_method,
)
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Split
from tokenizers.pre_tokenizers import Sequence as Steps
from tokenizers.trainers import BpeTrainer

from tinystories.errors import UserError
from tinystories.files import write_atomically

if TYPE_CHECKING:
    from tinystories.data.corpus import Corpus

log = logging.getLogger(__name__)

S = TypeVar("S")
T = TypeVar("T")

EOS = "<eos>"
_DIGITS = frozenset("0123456789")
_ADVICE = "copy the folder again or train the vocabulary anew"
_WORD = r"[^\W\d_]+(?:['’][^\W\d_]+)*"
# One pattern, read by Python when it counts and by the tokenizer when it encodes. A word, a digit
# or a run of punctuation, each with the space before it; new lines; other white space, which
# leaves its last space to what follows.
_PRE_TOKEN = rf" ?{_WORD}| ?\d| ?(?:[^\w\s]|_)+|\n+|[^\S\n]+(?!\S)|[^\S\n]+"
_FIRST_PIECE = 257  # after <eos> and the 256 bytes

_find_pre_tokens = re.compile(_PRE_TOKEN).findall
_find_words = re.compile(rf"{_WORD}|\d+").findall
_is_word = re.compile(_WORD).fullmatch
# Python and the tokenizer do not agree on all of Unicode (on accents that stand alone, fractions,
# separators); on these, they do: what is typed in English, Latin letters, dashes and quotes.
_find_doubtful = re.compile(r"[^\t-\r -~\u00c0-\u024f\u2010-\u2027]").search
_REMEMBERED = 100_000
"""Pre-tokens whose ids are kept; 17.5 MB of TinyStories have 13,792."""


def word_types(text: str) -> Iterator[str]:
    """The words of a text, one by one, as the word list writes them.

    A word is a run of letters with inner apostrophes, or a run of digits. Case is folded and a
    curly apostrophe counts as a straight one: ``The "Dog’s 10`` gives the, dog's, 10.
    """
    return map(_fold, _find_words(text))


class Vocabulary:
    """The words a model knows: text to token ids and back, without loss.

    Id 0 is ``<eos>``, ids 1 to 256 are the bytes, then come the words as they are written, then
    the pieces that spell other words. ``tokenizer.json`` is the vocabulary; any program can read
    it with ``tokenizers`` alone.
    """

    eos = 0

    def __init__(self, tokenizer_json: str, words: tuple[str, ...]) -> None:
        self.tokenizer = Tokenizer.from_str(tokenizer_json)
        # A typed "<eos>" is text. The file format has no place for this choice.
        self.tokenizer.encode_special_tokens = True
        self.words = words
        self._json = tokenizer_json

    def __reduce__(self) -> tuple[type["Vocabulary"], tuple[str, tuple[str, ...]]]:
        return Vocabulary, (self._json, self.words)

    def __len__(self) -> int:
        return self.tokenizer.get_vocab_size()

    def encode(self, text: str) -> list[int]:
        """Token ids of a text; no ``<eos>`` is added. `UserError` if it is not valid Unicode."""
        try:
            return self.tokenizer.encode(text, add_special_tokens=False).ids
        except (UnicodeEncodeError, TypeError) as error:  # half of a surrogate pair
            raise UserError(
                f"wanted a text, given what is not valid Unicode text ({error}); type it again"
            ) from error

    def encode_batch(self, texts: Iterable[str]) -> list[list[int]]:
        """Token ids of several texts, as ``encode`` finds them, and faster than the library.

        Stories say the same words again and again, so each is looked up once.
        """
        find = self._known.__getitem__
        return [
            list(chain.from_iterable(map(find, _find_pre_tokens(text))))
            if self._splits_as_we_do and not _find_doubtful(text)
            else self.encode(text)
            for text in texts
        ]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids, the exact inverse of ``encode``; ``<eos>`` says nothing."""
        return b"".join(self._spelling[i] for i in ids).decode("utf-8", errors="replace")

    def stream(self) -> Callable[[int], str]:
        """A function that turns ids into text as they come.

        It answers with the text that a token completes: nothing, while a character is unfinished.
        """
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        return lambda token: decoder.decode(self._spelling[token])

    def token_bytes(self) -> npt.NDArray[np.int64]:
        """How many UTF-8 bytes each token stands for, (V,); ``<eos>`` stands for none."""
        return np.array([len(spelling) for spelling in self._spelling], dtype=np.int64)

    @cached_property
    def _spelling(self) -> list[bytes]:
        return _spellings(self.tokenizer)

    @cached_property
    def _known(self) -> "_Known":
        return _Known(self.encode)

    @cached_property
    def _splits_as_we_do(self) -> bool:
        mine, ours = (json.loads(text) for text in (self._json, _assemble([], [])))
        return all(mine[step] == ours[step] for step in ("normalizer", "pre_tokenizer"))

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of the tokenizer and the words; ``words.txt`` begins with it."""
        return _fingerprint(self._json, self.words)

    def save(self, folder: Path, *, sealed: bool = True) -> None:
        """Write ``tokenizer.json`` and ``words.txt``, one word a line.

        Sealed, the words name the tokenizer's hash, so that no other program may write it anew.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            seal = f", {self.fingerprint}" if sealed else ""
            listed = "\n".join((_header(len(self.words)) + seal, *self.words))
            for name, text in (("tokenizer.json", self._json), ("words.txt", listed + "\n")):
                write_atomically(folder / name, text)
        except OSError as error:
            raise UserError(
                f"wanted to save the vocabulary in {folder}, but: {error.strerror or error}; "
                "make room there or choose another folder"
            ) from error

    @classmethod
    def load(cls, folder: Path) -> "Vocabulary":
        """Read back what ``save`` wrote."""
        tokenizer_json = _load_tokenizer(folder / "tokenizer.json")
        return cls(tokenizer_json, _load_words(folder / "words.txt", tokenizer_json))


class _Known(dict[str, tuple[int, ...]]):
    """The ids of every pre-token that was asked for."""

    def __init__(self, encode: Callable[[str], list[int]]) -> None:
        self._encode = encode

    def __missing__(self, pre_token: str) -> tuple[int, ...]:
        if len(self) >= _REMEMBERED:
            self.clear()
        ids = self[pre_token] = tuple(self._encode(pre_token))
        return ids


class StrictRule:
    """The law of strict telling: which token may follow, so that only listed words are said.

    A story told token by token under ``allowed`` has no word (``word_types``) outside ``words``,
    however its tokens are joined. Two things make it so. A token is allowed only if it is
    ``<eos>``, white space, punctuation, one digit, or a whole word of the list. And after a token
    whose end could be the middle of a word or number, none may begin with a letter or a digit.
    ``words`` is the list with the ten digits.
    """

    def __init__(self, vocabulary: Vocabulary, words: Iterable[str] | None = None) -> None:
        listed = vocabulary.words if words is None else words
        self.words = frozenset(map(_fold, listed)) | _DIGITS
        texts = [_text_or_none(spelling) for spelling in vocabulary._spelling]
        self._free = np.array([text is not None and self._sayable(text) for text in texts])
        # Unfinished characters are never sayable, so what they begin with does not matter.
        begins = np.array([text is not None and text[:1].isalnum() for text in texts])
        self._glued = self._free & ~begins
        self._sticks = [text is None or _sticks(text) for text in texts]

    def allowed(self, last: int) -> npt.NDArray[np.bool_]:
        """Which tokens may follow the token ``last``, (V,); ``<eos>`` starts a story."""
        return self._glued if self._sticks[last] else self._free

    def _sayable(self, text: str) -> bool:
        if not text.strip(" \t\r\n"):
            return True
        mark = text.removeprefix(" ")
        if all(unicodedata.category(letter)[0] in "PS" for letter in mark):
            return True
        return mark in _DIGITS or (_is_word(mark) is not None and _fold(mark) in self.words)


def _sticks(text: str) -> bool:
    """Whether a letter or digit right after this text might continue a word or number."""
    if text.endswith(("'", "’")):
        return len(text) == 1 or text[-2].isalnum()
    return text[-1:].isalnum() or unicodedata.category(text[-1:] or " ")[0] == "M"


def train_vocabulary(
    corpus: "Corpus",
    size: int,
    *,
    kind: str = "words",
    pieces: int = 256,
    workers: int = 1,
) -> Vocabulary:
    """Learn a vocabulary from the train split of a corpus.

    ``words``: ``size`` is the number of word types, as the TinyStories paper counts them, and
    ``pieces`` the number of merges learned to spell all other words. ``bpe``: a plain byte-level
    BPE of exactly ``size`` entries. Counting runs in ``workers`` processes. The same corpus gives
    the same file, byte for byte.
    """
    smallest = {"words": 1, "bpe": _FIRST_PIECE + 1}.get(kind)
    if smallest is None:
        raise UserError(f"wanted a vocabulary of words or bpe, given {kind!r}; choose one of them")
    if not isinstance(size, int) or isinstance(size, bool) or size < smallest:
        raise UserError(
            f"wanted a {kind} vocabulary of {smallest} or more, given {size!r}; "
            "set data.vocab to a larger whole number"
        )
    counts = _count(corpus, workers)
    ranked = _rank_types(counts)
    if not ranked:
        raise UserError("wanted words to learn, the corpus has none; choose another source")

    if kind == "bpe":
        merges = _learn_merges(counts, size - _FIRST_PIECE)
        tokenizer_json = _assemble([], merges)
        whole = _whole_words(Tokenizer.from_str(tokenizer_json))
        words = tuple(word for word in ranked if word in whole)
        asked, found = "entries", _FIRST_PIECE + len(merges)
    else:
        words = tuple(ranked[:size])
        surfaces = _choose_surfaces(counts, frozenset(words))
        others = {text: counts[text] for text in counts.keys() - surfaces.keys()}
        tokenizer_json = _assemble(surfaces, _learn_merges(others, pieces))
        asked, found = "word types", len(words)
    if found < size:
        log.warning(
            "asked for %s %s, the corpus has %s: the vocabulary has those",
            f"{size:,}",
            asked,
            f"{found:,}",
        )
    return Vocabulary(tokenizer_json, words)


def _count(corpus: "Corpus", workers: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for part in in_processes(_count_file, corpus.files("train"), workers):
        counts.update(part)
    return counts


def _count_file(file: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for texts in read_texts(file):
        for text in texts:
            counts.update(_find_pre_tokens(text))
    return counts


def _rank_types(counts: Mapping[str, int]) -> list[str]:
    """The word types among counted pre-tokens, most frequent first, then by alphabet."""
    types: Counter[str] = Counter()
    for text, count in counts.items():
        if _is_word(text.removeprefix(" ")):
            types[_fold_token(text)] += count
    return sorted(types, key=lambda word: (-types[word], word))


def _choose_surfaces(counts: Mapping[str, int], words: frozenset[str]) -> dict[str, None]:
    """The pre-tokens that become one token each, most frequent first.

    The most frequent writing of a word always is one; others (``The``, ``THE``) and punctuation
    only if a model sees them often enough to learn them.
    """
    # Ten times in a small corpus; in a large one the same share, or rare writings would crowd in.
    often = max(10, sum(counts.values()) // 420_000)
    chosen: dict[str, None] = {}
    whole: set[str] = set()
    for text in sorted(counts, key=lambda text: (-counts[text], text)):
        if _is_word(text.removeprefix(" ")):
            word = _fold_token(text)
            if word not in words or (word in whole and counts[text] < often):
                continue
            whole.add(word)
        elif counts[text] < often:
            continue
        chosen[text] = None
    return chosen


def _learn_merges(counts: Mapping[str, int], number: int) -> list[tuple[str, str]]:
    """The merges that spell these texts best; fewer than ``number`` if there is little to spell."""
    # The trainer takes texts, not counts; five million say enough.
    scale = min(1.0, 5_000_000 / max(1, sum(counts.values())))
    texts = ([text] * math.ceil(scale * counts[text]) for text in sorted(counts))
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False, use_regex=False)
    trainer = BpeTrainer(
        vocab_size=256 + number,
        min_frequency=2,
        initial_alphabet=ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return [(left, right) for left, right in json.loads(tokenizer.to_str())["model"]["merges"]]


def _assemble(surfaces: Iterable[str], merges: list[tuple[str, str]]) -> str:
    letters = _byte_letters()
    whole = ("".join(letters[byte] for byte in text.encode()) for text in surfaces)
    entries = dict.fromkeys((EOS, *letters, *whole, *map("".join, merges)))
    ids = {entry: i for i, entry in enumerate(entries)}
    tokenizer = Tokenizer(BPE(vocab=ids, merges=merges, ignore_merges=True))
    tokenizer.pre_tokenizer = Steps(
        [
            Split(Regex(_PRE_TOKEN), behavior="isolated"),
            ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = ByteLevelDecoder()
    tokenizer.add_special_tokens([AddedToken(EOS, normalized=False)])
    return tokenizer.to_str()


def in_processes(task: Callable[[S], T], items: Sequence[S], workers: int) -> Iterator[T]:
    """The task's result for each item, in order, computed by ``workers`` processes (1: this one).

    `UserError` if a worker was killed.
    """
    if workers == 1 or len(items) < 2:
        yield from map(task, items)
        return
    # A worker of joblib starts processes in a way that those it starts would not know.
    if get_start_method() not in get_all_start_methods():
        set_start_method("spawn", force=True)
    pool = ProcessPoolExecutor(
        min(workers, len(items)), get_context("spawn"), initializer=_die_with_parent
    )
    try:
        with pool:
            yield from pool.map(task, items)
    except BrokenProcessPool as error:
        raise UserError(
            f"wanted {workers} worker processes, one was killed (out of memory?); "
            "ask for fewer workers"
        ) from error


def _die_with_parent() -> None:
    """A killed program would leave its workers waiting for ever."""

    def watch() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def read_texts(file: Path) -> Iterator[list[str]]:
    """The texts of a parquet file, a few hundred at a time."""
    import pyarrow.parquet as pq  # not needed to tell stories, and slow to import

    with pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(batch_size=512, columns=["text"]):
            yield batch.column(0).to_pylist()


def _load_tokenizer(path: Path) -> str:
    text = _read(path)
    try:
        tokenizer = Tokenizer.from_str(text)
        model = tokenizer.model
        start = [tokenizer.id_to_token(i) for i in range(_FIRST_PIECE)]
        ours = isinstance(model, BPE) and model.ignore_merges and start == [EOS, *_byte_letters()]
        ids = sorted(tokenizer.get_vocab().values())
        ours = ours and ids == list(range(len(ids))) and len(_spellings(tokenizer)) == len(ids)
    except Exception as error:  # the library raises nothing narrower
        raise UserError(f"wanted a tokenizer in {path}, it is damaged; {_ADVICE}") from error
    if not ours:
        raise UserError(f"wanted a vocabulary of this program, {path} is another's; {_ADVICE}")
    return text


def _load_words(path: Path, tokenizer_json: str) -> tuple[str, ...]:
    header, *words = _read(path).split("\n")[:-1] or [""]
    known = _whole_words(Tokenizer.from_str(tokenizer_json))
    wanted = _header(len(words))
    # Without a fingerprint where it was not sealed, or an older version wrote it.
    headers = (wanted, f"{wanted}, {_fingerprint(tokenizer_json, words)}")
    if header not in headers or not known.issuperset(words):
        raise UserError(
            f"wanted the words of tokenizer.json in {path}, it is cut short, damaged or another's; "
            f"{_ADVICE}"
        )
    return tuple(words)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is damaged"
        raise UserError(f"wanted a vocabulary in {path}, but: {reason}; {_ADVICE}") from error


def _header(words: int) -> str:
    return f"# {words} words, most frequent first"


def _fingerprint(tokenizer_json: str, words: Sequence[str]) -> str:
    listed = "\n".join((_header(len(words)), *words)) + "\n"
    return hashlib.sha256((tokenizer_json + listed).encode()).hexdigest()


def _spellings(tokenizer: Tokenizer) -> list[bytes]:
    """The bytes that each token stands for, by id; none for ``<eos>``."""
    byte_of = {letter: byte for byte, letter in enumerate(_byte_letters())}
    tokens = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    return [b"", *(bytes(byte_of[letter] for letter in token) for token, _ in tokens[1:])]


def _whole_words(tokenizer: Tokenizer) -> set[str]:
    """The word types that are one token."""
    texts = map(_text_or_none, _spellings(tokenizer))
    return {_fold_token(text) for text in texts if text and _is_word(text.removeprefix(" "))}


def _text_or_none(spelling: bytes) -> str | None:
    try:
        return spelling.decode()
    except UnicodeDecodeError:  # a piece of a character
        return None


def _fold(word: str) -> str:
    return word.replace("’", "'").casefold()


def _fold_token(text: str) -> str:
    return _fold(text.removeprefix(" "))


def _byte_letters() -> list[str]:
    """The letter that stands for each byte in a byte-level tokenizer (GPT-2's table)."""
    shown = {*range(33, 127), *range(161, 173), *range(174, 256)}
    spare = iter(range(256, 512))
    return [chr(byte if byte in shown else next(spare)) for byte in range(256)]
