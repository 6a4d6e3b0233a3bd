// How does any page show search, similar items, recommendations and what is rising, with one script?
//
//   <script src="https://shop.example/widget.js" data-key="rh_..."></script>
//   <ronghe-search url="/product/{item_id}"></ronghe-search>
//   <ronghe-similar item="p0002"></ronghe-similar>
//   <ronghe-recommendations user="u42"></ronghe-recommendations>
//   <ronghe-trending category="Kitchen"></ronghe-trending>
//
// Each element lives in its own shadow tree; --ronghe-* variables on it, or above it, give it the page's look.
(function () {
  "use strict";
  const script = document.currentScript;
  const BASE = new URL(script?.src || location.href).origin;
  const KEY = script?.dataset.key || "";
  const STORE = "ronghe-widget";

  const WORDS = {
    en: { similar: "You may also like", recommendations: "Chosen for you", trending: "Rising now", search: "Search", none: "Nothing here matches." },
    zh: { similar: "相似好物", recommendations: "为你推荐", trending: "正在升温", search: "搜索", none: "没有找到相符的商品。" },
  };
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  function session() {
    let id = "";
    try { id = localStorage.getItem(STORE) || ""; } catch { /* storage may be forbidden */ }
    if (!id) {
      id = random();
      try { localStorage.setItem(STORE, id); } catch { /* then for this page only */ }
    }
    session = () => id;
    return id;
  }

  async function call(method, path, body) {
    const headers = {};
    if (KEY) headers.Authorization = `Bearer ${KEY}`;
    if (body) headers["Content-Type"] = "application/json";
    const answer = await fetch(BASE + path, { method, headers, body: body && JSON.stringify(body), keepalive: Boolean(body), credentials: "omit" });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).detail || answer.statusText);
    return answer.json();
  }
  const query = (params) => new URLSearchParams(Object.entries(params).filter(([, value]) => value !== null && value !== "")).toString();

  let waiting = [];
  let timer = 0;
  function tell(event) {
    waiting.push({ event_id: random(), timestamp: Date.now() / 1000, session_id: session(), ...event });
    if (!timer) timer = setTimeout(send, 1500);
  }
  function send() {
    clearTimeout(timer);
    timer = 0;
    const events = waiting.splice(0, 500);
    if (events.length) call("POST", "/v1/events", { events }).catch(() => undefined);
  }
  addEventListener("pagehide", send);

  function h(tag, props, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(props || {})) {
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.filter((each) => each !== null && each !== undefined && each !== false));
    return node;
  }

  const STYLE = `
    :host { display: block; font: 400 15px/1.45 var(--ronghe-font, inherit); color: var(--ronghe-ink, inherit); --accent: var(--ronghe-accent, #1f5c4a);
      --soft: var(--ronghe-soft, color-mix(in srgb, currentColor 62%, transparent)); --line: var(--ronghe-line, color-mix(in srgb, currentColor 16%, transparent));
      --round: var(--ronghe-radius, 14px); --card: var(--ronghe-card, Canvas); }
    :host([hidden]) { display: none; }
    * { box-sizing: border-box; }
    h2 { font: var(--ronghe-heading, 600 1.35em/1.2 inherit); margin: 0 0 .8em; }
    ul { list-style: none; margin: 0; padding: 0; }
    .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(var(--ronghe-card-width, 160px), 1fr)); gap: var(--ronghe-gap, 20px); }
    a { color: inherit; text-decoration: none; display: block; border-radius: var(--round); }
    a:focus-visible, input:focus-visible, button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    .picture { aspect-ratio: 1; border-radius: var(--round); overflow: hidden; background: color-mix(in srgb, currentColor 6%, transparent); }
    img { width: 100%; height: 100%; object-fit: cover; display: block; transition: transform .3s; }
    a:hover img { transform: scale(1.04); }
    .title { font-weight: 600; margin: .6em 0 .1em; display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; overflow-wrap: anywhere; }
    .why { color: var(--soft); font-size: .86em; margin: .15em 0 0; }
    .price { margin: 0; font-variant-numeric: tabular-nums; }
    form { position: relative; display: flex; gap: 8px; }
    input { flex: 1; min-width: 0; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 999px; padding: .7em 1.1em; }
    button { font: inherit; font-weight: 600; border: 0; border-radius: 999px; padding: 0 1.3em; background: var(--accent); color: var(--ronghe-accent-ink, #fff); cursor: pointer; }
    .options { position: absolute; z-index: 10; top: calc(100% + 6px); left: 0; right: 0; background: var(--card); border: 1px solid var(--line); border-radius: var(--round); padding: 6px; box-shadow: 0 12px 32px -12px rgb(0 0 0 / .3); }
    .options li { padding: .5em .8em; border-radius: calc(var(--round) - 5px); cursor: pointer; }
    .options li[aria-selected=true], .options li:hover { background: color-mix(in srgb, currentColor 8%, transparent); }
    .results { margin-top: 1.4em; }
    [hidden] { display: none !important; }
    @media (prefers-reduced-motion: reduce) { img { transition: none; } }`;

  class Widget extends HTMLElement {
    constructor() {
      super();
      this.attachShadow({ mode: "open" });
      this.body = h("div", { part: "body" });
      this.shadowRoot.append(h("style", {}, STYLE), this.body);
      this.turn = 0;
    }
    connectedCallback() { this.draw(); }
    attributeChangedCallback(name, before, now) { if (this.isConnected && before !== now) this.draw(); }
    get tongue() { return (this.closest("[lang]")?.lang || document.documentElement.lang || "en").startsWith("zh") ? "zh" : "en"; }
    word(name) { return WORDS[this.tongue][name]; }
    get wanted() { return this.getAttribute("k") || "6"; }
    local(item, column) { return item[`${column}_${this.tongue}`] || item[column] || ""; }
    link(item) {
      const pattern = this.getAttribute("url") || `${BASE}/?item={item_id}`;
      const url = new URL(pattern.replaceAll("{item_id}", encodeURIComponent(item.item_id)), location.href);
      return /^https?:$/.test(url.protocol) ? url.href : "#";
    }
    picture(item) {
      if (!item.image) return h("div", { class: "picture" });
      const source = /^https?:\/\//.test(item.image) ? item.image : `${BASE}/images/${item.image.replace(/^\/?(images\/)?/, "").split("/").map(encodeURIComponent).join("/")}`;
      return h("div", { class: "picture" }, h("img", { src: source, alt: "", loading: "lazy" }));
    }
    price(item) {
      if (item.price === null || item.price === undefined) return null;
      const style = /^[A-Za-z]{3}$/.test(item.currency || "") ? { style: "currency", currency: item.currency } : { minimumFractionDigits: 2 };
      return h("p", { class: "price" }, Number(item.price).toLocaleString(this.tongue === "zh" ? "zh-CN" : "en", style));
    }
    about() { return this.getAttribute("user") ? { user_id: this.getAttribute("user") } : {}; }
    cards(hits, words = "") {
      const said = words ? { query: words } : {};
      const seen = new IntersectionObserver((entries) => {
        for (const entry of entries) {
          if (!entry.isIntersecting) continue;
          seen.unobserve(entry.target);
          tell({ type: "impression", item_id: entry.target.dataset.item, position: Number(entry.target.dataset.position), ...said, ...this.about() });
        }
      }, { threshold: 0.5 });
      return h("ul", { class: "grid", part: "grid" }, ...hits.map((hit, i) => {
        const node = h("li", { "data-item": hit.item_id, "data-position": i + 1, part: "card" }, h("a", {
          href: this.link(hit),
          onclick: () => {
            tell({ type: "click", item_id: hit.item_id, position: i + 1, ...said, ...this.about() });
            send();
            this.dispatchEvent(new CustomEvent("ronghe:click", { detail: hit, bubbles: true, composed: true }));
          },
        }, this.picture(hit), h("p", { class: "title", part: "title" }, this.local(hit, "title")), this.price(hit),
        this.hasAttribute("why") && hit.why ? h("p", { class: "why" }, hit.why) : null));
        seen.observe(node);
        return node;
      }));
    }
    async draw() {
      const mine = ++this.turn;
      try {
        const { hits } = await this.ask();
        if (mine !== this.turn) return;
        const heading = this.getAttribute("heading") ?? this.word(this.kind);
        this.body.replaceChildren(...(hits.length ? [heading && h("h2", { part: "heading" }, heading), this.cards(hits)].filter(Boolean) : []));
        this.dispatchEvent(new CustomEvent("ronghe:shown", { detail: hits.length, bubbles: true, composed: true }));
      } catch (error) {
        if (mine !== this.turn) return;
        this.body.replaceChildren(); // a widget that fails leaves the page as it was
        console.warn(`ronghe: ${error.message}`);
        this.dispatchEvent(new CustomEvent("ronghe:failed", { detail: error.message, bubbles: true, composed: true }));
      }
    }
  }

  class Similar extends Widget {
    static observedAttributes = ["item", "k", "heading", "url"];
    kind = "similar";
    async ask() {
      const item = this.getAttribute("item");
      return item ? call("GET", `/v1/items/${encodeURIComponent(item)}/similar?${query({ k: this.wanted, language: this.tongue })}`) : { hits: [] };
    }
  }
  class Recommendations extends Widget {
    static observedAttributes = ["user", "k", "heading", "url"];
    kind = "recommendations";
    ask() {
      const user = this.getAttribute("user");
      return user
        ? call("GET", `/v1/users/${encodeURIComponent(user)}/recommendations?${query({ k: this.wanted, language: this.tongue })}`)
        : call("POST", "/v1/recommendations", { session: [], k: Number(this.wanted), language: this.tongue });
    }
  }
  class Trending extends Widget {
    static observedAttributes = ["category", "k", "heading", "url"];
    kind = "trending";
    ask() { return call("GET", `/v1/trending?${query({ category: this.getAttribute("category"), k: this.wanted, language: this.tongue })}`); }
  }

  class Search extends Widget {
    static observedAttributes = ["placeholder"];
    draw() {
      const id = `options-${random()}`;
      const box = h("input", { type: "search", maxlength: 200, autocomplete: "off", role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list", "aria-label": this.word("search"), placeholder: this.getAttribute("placeholder") || this.word("search"), part: "input" });
      const options = h("ul", { class: "options", id, role: "listbox", hidden: true });
      const found = h("div", { class: "results", part: "results", "aria-live": "polite" });
      let at = -1, turn = 0, words = [];
      const close = () => { turn += 1; options.hidden = true; box.setAttribute("aria-expanded", "false"); };
      const choose = (text) => { box.value = text; search(); };
      const search = async () => {
        close();
        const text = box.value.trim();
        if (!text) return;
        if (!this.dispatchEvent(new CustomEvent("ronghe:search", { detail: text, bubbles: true, composed: true, cancelable: true }))) return;
        tell({ type: "search", query: text, ...this.about() });
        try {
          const user = this.getAttribute("user");
          const answer = await call("POST", "/v1/search", { q: text, k: Number(this.getAttribute("k") || 12), language: this.tongue, ...(user && { user }) });
          found.replaceChildren(answer.hits.length ? this.cards(answer.hits, text) : h("p", {}, this.word("none")));
        } catch (error) {
          found.replaceChildren(h("p", {}, error.message));
        }
      };
      box.addEventListener("input", async () => {
        const mine = ++turn;
        const text = box.value.trim();
        if (!text) return close();
        const answer = await call("GET", `/v1/suggest?${query({ q: text, k: 6 })}`).catch(() => ({ suggestions: [] }));
        if (mine !== turn) return undefined;
        words = answer.suggestions.map((each) => each.text);
        at = -1;
        options.replaceChildren(...words.map((word, i) => h("li", { role: "option", id: `${id}-${i}`, "aria-selected": "false", onpointerdown: (event) => { event.preventDefault(); choose(word); } }, word)));
        options.hidden = !words.length;
        box.setAttribute("aria-expanded", String(words.length > 0));
        return undefined;
      });
      box.addEventListener("keydown", (event) => {
        if (event.isComposing || options.hidden || !["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return;
        event.preventDefault();
        if (event.key === "Escape") return close();
        at = (at + (event.key === "ArrowDown" ? 1 : words.length - (at < 0 ? 0 : 1))) % words.length;
        [...options.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === at)));
        box.setAttribute("aria-activedescendant", `${id}-${at}`);
        box.value = words[at];
        return undefined;
      });
      box.addEventListener("blur", close);
      this.body.replaceChildren(h("form", { role: "search", onsubmit: (event) => { event.preventDefault(); search(); } }, box, h("button", { part: "button" }, this.word("search")), options), found);
    }
  }

  for (const [name, element] of [["search", Search], ["similar", Similar], ["recommendations", Recommendations], ["trending", Trending]]) {
    if (!customElements.get(`ronghe-${name}`)) customElements.define(`ronghe-${name}`, element);
  }
})();
