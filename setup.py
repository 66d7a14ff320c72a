"""Puts the course's notebooks into the wheel; everything else that setuptools needs to know is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FILES = ("nbs/*.ipynb", "nbs/explorers/*.ipynb", "exercises/*.ipynb", "solutions/*.ipynb", "docs/scaling_out.md")


class BuildWithNotebooks(build_py):
    "Builds the package with the notebooks in its folder `course`, laid out as here. An editable install has this folder's own."

    def carried(self) -> list[str]:
        "The files that go with the package, as counted from this folder."
        return [str(file) for pattern in FILES for file in sorted(Path().glob(pattern))]

    def places(self) -> list[str]:
        "Where they are put."
        return [str(Path(self.build_lib, "genai_course", "course", file)) for file in self.carried()]

    def run(self) -> None:
        super().run()
        if self.editable_mode: return
        shutil.rmtree(Path(self.build_lib, "genai_course", "course"), ignore_errors=True)  # what an earlier build has left
        for file, place in zip(self.carried(), self.places(), strict=True):
            self.mkpath(str(Path(place).parent))
            self.copy_file(file, place)

    def get_source_files(self) -> list[str]: return [*super().get_source_files(), *self.carried()]

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        return [*super().get_outputs(include_bytecode), *([] if self.editable_mode else self.places())]


setup(cmdclass={"build_py": BuildWithNotebooks})
