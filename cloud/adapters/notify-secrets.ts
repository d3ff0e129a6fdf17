/** Shorter parts of a URL are words (`services`, `v2`); they go only with the whole path. */
const SEGMENT_CHARS_MIN = 8;
const VALUE_CHARS_MIN = 4;

/**
 * What in the URL of a receiver may be its secret, in every way in which an answer may repeat it: the whole, path and
 * query together and each for itself, long parts of the path, values of the query, as written and decoded.
 */
export function secretsIn(url: string): string[] {
  const { href, origin, pathname, search, username, password } = new URL(url);
  const segments = pathname.split('/').filter((segment) => segment.length >= SEGMENT_CHARS_MIN);
  const values = search
    .slice(1)
    .split('&')
    .map((pair) => pair.slice(pair.indexOf('=') + 1))
    .filter((value) => value.length >= VALUE_CHARS_MIN);
  const whole = [url, href, pathname + search, pathname, search.slice(1)].filter((part) => part.length > 1);
  const parts = [...whole, ...segments, ...values, username, password].flatMap(spellings);
  return [...new Set(parts)].filter((part) => part !== '' && part !== `${origin}/`);
}

/** The text in one line, with an ellipsis for each of the secrets. */
export function hide(text: string, secrets: readonly string[]): string {
  // The longest first: nothing of it is left when a part of it is a secret, too.
  const hidden = secrets
    .filter((secret) => secret !== '')
    .toSorted((one, other) => other.length - one.length)
    .reduce((said, secret) => said.replaceAll(secret, '…'), text);
  return hidden.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();
}

function spellings(part: string): string[] {
  const plain = decoded(part);
  const spaced = decoded(part.replaceAll('+', ' '));
  return [part, plain, spaced, encodeURIComponent(plain), encodeURIComponent(spaced)];
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
