"""Open tests of the exercise 03_optimizers. Generated from nbs/exercises/03_optimizers.ipynb: edit that one."""

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


def test_largest_rate_by_hand(sol):
    "is 2/3 for the matrix above, 0.02 for the lesson's valley, and right for one whose steepest direction is no diagonal"
    expect.close(sol.largest_rate(np.array([[2.0, 1.0], [1.0, 2.0]])), 2 / 3, "the largest rate")
    expect.close(sol.largest_rate(np.diag([1.0, 100.0])), 0.02, "the largest rate")
    expect.close(sol.largest_rate(np.array([[2.0, -1.0], [-1.0, 3.0]])), 4 / (5 + 5**0.5), "the largest rate")


def test_clip_too_long(sol):
    "shortens the two arrays above to the common length 1"
    first, second = expect.parts(sol.clip([np.array([1.0, 2.0]), np.array([2.0, 0.0, 4.0])], 1.0), 2, "one array for each of `grads`")
    expect.close(first, [0.2, 0.4], "the first array")
    expect.close(second, [0.4, 0.0, 0.8], "the second array")


def test_clip_short_enough(sol):
    "leaves them alone with the limit 10, and zeros too"
    first, second = expect.parts(sol.clip([np.array([1.0, 2.0]), np.array([2.0, 0.0, 4.0])], 10.0), 2, "one array for each of `grads`")
    expect.close(first, [1.0, 2.0], "the first array")
    expect.close(second, [2.0, 0.0, 4.0], "the second array")
    expect.close(expect.parts(sol.clip([np.zeros(3)], 1.0), 1, "one array")[0], np.zeros(3), "the array of zeros")


def test_factor_table(sol):
    "is right for the table above"
    found = [sol.factor(i, 10, 2, 4) for i in range(10)]
    expect.close(found, [0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25], "the row of factors")


def test_factor_without(sol):
    "can do without warming up, and without cooling down, and takes the smaller of two slopes that overlap"
    expect.close([sol.factor(i, 4, 0, 2) for i in range(4)], [1, 1, 1, 0.5], "the row of factors without warm-up")
    expect.close([sol.factor(i, 4, 4, 0) for i in range(4)], [0.25, 0.5, 0.75, 1], "the row of factors without cooling")
    expect.close([sol.factor(i, 6, 4, 4) for i in range(6)], [0.25, 0.5, 0.75, 0.75, 0.5, 0.25], "the row of factors where the slopes overlap")


def test_adagrad_by_hand(sol):
    "takes the two steps above, of 1 and 0.8 times lr"
    p, total = expect.parts(sol.adagrad_step(np.array([2.0]), np.array([3.0]), np.array([0.0]), 0.1), 2, "p and total")
    expect.close(p, [1.9], "p after the first step")
    expect.close(total, [9.0], "total after the first step")
    p, total = expect.parts(sol.adagrad_step(np.array([1.9]), np.array([4.0]), np.array([9.0]), 0.1), 2, "p and total")
    expect.close(p, [1.82], "p after the second step")
    expect.close(total, [25.0], "total after the second step")


def test_adagrad_each_its_own(sol):
    "gives each number a total of its own, and adds eps outside the root"
    p, total = expect.parts(sol.adagrad_step(np.array([1.0, 1.0]), np.array([1.0, -2.0]), np.array([8.0, 12.0]), 1.0, 1.0), 2, "p and total")
    expect.close(p, [1 - 1 / 4, 1 + 2 / 5], "p")
    expect.close(total, [9.0, 16.0], "total")


def test_adam_two_steps(sol):
    "takes two steps of lr where the gradient is always 1"
    p, mean, square = expect.parts(sol.adam_step(np.array([5.0]), np.array([1.0]), np.zeros(1), np.zeros(1), 1, 0.1), 3, "p, mean and square")
    expect.close(p, [4.9], "p after the first step")
    expect.close(mean, [0.1], "mean after the first step")
    expect.close(square, [0.001], "square after the first step")
    p, mean, square = expect.parts(sol.adam_step(np.array([4.9]), np.array([1.0]), np.array([0.1]), np.array([0.001]), 2, 0.1), 3, "p, mean and square")
    expect.close(p, [4.8], "p after the second step")


