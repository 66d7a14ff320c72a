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

EXERCISE = {
    'title': 'Windows on pictures',
    'setup': '''import torch
from torch.nn import functional as F''',
    'questions': {
        'q1': {
            'title': 'How large is the map?',
            'names': ['map_size'],
            'answer': '''def map_size(size, kernel, stride=1, padding=0, dilation=1):
    "At how many places a filter of `kernel` numbers fits along a side of `size` pixels: a whole number."
    covered = dilation * (kernel - 1) + 1
    return (size + 2 * padding - covered) // stride + 1''',
            'explanation': '''Every architecture diagram is this formula applied layer by layer. The usual choices are those that come out even: kernel 3 with padding 1 keeps
the size, and with stride 2 halves it. Where the division does not come out, the last pixels are never looked at, and nobody says so.''',
            'hints': [
                'Draw a row of 8 boxes and lay a filter of 3 on it. Where can its *first* number stand? Where can it not?',
                'The first number may stand at 0, and last at `(padded size) - (what the filter covers)`. A stride of 2 takes every second of those places, 0 included.',
            ],
            'mistakes': [
                {
                    'message': 'This is the function as it was given. Count the places of a filter of 3 in a row of 8 on your fingers: there are 6, not 5.',
                    'code': '''def map_size(size, kernel, stride=1, padding=0, dilation=1):
    return (size + padding - kernel) // stride''',
                },
                {
                    'message': 'One is missing: from first to last step there are `(...) // stride` *moves*, and one place more than moves.',
                    'code': '''def map_size(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride''',
                },
                {
                    'message': 'The padding is put on both ends, so it counts twice.',
                    'code': '''def map_size(size, kernel, stride=1, padding=0, dilation=1):
    return (size + padding - dilation * (kernel - 1) - 1) // stride + 1''',
                },
                {
                    'message': 'Dilation is still forgotten: with holes of one pixel a filter of 3 covers 5 pixels, `dilation * (kernel - 1) + 1`.',
                    'code': '''def map_size(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - kernel) // stride + 1''',
                },
                {
                    'message': 'The filter was taken to cover `dilation * kernel` pixels. After its last number there is no hole any more.',
                    'code': '''def map_size(size, kernel, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - dilation * kernel) // stride + 1''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'A filter with holes',
            'names': ['dilated'],
            'answer': '''def dilated(picture, filter, dilation):
    "The map of `filter` (h, w), its numbers `dilation` pixels apart, on `picture` (H, W): (H - dilation*(h - 1), W - dilation*(w - 1))."
    height = picture.shape[0] - dilation * (filter.shape[0] - 1)
    width = picture.shape[1] - dilation * (filter.shape[1] - 1)
    total = 0
    for row in range(filter.shape[0]):
        for column in range(filter.shape[1]):
            down, right = row * dilation, column * dilation
            total = total + filter[row, column] * picture[down:down + height, right:right + width]
    return total''',
            'explanation': '''A convolution is a sum of shifted copies of the picture, each times one number; dilation only changes by how
much they are shifted. Three layers of kernel 3 with dilations 1, 2 and 4 see 15 pixels; without holes they would see 7.''',
            'hints': [
                'First the size of the map: question 1, with stride 1 and no padding, once for each side.',
                '''Think of it the other way round: not "for each place, look at nine pixels", but "for each number of the filter, add that number times a *shifted picture*".
Then only the filter's few numbers need a loop.''',
                'The number at `filter[row, column]` meets `picture[row * dilation:row * dilation + height, column * dilation:column * dilation + width]`. Add them all up.',
            ],
            'mistakes': [
                {
                    'message': "The pixels lie side by side: dilation changed nothing. The filter's number in row `i` meets the picture `i * dilation` rows further down.",
                    'code': '''def dilated(picture, filter, dilation):
    h, w = picture.shape[0] - filter.shape[0] + 1, picture.shape[1] - filter.shape[1] + 1
    return sum(filter[i, j] * picture[i:i + h, j:j + w] for i in range(filter.shape[0]) for j in range(filter.shape[1]))''',
                },
                {
                    'message': 'The right pixels, but the filter stands on its head: its first number met the last pixel. (Mathematicians call *that* a convolution; networks do not turn the filter round.)',
                    'code': '''def dilated(picture, filter, dilation):
    filter = filter.flip(0, 1)
    h, w = picture.shape[0] - dilation * (filter.shape[0] - 1), picture.shape[1] - dilation * (filter.shape[1] - 1)
    return sum(filter[i, j] * picture[i * dilation:i * dilation + h, j * dilation:j * dilation + w]
               for i in range(filter.shape[0]) for j in range(filter.shape[1]))''',
                },
                {
                    'message': 'That is a stride: the *filter* took larger steps, and its numbers stayed side by side. Dilation pulls the filter apart, and every place is still visited.',
                    'code': '''def dilated(picture, filter, dilation):
    return F.conv2d(picture[None, None], filter[None, None], stride=dilation)[0, 0]''',
                },
                {
                    'message': 'The columns are pulled apart, the rows are not.',
                    'code': '''def dilated(picture, filter, dilation):
    return F.conv2d(picture[None, None], filter[None, None], dilation=(1, dilation))[0, 0]''',
                },
            ],
            'held_out': 2,
        },
        'q3': {
            'title': 'The way back: from a map to a picture',
            'names': ['stamp'],
            'answer': '''def stamp(values, filter):
    "The sum of `filter` (a, b) stamped at each place of the map `values` (h, w), times the number there: (h + a - 1, w + b - 1)."
    height, width = values.shape
    picture = torch.zeros(height + filter.shape[0] - 1, width + filter.shape[1] - 1)
    for row in range(filter.shape[0]):
        for column in range(filter.shape[1]):
            picture[row:row + height, column:column + width] += filter[row, column] * values
    return picture''',
            'explanation': '''This is the *transposed convolution*, with a stride the layer that makes pictures larger in many generators. Its overlaps are also its curse: where
the stride does not divide the kernel, some pixels get more stamps than others, and generated pictures show a chequerboard. That is why newer networks
repeat pixels first and convolve afterwards.''',
            'hints': [
                'Begin with a picture of zeros. For each place of the map, add `value * filter` to the window that belongs to it.',
                'The window of place `(row, column)` is `picture[row:row + filter.shape[0], column:column + filter.shape[1]]`.',
            ],
            'mistakes': [
                {
                    'message': 'Where two stamps meet, the later one has wiped out the earlier. They add up: `+=` instead of `=`.',
                    'code': '''def stamp(values, filter):
    picture = torch.zeros(values.shape[0] + filter.shape[0] - 1, values.shape[1] + filter.shape[1] - 1)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            picture[row:row + filter.shape[0], column:column + filter.shape[1]] = values[row, column] * filter
    return picture''',
                },
                {
                    'message': 'You slid the filter over the padded map as on the way *forward*. On the way back it stands the other way round: stamping with a filter is sliding with the filter flipped in both directions.',
                    'code': '''def stamp(values, filter):
    padding = (filter.shape[0] - 1, filter.shape[1] - 1)
    return F.conv2d(values[None, None], filter[None, None], padding=padding)[0, 0]''',
                },
                {
                    'message': 'The picture was averaged: each pixel was divided by how many stamps met there. The chain rule adds up and never divides.',
                    'code': '''def stamp(values, filter):
    total = F.conv_transpose2d(values[None, None], filter[None, None])[0, 0]
    met = F.conv_transpose2d(torch.ones_like(values)[None, None], torch.ones_like(filter)[None, None])[0, 0]
    return total / met''',
                },
                {
                    'message': 'The stamps are laid side by side, without overlap. Neighbouring numbers of the map come from windows one pixel apart, so their stamps are one pixel apart as well.',
                    'code': '''def stamp(values, filter):
    return F.conv_transpose2d(values[None, None], filter[None, None], stride=tuple(filter.shape))[0, 0]''',
                },
            ],
            'held_out': 2,
        },
        'q4': {
            'title': 'An average, as a filter',
            'names': ['averaging_weight'],
            'answer': '''def averaging_weight(channels, size):
    "Filters (channels, channels, size, size) that average squares of `size` by `size` pixels, each channel by itself; float32."
    weight = torch.zeros(channels, channels, size, size)
    for channel in range(channels):
        weight[channel, channel] = 1 / size**2
    return weight''',
            'explanation': '''Any operation that is linear, and the same at every place, is a convolution: averaging, blurring, moving a picture by a pixel, taking differences. Many networks
leave the choice to training, and use a convolution with stride 2 where others pool. *Maximum* pooling is not among them: it is not linear.''',
            'hints': [
                'What does `weight[0, 1]` say? How much each pixel of old channel 1 counts for new channel 0.',
                'Begin with `torch.zeros(channels, channels, size, size)` and fill `weight[channel, channel]`.',
            ],
            'mistakes': [
                {
                    'message': 'Every new channel averages over *all* old channels together: a red picture and a green one would be mixed. `weight[0, 1]` must be 0.',
                    'code': '''def averaging_weight(channels, size):
    return torch.full((channels, channels, size, size), 1 / size**2)''',
                },
                {
                    'message': 'The channels are mixed, and divided by their number too: that is the mean over channels *and* pixels. Each channel keeps to itself.',
                    'code': '''def averaging_weight(channels, size):
    return torch.full((channels, channels, size, size), 1 / (channels * size**2))''',
                },
                {
                    'message': 'This adds the pixels of a square up; to average, divide by how many they are, `size * size`.',
                    'code': '''def averaging_weight(channels, size):
    return torch.eye(channels)[:, :, None, None].repeat(1, 1, size, size)''',
                },
                {
                    'message': 'Divided by the side of the square, but a square has `size * size` pixels.',
                    'code': '''def averaging_weight(channels, size):
    return torch.eye(channels)[:, :, None, None].repeat(1, 1, size, size) / size''',
                },
                {
                    'message': 'These are filters for a layer with `groups=channels`, where a channel never meets another. Here the layer is an ordinary one: the shape is `(channels, channels, size, size)`, with zeros where two channels differ.',
                    'code': '''def averaging_weight(channels, size):
    return torch.full((channels, 1, size, size), 1 / size**2)''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'A normalisation that costs nothing',
            'names': ['fold'],
            'answer': '''def fold(weight, bias, mean, variance, scale, shift, eps=1e-5):
    "`(new_weight, new_bias)` of the convolution that does what `weight` (out, in, h, w) and `bias` (out,), then the normalisation, do."
    factor = scale / torch.sqrt(variance + eps)
    return weight * factor[:, None, None, None], (bias - mean) * factor + shift''',
            'explanation': '''Two linear steps in a row are one linear step (lesson 02: that is why there is a bend between layers). In training the fold is not possible, because mean and variance
change with every batch. Group normalisation looks at the picture itself, so it can never be folded; it is what diffusion models pay for not
depending on the batch.''',
            'hints': [
                'Put $x = \\text{weight} * \\text{picture} + \\text{bias}$ into the formula and sort: what is multiplied by the picture, and what stands alone?',
                '`factor = scale / sqrt(variance + eps)` has the shape `(out,)`, the weight `(out, in, h, w)`. `factor[:, None, None, None]` has the shape `(out, 1, 1, 1)` and is stretched over the rest.',
                'The new weight is `factor` times the old one, the new bias is `factor * (bias - mean) + shift`.',
            ],
            'mistakes': [
                {
                    'message': 'The weight is right, but the bias went past the normalisation: it is part of $x$, so the mean is taken from it and it is scaled as well.',
                    'code': '''def fold(weight, bias, mean, variance, scale, shift, eps=1e-5):
    factor = scale / torch.sqrt(variance + eps)
    return weight * factor[:, None, None, None], bias + shift''',
                },
                {
                    'message': 'The mean is forgotten. The new bias is what comes out for a black picture: `scale * (bias - mean) / spread + shift`.',
                    'code': '''def fold(weight, bias, mean, variance, scale, shift, eps=1e-5):
    factor = scale / torch.sqrt(variance + eps)
    return weight * factor[:, None, None, None], bias * factor + shift''',
                },
                {
                    'message': 'The factor was laid along the *last* axis of the weight, that is along the columns of the filters. It belongs to the output channels, the first axis: `factor[:, None, None, None]`.',
                    'code': '''def fold(weight, bias, mean, variance, scale, shift, eps=1e-5):
    factor = scale / torch.sqrt(variance + eps)
    return weight * factor, (bias - mean) * factor + shift''',
                },
                {
                    'message': 'The factor was laid along the *input* channels, the second axis. Each output channel is normalised by itself: `factor[:, None, None, None]`.',
                    'code': '''def fold(weight, bias, mean, variance, scale, shift, eps=1e-5):
    factor = scale / torch.sqrt(variance + eps)
    return weight * factor[None, :, None, None], (bias - mean) * factor + shift''',
                },
                {
                    'message': 'Divided by the variance. The spread is its square root.',
                    'code': '''def fold(weight, bias, mean, variance, scale, shift, eps=1e-5):
    factor = scale / (variance + eps)
    return weight * factor[:, None, None, None], (bias - mean) * factor + shift''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'How far can a unit see?',
            'names': ['receptive_field'],
            'answer': '''def receptive_field(layers):
    "How many pixels across a unit sees after `layers`, pairs (kernel, stride), first layer first: a whole number."
    seen, step = 1, 1
    for kernel, stride in layers:
        seen += (kernel - 1) * step
        step *= stride
    return seen''',
            'explanation': '''Without strides the view grows by 2 pixels a layer: to see a picture of 512 pixels at once would take 256 layers of kernel 3. With a stride of 2 now and then it doubles each time. It is why
U-Nets go down before they go up again, and one reason for attention (lesson 07), where every place sees every other at once.''',
            'hints': [
                'Keep two numbers: how many pixels a unit sees so far, and how many pixels lie between two neighbouring units.',
                'A layer adds `(kernel - 1)` steps, each as long as the units *below* it lie apart. After it, units lie `stride` times as far apart.',
            ],
            'mistakes': [
                {
                    'message': 'The strides are ignored. After a layer with stride 2 a step of the next layer is worth two pixels.',
                    'code': '''def receptive_field(layers):
    return 1 + sum(kernel - 1 for kernel, _ in layers)''',
                },
                {
                    'message': 'The kernels were added up. Windows overlap: a kernel of 3 adds 2 to what one unit sees already.',
                    'code': '''def receptive_field(layers):
    return sum(kernel for kernel, _ in layers)''',
                },
                {
                    'message': 'The kernels were multiplied, as if the windows of neighbouring units did not overlap. They share all but a step.',
                    'code': '''def receptive_field(layers):
    seen = 1
    for kernel, _ in layers: seen *= kernel
    return seen''',
                },
                {
                    'message': "A layer's own stride was counted for itself. It moves that layer's units apart, so only the layers *after* it take larger steps.",
                    'code': '''def receptive_field(layers):
    seen, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        seen += (kernel - 1) * step
    return seen''',
                },
                {
                    'message': 'Only the stride of the layer just before was used. Steps multiply: after two layers with stride 2 units lie 4 pixels apart.',
                    'code': '''def receptive_field(layers):
    strides = [1, *[stride for _, stride in layers]]
    return 1 + sum((kernel - 1) * step for (kernel, _), step in zip(layers, strides[:-1], strict=True))''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'Find the bug: a residual block',
            'names': ['residual'],
            'answer': '''def residual(x, first, second):
    "x + conv(relu(conv(x))): pictures (B, C, H, W) to the same shape, with filters `first` and `second` (C, C, 3, 3)."
    inside = F.relu(F.conv2d(x, first, padding=1))
    return x + F.conv2d(inside, second, padding=1)''',
            'explanation': '''The short cut carries the gradient past the layers without changing it: its slope is 1. A block that starts with `second` near zero does nothing at first, and learns what to add; so even a
hundred of them can be trained. Transformers are built of the same sum.''',
            'hints': [
                'Suppose that `second` is all zeros. Then the block should give back its input as it is. What does this one give back?',
                'Keep the input under a name of its own, and add *that* at the end.',
            ],
            'mistakes': [
                {
                    'message': 'This is the block as it was given. Its first line gives the name `x` to something else, so the short cut begins *after* the first layer, and the input itself is lost.',
                    'code': '''def residual(x, first, second):
    x = F.relu(F.conv2d(x, first, padding=1))
    x = x + F.conv2d(x, second, padding=1)
    return x''',
                },
                {
                    'message': 'There is no short cut any more: the input is not added at all.',
                    'code': '''def residual(x, first, second):
    return F.conv2d(F.relu(F.conv2d(x, first, padding=1)), second, padding=1)''',
                },
                {
                    'message': 'The short cut is right, but a relu follows the sum: what is negative in the input gets lost, and with it its gradient. The formula ends with the sum.',
                    'code': '''def residual(x, first, second):
    return F.relu(x + F.conv2d(F.relu(F.conv2d(x, first, padding=1)), second, padding=1))''',
                },
                {
                    'message': 'The relu between the two layers is missing: without a bend, two convolutions in a row are no more than one.',
                    'code': '''def residual(x, first, second):
    return x + F.conv2d(F.conv2d(x, first, padding=1), second, padding=1)''',
                },
                {
                    'message': "The numbers are right, but `+=` (or an operation whose name ends in `_`) writes into the caller's own picture. `x + ...` makes a new one.",
                    'code': '''def residual(x, first, second):
    x += F.conv2d(F.relu(F.conv2d(x, first, padding=1)), second, padding=1)
    return x''',
                },
            ],
            'held_out': 1,
        },
        'q8': {
            'title': 'A stretch: the same for an eighth of the weights',
            'names': ['separable'],
            'answer': '''def separable(x, depth, point):
    "x (B, C, H, W) filtered channel by channel with `depth` (C, k, k), then mixed at each pixel with `point` (out, C): (B, out, H, W)."
    channels, size, _ = depth.shape
    filtered = F.conv2d(x, depth[:, None], padding=size // 2, groups=channels)
    return F.conv2d(filtered, point[:, :, None, None])''',
            'explanation': '''*Where* to look and *what to mix* are two questions, and this layer answers them one after the other. The weight it amounts to is `point[o, c] * depth[c]`: all new channels must
share one filter for each old channel, which an ordinary layer need not. It turns out that networks hardly miss that freedom.''',
            'hints': [
                'Filter one channel alone first: `F.conv2d(x[:, [0]], depth[0][None, None], padding=...)`. Then all, side by side.',
                'With `groups=C` a convolution splits the channels into C groups that never meet; its weight is then `(C, 1, k, k)`, which is `depth[:, None]`.',
                'Mixing at a pixel is a convolution with kernel 1, `F.conv2d(filtered, point[:, :, None, None])`, or `torch.einsum("oc,bchw->bohw", point, filtered)`.',
            ],
            'mistakes': [
                {
                    'message': "Every channel got the *first* channel's filter. Each has one of its own, `depth[channel]`.",
                    'code': '''def separable(x, depth, point):
    channels, size, _ = depth.shape
    filtered = F.conv2d(x, depth[:1, None].repeat(channels, 1, 1, 1), padding=size // 2, groups=channels)
    return torch.einsum("oc,bchw->bohw", point, filtered)''',
                },
                {
                    'message': 'The channels were added up by the filters already, and every new channel is that one sum, scaled. In the first step no channel may meet another.',
                    'code': '''def separable(x, depth, point):
    filtered = F.conv2d(x, depth[None], padding=depth.shape[-1] // 2)
    return filtered * point.sum(1)[None, :, None, None]''',
                },
                {
                    'message': 'The picture has become smaller at its rim: pad with `k // 2` zeros on every side.',
                    'code': '''def separable(x, depth, point):
    filtered = F.conv2d(x, depth[:, None], groups=len(depth))
    return torch.einsum("oc,bchw->bohw", point, filtered)''',
                },
                {
                    'message': 'The matrix stands the wrong way round: `point[o, c]` says how much old channel `c` counts for new channel `o`.',
                    'code': '''def separable(x, depth, point):
    filtered = F.conv2d(x, depth[:, None], padding=depth.shape[-1] // 2, groups=len(depth))
    return torch.einsum("co,bchw->bohw", point, filtered)''',
                },
                {
                    'message': 'The filters do their work, but the channels are not mixed afterwards: `point` is not used.',
                    'code': '''def separable(x, depth, point):
    return F.conv2d(x, depth[:, None], padding=depth.shape[-1] // 2, groups=len(depth))''',
                },
            ],
            'held_out': 2,
        },
    },
}
