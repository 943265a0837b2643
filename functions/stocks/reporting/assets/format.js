"use strict";
// Prices and days as the page's tables write them: stocks.reporting.wording has the same rules.
const DAY = 86400;
const at = (id) => document.getElementById(id);

function price(value) {
  if (value == null) return "–";
  if (!(value >= 1e-6 && value < 1e9)) return value.toExponential(4).replace(/\.?0+e/, "e");
  const decimals = value >= 100000 ? 0 : value >= 10 ? 2 : 4 - Math.floor(Math.log10(value));
  return value.toLocaleString("en", { minimumFractionDigits: Math.min(decimals, 2), maximumFractionDigits: decimals });
}

const percent = (fraction) => `± ${(fraction * 100).toFixed(1)} %`;
const range = (from, to) => (from == null || to == null ? "–" : `${price(from)}\u00a0– ${price(to)}`);
const iso = (day) => new Date(day * DAY * 1000).toISOString().slice(0, 10);
const date = (day, more = { year: "numeric" }) =>
  new Date(day * DAY * 1000).toLocaleDateString("en-GB", { timeZone: "UTC", day: "numeric", month: "short", ...more }).replace("Sept", "Sep");

function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// The ticker that the address names after its #, or "".
function fragment() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return location.hash.slice(1);
  }
}
