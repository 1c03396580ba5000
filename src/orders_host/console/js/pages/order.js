// One order: what it is, what happened to it, and what the reader may do about it.

import { credentials, urlOf } from "../api.js";
import { breakdown } from "../charges.js";
import { changeText } from "../changes.js";
import { curl } from "../curl.js";
import { formatMoment, formatMoney, t, tr } from "../i18n.js";
import { onLive } from "../live.js";
import { toMinor, toText } from "../money.js";
import { forget, recall } from "../memory.js";
import * as orders from "../orders.js";
import { addressBlock, contactBlock } from "../parties.js";
import { link, navigate } from "../router.js";
import { canDelete, canEdit, moves, PAPERS } from "../rules.js";
import { expiry } from "../session.js";
import { timelineOf } from "../timeline.js";
import { actionButton, ago, confirmation, copy, detailOf, empty, failure, fulfilmentBadge, keepingFocus, loading, numberOf, paymentBadge, plain, shortId, statusBadge, toast } from "../ui.js";
import { h, onEnd, signal } from "../view.js";
import { commentBox } from "./comments.js";
import { paymentsSection } from "./payments.js";
import { returnsSection } from "./returns.js";
import { shipmentsSection } from "./shipments.js";

export function orderPage(user, id) {
  const order = signal(null);
  const events = signal([]);
  const fault = signal(null);
  const said = signal(null); // {place, error} of the last action that failed
  const controller = new AbortController();
  onEnd(() => controller.abort());

  const show = (fresh) => {
    if (!fresh || fresh.version <= (order.peek()?.version ?? 0)) return false;
    fault.set(null);
    keepingFocus(() => order.set(fresh));
    orders.events(id, controller.signal).then(events.set, () => {}); // the histories tell most of it
    return true;
  };
  const load = async () => {
    try {
      show(await orders.get(id, controller.signal, order.peek()?.version));
    } catch (error) {
      if (!controller.signal.aborted) fault.set(error);
    }
  };
  onLive((event) => {
    if (event === null) load();
    else if (event.order_id !== (order.peek()?.order_id ?? id)) return; // the URL may have the number
    else if (event.type === "OrderDeleted") order.set(null), fault.set(new Error("deleted"));
    else if (show(event.order) && event.actor !== user.sub) toast(t("order.refreshed"));
  });
  load();

  const act = actor(order, show, load, said);
  const box = commentBox(id, order, user, act, (place) => failedAt(said, place));
  return h(
    "div",
    { class: "page" },
    h("div", { class: "crumb row between" }, h("a", { href: link(["orders"]) }, tr("order.back")), neighbours(user, id)),
    () => {
      if (fault()) return order() ? [failure(fault(), load), body(order(), events, user, act, said, box)] : missing(fault(), load);
      return order() ? body(order(), events, user, act, said, box) : [h("h1", { tabindex: "-1" }, tr("loading")), loading("order")];
    },
  );
}

/** Links to the orders before and after this one in the list that was looked at last. */
function neighbours(user, id) {
  const listed = recall(user, "list")?.orders ?? [];
  const at = listed.findIndex((order) => order.order_id === id || order.order_number === id);
  if (at < 0) return null;
  const beside = (step, key) => {
    const order = listed[at + step];
    return order && h("a", { href: link(["orders", order.order_id]), "data-step": step, "aria-keyshortcuts": step > 0 ? "j" : "k" }, tr(key));
  };
  return h(
    "nav",
    { class: "row", "aria-label": tr("order.beside") },
    h("span", { class: "muted" }, () => t("order.at", { at: at + 1, all: listed.length })),
    beside(-1, "order.previous"),
    beside(1, "order.next"),
  );
}

function missing(error, retry) {
  const title = h("h1", { tabindex: "-1" }, tr("list.order"));
  if (error.message === "deleted") return [title, empty(tr("order.gone"), "", backToList())];
  return [title, error.status === 404 ? empty(tr("problem.not-found"), () => detailOf(error), backToList()) : failure(error, retry)];
}

const backToList = () => h("a", { class: "button", href: link(["orders"]) }, tr("page.start"));

/**
 * Runs a change of the order: shows what came of it, and reads the order again when somebody else was faster. A failure
 * is shown at `place`: "head", or the id of a return.
 */
