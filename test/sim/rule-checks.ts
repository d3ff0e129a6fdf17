import { MQTT_RECEIVER, type MqttBody } from '../../cloud/jobs/announce.ts';
import type { AlertMark, SwitchState } from '../../cloud/jobs/state.ts';
import type { Automation, Guards, Switch } from '../../cloud/jobs/switch.ts';
import { must } from './must.ts';
import type { KnownJob, Ledger } from './ledger.ts';
import type { Decided } from './store.ts';

/** What the rules of a switch promise, looked at from outside: by what came in and what was decided, job by job. */
export interface RuleChecks {
  check(what: Decided, ledger: Ledger): void;
}

type Move = { readonly switch: string; readonly job: string; readonly command: string; readonly atMs: number };

/** Nobody who is silent for longer than this could have heard an alert. */
const SILENCE_MS = 20_000;

export function makeRuleChecks(switches: readonly Switch[], automation: Automation): RuleChecks {
  /** When an alert of the switch was last known to be open. */
  const openAtMs = new Map<string, number>();
  /** Moves that automation has begun and that did not come to nothing, since a human last looked. */
  let moves: readonly Move[] = [];
  /** The newest human intent of each switch: the job that it is, or is part of. */
  const wished = new Map<string, string>();
  /** The job with which the incident of a switch began. */
  const opener = new Map<string, string>();
  /** Switches that a human has failed over, and that nobody has given to automation since. */
  const humans = new Set<string>();
  /** When automation last failed a switch over, or was there again after a silence in which that was cooling down. */
  const failedOverAtMs = new Map<string, number>();
  /** When anything was last decided about a switch, and when that came after a silence. */
  const decidedAtMs = new Map<string, number>();
  const silentUntilMs = new Map<string, number>();

  function settingsOf(name: string): Switch {
    const settings = switches.find((one) => one.name === name);
    if (!settings) throw new Error(`there is no switch ${name}`);
    return settings;
  }

  /** While a restore waits or cools down its switch is looked at every five seconds, by whoever is there. */
  function hearSilence({ turn }: Decided): void {
    const { lane, nowMs } = turn;
    const before = decidedAtMs.get(lane) ?? nowMs;
    decidedAtMs.set(lane, nowMs);
    if (nowMs - before <= SILENCE_MS) return;
    silentUntilMs.set(lane, nowMs);
    const cooling = before < (failedOverAtMs.get(lane) ?? 0) + settingsOf(lane).guards.cooldownMs;
    if (cooling) failedOverAtMs.set(lane, nowMs);
  }

  function remember({ event, state, decision, turn }: Decided): void {
    if (state?.alerts.some(({ open }) => open)) openAtMs.set(turn.lane, turn.nowMs);
    const { asked, taken } = decision.state.hold;
    const ranOut = decision.journal.some(({ kind }) => kind === 'hold-ended');
    if (ranOut && !asked && !taken) humans.delete(turn.lane);
    for (const change of decision.jobs) {
      const opens = change.kind === 'add' && change.status !== 'refused' && change.data.command === 'failover';
      if (opens && !state?.incident) opener.set(turn.lane, change.id);
    }
    if (event.kind !== 'command') return;
    const { command } = event;
    // A trip everywhere may be heard of in the same decision: what the release did, it says.
    if (command.kind === 'release' && !decision.reply.text.includes('nothing changed')) moves = [];
    const { job } = decision.reply;
    if (command.kind === 'move' && !command.origin.automatic && command.command !== 'drill' && job && !event.known) {
      if (job.status !== 'refused') wished.set(turn.lane, job.id);
    }
  }

  /** Automation begins a move: it may, where it may, when it may, and not with one switch too many. */
  function begun({ turn, decision, state }: Decided, job: KnownJob): void {
    const { name, guards, failoverTo } = settingsOf(turn.lane);
    const { command, from, alert } = job.data;
    const words = `automation begins ${job.id}, a ${command} of ${name} from ${from},`;
    must(automation.mode === 'on', () => `${words} in the mode ${automation.mode}`);
    const at = decision.state.position;
    if (command === 'failover') {
      must(at === 'primary' || at === 'drifted', () => `${words} at ${at}`);
      const mark = decision.state.alerts.find(({ key }) => key === alert);
      must(mark?.open === true && !mark.acknowledged, () => `${words} for ${alert}, which is not open`);
    } else {
      must(at === failoverTo, () => `${words} at ${at}`);
      must(!humans.has(name), () => `${words} which a human has failed over`);
      must(!decision.state.alerts.some(({ open }) => open), () => `${words} while an alert is open`);
      const clearMs = turn.nowMs - (openAtMs.get(name) ?? 0);
      must(clearMs >= guards.restoreAfterMs, () => `${words} ${clearMs} ms after an alert was open`);
      const heardMs = turn.nowMs - (silentUntilMs.get(name) ?? 0);
      must(heardMs >= guards.restoreAfterMs, () => `${words} ${heardMs} ms after nobody could hear an alert`);
      const cooledMs = turn.nowMs - (failedOverAtMs.get(name) ?? 0);
      must(cooledMs >= guards.cooldownMs, () => `${words} ${cooledMs} ms after it failed it over`);
      must(!leavesNoMove(state, guards, turn.nowMs), () => `${words} which leaves no move for the next failover`);
    }
    const sinceMs = turn.nowMs - automation.withinMs;
    moves = [...moves.filter(({ atMs }) => atMs > sinceMs), { switch: name, job: job.id, command, atMs: turn.nowMs }];
    const moved = new Set(moves.map((move) => move.switch));
    must(moved.size <= automation.maxSwitches, () => `${words} the ${moved.size}th switch`);
  }

  function ended({ turn, state, decision, event }: Decided, job: KnownJob, { history }: Ledger): void {
    const { status, data } = job;
    const { name, guards } = settingsOf(turn.lane);
    const words = `${job.id}, a ${data.automatic ? 'automatic' : "human's"} ${data.command} of ${name}, ended as ${status}`;
    const made = data.error?.code === 'unknown-outcome' && history.get(name)?.some(({ by }) => by === job.id) === true;
    if (!data.automatic || !(made || data.outcome === 'switched')) moves = moves.filter((move) => move.job !== job.id);
    if (!job.exclusive) return;
    if (status === 'succeeded' && data.outcome === 'switched') {
      if (data.command === 'failover' && !data.automatic && opener.get(name) === job.id) humans.add(name);
      else if (data.automatic || data.command === 'restore') humans.delete(name);
    }
    if (data.automatic) {
      if (status === 'succeeded' && data.outcome === 'switched' && data.command === 'failover') {
        failedOverAtMs.set(name, turn.nowMs);
      }
      return;
    }
    const probed = data.command === 'failover' && data.error?.code === 'probe-failed';
    must(!probed, () => `${words}, by the probe that stops automation alone`);
    if (status === 'superseded')
      must(wished.get(name) !== job.id, () => `${words}, and was the newest wish of a human`);
    // A queued job that ends beside another one has no part in what that one does.
    if (event.kind !== 'ended' || event.job.id !== job.id) return;
    const { hold, alerts } = decision.state;
    if (status === 'succeeded' && data.command === 'failover') {
      must(guards.hold === 'none' || hold.taken !== null, () => `${words}, and took no hold`);
    }
    if (status === 'succeeded' && data.command === 'restore') {
      must(hold.taken === null, () => `${words}, and kept the hold of ${hold.taken?.by}`);
      const open = alerts.find((alert) => alert.open && !alert.acknowledged);
      must(open === undefined, () => `${words}, and did not acknowledge ${open?.key}`);
      failedOverAtMs.delete(name);
    }
    if (status !== 'succeeded' && state?.hold.taken === null) {
      // What it has read may show that an earlier failover was made, whose hold it then is.
      const doubts = [state.doubt, state.doubt?.earlier].filter((doubt) => doubt?.automatic === false);
      const others = ['external', ...doubts.map((doubt) => doubt?.by.actor)];
      must(hold.taken === null || others.includes(hold.taken.by), () => `${words}, and took the hold`);
    }
  }

  return {
    check(what, ledger) {
      hearSilence(what);
      remember(what);
      checkAlerts(what.state, what.decision.state);
      checkHolds(what);
      checkAcknowledged(what, ledger);
      checkAdopted(what);
      checkStale(what);
      checkRepeat(what);
      for (const change of what.decision.jobs) {
        const job = ledger.jobs.get(change.id);
        if (!job) continue;
        const starts = change.kind === 'start' || (change.kind === 'add' && change.status === 'running');
        if (starts && job.exclusive && job.data.automatic) begun(what, job);
        if (change.kind === 'update' && job.status === change.status && job.status !== 'running') {
          if (job.status !== 'waiting' && job.status !== 'queued') ended(what, job, ledger);
        }
      }
      checkRelease(what, automation, ledger);
      checkHuman(what, ledger);
    },
  };
}

