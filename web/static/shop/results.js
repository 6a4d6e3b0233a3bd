// What was found, and how can it be narrowed?

import { post } from "./api.js";
import { grid, skeletons, trouble } from "./card.js";
import { departments, nameOf } from "./categories.js";
import { fill, h, icon } from "./dom.js";
import { localColumn, money, noteColumns, seenColumns } from "./format.js";
import { facetValues } from "./home.js";
import { shopper } from "./shopper.js";
import { lang, t } from "./words.js";

const PAGE = 24;
const KNOWN = new Set(["item_id", "title", "score", "why", "parts", "explain", "description", "category", "brand", "seller",
  "price", "currency", "stock", "image", "audio", "domain", "language", "available_from", "vector", "generated"]);

/** The address bar holds the whole state: q, category, brand (repeated), price=lo..hi, stock, sort, page, f.NAME (repeated). */
export function readState(params) {
  const chosen = {};
  for (const [name, value] of params) if (name.startsWith("f.")) (chosen[name.slice(2)] ||= []).push(value);
  const [low, high] = (params.get("price") || "..").split("..");
  return {
    q: params.get("q") || "", category: params.get("category") || "", brand: params.getAll("brand"), low, high: high ?? "",
    stock: params.get("stock") === "1", sort: params.get("sort") || "", page: Math.max(1, Number(params.get("page")) || 1), chosen,
  };
}

export function address(state, change = {}) {
  const next = { ...state, page: 1, ...change };
  const params = new URLSearchParams();
  if (next.q) params.set("q", next.q);
  else params.set("all", "1");
  if (next.category) params.set("category", next.category);
  for (const brand of next.brand) params.append("brand", brand);
  if (next.low || next.high) params.set("price", `${next.low}..${next.high}`);
  if (next.stock) params.set("stock", "1");
  if (next.sort) params.set("sort", next.sort);
  if (next.page > 1) params.set("page", next.page);
  for (const [name, values] of Object.entries(next.chosen)) for (const value of values) params.append(`f.${name}`, value);
  return `/?${params}`;
}

function filterOf(state, except = "") {
  const filter = {};
  if (state.category && except !== "category") filter.category = state.category;
  if (state.brand.length && except !== "brand") filter[columnFor(state.brand[0], "brand")] = state.brand;
  const price = {};
  if (state.low !== "" && isFinite(state.low)) price.gte = Number(state.low);
  if (state.high !== "" && isFinite(state.high)) price.lte = Number(state.high);
  if (Object.keys(price).length && except !== "price") filter.price = price;
  if (state.stock) filter.stock = { gt: 0 };
  for (const [name, values] of Object.entries(state.chosen)) {
    if (name === except) continue;
    filter[name] = values.map((v) => (v === "true" ? true : v === "false" ? false : v));
  }
  return filter;
}
const columnFor = (value, column) =>
  /\p{Script=Han}/u.test(value) && seenColumns.has(`${column}_zh`) ? `${column}_zh` : column;

export async function results(main, params, go) {
  const state = readState(params);
  const list = h("div.found", {}, skeletons(12));
  const side = h("aside.side", { "aria-label": t("filters") });
  const head = h("div.found-head");
  fill(main, h("div.results", {}, side, h("section.main", { "aria-live": "off" }, head, list)));
  const named = await departments(); // and with them, which columns there are
  const columns = ["category", localColumn("brand"), "price"].filter((column) => seenColumns.has(column));
  const ask = {
    q: state.q, k: PAGE, offset: (state.page - 1) * PAGE, facets: columns, sort: state.sort,
    session: shopper.session, ...(shopper.user && { user: shopper.user }), filter: filterOf(state), language: lang(),
  };
  let answer;
  try {
    answer = await post("/v1/search", ask);
  } catch (error) {
    return fill(main, trouble(error, () => results(main, params, go)));
  }
  const here = location.pathname + location.search;
  if (answer.redirect && answer.redirect !== here) return answer.redirect.startsWith("/?") ? go(answer.redirect) : location.replace(answer.redirect);
  noteColumns(answer.hits);
  fill(head, heading(state, answer, go, named));
  fill(list, answer.hits.length
    ? [grid(answer.hits, { query: state.q, first: ask.offset, label: t("results", answer.total) }), pager(state, answer.total)]
    : await nothing(state, answer));
  fill(side, await panel(state, answer, ask, go, named));
  return undefined;
}

const pathsOf = (path) => path.split(" > ").map((_, i, steps) => steps.slice(0, i + 1).join(" > "));

