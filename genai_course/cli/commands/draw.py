"""`draw`: a picture of what a prompt says, pulled out of noise step by step, or of an animal, made in one."""

import argparse
import io
import math
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from genai_course.checkpoint import WEIGHTS
from genai_course.cli import STEPS, TRUNCATION
from genai_course.cli.trouble import Trouble, explained
from genai_course.core import set_seed, write_atomically
from genai_course.diffusion import Frame, ddim
from genai_course.embeddings import words_in
from genai_course.gan import StyleGenerator, load_players, made_pictures
from genai_course.guidance import GUIDANCE, PromptedDrawer, load_prompted, remarks
from genai_course.menagerie import ANIMALS, SAID

LEAST = 512  # pixels of the sides of what is written, at least
MOMENTS = 9  # of the strip


class Drawing(NamedTuple):
    "What a model has drawn."
    images: Tensor  # (N, 3, H, W) in [-1, 1]
    frames: list[Frame]  # the steps, if there were any


def sheet(images: Tensor, columns: int, scale: int) -> bytes:
    "Pictures (N, 3, H, W) in [-1, 1] in rows of `columns`, each pixel `scale` pixels wide, as a PNG."
    shades = ((images.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
    height, width = (side * scale for side in shades.shape[1:3])
    gap, rows = scale if len(images) > 1 else 0, math.ceil(len(images) / columns)
    paper = Image.new("RGB", (columns * (width + gap) - gap, rows * (height + gap) - gap), "white")
    for i, picture in enumerate(shades):
        place = (i % columns * (width + gap), i // columns * (height + gap))
        paper.paste(Image.fromarray(picture).resize((width, height), Image.Resampling.NEAREST), place)
    png = io.BytesIO()
    paper.save(png, format="png", optimize=True)
    return png.getvalue()


def contact_sheet(images: Tensor) -> bytes:
    "Pictures (N, 3, H, W) in a square, as a PNG."
    columns = math.ceil(len(images) ** 0.5)
    return sheet(images, columns, max(4, math.ceil(LEAST / (columns * images.shape[-1]))))


def strip(frames: list[Frame]) -> bytes:
    "The steps of the first picture, as a PNG: above what stood there, below what the network took it for."
    at = np.linspace(0, len(frames) - 1, min(len(frames), MOMENTS - 1)).round().astype(int)
    stood, taken = [frames[i].x[0] for i in at], [frames[i].x_0[0] for i in at]
    last = frames[-1].x_next[0]
    return sheet(torch.stack([*stood, last, *taken, last]), len(at) + 1, 4)


def checked(name: str | None) -> Path | None:
    "Where to write a picture. Raises Trouble where nothing can be written, before anything is drawn."
    if name is None: return None
    file = Path(name).expanduser()
    if file.suffix.lower() != ".png": raise Trouble(f"{file} is no name for a picture: let it end in .png")
    if file.is_dir(): raise Trouble(f"{file} is a folder: give the name of a file.")
    folder = next(folder for folder in file.absolute().parents if folder.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK): raise Trouble(f"{folder} is no folder that you may write in: choose another place for {file.name}.")
    return file


def without_idle_knobs(options: argparse.Namespace) -> None:
    "Raise Trouble where a knob was turned that the model does not have."
    for model, knobs in KNOBS.items():
        idle = [f"--{knob}" for knob in knobs if getattr(options, knob) is not None]
        if idle and model != options.model: raise Trouble(f"the model {options.model} has no {' and no '.join(idle)}: leave it out, or choose --model {model}.")


def weights_of(options: argparse.Namespace) -> Path:
    "The file of the weights that were named, or of the course's own. Raises Trouble."
    file = Path(options.weights).expanduser() if options.weights else WEIGHTS / f"{options.model}.safetensors"
    if not file.exists(): raise Trouble(f"there is no file {file}: make one with `python -m genai_course train {options.model}`, and name it with --weights.")
    return file


def frames_of(drawer: PromptedDrawer, options: argparse.Namespace) -> list[Frame]:
    "All steps, with a progress bar. Raises ValueError for a number of steps that does not fit."
    prompts, count = [options.prompt] * options.count, options.steps or STEPS
    scale = GUIDANCE if options.guidance is None else options.guidance
    denoise = drawer.asked(prompts, scale, options.negative or "", options.rescale or 0.0)
    steps = ddim(denoise, drawer.noise(options.seed, options.count), drawer.alpha_bar, count)
    return list(tqdm(steps, total=count, unit=" steps", desc="drawing", disable=None))


def prompted(options: argparse.Namespace) -> Drawing:
    "What lesson 15's network draws, after saying what it cannot read. Raises Trouble, CheckpointError, ValueError."
    drawer = load_prompted(weights_of(options))
    for text in [options.prompt, *([options.negative] if options.negative else [])]:
        for line in remarks(text, drawer.readers): print(line)
    frames = frames_of(drawer, options)
    return Drawing(frames[-1].x_next, frames)


NAMES = {word: code for code, animal in enumerate(ANIMALS) for word in SAID[animal]}  # what an animal is called, and its code
SMALL_WORDS = {"a", "an", "the", "and", ","}


def animals_in(prompt: str) -> tuple[list[int], list[str]]:
    "The codes of the animals that are named, and a line about what else is said. Raises Trouble where words name none."
    words = words_in(prompt)
    codes, others = [NAMES[word] for word in words if word in NAMES], [word for word in words if word not in NAMES and word not in SMALL_WORDS]
    if not words: return [*range(len(ANIMALS))], ["No animal is named: they take turns."]
    if not codes: raise Trouble(f"the model gan draws animals only, and {prompt!r} names none: say {', '.join(ANIMALS)}, or nothing.")
    return [*dict.fromkeys(codes)], [f"The model gan reads names of animals, and takes no notice of {', '.join(map(repr, dict.fromkeys(others)))}."] if others else []


def made(options: argparse.Namespace) -> Drawing:
    "What lesson 17's generator makes, in one step, after saying what it takes no notice of. Raises Trouble, CheckpointError."
    (codes, told), generator = animals_in(options.prompt), load_players(weights_of(options)).generator
    has_styles = isinstance(generator, StyleGenerator)
    if options.truncation is not None and not has_styles: raise Trouble("these weights know no styles, so there is nothing to truncate: leave --truncation out.")
    share = (TRUNCATION if options.truncation is None else options.truncation) if has_styles else 1.0
    for line in told: print(line)
    seeds = range(options.seed, options.seed + options.count)
    return Drawing(torch.cat([made_pictures(generator, torch.tensor([codes[seed % len(codes)]]), seed, share) for seed in seeds]), [])


MODELS = {"guidance": prompted, "gan": made}
KNOBS = {"guidance": ("negative", "steps", "guidance", "rescale", "strip"), "gan": ("truncation",)}  # of one model only


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Draw what the prompt says, and write it. Raises Trouble."
    without_idle_knobs(options)
    out, strip_file = checked(options.out), checked(options.strip)
    options.seed = set_seed(options.seed)
    try:
        drawing = MODELS[options.model](options)
        written = [write_atomically(out, contact_sheet(drawing.images))] + ([write_atomically(strip_file, strip(drawing.frames))] if strip_file else [])
    except ValueError as error: raise Trouble(str(error)) from None
    except OSError as error: raise explained(error) from error
    print(*written, sep="\n")
    return 0
