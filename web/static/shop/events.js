// What did the shopper do? Sent as it happens, so that the next page already knows.

import { post } from "./api.js";
import { random, shopper } from "./shopper.js";

export function tell(type, fields = {}) {
  const event = { type, event_id: random(), timestamp: Date.now() / 1000, session_id: shopper.session, ...fields };
  if (shopper.user) event.user_id = shopper.user;
  else if (event.item_id) shopper.walk({ type, timestamp: event.timestamp, item_id: event.item_id });
  return send([event]);
}

function send(events) {
  return post("/v1/events", { events }).catch(() => undefined); // the shop goes on when telling fails
}

export function tellPurchase(lines) {
  const order = random();
  const timestamp = Date.now() / 1000;
  if (!shopper.user) for (const line of lines) shopper.walk({ type: "purchase", timestamp, item_id: line.item_id });
  return send(lines.map((line) => ({
    type: "purchase", event_id: random(), timestamp, session_id: shopper.session, order_id: order,
    item_id: line.item_id, quantity: line.quantity, ...(line.price != null && { price: line.price }),
    ...(shopper.user && { user_id: shopper.user }),
  })));
}

// A view is told when it ends, with how long it lasted.
let open = null;
export function beginView(itemId) {
  endView();
  open = { itemId, since: performance.now() };
}
export function endView() {
  if (!open) return Promise.resolve();
  const { itemId, since } = open;
  open = null;
  return tell("view", { item_id: itemId, dwell_s: Math.round((performance.now() - since) / 100) / 10 });
}
addEventListener("pagehide", () => endView());

// Impressions: cards that were half on screen, told together.
let seen = [];
let timer = 0;
const watch = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    watch.unobserve(entry.target);
    const { itemId, position, query } = entry.target.dataset;
    seen.push({
      type: "impression", event_id: random(), timestamp: Date.now() / 1000, session_id: shopper.session, item_id: itemId,
      position: Number(position), ...(query && { query }), ...(shopper.user && { user_id: shopper.user }),
    });
    if (!timer) timer = setTimeout(flush, 2000);
  }
}, { threshold: 0.5 });
function flush() {
  timer = 0;
  const batch = seen.splice(0, 500);
  if (batch.length) send(batch);
}
addEventListener("pagehide", flush);
export const watchImpression = (node) => watch.observe(node);
