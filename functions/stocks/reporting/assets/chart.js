// One ticker's chart: its series, how uPlot draws them, and what each line is worth on a day.
const GROUPS = [
  { key: "real", label: "Real", series: [1] },
  { key: "forecast", label: "Forecast", series: [2, 9], change: 1 },
  { key: "lstm", label: "LSTM", series: [12, 13], change: 2 },
  { key: "naive", label: "Naive", series: [4], dashed: true },
  { key: "forest", label: "Random Forest", series: [3], off: true },
  { key: "inner", label: "80 % range", series: [5, 6, 10, 11] },
  { key: "outer", label: "95 % range", series: [7, 8] },
];

const blank = (n) => new Array(Math.max(n, 0)).fill(null);

// Columns for uPlot: time; real; of the test forecast, forest, naive, inner low and high; ahead outer low and high, forecast,
// inner low and high; lstm of the test and ahead. And of `changes` time, forecast and lstm of the test in % of naive.
function columns(c, steps) {
  const [earlierDays, earlierPrices] = c.earlier;
  const day = [...earlierDays];
  c.actual.forEach((_, i) => day.push(i ? day[day.length - 1] + c.gaps[i - 1] : c.day));
  const naive = c.actual.map((_, i) => (i ? c.actual[i - 1] : c.before[0]));
  const tested = (values) => [...blank(earlierDays.length), ...values];
  const of = (offsets) => tested(offsets.map((value, i) => naive[i] * (1 + value / steps)));
  const lstm = c.lstm.length ? of(c.lstm) : blank(day.length);
  const known = [[...earlierPrices, ...c.actual], of(c.forecast), of(c.forest), tested(naive), of(c.low), of(c.high)];
  const ahead = c.ahead.map(([on, ...prices]) => [on, ...prices]); // forecast, lstm, p025, p10, p90, p975
  const later = ahead.map(([on]) => on);
  const anchor = c.last && day[day.length - 1] === c.last[0];
  const before = (i) => [...blank(day.length - (anchor ? 1 : 0)), ...(anchor ? [c.last[1]] : []), ...ahead.map((row) => row[i + 1])];
  const after = (values) => [...values, ...blank(later.length)];
  const [point, lstmAhead, outerLow, low, high, outerHigh] = [0, 1, 2, 3, 4, 5].map(before);
  if (!c.lstm.length) lstmAhead.fill(null);
  const time = [...day, ...later].map((d) => d * DAY);
  const percentOf = (offsets) => after(tested(offsets.map((value) => (value / steps) * 100)));
  return {
    prices: [time, ...known.map(after), outerLow, outerHigh, point, low, high, after(lstm), lstmAhead],
    changes: [time, percentOf(c.forecast), percentOf(c.lstm)],
  };
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

const line = (name, width, dash) => ({ stroke: colour(name), width, dash, points: { show: false }, spanGaps: false });

function axes(values, space) {
  const axis = { stroke: colour("soft"), grid: { stroke: colour("rule"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
  const years = [DAY * 365, "{YYYY}", null, null, null, null, null, null, 1], months = [DAY * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1];
  return [
    { ...axis, grid: { show: false }, space: 70, values: [years, months, [DAY, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1]] },
    { ...axis, size: 64, space, values },
  ];
}

// A price on the axis, which has room for some eight characters.
function axisPrice(tick) {
  const size = Math.abs(tick);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return tick.toExponential(2).replace(/\.?0+e/, "e").replace("-", "−");
  return tick.toLocaleString("en", size >= 1e6 ? { notation: "compact", maximumSignificantDigits: 4 } : { maximumSignificantDigits: 6 });
}

const common = (width, height) => ({
  width, height,
  legend: { show: false },
  tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
  padding: [8, 28, 0, 0],
  scales: { x: { time: true } },
});

function priceOptions(width, height, hidden, hooks) {
  const edge = { stroke: "transparent", width: 0, points: { show: false } };
  const series = [line("real", 2), line("forecast", 1.75), line("forest", 1.5), line("naive", 1.5, [5, 4]), edge, edge, edge, edge,
    line("forecast", 2, [3, 3]), edge, edge, line("lstm", 1.5), line("lstm", 1.5, [3, 3])];
  const off = (index) => GROUPS.some((group) => hidden.has(group.key) && group.series.includes(index));
  return {
    ...common(width, height),
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false }, sync: { key: "days", setSeries: false } },
    series: [{}, ...series.map((each, i) => ({ ...each, show: !off(i + 1) }))],
    bands: [
      { series: [8, 7], fill: colour("outer") },
      { series: [6, 5], fill: colour("inner") },
      { series: [11, 10], fill: colour("inner") },
    ],
    axes: axes((_, ticks) => ticks.map(axisPrice), 40),
    hooks,
  };
}

function changeOptions(width, height, hidden) {
  const zero = { hooks: { drawAxes: (u) => {
    const y = u.valToPos(0, "y", true);
    u.ctx.save();
    u.ctx.setLineDash([5, 4]);
    u.ctx.strokeStyle = colour("naive");
    u.ctx.lineWidth = 1.5 * devicePixelRatio;
    u.ctx.beginPath();
    u.ctx.moveTo(u.bbox.left, y);
    u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
    u.ctx.stroke();
    u.ctx.restore();
  } } };
  return {
    ...common(width, height),
    plugins: [zero],
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false }, sync: { key: "days", setSeries: false } },
    scales: { x: { time: true }, y: { range: (_, low, high) => {
      const far = Math.max(Math.abs(low ?? 0), Math.abs(high ?? 0), 0.01) * 1.1;
      return [-far, far];
    } } },
    series: [{}, { ...line("forecast", 1.5), show: !hidden.has("forecast") }, { ...line("lstm", 1.5), show: !hidden.has("lstm") }],
    axes: axes((_, ticks) => ticks.map((tick) => `${tick > 0 ? "+" : ""}${String(Number(tick.toPrecision(2))).replace("-", "−")}`), 24).map(
      (axis, i) => (i ? { ...axis, splits: (_, __, low, high) => [low / 1.1, 0, high / 1.1] } : axis)),
  };
}

// What each line is worth at a place of the columns; "–" where it says nothing.
function valuesAt(prices, i) {
  const [, real, forecast, forest, naive, low, high, outerLow, outerHigh, point, aheadLow, aheadHigh, lstm, lstmAhead] = prices;
  const past = real[i] != null;
  return {
    real: price(real[i]),
    forecast: price(past ? forecast[i] : point[i]),
    lstm: price(past ? lstm[i] : lstmAhead[i]),
    forest: price(forest[i]),
    naive: price(naive[i]),
    inner: past ? range(low[i], high[i]) : range(aheadLow[i], aheadHigh[i]),
    outer: past ? "–" : range(outerLow[i], outerHigh[i]),
  };
}
