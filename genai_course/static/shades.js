// Numbers as shades: blue above zero, orange below, the stronger the further from it. Both are seen on light and on dark paper.
const ABOVE = [11, 132, 196], BELOW = [217, 105, 26], STRONGEST = 190; // of 255: what is written on a cell stays readable

// A grid of numbers, row by row from the top, as the address of a picture with a pixel for each.
function shadesOf(rows, low, high) {
  const canvas = element("canvas", { width: rows[0].length, height: rows.length });
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const strength = (value) => (value < 0 ? value / Math.min(low, -high) : (value - Math.max(low, 0)) / (Math.max(high, -low) - Math.max(low, 0)));
  rows.flat().forEach((value, i) => {
    if (!isNumber(value)) return;
    const alpha = STRONGEST * Math.max(0, Math.min(1, strength(value) || 0));
    image.data.set([...(value < 0 ? BELOW : ABOVE), alpha], 4 * i);
  });
  context.putImageData(image, 0, 0);
  return canvas.toDataURL();
}

// What the shades mean: the ends of the scale, with zero between them where there are numbers on both sides.
function shadeKey(low, high, percent) {
  const bar = element("span", { class: low < 0 ? "genai-shades genai-both-sides" : "genai-shades" });
  const largest = Math.max(high, -low), ends = low < 0 ? [-largest, largest] : [low, high];
  const [from, to] = ends.map((end) => readable(end, percent));
  return element("p", { class: "genai-key", role: "img", "aria-label": `Shades from ${from} to ${to}` }, from, bar, to);
}
