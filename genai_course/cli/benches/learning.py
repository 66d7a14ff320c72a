"""The loop of lesson 04 against the same steps written out by hand."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice

import torch

from genai_course.cli.benches.measuring import Result, by_turns, how_much_slower
from genai_course.data import batches, digits
from genai_course.training import MLP, Turn, as_tensors, class_loss, train

SIZES, STEPS, BATCH, LEARNING_RATE = [64, 64, 64, 10], 50, 64, 0.1


def fresh() -> tuple[MLP, torch.optim.Optimizer]:
    "Lesson 02's network and its optimizer."
    network = MLP(SIZES)
    return network, torch.optim.SGD(network.parameters(), LEARNING_RATE)


def steps_of_the_loop(stream: list) -> Callable[[], list[float]]:
    "Training steps on `stream` with `train`; gives the losses."
    network, optimizer = fresh()
    turn = Turn("loss", partial(class_loss, network), optimizer)
    return lambda: [step.losses["loss"] for step in train(stream, turn, steps=len(stream))]


def steps_by_hand(stream: list) -> Callable[[], list[float]]:
    "The same steps, written out."
    network, optimizer = fresh()

    def steps():
        losses = []
        for x, y in stream:
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    return steps


def measure() -> Iterator[Result]:
    "What the loop costs, on the one thread that is the fastest way for so small a network."
    torch.set_num_threads(1)
    scans = digits()
    stream = list(islice(as_tensors(batches(scans.x_train, scans.y_train, size=BATCH)), STEPS))
    pairs = by_turns(steps_of_the_loop(stream), steps_by_hand(stream), repeats=101)
    yield how_much_slower(f"loop, {STEPS} steps", "by hand", pairs, goal=1.03)
