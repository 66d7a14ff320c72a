"""The backprop explorer: what it computes agrees with torch, what it may not run is refused, what it sends is plain data."""

import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_course.backprop import Tensor
from genai_course.explorers.backprop import EXAMPLES, ExpressionError, explore_backprop, parse, trace

VALUES = {"a": 0.7, "b": -1.3, "c": 2.1}
leaves = st.sampled_from(["a", "b", "c", "(2*a)", "(0.5 - b)"])


def grown(inner):
    "Larger expressions made of smaller ones; all stay finite and smooth for moderate inputs."
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner).map(lambda t: f"({t[0]} / (1 + ({t[1]})**2))"),
        inner.map(lambda t: f"tanh({t})"),
        inner.map(lambda t: f"({t}).relu()"),
        inner.map(lambda t: f"exp(tanh({t}))"),
        inner.map(lambda t: f"log(2 + ({t})**2)"),
        inner.map(lambda t: f"(-({t}))"),
        inner.map(lambda t: f"({t})**3"),
    )


expressions = st.recursive(leaves, grown, max_leaves=5)
numbers = st.floats(-2, 2).map(lambda x: round(x, 3))


def with_torch(expression, values):
    "Value and gradients by torch's autograd, from an `eval` of text that this test has made itself."
    inputs = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in values.items()}
    functions = {name: getattr(torch, name) for name in ("tanh", "exp", "log", "relu")}
    output = eval(expression, {"__builtins__": {}}, inputs | functions)
    output.backward()
    return output.item(), {name: 0.0 if t.grad is None else t.grad.item() for name, t in inputs.items()}


@given(expressions, st.fixed_dictionaries({"a": numbers, "b": numbers, "c": numbers}))
def test_values_and_gradients_are_torchs(expression, values):
    try: data = trace(expression, values)
    except ExpressionError as error:
        assert str(error).startswith("too l")
        return
    value, gradients = with_torch(expression, values)
    if not math.isfinite(value): return
    assert data["nodes"][-1]["value"] == pytest.approx(value, rel=1e-9, abs=1e-12)
    found = {i["name"]: next(n["gradient"] for n in data["nodes"] if n["id"] == i["node"]) for i in data["inputs"]}
    for name in found: assert found[name] == pytest.approx(gradients[name], rel=1e-9, abs=1e-12)
    assert not data["trouble"]


@given(expressions)
def test_the_trace_is_consistent_plain_data(expression):
    try: data = trace(expression, VALUES)
    except ExpressionError as error:
        assert str(error).startswith("too l")
        return
    assert json.loads(json.dumps(data, allow_nan=False))["expression"] == data["expression"]
    nodes = {n["id"]: n for n in data["nodes"]}
    made = [n["id"] for n in data["nodes"] if n["parents"]]
    phase = lambda name: [s["node"] for s in data["steps"] if s["phase"] == name]
    assert phase("forward") == made and phase("backward") == made[::-1]
    assert {e["id"] for e in data["edges"]} == {edge for s in data["steps"] for edge in s["edges"]}
    for edge in data["edges"]: assert edge["source"] in nodes[edge["target"]]["parents"]
    told = {}
    for step in data["steps"]: told |= step["gradients"]
    assert told == {key: n["gradient_text"] for key, n in nodes.items()}
    assert len(data["table"]["rows"]) == len(nodes)


@given(st.text(max_size=120))
def test_any_text_is_drawn_or_refused_in_one_line(text):
    try: data = trace(text)
    except ExpressionError as error:
        assert "\n" not in str(error) and 0 <= error.start <= error.end
        return
    assert data["nodes"]


