"""docs: what becomes of a notebook's cells, what the reference holds, and a small site, built for real, on which every link leads somewhere."""

import html
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from genai_course.cli import docs, docs_api, docs_cells, docs_live, docs_pages
from genai_course.cli.catalogue import notebooks
from genai_course.cli.commands import docs as command
from genai_course.cli.notebooks import read_notebook, source_of
from genai_course.cli.trouble import Trouble

ROOT = Path(__file__).resolve().parents[2]
WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURE = '<img alt="A red dot." width="5" src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==">'
MOST_BYTES = 2_000_000  # of a page

LINES = st.sampled_from(["#| export", "#| hide", "#| eval: false", "x = 1", "    return x", "import torch", "# a remark", "", "print('#| no directive')"])


def markdown(text): return {"cell_type": "markdown", "id": f"m{abs(hash(text))}", "metadata": {}, "source": text}


def code(source, *outputs, name="c"): return {"cell_type": "code", "id": name, "metadata": {}, "source": source, "outputs": list(outputs), "execution_count": 3}


def shown(**data): return {"output_type": "display_data", "metadata": {}, "data": {kind.replace("_", "/", 1): value for kind, value in data.items()}}


def whole(*cells): return {"cells": list(cells), "metadata": {"genai_course": {"outputs_of": "0"}}, "nbformat": 4, "nbformat_minor": 5}


# ---- cells

@given(st.lists(LINES))
def test_lines_that_speak_to_nbdev_are_gone_and_all_others_are_there_in_order(lines):
    kept = docs_cells.without_directives("\n".join(lines)).split("\n")
    assert [line for line in kept if line.strip()] == [line for line in lines if line.strip() and not line.startswith("#|")]


@given(st.lists(LINES))
def test_a_cell_is_left_out_where_it_is_hidden_or_says_nothing(lines):
    source = "\n".join(lines)
    says_something = any(line.strip() and not line.startswith("#|") for line in lines)
    assert (docs_cells.code_cell(code(source), []) is None) == ("#| hide" in lines or not says_something)


@given(st.lists(st.dictionaries(st.sampled_from([WIDGET, "text/html", "text/plain", "image/png"]), st.text()), max_size=3))
def test_no_page_holds_a_widget_that_only_python_could_draw(outputs):
    made = docs_cells.page(whole(code("x", *[{"output_type": "display_data", "metadata": {}, "data": data} for data in outputs])), "00_x")
    left = [set(output["data"]) for output in made["cells"][0]["outputs"]]
    assert not any(WIDGET in kinds for kinds in left) and left == [kinds - {WIDGET} - ({"text/plain"} if "text/html" in kinds else set()) for kinds in map(set, outputs) if kinds - {WIDGET}]


def test_pictures_keep_their_words_and_stand_aside_for_live_views_only_where_scripts_run():
    cell = code("view", shown(text_html=PICTURE, text_plain="A red dot."))
    assert docs_cells.code_cell(cell, [])["outputs"][0]["data"] == {"text/html": PICTURE}
    [live] = docs_cells.code_cell(cell, ["<p>live</p>"])["outputs"]
    assert live["data"] == {"text/html": f"<p>live</p>\n<noscript>{PICTURE}</noscript>"}


@pytest.mark.parametrize("source, tags", [("import a\nfrom b import c", ["hide-input", "imports"]), ("x = 1", None), ("x = 1\n" * 16, ["hide-input", "long"])])
def test_imports_begin_folded_and_long_code_can_be(source, tags): assert docs_cells.code_cell(code(source), [])["metadata"].get("tags") == tags


@given(st.lists(st.sampled_from(["# A", "## B", "text", "```", "~~~", "````", "#no heading", "", "    ```", "    # code", "> quoted"])))
def test_each_heading_can_be_linked_to_and_nothing_else_changes(lines):
    text = "\n".join(lines)
    made = docs_cells.with_targets(text, "01_x", 5)
    targets = re.findall(r"^\((01-x-section-\d+)\)=\n(?=#)", made, re.M)
    rendered = re.findall(r"<h\d>", MarkdownIt().render(text))
    assert re.sub(r"^\(01-x-section-\d+\)=\n", "", made, flags=re.M) == text
    assert targets == [f"01-x-section-{5 + i}" for i in range(len(rendered))]


