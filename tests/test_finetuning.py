"""Fine-tuning: LoRA against whole matrices, what learns and what does not, a judge against counting by hand, and an adapter on its way to a file and back."""

from collections import Counter
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from genai_course import finetuning
from genai_course.checkpoint import CheckpointError, save_weights
from genai_course.finetuning import (
    HELD_OUT_PSALMS,
    RECIPES,
    LoRA,
    StyleJudge,
    accuracy,
    adapter_task,
    adapters,
    chances,
    copied,
    imitating_task,
    learning,
    load_adapted,
    load_adapter,
    merged,
    passages,
    psalm_parts,
    to_imitate,
    together,
    tune,
    with_lora,
)
from genai_course.optimizers import AdamW
from genai_course.texts import ALPHABET, LEAST, psalms
from genai_course.tokenizer import CharacterTokenizer
from genai_course.training import train
from genai_course.transformer import NgramGPT, Writer, rise_and_fall, text_loss, windows

V = 11
seeds = st.integers(0, 2**31)
LETTERS = CharacterTokenizer("abcdefgh ,\n")


def small(seed=0, **sizes):
    "A small model whose weights are all random, so that every part matters."
    torch.manual_seed(seed)
    model = NgramGPT(V, **{"layers": 2, "heads": 2, "width": 16, "reach": 2, **sizes})
    for p in model.parameters(): nn.init.normal_(p, std=0.3)
    return model.eval()


def stirred(model, seed=0):
    "The same model; what learns in it is random."
    torch.manual_seed(seed)
    for p in learning(model): nn.init.normal_(p, std=0.2)
    return model


def random_tokens(seed, *shape): return torch.randint(V, shape, generator=torch.Generator().manual_seed(seed))


def close(one, other, eps=1e-5): return torch.allclose(one, other, atol=eps, rtol=eps)


# ---- texts


def test_whole_psalms_are_held_out_and_none_is_lost():
    seen, unseen = (part.split("\n\n") for part in psalm_parts())
    numbers = {psalm: number for number, psalm in enumerate(psalms().strip().split("\n\n"), 1)}
    assert [numbers[psalm] for psalm in unseen] == list(HELD_OUT_PSALMS) == [*range(1, 142, 10)]
    assert sorted(numbers[psalm] for psalm in seen + unseen) == [*range(1, 151)]


@given(st.text("ab", min_size=3, max_size=30), st.text("ab", max_size=30))
def test_what_is_copied_is_found_by_looking(text, source):
    found = [text[i : i + 3] in source for i in range(len(text) - 2)]
    assert copied(text, source, length=3) == pytest.approx(sum(found) / len(found))
    assert copied(text, f"x{text}y", length=3) == 1


def test_a_text_too_short_to_hold_a_passage_is_refused():
    with pytest.raises(ValueError, match="a text of 5 characters has no passage of 30: take a longer text"): copied("abcde", "abcde")


@given(st.text("abc", max_size=40), st.integers(1, 12))
def test_passages_are_the_text_again_but_for_its_end(text, length):
    cut = passages(text, length)
    assert "".join(cut) == text[: len(text) // length * length] and {len(passage) for passage in cut} <= {length}


# ---- the judge

WORDS = st.text("abc ,\n", min_size=1, max_size=40)


@given(WORDS, WORDS, WORDS, st.integers(0, 3))
def test_the_judge_counts(one, other, text, length):
    judge = StyleJudge({"one": one, "other": other}, length, smoothing=0.5)

    def chance(source, before, letter):
        after = Counter(source[i] for i in range(length, len(source)) if source[i - length : i] == before)
        return (after[letter] + 0.5) / (after.total() + 0.5 * len(ALPHABET))

    found, steps = judge.surprises(text), judge.steps(text)
    for style, source in (("one", one), ("other", other)):
        plain = "".join(letter for _, letter in judge.steps(source))
        assert found[style] == pytest.approx([-np.log(chance(plain, before, letter)) for before, letter in steps])
    odds = np.exp(found["other"].sum() - found["one"].sum())
    assert judge.shares(text)["one"] == pytest.approx(odds / (1 + odds))
    assert judge.leaning(text, "one", "other") == pytest.approx(-judge.leaning(text, "other", "one")) == pytest.approx(np.log(odds) / len(steps))


@given(st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1e5), min_size=1))
def test_chances_are_bayes_rule_also_for_great_surprise(surprise):
    found = chances(surprise)
    expected = torch.softmax(-torch.tensor(list(surprise.values()), dtype=torch.double), 0)
    assert list(found) == list(surprise) and list(found.values()) == pytest.approx(expected.tolist())


def test_the_judge_tells_psalms_from_other_texts_it_has_not_seen():
    seen, unseen = psalm_parts()
    shouted = seen.upper().replace("\n", "!\n")
    judge = StyleJudge({"psalms": seen[:60_000], "shouting": shouted[:60_000]})
    right = accuracy(judge, {"psalms": unseen[:8000], "shouting": unseen[:8000].upper()}, 200)
    assert right == {"psalms": 1, "shouting": 1}


