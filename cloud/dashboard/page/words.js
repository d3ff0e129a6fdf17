/** The page's words, in the first of the browser's languages that it speaks. */
import { en } from './en.js';
import { ja } from './ja.js';

export const w = wordsFor(navigator.languages);

/** @param {readonly string[]} languages @returns {typeof en} */
export function wordsFor(languages) {
  const first = languages
    .map((language) => language.slice(0, 2).toLowerCase())
    .find((two) => two === 'ja' || two === 'en');
  return first === 'ja' ? ja : en;
}
