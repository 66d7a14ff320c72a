"""`train`: runs a recipe of a lesson, with a progress bar; what was interrupted goes on with `--resume`."""

import argparse
import inspect
import json
import math
import os
import shlex
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path

from filelock import FileLock, Timeout
from tqdm import tqdm

from genai_course.checkpoint import CheckpointError, read_checkpoint
from genai_course.cli import PROGRAM, SAVE_EVERY, normal
from genai_course.cli.recipe_list import modules_with_recipes
from genai_course.cli.runs import Limits, Run, identity, stop_signals
from genai_course.cli.trouble import Trouble, explained
from genai_course.core import SettingError, data_folder, device, set_seed, settings, write_atomically
from genai_course.data import DataError
from genai_course.texts import own_text
from genai_course.training import Recipe

STOPPED = 130


def recipes() -> dict[str, Recipe]:
    "The recipes of all lessons, by name."
    return {name: recipe for file in modules_with_recipes() for name, recipe in import_module(f"genai_course.{file.stem}").RECIPES.items()}


def find_recipe(name: str, text: Path | None) -> Recipe:
    "The recipe of that name. Raises Trouble where there is none, or where it has no use for a text."
    found = recipes()
    if name not in found: raise Trouble(f"there is no recipe {name!r}; there are: {', '.join(found)}.")
    if text and "text" not in inspect.signature(found[name].make).parameters: raise Trouble(f"{name} does not train on text: leave --text out.")
    return found[name]


def typed(options: argparse.Namespace, resume: bool) -> str:
    "The command with these options, as one types it."
    given = {name: value for name, value in vars(options).items() if name not in ("command", "name", "resume") and value is not None}
    flags = [part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", *([] if value is True else [str(value)]))]
    return f"{PROGRAM} train {shlex.join([options.name, *flags, *(['--resume'] if resume else [])])}"


def notes_of(folder: Path, resume: bool) -> dict:
    "The notes of the checkpoint to resume; empty where a run begins. Raises Trouble where an unfinished run would be lost."
    file = folder / "checkpoint.safetensors"
    if not file.exists(): return {}
    if resume: return read_checkpoint(file)["notes"]
    try: notes = read_checkpoint(file)["notes"]
    except CheckpointError: return {}
    if notes["finished"]: return {}
    raise Trouble(f"{folder} holds a run that stands at step {notes['log']['step']}: add --resume to go on with it, or give another --out.")


def prepare(options: argparse.Namespace, folder: Path) -> tuple[Run, Limits]:
    "The run that the options ask for, and when it ends. Raises Trouble, CheckpointError, DataError, SettingError."
    text = Path(options.text).expanduser() if options.text else None
    recipe, notes = find_recipe(options.name, text), notes_of(folder, options.resume)
    if text: own_text(text)  # here, so that no recipe has to think of it
    seed = next(seed for seed in (options.seed, notes.get("identity", {}).get("seed"), settings.seed) if seed is not None)
    if options.device: os.environ["GENAI_DEVICE"] = options.device
    set_seed(seed)
    task = recipe.make(seed=seed, device=device(), **({"text": text} if text else {}), **recipe.settings)
    run = Run(task, identity(options.name, recipe, seed, text), folder, recipe.val_every, partial(typed, options))
    if notes: run.resume()
    elif options.resume: print(f"{folder} holds no checkpoint: the run begins.")
    seconds, val_loss = math.inf if options.seconds is None else options.seconds, -math.inf if options.until_val is None else options.until_val
    return run, Limits(options.steps or notes.get("steps") or recipe.steps, seconds, val_loss, SAVE_EVERY if options.save_every is None else options.save_every)


def show(run: Run, limits: Limits, stopped) -> None:
    "Train, with a bar on a terminal and a line for each validation elsewhere. Raises Trouble."
    with tqdm(total=limits.steps, initial=run.log.step, unit=" steps", desc=run.identity["recipe"], disable=None) as bar:
        told = len(run.log.val_curve)
        for log in run.advance(limits, stopped):
            bar.update()
            if len(log.val_curve) == told: continue
            told = len(log.val_curve)
            bar.set_postfix(loss=f"{log.train_loss:.3f}", val=f"{log.val_loss:.3f}")
            if bar.disable: print(f"step {log.step}: training loss {log.train_loss:.3f}, validation loss {log.val_loss:.3f}", flush=True)


def train_in(folder: Path, options: argparse.Namespace) -> int:
    "Train in `folder`; returns the exit status. Raises Trouble, CheckpointError, DataError, SettingError, OSError."
    run, limits = prepare(options, folder)
    with stop_signals() as stopped:
        with suppress(KeyboardInterrupt): show(run, limits, stopped)  # a second Ctrl-C does not wait for the checkpoint
        if stopped():
            print(f"Stopped. {run.last_good()} To go on, {run.again()}")
            return STOPPED
    run.save_weights(bool(options.half))
    if options.json: write_atomically(options.json, json.dumps(run.report(), indent=1) + "\n")
    print(f"{run.log.step} steps, {run.log.seconds:.1f} s, validation loss {run.log.val_loss:.3f}.{normal.remark(run.identity, run.log.step)} Weights: {run.weights}")
    return 0


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Train as the options say; returns 0, or 130 where it was stopped. Raises Trouble."
    try:
        folder = Path(options.out).expanduser() if options.out else data_folder() / "trained" / options.name
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".lock", timeout=0): return train_in(folder, options)
    except Timeout: raise Trouble(f"another training is running in {folder}: wait for it, or give another --out.") from None
    except (CheckpointError, DataError, SettingError) as error: raise Trouble(str(error)) from None
    except OSError as error: raise explained(error, f"type: {typed(options, resume=True)}") from error
