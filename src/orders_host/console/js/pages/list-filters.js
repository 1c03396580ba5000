// The controls of the list's filters: what is looked for, and what is sorted by with its range.

import { isSearchable } from "../config.js";
import { debounced } from "../debounce.js";
import { dropdown } from "../dropdown.js";
import { fieldOf, isFiltered, isHandle, NONE, readable, sortsFor } from "../filters.js";
import { groupSeparator, t, tr } from "../i18n.js";
import { CURRENCIES, readAmount, toMinor } from "../money.js";
import { navigate } from "../router.js";
import { FULFILLED, PAID, STATUSES } from "../rules.js";
import { field, form, input } from "../ui.js";
import { effect, h, signal } from "../view.js";

const TYPING = 250; // milliseconds without a key after which the words are looked for
const BY_TOTAL = { min: "list.min", max: "list.max" };
const BY_TIME = { from: "list.from", to: "list.to" };

/** The filters of which several are chosen, each among `names`. */
const CHOICES = [
  { name: "status", names: STATUSES },
  { name: "payment", names: PAID },
  { name: "fulfilment", names: FULFILLED },
];

/** The filters' form over a signal of them; `apply` is called with others, `usualCurrency` for that of totals until one is chosen. */
export function filterBar(user, filters, { apply, usualCurrency }) {
  const choices = Object.fromEntries(CHOICES.map(({ name }) => [name, signal(filters.peek()[name])]));
  const fault = signal(null);
  const controls = {
    q: searchBox(filters.peek().q, () => typed()),
    customer: input({ value: filters.peek().customer, maxlength: 64, spellcheck: "false" }),
  };
  const active = signal(isFiltered(filters.peek()));
  const read = () => ({ ...NONE, currency: usualCurrency(), ...textsOf(controls), ...Object.fromEntries(Object.entries(choices).map(([name, chosen]) => [name, chosen.peek()])) });
  const changed = () => {
    const given = read();
    const next = readable(given);
    active.set(isFiltered({ ...given, currency: "" }));
    fault.set(faultOf(given, next));
    if (!fault.peek()) apply(next);
  };
  const typed = debounced(changed, TYPING);
  const clear = () => {
    for (const chosen of Object.values(choices)) chosen.set("");
    for (const one of Object.values(controls)) one.value = "";
    controls.q.focus();
    changed();
  };
  const submit = () => {
    const words = controls.q.value.trim();
    if (isHandle(words)) navigate(["orders", words]);
    else changed();
  };
  return form(
    { class: "filters", role: "search", "aria-label": tr("list.filters"), onchange: changed },
    submit,
    field(tr("list.search"), controls.q, { className: "grow" }),
    CHOICES.map((choice) => (choice.name === "status" || isSearchable()) && choiceField(choice, choices[choice.name])),
    user.staff && field(tr("list.customer"), controls.customer),
    sorting(filters, controls, fault),
    h("button", { type: "button", class: "button quiet", onclick: clear, hidden: () => !active() }, tr("list.clear")),
    h("button", { type: "submit", class: "visually-hidden", tabindex: "-1" }, tr("list.filters")),
  );
}

/** What the controls say; amounts as people write them become decimals. */
function textsOf(controls) {
  const texts = Object.fromEntries(Object.entries(controls).map(([name, one]) => [name, one.value.trim()]));
  for (const name of Object.keys(BY_TOTAL)) {
    if (texts[name]) texts[name] = readAmount(texts[name], texts.currency, groupSeparator());
  }
  return texts;
}

/** The text that says what is wrong with a range, if something is. */
function faultOf(given, { sort, from, to, min, max, currency }) {
  if (fieldOf(sort) !== "total_amount") return from && to && from > to ? "list.dates" : null;
  if (given.min !== undefined && (given.min !== min || given.max !== max)) return "fault.amount";
  return min && max && toMinor(min, currency) > toMinor(max, currency) ? "list.amounts" : null;
}

const searchBox = (words, oninput) =>
  input({
    type: "search",
    value: words,
    maxlength: 100,
    spellcheck: "false",
    "data-search": true,
    placeholder: tr(isSearchable() ? "list.search.hint" : "list.search.whole"),
    oninput,
  });

/** Several of a choice's names, of which none means any; `chosen` is a signal of them, divided by commas. */
function choiceField({ name, names }, chosen) {
  const label = `list.${name}`;
  const told = () => (chosen() ? chosen().split(",").map((each) => t(`${name}.${each}`)).join(", ") : t("list.any"));
  const boxes = names.map((value) =>
    h("input", { type: "checkbox", name, value, checked: () => chosen().split(",").includes(value), onchange: () => note() }));
  const note = () => chosen.set(boxes.filter(({ checked }) => checked).map(({ value }) => value).join(","));
  const options = boxes.map((box) => h("label", { class: "row" }, box, tr(`${name}.${box.value}`)));
  const summary = { "aria-label": () => `${t(label)}: ${told()}` };
  return h(
    "div",
    { class: "field" },
    h("span", { class: "label", "aria-hidden": "true" }, tr(label)),
    dropdown(`choices is-${name}`, summary, [h("span", {}, told), h("span", { class: "caret" })], options),
  );
}

/** What is sorted by, and its range; what the list's head chooses is followed. */
function sorting(filters, controls, fault) {
  const searching = signal(false); // apart from the filters: typing must not draw the controls anew
  const by = signal("");
  effect(() => {
    searching.set(filters().q !== "");
    by.set(fieldOf(filters().sort));
  });
  return [() => field(tr("list.sort"), sortSelect(filters, controls, searching())), () => range(by(), filters.peek(), controls, fault)];
}

function sortSelect(filters, controls, searching) {
  const option = (sort) => h("option", { value: sort }, tr(`sort.${sort || "-created_at"}`));
  controls.sort = h("select", {}, sortsFor(searching).map(option));
  effect(() => (controls.sort.value = filters().sort));
  return controls.sort;
}

function range(by, filters, controls, fault) {
  const byTotal = by === "total_amount";
  for (const name of ["from", "to", "min", "max", "currency"]) delete controls[name];
  const names = byTotal ? BY_TOTAL : BY_TIME;
  const attributes = byTotal ? { inputmode: "decimal", maxlength: 20 } : { type: "date", min: "2000-01-01" };
  for (const name of Object.keys(names)) controls[name] = input({ ...attributes, value: filters[name] });
  if (byTotal) controls.currency = currencySelect(filters.currency);
  const [low, high] = Object.entries(names).map(([name, key]) => [tr(key), controls[name]]);
  return [
    byTotal && field(tr("list.currency"), controls.currency, { className: "short" }),
    field(...low),
    field(...high, { fault: () => fault() && t(fault()) }),
  ];
}

function currencySelect(chosen) {
  const control = h("select", {}, CURRENCIES.map((code) => h("option", { value: code }, code)));
  control.value = chosen;
  return control;
}
