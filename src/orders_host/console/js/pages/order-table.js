// The rows of the orders list: one line an order, in groups that a browser lays out only when they come near.

import { fieldOf, isDescending, precedes, sortBy, sortsFor } from "../filters.js";
import { formatMoney, t, tr } from "../i18n.js";
import { link } from "../router.js";
import { ago, customerName, fulfilmentBadge, numberOf, paymentBadge, plain, statusBadge } from "../ui.js";
import { h, onEnd, scoped, signal } from "../view.js";
import { hiddenColumns } from "./columns.js";

const GROUP = 50;

/**
 * A table that keeps orders by id. `add` appends those that follow, `put` renews a row and holds a new order back until
 * `showWaiting`, so that no row moves under the pointer. `waiting` is the number of those held back. `sortAs` is called
 * with the sort that a press on the head asks for.
 */
export function orderTable(user, { sort, q }, sortAs) {
  const selection = user.staff ? selecting() : null;
  const rows = new Map(); // order_id → {order, element, end}
  const held = new Map(); // order_id → order, newer than the rows
  const waiting = signal(0);
  const body = h("div", { role: "rowgroup", class: "groups" });
  const element = h(
    "div",
    {
      role: "table",
      class: `orders ${user.staff ? "with-customer" : ""}`,
      "data-sorted": fieldOf(sort),
      "data-hidden": () => hiddenColumns(fieldOf(sort)).join(" "),
      "aria-label": tr("list.title"),
      onkeydown: move,
    },
    h("div", { role: "rowgroup", class: "sticky" }, heading(user, selection, { sort, searching: q !== "" }, sortAs)),
    body,
  );
  const newRow = (order) => {
    const [element, end] = scoped(() => row(order, user, selection));
    rows.set(order.order_id, { order, element, end });
    return element;
  };
  const insert = (order, complete) => {
    const later = firstAfter(body, order, rows, sort);
    if (!later && !complete) return;
    const element = newRow(order);
    element.classList.add("is-fresh");
    if (later) later.before(element);
    else (body.lastChild ?? body.appendChild(group())).append(element);
  };
  const hold = (id, order) => {
    if (order) held.set(id, order);
    else held.delete(id);
    waiting.set(held.size);
  };
  const drop = (id) => {
    rows.get(id)?.end();
    rows.get(id)?.element.remove();
    rows.delete(id);
    selection?.drop(id);
  };
  const present = () => [...body.querySelectorAll("[data-order]:not(.is-gone)")];
  onEnd(() => rows.forEach(({ end }) => end()));
  return {
    element,
    waiting,
    /** The orders that were picked, as they are now, in the order of the list; empty for who can't pick. */
    picked: () => {
      const ids = selection?.ids() ?? new Set();
      return ids.size > 0 ? present().map((one) => rows.get(one.dataset.order).order).filter(({ order_id: id }) => ids.has(id)) : [];
    },
    /** Picks the orders with these ids and no others. */
    pick: (ids) => selection?.set(ids, body),
    size: () => present().length,
    orders: () => present().map((one) => rows.get(one.dataset.order).order),
    add(orders) {
      const fresh = orders.filter((order) => !rows.has(order.order_id));
      for (let start = 0; start < fresh.length; start += GROUP) {
        body.append(group(fresh.slice(start, start + GROUP).map(newRow)));
      }
    },
    has: (id) => rows.has(id),
    /** `complete` tells that no orders follow those that were added; else they come by themselves. */
    put(order, { complete, atOnce }) {
      const known = rows.get(order.order_id);
      if (known && known.order.version >= order.version) return;
      if (!known) return atOnce || rows.size === 0 ? insert(order, complete) : hold(order.order_id, order);
      known.end();
      const element = newRow(order);
      element.classList.add("is-fresh");
      swap(known.element, element);
    },
    /** Shows the orders that were held back, and takes away the rows that left the list. */
    showWaiting(complete) {
      for (const gone of body.querySelectorAll(".is-gone")) drop(gone.dataset.order);
      for (const order of held.values()) insert(order, complete);
      held.clear();
      waiting.set(0);
      body.querySelector("[data-order] a")?.focus();
    },
    /** Moves the focus to the order at a position. */
    focus(index) {
      body.querySelectorAll("[data-order] a")[index]?.focus();
    },
    focusHead: () => element.querySelector("[aria-sort] button")?.focus(),
    /** Marks the row of an order that left the list. It stays where it is, for rows below it would move up. */
    leave(id, order) {
      hold(id, null);
      const known = rows.get(id);
      if (!known) return;
      if (order) {
        known.end();
        swap(known.element, newRow(order));
      } else {
        known.element.querySelector(".c-status").replaceChildren(h("span", { class: "badge is-cancelled" }, tr("list.deleted")));
      }
      rows.get(id).element.classList.add("is-gone");
      selection?.drop(id);
    },
  };
}

/** Which rows are picked: by their checkboxes, with Shift all those between. */
function selecting() {
  const ids = signal(new Set());
  let last = null;
  const set = (wanted, body) => {
    ids.set(new Set(wanted));
    for (const box of body.querySelectorAll("[type=checkbox]")) box.checked = ids.peek().has(box.closest("[data-order]").dataset.order);
  };
  const press = (event, id) => {
    const body = event.target.closest(".groups");
    const shown = [...body.querySelectorAll("[data-order]:not(.is-gone)")].map((one) => one.dataset.order);
    const [from, to] = [shown.indexOf(last), shown.indexOf(id)].sort((one, other) => one - other);
    const range = event.shiftKey && from >= 0 ? shown.slice(from, to + 1) : [id];
    const next = new Set(ids.peek());
    for (const each of range) event.target.checked ? next.add(each) : next.delete(each);
    last = id;
    set(next, body);
  };
  const drop = (id) => ids.peek().has(id) && ids.set(new Set([...ids.peek()].filter((one) => one !== id)));
  return { ids, set, press, drop };
}

