"""What pages in words are made of."""

from collections.abc import Iterable, Sequence


def capitalised(words: str) -> str:
    "The `words` with a capital letter in front; all others stay as they are."
    return words[:1].upper() + words[1:]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    "A table; each row has as many cells as there are `heads`."
    head, *body = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([head, f"|{'---|' * len(heads)}", *body])
