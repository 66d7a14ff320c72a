"""The judge: its marks are measured anew, its measures compared with scipy, scikit-learn, plain loops, and Gaussians of which the answer is known."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from sklearn.metrics import confusion_matrix
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import NearestNeighbors

from genai_course import judge as j
from genai_course.checkpoint import WEIGHTS, CheckpointError, read_card, save_weights
from genai_course.menagerie import ALL_PAIRS, ATTRIBUTES, HELD_OUT_PAIRS, drawn_batch
from genai_course.training import as_tensors, take_turn

JUDGES = ["judge", "judge.second"]
fresh = pytest.fixture(scope="module")(lambda: drawn_batch(1500, j.EXAM, 99, ALL_PAIRS))


@pytest.fixture(scope="module", params=JUDGES)
def model(request): return j.load_judge(request.param)


def test_a_judge_reads_fresh_pictures_and_those_that_generators_never_saw(model, fresh):
    held_out = drawn_batch(500, j.EXAM, 98, HELD_OUT_PAIRS)
    for batch, least in [(fresh, 0.99), (held_out, 0.98)]: assert j.shares_seen(batch.labels, j.judged(model, batch.images))["all"] >= least


@pytest.mark.parametrize("name", JUDGES)
def test_a_card_says_where_the_weights_come_from(name):
    card, recipe = read_card(WEIGHTS / f"{name}.safetensors"), j.RECIPES[name]
    assert card["recipe"] == name and card["settings"] == recipe.settings and card["steps"] == recipe.steps and card["seconds"] > 0
    assert j.load_judge(name).say.weight.dtype == torch.float32 and card["val_loss"] == pytest.approx(j.exam_loss(j.load_judge(name), next(as_tensors(j.pictures(500, j.EXAM)))), abs=0.005)
    assert (WEIGHTS / f"{name}.safetensors").stat().st_size <= 700_000


def test_the_judges_are_of_two_kinds_and_of_two_seeds():
    first, second = (read_card(WEIGHTS / f"{name}.safetensors") for name in JUDGES)
    assert first["kind"] != second["kind"] and first["seed"] != second["seed"]


def test_what_is_judged_does_not_depend_on_company(model, fresh):
    few = fresh.images[:20]
    assert (j.judged(model, few) == np.concatenate([j.judged(model, image[None]) for image in few])).all()
    assert np.allclose(j.features(model, few), np.concatenate([j.features(model, torch.tensor(image[None])) for image in few]), atol=1e-4)
    assert j.features(model, few).shape == (20, 64) and j.judged(model, few).dtype == np.int64


def test_weights_of_another_kind_are_one_line(tmp_path):
    with pytest.raises(CheckpointError, match="there is no file") as error: j.load_judge(path=tmp_path / "none")
    assert "\n" not in str(error.value)
    save_weights(tmp_path / "other.safetensors", torch.nn.Linear(1, 1), {"recipe": "another"})
    with pytest.raises(CheckpointError, match="holds no judge") as error: j.load_judge(path=tmp_path / "other.safetensors")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", JUDGES)
def test_a_recipe_learns_and_the_same_batches_come_again(name):
    recipe = j.RECIPES[name]
    task = recipe.make(seed=3, device="cpu", **recipe.settings | {"size": 8, "steps": 12})
    before = task.val_loss()
    for i, batch in zip(range(12), task.batches(0), strict=False):
        if i == 5: sixth = batch
        take_turn(task.turns[0], batch)
    assert task.val_loss() < before and task.turns[0].opt.param_groups[0]["lr"] == pytest.approx(recipe.settings["lr"] / 12)
    again = next(iter(task.batches(5)))
    assert torch.equal(again[0], sixth[0]) and torch.equal(again[1], sixth[1])


def test_shares_and_confusion_are_scikit_learns():
    rng = np.random.default_rng(0)
    truth, seen = (np.stack([rng.integers(len(words), size=300) for words in ATTRIBUTES.values()], 1) for _ in range(2))
    shares = j.shares_seen(truth, seen)
    for i, (attribute, words) in enumerate(ATTRIBUTES.items()):
        expected = confusion_matrix(truth[:, i], seen[:, i], labels=range(len(words)))
        assert (j.confusion(truth, seen, attribute) == expected).all() and shares[attribute] == pytest.approx(np.trace(expected) / 300)
    assert shares["all"] == sum((a == b).all() for a, b in zip(truth, seen, strict=True)) / 300


def clouds(seed, F=4, n=60, m=50):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, F)) @ rng.normal(size=(F, F)), rng.normal(size=(m, F)) @ rng.normal(size=(F, F)) + rng.normal(size=F)


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_frechet_distance_is_the_formula_with_scipys_root(seed, F):
    a, b = clouds(seed, F)
    one, two = np.atleast_2d(np.cov(a.T)), np.atleast_2d(np.cov(b.T))
    expected = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(one + two - 2 * sqrtm(one @ two).real)
    assert j.frechet_distance(a, b) == pytest.approx(expected, rel=1e-5, abs=1e-6) == pytest.approx(j.frechet_distance(b, a), rel=1e-5, abs=1e-6)
    assert j.frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


@given(*[st.lists(st.floats(0.1, 5), min_size=3, max_size=3) for _ in range(4)])
def test_gaussians_with_known_distances(mean, spread, other_mean, other_spread):
    expected = sum((a - b) ** 2 for a, b in zip(mean + spread, other_mean + other_spread, strict=True))  # where axes are independent
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]  # and turning both changes nothing
    cov, other = (turn @ np.diag(np.square(spreads)) @ turn.T for spreads in (spread, other_spread))
    assert j.gaussian_distance(turn @ mean, cov, turn @ other_mean, other) == pytest.approx(expected, abs=1e-6)


def test_a_covariance_without_full_rank_does_no_harm():
    a, b = clouds(1, F=20, n=8, m=9)
    assert np.isfinite(j.frechet_distance(a, b)) and j.frechet_distance(a, a) == pytest.approx(0, abs=1e-3)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_kernel_distance_is_the_sum_over_pairs(seed, F):
    a, b = clouds(seed, F, 12, 9)
    inside = lambda x: np.mean([polynomial_kernel(x[[p]], x[[q]], degree=3, gamma=1 / F, coef0=1) for p in range(len(x)) for q in range(len(x)) if p != q])
    expected = inside(a) + inside(b) - 2 * polynomial_kernel(a, b, degree=3, gamma=1 / F, coef0=1).mean()
    assert j.kernel_distance(a, b) == pytest.approx(expected, rel=1e-6, abs=1e-8)


def test_kernel_distance_has_no_bias_and_the_frechet_distance_loses_its_own():
    rng = np.random.default_rng(0)
    heaps = [rng.normal(size=(2, 200, 4)) for _ in range(200)]
    kernel = np.array([j.kernel_distance(*heap) for heap in heaps])
    assert abs(kernel.mean()) < 4 * kernel.std() / np.sqrt(200)
    plain, straight = (np.array([measure(*heap) for heap in heaps[:60]]) for measure in (j.frechet_distance, lambda a, b: j.extrapolated(j.frechet_distance, a, b)))
    assert plain.min() > 0 and abs(straight.mean()) < 0.15 * plain.mean()


def test_extrapolation_finds_what_is_left_when_the_bias_is_gone():
    rows = np.zeros((400, 1))
    assert j.extrapolated(lambda a, b: 2.5 + 30 / len(a), rows, rows) == pytest.approx(2.5)


def test_an_error_bar_is_as_wide_as_the_spread_of_the_mean():
    rng = np.random.default_rng(1)
    difference = lambda a, b: float(a.mean() - b.mean())
    found = [j.in_parts(difference, rng.normal(1, 1, 100), rng.normal(0, 1, 100), parts=10) for _ in range(400)]
    means, errors = np.transpose(found)
    assert means.mean() == pytest.approx(1, abs=0.03) and np.sqrt(np.square(errors).mean()) == pytest.approx(means.std(), rel=0.15)


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_precision_and_recall_are_those_of_scikit_learns_neighbours(seed, k):
    real, made = clouds(seed)
    def share(points, centres):
        radii = NearestNeighbors(n_neighbors=k + 1).fit(centres).kneighbors(centres)[0][:, -1]
        return np.mean([(np.linalg.norm(point - centres, axis=1) <= radii).any() for point in points])
    assert j.precision_recall(real, made, k) == pytest.approx((share(made, real), share(real, made)))


def test_precision_and_recall_tell_two_faults_apart():
    rng = np.random.default_rng(0)
    real, far = rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) + 50
    half = real[real[:, 0] > 0] + 0.01
    assert j.precision_recall(real, far) == (0, 0) and j.precision_recall(real, real) == (1, 1)
    precision, recall = j.precision_recall(real, half)
    assert precision > 0.95 and 0.4 < recall < 0.75


@given(st.integers(0, 10_000))
def test_the_nearest_training_picture_is_scikit_learns(seed):
    made, training = clouds(seed)
    which, far = j.nearest_training(made, training)
    expected_far, expected = NearestNeighbors(n_neighbors=1).fit(training).kneighbors(made)
    assert (which == expected[:, 0]).all() and np.allclose(far, expected_far[:, 0])


def test_a_copy_is_at_no_distance(fresh):
    which, far = j.nearest_training(fresh.images[[5, 3]], fresh.images[:50])
    assert which.tolist() == [5, 3] and (far == 0).all()


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 5), st.integers(0, 2), st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=60))
def test_modes_are_the_combinations_that_occur(rows):
    seen = np.array(rows)
    assert j.modes_covered(seen, ["animal", "hat"], 48) == len({row[:2] for row in rows}) / 48
    assert j.modes_covered(seen, ["style"], 5) == len({row[3] for row in rows}) / 5
    twice = sum([row[3] for row in rows].count(style) >= 2 for style in range(5))
    assert j.modes_covered(seen, ["style"], 5, least=2) == twice / 5


@pytest.mark.parametrize("name", ["gan", "guidance", "transformer"])
def test_the_weights_of_another_network_are_one_line(name):
    with pytest.raises(CheckpointError, match="holds no judge"): j.load_judge(path=WEIGHTS / f"{name}.safetensors")
