import type { Inside } from './inside.ts';
import { BEAT_MS, LEASE_MS, STUCK_MS } from './limits.ts';
import { type Loop, makeLoop } from './loop.ts';
import type { Runner } from './runner.ts';

/**
 * One beat for all jobs that run here: extends their leases, brings interrupts from other processes, ends what is past
 * its deadline, reports what is stuck, and takes over jobs whose owner is dead. A lane that this process is not configured
 * for is left to those that are: here nobody could decide how its job ends.
 */
export function makeHeartbeat(
  inside: Inside,
  runner: Runner,
  lanes: readonly string[],
  isStopping: () => boolean,
): Loop {
  const { store, clock, owner, outage } = inside;
  const reported = new Set<string>();

  async function beat(): Promise<number> {
    const running = runner.running();
    // Ours before others': after a pause of this process a lease may be over and yet nobody's but ours.
    if (running.length > 0) {
      const leases = running.map(({ lease }) => lease);
      const jobs = await outage.watch(store.heartbeat(leases, clock.nowMs() + LEASE_MS));
      const alive = new Map(jobs.map((job) => [job.id, job]));
      for (const { lease, control, recorder } of running) {
        const job = alive.get(lease.job);
        // No more than that: what this answer says of the job may be older than what the run has stored meanwhile.
        if (job) recorder.hear(job.interrupt);
        else control.stop({ kind: 'lease-lost' });
      }
    }
    if (!isStopping()) {
      const nowMs = clock.nowMs();
      runner.start(await outage.watch(store.takeOver(owner, nowMs, nowMs + LEASE_MS, lanes)));
    }
    reportStuck();
    return endLate();
  }

  /** Milliseconds to the next beat, or to the first deadline when that comes before. */
  function endLate(): number {
    let pauseMs = BEAT_MS;
    for (const { control, recorder } of runner.running()) {
      if (control.reason(['interrupted'])) continue;
      const leftMs = recorder.run.deadlineAtMs - clock.nowMs();
      if (leftMs <= 0) control.stop({ kind: 'deadline' });
      else pauseMs = Math.min(pauseMs, leftMs);
    }
    return pauseMs;
  }

  function reportStuck(): void {
    const running = runner.running();
    for (const { lease, recorder } of running) {
      const { atMs, step } = recorder.progress();
      const silentMs = clock.monotonicMs() - atMs;
      const episode = `${lease.job} ${lease.token} ${atMs}`;
      if (silentMs < STUCK_MS || reported.has(episode)) continue;
      reported.add(episode);
      inside.log.warn(
        { job: lease.job, step, silentMs },
        `job ${lease.job} has told nothing for ${Math.round(silentMs / 1_000)} s, in step ${step ?? 'none'}`,
      );
    }
    if (running.length === 0) reported.clear();
  }

  return makeLoop(inside, 'heartbeat', beat);
}
