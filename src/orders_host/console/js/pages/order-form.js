// The fields of an order, for a new one and for an edited one; faults are placed by their JSON pointers.

import { addLine, contentFrom, usedPairs } from "../draft.js";
import { faultText } from "../faults.js";
import { formatMoney, groupSeparator, locale, t, tr } from "../i18n.js";
import { CURRENCIES, toText, total } from "../money.js";
import { bound, failure, field, form, input, submitButton } from "../ui.js";
import { h, onEnd, signal } from "../view.js";
import { partyFields } from "./order-form-parties.js";

/**
 * The form. `send` is called with the draft's content; it may raise the API's problem. `changed` is called after each
 * change of the draft.
 */
export function orderForm({ draft, submitText, send, changed, discard, customers }) {
  const revision = signal(0);
  const faults = signal(new Map()); // JSON pointer → text
  const fault = signal(null);
  const element = signal(null);
  const touch = () => {
    revision.set(revision.peek() + 1);
    changed();
  };
  const leave = (event) => revision.peek() > 0 && event.preventDefault();
  addEventListener("beforeunload", leave);
  onEnd(() => removeEventListener("beforeunload", leave));
  const at = (pointer) => () => faults().get(typeof pointer === "function" ? pointer() : pointer);

  const submit = async () => {
    const found = ownFaults(draft);
    if (found.size === 0) {
      try {
        fault.set(null);
        faults.set(new Map());
        return await send(contentFrom(draft));
      } catch (error) {
        for (const each of error.errors ?? []) found.set(each.pointer, faultText(each.detail, each.pointer));
        fault.set(error);
      }
    }
    faults.set(found);
    element.peek().querySelector("[aria-invalid=true]")?.focus();
  };

  element.set(
    form(
      { class: "stack order-form", oninput: touch },
      submit,
      () => fault() && summary(fault(), faults()),
      h("section", { class: "card stack" }, heading(draft, at, customers), itemRows(draft, at, touch, revision)),
      partyFields(draft, at, faults),
      h("section", { class: "card stack" }, extras(draft, at, touch, revision)),
      h(
        "div",
        { class: "form-foot" },
        h("p", { class: "total-line" }, h("span", {}, tr("order.total")), " ", h("output", { class: "total" }, () => {
          revision();
          return formatMoney(toText(total(draft.lines, draft.currency, groupSeparator()), draft.currency), draft.currency);
        })),
        h("div", { class: "row" }, h("button", { type: "button", class: "button", onclick: discard }, tr("form.discard")), submitButton(submitText)),
      ),
    ),
  );
  return element.peek();
}

/** Faults that only the form can see: two names that would become one. */
function ownFaults(draft) {
  const names = usedPairs(draft.pairs).map(({ key }) => key.trim());
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return new Map(twice.map((name) => [pairPointer(name), t("fault.twice")]));
}

