"""Open tests of the exercise 01_prediction. Generated from nbs/exercises/01_prediction.ipynb: edit that one."""

import numpy as np

from genai_course.grading import expect


def test_perplexity_by_hand(sol):
    "is right for the four letters above"
    expect.close(sol.perplexity(np.array([0.5, 0.5, 0.5, 0.01])), np.exp(-np.mean(np.log([0.5, 0.5, 0.5, 0.01]))), "the perplexity")


def test_next_words_cat_and_dog(sol):
    "is right for the sentence above"
    words = "the cat saw the dog and the cat ran".split()
    expect.equal(sol.next_words(words, "the"), {"cat": 2 / 3, "dog": 1 / 3}, "what comes after `the`")
    expect.equal(sol.next_words(words, "cat"), {"saw": 0.5, "ran": 0.5}, "what comes after `cat`")


def test_next_words_at_the_end(sol):
    "treats the last word of the text as one with nothing after it"
    expect.equal(sol.next_words("one two one two one".split(), "one"), {"two": 1.0}, "what comes after `one`")
    expect.equal(sol.next_words(["only", "once"], "once"), {}, "what comes after `once`")


def test_land_inside(sol):
    "is right inside the pieces of 2, 3 and 5"
    for u, symbol in [(0.1, 0), (0.3, 1), (0.45, 1), (0.6, 2), (0.99, 2)]:
        expect.close(sol.land(np.array([2, 3, 5]), u), symbol, f"the symbol for u = {u}")


def test_land_borders(sol):
    "gives a border to the piece that begins there, and never draws a count of 0"
    for u, symbol in [(0.0, 1), (0.25, 3), (0.75, 4)]:
        expect.close(sol.land(np.array([0, 1, 0, 2, 1]), u), symbol, f"the symbol for u = {u}")


def test_heat_by_hand(sol):
    "is right for 1 and 3, at temperatures 1, 0.5 and 2"
    for temperature, expected in [(1.0, [0.25, 0.75]), (0.5, [0.1, 0.9]), (2.0, np.array([1, 3**0.5]) / (1 + 3**0.5))]:
        expect.close(sol.heat(np.array([1.0, 3.0]), temperature), expected, f"the probabilities at temperature {temperature}")


def test_heat_cold(sol):
    "does not overflow near 0, where the largest count takes all"
    expect.close(sol.heat(np.array([5000.0, 20.0, 4000.0]), 0.01), [1.0, 0.0, 0.0], "the probabilities at temperature 0.01", atol=1e-6)
    expect.close(sol.heat(np.array([5000.0, 20.0, 4000.0]), 0.0001), [1.0, 0.0, 0.0], "the probabilities at temperature 0.0001", atol=1e-6)


def test_blend_by_hand(sol):
    "is right for the example above"
    expect.close(sol.blend(np.array([2.0, 0.0]), np.array([30.0, 70.0]), 2.0), [0.65, 0.35], "the probabilities")


def test_blend_trust(sol):
    "trusts a long context seen eight times with four fifths, for k = 2"
    expect.close(sol.blend(np.array([8.0, 0.0]), np.array([30.0, 70.0]), 2.0), [0.86, 0.14], "the probabilities")


def test_blend_never_seen(sol):
    "lets the short context speak where the long one was never seen"
    expect.close(sol.blend(np.zeros(2), np.array([30.0, 70.0]), 2.0), [0.3, 0.7], "the probabilities")


def test_bits_by_hand(sol):
    "is right for aaab and for abab"
    expect.close(sol.bits("aaab"), 4 * 2 - 3 * np.log2(3), "the bits of aaab")
    expect.close(sol.bits("abab"), 4.0, "the bits of abab")


def test_bits_certain(sol):
    "is 0 for a text of one character, again and again"
    expect.close(sol.bits("aaaaaaa"), 0.0, "the bits of aaaaaaa")


def test_learning_by_hand(sol):
    "is right for the coin above"
    expect.close(sol.learning_loss([0, 0, 1], 2, 1.0), -np.log([1 / 2, 2 / 3, 1 / 4]).mean(), "the mean surprise")


