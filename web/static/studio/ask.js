// How does the studio ask the server? With the operator's key, kept for this tab only.

const STORE = "ronghe-admin";
let key = "";
try { key = sessionStorage.getItem(STORE) || ""; } catch { key = ""; }

export function useKey(given) {
  key = given;
  try { sessionStorage.setItem(STORE, given); } catch { /* then until the page is left */ }
}

export async function ask(method, path, body) {
  const headers = {};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const type = answer.headers.get("Content-Type") || "";
  const document = type.includes("json") ? await answer.json() : await answer.text();
  if (!answer.ok) throw Object.assign(new Error(document.detail || answer.statusText), { status: answer.status });
  return document;
}
export const get = (path, params) => ask("GET", params ? `${path}?${new URLSearchParams(params)}` : path);
