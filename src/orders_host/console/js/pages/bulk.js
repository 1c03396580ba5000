// Many orders at once: moved, exported, printed. What did not move is named, with the reason.

import { download, ordersAsCsv } from "../csv.js";
import { t, tr } from "../i18n.js";
import * as orders from "../orders.js";
import { link } from "../router.js";
import { moves, PAPERS, STATUSES } from "../rules.js";
import { actionButton, confirmation, detailOf, numberOf, statusBadge } from "../ui.js";
import { effect, h, signal } from "../view.js";

const AT_ONCE = 4; // requests under way
const MAX_PRINTED = 100; // papers of one page

/** What can be done with the picked orders of a table; `take` is called with each order as it is after. */
export function bulkBar(user, table, take) {
  const outcome = signal(null);
  const done = signal(null); // how many orders of a run were tried
  const run = async (list, status) => {
    if (status === "CANCELLED" && !(await confirmation(t("bulk.cancel.title", { count: list.length }), t("order.cancel.text"), t("move.CANCELLED")))) return;
    outcome.set(null);
    done.set(0);
    const left = await moveAll(list, status, take, () => done.set(done.peek() + 1));
    done.set(null);
    table.pick(left.map(({ order }) => order.order_id));
    outcome.set({ status, moved: list.length - left.length, all: list.length, left });
    document.querySelector(".bulk-told")?.focus();
  };
  const again = ({ left, status }) => left.map(({ order }) => order).filter((order) => moves(order, user).includes(status));
  effect(() => table.picked().length > 0 && outcome.peek()?.left.length === 0 && outcome.set(null));
  const bar = () => {
    if (done() !== null) return h("p", { class: "bulk", role: "status" }, () => t("bulk.running", { count: done() ?? 0 }));
    return table.picked().length > 0 && offered(table.picked(), user, run, () => table.pick([]));
  };
  return { told: h("div", { role: "status" }, () => outcome() && told(outcome(), () => outcome.set(null), again(outcome()), run)), bar };
}

function offered(picked, user, run, clear) {
  const able = STATUSES.map((status) => [status, picked.filter((order) => moves(order, user).includes(status))]).filter(([, some]) => some.length > 0);
  const label = (status, some) => () => (some.length === picked.length ? t(`move.${status}`) : `${t(`move.${status}`)} (${some.length})`);
  const ids = picked.slice(0, MAX_PRINTED).map((order) => order.order_id).join(",");
  const save = () => download(`orders-${new Date().toISOString().slice(0, 10)}.csv`, ordersAsCsv(picked));
  return h(
    "div",
    { class: "bulk", role: "group", "aria-label": tr("bulk.title") },
    h("strong", {}, () => t("bulk.count", { count: picked.length })),
    able.map(([status, some], index) =>
      actionButton(label(status, some), () => run(some, status), { kind: status === "CANCELLED" ? "danger-quiet" : index === 0 ? "primary" : "" }),
    ),
    actionButton(tr("bulk.export"), save, { kind: "quiet" }),
    PAPERS.map((kind) => h("a", { class: "button quiet", href: link(["papers", kind], { ids }) }, tr(`paper.${kind}`))),
    h("button", { type: "button", class: "button quiet", onclick: clear }, tr("bulk.clear")),
  );
}

/** Moves each order that is still as it was seen; gives those that did not move, as `{order, why}`. */
async function moveAll(list, status, take, tick) {
  const queue = [...list];
  const left = [];
  const work = async () => {
    for (let order = queue.shift(); order; order = queue.shift()) {
      const why = await moveOne(order, status, take);
      if (why) left.push(why);
      tick();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return left;
}

async function moveOne(order, status, take) {
  try {
    take(await orders.move(order, status));
    return null;
  } catch (error) {
    if (error.status !== 412 && error.status !== 409) return { order, error };
    const now = await orders.get(order.order_id).catch(() => order);
    take(now);
    return { order: now, error, overtaken: true };
  }
}

function told({ status, moved, all, left }, close, able, run) {
  const reason = ({ order, error, overtaken }) =>
    h(
      "li",
      {},
      h("a", { href: link(["orders", order.order_id]) }, numberOf(order)),
      " ",
      () => (overtaken ? t("bulk.overtaken") : detailOf(error)),
      " ",
      overtaken && statusBadge(order.status),
    );
  return h(
    "div",
    { tabindex: "-1", class: `notice bulk-told ${left.length > 0 ? "is-error" : ""}` },
    h("p", { class: "notice-title" }, () => t("bulk.moved", { count: moved, all, status: t(`status.${status}`) })),
    left.length > 0 && h("ul", { class: "plain" }, left.map(reason)),
    h(
      "div",
      { class: "row" },
      able.length > 0 && actionButton(() => t("bulk.again", { count: able.length }), () => run(able, status)),
      h("button", { type: "button", class: "button", onclick: close }, tr("close")),
    ),
  );
}
