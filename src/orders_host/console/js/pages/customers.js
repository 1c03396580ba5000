// Who orders, from the orders themselves: the API keeps no customers of its own.

import { formatMoney, t, tr } from "../i18n.js";
import { toMinor, toText } from "../money.js";
import * as orders from "../orders.js";
import { link } from "../router.js";
import { isOpen } from "../rules.js";
import { actionButton, ago, customerName, empty, failure, field, input, loading, plain } from "../ui.js";
import { h, onEnd, signal } from "../view.js";

const PAGE = 100;
const MAX_READ = 1_000; // orders that are read before the reader is asked whether to go on

export function customersPage() {
  const customers = new Map();
  const read = signal(0); // how many orders
  const state = signal("loading"); // loading, ready, done, or an error
  const words = signal("");
  const controller = new AbortController();
  onEnd(() => controller.abort());
  let cursor = null;

  const load = async () => {
    state.set("loading");
    try {
      const enough = read.peek() + MAX_READ;
      do {
        const page = await orders.list({ limit: PAGE, cursor }, controller.signal);
        page.orders.forEach((order) => count(customers, order));
        cursor = page.next_cursor;
        read.set(read.peek() + page.orders.length);
      } while (cursor && read.peek() < enough);
      state.set(cursor ? "ready" : "done");
    } catch (error) {
      if (!controller.signal.aborted) state.set(error);
    }
  };
  load();
  const found = () => [...customers.values()].filter((one) => textOf(one).includes(words().toLowerCase().trim()));
  const box = input({ type: "search", maxlength: 100, spellcheck: "false", oninput: () => words.set(box.value) });
  return h(
    "div",
    { class: "page" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { tabindex: "-1" }, tr("customers.title")),
      h("p", { class: "muted", role: "status" }, () => read() > 0 && t(state() === "done" ? "customers.all" : "customers.latest", { count: read() })),
    ),
    h("div", { class: "filters" }, field(tr("customers.search"), box, { className: "grow" })),
    () => {
      read();
      if (state() instanceof Error) return failure(state(), load);
      if (customers.size === 0) return state() === "loading" ? loading("rows") : empty(tr("customers.none"), "");
      return found().length > 0 ? table(found()) : empty(tr("customers.nothing"), "");
    },
    () => state() === "ready" && h("div", { class: "more" }, actionButton(tr("list.older"), load)),
  );
}

/** Adds an order to what is known of its customer; orders come newest first, so that the first one has the latest contact. */
function count(customers, order) {
  const { customer_id: id, contact, created_at: last, currency } = order;
  if (!customers.has(id)) customers.set(id, { id, contact: null, orders: 0, open: 0, last, sums: new Map() });
  const known = customers.get(id);
  known.contact ??= contact ?? null;
  known.orders += 1;
  known.open += isOpen(order) ? 1 : 0;
  if (order.status !== "CANCELLED") known.sums.set(currency, (known.sums.get(currency) ?? 0n) + toMinor(order.total_amount, currency));
}

const textOf = ({ id, contact }) => [id, ...Object.values(contact ?? {})].join("\n").toLowerCase();

function table(customers) {
  const column = (key, name) => h("th", { scope: "col", class: name }, tr(key));
  return h(
    "div",
    { class: "card table-card" },
    h(
      "table",
      { class: "items" },
      h("thead", {}, h("tr", {}, column("order.customer"), column("customers.orders", "number"), column("customers.open", "number wide-only"), column("customers.sum", "number"), column("customers.last", "number wide-only"), h("td", {}))),
      h("tbody", {}, customers.map(row)),
    ),
  );
}

const row = ({ id, contact, orders: all, open, last, sums }) =>
  h(
    "tr",
    {},
    h(
      "td",
      {},
      h("a", { href: link(["orders"], { customer: id }), title: id }, customerName(id, contact)),
      contact?.email && h("span", { class: "muted small block" }, plain(contact.email)),
    ),
    h("td", { class: "number" }, String(all)),
    h("td", { class: "number wide-only" }, String(open)),
    h("td", { class: "number" }, [...sums].map(([currency, minor]) => h("span", { class: "block" }, () => formatMoney(toText(minor, currency), currency)))),
    h("td", { class: "number wide-only" }, ago(last)),
    h("td", {}, h("a", { href: link(["customers", id]), "aria-label": () => t("customer.data.of", { name: customerName(id, contact) }) }, tr("customer.data"))),
  );
