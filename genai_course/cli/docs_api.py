"""The API reference: what each module exports, read from its source without importing it, as pages for Sphinx's Python domain."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from genai_course.cli.docs_cells import sections, target
from genai_course.cli.notebooks import front_matter, read_notebook

CELL = re.compile(r"^# %% (\S+\.ipynb) #(\w+)$", re.M)
SPECIAL = re.compile(r"[\\*_<>$\[\]{}|~^#&`]")
LONGEST_VALUE = 80  # letters of a constant's value that are shown
Definition = ast.FunctionDef | ast.ClassDef | ast.AnnAssign | ast.Assign


@dataclass(frozen=True)
class Module:
    "A module of the course: its dotted name, its text, and the notebook that it comes from."
    name: str
    text: str
    notebook: Path

    @cached_property
    def tree(self) -> ast.Module:
        "What the source says, with the full names of our types and torch's where it only says that they are imported."
        tree = ast.parse(self.text)
        return FullNames(self.name, tree).visit(tree)

    @property
    def stem(self) -> str:
        "The name of its page, such as explorers.attention."
        return self.name.removeprefix("genai_course.")


class FullNames(ast.NodeTransformer):
    "Puts full names into annotations, so that `Tensor` leads to ours or to torch's, whichever is meant."
    def __init__(self, module: str, tree: ast.Module):
        self.names = {}
        for node in tree.body:
            if not isinstance(node, ast.ImportFrom): continue
            origin = ".".join([*module.split(".")[: -node.level], *([node.module] if node.module else [])]) if node.level else node.module
            if origin.split(".")[0] in ("genai_course", "torch"): self.names |= {name.asname or name.name: f"{origin}.{name.name}" for name in node.names}

    def full(self, annotation: ast.expr | None) -> ast.expr | None:
        "An annotation with full names."
        for node in ast.walk(annotation) if annotation else []:
            if isinstance(node, ast.Name): node.id = self.names.get(node.id, node.id)
        return annotation

    def visit_arg(self, node: ast.arg) -> ast.arg:
        "An argument."
        node.annotation = self.full(node.annotation)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        "A function: its result, and its arguments."
        node.returns = self.full(node.returns)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        "A field or constant with a type."
        node.annotation = self.full(node.annotation)
        return node


def modules(root: Path) -> list[Module]:
    "The modules that come from notebooks, in the order of the notebooks, explorers last."
    package = root / "genai_course"
    found = [_module(file, root) for file in [*package.glob("*.py"), *(package / "explorers").glob("*.py")]]
    return sorted((module for module in found if module), key=lambda module: (module.notebook.parent.name == "explorers", module.notebook.name))


def _module(file: Path, root: Path) -> Module | None:
    text = file.read_text(encoding="utf-8")
    origin = CELL.search(text)
    name = ".".join(file.relative_to(root).with_suffix("").parts)
    return Module(name, text, (file.parent / origin[1]).resolve()) if origin else None


def exported(module: Module) -> list[str]:
    "The names in a module's `__all__`."
    lists = [node.value for node in module.tree.body if isinstance(node, ast.Assign) and any(_name(goal) == "__all__" for goal in node.targets)]
    return [name for value in lists for name in ast.literal_eval(value)]


def _name(node: ast.AST) -> str: return node.id if isinstance(node, ast.Name) else ""


def definitions(module: Module) -> Iterator[tuple[str, Definition]]:
    "The exported names that are defined in a module, each with its definition, in the order of the source."
    wanted = set(exported(module))
    for node in module.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)): names = [node.name]
        elif isinstance(node, ast.AnnAssign): names = [_name(node.target)]
        elif isinstance(node, ast.Assign): names = [_name(part) for goal in node.targets for part in (goal.elts if isinstance(goal, ast.Tuple) else [goal])]
        else: names = []
        for name in names:
            if name in wanted: yield name, node


def plain(text: str) -> str:
    "A docstring as Markdown that shows it letter by letter, but for `code`."
    parts = re.split(r"(`[^`]+`)", re.sub(r"\n[ \t]+", "\n", text.strip()))
    return "".join(part if number % 2 else SPECIAL.sub(r"\\\g<0>", part) for number, part in enumerate(parts))


def comment_on(node: ast.stmt, lines: list[str]) -> str:
    "The comment at the end of a definition's first line; an instruction to a tool is none."
    found = re.search(r"\s# (?!fmt:|noqa|type:)(.+)$", lines[node.lineno - 1])
    return found[1].strip() if found else ""


def directive(kind: str, head: str, body: list[str], depth: int = 3, **options: str) -> str:
    "A directive of the Python domain, in MyST."
    fence = "`" * depth
    return "\n".join([f"{fence}{{py:{kind}}} {head}", *[f":{name}: {json.dumps(value)}" for name, value in options.items()], "", *body, fence])


def signature(node: ast.FunctionDef, bound: bool = False) -> str:
    "A function's arguments and result as the source has them; without the first where it is a method."
    arguments = ast.parse(ast.unparse(node.args).join(["def f(", "): 0"])).body[0].args
    first = arguments.posonlyargs or arguments.args
    if bound and first: del first[0]
    return f"({ast.unparse(arguments)})" + (f" -> {ast.unparse(node.returns)}" if node.returns else "")


def _decorators(node: ast.FunctionDef) -> set[str]: return {ast.unparse(decorator) for decorator in node.decorator_list}


def method(node: ast.FunctionDef) -> str:
    "The entry of a method or a property."
    marks, said = _decorators(node), [plain(ast.get_docstring(node) or ""), ""]
    if marks & {"property", "cached_property"}: return directive("property", node.name, said, **({"type": ast.unparse(node.returns)} if node.returns else {}))
    kind = next((kind for kind in ("classmethod", "staticmethod") if kind in marks), "method")
    return directive(kind, node.name + signature(node, bound=kind != "staticmethod"), said)


def attribute(node: ast.AnnAssign, lines: list[str]) -> str:
    "The entry of a field with a type."
    return directive("attribute", node.target.id, [plain(comment_on(node, lines)), ""], type=ast.unparse(node.annotation))


def _class_head(node: ast.ClassDef) -> str:
    first = next((part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"), None)
    if first: return node.name + signature(first, bound=True)
    fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
    arguments = [f"{ast.unparse(field.target)}: {ast.unparse(field.annotation)}" + (f" = {ast.unparse(field.value)}" if field.value else "") for field in fields]
    return f"{node.name}({', '.join(arguments)})" if arguments else node.name


def entry(name: str, node: Definition, lines: list[str], where: str) -> str:
    "The entry of an exported name; `where` links to the section that builds it."
    if isinstance(node, ast.FunctionDef): return directive("function", name + signature(node), [plain(ast.get_docstring(node) or ""), "", where])
    if isinstance(node, ast.ClassDef): return class_entry(node, lines, where)
    value = ast.unparse(node.value) if isinstance(node, ast.AnnAssign) or isinstance(node.targets[0], ast.Name) else ""
    short = value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
    return directive("data", name, [plain(comment_on(node, lines)), "", where], **({"value": short} if short else {}))


def class_entry(node: ast.ClassDef, lines: list[str], where: str) -> str:
    "The entry of a class with its fields and methods; those with an underscore are its own business."
    fields = [attribute(part, lines) for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)]
    methods = [method(part) for part in node.body if isinstance(part, ast.FunctionDef) and not part.name.startswith("_")]
    bases = ", ".join(f"`{ast.unparse(base)}`" for base in node.bases)
    said = [plain(ast.get_docstring(node) or ""), "", f"A kind of {bases}. {where}" if bases else where, ""]
    return directive("class", _class_head(node), [*said, *[line for part in [*fields, *methods] for line in (part, "")]], depth=4)


def places(module: Module, notebook: Mapping) -> dict[int, tuple[int, str]]:
    "For each line of a module: the section of the notebook that it comes from."
    known, now, found = sections(notebook), (0, ""), {}
    for number, line in enumerate(module.text.split("\n"), 1):
        if mark := CELL.match(line): now = known.get(mark[2], (0, ""))
        found[number] = now
    return found


def api_page(module: Module) -> str:
    "The page of a module."
    notebook, lines = read_notebook(module.notebook), module.text.split("\n")
    words, place = front_matter(notebook), places(module, notebook)
    stem = module.notebook.stem if module.notebook.parent.name == "nbs" else f"explorers-{module.notebook.stem}"
    parts = [f"# `{module.name}`", plain(ast.get_docstring(module.tree) or ""), f"Built in [{words.title}](#{target(stem, 0)}).", directive("module", module.name, [])]
    for name, node in definitions(module):
        number, heading = place[node.lineno]
        parts.append(entry(name, node, lines, f"Section: [{plain(heading)}](#{target(stem, number)})."))
    return "\n\n".join(parts) + "\n"
