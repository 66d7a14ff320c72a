"""The network of lesson 15: how often it draws what it is asked for, how far that is from what it has seen, and how long it takes."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch

from genai_course.checkpoint import WEIGHTS, read_card
from genai_course.cli.benches.measuring import Result, alone, at_least, higher_than, seconds
from genai_course.diffusion import ddim, drawn
from genai_course.embeddings import drawings
from genai_course.guidance import GUIDANCE, PromptedDrawer, asked_for, shipped_drawer
from genai_course.judge import judged, load_judge, nearest_training
from genai_course.menagerie import HELD_OUT_PAIRS, TRAINING_PAIRS, draw, labels_of

STEPS, BATCH, PROMPTS, REPEATS = 25, 50, 1000, 5
CARD = read_card(WEIGHTS / "guidance.safetensors")
SEEN, SEED = CARD["settings"]["drawn"], CARD["seed"]  # the drawings that the network learned from
JUDGES = {"the judge": "judge", "the second judge": "judge.second"}


def pictures(drawer: PromptedDrawer, prompts: list[str], seed: int = 0) -> np.ndarray:
    "A drawing (N, 3, H, W) of each prompt, so many at a time."
    parts = [prompts[i : i + BATCH] for i in range(0, len(prompts), BATCH)]
    noises = drawer.noise(seed, len(prompts)).split(BATCH)
    return torch.cat([drawn(ddim(drawer.asked(part, GUIDANCE), noise, drawer.alpha_bar, STEPS)) for part, noise in zip(parts, noises, strict=True)]).numpy()


def renders(truth: np.ndarray, seed: int = 0) -> np.ndarray:
    "What the menagerie's own code draws for codes (N, 5)."
    return draw(labels_of(truth), range(seed, seed + len(truth)))


def adherence(kind: str, truth: np.ndarray, images: np.ndarray, goal: float) -> list[Result]:
    "The share of images that are right in every attribute at once, under each judge; the spread is that of fifths."
    results = []
    for who, name in JUDGES.items():
        right = (judged(load_judge(name), images) == truth).all(1)
        fifths = [float(part.mean()) for part in np.array_split(right, 5)]
        results.append(at_least(f"{kind}, all five attributes right under {who}, {len(right):,} prompts", float(right.mean()), "of all", [min(fifths), max(fifths)], goal))
    return results


def novelty(made: np.ndarray, fresh: np.ndarray) -> list[Result]:
    "How far drawings are from the nearest training picture, beside fresh ones by the menagerie's own code."
    known = drawings(SEEN, SEED).images
    far = [nearest_training(images, known)[1] for images in (made, fresh)]
    return [higher_than(f"distance to the nearest training picture, {name}", "distance", "fresh drawings by code", [tuple(float(np.percentile(part, at)) for part in far)]) for name, at in (("1st percentile", 1), ("median", 50))]


def pace(drawer: PromptedDrawer) -> list[Result]:
    "Seconds for a guided drawing, alone and among sixteen."
    def drawing(count): return partial(pictures, drawer, ["a cat wearing a tiny knight's helmet, oil painting"] * count)
    drawing(1)()
    one, sixteen = ([seconds(drawing(count)) / count for _ in range(REPEATS)] for count in (1, 16))
    return [alone(f"a drawing of {STEPS} guided steps", one, "seconds", 1.0), alone(f"each of 16 drawings of {STEPS} guided steps", sixteen, "seconds", 0.12)]


def figures(drawer: PromptedDrawer, count: int) -> Iterator[Result]:
    "All that is measured of a network, with so many prompts of each kind."
    held_out, trained = (asked_for(pairs, count, seed=2) for pairs in (HELD_OUT_PAIRS, TRAINING_PAIRS))
    made, fresh = pictures(drawer, held_out[1]), renders(held_out[0])
    yield from adherence("held-out pairs", held_out[0], made, 0.95)
    yield from adherence("trained pairs", trained[0], pictures(drawer, trained[1]), 0.95)
    yield from adherence("held-out pairs drawn by code", held_out[0], fresh, 0.99)
    yield from novelty(made, fresh)
    yield from pace(drawer)


def measure() -> Iterator[Result]:
    "All figures of the shipped weights; some ten minutes."
    yield from figures(shipped_drawer(), PROMPTS)
