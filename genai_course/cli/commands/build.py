"""`build`: exports the modules and makes everything else that comes from the notebooks."""

import argparse

from genai_course.cli import build


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Build one stem or everything; returns the exit status."
    return build.build(options.stem) or 0
