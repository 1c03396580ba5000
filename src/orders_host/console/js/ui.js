// The pieces that every page is made of.

import { faultText } from "./faults.js";
import { formatAgo, formatMoment, known, language, t, tr } from "./i18n.js";
import { Unreachable } from "./http.js";
import { effect, h, signal } from "./view.js";

let counter = 0;
const newId = (name) => `${name}-${++counter}`;

/** A labelled control with its hint and its fault: `fault` is a signal of a text, or absent. */
export function field(label, control, { hint, fault, className = "" } = {}) {
  const id = (control.id ||= newId("field"));
  const hintId = hint && newId("hint");
  const faultId = fault && newId("fault");
  if (fault) effect(() => control.setAttribute("aria-invalid", String(Boolean(fault()))));
  const described = [hintId, faultId].filter(Boolean).join(" ");
  if (described) control.setAttribute("aria-describedby", described);
  return h(
    "div",
    { class: `field ${className}` },
    h("label", { for: id }, label),
    control,
    hint && h("p", { class: "hint", id: hintId }, hint),
    fault && h("p", { class: "fault", id: faultId }, fault),
  );
}

export const input = (attributes) => h("input", { type: "text", autocomplete: "off", ...attributes });

/** A control that writes what is typed into `target[name]`. */
export function bound(control, target, name) {
  control.value = target[name];
  control.addEventListener("input", () => (target[name] = control.value));
  return control;
}

/** Runs `action` once at a time, with `busy` set; a failure that it leaves to others is shown where the action is. */
function oneAtATime(busy, action) {
  let shown = null;
  return async (event) => {
    event.preventDefault();
    const place = event.currentTarget;
    if (busy.peek()) return;
    busy.set(true);
    shown?.remove();
    try {
      await action();
    } catch (error) {
      shown = failure(error);
      if (place.isConnected) besideOf(place).after(shown);
      else toast(`${titleOf(error)}. ${detailOf(error)}`);
    } finally {
      busy.set(false);
    }
  };
}

const besideOf = (place) => place.closest(".page-head, form, .actions, .row") ?? place;

/** A button that is busy while the promise of its action is open, and then takes no other click. */
export function actionButton(text, action, { kind = "", ...attributes } = {}) {
  const busy = signal(false);
  const press = oneAtATime(busy, action);
  return h(
    "button",
    { type: "button", class: `button ${kind}`, onclick: press, "aria-disabled": () => busy() && "true", ...attributes },
    text,
  );
}

/** A form whose submission runs once at a time; its submit button shows it. */
export function form(attributes, submit, ...children) {
  const busy = signal(false);
  const send = oneAtATime(busy, submit);
  return h("form", { novalidate: true, onsubmit: send, "aria-busy": () => busy() && "true", ...attributes }, children);
}

export const submitButton = (text, kind = "primary") => h("button", { type: "submit", class: `button ${kind}` }, text);

export const statusBadge = (status) =>
  h("span", { class: `badge is-${status.toLowerCase()}` }, tr(`status.${status}`));

export const returnBadge = (status) =>
  h("span", { class: `badge is-${status.toLowerCase()}` }, tr(`return.${status}`));

/** How far an order is paid, or where one of its payments is. */
export const paymentBadge = (status) =>
  h("span", { class: `badge is-${status.toLowerCase()}` }, tr(`payment.${status}`));

/** How much of an order was shipped. */
export const fulfilmentBadge = (status) =>
  h("span", { class: `badge is-${status.toLowerCase()}` }, tr(`fulfilment.${status}`));

/** A moment as "3 hours ago", exactly when pointed at. */
export const ago = (time) => h("time", { datetime: time, title: () => formatMoment(time) }, () => formatAgo(time, now()));

const now = signal(Date.now());
setInterval(() => now.set(Date.now()), 60_000);

/** The last part of an id, enough to tell orders apart at a glance; the first is a time, which neighbours share. */
export const shortId = (id) => id.slice(-8);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-/;

/** What a customer is called: by the contact of an order, else by its id, of which the end suffices if it is a UUID. */
export const customerName = (id, contact) => plain(contact?.name || (UUID.test(id) ? shortId(id) : id));

/** What an order is called: its number where it has one, else the end of its id. */
export const numberOf = (order) => (order.order_number ? String(order.order_number) : shortId(order.order_id));

/** A text that somebody typed, with the marks made visible that would turn the direction of what follows. */
export const plain = (text) => String(text).replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

/** What stands in for content that is on its way, in the shape of what will come: "rows", "cards" or "order". */
export const loading = (shape = "cards") =>
  h(
    "div",
    { class: `skeleton is-${shape}`, role: "status" },
    h("span", { class: "visually-hidden" }, tr("loading")),
    Array.from({ length: BONES[shape] }, () => h("div", { class: "bone" })),
  );

