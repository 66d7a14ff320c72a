"""The command train: runs that end where they should, go on bit by bit, survive kills, and say in one line what is wrong."""

import errno
import json
import os
import random
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from genai_course import cli, training
from genai_course.checkpoint import load_weights, read_checkpoint
from genai_course.cli.commands import train as command
from genai_course.cli.recipe_list import recipe_lines
from genai_course.cli.runs import Limits, Log
from genai_course.cli.trouble import Trouble
from genai_course.training import MLP, RECIPES, Recipe, digits_task, measure

ROOT = Path(__file__).resolve().parents[2]
SMALL = {"sizes": [64, 8, 10], "lr": 0.1, "size": 16}


@pytest.fixture
def recipes(monkeypatch):
    "Recipes for tests, in place of the lesson's own."
    made = {"small": Recipe("a small one", digits_task, SMALL, steps=30, val_every=10),
            "averaged": Recipe("averaged", digits_task, SMALL | {"decay": 0.9}, steps=30, val_every=10),
            "wide": Recipe("a wide one", digits_task, SMALL | {"sizes": [64, 9, 10]}, steps=30, val_every=10),
            "reckless": Recipe("diverges", digits_task, SMALL | {"lr": 1e30}, steps=30, val_every=10)}  # fmt: skip
    monkeypatch.setattr(training, "RECIPES", made)
    return made


def run(*arguments):
    "The exit status of the command, in this process. Raises Trouble."
    options = cli.parser().parse_args(["train", *map(str, arguments)])
    return command.run(options, [])


def weights(folder): return (folder / "weights.safetensors").read_bytes()


def tensors(folder, sizes=(64, 8, 10)):
    model = MLP(sizes)
    card = load_weights(folder / "weights.safetensors", model)
    return model, card


def trouble(*arguments):
    "The one line that the command ends with."
    with pytest.raises(Trouble) as error: run(*arguments)
    assert "\n" not in str(error.value)
    return str(error.value)


# ---- what it makes

def test_what_comes_after_a_step_hears_its_number_counted_from_the_beginning_also_once_resumed(recipes, monkeypatch, tmp_path):
    heard, make = [], recipes["small"].make
    task_that_notes = lambda **settings: make(**settings)._replace(after=lambda step: heard.append(step.i))
    monkeypatch.setitem(recipes, "small", recipes["small"]._replace(make=task_that_notes))
    assert run("small", "--out", tmp_path, "--steps", 4) == run("small", "--out", tmp_path, "--steps", 7, "--resume") == 0
    assert heard == [*range(7)]


def test_what_a_task_finds_broken_stops_the_run_in_its_own_words_and_keeps_the_last_good_checkpoint(recipes, monkeypatch, tmp_path):
    make = recipes["small"].make
    def after(step):
        if step.i >= 5: raise FloatingPointError("the generator has weights that are no finite numbers")
    monkeypatch.setitem(recipes, "small", recipes["small"]._replace(make=lambda **settings: make(**settings)._replace(after=after)))
    assert run("small", "--out", tmp_path, "--steps", 4) == 0
    kept = (tmp_path / "checkpoint.safetensors").read_bytes()
    message = trouble("small", "--out", tmp_path, "--steps", 9, "--resume")
    assert message.startswith("the generator has weights that are no finite numbers: training stopped.") and "of step 4, is kept" in message
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == kept


def test_half_rounds_the_weights_of_a_run_also_once_it_is_done(recipes, tmp_path):
    assert run("wide", "--out", tmp_path) == 0
    whole = tensors(tmp_path, (64, 9, 10))[0]
    assert run("wide", "--out", tmp_path, "--resume", "--half") == 0
    assert all(torch.equal(a.half().float(), b) for a, b in zip(whole.parameters(), tensors(tmp_path, (64, 9, 10))[0].parameters(), strict=True))


def test_it_trains_and_reports_what_is_documented(recipes, tmp_path):
    assert run("small", "--out", tmp_path, "--seed", 5, "--json", tmp_path / "figures.json") == 0
    report = json.loads((tmp_path / "figures.json").read_text())
    assert list(report) == ["recipe", "seed", "steps", "seconds", "train_loss", "val_loss", "val_curve", "weights"]
    assert (report["recipe"], report["seed"], report["steps"]) == ("small", 5, 30)
    assert [step for step, _, _ in report["val_curve"]] == [10, 20, 30] and report["val_loss"] == report["val_curve"][-1][2]
    model, card = tensors(tmp_path)
    assert report["weights"] == str(tmp_path / "weights.safetensors") and card["settings"] == SMALL and card["val_loss"] == report["val_loss"]
    parts = training.split(training.digits().x_train, training.digits().y_train, seed=1)
    assert measure(model, parts.x_test, parts.y_test)[0] == pytest.approx(report["val_loss"], rel=1e-5)


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(recipes, tmp_path):
    for name, seed in [("a", 1), ("b", 1), ("c", 2)]: assert run("small", "--steps", 5, "--seed", seed, "--out", tmp_path / name) == 0
    first, second, third = [tensors(tmp_path / name)[0].layers[0].weight for name in "abc"]
    assert torch.equal(first, second) and not torch.equal(first, third)


