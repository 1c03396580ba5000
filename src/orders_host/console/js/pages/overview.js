// The shop at a glance: orders, revenue and average basket by day, and orders by status. A customer sees its own.

import { chart } from "../charts.js";
import { formatDay, formatMoney, formatNumber, t, tr } from "../i18n.js";
import { onLive } from "../live.js";
import { fractionDigits, toText } from "../money.js";
import * as orders from "../orders.js";
import { noteQuery, route } from "../router.js";
import { empty, failure, field, loading } from "../ui.js";
import { STATUSES } from "../rules.js";
import { currenciesOf, daysOf, lastDays, summarize } from "../statistics.js";
import { effect, h, onEnd, signal } from "../view.js";

const PERIODS = [7, 30, 90, 365];
const MOST_OWN = 500; // of a customer's orders that are summed up in the browser
const CALM = 5_000; // milliseconds between two readings

export function overviewPage(user) {
  const asked = Number(route.peek().query.get("days"));
  const count = signal(PERIODS.includes(asked) ? asked : 30);
  const currency = signal(null);
  const data = signal(null); // {days, dates, cut} or an error
  const reading = readings(user, count, data);
  effect(() => noteQuery({ days: String(count()) }));
  return h(
    "div",
    { class: "page" },
    h(
      "div",
      { class: "page-head" },
      h("h1", { tabindex: "-1" }, tr("overview.title")),
      h("div", { class: "actions" }, periodField(count), () => currencyField(data(), currency)),
    ),
    () => {
      if (!data()) return loading();
      if (data() instanceof Error) return failure(data(), reading);
      return figures(data(), currency(), user);
    },
  );
}

/** Reads when the period changes and, calmly, when orders change; returns a function that reads now. */
function readings(user, count, data) {
  let controller = new AbortController();
  let timer = 0;
  const read = async () => {
    controller.abort();
    controller = new AbortController();
    const { signal } = controller;
    const dates = lastDays(count.peek());
    try {
      data.set(await (user.staff ? ofShop(dates, signal) : ofCustomer(dates, signal)));
    } catch (error) {
      if (!signal.aborted) data.set(error);
    }
  };
  effect(() => {
    count();
    read();
  });
  onLive(() => {
    timer ||= setTimeout(() => ((timer = 0), read()), CALM);
  });
  onEnd(() => {
    clearTimeout(timer);
    controller.abort();
  });
  return read;
}

async function ofShop(dates, signal) {
  const { days } = await orders.stats(dates[0], dates.at(-1), signal);
  return { dates, days };
}

async function ofCustomer(dates, signal) {
  const own = [];
  let cursor;
  do {
    const page = await orders.list({ created_from: `${dates[0]}T00:00:00Z`, limit: 100, cursor }, signal);
    own.push(...page.orders);
    cursor = page.next_cursor;
  } while (cursor && own.length < MOST_OWN);
  return { dates, days: daysOf(own), cut: cursor ? own.length : 0 };
}

function periodField(count) {
  const control = h(
    "select",
    { onchange: () => count.set(Number(control.value)) },
    PERIODS.map((days) => h("option", { value: days, selected: days === count.peek() }, tr("overview.days", { count: days }))),
  );
  return field(tr("overview.period"), control, { className: "inline" });
}

function currencyField(data, currency) {
  const codes = currenciesOf(data?.days ?? []);
  if (codes.length < 2) return null;
  const control = h("select", { onchange: () => currency.set(control.value) }, codes.map((code) => h("option", { value: code }, code)));
  control.value = codes.includes(currency.peek()) ? currency.peek() : codes[0];
  return field(tr("overview.currency"), control, { className: "inline" });
}

function figures({ days, dates, cut }, chosen, user) {
  if (days.length === 0) return empty(tr("overview.empty"), tr("overview.empty.text"));
  const codes = currenciesOf(days);
  const currency = codes.includes(chosen) ? chosen : codes[0] ?? "EUR";
  const sums = summarize(days, dates, currency);
  const money = (minor) => formatMoney(toText(minor, currency), currency);
  const spent = user.staff ? "revenue" : "spent";
  return [
    cut > 0 && h("p", { class: "notice", role: "note" }, tr("overview.cut", { count: cut })),
    h(
      "dl",
      { class: "cards" },
      fact("overview.orders", () => formatNumber(sums.orders)),
      fact(`overview.${spent}`, () => money(sums.revenue)),
      fact("overview.basket", () => (sums.basket === null ? "–" : money(sums.basket))),
      fact("overview.open", () => formatNumber(sums.open)),
    ),
    () => h("div", { class: "figures" }, charts(sums, currency, money, spent)),
    h("p", { class: "muted small" }, tr("overview.note"), " ", sums.basket === null ? tr("overview.mixed", { currency }) : null),
  ];
}

const fact = (key, value) => h("div", { class: "card fact" }, h("dt", {}, tr(key)), h("dd", {}, value));

function charts({ rows, statuses }, currency, money, spent) {
  const scale = 10 ** fractionDigits(currency);
  const byDay = (value, text) => rows.map((row) => ({ label: formatDay(row.date), value: value(row), text: text(row) }));
  const short = (amount) => formatNumber(amount, { notation: "compact", maximumFractionDigits: 1 });
  const inMoney = (field) => byDay(
    (row) => (row[field] === null ? null : Number(row[field]) / scale),
    (row) => (row[field] === null ? "–" : money(row[field])),
  );
  const byStatus = STATUSES.map((status) => ({
    label: t(`status.${status}`),
    value: statuses[status],
    text: formatNumber(statuses[status]),
    className: `is-${status.toLowerCase()}`,
  }));
  return [
    chart("bars", t(`overview.${spent}.day`), inMoney("revenue"), short),
    chart("bars", t("overview.orders.day"), byDay((row) => row.orders, (row) => formatNumber(row.orders)), short),
    chart("line", t("overview.basket.day"), inMoney("basket"), short),
    chart("rows", t("overview.status"), byStatus),
  ];
}
