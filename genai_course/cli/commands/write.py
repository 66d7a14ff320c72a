"""`write`: goes on with a text, each character shown as it is drawn."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch

from genai_course.checkpoint import WEIGHTS, read_card
from genai_course.cli import STYLES
from genai_course.cli.trouble import Trouble
from genai_course.core import set_seed
from genai_course.finetuning import load_adapted
from genai_course.sampling import Reader, generate
from genai_course.transformer import Cache, Writer, load_counting_writer, load_writer


def writer(options: argparse.Namespace) -> Writer:
    "The model of the weights that were named, or of the course's own in that style. Raises CheckpointError."
    file = Path(options.weights).expanduser() if options.weights else WEIGHTS / f"{STYLES[options.style]}.safetensors"
    card = read_card(file)
    if "rank" in card: return load_adapted(file)
    return load_counting_writer(file) if "counting" in card else load_writer(file)


def pieces(options: argparse.Namespace) -> Iterator[str]:
    "The prompt, and each character that comes after it. Raises Trouble, CheckpointError, ValueError."
    model, tokenizer, context = writer(options)
    prompt = tokenizer.encode(options.prompt)
    if not prompt: raise Trouble("the prompt is empty: give one character at least, such as ROMEO:")
    reader, generator = Reader(model, Cache, context), torch.Generator().manual_seed(set_seed(options.seed))
    knobs = {"temperature": options.temperature, "top_k": options.top_k, "top_p": options.top_p, "min_p": options.min_p, "penalty": options.penalty}
    yield options.prompt
    for token in generate(reader, prompt, options.length, generator=generator, **knobs): yield tokenizer.decode([token])


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Write until there are `--length` characters, or Ctrl-C. Raises Trouble."
    try:
        for piece in pieces(options): print(piece, end="", flush=True)
    except ValueError as error: raise Trouble(str(error)) from None
    print()
    return 0
