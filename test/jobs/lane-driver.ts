import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { Json } from '../../shared/json.ts';
import type { State } from '../../shared/messages.ts';
import { type JobEnd, type JobRow, isUnfinished } from '../../cloud/engine/job.ts';
import type { Decision, JobChange, JournalEntry, LaneEvent, Outgoing } from '../../cloud/engine/lane.ts';
import type { MqttBody } from '../../cloud/jobs/announce.ts';
import type { Origin, Reading, Reply, SwitchCommand, JobData } from '../../cloud/jobs/command.ts';
import { describeState } from '../../cloud/jobs/describe.ts';
import { makeRules } from '../../cloud/jobs/make-rules.ts';
import type { NotifySettings } from '../../cloud/jobs/notice/settings.ts';
import type { Everywhere, SwitchState } from '../../cloud/jobs/state.ts';
import type { Automation, Guards, Switch } from '../../cloud/jobs/switch.ts';

export const START_MS = Date.UTC(2026, 10, 22, 12, 0, 0);
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

const a = (value: string) => ({ name: 'www.example.com', type: 'A', ttl: 60, values: [value] });

function switchNamed(name: string, guards: Partial<Guards> = {}): Switch {
  return {
    name,
    title: name,
    zone: 'Z0123456789ABC',
    positions: { primary: [a('192.0.2.10')], maintenance: [a('192.0.2.20')], dr: [a('192.0.2.30')] },
    failoverTo: 'maintenance',
    probe: {},
    guards: {
      hold: 'until-released',
      restoreAfterMs: 2 * MINUTE,
      cooldownMs: 5 * MINUTE,
      flapping: { moves: 4, withinMs: HOUR },
      jobDeadlineMs: 10 * MINUTE,
      ...guards,
    },
    verify: true,
  };
}

export interface WorldOptions {
  readonly switches?: readonly string[];
  readonly guards?: Partial<Guards>;
  readonly automation?: Partial<Automation>;
  /** Where the records are found at start; null leaves them unread. */
  readonly at?: string | null;
  /** Who is told; default: nobody. */
  readonly notify?: NotifySettings;
}

type Move = Extract<SwitchCommand, { kind: 'move' }>;

export interface Sent {
  readonly to?: string;
  readonly on?: string;
  readonly by?: string;
  readonly id?: string;
  readonly ageMs?: number;
  readonly expiresInMs?: number | null;
  readonly ifRevision?: number;
  readonly override?: readonly string[];
  readonly reason?: string;
  readonly replyTo?: Origin['replyTo'];
}

export interface AlertSent {
  readonly key?: string | null;
  readonly cycle?: string;
  readonly atMs?: number;
  readonly maxAgeMs?: number;
  readonly on?: string;
  readonly id?: string;
  readonly to?: string;
}

interface Lane {
  state: SwitchState;
  wakeAtMs: number | null;
}

/** One decision, for whoever watches that all of them keep a promise. */
export interface Turn {
  readonly event: LaneEvent<SwitchCommand, JobData>;
  readonly before: SwitchState;
  /** Unfinished before it. */
  readonly jobs: readonly JobRow<JobData>[];
  readonly decision: Decision<SwitchState, Everywhere, Reply, JobData>;
}

export type World = ReturnType<typeof makeWorld>;

const human = (by: string, replyTo: Origin['replyTo'] = []): Origin => ({
  kind: 'button',
  actor: by,
  automatic: false,
  authenticated: true,
  replyTo,
});

/**
 * Feeds events to the rules and keeps what they return, as an engine and its store would, in memory and with a clock
 * that only the test moves. What the store would refuse, and what must hold after every decision, is checked here.
 */
