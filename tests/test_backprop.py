import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays, basic_indices, mutually_broadcastable_shapes

from genai_course import backprop
from genai_course.backprop import (
    MLP,
    SGD,
    Linear,
    Tensor,
    accuracy,
    numerical_gradient,
    softmax_cross_entropy,
    topological_order,
    train_step,
)
from genai_course.data import batches, digits

SMOOTH = st.floats(-3, 3, allow_subnormal=False)
SHAPES = array_shapes(min_dims=0, max_dims=3, min_side=1, max_side=4)
BROADCAST = mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=4)


def numbers(shape, elements=SMOOTH): return arrays(np.float64, shape, elements=elements)


def assert_agrees_with_torch(formula, *values):
    "Value and all gradients of `formula`, weighted so that each entry of its result sends a gradient of its own."
    ours, theirs = [Tensor(v) for v in values], [torch.tensor(v, requires_grad=True) for v in values]
    result, expected = formula(*ours), formula(*theirs)
    weights = np.cos(np.arange(expected.numel())).reshape(tuple(expected.shape))
    (result * weights).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    np.testing.assert_allclose(result.data, expected.detach().numpy(), rtol=1e-6, atol=1e-9)
    for our, their in zip(ours, theirs, strict=True):
        assert our.grad.shape == our.shape
        np.testing.assert_allclose(our.grad, their.grad.numpy(), rtol=1e-6, atol=1e-9)


BINARY = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b, "divide": lambda a, b: a / (b * b + 1),
    "reuse": lambda a, b: a * b + a - b * a * b, "constants": lambda a, b: 2 - a * 3 + 1 / (b * b + 2) + (-b) / 4,
}  # fmt: skip


@pytest.mark.parametrize("formula", BINARY.values(), ids=BINARY)
@given(data=st.data())
def test_arithmetic_with_broadcasting(formula, data):
    assert_agrees_with_torch(formula, *[data.draw(numbers(shape)) for shape in data.draw(BROADCAST).input_shapes])


UNARY = {
    "exp": lambda x: x.exp(), "tanh": lambda x: x.tanh(), "log": lambda x: (x * x + 0.5).log(), "relu": lambda x: x.relu(),
    "square": lambda x: x**2, "cube": lambda x: x**3, "root": lambda x: (x * x + 1) ** 0.5, "negate": lambda x: -x,
    "softmax": lambda x: x.exp() / x.exp().sum(), "reshape": lambda x: x.reshape(-1) * 2, "mean": lambda x: x.mean() * x,
}  # fmt: skip


@pytest.mark.parametrize("formula", UNARY.values(), ids=UNARY)
@given(x=SHAPES.flatmap(numbers))
def test_functions_of_one_array(formula, x): assert_agrees_with_torch(formula, x)


@given(st.data())
def test_reductions_over_any_axes(data):
    x = data.draw(array_shapes(min_dims=1, max_dims=4, max_side=4).flatmap(numbers))
    axes = tuple(data.draw(st.sets(st.integers(0, x.ndim - 1), min_size=1)))
    keep = data.draw(st.booleans())
    assert_agrees_with_torch(lambda t: t.sum(axes, keep), x)
    assert_agrees_with_torch(lambda t: t.mean(axes, keep), x)
    assert_agrees_with_torch(lambda t: t.max(axes, keep) if isinstance(t, Tensor) else t.amax(axes, keep), x)


@given(arrays(np.float64, (3, 4), elements=st.sampled_from([0.0, 1.0, 2.0])))
def test_equal_winners_share_the_gradient_of_a_maximum(x):
    assert_agrees_with_torch(lambda t: t.max() if isinstance(t, Tensor) else t.amax(), x)
    assert_agrees_with_torch(lambda t: t.max(1) if isinstance(t, Tensor) else t.amax(1), x)


@given(st.data())
def test_matrix_products_of_batches(data):
    batch = data.draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3)).input_shapes
    n, k, m = [data.draw(st.integers(1, 4)) for _ in range(3)]
    a, b = data.draw(numbers((*batch[0], n, k))), data.draw(numbers((*batch[1], k, m)))
    assert_agrees_with_torch(lambda a, b: a @ b, a, b)


def test_a_matrix_product_of_vectors_is_refused_clearly():
    with pytest.raises(ValueError, match=r"@ needs two dimensions or more, got shapes \(3,\) and \(3, 2\): reshape first"):
        Tensor(np.ones(3)) @ Tensor(np.ones((3, 2)))


@given(st.data())
def test_indexing_with_slices(data):
    x = data.draw(array_shapes(min_dims=1, max_dims=3, max_side=5).flatmap(numbers))
    index = data.draw(basic_indices(x.shape, allow_newaxis=True).filter(lambda i: "-" not in repr(i)))
    assert_agrees_with_torch(lambda t: t[index], x)


