// The API's faults in the reader's language. It names them in English; what is not in the table stays as it is.

import { known, t } from "./i18n.js";

const number = (text) => Number(text.replaceAll(",", ""));

const TABLE = [
  [/^is required|at least 1 (character|element)|not null$/, () => t("fault.required")],
  [/^must be from ([\d,]+) to ([\d,]+)/, (low, high) => t("fault.range", { low: number(low), high: number(high) })],
  [/^must be a whole number/, () => t("fault.whole")],
  [/^must have at most (\d+) decimals in (\w+)/, (digits, currency) => t("fault.decimals", { digits, currency })],
  [/^must be one of (.+)$/, (names) => t("fault.choice", { names })],
  [/^must be (?:a string|an array|an object)/, () => t("fault.kind")],
  [/^must be a date/, () => t("fault.date")],
  [/^must be 1 to (\d+) characters/, (most) => t("fault.long", { most: number(most) })],
  [/unknown|not expected/, () => t("fault.unknown")],
  [/^must be a decimal/, () => t("fault.amount")],
  [/^must be at most ([\d,]+)$/, (most) => t("fault.most", { most: number(most) })],
  [/must be at most ([\d,]+) characters/, (most) => t("fault.long", { most: number(most) })],
  [/must be at most ([\d,]+) (?:elements|pairs)/, (most) => t("fault.size", { most: number(most) })],
];

/** The fault's detail, to be shown beside its field; what a pattern means is told by the field that `pointer` ends in. */
export function faultText(detail, pointer = "") {
  const form = `fault.form.${pointer.split("/").pop()}`;
  if (detail.startsWith("must be of the form") && known(form)) return t(form);
  for (const [pattern, say] of TABLE) {
    const match = pattern.exec(detail);
    if (match) return say(...match.slice(1));
  }
  return detail;
}
