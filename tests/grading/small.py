"""A small master, to build and to break."""

import json

CELLS = [
    ("markdown", "# Small\n\nAn exercise."),
    ("code", "#| setup\nimport math"),
    ("code", "#| spec\nfrom genai_course.grading import expect"),
    ("markdown", "## 1. Doubling\n\nDouble it."),
    ("code", "#| exercise q1 points=2 names=double minutes=5 difficulty=1\ndef double(x):\n    \"Twice x.\"\n"
             "    ### BEGIN SOLUTION\n    return x + x\n    ### END SOLUTION"),
    ("code", "#| test q1 public points=1 name=three\ndef test_three(sol):\n    \"doubles 3\"\n    expect.close(sol.double(3.0), 6.0)"),
    ("code", "#| test q1 hidden points=1 name=four\ndef test_four(sol):\n    \"doubles 4\"\n    expect.close(sol.double(4.0), 8.0)"),
    ("code", "#| mistake q1 \"That is the square: see `x`.\"\n#| eval: false\ndef double(x):\n    return x**2"),
    ("code", "#| mistake q1 \"Half of it; it's the other way,\n#|   twice.\"\n#| eval: false\ndef double(x):\n    return x / 2"),
    ("code", "#| mistake q1 \"Unchanged.\"\n#| eval: false\ndef double(x):\n    return x"),
    ("code", "#| alternative q1\n#| eval: false\ndef double(x):\n    return 2 * x"),
    ("markdown", "#| hint q1 1\n\nAdd."),
    ("markdown", "#| explanation q1\n\nAdding twice doubles."),
    ("code", "#| author\nassert double(1) == 2"),
]


def write_master(path, cells=CELLS):
    "Write a notebook of `cells`, each (type, source), at `path`."
    made = [{"cell_type": kind, "id": f"cell{i}", "metadata": {}, "source": source.splitlines(keepends=True)}
            for i, (kind, source) in enumerate(cells)]
    for cell in made:
        if cell["cell_type"] == "code": cell |= {"execution_count": None, "outputs": []}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def changed(old, new):
    "The cells with `old` in one of them replaced by `new`."
    assert any(old in source for _, source in CELLS)
    return [(kind, source.replace(old, new)) for kind, source in CELLS]
