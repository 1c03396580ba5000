// Light, dark, or as the system has it.

import { preference } from "./preferences.js";
import { effect, signal } from "./view.js";

export const THEMES = ["system", "light", "dark"];

const chosen = preference("theme");

export const theme = signal(THEMES.includes(chosen.get()) ? chosen.get() : "system");

export function setTheme(name) {
  chosen.set(name);
  theme.set(name);
}

effect(() => {
  const { dataset } = document.documentElement;
  if (theme() === "system") delete dataset.theme;
  else dataset.theme = theme();
});
