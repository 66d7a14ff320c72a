// The controls of an explorer. Each maker takes its specification from Python and a callback, and gives { node, read(), write(value) }.
const CONTROLS = {};
const PACE = 1000; // milliseconds a step at normal speed
const SPEEDS = { slow: 2, normal: 1, fast: 0.25 };

// A number as people read it: three digits, a true minus sign; percent where a share is meant. What is no number comes as words.
function readable(value, percent = false) {
  if (typeof value !== "number") return value ?? "no number";
  if (percent) return `${(100 * value).toFixed(1)} %`;
  const size = Math.abs(value);
  if (size >= 100 && size < 1e6) return Math.round(value).toLocaleString("en-GB").replace("-", "−");
  const text = size && (size >= 1e6 || size < 1e-3) ? value.toExponential(2).replace(/\.?0*e\+?/, "e") : String(Number(value.toPrecision(3)));
  return text.replaceAll("-", "−");
}

function labelled(label, input, ...rest) {
  input.id = identifier("control");
  return element("div", { class: "genai-knob" }, element("label", { for: input.id }, label), input, ...rest);
}

// A native range with its label before it and its value after it, which the range itself tells screen readers; `tell` puts a position into words.
function labelledRange(label, { low, high, step }, tell, changed) {
  const shown = element("span", { class: "genai-value", "aria-hidden": "true" });
  const input = element("input", { type: "range", min: low, max: high, step, oninput: () => { say(); changed(); } });
  const say = () => {
    shown.textContent = tell(Number(input.value));
    input.setAttribute("aria-valuetext", `${label} is ${shown.textContent.replace("−", "minus ")}`);
  };
  return { node: labelled(label, input, shown), input, read: () => Number(input.value), write: (value) => { input.value = value; say(); } };
}

CONTROLS.range = (spec, changed) => {
  const decimals = Math.max(0, -Math.floor(Math.log10(spec.step) + 1e-9));
  const tell = (value) => `${value.toFixed(decimals).replace("-", "−")}${spec.unit && ` ${spec.unit}`}`;
  return labelledRange(spec.label, spec, tell, changed);
};

CONTROLS.scale = (spec, changed) => {
  const range = labelledRange(spec.label, { low: 0, high: spec.values.length - 1, step: 1 }, (i) => String(spec.values[i]), changed);
  return { ...range, read: () => spec.values[range.read()], write: (value) => range.write(spec.values.indexOf(value)) };
};

CONTROLS.choice = (spec, changed) => {
  const input = element("select", { onchange: changed }, ...spec.options.map((option, i) => element("option", { value: i }, String(option))));
  const write = (value) => { input.value = spec.options.indexOf(value); };
  return { node: labelled(spec.label, input), read: () => spec.options[input.value], write };
};

// A menu of presets. What the others stand at when no preset fits can be seen in it, and not be chosen.
CONTROLS.presets = (spec, changed) => {
  const menu = CONTROLS.choice({ ...spec, options: [...Object.keys(spec.settings), spec.own] }, changed);
  menu.node.querySelector("option:last-child").disabled = true;
  return menu;
};

CONTROLS.toggle = (spec, changed) => {
  const input = element("input", { type: "checkbox", onchange: changed });
  return { node: labelled(spec.label, input), read: () => input.checked, write: (value) => { input.checked = value; } };
};

CONTROLS.text = (spec, changed) => {
  const input = element("input", { type: "text", size: spec.size, maxlength: spec.longest, spellcheck: "false", autocomplete: "off", oninput: changed });
  return { node: labelled(spec.label, input), read: () => input.value, write: (value) => { input.value = value; } };
};

// A button that counts its presses: for what is to be drawn again by chance.
CONTROLS.again = (spec, changed) => {
  let presses = 0;
  const node = element("button", { type: "button", onclick: () => { presses += 1; changed(); } }, spec.label);
  return { node, read: () => presses, write: (value) => { presses = value; } };
};

