// An order as it is being typed: texts in fields, until they become the content that the API takes.

import { groupSeparator } from "./i18n.js";
import { readAmount, toMinor, toText } from "./money.js";
import { CONTENT_FIELDS, contentOf, newKey } from "./orders.js";

const newLine = () => ({ product_id: "", name: "", quantity: "1", unit_price: "" });
const NO_CONTACT = { name: "", email: "", phone: "" };
const NO_ADDRESS = { lines: "", postal_code: "", city: "", region: "", country: "" };

/** An empty draft; its key makes one order of however many submissions. */
export const emptyDraft = () => ({
  key: newKey(),
  customer_id: "",
  new_customer: false,
  currency: "EUR",
  lines: [newLine()],
  ...partiesOf({}),
  notes: "",
  pairs: [],
});

export const addLine = (draft) => draft.lines.push(newLine());

/** A draft that says what an order's content says. */
export const draftOf = ({ items, currency, notes, metadata, ...parties }) => ({
  ...chargesOf(parties),
  currency,
  lines: items.map((item) => ({ ...item, name: item.name ?? "", quantity: String(item.quantity) })),
  ...partiesOf(parties),
  notes: notes ?? "",
  pairs: Object.entries(metadata).map(([key, value]) => ({ key, value })),
});

const partiesOf = ({ external_reference: reference, contact, shipping_address: shipping, billing_address: billing }) => ({
  external_reference: reference ?? "",
  contact: { ...NO_CONTACT, ...contact },
  shipping_address: addressOf(shipping),
  billing_address: addressOf(billing),
});

// No field of the form: kept as they are.
const chargesOf = ({ discounts, shipping, taxes, taxes_included }) => ({ discounts, shipping, taxes, taxes_included });

const addressOf = (address) => ({ ...NO_ADDRESS, ...address, lines: address?.lines.join("\n") ?? "" });

/** What the draft says, as the API takes it; what can't be read is sent as it is, for the API to name the fault. */
export const contentFrom = ({ lines, currency, notes, pairs, ...parties }) => ({
  items: lines.map((line) => ({
    product_id: line.product_id.trim(),
    name: line.name.trim() || null,
    quantity: /^\s*\d{1,9}\s*$/.test(line.quantity) ? Number(line.quantity) : line.quantity.trim() || null,
    unit_price: priceOf(line.unit_price, currency),
    discount: line.discount,
    tax: line.tax,
    tax_rate: line.tax_rate,
  })),
  ...chargesOf(parties),
  currency,
  external_reference: parties.external_reference.trim() || null,
  contact: contactFrom(parties.contact),
  shipping_address: addressFrom(parties.shipping_address),
  billing_address: addressFrom(parties.billing_address),
  notes: notes.trim() || null,
  metadata: Object.fromEntries(usedPairs(pairs).map(({ key, value }) => [key.trim(), value])),
});

/** The pairs that are not wholly empty. */
export const usedPairs = (pairs) => pairs.filter(({ key, value }) => key.trim() || value);

/** Whether two contents say the same in a field. */
export const same = (field, one, other) => canonical(field, one) === canonical(field, other);

/**
 * Three versions of an order's content brought together: what only they changed is taken over (`auto`), what both
 * changed is for the reader to choose (`conflicts`).
 */
export function merge(base, mine, theirs) {
  const changed = (content) => CONTENT_FIELDS.filter((field) => !same(field, content, base));
  const byThem = changed(theirs);
  const byMe = changed(mine);
  const auto = byThem.filter((field) => !byMe.includes(field));
  const conflicts = byThem.filter((field) => byMe.includes(field) && !same(field, mine, theirs));
  const merged = { ...contentOf(mine), ...Object.fromEntries(auto.map((field) => [field, theirs[field]])) };
  return { auto, conflicts, merged, unchanged: CONTENT_FIELDS.every((field) => same(field, merged, theirs)) };
}

/** The texts that were filled in, or null if there is no such text. */
function filledIn(texts) {
  const filled = Object.entries(texts).map(([name, text]) => [name, text.trim()]).filter(([, text]) => text);
  return filled.length > 0 ? Object.fromEntries(filled) : null;
}

/** People write telephone numbers in groups and with 00 for the +; the API takes E.164. */
function contactFrom(texts) {
  const contact = filledIn(texts);
  if (contact?.phone) contact.phone = contact.phone.replace(/[\s().-]/g, "").replace(/^00/, "+");
  return contact;
}

function addressFrom(texts) {
  const address = filledIn(texts);
  if (!address) return null;
  const lines = (address.lines ?? "").split("\n").map((line) => line.trim()).filter(Boolean);
  return { city: "", country: "", ...address, lines };
}

function priceOf(text, currency) {
  const amount = readAmount(text, currency, groupSeparator());
  const minor = toMinor(amount, currency);
  return minor === null ? amount : toText(minor, currency);
}

function canonical(field, content) {
  const value = content[field];
  if (field === "items") return JSON.stringify(value.map((item) => [item.product_id, item.name, item.quantity, item.unit_price, item.discount, item.tax, item.tax_rate]));
  if (value && typeof value === "object") return JSON.stringify(Object.entries(value).sort());
  return JSON.stringify(value ?? null);
}
