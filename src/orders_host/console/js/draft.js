// An order as it is being typed: texts in fields, until they become the content that the API takes.

import { groupSeparator } from "./i18n.js";
import { readAmount, toMinor, toText } from "./money.js";
import { contentOf, newKey } from "./orders.js";

const CONTENT_FIELDS = ["items", "currency", "notes", "metadata"];

const newLine = () => ({ product_id: "", name: "", quantity: "1", unit_price: "" });

/** An empty draft; its key makes one order of however many submissions. */
export const emptyDraft = () => ({
  key: newKey(),
  customer_id: "",
  new_customer: false,
  currency: "EUR",
  lines: [newLine()],
  notes: "",
  pairs: [],
});

export const addLine = (draft) => draft.lines.push(newLine());

/** A draft that says what an order's content says. */
export const draftOf = ({ items, currency, notes, metadata }) => ({
  currency,
  lines: items.map((item) => ({ ...item, name: item.name ?? "", quantity: String(item.quantity) })),
  notes: notes ?? "",
  pairs: Object.entries(metadata).map(([key, value]) => ({ key, value })),
});

/** What the draft says, as the API takes it; what can't be read is sent as it is, for the API to name the fault. */
export const contentFrom = ({ lines, currency, notes, pairs }) => ({
  items: lines.map((line) => ({
    product_id: line.product_id.trim(),
    name: line.name.trim() || null,
    quantity: /^\s*\d{1,9}\s*$/.test(line.quantity) ? Number(line.quantity) : line.quantity.trim() || null,
    unit_price: priceOf(line.unit_price, currency),
  })),
  currency,
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

function priceOf(text, currency) {
  const amount = readAmount(text, currency, groupSeparator());
  const minor = toMinor(amount, currency);
  return minor === null ? amount : toText(minor, currency);
}

function canonical(field, content) {
  const value = content[field];
  if (field === "items") return JSON.stringify(value.map((item) => [item.product_id, item.name, item.quantity, item.unit_price]));
  if (field === "metadata") return JSON.stringify(Object.entries(value).sort());
  return JSON.stringify(value);
}
