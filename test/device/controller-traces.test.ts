import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { control, controllerWakeMs, startController } from '../../device/core/controller.ts';
import type { ControllerState, Happening } from '../../device/core/controller-state.ts';
import { lampOf } from '../../device/core/lamp.ts';
import { SEND_MS_MAX } from '../../device/core/ports.ts';
import { REPEAT_MS_MAX, type Road } from '../../device/core/press.ts';
import type { Job } from '../../shared/messages.ts';
import { Clerk } from './clerk.ts';
import { at, jobOf, refusal, stateOf, told } from './samples.ts';

const DEADLINE_MS = 20_000;
const RUNS = 10_000;

type Status = 'queued' | 'running' | 'succeeded' | 'failed';

const road = fc.constantFrom('mqtt' as const, 'https' as const);
const status = fc.constantFrom('queued' as const, 'running' as const, 'succeeded' as const, 'failed' as const);

/** What may happen, before it is known which id it is about: `press` counts back from the newest press. */
type Step = { readonly afterMs: number } & (
  | { readonly what: 'press'; readonly command: 'failover' | 'restore' | 'drill' }
  | { readonly what: 'reply'; readonly press: number; readonly road: Road; readonly status: Status }
  | { readonly what: 'asked'; readonly status: Status | 'nothing' }
  | { readonly what: 'looked'; readonly position: 'primary' | 'maintenance' | 'nothing' }
  | { readonly what: 'refusal'; readonly press: number; readonly code: 'stale' | 'store-unavailable' }
  | {
      readonly what: 'delivery';
      readonly road: Road;
      readonly press: number;
      readonly kind: 'taken' | 'not-sent' | 'unknown';
    }
  | { readonly what: 'state'; readonly position: 'primary' | 'maintenance' | 'moving'; readonly revision: number }
  | { readonly what: 'up' | 'down' | 'click' | 'tick' }
);

const back = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: 3_000 }), fc.constantFrom(DEADLINE_MS - 1, DEADLINE_MS, DEADLINE_MS + 1)),
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          what: fc.constant('press' as const),
          command: fc.constantFrom('failover' as const, 'restore' as const, 'drill' as const),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          what: fc.constant('reply' as const),
          press: back,
          road,
          status,
        }),
      },
      fc.record({
        what: fc.constant('asked' as const),
        status: fc.oneof(status, fc.constant('nothing' as const)),
      }),
      fc.record({
        what: fc.constant('looked' as const),
        position: fc.constantFrom('primary' as const, 'maintenance' as const, 'nothing' as const),
      }),
      fc.record({
        what: fc.constant('refusal' as const),
        press: back,
        code: fc.constantFrom('stale' as const, 'store-unavailable' as const),
      }),
      fc.record({
        what: fc.constant('delivery' as const),
        road,
        press: back,
        kind: fc.constantFrom('taken' as const, 'not-sent' as const, 'unknown' as const),
      }),
      fc.record({
        what: fc.constant('state' as const),
        position: fc.constantFrom('primary' as const, 'maintenance' as const, 'moving' as const),
        revision: fc.integer({ min: 0, max: 9 }),
      }),
      {
        weight: 4,
        arbitrary: fc.record({
          what: fc.constantFrom('up' as const, 'down' as const, 'click' as const, 'tick' as const),
        }),
      },
    ),
  )
  .map(([afterMs, what]): Step => Object.assign(what, { afterMs }));

