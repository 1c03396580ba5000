// A button that opens a panel below it: closed by Escape, by a press elsewhere, and when the focus leaves.

import { h, onEnd } from "./view.js";

/** `summary` are the button's attributes, `label` is its content. */
export function dropdown(className, summary, label, ...panel) {
  const element = h(
    "details",
    { class: `dropdown ${className}` },
    h("summary", { class: "button quiet", ...summary }, label),
    h("div", { class: "dropdown-panel card stack" }, panel),
  );
  const close = (event) => {
    if (!element.open || (event.type === "keydown" ? event.key !== "Escape" : element.contains(event.target))) return;
    element.open = false;
    if (event.type === "keydown") element.querySelector("summary").focus();
  };
  for (const type of ["keydown", "pointerdown", "focusin"]) {
    document.addEventListener(type, close);
    onEnd(() => document.removeEventListener(type, close));
  }
  return element;
}