function leavesNoMove(state: SwitchState | undefined, { flapping }: Guards, nowMs: number): boolean {
  const recent = state?.moves.filter((atMs) => atMs > nowMs - flapping.withinMs) ?? [];
  return recent.length + 2 > flapping.moves;
}

/** An alert opens only with a new cycle, and what a human has acknowledged stays so until then. */
function checkAlerts(before: SwitchState | undefined, after: SwitchState): void {
  for (const alert of after.alerts) {
    const was: AlertMark | undefined = before?.alerts.find(({ key }) => key === alert.key);
    if (!was || alert.cycle === null || alert.cycle !== was.cycle || !alert.open) continue;
    must(was.open, () => `${alert.key} opened again within the cycle ${alert.cycle}`);
    must(alert.acknowledged || !was.acknowledged, () => `${alert.key} is not acknowledged any more`);
  }
}

/** A hold for a time ends by it, with whatever is decided then. */
function checkHolds({ decision, turn }: Decided): void {
  const { asked, taken } = decision.state.hold;
  for (const hold of [asked, taken]) {
    const over = hold !== null && hold.untilMs !== null && hold.untilMs <= turn.nowMs;
    must(
      !over,
      () => `${turn.lane} is held by ${hold?.by} ${turn.nowMs - (hold?.untilMs ?? 0)} ms after that hold's end`,
    );
  }
}

