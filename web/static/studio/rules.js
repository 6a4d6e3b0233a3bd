// What does the shopkeeper want otherwise? Rules, with a look at what they do before they do it.

import { fill, h } from "../shop/dom.js";
import { toast } from "../shop/card.js";
import { ask, get } from "./ask.js";
import { table } from "./charts.js";

const KINDS = {
  pin: "Pin: put items first", bury: "Bury: put items last", boost: "Boost: lift or lower items",
  synonym: "Synonym: search other words too", redirect: "Redirect: send the search to a page",
};
const MATCHES = { is: "is exactly", has: "holds the words", any: "is anything" };
const lines = (text) => text.split(/[\n,]/).map((each) => each.trim()).filter(Boolean);
const when = (seconds) => (seconds ? new Date(seconds * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "");
const local = (seconds) => (seconds ? new Date(seconds * 1000 - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 16) : "");

export async function rules(main, draft = {}) {
  const { rules: standing, history } = await get("/v1/studio/rules");
  const again = () => rules(main);
  const act = (work) => work.then(() => again()).catch((error) => toast(error.message));
  fill(main, h("h1", {}, "Rules"), h("p.sub", {}, "They move search answers after the models have spoken. Every change is kept, with who made it, and can be taken back."),
    h("div.panels", {},
      h("section.panel", {}, h("h2", {}, draft.rule_id ? "Change a rule" : "A new rule"), editor(draft, again)),
      h("section.panel", {}, h("h2", {}, "In force"), table([
        ["Kind", (rule) => h("span.tag.on", {}, rule.kind)],
        ["Query", (rule) => (rule.match === "any" ? "every search" : `${MATCHES[rule.match]} “${rule.query}”`)],
        ["Does", describe], ["When", (rule) => `${when(rule.starts)}${rule.starts || rule.ends ? " – " : "always"}${when(rule.ends)}`], ["Note", (rule) => rule.note],
        ["", (rule) => h("div.buttons", {}, h("button.link", { type: "button", onclick: () => { rules(main, rule); scrollTo(0, 0); } }, "Change"),
          h("button.link", { type: "button", onclick: () => act(ask("DELETE", `/v1/studio/rules/${encodeURIComponent(rule.rule_id)}`)) }, "Remove"))],
      ], standing, "No rules: the models decide alone.")),
      h("section.panel", {}, h("h2", {}, "History"), h("div.buttons", {}, h("button.button.quiet.small", { type: "button", disabled: !history.length, onclick: () => act(ask("POST", "/v1/studio/rules/undo", {})) }, "Undo the last change")),
        table([["When", (change) => when(change.at)], ["Who", (change) => change.by], ["Did", (change) => change.action], ["Rule", (change) => { const rule = change.after || change.before; return rule ? `${rule.kind} “${rule.query}”` : change.rule_id; }]], history.slice(0, 30)))));
}

function describe(rule) {
  const what = rule.items.length ? rule.items.join(", ") : JSON.stringify(rule.filter);
  return { pin: `${what} from place ${rule.position}`, bury: what, boost: `${what} by ${rule.amount} spreads`, synonym: `also ${rule.words.join(", ")}`, redirect: rule.url }[rule.kind];
}

function editor(draft, done) {
  const kind = h("select", { name: "kind" }, Object.entries(KINDS).map(([value, name]) => h("option", { value, selected: value === draft.kind }, name)));
  const match = h("select", { name: "match" }, Object.entries(MATCHES).map(([value, name]) => h("option", { value, selected: value === draft.match }, name)));
  const input = (name, value, type = "text", more = {}) => h("input", { name, type, value: value ?? "", ...more });
  const fields = {
    query: input("query", draft.query, "text", { placeholder: "desk lamp" }), items: input("items", (draft.items || []).join(", "), "text", { placeholder: "p0001, p0002" }),
    filter: input("filter", typeof draft.filter === "string" ? draft.filter : draft.filter ? JSON.stringify(draft.filter) : "", "text", { placeholder: "brand = Lumo and price < 50" }),
    position: input("position", draft.position ?? 1, "number", { min: 1, max: 100 }), amount: input("amount", draft.amount ?? 0.5, "number", { step: 0.1, min: -10, max: 10 }),
    words: input("words", (draft.words || []).join(", "), "text", { placeholder: "couch, settee" }), url: input("url", draft.url, "text", { placeholder: "/?category=Kitchen" }),
    starts: input("starts", local(draft.starts), "datetime-local"), ends: input("ends", local(draft.ends), "datetime-local"), note: input("note", draft.note),
  };
  const box = (label, node, kinds, wide = "") => h(`label.field${wide}`, { data: { kinds: kinds || "" } }, label, node);
  const shown = h("div");
  const tried = h("input", { type: "text", placeholder: "Try it with this query", "aria-label": "Preview with the query" });
  const form = h("form.form", { onsubmit: (event) => { event.preventDefault(); save(); } },
    box("Kind", kind), box("The search", match), box("Query", fields.query),
    box("Items (ids)", fields.items, "pin bury boost"), box("Or what this filter keeps", fields.filter, "bury boost"),
    box("From place", fields.position, "pin"), box("By how many spreads", fields.amount, "boost"),
    box("Words to search too", fields.words, "synonym"), box("Address", fields.url, "redirect"),
    box("Starts", fields.starts), box("Ends", fields.ends), box("Note", fields.note),
    h("div.wide.buttons", {}, h("button.button", { type: "submit" }, "Save"), tried, h("button.button.quiet", { type: "button", onclick: look }, "Preview"),
      draft.rule_id && h("button.link", { type: "button", onclick: done }, "Cancel")));
  const fit = () => { for (const node of form.querySelectorAll("[data-kinds]")) node.hidden = node.dataset.kinds !== "" && !node.dataset.kinds.split(" ").includes(kind.value); };
  kind.onchange = fit;
  fit();

  function rule() {
    const has = (name) => !form.querySelector(`[name=${name}]`).closest("[data-kinds]").hidden;
    const moment = (text) => (text ? new Date(text).getTime() / 1000 : null);
    return {
      ...(draft.rule_id && { rule_id: draft.rule_id }), kind: kind.value, match: match.value, query: fields.query.value,
      ...(has("items") && { items: lines(fields.items.value) }), ...(has("filter") && fields.filter.value.trim() && { filter: fields.filter.value.trim() }),
      ...(has("position") && { position: Number(fields.position.value) }), ...(has("amount") && { amount: Number(fields.amount.value) }),
      ...(has("words") && { words: lines(fields.words.value) }), ...(has("url") && { url: fields.url.value }),
      starts: moment(fields.starts.value), ends: moment(fields.ends.value), note: fields.note.value,
    };
  }
  async function save() {
    try {
      await ask("PUT", "/v1/studio/rules", { rule: rule() });
      toast("The rule is in force.");
      done();
    } catch (error) { fill(shown, h("p.warn", { role: "alert" }, error.message)); }
  }
  async function look() {
    try {
      const { before, after } = await ask("POST", "/v1/studio/rules/preview", { rule: rule(), q: tried.value || fields.query.value, k: 10 });
      const place = new Map(before.map((hit, i) => [hit.item_id, i]));
      const list = (title, hits, moved) => h("div", {}, h("h2", {}, title), h("ol.plain-list", {}, hits.map((hit, i) => {
        const was = place.get(hit.item_id);
        const by = was === undefined ? "new" : was - i;
        return h("li", {}, h("span", {}, hit.title), moved && by !== 0 && h("span", { class: by === "new" || by > 0 ? "up" : "down" }, by === "new" ? "new" : by > 0 ? `↑${by}` : `↓${-by}`));
      })));
      fill(shown, h("br"), h("div.two", {}, list("Now", before, false), list("With this rule", after, true)));
    } catch (error) { fill(shown, h("p.warn", { role: "alert" }, error.message)); }
  }
  return h("div", {}, form, shown);
}
