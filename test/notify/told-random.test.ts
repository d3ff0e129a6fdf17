import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NotifierBody } from '../../shared/notice.ts';
import { happen, happening, surroundings, SWITCHES } from '../jobs/happenings.ts';
import { MINUTE, type Turn } from '../jobs/lane-driver.ts';
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
