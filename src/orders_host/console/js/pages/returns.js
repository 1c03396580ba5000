// The returns of an order: those there are, with what staff may do, and the form for another one.

import { formatMoney, groupSeparator, t, tr } from "../i18n.js";
import { forget, keepDraft, recall, remember } from "../memory.js";
import { readAmount, toMinor, toText } from "../money.js";
import * as orders from "../orders.js";
import { refundsOf, shippingLeft } from "../refunds.js";
import { canReturn, returnable, returnMoves } from "../rules.js";
import { actionButton, ago, field, form, input, plain, returnBadge, submitButton } from "../ui.js";
import { h, signal } from "../view.js";

const FORM = "return-form"; // the place of what fails when a return is requested

/** `failedAt(place)` gives what failed at a place. */
export function returnsSection(order, user, act, failedAt) {
  const entries = order.returns ?? [];
  const name = `return ${order.order_id}`;
  const asking = signal(recall(user, name) ?? null); // the draft: it outlives a change of the order
  if (entries.length === 0 && !canReturn(order, user)) return null;
  const start = () => {
    asking.set({ key: orders.newKey(), quantities: order.items.map(() => 0), reason: "" });
    section.querySelector(".return-form input")?.focus();
  };
  const close = () => {
    forget(user, name);
    asking.set(null);
    (section.querySelector("[name=return-items]") ?? section.querySelector("h2")).focus();
  };
  const section = h(
    "section",
    { class: "card" },
    h(
      "div",
      { class: "row between" },
      h("h2", { tabindex: "-1" }, tr("return.title")),
      () =>
        canReturn(order, user) &&
        !asking() &&
        h("button", { type: "button", class: "button", name: "return-items", onclick: start }, tr("return.request")),
    ),
    entries.map((entry) => [returnEntry(entry, order, user, act), failedAt(entry.return_id)]),
    failedAt(FORM),
    () => asking() && canReturn(order, user) && requestForm(order, act, asking.peek(), { close, changed: () => keepDraft(user, name, asking.peek()) }),
  );
  return section;
}

function returnEntry(entry, order, user, act) {
  const move = (status, refund) =>
    act((now) => orders.moveReturn(now, entry.return_id, status, refund), () => t("return.done", { status: t(`return.${status}`) }), entry.return_id);
  const nameOf = ({ line, product_id: id }) => plain(order.items[line - 1]?.name || id);
  const next = returnMoves(entry, user);
  const withShipping = next.includes("REFUNDED") && shippingLeft(order) > 0n;
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
    h("p", { class: "notes" }, plain(entry.reason)),
    entry.shipping_refund && h("p", { class: "muted small" }, () => t("return.shipping.included", { amount: formatMoney(entry.shipping_refund, order.currency) })),
    withShipping
      ? refundForm(entry, order, user, move)
      : h("div", { class: "row" }, next.map((status) =>
          actionButton(tr(`return.move.${status}`), () => move(status), { kind: status === "REJECTED" ? "danger-quiet" : "" }))),
  );
}

/** What is paid back, before it is: for the goods, and as much for shipping as staff say. */
function refundForm(entry, order, user, move) {
  const { currency } = order;
  const name = `refund ${entry.return_id}`; // what was typed outlives a change of the order
  const most = shippingLeft(order);
  const money = (minor) => formatMoney(toText(minor, currency), currency);
  const control = input({ name: "shipping-refund", inputmode: "decimal", maxlength: 20, value: recall(user, name) ?? "" });
  const given = signal(control.value);
  const shipping = () => (given().trim() ? toMinor(readAmount(given(), currency, groupSeparator()), currency) : 0n);
  const fault = () => {
    if (shipping() === null) return t("fault.amount");
    return shipping() > most ? t("fault.most", { most: money(most) }) : null;
  };
  const note = () => (remember(user, name, control.value), given.set(control.value));
  const send = () => (fault() ? control.focus() : move("REFUNDED", toText(shipping(), currency)));
  const sum = () => (fault() ? "–" : money(toMinor(entry.refund_amount, currency) + shipping()));
  return form(
    { class: "stack refund-form", oninput: note },
    send,
    field(() => t("return.shipping", { amount: money(most) }), control, { className: "inline", fault }),
    h("p", { class: "row between" }, h("span", {}, tr("return.sum")), h("strong", { role: "status" }, sum)),
    h("div", { class: "row" }, submitButton(tr("return.move.REFUNDED"), "")),
  );
}

/** The form over a draft `{key, quantities, reason}`, in which it writes; `changed` is called after each change. */
function requestForm(order, act, draft, { close, changed }) {
  const most = returnable(order);
  const quantities = order.items.map((_, index) => signal(Math.min(draft.quantities[index] ?? 0, most[index])));
  const reason = h("textarea", { rows: 2, maxlength: 500, name: "return-reason" });
  reason.value = draft.reason;
  const none = signal(false);
  const missing = signal(null);
  const refund = () => refundsOf(order, quantities.map((quantity) => quantity())).reduce((sum, each) => sum + each, 0n);
  const note = () => {
    draft.quantities = quantities.map((quantity) => quantity.peek());
    draft.reason = reason.value;
    changed();
  };
  const send = async () => {
    const lines = quantities.map((quantity, index) => ({ line: index + 1, quantity: quantity.peek() }));
    const chosen = lines.filter(({ quantity }) => quantity > 0);
    none.set(chosen.length === 0);
    missing.set(reason.value.trim() ? null : "required");
    if (missing.peek()) return reason.focus();
    if (none.peek()) return;
    const request = async (now) => {
      const fresh = await orders.requestReturn(now, chosen, reason.value.trim(), draft.key);
      close();
      return fresh;
    };
    await act(request, () => t("return.requested"), FORM);
  };
  return form(
    { class: "stack return-form", oninput: note },
    send,
    h("h3", {}, tr("return.request.title")),
    order.items.map((item, index) => most[index] > 0 && quantityField(item, index, most[index], quantities[index])),
    field(tr("return.reason"), reason, { fault: () => missing() && t(missing()) }),
    () => none() && h("p", { class: "fault", role: "alert" }, tr("return.none")),
    h("p", { class: "row between" }, h("span", {}, tr("return.refund")), h("strong", { role: "status" }, () =>
      formatMoney(toText(refund(), order.currency), order.currency))),
    h("div", { class: "row end" }, h("button", { type: "button", class: "button", onclick: close }, tr("cancel")), submitButton(tr("return.submit"))),
  );
}

function quantityField(item, index, most, quantity) {
  const name = `return-quantity-${index}`;
  const control = input({ type: "number", name, min: 0, max: most, step: 1, value: quantity.peek(), inputmode: "numeric" });
  control.addEventListener("input", () =>
    quantity.set(Math.max(0, Math.min(most, Math.trunc(Number(control.value)) || 0))),
  );
  control.addEventListener("change", () => (control.value = quantity.peek()));
  return field(() => t("return.quantity", { product: plain(item.name || item.product_id), count: most }), control, { className: "inline" });
}
