// Sums over days of orders: from the API's statistics for staff, from a customer's own orders for a customer.

import { average, toMinor } from "./money.js";
import { isOpen, STATUSES } from "./rules.js";

const DAY = 86_400_000; // milliseconds

/** The last `count` days (UTC) as `YYYY-MM-DD`, oldest first. */
export const lastDays = (count, now = Date.now()) =>
  Array.from({ length: count }, (_, index) => new Date(now - (count - 1 - index) * DAY).toISOString().slice(0, 10));

/** Orders as the API would sum them up by day. */
export function daysOf(orders) {
  const days = new Map();
  for (const order of orders) {
    const date = order.created_at.slice(0, 10);
    const day = days.get(date) ?? { date, orders: 0, by_status: {}, revenue: {}, counted: {} };
    day.orders += 1;
    day.by_status[order.status] = (day.by_status[order.status] ?? 0) + 1;
    if (order.status !== "CANCELLED") {
      const before = day.revenue[order.currency] ?? 0n;
      day.revenue[order.currency] = before + toMinor(order.total_amount, order.currency);
      day.counted[order.currency] = (day.counted[order.currency] ?? 0) + 1;
    }
    days.set(date, day);
  }
  return [...days.values()];
}

/** The currencies of some days' revenue, that of the most days first. */
export function currenciesOf(days) {
  const counts = new Map();
  for (const code of days.flatMap((day) => Object.keys(day.revenue))) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1]).map(([code]) => code);
}

/** Every date with its numbers, and their sums: money in minor units (BigInt) of one currency. */
export function summarize(days, dates, currency) {
  const byDate = new Map(days.map((day) => [day.date, day]));
  const rows = dates.map((date) => row(date, byDate.get(date), currency));
  const statuses = Object.fromEntries(STATUSES.map((status) => [status, sum(days, (day) => day.by_status[status] ?? 0)]));
  const revenue = rows.reduce((all, { revenue }) => all + revenue, 0n);
  const known = rows.every(({ counted }) => counted !== null);
  return {
    rows,
    statuses,
    orders: sum(rows, ({ orders }) => orders),
    revenue,
    basket: known ? average(revenue, sum(rows, ({ counted }) => counted)) : null,
    open: STATUSES.filter((status) => isOpen({ status })).reduce((all, status) => all + statuses[status], 0),
  };
}

function row(date, day, currency) {
  const orders = day?.orders ?? 0;
  const counted = countOf(day, currency);
  const amount = day?.revenue[currency] ?? 0n;
  const revenue = typeof amount === "bigint" ? amount : toMinor(amount, currency);
  return { date, orders, counted, revenue, basket: counted ? average(revenue, counted) : null };
}

/** The orders behind a day's revenue in a currency; null where a day has several currencies and only one number for all. */
function countOf(day, currency) {
  if (day?.counted) return day.counted[currency] ?? 0;
  if (day?.revenue[currency] === undefined) return 0;
  return Object.keys(day.revenue).length === 1 ? day.orders - (day.by_status.CANCELLED ?? 0) : null;
}

const sum = (list, number) => list.reduce((all, each) => all + number(each), 0);
