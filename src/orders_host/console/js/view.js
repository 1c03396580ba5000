// Signals and elements: what a page needs to show data that changes, without ever parsing data as markup.

let reader = null; // the effect that is running, which is told of every signal it reads
let scope = null; // the list of clean-ups that what is made now adds to

/** A value that effects follow: call it to read, `.set` it to change. */
export function signal(value) {
  const readers = new Set();
  const read = () => {
    if (reader) {
      readers.add(reader);
      reader.sources.add(readers);
    }
    return value;
  };
  read.peek = () => value;
  read.set = (next) => {
    if (Object.is(next, value)) return;
    value = next;
    for (const effect of [...readers]) effect.run();
  };
  return read;
}

/** Runs `work` now and again whenever a signal that it read changes; ends with the surrounding scope. */
export function effect(work) {
  const self = { sources: new Set(), cleanups: [], ended: false, run: null };
  const reset = () => {
    for (const readers of self.sources) readers.delete(self);
    self.sources.clear();
    for (const cleanup of self.cleanups.splice(0)) cleanup();
  };
  self.run = () => {
    if (self.ended) return;
    reset();
    const outer = [reader, scope];
    [reader, scope] = [self, self.cleanups];
    try {
      work();
    } finally {
      [reader, scope] = outer;
    }
  };
  onEnd(() => {
    self.ended = true;
    reset();
  });
  self.run();
}

/** Runs `work` in a scope of its own; returns what it made and a function that ends the scope. */
export function scoped(work) {
  const cleanups = [];
  const outer = [reader, scope];
  [reader, scope] = [null, cleanups];
  try {
    return [work(), () => cleanups.splice(0).forEach((cleanup) => cleanup())];
  } finally {
    [reader, scope] = outer;
  }
}

/** Calls `cleanup` when the surrounding scope ends. */
export function onEnd(cleanup) {
  scope?.push(cleanup);
}

/**
 * An element. A function as attribute or child is followed: it is called again when a signal it reads changes.
 * Children are text, nodes, lists of them, or nothing (null, false); text stays text.
 */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for a shape. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "function") effect(() => assign(element, name, value()));
    else assign(element, name, value);
  }
  append(element, children);
  return element;
}

const PROPERTIES = new Set(["value", "checked", "selected", "disabled", "open", "indeterminate"]);
const SAFE_LINK = /^(#|\/(?!\/)|\.\/|https:\/\/|mailto:|tel:|otpauth:)/;

function assign(element, name, value) {
  if (name === "href" && !SAFE_LINK.test(value)) throw new TypeError(`Not a link of ours: ${value}`);
  if (PROPERTIES.has(name) && name in element) element[name] = value ?? "";
  else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

function append(parent, child) {
  if (child === null || child === undefined || child === false) return;
  if (Array.isArray(child)) child.forEach((one) => append(parent, one));
  else if (typeof child === "function") parent.append(...followed(child));
  else parent.append(child);
}

/** The nodes that `make` gives, between two marks, renewed when a signal that it read changes. */
function followed(make) {
  const [start, end] = [new Text(""), new Text("")];
  const nodes = new DocumentFragment();
  nodes.append(start, end);
  effect(() => {
    const fresh = new DocumentFragment();
    append(fresh, make());
    while (start.nextSibling !== end) start.nextSibling.remove();
    end.before(fresh);
  });
  return [...nodes.childNodes];
}
