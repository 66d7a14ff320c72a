"""Training in the background: the same run with and without a thread, and every way to steer, end or break it."""

import asyncio
import contextvars
import math
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import torch

from genai_course import trainer as module
from genai_course.core import Step
from genai_course.run import Knob, as_schedule
from genai_course.trainer import LIVE, TRAINERS, Controls, Trainer, stop_all

KNOBS = {"lr": Knob(0.1, low=0.001, high=1, log=True), "noise": Knob(0, low=0, high=1)}


@pytest.fixture(autouse=True)
def with_threads(monkeypatch):
    "Threads on; whatever a test leaves running is stopped."
    monkeypatch.delenv("GENAI_HEADLESS", raising=False)
    yield
    stop_all()
    TRAINERS.clear()


def headless(monkeypatch): monkeypatch.setenv("GENAI_HEADLESS", "1")


def fresh_weights(generator):
    "The parameters of a line through noisy points."
    return torch.rand(3, generator=generator).requires_grad_()


def fit(weights, knobs, generator, steps=300):
    "Fit a line to points that are drawn as it goes, by gradient descent."
    for i in range(steps):
        x = torch.rand(16, 2, generator=generator)
        y = x @ torch.tensor([2.0, -1.0]) + 0.5 + knobs.noise * torch.randn(16, generator=generator)
        loss = ((x @ weights[:2] + weights[2] - y) ** 2).mean()
        (gradient,) = torch.autograd.grad(loss, weights)
        with torch.no_grad(): weights -= knobs.lr * gradient
        yield Step(i, (x, y), {"loss": loss.item()})


def sample(weights, generator): return [f"{weights @ torch.rand(3, generator=generator):.6f}"]


def line(**changes): return Trainer("line", **{"steps": fit, "make": fresh_weights, "sample": sample, "knobs": KNOBS, "total": 300} | changes)


def wait_until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.002)


def ended(trainer):
    "The trainer, once its run is over, whatever became of it."
    wait_until(lambda: trainer.start().state not in LIVE)
    return trainer


def history(trainer): return {part: trainer.report[part] for part in ("curves", "changes", "film", "losses", "lost", "taken", "knobs")}


class Door:
    "Training that takes a step only when it is let in: what a test needs to know exactly how many there were."
    def __init__(self, name="door", **rest):
        self.tickets, self.tidied = threading.Semaphore(0), False
        self.trainer = Trainer(name, self.steps, **rest)

    def steps(self, model, knobs, generator):
        try:
            for i in range(1000):
                self.tickets.acquire()
                yield Step(i, None, {"loss": 1.0 / (i + 1)})
        finally: self.tidied = True


def countless(model, knobs, generator):
    "Steps without end."
    i = 0
    while True:
        yield Step(i, None, {"loss": 1.0})
        i += 1


# ---- the same run, with and without a thread

def test_threaded_and_headless_are_the_same_run(monkeypatch):
    threaded = ended(line())
    torch.rand(100)  # the notebook's own chance is another
    headless(monkeypatch)
    alone = line().start()
    assert alone.state == "finished" and alone.attempt.thread is None
    assert history(alone) == history(threaded) and torch.equal(alone.attempt.model, threaded.attempt.model)
    assert alone.report["losses"]["loss"] < 0.01


def test_another_seed_is_another_run(monkeypatch):
    headless(monkeypatch)
    assert history(line(seed=1).start()) != history(line(seed=2).start())


def test_a_schedule_repeats_a_session_steered_by_many_hands(monkeypatch):
    steered = line(steps=lambda *parts: fit(*parts, steps=3000), total=3000)
    steered.start()

    def meddle(seed):
        chance = random.Random(seed)
        for _ in range(25):
            chance.choice([steered.pause, steered.resume, steered.single_step, lambda: steered.turn("lr", chance.uniform(0.001, 0.4)),
                           lambda: steered.turn("noise", chance.uniform(0, 1))])()  # fmt: skip
            time.sleep(chance.uniform(0, 0.004))

    hands = [threading.Thread(target=meddle, args=(seed,)) for seed in range(4)]
    for hand in hands: hand.start()
    for hand in hands: hand.join()
    steered.resume()
    ended(steered)
    assert steered.state == "finished" and len(steered.report["changes"]) > 3
    headless(monkeypatch)
    again = line(steps=lambda *parts: fit(*parts, steps=3000), total=3000, schedule=as_schedule(steered.report["changes"])).start()
    assert history(again) | {"changes": ()} == history(steered) | {"changes": ()}
    assert as_schedule(again.report["changes"]) == as_schedule(steered.report["changes"])


