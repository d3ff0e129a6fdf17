import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CLICK_MS_MAX,
  type Contact,
  GAP_MS_MAX,
  HELD_MS_MAX,
  NOISE_MS_MAX,
  recognise,
  recogniserWakeMs,
  type Signal,
  startRecogniser,
  TICK_LAG_MS,
} from '../../device/core/gesture.ts';
import { type Held, judge } from './gesture-model.ts';

const HOLD_MS = 1_000;

/** Feeds contacts in order; returns every signal with the moment at which it was given. */
function feed(contacts: readonly Contact[], pressedAtStart = false): (Signal & { givenAtMs: number })[] {
  const start = startRecogniser(pressedAtStart);
  let recogniser = start.next;
  const signals = start.signals.map((signal) => Object.assign({ givenAtMs: 0 }, signal));
  for (const contact of contacts) {
    const step = recognise(recogniser, contact, HOLD_MS);
    recogniser = step.next;
    for (const signal of step.signals) signals.push({ ...signal, givenAtMs: contact.atMs });
  }
  return signals;
}

const edge = (atMs: number, pressed: boolean): Contact => ({ kind: 'edge', pressed, atMs });
const tick = (atMs: number): Contact => ({ kind: 'tick', atMs });
/** `press(0, 100)`: down at 0, up at 100. */
const press = (fromMs: number, toMs: number): Contact[] => [edge(fromMs, true), edge(toMs, false)];
const later = (contacts: readonly Contact[]): Contact[] => [...contacts, tick((contacts.at(-1)?.atMs ?? 0) + 20_000)];
const gestures = (contacts: readonly Contact[], pressedAtStart = false): string[] =>
  feed(later(contacts), pressedAtStart).flatMap((signal) => (signal.kind === 'gesture' ? [signal.gesture] : []));
const kinds = (signals: readonly Signal[]): string[] => signals.map(({ kind }) => kind);

describe('a gesture', () => {
  test.for<[string, Contact[], string[]]>([
    ['one short press is a click', press(0, 100), ['click']],
    ['two are a double', [...press(0, 100), ...press(300, 400)], ['double']],
    ['three are a triple', [...press(0, 100), ...press(300, 400), ...press(600, 700)], ['triple']],
    ['four mean nothing', [0, 300, 600, 900].flatMap((ms) => press(ms, ms + 100)), []],
    [
      'clicks further apart than the gap are clicks',
      [...press(0, 100), ...press(101 + GAP_MS_MAX, 600)],
      ['click', 'click'],
    ],
    ['the last moment of the gap still joins', [...press(0, 100), ...press(100 + GAP_MS_MAX, 600)], ['double']],
    ['held for exactly holdMs is a hold', press(0, HOLD_MS), ['hold']],
    ['a millisecond less is nothing', press(0, HOLD_MS - 1), []],
    ['between click and hold is nothing', press(0, CLICK_MS_MAX), []],
    ['held for exactly ten seconds is a hold', press(0, HELD_MS_MAX), ['hold']],
    ['a millisecond more is nothing', press(0, HELD_MS_MAX + 1), []],
    ['a click, then a hold', [...press(0, 100), ...press(300, 1_300)], ['click-hold']],
    ['a click, then a hold let go early, is nothing', [...press(0, 100), ...press(300, 1_200)], []],
    ['a click, then a stuck line, is nothing', [...press(0, 100), ...press(300, 10_301)], []],
    ['two clicks, then a hold, are nothing', [...press(0, 100), ...press(300, 400), ...press(600, 1_600)], []],
    ['a spike is nothing', press(0, NOISE_MS_MAX), []],
    ['a spike before a hold does not make it a click-hold', [...press(0, 3), ...press(100, 1_200)], ['hold']],
    ['a hold whose release was missed is nothing', [edge(0, true), edge(1_500, true), edge(1_600, false)], []],
    ['a release without a press is nothing', [edge(0, false)], []],
  ])('%s', ([, contacts, expected]) => expect(gestures(contacts)).toEqual(expected));

  test('acts on release and not before', () => {
    const signals = feed([edge(0, true), tick(2_000), tick(9_000), edge(9_500, false)]);
    expect(signals.filter(({ kind }) => kind === 'gesture')).toEqual([
      { kind: 'gesture', gesture: 'hold', atMs: 9_500, givenAtMs: 9_500 },
    ]);
  });

  test('tells while it is held when letting go would act', () => {
    expect(feed([edge(0, true), tick(HOLD_MS + TICK_LAG_MS - 1), tick(HOLD_MS + TICK_LAG_MS)])).toEqual([
      { kind: 'holding', ripe: false, givenAtMs: 0 },
      { kind: 'holding', ripe: true, givenAtMs: HOLD_MS + TICK_LAG_MS },
    ]);
  });

  test('that was cut short says why', () => {
    const [, cancelled] = feed(press(0, 700));
    expect(cancelled).toMatchObject({ kind: 'cancelled', why: 'let go after 700 ms; a hold takes 1000 ms' });
  });
});

