"""What a dashboard costs the training that it shows, and how long a pause takes to be acknowledged, in a real JupyterLab."""

from collections.abc import Iterator

from genai_course.cli.benches.in_browser import measured
from genai_course.cli.benches.measuring import Result, at_most

SLOWER, PAUSE = 1.03, 400  # goals: times the seconds of the same steps without a dashboard; milliseconds for 95 of 100 pauses


def measure() -> Iterator[Result]:
    "Both figures. Raises Trouble where the measurement is not there or fails."
    found = measured("dashboard_cost", "the dashboard")
    cost, pause = found["cost"], found["pause_ms"]
    yield Result("training on show, seconds", cost["shown"], "seconds", "not shown", cost["alone"], cost["ratio"], cost["spread"],
                 f"ratio <= {SLOWER}", cost["ratio"] <= SLOWER)  # fmt: skip
    yield at_most("dashboard, pause acknowledged, p95", pause["p95"], "ms", pause["spread"], PAUSE)