def test_accuracy_is_the_share_that_is_right():
    judge = StyleJudge({"a": "aaaa" * 9, "b": "bbbb" * 9})
    assert accuracy(judge, {"a": "aaaa" + "bbbb" * 3, "b": "bbbb" * 2}, 4) == {"a": 0.25, "b": 1}


def test_how_a_text_begins_is_no_evidence():
    judge = StyleJudge({"one": "bat" + "cat" * 9, "other": "cat" * 9})
    assert judge.shares("bat") == {"one": 0.5, "other": 0.5} and judge.shares("batc")["one"] > 0.5


def test_letters_that_the_judge_does_not_know_are_no_evidence():
    judge = StyleJudge({"a": "abab" * 9, "b": "baab" * 9})
    assert judge.shares("ab♥ab") == judge.shares("abab")
    with pytest.raises(ValueError, match="no letter here that the judge knows"): judge.shares("♥")


# ---- LoRA


@given(seed=seeds, n=st.integers(1, 8), m=st.integers(1, 8), data=st.data(), bias=st.booleans(), strength=st.floats(-2, 2))
def test_lora_is_the_whole_matrix_changed(seed, n, m, data, bias, strength):
    torch.manual_seed(seed)
    rank, alpha, linear = data.draw(st.integers(1, min(n, m))), data.draw(st.floats(0.5, 20)), nn.Linear(n, m, bias=bias)
    layer, x = LoRA(linear, rank, alpha), torch.randn(2, 3, n)
    assert layer.a.shape == (rank, n) and layer.b.shape == (m, rank) and torch.equal(layer(x), linear(x))
    nn.init.normal_(layer.b)
    change = sum(torch.outer(layer.b[:, i], layer.a[i]) for i in range(rank)) * alpha / rank
    assert close(layer(x), F.linear(x, linear.weight + change, linear.bias), 1e-4)
    assert close(layer.merged(strength)(x), F.linear(x, linear.weight + strength * change, linear.bias), 1e-4)


@pytest.mark.parametrize("rank", [0, -1, 4])
def test_an_impossible_rank_is_refused(rank):
    with pytest.raises(ValueError, match=rf"a matrix of \(3, 5\) has a change of rank 1 to 3, not {rank}"): LoRA(nn.Linear(5, 3), rank, 1.0)


@given(seed=seeds, rank=st.integers(1, 8))
def test_with_lora_a_model_is_the_same_at_first_and_merged_it_is_a_plain_one(seed, rank):
    model, tokens = small(), random_tokens(seed, 2, 9)
    adapted = with_lora(model, rank)
    with torch.inference_mode(): assert close(adapted(tokens), model(tokens))
    stirred(adapted, seed)
    plain = merged(adapted)
    with torch.inference_mode(): assert close(plain(tokens), adapted(tokens), 1e-4) and not close(plain(tokens), model(tokens), 1e-3)
    assert plain.state_dict().keys() == model.state_dict().keys() and all(p.requires_grad for p in plain.blocks.parameters() if p.ndim == 2)
    with torch.inference_mode(): assert close(merged(adapted, 0)(tokens), model(tokens))


@given(rank=st.integers(1, 8), layers=st.integers(1, 3), width=st.sampled_from([8, 12, 16]))
def test_as_many_numbers_learn_as_are_counted_in_the_lesson(rank, layers, width):
    adapted = with_lora(NgramGPT(V, layers=layers, heads=2, width=width, reach=2), rank)
    assert sum(p.numel() for p in learning(adapted)) == layers * 16 * rank * width + rank * (width + V)


def test_only_the_change_learns_and_the_model_it_was_made_of_is_not_touched():
    model, tokens = small(), random_tokens(0, 500)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    adapted = with_lora(model, 2)
    held = {name: p.clone() for name, p in adapted.named_parameters()}
    losses = [step.losses["loss"] for step in tune(adapted, windows(tokens.numpy(), 4, 8), AdamW(learning(adapted), 0.01), steps=20)]
    moved = {name for name, p in adapted.named_parameters() if not torch.equal(p, held[name])}
    assert moved == {name for name in held if name.endswith((".a", ".b"))} == {name for name, p in adapted.named_parameters() if p.requires_grad}
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items()) and losses[-1] < losses[0]


def test_the_rate_rises_to_what_it_was_and_falls():
    model, rates = small(), []
    optimizer = AdamW(learning(model), 0.01)
    for _ in tune(model, windows(random_tokens(0, 200).numpy(), 2, 8), optimizer, steps=60): rates.append(optimizer.lr)
    assert rates == [rise_and_fall(i, 0.01, 60) for i in range(60)]


def test_batches_together_have_the_rows_of_all():
    new, old = np.arange(100), np.arange(1000, 1100)
    for (x, y), (first, after), (x_old, _) in zip(together(windows(new, 3, 5), windows(old, 2, 5, seed=1)), windows(new, 3, 5), islice(windows(old, 2, 5, seed=1), 4), strict=False):
        assert np.array_equal(x[:3], first) and np.array_equal(y[:3], after) and np.array_equal(x[3:], x_old) and (y == x + 1).all()


