"""What a cell defines, and the cell without everything else: demonstrations of a learner's are not run at grading."""

import ast
from collections.abc import Collection, Iterator

OURS = "genai_course.grading"  # what a notebook imports to check itself; there is nothing to check with at grading


def defined_names(tree: ast.Module) -> set[str]:
    "The names that the statements of a cell give a meaning to."
    return {name for statement in tree.body for name in _names(statement)}


def _names(statement) -> Iterator[str]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef(): yield statement.name
        case ast.Import() | ast.ImportFrom(): yield from (alias.asname or alias.name for alias in statement.names)
        case ast.Assign(): yield from (node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value: yield name


def definitions_only(source: str, tree: ast.Module, without: Collection[str] = ()) -> str:
    "The definitions, imports and constants of a cell at their lines, but not those of the names `without`."
    dropped = [statement for statement in tree.body if not _is_definition(statement) or not set(_names(statement)).isdisjoint(without)]
    if len(dropped) == len(tree.body): return ""
    blanked = _blanked(source, dropped)
    try: ast.parse(blanked)
    except SyntaxError: return ast.unparse(ast.Module([one for one in tree.body if one not in dropped], []))  # several on one line
    return blanked


def _is_definition(statement):
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef(): return True
        case ast.Import(): return not any(alias.name.startswith(OURS) for alias in statement.names)
        case ast.ImportFrom(): return not (statement.module or "").startswith(OURS)
        case ast.Assign(value=value) | ast.AnnAssign(value=value): return value is not None and _is_constant(value)
    return False


def _is_constant(value):
    try: ast.literal_eval(value)
    except (ValueError, TypeError, MemoryError, RecursionError): return False
    return True


def _blanked(source, statements):
    "The source with spaces in place of `statements`."
    lines = [line.encode() for line in source.split("\n")]
    for statement in statements:
        for row in range(_first_line(statement) - 1, statement.end_lineno):
            start = statement.col_offset if row == statement.lineno - 1 else 0
            end = statement.end_col_offset if row == statement.end_lineno - 1 else len(lines[row])
            lines[row] = lines[row][:start] + b" " * (end - start) + lines[row][end:]
    return "\n".join(line.decode() for line in lines)


def _first_line(statement): return min([statement.lineno, *[one.lineno for one in getattr(statement, "decorator_list", [])]])
