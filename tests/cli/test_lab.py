"""The course's first command, with the server that it starts."""

import os
import signal
import subprocess
import sys

import pytest
from lab import answers, free_port, isolated, wait_for

from tests.cli.conftest import ROOT

STARTS = """
import argparse, sys
from genai_course.cli.commands import lab
sys.exit(lab.run(argparse.Namespace(folder=None, port=int(sys.argv[1]), no_browser=True, prepare=False), []))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot send Ctrl-C to one process")
def test_it_serves_the_map_until_ctrl_c(tmp_path):
    port, surroundings = free_port(), isolated(tmp_path) | {"GENAI_WORK": str(tmp_path / "work"), "JUPYTER_TOKEN": "secret"}
    with subprocess.Popen([sys.executable, "-c", STARTS, str(port)], cwd=ROOT, env=surroundings, stdout=subprocess.PIPE, text=True) as process:
        try:
            wait_for(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/lab?token=secret"), "JupyterLab")
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=60)[0]
        finally: process.kill()
    assert process.returncode == 0 and f"http://localhost:{port}/lab?token=secret" in said and said.splitlines()[-1].startswith("Stopped. Your work is saved")
    assert (tmp_path / "work" / "course_map.ipynb").exists()