const pairPointer = (name) => `/metadata/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;

// What has a field of its own, beside which its fault stands.
const PLACED =
  /^\/(items\/\d+|metadata|contact|shipping_address|billing_address)\/.|^\/(notes|currency|customer_id|external_reference)$/;

function summary(error, placed) {
  if (error.slug !== "invalid-input") return failure(error);
  const unplaced = [...placed].filter(([pointer]) => !PLACED.test(pointer));
  return h(
    "div",
    { class: "notice is-error", role: "alert" },
    h("p", { class: "notice-title" }, () => t("form.faults", { count: placed.size })),
    unplaced.map(([pointer, text]) => h("p", {}, h("code", {}, pointer), " ", text)),
  );
}

function heading(draft, at, customers) {
  const names = new Intl.DisplayNames([locale()], { type: "currency" });
  const currencies = h("select", {}, CURRENCIES.map((code) => h("option", { value: code }, `${code} – ${names.of(code)}`)));
  return h(
    "div",
    { class: "fields" },
    customers && customerField(draft, at, customers),
    field(tr("form.currency"), bound(currencies, draft, "currency"), { fault: at("/currency") }),
  );
}

const CUSTOMERS = "known-customers"; // the id of the list that the field offers

function customerField(draft, at, customers) {
  const control = bound(input({ maxlength: 64, spellcheck: "false", list: CUSTOMERS }), draft, "customer_id");
  control.addEventListener("input", () => (draft.new_customer = false));
  const isNew = () => {
    const box = h("input", { type: "checkbox", onchange: () => (draft.new_customer = box.checked) });
    return h("label", { class: "row" }, box, tr("form.for.new"));
  };
  return h(
    "div",
    { class: "stack tight" },
    field(tr("form.for"), control, { hint: tr("form.for.hint"), fault: at("/customer_id") }),
    h("datalist", { id: CUSTOMERS }, () => customers.options().map(({ id, text }) => h("option", { value: id }, text))),
    () => at("/customer_id")() && isNew(),
  );
}

function itemRows(draft, at, touch, revision) {
  const list = h("div", { class: "lines" });
  const show = (line) => list.append(itemRow(line, draft, at, remove, revision));
  const remove = (line, row) => {
    const index = draft.lines.indexOf(line);
    draft.lines.splice(index, 1);
    row.remove();
    (list.children[Math.min(index, list.children.length - 1)]?.querySelector("input") ?? add).focus();
    touch();
  };
  const more = () => {
    addLine(draft);
    show(draft.lines.at(-1));
    list.lastChild.querySelector("input").focus();
    touch();
  };
  const add = h("button", { type: "button", class: "button", onclick: more }, tr("form.add"));
  draft.lines.forEach(show);
  return [h("h2", {}, tr("order.items")), list, () => at("/items")() && h("p", { class: "fault" }, at("/items")), h("div", {}, add)];
}

function itemRow(line, draft, at, remove, revision) {
  const index = () => (revision(), draft.lines.indexOf(line));
  const pointer = (name) => at(() => `/items/${index()}/${name}`);
  const row = h(
    "fieldset",
    { class: "line" },
    h("legend", { class: "visually-hidden" }, () => t("form.item", { count: index() + 1 })),
    field(tr("form.product"), bound(input({ maxlength: 64 }), line, "product_id"), { fault: pointer("product_id") }),
    field(tr("form.name"), bound(input({ maxlength: 200 }), line, "name"), { fault: pointer("name") }),
    field(tr("form.quantity"), bound(input({ inputmode: "numeric", maxlength: 9 }), line, "quantity"), { fault: pointer("quantity") }),
    field(tr("form.price"), bound(input({ inputmode: "decimal", maxlength: 24 }), line, "unit_price"), { fault: pointer("unit_price") }),
    removeButton(() => t("form.remove", { count: index() + 1 }), () => remove(line, row)),
  );
  return row;
}

const removeButton = (label, onclick) =>
  h("button", { type: "button", class: "button quiet remove", "aria-label": label, title: label, onclick }, "×");

function extras(draft, at, touch, revision) {
  const list = h("div", { class: "lines" });
  const remove = (pair, row) => {
    draft.pairs.splice(draft.pairs.indexOf(pair), 1);
    row.remove();
    add.focus();
    touch();
  };
  const show = (pair) => list.append(pairRow(pair, draft, at, remove, revision));
  const more = () => {
    draft.pairs.push({ key: "", value: "" });
    show(draft.pairs.at(-1));
    list.lastChild.querySelector("input").focus();
    touch();
  };
  const add = h("button", { type: "button", class: "button", onclick: more }, tr("form.pair.add"));
  draft.pairs.forEach(show);
  return [
    field(tr("form.notes"), bound(h("textarea", { rows: 3, maxlength: 1000 }), draft, "notes"), { fault: at("/notes") }),
    h("h2", {}, tr("form.metadata")),
    list,
    () => at("/metadata")() && h("p", { class: "fault" }, at("/metadata")),
    h("div", {}, add),
  ];
}

function pairRow(pair, draft, at, remove, revision) {
  const position = () => (revision(), draft.pairs.indexOf(pair) + 1);
  const row = h(
    "fieldset",
    { class: "line pair" },
    h("legend", { class: "visually-hidden" }, () => `${t("form.metadata")} ${position()}`),
    field(tr("form.key"), bound(input({ maxlength: 40 }), pair, "key"), { fault: at(() => (revision(), pairPointer(pair.key.trim()))) }),
    field(tr("form.value"), bound(input({ maxlength: 200 }), pair, "value")),
    removeButton(() => t("form.pair.remove", { count: position() }), () => remove(pair, row)),
  );
  return row;
}