def test_learning_first_throw(sol):
    "knows nothing before the first throw of a die with six sides"
    expect.close(sol.learning_loss([4], 6, 0.5), np.log(6), "the surprise at the first throw")


TESTS = {
    'test_perplexity_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_next_words_cat_and_dog': {
        'question': 'q2',
        'name': 'cat-and-dog',
        'points': 1,
        'hidden': False,
    },
    'test_next_words_at_the_end': {
        'question': 'q2',
        'name': 'at-the-end',
        'points': 1,
        'hidden': False,
    },
    'test_land_inside': {
        'question': 'q3',
        'name': 'inside',
        'points': 1,
        'hidden': False,
    },
    'test_land_borders': {
        'question': 'q3',
        'name': 'borders',
        'points': 1,
        'hidden': False,
    },
    'test_heat_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_heat_cold': {
        'question': 'q4',
        'name': 'cold',
        'points': 1,
        'hidden': False,
    },
    'test_blend_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_blend_trust': {
        'question': 'q5',
        'name': 'trust',
        'points': 1,
        'hidden': False,
    },
    'test_blend_never_seen': {
        'question': 'q5',
        'name': 'never-seen',
        'points': 1,
        'hidden': False,
    },
    'test_bits_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_bits_certain': {
        'question': 'q6',
        'name': 'certain',
        'points': 1,
        'hidden': False,
    },
    'test_learning_by_hand': {
        'question': 'q7',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_learning_first_throw': {
        'question': 'q7',
        'name': 'first-throw',
        'points': 1,
        'hidden': False,
    },
}

