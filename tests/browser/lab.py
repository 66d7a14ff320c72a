"""Start JupyterLab and Chromium, open a notebook, run it: shared by the browser tests and the latency measure."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import nbformat
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync", "--disable-background-networking",
         "--disable-component-update"]  # fmt: skip
PATIENCE = 180  # seconds; a machine that does much else is slow to start a server or a kernel
QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
         "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}  # fmt: skip


class Lab(NamedTuple):
    "A running server: where it answers, its token, and the folder that it serves."
    url: str
    token: str
    folder: Path


def find_chromium() -> str | None:
    "The path of an installed Chromium or Chrome."
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return next((path for path in map(shutil.which, names) if path), None)


@contextmanager
def open_browser():
    "A headless Chromium."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def open_page(browser):
    "A page in a profile of its own, without animations; its console errors gather in `page.errors`."
    with closing(browser.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")) as context:
        page = context.new_page()
        page.errors = []
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        yield page


def free_port() -> int:
    "A port that nobody listens on."
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def write_settings(folder: Path, settings: dict[str, dict]) -> None:
    "JupyterLab's user settings, one file for each plugin."
    for plugin, values in settings.items():
        extension, name = plugin.split(":")
        file = folder / extension / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))


def isolated(folder: Path) -> dict[str, str]:
    "An environment in which Jupyter and the course keep everything below `folder`."
    places = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime", "IPYTHONDIR": "ipython",
              "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "GENAI_DATA": "course"}  # fmt: skip
    quick = {"GENAI_TIME_BUDGET": "0.1", "GENAI_HEADLESS": "no", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return os.environ | {name: str(folder / "jupyter" / place) for name, place in places.items()} | quick


def answers(url: str) -> bool:
    "Whether a server answers there."
    try: return urllib.request.urlopen(url, timeout=2).status == 200
    except (urllib.error.URLError, OSError): return False


def wait_for(condition, what: str, seconds: float = PATIENCE) -> None:
    "Ask again and again until `condition()` holds; raises TimeoutError that names what was awaited."
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end: raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.1)


@contextmanager
def running_lab(folder: Path):
    "A JupyterLab server on a free port that serves `folder`/notebooks, ended afterwards."
    served, token, port = folder / "notebooks", secrets.token_hex(16), free_port()
    served.mkdir()
    write_settings(folder / "jupyter" / "settings", QUIET)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0",
               f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={served}", "--LabApp.news_url=None",
               "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]  # fmt: skip
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=isolated(folder))
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: answers(f"{url}/api?token={token}") or server.poll() is not None, "JupyterLab to answer", seconds=180)
        if server.poll() is not None: raise RuntimeError(f"JupyterLab ended: {(folder / 'server.log').read_text()[-2000:]}")
        yield Lab(url, token, served)
    finally:
        server.terminate()
        try: server.wait(30)
        except subprocess.TimeoutExpired: server.kill()


def write_notebook(path: Path, *cells: str) -> Path:
    "A notebook of code cells."
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return path


def open_notebook(page: Page, lab: Lab, path: Path) -> None:
    "Open a notebook alone (`doc` mode) and wait until its kernel is ready."
    page.goto(f"{lab.url}/doc/tree/{path.relative_to(lab.folder)}?reset&token={lab.token}")
    page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'", timeout=1000 * PATIENCE)
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.context.isReady")


def open_copy(page: Page, lab: Lab, original: str) -> None:
    "Open a copy of one of the course's notebooks, such as nbs/02_backprop.ipynb."
    open_notebook(page, lab, Path(shutil.copy(ROOT / original, lab.folder)))


def cell_states(page: Page) -> dict[str, int]:
    "How many code cells there are that hold any text, how many have run, and how many outputs are errors; from the notebook's model."
    return page.evaluate("""() => {
        const cells = [...window.jupyterapp.shell.currentWidget.model.cells].filter(c => c.type === 'code' && c.sharedModel.source.trim());
        const outputs = cells.flatMap(c => c.outputs.toJSON());
        return {cells: cells.length, done: cells.filter(c => c.executionCount && c.executionState !== 'running').length,
                errors: outputs.filter(o => o.output_type === 'error').map(o => o.ename + ': ' + o.evalue)};
    }""")


def run_all(page: Page, seconds: float = PATIENCE) -> None:
    "Run every cell and wait until all code cells have run; fails on any error output."
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")

    def finished():
        states = cell_states(page)
        assert not states["errors"], states["errors"]
        return states["done"] == states["cells"]

    wait_for(finished, "every cell to run", seconds)
    page.wait_for_function("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'")


def set_theme(page: Page, theme: str) -> None:
    "Change JupyterLab's theme and wait until the page wears it and the splash that covers the change is gone."
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme && !document.querySelector('#jupyterlab-splash')", arg=theme)