/** Plays one trace against the controller, with the clerk looking on. */
function play(steps: readonly Step[]): { state: ControllerState; clerk: Clerk; sends: { id: string; atMs: number }[] } {
  const clerk = new Clerk(DEADLINE_MS);
  const ids: string[] = [];
  const sends: { id: string; atMs: number }[] = [];
  let state = startController({ device: 'lobby', switch: 'www', deadlineMs: DEADLINE_MS, secondRoad: true });
  let nowMs = 0;
  let second = 0;
  let question: string | undefined;
  const overHttps = new Set<string>();

  const happen = (event: Happening): void => {
    const pressBefore = state.press;
    const turn = control(state, { ...event, atMs: nowMs });
    state = turn.next;
    // A press that took the place of another, or was made when none was open, is the newest intention.
    if (
      state.press.kind === 'unanswered' &&
      (pressBefore.kind === 'none' || pressBefore.intent.id !== state.press.intent.id)
    ) {
      clerk.newest = state.press.intent.id;
      clerk.revisionAtPress = clerk.revision;
    }
    for (const effect of turn.effects) {
      if (effect.kind === 'ask') question = effect.job;
      if (effect.kind !== 'send') continue;
      if (effect.road === 'https') overHttps.add(effect.command.id ?? '');
      clerk.sent(effect.road, effect.command, nowMs);
      sends.push({ id: effect.command.id ?? '', atMs: nowMs });
    }
    clerk.sees(lampOf(state).name);
  };

  /** The job of that press, which the endpoint tells of now. */
  function jobNow(id: string, status: Status): Job | undefined {
    const command = clerk.commands.get(id);
    if (command !== 'failover' && command !== 'restore' && command !== 'drill') return undefined;
    clerk.answered.add(id);
    if (status === 'succeeded') clerk.confirmed.add(command === 'restore' ? 'primary' : 'maintenance');
    const finished = status === 'succeeded' ? { finishedAt: at(second) } : {};
    return jobOf(id, command, status, { acceptedAt: at(second), ...finished });
  }

  for (const one of steps) {
    nowMs += one.afterMs;
    const id = 'press' in one ? (ids.at(-1 - one.press) ?? 'nobody') : '';
    second += 1;
    switch (one.what) {
      case 'press': {
        const fresh = `id-${ids.length}`;
        ids.push(fresh);
        clerk.pressedAtMs.set(fresh, nowMs);
        clerk.commands.set(fresh, one.command);
        happen({ kind: 'gesture', gesture: 'hold', command: one.command, id: fresh, pressedAtMs: nowMs });
        break;
      }
      case 'reply': {
        const job = jobNow(id, one.status);
        if (job) happen({ kind: 'reply', reply: told(job), road: one.road });
        break;
      }
      case 'asked': {
        if (question === undefined) break;
        const job = one.status === 'nothing' ? null : (jobNow(question.replace('job-of-', ''), one.status) ?? null);
        question = undefined;
        happen({ kind: 'asked', job });
        break;
      }
      case 'looked':
        if (one.position === 'nothing') {
          happen({ kind: 'looked', state: null });
          break;
        }
        clerk.confirmed.add(one.position);
        if (clerk.linkUp) clerk.position = one.position;
        clerk.revision = 5;
        happen({ kind: 'looked', state: stateOf(one.position, { revision: 5, asOf: at(second) }) });
        break;
      case 'refusal':
        if (one.code === 'stale') clerk.answered.add(id);
        happen({ kind: 'reply', reply: refusal(id, one.code) });
        break;
      case 'delivery':
        if (one.road === 'https' && !overHttps.has(id)) break;
        happen({
          kind: 'delivery',
          id,
          road: one.road,
          delivery: one.kind === 'taken' ? { kind: 'taken' } : { kind: one.kind, text: 'No.' },
        });
        break;
      case 'state':
        if (!clerk.linkUp) break;
        clerk.position = one.position;
        clerk.revision = one.revision;
        happen({ kind: 'state', state: stateOf(one.position, { revision: one.revision, asOf: at(second) }) });
        break;
      case 'up':
        if (clerk.linkUp) break;
        clerk.linkUp = true;
        happen({ kind: 'up', text: 'Connected.' });
        break;
      case 'down':
        clerk.linkUp = false;
        clerk.position = undefined;
        happen({ kind: 'down', text: 'No connection.' });
        break;
      case 'click':
        happen({ kind: 'gesture', gesture: 'click', command: undefined, id: 'click', pressedAtMs: nowMs });
        break;
      case 'tick':
        happen({ kind: 'tick' });
    }
  }
  return { state, clerk, sends };
}

test('in 10,000 random traces no lamp says more than the endpoint did, and nothing is sent too late, twice answered, or without a connection', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      expect(play(steps).clerk.complaints).toEqual([]);
    }),
    { numRuns: RUNS },
  );
});

test('whatever happened before, a press is repeated under one id while the link is up, and given up at its deadline', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
      let { state } = play(steps);
      let nowMs = 1_000_000_000;
      const tell = (event: Happening): string[] => {
        const turn = control(state, { ...event, atMs: nowMs });
        state = turn.next;
        return turn.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.command.id ?? ''] : []));
      };
      tell({ kind: 'up', text: 'Connected.' });
      const begunAtMs = nowMs;
      const sent = tell({ kind: 'gesture', gesture: 'hold', command: 'failover', id: 'last', pressedAtMs: nowMs });
      let lastSendAtMs = nowMs;
      for (let turns = 0; state.press.kind === 'unanswered'; turns += 1) {
        expect(turns).toBeLessThan(100);
        const wakeMs = controllerWakeMs(state) ?? Number.NaN;
        expect(wakeMs).toBeGreaterThan(nowMs);
        nowMs = wakeMs;
        const now = tell({ kind: 'tick' });
        if (now.length > 0) {
          expect(nowMs - lastSendAtMs).toBeLessThanOrEqual(SEND_MS_MAX + REPEAT_MS_MAX);
          lastSendAtMs = nowMs;
          tell({ kind: 'delivery', id: 'last', delivery: { kind: 'taken' } });
        }
        sent.push(...now);
      }
      expect(nowMs).toBe(begunAtMs + DEADLINE_MS);
      expect(lampOf(state).name).toBe('not-delivered');
      expect(new Set(sent)).toEqual(new Set(['last']));
      expect(sent.length).toBeGreaterThan(4);
    }),
    { numRuns: 1_000 },
  );
});
