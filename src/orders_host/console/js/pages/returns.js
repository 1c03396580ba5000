// The returns of an order: those there are, with what staff may do, and the form for another one.

import { formatMoney, t, tr } from "../i18n.js";
import { toMinor, toText } from "../money.js";
import * as orders from "../orders.js";
import { canReturn, returnable, returnMoves } from "../rules.js";
import { actionButton, ago, field, form, input, returnBadge, submitButton } from "../ui.js";
import { h, signal } from "../view.js";

export function returnsSection(order, user, act) {
  const entries = order.returns ?? [];
  const asking = signal(false);
  if (entries.length === 0 && !canReturn(order)) return null;
  return h(
    "section",
    { class: "card" },
    h(
      "div",
      { class: "row between" },
      h("h2", {}, tr("return.title")),
      () =>
        canReturn(order) &&
        !asking() &&
        h("button", { type: "button", class: "button", onclick: () => asking.set(true) }, tr("return.request")),
    ),
    entries.map((entry) => returnEntry(entry, order, user, act)),
    () => asking() && requestForm(order, act, () => asking.set(false)),
  );
}

function returnEntry(entry, order, user, act) {
  const move = (status) => () =>
    act((now) => orders.moveReturn(now, entry.return_id, status), () => t("return.done", { status: t(`return.${status}`) }));
  const nameOf = ({ line, product_id: id }) => order.items[line - 1]?.name || id;
  return h(
    "article",
    { class: "return" },
    h(
      "div",
      { class: "row between" },
      h("span", {}, returnBadge(entry.status), " ", h("span", { class: "muted small" }, ago(entry.requested_at))),
      h("strong", {}, () => formatMoney(entry.refund_amount, order.currency)),
    ),
    h("ul", { class: "plain" }, entry.lines.map((line) => h("li", {}, `${line.quantity} × ${nameOf(line)}`))),
    h("p", { class: "notes" }, entry.reason),
    h(
      "div",
      { class: "row" },
      returnMoves(entry, user).map((status) =>
        actionButton(tr(`return.move.${status}`), move(status), { kind: status === "REJECTED" ? "danger-quiet" : "" }),
      ),
    ),
  );
}

function requestForm(order, act, close) {
  const key = orders.newKey();
  const most = returnable(order);
  const quantities = order.items.map(() => signal(0));
  const reason = h("textarea", { rows: 2, maxlength: 500 });
  const none = signal(false);
  const missing = signal(null);
  const refund = () =>
    order.items.reduce((sum, item, index) => sum + BigInt(quantities[index]()) * toMinor(item.unit_price, order.currency), 0n);
  const send = async () => {
    const lines = quantities.map((quantity, index) => ({ line: index + 1, quantity: quantity.peek() }));
    const chosen = lines.filter(({ quantity }) => quantity > 0);
    none.set(chosen.length === 0);
    missing.set(reason.value.trim() ? null : "required");
    if (missing.peek()) return reason.focus();
    if (none.peek()) return;
    const request = (now) => orders.requestReturn(now, chosen, reason.value.trim(), key);
    await act(request, () => t("return.requested"));
  };
  return form(
    { class: "stack return-form" },
    send,
    h("h3", {}, tr("return.request.title")),
    order.items.map((item, index) => most[index] > 0 && quantityField(item, most[index], quantities[index])),
    field(tr("return.reason"), reason, { fault: () => missing() && t(missing()) }),
    () => none() && h("p", { class: "fault", role: "alert" }, tr("return.none")),
    h("p", { class: "row between" }, h("span", {}, tr("return.refund")), h("strong", { role: "status" }, () =>
      formatMoney(toText(refund(), order.currency), order.currency))),
    h("div", { class: "row end" }, h("button", { type: "button", class: "button", onclick: close }, tr("cancel")), submitButton(tr("return.submit"))),
  );
}

function quantityField(item, most, quantity) {
  const control = input({ type: "number", min: 0, max: most, step: 1, value: 0, inputmode: "numeric" });
  control.addEventListener("input", () =>
    quantity.set(Math.max(0, Math.min(most, Math.trunc(Number(control.value)) || 0))),
  );
  control.addEventListener("change", () => (control.value = quantity.peek()));
  return field(() => t("return.quantity", { product: item.name || item.product_id, count: most }), control, { className: "inline" });
}
