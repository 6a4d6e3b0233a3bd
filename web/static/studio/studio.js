// The studio: one section at a time, named in the address after #.

import { toast, trouble } from "../shop/card.js";
import { $, fill, h } from "../shop/dom.js";
import { ask, get, useKey } from "./ask.js";
import { COLOURS, bars, legend, outlook, table } from "./charts.js";
import { debug } from "./debug.js";
import { rules } from "./rules.js";

const number = (value) => Number(value || 0).toLocaleString("en");
const SECTIONS = { overview: ["Overview", overview], debug: ["Search debugger", debug], rules: ["Rules", rules], forecasts: ["Forecasts", forecasts], reports: ["Evaluation", reports], generations: ["Generations", generations], keys: ["Keys", keys] };

async function overview(main) {
  const [all, gauges] = await Promise.all([get("/v1/studio/overview"), ask("GET", "/metrics")]);
  const speed = latency(gauges, "/v1/search");
  const current = all.generation;
  const age = current ? Math.max(0, (Date.now() - new Date(current.built)) / 3600000) : 0;
  const figure = (title, value, note, size = "quarter") => h(`section.panel.${size}`, {}, h("h2", {}, title), h("p.figure", {}, value, note && h("small", {}, note)));
  const kinds = ["view", "click", "cart", "purchase", "search"];
  const search = (row) => h("a", { href: `?q=${encodeURIComponent(row.query)}#debug` }, row.query);
  fill(main, h("h1", {}, "Overview"), h("p.sub", {}, `The last event came ${all.totals.last_event ? new Date(all.totals.last_event).toLocaleString() : "never"}.`),
    h("div.panels", {},
      figure("Items", number(all.items)), figure("Events", number(all.totals.events)), figure("Shoppers lately", number(all.totals.users)),
      figure("Generation", current ? `#${current.generation}` : "none", current && (age < 48 ? `${age.toFixed(1)} h old` : `${Math.round(age / 24)} days old`)),
      h("section.panel.most", {}, h("h2", {}, "Events a day"), all.days.length ? [bars(all.days, kinds, "Events a day"), legend(kinds.map((kind, i) => [kind, COLOURS[i]]))] : h("p.empty", {}, "No events yet.")),
      h("section.panel.third", {}, h("h2", {}, "Search latency of this process"), speed ? [h("p.figure", {}, `${speed.p50}`, h("small", {}, "ms half of the time")), h("p.sub", {}, `under ${speed.p99} ms for 99 of 100, ${number(speed.count)} searches since the start`)] : h("p.empty", {}, "No searches since the start.")),
      h("section.panel.third", {}, h("h2", {}, "Top searches, 7 days"), table([["Search", search], ["People × days", (row) => number(row.count), 1]], all.searches.top)),
      h("section.panel.third", {}, h("h2", {}, "Rising searches"), table([["Search", search], ["Before", (row) => row.before, 1], ["Now", (row) => row.count, 1]], all.searches.rising)),
      h("section.panel.third", {}, h("h2", {}, "Searches that find nothing"), table([["Search", search], ["People × days", (row) => number(row.count), 1]], all.unanswered, "Every common search finds something."))));
}

/** The upper bounds of the buckets in which the 50th and the 99th of 100 requests fell. */
function latency(text, route) {
  const counts = new Map();
  for (const found of text.matchAll(/^ronghe_request_seconds_bucket\{([^}]*)\} ([\d.e+]+)$/gm)) {
    if (!found[1].includes(`route="${route}"`) || !found[1].includes('status="200"')) continue;
    const edge = Number(found[1].match(/le="([^"]+)"/)[1].replace("+Inf", "Infinity"));
    counts.set(edge, (counts.get(edge) || 0) + Number(found[2]));
  }
  const edges = [...counts].sort((a, b) => a[0] - b[0]);
  const count = edges.length ? edges.at(-1)[1] : 0;
  if (!count) return null;
  const under = (share) => { const edge = edges.find(([, n]) => n >= share * count)[0] * 1000; return Number.isFinite(edge) ? `≤ ${edge}` : "> 10,000"; };
  return { count, p50: under(0.5), p99: under(0.99) };
}

