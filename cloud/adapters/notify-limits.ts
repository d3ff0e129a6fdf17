/** At most so many characters, the last one an ellipsis when something was left out. */
export function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}

/** A configured URL is taken as it is; one that only names a host gets the path of the API. */
export function endpointUrl(url: string, path: string): string {
  const { pathname, origin, search } = new URL(url);
  return pathname === '/' ? `${origin}${path}${search}` : url;
}
