"""Views whose state is all in JS, in a plain page without Python: read by keyboard alone, light and dark, whatever the data."""

import numpy as np
import pytest
from lab import open_page
from looks import faults, in_js, inked
from playwright.sync_api import expect
from spoken import expect_spoken

from genai_course.charts import Bars, Curves, HeatMap
from genai_course.explorers.prediction import explore_temperature
from genai_course.gallery import gallery
from genai_course.graphs import Graph
from genai_course.pictures import Field, ImageGrid, Strip
from genai_course.views import Explorer, plain_page

pytestmark = pytest.mark.browser
STEPS = np.arange(100)
LOSSES = {"training": 2 * np.exp(-STEPS / 30) + 0.1, "held out": 2 * np.exp(-STEPS / 40) + 0.3}
WORDS = Bars({"cat": 0.5, "dog": 0.3, "mouse": 0.2}, "Three animals.", "share", "animal", percent=True, high=1, marked=["dog"])
SIGNED = Bars({"up": 2.0, "down": -1.0, "odd": float("nan")}, "Two bars and one that is not a number.", "gradient", columns={"where": ["here", "there", "nowhere"]})
FALLING = Curves(LOSSES, "Two losses fall; the held-out one stays higher.", xlabel="step", ylabel="loss", log=True)
BROKEN = Curves({"loss": [1.0, float("nan"), float("inf"), 2.0]}, "A line with a gap.")

WEIGHTS = HeatMap([[1.0, 0.0], [0.25, 0.75]], "Who looks at whom.", ["the", "cat"], ["the", "cat"], "looked at", "looking", percent=True)
SHADED = HeatMap([[1.0, -2.0], [float("nan"), 0.5]], "Three numbers and a hole.")
RAMP = np.linspace(-1, 1, 6).reshape(6, 1, 1, 1) * np.ones((6, 1, 4, 4))
GRID, FRAMES = ImageGrid(RAMP, "From black to white.", titles=list("abcdef")), Strip(RAMP, "Ever lighter.")
PLANE = Field("Two points and a path.", [(-1, 0), (1, 1)], [0, 1], ["left", "right"], function=lambda p: p[:, 0], paths={"walk": [(0, 0), (0.5, 0.5)]})
FLOW = Field("A swirl.", flow=lambda p: p[:, ::-1] * [-1, 1], extent=((-1, 1), (-1, 1)))
NETWORK = Graph({"x": [], "y": [], "out": ["x", "y", "y"]}, "Two inputs and an output.", {"x": "0.5"}, {("out", "x"): "×2"}, ["out"])
LINE_ART = [WORDS, SIGNED, FALLING, BROKEN, FLOW, Bars({}, "No bars.")]
ALL = [*LINE_ART, NETWORK, WEIGHTS, SHADED, GRID, FRAMES, PLANE]


@pytest.fixture(scope="module")
def show(browser):
    "Opens a plain page of explorers, and of charts as explorers without controls."
    with open_page(browser) as page:

        def opened(*charts, scheme="light"):
            page.emulate_media(color_scheme=scheme)
            shown = [chart if isinstance(chart, Explorer) else Explorer(f"View {i}", lambda chart=chart: chart) for i, chart in enumerate(charts)]
            page.set_content(plain_page("Views", *shown))
            expect(page.get_by_role("region", name=shown[-1].label)).to_be_visible()
            return page

        yield opened
        assert page.errors == []


def test_bars_are_rows_with_name_and_value(show):
    page = show(WORDS, SIGNED)
    rows = page.get_by_role("region", name="View 0").locator("tbody tr")
    assert [row.locator("th, .genai-number").all_text_contents() for row in rows.all()] == [["cat", "50.0 %"], ["▸ dog (marked)", "30.0 %"], ["mouse", "20.0 %"]]
    widths = rows.locator(".genai-bar").evaluate_all("bars => bars.map(bar => bar.style.width)")
    assert widths == ["50%", "30%", "20%"]
    odd = page.get_by_role("region", name="View 1").locator("tbody tr")
    assert odd.nth(1).inner_text().split("\t")[-2:] == ["−1", "there"] and "not a number" in odd.nth(2).inner_text()
    assert odd.nth(1).locator(".genai-negative").count() == 1 and odd.nth(2).locator(".genai-bar").count() == 0


