// Money as the API has it: decimal text outside, a BigInt of minor units inside, never a float.

const CODES_BY_DIGITS = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
  2:
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE " +
    "CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD " +
    "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK " +
    "MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD " +
    "RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH " +
    "USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
  3: "BHD IQD JOD KWD LYD OMR TND",
  4: "CLF UYW",
};

const DIGITS = new Map(
  Object.entries(CODES_BY_DIGITS).flatMap(([digits, codes]) => codes.split(" ").map((code) => [code, Number(digits)])),
);

/** The currencies that the API knows (ISO 4217), in alphabetical order. */
export const CURRENCIES = [...DIGITS.keys()].sort();

/** Number of minor digits of a currency. */
export const fractionDigits = (currency) => DIGITS.get(currency) ?? 2;

/** Minor units of a decimal such as "19.9", or null if it is none or has more digits than the currency. */
export function toMinor(text, currency) {
  const match = /^(\d{1,18})(?:[.,](\d*))?$/.exec(text.trim());
  const digits = fractionDigits(currency);
  if (!match || (match[2] ?? "").length > digits) return null;
  return BigInt(match[1] + (match[2] ?? "").padEnd(digits, "0"));
}

/**
 * The decimal that somebody typed, as the API writes it: "1.234,50" and "1,234.50" are 1234.50.
 *
 * Where both separators stand, the last one is the decimal one. A single separator is the decimal one too, unless it is
 * the reader's `grouping` before exactly three digits, which the currency does not have as decimals.
 */
export function readAmount(text, currency, grouping) {
  const given = text.trim().replace(/[\s\u00a0\u202f']/g, "");
  if (!/^\d+(?:[.,]\d+)*[.,]?$/.test(given)) return given;
  const marks = given.replace(/\d/g, "");
  const last = marks.at(-1);
  if (!last) return given;
  const uniform = marks === last.repeat(marks.length);
  const groups = new RegExp(`^[1-9]\\d{0,2}(\\${last}\\d{3})+$`).test(given);
  if (uniform && groups && (marks.length > 1 || (last === grouping && fractionDigits(currency) !== 3))) return given.replaceAll(last, "");
  const [whole, decimals] = [given.slice(0, given.lastIndexOf(last)), given.slice(given.lastIndexOf(last) + 1)];
  const grouped = whole === whole.replace(/\D/g, "") || /^[1-9]\d{0,2}([.,]\d{3})+$/.test(whole);
  return grouped && !whole.includes(last) ? `${whole.replace(/\D/g, "")}.${decimals}` : given;
}

/** Decimal text with all of the currency's digits: `toText(1990n, "EUR") === "19.90"`. */
export function toText(minor, currency) {
  if (minor < 0n) return `-${toText(-minor, currency)}`;
  const digits = fractionDigits(currency);
  const padded = String(minor).padStart(digits + 1, "0");
  return digits === 0 ? padded : `${padded.slice(0, -digits)}.${padded.slice(-digits)}`;
}

/** Sum of quantity × unit price, of those lines whose numbers can be read already. */
export function total(lines, currency, grouping) {
  return lines.reduce((sum, line) => {
    const price = toMinor(readAmount(String(line.unit_price), currency, grouping), currency);
    return price === null || !/^\d{1,5}$/.test(line.quantity) ? sum : sum + BigInt(line.quantity) * price;
  }, 0n);
}

/** A share of a sum, rounded to the minor unit: an average, which no ledger needs to the cent. */
export const average = (sum, count) => (count === 0 ? 0n : (2n * sum + BigInt(count)) / (2n * BigInt(count)));
