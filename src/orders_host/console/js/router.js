// Which page the URL's fragment names, and its parameters. The fragment, because static hosting serves one file.

import { signal } from "./view.js";

const HOME = "orders";

/** The event of the window after a page was put into the document, which its code may delay. */
export const PAGE_SHOWN = "orders-page-shown";

/** `{path: ["orders", "…"], query: URLSearchParams}` of the URL. */
export const route = signal(read());

/** The link to a page: `link(["orders", id], {status: "PENDING"})`. */
export function link(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const text = new URLSearchParams(given).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text && `?${text}`}`;
}

/** Goes to a page. */
export function navigate(path, query) {
  location.hash = link(path, query);
}

/** Notes parameters in the URL without leaving the page. */
export function noteQuery(query) {
  history.replaceState(history.state, "", link(route.peek().path, query));
}

addEventListener("hashchange", () => route.set(read()));

function read() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: (path || HOME).split("/").filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // a lone %: no page has such a name
  }
}
