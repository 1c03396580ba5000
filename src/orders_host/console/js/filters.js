// The filters of the orders list: from the URL, into a request, and whether an order passes them.

import { STATUSES } from "./rules.js";

/** The filters in a URL's parameters; days are `YYYY-MM-DD` in the reader's own time zone. */
export const filtersOf = (query) => ({
  customer: query.get("customer") ?? "",
  status: STATUSES.includes(query.get("status")) ? query.get("status") : "",
  from: day(query.get("from")),
  to: day(query.get("to")),
  q: query.get("q") ?? "",
});

/** The parameters of a URL that say nothing a list could follow, as `[name, value]`. */
export const unreadable = (query) =>
  Object.entries(filtersOf(query))
    .filter(([name, value]) => query.get(name) && !value)
    .map(([name]) => [name, query.get(name)]);

export const isFiltered = (filters) => Object.values(filters).some(Boolean);

export const sameFilters = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The same as parameters of `GET /v1/orders`; words are looked for in the orders that it answers. */
export const asQuery = ({ customer, status, from, to }) => ({
  customer_id: customer,
  status,
  created_from: from && new Date(`${from}T00:00:00`).toISOString(),
  created_to: to && new Date(`${to}T23:59:59.999`).toISOString(),
});

/** Whether a list with these filters shows the order. */
export function passes(order, filters) {
  const query = asQuery(filters);
  return (
    (!query.customer_id || order.customer_id === query.customer_id) &&
    (!query.status || order.status === query.status) &&
    (!query.created_from || order.created_at >= query.created_from) &&
    (!query.created_to || order.created_at <= query.created_to) &&
    matches(order, filters.q)
  );
}

/** Whether the text is an order's whole number or id, which name it in a URL. */
export const isHandle = (text) =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) || /^[0-9a-tv-z]{4}-[0-9a-tv-z]{4}-[0-9a-tv-z]{4}$/i.test(text);

/** Whether each of the words is in the order: in a number, its customer, its items or what was noted. */
export function matches(order, words) {
  const text = folded(handlesOf(order).filter(Boolean).join("\n"));
  return folded(words ?? "").split(/\s+/).every((word) => text.includes(word.replace(/^#/, "")));
}

const handlesOf = (order) => [
  order.order_number,
  order.order_id,
  order.customer_id,
  order.external_reference,
  ...Object.values(order.contact ?? {}),
  ...order.items.flatMap(({ product_id: id, name }) => [id, name]),
  ...[order.shipping_address, order.billing_address].flatMap((address) => (address ? Object.values(address).flat() : [])),
  order.notes,
  ...Object.entries(order.metadata).flat(),
];

/** Without case and accents: who looks for "cafe" means "Café" too. */
const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

// A date is typed digit by digit, and its year is 0002 on the way to 2026.
const EARLIEST = "2000-01-01";

export const day = (text) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && text >= EARLIEST ? text : "";
