// Packing slips and invoices, in the language of who gets them, one on a page of paper.

import { breakdown } from "../charges.js";
import { formatDate, formatMoney, LANGUAGES, language, speaking, t, tr } from "../i18n.js";
import { toMinor, toText } from "../money.js";
import * as orders from "../orders.js";
import { addressLines } from "../parties.js";
import { preference } from "../preferences.js";
import { link, route } from "../router.js";
import { PAPERS } from "../rules.js";
import { failure, field, loading, numberOf, plain } from "../ui.js";
import { h, onEnd, signal } from "../view.js";

const MAX_PAPERS = 100;
const MAX_SENDER = 400; // characters
const sender = preference("sender");

export function papersPage(_user, kind) {
  const ids = [...new Set((route.peek().query.get("ids") ?? "").split(",").filter(Boolean))].slice(0, MAX_PAPERS);
  const shown = signal(null);
  const fault = signal(null);
  const code = signal(language.peek());
  const from = signal(sender.get() ?? "");
  const controller = new AbortController();
  onEnd(() => controller.abort());
  const load = async () => {
    fault.set(null);
    try {
      const read = [];
      for (const id of ids) read.push(await orders.get(id, controller.signal));
      shown.set(read);
    } catch (error) {
      if (!controller.signal.aborted) fault.set(error);
    }
  };
  load();
  const known = PAPERS.includes(kind) ? kind : PAPERS[0];
  return h(
    "div",
    { class: "page narrow" },
    h("p", { class: "crumb" }, h("a", { href: ids.length === 1 ? link(["orders", ids[0]]) : link(["orders"]) }, tr(ids.length === 1 ? "paper.back" : "order.back"))),
    h("div", { class: "page-head paper-tools" }, h("h1", { tabindex: "-1" }, tr(`paper.${known}`)), h("div", { class: "actions" }, printButton())),
    h("div", { class: "fields paper-tools" }, languageChoice(code), senderField(from)),
    () => {
      if (fault()) return failure(fault(), load);
      return shown() ? shown().map((order) => speaking(code(), () => paper(known, order, from(), code()))) : loading("order");
    },
  );
}

const printButton = () => h("button", { type: "button", class: "button primary", onclick: () => print() }, tr("print"));

function languageChoice(code) {
  const choice = h("select", { onchange: () => code.set(choice.value) }, LANGUAGES.map(([each, name]) => h("option", { value: each, selected: each === code.peek() }, name)));
  return field(tr("paper.language"), choice);
}

function senderField(from) {
  const change = () => (from.set(control.value), sender.set(control.value));
  const control = h("textarea", { rows: 2, maxlength: MAX_SENDER, oninput: change });
  control.value = from.peek();
  return field(tr("paper.from"), control, { hint: tr("paper.from.hint") });
}

// Everything below makes texts at once: `speaking` holds for as long as it runs.

function paper(kind, order, from, code) {
  const isInvoice = kind === "invoice";
  const to = isInvoice ? order.billing_address ?? order.shipping_address : order.shipping_address;
  return h(
    "article",
    { class: "paper", lang: code, "aria-label": `${t(`paper.${kind}`)} ${numberOf(order)}` },
    h(
      "header",
      { class: "row between" },
      h("p", { class: "notes" }, plain(from)),
      h(
        "div",
        {},
        h("h2", {}, t(`paper.${kind}`)),
        line("paper.number", numberOf(order)),
        line("paper.date", formatDate(order.created_at)),
        order.external_reference && line("order.reference", plain(order.external_reference)),
      ),
    ),
    to || order.contact ? recipient(isInvoice ? "paper.bill" : "paper.ship", to, order.contact) : null,
    order.status === "CANCELLED" && h("p", { class: "paper-mark" }, t("status.CANCELLED")),
    isInvoice ? invoiceLines(order) : slipLines(order),
    !isInvoice && order.notes && h("div", {}, h("h3", {}, t("order.notes")), h("p", { class: "notes" }, plain(order.notes))),
  );
}

const line = (key, value) => h("p", {}, h("span", { class: "muted" }, `${t(key)} `), value);

function recipient(key, address, contact) {
  const lines = [contact?.name && plain(contact.name), ...(address ? addressLines(address) : []), contact?.phone, !address && contact?.email];
  return h("div", {}, h("h3", {}, t(key)), h("address", {}, lines.filter(Boolean).map((each) => h("span", { class: "block" }, each))));
}

const head = (...cells) => h("thead", {}, h("tr", {}, cells.map(([key, name]) => h("th", { scope: "col", class: name }, key && t(key)))));
const small = (text) => text && h("span", { class: "muted small block" }, text);
const product = (item, currency) =>
  h(
    "td",
    {},
    plain(item.name || item.product_id),
    small(item.name && plain(item.product_id)),
    small(currency && item.discount && t("charge.off-item", { amount: formatMoney(item.discount, currency) })),
  );

const slipLines = ({ items }) =>
  h(
    "table",
    { class: "items" },
    head(["paper.packed"], ["order.product"], ["order.quantity", "number"]),
    h("tbody", {}, items.map((item) => h("tr", {}, h("td", { class: "tick" }, "☐"), product(item), h("td", { class: "number" }, String(item.quantity))))),
  );

function invoiceLines(order) {
  const { items, currency, total_amount: total, returns } = order;
  const money = (minor) => formatMoney(toText(minor, currency), currency);
  const amount = (item) => BigInt(item.quantity) * toMinor(item.unit_price, currency);
  const refunded = (returns ?? []).filter(({ status }) => status === "REFUNDED").reduce((sum, one) => sum + toMinor(one.refund_amount, currency), 0n);
  const row = (text, minor, name) => h("tr", { class: name }, h("th", { scope: "row", colspan: "3" }, text), h("td", { class: "number total" }, money(minor)));
  const sum = (key, minor) => row(t(key), minor);
  const all = toMinor(total, currency);
  return h(
    "table",
    { class: "items" },
    head(["order.product"], ["order.quantity", "number"], ["order.price", "number"], ["order.amount", "number"]),
    h(
      "tbody",
      {},
      items.map((item) =>
        h("tr", {}, product(item, currency), h("td", { class: "number" }, String(item.quantity)), h("td", { class: "number" }, formatMoney(item.unit_price, currency)), h("td", { class: "number" }, money(amount(item)))),
      ),
    ),
    h("tfoot", {}, breakdown(order).map(([text, minor]) => row(text, minor, "charge")), sum("order.total", all), refunded > 0n && [sum("paper.refunded", -refunded), sum("paper.net", all - refunded)]),
  );
}
