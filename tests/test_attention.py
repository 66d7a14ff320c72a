"""Lesson 07's attention beside torch's own and a rotary of numpy's complex numbers; nobody sees the future, and only distance counts."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from genai_course.attention import SelfAttention, angles, attention, attention_weights, causal_mask, join_heads, rotate, split_heads

SEEDS, LENGTHS, HEADS, PAIRS = st.integers(0, 999), st.integers(1, 7), st.integers(1, 4), st.integers(1, 5)


def random(*shape, seed=0): return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layer_of(width, heads, rotary, seed):
    torch.manual_seed(seed)
    return SelfAttention(width, heads, rotary).double()


@st.composite
def queries_keys_values(draw):
    "Queries (B, heads, T, D), keys (B, heads, S, D) and values (B, heads, S, E)."
    looking, looked_at, numbers, heads, seed = draw(LENGTHS), draw(LENGTHS), draw(LENGTHS), draw(HEADS), draw(SEEDS)
    sizes = [(looking, numbers), (looked_at, numbers), (looked_at, draw(LENGTHS))]
    return [random(2, heads, *size, seed=seed + i) for i, size in enumerate(sizes)]


@given(LENGTHS)
def test_the_mask_lets_each_place_see_itself_and_what_came_before(length):
    mask = causal_mask(length)
    assert mask.dtype == torch.bool
    assert mask.tolist() == [[looked_at <= looking for looked_at in range(length)] for looking in range(length)]


@given(queries_keys_values())
def test_attention_is_torchs_and_so_are_its_gradients(given):
    results = []
    for attend in (attention, F.scaled_dot_product_attention):
        leaves = [x.clone().requires_grad_() for x in given]
        y = attend(*leaves)
        results.append([y, *torch.autograd.grad(y, leaves, grad_outputs=y.detach())])
    for ours, theirs in zip(*results, strict=True): torch.testing.assert_close(ours, theirs)


@given(queries_keys_values(), SEEDS)
def test_a_mask_is_torchs_too(given, seed):
    q, k, v = given
    mask = random(q.shape[-2], k.shape[-2], seed=seed) > 0
    mask[:, 0] = True  # somebody to look at
    torch.testing.assert_close(attention(q, k, v, mask), F.scaled_dot_product_attention(q, k, v, mask))


@given(queries_keys_values(), SEEDS)
def test_weights_are_shares_and_none_goes_to_what_is_masked(given, seed):
    q, k, _ = given
    mask = random(q.shape[-2], k.shape[-2], seed=seed) > 0
    mask[:, -1] = True
    weights = attention_weights(q, k, mask)
    torch.testing.assert_close(weights.sum(-1), torch.ones(q.shape[:-1], dtype=q.dtype))
    assert (weights[..., mask] > 0).all() and (weights[..., ~mask] == 0).all()


@given(queries_keys_values())
def test_weights_by_the_book_number_by_number(given):
    q, k, _ = [x[0, 0] for x in given]
    for looking, row in enumerate(attention_weights(q, k).tolist()):
        powers = [math.exp(sum(a * b for a, b in zip(q[looking].tolist(), key, strict=True)) / math.sqrt(len(key))) for key in k.tolist()]
        assert row == pytest.approx([power / sum(powers) for power in powers])


@given(queries_keys_values(), SEEDS)
def test_the_order_of_what_is_looked_at_does_not_count(given, seed):
    q, k, v = given
    order = torch.randperm(k.shape[-2], generator=torch.Generator().manual_seed(seed))
    torch.testing.assert_close(attention(q, k[..., order, :], v[..., order, :]), attention(q, k, v))


@given(LENGTHS, HEADS, LENGTHS)
def test_heads_split_as_numpy_would_and_join_again(length, heads, each):
    x = torch.arange(2 * length * heads * each).view(2, length, heads * each)
    parts = np.split(x.numpy(), heads, axis=-1)
    assert np.array_equal(split_heads(x, heads), np.stack(parts, axis=1))
    assert torch.equal(join_heads(split_heads(x, heads)), x)


@given(LENGTHS, PAIRS, SEEDS, st.sampled_from([10.0, 10_000.0]))
def test_rotating_is_multiplying_by_complex_numbers(length, pairs, seed, base):
    x = random(2, length, 2 * pairs, seed=seed)
    arrows = x.numpy()[..., :pairs] + 1j * x.numpy()[..., pairs:]
    turns = np.arange(length)[:, None] / base ** (np.arange(pairs) / pairs)
    turned = arrows * np.exp(1j * turns)
    ours = rotate(x, angles(length, 2 * pairs, base)).numpy()
    assert np.allclose(angles(length, 2 * pairs, base), turns, rtol=1e-5)
    assert np.allclose(ours, np.concatenate([turned.real, turned.imag], axis=-1), atol=1e-5)


@given(PAIRS, SEEDS, st.integers(0, 20), st.integers(0, 20), st.integers(0, 40))
def test_a_score_depends_on_the_distance_alone(pairs, seed, looking, looked_at, moved):
    q, k = [random(1, 2 * pairs, seed=seed + i).expand(64, -1) for i in range(2)]
    turns = angles(64, 2 * pairs).double()
    scores = rotate(q, turns) @ rotate(k, turns).T
    assert scores[looking, looked_at].item() == pytest.approx(scores[looking + moved, looked_at + moved].item(), abs=1e-4)


@given(LENGTHS, PAIRS, SEEDS)
def test_rotating_keeps_the_length_and_the_first_place(length, pairs, seed):
    x = random(3, length, 2 * pairs, seed=seed)
    turned = rotate(x, angles(length, 2 * pairs))
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    torch.testing.assert_close(turned[:, 0], x[:, 0])


@given(HEADS, PAIRS, LENGTHS, SEEDS)
def test_self_attention_is_torchs(heads, pairs, length, seed):
    width = heads * 2 * pairs
    ours, theirs = layer_of(width, heads, False, seed), nn.MultiheadAttention(width, heads, bias=False, batch_first=True).double()
    theirs.in_proj_weight.data, theirs.out_proj.weight.data = ours.to_qkv.weight.data, ours.out.weight.data
    x = random(2, length, width, seed=seed)
    expected, weights = theirs(x, x, x, attn_mask=~causal_mask(length), average_attn_weights=False)
    torch.testing.assert_close(ours(x), expected)
    torch.testing.assert_close(ours.weights(x), weights)


@pytest.mark.parametrize("rotary", [True, False])
@given(LENGTHS, SEEDS)
def test_nobody_sees_the_future(rotary, length, seed):
    layer, x = layer_of(8, 2, rotary, seed), random(1, length + 2, 8, seed=seed)
    changed = x.clone()
    changed[:, length:] += 1
    assert torch.equal(layer(changed)[:, :length], layer(x)[:, :length])
    assert not torch.allclose(layer(changed)[:, length:], layer(x)[:, length:])


@given(st.integers(2, 7), SEEDS)
def test_rotary_tells_places_apart(length, seed):
    x = random(1, 1, 8, seed=seed).expand(1, length, 8)
    alike, told_apart = [layer_of(8, 2, rotary, seed).weights(x)[0, :, -1] for rotary in (False, True)]
    torch.testing.assert_close(alike, torch.full_like(alike, 1 / length))
    assert not torch.allclose(told_apart, alike)


def test_the_parts_of_the_layer_make_the_whole():
    layer, x = layer_of(12, 3, True, 0), random(2, 5, 12)
    q, k, v = layer.qkv(x)
    assert q.shape == k.shape == v.shape == (2, 3, 5, 4)
    torch.testing.assert_close(layer.out(join_heads(layer.weights(x) @ v)), layer(x))
    torch.testing.assert_close(layer.weights(x), attention_weights(q, k, causal_mask(5)))


@pytest.mark.parametrize(("width", "heads", "rotary", "message"), [(10, 4, True, "4 heads cannot share 10 numbers"), (6, 2, True, "3 numbers cannot be turned in pairs")])
def test_sizes_that_do_not_come_out_are_told(width, heads, rotary, message):
    with pytest.raises(ValueError, match=message): SelfAttention(width, heads, rotary)


def test_an_odd_number_is_no_trouble_without_rotary(): assert SelfAttention(6, 2, rotary=False)(torch.zeros(1, 3, 6)).shape == (1, 3, 6)


def test_the_module_needs_torch_alone():
    code = "import genai_course.attention, sys; print([m for m in ('matplotlib', 'ipywidgets', 'anywidget', 'sklearn') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
