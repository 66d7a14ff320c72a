// A training run on show: curves, samples and pace as they come; buttons and knobs to steer it.
const WIDTH = 640, HEIGHT = 310, EDGE = { left: 52, right: 118, top: 26, bottom: 44 };
const REST = 250; // milliseconds without a move before a knob is taken to be where the learner wants it
const OWN = 1500; // milliseconds in which a knob keeps the learner's value, whatever Python still reports
const ICONS = {
  pause: "M4,2h3v12h-3z M9,2h3v12h-3z", resume: "M4,2 L13,8 L4,14 z", step: "M3,2 L10,8 L3,14 z M11,2h2.5v12h-2.5z",
  slow: "M3,2h10v2l-4,4 4,4v2h-10v-2l4,-4-4,-4z", stop: "M3,3h10v10h-10z",
  restart: "M8,2a6,6 0 1 1 -5.7,4.1l2,.7a3.9,3.9 0 1 0 3.7,-2.7v2.4L4.2,3.4 8,0.4z",
};

// The running mean with `weight` on what came before; gaps stay gaps. The same as `smooth` in genai_course/run.py.
export function smooth(points, weight) {
  let mean = 0, known = 0;
  return points.map((point) => {
    if (point === null) return null;
    mean = weight * mean + (1 - weight) * point;
    known = weight * known + 1 - weight;
    return mean / known;
  });
}

// Round numbers from low to high, about `count` of them.
export function ticks(low, high, count) {
  const rough = (high - low) / count, size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * size).find((s) => s >= rough);
  return Array.from({ length: Math.floor(high / step) - Math.ceil(low / step) + 1 }, (_, i) => (Math.ceil(low / step) + i) * step);
}

// Powers of ten from low to high; with 2 and 5 between them where there are few.
export function logTicks(low, high) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high));
  const every = Math.ceil((last - first) / 6), between = last - first < 3 ? [1, 2, 5] : [1];
  const all = [];
  for (let power = first; power <= last; power += every) all.push(...between.map((m) => m * 10 ** power));
  return all.filter((t) => t >= low && t <= high);
}

export function tickText(value) {
  const size = Math.abs(value);
  if (size && (size < 1e-3 || size >= 1e6)) return value.toExponential(0).replace("e+", "e").replace("-", "−");
  return Number(value.toPrecision(6)).toLocaleString("en-GB").replace("-", "−");
}

// Where the values lie on the axis: a little room around them, and for equal ones a range at all.
export function range(values, log) {
  const shown = values.filter((v) => v !== null && (!log || v > 0));
  if (!shown.length) return log ? [0.1, 1] : [0, 1];
  const low = shown.reduce((a, b) => Math.min(a, b)), high = shown.reduce((a, b) => Math.max(a, b));
  if (log) return low === high ? [low / 2, high * 2] : [low / (high / low) ** 0.05, high * (high / low) ** 0.05];
  const room = (high - low) * 0.05 || Math.abs(high) * 0.5 || 1;
  return [low >= 0 && low < high * 0.5 ? 0 : low - room, high + room];
}

// The marks of a path through the points; a gap lifts the pen, a lone point becomes a dot.
function path(curve, points, x, y, log) {
  const parts = [];
  let pen = false;
  points.forEach((point, i) => {
    const there = point !== null && (!log || point > 0);
    if (there) parts.push(`${pen ? "L" : "M"}${x((i + 0.5) * curve.width - 0.5).toFixed(1)},${y(point).toFixed(1)}${pen ? "" : "h0.01"}`);
    pen = there;
  });
  return parts.join("");
}

function apart(places, gap) {
  const order = [...places.keys()].sort((a, b) => places[a] - places[b]), moved = [...places];
  order.forEach((at, i) => { if (i) moved[at] = Math.max(moved[at], moved[order[i - 1]] + gap); });
  const over = Math.max(0, ...moved.map((m) => m - (HEIGHT - EDGE.bottom - 10)));
  return moved.map((m) => m - over);
}