/**
 * Nobody overlooks an alert: it is acknowledged by a human's restore that has succeeded, or when somebody else has moved
 * the switch back, and that is said. `ledger` has the decision already.
 */
function checkAcknowledged({ state, decision, turn }: Decided, { jobs, history }: Ledger): void {
  const open = state?.alerts.filter((alert) => alert.open && !alert.acknowledged).map(({ key }) => key) ?? [];
  const known = decision.state.alerts.find((alert) => alert.open && alert.acknowledged && open.includes(alert.key));
  if (!known) return;
  const ended = decision.jobs.some(({ kind, id }) => {
    const job = jobs.get(id);
    return kind === 'update' && job?.status === 'succeeded' && job.data.command === 'restore' && !job.data.automatic;
  });
  const doubts = [state?.doubt, state?.doubt?.earlier];
  const settled = doubts.some((doubt) => doubt?.command === 'restore' && !doubt.automatic);
  // A change that was accepted and forgotten is seen as one that somebody has taken back.
  const others = [...jobs.values()].some((job) => job.lane === turn.lane && job.forgotten);
  const moved = others || history.get(turn.lane)?.some(({ by }) => by === null) === true;
  const said = decision.state.position === 'primary' && decision.journal.some(({ kind }) => kind === 'adopted');
  must(ended || (said && (settled || moved)), () => `${known.key} is acknowledged, and nobody has restored over it`);
}