// Play, step, back, reset, speed, and a position to drag. `tell` puts a position into words; `count` may change by resize(count, at).
function transport(label, tell, changed) {
  let at = 0, count = 1, timer = null, speed = "normal";
  const go = (to) => { at = Math.max(0, Math.min(count - 1, to)); refresh(); changed(at); };
  const halt = () => { clearInterval(timer); timer = null; refresh(); };
  // Stops at the end, where its view is gone, and where its kernel is gone: then the controls are disabled.
  const tick = () => { if (at >= count - 1 || !node.isConnected || next.matches(":disabled")) halt(); else go(at + 1); };
  const run = () => { clearInterval(timer); timer = setInterval(tick, PACE * SPEEDS[speed]); refresh(); };
  const play = () => {
    if (timer) return halt();
    if (at >= count - 1) go(0);
    run();
  };
  const stepTo = (place) => () => { const to = place(); halt(); go(to); };
  const reset = button("Reset", `${label}: reset to the start`, stepTo(() => 0));
  const back = button("Back", `${label}: one step back`, stepTo(() => at - 1));
  const playing = element("button", { type: "button", class: "genai-play", onclick: play });
  const next = button("Step", `${label}: one step forward`, stepTo(() => at + 1));
  const scrub = element("input", { type: "range", min: 0, value: 0, "aria-label": label, oninput: () => { const place = Number(scrub.value); halt(); go(place); } });
  const shown = element("output", { class: "genai-counter" });
  const pace = element("select", { "aria-label": `${label}: speed`, onchange: () => { speed = pace.value; if (timer) run(); } },
    ...Object.keys(SPEEDS).map((name) => element("option", { value: name, selected: name === speed }, name)));
  const refresh = () => {
    scrub.max = count - 1;
    scrub.value = at;
    shown.setAttribute("aria-live", scrub.matches(":focus") ? "off" : "polite"); // a range that is moved tells its place itself
    shown.textContent = tell(at, count);
    scrub.setAttribute("aria-valuetext", shown.textContent);
    playing.textContent = timer ? "Pause" : "Play";
    playing.setAttribute("aria-label", `${label}: ${timer ? "pause" : "play"}`);
  };
  const node = element("div", { class: "genai-steps", role: "group", "aria-label": label }, reset, back, playing, next, scrub, shown, pace);
  const write = (place) => { at = Math.max(0, Math.min(count - 1, place)); refresh(); };
  return { node, read: () => at, write, go, halt, resize: (size) => { count = Math.max(1, size); write(at); } };
}

CONTROLS.transport = (spec, changed) => {
  const player = transport(spec.label, (at, count) => `${spec.unit} ${at} of ${count - 1}`, changed);
  player.resize(spec.count);
  return player;
};

// A place to read values off a chart: a native range laid over it, invisible until it has the focus, so that every reader knows it. `tell` puts a place
// into words, which `said` shows below the chart; `moved` follows every change of place, `chosen` those that the learner makes.
function reader(label, tell, moved, chosen = () => {}) {
  const said = element("div", { class: "genai-readout", "aria-hidden": "true" }); // to screen readers the range says it
  const input = element("input", { type: "range", min: 0, step: 1, value: 0, class: "genai-reader", "aria-label": label, oninput: () => move(read()) });
  const read = () => Number(input.value);
  const say = () => { said.textContent = tell(read()); input.setAttribute("aria-valuetext", said.textContent); };
  const place = (at) => { input.value = at; say(); moved(read()); };
  const move = (at) => { chosen(at); place(at); };
  const resize = (count) => { input.max = Math.max(0, count - 1); input.disabled = count === 0; };
  return { input, said, say, place, move, read, resize };
}

// What stands where a chart has nothing to draw, and what a chart left out.
const emptyState = (what) => element("p", { class: "genai-empty" }, `Nothing to draw: ${what}.`);
const noteLines = (notes = []) => notes.map((note) => element("p", { class: "genai-note" }, note));
