"""Open tests of the exercise 09_sampling. Generated from nbs/exercises/09_sampling.ipynb: edit that one."""

import numpy as np

from genai_course.grading import expect


def after_last(tokens):
    "Probabilities of five tokens: the one after the last token is the likeliest."
    p = np.full(5, 0.05)
    p[(tokens[-1] + 1) % 5] += 0.75
    return p


def by_length(tokens):
    "Probabilities of three tokens that depend on how many there are so far."
    return np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8], [0.0, 1.0, 0.0]])[len(tokens) % 3]


def by_the_book(next_p, prompt, numbers, stop):
    "The loop, number by number."
    tokens = list(prompt)
    for number in numbers:
        total, token = 0.0, -1
        while total <= number: token, total = token + 1, total + next_p(tokens)[token + 1]
        if token == stop: break
        tokens.append(token)
    return tokens[len(prompt) :]


def test_heated_by_hand(sol):
    "is right for the two numbers above, and changes nothing at 1"
    expect.close(sol.heated(np.array([0.8, 0.2]), 0.5), np.array([0.64, 0.04]) / 0.68, "the probabilities")
    expect.close(sol.heated(np.array([0.5, 0.3, 0.2]), 1), np.array([0.5, 0.3, 0.2]), "the probabilities")


def test_heated_zero(sol):
    "leaves only the likeliest at 0, in equal parts if there are several; stays with numbers near 0"
    expect.close(sol.heated(np.array([0.2, 0.5, 0.3]), 0), np.array([0.0, 1.0, 0.0]), "the probabilities at 0")
    expect.close(sol.heated(np.array([0.4, 0.2, 0.4]), 0), np.array([0.5, 0.0, 0.5]), "the probabilities at 0")
    expect.close(sol.heated(np.full(100, 0.01), 0.001), np.full(100, 0.01), "the probabilities at 0.001")


def test_sizes_by_hand(sol):
    "is right for the three numbers above"
    p = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3]])
    expect.close(sol.nucleus_sizes(p, 0.6), np.array([2, 2]), "the sizes for 0.6")
    expect.close(sol.nucleus_sizes(p, 0.5), np.array([1, 1]), "the sizes for 0.5")


def test_sizes_at_least_one(sol):
    "keeps one token where the share is 0"
    expect.close(sol.nucleus_sizes(np.array([[0.25, 0.75], [0.5, 0.5]]), 0.0), np.array([1, 1]), "the sizes for 0")


def test_min_p_by_hand(sol):
    "is right for the three logits above, and for another row beside them"
    expect.equal(np.asarray(sol.min_p_mask(np.array([[2.0, 1.0, 0.0], [0.0, 5.0, 3.0]]), 0.3)).tolist(), [[True, True, False], [False, True, False]], "the mask")


def test_penalised_by_hand(sol):
    "is right for the three logits above"
    expect.close(sol.penalised(np.array([1.0, 2.0, 3.0]), [2, 2, 0], 0.5, 0.1), np.array([0.4, 2.0, 2.3]), "the logits")
    expect.inputs_kept(sol)


def test_penalised_nothing(sol):
    "changes nothing where nothing is written"
    expect.close(sol.penalised(np.array([1.0, -2.0]), [], 0.5, 0.1), np.array([1.0, -2.0]), "the logits")


def test_cut_by_hand(sol):
    "is right for the text above, in whatever order the ends come, for one end that comes twice, for ends that overlap, and for none"
    for text, wanted in [("one.two", "one"), ("no end", "no end"), ("a.b.c", "a")]: expect.equal(sol.cut_at(text, ["."]), wanted, f"what is left of {text!r}")
    for ends in (["ROMEO:", "\n\n"], ["\n\n", "ROMEO:"]): expect.equal(sol.cut_at("Ay.\n\nROMEO: No", ends), "Ay.", "the text")
    for ends in (["\nROMEO:", "\n\n"], ["\n\n", "\nROMEO:"]): expect.equal(sol.cut_at("Ay.\n\nROMEO: No", ends), "Ay.", "the text")


def test_written_by_hand(sol):
    "draws token 1 for 0.6, and asks again with it; on a border it takes the later token"
    expect.equal(sol.written(by_length, [2, 2, 2], [0.6, 0.15, 0.7], 9), [1, 1, 1], "the tokens")
    expect.equal(sol.written(by_length, [2, 2, 2], [0.5], 9), [1], "the tokens for 0.5")


