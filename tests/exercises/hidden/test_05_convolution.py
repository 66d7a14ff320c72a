"""Held-out tests of the exercise 05_convolution. Generated from nbs/exercises/05_convolution.ipynb: edit that one."""

import torch
from torch.nn import functional as F

from genai_course.grading import expect


def numbers(*shape, seed=0, grad=False):
    "Random numbers with two decimals, always the same for the same seed; `grad` asks for gradients."
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return ((made * 100).round() / 100).requires_grad_(grad)

def expect_map_size(sol, size, kernel, stride, padding, dilation):
    "Compare with what torch's own convolution gives."
    wanted = F.conv1d(torch.zeros(1, 1, size), torch.zeros(1, 1, kernel), None, stride, padding, dilation).shape[-1]
    got = sol.map_size(size, kernel, stride, padding, dilation)
    expect.close(got, wanted, f"the size for {size} pixels, kernel {kernel}, stride {stride}, padding {padding} and dilation {dilation}")

def judge_of_dilated(picture, filter, dilation):
    "Torch's own answer."
    return F.conv2d(picture[None, None], filter[None, None], dilation=dilation)[0, 0]

def judge_of_stamps(values, filter):
    "Torch's own answer: what comes back to the picture when `values` come back to the map."
    return F.conv_transpose2d(values[None, None], filter[None, None])[0, 0]

def expect_average(sol, channels, size):
    "One over the number of pixels where a channel meets itself, nothing elsewhere."
    wanted = torch.einsum("oi,hw->oihw", torch.eye(channels), torch.ones(size, size)) / size**2
    expect.close(sol.averaging_weight(channels, size), wanted, "the weight")

def expect_fold(sol, outputs, inputs, eps, *size):
    "Compare the folded layer with the layer and its normalisation, as torch has them."
    weight = numbers(outputs, inputs, *size)
    bias, mean, scale, shift = (numbers(outputs, seed=seed) for seed in (1, 2, 3, 4))
    variance = numbers(outputs, seed=5) ** 2 + 0.5
    new_weight, new_bias = expect.parts(sol.fold(weight, bias, mean, variance, scale, shift, eps), 2, "new_weight and new_bias")
    after = lambda x: F.batch_norm(x, mean, variance, scale, shift, eps=eps)
    at_zero = after(F.conv2d(torch.zeros(1, inputs, *size), weight, bias))
    probes = torch.eye(inputs * size[0] * size[1]).reshape(-1, inputs, *size)
    slopes = after(F.conv2d(probes, weight, bias)) - at_zero  # what each single pixel adds
    expect.close(new_weight, slopes.reshape(-1, outputs).T.reshape(weight.shape).contiguous(), "new_weight", 1e-3, 1e-4)
    expect.close(new_bias, at_zero.reshape(outputs), "new_bias", 1e-3, 1e-4)

def measured_field(layers):
    "How many pixels have a gradient for one unit after the layers: measured in torch, on a row that is long enough."
    start = row = torch.zeros(1, 1, 600, requires_grad=True)
    for kernel, stride in layers: row = F.conv1d(row, torch.ones(1, 1, kernel), stride=stride)
    row[0, 0, 0].backward()
    return int((start.grad != 0).sum())


def expect_field(sol, *layers):
    expect.close(sol.receptive_field(list(layers)), measured_field(layers), f"the field after {list(layers)}")

def judge_of_residual(x, first, second):
    "The block as two layers and an addition."
    layers = torch.nn.Sequential(*[torch.nn.Conv2d(*weight.shape[1::-1], 3, padding=1, bias=False) for weight in (first, second)])
    inside = torch.func.functional_call(layers[0], {"weight": first}, (x,)).clamp(min=0)
    return torch.func.functional_call(layers[1], {"weight": second}, (inside,)) + x

