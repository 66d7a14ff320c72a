"""The Python source of the generated tests, and of the spec that ships with the package."""

import ast

from genai_course.grading.master import Master, Question, Test


def tests_source(master: Master, hidden: bool) -> str:
    "The public or the hidden tests of a master, as a Python file that pytest and `load_spec` both read."
    chosen = [(question, test) for question in master.questions.values() for test in question.tests if test.hidden == hidden]
    word = "Held-out" if hidden else "Open"
    head = f'"""{word} tests of the exercise {master.stem}. Generated from nbs/exercises/{master.stem}.ipynb: edit that one."""'
    known = {test.function: _facts(question, test) for question, test in chosen}
    return "\n\n\n".join([f"{head}\n\n{master.spec}", *[test.code for _, test in chosen], f"TESTS = {literal(known)}"]) + "\n"


def shipped_source(master: Master) -> str:
    "The public tests, and what the notebook needs beside them."
    questions = {question.ident: _known(question) for question in master.questions.values()}
    content = {"title": master.title, "setup": master.setup, "questions": questions}
    return f"{tests_source(master, hidden=False)}\nEXERCISE = {literal(content)}\n"


def _facts(question: Question, test: Test) -> dict:
    return {"question": question.ident, "name": test.name, "points": test.points, "hidden": test.hidden}


def _known(question: Question) -> dict:
    return {"title": question.title, "names": question.names, "answer": question.answer, "explanation": question.explanation,
            "hints": question.hints, "mistakes": question.mistakes, "held_out": sum(test.hidden for test in question.tests)}


def literal(value: object, indent: str = "") -> str:
    "`value` (texts, numbers, lists, dicts) as readable Python source; long texts in triple quotes."
    deeper = indent + "    "
    if isinstance(value, dict):
        return "{\n" + "".join(f"{deeper}{_quoted(key)}: {literal(item, deeper)},\n" for key, item in value.items()) + indent + "}"
    if isinstance(value, list) and any("\n" in str(item) or len(str(item)) > 60 for item in value):
        return "[\n" + "".join(f"{deeper}{literal(item, deeper)},\n" for item in value) + indent + "]"
    return _text(value) if isinstance(value, str) and "\n" in value else _quoted(value)


def _quoted(value): return repr(value)


def _text(text):
    written = f"{'r' if chr(92) in text else ''}'''{text}'''"
    try: return written if ast.literal_eval(written) == text else repr(text)
    except (SyntaxError, ValueError): return repr(text)
