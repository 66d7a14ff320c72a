// A filter to draw, a picture to draw it for, and the map. Left: the picture with a window on it; middle: the filter; right: the map.
const CELL = 30, STEP = 0.25;

const minus = (number, digits) => number.toFixed(digits).replace("-", "−");
const trimmed = (number) => String(number).replace("-", "−");

// Squares with a shade each, and a frame around some of them.
function squares(label, rows, columns, title) {
  const svg = shape("svg", { class: "genai-squares", role: "img", "aria-label": label, viewBox: `-2 -2 ${columns * CELL + 4} ${rows * CELL + 4}` });
  svg.style.width = `${columns * CELL + 4}px`;
  const cells = [...Array(rows * columns).keys()].map((i) => {
    const at = { x: (i % columns) * CELL, y: Math.floor(i / columns) * CELL, width: CELL, height: CELL };
    const rect = shape("rect", at), text = shape("text", { x: at.x + CELL / 2, y: at.y + CELL / 2 + 4 });
    svg.append(shape("g", {}, rect, text));
    return { rect, text };
  });
  const mark = shape("rect", { class: "genai-window" });
  svg.append(mark);
  const outline = (row, column, size) => {
    for (const [name, value] of Object.entries({ x: column * CELL, y: row * CELL, width: size * CELL, height: size * CELL })) mark.setAttribute(name, value);
  };
  return { box: element("figure", { class: "genai-part" }, svg, element("figcaption", {}, title)), svg, cells, outline };
}

function grey({ rect }, value) {
  const light = Math.round(255 * Math.min(1, Math.max(0, (value + 1) / 2)));
  rect.setAttribute("fill", `rgb(${light},${light},${light})`);
}

function signed(node, value, largest) {
  node.classList.toggle("genai-below", value < 0);
  node.style.setProperty("--strength", largest ? Math.abs(value) / largest : 0);
}

// Nine numbers: painted with a brush by mouse or finger, changed with the arrow keys.
function filterEditor(changed) {
  let values = [], brush = 1;
  const cell = (i) => element("div", {
    class: "genai-tap", role: "spinbutton", tabindex: i ? -1 : 0, "aria-valuemin": -1, "aria-valuemax": 1,
    "aria-label": `Filter row ${Math.floor(i / 3) + 1}, column ${(i % 3) + 1}`,
    onkeydown: (event) => key(event, i), onfocus: () => cells.forEach((c, j) => { c.tabIndex = i === j ? 0 : -1; }),
    onpointerdown: (event) => { event.target.releasePointerCapture?.(event.pointerId); put(i, brush); },
    onpointerenter: (event) => { if (event.buttons & 1) put(i, brush); },
  });
  const cells = [...Array(9).keys()].map(cell);
  const put = (i, value) => {
    values[i] = Math.min(1, Math.max(-1, value));
    show();
    changed();
  };
  const key = (event, i) => {
    const keys = {
      ArrowUp: () => put(i, values[i] + STEP), ArrowDown: () => put(i, values[i] - STEP), Home: () => put(i, -1), End: () => put(i, 1),
      "+": () => put(i, 1), "-": () => put(i, -1), 0: () => put(i, 0),
      ArrowRight: () => cells[(i + 1) % 9].focus(), ArrowLeft: () => cells[(i + 8) % 9].focus(),
    };
    if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  };
  const show = () => cells.forEach((node, i) => {
    node.textContent = trimmed(values[i]);
    node.setAttribute("aria-valuenow", values[i]);
    node.setAttribute("aria-valuetext", trimmed(values[i]).replace("−", "minus "));
    signed(node, values[i], 1);
  });
  const name = identifier("brush");
  const choice = (value, text) => {
    const input = element("input", { type: "radio", name, value, checked: value === brush, onchange: () => { brush = value; } });
    return element("label", {}, input, " ", text);
  };
  const brushes = element("div", { class: "genai-brush", role: "radiogroup", "aria-label": "Brush" }, choice(1, "+1"), choice(0, "0"), choice(-1, "−1"));
  const grid = element("div", { class: "genai-taps", role: "group", "aria-label": "Filter" }, ...cells);
  const box = element("figure", { class: "genai-part" }, grid, element("figcaption", {}, "filter"), brushes);
  return { box, read: () => [0, 3, 6].map((i) => values.slice(i, i + 3)), write: (rows) => { values = rows.flat(); show(); } };
}

function chooser(label, names, chosen) {
  const options = names.map((name, i) => element("option", { value: i }, name));
  const select = element("select", { onchange: () => chosen(Number(select.value)) }, ...options);
  return { box: element("label", { class: "genai-choose" }, `${label} `, select), select };
}

export default {
  render: frame((controls, ask, model) => {
    const first = model.get("data"), start = model.get("request"), names = Object.keys(first.presets);
    const [height, width] = [first.map.length, first.map[0].length];
    const send = () => ask({ image: Number(digit.select.value), filter: editor.read(), place: Number(place.value) });
    const editor = filterEditor(() => { ready.select.value = ""; send(); });
    const digit = chooser("Picture", [...Array(first.images).keys()].map(String), send);
    const ready = chooser("Filters to start from", names, (i) => { editor.write(first.presets[names[i]]); send(); });
    const place = element("input", { type: "range", min: 0, max: height * width - 1, step: 1, "aria-label": "Place on the map", oninput: send });
    const look = (i) => { place.value = i; send(); };
    const image = squares("The picture", first.image.length, first.image[0].length, "picture, and the window");
    const map = squares("The map", height, width, "map");
    map.cells.forEach(({ rect }, i) => rect.addEventListener("click", () => look(i)));
    const sum = element("p", { class: "genai-sum", role: "status" });
    const help = element("p", { class: "genai-note" }, "Press on the filter and drag to paint with the brush. By keyboard: left and right choose a number, up and down change it, + − 0 set it. Click on the map, or move the slider, to see where a number comes from.");
    const problem = element("p", { class: "genai-problem", role: "alert" });
    editor.write(start.filter);
    digit.select.value = start.image;
    place.value = start.place;
    ready.select.value = names.findIndex((name) => JSON.stringify(first.presets[name]) === JSON.stringify(start.filter));
    controls.append(element("div", { class: "genai-row" }, digit.box, ready.box), element("div", { class: "genai-trio" }, image.box, editor.box, map.box),
      element("label", { class: "genai-knob" }, element("span", {}, "Place on the map"), place, element("span", {}, "")), sum, problem, help);
    return (data) => {
      problem.textContent = data.problem ? data.problem.message : "";
      if (data.problem) return;
      const values = data.map.flat(), largest = Math.max(...values.map(Math.abs));
      data.image.flat().forEach((value, i) => grey(image.cells[i], value));
      values.forEach((value, i) => {
        signed(map.cells[i].rect, value, largest);
        map.cells[i].text.textContent = minus(value, 1);
      });
      image.outline(data.row, data.column, 3);
      map.outline(data.row, data.column, 1);
      place.setAttribute("aria-valuetext", `row ${data.row + 1}, column ${data.column + 1}`);
      sum.textContent = `Row ${data.row + 1}, column ${data.column + 1}: ${data.sum}`;
    };
  }),
};
