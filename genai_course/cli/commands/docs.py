"""`docs`: builds the course's web site from its notebooks."""

import argparse
from pathlib import Path

from genai_course.cli import docs
from genai_course.cli.folders import course_folder


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Build the site and say where it is. Raises Trouble."
    course = course_folder()
    out = Path(options.out).expanduser().absolute() if options.out else course / "build" / "docs"
    print(f"The site is ready: {docs.build(course, out).as_uri()}")
    return 0
