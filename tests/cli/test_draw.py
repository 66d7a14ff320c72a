"""`draw` draws what a prompt says, writes whole files or none, and says in one line what it cannot do."""

import os
import threading

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from genai_course.checkpoint import save_weights
from genai_course.cli import main
from genai_course.cli.commands import draw
from genai_course.diffusion import cosine_schedule, ddim, drawn
from genai_course.gan import KINDS, Discriminator, load_players, made_pictures
from genai_course.guidance import load_prompted, prompting_task
from genai_course.menagerie import ANIMALS
from genai_course.training import train

SMALL = {"drawn": 8, "widths": [8, 16], "depth": 1, "fold": 2, "schedule": "cosine", "size": 4, "lr": 0.003, "warm": 2, "dropped": 0.1, "decay": 0.5}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    task = prompting_task(seed=0, device="cpu", **SMALL)
    for step in train(task.batches(0), *task.turns, steps=3): task.after(step)
    return save_weights(tmp_path_factory.mktemp("trained") / "weights.safetensors", task.model, task.card)


@pytest.fixture
def drawn_in(trained, tmp_path, monkeypatch, capsys):
    "Runs `draw` in an empty folder: the exit status, what was printed, and what was complained of."
    monkeypatch.chdir(tmp_path)
    def run(*arguments, weights=trained, steps=3):
        given = [*map(str, arguments), *(["--weights", str(weights)] if weights else []), *(["--steps", str(steps)] if steps else [])]
        try: status = main(["draw", *given])
        except SystemExit as end: status = end.code
        return status, *capsys.readouterr()
    return run


def pixels(file): return np.asarray(Image.open(file))


def complaint_of(result, status=1):
    "The one line of a run that drew nothing."
    assert result[0] == status and not result[1]
    line, = [line for line in result[2].splitlines() if not line.startswith("drawing:")]
    return line


def test_a_picture_is_large_and_made_of_even_squares(drawn_in, tmp_path):
    status, said, _ = drawn_in("a cat wearing a crown", "--out", "cat.png")
    picture = pixels(tmp_path / "cat.png")
    assert status == 0 and "cat.png" in said and picture.shape == (512, 512, 3)
    assert (picture == np.repeat(np.repeat(picture[8::16, 8::16], 16, 0), 16, 1)).all()


def test_it_is_the_picture_that_lesson_15_draws(drawn_in, trained, tmp_path):
    drawn_in("a cat", "--guidance", 3, "--negative", "a crown", "--rescale", 0.5, "--seed", 5)
    drawer, x = load_prompted(trained), torch.randn(3, 32, 32, generator=torch.Generator().manual_seed(5))[None]
    wanted = drawn(ddim(drawer.asked(["a cat"], 3.0, "a crown", 0.5), x, cosine_schedule(), 3))[0]
    assert np.abs(pixels(tmp_path / "drawing.png")[8::16, 8::16].transpose(2, 0, 1) - ((wanted + 1) * 127.5).numpy()).max() <= 1


def test_a_seed_draws_the_same_again_and_knobs_something_else(drawn_in, tmp_path):
    def picture(*options):
        assert drawn_in("a cat", *options)[0] == 0
        return pixels(tmp_path / "drawing.png")
    once = picture("--seed", 1)
    assert (picture("--seed", 1) == once).all()
    assert all((picture("--seed", 1, *other) != once).any() for other in (["--seed", 2], ["--guidance", 6], ["--negative", "a crown"], ["--rescale", 1, "--guidance", 9]))


def test_a_sheet_has_a_place_for_each_and_each_can_be_drawn_again_alone(drawn_in, tmp_path):
    assert drawn_in("a cat", "--count", 5, "--seed", 3, "--out", "sheet.png")[0] == drawn_in("a cat", "--seed", 7, "--out", "fifth.png")[0] == 0
    sheet, fifth = pixels(tmp_path / "sheet.png"), pixels(tmp_path / "fifth.png")
    scale = 6  # three in a row, at least 512 pixels wide
    assert sheet.shape == (2 * 32 * scale + scale, 3 * 32 * scale + 2 * scale, 3)
    assert np.abs(sheet[33 * scale :, 33 * scale : 65 * scale][::scale, ::scale].astype(int) - fifth[::16, ::16]).max() <= 1
    assert (sheet[33 * scale :, 66 * scale :] == 255).all()