def test_written_stop(sol):
    "ends before the stop token, also where the prompt holds one, and leaves the prompt alone"
    expect.equal(sol.written(after_last, [0], [0.15, 0.5, 0.5, 0.5, 0.5], 3), [1, 2], "the tokens")
    expect.equal(sol.written(after_last, [3, 0], [0.15, 0.5, 0.5, 0.5], 3), [1, 2], "the tokens after a prompt that holds the stop token")
    expect.inputs_kept(sol)


TESTS = {
    'test_heated_by_hand': {
        'question': 'q1',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_heated_zero': {
        'question': 'q1',
        'name': 'zero',
        'points': 1,
        'hidden': False,
    },
    'test_sizes_by_hand': {
        'question': 'q2',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_sizes_at_least_one': {
        'question': 'q2',
        'name': 'at-least-one',
        'points': 1,
        'hidden': False,
    },
    'test_min_p_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_penalised_by_hand': {
        'question': 'q4',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_penalised_nothing': {
        'question': 'q4',
        'name': 'nothing-written',
        'points': 1,
        'hidden': False,
    },
    'test_cut_by_hand': {
        'question': 'q5',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_written_by_hand': {
        'question': 'q6',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_written_stop': {
        'question': 'q6',
        'name': 'stop',
        'points': 1,
        'hidden': False,
    },
}

