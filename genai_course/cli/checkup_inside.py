"""What `doctor` looks at with the course's own interpreter: versions, settings, data, progress, JupyterLab and kernels."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from genai_course.cli.checkup import Finding
from genai_course.cli.constraints import pins
from genai_course.cli.downloads import missing_packages
from genai_course.cli.environment import runs_in
from genai_course.cli.folders import constraints_file, course_folder, environment_folder
from genai_course.cli.requirements import installed_version, missing
from genai_course.core import SETTINGS, SettingError, data_folder, downloads_folder, progress_file, settings, settings_files

FOR_TESTS = ("full",)  # variables that `test` sets and that are no settings


def version_findings() -> list[Finding]:
    "Versions that differ from the pinned ones: a fault in the course's own environment, a remark in another."
    course = course_folder()
    wanted = pins(constraints_file(course))
    have = {name: version.split("+")[0] for name in wanted if (version := installed_version(name))}
    other = [f"{name} {have[name]} (pinned {wanted[name]})" for name in have if have[name] != wanted[name]]
    if lacking := missing(course): return [Finding(False, f"packages missing: {', '.join(lacking)}", "run: python -m genai_course")]
    if not other: return [Finding(True, f"versions: all {len(have)} as pinned")]
    ours = runs_in(environment_folder(course))
    mend = "delete .venv, then run: python -m genai_course" if ours else ""
    return [Finding(not ours, f"versions other than pinned: {', '.join(other)}", mend)]


def settings_findings() -> list[Finding]:
    "Settings that cannot be used or are unknown."
    wrong = []
    for name in SETTINGS:
        try: getattr(settings, name)
        except SettingError as error: wrong.append(str(error))
    if wrong: return [Finding(False, f"settings: {text}") for text in dict.fromkeys(wrong)]
    unknown = [f"{key} in {file}" for file in settings_files() for key in _keys(file) if key not in SETTINGS]
    unknown += [key for key in os.environ if key.startswith("GENAI_") and key[6:].lower() not in (*SETTINGS, *FOR_TESTS)]
    if unknown: return [Finding(False, f"unknown settings: {', '.join(unknown)}", f"there are: {', '.join(SETTINGS)}")]
    return [Finding(True, f"settings: {', '.join(map(str, settings_files())) or 'the defaults'}")]


def _keys(file: Path) -> list[str]:
    from configparser import ConfigParser
    parser = ConfigParser(interpolation=None)
    parser.read(file, encoding="utf-8")
    return [*parser.defaults(), *[key for section in parser.sections() for key in parser[section]]]


def data_findings() -> list[Finding]:
    "Whether the data folder can be written and the progress file read."
    try: folder = data_folder()
    except OSError as error: return [Finding(False, f"data: {error}", "set `data` in settings.ini to a folder of your own")]
    if not os.access(folder, os.W_OK): return [Finding(False, f"data: {folder} may not be written", "set `data` in settings.ini to another")]
    return [Finding(True, f"data: {folder}"), _downloads_finding(), _progress_finding(progress_file())]


def _downloads_finding() -> Finding:
    lacking = missing_packages()
    if lacking: return Finding(False, f"downloads: {', '.join(lacking)} not in {downloads_folder()}", "run: python -m genai_course data")
    return Finding(True, f"downloads: {downloads_folder()}")


def _progress_finding(file: Path) -> Finding:
    if not file.exists(): return Finding(True, "progress: none yet")
    try: good = isinstance(json.loads(file.read_text(encoding="utf-8")), dict)
    except (OSError, ValueError): good = False
    return Finding(good, f"progress: {file}" + ("" if good else " cannot be read"), "" if good else "move the file away; progress starts anew")


def jupyter_findings() -> list[Finding]:
    "Whether JupyterLab is there, and whether its kernel `python3` is this interpreter."
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    if not installed_version("jupyterlab"): return [Finding(False, "JupyterLab is missing", "run: python -m genai_course")]
    try: spec = KernelSpecManager().get_kernel_spec("python3")
    except NoSuchKernel: return [Finding(False, "the kernel python3 is missing", "delete .venv, then run: python -m genai_course")]
    ours = not os.path.isabs(spec.argv[0]) or Path(spec.argv[0]).absolute().parent == Path(sys.executable).absolute().parent
    mend = "" if ours else f"remove it, with: jupyter kernelspec remove python3 ({spec.resource_dir})"
    text = f"JupyterLab {installed_version('jupyterlab')}; kernel python3 " + ("is this Python" if ours else f"starts another Python, {spec.argv[0]}")
    return [Finding(ours, text, mend)]


CHECKS: list[Callable[[], list[Finding]]] = [version_findings, settings_findings, data_findings, jupyter_findings]


def _findings(check: Callable[[], list[Finding]]) -> list[Finding]:
    try: return check()
    except SettingError: return []  # said by settings_findings


def main() -> int:
    "Print all findings; returns 1 if something must be mended."
    found = [finding for check in CHECKS for finding in _findings(check)]
    for finding in found: print(finding)
    return 0 if all(finding.good for finding in found) else 1


if __name__ == "__main__":
    sys.exit(main())