/** What somebody else has moved is held for them, and everybody hears of it: also when it was a job that found it so. */
function checkAdopted({ state, decision, turn }: Decided): void {
  const { taken } = decision.state.hold;
  if (taken?.by !== 'external' || state?.hold.taken?.by === 'external') return;
  const said = decision.journal.some(({ kind }) => kind === 'adopted');
  must(said, () => `${turn.lane} is held by external, and nobody is told that somebody else has moved it`);
}

/** Whoever repeats a command has no answer yet: it gets the one that it waits for. */
function checkRepeat({ event, decision }: Decided): void {
  if (event.kind !== 'command' || event.command.kind !== 'move' || !event.known) return;
  const { status, startedAtMs, id } = event.known;
  const type = status === 'refused' && startedAtMs === null ? 'finished' : 'accepted';
  const told = decision.outgoing.some(({ receiver, body }) => {
    return receiver === MQTT_RECEIVER && (body as MqttBody).payload.includes(`"type": "${type}"`);
  });
  must(told, () => `a repeat of ${id}, which is ${status}, was not answered with ${type}`);
}

/** What was meant for another revision moves nothing, except a failover. */
function checkStale({ event, state, decision }: Decided): void {
  if (event.kind !== 'command' || event.command.kind !== 'move' || event.known) return;
  const { command, ifRevision } = event.command;
  if (command === 'failover' || ifRevision === null || !state || ifRevision === state.revision) return;
  const { job } = decision.reply;
  must(job === null || job.status === 'refused', () => `${job?.id} was meant for revision ${ifRevision}`);
}

/**
 * A release never starts a restore, and looks at once at the alerts that are open. One that comes when the hold has just
 * ended by its time releases nothing; what follows is the hold's end.
 */
function checkRelease({ event, decision, turn }: Decided, { mode }: Automation, ledger: Ledger): void {
  if (event.kind !== 'command' || event.command.kind !== 'release') return;
  if (decision.reply.text.includes('nothing changed')) return;
  const restores = decision.jobs.some((change) => change.kind === 'add' && change.data.command === 'restore');
  must(!restores, () => 'a release started a restore');
  const { state, wakeAtMs } = decision;
  const free =
    mode === 'on' && state.position === 'primary' && !state.tripped && !state.hold.asked && !state.hold.taken;
  if (!free) return;
  const open = state.alerts.some((alert) => alert.open && !alert.acknowledged);
  const looks = ledger.unfinished(turn.lane).some(({ exclusive }) => exclusive) || wakeAtMs === turn.nowMs;
  must(!open || looks, () => `${turn.lane} was released, and nobody looks at its open alert`);
}

/** A human's move makes its job a human's; what waited for a time does not wait any longer, and what runs is told to stop. */
function checkHuman({ event, decision, turn, jobs }: Decided, ledger: Ledger): void {
  if (event.kind !== 'command' || event.command.kind !== 'move' || event.known) return;
  const { origin, command } = event.command;
  const job = ledger.jobs.get(decision.reply.job?.id ?? '');
  if (origin.automatic || command === 'drill' || !job || job.status === 'refused') return;
  must(!job.data.automatic, () => `${job.id} is automatic although a human asked for it`);
  const same = jobs.find(({ exclusive, status, interrupt, data }) => {
    return exclusive && status !== 'waiting' && interrupt === null && data.to === job.data.to;
  });
  must(!same || same.id === job.id, () => `${job.id} did not join ${same?.id}, which makes the same move`);
  const waiting = ledger.unfinished(turn.lane).find(({ status }) => status === 'waiting');
  must(waiting === undefined, () => `${waiting?.id} still waits after a human's command`);
  const other = ledger.unfinished(turn.lane).find((one) => one.status === 'running' && one.exclusive && one !== job);
  must(other === undefined || other.interrupted, () => `${other?.id} goes on against a human's command`);
}
