// Lines over a common x axis, told apart by colour, dash and marker, each with its name at its end.
const SIZE = { width: 720, height: 300 }, LABEL_GAP = 17, LETTER = 7.3;

// The path of a line with a gap wherever a value has no place.
function pathOf(points) {
  let pen = "M";
  return points.map(([x, y]) => {
    if (x === null || y === null) { pen = "M"; return ""; }
    const part = `${pen}${x.toFixed(1)},${y.toFixed(1)}`;
    pen = "L";
    return part;
  }).join("");
}

// Heights as near to the wanted ones as a gap allows, within bounds.
function spread(wanted, low, high) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const places = [];
  order.forEach((i, rank) => { places[i] = Math.max(wanted[i], rank ? places[order[rank - 1]] + LABEL_GAP : low); });
  const over = Math.max(0, (places[order.at(-1)] ?? 0) - high);
  return places.map((place) => place - over);
}

function drawLine(points, i) {
  const seen = points.filter(([x, y]) => x !== null && y !== null);
  const every = Math.max(1, Math.ceil(seen.length / 6));
  const marks = seen.filter((_, k) => k % every === 0 || k === seen.length - 1).map((point) => mark(i, point));
  const line = shape("path", { class: `genai-line genai-series-${i % 6}`, d: pathOf(points), "stroke-dasharray": DASHES[i % 6] });
  return shape("g", {}, line, ...marks);
}

function endLabels(lines, ends, box) {
  const heights = spread(ends.map(([, y]) => y), box.top, box.bottom);
  return lines.map((line, i) => {
    const at = [box.right + 18, heights[i]];
    const leader = shape("path", { class: "genai-leader", d: `M${ends[i][0] + 5},${ends[i][1]}L${at[0] - 7},${at[1]}` });
    return shape("g", {}, leader, mark(line.number, at), shape("text", { class: "genai-series-name", x: at[0] + 9, y: at[1] + 4.5 }, line.name));
  });
}

function layout(chart) {
  const longest = Math.max(0, ...chart.lines.map((line) => line.name.length));
  const box = { left: 58, right: SIZE.width - 40 - Math.min(200, LETTER * longest), top: chart.ylabel ? 34 : 14, bottom: SIZE.height - (chart.xlabel ? 50 : 30) };
  const x = scale(chart.lines.flatMap((line) => line.x), box.left + 6, box.right, { log: chart.log_x, count: 6 });
  const y = scale(chart.lines.flatMap((line) => line.y), box.bottom - 4, box.top, { log: chart.log });
  const lines = chart.lines.map((line, number) => ({ ...line, number, points: line.x.map((value, i) => [x.place(value), y.place(line.y[i])]) }));
  return { box, x, y, lines };
}

const drawable = (line) => line.points.some(([x, y]) => x !== null && y !== null);
const lastSeen = (line) => line.points.findLast(([x, y]) => x !== null && y !== null);
const nearest = (numbers, value) => numbers.reduce((best, other, i) => (Math.abs(other - value) < Math.abs(numbers[best] - value) ? i : best), 0);

VIEWS.curves = () => {
  const svg = shape("svg", { class: "genai-chart", viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, role: "img" });
  const picture = shape("g", {}), cursor = shape("g", { class: "genai-cursor" });
  const said = element("output", { class: "genai-readout" }), after = element("div", {});
  let chart = null, plan = null, stops = [], at = Infinity; // where values are read: first of all, at the end
  const valuesAt = (at) => plan.lines.map((line) => [line, nearest(line.x, stops[at])]);
  const tell = (at) => (stops.length ? [`${chart.xlabel || "x"} ${readable(stops[at])}`, ...valuesAt(at).map(([line, i]) => `${line.name} ${readable(line.y[i])}`)].join(", ") : "nothing to read");
  const show = (place) => {
    at = place;
    said.textContent = tell(at);
    const x = plan.x.place(stops[at]);
    const dots = valuesAt(at).filter(([line, i]) => drawable(line) && line.points[i][1] !== null).map(([line, i]) => mark(line.number, line.points[i]));
    cursor.replaceChildren(shape("line", { x1: x, x2: x, y1: plan.box.top, y2: plan.box.bottom }), ...dots);
  };
  const reading = reader("Read values off the chart", tell, show);
  const point = (event) => {
    const across = ((event.clientX - svg.getBoundingClientRect().left) / svg.getBoundingClientRect().width) * SIZE.width;
    if (stops.length) reading.place(nearest(stops.map(plan.x.place), across));
  };
  svg.append(picture, cursor);
  const stage = element("div", { class: "genai-plot", onpointermove: point }, svg, reading.input);
  const node = element("div", { class: "genai-figure" }, stage, said, after);
  const draw = (fresh) => {
    chart = fresh;
    plan = layout(chart);
    const lines = plan.lines.filter(drawable);
    stops = [...new Set(lines.flatMap((line) => line.x.filter((value) => plan.x.place(value) !== null)))].sort((a, b) => a - b);
    svg.setAttribute("aria-label", chart.alt);
    picture.replaceChildren(drawAxes(plan.box, plan.x, plan.y, chart), ...lines.map((line) => drawLine(line.points, line.number)), ...endLabels(lines, lines.map(lastSeen), plan.box));
    stage.hidden = said.hidden = !stops.length;
    after.replaceChildren(...(stops.length ? [] : [emptyState("no line has a point that can be drawn")]), ...noteLines(chart.notes));
    reading.resize(stops.length);
    if (stops.length) reading.place(Math.min(at, stops.length - 1));
  };
  const table = () => ({ columns: [chart.xlabel || "x", ...chart.lines.map((line) => line.name)], rows: stops.map((value) => [readable(value), ...plan.lines.map((line) => cellAt(line, value))]) });
  return { node, draw, table };
};

function cellAt(line, value) {
  const i = line.x.indexOf(value);
  return i < 0 ? "" : readable(line.y[i]);
}
