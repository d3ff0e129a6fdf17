import type { StepContext, StepResult } from '../../engine/runbook.ts';
import type { RecordSet } from '../../ports.ts';
import { ownedBy, tripleKey } from '../records.ts';
import { askAll, serversOf, type Server, type WrongServer, wrongInWords } from './asking.ts';
import { type Question, questionsFor } from './questions.ts';
import { zoneSeen, type ZoneSeen } from './read.ts';
import { stopOf, timeOfDay, type Walk } from './walk.ts';

export type VerifyDetail = {
  /** Null when nobody was asked. */
  readonly verified: boolean | null;
  /** The servers that did not give the wanted answers, and what they gave. */
  readonly wrong: readonly WrongServer[];
};

/** How often it is asked what the zone is, when it was not learnt before. */
const ZONE_TRIES = 4;

/**
 * Asks every address of every authoritative name server until each gives only the wanted answers, for as long as
 * `pace.verifyMs`. Safe to repeat: it only asks. It is the last step, and what it cannot finish is a warning.
 */
export async function verify<State>(
  walk: Walk<State>,
  wanted: readonly RecordSet[],
  live: readonly RecordSet[],
  known: ZoneSeen | null,
  context: StepContext,
): Promise<StepResult<VerifyDetail>> {
  const { run, target, world, pace } = walk;
  if (!target.verify) return skipped('The name servers are not asked: dns.verify is false.');
  const { clock } = world;
  const fromMs = clock.monotonicMs();
  const leftMs = (): number =>
    Math.min(run.deadlineAtMs - clock.nowMs(), pace.verifyMs - (clock.monotonicMs() - fromMs));
  let wrong: VerifyDetail['wrong'] = [];
  try {
    const zone = known ?? (await zoneInTheEnd(walk, leftMs, context.signal));
    if (!zone) return unverified('The name servers of the zone are not known: Route 53 did not name them.');
    if (zone.private)
      return skipped('The name servers are not asked: a private zone answers only inside its networks.');
    const questions = questionsOf(walk, wanted, live);
    if (questions.length === 0) {
      return skipped('The name servers are not asked: for a delegated name they only refer to others.');
    }
    const servers = await serversOf(world.nameServers, zone.nameServers, context.signal);
    if (typeof servers === 'string') return unverified(servers);
    let left = servers;
    for (;;) {
      wrong = await askAll(world.nameServers, left, questions, zone.name, context.signal);
      context.signal.throwIfAborted();
      if (wrong.length === 0) return right(servers);
      if (leftMs() <= 0) return unverified(wrongInWords(wrong, servers.length), wrong);
      left = left.filter((label) => wrong.some(({ server }) => server === label.label));
      await context.progress(
        `${wrongInWords(wrong, servers.length)} Asking until ${timeOfDay(clock.nowMs() + leftMs())}.`,
        null,
      );
      await clock.sleep(Math.min(pace.verifyPauseMs, leftMs()), context.signal);
    }
  } catch (error) {
    const stop = stopOf(context.signal);
    if (stop?.kind === 'interrupted') return unverified('Not finished: the job was told to end.', wrong);
    if (stop?.kind === 'deadline') return unverified('Not finished: the deadline of the job has come.', wrong);
    throw error;
  }
}

function questionsOf<State>(
  { target }: Walk<State>,
  wanted: readonly RecordSet[],
  live: readonly RecordSet[],
): readonly Question[] {
  const owned = ownedBy(target.positions);
  const keys = new Set(owned.map(tripleKey));
  return questionsFor(
    wanted,
    owned,
    live.filter((set) => !keys.has(tripleKey(set))),
  );
}

/** Weather passes; a right that is missing stays so, and the job is not kept for it. */
async function zoneInTheEnd<State>(
  walk: Walk<State>,
  leftMs: () => number,
  signal: AbortSignal,
): Promise<ZoneSeen | null> {
  const { world, pace } = walk;
  for (let attempt = 1; ; attempt += 1) {
    const zone = await zoneSeen(walk, signal);
    if (zone || attempt === ZONE_TRIES || leftMs() <= 0) return zone;
    await world.clock.sleep(pace.verifyPauseMs, signal);
    signal.throwIfAborted();
  }
}

/** What every name server answers now, in one pass: for a drill, which waits for nothing. */
export async function askOnce<State>(
  walk: Walk<State>,
  now: readonly RecordSet[],
  live: readonly RecordSet[],
  known: ZoneSeen | null,
  context: StepContext,
): Promise<StepResult<VerifyDetail>> {
  const once = { ...walk, pace: { ...walk.pace, verifyMs: 0 } };
  const { status, text, detail } = await verify(once, now, live, known, context);
  return {
    status: status === 'failed' ? 'succeeded' : (status ?? 'succeeded'),
    text: `Drill, asked for the records as they are now: ${text}`,
    detail,
  };
}

function right(servers: readonly Server[]): StepResult<VerifyDetail> {
  const many =
    servers.length === 1
      ? `The name server ${servers[0]?.label ?? ''} gives`
      : `All ${servers.length} name servers give`;
  return { text: `${many} the wanted answers.`, detail: { verified: true, wrong: [] } };
}

function unverified(text: string, wrong: VerifyDetail['wrong'] = []): StepResult<VerifyDetail> {
  return { status: 'failed', text: `Not verified. ${text}`, detail: { verified: false, wrong } };
}

function skipped(text: string): StepResult<VerifyDetail> {
  return { status: 'skipped', text, detail: { verified: null, wrong: [] } };
}
