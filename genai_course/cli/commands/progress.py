"""`progress`: what the learner has done so far, as text."""

import argparse

from genai_course.cli.trouble import Trouble, explained
from genai_course.core import SettingError, settings
from genai_course.grading import lessons, record
from genai_course.grading.cards import progress_card


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Print how far every exercise is."
    try: print(progress_card(lessons(), [], settings.pass_mark, record.predictions()).text)
    except SettingError as error: raise Trouble(str(error)) from None
    except OSError as error: raise explained(error) from error
    return 0
