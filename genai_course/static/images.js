// Pictures: side by side with a title each, or one after the other with a transport to run through them.
const pixels = (source, alt, size) => element("img", { class: "genai-pixels", src: source, alt, width: size, height: size });
const titled = (chart, i) => chart.titles[i] ?? `${i + 1} of ${chart.images.length}`;

VIEWS.imagegrid = () => {
  const node = element("div", { class: "genai-figure" });
  const figure = (chart, i) => element("figure", {}, pixels(chart.images[i], titled(chart, i), chart.size), chart.titles[i] ? element("figcaption", { "aria-hidden": "true" }, chart.titles[i]) : "");
  const draw = (chart) => {
    const grid = element("div", { class: "genai-images", role: "group", "aria-label": chart.alt }, ...chart.images.map((_, i) => figure(chart, i)));
    grid.style.gridTemplateColumns = `repeat(${chart.columns}, minmax(0, ${chart.size}px))`;
    node.replaceChildren(chart.images.length ? grid : emptyState("there are no pictures"), ...noteLines(chart.notes));
  };
  return { node, draw, table: (chart) => chart.titles.length && { columns: ["picture", "title"], rows: chart.images.map((_, i) => [i + 1, titled(chart, i)]) } };
};

const MOST_THUMBS = 12;

VIEWS.strip = () => {
  const frame = pixels("", "", 0), film = element("div", { class: "genai-film", "aria-hidden": "true" }), after = element("div", {});
  let chart = { images: [], titles: [] };
  const name = (at) => chart.titles[at] ?? `${chart.unit} ${at} of ${chart.images.length - 1}`;
  const show = (at) => {
    frame.src = chart.images[at];
    frame.alt = `${chart.alt} ${name(at)}`;
    const nearest = [...film.children].filter((thumb) => Number(thumb.dataset.at) <= at).at(-1);
    for (const thumb of film.children) thumb.classList.toggle("genai-here", thumb === nearest);
  };
  const player = transport("Frame", name, show);
  const stage = element("div", { class: "genai-strip" }, frame, element("div", {}, player.node, film));
  const node = element("div", { class: "genai-figure" }, stage, after);
  const thumb = (at) => element("img", { class: "genai-pixels", src: chart.images[at], alt: "", width: 44, height: 44, "data-at": at, onclick: () => { player.halt(); player.write(at); show(at); } });
  const draw = (fresh) => {
    const atEnd = player.read() >= chart.images.length - 1, count = fresh.images.length;
    chart = fresh;
    stage.hidden = !count;
    after.replaceChildren(...(count ? [] : [emptyState("there are no frames")]), ...noteLines(chart.notes));
    if (!count) return player.halt();
    const thumbs = Math.min(count, MOST_THUMBS);
    film.replaceChildren(...Array.from({ length: thumbs }, (_, i) => thumb(thumbs > 1 ? Math.round((i * (count - 1)) / (thumbs - 1)) : 0)));
    frame.width = frame.height = chart.size;
    player.resize(count);
    if (atEnd) player.write(count - 1);
    show(player.read());
  };
  return { node, draw, table: () => ({ columns: ["frame", "title"], rows: chart.images.map((_, i) => [i, name(i)]) }) };
};
