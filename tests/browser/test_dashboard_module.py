"""The dashboard's ES module in a bare page, without JupyterLab: its mathematics against Python, and every state that Python can send."""

import base64
import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from looks import faults
from playwright.sync_api import expect

from genai_course.core import Step
from genai_course.dashboard import Dashboard, frame
from genai_course.run import Knob, smooth
from genai_course.trainer import Trainer
from genai_course.widgets import static_text, style_source

pytestmark = pytest.mark.browser
KNOBS = {"lr": Knob(0.1, low=0.001, high=1, log=True, label="learning rate"), "critic_turns": Knob(2, low=1, high=5, whole=True),
         "noise": Knob(0.2, low=0, high=1)}  # fmt: skip
# Stands in for the widget's model, and keeps what the view asks for.
SHOW = """async ([source, state]) => {
    const module = await import('data:text/javascript;base64,' + source);
    const model = { listeners: {}, asked: [], get: (name) => state[name], set: (name, value) => { state[name] = value; },
        save_changes: () => model.asked.push(state.request), off: () => {},
        on: (name, act) => { (model.listeners[name] ??= []).push(act); },
        change: (name, value) => { state[name] = value; (model.listeners['change:' + name] ?? []).forEach((act) => act()); } };
    document.body.replaceChildren(document.createElement('main'));
    module.default.render({ model, el: document.querySelector('main') });
    Object.assign(window, { module, model });
}"""


@pytest.fixture(autouse=True)
def headless(monkeypatch): monkeypatch.setenv("GENAI_HEADLESS", "1")


@pytest.fixture(scope="module")
def bare(page):
    "A page with nothing but the course's style sheet."
    page.set_content(f"<!doctype html><html lang=en><title>A view</title><style>{style_source()}</style><body></body></html>")
    return page


def shown(page, trainer):
    "The view of a trainer that has ended."
    view = Dashboard(trainer)
    trainer.start()
    state = json.loads(json.dumps({"data": view.data, "film": view.film, "request": {}, "label": view.label}))
    page.evaluate(SHOW, [base64.b64encode(view._esm.encode()).decode(), state])
    return page.get_by_role("region", name=view.label)


def steps_of(*losses): return lambda *parts: (Step(i, None, loss if isinstance(loss, dict) else {"loss": loss}) for i, loss in enumerate(losses))


def axis(page, name, low, high):
    "Where a function of static/axes.js puts about five ticks."
    return page.evaluate("([source, low, high]) => new Function(source)()(low, high, 5)", [f"{static_text('axes.js')}; return {name};", low, high])


def asked(page): return page.evaluate("() => window.model.asked.map(({serial, ...rest}) => rest)")


def sent(page, **changes):
    "Let Python's next message say something else."
    page.evaluate("changes => window.model.change('data', {...window.model.get('data'), ...changes})", changes)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.none(), st.floats(-1e3, 1e3)), max_size=30), st.floats(0, 0.98))
def test_smoothing_is_the_same_as_in_python(bare, points, weight):
    if not bare.evaluate("() => Boolean(window.module)"): shown(bare, Trainer("x", steps_of(1.0)))
    found = bare.evaluate("([points, weight]) => window.module.smooth(points, weight)", [points, weight])
    assert all((a is None) == (b is None) and (a is None or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)) for a, b in zip(found, smooth(points, weight), strict=True))


@pytest.mark.parametrize("knob", [*KNOBS.values(), Knob(1, low=1, high=1000, log=True), Knob(0, low=-3, high=3), Knob(0, low=0, high=8, whole=True)])
def test_a_slider_reaches_both_ends_and_python_takes_every_value(bare, knob):
    shown(bare, Trainer("x", steps_of(1.0)))
    spec = {"low": knob.low, "high": knob.high, "log": knob.log, "whole": knob.whole}
    values = bare.evaluate("spec => Array.from({length: 101}, (_, i) => window.module.valueAt(spec, i))", spec)
    assert values[0] == knob.low and values[-1] == knob.high and values == sorted(values)
    assert [knob.accept("x", value) for value in values] == values
    if not knob.whole:
        places = bare.evaluate("([spec, values]) => values.map((v) => window.module.positionOf(spec, v))", [spec, values])
        assert all(abs(place - i) <= 1.5 for i, place in enumerate(places) if values.count(values[i]) == 1)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_ticks_are_few_round_and_within(bare, low, width):
    if low + width == low or width < abs(low) * 1e-6: return
    found = axis(bare, "linearTicks", low, low + width)
    assert 1 <= len(found) <= 6 and all(low - width * 1e-6 <= t <= low + width * (1 + 1e-6) for t in found)
    if len(found) == 1: return
    step = found[1] - found[0]
    assert any(math.isclose(step / 10 ** math.floor(math.log10(step) + 1e-6), round_one, rel_tol=1e-3) for round_one in (1, 2, 5))


