"""A real JupyterLab in a real Chromium: the fixtures of the browser tests."""

import pytest
from lab import find_chromium, open_browser, running_lab


@pytest.fixture(scope="session")
def browser():
    "A headless Chromium; where none is installed the test is skipped, with the mend in the reason."
    if not find_chromium(): pytest.skip("no Chromium found; install Chromium, e.g. apt-get install chromium")
    with open_browser() as chromium: yield chromium


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory):
    "A JupyterLab server in a temporary folder of its own, `lab.folder`."
    with running_lab(tmp_path_factory.mktemp("lab")) as server: yield server


@pytest.fixture
def page(browser):
    "A fresh page that collects its console errors in `page.errors`."
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
    page = context.new_page()
    page.errors = []
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    context.close()
