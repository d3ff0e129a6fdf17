import { openSqliteStore } from '../../cloud/store/sqlite.ts';
import { makeChance } from './chance.ts';
import { checkOutcome, restless } from './final-checks.ts';
import { must } from './must.ts';
import { drawScenario } from './scenario.ts';
import { brew } from './storm.ts';
import { makeWorld, type World } from './world.ts';

/** After the storm everything settles within this; judging an alert again after failures takes up to ten minutes. */
const SETTLE_MS_MAX = 30 * 60_000;
const SETTLE_STEP_MS = 2_000;

export interface Played {
  readonly seed: number;
  /** What was broken, or null when all held. */
  readonly broken: string | null;
  /** What happened, in words, each line with its time. */
  readonly trace: readonly string[];
  /** Decisions and changes of records: that the seed was no idle one. */
  readonly decisions: number;
  readonly changes: number;
}

/** Plays one seed: a storm in which only safety is asked for, then calm in which everything has to settle. */
export async function play(seed: number): Promise<Played> {
  const chance = makeChance(seed);
  await using store = await openSqliteStore({ path: ':memory:' });
  const world = makeWorld(drawScenario(chance.fork('scenario')), chance, store);
  process.on('unhandledRejection', world.witness.unhandled);
  try {
    await storm(world, chance.fork('storm'));
    await settle(world);
    return { seed, broken: world.broken(), trace: world.witness.trace, ...world.witness.count() };
  } finally {
    world.time.end();
    process.off('unhandledRejection', world.witness.unhandled);
  }
}

async function storm(world: World, chance: ReturnType<typeof makeChance>): Promise<void> {
  const { scenario, time, say } = world;
  const untilMs = time.nowMs() + scenario.stormMs;
  const switches = scenario.switches.map(({ name, zone }) => `${name} in ${zone}`);
  say(`played: ${JSON.stringify({ ...scenario, switches, guards: scenario.switches[0]?.guards })}`);
  brew({ ...world, chance }, untilMs);
  world.people.begin(untilMs);
  await time.run(untilMs, () => world.broken() === null);
}

async function settle(world: World): Promise<void> {
  const { time } = world;
  const overMs = time.nowMs();
  while (world.broken() === null) {
    await time.run(time.nowMs() + SETTLE_STEP_MS, () => world.broken() === null);
    const left = restless(await world.outcome());
    world.hold(() => world.witness.told.checkLate(time.nowMs(), overMs));
    if (left.length === 0) break;
    if (time.nowMs() > overMs + SETTLE_MS_MAX) world.hold(() => must(false, () => `never at rest: ${left.join('; ')}`));
  }
  const outcome = await world.outcome();
  world.hold(() => checkOutcome(outcome));
  for (const button of world.buttons) {
    world.hold(() => world.witness.presses.checkNews(button.device, button.lamp()));
  }
  await world.checkJournal();
}
