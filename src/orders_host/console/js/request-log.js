// The requests of this tab, the latest first, for those who build on the API. Queries are left out: they may name people.

import { signal } from "./view.js";

const KEPT = 50;

/** `[{method, path, status, milliseconds, id}]`. */
export const requests = signal([]);

export const forgetRequests = () => requests.set([]);

/** Sends a request and notes how it was answered. */
export async function noted(method, url, send) {
  const started = performance.now();
  const response = await send();
  const entry = {
    method,
    path: new URL(url, location.origin).pathname,
    status: response.status,
    milliseconds: Math.round(performance.now() - started),
    id: response.headers.get("x-amzn-requestid"),
  };
  requests.set([entry, ...requests.peek()].slice(0, KEPT));
  return response;
}
