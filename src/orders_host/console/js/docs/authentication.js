// Signing in on the reference's own page, and the command that does the same in a shell.

import { CognitoError } from "../cognito.js";
import { config } from "../config.js";
import { curl } from "../curl.js";
import { formatMoment, known, t, tr } from "../i18n.js";
import { expiry, idToken, signIn, signOut, user } from "../session.js";
import { actionButton, copy, detailOf, field, form, input, submitButton } from "../ui.js";
import { h, signal } from "../view.js";
import { commandBlock } from "./try.js";

export function authenticationSection() {
  return h(
    "section",
    { class: "operation", id: "authentication", "aria-labelledby": "authentication-title" },
    h(
      "div",
      { class: "stack" },
      h("h2", { id: "authentication-title", tabindex: "-1" }, tr("docs.auth")),
      h("p", {}, tr("docs.auth.text")),
      () => (user() ? signedIn(user()) : signInForm()),
    ),
    h("div", { class: "request" }, commandBlock(tr("docs.curl"), tokenCommand)),
  );
}

function signedIn({ email }) {
  const copyToken = async () => copy(`TOKEN='${await idToken()}'`, t("docs.token.done", { time: formatMoment(expiry()) }));
  return h(
    "div",
    { class: "stack" },
    h("p", {}, () => t("docs.signed", { email })),
    h("div", { class: "row" }, actionButton(tr("docs.token"), copyToken), actionButton(tr("signin.out"), () => signOut().catch(() => {}))),
  );
}

function signInForm() {
  const email = input({ type: "email", name: "email", autocomplete: "username" });
  const password = input({ type: "password", name: "password", autocomplete: "current-password" });
  const refusal = signal(null);
  const send = async () => {
    refusal.set(null);
    try {
      if (await signIn(email.value.trim(), password.value)) refusal.set(() => t("docs.challenge"));
    } catch (error) {
      refusal.set(() => explain(error));
    }
  };
  return form(
    { class: "stack narrow" },
    send,
    () => refusal() && h("p", { class: "notice is-error", role: "alert" }, refusal()),
    field(tr("signin.email"), email),
    field(tr("signin.password"), password),
    h("div", {}, submitButton(tr("signin.submit"))),
  );
}

function explain(error) {
  const key = `cognito.${error.type}`;
  return error instanceof CognitoError && known(key) ? t(key, { message: error.message }) : detailOf(error);
}

/** Sets TOKEN, which the other commands use. */
function tokenCommand() {
  const body = {
    AuthFlow: "USER_PASSWORD_AUTH",
    ClientId: config.client_id,
    AuthParameters: { USERNAME: user()?.email ?? "ana@example.com", PASSWORD: "…" },
  };
  const headers = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
  };
  const request = curl("POST", `${config.cognito_url.replace(/\/$/, "")}/`, headers, JSON.stringify(body));
  return String.raw`TOKEN=$(${request} | sed 's/.*"IdToken": *"\([^"]*\)".*/\1/')`;
}
