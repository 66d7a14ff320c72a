"""`draw`: a picture of what a prompt says, pulled out of noise step by step."""

import argparse
import io
import math
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from genai_course.checkpoint import WEIGHTS
from genai_course.cli.trouble import Trouble, explained
from genai_course.core import set_seed, write_atomically
from genai_course.diffusion import Frame, ddim
from genai_course.guidance import GUIDANCE, PromptedDrawer, load_prompted, remarks

LEAST = 512  # pixels of the sides of what is written, at least
MOMENTS = 9  # of the strip


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


def drawer_of(options: argparse.Namespace) -> PromptedDrawer:
    "The network of the weights that were named, or of the course's own. Raises Trouble, CheckpointError."
    file = Path(options.weights).expanduser() if options.weights else WEIGHTS / "guidance.safetensors"
    if not file.exists(): raise Trouble(f"there is no file {file}: make one with `python -m genai_course train guidance`, and name it with --weights.")
    return load_prompted(file)


def frames_of(drawer: PromptedDrawer, options: argparse.Namespace) -> list[Frame]:
    "All steps, with a progress bar. Raises ValueError for a number of steps that does not fit."
    prompts, seed = [options.prompt] * options.count, set_seed(options.seed)
    scale = GUIDANCE if options.guidance is None else options.guidance
    denoise = drawer.asked(prompts, scale, options.negative, options.rescale)
    steps = ddim(denoise, drawer.noise(seed, options.count), drawer.alpha_bar, options.steps)
    return list(tqdm(steps, total=options.steps, unit=" steps", desc="drawing", disable=None))


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Draw what the prompt says, and write it. Raises Trouble."
    out, strip_file = checked(options.out), checked(options.strip)
    try:
        drawer = drawer_of(options)
        for line in [*remarks(options.prompt, drawer.readers), *(remarks(options.negative, drawer.readers) if options.negative else [])]: print(line)
        frames = frames_of(drawer, options)
        written = [write_atomically(out, contact_sheet(frames[-1].x_next))] + ([write_atomically(strip_file, strip(frames))] if strip_file else [])
    except ValueError as error: raise Trouble(str(error)) from None
    except OSError as error: raise explained(error) from error
    print(*written, sep="\n")
    return 0
