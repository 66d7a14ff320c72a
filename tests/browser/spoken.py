"""What a screen reader finds in each view of the gallery: the sentence, the names and the values that carry what the picture shows."""

from playwright.sync_api import Page, expect

from genai_course.gallery import every_chart

# In the accessibility tree; and for each range that reads values off, what it says at its start and after one step.
TREE = {
    "Words": ["status: A sentence that is read out when it changes."],
    "Bars": ["What may come next: mat most often.", 'columnheader "probability"', 'row "mat 62.0 %"', 'rowheader "sofa (marked)"'],
    "Curves": ['img "Two losses fall; the held-out one stays higher."'],
    "Heat map": ['img "Each word looks at itself and at the words before it."', 'img "Shades from 0.0 % to 100.0 %"'],
    "Image grid": ['group "A disc grows from left to right."', *[f'img "{i}"' for i in range(8)]],
    "Strip": ['img "A disc grows. step 19 of 19"', 'button "Frame: play"', 'button "Frame: one step back"', 'combobox "Frame: speed"', "status: step 19 of 19"],
    "Plane": ['img "A line divides two clouds of points."', 'img "Shades from −2.69 to 2.69"'],
    "Flow": ['img "A flow turns inwards; a path follows it."'],
    "Graph": ['img "A weighted sum."'],
}
RANGES = {
    "Curves": {"Read values off the chart": ["step 0, training 2.1, held out 2.35", "step 1, training 2.06, held out 2.32"]},
    "Heat map": {"Row to read": ["looking the, looked at the: 100.0 %", "looking cat, looked at the: 17.8 %"],
                 "Column to read": ["looking cat, looked at the: 17.8 %", "looking cat, looked at cat: 82.2 %"]},
    "Strip": {"Frame": ["step 0 of 19", "step 1 of 19"]},
    "Plane": {"Read points off the plane": ["point of left at −0.943, −0.0595", "point of left at −0.712, 0.0472"]},
    "Flow": {"Read points off the plane": ["a path, step 0 of 24 at 1.6, 0", "a path, step 1 of 24 at 1.41, 0.487"]},
    "Graph": {"Read the nodes of the graph": ["x 2", "w 0.5"]},
}  # fmt: skip


def expect_spoken(page: Page) -> None:
    "Expect that every chart of the gallery, on show in `page`, tells what it shows without its picture, and says what the keys move to."
    for name in every_chart():
        view = page.get_by_role("region", name=name, exact=True)
        tree = view.aria_snapshot()
        for line in TREE[name]: assert line in tree, (name, line, tree)
        for slider, said in RANGES.get(name, {}).items():
            reading = view.get_by_role("slider", name=slider, exact=True)
            for key, text in zip(("Home", "ArrowRight"), said, strict=True):
                reading.press(key)
                expect(reading).to_have_attribute("aria-valuetext", text)
