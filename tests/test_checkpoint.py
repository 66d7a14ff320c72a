"""Checkpoints: killed processes finish with the same bits, and no bad file does any harm."""

import copy
import errno
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from genai_course.checkpoint import (
    CheckpointError,
    is_sound,
    load_checkpoint,
    load_weights,
    put_together,
    random_state,
    read_checkpoint,
    save_checkpoint,
    save_weights,
    set_random_state,
    take_apart,
)

STEPS = 40
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)
arrays = st.lists(st.floats(-9, 9), max_size=3).map(np.array) | st.lists(st.integers(0, 9), max_size=3).map(lambda x: np.array(x, dtype=np.uint32))
states = st.recursive(
    scalars | arrays | arrays.map(torch.as_tensor),
    lambda inside: st.lists(inside, max_size=3) | st.lists(inside, max_size=3).map(tuple)
    | st.dictionaries(st.integers(0, 9) | st.text("a/0", max_size=3), inside, max_size=3), max_leaves=9)  # fmt: skip


def same(a, b):
    "Whether two states are the same: kinds, shapes, and every bit."
    if type(a) is not type(b): return False
    if isinstance(a, torch.Tensor): return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, np.ndarray): return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, dict): return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple): return len(a) == len(b) and all(map(same, a, b))
    return a == b


def parts(width=4, optimizer=torch.optim.Adam):
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(5, width), nn.Dropout(0.3), nn.Linear(width, 2))
    return {"model": model, "optimizer": optimizer(model.parameters(), lr=0.05)}


def advance(parts, steps):
    for _ in range(steps):
        parts["optimizer"].zero_grad()
        parts["model"](torch.randn(8, 5)).square().mean().backward()
        parts["optimizer"].step()
    return parts


def states_of(parts): return {name: part.state_dict() for name, part in parts.items()}


@pytest.fixture
def kept(tmp_path):
    "A checkpoint of three steps."
    return save_checkpoint(tmp_path / "run" / "checkpoint.safetensors", advance(parts(), 3), {"step": 3})


# ---- taking apart and putting together

@given(states)
def test_what_is_taken_apart_is_put_together_again(state):
    tensors = {}
    plain = json.loads(json.dumps(take_apart(state, "state", tensors)))
    assert same(put_together(plain, tensors), state)


@pytest.mark.parametrize("value", [{1}, object(), print, b"bytes"])
def test_what_no_checkpoint_can_hold_is_named(value):
    with pytest.raises(CheckpointError, match=r"^notes/here/0 is a \w+: a checkpoint holds"): take_apart({"here": [value]}, "notes", {})


def test_tensors_are_copies_even_of_shared_and_transposed_memory(tmp_path):
    model = nn.ModuleList([nn.Linear(3, 3, bias=False), nn.Linear(3, 3, bias=False)])
    model[1].weight = model[0].weight
    model[0].weight.data = torch.arange(9.0).reshape(3, 3).T
    file = save_checkpoint(tmp_path / "tied", {"model": model}, {})
    expected = model[0].weight.clone()
    with torch.no_grad(): model[0].weight.zero_()
    load_checkpoint(file, {"model": model})
    assert torch.equal(model[0].weight, expected) and model[1].weight is model[0].weight


# ---- randomness

@given(st.integers(0, 2**32 - 1))
def test_every_shared_generator_goes_on_where_it_was(seed):
    random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
    def draw(): return random.gauss(0, 1), np.random.normal(), torch.randn(1).item()
    draw()
    tensors, before = {}, random_state()
    plain = json.loads(json.dumps(take_apart(before, "random", tensors)))
    first = draw()
    set_random_state(put_together(plain, tensors))
    assert draw() == first


# ---- going on

@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.RMSprop, torch.optim.Adam, torch.optim.AdamW, torch.optim.Adagrad])
@pytest.mark.parametrize("before, after", [(0, 4), (1, 1), (3, 5)])
def test_going_on_is_never_having_stopped(tmp_path, optimizer, before, after):
    straight = advance(parts(optimizer=optimizer), before + after)
    save_checkpoint(tmp_path / "file", advance(parts(optimizer=optimizer), before), {"step": before, "losses": [0.1, 1 / 3]})
    again = parts(optimizer=optimizer)
    torch.manual_seed(99)
    assert load_checkpoint(tmp_path / "file", again) == {"step": before, "losses": [0.1, 1 / 3]}
    assert same(states_of(advance(again, after)), states_of(straight))


def test_a_checkpoint_changes_nothing_in_what_it_keeps(tmp_path):
    plain, saving = advance(parts(), 6), parts()
    for i in range(6): save_checkpoint(tmp_path / "file", advance(saving, 1), {"step": i})
    assert same(states_of(plain), states_of(saving))


