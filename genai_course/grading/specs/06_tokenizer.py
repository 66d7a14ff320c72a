"""Open tests of the exercise 06_tokenizer. Generated from nbs/exercises/06_tokenizer.ipynb: edit that one."""

import math

import numpy as np

from genai_course.grading import expect


def test_inside_banan(sol):
    "is right for a byte, and for the three tokens above"
    merges = [(97, 110), (98, 256), (257, 256)]
    for token, expected in [(98, [98]), (256, [97, 110]), (257, [98, 97, 110]), (258, [98, 97, 110, 97, 110])]:
        expect.equal(sol.inside(token, merges), expected, f"what is inside of {token}")


def test_utf8_two_bytes(sol):
    "is right for A and ü, and for the smallest and the largest number of two bytes"
    for n, expected in [(65, [65]), (252, [195, 188]), (128, [194, 128]), (2047, [223, 191])]: expect.equal(sol.utf8(n), expected, f"the bytes of {n}")


def test_utf8_longer(sol):
    "is right for ♥, three bytes, and 🫠, four, and for the smallest numbers of each"
    for n, expected in [(9829, [226, 153, 165]), (129760, [240, 159, 171, 160]), (2048, [224, 160, 128]), (65536, [240, 144, 128, 128])]: expect.equal(sol.utf8(n), expected, f"the bytes of {n}")


def test_bits_by_hand(sol):
    "is right for the 20 bytes above"
    expect.close(sol.bits_per_byte(np.array([2, 2, 2, 2, 2.5]), "Zürich, and no more"), 10.5 / math.log(2) / 20, "bits per byte")


def test_rows_of_nine(sol):
    "is right for the nine tokens above"
    x, y = expect.parts(sol.rows(list(range(9)), 4), 2, "x and y")
    expect.close(x, np.arange(8).reshape(2, 4), "x")
    expect.close(y, np.arange(1, 9).reshape(2, 4), "y")


def test_rows_just_too_few(sol):
    "leaves a row out whose last token has nothing after it"
    x, y = expect.parts(sol.rows([5, 6, 7, 8, 9, 1], 3), 2, "x and y")
    expect.close(x, np.array([[5, 6, 7]]), "x")
    expect.close(y, np.array([[6, 7, 8]]), "y")


def test_wordpiece_unhappily(sol):
    "is right for the word above"
    vocabulary = {"un", "unhappy", "##happ", "##ily", "##i", "##ly", "##y"}
    expect.equal(sol.wordpiece("unhappy", vocabulary), ["unhappy"], "the pieces of unhappy")
    expect.equal(sol.wordpiece("unhappily", vocabulary), ["un", "##happ", "##ily"], "the pieces of unhappily")


def test_wordpiece_unknown(sol):
    "makes the whole word unknown where one place has no fitting piece, and never goes back on a choice"
    expect.equal(sol.wordpiece("cats", {"cat", "c", "##at"}), ["[UNK]"], "the pieces of cats")
    expect.equal(sol.wordpiece("scat", {"cat", "##cat", "##s"}), ["[UNK]"], "the pieces of scat")
    expect.equal(sol.wordpiece("abcd", {"ab", "abc", "##cd"}), ["[UNK]"], "the pieces of abcd")


def test_stream_heart(sol):
    "is right for the heart above"
    expect.equal(sol.stream([b"I \xe2", b"\x99", b"\xa5 U"]), ["I ", "", "♥ U"], "what is shown")


def test_stream_whole(sol):
    "keeps nothing back that is complete, such as an ü at the end of a token"
    expect.equal(sol.stream(["für".encode(), "ü".encode(), b"!"]), ["für", "ü", "!"], "what is shown")


def test_best_cut_abc(sol):
    "is right for the table above"
    expect.equal(sol.best_cut("abc", {"a": -1, "b": -3, "c": -2, "ab": -2, "bc": -1.5}), ["a", "bc"], "the best cut of abc")