def test_a_line_chart_is_read_off_with_the_arrow_keys(show):
    page = show(FALLING)
    reading = page.get_by_role("slider", name="Read values off the chart")
    page.keyboard.press("Tab")
    expect(reading).to_be_focused()
    page.keyboard.press("Home")
    expect(reading).to_have_attribute("aria-valuetext", "step 0, training 2.1, held out 2.3")
    for _ in range(3): page.keyboard.press("ArrowRight")
    expect(reading).to_have_attribute("aria-valuetext", "step 3, training 1.91, held out 2.16")
    expect(page.locator(".genai-readout")).to_have_text("step 3, training 1.91, held out 2.16")
    expect(page.locator(".genai-cursor .genai-mark").first).to_be_visible()
    expect(page.get_by_role("img", name="Two losses fall")).to_be_visible()


def test_lines_are_told_apart_without_colour_and_named_at_their_ends(show):
    page = show(FALLING)
    lines = page.locator(".genai-line")
    dashes = lines.evaluate_all("lines => lines.map(line => line.getAttribute('stroke-dasharray'))")
    assert lines.count() == 2 and len(set(dashes)) == 2
    assert page.locator(".genai-series-name").all_text_contents() == ["training", "held out"]
    assert page.locator(".genai-tick").filter(has_text="0.5").count() and page.locator(".genai-axis-label").all_text_contents() == ["step", "loss"]


