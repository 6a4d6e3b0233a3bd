// What does each route take and give? Drawn from /openapi.json, each with a form to try it.

import { $, fill, h } from "/static/shop/dom.js";

let openapi = {};
let key = "";
const resolve = (schema) => (schema?.$ref ? openapi.components.schemas[schema.$ref.split("/").at(-1)] : schema) || {};
const slug = (method, path) => `${method}-${path.replace(/\W+/g, "-")}`;

function kindOf(schema) {
  const own = resolve(schema);
  if (own.anyOf) return own.anyOf.map(kindOf).filter((kind) => kind !== "null").join(" or ");
  if (own.enum) return own.enum.join(" | ");
  const range = [own.minimum !== undefined && `from ${own.minimum}`, own.maximum !== undefined && `to ${own.maximum}`, own.default !== undefined && own.default !== "" && own.default !== null && !Array.isArray(own.default) && `else ${own.default}`].filter(Boolean).join(" ");
  return [own.type === "array" ? `list of ${kindOf(own.items) || "anything"}` : own.type, range].filter(Boolean).join(", ");
}

function example(schema) {
  const own = resolve(schema);
  const filled = {};
  for (const [name, inner] of Object.entries(own.properties || {})) {
    if ((own.required || []).includes(name)) filled[name] = sample(name, resolve(inner));
  }
  return JSON.stringify(Object.keys(filled).length ? filled : own.properties?.q ? { q: "lamp", k: 3 } : {}, null, 2);
}
function sample(name, schema) {
  if (name === "events") return [{ type: "view", user_id: "u1", item_id: "p0001", dwell_s: 12 }];
  if (name === "items") return [{ item_id: "p0001", title: "Desk lamp", price: 20 }];
  if (name === "rule") return { kind: "pin", query: "lamp", items: ["p0001"] };
  if (name === "scopes") return ["search"];
  return { integer: 1, number: 1, array: [], object: {}, boolean: false }[schema.type] ?? "lamp";
}

function route(path, method, operation) {
  const inputs = (operation.parameters || []).map((parameter) => ({ parameter, box: h("input", { type: "text", name: parameter.name, placeholder: parameter.schema.default ?? "" }) }));
  const schema = operation.requestBody?.content?.["application/json"]?.schema;
  const body = schema && h("textarea", { rows: 6, "aria-label": "Body", value: example(schema) });
  const shown = h("div");
  const command = h("pre");
  const address = () => {
    const params = new URLSearchParams();
    let where = path;
    for (const { parameter, box } of inputs) {
      if (parameter.in === "path") where = where.replace(`{${parameter.name}}`, encodeURIComponent(box.value));
      else if (box.value !== "") for (const value of parameter.schema.type === "array" ? box.value.split("\n") : [box.value]) params.append(parameter.name, value);
    }
    return where + (params.size ? `?${params}` : "");
  };
  const tell = () => {
    const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
    command.textContent = ["curl", method !== "get" && `-X ${method.toUpperCase()}`, key && "-H 'Authorization: Bearer ...'", body && `-H 'Content-Type: application/json' -d ${quoted(body.value)}`, quoted(location.origin + address())].filter(Boolean).join(" ");
  };
  async function run(event) {
    event.preventDefault();
    const began = performance.now();
    const answer = await fetch(address(), { method: method.toUpperCase(), headers: { ...(key && { Authorization: `Bearer ${key}` }), ...(body && { "Content-Type": "application/json" }) }, body: body?.value });
    const text = await answer.text();
    let pretty = text;
    try { pretty = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON: as it is */ }
    fill(shown, h("p.status", { role: "status" }, `${answer.status} in ${Math.round(performance.now() - began)} ms`), h("pre", {}, pretty.slice(0, 40000) || "(no body)"));
  }
  const form = h("form.inside", { onsubmit: run, oninput: tell },
    inputs.length > 0 && h("div.params", {}, inputs.map(({ parameter, box }) => h("label", {}, h("span", {}, h("code", {}, parameter.name), parameter.required ? " *" : ""), box,
      h("small", {}, [kindOf(parameter.schema), parameter.description].filter(Boolean).join(". "))))),
    body && h("div.params", {}, body, h("div", {}, Object.entries(resolve(schema).properties || {}).map(([name, inner]) => h("p", {}, h("code", {}, name), ` ${[kindOf(inner), resolve(inner).description || inner.description].filter(Boolean).join(". ")}`)))),
    h("div.buttons", {}, h("button.button.small", { type: "submit" }, "Try it"), operation.security && h("span.quiet", {}, `needs the scope ${operation.security[0].key[0]}`)),
    command, shown,
    h("h3", {}, "Answers"), h("div", {}, Object.entries(operation.responses).map(([status, answer]) => h("p", {}, h("code", {}, status), ` ${answer.description}`))));
  tell();
  return h("details.route", { id: slug(method, path), ontoggle: tell }, h("summary", {}, h("span.verb", { class: method }, method.toUpperCase()), h("code", {}, path), h("span", {}, operation.summary)), form);
}

async function show() {
  openapi = await (await fetch("/openapi.json")).json();
  const groups = new Map();
  for (const [path, methods] of Object.entries(openapi.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] || "other";
      groups.set(tag, [...(groups.get(tag) || []), [path, method, operation]]);
    }
  }
  document.title = `${openapi.info.title} API`;
  const secret = h("input", { type: "password", autocomplete: "off", placeholder: "Not needed on this machine alone", oninput: (event) => { key = event.target.value.trim(); } });
  const problems = h("details.route", { id: "problems" }, h("summary", {}, h("code", {}, "Errors"), h("span", {}, "problem+json, with a sentence that says what to do")),
    h("div.inside", {}, h("p", {}, "Every error is application/problem+json (RFC 9457): type, title, status, detail, request_id, and parameter where one is to blame."),
      h("pre", {}, JSON.stringify({ type: "/docs#bad-request", title: "Bad Request", status: 400, detail: "`k` should be less than or equal to 1000; it is '5000'.", request_id: "c0ffee", parameter: "k" }, null, 2))));
  fill($("#main"), h("h1", {}, `${openapi.info.title} API`), h("p.sub", {}, openapi.info.summary, " ", h("a.link", { href: "/openapi.json" }, "openapi.json")),
    h("label.field", {}, "Key for the routes tried here", secret), h("br"), problems,
    [...groups].map(([tag, routes]) => [h("h2.tagged", { id: tag }, tag), routes.map((each) => route(...each))]));
  fill($("#sections"), [...groups].map(([tag, routes]) => [h("h2", {}, tag), routes.map(([path, method, operation]) => h("a", { href: `#${slug(method, path)}` }, operation.summary))]));
  const open = () => {
    const named = document.getElementById(location.hash.slice(1)) || (location.hash && document.getElementById("problems"));
    if (named?.matches("details")) named.open = true;
    named?.scrollIntoView();
  };
  addEventListener("hashchange", open);
  if (location.hash) open();
  document.body.dataset.ready = "1";
}
show();