function actor(order, show, load, said) {
  return async (change, done, place = "head") => {
    said.set(null);
    try {
      const fresh = await change(order.peek());
      show(fresh);
      toast(done(fresh));
      return true;
    } catch (error) {
      if (error.status === 412 || error.status === 409) await load();
      said.set({ place, error });
      return false;
    }
  };
}

/** What failed at a place of the page, until it is sent away or something else is tried. */
const failedAt = (said, place) => () => {
  if (said()?.place !== place) return null;
  const { error } = said();
  const close = h("button", { type: "button", class: "close", "aria-label": tr("close"), onclick: () => said.set(null) }, "×");
  const overtaken = error.status === 412 || error.status === 409;
  const text = overtaken ? h("div", { class: "notice is-error", role: "alert" }, h("p", {}, tr("order.changed"))) : failure(error);
  return h("div", { class: "closable" }, text, close);
};

function body(order, events, user, act, said, box) {
  return [
    h(
      "div",
      { class: "page-head" },
      h("h1", { tabindex: "-1" }, () => t("order.title", { id: numberOf(order) })),
      statusBadge(order.status),
      order.payment_status && paymentBadge(order.payment_status),
      order.fulfilment_status && fulfilmentBadge(order.fulfilment_status),
      h("div", { class: "actions" }, actions(order, user, act)),
    ),
    failedAt(said, "head"),
    h(
      "div",
      { class: "columns" },
      h(
        "div",
        { class: "stack" },
        itemsCard(order),
        [paymentsSection, shipmentsSection, returnsSection].map((section) => section(order, user, act, (place) => failedAt(said, place))),
        extrasCard(order),
      ),
      h("div", { class: "stack" }, partiesCard(order), detailsCard(order, user), timelineCard(order, events, user, box)),
    ),
  ];
}

function actions(order, user, act) {
  const move = (status) => async () => {
    if (status === "CANCELLED" && !(await confirmation(t("order.cancel.title"), t("order.cancel.text"), t("move.CANCELLED"))))
      return;
    await act((now) => orders.move(now, status), (fresh) => t("moved", { status: t(`status.${fresh.status}`) }));
  };
  const remove = async () => {
    if (!(await confirmation(t("order.delete.title"), t("order.delete.text"), t("order.delete")))) return;
    const gone = async (now) => {
      await orders.remove(now);
      forget(user, "list"); // it would still have the order
      navigate(["orders"]);
    };
    await act(gone, () => t("order.delete.done"));
  };
  const kind = (status) => (status === "CANCELLED" ? "danger-quiet" : "primary");
  return [
    moves(order, user).map((status) => actionButton(tr(`move.${status}`), move(status), { kind: kind(status) })),
    canEdit(order, user) && h("a", { class: "button", href: link(["orders", order.order_id, "edit"]) }, tr("order.edit")),
    canDelete(order, user) && actionButton(tr("order.delete"), remove, { kind: "danger-quiet" }),
    actionButton(tr("copy.curl"), () => copyCurl(order), { kind: "quiet" }),
    PAPERS.map((kind) => h("a", { class: "button quiet", href: link(["papers", kind], { ids: order.order_id }) }, tr(`paper.${kind}`))),
  ];
}

async function copyCurl(order) {
  const headers = await credentials();
  const text = curl("GET", urlOf(`/v1/orders/${order.order_id}`), headers);
  await copy(text, t("copy.curl.done", { time: formatMoment(expiry()) }));
}

function itemsCard(order) {
  const { items, currency, total_amount: sum } = order;
  const money = (amount) => () => formatMoney(amount, currency);
  const amount = (item) => toText(BigInt(item.quantity) * toMinor(item.unit_price, currency), currency);
  return h(
    "section",
    { class: "card" },
    h("h2", {}, tr("order.items")),
    h(
      "table",
      { class: "items" },
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, tr("order.product")),
          h("th", { scope: "col", class: "number" }, tr("order.quantity")),
          h("th", { scope: "col", class: "number wide-only" }, tr("order.price")),
          h("th", { scope: "col", class: "number" }, tr("order.amount")),
        ),
      ),
      h(
        "tbody",
        {},
        items.map((item) =>
          h(
            "tr",
            {},
            h("td", {}, plain(item.name || item.product_id), h("span", { class: "muted small block" }, item.name ? plain(item.product_id) : ""), discountOf(item, currency)),
            h("td", { class: "number" }, String(item.quantity)),
            h("td", { class: "number wide-only" }, money(item.unit_price)),
            h("td", { class: "number" }, money(amount(item))),
          ),
        ),
      ),
      h(
        "tfoot",
        {},
        () => breakdown(order).map(([text, minor]) => sumRow(text, () => formatMoney(toText(minor, currency), currency))),
        h(
          "tr",
          {},
          h("th", { scope: "row", colspan: "2" }, tr("order.total")),
          h("td", { class: "wide-only" }),
          h("td", { class: "number total" }, money(sum)),
        ),
      ),
    ),
  );
}

