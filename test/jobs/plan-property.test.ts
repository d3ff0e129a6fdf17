import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalName } from '../../shared/dns-name.ts';
import { plan, type Plan } from '../../cloud/jobs/plan.ts';
import { ownedAmong, ownedBy, sameSets } from '../../cloud/jobs/records.ts';
import type { RecordSet } from '../../cloud/ports.ts';
import { applyBatch } from '../world/route53/apply.ts';
import { emptyZone, type Zone } from '../world/route53/zone.ts';

const ZONE = { id: 'Z0123456789ABC', name: 'example.test' };
const AROUND = { otherZones: new Set<string>(), healthChecks: undefined };
const NAMES = ['example.test', 'www.example.test', 'api.example.test', '*.example.test'];

const plainValues: Readonly<Record<string, readonly string[]>> = {
  A: ['192.0.2.1', '192.0.2.2'],
  AAAA: ['2001:db8::1', '2001:db8::2'],
  CNAME: ['x.example.net', 'www.example.test'],
  MX: ['10 mail.example.net'],
};
const plainSet = fc.constantFrom(...Object.keys(plainValues)).chain((type) =>
  fc.record({
    name: fc.constantFrom(...NAMES),
    type: fc.constant(type),
    ttl: fc.constantFrom(30, 60),
    values: fc.constantFrom(...(plainValues[type] ?? [])).map((value) => [value]),
  }),
);
const weightedSet = fc.constantFrom('A', 'AAAA').chain((type) =>
  fc.record({
    name: fc.constantFrom(...NAMES),
    type: fc.constant(type),
    ttl: fc.constant(60),
    values: fc.constantFrom(...(plainValues[type] ?? [])).map((value) => [value]),
    setIdentifier: fc.constantFrom('blue', 'green'),
    weight: fc.constantFrom(0, 100),
  }),
);
const aliasSet = fc.record({
  name: fc.constantFrom(...NAMES),
  type: fc.constantFrom('A', 'AAAA'),
  alias: fc.record({
    zone: fc.constant(ZONE.id),
    name: fc.constantFrom(...NAMES.slice(0, 3)),
    evaluateTargetHealth: fc.boolean(),
  }),
});
const anySet: fc.Arbitrary<RecordSet> = fc.oneof(
  { weight: 4, arbitrary: plainSet },
  {
    weight: 2,
    arbitrary: weightedSet,
  },
  { weight: 1, arbitrary: aliasSet },
);
const someSets = fc.uniqueArray(anySet, {
  maxLength: 7,
  selector: ({ name, type, setIdentifier }) => `${name} ${type} ${setIdentifier ?? ''}`,
});

/** A zone that holds as many of the sets as Route 53 takes. */
function zoneOf(sets: readonly RecordSet[]): Zone {
  let zone = emptyZone(ZONE);
  for (const set of sets) {
    const applied = applyBatch(zone, [{ action: 'CREATE', set }], AROUND);
    if (applied.kind === 'applied') zone = applied.zone;
  }
  return zone;
}

/** Its sets as they would be downloaded, in our spelling. */
function download({ sets }: Zone): RecordSet[] {
  return [...sets.values()].map(({ name, alias, ...set }) =>
    Object.assign({ name: normalName(name) }, set, alias && { alias: { ...alias, name: normalName(alias.name) } }),
  );
}

function send(zone: Zone, { changes }: Extract<Plan, { kind: 'change' }>): Zone {
  const applied = applyBatch(zone, changes, AROUND);
  if (applied.kind === 'refused') throw applied.error;
  return applied.zone;
}

test('what a plan sends is accepted by the strict rules, leads to exactly the wanted sets and touches no other; its inverse leads back', () => {
  let sent = 0;
  fc.assert(
    fc.property(someSets, someSets, someSets, (seeded, wanted, other) => {
      const zone = zoneOf(seeded);
      const live = download(zone);
      const owned = ownedBy({ wanted, other });
      const planned = plan(live, wanted, owned, ZONE);
      if (planned.kind !== 'change') return;
      sent += 1;
      const after = download(send(zone, planned));
      expect(sameSets(ownedAmong(after, owned), wanted)).toBe(true);
      const strangers = (sets: readonly RecordSet[]): readonly RecordSet[] =>
        sets.filter((set) => ownedAmong([set], owned).length === 0);
      expect(sameSets(strangers(after), strangers(live))).toBe(true);

      const back = plan(after, planned.before, owned, ZONE);
      if (back.kind === 'change') expect(sameSets(download(send(send(zone, planned), back)), live)).toBe(true);
    }),
    { numRuns: 1_500 },
  );
  expect(sent).toBeGreaterThan(100);
});