def test_the_average_is_kept_where_a_recipe_asks_for_it(recipes, tmp_path):
    run("averaged", "--out", tmp_path / "averaged", "--seed", 1)
    run("small", "--out", tmp_path / "small", "--seed", 1)
    kept = read_checkpoint(tmp_path / "averaged" / "checkpoint.safetensors")["parts"]
    (averaged, _), (plain, _) = tensors(tmp_path / "averaged"), tensors(tmp_path / "small")
    assert torch.equal(kept["model in training"]["layers.0.weight"], plain.layers[0].weight)
    assert torch.equal(kept["model"]["layers.0.weight"], averaged.layers[0].weight) and not torch.equal(averaged.layers[0].weight, plain.layers[0].weight)


@pytest.mark.parametrize("limits, log, reached", [
    (Limits(10), Log(step=9), False), (Limits(10), Log(step=10), True), (Limits(10, seconds=5), Log(step=1, seconds=5.1), True),
    (Limits(10, seconds=5), Log(step=1, seconds=4.9), False), (Limits(10, val_loss=0.3), Log(step=1, val_curve=[[1, 0, 0.31]]), False),
    (Limits(10, val_loss=0.3), Log(step=1, val_curve=[[1, 0, 0.3]]), True), (Limits(10, val_loss=0.3), Log(step=1), False),
])  # fmt: skip
def test_a_run_ends_at_the_first_limit(limits, log, reached): assert limits.reached(log) == reached


def test_until_a_loss_and_for_no_time_at_all(recipes, tmp_path):
    figures = tmp_path / "figures.json"
    assert run("small", "--steps", 2000, "--until-val", 1.5, "--out", tmp_path / "loss", "--json", figures) == 0
    report = json.loads(figures.read_text())
    assert report["val_loss"] <= 1.5 < report["val_curve"][-2][2] and report["steps"] < 2000
    assert run("small", "--seconds", 0, "--out", tmp_path / "time", "--json", figures) == 0
    assert json.loads(figures.read_text())["steps"] == 1


# ---- going on

@pytest.mark.parametrize("name", ["small", "averaged"])
def test_more_steps_of_a_run_are_the_steps_of_a_longer_one(recipes, tmp_path, name):
    run(name, "--out", tmp_path / "long", "--steps", 25)
    run(name, "--out", tmp_path / "short", "--steps", 7)
    run(name, "--out", tmp_path / "short", "--steps", 25, "--resume")
    (long, card), (short, other) = tensors(tmp_path / "long"), tensors(tmp_path / "short")
    assert all(torch.equal(a, b) for a, b in zip(long.parameters(), short.parameters(), strict=True))
    assert card["train_loss"] == other["train_loss"] and card["val_loss"] == other["val_loss"]


def test_a_stop_signal_ends_at_a_whole_step_and_the_run_goes_on_from_there(recipes, tmp_path, monkeypatch, capsys):
    run("small", "--out", tmp_path / "straight")
    original = training.take_turn
    taken = []

    def interrupted(turn, batch):
        taken.append(batch)
        if len(taken) == 12: os.kill(os.getpid(), signal.SIGINT)
        return original(turn, batch)

    monkeypatch.setattr(training, "take_turn", interrupted)
    assert run("small", "--out", tmp_path / "stopped") == 130
    typed = f"python -m genai_course train small --out {tmp_path / 'stopped'} --resume"
    assert capsys.readouterr().out.endswith(f"step 12, is kept in {tmp_path / 'stopped' / 'checkpoint.safetensors'}. To go on, type: {typed}\n")
    assert not (tmp_path / "stopped" / "weights.safetensors").exists()
    assert "stands at step 12: add --resume" in trouble("small", "--out", tmp_path / "stopped")
    assert run("small", "--out", tmp_path / "stopped", "--resume") == 0 and len(taken) == 30
    (a, card), (b, other) = tensors(tmp_path / "straight"), tensors(tmp_path / "stopped")
    assert torch.equal(a.layers[0].weight, b.layers[0].weight)
    assert [(step, loss) for step, _, loss in card["val_curve"]] == [(step, loss) for step, _, loss in other["val_curve"]]


def test_a_finished_run_begins_anew_without_resume_and_is_left_alone_with_it(recipes, tmp_path):
    for arguments in ([], [], ["--resume"]): assert run("small", "--out", tmp_path, "--seed", 3, *arguments) == 0
    assert read_checkpoint(tmp_path / "checkpoint.safetensors")["notes"]["log"]["step"] == 30


