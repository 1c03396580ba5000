// Language and appearance, and whatever else a page puts under its account button.

import { dropdown } from "./dropdown.js";
import { LANGUAGES, language, setLanguage, tr } from "./i18n.js";
import { setTheme, theme, THEMES } from "./theme.js";
import { field } from "./ui.js";
import { h } from "./view.js";

/** A button that opens the menu; `label` is its text, `more` follows the settings. */
export const settingsMenu = (label, ...more) => dropdown("menu", {}, label, languageField(), themeField(), more);

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