describe('a line that is down', () => {
  test('at the start is a fault until it is let go, and never a command', () => {
    const contacts = later([tick(5_000), edge(6_000, false)]);
    expect(kinds(feed(contacts, true))).toEqual(['fault', 'fault-cleared']);
    expect(gestures([edge(6_000, false), ...press(7_000, 8_500)], true)).toEqual(['hold']);
  });

  test('for more than ten seconds is a fault at once, while it is still down', () => {
    const signals = feed([edge(0, true), tick(HELD_MS_MAX + TICK_LAG_MS + 1)]);
    expect(kinds(signals)).toEqual(['holding', 'fault', 'let-go']);
  });

  test('and was let go unseen by any tick is a fault all the same', () => {
    expect(kinds(feed(press(0, 60_000)))).toEqual(['holding', 'fault', 'let-go', 'fault-cleared']);
  });
});

test('a press whose edge comes after its row was judged does not become a hold in place of a click-hold', () => {
  // The tick at 700 has closed the row of the click at 100; the press at 450 belonged to it.
  const late = [...press(0, 100), tick(700), ...press(450, 1_600)];
  expect(gestures(late)).toEqual(['click']);
});

const presses: fc.Arbitrary<Held[]> = fc
  .array(
    fc.record({
      gapMs: fc.oneof(fc.integer({ min: 1, max: 900 }), fc.constantFrom(GAP_MS_MAX, GAP_MS_MAX + 1, 30_000)),
      heldMs: fc.oneof(
        fc.integer({ min: 1, max: 2_000 }),
        fc.integer({ min: 1, max: 400 }),
        fc.constantFrom(
          NOISE_MS_MAX,
          CLICK_MS_MAX - 1,
          CLICK_MS_MAX,
          HOLD_MS - 1,
          HOLD_MS,
          HELD_MS_MAX,
          HELD_MS_MAX + 1,
          40_000,
        ),
      ),
    }),
    { maxLength: 12 },
  )
  .map((strip) => {
    let nowMs = 0;
    return strip.map(({ gapMs, heldMs }) => {
      const fromMs = nowMs + gapMs;
      nowMs = fromMs + heldMs;
      return { fromMs, toMs: nowMs };
    });
  });

/** Ticks wherever the recogniser asks for one, as the program gives them, and others at random. */
function strip(held: readonly Held[], extra: readonly number[]): Contact[] {
  const edges = held.flatMap(({ fromMs, toMs }) => press(fromMs, toMs));
  const ticks = extra.map(tick);
  const all = [...edges, ...ticks].sort((one, two) => one.atMs - two.atMs || (one.kind === 'edge' ? -1 : 1));
  return later(all);
}

const RUNS = 10_000;

test('10,000 random traces are read as a person with the whole strip of paper would read them', () => {
  fc.assert(
    fc.property(presses, fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 20 }), (held, extra) => {
      expect(gestures(strip(held, extra).slice(0, -1))).toEqual(judge(held, HOLD_MS));
    }),
    { numRuns: RUNS },
  );
});

test('in 10,000 random traces of any edges at all, nothing acts on less than the held time or on a stuck line', () => {
  const contact = fc.record({
    kind: fc.constantFrom('edge' as const, 'edge' as const, 'tick' as const),
    pressed: fc.boolean(),
    afterMs: fc.oneof(fc.integer({ min: -50, max: 1_500 }), fc.constantFrom(HOLD_MS, 10_000, 10_001, 15_000)),
  });
  fc.assert(
    fc.property(fc.boolean(), fc.array(contact, { maxLength: 30 }), (pressedAtStart, steps) => {
      let nowMs = 0;
      const contacts = steps.map(({ kind, pressed, afterMs }): Contact => {
        nowMs = Math.max(0, nowMs + afterMs);
        return kind === 'tick' ? tick(nowMs) : edge(nowMs, pressed);
      });
      for (const signal of feed(contacts, pressedAtStart)) {
        if (signal.kind !== 'gesture' || !signal.gesture.endsWith('hold')) continue;
        const end = contacts.findIndex((one) => one.kind === 'edge' && !one.pressed && one.atMs === signal.atMs);
        // Some press edge lies the right time before the release that acted.
        const begun = contacts
          .slice(0, end < 0 ? contacts.length : contacts.length)
          .some(
            (one) =>
              one.kind === 'edge' &&
              one.pressed &&
              signal.atMs - one.atMs >= HOLD_MS &&
              signal.atMs - one.atMs <= HELD_MS_MAX,
          );
        expect([end >= 0, begun]).toEqual([true, true]);
      }
    }),
    { numRuns: RUNS },
  );
});

test('a recogniser that waits for time says until when, and the tick at that moment decides', () => {
  fc.assert(
    fc.property(presses, (held) => {
      let recogniser = startRecogniser(false).next;
      for (const contact of held.flatMap(({ fromMs, toMs }) => press(fromMs, toMs))) {
        recogniser = recognise(recogniser, contact, HOLD_MS).next;
        const wakeMs = recogniserWakeMs(recogniser, HOLD_MS);
        if (wakeMs === undefined) continue;
        expect(recognise(recogniser, tick(wakeMs - 1), HOLD_MS).next).toEqual(recogniser);
        expect(recognise(recogniser, tick(wakeMs), HOLD_MS).signals).not.toEqual([]);
      }
    }),
    { numRuns: 500 },
  );
});