def test_adam_third_step(sol):
    "takes a third step with means that are what they should be by then"
    p, _, square = expect.parts(sol.adam_step(np.array([1.0, 2.0]), np.array([2.0, -1.0]), np.array([0.5, 0.1]), np.array([0.01, 0.002]), 3, 0.1), 3, "p, mean and square")
    mean = np.array([0.9 * 0.5 + 0.2, 0.9 * 0.1 - 0.1]) / (1 - 0.9**3)
    expect.close(square, [0.999 * 0.01 + 0.004, 0.999 * 0.002 + 0.001], "square")
    expect.close(p, np.array([1.0, 2.0]) - 0.1 * mean / (np.sqrt(np.array([0.01399, 0.002998]) / (1 - 0.999**3)) + 1e-8), "p")


def test_lion_by_hand(sol):
    "takes the step above, and one where the gradient wins"
    p, mean = expect.parts(sol.lion_step(np.array([2.0, 2.0]), np.array([-5.0, -20.0]), np.array([1.0, 1.0]), 0.1), 2, "p and mean")
    expect.close(p, [1.9, 2.1], "p")
    expect.close(mean, [0.94, 0.79], "mean")


def test_lion_decay(sol):
    "shrinks p by lr times decay, and makes the direction with the mean of before"
    p, mean = expect.parts(sol.lion_step(np.array([4.0, -2.0]), np.array([1.0, 0.0]), np.array([-0.5, 0.0]), 0.1, 0.5, 0.2, 0.5), 2, "p and mean")
    expect.close(p, [4.0 - 0.1 * (1 + 2.0), -2.0 + 0.1], "p")
    expect.close(mean, [0.7, 0.0], "mean")


def test_sharpness_at_zero(sol):
    "is right at 0, where the matrix is easy to work out"
    found = sol.sharpness(np.zeros(3), np.array([1.0, 1.0, 1.0]))
    expect.close(found, np.linalg.eigvalsh(hessian(np.zeros(3))).max(), "the sharpness", rtol=1e-4)


def test_sharpness_elsewhere(sol):
    "is right away from 0, from a start of any length"
    p = np.array([0.5, -0.3, 0.2])
    found = sol.sharpness(p, np.array([30.0, 0.0, -10.0]))
    expect.close(found, np.linalg.eigvalsh(hessian(p)).max(), "the sharpness", rtol=1e-4)


TESTS = {
    'test_largest_rate_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_clip_too_long': {
        'question': 'q2',
        'name': 'too-long',
        'points': 1,
        'hidden': False,
    },
    'test_clip_short_enough': {
        'question': 'q2',
        'name': 'short-enough',
        'points': 1,
        'hidden': False,
    },
    'test_factor_table': {
        'question': 'q3',
        'name': 'table',
        'points': 1,
        'hidden': False,
    },
    'test_factor_without': {
        'question': 'q3',
        'name': 'without',
        'points': 1,
        'hidden': False,
    },
    'test_adagrad_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_adagrad_each_its_own': {
        'question': 'q4',
        'name': 'each-its-own',
        'points': 1,
        'hidden': False,
    },
    'test_adam_two_steps': {
        'question': 'q5',
        'name': 'two-steps',
        'points': 1,
        'hidden': False,
    },
    'test_adam_third_step': {
        'question': 'q5',
        'name': 'third-step',
        'points': 1,
        'hidden': False,
    },
    'test_lion_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_lion_decay': {
        'question': 'q6',
        'name': 'decay',
        'points': 1,
        'hidden': False,
    },
    'test_sharpness_at_zero': {
        'question': 'q7',
        'name': 'at-zero',
        'points': 1,
        'hidden': False,
    },
    'test_sharpness_elsewhere': {
        'question': 'q7',
        'name': 'elsewhere',
        'points': 1,
        'hidden': False,
    },
}
