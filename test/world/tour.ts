import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patternOf } from '../../device/core/lamp-pattern.ts';
import { alertAtNight, alertInVain } from './tour-datadog.ts';
import { ended, hasStep, lampIs, newest, one, seen, type Stage } from './stage.ts';
import { beginStory } from './story.ts';
import { startVirtualButton } from './virtual-button.ts';
import { startWorld, type World } from './world.ts';

/**
 * `npm run tour`: the story of an outage without a person, in words. Exits 0 only when all of it came true.
 */
const write = (line: string): void => void process.stdout.write(`${line}\n`);

const folder = await mkdtemp(join(tmpdir(), 'dashover-tour-'));
try {
  await tour();
  write('\nAll of it came true.');
} catch (error) {
  write(`\n${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function tour(): Promise<void> {
  write('A broker, a Route 53 with its name server, two web sites, the endpoint and a button, all on this machine.');
  await using world = await startWorld({ folder, ports: 'any', onEndpoint: (sentence) => write(`      ${sentence}`) });
  using story = beginStory(world, write);
  let shown = '';
  await using button = await startVirtualButton(world, {
    onLamp: (lamp) => {
      const { word } = patternOf(lamp);
      if (word !== shown) write(`      lamp    ${word}: ${lamp.text}`);
      shown = word;
    },
  });
  const stage = { world, button, story };
  await allIsWell(stage);
  await press(stage);
  await alertInVain(stage);
  await joinIn(stage);
  await dieInTheMiddle(stage);
  await alertAtNight(stage);
  story.chapter('The end: everything is as it was.');
  await seen(stage, 'primary', 200);
}

async function allIsWell(stage: Stage): Promise<void> {
  stage.story.chapter('1. All is well.');
  await seen(stage, 'primary', 200);
  await stage.story.until('the lamp says that the switch is at primary', () => lampIs(stage, 'primary'));
}

async function press(stage: Stage): Promise<void> {
  const { story, button } = stage;
  story.chapter('2. The site is down. Somebody holds the button for a second and lets go.');
  await stage.world.sites.primary.set({ down: true });
  button.press('hold');
  const job = await story.until('the endpoint accepted the press, and the lamp follows it', () =>
    newest(stage, 'failover'),
  );
  await ended(stage, job.id, 'the failover succeeded, verified at the name server');
  await seen(stage, 'maintenance', 503);
  await story.until('only now the lamp says maintenance, held by whoever pressed', () =>
    lampIs(stage, 'maintenance', 'held'),
  );
}

async function joinIn(stage: Stage): Promise<void> {
  const { story, world, button } = stage;
  story.chapter('4. Two people send it back at the same moment: a button and an HTTP trigger.');
  const changesBefore = world.route53.changes;
  button.press('click-hold');
  const job = await story.until('the endpoint accepted the press', () => newest(stage, 'restore', 'running'));
  await pullTrigger(world, 'restore');
  await story.until('the HTTP trigger joined the job of the button', () =>
    one(stage, job.id, ({ joined }) => joined.length > 0),
  );
  await ended(stage, job.id, 'the restore succeeded');
  await story.until('Route 53 was changed once, not twice', () =>
    world.route53.changes === changesBefore + 1 ? true : undefined,
  );
  await seen(stage, 'primary', 200);
}

async function dieInTheMiddle(stage: Stage): Promise<void> {
  const { story, world, button } = stage;
  story.chapter(
    '5. Once more there, and on the way back the endpoint is killed while Route 53 is still spreading the change.',
  );
  button.press('hold');
  const there = await story.until('the failover is accepted', () => newest(stage, 'failover', 'running'));
  await ended(stage, there.id, 'the failover succeeded');
  await story.until('the lamp says maintenance', () => lampIs(stage, 'maintenance', 'held'));
  const changesBefore = world.route53.changes;
  button.press('click-hold');
  const back = await story.until('the restore has sent its change', () =>
    stage.story.jobs().find((job) => job.command === 'restore' && job.status === 'running' && hasStep(job, 'settle')),
  );
  await world.endpoint.kill();
  story.tell('The endpoint is dead (kill -9). It is started again.');
  world.endpoint.start();
  await ended(stage, back.id, 'the same job went on and succeeded');
  await story.until('the change was made once', () => (world.route53.changes === changesBefore + 1 ? true : undefined));
}

async function pullTrigger(world: World, which: 'failover' | 'restore'): Promise<void> {
  const { id, secret } = world.file.triggers[which];
  await fetch(`${world.file.http}/trigger/${id}`, { method: 'POST', headers: { authorization: `CAAuth ${secret}` } });
}
