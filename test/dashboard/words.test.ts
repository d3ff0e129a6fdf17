import { expect, test } from 'vitest';
import { en } from '../../cloud/dashboard/page/en.js';
import { ja } from '../../cloud/dashboard/page/ja.js';
import { wordsFor } from '../../cloud/dashboard/page/words.js';
import { COMMANDS } from '../../shared/command.ts';
import { FAULTS } from '../../shared/faults.ts';
import { JOB_STATUSES, State, StepStatus, TRIGGERS } from '../../shared/messages.ts';

test.for([
  [['ja-JP', 'en-US'], ja],
  [['ja'], ja],
  [['de-DE', 'ja-JP', 'en'], ja],
  [['en-GB', 'ja'], en],
  [['fr-FR'], en],
  [[], en],
] as const)('a browser that wants %j gets the first of its languages that the page speaks', ([languages, words]) => {
  expect(wordsFor(languages)).toBe(words);
});

test.for([en, ja])('there is a word for everything that the endpoint may name: $lang', (words) => {
  expect(Object.keys(words.statuses)).toEqual(JOB_STATUSES);
  expect(Object.keys(words.roads)).toEqual(TRIGGERS);
  expect(Object.keys(words.commands)).toEqual(COMMANDS);
  expect(Object.keys(words.stepStatuses).toSorted()).toEqual(StepStatus.options.toSorted());
  expect(Object.keys(words.automation).toSorted()).toEqual(State.shape.automation.options.toSorted());
});

test('the two languages have the same words', () => {
  expect(shapeOf({ ...ja, hints: {} })).toEqual(shapeOf(en));
});

test('what is said about a refusal in Japanese is about one that there is', () => {
  expect(Object.keys(ja.hints).filter((code) => !Object.hasOwn(FAULTS, code))).toEqual([]);
});

/** Its keys all the way down, and the kinds of what is there. */
function shapeOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}
