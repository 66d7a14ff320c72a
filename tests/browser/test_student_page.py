"""The page that a student gets back, in light and dark, read by a program that looks for barriers."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from corpus.files import notebook, prefixed, several, with_source
from playwright.sync_api import expect

from genai_course.grading.classes.held_out import held_out_tests, repository_folder
from genai_course.grading.classes.job import Job, grade_job
from genai_course.grading.classes.page import page as html_of
from genai_course.grading.sandbox.isolation import chosen

pytestmark = pytest.mark.browser
MIXED = several(with_source("def perplexity(p):\n    return 1 / np.mean(p)"), with_source("def next_words(words, before):\n    return {}[before]", "q2"),
                with_source("def land(counts, u:\n    pass", "q3"), prefixed("print('<b>words</b>')\n%timeit 1\n", "q4"))
PAGES = {"mixed": json.dumps(notebook(MIXED)).encode(), "unreadable": b"{"}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_has_no_barrier_in_light_or_dark(page, tmp_path, name):
    report = grade_job(Job("Ann <b>Other</b>", "ann.ipynb", PAGES[name], chosen("best"), held_out=held_out_tests(repository_folder())))
    (tmp_path / "ann.html").write_text(html_of(report))
    pictures = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto((tmp_path / "ann.html").as_uri())
        expect(page.get_by_text("Ann <b>Other</b>", exact=True)).to_be_visible()
        for summary in page.locator("summary").all(): summary.click()
        pictures.append(page.screenshot(full_page=True))
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.emulate_media(color_scheme="light")
    assert pictures[0] != pictures[1]


def test_the_page_fits_a_telephone(page, tmp_path):
    report = grade_job(Job("ann", "ann.ipynb", PAGES["mixed"], chosen("best")))
    (tmp_path / "ann.html").write_text(html_of(report))
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto((tmp_path / "ann.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 720})
