"""`write` goes on with a text, and says in one line what it cannot do."""

import subprocess
import sys

import pytest
from torch import nn

from genai_course.checkpoint import save_weights
from genai_course.cli import main
from genai_course.texts import LEAST
from genai_course.training import train
from genai_course.transformer import writing_task

SIZES = {"sizes": {"layers": 1, "heads": 2, "width": 16, "reach": 2}, "context": 16, "size": 8, "lr": 0.02, "steps": 60}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    text = folder / "text.txt"
    text.write_text("to be or not to be that is the question\n" * (LEAST // 40 + 50), encoding="utf-8")
    task = writing_task(seed=0, device="cpu", text=text, **SIZES)
    for _ in train(task.batches(0), *task.turns, steps=60): pass
    return save_weights(folder / "weights.safetensors", task.model, task.card)


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


def test_the_weights_of_ones_own_training_are_taken(trained, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("GENAI_DATA", str(tmp_path))
    own = tmp_path / "trained" / "transformer"
    own.mkdir(parents=True)
    (own / "weights.safetensors").write_bytes(trained.read_bytes())
    assert written(capsys, "to be", "--length", 5)[0] == 0


def test_text_comes_as_it_is_drawn(trained):
    command = [sys.executable, "-m", "genai_course", "write", "to be", "--weights", str(trained), "--length", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, bufsize=0) as process:
        assert len(process.stdout.read(50)) == 50  # long before the end
        process.kill()