async function forecasts(main) {
  const answer = await ask("POST", "/v1/search", { q: "", k: 1, facets: ["category"] });
  const paths = (answer.facets.category?.values || []).map((each) => each.value);
  const categories = [...new Set(paths.flatMap((path) => path.split(" > ").map((_, i, steps) => steps.slice(0, i + 1).join(" > "))))].sort();
  const category = h("select", {}, categories.map((name) => h("option", {}, name)));
  const item = h("input", { type: "text", placeholder: "or an item's id" });
  const horizon = h("input", { type: "number", value: 28, min: 1, max: 366 });
  const shown = h("div.panels");
  async function run() {
    const params = { horizon: horizon.value, ...(item.value.trim() ? { item: item.value.trim() } : { category: category.value }) };
    fill(shown, h("p.empty", {}, "Forecasting ..."));
    try {
      const forecast = await get("/v1/forecast", params);
      const level = Object.keys(forecast.upper).sort()[0];
      const sum = forecast.mean.reduce((a, b) => a + (b || 0), 0);
      fill(shown, h("section.panel", {}, h("h2", {}, `${forecast.series}: ${number(Math.round(sum))} units in ${forecast.mean.length} days`), outlook(forecast, `Demand of ${forecast.series}`),
        legend([["what was", "var(--faint)"], ["expected", COLOURS[0]]]), h("p.sub", {}, forecast.method && `By ${forecast.method}. The shades hold what comes in ${Object.keys(forecast.upper).join(" and ")} of 100 cases.`)),
      forecast.errors && Object.keys(forecast.errors).length > 0 && h("section.panel.half", {}, h("h2", {}, "Back-test error (below 1 beats yesterday's value)"), table([["Method", ([name]) => name], ["RMSSE", ([, error]) => error, 1]], Object.entries(forecast.errors).sort((a, b) => a[1] - b[1]))),
      h("section.panel.half", {}, h("h2", {}, "By day"), table([["Day", (i) => forecast.dates[i]], ["Expected", (i) => (forecast.mean[i] ?? 0).toFixed(1), 1], ["Likely", (i) => `${(forecast.lower[level]?.[i] ?? 0).toFixed(1)} – ${(forecast.upper[level]?.[i] ?? 0).toFixed(1)}`, 1]], forecast.dates.map((_, i) => i).slice(0, 28))));
    } catch (error) { fill(shown, h("p.warn", { role: "alert" }, error.message)); }
  }
  fill(main, h("h1", {}, "Forecasts"), h("p.sub", {}, "What will sell, with the range in which it is likely to fall."),
    h("form.fields", { onsubmit: (event) => { event.preventDefault(); run(); } }, h("label.grow", {}, "Category", category), h("label.grow", {}, "Item", item), h("label", {}, "Days", horizon), h("button.button", { type: "submit" }, "Forecast")), shown);
  if (categories.length) run();
}

async function reports(main) {
  const { reports: found } = await get("/v1/studio/reports");
  fill(main, h("h1", {}, "Evaluation"), h("p.sub", {}, "Every single model beside every fusion, on held-out behaviour."),
    h("section.panel", {}, table([["Report", (row) => h("a.link", { href: row.url, target: "_blank", rel: "noopener" }, row.name)], ["Written", (row) => new Date(row.at * 1000).toLocaleString(), 1]], found, "No report yet. Write one into this home with: ronghe evaluate --report HOME/reports")));
}

