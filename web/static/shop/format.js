// How are a price, a column in the shopper's language, and the words that matched shown?

import { h, svg } from "./dom.js";
import { lang, t } from "./words.js";

export const seenColumns = new Set();
export function noteColumns(hits) {
  for (const hit of hits) for (const name of Object.keys(hit)) seenColumns.add(name);
  dispatchEvent(new CustomEvent("columns", { detail: seenColumns }));
}

/** The column in the shopper's language where the catalogue has it (`title_zh`), else the column itself. */
export function local(item, column) {
  return item[`${column}_${lang()}`] || item[column] || "";
}
export const localColumn = (column) => (seenColumns.has(`${column}_${lang()}`) ? `${column}_${lang()}` : column);

export function money(value, currency) {
  if (value === null || value === undefined) return "";
  const locale = lang() === "zh" ? "zh-CN" : "en";
  const plain = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  if (!/^[A-Za-z]{3}$/.test(currency || "")) return Number(value).toLocaleString(locale, plain);
  return new Intl.NumberFormat(locale, { style: "currency", currency, currencyDisplay: "narrowSymbol" }).format(value);
}

const WORD = /[\p{Script=Han}]|[\p{L}\p{N}]+/gu;
const stem = (word) => (word.length > 4 ? word.replace(/(ing|es|ed|s)$/u, "") : word);

/** The text with the query's words in <mark>, as nodes. */
export function marked(text, query) {
  const asked = (query || "").toLowerCase().match(WORD) || [];
  if (!asked.length) return [text];
  const han = new Set(asked.filter((word) => /\p{Script=Han}/u.test(word)));
  const stems = asked.filter((word) => !han.has(word)).map(stem);
  const nodes = [];
  let from = 0;
  let run = null;
  for (const found of text.matchAll(WORD)) {
    const word = found[0].toLowerCase();
    if (!han.has(word) && !stems.some((each) => word.startsWith(each))) continue;
    if (run && run.end === found.index) run.end += found[0].length;
    else {
      push();
      run = { start: found.index, end: found.index + found[0].length };
    }
  }
  push();
  nodes.push(text.slice(from));
  return nodes;

  function push() {
    if (!run) return;
    nodes.push(text.slice(from, run.start), h("mark", {}, text.slice(run.start, run.end)));
    from = run.end;
    run = null;
  }
}

export function stockNote(item) {
  if (item.stock === null || item.stock === undefined) return null;
  if (item.stock <= 0) return h("span.stock.out", {}, t("out"));
  if (item.stock <= 5) return h("span.stock.few", {}, t("few", item.stock));
  return null;
}

export function picture(item, eager = false) {
  const source = item.image || "";
  const alt = "";
  const box = h("div.picture", { style: { "--tint": tint(item.category || item.item_id) } });
  const title = local(item, "title");
  if (!source) {
    box.append(h("span.monogram", { "aria-hidden": "true" }, title.slice(0, 1)));
    return box;
  }
  const image = h("img", { alt, loading: eager ? "eager" : "lazy", decoding: "async", width: 400, height: 400 });
  image.addEventListener("error", () => image.replaceWith(h("span.monogram", { "aria-hidden": "true" }, title.slice(0, 1))));
  image.src = /^https?:\/\//.test(source) ? source : `/images/${source.replace(/^\/?(images\/)?/, "").split("/").map(encodeURIComponent).join("/")}`;
  box.append(image);
  return box;
}

function tint(text) {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return `${sum}`;
}

/** A line of demand: what was, and what is expected with its likely range. */
export function sparkline(past, mean, lower, upper, label) {
  const width = 320, height = 76, pad = 4;
  const all = [...past, ...mean, ...(upper || [])].filter((v) => v !== null && Number.isFinite(v));
  const top = Math.max(...all, 1e-9), n = Math.max(past.length + mean.length - 1, 1);
  const x = (i) => pad + (i / n) * (width - 2 * pad);
  const y = (v) => height - pad - (Math.max(v ?? 0, 0) / top) * (height - 2 * pad);
  const path = (values, shift) => values.map((v, i) => `${i ? "L" : "M"}${x(i + shift).toFixed(1)} ${y(v).toFixed(1)}`).join("");
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "spark", role: "img", "aria-label": label });
  const start = Math.max(past.length - 1, 0);
  const joined = past.length ? [past.at(-1), ...mean] : mean;
  if (upper && lower && upper.length) {
    const band = `${path(upper, past.length)}${lower.map((v, i) => [v, i]).reverse().map(([v, i]) => `L${x(i + past.length).toFixed(1)} ${y(v).toFixed(1)}`).join("")}Z`;
    drawing.append(svg("path", { d: band, class: "spark-band" }));
  }
  if (past.length) drawing.append(svg("path", { d: path(past, 0), class: "spark-past" }));
  drawing.append(svg("path", { d: path(joined, past.length ? start : 0), class: "spark-next" }));
  return drawing;
}