REFUSED = [
    "a.data", "a.__class__", "__import__('os')", "().__class__", "f(a)", "sin(a)", "tanh(a, b)", "tanh()", "tanh(x=a)", "a.tanh(1)",
    "tanh(*a)", "[x for x in a]", "{a}", "{1: a}", "[a]", "a[0]", "(a, b)", "lambda: a", "a if b else c", "a < b", "a and b", "not a", "~a",
    "a := 2", "a = 2", "'a'", "f'{a}'", "b'a'", "True", "None", "2j", "1e999", "10000000", "a**b", "a**99", "9**9**9", "a**-99", "a^2", "a@b",
    "a//b", "a%b", "a<<b", "a|b", "_a", "__name__", "tanh", "tanh.tanh()", "exec('1')", "await a", "yield a", "2a", "2(a)", "(a)(b)", "a b",
    "(a", "a)", "a +", "* a", "", "   ", "a\nb", "a;b", "a#b\n", "\x00", "a" * 13, "1 + " * 24 + "1", "+".join("abcdefg"), "-" * 50 + "a",
    "a + " * 40 + "a", "(" * 90 + "a", "𝒂" * 20, "print(a)", "a.tanh", "a.exp().data", "…",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused(text):
    with pytest.raises(ExpressionError) as caught: parse(text)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 260


@pytest.mark.parametrize(
    ("text", "marked"),
    [("a + sin(b)", "sin(b)"), ("α*2 + b.data", "b.data"), ("a + 2b", "2b"), ("a*b^2", "a*b^2"), ("a ** b", "b"), ("a + 9999999", "9999999")],
)
def test_a_refusal_says_where(text, marked):
    with pytest.raises(ExpressionError) as caught: parse(text)
    assert text[caught.value.start : caught.value.end] == marked


@pytest.mark.parametrize("text", ["a×b − c", "2·a ÷ b", "w1*x2y + 1e-3", " a ", "α + β", "+a", "a**-2", "2e2*a", "x.exp().log()"])
def test_what_people_type_is_understood(text):
    assert trace(text)["nodes"]


@pytest.mark.parametrize(
    ("text", "a", "said"),
    [("1/a", 0, "division by zero"), ("log(a)", -1, "a logarithm needs a number above zero"), ("log(a)", 0, "−∞"),
     ("exp(exp(a))", 8, "larger than a computer"), ("(a)**0.5", -1, "root of a negative"), ("a**0.5", 0, "The gradient of a is ∞")],
)  # fmt: skip
def test_numbers_that_run_away_have_a_sentence(text, a, said):
    data = trace(text, {"a": a})
    assert said in data["trouble"]
    json.dumps(data, allow_nan=False)


def test_an_engine_on_python_floats_that_raises_is_told():
    class Plain:
        "An engine whose division raises, as Python's own does."
        def __init__(self, data, parents=(), operation="", name=""): self.data, self.name = data, name
        def __truediv__(self, other): return Plain(self.data / other.data)

    with pytest.raises(ExpressionError, match="division by zero"): trace("a / b", {"a": 1, "b": 0}, Plain)


def test_a_node_used_twice_collects_both_contributions():
    data = trace("a*a", {"a": 3.0})
    assert [e["twin"] for e in data["edges"]] == [1, 2]
    assert data["nodes"][0]["gradient"] == 6.0 and "added to the 3 that was there: 6" in data["steps"][-2]["text"]


def test_a_wrong_engine_is_told_on():
    class Halved(Tensor):
        "Products whose local rule is off by a factor of two against the backward pass."
        def __mul__(self, other): return Halved(self.data * other.data, (self, other), "×", lambda g: (g * other.data, g * self.data))

        def backward(self):
            super().backward()
            for parent in self.parents: parent.grad = parent.grad / 2

    assert trace("a*b", {"a": 2.0, "b": 3.0}, Halved)["trouble"].startswith("Engine check")


@pytest.mark.parametrize("title", EXAMPLES)
def test_every_example_is_drawn_without_trouble(title):
    expression, values = EXAMPLES[title]
    assert trace(expression, values)["trouble"] == ""
    assert explore_backprop(expression, **values).draw().png.startswith(b"\x89PNG")


def test_the_view_answers_good_and_bad_requests():
    view = explore_backprop("a*b", a=2.0, b=5.0)
    assert view.data["nodes"][-1]["value"] == 10.0
    view.request = {"expression": "a*", "values": {}, "serial": 1}
    assert view.data["problem"]["message"] and view.data["serial"] == 1
    view.request = {"expression": "a+b", "values": {"a": 1, "b": 1}, "serial": 2}
    assert "problem" not in view.data and view.data["nodes"][-1]["value"] == 2.0


def test_a_bad_expression_in_the_call_is_an_error_at_once():
    with pytest.raises(ExpressionError, match="sin"): explore_backprop("sin(a)")


def test_a_slider_step_is_a_small_message():
    assert len(json.dumps(trace("(a*b + c).tanh()"))) < 6_000
