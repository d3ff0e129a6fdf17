import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { answer } from './dns/answer.ts';
import { decodeQuery, encodeResponse } from './dns/wire.ts';
import { canonicalName, readName } from './dns/name.ts';
import { applyBatch } from './route53/apply.ts';
import { keyOf } from './route53/record-set.ts';
import type { Change, RecordSet } from './route53/record-set.ts';
import { emptyZone } from './route53/zone.ts';
import type { Zone } from './route53/zone.ts';

const AROUND = { otherZones: new Set<string>(), healthChecks: undefined };
const EMPTY = emptyZone({ id: 'Z1', name: 'example.test' });

const address = fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3');
const name = fc.constantFrom('example.test', 'a.example.test', '*.a.example.test', 'b.a.example.test');
const values: fc.Arbitrary<RecordSet> = fc.oneof(
  fc.record({
    name,
    type: fc.constant('A'),
    ttl: fc.constantFrom(5, 60),
    values: fc.uniqueArray(address, { minLength: 1 }),
  }),
  fc.record({
    name,
    type: fc.constant('CNAME'),
    ttl: fc.constant(60),
    values: fc.constantFrom(['a.example.test'], ['x.test']),
  }),
  fc.record({
    name,
    type: fc.constant('A'),
    ttl: fc.constantFrom(5, 60),
    values: fc.tuple(address),
    setIdentifier: fc.constantFrom('one', 'two'),
    weight: fc.nat(2),
  }),
  fc.record({
    name,
    type: fc.constant('A'),
    alias: fc.record({ zone: fc.constant('Z1'), name, evaluateTargetHealth: fc.boolean() }),
  }),
);
const batches = fc.array(
  fc.array(
    fc.record({ action: fc.constantFrom('CREATE' as const, 'DELETE' as const, 'UPSERT' as const), set: values }),
    {
      minLength: 1,
      maxLength: 4,
    },
  ),
  { maxLength: 12 },
);

/** What DNS itself and Route 53's documents say must hold of any zone, whatever was asked of it. */
function expectSound(zone: Zone): void {
  const sets = [...zone.sets.values()];
  for (const [at, group] of Map.groupBy(sets, (set) => set.name)) {
    const types = new Set(group.map(({ type }) => type));
    if (types.has('CNAME')) expect([at, types.size]).toEqual([at, 1]);
  }
  for (const group of Map.groupBy(sets, (set) => `${set.name} ${set.type}`).values()) {
    if (group.some(({ setIdentifier }) => setIdentifier === undefined)) expect(group).toHaveLength(1);
    expect(new Set(group.flatMap(({ ttl }) => (ttl === undefined ? [] : [ttl]))).size).toBeLessThan(2);
  }
  expect(zone.sets.get('example.test. SOA ')).toBeDefined();
  expect(zone.sets.get('example.test. CNAME ')).toBeUndefined();
}

test('whatever batches come, a zone stays sound, a refused batch changes nothing, an accepted one does what it says', () => {
  fc.assert(
    fc.property(batches, (run) => {
      let zone = EMPTY;
      for (const batch of run) {
        const before = new Map(zone.sets);
        const applied = applyBatch(zone, batch, AROUND);
        expect(zone.sets).toEqual(before);
        if (applied.kind === 'refused') continue;
        zone = applied.zone;
        expectSound(zone);
        for (const [key, group] of Map.groupBy(applied.changes, ({ set }) => keyOf(set))) {
          const last = group.at(-1);
          expect(zone.sets.get(key)).toEqual(last?.action === 'DELETE' ? undefined : last?.set);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('a batch accepted can be undone by deleting what it created and creating what it deleted', () => {
  fc.assert(
    fc.property(values, values, (first, second) => {
      const created = applyBatch(EMPTY, [{ action: 'CREATE', set: first }], AROUND);
      if (created.kind === 'refused') return;
      const move: Change[] = [
        { action: 'DELETE', set: first },
        { action: 'CREATE', set: second },
      ];
      const moved = applyBatch(created.zone, move, AROUND);
      if (moved.kind === 'refused') return;
      const inverse: Change[] = [
        { action: 'DELETE', set: second },
        { action: 'CREATE', set: first },
      ];
      const undone = applyBatch(moved.zone, inverse, AROUND);
      expect(undone.kind).toBe('applied');
      if (undone.kind === 'applied') expect(undone.zone.sets).toEqual(created.zone.sets);
    }),
    { numRuns: 500 },
  );
});

test('no bytes make the name server throw, and no answer is longer than it may be', () => {
  const zone = applyBatch(
    EMPTY,
    [{ action: 'CREATE', set: { name: 'a.example.test', type: 'A', ttl: 1, values: ['192.0.2.1'] } }],
    AROUND,
  );
  const view = { zones: zone.kind === 'applied' ? [zone.zone] : [], isHealthy: () => true, random: () => 0 };
  const header = fc.uint8Array({ minLength: 0, maxLength: 60 });
  fc.assert(
    fc.property(header, fc.boolean(), (bytes, likely) => {
      const packet = Buffer.concat([
        likely ? Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]) : Buffer.alloc(0),
        bytes,
      ]);
      const query = decodeQuery(packet);
      return !query || encodeResponse(query, answer(query, view, false), 512).length <= 512;
    }),
    { numRuns: 2_000 },
  );
  expect(view.zones).toHaveLength(1);
});

test('a name read and written again is the same name', () => {
  const label = fc
    .uint8Array({ minLength: 1, maxLength: 20 })
    .map((bytes) => Buffer.from(bytes).toString('latin1').replace(/[A-Z]/g, 'x'));
  fc.assert(
    fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
      const text = labels
        .map((one) => one.replace(/[^a-z0-9]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`))
        .join('.');
      expect(readName(canonicalName(text))).toEqual(labels);
      expect(canonicalName(canonicalName(text))).toBe(canonicalName(text));
    }),
  );
});
