// "Predict, then run": a question, a guess, how sure the learner is; after that, what became of it.
function choiceFields(choices) {
  const name = identifier("choice");
  const fields = choices.map((choice) => {
    const input = element("input", { type: "radio", name, value: choice });
    return element("label", { class: "genai-choice" }, input, " ", choice);
  });
  const read = () => fields.map((f) => f.firstChild).find((input) => input.checked)?.value ?? null;
  return { fields, read };
}

function numberField() {
  const input = element("input", { type: "text", inputmode: "decimal", autocomplete: "off", size: 10 });
  return { fields: [element("label", { class: "genai-choice" }, "Your guess, a number: ", input)], read: () => input.value };
}

function sureness() {
  const shown = element("output", {}, "50 %");
  const say = () => {
    shown.textContent = `${input.value} %`;
    input.setAttribute("aria-valuetext", `${input.value} percent sure`);
  };
  const input = element("input", { type: "range", min: 0, max: 100, step: 10, value: 50, oninput: say, "aria-valuetext": "50 percent sure" });
  return { field: element("label", { class: "genai-sure" }, "How sure are you? ", input, shown), read: () => Number(input.value) };
}

function keptParts({ kept, verdict }) {
  const said = element("p", {}, `You said ${kept.guess}, ${kept.confidence} % sure.`);
  const told = element("p", { class: "genai-verdict" }, verdict || "Your guess is kept. Now run the next cell, compare, and say here what became of it.");
  return [said, told];
}

// For a question whose answer Python does not know: the learner says what became of the guess.
function marks(ask) {
  const choice = (text, right) => element("button", { type: "button", onclick: () => ask({ right }) }, text);
  return element("div", { class: "genai-marks", role: "group", "aria-label": "What became of your guess" }, choice("It came true", true), choice("It did not", false));
}

export default {
  render: frame((controls, ask, model) => {
    const { question, choices } = model.get("data");
    const guess = choices.length ? choiceFields(choices) : numberField();
    const sure = sureness();
    const problem = element("p", { class: "genai-problem", role: "alert" });
    const commit = (event) => { event.preventDefault(); ask({ guess: guess.read(), confidence: sure.read() }); };
    const form = element("form", { class: "genai-form", onsubmit: commit }, ...guess.fields, sure.field, element("button", { type: "submit" }, "Keep my guess"));
    const result = element("div", { role: "status", tabindex: -1 }), marking = marks(ask);
    controls.append(element("legend", {}, question), form, problem, result, marking);
    return (data) => {
      problem.textContent = data.problem ? data.problem.message : "";
      const kept = data.kept && "guess" in data.kept;
      result.replaceChildren(...(kept ? keptParts(data) : []));
      const done = [...(kept ? [form] : []), ...(data.verdict || !kept ? [marking] : [])];
      if (done.some((part) => part.contains(document.activeElement))) result.focus(); // the focus stays where the learner is
      for (const part of [form, marking]) part.hidden = done.includes(part);
    };
  }),
};