def test_samples_differ_only_by_what_the_model_has_learnt():
    film = ended(line(sample_every=50)).report["film"]
    assert [step for step, _ in film] == [0, 50, 100, 150, 200, 250, 299]
    assert len({text for _, (text,) in film}) > 3
    idle = ended(line(steps=lambda w, k, g: (Step(i, None, {"loss": 0.0}) for i in range(120)))).report["film"]
    assert [step for step, _ in idle] == [0, 100, 119] and len({text for _, (text,) in idle}) == 1


# ---- steering

def test_a_pause_takes_no_step_and_a_single_step_takes_one():
    door = Door()
    door.tickets.release(100)
    door.trainer.pause()
    door.trainer.start()
    wait_until(lambda: door.trainer.state == "paused")
    assert door.trainer.report["taken"] == 0
    for steps in (1, 2, 3):
        door.trainer.single_step()
        wait_until(lambda steps=steps: door.trainer.report["taken"] == steps and door.trainer.state == "paused")
    door.trainer.resume()
    wait_until(lambda: door.trainer.attempt.run.taken == 100)


def test_a_pause_is_reported_after_the_present_step_and_kept():
    door = Door()
    door.trainer.start()
    wait_until(lambda: door.trainer.state == "running")
    door.trainer.pause()
    assert door.trainer.state == "running"  # in the midst of a step
    door.tickets.release(50)
    wait_until(lambda: door.trainer.state == "paused")
    assert door.trainer.report["taken"] == 1 and door.trainer.report["rate"] is None


def test_slow_motion_waits_between_steps_until_it_is_switched_off(monkeypatch):
    monkeypatch.setattr(module, "SLOW_SECONDS", 3600)
    slow = Trainer("slow", countless)
    slow.slow_motion()
    slow.start()
    slow.pause()
    wait_until(lambda: slow.state == "paused")
    assert slow.report["taken"] == 0
    slow.single_step()
    wait_until(lambda: slow.report["taken"] == 1)
    slow.slow_motion(False)
    slow.resume()
    wait_until(lambda: slow.attempt.run.taken > 100)


def test_slow_motion_takes_a_step_when_its_time_is_over(monkeypatch):
    monkeypatch.setattr(module, "SLOW_SECONDS", 0.001)
    slow = line()
    slow.slow_motion()
    assert ended(slow).report["taken"] == 300


def test_a_knob_turned_in_a_pause_is_shown_at_once_and_felt_by_the_next_step():
    seen = []

    def look(model, knobs, generator):
        for i in range(10):
            seen.append(knobs.lr)
            yield Step(i, None, {"loss": 1.0})

    trainer = Trainer("look", look, knobs=KNOBS)
    trainer.pause()
    trainer.start()
    wait_until(lambda: trainer.state == "paused")
    trainer.turn("lr", 0.5)
    wait_until(lambda: trainer.report["knobs"]["lr"] == 0.5)
    assert trainer.report["changes"] == [(0, "lr", 0.5, True)] and seen == []
    trainer.resume()
    ended(trainer)
    assert seen == [0.5] * 10


@pytest.mark.parametrize(("knob", "value"), [("lr", 5), ("lr", math.nan), ("rate", 0.1)])
def test_a_knob_that_cannot_be_set_is_told_to_who_turns_it(knob, value):
    trainer = Trainer("hold", countless, knobs=KNOBS).start()
    with pytest.raises(ValueError, match=knob): trainer.turn(knob, value)
    assert trainer.turned == {} and trainer.state in LIVE


@pytest.mark.parametrize("before", ["running", "paused", "slow"])
def test_stop_ends_a_run_in_every_state(before, monkeypatch):
    monkeypatch.setattr(module, "SLOW_SECONDS", 3600)
    door = Door()
    door.tickets.release(3)
    door.trainer.start()
    wait_until(lambda: door.trainer.attempt.run.taken == 3)
    if before == "slow":
        door.trainer.slow_motion()
        door.tickets.release(1)
        wait_until(lambda: door.trainer.attempt.run.taken == 4)
    if before == "paused":
        door.trainer.pause()
        door.tickets.release(1)
        wait_until(lambda: door.trainer.state == "paused")
    door.trainer.stop()
    door.tickets.release(1)
    wait_until(lambda: door.trainer.state == "stopped")
    wait_until(lambda: not door.trainer.attempt.thread.is_alive())
    assert door.tidied


