"""Text: byte-pair encoding of lesson 06 against minbpe's recipes, and the transformer of lesson 08 against nanoGPT's.

minbpe is in no registry, so its two trainers and encoders are rebuilt here, in words of our own."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from genai_course.cli.benches.measuring import Result, by_turns, how_much_faster
from genai_course.cli.benches.writing import STEPS, best, cache, training
from genai_course.core import settings
from genai_course.texts import shakespeare
from genai_course.tokenizer import BytePairTokenizer, encode_words, learn_merges, words_of

LENGTH, SIZE, GOAL = 1_000_000, 512, 10  # bytes of text, tokens, times as fast
BASIC, REGEX = "minbpe's basic recipe, rebuilt", "minbpe's regex recipe, rebuilt"

Pair = tuple[int, int]


def tally(row: list[int], counts: dict[Pair, int]) -> None:
    "Count each pair of neighbours in `row`, adding to `counts`."
    for pair in zip(row, row[1:], strict=False): counts[pair] = counts.get(pair, 0) + 1


def replaced(row: list[int], pair: Pair, number: int) -> list[int]:
    "`row` with `number` for each `pair`, from left to right."
    made, i, last = [], 0, len(row) - 1
    while i <= last:
        if row[i] == pair[0] and i < last and row[i + 1] == pair[1]:
            made.append(number)
            i += 2
        else:
            made.append(row[i])
            i += 1
    return made


def peers_training(chunks: list[str], size: int) -> dict[Pair, int]:
    "The number of each learned pair: all pairs of all chunks counted anew for each; the first seen of those that come equally often."
    rows, numbers = [list(chunk.encode("utf-8")) for chunk in chunks], {}
    for number in range(256, size):
        counts: dict[Pair, int] = {}
        for row in rows: tally(row, counts)
        pair = max(counts, key=counts.get)
        numbers[pair] = number
        rows = [replaced(row, pair, number) for row in rows]
    return numbers


def peers_encoding(chunks: list[str], numbers: dict[Pair, int]) -> list[int]:
    "The numbers of a text in chunks: in each, the earliest learned of its pairs is joined until none is left."
    return [i for chunk in chunks for i in peers_encoding_of(list(chunk.encode("utf-8")), numbers)]


def peers_encoding_of(row: list[int], numbers: dict[Pair, int]) -> list[int]:
    "The numbers of one chunk of bytes."
    while len(row) >= 2:
        counts: dict[Pair, int] = {}
        tally(row, counts)
        pair = min(counts, key=lambda pair: numbers.get(pair, float("inf")))
        if pair not in numbers: break
        row = replaced(row, pair, numbers[pair])
    return row


def figures(text: str, size: int) -> Iterator[Result]:
    "Training and encoding, on the text as one piece, and with words cut first, by the same cut for both. What takes the peer long is measured once."
    part = text[: len(text) // 4]
    whole, cut = learn_merges({part: 1}, size), learn_merges(Counter(words_of(text)), size)
    number_whole, number_cut = ({pair: 256 + i for i, pair in enumerate(merges)} for merges in (whole, cut))

    def faster(name: str, peer: str, ours: Callable, peers: Callable, length: int, repeats: int = 1) -> Result:
        return how_much_faster(f"{name}, {size} tokens, {length:,} characters", peer, by_turns(ours, peers, repeats, warm_up=False), GOAL)

    yield faster("BPE training", BASIC, lambda: learn_merges({text: 1}, size), lambda: peers_training([text], size), len(text))
    yield faster("BPE training, words first", REGEX, lambda: learn_merges(Counter(words_of(text)), size), lambda: peers_training(words_of(text), size), len(text))
    yield faster("BPE encoding", BASIC, lambda: encode_words([part], whole), lambda: peers_encoding([part], number_whole), len(part))
    yield faster("BPE encoding, words first", REGEX, lambda: BytePairTokenizer(cut).encode(text), lambda: peers_encoding(words_of(text), number_cut), len(text), 5)


def measure() -> Iterator[Result]:
    """All figures of this family: byte-pair encoding on a megabyte of plays, two minutes that are nearly all the peer's; then the transformer, some five.

    The lowest loss is measured only on a text of one's own, where it can be compared with what others report; it takes minutes more."""
    text = Path(settings.bench_text).expanduser() if settings.bench_text else None
    yield from figures(shakespeare()[:LENGTH], SIZE)
    yield training(text, seeds=3, steps=STEPS)
    if text: yield best(text)
    yield cache(repeats=15)