# ---- an adapter to keep

ABOUT = {"rank": 2, "alpha": 4.0, "context": 8, "size": 4, "lr": 0.02, "steps": 30}
TEXT = "a bad bee, a cad, a dad\n" * 60


def task_for(base, seed=0): return adapter_task(base, LETTERS, TEXT, TEXT[:200], seed=seed, device="cpu", **ABOUT)


def test_an_adapter_is_learned_kept_and_loaded_beside_its_model(tmp_path):
    base, tokens = small(), random_tokens(1, 1, 8)
    task = task_for(base)
    before = task.val_loss()
    for _ in train(task.batches(0), *task.turns, steps=30): pass
    assert task.val_loss() < before - 0.3
    file = save_weights(tmp_path / "adapter.safetensors", task.model, task.card)
    loaded = load_adapter(file, base)
    kept = task.model.state_dict()
    assert len(kept) == 2 * (2 * 4 + 1) and all(torch.equal(p, kept[name]) for name, p in adapters(loaded).state_dict().items())
    with torch.inference_mode(): assert not close(loaded(tokens), base(tokens), 1e-2) and not loaded.training
    assert sum(p.numel() for p in task.model.parameters()) == 2 * 16 * 2 * 16 + 2 * (16 + V)


def test_a_run_goes_on_where_it_was_stopped():
    through, resumed = task_for(small(), 3), task_for(small(), 3)
    for (x, y), (again, and_again) in zip(islice(through.batches(0), 7, 12), resumed.batches(7), strict=False):
        assert torch.equal(x, again) and torch.equal(y, and_again) and through.turns[0].opt.lr == resumed.turns[0].opt.lr


def test_adapters_share_what_learns_with_the_model():
    model = with_lora(small(), 1)
    for p in adapters(model).parameters(): p.data.fill_(0.5)
    assert len(learning(model)) == 2 * (2 * 4 + 1) and all((p == 0.5).all() for p in learning(model))


def test_an_adapter_of_another_model_or_none_at_all_is_refused_in_one_line(tmp_path):
    base = small()
    task = task_for(base)
    file = save_weights(tmp_path / "adapter.safetensors", task.model, task.card)
    with pytest.raises(CheckpointError, match="was learned beside another model than this one: train it again"): load_adapter(file, small(seed=1))
    other = save_weights(tmp_path / "other.safetensors", nn.Linear(2, 2), {"recipe": "training"})
    with pytest.raises(CheckpointError, match="holds no adapter: name weights that `train finetuning` made"): load_adapter(other, base)
    with pytest.raises(CheckpointError, match="there is no file"): load_adapter(tmp_path / "none.safetensors", base)
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="is damaged"): load_adapter(cut, base)


# ---- the recipe


@pytest.fixture
def course(monkeypatch):
    "A course whose own model is a small one."
    writer = Writer(small(), CharacterTokenizer(ALPHABET[:V]), 8)
    monkeypatch.setattr(finetuning, "shipped_writer", lambda: writer)
    return writer


def plain_lines(tmp_path, text):
    file = tmp_path / "text.txt"
    file.write_text(text * (LEAST // len(text) + 50), encoding="utf-8")
    return file


def test_the_recipe_makes_a_writer_of_ones_own_text(course, tmp_path):
    file = plain_lines(tmp_path, "“!$” & — $!\n")  # plainly written all of it is in the small model's alphabet
    task = imitating_task(seed=0, device="cpu", text=file, rank=1, alpha=4.0, size=4, lr=0.05, steps=30)
    before = task.val_loss()
    for _ in train(task.batches(0), *task.turns, steps=30): pass
    model, tokenizer, context = load_adapted(save_weights(tmp_path / "weights.safetensors", task.model, task.card))
    assert task.val_loss() < before - 0.3 and context == 8 and tokenizer is course.tokenizer
    assert not any(isinstance(part, LoRA) for part in model.modules())
    unseen = torch.tensor(tokenizer.encode(to_imitate(file)[1]))
    assert text_loss(model, unseen, 8) == pytest.approx(task.val_loss(), abs=1e-4)


def test_what_is_imitated_is_the_psalms_or_a_text_and_its_last_tenth(tmp_path):
    assert to_imitate(None) == psalm_parts()
    learn, measure = to_imitate(plain_lines(tmp_path, "Où est-il? “Là!”\n"))
    assert set(learn + measure) == set("Ou est-il? 'La!'\n") and len(measure) == pytest.approx(len(learn) / 9, rel=0.05)


def test_the_recipe_plans_its_rate_for_its_own_steps():
    recipe = RECIPES["finetuning"]
    assert recipe.settings["steps"] == recipe.steps and recipe.make is imitating_task


def test_a_merged_model_learns_in_all_its_parts():
    model = merged(with_lora(small(), rank=2))
    assert all(p.requires_grad for p in model.parameters())
