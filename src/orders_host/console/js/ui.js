// The pieces that every page is made of.

import { formatAgo, formatMoment, known, t, tr } from "./i18n.js";
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

/** Runs `action` once at a time, with `busy` set; a failure that it leaves to others is said in passing. */
function oneAtATime(busy, action) {
  return async (event) => {
    event.preventDefault();
    if (busy.peek()) return;
    busy.set(true);
    try {
      await action();
    } catch (error) {
      toast(`${titleOf(error)}. ${detailOf(error)}`);
    } finally {
      busy.set(false);
    }
  };
}

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

/** A moment as "3 hours ago", exactly when pointed at. */
export const ago = (time) => h("time", { datetime: time, title: () => formatMoment(time) }, () => formatAgo(time, now()));

const now = signal(Date.now());
setInterval(() => now.set(Date.now()), 60_000);

/** The last part of an id, enough to tell orders apart at a glance; the first is a time, which neighbours share. */
export const shortId = (id) => id.slice(-8);

/** What stands in for content that is on its way. */
export const loading = () =>
  h(
    "div",
    { class: "skeleton", role: "status" },
    h("span", { class: "visually-hidden" }, tr("loading")),
    [1, 2, 3, 4, 5].map(() => h("div", { class: "bone" })),
  );

export const empty = (title, text, ...actions) =>
  h("div", { class: "empty" }, h("h2", {}, title), h("p", {}, text), actions);

/** What a failure says, and a way on. */
export function failure(error, retry) {
  return h(
    "div",
    { class: "notice is-error", role: "alert" },
    h("p", { class: "notice-title" }, () => titleOf(error)),
    h("p", {}, () => detailOf(error)),
    error.request_id && h("p", { class: "small" }, tr("error.request"), " ", h("code", {}, error.request_id)),
    retry && h("button", { type: "button", class: "button", onclick: retry }, tr("retry")),
  );
}

const titleOf = (error) => {
  if (error instanceof Unreachable) return t("error.unreachable.title");
  const key = `problem.${error.slug}`;
  return known(key) ? t(key) : error.title ?? t("error.title");
};

/** The API's own words, which name the cause; they are English. */
export const detailOf = (error) => (error instanceof Unreachable ? t("error.unreachable") : error.message);

const region = h("div", { class: "toasts", role: "status" });
document.body.append(region);

/** Says something in passing, also to screen readers. */
export function toast(text) {
  const note = h("p", { class: "toast" }, text);
  region.append(note);
  setTimeout(() => note.remove(), 6000);
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

export async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch {
    toast(t("copy.refused"));
  }
}
