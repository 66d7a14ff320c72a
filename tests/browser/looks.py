"""What a picture of a view looks like, measured: how much of it stands out from its background."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from axe_playwright_python.sync_playwright import Axe
from lab import set_theme
from PIL import Image

from genai_course.widgets import static_text

VISIBLE = 35  # steps of lightness, about the contrast of 3 that WCAG 2.2 asks of graphics


def lightness(pixels: np.ndarray) -> np.ndarray:
    "Lightness L* (H, W), 0 for black to 100 for white, of pixels (H, W, 3) from 0 to 255."
    channels = pixels / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.where(luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27)


def inked(png: bytes) -> float:
    "The share of pixels that anyone can tell from the background, which is the commonest lightness."
    light = lightness(np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float)).round(2)
    values, counts = np.unique(light, return_counts=True)
    return float((np.abs(light - values[counts.argmax()]) >= VISIBLE).mean())


def faults(page, selector: str = ".genai-view") -> str:
    "What axe finds wrong with the views on a page; empty if nothing."
    found = Axe().run(page, context={"include": [[selector]]})
    return found.generate_report() if found.violations_count else ""


def expect_readable_in_both_themes(page, view, folder: Path, selector: str = ".genai-view", also: Callable[[], None] = lambda: None) -> None:
    "Expect that axe finds nothing in light or dark, that both look different, and `also` in each; pictures of `view` go to `folder`."
    pictures = []
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        set_theme(page, theme)
        pictures.append(view.screenshot(path=folder / f"{theme}.png"))
        also()
        assert not (found := faults(page, selector)), found
    assert pictures[0] != pictures[1]
    set_theme(page, "JupyterLab Light")


def in_js(page, explorer, parameters: dict) -> dict:
    "What an explorer's formula answers in the page's JS for `parameters`."
    text = """([source, name, parameters, constants, first]) => {
        const FORMULAS = {};
        new Function("FORMULAS", source)(FORMULAS);
        return FORMULAS[name](parameters, constants, first);
    }"""
    return page.evaluate(text, [static_text(f"{explorer.formula}.js"), explorer.formula, parameters, explorer.constants, explorer.data])
