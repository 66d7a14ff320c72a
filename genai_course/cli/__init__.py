"""The course's commands: `python -m genai_course COMMAND`. Everything up to the start of a command needs Python alone."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import NamedTuple

import genai_course
from genai_course.cli.environment import add_to_path, hand_over, interpreter
from genai_course.cli.folders import course_folder
from genai_course.cli.trouble import Trouble

PROGRAM = "python -m genai_course"


class Command(NamedTuple):
    "A command: what it does, what it needs, and what it can be told."
    does: str
    extras: tuple[str, ...] = ()  # what it needs besides the run time
    options: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    passes_on: bool = False  # whether arguments that it does not know go to another program


def _lab_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, metavar="N", help="the port that JupyterLab listens on (default: the first free one from 8888)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser; only say the address")


def _test_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full", action="store_true", help="lessons at their whole time budget, not a tenth; every kill and repeat")


def _build_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stem", nargs="?", metavar="STEM", help="one lesson or tool only, such as backprop (default: everything)")


def _bench_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", choices=("backprop", "widgets"), metavar="NAME", help="backprop or widgets (default: both)")
    parser.add_argument("--json", metavar="F", help="also write the figures to the file F")


COMMANDS = {
    "lab": Command("set up the course and open JupyterLab on its map (the default)", (), _lab_options),
    "test": Command("set up and run the tests; further arguments go to pytest", ("dev",), _test_options, passes_on=True),
    "data": Command("fetch the data that lessons use, out of packages that are never installed"),
    "build": Command("export the modules and make everything else that comes from the notebooks", ("dev",), _build_options),
    "bench": Command("measure against other implementations, side by side", ("bench", "dev"), _bench_options),
    "progress": Command("show what you have done so far"),
    "doctor": Command("look for what is wrong with this machine's set-up, and say the mend"),
}
WITHOUT_ENVIRONMENT = ("doctor",)


class OneLineParser(argparse.ArgumentParser):
    "Says what is wrong with the arguments in one line."

    def error(self, message: str) -> None:
        "End with status 2."
        self.exit(2, f"genai_course: {message}. See: {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    "The commands and their options."
    top = OneLineParser(prog=PROGRAM, description=genai_course.__doc__, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"genai_course {genai_course.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=OneLineParser)
    for name, command in COMMANDS.items():
        command.options(commands.add_parser(name, help=command.does, description=command.does.capitalize() + ".", allow_abbrev=False))
    return top


def _read(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    "The arguments as read, and those that are for another program."
    top = parser()
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "--version")): arguments = ["lab", *arguments]
    if arguments[0] not in COMMANDS and not arguments[0].startswith("-"):
        top.error(f"there is no command {arguments[0]!r}; there are: {', '.join(COMMANDS)}")
    options, others = top.parse_known_args(arguments)
    if others and not COMMANDS[options.command].passes_on: top.error(f"{options.command} does not know {' '.join(others)}")
    return options, others


def _run(arguments: Sequence[str]) -> int:
    options, others = _read(arguments)
    name = options.command
    if name not in WITHOUT_ENVIRONMENT:
        course = course_folder()
        python = interpreter(course, COMMANDS[name].extras)
        add_to_path(course)
        if str(python) != sys.executable: return hand_over(python, [name, *arguments[arguments[:1] == [name] :]])
    return import_module(f"genai_course.cli.commands.{name}").run(options, others)


def main(arguments: Sequence[str] | None = None) -> int:
    "Run the command that `arguments` (default: the command line) ask for; returns the exit status: 0, 1 failed, 2 bad usage, 130 stopped."
    for stream in (sys.stdout, sys.stderr): stream.reconfigure(errors="replace")  # a terminal may lack ✓
    try: return _run(list(sys.argv[1:] if arguments is None else arguments))
    except Trouble as trouble:
        print(f"genai_course: {trouble}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing is lost: the same command goes on from here.", file=sys.stderr)
        return 130
