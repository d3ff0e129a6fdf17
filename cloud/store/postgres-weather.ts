import { DatabaseError } from 'pg';
import { Fault, isFault } from '../../shared/faults.ts';
import { Overtaken, Trouble } from './postgres-sql.ts';

type Words = readonly [sentence: string, hint: string];

const AGAIN = 'Nothing was stored; send it again when the database is back.';
const ACCESS = 'Check user, password and pg_hba.conf, and store in dashover.yaml.';

/** What PostgreSQL's codes mean to a person. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const WORDS: Readonly<Record<string, Words>> = {
  '25006': ['is read-only: it is a standby', 'Nothing was stored; let store in dashover.yaml name the primary.'],
  '28000': ['does not let this user in', ACCESS],
  '28P01': ['refuses the password of this user', ACCESS],
  '3D000': ['does not exist', 'Make it with createdb, or correct its name under store in dashover.yaml.'],
  '3F000': ['has no schema to work in', 'Make the schema that search_path names, or correct search_path.'],
  '42501': [
    'does not allow this user what dashover needs',
    'Let this user own the database, or create tables in its schema.',
  ],
  '53100': ['cannot grow: its disk is full', 'Nothing was stored; free space, and send it again.'],
  '53200': ['is out of memory', 'Nothing was stored; free memory, and send it again.'],
  '53300': ['has no connection left', 'Nothing was stored; end other connections, or raise max_connections.'],
  '55P03': ['is busy: another transaction holds what is needed', 'Nothing was stored; send it again.'],
  '57014': ['takes too long to answer', 'Nothing was stored; look at its load and its locks, and send it again.'],
  '57P01': ['is being shut down', AGAIN],
  '57P02': ['has crashed and recovers', AGAIN],
  '57P03': ['does not accept connections now', AGAIN],
  '58030': [
    'cannot be read or written: its disk fails',
    'Nothing was stored; look at the disk and the log of PostgreSQL.',
  ],
  XX001: ['is damaged', 'Restore it from a backup; nothing was stored.'],
  XX002: ['is damaged', 'Rebuild its indexes (reindexdb), or restore it from a backup; nothing was stored.'],
  ECONNREFUSED: ['cannot be reached: nothing listens there', AGAIN],
  ENOTFOUND: [
    'cannot be reached: its host has no address',
    'Correct the host under store in dashover.yaml, or mend the DNS.',
  ],
  EAI_AGAIN: ['cannot be reached: its host cannot be looked up', 'Nothing was stored; mend the DNS of this machine.'],
};

function codeOf(error: Trouble): string {
  return error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : '';
}

/**
 * The connection is gone: whatever its transaction had done is undone, unless it was committing. What the server
 * answered leaves the connection as it is, except what is fatal.
 */
export function isLost(error: unknown): error is Trouble {
  if (!(error instanceof Trouble)) return false;
  if (!(error.cause instanceof DatabaseError)) return true;
  return ['FATAL', 'PANIC'].includes(error.cause.severity ?? '') || /^(08|57P)/.test(codeOf(error));
}

/**
 * The connection is of no more use: it is gone, or it leads to a server that only reads. After a failover the name of
 * the database may lead to a standby for a moment; who keeps that connection never hears of the new primary.
 */
export function isUseless(error: unknown): boolean {
  return isLost(error) || (error instanceof Trouble && codeOf(error) === '25006');
}

/** The server, or the way to it, said nothing for too long; also when it has been put into words already. */
export function isSilent(error: unknown): boolean {
  if (!(error instanceof Trouble) && !isAway(error)) return false;
  const { cause } = error as Error;
  return cause instanceof Error && !(cause instanceof DatabaseError) && /timeout/i.test(cause.message);
}

/** Nothing was stored, for a reason that lies with the database. Not so of a commit whose fate is unknown. */
export function isAway(error: unknown): boolean {
  return isFault(error, 'store-unavailable') && !(error.cause instanceof Trouble);
}

/** Two transactions were in each other's way: the same one, tried again, sees what the other stored. */
export function isConflict(error: unknown): boolean {
  if (error instanceof Overtaken) return true;
  if (!(error instanceof Trouble)) return false;
  const code = codeOf(error);
  if (code === '40001' || code === '40P01') return true;
  // The same id of a sender, arrived on two lanes at once: the next try finds it known.
  return code === '23505' && error.cause instanceof DatabaseError && error.cause.constraint === 'command_pkey';
}

/**
 * The same error in words for people: a Fault `store-unavailable` for what the world did to the database; an Error for
 * what contradicts the schema; anything that is not the database's comes back as it is.
 */
export function inWords(error: unknown, name: string): unknown {
  if (!(error instanceof Trouble)) return error;
  const { cause } = error;
  const code = codeOf(error);
  // 22: data that the schema does not take; 23: constraints. Both are mistakes of ours and not the weather.
  if (/^2[23]/.test(code)) {
    return new Error(`${name} refuses what contradicts itself: ${error.message}`, { cause });
  }
  const [sentence, hint] = WORDS[code] ?? otherWords(error, code);
  return new Fault('store-unavailable', `${name} ${sentence}`, { cause, hint });
}

function otherWords(error: Trouble, code: string): Words {
  const { message } = error;
  if (isConflict(error))
    return ['is too busy: transactions are in each other’s way', 'Nothing was stored; send it again.'];
  if (/^(SASL|client password)/.test(message)) return ['wants a password', ACCESS];
  if (isSilent(error)) return ['does not answer in time', AGAIN];
  if (/terminated|not queryable|ECONNRESET|EPIPE/.test(`${message} ${code}`)) return ['broke the connection', AGAIN];
  if (isLost(error)) return [`cannot be reached: ${message}`, AGAIN];
  return [`does not work: ${message}`, 'Nothing was stored; see the log.'];
}
