"""Open tests of the exercise 02_backprop. Generated from nbs/exercises/02_backprop.ipynb: edit that one."""

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


def test_tanh_slope(sol):
    "is right at 2, where tanh is nearly flat, at 0 and at -1"
    x = np.array([2.0, 0.0, -1.0])
    expect.close(sol.tanh_backward(np.ones(3), x), slope(np.tanh, x, np.ones(3)), "the gradient")
    expect.close(sol.tanh_backward(np.array([3.0, -2.0, 0.5]), x), slope(np.tanh, x, np.array([3.0, -2.0, 0.5])), "the gradient")


def test_add_bias(sol):
    "gives every bias the sum over the batch, as in the table"
    grad = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    grad_a, grad_b = expect.parts(sol.add_backward(grad, (2, 3), (3,)), 2, "grad_a and grad_b")
    expect.close(grad_a, grad, "grad_a")
    expect.close(grad_b, [11.0, 22.0, 33.0], "grad_b")


def test_add_column(sol):
    "undoes an axis of size 1, on either side"
    grad = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    grad_a, grad_b = expect.parts(sol.add_backward(grad, (2, 1), (1, 3)), 2, "grad_a and grad_b")
    expect.close(grad_a, [[6.0], [60.0]], "grad_a")
    expect.close(grad_b, [[11.0, 22.0, 33.0]], "grad_b")


def test_matmul_by_hand(sol):
    "is right for two small square matrices"
    grad, a, b = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[2.0, 3.0], [4.0, 5.0]]), np.array([[5.0, 6.0], [7.0, 8.0]])
    grad_a, grad_b = expect.parts(sol.matmul_backward(grad, a, b), 2, "grad_a and grad_b")
    expect.close(grad_a, [[5.0, 7.0], [12.0, 16.0]], "grad_a")
    expect.close(grad_b, [[2.0, 8.0], [3.0, 10.0]], "grad_b")


def test_matmul_batch(sol):
    "works for a batch of matrices that are not square"
    a, b, grad = numbers(3, 2, 4), numbers(3, 4, 5, seed=1), numbers(3, 2, 5, seed=2)
    grad_a, grad_b = expect.parts(sol.matmul_backward(grad, a, b), 2, "grad_a and grad_b")
    expect.close(grad_a, np.einsum("inm,ikm->ink", grad, b), "grad_a")
    expect.close(grad_b, np.einsum("ink,inm->ikm", a, grad), "grad_b")


def test_softmax_by_hand(sol):
    "is right for two equal scores"
    expect.close(sol.softmax_backward(np.array([1.0, 0.0]), np.array([0.5, 0.5])), [0.25, -0.25], "the gradient")


def test_softmax_rows(sol):
    "treats each row of a square matrix by itself"
    scores, grad = numbers(3, 3), numbers(3, 3, seed=1)
    expect.close(sol.softmax_backward(grad, softmax(scores)), slope(softmax, scores, grad), "the gradient", rtol=1e-4)


def test_order_shared(sol):
    "puts x, w and times before loss, and x only once, also in x times x"
    parents = {"loss": ["times", "x"], "times": ["x", "w"]}
    expect_in_order(sol.topological_order("loss", parents), "loss", parents)
    expect_in_order(sol.topological_order("square", {"square": ["x", "x"]}), "square", {"square": ["x", "x"]})


def test_order_short_cut(sol):
    "is not misled by a short cut past a long way"
    parents = {"loss": ["x", "c"], "c": ["b"], "b": ["a"], "a": ["x"], "other": ["loss"]}
    expect_in_order(sol.topological_order("loss", parents), "loss", parents)


def test_order_deep(sol):
    "copes with a chain of 10,000 nodes"
    parents = {f"n{i}": [f"n{i - 1}"] for i in range(1, 10_000)}
    expect_in_order(sol.topological_order("n9999", parents), "n9999", parents)


def test_check_right(sol):
    "finds no error in a right gradient"
    x = np.array([3.0, -1.0, 2.0])
    expect.close(sol.gradient_check(sum_of_squares, 2 * x, x, 0.1), 0.0, "the error", atol=1e-6)


def test_check_largest(sol):
    "finds the largest of several errors, also of one that is too small"
    x = np.array([3.0, 1.0, 2.0, -1.0])
    claimed = 2 * x + np.array([0.0, -0.5, 0.3, 0.0])
    expect.close(sol.gradient_check(sum_of_squares, claimed, x, 0.1), 0.25, "the error", rtol=1e-4)
    expect.close(sol.gradient_check(sum_of_squares, np.array([0.3]), np.array([0.1]), 0.1), 0.1, "the error of a small slope", atol=1e-6)


