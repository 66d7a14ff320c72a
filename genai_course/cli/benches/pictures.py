"""Pictures: what the network of lesson 15 draws, and the U-Net of lesson 13 against the one of diffusers."""

from collections.abc import Iterator

from genai_course.cli.benches import prompts
from genai_course.cli.benches.drawing import PICTURES, SECONDS, SEEDS, duel
from genai_course.cli.benches.measuring import Result


def measure() -> Iterator[Result]:
    "All figures of this family; some thirty minutes."
    yield from prompts.measure()
    yield duel(SECONDS, SEEDS, PICTURES)
