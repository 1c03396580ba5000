// What stands between the prices of an order's items and its total: discounts, shipping and taxes.

import { t } from "./i18n.js";
import { toMinor } from "./money.js";
import { plain } from "./ui.js";

/** Rows `[text, minor]` that lead from the items to the total; none if the two are the same. */
export function breakdown({ currency, items, discounts, shipping, ...order }) {
  const minor = (amount) => toMinor(amount ?? "0", currency);
  const offItems = items.reduce((sum, item) => sum + minor(item.discount), 0n);
  const taxes = minor(order.tax_total);
  const rows = [
    offItems > 0n && [t("charge.off-items"), -offItems],
    ...(discounts ?? []).map(({ code, description, amount }) => [t("charge.discount", { name: plain(code ?? description ?? "") }), -minor(amount)]),
    shipping && [t("charge.shipping", { method: plain(shipping.method) }), minor(shipping.amount)],
    taxes > 0n && [t(order.taxes_included ? "charge.included" : "charge.taxes"), taxes],
  ].filter(Boolean);
  return rows.length > 0 ? [[t("charge.subtotal"), minor(order.subtotal)], ...rows] : [];
}
