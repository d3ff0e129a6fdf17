/**
 * The URL below which an HTTP API is, without a slash at its end; undefined when somebody has written something else. A
 * name, a password or a query would be lost where a path is put behind it, and said where the URL is.
 */
export function baseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, username, password, origin, pathname, search, hash } = new URL(text);
  if (!/^https?:$/.test(protocol) || `${username}${password}${search}${hash}` !== '') return undefined;
  return `${origin}${pathname}`.replace(/\/+$/, '');
}
