"""What a still picture looks like on a light and on a dark page."""

import io

import numpy as np
from PIL import Image

from genai_course.plots import Picture, contrast

PAGES = ("#ffffff", "#111111")  # JupyterLab's, light and dark


def weakest_contrast(still: Picture) -> float:
    "The lowest contrast, on a light or a dark page, of any colour in a picture that (nearly) covers the page."
    pixels = np.asarray(Image.open(io.BytesIO(still.png)).convert("RGBA")).reshape(-1, 4)
    colours = np.unique(pixels[pixels[:, 3] > 200, :3], axis=0)
    return min(contrast(f"#{bytes(colour).hex()}", page) for colour in colours for page in PAGES)
