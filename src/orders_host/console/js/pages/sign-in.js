// Signing in and everything around it: first password, code of an app, forgotten password, new account.

import { CODE_FIELD, handOver } from "../authenticator-app.js";
import { asClient, cognito, CognitoError } from "../cognito.js";
import { known, language, t, tr } from "../i18n.js";
import { answerChallenge, ended, signIn } from "../session.js";
import { keepsLetters } from "../config.js";
import { detailOf, field, form, input, submitButton } from "../ui.js";
import { h, signal } from "../view.js";

/** The way in: one step at a time. `initial` names the first. */
export function signInPage(initial = "signIn") {
  const state = { email: "", password: "", challenge: null, offer: null, destination: "" };
  const step = signal(initial);
  const message = signal(null); // a function that gives the text
  const go = (name, say = null) => {
    message.set(say);
    step.set(name);
  };
  return h("div", { class: "sign-in" }, () => h("section", { class: "card" }, STEPS[step()](state, go, message)));
}

const STEPS = {
  signIn: (state, go, message) =>
    stepForm(
      {
        title: "signin.title",
        message,
        fields: [email(state), password("signin.password", "current-password")],
        submit: "signin.submit",
        links: [["signin.forgot", () => go("forgot")], ["signin.create", () => go("signUp")]],
      },
      async (values) => {
        Object.assign(state, values);
        try {
          await next(state, go, await signIn(values.email, values.password));
        } catch (error) {
          if (error.type === "UserNotConfirmedException") return resend(state, go);
          if (error.type === "PasswordResetRequiredException") return go("forgot", () => explain(error));
          throw error;
        }
      },
    ),

  newPassword: (state, go, message) =>
    stepForm(
      {
        title: "newpassword.title",
        text: tr("newpassword.text"),
        message,
        fields: [password("newpassword.label", "new-password")],
        submit: "newpassword.submit",
        links: [back(go)],
      },
      async ({ password: chosen }) => next(state, go, await answerChallenge(state.challenge, { NEW_PASSWORD: chosen })),
    ),

  appCode: (state, go, message) =>
    stepForm(
      {
        title: "mfa.ask.title",
        text: tr("mfa.ask.text"),
        message,
        fields: [appCode()],
        submit: "confirm.submit",
        links: [back(go)],
      },
      async ({ code: given }) => next(state, go, await answerChallenge(state.challenge, { SOFTWARE_TOKEN_MFA_CODE: given })),
    ),

  setUpApp: (state, go, message) =>
    stepForm(
      {
        title: "mfa.title",
        text: [tr("mfa.required"), handOver(state.offer.SecretCode, state.email)],
        message,
        fields: [appCode()],
        submit: "confirm.submit",
        links: [back(go)],
      },
      async ({ code: given }) => {
        const verified = await cognito("VerifySoftwareToken", { Session: state.offer.Session, UserCode: given });
        await next(state, go, await answerChallenge({ ...state.challenge, session: verified.Session }, {}));
      },
    ),

  forgot: (state, go, message) =>
    stepForm(
      {
        title: "forgot.title",
        text: tr("forgot.text"),
        message,
        fields: [email(state)],
        submit: "forgot.submit",
        links: [back(go)],
      },
      async (values) => {
        Object.assign(state, values);
        await asClient("ForgotPassword", { Username: state.email });
        go("reset");
      },
    ),

  reset: (state, go, message) =>
    stepForm(
      {
        title: "reset.title",
        text: () => t("reset.text", { email: state.email }),
        message,
        fields: [code(), password("newpassword.label", "new-password")],
        submit: "newpassword.submit",
        links: [back(go)],
      },
      async ({ code: given, password: chosen }) => {
        await asClient("ConfirmForgotPassword", { Username: state.email, ConfirmationCode: given, Password: chosen });
        await signInOr(state, go, chosen, () => go("signIn", tr("reset.done")));
      },
    ),

  signUp: (state, go, message) =>
    stepForm(
      {
        title: "signup.title",
        message,
        fields: [email(state), password("signin.password", "new-password")],
        submit: "signup.submit",
        links: [back(go)],
      },
      async (values) => {
        Object.assign(state, values);
        const answer = await asClient("SignUp", {
          Username: state.email,
          Password: state.password,
          UserAttributes: [
            { Name: "email", Value: state.email },
            { Name: "locale", Value: language() }, // of the letters that the pool writes
          ],
        });
        state.destination = answer.CodeDeliveryDetails?.Destination ?? state.email;
        if (answer.UserConfirmed) await next(state, go, await signIn(state.email, state.password));
        else go("confirm");
      },
    ),

  confirm: (state, go, message) =>
    stepForm(
      {
        title: "confirm.title",
        text: () => t("confirm.text", { destination: state.destination }),
        message,
        fields: [code()],
        submit: "confirm.submit",
        links: [["confirm.resend", () => resend(state, go, tr("confirm.resent"))], back(go)],
      },
      async ({ code: given }) => {
        await asClient("ConfirmSignUp", { Username: state.email, ConfirmationCode: given });
        await signInOr(state, go, state.password, () => go("signIn"));
      },
    ),
};

