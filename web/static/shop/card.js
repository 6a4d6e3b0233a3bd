// What does one item look like in a list?

import { $, fill, h, icon } from "./dom.js";
import { tell, watchImpression } from "./events.js";
import { local, marked, money, noteColumns, picture, stockNote } from "./format.js";
import { shopper } from "./shopper.js";
import { t } from "./words.js";

export const itemUrl = (id) => `/?item=${encodeURIComponent(id)}`;

export function card(hit, { position = 0, query = "", dismissable = false, eager = false } = {}) {
  const title = local(hit, "title");
  const gone = hit.stock !== null && hit.stock !== undefined && hit.stock <= 0;
  const reason = hit.why;
  const node = h("article.card", { data: { itemId: hit.item_id, position, ...(query && { query }) } },
    picture(hit, eager),
    h("div.card-text", {},
      hit.brand && h("p.card-brand", {}, local(hit, "brand")),
      h("h3.card-title", {},
        h("a", {
          href: itemUrl(hit.item_id), data: { link: "" }, title,
          onclick: () => tell("click", { item_id: hit.item_id, position, ...(query && { query }) }),
        }, marked(title, query))),
      h("p.card-price", {}, money(hit.price, hit.currency), stockNote(hit)),
      reason && h("p.card-why", { title: t("why") }, icon("spark", 14), h("span", {}, reason)),
    ),
    h("button.card-add", {
      type: "button", disabled: gone, "aria-label": `${t("add")}: ${title}`, title: t("add"),
      onclick: () => addToBag(hit),
    }, icon("plus", 18)),
    dismissable && h("button.card-dismiss", {
      type: "button", "aria-label": `${t("notForMe")}: ${title}`, title: t("notForMe"),
      onclick: () => {
        tell("dismiss", { item_id: hit.item_id });
        node.remove();
        toast(t("dismissed"));
      },
    }, icon("close", 14)),
  );
  watchImpression(node);
  return node;
}

export function grid(hits, options = {}) {
  noteColumns(hits);
  return h("div.grid", { role: "list", "aria-label": options.label },
    hits.map((hit, i) => h("div", { role: "listitem" }, card(hit, { ...options, position: (options.first || 0) + i + 1, eager: i < 6 }))));
}

/** A titled row that scrolls sideways where there is no room for all of it. */
export function shelf(title, hits, options = {}) {
  noteColumns(hits);
  const row = h("div.row", { role: "list", "aria-label": title, tabindex: 0 },
    hits.map((hit, i) => h("div", { role: "listitem" }, card(hit, { ...options, position: i + 1 }))));
  const step = (by) => row.scrollBy({ left: by * row.clientWidth * 0.85, behavior: "smooth" });
  return h("section.shelf", {},
    h("div.shelf-head", {}, h("h2", {}, title), options.link,
      h("div.arrows", {},
        h("button.arrow", { type: "button", "aria-label": t("previous"), onclick: () => step(-1) }, icon("left", 18)),
        h("button.arrow", { type: "button", "aria-label": t("next"), onclick: () => step(1) }, icon("right", 18)))),
    row);
}

export function skeletons(n, kind = "grid") {
  return h(`div.${kind}`, { "aria-hidden": "true" }, Array.from({ length: n }, () =>
    h("div", {}, h("div.card.ghost", {}, h("div.picture"), h("div.card-text", {}, h("p"), h("p"), h("p"))))));
}

export function addToBag(item, quantity = 1, quiet = false) {
  const lines = shopper.bag.slice();
  const line = lines.find((each) => each.item_id === item.item_id);
  if (line) line.quantity += quantity;
  else {
    const { item_id, title, title_zh, price, currency, image, category, brand, brand_zh } = item;
    lines.push({ item_id, title, title_zh, price, currency, image, category, brand, brand_zh, quantity });
  }
  shopper.bag = lines;
  tell("cart", { item_id: item.item_id, quantity });
  dispatchEvent(new Event("bag"));
  if (!quiet) toast(t("added"));
}

let fading = 0;
export function toast(text) {
  fill($("#toast"), icon("check", 18), h("span", {}, text));
  $("#toast").classList.add("on");
  clearTimeout(fading);
  fading = setTimeout(() => $("#toast").classList.remove("on"), 2600);
}

export function trouble(error, again) {
  return h("div.trouble", { role: "alert" }, h("h2", {}, t("wrong")), h("p", {}, error.message),
    again && h("button.button", { type: "button", onclick: again }, t("again")));
}
