"""The dashboard in Python: what it says, what it sends, what it does when asked, and the picture that stays."""

import base64
import io
import json
import math
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from jupyter_client.manager import start_new_kernel
from PIL import Image
from stills import weakest_contrast

from genai_course import dashboard as module
from genai_course.core import Step
from genai_course.dashboard import (
    Dashboard,
    as_table,
    dashboard,
    duration,
    frame,
    in_one_word,
    montage,
    page_data,
    possible,
    short,
    still_picture,
)
from genai_course.run import Knob
from genai_course.trainer import LIVE, TRAINERS, Trainer, stop_all

KNOBS = {"lr": Knob(0.1, low=0.001, high=1, log=True, label="learning rate"), "critic_turns": Knob(2, low=1, high=5, whole=True)}


@pytest.fixture(autouse=True)
def with_threads(monkeypatch):
    monkeypatch.delenv("GENAI_HEADLESS", raising=False)
    yield
    stop_all()
    TRAINERS.clear()


class Recorder:
    "Stands in for the channel to the page, and keeps what is sent."
    comm_id = "recorder"

    def __init__(self): self.sent = []

    def send(self, data=None, **rest): self.sent.append(json.loads(json.dumps(data, allow_nan=False)))

    def on_msg(self, callback): self.callback = callback


def wait_until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.002)


def steps_of(*losses): return lambda *parts: (Step(i, None, {"loss": loss}) for i, loss in enumerate(losses))


def countless(model, knobs, generator):
    "Steps without end, whose loss is the learning rate."
    i = 0
    while True:
        yield Step(i, None, {"lr": knobs.lr})
        i += 1


def ended(trainer):
    wait_until(lambda: trainer.start().state not in LIVE)
    return trainer


def shown(trainer):
    view = Dashboard(trainer)
    view.comm = Recorder()
    return view


def ask(view, **request):
    "Do what a message from the page does."
    view.set_state({"request": request})
    return view.data


# ---- words

@pytest.mark.parametrize(("seconds", "said"), [(0.2, "1 s"), (89, "89 s"), (91, "2 min"), (3600, "60 min"), (7200, "2 h")])
def test_times_are_said_as_people_say_them(seconds, said): assert duration(seconds) == said


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_number_is_short(number): assert 0 < len(short(number)) <= 12


@pytest.mark.parametrize(("state", "paused", "stopped", "word"), [
    ("running", False, False, "Running"), ("running", True, False, "Pausing after this step"), ("paused", True, False, "Paused"),
    ("running", True, True, "Stopping after this step"), ("stopped", True, True, "Stopped"), ("failed", False, False, "Failed")])  # fmt: skip
def test_a_wish_that_waits_is_said(state, paused, stopped, word):
    assert in_one_word({"state": state, "taken": 5}, paused, stopped) == word


@pytest.mark.parametrize("state", ["starting", "running", "paused", "finished", "stopped", "failed"])
@pytest.mark.parametrize("paused", [True, False])
def test_buttons_are_there_when_they_make_sense(state, paused):
    can = possible(state, paused, stopped=False, repeatable=True)
    assert can["pause"] + can["resume"] == (state in LIVE) == can["stop"] == can["step"] and can["restart"]


def test_a_lowest_loss_that_is_a_mean_of_steps_is_said_to_be_one():
    trainer = ended(Trainer("long", lambda m, knobs, g: (Step(i, None, {"loss": float(i % 2)}) for i in range(3000)), knobs=KNOBS))
    width = trainer.report["curves"]["loss"]["width"]
    assert width > 1 and f"lowest mean of {width} steps " in page_data(trainer)["description"]


def test_a_description_tells_begin_end_lowest_and_changes():
    trainer = ended(Trainer("told", lambda m, knobs, g: (Step(i, None, {"loss": (i - 3) ** 2 + knobs.lr}) for i in range(6)), knobs=KNOBS,
                            schedule=[(2, "lr", 1)]))  # fmt: skip
    said = page_data(trainer)["description"]
    assert said == ("Finished, 6 steps. loss began at 9.1, is now 5; lowest 1 near step 3. Changes: step 2: learning rate to 1, by schedule.")


def test_a_named_value_is_told_by_its_name_and_sent_with_all_of_them():
    order = Knob(0, low=-1, high=1, whole=True, names=("hard first", "any order", "easy first"))
    trainer = ended(Trainer("named", steps_of(1.0, 1.0, 1.0), knobs={"order": order}, schedule=[(1, "order", 1), (2, "order", -1)]))
    data = json.loads(json.dumps(page_data(trainer)))
    assert [change["text"] for change in data["changes"]] == ["step 1: order to easy first, by schedule", "step 2: order to hard first, by schedule"]
    assert data["knobs"][0]["names"] == ["hard first", "any order", "easy first"] and data["knobs"][0]["value"] == -1


