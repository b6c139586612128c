import copy
import json
import random
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest
import torch
from safetensors.torch import load_file, save_file

from tinystories import storyteller
from tinystories.data.vocabulary import word_types
from tinystories.errors import UserError
from tinystories.files import read_json, sha256
from tinystories.generation import Sampling
from tinystories.storyteller import Storyteller


@pytest.fixture
def saved(teller, tmp_path):
    teller.save(tmp_path / "model")
    return tmp_path / "model"


def told_words(teller: Storyteller, prompt: str = "", **settings) -> set[str]:
    return set(word_types(teller.tell(prompt, **settings).removeprefix(prompt)))


def test_a_thousand_stories_have_no_word_outside_the_vocabulary(saved):
    teller = Storyteller.load(saved)
    allowed = {*teller.vocabulary.words, *"0123456789"}
    wild = {"length": 40, "sampling": Sampling(1.5)}
    stories = teller.tell_many([""] * 1000, seeds=range(1000), **wild)
    told = {word for _, story in stories for word in word_types(story.text)}
    assert told <= allowed
    assert len(told) > 60  # The untrained model tries nearly all that it may.


def test_an_own_list_is_kept_to(teller):
    own = ["anna", "ball", "didn't", "dinosaur"]
    told = {w for seed in range(9) for w in told_words(teller, seed=seed, length=99, words=own)}
    assert told <= {*own, *"0123456789"}
    assert {"anna", "ball", "didn't"} <= told


def test_any_words_may_be_spelled_without_strict(teller):
    allowed = {*teller.vocabulary.words, *"0123456789"}
    assert not told_words(teller, seed=1, length=200, strict=False) <= allowed


def test_the_same_seed_tells_the_same_story_and_another_a_different_one(teller):
    first = teller.tell("Anna", seed=5, length=30)
    assert first == teller.tell("Anna", seed=5, length=30)
    assert first != teller.tell("Anna", seed=6, length=30)


def test_the_stream_is_the_story(teller):
    pieces = list(teller.stream("Anna", seed=5, length=30))
    assert len(pieces) > 10
    assert "Anna" + "".join(pieces) == teller.tell("Anna", seed=5, length=30)


def test_a_loaded_model_equals_the_saved_one(teller, saved):
    loaded = Storyteller.load(saved)
    tokens = torch.randint(len(teller.vocabulary), (2, 20))
    with torch.no_grad():
        assert torch.equal(loaded.model(tokens)[0], teller.model(tokens)[0])
    assert loaded.tell("Tom", seed=1, length=20) == teller.tell("Tom", seed=1, length=20)


@pytest.fixture
def better(teller):
    """What training makes of the teller: other weights, and a card that says so."""
    model = copy.deepcopy(teller.model)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.5)
    return Storyteller(model, teller.vocabulary, {**teller.card, "val_bpb": 0.5})


def when_files_are_checked(monkeypatch, then):
    """Do something once, between the reading of a card and that of the weights."""
    check, done = storyteller.check_files, []

    def checked(run):
        check(run)
        if not done:
            done.append(then())

    monkeypatch.setattr(storyteller, "check_files", checked)


@pytest.mark.parametrize("inside", [False, True])
def test_a_model_replaced_while_it_is_loaded_is_the_new_one(better, saved, monkeypatch, inside):
    when_files_are_checked(monkeypatch, lambda: better.save(saved))
    loaded = Storyteller.load(saved, "numpy", inside=inside)
    assert loaded.card["val_bpb"] == 0.5
    assert loaded.tell("Tom", seed=1) == better.tell("Tom", seed=1)
    assert all(map(torch.equal, loaded.model.parameters(), better.model.parameters()))


def test_a_model_on_its_way_into_place_is_waited_for(teller, saved, monkeypatch):
    away = saved.with_name("away")
    saved.rename(away)  # As between the two steps of replacing one.
    monkeypatch.setattr(storyteller.time, "sleep", lambda seconds: away.rename(saved))
    assert Storyteller.load(saved).tell("Tom", seed=1) == teller.tell("Tom", seed=1)


def test_to_look_into_a_model_that_was_replaced_it_must_be_loaded_again(better, saved):
    loaded = Storyteller.load(saved, "numpy")
    better.save(saved)
    with pytest.raises(UserError, match="load it again"):
        loaded.model  # noqa: B018


@pytest.mark.parametrize("engine", ["numpy", "compiled", "torch"])
def test_every_engine_tells_the_same_story(teller, saved, engine):
    if engine == "compiled":
        pytest.importorskip("numba")
    loaded = Storyteller.load(saved, engine)
    assert loaded.tell("Tom", seed=1, length=60) == teller.tell("Tom", seed=1, length=60)


@pytest.mark.parametrize("engine", ["numpy", "compiled", "torch"])
def test_many_stories_are_those_told_alone(saved, engine):
    if engine == "compiled":
        pytest.importorskip("numba")
    loaded = Storyteller.load(saved, engine)
    prompts = ["Anna", "Tom went", "", "Anna ", "Ben", "Mia saw a", "Zoe"]
    told = list(loaded.tell_many(prompts, seeds=range(7), length=40, rows=3))
    assert sorted(number for number, _ in told) == list(range(7))
    for number, story in told:
        assert story.text == loaded.tell(prompts[number], seed=number, length=40)
        assert (story.prompt, story.seed) == (prompts[number], number)
        assert story.ended is (story.tokens < 40) or story.tokens == 40


