"""The transformer: its parts against torch's, what it may not see, and its cache against reading everything again."""

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from genai_course.attention import angles, attention, causal_mask
from genai_course.checkpoint import CheckpointError, save_weights
from genai_course.data import DataError
from genai_course.texts import LEAST
from genai_course.training import Turn, as_tensors, train
from genai_course.transformer import (
    GPT,
    RECIPES,
    Block,
    Cache,
    CausalAttention,
    CountingGPT,
    Counts,
    FeedForward,
    GroupedAttention,
    NgramEmbedding,
    NgramGPT,
    RMSNorm,
    continued,
    continued_with_cache,
    counting_task,
    counts_here,
    latest,
    load_counting_writer,
    load_writer,
    look_back,
    mixed,
    muon_for,
    next_loss,
    on_schedule,
    rise_and_fall,
    text_loss,
    texts_to_learn,
    windows,
    windows_of_parts,
    writing_task,
)

V = 11
seeds = st.integers(0, 2**31)


def random_tokens(seed, *shape): return torch.randint(V, shape, generator=torch.Generator().manual_seed(seed))


def stirred(seed=0, **sizes):
    "A small model whose weights are all random, so that every part matters."
    torch.manual_seed(seed)
    model = NgramGPT(V, **{"layers": 2, "heads": 2, "width": 16, "reach": 3, **sizes})
    for p in model.parameters(): nn.init.normal_(p, std=0.3)
    return model.eval()


def close(one, other, eps=1e-5): return torch.allclose(one, other, atol=eps, rtol=eps)


# ---- what goes in


def test_windows_are_passages_of_the_text_and_what_comes_next():
    text = np.arange(100)
    for x, y in islice(windows(text, size=5, length=7), 20):
        assert x.shape == y.shape == (5, 7)
        assert (np.diff(x, axis=1) == 1).all() and (y == x + 1).all() and x.min() >= 0 and y.max() <= 99


def test_every_passage_may_come_up():
    first = {int(row[0]) for x, _ in islice(windows(np.arange(10), size=20, length=4), 20) for row in x}
    assert first == set(range(6))


@given(seed=st.integers(0, 1000), step=st.integers(0, 30))
def test_a_batch_of_windows_depends_on_seed_and_step_alone(seed, step):
    text = np.random.default_rng(0).integers(V, size=200)
    through = next(islice(windows(text, 3, 8, seed), step, None))
    assert all((a == b).all() for a, b in zip(through, next(windows(text, 3, 8, seed, start=step)), strict=True))


@pytest.mark.parametrize("tokens", [0, 1, 8])
def test_a_text_that_is_too_short_for_a_window_is_refused_in_one_line(tokens):
    with pytest.raises(DataError, match=f"has {tokens} tokens, and a window needs 9: take a longer text"): next(windows(np.zeros(tokens), 1, 8))
    with pytest.raises(DataError, match=f"has {tokens} tokens"): text_loss(stirred(), torch.zeros(tokens, dtype=torch.long), context=8)


def test_the_shortest_text_that_fits_is_read():
    x, y = next(windows(np.arange(9), 1, 8))
    assert x.tolist() == [[*range(8)]] and y.tolist() == [[*range(1, 9)]]


# ---- the parts


@given(seed=seeds, width=st.integers(1, 40))
def test_the_norm_is_torchs(seed, width):
    torch.manual_seed(seed)
    ours, theirs = RMSNorm(width), nn.RMSNorm(width, eps=1e-6)
    ours.weight.data = theirs.weight.data = torch.randn(width)
    x = torch.randn(2, 3, width) * 10 ** torch.empty(1).uniform_(-2, 3)
    assert close(ours(x), theirs(x))


@given(seed=seeds, before=st.integers(0, 6), T=st.integers(1, 6))
def test_looking_back_is_lesson_7s_attention(seed, before, T):
    torch.manual_seed(seed)
    q, k, v = torch.randn(3, 2, 3, before + T, 4)
    assert close(look_back(q[:, :, before:], k, v), attention(q, k, v, causal_mask(before + T))[:, :, before:])


