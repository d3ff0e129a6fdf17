import { expect, onTestFinished, test } from 'vitest';
import { ownedAmong, ownedBy, sameSets } from '../../cloud/jobs/records.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import { startMoveWorld, switchAs, ZONE } from './move-world.ts';
import { PAIRS } from './position-pairs.ts';
import { driveJob } from './run-driver.ts';

/** Everything besides, which must stay exactly as it is. */
const STRANGERS: readonly RecordSet[] = [
  { name: 'origin.example.test', type: 'A', ttl: 60, values: ['192.0.2.10'] },
  { name: 'example.test', type: 'MX', ttl: 300, values: ['10 mail.example.net'] },
  { name: 'other.example.test', type: 'A', ttl: 300, values: ['192.0.2.99'] },
];

test('the table has at least sixty pairs, each with its own title', () => {
  expect(new Set(PAIRS.map(([title]) => title)).size).toBe(PAIRS.length);
  expect(PAIRS.length).toBeGreaterThanOrEqual(60);
});

test.for(PAIRS)(
  '%s: one change there, one back, verified, and the zone byte for byte as it was',
  async ([, primary, maintenance]) => {
    const here = await startMoveWorld({
      records: [...STRANGERS, ...primary],
      switches: [switchAs({ positions: { primary, maintenance } })],
    });
    onTestFinished(() => here[Symbol.asyncDispose]());
    const atFirst = here.live();
    // Of a delegated name a server only says to whom it is delegated, and not with authority.
    const verified = primary.every(({ type }) => type === 'NS') ? null : true;

    const there = await driveJob({ makeRunbook: here.makeRunbook, state: here.state }).run();
    const switched = { outcome: 'switched', verified, error: null };
    expect(there.data).toMatchObject({ ...switched, reading: { position: 'maintenance' } });
    const owned = ownedBy({ primary, maintenance });
    const names = owned.map(({ name }) => name);
    const live = await here.records.read(ZONE, names, AbortSignal.timeout(5_000));
    expect(sameSets(ownedAmong(live, owned), maintenance)).toBe(true);

    const data = { command: 'restore', to: 'primary', from: 'maintenance' } as const;
    const back = await driveJob({ makeRunbook: here.makeRunbook, state: here.state, data }).run();
    expect(back.data).toMatchObject({ ...switched, reading: { position: 'primary' } });
    expect(here.live()).toEqual(atFirst);
    expect(here.route53.changes).toBe(2);
  },
);