@given(st.lists(st.one_of(st.none(), st.floats(-10, 10)), min_size=1, max_size=400), st.sampled_from([1, 2, 64]))
def test_the_table_has_few_rows_and_only_true_values(points, width):
    rows = as_table({"curves": {"loss": {"width": width, "points": points}}})["rows"]
    assert len(rows) <= module.ROWS
    assert [value for _, value in rows] == [short(p) for p in points if p is not None][:: math.ceil(sum(p is not None for p in points) / module.ROWS) or 1]


# ---- samples

@settings(deadline=None)
@given(arrays(float, st.tuples(st.integers(1, 10), st.sampled_from([1, 3]), st.integers(1, 5), st.integers(1, 5)), elements=st.floats(-1, 1)))
def test_every_pixel_of_every_image_is_in_its_place(images):
    sheet, (height, width) = montage(images), images.shape[2:]
    columns = math.ceil(math.sqrt(len(images)))
    assert sheet.shape[1] == columns * (width + 1) - 1
    for n, image in enumerate(images):
        top, left = n // columns * (height + 1), n % columns * (width + 1)
        tile = sheet[top : top + height, left : left + width]
        np.testing.assert_allclose(tile, np.broadcast_to(127.5 * image.transpose(1, 2, 0) + 127.5, tile.shape), atol=1.001)


def test_pixels_that_are_no_numbers_are_grey_and_others_are_cut_off():
    assert montage(np.array([math.nan, 7.0, -7.0]).reshape(1, 1, 1, 3))[0, :, 0].tolist() == [127, 255, 0]


@pytest.mark.parametrize("sample", [np.zeros((2, 3, 4, 4)), torch.zeros(2, 1, 4, 4, requires_grad=True)])
def test_pictures_become_one_png(sample):
    shot = frame(3, sample)
    assert Image.open(io.BytesIO(base64.b64decode(shot["image"]))).size == (shot["width"], 4)


@pytest.mark.parametrize(("sample", "texts"), [("one", ["one"]), (["a", "b"], ["a", "b"]), (7, ["7"]), ([], []), (["x" * 999] * 20, ["x" * 300] * 8),
                                               (np.zeros((0, 1, 4, 4)), ["[]"]), ({"a": 1}, ["{'a': 1}"])])  # fmt: skip
def test_whatever_is_no_picture_is_text(sample, texts): assert frame(0, sample) == {"step": 0, "texts": texts}


def test_an_array_of_another_shape_is_told_as_text(): assert "tensor" in frame(0, torch.zeros(8, 8))["texts"][0]


# ---- what is sent

def test_a_run_is_sent_with_its_curves_knobs_and_samples():
    view = shown(Trainer("sent", steps_of(3.0, 2.0, 1.0), sample=lambda m, g: ["hello"], knobs=KNOBS, total=3))
    ended(view.trainer)
    wait_until(lambda: view.data["state"] == "finished")
    assert view.data["curves"] == [{"name": "loss", "now": "1", "width": 1, "points": [3.0, 2.0, 1.0]}]
    assert view.film == [{"step": 0, "texts": ["hello"]}, {"step": 2, "texts": ["hello"]}]
    assert [(k["label"], k["value"]) for k in view.data["knobs"]] == [("learning rate", 0.1), ("critic turns", 2)]
    assert view.comm.sent[-1]["state"]["data"]["word"] == "Finished"


def test_a_full_dashboard_is_sent_in_few_kilobytes():
    losses = {name: 0.123456789 for name in ("critic", "generator")}
    view = shown(ended(Trainer("full", lambda *parts: (Step(i, None, losses) for i in range(799)), knobs=KNOBS)))
    assert len(view.data["curves"][0]["points"]) == 400
    assert len(json.dumps(view.data)) < 12_000


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_sent_as_a_gap_and_said(odd):
    view = shown(Trainer("odd", steps_of(1.0, odd, 2.0)))
    ended(view.trainer)
    wait_until(lambda: view.data["state"] == "finished")
    assert view.data["curves"][0]["points"] == [1.0, None, 2.0] and "loss since step 1" in view.data["trouble"]
    json.dumps(view.data, allow_nan=False)