def test_resume_keeps_the_seed_that_the_run_began_with(recipes, tmp_path):
    run("small", "--out", tmp_path, "--seed", 9, "--steps", 3)
    assert run("small", "--out", tmp_path, "--steps", 4, "--resume") == 0
    assert tensors(tmp_path)[1]["seed"] == 9


def test_resume_where_nothing_is_begins(recipes, tmp_path, capsys):
    assert run("small", "--out", tmp_path, "--resume") == 0 and "the run begins" in capsys.readouterr().out


def test_a_kill_of_the_command_costs_nothing(recipes, tmp_path):
    "The real process, killed at a random moment after its first checkpoint. (Fifty kills of the checkpoint itself: test_checkpoint.py.)"
    program = f"import sys; from genai_course import cli, training; training.RECIPES['small'] = training.RECIPES['training']._replace(settings={SMALL}, val_every=10); sys.exit(cli.main())"
    arguments = ["small", "--steps", "5000", "--save-every", "0", "--seed", "1", "--out"]
    process = subprocess.Popen([sys.executable, "-c", program, "train", *arguments, str(tmp_path / "killed")], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
    while not (tmp_path / "killed" / "checkpoint.safetensors").exists(): time.sleep(0.005)
    time.sleep(random.uniform(0, 0.2))
    process.kill()
    assert process.wait() == -signal.SIGKILL
    step = read_checkpoint(tmp_path / "killed" / "checkpoint.safetensors")["notes"]["log"]["step"]
    until = ["--steps", step + 9, "--seed", 1, "--out"]
    assert run("small", *until, tmp_path / "killed", "--resume") == 0 and run("small", *until, tmp_path / "straight") == 0
    (a, card), (b, other) = tensors(tmp_path / "straight"), tensors(tmp_path / "killed")
    assert all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True)) and card["val_loss"] == other["val_loss"]


# ---- what goes wrong

def test_a_loss_that_runs_away_stops_the_run_and_the_last_good_checkpoint_is_kept(recipes, tmp_path, monkeypatch):
    assert re.search(r"loss is (nan|inf) at step \d+: training stopped.*No checkpoint had been made yet", trouble("reckless", "--out", tmp_path / "a"))
    run("small", "--out", tmp_path / "b", "--steps", 7)
    before = read_checkpoint(tmp_path / "b" / "checkpoint.safetensors")
    original = training.take_turn
    monkeypatch.setattr(training, "take_turn", lambda turn, batch: original(turn, batch) * float("nan"))
    message = trouble("small", "--out", tmp_path / "b", "--resume", "--steps", 20, "--save-every", 0)
    assert "loss is nan at step 8" in message and "of step 7, is kept" in message
    assert read_checkpoint(tmp_path / "b" / "checkpoint.safetensors")["notes"] == before["notes"]


def test_weights_that_ran_away_are_not_saved_even_while_the_loss_still_looks_fine(recipes, tmp_path, monkeypatch):
    def poisonous(turn, batch):
        with torch.no_grad(): turn.opt.param_groups[0]["params"][0][0, 0] = float("inf")
        return 0.5

    monkeypatch.setattr(training, "take_turn", poisonous)
    assert "no finite numbers any more at step 1" in trouble("small", "--out", tmp_path, "--save-every", 0)
    assert not (tmp_path / "checkpoint.safetensors").exists()


def test_a_full_disk_at_a_checkpoint_keeps_the_last_good_one(recipes, tmp_path, monkeypatch):
    run("small", "--out", tmp_path, "--steps", 7)
    kept = (tmp_path / "checkpoint.safetensors").read_bytes()
    def full(handle): raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(os, "fsync", full)
    message = trouble("small", "--out", tmp_path, "--resume", "--steps", 20, "--save-every", 0)
    assert message == (f"step 8 could not be saved. The last good checkpoint, of step 7, is kept in {tmp_path / 'checkpoint.safetensors'}. The reason: "
                       "no disk space is left. Free some space, then type: "
                       f"python -m genai_course train small --steps 20 --out {tmp_path} --save-every 0.0 --resume")  # fmt: skip
    assert (tmp_path / "checkpoint.safetensors").read_bytes() == kept