def test_the_facts_of_a_lesson_give_way_to_a_line_in_words():
    text = docs_cells.with_facts("# A\n> Why?\n\n- minutes: 60\n- run_all: 60 s\n\n## The claim", "60 minutes")
    assert text == "# A\n> Why?\n\n60 minutes\n\n## The claim"
    assert docs_cells.with_facts("# A\n> What for.\n\nText.", "link") == "# A\n> What for.\n\nlink\n\nText."


def test_a_cell_knows_the_heading_above_it():
    notebook = whole(markdown("# A\n\n## B"), code("x", name="one"), markdown("text"), code("y", name="two"), markdown("### C `d`"), code("z", name="three"))
    assert docs_cells.sections(notebook) == {"one": (1, "B"), "two": (1, "B"), "three": (2, "C `d`")}


# ---- live views

def test_a_module_becomes_a_script_that_works_where_pages_are_files():
    made = docs_live.script("export default { render: 1 };", "function pageModel() {}")
    assert "export" not in made and "const widget = { render: 1 };" in made and docs_live.script_name("export default { render: 1 };") in made


def test_no_state_can_end_the_script_that_holds_it():
    view = {"module": "x", "state": {"label": "</script><b>"}}
    made = docs_live.view_html(view, "a", "_static")
    assert view_of(made) == view["state"] and made.count("</script>") == 2 and "<b>" not in made


def view_of(text): return json.loads(re.search(r"<script>window.genaiViews\['[^']*'\]\((\{.*\}), document", text)[1])


# ---- the reference