EXERCISE = {
    'title': 'The knobs, elsewhere',
    'setup': 'import numpy as np',
    'questions': {
        'q1': {
            'title': 'Temperature for probabilities',
            'names': ['heated'],
            'answer': '''def heated(p, temperature):
    "Probabilities `p`, an array (V,), at a temperature of 0 or more: an array (V,)."
    scaled = p / p.max()
    powers = (scaled == 1).astype(float) if temperature == 0 else scaled ** (1 / temperature)
    return powers / powers.sum()''',
            'explanation': 'Subtracting the largest logit before the softmax is the same step in logarithms. Every library does it.',
            'hints': [
                '`p / p.max()` makes the largest a 1, and 1 stays 1 whatever its power.',
                'For 0: `(p == p.max())` says where the likeliest are; divide by how many.',
            ],
            'mistakes': [
                {
                    'message': 'The power is the temperature itself. It should be 1 / T: a low temperature makes the differences larger.',
                    'code': '''def heated(p, temperature):
    scaled = p / p.max()
    powers = (scaled == 1).astype(float) if temperature == 0 else scaled**temperature
    return powers / powers.sum()''',
                },
                {
                    'message': 'The numbers do not add up to 1. Divide them by their sum.',
                    'code': '''def heated(p, temperature):
    scaled = p / p.max()
    return (scaled == 1).astype(float) if temperature == 0 else scaled ** (1 / temperature)''',
                },
                {
                    'message': 'At small temperatures all powers become 0, and 0 / 0 is not a number. Divide by the largest probability before you take the power.',
                    'code': '''def heated(p, temperature):
    powers = (p == p.max()).astype(float) if temperature == 0 else p ** (1 / temperature)
    return powers / powers.sum()''',
                },
                {
                    'message': 'At 0 you take one of the likeliest. If there are several, they share the 1 equally.',
                    'code': '''def heated(p, temperature):
    if temperature == 0: return np.eye(len(p))[p.argmax()]
    powers = (p / p.max()) ** (1 / temperature)
    return powers / powers.sum()''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'How many does top-p let in?',
            'names': ['nucleus_sizes'],
            'answer': '''def nucleus_sizes(p, share):
    "For each row of probabilities `p` (B, V), how many of the likeliest reach `share` together: whole numbers (B,)."
    totals = np.sort(p, axis=1)[:, ::-1].cumsum(axis=1)
    return (totals < share).sum(axis=1) + 1''',
            'explanation': 'Where a model is sure, the nucleus is one token; at the beginning of a sentence it may be thousands. Top-k cannot tell the two apart.',
            'hints': [
                '`np.sort` sorts upwards; `[:, ::-1]` turns each row around; `cumsum(axis=1)` adds up along the rows.',
                'Count the totals that are still *below* the share. The next token is the one that reaches it.',
            ],
            'mistakes': [
                {
                    'message': 'The token that reaches the share belongs to the nucleus, too: you stop one too early.',
                    'code': '''def nucleus_sizes(p, share):
    totals = np.sort(p, axis=1)[:, ::-1].cumsum(axis=1)
    return np.maximum((totals < share).sum(axis=1), 1)''',
                },
                {
                    'message': 'You add up from the least likely. Sort downwards first.',
                    'code': '''def nucleus_sizes(p, share):
    totals = np.sort(p, axis=1).cumsum(axis=1)
    return (totals < share).sum(axis=1) + 1''',
                },
                {
                    'message': 'You add up the tokens in the order in which they stand. The likeliest come first.',
                    'code': '''def nucleus_sizes(p, share):
    return (p.cumsum(axis=1) < share).sum(axis=1) + 1''',
                },
                {
                    'message': 'One too many where the share is reached exactly: 0.5 is at least 0.5, so one token is enough.',
                    'code': '''def nucleus_sizes(p, share):
    totals = np.sort(p, axis=1)[:, ::-1].cumsum(axis=1)
    return np.minimum((totals <= share).sum(axis=1) + 1, p.shape[1])''',
                },
            ],
            'held_out': 1,
        },
        'q3': {
            'title': 'Min-p without a softmax',
            'names': ['min_p_mask'],
            'answer': '''def min_p_mask(logits, share):
    "Where min-p keeps `logits` (B, V), for a share above 0: True or False (B, V)."
    return logits >= logits.max(axis=1, keepdims=True) + np.log(share)''',
            'explanation': 'So min-p costs a maximum and a comparison, where top-p has to sort. And whether a token stays depends on it and on the likeliest alone, not on all the others.',
            'hints': [
                'The logarithm of a product is a sum: log(s · p) = log(s) + log(p).',
                '`logits.max(axis=1, keepdims=True)` is the highest of each row, shape (B, 1).',
            ],
            'mistakes': [
                {
                    'message': 'You compare logits with a share of the highest logit. The share is one of probabilities; in logits it becomes a difference, log(share).',
                    'code': '''def min_p_mask(logits, share):
    return logits >= share * logits.max(axis=1, keepdims=True)''',
                },
                {
                    'message': 'You take the highest logit of all rows. Each row has its own.',
                    'code': '''def min_p_mask(logits, share):
    return logits >= logits.max() + np.log(share)''',
                },
                {
                    'message': 'This keeps what lies below the border. What lies above it should stay.',
                    'code': '''def min_p_mask(logits, share):
    return logits < logits.max(axis=1, keepdims=True) + np.log(share)''',
                },
            ],
            'held_out': 1,
        },
        'q4': {
            'title': 'Penalties that count',
            'names': ['penalised'],
            'answer': '''def penalised(logits, written, presence, frequency):
    "`logits` (V,) after both penalties for the tokens in the list `written`: a new array (V,)."
    counts = np.bincount(np.array(written, dtype=int), minlength=len(logits))
    return logits - presence * (counts > 0) - frequency * counts''',
            'explanation': "These are the two of OpenAI's interface. Since they are subtracted, not multiplied, adding the same to all logits changes nothing: the trouble of dividing and multiplying logits, of which the lesson speaks, does not arise.",
            'hints': [
                'How often each token came: `np.bincount(..., minlength=len(logits))`.',
                '`counts > 0` is True, that is 1, where a token came at all.',
            ],
            'mistakes': [
                {
                    'message': 'The presence penalty is taken off each time that a token came. It counts once, however often.',
                    'code': '''def penalised(logits, written, presence, frequency):
    counts = np.bincount(np.array(written, dtype=int), minlength=len(logits))
    return logits - presence * counts - frequency * counts''',
                },
                {
                    'message': 'The frequency penalty is taken off only once for each token. It counts each time that it came. (`logits[written] -= ...` does a repeated place only once.)',
                    'code': '''def penalised(logits, written, presence, frequency):
    made = np.array(logits)
    made[list(set(written))] -= presence
    made[written] -= frequency
    return made''',
                },
                {
                    'message': 'You added where you should subtract: a penalty makes a token less likely.',
                    'code': '''def penalised(logits, written, presence, frequency):
    counts = np.bincount(np.array(written, dtype=int), minlength=len(logits))
    return logits + presence * (counts > 0) + frequency * counts''',
                },
                {
                    'message': 'You changed the logits that were given. Work on a copy.',
                    'code': '''def penalised(logits, written, presence, frequency):
    counts = np.bincount(np.array(written, dtype=int), minlength=len(logits))
    logits -= presence * (counts > 0) + frequency * counts
    return logits''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'More than one end',
            'names': ['cut_at'],
            'answer': '''def cut_at(text, ends):
    "The text up to where the earliest of the list `ends` begins in it; all of it where none does."
    places = [text.find(end) for end in ends if end in text]
    return text[: min(places, default=len(text))]''',
            'explanation': 'Programs look at the text for this, not at the tokens: the same end may be cut into tokens in several ways, as lesson 06 showed.',
            'hints': [
                'Where does each end stand? Only those that occur count.',
                '`min(places, default=len(text))` is the earliest, or the whole length where there is none.',
            ],
            'mistakes': [
                {
                    'message': 'You cut at the first end of the *list* that occurs. The one that comes earliest in the *text* counts.',
                    'code': '''def cut_at(text, ends):
    for end in ends:
        if end in text: return text[: text.find(end)]
    return text''',
                },
                {
                    'message': '`find` gives −1 for what is not there, and that cuts the last letter off.',
                    'code': '''def cut_at(text, ends):
    return text[: min((text.find(end) for end in ends), default=len(text))]''',
                },
                {
                    'message': 'You cut at the last place where an end stands. The first one counts.',
                    'code': '''def cut_at(text, ends):
    places = [text.rfind(end) for end in ends if end in text]
    return text[: min(places, default=len(text))]''',
                },
                {
                    'message': 'The end itself does not belong to the text any more.',
                    'code': '''def cut_at(text, ends):
    places = [text.find(end) + len(end) for end in ends if end in text]
    return text[: min(places, default=len(text))]''',
                },
                {
                    'message': 'Cutting at one end after the other breaks an end that overlaps it: what is left of it is no longer found. Look for all ends in the whole text.',
                    'code': '''#| eval: false
def cut_at(text, ends):
    for end in ends: text = text.partition(end)[0]
    return text''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'The loop',
            'names': ['written'],
            'answer': '''def written(next_p, prompt, numbers, stop):
    "The tokens after the list `prompt`, one drawn for each of `numbers` by `next_p(tokens)`, an array (V,), up to but without `stop`."
    tokens = list(prompt)
    for number in numbers:
        token = int(np.argmax(next_p(tokens).cumsum() > number))
        if token == stop: break
        tokens.append(token)
    return tokens[len(prompt) :]''',
            'explanation': 'This is the loop behind every chat window. With `yield token` in place of the list it streams. All else, from a letter table to a hundred billion weights, is in `next_p`.',
            'hints': [
                'Keep a list of your own, `list(prompt)`, and add each token that was drawn.',
                '`np.argmax(totals > number)` is the first place where it is true.',
            ],
            'mistakes': [
                {
                    'message': 'You ask with the prompt each time. What was drawn has to stand behind it when the next token is asked for.',
                    'code': '''def written(next_p, prompt, numbers, stop):
    tokens = []
    for number in numbers:
        token = int(np.argmax(next_p(list(prompt)).cumsum() > number))
        if token == stop: break
        tokens.append(token)
    return tokens''',
                },
                {
                    'message': 'You take the likeliest token, whatever the number says. It should be drawn.',
                    'code': '''def written(next_p, prompt, numbers, stop):
    tokens = list(prompt)
    for _ in numbers:
        token = int(np.argmax(next_p(tokens)))
        if token == stop: break
        tokens.append(token)
    return tokens[len(prompt) :]''',
                },
                {
                    'message': 'The stop token itself is among the tokens. End before it.',
                    'code': '''def written(next_p, prompt, numbers, stop):
    tokens = list(prompt)
    for number in numbers:
        token = int(np.argmax(next_p(tokens).cumsum() > number))
        tokens.append(token)
        if token == stop: break
    return tokens[len(prompt) :]''',
                },
                {
                    'message': 'The prompt is returned as well. Only the new tokens were asked for.',
                    'code': '''def written(next_p, prompt, numbers, stop):
    tokens = list(prompt)
    for number in numbers:
        token = int(np.argmax(next_p(tokens).cumsum() > number))
        if token == stop: break
        tokens.append(token)
    return tokens''',
                },
                {
                    'message': 'On a border you take the token too early: the sum has to get *above* the number, not up to it.',
                    'code': '''def written(next_p, prompt, numbers, stop):
    tokens = list(prompt)
    for number in numbers:
        token = int(np.argmax(next_p(tokens).cumsum() >= number))
        if token == stop: break
        tokens.append(token)
    return tokens[len(prompt) :]''',
                },
                {
                    'message': 'You look for the stop token in the whole text. In the prompt it ends nothing: ask about the token just drawn.',
                    'code': '''def written(next_p, prompt, numbers, stop):
    tokens = list(prompt)
    for number in numbers:
        tokens.append(int(np.argmax(next_p(tokens).cumsum() > number)))
        if stop in tokens: return tokens[len(prompt) : -1]
    return tokens[len(prompt) :]''',
                },
            ],
            'held_out': 1,
        },
    },
}
