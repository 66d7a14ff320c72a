// A table of numbers as shaded cells, its rows and columns named: attention, a matrix of weights, a confusion.
const ROOM = 620, LARGEST = 46, SMALLEST = 5, TEXT_HEIGHT = 13, WIDE = 7.4, MOST_WRITTEN = 12;

function cells(chart) {
  const side = Math.max(SMALLEST, Math.min(LARGEST, ROOM / Math.max(1, chart.columns.length), ROOM / Math.max(1, chart.rows.length)));
  const longest = (names) => Math.max(0, ...names.map((name) => name.length)) * WIDE;
  const slanted = longest(chart.columns) > side - 4;
  const left = 12 + longest(chart.rows) + (chart.ylabel ? 20 : 0), above = (slanted ? 12 + 0.75 * longest(chart.columns) : 24) + (chart.xlabel ? 20 : 0);
  const width = side * chart.columns.length, height = side * chart.rows.length;
  return { side, slanted, left, above, width, height, right: slanted ? 0.75 * longest(chart.columns) : 8 };
}

// Every name if there is room, else every second, fifth, ...
const everyFor = (side) => Math.ceil((TEXT_HEIGHT + 1) / side);

function drawNames(chart, grid) {
  const every = everyFor(grid.side);
  const shown = (names) => names.map((name, i) => [name, i]).filter(([, i]) => i % every === 0);
  const middle = (i) => (i + 0.5) * grid.side;
  const rows = shown(chart.rows).map(([name, i]) => shape("text", { class: "genai-end", "data-row": i, x: grid.left - 8, y: grid.above + middle(i) + 4.5 }, name));
  const columns = shown(chart.columns).map(([name, i]) => {
    const at = [grid.left + middle(i), grid.above - 8];
    return shape("text", { class: grid.slanted ? "genai-start" : "", "data-column": i, x: at[0], y: at[1], transform: grid.slanted ? `rotate(-45 ${at})` : null }, name);
  });
  const below = shape("text", { class: "genai-axis-label", x: grid.left + grid.width / 2, y: 14 }, chart.xlabel);
  const turned = [14, grid.above + grid.height / 2];
  const beside = shape("text", { class: "genai-axis-label", x: turned[0], y: turned[1], transform: `rotate(-90 ${turned})` }, chart.ylabel);
  return [...rows, ...columns, below, beside];
}

// Numbers on the cells where they fit, and a cross on each cell that holds none.
function drawNumbers(chart, grid) {
  const write = grid.side >= 32 && chart.rows.length <= MOST_WRITTEN;
  return chart.values.flatMap((row, r) => row.flatMap((value, c) => {
    if (isNumber(value) && !write) return [];
    const text = isNumber(value) ? (chart.percent ? Math.round(100 * value) : readable(Number(value.toPrecision(2)))) : "×";
    const at = { x: grid.left + (c + 0.5) * grid.side, y: grid.above + (r + 0.5) * grid.side + 4 };
    return [shape("text", { class: isNumber(value) ? "genai-cell-number" : "genai-cell-number genai-odd-number", ...at }, String(text))];
  }));
}

VIEWS.heatmap = () => {
  const svg = shape("svg", { class: "genai-chart genai-heat", role: "img" }), picture = shape("g", {}), cursor = shape("rect", { class: "genai-cell-cursor" });
  const after = element("div", {});
  let chart = null, grid = null;
  const tell = () => `${chart.ylabel || "row"} ${chart.rows[row.read()]}, ${chart.xlabel || "column"} ${chart.columns[column.read()]}: ${readable(chart.values[row.read()][column.read()], chart.percent)}`;
  const show = () => {
    const [r, c] = [row.read(), column.read()];
    for (const reading of [row, column]) reading.say(); // each says both
    for (const [name, value] of Object.entries({ x: grid.left + c * grid.side, y: grid.above + r * grid.side, width: grid.side, height: grid.side })) cursor.setAttribute(name, value);
    for (const text of picture.querySelectorAll("[data-row], [data-column]")) text.classList.toggle("genai-named", text.dataset.row === String(r) || text.dataset.column === String(c));
  };
  const row = reader("Row to read", tell, show), column = reader("Column to read", tell, show);
  const point = (event) => {
    const drawn = svg.getBoundingClientRect(), size = svg.viewBox.baseVal.width / drawn.width;
    const [c, r] = [(event.clientX - drawn.left) * size - grid.left, (event.clientY - drawn.top) * size - grid.above].map((place) => Math.floor(place / grid.side));
    if (chart.values[r]?.[c] === undefined) return;
    row.place(r);
    column.place(c);
  };
  svg.append(picture, cursor);
  const stage = element("div", { class: "genai-plot", onpointermove: point }, svg, row.input, column.input);
  const node = element("div", { class: "genai-figure" }, stage, row.said, after);
  const draw = (fresh) => {
    chart = fresh;
    const empty = !chart.rows.length || !chart.columns.length;
    stage.hidden = row.said.hidden = empty;
    after.replaceChildren(...(empty ? [emptyState("there are no cells")] : [shadeKey(chart.low, chart.high, chart.percent)]), ...noteLines(chart.notes));
    row.resize(chart.rows.length);
    column.resize(chart.columns.length);
    if (empty) return;
    grid = cells(chart);
    const [width, height] = [grid.left + grid.width + grid.right, grid.above + grid.height + 4];
    const shades = shape("image", { href: shadesOf(chart.values, chart.low, chart.high), x: grid.left, y: grid.above, width: grid.width, height: grid.height, preserveAspectRatio: "none" });
    const edge = shape("rect", { class: "genai-edge-of-cells", x: grid.left, y: grid.above, width: grid.width, height: grid.height });
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("style", `width:${width}px`);
    svg.setAttribute("aria-label", chart.alt);
    picture.replaceChildren(shades, edge, ...drawNames(chart, grid), ...drawNumbers(chart, grid));
    row.place(Math.min(row.read(), chart.rows.length - 1));
    column.place(Math.min(column.read(), chart.columns.length - 1));
  };
  const table = () => ({ columns: [chart.ylabel || "row", ...chart.columns], rows: chart.rows.map((name, r) => [name, ...chart.values[r].map((value) => readable(value, chart.percent))]) });
  return { node, draw, table };
};
