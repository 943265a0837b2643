"use strict";
(() => {
  const { charts, steps } = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const DAY = 86400;
  let chart = null, shown = 0, days = 92;
  const hidden = new Set();
  const trained = charts.some((c) => c.ahead.some((row) => row[2] != null)); // of each row: day, forecast, lstm, range

  if (!charts.length) {
    at("charts").hidden = true;
    return;
  }

  const GROUPS = [
    { key: "real", label: "Real", series: [1] },
    { key: "forecast", label: "Forecast", series: [2, 9] },
    { key: "lstm", label: "LSTM", series: [12, 13] },
    { key: "naive", label: "Naive", series: [4], dashed: true },
    { key: "forest", label: "Random Forest", series: [3] },
    { key: "inner", label: "80 % range", series: [5, 6, 10, 11] },
    { key: "outer", label: "95 % range", series: [7, 8] },
  ].filter((group) => group.key !== "lstm" || trained);

  const make = (tag, text, attributes = {}) => {
    const element = document.createElement(tag);
    element.textContent = text;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const price = (value) => {
    if (value == null) return "–";
    const digits = Math.min(Math.max(5 - Math.ceil(Math.log10(Math.abs(value) || 1)), 0), 6);
    return value.toLocaleString("en", { minimumFractionDigits: Math.min(digits, 2), maximumFractionDigits: Math.max(Math.min(digits, 2), value < 1 ? 4 : 0) });
  };
  const range = (from, to) => (from == null || to == null ? "–" : `${price(from)} – ${price(to)}`);
  const date = (day, more = { year: "numeric" }) => new Date(day * DAY * 1000).toLocaleDateString("en-GB", { timeZone: "UTC", day: "numeric", month: "short", ...more });

  // Columns for uPlot: time; of the test real, forecast, forest, naive, inner low and high; ahead outer low and high, forecast,
  // inner low and high; lstm of the test and ahead.
  function columns(c) {
    const day = [];
    c.actual.forEach((_, i) => day.push(i ? day[i - 1] + c.gaps[i - 1] : c.day));
    const naive = c.actual.map((_, i) => (i ? c.actual[i - 1] : c.before[0]));
    const of = (offsets) => offsets.map((value, i) => naive[i] * (1 + value / steps));
    const blank = (n) => new Array(Math.max(n, 0)).fill(null);
    const lstm = trained ? of(c.lstm) : blank(day.length);
    const test = [c.actual, of(c.forecast), of(c.forest), naive, of(c.low), of(c.high)];
    const ahead = [[], [], [], [], [], []]; // forecast, lstm, p025, p10, p90, p975
    const later = [];
    if (c.last) {
      if (day[day.length - 1] !== c.last[0]) {
        later.push(c.last[0]);
        ahead.forEach((values) => values.push(c.last[1]));
      }
      for (const [on, ...prices] of c.ahead) {
        later.push(on);
        ahead.forEach((values, i) => values.push(prices[i]));
      }
    }
    const anchored = c.last && day[day.length - 1] === c.last[0];
    const before = (values) => [...blank(day.length - (anchored ? 1 : 0)), ...(anchored ? [c.last[1]] : []), ...values];
    const after = (values) => [...values, ...blank(later.length)];
    const [point, lstmAhead, outerLow, low, high, outerHigh] = ahead.map(before);
    return [[...day, ...later].map((d) => d * DAY), ...test.map(after), outerLow, outerHigh, point, low, high, after(lstm), lstmAhead];
  }

  function options(width, height) {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const on = (index) => !GROUPS.some((group) => hidden.has(group.key) && group.series.includes(index));
    const line = (name, width, dash) => ({ stroke: colour(name), width, dash, points: { show: false } });
    const edge = { stroke: "transparent", width: 0, points: { show: false } };
    const axis = { stroke: colour("soft"), grid: { stroke: colour("rule"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const series = [{}, line("real", 2), line("forecast", 1.75), line("forest", 1.5), line("naive", 1.5, [5, 4]), edge, edge, edge, edge,
      line("forecast", 2, [3, 3]), edge, edge, line("lstm", 1.5), line("lstm", 1.5, [3, 3])];
    return {
      width, height,
      legend: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      padding: [8, 28, 0, 0],
      cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
      scales: { x: { time: true } },
      series: series.map((each, index) => ({ ...each, show: on(index), spanGaps: false })),
      bands: [
        { series: [8, 7], fill: colour("outer") },
        { series: [6, 5], fill: colour("inner") },
        { series: [11, 10], fill: colour("inner") },
      ],
      axes: [
        { ...axis, grid: { show: false }, space: 70, values: [[DAY * 365, "{YYYY}", null, null, null, null, null, null, 1], [DAY * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1], [DAY, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1]] },
        { ...axis, size: 58, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString("en", { maximumFractionDigits: 4 })) },
      ],
      hooks: { setCursor: [read], setScale: [(u, key) => key === "x" && press(u)] },
    };
  }

  // The legend is the readout: it says the values under the cursor, or the last ones.
  function read(u) {
    const [x, real, forecast, forest, naive, low, high, outerLow, outerHigh, point, aheadLow, aheadHigh, lstm, lstmAhead] = u.data;
    const i = u.cursor.idx ?? charts[shown].actual.length - 1;
    if (i < 0) return;
    const tested = real[i] != null;
    const values = {
      real: price(real[i]),
      forecast: price(tested ? forecast[i] : point[i]),
      lstm: price(tested ? lstm[i] : lstmAhead[i]),
      forest: price(forest[i]),
      naive: price(naive[i]),
      inner: tested ? range(low[i], high[i]) : range(aheadLow[i], aheadHigh[i]),
      outer: tested ? "–" : range(outerLow[i], outerHigh[i]),
    };
    at("day").textContent = date(x[i] / DAY);
    for (const group of GROUPS) at(`value-${group.key}`).textContent = values[group.key];
  }

  function press(u) {
    const { min, max } = u.scales.x, all = u.data[0];
    for (const button of document.querySelectorAll(".spans button")) {
      const wanted = span(all, Number(button.dataset.days));
      button.setAttribute("aria-pressed", Math.abs(wanted.min - min) < DAY && Math.abs(wanted.max - max) < DAY);
    }
  }

  function span(x, wanted) {
    const c = charts[shown], last = c.last ? c.last[0] * DAY : x[x.length - 1];
    return { min: wanted ? Math.max(x[0], last - wanted * DAY) : x[0], max: x[x.length - 1] };
  }

  function draw() {
    const c = charts[shown], box = at("chart");
    chart?.destroy();
    const data = columns(c);
    chart = new uPlot(options(box.clientWidth, Math.max(box.clientHeight, 240)), data, box);
    chart.setScale("x", span(data[0], days));
    touch(chart.over);
    read(chart);
  }

  // uPlot follows the mouse only; a finger moves the cursor sideways, up and down still scrolls the page.
  function touch(over) {
    const move = (event) => {
      const box = over.getBoundingClientRect(), finger = event.touches[0];
      chart.setCursor({ left: finger.clientX - box.left, top: finger.clientY - box.top });
    };
    over.addEventListener("touchstart", move, { passive: true });
    over.addEventListener("touchmove", move, { passive: true });
  }

  function show(index) {
    shown = index;
    const c = charts[index];
    at("chart-title").textContent = c.ticker;
    for (const button of at("tickers").querySelectorAll("button")) {
      if (Number(button.dataset.index) === index) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    const last = c.last ? `${price(c.last[1])} on ${date(c.last[0])}` : "unknown";
    at("chart").setAttribute("aria-label", `${c.ticker}: real prices and forecasts one day ahead, last price ${last}`);
    table(c);
    draw();
  }

  function table(c) {
    const ahead = at("ahead"), body = document.createElement("tbody"), head = document.createElement("thead");
    const row = (cells, tag) => {
      const line = document.createElement("tr");
      cells.forEach((cell, i) => line.append(make(i && tag === "td" ? "td" : "th", cell, i && tag === "td" ? {} : { scope: tag === "th" ? "col" : "row" })));
      return line;
    };
    ahead.replaceChildren(make("caption", c.last ? `Forecasts from ${date(c.last[0])}, last price ${price(c.last[1])}` : "No forecast"));
    const own = (cell) => (trained ? [cell] : []);
    head.append(row(["For", "Forecast", ...own("LSTM"), "Expected move", "80 % range", "95 % range"], "th"));
    c.ahead.forEach(([on, point, lstm, outerLow, low, high, outerHigh], i) => {
      const expected = `± ${(c.expected[i] * 100).toFixed(1)} %`;
      body.append(row([date(on, {}), price(point), ...own(price(lstm)), expected, range(low, high), range(outerLow, outerHigh)], "td"));
    });
    ahead.append(head, body);
  }

  function legend() {
    const box = at("legend");
    box.append(make("span", "", { id: "day", class: "day" }));
    for (const group of GROUPS) {
      const button = make("button", "", { type: "button", "aria-pressed": "true" });
      const mark = make("i", "", { class: group.key === "inner" || group.key === "outer" ? "area" : group.dashed ? "dashed" : "", style: `--c: var(--${group.key})` });
      button.append(mark, make("span", group.label), make("b", "", { id: `value-${group.key}` }));
      button.addEventListener("click", () => {
        const off = !hidden.delete(group.key);
        if (off) hidden.add(group.key);
        button.setAttribute("aria-pressed", String(!off));
        group.series.forEach((index) => chart.setSeries(index, { show: !off }));
      });
      box.append(button);
    }
  }

  function list() {
    at("tickers").append(...charts.map((c, index) => {
      const item = document.createElement("li"), button = make("button", "", { type: "button", "data-index": index });
      button.append(make("span", c.ticker), make("small", c.last ? price(c.last[1]) : ""));
      button.addEventListener("click", () => show(index));
      item.append(button);
      return item;
    }));
    at("find").addEventListener("input", () => {
      const wanted = at("find").value.trim().toLowerCase();
      charts.forEach((c, index) => { at("tickers").children[index].hidden = !c.ticker.toLowerCase().includes(wanted); });
    });
    at("find").addEventListener("keydown", (event) => {
      const first = at("tickers").querySelector("li:not([hidden]) button");
      if (event.key === "Enter" && first) first.click();
    });
  }

  function start() {
    document.querySelector(".explorer").hidden = false;
    legend();
    list();
    for (const button of document.querySelectorAll(".spans button"))
      button.addEventListener("click", () => { days = Number(button.dataset.days); chart.setScale("x", span(chart.data[0], days)); });
    for (const button of document.querySelectorAll("[data-chart]"))
      button.addEventListener("click", () => { show(Number(button.dataset.chart)); at("charts").scrollIntoView({ block: "start" }); });
    show(0);
    dark.addEventListener("change", draw);
    new ResizeObserver(() => chart.setSize({ width: at("chart").clientWidth, height: Math.max(at("chart").clientHeight, 240) })).observe(at("chart"));
  }

  start();
})();
