// The texts in the reader's language, and dates, numbers and money as that language writes them.

import { en } from "./en.js";
import { es } from "./es.js";
import { fractionDigits } from "./money.js";
import { preference } from "./preferences.js";
import { signal } from "./view.js";

const MESSAGES = { en, es };
export const LANGUAGES = [["en", "English"], ["es", "Español"]];

const ofBrowser = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in MESSAGES) ?? "en";
const chosen = preference("language");

/** The language in use: what was chosen, else the browser's. */
export const language = signal(chosen.get() in MESSAGES ? chosen.get() : ofBrowser);

export function setLanguage(code) {
  chosen.set(code);
  language.set(code);
}

let spoken = null; // the language of what is being made, where it is not the one in use

/** Runs `work`, which makes texts at once, in a language of its own: papers go to people who may not read the reader's. */
export function speaking(code, work) {
  const outer = spoken;
  spoken = code;
  try {
    return work();
  } finally {
    spoken = outer;
  }
}

const current = () => spoken ?? language();

/** The text of `key`; `{name}` in it is replaced by `values.name`, and `values.count` chooses the plural. */
export function t(key, values = {}) {
  const message = MESSAGES[current()][key] ?? key;
  const text = typeof message === "string" ? message : message[plural(values.count)] ?? message.other;
  return text.replace(/\{(\w+)\}/g, (_, name) => shown(values[name]));
}

/** The same as a function, for views that follow the language. */
export const tr = (key, values) => () => t(key, values);

/** Whether there is a text of that name. */
export const known = (key) => key in en;

/** A browser's locale of the language in use, so that a Mexican reads Mexican dates. */
export const locale = () => navigator.languages.find((tag) => tag.startsWith(current())) ?? current();

const plural = (count) => formatter("PluralRules", {}).select(count ?? 0);
const shown = (value) => (typeof value === "number" ? formatNumber(value) : String(value ?? ""));

const formatters = new Map();

function formatter(kind, options) {
  const key = `${locale()} ${kind} ${JSON.stringify(options)}`;
  if (!formatters.has(key)) formatters.set(key, new Intl[kind](locale(), options));
  return formatters.get(key);
}

export const formatNumber = (value, options = {}) => formatter("NumberFormat", options).format(value);

/** What stands between thousands in the language in use: "," or ".", or a space. */
export const groupSeparator = () =>
  formatter("NumberFormat", { useGrouping: true }).formatToParts(1_234_567).find(({ type }) => type === "group").value;

/** Money from the API's decimal text, exactly: `formatMoney("19.90", "EUR")`. */
export function formatMoney(amount, currency) {
  const digits = fractionDigits(currency);
  const options = { style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits };
  return formatter("NumberFormat", options).format(amount);
}

export const formatMoment = (time) =>
  formatter("DateTimeFormat", { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));

export const formatDate = (time) => formatter("DateTimeFormat", { dateStyle: "long" }).format(new Date(time));

/** A day `YYYY-MM-DD`, which has no time zone. */
export const formatDay = (day) =>
  formatter("DateTimeFormat", { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(`${day}T00:00Z`));

const STEPS = [["day", 86_400], ["hour", 3_600], ["minute", 60]];

/** How long ago, in the coarsest unit that fits; a date when it is more than a week. */
export function formatAgo(time, now) {
  const seconds = Math.min(0, new Date(time) - now) / 1000;
  if (seconds < -7 * 86_400) return formatter("DateTimeFormat", { dateStyle: "medium" }).format(new Date(time));
  const [unit, size] = STEPS.find(([, size]) => -seconds >= size) ?? ["minute", 60];
  return formatter("RelativeTimeFormat", { numeric: "auto" }).format(Math.ceil(seconds / size) || 0, unit);
}
