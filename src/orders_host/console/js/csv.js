// Orders as a table for a spreadsheet (RFC 4180), and its way to the reader's disk.

const ADDRESS_PARTS = ["lines", "postal_code", "city", "region", "country"];

const addressColumns = (kind) =>
  ADDRESS_PARTS.map((part) => [
    `${kind}_${part}`,
    (order) => [order[`${kind}_address`]?.[part] ?? ""].flat().join("; "),
  ]);

const COLUMNS = [
  ["order_id", (order) => order.order_id],
  ["customer_id", (order) => order.customer_id],
  ["status", (order) => order.status],
  ["currency", (order) => order.currency],
  ["total_amount", (order) => order.total_amount],
  ["items", (order) => order.items.map((item) => `${item.quantity} x ${item.name || item.product_id}`).join("; ")],
  ["external_reference", (order) => order.external_reference ?? ""],
  ...["name", "email", "phone"].map((part) => [`contact_${part}`, (order) => order.contact?.[part] ?? ""]),
  ...addressColumns("shipping"),
  ...addressColumns("billing"),
  ["notes", (order) => order.notes ?? ""],
  ["created_at", (order) => order.created_at],
  ["updated_at", (order) => order.updated_at],
];
const NUMBER = ["order_number", (order) => order.order_number ?? ""];

export function ordersAsCsv(orders) {
  const columns = orders.some((order) => order.order_number) ? [NUMBER, ...COLUMNS] : COLUMNS;
  const lines = [columns.map(([name]) => name), ...orders.map((order) => columns.map(([, value]) => cell(String(value(order)))))];
  return lines.map((line) => `${line.join(",")}\r\n`).join("");
}

/** A quoted cell. A spreadsheet runs what begins like a formula, so an apostrophe makes such a cell a text. */
function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Saves a text as a file of CSV. The mark at its start tells Excel that it is UTF-8. */
export const download = (name, text) => saveFile(name, "text/csv;charset=utf-8", `\ufeff${text}`);

/** Saves a text as a file. */
export function saveFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
