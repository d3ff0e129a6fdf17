/**
 * Seeds that once found something, with a line on what it was: each is played by every test run from then on. A change
 * of the scenarios gives a seed another story; the line then tells what to search for anew.
 */
export const KNOWN_SEEDS: readonly { readonly seed: number; readonly found: string }[] = [
  { seed: 559, found: 'a last look whose answer was heard after a sleep was believed, and a change sent' },
  {
    seed: 567_070_431,
    found: 'of two states on their way at once the older arrived last: one connection keeps the order of what is sent',
  },
  {
    seed: 387,
    found:
      "a hold that ended while a human's failover was on its way counted as that failover's own: automation restored",
  },
  {
    seed: 20_050,
    found: 'whoever reaches a broker that has forgotten the states, while the store is away, tells them late',
  },
  { seed: 13, found: 'a job that gave way after Route 53 had forgotten its change said that it had switched' },
  { seed: 84, found: 'what somebody else had moved was held for them when a job found it, and nobody was told' },
  {
    seed: 168,
    found:
      "a job that read the records in doubt was taken for somebody else's move: an alert was acknowledged by nobody",
  },
];