@pytest.mark.parametrize(("low", "high"), [(0.001, 2), (1e-12, 1e12), (0.9, 1.1), (3, 4)])
def test_logarithmic_ticks_are_few_and_within(bare, low, high):
    found = axis(bare, "logTicks", low, high)
    assert 2 <= len(found) <= 10 and all(low * (1 - 1e-9) <= t <= high * (1 + 1e-9) for t in found)


@pytest.mark.parametrize("losses", [[], [1.0], [math.nan] * 3, [1.0, math.inf, 0.0, -1.0], [5.0] * 1000, [0.0, 0.0], [1e-30, 1e30],
                                    [{"a": 1.0}, {"b": 2.0}, {"a": 0.5, "b": 1.0}], [{str(n): float(n) for n in range(6)}] * 9])  # fmt: skip
@pytest.mark.parametrize("log", [True, False])
def test_any_run_is_drawn_without_a_number_that_is_none(bare, losses, log):
    view = shown(bare, Trainer("any", steps_of(*losses)))
    if log: view.get_by_label("Logarithmic axis").check()
    markup = view.locator(".genai-chart").evaluate("svg => svg.outerHTML")
    assert "NaN" not in markup and "Infinity" not in markup and "undefined" not in markup
    finite = {name for loss in losses for name, x in (loss if isinstance(loss, dict) else {"loss": loss}).items() if math.isfinite(x)}
    drawn = finite if not log else {name for loss in losses for name, x in (loss if isinstance(loss, dict) else {"loss": loss}).items() if 0 < x < math.inf}
    assert set(view.locator(".genai-series-name:not(.genai-series-detail)").all_text_contents()) == drawn
    expect(view.locator(".genai-empty")).to_be_visible(visible=not drawn)


def test_states_are_told_in_words_and_errors_as_alerts(bare):
    view = shown(bare, Trainer("broken", lambda *parts: 1 / 0))
    expect(view.get_by_role("alert")).to_contain_text("ZeroDivisionError: division by zero (line ")
    view = shown(bare, Trainer("none", steps_of()))
    expect(view.get_by_role("status").filter(has_text="Finished without a step")).to_be_visible()
    view = shown(bare, Trainer("lost", steps_of(1.0, math.inf)))
    expect(view.locator(".genai-trouble")).to_contain_text("loss since step 1")


def test_buttons_ask_for_what_they_say_and_keep_the_focus_when_there_is_nothing_to_do(bare):
    view = shown(bare, Trainer("buttons", steps_of(1.0)))
    stop = view.get_by_role("button", name="Stop")
    expect(stop).to_have_attribute("aria-disabled", "true")
    stop.press("Enter")
    assert asked(bare) == []
    sent(bare, state="running", can={"pause": True, "resume": False, "step": True, "stop": True, "restart": True})
    for name in ("Pause", "One step", "Slow motion", "Stop", "Restart"): view.get_by_role("button", name=name).press("Enter")
    assert asked(bare) == [{"do": "pause"}, {"do": "step"}, {"do": "slow", "on": True}, {"do": "stop"}, {"do": "restart"}]
    sent(bare, can={"pause": False, "resume": True, "step": True, "stop": True, "restart": True}, slow=True)
    view.get_by_role("button", name="Resume").press("Enter")
    expect(view.get_by_role("button", name="Slow motion")).to_have_attribute("aria-pressed", "true")
    sent(bare, can={"pause": False, "resume": False, "step": False, "stop": False, "restart": True})
    expect(view.locator(".genai-main")).to_be_focused()
    assert asked(bare)[-1] == {"do": "resume"}


def test_a_knob_is_sent_once_it_rests_and_keeps_the_learners_value_meanwhile(bare):
    view = shown(bare, Trainer("knobs", steps_of(1.0), knobs=KNOBS))
    slider = view.get_by_role("slider", name="learning rate")
    expect(slider).to_have_attribute("aria-valuetext", "learning rate is 0.1")
    slider.focus()
    for _ in range(5): bare.keyboard.press("ArrowRight")
    said = slider.get_attribute("aria-valuetext")
    sent(bare, word="Running")
    assert slider.get_attribute("aria-valuetext") == said == "learning rate is 0.14"
    bare.wait_for_function("() => window.model.asked.length > 0")
    assert asked(bare) == [{"do": "turn", "knob": "lr", "value": 0.14}]
    turns = view.get_by_role("slider", name="critic turns")
    turns.press("ArrowRight")
    expect(turns).to_have_attribute("aria-valuetext", "critic turns is 3")