LONG = {"held out, with twice the data and half the rate of learning": STEPS + 1.0, "W" * 60: 100.0 - STEPS, "i" * 60: STEPS / 2}
CUT = """view => { const svg = view.querySelector('svg'), edge = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    return texts.filter(([, box]) => box.width && (box.left < edge.left - 1 || box.right > edge.right + 1 || box.top < edge.top - 1 || box.bottom > edge.bottom + 1)).map(([text]) => text); }"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 700, 1280])
def test_names_at_the_ends_of_lines_are_never_cut_by_the_edge_and_letters_keep_their_size(show, scheme, width):
    page = show(Curves(LONG, "Three lines with long names.", xlabel="step", ylabel="loss"), FALLING, scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for view in page.get_by_role("region", name="View").all():
        page.wait_for_function("svg => Math.abs(svg.viewBox.baseVal.width - svg.getBoundingClientRect().width) <= 1", arg=view.locator("svg").element_handle())
        assert view.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    names = page.get_by_role("region", name="View 0").locator(".genai-series-name").all_text_contents()
    assert names[0].startswith("held out,") and any(name.endswith("…") and set(name[:-1]) == {"W"} for name in names)
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_a_value_that_is_not_finite_is_a_gap_and_is_told(show):
    page = show(BROKEN)
    assert page.locator(".genai-line").get_attribute("d").count("M") == 2
    expect(page.locator(".genai-note")).to_have_text("⚠ loss: 2 values are not finite; the line has a gap there.")
    page.get_by_role("slider", name="Read values").press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".genai-readout")).to_have_text("x 1, loss no number")


def test_a_graph_is_read_node_by_node(show):
    page = show(NETWORK)
    reading = page.get_by_role("slider", name="Read the nodes of the graph")
    page.keyboard.press("Tab")
    if not reading.evaluate("node => node === document.activeElement"): page.keyboard.press("Tab")  # the scrolling box comes first where it scrolls
    expect(reading).to_have_attribute("aria-valuetext", "x 0.5")
    expect(page.locator(".genai-current .genai-node-label")).to_have_text("x")
    page.keyboard.press("End")
    expect(reading).to_have_attribute("aria-valuetext", "out, from x and y and y, edges ×2")
    expect(page.locator(".genai-current .genai-node-label")).to_have_text("out")
    assert page.locator(".genai-edge-line").count() == 3 and page.locator(".genai-marked-node").count() == 1
    assert page.locator(".genai-edge-label").all_text_contents() == ["×2", "", ""]


SHARES = {"the end": 0.42, "n": 0.3, "r": 0.2, "never": 0.0, "l": 0.08}


def test_a_formula_in_js_answers_as_python_does(show):
    explorer = explore_temperature(SHARES)
    page = show(explorer)
    for temperature in np.random.default_rng(0).uniform(0.1, 5, 50).round(1):
        ours, theirs = explorer.compute({"temperature": temperature}), in_js(page, explorer, {"temperature": float(temperature)})
        assert theirs["charts"][0].pop("values") == pytest.approx(ours["charts"][0].pop("values"), rel=1e-5)
        assert theirs["charts"] == ours["charts"] and theirs["description"] == ours["description"]


def test_an_explorer_with_a_formula_needs_no_python(show):
    page = show(explore_temperature(SHARES))
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    expect(page.get_by_role("slider", name="Temperature")).to_have_attribute("aria-valuetext", "Temperature is 0.1")
    expect(page.locator("tbody tr").first).to_contain_text("96.6 %")
    page.get_by_text("Describe this").press("Enter")
    expect(page.locator("details").get_by_text("At temperature 0.1 the likeliest is the end, with 96.6 %.")).to_be_visible()


@pytest.mark.parametrize("chart, said", [
    (Bars({}, "No bars."), "there are no bars"), (Curves({}, "No lines."), "no line has a point"), (Curves({"y": [float("nan")]}, "A line."), "no line has a point"),
    (Curves({"y": [-1.0]}, "A line.", log=True), "no line has a point"), (HeatMap([], "No cells."), "there are no cells"),
    (ImageGrid([], "No images."), "there are no pictures"), (Strip([], "No frames."), "there are no frames"), (Field("Nothing."), "there are no points"),
    (Graph({}, "No nodes."), "there are no nodes"),
])  # fmt: skip
def test_nothing_to_draw_is_said(show, chart, said):
    page = show(chart)
    expect(page.locator(".genai-empty")).to_contain_text(f"Nothing to draw: {said}")
    assert page.get_by_role("slider").count() == 0


def test_a_heat_map_is_read_row_by_row_and_column_by_column(show):
    page = show(WEIGHTS)
    page.keyboard.press("Tab")
    expect(page.get_by_role("slider", name="Row to read")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    column = page.get_by_role("slider", name="Column to read")
    expect(column).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(column).to_have_attribute("aria-valuetext", "looking cat, looked at cat: 75.0 %")
    expect(page.locator(".genai-readout")).to_have_text("looking cat, looked at cat: 75.0 %")
    assert page.locator(".genai-named").all_text_contents() == ["cat", "cat"]
    assert page.locator(".genai-cell-number").all_text_contents() == ["100", "0", "25", "75"]


def test_shades_have_two_colours_around_zero_and_a_cross_where_there_is_no_number(show):
    page = show(SHADED)
    pixels = page.evaluate("""async () => {
        const image = new Image(), canvas = document.createElement("canvas");
        image.src = document.querySelector(".genai-heat image").getAttribute("href");
        await image.decode();
        canvas.getContext("2d").drawImage(image, 0, 0);
        return [[0, 0], [1, 0], [0, 1], [1, 1]].map(([x, y]) => [...canvas.getContext("2d").getImageData(x, y, 1, 1).data]);
    }""")
    one, minus_two, hole, half = pixels
    assert one[2] > one[0] and minus_two[0] > minus_two[2] and hole[3] == 0 and minus_two[3] == 190
    assert one[3] == pytest.approx(95, abs=1) and half[3] == pytest.approx(48, abs=1)
    assert page.locator(".genai-cell-number").all_text_contents() == ["1", "−2", "×", "0.5"]


def test_images_have_their_titles_as_names(show):
    page = show(GRID)
    assert [image.get_attribute("alt") for image in page.get_by_role("img").all()] == list("abcdef")
    expect(page.get_by_role("group", name="From black to white.")).to_be_visible()
    assert page.locator("img").evaluate_all("images => images.every(image => image.naturalWidth === 4)")


@pytest.mark.parametrize("width", [400, 1280])
def test_pictures_keep_their_proportions_on_any_page_and_none_is_wider_than_it(show, width):
    page = show(ImageGrid(np.zeros((8, 1, 4, 8)), "Wide."), Strip(np.zeros((3, 1, 8, 4)), "High."), *gallery())
    page.set_viewport_size({"width": width, "height": 900})
    ratios = [page.get_by_role("region", name=f"View {i}").locator("img").first.evaluate("image => image.clientWidth / image.clientHeight") for i in (0, 1)]
    assert ratios == pytest.approx([2, 0.5], rel=0.1) and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_a_strip_is_run_through_by_keys_alone(show):
    page = show(FRAMES)
    frame, position = page.get_by_role("img"), page.get_by_role("slider", name="Frame")
    expect(frame).to_have_attribute("alt", "Ever lighter. step 5 of 5")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(frame).to_have_attribute("alt", "Ever lighter. step 0 of 5")
    black = frame.get_attribute("src")
    for key in ("Tab", "Tab", "Tab", "Enter"): page.keyboard.press(key)
    expect(position).to_have_attribute("aria-valuetext", "step 1 of 5")
    assert frame.get_attribute("src") != black
    expect(page.locator(".genai-here")).to_have_attribute("data-at", "1")
    page.get_by_role("combobox", name="Frame: speed").press("ArrowDown")
    page.get_by_role("button", name="Frame: play").press("Enter")
    expect(position).to_have_attribute("aria-valuetext", "step 5 of 5")


def test_a_plane_is_read_off_point_by_point_and_along_its_paths(show):
    page = show(PLANE, FLOW)
    reading = page.get_by_role("region", name="View 0").get_by_role("slider")
    said = ["point of left at −1, 0", "point of right at 1, 1", "walk, step 0 of 1 at 0, 0", "walk, step 1 of 1 at 0.5, 0.5"]
    reading.press("Home")
    for text in said:
        expect(reading).to_have_attribute("aria-valuetext", text)
        page.keyboard.press("ArrowRight")
    assert page.locator(".genai-zero-line").count() == 1 and page.locator(".genai-arrow").count() == 168 and page.locator(".genai-still").count() == 1
    expect(page.get_by_role("region", name="View 1").get_by_role("slider")).to_have_attribute("aria-valuetext", "arrow by −0.923, −0.923 at −0.923, 0.923")


NAN, INF = float("nan"), float("inf")
ODD = {
    "bars": Bars({"a": NAN, "b": INF, "c": -INF, "d": 1e308}, "Odd bars."), "curves": Curves({"y": [NAN, INF, -INF, 1e308, -1e308], "z": [NAN] * 5}, "Odd lines."),
    "logarithm": Curves({"y": [0.0, -1.0, INF, 1e-300, 1e300]}, "Odd heights.", log=True), "cells": HeatMap([[NAN, INF], [-INF, 1.0]], "Odd cells."),
    "holes": HeatMap([[NAN, NAN]], "Only holes."), "images": ImageGrid(np.full((2, 1, 4, 4), NAN), "Odd images."), "frames": Strip(np.full((2, 3, 4, 4), INF), "Odd frames."),
    "plane": Field("Odd plane.", [(NAN, 1), (INF, 2), (0, 0)], function=lambda p: np.where(p[:, 0] > 0, INF, NAN), flow=lambda p: p * NAN),
    "graph": Graph({"a": [], "b": ["a", "a"]}, "Odd values.", {"a": str(NAN), "b": str(INF)}),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_numbers_that_are_none_leave_a_picture_without_them(show, name):
    page = show(ODD[name])
    markup = page.locator(".genai-views").evaluate("node => node.innerHTML.replace(/>[^<]*</g, '><')")  # without the words
    assert "NaN" not in markup and "Infinity" not in markup and "undefined" not in markup
    if name != "graph" and name != "bars": expect(page.locator(".genai-note").first).to_contain_text("not finite")
    expect(page.locator(".genai-views").locator("table, svg, img").first).to_be_visible()


MANY = {
    "bars": (Bars({str(i): i for i in range(1_000_000)}, "Many bars."), "20 of 1,000,000 bars"), "lines": (Curves({str(i): [0.0, i] for i in range(1000)}, "Many lines."), "24 of 1,000 lines"),
    "cells": (HeatMap(np.ones((1000, 1000)), "Many cells."), "1,000 × 1,000 cells"), "images": (ImageGrid(np.zeros((10_000, 1, 10, 10)), "Many."), "120 of 10,000 images"),
    "points": (Field("Many points.", np.random.default_rng(0).normal(size=(1_000_000, 2))), "1,000 of 1,000,000 points"),
}  # fmt: skip


@pytest.mark.parametrize("name", MANY)
def test_a_million_of_anything_is_drawn_in_part_and_that_is_told(show, name):
    chart, said = MANY[name]
    page = show(chart)
    expect(page.locator(".genai-note").first).to_contain_text(said)
    assert page.locator(".genai-views *").count() < 8000


def test_a_million_points_are_drawn_and_the_thinning_is_told(show):
    page = show(Curves({"noise": np.random.default_rng(0).standard_normal(1_000_000)}, "Noise."))
    expect(page.locator(".genai-note")).to_contain_text("1,000,000 points")
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", "x 999,999, noise 0.229")


def test_every_view_tells_a_screen_reader_what_it_shows_and_each_key_what_it_did(show): expect_spoken(show(*gallery()))


def test_what_a_moved_control_leads_to_is_read_out_where_no_words_are_shown(show):
    page = show(explore_temperature(SHARES))
    expect(page.get_by_role("group", name="Controls")).to_be_visible()
    page.get_by_role("slider", name="Temperature").press("Home")
    expect(page.get_by_role("status").filter(has_text="At temperature 0.1 the likeliest is the end")).to_have_count(1)


def test_shades_are_read_at_places_spread_over_the_plane(show):
    page = show(Field("A slope.", function=lambda p: p[:, 0], extent=((-1, 1), (0, 2))))
    reading = page.get_by_role("slider", name="Read points off the plane")
    reading.press("Home")
    expect(reading).to_have_attribute("aria-valuetext", "value −0.812 at −0.813, 1.81")
    for _ in range(4): page.keyboard.press("ArrowRight")
    expect(reading).to_have_attribute("aria-valuetext", "value 0.812 at 0.813, 1.81")
    page.get_by_text("Show as table").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(25)


def test_words_and_numbers_are_there_on_request(show):
    page = show(FALLING)
    for title in ("Describe this", "Show as table"): page.get_by_text(title).press("Enter")
    expect(page.get_by_text("Two losses fall; the held-out one stays higher.")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(100)
    assert page.locator("tbody tr").first.inner_text().split("\t") == ["0", "2.1", "2.3"]


def test_light_and_dark_show_the_same_ink_and_axe_finds_no_fault(show):
    ink = []
    for scheme in ("light", "dark"):
        page = show(*ALL, scheme=scheme)
        for summary in page.locator("summary").all(): summary.press("Enter")
        assert not faults(page)
        ink.append([inked(view.screenshot()) for view in page.locator(".genai-views").all()[: len(LINE_ART)]])
    assert ink[1] == pytest.approx(ink[0], rel=0.25) and min(ink[0]) > 0.004
