// The contract's descriptions: paragraphs, and code between backticks.

import { h } from "../view.js";

export const prose = (text) => text.split(/\n\s*\n/).map((paragraph) => h("p", {}, inline(paragraph)));

export const inline = (text) => text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
