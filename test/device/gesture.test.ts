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
function feed(
  contacts: readonly Contact[],
  pressedAtStart = false,
  holdMs = HOLD_MS,
): (Signal & { givenAtMs: number })[] {
  const start = startRecogniser(pressedAtStart);
  let recogniser = start.next;
  const signals = start.signals.map((signal) => Object.assign({ givenAtMs: 0 }, signal));
  for (const contact of contacts) {
    const step = recognise(recogniser, contact, holdMs);
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
const gestures = (contacts: readonly Contact[], pressedAtStart = false, holdMs = HOLD_MS): string[] =>
  feed(later(contacts), pressedAtStart, holdMs).flatMap((signal) =>
    signal.kind === 'gesture' ? [signal.gesture] : [],
  );
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

/** What `holdMs` may be, with the default often. */
const holdTimes = fc.oneof(fc.constant(HOLD_MS), fc.constantFrom(500, 5_000), fc.integer({ min: 500, max: 5_000 }));

const RUNS = 10_000;

test('10,000 random traces are read as a person with the whole strip of paper would read them', () => {
  fc.assert(
    fc.property(
      presses,
      holdTimes,
      fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 20 }),
      (held, holdMs, extra) => {
        expect(gestures(strip(held, extra).slice(0, -1), false, holdMs)).toEqual(judge(held, holdMs));
      },
    ),
    { numRuns: RUNS },
  );
});

test('in 10,000 random traces of any edges at all, nothing acts on less than was held, or on a stuck line', () => {
  const contact = fc.record({
    // Mostly as a finger does it, one edge after the other; some lost or doubled.
    kind: fc.constantFrom('other', 'other', 'other', 'other', 'press', 'release', 'tick'),
    afterMs: fc.oneof(
      fc.integer({ min: -50, max: 1_500 }),
      // Clicks and the waits between them, or a row of them would hardly come by chance.
      fc.integer({ min: 20, max: 300 }),
      fc.constantFrom(HOLD_MS, 10_000, 10_001, 15_000),
    ),
  });
  const counts = new Map<string, number>();
  fc.assert(
    fc.property(fc.boolean(), holdTimes, fc.array(contact, { maxLength: 30 }), (pressedAtStart, holdMs, steps) => {
      let nowMs = 0;
      let down = pressedAtStart;
      const contacts = steps.map(({ kind, afterMs }): Contact => {
        nowMs = Math.max(0, nowMs + afterMs);
        if (kind === 'tick') return tick(nowMs);
        down = kind === 'other' ? !down : kind === 'press';
        return edge(nowMs, down);
      });
      for (const signal of feed(later(contacts), pressedAtStart, holdMs)) {
        if (signal.kind !== 'gesture') continue;
        counts.set(signal.gesture, (counts.get(signal.gesture) ?? 0) + 1);
        expect(backed(contacts, pressedAtStart, signal, holdMs)).toBe(true);
      }
    }),
    { numRuns: RUNS },
  );
  expect([...counts.keys()].sort()).toEqual(['click', 'click-hold', 'double', 'hold', 'triple']);
});

/** Whether there are releases, and presses the right time before them, for everything that this gesture is made of. */
function backed(
  contacts: readonly Contact[],
  pressedAtStart: boolean,
  { gesture, atMs }: Signal & { kind: 'gesture' },
  holdMs: number,
): boolean {
  const all = contacts.filter((one) => one.kind === 'edge');
  // What was down at the start is let go before anything can begin.
  const edges = pressedAtStart ? all.slice(all.findIndex(({ pressed }) => !pressed) + 1) : all;
  const held = (toMs: number, min: number, max: number): readonly number[] =>
    edges.filter((one) => one.pressed && toMs - one.atMs >= min && toMs - one.atMs <= max).map((one) => one.atMs);
  const released = (beforeMs: number): readonly number[] =>
    edges.filter((one) => !one.pressed && Math.abs(beforeMs - one.atMs) <= WAIT_MS_MAX).map((one) => one.atMs);
  const clicks = (endMs: number, count: number): boolean =>
    count === 0 ||
    released(endMs).some((upMs) =>
      held(upMs, NOISE_MS_MAX + 1, CLICK_MS_MAX - 1).some((downMs) => clicks(downMs, count - 1)),
    );
  if (!edges.some((one) => !one.pressed && one.atMs === atMs)) return false;
  const rows = { click: 1, double: 2, triple: 3 } as const;
  if (gesture === 'hold' || gesture === 'click-hold') {
    return held(atMs, holdMs, HELD_MS_MAX).some((downMs) => clicks(downMs, gesture === 'hold' ? 0 : 1));
  }
  return clicks(atMs, rows[gesture]);
}

/** Between two clicks of a row lies the gap; noise in it, and edges that come out of their order, make it longer. */
const WAIT_MS_MAX = 3 * (GAP_MS_MAX + NOISE_MS_MAX) + 50;

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