@pytest.mark.parametrize("module", docs_api.modules(ROOT), ids=lambda module: module.stem)
def test_every_exported_name_is_in_the_reference_and_leads_to_a_section(module):
    text, notebook = docs_api.api_page(module), read_notebook(module.notebook)
    entries = set(re.findall(r"^`+\{py:(?:function|class|data)\} (\w+)", text, re.M))
    assert entries == set(docs_api.exported(module))
    count = sum(len(docs_cells.headings(source_of(cell))) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    assert {int(number) for number in re.findall(r"-section-(\d+)\)", text)} <= set(range(count))


@given(st.text("ab `*_[]<>${}|~^\\&!#", max_size=40).map(str.strip))
def test_docstrings_are_shown_letter_by_letter(text):
    rendered = html.unescape(re.sub(r"<[^>]*>", "", MarkdownIt().renderInline(docs_api.plain(text))))
    assert "".join(rendered.split()).replace("`", "") == "".join(text.split()).replace("`", "")


def test_types_are_those_that_the_module_means():
    module = docs_api.Module("genai_course.here", "from torch import Tensor\nfrom .core import Step\ndef f(x: Tensor, y: list[int]) -> Step | None: ...\n", Path())
    assert docs_api.signature(module.tree.body[2]) == "(x: torch.Tensor, y: list[int]) -> genai_course.core.Step | None"


@pytest.mark.parametrize("source, head", [("def f(self, x, /, y=1): 0", "(x, /, y=1)"), ("def f(cls): 0", "()"), ("def f(self, *a, b=(1, 2), **c) -> int: 0", "(*a, b=(1, 2), **c) -> int")])
def test_a_method_is_shown_as_it_is_called(source, head):
    assert docs_api.signature(docs_api.ast.parse(source).body[0], bound=True) == head


# ---- pages made of what others say

@pytest.mark.parametrize("lesson", [lesson for lesson in notebooks(ROOT) if lesson.number], ids=lambda lesson: lesson.stem)
def test_every_lesson_has_a_claim_and_verdicts(lesson):
    assert docs_pages.quotes(lesson.words.question) and len(docs_pages.verdicts(lesson)[1]) >= 2


def test_claims_are_whole_sentences():
    assert docs_pages.quotes('"It is easy." And: "it is not!" We see how much that "only" leaves out.') == ["It is easy.", "It is not!"]


def test_the_front_page_is_the_readme_before_its_lessons():
    assert docs_pages.first_screen("# A\n\nText.\n\n## Lessons\n\nMore.") == "# A\n\nText.\n"
    with pytest.raises(Trouble, match="no heading '## Lessons'"): docs_pages.first_screen("# A")


def test_a_guide_with_several_titles_gets_one():
    assert docs_pages.guide("All", "# A\n\n```\n# no\n```\n\n# B\n\n## C") == "# All\n\n## A\n\n```\n# no\n```\n\n## B\n\n### C"
    assert docs_pages.guide("All", "# A\n\n## B") == "# A\n\n## B"


def test_the_glossary_is_in_order_and_each_term_leads_to_a_notebook():
    lines = [line for line in (ROOT / "docs/glossary.md").read_text(encoding="utf-8").split("\n") if line.startswith("- ")]
    found = [re.fullmatch(r"- \*\*(.+?)\*\*: [A-Z0-9].*[^.]\. \(\[(lesson \d\d|tool \w+)\]\(\.\./nbs/(\w+)\.ipynb\)\)", line) for line in lines]
    assert all(found) and len(found) > 80
    terms = [entry[1].lower().replace("é", "e") for entry in found]
    assert terms == sorted(set(terms)) and all((ROOT / "nbs" / f"{entry[3]}.ipynb").exists() for entry in found)


# ---- a small site

LESSON = """# First: a step
> "It is easy." We try.

- minutes: 30
- run_all: 5 s

## One $x^2$

$$\\frac{a}{b} = \\tfrac12$$

See [the core](00_core.ipynb) and [the guide](../docs/guide.md)."""
MODULE = '''"""One step."""

__all__ = ['SIZE', 'Step', 'double']

# %% ../nbs/01_first.ipynb #e1
SIZE = 3  # in metres

class Step:
    "A step."
    def go(self, far: int = 1) -> int:
        "How far it goes. Raises ValueError for none."

def double(x: float, step: Step | None = None) -> float:
    "Twice x, as `x * 2`."
    return x * 2
'''
LIVE = """from genai_course.charts import Bars
from genai_course.views import Explorer

explorer = Explorer("A bar", lambda: Bars({"a": 1.0}, "One bar."))
assert explorer.alone
explorer"""


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    "A course with a tool, a lesson with exercise and explorer, and a guide."
    course = tmp_path_factory.mktemp("small course")
    for folder in ("nbs/explorers", "exercises", "genai_course/explorers", "genai_course/static", "docs"): (course / folder).mkdir(parents=True)
    files = {
        "nbs/00_core.ipynb": whole(markdown("# Core\n> What all share."), code("1 + 1")),
        "nbs/01_first.ipynb": whole(markdown(LESSON), code("#| export\nimport torch"), code("#| export\n" + "x = 1\n" * 20, shown(text_html=PICTURE), name="e1"), code("#| hide\nsecret = 1"),
                                    markdown("## What you can now say\n\n| claim | verdict |\n|---|---|\n| \"It is easy.\" | **True.** Here. |")),
        "nbs/explorers/01_first.ipynb": whole(markdown("# Explorer: a bar\n> Lesson 01's view."), code(LIVE, shown(text_html=PICTURE), name="v1")),
        "exercises/01_first.ipynb": whole(markdown("# Try it"), code("answer = None")),
    }  # fmt: skip
    for name, notebook in files.items(): (course / name).write_text(json.dumps(notebook))
    texts = {"README.md": "# A course\n\nWelcome, and [begin](nbs/01_first.ipynb).\n\n## Lessons\n\nNot on the front page.", "LICENSE": "Free.",
             "docs/guide.md": "# A guide\n\nThe [licence](../LICENSE), the [lesson](../nbs/01_first.ipynb).", "CONTRIBUTING.md": "# One\n\n# Two", "genai_course/first.py": MODULE,
             "genai_course/core.py": '"""What all share."""\n\n__all__ = []\n\n# %% ../nbs/00_core.ipynb #c\n'}  # fmt: skip
    for name, text in texts.items(): (course / name).write_text(text)
    shutil.copytree(ROOT / "docs/site", course / "docs/site")
    for name in ("style.css", "page.js"): shutil.copy(ROOT / "genai_course/static" / name, course / "genai_course/static")
    return course


@pytest.fixture(scope="session")
def site(small):
    "The small site, built with every warning a fault."
    return docs.build(small, small / "build" / "docs").parent


class Page(HTMLParser):
    "What a page links to, what it loads, and what can be linked to in it."
    def __init__(self, file):
        super().__init__()
        self.links, self.loads, self.ids = [], [], set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        if "id" in has: self.ids.add(has["id"])
        if tag == "a" and has.get("href"): self.links.append(has["href"])
        if has.get("src"): self.loads.append(has["src"])
        if tag == "link" and "stylesheet" in has.get("rel", ""): self.loads.append(has["href"])


def faults_of(site):
    "What is wrong with a site's pages: links that lead nowhere, things loaded from elsewhere, too many bytes."
    pages, found = {file: Page(file) for file in site.rglob("*.html") if "_static" not in file.parts}, []
    for file, page in pages.items():
        if file.stat().st_size > MOST_BYTES: found.append(f"{file.name} is too large")
        for link in [*page.links, *page.loads]:
            if re.match(r"(https?:)?//", link): found += [f"{file.name} loads {link}"] if link in page.loads else []
            elif not link.startswith(("data:", "mailto:", "javascript:")):
                path, _, anchor = link.partition("#")
                goal = (file.parent / unquote(path.split("?")[0])).resolve() if path else file
                if not goal.exists() or anchor and goal in pages and unquote(anchor) not in pages[goal].ids: found.append(f"{file.name} links to {link}")
    styles = [text for file in site.rglob("*.css") for text in re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^)\"']*", file.read_text(encoding="utf-8"))]
    return found + styles


