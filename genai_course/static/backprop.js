// A computation graph with sliders on its inputs, stepped through forward and backward: drawn by graph.js, moved by controls.js.
// What is known at a step: the values computed so far, the gradients collected so far, the edges used so far.
function knownAt(data, at) {
  const past = data.steps.slice(0, at + 1);
  const values = new Set(data.nodes.filter((n) => !n.parents.length).map((n) => n.id));
  past.filter((s) => s.phase === "forward").forEach((s) => values.add(s.node));
  const gradients = Object.assign({}, ...past.map((s) => s.gradients));
  const sent = new Set(past.filter((s) => s.phase === "backward").flatMap((s) => s.edges));
  return { values, gradients, sent };
}

function paintStep(data, nodes, edges, at) {
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

function inputSlider(input, changed) {
  const reach = Math.max(3, Math.ceil(Math.abs(input.value)));
  const value = element("span", { class: "genai-value", "aria-hidden": "true" }), gradient = element("span", { class: "genai-gradient", id: identifier("gradient") });
  const moved = () => { say(); changed(); };
  const slider = element("input", { type: "range", min: -reach, max: reach, step: 0.1, "aria-label": `Input ${input.name}`, "aria-describedby": gradient.id, oninput: moved });
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
    const redraw = graphDrawing(svg, paintStep);
    const inputs = inputPanel(() => send(data.expression, inputs.values()));
    const steps = transport("Steps", (at, count) => `${at} of ${count - 1}`, (at) => {
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
    controls.append(expression.row, problem, inputs.box, stage, steps.node, words, trouble);
    return (fresh) => {
      tellProblem(problem, asked.trim(), fresh.problem);
      expression.field.setAttribute("aria-invalid", fresh.problem ? "true" : "false");
      if (fresh.problem) return;
      // A graph of another shape starts at its end: everything computed.
      const other = data?.expression !== fresh.expression || data.steps.length !== fresh.steps.length;
      data = fresh;
      inputs.update(data.inputs);
      trouble.textContent = data.trouble && `⚠ ${data.trouble}`;
      trouble.hidden = !data.trouble;
      if (other) steps.halt();
      steps.resize(data.steps.length);
      steps.go(other ? data.steps.length - 1 : steps.read());
    };
  }),
};
