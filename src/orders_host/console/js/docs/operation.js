// One operation: what it does, what it takes and what it answers.

import { tr } from "../i18n.js";
import { h } from "../view.js";
import { resolve } from "./contract.js";
import { inline, prose } from "./prose.js";
import { fieldsOf, line } from "./schema.js";
import { requestPanel } from "./try.js";

export function operationSection(document, operation) {
  const { id, method, path, summary, description } = operation;
  const json = operation.requestBody?.content["application/json"];
  return h(
    "section",
    { class: "operation", id, "aria-labelledby": `${id}-title` },
    h(
      "div",
      { class: "stack" },
      h("h2", { id: `${id}-title`, lang: "en", tabindex: "-1" }, summary),
      h("p", { class: "endpoint" }, methodBadge(method), " ", h("code", {}, path)),
      description && h("div", { class: "stack", lang: "en" }, prose(description)),
      operation.parameters.length > 0 && [h("h3", {}, tr("docs.parameters")), parameterList(document, operation.parameters)],
      json && [h("h3", {}, tr("docs.body")), fieldsOf(document, json.schema)],
      h("h3", {}, tr("docs.responses")),
      Object.entries(operation.responses).map(([status, response]) => responseEntry(document, status, response)),
    ),
    requestPanel(document, operation),
  );
}

export const methodBadge = (method) => h("span", { class: `method is-${method.toLowerCase()}` }, method);

const parameterList = (document, parameters) =>
  h(
    "ul",
    { class: "schema" },
    parameters.map((one) =>
      h("li", {}, line(document, one.name, one.schema, { required: one.required, place: one.in, description: one.description })),
    ),
  );

function responseEntry(document, status, given) {
  const { node } = resolve(document, given);
  return h(
    "details",
    { class: "response" },
    h(
      "summary",
      {},
      h("span", { class: `code-${status[0]}xx` }, status),
      " ",
      h("span", { lang: "en" }, inline(node.description)),
    ),
    h(
      "div",
      { class: "stack" },
      Object.values(node.content ?? {}).map((content) => [fieldsOf(document, content.schema), examples(content)]),
      node.headers && headerList(document, node.headers),
    ),
  );
}

function examples(content) {
  const named = content.example ? { "": content.example } : mapValues(content.examples ?? {}, (one) => one.value);
  return Object.entries(named).map(([name, value]) => [
    h("h4", {}, tr("docs.example"), name && [" ", h("code", {}, name)]),
    h("pre", { tabindex: "0" }, JSON.stringify(value, null, 2)),
  ]);
}

const mapValues = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

function headerList(document, headers) {
  return [
    h("h4", {}, tr("docs.headers")),
    h(
      "ul",
      { class: "schema" },
      Object.entries(headers).map(([name, header]) => {
        const { node } = resolve(document, header);
        return h("li", {}, line(document, name, node.schema, { description: node.description }));
      }),
    ),
  ];
}