def text_of(file): return file.read_text(encoding="utf-8")


def test_every_link_leads_somewhere_and_nothing_comes_from_the_network(site): assert faults_of(site) == []


def test_the_check_of_links_can_fail(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html">b</a><a href="#no">no</a><a href="https://x.org">fine</a><script src="//cdn/x.js"></script>')
    assert len(faults_of(tmp_path)) == 3


def test_a_lesson_shows_code_figures_and_formulas_and_no_directives(site):
    text = text_of(site / "nbs/01_first.html")
    assert "<math" in text and "mfrac" in text and 'alt="A red dot."' in text and "#| export" not in text and "secret" not in text
    assert "30 minutes" in text and "Show the imports" in text and "tag_long" in text and "mathjax" not in text.lower()


def test_the_front_page_has_the_first_screen_and_leads_to_everything(site):
    text = text_of(site / "index.html")
    assert "Welcome" in text and "Not on the front page" not in text
    for page in ("nbs/01_first", "nbs/explorers/01_first", "nbs/00_core", "lessons", "claims", "explorers", "tools", "exercises", "api/index", "docs/guide", "CONTRIBUTING"): assert f'href="{page}.html' in text


def test_claims_and_verdicts_come_from_the_lessons(site):
    text = text_of(site / "claims.html")
    assert "It is easy." in text and "<strong>True.</strong> Here." in text


def test_the_reference_leads_to_the_section_that_builds_a_name(site):
    text = text_of(site / "api/first.html")
    assert 'id="genai_course.first.double"' in text and 'id="genai_course.first.Step.go"' in text and "in metres" in text and "Raises ValueError" in text
    assert 'href="../nbs/01_first.html#first-section-1"' in text.replace("01-first-section-1", "first-section-1")


def test_the_exercise_can_be_taken_home(site, small):
    [notebook] = site.rglob("01_first.ipynb")
    assert json.loads(text_of(notebook)) == read_notebook(small / "exercises/01_first.ipynb")


def test_a_view_that_needs_no_python_is_live(site):
    text = text_of(site / "nbs/explorers/01_first.html")
    assert view_of(text)["label"] == "A bar" and "<noscript><img" in text
    assert "works in the page" in text_of(site / "explorers.html")


def test_search_knows_the_words_of_lessons(site): assert all(word in text_of(site / "searchindex.js") for word in ("easi", "genai_course.first", "welcom"))


@pytest.fixture
def built(site, tmp_path):
    "A course and a site of it that a test may spoil."
    course = site.parents[1]
    return Path(shutil.copytree(course, tmp_path / "course"))


def test_a_fault_is_told_and_the_old_site_is_as_it_was(built, capfd):
    guide, out = built / "docs/guide.md", built / "build/docs"
    guide.write_text(guide.read_text() + "\n\n[nowhere](nothing.md) $\\nocommand$")
    before = text_of(out / "docs/guide.html")
    with pytest.raises(Trouble, match="faults, listed above"): docs.build(built, out)
    told = capfd.readouterr().err
    assert "nothing.md" in told and "nocommand" in told and text_of(out / "docs/guide.html") == before
    assert [file.name for file in out.parent.iterdir() if "new" in file.name or "old" in file.name] == []


def test_a_build_that_is_stopped_leaves_the_old_site_and_the_next_cleans_up(built, monkeypatch):
    out = built / "build/docs"
    (out.parent / ".docs.new-killed").mkdir()
    def stop(*arguments): raise KeyboardInterrupt
    monkeypatch.setattr(docs, "make_html", stop)
    with pytest.raises(KeyboardInterrupt): docs.build(built, out)
    assert (out / "index.html").exists() and not (out.parent / ".docs.new-killed").exists()


def test_a_build_that_was_killed_between_the_two_moves_is_put_right(built):
    out = built / "build/docs"
    out.rename(out.with_name(".docs.old"))
    with docs.workshop(out): assert (out / "index.html").exists()


def test_the_old_site_comes_back_where_the_new_one_cannot_be_put(built):
    out = built / "build/docs"
    with pytest.raises(OSError): docs.replace(built / "not there", out)
    assert (out / "index.html").exists()


def test_bad_places_are_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("")
    with pytest.raises(Trouble, match="is a file: give --out a folder"): docs.build(ROOT, tmp_path / "file")
    with pytest.raises(Trouble, match="other files than a site"): docs.build(ROOT, tmp_path / "full")
    with pytest.raises(Trouble, match=re.escape(str(tmp_path / "file"))): docs.build(ROOT, tmp_path / "file" / "below")


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path, monkeypatch):
    def refuse(*arguments, **options): raise PermissionError(13, "Permission denied", str(tmp_path))
    monkeypatch.setattr(docs.tempfile, "TemporaryDirectory", refuse)
    with pytest.raises(Trouble, match="writing is not allowed at"): docs.build(ROOT, tmp_path / "site")


