// Which departments are there, what is each called in the shopper's language, and which item shows it?

import { post } from "./api.js";
import { local, noteColumns } from "./format.js";

const STEP = " > ";
let asked = null;

/** path -> {name, item}: one item of each category, the one most in demand, also for the levels above it. */
export function departments() {
  asked ||= post("/v1/search", { q: "", k: 400, collapse: "category" }).then(({ hits }) => {
    noteColumns(hits);
    const found = new Map();
    for (const item of hits) {
      const steps = (item.category || "").split(STEP);
      for (let depth = 1; depth <= steps.length; depth += 1) {
        const path = steps.slice(0, depth).join(STEP);
        if (path && !found.has(path)) found.set(path, { item, depth });
      }
    }
    return found;
  }).catch(() => { asked = null; return new Map(); });
  return asked;
}

/** The last step of a category's path in the shopper's language. */
export function nameOf(path, found) {
  const own = path.split(STEP).at(-1);
  const known = found.get(path);
  return known ? String(local(known.item, "category")).split(STEP)[known.depth - 1] || own : own;
}
