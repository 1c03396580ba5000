// The rows of the orders list: one line an order, in groups that a browser lays out only when they come near.

import { formatMoney, t, tr } from "../i18n.js";
import { link } from "../router.js";
import { ago, shortId, statusBadge } from "../ui.js";
import { h, onEnd, scoped } from "../view.js";

const GROUP = 50;

/** A table that keeps orders by id. `add` appends older ones, `put` adds a newer one or renews a row. */
export function orderTable(user) {
  const rows = new Map(); // order_id → {order, element, end}
  const body = h("div", { role: "rowgroup", class: "groups" });
  const element = h(
    "div",
    { role: "table", class: `orders ${user.staff ? "with-customer" : ""}`, "aria-label": tr("list.title"), onkeydown: move },
    h("div", { role: "rowgroup" }, heading(user)),
    body,
  );
  const newRow = (order) => {
    const [element, end] = scoped(() => row(order, user));
    rows.set(order.order_id, { order, element, end });
    return element;
  };
  onEnd(() => rows.forEach(({ end }) => end()));
  return {
    element,
    size: () => rows.size,
    orders: () => [...body.querySelectorAll("[data-order]")].map((one) => rows.get(one.dataset.order).order),
    add(orders) {
      const fresh = orders.filter((order) => !rows.has(order.order_id));
      for (let start = 0; start < fresh.length; start += GROUP) {
        body.append(group(fresh.slice(start, start + GROUP).map(newRow)));
      }
    },
    /** `complete` tells that there are no older orders than those added; else older ones come by themselves. */
    put(order, complete) {
      const known = rows.get(order.order_id);
      if (known && known.order.version >= order.version) return;
      const later = known ? null : firstNotAfter(body, order, rows);
      if (!known && !later && !complete) return;
      known?.end();
      const element = newRow(order);
      element.classList.add("is-fresh");
      if (known) swap(known.element, element);
      else if (later) later.before(element);
      else (body.lastChild ?? body.appendChild(group())).append(element);
    },
    /** Moves the focus to the order at a position. */
    focus(index) {
      body.querySelectorAll("[data-order] a")[index]?.focus();
    },
    drop(id) {
      const known = rows.get(id);
      known?.end();
      known?.element.remove();
      rows.delete(id);
    },
  };
}

function heading(user) {
  const cell = (key, name) => h("span", { role: "columnheader", class: name }, tr(key));
  return h(
    "div",
    { role: "row", class: "order-row head" },
    cell("list.order", "c-order"),
    user.staff && cell("order.customer", "c-customer"),
    cell("list.placed", "c-placed"),
    cell("list.status", "c-status"),
    cell("list.total", "c-total"),
  );
}

function row(order, user) {
  const open = h("a", { href: link(["orders", order.order_id]) }, shortId(order.order_id));
  return h(
    "div",
    { role: "row", class: "order-row", "data-order": order.order_id },
    h("span", { role: "cell", class: "c-order" }, open, h("span", { class: "items" }, () => summary(order.items))),
    user.staff && h("span", { role: "cell", class: "c-customer" }, shownCustomer(order.customer_id)),
    h("span", { role: "cell", class: "c-placed" }, ago(order.created_at)),
    h("span", { role: "cell", class: "c-status" }, statusBadge(order.status)),
    h("span", { role: "cell", class: "c-total" }, () => formatMoney(order.total_amount, order.currency)),
  );
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-/;
const shownCustomer = (id) => h("span", { title: id }, UUID.test(id) ? shortId(id) : id);

function summary(items) {
  const [first, second, ...others] = items.map((item) => {
    const name = item.name || item.product_id;
    return item.quantity > 1 ? `${item.quantity} × ${name}` : name;
  });
  const shown = second ? `${first}, ${second}` : first;
  return others.length > 0 ? `${shown} ${t("items.more", { count: others.length })}` : shown;
}

const group = (rows) => h("div", { role: "presentation", class: "group" }, rows);

/** The row before which a new order belongs, if there is one: rows are newest first. */
function firstNotAfter(body, order, rows) {
  const all = [...body.querySelectorAll("[data-order]")];
  return all.find((one) => rows.get(one.dataset.order).order.created_at <= order.created_at);
}

function swap(old, fresh) {
  const focused = old.contains(document.activeElement);
  old.replaceWith(fresh);
  if (focused) fresh.querySelector("a").focus();
}

/** Up and down move between orders. */
function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const links = step && [...event.currentTarget.querySelectorAll("[data-order] a")];
  const target = links?.[links.indexOf(document.activeElement) + step];
  if (!target || !links.includes(document.activeElement)) return;
  event.preventDefault();
  target.focus();
}
