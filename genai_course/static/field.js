// A plane: a function as shades with its zero line, points of several kinds, arrows of a flow, paths that run through it.
const PLANE = { width: 620, height: 440, left: 58, top: 14 }, KEY_ROW = 22;

// One scale for both axes, so that a circle is a circle.
function plane(chart) {
  const [[x0, x1], [y0, y1]] = chart.extent, room = [380, 380];
  const unit = Math.min(room[0] / (x1 - x0), room[1] / (y1 - y0));
  const box = { left: PLANE.left, top: PLANE.top, right: PLANE.left + unit * (x1 - x0), bottom: PLANE.top + unit * (y1 - y0) };
  return { box, x: scale([x0, x1], box.left, box.right), y: scale([y0, y1], box.bottom, box.top) };
}

const placed = ({ x, y }, [a, b]) => [x.place(a), y.place(b)];
const polyline = (plan, points) => `M${points.map((point) => placed(plan, point).map((place) => place.toFixed(1))).join("L")}`;

function arrow(from, to) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  if (length < 0.5) return shape("circle", { class: "genai-still", cx: from[0], cy: from[1], r: 1.5 });
  const turn = (Math.atan2(to[1] - from[1], to[0] - from[0]) * 180) / Math.PI, head = Math.min(6, 0.45 * length);
  const d = `M0,0H${length}M${length - head},${-0.6 * head}L${length},0L${length - head},${0.6 * head}`;
  return shape("path", { class: "genai-arrow", d, transform: `translate(${from}) rotate(${turn})` });
}

function drawPath(plan, { points }, i) {
  const line = shape("path", { class: `genai-line genai-series-${i % 6}`, d: polyline(plan, points), "stroke-dasharray": DASHES[i % 6] });
  const start = placed(plan, points[0]), end = placed(plan, points.at(-1));
  return shape("g", {}, line, shape("circle", { class: `genai-path-start genai-series-${i % 6}`, cx: start[0], cy: start[1], r: 4 }), mark(i, end));
}

// Names of the kinds of points and of the paths, beside the plane.
function drawKey(chart, plan) {
  const entries = [...chart.kinds.map((name, i) => [mark(i, [0, 0]), name]), ...chart.paths.map(({ name }, i) => [mark(i, [0, 0]), name])];
  return entries.map(([sign, name], i) => shape("g", { transform: `translate(${plan.box.right + 24},${plan.box.top + 12 + i * KEY_ROW})` }, sign, shape("text", { class: "genai-series-name", x: 13, y: 4.5 }, name)));
}

function drawPlane(chart, plan) {
  const { box } = plan, parts = [];
  if (chart.values) parts.push(shape("image", { class: "genai-smooth", href: shadesOf(chart.values, ...chart.reach), x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top, preserveAspectRatio: "none" }));
  parts.push(drawAxes(box, plan.x, plan.y, { ...chart, ylabel: "" }), shape("text", { class: "genai-axis-label", x: 14, y: (box.top + box.bottom) / 2 }, chart.ylabel));
  parts.push(...chart.zero.map((line) => shape("path", { class: "genai-zero-line", d: polyline(plan, line) })));
  parts.push(...chart.arrows.map(([x, y, u, v]) => arrow(placed(plan, [x, y]), placed(plan, [x + u * chart.arrow_scale, y + v * chart.arrow_scale]))));
  parts.push(...chart.points.map(([x, y, kind]) => mark(kind, placed(plan, [x, y]))), ...chart.paths.map((path, i) => drawPath(plan, path, i)), ...drawKey(chart, plan));
  return parts;
}

VIEWS.field = () => {
  const svg = shape("svg", { class: "genai-chart genai-plane", role: "img" }), picture = shape("g", {}), cursor = shape("circle", { class: "genai-cursor genai-ring", r: 9 });
  const after = element("div", {});
  let chart = null, plan = null, stops = [];
  const things = () => [
    ...chart.points.map(([x, y, kind]) => ({ at: [x, y], text: chart.kinds[kind] ? `point of ${chart.kinds[kind]}` : "point" })),
    ...chart.paths.flatMap(({ name, points }) => points.map((at, i) => ({ at, text: `${name}, step ${i} of ${points.length - 1}` }))),
    ...chart.arrows.map(([x, y, u, v]) => ({ at: [x, y], text: `arrow by ${readable(u)}, ${readable(v)}` })),
  ];
  const tell = (i) => (stops.length ? `${stops[i].text} at ${readable(stops[i].at[0])}, ${readable(stops[i].at[1])}` : "nothing to read");
  const show = (i) => {
    const [x, y] = placed(plan, stops[i].at);
    cursor.setAttribute("cx", x);
    cursor.setAttribute("cy", y);
  };
  const reading = reader("Read points off the plane", tell, show);
  const point = (event) => {
    const drawn = svg.getBoundingClientRect(), size = PLANE.width / drawn.width;
    const at = [(event.clientX - drawn.left) * size, (event.clientY - drawn.top) * size];
    const away = stops.map((stop) => { const [x, y] = placed(plan, stop.at); return Math.hypot(x - at[0], y - at[1]); });
    if (stops.length) reading.place(away.indexOf(Math.min(...away)));
  };
  svg.append(picture, cursor);
  const stage = element("div", { class: "genai-plot", onpointermove: point }, svg, reading.input);
  const node = element("div", { class: "genai-figure" }, stage, reading.said, after);
  const draw = (fresh) => {
    chart = fresh;
    plan = plane(chart);
    stops = things();
    const empty = !stops.length && !chart.values;
    svg.setAttribute("viewBox", `0 0 ${PLANE.width} ${plan.box.bottom + (chart.xlabel ? 46 : 26)}`);
    svg.setAttribute("aria-label", chart.alt);
    picture.replaceChildren(...drawPlane(chart, plan));
    stage.hidden = empty;
    reading.said.hidden = !stops.length;
    after.replaceChildren(...(empty ? [emptyState("there are no points")] : []), ...(chart.values ? [shadeKey(...chart.reach)] : []), ...noteLines(chart.notes));
    reading.resize(stops.length);
    if (stops.length) reading.place(Math.min(reading.read(), stops.length - 1));
  };
  const table = () => ({ columns: ["what", chart.xlabel || "x", chart.ylabel || "y"], rows: stops.map(({ at, text }) => [text, readable(at[0]), readable(at[1])]) });
  return { node, draw, table };
};
