"""Kills a grader that has a worker running, and prints whether the worker is gone with it. As a program: takes the isolation."""

import subprocess
import sys
import time
from pathlib import Path

GRADER = """
import sys
from genai_course.grading.sandbox.isolation import chosen
from genai_course.grading.sandbox.session import Limits, Session
with Session(chosen(sys.argv[1]), "", [], Limits()) as session:
    session.start()
    print(session.talk.process.started.worker, flush=True)
    session.begin("", 1000.0)
    session.ask({"do": "run", "source": "while True: pass", "name": "<cell>"}, dict)
"""


def left_behind(kind: str, patience: float = 100.0) -> bool:
    "Whether a worker still runs `patience` seconds after its grader was killed."
    grader = subprocess.Popen([sys.executable, "-c", GRADER, kind], stdout=subprocess.PIPE, text=True)
    status = Path(f"/proc/{int(grader.stdout.readline())}/stat")
    grader.kill()
    grader.wait()
    until = time.monotonic() + patience
    while (running := _runs(status)) and time.monotonic() < until: time.sleep(0.05)
    return running


def _runs(status: Path) -> bool:
    try: return status.read_text().rsplit(")", 1)[1].split()[0] != "Z"  # a zombie has ended, and waits to be counted
    except OSError: return False


if __name__ == "__main__": print(left_behind(sys.argv[1]))
