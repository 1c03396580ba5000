// A new order. The draft outlives the page, and its key makes one order of it however often it is sent.

import { knownCustomers } from "../customers.js";
import { emptyDraft } from "../draft.js";
import { t, tr } from "../i18n.js";
import { forget, keepDraft, recall } from "../memory.js";
import * as orders from "../orders.js";
import { navigate } from "../router.js";
import { toast } from "../ui.js";
import { h, onEnd, signal } from "../view.js";
import { orderForm } from "./order-form.js";

const DRAFT = "new order";

export function newOrderPage(user) {
  const draft = signal(recall(user, DRAFT) ?? emptyDraft());
  const controller = new AbortController();
  onEnd(() => controller.abort());
  const customers = user.staff && knownCustomers(controller.signal);
  const send = async (content) => {
    const now = draft.peek();
    const customer = user.staff && now.customer_id.trim() ? await customers.find(now) : "";
    try {
      const order = await orders.create(customer ? { ...content, customer_id: customer } : content, now.key);
      forget(user, DRAFT);
      toast(t("form.placed"));
      navigate(["orders", order.order_id]);
    } catch (error) {
      if (error.slug !== "idempotency-key-reused") throw error;
      now.key = orders.newKey();
      error.message = t("form.reused");
      throw error;
    }
  };
  const show = (next) => {
    draft.set(next);
    document.querySelector(".order-form input, .order-form select")?.focus();
  };
  const discard = () => {
    const discarded = recall(user, DRAFT);
    forget(user, DRAFT);
    show(emptyDraft());
    const undo = () => {
      keepDraft(user, DRAFT, discarded);
      navigate(["new"]);
      show(discarded);
    };
    if (discarded) toast(t("form.discarded"), [t("undo"), undo]);
  };
  return h("div", { class: "page narrow" }, h("h1", { tabindex: "-1" }, tr("form.new")), () => {
    const now = draft();
    const changed = () => keepDraft(user, DRAFT, now);
    return orderForm({ draft: now, submitText: tr("form.submit"), send, changed, discard, customers });
  });
}