def test_feed_forward_by_hand():
    layer = FeedForward(3)
    x = torch.randn(2, 5, 3)
    hidden = np.maximum(x.numpy() @ layer.widen.weight.detach().numpy().T, 0) ** 2
    assert hidden.shape == (2, 5, 12)
    assert np.allclose(layer(x).detach().numpy(), hidden @ layer.narrow.weight.detach().numpy().T, atol=1e-6)


def test_a_block_is_torchs_encoder_layer_where_they_have_the_same_parts():
    torch.manual_seed(0)
    ours = Block(16, heads=4)
    theirs = nn.TransformerEncoderLayer(16, 4, 64, dropout=0, activation=lambda x: x.relu().square(), norm_first=True, batch_first=True, bias=False)
    theirs.norm1, theirs.norm2 = ours.norms
    theirs.self_attn.in_proj_weight.data, theirs.self_attn.out_proj.weight.data = ours.attention.to_qkv.weight.data, ours.attention.out.weight.data
    theirs.linear1.weight.data, theirs.linear2.weight.data = ours.feed_forward.widen.weight.data, ours.feed_forward.narrow.weight.data
    x = torch.randn(3, 7, 16)
    assert close(ours(x, torch.zeros(7, 2)), theirs(x, src_mask=~causal_mask(7)))


@pytest.mark.parametrize(("width", "heads"), [(16, 3), (12, 4), (6, 2)])
def test_heads_that_cannot_share_in_pairs_are_refused(width, heads):
    with pytest.raises(ValueError, match=f"choose a width that {2 * heads} divides"): CausalAttention(width, heads)


@given(seed=seeds, T=st.integers(1, 9), reach=st.integers(1, 4), rows=st.integers(1, 200))
def test_ngrams_are_found_by_the_last_tokens(seed, T, reach, rows):
    ngrams, tokens = NgramEmbedding(V, 2, reach, rows), random_tokens(seed, 2, T)
    for table in ngrams.tables: nn.init.normal_(table.weight)
    padded = F.pad(tokens, (reach - 1, 0)).tolist()
    for row in range(2):
        for t in range(T):
            total = torch.zeros(2)
            for n in range(2, reach + 1):
                latest_first = padded[row][t + reach - n : t + reach][::-1]
                number = sum(token * V ** (n - 1 - i) for i, token in enumerate(latest_first))
                total += ngrams.tables[n - 2].weight[number % min(V**n, rows)]
            assert close(ngrams(tokens)[row, t].expand(2), total)


# ---- the whole


def test_the_numbers_in_a_model_are_those_counted_in_the_lesson():
    for layers, width, reach in [(1, 8, 1), (3, 24, 2), (2, 16, 3)]:
        rows = sum(min(V**n, 16_381) for n in range(2, reach + 1))
        expected = 2 * V * width + rows * width + layers * 12 * width**2 + (2 * layers + 1) * width
        assert sum(p.numel() for p in NgramGPT(V, layers, 2, width, reach).parameters()) == expected
    assert sum(p.numel() for p in GPT(V, 2, 2, 16).parameters()) == 2 * V * 16 + 2 * 12 * 16**2 + 5 * 16


def test_an_untrained_model_finds_all_tokens_equally_likely():
    tokens = random_tokens(0, 3, 8)
    assert next_loss(GPT(V, 2, 2, 16), (tokens, tokens)).item() == pytest.approx(np.log(V), abs=1e-5)


@given(seed=seeds, T=st.integers(2, 12), data=st.data())
def test_nobody_sees_the_future(seed, T, data):
    model, tokens = stirred(), random_tokens(seed, 1, T)
    at = data.draw(st.integers(1, T - 1))
    other = tokens.clone()
    other[:, at:] = (other[:, at:] + 1) % V
    with torch.inference_mode(): before, after = model(tokens), model(other)
    assert close(before[:, :at], after[:, :at]) and not close(before[:, at:], after[:, at:])


@given(seed=seeds, first=st.integers(0, 5))
def test_everything_before_is_seen(seed, first):
    model, tokens = stirred(), random_tokens(seed, 1, 6)
    other = tokens.clone()
    other[:, first] = (other[:, first] + 1) % V
    with torch.inference_mode(): assert not torch.equal(model(tokens)[:, -1], model(other)[:, -1])