def test_check_neighbours(sol):
    "nudges one number at a time, and leaves x alone"
    x = np.array([3.0, 1.0, 2.0])
    error = sol.gradient_check(products_of_neighbours, np.array([1.0, 5.0, 1.0]), x, 0.5)
    expect.close(error, 0.0, "the error", atol=1e-6)
    expect.inputs_kept(sol)


def test_step_by_hand(sol):
    "is right for the two examples above, and leaves its inputs alone"
    x, y = np.array([[1.0], [2.0]]), np.array([3.0, 5.0])
    new_w, new_b, loss = expect.parts(sol.train_step(np.zeros(1), 0.0, x, y, 0.1), 3, "new_w, new_b and loss")
    expect.close(loss, 17.0, "the loss")
    expect.close(new_w, [1.3], "new_w")
    expect.close(new_b, 0.8, "new_b")
    expect.inputs_kept(sol)


def test_step_measured(sol):
    "follows slopes that were measured, with several features"
    w, x, y = numbers(3), numbers(6, 3, seed=1), numbers(6, seed=2)
    new_w, new_b, loss = expect.parts(sol.train_step(w, 0.3, x, y, 0.01), 3, "new_w, new_b and loss")
    loss_at = lambda w, b: np.mean((x @ w + b - y) ** 2)
    expect.close(loss, loss_at(w, 0.3), "the loss")
    expect.close(new_w, w - 0.01 * slope(lambda moved: loss_at(moved, 0.3), w, 1.0), "new_w", rtol=1e-5)
    expect.close(new_b, 0.3 - 0.01 * slope(lambda moved: loss_at(w, moved), np.array(0.3), 1.0), "new_b", rtol=1e-5)


def test_norm_row(sol):
    "is right for one row"
    x, grad = np.array([1.0, 2.0, 4.0]), np.array([1.0, 0.0, 0.5])
    expect.close(sol.layer_norm_backward(grad, x, 1e-5), slope(lambda moved: layer_norm(moved, 1e-5), x, grad), "the gradient", 1e-4, 1e-6)


def test_norm_rows(sol):
    "treats each row of a square matrix by itself, and heeds eps"
    x, grad = numbers(3, 3), numbers(3, 3, seed=1)
    expect.close(sol.layer_norm_backward(grad, x, 0.5), slope(lambda moved: layer_norm(moved, 0.5), x, grad), "the gradient", 1e-4, 1e-6)


TESTS = {
    'test_tanh_slope': {
        'question': 'q1',
        'name': 'slope',
        'points': 1,
        'hidden': False,
    },
    'test_add_bias': {
        'question': 'q2',
        'name': 'bias',
        'points': 1,
        'hidden': False,
    },
    'test_add_column': {
        'question': 'q2',
        'name': 'column',
        'points': 1,
        'hidden': False,
    },
    'test_matmul_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_matmul_batch': {
        'question': 'q3',
        'name': 'batch',
        'points': 1,
        'hidden': False,
    },
    'test_softmax_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_softmax_rows': {
        'question': 'q4',
        'name': 'rows',
        'points': 1,
        'hidden': False,
    },
    'test_order_shared': {
        'question': 'q5',
        'name': 'shared',
        'points': 1,
        'hidden': False,
    },
    'test_order_short_cut': {
        'question': 'q5',
        'name': 'short-cut',
        'points': 1,
        'hidden': False,
    },
    'test_order_deep': {
        'question': 'q5',
        'name': 'deep',
        'points': 1,
        'hidden': False,
    },
    'test_check_right': {
        'question': 'q6',
        'name': 'right',
        'points': 1,
        'hidden': False,
    },
    'test_check_largest': {
        'question': 'q6',
        'name': 'largest',
        'points': 1,
        'hidden': False,
    },
    'test_check_neighbours': {
        'question': 'q6',
        'name': 'neighbours',
        'points': 1,
        'hidden': False,
    },
    'test_step_by_hand': {
        'question': 'q7',
        'name': 'by-hand',
        'points': 2,
        'hidden': False,
    },
    'test_step_measured': {
        'question': 'q7',
        'name': 'measured',
        'points': 1,
        'hidden': False,
    },
    'test_norm_row': {
        'question': 'q8',
        'name': 'row',
        'points': 1,
        'hidden': False,
    },
    'test_norm_rows': {
        'question': 'q8',
        'name': 'rows',
        'points': 1,
        'hidden': False,
    },
}
