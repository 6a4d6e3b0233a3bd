// Bars and lines, small enough to read.

import { h, svg } from "../shop/dom.js";

export const COLOURS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6"].map((name) => `var(${name})`);
export const PART_COLOURS = { relevance: COLOURS[0], personalization: COLOURS[1], trend: COLOURS[2], rules: COLOURS[3], fallback: COLOURS[4] };
const WIDTH = 720;

export function legend(pairs) {
  return h("p.legend", {}, pairs.map(([name, colour]) => h("span", {}, h("i", { style: { "--c": colour } }), name)));
}

const short = (value) => (value >= 1000 ? `${Math.round(value / 100) / 10}k` : `${Math.round(value * 100) / 100}`);

function frame(height, top, label) {
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "chart", role: "img", "aria-label": label });
  for (const part of [0, 0.5, 1]) {
    const y = 12 + (1 - part) * (height - 36);
    drawing.append(svg("line", { x1: 34, x2: WIDTH, y1: y, y2: y, class: "axis" }), text(30, y + 4, short(top * part), "end"));
  }
  return drawing;
}
function text(x, y, words, anchor = "middle") {
  const node = svg("text", { x, y, "text-anchor": anchor });
  node.textContent = words;
  return node;
}

/** Stacked bars: rows [{date, NAME: n}], names bottom first. */
export function bars(rows, names, label, height = 190) {
  const top = Math.max(1, ...rows.map((row) => names.reduce((sum, name) => sum + row[name], 0)));
  const drawing = frame(height, top, label);
  const step = (WIDTH - 40) / rows.length;
  rows.forEach((row, i) => {
    let y = height - 24;
    names.forEach((name, n) => {
      const tall = (row[name] / top) * (height - 36);
      y -= tall;
      const bar = svg("rect", { x: 38 + i * step, y, width: Math.max(1, step - 3), height: Math.max(0, tall) });
      bar.style.fill = COLOURS[n];
      const title = svg("title");
      title.textContent = `${row.date}: ${row[name]} ${name}`;
      bar.append(title);
      drawing.append(bar);
    });
    if (i % Math.ceil(rows.length / 8) === 0) drawing.append(text(38 + i * step + step / 2, height - 7, row.date.slice(5)));
  });
  return drawing;
}

/** A forecast: what was, what is expected, the likely range. */
export function outlook(forecast, label, height = 250) {
  const past = forecast.history?.values || [];
  const pastDates = forecast.history?.dates || [];
  const from = Math.max(0, past.length - 120);
  const before = past.slice(from);
  const dates = [...pastDates.slice(from), ...forecast.dates];
  const levels = Object.keys(forecast.upper).sort((a, b) => b - a);
  const all = [...before, ...forecast.mean, ...levels.flatMap((level) => forecast.upper[level])].filter((v) => v !== null);
  const top = Math.max(1e-6, ...all);
  const drawing = frame(height, top, label);
  const n = Math.max(1, dates.length - 1);
  const x = (i) => 38 + (i / n) * (WIDTH - 42);
  const y = (v) => 12 + (1 - Math.max(0, v) / top) * (height - 36);
  const path = (values, shift) => {
    let pen = "M";
    return values.map((v, i) => {
      if (v === null) { pen = "M"; return ""; }
      const step = `${pen}${x(i + shift).toFixed(1)} ${y(v).toFixed(1)}`;
      pen = "L";
      return step;
    }).join("");
  };
  levels.forEach((level, place) => {
    const band = `${path(forecast.upper[level], before.length)}${forecast.lower[level].map((v, i) => [v, i]).reverse().map(([v, i]) => `L${x(i + before.length).toFixed(1)} ${y(v).toFixed(1)}`).join("")}Z`;
    const node = svg("path", { d: band });
    node.style.fill = COLOURS[0];
    node.style.opacity = place ? 0.2 : 0.1;
    drawing.append(node);
  });
  const line = (values, shift, colour, dashed) => {
    const node = svg("path", { d: path(values, shift), fill: "none", "stroke-width": 1.8, ...(dashed && { "stroke-dasharray": "5 4" }) });
    node.style.stroke = colour;
    drawing.append(node);
  };
  line(before, 0, "var(--faint)");
  line(forecast.mean, before.length, COLOURS[0], true);
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    const i = Math.round(share * n);
    drawing.append(text(Math.min(Math.max(x(i), 56), WIDTH - 22), height - 7, (dates[i] || "").slice(2)));
  }
  return drawing;
}

export function stack(parts, whole) {
  return h("div.bar-stack", { "aria-hidden": "true" }, Object.entries(parts).filter(([, value]) => value > 0).map(([name, value]) =>
    h("i", { style: { "--c": PART_COLOURS[name] || COLOURS[5], width: `${Math.max(0, (100 * value) / whole)}%` }, title: `${name} ${value.toFixed(4)}` })));
}

export function table(columns, rows, empty = "Nothing yet.") {
  if (!rows.length) return h("p.empty", {}, empty);
  return h("div.scroll", {}, h("table", {},
    h("thead", {}, h("tr", {}, columns.map(([name, , n]) => h(n ? "th.n" : "th", { scope: "col" }, name)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, columns.map(([, cell, n]) => h(n ? "td.n" : "td", {}, cell(row))))))));
}
