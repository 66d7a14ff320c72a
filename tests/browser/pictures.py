"""Pictures of live explorers for the README, taken in a real JupyterLab. Run it: python tests/browser/pictures.py"""

import io
import tempfile
from pathlib import Path

from lab import ROOT, open_browser, open_notebook, open_page, run_all, running_lab, write_notebook
from PIL import Image

CELL = """
from genai_course.checkpoint import WEIGHTS
from genai_course.explorers.backprop import explore_backprop
from genai_course.explorers.gan import explore_tug_of_war
from genai_course.explorers.guidance import explore_prompt
from genai_course.guidance import load_prompted
from IPython.display import display
duel = explore_tug_of_war()
for moment in range(1, 61): duel.request = {**duel.request, "stride": 10, "moment": moment, "serial": moment}
display(explore_prompt(load_prompted(WEIGHTS / "guidance.safetensors")), explore_backprop(), duel)
"""
SHOWN = Path("docs", "explorers.png")
NAMES = "A prompt, step by step", "Backpropagation explorer", "Tug of war"
GAP = 16  # pixels


def views() -> list[Image.Image]:
    "A picture of each view, from a window that all of it fits into."
    with tempfile.TemporaryDirectory() as folder, running_lab(Path(folder)) as lab, open_browser() as browser, open_page(browser) as page:
        page.set_viewport_size({"width": 1100, "height": 2000})
        open_notebook(page, lab, write_notebook(lab.folder / "views.ipynb", CELL))
        run_all(page)
        page.wait_for_timeout(3000)  # until every view has drawn what it was given
        return [Image.open(io.BytesIO(page.get_by_role("region", name=name).screenshot())).convert("RGB") for name in NAMES]


def laid_out(left: list[Image.Image], right: Image.Image) -> Image.Image:
    "Pictures of one width, one below the other, and another one to the right of them, cut to their height."
    width, height = left[0].width, sum(picture.height + GAP for picture in left) - GAP
    sheet, y = Image.new("RGB", (width + GAP + right.width, height), "white"), 0
    for picture in left:
        sheet.paste(picture, (0, y))
        y += picture.height + GAP
    sheet.paste(right.crop((0, 0, right.width, min(height, right.height))), (width + GAP, 0))
    return sheet


if __name__ == "__main__":
    *left, right = views()
    laid_out(left, right).quantize(128).save(ROOT / SHOWN, optimize=True)
    print(SHOWN)