def judge_of_separable(x, depth, point):
    "One ordinary convolution with the weight that both steps together amount to."
    return F.conv2d(x, point[:, :, None, None] * depth[None], padding=depth.shape[-1] // 2)


def test_map_size_all(sol):
    "is right for every mixture of the five"
    for size in (9, 16):
        for kernel in (1, 2, 4):
            for stride in (1, 2, 5):
                for dilation in (1, 2): expect_map_size(sol, size, kernel, stride, 3, dilation)


def test_dilated_far(sol):
    "is right three apart, for a filter that is wider than high, and leaves its inputs alone"
    picture, filter = numbers(9, 14, seed=2), numbers(2, 4, seed=3)
    expect.close(sol.dilated(picture, filter, 3), judge_of_dilated(picture, filter, 3), "the map")
    expect.inputs_kept(sol)


def test_dilated_gradient(sol):
    "lets the gradient through, to the picture and to the filter"
    expect.gradients(sol.dilated, judge_of_dilated, numbers(6, 7, grad=True), numbers(3, 3, seed=1, grad=True), 2)


def test_stamp_small(sol):
    "works where the map is smaller than the filter, and leaves its inputs alone"
    values, filter = numbers(1, 2, seed=3), numbers(4, 3, seed=4)
    expect.close(sol.stamp(values, filter), judge_of_stamps(values, filter), "the picture")
    expect.inputs_kept(sol)


def test_stamp_gradient(sol):
    "lets the gradient through in its turn"
    expect.gradients(sol.stamp, judge_of_stamps, numbers(3, 4, grad=True), numbers(3, 3, seed=1, grad=True))


def test_average_others(sol):
    "works for one channel, and for three with squares of 3 by 3"
    expect_average(sol, 1, 4)
    expect_average(sol, 3, 3)


def test_fold_other_shapes(sol):
    "folds other shapes, and leaves its inputs alone"
    expect_fold(sol, 2, 4, 1e-5, 1, 3)
    expect.inputs_kept(sol)


def test_field_network(sol):
    "is right for the layers of two real networks"
    expect_field(sol, (7, 2), (3, 2), *[(3, 1)] * 4, (3, 2), *[(3, 1)] * 3)
    expect_field(sol, *[(3, 1), (3, 1), (2, 2)] * 4)


def test_residual_gradient(sol):
    "lets the gradient through both ways: along the short cut and through the filters"
    filters = [numbers(2, 2, 3, 3, seed=seed, grad=True) for seed in (1, 2)]
    expect.gradients(sol.residual, judge_of_residual, numbers(1, 2, 4, 5, grad=True), *filters)


def test_separable_sizes(sol):
    "works with filters of 1 and of 5, and leaves its inputs alone"
    for size in (1, 5):
        x, depth, point = numbers(2, 4, 6, 7), numbers(4, size, size, seed=1), numbers(2, 4, seed=2)
        expect.close(sol.separable(x, depth, point), judge_of_separable(x, depth, point))
        expect.inputs_kept(sol)


def test_separable_gradient(sol):
    "lets the gradient through to pictures, filters and matrix"
    given = numbers(2, 3, 4, 4, grad=True), numbers(3, 3, 3, seed=1, grad=True), numbers(2, 3, seed=2, grad=True)
    expect.gradients(sol.separable, judge_of_separable, *given)


TESTS = {
    'test_map_size_all': {
        'question': 'q1',
        'name': 'all',
        'points': 1,
        'hidden': True,
    },
    'test_dilated_far': {
        'question': 'q2',
        'name': 'far',
        'points': 1,
        'hidden': True,
    },
    'test_dilated_gradient': {
        'question': 'q2',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_stamp_small': {
        'question': 'q3',
        'name': 'small',
        'points': 1,
        'hidden': True,
    },
    'test_stamp_gradient': {
        'question': 'q3',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_average_others': {
        'question': 'q4',
        'name': 'other-sizes',
        'points': 1,
        'hidden': True,
    },
    'test_fold_other_shapes': {
        'question': 'q5',
        'name': 'other-shapes',
        'points': 1,
        'hidden': True,
    },
    'test_field_network': {
        'question': 'q6',
        'name': 'network',
        'points': 1,
        'hidden': True,
    },
    'test_residual_gradient': {
        'question': 'q7',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_separable_sizes': {
        'question': 'q8',
        'name': 'other-sizes',
        'points': 1,
        'hidden': True,
    },
    'test_separable_gradient': {
        'question': 'q8',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
}
