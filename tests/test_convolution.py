"""Lesson 05's functions and blocks beside torch's own."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from genai_course.convolution import (
    ResidualBlock,
    batch_norm,
    conv2d,
    conv_block,
    filter_matrix,
    group_norm,
    max_pool,
    normalise,
    slide,
    up_block,
    upsample,
)

SIDES, SEEDS = st.integers(1, 6), st.integers(0, 999)


def random(*shape, seed=0): return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@st.composite
def pictures_and_filters(draw):
    "A picture (H, W) and a filter (h, w) that fits."
    height, width, seed = draw(SIDES), draw(SIDES), draw(SEEDS)
    return random(height, width, seed=seed), random(draw(st.integers(1, height)), draw(st.integers(1, width)), seed=seed + 1)


@given(pictures_and_filters())
def test_slide_is_torchs_convolution(given):
    picture, filter = given
    assert np.allclose(slide(picture.numpy(), filter.numpy()), F.conv2d(picture[None, None], filter[None, None])[0, 0])


@pytest.mark.parametrize("filter", [np.ones((4, 1)), np.ones((1, 6))])
def test_a_filter_that_does_not_fit_is_told(filter):
    with pytest.raises(ValueError, match="does not fit into a picture of 3 by 5"): slide(np.ones((3, 5)), filter)


@given(pictures_and_filters())
def test_the_matrix_slides_and_its_transpose_stamps(given):
    picture, filter = given
    matrix = filter_matrix(filter.numpy(), *picture.shape)
    values = F.conv2d(picture[None, None], filter[None, None])
    assert np.allclose(matrix @ picture.numpy().ravel(), values.ravel())
    assert np.allclose(matrix.T @ values.ravel().numpy(), F.conv_transpose2d(values, filter[None, None]).ravel())


@given(pictures_and_filters(), st.integers(0, 3))
def test_a_moved_picture_gives_a_moved_map(given, step):
    picture, filter = given
    wide = np.pad(picture.numpy(), ((0, 0), (0, step)))
    moved = np.pad(picture.numpy(), ((0, 0), (step, 0)))
    width = slide(wide, filter.numpy()).shape[1]
    assert np.allclose(slide(moved, filter.numpy())[:, step:], slide(wide, filter.numpy())[:, : width - step])


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2), SIDES, SEEDS)
def test_conv2d_and_its_gradients_are_torchs(outputs, inputs, h, w, stride, padding, size, seed):
    leaves = [random(2, inputs, size + 2, size + 3, seed=seed), random(outputs, inputs, h, w, seed=seed + 1), random(outputs, seed=seed + 2)]
    results = []
    for convolution in (conv2d, F.conv2d):
        own = [leaf.clone().requires_grad_() for leaf in leaves]
        y = convolution(*own, stride, padding)
        results.append([y, *torch.autograd.grad(y, own, grad_outputs=y.detach())])
    for mine, theirs in zip(*results, strict=True): torch.testing.assert_close(mine, theirs)


def test_conv2d_goes_without_a_bias():
    x, weight = random(1, 2, 4, 4), random(3, 2, 3, 3)
    torch.testing.assert_close(conv2d(x, weight), F.conv2d(x, weight))


@given(SIDES, SIDES, st.integers(1, 3), SEEDS)
def test_pooling_and_upsampling_are_torchs(height, width, size, seed):
    x = random(2, 3, height + 2, width + 2, seed=seed)
    assert torch.equal(max_pool(x, size), F.max_pool2d(x, size))
    assert torch.equal(upsample(x, size), F.interpolate(x, scale_factor=size))
    assert torch.equal(max_pool(upsample(x, size), size), x)


@given(st.integers(1, 3), st.integers(1, 3), SIDES, SEEDS)
def test_norms_are_torchs(groups, each, size, seed):
    x = random(3, groups * each, size, size + 1, seed=seed) * 7 + 2
    torch.testing.assert_close(batch_norm(x), F.batch_norm(x, None, None, training=True))
    torch.testing.assert_close(group_norm(x, groups), F.group_norm(x, groups))


@given(st.floats(0.1, 100), st.floats(-100, 100), SEEDS)
def test_normalising_forgets_scale_and_shift(scale, shift, seed):
    x = random(4, 6, seed=seed)
    torch.testing.assert_close(normalise(x * scale + shift, (1,), 0), normalise(x, (1,), 0))


NORMS = {"batch": nn.BatchNorm2d, "group": partial(nn.GroupNorm, 2), "none": nn.Identity}


@pytest.mark.parametrize("norm", NORMS.values(), ids=NORMS)
@pytest.mark.parametrize("activation", [nn.ReLU, nn.SiLU])
def test_blocks_have_the_shapes_they_say(norm, activation):
    x = torch.randn(3, 4, 8, 6)
    options = {"norm": norm, "activation": activation}
    assert conv_block(4, 6, **options)(x).shape == (3, 6, 8, 6)
    assert conv_block(4, 6, stride=2, **options)(x).shape == (3, 6, 4, 3)
    assert up_block(4, 2, **options)(x).shape == (3, 2, 16, 12)
    assert ResidualBlock(4, 4, **options)(x).shape == x.shape and ResidualBlock(4, 6, **options)(x).shape == (3, 6, 8, 6)


def test_a_block_is_convolution_norm_and_bend():
    x, block = torch.randn(3, 4, 5, 5), conv_block(4, 6, stride=2)
    expected = F.relu(F.batch_norm(F.conv2d(x, block[0].weight, block[0].bias, 2, 1), None, None, block[1].weight, block[1].bias, training=True))
    torch.testing.assert_close(block(x), expected)


def test_a_residual_block_adds_to_its_input():
    x, block = torch.randn(2, 4, 5, 5), ResidualBlock(4, 4).eval()
    torch.testing.assert_close(block(x) - x, block.second(block.first(x)))
    nn.init.zeros_(block.second[1].weight)
    assert torch.equal(block(x), x)


def test_the_short_cut_mixes_channels_where_their_number_changes():
    x, block = torch.randn(2, 4, 5, 5), ResidualBlock(4, 6).eval()
    mixed = torch.einsum("oc,bchw->bohw", block.short_cut.weight[:, :, 0, 0], x) + block.short_cut.bias[:, None, None]
    torch.testing.assert_close(block(x), mixed + block.second(block.first(x)))


def test_with_group_norm_a_picture_does_not_depend_on_its_batch():
    x, block = torch.randn(5, 4, 6, 6), ResidualBlock(4, 8, norm=partial(nn.GroupNorm, 2), activation=nn.SiLU)
    torch.testing.assert_close(block(x)[:1], block(x[:1]))


def test_the_module_needs_torch_alone():
    code = "import genai_course.convolution, sys; print([m for m in ('matplotlib', 'ipywidgets', 'anywidget', 'sklearn') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
