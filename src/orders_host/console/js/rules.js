// Who may do what to an order: the API's own tables, so that pages offer what it will accept and nothing else.

import { toMinor } from "./money.js";

/** What is printed of an order. */
export const PAPERS = ["packing-slip", "invoice"];

export const STATUSES = ["PENDING", "CONFIRMED", "PROCESSING", "SHIPPED", "DELIVERED", "CANCELLED"];

/** How far an order is paid, and shipped. */
export const PAID = ["UNPAID", "AUTHORIZED", "PARTIALLY_PAID", "PAID", "PARTIALLY_REFUNDED", "REFUNDED"];
export const FULFILLED = ["UNFULFILLED", "PARTIALLY_FULFILLED", "FULFILLED"];

const TRANSITIONS = {
  PENDING: ["CONFIRMED", "CANCELLED"],
  CONFIRMED: ["PROCESSING", "CANCELLED"],
  PROCESSING: ["SHIPPED", "CANCELLED"],
  SHIPPED: ["DELIVERED"],
  DELIVERED: [],
  CANCELLED: [],
};
const RETURN_TRANSITIONS = {
  REQUESTED: ["APPROVED", "REJECTED"],
  APPROVED: ["RECEIVED"],
  RECEIVED: ["REFUNDED"],
  REFUNDED: [],
  REJECTED: [],
};
const PAYMENT_TRANSITIONS = {
  AUTHORIZED: ["CAPTURED", "FAILED"],
  CAPTURED: ["REFUNDED"],
  FAILED: [],
  REFUNDED: ["REFUNDED"],
};
const SHIPS_IN = ["PROCESSING", "SHIPPED", "DELIVERED"];
const PERMISSIONS = [
  "orders:read",
  "orders:write",
  "orders:move",
  "orders:export",
  "payments:write",
  "shipments:write",
  "returns:decide",
  "statistics:read",
  "customers:export",
  "customers:erase",
  "webhooks:manage",
];
const OF_CUSTOMERS = ["orders:read", "orders:write"];
const GROUPS = {
  support: ["orders:read", "orders:write", "returns:decide", "customers:export"],
  fulfilment: ["orders:read", "orders:move", "shipments:write"],
  finance: ["orders:read", "orders:export", "payments:write", "returns:decide", "statistics:read"],
  admin: PERMISSIONS,
  staff: PERMISSIONS,
};
const MOST_RETURNS = 20;
const MOST_PAYMENTS = 20;
const MOST_SHIPMENTS = 20;
const MOST_COMMENTS = 25;
const DELETABLE = ["PENDING", "CANCELLED"];

/** What the members of these groups are: staff if one of them is the shop's, and what they may do. */
export function roleOf(groups) {
  const known = groups.filter((name) => Object.hasOwn(GROUPS, name));
  return { staff: known.length > 0, permissions: known.length > 0 ? [...new Set(known.flatMap((name) => GROUPS[name]))] : OF_CUSTOMERS };
}

export const may = (user, permission) => user.permissions.includes(permission);

const settable = (user) => (may(user, "orders:move") ? STATUSES : may(user, "orders:write") ? ["CANCELLED"] : []);

/** The statuses that the user may move the order to. */
export const moves = (order, user) =>
  TRANSITIONS[order.status].filter((status) => settable(user).includes(status));

/** Whether the order can still become something else. */
export const isOpen = (order) => TRANSITIONS[order.status].length > 0;

export const canEdit = (order, user) =>
  may(user, "orders:write") && (user.staff ? ["PENDING", "CONFIRMED", "PROCESSING"] : ["PENDING"]).includes(order.status);

/** The record of money stays where it is looked for. */
export const canDelete = (order, user) => may(user, "orders:write") && DELETABLE.includes(order.status) && (order.payments ?? []).length === 0;

/** The statuses that the user may move a return to. */
export const returnMoves = (entry, user) => (may(user, "returns:decide") ? RETURN_TRANSITIONS[entry.status] : []);

/** How many of each item can still come back, in the order of the items. */
export function returnable(order) {
  if (order.status !== "DELIVERED") return order.items.map(() => 0);
  const lines = (order.returns ?? []).filter((entry) => entry.status !== "REJECTED").flatMap((entry) => entry.lines);
  return left(order, lines);
}

export const canReturn = (order, user) =>
  may(user, "orders:write") && (order.returns ?? []).length < MOST_RETURNS && returnable(order).some((quantity) => quantity > 0);

/** The statuses that the user may move a payment to. What is paid back of it is told by returns, with an amount. */
export const paymentMoves = (payment, order, user) =>
  may(user, "payments:write") ? PAYMENT_TRANSITIONS[payment.status].filter((status) => status !== "REFUNDED" && (status !== "CAPTURED" || order.status !== "CANCELLED")) : [];

/** What is neither authorized nor captured of the total, in minor units. */
export const leftToPay = ({ total_amount: total, currency, payments }) =>
  (payments ?? []).filter(({ status }) => status !== "FAILED").reduce((left, { amount }) => left - toMinor(amount, currency), toMinor(total, currency));

export const canPay = (order, user) =>
  may(user, "payments:write") && order.status !== "CANCELLED" && (order.payments ?? []).length < MOST_PAYMENTS && leftToPay(order) > 0n;

/** How many of each item were not shipped yet, in the order of the items. */
export const unshipped = (order) => left(order, (order.shipments ?? []).flatMap(({ lines }) => lines));

export const canShip = (order, user) =>
  may(user, "shipments:write") && SHIPS_IN.includes(order.status) && (order.shipments ?? []).length < MOST_SHIPMENTS && unshipped(order).some((quantity) => quantity > 0);

/** Customers have room of their own, and so has staff. */
export const canComment = (order, user) => {
  if (!may(user, "orders:write")) return false;
  const byCustomer = user.sub === order.customer_id;
  return (order.comments ?? []).filter(({ by }) => (by === order.customer_id) === byCustomer).length < MOST_COMMENTS;
};

/** What is left of each item after lines with quantities were taken. */
const left = ({ items }, lines) =>
  items.map((item, index) => lines.filter(({ line }) => line === index + 1).reduce((most, { quantity }) => most - quantity, item.quantity));
