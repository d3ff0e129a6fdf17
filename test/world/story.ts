import type { Job } from '../../shared/messages.ts';
import { type WorldEvent, watchWorld } from './events.ts';
import type { World } from './world.ts';

/** Teller and judge of a story: says what happens, waits for what must come, and remembers whether all came true. */
export interface Story {
  /** A heading. */
  chapter(text: string): void;
  tell(text: string): void;
  /** Waits until `look` gives something, tells it as true, and gives it; throws when it does not come in time. */
  until<T>(promise: string, look: () => Promise<T | undefined> | T | undefined, msMax?: number): Promise<T>;
  /** Everything that happened so far, oldest first. */
  readonly events: readonly WorldEvent[];
  /** The newest account of each job, by id, oldest job first. */
  jobs(): readonly Job[];
}

const LOOK_MS = 50;
const WAIT_MS_MAX = 30_000;

/** A promise of the story that did not come true. */
class Untrue extends Error {
  override readonly name = 'Untrue';
}

/** Begins a story over a world; `write` takes each line. */
export function beginStory(world: World, write: (line: string) => void): Story & Disposable {
  const events: WorldEvent[] = [];
  const jobs = new Map<string, Job>();
  const off = watchWorld(world, (event) => {
    events.push(event);
    if (event.kind !== 'job') return;
    jobs.set(event.job.id, event.job);
    const { step } = event;
    if (event.type === 'step' && step && step.status !== 'running') write(`      ${step.name.padEnd(7)} ${step.text}`);
    if (event.type === 'accepted') write(`      ${event.job.text}`);
    if (event.type === 'finished') write(`      ${event.job.text}`);
  });
  return {
    chapter: (text) => write(`\n${text}`),
    tell: (text) => write(`      ${text}`),
    async until(promise, look, msMax = WAIT_MS_MAX) {
      const giveUpAt = Date.now() + msMax;
      for (;;) {
        const found = await look();
        if (found !== undefined) {
          write(`  ✓   ${promise}`);
          return found;
        }
        if (Date.now() >= giveUpAt) {
          write(`  ✗   ${promise}`);
          throw new Untrue(`This did not come true within ${msMax / 1_000} s: ${promise}`);
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
    events,
    jobs: () => [...jobs.values()],
    [Symbol.dispose]: off,
  };
}
