// What happened to an order, from its history, its returns and its events, newest first.

import { CONTENT_FIELDS } from "./orders.js";

/**
 * Entries `{kind, at, by, …}`: kind "status" with `status`, "return" with `status`, "change" with `fields`.
 * Histories name every status; the events add what else was changed.
 */
export function timelineOf(order, events) {
  const statuses = order.history.map(({ status, at, by }) => ({ kind: "status", status, at, by }));
  const returns = (order.returns ?? []).flatMap((entry) =>
    entry.history.map(({ status, at, by }) => ({ kind: "return", status, at, by })),
  );
  const changes = events
    .map(({ changed, time, actor }) => ({ kind: "change", fields: CONTENT_FIELDS.filter((field) => changed.includes(field)), at: time, by: actor }))
    .filter(({ fields }) => fields.length > 0);
  return [...statuses, ...returns, ...changes].sort((one, other) => other.at.localeCompare(one.at));
}
