// A line chart: lines over a common x axis, told apart by colour, dash and marker, each named at its end; values are read off by pointer or by keys.
// chart: { lines: [{ name, x, y }], xlabel, ylabel, log, log_x, alt, notes }. A line may have `faint` heights drawn behind it, and a `detail` under its name;
// a chart may have lines `behind`, numbered `flags` at places of x, and a `reach` { x, y } of numbers that the axes must hold.
const CHART = { height: 300, least: 320, most: 860, usual: 720 }, ROW = 16, LABEL_SHARE = 0.3, MOST_ROWS = 3;

const ruler = document.createElement("canvas").getContext("2d");
function textWidth(text, font) {
  ruler.font = font;
  return ruler.measureText(text).width;
}

// The text up to what fits, with an ellipsis where it is cut.
function cutTo(text, room, measure) {
  if (measure(text) <= room) return text;
  const fits = Array.from(text).map((_, i, letters) => `${letters.slice(0, i).join("")}…`).filter((part) => measure(part) <= room);
  return fits.at(-1) ?? "…";
}

// Words in rows that fit into the room: at most MOST_ROWS, the last one cut.
function wrapped(text, room, measure) {
  const rows = [""];
  for (const word of text.split(/\s+/)) {
    const longer = `${rows.at(-1)} ${word}`.trim();
    if (!rows.at(-1) || measure(longer) <= room || rows.length === MOST_ROWS) rows[rows.length - 1] = longer;
    else rows.push(word);
  }
  return rows.map((row) => cutTo(row, room, measure));
}

// The path of a line with a gap wherever a value has no place; a point alone is a dot.
function pathOf(points) {
  let pen = false;
  return points.map(([x, y]) => {
    const there = x !== null && y !== null, part = there ? `${pen ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}${pen ? "" : "h0.01"}` : "";
    pen = there;
    return part;
  }).join("");
}

// Middles as near to the wanted ones as the heights of what stands there allow, within bounds.
function spread(wanted, heights, low, high) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]), places = [...wanted];
  let free = low;
  for (const i of order) { places[i] = Math.max(places[i], free + heights[i] / 2); free = places[i] + heights[i] / 2; }
  free = high;
  for (const i of order.reverse()) { places[i] = Math.min(places[i], free - heights[i] / 2); free = places[i] - heights[i] / 2; }
  return places;
}

function drawLine({ points, number }) {
  const seen = points.filter(([x, y]) => x !== null && y !== null);
  const every = Math.max(1, Math.ceil(seen.length / 6));
  const marks = seen.filter((_, k) => k % every === 0 || k === seen.length - 1).map((point) => mark(number, point));
  const line = shape("path", { class: `genai-line genai-series-${number % 6}`, d: pathOf(points), "stroke-dasharray": DASHES[number % 6] });
  return shape("g", {}, line, ...marks);
}

const drawable = (line) => line.points.some(([x, y]) => x !== null && y !== null);
const lastSeen = (line) => line.points.findLast(([x, y]) => x !== null && y !== null);

function endLabels(lines, box) {
  const heights = lines.map((line) => ROW * (line.rows.length + (line.detail ? 1 : 0)) + 2), ends = lines.map(lastSeen);
  const middles = spread(ends.map(([, y]) => y), heights, box.top - ROW, box.bottom + ROW), x = box.right + 18;
  return lines.map((line, i) => {
    const top = middles[i] - heights[i] / 2 + 1, row = (text, k, name = "genai-series-name") => shape("text", { class: name, x: x + 9, y: top + ROW * k + 12.5 }, text);
    const leader = shape("path", { class: "genai-leader", d: `M${ends[i][0] + 5},${ends[i][1]}L${x - 7},${top + ROW / 2}` });
    const detail = line.detail ? [row(line.detail, line.rows.length, "genai-series-name genai-series-detail")] : [];
    return shape("g", {}, leader, mark(line.number, [x, top + ROW / 2]), ...line.rows.map((text, k) => row(text, k)), ...detail);
  });
}

// A dotted line at each flag, with its number above where there is room.
function drawFlags(places, box) {
  let free = -Infinity;
  return places.flatMap((x, i) => {
    const line = shape("path", { class: "genai-flag", d: `M${x},${box.top}V${box.bottom}` });
    if (x < free) return [line];
    free = x + 16;
    return [line, shape("circle", { class: "genai-flag-head", cx: x, cy: box.top - 12, r: 9 }), shape("text", { class: "genai-flag-number", x, y: box.top - 8 }, String(i + 1))];
  });
}

