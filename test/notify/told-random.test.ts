import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { wayBack } from '../../cloud/jobs/notice/of-job.ts';
import type { NotifierBody } from '../../shared/notice.ts';
import type { Guards } from '../../cloud/jobs/switch.ts';
import { endSome, happen, happening, surroundings, SWITCHES } from '../jobs/happenings.ts';
import { MINUTE, type Turn, type World } from '../jobs/lane-driver.ts';
import { told, toldWorld } from './people.ts';

/** What the pager believes, from what it was told. */
function follow(open: Map<string, string>, { decision }: Turn): void {
  for (const { receiver, body } of decision.outgoing) {
    if (receiver !== 'pagerduty') continue;
    const { notice } = body as Extract<NotifierBody, { form: 'notice' }>;
    expect(notice.drill, 'a drill never pages').toBe(false);
    const { page } = notice;
    if (page?.action === 'trigger') open.set(page.key, notice.severity);
    if (page?.action === 'resolve') open.delete(page.key);
  }
}

test('the pager always has exactly the pages that the switches call for, whatever happens in whatever order', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(
      surroundings,
      fc.array(happening, { maxLength: 60 }),
      ({ mode, maxSwitches, hold, restoreAfterMs, at }, events) => {
        const automation = { mode, maxSwitches };
        const world = toldWorld({ switches: SWITCHES, automation, guards: { hold, restoreAfterMs }, at });
        const open = new Map<string, string>();
        world.watch((turn) => {
          follow(open, turn);
          const { state } = turn.decision;
          const pages = state.told?.pages ?? [];
          for (const { key, severity, about } of pages) {
            if (about === 'trip') continue;
            expect(open.get(key), `${key} was triggered and not resolved`).toBe(severity);
          }
          const called = pages.some(({ about }) => about === 'incident');
          const wanted = state.incident !== null || (state.told?.trouble ?? null) !== null;
          expect(called, 'somebody is called exactly while there is an incident, or what failed is not over').toBe(
            wanted,
          );
          expect(pages.some(({ about }) => about === 'trip')).toBe(state.tripped !== null);
          expect(JSON.stringify(state.told ?? {}).length).toBeLessThan(20_000);
        });
        for (const one of events) happen(world, one);
        for (const name of SWITCHES) world.timer(name);
        const believed = [...open.keys()].filter((key) => !key.includes(':tripped:'));
        const wanted = SWITCHES.flatMap((name) => world.stateOf(name).told?.pages ?? []);
        expect(believed.toSorted()).toEqual(
          wanted.flatMap(({ about, key }) => (about === 'trip' ? [] : [key])).toSorted(),
        );
        for (const receiver of ['slack', 'pagerduty', 'datadog']) {
          const ids = told(world, receiver).map(({ id }) => id);
          expect(ids.length, `each notice to ${receiver} has an id of its own`).toBe(new Set(ids).size);
        }
        for (const name of SWITCHES) world.release(name);
        world.pass(MINUTE);
        for (const name of SWITCHES) world.timer(name);
        // Released, the next open alert may have tripped it anew: that page is open, and no other.
        const tripped = SWITCHES.flatMap((name) => world.stateOf(name).told?.pages ?? []).map(({ key }) => key);
        const calling = [...open.keys()].filter((key) => key.includes(':tripped:'));
        expect(calling.filter((key) => !tripped.includes(key))).toEqual([]);
      },
    ),
    { numRuns: 300 },
  );
});

/** What a notice says of the way back. */
function said(world: World): string {
  const settings = world.switches.get('www');
  if (!settings) throw new Error('www is a switch');
  return wayBack({ settings, state: world.stateOf(), automation: world.automation, jobs: world.unfinished('www') });
}

/** Every move that runs, and every one that waits for it, arrives. */
function arriveAll(world: World): void {
  for (let job = world.running(); job; job = world.running()) endSome(world, world.job(job.id), 'there', 'primary');
  if (world.stateOf().position === 'unknown') world.found('maintenance');
}

/** Automation begins to restore, or stops itself in place of it. */
function restores(world: World): boolean {
  world.pass(10 * MINUTE);
  const job = world.running();
  return (job?.data.command === 'restore' && job.data.automatic) || world.stateOf().tripped !== null;
}

test('what people are told of the way back is what happens, whatever has happened before in whatever order', () => {
  expect.hasAssertions();
  fc.assert(
    fc.property(
      fc.constantFrom<Guards['hold']>('none', MINUTE),
      fc.array(happening, { maxLength: 12 }),
      (hold, events) => {
        const world = toldWorld({ switches: SWITCHES, guards: { hold } });
        world.alert();
        world.arrive();
        world.recover();
        world.pass(5 * MINUTE);
        for (const one of events) happen(world, one);
        arriveAll(world);
        const { position, alerts } = world.stateOf();
        if (position === 'primary' || position === 'drifted') return;
        const words = said(world);
        const promise =
          /holds it|Nothing restores|only after the next recovery|when every alert/.exec(words)?.[0] ?? '';
        if (promise === 'when every alert') {
          for (const { open, key, cycle, nameless } of alerts) {
            if (open) world.recover({ key: nameless ? null : key, ...(cycle === null ? {} : { cycle }) });
          }
          expect(restores(world), `told: ${words}`).toBe(true);
          return;
        }
        const jobs = world.jobs.length;
        world.pass(promise === 'holds it' ? 0 : 15 * MINUTE);
        const moves = world.jobs.slice(jobs).filter(({ lane, status }) => lane === 'www' && status !== 'refused');
        expect(moves, `told: ${words}`).toEqual([]);
        if (promise !== 'only after the next recovery') return;
        world.alert({ key: 'another' });
        world.recover({ key: 'another' });
        expect(restores(world), `told: ${words}`).toBe(true);
      },
    ),
    { numRuns: 100 },
  );
});