function heading(state, answer, go, named) {
  const steps = pathsOf(state.category).map((path) => nameOf(path, named));
  const sorts = [["", "byScore"], ["price", "cheap"], ["-price", "dear"], ...(seenColumns.has("available_from") ? [["-available_from", "byNew"]] : [])];
  const select = h("select", { "aria-label": t("sort"), onchange: (event) => go(address(state, { sort: event.target.value })) },
    sorts.map(([value, name]) => h("option", { value, selected: value === state.sort }, t(name))));
  const title = state.q ? [h("span.quiet", {}, `${t("resultsFor")} `), `“${state.q}”`] : state.category ? steps.at(-1) : t("everything");
  return [
    state.category && crumbs(state, steps),
    h("div.found-title", {}, h("h1", {}, lang() === "en" && state.q ? `“${state.q}”` : title),
      h("p.count", { role: "status" }, t("results", answer.total))),
    answer.did_you_mean && h("p.mean", {}, `${t("didYouMean")} `,
      h("a", { href: address({ ...state, q: answer.did_you_mean }), data: { link: "" } }, answer.did_you_mean), "?"),
    h("div.bar", {},
      h("button.button.quiet.open-side", { type: "button", onclick: () => document.body.classList.add("side-open") }, icon("sliders", 18), t("filters")),
      chips(state, steps), h("label.sort", {}, h("span", {}, t("sort")), select)),
  ];
}

function crumbs(state, names) {
  const steps = state.category.split(" > ");
  return h("nav.crumbs", { "aria-label": t("category") }, h("a", { href: "/", data: { link: "" } }, t("home")),
    steps.slice(0, -1).map((_, i) => [h("span", { "aria-hidden": "true" }, "/"),
      h("a", { href: address(state, { category: steps.slice(0, i + 1).join(" > ") }), data: { link: "" } }, names[i])]),
    h("span", { "aria-hidden": "true" }, "/"), h("span", { "aria-current": "page" }, names.at(-1)));
}

function chips(state, steps) {
  const each = [];
  const chip = (text, change) => each.push(h("a.chip.on", { href: address(state, change), data: { link: "" }, "aria-label": `${t("remove")}: ${text}` }, text, icon("close", 13)));
  for (const brand of state.brand) chip(brand, { brand: state.brand.filter((b) => b !== brand) });
  if (state.low || state.high) chip(`${state.low ? money(state.low) : ""} – ${state.high ? money(state.high) : ""}`, { low: "", high: "" });
  if (state.stock) chip(t("inStock"), { stock: false });
  for (const [name, values] of Object.entries(state.chosen)) {
    for (const value of values) chip(`${label(name)}: ${say(value)}`, { chosen: without(state.chosen, name, value) });
  }
  if (state.category) chip(steps.at(-1), { category: "" });
  return h("div.chips", {}, each);
}
const without = (chosen, name, value) => {
  const rest = (chosen[name] || []).filter((v) => v !== value);
  return Object.fromEntries(Object.entries({ ...chosen, [name]: rest }).filter(([, values]) => values.length));
};
const label = (name) => name.replace(/_(zh|en)$/, "").replaceAll("_", " ");
const say = (value) => (value === "true" ? t("yes") : value === "false" ? t("no") : value);

async function panel(state, answer, ask, go, named) {
  const brand = ask.facets.find((column) => column.startsWith("brand"));
  // A chosen column is counted without its own choice, so that the others stay on offer.
  const wide = async (column, name, on) => (on
    ? (await post("/v1/search", { q: state.q, k: 1, facets: [column], filter: filterOf(state, name) }).catch(() => answer)).facets[column]
    : answer.facets[column]);
  const attributes = [...new Set(answer.hits.flatMap((hit) => Object.keys(hit)))]
    .filter((name) => !KNOWN.has(name) && !/_(zh|en)$/.test(name) || (name.endsWith(`_${lang()}`) && !KNOWN.has(name.replace(/_..$/, ""))))
    .filter((name) => !seenColumns.has(`${name}_${lang()}`));
  const [categories, brands, more] = await Promise.all([
    wide("category", "category", state.category), brand ? wide(brand, "brand", state.brand.length) : null,
    attributes.length ? post("/v1/search", { q: state.q, k: 1, facets: attributes, filter: filterOf(state) }).then((a) => a.facets).catch(() => ({})) : {},
  ]);
  const toggled = (list, value) => (list.includes(value) ? list.filter((v) => v !== value) : [...list, value]);
  const extra = attributes
    .map((name) => [name, facetValues(more[name]).filter(([value]) => value.length < 40)])
    .filter(([, values]) => values.length > 1 && values.length < 60)
    .sort((a, b) => total(b[1]) - total(a[1])).slice(0, 5);
  return [
    h("div.side-head", {}, h("h2", {}, t("filters")),
      h("button.tool", { type: "button", "aria-label": t("close"), onclick: () => document.body.classList.remove("side-open") }, icon("close"))),
    group(t("category"), tree(facetValues(categories), state, named)),
    price(state, answer.facets.price, go),
    h("label.check.alone", {}, h("input", { type: "checkbox", checked: state.stock, onchange: () => go(address(state, { stock: !state.stock })) }), h("span", {}, t("inStock"))),
    group(t("brand"), boxes(facetValues(brands), state.brand, (value) => address(state, { brand: toggled(state.brand, value) }), go)),
    extra.map(([name, values]) => group(label(name), boxes(values, state.chosen[name] || [],
      (value) => address(state, { chosen: Object.fromEntries(Object.entries({ ...state.chosen, [name]: toggled(state.chosen[name] || [], value) }).filter(([, v]) => v.length)) }), go))),
    h("button.button.side-done", { type: "button", onclick: () => document.body.classList.remove("side-open") }, `${t("show")} (${answer.total})`),
  ];
}
const total = (values) => values.reduce((sum, [, count]) => sum + count, 0);
const group = (title, body) => body && h("details.facet", { open: true }, h("summary", {}, title), body);

