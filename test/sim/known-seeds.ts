/**
 * Seeds that once found something, with a line on what it was: each is played by every test run from then on. A change
 * of the scenarios gives a seed another story; the line then tells what to search for anew.
 */
export const KNOWN_SEEDS: readonly { readonly seed: number; readonly found: string }[] = [
  { seed: 344, found: 'a last look whose answer was heard after a sleep was believed, and a change sent' },
  {
    seed: 567_070_431,
    found: 'of two states on their way at once the older arrived last: one connection keeps the order of what is sent',
  },
];