def test_only_distance_counts_without_rows_for_the_beginning():
    torch.manual_seed(0)
    layer, x = CausalAttention(16, 2), torch.randn(1, 6, 16)
    turns = angles(50, 8)
    assert close(layer(x, turns[:6]), layer(x, turns[40:46]), eps=1e-4)


@given(seed=seeds, sizes=st.lists(st.integers(1, 5), min_size=1, max_size=6), rows=st.integers(1, 3))
def test_reading_in_pieces_with_a_cache_is_exact(seed, sizes, rows):
    model, tokens, cache = stirred(seed % 7), random_tokens(seed, rows, sum(sizes)), Cache()
    with torch.inference_mode(): pieces = [model(piece, cache) for piece in tokens.split(sizes, dim=1)]
    with torch.inference_mode(): assert (torch.cat(pieces, dim=1) - model(tokens)).abs().max() < 1e-5
    assert torch.equal(cache.tokens, tokens)


@given(seed=seeds, length=st.integers(0, 12))
def test_writing_with_a_cache_writes_the_same(seed, length):
    model, begin = stirred(), random_tokens(seed, 2, 3)
    slow, fast = (write(model, begin, length, torch.Generator().manual_seed(seed)) for write in (continued, continued_with_cache))
    assert torch.equal(slow, fast) and slow.shape == (2, 3 + length) and torch.equal(slow[:, :3], begin)


def test_without_ngrams_it_is_a_plain_one():
    torch.manual_seed(0)
    plain, ngram, tokens = GPT(V, 2, 2, 16), NgramGPT(V, 2, 2, 16, reach=1), random_tokens(0, 2, 7)
    for p in plain.parameters(): nn.init.normal_(p, std=0.3)
    ngram.load_state_dict(plain.state_dict())
    assert torch.equal(plain(tokens), ngram(tokens))


