// The command palette: pages, views, orders and settings by a few letters of their names.

import { isSearchable } from "./config.js";
import { debounced } from "./debounce.js";
import { isHandle } from "./filters.js";
import { formatMoney, LANGUAGES, language, setLanguage, t } from "./i18n.js";
import * as orders from "./orders.js";
import { savedViews } from "./pages/saved-views.js";
import { navigate } from "./router.js";
import { STATUSES } from "./rules.js";
import { shortcutsDialog } from "./shortcuts.js";
import { setTheme, THEMES } from "./theme.js";
import { input, numberOf, plain } from "./ui.js";
import { effect, h, onEnd, scoped, signal } from "./view.js";

const MAX_SHOWN = 12;
const MAX_ORDERS = 5;
const TYPING = 150; // milliseconds without a key after which orders are looked for

/** Opens it for who is signed in; `signOut` ends the session. */
export function palette(user, signOut) {
  const [dialog, end] = scoped(() => build(user, signOut));
  dialog.addEventListener("close", () => (dialog.remove(), end()));
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("input").focus();
}

function build(user, signOut) {
  const words = signal("");
  const at = signal(0);
  const placed = ordersFor(words);
  const found = () => entriesFor(words(), placed(), user, signOut).slice(0, MAX_SHOWN);
  const run = (entry) => (dialog.close(), entry?.act());
  const keys = (event) => {
    const count = found().length;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter") run(found()[at.peek()]);
    else if (step && count > 0) at.set((at.peek() + step + count) % count);
    else return;
    event.preventDefault();
  };
  const control = input({
    role: "combobox",
    "aria-label": t("palette.title"),
    "aria-expanded": "true",
    "aria-controls": "palette-list",
    "aria-autocomplete": "list",
    "aria-activedescendant": () => found().length > 0 && `palette-${at()}`,
    placeholder: t("palette.hint"),
    oninput: () => (at.set(0), words.set(control.value)),
    onkeydown: keys,
  });
  const row = (entry, index) =>
    h(
      "li",
      { role: "option", id: `palette-${index}`, "aria-selected": () => String(at() === index), onclick: () => run(entry) },
      h("span", {}, entry.text),
      h("span", { class: "muted small" }, entry.kind),
    );
  const dialog = h(
    "dialog",
    { class: "dialog palette", "aria-label": t("palette.title") },
    control,
    h("ul", { role: "listbox", id: "palette-list", class: "plain", "aria-label": t("palette.title") }, () => found().map(row)),
  );
  return dialog;
}

function entriesFor(words, placed, user, signOut) {
  const wanted = words.trim().toLowerCase();
  const named = commands(user, signOut).filter(({ text }) => wanted.split(/\s+/).every((word) => text.toLowerCase().includes(word)));
  return wanted ? [...named, ...searchFor(words.trim()), ...placed.map(orderEntry)] : named;
}

function commands(user, signOut) {
  const page = (text, path, query) => ({ text, kind: t("palette.go"), act: () => navigate(path, query) });
  const setting = (text, act) => ({ text, kind: t("palette.setting"), act });
  return [
    page(t("nav.orders"), ["orders"]),
    page(t("nav.new"), ["new"]),
    page(t("nav.overview"), ["overview"]),
    ...(user.staff ? [page(t("nav.customers"), ["customers"])] : []),
    page(t("mfa.page"), ["security"]),
    page(t("nav.developers"), ["developers"]),
    ...savedViews.peek().map(({ name, filters }) => page(name, ["orders"], filters)),
    ...STATUSES.map((status) => page(`${t("nav.orders")}: ${t(`status.${status}`)}`, ["orders"], { status })),
    setting(t("keys.title"), shortcutsDialog),
    ...THEMES.map((name) => setting(`${t("app.theme")}: ${t(`theme.${name}`)}`, () => setTheme(name))),
    ...LANGUAGES.filter(([code]) => code !== language()).map(([code, name]) => setting(`${t("app.language")}: ${name}`, () => setLanguage(code))),
    setting(t("signin.out"), () => signOut().catch(() => {})),
  ];
}

/** A signal of the latest orders with the words, which the API looks for; none while it can't or does not answer. */
function ordersFor(words) {
  const found = signal([]);
  let controller = new AbortController();
  const look = async () => {
    const q = words.peek().trim();
    if (!q || !isSearchable()) return;
    const { signal } = controller;
    const page = await orders.list({ q, limit: MAX_ORDERS }, signal).catch(() => null);
    if (page && !signal.aborted) found.set(page.orders);
  };
  const later = debounced(look, TYPING);
  effect(() => {
    words();
    controller.abort();
    controller = new AbortController();
    found.set([]);
    later();
  });
  onEnd(() => controller.abort());
  return found;
}

const orderEntry = (order) => ({
  text: `${numberOf(order)} · ${plain(order.items[0]?.name || order.items[0]?.product_id)} · ${formatMoney(order.total_amount, order.currency)}`,
  kind: t(`status.${order.status}`),
  act: () => navigate(["orders", order.order_id]),
});

function searchFor(words) {
  const act = isHandle(words) ? () => navigate(["orders", words]) : () => navigate(["orders"], { q: words });
  return [{ text: t("palette.search", { words }), kind: t("nav.orders"), act }];
}
