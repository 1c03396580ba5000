// Editing an order. It is written only over the version that was read; when somebody was faster, both sides are shown.

import { contentFrom, draftOf, merge } from "../draft.js";
import { formatMoney, t, tr } from "../i18n.js";
import { forget, keepDraft, recall } from "../memory.js";
import * as orders from "../orders.js";
import { link, navigate } from "../router.js";
import { canEdit } from "../rules.js";
import { addressBlock } from "../parties.js";
import { failure, loading, numberOf, plain, shortId, toast } from "../ui.js";
import { h, onEnd, signal } from "../view.js";
import { orderForm } from "./order-form.js";

export function editOrderPage(user, id) {
  const name = `edit ${id}`;
  const editing = signal(recall(user, name) ?? null); // {base, draft, merged}
  const fault = signal(null);
  const controller = new AbortController();
  onEnd(() => controller.abort());
  const called = () => (editing() ? numberOf(editing().base) : shortId(id));
  const back = link(["orders", id]);

  const load = async () => {
    try {
      fault.set(null);
      const base = await orders.get(id, controller.signal);
      editing.set({ base, draft: draftOf(base) });
    } catch (error) {
      if (!controller.signal.aborted) fault.set(error);
    }
  };
  const leave = () => {
    forget(user, name);
    navigate(["orders", id]);
  };
  const discard = () => {
    const discarded = recall(user, name);
    leave();
    const undo = () => {
      keepDraft(user, name, discarded);
      navigate(["orders", id, "edit"]);
    };
    if (discarded) toast(t("form.discarded"), [t("undo"), undo]);
  };
  const saved = () => {
    toast(t("form.saved"));
    leave();
  };
  const send = async (content) => {
    const { base } = editing.peek();
    try {
      await orders.replace(base, content);
      saved();
    } catch (error) {
      if (error.status !== 412) throw error;
      const theirs = await orders.get(id, controller.signal);
      const merged = merge(base, content, theirs);
      if (merged.unchanged) return saved(); // an earlier attempt came through, and only its answer was lost
      const next = { base: theirs, draft: draftOf(merged.merged), merged: { ...merged, mine: content, theirs } };
      keepDraft(user, name, next);
      editing.set(next);
      document.querySelector(".merge")?.focus();
    }
  };
  if (!editing.peek()) load();
  return h(
    "div",
    { class: "page narrow" },
    h("p", { class: "crumb" }, h("a", { href: back }, () => t("order.title", { id: called() }))),
    h("h1", { tabindex: "-1" }, () => t("form.edit", { id: called() })),
    () => {
      if (fault()) return failure(fault(), load);
      const now = editing();
      if (!now) return loading();
      if (!canEdit(now.base, user)) return locked(now.base, leave);
      return edited(now, { send, discard, changed: () => keepDraft(user, name, now) });
    },
  );
}

function locked({ status }, leave) {
  const text = () => t("form.locked", { status: t(`status.${status}`) });
  const button = h("button", { type: "button", class: "button", onclick: leave }, tr("keep"));
  return h("div", { class: "notice is-error", role: "alert" }, h("p", {}, text), button);
}

function edited(now, handlers) {
  const draft = signal(now.draft);
  const choose = (field, content) => {
    now.draft = draftOf({ ...contentFrom(now.draft), [field]: content[field] });
    draft.set(now.draft);
    handlers.changed();
  };
  return [
    now.merged && mergePanel(now.merged, choose),
    () => orderForm({ draft: draft(), submitText: tr("save"), ...handlers }),
  ];
}

function mergePanel({ auto, conflicts, mine, theirs }, choose) {
  const names = (fields) => fields.map((field) => t(`part.${field}`)).join(", ");
  return h(
    "section",
    { class: "notice merge", tabindex: "-1", role: "alert" },
    h("h2", {}, tr("merge.title")),
    h("p", {}, () => [t("merge.status", { status: t(`status.${theirs.status}`) }), " ", t("merge.text")]),
    auto.length > 0 && h("p", {}, () => t("merge.auto", { fields: names(auto) })),
    conflicts.length === 0 && h("p", {}, tr("merge.none")),
    conflicts.map((field) =>
      h(
        "fieldset",
        { class: "choice" },
        h("legend", {}, tr(`part.${field}`)),
        option(field, "merge.mine", mine, true, choose),
        option(field, "merge.theirs", theirs, false, choose),
      ),
    ),
  );
}

function option(field, label, content, checked, choose) {
  const radio = h("input", { type: "radio", name: `merge-${field}`, checked, onchange: () => choose(field, content) });
  return h("label", { class: "side" }, h("span", { class: "row" }, radio, h("strong", {}, tr(label))), shown(field, content));
}

function shown(field, content) {
  const value = content[field];
  if (field === "items") return h("ul", { class: "plain" }, value.map((item) => h("li", {}, () => itemText(item, content.currency))));
  if (field === "metadata") return h("ul", { class: "plain" }, Object.entries(value).map((pair) => h("li", {}, pair.join(": "))));
  if (field === "contact" && value) return h("ul", { class: "plain" }, Object.values(value).map((text) => h("li", {}, plain(text))));
  if (field.endsWith("_address") && value) return addressBlock(value);
  return h("span", { class: "notes" }, value ?? tr("merge.nothing"));
}

const itemText = (item, currency) =>
  `${item.quantity} × ${item.name || item.product_id}, ${formatMoney(item.unit_price, currency)}`;
