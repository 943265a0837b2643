// The first table: sorting, searching, its CSV, and the SQL of every table to copy. Without it the table still reads.
const AT_ONCE = 200; // report.css hides the rest until this script has run

function overview(data) {
  const table = at("overview"), body = table.tBodies[0], rows = [...body.rows];
  const column = (name) => data.columns.indexOf(name);
  const share = (name) => (row) => row[column(name)];
  // Of each head that sorts: its value in a row, and whether the first click puts the largest first.
  const keys = [
    [(row) => row[0], false], null, [share("last_price"), true],
    [share("expected_move_1d_pct"), true], [share("expected_move_5d_pct"), true], [share("expected_move_20d_pct"), true],
    [share("place_in_published_range"), true], [share("held80_backtest"), false],
  ];
  const compare = new Intl.Collator("en", { numeric: true }).compare;

  // Thousands of rows take seconds to lay out, so those that no reader has scrolled to are not in the page.
  const box = at("overview-box");
  let order = data.table.map((_, i) => i), found = order, shown = 0;

  function more() {
    const next = document.createDocumentFragment();
    for (const i of found.slice(shown, shown + AT_ONCE)) next.append(rows[i]);
    body.append(next);
    shown = Math.min(shown + AT_ONCE, found.length);
  }
  box.addEventListener("scroll", () => {
    if (shown < found.length && box.scrollTop + 2 * box.clientHeight > box.scrollHeight) more();
  });

  function fill() {
    const wanted = at("search").value.trim().toLowerCase();
    found = order.filter((i) => data.table[i][0].toLowerCase().includes(wanted));
    body.replaceChildren();
    shown = 0;
    more();
    const every = rows.length.toLocaleString("en");
    at("count").textContent = wanted ? `${found.length.toLocaleString("en")} of ${every}` : `${every} ticker${rows.length === 1 ? "" : "s"}`;
    table.setAttribute("aria-rowcount", found.length + 1);
  }

  function sort(index, down) {
    const value = keys[index][0], sign = down ? -1 : 1, values = data.table.map(value);
    order = values.map((_, i) => i).sort((i, j) => {
      const one = values[i], other = values[j];
      if (one === null || other === null) return (one === null) - (other === null) || i - j; // without a value: last
      return sign * (typeof one === "string" ? compare(one, other) : one - other) || i - j;
    });
    fill();
    box.scrollTop = 0;
    [...table.tHead.rows[0].cells].forEach((head, i) => {
      if (i === index) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  }

  [...table.tHead.rows[0].cells].forEach((head, index) => {
    if (!keys[index]) return;
    const button = make("button", head.textContent, { type: "button" });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort"), first = keys[index][1];
      sort(index, now ? now === "ascending" : first);
    });
  });
  table.tHead.rows[0].cells[5].setAttribute("aria-sort", "descending"); // as the page was written

  at("search").addEventListener("input", fill);
  at("search").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && found.length) rows[found[0]].querySelector("a").click();
  });
  fill();
  document.documentElement.classList.remove("scripted");

  const cell = (value) => (value === null ? "" : /[",\n\r]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  at("save").addEventListener("click", () => {
    const lines = data.table.map((row) => [row[0], iso(row[1]), ...row.slice(2)]);
    const text = [data.columns, ...lines].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    make("a", "", { href: address, download: `${data.run}.csv` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  });
  document.querySelector(".tools").hidden = false;
}

function since() {
  const place = at("since"), days = Math.floor((Date.now() - Date.parse(place.dataset.finished)) / (DAY * 1000));
  if (days > 0) place.textContent = `, ${days.toLocaleString("en")} day${days === 1 ? "" : "s"} ago`;
}

function copies() {
  for (const box of document.querySelectorAll("details.query")) {
    const button = make("button", "Copy", { type: "button", class: "copy" }), text = box.querySelector("pre");
    button.addEventListener("click", async () => {
      getSelection().selectAllChildren(text); // where the browser lets no page write to the clipboard, Ctrl-C does
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Selected: press Ctrl-C";
      }
    });
    box.append(button);
  }
}
