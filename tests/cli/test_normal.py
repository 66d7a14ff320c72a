"""What is normal: spans hold what was measured, are those of the recipes as they are now, and are said where they help."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_course.cli import main, normal
from genai_course.cli.commands.train import recipes
from genai_course.cli.recipe_list import recipe_lines
from genai_course.training import RECIPES

losses = st.floats(0.001, 10)
rows = st.integers(1, 4).flatmap(lambda length: st.lists(st.lists(losses, min_size=length, max_size=length), min_size=2, max_size=6))


@given(rows)
def test_a_span_holds_every_seed_and_as_much_again_to_each_side(measured):
    found = normal.Normal({}, 10, measured, "")
    for place, here in enumerate(zip(*measured, strict=True)):
        low, high = found.span(10 * (place + 1))
        assert low <= min(here) and max(here) <= high and high - low == pytest.approx(3 * (max(here) - min(here)), abs=1e-9)


@pytest.mark.parametrize("step", [0, 5, 15, 30, 1000])
def test_what_was_not_measured_has_no_span(step): assert normal.Normal({}, 10, [[1.0, 2.0], [1.0, 2.0]], "").span(step) is None


def test_what_is_kept_is_of_recipes_as_they_are_now():
    known, now = normal.read(), recipes()
    assert known and set(known) <= set(now)
    for name, found in known.items():
        again = f"python -m genai_course.cli.normal {name}"
        assert (found.settings, found.every) == (json.loads(json.dumps(now[name].settings)), now[name].val_every), again
        assert len(found.losses) == normal.SEEDS and {len(row) for row in found.losses} == {min(normal.MILESTONES, now[name].steps // found.every)}, again


def test_a_run_of_today_is_normal():
    found = normal.read()["training"]
    low, high = found.span(found.every)
    assert low <= normal.fallen("training", RECIPES["training"], seed=99, milestones=1)[0] <= high


def test_a_spoilt_run_is_not():
    found, spoilt = normal.read()["training"], RECIPES["training"]._replace(settings={**RECIPES["training"].settings, "lr": 0.003})
    assert normal.fallen("training", spoilt, seed=0, milestones=1)[0] > found.span(found.every)[1]


def test_measuring_keeps_what_is_known_of_others(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(normal, "FILE", tmp_path / "normal.json")
    for name, value in {"SEEDS": 2, "MILESTONES": 1}.items(): monkeypatch.setattr(normal, name, value)
    monkeypatch.setattr(normal.measured, "__defaults__", (2, 1))
    normal.note("a", normal.Normal({"x": 1}, 5, [[1.0], [2.0]], "here"))
    normal.main(["training"])
    assert set(normal.read()) == {"a", "training"} and capsys.readouterr().out.startswith("training: ")
    assert normal.read()["training"].losses == [[pytest.approx(loss, rel=1e-3)] for seed in (0, 1) for loss in normal.fallen("training", RECIPES["training"], seed, 1)]


def test_train_says_what_is_normal_where_it_was_measured(tmp_path, capsys):
    every = normal.read()["training"].every
    for steps, said in ((every, True), (every + 1, False)):
        assert main(["train", "training", "--steps", str(steps), "--out", str(tmp_path / str(steps))]) == 0
        assert ("Normal at this step: " in capsys.readouterr().out) == said


@pytest.mark.parametrize("other", [{"recipe": "no such"}, {"settings": {}}, {"text": "of one's own"}])
def test_nothing_is_said_of_other_runs(other):
    found = normal.read()["training"]
    same = {"recipe": "training", "settings": found.settings, "text": None}
    assert normal.remark(same, found.every) and not normal.remark({**same, **other}, found.every)


def test_the_page_has_every_recipe_with_its_numbers_and_its_picture():
    page, pictures = normal.page(recipe_lines()), normal.pictures()
    assert page.startswith("# Is my result normal?") and set(pictures) == set(normal.read())
    for name, found in normal.read().items():
        assert f"## {name}\n" in page and f"(normal/{name}.png)" in page and pictures[name].startswith(b"\x89PNG")
        assert "{:.3f} to {:.3f}".format(*found.span(found.every)) in page