function axes(x, y, xs, ys) {
  const right = WIDTH - EDGE.right, low = HEIGHT - EDGE.bottom;
  const rows = ys.flatMap((t) => [shape("path", { class: "genai-rule", d: `M${EDGE.left},${y(t)}H${right}` }),
    shape("text", { class: "genai-tick genai-tick-y", x: EDGE.left - 7, y: y(t) + 4 }, tickText(t))]);
  const columns = xs.map((t) => shape("text", { class: "genai-tick", x: x(t), y: low + 17 }, tickText(t)));
  const base = shape("path", { class: "genai-base", d: `M${EDGE.left},${low}H${right}` });
  return [...rows, base, ...columns, shape("text", { class: "genai-tick", x: (EDGE.left + right) / 2, y: low + 35 }, "step")];
}

function flags(changes, x) {
  let free = -Infinity;
  return changes.flatMap((change, i) => {
    const at = x(change.step), line = shape("path", { class: "genai-flag", d: `M${at},${EDGE.top}V${HEIGHT - EDGE.bottom}` });
    if (at < free) return [line];
    free = at + 16;
    return [line, shape("circle", { class: "genai-flag-head", cx: at, cy: 13, r: 9 }), shape("text", { class: "genai-flag-number", x: at, y: 17 }, String(i + 1))];
  });
}

function drawChart(svg, data, view) {
  const all = [...data.curves, ...data.shadow], last = Math.max(1, data.step - 1, ...all.map((c) => c.points.length * c.width - 1));
  const [low, high] = range(all.flatMap((c) => c.points), view.log);
  const height = HEIGHT - EDGE.top - EDGE.bottom, width = WIDTH - EDGE.left - EDGE.right;
  const x = (step) => EDGE.left + (step / last) * width;
  const part = view.log ? (v) => Math.log(v / low) / Math.log(high / low) : (v) => (v - low) / (high - low);
  const y = (value) => EDGE.top + height * (1 - part(value));
  const line = (curve, points, name) => shape("path", { class: name, d: path(curve, points, x, y, view.log) });
  const smoothed = data.curves.map((c) => smooth(c.points, view.smoothing));
  const ends = smoothed.map((points) => points.findLast((p) => p !== null && (!view.log || p > 0)));
  const heights = apart(ends.map((end) => (end === undefined ? HEIGHT - EDGE.bottom : y(end))), 32);
  const labels = data.curves.map((c, i) => shape("g", { class: `genai-curve-label genai-curve-${i % 4}` },
    shape("text", { x: WIDTH - EDGE.right + 10, y: heights[i] - 1 }, c.name),
    shape("text", { class: "genai-curve-now", x: WIDTH - EDGE.right + 10, y: heights[i] + 14 }, c.now)));
  svg.replaceChildren(
    ...axes(x, y, ticks(0, last, 6), view.log ? logTicks(low, high) : ticks(low, high, 5)),
    ...data.shadow.map((c) => line(c, smooth(c.points, view.smoothing), "genai-curve-shadow")),
    ...data.curves.map((c, i) => line(c, c.points, `genai-curve-raw genai-curve-${i % 4}`)),
    ...data.curves.map((c, i) => line(c, smoothed[i], `genai-curve genai-curve-${i % 4}`)),
    ...flags(data.changes, x), ...labels);
}

