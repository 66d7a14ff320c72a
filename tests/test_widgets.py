"""The view base, the layered layout, and predictions: what is computed, what is sent, what is kept."""

import base64
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from stills import weakest_contrast

from genai_course import widgets
from genai_course.core import progress_file, read_progress
from genai_course.plots import bars


class Squares(widgets.View, module="predict.js"):
    "The squares of some numbers; 13 is more than it can bear."
    def compute(self, request):
        if 13 in request["numbers"]: raise ArithmeticError("thirteen")
        return {"squares": [n**2 for n in request["numbers"]]}

    def draw(self): return bars({"one": 1.0}, alt="One bar.")


class Recorder:
    "Stands in for the channel to the page, and keeps what is sent."
    comm_id = "recorder"

    def __init__(self): self.sent = []

    def send(self, data=None, **rest): self.sent.append(json.loads(json.dumps(data, allow_nan=False)))

    def on_msg(self, callback): self.callback = callback

    def close(self, *args, **kwargs): self.sent.append({"method": "close"})


@pytest.fixture(autouse=True)
def with_widgets(monkeypatch):
    monkeypatch.delenv("GENAI_HEADLESS", raising=False)


@pytest.fixture
def squares():
    view = Squares({"numbers": [1]}, label="Squares")
    view.comm = Recorder()
    return view


def ask(view, **request):
    "Do what a message from the page does."
    view.set_state({"request": request})
    return view.data


def test_one_request_is_answered_by_one_message(squares):
    ask(squares, numbers=[3], serial=4)
    assert [message["state"] for message in squares.comm.sent] == [{"data": {"squares": [9], "serial": 4}}]


def test_an_equal_answer_is_sent_all_the_same_for_the_page_waits(squares):
    for serial in (1, 2): ask(squares, numbers=[3], serial=serial)
    assert [m["state"]["data"]["serial"] for m in squares.comm.sent] == [1, 2]


def test_an_error_is_told_and_the_view_lives_on(squares):
    assert ask(squares, numbers=[13], serial=1)["problem"]["message"] == "ArithmeticError: thirteen"
    assert ask(squares, numbers=[2], serial=2) == {"squares": [4], "serial": 2}


def test_the_embedded_state_keeps_module_and_style(squares):
    state = squares._get_embed_state(drop_defaults=True)["state"]
    assert state["_esm"] == widgets.module_source("predict.js") and state["_css"] == widgets.style_source()


def opened(tag):
    "The image that a tag holds."
    return Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)", tag)[1])))


def shown_by(view, monkeypatch):
    shown = []
    monkeypatch.setattr(widgets, "display", lambda bundle, **how: shown.append(bundle))
    view._ipython_display_()
    return shown


def test_a_live_view_is_followed_by_its_still_picture(squares, monkeypatch):
    live, still = shown_by(squares, monkeypatch)
    assert set(live) == {widgets.WIDGET_MIME} and still["text/plain"] == "One bar."  # words come once
    assert live[widgets.WIDGET_MIME]["model_id"] == squares.model_id
    assert 'alt="One bar."' in still["text/html"] and opened(still["text/html"]).format == "WEBP"


def test_headless_shows_the_picture_alone_and_opens_no_channel(monkeypatch):
    monkeypatch.setenv("GENAI_HEADLESS", "1")
    view = Squares({"numbers": [1]})
    (still,) = shown_by(view, monkeypatch)
    assert set(still) == {"text/plain", "text/html"}
    assert view.comm is None


@pytest.mark.parametrize("module", ["controls.js graph.js backprop.js", "predict.js"])
def test_a_module_is_self_contained(module):
    source = widgets.module_source(module)
    assert source.count("export default") == 1
    assert "import " not in source and "http://" not in source.replace("http://www.w3.org/2000/svg", "")


@st.composite
def graphs(draw):
    "Up to twelve nodes, each with up to two parents among those before it."
    size = draw(st.integers(1, 12))
    return {f"n{i}": [f"n{p}" for p in draw(st.lists(st.integers(0, i - 1), max_size=2))] if i else [] for i in range(size)}


