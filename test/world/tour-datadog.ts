import { datadogSays } from './datadog.ts';
import { ended, lampIs, newest, one, seen, type Stage } from './stage.ts';

/** Datadog sees the outage too, but a human has the switch: alert and recovery are recorded, and move nothing. */
export async function alertInVain(stage: Stage): Promise<void> {
  const { story, world } = stage;
  story.chapter('3. Datadog has seen the outage, too. But somebody has the switch in hand.');
  const changesBefore = world.route53.changes;
  const alert = await datadogSays(world.file, 'Triggered', 'c1');
  story.tell(`Datadog says Triggered, and is answered ${alert.status}: ${alert.text}`);
  await story.until('the alert is recorded, and refused as held', () => isHeld(alert));
  await world.sites.primary.set({ down: false });
  const recovery = await datadogSays(world.file, 'Recovered', 'c1');
  story.tell(`The site is well again. Datadog says Recovered, and is answered ${recovery.status}: ${recovery.text}`);
  await story.until('the recovery is held, too: what a human has moved, a human moves back', () => isHeld(recovery));
  await seen(stage, 'maintenance', 503);
  await story.until('Route 53 was not changed', () => (world.route53.changes === changesBefore ? true : undefined));
}

/** Nobody is there: the alert fails over by itself, and a press joins its job instead of starting a second one. */
export async function alertAtNight(stage: Stage): Promise<void> {
  const { story, world, button } = stage;
  story.chapter(
    '6. At night the site is down again. Datadog fails over by itself; somebody wakes up and presses, too.',
  );
  const changesBefore = world.route53.changes;
  await world.sites.primary.set({ down: true });
  const alert = await datadogSays(world.file, 'Triggered', 'c2');
  await story.until('the webhook is answered with the job', () => (alert.status === 202 ? true : undefined));
  const there = await story.until('automation fails over', () => newest(stage, 'failover', 'running'));
  button.press('hold');
  await story.until('the press joined the job of Datadog', () =>
    one(stage, there.id, ({ joined }) => joined.length > 0),
  );
  await ended(stage, there.id, 'the failover succeeded');
  await story.until('Route 53 was changed once, not twice', () =>
    world.route53.changes === changesBefore + 1 ? true : undefined,
  );
  await seen(stage, 'maintenance', 503);
  await story.until('whoever pressed has the switch now, and the lamp says so', () =>
    button.lamp.text.includes('Held by lobby') ? lampIs(stage, 'maintenance', 'held') : undefined,
  );
  await world.sites.primary.set({ down: false });
  const recovery = await datadogSays(world.file, 'Recovered', 'c2');
  story.tell(`Datadog says Recovered, and is answered ${recovery.status}: ${recovery.text}`);
  await story.until('the recovery is held: the switch stays failed over', () => isHeld(recovery));
  button.press('click-hold');
  const back = await story.until('a human restores', () => newest(stage, 'restore', 'running'));
  await ended(stage, back.id, 'the restore succeeded');
}

function isHeld({ status, word }: { readonly status: number; readonly word: string }): true | undefined {
  return status === 200 && word === 'held' ? true : undefined;
}