# ---- starting again

def test_a_restart_gives_the_same_run_again():
    trainer = ended(line())
    first = history(trainer)
    trainer.restart()
    assert history(ended(trainer)) == first


def test_knobs_turned_by_hand_outlive_a_restart_those_of_a_schedule_do_not():
    trainer = line(schedule=[(10, "noise", 0.5)])
    trainer.pause()
    trainer.start()
    trainer.turn("lr", 0.2)
    trainer.resume()
    ended(trainer).restart()
    assert ended(trainer).report["changes"] == [(0, "lr", 0.2, True), (10, "noise", 0.5, False)]


def test_attempts_never_overlap_however_fast_one_restarts():
    inside, most = [], []

    def alone(model, knobs, generator):
        inside.append(1)
        try:
            for i in range(10_000):
                most.append(len(inside))
                yield Step(i, None, {"loss": 1.0})
        finally: inside.pop()

    trainer = Trainer("alone", alone).start()
    for _ in range(20):
        time.sleep(0.002)
        trainer.restart()
    assert ended(trainer).report["taken"] == 10_000 and max(most) == 1


def test_starting_a_trainer_of_the_same_name_stops_the_old_one_first():
    first, second = Trainer("same", countless).start(), Trainer("same", countless)
    wait_until(lambda: first.attempt.run.taken > 10)
    second.start()
    wait_until(lambda: second.state == "running")
    assert first.state == "stopped" and not first.attempt.thread.is_alive()
    other = Trainer("another", countless).start()
    wait_until(lambda: other.state == "running")
    assert second.state == "running"


def test_an_iterator_is_run_once_and_not_restarted():
    trainer = ended(Trainer("once", iter([Step(i, None, {"loss": float(i)}) for i in range(5)])))
    assert (trainer.state, trainer.report["taken"]) == ("finished", 5)
    with pytest.raises(ValueError, match="only once"): trainer.restart()
    assert trainer.state == "finished"


def test_start_is_once():
    trainer = ended(line())
    attempt = trainer.attempt
    assert trainer.start().attempt is attempt


# ---- waiting

def awaited(coroutine):
    "The coroutine's result, from a thread of its own: where browser tests ran before, this one has an event loop already."
    with ThreadPoolExecutor(1) as pool: return pool.submit(asyncio.run, coroutine).result()


def test_wait_gives_the_trained_model():
    weights = awaited(line(steps=lambda *parts: fit(*parts, steps=3000)).wait())
    assert torch.allclose(weights.detach(), torch.tensor([2.0, -1.0, 0.5]), atol=0.05)


def test_a_cancelled_wait_stops_the_run():
    async def interrupted():
        waiting = asyncio.create_task(trainer.wait())
        while trainer.state != "running": await asyncio.sleep(0.01)
        waiting.cancel()
        await waiting

    trainer = Trainer("cancelled", countless)
    with pytest.raises(asyncio.CancelledError): awaited(interrupted())
    wait_until(lambda: trainer.state == "stopped")


@pytest.mark.parametrize("error", [None, KeyboardInterrupt(), asyncio.CancelledError(), ValueError()])
def test_an_interrupted_cell_stops_every_run_and_no_other_does(error):
    trainer = Trainer("interrupted", countless).start()
    wait_until(lambda: trainer.state == "running")
    module._stop_after_interrupt(SimpleNamespace(error_in_exec=error))
    if isinstance(error, KeyboardInterrupt | asyncio.CancelledError): wait_until(lambda: trainer.state == "stopped")
    else: assert not trainer.attempt.controls.stopped


# ---- what goes wrong

def breaking(model, knobs, generator):
    yield Step(0, None, {"loss": 1.0})
    raise RuntimeError("snapped")


def fail(*parts): raise RuntimeError("snapped")


@pytest.mark.parametrize("broken", [{"steps": breaking}, {"make": fail}, {"sample": fail}, {"steps": fail}])
@pytest.mark.parametrize("threads", [True, False])
def test_an_error_is_reported_with_its_line_and_raised_at_every_wait(broken, threads, monkeypatch):
    if not threads: headless(monkeypatch)
    trainer = line(**broken).start()
    for _ in range(2):
        with pytest.raises(RuntimeError, match="snapped"): awaited(trainer.wait())
    assert trainer.state == "failed"
    assert trainer.report["problem"].startswith("RuntimeError: snapped (line ") and "raise RuntimeError" in trainer.report["problem"]


