"""Held-out tests of the exercise 04_training. Generated from nbs/exercises/04_training.ipynb: edit that one."""

import numpy as np

from genai_course.grading import expect


def numbers(*shape, seed=0):
    "Random numbers with two decimals, always the same for the same seed."
    return np.random.default_rng(seed).normal(size=shape).round(2)

def game(chaser, runner, lr, steps):
    "The places of a game in which each player follows its own slope alone."
    places = []
    for _ in range(steps):
        chaser = chaser - lr * runner
        runner = runner + lr * chaser
        places.append((chaser, runner))
    return np.array(places)

def check_split(sol, x, share, seed):
    "Expect a split of x that loses nothing and leaks nothing; returns the validation rows."
    training, validation = expect.parts(sol.split_rows(x, share, seed), 2, "row numbers for training, and for validation")
    training, validation = np.asarray(training).ravel(), np.asarray(validation).ravel()
    expect.equal(sorted(np.concatenate([training, validation]).tolist()), list(range(len(x))), "the row numbers of both sides together")
    seen, new = ({tuple(x[int(i)].tolist()) for i in rows} for rows in (training, validation))
    expect.true(not seen & new, "A row on the validation side has a copy on the training side: that is a leak.", "no row on both sides", sorted(seen & new)[:2])
    wanted = round(share * len(seen | new))
    expect.true(len(new) == wanted, "The validation side has another number of different rows than it should.", wanted, len(new))
    expect.equal([training.tolist(), validation.tolist()], [sorted(training.tolist()), sorted(validation.tolist())], "the row numbers, in rising order")
    return validation.tolist()

def stopped(losses, patience):
    "What stop_early should say, by looking at all beginnings."
    made = next((n for n in range(1, len(losses) + 1) if n - 1 - int(np.argmin(losses[:n])) >= patience), len(losses))
    return [made, int(np.argmin(losses[:made]))]


def check_stop(sol, losses, patience):
    "Expect both numbers to be right."
    made, best = expect.parts(sol.stop_early(losses, patience), 2, "made and best")
    wanted_made, wanted_best = stopped(losses, patience)
    expect.close(made, wanted_made, "the number of measurements made")
    expect.close(best, wanted_best, "the number of the best one")

def weighted_means(values, decay):
    "For each step, the mean of the values so far, each weighted by decay to the power of its age."
    weights = [decay ** np.arange(t)[::-1] for t in range(1, len(values) + 1)]
    return np.array([w @ values[: len(w)] / w.sum() for w in weights])

def all_batches(total, size, seed, epochs):
    "The batches of several epochs, one after the other."
    orders = [np.random.default_rng((seed, epoch)).permutation(total) for epoch in range(epochs)]
    return [order[at : at + size] for order in orders for at in range(0, total, size)]

def check_comparison(sol, a, b):
    "Expect all three to be right."
    mean, error, clear = expect.parts(sol.compare(a, b), 3, "mean, error and clear")
    d = [float(x - y) for x, y in zip(a, b, strict=True)]
    wanted_mean = sum(d) / len(d)
    wanted_error = (sum((x - wanted_mean) ** 2 for x in d) / (len(d) - 1) / len(d)) ** 0.5
    expect.close(mean, wanted_mean, "the mean")
    expect.close(error, wanted_error, "the error")
    expect.true(bool(clear) == (abs(wanted_mean) > 2 * wanted_error), "`clear` should be True where the mean lies more than two errors from 0, and only there.", abs(wanted_mean) > 2 * wanted_error, bool(clear))


def test_play_long(sol):
    "goes round for 50 steps from two beginnings"
    for start in [(1.0, 1.0), (0.3, -2.0)]: expect.close(sol.play(*start, 0.1, 50), game(*start, 0.1, 50), "the places")


def test_split_chance(sol):
    "chooses by the seed: the same again for the same, others for others, and each row some time"
    x = np.arange(20)[:, None] // 2
    splits = [tuple(check_split(sol, x, 0.2, seed)) for seed in range(40)]
    expect.true(splits[0] == tuple(check_split(sol, x, 0.2, 0)), "The same seed gave two different splits.")
    expect.true({row for split in splits for row in split} == set(range(20)), "Some rows are never chosen for validation, whatever the seed.")


def test_stop_random(sol):
    "is right for forty random curves"
    for seed in range(40):
        rng = np.random.default_rng(seed)
        check_stop(sol, rng.integers(0, 9, rng.integers(1, 15)).astype(float).tolist(), int(rng.integers(1, 5)))


def test_average_weighted(sol):
    "is the mean of all values so far, weighted by their age; leaves its input alone"
    for decay in (0.0, 0.3, 0.95):
        values = numbers(12, 3)
        expect.close(sol.moving_averages(values, decay), weighted_means(values, decay), "the averages")
        expect.inputs_kept(sol)


def test_whole_rows(sol):
    "is the mean over all rows, for pieces of five kinds"
    for seed in range(5):
        sizes = np.random.default_rng(seed).integers(1, 7, 4).tolist()
        pieces = [numbers(size, 3, seed=10 * seed + i) for i, size in enumerate(sizes)]
        expect.close(sol.whole_gradient(np.array([p.mean(0) for p in pieces]), sizes), np.concatenate(pieces).mean(0), "the gradient")
        expect.inputs_kept(sol)


def test_rows_many(sol):
    "is right for many sizes, in any order of asking"
    for total, size, seed in [(10, 4, 3), (12, 4, 0), (5, 9, 1), (6, 1, 2)]:
        expected = all_batches(total, size, seed, 3)
        for step in reversed(range(len(expected))): expect.close(sol.rows_of_step(total, size, seed, step), expected[step], f"the rows of step {step}")


def test_compare_random(sol):
    "is right for thirty pairs of results, some of them clear and some not; leaves them alone"
    for seed in range(30):
        a = numbers(5, seed=seed)
        check_comparison(sol, a, a + 0.3 * numbers(5, seed=seed + 100) + 0.02 * seed - 0.3)
        expect.inputs_kept(sol)


TESTS = {
    'test_play_long': {
        'question': 'q1',
        'name': 'long',
        'points': 1,
        'hidden': True,
    },
    'test_split_chance': {
        'question': 'q2',
        'name': 'chance',
        'points': 1,
        'hidden': True,
    },
    'test_stop_random': {
        'question': 'q3',
        'name': 'random',
        'points': 1,
        'hidden': True,
    },
    'test_average_weighted': {
        'question': 'q4',
        'name': 'weighted',
        'points': 1,
        'hidden': True,
    },
    'test_whole_rows': {
        'question': 'q5',
        'name': 'rows',
        'points': 1,
        'hidden': True,
    },
    'test_rows_many': {
        'question': 'q6',
        'name': 'many',
        'points': 1,
        'hidden': True,
    },
    'test_compare_random': {
        'question': 'q7',
        'name': 'random',
        'points': 2,
        'hidden': True,
    },
}
