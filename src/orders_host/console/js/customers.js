// The customers that have ordered, for staff who order on somebody's behalf.

import { formatAgo, t } from "./i18n.js";
import * as orders from "./orders.js";
import { signal } from "./view.js";

const READ = 100; // orders, the latest, whose customers are offered
const LEAST_TAIL = 6; // characters of an id's end, as lists show it, that name a customer

/**
 * `options` is a signal of `[{id, text}]`, the latest first. `find` gives the id of an order's draft as the API is to
 * have it; it raises a fault when no order was ever placed under it, unless the draft says that the customer is new.
 */
export function knownCustomers(abort) {
  const options = signal([]);
  const read = orders.list({ limit: READ }, abort).then((page) => options.set(optionsOf(page.orders)), () => {});
  return {
    options,
    async find({ customer_id: given, new_customer: isNew }) {
      await read;
      const id = completed(given.trim(), options.peek());
      if (isNew || options.peek().some((one) => one.id === id)) return id;
      const { orders: placed } = await orders.list({ customer_id: id, limit: 1 }, abort);
      if (placed.length > 0) return id;
      const error = new Error(t("form.for.unknown"));
      throw Object.assign(error, { slug: "invalid-input", errors: [{ pointer: "/customer_id", detail: t("form.for.unknown") }] });
    },
  };
}

function optionsOf(placed) {
  const latest = new Map();
  for (const order of placed) if (!latest.has(order.customer_id)) latest.set(order.customer_id, order);
  return [...latest].map(([id, order]) => ({ id, text: textOf(order) }));
}

function textOf({ contact, items, created_at: at }) {
  const what = contact?.name ?? items[0]?.name ?? items[0]?.product_id ?? "";
  return `${what} · ${formatAgo(at, Date.now())}`;
}

/** The id whose end was given, if it is the end of one id only. */
function completed(given, options) {
  const ending = given.length < LEAST_TAIL ? [] : options.filter(({ id }) => id.endsWith(given));
  return ending.length === 1 ? ending[0].id : given;
}
