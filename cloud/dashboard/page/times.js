/** Times and durations for people, in their own time zone and language. Pure. */

const DAY_MS = 86_400_000;

/** `03:04:10`, with its date when that is not today. @param {string} iso @param {number} nowMs @param {string} lang */
export function clock(iso, nowMs, lang) {
  const at = new Date(iso);
  /** @type {Intl.DateTimeFormatOptions} */
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
  const isToday = at.toDateString() === new Date(nowMs).toDateString();
  return at.toLocaleString(lang, isToday ? time : { ...time, year: 'numeric', month: 'short', day: 'numeric' });
}

/** `0.2 s`, `12 s`, `3 min 5 s`, `2 h 5 min`, `3 d 4 h`, by the words of the language. @param {number} ms @param {{ units: Units }} words */
export function duration(ms, { units }) {
  if (ms < 50) return units.s('<0.1');
  if (ms < 10_000) return units.s((Math.max(0, ms) / 1_000).toFixed(1));
  const s = Math.floor(ms / 1_000);
  if (s < 60) return units.s(String(s));
  if (s < 3_600) return join(units.min(Math.floor(s / 60)), s % 60 === 0 ? '' : units.s(String(s % 60)), units);
  if (ms < DAY_MS) return join(units.h(Math.floor(s / 3_600)), minutes(Math.floor((s % 3_600) / 60), units), units);
  return join(units.d(Math.floor(ms / DAY_MS)), hours(Math.floor((ms % DAY_MS) / 3_600_000), units), units);
}

/** How long something has lasted, where seconds are only noise: `under a minute`, `12 min`, `2 h 5 min`. @param {number} ms @param {{ units: Units }} words */
export function lasted(ms, words) {
  if (ms < 60_000) return words.units.underMinute;
  return ms < 3_600_000 ? words.units.min(Math.floor(ms / 60_000)) : duration(ms, words);
}

/** `0:43`, `12:05`, `1:02:03`: what is left of a countdown. @param {number} ms */
export function countdown(ms) {
  const s = Math.max(0, Math.ceil(ms / 1_000));
  const parts =
    s >= 3_600 ? [Math.floor(s / 3_600), Math.floor((s % 3_600) / 60), s % 60] : [Math.floor(s / 60), s % 60];
  return parts.map((part, at) => (at === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/**
 * @typedef {{ s: (n: string) => string, min: (n: number) => string, h: (n: number) => string, d: (n: number) => string,
 *   underMinute: string, gap: string }} Units
 * @param {string} large @param {string} small @param {Units} units
 */
function join(large, small, { gap }) {
  return small === '' ? large : `${large}${gap}${small}`;
}

/** @param {number} n @param {Units} units */
function minutes(n, units) {
  return n === 0 ? '' : units.min(n);
}

/** @param {number} n @param {Units} units */
function hours(n, units) {
  return n === 0 ? '' : units.h(n);
}
