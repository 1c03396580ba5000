// The orders, newest first: filtered by the URL, loaded page by page as one scrolls, kept up to date.

import { download, ordersAsCsv } from "../csv.js";
import { asQuery, day, filtersOf, isFiltered, isHandle, passes, sameFilters, unreadable } from "../filters.js";
import { t, tr } from "../i18n.js";
import { onLive } from "../live.js";
import { recall, remember } from "../memory.js";
import * as orders from "../orders.js";
import { link, navigate, noteQuery, route } from "../router.js";
import { STATUSES } from "../rules.js";
import { actionButton, empty, failure, field, form, input, loading } from "../ui.js";
import { effect, h, onEnd, signal } from "../view.js";
import { orderTable } from "./order-table.js";
import { bulkBar } from "./bulk.js";
import { viewBar } from "./saved-views.js";

const PAGE = 50;
const SEARCHED_PAGE = 100;
const MAX_SEARCHED = 1_000; // orders that one search reads before it asks whether to go on
const LEFT = "list"; // remembered, so that going back finds it as it was
const NEAR = "600px"; // how far from the end of the list the next page is asked for
const TOP = 80; // pixels: who is not scrolled further looks at the newest orders
const TYPING = 250; // milliseconds without a key after which the words are looked for

export function ordersPage(user) {
  const filters = signal(filtersOf(route.peek().query));
  const ignored = unreadable(route.peek().query);
  const listing = signal(null);
  effect(() => {
    const wanted = filters();
    const left = recall(user, LEFT);
    const known = left?.key === JSON.stringify(wanted) ? left : null;
    listing.set(openListing(wanted, user, known));
  });
  onEnd(() => remember(user, LEFT, listing.peek().leave()));
  const apply = (next) => {
    if (sameFilters(next, filters.peek())) return;
    noteQuery(next);
    filters.set(next);
  };
  return h(
    "div",
    { class: "page list-page" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { tabindex: "-1" }, tr("list.title")),
      () => listing().summary,
      h("div", { class: "actions" }, exportButton(listing), printButton()),
    ),
    ignored.length > 0 && ignoredFilters(ignored),
    viewBar(user, filters),
    filterBar(user, filters, apply),
    () => listing().view,
  );
}

const ignoredFilters = (ignored) =>
  h("p", { class: "notice", role: "status" }, () =>
    t("list.ignored", { filters: ignored.map(([name, value]) => `${t(`list.${name}`)} “${value.slice(0, 40)}”`).join(", ") }));

function exportButton(listing) {
  const save = () => download(`orders-${new Date().toISOString().slice(0, 10)}.csv`, ordersAsCsv(listing.peek().orders()));
  return actionButton(tr("list.export"), save, { kind: "quiet", title: tr("list.export.hint") });
}

const printButton = () => h("button", { type: "button", class: "button quiet wide-only", onclick: () => print() }, tr("print"));

function filterBar(user, filters, apply) {
  const initial = filters.peek();
  const controls = {
    customer: input({ value: initial.customer, maxlength: 64, spellcheck: "false" }),
    status: h("select", {}, ["", ...STATUSES].map((status) => statusOption(status, initial.status))),
    from: input({ type: "date", value: initial.from, min: "2000-01-01" }),
    to: input({ type: "date", value: initial.to, min: "2000-01-01" }),
    q: searchBox(initial.q, () => later(changed)),
  };
  const fault = signal(null);
  const active = signal(isFiltered(initial));
  const later = waiting();
  const read = () => Object.fromEntries(Object.entries(controls).map(([name, one]) => [name, one.value.trim()]));
  const changed = () => {
    const given = read();
    const next = { ...given, from: day(given.from), to: day(given.to) };
    const reversed = next.from && next.to && next.from > next.to;
    fault.set(reversed ? "list.dates" : null);
    active.set(isFiltered(given));
    if (!reversed) apply(next);
  };
  const clear = () => {
    for (const one of Object.values(controls)) one.value = "";
    controls.q.focus();
    changed();
  };
  const submit = () => {
    const words = controls.q.value.trim();
    if (isHandle(words)) navigate(["orders", words]);
    else changed();
  };
  return form(
    { class: "filters", role: "search", "aria-label": tr("list.filters"), onchange: changed },
    submit,
    field(tr("list.search"), controls.q, { className: "grow" }),
    field(tr("list.status"), controls.status),
    user.staff && field(tr("list.customer"), controls.customer),
    field(tr("list.from"), controls.from),
    field(tr("list.to"), controls.to, { fault: () => fault() && t(fault()) }),
    h("button", { type: "button", class: "button quiet", onclick: clear, hidden: () => !active() }, tr("list.clear")),
    h("button", { type: "submit", class: "visually-hidden", tabindex: "-1" }, tr("list.filters")),
  );
}

const searchBox = (words, oninput) =>
  input({ type: "search", value: words, maxlength: 100, spellcheck: "false", "data-search": true, placeholder: tr("list.search.hint"), oninput });

