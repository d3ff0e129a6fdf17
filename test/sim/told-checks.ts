import { JobMessage, State } from '../../shared/messages.ts';
import { topics } from '../../shared/topics.ts';
import { isUnfinished } from '../../cloud/engine/job.ts';
import { MQTT_RECEIVER, type MqttBody } from '../../cloud/jobs/announce.ts';
import type { Hold, SwitchState } from '../../cloud/jobs/state.ts';
import type { Automation } from '../../cloud/jobs/switch.ts';
import type { KnownJob, Ledger } from './ledger.ts';
import { must } from './must.ts';
import type { Decided } from './store.ts';

/** A state that was decided reaches the broker within this, when nothing is in its way: a new speaker takes over in less. */
const STATE_MS_MAX = 40_000;
/**
 * Whoever reaches a broker that has forgotten it, while the store is away, has nothing to tell: the state is told with
 * what is decided after a minute, at the latest when the records are next looked at.
 */
const FORGOTTEN_MS_MAX = 90_000;

/** Whether everybody is told: of each state as it is, of each job that it was accepted and how it ended. */
export interface ToldChecks {
  decided(what: Decided, ledger: Ledger): void;
  /** The broker has it. */
  published(topic: string, payload: string): void;
  /** What the broker has lost: the retained state of everything. */
  forgotten(): void;
  /** An endpoint has reached the broker, with or without the store at hand. */
  connected(isStoreAway: boolean): void;
  /** Throws when a state has waited for too long to be told, since everything is well. */
  checkLate(nowMs: number, calmSinceMs: number): void;
  /** Job messages that were owed to somebody and never left, as `topic type job`. */
  owed(): readonly string[];
}

export function makeToldChecks(automation: Automation): ToldChecks {
  /** Where the messages of a job go: the topic of the switch's jobs, and the replies of the devices that asked for it. */
  const addresses = new Map<string, Set<string>>();
  const owed = new Set<string>();
  /** What was decided to be told last of each switch, and when; then what was told. */
  const newest = new Map<string, { readonly payload: string; readonly atMs: number }>();
  const told = new Map<string, string>();
  let limitMs = STATE_MS_MAX;

  function owe(topic: string, type: JobMessage['type'], job: string, messages: readonly Message[]): void {
    const there = messages.some((message) => message.topic === topic && message.type === type && message.job === job);
    must(there, () => `${topic} is not told of ${job}: ${type}`);
    owed.add(`${topic} ${type} ${job}`);
  }

  function checkJobs({ turn, event, decision }: Decided, messages: readonly Message[]): void {
    const asks = event.kind === 'command' && event.command.kind === 'move' && !event.known ? event : null;
    const replies = asks?.sender.startsWith('device:') ? topics.deviceReplies(asks.sender.slice(7)) : null;
    const mine = asks ? decision.reply.job?.id : undefined;
    for (const change of decision.jobs) {
      if (change.kind !== 'add') continue;
      const to = new Set([topics.jobs(turn.lane), ...(replies !== null && change.id === mine ? [replies] : [])]);
      addresses.set(change.id, to);
      const type = isUnfinished(change) ? 'accepted' : 'finished';
      for (const topic of to) owe(topic, type, change.id, messages);
    }
    const joins = mine !== undefined && !decision.jobs.some(({ kind, id }) => kind === 'add' && id === mine);
    if (joins && decision.reply.movedNothing === undefined) {
      if (replies !== null) addresses.get(mine)?.add(replies);
      for (const topic of replies === null ? [topics.jobs(turn.lane)] : [replies, topics.jobs(turn.lane)]) {
        owe(topic, 'accepted', mine, messages);
      }
    }
    for (const change of decision.jobs) {
      if (change.kind !== 'update' || isUnfinished(change)) continue;
      for (const topic of addresses.get(change.id) ?? []) owe(topic, 'finished', change.id, messages);
    }
  }

  return {
    decided(what, ledger) {
      const { turn, state, decision } = what;
      const messages = readMessages(what, ledger);
      checkJobs(what, messages);
      const running = ledger.unfinished(turn.lane).find(({ status, exclusive }) => exclusive && status === 'running');
      const states = messages.filter(({ topic }) => topic === topics.state(turn.lane));
      const before = state ?? UNKNOWN;
      const changed = shown(before, what.jobs.find(isRunningMove)?.id) !== shown(decision.state, running?.id);
      must(!changed || states.length > 0, () => `the state of ${turn.lane} has changed, and is not told`);
      for (const { state: is, payload } of states) {
        if (is) checkState(is, decision.state, running, automation);
        newest.set(turn.lane, { payload, atMs: turn.nowMs });
      }
    },
    published(topic, payload) {
      const [room, name = '', leaf] = topic.split('/');
      if (room === 'switches' && leaf === 'state') told.set(name, payload);
      // Not parsed: it was checked whole when it was decided, and there are thousands of them.
      const [, type] = /"type": "([^"]+)"/.exec(payload) ?? [];
      const [, id] = /"id": "([^"]+)"/.exec(payload) ?? [];
      if (type !== undefined && id !== undefined) owed.delete(`${topic} ${type} ${id}`);
    },
    forgotten: () => told.clear(),
    connected(isStoreAway) {
      limitMs = isStoreAway ? FORGOTTEN_MS_MAX : STATE_MS_MAX;
    },
    checkLate(nowMs, calmSinceMs) {
      for (const [name, { payload, atMs }] of newest) {
        const waitedMs = nowMs - Math.max(atMs, calmSinceMs);
        const late = waitedMs > limitMs && told.get(name) !== payload;
        must(!late, () => `the state of ${name} has waited for ${waitedMs} ms to be told`);
      }
    },
    owed: () => [...owed],
  };
}

