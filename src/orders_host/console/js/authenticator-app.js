// The app on a phone that shows the codes of a second factor: how it takes over the secret, and the field for its code.

import { config } from "./config.js";
import { tr } from "./i18n.js";
import { h } from "./view.js";

const ISSUER = "Orders";

/** What to do with the secret: open it in an app on this device, or type it into one on another. */
export function handOver(secret, email) {
  const label = encodeURIComponent(`${config.environment ? `${ISSUER} ${config.environment}` : ISSUER}:${email}`);
  const link = `otpauth://totp/${label}?secret=${secret}&issuer=${ISSUER}`;
  return h(
    "div",
    { class: "stack" },
    h("p", {}, tr("mfa.open"), " ", h("a", { href: link }, tr("mfa.link"))),
    h("p", {}, tr("mfa.type")),
    h("p", {}, h("code", { class: "secret" }, secret.match(/.{1,4}/g).join(" "))),
  );
}

export const CODE_FIELD = { autocomplete: "one-time-code", inputmode: "numeric", maxlength: 6 };
