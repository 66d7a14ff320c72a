"""Held-out tests of the exercise 02_backprop. Generated from nbs/exercises/02_backprop.ipynb: edit that one."""

import numpy as np

from genai_course.grading import expect


def slope(f, x, grad, step=1e-6):
    "The gradient of sum(grad * f(x)) for the array x, measured by nudging each number of x both ways."
    measured = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[place] = step
        measured[place] = np.sum(grad * (f(x + nudge) - f(x - nudge))) / (2 * step)
    return measured


def numbers(*shape, seed=0):
    "Random numbers with two decimals, always the same for the same seed."
    return np.random.default_rng(seed).normal(size=shape).round(2)


def softmax(x):
    "Shares that add up to 1 along the last axis."
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)

def expect_in_order(order, root, parents):
    "Expect each node that root needs once, after its parents."
    needed, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting += parents.get(node, [])
    expect.true(isinstance(order, list | tuple), "The result should be a list of nodes.", sorted(needed)[:8], order)
    extra = [node for node in order if node not in needed]
    expect.true(not extra, f"These do not belong in the list: {extra[:3]}.")
    twice = sorted({node for node in order if order.count(node) > 1}) if len(order) < 1000 else []
    once = not twice and len(order) <= len(needed)
    expect.true(once, f"Each node should stand in the list once; {twice[:3] or 'some'} stands there more often.")
    missing = sorted(needed - set(order))
    expect.true(not missing, f"These are missing from the list: {missing[:3]}.")
    place = {node: i for i, node in enumerate(order)}
    early = [(node, parent) for node in order for parent in parents.get(node, []) if place[parent] > place[node]]
    expect.true(not early, f"{early[0][0]} stands before its parent {early[0][1]}." if early else "", got=list(order[:8]))

def sum_of_squares(x): return float(np.sum(x**2))


def sum_of_cubes(x): return float(np.sum(x**3))


def products_of_neighbours(x): return float(np.sum(x[:-1] * x[1:]))

def layer_norm(x, eps):
    "Each row shifted to mean 0 and scaled to spread 1."
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps)


def test_tanh_matrix(sol):
    "is right for a whole matrix, and leaves its inputs alone"
    x, grad = numbers(3, 4), numbers(3, 4, seed=1)
    expect.close(sol.tanh_backward(grad, x), slope(np.tanh, x, grad), "the gradient")
    expect.inputs_kept(sol)


def test_add_single_number(sol):
    "lets a single number act everywhere"
    grad = numbers(3, 4)
    grad_a, grad_b = expect.parts(sol.add_backward(grad, (), (3, 4)), 2, "grad_a and grad_b")
    expect.close(grad_a, np.sum(grad), "grad_a")
    expect.close(grad_b, grad, "grad_b")


def test_add_both_ways(sol):
    "undoes new axes and axes of size 1 at once, for three shapes"
    for seed, (a_shape, b_shape) in enumerate([((4, 1, 3), (2, 3)), ((1,), (5, 2)), ((2, 3, 1), (1, 1, 4))]):
        a, b = numbers(*a_shape, seed=seed), numbers(*b_shape, seed=seed + 10)
        grad = numbers(*(a + b).shape, seed=seed + 20)
        grad_a, grad_b = expect.parts(sol.add_backward(grad, a_shape, b_shape), 2, "grad_a and grad_b")
        expect.close(grad_a, slope(lambda moved, b=b: moved + b, a, grad), "grad_a", rtol=1e-4, atol=1e-6)
        expect.close(grad_b, slope(lambda moved, a=a: a + moved, b, grad), "grad_b", rtol=1e-4, atol=1e-6)


def test_matmul_measured(sol):
    "agrees with slopes that were measured, and leaves its inputs alone"
    a, b, grad = numbers(2, 3), numbers(3, 4, seed=1), numbers(2, 4, seed=2)
    grad_a, grad_b = expect.parts(sol.matmul_backward(grad, a, b), 2, "grad_a and grad_b")
    expect.inputs_kept(sol)
    expect.close(grad_a, slope(lambda moved: moved @ b, a, grad), "grad_a", rtol=1e-4, atol=1e-6)
    expect.close(grad_b, slope(lambda moved: a @ moved, b, grad), "grad_b", rtol=1e-4, atol=1e-6)


