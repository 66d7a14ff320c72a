// A sentence: the word that looks is framed, and each word is shaded by how much it is looked at.
const MOST_TOLD = 3;

VIEWS.sentence = () => {
  let chart = null;
  const line = element("div", { class: "genai-sentence", onpointerover: (event) => point(event.target.closest(".genai-token")) });
  const looks = (at) => chart.words.map((word, i) => [word, chart.values[at][i]]).filter(([, share]) => share > 0).sort((one, other) => other[1] - one[1]);
  const tell = (at) => `${chart.words[at]}, word ${at + 1} of ${chart.words.length}, looks at ${looks(at).slice(0, MOST_TOLD).map(([word, share]) => `${word} ${readable(share, true)}`).join(", ")}`;
  const show = (at) => {
    [...line.children].forEach((token, i) => {
      const share = chart.values[at][i];
      token.classList.toggle("genai-looking", i === at);
      token.style.setProperty("--share", share);
      token.lastChild.textContent = share > 0 ? readable(share, true) : "–";
    });
  };
  const word = reader("Word that looks", tell, show);
  const point = (token) => { if (token) word.move([...line.children].indexOf(token)); };
  const node = element("div", { class: "genai-figure" }, element("div", { class: "genai-plot" }, line, word.input), word.said);
  const draw = (fresh) => {
    const last = fresh.words.length - 1, at = chart ? Math.min(word.read(), last) : last;
    chart = fresh;
    line.replaceChildren(...chart.words.map((text) => element("span", { class: "genai-token" }, element("span", {}, text), element("small", {}))));
    word.resize(chart.words.length);
    word.place(at);
  };
  return { node, draw, table: () => null }; // the reader tells each word's shares
};