def test_best_cut_not_greedy(sol):
    "gives up a good beginning where the whole is better without it, and is done in time with 60 letters"
    log_p = {"a": -1, "b": -1, "c": -5, "d": -5, "e": -5, "abc": -0.1, "ab": -3, "cde": -1}
    expect.equal(sol.best_cut("abcde", log_p), ["a", "b", "cde"], "the best cut of abcde")
    expect.equal(sol.best_cut("ab" * 30, {"a": -1, "b": -1, "ab": -1.5}), ["ab"] * 30, "the best cut of 60 letters")


TESTS = {
    'test_inside_banan': {
        'question': 'q1',
        'name': 'banan',
        'points': 1,
        'hidden': False,
    },
    'test_utf8_two_bytes': {
        'question': 'q2',
        'name': 'two-bytes',
        'points': 1,
        'hidden': False,
    },
    'test_utf8_longer': {
        'question': 'q2',
        'name': 'longer',
        'points': 1,
        'hidden': False,
    },
    'test_bits_by_hand': {
        'question': 'q3',
        'name': 'by-hand',
        'points': 1,
        'hidden': False,
    },
    'test_rows_of_nine': {
        'question': 'q4',
        'name': 'nine',
        'points': 1,
        'hidden': False,
    },
    'test_rows_just_too_few': {
        'question': 'q4',
        'name': 'just-too-few',
        'points': 1,
        'hidden': False,
    },
    'test_wordpiece_unhappily': {
        'question': 'q5',
        'name': 'unhappily',
        'points': 1,
        'hidden': False,
    },
    'test_wordpiece_unknown': {
        'question': 'q5',
        'name': 'unknown',
        'points': 1,
        'hidden': False,
    },
    'test_stream_heart': {
        'question': 'q6',
        'name': 'heart',
        'points': 1,
        'hidden': False,
    },
    'test_stream_whole': {
        'question': 'q6',
        'name': 'whole',
        'points': 1,
        'hidden': False,
    },
    'test_best_cut_abc': {
        'question': 'q7',
        'name': 'abc',
        'points': 1,
        'hidden': False,
    },
    'test_best_cut_not_greedy': {
        'question': 'q7',
        'name': 'not-greedy',
        'points': 1,
        'hidden': False,
    },
}

