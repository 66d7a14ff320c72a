"""The engine of lesson 02 against a scalar engine and against torch, and how long the package takes to import."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain, islice, pairwise

import torch
from micrograd.nn import MLP as ScalarMLP
from sklearn.datasets import make_moons

from genai_course.backprop import MLP, SGD, Tensor, train_step
from genai_course.cli.benches.measuring import Result, alone, by_turns, how_much_faster, how_much_slower
from genai_course.data import batches, digits

LEARNING_RATE = 0.1
OUR_MOONS_STEPS = 20  # ours are so short that several are timed together
DIGITS_SIZES, DIGITS_STEPS, BATCH = [64, 64, 64, 10], 200, 64
IMPORT = "import time; began = time.perf_counter(); import genai_course; print(time.perf_counter() - began)"


def our_moons_step(points, sides) -> Callable[[], None]:
    "One step of our 2-16-16-1 network on points (N, 2) and sides (N,) of -1 and 1, with the hinge loss."
    network = MLP([2, 16, 16, 1])
    optimizer, side = SGD(network.parameters(), LEARNING_RATE), Tensor(sides[:, None])

    def step():
        optimizer.zero_grad()
        (1 - side * network(points)).relu().mean().backward()
        optimizer.step()

    return step


def scalar_moons_step(points, sides) -> Callable[[], None]:
    "The same step with micrograd, number by number."
    network = ScalarMLP(2, [16, 16, 1])

    def step():
        margins = [(1 - side * network(list(point))).relu() for point, side in zip(points, sides, strict=True)]
        loss = sum(margins) * (1 / len(margins))
        network.zero_grad()
        loss.backward()
        for p in network.parameters(): p.data -= LEARNING_RATE * p.grad

    return step


def moons() -> Result:
    "A training step on 100 points of the two moons: ours against micrograd's."
    points, labels = make_moons(100, noise=0.1, random_state=42)
    sides = 2.0 * labels - 1
    ours, scalar = our_moons_step(points, sides), scalar_moons_step(points, sides)
    pairs = by_turns(lambda: [ours() for _ in range(OUR_MOONS_STEPS)], scalar, repeats=5)
    return how_much_faster("moons step", "micrograd", [(ours / OUR_MOONS_STEPS, peers) for ours, peers in pairs], goal=100)


def our_digits_steps(stream: list) -> Callable[[], None]:
    "Training steps of lesson 02's network on the batches of `stream`."
    network = MLP(DIGITS_SIZES)
    optimizer = SGD(network.parameters(), LEARNING_RATE)
    return lambda: [train_step(network, optimizer, x, y) for x, y in stream]


def torch_digits_steps(stream: list) -> Callable[[], None]:
    "The same steps with torch, on tensors made beforehand."
    layers = [[torch.nn.Linear(inputs, outputs), torch.nn.ReLU()] for inputs, outputs in pairwise(DIGITS_SIZES)]
    network = torch.nn.Sequential(*list(chain(*layers))[:-1])
    optimizer = torch.optim.SGD(network.parameters(), LEARNING_RATE)
    tensors = [(torch.tensor(x, dtype=torch.float32), torch.tensor(y)) for x, y in stream]

    def step(x, y):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        return loss.item()

    return lambda: [step(x, y) for x, y in tensors]


def digits_steps() -> Result:
    "Training steps on handwritten digits: ours against torch's, on the one thread that is its fastest way for so small a network."
    torch.set_num_threads(1)
    scans = digits()
    stream = list(islice(batches(scans.x_train.reshape(len(scans.x_train), -1), scans.y_train, size=BATCH), DIGITS_STEPS))
    return how_much_slower(f"digits, {DIGITS_STEPS} steps", "torch", by_turns(our_digits_steps(stream), torch_digits_steps(stream), repeats=9), goal=3)


def import_time() -> Result:
    "Seconds that `import genai_course` takes in a new process."
    command = [sys.executable, "-c", IMPORT]
    values = [float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(5)]
    return alone("import genai_course", values, "seconds", goal=0.15)


def measure() -> Iterator[Result]:
    "All figures of this family."
    yield from (figure() for figure in (moons, digits_steps, import_time))
