"""Open tests of the exercise 14_embeddings. Generated from nbs/exercises/14_embeddings.ipynb: edit that one."""

import torch

from genai_course.grading import expect


def numbers(*shape, seed=0, grad=False):
    "Random numbers with two decimals, always the same for the same seed; `grad` asks for gradients."
    made = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    return ((made * 100).round() / 100).requires_grad_(grad)

KNOWN = {"a": 3, "cat": 4, "in": 5}

def judge_of_means(states, rows, end):
    "Row by row."
    found = []
    for state, row in zip(states, rows.tolist(), strict=True):
        length = row.index(end) + 1 if end in row else len(row)
        found.append(state[:length].mean(0))
    return torch.stack(found)

def judge_of_pairs(pictures, texts, sharpness):
    "Pair by pair."
    likeness = [[p @ t / (p.norm() * t.norm()) for t in texts] for p in pictures]
    scores = sharpness * torch.stack([torch.stack(row) for row in likeness])
    return -(scores.log_softmax(1).diag().mean() + scores.log_softmax(0).diag().mean()) / 2

def judge_of_shared(scores, owner):
    "Picture by picture, caption by caption."
    pictures = [-scores[i].log_softmax(0)[owner == i].mean() for i in range(len(scores))]
    captions = [-scores[:, j].log_softmax(0)[i] for j, i in enumerate(owner.tolist())]
    return (torch.stack(pictures).mean() + torch.stack(captions).mean()) / 2

def judge_of_sums(places, a, b, c, k):
    "Row by row, in double precision."
    rows = places.double()
    point = rows[a] - rows[b] + rows[c]
    left = [i for i in range(len(rows)) if i not in (a, b, c)]
    return sorted(left, key=lambda i: (-round(float(rows[i] @ point / rows[i].norm()), 9), i))[:k]

def expect_recall(sol, alike, k):
    "Compare both directions with counting."
    wanted = []
    for table in (alike.tolist(), alike.T.tolist()):
        others = [sum(x >= row[i] for j, x in enumerate(row) if j != i) for i, row in enumerate(table)]
        wanted.append(sum(count < k for count in others) / len(table))
    got = expect.parts(sol.recall(alike, k), 2, "the recall of pictures, that of captions")
    for mine, right, who in zip(got, wanted, ("pictures", "captions"), strict=True): expect.close(mine, right, f"the recall at {k} of {who}", atol=1e-6)


def test_alike_by_hand(sol):
    "is right for the rows above, and for opposite ones"
    a, b = torch.tensor([[3.0, 4.0], [5.0, 0.0]]), torch.tensor([[4.0, 3.0], [0.0, 2.0], [-3.0, -4.0]])
    expect.close(sol.alike(a, b), torch.tensor([[0.96, 0.8, -1.0], [0.8, 0.0, -0.6]]), "the table of likeness")
    expect.inputs_kept(sol)


def test_alike_zeros(sol):
    "is 0 for a row of zeros on either side"
    a, b = torch.tensor([[0.0, 0.0], [3.0, 4.0]]), torch.tensor([[4.0, 3.0], [0.0, 0.0]])
    expect.close(sol.alike(a, b), torch.tensor([[0.0, 0.0], [0.96, 0.0]]), "the table of likeness")


def test_alike_extremes(sol):
    "is right for very large and very small numbers"
    a, b = torch.tensor([[3e30, 4e30], [3e-30, 4e-30]]), torch.tensor([[4e-30, 3e-30], [4e30, 3e30], [0.0, 2.0]])
    expect.close(sol.alike(a, b), torch.tensor([[0.96, 0.96, 0.8]] * 2), "the table of likeness")


def test_rows_by_hand(sol):
    "is right for the two texts above"
    expect.equal(sol.rows_of(["A cat in a crown", "a cat"], KNOWN, 10), [[3, 4, 5, 3, 2, 1], [3, 4, 1, 0, 0, 0]], "the rows")