async function generations(main) {
  const { generations: found } = await get("/v1/studio/generations");
  const activate = (row) => ask("POST", "/v1/studio/generations/activate", { generation: row.generation }).then(() => { toast(`Generation ${row.generation} is served.`); generations(main); }).catch((error) => toast(error.message));
  fill(main, h("h1", {}, "Generations"), h("p.sub", {}, "Each rebuild publishes one, whole. Serving another takes effect at the next request, without a restart."),
    h("section.panel", {}, table([["", (row) => row.current && h("span.tag.on", {}, "served")], ["Generation", (row) => `#${row.generation}`], ["Built", (row) => new Date(row.built).toLocaleString()], ["Items", (row) => number(row.items), 1], ["Events", (row) => number(row.events), 1], ["Size", (row) => `${(row.bytes / 1e6).toFixed(1)} MB`, 1], ["", (row) => !row.current && h("button.button.quiet.small", { type: "button", onclick: () => activate(row) }, "Serve this"), 1]], [...found].reverse(), "Nothing is published. Run: ronghe rebuild")));
}

async function keys(main) {
  const { keys: found } = await get("/v1/studio/keys");
  const name = h("input", { type: "text", placeholder: "The shop's web page", maxLength: 200 });
  const days = h("input", { type: "number", min: 1, placeholder: "never" });
  const scopes = ["search", "events", "admin"].map((scope) => [scope, h("input", { type: "checkbox", checked: scope === "search" })]);
  const secret = h("div");
  const made = async (event) => {
    event.preventDefault();
    try {
      const { token } = await ask("POST", "/v1/studio/keys", { name: name.value, scopes: scopes.filter(([, box]) => box.checked).map(([scope]) => scope), ...(days.value && { days: Number(days.value) }) });
      await keys(main);
      $("#new-key").replaceChildren(h("p", {}, "Copy it now: it is not shown again."), h("p.secret", {}, token));
    } catch (error) { fill(secret, h("p.warn", { role: "alert" }, error.message)); }
  };
  const when = (seconds) => (seconds ? new Date(seconds * 1000).toLocaleDateString() : "");
  fill(main, h("h1", {}, "Keys"), h("p.sub", {}, "A search key may stand in a public page. Keys are stored as hashes only."),
    h("div.panels", {}, h("section.panel", {}, h("h2", {}, "A new key"), h("form.fields", { onsubmit: made }, h("label.grow", {}, "For", name), h("label", {}, "Days until it expires", days),
      h("div.buttons", {}, scopes.map(([scope, box]) => h("label.check", {}, box, h("span", {}, scope)))), h("button.button", { type: "submit" }, "Make")), secret, h("div", { id: "new-key" })),
    h("section.panel", {}, table([["Name", (key) => key.name || key.key_id], ["May", (key) => key.scopes.map((scope) => [h("span.tag", {}, scope), " "])], ["Made", (key) => when(key.created), 1], ["Expires", (key) => when(key.expires), 1],
      ["", (key) => (key.revoked ? h("span.tag", {}, "revoked") : h("button.link", { type: "button", onclick: () => ask("DELETE", `/v1/studio/keys/${encodeURIComponent(key.key_id)}`).then(() => keys(main)).catch((error) => toast(error.message)) }, "Revoke")), 1]], found, "No keys. On this machine alone none is needed."))));
}

function askKey(main, again) {
  const key = h("input", { type: "password", autocomplete: "off", "aria-label": "Admin key" });
  fill(main, h("form.ask", { onsubmit: (event) => { event.preventDefault(); useKey(key.value.trim()); again(); } }, h("h1", {}, "Studio"), h("p.quiet", {}, "This server wants an admin key. Make one with: ronghe keys create --scope admin"), key, h("button.button", { type: "submit" }, "Open")));
}

async function show() {
  const main = $("#main");
  const wanted = SECTIONS[location.hash.slice(1)] ? location.hash.slice(1) : "overview";
  fill($("#sections"), Object.entries(SECTIONS).map(([id, [name]]) => h("li", {}, h("a", { href: `#${id}`, ...(id === wanted && { "aria-current": "page" }) }, name))));
  document.title = `${SECTIONS[wanted][0]} · Studio`;
  try {
    await SECTIONS[wanted][1](main);
  } catch (error) {
    if (error.status === 401 || error.status === 403) askKey(main, show);
    else fill(main, trouble(error, show));
  }
  document.body.dataset.ready = wanted;
}

addEventListener("hashchange", show);
show();
