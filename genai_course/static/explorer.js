// Controls above, views below: what a lesson composes in Python as an Explorer.
function controlPanel(specs, start, changed) {
  const parts = Object.fromEntries(specs.map((spec) => [spec.name, CONTROLS[spec.kind](spec, () => { follow(spec); changed(); })]));
  const set = (values) => { for (const [name, value] of Object.entries(values)) parts[name].write(value); };
  const stands = (settings) => Object.entries(settings).every(([name, value]) => parts[name].read() === value);
  // Presets move the other controls, and say where those stand.
  const tell = () => {
    for (const { name, settings, own } of specs.filter((spec) => spec.kind === "presets")) parts[name].write(Object.keys(settings).find((preset) => stands(settings[preset])) ?? own);
  };
  const follow = (moved) => { set(moved.settings?.[parts[moved.name].read()] ?? {}); tell(); };
  const write = (values) => { set(values); tell(); };
  write(Object.fromEntries(specs.map((spec) => [spec.name, start[spec.name] ?? spec.start])));
  const node = element("div", { class: "genai-controls" }, ...specs.map((spec) => parts[spec.name].node));
  return { node, write, read: () => Object.fromEntries(specs.map((spec) => [spec.name, parts[spec.name].read()])) };
}

// The views of the charts in an answer, made anew only where the kinds change.
function gallery(stage) {
  let kinds = "", views = [];
  return (charts) => {
    const now = charts.map((chart) => chart.kind).join();
    if (now !== kinds) {
      kinds = now;
      views = charts.map((chart) => VIEWS[chart.kind]());
      stage.replaceChildren(...views.map((view) => view.node));
    }
    charts.forEach((chart, i) => views[i].draw(chart));
    return () => sideBySide(charts.map((chart, i) => views[i].table(chart)).filter(Boolean));
  };
}

// One table of several: one below the other, where they have the same number of columns; else the longest decides.
function sideBySide(tables) {
  const width = Math.max(0, ...tables.map((table) => table.columns.length));
  const fill = (row) => [...row, ...Array(width - row.length).fill("")];
  const [first, ...others] = tables;
  if (!first) return { columns: [], rows: [] };
  return { columns: fill(first.columns), rows: [...first.rows, ...others.flatMap((table) => [table.columns, ...table.rows])].map(fill) };
}

export default {
  render: frame((controls, ask, model, stage) => {
    const formula = FORMULAS[model.get("formula")], first = model.get("data");
    const answer = (parameters) => model.set("data", formula(parameters, model.get("constants"), first));
    const moved = () => (formula ? answer : ask)(panel.read());
    const panel = controlPanel(model.get("controls"), model.get("request"), moved);
    const problem = element("p", { class: "genai-problem", role: "alert" });
    const views = element("div", { class: "genai-views" }), told = element("p", { class: "genai-unseen", role: "status" });
    const show = gallery(views);
    controls.append(panel.node);
    controls.setAttribute("aria-label", "Controls");
    controls.hidden = !model.get("controls").length;
    // A view may move controls: node.dispatchEvent(new CustomEvent("genai-write", { bubbles: true, detail: { name: value } })).
    stage.addEventListener("genai-write", (event) => { panel.write(event.detail); moved(); });
    stage.append(problem, told, views);
    // What a move of a control has led to, for those who hear it; words that are shown are read out anyway.
    const tell = ({ charts = [], description = "" }) => {
      const said = charts.some((chart) => chart.kind === "words") ? "" : description;
      if (told.textContent !== said) told.textContent = said;
    };
    let shown = false;
    return (data) => {
      if (shown) tell(data);
      shown = true;
      problem.textContent = data.problem ? `✕ ${data.problem.message}` : "";
      views.classList.toggle("genai-stale", Boolean(data.problem));
      return data.problem ? null : show(data.charts);
    };
  }),
};
