"""Controls and explorers: what is told about those that cannot work, and how an explorer answers."""

import pytest

from genai_course.charts import Bars, Words
from genai_course.views import Again, Choice, Explorer, Presets, Range, Scale, Text, Toggle, Transport, plain_page


@pytest.mark.parametrize("make, said", [
    (lambda: Range("k", 3, 3), "low < high"), (lambda: Range("k", 0, 3, start=4), "start=4"), (lambda: Range("k", 0, 3, 0), "step > 0"),
    (lambda: Scale("k", []), "at least one"), (lambda: Choice("k", ["a"], "b"), "not one of"), (lambda: Transport("k", 0), "at least one position"),
    (lambda: Presets("k", {}), "at least one"), (lambda: Presets("k", {"a": {}}, "b"), "not one of"),
])  # fmt: skip
def test_a_control_that_cannot_work_says_why(make, said):
    with pytest.raises(ValueError, match=said): make()


CONTROLS = [Range("whole", 0, 9), Range("real", 0, 1, 0.1, start=0.5), Scale("scale", [0, 10]), Choice("choice", ["a", "b"]), Toggle("toggle", True), Text("text", "hi"),
            Transport("position", 5), Again("seed"), Presets("like", {"three": {"whole": 3}, "four": {"whole": 4}})]  # fmt: skip


def test_an_explorer_starts_where_its_controls_start_and_hands_over_values_of_the_right_kind():
    got = {}
    explorer = Explorer("All controls", lambda **values: got.update(values) or Words("Fine."), CONTROLS)
    assert got == {"whole": 0, "real": 0.5, "scale": 0, "choice": "a", "toggle": True, "text": "hi", "position": 0, "seed": 0, "like": "three"}
    explorer.request = {**explorer.request, "whole": 3, "real": 1, "serial": 1}
    assert (got["whole"], got["real"]) == (3, 1.0) and isinstance(got["whole"], int) and isinstance(got["real"], float)
    assert [spec["kind"] for spec in explorer.controls] == ["range", "range", "scale", "choice", "toggle", "text", "transport", "again", "presets"]
    assert all(spec["label"] for spec in explorer.controls)


def test_an_explorer_answers_a_request_with_charts_and_their_words():
    explorer = Explorer("Squares", lambda n: [Words("A square."), Bars({"square": n * n}, "One bar.")], [Range("n", 1, 5)])
    explorer.request = {"n": 4, "serial": 7}
    assert explorer.data["charts"][1]["values"] == [16.0] and explorer.data["serial"] == 7
    assert explorer.data["description"] == "A square. One bar." and explorer.draw().alt == "A square. One bar."


def one_over(n):
    if n == 1: raise ValueError("n = 1 is too small.")
    return Bars({"a": 1 / n}, "One over n.")


def test_what_the_function_raises_is_told_and_the_explorer_lives_on():
    explorer = Explorer("One over n", one_over, [Range("n", 0, 5, start=2)])
    for n, said in [(0, "ZeroDivisionError: division by zero"), (1, "n = 1 is too small.")]:
        explorer.request = {"n": n, "serial": n + 1}
        assert explorer.data == {"problem": {"message": said}, "serial": n + 1}
        assert said in explorer.draw().alt
    explorer.request = {"n": 4, "serial": 9}
    assert explorer.data["charts"][0]["values"] == [0.25]


def test_a_function_that_fails_at_once_or_returns_no_chart_still_makes_an_explorer_that_says_so():
    assert "division by zero" in Explorer("Fails", one_over, [Range("n", 0, 5)]).draw().alt
    assert "not dict" in Explorer("No chart", lambda: {"a": 1}).data["problem"]["message"]


def test_controls_that_the_function_does_not_take_are_noticed_when_it_is_made():
    with pytest.raises(TypeError, match="missing a required argument: 'n'"): Explorer("Slip", one_over, [Range("m", 0, 1)])


def test_a_page_holds_only_what_needs_no_python():
    page = plain_page("Bars & more", Explorer("Bars", lambda: Bars({"</script>": 1.0}, "One bar.")))
    assert "Bars &amp; more" in page and page.count("</script>") == 1 and page.count("export default") == 0
    with pytest.raises(ValueError, match="Asking asks Python"): plain_page("No", Explorer("Asking", one_over, [Range("n", 1, 5)]))
