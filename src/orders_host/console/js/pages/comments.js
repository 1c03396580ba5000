// The box in which a comment on an order is written; the timeline shows those that were.

import { t, tr } from "../i18n.js";
import { forget, keepDraft, recall } from "../memory.js";
import * as orders from "../orders.js";
import { canComment } from "../rules.js";
import { field, form, input, submitButton } from "../ui.js";
import { h, signal } from "../view.js";

const FORM = "comment-form"; // the place of what fails when a comment is written

/**
 * One box for as long as the page is there, whatever happens to the order meanwhile. `order` is the page's signal, `id` as
 * the URL names it; `act` and `failedAt` are those of the page.
 */
export function commentBox(id, order, user, act, failedAt) {
  const name = `comment ${id}`;
  const missing = signal(false);
  const text = h("textarea", { rows: 2, maxlength: 500, name: "comment-text" });
  const visible = input({ type: "checkbox", name: "comment-visible" });
  let key;
  const show = (draft) => {
    key = draft.key;
    text.value = draft.text;
    visible.checked = draft.visible;
  };
  const empty = () => ({ key: orders.newKey(), text: "", visible: false });
  const keep = () => keepDraft(user, name, { key, text: text.value, visible: visible.checked });
  const visibility = () => (visible.checked ? "VISIBLE" : "INTERNAL");
  const send = async () => {
    missing.set(!text.value.trim());
    if (missing.peek()) return text.focus();
    const request = async (now) => {
      const fresh = await orders.comment(now, text.value.trim(), user.staff ? visibility() : undefined, key);
      forget(user, name);
      show(empty());
      return fresh;
    };
    await act(request, () => t("comment.written"), FORM);
  };
  show(recall(user, name) ?? empty());
  const box = form(
    { class: "stack comment-form", oninput: keep },
    send,
    field(tr("comment.text"), text, { fault: () => missing() && t("required") }),
    h("div", { class: "row between" }, user.staff && h("label", { class: "row small" }, visible, " ", tr("comment.visible")), submitButton(tr("comment.submit"), "")),
  );
  return h("div", {}, failedAt(FORM), h("div", { hidden: () => !order() || !canComment(order(), user) }, box));
}
