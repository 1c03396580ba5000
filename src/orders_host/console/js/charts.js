// Charts as SVG, as wide as their place; the numbers are beside each as a table for those who can't see it.

import { h, onEnd, signal, svg } from "./view.js";

const HEIGHT = 180;
const MARGIN = { top: 8, right: 4, bottom: 22, left: 56 };
const ROW = 30; // height of a row of a bar list
const MAX_TICKS = 5;

/**
 * A figure with a chart of `points` `{label, value, text}`: value is drawn, text is written.
 * `kind` is "bars" (upright), "line", or "rows" (bars lying, one a row, with a `className`).
 */
export function chart(kind, title, points, axis = String) {
  const width = signal(0);
  const picked = signal(null);
  const place = h("div", { class: "chart", "aria-hidden": "true" }, () => width() > 0 && DRAW[kind](points, width(), axis, picked));
  const watch = new ResizeObserver(([entry]) => width.set(Math.round(entry.contentRect.width)));
  watch.observe(place);
  onEnd(() => watch.disconnect());
  return h(
    "figure",
    { class: `card figure is-${kind}`, onpointerleave: () => picked.set(null) },
    h(
      "figcaption",
      { class: "row between" },
      h("h2", {}, title),
      h("span", { class: "readout muted", "aria-hidden": "true" }, () => picked() && `${picked().label}: ${picked().text}`),
    ),
    place,
    numbers(title, points),
  );
}

function numbers(title, points) {
  const row = ({ label, text }) => h("tr", {}, h("th", { scope: "row" }, label), h("td", {}, text));
  const table = h("table", {}, h("caption", {}, title), h("tbody", {}, points.map(row)));
  return h("div", { class: "visually-hidden" }, table);
}

const DRAW = {
  bars: (points, width, axis, picked) =>
    framed(points, width, axis, picked, ({ x, y, step }) =>
      points.map(({ value }, index) =>
        svg("rect", {
          class: "bar",
          x: x(index) + step * 0.15,
          y: y(value),
          width: step * 0.7,
          height: Math.max(0, y(0) - y(value)),
          rx: Math.min(2, step * 0.2),
        }),
      ),
    ),

  line: (points, width, axis, picked) =>
    framed(points, width, axis, picked, ({ x, y, step }) => {
      // A day without a value is left out, not drawn as nothing.
      const dots = points.map(({ value }, index) => [x(index) + step / 2, y(value ?? 0), value]).filter(([, , value]) => value !== null);
      return [
        svg("polyline", { class: "line", points: dots.map(([left, top]) => `${left},${top}`).join(" ") }),
        dots.length < 40 && dots.map(([cx, cy]) => svg("circle", { class: "dot", cx, cy, r: 2.5 })),
      ];
    }),

  rows: (points, width) => {
    const most = Math.max(1, ...points.map(({ value }) => value));
    const left = Math.min(130, width * 0.36);
    const room = Math.max(0, width - left - 44);
    return svg(
      "svg",
      { width, height: points.length * ROW, viewBox: `0 0 ${width} ${points.length * ROW}` },
      points.map(({ label, value, text, className }, index) => {
        const middle = index * ROW + ROW / 2;
        const length = Math.max(value > 0 ? 2 : 0, (value / most) * room);
        return [
          svg("text", { x: 0, y: middle, class: "label" }, label),
          svg("rect", { class: `bar ${className}`, x: left, y: middle - 8, width: length, height: 16, rx: 3 }),
          svg("text", { x: left + length + 8, y: middle, class: "value" }, text),
        ];
      }),
    );
  },
};

/** Axes around what `draw` gives, and columns that tell which point the pointer is at. */
function framed(points, width, axis, picked, draw) {
  const tickStep = niceStep(Math.max(0, ...points.map(({ value }) => value ?? 0)));
  const ticks = Array.from({ length: tickStep.count + 1 }, (_, index) => index * tickStep.size);
  const top = ticks.at(-1);
  const plot = { width: Math.max(0, width - MARGIN.left - MARGIN.right), height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const step = plot.width / Math.max(1, points.length);
  const x = (index) => MARGIN.left + index * step;
  const y = (value) => MARGIN.top + plot.height * (1 - value / top);
  const every = Math.ceil(points.length / Math.max(2, Math.floor(plot.width / 80)));
  return svg(
    "svg",
    { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}` },
    ticks.map((tick) => [
      svg("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "tick end", x: MARGIN.left - 8, y: y(tick) }, axis(tick)),
    ]),
    draw({ x, y, step }),
    points.map(
      ({ label }, index) =>
        index % every === 0 && svg("text", { class: "tick middle", x: x(index) + step / 2, y: HEIGHT - 6 }, label),
    ),
    points.map((point, index) =>
      svg("rect", {
        class: "column",
        x: x(index),
        y: MARGIN.top,
        width: step,
        height: plot.height,
        onpointerenter: () => picked.set(point),
      }),
    ),
  );
}

/** The least round step that reaches `value` in a few ticks: `{size, count}`. */
function niceStep(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1) / MAX_TICKS));
  const size = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step * MAX_TICKS >= value);
  return { size, count: Math.max(1, Math.ceil(value / size)) };
}
