// What is paid back for what comes back, shown before it is asked for: the arithmetic of the API to the minor unit
// (src/orders_core/amounts.py and returns.py; a test compares the two).

import { toMinor } from "./money.js";
import { returnable } from "./rules.js";

/** What is paid back for each of an order's items if so many of it come back, in minor units. */
export function refundsOf(order, quantities) {
  const left = returnable(order);
  const refundable = paidForLines(order);
  for (const line of linesComingBack(order)) refundable[line.line - 1] -= toMinor(line.refund_amount, order.currency);
  return quantities.map((quantity, index) => (quantity > 0 ? (refundable[index] * BigInt(quantity)) / BigInt(left[index]) : 0n));
}

/** What can still be paid back for shipping, in minor units. */
export function shippingLeft({ currency, shipping, taxes_included: included, returns }) {
  const minor = minorOf(currency);
  const paid = minor(shipping?.amount) + (included ? 0n : minor(shipping?.tax));
  return (returns ?? []).reduce((left, one) => left - minor(one.shipping_refund), paid);
}

/** What was paid for each item: discounts and taxes of all items are spread over them by what each comes to. */
function paidForLines({ currency, items, discounts, taxes, taxes_included: included }) {
  const minor = minorOf(currency);
  const sum = (charges) => (charges ?? []).reduce((all, { amount }) => all + minor(amount), 0n);
  const amounts = items.map((item) => BigInt(item.quantity) * minor(item.unit_price) - minor(item.discount));
  const discounted = spread(sum(discounts), amounts);
  const paid = amounts.map((amount, index) => amount - discounted[index]);
  if (included) return paid;
  const taxed = spread(sum(taxes), amounts);
  return paid.map((amount, index) => amount + taxed[index] + minor(items[index].tax));
}

/** Whole shares of an amount in proportion to weights, by the largest remainder; equal ones if all weights are 0. */
function spread(amount, weights) {
  const whole = weights.reduce((all, weight) => all + weight, 0n);
  if (whole === 0n) return spread(amount, weights.map(() => 1n));
  const shares = weights.map((weight) => (amount * weight) / whole);
  const remainders = weights.map((weight) => (amount * weight) % whole);
  const left = Number(amount - shares.reduce((all, share) => all + share, 0n));
  const byRemainder = weights.map((_, index) => index).sort((one, other) => Number(remainders[other] > remainders[one]) - Number(remainders[other] < remainders[one]));
  for (const index of byRemainder.slice(0, left)) shares[index] += 1n;
  return shares;
}

const linesComingBack = ({ returns }) => (returns ?? []).filter(({ status }) => status !== "REJECTED").flatMap(({ lines }) => lines);

const minorOf = (currency) => (amount) => toMinor(amount ?? "0", currency);