def test_what_a_full_disk_says_to_type_is_what_goes_on(recipes, tmp_path, monkeypatch):
    "Both before and after the first checkpoint: what is typed then ends with the very weights of a run that never stopped."
    run("small", "--out", tmp_path / "straight", "--seed", 5)
    saves, sync = [], os.fsync

    def full_after(count):
        def full(handle):
            saves.append(handle)
            if len(saves) > count: raise OSError(errno.ENOSPC, "No space left on device")
            sync(handle)
        saves.clear()
        monkeypatch.setattr(os, "fsync", full)

    for count, resumes in [(0, False), (4, True)]:
        folder = tmp_path / f"a folder {count}"
        full_after(count)
        program, _, typed = trouble("small", "--out", folder, "--seed", 5, "--save-every", 0).partition("type: ")[2].partition(" train ")
        monkeypatch.setattr(os, "fsync", sync)
        assert program == "python -m genai_course" and ("--resume" in typed) == resumes
        assert run(*shlex.split(typed)) == 0
        assert all(torch.equal(a, b) for a, b in zip(tensors(tmp_path / "straight")[0].parameters(), tensors(folder)[0].parameters(), strict=True))


def test_a_second_interrupt_does_not_wait_and_says_how_to_go_on(recipes, tmp_path, monkeypatch, capsys):
    def twice(turn, batch):
        for _ in range(2): os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(training, "take_turn", twice)
    assert run("small", "--out", tmp_path) == 130
    assert capsys.readouterr().out.endswith(f"No checkpoint had been made yet. To go on, type: python -m genai_course train small --out {tmp_path}\n")


def test_help_lists_every_recipe(capsys):
    with pytest.raises(SystemExit): cli.parser().parse_args(["train", "--help"])
    said = capsys.readouterr().out
    assert list(recipe_lines()) == list(command.recipes())
    for name, recipe in command.recipes().items(): assert re.search(rf"^  {re.escape(name)} +{re.escape(recipe.does)}$", said, re.M)


@pytest.mark.parametrize("name, options, message", [
    ("wide", [], "its recipe is small, not wide"), ("small", ["--seed", "2"], "its seed is 1, not 2"),
])  # fmt: skip
def test_another_run_is_not_resumed(recipes, tmp_path, name, options, message):
    run("small", "--out", tmp_path, "--seed", 1, "--steps", 3)
    assert message in trouble(name, "--out", tmp_path, "--resume", *options)


def test_a_recipe_that_has_changed_since_is_told(recipes, tmp_path):
    run("small", "--out", tmp_path, "--steps", 3)
    recipes["small"] = recipes["wide"]
    assert "its settings is" in trouble("small", "--out", tmp_path, "--resume")


def test_a_damaged_checkpoint_is_one_line(recipes, tmp_path):
    run("small", "--out", tmp_path, "--steps", 3)
    whole = (tmp_path / "checkpoint.safetensors").read_bytes()
    (tmp_path / "checkpoint.safetensors").write_bytes(whole[:-50])
    assert "is damaged" in trouble("small", "--out", tmp_path, "--resume")


def test_two_runs_do_not_share_a_folder(recipes, tmp_path):
    with command.FileLock(tmp_path / ".lock"): assert "another training is running" in trouble("small", "--out", tmp_path)


def test_unknown_recipes_and_texts_without_use_are_named(recipes, tmp_path):
    assert "there is no recipe 'nonsense'; there are: " in trouble("nonsense")
    (tmp_path / "text").write_text("some words")
    assert "does not train on text" in trouble("small", "--text", tmp_path / "text")


@pytest.mark.parametrize("content, message", [
    (b"", "is empty: give a file with some text in it."), (b" \n", "is empty"), (None, "there is no file"), (bytes(range(256)) * 9, "is not text: save it as"),
    (b"To be, or not to be.\n", "has 21 characters, and a model that writes needs 1,000 at least: give a longer text.")])
def test_a_text_that_is_no_use_is_one_line_whatever_the_recipe_makes_of_it(recipes, tmp_path, content, message):
    def careless(seed, device, text): raise AssertionError("the recipe was asked")
    recipes["reader"] = Recipe("reads", careless, {}, steps=3)
    if content is not None: (tmp_path / "text").write_bytes(content)
    said = trouble("reader", "--text", tmp_path / "text", "--out", tmp_path / "out")
    assert message in said and str(tmp_path / "text") in said


@pytest.mark.parametrize("arguments", [["--steps", "0"], ["--steps", "x"], ["--seconds", "-1"], ["--seconds", "nan"], ["--device", "abacus"], ["--seed", "-1"]])
def test_bad_usage_is_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as end: cli.parser().parse_args(["train", "training", *arguments])
    assert end.value.code == 2 and capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has what the test lacks")
def test_a_device_that_is_not_there_is_one_line(recipes, tmp_path, monkeypatch):
    monkeypatch.setenv("GENAI_DEVICE", "cpu")
    assert "torch finds none here" in trouble("small", "--out", tmp_path, "--device", "cuda")


@pytest.mark.parametrize("name", RECIPES)
def test_the_lessons_recipes_are_plain_data_and_run(name, tmp_path):
    recipe = RECIPES[name]
    assert json.loads(json.dumps(recipe.settings)) == recipe.settings and name.split(".")[0] == "training"
    assert run(name, "--steps", 2, "--out", tmp_path) == 0
