import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patternOf } from '../../device/core/lamp-pattern.ts';
import type { Job } from '../../shared/messages.ts';
import { beginStory, type Story } from './story.ts';
import { startVirtualButton, type VirtualButton } from './virtual-button.ts';
import { type Visit, visit } from './visitor.ts';
import { startWorld, type World } from './world.ts';

/**
 * `npm run tour`: the story of an outage without a person, in words. Exits 0 only when all of it came true.
 */
const write = (line: string): void => void process.stdout.write(`${line}\n`);

interface Stage {
  readonly world: World;
  readonly button: VirtualButton;
  readonly story: Story;
}

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
  await joinIn(stage);
  await dieInTheMiddle(stage);
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
  story.chapter('3. The site is well again. Two people send it back at the same moment: a button and an HTTP trigger.');
  await world.sites.primary.set({ down: false });
  const changesBefore = world.route53.changes;
  button.press('click-hold');
  const job = await story.until('the endpoint accepted the press', () => newest(stage, 'restore'));
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
    '4. Once more there, and on the way back the endpoint is killed while Route 53 is still spreading the change.',
  );
  button.press('hold');
  const there = await story.until('the failover is accepted', () => newest(stage, 'failover', 'running'));
  await ended(stage, there.id, 'the failover succeeded');
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

async function seen(stage: Stage, site: Visit['site'], status: number): Promise<void> {
  const found = await stage.story.until(`a visitor gets the ${site} site, HTTP ${status}`, async () => {
    const now = await visit(stage.world.file);
    return now.site === site && now.status === status ? now : undefined;
  });
  stage.story.tell(`dig +short ${stage.world.file.name}: ${found.dns}`);
}

async function ended(stage: Stage, id: string, promise: string): Promise<void> {
  await stage.story.until(promise, () =>
    one(
      stage,
      id,
      ({ status, outcome, verified }) => status === 'succeeded' && outcome === 'switched' && verified === true,
    ),
  );
}

function one(stage: Stage, id: string, is: (job: Job) => boolean): Job | undefined {
  return stage.story.jobs().find((job) => job.id === id && is(job));
}

function newest(stage: Stage, command: Job['command'], status?: Job['status']): Job | undefined {
  return stage.story
    .jobs()
    .findLast((job) => job.command === command && (status === undefined || job.status === status));
}

function hasStep(job: Job, name: string): boolean {
  return job.steps.some((step) => step.name === name);
}

function lampIs({ button }: Stage, ...names: readonly string[]): true | undefined {
  return names.includes(button.lamp.name) ? true : undefined;
}

async function pullTrigger(world: World, which: 'failover' | 'restore'): Promise<void> {
  const { id, secret } = world.file.triggers[which];
  await fetch(`${world.file.http}/trigger/${id}`, { method: 'POST', headers: { authorization: `CAAuth ${secret}` } });
}