interface Message {
  readonly topic: string;
  readonly payload: string;
  /** Of a job message. */
  readonly type?: JobMessage['type'];
  readonly job?: string;
  /** Of a state. */
  readonly state?: State;
}

/** Each is what was agreed, and tells of a job that exists. */
function readMessages({ decision }: Decided, ledger: Ledger): readonly Message[] {
  const bodies = decision.outgoing.filter(({ receiver }) => receiver === MQTT_RECEIVER);
  return bodies.map(({ body }) => {
    const { topic, payload } = body as MqttBody;
    const content: unknown = JSON.parse(payload);
    const isState = topic.endsWith('/state');
    const parsed = isState ? State.safeParse(content) : JobMessage.safeParse(content);
    must(parsed.success, () => `what goes to ${topic} is not what was agreed: ${parsed.error?.message}`);
    if (!parsed.success || !('job' in parsed.data)) return { topic, payload };
    if (!('type' in parsed.data)) return { topic, payload, state: parsed.data };
    const { type, job } = parsed.data;
    must(ledger.jobs.has(job.id), () => `${topic} tells of job ${job.id}, which does not exist`);
    return { topic, payload, type, job: job.id };
  });
}

/** What people see of a switch, as far as its words and its counter do not say the same. */
function shown(
  { revision, position, alerts }: Pick<SwitchState, 'revision' | 'position' | 'alerts'>,
  running: string | undefined,
): string {
  const open = alerts.filter((alert) => alert.open).map(({ key, acknowledged }) => [key, acknowledged]);
  return JSON.stringify([revision, position, open, running ?? null]);
}

/** A switch that nobody has asked about. */
const UNKNOWN = { revision: 0, position: 'unknown', alerts: [] };

function isRunningMove({ exclusive, status }: Decided['jobs'][number]): boolean {
  return exclusive && status === 'running';
}

/** What is told is what is so. */
function checkState(
  told: State,
  state: SwitchState,
  running: Pick<KnownJob, 'id' | 'data'> | undefined,
  { mode }: Automation,
): void {
  const differences = unlike(told, state, running, mode);
  must(differences.length === 0, () => `${told.switch} is told wrongly: ${differences.join(', ')}`);
}

/** The fields in which a told state differs from what is known of the switch. */
export function unlike(
  told: State,
  state: SwitchState,
  running: Pick<KnownJob, 'id' | 'data'> | undefined,
  mode: Automation['mode'],
): readonly string[] {
  const moves = running !== undefined && running.data.to !== state.position;
  const open = state.alerts.filter((alert) => alert.open);
  const caches = state.cachesUntilMs ?? 0;
  const holds = [state.hold.asked, state.hold.taken].filter((hold) => hold !== null);
  const fields: Readonly<Record<string, boolean>> = {
    position: moves ? told.position === 'moving' : [state.position, 'moving'].includes(told.position),
    revision: told.revision === state.revision,
    hold: holds.length === 0 ? told.hold === null : holds.some((hold) => isOf(hold, told.hold)),
    automation: told.automation === automationOf(state, mode),
    alerts: JSON.stringify(told.alerts.map(marked)) === JSON.stringify(open.map(marked)),
    incident: told.incident === (state.incident?.id ?? null),
    job: running === undefined || told.job === running.id,
    by: JSON.stringify(told.by) === JSON.stringify(state.by),
    since: timeOf(told.since) === state.sinceMs,
    cachesUntil: timeOf(told.cachesUntil) === (caches > Date.parse(told.asOf) ? caches : null),
    from: told.position === 'moving' ? told.from === state.position : told.from === null,
    to: told.position === 'moving' ? !moves || told.to === running.data.to : told.to === null,
  };
  return Object.keys(fields).filter((field) => fields[field] !== true);
}

function automationOf({ hold, tripped }: SwitchState, mode: Automation['mode']): State['automation'] {
  if (mode !== 'on') return mode;
  if (tripped) return 'tripped';
  return hold.asked || hold.taken ? 'held' : 'on';
}

function isOf({ by, untilMs }: Hold, told: State['hold']): boolean {
  return told?.by === by && timeOf(told.until) === untilMs;
}

function timeOf(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso);
}

function marked({ key, acknowledged }: { readonly key: string; readonly acknowledged: boolean }): string {
  return `${key} ${acknowledged}`;
}
