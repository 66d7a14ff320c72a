// A race downhill: lines of equal height, a runner for each method, told apart by mark, dash and name, and a start to drag.
const GROUND = { left: 44, top: 12, side: 420 }, RACE = { width: 700, height: 474 }, ROW = 30;

const trail = (plan, places) => `M${places.map(([x, y]) => `${plan.x.place(x).toFixed(1)},${plan.y.place(y).toFixed(1)}`).join("L")}`;

function raceGround(chart) {
  const right = GROUND.left + GROUND.side, bottom = GROUND.top + GROUND.side, ends = [-chart.reach, chart.reach];
  return { box: { left: GROUND.left, right, top: GROUND.top, bottom }, x: scale(ends, GROUND.left, right), y: scale(ends, bottom, GROUND.top) };
}

// One runner: its trail so far, itself, and its line in the list beside the ground.
function raceRunner(runner, i, plan) {
  const line = shape("path", { class: `genai-line genai-series-${i % 6}`, "stroke-dasharray": DASHES[i % 6] }), self = shape("g", {}, shape("g", { class: "genai-runner-mark" }, mark(i, [0, 0])));
  const height = shape("text", { class: "genai-series-name", x: 13, y: 17 });
  const row = shape("g", { transform: `translate(${plan.box.right + 28},${plan.box.top + 16 + i * ROW * 1.4})` }, mark(i, [0, 0]), shape("text", { class: "genai-series-name genai-runner", x: 13, y: 1 }, runner.name), height);
  const show = (at) => {
    const last = Math.min(at, runner.places.length - 1), [x, y] = runner.places[last];
    line.setAttribute("d", trail(plan, runner.places.slice(0, last + 1)));
    self.setAttribute("transform", `translate(${plan.x.place(x)},${plan.y.place(y)})`);
    height.textContent = last < at ? `gone at step ${last + 1}` : readable(runner.heights[last]);
  };
  return { line, self, row, show };
}

VIEWS.race = () => {
  const clip = identifier("clip"), inside = shape("rect", { ...{ x: GROUND.left, y: GROUND.top }, width: GROUND.side, height: GROUND.side });
  const svg = shape("svg", { class: "genai-chart genai-race", viewBox: `0 0 ${RACE.width} ${RACE.height}`, role: "img" }, shape("clipPath", { id: clip }, inside));
  const ground = shape("g", {}), field = shape("g", { "clip-path": `url(#${clip})` }), list = shape("g", {});
  let chart = null, plan = null, runners = [], dragging = false;
  const player = transport("The race", (at, count) => `step ${at} of ${count - 1}`, (at) => runners.forEach((runner) => runner.show(at)));
  const aim = (event) => {
    const drawn = svg.getBoundingClientRect(), unit = RACE.width / drawn.width, [across, up] = chart.controls;
    const share = [((event.clientX - drawn.left) * unit - GROUND.left) / GROUND.side, ((event.clientY - drawn.top) * unit - GROUND.top) / GROUND.side];
    const detail = { [across]: chart.reach * (2 * share[0] - 1), [up]: chart.reach * (1 - 2 * share[1]) };
    node.dispatchEvent(new CustomEvent("genai-write", { bubbles: true, detail }));
  };
  const hold = (event) => { dragging = true; svg.setPointerCapture(event.pointerId); player.halt(); aim(event); };
  svg.append(ground, field, list);
  for (const [name, act] of [["pointerdown", hold], ["pointermove", (event) => { if (dragging) aim(event); }], ["pointerup", () => { dragging = false; }], ["pointercancel", () => { dragging = false; }]]) svg.addEventListener(name, act);
  const node = element("div", { class: "genai-figure" }, svg, element("p", { class: "genai-note" }, "Drag on the ground to choose the start, or move its two sliders. The number beside a name is how high it stands."), player.node);
  const draw = (fresh) => {
    const first = !chart;
    chart = fresh;
    plan = raceGround(chart);
    runners = chart.runners.map((runner, i) => raceRunner(runner, i, plan));
    const levels = chart.lines.map((line) => shape("path", { class: "genai-level", d: trail(plan, line) }));
    const [x, y] = chart.runners[0].places[0], start = shape("circle", { class: "genai-ring", cx: plan.x.place(x), cy: plan.y.place(y), r: 9 });
    svg.setAttribute("aria-label", chart.alt);
    ground.replaceChildren(drawAxes(plan.box, plan.x, plan.y, { xlabel: "", ylabel: "" }));
    field.replaceChildren(...levels, start, ...runners.map((runner) => runner.line), ...runners.map((runner) => runner.self));
    list.replaceChildren(...runners.map((runner) => runner.row));
    player.resize(chart.steps + 1);
    if (first) player.write(chart.steps);
    runners.forEach((runner) => runner.show(player.read()));
  };
  const stops = () => Array.from({ length: chart.steps / 5 + 1 }, (_, i) => 5 * i);
  const cell = ({ heights }, at) => (at < heights.length ? readable(heights[at]) : "gone");
  const table = () => ({ columns: ["step", ...chart.runners.map(({ name }) => name)], rows: stops().map((at) => [at, ...chart.runners.map((runner) => cell(runner, at))]) });
  return { node, draw, table };
};
