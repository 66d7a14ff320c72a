"""How well the learner's confidence fits: of the predictions made with 80 % confidence, about 80 % should come true."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

EDGES = (0, 30, 50, 70, 90, 101)  # of the bands, in percent of confidence
ENOUGH = 5  # predictions before anything is said about the learner
FITS = 0.1  # a difference between confidence and share that says nothing
SIZE, EDGE = 190, 34  # of the picture and of the room for its labels, in pixels


@dataclass(frozen=True)
class Band:
    "The predictions of about the same confidence."
    count: int
    right: int
    confidence: float  # their mean, 0 to 1

    @property
    def share(self) -> float: return self.right / self.count


def bands(predictions: Mapping[str, Mapping]) -> list[Band]:
    "The predictions whose outcome is known, from unsure to sure; bands without any are left out."
    known = [(one["confidence"], one["right"]) for one in predictions.values() if "right" in one]
    groups = [[(sure, right) for sure, right in known if low <= sure < high] for low, high in zip(EDGES, EDGES[1:], strict=False)]
    return [Band(len(g), sum(right for _, right in g), sum(sure for sure, _ in g) / len(g) / 100) for g in groups if g]


def in_words(predictions: Mapping[str, Mapping]) -> list[str]:
    "The same in sentences, and how many predictions are not counted; none before there is a prediction."
    found, unknown = bands(predictions), sum("right" not in one for one in predictions.values())
    uncounted = [f"Not counted: {unknown} without an outcome; say under the question whether it came true."] if unknown else []
    if not found: return uncounted
    count, right = sum(band.count for band in found), sum(band.right for band in found)
    sure = sum(band.confidence * band.count for band in found) / count
    lines = [f"Predictions: {right} of {count} came true; you were {sure:.0%} sure on average. {_advice(count, sure - right / count)}"]
    return [*lines, *[f"About {band.confidence:.0%} sure: {band.right} of {band.count} came true." for band in found], *uncounted]


def _advice(count, excess):
    if count < ENOUGH: return f"After {ENOUGH} you will see here how well your confidence fits."
    if abs(excess) <= FITS: return "Your confidence fits."
    return "You were surer than right: be more careful." if excess > 0 else "You were right more often than you thought: trust yourself more."


def picture(predictions: Mapping[str, Mapping]) -> str:
    "Confidence against the share that came true, as SVG; the nearer the discs to the line, the better. Larger discs are more predictions."
    found = bands(predictions)
    if not found: return ""
    line = f'<path d="M{_x(0)},{_y(0)}L{_x(1)},{_y(1)}" stroke="currentColor" stroke-dasharray="4 4" opacity=".6"/>'
    frame = f'<path d="M{_x(0)},{_y(1)}V{_y(0)}H{_x(1)}" fill="none" stroke="currentColor" opacity=".6"/>'
    discs = "".join(f'<circle cx="{_x(b.confidence)}" cy="{_y(b.share)}" r="{4 + 2 * b.count**0.5:.1f}" fill="var(--jp-brand-color1,#1976d2)" fill-opacity=".75"/>'
                    for b in found)  # fmt: skip
    words = [_text(_x(at), _y(0) + 14, f"{at:.0%}", "middle") + _text(_x(0) - 5, _y(at) + 4, f"{at:.0%}", "end") for at in (0, 0.5, 1)]
    names = _text(_x(0.5), SIZE + EDGE - 6, "how sure you were", "middle") + _text(_x(0), _y(1) - 10, "came true", "middle")
    label = escape(" ".join(in_words(predictions)), quote=True)
    size = f'width="{SIZE + 2 * EDGE}" height="{SIZE + EDGE}" viewBox="0 0 {SIZE + 2 * EDGE} {SIZE + EDGE}"'
    return f'<svg role="img" aria-label="{label}" {size}>{frame}{line}{discs}{"".join(words)}{names}</svg>'


def _x(share): return round(EDGE + 10 + share * (SIZE - 10), 1)


def _y(share): return round(SIZE - share * (SIZE - EDGE), 1)


def _text(x, y, words, anchor): return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="currentColor" font-size="11">{words}</text>'
