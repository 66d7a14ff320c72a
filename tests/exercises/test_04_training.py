"""Open tests of the exercise 04_training. Generated from nbs/exercises/04_training.ipynb: edit that one."""

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


def test_play_by_hand(sol):
    "is right for the step by hand, and the one after it"
    expect.close(sol.play(1.0, 1.0, 0.5, 2), [[0.5, 1.25], [-0.125, 1.1875]], "the places")


def test_split_by_hand(sol):
    "keeps the two fives of the example together, for ten seeds"
    for seed in range(10): check_split(sol, np.array([[5], [7], [5], [9]]), 1 / 3, seed)


def test_split_many(sol):
    "splits 60 rows with many copies, by the seed, and leaves them alone"
    x = np.random.default_rng(0).integers(0, 4, (60, 2))
    splits = {tuple(check_split(sol, x, 0.3, seed)) for seed in range(6)}
    expect.inputs_kept(sol)
    expect.true(len(splits) > 1, "Six seeds give the same split: the choice has to come from `np.random.default_rng(seed)`.")


def test_stop_by_hand(sol):
    "stops where the example does, and goes to the end where the loss falls all the way"
    check_stop(sol, [5.0, 3.0, 4.0, 2.0, 6.0, 3.0, 1.0], 2)
    check_stop(sol, [3.0, 2.0, 1.0], 1)


def test_stop_plateau(sol):
    "takes an equal loss for no progress, and the earliest of equals for the best"
    check_stop(sol, [2.0, 1.0, 1.0, 1.0, 0.5], 2)


def test_average_by_hand(sol):
    "is right for the example"
    expect.close(sol.moving_averages(np.array([[5.0], [10.0]]), 0.8), [[5.0], [2.8 / 0.36]], "the averages")


def test_average_constant(sol):
    "says of a value that never changes what it is, from the first step on"
    expect.close(sol.moving_averages(np.full((5, 2), 3.0), 0.99), np.full((5, 2), 3.0), "the averages")


def test_whole_by_hand(sol):
    "is right for the two pieces of the example"
    expect.close(sol.whole_gradient(np.array([[2.0], [10.0]]), [3, 1]), [4.0], "the gradient")


def test_whole_empty(sol):
    "pays no attention to an empty piece, but lets a NaN of rows be seen"
    expect.close(sol.whole_gradient(np.array([[2.0, 1.0], [np.nan, np.nan], [4.0, 0.0]]), [1, 0, 1]), [3.0, 0.5], "the gradient")
    broken = sol.whole_gradient(np.array([[np.nan], [4.0]]), [1, 1])
    expect.true(bool(np.isnan(np.asarray(broken, dtype=float)).all()), "A NaN of a piece that has rows disappeared. Leave pieces out by their size.")


def test_rows_by_hand(sol):
    "is right for step 7 of the example, for the short batch after it, and where batches fill the epoch"
    order = np.random.default_rng((1, 2)).permutation(10)
    expect.close(sol.rows_of_step(10, 4, 1, 7), order[4:8], "the rows")
    expect.close(sol.rows_of_step(10, 4, 1, 8), order[8:], "the rows")
    expect.close(sol.rows_of_step(12, 4, 1, 3), np.random.default_rng((1, 1)).permutation(12)[:4], "the first rows of the second epoch of 12 rows")


def test_rows_epoch(sol):
    "goes through every row once in an epoch, and in another order in the next"
    epochs = [np.concatenate([np.atleast_1d(sol.rows_of_step(7, 3, 0, step)) for step in steps]).tolist() for steps in ([0, 1, 2], [3, 4, 5])]
    for rows in epochs: expect.equal(sorted(rows), list(range(7)), "the rows of an epoch, sorted")
    expect.true(epochs[0] != epochs[1], "Two epochs have the same order: the epoch belongs into the seed.")


def test_compare_by_hand(sol):
    "is right for the example, and with the two sides exchanged"
    a, b = np.array([0.90, 0.80, 0.94]), np.array([0.88, 0.77, 0.93])
    check_comparison(sol, a, b)
    check_comparison(sol, b, a)


TESTS = {
    'test_play_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_split_by_hand': {
        'question': 'q2',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_split_many': {
        'question': 'q2',
        'name': 'many',
        'points': 1,
        'hidden': False,
    },
    'test_stop_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_stop_plateau': {
        'question': 'q3',
        'name': 'plateau',
        'points': 1,
        'hidden': False,
    },
    'test_average_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_average_constant': {
        'question': 'q4',
        'name': 'constant',
        'points': 1,
        'hidden': False,
    },
    'test_whole_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_whole_empty': {
        'question': 'q5',
        'name': 'empty',
        'points': 1,
        'hidden': False,
    },
    'test_rows_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_rows_epoch': {
        'question': 'q6',
        'name': 'epoch',
        'points': 1,
        'hidden': False,
    },
    'test_compare_by_hand': {
        'question': 'q7',
        'name': 'by-hand',
        'points': 2,
        'hidden': False,
    },
}