function pickAll(selection) {
  const press = (event) => {
    const body = event.target.closest(".orders").querySelector(".groups");
    const shown = [...body.querySelectorAll("[data-order]:not(.is-gone)")].map((one) => one.dataset.order);
    selection.set(event.target.checked ? shown : [], body);
  };
  return h("input", { type: "checkbox", "aria-label": tr("bulk.all"), checked: () => selection.ids().size > 0, onclick: press });
}

const pickOne = (selection, order) =>
  h("input", {
    type: "checkbox",
    "aria-label": () => t("bulk.pick", { id: numberOf(order) }),
    checked: selection.ids.peek().has(order.order_id),
    onclick: (event) => selection.press(event, order.order_id),
  });

function heading(user, selection, { sort, searching }, sortAs) {
  const cell = (key, name) => h("span", { role: "columnheader", class: name }, tr(key));
  const sortable = (key, name, field) => {
    const here = fieldOf(sort) === field;
    const button = h("button", { type: "button", class: "sort", onclick: () => sortAs(sortBy(field, sort)) }, h("span", {}, tr(key)));
    const direction = here && (isDescending(sort) ? "descending" : "ascending");
    return sortsFor(searching).includes(field)
      ? h("span", { role: "columnheader", class: name, "aria-sort": direction }, button)
      : cell(key, name);
  };
  return h(
    "div",
    { role: "row", class: "order-row head" },
    selection && h("span", { role: "columnheader", class: "c-pick" }, h("label", {}, pickAll(selection))),
    cell("list.order", "c-order"),
    user.staff && cell("order.customer", "c-customer"),
    sortable("list.total", "c-total", "total_amount"),
    cell("list.status", "c-status"),
    cell("list.payment", "c-payment"),
    cell("list.fulfilment", "c-fulfilment"),
    cell("order.items", "c-items"),
    cell("order.reference", "c-reference"),
    sortable("list.placed", "c-placed", "created_at"),
    sortable("order.updated", "c-updated", "updated_at"),
  );
}

function row(order, user, selection) {
  const href = link(["orders", order.order_id]);
  return h(
    "div",
    { role: "row", class: "order-row", "data-order": order.order_id, onpointerdown: press, onclick: (event) => follow(event, href), onauxclick: (event) => follow(event, href) },
    selection && h("span", { role: "cell", class: "c-pick" }, h("label", {}, pickOne(selection, order))),
    h("span", { role: "cell", class: "c-order" }, h("a", { href }, numberOf(order))),
    user.staff && h("span", { role: "cell", class: "c-customer" }, shownCustomer(order)),
    h("span", { role: "cell", class: "c-total" }, () => formatMoney(order.total_amount, order.currency)),
    h("span", { role: "cell", class: "c-status" }, statusBadge(order.status)),
    h("span", { role: "cell", class: "c-payment" }, order.payment_status && paymentBadge(order.payment_status)),
    h("span", { role: "cell", class: "c-fulfilment" }, order.fulfilment_status && fulfilmentBadge(order.fulfilment_status)),
    h("span", { role: "cell", class: "c-items" }, () => summary(order.items)),
    h("span", { role: "cell", class: "c-reference" }, plain(order.external_reference ?? "")),
    h("span", { role: "cell", class: "c-placed" }, ago(order.created_at)),
    h("span", { role: "cell", class: "c-updated" }, ago(order.updated_at)),
  );
}

const DRAGGED = 4; // pixels between press and release from which text is selected, and nothing opened
let pressed = { x: 0, y: 0 };
const press = ({ clientX: x, clientY: y }) => (pressed = { x, y });

/** The whole row opens its order, yet its text can be selected, which a link over it would prevent. */
function follow(event, href) {
  const selecting = Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > DRAGGED;
  if (event.target.closest("a, .c-pick") || selecting || event.button > 1) return;
  if (event.button === 1 || event.ctrlKey || event.metaKey) open(href, "_blank", "noopener");
  else location.hash = href;
}

function shownCustomer({ customer_id: id, contact }) {
  return h("span", { title: id }, customerName(id, contact));
}

function summary(items) {
  const [first, second, ...others] = items.map((item) => {
    const name = plain(item.name || item.product_id);
    return item.quantity > 1 ? `${item.quantity} × ${name}` : name;
  });
  const shown = second ? `${first}, ${second}` : first;
  return others.length > 0 ? `${shown} ${t("items.more", { count: others.length })}` : shown;
}

const group = (rows) => h("div", { role: "presentation", class: "group" }, rows);

/** The row before which a new order belongs, if there is one. */
function firstAfter(body, order, rows, sort) {
  const all = [...body.querySelectorAll("[data-order]")];
  return all.find((one) => !precedes(rows.get(one.dataset.order).order, order, sort));
}

function swap(old, fresh) {
  const focused = old.contains(document.activeElement);
  old.replaceWith(fresh);
  if (focused) fresh.querySelector("a").focus();
}

/** Up and down move between orders. */
function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && event.currentTarget.contains(document.activeElement) && moveFocus(step)) event.preventDefault();
}

/** Moves the focus by so many rows of the list, from outside of it to the first; returns whether there was one. */
export function moveFocus(step) {
  const links = [...document.querySelectorAll("[data-order] a")];
  const target = links[links.indexOf(document.activeElement) + step] ?? (step > 0 && !links.includes(document.activeElement) ? links[0] : null);
  target?.focus();
  target?.scrollIntoView({ block: "nearest" });
  return Boolean(target);
}