@pytest.mark.parametrize(("steps", "moments"), [(1, 2), (3, 4), (25, 9)])
def test_the_strip_goes_from_noise_to_the_picture(drawn_in, tmp_path, steps, moments):
    assert drawn_in("a cat", "--strip", "strip.png", "--seed", 1, steps=steps)[0] == 0
    strip, picture = pixels(tmp_path / "strip.png"), pixels(tmp_path / "drawing.png")
    noise = torch.randn(3, 32, 32, generator=torch.Generator().manual_seed(1)).clamp(-1, 1)
    assert strip.shape == (2 * 128 + 4, moments * 132 - 4, 3)
    assert np.abs(strip[:128:4, :128:4].transpose(2, 0, 1) - ((noise + 1) * 127.5).numpy()).max() <= 1
    assert (strip[:128:4, -128::4] == picture[::16, ::16]).all() and (strip[132::4, -128::4] == picture[::16, ::16]).all()


# ---- what is said

@pytest.mark.parametrize(("prompt", "line"), [
    ("", "The prompt is empty"), ("a catt", "did you mean cat?"), ("a cat 🦄", "'🦄'"), ("a cat " * 250, "of 500 words and marks the readers take the first 23"),
])  # fmt: skip
def test_of_an_odd_prompt_it_speaks_and_draws_on(drawn_in, tmp_path, prompt, line):
    status, said, _ = drawn_in(prompt)
    assert status == 0 and line in said and pixels(tmp_path / "drawing.png").shape == (512, 512, 3)


def test_without_a_prompt_it_draws_anything_and_an_unknown_negative_word_is_told(drawn_in):
    assert "empty" in drawn_in()[1] and "'catt'" in drawn_in("a cat", "--negative", "a catt")[1]
    assert drawn_in("a cat")[1].count("\n") == drawn_in("a cat", "--negative", "")[1].count("\n") == 1  # nothing but where it is


def test_what_is_odd_is_said_before_it_draws(drawn_in, monkeypatch):
    def begun(drawer, options): raise KeyboardInterrupt
    monkeypatch.setattr(draw, "frames_of", begun)
    status, said, _ = drawn_in("a catt")
    assert status and "did you mean cat?" in said


# ---- what cannot be

@pytest.mark.parametrize("options", [
    ["--steps", 0], ["--steps", 1001], ["--steps", "many"], ["--guidance", "nan"], ["--guidance", "inf"], ["--guidance", -1], ["--rescale", 2], ["--rescale", "nan"],
    ["--count", 0], ["--count", 1000], ["--seed", -1], ["--seed", 2**64],
])  # fmt: skip
def test_a_knob_out_of_its_range_is_misuse(drawn_in, tmp_path, options):
    assert str(options[0]) in complaint_of(drawn_in("a cat", *options, steps=None), status=2) and not [*tmp_path.iterdir()]


def test_weights_that_are_missing_cut_short_or_anothers_are_refused_in_one_line(drawn_in, trained, tmp_path, monkeypatch):
    cut, other = tmp_path / "cut.safetensors", save_weights(tmp_path / "other.safetensors", nn.Linear(1, 1), {})
    cut.write_bytes(trained.read_bytes()[:5000])
    before = {*tmp_path.iterdir()}
    for file, line in [(tmp_path / "none", "make one with `python -m genai_course train guidance`"), (cut, "is damaged"), (other, "name weights that `train guidance` made")]:
        assert line in (told := complaint_of(drawn_in("a cat", weights=file))) and str(file) in told
    monkeypatch.setattr(draw, "WEIGHTS", tmp_path / "empty")
    assert "there is no file" in complaint_of(drawn_in("a cat", weights=None)) and {*tmp_path.iterdir()} == before


@pytest.mark.parametrize(("name", "line"), [
    ("cat.jpg", "let it end in .png"), ("cat", "let it end in .png"), ("folder.png", "is a folder"), ("file.txt/cat.png", "is no folder that you may write in"),
])  # fmt: skip
@pytest.mark.parametrize("option", ["--out", "--strip"])
def test_where_nothing_can_be_written_nothing_is_drawn(drawn_in, tmp_path, name, line, option):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file.txt").write_text("kept")
    assert line in complaint_of(drawn_in("a cat", option, name)) and not (tmp_path / "drawing.png").exists() and (tmp_path / "file.txt").read_text() == "kept"


def test_a_folder_that_one_may_not_write_in_is_told_before_anything_is_drawn(drawn_in, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda folder, mode: False)  # root may write everywhere
    assert "is no folder that you may write in" in complaint_of(drawn_in("a cat"))


def test_a_full_disk_leaves_the_old_picture(drawn_in, tmp_path, monkeypatch):
    def full(path, content): raise OSError(28, "No space left on device", str(path))
    (tmp_path / "drawing.png").write_bytes(b"old")
    monkeypatch.setattr(draw, "write_atomically", full)
    assert "no disk space is left" in complaint_of(drawn_in("a cat")) and (tmp_path / "drawing.png").read_bytes() == b"old"


