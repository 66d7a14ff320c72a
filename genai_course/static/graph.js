// A computation graph with sliders on its inputs, stepped through forward and backward.
const COLUMN = 172, ROW = 104, BOX = { width: 104, height: 70 }, MARGIN = 22, PACE = 1100;

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
  const label = shape("text", { class: "genai-edge-label" }, `×${edge.derivative_text}`);
  const group = shape("g", { class: "genai-edge" }, line);
  return { group, line, label };
}

// The whole picture, drawn once for a graph; paint(step) then only changes classes and texts.
function drawing(svg) {
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
  return (data, at) => {
    const now = JSON.stringify([data.nodes.map((n) => [n.label, n.text, n.place]), data.edges.map((e) => [e.id, e.source])]);
    if (now !== shape_of_graph) { rebuild(data); shape_of_graph = now; }
    paint(data, at, nodes, edges);
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

// What is known at a step: the values computed so far, the gradients collected so far, the edges used so far.
function knownAt(data, at) {
  const past = data.steps.slice(0, at + 1);
  const values = new Set(data.nodes.filter((n) => !n.parents.length).map((n) => n.id));
  past.filter((s) => s.phase === "forward").forEach((s) => values.add(s.node));
  const gradients = Object.assign({}, ...past.map((s) => s.gradients));
  const sent = new Set(past.filter((s) => s.phase === "backward").flatMap((s) => s.edges));
  return { values, gradients, sent };
}

function paint(data, at, nodes, edges) {
  const { values, gradients, sent } = knownAt(data, at);
  const step = data.steps[at];
  for (const node of data.nodes) {
    const { group, value, gradient } = nodes[node.id];
    value.textContent = values.has(node.id) ? node.value_text : "?";
    gradient.textContent = node.id in gradients ? `grad ${gradients[node.id]}` : "";
    group.classList.toggle("genai-unknown", !values.has(node.id));
    group.classList.toggle("genai-odd", values.has(node.id) && !node.finite);
    group.classList.toggle("genai-current", step.node === node.id);
    group.classList.toggle("genai-reached", node.id in gradients);
  }
  for (const edge of data.edges) {
    const { group, label } = edges[edge.id];
    const active = step.edges.includes(edge.id);
    group.classList.toggle("genai-active", active);
    group.classList.toggle("genai-backward", active && step.phase === "backward");
    label.textContent = sent.has(edge.id) ? `×${edge.derivative_text}` : "";
    label.classList.toggle("genai-active", active);
  }
}

// Play, step, back, reset: a position in the list of steps.
function stepper(show) {
  let at = 0, count = 1, timer = null;
  const go = (to) => { at = Math.max(0, Math.min(count - 1, to)); show(at); refresh(); };
  const halt = () => { clearInterval(timer); timer = null; refresh(); };
  const tick = () => { if (at >= count - 1) halt(); else go(at + 1); };
  const play = () => {
    if (timer) return halt();
    if (at >= count - 1) go(0);
    timer = setInterval(tick, PACE);
    refresh();
  };
  const playing = button("Play", "Play the steps", play);
  const reset = button("Reset", "Reset to the first step", () => { halt(); go(0); });
  const back = button("Back", "One step back", () => { halt(); go(at - 1); });
  const next = button("Step", "One step forward", () => { halt(); go(at + 1); });
  const scrub = element("input", { type: "range", min: 0, value: 0, "aria-label": "Position among the steps", oninput: () => { halt(); go(Number(scrub.value)); } });
  const counter = element("output", { class: "genai-counter" });
  const refresh = () => {
    scrub.max = count - 1;
    scrub.value = at;
    scrub.setAttribute("aria-valuetext", `step ${at} of ${count - 1}`);
    counter.textContent = `${at} of ${count - 1}`;
    playing.textContent = timer ? "Pause" : "Play";
    playing.setAttribute("aria-label", timer ? "Pause" : "Play the steps");
  };
  const box = element("div", { class: "genai-steps", role: "group", "aria-label": "Steps" }, reset, back, next, playing, scrub, counter);
  // A graph of another length starts at its end: everything computed.
  const resize = (steps) => { if (steps !== count) { halt(); count = steps; at = steps - 1; } go(at); };
  return { box, resize };
}

function inputSlider(input, changed) {
  const reach = Math.max(3, Math.ceil(Math.abs(input.value)));
  const value = element("output", { class: "genai-value" }), gradient = element("output", { class: "genai-gradient" });
  const slider = element("input", { type: "range", min: -reach, max: reach, step: 0.1, "aria-label": `Input ${input.name}`, oninput: () => { say(); changed(); } });
  const say = () => {
    const text = String(Number(slider.value)).replace("-", "−");
    value.textContent = text;
    slider.setAttribute("aria-valuetext", `${input.name} is ${text.replace("−", "minus ")}`);
  };
  slider.value = input.value;
  say();
  const row = element("div", { class: "genai-input" }, element("span", { class: "genai-name", "aria-hidden": "true" }, input.name), slider, value, gradient);
  return { row, read: () => Number(slider.value), tell: (text) => { gradient.textContent = text ? `gradient ${text}` : ""; } };
}

// The sliders, made anew only when the inputs' names change or an example sets their values.
function inputPanel(changed) {
  const box = element("div", { class: "genai-inputs", role: "group", "aria-label": "Inputs" });
  let sliders = {};
  return {
    box,
    values: () => Object.fromEntries(Object.entries(sliders).map(([name, s]) => [name, s.read()])),
    clear: () => { sliders = {}; },
    update(inputs) {
      const names = inputs.map((i) => i.name);
      if (names.join() === Object.keys(sliders).join()) return;
      sliders = Object.fromEntries(inputs.map((i) => [i.name, inputSlider(i, changed)]));
      box.replaceChildren(...Object.values(sliders).map((s) => s.row));
    },
    tell(inputs, gradients) { for (const i of inputs) sliders[i.name]?.tell(gradients[i.node]); },
  };
}

function expressionRow(examples, draw, choose) {
  const field = element("input", { id: identifier("expression"), type: "text", spellcheck: "false", autocomplete: "off", maxlength: 200 });
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") draw(field.value); });
  const chosen = element("select", { "aria-label": "Examples", onchange: () => { if (chosen.value) choose(examples[Number(chosen.value)]); } },
    element("option", { value: "" }, "Examples…"), ...examples.map((e, i) => element("option", { value: i }, e.title)));
  const row = element("div", { class: "genai-expression" }, element("label", { for: field.id }, "Expression"), field,
    element("button", { type: "button", onclick: () => draw(field.value) }, "Draw"), chosen);
  return { row, field };
}

function tellProblem(place, text, problem) {
  place.hidden = !problem;
  if (!problem) return place.replaceChildren();
  const { message, start = 0, end = 0 } = problem;
  const marked = element("code", {}, text.slice(0, start), element("mark", {}, text.slice(start, end) || "␣"), text.slice(end));
  place.replaceChildren(element("strong", {}, "✕ Cannot draw this. "), message, ...(end > start ? [element("div", {}, marked)] : []));
}

export default {
  render: frame((controls, ask, model) => {
    let data = null, asked = model.get("request").expression;
    const problem = element("div", { class: "genai-problem", role: "alert" });
    const trouble = element("p", { class: "genai-trouble", role: "status" });
    const words = element("p", { class: "genai-explanation", role: "status" });
    const svg = shape("svg", { class: "genai-graph", role: "img", "aria-label": "Computation graph" });
    const redraw = drawing(svg);
    const inputs = inputPanel(() => send(data.expression, inputs.values()));
    const steps = stepper((at) => {
      if (!data) return;
      redraw(data, at);
      svg.setAttribute("aria-label", data.description);
      inputs.tell(data.inputs, knownAt(data, at).gradients);
      words.textContent = data.steps[at].text;
    });
    const send = (expression, values) => { asked = expression; ask({ expression, values }); };
    const start = (example) => {
      inputs.clear();
      expression.field.value = example.expression;
      send(example.expression, example.values);
    };
    const expression = expressionRow(model.get("data").examples, (text) => send(text, inputs.values()), start);
    const stage = element("div", { class: "genai-stage genai-scroll", tabindex: 0, role: "region", "aria-label": "Computation graph, scrollable" }, svg);
    expression.field.value = asked;
    controls.append(expression.row, problem, inputs.box, stage, steps.box, words, trouble);
    return (fresh) => {
      tellProblem(problem, asked.trim(), fresh.problem);
      expression.field.setAttribute("aria-invalid", fresh.problem ? "true" : "false");
      if (fresh.problem) return;
      const other = data && data.expression !== fresh.expression;
      data = fresh;
      inputs.update(data.inputs);
      trouble.textContent = data.trouble && `⚠ ${data.trouble}`;
      trouble.hidden = !data.trouble;
      if (other) steps.resize(0);
      steps.resize(data.steps.length);
    };
  }),
};
