// What is in the bag, and who is shopping?

import { shopFacts } from "./api.js";
import { itemUrl, toast } from "./card.js";
import { $, fill, h, icon } from "./dom.js";
import { tellPurchase } from "./events.js";
import { local, money, picture } from "./format.js";
import { shopper } from "./shopper.js";
import { lang, t } from "./words.js";

function open(title, ...body) {
  const drawer = $("#drawer");
  fill(drawer, h("div.drawer-head", {}, h("h2", { id: "drawer-title" }, title),
    h("button.tool", { type: "button", "aria-label": t("close"), onclick: () => drawer.close() }, icon("close"))), h("div.drawer-body", {}, body));
  if (!drawer.open) drawer.showModal();
  drawer.onclick = (event) => { if (event.target === drawer || event.target.closest("a[data-link]")) drawer.close(); };
}

export function openBag(refresh) {
  const lines = shopper.bag;
  const change = (id, quantity) => {
    shopper.bag = quantity > 0 ? lines.map((line) => (line.item_id === id ? { ...line, quantity } : line)) : lines.filter((line) => line.item_id !== id);
    dispatchEvent(new Event("bag"));
    openBag(refresh);
  };
  if (!lines.length) return open(t("bag"), h("p.drawer-empty", {}, t("empty")));
  const sum = lines.reduce((total, line) => total + (line.price || 0) * line.quantity, 0);
  return open(t("bag"),
    h("ul.lines", {}, lines.map((line) => h("li.line", {}, picture(line),
      h("div.line-text", {}, h("a", { href: itemUrl(line.item_id), data: { link: "" } }, local(line, "title")),
        h("p.quiet", {}, money(line.price, line.currency)),
        h("div.stepper", {},
          h("button", { type: "button", "aria-label": `${t("remove")} 1`, onclick: () => change(line.item_id, line.quantity - 1) }, "−"),
          h("span", { "aria-label": t("quantity") }, line.quantity),
          h("button", { type: "button", "aria-label": `${t("add")} 1`, onclick: () => change(line.item_id, line.quantity + 1) }, "+"))),
      h("button.tool", { type: "button", "aria-label": `${t("remove")}: ${local(line, "title")}`, onclick: () => change(line.item_id, 0) }, icon("close", 16))))),
    h("div.drawer-foot", {}, h("p.sum", {}, t("sum"), h("strong", {}, money(sum, lines[0].currency))),
      h("button.button.big", { type: "button", onclick: async () => {
        await tellPurchase(lines);
        shopper.bag = [];
        dispatchEvent(new Event("bag"));
        $("#drawer").close();
        toast(t("bought"));
        refresh();
      } }, t("buy"))));
}

export function openAccount(refresh) {
  const become = (id) => { shopper.user = id; $("#drawer").close(); refresh(); };
  const person = (id, name, note) => h("button.person", { type: "button", onclick: () => become(id), ...(id === shopper.user && { "aria-current": "true" }) },
    face(id || "?"), h("span", {}, h("strong", {}, name), note && h("span.quiet", {}, note)));
  const own = h("input", { type: "text", maxLength: 200, placeholder: "u42", "aria-label": t("anyone") });
  open(t("signIn"), h("p.quiet", {}, t("signInHelp")),
    h("div.people", {}, person("", t("guest"), t("guestHelp")), (shopFacts().users || []).map((user) =>
      person(user.user_id, user.name || user.user_id, (lang() === "zh" ? user.note_zh : user.note) || (user.purchases != null ? t("purchases", user.purchases) : "")))),
    h("form.own", { onsubmit: (event) => { event.preventDefault(); if (own.value.trim()) become(own.value.trim()); } },
      h("label", {}, t("anyone")), h("div", {}, own, h("button.button.small", { type: "submit" }, t("use")))));
}

export function face(id) {
  let sum = 7;
  for (const letter of id) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return h("span.face", { style: { "--tint": String(sum) }, "aria-hidden": "true" }, (/^\D*\d+$/.test(id) ? id.slice(-2) : id.slice(0, 2).toUpperCase()) || "?");
}
