// An operation's request: its fields, the cURL command they make, and what comes back when it is sent.

import { credentials, urlOf } from "../api.js";
import { config } from "../config.js";
import { curl } from "../curl.js";
import { reach } from "../http.js";
import { formatNumber, t, tr } from "../i18n.js";
import { user } from "../session.js";
import { confirmation, copy, failure, field, form, input, submitButton } from "../ui.js";
import { effect, h, signal } from "../view.js";
import { exampleOf, resolve } from "./contract.js";

// An order that was only looked at must not be one click from being changed: these ask for its id.
const DESTRUCTIVE = new Set(["PUT", "PATCH", "DELETE"]);

/** Ids that answers brought, by parameter name: they fill the empty fields of other operations. */
const seen = signal({});

export function requestPanel(document, operation) {
  const revision = signal(0);
  const answer = signal(null);
  const controls = operation.parameters.map((parameter) => ({ parameter, control: controlOf(document, parameter) }));
  const json = operation.requestBody?.content["application/json"];
  const body = json && h("textarea", { rows: 8, spellcheck: "false", class: "code" });
  if (body) body.value = JSON.stringify(exampleOf(json), null, 2);
  for (const { parameter, control } of controls) {
    if (parameter.in !== "path" || DESTRUCTIVE.has(operation.method)) continue;
    effect(() => {
      control.value ||= seen()[parameter.name] ?? "";
      revision.set(revision.peek() + 1);
    });
  }
  const request = () => (revision(), requestOf(operation, controls, body?.value));
  const send = async () => {
    const missing = controls.find(({ parameter, control }) => parameter.required && !control.value.trim());
    if (missing) return missing.control.focus();
    const sent = request();
    if (operation.method === "DELETE" && !(await confirmation(t("docs.delete.title"), sent.url, t("docs.send")))) return;
    answer.set(await exchange(sent));
  };
  return h(
    "div",
    { class: "request stack" },
    commandBlock(tr("docs.curl"), () => commandOf(request())),
    h(
      "details",
      { class: "try" },
      h("summary", {}, tr("docs.try")),
      form(
        { class: "stack", oninput: () => revision.set(revision.peek() + 1) },
        send,
        controls.map(({ parameter, control }) => field(h("code", {}, parameter.name), control)),
        body && field(tr("docs.body"), body),
        h("div", {}, submitButton(tr("docs.send"))),
      ),
      h("div", { role: "status" }, () => answer() && shown(answer())),
    ),
  );
}

/** A command in a box, with a button that copies it. */
export function commandBlock(title, text) {
  return h(
    "div",
    { class: "command" },
    h(
      "div",
      { class: "row between" },
      h("h3", {}, title),
      h("button", { type: "button", class: "link small", onclick: () => copy(text(), t("copied")) }, tr("docs.copy")),
    ),
    h("pre", { tabindex: "0" }, text),
  );
}

function controlOf(document, parameter) {
  const { node: whole } = resolve(document, parameter.schema);
  const node = whole.type === "array" ? resolve(document, whole.items).node : whole; // of a list, one value
  if (node.enum) return h("select", {}, ["", ...node.enum].map((value) => h("option", { value }, value)));
  return input({ placeholder: parameter.example ?? node.format ?? "", required: parameter.required, spellcheck: "false" });
}

function requestOf({ method, path, parameters }, controls, body) {
  const values = Object.fromEntries(controls.map(({ parameter, control }) => [parameter.name, control.value.trim()]));
  const of = (place) => parameters.filter((one) => one.in === place && values[one.name]).map((one) => [one.name, values[one.name]]);
  const filled = path.replace(/\{(\w+)\}/g, (whole, name) => (values[name] ? encodeURIComponent(values[name]) : whole));
  const headers = Object.fromEntries(of("header"));
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return { method, url: urlOf(filled, Object.fromEntries(of("query"))), headers, body };
}

function commandOf({ method, url, headers, body }) {
  const key = config.api_key ? { "X-Api-Key": config.api_key } : {};
  return curl(method, url, { Authorization: "Bearer $TOKEN", ...key, ...headers }, body);
}

async function exchange({ method, url, headers, body }) {
  const begun = performance.now();
  try {
    const signed = user.peek() ? await credentials() : {};
    const response = await reach(url, { method, headers: { ...signed, ...headers }, body });
    const text = await response.text();
    note(text);
    return { response, text, took: Math.round(performance.now() - begun) };
  } catch (error) {
    return { error };
  }
}

function note(text) {
  try {
    const answer = JSON.parse(text);
    const order = answer.orders?.[0] ?? answer;
    const found = { order_id: order.order_id, return_id: order.returns?.at(-1)?.return_id };
    seen.set({ ...seen.peek(), ...Object.fromEntries(Object.entries(found).filter(([, id]) => id)) });
  } catch {
    // Not JSON: there is nothing to learn from it.
  }
}

function shown({ error, response, text, took }) {
  if (error) return failure(error);
  const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  return h(
    "div",
    { class: "answer stack" },
    h("h3", {}, tr("docs.response")),
    h(
      "p",
      { class: "row" },
      h("span", { class: `code-${String(response.status)[0]}xx` }, `${response.status} ${response.statusText}`),
      h("span", { class: "muted small" }, () => t("docs.took", { ms: formatNumber(took) })),
    ),
    h("pre", { tabindex: "0", class: "muted" }, headers),
    text && h("pre", { tabindex: "0" }, pretty(text)),
  );
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