// A button that keeps the focus when there is nothing to do, and says so.
function runButton(icon, text, act) {
  const mark = shape("path", {}), words = element("span", {});
  const node = element("button", { type: "button", onclick: () => { if (node.getAttribute("aria-disabled") !== "true") act(); } },
    shape("svg", { class: "genai-icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, mark), words);
  const show = (name, label) => { mark.setAttribute("d", ICONS[name]); if (words.textContent !== label) words.textContent = label; };
  show(icon, text);
  return { node, show, enable: (can) => node.setAttribute("aria-disabled", can ? "false" : "true") };
}

// The buttons. What they can do comes from Python.
function transport(ask) {
  let data = null;
  const play = runButton("pause", "Pause", () => ask({ do: data.can.resume ? "resume" : "pause" }));
  const step = runButton("step", "One step", () => ask({ do: "step" }));
  const slow = runButton("slow", "Slow motion", () => ask({ do: "slow", on: !data.slow }));
  const stop = runButton("stop", "Stop", () => ask({ do: "stop" }));
  const restart = runButton("restart", "Restart", () => ask({ do: "restart" }));
  play.node.classList.add("genai-main");
  const box = element("div", { class: "genai-run-buttons", role: "group", "aria-label": "Steer the run" }, ...[play, step, slow, stop, restart].map((b) => b.node));
  const update = (fresh) => {
    data = fresh;
    play.show(data.can.resume ? "resume" : "pause", data.can.resume ? "Resume" : "Pause");
    play.enable(data.can.pause || data.can.resume);
    step.enable(data.can.step);
    stop.enable(data.can.stop);
    restart.enable(data.can.restart);
    slow.enable(true);
    slow.node.setAttribute("aria-pressed", String(data.slow));
  };
  return { box, update };
}

// From a slider's position, 0 to 100, to a knob's value, and back.
export function valueAt(knob, position) {
  const share = position / 100;
  const value = knob.log ? knob.low * (knob.high / knob.low) ** share : knob.low + (knob.high - knob.low) * share;
  if (position <= 0) return knob.low;
  if (position >= 100) return knob.high;
  if (knob.whole) return Math.round(value);
  return Math.min(knob.high, Math.max(knob.low, Number(value.toPrecision(knob.log ? 2 : 3))));
}

export function positionOf(knob, value) {
  const share = knob.log ? Math.log(value / knob.low) / Math.log(knob.high / knob.low) : (value - knob.low) / (knob.high - knob.low);
  return Math.round(100 * share);
}

function knobRow(knob, ask) {
  let touched = -Infinity, timer = null;
  const shown = element("span", { class: "genai-value", "aria-hidden": "true" });
  const size = knob.whole ? 100 / (knob.high - knob.low) : 1;
  const input = element("input", { type: "range", min: 0, max: 100, step: size, "aria-label": knob.label, oninput: () => {
    touched = Date.now();
    say(valueAt(knob, Number(input.value)));
    clearTimeout(timer);
    timer = setTimeout(() => ask({ do: "turn", knob: knob.name, value: valueAt(knob, Number(input.value)) }), REST);
  } });
  const say = (value) => {
    shown.textContent = knob.names[Math.round(value - knob.low)] ?? tickText(value);
    input.setAttribute("aria-valuetext", `${knob.label} is ${shown.textContent}`);
  };
  const update = ({ value }) => {
    if (Date.now() - touched < OWN) return;
    input.value = knob.whole ? (value - knob.low) * size : positionOf(knob, value);
    say(value);
  };
  return { row: element("label", { class: "genai-run-knob" }, element("span", {}, knob.label), shown, input), update };
}

function knobPanel(knobs, ask) {
  const rows = knobs.map((knob) => knobRow(knob, ask));
  const box = element("div", { class: "genai-run-knobs", role: "group", "aria-label": "Knobs" }, ...rows.map((r) => r.row));
  return { box, update: (fresh) => rows.forEach((row, i) => row.update(fresh[i])) };
}

// How the curves are drawn: of no concern to Python.
function viewOptions(start, changed) {
  const view = { log: start.log, smoothing: start.smoothing };
  const log = element("input", { type: "checkbox", checked: start.log, onchange: () => { view.log = log.checked; changed(); } });
  const shown = element("span", { class: "genai-value", "aria-hidden": "true" });
  const slider = element("input", { type: "range", min: 0, max: 0.98, step: 0.02, "aria-label": "Smoothing", oninput: () => { view.smoothing = Number(slider.value); say(); changed(); } });
  const say = () => { shown.textContent = `${Math.round(100 * view.smoothing)} %`; slider.setAttribute("aria-valuetext", `${Math.round(100 * view.smoothing)} percent`); };
  slider.value = view.smoothing;
  say();
  const note = element("p", { class: "genai-run-note" }, "Dotted: the attempt before.");
  const box = element("div", { class: "genai-run-view", role: "group", "aria-label": "How the curves are drawn" },
    element("label", { class: "genai-run-check" }, log, "Logarithmic axis"), element("label", { class: "genai-run-smooth" }, element("span", {}, "Smoothing"), slider, shown), note);
  return { box, view, update: ({ shadow }) => { note.hidden = !shadow.length; } };
}

function historyPanel() {
  const list = element("ol", {}), code = element("code", { tabindex: 0, "aria-label": "The changes as a schedule" });
  const replay = element("details", {}, element("summary", {}, "Repeat this session"), element("p", {}, "Give this to the trainer, and the run will be the same, step for step:"), code);
  const box = element("div", { class: "genai-run-history", role: "group", "aria-label": "What was changed" }, element("strong", {}, "What was changed"), list, replay);
  let known = "";
  const update = ({ changes, schedule }) => {
    box.hidden = !changes.length;
    if (schedule === known) return;
    known = code.textContent = schedule;
    list.replaceChildren(...changes.map((change) => element("li", {}, change.text)));
    list.scrollTop = list.scrollHeight;
  };
  return { box, update };
}

function samplePanel(model) {
  const box = element("div", { class: "genai-film genai-scroll", tabindex: 0, role: "region", "aria-label": "Samples, oldest first" });
  const picture = (shot) => element("img", { src: `data:image/png;base64,${shot.image}`, alt: `Samples at step ${shot.step}`, style: `--pixels:${shot.width}px` });
  const show = () => {
    const film = model.get("film");
    box.hidden = !film.length;
    box.replaceChildren(...film.map((shot) => element("figure", {}, shot.image ? picture(shot) : element("pre", {}, shot.texts.join("\n")),
      element("figcaption", {}, `step ${shot.step.toLocaleString("en-GB")}`))));
    box.scrollLeft = box.scrollWidth;
  };
  model.on("change:film", show);
  show();
  return box;
}

// Texts that are read out when they change, and only then.
function told(node) { return (text) => { if (node.textContent !== text) node.textContent = text; node.hidden = !text; }; }

export default {
  render: frame((controls, ask, model) => {
    let data = model.get("data");
    const buttons = transport(ask), knobs = knobPanel(data.knobs, ask), history = historyPanel(), film = samplePanel(model);
    const word = element("span", { class: "genai-run-word", role: "status" }), pace = element("span", { class: "genai-run-pace" });
    const state = element("p", { class: "genai-run-state" }, element("span", { class: "genai-run-light", "aria-hidden": "true" }), word, pace,
      element("span", { class: "genai-run-cut" }, "Cut off: the kernel that ran this is gone. You see the last that came from it."));
    const bar = element("progress", { max: 1, "aria-label": "Steps done" });
    const problem = element("p", { class: "genai-problem", role: "alert" }), trouble = element("p", { class: "genai-trouble", role: "status" });
    const svg = shape("svg", { class: "genai-chart", role: "img", viewBox: `0 0 ${WIDTH} ${HEIGHT}` });
    const empty = element("p", { class: "genai-run-empty" });
    const options = viewOptions(data, () => drawChart(svg, data, options.view));
    const tell = { word: told(word), problem: told(problem), trouble: told(trouble), empty: told(empty) };
    const chart = element("div", { class: "genai-run-chart" }, svg, empty);
    const side = element("div", { class: "genai-run-side" }, knobs.box, options.box, history.box);
    controls.append(buttons.box, state, bar, problem, trouble, element("div", { class: "genai-run-parts" }, chart, side), film);
    return (fresh) => {
      if (!fresh.curves) return tell.problem(`✕ ${fresh.problem.message}`);
      data = fresh;
      const failed = data.failure || data.refused;
      controls.dataset.state = data.state;
      tell.word(data.word);
      tell.problem(failed && `✕ ${failed}`);
      tell.trouble(data.trouble && `⚠ ${data.trouble}`);
      tell.empty(data.curves.length ? "" : data.state === "running" || data.state === "starting" ? "The curves begin with the first step." : "No step yet.");
      pace.textContent = data.pace;
      bar.hidden = !data.total;
      bar.value = data.total ? data.taken / data.total : 0;
      buttons.update(data);
      knobs.update(data.knobs);
      history.update(data);
      options.update(data);
      drawChart(svg, data, options.view);
      svg.setAttribute("aria-label", data.description);
    };
  }),
};
