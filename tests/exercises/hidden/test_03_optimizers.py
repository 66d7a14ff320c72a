"""Held-out tests of the exercise 03_optimizers. Generated from nbs/exercises/03_optimizers.ipynb: edit that one."""

import numpy as np

from genai_course.grading import expect


def numbers(*shape, seed=0):
    "Random numbers with two decimals, always the same for the same seed."
    return np.random.default_rng(seed).normal(size=shape).round(2)


def length(*arrays):
    "The length of all arrays taken as one long vector."
    return float(np.sqrt(sum((a**2).sum() for a in arrays)))


def hessian(p):
    "The matrix of second slopes of the loss of question 7 at `p`, (3, 3), by the chain rule."
    weights = np.array([[2.0, 1.0, 0.0], [0.0, 1.5, -1.0], [1.0, 0.0, 1.0], [-1.0, 1.0, 0.5]])
    return weights.T * (1 - np.tanh(weights @ p) ** 2) @ weights


def test_largest_rate_walk(sol):
    "parts what stays from what leaves, in valleys of up to six directions"
    for n in (1, 3, 6):
        root = numbers(n, n, seed=n)
        matrix = root @ root.T + 0.1 * np.eye(n)
        rate = sol.largest_rate(matrix)
        for factor, stays in [(0.99, True), (1.01, False)]:
            p = np.ones(n)
            for _ in range(3000): p = p - factor * float(rate) * matrix @ p
            expect.true((length(p) < 1) == stays, f"A walk at {factor} of your rate should {'stay in' if stays else 'leave'} the valley.")


def test_clip_direction(sol):
    "keeps the direction, whatever the shapes, and leaves its inputs alone"
    grads = [numbers(3, 4), numbers(5, seed=1), numbers(2, 2, 2, seed=2)]
    for longest in (0.1, 2.0, 100.0):
        clipped = expect.parts(sol.clip(grads, longest), 3, "one array for each of `grads`")
        expect.inputs_kept(sol)
        factor = min(1.0, longest / length(*grads))
        for i, (got, grad) in enumerate(zip(clipped, grads, strict=True)): expect.close(got, grad * factor, f"array {i}")


def test_factor_overlap(sol):
    "takes the smaller of two slopes that overlap, and never leaves 0 to 1"
    expect.close([sol.factor(i, 9, 6, 7) for i in range(9)], np.array([7, 14, 21, 28, 30, 24, 18, 12, 6]) / 42, "the row of factors")
    found = [sol.factor(i, 100, 7, 31) for i in range(100)]
    expect.close(found, np.clip(np.minimum((np.arange(100) + 1) / 7, (100 - np.arange(100)) / 31), 0, 1), "the row of factors")


def test_adagrad_long_walk(sol):
    "is right over twenty steps of a matrix, and leaves its inputs alone"
    p, total = numbers(2, 3), np.zeros((2, 3))
    grads = [numbers(2, 3, seed=seed) for seed in range(1, 21)]
    expected = p - sum(0.3 * grad / (np.sqrt(sum(g**2 for g in grads[: i + 1])) + 1e-10) for i, grad in enumerate(grads))
    for grad in grads:
        p, total = expect.parts(sol.adagrad_step(p, grad, total, 0.3), 2, "p and total")
        expect.inputs_kept(sol)
    expect.close(p, expected, "p after twenty steps")
    expect.close(total, sum(g**2 for g in grads), "total after twenty steps")


def test_adam_long_walk(sol):
    "is right over thirty steps with other betas, and leaves its inputs alone"
    p, mean, square = numbers(2, 3), np.zeros((2, 3)), np.zeros((2, 3))
    grads = np.stack([numbers(2, 3, seed=seed) for seed in range(1, 31)])
    expected = p.copy()
    for t in range(1, 31):
        ages = np.arange(t)[::-1, None, None]
        first = ((0.2 * 0.8**ages) * grads[:t]).sum(0) / (1 - 0.8**t)
        second = ((0.05 * 0.95**ages) * grads[:t] ** 2).sum(0) / (1 - 0.95**t)
        expected = expected - 0.01 * first / (np.sqrt(second) + 1e-8)
        p, mean, square = expect.parts(sol.adam_step(p, grads[t - 1], mean, square, t, 0.01, 0.8, 0.95), 3, "p, mean and square")
        expect.inputs_kept(sol)
    expect.close(p, expected, "p after thirty steps")


def test_lion_long_walk(sol):
    "is right over twenty steps of a matrix, and leaves its inputs alone"
    p, mean = numbers(3, 2), np.zeros((3, 2))
    expected, memory = p.copy(), mean.copy()
    for seed in range(1, 21):
        grad = numbers(3, 2, seed=seed)
        up = 0.9 * memory + 0.1 * grad > 0
        expected = expected * (1 - 0.02 * 0.3) - 0.02 * np.where(up, 1.0, -1.0)
        memory = memory - 0.01 * (memory - grad)
        p, mean = expect.parts(sol.lion_step(p, grad, mean, 0.02, decay=0.3), 2, "p and mean")
        expect.inputs_kept(sol)
    expect.close(p, expected, "p after twenty steps")
    expect.close(mean, memory, "mean after twenty steps")


def test_sharpness_many_places(sol):
    "is right at ten random places, and leaves its inputs alone"
    for seed in range(10):
        p, start = 0.5 * numbers(3, seed=seed), numbers(3, seed=seed + 50)
        found = sol.sharpness(p, start, 300)
        expect.inputs_kept(sol)
        expect.close(found, np.linalg.eigvalsh(hessian(p)).max(), "the sharpness", rtol=1e-4)


TESTS = {
    'test_largest_rate_walk': {
        'question': 'q1',
        'name': 'walk',
        'points': 1,
        'hidden': True,
    },
    'test_clip_direction': {
        'question': 'q2',
        'name': 'direction',
        'points': 1,
        'hidden': True,
    },
    'test_factor_overlap': {
        'question': 'q3',
        'name': 'overlap',
        'points': 1,
        'hidden': True,
    },
    'test_adagrad_long_walk': {
        'question': 'q4',
        'name': 'long-walk',
        'points': 1,
        'hidden': True,
    },
    'test_adam_long_walk': {
        'question': 'q5',
        'name': 'long-walk',
        'points': 1,
        'hidden': True,
    },
    'test_lion_long_walk': {
        'question': 'q6',
        'name': 'long-walk',
        'points': 1,
        'hidden': True,
    },
    'test_sharpness_many_places': {
        'question': 'q7',
        'name': 'many-places',
        'points': 2,
        'hidden': True,
    },
}