def test_two_runs_at_once_leave_a_whole_picture(drawn_in, trained, tmp_path):
    arguments = ["draw", "a cat", "--weights", str(trained), "--steps", "3"]
    runs = [threading.Thread(target=main, args=([*arguments, "--seed", str(seed)],)) for seed in (1, 2)]
    for run in runs: run.start()
    for run in runs: run.join()
    left = pixels(tmp_path / "drawing.png")
    either = []
    for seed in (1, 2):
        drawn_in("a cat", "--seed", seed, "--out", "alone.png")
        either.append((pixels(tmp_path / "alone.png") == left).all())
    assert any(either) and {file.name for file in tmp_path.iterdir()} == {"drawing.png", "alone.png"}


# ---- the model of lesson 17

@pytest.fixture(scope="module")
def players(tmp_path_factory):
    def saved(kind):
        model = KINDS[kind](latent=8, widths=(8, 8, 8, 8))
        both = nn.ModuleDict({"generator": model, "discriminator": Discriminator(widths=(4, 8, 8))})
        card = {"kind": kind, "sizes": {"latent": 8, "widths": [8, 8, 8, 8]}, "widths": [4, 8, 8]}
        return save_weights(tmp_path_factory.mktemp(kind) / "weights.safetensors", both, card)
    return {kind: saved(kind) for kind in KINDS}


@pytest.fixture
def made_in(drawn_in, players): return lambda *arguments, kind="style", steps=None: drawn_in(*arguments, "--model", "gan", weights=players[kind], steps=steps)


def test_a_gans_sheet_is_what_its_generator_makes_of_one_seed_after_another(made_in, players, tmp_path):
    assert made_in("an owl and a kitty", "--count", 4, "--seed", 6, "--truncation", 0.5)[:2] == (0, "drawing.png\n")
    owl, cat, generator = [*ANIMALS].index("owl"), [*ANIMALS].index("cat"), load_players(players["style"]).generator
    sheet = pixels(tmp_path / "drawing.png")[::8, ::8]  # two in a row, each pixel 8 wide, and so is the gap
    for i, code in enumerate([owl, cat, owl, cat]):
        wanted = made_pictures(generator, torch.tensor([code]), 6 + i, 0.5)[0]
        part = sheet[i // 2 * 33 :, i % 2 * 33 :][:32, :32]
        assert np.abs(part.transpose(2, 0, 1) - ((wanted + 1) * 127.5).numpy()).max() <= 1


def test_without_a_name_all_animals_take_turns(made_in, players, tmp_path):
    assert "they take turns" in made_in("--count", 8, "--seed", 0, "--truncation", 1)[1]
    sheet, generator = pixels(tmp_path / "drawing.png")[::6, ::6], load_players(players["style"]).generator
    wanted = made_pictures(generator, torch.tensor([4]), 4)[0]  # three in a row: the fifth is in the middle
    assert np.abs(sheet[33:65, 33:65].transpose(2, 0, 1) - ((wanted + 1) * 127.5).numpy()).max() <= 1


def test_a_gan_says_what_it_takes_no_notice_of_and_draws_nothing_where_no_animal_is_named(made_in, tmp_path):
    assert "no notice of 'wearing', 'crown'" in made_in("a cat wearing a crown")[1]
    (tmp_path / "drawing.png").unlink()
    assert "'a tree' names none: say cat, dog" in complaint_of(made_in("a tree")) and not [*tmp_path.iterdir()]


def test_each_model_refuses_the_others_knobs_and_weights(made_in, drawn_in, players, trained, tmp_path):
    for options in (["--strip", "s.png"], ["--negative", "a hat"], ["--steps", 3], ["--guidance", 2], ["--rescale", 0.5]):
        assert f"the model gan has no {options[0]}" in complaint_of(made_in("a cat", *options))
    assert "the model guidance has no --truncation" in complaint_of(drawn_in("a cat", "--truncation", 0.5))
    assert "name weights that `train gan` made" in complaint_of(drawn_in("a cat", "--model", "gan", steps=None)) and not [*tmp_path.iterdir()]
    assert "name weights that `train guidance` made" in complaint_of(drawn_in("a cat", weights=players["style"]))


def test_a_generator_without_styles_is_not_truncated(made_in, tmp_path):
    assert made_in("a cat", kind="plain")[0] == 0 and (tmp_path / "drawing.png").exists()
    assert "know no styles" in complaint_of(made_in("a cat", "--truncation", 0.5, kind="plain"))
