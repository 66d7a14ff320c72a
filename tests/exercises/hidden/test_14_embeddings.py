"""Held-out tests of the exercise 14_embeddings. Generated from nbs/exercises/14_embeddings.ipynb: edit that one."""

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


def test_alike_any(sol):
    "is right for many rows of all sizes"
    sizes = 10.0 ** torch.arange(-30, 31, 10)[:, None]
    a, b = numbers(7, 5), numbers(7, 5, seed=1)
    a[3] = 0.0
    lengths = [x.norm(dim=1) for x in (a, b)]
    wanted = torch.tensor([[0.0 if i == 3 else float(a[i] @ b[j] / (lengths[0][i] * lengths[1][j])) for j in range(7)] for i in range(7)])
    expect.close(sol.alike(a * sizes, b * sizes.flip(0)), wanted, "the table of likeness", atol=1e-5)


def test_rows_others(sol):
    "is right for empty texts, for no text, and for rows that have place for the end alone"
    for texts, most, wanted in [(["", "cat"], 9, [[1, 0], [4, 1]]), ([""], 9, [[1]]), ([], 9, []), (["a cat", ""], 1, [[1], [1]]), (["a  CAT   in"], 4, [[3, 4, 5, 1]]),
                                (["dog dog dog", "a"], 3, [[2, 2, 1], [3, 1, 0]])]:
        expect.equal(sol.rows_of(texts, KNOWN, most), wanted, f"the rows of {texts} with at most {most} numbers")


def test_mean_many(sol):
    "is right for many rows, with an end sign of 0 as well"
    rows = torch.randint(0, 5, (30, 8), generator=torch.Generator().manual_seed(3))
    states = numbers(30, 8, 6, seed=4)
    for end in (0, 3, 7): expect.close(sol.mean_read(states, rows, end), judge_of_means(states, rows, end), f"the means for the end sign {end}")


def test_mean_gradient(sol):
    "lets the gradient through to the words that count, and to no others"
    expect.gradients(sol.mean_read, judge_of_means, numbers(3, 4, 2, grad=True), torch.tensor([[4, 1, 0, 0], [4, 5, 6, 7], [1, 1, 1, 1]]), 1)


def test_pairs_equal(sol):
    "is the logarithm of B where all is alike, and other numbers elsewhere"
    expect.close(sol.loss_of_pairs(torch.ones(8, 4), 3 * torch.ones(8, 4), 10.0), torch.tensor(2.0794415), "the loss")
    expect.close(sol.loss_of_pairs(numbers(2, 7), numbers(2, 7, seed=1), 1.0), judge_of_pairs(numbers(2, 7), numbers(2, 7, seed=1), 1.0), "the loss")


def test_pairs_gradient(sol):
    "lets the gradient through to pictures, captions and sharpness"
    expect.gradients(sol.loss_of_pairs, judge_of_pairs, numbers(4, 3, grad=True), numbers(4, 3, seed=1, grad=True), torch.tensor(3.0, requires_grad=True))


def test_shared_others(sol):
    "is the lesson's loss where each picture has one caption; is right for very different scores, and for one picture"
    for scores, owner in [(numbers(5, 5), torch.arange(5)), (40 * numbers(4, 9, seed=1), torch.tensor([0, 1, 2, 3, 3, 3, 3, 1, 3])), (numbers(1, 3), torch.zeros(3, dtype=torch.int64))]:
        expect.close(sol.shared_loss(scores, owner), judge_of_shared(scores, owner), "the loss")


def test_shared_gradient(sol):
    "lets the gradient through to the scores"
    expect.gradients(sol.shared_loss, judge_of_shared, numbers(3, 5, grad=True), torch.tensor([1, 0, 2, 1, 1]))


def test_sum_many(sol):
    "is right for many places of different lengths, and where a term comes twice"
    places = numbers(30, 6, seed=5) * torch.arange(1, 31)[:, None]
    for a, b, c, k in [(0, 1, 2, 5), (29, 3, 17, 1), (5, 5, 8, 4), (7, 4, 7, 10), (20, 10, 11, 27)]:
        expect.equal(sol.nearest_to_sum(places, a, b, c, k), judge_of_sums(places, a, b, c, k), f"the list for {a} − {b} + {c}")


def test_recall_many(sol):
    "is right for large tables with equal and negative numbers"
    alike = (5 * numbers(40, 40, seed=6)).round() / 10 + torch.eye(40)
    for table in (alike, -alike):
        for k in (1, 5, 20, 40): expect_recall(sol, table, k)


TESTS = {
    'test_alike_any': {
        'question': 'q1',
        'name': 'any',
        'points': 1,
        'hidden': True,
    },
    'test_rows_others': {
        'question': 'q2',
        'name': 'others',
        'points': 2,
        'hidden': True,
    },
    'test_mean_many': {
        'question': 'q3',
        'name': 'many',
        'points': 2,
        'hidden': True,
    },
    'test_mean_gradient': {
        'question': 'q3',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_pairs_equal': {
        'question': 'q4',
        'name': 'equal',
        'points': 1,
        'hidden': True,
    },
    'test_pairs_gradient': {
        'question': 'q4',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_shared_others': {
        'question': 'q5',
        'name': 'others',
        'points': 1,
        'hidden': True,
    },
    'test_shared_gradient': {
        'question': 'q5',
        'name': 'gradient',
        'points': 1,
        'hidden': True,
    },
    'test_sum_many': {
        'question': 'q6',
        'name': 'many',
        'points': 2,
        'hidden': True,
    },
    'test_recall_many': {
        'question': 'q7',
        'name': 'many',
        'points': 2,
        'hidden': True,
    },
}
