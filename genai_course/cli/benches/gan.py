"""The duels of lesson 17: the ring of clouds, the collapse on purpose, and the animals against the recipe of DCGAN."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from time import process_time
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from genai_course.cli.benches.duels import for_seconds, walk
from genai_course.cli.benches.measuring import Result, alone, at_least, lower_than
from genai_course.gan import RECIPES, made_pictures, made_points, tally
from genai_course.judge import EXAM, features, frechet_distance, judged, load_judge, modes_covered
from genai_course.menagerie import ALL_PAIRS, ANIMALS, drawn_batch, drawn_batches
from genai_course.training import Task

PEER = "DCGAN: its layers, losses and Adam"
WIDTHS, LATENT, PEERS_BATCH = (128, 64, 32), 100, 128  # of the peer: about as many parameters as ours, its paper's latents and batches
DUELS, POINTS = 10, 10_000  # of clouds
SEEDS, SECONDS, PICTURES, BATCH = 5, 600, 500, 100  # of duels for animals
RING_GOAL, RING_SECONDS = 0.95, 30


def begun(name: str, seed: int) -> Task:
    "A recipe's task, ready to begin."
    return RECIPES[name].make(seed, "cpu", **RECIPES[name].settings)


def played(name: str, seed: int, steps: int | None) -> Task:
    "A recipe's task after so many steps, or after all of them."
    task = begun(name, seed)
    for _ in walk(task, steps or RECIPES[name].steps): pass
    return task


def ring(seeds: int, steps: int | None = None) -> list[Result]:
    "How much of the ring is covered in the worst of so many seeds, and how long a duel takes on the processor."
    tallies, took = [], []
    for seed in range(seeds):
        began = process_time()
        task = played("gan.ring", seed, steps)
        took.append(process_time() - began)
        tallies.append(tally(made_points(task.model["generator"], POINTS, seed=1)))
    covered, good = zip(*tallies, strict=True)
    return [at_least(f"clouds covered, of 8, in the worst of {seeds} duels", min(covered), "clouds", [min(covered), max(covered)], 8),
            at_least(f"good points in the worst of {seeds} duels", min(good), "of all", [min(good), max(good)], RING_GOAL),
            alone("a duel for the ring", took, "seconds of the processor", RING_SECONDS)]  # fmt: skip


def collapse(seeds: int, steps: int | None = None) -> Result:
    "In how many duels that are set up to fail fewer than half of the clouds are covered."
    players = [played("gan.collapse", seed, steps).others["generator in training"] for seed in range(seeds)]
    covered = [tally(made_points(player, POINTS, seed=1)).covered for player in players]
    return at_least(f"duels set up to collapse that do, of {seeds}", sum(clouds < 4 for clouds in covered), "duels", [min(covered), max(covered)], 0.9 * seeds)


class Trained(NamedTuple):
    "What a duel for the animals led to."
    make: Callable[[int, int], np.ndarray]  # how many pictures (N, 3, 32, 32), and a seed
    steps: int
    parameters: int


def numbers_in(*players: nn.Module) -> int:
    "How many parameters players have together."
    return sum(p.numel() for player in players for p in player.parameters())


def ours(seed: int, seconds: float) -> Trained:
    "The recipe of lesson 17, stopped after so many seconds."
    task = begun("gan", seed)
    steps, generator = for_seconds(walk(task), seconds), task.model["generator"].eval()
    return Trained(lambda count, luck: made_pictures(generator, torch.arange(count) % len(ANIMALS), luck).numpy(), steps, numbers_in(task.model))


def peers_layers(sizes: tuple[int, ...], norms: tuple[bool, ...], grows: bool) -> list[nn.Module]:
    "Convolutions of 4 by 4 that double or halve the side, each but the last with its norm, where it has one, and its bend."
    layers, last = [], len(sizes) - 2
    for i, (a, b) in enumerate(pairwise(sizes)):
        layers.append((nn.ConvTranspose2d if grows else nn.Conv2d)(a, b, 4, 2, 1, bias=False))
        if i < last: layers += [*([nn.BatchNorm2d(b)] if norms[i] else []), nn.ReLU() if grows else nn.LeakyReLU(0.2)]
    return layers


def as_the_paper_begins(layer: nn.Module) -> None:
    "Weights of spread 0.02. Radford et al. 2016, section 4."
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d): nn.init.normal_(layer.weight, 0.0, 0.02)
    if isinstance(layer, nn.BatchNorm2d): nn.init.normal_(layer.weight, 1.0, 0.02)


def peers_players() -> tuple[nn.Module, nn.Module]:
    "Generator (B, latent, 1, 1) to (B, 3, 32, 32) in [-1, 1], discriminator (B, 3, 32, 32) to (B, 1, 1, 1). Radford et al. 2016, section 3, for pictures of half the side."
    enter = nn.ConvTranspose2d(LATENT, WIDTHS[0], 4, bias=False), nn.BatchNorm2d(WIDTHS[0]), nn.ReLU()
    generator = nn.Sequential(*enter, *peers_layers((*WIDTHS, 3), (True, True), grows=True), nn.Tanh())
    see = peers_layers((3, *reversed(WIDTHS), WIDTHS[0]), (False, True, True), grows=False)[:-1]
    discriminator = nn.Sequential(*see, nn.Conv2d(WIDTHS[0], 1, 4, bias=False))
    return generator.apply(as_the_paper_begins), discriminator.apply(as_the_paper_begins)


def peers_step(generator: nn.Module, discriminator: nn.Module, optimizers: tuple[torch.optim.Optimizer, ...], x: Tensor) -> Tensor:
    "A turn of the discriminator and one of the generator on real pictures x (B, 3, 32, 32): the surprise of telling them apart, and the non-saturating loss."
    made = generator(torch.randn(len(x), LATENT, 1, 1))
    turns = (lambda: softplus(-discriminator(x)).mean() + softplus(discriminator(made.detach())).mean(), lambda: softplus(-discriminator(made)).mean())
    for turn, optimizer in zip(turns, optimizers, strict=True):
        optimizer.zero_grad()
        loss = turn()
        loss.backward()
        optimizer.step()
    return loss


def peers(seed: int, seconds: float) -> Trained:
    "DCGAN with its paper's settings: batches of 128, Adam with a rate of 0.0002 and a momentum of 0.5."
    torch.manual_seed(seed)
    generator, discriminator = peers_players()
    optimizers = tuple(torch.optim.Adam(player.parameters(), lr=0.0002, betas=(0.5, 0.999)) for player in (discriminator, generator))
    losses = (peers_step(generator, discriminator, optimizers, torch.as_tensor(batch.images)) for batch in drawn_batches(PEERS_BATCH, seed))
    steps = for_seconds(losses, seconds)
    return Trained(lambda count, luck: peers_pictures(generator.eval(), count, luck), steps, numbers_in(generator, discriminator))


@torch.inference_mode()
def peers_pictures(generator: nn.Module, count: int, luck: int) -> np.ndarray:
    "So many pictures, of the latents of a seed."
    z = torch.randn(count, LATENT, 1, 1, generator=torch.Generator().manual_seed(luck))
    return torch.cat([generator(part) for part in z.split(BATCH)]).numpy()


class Duel(NamedTuple):
    "What two trainings for the same seconds led to, ours first."
    distances: tuple[float, float]  # of the judge, from real pictures
    modes: float  # the share of all pairs of animal and hat that ours reached
    kinds: float  # the share of animals
    parameters: tuple[int, int]
    steps: tuple[int, int]


def one_duel(seed: int, seconds: float, count: int) -> Duel:
    "Train both for so many seconds of the processor, and look at so many pictures of each."
    judge, both = load_judge(), (ours(seed, seconds), peers(seed, seconds))
    real, made = features(judge, drawn_batch(count, EXAM, 0).images), [trained.make(count, seed) for trained in both]
    seen, distances = judged(judge, made[0]), tuple(frechet_distance(features(judge, images), real) for images in made)
    covered = modes_covered(seen, ["animal", "hat"], len(ALL_PAIRS)), modes_covered(seen, ["animal"], len(ANIMALS))
    return Duel(distances, *covered, tuple(trained.parameters for trained in both), tuple(trained.steps for trained in both))


def animals(seconds: float, seeds: int, count: int, each: Callable = map) -> list[Result]:
    "The judge's distance from real pictures after the same seconds, seed by seed; and what of the menagerie our pictures cover. `each` does as `map` does, and may work on several at a time."
    duels = list(each(partial(one_duel, seconds=seconds, count=count), range(seeds)))
    pairs, modes, kinds = [duel.distances for duel in duels], [duel.modes for duel in duels], [duel.kinds for duel in duels]
    sizes, steps = (" and ".join(f"{value:,}" for value in values) for values in (duels[-1].parameters, duels[-1].steps))
    return [lower_than(f"Fréchet distance after {seconds:g} s of the processor, {sizes} parameters, {steps} steps the last time", "distance", PEER, pairs),
            at_least(f"pairs of animal and hat in {count} pictures, of all pairs, in the worst of {seeds} duels", min(modes), "of all", [min(modes), max(modes)], 0.5),
            at_least(f"animals in {count} pictures, in the worst of {seeds} duels", min(kinds), "of all", [min(kinds), max(kinds)], 1.0)]  # fmt: skip


def measure() -> Iterator[Result]:
    "All figures of this family; an hour and a half on two cores."
    torch.set_num_threads(1)  # the quickest way for networks as small as the ring's; each duel for the animals has a process of its own
    yield from ring(DUELS)
    yield collapse(DUELS)
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), torch.set_num_threads, (1,)) as pool: yield from animals(SECONDS, SEEDS, PICTURES, pool.map)
