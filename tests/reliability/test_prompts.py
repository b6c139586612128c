"""Whatever is asked, however: a story, or one line that says what to do instead."""

import random
from collections.abc import Callable
from itertools import cycle, product

import numpy as np
import pytest
import torch
from awkward import LONG, PROMPTS, REFUSED, SAMPLINGS, SEEDS

from tinystories.__main__ import main
from tinystories.data.vocabulary import word_types
from tinystories.errors import UserError
from tinystories.generation import Sampling
from tinystories.models import RNN, Transformer
from tinystories.storyteller import Storyteller
from tinystories.weaving import missing, weaving

SMALL = {
    "transformer": (Transformer, {"width": 16, "depth": 1, "heads": 1, "context": 16}),
    "rnn": (RNN, {"width": 16, "depth": 1, "cell": "mingru"}),
}


@pytest.fixture(scope="module")
def folders(teller, tmp_path_factory):
    """A model of each family that has learned nothing."""
    found = {}
    for family, (kind, arguments) in SMALL.items():
        torch.manual_seed(0)
        card = teller.card | {"model": {"family": family, "arguments": arguments}}
        model = kind(len(teller.vocabulary), **arguments)
        found[family] = tmp_path_factory.mktemp(family)
        Storyteller(model, teller.vocabulary, card).save(found[family] / "model")
    return found


@pytest.fixture(scope="module")
def tellers(folders):
    """Both models, by every engine."""
    pytest.importorskip("numba")
    engines = ("numpy", "compiled", "int8", "torch")
    return [Storyteller.load(folders[f], engine) for f, engine in product(SMALL, engines)]


def answer(tell: Callable[[], str]) -> tuple[str, str]:
    """Return what is told, and the line that is said where nothing can be."""
    try:
        return tell(), ""
    except UserError as error:
        return "", str(error)


def check(teller, prompt: str, *, length: int = 8, strict: bool = True, **settings) -> None:
    """Tell: a story of known words only, or, to what is not text, one line."""
    sampling = Sampling(**{n: settings.pop(n) for n in SAMPLINGS[0] if n in settings})
    story, refusal = answer(
        lambda: teller.tell(prompt, sampling=sampling, length=length, strict=strict, **settings)
    )
    assert bool(refusal) == ("\ud800" in prompt)
    assert "\n" not in refusal
    if strict and story:
        told = story.removeprefix(prompt)
        assert set(word_types(told)) <= {*teller.vocabulary.words, *"0123456789"}
        # Nor may a word of the beginning grow into another one.
        begun = list(word_types(prompt))
        assert list(word_types(story))[: len(begun)] == begun


def test_any_prompt_with_any_settings_is_a_story_or_one_line(tellers):
    rng = random.Random(0)
    for prompt, teller in zip(PROMPTS, cycle(tellers), strict=False):
        settings = rng.choice(SAMPLINGS) | {"seed": rng.choice(SEEDS)}
        check(teller, prompt, strict=rng.random() < 0.8, **settings)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", range(8))
def test_every_prompt_with_every_way_to_draw(tellers, number):
    """Each storyteller takes an eighth of the 72,000."""
    asked = list(product(PROMPTS, SAMPLINGS))
    random.Random(0).shuffle(asked)
    for turn, (prompt, settings) in enumerate(asked[number :: len(tellers)]):
        check(tellers[number], prompt, length=5, strict=turn % 5 > 0, seed=turn, **settings)


def test_a_beginning_of_ten_thousand_characters(tellers):
    for unit, teller in zip(LONG, cycle(tellers), strict=False):
        check(teller, (unit * 10_000)[:10_000], seed=0)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_beginning_of_a_million_characters(tellers):
    """Each by one engine of each model, in turn: all of them would take four times as long."""
    for number, unit in enumerate(LONG):
        for teller in (tellers[number % 4], tellers[4 + (number + 1) % 4]):
            check(teller, (unit * 1_000_000)[:1_000_000], seed=0)


@pytest.mark.parametrize(
    "number", [5, *(pytest.param(n, marks=pytest.mark.slow) for n in (0, 1, 2, 3, 4, 6, 7))]
)
def test_ten_thousand_words(tellers, number):
    def never_end(choose):
        def chosen(logits, last):
            logits = logits.copy()
            logits[0] = -np.inf
            return choose(logits, last)

        return chosen

    check(tellers[number], "Anna", length=10_000, steer=never_end, seed=1)


@pytest.mark.parametrize("settings", REFUSED, ids=repr)
def test_a_setting_that_is_none_is_one_line(teller, settings):
    rest = {name: settings[name] for name in settings.keys() - SAMPLINGS[0].keys()}
    with pytest.raises(
        UserError, match=f"{next(iter(settings)).replace('_', '-')} must be"
    ) as error:
        teller.tell("Anna", sampling=Sampling(**settings) if not rest else None, **rest)
    assert "\n" not in str(error.value)


def test_words_that_must_appear_are_said_or_named_or_refused(tellers):
    rng = random.Random(1)
    for must, teller in zip(PROMPTS, cycle(tellers), strict=False):
        length = rng.choice((1, 2, 5, 40))

        def tell(must=must, teller=teller, length=length):
            steer = weaving(teller.vocabulary, "Anna", must=[must], length=length)
            return teller.tell("Anna", steer=steer, length=length, seed=0)

        told, refusal = answer(tell)
        assert bool(refusal) == ("\ud800" in must or not list(word_types(must)))
        assert "\n" not in refusal
        said = set(word_types(told.removeprefix("Anna")))
        known = {*teller.vocabulary.words, *"0123456789"}
        assert said <= known | set(word_types(must))
        if told and missing(told, must=[must]):
            assert len(teller.vocabulary.encode(f" {must.strip()}")) > length


@pytest.mark.parametrize("family", SMALL)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_model_whose_numbers_are_none_says_nothing(folders, tmp_path, family, bad):
    broken = Storyteller.load(folders[family], "torch")
    with torch.no_grad():
        broken.model.norm.weight[0] = bad
    for temperature in (0, 0.8):
        with pytest.raises(UserError, match="train again"):
            broken.tell("Anna", sampling=Sampling(temperature), seed=0)
    broken.save(tmp_path / "model")
    with pytest.raises(UserError, match="train again"):
        Storyteller.load(tmp_path).tell("Anna", seed=0)


def test_the_command_answers_each_with_a_story_or_one_line(folders, capsys):
    rng = random.Random(2)
    values = ("0", "-1", "1e9", "1e-9", "nan", "inf", "-inf", "1.5", "9" * 5000, "", "many", "٣")
    options = ("--temperature", "--top-k", "--top-p", "--min-p", "--length", "--seed", "--count")
    codes = []
    for prompt in rng.sample(PROMPTS, 150):
        option, value = rng.choice(options), rng.choice(values)
        settings = [f"{option}={value}", "--engine=numpy", f"--run={folders['rnn']}"]
        try:
            codes.append(main(["tell", *settings, "--", prompt]))
        except SystemExit as refusal:  # By the parser of the command line.
            codes.append(refusal.code)
        seen = capsys.readouterr()
        if codes[-1] == 2:
            assert seen.out == ""
            assert "error: " in seen.err.splitlines()[-1]
        else:
            assert prompt in seen.out
        assert "nan" not in seen.out
        assert "Traceback" not in seen.err
    assert set(codes) == {0, 2}
