// The second factor of the user who is signed in: an authenticator app, set up or turned off.

import { CODE_FIELD, handOver } from "../authenticator-app.js";
import { CognitoError } from "../cognito.js";
import { t, tr } from "../i18n.js";
import { asUser } from "../session.js";
import { actionButton, failure, field, form, input, loading, submitButton, toast } from "../ui.js";
import { h, signal } from "../view.js";

const APP = "SOFTWARE_TOKEN_MFA";

export function securityPage(user) {
  const content = signal(loading);
  const show = async () => {
    try {
      const known = await asUser("GetUser");
      content.set(known.UserMFASettingList?.includes(APP) ? turnedOn : turnedOff);
    } catch (error) {
      content.set(() => failure(error, show));
    }
  };
  const prefer = async (enabled) => {
    await asUser("SetUserMFAPreference", { SoftwareTokenMfaSettings: { Enabled: enabled, PreferredMfa: enabled } });
    content.set(enabled ? turnedOn : turnedOff);
    toast(t(enabled ? "mfa.on.done" : "mfa.off.done"));
  };
  const begin = async () => {
    const { SecretCode: secret } = await asUser("AssociateSoftwareToken");
    content.set(() => setUp(secret));
  };

  const turnedOn = () => [
    h("p", {}, tr("mfa.on")),
    h("div", { class: "row" }, actionButton(tr("mfa.again"), begin), actionButton(tr("mfa.turn-off"), () => prefer(false), { kind: "danger-quiet" })),
  ];
  const turnedOff = () => [
    h("p", {}, tr("mfa.off")),
    h("div", { class: "row" }, actionButton(tr("mfa.set-up"), begin, { kind: "primary" })),
  ];
  const setUp = (secret) => {
    const fault = signal("");
    const control = input({ name: "code", required: true, ...CODE_FIELD });
    const send = async () => {
      fault.set("");
      try {
        await asUser("VerifySoftwareToken", { UserCode: control.value.trim() });
      } catch (error) {
        if (!(error instanceof CognitoError)) throw error;
        fault.set(t("cognito.CodeMismatchException"));
        return control.focus();
      }
      await prefer(true);
    };
    return [
      handOver(secret, user.email),
      form({ class: "stack" }, send, field(tr("mfa.code"), control, { hint: tr("mfa.code.hint"), fault }), submitButton(tr("mfa.confirm"))),
      h("div", { class: "row" }, actionButton(tr("mfa.cancel"), show)),
    ];
  };

  show();
  return h(
    "div",
    { class: "page" },
    h("div", { class: "page-head" }, h("h1", { tabindex: "-1" }, tr("mfa.page"))),
    h("section", { class: "card stack" }, h("h2", {}, tr("mfa.title")), () => content()()),
  );
}
