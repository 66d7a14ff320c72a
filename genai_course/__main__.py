"""`python -m genai_course`: says which Python it needs on an old one, and hands over to the commands on a new one.

This file and the package's `__init__` are written so that every Python since 2.7 can read them.
"""

import sys

OLDEST_PYTHON = (3, 11)


def python_complaint(version):
    """One line that says which Python is needed, or "" where `version`, a tuple such as (3, 11), will do."""
    if tuple(version[:2]) >= OLDEST_PYTHON:
        return ""
    return (
        "genai_course: Python {}.{} or newer is needed; this is Python {}.{} at {}. "
        "Install a newer Python and start with it, for example: python3.11 -m genai_course\n"
    ).format(*(OLDEST_PYTHON + tuple(version[:2]) + (sys.executable,)))


def main():
    """Hand over to the commands; returns the exit status."""
    complaint = python_complaint(sys.version_info)
    if complaint:
        sys.stderr.write(complaint)
        return 1
    try:
        from genai_course.cli import main as run_command

        return run_command()
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Nothing is lost: the same command goes on from here.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
