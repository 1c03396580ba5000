// The orders API by what it does, one function an operation.

import { call } from "./api.js";

const path = (id) => `/v1/orders/${encodeURIComponent(id)}`;

/** One page, newest first: `{orders, count, next_cursor}`. */
export const list = async (filters, signal) => (await call("GET", "/v1/orders", { query: filters, signal })).body;

/** The order, or null if it is still at `version`. */
export async function get(id, signal, version) {
  const headers = version ? { "If-None-Match": `"${version}"` } : undefined;
  return (await call("GET", path(id), { signal, headers })).body;
}

export const create = async (content, key) =>
  (await call("POST", "/v1/orders", { body: content, headers: { "Idempotency-Key": key } })).body;

/** Replaces what a client may write of `order`; raises a 412 Problem if it is not at that version any more. */
export const replace = async (order, content) =>
  (await call("PUT", path(order.order_id), { body: content, headers: ifUnchanged(order) })).body;

/** Moves the order to another status and leaves the rest as it is. */
export const move = (order, status) => replace(order, { ...contentOf(order), status });

export const remove = (order) => call("DELETE", path(order.order_id), { headers: ifUnchanged(order) });

export const requestReturn = async (order, lines, reason, key) =>
  (await call("POST", `${path(order.order_id)}/returns`, {
    body: { lines, reason },
    headers: { ...ifUnchanged(order), "Idempotency-Key": key },
  })).body;

/** `refund` is what is paid back for shipping, with REFUNDED. */
export const moveReturn = async (order, returnId, status, refund) =>
  (await call("PUT", `${path(order.order_id)}/returns/${encodeURIComponent(returnId)}`, {
    body: { status, shipping_refund: refund },
    headers: ifUnchanged(order),
  })).body;

/** The same provider and reference are the same payment, so that it is safe to send again. */
export const recordPayment = async (order, payment) =>
  (await call("POST", `${path(order.order_id)}/payments`, { body: payment, headers: ifUnchanged(order) })).body;

export const movePayment = async (order, paymentId, status) =>
  (await call("PUT", `${path(order.order_id)}/payments/${encodeURIComponent(paymentId)}`, { body: { status }, headers: ifUnchanged(order) })).body;

/** The same carrier and tracking number are the same shipment. */
export const recordShipment = async (order, shipment) =>
  (await call("POST", `${path(order.order_id)}/shipments`, { body: shipment, headers: ifUnchanged(order) })).body;

/** Says something of the order, whatever became of it meanwhile. `visibility` is undefined from customers. */
export const comment = async (order, text, visibility, key) =>
  (await call("POST", `${path(order.order_id)}/comments`, { body: { text, visibility }, headers: { "Idempotency-Key": key } })).body;

/** What happened to the order, oldest first. */
export async function events(id, signal) {
  const all = [];
  let cursor;
  do {
    const { body } = await call("GET", `${path(id)}/events`, { query: { limit: 100, cursor }, signal });
    all.push(...body.events);
    cursor = body.next_cursor;
  } while (cursor);
  return all;
}

/** Orders and revenue by the day they were placed on (UTC), both days included. */
export const stats = async (from, to, signal) =>
  (await call("GET", "/v1/orders/stats", { query: { from, to }, signal })).body;

/** What a client writes of an order, status aside. A replacement takes away what it leaves out, so all of it is sent back. */
export const CONTENT_FIELDS = [
  "items",
  "currency",
  "external_reference",
  "contact",
  "shipping_address",
  "billing_address",
  "discounts",
  "shipping",
  "taxes",
  "taxes_included",
  "notes",
  "metadata",
];

/** The part of an order that a client writes. */
export const contentOf = (order) => Object.fromEntries(CONTENT_FIELDS.map((field) => [field, order[field]]));

/** A key that makes a request safe to send again. */
export const newKey = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

const ifUnchanged = (order) => ({ "If-Match": `"${order.version}"` });
