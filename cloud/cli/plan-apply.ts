import type { Job } from '../../shared/messages.ts';
import { silentLog } from '../../shared/log.ts';
import { systemClock } from '../../shared/system-clock.ts';
import { openNameServers } from '../adapters/dns.ts';
import { openIds } from '../adapters/ids.ts';
import { openProber } from '../adapters/probe.ts';
import type { SwitchesConfig } from '../config/read-switches.ts';
import type { JobRow } from '../engine/job.ts';
import type { JobData } from '../jobs/command.ts';
import { describeJob } from '../jobs/describe.ts';
import { makeMove } from '../jobs/move.ts';
import type { RateBudget } from '../jobs/rate-budget.ts';
import type { Switch } from '../jobs/switch.ts';
import type { RecordStore } from '../ports.ts';
import { endInWords, stepTeller } from './follow.ts';
import { runOnce } from './plan-run.ts';
import type { Proposal } from './plan-words.ts';
import { paint, plain, remark, say } from './terminal.ts';

/**
 * Walks the road of every move (guard, read, plan, change, settle, verify), with its retries and its read-back, and
 * with no store: what a process that dies leaves behind is only in Route 53. Gives the job as it ended.
 */
export async function apply(
  { dns }: SwitchesConfig,
  target: Switch,
  { to, found }: Proposal,
  { records, budget }: { readonly records: RecordStore; readonly budget: RateBudget },
  quiet: boolean,
): Promise<Job> {
  const ids = openIds();
  const runbook = makeMove<null>({
    switches: { [target.name]: target },
    records,
    nameServers: openNameServers({ nameServers: dns.nameServers }),
    prober: openProber(),
    clock: systemClock,
    ids,
    log: silentLog,
    mayStillSend: () => null,
    beforeOf: () => null,
    budget,
  });
  const teller = stepTeller();
  const job = jobFor(target, to, found.kind === 'position' ? found.position : null, ids.next());
  if (!quiet) say(`\n${paint('bold', 'Applied')} (job ${job.id}; Ctrl-C ends it at the next safe place)`);
  const ended = await runOnce(runbook, job, {
    clock: systemClock,
    onStep: (row) => {
      if (!quiet) teller(describeJob(row));
    },
    onProgress: (text) => {
      if (!quiet) remark(`  … ${plain(text)}`);
    },
  });
  const told = describeJob(ended);
  if (!quiet) say(endInWords(told));
  return told;
}

function jobFor(target: Switch, to: string, from: string | null, id: string): JobRow<JobData> {
  const nowMs = systemClock.nowMs();
  return {
    id,
    lane: target.name,
    status: 'running',
    exclusive: true,
    sender: 'cli:plan',
    commandId: null,
    data: {
      command: to === 'primary' ? 'restore' : 'failover',
      from,
      to,
      // A person has seen the records as they are, and named where they shall go.
      toNamed: true,
      override: ['probe-failed'],
      trigger: { kind: 'cli', actor: 'plan', id: null },
      joined: [],
      automatic: false,
      alert: null,
      reason: null,
      revision: 0,
      pressedAtMs: null,
      expiresAtMs: null,
      replyTo: [],
      outcome: null,
      verified: null,
      cachesUntilMs: null,
      reading: null,
      before: null,
      error: null,
    },
    acceptedAtMs: nowMs,
    startedAtMs: nowMs,
    finishedAtMs: null,
    deadlineAtMs: nowMs + target.guards.jobDeadlineMs,
    interrupt: null,
    steps: [],
  };
}
