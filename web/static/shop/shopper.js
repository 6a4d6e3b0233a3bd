// Who is shopping, with what in the bag, in which language and light? Kept in this browser only.

const KEY = "ronghe";
let state = {};
try { state = JSON.parse(localStorage.getItem(KEY) || "{}"); } catch { state = {}; }
const asked = new URLSearchParams(location.search);
if (asked.has("theme")) state.theme = asked.get("theme");
if (asked.has("lang")) state.lang = asked.get("lang");
if (!state.session) state.session = random();
keep();

export function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keep() {
  try { localStorage.setItem(KEY, JSON.stringify(state)); } catch { /* a private window: kept for this page only */ }
}

export const shopper = {
  get user() { return state.user || ""; },
  set user(id) { state.user = id; state.session = random(); state.trail = []; keep(); },
  /** What a guest did in this visit, oldest first: sent with the question, stored nowhere else. */
  get trail() { return state.trail || []; },
  walk(event) { state.trail = [...this.trail, event].slice(-30); keep(); },
  get session() { return state.session; },
  get bag() { return state.bag || []; },
  set bag(lines) { state.bag = lines; keep(); },
  get recent() { return state.recent || []; },
  remember(query) { state.recent = [query, ...this.recent.filter((q) => q !== query)].slice(0, 5); keep(); },
  set(name, value) { state[name] = value; keep(); },
};
