"""Open tests of the exercise 05_convolution. Generated from nbs/exercises/05_convolution.ipynb: edit that one."""

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


def test_map_size_plain(sol):
    "counts the places of a filter of 3 in a row of 8, with and without padding and stride"
    for stride, padding in [(1, 0), (1, 1), (2, 1), (3, 0)]: expect_map_size(sol, 8, 3, stride, padding, 1)


def test_map_size_dilation(sol):
    "counts a filter with holes as long as it is"
    for size, dilation in [(8, 2), (9, 3), (28, 4)]: expect_map_size(sol, size, 3, 1, 0, dilation)


def test_dilated_row(sol):
    "is right for the row above"
    expect.close(sol.dilated(torch.tensor([[1.0, 2.0, 4.0, 8.0, 16.0]]), torch.tensor([[1.0, 10.0]]), 2), torch.tensor([[41.0, 82.0, 164.0]]))


def test_dilated_picture(sol):
    "is right for a whole picture, close together and far apart"
    for dilation in (1, 2):
        picture, filter = numbers(7, 6), numbers(3, 2, seed=1)
        expect.close(sol.dilated(picture, filter, dilation), judge_of_dilated(picture, filter, dilation), f"the map with dilation {dilation}")


def test_stamp_row(sol):
    "is right for the row above"
    expect.close(sol.stamp(torch.tensor([[2.0, 3.0]]), torch.tensor([[1.0, 10.0]])), torch.tensor([[2.0, 23.0, 30.0]]), "the picture")


def test_stamp_backward(sol):
    "is the way back of a convolution, for a picture of 5 by 6"
    picture, filter, values = numbers(5, 6, grad=True), numbers(3, 2, seed=1), numbers(3, 5, seed=2)
    F.conv2d(picture[None, None], filter[None, None]).backward(values[None, None])
    expect.close(sol.stamp(values, filter), picture.grad, "the gradient for the picture")


def test_average_two(sol):
    "averages 2 by 2 squares of two channels"
    expect_average(sol, 2, 2)


def test_fold_by_hand(sol):
    "is right for the numbers above"
    one = lambda number: torch.tensor([float(number)])
    given = (one(3)[:, None, None, None], one(1), one(5), one(4), one(10), one(7), 0.0)
    new_weight, new_bias = expect.parts(sol.fold(*given), 2, "new_weight and new_bias")
    expect.close(new_weight, one(15)[:, None, None, None], "new_weight")
    expect.close(new_bias, one(-13), "new_bias")


def test_fold_layer(sol):
    "folds a layer with 3 channels in and 3 out, and heeds eps"
    expect_fold(sol, 3, 3, 0.5, 3, 3)


def test_field_without_stride(sol):
    "adds layers up where no stride is larger than 1"
    expect_field(sol, (3, 1), (3, 1))
    expect_field(sol, (5, 1), (1, 1), (2, 1), (3, 1))
    expect_field(sol)


def test_field_with_stride(sol):
    "heeds the strides of earlier layers, and that the last one's own does not matter"
    expect_field(sol, (3, 2), (3, 1))
    expect_field(sol, (3, 1), (3, 2), (3, 1), (3, 2))


def test_residual_idle(sol):
    "gives the input back where the second filters are all zero"
    x, first = numbers(2, 3, 4, 4), numbers(3, 3, 3, 3, seed=1)
    expect.close(sol.residual(x, first, torch.zeros(3, 3, 3, 3)), x)


def test_residual_block(sol):
    "computes the formula, and leaves its inputs alone"
    x, first, second = numbers(2, 3, 5, 4), numbers(3, 3, 3, 3, seed=1), numbers(3, 3, 3, 3, seed=2)
    expect.close(sol.residual(x, first, second), judge_of_residual(x, first, second))
    expect.inputs_kept(sol)


def test_separable_point(sol):
    "mixes channels at each pixel where the filters do nothing"
    depth = torch.zeros(2, 3, 3)
    depth[:, 1, 1] = 1
    x, point = numbers(1, 2, 3, 4), torch.tensor([[1.0, 10.0], [0.0, 2.0], [1.0, -1.0]])
    expect.close(sol.separable(x, depth, point), torch.einsum("oc,bchw->bohw", point, x))


def test_separable_layer(sol):
    "filters each channel with its own filter, then mixes"
    x, depth, point = numbers(2, 3, 5, 4), numbers(3, 3, 3, seed=1), numbers(3, 3, seed=2)
    expect.close(sol.separable(x, depth, point), judge_of_separable(x, depth, point))


TESTS = {
    'test_map_size_plain': {
        'question': 'q1',
        'name': 'plain',
        'points': 1,
        'hidden': False,
    },
    'test_map_size_dilation': {
        'question': 'q1',
        'name': 'dilation',
        'points': 1,
        'hidden': False,
    },
    'test_dilated_row': {
        'question': 'q2',
        'name': 'row',
        'points': 1,
        'hidden': False,
    },
    'test_dilated_picture': {
        'question': 'q2',
        'name': 'picture',
        'points': 1,
        'hidden': False,
    },
    'test_stamp_row': {
        'question': 'q3',
        'name': 'row',
        'points': 1,
        'hidden': False,
    },
    'test_stamp_backward': {
        'question': 'q3',
        'name': 'backward',
        'points': 1,
        'hidden': False,
    },
    'test_average_two': {
        'question': 'q4',
        'name': 'two-channels',
        'points': 1,
        'hidden': False,
    },
    'test_fold_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_fold_layer': {
        'question': 'q5',
        'name': 'layer',
        'points': 1,
        'hidden': False,
    },
    'test_field_without_stride': {
        'question': 'q6',
        'name': 'no-stride',
        'points': 1,
        'hidden': False,
    },
    'test_field_with_stride': {
        'question': 'q6',
        'name': 'stride',
        'points': 1,
        'hidden': False,
    },
    'test_residual_idle': {
        'question': 'q7',
        'name': 'idle',
        'points': 1,
        'hidden': False,
    },
    'test_residual_block': {
        'question': 'q7',
        'name': 'block',
        'points': 1,
        'hidden': False,
    },
    'test_separable_point': {
        'question': 'q8',
        'name': 'one-pixel',
        'points': 1,
        'hidden': False,
    },
    'test_separable_layer': {
        'question': 'q8',
        'name': 'layer',
        'points': 1,
        'hidden': False,
    },
}