function layout(chart, width, font) {
  const measure = (text) => textWidth(text, font), room = LABEL_SHARE * width;
  const named = chart.lines.map((line, number) => ({ ...line, number, rows: wrapped(line.name, room, measure) }));
  const widest = Math.max(0, ...named.flatMap((line) => [...line.rows, line.detail ?? ""].map(measure)));
  const box = { left: 58, right: width - 34 - widest, top: chart.ylabel || chart.flags ? 34 : 14, bottom: CHART.height - (chart.xlabel ? 50 : 30) };
  const all = [...named, ...(chart.behind ?? [])], { reach = { x: [], y: [] } } = chart;
  const x = scale([...all.flatMap((line) => line.x), ...reach.x], box.left + 6, box.right, { log: chart.log_x, count: Math.ceil(width / 120) });
  const y = scale([...all.flatMap((line) => [...line.y, ...(line.faint ?? [])]), ...reach.y], box.bottom - 4, box.top, { log: chart.log });
  const placed = (line, heights) => line.x.map((value, i) => [x.place(value), y.place(heights[i])]);
  const lines = named.map((line) => ({ ...line, points: placed(line, line.y), behind: line.faint ? placed(line, line.faint) : [] }));
  return { box, x, y, lines, behind: (chart.behind ?? []).map((line) => placed(line, line.y)) };
}

const nearest = (numbers, value) => numbers.reduce((best, other, i) => (Math.abs(other - value) < Math.abs(numbers[best] - value) ? i : best), numbers.length - 1);

function cellAt(line, value) {
  const i = line.x.indexOf(value);
  return i < 0 ? "" : readable(line.y[i]);
}

function lineChart() {
  const svg = shape("svg", { class: "genai-chart", role: "img" }), picture = shape("g", {}), cursor = shape("g", { class: "genai-cursor" }), after = element("div", {});
  let chart = null, plan = null, stops = [], pinned = Infinity, width = CHART.usual; // where values are read: first of all, at the end
  const valuesAt = (at) => plan.lines.filter(drawable).map((line) => [line, nearest(line.x, stops[at])]);
  const tell = (at) => [`${chart.xlabel || "x"} ${readable(stops[at])}`, ...valuesAt(at).map(([line, i]) => `${line.name} ${readable(line.y[i])}`)].join(", ");
  const show = (at) => {
    const x = plan.x.place(stops[at]), dots = valuesAt(at).filter(([line, i]) => line.points[i][1] !== null).map(([line, i]) => mark(line.number, line.points[i]));
    cursor.replaceChildren(shape("line", { x1: x, x2: x, y1: plan.box.top, y2: plan.box.bottom }), ...dots);
  };
  const reading = reader("Read values off the chart", tell, show, (at) => { pinned = stops[at]; });
  const point = (event) => {
    const drawn = svg.getBoundingClientRect();
    if (stops.length) reading.move(nearest(stops.map(plan.x.place), ((event.clientX - drawn.left) / drawn.width) * width));
  };
  svg.append(picture, cursor);
  const stage = element("div", { class: "genai-plot", onpointermove: point }, svg, reading.input);
  const node = element("div", { class: "genai-figure" }, stage, reading.said, after);
  const redraw = () => {
    plan = layout(chart, width, `13px ${getComputedStyle(svg).fontFamily || "sans-serif"}`);
    const lines = plan.lines.filter(drawable), { box } = plan;
    stops = [...new Set(lines.flatMap((line) => line.x.filter((value) => plan.x.place(value) !== null)))].sort((a, b) => a - b);
    svg.setAttribute("viewBox", `0 0 ${width} ${CHART.height}`);
    const faint = lines.filter((line) => line.faint).map((line) => shape("path", { class: `genai-line genai-faint genai-series-${line.number % 6}`, d: pathOf(line.behind) }));
    const behind = plan.behind.map((points) => shape("path", { class: "genai-line genai-behind", d: pathOf(points) }));
    picture.replaceChildren(drawAxes(box, plan.x, plan.y, chart), ...behind, ...faint, ...lines.map(drawLine), ...drawFlags((chart.flags ?? []).map(plan.x.place), box), ...endLabels(lines, box));
    reading.resize(stops.length);
    if (stops.length) reading.place(nearest(stops, pinned));
  };
  // Drawn for the width that there is, so that letters are never shrunk.
  new ResizeObserver(([{ contentRect }]) => {
    const now = Math.round(Math.max(CHART.least, Math.min(CHART.most, contentRect.width)));
    if (!chart || !contentRect.width || now === width) return;
    width = now;
    redraw();
  }).observe(stage);
  const draw = (fresh) => {
    chart = fresh;
    redraw();
    svg.setAttribute("aria-label", chart.alt);
    stage.hidden = reading.said.hidden = !stops.length;
    after.replaceChildren(...(stops.length ? [] : [emptyState(chart.empty ?? "no line has a point that can be drawn")]), ...noteLines(chart.notes));
  };
  const table = () => ({ columns: [chart.xlabel || "x", ...chart.lines.map((line) => line.name)], rows: stops.map((value) => [readable(value), ...plan.lines.map((line) => cellAt(line, value))]) });
  return { node, draw, table };
}

VIEWS.curves = lineChart;
