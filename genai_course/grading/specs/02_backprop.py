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

EXERCISE = {
    'title': 'Gradients of your own',
    'setup': 'import numpy as np',
    'questions': {
        'q1': {
            'title': 'Find the bug: tanh',
            'names': ['tanh_backward'],
            'answer': '''def tanh_backward(grad, x):
    "The gradient for `x` of y = tanh(x), given the gradient `grad` for y. All three have the same shape."
    y = np.tanh(x)
    return grad * (1 - y**2)''',
            'explanation': r'''The slope of tanh is $1 - \tanh(x)^2$, always between 0 and 1. The faulty rule agrees with it only near $x = 0$ (where $\tanh(x) \approx x$),
which is just where freshly made networks work: such a bug can pass a quick look. Real engines keep the output from the forward pass, so
that the backward pass need not compute it again.''',
            'hints': [
                'At x = 2 the given function says 1 - 4 = -3. A curve that only ever rises cannot have a negative slope, so the fault is in what is squared.',
                'The rule "one minus the square" speaks of the output of tanh. Compute that output from `x` first.',
            ],
            'mistakes': [
                {
                    'message': 'This is the rule as it was given: it squares the input. The slope of tanh is one minus the *output* squared, and the output is `np.tanh(x)`.',
                    'code': '''def tanh_backward(grad, x):
    return grad * (1 - x**2)''',
                },
                {
                    'message': 'The slope itself is right, but it is not multiplied by `grad`, so nothing that comes from above gets through. The chain rule multiplies the two.',
                    'code': '''def tanh_backward(grad, x):
    return 1 - np.tanh(x) ** 2''',
                },
                {
                    'message': 'You found that the output is needed, but it is not squared: at 0 that happens to give the right slope, at 2 it does not.',
                    'code': '''def tanh_backward(grad, x):
    return grad * (1 - np.tanh(x))''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'The way back through a broadcast',
            'names': ['add_backward'],
            'answer': '''def add_backward(grad, a_shape, b_shape):
    "The gradients `(grad_a, grad_b)` of a + b, of shapes `a_shape` and `b_shape`; `grad` has the shape of the sum."
    def undo_broadcast(shape):
        new_axes = grad.ndim - len(shape)
        summed = grad.sum(axis=tuple(range(new_axes)))
        stretched = tuple(axis for axis, size in enumerate(shape) if size == 1)
        return summed.sum(axis=stretched, keepdims=True)

    return undo_broadcast(a_shape), undo_broadcast(b_shape)''',
            'explanation': '''Stretching copies a number to several places; the way back adds up what those places report. That is true of every copy in a network:
a weight used at each time step of a recurrent net, a filter used at each place of a picture, or one prompt read by a thousand heads. "Shared on
the way forward" always means "summed on the way back".''',
            'hints': [
                'The two inputs need the same treatment, so write one small function that brings `grad` back to a given shape, and use it twice.',
                '''First the new axes: as many as `grad.ndim - len(shape)`, all in front. Add them up without keeping them. `grad.sum(axis=(0, 1))` adds up two
axes at once, and `grad.sum(axis=())` none.''',
                'Then every axis where `shape` says 1: add up along it with `keepdims=True`, so that it stays there with size 1.',
            ],
            'mistakes': [
                {
                    'message': 'Both gradients have the shape of the sum. An input that was stretched gets back one number for all the places where it acted: add `grad` up over those places, until it has the shape of that input.',
                    'code': '''def add_backward(grad, a_shape, b_shape):
    return grad, grad''',
                },
                {
                    'message': 'New axes in front are undone, but axes of size 1 are not. A shape of `(2, 1)` was repeated along its last axis too, so add up along it and keep the axis (`keepdims=True`).',
                    'code': '''def add_backward(grad, a_shape, b_shape):
    def front(shape):
        return grad.sum(axis=tuple(range(grad.ndim - len(shape))))

    return front(a_shape), front(b_shape)''',
                },
                {
                    'message': 'You took the mean over the places where an input acted. The chain rule adds paths up; nothing divides them.',
                    'code': '''def add_backward(grad, a_shape, b_shape):
    def undo_broadcast(shape):
        averaged = grad.mean(axis=tuple(range(grad.ndim - len(shape))))
        return averaged.mean(axis=tuple(axis for axis, size in enumerate(shape) if size == 1), keepdims=True)

    return undo_broadcast(a_shape), undo_broadcast(b_shape)''',
                },
                {
                    'message': 'The sums are right, but an axis of size 1 has vanished: a shape of `(2, 1)` must come back as `(2, 1)`, not as `(2,)`. `keepdims=True` keeps it.',
                    'code': '''def add_backward(grad, a_shape, b_shape):
    def undo_broadcast(shape):
        new_axes = grad.ndim - len(shape)
        return grad.sum(axis=tuple(range(new_axes)) + tuple(new_axes + axis for axis, size in enumerate(shape) if size == 1))

    return undo_broadcast(a_shape), undo_broadcast(b_shape)''',
                },
            ],
            'held_out': 2,
        },
        'q3': {
            'title': 'The way back through a matrix product',
            'names': ['matmul_backward'],
            'answer': '''def matmul_backward(grad, a, b):
    "The gradients `(grad_a, grad_b)` of a @ b. Shapes: a (..., n, k), b (..., k, m), grad (..., n, m)."
    return grad @ b.swapaxes(-1, -2), a.swapaxes(-1, -2) @ grad''',
            'explanation': r'''Each output is $\sum_k a_{nk} b_{km}$, so $a_{nk}$ acts on all outputs of row $n$, with strength $b_{km}$ on output $m$; adding up over
$m$ is the product `grad @ bᵀ`. One forward product costs two backward ones of the same size. This is why training costs about three
times as much as running a model on the same text, and why counts of training work say "6 operations per weight and token": 2 forward, 4 backward.''',
            'hints': [
                '`grad` is `(n, m)`, and the gradient for `a` is `(n, k)`. So `m` has to be summed away, and `b` is where the `k` comes from.',
                '`b.T` turns a matrix round. With axes in front, exchange only the last two: `b.swapaxes(-1, -2)`.',
                'The gradient for `a` is `grad @ (b turned round)`. For `b` it is the mirror image: `a` turned round comes first.',
            ],
            'mistakes': [
                {
                    'message': 'Neither matrix is turned round. For square matrices that even runs, with wrong numbers. Write the shapes beside each other: (n, m) and (k, m) only fit together as `grad` times `b` *transposed*.',
                    'code': '''def matmul_backward(grad, a, b):
    return grad @ b, a @ grad''',
                },
                {
                    'message': 'The right matrices are turned round, but they stand on the wrong side of `grad`. Order matters in a matrix product: (n, m) times (m, k) gives (n, k).',
                    'code': '''def matmul_backward(grad, a, b):
    return np.swapaxes(b, -1, -2) @ grad, grad @ np.swapaxes(a, -1, -2)''',
                },
                {
                    'message': 'This is right for single matrices, but `.T` turns *all* axes of a batch round, the batch axis too. Exchange only the last two: `b.swapaxes(-1, -2)`.',
                    'code': '''def matmul_backward(grad, a, b):
    return grad @ b.T, a.T @ grad''',
                },
                {
                    'message': 'Both products are right, but they come back in the wrong order: first the gradient for `a`, then the one for `b`.',
                    'code': '''def matmul_backward(grad, a, b):
    return np.swapaxes(a, -1, -2) @ grad, grad @ np.swapaxes(b, -1, -2)''',
                },
            ],
            'held_out': 2,
        },
        'q4': {
            'title': 'The way back through softmax',
            'names': ['softmax_backward'],
            'answer': '''def softmax_backward(grad, output):
    "The gradient for the scores, given `grad` for the shares `output` (softmax along the last axis). All of one shape."
    average = (grad * output).sum(axis=-1, keepdims=True)
    return output * (grad - average)''',
            'explanation': '''The slopes of softmax form a table: share $i$ by score $j$ is $y_i(1 - y_i)$ on the diagonal and $-y_i y_j$ off it. Multiplying by the
whole table would take $n^2$ numbers per row; the rule does the same in $n$. At a vocabulary of 100,000 words that is the difference between
possible and not. Note also what it says about *certain* models: where one share is nearly 1, the factor $y_i$ or the bracket is nearly 0 for
every score, and hardly any gradient comes through.''',
            'hints': [
                'Start with one row. The sum is `(grad * output).sum()`, a single number. Check your line with (1, 0) and (0.5, 0.5) on paper.',
                'Now many rows: the sum runs along the last axis only, and must stay beside its row. Which argument of `sum` keeps an axis with size 1?',
                '`(grad * output).sum(axis=-1, keepdims=True)` is the average; subtract it from `grad`, and multiply by `output`.',
            ],
            'mistakes': [
                {
                    'message': 'You used only how each share depends on its *own* score, y(1 - y). But a score moves all the shares of its row, and what they are told comes in through the sum.',
                    'code': '''def softmax_backward(grad, output):
    return grad * output * (1 - output)''',
                },
                {
                    'message': 'The weighted average was taken over the whole array at once. Each row is a softmax of its own: take the sum along the last axis (`axis=-1, keepdims=True`).',
                    'code': '''def softmax_backward(grad, output):
    return output * (grad - (grad * output).sum())''',
                },
                {
                    'message': 'The bracket is right, but the factor in front of it is missing: each score acts in proportion to its own share, `output * (...)`.',
                    'code': '''def softmax_backward(grad, output):
    return grad - (grad * output).sum(axis=-1, keepdims=True)''',
                },
                {
                    'message': "The sums of the rows lost their axis, so numpy laid them along the columns: row 2's average was taken from column 2. `keepdims=True` keeps each average beside its row.",
                    'code': '''def softmax_backward(grad, output):
    return output * (grad - (grad * output).sum(axis=-1))''',
                },
            ],
            'held_out': 2,
        },
        'q5': {
            'title': 'Who goes first?',
            'names': ['topological_order'],
            'answer': '''def topological_order(root, parents):
    "All nodes that `root` depends on, as a list: every node once and after all its parents, `root` last. `parents`: node -> its parents."
    order, entered, stack = [], set(), [(root, False)]
    while stack:
        node, parents_are_done = stack.pop()
        if parents_are_done:
            order.append(node)
        elif node not in entered:
            entered.add(node)
            stack.append((node, True))
            stack.extend((parent, False) for parent in parents.get(node, []))
    return order''',
            'explanation': r'''The stack does by hand what nested function calls do by themselves: `(node, True)` is the note "when I come back here, the parents are done".
Each node is entered once and each arrow followed once, so the time grows with the size of the graph and not with the number of ways
through it, of which a ladder of 60 rungs has about $6 \cdot 10^{17}$. That is the whole secret of "back" in backpropagation: sums that share parts are computed once.''',
            'hints': [
                'A node can be added to the list when all its parents are there. So each node is met twice: once to ask for its parents, once to be added.',
                'Keep a stack (a list with `append` and `pop`) of pairs: a node, and whether its parents have been dealt with. Begin with `(root, False)`.',
                '''Popping `(node, False)`: if it is new, put `(node, True)` back, then `(parent, False)` for each parent, which will be popped first.
Popping `(node, True)`: add it to the list.''',
            ],
            'mistakes': [
                {
                    'message': 'A node that is used twice stands in the list twice, so its gradient would be handed on twice. Remember in a `set` which nodes you have been to.',
                    'code': '''def topological_order(root, parents):
    order, stack = [], [(root, False)]
    while stack:
        node, parents_are_done = stack.pop()
        if parents_are_done: order.append(node)
        else: stack += [(node, True), *[(parent, False) for parent in parents.get(node, [])]]
    return order''',
                },
                {
                    'message': 'The order is right, but your function calls itself once for each node on the way, and Python stops that at about a thousand. Keep your own list of what is still to be done instead.',
                    'code': '''def topological_order(root, parents):
    order, seen = [], set()

    def visit(node):
        if node in seen: return
        seen.add(node)
        for parent in reversed(parents.get(node, [])): visit(parent)
        order.append(node)

    visit(root)
    return order''',
                },
                {
                    'message': 'The row is the wrong way round: here the root comes first and parents after what was made from them. Turn it over.',
                    'code': '''def topological_order(root, parents):
    order, entered, stack = [], set(), [(root, False)]
    while stack:
        node, parents_are_done = stack.pop()
        if parents_are_done: order.append(node)
        elif node not in entered:
            entered.add(node)
            stack += [(node, True), *[(parent, False) for parent in parents.get(node, [])]]
    return order[::-1]''',
                },
                {
                    'message': 'You sort by how far a node is from the root, and a node with a short cut to the root then comes too late: it must wait for its *longest* way. Add a node to the list only when all its parents are in it.',
                    'code': '''def topological_order(root, parents):
    order, seen = [root], {root}
    for node in order:
        for parent in parents.get(node, []):
            if parent not in seen:
                seen.add(parent)
                order.append(parent)
    return order[::-1]''',
                },
                {
                    'message': 'A node that has the same parent twice, as x times x, waits for it twice, and it reports only once. Count *different* parents.',
                    'code': '''def topological_order(root, parents):
    needed, waiting = {root}, [root]
    for node in waiting:
        for parent in parents.get(node, []):
            if parent not in needed:
                needed.add(parent)
                waiting.append(parent)
    children = {node: set() for node in needed}
    for node in needed:
        for parent in parents.get(node, []): children[parent].add(node)
    missing = {node: len(parents.get(node, [])) for node in needed}
    ready = [node for node in needed if not missing[node]]
    for node in ready:
        for child in children[node]:
            missing[child] -= 1
            if not missing[child]: ready.append(child)
    return ready''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'A judge for gradients',
            'names': ['gradient_check'],
            'answer': '''def gradient_check(f, gradient, x, step=1e-5):
    "The largest relative error of the claimed `gradient` of `f` at `x`, over all numbers of `x`; measured by nudging each both ways by `step`."
    largest = 0.0
    for place in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[place] = step
        measured = (f(x + nudge) - f(x - nudge)) / (2 * step)
        claimed = gradient[place]
        error = abs(claimed - measured) / max(1.0, abs(claimed), abs(measured))
        largest = max(largest, error)
    return largest''',
            'explanation': '''The error of a one-sided nudge comes almost wholly from the curve's bend, and grows with the step; nudging both ways, the bends cancel. A step that is too small is
bad too: then the difference of two nearly equal numbers is all rounding. The judge is slow (two calls of `f` for each number; for a model with a
billion weights, two billion runs) where backpropagation needs one run back for all of them. That ratio is why backpropagation made large
networks possible, and why the judge is kept for tests, on small arrays.''',
            'hints': [
                '`for place in np.ndindex(x.shape)` visits every place of an array of any shape; `x[place]` is the number there.',
                'An array of zeros with `step` at one place is a good nudge: `x + nudge` and `x - nudge` are new arrays, and `x` is left alone.',
                'For each place: measure, compare by the formula, and keep the error if it is larger than the largest so far.',
            ],
            'mistakes': [
                {
                    'message': 'The nudge goes one way only. Then even a right gradient of x squared seems off, by the size of the step. Nudge up *and* down, and divide by twice the step.',
                    'code': '''def gradient_check(f, gradient, x, step=1e-5):
    errors = []
    for place in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[place] = step
        measured = (f(x + nudge) - f(x)) / step
        errors.append(abs(gradient[place] - measured) / max(1.0, abs(gradient[place]), abs(measured)))
    return max(errors)''',
                },
                {
                    'message': 'You nudge both ways, so the two outputs lie *two* steps apart, but you divide by one: every slope comes out twice as steep.',
                    'code': '''def gradient_check(f, gradient, x, step=1e-5):
    errors = []
    for place in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[place] = step
        measured = (f(x + nudge) - f(x - nudge)) / step
        errors.append(abs(gradient[place] - measured) / max(1.0, abs(gradient[place]), abs(measured)))
    return max(errors)''',
                },
                {
                    'message': 'The sign of the error is kept, so a claim that is too small gives a negative error, and the largest of them hides it. Take `abs`.',
                    'code': '''def gradient_check(f, gradient, x, step=1e-5):
    errors = []
    for place in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[place] = step
        measured = (f(x + nudge) - f(x - nudge)) / (2 * step)
        errors.append((gradient[place] - measured) / max(1.0, abs(gradient[place]), abs(measured)))
    return max(errors)''',
                },
                {
                    'message': 'You return the average error. One wrong number among a million would vanish in it; the question asks for the largest.',
                    'code': '''def gradient_check(f, gradient, x, step=1e-5):
    errors = []
    for place in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[place] = step
        measured = (f(x + nudge) - f(x - nudge)) / (2 * step)
        errors.append(abs(gradient[place] - measured) / max(1.0, abs(gradient[place]), abs(measured)))
    return sum(errors) / len(errors)''',
                },
                {
                    'message': 'All numbers are nudged at once, so what you measure is the sum of all slopes. Nudge one number, measure, and let the others rest.',
                    'code': '''def gradient_check(f, gradient, x, step=1e-5):
    measured = np.full_like(x, (f(x + step) - f(x - step)) / (2 * step))
    scale = np.maximum(1.0, np.maximum(np.abs(gradient), np.abs(measured)))
    return float(np.max(np.abs(gradient - measured) / scale))''',
                },
                {
                    'message': 'The 1 is missing below the line. For slopes near 0 the error then looks large, though the slope is off by next to nothing.',
                    'code': '''def gradient_check(f, gradient, x, step=1e-5):
    errors = []
    for place in np.ndindex(x.shape):
        nudge = np.zeros_like(x)
        nudge[place] = step
        measured = (f(x + nudge) - f(x - nudge)) / (2 * step)
        errors.append(abs(gradient[place] - measured) / max(1e-12, abs(gradient[place]), abs(measured)))
    return max(errors)''',
                },
                {
                    'message': '`x` does not come back as it was: each number stays nudged while the next is measured, so later slopes are taken at another place. Nudge a copy.',
                    'code': '''def gradient_check(f, gradient, x, step=1e-5):
    errors = []
    for place in np.ndindex(x.shape):
        x[place] += step
        above = f(x)
        x[place] -= 2 * step
        measured = (above - f(x)) / (2 * step)
        errors.append(abs(gradient[place] - measured) / max(1.0, abs(gradient[place]), abs(measured)))
    return max(errors)''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'One step of learning',
            'names': ['train_step'],
            'answer': '''def train_step(w, b, x, y, learning_rate):
    "`(new_w, new_b, loss)` after one step of gradient descent on the mean squared error of x @ w + b; the loss is the one before the step."
    error = x @ w + b - y
    loss = np.mean(error**2)
    grad_w = 2 * x.T @ error / len(y)
    grad_b = 2 * np.mean(error)
    return w - learning_rate * grad_w, b - learning_rate * grad_b, loss''',
            'explanation': '''This is the whole of training: a model with a hundred billion weights differs in the size of the forward line, and in better
kinds of steps. Making new arrays instead of writing into old ones costs memory, which is why real optimizers do write in
place, with care; a function that does so in silence changes the past of whoever called it.''',
            'hints': [
                'Compute `error = x @ w + b - y` once; the loss and both gradients are made of it.',
                'From question 3: the gradient for `w` in `x @ w` is `x` turned round times what comes from above, and what comes from above is `2 * error / n`.',
                '`b` was stretched over all examples (question 2), so its gradient is the sum of what comes from above.',
            ],
            'mistakes': [
                {
                    'message': 'The step goes uphill: a gradient points to where the loss *grows*, so it is subtracted.',
                    'code': '''def train_step(w, b, x, y, learning_rate):
    error = x @ w + b - y
    return w + learning_rate * 2 * x.T @ error / len(y), b + learning_rate * 2 * np.mean(error), np.mean(error**2)''',
                },
                {
                    'message': 'The loss is a mean, but the gradients are sums: with 1,000 examples the step would be 1,000 times too long. Divide by how many there are.',
                    'code': '''def train_step(w, b, x, y, learning_rate):
    error = x @ w + b - y
    return w - learning_rate * 2 * x.T @ error, b - learning_rate * 2 * np.sum(error), np.mean(error**2)''',
                },
                {
                    'message': 'The factor 2 is missing from the gradients: the slope of the square of e is 2e.',
                    'code': '''def train_step(w, b, x, y, learning_rate):
    error = x @ w + b - y
    return w - learning_rate * x.T @ error / len(y), b - learning_rate * np.mean(error), np.mean(error**2)''',
                },
                {
                    'message': 'The numbers are right, but `w -= ...` writes into the array that the caller gave you. `w - ...` makes a new one.',
                    'code': '''def train_step(w, b, x, y, learning_rate):
    error = x @ w + b - y
    w -= learning_rate * 2 * x.T @ error / len(y)
    b -= learning_rate * 2 * np.mean(error)
    return w, b, np.mean(error**2)''',
                },
                {
                    'message': '`b` was moved with an error computed from the *new* `w`. Both gradients belong to the same point: compute both, then move both.',
                    'code': '''def train_step(w, b, x, y, learning_rate):
    error = x @ w + b - y
    new_w = w - learning_rate * 2 * x.T @ error / len(y)
    return new_w, b - learning_rate * 2 * np.mean(x @ new_w + b - y), np.mean(error**2)''',
                },
                {
                    'message': 'The gradient for `w` became a single number. Each weight has its own: take the mean over the examples only (`axis=0`).',
                    'code': '''def train_step(w, b, x, y, learning_rate):
    error = x @ w + b - y
    return w - learning_rate * 2 * np.mean(error[:, None] * x), b - learning_rate * 2 * np.mean(error), np.mean(error**2)''',
                },
                {
                    'message': 'The loss was computed after the step. The question asks for the one before it, which belongs to the gradients you used.',
                    'code': '''def train_step(w, b, x, y, learning_rate):
    error = x @ w + b - y
    new_w, new_b = w - learning_rate * 2 * x.T @ error / len(y), b - learning_rate * 2 * np.mean(error)
    return new_w, new_b, np.mean((x @ new_w + new_b - y) ** 2)''',
                },
            ],
            'held_out': 1,
        },
        'q8': {
            'title': 'A stretch: layer normalisation',
            'names': ['layer_norm_backward'],
            'answer': '''def layer_norm_backward(grad, x, eps=1e-5):
    "The gradient for `x` of y = (x - mean) / sqrt(variance + eps), along the last axis; `grad` is the gradient for y. All of one shape."
    spread = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    y = (x - x.mean(axis=-1, keepdims=True)) / spread
    through_mean = grad.mean(axis=-1, keepdims=True)
    through_spread = y * (grad * y).mean(axis=-1, keepdims=True)
    return (grad - through_mean - through_spread) / spread''',
            'explanation': r'''Geometrically: normalising throws away two things about a row, where it lies and how long it is, so the loss cannot depend on either. The
gradient therefore has no part along $(1, 1, \dots, 1)$ (subtract the mean of $g$) and, but for `eps`, none along $y$ (subtract its projection). What
"throws information away" on the way forward "projects it out" on the way back; softmax, blind to a common shift, did the same in question 4.''',
            'hints': [
                'Compute `spread` and `y` first, just as on the way forward; every mean in the formula is along the last axis.',
                'Each of the means needs `keepdims=True`, so that it stays beside its row.',
                'The three parts are `grad`, `grad.mean(axis=-1, keepdims=True)`, and `y` times the mean of `grad * y`. The difference is divided by `spread`.',
            ],
            'mistakes': [
                {
                    'message': 'Mean and spread were taken for constants. They are made of `x` as well, so two paths are missing.',
                    'code': '''def layer_norm_backward(grad, x, eps=1e-5):
    return grad / np.sqrt(x.var(axis=-1, keepdims=True) + eps)''',
                },
                {
                    'message': 'The path through the spread is missing: moving one number of a row also changes how widely the row is spread, and so all of `y`.',
                    'code': '''def layer_norm_backward(grad, x, eps=1e-5):
    return (grad - grad.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + eps)''',
                },
                {
                    'message': 'The path through the mean is missing: moving one number of a row shifts the mean, and so all of `y`. A sign of it: the gradient of a row does not add up to 0.',
                    'code': '''def layer_norm_backward(grad, x, eps=1e-5):
    spread = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    y = (x - x.mean(axis=-1, keepdims=True)) / spread
    return (grad - y * (grad * y).mean(axis=-1, keepdims=True)) / spread''',
                },
                {
                    'message': 'One row is right, but with several rows mean and spread were taken over all of them together. Use `axis=-1, keepdims=True`, everywhere.',
                    'code': '''def layer_norm_backward(grad, x, eps=1e-5):
    spread = np.sqrt(x.var() + eps)
    y = (x - x.mean()) / spread
    return (grad - grad.mean() - y * (grad * y).mean()) / spread''',
                },
            ],
            'held_out': 1,
        },
    },
}
