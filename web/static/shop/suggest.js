// What could be meant by the letters typed so far? A combobox as WAI-ARIA describes it.

import { get } from "./api.js";
import { $, fill, h, icon } from "./dom.js";
import { marked } from "./format.js";
import { shopper } from "./shopper.js";
import { t } from "./words.js";

export function installSuggest(go) {
  const box = $("#q"), list = $("#suggestions"), form = $("#search");
  let options = [], at = -1, typed = "", turn = 0, timer = 0;

  function show(found, heading) {
    options = found;
    at = -1;
    fill(list, heading && found.length && h("li.suggest-head", { role: "presentation" }, heading),
      found.map((each, i) => h("li.suggest", {
        role: "option", id: `suggestion-${i}`, "aria-selected": "false",
        onpointerdown: (event) => { event.preventDefault(); choose(i); },
      }, icon(heading ? "clock" : "search", 16), h("span", {}, marked(each.text, typed)),
      each.category && h("span.suggest-in", {}, each.category))));
    open(found.length > 0);
  }
  function open(yes) {
    list.hidden = !yes;
    box.setAttribute("aria-expanded", String(yes));
    if (!yes) box.removeAttribute("aria-activedescendant");
  }
  function move(by) {
    if (list.hidden) return;
    at = at + by < -1 ? options.length - 1 : at + by >= options.length ? -1 : at + by;
    for (const node of list.querySelectorAll("[role=option]")) {
      node.setAttribute("aria-selected", String(node.id === `suggestion-${at}`));
    }
    if (at >= 0) box.setAttribute("aria-activedescendant", `suggestion-${at}`);
    else box.removeAttribute("aria-activedescendant");
    box.value = at >= 0 ? options[at].text : typed;
  }
  function choose(i) {
    box.value = options[i].text;
    submit();
  }
  function submit() {
    turn += 1;
    clearTimeout(timer);
    open(false);
    const text = box.value.trim();
    if (text) shopper.remember(text);
    box.blur();
    go(text);
  }
  async function ask() {
    typed = box.value;
    const mine = ++turn;
    const text = typed.trim();
    if (!text) return show(shopper.recent.map((each) => ({ text: each })), t("recent"));
    try {
      const { suggestions } = await get("/v1/suggest", { q: text, k: 8 });
      if (mine === turn) show(suggestions, "");
    } catch { if (mine === turn) open(false); }
    return undefined;
  }

  box.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 60); });
  box.addEventListener("focus", () => { if (!box.value) ask(); });
  box.addEventListener("blur", () => { turn += 1; open(false); });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // an input method is at work
    if (event.key === "ArrowDown") { event.preventDefault(); if (list.hidden) ask(); else move(1); }
    else if (event.key === "ArrowUp") { event.preventDefault(); move(-1); }
    else if (event.key === "Escape") { if (!list.hidden) { event.preventDefault(); box.value = typed; open(false); } else box.blur(); }
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); box.focus(); box.select(); }
  });
}
