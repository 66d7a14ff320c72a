"""`write` goes on with a text, and says in one line what it cannot do."""

import subprocess
import sys

import pytest
from torch import nn

from genai_course import transformer
from genai_course.checkpoint import read_card, save_weights
from genai_course.cli import main
from genai_course.cli.commands import write
from genai_course.finetuning import adapter_task
from genai_course.texts import LEAST
from genai_course.training import train
from genai_course.transformer import load_writer, writing_task

SIZES = {"sizes": {"layers": 1, "heads": 2, "width": 16, "reach": 2}, "context": 16, "size": 8, "lr": 0.02, "steps": 60}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    text = folder / "text.txt"
    text.write_text("to be or not to be that is the question\n" * (LEAST // 40 + 50), encoding="utf-8")
    task = writing_task(seed=0, device="cpu", text=text, **SIZES)
    for _ in train(task.batches(0), *task.turns, steps=60): pass
    return save_weights(folder / "weights.safetensors", task.model, task.card)


@pytest.fixture
def weights(trained, tmp_path, monkeypatch):
    "A folder with the course's own weights: the trained model, and a LoRA that learned beside it."
    folder, (base, tokenizer, _) = tmp_path / "weights", load_writer(trained)
    text = "no no no no\n" * 60
    task = adapter_task(base, tokenizer, text, text[:200], seed=0, device="cpu", rank=2, alpha=8.0, context=16, size=8, lr=0.05, steps=60)
    for _ in train(task.batches(0), *task.turns, steps=60): pass
    save_weights(folder / "finetuning.safetensors", task.model, task.card)
    (folder / "transformer.safetensors").write_bytes(trained.read_bytes())
    for module in (write, transformer): monkeypatch.setattr(module, "WEIGHTS", folder)
    return folder


def written(capsys, *arguments):
    "The exit status, and what was printed and complained of."
    try: status = main(["write", *map(str, arguments)])
    except SystemExit as end: status = end.code
    return status, *capsys.readouterr()


def test_it_goes_on_with_the_prompt_for_so_many_characters(trained, capsys):
    status, text, _ = written(capsys, "to be", "--weights", trained, "--length", 60)
    assert status == 0 and text.startswith("to be") and len(text) == 5 + 60 + 1 and set(text) <= set("abehinoqrstu \n")


def test_a_seed_writes_the_same_again_and_another_seed_something_else(trained, capsys):
    texts = [written(capsys, "to", "--weights", trained, "--length", 80, "--temperature", 2, "--top-p", 1, "--seed", seed)[1] for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_at_temperature_0_it_writes_what_it_has_learned(trained, capsys):
    _, text, _ = written(capsys, "to be or not", "--weights", trained, "--length", 60, "--temperature", 0)
    assert "question\nto be or not" in text


def test_a_prompt_longer_than_the_context_is_read_to_its_end(trained, capsys):
    status, text, _ = written(capsys, "to be " * 1700 + "or not", "--weights", trained, "--length", 10)
    assert status == 0 and len(text) == 10_206 + 10 + 1


@pytest.mark.parametrize(("prompt", "line"), [
    ("", "the prompt is empty: give one character at least"), ("to ♥", "'♥': not in this tokenizer's alphabet of 14 characters"),
])  # fmt: skip
def test_a_prompt_that_cannot_be_read_is_refused_in_one_line(trained, capsys, prompt, line):
    status, text, complaint = written(capsys, prompt, "--weights", trained)
    assert status == 1 and not text and line in complaint and complaint.count("\n") == 1


@pytest.mark.parametrize("options", [["--temperature", -1], ["--temperature", "hot"], ["--top-p", 1.5], ["--min-p", -0.1], ["--top-k", 0], ["--length", 0], ["--penalty", 0]])
def test_a_knob_out_of_its_range_is_misuse(trained, capsys, options):
    status, text, complaint = written(capsys, "to", "--weights", trained, *options)
    assert status == 2 and not text and options[0] in complaint and complaint.count("\n") == 1


def test_weights_that_are_missing_cut_short_or_anothers_are_refused_in_one_line(trained, capsys, tmp_path):
    cut, other = tmp_path / "cut.safetensors", save_weights(tmp_path / "other.safetensors", nn.Linear(1, 1), {})
    cut.write_bytes(trained.read_bytes()[:1000])
    for file, line in [(tmp_path / "none", "there is no file"), (cut, "is damaged"), (other, "holds no model that writes")]:
        status, text, complaint = written(capsys, "to", "--weights", file)
        assert status == 1 and not text and line in complaint and str(file) in complaint and complaint.count("\n") == 1


def test_without_named_weights_the_courses_model_writes(capsys):
    status, text, _ = written(capsys, "ROMEO:", "--length", 200)
    assert status == 0 and text.startswith("ROMEO:") and len(text) == 6 + 200 + 1


def test_what_one_has_trained_oneself_is_taken_just_where_it_is_named(trained, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GENAI_DATA", str(tmp_path))
    own = tmp_path / "trained" / "transformer" / "weights.safetensors"
    unnamed = written(capsys, "to be or not", "--temperature", 0, "--length", 40)
    own.parent.mkdir(parents=True)
    own.write_bytes(trained.read_bytes())
    assert unnamed[0] == 0 and written(capsys, "to be or not", "--temperature", 0, "--length", 40) == unnamed
    named = written(capsys, "to be or not", "--temperature", 0, "--length", 40, "--weights", own)
    assert named[0] == 0 and "question" in named[1] and "question" not in unnamed[1]


def test_each_style_writes_in_its_own_voice(weights, capsys):
    plays, psalms = (written(capsys, "to", "--style", style, "--temperature", 0, "--length", 60) for style in ("plays", "psalms"))
    assert plays[0] == psalms[0] == 0 and "to be or not" in plays[1] and "no no no" not in plays[1] and "no no no" in psalms[1]
    assert written(capsys, "to", "--temperature", 0, "--length", 60) == plays
    assert written(capsys, "to", "--weights", weights / "finetuning.safetensors", "--temperature", 0, "--length", 60) == psalms


def test_a_style_that_there_is_not_is_misuse(weights, capsys):
    status, text, complaint = written(capsys, "to", "--style", "limericks")
    assert status == 2 and not text and "limericks" in complaint and "psalms" in complaint and complaint.count("\n") == 1


def test_a_style_whose_weights_are_missing_cut_short_or_anothers_is_refused_in_one_line(weights, capsys):
    file, base = weights / "finetuning.safetensors", weights / "transformer.safetensors"
    kept, model, card = file.read_bytes(), load_writer(base).model, read_card(base)
    model.head.weight.data += 1
    for spoil, line in [
        (lambda: file.write_bytes(kept[:500]), f"{file} is damaged"), (file.unlink, f"there is no file {file}"),
        (lambda: (file.write_bytes(kept), save_weights(base, model, card)), "was learned beside another model"),
        (base.unlink, f"there is no file {base}"),
    ]:  # fmt: skip
        spoil()
        status, text, complaint = written(capsys, "to", "--style", "psalms")
        assert status == 1 and not text and line in complaint and complaint.count("\n") == 1


def test_text_comes_as_it_is_drawn(trained):
    command = [sys.executable, "-m", "genai_course", "write", "to be", "--weights", str(trained), "--length", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=0) as process:
        assert len(process.stdout.read(50)) == 50  # long before the end
        process.kill()