/** Calls work when it was not called again for a moment. */
function waiting() {
  let timer = 0;
  onEnd(() => clearTimeout(timer));
  return (work) => {
    clearTimeout(timer);
    timer = setTimeout(work, TYPING);
  };
}

const statusOption = (status, chosen) =>
  h("option", { value: status, selected: status === chosen }, tr(status ? `status.${status}` : "list.any"));

/** One list: its summary and its view, and `leave`, which gives what is needed to open it again. */
function openListing(filters, user, known) {
  const controller = new AbortController();
  const table = orderTable(user);
  const state = signal("loading"); // loading, ready, more, done, or an error
  const count = signal(0);
  const searched = signal(0);
  const any = signal(false); // apart from the count, for the table is put into the page once
  effect(() => any.set(count() > 0));
  let cursor = known?.cursor ?? null;

  const ask = (after, limit = PAGE) => orders.list({ ...asQuery(filters), limit, cursor: after }, controller.signal);
  /** Adds orders that pass: of a search as many pages as it takes, within bounds. */
  const read = async () => {
    const before = table.size();
    const [limit, most, enough] = filters.q ? [SEARCHED_PAGE, MAX_SEARCHED, PAGE] : [PAGE, Infinity, 1];
    let seen = 0;
    do {
      const page = await ask(cursor, limit);
      cursor = page.next_cursor;
      seen += page.orders.length;
      searched.set(searched.peek() + page.orders.length);
      table.add(page.orders.filter((order) => passes(order, filters)));
      count.set(table.size());
    } while (cursor && table.size() - before < enough && seen < most);
  };
  const load = async () => {
    if (state.peek() === "more") return;
    const from = document.activeElement?.closest(".more") ? count.peek() : -1;
    state.set(count.peek() ? "more" : "loading");
    try {
      await read();
      state.set(cursor ? "ready" : "done");
      if (from > 0) table.focus(from);
    } catch (error) {
      if (!controller.signal.aborted) state.set(error);
    }
  };
  const refresh = async (atOnce = false) => {
    const page = await ask().catch(() => null);
    for (const order of page?.orders.reverse() ?? []) take(order, atOnce);
  };
  const take = (order, atOnce = false) => {
    if (passes(order, filters)) table.put(order, { complete: cursor === null, atOnce });
    else table.leave(order.order_id, order);
    count.set(table.size());
  };
  const showWaiting = () => {
    table.showWaiting(cursor === null);
    count.set(table.size());
  };
  onLive((event) => {
    if (event === null) refresh();
    else if (event.type === "OrderDeleted") table.leave(event.order_id), count.set(table.size());
    else take(event.order);
  });
  onEnd(() => controller.abort());

  if (known) {
    table.add(known.orders);
    count.set(table.size());
    searched.set(known.searched);
    state.set(cursor ? "ready" : "done");
    requestAnimationFrame(() => scrollTo(0, known.scroll));
    refresh(known.scroll < TOP);
  } else load();

  const bulk = user.staff ? bulkBar(user, table, take) : null;
  const isError = () => state() instanceof Error;
  const settled = () => ["ready", "more", "done"].includes(state.peek());
  return {
    orders: table.orders,
    summary: h("p", { class: "muted", role: "status" }, () =>
      count() > 0 && t(state() === "done" ? "list.count" : "list.counting", { count: count() })),
    view: h(
      "div",
      { class: "listing", "aria-busy": () => String(["loading", "more"].includes(state())) },
      bulk?.told,
      waitingButton(table.waiting, showWaiting),
      () => any() && table.element,
      () => state() === "loading" && loading("rows"),
      () => state() === "more" && h("p", { class: "more muted" }, tr("loading")),
      () => state() === "done" && count() === 0 && nothing(filters),
      () => isError() && failure(state(), load),
      () => state() === "ready" && (filters.q ? olderSearch(load, searched()) : more(load)),
      bulk?.bar,
    ),
    leave: () =>
      settled()
        ? { key: JSON.stringify(filters), orders: table.orders(), cursor, searched: searched.peek(), scroll: scrollY }
        : null,
  };
}

/** Newer orders are announced over the list, and shown when asked for: nothing moves by itself. */
const waitingButton = (waiting, show) =>
  h("div", { class: "waiting", role: "status" }, () =>
    waiting() > 0 && h("button", { type: "button", class: "button primary", onclick: show }, () => t("list.new", { count: waiting() })));

function more(load) {
  const button = actionButton(tr("list.more"), load);
  const watch = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && load(), {
    rootMargin: NEAR,
  });
  watch.observe(button);
  onEnd(() => watch.disconnect());
  return h("div", { class: "more" }, button);
}

const olderSearch = (load, count) =>
  h("div", { class: "more" }, h("p", { class: "muted" }, () => t("list.searched", { count })), actionButton(tr("list.older"), load));

const nothing = (filters) =>
  isFiltered(filters)
    ? empty(tr("list.nothing"), tr("list.nothing.text"), h("a", { class: "button", href: link(["orders"]) }, tr("list.all")))
    : empty(tr("list.empty"), tr("list.empty.text"), h("a", { class: "button primary", href: link(["new"]) }, tr("nav.new")));
