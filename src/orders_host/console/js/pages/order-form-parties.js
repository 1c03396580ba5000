// The part of an order's form that most orders leave folded: reference, contact and addresses.

import { t, tr } from "../i18n.js";
import { countries } from "../parties.js";
import { bound, field, input } from "../ui.js";
import { effect, h } from "../view.js";

const ADDRESSES = ["shipping_address", "billing_address"];
const isParty = (pointer) => /^\/(external_reference|contact|shipping_address|billing_address)/.test(pointer);

/** The fields, open where something is filled in or amiss. `at` gives the fault at a pointer, `faults` all of them. */
export function partyFields(draft, at, faults) {
  const open = (isFilled, isAmiss, attributes, ...children) => {
    const element = h("details", { ...attributes, open: isFilled }, ...children);
    effect(() => {
      if ([...faults().keys()].some(isAmiss)) element.open = true;
    });
    return element;
  };
  const [shipping, billing] = ADDRESSES.map((name) => addressFields(draft[name], `/${name}`, at, faults));
  const filled = (texts) => Object.values(texts).some(Boolean);
  return open(
    Boolean(draft.external_reference) || [draft.contact, ...ADDRESSES.map((name) => draft[name])].some(filled),
    isParty,
    { class: "card fold" },
    h("summary", {}, h("h2", {}, tr("form.parties")), h("span", { class: "muted small" }, tr("form.parties.hint"))),
    h(
      "div",
      { class: "stack" },
      contactFields(draft, at),
      group("party.shipping", shipping),
      open(
        filled(draft.billing_address),
        (pointer) => pointer.startsWith("/billing_address"),
        { class: "fold" },
        h("summary", {}, tr("form.billing")),
        group("party.billing", billing),
      ),
    ),
  );
}

const group = (key, fields) =>
  h("fieldset", { class: "fields" }, h("legend", { class: "group-title" }, tr(key)), fields);

function contactFields(draft, at) {
  const one = (name, attributes) =>
    field(tr(`party.${name}`), bound(input(attributes), draft.contact, name), { fault: at(`/contact/${name}`) });
  return h(
    "fieldset",
    { class: "fields" },
    h("legend", { class: "group-title" }, tr("party.contact")),
    one("name", { maxlength: 200 }),
    one("email", { type: "email", maxlength: 254 }),
    one("phone", { type: "tel", maxlength: 32, placeholder: "+34 911 234 567" }),
    field(tr("order.reference"), bound(input({ maxlength: 64 }), draft, "external_reference"), { fault: at("/external_reference") }),
  );
}

function addressFields(address, pointer, at, faults) {
  const one = (name, control, className) =>
    field(tr(`party.${name}`), bound(control, address, name), { fault: at(`${pointer}/${name}`), className });
  const ofLines = () => [...faults()].find(([key]) => key.startsWith(`${pointer}/lines`))?.[1];
  const lines = bound(h("textarea", { rows: 2, maxlength: 403, autocomplete: "off" }), address, "lines");
  return [
    field(tr("party.lines"), lines, { fault: ofLines, className: "whole" }),
    one("postal_code", input({ maxlength: 16 })),
    one("city", input({ maxlength: 100 })),
    one("region", input({ maxlength: 100 })),
    one("country", countryChoice()),
  ];
}

const countryChoice = () =>
  h("select", { autocomplete: "off" }, h("option", { value: "" }, () => t("party.country.none")), countries().map(([code, name]) => h("option", { value: code }, name)));
