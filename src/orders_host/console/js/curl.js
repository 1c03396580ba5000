// Requests as cURL commands that work as pasted into a POSIX shell.

/** `headers` by name; `body` is text. */
export function curl(method, url, headers = {}, body) {
  const parts = [`curl -s ${method === "GET" ? "" : `-X ${method} `}${quote(url)}`];
  for (const [name, value] of Object.entries(headers)) parts.push(`-H ${quote(`${name}: ${value}`)}`);
  if (body !== undefined) parts.push(`--data-raw ${quote(body)}`);
  return parts.join(" \\\n  ");
}

// The shell looks into double quotes, which lets $TOKEN be a variable; all else is in single quotes.
const quote = (text) =>
  text.includes("$TOKEN") ? `"${text}"` : `'${text.replaceAll("'", String.raw`'\''`)}'`;
