"""What a dashboard costs the training that it shows, and how long a pause takes to be acknowledged, in a real JupyterLab."""

import json
import subprocess
import sys

from genai_course.cli.benches.measuring import Result
from genai_course.cli.folders import course_folder
from genai_course.cli.trouble import Trouble

SLOWER, PAUSE = 1.03, 400  # goals: times the seconds of the same steps without a dashboard; milliseconds for 95 of 100 pauses
PROGRAM = "import json, dashboard_cost; print(json.dumps(dashboard_cost.measure()))"


def measure() -> list[Result]:
    "Both figures. Raises Trouble where the measurement is not there or fails."
    folder = course_folder() / "tests" / "browser"
    if not (folder / "dashboard_cost.py").exists(): raise Trouble(f"{folder / 'dashboard_cost.py'} is missing: widgets are measured in a full clone only.")
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=folder, stdout=subprocess.PIPE, text=True)
    if done.returncode: raise Trouble("the dashboard could not be measured; the lines above say why.")
    found = json.loads(done.stdout.splitlines()[-1])
    cost, pause = found["cost"], found["pause_ms"]
    return [Result("training on show, seconds", cost["shown"], "seconds", "not shown", cost["alone"], cost["ratio"], cost["spread"],
                   f"ratio <= {SLOWER}", cost["ratio"] <= SLOWER),
            Result("dashboard, pause acknowledged, p95", pause["p95"], "ms", None, None, None, pause["spread"], f"value <= {PAUSE}", pause["p95"] <= PAUSE)]  # fmt: skip
