"""`export`: grades in the forms that others read."""

import argparse
import json
from pathlib import Path

from genai_course.cli.folders import clone_folder
from genai_course.cli.trouble import Misuse, Trouble, explained
from genai_course.core import write_atomically
from genai_course.grading.classes.held_out import held_out_tests, repository_folder
from genai_course.grading.classes.lessons import lesson_called
from genai_course.grading.classes.store import StoreError, reports_in
from genai_course.grading.exports.gradescope import autograder_zip, results
from genai_course.grading.exports.marks import marks_csv, marks_markdown
from genai_course.grading.exports.workflow import workflow
from genai_course.grading.spec import SpecError


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Write each form that `options` ask for."
    wanted = {"marks": _marks, "summary": _summary, "gradescope": _gradescope, "workflow": _workflow}
    if not any(getattr(options, name) for name in wanted): raise Misuse(f"export needs one of {', '.join(f'--{name}' for name in wanted)}.")
    try:
        for name, content in wanted.items():
            if file := getattr(options, name): _write(Path(file), content(options))
    except (SpecError, StoreError) as error: raise Misuse(str(error)) from None
    except OSError as error: raise explained(error) from error
    return 0


def _write(file, content):
    write_atomically(file, content)
    print(f"Wrote {file}.")


def _reports(options):
    if not options.grades: raise Misuse("name the folder of grades, as in: export grades --marks marks.csv.")
    return reports_in(Path(options.grades))


def _lesson(options):
    if not options.lesson: raise Misuse("name the lesson, as in --lesson 02.")
    return lesson_called(options.lesson)


def _marks(options): return marks_csv(_reports(options))


def _summary(options): return marks_markdown(_reports(options))


def _workflow(options): return workflow(_lesson(options))


def _gradescope(options):
    if options.gradescope.endswith(".json"): return _results(_reports(options))
    if not options.gradescope.endswith(".zip"): raise Misuse("--gradescope writes a results.json or an autograder.zip; end the name so.")
    stem = _lesson(options)
    tests = held_out_tests(Path(options.hidden) if options.hidden else repository_folder())
    if stem not in tests: raise Misuse(f"there are no held-out tests of {stem}: a file test_{stem}.py in the folder that --hidden names.")
    return autograder_zip(clone_folder("export --gradescope F.zip"), stem, tests[stem])


def _results(reports):
    if len(reports) != 1: raise Misuse(f"results.json is for one submission; there are {len(reports)} in this folder.")
    if reports[0]["status"] == "grader_error": raise Trouble(f"the grader failed ({reports[0]['error']}); that is not a zero, so no results are written.")
    return json.dumps(results(reports[0]), indent=1) + "\n"