@pytest.mark.parametrize("engine", ["numpy", "compiled", "int8", "torch"])
def test_a_story_is_the_same_in_any_order_and_beside_any_others(saved, engine):
    if engine in ("compiled", "int8"):
        pytest.importorskip("numba")
    loaded = Storyteller.load(saved, engine)
    asked = [(prompt, seed) for prompt in ("Anna", "Tom went ", "", "zxqv") for seed in range(4)]

    def tell(request):
        return loaded.tell(request[0], seed=request[1], length=30)

    alone = {request: tell(request) for request in asked}
    rng = random.Random(0)
    rng.shuffle(asked)
    assert {request: tell(request) for request in asked} == alone
    with ThreadPoolExecutor(8) as threads:
        assert dict(zip(asked, threads.map(tell, asked), strict=True)) == alone

    streams = {r: loaded.stream(r[0], seed=r[1], length=30) for r in asked}
    told = {request: request[0] for request in asked}
    while streams:  # A piece of one, a piece of another.
        request = rng.choice(list(streams))
        if (piece := next(streams[request], None)) is None:
            del streams[request]
        else:
            told[request] += piece
    assert told == alone

    prompts, seeds = zip(*asked, strict=True)
    for rows in (1, 2, 5, 32):
        many = loaded.tell_many(prompts, seeds=seeds, length=30, rows=rows)
        assert {asked[number]: story.text for number, story in many} == alone


def test_an_engine_that_is_none_is_refused(saved):
    with pytest.raises(UserError, match="'warp'"):
        Storyteller.load(saved, "warp")


def test_a_blank_at_the_end_of_the_prompt_changes_nothing_but_itself(teller):
    told = [
        "".join(teller.stream(prompt, seed=2, length=20)) for prompt in ("Anna went", "Anna went ")
    ]
    assert told[1] == told[0].removeprefix(" ")


@pytest.mark.parametrize(
    "prompt",
    ["", " ", "\n", "🐉🐉", "\x00\x07\x1b", "<eos>", "e\u0301", "你好", "zxqv", "a" * 5000, "‮abc"],
)
def test_any_text_can_begin_a_story(teller, prompt):
    story = teller.tell(prompt, seed=0, length=5)
    assert story.startswith(prompt)
    assert len(story) > len(prompt)


def test_a_very_long_prompt_is_read(teller):
    prompt = "Anna went to the park. " * 4500
    assert len(prompt) > 100_000
    assert len(teller.tell(prompt, seed=0, length=3)) > len(prompt)


def test_text_that_is_none_is_refused(teller):
    with pytest.raises(UserError, match="not valid Unicode text"):
        teller.tell("Anna \ud800")


@pytest.mark.parametrize("settings", [{"length": 0}, {"words": ["anna"], "strict": False}])
def test_settings_that_make_no_sense_are_refused(teller, settings):
    with pytest.raises(UserError):
        teller.tell("Anna", **settings)


def test_a_story_can_be_left_at_any_word(teller):
    assert len(list(islice(teller.stream("Anna", seed=0), 3))) == 3


@pytest.mark.parametrize("name", ["weights.safetensors", "tokenizer.json", "words.txt"])
def test_a_changed_file_is_refused(saved, name):
    content = bytearray((saved / name).read_bytes())
    content[len(content) // 2] ^= 1
    (saved / name).write_bytes(content)
    with pytest.raises(UserError, match=f"{name} is damaged"):
        Storyteller.load(saved)


@pytest.mark.parametrize("name", ["weights.safetensors", "tokenizer.json", "words.txt"])
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(UserError, match=f"{name} is missing"):
        Storyteller.load(saved)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("model", "arguments", "width"), 10**9),
        (("model", "arguments", "depth"), 2),
        (("model", "arguments", "surprise"), 1),
        (("model", "family"), "os.system"),
        (("model", "arguments", "cell"), "elman"),
        (("vocab", "tokens"), 10**12),
        (("vocab", "tokens"), "many"),
    ],
)
def test_a_card_that_does_not_fit_the_weights_is_refused(saved, path, value):
    card = read_json(saved / "card.json")
    place = card
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    (saved / "card.json").write_text(json.dumps(card))
    with pytest.raises(UserError) as raised:
        Storyteller.load(saved)
    assert "\n" not in str(raised.value)


def test_weights_of_16_bits_are_read(teller, saved):
    weights = load_file(saved / "weights.safetensors")
    save_file({n: w.half() for n, w in weights.items()}, saved / "weights.safetensors")
    card = read_json(saved / "card.json")
    card["files"]["weights.safetensors"] = sha256(saved / "weights.safetensors")
    (saved / "card.json").write_text(json.dumps(card))
    loaded = Storyteller.load(saved)
    for weight, original in zip(loaded.model.parameters(), teller.model.parameters(), strict=True):
        assert weight.dtype == torch.float32
        torch.testing.assert_close(weight, original, atol=1e-3, rtol=1e-3)


def test_saving_again_replaces_the_folder_whole(teller, saved):
    (saved / "stray.txt").write_text("old")
    teller.save(saved)
    names = sorted(path.name for path in saved.iterdir())
    assert names == ["card.json", "tokenizer.json", "weights.safetensors", "words.txt"]
    assert [path.name for path in saved.parent.iterdir()] == ["model"]
