"""The list of licences names every package that the lessons run on, and says what the package says."""

import re

import pytest

from genai_course.cli import licences
from genai_course.cli.constraints import every_pin
from genai_course.cli.folders import constraints_file
from genai_course.cli.requirements import installed_version, name_of, normal, requirements
from genai_course.cli.trouble import Trouble
from tests.cli.conftest import ROOT

MADE_BY = "run: python -m genai_course.cli.licences"
LISTED = {name: (version, licence) for name, version, licence in re.findall(r"^\| ([\w.-]+) \| (\d[^ ]*) \| (.+) \|$", (ROOT / "docs/licences.md").read_text(encoding="utf-8"), re.M)}


def test_every_requirement_and_every_pinned_package_is_there_in_its_version():
    assert {name: version for name, (version, _) in LISTED.items()} == every_pin(constraints_file(ROOT)), MADE_BY
    assert {normal(name_of(line)) for line in requirements(ROOT)} <= set(LISTED)


@pytest.mark.parametrize("name", LISTED)
def test_it_says_what_the_package_says(name):
    version, licence = LISTED[name]
    if name not in licences.ELSEWHERE and (installed_version(name) or "").split("+")[0] != version: pytest.skip("not installed here in this version")
    assert licences.stated_licence(name) == licence, MADE_BY


def said(**fields):
    class Said:
        def get(self, name, default=None): return fields.get(name.replace("-", "_"), default)
        def get_all(self, name): return fields.get(name)
    return lambda name: Said()


STATED = [({"License_Expression": "MIT", "License": "x"}, "MIT"), ({"License": "BSD-3-Clause"}, "BSD-3-Clause"),
          ({"License": "All\nof it", "Classifier": ["License :: OSI Approved :: MIT License", "Framework :: Jupyter"]}, "MIT License"),
          ({"License": "UNKNOWN", "Classifier": ["License :: A :: ISC License (ISCL)", "License :: B"]}, "ISC License (ISCL) AND B")]  # fmt: skip


@pytest.mark.parametrize("fields, licence", STATED)
def test_an_expression_goes_before_a_line_before_a_class(monkeypatch, fields, licence):
    monkeypatch.setattr(licences, "metadata", said(**fields))
    assert licences.stated_licence("some") == licence


@pytest.mark.parametrize("fields", [{}, {"License": "All\nof it"}, {"License": "UNKNOWN"}])
def test_a_package_that_states_none_is_not_passed_over(monkeypatch, fields):
    monkeypatch.setattr(licences, "metadata", said(**fields))
    with pytest.raises(Trouble, match="states no licence"): licences.stated_licence("some")


def test_a_package_that_is_not_here_is_one_line():
    with pytest.raises(Trouble, match="not installed here"): licences.stated_licence("no-such-package")
