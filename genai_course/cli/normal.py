"""What is normal: how the validation loss of each recipe falls at first, with several seeds.

`python -m genai_course.cli.normal RECIPE ...` measures it anew and writes `genai_course/normal.json`; `train` and the web site read it there.
"""

import argparse
import json
import math
import platform
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import genai_course
from genai_course.cli.markdown import capitalised, table
from genai_course.cli.runs import Limits, Run, identity
from genai_course.core import set_seed, write_atomically
from genai_course.plots import curves
from genai_course.training import Recipe

FILE = Path(genai_course.__file__).parent / "normal.json"
SEEDS, MILESTONES = 5, 4  # runs of a recipe, and validation losses of a run
WIDER = 1.0  # times what five seeds span, to each side: some three and a half standard deviations from the middle
HEAD = """# Is my result normal?

You have trained something, and it came out at 1.93. Is that as it should be? These are the validation losses of the first part of each recipe, measured with {seeds} seeds
({machine}). *Normal* is what they span, and as much again to each side. `python -m genai_course train NAME` prints the loss on its way, and says at its end what is normal there.

A seed gives the same numbers on the same machine. Another processor, another number of threads or another version of torch rounds in another way, and after some hundred steps that is as
good as another seed. So compare with the span and not with a single number. Below it is no fault. Above it, look in this order: was every cell run, from the top? Is it the
course's own data (`python -m genai_course data`) and the rate of the recipe? Do the losses of single steps fall at all (`--json` writes the curve)?
"""


class Normal(NamedTuple):
    "What was measured of a recipe."
    settings: dict
    every: int  # steps from one validation to the next
    losses: list[list[float]]  # of each seed, the validation losses at the first so many validations
    machine: str

    def span(self, step: int) -> tuple[float, float] | None:
        "The lowest and the highest loss that is normal at a step; None for one that was not measured."
        place = step // self.every - 1
        if step % self.every or not 0 <= place < len(self.losses[0]): return None
        here = [losses[place] for losses in self.losses]
        margin = WIDER * (max(here) - min(here))
        return min(here) - margin, max(here) + margin


def read() -> dict[str, Normal]:
    "What is normal, by recipe."
    return {name: Normal(**made) for name, made in json.loads(FILE.read_text(encoding="utf-8")).items()} if FILE.exists() else {}


def fallen(name: str, recipe: Recipe, seed: int, milestones: int = MILESTONES) -> list[float]:
    "The validation losses at the first so many milestones of a run."
    set_seed(seed)
    task = recipe.make(seed=seed, device="cpu", **recipe.settings)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(task, identity(name, recipe, seed, None), Path(folder), recipe.val_every, lambda resume: name)
        for _ in run.advance(Limits(min(milestones * recipe.val_every, recipe.steps), save_every=math.inf), lambda: False): pass
    return [loss for step, _, loss in run.log.val_curve if step % recipe.val_every == 0]


def machine() -> str:
    "What is measured on, in words."
    return f"{platform.machine()}, {platform.system()}, torch {version('torch').split('+')[0]}"


def measured(name: str, recipe: Recipe, seeds: int = SEEDS, milestones: int = MILESTONES) -> Normal:
    "A recipe's runs with seeds from 0 on."
    losses = [fallen(name, recipe, seed, milestones) for seed in range(seeds)]
    return Normal(json.loads(json.dumps(recipe.settings)), recipe.val_every, [[float(f"{loss:.4g}") for loss in row] for row in losses], machine())


def note(name: str, found: Normal) -> None:
    "Write what was measured of a recipe in the place of what was known."
    known = {**read(), name: found}
    write_atomically(FILE, json.dumps({name: known[name]._asdict() for name in sorted(known)}, indent=1) + "\n")


def remark(identity: Mapping[str, Any], step: int) -> str:
    "What is normal at a step of the run with that `identity`, in words; nothing where that was not measured, or with other settings, or on another text."
    known = read().get(identity["recipe"])
    if not known or identity["text"] or known.settings != identity["settings"] or not (span := known.span(step)): return ""
    return f" Normal at this step: {span[0]:.3f} to {span[1]:.3f}."


def page(does: dict[str, str]) -> str:
    "The page of the web site; `does` says what each recipe does."
    known = read()
    parts = [HEAD.format(seeds=SEEDS, machine="; ".join(sorted({found.machine for found in known.values()})))]
    for name, found in known.items():
        steps = [found.every * (place + 1) for place in range(len(found.losses[0]))]
        rows = [[f"{step:,}", "{:.3f} to {:.3f}".format(*found.span(step)), f"{sorted(row[place] for row in found.losses)[len(found.losses) // 2]:.3f}"] for place, step in enumerate(steps)]
        parts += [f"## {name}", f"{capitalised(does[name])}.", f"![The validation loss of {name} with {len(found.losses)} seeds; the numbers are in the table.](normal/{name}.png)", table(["after steps", "normal", "in the middle"], rows)]
    return "\n\n".join(parts) + "\n"


def pictures() -> dict[str, bytes]:
    "A picture for each recipe, as a PNG, by the recipe's name."
    drawn = {}
    for name, found in read().items():
        steps = [found.every * (place + 1) for place in range(len(found.losses[0]))]
        spans = np.array([found.span(step) for step in steps])
        lines = {"highest normal": spans[:, 1], "in the middle": np.median(found.losses, axis=0), "lowest normal": spans[:, 0]}
        drawn[name] = curves(lines, f"Validation loss of {name}.", steps, "steps", "validation loss").png
    return drawn


def main(arguments: Sequence[str] | None = None) -> None:
    "Measure the recipes that were named."
    from genai_course.cli.commands.train import find_recipe

    parser = argparse.ArgumentParser(prog="python -m genai_course.cli.normal", description="Measure what validation losses are normal for recipes.")
    parser.add_argument("recipes", nargs="+", metavar="RECIPE")
    for name in parser.parse_args(arguments).recipes:
        note(name, found := measured(name, find_recipe(name, None)))
        print(f"{name}: " + ", ".join("{:.3f} to {:.3f}".format(*found.span(found.every * (place + 1))) for place in range(len(found.losses[0]))), flush=True)


if __name__ == "__main__":
    main()
