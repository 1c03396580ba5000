// The network and its troubles: reaches a server, waits, and lets the page say what it is waiting for.

import { signal } from "./view.js";

/** No answer came at all: no network, or the server is away. */
export class Unreachable extends Error {}

/** What the page waits for now: null, or `{kind: "offline" | "busy" | "unavailable", seconds}`. */
export const trouble = signal(null);

const LONGEST_PAUSE = 10; // seconds between attempts

/** As `fetch`, with one kind of failure for all that keeps an answer from coming. */
export async function reach(url, init) {
  try {
    const response = await fetch(url, { credentials: "omit", ...init });
    if (trouble.peek()?.kind === "offline") trouble.set(null);
    return response;
  } catch (error) {
    if (init?.signal?.aborted) throw init.signal.reason;
    trouble.set({ kind: "offline" });
    throw new Unreachable(error.message);
  }
}

/** Calls `attempt` until it reaches the server; pauses grow, and end at once when the network comes back. */
export async function untilReached(attempt, signal) {
  for (let pause = 0.5; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      await delay(pause, signal);
    }
  }
}

/** Waits for so many seconds, or until the network comes back. Rejects when `signal` aborts. */
export function delay(seconds, signal) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal?.removeEventListener("abort", stop);
    };
    const done = () => (end(), resolve());
    const stop = () => (end(), reject(signal.reason));
    const timer = setTimeout(done, seconds * 1000);
    addEventListener("online", done);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop);
  });
}

addEventListener("offline", () => trouble.set({ kind: "offline" }));
addEventListener("online", () => trouble.peek()?.kind === "offline" && trouble.set(null));
