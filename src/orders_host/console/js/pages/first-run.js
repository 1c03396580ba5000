// What staff of a shop without orders can do: three ways to the first one.

import { credentials, urlOf } from "../api.js";
import { curl } from "../curl.js";
import { formatMoment, t, tr } from "../i18n.js";
import { link } from "../router.js";
import { expiry } from "../session.js";
import { actionButton, copy, empty } from "../ui.js";
import { h } from "../view.js";

const EXAMPLE = { items: [{ product_id: "A-1", name: "Mug", quantity: 1, unit_price: "9.50" }] };

export function firstRun() {
  const step = (key, action) => h("li", {}, h("span", {}, tr(key)), action);
  return empty(
    tr("list.empty"),
    tr("list.empty.text"),
    h(
      "ol",
      { class: "steps plain" },
      step("first.here", h("a", { class: "button primary", href: link(["new"]) }, tr("nav.new"))),
      step("first.program", actionButton(tr("copy.curl"), copyCurl)),
      step("first.reference", h("a", { class: "button", href: "./docs.html" }, tr("app.docs"))),
    ),
  );
}

async function copyCurl() {
  const headers = { ...(await credentials()), "Content-Type": "application/json" };
  await copy(curl("POST", urlOf("/v1/orders"), headers, JSON.stringify(EXAMPLE)), t("copy.curl.done", { time: formatMoment(expiry()) }));
}
