// The filters of the orders list: from the URL, into a request, and whether an order passes them.

import { isSearchable } from "./config.js";
import { CURRENCIES, toMinor } from "./money.js";
import { FULFILLED, PAID, STATUSES } from "./rules.js";

/** No filter at all; every filter is a text. Statuses are several divided by commas, `sort` is "" for newest first. */
export const NONE = { customer: "", status: "", payment: "", fulfilment: "", sort: "", from: "", to: "", min: "", max: "", currency: "", q: "" };

const SORTS = ["", "created_at", "-updated_at", "updated_at", "-total_amount", "total_amount"];
const NEWEST_FIRST = "-created_at";
const FIRST_CURRENCY = "EUR";

/** What can be sorted by, while words are looked for or not: the API has no index for the rest. */
export const sortsFor = (searching) => (isSearchable() && !searching ? SORTS : SORTS.slice(0, 2));

/** The field of orders that a sort goes by. */
export const fieldOf = (sort) => (sort || NEWEST_FIRST).replace("-", "");

export const isDescending = (sort) => (sort || NEWEST_FIRST).startsWith("-");

/** The sort by a field: the highest first, or the other way round if it is that already. */
export function sortBy(field, now) {
  const sort = `${fieldOf(now) === field && isDescending(now) ? "" : "-"}${field}`;
  return sort === NEWEST_FIRST ? "" : sort;
}

/**
 * The filters as far as the API answers them: a range is of what is sorted by, and totals are of one currency. Days are
 * `YYYY-MM-DD` in the reader's own time zone.
 */
export function readable(given) {
  const sort = sortsFor(given.q !== "").includes(given.sort) ? given.sort : "";
  const byTotal = fieldOf(sort) === "total_amount";
  const currency = CURRENCIES.includes(given.currency) ? given.currency : FIRST_CURRENCY;
  const among = (names, text) => names.filter((name) => text.split(",").includes(name)).join(",");
  return {
    customer: given.customer,
    status: among(STATUSES, given.status),
    payment: isSearchable() ? among(PAID, given.payment) : "",
    fulfilment: isSearchable() ? among(FULFILLED, given.fulfilment) : "",
    sort,
    from: byTotal ? "" : day(given.from),
    to: byTotal ? "" : day(given.to),
    min: byTotal ? amount(given.min, currency) : "",
    max: byTotal ? amount(given.max, currency) : "",
    currency: byTotal ? currency : "",
    q: given.q,
  };
}

/** The filters in a URL's parameters. */
export const filtersOf = (query) => readable(givenIn(query));

/** The parameters of a URL that a list can't follow, as `[name, value]`. */
export function unreadable(query) {
  const read = filtersOf(query);
  return Object.entries(givenIn(query)).filter(([name, value]) => value && read[name] !== value);
}

const givenIn = (query) => Object.fromEntries(Object.keys(NONE).map((name) => [name, query.get(name) ?? ""]));

export const isFiltered = (filters) => Object.values(filters).some(Boolean);

export const sameFilters = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** The same as parameters of `GET /v1/orders`. Where no words are looked for, they are a whole reference. */
export function asQuery({ customer, status, payment, fulfilment, sort, from, to, min, max, currency, q }) {
  const moment = fieldOf(sort) === "updated_at" ? "updated" : "created";
  return {
    customer_id: customer,
    status,
    payment_status: payment,
    fulfilment_status: fulfilment,
    sort,
    [`${moment}_from`]: startOf(from),
    [`${moment}_to`]: endOf(to),
    total_min: min,
    total_max: max,
    currency,
    [isSearchable() ? "q" : "external_reference"]: q,
  };
}

const startOf = (date) => date && new Date(`${date}T00:00:00`).toISOString();
const endOf = (date) => date && new Date(`${date}T23:59:59.999`).toISOString();

/** Whether an order passes all filters but the words, which the API alone looks for. */
export function passes(order, { customer, status, payment, fulfilment, sort, from, to, min, max, currency }) {
  const key = keyOf(order, sort);
  const isAtLeast = (bound) => bound === "" || key >= bound;
  const isAtMost = (bound) => bound === "" || key <= bound;
  const isAmong = (chosen, name) => !chosen || chosen.split(",").includes(name);
  const minor = (text) => text && toMinor(text, currency);
  return (
    (!customer || order.customer_id === customer) &&
    isAmong(status, order.status) &&
    isAmong(payment, order.payment_status ?? PAID[0]) &&
    isAmong(fulfilment, order.fulfilment_status ?? FULFILLED[0]) &&
    (!currency || order.currency === currency) &&
    (currency ? isAtLeast(minor(min)) && isAtMost(minor(max)) : isAtLeast(startOf(from)) && isAtMost(endOf(to)))
  );
}

/** Whether the first order stands before the other in a list with this sort. */
export function precedes(one, other, sort) {
  const [key, than] = [keyOf(one, sort), keyOf(other, sort)];
  const [id, thanId] = [one.order_id, other.order_id];
  return isDescending(sort) ? key > than || (key === than && id > thanId) : key < than || (key === than && id < thanId);
}

/** An order's value of what is sorted by: a time, or minor units. */
function keyOf(order, sort) {
  const field = fieldOf(sort);
  return field === "total_amount" ? toMinor(order.total_amount, order.currency) : order[field];
}

/** Whether the text is an order's whole number or id, which name it in a URL. */
export const isHandle = (text) =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) || /^[0-9a-tv-z]{4}-[0-9a-tv-z]{4}-[0-9a-tv-z]{4}$/i.test(text);

// A date is typed digit by digit, and its year is 0002 on the way to 2026.
const EARLIEST = "2000-01-01";

const day = (text) =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && text >= EARLIEST ? text : "";

const amount = (text, currency) => (/^\d{1,12}(\.\d{1,4})?$/.test(text) && toMinor(text, currency) !== null ? text : "");
