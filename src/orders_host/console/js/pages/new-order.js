// A new order. The draft outlives the page, and its key makes one order of it however often it is sent.

import { emptyDraft } from "../draft.js";
import { t, tr } from "../i18n.js";
import { forget, recall, remember } from "../memory.js";
import * as orders from "../orders.js";
import { navigate } from "../router.js";
import { toast } from "../ui.js";
import { h, signal } from "../view.js";
import { orderForm } from "./order-form.js";

const DRAFT = "new order";

export function newOrderPage(user) {
  const draft = signal(recall(user, DRAFT) ?? emptyDraft());
  const send = async (content) => {
    const now = draft.peek();
    const customer = now.customer_id.trim();
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
  const discard = () => {
    forget(user, DRAFT);
    draft.set(emptyDraft());
  };
  return h("div", { class: "page narrow" }, h("h1", { tabindex: "-1" }, tr("form.new")), () => {
    const now = draft();
    const changed = () => remember(user, DRAFT, now);
    return orderForm({ draft: now, submitText: tr("form.submit"), send, changed, discard, forCustomer: user.staff });
  });
}
