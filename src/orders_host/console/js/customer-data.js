// What the API holds of one customer, a page of orders at a time: read, or erased.

import { call } from "./api.js";
import { delay } from "./http.js";

const LATE = 1; // seconds until events that are on their way have come

const path = (id) => `/v1/customers/${encodeURIComponent(id)}/personal-data`;

/** All pages as one document: `{customer_id, others, orders}`. */
export async function exportCustomer(id, signal) {
  let all = null;
  let cursor;
  do {
    const { body } = await call("GET", path(id), { query: { cursor }, signal });
    all = all ? { ...all, orders: [...all.orders, ...body.orders] } : body;
    cursor = body.next_cursor;
  } while (cursor);
  return { customer_id: all.customer_id, others: all.others, orders: all.orders };
}

/** Erases all; `told` hears after each step of how many orders so far. Returns their number. */
export async function eraseCustomer(id, told, signal) {
  let orders = 0;
  let cursor;
  do {
    const { body } = await call("DELETE", path(id), { query: { cursor }, signal });
    orders += body.orders;
    told(orders);
    cursor = body.next_cursor;
    if (body.late > 0) await delay(LATE, signal);
  } while (cursor);
  return orders;
}