def test_values_are_read_off_the_curves_by_keys_and_the_place_is_kept_while_the_run_goes_on(bare):
    view = shown(bare, Trainer("reading", steps_of(*[1.0, 0.5, 0.25, 0.25])))
    view.get_by_role("slider", name="Smoothing").press("Home")
    reading = view.get_by_role("slider", name="Read values off the chart")
    expect(reading).to_have_attribute("aria-valuetext", "step 3, loss 0.25")
    sent(bare, curves=[{"name": "loss", "now": "0.1", "width": 1, "points": [1.0, 0.5, 0.25, 0.25, 0.1]}])
    expect(reading).to_have_attribute("aria-valuetext", "step 4, loss 0.1")  # the newest, until the learner chooses a place
    for _ in range(3): reading.press("ArrowLeft")
    expect(reading).to_have_attribute("aria-valuetext", "step 1, loss 0.5")
    sent(bare, curves=[{"name": "loss", "now": "0.05", "width": 2, "points": [0.75, 0.25, 0.1, 0.05]}])
    expect(reading).to_have_attribute("aria-valuetext", "step 0.5, loss 0.75")  # the nearest place, where two steps have become one


def test_a_knob_with_names_says_them_and_sends_the_number(bare):
    order = Knob(0, low=-1, high=1, whole=True, names=("hard first", "any order", "easy first"))
    slider = shown(bare, Trainer("names", steps_of(1.0), knobs={"order": order})).get_by_role("slider", name="order")
    expect(slider).to_have_attribute("aria-valuetext", "order is any order")
    for key, name, value in [("ArrowRight", "easy first", 1), ("Home", "hard first", -1)]:
        slider.press(key)
        expect(slider).to_have_attribute("aria-valuetext", f"order is {name}")
        bare.wait_for_function("value => window.model.asked.at(-1)?.value === value", arg=value)


def test_changes_are_numbered_in_the_chart_and_listed_beside_it(bare):
    view = shown(bare, Trainer("changes", steps_of(*[1.0] * 9), knobs=KNOBS, schedule=[(3, "lr", 0.5), (7, "noise", 0.4)]))
    assert view.locator(".genai-flag-number").all_text_contents() == ["1", "2"]
    assert view.locator(".genai-run-history li").all_text_contents() == ["step 3: learning rate to 0.5, by schedule", "step 7: noise to 0.4, by schedule"]
    view.get_by_text("Repeat this session").press("Enter")
    expect(view.locator("code")).to_have_text("schedule=[(3, 'lr', 0.5), (7, 'noise', 0.4)]")


def test_samples_are_shown_as_they_come_and_scrolled_to_the_newest(bare):
    view = shown(bare, Trainer("samples", steps_of(1.0), sample=lambda model, generator: ["to be"]))
    film = view.get_by_role("region", name="Samples")
    expect(film).to_contain_text("to be")
    bare.evaluate("film => window.model.change('film', film)", [frame(i, [f"sample {i}" * 20]) for i in range(8)])
    assert film.locator("figcaption").all_text_contents() == [f"step {i}" for i in range(8)]
    assert film.evaluate("box => box.scrollLeft + box.clientWidth >= box.scrollWidth - 1")


def test_an_answer_that_is_only_a_problem_is_told(bare):
    view = shown(bare, Trainer("problem", steps_of(1.0)))
    bare.evaluate("() => window.model.change('data', {problem: {message: 'KeyError: on'}, serial: 1})")
    expect(view.get_by_role("alert")).to_have_text("✕ KeyError: on")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_plain_page_is_accessible_in_both_schemes(bare, scheme):
    bare.emulate_media(color_scheme=scheme)
    shown(bare, Trainer("axe", steps_of(*[{"a": 1.0, "b": 2.0, "c": 3.0, "d": math.nan}] * 5), knobs=KNOBS, schedule=[(3, "lr", 0.5)], total=5))
    bare.add_style_tag(content="body { background: Canvas; color-scheme: light dark; }")
    assert not (found := faults(bare)), found
    bare.emulate_media(color_scheme="light")