const sumRow = (text, amount) =>
  h("tr", { class: "charge" }, h("th", { scope: "row", colspan: "2" }, text), h("td", { class: "wide-only" }), h("td", { class: "number" }, amount));

const discountOf = ({ discount }, currency) =>
  discount && h("span", { class: "muted small block" }, () => t("charge.off-item", { amount: formatMoney(discount, currency) }));

function extrasCard({ notes, metadata }) {
  const pairs = Object.entries(metadata);
  if (!notes && pairs.length === 0) return null;
  return h(
    "section",
    { class: "card" },
    notes && [h("h2", {}, tr("order.notes")), h("p", { class: "notes" }, plain(notes))],
    pairs.length > 0 && [h("h2", {}, tr("order.metadata")), facts(pairs.map((pair) => pair.map(plain)))],
  );
}

function detailsCard(order, user) {
  const customer = order.customer_id === user.sub ? h("span", {}, tr("you")) : h("code", {}, plain(order.customer_id));
  const all = user.staff && link(["orders"], { customer: order.customer_id });
  return h(
    "section",
    { class: "card" },
    h("h2", {}, tr("order.details")),
    facts([
      [tr("order.number"), [h("code", {}, order.order_id), " ", copyButton(order.order_id)]],
      order.external_reference && [tr("order.reference"), plain(order.external_reference)],
      [tr("order.customer"), [customer, all && h("a", { class: "block small", href: all }, tr("order.customer.all"))]],
      [tr("order.created"), h("time", { datetime: order.created_at }, () => formatMoment(order.created_at))],
      [tr("order.updated"), ago(order.updated_at)],
      [tr("order.version"), String(order.version)],
    ]),
  );
}

function partiesCard({ contact, shipping_address: shipping, billing_address: billing }) {
  if (!contact && !shipping && !billing) return null;
  return h(
    "section",
    { class: "card" },
    h("h2", {}, tr("order.parties")),
    facts([
      contact && [tr("party.contact"), contactBlock(contact)],
      shipping && [tr("party.shipping"), addressBlock(shipping)],
      billing && [tr("party.billing"), addressBlock(billing)],
    ]),
  );
}

const copyButton = (id) =>
  h("button", { type: "button", class: "link small", onclick: () => copy(id, t("copied")) }, tr("copy.id"));

const facts = (pairs) => h("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));

function timelineCard(order, events, user, box) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, tr("order.timeline")),
    box,
    () => h("ol", { class: "timeline" }, timelineOf(order, events()).map((entry) => step(entry, order, user))),
  );
}

function step(entry, order, user) {
  const texts = {
    status: () => t(entry.status === "PENDING" ? "event.PENDING" : `status.${entry.status}`),
    return: () => t("event.return", { status: t(`return.${entry.status}`) }),
    payment: () => t("event.payment", { status: t(`payment.${entry.status}`) }),
    shipment: () => t("event.shipment", { carrier: plain(entry.carrier) }),
    comment: () => t(entry.visibility === "INTERNAL" ? "event.comment.internal" : "event.comment"),
    change: () => t("event.changed", { fields: entry.fields.map((name) => t(`part.${name}`)).join(", ") }),
  };
  return h(
    "li",
    { class: `is-${entry.kind}` },
    h("span", { class: "what" }, texts[entry.kind]),
    entry.text && h("p", { class: "notes" }, plain(entry.text)),
    entry.changes?.map((change) => h("p", { class: "small notes" }, () => changeText(change))),
    h("span", { class: "muted small" }, ago(entry.at), entry.by && [" · ", who(entry.by, order, user)]),
  );
}

const who = (sub, order, user) => {
  if (sub === user.sub) return h("span", {}, tr("you"));
  if (sub === order.customer_id) return h("span", {}, tr("customer"));
  return user.staff ? h("span", { title: sub }, shortId(sub)) : h("span", {}, tr("shop"));
};
