// Scales and axes that charts share. A scale takes a number to a place; ticks are where it is labelled.
const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

function linearTicks(low, high, count) {
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

// Powers of ten; over few of them 2 and 5 times as well; where fewer than two are in sight, ordinary ticks.
function logTicks(low, high, count) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high)), every = Math.ceil((last - first + 1) / (count + 1));
  const powers = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => 10 ** (first + i * every));
  const found = powers.flatMap((power) => (last - first < 3 ? [1, 2, 5] : [1]).map((factor) => factor * power)).filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
  return found.length > 1 ? found : linearTicks(low, high, count);
}

// From numbers to places between `from` and `to`; null for what has no place: a gap, or what a logarithm cannot take.
function scale(numbers, from, to, { log = false, count = 5 } = {}) {
  const good = numbers.filter((value) => isNumber(value) && (!log || value > 0));
  let [low, high] = good.length ? [Math.min(...good), Math.max(...good)] : [log ? 1 : 0, log ? 10 : 1];
  if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const turn = log ? Math.log : (value) => value;
  const place = (value) => (isNumber(value) && (!log || value > 0) ? from + ((turn(value) - turn(low)) / (turn(high) - turn(low))) * (to - from) : null);
  return { place, low, high, ticks: (log ? logTicks : linearTicks)(low, high, count) };
}

// Lines and numbers of a plot's two axes, as one group. `box` is { left, right, top, bottom } in the picture's units.
function drawAxes(box, x, y, chart) {
  const across = y.ticks.map((value) => shape("g", { transform: `translate(0,${y.place(value)})` },
    shape("line", { class: "genai-grid", x1: box.left, x2: box.right }), shape("text", { class: "genai-tick genai-end", x: box.left - 8, y: 4 }, readable(value))));
  const along = x.ticks.map((value) => shape("g", { transform: `translate(${x.place(value)},${box.bottom})` },
    shape("line", { class: "genai-axis", y2: 5 }), shape("text", { class: "genai-tick", y: 19 }, readable(value))));
  const base = shape("line", { class: "genai-axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom });
  const below = shape("text", { class: "genai-axis-label", x: (box.left + box.right) / 2, y: box.bottom + 38 }, chart.xlabel);
  const beside = shape("text", { class: "genai-axis-label genai-start", x: 4, y: box.top - 14 }, chart.ylabel);
  return shape("g", { "aria-hidden": "true" }, ...across, ...along, base, below, beside);
}

// The markers that tell series apart where colour does not.
const MARKS = ["M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z", "M-3.6,-3.6h7.2v7.2h-7.2z", "M0,-5l4.8,8.4h-9.6z", "M0,-5l5,5l-5,5l-5,-5z", "M0,5l4.8,-8.4h-9.6z", "M-5,-1.6h3.4v-3.4h3.2v3.4h3.4v3.2h-3.4v3.4h-3.2v-3.4h-3.4z"];
const DASHES = ["", "8 4", "9 3 2 3", "2 3", "12 3 2 3 2 3", "1 4"];
const mark = (i, [x, y]) => shape("path", { class: `genai-mark genai-series-${i % 6}`, d: MARKS[i % 6], transform: `translate(${x},${y})` });
