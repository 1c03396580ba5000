// Requests to the orders API: signed, repeated where that is safe, and refused with problems that pages can show.

import { config } from "./config.js";
import { delay, reach, trouble, untilReached } from "./http.js";
import { noted } from "./request-log.js";
import { idToken, renew } from "./session.js";

const MAX_ATTEMPTS = 6;
const MAX_WAIT = 60; // seconds; a daily quota asks for hours, which is for people to decide

/** A problem document (RFC 9457); its members are properties. `slug` is the last part of its type. */
export class Problem extends Error {
  constructor(document, retryAfter) {
    super(document.detail);
    Object.assign(this, { errors: [], ...document, retryAfter });
    this.slug = String(document.type).split("/").pop();
  }
}

/**
 * Sends a request and returns `{status, headers, body}`.
 *
 * `query` members that are empty are left out; a `body` is sent as JSON. A request that changes nothing when it comes
 * twice (`repeatable`: GET, or guarded by If-Match or an Idempotency-Key) waits for a server that is away. Any request
 * waits as long as a 429 asks, for it was not looked at.
 */
export async function call(method, path, { query, body, headers, signal } = {}) {
  const url = urlOf(path, query);
  const init = { method, signal, body: body === undefined ? undefined : JSON.stringify(body) };
  const repeatable = method === "GET" || Object.keys(headers ?? {}).some((name) => GUARDS.has(name));
  for (let attempt = 1; ; attempt++) {
    const send = () => authorized(url, init, headers);
    const response = await (method === "GET" ? untilReached(send, signal) : send());
    if (response.ok || response.status === 304) return answerOf(response);
    const problem = await problemOf(response);
    if (!worthWaiting(problem, attempt, repeatable)) throw problem;
    await shown(problem, signal);
  }
}

/** The URL of a path of the API. */
export function urlOf(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined && value !== null);
  const text = new URLSearchParams(given).toString();
  return config.api_url.replace(/\/$/, "") + path + (text && `?${text}`);
}

/** The headers that every request carries. */
export async function credentials() {
  return {
    Authorization: `Bearer ${await idToken()}`,
    ...(config.api_key ? { "X-Api-Key": config.api_key } : {}),
  };
}

/** The problem that a response is; one that no API made (a proxy's page) becomes one too. */
async function problemOf(response) {
  const document = await response.json().catch(() => null);
  const retryAfter = Number(response.headers.get("Retry-After")) || 1;
  if (document?.type) return new Problem(document, retryAfter);
  const detail = document?.message ?? `HTTP ${response.status}`;
  return new Problem({ type: "about:blank", title: detail, status: response.status, detail }, retryAfter);
}

const GUARDS = new Set(["If-Match", "Idempotency-Key"]);

async function authorized(url, init, headers) {
  const type = init.body === undefined ? {} : { "Content-Type": "application/json" };
  const send = async () => {
    const signed = { ...init, headers: { ...(await credentials()), ...type, ...headers } };
    return noted(init.method, url, () => reach(url, signed));
  };
  const response = await send();
  if (response.status !== 401) return response;
  await renew();
  return send();
}

async function answerOf(response) {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null };
}

function worthWaiting(problem, attempt, repeatable) {
  const waits = problem.status === 429 || (problem.status === 503 && repeatable);
  return waits && attempt < MAX_ATTEMPTS && problem.retryAfter <= MAX_WAIT;
}

async function shown(problem, signal) {
  trouble.set({ kind: problem.status === 429 ? "busy" : "unavailable", seconds: problem.retryAfter });
  try {
    await delay(problem.retryAfter, signal);
  } finally {
    trouble.set(null);
  }
}
