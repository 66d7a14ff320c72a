// A paragraph that is read out when it changes.
VIEWS.words = () => {
  const node = element("p", { class: "genai-said", role: "status" });
  return { node, draw: (chart) => { if (node.textContent !== chart.text) node.textContent = chart.text; }, table: () => null };
};