export function makeWorld(options: WorldOptions = {}) {
  const names = options.switches ?? ['www'];
  const switches = new Map(names.map((name) => [name, switchNamed(name, options.guards)]));
  const automation: Automation = { mode: 'on', maxSwitches: 3, withinMs: 10 * MINUTE, ...options.automation };
  const rules = makeRules({ switches, automation, ...(options.notify && { notify: options.notify }) });
  const lanes = new Map<string, Lane>();
  const jobs: JobRow<JobData>[] = [];
  const aliases = new Map<string, string>();
  const journal: JournalEntry[] = [];
  const outgoing: Outgoing[] = [];
  let shared: Everywhere | undefined;
  let watcher: ((turn: Turn) => void) | undefined;
  let nowMs = START_MS;
  let made = 0;

  function lane(name: string): Lane {
    const known = lanes.get(name);
    if (known) return known;
    const born = { state: rules.initial(name, nowMs), wakeAtMs: null };
    lanes.set(name, born);
    return born;
  }

  function unfinished(name: string): readonly JobRow<JobData>[] {
    return jobs.filter((job) => job.lane === name && isUnfinished(job));
  }

  function decide(name: string, event: LaneEvent<SwitchCommand, JobData>): Reply {
    const here = lane(name);
    made += 1;
    const seen = { jobs: unfinished(name), shared, newJobId: `job-${made}` };
    const before = here.state;
    const decision = rules.decide(before, event, seen, nowMs);
    watcher?.({ event, before, decision, jobs: seen.jobs });
    here.state = overTheWire(decision.state);
    here.wakeAtMs = decision.wakeAtMs ?? null;
    if (decision.shared !== undefined) shared = overTheWire(decision.shared);
    const ends = decision.jobs.filter((change) => change.kind === 'update' && !isUnfinished(change));
    for (const change of ends) apply(name, change);
    for (const change of decision.jobs) if (!ends.includes(change)) apply(name, change);
    journal.push(...decision.journal);
    outgoing.push(...decision.outgoing);
    for (const other of decision.wakeLanes ?? []) lane(other).wakeAtMs = nowMs;
    const alone = unfinished(name).filter(({ exclusive, status }) => exclusive && status === 'running');
    expect(alone.length, 'one exclusive job at a time').toBeLessThanOrEqual(1);
    return decision.reply;
  }

  function apply(name: string, change: JobChange<JobData>): void {
    if (change.kind === 'alias') {
      const key = `${change.sender}\n${change.commandId}`;
      expect(aliases.has(key), `${key} is an alias already`).toBe(false);
      aliases.set(key, change.id);
      return;
    }
    if (change.kind === 'add') {
      const { kind: _kind, ...row } = change;
      const running = change.status === 'running';
      jobs.push({
        ...overTheWire(row),
        lane: name,
        acceptedAtMs: nowMs,
        startedAtMs: running ? nowMs : null,
        finishedAtMs: isUnfinished(change) ? null : nowMs,
        interrupt: null,
        steps: [],
      });
      return;
    }
    const at = jobs.findIndex(({ id }) => id === change.id);
    const job = jobs[at];
    if (!job || !isUnfinished(job)) throw new Error(`${change.kind} of ${change.id}, which is not unfinished`);
    jobs[at] = overTheWire(changed(job, change));
  }

  function changed(
    job: JobRow<JobData>,
    change: Exclude<JobChange<JobData>, { kind: 'add' | 'alias' }>,
  ): JobRow<JobData> {
    switch (change.kind) {
      case 'start':
        expect(job.status, 'only what waits can start').not.toBe('running');
        return {
          ...job,
          status: 'running',
          data: change.data,
          deadlineAtMs: change.deadlineAtMs,
          startedAtMs: nowMs,
        };
      case 'update':
        if (isUnfinished(change)) expect(job.status === 'running').toBe(change.status === 'running');
        return {
          ...job,
          status: change.status,
          data: change.data,
          finishedAtMs: isUnfinished(change) ? null : nowMs,
        };
      case 'interrupt':
        expect(job.status, 'only a running job is interrupted').toBe('running');
        return { ...job, interrupt: change.reason };
    }
  }

  function knownJob(sender: string, commandId: string | null): JobRow<JobData> | null {
    if (commandId === null) return null;
    const id = aliases.get(`${sender}\n${commandId}`);
    return jobs.find((job) => job.id === id || (job.sender === sender && job.commandId === commandId)) ?? null;
  }

  function send(name: string, command: SwitchCommand, sender: string, id: string | undefined): Reply {
    const commandId = id ?? null;
    return decide(name, { kind: 'command', command, sender, commandId, known: knownJob(sender, commandId) });
  }

  function press(command: Move['command'], sent: Sent = {}): Reply {
    const by = sent.by ?? 'lobby';
    const move: Move = {
      kind: 'move',
      command,
      to: sent.to ?? null,
      origin: human(by, sent.replyTo),
      alert: null,
      reason: sent.reason ?? null,
      ageMs: sent.ageMs ?? 0,
      expiresInMs: sent.expiresInMs === undefined ? MINUTE : sent.expiresInMs,
      ifRevision: sent.ifRevision ?? null,
      override: sent.override ?? [],
    };
    return send(sent.on ?? 'www', move, `device:${by}`, sent.id);
  }

  function automatic(command: 'failover' | 'restore', sent: AlertSent): Reply {
    const name = sent.on ?? 'www';
    const key = sent.key === undefined ? 'monitor-1' : sent.key;
    const move: Move = {
      kind: 'move',
      command,
      to: sent.to ?? null,
      origin: {
        kind: key === null ? 'http' : 'datadog',
        actor: 'datadog',
        automatic: true,
        authenticated: true,
        replyTo: [],
      },
      alert:
        key === null
          ? null
          : {
              key,
              cycle: sent.cycle ?? null,
              title: `${key} of ${name}`,
              atMs: sent.atMs ?? null,
              ...(sent.maxAgeMs === undefined ? {} : { maxAgeMs: sent.maxAgeMs }),
            },
      reason: null,
      ageMs: 0,
      expiresInMs: null,
      ifRevision: null,
      override: [],
    };
    return send(name, move, 'token:datadog', sent.id);
  }

  function end(job: JobRow<JobData> | null | undefined, how: Partial<JobData> & { status: JobEnd['status'] }): void {
    const row = jobs.find(({ id }) => id === job?.id);
    if (!row || row.status !== 'running') throw new Error(`${job?.id ?? 'no job'} is not running`);
    const { status, ...data } = how;
    decide(row.lane, { kind: 'ended', job: row, end: { status, data: { ...row.data, ...data } } });
  }

  const world = {
    switches,
    automation,
    jobs,
    journal,
    outgoing,
    nowMs: () => nowMs,
    shared: () => shared,
    stateOf: (name = 'www') => lane(name).state,
    watch: (look: (turn: Turn) => void) => {
      watcher = look;
    },
    wakeAtMs: (name = 'www') => lane(name).wakeAtMs,
    press,
    alert: (sent: AlertSent = {}) => automatic('failover', sent),
    recover: (sent: AlertSent = {}) => automatic('restore', sent),
    command: (command: SwitchCommand, name = 'www') => send(name, command, 'token:ops', undefined),
    hold: (forMs: number | null = null, name = 'www') =>
      send(name, { kind: 'hold', origin: human('ops'), reason: 'looking', forMs }, 'token:ops', undefined),
    release: (name = 'www', reason: string | null = null) =>
      send(name, { kind: 'release', origin: human('ops'), reason }, 'token:ops', undefined),
    cancel: (job: string) =>
      send('www', { kind: 'cancel', origin: human('ops'), job, reason: null }, 'token:ops', undefined),
    clear: (key: string) => send('www', { kind: 'clear-alert', origin: human('ops'), key }, 'token:ops', undefined),
    observe: (reading: Reading, name = 'www') => send(name, { kind: 'observed', reading }, 'watch', undefined),
    found: (position: string, name = 'www') =>
      send(name, { kind: 'observed', reading: { kind: 'position', position } }, 'watch', undefined),

    running: (name = 'www') => unfinished(name).find(({ status, exclusive }) => exclusive && status === 'running'),
    waiting: (name = 'www') => unfinished(name).find(({ status }) => status === 'waiting'),
    queued: (name = 'www') => unfinished(name).find(({ status }) => status === 'queued'),
    unfinished,
    job: (id: string | undefined) => {
      const job = jobs.find((row) => row.id === id);
      if (!job) throw new Error(`no job ${id}`);
      return job;
    },
    end,
    /** The running move of a switch succeeds, at where it was going, having changed the records unless they were so. */
    arrive: (name = 'www') => {
      const job = world.running(name);
      const there = job?.data.to === lane(name).state.position;
      const position = job?.data.to ?? '';
      end(job, {
        status: 'succeeded',
        outcome: there ? 'already-there' : 'switched',
        verified: true,
        reading:
          position === 'before' ? { kind: 'drifted', differences: ['as before'] } : { kind: 'position', position },
      });
      return world.job(job?.id);
    },
    fail: (name = 'www') => {
      const job = world.running(name);
      end(job, { status: 'failed', error: { code: 'deadline-exceeded', message: 'No.', hint: 'Again.', guard: null } });
      return world.job(job?.id);
    },
    step: (id: string | undefined, step: string, status: 'running' | 'succeeded' = 'running') => {
      const at = jobs.findIndex((job) => job.id === id);
      const job = world.job(id);
      const steps = [
        ...job.steps.filter(({ name }) => name !== step),
        { name: step, status, startedAtMs: nowMs, finishedAtMs: null, text: 'sending', detail: null },
      ];
      jobs[at] = { ...job, steps };
    },
    /** Time passes with an endpoint alive: timers fire when they are due. */
    pass: (ms: number) => {
      const untilMs = nowMs + ms;
      for (let turns = 0; turns < 20_000; turns += 1) {
        const due = [...lanes].filter(([, { wakeAtMs }]) => wakeAtMs !== null && wakeAtMs <= untilMs);
        const next = due.toSorted(([, one], [, other]) => (one.wakeAtMs ?? 0) - (other.wakeAtMs ?? 0))[0];
        if (!next) {
          nowMs = untilMs;
          return;
        }
        nowMs = Math.max(nowMs, next[1].wakeAtMs ?? 0);
        next[1].wakeAtMs = null;
        decide(next[0], { kind: 'timer' });
      }
      throw new Error('the timers never come to rest');
    },
    /** Time passes with no endpoint alive; then one starts and asks its lanes. */
    silence: (ms: number) => {
      nowMs += ms;
      for (const name of lanes.keys()) decide(name, { kind: 'timer' });
    },
    /** Time passes, and no timer has fired yet. */
    late: (ms: number) => {
      nowMs += ms;
    },
    timer: (name = 'www') => decide(name, { kind: 'timer' }),
    state: (name = 'www'): State => {
      const settings = switches.get(name);
      if (!settings) throw new Error(`no switch ${name}`);
      return describeState(settings, automation, lane(name).state, unfinished(name), nowMs);
    },
    /** Payloads sent to a topic, oldest first. */
    sent: (topic: string) =>
      outgoing
        .map(({ body }) => body as MqttBody)
        .filter((body) => body.topic === topic)
        .map(({ payload }) => JSON.parse(payload) as Record<string, Json>),
    lines: (kind: string) => journal.filter((entry) => entry.kind === kind),
  };
  if (options.at !== null) for (const name of names) world.found(options.at ?? 'primary', name);
  return world;
}

/** As the store keeps it: what JSON cannot hold would be lost here. */
function overTheWire<Value>(value: Value): Value {
  const copy = JSON.parse(JSON.stringify(value)) as Value;
  if (!isDeepStrictEqual(copy, value)) expect(copy, 'JSON holds all of it').toStrictEqual(value);
  return copy;
}
