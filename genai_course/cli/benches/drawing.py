"""The U-Net of lesson 13 against the one of diffusers, each trained for the same seconds of the processor on the same drawings."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DModel
from diffusers.optimization import get_cosine_schedule_with_warmup
from diffusers.training_utils import EMAModel
from torch.nn.functional import mse_loss

from genai_course.cli.benches.duels import for_seconds, walk
from genai_course.cli.benches.measuring import Result, lower_than
from genai_course.diffusion import COMMON, RECIPES, SCHEDULES, ddim, denoiser, drawing_task, drawn
from genai_course.judge import EXAM, features, frechet_distance, load_judge
from genai_course.menagerie import drawn_batch, drawn_batches

PEER = "diffusers' UNet2DModel, its DDPM recipe"
WIDTHS = (24, 40, 56)  # of the peer: as many parameters as ours, within one part in twenty
SECONDS, SEEDS, PICTURES, STEPS, BATCH = 120, 3, 500, 25, 100

Draw = Callable[[torch.Tensor], torch.Tensor]  # from noise (B, 3, 32, 32) to pictures


class Trained(NamedTuple):
    "What a training led to."
    draw: Draw
    steps: int
    parameters: int


def ours(seed: int, seconds: float) -> Trained:
    "The recipe of lesson 13, stopped after so many seconds."
    task = drawing_task(seed=seed, device="cpu", **RECIPES["diffusion.menagerie"].settings)
    steps, alpha_bar = for_seconds(walk(task), seconds), SCHEDULES[COMMON["schedule"]]()
    see = denoiser(task.model.eval(), alpha_bar, COMMON["target"], limit=1)
    return Trained(lambda noise: drawn(ddim(see, noise, alpha_bar, STEPS)), steps, sum(p.numel() for p in task.model.parameters()))


def peers_network() -> UNet2DModel:
    "Three sizes, attention at the smallest, as ours."
    down, up = ["DownBlock2D", "DownBlock2D", "AttnDownBlock2D"], ["AttnUpBlock2D", "UpBlock2D", "UpBlock2D"]
    return UNet2DModel(sample_size=32, layers_per_block=1, block_out_channels=WIDTHS, down_block_types=down, up_block_types=up, norm_num_groups=8, attention_head_dim=WIDTHS[-1] // 4)


def peers(seed: int, seconds: float) -> Trained:
    "What diffusers' own script for training without captions does, with its defaults: batches of 16, AdamW, a rate that warms up, an average of weights."
    torch.manual_seed(seed)
    model, noising = peers_network(), DDPMScheduler(num_train_timesteps=1000)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.95, 0.999), weight_decay=1e-6, eps=1e-8)
    rate = get_cosine_schedule_with_warmup(optimizer, num_warmup_steps=500, num_training_steps=10_000)
    average = EMAModel(model.parameters(), decay=0.9999, use_ema_warmup=True, inv_gamma=1.0, power=0.75)
    def learning():
        for batch in drawn_batches(16, seed):
            x_0 = torch.as_tensor(batch.images)
            eps, t = torch.randn_like(x_0), torch.randint(1000, (len(x_0),))
            loss = mse_loss(model(noising.add_noise(x_0, eps, t), t).sample, eps)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step(), rate.step(), optimizer.zero_grad()
            average.step(model.parameters())
            yield loss
    steps = for_seconds(learning(), seconds)
    average.copy_to(model.parameters())
    return Trained(lambda noise: peers_pictures(model.eval(), noise), steps, sum(p.numel() for p in model.parameters()))


@torch.inference_mode()
def peers_pictures(model: UNet2DModel, x: torch.Tensor) -> torch.Tensor:
    "From noise x back in as many steps as ours take."
    sampler = DDIMScheduler(num_train_timesteps=1000)
    sampler.set_timesteps(STEPS)
    for t in sampler.timesteps: x = sampler.step(model(x, t).sample, t, x).prev_sample
    return x


def distance(trained: Trained, real: np.ndarray, seed: int, count: int) -> float:
    "The Fréchet distance, in the judge's features, of so many pictures from real ones."
    noise = torch.randn(count, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
    made = torch.cat([trained.draw(part) for part in noise.split(BATCH)]).clamp(-1, 1)
    return frechet_distance(features(load_judge(), made), real)


def duel(seconds: float, seeds: int, count: int) -> Result:
    "Both distances after the same seconds; ours is to be lower, seed by seed."
    real, pairs, took = features(load_judge(), drawn_batch(count, EXAM, 0).images), [], []
    for seed in range(seeds):
        both = ours(seed, seconds), peers(seed, seconds)
        took.append([trained.steps for trained in both])
        pairs.append(tuple(distance(trained, real, seed, count) for trained in both))
    sizes = " and ".join(f"{trained.parameters:,}" for trained in both)
    steps = ", the other ".join(", ".join(map(str, side)) for side in zip(*took, strict=True))
    return lower_than(f"Fréchet distance after {seconds:g} s of the processor, {sizes} parameters, steps {steps}", "distance", PEER, pairs)