def test_a_failed_run_can_be_restarted():
    trouble = [True]

    def once(model, knobs, generator):
        if trouble: raise RuntimeError(trouble.pop())
        yield Step(0, None, {"loss": 1.0})

    trainer = ended(Trainer("again", once))
    assert trainer.state == "failed"
    trainer.restart()
    assert ended(trainer).state == "finished" and trainer.report["problem"] == ""


def test_even_an_exit_is_an_error_and_not_a_silent_end():
    def leave(model, knobs, generator): raise SystemExit(3)
    assert ended(Trainer("exit", leave)).report["problem"].startswith("SystemExit: 3")


def test_no_steps_at_all_is_a_finished_run_of_none():
    trainer = ended(Trainer("none", lambda *parts: [], sample=sample))
    assert (trainer.state, trainer.report["taken"], trainer.report["curves"], trainer.report["film"]) == ("finished", 0, {}, [])


def test_what_is_no_step_fails_with_its_name():
    assert "yields Step" in ended(Trainer("no", lambda *parts: [1])).report["problem"]


def test_lost_losses_do_not_end_the_run():
    losses = [1.0, math.inf, math.nan]
    trainer = ended(Trainer("lost", [Step(i, None, {"loss": x}) for i, x in enumerate(losses)]))
    assert trainer.state == "finished" and trainer.report["lost"] == {"loss": 1}


# ---- reports

def test_a_report_never_changes_and_the_last_one_tells_the_end():
    reports, copies = [], []

    def watch():
        reports.append(trainer.report)
        copies.append(repr(trainer.report))

    trainer = line()
    trainer.watchers.append(watch)
    ended(trainer)
    wait_until(lambda: not trainer.attempt.thread.is_alive())
    assert [repr(report) for report in reports] == copies
    assert [report["state"] for report in reports][:2] == ["starting", "running"] and reports[-1]["state"] == "finished" and reports[-1]["taken"] == 300


def test_reports_come_at_most_five_times_a_second(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    reports = []

    def ticking(model, knobs, generator):
        for i in range(1000):
            now[0] += 0.01  # ten seconds altogether
            yield Step(i, None, {"loss": 1.0})

    trainer = Trainer("ticking", ticking)
    trainer.watchers.append(lambda: reports.append(trainer.report["taken"]))
    ended(trainer)
    assert 45 <= len(reports) <= 52 + 3  # and one for each change of the state


def test_an_outdated_attempt_has_nothing_to_say():
    door = Door()
    door.trainer.start()
    wait_until(lambda: door.trainer.state == "running")
    old = door.trainer.attempt
    door.trainer.restart()
    door.tickets.release(1)
    wait_until(lambda: not old.thread.is_alive() and door.trainer.state == "running")
    assert old.state == "stopped"


def test_what_training_prints_belongs_to_the_cell_that_began_it():
    cell, seen = contextvars.ContextVar("cell"), []
    cell.set("the cell that began it")

    def look(model, knobs, generator):
        seen.append(cell.get())
        yield Step(0, None, {"loss": 1.0})

    trainer = Trainer("prints", look).start()
    cell.set("a later cell")
    ended(trainer)
    assert seen == ["the cell that began it"]


def test_torch_has_its_cores_back_afterwards():
    cores = torch.get_num_threads()
    with module.on_one_core(): assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == cores


def test_a_wish_wakes_a_sleeping_gate():
    controls, rested = Controls(), threading.Event()
    controls.wish(paused=True)
    passed = []
    gate = threading.Thread(target=lambda: passed.append(controls.gate(rested.set, None)))
    gate.start()
    assert rested.wait(10)
    controls.wish(paused=False)
    gate.join(10)
    assert passed == [True]


def test_a_restart_takes_the_name_back_and_stops_who_has_it():
    first, second = Trainer("same", countless), Trainer("same", countless)
    first.start()
    second.start()
    wait_until(lambda: second.state == "running" and first.state == "stopped")
    first.restart()
    wait_until(lambda: first.state == "running" and second.state == "stopped")
    assert module.TRAINERS["same"] is first
    first.stop()
    wait_until(lambda: first.state == "stopped")
