// The OpenAPI document, with its references followed.

const METHODS = ["get", "post", "put", "patch", "delete"];

/** What `node` is or refers to; `name` is the schema's, where it has one. */
export function resolve(document, node) {
  let name = null;
  let target = node;
  while (target.$ref) {
    name = target.$ref.split("/").pop();
    const { $ref, ...beside } = target;
    target = { ...$ref.slice(2).split("/").reduce((part, key) => part[key], document), ...beside };
  }
  if (target.allOf?.length === 1) {
    const { allOf, ...beside } = target;
    const inner = resolve(document, allOf[0]);
    return { name: inner.name, node: { ...inner.node, ...beside } };
  }
  return { name, node: target };
}

/** Every operation, in the order of the document. */
export function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => {
      const parameters = [...(item.parameters ?? []), ...(item[method].parameters ?? [])];
      return {
        ...item[method],
        id: item[method].operationId,
        method: method.toUpperCase(),
        path,
        parameters: parameters.map((one) => resolve(document, one).node),
      };
    }),
  );
}

/** The example of a media type, if it has one: the first of several. */
export const exampleOf = (content) => content.example ?? Object.values(content.examples ?? {})[0]?.value;