@contextmanager
def killable():
    "A process of tests/killable.py: send it a line, read its words."
    command = [sys.executable, str(Path(__file__).with_name("killable.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}) as process:
        assert process.stdout.readline() == "ready\n"
        yield process
        process.stdin.close()
        assert process.wait(60) == 0


def run_to_the_end(process, folder, kill_at=None, delay=0.0):
    "Train in `folder`, killed `delay` seconds after step `kill_at` is done; returns the exit status, as os.waitpid says it."
    folder.mkdir(exist_ok=True)
    process.stdin.write(json.dumps([str(folder), STEPS]) + "\n")
    process.stdin.flush()
    for line in process.stdout:
        word, number = line.split()
        if word == "child": child = int(number)
        if word == "end": return int(number)
        if (word == "step" and int(number) == kill_at) or (word == "child" and kill_at == 0):
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process that has torch loaded")
def test_killed_at_any_moment_it_ends_with_the_very_same_weights(tmp_path, full):
    rng, kills, wanted = random.Random(1), 0, 50 if full else 20
    with killable() as process:
        assert run_to_the_end(process, tmp_path / "straight") == 0
        expected = (tmp_path / "straight" / "weights.safetensors").read_bytes()
        while kills < wanted:
            folder = tmp_path / str(kills)
            if run_to_the_end(process, folder, rng.randrange(STEPS), rng.uniform(0, 0.005)) != signal.SIGKILL: continue  # it was done before
            kills += 1
            assert not (folder / "weights.safetensors").exists()
            assert run_to_the_end(process, folder) == 0
            assert (folder / "weights.safetensors").read_bytes() == expected
            assert {file.name for file in folder.iterdir()} == {"checkpoint.safetensors", "weights.safetensors"}


# ---- bad files

def harmless(file, parts, message):
    "Loading is refused in one line that matches, and neither the parts nor the random state are touched."
    before, randomness = copy.deepcopy(states_of(parts)), random_state()
    with pytest.raises(CheckpointError, match=message) as error: load_checkpoint(file, parts)
    assert "\n" not in str(error.value) and str(file) in str(error.value)
    assert same(states_of(parts), before) and same(random_state(), randomness)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_damaged(kept, share):
    whole = kept.read_bytes()
    kept.write_bytes(whole[: int(len(whole) * share)])
    harmless(kept, parts(), "is damaged, or no safetensors file")


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"scribbles", pickle.dumps({"weight": 1}), b"\xff" * 1000, b"{}"])
def test_a_foreign_file_is_no_checkpoint(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    harmless(tmp_path / "file", parts(), "is damaged, or no safetensors file")


def test_weights_a_folder_and_nothing_are_no_checkpoints(tmp_path):
    harmless(save_weights(tmp_path / "weights", parts()["model"], {}), parts(), "is no checkpoint of this course")
    harmless(tmp_path, parts(), "is damaged, or no safetensors file")
    harmless(tmp_path / "none", parts(), "there is no file")


@pytest.mark.parametrize("other, message", [
    (lambda: parts(width=6), r"model/0.weight is of shape \(4, 5\) there and of shape \(6, 5\) here"),
    (lambda: parts(optimizer=torch.optim.SGD), "optimizer/param_groups/0/"),
    (lambda: {"model": parts()["model"]}, "optimizer/.* here"),
    (lambda: parts() | {"critic": nn.Linear(2, 1)}, r"critic/weight is missing there and of shape \(1, 2\) here"),
    (lambda: {"model": parts()["model"], "optimizer": torch.optim.Adam(list(parts()["model"].parameters())[:2])}, "optimizer/param_groups/0/params/2 is a plain value there"),
])  # fmt: skip
def test_a_checkpoint_of_another_model_or_optimizer_is_refused(kept, other, message):
    harmless(kept, other(), f"belongs to another model or training: {message}")


# ---- a full disk

def test_on_a_full_disk_the_last_good_checkpoint_is_kept(kept, monkeypatch):
    before = kept.read_bytes()
    def full(handle): raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"): save_checkpoint(kept, advance(parts(), 4), {"step": 4})
    assert kept.read_bytes() == before and list(kept.parent.iterdir()) == [kept]


def test_what_a_kill_left_half_written_is_swept_away(kept):
    (kept.parent / f".{kept.name}.leftover").write_bytes(b"half")
    other = kept.parent / "another.safetensors"
    other.write_bytes(b"not ours")
    save_checkpoint(kept, parts(), {})
    assert set(kept.parent.iterdir()) == {kept, other}


# ---- soundness and weights

@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_model_with_one_bad_number_is_not_sound(bad):
    everything = parts()
    assert is_sound(everything)
    with torch.no_grad(): everything["model"][2].bias[1] = bad
    assert not is_sound(everything)


def test_weights_come_back_with_their_card(tmp_path):
    model, other = advance(parts(), 3)["model"], parts()["model"]
    file = save_weights(tmp_path / "weights", model, {"recipe": "x", "curve": [[1, 0.5]]})
    assert load_weights(file, other) == {"recipe": "x", "curve": [[1, 0.5]]}
    assert same(model.state_dict(), other.state_dict())


def test_weights_in_16_bits_take_half_the_room_and_come_back_rounded(tmp_path):
    model, other = parts(width=64)["model"], parts(width=64)["model"]
    whole, half = (save_weights(tmp_path / "weights", model, {}, half).stat().st_size for half in (False, True))
    load_weights(tmp_path / "weights", other)
    assert half < 0.6 * whole and all(torch.equal(a.half().float(), b) for a, b in zip(model.parameters(), other.parameters(), strict=True))


def test_weights_of_another_model_leave_it_as_it_was(tmp_path):
    file, model = save_weights(tmp_path / "weights", parts(width=6)["model"], {}), parts()["model"]
    with pytest.raises(CheckpointError, match="belongs to another model: 0.weight is of shape"): load_weights(file, model)
    assert same(model.state_dict(), parts()["model"].state_dict())


def test_a_checkpoint_can_be_looked_into_without_a_model(kept):
    found = read_checkpoint(kept)
    assert found["notes"] == {"step": 3} and list(found["parts"]) == ["model", "optimizer"]


def test_tuples_of_any_kind_come_back_as_plain_ones(tmp_path):
    class Place(NamedTuple):
        row: int
        column: int
    tensors = {}
    plain = json.loads(json.dumps(take_apart({"shape": torch.zeros(2, 3).shape, "place": Place(1, 2), "list": [1, (2,)]}, "", tensors)))
    assert put_together(plain, tensors) == {"shape": (2, 3), "place": (1, 2), "list": [1, (2,)]}
