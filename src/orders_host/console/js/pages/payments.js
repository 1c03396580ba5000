// The payments of an order: what the payment provider did, and the form with which staff record it.

import { formatMoney, groupSeparator, t, tr } from "../i18n.js";
import { forget, keepDraft, recall } from "../memory.js";
import { readAmount, toText } from "../money.js";
import * as orders from "../orders.js";
import { preference } from "../preferences.js";
import { canPay, leftToPay, paymentMoves } from "../rules.js";
import { actionButton, ago, bound, field, form, input, paymentBadge, plain, submitButton } from "../ui.js";
import { h, signal } from "../view.js";
import { codeOf } from "./shipments.js";

const FORM = "payment-form"; // the place of what fails when a payment is recorded
const STARTS = ["CAPTURED", "AUTHORIZED"];
const provider = preference("provider");

/** `act` and `failedAt` are those of the order's page. */
export function paymentsSection(order, user, act, failedAt) {
  const entries = order.payments ?? [];
  const name = `payment ${order.order_id}`;
  const asking = signal(recall(user, name) ?? null); // the draft: it outlives a change of the order
  if (entries.length === 0 && !canPay(order, user)) return null;
  const open = () => {
    const amount = toText(leftToPay(order), order.currency);
    asking.set({ provider: provider.get() ?? "", reference: "", amount, status: STARTS[0] });
    [...section.querySelectorAll(".payment-form input")].find((one) => !one.value)?.focus();
  };
  const close = () => {
    forget(user, name);
    asking.set(null);
    section.querySelector("h2").focus();
  };
  const keep = () => keepDraft(user, name, asking.peek());
  const section = h(
    "section",
    { class: "card" },
    h(
      "div",
      { class: "row between" },
      h("h2", { tabindex: "-1" }, tr("payment.title")),
      () => canPay(order, user) && !asking() && h("button", { type: "button", class: "button", name: "pay", onclick: open }, tr("payment.record")),
    ),
    entries.map((entry) => [paymentEntry(entry, order, user, act), failedAt(entry.payment_id)]),
    failedAt(FORM),
    () => asking() && canPay(order, user) && paymentForm(order, act, asking.peek(), { close, keep }),
  );
  return section;
}

function paymentEntry(entry, order, user, act) {
  const money = (amount) => formatMoney(amount, order.currency);
  const moves = paymentMoves(entry, order, user);
  const move = (status) => () =>
    act((now) => orders.movePayment(now, entry.payment_id, status), () => t("payment.done", { status: t(`payment.${status}`) }), entry.payment_id);
  return h(
    "article",
    { class: "return" },
    h(
      "div",
      { class: "row between" },
      h("span", {}, paymentBadge(entry.status), " ", h("span", { class: "muted small" }, ago(entry.history.at(-1).at))),
      h("strong", {}, () => money(entry.amount)),
    ),
    h("p", { class: "small" }, plain(entry.provider), " · ", h("code", {}, plain(entry.reference))),
    entry.refunded_amount && h("p", { class: "muted small" }, () => t("payment.refunded", { amount: money(entry.refunded_amount) })),
    moves.length > 0 && h("div", { class: "row" }, moves.map((status) =>
      actionButton(tr(`payment.move.${status}`), move(status), { kind: status === "FAILED" ? "danger-quiet" : "" }))),
  );
}

/** The form over a draft, in which it writes; `keep` is called after each change. */
function paymentForm(order, act, draft, { close, keep }) {
  const missing = signal(null);
  const text = (name, attributes) => bound(input({ name: `payment-${name}`, spellcheck: "false", ...attributes }), draft, name);
  const status = h("select", { name: "payment-status" }, STARTS.map((one) => h("option", { value: one }, tr(`payment.${one}`))));
  const controls = {
    provider: text("provider", { maxlength: 64, placeholder: "stripe" }),
    reference: text("reference", { maxlength: 255 }),
    amount: text("amount", { maxlength: 20, inputmode: "decimal" }),
  };
  const faultOf = (name) => () => missing() === name && t("required");
  const send = async () => {
    missing.set(Object.keys(controls).find((name) => !draft[name].trim()) ?? null);
    if (missing.peek()) return controls[missing.peek()].focus();
    const request = async (now) => {
      const fresh = await orders.recordPayment(now, {
        provider: codeOf(draft.provider),
        reference: draft.reference.trim(),
        amount: readAmount(draft.amount, order.currency, groupSeparator()),
        status: draft.status,
      });
      provider.set(codeOf(draft.provider));
      close();
      return fresh;
    };
    await act(request, () => t("payment.recorded"), FORM);
  };
  return form(
    { class: "stack return-form payment-form", oninput: keep },
    send,
    field(tr("payment.provider"), controls.provider, { fault: faultOf("provider") }),
    field(tr("payment.reference"), controls.reference, { fault: faultOf("reference") }),
    field(() => t("payment.amount", { currency: order.currency }), controls.amount, { fault: faultOf("amount") }),
    field(tr("list.status"), bound(status, draft, "status")),
    h("div", { class: "row end" }, h("button", { type: "button", class: "button", onclick: close }, tr("cancel")), submitButton(tr("payment.submit"))),
  );
}