EXERCISE = {
    'title': 'What comes next, elsewhere',
    'setup': 'import numpy as np',
    'questions': {
        'q1': {
            'title': 'Find the bug: perplexity',
            'names': ['perplexity'],
            'answer': '''def perplexity(p):
    "The perplexity of a model that gave what really came the probabilities `p`, an array (N,)."
    return np.exp(-np.log(p).mean())''',
            'explanation': '''Perplexity is the *geometric* mean of $1/p$. It cannot be bought by being right most of the time: one letter with $p = 0$ makes it infinite, whatever
the others were. That is why models that are measured by it learn never to say never.''',
            'hints': [
                'Three steps: from probabilities to surprises, from surprises to their mean, from the mean back to a number of choices.',
                '`-np.log(p)` is an array of surprises.',
            ],
            'mistakes': [
                {
                    'message': 'This is the function as it was given: it averages the probabilities. What is averaged is the *surprise*, `-np.log(p)`; only then does one very small probability weigh as much as it should.',
                    'code': '''def perplexity(p):
    return 1 / np.mean(p)''',
                },
                {
                    'message': 'The sign is lost: a surprise is *minus* the logarithm. Your perplexity lies below 1, as if there were less than one choice.',
                    'code': '''def perplexity(p):
    return np.exp(np.log(p).mean())''',
                },
                {
                    'message': 'Two units are mixed: bits (`np.log2`) go with a power of 2, nats (`np.log`) with `np.exp`.',
                    'code': '''def perplexity(p):
    return np.exp(-np.log2(p).mean())''',
                },
                {
                    'message': 'You added the surprises up. The perplexity is about one choice, so it takes their mean; else a longer text would always look worse.',
                    'code': '''def perplexity(p):
    return np.exp(-np.log(p).sum())''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'The next word',
            'names': ['next_words'],
            'answer': '''def next_words(words, before):
    "The probability of each word that came right after `before` in the list `words`, by counting: {word: probability}."
    after = [second for first, second in zip(words[:-1], words[1:], strict=True) if first == before]
    return {word: after.count(word) / len(after) for word in after}''',
            'explanation': '''With 50,000 words in a language there are 2.5 billion such pairs, and most sensible ones never occur in any one person's reading. That is why
phones do not stop at counting, and why the counts here are only the beginning of question 5.''',
            'hints': [
                '`zip(words[:-1], words[1:])` gives each word with the one after it.',
                "Collect the second word of each pair whose first is `before`. How often each stands in that list, divided by the list's length, is its probability.",
            ],
            'mistakes': [
                {
                    'message': 'These are counts. Divide each by how many words came after `before` in all, so that they add up to 1.',
                    'code': '''def next_words(words, before):
    after = [second for first, second in zip(words[:-1], words[1:], strict=True) if first == before]
    return {word: after.count(word) for word in after}''',
                },
                {
                    'message': 'You divided by how many words the text has. What adds up to 1 is what came after *this* word.',
                    'code': '''def next_words(words, before):
    after = [second for first, second in zip(words[:-1], words[1:], strict=True) if first == before]
    return {word: after.count(word) / len(words) for word in after}''',
                },
                {
                    'message': 'This is what came right *before* the word. You have the pair the wrong way round.',
                    'code': '''def next_words(words, before):
    after = [first for first, second in zip(words[:-1], words[1:], strict=True) if second == before]
    return {word: after.count(word) / len(after) for word in after}''',
                },
                {
                    'message': 'You divided by how often the word stands in the text. Its place at the very end has nothing after it and must not count.',
                    'code': '''def next_words(words, before):
    after = [second for first, second in zip(words[:-1], words[1:], strict=True) if first == before]
    return {word: after.count(word) / words.count(before) for word in after}''',
                },
            ],
            'held_out': 1,
        },
        'q3': {
            'title': 'Where the random number lands',
            'names': ['land'],
            'answer': '''def land(counts, u):
    "The number of the symbol on whose piece of the line `u`, in [0, 1), lands; `counts` is an array (symbols,) that does not add up to 1."
    ends = np.cumsum(counts)
    return int(np.searchsorted(ends, u * ends[-1], side="right"))''',
            'explanation': '''This is how chatbots speak: one random number for each piece of text, dropped on a line of a hundred thousand pieces. With the same numbers,
and pieces of exactly the same length, it says the same text: that is what a *seed* is for.''',
            'hints': [
                '`np.cumsum([2, 3, 5])` is `[2, 5, 10]`: where each piece ends.',
                'The symbol is the first whose piece ends *after* the place where `u` landed. A loop finds it; so does `np.searchsorted(..., side="right")`.',
            ],
            'mistakes': [
                {
                    'message': 'You always take the largest count. That is no drawing: the random number must have a say.',
                    'code': '''def land(counts, u):
    return int(np.argmax(counts))''',
                },
                {
                    'message': '`u` goes from 0 to 1, and your line is as long as all counts together: stretch `u` by their sum, or shrink the counts.',
                    'code': '''def land(counts, u):
    return int(np.searchsorted(np.cumsum(counts), u, side="right"))''',
                },
                {
                    'message': 'On a border you take the piece that *ends* there. It must be the piece that begins there; else `u = 0` draws a first symbol even if its count is 0.',
                    'code': '''def land(counts, u):
    ends = np.cumsum(counts)
    return int(np.searchsorted(ends, u * ends[-1], side="left"))''',
                },
                {
                    'message': 'Every symbol gets a piece of the same length. The pieces must be as long as the counts.',
                    'code': '''def land(counts, u):
    return int(u * len(counts))''',
                },
            ],
            'held_out': 1,
        },
        'q4': {
            'title': 'Temperature on counts',
            'names': ['heat'],
            'answer': '''def heat(counts, temperature):
    "Probabilities (symbols,) from `counts` (symbols,) at a temperature above 0. Never overflows; a count of 0 stays at 0."
    powers = (counts / counts.max()) ** (1 / temperature)
    return powers / powers.sum()''',
            'explanation': r'''With $s_i = \log n_i$ the formula becomes softmax of $s_i / T$, which is how it stands in programs for large models: networks put out scores, that is,
logarithms of something like counts. "Subtract the largest score" there is "divide by the largest count" here.''',
            'hints': [
                'Divide by the largest count. Then the largest becomes 1, and 1 to any power is 1.',
                '`x ** (1 / temperature)`, then divide by the sum.',
            ],
            'mistakes': [
                {
                    'message': 'You raise to the power T. It is one divided by T: cold (small T) must make a large power.',
                    'code': '''def heat(counts, temperature):
    powers = (counts / counts.max()) ** temperature
    return powers / powers.sum()''',
                },
                {
                    'message': 'Dividing counts by T changes nothing: the sum is divided too, and T drops out. T belongs into the exponent.',
                    'code': '''def heat(counts, temperature):
    divided = counts / temperature
    return divided / divided.sum()''',
                },
                {
                    'message': 'This is softmax of the counts. It is right for scores, that is, for logarithms; counts are no logarithms yet.',
                    'code': '''def heat(counts, temperature):
    powers = np.exp((counts - counts.max()) / temperature)
    return powers / powers.sum()''',
                },
                {
                    'message': 'Right until it gets cold: then the power overflows, and infinity divided by infinity is no number. Divide the counts by the largest first.',
                    'code': '''def heat(counts, temperature):
    with np.errstate(all="ignore"):
        powers = counts ** (1 / temperature)
        return powers / powers.sum()''',
                },
                {
                    'message': 'You divided by the sum. Then all are below 1, and when it is very cold all powers become 0, and 0 divided by 0 is no number. Divide by the largest: it stays 1.',
                    'code': '''def heat(counts, temperature):
    with np.errstate(all="ignore"):
        powers = (counts / counts.sum()) ** (1 / temperature)
        return powers / powers.sum()''',
                },
                {
                    'message': 'The powers are right but do not add up to 1. Divide them by their sum.',
                    'code': '''def heat(counts, temperature):
    return (counts / counts.max()) ** (1 / temperature)''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'Whom to trust: a long memory or a short one?',
            'names': ['blend'],
            'answer': '''def blend(long_counts, short_counts, k):
    "Probabilities (symbols,) from the counts after a long and after a short context, arrays (symbols,); the long counts may all be 0. k > 0."
    short = short_counts / short_counts.sum()
    return (long_counts + k * short) / (long_counts.sum() + k)''',
            'explanation': r'''Look at the short form, $(\text{long counts} + k \, p_{\text{short}}) / (n + k)$: this is smoothing, only that the pretended counts are not all alike. They
follow what the short context knows. Done for every length of memory, one inside the other, and with a cleverer way to count (Kneser and Ney, 1995), it gave the best
language models before there were networks.''',
            'hints': [
                '`n` is `long_counts.sum()`. Turn the short counts into probabilities first.',
                '$n \\cdot p_{\\text{long}}$ is nothing but the long counts. Put that into the formula, and no division by 0 is left.',
            ],
            'mistakes': [
                {
                    'message': 'You add raw counts. The short context has been seen far more often, so it always shouts the long one down. Make it probabilities first.',
                    'code': '''def blend(long_counts, short_counts, k):
    counts = long_counts + k * short_counts
    return counts / counts.sum()''',
                },
                {
                    'message': 'The weights are the wrong way round: the *more* often the long context was seen, the more it must count.',
                    'code': '''def blend(long_counts, short_counts, k):
    n = long_counts.sum()
    long = long_counts / n if n else np.zeros_like(long_counts)
    return k / (n + k) * long + n / (n + k) * short_counts / short_counts.sum()''',
                },
                {
                    'message': 'Right, but for a long context that was never seen: there you divide 0 by 0. Its weight is 0, so leave its part out, or use the counts themselves: n times the probabilities.',
                    'code': '''def blend(long_counts, short_counts, k):
    n = long_counts.sum()
    with np.errstate(invalid="ignore"):
        return n / (n + k) * (long_counts / n) + k / (n + k) * short_counts / short_counts.sum()''',
                },
                {
                    'message': 'You take half of each, always. The weight must follow how often the long context has been seen: n / (n + k).',
                    'code': '''def blend(long_counts, short_counts, k):
    short = short_counts / short_counts.sum()
    n = long_counts.sum()
    return (long_counts / n + short) / 2 if n else short''',
                },
                {
                    'message': 'You switch from one to the other. Where the long context has been seen, the short one has a say too, with weight k / (n + k).',
                    'code': '''def blend(long_counts, short_counts, k):
    chosen = long_counts if long_counts.sum() else short_counts
    return chosen / chosen.sum()''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'How small can a file get?',
            'names': ['bits'],
            'answer': '''def bits(text):
    "The sum of the surprises, in bits, at all characters of `text` (not empty), each with its share in the text as its probability."
    return -sum(np.log2(text.count(character) / len(text)) for character in text)''',
            'explanation': '''The list of shares must travel with the file, which costs a little, and which we left out. A better predictor makes smaller files: language models, used like this,
beat the usual compression programs by far, if you do not count the size of the model itself. To predict and to compress are one task.''',
            'hints': [
                '`text.count("a") / len(text)` is the share of the letter a.',
                'Go through the text, character by character, and add up `-np.log2(share)`.',
            ],
            'mistakes': [
                {
                    'message': 'These are nats. For bits take `np.log2`.',
                    'code': '''def bits(text):
    return -sum(np.log(text.count(character) / len(text)) for character in text)''',
                },
                {
                    'message': 'This is the mean for one character. A file holds all of them: add up, and do not divide.',
                    'code': '''def bits(text):
    return -sum(np.log2(text.count(character) / len(text)) for character in text) / len(text)''',
                },
                {
                    'message': 'You count each different character once. One that comes three times must be written three times.',
                    'code': '''def bits(text):
    return -sum(np.log2(text.count(character) / len(text)) for character in set(text))''',
                },
                {
                    'message': "You treat all characters that occur as equally likely. The frequent ones are cheaper: use each one's share in the text.",
                    'code': '''def bits(text):
    return len(text) * np.log2(len(set(text)))''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'A stretch: learn as you go',
            'names': ['learning_loss'],
            'answer': '''def learning_loss(throws, sides, smoothing):
    "Mean surprise in nats at `throws` (a list of whole numbers from 0 to sides - 1, not empty), each predicted from the earlier ones."
    counts, total = np.zeros(sides), 0.0
    for t, side in enumerate(throws):
        total -= np.log((counts[side] + smoothing) / (t + sides * smoothing))
        counts[side] += 1
    return total / len(throws)''',
            'explanation': '''The order does not matter: 0, 0, 1 and 1, 0, 0 have the same sum of surprises, though each throw's share differs. And no data had to be put aside: what comes next is always held out until it
has come. A language model that reads its training text just once is judged in the same way, and its running loss is the size of the file it would make.''',
            'hints': [
                'Keep an array of counts, one for each side, all 0 at the start. For each throw: probability, surprise, and only then add 1.',
                'The `t` of the formula is how many throws came before: `enumerate(throws)` counts it for you.',
            ],
            'mistakes': [
                {
                    'message': 'You count a throw before you predict it: the learner has seen the answer. Predict, be surprised, then count.',
                    'code': '''def learning_loss(throws, sides, smoothing):
    counts, total = np.zeros(sides), 0.0
    for side in throws:
        counts[side] += 1
        total -= np.log((counts[side] + smoothing) / (counts.sum() + sides * smoothing))
    return total / len(throws)''',
                },
                {
                    'message': 'All throws are counted before the first is predicted. That is a loss on *seen* data; the question asks for a learner that only knows the past.',
                    'code': '''def learning_loss(throws, sides, smoothing):
    counts = np.bincount(throws, minlength=sides) + smoothing
    p = counts / counts.sum()
    return -np.mean([np.log(p[side]) for side in throws])''',
                },
                {
                    'message': 'Smoothing is added to each of the sides, so below the line it stands `sides` times; with one time only, the probabilities do not add up to 1.',
                    'code': '''def learning_loss(throws, sides, smoothing):
    counts, total = np.zeros(sides), 0.0
    for t, side in enumerate(throws):
        total -= np.log((counts[side] + smoothing) / (t + smoothing))
        counts[side] += 1
    return total / len(throws)''',
                },
                {
                    'message': 'The surprises are right, but this is their sum. The loss is their mean.',
                    'code': '''def learning_loss(throws, sides, smoothing):
    counts, total = np.zeros(sides), 0.0
    for t, side in enumerate(throws):
        total -= np.log((counts[side] + smoothing) / (t + sides * smoothing))
        counts[side] += 1
    return total''',
                },
                {
                    'message': 'The learner never learns: after each throw its counts must grow by one at the side that came.',
                    'code': '''def learning_loss(throws, sides, smoothing):
    counts = np.zeros(sides)
    return -np.mean([np.log((counts[side] + smoothing) / (counts.sum() + sides * smoothing)) for side in throws])''',
                },
            ],
            'held_out': 1,
        },
    },
}
