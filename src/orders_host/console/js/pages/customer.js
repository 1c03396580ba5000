// One customer, for staff: what is held of a person is saved as a file, or erased for good.

import { eraseCustomer, exportCustomer } from "../customer-data.js";
import { saveFile } from "../csv.js";
import { t, tr } from "../i18n.js";
import { link } from "../router.js";
import { actionButton, customerName, field, form, input, submitButton } from "../ui.js";
import { h, onEnd, signal } from "../view.js";

export function customerPage(_, id) {
  const name = customerName(id);
  const controller = new AbortController();
  onEnd(() => controller.abort());
  const told = signal("");

  const save = async () => {
    const data = await exportCustomer(id, controller.signal);
    saveFile(`customer-${name}.json`, "application/json", JSON.stringify(data, null, 2));
    told.set(t("customer.exported", { count: data.orders.length }));
  };
  return h(
    "div",
    { class: "page" },
    h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, tr("order.customer"), " ", name), h("a", { href: link(["orders"], { customer: id }) }, tr("customers.orders"))),
    h("p", { class: "muted small" }, h("code", {}, id)),
    h("section", { class: "card stack" }, h("h2", {}, tr("customer.export")), h("p", {}, tr("customer.export.text")), h("div", { class: "row" }, actionButton(tr("customer.export"), save))),
    h("section", { class: "card stack" }, h("h2", {}, tr("customer.erase")), h("p", {}, tr("customer.erase.text")), erasing(id, name, told, controller.signal)),
    h("p", { role: "status" }, told),
  );
}

/** Erases when the customer's name was typed as it stands at the head of the page. */
function erasing(id, name, told, ended) {
  const fault = signal("");
  const control = input({ spellcheck: "false", required: true });
  const erase = async () => {
    const isTyped = control.value.trim() === name;
    fault.set(isTyped ? "" : t("customer.erase.mistyped", { name }));
    if (!isTyped) return control.focus();
    const orders = await eraseCustomer(id, (done) => told.set(t("customer.erasing", { count: done })), ended);
    control.value = "";
    told.set(t("customer.erased", { count: orders }));
  };
  return form({ class: "stack" }, erase, field(() => t("customer.erase.type", { name }), control, { fault }), h("div", { class: "row" }, submitButton(tr("customer.erase"), "danger")));
}
