// For who builds on the API: where it is, and what it tells while one looks.

import { credentials, urlOf } from "../api.js";
import { config } from "../config.js";
import { curl } from "../curl.js";
import { formatMoment, t, tr } from "../i18n.js";
import { liveness, onLive } from "../live.js";
import { requests } from "../request-log.js";
import { link } from "../router.js";
import { expiry } from "../session.js";
import { actionButton, ago, copy, numberOf, shortId } from "../ui.js";
import { h, signal } from "../view.js";

const MAX_EVENTS = 100;

// The host's command line does this; for webhooks the API has operations, too, and for keys it has none.
const COMMANDS = [
  ["developers.webhooks", ["orders webhook list", "orders webhook add URL", "orders webhook test ID", "orders webhook replay ID"]],
  ["developers.keys", ["orders key list", "orders key create NAME", "orders key revoke ID"]],
];

export function developersPage(user) {
  const events = signal([]);
  const paused = signal(false);
  onLive((event) => {
    if (event && !paused.peek()) events.set([event, ...events.peek()].slice(0, MAX_EVENTS));
  });
  const pause = () => paused.set(!paused.peek());
  return h(
    "div",
    { class: "page" },
    h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, tr("nav.developers")), h("div", { class: "actions" }, h("a", { class: "button", href: "./docs.html" }, tr("app.docs")))),
    h(
      "div",
      { class: "columns" },
      h(
        "section",
        { class: "card stack" },
        h(
          "div",
          { class: "row between" },
          h("h2", {}, tr("developers.events")),
          h("button", { type: "button", class: "button quiet", "aria-pressed": () => String(paused()), onclick: pause }, tr("developers.pause")),
        ),
        h("p", { class: "muted small" }, tr(`developers.${liveness.peek() === "polling" ? "polling" : "hint"}`)),
        () => (events().length > 0 ? h("ol", { class: "events plain" }, events().map(entry)) : h("p", { class: "muted" }, tr("developers.none"))),
      ),
      h(
        "div",
        { class: "stack" },
        h("section", { class: "card stack" }, h("h2", {}, tr("developers.connection")), connection()),
        h("section", { class: "card stack" }, h("h2", {}, tr("developers.requests")), h("p", { class: "muted small" }, tr("developers.requests.hint")), () => requestTable(requests())),
        user.staff && config.store === "sqlite" && COMMANDS.map(([key, commands]) => commandCard(key, commands)),
      ),
    ),
  );
}

function entry(event) {
  const id = event.order_id;
  return h(
    "li",
    {},
    h(
      "details",
      {},
      h("summary", {}, h("strong", {}, event.type), " ", h("span", { class: "muted" }, event.order ? numberOf(event.order) : shortId(id), " · ", ago(event.time))),
      h("pre", { tabindex: "0" }, JSON.stringify(event, null, 2)),
      event.type !== "OrderDeleted" && h("a", { href: link(["orders", id]) }, tr("list.order")),
    ),
  );
}

function requestTable(list) {
  const column = (key, name) => h("th", { scope: "col", class: name }, tr(key));
  return h(
    "div",
    { class: "scrolled", tabindex: "0", role: "region", "aria-label": tr("developers.requests") },
    h(
      "table",
      { class: "items small" },
      h("thead", {}, h("tr", {}, column("developers.request"), column("developers.status", "number"), column("developers.time", "number"))),
      h("tbody", {}, list.map(requestRow)),
    ),
  );
}

const requestRow = ({ method, path, status, milliseconds, id }) =>
  h(
    "tr",
    {},
    h("td", {}, h("code", {}, `${method} ${path}`), h("span", { class: "muted block" }, id ?? "")),
    h("td", { class: "number" }, String(status)),
    h("td", { class: "number" }, `${milliseconds} ms`),
  );

const commandCard = (key, commands) =>
  h("section", { class: "card stack" }, h("h2", {}, tr(key)), h("p", { class: "muted small" }, tr("developers.shell")), h("ul", { class: "plain" }, commands.map((command) => h("li", {}, h("code", {}, command)))));

function connection() {
  const facts = [
    ["API", urlOf("")],
    ["Cognito", config.cognito_url],
    ["User pool", config.user_pool_id],
    ["Client", config.client_id],
  ];
  const copyCurl = async () => copy(curl("GET", urlOf("/v1/orders"), await credentials()), t("copy.curl.done", { time: formatMoment(expiry()) }));
  return [
    h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, h("code", {}, value))))),
    h("div", { class: "row" }, actionButton(tr("copy.curl"), copyCurl)),
  ];
}
