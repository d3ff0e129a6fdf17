import { expect, test } from 'vitest';
import { offersOf } from '../../cloud/dashboard/page/offers.js';
import type { Job, State } from '../../shared/messages.ts';
import { jobOf, stateOf, stepOf } from './told.ts';

const WWW = {
  switch: 'www',
  title: 'Web site',
  names: ['www.example.com'],
  positions: ['primary', 'dr', 'maintenance'],
  failoverTo: 'maintenance',
};
const ALL = { actor: 'ops', may: ['failover', 'restore', 'drill'], journal: true, switches: [WWW] };

/** The offers of a card, each as `command from→to`, with what is sent. */
function offered(state: Partial<State>, jobs: { refused?: Job; last?: Job } = {}, may = ALL.may) {
  const offers = offersOf(stateOf(state), WWW, { ...ALL, may }, { refused: undefined, last: undefined, ...jobs });
  return Object.fromEntries(offers.map(({ command, from, to, body }) => [`${command} ${from}→${to}`, body]));
}

test('at primary: fail over, to the usual place first, or play a drill; there is nothing to restore', () => {
  expect(Object.entries(offered({}))).toEqual([
    ['failover primary→maintenance', { to: 'maintenance' }],
    ['failover primary→dr', { to: 'dr' }],
    ['drill primary→maintenance', { to: 'maintenance' }],
  ]);
});

test('elsewhere: restore, for the state as it is seen, and whatever other place there is', () => {
  expect(offered({ position: 'maintenance', revision: 9 })).toEqual({
    'failover maintenance→dr': { to: 'dr' },
    'restore maintenance→primary': { ifRevision: 9 },
    'drill maintenance→primary': { to: 'primary' },
  });
});

test('while it moves, the way back is offered from where it is going', () => {
  const moving = { position: 'moving', from: 'primary', to: 'maintenance' };
  expect(offered(moving)).toHaveProperty(['restore maintenance→primary']);
  expect(offered(moving)).not.toHaveProperty(['failover maintenance→maintenance']);
});

test('drifted: a person who sees the differences names the position that shall be', () => {
  expect(offered({ position: 'drifted', revision: 9 })).toMatchObject({
    'failover drifted→maintenance': { to: 'maintenance' },
    'restore drifted→primary': { to: 'primary', ifRevision: 9 },
  });
});

const refusal = (code: string, fields: Partial<Job> = {}) =>
  jobOf({
    command: 'restore',
    status: 'refused',
    revision: 9,
    error: { code, message: 'm', hint: 'h', guard: code },
    ...fields,
  });

test('a restore that the probe has stopped may be sent over it, as long as nothing has changed since', () => {
  const away = { position: 'maintenance', revision: 9 };
  const passed = { override: ['probe-failed'], ifRevision: 9 };
  const bodies = Object.values(
    offersOf(stateOf(away), WWW, ALL, { refused: refusal('probe-failed'), last: undefined }),
  );
  expect(bodies.find(({ key }) => key === 'restore-unanswered')?.body).toEqual(passed);
  const since = offersOf(stateOf({ ...away, revision: 10 }), WWW, ALL, {
    refused: refusal('probe-failed'),
    last: undefined,
  });
  expect(since.map(({ key }) => key)).not.toContain('restore-unanswered');
});

test('"before" is offered only where a failover has found records and kept them', () => {
  const away = { position: 'maintenance', revision: 9 };
  const found = jobOf({
    steps: [{ ...stepOf('plan', 'succeeded'), detail: { kind: 'change', found: [{ name: 'www' }] } }],
  });
  const usual = jobOf({ steps: [{ ...stepOf('plan', 'succeeded'), detail: { kind: 'change', found: null } }] });
  const before = 'restore maintenance→before';
  expect(offered(away, { refused: refusal('drift'), last: found })).toMatchObject({
    'restore maintenance→primary': { to: 'primary', ifRevision: 9 },
    [before]: { to: 'before', ifRevision: 9 },
  });
  expect(offered(away, { refused: refusal('drift'), last: usual })).not.toHaveProperty([before]);
  expect(offered(away, { last: found })).not.toHaveProperty([before]);
});

test('a token is offered what it may, and nothing else', () => {
  expect(Object.keys(offered({}, {}, ['drill']))).toEqual(['drill primary→maintenance']);
  expect(offered({}, {}, [])).toEqual({});
});
