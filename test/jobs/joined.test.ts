import { expect, test } from 'vitest';
import { JobMessage } from '../../shared/messages.ts';
import { makeWorld, type World } from './lane-driver.ts';

const repliesOf = (device: string) => [
  { topic: `devices/${device}/replies`, whole: false, correlationData: null } as const,
];

const jobsSent = (world: World, topic: string) => world.sent(topic).map((message) => JobMessage.parse(message));

/** Sixty devices press while the failover of the first runs. */
function crowd() {
  const world = makeWorld();
  world.press('failover', { id: 'first' });
  for (let n = 0; n < 60; n++) world.press('failover', { by: `d${n}`, id: `press-${n}`, replyTo: repliesOf(`d${n}`) });
  return world;
}

test('each who joins finds its own id in what it is answered, however many joined before; the job lists the first fifty', () => {
  const world = crowd();
  for (let n = 0; n < 60; n++) {
    const [accepted] = jobsSent(world, `devices/d${n}/replies`);
    expect(accepted?.job.joined.map(({ id }) => id)).toContain(`press-${n}`);
  }
  expect(world.running()?.data.joined).toHaveLength(50);
});

test.for(['while it runs', 'after its end'])('so does one who repeats a command that joined late, %s', (when) => {
  const world = crowd();
  if (when === 'after its end') world.arrive();
  world.press('failover', { by: 'd59', id: 'press-59', replyTo: repliesOf('d59') });
  const told = jobsSent(world, 'devices/d59/replies');
  expect(told.at(-1)).toMatchObject({ type: when === 'after its end' ? 'finished' : 'accepted' });
  expect(told.at(-1)?.job.joined.filter(({ id }) => id === 'press-59')).toHaveLength(1);
});
