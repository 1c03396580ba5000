// The API reference: the contract that the host serves, made readable and tried out in place.

import { config, loadConfig } from "../config.js";
import { reach, untilReached } from "../http.js";
import { language, LANGUAGES, t, tr } from "../i18n.js";
import { restore } from "../session.js";
import { settingsMenu } from "../settings-menu.js";
import { failure } from "../ui.js";
import { effect, h, scoped } from "../view.js";
import { authenticationSection } from "./authentication.js";
import { operationsOf } from "./contract.js";
import { methodBadge, operationSection } from "./operation.js";
import { prose } from "./prose.js";

const CONTRACT = new URL("../../openapi.json", import.meta.url);

function start(contract) {
  const operations = operationsOf(contract);
  const [view] = scoped(() => [
    h("a", { class: "skip", href: "#main", onclick: skip }, tr("app.skip")),
    header(),
    h(
      "div",
      { class: "frame" },
      contents(operations),
      h("main", { id: "main", tabindex: "-1" }, introduction(contract), authenticationSection(), operations.map((one) => operationSection(contract, one))),
    ),
  ]);
  show(...view);
  follow();
}

function show(...view) {
  document.getElementById("app").replaceChildren(...view);
  effect(() => {
    document.documentElement.lang = language();
    document.title = `${t("docs.title")} · ${t("app.name")}`;
  });
}

function header() {
  const label = [() => LANGUAGES.find(([code]) => code === language())[1], h("span", { class: "caret" })];
  return h(
    "header",
    { class: "top" },
    h("span", { class: "brand" }, icon(), tr("app.name")),
    h("div", { class: "top-end" }, h("a", { href: "./" }, tr("docs.console")), settingsMenu(label)),
  );
}

// Where the icon is depends on where this page is; the document says it.
const icon = () => h("img", { src: document.querySelector("link[rel=icon]").getAttribute("href"), alt: "", width: 24, height: 24 });

const contents = (operations) =>
  h(
    "nav",
    { class: "contents", "aria-label": tr("docs.contents") },
    h("a", { href: "#authentication", onclick: open }, tr("docs.auth")),
    operations.map(({ id, method, summary }) =>
      h("a", { href: `#${id}`, onclick: open }, methodBadge(method), " ", h("span", { lang: "en" }, summary)),
    ),
  );

const introduction = ({ info }) =>
  h(
    "section",
    { class: "introduction stack" },
    h("h1", {}, tr("docs.title"), " ", h("span", { class: "muted small" }, info.version)),
    h("div", { class: "stack", lang: "en" }, prose(info.description)),
    h("p", {}, tr("docs.contract"), ": ", h("a", { href: CONTRACT.pathname }, "openapi.json")),
    h("p", {}, h("code", {}, config.api_url)),
  );

/** The document is made after the browser looked for its fragment. */
function follow() {
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

function open(event) {
  const id = event.currentTarget.hash.slice(1);
  requestAnimationFrame(() => document.getElementById(`${id}-title`).focus({ preventScroll: true }));
}

function skip(event) {
  event.preventDefault();
  document.getElementById("main").focus();
}

async function read() {
  const response = await reach(CONTRACT);
  if (!response.ok) throw new Error(`openapi.json: ${response.status}`);
  return response.json();
}

try {
  const [contract] = await Promise.all([untilReached(read), untilReached(loadConfig)]);
  start(contract);
  await restore();
} catch (error) {
  show(h("main", {}, failure(error, () => location.reload())));
}
