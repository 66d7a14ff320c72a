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
