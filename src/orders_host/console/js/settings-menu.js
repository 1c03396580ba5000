// Language and appearance, and whatever else a page puts under its account button.

import { LANGUAGES, language, setLanguage, tr } from "./i18n.js";
import { setTheme, theme, THEMES } from "./theme.js";
import { field } from "./ui.js";
import { h, onEnd } from "./view.js";

/** A button that opens the menu; `label` is its text, `more` follows the settings. */
export function settingsMenu(label, ...more) {
  const menu = h(
    "details",
    { class: "menu" },
    h("summary", { class: "button quiet" }, label),
    h("div", { class: "menu-panel card stack" }, languageField(), themeField(), more),
  );
  const close = (event) => {
    if (!menu.open || (event.type === "keydown" ? event.key !== "Escape" : menu.contains(event.target))) return;
    menu.open = false;
    if (event.type === "keydown") menu.querySelector("summary").focus();
  };
  for (const type of ["keydown", "pointerdown", "focusin"]) {
    document.addEventListener(type, close);
    onEnd(() => document.removeEventListener(type, close));
  }
  return menu;
}

function languageField() {
  const control = h(
    "select",
    { onchange: () => setLanguage(control.value) },
    LANGUAGES.map(([code, name]) => h("option", { value: code, lang: code, selected: code === language.peek() }, name)),
  );
  return field(tr("app.language"), control);
}

function themeField() {
  const control = h(
    "select",
    { onchange: () => setTheme(control.value) },
    THEMES.map((name) => h("option", { value: name, selected: name === theme.peek() }, tr(`theme.${name}`))),
  );
  return field(tr("app.theme"), control);
}
