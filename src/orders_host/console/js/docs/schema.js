// Schemas as lists of fields; what lies deeper opens on demand.

import { t, tr } from "../i18n.js";
import { h } from "../view.js";
import { resolve } from "./contract.js";
import { prose } from "./prose.js";

const OPEN_TO = 1; // levels that are shown at once
const DEEPEST = 6;

/** The fields of a schema, or nothing if it has none. */
export function fieldsOf(document, schema, depth = 0) {
  const { node } = resolve(document, schema);
  if (node.type === "array") return fieldsOf(document, node.items, depth);
  if (!node.properties || depth > DEEPEST) return null;
  return h(
    "ul",
    { class: "schema" },
    Object.entries(node.properties).map(([name, property]) =>
      h("li", {}, line(document, name, property, { required: (node.required ?? []).includes(name) }), below(document, name, property, depth)),
    ),
  );
}

/** One field, parameter or header: name, type, where a parameter goes, whether it is needed, limits, meaning. */
export function line(document, name, schema, { required = false, place, description } = {}) {
  const { node } = resolve(document, schema);
  return [
    h(
      "p",
      { class: "row" },
      h("code", { class: "name" }, name),
      h("span", { class: "muted small", lang: "en" }, typeOf(document, schema), place && `, ${place}`),
      node.nullable && h("span", { class: "muted small" }, tr("docs.nullable")),
      required && h("span", { class: "required small" }, tr("docs.required")),
    ),
    h("p", { class: "muted small" }, h("span", { lang: "en" }, limitsOf(node)), defaultOf(node)),
    (description ?? node.description) && h("div", { class: "small", lang: "en" }, prose(description ?? node.description)),
    node.enum && node.enum.length <= 12 && h("p", { class: "small row" }, node.enum.map((value) => h("code", {}, value))),
  ];
}

function below(document, name, property, depth) {
  const inside = fieldsOf(document, property, depth + 1);
  if (!inside) return null;
  return h("details", { open: depth < OPEN_TO }, h("summary", { class: "small" }, () => t("docs.fields", { name })), inside);
}

function typeOf(document, schema) {
  const { name, node } = resolve(document, schema);
  if (node.oneOf) return node.oneOf.map((one) => typeOf(document, one)).join(" | ");
  if (node.type === "array") return `array<${typeOf(document, node.items)}>`;
  if (typeof node.additionalProperties === "object") return `object<string, ${typeOf(document, node.additionalProperties)}>`;
  if (name) return name;
  return node.format ? `${node.type} (${node.format})` : node.type ?? "any";
}

const LIMITS = [
  ["minLength", "maxLength", "characters"],
  ["minItems", "maxItems", "entries"],
  ["minProperties", "maxProperties", "pairs"],
  ["minimum", "maximum", ""],
];

function limitsOf(node) {
  const limits = LIMITS.filter(([low, high]) => node[low] !== undefined || node[high] !== undefined);
  return limits.map(([low, high, unit]) => `${node[low] ?? 0}–${node[high] ?? "…"} ${unit}`.trim()).join(", ");
}

const defaultOf = (node) =>
  node.default !== undefined && [limitsOf(node) && ", ", () => t("docs.default", { value: JSON.stringify(node.default) })];
