import type { StepContext, StepResult } from '../../engine/runbook.ts';
import type { RecordSet } from '../../ports.ts';
import { ownedBy, tripleKey } from '../records.ts';
import { questionsFor, type Question, wireQuestion, wrongIn } from './questions.ts';
import { zoneSeen, type ZoneSeen } from './read.ts';
import { stopOf, timeOfDay, type Walk } from './walk.ts';

export type VerifyDetail = {
  /** Null when nobody was asked. */
  readonly verified: boolean | null;
  /** The servers that did not give the wanted answers, and what they gave. */
  readonly wrong: readonly { readonly server: string; readonly why: string }[];
};

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
  const zone = known ?? (await zoneSeen(walk, context.signal));
  if (!zone) return unverified('The name servers of the zone are not known: Route 53 did not name them.');
  if (zone.private) return skipped('The name servers are not asked: a private zone answers only inside its networks.');

  const owned = ownedBy(target.positions);
  const ownedKeys = new Set(owned.map(tripleKey));
  const strangers = live.filter((set) => !ownedKeys.has(tripleKey(set)));
  const questions = questionsFor(wanted, owned, strangers);
  const untilMs = Math.min(run.deadlineAtMs, world.clock.nowMs() + pace.verifyMs);
  let wrong: VerifyDetail['wrong'] = [];
  try {
    const servers = await serversOf(walk, zone, context.signal);
    if (typeof servers === 'string') return unverified(servers);
    let left = servers;
    for (;;) {
      wrong = await askAll(walk, left, questions, zone.name, context.signal);
      context.signal.throwIfAborted();
      if (wrong.length === 0) return right(servers);
      if (world.clock.nowMs() >= untilMs) return unverified(wrongInWords(wrong, servers.length), wrong);
      left = left.filter((label) => wrong.some(({ server }) => server === label.label));
      await context.progress(`${wrongInWords(wrong, servers.length)} Asking until ${timeOfDay(untilMs)}.`, null);
      await world.clock.sleep(Math.min(pace.verifyPauseMs, untilMs - world.clock.nowMs()), context.signal);
    }
  } catch (error) {
    const stop = stopOf(context.signal);
    if (stop?.kind === 'interrupted') return unverified('Not finished: the job was told to end.', wrong);
    if (stop?.kind === 'deadline') return unverified('Not finished: the deadline of the job has come.', wrong);
    throw error;
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

interface Server {
  readonly address: string;
  /** For people: with the host's name, where one is known. */
  readonly label: string;
}

/** Every address of the zone's name servers, or why they cannot be asked, in a sentence. */
async function serversOf<State>(
  { world }: Walk<State>,
  { nameServers }: ZoneSeen,
  signal: AbortSignal,
): Promise<Server[] | string> {
  const hosts = new Map<string, string[]>();
  try {
    for (const host of nameServers) {
      for (const address of await world.nameServers.addresses([host], signal)) {
        hosts.set(address, [...(hosts.get(address) ?? []), host]);
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : 'The addresses of the name servers cannot be found.';
  }
  if (hosts.size === 0) return 'The zone has no name servers that could be asked.';
  // An address that several hosts share (servers named by the configuration) is called by itself.
  return [...hosts].map(([address, names]) => ({
    address,
    label: names.length === 1 ? `${names[0]} (${address})` : address,
  }));
}

/** The servers that answer otherwise than wanted. Each is asked the questions one after the other, up to a wrong answer. */
async function askAll<State>(
  walk: Walk<State>,
  servers: readonly Server[],
  questions: readonly Question[],
  zone: string,
  signal: AbortSignal,
): Promise<VerifyDetail['wrong']> {
  const found = await Promise.all(
    servers.map(async (server) => ({
      server: server.label,
      why: await wrongAt(walk, server, questions, zone, signal),
    })),
  );
  return found.flatMap(({ server, why }) => (why === undefined ? [] : [{ server, why }]));
}

async function wrongAt<State>(
  { world }: Walk<State>,
  { address }: Server,
  questions: readonly Question[],
  zone: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  for (const question of questions) {
    const { name, type } = wireQuestion(question);
    try {
      const why = wrongIn(question, await world.nameServers.ask(address, name, type, signal), zone);
      if (why !== undefined) return why;
    } catch (error) {
      return error instanceof Error ? error.message : 'does not answer';
    }
  }
  return undefined;
}

function right(servers: readonly Server[]): StepResult<VerifyDetail> {
  const many =
    servers.length === 1
      ? `The name server ${servers[0]?.label ?? ''} gives`
      : `All ${servers.length} name servers give`;
  return { text: `${many} the wanted answers.`, detail: { verified: true, wrong: [] } };
}

function wrongInWords(wrong: VerifyDetail['wrong'], servers: number): string {
  const named = wrong.slice(0, 4).map(({ server, why }) => (why.includes(server) ? why : `${server} ${why}`));
  const more = wrong.length > named.length ? `; and ${wrong.length - named.length} more` : '';
  return `${wrong.length} of ${servers} name servers do not give the wanted answers: ${named.join('; ')}${more}.`;
}

function unverified(text: string, wrong: VerifyDetail['wrong'] = []): StepResult<VerifyDetail> {
  return { status: 'failed', text: `Not verified. ${text}`, detail: { verified: false, wrong } };
}

function skipped(text: string): StepResult<VerifyDetail> {
  return { status: 'skipped', text, detail: { verified: null, wrong: [] } };
}
