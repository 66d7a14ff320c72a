"""`lab`: makes the learner's copies, or unpacks those of an installed course, writes the map, fetches data, and opens JupyterLab on it."""

import argparse
import os
import secrets
import socket
import sys
from pathlib import Path
from urllib.parse import quote

from genai_course.cli.catalogue import prepare
from genai_course.cli.course_map import write_map
from genai_course.cli.downloads import fetch_or_say
from genai_course.cli.folders import CARRIED, MARK, course_folder
from genai_course.cli.trouble import Misuse, Trouble, explained
from genai_course.cli.unpacking import chosen_folder, unpack, work_folder
from genai_course.core import SettingError

FIRST_PORT, PORTS_TO_TRY = 8888, 50
KEPT = "Kept {file}: you have changed it, and this version of the course has a newer one. To get that, rename or delete yours and start again."
JUPYTER_SETTINGS = Path(__file__).parents[1] / "jupyter"


def is_free(port: int) -> bool:
    "Whether a server can listen on a port of this machine."
    with socket.socket() as probe:
        if os.name != "nt": probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try: probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError): return False
    return True


def choose_port(wanted: int | None) -> int:
    "The port to listen on: `wanted`, else the first free one, which is said where it is not the usual one. Raises Trouble."
    if wanted is not None and not 1 <= wanted <= 65535: raise Trouble(f"--port {wanted} is no port; ports go from 1 to 65535.")
    if wanted is not None and not is_free(wanted): raise Trouble(f"port {wanted} is in use. Choose another --port, or leave it out.")
    if wanted is not None: return wanted
    port = next((port for port in range(FIRST_PORT, FIRST_PORT + PORTS_TO_TRY) if is_free(port)), None)
    if port is None: raise Trouble(f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS_TO_TRY - 1} is free. Choose one with --port N.")
    if port != FIRST_PORT: print(f"Port {FIRST_PORT} is in use (perhaps the course is open already); taking {port}.")
    return port


def make_work(course: Path) -> Path:
    "Bring the learner's copies and the map up to date; returns the map. Raises Trouble where it cannot be written or a setting is wrong."
    try:
        if course != CARRIED: prepare(course, work_folder())
        return write_map(course, work_folder())
    except OSError as error: raise explained(error) from error
    except SettingError as error: raise Trouble(str(error)) from None


def root_folder(course: Path, wanted: str | None) -> Path:
    "The folder that JupyterLab shows: a clone, or the `wanted` one, into which an installed course is unpacked, saying so. Raises Trouble."
    if course != CARRIED and wanted: raise Misuse(f"{course} is a clone, which has its notebooks already: leave {wanted} out. (Your copies are where the setting work says.)")
    if course != CARRIED: return course
    folder = chosen_folder(wanted)
    print(f"{'Renewing' if (folder / MARK).exists() else 'Unpacking'} the course's notebooks in {folder}; what you have changed there stays as it is.", flush=True)
    try: kept = unpack(course, folder)
    except OSError as error: raise explained(error) from error
    for file in kept: print(KEPT.format(file=file.relative_to(folder).as_posix()))
    return folder


def _page(course: Path, file: Path) -> str:
    "The address in JupyterLab of a file; of its front page, where the file lies outside the course."
    if not file.is_relative_to(course): return "/lab"
    return "/lab/tree/" + quote(file.relative_to(course).as_posix())


def server_options(course: Path, page: str, port: int, browser: bool) -> list[str]:
    "JupyterLab's options: the folder of the course as its root, opened on `page`, quiet."
    options = [f"--ServerApp.root_dir={course}", f"--LabApp.default_url={page}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    options += ["--KernelManager.transport_encryption=auto", "--ServerApp.answer_yes=True"]
    options += ["--Application.log_level=ERROR", "--ServerApp.log_level=ERROR", "--LabApp.log_level=ERROR"]
    if not browser: options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0: options.append("--allow-root")
    return options


def _prepare_jupyter() -> str:
    "Set what JupyterLab reads from its surroundings; returns the token that opens it."
    token = os.environ.setdefault("JUPYTER_TOKEN", secrets.token_hex(24))
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(JUPYTER_SETTINGS), *([others] if others else [])])
    # jsonschema takes more than a second to load this package, for a check of international addresses that JupyterLab never asks for.
    sys.modules["rfc3987_syntax"] = None
    return token


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Open the course in JupyterLab; ends when it is stopped with Ctrl-C, or at once where it was to `prepare` only."
    course, port = course_folder(), None if options.prepare else choose_port(options.port)
    root = root_folder(course, options.folder)
    os.chdir(root)
    course_map = make_work(course)
    page, saved = _page(root, course_map), "work/" if root == course else root
    fetch_or_say()
    if options.prepare:
        print(f"Ready: open {course_map}")
        return 0
    token = _prepare_jupyter()
    print(f"JupyterLab: http://localhost:{port}{page}?token={token}\nCtrl-C here stops it; your work is saved in {saved}.", flush=True)
    from jupyterlab.labapp import LabApp
    LabApp.launch_instance(server_options(root, page, port, not options.no_browser))
    print(f"Stopped. Your work is saved in {saved}; the same command goes on from here.")
    return 0
