// Keys that work wherever nothing is being typed, and the list of them.

import { t } from "./i18n.js";
import { moveFocus } from "./pages/order-table.js";
import { preference } from "./preferences.js";
import { navigate, PAGE_SHOWN, route } from "./router.js";
import { h } from "./view.js";

// WCAG 2.1.4: keys without Ctrl or Alt can be switched off, because speech input may trigger them.
const choice = preference("keys");

const KEYS = {
  "/": () => search(),
  j: () => moveFocus(1) || step(1),
  k: () => moveFocus(-1) || step(-1),
  x: () => document.activeElement.closest("[data-order]")?.querySelector("[type=checkbox]")?.click(),
  n: () => navigate(["new"]),
  s: () => document.querySelector("[name=ship]")?.click(),
  "?": () => shortcutsDialog(),
};
const SHOWN = [["Ctrl K", "palette"], ["/", "search"], ["j", "next"], ["k", "previous"], ["Enter", "open"], ["x", "pick"], ["n", "new"], ["s", "ship"], ["?", "help"]];

/** Follows the keys while somebody is signed in; `openPalette` is called for Ctrl+K and ⌘K. */
export function followShortcuts(user, openPalette) {
  document.addEventListener("keydown", (event) => {
    if (!user.peek() || document.querySelector("dialog[open]")) return;
    const chord = event.ctrlKey || event.metaKey;
    if (chord && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    } else if (!chord && !event.altKey && KEYS[event.key] && choice.get() !== "off" && !isTyping(event.target)) {
      event.preventDefault();
      KEYS[event.key]();
    }
  });
}

/** From an order's page to the one beside it in the list. */
const step = (by) => document.querySelector(`[data-step="${by}"]`)?.click();

const isTyping = (element) => element.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

/** To the search box of the list, which may have to be opened first. */
function search() {
  const box = () => document.querySelector("[data-search]");
  if (route.peek().path.join("/") !== "orders") {
    navigate(["orders"]);
    addEventListener(PAGE_SHOWN, () => box()?.focus(), { once: true });
  }
  box()?.focus();
  box()?.select();
}

/** The keys there are, and whether they are on. */
export function shortcutsDialog() {
  const box = h("input", { type: "checkbox", checked: choice.get() !== "off", onchange: () => choice.set(box.checked ? "on" : "off") });
  const dialog = h(
    "dialog",
    { class: "dialog", "aria-labelledby": "shortcuts-title", onclose: () => dialog.remove() },
    h("h2", { id: "shortcuts-title" }, t("keys.title")),
    h("dl", { class: "keys" }, SHOWN.map(([key, name]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, t(`keys.${name}`))))),
    h("label", { class: "row" }, box, t("keys.on")),
    h("div", { class: "row end" }, h("button", { type: "button", class: "button", autofocus: true, onclick: () => dialog.close() }, t("close"))),
  );
  document.body.append(dialog);
  dialog.showModal();
}
