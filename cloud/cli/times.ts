/** `2026-11-22 12:04:10 UTC`, from ISO 8601. */
export function timeInWords(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}
