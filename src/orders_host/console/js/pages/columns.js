// Which columns the orders list has: chosen by the reader, kept in this browser.

import { dropdown } from "../dropdown.js";
import { tr } from "../i18n.js";
import { preference } from "../preferences.js";
import { h, signal } from "../view.js";

const COLUMNS = [
  ["total", "list.total"],
  ["status", "list.status"],
  ["payment", "list.payment"],
  ["fulfilment", "list.fulfilment"],
  ["items", "order.items"],
  ["reference", "order.reference"],
  ["placed", "list.placed"],
  ["updated", "order.updated"],
];
const SORTED = { total_amount: "total", created_at: "placed", updated_at: "updated" };
const choice = preference("columns");
const hidden = signal((choice.get() ?? "fulfilment,reference,updated").split(","));

/** The columns that are not shown; what is sorted by always is. */
export const hiddenColumns = (sortField) => hidden().filter((name) => name !== SORTED[sortField]);

/** A button over the columns, each with a checkbox. */
export function columnChoice() {
  const box = ([name, key]) => {
    const control = h("input", { type: "checkbox", checked: () => !hidden().includes(name), onchange: () => note(name, control.checked) });
    return h("label", { class: "row" }, control, tr(key));
  };
  return dropdown("columns-menu wide-only", {}, tr("list.columns"), COLUMNS.map(box));
}

function note(name, shown) {
  const others = hidden.peek().filter((one) => one !== name);
  hidden.set(shown ? others : [...others, name]);
  choice.set(hidden.peek().join(","));
}