@given(numbers((4, 3)), st.lists(st.integers(0, 3), min_size=1, max_size=9))
def test_rows_picked_more_than_once_gather_all_gradient(x, rows): assert_agrees_with_torch(lambda t: t[rows] * t[rows], x)


@given(st.permutations(range(3)))
def test_transposing_back_and_forth(axes):
    x = np.arange(24.0).reshape(2, 3, 4)
    assert_agrees_with_torch(lambda t: t.transpose(*axes) if isinstance(t, Tensor) else t.permute(*axes), x)


@given(SHAPES.flatmap(numbers))
def test_the_judge_agrees_with_torch(x):
    theirs = torch.tensor(x, requires_grad=True)
    (theirs.tanh() * theirs).sum().backward()
    np.testing.assert_allclose(numerical_gradient(lambda v: float((np.tanh(v) * v).sum()), x), theirs.grad.numpy(), atol=1e-6)


@given(numbers((3, 2)), numbers((3, 2)))
def test_finite_differences_agree_too(x, y):
    t = Tensor(x)
    ((t * y).tanh() + t.exp() / (t * t + 1)).sum().backward()
    judged = numerical_gradient(lambda v: float((np.tanh(v * y) + np.exp(v) / (v * v + 1)).sum()), x)
    np.testing.assert_allclose(t.grad, judged, rtol=1e-5, atol=1e-6)


@given(st.data(), st.sampled_from([1.0, 30.0, 1e4, 1e300]))
def test_cross_entropy_at_any_scale(data, scale):
    rows, classes = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 6))
    logits = data.draw(numbers((rows, classes))) * scale
    targets = data.draw(arrays(np.int64, rows, elements=st.integers(0, classes - 1)))
    ours, theirs = Tensor(logits), torch.tensor(logits, requires_grad=True)
    loss, expected = softmax_cross_entropy(ours, targets), torch.nn.functional.cross_entropy(theirs, torch.tensor(targets))
    (loss * 3).backward()
    (expected * 3).backward()
    np.testing.assert_allclose(loss.item(), expected.item(), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=1e-6, atol=1e-9)


@st.composite
def graphs(draw):
    "A random network of sums and products over a few leaves, as a recipe: pairs of earlier nodes."
    size = draw(st.integers(1, 25))
    return [(draw(st.booleans()), draw(st.integers(0, i + 1)), draw(st.integers(0, i + 1))) for i in range(size)]


def follow(recipe, leaves):
    nodes = list(leaves)
    for multiply, i, j in recipe: nodes.append((nodes[i] * nodes[j]).tanh() if multiply else nodes[i] + nodes[j])
    return nodes


@given(graphs())
def test_random_graphs_with_shared_nodes(recipe):
    assert_agrees_with_torch(lambda a, b: sum(follow(recipe, (a, b)), a * b), np.array(0.3), np.array(-0.7))


@given(graphs())
def test_the_order_has_each_node_once_and_after_its_parents(recipe):
    root = follow(recipe, (Tensor(1.0), Tensor(2.0)))[-1]
    order = topological_order(root)
    place = {node: i for i, node in enumerate(order)}
    assert order[-1] is root and len(place) == len(order)
    assert all(place[parent] < place[node] for node in order for parent in node.parents)


@pytest.mark.parametrize("length", [10_000, 100_000])
def test_long_chains_hit_no_recursion_limit(length):
    start = node = Tensor(1.0)
    for _ in range(length): node = node + 1
    node.backward()
    assert start.grad == 1 and node.item() == length + 1


@given(st.integers(1, 4))
def test_gradients_accumulate(times):
    x = Tensor([1.0, 2.0])
    y = (x * x).sum()
    for _ in range(times): y.backward()
    assert (x.grad == times * np.array([2.0, 4.0])).all()


class TestNoSurprisesInPlace:
    def test_a_tensor_keeps_its_own_numbers(self):
        source = np.array([1.0, 2.0])
        x = Tensor(source)
        source[:] = 99
        assert x.data.tolist() == [1, 2]

    @given(SHAPES.flatmap(numbers))
    def test_operations_leave_their_inputs_alone(self, values):
        x = Tensor(values)
        ((x * 2 + x.tanh() - x.exp()).relu().sum() + x.max()).backward()
        assert (x.data == values).all()

    def test_changing_one_gradient_changes_no_other(self):
        a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
        (a + b).sum().backward()
        a.grad *= 0
        assert b.grad.tolist() == [1, 1]

    def test_new_data_between_forward_and_backward_does_not_change_the_gradient(self):
        a, b = Tensor(2.0), Tensor(5.0)
        product = a * b
        b.data = np.array(100.0)
        product.backward()
        assert a.grad == 5

    def test_a_step_leaves_the_old_numbers_to_whoever_holds_them(self):
        p = Tensor([1.0])
        before = p.data
        (p * 3).sum().backward()
        SGD([p], lr=0.1).step()
        assert before.tolist() == [1] and np.allclose(p.data, [0.7])


