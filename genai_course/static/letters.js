// What comes next: a beginning to type, three sliders, and a row for each letter: how likely it is, and which names say so.
const SMOOTHINGS = [0, 0.001, 0.01, 0.1, 1, 10, 100];
const SHOWN_LETTERS = 12;

function slider(label, low, high, step, tell, changed) {
  const shown = element("output", { class: "genai-value" });
  const input = element("input", { type: "range", min: low, max: high, step, "aria-label": label, oninput: () => { say(); changed(); } });
  const say = () => {
    shown.textContent = tell(Number(input.value));
    input.setAttribute("aria-valuetext", `${label} is ${shown.textContent}`);
  };
  const write = (value) => { input.value = value; say(); };
  return { row: element("label", { class: "genai-knob" }, element("span", {}, label), input, shown), read: () => Number(input.value), write };
}

function letterRow({ name, share, places, words }) {
  const bar = element("span", { class: "genai-share" });
  bar.style.width = `${100 * share}%`;
  const cells = [element("td", { class: "genai-share-cell" }, bar), element("td", {}, `${(100 * share).toFixed(1)} %`)];
  return element("tr", {}, element("th", { scope: "row" }, name), ...cells, element("td", {}, String(places)), element("td", {}, words));
}

export default {
  render: frame((controls, ask, model) => {
    const start = model.get("request");
    const field = element("input", { type: "text", size: 16, maxlength: 20, spellcheck: "false", autocomplete: "off", oninput: () => send() });
    const memory = slider("Letters of memory", 0, 6, 1, String, () => send());
    const smoothing = slider("Smoothing", 0, SMOOTHINGS.length - 1, 1, (i) => String(SMOOTHINGS[i]), () => send());
    const temperature = slider("Temperature", 0.1, 5, 0.1, (t) => t.toFixed(1), () => send());
    const send = () => ask({ prefix: field.value, length: memory.read(), smoothing: SMOOTHINGS[smoothing.read()], temperature: temperature.read() });
    field.value = start.prefix;
    memory.write(start.length);
    smoothing.write(Math.max(0, SMOOTHINGS.indexOf(start.smoothing)));
    temperature.write(start.temperature);
    const problem = element("p", { class: "genai-problem", role: "alert" });
    const text = element("p", { class: "genai-next-text", role: "status" });
    const head = element("tr", {}, ...["next", "how likely", "share", "places", "names, cut where the letter was chosen"].map((name) => element("th", { scope: "col" }, name)));
    const body = element("tbody", {});
    const table = element("table", { class: "genai-letters" }, element("thead", {}, head), body);
    const beginning = element("label", { class: "genai-knob" }, element("span", {}, "A name begins with"), field, element("span", {}, ""));
    controls.append(beginning, memory.row, smoothing.row, temperature.row, problem, text, table);
    return (data) => {
      problem.textContent = data.problem ? data.problem.message : "";
      table.hidden = text.hidden = Boolean(data.problem);
      if (data.problem) return;
      text.textContent = data.description;
      body.replaceChildren(...data.letters.slice(0, SHOWN_LETTERS).map(letterRow));
    };
  }),
};
