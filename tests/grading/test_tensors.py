"""Torch tensors in answers: copied as plain data, compared by shape, type, device and value, each fault told in a plain sentence."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_course.grading import expect, spec
from genai_course.grading.cards import check_card
from genai_course.grading.diagnosis import named_mistakes
from genai_course.grading.recorder import Recorder
from genai_course.grading.runner import run_question
from genai_course.grading.sandbox.inside.tensors import PlainTensor, with_gradients
from genai_course.grading.snapshot import Opaque, plain, same
from genai_course.grading.submission import run_cells

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool, torch.complex64]
SHAPES = st.lists(st.integers(0, 3), max_size=4).map(tuple)
TENSORS = st.builds(lambda shape, dtype, seed: (torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 8).to(dtype),
                    SHAPES, st.sampled_from(DTYPES), st.integers(0, 99))
HALF = "import torch\ndef half(x):\n    return x / 2\n"


def check_half(sol):
    "halves two numbers"
    expect.close(sol.half(torch.tensor([2.0, 4.0])), torch.tensor([1.0, 2.0]))


def check_slope(sol):
    "halves, and passes half of what comes back"
    expect.gradients(sol.half, lambda x: x / 2, torch.tensor([2.0, 4.0], requires_grad=True))


def question(test, mistakes=()): return spec.Question("q1", "Halving", ["half"], HALF, "", [], list(mistakes), 0, [spec.Test("t", "halves", 2, False, test)])


def result_of(code, test=check_half):
    [result] = run_question(question(test), run_cells(["import torch, numpy as np\n" + code]), 30)
    assert "Traceback" not in result.message and "\n" not in result.message
    return result


@given(TENSORS)
def test_plain_data_gives_the_tensor_back(tensor):
    copied = plain(tensor)
    back = copied.to_torch()
    assert (back.dtype, back.shape) == (tensor.dtype, tensor.shape) and torch.equal(back, tensor)
    assert same(copied, plain(tensor)) and type(copied.values) is np.ndarray


@given(TENSORS, TENSORS)
def test_tensors_are_the_same_where_torch_says_so(a, b):
    assert same(plain(a), plain(b)) == (a.dtype == b.dtype and a.shape == b.shape and torch.allclose(a, b, rtol=1e-6, atol=1e-8))


@pytest.mark.parametrize("view", [torch.ones(2, 3).T, torch.ones(3, dtype=torch.complex64).conj(), torch.nn.Parameter(torch.ones(2)),
                                  torch.ones(1).expand(4), torch.ones(3, requires_grad=True) * 2])
def test_views_parameters_and_results_are_copied(view):
    copied = plain(view)
    assert torch.equal(copied.to_torch(), view) and copied.requires_grad == view.requires_grad


@given(TENSORS.filter(lambda tensor: tensor.numel() and tensor.is_floating_point()))
def test_a_copy_does_not_change_with_its_original(tensor):
    copied = plain([tensor])
    again = plain(copied)
    tensor += 1
    assert same(copied, again) and not same(copied, plain([tensor]))


@pytest.mark.parametrize(("tensor", "kind"), [(torch.ones(2).to_sparse(), "tensor without readable values"),
                                              (torch.ones(2, device="meta"), "tensor without readable values"),
                                              (torch.nn.Linear(2, 3), "Linear")])
def test_what_has_no_values_is_named(tensor, kind): assert plain(tensor).kind == kind


def test_a_model_tells_its_layers_and_size():
    told = expect.describe(torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU()))
    assert told["type"] == "Sequential" and "Conv2d(1, 8" in told["values"] and told["values"].endswith("which has 80 parameters")


def test_many_numbers_are_told_by_the_first_and_the_last():
    assert expect.describe(torch.arange(96.0).reshape(2, 3, 4, 4))["values"] == "[ 0.  1.  2. ... 93. 94. 95.]"
    assert expect.describe(torch.arange(4.0).reshape(2, 2))["values"].split() == ["[[0.", "1.]", "[2.", "3.]]"]


@pytest.mark.parametrize("number", [4, 4.0, np.float64(4), np.array(4)[()], np.array(4), np.array(4.0)])
def test_a_number_is_a_number_whoever_made_it(number): assert expect.describe(number) == {"type": "number", "values": "4"}


@pytest.mark.parametrize(("value", "kind", "text"), [(np.True_, "bool", "True"), (123456789012, "number", "123456789012"), (1 / 3, "number", "0.33333333")])
def test_a_value_is_shown_as_it_is(value, kind, text): assert expect.describe(value) == {"type": kind, "values": text}


@pytest.mark.parametrize(("got", "expected", "said", "kinds"), [
    (np.array(3.0), 4.0, "The result came out as 3; it should be 4.", ("number", "number")),
    (np.array([3.0]), 4.0, "The result has shape (1,); it should be a single number.", ("array", "number")),
    (3.0, np.ones(2), "The result is a single number; it should have shape (2,).", ("number", "array")),
    (np.array(3.0), np.ones(2), "The result is a single number; it should have shape (2,).", ("number", "array")),
    (torch.tensor(4.0), 4.0, "The result is a torch tensor; it should be a plain number, as `.item()` gives it.", ("tensor", "number")),
    (torch.tensor([4.0]), torch.tensor(4.0), "The result has shape (1,); it should be a single number.", ("tensor", "tensor"))])
def test_a_single_number_is_called_one_whatever_holds_it(got, expected, said, kinds):
    with pytest.raises(expect.Mismatch) as mismatch: expect.close(got, expected)
    told = mismatch.value
    assert told.reason == said and (told.got["type"], told.expected["type"]) == kinds


def test_subclasses_cannot_pretend():
    class Equal(torch.Tensor):
        @classmethod
        def __torch_function__(cls, function, types, args=(), kwargs=None):
            return True if function is torch.Tensor.__eq__ else super().__torch_function__(function, types, args, kwargs)

    assert not same(plain(torch.ones(2).as_subclass(Equal)), plain(torch.zeros(2)))


def test_a_right_answer_passes(): assert result_of(HALF).status == "pass"


@pytest.mark.parametrize(("body", "message"), [
    ("return None", "The result is None. Is there a `return` line at the end of the function?"),
    ("return (x / 2).numpy()", "The result is a numpy array; it should be a torch tensor. Stay with torch's own functions."),
    ("return [1.0, 2.0]", "The result should be a torch tensor, not a list."),
    ("return 1.0", "The result should be a torch tensor, not a float."),
    ("return torch.nn.Linear(2, 2)", "The result is a layer (Linear); it should be a torch tensor: what the layer gives for an input."),
    ("return (x / 2).to_sparse()", "The result should be a torch tensor, not a tensor without readable values."),
    ("return x[None] / 2", "The result has shape (1, 2); it should have shape (2,)."),
    ("return x.double() / 2", "The result has dtype float64; it should be float32."),
    ("return (x / 2).long()", "The result has dtype int64; it should be float32."),
    ("return (x / 2).bfloat16()", "The result has dtype bfloat16; it should be float32."),
    ("return (x - x) / 0", "There is a nan (not a number) in the result: something was divided by 0 or overflowed."),
    ("return x / 3", "In the result, 2 of 2 values differ, most at [1]: it is 1.33333 and should be 2."),
])
def test_a_wrong_answer_gets_a_clear_line(body, message):
    result = result_of(f"def half(x): {body}")
    assert (result.status, result.message) == ("fail", message)


def test_an_error_of_torch_is_one_line_at_the_learners_own():
    result = result_of("def half(x):\n    return x @ torch.ones(3)")
    assert result.status == "error" and result.line == {"number": 3, "text": "return x @ torch.ones(3)"}


@pytest.mark.parametrize(("expected", "message"), [(2.0, "it should be a plain number, as `.item()` gives it."),
                                                   (np.ones(2), "it should be a numpy array, as `.numpy()` gives it.")])
def test_a_tensor_where_none_was_asked_for(expected, message):
    with pytest.raises(expect.Mismatch, match=message[:30]): expect.close(torch.ones(()), expected)


def test_another_device_is_told():
    far = PlainTensor(np.ones(2, np.float32), device="cuda:0")
    with pytest.raises(expect.Mismatch, match="on the device cuda:0; it should be on cpu"): expect.close(far, torch.ones(2))
    assert not same(far, plain(torch.ones(2)))


def test_rounding_is_the_types_own():
    expect.close(torch.tensor([1 + 1e-6]), torch.tensor([1.0]))
    with pytest.raises(expect.Mismatch): expect.close(torch.tensor([1 + 1e-5], dtype=torch.float64), torch.ones(1, dtype=torch.float64))
    expect.close(torch.tensor([1.0078125]).bfloat16(), torch.tensor([1.0]).bfloat16())


def test_the_card_compares_dtype_and_device_only_where_it_matters():
    card = check_card("q1", [result_of("def half(x): return x.double() / 2")], [], [])
    assert "dtype ≠" in card.html and "float64" in card.text and ">device" not in card.html


def test_copies_keep_requires_grad():
    seen = []
    sol = Recorder({"half": lambda x: seen.append(x) or x / 2})
    given = torch.ones(2, requires_grad=True)
    assert sol.half(given).requires_grad and seen[0].requires_grad and seen[0] is not given


def test_an_input_changed_in_place_is_told():
    def test(sol):
        sol.half(torch.ones(2))
        expect.inputs_kept(sol)
    assert result_of("def half(x): return x.div_(2)", test).message.startswith("half changed its own input (argument 1).")


@pytest.mark.parametrize(("body", "message"), [
    ("return x / 2", ""),
    ("return x.detach() / 2", "No gradient gets back to argument 1."),
    ("return torch.tensor((x / 2).tolist())", "No gradient gets back to argument 1."),
    ("return (x / 2).detach() + x - x.detach()", "In the gradient for argument 1, 2 of 2 values differ, most at [1]: it is 2 and should be 1."),
    ("return (x / 2).detach().numpy()", "The result is a numpy array; it should be a torch tensor."),
    ("return 3", "The result should be a torch tensor, not a int."),
    ("return (x / 2).long()", "The result has dtype int64; it should be float32."),
])
def test_what_flows_back_is_tested(body, message):
    result = result_of(f"def half(x): {body}", check_slope)
    assert result.message.startswith(message) and result.score == (0 if message else 2)


@given(st.integers(0, 99))
def test_gradients_are_those_of_half_the_squares(seed):
    a, b = (torch.randn(3, generator=torch.Generator().manual_seed(seed + i), requires_grad=True) for i in range(2))
    _, (grad_a, grad_b) = with_gradients(lambda a, b: torch.tanh(a * b), (a, b))
    (torch.tanh(a * b) ** 2).sum().div(2).backward()
    assert torch.allclose(grad_a, a.grad) and torch.allclose(grad_b, b.grad)


def test_gradients_are_asked_for_where_they_were_required_before_the_call():
    x, w = torch.ones(2), torch.ones(2, requires_grad=True)
    result, gradients = with_gradients(lambda x, w: x.requires_grad_() * w, (x, w))
    assert len(gradients) == 1 and torch.equal(gradients[0], torch.ones(2)) and result.requires_grad


def test_a_mistake_is_recognised_by_its_tensors():
    mistakes = [{"message": f"over {n}", "code": f"def half(x): return x / {n}"} for n in (3, 4)]
    asked = question(check_half, mistakes)
    results = run_question(asked, run_cells(["def half(x): return x * 0.25"]), 30)
    assert named_mistakes(spec.Spec("s", "S", "import torch", {"q1": asked}), asked, results) == ["over 4"]


def test_grading_loads_torch_only_for_what_is_torchs():
    code = ("import sys; import numpy as np; from genai_course.grading import expect; from genai_course.grading.snapshot import plain, same\n"
            "same(plain([np.ones(2), object()]), plain(3)); expect.close(np.ones(2), np.ones(2)); print('torch' in sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_progress_is_told_without_running_any_spec():
    code = "import sys; from genai_course.grading import lessons; print(len(lessons()), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(spec.stems())), "False"]


@pytest.mark.parametrize("stem", spec.stems())
def test_an_outline_is_the_spec_without_its_tests_code(stem):
    read, loaded = spec.outline(stem), spec.load_spec(stem)
    assert (read.title, list(read.questions)) == (loaded.title, list(loaded.questions))
    for ident, question in loaded.questions.items():
        assert read.questions[ident].points == question.points and read.questions[ident].answer == question.answer
    with pytest.raises(RuntimeError, match="use load_spec"): read.questions["q1"].tests[0].run(None)


def test_opaque_stays_as_it_is(): assert plain(Opaque("object")) == Opaque("object")
