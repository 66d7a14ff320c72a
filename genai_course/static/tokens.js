// The pieces of a text side by side, each with its number below; a gap where a word begins, a thick edge around what is marked.
function tokenChip(chart, i) {
  const classes = ["genai-token", chart.starts.includes(i) && i ? "genai-token-start" : "", chart.marked.includes(i) ? "genai-marked-token" : ""];
  const piece = element("span", { class: "genai-piece" }, chart.pieces[i]), number = element("span", { class: "genai-token-number" }, String(chart.numbers[i]));
  return element("li", { class: classes.filter(Boolean).join(" ") }, piece, number);
}

VIEWS.tokens = () => {
  const list = element("ol", { class: "genai-tokens" }), after = element("div", {});
  const node = element("div", { class: "genai-scroll", tabindex: 0, role: "group" }, list, after);
  const draw = (chart) => {
    node.setAttribute("aria-label", chart.alt);
    list.replaceChildren(...chart.pieces.map((_, i) => tokenChip(chart, i)));
    list.hidden = !chart.pieces.length;
    after.replaceChildren(...(chart.pieces.length ? [] : [emptyState("there is no text")]), ...noteLines(chart.notes));
  };
  const table = (chart) => ({ columns: ["place", "token", "number"], rows: chart.pieces.map((piece, i) => [i + 1, piece, chart.numbers[i]]) });
  return { node, draw, table };
};