def test_matmul_heads(sol):
    "works with two axes in front, as in attention with several heads"
    a, b, grad = numbers(2, 3, 4, 5), numbers(2, 3, 5, 4, seed=1), numbers(2, 3, 4, 4, seed=2)
    grad_a, grad_b = expect.parts(sol.matmul_backward(grad, a, b), 2, "grad_a and grad_b")
    expect.close(grad_a, np.einsum("ijnm,ijkm->ijnk", grad, b), "grad_a")
    expect.close(grad_b, np.einsum("ijnk,ijnm->ijkm", a, grad), "grad_b")


def test_softmax_batch(sol):
    "works with more axes in front, and leaves its inputs alone"
    scores, grad = numbers(2, 3, 4), numbers(2, 3, 4, seed=1)
    gradient = sol.softmax_backward(grad, softmax(scores))
    expect.inputs_kept(sol)
    expect.close(gradient, slope(softmax, scores, grad), "the gradient", rtol=1e-4, atol=1e-7)


def test_softmax_sums_to_zero(sol):
    "adds up to 0 in each row, however large the scores are"
    gradient = sol.softmax_backward(numbers(5, 6, seed=1), softmax(100 * numbers(5, 6)))
    expect.close(np.shape(gradient), (5, 6), "the gradient's shape")
    expect.close(np.sum(gradient, axis=-1), np.zeros(5), "the sum of each row of the gradient")


def test_order_ladder(sol):
    "visits nothing twice: a ladder of 60 rungs has more than half a million million million ways down"
    parents = {f"{side}{i}": [f"a{i - 1}", f"b{i - 1}"] for i in range(1, 60) for side in "ab"}
    expect_in_order(sol.topological_order("a59", parents), "a59", parents)
    expect.inputs_kept(sol)


def test_check_matrix(sol):
    "works for a matrix, with a small step, and for large gradients"
    x = 10 * numbers(3, 4)
    expect.close(sol.gradient_check(sum_of_cubes, 3 * x**2, x, 1e-4), 0.0, "the error", atol=1e-5)
    expect.close(sol.gradient_check(sum_of_cubes, 3.3 * x**2, x, 1e-4), 0.3 / 3.3, "the error", rtol=1e-3)


def test_step_learns(sol):
    "finds a straight line in 300 steps"
    x = numbers(20, 2)
    y, w, b = x @ np.array([1.5, -2.0]) + 0.5, np.zeros(2), 0.0
    for _ in range(300): w, b, loss = expect.parts(sol.train_step(w, b, x, y, 0.1), 3, "new_w, new_b and loss")
    expect.close(w, [1.5, -2.0], "w after 300 steps", rtol=1e-3)
    expect.close(b, 0.5, "b after 300 steps", rtol=1e-3)


def test_norm_batch(sol):
    "works with more axes in front, and leaves its inputs alone"
    x, grad = numbers(2, 3, 5), numbers(2, 3, 5, seed=1)
    gradient = sol.layer_norm_backward(grad, x, 1e-3)
    expect.inputs_kept(sol)
    expect.close(gradient, slope(lambda moved: layer_norm(moved, 1e-3), x, grad), "the gradient", 1e-4, 1e-6)


TESTS = {
    'test_tanh_matrix': {
        'question': 'q1',
        'name': 'matrix',
        'points': 1,
        'hidden': True,
    },
    'test_add_single_number': {
        'question': 'q2',
        'name': 'single-number',
        'points': 1,
        'hidden': True,
    },
    'test_add_both_ways': {
        'question': 'q2',
        'name': 'both-ways',
        'points': 1,
        'hidden': True,
    },
    'test_matmul_measured': {
        'question': 'q3',
        'name': 'measured',
        'points': 1,
        'hidden': True,
    },
    'test_matmul_heads': {
        'question': 'q3',
        'name': 'heads',
        'points': 1,
        'hidden': True,
    },
    'test_softmax_batch': {
        'question': 'q4',
        'name': 'batch',
        'points': 1,
        'hidden': True,
    },
    'test_softmax_sums_to_zero': {
        'question': 'q4',
        'name': 'sums-to-zero',
        'points': 1,
        'hidden': True,
    },
    'test_order_ladder': {
        'question': 'q5',
        'name': 'ladder',
        'points': 1,
        'hidden': True,
    },
    'test_check_matrix': {
        'question': 'q6',
        'name': 'matrix',
        'points': 1,
        'hidden': True,
    },
    'test_step_learns': {
        'question': 'q7',
        'name': 'learns',
        'points': 1,
        'hidden': True,
    },
    'test_norm_batch': {
        'question': 'q8',
        'name': 'batch',
        'points': 2,
        'hidden': True,
    },
}
