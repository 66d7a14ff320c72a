"""What pages in Markdown are made of."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    "A table; each row has as many cells as there are `heads`."
    head, *body = [f"| {' | '.join(cells)} |" for cells in (heads, *rows)]
    return "\n".join([head, f"|{'---|' * len(heads)}", *body])
