import assert from 'node:assert/strict';
import type { Json } from '../../shared/json.ts';
import { makeDecider } from './decider.ts';
import { makeLine } from './deliveries.ts';
import { makeElsewhere } from './elsewhere.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { makeHeartbeat } from './heartbeat.ts';
import type { Inside, InsideOptions } from './inside.ts';
import type { Outgoing } from './lane.ts';
import { makeLive } from './live.ts';
import { makeOutage } from './outage.ts';
import { makePruning } from './pruning.ts';
import { makeRunner } from './runner.ts';
import type { StoreChange } from './store.ts';
import { makeTimers } from './timers.ts';
import { makeWaiters } from './waiters.ts';

/**
 * The engine over a store: does nothing until `start`, except that commands are decided (and their jobs run) from the
 * first. Commands reject with `store-unavailable` while the store is away; everything else waits for it.
 */
export function makeEngine<State, Shared, Command, Reply, Data>(
  options: EngineOptions<State, Shared, Command, Reply, Data>,
): Engine<State, Command, Reply, Data> {
  // State and data live in the store as JSON and come back as the types that the rules gave them: said here, once.
  const inside = options as unknown as InsideOptions;
  return make(inside) as unknown as Engine<State, Command, Reply, Data>;
}

function make(options: InsideOptions): Engine<Json, unknown, unknown, Json> {
  const { store, rules, receivers, delivers = () => true, lanes, clock, log } = options;
  const live = makeLive(log);
  const outage = makeOutage(options);
  const waiters = makeWaiters(clock, (id) => store.job(id));
  let stopping = false;

  const decide = makeDecider(options, reached, ({ decided, decision }) => {
    tell(decision.outgoing);
    for (const { kind, lane, text, detail } of decision.journal) log.info({ kind, lane, ...jobIn(detail) }, text);
    for (const change of decision.jobs) {
      if (change.kind !== 'interrupt') continue;
      const running = runner.running().find(({ lease }) => lease.job === change.id);
      running?.control.stop({ kind: 'interrupted', reason: change.reason });
    }
    waiters.ring(decision.jobs.map(({ id }) => id));
    if (decided.wakeAtMs !== null || decided.wakeLanes.length > 0) timers.ring();
    runner.start(decided.started);
    if (decided.started.length > 0) heartbeat.ring();
  });
  const inside: Inside = { ...options, outage, decide, step };
  const runner = makeRunner(inside, options);
  const heartbeat = makeHeartbeat(inside, runner, lanes, () => stopping);
  const timers = makeTimers(inside, lanes);
  const pruning = makePruning(inside);
  const lines = new Map(
    Object.entries(receivers).map(([name, road]) => [name, makeLine(inside, name, road, () => delivers(name))]),
  );
  const elsewhere = makeElsewhere(inside, options, live);
  let deaf: (() => void) | undefined;

  function reached({ receiver }: Outgoing): boolean {
    return Object.hasOwn(receivers, receiver);
  }

  /** Another endpoint has stored something: a reason to look now instead of at the next poll. */
  function hear(change: StoreChange | null): void {
    if (!change || change.lanes.length > 0) timers.ring();
    const running = runner.running().map(({ lease }) => lease.job);
    // One of ours was interrupted, perhaps; or one was handed over and nothing of ours costs a beat more.
    if (!change || running.length === 0 || change.jobs.some((id) => running.includes(id))) heartbeat.ring();
    waiters.ring(change ? change.jobs : 'all');
    for (const receiver of change?.receivers ?? lines.keys()) lines.get(receiver)?.ring();
    elsewhere.changed(change);
  }

  function tell(outgoing: readonly Outgoing[]): void {
    live.tell(outgoing);
    for (const receiver of new Set(outgoing.map((message) => message.receiver))) lines.get(receiver)?.ring();
  }

  async function step(...[lease, row]: Parameters<Inside['step']>): ReturnType<Inside['step']> {
    let told: readonly Outgoing[] = [];
    const answer = await store.step(lease, row, (job) => {
      told = rules.announceStep(job, clock.nowMs());
      return told.filter(reached);
    });
    if (answer === 'lease-lost') return answer;
    tell(told);
    const { name, status, text, finishedAtMs } = row;
    if (finishedAtMs !== null) log.info({ lane: answer.lane, job: answer.id, step: name, status }, text);
    return answer;
  }

  async function quiet(): Promise<void> {
    await runner.stop();
    await Promise.all([...lines.values()].map((line) => line.drain()));
  }

  return {
    async command(lane, command, { sender, commandId }) {
      const answer = await outage.watch(
        decide({
          lane,
          event: (known) => ({ kind: 'command', command, sender, commandId, known }),
          ...(commandId !== null && { question: { sender, commandId } }),
        }),
      );
      assert(answer !== 'lease-lost', 'a command proves no lease');
      return answer.reply;
    },
    state: async (lane) => (await store.lane(lane)) ?? rules.initial(lane, clock.nowMs()),
    job: (id) => store.job(id),
    jobs: (filter) => store.jobs(filter),
    wait: (id, ms) => waiters.wait(id, ms),
    onStored: (listener) => live.listen(listener),
    start() {
      assert(!stopping, 'an engine that was stopped does not start again');
      heartbeat.start();
      timers.start();
      pruning.start();
      for (const line of lines.values()) line.start();
      elsewhere.start();
      deaf = store.onChange?.(hear);
    },
    wake: (receiver) => lines.get(receiver)?.wake(),
    async stop(graceMs) {
      stopping = true;
      deaf?.();
      timers.stop();
      pruning.stop();
      waiters.stop();
      const patience = new AbortController();
      await Promise.race([quiet(), clock.sleep(graceMs, patience.signal)]);
      patience.abort();
      await runner.abandon();
      heartbeat.stop();
      for (const line of lines.values()) line.stop();
      await Promise.all([heartbeat.ended(), timers.ended(), pruning.ended(), elsewhere.stop()]);
    },
  };
}

/** The job that a line of the journal is about, so that the log can be searched for it. */
function jobIn(detail: Json): { readonly job?: Json } {
  if (typeof detail !== 'object' || detail === null || !('job' in detail)) return {};
  return { job: detail['job'] ?? null };
}
