// Probabilities at another temperature: each to the power 1 / T, then scaled to add up to 1. The same as `tempered` in Python.
FORMULAS.temperature = ({ temperature }, { shares }, first) => {
  const powers = Object.entries(shares).map(([name, share]) => [name, share ** (1 / temperature)]);
  const sum = powers.reduce((total, [, power]) => total + power, 0);
  const [likeliest, most] = powers.reduce((best, other) => (other[1] > best[1] ? other : best));
  const alt = `At temperature ${Number(temperature.toPrecision(6))} the likeliest is ${likeliest}, with ${((100 * most) / sum).toFixed(1)} %.`;
  return { ...first, description: alt, charts: [{ ...first.charts[0], alt, values: powers.map(([, power]) => power / sum) }] };
};
