"""The weights that come with the course: each says where it comes from, is as good as it says, and is small."""

import pytest

from genai_course.checkpoint import WEIGHTS, load_weights, read_card
from genai_course.cli.commands.train import recipes

FILES = sorted(WEIGHTS.glob("*.safetensors"))
MEGABYTES = {"transformer": 6.2, "finetuning": 0.8, "guidance": 3.0, "diffusion.menagerie": 1.5}  # what writes, and what draws
NOT_DRAWN = {"drawn": 1}  # pictures to train on, which measuring has no use for


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_card_names_a_recipe_that_still_makes_it_and_the_loss_that_it_has(file):
    card, recipe = read_card(file), recipes()[file.stem]
    assert (card["recipe"], card["settings"], card["steps"]) == (file.stem, recipe.settings, recipe.steps) and card["seconds"] > 0
    task = recipe.make(seed=card["seed"], device="cpu", **{name: NOT_DRAWN.get(name, value) for name, value in recipe.settings.items()})
    load_weights(file, task.model)
    assert task.model.eval() and task.val_loss() == pytest.approx(card["val_loss"], rel=0.005)  # they are kept in 16 bits


def test_they_are_small():
    sizes = {file.stem: file.stat().st_size / 1e6 for file in FILES}
    assert all(sizes[name] <= most for name, most in MEGABYTES.items()) and sum(sizes.values()) <= 20
