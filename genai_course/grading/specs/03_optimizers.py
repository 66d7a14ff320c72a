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

EXERCISE = {
    'title': 'Steps, limits and schedules',
    'setup': '''import numpy as np


def gradient(p):
    "The gradient of a small network's loss at `p`, an array (3,). Question 7 asks about it."
    weights = np.array([[2.0, 1.0, 0.0], [0.0, 1.5, -1.0], [1.0, 0.0, 1.0], [-1.0, 1.0, 0.5]])
    return weights.T @ np.tanh(weights @ p)''',
    'questions': {
        'q1': {
            'title': 'How large may the rate be?',
            'names': ['largest_rate'],
            'answer': '''def largest_rate(hessian):
    "The largest stable learning rate of gradient descent on the loss p @ hessian @ p / 2."
    return 2 / np.linalg.eigvalsh(hessian).max()''',
            'explanation': '''Real losses are no quadratics, yet at each place they look like one. In networks, people have watched training with a fixed rate drift to places where the largest eigenvalue is just about 2/lr, and stay on that brink: the *edge of stability*. Question 7
measures this eigenvalue where nobody can write the matrix down.''',
            'hints': [
                '`np.linalg.eigvalsh(hessian)` gives all eigenvalues. Which of them breaks first when the rate grows?',
                'For eigenvalue e the factor of a step is 1 - lr * e. At which lr is it -1?',
            ],
            'mistakes': [
                {
                    'message': 'You took the largest number on the diagonal: the steepness along an axis. The steepest direction may lie between the axes.',
                    'code': '''def largest_rate(hessian):
    return 2 / np.diag(hessian).max()''',
                },
                {
                    'message': 'With 1 / steepness a step lands exactly on the floor. The walk stays in the valley until the factor is -1, at twice that rate.',
                    'code': '''def largest_rate(hessian):
    return 1 / np.linalg.eigvalsh(hessian).max()''',
                },
                {
                    'message': 'You took the *flattest* direction. It would bear a large rate; the steepest one would not.',
                    'code': '''def largest_rate(hessian):
    return 2 / np.linalg.eigvalsh(hessian).min()''',
                },
                {
                    'message': 'You added up all steepnesses. Each direction has its own factor, and only the steepest sets the limit.',
                    'code': '''def largest_rate(hessian):
    return 2 / np.trace(hessian)''',
                },
                {
                    'message': 'You walked along (1, 1, ...). The steepest direction need not be that one: take the largest eigenvalue.',
                    'code': '''def largest_rate(hessian):
    return 2 / (hessian @ np.ones(len(hessian))).max()''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'A gradient that is too long',
            'names': ['clip'],
            'answer': '''def clip(grads, longest):
    "The arrays `grads`, all shortened by one factor so that their common length is at most `longest`; as they are if it is already."
    together = np.sqrt(sum((grad**2).sum() for grad in grads))
    factor = longest / max(together, longest)
    return [grad * factor for grad in grads]''',
            'explanation': 'Clipping keeps the direction and limits the step, a leash for plain descent. The published recipes of GPT-3 and Llama 2 both clip at the length 1.0. Adam has a leash of its own, so why clip? Because a freak gradient also enters the two running means, and the mean of squares remembers it: for about a thousand steps with beta2 = 0.999, for twenty with the 0.95 that these two used.',
            'hints': [
                'First one number: the root of the sum of all squares, over all arrays.',
                'Then one factor: 1 if that number is at most `longest`, else `longest` divided by it. Mind that the length may be 0.',
            ],
            'mistakes': [
                {
                    'message': 'Each array got a factor of its own. Then their sizes no longer fit together, and the step points elsewhere. Measure the length of all at once.',
                    'code': '''def clip(grads, longest):
    return [grad * min(1.0, longest / max(np.sqrt((grad**2).sum()), 1e-12)) for grad in grads]''',
                },
                {
                    'message': 'Single numbers were cut off. That bends the direction: the largest entries lose, the others do not. Shorten all by one factor.',
                    'code': '''def clip(grads, longest):
    return [np.clip(grad, -longest, longest) for grad in grads]''',
                },
                {
                    'message': 'Short gradients were made longer. The limit is an upper one: near a minimum gradients should get small.',
                    'code': '''def clip(grads, longest):
    together = np.sqrt(sum((grad**2).sum() for grad in grads))
    return [grad * (longest / max(together, 1e-12)) for grad in grads]''',
                },
                {
                    'message': 'You added the lengths of the arrays, 2.24 + 4.47 = 6.71. One long vector has as its length the root of the sum of *all* squares, 5.',
                    'code': '''def clip(grads, longest):
    together = sum(np.sqrt((grad**2).sum()) for grad in grads)
    return [grad * (longest / max(together, longest)) for grad in grads]''',
                },
                {
                    'message': 'The root is missing: the sum of the squares is the *square* of the length.',
                    'code': '''def clip(grads, longest):
    together = sum((grad**2).sum() for grad in grads)
    return [grad * (longest / max(together, longest)) for grad in grads]''',
                },
            ],
            'held_out': 1,
        },
        'q3': {
            'title': 'Rise, stay, fall',
            'names': ['factor'],
            'answer': '''def factor(i, steps, warm, cool):
    "The factor for the learning rate at step `i` (from 0) of `steps`, of which the first `warm` rise to 1 and the last `cool` fall."
    rise = (i + 1) / max(1, warm)
    fall = (steps - i) / max(1, cool)
    return min(1.0, rise, fall)''',
            'explanation': 'This shape is called *warm-up, stable, decay*. Its charm: you can keep the weights of the plateau, cool down a copy of them to see how good the model is, and go on from the plateau with more data. With a cosine that means starting again.',
            'hints': [
                'Work out the two slopes by themselves, each as if the other did not exist. The answer is the smallest of three numbers.',
                '`steps - i` steps are left at step `i`, this one included. `max(1, warm)` is a harmless way to divide when `warm` is 0.',
            ],
            'mistakes': [
                {
                    'message': 'The first step has the factor 0: nothing would be learned from its batch. Count it: (i + 1) / warm.',
                    'code': '''def factor(i, steps, warm, cool):
    return min(1.0, i / max(1, warm) if warm else 1.0, (steps - i) / max(1, cool))''',
                },
                {
                    'message': 'The last step has the factor 0: it is one short. Of ten steps, one is left at step 9: itself.',
                    'code': '''def factor(i, steps, warm, cool):
    return min(1.0, (i + 1) / max(1, warm), (steps - 1 - i) / max(1, cool) if cool else 1.0)''',
                },
                {
                    'message': 'The two slopes were multiplied, but neither was stopped at 1, so in the middle the rate is far too large.',
                    'code': '''def factor(i, steps, warm, cool):
    return (i + 1) / max(1, warm) * (steps - i) / max(1, cool)''',
                },
                {
                    'message': 'It begins to fall right after the warm-up. There should be a plateau at 1 until the last `cool` steps.',
                    'code': '''def factor(i, steps, warm, cool):
    return min((i + 1) / max(1, warm), (steps - i) / max(1, steps - warm), 1.0)''',
                },
                {
                    'message': 'A phase of 0 steps is divided by. With `warm` or `cool` 0 that phase does not exist: there the factor is 1.',
                    'code': '''def factor(i, steps, warm, cool):
    return min(1.0, (i + 1) / warm, (steps - i) / cool)''',
                },
                {
                    'message': 'Each slope is right, but where they overlap you let the warm-up win. There the smaller of the two holds.',
                    'code': '''def factor(i, steps, warm, cool):
    if i < warm: return (i + 1) / warm
    if steps - i <= cool: return (steps - i) / cool
    return 1.0''',
                },
            ],
            'held_out': 1,
        },
        'q4': {
            'title': 'Adagrad, which never forgets',
            'names': ['adagrad_step'],
            'answer': '''def adagrad_step(p, grad, total, lr, eps=1e-10):
    "One step of Adagrad: `(p, total)` after it. `total` is the sum of squared gradients before it; all arrays have one shape."
    total = total + grad**2
    return p - lr * grad / (np.sqrt(total) + eps), total''',
            'explanation': '''While the gradients keep their size, as noise makes them, Adagrad's rate shrinks like one over the root of the number of steps. For noisy problems with a single valley that is just right, and it was a great success where most gradients are 0 (rare words). In deep networks the memory of the wild beginning never fades and training
stalls. RMSProp was the mend: let it fade.''',
            'hints': [
                'Two lines: first the new total, then the step that uses it.',
                "Everything is done entry by entry, so numpy's `**`, `/` and `np.sqrt` on whole arrays are all you need. Write `total = total + grad**2`; `total += ...` would change the caller's array.",
            ],
            'mistakes': [
                {
                    'message': 'You divided by the total of *before* this step. The new square belongs in first; else the very first step divides by next to nothing.',
                    'code': '''def adagrad_step(p, grad, total, lr, eps=1e-10):
    return p - lr * grad / (np.sqrt(total) + eps), total + grad**2''',
                },
                {
                    'message': 'The root is missing. Without it the step is grad / grad²: the larger the gradient, the *shorter* the step.',
                    'code': '''def adagrad_step(p, grad, total, lr, eps=1e-10):
    total = total + grad**2
    return p - lr * grad / (total + eps), total''',
                },
                {
                    'message': 'This is RMSProp: a running mean, which forgets. Adagrad adds up, and keeps everything.',
                    'code': '''def adagrad_step(p, grad, total, lr, eps=1e-10):
    total = 0.99 * total + 0.01 * grad**2
    return p - lr * grad / (np.sqrt(total) + eps), total''',
                },
                {
                    'message': 'All numbers share one total. Then they share one rate too; the point of the method is that each has its own.',
                    'code': '''def adagrad_step(p, grad, total, lr, eps=1e-10):
    total = total + grad**2
    return p - lr * grad / (np.sqrt(total.sum()) + eps), total''',
                },
                {
                    'message': 'eps stands inside the root. It should be added to the root: sqrt(total) + eps.',
                    'code': '''def adagrad_step(p, grad, total, lr, eps=1e-10):
    total = total + grad**2
    return p - lr * grad / np.sqrt(total + eps), total''',
                },
                {
                    'message': 'The gradients were added up, not their squares: ups and downs cancel, and a root of a negative number is nan.',
                    'code': '''def adagrad_step(p, grad, total, lr, eps=1e-10):
    total = total + grad
    return p - lr * grad / (np.sqrt(np.abs(total)) + eps), total''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'Find the bug: Adam',
            'names': ['adam_step'],
            'answer': '''def adam_step(p, grad, mean, square, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    "Step number `t` (from 1) of Adam: `(p, mean, square)` after it, given the two running means before it, which begin at 0."
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad**2
    corrected_mean = mean / (1 - beta1**t)
    corrected_square = square / (1 - beta2**t)
    return p - lr * corrected_mean / (np.sqrt(corrected_square) + eps), mean, square''',
            'explanation': 'One name for two things: the memory, and what is made of it for this step. The bug hides because the first step, which everyone tests, is right. A comparison with a trusted optimizer over *several* steps finds it at once; that is why the lesson compared a thousand.',
            'hints': [
                'After the first step the given function returns the mean 1, not 0.1. What will the second step do with it?',
                'Give the corrected means names of their own, so that `mean` and `square` are still the uncorrected ones when they are returned.',
            ],
            'mistakes': [
                {
                    'message': 'This is the function as it was given. It returns the *corrected* means, and the next step corrects them again. What is remembered must stay uncorrected.',
                    'code': '''def adam_step(p, grad, mean, square, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad**2
    mean = mean / (1 - beta1**t)
    square = square / (1 - beta2**t)
    return p - lr * mean / (np.sqrt(square) + eps), mean, square''',
                },
                {
                    'message': 'Now nothing is corrected at all, so the first step is 3.2 times too long. Correct both means for the step, and only there.',
                    'code': '''def adam_step(p, grad, mean, square, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad**2
    return p - lr * mean / (np.sqrt(square) + eps), mean, square''',
                },
                {
                    'message': 'Only the mean is corrected. The mean square begins at 0 too, and grows far more slowly.',
                    'code': '''def adam_step(p, grad, mean, square, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad**2
    return p - lr * (mean / (1 - beta1**t)) / (np.sqrt(square) + eps), mean, square''',
                },
                {
                    'message': 'Both corrections use `beta1`. Each running mean must be divided by one minus its *own* beta to the power t.',
                    'code': '''def adam_step(p, grad, mean, square, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad**2
    return p - lr * (mean / (1 - beta1**t)) / (np.sqrt(square / (1 - beta1**t)) + eps), mean, square''',
                },
                {
                    'message': 'The correction is the same at every step. It must fade as the means fill up: 1 - beta to the power t.',
                    'code': '''def adam_step(p, grad, mean, square, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    mean = beta1 * mean + (1 - beta1) * grad
    square = beta2 * square + (1 - beta2) * grad**2
    return p - lr * (mean / (1 - beta1)) / (np.sqrt(square / (1 - beta2)) + eps), mean, square''',
                },
                {
                    'message': '`mean` comes back as it should, but `square` is still the corrected one. What is remembered must stay uncorrected.',
                    'code': '''def adam_step(p, grad, mean, square, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    mean = beta1 * mean + (1 - beta1) * grad
    square = (beta2 * square + (1 - beta2) * grad**2) / (1 - beta2**t)
    return p - lr * (mean / (1 - beta1**t)) / (np.sqrt(square) + eps), mean, square''',
                },
                {
                    'message': '`square` comes back as it should, but `mean` is still the corrected one. What is remembered must stay uncorrected.',
                    'code': '''def adam_step(p, grad, mean, square, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    mean = (beta1 * mean + (1 - beta1) * grad) / (1 - beta1**t)
    square = beta2 * square + (1 - beta2) * grad**2
    return p - lr * mean / (np.sqrt(square / (1 - beta2**t)) + eps), mean, square''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'Lion, found by a search',
            'names': ['lion_step'],
            'answer': '''def lion_step(p, grad, mean, lr, beta1=0.9, beta2=0.99, decay=0.0):
    "One step of Lion: `(p, mean)` after it."
    direction = np.sign(beta1 * mean + (1 - beta1) * grad)
    return p - lr * (direction + decay * p), beta2 * mean + (1 - beta2) * grad''',
            'explanation': '''A step of fixed length in every number: that is the limit of what Adam does when it is sure. So Lion's rate is chosen three to ten times smaller than Adam's, and its decay larger by as much. On some large models it matched AdamW with half of its memory; on
others not. Like Muon's, its story is not yet at an end.''',
            'hints': [
                '`np.sign` works on a whole array.',
                'Compute the direction first, from the mean that was handed in; the new mean comes after, and is only returned.',
            ],
            'mistakes': [
                {
                    'message': 'The sign is missing, so this is a kind of momentum. In Lion every number moves by lr, however large the blend is.',
                    'code': '''def lion_step(p, grad, mean, lr, beta1=0.9, beta2=0.99, decay=0.0):
    return p - lr * (beta1 * mean + (1 - beta1) * grad + decay * p), beta2 * mean + (1 - beta2) * grad''',
                },
                {
                    'message': 'Your direction is the sign of the gradient alone. The memory has a say, and mostly the louder one.',
                    'code': '''def lion_step(p, grad, mean, lr, beta1=0.9, beta2=0.99, decay=0.0):
    return p - lr * (np.sign(grad) + decay * p), beta2 * mean + (1 - beta2) * grad''',
                },
                {
                    'message': 'The mean is updated first, and its new value makes the direction. Make the direction with the mean as it came in, and with `beta1`.',
                    'code': '''def lion_step(p, grad, mean, lr, beta1=0.9, beta2=0.99, decay=0.0):
    mean = beta2 * mean + (1 - beta2) * grad
    return p - lr * (np.sign(mean) + decay * p), mean''',
                },
                {
                    'message': 'The two betas changed places: `beta1` blends for the direction, `beta2` updates the mean.',
                    'code': '''def lion_step(p, grad, mean, lr, beta1=0.9, beta2=0.99, decay=0.0):
    return p - lr * (np.sign(beta2 * mean + (1 - beta2) * grad) + decay * p), beta1 * mean + (1 - beta1) * grad''',
                },
                {
                    'message': 'The decay is not multiplied by lr. Then a schedule that lowers the rate would leave the decay as strong as ever.',
                    'code': '''def lion_step(p, grad, mean, lr, beta1=0.9, beta2=0.99, decay=0.0):
    direction = np.sign(beta1 * mean + (1 - beta1) * grad)
    return p - lr * direction - decay * p, beta2 * mean + (1 - beta2) * grad''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'A stretch: how sharp is it here?',
            'names': ['sharpness'],
            'answer': '''def sharpness(p, start, rounds=100, nudge=1e-4):
    "The largest eigenvalue of the matrix of second slopes at `p`, from `gradient` alone; `start` is any direction that is not 0."
    def times_hessian(v): return (gradient(p + nudge * v) - gradient(p - nudge * v)) / (2 * nudge)

    v = start / np.linalg.norm(start)
    for _ in range(rounds):
        v = times_hessian(v)
        v = v / np.linalg.norm(v)
    return v @ times_hessian(v)''',
            'explanation': '''Each round costs two gradients, whatever the size of the network, so this is done for real models: to choose a rate, to watch the edge of stability, to ask whether flat places generalise better. (It finds the eigenvalue that is largest *in size*. Here all are above 0; in a network some are below, so look at the sign.) And the trick is general: a matrix that is far too large to write down
can still be *multiplied by*.''',
            'hints': [
                'Write a small function inside yours that gives H v for any v of length 1, and use it both in the loop and at the end.',
                'Scale `start` to length 1 before the first round too: `v / np.linalg.norm(v)`. The nudge is only small if v is.',
                'After the loop, `v @ times_hessian(v)` is the steepness along v.',
            ],
            'mistakes': [
                {
                    'message': '`v` is never scaled back to length 1. It grows at every round, until the nudge is no longer small, and the value means nothing.',
                    'code': '''def sharpness(p, start, rounds=100, nudge=1e-4):
    v = start
    for _ in range(rounds):
        v = (gradient(p + nudge * v) - gradient(p - nudge * v)) / (2 * nudge)
    return v @ (gradient(p + nudge * v) - gradient(p - nudge * v)) / (2 * nudge)''',
                },
                {
                    'message': 'Half of the true value, or nearly: you compared with the gradient at `p` itself, one nudge away, and divided by two nudges.',
                    'code': '''def sharpness(p, start, rounds=100, nudge=1e-4):
    def times_hessian(v): return (gradient(p + nudge * v) - gradient(p)) / (2 * nudge)

    v = start / np.linalg.norm(start)
    for _ in range(rounds):
        v = times_hessian(v)
        v = v / np.linalg.norm(v)
    return v @ times_hessian(v)''',
                },
                {
                    'message': 'There is no iteration: this is the steepness along `start`. Replace `v` by H v, scaled to length 1, again and again.',
                    'code': '''def sharpness(p, start, rounds=100, nudge=1e-4):
    v = start / np.linalg.norm(start)
    return v @ (gradient(p + nudge * v) - gradient(p - nudge * v)) / (2 * nudge)''',
                },
                {
                    'message': 'The difference of the gradients was not divided by the nudges, so the value is far too small.',
                    'code': '''def sharpness(p, start, rounds=100, nudge=1e-4):
    def times_hessian(v): return gradient(p + nudge * v) - gradient(p - nudge * v)

    v = start / np.linalg.norm(start)
    for _ in range(rounds):
        v = times_hessian(v)
        v = v / np.linalg.norm(v)
    return v @ times_hessian(v)''',
                },
                {
                    'message': 'You returned the direction. It is right, but asked for is the steepness along it: v · H v, one number.',
                    'code': '''def sharpness(p, start, rounds=100, nudge=1e-4):
    v = start / np.linalg.norm(start)
    for _ in range(rounds):
        v = (gradient(p + nudge * v) - gradient(p - nudge * v)) / (2 * nudge)
        v = v / np.linalg.norm(v)
    return v''',
                },
                {
                    'message': 'You nudged one way only. The bend of the gradient then stays in, and the fourth digit is wrong. Nudge both ways, and divide by two nudges.',
                    'code': '''def sharpness(p, start, rounds=100, nudge=1e-4):
    def times_hessian(v): return (gradient(p + nudge * v) - gradient(p)) / nudge

    v = start / np.linalg.norm(start)
    for _ in range(rounds):
        v = times_hessian(v)
        v = v / np.linalg.norm(v)
    return v @ times_hessian(v)''',
                },
            ],
            'held_out': 1,
        },
    },
}
