// Who orders and where it goes, as people read it.

import { locale } from "./i18n.js";
import { plain } from "./ui.js";
import { h } from "./view.js";

// The browser names them too, but they are no countries (unions, groups of islands, private use) or no longer exist.
const NO_COUNTRIES = new Set("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split(" "));
const POSTCODE_LAST = new Set(["AU", "CA", "GB", "IE", "NZ", "US"]);
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

const names = () => new Intl.DisplayNames([locale()], { type: "region", fallback: "none" });

/** The country's name in the language in use; the code where the browser knows none. */
export const countryName = (code) => (/^[A-Z]{2}$/.test(code) && names().of(code)) || code;

/** Every country as `[code, name]`, by its name. */
export function countries() {
  const known = names();
  const isCurrent = (code) => !NO_COUNTRIES.has(code) && new Intl.Locale(`und-${code}`).region === code;
  return LETTERS.flatMap((first) => LETTERS.map((second) => first + second))
    .filter((code) => isCurrent(code) && known.of(code))
    .map((code) => [code, known.of(code)])
    .sort(([, one], [, other]) => one.localeCompare(other, locale()));
}

/** The lines of an address as they stand on a parcel. */
export function addressLines({ lines, city, region, postal_code: postcode, country }) {
  const place = POSTCODE_LAST.has(country) ? [city, region, postcode] : [postcode, city];
  const below = POSTCODE_LAST.has(country) ? null : region;
  return [...lines, place.filter(Boolean).join(" "), below, countryName(country)].filter(Boolean).map(plain);
}

const block = (lines) => lines.map((line) => h("span", { class: "block" }, line));

export const addressBlock = (address) => h("address", {}, () => block(addressLines(address)));

/** Name, e-mail address and telephone number; what can be written to or called is a link. */
export function contactBlock({ name, email, phone }) {
  return [
    name && h("span", { class: "block" }, plain(name)),
    email && h("a", { class: "block", href: `mailto:${encodeURIComponent(email)}` }, plain(email)),
    phone && h("a", { class: "block", href: `tel:${phone}` }, plain(phone)),
  ];
}
