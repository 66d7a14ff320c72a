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

EXERCISE = {
    'title': 'Loops that are nearly right',
    'setup': 'import numpy as np',
    'questions': {
        'q1': {
            'title': 'Find the bug: a game that stands still',
            'names': ['play'],
            'answer': '''def play(chaser, runner, lr, steps):
    "The places (chaser, runner) after each step, of shape (steps, 2); in each step the chaser moves first."
    places, slopes = [], np.zeros(2)  # the slopes for chaser and runner
    for _ in range(steps):
        slopes[0] = 0.0
        slopes += [runner, chaser]
        chaser = chaser - lr * slopes[0]
        slopes[1] = 0.0
        slopes += [-runner, -chaser]
        runner = runner - lr * slopes[1]
        places.append((chaser, runner))
    return np.array(places)''',
            'explanation': '''For one player the two orders are the same, which is why the wrong one survives in so many scripts. With two, whatever the other's backward left is added to the next slope. In GANs (lesson 17) this bug trains
the critic to please the forger.''',
            'hints': [
                "Follow `slopes[1]` through the first step: what stands there when the runner's turn begins?",
                'Two lines have to move, `slopes[0] = 0.0` and `slopes[1] = 0.0`. Where does each belong?',
            ],
            'mistakes': [
                {
                    'message': "This is the function as it was given: a player's slope still holds what the other one's backward has left there since. Set it to 0 at the beginning of the turn, not at its end.",
                    'code': '''def play(chaser, runner, lr, steps):
    places, slopes = [], np.zeros(2)
    for _ in range(steps):
        slopes += [runner, chaser]
        chaser = chaser - lr * slopes[0]
        slopes[0] = 0.0
        slopes += [-runner, -chaser]
        runner = runner - lr * slopes[1]
        slopes[1] = 0.0
        places.append((chaser, runner))
    return np.array(places)''',
                },
                {
                    'message': "The slopes are forgotten once in a step. But the chaser's backward has put a slope into the runner by the time of the runner's turn: forget at the beginning of *each turn*.",
                    'code': '''def play(chaser, runner, lr, steps):
    places, slopes = [], np.zeros(2)
    for _ in range(steps):
        slopes[:] = 0.0
        slopes += [runner, chaser]
        chaser = chaser - lr * slopes[0]
        slopes += [-runner, -chaser]
        runner = runner - lr * slopes[1]
        places.append((chaser, runner))
    return np.array(places)''',
                },
                {
                    'message': 'Both slopes were taken at the beginning of the step. They move by turns: the runner answers to where the chaser is *now*.',
                    'code': '''def play(chaser, runner, lr, steps):
    places = []
    for _ in range(steps):
        chaser, runner = chaser - lr * runner, runner + lr * chaser
        places.append((chaser, runner))
    return np.array(places)''',
                },
                {
                    'message': "Both players make the same number small. The runner's loss is *minus* the product.",
                    'code': '''def play(chaser, runner, lr, steps):
    places = []
    for _ in range(steps):
        chaser = chaser - lr * runner
        runner = runner - lr * chaser
        places.append((chaser, runner))
    return np.array(places)''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'A split that does not leak',
            'names': ['split_rows'],
            'answer': '''def split_rows(x, share, seed):
    "Row numbers (training, validation) of x (n, features), each rising; equal rows fall on the same side, `share` of the different ones on the second."
    different, which = np.unique(x, axis=0, return_inverse=True)
    chosen = np.random.default_rng(seed).permutation(len(different))[: round(share * len(different))]
    held = np.isin(which.ravel(), chosen)
    return np.flatnonzero(~held), np.flatnonzero(held)''',
            'explanation': '''Exact copies are the easy case. Two scans by the same writer, two photos of the same cat, a question and its translation leak as well; then the *writer*, the *cat*, the *source* is what has to stay on one side. Many a
benchmark that a large model "solved" was found in its training data.''',
            'hints': [
                '`np.unique(x, axis=0, return_inverse=True)` gives the different rows, and for each row of `x` the number of its kind.',
                'Shuffle the *kinds* with `np.random.default_rng(seed).permutation`, take the first `round(share * d)`, and ask for each row with `np.isin` whether its kind is among them.',
            ],
            'mistakes': [
                {
                    'message': 'Rows are dealt out one by one, so copies of one row land on both sides. Choose among the *different* rows, and let the copies follow.',
                    'code': '''def split_rows(x, share, seed):
    order = np.random.default_rng(seed).permutation(len(x))
    count = round(share * len(np.unique(x, axis=0)))
    return np.sort(order[count:]), np.sort(order[:count])''',
                },
                {
                    'message': 'The copies are gone: each different row appears once. Nothing was to be thrown away; a copy goes where its original goes.',
                    'code': '''def split_rows(x, share, seed):
    _, first = np.unique(x, axis=0, return_index=True)
    order = np.random.default_rng(seed).permutation(first)
    count = round(share * len(first))
    return np.sort(order[count:]), np.sort(order[:count])''',
                },
                {
                    'message': 'The seed is not used: the last of the sorted rows are always the ones for validation, so whole classes may be missing from training.',
                    'code': '''def split_rows(x, share, seed):
    different, which = np.unique(x, axis=0, return_inverse=True)
    held = which.ravel() >= len(different) - round(share * len(different))
    return np.flatnonzero(~held), np.flatnonzero(held)''',
                },
                {
                    'message': 'The share was taken of all rows, copies included. It is a share of the *different* ones.',
                    'code': '''def split_rows(x, share, seed):
    different, which = np.unique(x, axis=0, return_inverse=True)
    chosen = np.random.default_rng(seed).permutation(len(different))[: round(share * len(x))]
    held = np.isin(which.ravel(), chosen)
    return np.flatnonzero(~held), np.flatnonzero(held)''',
                },
                {
                    'message': 'The number of rows was cut off, not rounded: of 4.8 different rows, 5 are for validation.',
                    'code': '''def split_rows(x, share, seed):
    different, which = np.unique(x, axis=0, return_inverse=True)
    chosen = np.random.default_rng(seed).permutation(len(different))[: int(share * len(different))]
    held = np.isin(which.ravel(), chosen)
    return np.flatnonzero(~held), np.flatnonzero(held)''',
                },
            ],
            'held_out': 1,
        },
        'q3': {
            'title': 'Stop in time',
            'names': ['stop_early'],
            'answer': '''def stop_early(losses, patience):
    "`(made, best)`: how many of `losses` are measured before training stops, and the number of the lowest among those."
    best = 0
    for i, loss in enumerate(losses):
        if loss < losses[best]: best = i
        if i - best >= patience: return i + 1, best
    return len(losses), best''',
            'explanation': '''The 1 that was never seen is the price: with more patience it would have been found, with less the 2 would have been missed. There is no right patience. Note that the stop has *looked* at the validation set, many times; the
loss that it reports for the best is a little too good, and only the test set can say what it is.''',
            'hints': [
                'Keep the number of the best so far. How many measurements ago that was is the difference of two numbers.',
                'For each `i`: first see whether it is a new best (strictly lower), then whether `i - best` has reached the patience.',
            ],
            'mistakes': [
                {
                    'message': 'The best is said to be the last one made. That one is worse than the best: that is why you stopped.',
                    'code': '''def stop_early(losses, patience):
    best = 0
    for i, loss in enumerate(losses):
        if loss < losses[best]: best = i
        if i - best >= patience: return i + 1, i
    return len(losses), len(losses) - 1''',
                },
                {
                    'message': 'The count of bad measurements goes on after a new best. They have to be in a row: a new best sets the count back to 0.',
                    'code': '''def stop_early(losses, patience):
    best, bad = 0, 0
    for i, loss in enumerate(losses):
        if loss < losses[best]: best = i
        elif i > 0: bad += 1
        if bad >= patience: return i + 1, best
    return len(losses), best''',
                },
                {
                    'message': 'It compares with the measurement just before. What matters is the best so far: a loss can fall from bad to less bad for a long time.',
                    'code': '''def stop_early(losses, patience):
    bad = 0
    for i in range(1, len(losses)):
        bad = 0 if losses[i] < losses[i - 1] else bad + 1
        if bad >= patience: return i + 1, int(np.argmin(losses[: i + 1]))
    return len(losses), int(np.argmin(losses))''',
                },
                {
                    'message': 'It stops one measurement late: with a patience of 2, the second bad one in a row is the last that is made.',
                    'code': '''def stop_early(losses, patience):
    best = 0
    for i, loss in enumerate(losses):
        if loss < losses[best]: best = i
        if i - best > patience: return i + 1, best
    return len(losses), best''',
                },
                {
                    'message': 'An equal loss counted as progress. On a plateau this waits for ever.',
                    'code': '''def stop_early(losses, patience):
    best = 0
    for i, loss in enumerate(losses):
        if loss <= losses[best]: best = i
        if i - best >= patience: return i + 1, best
    return len(losses), best''',
                },
            ],
            'held_out': 1,
        },
        'q4': {
            'title': 'An average that starts right',
            'names': ['moving_averages'],
            'answer': '''def moving_averages(values, decay):
    "The moving average after each row of values (steps, n), corrected for its beginning at 0; of the same shape."
    average, corrected = np.zeros_like(values[0], dtype=float), []
    for t, value in enumerate(values, start=1):
        average = decay * average + (1 - decay) * value
        corrected.append(average / (1 - decay**t))
    return np.array(corrected)''',
            'explanation': '''This is the *bias correction* of Adam (lesson 03), which keeps two such averages of the gradients. For averages of weights one more often begins with a copy of the weights, or lets the decay grow with the steps; a decay of
0.9999 looks back over ten thousand steps, and an average that starts wrong stays wrong for as long.''',
            'hints': [
                'Two numbers go side by side: the average from 0, which is carried on, and the corrected one, which is only written down.',
                '`enumerate(values, start=1)` counts t from 1.',
            ],
            'mistakes': [
                {
                    'message': 'The averages begin at 0 and are not corrected: after the first step there is only the share `1 - decay` of the value. Divide by `1 - decay**t`.',
                    'code': '''def moving_averages(values, decay):
    average, averages = np.zeros_like(values[0], dtype=float), []
    for value in values:
        average = decay * average + (1 - decay) * value
        averages.append(average)
    return np.array(averages)''',
                },
                {
                    'message': 'Decay and its rest are exchanged: `decay` is the share of the *old* average that is kept.',
                    'code': '''def moving_averages(values, decay):
    average, corrected = np.zeros_like(values[0], dtype=float), []
    for t, value in enumerate(values, start=1):
        average = (1 - decay) * average + decay * value
        corrected.append(average / (1 - (1 - decay) ** t))
    return np.array(corrected)''',
                },
                {
                    'message': 'The corrected average was averaged on. The correction is only for what is reported; the average itself goes on uncorrected, or it is corrected again and again.',
                    'code': '''def moving_averages(values, decay):
    average, corrected = np.zeros_like(values[0], dtype=float), []
    for t, value in enumerate(values, start=1):
        average = (decay * average + (1 - decay) * value) / (1 - decay**t)
        corrected.append(average)
    return np.array(corrected)''',
                },
                {
                    'message': 'The correction is one step late: after the *first* step divide by `1 - decay`, so t counts from 1, and the last one is the number of steps.',
                    'code': '''def moving_averages(values, decay):
    average, corrected = np.zeros_like(values[0], dtype=float), []
    for t, value in enumerate(values, start=1):
        average = decay * average + (1 - decay) * value
        corrected.append(average / (1 - decay ** (t + 1)))
    return np.array(corrected)''',
                },
                {
                    'message': 'It begins with the first value itself. That keeps the first one in the average for long, with far more weight than any later one.',
                    'code': '''def moving_averages(values, decay):
    averages = [values[0]]
    for value in values[1:]: averages.append(decay * averages[-1] + (1 - decay) * value)
    return np.array(averages)''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'One batch in several pieces',
            'names': ['whole_gradient'],
            'answer': '''def whole_gradient(gradients, sizes):
    "The mean gradient (n,) over all rows, from the mean gradients (pieces, n) over pieces of `sizes` rows; empty pieces do not count."
    sizes = np.array(sizes)
    there = sizes > 0
    return sizes[there] @ gradients[there] / sizes.sum()''',
            'explanation': '''With equal pieces the plain mean is right, and that is what frameworks do when they average over machines; so loaders must deal out equal shares. Language models hit the other case: sentences of different lengths, a mean over tokens
in each piece. In 2024 several well-known libraries were found to have taken the mean of means for years.''',
            'hints': [
                'Each mean, times its size, is a sum over rows. Sums can be added.',
                '`sizes > 0` on an array gives True and False, with which pieces can be picked: `gradients[there]`.',
            ],
            'mistakes': [
                {
                    'message': 'This is the mean of the means. A piece of one row then counts as much as a piece of three; weigh each by its size.',
                    'code': '''def whole_gradient(gradients, sizes):
    return gradients[np.array(sizes) > 0].mean(0)''',
                },
                {
                    'message': 'The pieces are added up as they are, so two pieces of equal size make a step of twice the length. Divide by the number of all rows.',
                    'code': '''def whole_gradient(gradients, sizes):
    return gradients[np.array(sizes) > 0].sum(0)''',
                },
                {
                    'message': 'Weighing by 0 does not remove an empty piece: 0 times NaN is NaN. Leave such pieces out first.',
                    'code': '''def whole_gradient(gradients, sizes):
    return np.array(sizes) @ gradients / sum(sizes)''',
                },
                {
                    'message': 'Weighted by the sizes, but divided by the number of pieces. The weights add up to the number of *rows*.',
                    'code': '''def whole_gradient(gradients, sizes):
    there = np.array(sizes) > 0
    return np.array(sizes)[there] @ gradients[there] / there.sum()''',
                },
                {
                    'message': 'You left out what is NaN. Leave out what is *empty*; else a gradient that blew up vanishes without a word.',
                    'code': '''def whole_gradient(gradients, sizes):
    return np.nansum(np.array(sizes)[:, None] * gradients, axis=0) / sum(sizes)''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'A loader that knows its place',
            'names': ['rows_of_step'],
            'answer': '''def rows_of_step(total, size, seed, step):
    "The row numbers of batch number `step`, counted from 0 over all epochs; the last batch of an epoch may be smaller."
    epoch, i = divmod(step, -(-total // size))
    return np.random.default_rng((seed, epoch)).permutation(total)[i * size : (i + 1) * size]''',
            'explanation': '''A loader with hidden state has to be saved with the model, in every process, and at just the right moment. A function of the step needs nothing but the step. The makers of large models do the same: the order of trillions of tokens is fixed
before the first step, so that a run that failed can go on at the very next one, and a strange jump in the loss can be traced to the texts that caused it.''',
            'hints': [
                'How many batches has an epoch? `-(-total // size)` divides and rounds up.',
                '`divmod(step, batches)` gives the epoch and the number of the batch in it at once.',
            ],
            'mistakes': [
                {
                    'message': 'The last, smaller batch of each epoch is left out, so some rows are missing, and every later step is in the wrong place. An epoch has total / size batches, rounded *up*.',
                    'code': '''def rows_of_step(total, size, seed, step):
    epoch, i = divmod(step, total // size if total >= size else 1)
    return np.random.default_rng((seed, epoch)).permutation(total)[i * size : (i + 1) * size]''',
                },
                {
                    'message': 'Every epoch has the same order. The network then sees the same batches again and again; put the epoch into the seed.',
                    'code': '''def rows_of_step(total, size, seed, step):
    i = step % -(-total // size)
    return np.random.default_rng((seed, 0)).permutation(total)[i * size : (i + 1) * size]''',
                },
                {
                    'message': 'Each step shuffles anew, so in an epoch some rows come twice and some never. Shuffle once an epoch, and cut that order into batches.',
                    'code': '''def rows_of_step(total, size, seed, step):
    i = step % -(-total // size)
    return np.random.default_rng((seed, step)).permutation(total)[i * size : (i + 1) * size]''',
                },
                {
                    'message': 'Seed and epoch were added. Then epoch 1 of seed 0 is epoch 0 of seed 1, and runs that should be independent share their data. Pass both: `(seed, epoch)`.',
                    'code': '''def rows_of_step(total, size, seed, step):
    epoch, i = divmod(step, -(-total // size))
    return np.random.default_rng(seed + epoch).permutation(total)[i * size : (i + 1) * size]''',
                },
                {
                    'message': 'Where the rows fill all batches there is no smaller one: 12 rows in batches of 4 are 3 batches, not 4.',
                    'code': '''def rows_of_step(total, size, seed, step):
    epoch, i = divmod(step, total // size + 1)
    return np.random.default_rng((seed, epoch)).permutation(total)[i * size : (i + 1) * size]''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'A stretch: is it a difference?',
            'names': ['compare'],
            'answer': '''def compare(a, b):
    "`(mean, error, clear)` of the differences a - b of two results (seeds,) for the same seeds; at least two of them."
    differences = a - b
    mean, error = differences.mean(), differences.std(ddof=1) / np.sqrt(len(differences))
    return mean, error, bool(abs(mean) > 2 * error)''',
            'explanation': '''With five seeds, "two errors" lets chance through about once in nine times, not once in twenty: few seeds deserve more caution (the t distribution says how much). And whoever tries twenty ideas and reports the clear one has found chance. The
lesson's orders on clean labels differ by less than two spreads from any order in the end; seed by seed, both differences are clear.''',
            'hints': [
                'Begin with `differences = a - b`. Nothing else of `a` and `b` is needed.',
                '`differences.std(ddof=1)` is the spread with n - 1; the error is that divided by `np.sqrt(n)`.',
            ],
            'mistakes': [
                {
                    'message': 'The spreads of both sides were put together as if the seeds had nothing to do with each other. Take the differences first, seed by seed: what is common cancels.',
                    'code': '''def compare(a, b):
    mean = a.mean() - b.mean()
    error = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a))
    return mean, error, bool(abs(mean) > 2 * error)''',
                },
                {
                    'message': 'This is the spread of the differences. The *mean* of n of them is steadier: divide by the square root of n.',
                    'code': '''def compare(a, b):
    d = a - b
    return d.mean(), d.std(ddof=1), bool(abs(d.mean()) > 2 * d.std(ddof=1))''',
                },
                {
                    'message': "numpy's `std` divides by n unless it is told `ddof=1`. With few seeds that makes the error look too small.",
                    'code': '''def compare(a, b):
    d = a - b
    error = d.std() / np.sqrt(len(d))
    return d.mean(), error, bool(abs(d.mean()) > 2 * error)''',
                },
                {
                    'message': 'A difference to the other side can be just as clear: compare the *size* of the mean, `abs(mean)`, with two errors.',
                    'code': '''def compare(a, b):
    d = a - b
    error = d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), error, bool(d.mean() > 2 * error)''',
                },
            ],
            'held_out': 1,
        },
    },
}
