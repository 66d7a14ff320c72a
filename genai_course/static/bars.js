// Named bars as the rows of a table: name, bar from the zero line, value, and whatever columns come with them.
function barCell(value, low, high, marked) {
  const bar = element("span", { class: marked ? "genai-bar genai-marked" : "genai-bar" });
  const place = (x) => (high > low ? (100 * (x - low)) / (high - low) : 0);
  bar.style.left = `${place(Math.min(value, 0))}%`;
  bar.style.width = `${Math.abs(place(value) - place(0))}%`;
  if (value < 0) bar.classList.add("genai-negative");
  const zero = element("span", { class: "genai-zero" });
  zero.style.left = `${place(0)}%`;
  return element("td", { class: "genai-bar-cell", "aria-hidden": "true" }, element("span", { class: "genai-track" }, bar, low < 0 ? zero : ""));
}

function barRow(chart, i, low, high) {
  const value = chart.values[i], isNumber = typeof value === "number", marked = chart.marked.includes(chart.names[i]);
  const bar = isNumber ? barCell(value, low, high, marked) : element("td", { "aria-hidden": "true" });
  const shown = element("td", { class: isNumber ? "genai-number" : "genai-number genai-odd-number" }, readable(value, chart.percent));
  const rest = Object.values(chart.columns).map((column) => element("td", {}, String(column[i])));
  const sign = marked ? [element("span", { "aria-hidden": "true" }, "▸ ")] : [], told = marked ? [element("span", { class: "genai-unseen" }, " (marked)")] : [];
  const name = element("th", { scope: "row" }, ...sign, chart.names[i], ...told);
  return element("tr", marked ? { class: "genai-marked-row" } : {}, name, bar, shown, ...rest);
}

VIEWS.bars = () => {
  const head = element("thead", {}), body = element("tbody", {});
  const chartTable = element("table", { class: "genai-bars" }, head, body), after = element("div", {});
  const node = element("div", { class: "genai-scroll", tabindex: 0, role: "group" }, chartTable, after);
  const heading = (text, attributes = {}) => element("th", { scope: "col", ...attributes }, text);
  const draw = (chart) => {
    const numbers = chart.values.filter((value) => typeof value === "number");
    const low = Math.min(0, ...numbers), high = chart.high ?? Math.max(0, ...numbers);
    node.setAttribute("aria-label", chart.alt);
    const headings = [heading(chart.ylabel), element("td", { "aria-hidden": "true" }), heading(chart.xlabel, { class: "genai-number" })];
    head.replaceChildren(element("tr", {}, ...headings, ...Object.keys(chart.columns).map((name) => heading(name))));
    body.replaceChildren(...chart.names.slice(0, chart.shown).map((_, i) => barRow(chart, i, low, high)));
    after.replaceChildren(...(chart.names.length ? [] : [emptyState("there are no bars")]), ...noteLines(chart.notes));
    chartTable.hidden = !chart.names.length;
  };
  const table = (chart) => ({
    columns: [chart.ylabel, chart.xlabel, ...Object.keys(chart.columns)],
    rows: chart.names.map((name, i) => [name, readable(chart.values[i], chart.percent), ...Object.values(chart.columns).map((column) => column[i])]),
  });
  return { node, draw, table };
};
