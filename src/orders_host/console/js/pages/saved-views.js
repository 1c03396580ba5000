// Views of the orders list: those that every shop needs, and those that the reader saved in this browser.

import { isFiltered, NONE, sameFilters } from "../filters.js";
import { t, tr } from "../i18n.js";
import { preference } from "../preferences.js";
import { link } from "../router.js";
import { question } from "../ui.js";
import { h, signal } from "../view.js";

const MAX_SAVED = 20;
const FOR_STAFF = [["", ""], ["toConfirm", "PENDING"], ["toPrepare", "CONFIRMED"], ["toShip", "PROCESSING"], ["onTheWay", "SHIPPED"]];
const chosen = preference("views");

/** `[{name, filters}]`, as saved. */
export const savedViews = signal(read());

/** The views as links, and a button that saves the filters in use. */
export function viewBar(user, filters) {
  const own = () => savedViews().map(({ name, filters: saved }) => chip(name, { ...NONE, ...saved }, filters, () => forget(name)));
  const common = FOR_STAFF.map(([name, status]) => chip(tr(name ? `view.${name}` : "list.all"), { ...NONE, status }, filters));
  const save = async () => {
    const name = await question(t("view.save.title"), t("view.name"), t("view.save"));
    if (name) store([...savedViews.peek().filter((one) => one.name !== name), { name, filters: filters.peek() }].slice(-MAX_SAVED));
  };
  const unsaved = () =>
    isFiltered(filters()) && !savedViews().some((one) => sameFilters({ ...NONE, ...one.filters }, filters()));
  return h("nav", { class: "views", "aria-label": tr("view.title") }, user.staff ? common : common[0], own, () =>
    unsaved() && h("button", { type: "button", class: "chip is-quiet", onclick: save }, tr("view.save.this")));
}

function chip(label, wanted, filters, remove) {
  const current = () => sameFilters(wanted, filters()) && "page";
  const anchor = h("a", { class: "chip", href: link(["orders"], wanted), "aria-current": current }, label);
  if (!remove) return anchor;
  const drop = h("button", { type: "button", class: "chip-remove", "aria-label": () => t("view.remove", { name: label }), onclick: remove }, "×");
  return h("span", { class: "chip-group" }, anchor, drop);
}

const forget = (name) => store(savedViews.peek().filter((one) => one.name !== name));

function store(views) {
  chosen.set(JSON.stringify(views));
  savedViews.set(views);
}

function read() {
  try {
    const views = JSON.parse(chosen.get() ?? "[]");
    return Array.isArray(views) ? views.filter((one) => typeof one.name === "string" && one.filters) : [];
  } catch {
    return []; // not written by this console
  }
}