function tree(values, state, named) {
  if (!values.length) return null;
  const inside = state.category.split(" > ");
  const tops = new Map();
  for (const [path, count] of values) {
    const [top, ...rest] = path.split(" > ");
    const node = tops.get(top) || { count: 0, below: new Map() };
    if (rest.length) node.below.set(rest.join(" > "), count);
    else node.count = count;
    tops.set(top, node);
  }
  const link = (path, text, count, on) => h("a.facet-link", { href: address(state, { category: on ? "" : path }), data: { link: "" }, ...(on && { "aria-current": "true" }) },
    h("span", {}, text), h("span.n", {}, count));
  return h("div.facet-list", {}, [...tops].sort((a, b) => b[1].count - a[1].count).slice(0, 14).map(([top, node]) => [
    link(top, nameOf(top, named), node.count, state.category === top),
    (inside[0] === top || tops.size === 1) && h("div.facet-sub", {}, [...node.below].slice(0, 14).map(([rest, count]) =>
      link(`${top} > ${rest}`, nameOf(`${top} > ${rest}`, named), count, state.category === `${top} > ${rest}`))),
  ]));
}

function boxes(values, chosen, hrefOf, go) {
  const shown = [...values];
  for (const value of chosen) if (!shown.some(([v]) => v === value)) shown.unshift([value, 0]);
  if (!shown.length) return null;
  const row = ([value, count]) => h("label.check", {},
    h("input", { type: "checkbox", checked: chosen.includes(value), onchange: () => go(hrefOf(value)) }), h("span", {}, say(value)), h("span.n", {}, count));
  const rest = shown.slice(8);
  const list = h("div.facet-list", {}, shown.slice(0, 8).map(row));
  if (rest.length) {
    const button = h("button.link", { type: "button", onclick: () => { button.replaceWith(...rest.map(row)); } }, `${t("more")} (${rest.length})`);
    list.append(button);
  }
  return list;
}

function price(state, facet, go) {
  const low = h("input", { type: "number", min: 0, step: "any", inputMode: "decimal", value: state.low, placeholder: facet?.min ?? t("from"), "aria-label": `${t("price")} ${t("from")}` });
  const high = h("input", { type: "number", min: 0, step: "any", inputMode: "decimal", value: state.high, placeholder: facet?.max ?? t("to"), "aria-label": `${t("price")} ${t("to")}` });
  return group(t("price"), h("form.price", { onsubmit: (event) => { event.preventDefault(); go(address(state, { low: low.value, high: high.value })); } },
    low, h("span", { "aria-hidden": "true" }, "–"), high, h("button.button.small", { type: "submit" }, t("apply"))));
}

function pager(state, count) {
  const pages = Math.min(Math.ceil(count / PAGE), 40);
  if (pages < 2) return null;
  const near = [...new Set([1, state.page - 1, state.page, state.page + 1, pages])].filter((p) => p >= 1 && p <= pages).sort((a, b) => a - b);
  const link = (page, content, name) => h("a.page", { href: address(state, { page }), data: { link: "" }, "aria-label": name, ...(page === state.page && { "aria-current": "page" }) }, content);
  return h("nav.pager", { "aria-label": t("pages") },
    state.page > 1 && link(state.page - 1, icon("left", 16), t("previous")),
    near.map((page, i) => [i > 0 && page - near[i - 1] > 1 && h("span.gap", {}, "…"), link(page, String(page), `${t("page")} ${page}`)]),
    state.page < pages && link(state.page + 1, icon("right", 16), t("next")));
}

async function nothing(state, answer) {
  const other = await post("/v1/search", { q: "", k: 12, language: lang(), ...(shopper.user && { user: shopper.user }) }).catch(() => ({ hits: [] }));
  return h("div.nothing", {}, h("p.big", {}, t("none")), !answer.did_you_mean && h("p", {}, t("noneHelp")), other.hits.length > 0 && grid(other.hits));
}
