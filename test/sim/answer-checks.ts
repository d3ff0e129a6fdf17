import { Job, State } from '../../shared/messages.ts';
import { isUnfinished } from '../../cloud/engine/job.ts';
import { senderOf } from '../../cloud/intake/caller.ts';
import type { Ledger } from './ledger.ts';
import { must } from './must.ts';
import type { Answer } from './question.ts';
import { isTagged, type Request } from './requests.ts';
import type { Answered } from './web.ts';

/** Statuses after which whoever asked asks again: the endpoint says that nothing was stored. */
const AGAIN = 503;
/** There are no records from before; no such alert is open. */
const NOT_SO = 422;

/** What whoever asked over HTTP may conclude from a status, held against what is stored. */
export interface AnswerChecks {
  /** A decision was stored whose command has that reason. */
  stored(reason: string): void;
  /** Returns whether the request is to be sent again. Throws when the answer is not true. */
  check(request: Request, tag: string, answered: Answered): 'over' | 'again';
  /** Somebody asked with a wrong secret. */
  checkGuess(tag: string, status: number): void;
}

export function makeAnswerChecks(ledger: Ledger): AnswerChecks {
  const stored = new Set<string>();
  /** Requests that were answered as not stored. */
  const denied = new Set<string>();

  function checkMove(request: Request, words: string, { status, body }: Answer): void {
    const { caller, ask } = request;
    if (ask.kind !== 'move' || status === 200 || status === NOT_SO) return;
    const told = Job.parse(body);
    must(ledger.jobs.has(told.id), () => `${words} with ${told.id}, which is not stored`);
    const refused = told.status === 'refused' && told.startedAt === null;
    must(told.switch === request.switch, () => `${words} with ${told.id} of ${told.switch}`);
    must(refused === (status !== 202), () => `${words} with ${told.id}, which was ${refused ? '' : 'not '}refused`);
    const code = told.error?.code;
    if (status === 410) must(code === 'expired', () => `${words} for ${code}`);
    if (status === 412) must(code === 'stale', () => `${words} for ${code}`);
    if (status === 409) must(caller.kind === 'trigger', () => `${words}: a human was refused as ${code}`);
    const key = `${senderOf(caller)} ${ask.options.id}`;
    if (ask.options.id === undefined || ask.alert) return;
    must(ledger.known.get(key) === told.id, () => `${words} with ${told.id}, and ${key} is ${ledger.known.get(key)}`);
  }

  return {
    stored(reason) {
      must(!denied.has(reason), () => `${reason} was turned away, and is stored`);
      stored.add(reason);
    },
    check(request, tag, { status, body, endpoint, doubled }) {
      const words = `${tag}, a ${request.ask.kind}, was answered ${status} by ${endpoint.name}`;
      if (status === AGAIN) {
        // Of two copies the other one may have been stored.
        if (!doubled) denied.add(tag);
        must(doubled || !stored.has(tag), () => `${words}, and is stored`);
        return 'again';
      }
      must(expected(request).includes(status), () => `${words}: ${JSON.stringify(body)}`);
      if (isTagged(request) && status !== NOT_SO) must(stored.has(tag), () => `${words} before it was stored`);
      checkMove(request, words, { status, body });
      if (request.ask.kind === 'cancel' && status === 409) checkTooLate(words, body);
      return 'over';
    },
    checkGuess(tag, status) {
      must([401, 429, AGAIN].includes(status), () => `${tag}, with a wrong secret, was answered ${status}`);
      must(!stored.has(tag), () => `${tag}, with a wrong secret, is stored`);
      denied.add(tag);
    },
  };
}

/** What may come of it at all. */
function expected({ caller, ask }: Request): readonly number[] {
  if (ask.kind === 'cancel') return [200, 409];
  if (ask.kind === 'clear-alert') return [200, NOT_SO];
  if (ask.kind !== 'move') return [200];
  if (ask.alert) return [200, 202];
  if (caller.kind === 'trigger') return [200, 202, 409];
  return ask.options.to === 'before' ? [202, 410, 412, NOT_SO] : [202, 410, 412];
}

function checkTooLate(words: string, body: unknown): void {
  const { code } = (body as { readonly error: { readonly code: string } }).error;
  must(code === 'too-late', () => `${words} for ${code}`);
}

/** What somebody who looks is shown is not older than when they asked. */
export interface LookChecks {
  /** Before the look: what it may show at the oldest. */
  before(name: string, job: string | undefined): (kind: 'state' | 'job', answer: Answer) => void;
}

export function makeLookChecks(ledger: Ledger): LookChecks {
  return {
    before(name, job) {
      const oldest = ledger.states.get(name)?.revision ?? 0;
      const ended = job === undefined ? undefined : endOf(ledger, job);
      return (kind, { status, body }) => {
        if (status === AGAIN) return;
        must(status === 200, () => `a look at the ${kind} of ${name} was answered ${status}: ${JSON.stringify(body)}`);
        if (kind === 'state') {
          const { revision } = State.parse(body);
          const newest = ledger.states.get(name)?.revision ?? 0;
          const inTime = revision >= oldest && revision <= newest;
          must(inTime, () => `${name} was shown at revision ${revision}; it was at ${oldest}, and is at ${newest}`);
          return;
        }
        const told = Job.parse(body);
        const over = isUnfinished(told) ? undefined : told.status;
        must(ended === undefined || over === ended, () => `${told.id} was shown as ${told.status}, it was ${ended}`);
        const now = endOf(ledger, told.id);
        must(over === undefined || over === now, () => `${told.id} was shown as ${over}, it is ${now ?? 'unfinished'}`);
      };
    },
  };
}

function endOf(ledger: Ledger, id: string): string | undefined {
  const job = ledger.jobs.get(id);
  return job && !isUnfinished(job) ? job.status : undefined;
}
