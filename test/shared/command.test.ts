import { expect, test } from 'vitest';
import { z } from 'zod';
import { Command, readCommand } from '../../shared/command.ts';
import { isFault } from '../../shared/faults.ts';
import { State } from '../../shared/messages.ts';
import { describeIssues } from '../../shared/misfit.ts';

function refusalOf(payload: string): { message: string; hint: string } {
  try {
    readCommand(Buffer.from(payload));
  } catch (error) {
    if (isFault(error, 'malformed')) return { message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error(`${payload} was taken for a command`);
}

const long = 'x'.repeat(300);

test.for([
  ['no command', '{}', 'the field command is missing'],
  ['another word', '{"command":"stop"}', 'command is "stop"; write failover, restore or drill'],
  ['other letters', '{"command":"Failover"}', 'command is "Failover"; write failover'],
  ['no text', '{"command":null}', 'command is null; write failover, restore or drill'],
  [
    'too old an age',
    '{"command":"drill","expiresInMs":900000}',
    'expiresInMs is 900000; write at most 600000 ms (10 min)',
  ],
  ['no patience', '{"command":"drill","expiresInMs":0}', 'expiresInMs is 0; write at least 1 ms'],
  ['an age below zero', '{"command":"drill","ageMs":-1}', 'ageMs is -1; write at least 0 ms'],
  ['an age in text', '{"command":"drill","ageMs":"5"}', 'ageMs is "5"; write a number'],
  ['a broken number', '{"command":"drill","ifRevision":1.5}', 'ifRevision is 1.5; write a whole number'],
  [
    'a time of day',
    '{"command":"drill","issuedAt":"noon"}',
    'issuedAt is "noon"; write a time such as 2026-05-01T12:00:00Z',
  ],
  ['an empty name', '{"command":"drill","to":""}', 'to is empty; leave it out, or write something'],
  ['many words', `{"command":"drill","reason":"${long}"}`, 'reason has 300 characters; write at most 256'],
  [
    'many characters outside the first plane',
    `{"command":"drill","reason":"${'😀'.repeat(257)}"}`,
    'reason has 257 characters; write at most 256',
  ],
  [
    'half a character in its id',
    String.raw`{"command":"drill","id":"\ud800"}`,
    String.raw`id is "\ud800"; write whole characters: this one holds half of one`,
  ],
  ['a word for a list', '{"command":"drill","override":"drift"}', 'override is "drift"; write a list'],
  [
    'a sentence for a list',
    '{"command":"drill","override":"probe-failed and drift"}',
    'override is "probe-failed and drift"; write a list',
  ],
  ['a list for a word', '{"command":"drill","to":[]}', 'to is a list; write text'],
  ['an entry', '{"command":"drill","override":["drift",5]}', 'override[1] is 5; write text'],
  [
    'a long list',
    `{"command":"drill","override":[${'"a",'.repeat(16)}"a"]}`,
    'override has 17 entries; write at most 16',
  ],
  ['a field of others', '{"command":"drill","colour":1}', 'unknown field "colour"'],
  ['two at once', '{"colour":1}', 'the field command is missing; unknown field "colour"'],
] as const)('a command with %s is refused in words that name the field and what to write', ([, payload, clauses]) => {
  expect(refusalOf(payload).message).toBe(`The command is not well formed: ${clauses}.`);
});

test.for(['FAILOVER', 'Failover ', '\nfailOver'])(
  'the bare word %j is refused with the word that was meant',
  (word) => {
    expect(refusalOf(word).message).toBe(`${JSON.stringify(word.trim())} is not a command.`);
    expect(refusalOf(word).hint).toBe('Send it in small letters: failover.');
  },
);

test('no value makes the library speak in place of us', () => {
  const strange = [
    undefined,
    null,
    true,
    0,
    -1,
    1.5,
    1e300,
    Number.NaN,
    Infinity,
    '',
    'x',
    long,
    [],
    [1],
    {},
    { a: 1 },
  ];
  const own = /Invalid|Too (big|small)|expected|received/;
  const forms: readonly (readonly [z.ZodType, readonly string[]])[] = [
    [Command, Object.keys(Command.shape)],
    [State, Object.keys(State.shape)],
    [z.object({ limit: z.coerce.number().int().min(1).max(200) }), ['limit']],
  ];
  const said = forms.flatMap(([form, fields]) =>
    [...strange, ...fields.flatMap((field) => strange.map((one) => ({ [field]: one })))].flatMap((value) => {
      const { error } = form.safeParse(value);
      return error ? [describeIssues(error, value)] : [];
    }),
  );
  expect(said.length).toBeGreaterThan(100);
  expect(said.filter((sentence) => own.test(sentence))).toEqual([]);
});

test('a stranger cannot steer the terminal of whoever reads what was wrong', () => {
  expect(refusalOf('stop\u009B2J\u202E').message).toBe('"stop?2J?" is not a command.');
  expect(refusalOf('{"command":"drill","colo\u202Eur":1}').message).toContain('unknown field "colo?ur"');
});