def test_no_step_at_all_and_an_error_are_said():
    none, broken = Trainer("none", steps_of()), Trainer("broken", lambda *parts: 1 / 0)
    assert shown(ended(none)).data["word"] == "Finished without a step: the training loop gave none"
    assert shown(ended(broken)).data["failure"].startswith("ZeroDivisionError: division by zero (line ")


def test_a_sample_is_drawn_once(monkeypatch):
    drawn = []
    monkeypatch.setattr(module, "frame", lambda step, sample: drawn.append(step) or {"step": step, "texts": []})
    view = shown(Trainer("once", steps_of(*[1.0] * 25), sample=lambda m, g: "", sample_every=10))
    ended(view.trainer)
    wait_until(lambda: view.data["state"] == "finished")
    for _ in range(3): view.refresh()
    assert sorted(drawn) == sorted(set(drawn)) and drawn[-1] == 24


# ---- what is asked

def test_pause_step_resume_slow_and_stop():
    view = shown(Trainer("asked", countless, knobs=KNOBS))
    trainer = view.trainer.start()
    assert ask(view, do="pause", serial=1)["serial"] == 1
    wait_until(lambda: view.data["word"] == "Paused")
    taken = view.data["taken"]
    ask(view, do="step", serial=2)
    wait_until(lambda: view.data["taken"] == taken + 1 and view.data["word"] == "Paused")
    assert ask(view, do="slow", on=True, serial=3)["slow"] and trainer.attempt.controls.slow
    assert not ask(view, do="slow", on=False, serial=4)["slow"]
    ask(view, do="resume", serial=5)
    wait_until(lambda: trainer.attempt.run.taken > taken + 10)
    ask(view, do="stop", serial=6)
    wait_until(lambda: view.data["word"] == "Stopped")
    assert view.data["serial"] == 6


def test_the_answer_to_pause_says_at_once_that_it_is_heard():
    held = threading.Event()

    def hold(model, knobs, generator):
        held.wait(20)
        yield Step(0, None, {"loss": 1.0})

    view = shown(Trainer("held", hold))
    view.trainer.start()
    wait_until(lambda: view.data["word"] == "Running")
    assert ask(view, do="pause", serial=1)["word"] == "Pausing after this step"
    assert ask(view, do="stop", serial=2)["word"] == "Stopping after this step"
    held.set()
    wait_until(lambda: view.data["word"] == "Stopped")


def test_a_knob_is_turned_and_told():
    view = shown(Trainer("turned", countless, knobs=KNOBS))
    view.trainer.start()
    ask(view, do="turn", knob="lr", value=0.5, serial=1)
    wait_until(lambda: view.data["changes"])
    assert view.data["changes"][0]["text"].endswith("learning rate to 0.5") and view.data["schedule"].endswith(", 'lr', 0.5)]")
    wait_until(lambda: view.data["curves"][0]["now"] == "0.5")


@pytest.mark.parametrize(("request_", "said"), [({"do": "turn", "knob": "lr", "value": 7}, "choose from 0.001 to 1"),
                                                ({"do": "turn", "knob": "x", "value": 1}, "no knob x"), ({"do": "restart"}, "only once")])  # fmt: skip
def test_what_cannot_be_done_is_refused_and_the_view_lives_on(request_, said):
    view = shown(Trainer("refused", iter([Step(0, None, {"loss": 1.0})]), knobs=KNOBS))
    ended(view.trainer)
    assert said in ask(view, **request_, serial=1)["refused"] and view.data["state"] == "finished"
    view.refresh()
    assert view.data["refused"] == ""


def test_after_a_restart_the_attempt_before_is_a_shadow():
    view = shown(Trainer("again", steps_of(3.0, 1.0), knobs=KNOBS))
    ended(view.trainer)
    assert view.data["shadow"] == []
    ask(view, do="restart", serial=1)
    wait_until(lambda: view.data["state"] == "finished")
    assert view.data["attempt"] == 2 and view.data["shadow"] == [{"width": 1, "points": [3.0, 1.0]}]


def test_the_last_thing_sent_is_the_end_however_threads_fall():
    for _ in range(10):
        view = shown(Trainer("race", steps_of(*[1.0] * 200), knobs=KNOBS))
        view.trainer.start()
        for serial in range(1, 30): ask(view, do=["pause", "step", "resume"][serial % 3], serial=serial)
        ask(view, do="resume", serial=30)
        ended(view.trainer)
        view.trainer.attempt.thread.join(20)
        last = [m["state"]["data"] for m in view.comm.sent if "data" in m["state"]][-1]
        assert (last["word"], last["taken"], last["serial"]) == ("Finished", 200, 30)


# ---- in a notebook