const BONES = { rows: 12, cards: 8, order: 4 };

export const empty = (title, text, ...actions) =>
  h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, text), actions);

/** What a failure says, and a way on. */
export function failure(error, retry) {
  return h(
    "div",
    { class: "notice is-error", role: "alert" },
    h("p", { class: "notice-title" }, () => titleOf(error)),
    h("p", {}, () => detailOf(error)),
    error.errors?.length > 0 && h("ul", { class: "plain" }, error.errors.map((each) => h("li", {}, faultLine(each)))),
    error.request_id && h("p", { class: "small" }, tr("error.request"), " ", h("code", {}, error.request_id)),
    retry && h("button", { type: "button", class: "button", onclick: retry }, tr("retry")),
  );
}

/** A fault with the name of what it is about: a pointer into the body, a parameter or a header. */
const faultLine = ({ pointer, parameter, header, detail }) => [
  h("code", {}, pointer ?? parameter ?? header ?? ""),
  " ",
  () => faultText(detail, pointer),
];

const titleOf = (error) => {
  if (error instanceof Unreachable) return t("error.unreachable.title");
  const key = `problem.${error.slug}`;
  return known(key) ? t(key) : error.title ?? t("error.title");
};

/** The API's own words in English; in another language what its kind of problem means. */
export const detailOf = (error) => {
  if (error instanceof Unreachable) return t("error.unreachable");
  if (language() === "en" && error.message) return error.message;
  const key = `detail.${error.slug}`;
  return known(key) ? t(key) : error.message;
};

const SECONDS_SHOWN = 8;
const region = h("div", { class: "toasts", role: "status" });
document.body.append(region);

/** Says something in passing, also to screen readers: one thing at a time, which can be sent away. `undo` is `[label, act]`. */
export function toast(text, undo) {
  const close = () => (note.remove(), clearTimeout(timer));
  const wait = () => (timer = setTimeout(close, SECONDS_SHOWN * 1000));
  const act = () => (close(), undo[1]());
  const note = h(
    "div",
    { class: "toast", onpointerenter: () => clearTimeout(timer), onpointerleave: () => wait(), onfocusin: () => clearTimeout(timer) },
    h("p", {}, text),
    undo && h("button", { type: "button", class: "link", onclick: act }, undo[0]),
    h("button", { type: "button", class: "close", "aria-label": t("close"), onclick: close }, "×"),
  );
  let timer = 0;
  region.replaceChildren(note);
  wait();
}

/** Runs `change`, which may make the page anew, and gives the focus back to the control that had it, else to the heading. */
export function keepingFocus(change) {
  const [before, main] = [document.activeElement, document.getElementById("main")];
  if (!main.contains(before)) return change();
  const selection = "selectionStart" in before && before.selectionStart !== null ? [before.selectionStart, before.selectionEnd] : null;
  change();
  if (document.activeElement !== document.body) return;
  const isSame = (one) => one.name === before.name && (before.name || one.textContent === before.textContent);
  const again = [...main.querySelectorAll(before.localName)].find(isSame) ?? main.querySelector("h1");
  again?.focus({ preventScroll: true });
  if (selection && again?.setSelectionRange) again.setSelectionRange(...selection);
}

/** Asks before something that can't be undone; resolves to whether it was confirmed. */
export function confirmation(title, text, confirm, kind = "danger") {
  return new Promise((resolve) => {
    const titleId = newId("dialog");
    const close = (value) => () => dialog.close(value);
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": titleId, onclose: () => (dialog.remove(), resolve(dialog.returnValue === "yes")) },
      h("h2", { id: titleId }, title),
      h("p", {}, text),
      h(
        "div",
        { class: "row end" },
        h("button", { type: "button", class: "button", onclick: close("no"), autofocus: true }, t("keep")),
        h("button", { type: "button", class: `button ${kind}`, onclick: close("yes") }, confirm),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Asks for a short text; resolves to it, or to "" when it was called off. */
export function question(title, label, confirm) {
  return new Promise((resolve) => {
    const titleId = newId("dialog");
    const control = input({ maxlength: 40, required: true });
    const answer = () => dialog.close(control.value.trim());
    const dialog = h(
      "dialog",
      { class: "dialog", "aria-labelledby": titleId, onclose: () => (dialog.remove(), resolve(dialog.returnValue)) },
      h("h2", { id: titleId }, title),
      form(
        { class: "stack" },
        answer,
        field(label, control),
        h("div", { class: "row end" }, h("button", { type: "button", class: "button", onclick: () => dialog.close("") }, t("cancel")), submitButton(confirm)),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    control.focus();
  });
}

export async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(t("copy.refused"));
  }
}
