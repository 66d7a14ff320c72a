"""The script on the page about many machines: two processes lose what one does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAUNCH = [sys.executable, "-m", "accelerate.commands.accelerate_cli", "launch", "--cpu", "--num_machines", "1", "--mixed_precision", "no",
          "--dynamo_backend", "no", "--num_cpu_threads_per_process", "1", "--main_process_port", "0"]  # fmt: skip


def losses(command, environment):
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return [float(loss) for loss in re.findall(r"step \d+: loss ([\d.]+)", done.stdout)]


def test_two_gloo_processes_lose_what_one_does(tmp_path):
    pytest.importorskip("accelerate", reason="the extra scale is not installed: python -m genai_course test installs it")
    script = tmp_path / "digits.py"
    script.write_text(re.search(r"```python\n(.*?)```", (ROOT / "docs" / "scaling_out.md").read_text(encoding="utf-8"), re.S)[1])
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true", "HF_HOME": str(tmp_path)}
    one = losses([sys.executable, script], environment)
    two = losses([*LAUNCH, "--num_processes", "2", script], environment)
    assert len(one) == 20 and one[-1] < one[0] / 2
    assert two == pytest.approx(one, abs=1e-5)
