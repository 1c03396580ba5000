// What the reader chose, kept in this browser; never anything secret.

/** One choice that outlives the page; it is forgotten at its end where storage is refused. */
export function preference(name) {
  const key = `orders-console.${name}`;
  let value = null;
  try {
    value = localStorage.getItem(key);
  } catch {
    // Storage is switched off: the choice holds for this page.
  }
  return {
    get: () => value,
    set(next) {
      value = next;
      try {
        localStorage.setItem(key, next);
      } catch {
        // As above.
      }
    },
  };
}
