// What is this item, what is like it, and what goes with it?

import { get, itemPath } from "./api.js";
import { addToBag, itemUrl, shelf, trouble } from "./card.js";
import { fill, h, icon } from "./dom.js";
import { beginView } from "./events.js";
import { local, money, noteColumns, picture, sparkline } from "./format.js";
import { lang, t } from "./words.js";

const HIDDEN = new Set(["item_id", "title", "description", "category", "brand", "price", "currency", "stock", "image", "audio",
  "domain", "language", "available_from", "vector", "generated", "seller"]);

export async function itemPage(main, id) {
  let item;
  try {
    item = await get(itemPath(id));
  } catch (error) {
    if (error.status === 404) error.message = t("unknown");
    fill(main, trouble(error));
    return;
  }
  noteColumns([item]);
  beginView(id);
  const title = local(item, "title");
  document.title = title;
  const gone = item.stock !== null && item.stock !== undefined && item.stock <= 0;
  const demand = h("div"), bundle = h("div"), near = h("div");
  const path = String(item.category || "").split(" > ").filter(Boolean);
  const steps = String(local(item, "category")).split(" > ").filter(Boolean);
  const quantity = h("input", { type: "number", value: 1, min: 1, max: 99, "aria-label": t("quantity") });
  fill(main,
    h("article.item", {},
      h("nav.crumbs", { "aria-label": t("category") }, h("a", { href: "/", data: { link: "" } }, t("home")),
        steps.map((step, i) => [h("span", { "aria-hidden": "true" }, "/"),
          h("a", { href: `/?category=${encodeURIComponent(path.slice(0, i + 1).join(" > "))}`, data: { link: "" } }, step)])),
      h("div.item-two", {},
        h("div.item-picture", {}, picture(item, true)),
        h("div.item-text", {},
          item.brand && h("p.card-brand", {}, local(item, "brand")),
          h("h1", {}, title),
          h("p.item-price", {}, money(item.price, item.currency)),
          h("p.item-stock", { class: gone ? "out" : "" }, gone ? t("out") : item.stock > 0 && item.stock <= 5 ? t("few", item.stock) : item.stock > 0 ? t("stocked") : ""),
          h("p.item-description", {}, local(item, "description")),
          h("div.item-buy", {}, quantity, h("button.button.big", { type: "button", disabled: gone, onclick: () => addToBag(item, Math.max(1, Number(quantity.value) || 1)) }, icon("bag", 19), t("add"))),
          facts(item), demand))),
    bundle, near);

  await Promise.all([
    get(`${itemPath(id)}/similar`, { k: 12, language: lang() }).then(({ hits }) => fill(near, hits.length && shelf(t("similar"), hits))).catch(() => fill(near)),
    get(`${itemPath(id)}/bundle`, { k: 1, language: lang() }).then((answer) => together(item, answer)).then((node) => fill(bundle, node)).catch(() => fill(bundle)),
    get("/v1/forecast", { item: id, horizon: 28 }).then((forecast) => fill(demand, trend(forecast))).catch(() => fill(demand)),
  ]);
}

function facts(item) {
  const rows = Object.entries(item).filter(([name, value]) => !HIDDEN.has(name) && !/_(zh|en)$/.test(name) && value !== "" && value !== null && typeof value !== "object" || (Array.isArray(value) && !HIDDEN.has(name)));
  if (!rows.length) return null;
  return h("details.item-facts", { open: true }, h("summary", {}, t("details")),
    h("dl", {}, rows.slice(0, 12).map(([name]) => [h("dt", {}, name.replaceAll("_", " ")), h("dd", {}, say(local(item, name) === "" ? item[name] : local(item, name)))])));
}
const say = (value) => (value === true ? t("yes") : value === false ? t("no") : Array.isArray(value) ? value.join(", ") : String(value));

function trend(forecast) {
  const mean = forecast.mean || [];
  if (!mean.length) return null;
  const before56 = Array.isArray(forecast.history) ? forecast.history : forecast.history?.mean || forecast.history?.values;
  const past = (Array.isArray(before56) ? before56 : []).slice(-56);
  const level = forecast.upper?.["80"] ? "80" : Object.keys(forecast.upper || {})[0];
  const expected = mean.reduce((a, b) => a + (b || 0), 0) / mean.length;
  const recent = past.slice(-28);
  const before = recent.length ? recent.reduce((a, b) => a + (b || 0), 0) / recent.length : expected;
  const ratio = before > 0 ? expected / before : 1;
  const direction = ratio > 1.1 ? "rising" : ratio < 0.9 ? "falling" : "steady";
  const text = `${expected.toLocaleString(lang() === "zh" ? "zh-CN" : "en", { maximumFractionDigits: expected < 1 ? 2 : 1 })} ${t("demandNext")}`;
  return h("section.item-demand", { class: direction }, h("div", {}, h("h2", {}, t("demand")), h("span.badge", {}, t(direction))),
    sparkline(past, mean, forecast.lower?.[level], forecast.upper?.[level], text), h("p.quiet", {}, text));
}

async function together(item, answer) {
  const best = (answer.bundles || [])[0];
  const found = (best?.items || []).filter((each) => each.item_id !== item.item_id).slice(0, 4);
  if (!found.length) return null;
  // A bundle names its members; what else is shown of them are their own columns.
  const members = await Promise.all(found.map((each) => get(itemPath(each.item_id)).then((own) => ({ ...own, reason: each.reason }))));
  const all = [item, ...members];
  const sum = all.reduce((total, each) => total + (each.price || 0), 0);
  return h("section.bundle", { "aria-labelledby": "bundle-title" }, h("h2", { id: "bundle-title" }, t("together")),
    h("div.bundle-row", {}, all.map((each, i) => [i > 0 && h("span.bundle-plus", { "aria-hidden": "true" }, icon("plus", 18)),
      h("a.bundle-item", { href: itemUrl(each.item_id), data: { link: "" } }, picture(each), h("span.bundle-name", {}, local(each, "title")), h("span.bundle-price", {}, money(each.price, each.currency)),
        each.reason && h("span.bundle-why", {}, each.reason))]),
    h("div.bundle-sum", {}, h("p", {}, t("total"), h("strong", {}, money(sum, item.currency))),
      h("button.button", { type: "button", onclick: () => all.forEach((each, i) => addToBag(each, 1, i > 0)) }, t("addAll")))));
}
