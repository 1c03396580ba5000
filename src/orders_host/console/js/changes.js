// What an event changed, in a line each: "Shipping address: A → B".

import { t } from "./i18n.js";
import { addressLines } from "./parties.js";
import { plain } from "./ui.js";

const joined = (texts) => texts.filter(Boolean).map(plain).join(", ");
const address = (value) => addressLines(value).join(", ");
const texts = {
  items: (items) => joined(items.map(({ quantity, name, product_id: id, unit_price: price }) => `${quantity} × ${name || id} (${price})`)),
  contact: ({ name, email, phone }) => joined([name, email, phone]),
  shipping_address: address,
  billing_address: address,
  discounts: (discounts) => joined(discounts.map(({ code, description, amount }) => `${code ?? description ?? ""} ${amount}`.trim())),
  shipping: ({ method, amount }) => plain(`${method} ${amount}`),
  taxes: (taxes) => joined(taxes.map(({ name, amount }) => `${name} ${amount}`)),
  taxes_included: (included) => t(included ? "yes" : "no"),
  metadata: (pairs) => joined(Object.entries(pairs).map(([name, value]) => `${name}: ${value}`)),
};

/** A change `{field, before, after}` as a line of text; what is not there is a dash. */
export function changeText({ field, before, after }) {
  const text = (value) => (value === null || value === undefined ? "" : (texts[field] ?? plain)(value)) || "–";
  return t("event.change", { field: t(`part.${field}`), before: text(before), after: text(after) });
}
