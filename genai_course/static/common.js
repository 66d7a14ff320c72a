// Helpers that every view shares. Python puts this file in front of the view's own module.
const SVG = "http://www.w3.org/2000/svg";
const BUSY = 200; // milliseconds without an answer before the view shows that it is busy
const PATIENCE = 1500; // and before it says in words that it waits
const VIEWS = {}; // what explorers compose: each view's module adds its maker, VIEWS.bars = () => ({ node, draw(chart), table(chart) })
const FORMULAS = {}; // closed-form maths: FORMULAS.name = (parameters, constants, first data) => data, as Python's compute gives it

function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function shape(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

let identifiers = 0;
function identifier(stem) {
  return `genai-${stem}-${++identifiers}-${Math.random().toString(36).slice(2, 8)}`;
}

function button(text, label, onclick) {
  return element("button", { type: "button", "aria-label": label, title: label, onclick }, text);
}

function dataTable(table) {
  const head = element("tr", {}, ...table.columns.map((name) => element("th", { scope: "col" }, name)));
  const cells = (row) => row.map((value, i) => element(i ? "td" : "th", i ? {} : { scope: "row" }, String(value)));
  const rows = table.rows.map((row) => element("tr", {}, ...cells(row)));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

// "Describe this" and "Show as table", filled while they are open. read() gives `description` and `table`, a table or what makes one.
function inWords(read) {
  const part = (title, fill) => {
    const place = element("div", { class: "genai-scroll", tabindex: 0, role: "group", "aria-label": title });
    const details = element("details", { ontoggle: () => refresh() }, element("summary", {}, title), place);
    const refresh = () => {
      const make = fill(read());
      details.hidden = !make;
      if (make && details.open) place.replaceChildren(make());
    };
    return { details, refresh };
  };
  const parts = [
    part("Describe this", ({ description }) => description && (() => element("p", {}, description))),
    part("Show as table", ({ table }) => table && (() => dataTable(typeof table === "function" ? table() : table))),
  ];
  const box = element("div", { class: "genai-words" }, ...parts.map((p) => p.details));
  return { box, refresh: () => parts.forEach((p) => p.refresh()) };
}

// Asks Python, and knows how long the answer has been coming.
function conversation(model, onState) {
  let serial = 0, heard = 0, timers = [], state = "live", gone = false;
  const become = (next) => { state = next; onState(gone ? "disconnected" : state); };
  const wait = () => { timers = [setTimeout(become, BUSY, "busy"), setTimeout(become, PATIENCE, "waiting")]; };
  const rest = () => { timers.forEach(clearTimeout); timers = []; become("live"); };
  return {
    send(request) {
      serial = Math.max(serial, heard) + 1;
      model.set("request", { ...request, serial });
      model.save_changes();
      if (!timers.length) wait();
    },
    answered(data) {
      heard = data.serial ?? 0;
      rest();
      if (heard < serial) wait();
    },
    lost() { gone = true; become(state); },
  };
}

// Calls lost() once the kernel that holds this widget is gone: a restart, a crash, a shutdown, a closed channel.
function watchKernel(model, root, lost) {
  const cut = () => { if (root.closest(".jupyter-widgets-disconnected")) lost(); };
  const changed = () => setTimeout(cut);
  model.on("comm_live_update", changed);
  const session = model.widget_manager?.context?.sessionContext;
  const status = (_, now) => { if (["restarting", "autorestarting", "dead", "terminating"].includes(now)) lost(); };
  const replaced = (_, change) => { if (!change.newValue) lost(); };
  session?.statusChanged.connect(status);
  session?.kernelChanged.connect(replaced);
  return () => {
    model.off("comm_live_update", changed);
    session?.statusChanged.disconnect(status);
    session?.kernelChanged.disconnect(replaced);
  };
}

const NOTICES = {
  live: "",
  busy: "",
  waiting: "Waiting for the kernel: it is busy with a cell. This view catches up when the cell is done. If no cell is running, run this one again.",
  disconnected: "Kernel disconnected: this view is a picture now. Run its cell again to bring it back to life.",
};

// The frame of every view: build(controls, ask, model, stage) fills the fieldset of what asks Python, and the stage of what needs
// no kernel; it returns draw(data), which may return a maker of the data's table. A model that is `alone` never asks Python.
function frame(build) {
  return ({ model, el }) => {
    const notice = element("p", { class: "genai-notice", role: "status" });
    const controls = element("fieldset", {}), stage = element("div", {});
    const root = element("section", { class: "genai-view", "aria-label": model.get("label"), "data-kernel": "live" });
    let table = null;
    const words = inWords(() => ({ table, ...model.get("data") }));
    const talk = conversation(model, (state) => {
      root.dataset.kernel = state;
      root.ariaBusy = state === "busy" || state === "waiting";
      controls.disabled = state === "disconnected";
      if (notice.textContent !== NOTICES[state]) notice.textContent = NOTICES[state];
    });
    root.append(notice, controls, stage, words.box);
    el.append(root);
    // JupyterLab's command mode would take the arrow keys away from the controls.
    el.addEventListener("keydown", (event) => event.stopPropagation());
    const draw = build(controls, talk.send, model, stage);
    const update = () => { talk.answered(model.get("data")); table = draw(model.get("data")); words.refresh(); };
    model.on("change:data", update);
    update();
    const unwatch = model.get("alone") ? () => {} : watchKernel(model, root, talk.lost);
    return () => { model.off("change:data", update); unwatch(); };
  };
}
