"""Runs a measurement of `tests/browser`, which opens a real JupyterLab in Chromium."""

import json
import subprocess
import sys

from genai_course.cli.folders import course_folder
from genai_course.cli.trouble import Trouble


def measured(script: str, what: str) -> dict:
    "What `measure()` in tests/browser/`script`.py finds. Raises Trouble where it is not there or fails; `what` it measures is for the message."
    folder = course_folder() / "tests" / "browser"
    file = folder / f"{script}.py"
    if not file.exists(): raise Trouble(f"{file} is missing: widgets are measured in a full clone only.")
    program = f"import json, {script}; print(json.dumps({script}.measure()))"
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE, text=True)
    if done.returncode: raise Trouble(f"{what} could not be measured; the lines above say why.")
    return json.loads(done.stdout.splitlines()[-1])
