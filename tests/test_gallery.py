"""The gallery has every kind of chart and control, needs no Python to show the charts, and leaves little behind in a notebook."""

import json

from genai_course import charts, graphs, pictures, views
from genai_course.gallery import every_chart, every_control, gallery

MODULES = (charts, graphs, pictures, views)


def kinds_of(base):
    "The classes below `base` that the tools export."
    exported = [getattr(module, name) for module in MODULES for name in module.__all__]
    return {kind for kind in exported if isinstance(kind, type) and issubclass(kind, base) and kind is not base}


def test_every_kind_of_chart_and_control_is_shown():
    assert {type(chart) for chart in every_chart().values()} == kinds_of(charts.Chart)
    assert {spec["kind"] for spec in every_control().controls} == {kind.__name__.lower() for kind in kinds_of(views.Control)}


def test_every_chart_runs_in_a_page_without_python():
    page = views.plain_page("Gallery", *gallery())
    assert page.count("widget.render(") == len(every_chart()) and page.startswith("<!doctype html>")


def test_one_widget_of_each_kind_leaves_less_than_thirty_kilobytes_in_a_notebook():
    kinds = {explorer.data["charts"][0]["kind"]: explorer for explorer in gallery()}
    left = {name: len(json.dumps(explorer._repr_mimebundle_()[0])) for name, explorer in {**kinds, "controls": every_control()}.items()}
    assert sum(left.values()) < 30_000, left
    assert all("alt=" in explorer._repr_mimebundle_()[0]["text/html"] for explorer in kinds.values())
