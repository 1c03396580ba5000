// What pages remember of each other until the tab is closed or somebody signs out: the list as it was, drafts.
// Drafts also survive a reload: they lie in the tab's session storage.

// The number counts the shapes that a draft has had: one of an earlier shape is not read.
const STORED = "orders-console.drafts.2";
const entries = new Map();
const kept = new Map(); // the drafts among them

const keyOf = (user, name) => `${user.sub} ${name}`;

export const remember = (user, name, value) => entries.set(keyOf(user, name), value);
export const recall = (user, name) => entries.get(keyOf(user, name));

/** Remembers a draft, which is plain data, beyond a reload of the page. */
export function keepDraft(user, name, draft) {
  remember(user, name, draft);
  kept.set(keyOf(user, name), draft);
  store();
}

export function forget(user, name) {
  entries.delete(keyOf(user, name));
  if (kept.delete(keyOf(user, name))) store();
}

export function forgetEverything() {
  entries.clear();
  kept.clear();
  store();
}

function store() {
  try {
    if (kept.size > 0) sessionStorage.setItem(STORED, JSON.stringify([...kept]));
    else sessionStorage.removeItem(STORED);
  } catch {
    // Storage is switched off or full: the drafts last as long as the page.
  }
}

try {
  for (const [key, draft] of JSON.parse(sessionStorage.getItem(STORED) ?? "[]")) {
    entries.set(key, draft);
    kept.set(key, draft);
  }
} catch {
  // As above.
}
