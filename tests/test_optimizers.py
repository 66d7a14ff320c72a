"""Optimizers: held to torch's step by step, to the laws that they are meant to obey, and to exact linear algebra."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from genai_course.backprop import MLP, SGD, Tensor, train_step
from genai_course.optimizers import Adam, AdamW, Descent, Momentum, Muon, RMSProp, cosine, orthogonalised, running_mean, warm_up

SHARE, LONG, EPS = st.floats(0.0, 0.99), st.floats(0.9, 0.9999), st.floats(1e-10, 1e-3)
METHODS = {  # ours; torch's; which of our options is torch's weight_decay; our other options
    "descent": (Descent, torch.optim.SGD, "penalty", {}),
    "momentum": (Momentum, torch.optim.SGD, "penalty", {"momentum": SHARE}),
    "rmsprop": (RMSProp, torch.optim.RMSprop, "penalty", {"beta2": LONG, "eps": EPS}),
    "adam": (Adam, torch.optim.Adam, "penalty", {"beta1": SHARE, "beta2": LONG, "eps": EPS}),
    "adamw": (AdamW, torch.optim.AdamW, "decay", {"beta1": SHARE, "beta2": LONG, "eps": EPS}),
}
CLASSES = [Descent, Momentum, RMSProp, Adam, AdamW, Muon]


def in_torchs_words(options, weight_decay):
    "Our options of a group, named as torch names them; without the rate."
    words = {"weight_decay": options.get(weight_decay, 0.0)}
    if "momentum" in options: words["momentum"] = options["momentum"]
    if "eps" in options: words["eps"] = options["eps"]
    if "beta1" in options: words["betas"] = (options["beta1"], options["beta2"])
    elif "beta2" in options: words["alpha"] = options["beta2"]
    return words


@st.composite
def group_options(draw, weight_decay, own):
    "The options of one group: its scale, its weight decay, and those that the method has of its own."
    return {"scale": draw(st.floats(0.01, 1)), weight_decay: draw(st.floats(0, 0.5)), **{name: draw(values) for name, values in own.items()}}


@pytest.mark.parametrize("name", METHODS)
@settings(max_examples=settings().max_examples // 16)  # each takes a thousand steps
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_a_thousand_random_steps_equal_torchs(name, data, seed):
    ours, theirs, weight_decay, own = METHODS[name]
    groups = data.draw(st.lists(group_options(weight_decay, own), min_size=1, max_size=3))
    shapes = [data.draw(st.lists(array_shapes(min_dims=0, max_dims=3, max_side=3), min_size=1, max_size=2)) for _ in groups]
    rng = np.random.default_rng(seed)
    p = [[Tensor(rng.normal(size=shape)) for shape in part] for part in shapes]
    q = [[torch.tensor(one.data, requires_grad=True) for one in part] for part in p]
    mine = ours([{"parameters": part, **options} for part, options in zip(p, groups, strict=True)], lr=0.1)
    other = theirs([{"params": part, **in_torchs_words(options, weight_decay)} for part, options in zip(q, groups, strict=True)], lr=0.1)
    for step, rate in enumerate(10 ** rng.uniform(-4, -1, 1000)):
        mine.lr = float(rate)
        for group, options in zip(other.param_groups, groups, strict=True): group["lr"] = rate * options["scale"]
        for one, twin in zip(sum(p, []), sum(q, []), strict=True):
            kept = rng.random() < 0.9  # now and then a parameter has no gradient
            one.grad = np.asarray(rng.normal(size=one.shape) * 10 ** rng.uniform(-3, 1)) if kept else None
            twin.grad = torch.tensor(one.grad) if kept else None
        mine.step()
        other.step()
        ours_now = np.concatenate([np.ravel(one.data) for part in p for one in part])
        theirs_now = np.concatenate([twin.detach().numpy().ravel() for part in q for twin in part])
        assert np.allclose(ours_now, theirs_now, rtol=1e-6, atol=1e-6), f"step {step}"


@pytest.mark.parametrize("method", CLASSES)
def test_the_same_class_moves_torchs_parameters(method):
    network = MLP([3, 4, 2])
    twins = [torch.tensor(p.data, requires_grad=True) for p in network.parameters()]
    mine, theirs, rng = method(network.parameters(), 0.05), method(twins, 0.05), np.random.default_rng(0)
    for _ in range(20):
        for p, twin in zip(network.parameters(), twins, strict=True):
            p.grad = rng.normal(size=p.shape)
            twin.grad = torch.tensor(p.grad)
        mine.step()
        theirs.step()
    for p, twin in zip(network.parameters(), twins, strict=True): np.testing.assert_allclose(p.data, twin.detach().numpy(), rtol=1e-9)


# ---- laws

@given(arrays(np.float64, 4, elements=st.floats(-3, 3)), st.floats(0.001, 1))
def test_descent_is_lesson_twos_sgd(grad, lr):
    p, q = Tensor(np.ones(4)), Tensor(np.ones(4))
    p.grad = q.grad = grad
    Descent([p], lr).step()
    SGD([q], lr).step()
    assert (p.data == q.data).all()


@given(arrays(np.float64, 5, elements=st.floats(1e-3, 1e3)), arrays(np.float64, 5, elements=st.sampled_from([-1.0, 1.0])), st.floats(1e-4, 1))
def test_adams_first_step_is_the_rate_for_every_parameter(size, sign, lr):
    p = Tensor(np.zeros(5))
    p.grad = size * sign
    Adam([p], lr).step()
    np.testing.assert_allclose(p.data, -lr * sign, rtol=1e-4)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.floats(0, 0.99))
def test_a_running_mean_is_the_weighted_sum_of_what_it_saw(values, keep):
    memory = {}
    for value in values: found = running_mean(memory, "mean", value, keep)
    ages = np.arange(len(values))[::-1]
    assert found == memory["mean"] == pytest.approx(np.sum((1 - keep) * keep**ages * values))


@given(st.floats(0, 0.99), st.floats(0, 0.99), st.integers(1, 60))
def test_corrected_means_of_a_constant_are_that_constant(beta1, beta2, steps):
    memory = {}
    for _ in range(steps): direction = Adam.direction(None, np.array(3.0), memory, beta1, beta2, eps=0.0)
    assert direction == pytest.approx(1.0)


@pytest.mark.parametrize(("method", "same"), [(RMSProp, True), (Adam, True), (Descent, False), (Momentum, False)])
def test_who_notices_the_size_of_the_loss(method, same):
    ends = []
    for factor in (1.0, 1000.0):
        p, rng = Tensor(np.ones(3)), np.random.default_rng(0)
        optimizer = method([p], 0.01)
        for _ in range(30):
            p.grad = factor * rng.normal(size=3)
            optimizer.step()
        ends.append(p.data)
    assert np.allclose(*ends, rtol=1e-4) == same


def test_decay_shrinks_all_alike_and_a_penalty_in_adam_does_not():
    ends = {}
    for option in ("decay", "penalty"):
        p, rng = Tensor(np.ones(2000)), np.random.default_rng(0)
        optimizer = Adam([p], 0.001, **{option: 0.5})
        for _ in range(500):
            p.grad = rng.normal(size=2000) * np.repeat([100.0, 0.1], 1000)
            optimizer.step()
        ends[option] = p.data.reshape(2, 1000).mean(1)
    assert ends["decay"] == pytest.approx([0.9995**500] * 2, abs=0.02)
    assert ends["penalty"][0] > 0.95 and ends["penalty"][1] < 0.7


# ---- what a step touches

@pytest.mark.parametrize("method", CLASSES)
def test_a_step_leaves_old_arrays_and_parameters_without_gradient_alone(method):
    p, idle = Tensor(np.ones((2, 2))), Tensor(np.ones((2, 2)))
    optimizer, before, still = method([p, idle], 0.1), p.data, idle.data
    p.grad = grad = np.full((2, 2), 2.0)
    optimizer.step()
    assert (before == 1).all() and (grad == 2).all() and (p.data != 1).any() and idle.data is still
    optimizer.zero_grad()
    assert p.grad is None


@pytest.mark.parametrize("method", CLASSES)
def test_floats_stay_as_small_as_they_were(method):
    p = Tensor(np.ones((2, 3), np.float32))
    optimizer = method([p], 0.1, decay=0.1)
    for _ in range(3):
        p.grad = np.ones((2, 3), np.float32)
        optimizer.lr = 0.1 * warm_up(0, 10) * cosine(3, 10)
        optimizer.step()
    assert p.data.dtype == np.float32


@pytest.mark.parametrize("method", CLASSES)
def test_every_method_learns_a_small_task(method):
    x, y = np.random.default_rng(0).normal(size=(200, 2)), np.arange(200) % 2
    x[:, 0] += np.where(y, 2.5, -2.5)
    network = MLP([2, 8, 2])
    optimizer = method(network.parameters(), 0.05)
    losses = [train_step(network, optimizer, x, y) for _ in range(200)]
    assert losses[-1] < losses[0] / 3


@pytest.mark.parametrize(("make", "message"), [
    (lambda p: Adam([], 0.1), "got no parameters"),
    (lambda p: Adam([{"parameters": [p]}, {"parameters": [p]}], 0.1), "listed twice"),
    (lambda p: Adam([p], 0.1, momentum=0.9), "Adam has no option 'momentum'; it has scale, penalty, decay, beta1, beta2, eps"),
    (lambda p: Momentum([{"parameters": [p], "lr": 0.1}], 0.1), "Momentum has no option 'lr'; it has scale"),
])  # fmt: skip
def test_bad_groups_get_one_clear_line(make, message):
    with pytest.raises(ValueError, match=message): make(Tensor(1.0))


# ---- schedules

def torch_rates(make, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return rates


@given(st.integers(2, 50))
def test_warm_up_is_torchs_linear(steps):
    expected = torch_rates(lambda o: torch.optim.lr_scheduler.LinearLR(o, 1 / steps, total_iters=steps - 1), 2 * steps)
    assert [warm_up(i, steps) for i in range(2 * steps)] == pytest.approx(expected)


@given(st.integers(1, 50), st.floats(0, 1))
def test_cosine_is_torchs_and_stays_at_its_end(steps, least):
    expected = torch_rates(lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, steps, eta_min=least), steps)
    assert [cosine(i, steps, least) for i in range(steps)] == pytest.approx(expected)
    assert cosine(steps, steps, least) == cosine(3 * steps, steps, least) == pytest.approx(least)


def test_no_warm_up_is_full_rate_at_once(): assert warm_up(0, 0) == warm_up(0, 1) == 1


# ---- Muon

@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1), st.integers(0, 6))
def test_newton_schulz_is_its_polynomial_on_the_singular_values(rows, columns, seed, rounds):
    matrix = np.random.default_rng(seed).normal(size=(rows, columns))
    u, strengths, v = np.linalg.svd(matrix, full_matrices=False)
    strengths /= np.sqrt((strengths**2).sum())
    for _ in range(rounds): strengths = 3.4445 * strengths - 4.775 * strengths**3 + 2.0315 * strengths**5
    np.testing.assert_allclose(orthogonalised(matrix, rounds), u * strengths @ v, atol=1e-5)


@given(st.integers(2, 20), st.integers(2, 20), st.integers(0, 2**32 - 1))
def test_strengths_come_near_one(rows, columns, seed):
    matrix = np.random.default_rng(seed).normal(size=(rows, columns))
    before = np.linalg.svd(matrix, compute_uv=False)
    after = np.linalg.svd(orthogonalised(matrix), compute_uv=False)
    assert after.max() < 1.21
    if before.min() > np.linalg.norm(matrix) / 500: assert after.min() > 0.68


def test_muon_is_torchs_but_for_its_sixteen_bits():
    rng, lr = np.random.default_rng(0), 0.01
    p = Tensor(rng.normal(size=(6, 4)))
    q = torch.tensor(p.data, requires_grad=True)
    mine, theirs = Muon([p], lr, decay=0.1), torch.optim.Muon([q], lr, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for _ in range(50):
        p.grad = rng.normal(size=(6, 4))
        q.grad = torch.tensor(p.grad)
        before, twin_before = p.data, q.detach().clone().numpy()
        mine.step()
        theirs.step()
        moved, twin_moved = p.data - before, q.detach().numpy() - twin_before
        assert np.abs(moved - twin_moved).max() < 0.05 * lr  # torch orthogonalises in bfloat16


def test_muon_leaves_what_is_no_matrix_to_adam():
    bias, twin, rng = Tensor(np.zeros(5)), Tensor(np.zeros(5)), np.random.default_rng(0)
    muon, adam = Muon([bias], 0.01, beta1=0.5), Adam([twin], 0.01, beta1=0.5)
    for _ in range(10):
        bias.grad = twin.grad = rng.normal(size=5)
        muon.step()
        adam.step()
    assert (bias.data == twin.data).all()


def test_muon_leaves_matrices_to_adam_where_a_group_says_so():
    matrix, twin, rng = Tensor(np.zeros((3, 4))), Tensor(np.zeros((3, 4))), np.random.default_rng(0)
    muon, adam = Muon([{"parameters": [matrix], "orthogonal": False}], 0.01, beta2=0.95), Adam([twin], 0.01, beta2=0.95)
    for _ in range(10):
        matrix.grad = twin.grad = rng.normal(size=(3, 4))
        muon.step()
        adam.step()
    assert (matrix.data == twin.data).all() and matrix.data.any()


# ---- going on


@pytest.mark.parametrize("method", CLASSES)
def test_a_method_goes_on_from_its_state_as_if_it_had_never_stopped(method):
    rng = np.random.default_rng(0)
    start, gradients = rng.normal(size=(2, 3)), rng.normal(size=(9, 2, 3))
    whole, first, second = Tensor(start), Tensor(start), Tensor(start)
    through, before, after = method([whole], 0.05), method([first], 0.05), method([second], 0.01)
    for grad in gradients: _step(through, whole, grad)
    for grad in gradients[:4]: _step(before, first, grad)
    second.data = first.data
    after.load_state_dict(copy.deepcopy(before.state_dict()))
    for grad in gradients[4:]: _step(after, second, grad)
    assert (second.data == whole.data).all() and after.lr == 0.05


def test_a_state_of_other_parameters_is_refused():
    one, two = Adam([Tensor(np.zeros(2))], 0.1), Adam([Tensor(np.zeros(2)), Tensor(np.zeros(2))], 0.3)
    for p in one.memory: _step(one, p, np.ones(2))
    with pytest.raises(ValueError, match="state of 1 parameters, and there are 2"): two.load_state_dict(one.state_dict())
    assert two.lr == 0.3 and not any(two.memory.values())


def test_a_state_is_of_its_moment_and_takes_the_place_of_all_that_was():
    p = Tensor(np.zeros(2))
    optimizer = Adam([p], 0.1)
    fresh = optimizer.state_dict()
    _step(optimizer, p, np.ones(2))
    one_step = optimizer.state_dict()
    _step(optimizer, p, np.ones(2))
    assert one_step["state"][0]["steps"] == 1
    optimizer.load_state_dict(fresh)
    assert optimizer.memory[p] == {}


def test_a_state_goes_where_its_parameter_is():
    p = torch.nn.Parameter(torch.zeros(2, device="meta"))
    optimizer = Adam([p], 0.1)
    optimizer.load_state_dict({"lr": 0.1, "state": [{"steps": 1, "mean": torch.ones(2), "square": torch.ones(2)}]})
    _step(optimizer, p, torch.ones(2, device="meta"))
    assert optimizer.memory[p]["mean"].device.type == "meta" and optimizer.memory[p]["steps"] == 2


def _step(optimizer, parameter, grad):
    parameter.grad = grad
    optimizer.step()
