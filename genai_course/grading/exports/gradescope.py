"""What Gradescope reads: `results.json` for one submission, and the zip that grades there."""

import io
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

TEMPLATES = Path(__file__).parent / "templates"
NOT_IN_THE_ZIP = ("__pycache__", ".egg-info")
EXECUTABLE, ORDINARY = 0o100755, 0o100644
WITHOUT_TIME = (1980, 1, 1, 0, 0, 0)  # so that the same files give the same zip


def results(report: dict) -> dict:
    "The content of `results.json`: open tests one by one, held-out tests as one line without details for each question."
    tests = [entry for question in report["questions"] for entry in _entries(question)]
    output = report["error"] or "\n".join(report["warnings"])
    return {"score": report["score"], "execution_time": round(report["seconds"]), "output": output, "output_format": "text",
            "stdout_visibility": "hidden", "tests": tests}


def _entries(question):
    name = f"{question['id']} {question['title']}"
    opened, hidden = ([test for test in question["tests"] if test["hidden"] == wanted] for wanted in (False, True))
    entries = [_entry(f"{name}: {test['title']}", [test], test["message"]) for test in opened]
    return entries + ([_entry(f"{name}: {len(hidden)} held-out", hidden, "") | {"visibility": "after_published"}] if hidden else [])


def _entry(name, tests, output):
    score, most = sum(test["score"] for test in tests), sum(test["points"] for test in tests)
    return {"name": name, "name_format": "text", "score": score, "max_score": most, "status": "passed" if score == most else "failed",
            "output": output, "output_format": "text", "visibility": "visible"}


def autograder_zip(course: Path, stem: str, held_out: str) -> bytes:
    "The zip that grades the exercise of the lesson `stem` on Gradescope: the course in `course` with the source of its held-out tests."
    content = {"setup.sh": _template("setup.sh"), "run_autograder": _template("run_autograder").replace("LESSON", stem),
               f"course/tests/exercises/hidden/test_{stem}.py": held_out}
    for file in _course_files(course, stem): content[f"course/{file.relative_to(course).as_posix()}"] = file.read_bytes()
    return _zipped(content)


def _course_files(course, stem):
    package = [file for file in sorted((course / "genai_course").rglob("*")) if file.is_file() and not any(part in str(file) for part in NOT_IN_THE_ZIP)]
    return [*(course / name for name in ("pyproject.toml", "README.md", "LICENSE")), course / "nbs" / f"{stem}.ipynb", *package]


def _template(name): return (TEMPLATES / name).read_text(encoding="utf-8")


def _zipped(content):
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, data in content.items():
            info = ZipInfo(name, WITHOUT_TIME)
            info.compress_type, info.external_attr = ZIP_DEFLATED, (ORDINARY if "/" in name else EXECUTABLE) << 16
            archive.writestr(info, data)
    return out.getvalue()
