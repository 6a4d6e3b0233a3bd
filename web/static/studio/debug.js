// Why is an item where it is? Every leg's list beside the fused one, and the weights to try.

import { fill, h, icon } from "../shop/dom.js";
import { ask, get } from "./ask.js";
import { PART_COLOURS, legend, stack } from "./charts.js";

const PARTS = ["relevance", "personalization", "trend"];
const LEGS = ["keyword", "semantic"];

export async function debug(main) {
  const { pipelines } = await get("/v1/studio/pipelines");
  const asked = new URLSearchParams(location.search);
  const words = h("input", { type: "text", value: asked.get("q") || "", placeholder: "What a shopper types", maxLength: 200 });
  const user = h("input", { type: "text", value: asked.get("user") || "", placeholder: "Nobody", maxLength: 200 });
  const other = h("select", {}, h("option", { value: "" }, "None"), pipelines.search.filter((name) => !["search", "browse", ...LEGS].includes(name)).map((name) => h("option", { value: name, selected: name === asked.get("beside") }, name)));
  const weights = Object.fromEntries(PARTS.map((part) => [part, 1]));
  const legs = h("div.legs", { "aria-live": "polite" });
  let turn = 0, timer = 0;

  const slider = (part) => {
    const shown = h("output", {}, "1.0");
    return h("label", { style: { "--c": PART_COLOURS[part] } }, h("span", {}, h("i.swatch", { style: { "--c": PART_COLOURS[part] } }), part), shown,
      h("input", { type: "range", min: 0, max: 5, step: 0.1, value: 1, "aria-label": `Weight of ${part}`, oninput: (event) => {
        weights[part] = Number(event.target.value);
        shown.value = weights[part].toFixed(1);
        clearTimeout(timer);
        timer = setTimeout(run, 80);
      } }));
  };

  async function run() {
    const mine = ++turn;
    const q = words.value.trim();
    if (!q) return fill(legs, h("p.empty", {}, "Type a query to see what each leg finds and how they are fused."));
    if (!legs.children.length) fill(legs, h("p.empty", {}, "Searching ..."));
    const body = { q, k: 20, explain: true, ...(user.value.trim() && { user: user.value.trim() }) };
    const lists = [...LEGS.filter((leg) => pipelines.search.includes(leg)), ...(other.value ? [other.value] : [])];
    try {
      const [fused, ...found] = await Promise.all([
        ask("POST", "/v1/search", { ...body, weights }), ...lists.map((pipeline) => ask("POST", "/v1/search", { ...body, pipeline }))]);
      if (mine !== turn) return undefined;
      fill(legs, fusedList(fused, lists), lists.map((name, i) => list(name, found[i])));
    } catch (error) {
      if (mine === turn) fill(legs, h("p.warn", { role: "alert" }, error.message));
    }
    return undefined;
  }
  const light = (id) => {
    for (const node of legs.querySelectorAll("li")) node.classList.toggle("same", node.dataset.id === id);
  };
  const row = (hit, ...more) => h("li", { data: { id: hit.item_id }, onpointerenter: () => light(hit.item_id), onpointerleave: () => light("") },
    h("a", { href: `/?item=${encodeURIComponent(hit.item_id)}`, target: "_blank", rel: "noopener" }, hit.title), h("span.score", {}, hit.score.toFixed(3)), more);

  function fusedList(answer) {
    const whole = Math.max(...answer.hits.map((hit) => Object.values(hit.parts).reduce((sum, v) => sum + Math.max(0, v), 0)), 1e-9);
    return h("section.leg.fused", {}, h("h2", {}, "Fused", h("span", {}, `${answer.total} found, ${answer.took_ms.toFixed(1)} ms`)),
      h("ol", {}, answer.hits.map((hit, i) => row(hit, stack(hit.parts, whole), h("span.moved", {}, moves(hit, i + 1)), h("span.moved.said", {}, hit.why)))));
  }
  function moves(hit, place) {
    const said = Object.entries(hit.explain?.legs || {}).filter(([leg]) => LEGS.includes(leg)).map(([leg, { rank }]) => {
      if (!rank) return `not in ${leg}'s list`;
      const by = rank - place;
      return `${leg} #${rank}${by > 0 ? ` ↑${by}` : by < 0 ? ` ↓${-by}` : ""}`;
    });
    return said.join(" · ");
  }
  const list = (name, answer) => h("section.leg", {}, h("h2", {}, name[0].toUpperCase() + name.slice(1), h("span", {}, `${answer.total} found`)), h("ol", {}, answer.hits.map((hit) => row(hit))));

  fill(main, h("h1", {}, "Search debugger"), h("p.sub", {}, "What each leg finds, how the fusion orders it, and what each part gave. Move a weight and the list moves with it."),
    h("form.fields", { onsubmit: (event) => { event.preventDefault(); run(); } },
      h("label.grow", {}, "Query", words), h("label", {}, "As user", user), h("label", {}, "Beside it", other),
      h("button.button", { type: "submit" }, icon("search", 17), "Search")),
    h("div.sliders", {}, PARTS.map(slider)), legend(Object.entries(PART_COLOURS)), h("br"), legs);
  other.onchange = run;
  run();
}
