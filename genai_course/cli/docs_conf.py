"""Sphinx's configuration of the web site, and its one extension: formulas as MathML, which browsers and screen readers read without scripts."""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

project = "genai_course"
author = "the genai_course authors"
copyright = f"{author}. Apache-2.0"
extensions = ["myst_nb", "sphinx_book_theme"]
root_doc = "index"
smartquotes = False  # what authors wrote is shown letter by letter
exclude_patterns = ["originals/**", "README.md"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other packages have no page here

myst_enable_extensions = ["dollarmath"]
myst_update_mathjax = False
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"

html_theme = "sphinx_book_theme"
html_title = "genai_course"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["style.css", "site.css"]
html_js_files = ["site.js"]
html_show_sourcelink = html_copy_source = html_show_sphinx = False
html_last_updated_fmt = None
html_sidebars = {"**": ["search-button-field.html", "sbt-sidebar-nav.html"]}
html_context = {"default_mode": "auto"}
html_theme_options = {"use_download_button": False, "use_fullscreen_button": False, "use_source_button": False, "home_page_in_toc": True, "show_toc_level": 2, "navbar_persistent": [], "footer_content_items": ["copyright"]}
add_module_names = False
python_use_unqualified_type_names = True


def formula(node: nodes.Node, display: str) -> str:
    "A formula's MathML; what is no LaTeX is told as a warning of the build, and shown as it stands."
    try: made = convert(node.astext(), display=display)
    except Exception as error: made, fault = f"<code>{nodes.unescape(node.astext())}</code>", f"{type(error).__name__}"
    else: fault = "a command that is not known" if "\\" in made else ""
    if fault: logging.getLogger(__name__).warning("the formula %r cannot be set: %s", node.astext(), fault, location=node)
    return made


def visit_inline(translator, node: nodes.math) -> None:
    "Write a formula in a line of text."
    translator.body.append(formula(node, "inline"))
    raise nodes.SkipNode


def visit_block(translator, node: nodes.math_block) -> None:
    "Write a formula that stands alone; where it is wider than the page it scrolls."
    translator.body.append(f'<div class="formula">{formula(node, "block")}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    "Tell Sphinx of the formulas."
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