def test_rows_cut(sol):
    "ends what it cuts, fills no further, and copes with an empty text and with several spaces"
    expect.equal(sol.rows_of(["a cat in a crown", "a cat"], KNOWN, 5), [[3, 4, 5, 3, 1], [3, 4, 1, 0, 0]], "the rows")
    expect.equal(sol.rows_of(["a cat in", "a"], KNOWN, 4), [[3, 4, 5, 1], [3, 1, 0, 0]], "the rows")
    expect.equal(sol.rows_of(["a  cat", ""], KNOWN, 5), [[3, 4, 1], [1, 0, 0]], "the rows")
    expect.inputs_kept(sol)


def test_mean_by_hand(sol):
    "is right for the two rows above"
    states = torch.tensor([[[2.0], [4.0], [50.0], [70.0]], [[1.0], [2.0], [3.0], [10.0]]])
    expect.close(sol.mean_read(states, torch.tensor([[4, 1, 1, 1], [4, 5, 6, 7]]), 1), torch.tensor([[3.0], [4.0]]), "the means")


def test_mean_filled(sol):
    "leaves out what fills a row, whatever its number is; an empty text has its end sign"
    rows = torch.tensor([[5, 6, 9, 0, 0], [5, 9, 7, 7, 9], [9, 0, 0, 0, 0], [5, 6, 7, 5, 9]])
    states = numbers(4, 5, 3)
    expect.close(sol.mean_read(states, rows, 9), judge_of_means(states, rows, 9), "the means")
    expect.inputs_kept(sol)


def test_pairs_by_hand(sol):
    "is 0.765 in the example"
    loss = sol.loss_of_pairs(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.0], [1.0, 0.0]]), 1.0986123)
    expect.close(loss, torch.tensor((0.6931472 + (0.2876821 + 1.3862944) / 2) / 2), "the loss")


def test_pairs_lengths(sol):
    "does not depend on the lengths of the rows"
    pictures, texts = numbers(5, 3), numbers(5, 3, seed=1)
    sizes = torch.tensor([1.0, 5.0, 0.1, 30.0, 2.0])[:, None]
    for p, t in [(pictures, texts), (sizes * pictures, texts), (pictures, sizes * texts)]: expect.close(sol.loss_of_pairs(p, t, 5.0), judge_of_pairs(pictures, texts, 5.0), "the loss")
    expect.inputs_kept(sol)


def test_shared_by_hand(sol):
    "is 0.540 in the example"
    scores = torch.tensor([[0.6931472, 0.6931472, 0.0], [0.0, 0.0, 1.0986123]])
    expect.close(sol.shared_loss(scores, torch.tensor([0, 0, 1])), torch.tensor(0.5399129), "the loss")
    expect.inputs_kept(sol)


def test_shared_order(sol):
    "is right where captions come in another order, and not all are alike"
    scores, owner = numbers(3, 6), torch.tensor([2, 0, 1, 0, 2, 0])
    expect.close(sol.shared_loss(scores, owner), judge_of_shared(scores, owner), "the loss")


def test_sum_by_hand(sol):
    "is right for the five places above, and for another sum of them"
    places = torch.tensor([[4.0, 1.0], [4.0, 0.0], [4.0, 0.5], [1.0, 1.0], [0.0, 20.0]])
    expect.equal(sol.nearest_to_sum(places, 0, 1, 2, 2), [3, 4], "the list")
    expect.equal(sol.nearest_to_sum(places, 1, 3, 4, 2), [0, 2], "the list for the places 1, 3 and 4")
    lengths = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 20.0], [2.0, 0.0], [1.0, 1.0]])
    expect.equal(sol.nearest_to_sum(lengths, 0, 1, 2, 2), [4, 3], "the list for terms of different lengths")
    expect.inputs_kept(sol)


def test_sum_order(sol):
    "puts equally alike ones in order, and opposite ones at the end"
    places = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [2.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [4.0, 0.0, 0.0]])
    expect.equal(sol.nearest_to_sum(places, 0, 1, 2, 5), [5, 7, 3, 4, 6], "the list")
    expect.equal(sol.nearest_to_sum(places, 5, 3, 4, 2), [0, 7], "the list")


def test_recall_by_hand(sol):
    "is right for the table above, at 1 and at 2"
    alike = torch.tensor([[0.9, 0.8, 0.1], [0.3, 0.5, 0.4], [0.1, 0.2, 0.6]])
    for k in (1, 2): expect_recall(sol, alike, k)
    expect.inputs_kept(sol)


