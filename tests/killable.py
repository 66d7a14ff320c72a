"""A process that has torch loaded. For each line it reads, [folder, steps], it forks a child that trains there, and tells its id, steps and end."""

import json
import os
import random
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from genai_course.checkpoint import load_checkpoint, save_checkpoint, save_weights
from genai_course.core import set_seed
from genai_course.data import batch_indices


def say(*words): print(*words, flush=True)


def parts():
    "A model, an optimizer and a generator whose every kind of memory matters for the next step."
    set_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
    return {"model": model, "optimizer": torch.optim.AdamW(model.parameters(), lr=0.01), "noise": torch.Generator().manual_seed(1)}


def step(model, optimizer, noise, i):
    "Step number i; draws from all four kinds of random generators."
    rng = np.random.default_rng(7)
    x, y = torch.tensor(rng.normal(size=(90, 6)), dtype=torch.float32), torch.tensor(rng.integers(0, 3, 90))
    rows = batch_indices(90, 30, seed=5, step=i)
    shaken = x[rows] * (1 + random.random() / 10 + np.random.rand() / 10) + torch.randn(30, 6, generator=noise) / 10
    optimizer.zero_grad()
    cross_entropy(model(shaken), y[rows]).backward()
    optimizer.step()


def train(folder, steps):
    "Train to `steps` from the checkpoint in `folder`, or from the beginning; a checkpoint every other step."
    everything, file = parts(), Path(folder) / "checkpoint.safetensors"
    begin = load_checkpoint(file, everything)["step"] if file.exists() else 0
    for i in range(begin, steps):
        step(*everything.values(), i)
        if i % 2: save_checkpoint(file, everything, {"step": i + 1})
        say("step", i + 1)
    save_weights(Path(folder) / "weights.safetensors", everything["model"], {"steps": steps})


if __name__ == "__main__":
    torch.set_num_threads(1)
    step(*parts().values(), 0)  # so that all of torch that is loaded late is loaded once
    say("ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            train(*json.loads(line))
            os._exit(0)
        say("child", child)
        say("end", os.waitpid(child, 0)[1])