const email = (state) => ({
  name: "email",
  label: "signin.email",
  check: (value) => (/^\S+@\S+$/.test(value) ? null : value ? "email.invalid" : "required"),
  attributes: { type: "email", autocomplete: "username", inputmode: "email", value: state.email },
});

const password = (label, autocomplete) => ({
  name: "password",
  label,
  hint: autocomplete === "new-password" ? "newpassword.hint" : null,
  check: (value) => (value ? null : "required"),
  attributes: { type: "password", autocomplete },
});

const code = () => ({
  name: "code",
  label: "confirm.code",
  hint: keepsLetters() ? "signin.letters" : null,
  check: (value) => (value ? null : "required"),
  attributes: { autocomplete: "one-time-code", inputmode: "numeric" },
});

const appCode = () => ({ ...code(), label: "mfa.code", hint: null, attributes: CODE_FIELD });

const back = (go) => ["signin.back", () => go("signIn")];

/** One step: its fields are checked, then `act` is called with their values; a refusal is shown above them. */
function stepForm({ title, text, message, fields, submit, links }, act) {
  const refusal = signal(null);
  const rows = fields.map(row);
  const send = async () => {
    refusal.set(null);
    const faulty = rows.filter((each) => !each.check());
    if (faulty.length > 0) return faulty[0].control.focus();
    try {
      await act(Object.fromEntries(rows.map((each) => [each.name, each.control.value.trim()])));
    } catch (error) {
      refusal.set(error);
    }
  };
  setTimeout(() => (rows.find((each) => !each.control.value) ?? rows[0]).control.focus());
  return [
    h("h1", { tabindex: "-1" }, tr(title)),
    text && h("div", {}, text),
    () => ended() && !refusal() && h("p", { class: "notice", role: "status" }, tr("signin.ended")),
    () => message() && !refusal() && h("p", { class: "notice", role: "status" }, message()),
    () => refusal() && h("p", { class: "notice is-error", role: "alert" }, () => explain(refusal())),
    form({ class: "stack" }, send, rows.map((each) => each.element), submitButton(tr(submit), "primary wide")),
    h(
      "p",
      { class: "links" },
      links.map(([key, follow]) => h("button", { type: "button", class: "link", onclick: follow }, tr(key))),
    ),
  ];
}

function row({ name, label, hint, check, attributes }) {
  const fault = signal(null);
  const control = input({ name, required: true, ...attributes });
  const verdict = () => {
    fault.set(check(control.value.trim()));
    return !fault.peek();
  };
  const options = { hint: hint && tr(hint), fault: () => fault() && t(fault()) };
  const element = field(tr(label), control, options);
  if (attributes.type === "password") control.after(reveal(control));
  return { name, control, element, check: verdict };
}

function reveal(control) {
  const shown = signal(false);
  const toggle = () => {
    shown.set(!shown.peek());
    control.type = shown.peek() ? "text" : "password";
  };
  const attributes = { type: "button", class: "link reveal", "aria-pressed": () => String(shown()), onclick: toggle };
  return h("button", attributes, () => t(shown() ? "signin.hide" : "signin.show"));
}

async function resend(state, go, say = null) {
  const answer = await asClient("ResendConfirmationCode", { Username: state.email });
  state.destination = answer.CodeDeliveryDetails?.Destination ?? state.email;
  go("confirm", say);
}

const STEP_OF = { NEW_PASSWORD_REQUIRED: "newPassword", SOFTWARE_TOKEN_MFA: "appCode", MFA_SETUP: "setUpApp" };

/** Goes on to the step that answers the challenge; without one, the user is signed in. */
async function next(state, go, challenge) {
  if (!challenge) return;
  state.challenge = challenge;
  if (challenge.name === "MFA_SETUP") {
    state.offer = await cognito("AssociateSoftwareToken", { Session: challenge.session });
  }
  go(STEP_OF[challenge.name]);
}

async function signInOr(state, go, chosen, otherwise) {
  try {
    await next(state, go, await signIn(state.email, chosen));
  } catch {
    otherwise();
  }
}

function explain(error) {
  if (!(error instanceof CognitoError)) return detailOf(error);
  if (/attempts exceeded/i.test(error.message)) return t("cognito.locked");
  if (/session/i.test(error.message)) return t("cognito.session");
  if (/software token has already been used/i.test(error.message)) return t("cognito.used");
  const key = `cognito.${error.type}`;
  return known(key) ? t(key, { message: error.message }) : error.message;
}
