"""A real JupyterLab in a real Chromium: the fixtures of the browser tests."""

import pytest
from lab import open_page, running_lab
from playwright.sync_api import expect

expect.set_options(timeout=30_000)  # a busy machine is no failure


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    "A JupyterLab server in a temporary folder of its own, `lab.folder`."
    with running_lab(tmp_path_factory.mktemp("lab")) as server: yield server


@pytest.fixture(scope="module")
def page(browser):
    "A page that the tests of a module share; it collects its console errors in `page.errors`."
    with open_page(browser) as page: yield page


@pytest.fixture(autouse=True)
def no_console_errors(page):
    "Fails a test that left an error in the page's console."
    page.errors.clear()
    yield
    assert page.errors == []
