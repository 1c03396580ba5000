// The orders, newest first: filtered by the URL, loaded page by page as one scrolls, kept up to date.

import { asQuery, filtersOf, isFiltered, passes } from "../filters.js";
import { t, tr } from "../i18n.js";
import { onLive } from "../live.js";
import { recall, remember } from "../memory.js";
import * as orders from "../orders.js";
import { link, navigate, noteQuery, route } from "../router.js";
import { STATUSES } from "../rules.js";
import { actionButton, empty, failure, field, form, input, loading } from "../ui.js";
import { effect, h, onEnd, signal } from "../view.js";
import { orderTable } from "./order-table.js";

const PAGE = 50;
const LEFT = "list"; // remembered, so that going back finds it as it was
const NEAR = "600px"; // how far from the end of the list the next page is asked for

export function ordersPage(user) {
  const filters = signal(filtersOf(route.peek().query));
  const listing = signal(null);
  effect(() => {
    const wanted = filters();
    const left = recall(user, LEFT);
    const known = left?.key === JSON.stringify(wanted) ? left : null;
    listing.set(openListing(wanted, user, known));
  });
  onEnd(() => remember(user, LEFT, listing.peek().leave()));
  const apply = (next) => {
    noteQuery(next);
    filters.set(next);
  };
  return h(
    "div",
    { class: "page" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { tabindex: "-1" }, tr("list.title")),
      () => listing().summary,
      user.staff && h("div", { class: "actions" }, finder()),
    ),
    filterBar(user, filters.peek(), apply),
    () => listing().view,
  );
}

function filterBar(user, initial, apply) {
  const controls = {
    customer: input({ value: initial.customer, maxlength: 64, spellcheck: "false" }),
    status: h("select", {}, ["", ...STATUSES].map((status) => statusOption(status, initial.status))),
    from: input({ type: "date", value: initial.from }),
    to: input({ type: "date", value: initial.to }),
  };
  const fault = signal(null);
  const read = () => Object.fromEntries(Object.entries(controls).map(([name, one]) => [name, one.value.trim()]));
  const changed = () => {
    const next = read();
    const reversed = next.from && next.to && next.from > next.to;
    fault.set(reversed ? "list.dates" : null);
    if (!reversed && JSON.stringify(next) !== JSON.stringify(filtersOf(route.peek().query))) apply(next);
    active.set(isFiltered(next));
  };
  const active = signal(isFiltered(initial));
  const clear = () => {
    for (const one of Object.values(controls)) one.value = "";
    changed();
  };
  return form(
    { class: "filters", role: "search", "aria-label": tr("list.filters"), onchange: changed },
    changed,
    field(tr("list.status"), controls.status),
    user.staff && field(tr("list.customer"), controls.customer, { className: "grow" }),
    field(tr("list.from"), controls.from),
    field(tr("list.to"), controls.to, { fault: () => fault() && t(fault()) }),
    () => active() && h("button", { type: "button", class: "button quiet", onclick: clear }, tr("list.clear")),
    h("button", { type: "submit", class: "visually-hidden", tabindex: "-1" }, tr("list.filters")),
  );
}

const statusOption = (status, chosen) =>
  h("option", { value: status, selected: status === chosen }, tr(status ? `status.${status}` : "list.any"));

/** Straight to an order whose number one has. */
function finder() {
  const number = input({ maxlength: 36, spellcheck: "false", placeholder: tr("list.find"), "aria-label": tr("list.find") });
  const open = () => number.value.trim() && navigate(["orders", number.value.trim()]);
  return form(
    { class: "finder" },
    open,
    number,
    h("button", { type: "submit", class: "button" }, tr("list.open")),
  );
}

/** One list: its summary and its view, and `leave`, which gives what is needed to open it again. */
function openListing(filters, user, known) {
  const controller = new AbortController();
  const table = orderTable(user);
  const state = signal("loading"); // loading, ready, more, done, or an error
  const count = signal(0);
  let cursor = known?.cursor ?? null;

  const ask = (after) => orders.list({ ...asQuery(filters), limit: PAGE, cursor: after }, controller.signal);
  const load = async () => {
    if (state.peek() === "more") return;
    const from = document.activeElement?.closest(".more") ? count.peek() : -1;
    state.set(count.peek() ? "more" : "loading");
    try {
      const page = await ask(cursor);
      cursor = page.next_cursor;
      table.add(page.orders);
      count.set(table.size());
      state.set(cursor ? "ready" : "done");
      if (from > 0) table.focus(from);
      if (cursor && page.orders.length === 0) await load();
    } catch (error) {
      if (!controller.signal.aborted) state.set(error);
    }
  };
  const refresh = async () => {
    const page = await ask().catch(() => null);
    for (const order of page?.orders.reverse() ?? []) take(order);
  };
  const take = (order) => {
    if (passes(order, filters)) table.put(order, cursor === null);
    else table.drop(order.order_id);
    count.set(table.size());
  };
  onLive((event) => {
    if (event === null) refresh();
    else if (event.type === "OrderDeleted") table.drop(event.order_id), count.set(table.size());
    else take(event.order);
  });
  onEnd(() => controller.abort());

  if (known) {
    table.add(known.orders);
    count.set(table.size());
    state.set(cursor ? "ready" : "done");
    requestAnimationFrame(() => scrollTo(0, known.scroll));
    refresh();
  } else load();

  const isError = () => state() instanceof Error;
  return {
    summary: h("p", { class: "muted", role: "status" }, () =>
      count() > 0 && t(state() === "done" ? "list.count" : "list.counting", { count: count() })),
    view: h(
      "div",
      { "aria-busy": () => String(["loading", "more"].includes(state())) },
      () => count() > 0 && table.element,
      () => state() === "loading" && loading(),
      () => state() === "more" && h("p", { class: "more muted" }, tr("loading")),
      () => state() === "done" && count() === 0 && nothing(filters),
      () => isError() && failure(state(), load),
      () => state() === "ready" && more(load),
    ),
    leave: () =>
      ["ready", "more", "done"].includes(state.peek())
        ? { key: JSON.stringify(filters), orders: table.orders(), cursor, scroll: scrollY }
        : null,
  };
}

function more(load) {
  const button = actionButton(tr("list.more"), load);
  const watch = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && load(), {
    rootMargin: NEAR,
  });
  watch.observe(button);
  onEnd(() => watch.disconnect());
  return h("div", { class: "more" }, button);
}

const nothing = (filters) =>
  isFiltered(filters)
    ? empty(tr("list.nothing"), tr("list.nothing.text"))
    : empty(tr("list.empty"), tr("list.empty.text"), h("a", { class: "button primary", href: link(["new"]) }, tr("nav.new")));
