// What happens to orders while one looks: Server-Sent Events where the host has them, else a regular reminder to look.

import { credentials, urlOf } from "./api.js";
import { delay, reach } from "./http.js";
import { renew } from "./session.js";
import { onEnd, signal } from "./view.js";

const POLL_SECONDS = 10;
const LONGEST_PAUSE = 15; // seconds between attempts

/** "connecting", "live" or "polling". */
export const liveness = signal("connecting");

const listeners = new Set();
let lastId = null;

/** Calls `listener` with each OrderEvent, and with null when something may have been missed: then read again. */
export function onLive(listener) {
  listeners.add(listener);
  onEnd(() => listeners.delete(listener));
}

/** Follows events until the surrounding scope ends, while the page can be seen. */
export function followEvents() {
  let stop = () => {};
  const start = () => {
    stop();
    if (document.hidden) return;
    const controller = new AbortController();
    stop = () => controller.abort();
    follow(controller.signal).catch(() => {});
  };
  document.addEventListener("visibilitychange", start);
  onEnd(() => {
    document.removeEventListener("visibilitychange", start);
    stop();
    lastId = null;
  });
  start();
}

async function follow(signal) {
  // API Gateway answers a request once and can't stream; the host that serves this page can.
  if (new URL(urlOf("")).origin !== location.origin) return poll(signal);
  for (let pause = 0.5; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    const response = await open(signal).catch(() => null);
    if (response?.status === 404) return poll(signal);
    if (response?.status === 401) await renew().catch(() => {});
    if (response?.ok) {
      pause = 0.5;
      liveness.set("live");
      if (lastId === null) tell(null);
      await read(response.body).catch(() => {});
    }
    if (signal.aborted) return;
    liveness.set("connecting");
    await delay(pause, signal);
  }
}

async function open(signal) {
  const headers = { ...(await credentials()), Accept: "text/event-stream" };
  if (lastId !== null) headers["Last-Event-ID"] = lastId;
  return reach(urlOf("/v1/events"), { headers, signal, cache: "no-store" });
}

async function poll(signal) {
  liveness.set("polling");
  for (;;) {
    await delay(POLL_SECONDS, signal);
    tell(null);
  }
}

/** Reads a stream of events (https://html.spec.whatwg.org/multipage/server-sent-events.html) to its end. */
async function read(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + value).replace(/\r\n?/g, "\n").split("\n\n");
    text = blocks.pop();
    for (const block of blocks) dispatch(block);
  }
}

function dispatch(block) {
  const data = [];
  for (const line of block.split("\n")) {
    const [, name, value] = /^([^:]*)(?:: ?(.*))?$/.exec(line);
    if (name === "id") lastId = value;
    if (name === "data") data.push(value);
  }
  if (data.length > 0) tell(JSON.parse(data.join("\n")));
}

function tell(event) {
  for (const listener of [...listeners]) listener(event);
}