def test_numpy_leaves_arithmetic_to_the_tensor():
    x = Tensor([1.0, 2.0])
    y = np.array([10.0, 20.0]) * x + np.float64(1) - x
    assert isinstance(y, Tensor)
    y.sum().backward()
    assert x.grad.tolist() == [9, 19]


@pytest.mark.parametrize("given_kind, kept", [(np.float32, np.float32), (np.float64, np.float64), (np.int32, np.float64), (bool, np.float64)])
def test_floating_kinds_are_kept(given_kind, kept):
    x = Tensor(np.ones((2, 2), given_kind))
    y = ((x * 2 + 1) @ x).tanh().mean()
    y.backward()
    assert y.data.dtype == x.grad.dtype == kept


def test_a_name_for_text_is_refused():
    with pytest.raises(ValueError, match="could not convert string to float"): Tensor("three")


@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4))
def test_undoing_a_broadcast_counts_the_repeats(shapes):
    shape, result = shapes.input_shapes[0], shapes.result_shape
    counted = backprop.unbroadcast(np.ones(result), shape)
    assert counted.shape == shape and counted.sum() == np.prod(result)


def torch_twin(network):
    layers = []
    for layer in network.layers:
        twin = torch.nn.Linear(*layer.weight.shape, dtype=torch.float64)
        twin.weight.data, twin.bias.data = torch.tensor(layer.weight.data.T), torch.tensor(layer.bias.data)
        layers += [twin, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def test_training_equals_torch_step_by_step():
    network, scans = MLP([64, 32, 10], seed=3), digits()
    twin, x, y = torch_twin(network), scans.x_train.reshape(-1, 64).astype(np.float64), scans.y_train
    ours, theirs = SGD(network.parameters(), 0.1), torch.optim.SGD(twin.parameters(), 0.1)
    for step, (xs, ys) in zip(range(100), batches(x, y, size=32), strict=False):
        theirs.zero_grad()
        expected = torch.nn.functional.cross_entropy(twin(torch.tensor(xs)), torch.tensor(ys))
        expected.backward()
        theirs.step()
        assert abs(train_step(network, ours, xs, ys) - expected.item()) < 1e-6, step


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_network_reads_handwriting(seed):
    scans, network = digits(seed=seed), MLP([64, 64, 64, 10], seed=seed)
    x, x_test = [part.reshape(len(part), 64) for part in (scans.x_train, scans.x_test)]
    optimizer = SGD(network.parameters(), lr=0.1)
    for _, batch in zip(range(1500), batches(x, scans.y_train, size=64), strict=False): train_step(network, optimizer, *batch)
    assert accuracy(network, x_test, scans.y_test) >= 0.95


def test_the_same_seed_gives_the_same_network():
    one, other = MLP([3, 4, 2], seed=5), MLP([3, 4, 2], seed=5)
    assert all((p.data == q.data).all() for p, q in zip(one.parameters(), other.parameters(), strict=True))


def test_parameters_without_gradient_stay():
    layer = Linear(2, 2, np.random.default_rng(0))
    before = layer.weight.data
    SGD(layer.parameters(), lr=1.0).step()
    assert layer.weight.data is before


@settings(max_examples=20)
@given(st.integers(1, 8), st.lists(st.integers(1, 6), min_size=2, max_size=5))
def test_every_layers_output_has_its_size(rows, sizes):
    outputs = MLP(sizes).activations(np.zeros((rows, sizes[0])))
    assert [o.shape for o in outputs] == [(rows, size) for size in sizes[1:]]


@pytest.mark.parametrize("axes", [(0, -1, 1), (0, 2, -2), (-1, 0, 1), (1, -1, 0), (-1, -2, -3), (2, 0, 1), ()])
def test_gradients_find_back_through_any_order_of_axes(axes):
    x, ours = np.random.default_rng(0).normal(size=(3, 3, 3)), np.arange(27.0).reshape(3, 3, 3)
    one, other = Tensor(x), torch.tensor(x, requires_grad=True)
    (one.transpose(*axes) * ours).sum().backward()
    (other.permute(*axes or (2, 1, 0)) * torch.tensor(ours)).sum().backward()
    assert (one.grad == other.grad.numpy()).all()


def test_matrix_products_take_plain_arrays_on_either_side():
    a, b = np.random.default_rng(0).normal(size=(2, 3)), np.random.default_rng(1).normal(size=(3, 2))
    left, right = Tensor(a), Tensor(b)
    (left @ b).sum().backward()
    (a @ right).sum().backward()
    assert np.allclose(left.grad, np.ones((2, 2)) @ b.T) and np.allclose(right.grad, a.T @ np.ones((2, 2)))


def test_relu_of_what_is_no_finite_number_is_torchs():
    x = np.array([-np.inf, np.inf, np.nan, -0.5, 2.0])
    assert np.array_equal(Tensor(x).relu().data, torch.relu(torch.tensor(x)).numpy(), equal_nan=True)
