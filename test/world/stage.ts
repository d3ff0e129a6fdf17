import type { Job } from '../../shared/messages.ts';
import type { Story } from './story.ts';
import type { VirtualButton } from './virtual-button.ts';
import { type Visit, visit } from './visitor.ts';
import type { World } from './world.ts';

/** What the scenes of the tour play on, and what they look for there. */
export interface Stage {
  readonly world: World;
  readonly button: VirtualButton;
  readonly story: Story;
}

/** A visitor gets that site: asked of the name server as `dig` does, then over HTTP. */
export async function seen(stage: Stage, site: Visit['site'], status: number): Promise<void> {
  const found = await stage.story.until(`a visitor gets the ${site} site, HTTP ${status}`, async () => {
    const now = await visit(stage.world.file);
    return now.site === site && now.status === status ? now : undefined;
  });
  stage.story.tell(`dig +short ${stage.world.file.name}: ${found.dns}`);
}

/** The job has succeeded: switched, and every name server answers so. */
export async function ended(stage: Stage, id: string, promise: string): Promise<void> {
  await stage.story.until(promise, () =>
    one(
      stage,
      id,
      ({ status, outcome, verified }) => status === 'succeeded' && outcome === 'switched' && verified === true,
    ),
  );
}

/** The job, when it is as looked for. */
export function one(stage: Stage, id: string, is: (job: Job) => boolean): Job | undefined {
  return stage.story.jobs().find((job) => job.id === id && is(job));
}

/** The job that began last. */
export function newest(stage: Stage, command: Job['command'], status?: Job['status']): Job | undefined {
  return stage.story
    .jobs()
    .findLast((job) => job.command === command && (status === undefined || job.status === status));
}

export function hasStep(job: Job, name: string): boolean {
  return job.steps.some((step) => step.name === name);
}

/** True when the lamp shows one of these. */
export function lampIs({ button }: Stage, ...names: readonly string[]): true | undefined {
  return names.includes(button.lamp.name) ? true : undefined;
}