@given(length=st.integers(0, 500), context=st.integers(2, 64))
def test_the_latest_part_fits_and_begins_anew_only_every_half_a_context(length, context):
    part, longer = latest(range(length), context), latest(range(length + 1), context)
    assert list(part) == list(range(length))[length - len(part) :]
    assert len(part) == length if length <= context else context - context // 2 < len(part) <= context
    assert len(longer) in (len(part) + 1, len(part) + 1 - context // 2)


def test_only_the_last_tokens_are_read_where_a_context_is_given():
    model, begin = stirred(), random_tokens(1, 1, 9)
    whole, part = (continued(model, tokens, 5, torch.Generator().manual_seed(0), context=4) for tokens in (begin, begin[:, -4:]))
    assert torch.equal(whole[:, -5:], part[:, -5:])


def test_tokens_are_drawn_as_often_as_the_model_says():
    model, begin = stirred(), torch.tensor([[1, 2, 3]]).repeat(20_000, 1)
    with torch.inference_mode(): p = model(begin[:1])[0, -1].softmax(-1)
    drawn = continued_with_cache(model, begin, 1, torch.Generator().manual_seed(0))[:, -1].bincount(minlength=V) / 20_000
    assert (drawn - p).abs().max() < 5 * 0.5 / 20_000**0.5


# ---- learning


def test_the_loss_of_a_text_is_the_mean_surprise_over_its_windows():
    model, tokens = stirred(), random_tokens(3, 50)
    with torch.inference_mode(): surprise = [-model(tokens[None, s : s + 8])[0].log_softmax(-1)[i, tokens[s + i + 1]] for s in range(0, 48, 8) for i in range(8)]
    for rows in (1, 4, 100): assert text_loss(model, tokens, context=8, rows=rows) == pytest.approx(torch.stack(surprise).mean().item(), abs=1e-5)


def test_a_model_learns_a_text_by_heart():
    torch.manual_seed(0)
    text = np.random.default_rng(0).integers(V, size=40)
    model = GPT(V, 2, 2, 32)
    optimizer = muon_for(model)
    losses = [step.losses["loss"] for step in train(as_tensors(windows(text, 16, 12)), Turn("loss", lambda batch: next_loss(model, batch), optimizer), steps=120)]
    assert losses[0] > 2.3 and losses[-1] < 0.3


def test_muon_gets_the_matrices_of_the_blocks_and_adam_all_the_rest():
    model = GPT(V, 2, 2, 16)
    muon, adam = muon_for(model, decay=0.1).groups
    assert {id(p) for p in muon["parameters"]} == {id(m.weight) for m in model.blocks.modules() if isinstance(m, nn.Linear)} and muon.get("orthogonal", True)
    assert len(muon["parameters"]) + len(adam["parameters"]) == len(list(model.parameters())) and not adam["orthogonal"]


def test_the_rate_belongs_to_the_step_wherever_a_run_goes_on():
    class Rated: lr = 0.0

    optimizer, rates = Rated(), []
    for _ in on_schedule(range(5), optimizer, lambda i: i**2, start=3): rates.append(optimizer.lr)
    assert rates == [9, 16, 25, 36, 49]


def test_the_rate_rises_and_falls():
    rates = [rise_and_fall(i, 0.1, steps=100, warm=10) for i in range(101)]
    assert rates[0] == pytest.approx(0.01, rel=0.01) and max(rates) < 0.1 and np.argmax(rates) in (9, 10)
    assert (np.diff(rates[10:]) < 0).all() and rates[100] == pytest.approx(0.002)


# ---- the recipe

SMALL = {"sizes": {"layers": 1, "heads": 2, "width": 16, "reach": 2}, "context": 16, "size": 4, "lr": 0.02, "steps": 40}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("to be or not to be, that is the question.\n" * (LEAST // 40 + 50), encoding="utf-8")
    return path


def test_the_last_tenth_of_a_text_is_held_out(file):
    seen, unseen = texts_to_learn(file)
    assert seen + unseen == file.read_text(encoding="utf-8") and len(unseen) == pytest.approx(len(seen) / 9, abs=2)


def test_without_a_text_whole_plays_are_held_out():
    seen, unseen = texts_to_learn(None)
    assert "PROSPERO:" in unseen and "PETRUCHIO:" in unseen and "PROSPERO:" not in seen and "PETRUCHIO:" not in seen


def test_the_recipe_learns_a_text_of_ones_own(file):
    task = writing_task(seed=0, device="cpu", text=file, **SMALL)
    before = task.val_loss()
    for _ in train(task.batches(0), *task.turns, steps=40): pass
    assert before == pytest.approx(np.log(len(task.card["alphabet"])), abs=1e-4) and task.val_loss() < before - 0.5


def test_batches_and_rates_go_on_where_a_run_was_stopped(file):
    through, resumed = (writing_task(seed=3, device="cpu", text=file, **SMALL) for _ in range(2))
    for (x, y), (again, and_again) in zip(islice(through.batches(0), 7, 12), resumed.batches(7), strict=False):
        assert torch.equal(x, again) and torch.equal(y, and_again) and through.turns[0].opt.lr == resumed.turns[0].opt.lr


def test_weights_know_what_to_build(file, tmp_path):
    task = writing_task(seed=0, device="cpu", text=file, **SMALL)
    for _ in train(task.batches(0), *task.turns, steps=3): pass
    model, tokenizer, context = load_writer(save_weights(tmp_path / "weights.safetensors", task.model, task.card))
    tokens = torch.tensor([tokenizer.encode("to be or not")])
    with torch.inference_mode(): assert torch.equal(model(tokens), task.model(tokens))
    assert tokenizer.decode(tokens[0].tolist()) == "to be or not" and context == SMALL["context"] and not model.training


def test_weights_of_something_else_are_refused_in_one_line(tmp_path):
    other = save_weights(tmp_path / "other.safetensors", nn.Linear(2, 2), {"recipe": "training"})
    with pytest.raises(CheckpointError, match="holds no model that writes: name weights that `train transformer` made"): load_writer(other)
    with pytest.raises(CheckpointError, match="there is no file"): load_writer(tmp_path / "none.safetensors")


def test_every_recipe_plans_its_rate_for_its_own_steps():
    assert all(recipe.settings["steps"] == recipe.steps for recipe in RECIPES.values())


# ---- counting and the network


def naive_counts(pieces, context):
    "How often each token came after `context` in `pieces`, found by looking at every place."
    times, length = [0] * V, len(context)
    for piece in pieces:
        for i in range(length, len(piece)):
            if piece[i - length : i] == context: times[piece[i]] += 1
    return times


def counting_model(seed=0, text=None, **sizes):
    "A small model that counts, whose weights are all random."
    torch.manual_seed(seed)
    text = random_tokens(1, 60) % 3 if text is None else text
    model = CountingGPT(V, text, **{"layers": 1, "heads": 2, "width": 16, "reach": 3, "here": (1, 2), "parts": 3, **sizes})
    for p in model.parameters(): nn.init.normal_(p, std=0.3)
    return model.eval()


@given(seed=seeds, lengths=st.lists(st.integers(0, 30), min_size=1, max_size=3), reach=st.integers(1, 3), T=st.integers(1, 8), kinds=st.integers(1, 4))
def test_counts_are_those_of_looking_at_every_place(seed, lengths, reach, T, kinds):
    pieces, tokens = (random_tokens(seed, 3 + sum(lengths)) % kinds).split([2, 1, *lengths]), random_tokens(seed + 1, 2, T) % kinds
    after, plain = Counts(pieces, reach, V).after(tokens), [piece.tolist() for piece in pieces]
    for row in range(2):
        for t in range(reach - 1, T): assert after[row, t].tolist() == naive_counts(plain, tokens[row, t + 1 - reach : t + 1].tolist())


@given(seed=seeds, length=st.integers(1, 3), T=st.integers(1, 12), kinds=st.integers(1, 3))
def test_a_window_is_counted_up_to_each_place(seed, length, T, kinds):
    tokens = random_tokens(seed, 2, T) % kinds
    here = counts_here(tokens, length, V)
    for row in range(2):
        for t in range(T):
            before = tokens[row, : t + 1].tolist()
            expected = naive_counts([before], before[-length:]) if t + 1 >= length else [0] * V
            assert here[row, t].tolist() == expected


@given(seed=seeds, left_out=st.integers(-1, 2))
def test_what_counting_says_are_probabilities(seed, left_out):
    logs, clues = counting_model().counted(random_tokens(seed, 2, 9) % 4, 9, left_out)
    assert close(logs.exp().sum(-1), torch.ones(2, 9, 5)) and logs.isfinite().all() and clues.isfinite().all()


def test_mixing_by_hand():
    p, clues = mixed(torch.tensor([[3, 1, 0, 0], [0, 0, 0, 0]]), torch.tensor([0.1, 0.2, 0.3, 0.4]), kept_back=0.5)
    assert close(p[0], torch.tensor([2.5 + 0.1, 0.5 + 0.2, 0.3, 0.4]) / 4) and close(p[1], torch.tensor([0.1, 0.2, 0.3, 0.4]))
    assert close(clues, torch.tensor([[np.log(5) / 5, 0.5, 0], [0, 0, 1]], dtype=torch.float))


@given(seed=seeds, part=st.integers(0, 2))
def test_a_part_that_is_left_out_is_known_to_no_table(seed, part):
    text = random_tokens(seed, 60) % 3
    other, tokens = text.clone(), random_tokens(seed + 1, 2, 9) % 3
    other.tensor_split(3)[part][:] = 2
    one, changed = counting_model(text=text), counting_model(text=other)
    with torch.inference_mode():
        assert torch.equal(one(tokens, left_out=part), changed(tokens, left_out=part))
        assert not torch.equal(one(tokens), changed(tokens))


def test_batches_come_from_the_part_that_they_name():
    text = np.arange(100)
    for x, y, part in islice(windows_of_parts(np.array_split(text, 5), 6, 7), 20):
        assert (x // 20 == part).all() and (y // 20 == part).all() and (y == x + 1).all()
    assert [part for *_, part in islice(windows_of_parts(np.array_split(text, 5), 6, 7, start=3), 4)] == [3, 4, 0, 1]


@given(seed=seeds, T=st.integers(2, 12), left_out=st.integers(-1, 2), data=st.data())
def test_nobody_that_counts_sees_the_future(seed, T, left_out, data):
    model, tokens = counting_model(), random_tokens(seed, 1, T) % 3
    at = data.draw(st.integers(1, T - 1))
    other = tokens.clone()
    other[:, at:] = (other[:, at:] + 1) % 3
    with torch.inference_mode(): before, after = model(tokens, left_out=left_out), model(other, left_out=left_out)
    assert close(before[:, :at], after[:, :at]) and not close(before[:, at:], after[:, at:])


@given(seed=seeds, sizes=st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_counting_in_pieces_with_a_cache_is_exact(seed, sizes):
    model, tokens, cache = counting_model(), random_tokens(seed, 2, sum(sizes)) % 3, Cache()
    with torch.inference_mode(): pieces = [model(piece, cache) for piece in tokens.split(sizes, dim=1)]
    with torch.inference_mode(): assert (torch.cat(pieces, dim=1) - model(tokens)).abs().max() < 1e-5


def test_an_untrained_model_that_counts_says_what_counting_says():
    torch.manual_seed(0)
    model, tokens = CountingGPT(V, torch.arange(3).repeat(30), 1, 2, 16, reach=2, here=()), torch.tensor([[0, 1, 2, 0, 1]])
    with torch.inference_mode(): assert model(tokens).argmax(-1).tolist() == [[1, 2, 0, 1, 2]]


COUNTING = {"sizes": {"layers": 1, "heads": 2, "width": 16, "reach": 2, "here": [2]}, "context": 16, "size": 4, "lr": 0.02, "steps": 40, "parts": 3}


def test_the_recipe_that_counts_learns_goes_on_and_is_loaded(file, tmp_path):
    through, resumed = (counting_task(seed=3, device="cpu", text=file, **COUNTING) for _ in range(2))
    before = through.val_loss()
    for _ in train(through.batches(0), *through.turns, steps=40): pass
    assert through.val_loss() < before
    for batch, again in zip(islice(through.batches(0), 7, 12), resumed.batches(7), strict=False):
        assert all(torch.equal(one, other) for one, other in zip(batch, again, strict=True)) and through.turns[0].opt.lr == resumed.turns[0].opt.lr
    model, tokenizer, context = load_counting_writer(save_weights(tmp_path / "weights.safetensors", through.model, through.card))
    tokens = torch.tensor([tokenizer.encode("to be or not")])
    with torch.inference_mode(): assert torch.equal(model(tokens), through.model(tokens))
    assert context == 16 and not model.training


def test_each_loader_refuses_what_the_other_loads(file, tmp_path):
    counting, writing = counting_task(seed=0, device="cpu", text=file, **COUNTING), writing_task(seed=0, device="cpu", text=file, **SMALL)
    counts, writes = (save_weights(tmp_path / f"{i}.safetensors", task.model, task.card) for i, task in enumerate((counting, writing)))
    with pytest.raises(CheckpointError, match="holds no model that counts: name weights that `train transformer.best` made"): load_counting_writer(writes)
    with pytest.raises(CheckpointError, match="holds no model that writes: name weights that `train transformer` made"): load_writer(counts)


@pytest.mark.parametrize(("heads", "groups"), [(4, 4), (4, 2), (4, 1), (6, 3)])
def test_shared_keys_are_plain_attention_with_keys_repeated(heads, groups):
    torch.manual_seed(0)
    width = 8 * heads
    shared, plain = GroupedAttention(width, heads, groups), CausalAttention(width, heads)
    query, key, value = shared.to_qkv.weight.split(shared.sizes)
    repeated = lambda weight: weight.view(groups, 8, width).repeat_interleave(heads // groups, dim=0).reshape(width, width)
    plain.to_qkv.weight.data, plain.out.weight.data = torch.cat([query, repeated(key), repeated(value)]), shared.out.weight.data
    x, turns = torch.randn(2, 5, width), angles(5, 8)
    assert torch.allclose(shared(x, turns), plain(x, turns), atol=1e-6)


def test_heads_that_cannot_be_shared_evenly_are_refused():
    with pytest.raises(ValueError, match="4 heads cannot share 3 groups"): GroupedAttention(32, 4, 3)


@pytest.mark.parametrize("recipe", ["transformer", "transformer.best"])
def test_a_text_whose_tenth_is_too_short_is_refused_before_the_first_step(tmp_path, recipe):
    (tmp_path / "short.txt").write_text("to be or not to be, that is the question. " * (LEAST // 40))
    with pytest.raises(DataError, match="the tenth of the text that is kept apart to measure with has 1"): RECIPES[recipe].make(0, "cpu", **RECIPES[recipe].settings, text=tmp_path / "short.txt")


def test_the_shortest_context_has_an_end():
    assert latest([1, 2, 3], 1) == [3]
