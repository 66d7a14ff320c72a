// A graph in layers: boxes with up to three lines of text, joined by curves. Its places come from Python.
const COLUMN = 172, ROW = 104, BOX = { width: 104, height: 70 }, MARGIN = 22;

const corner = (place, low) => [MARGIN + place[0] * COLUMN, MARGIN + 14 + (place[1] - low) * ROW];

// The curve of an edge through its bends, and the spot for its label. Twin edges (a*a) bow apart.
function route(edge, from, to, low) {
  const start = [from[0] + BOX.width, from[1] + BOX.height / 2];
  const end = [to[0] - 7, to[1] + BOX.height / 2];
  const bends = edge.bends.map((b) => corner(b, low)).map(([x, y]) => [x + BOX.width / 2, y + BOX.height / 2]);
  const bow = edge.twin ? (edge.twin % 2 ? -26 : 26) : 0;
  const points = [start, ...bends, end];
  let path = `M${start}`;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1], points[i]];
    const half = (b[0] - a[0]) / 2;
    path += ` C${a[0] + half},${a[1] + bow} ${b[0] - half},${b[1] + bow} ${b}`;
  }
  return path;
}

function drawNode(node, low) {
  const [x, y] = corner(node.place, low);
  const label = shape("text", { class: "genai-node-label", x: BOX.width / 2, y: 18 }, node.label);
  const value = shape("text", { class: "genai-node-value", x: BOX.width / 2, y: 40 });
  const gradient = shape("text", { class: "genai-node-gradient", x: BOX.width / 2, y: 61 });
  const marker = shape("path", { class: "genai-marker", d: `M${BOX.width / 2 - 7},-15 h14 l-7,9 z` });
  const round = node.parents.length ? 10 : 22;
  const box = shape("rect", { class: "genai-box", width: BOX.width, height: BOX.height, rx: round });
  const group = shape("g", { class: node.parents.length ? "genai-node" : "genai-node genai-leaf", transform: `translate(${x},${y})` },
    shape("title", {}, node.text), box, label, value, gradient, marker);
  return { group, value, gradient };
}

function drawEdge(edge, corners, low) {
  const line = shape("path", { class: "genai-edge-line", d: route(edge, corners[edge.source], corners[edge.target], low) });
  const label = shape("text", { class: "genai-edge-label" }, edge.label ?? "");
  const group = shape("g", { class: "genai-edge" }, line);
  return { group, line, label };
}

// The whole picture, drawn once for a graph; paint(data, nodes, edges, ...) then only changes classes and texts.
function graphDrawing(svg, paint) {
  let nodes = {}, edges = {}, shape_of_graph = "";
  const rebuild = (data) => {
    const heights = data.nodes.map((n) => n.place[1]).concat(data.edges.flatMap((e) => e.bends.map((b) => b[1])));
    const low = Math.min(...heights), columns = Math.max(...data.nodes.map((n) => n.place[0]));
    const size = [2 * MARGIN + columns * COLUMN + BOX.width, 2 * MARGIN + 14 + (Math.max(...heights) - low) * ROW + BOX.height];
    const corners = Object.fromEntries(data.nodes.map((n) => [n.id, corner(n.place, low)]));
    nodes = Object.fromEntries(data.nodes.map((n) => [n.id, drawNode(n, low)]));
    edges = Object.fromEntries(data.edges.map((e) => [e.id, drawEdge(e, corners, low)]));
    svg.setAttribute("viewBox", `0 0 ${size.join(" ")}`);
    svg.setAttribute("style", `width:${size[0]}px; min-width:${Math.min(size[0], Math.max(360, size[0] * 0.62))}px`);
    const layers = [Object.values(edges).map((e) => e.group), Object.values(nodes).map((n) => n.group), Object.values(edges).map((e) => e.label)];
    svg.replaceChildren(arrowHead(), ...layers.flat());
    for (const e of Object.values(edges)) placeLabel(e);
  };
  return (data, ...details) => {
    const now = JSON.stringify([data.nodes.map((n) => [n.label, n.text, n.place]), data.edges.map((e) => [e.id, e.source])]);
    if (now !== shape_of_graph) { rebuild(data); shape_of_graph = now; }
    paint(data, nodes, edges, ...details);
  };
}

function arrowHead() {
  const tip = shape("path", { class: "genai-tip", d: "M0,0 L8,4 L0,8 z" });
  const marker = shape("marker", { id: "genai-tip", viewBox: "0 0 8 8", refX: 1, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: "userSpaceOnUse", orient: "auto" }, tip);
  return shape("defs", {}, marker);
}

function placeLabel({ line, label }) {
  const { x, y } = line.getPointAtLength(line.getTotalLength() * 0.5);
  label.setAttribute("x", x);
  label.setAttribute("y", y + 4);
}

function paintValues(data, nodes, edges, at) {
  data.nodes.forEach((node, i) => {
    const { group, value } = nodes[node.id];
    value.textContent = node.value;
    group.classList.toggle("genai-marked-node", node.marked);
    group.classList.toggle("genai-bare-node", !node.value);
    group.classList.toggle("genai-current", i === at);
  });
  for (const edge of data.edges) edges[edge.id].label.textContent = edge.label;
}

VIEWS.graph = () => {
  const svg = shape("svg", { class: "genai-graph genai-two-lines", role: "img" }), redraw = graphDrawing(svg, paintValues);
  const after = element("div", {});
  let chart = null;
  const tell = (at) => {
    const { id, label, value, parents } = chart.nodes[at];
    const names = parents.map((parent) => chart.nodes.find((node) => node.id === parent).label);
    const incoming = chart.edges.filter((edge) => edge.target === id && edge.label).map((edge) => edge.label);
    return `${label}${value && ` ${value}`}${names.length ? `, from ${names.join(" and ")}` : ""}${incoming.length ? `, edges ${incoming.join(" and ")}` : ""}`;
  };
  const show = (at) => redraw(chart, reading.input.matches(":focus") ? at : null);
  const reading = reader("Read the nodes of the graph", tell, show);
  const scroll = element("div", { class: "genai-scroll", tabindex: 0, role: "group", "aria-label": "The graph, scrollable" }, svg);
  const stage = element("div", { class: "genai-plot", onfocusin: () => show(reading.read()), onfocusout: () => redraw(chart, null) }, scroll, reading.input);
  const node = element("div", { class: "genai-figure" }, stage, reading.said, after);
  const draw = (fresh) => {
    chart = fresh;
    const count = chart.nodes.length;
    stage.hidden = reading.said.hidden = !count;
    after.replaceChildren(...(count ? [] : [emptyState("there are no nodes")]), ...noteLines(chart.notes));
    svg.setAttribute("aria-label", chart.alt);
    reading.resize(count);
    if (count) reading.place(Math.min(reading.read(), count - 1));
  };
  const table = () => ({ columns: ["node", "value", "from"], rows: chart.nodes.map(({ label, value, parents }) => [label, value, parents.map((parent) => chart.nodes.find((other) => other.id === parent).label).join(", ")]) });
  return { node, draw, table };
};