@given(graphs())
def test_layout_goes_rightward_and_nodes_keep_apart(parents):
    places, bends = widgets.layered_positions(parents)
    for node, above in parents.items():
        for number, parent in enumerate(above):
            columns = [places[parent][0], *[bend[0] for bend in bends[node, number]], places[node][0]]
            assert columns == list(range(columns[0], columns[-1] + 1)) and len(columns) > 1
    taken = [*places.values(), *(bend for path in bends.values() for bend in path)]
    for i, one in enumerate(taken):
        assert all(one[0] != other[0] or abs(one[1] - other[1]) > 0.999 for other in taken[:i])


def test_the_answer_stays_in_python_until_a_guess_is_kept():
    form = widgets.predict("02.test", "Up or down?", ["up", "down"], answer="down")
    assert "verdict" in form.data and not form.data["verdict"] and not form.data["kept"]
    assert ask(form, guess="up", confidence=80, serial=1)["verdict"] == "Not this time: you said up, it is down."
    assert read_progress()["predictions"]["02.test"] == {"guess": "up", "confidence": 80, "question": "Up or down?", "right": False}


def test_a_kept_guess_is_final_and_found_again():
    ask(widgets.predict("02.test", "How much?", answer=2.0), guess="1.96", confidence=60, serial=1)
    again = widgets.predict("02.test", "How much?", answer=2.0)
    assert again.data["verdict"] == "Right, near enough: you said 1.96, it is 2."
    assert ask(again, guess="2", confidence=100, serial=2)["kept"]["guess"] == 1.96


@pytest.mark.parametrize(("right", "said"), [(True, "You marked it: it came true."), (False, "You marked it: it did not come true.")])
def test_where_python_knows_no_answer_the_learner_marks_the_guess_once(right, said):
    form = widgets.predict("02.open", "How fast?")
    assert "right" not in ask(form, guess="500", confidence=40, serial=1)["kept"] and form.data["verdict"] == ""
    assert "right" not in read_progress()["predictions"]["02.open"]
    assert ask(form, right=right, serial=2)["verdict"] == said
    assert ask(widgets.predict("02.open", "How fast?"), right=not right, serial=3)["verdict"] == said
    assert read_progress()["predictions"]["02.open"] == {"guess": 500.0, "confidence": 40, "question": "How fast?", "right": right}


def test_a_mark_before_a_guess_is_nothing():
    assert ask(widgets.predict("02.open", "How fast?"), right=True, serial=1)["kept"] == {} and not progress_file().exists()


def test_a_guess_made_before_the_answer_was_known_gets_its_outcome():
    ask(widgets.predict("02.later", "How fast?"), guess="500", confidence=40, serial=1)
    assert widgets.predict("02.later", "How fast?", answer=400.0).data["kept"]["right"] is False
    assert read_progress()["predictions"]["02.later"]["right"] is False


def test_words_in_a_still_are_legible_on_light_and_dark_pages():
    assert weakest_contrast(widgets.Prediction("02.test", "Up or down?", ["up", "down"], None).draw()) > 3


@pytest.mark.parametrize("guess", ["", "two", "nan", "inf", None])
def test_a_guess_that_is_no_number_is_not_kept(guess):
    form = widgets.predict("02.test", "How much?", answer=2.0)
    assert ask(form, guess=guess, confidence=60, serial=1)["problem"]["message"] == "type a number, such as 0.5."
    assert not progress_file().exists()


def test_a_guess_outside_the_choices_is_not_kept():
    form = widgets.predict("02.test", "Up or down?", ["up", "down"])
    assert "choose one" in ask(form, guess=None, confidence=60, serial=1)["problem"]["message"]


def test_headless_prints_the_question_and_goes_on(monkeypatch, capsys):
    monkeypatch.setenv("GENAI_HEADLESS", "1")
    assert widgets.predict("02.test", "Up or down?", ["up", "down"], answer="up") is None
    assert capsys.readouterr().out.startswith("Predict, then run: Up or down?")
    assert not progress_file().exists()


@given(st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-6), st.floats(-0.2, 0.2))
def test_a_number_is_right_within_five_percent(answer, off):
    told = widgets.verdict(answer * (1 + off), answer)
    if abs(off) < 0.0499: assert told.startswith("Right")
    if abs(off) > 0.0501: assert told.startswith("Not this time")
