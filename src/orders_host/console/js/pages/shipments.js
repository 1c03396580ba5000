// The shipments of an order: those that left, and the form with which staff record another one.

import { t, tr } from "../i18n.js";
import { forget, keepDraft, recall } from "../memory.js";
import * as orders from "../orders.js";
import { preference } from "../preferences.js";
import { canShip, unshipped } from "../rules.js";
import { ago, bound, field, form, input, plain, submitButton } from "../ui.js";
import { h, signal } from "../view.js";

const FORM = "shipment-form"; // the place of what fails when a shipment is recorded
const carrier = preference("carrier"); // most shops have one

/** `act` and `failedAt` are those of the order's page. */
export function shipmentsSection(order, user, act, failedAt) {
  const entries = order.shipments ?? [];
  const name = `shipment ${order.order_id}`;
  const asking = signal(recall(user, name) ?? null); // the draft: it outlives a change of the order
  if (entries.length === 0 && !canShip(order, user)) return null;
  const open = () => {
    asking.set({ carrier: carrier.get() ?? "", tracking_number: "", tracking_url: "", quantities: unshipped(order).map(String) });
    [...section.querySelectorAll(".shipment-form input")].find((one) => !one.value)?.focus();
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
      h("h2", { tabindex: "-1" }, tr("shipment.title")),
      () =>
        canShip(order, user) &&
        !asking() &&
        h("button", { type: "button", class: "button", name: "ship", "aria-keyshortcuts": "s", onclick: open }, tr("shipment.record")),
    ),
    entries.map((entry) => shipmentEntry(entry, order)),
    failedAt(FORM),
    () => asking() && canShip(order, user) && shipmentForm(order, act, asking.peek(), { close, keep }),
  );
  return section;
}

function shipmentEntry({ carrier: by, tracking_number: number, tracking_url: url, lines, shipped_at: at }, order) {
  const nameOf = ({ line, product_id: id }) => plain(order.items[line - 1]?.name || id);
  // A link to plain http would send the number in the clear, so it stays a text.
  const tracked = url?.startsWith("https:") ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, plain(number)) : h("code", {}, plain(number));
  return h(
    "article",
    { class: "return" },
    h("div", { class: "row between" }, h("span", {}, plain(by), " · ", tracked), h("span", { class: "muted small" }, ago(at))),
    h("ul", { class: "plain" }, lines.map((line) => h("li", {}, `${line.quantity} × ${nameOf(line)}`))),
  );
}

/** The form over a draft, in which it writes; `keep` is called after each change. */
function shipmentForm(order, act, draft, { close, keep }) {
  const left = unshipped(order);
  const missing = signal(null);
  const none = signal(false);
  const text = (name, attributes) => bound(input({ name: `shipment-${name}`, spellcheck: "false", ...attributes }), draft, name);
  const controls = {
    carrier: text("carrier", { maxlength: 64, placeholder: "dhl" }),
    tracking_number: text("tracking_number", { maxlength: 100 }),
    tracking_url: text("tracking_url", { maxlength: 500, inputmode: "url" }),
  };
  const faultOf = (name) => () => missing() === name && t("required");
  const send = async () => {
    const lines = draft.quantities.map((quantity, index) => ({ line: index + 1, quantity: Math.min(Number(quantity) || 0, left[index]) }));
    const chosen = lines.filter(({ quantity }) => quantity > 0);
    missing.set(["carrier", "tracking_number"].find((name) => !draft[name].trim()) ?? null);
    none.set(chosen.length === 0);
    if (missing.peek()) return controls[missing.peek()].focus();
    if (none.peek()) return;
    const request = async (now) => {
      const fresh = await orders.recordShipment(now, {
        carrier: codeOf(draft.carrier),
        tracking_number: draft.tracking_number.trim(),
        tracking_url: draft.tracking_url.trim() || undefined,
        lines: chosen,
      });
      carrier.set(codeOf(draft.carrier));
      close();
      return fresh;
    };
    await act(request, () => t("shipment.recorded"), FORM);
  };
  return form(
    { class: "stack return-form shipment-form", oninput: keep },
    send,
    field(tr("shipment.carrier"), controls.carrier, { fault: faultOf("carrier") }),
    field(tr("shipment.number"), controls.tracking_number, { fault: faultOf("tracking_number") }),
    field(tr("shipment.url"), controls.tracking_url),
    order.items.map((item, index) => left[index] > 0 && quantityField(item, index, left[index], draft)),
    () => none() && h("p", { class: "fault", role: "alert" }, tr("return.none")),
    h("div", { class: "row end" }, h("button", { type: "button", class: "button", onclick: close }, tr("cancel")), submitButton(tr("shipment.submit"))),
  );
}

/** A name as the API has them: "Correos Express" is "correos-express". */
export const codeOf = (name) => name.trim().toLowerCase().replace(/\s+/g, "-");

function quantityField(item, index, most, draft) {
  const control = input({ type: "number", name: `shipment-quantity-${index}`, min: 0, max: most, step: 1, inputmode: "numeric" });
  bound(control, draft.quantities, index);
  return field(() => t("return.quantity", { product: plain(item.name || item.product_id), count: most }), control, { className: "inline" });
}
