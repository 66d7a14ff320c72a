"""Which recipes the lessons have, read from their source: no lesson is imported, so that `--help` stays quick."""

import ast
from pathlib import Path

import genai_course


def modules_with_recipes() -> list[Path]:
    "The files of the lessons that have recipes."
    return [file for file in sorted(Path(genai_course.__file__).parent.glob("*.py")) if "\nRECIPES = " in file.read_text(encoding="utf-8")]


def recipe_lines() -> dict[str, str]:
    "What each recipe does, by its name."
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in modules_with_recipes()]
    tables = [node.value for tree in trees for node in tree.body if ast.unparse(node).startswith(("RECIPES = ", "RECIPES |= "))]
    return {key.value: recipe.args[0].value for table in tables for key, recipe in zip(table.keys, table.values, strict=True)}
