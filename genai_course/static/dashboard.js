// A training run on show: curves, samples and pace as they come; buttons and knobs to steer it.
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

// What lines.js draws of a run: smoothed curves over their faint raw selves, the attempt before behind them, a flag for each change.
function chartOf(data, view) {
  const line = (curve) => ({ x: curve.points.map((_, i) => (i + 0.5) * curve.width - 0.5), y: smooth(curve.points, view.smoothing) });
  const lines = data.curves.map((curve) => ({ ...line(curve), name: curve.name, faint: curve.points, detail: curve.now }));
  const known = lines.flatMap((curve) => curve.faint).filter(isNumber), low = Math.min(...known), high = Math.max(...known);
  const reach = { x: [0, Math.max(1, data.step - 1)], y: low >= 0 && low < high / 2 ? [0] : [] };
  const begun = data.curves.length || !["running", "starting"].includes(data.state);
  return { lines, behind: data.shadow.map(line), flags: data.changes.map((change) => change.step), reach, xlabel: "step", ylabel: "", log: view.log, alt: data.description,
    empty: begun ? undefined : "the curves begin with the first step" };
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
function steering(ask) {
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
    shown.textContent = knob.names[Math.round(value - knob.low)] ?? readable(value);
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
  const box = element("div", { class: "genai-samples genai-scroll", tabindex: 0, role: "region", "aria-label": "Samples, oldest first" });
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
    const buttons = steering(ask), knobs = knobPanel(data.knobs, ask), history = historyPanel(), film = samplePanel(model);
    const word = element("span", { class: "genai-run-word", role: "status" }), pace = element("span", { class: "genai-run-pace" });
    const state = element("p", { class: "genai-run-state" }, element("span", { class: "genai-run-light", "aria-hidden": "true" }), word, pace,
      element("span", { class: "genai-run-cut" }, "Cut off: the kernel that ran this is gone. You see the last that came from it."));
    const bar = element("progress", { max: 1, "aria-label": "Steps done" });
    const problem = element("p", { class: "genai-problem", role: "alert" }), trouble = element("p", { class: "genai-trouble", role: "status" });
    const curves = lineChart();
    const options = viewOptions(data, () => curves.draw(chartOf(data, options.view)));
    const tell = { word: told(word), problem: told(problem), trouble: told(trouble) };
    const chart = element("div", { class: "genai-run-chart" }, curves.node);
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
      pace.textContent = data.pace;
      bar.hidden = !data.total;
      bar.value = data.total ? data.taken / data.total : 0;
      buttons.update(data);
      knobs.update(data.knobs);
      history.update(data);
      options.update(data);
      curves.draw(chartOf(data, options.view));
    };
  }),
};
