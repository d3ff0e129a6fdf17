/** A URL as it may be told to anybody: without its query, where a secret may be. */
export function urlInWords(url: string): string {
  return url.replace(/\?.*/s, '?…');
}
