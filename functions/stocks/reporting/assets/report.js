// The page: which ticker is shown, the list, the legend, the keyboard, and paper.
(() => {
  const data = JSON.parse(at("data").textContent);
  const { charts, steps } = data;
  const places = new Map(charts.map((c, index) => [c.ticker, index]));
  const tickers = new Set(data.table.map(([ticker]) => ticker));
  const trained = charts.some((c) => c.lstm.length || c.ahead.some((row) => row[2] != null));
  const groups = GROUPS.filter((group) => group.key !== "lstm" || trained);
  const hidden = new Set(groups.filter((group) => group.off).map((group) => group.key));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let main = null, changes = null, shown = 0, days = 92, cursor = null;

  overview(data);
  since();
  copies();
  if (!charts.length) {
    at("charts").hidden = true;
    return;
  }

  // The legend is the readout: it says the values under the cursor, or the last ones.
  function read(u) {
    const x = u.data[0], c = charts[shown];
    const i = u.cursor.idx ?? c.earlier[0].length + c.actual.length - 1;
    const values = valuesAt(u.data, i);
    at("day").textContent = date(x[i] / DAY);
    for (const group of groups) at(`value-${group.key}`).textContent = values[group.key];
    const spoken = groups.filter((group) => values[group.key] !== "–" && !hidden.has(group.key));
    const box = at("chart");
    box.setAttribute("aria-valuemax", x.length - 1);
    box.setAttribute("aria-valuenow", i);
    box.setAttribute("aria-valuetext", `${date(x[i] / DAY)}: ${spoken.map((group) => `${group.label} ${values[group.key]}`).join(", ")}`);
  }

  function span(x, wanted) {
    const c = charts[shown], last = (c.last ? c.last[0] : x[x.length - 1] / DAY) * DAY;
    return { min: wanted ? Math.max(x[0], last - wanted * DAY) : x[0], max: x[x.length - 1] };
  }

  function scaled(u, key) {
    if (key !== "x") return;
    const { min, max } = u.scales.x, all = u.data[0];
    for (const button of document.querySelectorAll(".spans button")) {
      const wanted = span(all, Number(button.dataset.days));
      button.setAttribute("aria-pressed", Math.abs(wanted.min - min) < DAY && Math.abs(wanted.max - max) < DAY);
    }
    changes?.setScale("x", { min, max });
  }

  const height = (id) => Math.max(at(id).clientHeight, id === "chart" ? 240 : 80);

  function draw() {
    const c = charts[shown], box = at("chart"), drawn = columns(c, steps);
    main?.destroy();
    changes?.destroy();
    changes = null;
    cursor = null;
    at("changes-part").hidden = !c.lstm.length;
    main = new uPlot(priceOptions(box.clientWidth, height("chart"), hidden, { setCursor: [read], setScale: [scaled] }), drawn.prices, box);
    if (c.lstm.length) changes = new uPlot(changeOptions(box.clientWidth, height("changes"), hidden), drawn.changes, at("changes"));
    main.setScale("x", span(drawn.prices[0], days));
    touch(main.over);
    read(main);
  }

  // uPlot follows the mouse only; a finger moves the cursor sideways, up and down still scrolls the page.
  function touch(over) {
    const move = (event) => {
      const box = over.getBoundingClientRect(), finger = event.touches[0];
      main.setCursor({ left: finger.clientX - box.left, top: finger.clientY - box.top });
    };
    over.addEventListener("touchstart", move, { passive: true });
    over.addEventListener("touchmove", move, { passive: true });
  }

  // Arrow keys move from day to day, page keys by twenty, + and - zoom; the slider's text is what a screen reader says.
  function step(event) {
    const x = main.data[0], end = x.length - 1, now = cursor ?? main.cursor.idx ?? Number(at("chart").getAttribute("aria-valuenow"));
    const to = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, PageDown: now - 20, PageUp: now + 20, Home: 0, End: end }[event.key];
    if (to !== undefined) {
      go(Math.min(Math.max(to, 0), end));
    } else if (event.key === "+" || event.key === "-") {
      const { min, max } = main.scales.x, factor = event.key === "+" ? 0.5 : 2, held = Math.min(Math.max(x[now], min), max);
      main.setScale("x", { min: Math.max(held - (held - min) * factor, x[0]), max: Math.min(held + (max - held) * factor, x[end]) });
    } else {
      return;
    }
    event.preventDefault();
  }

  function go(index) {
    const time = main.data[0][index], { min, max } = main.scales.x, all = main.data[0];
    if (time < min || time > max) {
      const from = Math.min(Math.max(time < min ? time : time - (max - min), all[0]), all[all.length - 1] - (max - min));
      main.setScale("x", { min: from, max: from + (max - min) });
    }
    cursor = index;
    requestAnimationFrame(() => main.setCursor({ left: main.valToPos(time, "x"), top: 20 }));
  }

  function show(index) {
    shown = index;
    const c = charts[index], list = at("tickers");
    at("absent").hidden = true;
    at("chart-title").textContent = c.ticker;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", i === index));
    list.setAttribute("aria-activedescendant", list.children[index].id);
    const box = list.getBoundingClientRect(), own = list.children[index].getBoundingClientRect();
    if (own.top < box.top || own.bottom > box.bottom) list.scrollTop += own.top - box.top;
    if (own.left < box.left || own.right > box.right) list.scrollLeft += own.left - box.left;
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
    ahead.replaceChildren(make("caption", c.last ? `Forecasts from ${date(c.last[0])}, last price ${price(c.last[1])}` : "No forecast: this ticker has ended"));
    const own = (cell) => (trained ? [cell] : []);
    if (c.ahead.length) head.append(row(["For", "Forecast", ...own("LSTM"), "Expected move", "80 % range", "95 % range"], "th"));
    c.ahead.forEach(([on, point, lstm, outerLow, low, high, outerHigh], i) => {
      body.append(row([date(on, {}), price(point), ...own(price(lstm)), percent(c.expected[i]), range(low, high), range(outerLow, outerHigh)], "td"));
    });
    ahead.append(head, body);
  }

  function legend() {
    const box = at("legend");
    box.append(make("span", "", { id: "day", class: "day" }));
    for (const group of groups) {
      const button = make("button", "", { type: "button", "aria-pressed": String(!hidden.has(group.key)) });
      const mark = make("i", "", { class: group.key === "inner" || group.key === "outer" ? "area" : group.dashed ? "dashed" : "", style: `--c: var(--${group.key})` });
      button.append(mark, make("span", group.label), make("b", "", { id: `value-${group.key}` }));
      button.addEventListener("click", () => {
        const off = !hidden.delete(group.key);
        if (off) hidden.add(group.key);
        button.setAttribute("aria-pressed", String(!off));
        group.series.forEach((index) => main.setSeries(index, { show: !off }));
        if (group.change) changes?.setSeries(group.change, { show: !off });
      });
      box.append(button);
    }
  }

  // One stop of the Tab key: arrows move inside the list, and a letter leads to the next ticker that begins with it.
  function list() {
    const box = at("tickers");
    box.append(...charts.map((c, index) => {
      const item = make("li", "", { role: "option", id: `option-${index}`, "aria-selected": "false" });
      item.append(make("span", c.ticker), make("small", c.expected.length ? percent(c.expected[c.expected.length - 1]) : ""));
      if (c.ticker.length > 12) item.title = c.ticker;
      item.addEventListener("click", () => choose(index));
      return item;
    }));
    const visible = () => charts.map((_, index) => index).filter((index) => !box.children[index].hidden);
    box.addEventListener("keydown", (event) => {
      const open = visible(), now = open.indexOf(shown), last = open.length - 1;
      const to = { ArrowUp: now - 1, ArrowLeft: now - 1, ArrowDown: now + 1, ArrowRight: now + 1, PageUp: now - 10, PageDown: now + 10, Home: 0, End: last }[event.key];
      let index = to === undefined ? undefined : open[Math.min(Math.max(to, 0), last)];
      if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
        const letter = event.key.toLowerCase();
        index = [...open.slice(now + 1), ...open.slice(0, now + 1)].find((i) => charts[i].ticker.toLowerCase().startsWith(letter));
      }
      if (to === undefined && index === undefined) return;
      event.preventDefault();
      if (index !== undefined) choose(index);
    });
    at("find").addEventListener("input", () => {
      const wanted = at("find").value.trim().toLowerCase();
      charts.forEach((c, index) => { box.children[index].hidden = !c.ticker.toLowerCase().includes(wanted); });
    });
    at("find").addEventListener("keydown", (event) => {
      const [first] = visible();
      if (event.key === "Enter" && first !== undefined) choose(first);
    });
  }

  // A choice in the list names itself in the address, so that the address can be sent on.
  function choose(index) {
    history.replaceState(null, "", `#${encodeURIComponent(charts[index].ticker)}`);
    show(index);
  }

  // The ticker of the address: its chart, or a sentence where this page has none of it.
  function follow() {
    const ticker = fragment();
    if (places.has(ticker)) show(places.get(ticker));
    else if (tickers.has(ticker)) {
      at("absent").textContent = `This page has no chart of ${ticker}. SQL has its prices and forecasts: select * from latest_forecast where dataset = '${data.dataset}' and ticker = '${ticker.replaceAll("'", "''")}'`;
      at("absent").hidden = false;
    } else return;
    at("charts").scrollIntoView({ block: "start" });
  }

  function paper(on) {
    document.documentElement.classList.toggle("paper", on);
    draw();
  }

  function start() {
    document.querySelector(".explorer").hidden = false;
    legend();
    list();
    for (const button of document.querySelectorAll(".spans button"))
      button.addEventListener("click", () => { days = Number(button.dataset.days); main.setScale("x", span(main.data[0], days)); });
    at("chart").addEventListener("keydown", step);
    show(0);
    // Once loaded, the browser itself scrolls to the ticker's row; the chart is to be seen after that.
    if (location.hash) addEventListener("load", () => setTimeout(follow));
    addEventListener("hashchange", follow);
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.('a[href^="#"]');
      if (link && link.hash === location.hash) follow(); // the address stays the same, so nothing else tells
    });
    dark.addEventListener("change", draw);
    addEventListener("beforeprint", () => paper(true));
    addEventListener("afterprint", () => paper(false));
    new ResizeObserver(() => {
      const width = at("chart").clientWidth;
      main.setSize({ width, height: height("chart") });
      changes?.setSize({ width, height: height("changes") });
    }).observe(at("chart"));
  }

  start();
})();