def test_recall_all_alike(sol):
    "is 0 where all is alike, until `k` is the number of pictures"
    for k in (1, 3, 4): expect_recall(sol, torch.full((4, 4), 0.5), k)


TESTS = {
    'test_alike_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_alike_zeros': {
        'question': 'q1',
        'name': 'zeros',
        'points': 1,
        'hidden': False,
    },
    'test_alike_extremes': {
        'question': 'q1',
        'name': 'extremes',
        'points': 1,
        'hidden': False,
    },
    'test_rows_by_hand': {
        'question': 'q2',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_rows_cut': {
        'question': 'q2',
        'name': 'cut',
        'points': 1,
        'hidden': False,
    },
    'test_mean_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_mean_filled': {
        'question': 'q3',
        'name': 'filled',
        'points': 1,
        'hidden': False,
    },
    'test_pairs_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_pairs_lengths': {
        'question': 'q4',
        'name': 'lengths',
        'points': 1,
        'hidden': False,
    },
    'test_shared_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_shared_order': {
        'question': 'q5',
        'name': 'order',
        'points': 1,
        'hidden': False,
    },
    'test_sum_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_sum_order': {
        'question': 'q6',
        'name': 'order',
        'points': 1,
        'hidden': False,
    },
    'test_recall_by_hand': {
        'question': 'q7',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_recall_all_alike': {
        'question': 'q7',
        'name': 'all-alike',
        'points': 1,
        'hidden': False,
    },
}