def test_one_trainer_has_one_dashboard_and_is_started_once():
    trainer = Trainer("one", countless, knobs=KNOBS)
    view, attempt = dashboard(trainer), trainer.attempt
    assert dashboard(trainer) is view and trainer.attempt is attempt and len(trainer.watchers) == 1


def test_headless_it_runs_to_the_end_and_shows_a_picture(monkeypatch):
    monkeypatch.setenv("GENAI_HEADLESS", "1")
    view = dashboard(Trainer("headless", steps_of(2.0, 1.0), sample=lambda m, g: np.zeros((1, 1, 4, 4))))
    bundle, _ = view._repr_mimebundle_()
    assert view.comm is None and "application/vnd.jupyter.widget-view+json" not in bundle
    assert bundle["text/plain"] == "Finished, 2 steps. loss began at 2, is now 1; lowest 1 near step 1."


def test_the_picture_is_redrawn_when_the_run_is_over():
    class Place:
        def __init__(self): self.shown = []

        def update(self, bundle, raw): self.shown.append(bundle["text/plain"])

    view = shown(Trainer("still", steps_of(2.0, 1.0)))
    view.still = Place()
    ended(view.trainer)
    view.trainer.attempt.thread.join(20)
    assert view.still.shown == ["Finished, 2 steps. loss began at 2, is now 1; lowest 1 near step 1."]


@pytest.mark.parametrize("losses", [[], [1.0], [math.nan] * 3, [1.0, math.inf, 0.0, -1.0], [5.0] * 1000])
@pytest.mark.parametrize("log", [True, False])
def test_any_run_has_a_picture(losses, log):
    trainer = ended(Trainer("any", steps_of(*losses), knobs=KNOBS, sample=lambda m, g: np.ones((2, 3, 4, 4)), schedule=[(1, "lr", 1)]))
    data = page_data(trainer)
    found = still_picture(trainer.report, data["word"], data["changes"], data["description"], log)
    assert found.png.startswith(b"\x89PNG") and found.alt == data["description"]


def test_the_words_of_a_picture_are_legible_on_light_and_dark_pages():
    trainer = ended(Trainer("legible", steps_of(2.0, 1.0), knobs=KNOBS, schedule=[(1, "lr", 1)]))
    data = page_data(trainer)
    assert weakest_contrast(still_picture(trainer.report, data["word"], data["changes"], data["description"])) > 3


# ---- in a kernel

COUNTLESS = """
import time
from genai_course.core import Step
from genai_course.dashboard import dashboard
from genai_course.trainer import Trainer
def learn(model, knobs, generator):
    for i in range(10**6):
        time.sleep(0.002)
        yield Step(i, None, {"loss": 1.0})
trainer = Trainer("wishes", learn)
print("channel", dashboard(trainer).comm.comm_id)
"""


@pytest.fixture
def kernel():
    "A real kernel, and what it publishes, in order."
    manager, client = start_new_kernel(kernel_name="python3")
    try: yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def published(client, found, seconds=120):
    "What `found` makes of the first message that it makes anything of."
    over = time.monotonic() + seconds
    while True:
        message = client.get_iopub_msg(timeout=max(0, over - time.monotonic()))
        if message["msg_type"] == "error": raise RuntimeError(message["content"]["evalue"])
        if (answer := found(message["msg_type"], message["content"])) is not None: return answer


def printed(client):
    "The next line that is printed: a busy kernel may send it in pieces."
    pieces = []
    while not "".join(pieces).endswith("\n"): pieces.append(published(client, lambda kind, content: content["text"] if kind == "stream" else None))
    return "".join(pieces).rstrip("\n")


def test_every_wish_is_heard_while_a_cell_waits_also_from_a_front_end_without_subshells(kernel):
    kernel.execute(COUNTLESS)
    channel = printed(kernel).split()[1]
    kernel.execute("print('waiting'); await trainer.wait(); print('over')")
    assert printed(kernel) == "waiting"
    for serial, (wish, word) in enumerate([("pause", "Paused"), ("resume", "Running"), ("pause", "Paused"), ("step", "Paused"), ("stop", "Stopped")], 1):
        update = {"method": "update", "state": {"request": {"do": wish, "serial": serial}}, "buffer_paths": []}
        kernel.session.send(kernel.shell_channel.socket, "comm_msg", {"comm_id": channel, "data": update})

        def told(kind, content, wanted=(serial, word)):
            data = content["data"].get("state", {}).get("data", {}) if kind == "comm_msg" else {}
            return True if (data.get("serial"), data.get("word")) == wanted else None

        published(kernel, told)
    assert printed(kernel) == "over"
