/**
 * A DNS name in the one spelling in which names are compared: lower case, `\052` and its like decoded, no final dot.
 * An escaped dot or backslash stays escaped: decoded, it would be another name.
 */
export function normalName(name: string): string {
  const decoded = name.replace(/\\([0-3][0-7]{2})/g, (escape, octal: string) => {
    const code = Number.parseInt(octal, 8);
    return code === 0o056 || code === 0o134 ? escape : String.fromCharCode(code);
  });
  const lower = decoded.toLowerCase();
  return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
