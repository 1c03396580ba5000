// Work that waits for a moment of calm.

import { onEnd } from "./view.js";

/** Calls `work` when it was not asked for again for so many milliseconds; never after the surrounding scope has ended. */
export function debounced(work, milliseconds) {
  let timer = 0;
  onEnd(() => clearTimeout(timer));
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, milliseconds);
  };
}
