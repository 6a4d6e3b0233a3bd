// What does the front page show?

import { get, post } from "./api.js";
import { grid, shelf, skeletons, trouble } from "./card.js";
import { departments, nameOf } from "./categories.js";
import { fill, h, icon } from "./dom.js";
import { picture } from "./format.js";
import { shopper } from "./shopper.js";
import { lang, t } from "./words.js";

const greeting = () => {
  const hour = new Date().getHours();
  return t(hour < 5 || hour >= 18 ? "evening" : hour < 12 ? "morning" : "afternoon");
};

export async function home(main) {
  const name = shopper.user;
  const chips = h("div.chips"), tiles = h("div.tiles"), chosen = h("div"), rising = h("div"), fresh = h("div");
  fill(main,
    h("section.hero", {},
      h("h1", {}, name ? `${greeting()}${lang() === "zh" ? "，" : ", "}${name}` : greeting()),
      h("p.lead", {}, t(name ? "lead" : "leadGuest")), chips),
    tiles, chosen, rising, fresh);
  fill(chosen, h("section.shelf", {}, h("div.shelf-head", {}, h("h2", {}, t(name ? "forYou" : "forGuest"))), skeletons(10)));

  const part = (box, work) => work.catch((error) => fill(box, box === chosen ? trouble(error, () => home(main)) : []));
  await Promise.all([
    part(chosen, recommendations().then(({ hits }) => fill(chosen, h("section.shelf", {},
      h("div.shelf-head", {}, h("h2", {}, t(name ? "forYou" : "forGuest"))),
      grid(hits, { dismissable: true, label: t("forYou") }))))),
    part(rising, get("/v1/trending", { k: 12, language: lang() }).then(({ hits }) => fill(rising, hits.length && shelf(t("trending"), hits)))),
    part(chips, get("/v1/trending/searches", { k: 8 }).then(({ searches }) => fill(chips, searches.length && [
      h("span.chips-label", {}, icon("up", 16), t("searches")),
      searches.map((each) => h("a.chip", { href: `/?q=${encodeURIComponent(each.query)}`, data: { link: "" } }, each.query)),
    ]))),
    part(tiles, categories(tiles)),
  ]);
}

function recommendations() {
  if (shopper.user) {
    return get(`/v1/users/${encodeURIComponent(shopper.user)}/recommendations`, { k: 15, language: lang() });
  }
  return post("/v1/recommendations", { session: shopper.trail, k: 15, language: lang() });
}

async function categories(box) {
  const [found, { facets }] = await Promise.all([departments(), post("/v1/search", { q: "", k: 1, facets: ["category"] })]);
  // A path counts for each of its levels: the first levels are the shop's departments.
  const tops = facetValues(facets.category).map(([path]) => path).filter((path) => !path.includes(" > ")).slice(0, 10);
  fill(box, tops.length > 1 && h("section", { "aria-labelledby": "tiles-title" },
    h("h2.sr", { id: "tiles-title" }, t("categories")),
    h("div.tile-row", {}, tops.map((top) => h("a.tile", { href: `/?category=${encodeURIComponent(top)}`, data: { link: "" } },
      found.has(top) && picture(found.get(top).item, true), h("span", {}, nameOf(top, found)))))));
}

export function facetValues(facet) {
  if (!facet) return [];
  return (facet.values || []).map((each) => [String(each.value), each.count]);
}
