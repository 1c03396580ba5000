// What happened to an order, from its histories and its events, newest first.

import { CONTENT_FIELDS } from "./orders.js";

/**
 * Entries `{kind, at, by, …}`: kind "status" with `status`, "return" and "payment" with `status`,
 * "shipment" with `carrier`, "comment" with `text` and `visibility`, "change" with `fields` and `changes`, those with their values.
 * Histories name every status; the events add what else was changed.
 */
export function timelineOf(order, events) {
  const statuses = order.history.map(({ status, at, by }) => ({ kind: "status", status, at, by }));
  const steps = (kind, entries) => (entries ?? []).flatMap((entry) => entry.history.map(({ status, at, by }) => ({ kind, status, at, by })));
  const shipments = (order.shipments ?? []).map(({ carrier, shipped_at: at, recorded_by: by }) => ({ kind: "shipment", carrier, at, by }));
  const comments = (order.comments ?? []).map(({ text, visibility, at, by }) => ({ kind: "comment", text, visibility, at, by }));
  const changes = events
    .map(({ changed, changes, time, actor }) => ({
      kind: "change",
      fields: CONTENT_FIELDS.filter((field) => changed.includes(field)),
      changes: (changes ?? []).filter(({ field }) => CONTENT_FIELDS.includes(field)),
      at: time,
      by: actor,
    }))
    .filter(({ fields }) => fields.length > 0);
  return [...statuses, ...steps("return", order.returns), ...steps("payment", order.payments), ...shipments, ...comments, ...changes].sort((one, other) => other.at.localeCompare(one.at));
}
