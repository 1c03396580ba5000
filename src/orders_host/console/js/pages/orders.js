// The orders, sorted and filtered by the URL, loaded page by page as one scrolls, kept up to date.

import { isSearchable } from "../config.js";
import { download, ordersAsCsv } from "../csv.js";
import { debounced } from "../debounce.js";
import { asQuery, filtersOf, isFiltered, passes, readable, sameFilters, unreadable } from "../filters.js";
import { t, tr } from "../i18n.js";
import { onLive } from "../live.js";
import { recall, remember } from "../memory.js";
import * as orders from "../orders.js";
import { link, noteQuery, route } from "../router.js";
import { actionButton, empty, failure, loading } from "../ui.js";
import { effect, h, onEnd, signal } from "../view.js";
import { bulkBar } from "./bulk.js";
import { columnChoice } from "./columns.js";
import { firstRun } from "./first-run.js";
import { filterBar } from "./list-filters.js";
import { orderTable } from "./order-table.js";
import { viewBar } from "./saved-views.js";

const PAGE = 50;
const LEFT = "list"; // remembered, so that going back finds it as it was
const NEAR = "600px"; // how far from the end of the list the next page is asked for
const TOP = 80; // pixels: who is not scrolled further looks at the first orders
const CALM = 1_000; // milliseconds without an event after which a search is made again

export function ordersPage(user) {
  const filters = signal(filtersOf(route.peek().query));
  const ignored = unreadable(route.peek().query);
  const listing = signal(null);
  const apply = (next) => {
    if (sameFilters(next, filters.peek())) return;
    noteQuery(next);
    filters.set(next);
  };
  const usualCurrency = () => listing.peek()?.orders()[0]?.currency ?? "";
  let fromHead = false; // the focus goes back to the head of the list, which is made anew
  const sortAs = (sort) => {
    fromHead = true;
    apply(readable({ ...filters.peek(), currency: filters.peek().currency || usualCurrency(), sort }));
  };
  effect(() => {
    const wanted = filters();
    const left = recall(user, LEFT);
    const known = left?.key === JSON.stringify(wanted) ? left : null;
    listing.set(openListing(wanted, user, { known, sortAs, focusHead: fromHead }));
    fromHead = false;
  });
  onEnd(() => remember(user, LEFT, listing.peek().leave()));
  return h(
    "div",
    { class: "page list-page" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { tabindex: "-1" }, tr("list.title")),
      () => listing().summary,
      h("div", { class: "actions" }, columnChoice(), exportButton(listing), printButton()),
    ),
    ignored.length > 0 && ignoredFilters(ignored),
    viewBar(user, filters),
    filterBar(user, filters, { apply, usualCurrency }),
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

/** One list: its summary and its view, and `leave`, which gives what is needed to open it again. */
function openListing(filters, user, { known, sortAs, focusHead }) {
  const controller = new AbortController();
  const table = orderTable(user, filters, sortAs);
  const state = signal("loading"); // loading, ready, more, done, or an error
  const count = signal(0);
  const total = signal(known?.total ?? null); // {count, exact} of all pages, where the API counts them
  const any = signal(false); // apart from the count, for the table is put into the page once
  effect(() => any.set(count() > 0));
  let cursor = known?.cursor ?? null;

  const ask = (query) => orders.list({ ...asQuery(filters), limit: PAGE, ...query }, controller.signal);
  /** Runs a change of the table, and counts what it did. */
  const counting = (change) => {
    const before = table.size();
    change();
    count.set(table.size());
    const all = total.peek();
    if (all) total.set({ ...all, count: all.count + table.size() - before });
  };
  const read = async () => {
    const page = await ask({ cursor, count: cursor === null ? countable(filters) : "" });
    cursor = page.next_cursor;
    table.add(page.orders);
    count.set(table.size());
    if (page.total_count !== undefined) total.set({ count: page.total_count, exact: page.total_is_exact });
  };
  const load = async () => {
    if (state.peek() === "more") return;
    const from = document.activeElement?.closest(".more") ? count.peek() : -1;
    state.set(count.peek() ? "more" : "loading");
    const before = count.peek();
    try {
      do await read();
      while (cursor && count.peek() === before); // a page of a search may show none and have a next one
      state.set(cursor ? "ready" : "done");
      if (from > 0) table.focus(from);
      else if (focusHead && before === 0) table.focusHead();
    } catch (error) {
      if (!controller.signal.aborted) state.set(error);
    }
  };
  const refresh = async (atOnce = false) => {
    const page = await ask({}).catch(() => null);
    for (const order of page?.orders.reverse() ?? []) take(order, atOnce);
  };
  const searchAgain = debounced(refresh, CALM);
  const take = (order, atOnce = false) => counting(() => {
    if (passes(order, filters)) table.put(order, { complete: cursor === null, atOnce });
    else table.leave(order.order_id, order);
  });
  const showWaiting = () => counting(() => table.showWaiting(cursor === null));
  onLive((event) => {
    if (event === null) refresh();
    else if (event.type === "OrderDeleted") counting(() => table.leave(event.order_id));
    else if (filters.q && !table.has(event.order_id)) searchAgain();
    else take(event.order);
  });
  onEnd(() => controller.abort());

  if (known) {
    table.add(known.orders);
    count.set(table.size());
    state.set(cursor ? "ready" : "done");
    requestAnimationFrame(() => scrollTo(0, known.scroll));
    refresh(known.scroll < TOP);
  } else load();

  const bulk = user.staff ? bulkBar(user, table, take) : null;
  const isError = () => state() instanceof Error;
  const settled = () => ["ready", "more", "done"].includes(state.peek());
  return {
    orders: table.orders,
    summary: h("p", { class: "muted", role: "status" }, () => count() > 0 && summaryOf(count(), total(), state() === "done")),
    view: h(
      "div",
      { class: "listing", "aria-busy": () => String(["loading", "more"].includes(state())) },
      bulk?.told,
      waitingButton(table.waiting, showWaiting),
      () => any() && table.element,
      () => state() === "loading" && loading("rows"),
      () => state() === "more" && h("p", { class: "more muted" }, tr("loading")),
      () => state() === "done" && count() === 0 && nothing(filters, user),
      () => isError() && failure(state(), load),
      () => state() === "ready" && more(load),
      bulk?.bar,
    ),
    leave: () => (settled() ? { key: JSON.stringify(filters), orders: table.orders(), cursor, total: total.peek(), scroll: scrollY } : null),
  };
}

/** How the API is asked to count, if it counts lists of this kind. */
const countable = ({ q, payment, fulfilment }) => (isSearchable() && !q && !payment && !fulfilment ? "estimate" : "");

function summaryOf(shown, total, complete) {
  if (complete) return t("list.count", { count: shown });
  if (!total) return t("list.counting", { count: shown });
  return t(total.exact ? "list.count" : "list.most", { count: total.count });
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

function nothing(filters, user) {
  if (isFiltered(filters)) {
    return empty(tr("list.nothing"), tr("list.nothing.text"), h("a", { class: "button", href: link(["orders"]) }, tr("list.all")));
  }
  if (user.staff) return firstRun();
  return empty(tr("list.empty"), tr("list.empty.text"), h("a", { class: "button primary", href: link(["new"]) }, tr("nav.new")));
}