def test_two_builds_of_one_place_do_not_meet(tmp_path):
    with docs.workshop(tmp_path / "site"), pytest.raises(Trouble, match="another build"):
        with docs.workshop(tmp_path / "site"): pass


def test_the_command_says_where_the_site_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(docs, "build", lambda course, out: out / "index.html")
    assert command.run(type("Options", (), {"out": str(tmp_path)}), []) == 0
    assert (tmp_path / "index.html").as_uri() in capsys.readouterr().out


# ---- in a browser

SHOWN = {"small": ["index", "nbs/01_first", "nbs/explorers/01_first", "api/first", "claims"],
         "whole": ["index", "lessons", "claims", "docs/glossary", "docs/instructors", "exercises/07_attention", "nbs/09_sampling", "nbs/00_gallery", "nbs/explorers/01_prediction",
                   "api/attention", "search", "genindex"]}  # fmt: skip


def expect_well_made(browser, site, names):
    "Expect that axe finds nothing on pages, light and dark, narrow and wide, that none scrolls sideways, and that none leaves an error or asks the network."
    from lab import open_page
    from looks import faults

    with open_page(browser) as page:
        asked, wrong = [], []
        page.on("request", lambda request: asked.append(request.url))
        for name in names:
            for scheme, width in (("light", 1280), ("dark", 400)):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size({"width": width, "height": 900})
                page.goto((site / f"{name}.html").as_uri())
                assert page.locator("html").get_attribute("data-theme") == scheme
                wrong += [f"{name}: {error}" for error in page.errors]
                if found := faults(page, "body"): wrong.append(f"{name}, {scheme}: {found}")
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"): wrong.append(f"{name} is wider than {width}")
                page.errors.clear()  # axe asks for style sheets in a way that files do not answer
        assert not wrong, "\n".join(wrong)
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def search_for(browser, site, word):
    "The titles that the site's search finds."
    from lab import open_page

    with open_page(browser) as page:
        page.goto(f"{(site / 'search.html').as_uri()}?q={word}")
        page.locator("#search-results li a").first.wait_for(timeout=60_000)
        return page.locator("#search-results li > a").all_text_contents()


@pytest.mark.browser
def test_pages_are_well_made_in_light_and_dark_and_search_finds(browser, site):
    expect_well_made(browser, site, SHOWN["small"])
    assert "First: a step" in " ".join(search_for(browser, site, "easy"))


@pytest.mark.full
@pytest.mark.browser
def test_the_whole_site_is_built_without_a_fault(browser, tmp_path):
    site = docs.build(ROOT, tmp_path / "site").parent
    assert faults_of(site) == []
    expect_well_made(browser, site, SHOWN["whole"])
    assert any("Diffusion" in title for title in search_for(browser, site, "denoiser"))
