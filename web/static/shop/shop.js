// The shop: the address decides which page is shown; the header stays.

import { learn } from "./api.js";
import { trouble } from "./card.js";
import { $, fill, h, icon } from "./dom.js";
import { face, openAccount, openBag } from "./drawers.js";
import { endView, tell } from "./events.js";
import { home } from "./home.js";
import { itemPage } from "./item.js";
import { results } from "./results.js";
import { shopper } from "./shopper.js";
import { installSuggest } from "./suggest.js";
import { lang, t } from "./words.js";

let name = "Ronghe";

async function show(keepScroll = false) {
  const params = new URLSearchParams(location.search);
  const main = $("#main");
  document.body.classList.remove("side-open");
  await endView();
  const wanted = params.get("item") ? "item" : ["q", "category", "all"].some((key) => params.has(key)) ? "results" : "home";
  document.body.dataset.page = wanted;
  document.title = params.get("q") ? `${params.get("q")} · ${name}` : name;
  $("#q").value = params.get("q") || "";
  if (!keepScroll) scrollTo(0, 0);
  if (wanted === "item") await itemPage(main, params.get("item"));
  else if (wanted === "results") await results(main, params, (url) => go(url, true));
  else await home(main);
  document.body.dataset.ready = `${Number(document.body.dataset.ready || 0) + 1}`;
}

export function go(url, keepScroll = false) {
  if (url !== location.pathname + location.search) history.pushState(null, "", url);
  return show(keepScroll);
}

function search(text) {
  if (text) tell("search", { query: text });
  return go(text ? `/?q=${encodeURIComponent(text)}` : "/?all=1");
}

function header() {
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  $("#q").placeholder = t("placeholder");
  fill($(".search-icon"), icon("search", 19));
  $("#language").textContent = t("language");
  $("#language").setAttribute("aria-label", t("languageLabel"));
  const dark = document.documentElement.dataset.theme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  fill($("#theme"), icon(dark ? "sun" : "moon"));
  $("#theme").setAttribute("aria-label", t(dark ? "light" : "dark"));
  fill($("#account"), shopper.user ? face(shopper.user) : icon("user"));
  $("#account").setAttribute("aria-label", `${t("account")}: ${shopper.user || t("guest")}`);
  const count = shopper.bag.reduce((sum, line) => sum + line.quantity, 0);
  fill($("#basket"), icon("bag"), count > 0 && h("span.dot", {}, count));
  $("#basket").setAttribute("aria-label", `${t("bag")} (${count})`);
  $("#shop-name").textContent = name;
  $("#sample-note").textContent = t("sample");
}

function install() {
  $("#language").onclick = () => {
    document.documentElement.lang = lang() === "zh" ? "en" : "zh-CN";
    shopper.set("lang", lang());
    header();
    show(true);
  };
  $("#theme").onclick = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme === "dark" || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    root.dataset.theme = dark ? "light" : "dark";
    shopper.set("theme", root.dataset.theme);
    header();
  };
  const again = () => { header(); show(); };
  $("#account").onclick = () => openAccount(again);
  $("#basket").onclick = () => openBag(again);
  addEventListener("bag", header);
  addEventListener("popstate", () => show());
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-link]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(link.getAttribute("href"));
  });
  addEventListener("columns", (event) => { $("#sample-note").hidden = !event.detail.has("generated"); });
  installSuggest(search);
}

install();
header();
try {
  const about = await learn();
  name = about.name;
  header();
  await show();
} catch (error) {
  fill($("#main"), trouble(error, () => location.reload()));
}