EXERCISE = {
    'title': 'Tokens, elsewhere',
    'setup': 'import numpy as np',
    'questions': {
        'q1': {
            'title': 'What is inside of a token?',
            'names': ['inside'],
            'answer': '''def inside(token, merges):
    "The bytes, as a list of numbers from 0 to 255, that `token` is made of; `merges[i]` is the pair that token 256 + i is made of."
    if token < 256: return [token]
    first, second = merges[token - 256]
    return inside(first, merges) + inside(second, merges)''',
            'explanation': 'A token is a tree, and its bytes are the leaves. Tokenizers open all trees once and keep the results in a table, which is what `BytePairTokenizer.tokens` is.',
            'hints': [
                'A byte holds itself. Any other token holds what its first half holds, then what its second half holds.',
                'A function may call itself: `inside(first, merges) + inside(second, merges)`.',
            ],
            'mistakes': [
                {
                    'message': 'You opened the token once. Its two halves may be tokens themselves, and have to be opened too, until only bytes are left.',
                    'code': '''def inside(token, merges):
    return [token] if token < 256 else list(merges[token - 256])''',
                },
                {
                    'message': 'The halves have changed places: the first of a pair comes first.',
                    'code': '''def inside(token, merges):
    if token < 256: return [token]
    first, second = merges[token - 256]
    return inside(second, merges) + inside(first, merges)''',
                },
                {
                    'message': 'The halves are lists within lists. Join them with `+`, so that one flat list of bytes comes out.',
                    'code': '''def inside(token, merges):
    if token < 256: return [token]
    first, second = merges[token - 256]
    return [inside(first, merges), inside(second, merges)]''',
                },
            ],
            'held_out': 1,
        },
        'q2': {
            'title': 'From a letter to bytes',
            'names': ['utf8'],
            'answer': '''def utf8(code_point):
    "The bytes, as a list of numbers, that UTF-8 writes for a character's number."
    if code_point < 128: return [code_point]
    count = 1 if code_point < 2048 else 2 if code_point < 65536 else 3
    low = [128 + code_point // 64**i % 64 for i in reversed(range(count))]
    return [[192, 224, 240][count - 1] + code_point // 64**count, *low]''',
            'explanation': 'No byte of a longer character is below 128, so English text is the same in UTF-8 in the code of 1967, and a reader who lands in the middle of a character can tell. Question 6 needs just that.',
            'hints': [
                'Write the four rows of the table as four `if`s. For three bytes, the middle one is `128 + code_point // 64 % 64`.',
                'Four bytes: `240 + n // 64**3`, `128 + n // 64**2 % 64`, `128 + n // 64 % 64`, `128 + n % 64`.',
            ],
            'mistakes': [
                {
                    'message': 'Every byte after the first begins at 128: that is how a reader knows that it stands in the middle of a character.',
                    'code': '''def utf8(code_point):
    if code_point < 128: return [code_point]
    count = 1 if code_point < 2048 else 2 if code_point < 65536 else 3
    low = [code_point // 64**i % 64 for i in reversed(range(count))]
    return [[192, 224, 240][count - 1] + code_point // 64**count, *low]''',
                },
                {
                    'message': 'The first byte always begins at 192 here. It tells how many bytes there are: 192 for two, 224 for three, 240 for four.',
                    'code': '''def utf8(code_point):
    if code_point < 128: return [code_point]
    count = 1 if code_point < 2048 else 2 if code_point < 65536 else 3
    low = [128 + code_point // 64**i % 64 for i in reversed(range(count))]
    return [192 + code_point // 64**count, *low]''',
                },
                {
                    'message': 'The bytes after the first come in the wrong order: the upper ones come first, the lowest 6 bits last.',
                    'code': '''def utf8(code_point):
    if code_point < 128: return [code_point]
    count = 1 if code_point < 2048 else 2 if code_point < 65536 else 3
    low = [128 + code_point // 64**i % 64 for i in range(count)]
    return [[192, 224, 240][count - 1] + code_point // 64**count, *low]''',
                },
                {
                    'message': 'A border is off by one: 128, 2048 and 65536 already need one byte more. The table says *below*.',
                    'code': '''def utf8(code_point):
    if code_point <= 128: return [code_point]
    count = 1 if code_point <= 2048 else 2 if code_point <= 65536 else 3
    low = [128 + code_point // 64**i % 64 for i in reversed(range(count))]
    return [[192, 224, 240][count - 1] + code_point // 64**count, *low]''',
                },
            ],
            'held_out': 1,
        },
        'q3': {
            'title': 'Whose loss is lower?',
            'names': ['bits_per_byte'],
            'answer': '''def bits_per_byte(losses, text):
    "Bits of surprise for each byte (in UTF-8) of `text`, from the `losses` in nats, an array (tokens,)."
    return np.sum(losses) / np.log(2) / len(text.encode("utf-8"))''',
            'explanation': "Bits per byte is also the size of the file that the model would make of the text, compared with the text's own: 1 bit per byte is an eighth. Large models reach about 0.6 on English, about a quarter of what a zip file takes.",
            'hints': [
                'Three steps: the sum of the losses, that sum in bits, divided by the bytes of the text.',
                '`len(text.encode("utf-8"))` is the number of bytes.',
            ],
            'mistakes': [
                {
                    'message': 'These are nats per byte. Divide by the logarithm of 2 as well, to get bits.',
                    'code': '''def bits_per_byte(losses, text):
    return np.sum(losses) / len(text.encode("utf-8"))''',
                },
                {
                    'message': 'You divide by the *characters*. Some take more than one byte, and bytes were asked for.',
                    'code': '''def bits_per_byte(losses, text):
    return np.sum(losses) / np.log(2) / len(text)''',
                },
                {
                    'message': 'This is the mean over tokens, in bits. It is the sum over all tokens that is shared among the bytes.',
                    'code': '''def bits_per_byte(losses, text):
    return np.mean(losses) / np.log(2)''',
                },
                {
                    'message': 'You multiply by the logarithm of 2. A bit is smaller than a nat, so there must be more of them.',
                    'code': '''def bits_per_byte(losses, text):
    return np.sum(losses) * np.log(2) / len(text.encode("utf-8"))''',
                },
            ],
            'held_out': 1,
        },
        'q4': {
            'title': 'Rows to learn from',
            'names': ['rows'],
            'answer': '''def rows(ids, length):
    "Two arrays (rows, length): the tokens of the list `ids`, and for each the one that comes next."
    count = (len(ids) - 1) // length
    x = np.array(ids[: count * length]).reshape(count, length)
    y = np.array(ids[1 : count * length + 1]).reshape(count, length)
    return x, y''',
            'explanation': '''One row of `length` tokens holds `length` exercises at once: predict the second from the first, the third from the first two, and so on. That a model can do all of them in one go is what
makes the transformer of lesson 08 so quick to train.''',
            'hints': [
                'With `n` rows you need `n * length + 1` tokens: the last one is only ever a target.',
                '`count = (len(ids) - 1) // length`. The targets are the same stretch, one further on: `ids[1 : count * length + 1]`.',
            ],
            'mistakes': [
                {
                    'message': "You shift within each row, so its last target comes from the same row's start. The next token of a row's end is the first of the next row.",
                    'code': '''def rows(ids, length):
    count = (len(ids) - 1) // length
    x = np.array(ids[: count * length]).reshape(count, length)
    return x, np.roll(x, -1, axis=1)''',
                },
                {
                    'message': 'There is a row too many where the tokens just fill it: its last token has no next one.',
                    'code': '''def rows(ids, length):
    count = len(ids) // length
    x = np.array(ids[: count * length]).reshape(count, length)
    y = np.array([*ids[1 : count * length + 1], 0][: count * length]).reshape(count, length)
    return x, y''',
                },
                {
                    'message': 'Your rows overlap: each begins one token after the last. They should begin `length` tokens apart.',
                    'code': '''def rows(ids, length):
    starts = range(len(ids) - length)
    return np.array([ids[i : i + length] for i in starts]), np.array([ids[i + 1 : i + length + 1] for i in starts])''',
                },
                {
                    'message': 'Your targets are the inputs themselves. Each target is the token that comes *after*.',
                    'code': '''def rows(ids, length):
    count = (len(ids) - 1) // length
    x = np.array(ids[: count * length]).reshape(count, length)
    return x, x''',
                },
            ],
            'held_out': 1,
        },
        'q5': {
            'title': 'The greedy cutter',
            'names': ['wordpiece'],
            'answer': '''def wordpiece(word, vocabulary):
    "The pieces of `word` (not empty) as a list, always the longest that the set `vocabulary` has; ['[UNK]'] where none fits."
    pieces, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        fitting = [end for end in range(start + 1, len(word) + 1) if mark + word[start:end] in vocabulary]
        if not fitting: return ["[UNK]"]
        pieces.append(mark + word[start : fitting[-1]])
        start = fitting[-1]
    return pieces''',
            'explanation': '''Greedy cutting is fast and needs no list of joins, but it can run into a wall: `abcd` could have been `ab` + `##cd`, and the longest first piece, `abc`, spoilt it. Bytes as the smallest pieces
make `[UNK]` impossible, which is why newer models use them.''',
            'hints': [
                "Keep a place `start`. From there, try the ends from the word's end backwards, until the piece is in the vocabulary; then go on where it ended.",
                'The piece from `start` to `end` is called `word[start:end]` in the vocabulary where `start` is 0, and `"##" + word[start:end]` elsewhere.',
            ],
            'mistakes': [
                {
                    'message': 'You take the *shortest* piece that fits. Try the longest first.',
                    'code': '''def wordpiece(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        fitting = [end for end in range(start + 1, len(word) + 1) if mark + word[start:end] in vocabulary]
        if not fitting: return ["[UNK]"]
        pieces.append(mark + word[start : fitting[0]])
        start = fitting[0]
    return pieces''',
                },
                {
                    'message': 'After the first piece the vocabulary has to be asked with `##` in front: without it, these are beginnings of other words.',
                    'code': '''def wordpiece(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        fitting = [end for end in range(start + 1, len(word) + 1) if word[start:end] in vocabulary]
        if not fitting: return ["[UNK]"]
        pieces.append(word[start : fitting[-1]])
        start = fitting[-1]
    return pieces''',
                },
                {
                    'message': 'Where nothing fits you keep the pieces before it. The whole word becomes unknown: one `[UNK]`, and nothing else.',
                    'code': '''def wordpiece(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        fitting = [end for end in range(start + 1, len(word) + 1) if mark + word[start:end] in vocabulary]
        if not fitting: return [*pieces, "[UNK]"]
        pieces.append(mark + word[start : fitting[-1]])
        start = fitting[-1]
    return pieces''',
                },
                {
                    'message': 'The last piece is missing, or words that are one piece come out unknown: the longest piece may reach to the very end of the word.',
                    'code': '''def wordpiece(word, vocabulary):
    pieces, start = [], 0
    while start < len(word):
        mark = "##" if start else ""
        fitting = [end for end in range(start + 1, len(word)) if mark + word[start:end] in vocabulary]
        if not fitting: return ["[UNK]"]
        pieces.append(mark + word[start : fitting[-1]])
        start = fitting[-1]
    return pieces''',
                },
                {
                    'message': 'You went back and tried a shorter piece. This cutter never does: where it is stuck, the word is unknown.',
                    'code': '''def wordpiece(word, vocabulary):
    def rest(start):
        if start == len(word): return []
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocabulary and (following := rest(end)) is not None: return [piece, *following]
        return None

    return rest(0) or ["[UNK]"]''',
                },
            ],
            'held_out': 1,
        },
        'q6': {
            'title': 'Never half a letter',
            'names': ['stream'],
            'answer': '''def stream(tokens):
    "The text to show after each of `tokens` (bytes), as a list of as many texts: characters as soon as they are complete, and never before."
    shown, waiting = [], b""
    for token in tokens:
        waiting += token
        ready = len(waiting)
        for back in range(1, min(4, len(waiting)) + 1):
            byte = waiting[-back]
            if byte >= 192:
                needed = 2 if byte < 224 else 3 if byte < 240 else 4
                if back < needed: ready = len(waiting) - back
                break
        shown.append(waiting[:ready].decode("utf-8"))
        waiting = waiting[ready:]
    return shown''',
            'explanation': 'Each chat window does this, dozens of times a second. Where it is forgotten, emoji flicker up as � and then change into what was meant.',
            'hints': [
                'Keep the bytes that wait in a variable. Add each token to them, find out how many bytes at the end are an incomplete character, show the others, and keep those.',
                'All bytes so far, decoded with `errors="ignore"`, are the text of all that is complete: an incomplete end is left out. How does that text differ from the one before?',
            ],
            'mistakes': [
                {
                    'message': 'Each token is decoded by itself, and what is incomplete gets lost or becomes a mark. Keep the bytes that wait, and put them before the next token.',
                    'code': '''def stream(tokens):
    return [token.decode("utf-8", errors="ignore") for token in tokens]''',
                },
                {
                    'message': 'You show the text from the start each time. Only what is *new* since the last token was asked for.',
                    'code': '''def stream(tokens):
    return [b"".join(tokens[: i + 1]).decode("utf-8", errors="ignore") for i in range(len(tokens))]''',
                },
                {
                    'message': 'You hold the whole token back when its end is incomplete. Complete characters before that end must be shown at once.',
                    'code': '''def stream(tokens):
    shown, waiting = [], b""
    for token in tokens:
        waiting += token
        try:
            shown.append(waiting.decode("utf-8"))
            waiting = b""
        except UnicodeDecodeError:
            shown.append("")
    return shown''',
                },
                {
                    'message': 'An incomplete character became the mark �. Nothing is to be shown of it until it is complete.',
                    'code': '''def stream(tokens):
    return [token.decode("utf-8", errors="replace") for token in tokens]''',
                },
            ],
            'held_out': 1,
        },
        'q7': {
            'title': 'The best of all cuts',
            'names': ['best_cut'],
            'answer': '''def best_cut(word, log_p):
    "The pieces of `word`, as a list, whose sum of log-probabilities is highest; `log_p`: {piece: log-probability}."
    best = [(0.0, [])]
    for end in range(1, len(word) + 1):
        found = [(best[start][0] + log_p[word[start:end]], [*best[start][1], word[start:end]])
                 for start in range(end) if word[start:end] in log_p]
        best.append(max(found))
    return best[-1][1]''',
            'explanation': 'This is the Viterbi algorithm of 1967, found for radio signals, and used in speech recognition and in reading genes. It turns half a million cuts into two hundred sums, and loses nothing.',
            'hints': [
                'Keep a list `best`, where `best[i]` is the pair (sum, pieces) for the first `i` letters. `best[0]` is `(0.0, [])`.',
                "For each `end`, look at every `start` before it where `word[start:end]` is a piece: the sum would be `best[start]`'s plus that piece's. Keep the highest.",
            ],
            'mistakes': [
                {
                    'message': 'This cuts greedily, always taking the longest piece. A long piece can be improbable, or spoil what comes after it.',
                    'code': '''def best_cut(word, log_p):
    pieces, start = [], 0
    while start < len(word):
        end = max(end for end in range(start + 1, len(word) + 1) if word[start:end] in log_p)
        pieces.append(word[start:end])
        start = end
    return pieces''',
                },
                {
                    'message': 'You take the piece that is most probable at each place. The best whole is not made of the best next steps.',
                    'code': '''def best_cut(word, log_p):
    pieces, start = [], 0
    while start < len(word):
        ends = [end for end in range(start + 1, len(word) + 1) if word[start:end] in log_p]
        end = max(ends, key=lambda end: log_p[word[start:end]])
        pieces.append(word[start:end])
        start = end
    return pieces''',
                },
                {
                    'message': 'This is the *worst* cut: log-probabilities are negative, and the highest sum is the one nearest to 0.',
                    'code': '''def best_cut(word, log_p):
    best = [(0.0, [])]
    for end in range(1, len(word) + 1):
        found = [(best[start][0] + log_p[word[start:end]], [*best[start][1], word[start:end]])
                 for start in range(end) if word[start:end] in log_p]
        best.append(min(found))
    return best[-1][1]''',
                },
                {
                    'message': 'You chose the cut with the fewest pieces. Fewer is often better, but it is the sum of the log-probabilities that decides.',
                    'code': '''def best_cut(word, log_p):
    best = [(0, [])]
    for end in range(1, len(word) + 1):
        found = [(best[start][0] - 1, [*best[start][1], word[start:end]]) for start in range(end) if word[start:end] in log_p]
        best.append(max(found))
    return best[-1][1]''',
                },
            ],
            'held_out': 1,
        },
    },
}