EXERCISE = {
    'title': 'Places for pictures and captions',
    'setup': '''import torch
from torch.nn import functional as F''',
    'questions': {
        'q1': {
            'title': 'A likeness that nothing upsets',
            'names': ['alike'],
            'answer': '''def alike(a, b):
    "The cosine of the angle between each row of `a` (N, D) and each of `b` (M, D), whatever their size: (N, M); 0 for a row of zeros."
    largest = [x.abs().amax(1, keepdim=True) for x in (a, b)]
    a, b = (F.normalize(x / torch.where(most == 0, 1.0, most), dim=1) for x, most in zip((a, b), largest, strict=True))
    return a @ b.T''',
            'explanation': 'The same trick as in a softmax, where the largest score is subtracted first. Networks seldom meet $10^{30}$, but in 16 bits numbers end at 65,504, and the square of 300 is too large already.',
            'hints': [
                '`x.abs().amax(1, keepdim=True)` is the largest size in each row, shape (N, 1). What if it is 0?',
                "`torch.where(most == 0, 1.0, most)` is never 0. After the division, the lesson's `F.normalize` does the rest.",
            ],
            'mistakes': [
                {
                    'message': '0 divided by 0 is not a number. Where a row is all zeros, divide by something else, such as 1.',
                    'code': '''def alike(a, b):
    a, b = (x / x.abs().amax(1, keepdim=True) for x in (a, b))
    return (a / a.norm(dim=1, keepdim=True)) @ (b / b.norm(dim=1, keepdim=True)).T''',
                },
                {
                    'message': "Right for numbers of a usual size, as the lesson's function is. The squares of very large and very small ones do not fit. Divide each row by its largest number first.",
                    'code': '''def alike(a, b):
    return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T''',
                },
                {
                    'message': 'Something small was added to the lengths, so that nothing is divided by 0. But a row of still smaller numbers then loses its likeness.',
                    'code': '''def alike(a, b):
    a, b = (x.double() / (x.double().norm(dim=1, keepdim=True) + 1e-8) for x in (a, b))
    return (a @ b.T).float()''',
                },
                {
                    'message': 'Only the rows of `a` were brought to length 1. The likeness must not depend on the length of either.',
                    'code': '''def alike(a, b):
    a, b = (x / torch.where(x == 0, 1.0, x).abs().amax(1, keepdim=True) for x in (a, b))
    return F.normalize(a, dim=1) @ b.T''',
                },
                {
                    'message': 'You divide by the length of the whole table. Each *row* has a length of its own.',
                    'code': '''def alike(a, b):
    a, b = (x / x.abs().amax() for x in (a, b))
    return (a / a.norm()) @ (b / b.norm()).T''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'Only as long as it must be',
            'names': ['rows_of'],
            'answer': '''def rows_of(texts, numbers, most):
    "A list of numbers for each of `texts`, ended, cut to `most` (at least 1) and filled to the longest of them; `numbers` knows the words."
    rows = [[numbers.get(word, 2) for word in text.lower().split()][: most - 1] + [1] for text in texts]
    longest = max((len(row) for row in rows), default=0)
    return [row + [0] * (longest - len(row)) for row in rows]''',
            'explanation': 'Filling changes no meaning, as the lesson showed, but it costs time. Where lengths differ much, programs also sort texts by length first, so that long ones share a batch.',
            'hints': [
                'First the rows without filling, each cut and ended. Then you know how long the longest is.',
                '`numbers.get(word, 2)` is the number of a word, or 2; `row[: most - 1] + [1]` leaves place for the end.',
            ],
            'mistakes': [
                {
                    'message': 'A row that was cut has lost its end sign. Cut to one less, then put the end behind.',
                    'code': '''def rows_of(texts, numbers, most):
    rows = [([numbers.get(word, 2) for word in text.lower().split()] + [1])[:most] for text in texts]
    longest = max((len(row) for row in rows), default=0)
    return [row + [0] * (longest - len(row)) for row in rows]''',
                },
                {
                    'message': 'You fill all rows up to `most`. Up to the longest row of this batch is enough.',
                    'code': '''def rows_of(texts, numbers, most):
    rows = [[numbers.get(word, 2) for word in text.lower().split()][: most - 1] + [1] for text in texts]
    return [row + [0] * (most - len(row)) for row in rows]''',
                },
                {
                    'message': 'Words without a number were left out. Each becomes a 2: that something stood there is worth knowing.',
                    'code': '''def rows_of(texts, numbers, most):
    rows = [[numbers[word] for word in text.lower().split() if word in numbers][: most - 1] + [1] for text in texts]
    longest = max((len(row) for row in rows), default=0)
    return [row + [0] * (longest - len(row)) for row in rows]''',
                },
                {
                    'message': 'The filling stands in front. Here it comes after the end sign.',
                    'code': '''def rows_of(texts, numbers, most):
    rows = [[numbers.get(word, 2) for word in text.lower().split()][: most - 1] + [1] for text in texts]
    longest = max((len(row) for row in rows), default=0)
    return [[0] * (longest - len(row)) + row for row in rows]''',
                },
                {
                    'message': 'A capital letter makes a known word unknown. `text.lower()` takes it away.',
                    'code': '''def rows_of(texts, numbers, most):
    rows = [[numbers.get(word, 2) for word in text.split()][: most - 1] + [1] for text in texts]
    longest = max((len(row) for row in rows), default=0)
    return [row + [0] * (longest - len(row)) for row in rows]''',
                },
            ],
            'held_out': 1,
        },
        'q3': {
            'title': 'The mean of a caption',
            'names': ['mean_read'],
            'answer': '''def mean_read(states, rows, end):
    "The mean of `states` (B, T, C) up to the first sign `end` in each of `rows` (B, T), with it; of all where there is none: (B, C)."
    ends = (rows == end).int()
    counts = (ends.cumsum(1) - ends == 0).float()[..., None]
    return (states * counts).sum(1) / counts.sum(1)''',
            'explanation': "Readers that look both ways, as many search programs have, often use the mean. In a reader that only looks back, such as ours and CLIP's, the first word knows nothing of the others, and the end sign knows all.",
            'hints': [
                'A word counts if there is no end sign *before* it. `ends.cumsum(1)` counts the end signs up to each place, with the place itself.',
                'With `counts` as a table (B, T, 1) of ones and zeros: `(states * counts).sum(1) / counts.sum(1)`.',
            ],
            'mistakes': [
                {
                    'message': 'This is the mean of the whole row, with all that fills it.',
                    'code': '''def mean_read(states, rows, end):
    return states.mean(1)''',
                },
                {
                    'message': 'You go up to the *last* end sign. What stands after the first one is filling.',
                    'code': '''def mean_read(states, rows, end):
    T = rows.shape[1]
    last = T - 1 - (rows == end).int().flip(1).argmax(1)
    counts = (torch.arange(T) <= last[:, None]).float()[..., None]
    return (states * counts).sum(1) / counts.sum(1)''',
                },
                {
                    'message': 'The end sign itself belongs to the mean: it is the one that has seen everything.',
                    'code': '''def mean_read(states, rows, end):
    counts = ((rows == end).int().cumsum(1) == 0).float()[..., None]
    return (states * counts).sum(1) / counts.sum(1).clamp(min=1)''',
                },
                {
                    'message': '`argmax` gives 0 where there is no end sign, and so only the first word is left of such a row. All its words count.',
                    'code': '''def mean_read(states, rows, end):
    first = (rows == end).int().argmax(1)
    counts = (torch.arange(rows.shape[1]) <= first[:, None]).float()[..., None]
    return (states * counts).sum(1) / counts.sum(1)''',
                },
                {
                    'message': 'The filling was made 0 but still counted: divide by how many words there are, not by the length of the row.',
                    'code': '''def mean_read(states, rows, end):
    ends = (rows == end).int()
    counts = (ends.cumsum(1) - ends == 0).float()[..., None]
    return (states * counts).mean(1)''',
                },
            ],
            'held_out': 2,
        },
        'q4': {
            'title': 'Find the bugs: which belongs to which',
            'names': ['loss_of_pairs'],
            'answer': '''def loss_of_pairs(pictures, texts, sharpness):
    "Mean surprise at which of `texts` (B, D) belongs to each of `pictures` (B, D), and at which picture to each text: one number."
    pictures, texts = F.normalize(pictures, dim=1), F.normalize(texts, dim=1)
    scores, right = sharpness * pictures @ texts.T, torch.arange(len(pictures))
    return (F.cross_entropy(scores, right) + F.cross_entropy(scores.T, right)) / 2''',
            'explanation': 'The second bug is hard to see in a curve: what is good for one direction mostly helps the other. A test with captions that are all alike finds it at once, because then only one of the directions has anything to say.',
            'hints': [
                'Run the example, and print the lengths of the rows after the first line: `pictures.norm(dim=1)`. What should they be?',
                'One bug is a number in the first line.',
                'In the last line the same question is asked twice. How are captions asked?',
            ],
            'mistakes': [
                {
                    'message': 'This is the function as it was given. Go through the example with it: which numbers does `F.normalize` bring to length 1, and who asks whom in the last line?',
                    'code': '''def loss_of_pairs(pictures, texts, sharpness):
    scores, right = sharpness * F.normalize(pictures, dim=0) @ F.normalize(texts, dim=0).T, torch.arange(len(pictures))
    return F.cross_entropy(scores, right)''',
                },
                {
                    'message': 'Now rows are brought to length 1. But both halves of the last line ask the pictures for their captions; captions have to be asked for their pictures, too.',
                    'code': '''def loss_of_pairs(pictures, texts, sharpness):
    scores, right = sharpness * F.normalize(pictures, dim=1) @ F.normalize(texts, dim=1).T, torch.arange(len(pictures))
    return F.cross_entropy(scores, right)''',
                },
                {
                    'message': "Both directions are asked now. But `dim=0` runs down the batch: each *column* gets the length 1, so that a picture's place depends on the others in the batch.",
                    'code': '''def loss_of_pairs(pictures, texts, sharpness):
    scores, right = sharpness * F.normalize(pictures, dim=0) @ F.normalize(texts, dim=0).T, torch.arange(len(pictures))
    return (F.cross_entropy(scores, right) + F.cross_entropy(scores.T, right)) / 2''',
                },
                {
                    'message': 'This is the sum of both directions. Their mean was asked for.',
                    'code': '''def loss_of_pairs(pictures, texts, sharpness):
    scores, right = sharpness * F.normalize(pictures, dim=1) @ F.normalize(texts, dim=1).T, torch.arange(len(pictures))
    return F.cross_entropy(scores, right) + F.cross_entropy(scores.T, right)''',
                },
                {
                    'message': 'Nothing is brought to length 1 any more. Then long rows win, whatever their direction.',
                    'code': '''def loss_of_pairs(pictures, texts, sharpness):
    scores, right = sharpness * pictures @ texts.T, torch.arange(len(pictures))
    return (F.cross_entropy(scores, right) + F.cross_entropy(scores.T, right)) / 2''',
                },
            ],
            'held_out': 2,
        },
        'q5': {
            'title': 'Several captions for one picture',
            'names': ['shared_loss'],
            'answer': '''def shared_loss(scores, owner):
    "The contrastive loss of P pictures and N captions from their `scores` (P, N), caption j belonging to picture `owner[j]` (N,): one number."
    belongs = F.one_hot(owner, len(scores)).T.float()
    shares = belongs / belongs.sum(1, keepdim=True)
    return (F.cross_entropy(scores, shares) + F.cross_entropy(scores.T, owner)) / 2''',
            'explanation': '''Not to share is a mistake that happens by itself: a batch may hold the same caption twice, for two pictures that both fit. The lesson's loss calls one of them wrong, and pushes apart what belongs together. In the menagerie a batch of 128 seldom has
the same caption twice; in one of 1,024 it happens nearly always. Large batches teach more, and are wrong more often.''',
            'hints': [
                '`F.cross_entropy(scores, shares)` also takes a table of shares as its goal, of the shape of `scores`, each row adding up to 1.',
                '`F.one_hot(owner, len(scores)).T` has a 1 where a caption belongs to a picture. Divide each row by its sum, and mind the type.',
            ],
            'mistakes': [
                {
                    'message': 'Each picture is asked for its first caption only. All of its captions are right.',
                    'code': '''def shared_loss(scores, owner):
    first = (owner == torch.arange(len(scores))[:, None]).int().argmax(1)
    return (F.cross_entropy(scores, first) + F.cross_entropy(scores.T, owner)) / 2''',
                },
                {
                    'message': "The shares of a picture's captions were added up before the logarithm: the surprise that it is *any* of them. Each is to be found; take the mean of their surprises.",
                    'code': '''def shared_loss(scores, owner):
    belongs = F.one_hot(owner, len(scores)).T.float()
    found = (scores.softmax(1) * belongs).sum(1)
    return (-found.log().mean() + F.cross_entropy(scores.T, owner)) / 2''',
                },
                {
                    'message': "The surprises of a picture's captions are added up. Take their mean: the shares that a picture should give add up to 1.",
                    'code': '''def shared_loss(scores, owner):
    belongs = F.one_hot(owner, len(scores)).T.float()
    return (F.cross_entropy(scores, belongs) + F.cross_entropy(scores.T, owner)) / 2''',
                },
                {
                    'message': 'This is the mean over all captions, so a picture with many counts more than others. First the mean within each picture, then over pictures.',
                    'code': '''def shared_loss(scores, owner):
    surprises = -scores.log_softmax(1)[owner, torch.arange(len(owner))]
    return (surprises.mean() + F.cross_entropy(scores.T, owner)) / 2''',
                },
                {
                    'message': 'Only the captions are asked for their pictures. The pictures have to be asked for their captions, too.',
                    'code': '''def shared_loss(scores, owner):
    return F.cross_entropy(scores.T, owner)''',
                },
            ],
            'held_out': 2,
        },
        'q6': {
            'title': 'Sums of meanings',
            'names': ['nearest_to_sum'],
            'answer': '''def nearest_to_sum(places, a, b, c, k):
    "The numbers of the `k` rows of `places` (N, D) that lie in the direction most like row a − row b + row c, these three left out: a list."
    alike = F.normalize(places, dim=1) @ (places[a] - places[b] + places[c])
    alike[[a, b, c]] = -torch.inf
    return alike.argsort(descending=True, stable=True)[:k].tolist()''',
            'explanation': 'Leaving out what went in is the small print of the famous example. With "king" allowed, king − man + woman is often nearest to king itself: most of the sum *is* king.',
            'hints': [
                'The length of the sum changes nothing in the order, only the lengths of the places do.',
                '`alike[[a, b, c]] = -torch.inf` sends three places to the end; `argsort(descending=True, stable=True)` keeps equal ones in order.',
            ],
            'mistakes': [
                {
                    'message': 'The places that went in are among the answers. They lie near the sum because they are part of it.',
                    'code': '''def nearest_to_sum(places, a, b, c, k):
    alike = F.normalize(places, dim=1) @ (places[a] - places[b] + places[c])
    return alike.argsort(descending=True, stable=True)[:k].tolist()''',
                },
                {
                    'message': 'The signs are swapped: the second is taken away, the third is added.',
                    'code': '''def nearest_to_sum(places, a, b, c, k):
    alike = F.normalize(places, dim=1) @ (places[a] + places[b] - places[c])
    alike[[a, b, c]] = -torch.inf
    return alike.argsort(descending=True, stable=True)[:k].tolist()''',
                },
                {
                    'message': 'You go by the product, so long rows win. Bring the places to length 1: only their direction counts.',
                    'code': '''def nearest_to_sum(places, a, b, c, k):
    alike = places @ (places[a] - places[b] + places[c])
    alike[[a, b, c]] = -torch.inf
    return alike.argsort(descending=True, stable=True)[:k].tolist()''',
                },
                {
                    'message': 'A likeness of 0 for those that went in still beats what lies the opposite way. Minus infinity beats nothing.',
                    'code': '''def nearest_to_sum(places, a, b, c, k):
    alike = F.normalize(places, dim=1) @ (places[a] - places[b] + places[c])
    alike[[a, b, c]] = 0.0
    return alike.argsort(descending=True, stable=True)[:k].tolist()''',
                },
                {
                    'message': 'You brought the terms to length 1 before adding. The sum is of the places as they are; only what it is compared with gets length 1.',
                    'code': '''def nearest_to_sum(places, a, b, c, k):
    directions = F.normalize(places, dim=1)
    alike = directions @ (directions[a] - directions[b] + directions[c])
    alike[[a, b, c]] = -torch.inf
    return alike.argsort(descending=True, stable=True)[:k].tolist()''',
                },
                {
                    'message': 'Equally alike ones come in the wrong order. `argsort(descending=True, stable=True)` leaves them as they stood; `topk`, or sorting upwards and turning round, does not.',
                    'code': '''def nearest_to_sum(places, a, b, c, k):
    alike = F.normalize(places, dim=1) @ (places[a] - places[b] + places[c])
    alike[[a, b, c]] = -torch.inf
    return alike.argsort(stable=True).flip(0)[:k].tolist()''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'Found among the first k',
            'names': ['recall'],
            'answer': '''def recall(alike, k):
    "From the likeness of N pictures and N captions (N, N): the share of pictures that find their caption among the first `k`, and of captions that find their picture."
    right = alike.diag()
    before = [(alike >= right[:, None]).sum(1) - 1, (alike >= right).sum(0) - 1]
    return tuple((others < k).float().mean().item() for others in before)''',
            'explanation': 'Recall depends on N: to find one caption among ten is easier than among ten thousand. A number without its N says little, and papers do leave it out.',
            'hints': [
                '`alike.diag()` holds the right ones. Compare each row with its own: `alike >= alike.diag()[:, None]`.',
                'Without `[:, None]` the same comparison goes down the columns; sum it over axis 0. The right one is always among them: minus 1.',
            ],
            'mistakes': [
                {
                    'message': 'Equally alike ones do not count against you here, so a network that finds everything alike gets full marks. Use *at least* as alike.',
                    'code': '''def recall(alike, k):
    right = alike.diag()
    before = [(alike > right[:, None]).sum(1), (alike > right).sum(0)]
    return tuple((others < k).float().mean().item() for others in before)''',
                },
                {
                    'message': 'The two directions are swapped: a picture that looks for its caption goes along its row.',
                    'code': '''def recall(alike, k):
    right = alike.diag()
    before = [(alike >= right).sum(0) - 1, (alike >= right[:, None]).sum(1) - 1]
    return tuple((others < k).float().mean().item() for others in before)''',
                },
                {
                    'message': 'One too many: among the first k means that *fewer* than k others come before.',
                    'code': '''def recall(alike, k):
    right = alike.diag()
    before = [(alike >= right[:, None]).sum(1) - 1, (alike >= right).sum(0) - 1]
    return tuple((others <= k).float().mean().item() for others in before)''',
                },
                {
                    'message': 'The right one was counted among the others: it is at least as alike as itself. Take one off.',
                    'code': '''def recall(alike, k):
    right = alike.diag()
    before = [(alike >= right[:, None]).sum(1), (alike >= right).sum(0)]
    return tuple((others < k).float().mean().item() for others in before)''',
                },
            ],
            'held_out': 1,
        },
    },
}
