// Starts the console: reads where it is, takes up the session, and shows the page that the URL names.

import { loadConfig } from "./config.js";
import { trouble, untilReached } from "./http.js";
import { language, LANGUAGES, t, tr } from "./i18n.js";
import { followEvents, liveness } from "./live.js";
import { forgetEverything } from "./memory.js";
import { palette } from "./palette.js";
import { forgetRequests } from "./request-log.js";
import { link, PAGE_SHOWN, route } from "./router.js";
import { may } from "./rules.js";
import { restore, signOut, signOutEverywhere, user } from "./session.js";
import { settingsMenu } from "./settings-menu.js";
import { followShortcuts } from "./shortcuts.js";
import { actionButton, empty, failure, loading, toast } from "./ui.js";
import { effect, h, scoped } from "./view.js";

// The code of a page is loaded when the page is opened.
const PAGES = [
  [["orders"], async () => (await import("./pages/orders.js")).ordersPage],
  [["orders", "*"], async () => (await import("./pages/order.js")).orderPage],
  [["orders", "*", "edit"], async () => (await import("./pages/edit-order.js")).editOrderPage],
  [["papers", "*"], async () => (await import("./pages/papers.js")).papersPage],
  [["new"], async () => (await import("./pages/new-order.js")).newOrderPage],
  [["overview"], async () => (await import("./pages/overview.js")).overviewPage],
  [["customers"], async () => (await import("./pages/customers.js")).customersPage],
  [["customers", "*"], async () => (await import("./pages/customer.js")).customerPage],
  [["developers"], async () => (await import("./pages/developers.js")).developersPage],
  [["security"], async () => (await import("./pages/security.js")).securityPage],
];
const NAVIGATION = [["orders", "nav.orders"], ["overview", "nav.overview"], ["customers", "nav.customers"], ["new", "nav.new"]];
const OFFERED = {
  overview: (user) => !user.staff || may(user, "statistics:read"),
  customers: (user) => user.staff,
  new: (user) => may(user, "orders:write"),
};

function start() {
  const [view] = scoped(() => [
    h("a", { class: "skip", href: "#main", onclick: skip }, tr("app.skip")),
    header(),
    h("div", { role: "status", class: "banner-place" }, () => trouble() && h("p", { class: `banner is-${trouble().kind}` }, () =>
      t(`trouble.${trouble().kind}`, { seconds: trouble().seconds }))),
    h("main", { id: "main", tabindex: "-1" }),
  ]);
  document.getElementById("app").replaceChildren(...view);
  const main = document.getElementById("main");
  new MutationObserver(nameDocument).observe(main, { childList: true, characterData: true, subtree: true });
  effect(() => {
    document.documentElement.lang = language();
  });
  effect(() => user() && followEvents());
  effect(show);
  followShortcuts(user, () => palette(user.peek(), leave));
}

function nameDocument() {
  const title = document.querySelector("main h1")?.textContent;
  document.title = [title, t("app.name")].filter(Boolean).join(" · ");
}

let end = () => {};
let turn = 0; // of pages that were asked for while the code of another was on its way, the last is shown

/** Shows the page of the route to whoever is signed in; the page before ends first. */
function show() {
  const [who, { path }] = [user(), route()];
  end();
  end = () => {};
  turn += 1;
  if (who === undefined) place(loading);
  else showLoaded(who, path, turn);
}

async function showLoaded(who, path, mine) {
  let page;
  try {
    page = who ? await pageOf(path, who) : (await import("./pages/sign-in.js")).signInPage;
  } catch (error) {
    page = () => failure(error, () => location.reload());
  }
  if (mine !== turn) return;
  const view = place(page);
  scrollTo(0, 0);
  if (who && arrived) view.querySelector("h1")?.focus({ preventScroll: true });
  arrived = true;
  dispatchEvent(new Event(PAGE_SHOWN));
}

function place(page) {
  const [view, endPage] = scoped(page);
  end = endPage;
  document.getElementById("main").replaceChildren(view);
  return view;
}

let arrived = false; // the focus is moved when the page changes, not when the document opens

async function pageOf(path, who) {
  const fits = ([pattern]) =>
    pattern.length === path.length && pattern.every((part, index) => part === "*" || part === path[index]);
  const [pattern, load] = PAGES.find(fits) ?? [[], () => missingPage];
  const parameters = path.filter((_, index) => pattern[index] === "*");
  const page = await load();
  return () => page(who, ...parameters);
}

const missingPage = () =>
  h(
    "div",
    { class: "page" },
    h("h1", { tabindex: "-1" }, tr("page.missing")),
    empty("", tr("page.missing.text"), h("a", { class: "button", href: link(["orders"]) }, tr("page.start"))),
  );

function header() {
  return h(
    "header",
    { class: "top" },
    h("a", { class: "brand", href: link([]) }, h("img", { src: "./icon.svg", alt: "", width: 24, height: 24 }), tr("app.name")),
    () => user() && navigation(),
    h("div", { class: "top-end" }, () => user() && [paletteButton(), liveDot()], () => settingsMenu(menuLabel(user()), user() && account(user()))),
  );
}

function navigation() {
  const here = () => route().path[0];
  return h(
    "nav",
    { "aria-label": tr("app.main") },
    NAVIGATION.filter(([path]) => OFFERED[path]?.(user()) ?? true).map(([path, key]) =>
      h("a", { href: link([path]), class: `nav is-${path}`, "aria-current": () => here() === path && "page" }, tr(key)),
    ),
  );
}

const liveDot = () =>
  h("span", { class: () => `live is-${liveness()}`, title: () => t(`live.${liveness()}`), role: "img", "aria-label": () => t(`live.${liveness()}`) });

const paletteButton = () =>
  h(
    "button",
    { type: "button", class: "button quiet palette-button", "aria-label": tr("palette.open"), "aria-keyshortcuts": "Control+K", onclick: () => palette(user.peek(), leave) },
    h("span", {}, tr("palette.open")),
    h("kbd", { "aria-hidden": "true" }, "Ctrl K"),
  );

/** Ends the session in this tab, or everywhere, with all that the pages remember. */
async function leave(how = signOut, done) {
  forgetEverything();
  forgetRequests();
  await how();
  if (done) toast(t(done));
}

const menuLabel = (who) =>
  who
    ? [h("span", { class: "initial", "aria-hidden": "true" }, who.email[0].toUpperCase()), h("span", { class: "visually-hidden" }, tr("app.menu"))]
    : [() => LANGUAGES.find(([code]) => code === language())[1], h("span", { class: "caret" })];

function account(who) {
  return [
    h("p", { class: "who" }, h("strong", {}, who.email), h("span", { class: "muted small block" }, tr(who.staff ? "app.staff" : "app.customer"))),
    h("a", { href: link(["security"]) }, tr("mfa.page")),
    h("a", { href: link(["developers"]) }, tr("nav.developers")),
    h("a", { href: "./docs.html" }, tr("app.docs")),
    actionButton(tr("signin.out"), () => leave()),
    actionButton(tr("signin.everywhere"), () => leave(signOutEverywhere, "signin.everywhere.done"), { kind: "danger-quiet" }),
  ];
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

start();
try {
  await untilReached(loadConfig);
  await restore();
} catch (error) {
  document.getElementById("main").replaceChildren(failure(error, () => location.reload()));
}
